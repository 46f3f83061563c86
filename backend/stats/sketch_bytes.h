/* How the sketches are written: a word that names the kind, then numbers, least byte first. Only
 * for the sketches. */
#ifndef NCM_STATS_SKETCH_BYTES_H
#define NCM_STATS_SKETCH_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

bool ncm_put_u32(struct ncm_buf *out, uint32_t v);
bool ncm_put_u64(struct ncm_buf *out, uint64_t v);
bool ncm_put_double(struct ncm_buf *out, double v);

/* What is left to read; bad is set once something was not there, and all that is read then is 0. */
struct ncm_take {
    const unsigned char *p;
    size_t left;
    bool bad;
};
uint32_t ncm_take_u32(struct ncm_take *t);
uint64_t ncm_take_u64(struct ncm_take *t);
double ncm_take_double(struct ncm_take *t);
/* len bytes, borrowed; NULL where there are not so many. */
const unsigned char *ncm_take_bytes(struct ncm_take *t, size_t len);
/* "These bytes are no NAME sketch: WHAT." Always false. */
bool ncm_not_a_sketch(struct ncm_err *err, const char *name, const char *what);

/* Spreads the bits of a number evenly over 64: the finaliser of SplitMix64 (Steele, Lea, Flood,
 * "Fast splittable pseudorandom number generators", OOPSLA 2014). One to one. */
static inline uint64_t ncm_mix64(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

#endif
