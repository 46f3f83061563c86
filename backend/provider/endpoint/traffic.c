/* How requests fall to several endpoints, or to several versions in one. */
#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/endpoint/internal.h"

enum { SHARES_MOST = 64, VERSIONS_MOST = 16 };

static bool percent_of(const struct ncm_node *n, double *out)
{
    bool ok = n->kind == NCM_NODE_INT || n->kind == NCM_NODE_NUM;
    *out = n->num;
    if (n->kind == NCM_NODE_STR) {
        ok = ncm_parse_double(n->str, out);
    }
    return ok && *out >= 0 && *out <= 100;
}

bool ep_shares(const char *text, size_t len, struct ncm_arena *a, struct ep_share **out, size_t *n,
               struct ncm_err *err)
{
    struct ncm_doc *doc;
    *n = 0;
    if (!ncm_json_parse(_("the traffic split"), text, len, &doc, err)) {
        return false;
    }
    const struct ncm_node *root = ncm_doc_root(doc);
    bool ok = root->kind == NCM_NODE_MAP && root->n <= SHARES_MOST;
    *out = ncm_arena_alloc(a, SHARES_MOST, sizeof **out);
    for (size_t i = 0; ok && i < root->n; i++) {
        struct ep_share *s = &(*out)[*n];
        ok = percent_of(&root->items[i], &s->percent);
        s->target = ncm_arena_cstr(a, root->items[i].key);
        *n += ok ? 1 : 0;
    }
    ncm_doc_free(doc);
    return ok || ncm_fail(err, NCM_INVALID_DATA,
                          _("the traffic split is not {\"TARGET\": PERCENT, …} with shares of "
                            "0 to 100"));
}

static bool same_group(const struct ep_endpoint *a, const struct ep_endpoint *b)
{
    return a->set.group != NULL && b->set.group != NULL && strcmp(a->set.group, b->set.group) == 0;
}

struct ep_endpoint *ep_splitter(struct ncm_conn *c, struct ep_endpoint *e)
{
    struct ep_endpoint *found = e->set.traffic != NULL ? e : NULL;
    for (size_t i = 0; found == NULL && i < c->n; i++) {
        if (c->items[i].set.traffic != NULL && same_group(e, &c->items[i])) {
            found = &c->items[i];
        }
    }
    return found;
}

/* The endpoint that a target's name means, seen from e. */
static struct ep_endpoint *named(struct ncm_conn *c, const struct ep_endpoint *e,
                                 struct ncm_str target)
{
    for (size_t i = 0; i < c->n; i++) {
        struct ep_endpoint *other = &c->items[i];
        if (ncm_str_is(target, other->set.name) && (other == e || same_group(e, other))) {
            return other;
        }
    }
    return NULL;
}

static void describe(const struct ep_endpoint *e, struct ncm_traffic *t, struct ncm_arena *a)
{
    const struct ep_seen *s = &e->seen;
    t->health = s->probe.probed ? ep_health(e) : NCM_HEALTH_UNKNOWN;
    t->ready = t->health == NCM_HEALTH_UNKNOWN ? -1 : t->health == NCM_HEALTH_HEALTHY ? 1 : 0;
    t->model = ncm_arena_cstr(a, e->set.probe.model);
    if (s->n_claims == 1) {
        t->version = ncm_arena_copy(a, s->claims[0].version);
        t->model = t->model.p != NULL ? t->model : ncm_arena_copy(a, s->claims[0].model);
    }
    ep_rates(e, NULL, 0, a, &t->rates);
}

static struct ncm_traffic unknown_share(struct ncm_str target)
{
    return (struct ncm_traffic){
        .target = target,
        .percent = (double)NAN,
        .health = NCM_HEALTH_UNKNOWN,
        .ready = -1,
        .rates = ncm_rates_unknown(),
    };
}

/* The one with the most is what a candidate is compared with. */
static void mark_stable(struct ncm_deployment *d)
{
    size_t best = 0;
    for (size_t i = 1; i < d->n_traffic; i++) {
        best = d->traffic[i].percent > d->traffic[best].percent ? i : best;
    }
    if (d->n_traffic > 0 && d->traffic[best].percent > 0) {
        d->traffic[best].stable = true;
    }
}

static void of_split(struct ncm_conn *c, struct ep_endpoint *e, const struct ep_endpoint *splitter,
                     struct ncm_deployment *d, struct ncm_arena *a)
{
    struct ep_share *shares;
    struct ncm_err err;
    size_t n;
    struct ncm_str text = splitter->seen.split;
    if (!ep_shares(text.p, text.len, a, &shares, &n, &err)) {
        d->traffic_by = ncm_arena_cstr(a, "percent");
        return;
    }
    d->traffic = ncm_arena_alloc(a, n, sizeof *d->traffic);
    for (size_t i = 0; i < n; i++) {
        const struct ep_endpoint *target = named(c, e, shares[i].target);
        struct ncm_traffic *t = &d->traffic[d->n_traffic++];
        *t = unknown_share(shares[i].target);
        t->percent = shares[i].percent;
        if (target != NULL) {
            describe(target, t, a);
        }
    }
    d->traffic_by = ncm_arena_cstr(a, "percent");
    mark_stable(d);
}

/* Members of a group whose split nobody tells. */
static void of_group(struct ncm_conn *c, struct ep_endpoint *e, struct ncm_deployment *d,
                     struct ncm_arena *a)
{
    d->traffic = ncm_arena_alloc(a, c->n, sizeof *d->traffic);
    for (size_t i = 0; i < c->n; i++) {
        if (same_group(e, &c->items[i])) {
            struct ncm_traffic *t = &d->traffic[d->n_traffic++];
            *t = unknown_share(ncm_arena_cstr(a, c->items[i].set.name));
            describe(&c->items[i], t, a);
        }
    }
}

/* Versions that one server counts apart: their share of the requests is what it is. */
static void of_versions(struct ep_endpoint *e, struct ncm_deployment *d, struct ncm_arena *a)
{
    static const char *const labels[] = {"model_version", "version"};
    struct ncm_str values[VERSIONS_MOST];
    size_t n = 0, which = 0;
    for (; which < 2 && n < 2; which++) {
        n = ncm_scrapes_values(e->scrapes, labels[which], a, values, VERSIONS_MOST);
    }
    if (n < 2) {
        return;
    }
    double all = d->rates.requests;
    d->traffic = ncm_arena_alloc(a, n, sizeof *d->traffic);
    for (size_t i = 0; i < n; i++) {
        struct ncm_kv want = {ncm_arena_cstr(a, labels[which - 1]), values[i]};
        struct ncm_traffic *t = &d->traffic[d->n_traffic++];
        *t = unknown_share(values[i]);
        t->version = values[i];
        t->model = d->model;
        ep_rates(e, &want, 1, a, &t->rates);
        if (t->rates.known && all > 0) {
            t->percent = 100 * t->rates.requests / all;
        }
    }
    d->traffic_by = ncm_arena_cstr(a, "requests");
    mark_stable(d);
}

void ep_traffic(struct ncm_conn *c, struct ep_endpoint *e, struct ncm_deployment *d,
                struct ncm_arena *a)
{
    struct ep_endpoint *splitter = ep_splitter(c, e);
    if (splitter != NULL) {
        d->allowed |= 1u << NCM_ACT_TRAFFIC;
    }
    if (splitter != NULL && splitter->seen.split.p != NULL) {
        of_split(c, e, splitter, d, a);
    } else if (e->set.group != NULL) {
        of_group(c, e, d, a);
    } else {
        of_versions(e, d, a);
    }
}
