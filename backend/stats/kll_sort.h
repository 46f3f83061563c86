/* Sorts a sketch's short buffer: a network of eight, then merges without branches, as the values
 * of a stream cannot be predicted. Only for sketch_kll. */
#ifndef NCM_STATS_KLL_SORT_H
#define NCM_STATS_KLL_SORT_H

#include <stddef.h>
#include <stdint.h>

/* v ascending, -0 before 0; work: room for 2n. No NaN. O(n log n). */
void ncm_kll_sort(double *v, int64_t *work, size_t n);

#endif
