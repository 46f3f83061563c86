/* As Evidently, for numbers. */
#include "stats/evidently_num.h"

#include <math.h>

#include "base/mem.h"
#include "stats/bins.h"
#include "stats/distance.h"
#include "stats/ecdf.h"

#define BIN_FROM 21 /* distinct reference values from which numbers are put into equal bins */

/* Shares or counts of both sides over the same bins. */
struct pair {
    double *ref, *cur;
    size_t n;
};

static void pair_release(struct pair *p)
{
    ncm_free(p->ref);
    ncm_free(p->cur);
}

static struct pair pair_of(size_t n)
{
    return (struct pair){
        .ref = ncm_alloc(n, sizeof(double)), .cur = ncm_alloc(n, sizeof(double)), .n = n};
}

/* Moves past the least value that is left on either side; false at the end of both. */
static bool next_value(const struct ncm_ordered *ref, const struct ncm_ordered *cur, size_t *i,
                       size_t *j)
{
    if (*i == ref->n && *j == cur->n)
        return false;
    double x = *j == cur->n || (*i < ref->n && ref->values[*i] <= cur->values[*j])
                   ? ref->values[*i]
                   : cur->values[*j];
    while (*i < ref->n && ref->values[*i] <= x)
        ++*i;
    while (*j < cur->n && cur->values[*j] <= x)
        ++*j;
    return true;
}

static size_t distinct_of(const struct ncm_ordered *ref, const struct ncm_ordered *cur)
{
    size_t i = 0, j = 0, n = 0;
    while (next_value(ref, cur, &i, &j))
        n++;
    return n;
}

/* Counts of each distinct value of either side, ascending. */
static struct pair by_value(const struct ncm_ordered *ref, const struct ncm_ordered *cur)
{
    struct pair p = pair_of(distinct_of(ref, cur));
    size_t i = 0, j = 0, was_i = 0, was_j = 0;
    for (size_t k = 0; next_value(ref, cur, &i, &j); k++) {
        p.ref[k] = (double)(i - was_i);
        p.cur[k] = (double)(j - was_j);
        was_i = i;
        was_j = j;
    }
    return p;
}

/* Equally wide bins over both sides, as many as Sturges makes of n values. */
static struct ncm_bins bins_of(const struct ncm_ordered *ref, const struct ncm_ordered *cur,
                               size_t n)
{
    double low = fmin(ref->values[0], cur->values[0]);
    double high = fmax(ref->values[ref->n - 1], cur->values[cur->n - 1]);
    return ncm_bins_closed(low, high, ncm_bins_sturges(low, high, (double)n));
}

static struct pair by_width(const struct ncm_ordered *ref, const struct ncm_ordered *cur, size_t n)
{
    struct ncm_bins b = bins_of(ref, cur, n);
    struct pair p = pair_of(b.n);
    ncm_bins_count_sorted(&b, ref, p.ref);
    ncm_bins_count_sorted(&b, cur, p.cur);
    ncm_bins_release(&b);
    return p;
}

static struct pair binned(const struct ncm_ordered *ref, const struct ncm_ordered *cur)
{
    return ncm_distinct(ref->values, ref->n) < BIN_FROM ? by_value(ref, cur)
                                                        : by_width(ref, cur, ref->n + cur->n);
}

/* Counts become shares, and those of empty bins a little more than nothing. */
static void floor_shares(double *v, size_t n, size_t total)
{
    double least = 1;
    for (size_t i = 0; i < n; i++) {
        v[i] /= (double)total;
        if (v[i] > 0 && v[i] < least)
            least = v[i];
    }
    for (size_t i = 0; i < n; i++)
        if (v[i] <= 0)
            v[i] = least <= 1e-4 ? least / 1e6 : 1e-4;
}

static double psi_of(const struct pair *p)
{
    double sum = 0;
    for (size_t i = 0; i < p->n; i++)
        sum += (p->ref[i] - p->cur[i]) * log(p->ref[i] / p->cur[i]);
    return sum;
}

/* Evidently multiplies densities by the mean width of a bin: where the edges are rounded (values
 * near 1e9) that is not the same as the shares. */
static double hellinger(const struct ncm_ordered *ref, const struct ncm_ordered *cur)
{
    struct ncm_bins b = bins_of(ref, cur, distinct_of(ref, cur));
    struct pair p = pair_of(b.n);
    double width = (b.edges[b.n] - b.edges[0]) / (double)b.n, sum = 0;
    ncm_bins_count_sorted(&b, ref, p.ref);
    ncm_bins_count_sorted(&b, cur, p.cur);
    for (size_t i = 0; i < b.n; i++) {
        double gap = b.edges[i + 1] - b.edges[i], by = gap > 0 && isfinite(width) ? width / gap : 1;
        sum += sqrt(p.ref[i] / (double)ref->n * (p.cur[i] / (double)cur->n)) * by;
    }
    pair_release(&p);
    ncm_bins_release(&b);
    return sqrt(1 - fmin(sum, 1));
}

static double of_bins(enum ncm_evidently_num method, const struct ncm_ordered *ref,
                      const struct ncm_ordered *cur)
{
    struct pair p = binned(ref, cur);
    double score;
    if (method != NCM_EVIDENTLY_JENSENSHANNON) {
        floor_shares(p.ref, p.n, ref->n);
        floor_shares(p.cur, p.n, cur->n);
    }
    if (method == NCM_EVIDENTLY_PSI)
        score = psi_of(&p);
    else if (method == NCM_EVIDENTLY_KL_DIV)
        score = ncm_kl(p.ref, p.cur, p.n);
    else
        score = ncm_js_distance(p.ref, p.cur, p.n, M_E);
    pair_release(&p);
    return score;
}

/* P(X² >= x) for so few degrees of freedom that it needs no series. */
static double chi_square_p(double x, size_t degrees)
{
    double half = x / 2;
    if (isinf(x))
        return 0;
    switch (degrees) {
    case 1:
        return erfc(sqrt(half));
    case 2:
        return exp(-half);
    case 3:
        return erfc(sqrt(half)) + 2 * sqrt(half / M_PI) * exp(-half);
    case 4:
        return exp(-half) * (1 + half);
    default:
        return NAN;
    }
}

/* The fit of the current counts to the reference's shares: a value that the reference lacks is
 * expected 0 times, so one is enough for p = 0. */
static bool chi_square(const struct pair *p, double n, double m, double *score)
{
    double x = 0;
    if (p->n < 2 || p->n > 5)
        return false;
    for (size_t i = 0; i < p->n; i++) {
        double expected = p->ref[i] * m / n, d = p->cur[i] - expected;
        x += expected > 0 ? d * d / expected : INFINITY;
    }
    *score = chi_square_p(x, p->n - 1);
    return true;
}

static bool z_test(const struct pair *p, double n, double m, double *score)
{
    if (p->n > 2)
        return false;
    *score = 1;
    if (p->n == 2) {
        double a = p->ref[1] / n, b = p->cur[1] / m, both = (p->ref[1] + p->cur[1]) / (n + m);
        *score = erfc(fabs(a - b) / sqrt(both * (1 - both) * (1 / n + 1 / m)) / M_SQRT2);
    }
    return true;
}

static bool of_values(enum ncm_evidently_num method, const struct ncm_ordered *ref,
                      const struct ncm_ordered *cur, double *score)
{
    struct pair p = by_value(ref, cur);
    double n = (double)ref->n, m = (double)cur->n;
    bool ok = method == NCM_EVIDENTLY_Z ? z_test(&p, n, m, score) : chi_square(&p, n, m, score);
    pair_release(&p);
    return ok;
}

bool ncm_evidently_num(enum ncm_evidently_num method, const struct ncm_ordered *ref,
                       const struct ncm_ordered *cur, double *score)
{
    if (ref->n == 0 || cur->n == 0)
        return false;
    switch (method) {
    case NCM_EVIDENTLY_WASSERSTEIN: {
        struct ncm_moments m = ncm_moments_of(ref->values, ref->n);
        *score = ncm_wasserstein_norm(ncm_ecdf_compare(ref, cur).wasserstein, ncm_std0(&m));
        return true;
    }
    case NCM_EVIDENTLY_KS:
        *score = ncm_ks_p(ncm_ecdf_compare(ref, cur).d, ref->n, cur->n);
        return true;
    case NCM_EVIDENTLY_ED:
        *score = ncm_ecdf_compare(ref, cur).energy;
        return true;
    case NCM_EVIDENTLY_HELLINGER:
        *score = hellinger(ref, cur);
        return true;
    case NCM_EVIDENTLY_CHISQUARE:
    case NCM_EVIDENTLY_Z:
        return of_values(method, ref, cur, score);
    default:
        *score = of_bins(method, ref, cur);
        return true;
    }
}

bool ncm_evidently_num_choose(const struct ncm_ordered *ref, const struct ncm_ordered *cur,
                              struct ncm_evidently_choice *out)
{
    static const char *const names[] = {
        [NCM_EVIDENTLY_JENSENSHANNON] = "Jensen-Shannon distance",
        [NCM_EVIDENTLY_WASSERSTEIN] = "Wasserstein distance (normed)",
        [NCM_EVIDENTLY_KS] = "K-S p_value",
        [NCM_EVIDENTLY_CHISQUARE] = "chi-square p_value",
        [NCM_EVIDENTLY_Z] = "Z-test p_value",
    };
    size_t distinct = distinct_of(ref, cur);
    if (ref->n > 1000)
        out->method = distinct > 5 ? NCM_EVIDENTLY_WASSERSTEIN : NCM_EVIDENTLY_JENSENSHANNON;
    else
        out->method = distinct > 5   ? NCM_EVIDENTLY_KS
                      : distinct > 2 ? NCM_EVIDENTLY_CHISQUARE
                                     : NCM_EVIDENTLY_Z;
    out->is_p = ref->n <= 1000;
    out->threshold = out->is_p ? 0.05 : 0.1;
    out->name = names[out->method];
    if (!ncm_evidently_num(out->method, ref, cur, &out->score))
        return false;
    out->drift = out->is_p ? out->score < out->threshold : out->score >= out->threshold;
    return true;
}
