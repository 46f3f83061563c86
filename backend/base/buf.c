#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void ncm_buf_init(struct ncm_buf *b, size_t max)
{
    b->cap = max < 64 ? max + 1 : 64;
    b->p = ncm_alloc(b->cap, 1);
    b->len = 0;
    b->max = max;
    b->full = false;
}

void ncm_buf_release(struct ncm_buf *b)
{
    ncm_free(b->p);
    *b = (struct ncm_buf){0};
}

void ncm_buf_clear(struct ncm_buf *b)
{
    b->len = 0;
    b->p[0] = '\0';
    b->full = false;
}

/* Makes room for more bytes and the final 0; false where that would pass the maximum. */
static bool reserve(struct ncm_buf *b, size_t more)
{
    if (more > b->max - b->len) {
        b->full = true;
        return false;
    }
    size_t need = b->len + more + 1;
    if (need <= b->cap)
        return true;
    size_t cap = b->cap > b->max / 2 ? b->max + 1 : b->cap * 2;
    if (cap < need)
        cap = need;
    b->p = ncm_resize(b->p, cap, 1);
    b->cap = cap;
    return true;
}

bool ncm_buf_add(struct ncm_buf *b, const void *p, size_t len)
{
    if (b->full)
        return false;
    if (!reserve(b, len)) {
        /* Keep what fits: a cut preview is better than none. */
        size_t room = b->max - b->len;
        b->full = false;
        if (room > 0 && reserve(b, room)) {
            memcpy(b->p + b->len, p, room);
            b->len += room;
            b->p[b->len] = '\0';
        }
        b->full = true;
        return false;
    }
    if (len > 0)
        memcpy(b->p + b->len, p, len);
    b->len += len;
    b->p[b->len] = '\0';
    return true;
}

bool ncm_buf_puts(struct ncm_buf *b, const char *s)
{
    return ncm_buf_add(b, s, strlen(s));
}

bool ncm_buf_putc(struct ncm_buf *b, char c)
{
    if (b->full)
        return false;
    if (b->len + 1 < b->cap && b->len < b->max) {
        b->p[b->len++] = c;
        b->p[b->len] = '\0';
        return true;
    }
    return ncm_buf_add(b, &c, 1);
}

bool ncm_buf_printf(struct ncm_buf *b, const char *fmt, ...)
{
    char small[256];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n < 0)
        return false;
    if ((size_t)n < sizeof small)
        return ncm_buf_add(b, small, (size_t)n);
    char *big = ncm_alloc((size_t)n + 1, 1);
    va_start(ap, fmt);
    vsnprintf(big, (size_t)n + 1, fmt, ap);
    va_end(ap);
    bool ok = ncm_buf_add(b, big, (size_t)n);
    ncm_free(big);
    return ok;
}

char *ncm_buf_take(struct ncm_buf *b)
{
    char *p = b->p;
    ncm_buf_init(b, b->max);
    return p;
}
