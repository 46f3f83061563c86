/* Quantiles as numpy's "linear". */
#include "stats/quantile.h"

#include <math.h>

/* From a to b by t in 0…1, from the nearer end, as numpy does. */
static double between(double a, double b, double t)
{
    double d = b - a;
    if (isinf(d))
        return a * (1 - t) + b * t;
    return t >= 0.5 ? b - d * (1 - t) : a + d * t;
}

double ncm_quantile(const double *sorted, size_t n, double q)
{
    if (n == 0)
        return NAN;
    double h = (double)(n - 1) * q;
    size_t i = (size_t)h;
    if (i + 1 >= n)
        return sorted[n - 1];
    return between(sorted[i], sorted[i + 1], h - (double)i);
}

double ncm_quantile_weighted(const struct ncm_ordered *s, double q)
{
    if (s->n == 0 || s->weights == NULL)
        return ncm_quantile(s->values, s->n, q);
    double total = 0;
    for (size_t i = 0; i < s->n; i++)
        total += s->weights[i];
    double h = (total - 1) * q, before = 0, at = 0;
    for (size_t i = 0; i < s->n; i++) {
        double here = before + s->weights[i] / 2 - 0.5;
        if (here >= h)
            return i == 0 ? s->values[0]
                          : between(s->values[i - 1], s->values[i], (h - at) / (here - at));
        before += s->weights[i];
        at = here;
    }
    return s->values[s->n - 1];
}
