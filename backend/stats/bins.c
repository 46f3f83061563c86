/* Edges of bins and counting into them. */
#include "stats/bins.h"

#include <math.h>

#include "base/mem.h"
#include "stats/quantile.h"

void ncm_bins_release(struct ncm_bins *b)
{
    ncm_free(b->edges);
    *b = (struct ncm_bins){0};
}

size_t ncm_lower_bound(const double *sorted, size_t n, double x)
{
    const double *at = sorted;
    if (n == 0)
        return 0;
    while (n > 1) {
        size_t half = n / 2;
        at += (size_t)(at[half - 1] < x) * half; /* no branch: it could not be foretold */
        n -= half;
    }
    return (size_t)(at - sorted) + (*at < x);
}

size_t ncm_upper_bound(const double *sorted, size_t n, double x)
{
    const double *at = sorted;
    if (n == 0)
        return 0;
    while (n > 1) {
        size_t half = n / 2;
        at += (size_t)(at[half - 1] <= x) * half;
        n -= half;
    }
    return (size_t)(at - sorted) + (*at <= x);
}

static struct ncm_bins with_edges(size_t n_edges, bool open)
{
    return (struct ncm_bins){.edges = ncm_alloc(n_edges + 1, sizeof(double)),
                             .n_edges = n_edges,
                             .n = open ? n_edges + 1 : n_edges - 1,
                             .open = open};
}

struct ncm_bins ncm_bins_quantiles(const double *sorted, size_t n, size_t parts)
{
    struct ncm_bins b = with_edges(parts > 2 ? parts : 2, true);
    size_t k = 0;
    if (sorted[0] >= sorted[n - 1]) {
        b.edges[k++] = nextafter(sorted[0], -INFINITY);
        b.edges[k++] = sorted[0];
    } else {
        for (size_t i = 1; i < parts; i++) {
            double e = ncm_quantile(sorted, n, (double)i / (double)parts);
            if (k == 0 || e > b.edges[k - 1])
                b.edges[k++] = e;
        }
    }
    b.n_edges = k;
    b.n = k + 1;
    return b;
}

struct ncm_bins ncm_bins_closed(double low, double high, size_t count)
{
    struct ncm_bins b = with_edges(count + 1, false);
    if (low >= high) {
        low -= 0.5;
        high += 0.5;
    }
    double range = high - low, step = range / (double)count, n = (double)count;
    for (size_t i = 0; i < count; i++) /* a range beyond a double is divided before it is made */
        b.edges[i] = isfinite(range) ? (double)i * step + low
                                     : low * (1 - (double)i / n) + high * ((double)i / n);
    b.edges[count] = high;
    return b;
}

struct ncm_bins ncm_bins_equal_width(double low, double high, size_t parts)
{
    struct ncm_bins b = ncm_bins_closed(low, high, parts);
    b.n_edges = parts - 1;
    for (size_t i = 0; i + 1 < parts; i++)
        b.edges[i] = b.edges[i + 1];
    b.n = parts;
    b.open = true;
    return b;
}

/* numpy's rounding: the width first, then how many of them cover the range. */
static size_t cover(double range, double parts)
{
    double width = range / parts;
    if (!isfinite(width))
        return isfinite(parts) ? (size_t)ceil(parts) : 1;
    return width > 0 ? (size_t)ceil(range / width) : 1;
}

size_t ncm_bins_sturges(double low, double high, double n)
{
    return n < 1 || low >= high ? 1 : cover(high - low, log2(n) + 1);
}

size_t ncm_bins_doane(const struct ncm_moments *m)
{
    double n = m->n;
    if (n < 3 || m->m2 <= 0)
        return 1;
    double s = sqrt(6 * (n - 2) / ((n + 1) * (n + 3)));
    return cover(m->max - m->min, 1 + log2(n) + log2(1 + fabs(ncm_skew(m)) / s));
}

/* The bin of a value, b->n where it lies outside of all. */
static inline size_t bin_of(const struct ncm_bins *b, double x)
{
    if (b->open)
        return ncm_lower_bound(b->edges, b->n_edges, x);
    size_t at = ncm_upper_bound(b->edges, b->n_edges, x); /* 0: below all edges */
    at -= at == b->n_edges && x <= b->edges[b->n];
    return at == 0 || at > b->n ? b->n : at - 1;
}

static double count_weighted(const struct ncm_bins *b, const struct ncm_ordered *s, double *counts)
{
    double outside = 0;
    for (size_t i = 0; i < b->n; i++)
        counts[i] = 0;
    for (size_t i = 0; i < s->n; i++) {
        size_t at = bin_of(b, s->values[i]);
        if (at < b->n)
            counts[at] += s->weights[i];
        else
            outside += s->weights[i];
    }
    return outside;
}

double ncm_bins_count_sorted(const struct ncm_bins *b, const struct ncm_ordered *s, double *counts)
{
    if (s->weights != NULL)
        return count_weighted(b, s, counts);
    size_t before = b->open ? 0 : ncm_lower_bound(s->values, s->n, b->edges[0]);
    size_t first = before, to;
    for (size_t i = 0; i < b->n; i++) {
        if (b->open && i + 1 == b->n)
            to = s->n;
        else if (b->open)
            to = ncm_upper_bound(s->values, s->n, b->edges[i]);
        else if (i + 1 == b->n)
            to = ncm_upper_bound(s->values, s->n, b->edges[i + 1]);
        else
            to = ncm_lower_bound(s->values, s->n, b->edges[i + 1]);
        counts[i] = (double)(to - before);
        before = to;
    }
    return (double)(s->n - (before - first));
}

double ncm_bins_add(const struct ncm_bins *b, const double *v, size_t n, double *counts)
{
    size_t outside = 0;
    if (b->open) {
        for (size_t i = 0; i < n; i++)
            counts[ncm_lower_bound(b->edges, b->n_edges, v[i])] += 1;
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        size_t at = bin_of(b, v[i]);
        if (at < b->n)
            counts[at] += 1;
        else
            outside++;
    }
    return (double)outside;
}
