/* Categorical drift as NannyML 0.13 computes it for one chunk against the whole reference. Pure,
 * O(n); NaN where a side has no value. */
#ifndef NCM_STATS_NANNYML_CAT_H
#define NCM_STATS_NANNYML_CAT_H

#include "stats/categories.h"

/* Jensen–Shannon distance, base 2, one bin a category. */
double ncm_nannyml_cat_js(const struct ncm_cats *t);
double ncm_nannyml_cat_hellinger(const struct ncm_cats *t);
/* The statistic of scipy.stats.chi2_contingency, with Yates for two categories; NannyML's alert is
 * its p below 0.05 (ncm_cats_chi2). 0 for one category. */
double ncm_nannyml_cat_chi2(const struct ncm_cats *t);
/* Greatest difference of a category's share. */
double ncm_nannyml_cat_l_infinity(const struct ncm_cats *t);

#endif
