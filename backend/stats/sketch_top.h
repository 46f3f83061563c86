/* The heavy categories of a stream in bounded memory, mergeable: Misra–Gries counters (Misra and
 * Gries, "Finding repeated elements", 1982; merging: Agarwal et al., "Mergeable summaries",
 * PODS 2012). Exact while no more than `most` categories were seen. Beyond that every count is too
 * low by at most ncm_top_error, which is at most total/(most+1), and a category that is not held
 * has no more rows than that. Memory: 2*most counters and their strings. O(1) amortised. */
#ifndef NCM_STATS_SKETCH_TOP_H
#define NCM_STATS_SKETCH_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define NCM_TOP_MOST       10000 /* a good default */
#define NCM_TOP_MOST_LIMIT 100000
/* A longer string is counted in the total and, whole, in the error, but not held. */
#define NCM_TOP_KEY_MOST 4096

struct ncm_top;
/* most: counters; taken into 1…NCM_TOP_MOST_LIMIT. */
struct ncm_top *ncm_top_new(uint32_t most);
void ncm_top_free(struct ncm_top *s);

/* Adds a category `rows` times. Its bytes are copied and may hold anything. */
void ncm_top_add(struct ncm_top *s, const char *p, size_t len, uint64_t rows);
/* Adds all that `from` has seen; from may have another capacity, and must not be s. */
void ncm_top_merge(struct ncm_top *s, const struct ncm_top *from);

uint64_t ncm_top_total(const struct ncm_top *s);
/* Most rows that any count misses; 0: all counts are exact. */
uint64_t ncm_top_error(const struct ncm_top *s);
/* Rows of a category, at least; 0 where it is not held. */
uint64_t ncm_top_count(const struct ncm_top *s, const char *p, size_t len);

struct ncm_top_entry {
    const char *p; /* borrowed until the sketch is changed; ended by a NUL that is not counted */
    size_t len;
    uint64_t rows;
};
/* The at most n heaviest, most rows first, then by bytes. O(most log most). Returns how many. */
size_t ncm_top_list(const struct ncm_top *s, struct ncm_top_entry *out, size_t n);

/* Appends it as bytes. false where out is full. */
bool ncm_top_write(const struct ncm_top *s, struct ncm_buf *out);
/* Reads them again; other bytes are NCM_INVALID_DATA. *out is the caller's. */
bool ncm_top_read(const void *bytes, size_t len, struct ncm_top **out, struct ncm_err *err);

#endif
