/* Count, mean, spread, skewness and kurtosis of numbers: in one pass, and of parts put together. */
#ifndef NCM_STATS_MOMENTS_H
#define NCM_STATS_MOMENTS_H

#include <stddef.h>

/* m2, m3, m4: sums of the powers of (value - mean). All zero: of no number. min and max are
 * meaningful where n > 0. */
struct ncm_moments {
    double n, mean, m2, m3, m4, min, max;
};

/* One more number (Welford: d = x-mean, mean += d/n, m2 += d*(x-mean); the third and fourth as by
 * merging a part of one). O(1). */
void ncm_moments_add(struct ncm_moments *a, double x);

/* Adds part b to a (Chan, Golub, LeVeque 1979; Pébay 2008): with d = mean_b - mean_a,
 * m2 = m2a + m2b + d²*na*nb/n and so on. An empty part changes nothing. O(1). */
void ncm_moments_merge(struct ncm_moments *a, const struct ncm_moments *b);

/* Of n finite numbers: two passes over blocks that stay in the cache (mean, then powers around it,
 * corrected for what the mean was rounded by, all counted from the first value), and the blocks
 * merged. Sums of squares would lose everything on values near 1e9 with a spread of 1; this does
 * not. Equal numbers have a spread of exactly 0. O(n). */
struct ncm_moments ncm_moments_of(const double *v, size_t n);

/* sqrt(m2/n), numpy's std, and sqrt(m2/(n-1)), pandas' std. NaN where n < 1 and n < 2. */
double ncm_std0(const struct ncm_moments *m);
double ncm_std1(const struct ncm_moments *m);

/* sqrt(n)*m3/m2^1.5 and n*m4/m2² - 3, both biased as scipy's defaults. NaN where m2 is 0. */
double ncm_skew(const struct ncm_moments *m);
double ncm_kurtosis_excess(const struct ncm_moments *m);

#endif
