/* p-values of many tests at once, corrected so that an alarm at alpha still means alpha. */
#ifndef NCM_STATS_CORRECT_H
#define NCM_STATS_CORRECT_H

#include <stddef.h>

/* House: NCM_CORRECT_BH at 0.05 over the columns of one window. */
enum ncm_correction {
    NCM_CORRECT_NONE,
    NCM_CORRECT_BONFERRONI, /* p*k: the chance of any false alarm */
    NCM_CORRECT_HOLM,       /* the same, less strict: running max of p_(i)*(k-i+1) */
    NCM_CORRECT_BH,         /* Benjamini–Hochberg, share of false alarms among alarms: from the
                               largest down, running min of p_(i)*k/i */
    NCM_CORRECT_BY,         /* Benjamini–Yekutieli, for any dependence: BH times Σ_{j<=k} 1/j */
};

/* adjusted[i] belongs to p[i]; reject where it is <= alpha. Capped at 1. A NaN is no test: it stays
 * NaN and does not count into k. The arrays may be the same. Source: statsmodels' multipletests.
 * O(n log n). */
void ncm_correct(enum ncm_correction how, const double *p, size_t n, double *adjusted);

#endif
