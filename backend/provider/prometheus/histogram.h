/* Histograms as Prometheus keeps them, made into what statistics need: quantiles, and bins whose
 * edges two windows share. Pure. */
#ifndef NCM_PROMETHEUS_HISTOGRAM_H
#define NCM_PROMETHEUS_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "provider/buckets.h"
#include "provider/prometheus/prometheus.h"

/* ---- classic (their arithmetic: provider/buckets.h) ---- */

/* Buckets of one series of an answer (x_bucket, grouped by all labels but le), sorted. */
struct ncm_bucket_group {
    struct ncm_kv *labels; /* sorted; without le */
    size_t n_labels;
    struct ncm_bucket *buckets;
    size_t n;
};
/* Gathers them from a VECTOR (usually of increase(x_bucket[window])); in the arena, *n groups in
 * the order of their keys. Series without a le that is a number are left out. O(n log n). */
struct ncm_bucket_group *ncm_bucket_groups(const struct ncm_prom_answer *a, struct ncm_arena *arena,
                                           size_t *n);

/* ---- bins ---- */

/* counts[i] observations between edges[i] and edges[i + 1]; n counts, n + 1 ascending edges (the
 * first may be -Inf, the last +Inf). Release with ncm_hist_bins_release. */
struct ncm_hist_bins {
    double *edges, *counts;
    size_t n;
};
void ncm_hist_bins_release(struct ncm_hist_bins *b);
/* From sorted cumulative buckets: the first bin begins at -Inf, counts are made monotonic first.
 * n == 0 gives no bins. O(n). */
void ncm_hist_bins_of_buckets(const struct ncm_bucket *b, size_t n, struct ncm_hist_bins *out);
/* From a native histogram; gaps between its bins are bins with nothing in them. O(n log n). */
void ncm_hist_bins_of_native(const struct ncm_prom_histogram *h, struct ncm_hist_bins *out);
/* Both again with the same edges, so that their counts can be compared bin by bin (PSI, JS): the
 * union of both edges but those that would cut a bin of the other which is not empty, as how its
 * count falls to both sides is not known. Every observation is in exactly one bin; totals stay.
 * O((n + m) log(n + m)). */
void ncm_hist_bins_union(const struct ncm_hist_bins *a, const struct ncm_hist_bins *b,
                         struct ncm_hist_bins *out_a, struct ncm_hist_bins *out_b);
double ncm_hist_bins_total(const struct ncm_hist_bins *b);

#endif
