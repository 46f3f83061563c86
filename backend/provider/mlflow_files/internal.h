/* Shared by the files of this provider only. */
#ifndef NCM_MLFLOW_FILES_INTERNAL_H
#define NCM_MLFLOW_FILES_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "io/files_many.h"
#include "model/query.h"
#include "model/snapshot.h"
#include "provider/mlflow_files/meta.h"
#include "provider/mlflow_files/metric.h"
#include "provider/provider.h"

/* Most bytes of a param or a tag, and most files of one kind of a run. */
#define FILES_VALUE_MOST (16 << 20)
#define FILES_KEYS_MOST  100000

enum files_kind { FILES_METRIC, FILES_PARAM, FILES_TAG, FILES_KINDS };
/* "metrics" "params" "tags" */
const char *files_folder_name(enum files_kind kind);

/* One file of a run as it was read last. */
struct files_value {
    char *key;
    struct ncm_file_stamp stamp;
    unsigned seen;       /* the fetch (ncm_conn.fetch) that looked at the file last */
    bool there, told;    /* told: that it cannot be read was logged */
    struct ncm_str text; /* params and tags; owned */
    struct files_latest latest;
    struct files_lines lines;
    char tail[16]; /* the bytes before lines.offset: what only grew still has them */
    size_t n_tail;
};
/* Those that anybody asked for, by key. */
struct files_set {
    struct files_value *items;
    size_t n, cap;
    unsigned listed; /* the fetch that found all of them */
};

/* Keys in order, each with its NUL. */
struct files_key_set {
    char *text;
    size_t len;
};

/* A data set of a run, for filters. */
struct files_input {
    char *text;
    struct ncm_str name, digest, context;
};

struct files_run {
    size_t number;     /* in ncm_conn.runs */
    int64_t handle;    /* fingerprint of its ids: the same in every connection */
    size_t experiment; /* in ncm_conn.experiments */
    char *id;          /* name of its folder */
    bool there;        /* the folder was there when its experiment was listed last */
    bool ok;           /* its meta.yaml could be used */
    char *fault;       /* why it could not, as it was logged; NULL otherwise */
    struct ncm_file_stamp stamp;
    struct files_run_meta meta;
    struct files_set sets[FILES_KINDS];
    struct ncm_file_stamp inputs_stamp;
    struct files_input *inputs;
    size_t n_inputs;
    struct files_keys *keys; /* read_keys.c; NULL: not asked for */
};

struct files_logged_of {
    char *id, *run;
};

struct files_experiment {
    char *id, *dir;
    bool trashed; /* it lies in .trash */
    bool there, ok;
    char *fault;
    bool wanted;  /* by the fetch under way */
    bool scanned; /* all its runs' meta.yaml files have been read */
    struct ncm_file_stamp meta_stamp, dir_stamp;
    struct files_experiment_meta meta;
    struct ncm_file_stamp logged_stamp;
    struct files_logged_of *logged; /* read_run.c: its logged models that name a run */
    size_t n_logged;
    struct ncm_map *runs; /* id → number */
    size_t *list, n, cap; /* numbers of the runs */
};

struct files_watch; /* watch.c */

/* A lane's connection and what it has read so far. One thread, and the workers it waits for (each
 * on runs of its own); others touch only `stop` and `wake`, through interrupt. */
struct ncm_conn {
    char *root;       /* the folder, absolute */
    atomic_bool stop; /* set by interrupt, cleared when a call begins */
    int wake;         /* an eventfd that interrupt signals, so that watch ends at once */
    unsigned fetch;   /* number of the call under way */
    struct files_experiment **experiments;
    size_t n_experiments, cap_experiments;
    struct ncm_map *by_dir; /* experiment's folder → number */
    struct files_run **runs;
    size_t n_runs, cap_runs;
    struct ncm_map *by_handle;      /* ncm_run_ref.handle → number */
    struct files_key_set *key_sets; /* read_keys.c */
    size_t n_key_sets, cap_key_sets;
    struct ncm_map *key_set_of;
    atomic_size_t held; /* bytes of values and keys */
    struct files_watch *watch;
};

/* mlflow_files.c: false (err set) where the call was cancelled or its deadline passed. */
bool files_go_on(struct ncm_conn *c, const struct ncm_control *control, struct ncm_err *err);
/* Runs work over n things by several threads, within the fetch's limits. */
bool files_many(struct ncm_conn *c, const struct ncm_control *control, size_t n,
                void (*work)(void *to, size_t i, struct ncm_buf *scratch), void *to,
                struct ncm_err *err);
/* "DIR/NAME"; the caller frees. */
char *files_path(const char *dir, const char *name);
/* Whether a folder is there (links followed). */
bool files_is_folder(const char *path);

/* scan.c: the experiments' folders and meta.yaml files as they are now. */
bool files_scan_experiments(struct ncm_conn *c, const struct ncm_control *control,
                            struct ncm_err *err);
/* The runs' folders of the experiments that are `wanted`: names only. */
bool files_list_runs(struct ncm_conn *c, struct ncm_err *err);
/* Their meta.yaml files. */
bool files_scan_runs(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
/* What could not be used when it was read last, and the first reason (caller frees; NULL: nothing).
 */
size_t files_left_out(const struct ncm_conn *c, char **why);
/* Reads one run's meta.yaml again where it changed. Any thread, one a run. */
void files_read_run(struct ncm_conn *c, struct files_run *r, struct ncm_buf *scratch);
/* The run with this id wherever it lies, its meta.yaml fresh; NCM_NOT_FOUND. */
bool files_find_run(struct ncm_conn *c, const char *id, struct files_run **out,
                    struct ncm_err *err);
char *files_run_dir(const struct ncm_conn *c, const struct files_run *r);
void files_forget(struct ncm_conn *c); /* everything read so far; it can be read anew */
/* Whether a name can be a run's or an experiment's, as MLflow demands. */
bool files_is_id(const char *name, size_t most);

/* values.c. Any thread, one a run. */
/* Whether MLflow could have made a file of this key. */
bool files_is_key(const char *key);
/* One value as its file is now (once a fetch); never NULL; `there` says whether it is. */
const struct files_value *files_value(struct ncm_conn *c, struct files_run *r, enum files_kind kind,
                                      const char *key, struct ncm_buf *scratch);
/* Among those read before; NULL where it is not there. */
const struct files_value *files_known(const struct files_run *r, enum files_kind kind,
                                      const char *key);
/* All of a kind: afterwards those with `there` are the run's. */
void files_values(struct ncm_conn *c, struct files_run *r, enum files_kind kind,
                  struct ncm_buf *scratch);
void files_inputs(struct ncm_conn *c, struct files_run *r, struct ncm_buf *scratch);
/* The data set that one folder of a run's inputs/ names; false where it cannot be read. */
bool files_read_input(struct ncm_conn *c, const struct files_run *r, const char *name,
                      struct ncm_arena *a, struct ncm_dataset_input *out, struct ncm_buf *scratch);
void files_run_forget(struct files_run *r); /* its values, not its meta.yaml */
/* The files below a folder as keys (relative paths), in no order; folders that are links are not
 * entered, as MLflow does not. `entry` gets the key. */
void files_walk(const char *dir, void (*entry)(void *to, const char *key), void *to);
/* A metric's latest value; NCM_V_UNSET where there is none. */
struct ncm_value files_number(double v);

/* read_store.c: which release of MLflow may have written the store: 1, 2 or 3; it leaves no version
 * in its files. The experiments must have been scanned. */
int files_release(struct ncm_conn *c);
/* The files below a folder, or below OWNER/tags, sorted by key. */
void files_load_values(const char *dir, struct ncm_arena *a, struct ncm_kv **out, size_t *n);
void files_load_tags(const char *owner, struct ncm_arena *a, struct ncm_kv **tags, size_t *n);

/* read_run.c */
void files_logged_free(struct files_experiment *e);
/* A logged model of the experiment in that folder; false where it is not there, cannot
 * be read or is deleted. */
bool files_read_logged(const char *experiment_dir, const char *id, struct ncm_arena *a,
                       struct files_logged_meta *out, struct ncm_buf *scratch);

/* read_*.c: one function a topic; each publishes at least one snapshot. */
bool files_read_store(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool files_read_experiments(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool files_read_keys(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool files_read_runs(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool files_read_one(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool files_read_series(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool files_read_artifacts(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool files_read_artifact(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool files_read_models(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool files_read_facts(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
void files_keys_free(struct files_keys *k);   /* NULL allowed */
void files_key_sets_free(struct ncm_conn *c); /* no run may have keys any more */

/* examine.c: for doctor. */
void files_examine(const struct ncm_place *place, const struct ncm_control *control,
                   ncm_check_fn say, void *to);

/* watch.c */
bool files_watch(struct ncm_conn *c, const struct ncm_interest *interest, int wait_ms,
                 const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err);
void files_watch_free(struct files_watch *w); /* NULL allowed */

/* apply.c: see struct ncm_provider. */
bool files_apply(struct ncm_conn *c, const struct ncm_changes *changes, const struct ncm_mark *mark,
                 const struct ncm_control *control, struct ncm_receipt *receipt,
                 struct ncm_err *err);
bool files_check(struct ncm_conn *c, const struct ncm_changes *changes, struct ncm_err *err);
bool files_present(struct ncm_conn *c, const struct ncm_change *change, char **value,
                   struct ncm_err *err);

#endif
