/* What only the join can tell: what runs against what the registry says, drift, alerts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/fleet/inside.h"

struct gather {
    struct fleet_work *w;
    struct ncm_fleet_deployment *of;
    struct ncm_list list;
};

static void add(struct gather *g, enum ncm_severity severity, const char *kind,
                struct ncm_str sentence, struct ncm_str evidence)
{
    struct ncm_deploy_finding *f = ncm_list_add(&g->list);
    *f = (struct ncm_deploy_finding){severity, {kind, strlen(kind)}, sentence, evidence};
}

static bool has_kind(const struct ncm_deployment *d, const char *kind)
{
    for (size_t i = 0; i < d->n_findings; i++) {
        if (ncm_str_is(d->findings[i].kind, kind)) {
            return true;
        }
    }
    return false;
}

/* "models:/churn/7 (env MODEL_URI of server)" */
static struct ncm_str evidence_of(struct ncm_arena *a, const struct ncm_claim *c)
{
    if (c == NULL || c->text.p == NULL) {
        return c != NULL ? c->where : (struct ncm_str){NULL, 0};
    }
    return c->where.p != NULL ? fleet_text(a, "%s (%s)", c->text.p, c->where.p) : c->text;
}

/* ---- versions ---- */

static void find_conflict(struct gather *g)
{
    const struct ncm_verdict_version *is = &g->of->is;
    struct ncm_arena *a = g->w->arena;
    if (is->against == NULL || has_kind(g->of->it, "version_conflict")) {
        return;
    }
    const char *v = ncm_cstr(fleet_v(a, is->version));
    const char *other = ncm_cstr(fleet_v(a, is->against_version));
    const char *here = ncm_cstr(evidence_of(a, is->by));
    const char *there = ncm_cstr(evidence_of(a, is->against));
    struct ncm_str evidence = fleet_text(a, "%s ≠ %s", here, there);
    if (is->by->rule == NCM_CLAIM_ANSWER) {
        add(g, NCM_SEVERITY_CRITICAL, "version_conflict",
            fleet_text(a, _("the server answers %s, the deployment says %s"), v, other), evidence);
    } else {
        add(g, NCM_SEVERITY_CRITICAL, "version_conflict",
            fleet_text(a, _("two statements disagree: %s and %s"), v, other), evidence);
    }
}

static void put_time(char *out, size_t outsz, int64_t ms)
{
    ncm_fmt_time(out, outsz, ms, false);
}

/* Since when the running version runs, as far as anything tells. */
static int64_t runs_since(const struct ncm_fleet_deployment *f)
{
    if (f->is.by != NULL && f->is.by->since_ms != NCM_NO_TIME) {
        return f->is.by->since_ms;
    }
    return f->it->rolled_ms != NCM_NO_TIME ? f->it->rolled_ms : f->it->created_ms;
}

static bool find_moved(struct gather *g)
{
    const struct ncm_verdict_version *is = &g->of->is;
    struct ncm_arena *a = g->w->arena;
    const struct ncm_model *m = fleet_model(g->w, is->model);
    if (!is->alias_moved || is->by == NULL) {
        return false;
    }
    char since[40];
    put_time(since, sizeof since, runs_since(g->of));
    struct ncm_str name =
        is->by->alias.p != NULL ? fleet_text(a, "@%s", is->by->alias.p) : is->by->stage;
    struct ncm_verdict_version now;
    struct ncm_claim c = *is->by;
    c.since_ms = NCM_NO_TIME;
    ncm_claims_decide(&c, 1, m, m != NULL ? 1 : 0, &now);
    bool known = now.version.p != NULL && !ncm_str_eq(now.version, is->version);
    if (known) {
        add(g, NCM_SEVERITY_CRITICAL, "alias_moved",
            fleet_text(a, _("%s means %s now, but %s was loaded at %s: restart to load it"),
                       ncm_cstr(name), ncm_cstr(fleet_v(a, now.version)),
                       ncm_cstr(fleet_v(a, is->version)), since),
            evidence_of(a, is->by));
    } else {
        add(g, NCM_SEVERITY_WARNING, "alias_moved",
            fleet_text(
                a,
                _("%s may have changed after this was started at %s: what it loaded is not known"),
                ncm_cstr(name), since),
            evidence_of(a, is->by));
    }
    return known;
}

static bool runs(const struct ncm_fleet_deployment *f, struct ncm_str model, struct ncm_str version)
{
    if (f->it->health != NCM_HEALTH_STOPPED && ncm_str_eq(f->is.model, model) &&
        ncm_str_eq(f->is.version, version)) {
        return true;
    }
    for (size_t i = 0; i < f->n_traffic; i++) {
        if (f->traffic[i].percent > 0 && ncm_str_eq(f->traffic[i].model, model) &&
            ncm_str_eq(f->traffic[i].version, version)) {
            return true;
        }
    }
    return false;
}

static bool comes(const struct gather *g, struct ncm_str version)
{
    for (size_t i = 0; i < g->of->it->n_wanted; i++) {
        const struct ncm_claim *c = &g->of->it->wanted[i];
        if (g->of->it->rolling && c->version.p != NULL && ncm_str_eq(c->version, version)) {
            return true;
        }
    }
    return false;
}

/* Whether the version of production runs where this one is, or, where it is missing here, what it
 * should have been is served elsewhere by a deployment of another name. */
static bool production_runs(const struct gather *g, struct ncm_str model, struct ncm_str version)
{
    const struct ncm_fleet *fleet = g->w->fleet;
    bool elsewhere = false;
    if (runs(g->of, model, version)) {
        return true;
    }
    for (size_t i = 0; i < fleet->n_deployments; i++) {
        const struct ncm_fleet_deployment *f = &fleet->deployments[i];
        if (!ncm_str_eq(f->is.model, model) || !runs(f, model, version)) {
            continue;
        }
        if (ncm_str_eq(f->it->source, g->of->it->source) && ncm_str_eq(f->it->ns, g->of->it->ns)) {
            return true;
        }
        elsewhere = elsewhere || !ncm_str_eq(f->it->name, g->of->it->name);
    }
    return elsewhere;
}

static bool find_not_production(struct gather *g, const struct ncm_model *m)
{
    const struct ncm_model_version *p = fleet_production(m);
    const struct ncm_verdict_version *is = &g->of->is;
    const struct ncm_model_version *v = fleet_version(m, is->version);
    struct ncm_arena *a = g->w->arena;
    if (p == NULL || (v != NULL && fleet_is_production(v)) || is->version.p == NULL ||
        is->alias_moved || g->of->it->health == NCM_HEALTH_STOPPED ||
        production_runs(g, m->name, p->version) || comes(g, p->version)) {
        return false;
    }
    char since[40];
    int64_t at = runs_since(g->of);
    put_time(since, sizeof since, at);
    const char *should = ncm_cstr(fleet_v(a, p->version)),
               *runs_v = ncm_cstr(fleet_v(a, is->version));
    struct ncm_str sentence =
        at == NCM_NO_TIME ? fleet_text(a, _("registry says %s, running %s"), should, runs_v)
        : is->guess
            ? fleet_text(a, _("registry says %s, running probably %s since %s"), should, runs_v,
                         since)
            : fleet_text(a, _("registry says %s, running %s since %s"), should, runs_v, since);
    add(g, is->guess ? NCM_SEVERITY_WARNING : NCM_SEVERITY_CRITICAL, "not_production", sentence,
        evidence_of(a, is->by));
    return true;
}

static void find_of_registry(struct gather *g)
{
    const struct ncm_verdict_version *is = &g->of->is;
    const struct ncm_model *m = fleet_model(g->w, is->model);
    struct ncm_arena *a = g->w->arena;
    bool told = find_moved(g);
    if (m == NULL) {
        return;
    }
    told = find_not_production(g, m) || told;
    const struct ncm_model_version *v = fleet_version(m, is->version);
    if (v == NULL && is->version.p != NULL && !(is->guess && is->by == NULL)) {
        add(g, NCM_SEVERITY_WARNING, "not_registered",
            fleet_text(a, _("the registry has no version %s of %s"), ncm_cstr(is->version),
                       ncm_cstr(m->name)),
            evidence_of(a, is->by));
    } else if (v != NULL && v->stage == NCM_STAGE_ARCHIVED && !told &&
               g->of->it->health != NCM_HEALTH_STOPPED) {
        add(g, NCM_SEVERITY_WARNING, "archived",
            fleet_text(a, _("%s serves, but the registry has archived it"),
                       ncm_cstr(fleet_v(a, v->version))),
            evidence_of(a, is->by));
    }
}

/* ---- drift and alerts ---- */

/* Whether what is known of the model as such concerns this one: it runs what is in production, or
 * nobody says what that is. */
static bool stands_for_model(const struct gather *g, const struct ncm_model *m)
{
    const struct ncm_model_version *p = fleet_production(m);
    return p == NULL || runs(g->of, m->name, p->version) ||
           !production_runs(g, m->name, p->version);
}

static bool has_alert(const struct fleet_work *w, const struct ncm_drift_monitor *m)
{
    for (size_t i = 0; i < w->fleet->n_firing; i++) {
        const struct ncm_alert *a = w->fleet->firing[i];
        if (ncm_str_is(a->source, "ncmlops") && ncm_str_eq(a->rule, m->name) &&
            ncm_str_eq(a->subject, m->model)) {
            return true;
        }
    }
    return false;
}

static void find_drift(struct gather *g)
{
    const struct ncm_drift_snapshot *s = g->w->in->drift;
    struct ncm_arena *a = g->w->arena;
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        const struct ncm_drift_monitor *m = &s->items[i];
        if (m->state != NCM_DRIFT_CRITICAL || m->n_features == 0 ||
            !ncm_str_eq(m->model, g->of->is.model) || has_alert(g->w, m)) {
            continue;
        }
        const struct ncm_drift_feature *f = &m->features[0];
        char value[40], limit[40];
        ncm_fmt_num(value, sizeof value, f->last, 3);
        ncm_fmt_num(limit, sizeof limit, f->critical, 3);
        /* Translators: feature, measure, its value, the threshold, monitor. */
        add(g, NCM_SEVERITY_CRITICAL, "drift",
            isnan(f->critical) ? fleet_text(a, _("%s drifts: %s %s"), ncm_cstr(f->name),
                                            ncm_cstr(f->method), value)
                               : fleet_text(a, _("%s drifts: %s %s, threshold %s"),
                                            ncm_cstr(f->name), ncm_cstr(f->method), value, limit),
            m->name);
    }
}

static void find_alerts(struct gather *g, bool for_model)
{
    struct fleet_work *w = g->w;
    for (size_t i = 0; i < w->fleet->n_firing; i++) {
        const struct ncm_alert *a = w->fleet->firing[i];
        bool names_version = !fleet_alert_fits(a, (struct ncm_str){"", 0});
        bool here = fleet_alert_of_deployment(a, g->of->it) ||
                    ((for_model || names_version) && fleet_alert_of_model(a, g->of->is.model) &&
                     fleet_alert_fits(a, g->of->is.version));
        if (here) {
            add(g, a->severity, "alert", a->summary.len > 0 ? a->summary : a->rule, a->rule);
        }
    }
}

/* ---- the candidate ---- */

static void find_worse(struct gather *g)
{
    const struct ncm_fleet_deployment *f = g->of;
    if (f->candidate != NULL && f->canary.all == NCM_CANARY_WORSE) {
        add(g,
            f->canary.errors == NCM_CANARY_WORSE ? NCM_SEVERITY_CRITICAL : NCM_SEVERITY_WARNING,
            "canary", f->canary_says, (struct ncm_str){NULL, 0});
    }
}

/* ---- all ---- */

static void sort_findings(struct ncm_deploy_finding *f, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct ncm_deploy_finding x = f[i];
        size_t k = i;
        for (; k > 0 && f[k - 1].severity < x.severity; k--) {
            f[k] = f[k - 1];
        }
        f[k] = x;
    }
}

/* A server that serves what it should not, or worse than the one it is to follow, is not well,
 * however ready it is. Drift and alerts are said
 * beside it: they are about what comes in, and about whom they name. */
static void degrade(struct ncm_fleet_deployment *f)
{
    bool well = f->health == NCM_HEALTH_HEALTHY || f->health == NCM_HEALTH_PAUSED ||
                f->health == NCM_HEALTH_PROGRESSING;
    for (size_t i = 0; well && i < f->n_findings; i++) {
        const struct ncm_deploy_finding *x = &f->findings[i];
        bool beside = ncm_str_is(x->kind, "drift") || ncm_str_is(x->kind, "alert");
        if (ncm_str_is(x->kind, "canary") || (x->severity == NCM_SEVERITY_CRITICAL && !beside)) {
            f->health = NCM_HEALTH_DEGRADED;
            return;
        }
    }
}

void fleet_findings(struct fleet_work *w)
{
    for (size_t i = 0; i < w->fleet->n_deployments; i++) {
        struct ncm_fleet_deployment *f = &w->fleet->deployments[i];
        struct gather g = {w, f, {.size = sizeof(struct ncm_deploy_finding)}};
        for (size_t k = 0; k < f->it->n_findings; k++) {
            *(struct ncm_deploy_finding *)ncm_list_add(&g.list) = f->it->findings[k];
        }
        const struct ncm_model *m = fleet_model(w, f->is.model);
        bool for_model = m != NULL ? stands_for_model(&g, m) : f->is.model.p != NULL;
        find_conflict(&g);
        find_of_registry(&g);
        find_worse(&g);
        if (for_model && f->it->health != NCM_HEALTH_STOPPED) {
            find_drift(&g);
        }
        find_alerts(&g, for_model);
        sort_findings(g.list.items, g.list.n);
        f->n_findings = g.list.n;
        f->findings = ncm_list_move(&g.list, w->arena);
    }
    for (size_t i = 0; i < w->fleet->n_deployments; i++) {
        degrade(&w->fleet->deployments[i]);
    }
}
