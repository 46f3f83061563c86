/* Bins: what is between two edges, and two histograms with the same edges. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "provider/prometheus/histogram.h"

static void make(struct ncm_hist_bins *b, size_t most)
{
    b->edges = ncm_alloc(most + 1, sizeof *b->edges);
    b->counts = ncm_alloc(most > 0 ? most : 1, sizeof *b->counts);
    b->n = 0;
}

void ncm_hist_bins_release(struct ncm_hist_bins *b)
{
    ncm_free(b->edges);
    ncm_free(b->counts);
    *b = (struct ncm_hist_bins){0};
}

double ncm_hist_bins_total(const struct ncm_hist_bins *b)
{
    double total = 0;
    for (size_t i = 0; i < b->n; i++) {
        total += b->counts[i];
    }
    return total;
}

void ncm_hist_bins_of_buckets(const struct ncm_bucket *b, size_t n, struct ncm_hist_bins *out)
{
    double so_far = 0;
    make(out, n);
    out->edges[0] = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        double count = b[i].count > so_far ? b[i].count : so_far;
        out->counts[out->n++] = count - so_far;
        out->edges[out->n] = b[i].le;
        so_far = count;
    }
}

static int by_low(const void *a, const void *b)
{
    const struct ncm_prom_bin *x = a, *y = b;
    return x->low != y->low ? (x->low > y->low) - (x->low < y->low)
                            : (x->high > y->high) - (x->high < y->high);
}

void ncm_hist_bins_of_native(const struct ncm_prom_histogram *h, struct ncm_hist_bins *out)
{
    struct ncm_prom_bin *sorted = ncm_alloc(h->n > 0 ? h->n : 1, sizeof *sorted);
    size_t n = 0;
    make(out, 2 * h->n);
    for (size_t i = 0; i < h->n; i++) {
        if (h->bins[i].count > 0 && h->bins[i].low <= h->bins[i].high) {
            sorted[n++] = h->bins[i];
        }
    }
    qsort(sorted, n, sizeof *sorted, by_low);
    for (size_t i = 0; i < n; i++) {
        double low = sorted[i].low, last = out->edges[out->n];
        if (i == 0) {
            out->edges[0] = low;
        } else if (low > last) {
            out->edges[++out->n] = low; /* a gap: nothing was counted there */
        }
        if (sorted[i].high > out->edges[out->n] || i == 0) {
            out->edges[++out->n] = sorted[i].high;
        }
        /* Bins that overlap, which no server should send, are one. */
        out->counts[out->n - 1] += sorted[i].count;
    }
    ncm_free(sorted);
}

/* ---- the same edges -------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Index of the bin that has x strictly inside, or n. */
static size_t cut_by(const struct ncm_hist_bins *b, double x)
{
    size_t low = 0, high = b->n; /* edges[low] <= x < edges[high] */
    if (b->n == 0 || x <= b->edges[0] || x >= b->edges[b->n]) {
        return b->n;
    }
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (b->edges[mid] <= x) {
            low = mid;
        } else {
            high = mid;
        }
    }
    return b->edges[low] < x ? low : b->n;
}

static bool may_cut(const struct ncm_hist_bins *b, double x)
{
    size_t i = cut_by(b, x);
    return i == b->n || b->counts[i] == 0;
}

/* Moves each count of `from` into the bin of `to` (edges set) that holds it. */
static void pour(const struct ncm_hist_bins *from, struct ncm_hist_bins *to)
{
    size_t k = 0;
    for (size_t i = 0; i < from->n; i++) {
        if (from->counts[i] == 0) {
            continue;
        }
        while (k + 1 < to->n && to->edges[k + 1] <= from->edges[i] &&
               to->edges[k + 1] < from->edges[i + 1]) {
            k++;
        }
        to->counts[k] += from->counts[i];
    }
}

void ncm_hist_bins_union(const struct ncm_hist_bins *a, const struct ncm_hist_bins *b,
                         struct ncm_hist_bins *out_a, struct ncm_hist_bins *out_b)
{
    size_t most = a->n + b->n + 2, n = 0, kept = 0;
    double *edges = ncm_alloc(most, sizeof *edges);
    for (size_t i = 0; a->n > 0 && i <= a->n; i++) {
        edges[n++] = a->edges[i];
    }
    for (size_t i = 0; b->n > 0 && i <= b->n; i++) {
        edges[n++] = b->edges[i];
    }
    qsort(edges, n, sizeof *edges, by_value);
    for (size_t i = 0; i < n; i++) {
        bool again = kept > 0 && edges[i] == edges[kept - 1];
        if (!again && may_cut(a, edges[i]) && may_cut(b, edges[i])) {
            edges[kept++] = edges[i];
        }
    }
    make(out_a, most);
    make(out_b, most);
    for (size_t i = 0; i < kept; i++) {
        out_a->edges[i] = out_b->edges[i] = edges[i];
    }
    out_a->n = out_b->n = kept > 0 ? kept - 1 : 0;
    if (out_a->n > 0) {
        pour(a, out_a);
        pour(b, out_b);
    }
    ncm_free(edges);
}
