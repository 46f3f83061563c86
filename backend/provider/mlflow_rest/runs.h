/* Runs that this connection has read, and the lists (walks) that they came in. Read by the files of
 * topic RUNS and by those that can save a request with what is here. */
#ifndef NCM_MLFLOW_REST_RUNS_H
#define NCM_MLFLOW_REST_RUNS_H

#include "provider/mlflow_rest/internal.h"

#define REST_FIRST_PAGE 100  /* runs of a first page: quick to come */
#define REST_LAST_PAGE  1000 /* and of later ones: fewer scans for the server */

/* The runs of one answer; freed when all of them were read anew. */
struct rest_block {
    struct ncm_arena *arena;
    struct ncm_run *runs;
    size_t n, live;
};

struct rest_kept {
    const struct ncm_run *run;
    struct rest_block *block;
    int64_t taken_mono_ms;
    uint64_t print; /* of what can change; 0 for one that does not run */
    unsigned quiet; /* times in a row that it was read and had not changed */
};

/* One list of runs in the server's order, as far as it was asked for. */
struct rest_walk {
    struct rest_walk *next;
    char *key; /* canonical text of the question */
    /* The question. */
    char **ids; /* experiments; n_ids 0: all active ones */
    size_t n_ids;
    char *filter;
    char **orders; /* the server's order_by; none: newest first */
    size_t n_orders;
    enum ncm_view view;
    /* The answer. */
    uint32_t *rows; /* handles */
    size_t n, cap;
    uint8_t *in; /* by handle: whether it is among the rows */
    size_t in_cap;
    char *token;          /* of the page after the rows; NULL before the first and after the last */
    bool started;         /* at least one page came */
    bool complete;        /* all pages came */
    bool cut;             /* the last page that was asked for did not come */
    size_t page;          /* runs to ask for next */
    unsigned barren;      /* pages in a row that brought nothing new */
    uint64_t experiments; /* print of the active ones when it was begun */
    int64_t newest_ms;    /* latest start among the rows; NCM_NO_TIME without */
    int64_t walked_mono_ms, refreshed_mono_ms, used_mono_ms;
};

struct rest_runs {
    size_t stale;          /* runs in memory that were read anew since */
    struct ncm_map *by_id; /* run id → handle */
    struct rest_kept *items;
    size_t n, cap;
    struct rest_walk *walks;
};

struct rest_runs *rest_runs_new(void);
/* Lets go of runs that no walk holds any more and of what was read anew since, where that is much.
 * Handles from before are good in the walks only. */
void rest_runs_tidy(struct rest_runs *r);
/* A fingerprint of everything about a run that changes while it runs. */
uint64_t rest_run_print(const struct ncm_run *r);
/* FNV-1a: the fingerprint h with more bytes. */
uint64_t rest_print(uint64_t h, const void *p, size_t len);
#define REST_PRINT 14695981039346656037u /* of nothing */
const struct ncm_run *rest_runs_at(const struct rest_runs *r, size_t handle);
/* Takes every run of an answer's list; *handles (caller frees; list->n of them) says where they
 * are. NCM_INVALID_DATA takes none. */
bool rest_runs_take(struct rest_runs *r, const struct ncm_node *list, uint32_t **handles,
                    struct ncm_err *err);

/* ---- walk.c ---------------------------------------------------------------------------------- */

/* The walk of a question, begun where it is not there; the least used are dropped. Borrowed. */
struct rest_walk *rest_walk_of(struct rest_runs *r, const struct ncm_query *q,
                               const char *const *orders, size_t n_orders);
/* Forgets the rows: the next page is the first again. */
void rest_walk_restart(struct rest_walk *w);
/* Called after each page; false (err set) ends the walk there. */
typedef bool (*rest_page_fn)(void *to, struct rest_walk *w, struct ncm_err *err);
/* Reads on until `need` rows are there or all are. The next page is under way while one is taken.
 */
bool rest_walk_to(struct ncm_conn *c, struct rest_walk *w, size_t need,
                  const struct ncm_control *control, rest_page_fn page, void *to,
                  struct ncm_err *err);
/* What began since: every run that started at or after the newest known, put in front. *found gets
 * how many are new. Newest-first walks only. */
bool rest_walk_newer(struct ncm_conn *c, struct rest_walk *w, const struct ncm_control *control,
                     size_t *found, struct ncm_err *err);
/* Reads these rows (handles) again; those that the question no longer gives are taken out. */
bool rest_walk_again(struct ncm_conn *c, struct rest_walk *w, const uint32_t *handles, size_t n,
                     const struct ncm_control *control, struct ncm_err *err);
/* Puts the rows newest first, as the server does. */
void rest_walk_sort(const struct rest_runs *r, struct rest_walk *w);

/* The body of a runs/search. filter, orders, token may be NULL/0. Caller frees. */
char *rest_search_body(char *const *ids, size_t n_ids, const char *filter, enum ncm_view view,
                       char *const *orders, size_t n_orders, size_t most, const char *token);

#endif
