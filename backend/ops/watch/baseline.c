#include "ops/watch/baseline.h"

#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "base/map.h"
#include "ops/drift/findings.h"
#include "ops/drift/frames.h"
#include "stats/quantile.h"
#include "stats/threshold.h"

enum { DECILES = 10 };

static const struct ncm_drift_method *method_of(const struct ncm_monitor *m)
{
    const struct ncm_drift_method *method;
    struct ncm_err ignored;
    return ncm_drift_method_named(m->method, &method, &ignored) ? method : &ncm_drift_methods[0];
}

static void words_of(const struct ncm_column *c, struct ncm_summary *s)
{
    s->words = ncm_alloc(c->n_words + 1, sizeof(char *));
    s->word_counts = ncm_alloc(c->n_words + 1, sizeof *s->word_counts);
    for (size_t i = 0; i < c->n_words; i++) {
        s->words[i] = ncm_strdup(c->words[i]);
        s->word_counts[i] = c->counts[i];
    }
    s->n_words = c->n_words;
    s->missing = (int64_t)c->n_missing;
}

/* Every k-th of many sorted values, each for those around it. */
static void keep_values(const struct ncm_ordered *v, size_t most, struct ncm_summary *s)
{
    size_t n = v->n < most ? v->n : most;
    s->values = ncm_alloc(n + 1, sizeof *s->values);
    s->weights = v->n > most ? ncm_alloc(n + 1, sizeof *s->weights) : NULL;
    for (size_t i = 0; i < n; i++) {
        size_t at = v->n > most ? (size_t)(((double)i + 0.5) * (double)v->n / (double)n) : i;
        s->values[i] = v->values[at];
        if (s->weights != NULL) {
            s->weights[i] = (double)v->n / (double)n;
        }
    }
    s->n_values = n;
}

/* Enough that a KS D is off by no more than a tenth of a per cent. */
#define REFERENCE_POINTS 4096

static void numbers_of(const struct ncm_column *c, const struct ncm_drift_input *in,
                       struct ncm_base_feature *out)
{
    struct ncm_summary *s = out->summary;
    (void)c;
    s->missing = in->missing;
    s->infinite = in->infinite;
    s->moments = in->moments;
    if (in->values.n == 0) {
        return;
    }
    out->bins = ncm_bins_quantiles(in->values.values, in->values.n, DECILES);
    double *counts = ncm_alloc(out->bins.n + 1, sizeof *counts);
    ncm_bins_count_sorted(&out->bins, &in->values, counts);
    s->counts = ncm_alloc(out->bins.n + 1, sizeof *s->counts);
    s->n_counts = out->bins.n;
    for (size_t i = 0; i < out->bins.n; i++) {
        s->counts[i] = (int64_t)counts[i];
    }
    ncm_free(counts);
    keep_values(&in->values, REFERENCE_POINTS, s);
}

static void feature_of(const struct ncm_frame *f, const struct ncm_column *c,
                       const struct ncm_monitor *m, struct ncm_base_feature *out)
{
    struct ncm_drift_input in;
    double *sorted;
    *out = (struct ncm_base_feature){.name = ncm_strdup(c->name),
                                     .type = c->type,
                                     .warning = NAN,
                                     .critical = NAN,
                                     .summary = ncm_alloc(1, sizeof *out->summary)};
    out->summary->rows = (int64_t)f->n_rows;
    ncm_drift_input_of(c, f->n_rows, &sorted, &in);
    if (c->type == NCM_COLUMN_CATEGORY) {
        words_of(c, out->summary);
    } else {
        numbers_of(c, &in, out);
    }
    bool fixed = !isnan(m->warning) || !isnan(m->critical);
    if ((m->learned || !fixed) && (c->type == NCM_COLUMN_CATEGORY || out->bins.n > 0)) {
        out->chunks = ncm_drift_learn(method_of(m), c, f->n_rows, &in, &out->bins, &out->warning,
                                      &out->critical);
    }
    ncm_free(sorted);
}

struct ncm_baseline *ncm_baseline_of_frame(struct ncm_frame *f, const struct ncm_monitor *m)
{
    struct ncm_baseline *b = ncm_alloc(1, sizeof *b);
    b->rows = (int64_t)f->n_rows;
    b->features = ncm_alloc(f->n_columns + 1, sizeof *b->features);
    for (size_t i = 0; i < f->n_columns; i++) {
        feature_of(f, &f->columns[i], m, &b->features[b->n++]);
    }
    return b;
}

/* Adds the words of one window. */
static void add_words(struct ncm_summary *to, const struct ncm_summary *from, struct ncm_map *seen)
{
    for (size_t i = 0; from->words != NULL && i < from->n_words; i++) {
        size_t at = to->n_words, len = strlen(from->words[i]);
        if (!ncm_map_get(seen, from->words[i], len, &at)) {
            to->words = ncm_resize(to->words, to->n_words + 1, sizeof(char *));
            to->word_counts = ncm_resize(to->word_counts, to->n_words + 1, sizeof(int64_t));
            to->words[to->n_words] = ncm_strdup(from->words[i]);
            to->word_counts[to->n_words] = 0;
            ncm_map_set(seen, from->words[i], len, to->n_words++);
        }
        to->word_counts[at] += from->word_counts[i];
    }
}

/* All weighted values of the windows in order. */
static void add_values(struct ncm_summary *to, const struct ncm_summary *from)
{
    size_t n = to->n_values + from->n_values, i = 0, k = 0;
    double *values = ncm_alloc(n + 1, sizeof *values);
    double *weights = ncm_alloc(n + 1, sizeof *weights);
    for (size_t at = 0; at < n; at++) {
        bool mine = k >= from->n_values || (i < to->n_values && to->values[i] <= from->values[k]);
        values[at] = mine ? to->values[i] : from->values[k];
        weights[at] = mine ? to->weights[i] : from->weights != NULL ? from->weights[k] : 1;
        i += mine;
        k += !mine;
    }
    ncm_free(to->values);
    ncm_free(to->weights);
    to->values = values;
    to->weights = weights;
    to->n_values = n;
}

/* Deciles of weighted values. */
static void bins_of_values(struct ncm_base_feature *f)
{
    struct ncm_summary *s = f->summary;
    struct ncm_ordered v = {s->values, s->weights, s->n_values};
    if (v.n == 0) {
        return;
    }
    /* Their own quantiles as a sample: what the edges are made of. */
    double q[1001], sample[1001];
    for (size_t i = 0; i < 1001; i++) {
        q[i] = (double)i / 1000.0;
    }
    ncm_quantiles(&v, q, 1001, sample);
    f->bins = ncm_bins_quantiles(sample, 1001, DECILES);
    double *counts = ncm_alloc(f->bins.n + 1, sizeof *counts);
    ncm_bins_count_sorted(&f->bins, &v, counts);
    s->counts = ncm_alloc(f->bins.n + 1, sizeof *s->counts);
    s->n_counts = f->bins.n;
    for (size_t i = 0; i < f->bins.n; i++) {
        s->counts[i] = (int64_t)llround(counts[i]);
    }
    ncm_free(counts);
}

struct ncm_baseline *ncm_baseline_of_summaries(char *const *names,
                                               const enum ncm_column_type *types, size_t n_features,
                                               const struct ncm_summary *const *const *windows,
                                               size_t n_windows)
{
    struct ncm_baseline *b = ncm_alloc(1, sizeof *b);
    b->features = ncm_alloc(n_features + 1, sizeof *b->features);
    b->n = n_features;
    for (size_t k = 0; k < n_features; k++) {
        struct ncm_base_feature *f = &b->features[k];
        struct ncm_map *seen = ncm_map_new();
        *f = (struct ncm_base_feature){.name = ncm_strdup(names[k]),
                                       .type = types[k],
                                       .warning = NAN,
                                       .critical = NAN,
                                       .summary = ncm_alloc(1, sizeof *f->summary)};
        for (size_t i = 0; i < n_windows; i++) {
            const struct ncm_summary *from = windows[i][k];
            if (from == NULL) {
                continue;
            }
            f->summary->rows += from->rows;
            f->summary->missing += from->missing;
            f->summary->infinite += from->infinite;
            ncm_moments_merge(&f->summary->moments, &from->moments);
            add_words(f->summary, from, seen);
            if (types[k] == NCM_COLUMN_NUMBER) {
                add_values(f->summary, from);
            }
        }
        if (types[k] == NCM_COLUMN_NUMBER) {
            bins_of_values(f);
        }
        b->rows = f->summary->rows > b->rows ? f->summary->rows : b->rows;
        ncm_map_free(seen);
    }
    return b;
}

void ncm_baseline_free(struct ncm_baseline *b)
{
    if (b == NULL) {
        return;
    }
    for (size_t i = 0; i < b->n; i++) {
        ncm_free(b->features[i].name);
        ncm_bins_release(&b->features[i].bins);
        ncm_summary_free(b->features[i].summary);
    }
    ncm_free(b->features);
    ncm_free(b);
}

const struct ncm_base_feature *ncm_baseline_find(const struct ncm_baseline *b, const char *name,
                                                 size_t near)
{
    for (size_t k = 0; k < b->n; k++) {
        size_t i = (near + k) % b->n;
        if (strcmp(b->features[i].name, name) == 0) {
            return &b->features[i];
        }
    }
    return NULL;
}

/* A summary as an input; what had to be made for it is to be freed by the caller. */
struct made {
    double *counts;
    uint32_t *words;
};

static bool all_ones(const double *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (w[i] != 1) {
            return false;
        }
    }
    return true;
}

static struct made input_of(const struct ncm_summary *s, enum ncm_column_type type, size_t n_bins,
                            struct ncm_drift_input *out)
{
    struct made made = {0};
    *out = (struct ncm_drift_input){.type = type,
                                    .rows = s->rows,
                                    .missing = s->missing,
                                    .infinite = s->infinite,
                                    .moments = s->moments,
                                    .values = {s->values, s->weights, s->n_values}};
    if (type == NCM_COLUMN_CATEGORY) {
        made.words = ncm_alloc(s->n_words + 1, sizeof *made.words);
        for (size_t i = 0; i < s->n_words; i++) {
            made.words[i] =
                s->word_counts[i] < UINT32_MAX ? (uint32_t)s->word_counts[i] : UINT32_MAX;
        }
        out->words = (struct ncm_cats_side){.words = s->words,
                                            .counts = made.words,
                                            .n_words = s->n_words,
                                            .other = NCM_NO_CODE,
                                            .n_missing = (size_t)s->missing};
        return made;
    }
    if (s->weights == NULL || all_ones(s->weights, s->n_values)) {
        out->values.weights = NULL;
    } else {
        out->approximate = true;
    }
    if (s->n_counts == n_bins) {
        made.counts = ncm_alloc(n_bins + 1, sizeof *made.counts);
        for (size_t i = 0; i < n_bins; i++) {
            made.counts[i] = (double)s->counts[i];
        }
        out->counts = made.counts;
    }
    return made;
}

bool ncm_baseline_compare(const struct ncm_base_feature *ref, const struct ncm_summary *cur,
                          const struct ncm_monitor *m, struct ncm_arena *a,
                          struct ncm_drift_column *out, struct ncm_err *err)
{
    struct ncm_drift_input left, right;
    if (ref->type == NCM_COLUMN_CATEGORY && cur->words == NULL && cur->rows > 0) {
        return ncm_fail(err, NCM_UNSUPPORTED,
                        _("of that window only the figures were kept, not its categories"));
    }
    double least = ncm_rows_needed(ref->type == NCM_COLUMN_CATEGORY, ref->summary->n_words);
    struct made of_ref = input_of(ref->summary, ref->type, ref->bins.n, &left);
    struct made of_cur = input_of(cur, ref->type, ref->bins.n, &right);
    const struct ncm_drift_options o = {
        .method = method_of(m),
        .warning = m->warning,
        .critical = m->critical,
        .side = m->side,
        .learned_warning = ref->warning,
        .learned_critical = ref->critical,
        .bins = ref->bins.n > 0 ? &ref->bins : NULL,
        .least_rows = m->min_rows > 0 ? m->min_rows : (int64_t)least,
    };
    ncm_drift_compare(ref->name, &left, &right, &o, a, out);
    ncm_drift_findings(&left, &right, out, a);
    ncm_free(of_ref.counts);
    ncm_free(of_ref.words);
    ncm_free(of_cur.counts);
    ncm_free(of_cur.words);
    return true;
}
