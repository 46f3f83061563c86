/* Shared by the reading files of this provider only. */
#ifndef NCM_MLFLOW_SQLITE_READ_H
#define NCM_MLFLOW_SQLITE_READ_H

#include "base/list.h"
#include "provider/mlflow_sqlite/internal.h"

/* A table read from end to end in rowid order, in read transactions of about SQLITE_READ_MS with
 * the lock released between them, so that no writer waits for us. `sql` has ?1 (rowid greater)
 * and ?2 (rowid at most); bind (may be NULL) sets the others. */
struct sqlite_scan {
    const char *table;
    const char *sql;
    void (*bind)(void *to, struct ncm_stmt *st);
    bool (*row)(void *to, struct ncm_stmt *st, struct ncm_err *err);
    void *to;
    bool tell; /* report progress through the fetch */
};
bool sqlite_scan(struct ncm_conn *c, struct ncm_fetch *f, const struct sqlite_scan *s,
                 struct ncm_err *err);
/* Greatest rowid of a table, 0 where it is empty. */
bool sqlite_last_rowid(struct ncm_conn *c, const char *table, int64_t *out, struct ncm_err *err);

/* A metric's stored value with its validity. */
struct ncm_value sqlite_metric_value(struct ncm_stmt *st, int value, int is_nan);
/* Integer column or NCM_NO_TIME. */
int64_t sqlite_time(struct ncm_stmt *st, int i);
/* " AND workspace='default'" where the tables carry one. */
const char *sqlite_workspace(const struct ncm_conn *c);

/* read_run.c: everything of one run; NCM_NOT_FOUND. */
bool sqlite_load_run(struct ncm_conn *c, const char *id, struct ncm_arena *a, struct ncm_run *out,
                     struct ncm_err *err);

/* runs_pages.c: loads page `p` of s with the query's columns. */
bool sqlite_load_page(struct ncm_conn *c, const struct ncm_query *q, struct ncm_runs_snapshot *s,
                      size_t p, struct ncm_err *err);
/* The columns that every reader of runs selects, in the order that sqlite_fill_run takes. */
#define SQLITE_RUN_COLUMNS                                                                         \
    "run_uuid, name, experiment_id, user_id, status, start_time, end_time, lifecycle_stage, "      \
    "artifact_uri"
void sqlite_fill_run(struct ncm_stmt *st, int first, struct ncm_arena *a, struct ncm_run *r);

/* artifacts.c: the folder on this machine that an artifact URI names, where there is one (caller
 * frees); else NULL and the reason in the arena. */
char *sqlite_artifact_folder(struct ncm_conn *c, const char *uri, struct ncm_arena *a,
                             struct ncm_str *why);

#endif
