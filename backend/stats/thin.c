/* A history of any length in bounded memory, with every spike that a plot would show. */
#include "stats/thin.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define LEAST_BUCKETS 16

/* What stays of a stretch of samples: first, last, smallest, greatest and one NaN. */
enum { FIRST, LAST, LOW, HIGH, BLANK, N_KEPT };
struct ncm_thin_bucket {
    struct ncm_sample kept[N_KEPT];
    int64_t at[N_KEPT]; /* running numbers; -1 none */
};

static void bucket_put(struct ncm_thin_bucket *b, int slot, const struct ncm_sample *s, int64_t at)
{
    b->kept[slot] = *s;
    b->at[slot] = at;
}

static void bucket_add(struct ncm_thin_bucket *b, const struct ncm_sample *s, int64_t at)
{
    if (b->at[FIRST] < 0)
        bucket_put(b, FIRST, s, at);
    if (at > b->at[LAST])
        bucket_put(b, LAST, s, at);
    if (isnan(s->value)) {
        if (b->at[BLANK] < 0)
            bucket_put(b, BLANK, s, at);
        return;
    }
    if (b->at[LOW] < 0 || s->value < b->kept[LOW].value)
        bucket_put(b, LOW, s, at);
    if (b->at[HIGH] < 0 || s->value > b->kept[HIGH].value)
        bucket_put(b, HIGH, s, at);
}

static void bucket_clear(struct ncm_thin_bucket *b)
{
    for (int i = 0; i < N_KEPT; i++)
        b->at[i] = -1;
}

/* Two neighbours become one of double width, with nothing lost that it would have kept. */
static void merge_pairs(struct ncm_thin *t)
{
    for (size_t i = 0; i < t->n; i += 2) {
        struct ncm_thin_bucket b = t->buckets[i];
        for (int k = 0; i + 1 < t->n && k < N_KEPT; k++)
            if (t->buckets[i + 1].at[k] >= 0)
                bucket_add(&b, &t->buckets[i + 1].kept[k], t->buckets[i + 1].at[k]);
        t->buckets[i / 2] = b;
    }
    t->n = (t->n + 1) / 2;
    t->width *= 2;
    t->in_last = t->width;
}

static void bucket_push(struct ncm_thin *t, const struct ncm_sample *s, int64_t at)
{
    if (t->n == 0 || t->in_last == t->width) {
        if (t->n == t->most)
            merge_pairs(t);
        bucket_clear(&t->buckets[t->n++]);
        t->in_last = 0;
    }
    bucket_add(&t->buckets[t->n - 1], s, at);
    t->in_last++;
}

void ncm_thin_push(struct ncm_thin *t, const struct ncm_sample *s)
{
    if (t->limit == 0 || t->n_raw < t->limit) {
        t->raw = ncm_grow(t->raw, t->n_raw, &t->cap_raw, sizeof(*t->raw));
        t->raw[t->n_raw++] = *s;
        t->total++;
        return;
    }
    if (t->buckets == NULL) {
        t->most = t->limit / N_KEPT & ~(size_t)1; /* even: merged in pairs */
        if (t->most < LEAST_BUCKETS)
            t->most = LEAST_BUCKETS;
        t->buckets = ncm_alloc(t->most, sizeof(*t->buckets));
        t->width = 1;
        for (size_t i = 0; i < t->n_raw; i++)
            bucket_push(t, &t->raw[i], (int64_t)i);
    }
    bucket_push(t, s, t->total++);
}

static struct ncm_point point_of(const struct ncm_sample *s)
{
    struct ncm_point p = {.step = s->step, .timestamp_ms = s->time};
    p.value.num = s->value;
    p.value.kind = isnan(s->value)        ? NCM_V_NAN
                   : s->value >= DBL_MAX  ? NCM_V_PINF
                   : s->value <= -DBL_MAX ? NCM_V_NINF
                                          : NCM_V_NUMBER;
    return p;
}

static void emit_bucket(const struct ncm_thin_bucket *b, struct ncm_series_snapshot *s)
{
    int64_t last = -1;
    for (;;) {
        int best = -1;
        for (int k = 0; k < N_KEPT; k++)
            if (b->at[k] > last && (best < 0 || b->at[k] < b->at[best]))
                best = k;
        if (best < 0)
            return;
        last = b->at[best];
        s->points[s->n++] = point_of(&b->kept[best]);
    }
}

void ncm_thin_finish(struct ncm_thin *t, struct ncm_series_snapshot *s)
{
    size_t most = t->buckets != NULL ? t->n * N_KEPT : t->n_raw;
    s->points = ncm_arena_alloc(s->head.arena, most + 1, sizeof(*s->points));
    if (t->buckets == NULL)
        for (size_t i = 0; i < t->n_raw; i++)
            s->points[s->n++] = point_of(&t->raw[i]);
    else
        for (size_t i = 0; i < t->n; i++)
            emit_bucket(&t->buckets[i], s);
    s->total = t->total;
    ncm_free(t->raw);
    ncm_free(t->buckets);
}

int ncm_sample_order(const void *x, const void *y)
{
    const struct ncm_sample *a = x, *b = y;
    if (a->step != b->step)
        return a->step < b->step ? -1 : 1;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    double u = isnan(a->value) ? 0 : a->value, v = isnan(b->value) ? 0 : b->value;
    return (u > v) - (u < v);
}
