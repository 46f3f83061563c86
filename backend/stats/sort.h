/* Numbers in ascending order: what quantiles, bins and walks over two samples start from. */
#ifndef NCM_STATS_SORT_H
#define NCM_STATS_SORT_H

#include <stddef.h>

/* Ascending finite numbers; borrowed. weights: how much each counts for (greater than 0, as a
 * sketch keeps them), NULL where each counts for 1. */
struct ncm_ordered {
    const double *values;
    const double *weights;
    size_t n;
};

/* Sorts n numbers ascending in place; -0.0 becomes 0.0; infinities sort as they should; there must
 * be no NaN. scratch: n doubles of the caller's, or NULL (memory is then taken for the while).
 * Radix sort by 11 bits from the lowest (Knuth, TAOCP 5.2.5), leaving out passes in which all keys
 * agree, and at first those of the low bits, which insertion mends as long as that is cheap: O(n),
 * at most 11 passes, usually 4; n below 2^32. */
void ncm_sort(double *v, size_t n, double *scratch);

/* Moves the finite ones of n numbers to the front, in their order, and returns how many there are;
 * *missing and *infinite get how many were NaN and infinite. O(n). */
size_t ncm_keep_finite(double *v, size_t n, size_t *missing, size_t *infinite);

/* How many different numbers there are in a sorted array. O(n). */
size_t ncm_distinct(const double *sorted, size_t n);

#endif
