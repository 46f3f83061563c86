/* Quantiles of numbers that are sorted already. */
#ifndef NCM_STATS_QUANTILE_H
#define NCM_STATS_QUANTILE_H

#include <stddef.h>

#include "stats/sort.h"

/* The q-quantile (q in 0…1) by numpy's default "linear": h = (n-1)*q, i = floor(h),
 * v[i] + (h-i)*(v[i+1]-v[i]), rounded as numpy rounds. NaN where n is 0. O(1). */
double ncm_quantile(const double *sorted, size_t n, double q);

/* The same where values have weights (a sketch's): value k stands at the middle of its weight,
 * W_k + w_k/2 - 1/2 with W_k the weights before it, h = (W-1)*q, and between two values linear in
 * between; with all weights 1 this is the above. NaN where empty. O(n). */
double ncm_quantile_weighted(const struct ncm_ordered *s, double q);

/* Many of them in one walk: q ascending, n of each; weights may be NULL. O(s->n + n). */
void ncm_quantiles(const struct ncm_ordered *s, const double *q, size_t n, double *out);

#endif
