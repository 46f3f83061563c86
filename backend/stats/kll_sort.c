#include "stats/kll_sort.h"

#include <stdbool.h>
#include <string.h>

#define RUN 8

static inline void order(double *v, int i, int j)
{
    double a = v[i];
    double b = v[j];
    v[i] = a < b ? a : b;
    v[j] = a < b ? b : a;
}

/* The network of 19 comparisons (Knuth, TAOCP 3, 5.3.4). */
static void sort_eight(double *to)
{
    double v[RUN];
    memcpy(v, to, sizeof v);
    order(v, 0, 2), order(v, 1, 3), order(v, 4, 6), order(v, 5, 7);
    order(v, 0, 4), order(v, 1, 5), order(v, 2, 6), order(v, 3, 7);
    order(v, 0, 1), order(v, 2, 3), order(v, 4, 5), order(v, 6, 7);
    order(v, 2, 4), order(v, 3, 5);
    order(v, 1, 4), order(v, 3, 6);
    order(v, 1, 2), order(v, 3, 4), order(v, 5, 6);
    memcpy(to, v, sizeof v);
}

static void insertion(double *v, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        double x = v[i];
        size_t j = i;
        for (; j > 0 && v[j - 1] > x; j--)
            v[j] = v[j - 1];
        v[j] = x;
    }
}

/* Merges from[0…a) and from[a…a+b) into to. Two even runs are merged from both ends at once: the
 * two chains do not wait for each other, and neither needs to ask whether a run has ended. */
static void merge(const double *from, size_t a, size_t b, double *to)
{
    const double *p = from, *q = from + a;
    if (a == b) {
        const double *p_end = from + a - 1, *q_end = from + a + b - 1;
        for (size_t i = 0; i < a; i++) {
            double x = *p, y = *q, u = *p_end, w = *q_end;
            bool right = y < x, left = w < u;
            to[i] = right ? y : x;
            to[a + b - 1 - i] = left ? u : w;
            q += right, p += !right;
            p_end -= left, q_end -= !left;
        }
        return;
    }
    const double *p_end = from + a, *q_end = p_end + b;
    while (p < p_end && q < q_end) {
        bool right = *q < *p;
        *to++ = right ? *q : *p;
        q += right, p += !right;
    }
    while (p < p_end)
        *to++ = *p++;
    while (q < q_end)
        *to++ = *q++;
}

void ncm_kll_sort(double *v, double *spare, size_t n)
{
    size_t i = 0;
    for (; i + RUN <= n; i += RUN)
        sort_eight(v + i);
    insertion(v + i, n - i);
    double *from = v;
    double *to = spare;
    for (size_t run = RUN; run < n; run *= 2) {
        for (i = 0; i < n; i += 2 * run) {
            size_t a = n - i < run ? n - i : run;
            size_t b = n - i - a < run ? n - i - a : run;
            merge(from + i, a, b, to + i);
        }
        double *other = from;
        from = to;
        to = other;
    }
    if (from != v)
        memcpy(v, from, n * sizeof(*v));
}
