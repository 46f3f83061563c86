/* One tree for JSON and YAML, and the one JSON writer. The only includer of cJSON and libyaml.
 * Integers beyond 2^53 survive; bare NaN and infinities in JSON are taken (and noted). */
#ifndef NCM_IO_NODE_H
#define NCM_IO_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum ncm_node_kind {
    NCM_NODE_NULL,
    NCM_NODE_BOOL,
    NCM_NODE_INT,
    NCM_NODE_NUM,
    NCM_NODE_STR,
    NCM_NODE_LIST,
    NCM_NODE_MAP,
};

/* Immutable once parsed; owned by the document. Strings are NUL-terminated UTF-8 of len bytes. */
struct ncm_node {
    enum ncm_node_kind kind;
    bool boolean;
    int64_t i;
    double num;      /* also set for INT */
    const char *str; /* STR, and the source text of a YAML scalar of any kind */
    size_t len;
    const char *key;  /* within a MAP */
    int line, column; /* from 1; 0 where unknown (JSON) */
    int key_line, key_column;
    size_t n;                     /* LIST, MAP */
    const struct ncm_node *items; /* n of them, in document order */
};

struct ncm_doc;
const struct ncm_node *ncm_doc_root(const struct ncm_doc *d);
void ncm_doc_free(struct ncm_doc *d); /* NULL allowed */

/* name: what the text is, for messages ("config.yaml", "answer of …"). Limits: 64 MiB, depth 64,
 * 4 million nodes. Errors NCM_INVALID_DATA (YAML: "name:line:column: …"), NCM_TOO_LARGE. */
bool ncm_json_parse(const char *name, const char *p, size_t len, struct ncm_doc **out,
                    struct ncm_err *err);
bool ncm_yaml_parse(const char *name, const char *p, size_t len, struct ncm_doc **out,
                    struct ncm_err *err);

/* NULL where absent or n is not a MAP (NULL allowed). */
const struct ncm_node *ncm_node_get(const struct ncm_node *n, const char *key);
/* The string, or fallback where absent or not a string. */
const char *ncm_node_str(const struct ncm_node *n, const char *key, const char *fallback);
int64_t ncm_node_i64(const struct ncm_node *n, const char *key, int64_t fallback);

/* JSON writer: appends to a buffer; commas are put where they belong. */
struct ncm_json {
    struct ncm_buf *out;
    int depth;
    bool pretty; /* two blanks a level; false: one line */
    bool first[64];
    bool after_key;
};
void ncm_json_init(struct ncm_json *j, struct ncm_buf *out, bool pretty);
void ncm_json_obj(struct ncm_json *j);
void ncm_json_end_obj(struct ncm_json *j);
void ncm_json_arr(struct ncm_json *j);
void ncm_json_end_arr(struct ncm_json *j);
void ncm_json_key(struct ncm_json *j, const char *key);
void ncm_json_key_n(struct ncm_json *j, const char *key, size_t len);
void ncm_json_str(struct ncm_json *j, const char *s); /* NULL → null */
void ncm_json_str_n(struct ncm_json *j, const char *p, size_t len);
void ncm_json_i64(struct ncm_json *j, int64_t v);
void ncm_json_num(struct ncm_json *j, double v); /* NaN and infinities as strings */
void ncm_json_bool(struct ncm_json *j, bool v);
void ncm_json_null(struct ncm_json *j);

#endif
