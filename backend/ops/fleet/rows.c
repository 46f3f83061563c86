/* One row a model version that is in production or on its way. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/num.h"
#include "model/serving.h"
#include "ops/fleet/rows.h"

static struct fleet_made *row_of(struct fleet_rows_work *g, struct ncm_str model,
                                 struct ncm_str version)
{
    char key[FLEET_KEY];
    size_t at, len = fleet_key(key, sizeof key, ncm_cstr(model), ncm_cstr(version), "");
    if (ncm_map_get(g->by_version, key, len, &at)) {
        return &((struct fleet_made *)g->rows.items)[at];
    }
    ncm_map_set(g->by_version, key, len, g->rows.n);
    struct fleet_made *m = ncm_list_add(&g->rows);
    m->model = fleet_model(g->w, model);
    m->version = fleet_version(m->model, version);
    m->deployments.size = sizeof(size_t);
    m->rates.size = sizeof(const struct ncm_rates *);
    m->bad_since = m->good_since = NCM_NO_TIME;
    m->share_known = true;
    m->row = (struct ncm_fleet_row){
        .model = m->model != NULL ? m->model->name : model,
        .version = version,
        .registered = m->model != NULL,
        .percent = (double)NAN,
        .desired = -1,
        .ready = -1,
        .health = NCM_HEALTH_STOPPED,
        .drift_last = (double)NAN,
        .since_ms = NCM_NO_TIME,
        .rates = ncm_rates_unknown(),
        .drift_state = NCM_DRIFT_GAP,
    };
    return m;
}

/* ---- from the registry ---- */

static struct ncm_str stage_text(struct ncm_arena *a, const struct ncm_model_version *v)
{
    struct ncm_str s = {NULL, 0};
    if (v->stage == NCM_STAGE_PRODUCTION || v->stage == NCM_STAGE_STAGING ||
        v->stage == NCM_STAGE_ARCHIVED) {
        s = ncm_arena_cstr(a, ncm_stage_name(v->stage));
    }
    for (size_t i = 0; i < v->n_aliases; i++) {
        s = fleet_text(a, "%s%s@%s", ncm_cstr(s), s.p != NULL ? " " : "", ncm_cstr(v->aliases[i]));
    }
    return s;
}

static void from_registry(struct fleet_rows_work *g)
{
    const struct ncm_models_snapshot *s = g->w->in->models;
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        for (size_t k = 0; k < s->items[i].n_versions; k++) {
            const struct ncm_model_version *v = &s->items[i].versions[k];
            bool staged = v->stage == NCM_STAGE_PRODUCTION || v->stage == NCM_STAGE_STAGING;
            if (staged || v->n_aliases > 0) {
                (void)row_of(g, s->items[i].name, v->version);
            }
        }
    }
}

/* ---- from deployments ---- */

static void add_count(int *sum, int n)
{
    if (n >= 0) {
        *sum = (*sum >= 0 ? *sum : 0) + n;
    }
}

static void add_deployment(struct fleet_made *m, size_t at)
{
    const size_t *known = m->deployments.items;
    if (m->deployments.n == 0 || known[m->deployments.n - 1] != at) {
        *(size_t *)ncm_list_add(&m->deployments) = at;
    }
}

/* A finding about the candidate is none about the versions beside it. */
static bool concerns(const struct fleet_made *m, const struct ncm_fleet_deployment *f, size_t i)
{
    return !ncm_str_is(f->findings[i].kind, "canary") || fleet_canary_worse(f, m->row.version);
}

static struct ncm_str reason_of(const struct fleet_made *m, const struct ncm_fleet_deployment *f)
{
    if (fleet_canary_worse(f, m->row.version) && f->it->health < NCM_HEALTH_UNKNOWN) {
        return f->canary_says;
    }
    for (size_t i = 0; f->it->reason.p == NULL && i < f->n_findings; i++) {
        if (concerns(m, f, i)) {
            bool grave = f->findings[i].severity > NCM_SEVERITY_INFO;
            return grave ? f->findings[i].sentence : f->it->reason;
        }
    }
    return f->it->reason;
}

static void add_health(struct fleet_made *m, const struct ncm_fleet_deployment *f,
                       enum ncm_health h)
{
    bool bad = h >= NCM_HEALTH_UNKNOWN, worse = fleet_canary_worse(f, m->row.version);
    if (m->row.reason.p == NULL || h > m->row.health) {
        struct ncm_str why = reason_of(m, f);
        m->row.reason = bad || why.p == NULL ? why : m->row.reason;
    }
    if (bad && h >= m->row.health) {
        bool joined = worse && f->it->health < NCM_HEALTH_UNKNOWN;
        m->bad_since = joined ? NCM_NO_TIME : f->it->health_since_ms; /* since when it was well */
    }
    if (!bad && f->it->rolled_ms > m->good_since) {
        m->good_since = f->it->rolled_ms;
    }
    m->row.canary_worse = m->row.canary_worse || worse;
    m->row.health = h > m->row.health ? h : m->row.health;
    for (size_t i = 0; i < f->n_findings; i++) {
        if (concerns(m, f, i) && f->findings[i].severity > m->row.severity) {
            m->row.severity = f->findings[i].severity;
        }
    }
}

static void add_rates(struct fleet_made *m, const struct ncm_rates *r)
{
    if (r->known) {
        *(const struct ncm_rates **)ncm_list_add(&m->rates) = r;
    }
}

/* Whether targets of its split run other versions than the deployment as a whole: one object with
 * several revisions, as KServe has. */
static bool has_targets(const struct ncm_fleet_deployment *f)
{
    for (size_t i = 0; i < f->n_traffic; i++) {
        if (f->traffic[i].version.p != NULL && !ncm_str_eq(f->traffic[i].version, f->is.version)) {
            return true;
        }
    }
    return false;
}

/* Its own revisions: another deployment's row comes from that one. */
static bool own_target(const struct fleet_rows_work *g, const struct ncm_fleet_deployment *f,
                       const struct ncm_traffic *t)
{
    return !fleet_has_deployment(g->w, f->it, t->target);
}

static void from_targets(struct fleet_rows_work *g, const struct ncm_fleet_deployment *f, size_t at)
{
    for (size_t i = 0; i < f->n_traffic; i++) {
        const struct ncm_traffic *t = &f->traffic[i];
        if (t->model.p == NULL || t->version.p == NULL || !own_target(g, f, t)) {
            continue;
        }
        struct fleet_made *m = row_of(g, t->model, t->version);
        add_deployment(m, at);
        add_count(&m->row.ready, t->ready);
        add_health(m, f, t->health > f->health || t->stable ? t->health : f->health);
        add_rates(m, &t->rates);
    }
}

static void from_wanted(struct fleet_rows_work *g, const struct ncm_fleet_deployment *f, size_t at)
{
    const struct ncm_models_snapshot *s = g->w->in->models;
    struct ncm_verdict_version v;
    if (f->it->n_wanted == 0 || f->is.model.p == NULL) {
        return;
    }
    ncm_claims_decide(f->it->wanted, f->it->n_wanted, s ? s->items : NULL, s ? s->n : 0, &v);
    struct ncm_str model = v.model.p != NULL ? v.model : f->is.model;
    if (v.version.p == NULL || ncm_str_eq(v.version, f->is.version)) {
        return;
    }
    struct fleet_made *m = row_of(g, model, v.version);
    add_deployment(m, at);
    add_health(m, f, f->health > NCM_HEALTH_PROGRESSING ? f->health : NCM_HEALTH_PROGRESSING);
}

static void from_deployment(struct fleet_rows_work *g, size_t at)
{
    const struct ncm_fleet_deployment *f = &g->w->fleet->deployments[at];
    bool sure = fleet_model(g->w, f->is.model) != NULL || !f->is.guess ||
                (f->it->model.p != NULL && ncm_str_eq(f->it->model, f->is.model));
    if (f->is.model.p == NULL || !sure) {
        return;
    }
    bool split = has_targets(f);
    if (split) {
        from_targets(g, f, at);
    }
    bool told = false;
    for (size_t i = 0; split && i < f->n_traffic; i++) {
        told = told || (ncm_str_eq(f->traffic[i].version, f->is.version) &&
                        own_target(g, f, &f->traffic[i]));
    }
    if (!told) {
        struct fleet_made *m = row_of(g, f->is.model, f->is.version);
        add_deployment(m, at);
        add_count(&m->row.desired, f->it->desired);
        add_count(&m->row.ready, f->it->ready);
        add_health(m, f, f->health);
        add_rates(m, &f->rates);
    }
    from_wanted(g, f, at);
}

/* ---- what is in production ---- */

static void choose_production(struct fleet_made *rows, size_t n)
{
    const struct ncm_model_version *p = rows[0].model ? fleet_production(rows[0].model) : NULL;
    struct fleet_made *most = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct ncm_model_version *v = rows[i].version;
        rows[i].row.in_production = v != NULL && fleet_is_production(v);
        bool more = rows[i].deployments.n > 0 &&
                    (most == NULL || rows[i].row.percent > most->row.percent ||
                     (isnan(most->row.percent) && !isnan(rows[i].row.percent)));
        most = more ? &rows[i] : most;
    }
    if (p == NULL && most != NULL) {
        most->row.in_production = true;
    }
}

/* The row that what is said of a model as such belongs to: in production and serving, else in
 * production, else the first. */
static struct fleet_made *row_for_model(struct fleet_made *rows, size_t n)
{
    struct fleet_made *best = NULL;
    for (size_t i = 0; i < n; i++) {
        bool p = rows[i].row.in_production, d = rows[i].deployments.n > 0;
        if (best == NULL || (p && !best->row.in_production) ||
            (p == best->row.in_production && d && best->deployments.n == 0)) {
            best = &rows[i];
        }
    }
    return best;
}

/* ---- drift ---- */

static void take_drift(struct fleet_work *w, struct fleet_made *m,
                       const struct ncm_drift_monitor *d)
{
    const struct ncm_drift_feature *f = &d->features[0];
    double *values = ncm_arena_alloc(w->arena, d->n_windows + 1, sizeof *values);
    size_t n = 0;
    for (size_t i = 0; i < d->n_windows; i++) {
        if (!isnan(f->points[i].value)) {
            values[n++] = f->points[i].value;
        }
    }
    m->row.drift = values;
    m->row.n_drift = n;
    m->row.drift_last = f->last;
    m->row.drift_feature = f->name;
    m->row.drift_monitor = d->name;
    m->row.drift_state = d->state;
}

static void fill_drift(struct fleet_work *w, struct fleet_made *m)
{
    const struct ncm_drift_snapshot *s = w->in->drift;
    const struct ncm_drift_monitor *worst = NULL;
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        const struct ncm_drift_monitor *d = &s->items[i];
        if (d->n_features > 0 && ncm_str_eq(d->model, m->row.model) &&
            (worst == NULL || d->state > worst->state)) {
            worst = d;
        }
    }
    if (worst != NULL) {
        take_drift(w, m, worst);
    }
}

/* ---- alerts ---- */

static bool is_of_row(const struct fleet_rows_work *g, const struct fleet_made *m,
                      const struct ncm_alert *a)
{
    for (size_t i = 0; i < m->deployments.n; i++) {
        size_t at = ((const size_t *)m->deployments.items)[i];
        if (fleet_alert_of_deployment(a, g->w->fleet->deployments[at].it)) {
            return true;
        }
    }
    return false;
}

static void fill_alerts(struct fleet_rows_work *g, struct fleet_made *rows, size_t n)
{
    struct fleet_made *main = row_for_model(rows, n);
    for (size_t i = 0; i < g->w->fleet->n_firing; i++) {
        const struct ncm_alert *a = g->w->fleet->firing[i];
        bool of_model = fleet_alert_of_model(a, rows[0].row.model);
        bool placed = false;
        for (size_t r = 0; r < n; r++) {
            struct fleet_made *m = &rows[r];
            bool here = is_of_row(g, m, a);
            if (here) {
                m->row.n_firing++;
                m->row.severity = a->severity > m->row.severity ? a->severity : m->row.severity;
                placed = true;
            }
        }
        for (size_t r = 0; of_model && !placed && r < n; r++) {
            bool version = fleet_alert_fits(a, rows[r].row.version);
            bool any = fleet_alert_fits(a, (struct ncm_str){"", 0});
            if (any ? &rows[r] == main : version) {
                rows[r].row.n_firing++;
                rows[r].row.severity =
                    a->severity > rows[r].row.severity ? a->severity : rows[r].row.severity;
            }
        }
    }
}

/* ---- what a row comes to ---- */

static bool has_deployments(const struct fleet_work *w)
{
    for (size_t i = 0; i < w->in->n_deployments; i++) {
        if (w->in->deployments[i] != NULL && w->in->deployments[i]->n > 0) {
            return true;
        }
    }
    return false;
}

/* The version of production that nobody is known to run. */
static void say_missing(struct fleet_work *w, struct fleet_made *rows, size_t n,
                        struct fleet_made *m)
{
    const struct fleet_made *instead = NULL;
    for (size_t i = 0; i < n; i++) {
        bool better = instead == NULL || instead->row.version.p == NULL;
        instead = rows[i].deployments.n > 0 && better ? &rows[i] : instead;
    }
    bool other = instead != NULL && instead->row.version.p != NULL;
    enum ncm_severity severity = other ? NCM_SEVERITY_CRITICAL : NCM_SEVERITY_WARNING;
    const char *v = ncm_cstr(fleet_v(w->arena, m->row.version));
    m->row.health = NCM_HEALTH_UNKNOWN;
    m->row.severity = severity > m->row.severity ? severity : m->row.severity;
    if (other) {
        m->row.reason = fleet_text(w->arena, _("registry says %s, %s runs"), v,
                                   ncm_cstr(fleet_v(w->arena, instead->row.version)));
    } else if (instead != NULL) {
        m->row.reason =
            fleet_text(w->arena, _("registry says %s, which version runs is not known"), v);
    } else {
        m->row.reason =
            fleet_text(w->arena, "%s", _("in production, but deployed nowhere that is configured"));
    }
}

/* Well and yet something speaks against it: the gravest finding, else its drift. */
static struct ncm_str other_reason(const struct fleet_work *w, const struct ncm_fleet_row *r)
{
    const struct ncm_deploy_finding *worst = NULL;
    for (size_t i = 0; i < r->n_deployments; i++) {
        const struct ncm_fleet_deployment *d = &w->fleet->deployments[r->deployments[i]];
        bool grave = d->n_findings > 0 && d->findings[0].severity > NCM_SEVERITY_INFO;
        if (grave && (worst == NULL || d->findings[0].severity > worst->severity)) {
            worst = &d->findings[0];
        }
    }
    if (worst != NULL) {
        return worst->sentence;
    }
    return r->drift_state >= NCM_DRIFT_WARNING && r->drift_feature.p != NULL
               ? fleet_text(w->arena, _("%s drifts"), ncm_cstr(r->drift_feature))
               : r->reason;
}

static void finish_row(struct fleet_rows_work *g, struct fleet_made *m)
{
    struct fleet_work *w = g->w;
    struct ncm_fleet_row *r = &m->row;
    r->rates = ncm_rates_sum(w->arena, m->rates.items, m->rates.n);
    r->n_deployments = m->deployments.n;
    r->deployments = ncm_list_move(&m->deployments, w->arena);
    ncm_free(m->rates.items);
    if (m->version != NULL) {
        r->stage = stage_text(w->arena, m->version);
    }
    if (r->reason.p == NULL) {
        r->reason = other_reason(w, r);
    }
    int64_t promoted = m->version != NULL ? fleet_held_since(w, m->model, m->version) : NCM_NO_TIME;
    r->since_ms = r->n_deployments > 0 && r->health >= NCM_HEALTH_UNKNOWN ? m->bad_since
                  : promoted != NCM_NO_TIME                               ? promoted
                                                                          : m->good_since;
    bool here = r->n_deployments > 0 || r->in_production;
    enum ncm_health h =
        r->n_deployments == 0 && r->health == NCM_HEALTH_STOPPED ? NCM_HEALTH_HEALTHY : r->health;
    r->badness = fleet_badness(here ? h : NCM_HEALTH_HEALTHY, r->severity, r->in_production);
    if (r->drift_state >= NCM_DRIFT_WARNING) {
        r->badness += r->drift_state == NCM_DRIFT_CRITICAL ? 10 : 5;
    }
    if (r->canary_worse && !r->in_production) {
        r->badness += 20; /* it answers real requests, and somebody can take it back now */
    }
    if (r->in_production && r->n_deployments > 0 && r->health == NCM_HEALTH_STOPPED) {
        r->badness += 35;
    }
    if (r->n_deployments == 0 && r->health == NCM_HEALTH_STOPPED) {
        r->health = NCM_HEALTH_UNKNOWN; /* nobody says */
    }
}

static void finish_model(struct fleet_rows_work *g, struct fleet_made *rows, size_t n)
{
    fleet_fill_percents(g, rows, n);
    choose_production(rows, n);
    fill_drift(g->w, row_for_model(rows, n));
    fill_alerts(g, rows, n);
    int worst = 0;
    bool runs = false;
    for (size_t i = 0; i < n; i++) {
        runs = runs || (rows[i].row.in_production && rows[i].deployments.n > 0);
    }
    for (size_t i = 0; !runs && has_deployments(g->w) && i < n; i++) {
        if (rows[i].row.in_production) {
            say_missing(g->w, rows, n, &rows[i]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        finish_row(g, &rows[i]);
        worst = rows[i].row.badness > worst ? rows[i].row.badness : worst;
    }
    for (size_t i = 0; i < n; i++) {
        rows[i].group_badness = worst;
    }
}

/* ---- order ---- */

static int by_model(const void *x, const void *y)
{
    const struct fleet_made *a = x, *b = y;
    return ncm_str_compare(a->row.model, b->row.model);
}

static int by_badness(const void *x, const void *y)
{
    const struct fleet_made *a = x, *b = y;
    if (a->group_badness != b->group_badness) {
        return a->group_badness > b->group_badness ? -1 : 1;
    }
    int c = ncm_str_compare(a->row.model, b->row.model);
    if (c != 0) {
        return c;
    }
    if (a->row.badness != b->row.badness) {
        return a->row.badness > b->row.badness ? -1 : 1;
    }
    if (a->row.in_production != b->row.in_production) {
        return a->row.in_production ? -1 : 1;
    }
    int64_t p = 0, q = 0; /* the newest first */
    bool numbers =
        ncm_parse_i64(ncm_cstr(a->row.version), &p) && ncm_parse_i64(ncm_cstr(b->row.version), &q);
    return numbers ? (p < q) - (p > q) : ncm_str_compare(b->row.version, a->row.version);
}

void fleet_rows(struct fleet_work *w)
{
    struct fleet_rows_work g = {
        .w = w, .rows = {.size = sizeof(struct fleet_made)}, .by_version = ncm_map_new()};
    from_registry(&g);
    for (size_t i = 0; i < w->fleet->n_deployments; i++) {
        from_deployment(&g, i);
    }
    ncm_map_free(g.by_version);
    struct fleet_made *rows = g.rows.items;
    size_t n = g.rows.n;
    if (n > 0) {
        qsort(rows, n, sizeof *rows, by_model);
    }
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && by_model(&rows[from], &rows[to]) == 0; to++) {}
        finish_model(&g, &rows[from], to - from);
    }
    if (n > 0) {
        qsort(rows, n, sizeof *rows, by_badness);
    }
    w->fleet->rows = ncm_arena_alloc(w->arena, n, sizeof *w->fleet->rows);
    w->fleet->n_rows = n;
    for (size_t i = 0; i < n; i++) {
        w->fleet->rows[i] = rows[i].row;
    }
    ncm_free(g.rows.items);
}
