/* What a template says about its model: labels, variables, arguments, URIs, images. */
#include <stdlib.h>
#include <string.h>

#include "model/serving.h"
#include "provider/kubernetes/places.h"
#include "provider/kubernetes/scene.h"

enum { CLAIMS_MOST = 64 };

struct claims {
    struct ncm_arena *a;
    struct ncm_claim *items;
    size_t n, cap;
    int64_t since_ms;
};

static void add(struct claims *c, enum ncm_claim_place as, struct k8s_place *at, struct ncm_str key,
                struct ncm_str text)
{
    struct ncm_claim one;
    if (c->n == c->cap || text.len == 0 || key.len >= K8S_PLACE_MOST ||
        !ncm_claim_of(c->a, as, key.p, text.p, &one)) {
        return;
    }
    memcpy(at->key, ncm_cstr(key), key.len);
    at->key[key.len] = '\0';
    char *where = k8s_place_where(at);
    one.where = ncm_arena_cstr(c->a, where);
    one.since_ms = c->since_ms;
    ncm_free(where);
    c->items[c->n++] = one;
}

/* An annotation says something by its key, or by being a URI as a whole: what is written for people
 * ("promote models:/churn/7 after the outage", change-cause) is history. */
static bool is_prose(enum k8s_place_kind kind, const struct ncm_kv *kv)
{
    bool label = kind == K8S_PLACE_LABEL || kind == K8S_PLACE_OWN_LABEL;
    return !label && (strchr(ncm_cstr(kv->value), ' ') != NULL ||
                      ncm_str_is(kv->key, "kubernetes.io/change-cause"));
}

static void add_labels(struct claims *c, enum k8s_place_kind kind, const struct ncm_kv *kv,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct k8s_place at = {.kind = kind};
        if (!is_prose(kind, &kv[i])) {
            add(c, NCM_PLACE_LABEL, &at, kv[i].key, kv[i].value);
        }
    }
}

static void add_container(struct claims *c, const struct k8s_container *from)
{
    static const struct ncm_str none = {NULL, 0};
    struct k8s_place at = {.init = from->init};
    if (from->name.len >= K8S_PLACE_MOST) {
        return;
    }
    memcpy(at.container, ncm_cstr(from->name), from->name.len);
    at.kind = K8S_PLACE_ENV;
    for (size_t i = 0; i < from->n_env; i++) {
        add(c, NCM_PLACE_ENV, &at, from->env[i].key, from->env[i].value);
    }
    at.kind = K8S_PLACE_ARG;
    for (size_t i = 0; i < from->n_args; i++) {
        at.index = i;
        add(c, NCM_PLACE_ARG, &at, none, from->args[i]);
    }
    at.kind = K8S_PLACE_COMMAND;
    for (size_t i = 0; i < from->n_command; i++) {
        at.index = i;
        add(c, NCM_PLACE_ARG, &at, none, from->command[i]);
    }
    if (!from->init) {
        at.kind = K8S_PLACE_IMAGE;
        add(c, NCM_PLACE_IMAGE, &at, none, from->image);
    }
}

static void add_template(struct claims *c, const struct k8s_template *t)
{
    add_labels(c, K8S_PLACE_LABEL, t->labels, t->n_labels);
    add_labels(c, K8S_PLACE_ANNOTATION, t->annotations, t->n_annotations);
    for (size_t i = 0; i < t->n_containers; i++) {
        add_container(c, &t->containers[i]);
    }
}

static void add_isvc(struct claims *c, const struct k8s_isvc *x)
{
    struct k8s_place at = {.kind = K8S_PLACE_STORAGE_URI};
    struct ncm_claim one;
    /* Not through add: the key of the place is the framework, that of the text its field. */
    if (x->storage_uri.len > 0 &&
        ncm_claim_of(c->a, NCM_PLACE_URI, "storageUri", x->storage_uri.p, &one)) {
        memcpy(at.key, ncm_cstr(x->framework), x->framework.len);
        char *where = k8s_place_where(&at);
        one.where = ncm_arena_cstr(c->a, where);
        one.since_ms = c->since_ms;
        ncm_free(where);
        c->items[c->n++] = one;
    }
    for (size_t i = 0; i < x->template.n_containers; i++) {
        add_container(c, &x->template.containers[i]);
    }
}

/* The object's own labels say nothing where the template has the same: that is what is made into
 * pods and goes back with a rollback, while the object keeps the words of before. */
static void add_own_of(struct claims *c, enum k8s_place_kind kind, const struct k8s_head *h,
                       const struct k8s_template *t)
{
    bool labels = kind == K8S_PLACE_OWN_LABEL;
    const struct ncm_kv *kv = labels ? h->labels : h->annotations;
    size_t n = labels ? h->n_labels : h->n_annotations;
    for (size_t i = 0; i < n; i++) {
        if (ncm_kv_find(t->labels, t->n_labels, kv[i].key.p) == NULL &&
            ncm_kv_find(t->annotations, t->n_annotations, kv[i].key.p) == NULL) {
            add_labels(c, kind, &kv[i], 1);
        }
    }
}

static void add_own(struct claims *c, const struct k8s_head *h, const struct k8s_template *t)
{
    add_own_of(c, K8S_PLACE_OWN_LABEL, h, t);
    add_own_of(c, K8S_PLACE_OWN_ANNOTATION, h, t);
}

/* By rule; within a rule statements before guesses, those that name a version first; then as they
 * were found. */
static bool goes_before(const struct ncm_claim *a, const struct ncm_claim *b)
{
    if (a->rule != b->rule) {
        return a->rule < b->rule;
    }
    if (a->guess != b->guess) {
        return b->guess;
    }
    return a->version.len > 0 && b->version.len == 0;
}

static void sort(struct claims *c)
{
    for (size_t i = 1; i < c->n; i++) {
        struct ncm_claim one = c->items[i];
        size_t k = i;
        for (; k > 0 && goes_before(&one, &c->items[k - 1]); k--) {
            c->items[k] = c->items[k - 1];
        }
        c->items[k] = one;
    }
}

static struct claims begin(struct ncm_arena *a, int64_t since_ms)
{
    return (struct claims){a, ncm_arena_alloc(a, CLAIMS_MOST + 1, sizeof(struct ncm_claim)), 0,
                           CLAIMS_MOST, since_ms};
}

struct ncm_str k8s_template_image(const struct k8s_template *t)
{
    return t->n_containers > 0 ? t->containers[0].image : (struct ncm_str){NULL, 0};
}

void k8s_template_model(struct ncm_arena *a, const struct k8s_template *t, struct ncm_str *model,
                        struct ncm_str *version)
{
    struct claims c = begin(a, NCM_NO_TIME);
    struct ncm_verdict_version is;
    add_template(&c, t);
    sort(&c);
    ncm_claims_decide(c.items, c.n, NULL, 0, &is);
    *model = is.model;
    *version = is.version;
}

/* ---- what serves, and what is wanted --------------------------------------------------------- */

static const struct k8s_template *wanted_template(const struct k8s_unit *u)
{
    return u->set != NULL    ? &u->set->template
           : u->job != NULL  ? &u->job->template
           : u->cron != NULL ? &u->cron->template
                             : &u->isvc->template;
}

/* The ReplicaSet that serves: with most ready pods, else with most pods; NULL: none, or the wanted
 * template as far as can be told. */
static const struct k8s_workload *serving_set(const struct k8s_unit *u)
{
    if (u->serving != NULL) {
        return u->serving;
    }
    const struct k8s_workload *most = NULL;
    for (size_t i = 0; i < u->n_sets; i++) {
        if (u->sets[i]->total > (most != NULL ? most->total : 0)) {
            most = u->sets[i];
        }
    }
    return most;
}

static bool serves_it(const struct k8s_unit *u, const struct k8s_seen *p,
                      const struct k8s_workload *set)
{
    return p->live && p->pod->ready && (set == NULL || p->set == set || p->set == NULL) &&
           u->kind != K8S_CRONJOB;
}

static int64_t serving_since(const struct k8s_unit *u, const struct k8s_workload *set)
{
    int64_t newest = NCM_NO_TIME;
    for (size_t i = 0; i < u->n_pods; i++) {
        const struct k8s_seen *p = &u->pods[i];
        if (serves_it(u, p, set) && p->pod->head.created_ms > newest) {
            newest = p->pod->head.created_ms;
        }
    }
    return newest;
}

/* Where ReplicaSets cannot be read: whether a ready pod runs another image than the template's. */
static struct ncm_str other_image(const struct k8s_unit *u)
{
    struct ncm_str wanted = k8s_template_image(wanted_template(u));
    for (size_t i = 0; i < u->n_pods && u->n_sets == 0 && u->isvc == NULL; i++) {
        const struct k8s_seen *p = &u->pods[i];
        if (serves_it(u, p, NULL) && p->pod->n_containers > 0 &&
            !ncm_str_eq(p->pod->containers[0].image, wanted)) {
            return p->pod->containers[0].image;
        }
    }
    return (struct ncm_str){NULL, 0};
}

static bool same_claims(const struct claims *a, const struct claims *b)
{
    for (size_t i = 0; i < a->n && a->n == b->n; i++) {
        if (!ncm_str_eq(a->items[i].text, b->items[i].text) ||
            !ncm_str_eq(a->items[i].where, b->items[i].where)) {
            return false;
        }
    }
    return a->n == b->n;
}

static void add_wanted(struct claims *c, const struct k8s_unit *u)
{
    if (u->isvc != NULL) {
        add_isvc(c, u->isvc);
        add_own(c, u->head, &u->isvc->template);
    } else {
        add_template(c, wanted_template(u));
        add_own(c, u->head, wanted_template(u));
    }
}

/* The revision that has most of the traffic where that is not the wanted one; absent: it is. */
static struct ncm_str other_revision(const struct k8s_isvc *x)
{
    const struct k8s_share *most = NULL;
    for (size_t i = 0; i < x->n_traffic; i++) {
        most = most == NULL || x->traffic[i].percent > most->percent ? &x->traffic[i] : most;
    }
    struct ncm_str is = most != NULL ? most->revision : x->ready;
    bool same = x->raw || x->created.len == 0 || ncm_str_eq(is, x->created);
    return same ? (struct ncm_str){NULL, 0} : is;
}

/* What the pods of a revision were told. */
static void add_pod(struct claims *c, const struct k8s_unit *u, struct ncm_str revision)
{
    for (size_t i = 0; i < u->n_pods; i++) {
        const struct k8s_pod *p = u->pods[i].pod;
        if (ncm_str_eq(p->service_revision, revision) && !p->head.deleting) {
            for (size_t k = 0; k < p->n_containers; k++) {
                add_container(c, &p->containers[k]);
            }
            return;
        }
    }
}

void k8s_revision_model(const struct k8s_unit *u, struct ncm_arena *a, struct ncm_str revision,
                        struct ncm_str *model, struct ncm_str *version)
{
    struct claims c = begin(a, NCM_NO_TIME);
    struct ncm_verdict_version is;
    if (ncm_str_eq(revision, u->isvc->created)) {
        add_wanted(&c, u);
    } else {
        add_pod(&c, u, revision);
    }
    sort(&c);
    ncm_claims_decide(c.items, c.n, NULL, 0, &is);
    *model = is.model;
    *version = is.version;
}

void k8s_fill_claims(const struct k8s_unit *u, struct ncm_arena *a, struct ncm_deployment *d)
{
    const struct k8s_workload *set = u->isvc == NULL ? serving_set(u) : NULL;
    bool other_set = set != NULL && set->template.print != u->set->template.print;
    struct ncm_str image = other_image(u);
    struct claims is = begin(a, serving_since(u, set)), wanted = begin(a, NCM_NO_TIME);
    struct ncm_verdict_version v;
    if (other_set) {
        add_template(&is, &set->template);
    } else if (image.len > 0) {
        struct k8s_place at = {.kind = K8S_PLACE_IMAGE};
        const struct ncm_str name = wanted_template(u)->containers[0].name;
        memcpy(at.container, ncm_cstr(name), name.len < K8S_PLACE_MOST ? name.len : 0);
        add(&is, NCM_PLACE_IMAGE, &at, (struct ncm_str){NULL, 0}, image);
    } else if (u->isvc != NULL && other_revision(u->isvc).len > 0) {
        add_pod(&is, u, other_revision(u->isvc));
    } else {
        add_wanted(&is, u);
    }
    add_wanted(&wanted, u);
    sort(&is);
    sort(&wanted);
    d->claims = is.items;
    d->n_claims = is.n;
    if (other_set || image.len > 0 || !same_claims(&is, &wanted)) {
        d->wanted = wanted.items;
        d->n_wanted = wanted.n;
    }
    d->image = ncm_arena_copy(a, k8s_template_image(wanted_template(u)));
    d->serving_image = other_set       ? ncm_arena_copy(a, k8s_template_image(&set->template))
                       : image.len > 0 ? ncm_arena_copy(a, image)
                                       : d->image;
    ncm_claims_decide(is.items, is.n, NULL, 0, &v);
    d->model = v.model;
    d->version = v.version;
    if (d->model.len == 0 && wanted.n > 0) {
        ncm_claims_decide(wanted.items, wanted.n, NULL, 0, &v);
        d->model = v.model;
    }
}
