#include "base/mem.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

void *ncm_alloc(size_t n, size_t size)
{
    if (n == 0 || size == 0)
        n = size = 1;
    void *p = calloc(n, size);
    if (!p)
        ncm_bug("out of memory: %zu x %zu bytes", n, size);
    return p;
}

void *ncm_resize(void *p, size_t n, size_t size)
{
    if (n == 0 || size == 0)
        n = size = 1;
    if (n > SIZE_MAX / size)
        ncm_bug("out of memory: %zu x %zu bytes", n, size);
    void *q = realloc(p, n * size);
    if (!q)
        ncm_bug("out of memory: %zu x %zu bytes", n, size);
    return q;
}

void ncm_free(void *p)
{
    free(p);
}

char *ncm_strdup(const char *s)
{
    return s ? ncm_strndup(s, strlen(s)) : NULL;
}

char *ncm_strndup(const char *s, size_t len)
{
    if (!s)
        return NULL;
    char *p = ncm_alloc(len + 1, 1);
    memcpy(p, s, len);
    return p;
}

char *ncm_sprintf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return ncm_strdup("");
    char *p = ncm_alloc((size_t)n + 1, 1);
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return p;
}

void *ncm_grow(void *array, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return array;
    size_t want = *cap < 8 ? 8 : *cap + *cap / 2;
    if (want <= n)
        want = n + 1;
    array = ncm_resize(array, want, size);
    *cap = want;
    return array;
}

const char *ncm_cstr(struct ncm_str s)
{
    return s.p ? s.p : "";
}

int ncm_str_eq(struct ncm_str a, struct ncm_str b)
{
    if (!a.p || !b.p)
        return !a.p && !b.p;
    return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

int ncm_str_is(struct ncm_str a, const char *b)
{
    if (!a.p || !b)
        return !a.p && !b;
    size_t len = strlen(b);
    return a.len == len && memcmp(a.p, b, len) == 0;
}

/* Blocks double up to 256 KiB, so that small snapshots stay small and large ones cheap. What does
 * not fit into half a block gets one of its own, behind the current one. */
#define FIRST_BLOCK 2048u
#define LAST_BLOCK  262144u

struct block {
    struct block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char data[];
};

struct ncm_arena {
    struct block *blocks; /* the first is the one being filled */
    size_t next_size;
    size_t taken;
};

struct ncm_arena *ncm_arena_new(void)
{
    struct ncm_arena *a = ncm_alloc(1, sizeof *a);
    a->next_size = FIRST_BLOCK;
    return a;
}

void ncm_arena_free(struct ncm_arena *a)
{
    if (!a)
        return;
    for (struct block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        ncm_free(b);
    }
    ncm_free(a);
}

static struct block *new_block(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct block))
        ncm_bug("out of memory: a block of %zu bytes", size);
    struct block *b = ncm_alloc(1, sizeof *b + size);
    b->size = size;
    return b;
}

static void *take(struct ncm_arena *a, size_t size, size_t align)
{
    a->taken += size;
    struct block *b = a->blocks;
    if (b) {
        size_t at = (b->used + align - 1) & ~(align - 1);
        if (at <= b->size && size <= b->size - at) {
            b->used = at + size;
            return b->data + at;
        }
    }
    if (size > a->next_size / 2 && b) {
        struct block *own = new_block(size);
        own->used = size;
        own->next = b->next;
        b->next = own;
        return own->data;
    }
    struct block *fresh = new_block(size > a->next_size ? size : a->next_size);
    if (a->next_size < LAST_BLOCK)
        a->next_size *= 2;
    fresh->used = size;
    fresh->next = b;
    a->blocks = fresh;
    return fresh->data;
}

void *ncm_arena_alloc(struct ncm_arena *a, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size)
        ncm_bug("out of memory: %zu x %zu bytes", n, size);
    size_t bytes = n * size;
    return take(a, bytes ? bytes : 1, alignof(max_align_t));
}

struct ncm_str ncm_arena_str(struct ncm_arena *a, const char *p, size_t len)
{
    if (!p)
        return (struct ncm_str){NULL, 0};
    char *q = take(a, len + 1, 1);
    memcpy(q, p, len);
    q[len] = '\0';
    return (struct ncm_str){q, len};
}

struct ncm_str ncm_arena_cstr(struct ncm_arena *a, const char *s)
{
    return ncm_arena_str(a, s, s ? strlen(s) : 0);
}

struct ncm_str ncm_arena_copy(struct ncm_arena *a, struct ncm_str s)
{
    return ncm_arena_str(a, s.p, s.len);
}

size_t ncm_arena_size(const struct ncm_arena *a)
{
    return a->taken;
}
