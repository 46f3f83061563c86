/* Shared by apply*.c only: how changes are compared and written. */
#ifndef NCM_MLFLOW_FILES_APPLY_H
#define NCM_MLFLOW_FILES_APPLY_H

#include "io/node.h"
#include "io/yaml_edit.h"
#include "provider/mlflow_files/tx.h"

/* What is gathered, and what is written into every file of this change. For reading the present
 * only c and tx are set. */
struct files_writer {
    struct ncm_conn *c;
    struct files_tx tx;
    int release; /* MLflow 1, 2 or 3, as far as it can be told */
    int64_t now_ms;
    const struct ncm_mark *mark; /* NULL: leave no transition tags */
    struct ncm_receipt *receipt;
    size_t n_marks;   /* transition tags written so far */
    char new_run[40]; /* id of the run that this list makes; "" before */
    char *new_dir;    /* its folder */
    char *active;     /* the run found active for the point before; NULL: none was */
};

/* ---- apply_present.c ---- */
bool files_present_of(struct files_writer *w, const struct ncm_change *ch, char **value,
                      struct ncm_err *err);
/* The folder of a model, a version that is not deleted, a run, an experiment (caller frees); NULL
 * with NCM_NOT_FOUND where it is not there. */
char *files_model_dir(struct files_writer *w, const char *name, struct ncm_err *err);
char *files_version_dir(struct files_writer *w, const char *name, const char *version,
                        struct ncm_err *err);
char *files_run_place(struct files_writer *w, const char *id, struct ncm_err *err);
char *files_experiment_place(struct files_writer *w, const char *id, struct ncm_err *err);
/* A meta.yaml as it will be; ncm_doc_free. NCM_NOT_FOUND, NCM_INVALID_DATA. */
bool files_doc(struct files_writer *w, const char *dir, struct ncm_doc **out, struct ncm_err *err);
/* A text of it; *out NULL where it is null or absent (caller frees). */
bool files_doc_text(struct files_writer *w, const char *dir, const char *key, char **out,
                    struct ncm_err *err);
/* The file DIR/FOLDER/KEY, as "tags" or "aliases" have them; *value NULL where there is none. */
bool files_entry(struct files_writer *w, const char *dir, const char *folder, const char *key,
                 char **value, struct ncm_err *err);
bool files_is_active(struct files_writer *w, const char *dir, bool *active, struct ncm_err *err);

bool files_in_trash(const struct files_writer *w, const char *dir);
/* Whether an experiment has this name, in .trash (*deleted) too. */
bool files_experiment_named(struct files_writer *w, const char *name, bool *deleted);

/* ---- apply_rules.c: what MLflow refuses ---- */
bool files_rules(struct files_writer *w, const struct ncm_change *ch, struct ncm_err *err);

/* ---- apply_registry.c, apply_versions.c, apply_tracking.c: one change each, compared before ----
 */
bool files_apply_model(struct files_writer *w, const struct ncm_change *ch, struct ncm_err *err);
bool files_apply_version(struct files_writer *w, const struct ncm_change *ch, struct ncm_err *err);
bool files_apply_tracking(struct files_writer *w, const struct ncm_change *ch, struct ncm_err *err);
/* apply_runs.c: NCM_CH_RUN_CREATE; a point and the status of the run in that folder. */
bool files_new_run(struct files_writer *w, const struct ncm_change *ch, struct ncm_err *err);
bool files_put_point(struct files_writer *w, const struct ncm_change *ch, const char *dir,
                     struct ncm_err *err);
bool files_put_status(struct files_writer *w, const char *dir, const char *to, struct ncm_err *err);
/* The present value of such a change of the run in that folder. */
bool files_present_point(struct files_writer *w, const struct ncm_change *ch, const char *dir,
                         char **value, struct ncm_err *err);
bool files_present_status(struct files_writer *w, const char *dir, char **value,
                          struct ncm_err *err);
/* The tag ncmlops.transition.<audit id> of a version; alias NULL for stages. */
bool files_mark(struct files_writer *w, const char *model, const char *version, const char *alias,
                const char *from, const char *to, struct ncm_err *err);

/* ---- apply.c ---- */
/* Changes keys of DIR/meta.yaml. */
bool files_edit(struct files_writer *w, const char *dir, const struct ncm_yaml_edit *edits,
                size_t n, struct ncm_err *err);
/* A new DIR/meta.yaml. */
bool files_make(struct files_writer *w, const char *via, const char *dir,
                const struct ncm_yaml_edit *edits, size_t n, struct ncm_err *err);
/* Writes DIR/FOLDER/KEY, or takes it away (value NULL). */
void files_put(struct files_writer *w, const char *dir, const char *folder, const char *key,
               const char *value);
/* last_updated_timestamp of a model's folder; aliases: its map too, as the files are now. */
bool files_touch_model(struct files_writer *w, const char *dir, bool aliases, struct ncm_err *err);

#endif
