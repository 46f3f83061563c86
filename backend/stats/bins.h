/* Bins for numbers: where their edges lie, and how many values fall into each. */
#ifndef NCM_STATS_BINS_H
#define NCM_STATS_BINS_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/moments.h"
#include "stats/sort.h"

/* Open bins cover every number: (-∞,e1], (e1,e2], …, (ek,∞): one more than there are edges.
 * Closed bins are numpy's: [e0,e1), [e1,e2), …, [ek-1,ek]: one less, the rest lies outside. */
struct ncm_bins {
    double *edges; /* ascending, all different; owned */
    size_t n_edges;
    size_t n; /* bins */
    bool open;
};
void ncm_bins_release(struct ncm_bins *b);

/* House: open bins between the quantiles 1/parts … (parts-1)/parts of the sorted reference (n > 0),
 * equal ones merged; where all its values equal e, the bins <e, =e, >e (edges: the double just
 * below e, and e), as a move downwards would be invisible otherwise. O(parts). */
struct ncm_bins ncm_bins_quantiles(const double *sorted, size_t n, size_t parts);

/* Open bins: `parts` equally wide ones over low…high, the outer two open. low < high. */
struct ncm_bins ncm_bins_equal_width(double low, double high, size_t parts);

/* Closed bins as numpy makes them: count equally wide ones over low…high; where low is high over
 * low-0.5…high+0.5. count > 0. */
struct ncm_bins ncm_bins_closed(double low, double high, size_t count);

/* How many bins numpy makes of n doubles within low…high: ceil((high-low)/width), at least 1, width
 * (high-low)/(log2(n)+1) (Sturges). 1 where low is high or n is 0. */
size_t ncm_bins_sturges(double low, double high, double n);
/* The same with width (max-min)/(1+log2(n)+log2(1+|skew|/s)), s = sqrt(6(n-2)/((n+1)(n+3))) (Doane
 * 1976); 1 where n < 3 or the spread is 0. */
size_t ncm_bins_doane(const struct ncm_moments *m);

/* Counts into counts[b->n], which is set, not added to; returns the count that lies outside (0 for
 * open bins). The sorted one takes weights too. O(bins * log n) without, O(n) with weights. */
double ncm_bins_count_sorted(const struct ncm_bins *b, const struct ncm_ordered *s, double *counts);
/* As above, of numbers in any order; they are added to counts: what a stream is counted by against
 * the edges of its reference. One binary search without branches a value: O(n log bins). */
double ncm_bins_add(const struct ncm_bins *b, const double *v, size_t n, double *counts);

/* First index of a sorted array whose value is not below x (lower), is above x (upper); n where
 * there is none. O(log n). */
size_t ncm_lower_bound(const double *sorted, size_t n, double x);
size_t ncm_upper_bound(const double *sorted, size_t n, double x);

#endif
