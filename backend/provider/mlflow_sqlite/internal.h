/* Shared by the files of this provider only. */
#ifndef NCM_MLFLOW_SQLITE_INTERNAL_H
#define NCM_MLFLOW_SQLITE_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/db.h"
#include "model/change.h"
#include "model/query.h"
#include "model/search.h"
#include "model/snapshot.h"
#include "provider/provider.h"

/* How long one statement may wait for other programs' locks. */
#define SQLITE_BUSY_MS 5000
/* The longest that a read transaction of ours may last: a writer waits for it. */
#define SQLITE_READ_MS 50

/* What this store's tables hold, found by table and column, never by revision. */
struct sqlite_schema {
    char revision[64];      /* alembic_version.version_num */
    char release[64];       /* "MLflow 3.17", or what to say of an unknown one (translated) */
    int position;           /* of the revision in the line of known ones, from 1; 0 unknown */
    bool has_workspace;     /* registry tables and experiments carry a workspace column */
    bool has_registry;      /* registered_models, model_versions */
    bool has_registry_tags; /* registered_model_tags, model_version_tags */
    bool has_run_link;
    bool has_storage_location;
    bool has_aliases;
    bool has_inputs; /* datasets, inputs, input_tags */
    bool has_inputs_step;
    bool has_logged_models;
    bool has_deleted_time; /* runs.deleted_time */
    bool has_run_name;     /* runs.name */
    bool has_experiment_times;
    bool has_assessments;
    bool has_is_nan; /* metrics.is_nan, metrics.step */
    bool has_latest_metrics;
    bool writable;     /* every table we write is understood */
    char why_not[256]; /* where not writable: one sentence (translated) */
};

struct sqlite_watch; /* watch.c */

/* A lane's connection. One thread; others touch only `stop` and `wake`, through interrupt. */
struct ncm_conn {
    char *path;
    struct ncm_db *db; /* read-only, always there */
    struct sqlite_schema schema;
    int64_t schema_version; /* PRAGMA schema_version that `schema` was read at */
    atomic_bool stop;       /* set by interrupt, cleared when a call begins */
    int wake;               /* an eventfd that interrupt signals, so that watch ends at once */
    struct sqlite_watch *watch;
};

/* schema.c: reads the features of the store on `db`. Refuses (NCM_INVALID_DATA) what is not an
 * MLflow store and one with several revisions. */
bool schema_detect(struct ncm_db *db, struct sqlite_schema *out, struct ncm_err *err);
/* Reads them again where PRAGMA schema_version moved since; *changed (may be NULL) says so. */
bool schema_refresh(struct ncm_conn *c, bool *changed, struct ncm_err *err);

/* apply.c: see struct ncm_provider. Each apply opens c->path for writing and closes it again, and
 * calls schema_detect inside its transaction before it writes. */
bool sqlite_apply(struct ncm_conn *c, const struct ncm_changes *changes,
                  const struct ncm_mark *mark, const struct ncm_control *control,
                  struct ncm_receipt *receipt, struct ncm_err *err);
bool sqlite_check(struct ncm_conn *c, const struct ncm_changes *changes, struct ncm_err *err);
bool sqlite_present(struct ncm_conn *c, const struct ncm_change *change, char **value,
                    struct ncm_err *err);

/* watch.c */
bool sqlite_watch(struct ncm_conn *c, const struct ncm_interest *interest, int wait_ms,
                  const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err);
void sqlite_watch_free(struct sqlite_watch *w); /* NULL allowed */

/* read_*.c: one function a topic; each publishes at least one snapshot. */
bool read_store(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool read_experiments(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool read_run_keys(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool read_runs(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool read_run(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool read_series(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool read_artifacts(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool read_artifact(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool read_models(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool read_facts(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);

/* False (err set) where the fetch was cancelled or its deadline passed. */
bool sqlite_go_on(const struct ncm_control *control, struct ncm_err *err);

/* server.c: a tracking server of this user that owns the file: "pid 123: mlflow server …" in the
 * arena; absent where none was found. */
struct ncm_str sqlite_find_server(const char *path, struct ncm_arena *a);

#endif
