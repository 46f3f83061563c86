/* Rank statistics of two samples, a group of equal values at a time. */
#include <math.h>
#include <stdbool.h>

#include "stats/ecdf.h"

/* A value of the union: how often it is on each side, and what came before. */
struct ties {
    size_t i, j;                     /* read so far */
    double in_a, in_b, was_a, was_b; /* in this group; before it */
};

static bool next_ties(const struct ncm_ordered *a, const struct ncm_ordered *b, struct ties *t)
{
    size_t i = t->i, j = t->j;
    if (i == a->n && j == b->n)
        return false;
    double x =
        j == b->n || (i < a->n && a->values[i] <= b->values[j]) ? a->values[i] : b->values[j];
    t->was_a = (double)i;
    t->was_b = (double)j;
    while (i < a->n && a->values[i] <= x)
        i++;
    while (j < b->n && b->values[j] <= x)
        j++;
    t->in_a = (double)i - t->was_a;
    t->in_b = (double)j - t->was_b;
    t->i = i;
    t->j = j;
    return true;
}

/* Mean rank of the group, from 1. */
static double rank_of(const struct ties *t)
{
    return t->was_a + t->was_b + (t->in_a + t->in_b + 1) / 2;
}

/* Σ (rank - k)² over the places k = was+1 … was+count. */
static long double squares(double rank, double was, double count)
{
    long double c = rank - was, n = count;
    return n * c * c - c * n * (n + 1) + n * (n + 1) * (2 * n + 1) / 6;
}

double ncm_cvm(const struct ncm_ordered *ref, const struct ncm_ordered *cur)
{
    if (ref->n < 2 || cur->n < 2)
        return NAN;
    long double n = (long double)ref->n, m = (long double)cur->n, of_a = 0, of_b = 0;
    struct ties t = {0};
    while (next_ties(ref, cur, &t)) {
        double rank = rank_of(&t);
        of_a += squares(rank, t.was_a, t.in_a);
        of_b += squares(rank, t.was_b, t.in_b);
    }
    long double k = n * m, both = n + m;
    return (double)((n * of_a + m * of_b) / (k * both) - (4 * k - 1) / (6 * both));
}

/* Scholz and Stephens: the variance of the statistic for k = 2 samples. */
static double anderson_variance(double n, double m)
{
    double all = n + m, h = 0, g = 0, k = 2, inverse = 1 / n + 1 / m, sum = 0;
    for (double i = 2; i < all; i++) {
        sum += 1 / (all - i + 1);
        g += sum / i;
    }
    h = sum + 1;
    double a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * inverse;
    double b = (2 * g - 4) * k * k + 8 * h * k + (2 * g - 14 * h - 4) * inverse - 8 * h + 4 * g - 6;
    double c =
        (6 * h + 2 * g - 2) * k * k + (4 * h - 4 * g + 6) * k + (2 * h - 6) * inverse + 4 * h;
    double d = (2 * h + 6) * k * k - 4 * h * k;
    return (((a * all + b) * all + c) * all + d) / ((all - 1) * (all - 2) * (all - 3));
}

double ncm_anderson(const struct ncm_ordered *ref, const struct ncm_ordered *cur)
{
    double n = (double)ref->n, m = (double)cur->n, all = n + m, of_a = 0, of_b = 0;
    size_t groups = 0;
    struct ties t = {0};
    if (ref->n == 0 || cur->n == 0 || all < 4)
        return NAN;
    for (; next_ties(ref, cur, &t); groups++) {
        double l = t.in_a + t.in_b, b = t.was_a + t.was_b + l / 2;
        double under = b * (all - b) - all * l / 4;
        double a_off = all * (t.was_a + t.in_a / 2) - b * n;
        double b_off = all * (t.was_b + t.in_b / 2) - b * m;
        if (under <= 0) /* one value only */
            continue;
        of_a += l / all * a_off * a_off / under;
        of_b += l / all * b_off * b_off / under;
    }
    if (groups < 2)
        return NAN;
    double a2 = (of_a / n + of_b / m) * (all - 1) / all;
    return (a2 - 1) / sqrt(anderson_variance(n, m));
}

double ncm_mann_whitney_p(const struct ncm_ordered *ref, const struct ncm_ordered *cur)
{
    double n = (double)ref->n, m = (double)cur->n, all = n + m, ranks = 0, tied = 0;
    struct ties t = {0};
    if (ref->n == 0 || cur->n == 0)
        return NAN;
    while (next_ties(ref, cur, &t)) {
        double l = t.in_a + t.in_b;
        ranks += t.in_a * rank_of(&t);
        tied += l * l * l - l;
    }
    double u = ranks - n * (n + 1) / 2, above = fmax(u, n * m - u) - n * m / 2 - 0.5;
    double variance = n * m / 12 * (all + 1 - tied / (all * (all - 1)));
    if (variance <= 0)
        return 1;
    return fmin(1, erfc(above / sqrt(variance) / M_SQRT2));
}
