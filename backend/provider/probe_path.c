/* ".a.b[0].c": where in a server's JSON the version stands. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "provider/probe_inside.h"

/* The member or item that the next step names; *path moves on. NULL where there is none. */
static const struct ncm_node *step(const struct ncm_node *n, const char **path)
{
    const char *p = *path;
    if (*p == '[') {
        char digits[12] = "";
        size_t len = strcspn(p + 1, "]");
        int64_t i;
        if (p[1 + len] != ']' || len >= sizeof digits) {
            return NULL;
        }
        memcpy(digits, p + 1, len);
        *path = p + len + 2;
        bool in =
            ncm_parse_i64(digits, &i) && n->kind == NCM_NODE_LIST && i >= 0 && (size_t)i < n->n;
        return in ? &n->items[i] : NULL;
    }
    p += *p == '.' ? 1 : 0;
    size_t len = strcspn(p, ".[");
    char *key = ncm_strndup(p, len);
    *path = p + len;
    n = len > 0 ? ncm_node_get(n, key) : NULL;
    ncm_free(key);
    return n;
}

bool ncm_probe_at_path(const struct ncm_node *root, const char *path, struct ncm_arena *a,
                       struct ncm_str *out)
{
    char text[40];
    const struct ncm_node *n = root;
    while (n != NULL && *path != '\0') {
        n = step(n, &path);
    }
    if (n == NULL) {
        return false;
    }
    switch (n->kind) {
    case NCM_NODE_STR:
        *out = ncm_arena_str(a, n->str, n->len);
        return n->len > 0;
    case NCM_NODE_INT:
        snprintf(text, sizeof text, "%lld", (long long)n->i);
        break;
    case NCM_NODE_NUM:
        ncm_fmt_exact(text, sizeof text, n->num);
        break;
    default:
        return false;
    }
    *out = ncm_arena_cstr(a, text);
    return true;
}
