#include "stats/kll_sort.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define RUN 8

static inline void order(int64_t *v, int i, int j)
{
    int64_t a = v[i];
    int64_t b = v[j];
    v[i] = a < b ? a : b;
    v[j] = a < b ? b : a;
}

/* The network of 19 comparisons (Knuth, TAOCP 3, 5.3.4). */
static void sort_eight(int64_t *to)
{
    int64_t v[RUN];
    memcpy(v, to, sizeof v);
    order(v, 0, 2), order(v, 1, 3), order(v, 4, 6), order(v, 5, 7);
    order(v, 0, 4), order(v, 1, 5), order(v, 2, 6), order(v, 3, 7);
    order(v, 0, 1), order(v, 2, 3), order(v, 4, 5), order(v, 6, 7);
    order(v, 2, 4), order(v, 3, 5);
    order(v, 1, 4), order(v, 3, 6);
    order(v, 1, 2), order(v, 3, 4), order(v, 5, 6);
    memcpy(to, v, sizeof v);
}

static void insertion(int64_t *v, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        int64_t x = v[i];
        size_t j = i;
        for (; j > 0 && v[j - 1] > x; j--)
            v[j] = v[j - 1];
        v[j] = x;
    }
}

/* Merges from[0…a) and from[a…a+b) into to. Two even runs are merged from both ends at once: the
 * two chains do not wait for each other, and neither needs to ask whether a run has ended. */
static void merge(const int64_t *from, size_t a, size_t b, int64_t *to)
{
    const int64_t *p = from, *q = from + a;
    if (a == b) {
        const int64_t *p_end = from + a - 1, *q_end = from + a + b - 1;
        for (size_t i = 0; i < a; i++) {
            int64_t x = *p, y = *q, u = *p_end, w = *q_end;
            bool right = y < x, left = w < u;
            to[i] = right ? y : x;
            to[a + b - 1 - i] = left ? u : w;
            q += right, p += !right;
            p_end -= left, q_end -= !left;
        }
        return;
    }
    const int64_t *p_end = from + a, *q_end = p_end + b;
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

/* The bits of a double as a whole number of the same order, which a processor chooses among without
 * a branch; applied twice it is what it was. */
static int64_t turned(int64_t bits)
{
    return bits ^ (bits < 0 ? INT64_MAX : 0);
}

void ncm_kll_sort(double *v, int64_t *work, size_t n)
{
    int64_t *from = work;
    int64_t *to = work + n;
    size_t i = 0;
    memcpy(from, v, n * sizeof(*v));
    for (i = 0; i < n; i++)
        from[i] = turned(from[i]);
    for (i = 0; i + RUN <= n; i += RUN)
        sort_eight(from + i);
    insertion(from + i, n - i);
    for (size_t run = RUN; run < n; run *= 2) {
        for (i = 0; i < n; i += 2 * run) {
            size_t a = n - i < run ? n - i : run;
            size_t b = n - i - a < run ? n - i - a : run;
            merge(from + i, a, b, to + i);
        }
        int64_t *other = from;
        from = to;
        to = other;
    }
    for (i = 0; i < n; i++)
        from[i] = turned(from[i]);
    memcpy(v, from, n * sizeof(*v));
}
