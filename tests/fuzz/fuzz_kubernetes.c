/* Whatever an API server sends: {"deployments": [object, …], "pods": …}. An object is understood or
 * refused with a sentence that names its kind; of those that are understood deployments are made
 * that hold together, and again an hour later, sharing what time has no bearing on. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "model/deploy.h"
#include "provider/kubernetes/objects.h"
#include "provider/kubernetes/places.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ITEMS_MOST = 64 };

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static int compare(const void *a, const void *b)
{
    const struct k8s_object *x = *(struct k8s_object *const *)a, *y = *(struct k8s_object *const *)b;
    int c = ncm_str_compare(x->ns, y->ns);
    return c != 0 ? c : ncm_str_compare(x->name, y->name);
}

static void read_kind(struct k8s_view *v, enum k8s_kind kind, const struct ncm_node *list)
{
    size_t n = list != NULL && list->kind == NCM_NODE_LIST ? list->n : 0;
    v->items[kind] = calloc(ITEMS_MOST, sizeof *v->items[kind]);
    v->reading[kind] = list != NULL ? K8S_READ : K8S_FORBIDDEN;
    for (size_t i = 0; i < n && i < ITEMS_MOST; i++) {
        struct ncm_err err = {NCM_OK, "", "", "", 0};
        struct k8s_object *o;
        if (k8s_object_decode(kind, &list->items[i], &o, &err)) {
            v->items[kind][v->n[kind]++] = o;
        } else {
            must(err.code == NCM_INVALID_DATA && strstr(err.what, k8s_resources[kind].kind) != NULL);
        }
    }
    qsort(v->items[kind], v->n[kind], sizeof *v->items[kind], compare);
}

static void check_claims(const struct ncm_claim *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct k8s_place p;
        must(c[i].where.p != NULL && (i == 0 || c[i - 1].rule <= c[i].rule));
        if (k8s_place_of(c[i].where.p, &p)) {
            char *again = k8s_place_where(&p);
            must(strcmp(again, c[i].where.p) == 0);
            ncm_free(again);
        }
    }
}

static void check(const struct ncm_deployments_snapshot *s, int64_t now_ms)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_deployment *d = &s->items[i]->it;
        must(i == 0 || ncm_str_compare(s->items[i - 1]->it.ns, d->ns) <= 0);
        must(s->items[i]->until_ms > now_ms && ncm_health_word(d->health) != NULL);
        must(d->name.len > 0 && d->kind.len > 0 && (d->allowed & d->forbidden) == 0);
        for (size_t k = 0; k < d->n_replicas; k++) {
            must(d->replicas[k].phase.len > 0);
            must(k == 0 || d->replicas[k - 1].bad >= d->replicas[k].bad);
        }
        for (size_t k = 0; k < d->n_findings; k++) {
            must(d->findings[k].sentence.len > 0);
            must(k == 0 || d->findings[k - 1].severity >= d->findings[k].severity);
        }
        size_t stable = 0;
        for (size_t k = 0; k < d->n_traffic; k++) {
            stable += d->traffic[k].stable;
            must(!(d->traffic[k].percent < 0));
        }
        must(d->n_traffic == 0 || ncm_str_is(d->kind, "InferenceService") || stable == 1);
        check_claims(d->claims, d->n_claims);
        check_claims(d->wanted, d->n_wanted);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct k8s_view v = {.source = "lab", .cluster = "c", .who = "kim", .now_ms = 1795238626000};
    struct ncm_doc *doc;
    struct ncm_err err;
    if (!ncm_json_parse("fuzz", (const char *)data, size, &doc, &err)) {
        return 0;
    }
    for (size_t k = 0; k < K8S_N_KINDS; k++) {
        const char *key = k == K8S_USAGE ? "usage" : k8s_resources[k].plural;
        read_kind(&v, (enum k8s_kind)k, ncm_node_get(ncm_doc_root(doc), key));
    }
    ncm_doc_free(doc);
    struct ncm_deployments_snapshot *first = k8s_build(&v, NULL);
    check(first, v.now_ms);
    v.now_ms += 3600000;
    struct ncm_deployments_snapshot *second = k8s_build(&v, first);
    check(second, v.now_ms);
    must(first->n == second->n);
    ncm_snapshot_unref(first);
    ncm_snapshot_unref(second);
    for (size_t k = 0; k < K8S_N_KINDS; k++) {
        for (size_t i = 0; i < v.n[k]; i++) {
            k8s_object_drop(v.items[k][i]);
        }
        free(v.items[k]);
    }
    return 0;
}
