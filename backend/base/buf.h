/* A growable byte buffer with a maximum: hostile input ends in "too large", not in swap.
 * Invariant: p is never NULL after init and p[len] is always 0. */
#ifndef NCM_BASE_BUF_H
#define NCM_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct ncm_buf {
    char *p;
    size_t len;
    size_t cap;
    size_t max;
    bool full; /* something did not fit; what fitted is kept */
};

/* max: most bytes it may hold. Release with ncm_buf_release. */
void ncm_buf_init(struct ncm_buf *b, size_t max);
void ncm_buf_release(struct ncm_buf *b);
void ncm_buf_clear(struct ncm_buf *b);
/* All return false (and set full) once max is reached. */
bool ncm_buf_add(struct ncm_buf *b, const void *p, size_t len);
bool ncm_buf_puts(struct ncm_buf *b, const char *s);
bool ncm_buf_putc(struct ncm_buf *b, char c);
bool ncm_buf_printf(struct ncm_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Hands the memory to the caller (free with ncm_free) and empties the buffer. */
char *ncm_buf_take(struct ncm_buf *b);

#endif
