#include "ops/drift/since.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "ops/drift/frames.h"
#include "stats/sort.h"

enum { PARTS = 10 };

/* One part being looked at. */
struct part {
    const struct ncm_frame *frame;
    const struct ncm_column *column;
    int64_t from_ms, to_ms;
    double *values;   /* NUMBER: room for all rows */
    uint32_t *counts; /* CATEGORY: of each word */
};

static bool is_within(const struct part *p, size_t row)
{
    int64_t t = p->frame->times[row];
    return t != NCM_NO_TIME && t >= p->from_ms && t < p->to_ms;
}

static void take_numbers(struct part *p, struct ncm_drift_input *out)
{
    size_t n = 0, missing, infinite;
    for (size_t i = 0; i < p->frame->n_rows; i++) {
        if (is_within(p, i)) {
            p->values[n++] = p->column->numbers[i];
        }
    }
    out->rows = (int64_t)n;
    n = ncm_keep_finite(p->values, n, &missing, &infinite);
    out->missing = (int64_t)missing;
    out->infinite = (int64_t)infinite;
    out->moments = ncm_moments_of(p->values, n);
    ncm_sort(p->values, n, NULL);
    out->values = (struct ncm_ordered){.values = p->values, .n = n};
}

static void take_words(struct part *p, struct ncm_drift_input *out)
{
    const struct ncm_column *c = p->column;
    memset(p->counts, 0, c->n_words * sizeof *p->counts);
    for (size_t i = 0; i < p->frame->n_rows; i++) {
        if (!is_within(p, i)) {
            continue;
        }
        out->rows++;
        if (c->codes[i] == NCM_NO_CODE) {
            out->missing++;
        } else {
            p->counts[c->codes[i]]++;
        }
    }
    out->words = (struct ncm_cats_side){.words = c->words,
                                        .counts = p->counts,
                                        .n_words = c->n_words,
                                        .other = c->other,
                                        .n_missing = (size_t)out->missing};
}

/* false: the part has no value. */
static bool take(struct part *p, struct ncm_drift_input *out)
{
    *out = (struct ncm_drift_input){.type = p->column->type};
    if (p->column->type == NCM_COLUMN_NUMBER) {
        take_numbers(p, out);
    } else {
        take_words(p, out);
    }
    return out->rows > out->missing + out->infinite;
}

static bool span_of(const struct ncm_frame *f, int64_t *from_ms, int64_t *to_ms)
{
    *from_ms = INT64_MAX;
    *to_ms = INT64_MIN;
    for (size_t i = 0; f->times != NULL && i < f->n_rows; i++) {
        if (f->times[i] != NCM_NO_TIME) {
            *from_ms = f->times[i] < *from_ms ? f->times[i] : *from_ms;
            *to_ms = f->times[i] > *to_ms ? f->times[i] : *to_ms;
        }
    }
    return *from_ms < *to_ms;
}

static int64_t walk(struct part *p, const struct ncm_drift_input *whole,
                    const struct ncm_bins *bins, const struct ncm_drift_method *m,
                    const struct ncm_drift_column *d, int64_t from_ms, int64_t length)
{
    int64_t since = NCM_NO_TIME;
    for (int k = 0; k < PARTS; k++) {
        struct ncm_drift_input in;
        p->from_ms = from_ms + k * length;
        p->to_ms = p->from_ms + length;
        if (!take(p, &in)) {
            continue;
        }
        double value = ncm_drift_statistic(m, whole, &in, bins);
        bool bad = ncm_drift_state_of(value, NAN, d->critical, NCM_BAD_ABOVE, d->small_drifts) ==
                   NCM_DRIFT_CRITICAL;
        since = !bad ? NCM_NO_TIME : since == NCM_NO_TIME ? p->from_ms : since;
    }
    return since;
}

int64_t ncm_drift_since(const struct ncm_frame *ref, const struct ncm_frame *cur,
                        const struct ncm_drift_method *m, const struct ncm_drift_column *d)
{
    const struct ncm_column *r = ncm_frame_find(ref, ncm_cstr(d->name));
    struct part p = {.frame = cur, .column = ncm_frame_find(cur, ncm_cstr(d->name))};
    struct ncm_drift_input whole;
    struct ncm_bins bins = {0};
    double *sorted;
    int64_t from_ms, to_ms;
    if (r == NULL || p.column == NULL || !span_of(cur, &from_ms, &to_ms)) {
        return NCM_NO_TIME;
    }
    ncm_drift_input_of(r, ref->n_rows, &sorted, &whole);
    if (r->type == NCM_COLUMN_NUMBER) {
        bins = ncm_bins_quantiles(whole.values.values, whole.values.n, 10);
        p.values = ncm_alloc(cur->n_rows + 1, sizeof *p.values);
    } else {
        p.counts = ncm_alloc(p.column->n_words + 1, sizeof *p.counts);
    }
    int64_t since = walk(&p, &whole, &bins, m, d, from_ms, (to_ms - from_ms) / PARTS + 1);
    ncm_bins_release(&bins);
    ncm_free(sorted);
    ncm_free(p.values);
    ncm_free(p.counts);
    return since;
}
