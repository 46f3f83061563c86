/* What the two parsers share; node_*.c only. */
#ifndef NCM_IO_NODE_DOC_H
#define NCM_IO_NODE_DOC_H

#include "base/mem.h"
#include "io/node.h"

#define NCM_NODE_MAX_BYTES ((size_t)64 << 20)
#define NCM_NODE_MAX_DEPTH 64
#define NCM_NODE_MAX_COUNT ((size_t)4000000)

struct ncm_doc {
    struct ncm_arena *arena;
    const struct ncm_node *root;
};

struct ncm_doc *ncm_doc_new(void);

/* One sentence for each limit; false. */
bool ncm_node_too_long(const char *name, struct ncm_err *err);
bool ncm_node_too_deep(const char *name, struct ncm_err *err);
bool ncm_node_too_many(const char *name, struct ncm_err *err);

#endif
