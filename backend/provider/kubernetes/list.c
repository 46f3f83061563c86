/* Lists, page by page. */
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/kubernetes/cluster.h"

enum {
    PAGE = 500,
    AGAIN = 3,           /* pages that expired on the way */
    PAGES_MOST = 2000,   /* a server that never ends … */
    OBJECTS_MOST = 300000, /* … or has more than fits */
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

static char *page_path(const char *path, const struct page *p)
{
    struct ncm_buf url;
    ncm_buf_init(&url, 65536);
    ncm_buf_printf(&url, "%slimit=%d", path, PAGE);
    if (p->next != NULL) {
        ncm_buf_puts(&url, "&continue=");
        ncm_http_encode(&url, p->next);
    }
    char *text = ncm_buf_take(&url);
    ncm_buf_release(&url);
    return text;
}

static bool take_page(struct ncm_conn *c, enum k8s_kind kind, struct ncm_doc *doc, struct page *p,
                      struct ncm_err *err)
{
    const struct ncm_node *root = doc != NULL ? ncm_doc_root(doc) : NULL;
    const struct ncm_node *meta = ncm_node_get(root, "metadata");
    const struct ncm_node *items = ncm_node_get(root, "items");
    if (items == NULL || (items->kind != NCM_NODE_LIST && items->kind != NCM_NODE_NULL)) {
        return ncm_fail(err, NCM_INVALID_DATA, _("%s answers with no list of %s"), c->login.server,
                        k8s_resources[kind].plural);
    }
    take(kind, items, p);
    ncm_free(p->version);
    p->version = ncm_strdup(ncm_node_str(meta, "resourceVersion", ""));
    const char *next = ncm_node_str(meta, "continue", "");
    if (p->next != NULL && strcmp(p->next, next) == 0) {
        return ncm_fail(err, NCM_INVALID_DATA, _("%s gives the same page of %s again and again"),
                        c->login.server, k8s_resources[kind].plural);
    }
    ncm_free(p->next);
    p->next = *next != '\0' ? ncm_strdup(next) : NULL;
    return true;
}

static bool next_page(struct ncm_conn *c, enum k8s_kind kind, const char *path, struct page *p,
                      const struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_doc *doc;
    char *url = page_path(path, p);
    const struct k8s_call call = {.path = url, .timeout_ms = PATIENCE_MS, .control = control};
    bool ok = k8s_call(c->client, &call, &doc, err) && take_page(c, kind, doc, p, err);
    ncm_doc_free(doc);
    ncm_free(url);
    return ok;
}

/* All pages that are left of it; where they expired on the way, all of them from the start. */
static bool all_pages(struct ncm_conn *c, struct k8s_listing *l, const char *path, struct page *p,
                      const struct ncm_control *control)
{
    bool ok = true;
    for (int i = 0; i < AGAIN; i++) {
        size_t pages = 0;
        while (ok && p->next != NULL) {
            ok = (++pages < PAGES_MOST && p->n < OBJECTS_MOST) ||
                 ncm_fail(&l->err, NCM_TOO_LARGE, _("the list of %s at %s has no end"),
                          k8s_resources[l->kind].plural, c->login.server);
            ok = ok && next_page(c, l->kind, path, p, control, &l->err);
        }
        if (ok || l->err.code != NCM_CONFLICT) {
            break;
        }
        forget(p);
        ok = next_page(c, l->kind, path, p, control, &l->err);
    }
    return ok;
}

void k8s_list_some(struct ncm_conn *c, struct k8s_listing *l, size_t n,
                   const struct ncm_control *control)
{
    struct k8s_call calls[K8S_LIST_AT_ONCE] = {{0}};
    struct ncm_doc *docs[K8S_LIST_AT_ONCE];
    struct ncm_err errs[K8S_LIST_AT_ONCE] = {{0}};
    bool ok[K8S_LIST_AT_ONCE];
    char *paths[K8S_LIST_AT_ONCE], *urls[K8S_LIST_AT_ONCE];
    const struct page none = {0};
    for (size_t i = 0; i < n; i++) {
        paths[i] = k8s_list_path(l[i].kind, l[i].ns, c->setup->selector);
        urls[i] = page_path(paths[i], &none);
        calls[i] =
            (struct k8s_call){.path = urls[i], .timeout_ms = PATIENCE_MS, .control = control};
    }
    k8s_call_all(c->client, calls, n, docs, ok, errs);
    for (size_t i = 0; i < n; i++) {
        struct page p = {0};
        l[i].err = errs[i];
        l[i].ok = ok[i] && take_page(c, l[i].kind, docs[i], &p, &l[i].err);
        ncm_doc_free(docs[i]);
        l[i].ok = l[i].ok && all_pages(c, &l[i], paths[i], &p, control);
        if (!l[i].ok) {
            forget(&p);
        }
        l[i].items = p.items;
        l[i].n = p.n;
        l[i].version = p.version;
        ncm_free(p.next);
        ncm_free(paths[i]);
        ncm_free(urls[i]);
    }
}

void k8s_listing_release(struct k8s_listing *l)
{
    for (size_t i = 0; i < l->n; i++) {
        k8s_object_drop(l->items[i]);
    }
    ncm_free(l->items);
    ncm_free(l->version);
    ncm_free(l->ns);
    *l = (struct k8s_listing){0};
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

bool k8s_list_settle(struct k8s_cluster *c, struct k8s_shelf *s, struct k8s_listing *l)
{
    const struct ncm_err *err = &l->err;
    if (l->ok) {
        k8s_shelf_set(c, s, l->items, l->n, l->version);
        l->items = NULL;
        l->n = 0;
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
