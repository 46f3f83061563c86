/* Any text ends in a tree within the limits or in one error; places point into the text. */
#include <stdlib.h>
#include <string.h>

#include "io/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(const struct ncm_node *n, int depth, int lines)
{
    size_t count = 1;
    if (depth > 65 || n->line < 0 || n->line > lines || n->column < 0)
        abort();
    if (n->kind == NCM_NODE_STR && strnlen(n->str, n->len) > n->len)
        abort();
    for (size_t i = 0; i < n->n; i++) {
        if ((n->kind == NCM_NODE_MAP) != (n->items[i].key != NULL))
            abort();
        if (n->kind == NCM_NODE_MAP && ncm_node_get(n, n->items[i].key) != &n->items[i])
            abort(); /* keys are unique */
        count += walk(&n->items[i], depth + 1, lines);
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ncm_doc *d;
    struct ncm_err e;
    if (!ncm_yaml_parse("fuzz", (const char *)data, size, &d, &e)) {
        if (e.code != NCM_INVALID_DATA && e.code != NCM_TOO_LARGE)
            abort();
        return 0;
    }
    if (walk(ncm_doc_root(d), 0, (int)size + 2) > 4000000)
        abort();
    ncm_doc_free(d);
    return 0;
}
