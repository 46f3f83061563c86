/* The measures of a number column, one after another. */
#include "stats/measures_num.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "stats/bins.h"
#include "stats/distance.h"
#include "stats/ecdf.h"
#include "stats/evidently_num.h"
#include "stats/nannyml_num.h"
#include "stats/quantile.h"

#define DECILES 10
#define SCIPY_N 200 /* from here on the law of one sample stands for two */

struct sink {
    ncm_measure_fn fn;
    void *to;
};

static void put_error(const struct sink *s, const char *name, const char *why)
{
    struct ncm_measure m = {.name = name, .error = why};
    s->fn(s->to, &m);
}

/* why: what to say where v is not a finite number. */
static void put(const struct sink *s, const char *name, double v, const char *why)
{
    struct ncm_measure m = {.name = name, .values = &v, .n_values = 1};
    if (!isfinite(v))
        put_error(s, name, why);
    else
        s->fn(s->to, &m);
}

static void put_list(const struct sink *s, const char *name, const double *v, size_t n)
{
    struct ncm_measure m = {.name = name, .values = v, .n_values = n, .is_list = true};
    s->fn(s->to, &m);
}

/* A side, sorted. */
struct side {
    struct ncm_ordered sorted;
    struct ncm_moments moments;
    const struct ncm_number_side *given;
    const char *name;
    double *own;
};

static struct side side_of(const struct ncm_number_side *given, const char *name)
{
    struct side s = {.given = given, .name = name};
    s.own = ncm_resize(NULL, given->n + 1, sizeof(double));
    if (given->n > 0)
        memcpy(s.own, given->values, given->n * sizeof(double));
    ncm_sort(s.own, given->n, NULL);
    s.sorted = (struct ncm_ordered){.values = s.own, .n = given->n};
    s.moments = ncm_moments_of(s.own, given->n);
    return s;
}

static void put_of(const struct sink *out, const struct side *s, const char *what, double v,
                   const char *why)
{
    char name[40];
    snprintf(name, sizeof(name), "%s.%s", s->name, what);
    put(out, name, v, why);
}

static void put_side(const struct sink *out, const struct side *s)
{
    static const int percent[] = {1, 5, 25, 50, 75, 95, 99};
    const struct ncm_number_side *g = s->given;
    const char *large = _("the values are too large");
    const char *flat = s->moments.m2 > 0 ? large : _("all values are equal");
    put_of(out, s, "rows", (double)(g->n + g->missing + g->infinite), "");
    put_of(out, s, "missing", (double)g->missing, "");
    put_of(out, s, "infinite", (double)g->infinite, "");
    put_of(out, s, "distinct", (double)ncm_distinct(s->sorted.values, g->n), "");
    if (g->n == 0)
        return;
    put_of(out, s, "min", s->moments.min, "");
    put_of(out, s, "max", s->moments.max, "");
    put_of(out, s, "mean", s->moments.mean, large);
    put_of(out, s, "std0", ncm_std0(&s->moments), large);
    put_of(out, s, "std1", ncm_std1(&s->moments), g->n > 1 ? large : _("one value has no spread"));
    put_of(out, s, "skew", ncm_skew(&s->moments), flat);
    put_of(out, s, "kurtosis_excess", ncm_kurtosis_excess(&s->moments), flat);
    for (size_t i = 0; i < sizeof(percent) / sizeof(percent[0]); i++) {
        char what[8];
        snprintf(what, sizeof(what), "q%02d", percent[i]);
        put_of(out, s, what, ncm_quantile(s->sorted.values, g->n, percent[i] / 100.0), "");
    }
}

static void put_walk(const struct sink *out, const struct side *a, const struct side *b,
                     const struct ncm_ecdf *e)
{
    const struct ncm_ordered *ref = &a->sorted, *cur = &b->sorted;
    double n = (double)ref->n, m = (double)cur->n;
    const char *large = _("the values are too large");
    put(out, "ks.statistic", e->d, "");
    put(out, "ks.p_auto", ncm_ks_p(e->d, ref->n, cur->n), "");
    if (n * m / (n + m) >= SCIPY_N)
        put(out, "ks.p_asymptotic", ncm_ks_p_asymptotic(e->d, ref->n, cur->n), "");
    put(out, "wasserstein", e->wasserstein, large);
    put(out, "wasserstein_norm", ncm_wasserstein_norm(e->wasserstein, ncm_std0(&a->moments)),
        large);
    put(out, "energy", e->energy, large);
    put(out, "cvm.statistic", ncm_cvm(ref, cur), _("needs two values on either side"));
    put(out, "anderson.statistic", ncm_anderson(ref, cur),
        ref->n + cur->n < 4 ? _("needs four values") : _("all values are equal"));
    put(out, "mannwhitney.p", ncm_mann_whitney_p(ref, cur), "");
}

/* Counts of both sides with a place for one bin more; *cur lies in the same memory. */
static double *count_both(const struct ncm_bins *b, const struct side *ref, const struct side *cur,
                          double **of_cur)
{
    double *counts = ncm_alloc(2 * (b->n + 1), sizeof(*counts));
    *of_cur = counts + b->n + 1;
    ncm_bins_count_sorted(b, &ref->sorted, counts);
    ncm_bins_count_sorted(b, &cur->sorted, *of_cur);
    return counts;
}

static void put_binned(const struct sink *out, const struct side *ref, const struct side *cur)
{
    struct ncm_bins b = ncm_bins_quantiles(ref->sorted.values, ref->sorted.n, DECILES);
    double *q, *p = count_both(&b, ref, cur, &q);
    put_list(out, "psi.edges", b.edges, b.n_edges);
    put_list(out, "psi.ref_counts", p, b.n);
    put_list(out, "psi.cur_counts", q, b.n);
    put(out, "psi", ncm_psi(p, q, b.n, NULL), "");
    put(out, "js_distance_base2", ncm_js_distance(p, q, b.n, 2), "");
    put(out, "js_distance_base_e", ncm_js_distance(p, q, b.n, M_E), "");
    put(out, "hellinger", ncm_hellinger(p, q, b.n), "");
    p[b.n] = (double)ref->given->missing;
    q[b.n] = (double)cur->given->missing;
    put(out, "psi_with_missing", ncm_psi(p, q, b.n + (p[b.n] + q[b.n] > 0), NULL), "");
    ncm_free(p);
    ncm_bins_release(&b);
    if (ref->moments.min >= ref->moments.max) {
        put_error(out, "psi_equal_width", _("all values of the reference are equal"));
        return;
    }
    b = ncm_bins_equal_width(ref->moments.min, ref->moments.max, DECILES);
    p = count_both(&b, ref, cur, &q);
    put(out, "psi_equal_width", ncm_psi(p, q, b.n, NULL), "");
    ncm_free(p);
    ncm_bins_release(&b);
}

/* What Evidently and NannyML would say; e: the walk that some of it is read from. */
static void put_others(const struct sink *out, const struct side *a, const struct side *b,
                       const struct ncm_ecdf *e)
{
    static const struct {
        const char *name;
        enum ncm_evidently_num method;
    } binned[] = {{"evidently.psi", NCM_EVIDENTLY_PSI},
                  {"evidently.jensenshannon", NCM_EVIDENTLY_JENSENSHANNON},
                  {"evidently.kl_div", NCM_EVIDENTLY_KL_DIV},
                  {"evidently.hellinger", NCM_EVIDENTLY_HELLINGER}};
    const struct ncm_ordered *ref = &a->sorted, *cur = &b->sorted;
    const char *none = ref->n == 0   ? _("the reference has no values")
                       : cur->n == 0 ? _("the current rows have no values")
                                     : _("the values are too large");
    struct ncm_evidently_choice choice;
    double p = ncm_ks_p(e->d, ref->n, cur->n), score;
    for (size_t i = 0; i < sizeof(binned) / sizeof(binned[0]); i++)
        put(out, binned[i].name,
            ncm_evidently_num(binned[i].method, ref, cur, &score) ? score : NAN, none);
    put(out, "evidently.wasserstein", ncm_wasserstein_norm(e->wasserstein, ncm_std0(&a->moments)),
        none);
    put(out, "evidently.ks", p, none);
    put(out, "evidently.ed", e->energy, none);
    put(out, "evidently.default.score",
        ncm_evidently_num_choose(ref, cur, &choice) ? choice.score : NAN, none);
    put(out, "nannyml.kolmogorov_smirnov", ncm_nannyml_kolmogorov_smirnov(ref, cur), none);
    put(out, "nannyml.jensen_shannon", ncm_nannyml_jensen_shannon(ref, cur), none);
    put(out, "nannyml.wasserstein", ncm_nannyml_wasserstein(ref, cur), none);
    put(out, "nannyml.hellinger", ncm_nannyml_hellinger(ref, cur), none);
}

void ncm_measures_number(const struct ncm_number_side *ref, const struct ncm_number_side *cur,
                         ncm_measure_fn fn, void *to)
{
    const struct sink out = {fn, to};
    struct side a = side_of(ref, "ref"), b = side_of(cur, "cur");
    struct ncm_ecdf e = ncm_ecdf_compare(&a.sorted, &b.sorted);
    put_side(&out, &a);
    put_side(&out, &b);
    if (ref->n == 0 || cur->n == 0) {
        struct ncm_measure m = {.name = "status", .text = "no_data"};
        fn(to, &m);
    } else {
        put_walk(&out, &a, &b, &e);
        put_binned(&out, &a, &b);
    }
    put_others(&out, &a, &b, &e);
    ncm_free(a.own);
    ncm_free(b.own);
}
