#include "unit/made_fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "base/num.h"

struct made_in made_in;

struct ncm_str made_str(struct ncm_arena *a, const char *s)
{
    return ncm_arena_cstr(a, s);
}

int made_begin(void **state)
{
    memset(&made_in, 0, sizeof made_in);
    (void)state;
    return 0;
}

int made_end(void **state)
{
    ncm_fleet_free(made_in.fleet);
    for (size_t i = 0; i < made_in.n_deployments; i++) {
        ncm_snapshot_unref(made_in.deployments[i]);
    }
    for (size_t i = 0; i < made_in.n_alerts; i++) {
        ncm_snapshot_unref(made_in.alerts[i]);
    }
    ncm_snapshot_unref(made_in.models);
    ncm_snapshot_unref(made_in.rates);
    ncm_snapshot_unref(made_in.drift);
    ncm_snapshot_unref(made_in.audit);
    (void)state;
    return 0;
}

const struct ncm_fleet *made_join(void)
{
    struct ncm_fleet_in in = {
        .deployments = made_in.deployments,
        .n_deployments = made_in.n_deployments,
        .models = made_in.models,
        .rates = made_in.rates,
        .drift = made_in.drift,
        .alerts = made_in.alerts,
        .n_alerts = made_in.n_alerts,
        .audit = made_in.audit,
        .now_ms = 100000,
    };
    ncm_fleet_free(made_in.fleet);
    made_in.fleet = ncm_fleet_build(&in);
    return made_in.fleet;
}

void made_source(const char *name, size_t n)
{
    struct ncm_deployments_snapshot *s = ncm_deployments_snapshot_new(n);
    s->source = s->cluster = made_str(s->head.arena, name);
    s->n = 0;
    made_in.deployments[made_in.n_deployments++] = s;
}

struct ncm_arena *made_arena_of(struct ncm_deployment *d)
{
    return ((struct ncm_deployment_box *)((char *)d - offsetof(struct ncm_deployment_box, it)))
        ->arena;
}

struct ncm_deployment *made_deployment(const char *name, const char *uri)
{
    struct ncm_deployments_snapshot *s =
        (struct ncm_deployments_snapshot *)made_in.deployments[made_in.n_deployments - 1];
    struct ncm_deployment_box *b = ncm_deployment_box_new();
    struct ncm_deployment *d = &b->it;
    s->items[s->n++] = b;
    d->source = made_str(b->arena, ncm_cstr(s->source));
    d->cluster = d->source;
    d->ns = made_str(b->arena, "ml");
    d->name = made_str(b->arena, name);
    d->kind = made_str(b->arena, "Deployment");
    d->health = NCM_HEALTH_HEALTHY;
    d->desired = d->ready = 2;
    d->rolled_ms = 50000;
    if (uri != NULL) {
        d->claims = ncm_arena_alloc(b->arena, 2, sizeof *d->claims);
        d->n_claims = ncm_claim_of(b->arena, NCM_PLACE_ENV, "MODEL_URI", uri, &d->claims[0]);
        d->claims[0].where = made_str(b->arena, "env MODEL_URI of server");
    }
    return d;
}

void made_replica(struct ncm_deployment *d, const char *name, const char *revision)
{
    struct ncm_arena *a = made_arena_of(d);
    struct ncm_replica *r = ncm_arena_alloc(a, d->n_replicas + 1, sizeof *r);
    if (d->n_replicas > 0) {
        memcpy(r, d->replicas, d->n_replicas * sizeof *r);
    }
    r[d->n_replicas].name = made_str(a, name);
    r[d->n_replicas].revision = made_str(a, revision);
    r[d->n_replicas].created_ms = r[d->n_replicas].crashed_ms = NCM_NO_TIME;
    d->replicas = r;
    d->n_replicas++;
}

void made_split(struct ncm_deployment *d, const char *one, double percent, const char *two)
{
    struct ncm_arena *a = made_arena_of(d);
    d->traffic = ncm_arena_alloc(a, 2, sizeof *d->traffic);
    d->n_traffic = 2;
    for (int i = 0; i < 2; i++) {
        d->traffic[i].target = made_str(a, i == 0 ? one : two);
        d->traffic[i].percent = i == 0 ? percent : 100 - percent;
        d->traffic[i].stable = i == 0;
        d->traffic[i].health = NCM_HEALTH_HEALTHY;
        d->traffic[i].ready = 1;
        d->traffic[i].rates = ncm_rates_unknown();
    }
}

void made_registry(const char *const *lines, size_t n)
{
    struct ncm_models_snapshot *s = ncm_snapshot_new(NCM_T_MODELS, sizeof *s);
    struct ncm_arena *a = s->head.arena;
    struct ncm_model *m = NULL;
    s->items = ncm_arena_alloc(a, n, sizeof *s->items);
    for (size_t i = 0; i < n; i++) {
        char name[40], version[10], stage[20] = "None", alias[20] = "";
        assert_true(sscanf(lines[i], "%39s %9s %19s %19s", name, version, stage, alias) >= 2);
        if (m == NULL || !ncm_str_is(m->name, name)) {
            m = &s->items[s->n++];
            m->name = made_str(a, name);
            m->versions = ncm_arena_alloc(a, n, sizeof *m->versions);
            m->aliases = ncm_arena_alloc(a, n, sizeof *m->aliases);
        }
        struct ncm_model_version *v = &m->versions[m->n_versions++];
        v->model = m->name;
        v->version = made_str(a, version);
        assert_true(ncm_stage_of(stage, &v->stage));
        v->creation_ms = 1000;
        v->last_updated_ms = 2000;
        if (alias[0] != '\0') {
            v->aliases = ncm_arena_alloc(a, 1, sizeof *v->aliases);
            v->aliases[0] = made_str(a, alias);
            v->n_aliases = 1;
            m->aliases[m->n_aliases++] = (struct ncm_alias){v->aliases[0], v->version, false};
        }
    }
    ncm_snapshot_unref(made_in.models);
    made_in.models = s;
}
void made_tag(const char *model, const char *version, const char *key, const char *value)
{
    struct ncm_model *m = (struct ncm_model *)ncm_models_find(made_in.models, model);
    struct ncm_model_version *v = (struct ncm_model_version *)ncm_model_version(m, version);
    struct ncm_arena *a = made_in.models->head.arena;
    v->tags = ncm_arena_alloc(a, 1, sizeof *v->tags);
    v->tags[0] = (struct ncm_kv){made_str(a, key), made_str(a, value)};
    v->n_tags = 1;
}

void made_metrics(size_t n)
{
    made_in.rates = ncm_snapshot_new(NCM_T_RATES, sizeof *made_in.rates);
    made_in.rates->items =
        ncm_arena_alloc(made_in.rates->head.arena, n, sizeof *made_in.rates->items);
}

void made_counted(const char *key, const char *value, const char *cluster, double requests,
                  double errors, double le)
{
    static const double bounds[] = {10, 20, 50, 100, 200};
    struct ncm_arena *a = made_in.rates->head.arena;
    struct ncm_rates_row *r = &made_in.rates->items[made_in.rates->n++];
    double *counts = ncm_arena_alloc(a, 6, sizeof *counts);
    for (size_t i = 0; i < 5; i++) {
        counts[i] = bounds[i] == le ? requests : 0;
    }
    r->labels = ncm_arena_alloc(a, 3, sizeof *r->labels);
    if (cluster != NULL) {
        r->labels[r->n_labels++] = (struct ncm_kv){made_str(a, "cluster"), made_str(a, cluster)};
    }
    if (strcmp(key, "instance") == 0) {
        r->labels[r->n_labels++] = (struct ncm_kv){made_str(a, key), made_str(a, value)};
    } else if (strcmp(key, "namespace") < 0) {
        r->labels[r->n_labels++] = (struct ncm_kv){made_str(a, key), made_str(a, value)};
        r->labels[r->n_labels++] = (struct ncm_kv){made_str(a, "namespace"), made_str(a, "ml")};
    } else {
        r->labels[r->n_labels++] = (struct ncm_kv){made_str(a, "namespace"), made_str(a, "ml")};
        r->labels[r->n_labels++] = (struct ncm_kv){made_str(a, key), made_str(a, value)};
    }
    r->rates = ncm_rates_unknown();
    r->rates.known = true;
    r->rates.window_s = 100;
    r->rates.requests = requests;
    r->rates.errors = errors;
    r->rates.le_ms = bounds;
    r->rates.counts = counts;
    r->rates.n = 5;
    r->rates.family = made_str(a, "request_predict_seconds");
    r->rates.source = made_str(a, "prometheus");
    ncm_rates_derive(&r->rates);
}

const struct ncm_fleet_row *made_row(const char *model, const char *version)
{
    for (size_t i = 0; i < made_in.fleet->n_rows; i++) {
        const struct ncm_fleet_row *r = &made_in.fleet->rows[i];
        if (ncm_str_is(r->model, model) && strcmp(ncm_cstr(r->version), version) == 0) {
            return r;
        }
    }
    return NULL;
}

const char *made_finding(const char *ref, const char *kind, enum ncm_severity severity)
{
    bool ambiguous;
    const struct ncm_fleet_deployment *d = ncm_fleet_find(made_in.fleet, ref, NULL, &ambiguous);
    assert_non_null(d);
    for (size_t i = 0; i < d->n_findings; i++) {
        if (ncm_str_is(d->findings[i].kind, kind)) {
            assert_int_equal(d->findings[i].severity, severity);
            return ncm_cstr(d->findings[i].sentence);
        }
    }
    return NULL;
}

const struct ncm_fleet_deployment *made_found(const char *ref)
{
    bool ambiguous;
    const struct ncm_fleet_deployment *d = ncm_fleet_find(made_in.fleet, ref, NULL, &ambiguous);
    assert_non_null(d);
    return d;
}

void made_drifting(const char *model, enum ncm_drift_state state)
{
    made_in.drift = ncm_snapshot_new(NCM_T_DRIFT, sizeof *made_in.drift);
    struct ncm_arena *a = made_in.drift->head.arena;
    struct ncm_drift_monitor *m = ncm_arena_alloc(a, 1, sizeof *m);
    made_in.drift->items = m;
    made_in.drift->n = 1;
    m->model = made_str(a, model);
    m->name = made_str(a, "input");
    m->state = state;
    m->n_windows = 3;
    m->n_features = 1;
    m->features = ncm_arena_alloc(a, 1, sizeof *m->features);
    m->features[0].name = made_str(a, "tenure");
    m->features[0].method = made_str(a, "psi");
    m->features[0].critical = 0.25;
    m->features[0].last = 0.31;
    m->features[0].points = ncm_arena_alloc(a, 3, sizeof(struct ncm_drift_point));
    m->features[0].points[0].value = 0.1;
    m->features[0].points[1].value = (double)NAN; /* a gap */
    m->features[0].points[2].value = 0.31;
}

struct ncm_alert *made_alerts_of(const char *from, size_t n)
{
    struct ncm_alerts_snapshot *s = ncm_snapshot_new(NCM_T_ALERTS, sizeof *s);
    struct ncm_arena *a = s->head.arena;
    s->items = ncm_arena_alloc(a, n, sizeof *s->items);
    s->n = n;
    for (size_t i = 0; i < n; i++) {
        s->items[i].id = made_str(a, i == 0 ? "1" : "2");
        s->items[i].source = made_str(a, from);
        s->items[i].state = NCM_ALERT_FIRING;
        s->items[i].since_ms = 1000 + (int64_t)i;
        s->items[i].until_ms = s->items[i].ack_ms = NCM_NO_TIME;
    }
    made_in.alerts[made_in.n_alerts++] = s;
    return s->items;
}
