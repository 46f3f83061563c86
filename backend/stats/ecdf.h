/* Two samples of numbers side by side: one walk over both gives the distances between their
 * distribution functions; and the tests that rest on it. */
#ifndef NCM_STATS_ECDF_H
#define NCM_STATS_ECDF_H

#include <stddef.h>
#include <stdint.h>

#include "stats/sort.h"

struct ncm_ecdf {
    double d;           /* Kolmogorov–Smirnov: max |F_ref - F_cur|, 0…1 */
    double wasserstein; /* W1 = Σ |F_ref - F_cur| * step, in the data's unit */
    double energy;      /* sqrt(2 * Σ (F_ref - F_cur)² * step), in the root of the unit */
};

/* Walks the sorted union once, both functions continuous from the right: with ties both sides move
 * past all equal values before they are compared. Whole numbers throughout where there are no
 * weights (i*m - j*n), so d is exact. O(n+m), no memory. All NaN where a side is empty; infinite
 * where the span of the values is beyond a double. */
struct ncm_ecdf ncm_ecdf_compare(const struct ncm_ordered *ref, const struct ncm_ordered *cur);

/* Below this spread of the reference W1 is not to be set in relation to it. */
#define NCM_SPREAD_FLOOR 1e-3

/* W1 / max(std0 of the reference, NCM_SPREAD_FLOOR), as Evidently. Where the reference has no
 * spread at all the number means nothing (a step of 0.75 gives 750): say so instead of showing it.
 */
double ncm_wasserstein_norm(double wasserstein, double ref_std0);

/* Two-sided p of d between n and m values, exact: the share of lattice paths from (0,0) to (n,m)
 * that leave the band |i/n - j/m| < d, V(i,j) = (i*V(i-1,j) + j*V(i,j-1))/(i+j), diagonal by
 * diagonal and only within the band (Hodges 1958; the same number as scipy's method "exact").
 * O(n*m*min(1,2d)) steps: 0.1 s for 10,000 by 10,000 at worst, as p is 0 where it is below 1e-320
 * (Wei and Dudley 2012). O(min(n,m)) memory. NaN where a side is empty. */
double ncm_ks_p_exact(double d, size_t n, size_t m);

/* Two-sided p by the law of one sample of N = round(n*m/(n+m)) values, as scipy's method "asymp":
 * the expansion of Pelz and Good (1976) up to N*d² = 2.2; beyond it twice the one-sided sum of
 * Smirnov up to N = 20,000, then the Kolmogorov series at z + 1/(6√N) + (z-1)/(4N), z = d*√N
 * (Vrbik 2018). Within 1e-6 of scipy for N >= 200, less exact below. O(N) at most. */
double ncm_ks_p_asymptotic(double d, size_t n, size_t m);

/* As scipy's "auto": exact where neither side has more than 10,000 values. */
#define NCM_KS_EXACT_MOST 10000
double ncm_ks_p(double d, size_t n, size_t m);

/* The rank statistics take sides without weights. All are O(n+m) and count ties by their mean rank.
 *
 * Cramér–von Mises T = u/(nm(n+m)) - (4nm-1)/(6(n+m)), u = n*Σ(r_i-i)² + m*Σ(s_j-j)² (Anderson
 * 1962), as scipy. NaN where a side has less than 2 values. */
double ncm_cvm(const struct ncm_ordered *ref, const struct ncm_ordered *cur);

/* Anderson–Darling's k-sample statistic for two samples, midranks, standardised (Scholz and
 * Stephens 1987, equation 7), as scipy's anderson_ksamp. NaN where there is but one distinct value,
 * a side is empty or both together have less than 4 values. */
double ncm_anderson(const struct ncm_ordered *ref, const struct ncm_ordered *cur);

/* Mann–Whitney: two-sided p by the normal law with correction for ties and continuity, as scipy's
 * method "asymptotic". 1 where all values are equal; NaN where a side is empty. */
double ncm_mann_whitney_p(const struct ncm_ordered *ref, const struct ncm_ordered *cur);

#endif
