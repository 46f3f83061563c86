/* Shared by the files that put runs in order: filter and orders are evaluated on a view of each run
 * that holds only the values they name. */
#ifndef NCM_MLFLOW_FILES_RUNS_H
#define NCM_MLFLOW_FILES_RUNS_H

#include "model/search.h"
#include "provider/mlflow_files/internal.h"

/* Keys of one kind that filter and orders name: sorted, once each. */
struct files_wanted {
    const char **items;
    size_t n;
};

/* A query made ready. */
struct files_plan {
    enum ncm_view view;
    struct ncm_filter filter;    /* the whole text; the two below share its clauses */
    struct ncm_filter of_record; /* what meta.yaml answers */
    struct ncm_filter of_values; /* what needs further files */
    struct ncm_orders orders;    /* those of `parts`, once each */
    struct ncm_orders *parts;
    size_t n_parts;
    struct files_wanted keys[FILES_KINDS];
    bool names;  /* run names are compared: a run may have its own only as a tag */
    bool inputs; /* data sets are compared */
    bool nested;
    bool simple; /* newest first, nothing but meta.yaml is needed: first rows come cheaply */
};
bool files_plan_make(const struct ncm_query *q, struct files_plan *p, struct ncm_err *err);
void files_plan_free(struct files_plan *p);

/* The runs that match, in order after files_rows_sort. */
struct files_rows {
    struct files_row {
        struct files_run *run;
        struct ncm_run view;
        void *block; /* holds the view's values */
        bool match;
    } * items;
    size_t n;
};
/* From candidates (n of them), whose meta.yaml has been read. */
bool files_rows_make(struct ncm_conn *c, const struct ncm_control *control,
                     const struct files_plan *p, struct files_run **candidates, size_t n,
                     struct files_rows *out, struct ncm_err *err);
void files_rows_sort(const struct files_plan *p, struct files_rows *r);
void files_rows_free(struct files_rows *r);

/* Fills out[n] with the first n rows; children after their parent where the plan is nested. */
bool files_refs(struct ncm_conn *c, const struct ncm_control *control, const struct files_plan *p,
                const struct files_rows *r, size_t n, struct ncm_run_ref *out, struct ncm_err *err);

/* NULL where this connection has not seen the run. */
struct files_run *files_of_handle(const struct ncm_conn *c, int64_t handle);

/* runs_pages.c: loads page `p` of s with the query's columns. */
bool files_load_page(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_runs_snapshot *s, size_t p,
                     struct ncm_err *err);
/* Copies what meta.yaml says into the arena. */
void files_fill(const struct ncm_conn *c, const struct files_run *r, struct ncm_arena *a,
                struct ncm_run *out);
/* Copies all values of a kind that were loaded (`keys` NULL), or those of the keys. */
void files_fill_values(const struct files_run *r, enum files_kind kind, const char *const *keys,
                       size_t n_keys, struct ncm_arena *a, struct ncm_run *out);
/* A text by its key among those that were loaded; absent without. */
struct ncm_str files_text(const struct files_run *r, enum files_kind kind, const char *key,
                          struct ncm_arena *a);

#endif
