/* Shared by the files that put runs in order: filter and order keys are read per column in one
 * pass over a table, joined by run id in memory, and sorted as arrays of 64-bit words. */
#ifndef NCM_MLFLOW_SQLITE_RUNS_H
#define NCM_MLFLOW_SQLITE_RUNS_H

#include "base/buf.h"
#include "provider/mlflow_sqlite/read.h"

/* A run id in 128 well mixed bits. */
struct runs_id {
    uint64_t a, b;
};
struct runs_id runs_id_of(struct ncm_str id);

/* Values by run, in the order they were read. Both sides are usually read in the order they were
 * written, so a look-up tries the neighbours of the last one before the index, which is built at
 * the first need. */
struct runs_hash {
    struct runs_entry {
        struct runs_id id;
        uint64_t value;
    } * items;
    size_t n, cap;
    uint32_t *index; /* number of an item + 1; 0 free */
    size_t index_cap;
    size_t hint;
};
void runs_hash_put(struct runs_hash *h, struct runs_id id, uint64_t value);
bool runs_hash_get(struct runs_hash *h, struct runs_id id, uint64_t *value);
void runs_hash_free(struct runs_hash *h);

/* Order words: smaller comes first. */
#define RUNS_MISSING UINT64_MAX
#define RUNS_NAN     (UINT64_MAX - 1)
uint64_t runs_word_of_double(double v);
uint64_t runs_word_of_int(int64_t v);
/* Turns a word round for DESC; NaN and missing stay last. */
uint64_t runs_word_down(uint64_t w);

/* Texts that become order words once all are known. */
struct runs_texts {
    struct ncm_arena *arena;
    struct ncm_str *items;
    size_t n, cap;
    uint64_t *rank; /* after runs_texts_rank */
};
size_t runs_texts_add(struct runs_texts *t, struct ncm_str s);
void runs_texts_rank(struct runs_texts *t);
void runs_texts_free(struct runs_texts *t);

/* A value bound to a statement. */
struct runs_bind {
    enum { RUNS_BIND_INT, RUNS_BIND_DOUBLE, RUNS_BIND_TEXT } kind;
    int64_t i;
    double d;
    struct ncm_str s;
};
struct runs_binds {
    struct runs_bind *items;
    size_t n, cap;
};
/* Returns the parameter's number, counted from `first`. */
int runs_bind_add(struct runs_binds *b, int first, struct runs_bind v);
void runs_bind_all(const struct runs_binds *b, int first, struct ncm_stmt *st);

/* "COLUMN op ?…" for a text comparison; values appended to binds. */
void runs_text_sql(struct ncm_buf *sql, const char *column, const struct ncm_clause *cl,
                   struct runs_binds *binds, int first);

/* What one clause or one order takes from a table of (run, key, value). */
struct runs_column {
    enum runs_column_kind { RUNS_SET, RUNS_NUMBER, RUNS_TEXT } kind;
    enum ncm_entity entity;
    struct ncm_str key;
    const struct ncm_clause *clause; /* RUNS_SET: which rows count */
    bool absent;                     /* RUNS_SET: runs that are not in it match (IS NULL) */
    struct runs_hash hash;           /* run → 1, word, or index in texts */
    struct runs_texts texts;
};
bool runs_column_load(struct ncm_conn *c, struct ncm_fetch *f, struct runs_column *col,
                      struct ncm_err *err);
void runs_column_free(struct runs_column *col);

/* One order. */
struct runs_term {
    bool descending;
    bool text;
    int select;              /* column of the runs statement, or -1 */
    size_t column;           /* index in plan.columns where select is -1 */
    struct runs_texts texts; /* of an attribute */
};

/* A query made ready. */
struct runs_plan {
    struct ncm_filter filter;
    struct ncm_orders orders;
    struct ncm_buf where;    /* conditions on table runs */
    struct ncm_buf select;   /* further columns for the orders */
    struct runs_binds binds; /* of where, numbered from 3 */
    struct runs_column *columns;
    size_t n_columns;
    size_t n_sets; /* the first n_sets columns are the filter's */
    struct runs_term *terms;
    size_t n_terms;
    bool nested;
    size_t parent; /* index in columns where nested */
    bool simple;   /* newest first and only attributes in the filter: first rows come cheaply */
};
bool runs_plan_make(struct ncm_conn *c, const struct ncm_query *q, struct runs_plan *p,
                    struct ncm_err *err);
void runs_plan_free(struct runs_plan *p);

/* The rows that match: words [terms…][start][id prefix][handle*2+running] and, where nested,
 * [id a][id b], in order after runs_rows_sort. */
struct runs_rows {
    uint64_t *words;
    size_t n, cap, stride;
    size_t n_terms;
};
bool runs_rows_scan(struct ncm_conn *c, struct ncm_fetch *f, struct runs_plan *p,
                    struct runs_rows *r, struct ncm_err *err);
/* The newest by rowid, at most `most`, within a short time; simple plans only. */
bool runs_rows_newest(struct ncm_conn *c, struct runs_plan *p, size_t most, struct runs_rows *r,
                      struct ncm_err *err);
bool runs_rows_sort(struct ncm_conn *c, struct runs_plan *p, struct runs_rows *r,
                    struct ncm_err *err);
int64_t runs_rows_handle(const struct runs_rows *r, size_t i, bool *running);
void runs_rows_free(struct runs_rows *r);

/* Fills out[n] with the rows in order; children after their parent where the plan is nested. */
void runs_nest(struct runs_plan *p, const struct runs_rows *r, size_t n, struct ncm_run_ref *out);

#endif
