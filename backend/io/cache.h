/* What was read from outside, kept between starts: bytes and the time they were read, by key, in
 * one SQLite file of our own (mode 0600) that several programs use at once. At most 64 MiB in all
 * and 8 MiB an entry; the least recently used go first.
 *
 * Nothing here is needed for anything: there are no errors. A damaged file is thrown away and begun
 * anew; a full disk or a lock held by another program for more than a moment means that nothing is
 * kept. One thread a handle. */
#ifndef NCM_IO_CACHE_H
#define NCM_IO_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define NCM_CACHE_MOST       ((size_t)64 << 20) /* bytes of the file */
#define NCM_CACHE_ENTRY_MOST ((size_t)8 << 20)

struct ncm_cache;

/* The file is made when something is first kept. NULL (for NULL) stands for a cache that keeps
 * nothing, in all functions here. */
struct ncm_cache *ncm_cache_open(const char *path);
void ncm_cache_close(struct ncm_cache *c);
/* Appends what is kept under the key (any text; it must name the source, who asks and what) and
 * says when that was read. false: nothing, or nothing that can be trusted; out is then as it was.
 */
bool ncm_cache_get(struct ncm_cache *c, const char *key, struct ncm_buf *out, int64_t *taken_ms);
/* Keeps bytes (a copy) in place of what the key had. More than NCM_CACHE_ENTRY_MOST: nothing is
 * kept, and the old entry is dropped, since it is out of date. */
void ncm_cache_put(struct ncm_cache *c, const char *key, const void *p, size_t len,
                   int64_t taken_ms);
void ncm_cache_drop(struct ncm_cache *c, const char *key);

#endif
