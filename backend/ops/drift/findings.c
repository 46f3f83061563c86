#include "ops/drift/findings.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "stats/bins.h"
#include "stats/quality.h"

enum { SENTENCE_MOST = 1024 };

static double weight_until(const struct ncm_ordered *v, size_t end)
{
    double sum = 0;
    for (size_t i = 0; v->weights != NULL && i < end; i++) {
        sum += v->weights[i];
    }
    return v->weights == NULL ? (double)end : sum;
}

/* Rows of the value in the middle: the most frequent one wherever one has more than half of the
 * rows, and only such a one is a fault. O(log n). */
static double top_number(const struct ncm_ordered *v)
{
    if (v->n == 0) {
        return 0;
    }
    size_t middle = v->n / 2;
    if (v->weights != NULL) {
        double half = weight_until(v, v->n) / 2, before = 0;
        for (middle = 0; middle + 1 < v->n && before + v->weights[middle] <= half; middle++) {
            before += v->weights[middle];
        }
    }
    size_t first = ncm_lower_bound(v->values, v->n, v->values[middle]);
    size_t end = ncm_upper_bound(v->values, v->n, v->values[middle]);
    return weight_until(v, end) - weight_until(v, first);
}

static struct ncm_quality_side side_of(const struct ncm_drift_input *in,
                                       const struct ncm_drift_input *range)
{
    struct ncm_quality_side s = {.present = true,
                                 .type = in->type,
                                 .rows = (double)in->rows,
                                 .missing = (double)in->missing,
                                 .infinite = (double)in->infinite};
    if (in->type == NCM_COLUMN_CATEGORY) {
        for (size_t i = 0; i < in->words.n_words; i++) {
            s.top = in->words.counts[i] > s.top ? in->words.counts[i] : s.top;
        }
        return s;
    }
    s.top = top_number(&in->values);
    s.negative = weight_until(&in->values, ncm_lower_bound(in->values.values, in->values.n, 0.0));
    if (range != NULL && range->moments.n > 0) {
        size_t below = ncm_lower_bound(in->values.values, in->values.n, range->moments.min);
        size_t above = ncm_upper_bound(in->values.values, in->values.n, range->moments.max);
        double all = weight_until(&in->values, in->values.n);
        s.outside = weight_until(&in->values, below) + all - weight_until(&in->values, above);
    }
    return s;
}

static void put(const struct ncm_finding *f, struct ncm_arena *a, struct ncm_drift_finding *out)
{
    struct ncm_buf b;
    ncm_buf_init(&b, SENTENCE_MOST);
    ncm_finding_text(f, &b);
    out->severity = f->severity;
    out->kind = ncm_arena_cstr(a, ncm_quality_name(f->kind));
    out->sentence = ncm_arena_str(a, b.p, b.len);
    ncm_buf_release(&b);
}

void ncm_drift_findings(const struct ncm_drift_input *ref, const struct ncm_drift_input *cur,
                        struct ncm_drift_column *out, struct ncm_arena *a)
{
    struct ncm_finding found[NCM_QUALITY_MOST];
    struct ncm_cats t = {0};
    bool words = ref->type == NCM_COLUMN_CATEGORY;
    struct ncm_quality_side r = side_of(ref, NULL), c = side_of(cur, ref);
    if (words) {
        ncm_cats_join(&ref->words, &cur->words, &t);
    }
    size_t n = ncm_quality_column(ncm_cstr(out->name), &r, &c, words ? &t : NULL, found);
    out->findings = ncm_arena_alloc(a, n + 1, sizeof *out->findings);
    out->n_findings = n;
    for (size_t i = 0; i < n; i++) {
        put(&found[i], a, &out->findings[i]);
    }
    if (words) {
        ncm_cats_free(&t);
    }
}

static void add_schema(const char *name, const struct ncm_column *ref, const struct ncm_column *cur,
                       struct ncm_arena *a, struct ncm_drift_finding *out, size_t *n)
{
    struct ncm_finding f = {.subject = name};
    struct ncm_quality_side r = {.present = ref != NULL}, c = {.present = cur != NULL};
    r.type = ref != NULL ? ref->type : NCM_COLUMN_NUMBER;
    c.type = cur != NULL ? cur->type : NCM_COLUMN_NUMBER;
    if (ncm_quality_schema(&r, &c, &f)) {
        f.subject = name;
        put(&f, a, &out[(*n)++]);
    }
}

void ncm_drift_schema_findings(const struct ncm_frame *ref, const struct ncm_frame *cur,
                               struct ncm_arena *a, struct ncm_drift_finding **out, size_t *n)
{
    *n = 0;
    *out = ncm_arena_alloc(a, ref->n_columns + cur->n_columns + 1, sizeof **out);
    for (size_t i = 0; i < ref->n_columns; i++) {
        const struct ncm_column *c = &ref->columns[i];
        add_schema(c->name, c, ncm_frame_find(cur, c->name), a, *out, n);
    }
    for (size_t i = 0; i < cur->n_columns; i++) {
        const struct ncm_column *c = &cur->columns[i];
        if (ncm_frame_find(ref, c->name) == NULL) {
            add_schema(c->name, NULL, c, a, *out, n);
        }
    }
}
