/* Lists, page by page. */
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/kubernetes/cluster.h"

enum {
    PAGE = 500,
    AGAIN = 3,           /* pages that expired on the way */
    PAGES_MOST = 10000,  /* a server that never ends */
    PATIENCE_MS = 60000, /* a page of large objects over a slow line */
};

/* What the selector of the configuration narrows: what a person lists, not what belongs to it. */
static bool is_selected(enum k8s_kind kind)
{
    return kind == K8S_DEPLOYMENT || kind == K8S_STATEFULSET || kind == K8S_CRONJOB ||
           kind == K8S_INFERENCESERVICE;
}

char *k8s_list_path(enum k8s_kind kind, const char *ns, const char *selector)
{
    const struct k8s_resource *r = &k8s_resources[kind];
    struct ncm_buf path;
    ncm_buf_init(&path, 8192);
    ncm_buf_puts(&path, r->api);
    if (ns != NULL) {
        ncm_buf_puts(&path, "/namespaces/");
        ncm_http_encode(&path, ns);
    }
    ncm_buf_printf(&path, "/%s?", r->plural);
    if (selector != NULL && *selector != '\0' && is_selected(kind)) {
        ncm_buf_puts(&path, "labelSelector=");
        ncm_http_encode(&path, selector);
        ncm_buf_putc(&path, '&');
    }
    char *text = ncm_buf_take(&path);
    ncm_buf_release(&path);
    return text;
}

struct page {
    struct k8s_object **items;
    size_t n, cap;
    char *version, *next;
};

static void forget(struct page *p)
{
    for (size_t i = 0; i < p->n; i++) {
        k8s_object_drop(p->items[i]);
    }
    ncm_free(p->items);
    ncm_free(p->version);
    ncm_free(p->next);
    *p = (struct page){0};
}

/* One object that cannot be read is left out: the others are no worse for it. */
static void take(enum k8s_kind kind, const struct ncm_node *list, struct page *p)
{
    for (size_t i = 0; list != NULL && list->kind == NCM_NODE_LIST && i < list->n; i++) {
        struct k8s_object *o;
        struct ncm_err err;
        if (!k8s_object_decode(kind, &list->items[i], &o, &err)) {
            ncm_log("kubernetes: %s", err.what);
            continue;
        }
        p->items = ncm_grow(p->items, p->n, &p->cap, sizeof(struct k8s_object *));
        p->items[p->n++] = o;
    }
}

static bool next_page(struct ncm_conn *c, enum k8s_kind kind, const char *path, struct page *p,
                      const struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_buf url;
    struct ncm_doc *doc;
    ncm_buf_init(&url, 65536);
    ncm_buf_printf(&url, "%slimit=%d", path, PAGE);
    if (p->next != NULL) {
        ncm_buf_puts(&url, "&continue=");
        ncm_http_encode(&url, p->next);
    }
    const struct k8s_call call = {.path = url.p, .timeout_ms = PATIENCE_MS, .control = control};
    bool ok = k8s_call(c->client, &call, &doc, err);
    if (ok) {
        const struct ncm_node *root = doc != NULL ? ncm_doc_root(doc) : NULL;
        const struct ncm_node *meta = ncm_node_get(root, "metadata");
        const struct ncm_node *items = ncm_node_get(root, "items");
        ok = (items != NULL && (items->kind == NCM_NODE_LIST || items->kind == NCM_NODE_NULL)) ||
             ncm_fail(err, NCM_INVALID_DATA, _("%s answers with no list of %s"), c->login.server,
                      k8s_resources[kind].plural);
        take(kind, items, p);
        ncm_free(p->version);
        p->version = ncm_strdup(ncm_node_str(meta, "resourceVersion", ""));
        ncm_free(p->next);
        const char *next = ncm_node_str(meta, "continue", "");
        p->next = *next != '\0' ? ncm_strdup(next) : NULL;
        ncm_doc_free(doc);
    }
    ncm_buf_release(&url);
    return ok;
}

bool k8s_list_all(struct ncm_conn *c, enum k8s_kind kind, const char *ns, const char *selector,
                  const struct ncm_control *control, struct k8s_object ***out, size_t *n,
                  char **version, struct ncm_err *err)
{
    char *path = k8s_list_path(kind, ns, selector);
    struct page p = {0};
    bool ok = false, again = true;
    for (int i = 0; i < AGAIN && again; i++) {
        size_t pages = 0;
        forget(&p);
        do {
            ok = next_page(c, kind, path, &p, control, err);
        } while (ok && p.next != NULL && ++pages < PAGES_MOST);
        again = !ok && err->code == NCM_CONFLICT; /* the pages expired: from the start */
    }
    ncm_free(path);
    if (!ok) {
        forget(&p);
    }
    *out = p.items;
    *n = p.n;
    *version = p.version;
    ncm_free(p.next);
    return ok;
}

/* Whether it is this kind's failure alone: the server itself answered. */
static bool is_local(const struct ncm_err *err)
{
    switch (err->code) {
    case NCM_FORBIDDEN:
    case NCM_UNSUPPORTED:
    case NCM_NOT_FOUND:
    case NCM_INVALID_DATA:
    case NCM_TOO_LARGE:
    case NCM_REFUSED:
    case NCM_CONFLICT:
        return true;
    default:
        return strncmp(err->detail, "sent; HTTP", 10) == 0 && err->code != NCM_UNAUTHENTICATED;
    }
}

bool k8s_list_settle(struct k8s_cluster *c, struct k8s_shelf *s, bool ok, struct k8s_object **items,
                     size_t n, const char *version, const struct ncm_err *err)
{
    if (ok) {
        k8s_shelf_set(c, s, items, n, version);
    } else if (!is_local(err)) {
        return false;
    } else if (err->code == NCM_FORBIDDEN) {
        k8s_shelf_fail(c, s, K8S_FORBIDDEN, err->what);
    } else if (err->code == NCM_UNSUPPORTED || err->code == NCM_NOT_FOUND) {
        k8s_shelf_fail(c, s, K8S_ABSENT, NULL);
    } else {
        k8s_shelf_fail(c, s, K8S_FAILED, err->what);
    }
    return true;
}
