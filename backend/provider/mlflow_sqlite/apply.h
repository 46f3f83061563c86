/* Shared by apply*.c only: how changes are compared and written. */
#ifndef NCM_MLFLOW_SQLITE_APPLY_H
#define NCM_MLFLOW_SQLITE_APPLY_H

#include "provider/mlflow_sqlite/internal.h"

/* A connection, what its tables hold, and what is written into every row of this transaction. For
 * reading the present only db and schema are set. */
struct sqlite_writer {
    struct ncm_db *db;
    const struct sqlite_schema *schema;
    int64_t now_ms;
    const struct ncm_mark *mark; /* NULL: leave no transition tags */
    struct ncm_receipt *receipt;
    size_t n_marks;   /* transition tags written so far */
    char new_run[40]; /* id of the run that this list made; "" before */
};

/* apply_sql.c: one statement. In the text @W becomes " AND workspace='default'" where the tables
 * carry a workspace, else nothing; @C ", workspace" and @V ", 'default'" likewise. types has a
 * letter an argument: s = const char * (NULL binds NULL), i = int64_t, d = double. */
bool apply_run(struct sqlite_writer *w, struct ncm_err *err, const char *sql, const char *types,
               ...);
/* First column of the first row as text; *value (caller frees) is NULL for NULL, *found false
 * where there is no row. value may be NULL. */
bool apply_one(struct sqlite_writer *w, struct ncm_err *err, bool *found, char **value,
               const char *sql, const char *types, ...);
/* As apply_run, and exactly one row must have been written (NCM_INTERNAL otherwise). */
bool apply_run_one(struct sqlite_writer *w, struct ncm_err *err, const char *sql, const char *types,
                   ...);

/* apply_present.c: what change->from is compared with; see struct ncm_provider.present. */
bool apply_present(struct sqlite_writer *w, const struct ncm_change *ch, char **value,
                   struct ncm_err *err);
/* NCM_NOT_FOUND where the model / the version (or a deleted one) is not there. */
bool apply_need_model(struct sqlite_writer *w, const char *name, struct ncm_err *err);
bool apply_need_version(struct sqlite_writer *w, const char *name, const char *version,
                        struct ncm_err *err);
/* NCM_NOT_FOUND, or NCM_REFUSED where it is deleted. */
bool apply_need_active_run(struct sqlite_writer *w, const char *id, struct ncm_err *err);
bool apply_need_active_experiment(struct sqlite_writer *w, const char *id, struct ncm_err *err);

/* apply_registry.c, apply_versions.c, apply_tracking.c: carry one change out; its `from` has been
 * compared before. */
bool apply_model(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err);
bool apply_version(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err);
bool apply_tracking(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err);
/* apply_runs.c: NCM_CH_RUN_CREATE, NCM_CH_RUN_METRIC and NCM_CH_RUN_STATUS. */
bool apply_new_run(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err);
bool apply_metric(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err);
bool apply_status(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err);
/* The present value of such a change; see struct ncm_provider.present. */
bool apply_present_new_run(struct sqlite_writer *w, const struct ncm_change *ch, char **value,
                           struct ncm_err *err);
bool apply_present_metric(struct sqlite_writer *w, const struct ncm_change *ch, char **value,
                          struct ncm_err *err);
/* apply_tracking.c: sets a run's tag; mlflow.runName too, without renaming the run. */
bool apply_put_run_tag(struct sqlite_writer *w, const char *run, const char *key, const char *value,
                       struct ncm_err *err);
/* apply_logged.c: notes a new version in the tag mlflow.modelVersions of its logged model. */
bool apply_link_logged_model(struct sqlite_writer *w, const char *model_id, const char *name,
                             int64_t version, struct ncm_err *err);
/* Leaves the transition tag on a version; nothing without a mark. alias NULL for stages. */
bool apply_transition(struct sqlite_writer *w, const char *model, const char *version,
                      const char *alias, const char *from, const char *to, struct ncm_err *err);

/* apply_rules.c: NCM_REFUSED (or NCM_USAGE, NCM_NOT_FOUND) with a sentence for what MLflow's own
 * client refuses. Reads only. */
bool apply_rules(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err);

#endif
