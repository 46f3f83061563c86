/* Moments of numbers: blocks of two passes, merged. */
#include "stats/moments.h"

#include <math.h>

#define BLOCK 1024

void ncm_moments_merge(struct ncm_moments *a, const struct ncm_moments *b)
{
    if (b->n <= 0)
        return;
    if (a->n <= 0) {
        *a = *b;
        return;
    }
    double na = a->n, nb = b->n, n = na + nb, d = b->mean - a->mean, dn = d / n;
    double m2 = a->m2 + b->m2 + d * dn * na * nb;
    double m3 =
        a->m3 + b->m3 + d * dn * dn * na * nb * (na - nb) + 3 * dn * (na * b->m2 - nb * a->m2);
    double m4 = a->m4 + b->m4 + d * dn * dn * dn * na * nb * (na * na - na * nb + nb * nb) +
                6 * dn * dn * (na * na * b->m2 + nb * nb * a->m2) +
                4 * dn * (na * b->m3 - nb * a->m3);
    *a = (struct ncm_moments){.n = n,
                              .mean = a->mean + dn * nb,
                              .m2 = m2,
                              .m3 = m3,
                              .m4 = m4,
                              .min = b->min < a->min ? b->min : a->min,
                              .max = b->max > a->max ? b->max : a->max};
}

void ncm_moments_add(struct ncm_moments *a, double x)
{
    struct ncm_moments one = {.n = 1, .mean = x, .min = x, .max = x};
    ncm_moments_merge(a, &one);
}

/* Sum of the distances from a point, smallest and greatest: four chains, so that one addition need
 * not wait for the last. */
static double first_pass(const double *v, size_t n, double from, double *min, double *max)
{
    double sum[4] = {0}, low = v[0], high = v[0];
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++) {
            double x = v[i + k];
            sum[k] += x - from;
            low = x < low ? x : low;
            high = x > high ? x : high;
        }
    for (; i < n; i++) {
        sum[0] += v[i] - from;
        low = v[i] < low ? v[i] : low;
        high = v[i] > high ? v[i] : high;
    }
    *min = low;
    *max = high;
    return sum[0] + sum[1] + (sum[2] + sum[3]);
}

/* Of the distances from a point; min and max are those of the values themselves. */
static struct ncm_moments of_block(const double *v, size_t n, double from)
{
    struct ncm_moments m = {.n = (double)n};
    double sum = first_pass(v, n, from, &m.min, &m.max);
    m.mean = m.min < m.max ? sum / m.n : m.min - from;
    double s[2][4] = {{0}};
    size_t i = 0;
    for (; i + 2 <= n; i += 2)
        for (size_t k = 0; k < 2; k++) {
            double d = v[i + k] - from - m.mean, dd = d * d;
            s[k][0] += d;
            s[k][1] += dd;
            s[k][2] += dd * d;
            s[k][3] += dd * dd;
        }
    if (i < n) {
        double d = v[i] - from - m.mean, dd = d * d;
        s[0][0] += d;
        s[0][1] += dd;
        s[0][2] += dd * d;
        s[0][3] += dd * dd;
    }
    /* The mean was rounded: what the first powers do not sum to 0 by is taken out of the others. */
    double s2 = s[0][1] + s[1][1], s3 = s[0][2] + s[1][2], s4 = s[0][3] + s[1][3];
    double off = (s[0][0] + s[1][0]) / m.n, off2 = off * off;
    m.mean += off;
    m.m2 = s2 - m.n * off2;
    m.m3 = s3 - 3 * off * s2 + 2 * m.n * off2 * off;
    m.m4 = s4 - 4 * off * s3 + 6 * off2 * s2 - 3 * m.n * off2 * off2;
    return m;
}

struct ncm_moments ncm_moments_of(const double *v, size_t n)
{
    struct ncm_moments all = {0};
    double from = n > 0 ? v[0] : 0; /* means of blocks near 1e9 would be rounded to 1e-7 */
    for (size_t i = 0; i < n; i += BLOCK) {
        struct ncm_moments m = of_block(v + i, n - i < BLOCK ? n - i : BLOCK, from);
        ncm_moments_merge(&all, &m);
    }
    all.mean += from;
    return all;
}

double ncm_std0(const struct ncm_moments *m)
{
    return m->n < 1 ? NAN : sqrt(m->m2 / m->n);
}

double ncm_std1(const struct ncm_moments *m)
{
    return m->n < 2 ? NAN : sqrt(m->m2 / (m->n - 1));
}

double ncm_skew(const struct ncm_moments *m)
{
    return m->m2 > 0 ? sqrt(m->n) * m->m3 / (m->m2 * sqrt(m->m2)) : NAN;
}

double ncm_kurtosis_excess(const struct ncm_moments *m)
{
    return m->m2 > 0 ? m->n * m->m4 / (m->m2 * m->m2) - 3 : NAN;
}
