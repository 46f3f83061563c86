/* Buckets of an answer, gathered by series. */
#include "provider/prometheus/histogram.h"

#include <math.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/map.h"
#include "base/num.h"
#include "model/alert_labels.h"

/* ---- buckets of an answer -------------------------------------------------------------------- */

/* All labels but le (and the name, which says nothing more); false without a le. */
static bool split(const struct ncm_prom_series *s, struct ncm_kv *out, size_t *n, double *le)
{
    bool found = false;
    *n = 0;
    for (size_t i = 0; i < s->n_labels; i++) {
        if (ncm_str_is(s->labels[i].key, "le")) {
            found = ncm_parse_double(s->labels[i].value.p, le) && !isnan(*le);
        } else {
            out[(*n)++] = s->labels[i];
        }
    }
    return found && s->n == 1;
}

/* A group while it grows. */
struct growing {
    struct ncm_kv *labels;
    size_t n_labels;
    struct ncm_list buckets;
};

static void gather(const struct ncm_prom_answer *a, struct ncm_arena *arena, struct ncm_list *out)
{
    struct ncm_map *known = ncm_map_new();
    struct ncm_buf key;
    ncm_buf_init(&key, 1 << 20);
    for (size_t i = 0; i < a->n; i++) {
        const struct ncm_prom_series *s = &a->series[i];
        struct ncm_kv *labels = ncm_arena_alloc(arena, s->n_labels, sizeof *labels);
        struct growing *items = out->items;
        size_t n, at = out->n;
        double le;
        if (!split(s, labels, &n, &le)) {
            continue;
        }
        ncm_buf_clear(&key);
        ncm_labels_key(labels, n, &key);
        if (!ncm_map_get(known, key.p, key.len, &at)) {
            ncm_map_set(known, key.p, key.len, at);
            *(struct growing *)ncm_list_add(out) = (struct growing){
                .labels = labels, .n_labels = n, .buckets = {.size = sizeof(struct ncm_bucket)}};
            items = out->items;
        }
        *(struct ncm_bucket *)ncm_list_add(&items[at].buckets) =
            (struct ncm_bucket){le, s->points[0].value};
    }
    ncm_buf_release(&key);
    ncm_map_free(known);
}

struct ncm_bucket_group *ncm_bucket_groups(const struct ncm_prom_answer *a, struct ncm_arena *arena,
                                           size_t *n)
{
    struct ncm_list list = {.size = sizeof(struct growing)};
    gather(a, arena, &list);
    struct growing *items = list.items;
    struct ncm_bucket_group *out = ncm_arena_alloc(arena, list.n, sizeof *out);
    for (size_t i = 0; i < list.n; i++) {
        out[i].labels = items[i].labels;
        out[i].n_labels = items[i].n_labels;
        out[i].n = ncm_buckets_sort(items[i].buckets.items, items[i].buckets.n);
        out[i].buckets = ncm_list_move(&items[i].buckets, arena);
    }
    *n = list.n;
    ncm_free(list.items);
    return out;
}
