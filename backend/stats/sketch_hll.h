/* HyperLogLog: how many different values a stream holds, in 4 KB, mergeable. 2^12 registers over
 * 64-bit hashes; the estimate is Ertl's improved one (O. Ertl, "New cardinality estimation
 * algorithms for HyperLogLog sketches", 2017, algorithm 6), which needs no tables and no other
 * formula for small counts. Relative standard error 1.04/√4096 = 1.6 %; three of them, 4.9 %, in
 * 99.7 % of cases. The order of values does not matter at all, and a merge is exactly the sketch
 * of the union. Hashes are SplitMix64's finaliser: public, so whoever chooses the values can make
 * the count wrong, which concerns only their own column. */
#ifndef NCM_STATS_SKETCH_HLL_H
#define NCM_STATS_SKETCH_HLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define NCM_HLL_BITS      12
#define NCM_HLL_REGISTERS (1u << NCM_HLL_BITS)

/* Begin with {0}. */
struct ncm_hll {
    uint8_t rank[NCM_HLL_REGISTERS];
};

/* Adds numbers; 0 and -0 are one value. NaN and infinities are passed over. */
void ncm_hll_add(struct ncm_hll *s, const double *values, size_t n);
/* Adds a string of bytes. Numbers and strings do not belong into one sketch. O(len). */
void ncm_hll_add_bytes(struct ncm_hll *s, const char *p, size_t len);
/* s becomes the sketch of both streams. */
void ncm_hll_merge(struct ncm_hll *s, const struct ncm_hll *from);
/* Estimated number of different values; 0 for an empty sketch. O(registers). */
double ncm_hll_count(const struct ncm_hll *s);

/* Appends it as bytes, 4,100 of them. false where out is full. */
bool ncm_hll_write(const struct ncm_hll *s, struct ncm_buf *out);
/* Reads them again; other bytes are NCM_INVALID_DATA. */
bool ncm_hll_read(const void *bytes, size_t len, struct ncm_hll *out, struct ncm_err *err);

#endif
