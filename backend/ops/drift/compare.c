#include "ops/drift/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/drift/inside.h"
#include "stats/correct.h"
#include "stats/distance.h"
#include "stats/ecdf.h"
#include "stats/quantile.h"
#include "stats/sort.h"
#include "stats/threshold.h"

enum {
    DECILES = 10,
    SHAPE_BINS = 40,
    QUANTILES = 41,
};

static double quantile(const struct ncm_ordered *v, double q)
{
    return v->weights == NULL ? ncm_quantile(v->values, v->n, q) : ncm_quantile_weighted(v, q);
}

static void fill_side(const struct ncm_drift_input *in, struct ncm_drift_side *out)
{
    *out = (struct ncm_drift_side){.rows = in->rows,
                                   .missing = in->missing,
                                   .infinite = in->infinite,
                                   .n = in->rows - in->missing - in->infinite,
                                   .distinct = -1,
                                   .mean = NAN,
                                   .std = NAN,
                                   .skew = NAN,
                                   .kurtosis = NAN,
                                   .min = NAN,
                                   .max = NAN};
    for (size_t i = 0; i < 7; i++) {
        out->q[i] = NAN;
    }
    if (in->type == NCM_COLUMN_CATEGORY) {
        out->distinct = (int64_t)in->words.n_words;
        return;
    }
    const struct ncm_moments *m = &in->moments;
    if (m->n > 0) {
        out->mean = m->mean;
        out->min = m->min;
        out->max = m->max;
        out->std = ncm_std0(m);
        out->skew = ncm_skew(m);
        out->kurtosis = ncm_kurtosis_excess(m);
    }
    for (size_t i = 0; i < 7 && in->values.n > 0; i++) {
        out->q[i] = quantile(&in->values, ncm_drift_quantiles[i]);
    }
    if (!in->approximate) {
        out->distinct = (int64_t)ncm_distinct(in->values.values, in->values.n);
    }
}

static int64_t *whole(struct ncm_arena *a, const double *counts, size_t n)
{
    int64_t *out = ncm_arena_alloc(a, n + 1, sizeof *out);
    for (size_t i = 0; i < n; i++) {
        out[i] = (int64_t)llround(counts[i]);
    }
    return out;
}

/* For eyes: even bins over the middle of both sides; what lies beyond is in the outer ones. */
static void fill_shape(const struct ncm_drift_input *ref, const struct ncm_drift_input *cur,
                       struct ncm_arena *a, struct ncm_drift_column *out)
{
    double lo = fmin(quantile(&ref->values, 0.005), quantile(&cur->values, 0.005));
    double hi = fmax(quantile(&ref->values, 0.995), quantile(&cur->values, 0.995));
    double counts[SHAPE_BINS];
    if (!(lo < hi)) {
        lo -= 0.5;
        hi += 0.5;
    }
    struct ncm_bins even = ncm_bins_equal_width(lo, hi, SHAPE_BINS);
    if (even.n <= SHAPE_BINS) {
        ncm_bins_count_sorted(&even, &ref->values, counts);
        out->shape_ref = whole(a, counts, even.n);
        ncm_bins_count_sorted(&even, &cur->values, counts);
        out->shape_cur = whole(a, counts, even.n);
        out->n_shape = even.n;
        out->shape_lo = lo;
        out->shape_hi = hi;
    }
    ncm_bins_release(&even);
    out->n_qq = QUANTILES;
    out->qq_ref = ncm_arena_alloc(a, QUANTILES, sizeof *out->qq_ref);
    out->qq_cur = ncm_arena_alloc(a, QUANTILES, sizeof *out->qq_cur);
    for (size_t i = 0; i < QUANTILES; i++) {
        double q = (double)i / (QUANTILES - 1);
        q = i == 0 ? 0.005 : i == QUANTILES - 1 ? 0.995 : q;
        out->qq_ref[i] = quantile(&ref->values, q);
        out->qq_cur[i] = quantile(&cur->values, q);
    }
}

static void counts_of(const struct ncm_drift_input *in, const struct ncm_bins *bins, double *out)
{
    if (in->counts != NULL) {
        memcpy(out, in->counts, bins->n * sizeof *out);
    } else {
        ncm_bins_count_sorted(bins, &in->values, out);
    }
}

static void compare_numbers(const struct ncm_drift_input *ref, const struct ncm_drift_input *cur,
                            const struct ncm_drift_method *m, const struct ncm_bins *bins,
                            struct ncm_arena *a, struct ncm_drift_column *out,
                            struct ncm_score *score)
{
    double *r = ncm_arena_alloc(a, bins->n + 1, sizeof *r);
    double *c = ncm_arena_alloc(a, bins->n + 1, sizeof *c);
    counts_of(ref, bins, r);
    counts_of(cur, bins, c);
    out->n_edges = bins->n_edges;
    out->edges = ncm_arena_alloc(a, bins->n_edges + 1, sizeof *out->edges);
    memcpy(out->edges, bins->edges, bins->n_edges * sizeof *out->edges);
    out->ref_counts = whole(a, r, bins->n);
    out->cur_counts = whole(a, c, bins->n);
    out->terms = ncm_arena_alloc(a, bins->n + 1, sizeof *out->terms);
    out->psi = ncm_psi(r, c, bins->n, out->terms);
    out->js = ncm_js_distance(r, c, bins->n, 2);
    struct ncm_ecdf e = ncm_ecdf_compare(&ref->values, &cur->values);
    out->ks = e.d;
    out->w1 = e.wasserstein;
    out->reference_constant = ref->moments.min >= ref->moments.max;
    out->w1_norm = out->reference_constant
                       ? NAN
                       : ncm_wasserstein_norm(e.wasserstein, ncm_std0(&ref->moments));
    out->small_sample = ncm_small_sample(bins->n, ref->moments.n, cur->moments.n);
    fill_shape(ref, cur, a, out);
    ncm_score_number(m, ref, cur, r, c, bins->n, score);
}

static int by_term(const void *a, const void *b)
{
    const struct ncm_drift_category *x = a, *y = b;
    if (x->term != y->term) {
        return x->term > y->term ? -1 : 1;
    }
    return ncm_str_compare(x->word, y->word);
}

static void compare_categories(const struct ncm_drift_input *ref, const struct ncm_drift_input *cur,
                               const struct ncm_drift_method *m, struct ncm_arena *a,
                               struct ncm_drift_column *out, struct ncm_score *score)
{
    struct ncm_cats t;
    ncm_cats_join(&ref->words, &cur->words, &t);
    double *terms = ncm_alloc(t.n + 1, sizeof *terms);
    out->psi = ncm_psi(t.ref, t.cur, t.n, terms);
    out->js = ncm_js_distance(t.ref, t.cur, t.n, 2);
    out->n_categories = t.n;
    out->n_new = t.n_new;
    out->n_gone = t.n_gone;
    out->categories = ncm_arena_alloc(a, t.n + 1, sizeof *out->categories);
    for (size_t i = 0; i < t.n; i++) {
        out->categories[i] = (struct ncm_drift_category){
            .word = ncm_arena_cstr(a, t.words[i]),
            .ref = (int64_t)t.ref[i],
            .cur = (int64_t)t.cur[i],
            .term = terms[i],
            .is_new = ncm_cats_is_new(&t, i),
            .is_gone = ncm_cats_is_gone(&t, i),
        };
    }
    out->small_sample = ncm_small_sample(t.n, t.n_ref, t.n_cur);
    ncm_score_category(m, &t, score);
    qsort(out->categories, out->n_categories, sizeof *out->categories, by_term);
    ncm_free(terms);
    ncm_cats_free(&t);
}

static void set_thresholds(const struct ncm_drift_method *m, const struct ncm_drift_options *o,
                           const struct ncm_score *score, struct ncm_drift_column *out)
{
    out->warning = isnan(score->threshold) ? m->warning : NAN;
    out->critical = isnan(score->threshold) ? m->critical : score->threshold;
    if (!score->is_p && isnan(score->threshold) && !isnan(o->learned_critical)) {
        double floor = isnan(m->warning) ? 0 : m->warning;
        out->critical = fmax(o->learned_critical, floor);
        out->warning = fmin(out->critical, fmax(o->learned_warning, floor / 2));
        out->learned = true;
    }
    if (!isnan(o->critical) || !isnan(o->warning)) {
        out->warning = o->warning;
        out->critical = o->critical;
        out->learned = false;
    }
}

static bool is_empty(const struct ncm_drift_column *out)
{
    return out->ref.n <= 0 || out->cur.n <= 0;
}

static void no_data(struct ncm_arena *a, struct ncm_drift_column *out)
{
    out->state = NCM_DRIFT_NO_DATA;
    out->why = ncm_arena_cstr(a, out->ref.n <= 0 ? _("the reference has no value")
                                                 : _("the current side has no value"));
}

enum ncm_drift_state ncm_drift_state_of(double value, double warning, double critical,
                                        enum ncm_bad_side side, bool small_is_bad)
{
    if (isnan(value)) {
        return NCM_DRIFT_NO_DATA;
    }
    bool below = small_is_bad || side == NCM_BAD_BELOW;
    if (!isnan(critical) && (below ? value <= critical : value >= critical)) {
        return NCM_DRIFT_CRITICAL;
    }
    if (!isnan(warning) && (below ? value <= warning : value >= warning)) {
        return NCM_DRIFT_WARNING;
    }
    return NCM_DRIFT_OK;
}

/* The house's p-values decide only together with an effect. */
static void decide(const struct ncm_drift_options *o, struct ncm_drift_column *out)
{
    double value = out->small_drifts && !isnan(out->p_adjusted) ? out->p_adjusted : out->statistic;
    if (isnan(out->statistic)) {
        return;
    }
    out->state = ncm_drift_state_of(value, out->warning, out->critical, o->side, out->small_drifts);
    if (out->small_drifts && !isnan(out->effect) && out->effect < NCM_EFFECT_LEAST) {
        out->state = NCM_DRIFT_OK;
    }
    if (out->cur.n < o->least_rows) {
        out->state = NCM_DRIFT_SMALL;
    }
    out->drifted = out->state == NCM_DRIFT_CRITICAL;
}

void ncm_drift_compare(const char *name, const struct ncm_drift_input *ref,
                       const struct ncm_drift_input *cur, const struct ncm_drift_options *o,
                       struct ncm_arena *a, struct ncm_drift_column *out)
{
    struct ncm_score score = {.value = NAN, .p = NAN, .effect = NAN, .threshold = NAN};
    const struct ncm_drift_method *m =
        ncm_drift_method_for(o->method != NULL ? o->method : &ncm_drift_methods[0], ref->type);
    struct ncm_bins own = {0};
    *out = (struct ncm_drift_column){.name = ncm_arena_cstr(a, name),
                                     .type = ref->type,
                                     .method = ncm_arena_cstr(a, m->word),
                                     .approximate = ref->approximate || cur->approximate,
                                     .since_ms = NCM_NO_TIME};
    out->statistic = out->p_value = out->p_adjusted = out->effect = NAN;
    out->psi = out->js = out->ks = out->w1 = out->w1_norm = NAN;
    fill_side(ref, &out->ref);
    fill_side(cur, &out->cur);
    set_thresholds(m, o, &score, out);
    if (is_empty(out)) {
        no_data(a, out);
        return;
    }
    if (ref->type == NCM_COLUMN_NUMBER) {
        if (o->bins == NULL) {
            own = ncm_bins_quantiles(ref->values.values, ref->values.n, DECILES);
        }
        compare_numbers(ref, cur, m, o->bins != NULL ? o->bins : &own, a, out, &score);
        ncm_bins_release(&own);
    } else {
        compare_categories(ref, cur, m, a, out, &score);
    }
    out->statistic = score.value;
    out->p_value = score.is_p ? score.value : score.p;
    out->effect = score.effect;
    out->effect_name = ncm_arena_cstr(a, score.effect_name);
    out->small_drifts = score.is_p;
    if (score.method != NULL) {
        out->method = ncm_arena_cstr(a, score.method);
    }
    set_thresholds(m, o, &score, out);
    decide(o, out);
}

double ncm_drift_statistic(const struct ncm_drift_method *m, const struct ncm_drift_input *ref,
                           const struct ncm_drift_input *cur, const struct ncm_bins *bins)
{
    struct ncm_score score;
    const struct ncm_drift_method *fit = ncm_drift_method_for(m, ref->type);
    if (ref->type == NCM_COLUMN_CATEGORY) {
        struct ncm_cats t;
        ncm_cats_join(&ref->words, &cur->words, &t);
        ncm_score_category(fit, &t, &score);
        ncm_cats_free(&t);
        return score.value;
    }
    double *counts = ncm_alloc(2 * bins->n + 1, sizeof *counts);
    counts_of(ref, bins, counts);
    counts_of(cur, bins, counts + bins->n);
    ncm_score_number(fit, ref, cur, counts, counts + bins->n, bins->n, &score);
    ncm_free(counts);
    return score.value;
}

void ncm_drift_correct(struct ncm_drift_column *columns, size_t n)
{
    double *p = ncm_alloc(n + 1, sizeof *p);
    for (size_t i = 0; i < n; i++) {
        bool ours = columns[i].small_drifts && columns[i].effect_name.p != NULL;
        p[i] = ours ? columns[i].p_value : NAN;
    }
    ncm_correct(NCM_CORRECT_BH, p, n, p);
    for (size_t i = 0; i < n; i++) {
        const struct ncm_drift_options o = {.least_rows = 0};
        columns[i].p_adjusted = p[i];
        if (!isnan(p[i]) && columns[i].state > NCM_DRIFT_SMALL) {
            decide(&o, &columns[i]);
        }
    }
    ncm_free(p);
}
