/* Distances between the shares of bins. */
#include "stats/distance.h"

#include <math.h>
#include <stdbool.h>

static bool totals(const double *ref, const double *cur, size_t n, double *of_ref, double *of_cur)
{
    double a = 0, b = 0;
    for (size_t i = 0; i < n; i++) {
        a += ref[i];
        b += cur[i];
    }
    *of_ref = a;
    *of_cur = b;
    return a > 0 && b > 0;
}

double ncm_psi(const double *ref, const double *cur, size_t n, double *terms)
{
    double a, b, sum = 0;
    if (!totals(ref, cur, n, &a, &b))
        return NAN;
    for (size_t i = 0; i < n; i++) {
        double p = fmax(ref[i] / a, NCM_PSI_FLOOR), q = fmax(cur[i] / b, NCM_PSI_FLOOR);
        double term = (q - p) * log(q / p);
        if (terms != NULL)
            terms[i] = term;
        sum += term;
    }
    return sum;
}

double ncm_psi_by_chance(size_t bins, double n, double m)
{
    return bins == 0 ? 0 : (double)(bins - 1) * (1 / n + 1 / m);
}

/* x*ln(x/y), 0 where x is. */
static double part(double x, double y)
{
    return x > 0 ? x * log(x / y) : 0;
}

double ncm_js_distance(const double *ref, const double *cur, size_t n, double base)
{
    double a, b, sum = 0;
    if (!totals(ref, cur, n, &a, &b))
        return NAN;
    for (size_t i = 0; i < n; i++) {
        double p = ref[i] / a, q = cur[i] / b, middle = (p + q) / 2;
        sum += part(p, middle) + part(q, middle);
    }
    return sqrt(fmax(sum, 0) / 2 / log(base));
}

double ncm_kl(const double *ref, const double *cur, size_t n)
{
    double a, b, sum = 0;
    if (!totals(ref, cur, n, &a, &b))
        return NAN;
    for (size_t i = 0; i < n; i++)
        sum += part(ref[i] / a, cur[i] / b);
    return sum;
}

double ncm_hellinger(const double *ref, const double *cur, size_t n)
{
    double a, b, sum = 0;
    if (!totals(ref, cur, n, &a, &b))
        return NAN;
    for (size_t i = 0; i < n; i++) {
        double d = sqrt(ref[i] / a) - sqrt(cur[i] / b);
        sum += d * d;
    }
    return fmin(sqrt(sum / 2), 1);
}

double ncm_total_variation(const double *ref, const double *cur, size_t n)
{
    double a, b, sum = 0;
    if (!totals(ref, cur, n, &a, &b))
        return NAN;
    for (size_t i = 0; i < n; i++)
        sum += fabs(ref[i] / a - cur[i] / b);
    return sum / 2;
}

double ncm_l_infinity(const double *ref, const double *cur, size_t n)
{
    double a, b, most = 0;
    if (!totals(ref, cur, n, &a, &b))
        return NAN;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(ref[i] / a - cur[i] / b));
    return most;
}
