/* Memory: checked allocation (out of memory aborts; sizes from outside are capped before they get
 * here) and arenas, from which whole snapshots are built and freed in one go. */
#ifndef NCM_BASE_MEM_H
#define NCM_BASE_MEM_H

#include <stddef.h>

/* Zeroed memory for n objects of size bytes; never NULL. */
void *ncm_alloc(size_t n, size_t size);
/* Resizes an array to n objects; new part not zeroed; never NULL. */
void *ncm_resize(void *p, size_t n, size_t size);
/* Copies; NULL in, NULL out. Free with ncm_free. */
char *ncm_strdup(const char *s);
char *ncm_strndup(const char *s, size_t len);
/* printf into fresh memory; the caller frees. */
char *ncm_sprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void ncm_free(void *p);

/* Grows *array (n used, *cap slots of size bytes) so that one more fits. */
void *ncm_grow(void *array, size_t n, size_t *cap, size_t size);

/* Text with its length: raw bytes as the store holds them, always followed by a NUL that is not
 * counted. p is NULL only where the value is absent (NULL in the store). */
struct ncm_str {
    const char *p;
    size_t len;
};

/* A string or "" where absent. */
const char *ncm_cstr(struct ncm_str s);
/* Byte equality; two absent ones are equal. */
int ncm_str_eq(struct ncm_str a, struct ncm_str b);
int ncm_str_is(struct ncm_str a, const char *b);

struct ncm_arena;
struct ncm_arena *ncm_arena_new(void);
/* Frees everything taken from it. NULL is allowed. */
void ncm_arena_free(struct ncm_arena *a);
/* Zeroed, aligned for any type; lives until the arena is freed. */
void *ncm_arena_alloc(struct ncm_arena *a, size_t n, size_t size);
struct ncm_str ncm_arena_str(struct ncm_arena *a, const char *p, size_t len);
/* As above from a C string; NULL gives an absent string. */
struct ncm_str ncm_arena_cstr(struct ncm_arena *a, const char *s);
/* A copy of a string; of an absent one an absent one. */
struct ncm_str ncm_arena_copy(struct ncm_arena *a, struct ncm_str s);
/* Bytes taken so far, for size limits. */
size_t ncm_arena_size(const struct ncm_arena *a);

#endif
