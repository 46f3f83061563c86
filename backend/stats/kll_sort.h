/* Sorts a sketch's short buffer: a network of eight, then merges without branches, as the values
 * of a stream cannot be predicted. Only for sketch_kll. */
#ifndef NCM_STATS_KLL_SORT_H
#define NCM_STATS_KLL_SORT_H

#include <stddef.h>

/* v ascending; spare: room for n. No NaN. O(n log n). */
void ncm_kll_sort(double *v, double *spare, size_t n);

#endif
