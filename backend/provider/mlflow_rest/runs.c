/* The runs that were read, by id. */
#include "provider/mlflow_rest/runs.h"

#include <string.h>

#include "base/num.h"

struct rest_runs *rest_runs_new(void)
{
    struct rest_runs *r = ncm_alloc(1, sizeof *r);
    r->by_id = ncm_map_new();
    return r;
}

static void walk_free(struct rest_walk *w)
{
    for (size_t i = 0; i < w->n_ids; i++) {
        ncm_free(w->ids[i]);
    }
    for (size_t i = 0; i < w->n_orders; i++) {
        ncm_free(w->orders[i]);
    }
    ncm_free(w->ids);
    ncm_free(w->orders);
    ncm_free(w->filter);
    ncm_free(w->key);
    ncm_free(w->rows);
    ncm_free(w->in);
    ncm_free(w->token);
    ncm_free(w);
}

static struct rest_block *block_new(size_t n)
{
    struct rest_block *b = ncm_alloc(1, sizeof *b);
    b->arena = ncm_arena_new();
    b->runs = ncm_arena_alloc(b->arena, n, sizeof *b->runs);
    b->n = b->live = n;
    return b;
}

static void block_free(struct rest_block *b)
{
    ncm_arena_free(b->arena);
    ncm_free(b);
}

/* One run of the block is needed no more. */
static void let_go(struct rest_runs *r, struct rest_block *b)
{
    r->stale++;
    if (--b->live == 0) {
        r->stale -= b->n;
        block_free(b);
    }
}

void rest_runs_free(struct rest_runs *r)
{
    if (r == NULL) {
        return;
    }
    while (r->walks != NULL) {
        struct rest_walk *w = r->walks;
        r->walks = w->next;
        walk_free(w);
    }
    for (size_t i = 0; i < r->n; i++) {
        let_go(r, r->items[i].block);
    }
    ncm_free(r->items);
    ncm_map_free(r->by_id);
    ncm_free(r);
}

/* ---- what nobody needs any more goes ----------------------------------------------------------
 */

enum {
    STRAY_MOST = 4000, /* runs that no walk holds */
    STALE_MOST = 4000, /* beyond as many as are held */
    BLOCK_RUNS = 500,  /* of a block that is made of what is left */
};

#define NOWHERE UINT32_MAX

/* Where each handle is to be: NOWHERE for what no walk holds. *n gets how many are left. */
static uint32_t *places(const struct rest_runs *r, size_t *n)
{
    uint32_t *to = ncm_alloc(r->n + 1, sizeof *to);
    *n = 0;
    memset(to, 0xFF, (r->n + 1) * sizeof *to);
    for (const struct rest_walk *w = r->walks; w != NULL; w = w->next) {
        for (size_t i = 0; i < w->n; i++) {
            to[w->rows[i]] = 0;
        }
    }
    for (size_t i = 0; i < r->n; i++) {
        if (to[i] != NOWHERE) {
            to[i] = (uint32_t)(*n)++;
        }
    }
    return to;
}

static void renumber(struct rest_walk *w, const uint32_t *to)
{
    if (w->in != NULL) {
        memset(w->in, 0, w->in_cap);
    }
    for (size_t i = 0; i < w->n; i++) {
        w->rows[i] = to[w->rows[i]]; /* never greater than before, so that `in` is long enough */
        w->in[w->rows[i]] = 1;
    }
}

/* Copies what is left into blocks of its own: one run would else hold the page that it came in. */
static void move_all(struct rest_runs *r, const uint32_t *to, size_t n)
{
    struct rest_block *b = NULL;
    struct ncm_map *by_id = ncm_map_new();
    for (size_t i = 0; i < r->n; i++) {
        struct rest_kept kept = r->items[i];
        if (to[i] == NOWHERE) {
            let_go(r, kept.block);
            continue;
        }
        size_t at = to[i] % BLOCK_RUNS;
        if (at == 0) {
            b = block_new(n - to[i] < BLOCK_RUNS ? n - to[i] : BLOCK_RUNS);
        }
        ncm_run_copy(b->arena, &b->runs[at], kept.run);
        let_go(r, kept.block);
        kept.run = &b->runs[at];
        kept.block = b;
        r->items[to[i]] = kept;
        ncm_map_set(by_id, kept.run->id.p, kept.run->id.len, to[i]);
    }
    ncm_map_free(r->by_id);
    r->by_id = by_id;
    r->n = n;
}

void rest_runs_tidy(struct rest_runs *r)
{
    size_t most = 0, n;
    for (const struct rest_walk *w = r->walks; w != NULL; w = w->next) {
        most = w->n > most ? w->n : most;
    }
    bool stale = r->stale > r->n + STALE_MOST;
    if (r->n < most + STRAY_MOST && !stale) {
        return;
    }
    uint32_t *to = places(r, &n);
    if (stale || r->n - n > STRAY_MOST) {
        move_all(r, to, n);
        for (struct rest_walk *w = r->walks; w != NULL; w = w->next) {
            renumber(w, to);
        }
    }
    ncm_free(to);
}

const struct ncm_run *rest_runs_at(const struct rest_runs *r, size_t handle)
{
    return r->items[handle].run;
}

uint64_t rest_print(uint64_t h, const void *p, size_t len)
{
    const unsigned char *bytes = p;
    for (size_t i = 0; i < len; i++) {
        h = (h ^ bytes[i]) * 1099511628211u;
    }
    return h;
}

static uint64_t print_str(uint64_t h, struct ncm_str s)
{
    h = rest_print(h, &s.len, sizeof s.len);
    return s.len > 0 ? rest_print(h, s.p, s.len) : h;
}

uint64_t rest_run_print(const struct ncm_run *r)
{
    uint64_t h = print_str(print_str(print_str(REST_PRINT, r->id), r->name), r->status_text);
    for (size_t i = 0; i < r->n_metrics; i++) {
        const struct ncm_metric *m = &r->metrics[i];
        h = print_str(h, m->key);
        h = rest_print(h, &m->step, sizeof m->step);
        h = rest_print(h, &m->timestamp_ms, sizeof m->timestamp_ms);
        h = rest_print(h, &m->value.num, sizeof m->value.num);
    }
    for (size_t i = 0; i < r->n_params; i++) {
        h = print_str(h, r->params[i].key);
    }
    for (size_t i = 0; i < r->n_tags; i++) {
        h = print_str(print_str(h, r->tags[i].key), r->tags[i].value);
    }
    return h;
}

/* The place of a run: its own, or a new one. */
static size_t place(struct rest_runs *r, struct rest_block *b, const struct ncm_run *run)
{
    size_t at;
    bool runs = run->status == NCM_RUN_RUNNING || run->status == NCM_RUN_SCHEDULED;
    uint64_t print = runs ? rest_run_print(run) : 0;
    unsigned quiet = 0;
    if (ncm_map_get(r->by_id, run->id.p, run->id.len, &at)) {
        quiet = print == r->items[at].print ? r->items[at].quiet + 1 : 0;
        let_go(r, r->items[at].block);
    } else {
        r->items = ncm_grow(r->items, r->n, &r->cap, sizeof *r->items);
        at = r->n++;
        ncm_map_set(r->by_id, run->id.p, run->id.len, at);
    }
    r->items[at] = (struct rest_kept){
        .run = run, .block = b, .taken_mono_ms = ncm_mono_ms(), .print = print, .quiet = quiet};
    return at;
}

bool rest_runs_take(struct rest_runs *r, const struct ncm_node *list, uint32_t **handles,
                    struct ncm_err *err)
{
    *handles = NULL;
    if (list->n == 0) {
        return true;
    }
    struct rest_block *b = block_new(list->n);
    for (size_t i = 0; i < list->n; i++) {
        if (!rest_run(&list->items[i], b->arena, &b->runs[i], err)) {
            block_free(b);
            return false;
        }
    }
    *handles = ncm_alloc(list->n, sizeof **handles);
    for (size_t i = 0; i < list->n; i++) {
        (*handles)[i] = (uint32_t)place(r, b, &b->runs[i]);
    }
    return true;
}

/* ---- the walks --------------------------------------------------------------------------------
 */

enum { WALKS_MOST = 6 };

static char *walk_key(const struct ncm_query *q, const char *const *orders, size_t n_orders)
{
    struct ncm_query plain = {
        .topic = NCM_T_RUNS,
        .view = q->view,
        .ids = q->ids,
        .n_ids = q->n_ids,
        .filter = q->filter,
        .orders = (char **)(uintptr_t)orders,
        .n_orders = n_orders,
    };
    return ncm_query_text(&plain);
}

static char **copy_list(const char *const *from, size_t n)
{
    char **to = ncm_alloc(n + 1, sizeof *to);
    for (size_t i = 0; i < n; i++) {
        to[i] = ncm_strdup(from[i]);
    }
    return to;
}

static void drop_least_used(struct rest_runs *r)
{
    struct rest_walk **least = NULL;
    size_t n = 0;
    for (struct rest_walk **at = &r->walks; *at != NULL; at = &(*at)->next, n++) {
        if (least == NULL || (*at)->used_mono_ms < (*least)->used_mono_ms) {
            least = at;
        }
    }
    if (n >= WALKS_MOST) {
        struct rest_walk *gone = *least;
        *least = gone->next;
        walk_free(gone);
    }
}

struct rest_walk *rest_walk_of(struct rest_runs *r, const struct ncm_query *q,
                               const char *const *orders, size_t n_orders)
{
    char *key = walk_key(q, orders, n_orders);
    struct rest_walk *w = r->walks;
    while (w != NULL && strcmp(w->key, key) != 0) {
        w = w->next;
    }
    if (w == NULL) {
        drop_least_used(r);
        w = ncm_alloc(1, sizeof *w);
        w->key = key;
        w->ids = copy_list((const char *const *)q->ids, q->n_ids);
        w->n_ids = q->n_ids;
        w->filter = ncm_strdup(q->filter != NULL && q->filter[0] != '\0' ? q->filter : NULL);
        w->orders = copy_list(orders, n_orders);
        w->n_orders = n_orders;
        w->view = q->view;
        w->next = r->walks;
        r->walks = w;
        rest_walk_restart(w);
    } else {
        ncm_free(key);
    }
    w->used_mono_ms = ncm_mono_ms();
    return w;
}
