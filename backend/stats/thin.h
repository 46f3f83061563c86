/* Thins a metric's history while it is read: memory follows the points wanted, not the points
 * there are, and no spike is lost. */
#ifndef NCM_STATS_THIN_H
#define NCM_STATS_THIN_H

#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

struct ncm_sample {
    int64_t step, time; /* time: ms */
    double value;       /* NaN where the store says so; ±DBL_MAX and ±inf are infinities */
};

struct ncm_thin_bucket; /* thin.c */

/* Keeps everything up to `limit` samples (0: for ever), then buckets of a growing width of which
 * the first, last, smallest, greatest and one NaN stay. Begin with {.limit = N}. */
struct ncm_thin {
    size_t limit;
    int64_t total;
    struct ncm_sample *raw;
    size_t n_raw, cap_raw;
    struct ncm_thin_bucket *buckets;
    size_t n, most;
    int64_t width, in_last;
};

/* Samples come in the order in which they are to stand. */
void ncm_thin_push(struct ncm_thin *t, const struct ncm_sample *s);
/* Moves what was kept into the snapshot (points, n, total) and frees the rest. */
void ncm_thin_finish(struct ncm_thin *t, struct ncm_series_snapshot *s);
/* Order of a history for qsort: step, time, value (NaN counts as 0, as MLflow's store orders). */
int ncm_sample_order(const void *a, const void *b);

#endif
