/* Every measure of a categorical column, by the names that docs and fixtures use. */
#ifndef NCM_STATS_MEASURES_CAT_H
#define NCM_STATS_MEASURES_CAT_H

#include "stats/categories.h"
#include "stats/measures.h"

/* Tells fn, in this order:
 * - ref.rows, ref.missing, ref.distinct, cur.…: rows (missing ones too), missing, categories;
 * - categories: texts, and values with two numbers a text, rows of reference and current;
 *   new_categories, gone_categories: texts, by order of bytes;
 * - status "no_data" where a side has no value; then nothing more;
 * - psi, js_distance_base2, tvd, l_infinity, hellinger: one bin a category, missing left out;
 *   psi_with_missing: missing as one more bin, where either side has any;
 * - from two categories on: chi2_contingency.statistic, .p, .dof, .min_expected; the same as
 *   chi2_contingency_uncorrected.… for two; g_test.statistic, g_test.p; cramers_v;
 * - evidently.psi … evidently.g_test, evidently.z for two categories or fewer,
 *   evidently.default.score (what it was chosen by: ncm_evidently_cat_default);
 *   nannyml.jensen_shannon, .chi2, .l_infinity, .hellinger.
 * What is not defined is given with the reason instead of a number. */
void ncm_measures_cat(const struct ncm_cats *t, ncm_measure_fn fn, void *to);

#endif
