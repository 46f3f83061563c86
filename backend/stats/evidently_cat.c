#include "stats/evidently_cat.h"

#include <math.h>

#include "stats/distance.h"
#include "stats/special.h"

#define MANY_ROWS      1000 /* reference rows above which Evidently takes a distance */
#define DISTANCE_LIMIT 0.1
#define P_LIMIT        0.05
#define LEAST_SHARE    1e-4

static bool is_empty(const struct ncm_cats *t)
{
    return !(t->n_ref > 0) || !(t->n_cur > 0);
}

/* The share that stands for an empty bin of a side. */
static double floor_of(const double *counts, size_t n, double rows)
{
    double least = INFINITY;
    for (size_t i = 0; i < n; i++)
        if (counts[i] > 0)
            least = fmin(least, counts[i] / rows);
    return least <= LEAST_SHARE ? least / 1e6 : LEAST_SHARE;
}

static double share_of(double count, double rows, double least)
{
    return count > 0 ? count / rows : least;
}

double ncm_evidently_cat_psi(const struct ncm_cats *t)
{
    if (is_empty(t))
        return NAN;
    double least_ref = floor_of(t->ref, t->n, t->n_ref);
    double least_cur = floor_of(t->cur, t->n, t->n_cur);
    double sum = 0;
    for (size_t i = 0; i < t->n; i++) {
        double p = share_of(t->ref[i], t->n_ref, least_ref);
        double q = share_of(t->cur[i], t->n_cur, least_cur);
        sum += (p - q) * log(p / q);
    }
    return sum;
}

double ncm_evidently_cat_js(const struct ncm_cats *t)
{
    return ncm_js_distance(t->ref, t->cur, t->n, M_E);
}

double ncm_evidently_cat_kl(const struct ncm_cats *t)
{
    if (is_empty(t))
        return NAN;
    double least_ref = floor_of(t->ref, t->n, t->n_ref);
    double least_cur = floor_of(t->cur, t->n, t->n_cur);
    double sum_ref = 0;
    double sum_cur = 0;
    for (size_t i = 0; i < t->n; i++) {
        sum_ref += share_of(t->ref[i], t->n_ref, least_ref);
        sum_cur += share_of(t->cur[i], t->n_cur, least_cur);
    }
    double sum = 0;
    for (size_t i = 0; i < t->n; i++) {
        double p = share_of(t->ref[i], t->n_ref, least_ref) / sum_ref;
        double q = share_of(t->cur[i], t->n_cur, least_cur) / sum_cur;
        sum += p * log(p / q);
    }
    return sum;
}

double ncm_evidently_cat_hellinger(const struct ncm_cats *t)
{
    return ncm_hellinger(t->ref, t->cur, t->n);
}

double ncm_evidently_cat_chisquare(const struct ncm_cats *t)
{
    if (is_empty(t))
        return NAN;
    double scale = t->n_cur / t->n_ref;
    double sum = 0;
    for (size_t i = 0; i < t->n; i++) {
        double expected = t->ref[i] * scale;
        double d = t->cur[i] - expected;
        sum += d * d / expected;
    }
    return ncm_chi2_p(sum, (double)t->n - 1);
}

double ncm_evidently_cat_z(const struct ncm_cats *t)
{
    if (is_empty(t))
        return NAN;
    return ncm_two_proportions(t->n_ref - t->ref[0], t->n_ref, t->n_cur - t->cur[0], t->n_cur).p;
}

bool ncm_evidently_cat_g(const struct ncm_cats *t, double *p)
{
    *p = NAN;
    /* The tolerance is SciPy's, of the smaller sum. */
    if (is_empty(t) || fabs(t->n_cur - t->n_ref) > 1.49e-8 * fmin(t->n_cur, t->n_ref))
        return false;
    double sum = 0;
    for (size_t i = 0; i < t->n; i++)
        if (t->cur[i] > 0)
            sum += 2 * t->cur[i] * log(t->cur[i] / t->ref[i]);
    *p = ncm_chi2_p(fmax(sum, 0), (double)t->n - 1);
    return true;
}

struct ncm_evidently_cat ncm_evidently_cat_default(const struct ncm_cats *t)
{
    struct ncm_evidently_cat r = {.threshold = P_LIMIT, .is_p = true};
    if (t->n_ref > MANY_ROWS) {
        r.is_p = false;
        r.threshold = DISTANCE_LIMIT;
        r.score = ncm_evidently_cat_js(t);
        r.method = "Jensen-Shannon distance";
    } else if (t->n > 2) {
        r.score = ncm_evidently_cat_chisquare(t);
        r.method = "chi-square p_value";
    } else {
        r.score = ncm_evidently_cat_z(t);
        r.method = "Z-test p_value";
    }
    r.drift = r.is_p ? r.score < r.threshold : r.score >= r.threshold;
    return r;
}
