/* Classic histograms as counters of buckets: what came between two readings, and quantiles as
 * Prometheus computes them. Pure. */
#ifndef NCM_PROVIDER_BUCKETS_H
#define NCM_PROVIDER_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>

/* One bucket of a classic histogram: how many observations were at most le. */
struct ncm_bucket {
    double le;    /* +infinity for the last one */
    double count; /* cumulative */
};

/* What came between two readings of one counter: after - before; a smaller value than before is a
 * restart, and all of it is new. NaN where either is. */
double ncm_counter_increase(double before, double after);
/* Sorts by le and, of two with one le, adds them. Returns how many are left. O(n log n). */
size_t ncm_buckets_sort(struct ncm_bucket *b, size_t n);
/* What came between two readings of one histogram (both sorted, the same n and les; false where
 * they are not: the layout changed, nothing can be said). A restart of any bucket is one of all. */
bool ncm_buckets_increase(const struct ncm_bucket *before, const struct ncm_bucket *after, size_t n,
                          struct ncm_bucket *out);
/* The q-quantile of sorted buckets by linear interpolation, exactly as histogram_quantile of
 * Prometheus 2.42 to 3.15 gives it. NaN: q is NaN, no bucket +Inf, fewer than two buckets, no
 * observations; q < 0: -Inf, q > 1: +Inf. Counts that fall are raised to the largest before. In the
 * last bucket: its lower bound, and *beyond (may be NULL) says that the quantile lies above that.
 * O(n). */
double ncm_histogram_quantile(double q, const struct ncm_bucket *b, size_t n, bool *beyond);

#endif
