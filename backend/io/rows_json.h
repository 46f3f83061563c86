/* One line of JSON Lines, read in one pass and flattened as it is read. RFC 8259 strictly, but that
 * bare NaN, Infinity and -Infinity are numbers. This is the one place besides io/node that reads
 * JSON: logs are read at the speed of the disk, and a tree for each line would take ten times it.
 */
#ifndef NCM_IO_ROWS_JSON_H
#define NCM_IO_ROWS_JSON_H

#include "io/rows_inside.h"

#define ROWS_MAX_DEPTH 16  /* of objects that are flattened */
#define ROWS_MAX_ARRAY 256 /* elements of an array that is */

/* ---- keys: a tree of the paths that were seen. Rows mostly have the same keys in the same order,
 * so that the next one is guessed and rarely looked up. ---- */

struct rows_key {
    char *name; /* unescaped; of an array's element "[3]" */
    uint32_t len;
    bool element;
    uint32_t parent, first, last, next; /* 0: none */
    int32_t column;                     /* -1: none yet */
};

struct rows_keys {
    struct rows_key *all; /* [0] is the root */
    size_t n, cap;
    struct ncm_map *by_name; /* parent, kind and name */
};

struct rows_keys *ncm_rows_keys_new(void);
void ncm_rows_keys_free(struct rows_keys *k); /* NULL allowed */
/* The child of that name, made where there is none; 0 where there are too many. */
uint32_t ncm_rows_keys_child(struct rows_keys *k, uint32_t parent, const char *name, size_t len,
                             bool element);
/* "a.b[0].c"; the caller frees. */
char *ncm_rows_keys_path(const struct rows_keys *k, uint32_t key);

/* ---- values ---- */

struct rows_value {
    struct ncm_field f; /* a string as it is written where escaped is set */
    uint32_t key;
    bool escaped;
};

struct rows_json {
    struct rows_keys *keys;
    struct rows_value *values;
    size_t n, cap;
    int64_t left_out; /* values for which there was no key any more */
    const char *p;    /* where reading stands; at a fault: where that is */
    const char *why;  /* the fault, translated */
    struct ncm_buf name;
    bool has_pending;       /* values are a row that did not fit */
    int64_t pending_line;   /* on which it begins */
    int64_t pending_offset; /* in the decompressed bytes */
};

/* Reads the object at p and adds its values; what follows it must be a line end or NUL, which also
 * has to end any text. false: not JSON, why says more. */
bool ncm_rows_json_object(struct rows_json *j, const char *p);
/* Adds one value. */
void ncm_rows_json_add(struct rows_json *j, uint32_t key, enum ncm_field_kind kind, const char *p,
                       size_t len, bool escaped);
/* Escapes to what they stand for, in place or to somewhere before; the length. A lone surrogate
 * becomes U+FFFD. */
size_t ncm_rows_json_unescape(char *to, const char *from, size_t len);

#endif
