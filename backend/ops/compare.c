#include "ops/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

/* One column of one kind over all runs: where a key stands in each. */
struct keys {
    struct ncm_map *index;
    struct ncm_str *items;
    size_t n, cap;
};

static void note_key(struct keys *k, struct ncm_str key)
{
    size_t at;
    if (ncm_map_get(k->index, key.p, key.len, &at)) {
        return;
    }
    k->items = ncm_grow(k->items, k->n, &k->cap, sizeof *k->items);
    ncm_map_set(k->index, key.p, key.len, k->n);
    k->items[k->n++] = key;
}

enum kind { METRICS, PARAMS, TAGS };

static size_t count(const struct ncm_run *r, enum kind kind)
{
    return kind == METRICS ? r->n_metrics : kind == PARAMS ? r->n_params : r->n_tags;
}

static struct ncm_str key_at(const struct ncm_run *r, enum kind kind, size_t i)
{
    return kind == METRICS ? r->metrics[i].key : kind == PARAMS ? r->params[i].key : r->tags[i].key;
}

static struct ncm_value value_of(const struct ncm_run *r, enum kind kind, const char *key)
{
    struct ncm_value v = {.kind = NCM_V_UNSET};
    if (kind == METRICS) {
        const struct ncm_metric *m = ncm_run_metric(r, key);
        return m != NULL ? m->value : v;
    }
    const struct ncm_kv *kv = kind == PARAMS ? ncm_run_param(r, key) : ncm_run_tag(r, key);
    if (kv != NULL && kv->value.p != NULL) {
        v.kind = NCM_V_TEXT;
        v.text = kv->value;
    }
    return v;
}

static bool same_value(const struct ncm_value *a, const struct ncm_value *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    if (a->kind == NCM_V_TEXT) {
        return ncm_str_eq(a->text, b->text);
    }
    return a->kind != NCM_V_NUMBER || !(a->num < b->num || a->num > b->num);
}

/* Where a value stands on the line from -∞ to +∞; false for what has no place there. */
static bool ranked(const struct ncm_value *v, double *rank)
{
    switch (v->kind) {
    case NCM_V_NUMBER:
        *rank = v->num;
        return true;
    case NCM_V_PINF:
    case NCM_V_NINF:
        *rank = v->kind == NCM_V_PINF ? (double)INFINITY : -(double)INFINITY;
        return true;
    default:
        return false;
    }
}

/* The first of the best; none where all are equal or the direction is not known. */
static int best_of(const struct ncm_value *v, size_t n, int direction)
{
    int best = -1;
    size_t equal = 0, valued = 0;
    double top = 0;
    for (size_t i = 0; direction != 0 && i < n; i++) {
        double rank;
        if (!ranked(&v[i], &rank)) {
            continue;
        }
        valued++;
        bool better = best < 0 || (direction > 0 ? rank > top : rank < top);
        equal = better ? 1 : equal + (rank < top || rank > top ? 0 : 1);
        if (better) {
            best = (int)i;
            top = rank;
        }
    }
    return valued < 2 || equal == valued ? -1 : best;
}

static int by_key(const void *a, const void *b)
{
    const struct ncm_compare_row *x = a, *y = b;
    size_t n = x->key.len < y->key.len ? x->key.len : y->key.len;
    int c = memcmp(x->key.p, y->key.p, n);
    return c != 0 ? c : (x->key.len > y->key.len) - (x->key.len < y->key.len);
}

static struct keys gather(const struct ncm_run *const *runs, size_t n, enum kind kind, bool all)
{
    struct keys k = {.index = ncm_map_new()};
    for (size_t r = 0; r < n; r++) {
        for (size_t i = 0; i < count(runs[r], kind); i++) {
            struct ncm_str key = key_at(runs[r], kind, i);
            bool system = kind == TAGS && key.len >= 7 && memcmp(key.p, "mlflow.", 7) == 0;
            if (all || !system) {
                note_key(&k, key);
            }
        }
    }
    return k;
}

static struct ncm_compare_row *rows(struct ncm_compare *c, const struct ncm_run *const *runs,
                                    enum kind kind, bool all, size_t *n_rows)
{
    struct keys k = gather(runs, c->n_runs, kind, all);
    struct ncm_compare_row *out = ncm_arena_alloc(c->arena, k.n, sizeof *out);
    size_t n = 0;
    for (size_t i = 0; i < k.n; i++) {
        struct ncm_compare_row *row = &out[n];
        row->key = k.items[i];
        row->values = ncm_arena_alloc(c->arena, c->n_runs, sizeof *row->values);
        row->differs = false;
        for (size_t r = 0; r < c->n_runs; r++) {
            row->values[r] = value_of(runs[r], kind, row->key.p);
            row->differs = row->differs || !same_value(&row->values[0], &row->values[r]);
        }
        row->best = kind == METRICS
                        ? best_of(row->values, c->n_runs, ncm_metric_direction(row->key.p))
                        : -1;
        n += all || row->differs ? 1 : 0;
    }
    if (n > 1) {
        qsort(out, n, sizeof *out, by_key);
    }
    ncm_map_free(k.index);
    ncm_free(k.items);
    *n_rows = n;
    return out;
}

struct ncm_compare *ncm_compare_runs(const struct ncm_run *const *runs, size_t n, bool all)
{
    struct ncm_arena *arena = ncm_arena_new();
    struct ncm_compare *c = ncm_arena_alloc(arena, 1, sizeof *c);
    c->arena = arena;
    c->n_runs = n;
    c->metrics = rows(c, runs, METRICS, all, &c->n_metrics);
    c->params = rows(c, runs, PARAMS, all, &c->n_params);
    c->tags = rows(c, runs, TAGS, all, &c->n_tags);
    return c;
}

void ncm_compare_free(struct ncm_compare *c)
{
    if (c != NULL) {
        ncm_arena_free(c->arena);
    }
}
