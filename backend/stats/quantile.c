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

void ncm_quantiles(const struct ncm_ordered *s, const double *q, size_t n, double *out)
{
    double total = 0, before = 0, here = 0, at = 0;
    size_t i = 0;
    if (s->n == 0 || s->weights == NULL) {
        for (size_t k = 0; k < n; k++)
            out[k] = ncm_quantile(s->values, s->n, q[k]);
        return;
    }
    for (size_t k = 0; k < s->n; k++)
        total += s->weights[k];
    here = s->weights[0] / 2 - 0.5;
    for (size_t k = 0; k < n; k++) {
        double h = (total - 1) * q[k];
        while (here < h && i + 1 < s->n) {
            before += s->weights[i++];
            at = here;
            here = before + s->weights[i] / 2 - 0.5;
        }
        if (here < h)
            out[k] = s->values[s->n - 1];
        else if (i == 0)
            out[k] = s->values[0];
        else
            out[k] = between(s->values[i - 1], s->values[i], (h - at) / (here - at));
    }
}

double ncm_quantile_weighted(const struct ncm_ordered *s, double q)
{
    double out;
    ncm_quantiles(s, &q, 1, &out);
    return out;
}
