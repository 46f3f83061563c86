/* Distances between two histograms or two sets of categories, from the counts of their bins. Counts
 * may be weights; shares are made here. All are O(n) and NaN where a side has no count at all. */
#ifndef NCM_STATS_DISTANCE_H
#define NCM_STATS_DISTANCE_H

#include <stddef.h>

/* The least share that a bin counts with in PSI: an empty bin must not make it infinite. */
#define NCM_PSI_FLOOR 1e-4

/* Population stability index Σ (q-p)*ln(q/p), p and q the shares of reference and current, each at
 * least NCM_PSI_FLOOR and not made to sum to 1 again. Symmetric; 0…; one bin that moved away adds
 * at most 9.2. terms: NULL, or n numbers that get each bin's part. */
double ncm_psi(const double *ref, const double *cur, size_t n, double *terms);

/* What PSI comes to without any drift, by chance alone: about (bins-1)*(1/n+1/m). Above
 * NCM_PSI_SMALL_SAMPLE the usual thresholds (0.1, 0.25) mean nothing: say "small sample". */
#define NCM_PSI_SMALL_SAMPLE 0.05
double ncm_psi_by_chance(size_t bins, double n, double m);

/* Jensen–Shannon distance sqrt((KL(p‖a)+KL(q‖a))/2) with a = (p+q)/2 and 0*ln 0 = 0; logarithms to
 * the base given: 2 gives 0…1 (house, NannyML), M_E gives 0…0.8326 (scipy, Evidently). */
double ncm_js_distance(const double *ref, const double *cur, size_t n, double base);

/* Kullback–Leibler divergence Σ p*ln(p/q), natural logarithm; 0…, infinite where the current side
 * lacks what the reference has. Not symmetric. */
double ncm_kl(const double *ref, const double *cur, size_t n);

/* Hellinger distance sqrt(Σ (√p-√q)²/2) = sqrt(1-Σ √(pq)), 0…1. */
double ncm_hellinger(const double *ref, const double *cur, size_t n);

/* Total variation Σ |p-q| / 2, 0…1. */
double ncm_total_variation(const double *ref, const double *cur, size_t n);

/* max |p-q|, 0…1. */
double ncm_l_infinity(const double *ref, const double *cur, size_t n);

#endif
