/* One deployment with what the others know of it: its version resolved, rates, the split. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "ops/fleet/inside.h"

/* ---- the registry ---- */

const struct ncm_model *fleet_model(const struct fleet_work *w, struct ncm_str name)
{
    return w->in->models != NULL && name.p != NULL ? ncm_models_find(w->in->models, name.p) : NULL;
}

const struct ncm_model_version *fleet_version(const struct ncm_model *m, struct ncm_str version)
{
    return m != NULL && version.p != NULL ? ncm_model_version(m, version.p) : NULL;
}

bool fleet_is_production(const struct ncm_model_version *v)
{
    for (size_t i = 0; i < v->n_aliases; i++) {
        const char *alias = ncm_cstr(v->aliases[i]);
        if (strcasecmp(alias, "champion") == 0 || strcasecmp(alias, "production") == 0) {
            return true;
        }
    }
    return v->stage == NCM_STAGE_PRODUCTION;
}

const struct ncm_model_version *fleet_production(const struct ncm_model *m)
{
    for (size_t i = 0; m != NULL && i < m->n_versions; i++) {
        if (m->versions[i].stage == NCM_STAGE_PRODUCTION) {
            return &m->versions[i];
        }
    }
    for (size_t i = 0; m != NULL && i < m->n_aliases; i++) {
        const char *alias = ncm_cstr(m->aliases[i].name);
        if (strcasecmp(alias, "champion") == 0 || strcasecmp(alias, "production") == 0) {
            return ncm_model_version(m, ncm_cstr(m->aliases[i].version));
        }
    }
    return NULL;
}

/* ---- the version ---- */

/* The source's own claims, and the model of the deployment's name as a guess. */
static const struct ncm_claim *all_claims(struct fleet_work *w, const struct ncm_deployment *d,
                                          const struct ncm_claim *own, size_t n, size_t *total)
{
    bool named = false;
    for (size_t i = 0; i < n; i++) {
        named = named || (own[i].model.p != NULL && !own[i].guess);
    }
    *total = n;
    if (named || (d->model.p == NULL && w->in->models == NULL)) {
        return own;
    }
    struct ncm_claim *all = ncm_arena_alloc(w->arena, n + 1, sizeof *all);
    if (n > 0) {
        memcpy(all, own, n * sizeof *all);
    }
    all[n] = (struct ncm_claim){.rule = NCM_CLAIM_CONFIG,
                                .model = d->model.p != NULL ? d->model : d->name,
                                .guess = d->model.p == NULL,
                                .since_ms = NCM_NO_TIME};
    *total = n + 1;
    return all;
}

/* What a pod loaded is what the alias or stage meant when it started. */
static void look_back(const struct fleet_work *w, struct ncm_verdict_version *is)
{
    const struct ncm_claim *c = is->by;
    const struct ncm_model *m = fleet_model(w, is->model);
    if (c == NULL || m == NULL || (c->alias.p == NULL && c->stage.p == NULL) ||
        c->since_ms == NCM_NO_TIME) {
        return;
    }
    const struct fleet_move *move = fleet_move_after(w, m, c->alias, c->stage, c->since_ms);
    const struct fleet_move *any = fleet_move_after(w, m, c->alias, c->stage, INT64_MIN + 1);
    if (move != NULL) {
        bool left = c->alias.p == NULL && move->from.p != NULL &&
                    strcasecmp(move->from.p, ncm_cstr(c->stage)) == 0;
        struct ncm_str then = c->alias.p != NULL ? move->from
                              : left             ? move->version
                                                 : (struct ncm_str){NULL, 0};
        is->alias_moved = true;
        is->guess = true;
        is->version = then.p != NULL ? then : is->version;
    } else if (any != NULL && c->alias.p == NULL) {
        /* It was written of late for another reason: its moves are known and all older. */
        const struct ncm_model_version *v = fleet_version(m, is->version);
        bool made = v != NULL && v->creation_ms != NCM_NO_TIME && v->creation_ms > c->since_ms;
        is->alias_moved = is->alias_moved && made;
        is->guess = is->alias_moved;
    }
}

static void decide(struct fleet_work *w, struct ncm_fleet_deployment *f)
{
    const struct ncm_deployment *d = f->it;
    const struct ncm_models_snapshot *s = w->in->models;
    size_t n;
    const struct ncm_claim *claims = all_claims(w, d, d->claims, d->n_claims, &n);
    ncm_claims_decide(claims, n, s ? s->items : NULL, s ? s->n : 0, &f->is);
    if (f->is.by == NULL && f->is.guess && fleet_model(w, f->is.model) == NULL) {
        f->is.model = (struct ncm_str){NULL, 0}; /* a name alone is no model */
    }
    if (f->is.version.p == NULL && d->version.p != NULL) {
        f->is.version = d->version;
    }
    if (f->is.model.p == NULL) {
        f->is.model = d->model;
    }
    look_back(w, &f->is);
}

/* ---- the split ---- */

const struct ncm_revision *fleet_revision(const struct ncm_deployment *d, struct ncm_str target)
{
    for (size_t i = 0; i < d->n_revisions; i++) {
        if (ncm_str_eq(d->revisions[i].name, target) ||
            ncm_str_eq(d->revisions[i].revision, target)) {
            return &d->revisions[i];
        }
    }
    return NULL;
}

static bool find_beside(const struct fleet_work *w, const struct ncm_deployment *d,
                        struct ncm_str name, size_t *at)
{
    char key[FLEET_KEY];
    size_t len = fleet_key(key, sizeof key, ncm_cstr(d->source), ncm_cstr(d->ns), ncm_cstr(name));
    return ncm_map_get(w->by_ref, key, len, at);
}

bool fleet_has_deployment(const struct fleet_work *w, const struct ncm_deployment *beside,
                          struct ncm_str name)
{
    size_t ignored;
    return find_beside(w, beside, name, &ignored);
}

/* The deployment that a target names, where the split is between several. */
static struct ncm_fleet_deployment *
deployment_of(const struct fleet_work *w, const struct ncm_deployment *d, struct ncm_str target)
{
    size_t at;
    return find_beside(w, d, target, &at) ? &w->fleet->deployments[at] : NULL;
}

static void resolve_target(const struct fleet_work *w, const struct ncm_fleet_deployment *f,
                           struct ncm_traffic *t)
{
    const struct ncm_revision *r = fleet_revision(f->it, t->target);
    if (t->version.p == NULL && r != NULL) {
        t->version = r->version;
        t->model = t->model.p != NULL ? t->model : r->model;
    }
    if (t->model.p == NULL) {
        t->model = f->is.model;
    }
    const struct ncm_models_snapshot *s = w->in->models;
    struct ncm_claim c = {.rule = NCM_CLAIM_COMMON,
                          .model = t->model,
                          .version = t->version,
                          .guess = true,
                          .since_ms = NCM_NO_TIME};
    struct ncm_verdict_version v;
    ncm_claims_decide(&c, 1, s ? s->items : NULL, s ? s->n : 0, &v);
    t->model = v.model.p != NULL ? v.model : t->model; /* as the registry spells them */
    t->version = v.version.p != NULL ? v.version : t->version;
}

static void fill_target(struct fleet_work *w, struct ncm_fleet_deployment *f, struct ncm_traffic *t)
{
    const struct ncm_fleet_deployment *other = deployment_of(w, f->it, t->target);
    if (other != NULL && (other != f || f->n_traffic > 1)) {
        t->model = other->is.model;
        t->version = other->is.version;
        t->rates = other->rates.known ? other->rates : t->rates;
        return;
    }
    resolve_target(w, f, t);
    if (t->version.p == NULL && f->n_traffic == 1) {
        t->version = f->is.version;
    }
    struct ncm_rates rates = fleet_rates_of_target(w, f->it, t->target);
    if (!rates.known && f->n_traffic == 1) {
        rates = f->rates;
    }
    t->rates = rates.known ? rates : t->rates;
}

static void fill_traffic(struct fleet_work *w, struct ncm_fleet_deployment *f)
{
    f->n_traffic = f->it->n_traffic;
    if (f->n_traffic == 0) {
        return;
    }
    f->traffic = ncm_arena_alloc(w->arena, f->n_traffic, sizeof *f->traffic);
    memcpy(f->traffic, f->it->traffic, f->n_traffic * sizeof *f->traffic);
    for (size_t i = 0; i < f->n_traffic; i++) {
        fill_target(w, f, &f->traffic[i]);
    }
}

/* ---- all ---- */

static void index_deployment(struct fleet_work *w, const struct ncm_deployment *d, size_t source,
                             size_t at)
{
    char key[FLEET_KEY];
    size_t n = 0, len = fleet_key(key, sizeof key, ncm_cstr(d->ns), ncm_cstr(d->name), "");
    bool other = ncm_map_get(w->names, key, len, &n) && n != source;
    ncm_map_set(w->names, key, len, other ? FLEET_SEVERAL : source);
    len = fleet_key(key, sizeof key, ncm_cstr(d->source), ncm_cstr(d->ns), ncm_cstr(d->name));
    ncm_map_set(w->by_ref, key, len, at);
}

void fleet_deployments(struct fleet_work *w)
{
    struct ncm_fleet *fleet = w->fleet;
    size_t total = 0;
    for (size_t i = 0; i < w->in->n_deployments; i++) {
        total += w->in->deployments[i] != NULL ? w->in->deployments[i]->n : 0;
    }
    w->names = ncm_map_new();
    w->by_ref = ncm_map_new();
    fleet->deployments = ncm_arena_alloc(w->arena, total, sizeof *fleet->deployments);
    for (size_t i = 0; i < w->in->n_deployments; i++) {
        const struct ncm_deployments_snapshot *s = w->in->deployments[i];
        for (size_t k = 0; s != NULL && k < s->n; k++) {
            index_deployment(w, &s->items[k]->it, i, fleet->n_deployments);
            fleet->deployments[fleet->n_deployments++].it = &s->items[k]->it;
        }
    }
    for (size_t i = 0; i < total; i++) {
        struct ncm_fleet_deployment *f = &fleet->deployments[i];
        decide(w, f);
        f->rates = fleet_rates_of(w, f->it);
        if (!f->rates.known) {
            f->rates = f->it->rates;
        }
        f->health = f->it->health;
    }
    for (size_t i = 0; i < total; i++) {
        fill_traffic(w, &fleet->deployments[i]);
        fleet_compare(w, &fleet->deployments[i]);
    }
}
