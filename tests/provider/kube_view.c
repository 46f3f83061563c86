#include "provider/kube_view.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/num.h"
#include "model/snapshot.h"

struct kube *kube_new(const char *at)
{
    struct kube *k = ncm_alloc(1, sizeof *k);
    for (size_t i = 0; i < K8S_N_KINDS; i++) {
        k->view.reading[i] = K8S_READ;
    }
    k->view.source = "lab";
    k->view.cluster = "test";
    k->view.who = "kim";
    k->view.server = "Kubernetes v1.36.3";
    kube_at(k, at);
    return k;
}

void kube_at(struct kube *k, const char *at)
{
    assert_true(ncm_parse_time(at, 0, &k->view.now_ms));
}

static void forget(struct kube *k, enum k8s_kind kind, size_t i)
{
    k8s_object_drop(k->view.items[kind][i]);
    ncm_free(k->json[kind][i]);
    for (size_t n = --k->view.n[kind]; i < n; i++) {
        k->view.items[kind][i] = k->view.items[kind][i + 1];
        k->json[kind][i] = k->json[kind][i + 1];
    }
}

void kube_free(struct kube *k)
{
    for (size_t kind = 0; kind < K8S_N_KINDS; kind++) {
        while (k->view.n[kind] > 0) {
            forget(k, (enum k8s_kind)kind, k->view.n[kind] - 1);
        }
        ncm_free(k->view.items[kind]);
        ncm_free(k->json[kind]);
    }
    ncm_snapshot_unref(k->now);
    ncm_snapshot_unref(k->before);
    ncm_free(k);
}

/* ---- texts ----------------------------------------------------------------------------------- */

char *kube_file(const char *file)
{
    char path[256], block[4096];
    struct ncm_buf b;
    snprintf(path, sizeof path, "tests/fixtures/kubernetes/%s.gz", file);
    gzFile f = gzopen(path, "rb");
    if (f == NULL) {
        fail_msg("%s is missing", path);
    }
    ncm_buf_init(&b, 1 << 24);
    for (int n; (n = gzread(f, block, sizeof block)) > 0;) {
        ncm_buf_add(&b, block, (size_t)n);
    }
    gzclose(f);
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

static struct ncm_doc *parse(const char *text)
{
    struct ncm_doc *doc;
    struct ncm_err err;
    char *json = ncm_strdup(text);
    for (char *p = json; strchr(text, '"') == NULL && *p != '\0'; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    if (!ncm_json_parse("test", json, strlen(json), &doc, &err)) {
        fail_msg("%s: %s", err.what, text);
    }
    ncm_free(json);
    return doc;
}

static void write_node(struct ncm_json *j, const struct ncm_node *n);

/* a with b laid over it; b may be NULL. */
static void write_merged(struct ncm_json *j, const struct ncm_node *a, const struct ncm_node *b)
{
    ncm_json_obj(j);
    for (size_t i = 0; a != NULL && a->kind == NCM_NODE_MAP && i < a->n; i++) {
        const struct ncm_node *over = ncm_node_get(b, a->items[i].key);
        if (over != NULL && over->kind == NCM_NODE_NULL) {
            continue;
        }
        ncm_json_key(j, a->items[i].key);
        if (over != NULL && over->kind == NCM_NODE_MAP) {
            write_merged(j, &a->items[i], over);
        } else {
            write_node(j, over != NULL ? over : &a->items[i]);
        }
    }
    for (size_t i = 0; b != NULL && i < b->n; i++) {
        if (ncm_node_get(a, b->items[i].key) == NULL && b->items[i].kind != NCM_NODE_NULL) {
            ncm_json_key(j, b->items[i].key);
            write_node(j, &b->items[i]);
        }
    }
    ncm_json_end_obj(j);
}

static void write_node(struct ncm_json *j, const struct ncm_node *n)
{
    switch (n->kind) {
    case NCM_NODE_NULL:
        ncm_json_null(j);
        return;
    case NCM_NODE_BOOL:
        ncm_json_bool(j, n->boolean);
        return;
    case NCM_NODE_INT:
        ncm_json_i64(j, n->i);
        return;
    case NCM_NODE_NUM:
        ncm_json_num(j, n->num);
        return;
    case NCM_NODE_STR:
        ncm_json_str_n(j, n->str, n->len);
        return;
    case NCM_NODE_LIST:
        ncm_json_arr(j);
        for (size_t i = 0; i < n->n; i++) {
            write_node(j, &n->items[i]);
        }
        ncm_json_end_arr(j);
        return;
    case NCM_NODE_MAP:
        write_merged(j, n, NULL);
        return;
    }
}

static char *merged(const struct ncm_node *a, const struct ncm_node *b)
{
    struct ncm_buf out;
    struct ncm_json j;
    ncm_buf_init(&out, 1 << 22);
    ncm_json_init(&j, &out, false);
    write_merged(&j, a, b);
    char *text = ncm_buf_take(&out);
    ncm_buf_release(&out);
    return text;
}

/* ---- objects --------------------------------------------------------------------------------- */

static int compare(const struct k8s_object *a, const struct k8s_object *b)
{
    int c = ncm_str_compare(a->ns, b->ns);
    return c != 0 ? c : ncm_str_compare(a->name, b->name);
}

static void put_node(struct kube *k, enum k8s_kind kind, const struct ncm_node *n)
{
    struct k8s_object *o;
    struct ncm_err err;
    struct k8s_view *v = &k->view;
    if (!k8s_object_decode(kind, n, &o, &err)) {
        fail_msg("%s", err.what);
    }
    size_t i = 0;
    while (i < v->n[kind] && compare(v->items[kind][i], o) < 0) {
        i++;
    }
    if (i < v->n[kind] && compare(v->items[kind][i], o) == 0) {
        forget(k, kind, i);
    }
    size_t many = v->n[kind] + 1;
    v->items[kind] = ncm_resize(v->items[kind], many, sizeof *v->items[kind]);
    k->json[kind] = ncm_resize(k->json[kind], many, sizeof *k->json[kind]);
    for (size_t at = v->n[kind]; at > i; at--) {
        v->items[kind][at] = v->items[kind][at - 1];
        k->json[kind][at] = k->json[kind][at - 1];
    }
    v->items[kind][i] = o;
    k->json[kind][i] = merged(n, NULL);
    v->n[kind] = many;
}

void kube_put(struct kube *k, enum k8s_kind kind, const char *json)
{
    struct ncm_doc *doc = parse(json);
    put_node(k, kind, ncm_doc_root(doc));
    ncm_doc_free(doc);
}

void kube_load(struct kube *k, enum k8s_kind kind, const char *file)
{
    char *text = kube_file(file);
    struct ncm_doc *doc = parse(text);
    const struct ncm_node *items = ncm_node_get(ncm_doc_root(doc), "items");
    for (size_t i = 0; items != NULL && i < items->n; i++) {
        put_node(k, kind, &items->items[i]);
    }
    if (items == NULL) {
        put_node(k, kind, ncm_doc_root(doc));
    }
    ncm_doc_free(doc);
    ncm_free(text);
}

struct kube *kube_demo(void)
{
    struct kube *k = kube_new("2026-11-21T05:23:46Z");
    kube_load(k, K8S_DEPLOYMENT, "deployments_list.json");
    kube_load(k, K8S_REPLICASET, "replicasets_list.json");
    kube_load(k, K8S_POD, "pods_list.json");
    kube_load(k, K8S_SERVICE, "services_list.json");
    kube_load(k, K8S_ENDPOINTSLICE, "endpointslices_list.json");
    kube_load(k, K8S_HPA, "hpa_list.json");
    kube_load(k, K8S_EVENT, "events_list.json");
    return k;
}

static bool named(const struct k8s_object *o, const char *name)
{
    size_t n = strlen(name);
    return name[n - 1] == '*' ? strncmp(o->name.p, name, n - 1) == 0 : strcmp(o->name.p, name) == 0;
}

void kube_patch(struct kube *k, enum k8s_kind kind, const char *name, const char *patch)
{
    struct ncm_doc *over = parse(patch);
    bool found = false;
    for (size_t i = 0; i < k->view.n[kind]; i++) {
        if (named(k->view.items[kind][i], name)) {
            struct ncm_doc *is = parse(k->json[kind][i]);
            char *text = merged(ncm_doc_root(is), ncm_doc_root(over));
            kube_put(k, kind, text);
            ncm_doc_free(is);
            ncm_free(text);
            found = true;
        }
    }
    ncm_doc_free(over);
    assert_true(found);
}

void kube_drop(struct kube *k, enum k8s_kind kind, const char *name)
{
    bool found = false;
    for (size_t i = k->view.n[kind]; i-- > 0;) {
        if (named(k->view.items[kind][i], name)) {
            forget(k, kind, i);
            found = true;
        }
    }
    assert_true(found);
}

void kube_watch(struct kube *k, enum k8s_kind kind, const char *line)
{
    struct ncm_doc *doc = parse(line);
    const struct ncm_node *object = ncm_node_get(ncm_doc_root(doc), "object");
    const char *type = ncm_node_str(ncm_doc_root(doc), "type", "");
    if (strcmp(type, "DELETED") == 0) {
        kube_drop(k, kind, ncm_node_str(ncm_node_get(object, "metadata"), "name", ""));
    } else if (strcmp(type, "BOOKMARK") != 0) {
        put_node(k, kind, object);
    }
    ncm_doc_free(doc);
}

/* ---- what comes of it ------------------------------------------------------------------------ */

const struct ncm_deployments_snapshot *kube_build(struct kube *k)
{
    ncm_snapshot_unref(k->before);
    k->before = k->now;
    k->now = k8s_build(&k->view, k->before);
    return k->now;
}

const struct ncm_deployment *kube_get(struct kube *k, const char *name)
{
    bool ambiguous;
    const struct ncm_deployment *d = ncm_deployments_find(k->now, name, NULL, &ambiguous);
    if (d == NULL) {
        fail_msg("there is no %s", name);
    }
    return d;
}

const char *kube_health(struct kube *k, const char *name)
{
    kube_build(k);
    return ncm_health_word(kube_get(k, name)->health);
}

const struct ncm_deploy_finding *kube_finding(const struct ncm_deployment *d, const char *kind)
{
    for (size_t i = 0; i < d->n_findings; i++) {
        if (ncm_str_is(d->findings[i].kind, kind)) {
            return &d->findings[i];
        }
    }
    return NULL;
}

const char *kube_split(const struct ncm_deployment *d)
{
    static char out[1024];
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < d->n_traffic; i++) {
        const struct ncm_traffic *t = &d->traffic[i];
        char percent[32];
        snprintf(percent, sizeof percent, isnan(t->percent) ? "?" : "%g", t->percent);
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%s %s%s %s", n > 0 ? "; " : "",
                              ncm_cstr(t->target), percent, t->stable ? " stable" : "",
                              ncm_health_word(t->health));
        assert_true(n < sizeof out);
    }
    return out;
}
