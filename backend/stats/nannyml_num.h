/* Drift of a number column as NannyML 0.13 computes it, a chunk against the whole reference, and
 * its thresholds. Sides without weights. All measures are NaN where a side is empty, as there. */
#ifndef NCM_STATS_NANNYML_NUM_H
#define NCM_STATS_NANNYML_NUM_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/sort.h"

/* Jensen–Shannon distance to the base 2 and Hellinger distance, 0…1: Doane bins of the reference,
 * everything outside of them in one bin more. O(n + bins * log m). */
double ncm_nannyml_jensen_shannon(const struct ncm_ordered *ref, const struct ncm_ordered *cur);
double ncm_nannyml_hellinger(const struct ncm_ordered *ref, const struct ncm_ordered *cur);

/* From so many reference values on the next two are estimated from 10,000 equally wide bins over
 * the reference's range, and differ from the exact ones in the third or fourth digit. */
#define NCM_NANNYML_BINNED_FROM 10000

/* Kolmogorov–Smirnov D, 0…1, and W1 in the data's unit (its tails beyond the reference's range are
 * added as NannyML adds them). O(n+m). */
double ncm_nannyml_kolmogorov_smirnov(const struct ncm_ordered *ref, const struct ncm_ordered *cur);
double ncm_nannyml_wasserstein(const struct ncm_ordered *ref, const struct ncm_ordered *cur);

/* The measure of the chunk of rows from … from+n-1 of the reference against all of it. */
typedef double (*ncm_chunk_fn)(void *context, size_t from, size_t n);

/* Rows a chunk has by default: a tenth of the reference, at least 1. What is left over is one more,
 * short chunk. */
size_t ncm_nannyml_chunk_rows(size_t reference_rows);

/* mean + 3*std0 of the measure over the chunks of the reference; drift is a value above it. NaN
 * measures are left out; NaN where none is left. most: the measure's greatest possible value (1 for
 * KS; INFINITY), which the threshold is clipped to. O(chunks) calls. */
double ncm_nannyml_threshold(size_t rows, size_t chunk_rows, double most, ncm_chunk_fn measure,
                             void *context);

#endif
