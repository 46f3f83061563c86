/* Fewer points for a plot without losing a spike. */
#ifndef NCM_STATS_DOWNSAMPLE_H
#define NCM_STATS_DOWNSAMPLE_H

#include <stddef.h>

#include "model/tracking.h"

/* Chooses, for `buckets` equal parts of the index range 0…n-1, the first, the last, the smallest,
 * the greatest and one NaN of each (in index order, without repeats). keep[] gets at most
 * 5*buckets indices; returns how many. n <= 5*buckets keeps all. O(n). */
size_t ncm_downsample(const struct ncm_point *points, size_t n, size_t buckets, size_t *keep);

/* Exponential moving average with bias correction, weight in [0,1): out[i] = Σ w^k v / Σ w^k over
 * the numbers so far; a non-number gives NaN and leaves the average as it is. */
void ncm_smooth(const double *v, size_t n, double weight, double *out);

#endif
