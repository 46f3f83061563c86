/* Every measure of one number column, reference against current. */
#ifndef NCM_STATS_MEASURES_NUM_H
#define NCM_STATS_MEASURES_NUM_H

#include <stddef.h>

#include "stats/measures.h"

/* One side: its finite values in any order (ncm_keep_finite of stats/sort.h), and how many rows had
 * none or an infinite one. Borrowed. */
struct ncm_number_side {
    const double *values;
    size_t n, missing, infinite;
};

/* Tells each measure once, under these names:
 *   ref.… and cur.…: rows (n + missing + infinite), missing, infinite, distinct, min, max, mean,
 * std0, std1, skew, kurtosis_excess, q01 q05 q25 q50 q75 q95 q99, in the data's unit; status:
 * "no_data" where a side has no value; of what follows then only evidently.* and nannyml.* are
 * told, as errors; ks.statistic, ks.p_auto, ks.p_asymptotic (where nm/(n+m) >= 200), wasserstein,
 * wasserstein_norm, energy, cvm.statistic, anderson.statistic, mannwhitney.p (stats/ecdf.h);
 *   psi.edges, psi.ref_counts, psi.cur_counts (lists), psi, js_distance_base2, js_distance_base_e,
 *     hellinger: over the bins between the reference's deciles; psi_with_missing: one bin more for
 *     missing rows, where there are any; psi_equal_width: 10 equal bins over the reference's range;
 *   evidently.psi, .jensenshannon, .kl_div, .hellinger, .wasserstein, .ks, .ed, .default.score;
 *   nannyml.kolmogorov_smirnov, .jensen_shannon, .wasserstein, .hellinger.
 * A measure that is not defined has an error, never a NaN. O((n+m) log) time, 24 bytes a value. */
void ncm_measures_number(const struct ncm_number_side *ref, const struct ncm_number_side *cur,
                         ncm_measure_fn fn, void *to);

#endif
