/* KLL sketch of numbers: quantiles, ranks and whole distributions of a stream in bounded memory,
 * mergeable. Levels of samples; one on level h stands for 2^h values, and a level that is full is
 * sorted and every second of it (a coin says which) goes up. Karnin, Lang, Liberty, "Optimal
 * quantile approximation in streams", FOCS 2016; capacities 1.3*k*(2/3)^depth, at least 8
 * (more than the paper's, since a full level is sent up at once, whatever room is left elsewhere).
 *
 * Bounds at 99 % confidence, of the rank as a share of n: k = 200: 1.33 % for one value, 1.65 % for
 * the whole distribution at once; k = 350: 0.77 % and 0.97 %; k = 800: 0.35 % and 0.45 %
 * (those of Apache DataSketches for its k; measured here: 1.1, 0.6 and 0.3 % for the whole). Below
 * max(k, 256) values everything is exact. A Kolmogorov–Smirnov D from two sketches errs by both
 * bounds together. Memory about 8*(4k + 3*max(k, 256)) bytes, 13 KB for k = 200 (5 KB as written),
 * and 64 bytes more each time n doubles. Adding costs O(log k) amortised.
 *
 * The coin's seed is fixed: the same values in the same order give the same sketch. */
#ifndef NCM_STATS_SKETCH_KLL_H
#define NCM_STATS_SKETCH_KLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define NCM_KLL_K       200 /* a good default */
#define NCM_KLL_K_LEAST 8
#define NCM_KLL_K_MOST  8192
/* No sketch is written longer. */
#define NCM_KLL_BYTES_MOST (4u << 20)

struct ncm_kll;
/* k: taken into NCM_KLL_K_LEAST…NCM_KLL_K_MOST. */
struct ncm_kll *ncm_kll_new(uint32_t k);
void ncm_kll_free(struct ncm_kll *s);
struct ncm_kll *ncm_kll_copy(const struct ncm_kll *s);

/* Adds numbers; what is not finite is passed over (count missing and infinite ones apart). */
void ncm_kll_add(struct ncm_kll *s, const double *values, size_t n);
/* Adds all that `from` has seen; from is unchanged. false, and nothing done, where k differs. */
bool ncm_kll_merge(struct ncm_kll *s, const struct ncm_kll *from);

/* Values added. */
uint64_t ncm_kll_count(const struct ncm_kll *s);
uint32_t ncm_kll_k(const struct ncm_kll *s);
/* Exact; NaN while nothing was added. */
double ncm_kll_min(const struct ncm_kll *s);
double ncm_kll_max(const struct ncm_kll *s);
/* The bound of a single rank at 99 %, as a share: 2.296/k^0.9723; 0 while it is exact. */
double ncm_kll_error(const struct ncm_kll *s);

/* The whole sketch as samples in ascending order with their weights, which sum to the count: what
 * ECDF walks take. Both arrays are the caller's (ncm_free); returns how many (0: both NULL). Take
 * this once for many quantiles. O(s log s) for s samples. */
size_t ncm_kll_dump(const struct ncm_kll *s, double **values, double **weights);
/* The smallest sample with at least a share q of the count at or below it; q 0 gives the minimum,
 * 1 the maximum. NaN while nothing was added or where q is outside 0…1. O(s log s). */
double ncm_kll_quantile(const struct ncm_kll *s, double q);
/* Share of values <= x: an estimate of F(x). NaN while nothing was added. O(s). */
double ncm_kll_rank(const struct ncm_kll *s, double x);

/* Appends the sketch as bytes, the same on every machine. false where out is full. */
bool ncm_kll_write(const struct ncm_kll *s, struct ncm_buf *out);
/* Reads what ncm_kll_write wrote. Any other bytes are NCM_INVALID_DATA: sizes, order and weights
 * are all checked. *out is the caller's. */
bool ncm_kll_read(const void *bytes, size_t len, struct ncm_kll **out, struct ncm_err *err);

#endif
