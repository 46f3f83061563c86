#include "io/node.h"

#include <string.h>

#include "base/i18n.h"
#include "io/node_doc.h"

struct ncm_doc *ncm_doc_new(void)
{
    struct ncm_doc *d = ncm_alloc(1, sizeof *d);
    d->arena = ncm_arena_new();
    return d;
}

void ncm_doc_free(struct ncm_doc *d)
{
    if (!d)
        return;
    ncm_arena_free(d->arena);
    ncm_free(d);
}

const struct ncm_node *ncm_doc_root(const struct ncm_doc *d)
{
    return d->root;
}

bool ncm_node_too_long(const char *name, struct ncm_err *err)
{
    return ncm_fail(err, NCM_TOO_LARGE, _("%s is larger than 64 MiB"), name);
}

bool ncm_node_too_deep(const char *name, struct ncm_err *err)
{
    return ncm_fail(err, NCM_TOO_LARGE, _("%s is nested deeper than %d levels"), name,
                    NCM_NODE_MAX_DEPTH);
}

bool ncm_node_too_many(const char *name, struct ncm_err *err)
{
    return ncm_fail(err, NCM_TOO_LARGE, _("%s holds more than 4 million values"), name);
}

/* From the end: where JSON repeats a key, the last one counts, as in other readers. */
const struct ncm_node *ncm_node_get(const struct ncm_node *n, const char *key)
{
    if (!n || n->kind != NCM_NODE_MAP)
        return NULL;
    for (size_t i = n->n; i-- > 0;)
        if (strcmp(n->items[i].key, key) == 0)
            return &n->items[i];
    return NULL;
}

const char *ncm_node_str(const struct ncm_node *n, const char *key, const char *fallback)
{
    const struct ncm_node *found = ncm_node_get(n, key);
    return found && found->kind == NCM_NODE_STR ? found->str : fallback;
}

int64_t ncm_node_i64(const struct ncm_node *n, const char *key, int64_t fallback)
{
    const struct ncm_node *found = ncm_node_get(n, key);
    return found && found->kind == NCM_NODE_INT ? found->i : fallback;
}
