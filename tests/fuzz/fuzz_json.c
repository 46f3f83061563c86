/* What the parser takes, the writer writes and the parser takes again, to the same tree. */
#include <stdlib.h>
#include <string.h>

#include "io/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_node(struct ncm_json *j, const struct ncm_node *n)
{
    switch (n->kind) {
    case NCM_NODE_NULL:
        ncm_json_null(j);
        break;
    case NCM_NODE_BOOL:
        ncm_json_bool(j, n->boolean);
        break;
    case NCM_NODE_INT:
        ncm_json_i64(j, n->i);
        break;
    case NCM_NODE_NUM:
        ncm_json_num(j, n->num);
        break;
    case NCM_NODE_STR:
        ncm_json_str_n(j, n->str, n->len);
        break;
    case NCM_NODE_LIST:
        ncm_json_arr(j);
        for (size_t i = 0; i < n->n; i++)
            write_node(j, &n->items[i]);
        ncm_json_end_arr(j);
        break;
    case NCM_NODE_MAP:
        ncm_json_obj(j);
        for (size_t i = 0; i < n->n; i++) {
            ncm_json_key(j, n->items[i].key);
            write_node(j, &n->items[i]);
        }
        ncm_json_end_obj(j);
        break;
    }
}

static void write_doc(struct ncm_buf *out, const struct ncm_doc *d, bool pretty)
{
    struct ncm_json j;
    ncm_json_init(&j, out, pretty);
    write_node(&j, ncm_doc_root(d));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ncm_doc *d, *again;
    struct ncm_err e;
    if (!ncm_json_parse("fuzz", (const char *)data, size, &d, &e)) {
        if (e.code != NCM_INVALID_DATA && e.code != NCM_TOO_LARGE)
            abort();
        return 0;
    }
    struct ncm_buf a, b;
    ncm_buf_init(&a, SIZE_MAX / 4);
    ncm_buf_init(&b, SIZE_MAX / 4);
    write_doc(&a, d, true);
    if (!ncm_json_parse("again", a.p, a.len, &again, &e))
        abort();
    write_doc(&b, again, true);
    if (a.len != b.len || memcmp(a.p, b.p, a.len) != 0)
        abort();
    ncm_buf_clear(&b);
    write_doc(&b, d, false);
    if (memchr(b.p, '\n', b.len))
        abort();
    ncm_buf_release(&a);
    ncm_buf_release(&b);
    ncm_doc_free(again);
    ncm_doc_free(d);
    return 0;
}
