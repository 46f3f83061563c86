/* The tracking system's own search and order grammar (MLflow's), parsed once into a tree that any
 * provider can evaluate: SQL text, a server's request, or records in memory. */
#ifndef NCM_MODEL_SEARCH_H
#define NCM_MODEL_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/tracking.h"

enum ncm_entity { NCM_ENT_ATTRIBUTE, NCM_ENT_METRIC, NCM_ENT_PARAM, NCM_ENT_TAG, NCM_ENT_DATASET };
enum ncm_op {
    NCM_OP_EQ,
    NCM_OP_NE,
    NCM_OP_GT,
    NCM_OP_GE,
    NCM_OP_LT,
    NCM_OP_LE,
    NCM_OP_LIKE,
    NCM_OP_ILIKE,
    NCM_OP_IN,
    NCM_OP_NOT_IN,
    NCM_OP_IS_NULL,
    NCM_OP_IS_NOT_NULL,
};

/* One comparison; a filter is the AND of them, as in the tracking system. */
struct ncm_clause {
    enum ncm_entity entity;
    struct ncm_str key; /* canonical attribute name ("run_id" "run_name" "status" "start_time"
                           "end_time" "user_id" "artifact_uri"), or the metric/param/tag key */
    enum ncm_op op;
    double number;   /* metric values and times */
    int64_t integer; /* times: exact */
    struct ncm_str text;
    struct ncm_str *list; /* IN, NOT IN */
    size_t n_list;
};

/* Whose results: the tracking system's stores differ in what LIKE and ILIKE match and in which of a
 * run's two names counts. */
enum ncm_search_as { NCM_SEARCH_SQL, NCM_SEARCH_FILES };

struct ncm_filter {
    struct ncm_arena *arena;
    enum ncm_search_as as; /* parsing leaves NCM_SEARCH_SQL */
    struct ncm_clause *clauses;
    size_t n;
};

struct ncm_order {
    enum ncm_entity entity;
    struct ncm_str key;
    bool descending;
};

struct ncm_orders {
    struct ncm_arena *arena;
    struct ncm_order *items;
    size_t n;
};

/* Parses; "" and NULL give an empty filter. On failure err->code = NCM_USAGE, what says what is
 * wrong and what would be right, *at (may be NULL) is the byte offset of the offending character.
 * Grammar and refusals: as MLflow 3.17's client (docs/search.md). */
bool ncm_filter_parse(const char *text, struct ncm_filter *out, size_t *at, struct ncm_err *err);
void ncm_filter_release(struct ncm_filter *f);

/* One "ENTITY.key [ASC|DESC]" a string. The tracking system's tie-breakers (start_time DESC, run
 * id) are implied, not listed. */
bool ncm_orders_parse(const char *const *texts, size_t n, struct ncm_orders *out, size_t *at,
                      struct ncm_err *err);
void ncm_orders_release(struct ncm_orders *o);

/* Evaluation on a record in memory (needs the metrics/params/tags that the filter names), with the
 * results MLflow's SQL store gives; or (f->as) its file store, whose record's name is the one
 * compared. */
bool ncm_filter_match(const struct ncm_filter *f, const struct ncm_run *r);
/* The same in both stores. <0, 0, >0 for sorting; numbers, then NaN, then missing, in both
 * directions; ends with the tie-breakers. */
int ncm_orders_compare(const struct ncm_orders *o, const struct ncm_run *a,
                       const struct ncm_run *b);

#endif
