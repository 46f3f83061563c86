/* Everything joined: what is told of made deployments, registries, rates, drift and alerts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "ops/fleet/inside.h"

/* ---- things to join ---- */

static struct {
    const struct ncm_deployments_snapshot *deployments[3];
    size_t n_deployments;
    struct ncm_models_snapshot *models;
    struct ncm_rates_snapshot *rates;
    struct ncm_drift_snapshot *drift;
    const struct ncm_alerts_snapshot *alerts[2];
    size_t n_alerts;
    struct ncm_audit_snapshot *audit;
    struct ncm_fleet *fleet;
} made;

static struct ncm_str str(struct ncm_arena *a, const char *s)
{
    return ncm_arena_cstr(a, s);
}

static int begin(void **state)
{
    memset(&made, 0, sizeof made);
    (void)state;
    return 0;
}

static int end(void **state)
{
    ncm_fleet_free(made.fleet);
    for (size_t i = 0; i < made.n_deployments; i++) {
        ncm_snapshot_unref(made.deployments[i]);
    }
    for (size_t i = 0; i < made.n_alerts; i++) {
        ncm_snapshot_unref(made.alerts[i]);
    }
    ncm_snapshot_unref(made.models);
    ncm_snapshot_unref(made.rates);
    ncm_snapshot_unref(made.drift);
    ncm_snapshot_unref(made.audit);
    (void)state;
    return 0;
}

static const struct ncm_fleet *join(void)
{
    struct ncm_fleet_in in = {
        .deployments = made.deployments,
        .n_deployments = made.n_deployments,
        .models = made.models,
        .rates = made.rates,
        .drift = made.drift,
        .alerts = made.alerts,
        .n_alerts = made.n_alerts,
        .audit = made.audit,
        .now_ms = 100000,
    };
    ncm_fleet_free(made.fleet);
    made.fleet = ncm_fleet_build(&in);
    return made.fleet;
}

/* A source with room for n deployments of the cluster of that name. */
static void source(const char *name, size_t n)
{
    struct ncm_deployments_snapshot *s = ncm_deployments_snapshot_new(n);
    s->source = s->cluster = str(s->head.arena, name);
    s->n = 0;
    made.deployments[made.n_deployments++] = s;
}

static struct ncm_arena *arena_of(struct ncm_deployment *d)
{
    return ((struct ncm_deployment_box *)((char *)d - offsetof(struct ncm_deployment_box, it)))->arena;
}

/* A healthy one in namespace ml of the newest source, with what its variable MODEL_URI holds. */
static struct ncm_deployment *deployment(const char *name, const char *uri)
{
    struct ncm_deployments_snapshot *s =
        (struct ncm_deployments_snapshot *)made.deployments[made.n_deployments - 1];
    struct ncm_deployment_box *b = ncm_deployment_box_new();
    struct ncm_deployment *d = &b->it;
    s->items[s->n++] = b;
    d->source = str(b->arena, ncm_cstr(s->source));
    d->cluster = d->source;
    d->ns = str(b->arena, "ml");
    d->name = str(b->arena, name);
    d->kind = str(b->arena, "Deployment");
    d->health = NCM_HEALTH_HEALTHY;
    d->desired = d->ready = 2;
    d->rolled_ms = 50000;
    if (uri != NULL) {
        d->claims = ncm_arena_alloc(b->arena, 2, sizeof *d->claims);
        d->n_claims = ncm_claim_of(b->arena, NCM_PLACE_ENV, "MODEL_URI", uri, &d->claims[0]);
        d->claims[0].where = str(b->arena, "env MODEL_URI of server");
    }
    return d;
}

static void replica(struct ncm_deployment *d, const char *name, const char *revision)
{
    struct ncm_arena *a = arena_of(d);
    struct ncm_replica *r = ncm_arena_alloc(a, d->n_replicas + 1, sizeof *r);
    if (d->n_replicas > 0) {
        memcpy(r, d->replicas, d->n_replicas * sizeof *r);
    }
    r[d->n_replicas].name = str(a, name);
    r[d->n_replicas].revision = str(a, revision);
    r[d->n_replicas].created_ms = r[d->n_replicas].crashed_ms = NCM_NO_TIME;
    d->replicas = r;
    d->n_replicas++;
}

static void split(struct ncm_deployment *d, const char *one, double percent, const char *two)
{
    struct ncm_arena *a = arena_of(d);
    d->traffic = ncm_arena_alloc(a, 2, sizeof *d->traffic);
    d->n_traffic = 2;
    for (int i = 0; i < 2; i++) {
        d->traffic[i].target = str(a, i == 0 ? one : two);
        d->traffic[i].percent = i == 0 ? percent : 100 - percent;
        d->traffic[i].stable = i == 0;
        d->traffic[i].health = NCM_HEALTH_HEALTHY;
        d->traffic[i].ready = 1;
        d->traffic[i].rates = ncm_rates_unknown();
    }
}

/* A registry: "churn 3 Production champion" a version, the highest of a model first, models sorted. */
static void registry(const char *const *lines, size_t n)
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
            m->name = str(a, name);
            m->versions = ncm_arena_alloc(a, n, sizeof *m->versions);
            m->aliases = ncm_arena_alloc(a, n, sizeof *m->aliases);
        }
        struct ncm_model_version *v = &m->versions[m->n_versions++];
        v->model = m->name;
        v->version = str(a, version);
        assert_true(ncm_stage_of(stage, &v->stage));
        v->creation_ms = 1000;
        v->last_updated_ms = 2000;
        if (alias[0] != '\0') {
            v->aliases = ncm_arena_alloc(a, 1, sizeof *v->aliases);
            v->aliases[0] = str(a, alias);
            v->n_aliases = 1;
            m->aliases[m->n_aliases++] = (struct ncm_alias){v->aliases[0], v->version, false};
        }
    }
    ncm_snapshot_unref(made.models);
    made.models = s;
}
#define REGISTRY(...)                                                                              \
    registry((const char *const[]){__VA_ARGS__},                                                   \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void tag(const char *model, const char *version, const char *key, const char *value)
{
    struct ncm_model *m = (struct ncm_model *)ncm_models_find(made.models, model);
    struct ncm_model_version *v = (struct ncm_model_version *)ncm_model_version(m, version);
    struct ncm_arena *a = made.models->head.arena;
    v->tags = ncm_arena_alloc(a, 1, sizeof *v->tags);
    v->tags[0] = (struct ncm_kv){str(a, key), str(a, value)};
    v->n_tags = 1;
}

static void metrics(size_t n)
{
    made.rates = ncm_snapshot_new(NCM_T_RATES, sizeof *made.rates);
    made.rates->items = ncm_arena_alloc(made.rates->head.arena, n, sizeof *made.rates->items);
}

/* requests in 100 s, of which errors fail, all in the bucket that ends at le ms. Labels sorted. */
static void counted(const char *key, const char *value, const char *cluster, double requests,
                    double errors, double le)
{
    static const double bounds[] = {10, 20, 50, 100, 200};
    struct ncm_arena *a = made.rates->head.arena;
    struct ncm_rates_row *r = &made.rates->items[made.rates->n++];
    double *counts = ncm_arena_alloc(a, 6, sizeof *counts);
    for (size_t i = 0; i < 5; i++) {
        counts[i] = bounds[i] == le ? requests : 0;
    }
    r->labels = ncm_arena_alloc(a, 3, sizeof *r->labels);
    if (cluster != NULL) {
        r->labels[r->n_labels++] = (struct ncm_kv){str(a, "cluster"), str(a, cluster)};
    }
    if (strcmp(key, "instance") == 0) {
        r->labels[r->n_labels++] = (struct ncm_kv){str(a, key), str(a, value)};
    } else if (strcmp(key, "namespace") < 0) {
        r->labels[r->n_labels++] = (struct ncm_kv){str(a, key), str(a, value)};
        r->labels[r->n_labels++] = (struct ncm_kv){str(a, "namespace"), str(a, "ml")};
    } else {
        r->labels[r->n_labels++] = (struct ncm_kv){str(a, "namespace"), str(a, "ml")};
        r->labels[r->n_labels++] = (struct ncm_kv){str(a, key), str(a, value)};
    }
    r->rates = ncm_rates_unknown();
    r->rates.known = true;
    r->rates.window_s = 100;
    r->rates.requests = requests;
    r->rates.errors = errors;
    r->rates.le_ms = bounds;
    r->rates.counts = counts;
    r->rates.n = 5;
    r->rates.family = str(a, "request_predict_seconds");
    r->rates.source = str(a, "prometheus");
    ncm_rates_derive(&r->rates);
}

static const struct ncm_fleet_row *row(const char *model, const char *version)
{
    for (size_t i = 0; i < made.fleet->n_rows; i++) {
        const struct ncm_fleet_row *r = &made.fleet->rows[i];
        if (ncm_str_is(r->model, model) && strcmp(ncm_cstr(r->version), version) == 0) {
            return r;
        }
    }
    return NULL;
}

/* The sentence of a finding of one deployment; NULL: it has none of the kind. */
static const char *finding(const char *ref, const char *kind, enum ncm_severity severity)
{
    bool ambiguous;
    const struct ncm_fleet_deployment *d = ncm_fleet_find(made.fleet, ref, NULL, &ambiguous);
    assert_non_null(d);
    for (size_t i = 0; i < d->n_findings; i++) {
        if (ncm_str_is(d->findings[i].kind, kind)) {
            assert_int_equal(d->findings[i].severity, severity);
            return ncm_cstr(d->findings[i].sentence);
        }
    }
    return NULL;
}

static const struct ncm_fleet_deployment *found(const char *ref)
{
    bool ambiguous;
    const struct ncm_fleet_deployment *d = ncm_fleet_find(made.fleet, ref, NULL, &ambiguous);
    assert_non_null(d);
    return d;
}

/* ---- tests ---- */

static void nothing_is_joined_without_harm(void **state)
{
    const struct ncm_fleet *f = join();
    assert_int_equal(f->n_rows + f->n_deployments + f->n_firing + f->n_events, 0);
    assert_null(ncm_fleet_find(f, "x", NULL, &(bool){false}));
    source("k", 0);
    REGISTRY("churn 3 Production");
    f = join();
    assert_int_equal(f->n_rows, 1);
    assert_true(row("churn", "3")->in_production);
    assert_int_equal(row("churn", "3")->badness, 0); /* nothing is configured: nothing is missing */
    (void)state;
}

static void what_is_in_production_and_on_its_way_has_a_row(void **state)
{
    REGISTRY("churn 4 None challenger", "churn 3 Production champion", "churn 2 Archived",
             "churn 1 None", "fraud 9 Staging", "plain 2", "plain 1");
    source("k", 4);
    deployment("churn", "models:/churn/3");
    deployment("plain", "models:/plain/1");
    deployment("stranger", "models:/elsewhere/5");
    deployment("nginx", NULL);
    const struct ncm_fleet *f = join();
    assert_int_equal(f->n_rows, 5);
    assert_string_equal(ncm_cstr(row("churn", "3")->stage), "Production @champion");
    assert_string_equal(ncm_cstr(row("churn", "4")->stage), "@challenger");
    assert_false(row("churn", "4")->in_production);
    assert_string_equal(ncm_cstr(row("fraud", "9")->stage), "Staging");
    assert_null(row("fraud", "9")->deployments);
    /* The registry of "plain" has neither: what has the traffic is in production. */
    assert_true(row("plain", "1")->in_production);
    assert_null(row("plain", "1")->stage.p);
    assert_false(row("elsewhere", "5")->registered);
    assert_int_equal(row("churn", "3")->ready, 2);
    assert_true(row("churn", "3")->percent == 100);
    assert_true(isnan(row("churn", "4")->percent));
    assert_int_equal(row("churn", "4")->ready, -1);
    assert_false(row("churn", "3")->rates.known);
    assert_true(isnan(row("churn", "3")->rates.rps));
    assert_true(isnan(row("churn", "3")->drift_last));
    assert_int_equal(row("churn", "3")->since_ms, 2000);
    (void)state;
}

static void a_registry_that_says_another_version_is_red(void **state)
{
    REGISTRY("churn 14 Production", "churn 13 Archived");
    source("k", 1);
    deployment("churn", "models:/churn/13");
    join();
    const char *says = finding("churn", "not_production", NCM_SEVERITY_CRITICAL);
    assert_non_null(says);
    assert_non_null(strstr(says, "registry says v14, running v13 since 1970-01-01"));
    assert_string_equal(ncm_cstr(found("churn")->findings[0].evidence),
                        "models:/churn/13 (env MODEL_URI of server)");
    assert_int_equal(found("churn")->health, NCM_HEALTH_DEGRADED);
    assert_null(finding("churn", "archived", NCM_SEVERITY_WARNING)); /* said once */
    assert_string_equal(ncm_cstr(row("churn", "14")->reason), "registry says v14, v13 runs");
    assert_int_equal(row("churn", "14")->severity, NCM_SEVERITY_CRITICAL);
    assert_true(row("churn", "14")->badness > 0);
    assert_int_equal(row("churn", "14")->health, NCM_HEALTH_UNKNOWN);
    (void)state;
}

static void a_champion_counts_where_there_is_no_stage(void **state)
{
    REGISTRY("churn 14 None champion", "churn 13 None");
    source("k", 1);
    deployment("churn", "models:/churn/13");
    join();
    assert_non_null(finding("churn", "not_production", NCM_SEVERITY_CRITICAL));
    (void)state;
}

static void a_version_on_its_way_is_no_fault(void **state)
{
    REGISTRY("churn 14 Production", "churn 13 Archived");
    source("k", 1);
    struct ncm_deployment *d = deployment("churn", "models:/churn/13");
    d->rolling = true;
    d->health = NCM_HEALTH_PROGRESSING;
    d->wanted = ncm_arena_alloc(arena_of(d), 1, sizeof *d->wanted);
    d->n_wanted = ncm_claim_of(arena_of(d), NCM_PLACE_ENV, "MODEL_URI", "models:/churn/14", d->wanted);
    join();
    assert_null(finding("churn", "not_production", NCM_SEVERITY_CRITICAL));
    assert_int_equal(row("churn", "14")->health, NCM_HEALTH_PROGRESSING);
    assert_int_equal(row("churn", "14")->n_deployments, 1);
    (void)state;
}

static void a_canary_beside_production_is_no_fault(void **state)
{
    REGISTRY("churn 14 Staging", "churn 13 Production");
    source("k", 2);
    struct ncm_deployment *a = deployment("churn", "models:/churn/13");
    struct ncm_deployment *b = deployment("churn-canary", "models:/churn/14");
    split(a, "churn", 90, "churn-canary");
    split(b, "churn", 90, "churn-canary");
    join();
    assert_int_equal(found("churn")->n_findings, 0);
    assert_int_equal(found("churn-canary")->n_findings, 0);
    assert_true(row("churn", "13")->percent == 90);
    assert_true(row("churn", "14")->percent == 10);
    assert_string_equal(ncm_cstr(found("churn")->traffic[1].version), "14");
    (void)state;
}

static void evidence_that_disagrees_is_red(void **state)
{
    REGISTRY("churn 8 Production", "churn 7 None");
    source("k", 1);
    struct ncm_deployment *d = deployment("churn", "models:/churn/8");
    d->n_claims += ncm_claim_of(arena_of(d), NCM_PLACE_IMAGE, NULL, "h/churn:7", &d->claims[1]);
    join();
    assert_string_equal(finding("churn", "version_conflict", NCM_SEVERITY_CRITICAL),
                        "two statements disagree: v8 and v7");
    d->claims[1] = (struct ncm_claim){.rule = NCM_CLAIM_ANSWER, .version = {"7", 1}};
    join();
    assert_string_equal(finding("churn", "version_conflict", NCM_SEVERITY_CRITICAL),
                        "the server answers v7, the deployment says v8");
    (void)state;
}

static void versions_that_are_gone_or_archived_are_told(void **state)
{
    REGISTRY("churn 8 None", "churn 7 Archived");
    source("k", 2);
    deployment("a", "models:/churn/99");
    deployment("b", "models:/churn/7");
    join();
    assert_string_equal(finding("a", "not_registered", NCM_SEVERITY_WARNING),
                        "the registry has no version 99 of churn");
    assert_string_equal(finding("b", "archived", NCM_SEVERITY_WARNING),
                        "v7 serves, but the registry has archived it");
    (void)state;
}

static void an_alias_that_moved_after_the_start_is_told(void **state)
{
    REGISTRY("churn 8 None champion", "churn 7 None");
    tag("churn", "8", "ncmlops.transition.a1",
        "{\"actor\":\"kim\",\"time\":60000,\"alias\":\"champion\",\"from\":\"7\",\"to\":\"8\"}");
    source("k", 1);
    struct ncm_deployment *d = deployment("churn", "models:/churn@champion");
    d->claims[0].since_ms = 50000;
    join();
    assert_string_equal(ncm_cstr(found("churn")->is.version), "7"); /* what it meant then */
    const char *says = finding("churn", "alias_moved", NCM_SEVERITY_CRITICAL);
    assert_non_null(says);
    assert_non_null(strstr(says, "@champion means v8 now, but v7 was loaded at"));
    d->claims[0].since_ms = 70000; /* started afterwards */
    join();
    assert_string_equal(ncm_cstr(found("churn")->is.version), "8");
    assert_int_equal(found("churn")->n_findings, 0);
    (void)state;
}

static void production_that_is_nowhere_is_told(void **state)
{
    REGISTRY("churn 3 Production", "fraud 1 Production");
    source("k", 1);
    deployment("churn", "models:/churn/3");
    join();
    assert_non_null(strstr(ncm_cstr(row("fraud", "1")->reason), "deployed nowhere"));
    assert_int_equal(row("fraud", "1")->severity, NCM_SEVERITY_WARNING);
    assert_true(made.fleet->rows[0].badness >= made.fleet->rows[1].badness);
    assert_string_equal(ncm_cstr(made.fleet->rows[0].model), "fraud");
    (void)state;
}

static void drift(const char *model, enum ncm_drift_state state)
{
    made.drift = ncm_snapshot_new(NCM_T_DRIFT, sizeof *made.drift);
    struct ncm_arena *a = made.drift->head.arena;
    struct ncm_drift_monitor *m = ncm_arena_alloc(a, 1, sizeof *m);
    made.drift->items = m;
    made.drift->n = 1;
    m->model = str(a, model);
    m->name = str(a, "input");
    m->state = state;
    m->n_windows = 3;
    m->n_features = 1;
    m->features = ncm_arena_alloc(a, 1, sizeof *m->features);
    m->features[0].name = str(a, "tenure");
    m->features[0].method = str(a, "psi");
    m->features[0].critical = 0.25;
    m->features[0].last = 0.31;
    m->features[0].points = ncm_arena_alloc(a, 3, sizeof(struct ncm_drift_point));
    m->features[0].points[0].value = 0.1;
    m->features[0].points[1].value = (double)NAN; /* a gap */
    m->features[0].points[2].value = 0.31;
}

static void drift_is_shown_where_production_runs(void **state)
{
    REGISTRY("churn 4 Staging", "churn 3 Production");
    source("k", 1);
    deployment("churn", "models:/churn/3");
    drift("churn", NCM_DRIFT_CRITICAL);
    join();
    const struct ncm_fleet_row *r = row("churn", "3");
    assert_int_equal(r->n_drift, 2);
    assert_true(r->drift[1] == 0.31);
    assert_string_equal(ncm_cstr(r->drift_feature), "tenure");
    assert_int_equal(row("churn", "4")->n_drift, 0);
    assert_string_equal(finding("churn", "drift", NCM_SEVERITY_CRITICAL),
                        "tenure drifts: psi 0.31, threshold 0.25");
    assert_int_equal(found("churn")->health, NCM_HEALTH_HEALTHY); /* the server is well */
    assert_true(r->badness > 0);
    (void)state;
}

static struct ncm_alert *alerts(const char *from, size_t n)
{
    struct ncm_alerts_snapshot *s = ncm_snapshot_new(NCM_T_ALERTS, sizeof *s);
    struct ncm_arena *a = s->head.arena;
    s->items = ncm_arena_alloc(a, n, sizeof *s->items);
    s->n = n;
    for (size_t i = 0; i < n; i++) {
        s->items[i].id = str(a, i == 0 ? "1" : "2");
        s->items[i].source = str(a, from);
        s->items[i].state = NCM_ALERT_FIRING;
        s->items[i].since_ms = 1000 + (int64_t)i;
        s->items[i].until_ms = s->items[i].ack_ms = NCM_NO_TIME;
    }
    made.alerts[made.n_alerts++] = s;
    return s->items;
}

static struct ncm_kv labels_of_pod[] = {
    {{"alertname", 9}, {"Down", 4}},
    {{"namespace", 9}, {"ml", 2}},
    {{"pod", 3}, {"churn-5d9-x1", 12}},
};
static struct ncm_kv labels_of_model[] = {
    {{"model", 5}, {"churn", 5}},
    {{"model_version", 13}, {"4", 1}},
};

static void alerts_find_what_they_are_about(void **state)
{
    REGISTRY("churn 4 Staging", "churn 3 Production");
    source("k", 2);
    deployment("churn", "models:/churn/3");
    deployment("churn-new", "models:/churn/4");
    struct ncm_alert *a = alerts("alertmanager", 2);
    a[0].summary = (struct ncm_str){"it is down", 10};
    a[0].severity = NCM_SEVERITY_WARNING;
    a[0].rule = (struct ncm_str){"Down", 4};
    a[0].labels = labels_of_pod;
    a[0].n_labels = 3;
    a[1].rule = (struct ncm_str){"Slow", 4};
    a[1].severity = NCM_SEVERITY_CRITICAL;
    a[1].labels = labels_of_model;
    a[1].n_labels = 2;
    /* Prometheus tells of the same one. */
    struct ncm_alert *b = alerts("prometheus", 1);
    b[0].rule = a[0].rule;
    b[0].labels = labels_of_pod;
    b[0].n_labels = 3;
    const struct ncm_fleet *f = join();
    assert_int_equal(f->n_firing, 2);
    assert_string_equal(ncm_cstr(f->firing[0]->rule), "Slow"); /* the gravest first */
    assert_string_equal(finding("churn", "alert", NCM_SEVERITY_WARNING), "it is down");
    assert_int_equal(row("churn", "3")->n_firing, 1);
    assert_int_equal(row("churn", "4")->n_firing, 1);
    assert_int_equal(row("churn", "4")->severity, NCM_SEVERITY_CRITICAL);
    assert_string_equal(ncm_cstr(f->rows[0].version), "4");
    assert_int_equal(f->events[0].sign, 'A');
    /* Silenced ones do not fire. */
    a[0].state = a[1].state = NCM_ALERT_SILENCED;
    assert_int_equal(join()->n_firing, 0);
    (void)state;
}

static void rates_are_joined_by_what_labels_say(void **state)
{
    source("k", 3);
    struct ncm_deployment *a = deployment("churn", "models:/churn/3");
    struct ncm_deployment *b = deployment("fraud", "models:/fraud/1");
    struct ncm_deployment *e = deployment("api", "models:/api/1");
    replica(a, "churn-1", "r1");
    replica(a, "churn-2", "r1");
    e->kind = str(arena_of(e), "Endpoint");
    e->ns = str(arena_of(e), "");
    e->endpoint = str(arena_of(e), "http://10.0.0.1:8080/v1");
    b->rates = ncm_rates_unknown();
    b->rates.known = true;
    b->rates.rps = 7;
    metrics(5);
    counted("pod", "churn-1", NULL, 100, 1, 20);
    counted("pod", "churn-2", NULL, 300, 0, 50);
    counted("deployment", "churn", NULL, 9999, 0, 50); /* the same requests once more */
    counted("instance", "10.0.0.1:8080", NULL, 50, 0, 10);
    join();
    assert_true(found("churn")->rates.requests == 400);
    assert_true(found("churn")->rates.rps == 4);
    assert_true(found("churn")->rates.error_rate == 1.0 / 400);
    assert_true(found("churn")->rates.p95_ms > 20 && found("churn")->rates.p95_ms < 50);
    assert_true(found("api")->rates.requests == 50);
    assert_true(found("fraud")->rates.rps == 7); /* its own, where the store has none */
    assert_true(row("churn", "3")->rates.rps == 4);
    (void)state;
}

static void two_clusters_with_the_same_names_are_kept_apart(void **state)
{
    REGISTRY("churn 3 Production", "churn 2 None");
    source("seoul", 1);
    deployment("churn", "models:/churn/3");
    source("tokyo", 1);
    deployment("churn", "models:/churn/2");
    metrics(3);
    counted("deployment", "churn", "seoul", 100, 0, 20);
    counted("deployment", "churn", NULL, 5000, 0, 20); /* of which one? */
    join();
    assert_int_equal(made.fleet->n_deployments, 2);
    assert_true(found("seoul/ml/churn")->rates.requests == 100);
    assert_false(found("tokyo/ml/churn")->rates.known);
    bool ambiguous;
    assert_non_null(ncm_fleet_find(made.fleet, "churn", NULL, &ambiguous));
    assert_true(ambiguous);
    /* The one that stayed behind. */
    assert_null(finding("seoul/ml/churn", "not_production", NCM_SEVERITY_CRITICAL));
    assert_non_null(finding("tokyo/ml/churn", "not_production", NCM_SEVERITY_CRITICAL));
    /* How requests divide between the two is not known. */
    assert_true(isnan(row("churn", "3")->percent));
    (void)state;
}

static void a_canary_is_judged_in_a_sentence(void **state)
{
    REGISTRY("churn 15 Staging", "churn 14 Production");
    source("k", 2);
    struct ncm_deployment *a = deployment("churn", "models:/churn/14");
    struct ncm_deployment *b = deployment("churn-new", "models:/churn/15");
    split(a, "churn", 90, "churn-new");
    split(b, "churn", 90, "churn-new");
    join();
    assert_false(found("churn")->compared);
    assert_string_equal(ncm_cstr(found("churn")->canary_says),
                        "cannot tell: nobody counts the requests of v15");
    metrics(2);
    counted("deployment", "churn", NULL, 4000, 2, 20);
    counted("deployment", "churn-new", NULL, 412, 0, 100);
    join();
    assert_true(found("churn")->compared);
    assert_int_equal(found("churn")->canary.all, NCM_CANARY_WORSE);
    const char *says = ncm_cstr(found("churn")->canary_says);
    assert_non_null(strstr(says, "v15 is slower: p95 97.5 ms against 19.5 ms (×"));
    assert_non_null(strstr(says, "412 requests"));
    made.rates->items[1].rates.requests = 12;
    ((double *)(uintptr_t)made.rates->items[1].rates.counts)[3] = 12;
    join();
    says = ncm_cstr(found("churn")->canary_says);
    assert_non_null(strstr(says, "cannot tell yet: 12 requests"));
    (void)state;
}

static void sentences_of_a_canary_are_whole(void **state)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_traffic stable = {.version = {"14", 2}, .rates = ncm_rates_unknown()};
    struct ncm_traffic candidate = {.version = {"15", 2}, .rates = ncm_rates_unknown()};
    stable.rates.error_rate = 0.002;
    candidate.rates.error_rate = 0.031;
    stable.rates.requests = 3700;
    candidate.rates.requests = 412;
    struct ncm_canary_result r = {.errors = NCM_CANARY_WORSE,
                                  .latency = NCM_CANARY_WORSE,
                                  .all = NCM_CANARY_WORSE,
                                  .error_lo = 0.015,
                                  .error_hi = 0.05,
                                  .p95_stable = 41,
                                  .p95_candidate = 97,
                                  .ratio = 2.37,
                                  .ratio_lo = 2.1,
                                  .ratio_hi = 2.6,
                                  .more_needed = 300};
    assert_string_equal(ncm_cstr(fleet_canary_sentence(a, &r, &stable, &candidate)),
                        "v15 fails more: 3.1 % against 0.2 % (+1.5 to +5 points), 412 requests");
    r.errors = NCM_CANARY_SAME;
    assert_string_equal(ncm_cstr(fleet_canary_sentence(a, &r, &stable, &candidate)),
                        "v15 is slower: p95 97 ms against 41 ms (×2.1–2.6), 412 requests");
    r.all = r.latency = NCM_CANARY_SAME;
    assert_string_equal(ncm_cstr(fleet_canary_sentence(a, &r, &stable, &candidate)),
                        "no difference that matters: p95 97 ms against 41 ms, errors 3.1 % against "
                        "0.2 %, 412 requests");
    r.all = NCM_CANARY_CANNOT_TELL;
    candidate.rates.requests = 34;
    assert_string_equal(ncm_cstr(fleet_canary_sentence(a, &r, &stable, &candidate)),
                        "cannot tell yet: 34 requests, about 300 more needed");
    ncm_arena_free(a);
    (void)state;
}

static void what_happened_is_on_one_axis(void **state)
{
    REGISTRY("churn 8 Production", "churn 7 None");
    tag("churn", "8", "ncmlops.transition.a1",
        "{\"actor\":\"kim\",\"time\":60000,\"from\":\"None\",\"to\":\"Production\",\"reason\":\"auc\"}");
    made.audit = ncm_snapshot_new(NCM_T_AUDIT, sizeof *made.audit);
    struct ncm_audit_entry all[] = {
        {.id = {"a1", 2}, .action = {"promote", 7}, .subject = {"churn/8", 7}, .result = {"done", 4},
         .time_ms = 60000}, /* the tag's own */
        {.id = {"a2", 2}, .action = {"deploy_scale", 12}, .subject = {"k/ml/churn", 10},
         .from = {"2", 1}, .to = {"4", 1}, .result = {"done", 4}, .time_ms = 70000},
        {.id = {"a3", 2}, .action = {"promote", 7}, .subject = {"churn/9", 7},
         .result = {"failed", 6}, .time_ms = 71000},
    };
    made.audit->items = all;
    made.audit->n = 3;
    source("k", 1);
    struct ncm_deployment *d = deployment("churn", "models:/churn/8");
    replica(d, "churn-1", "r");
    d->replicas[0].crashed_ms = 80000;
    d->replicas[0].restarts = 3;
    d->replicas[0].reason = (struct ncm_str){"OOMKilled", 9};
    const struct ncm_fleet *f = join();
    assert_int_equal(f->n_events, 3);
    assert_int_equal(f->events[0].sign, 'X');
    assert_string_equal(ncm_cstr(f->events[0].what), "churn-1 crashed (3 restarts): OOMKilled");
    assert_int_equal(f->events[1].sign, 'S');
    assert_string_equal(ncm_cstr(f->events[1].model), "churn");
    assert_int_equal(f->events[2].sign, 'P');
    assert_string_equal(ncm_cstr(f->events[2].what), "v8 is in Production (kim: auc)");
    const struct ncm_fleet_event *of[8];
    assert_int_equal(ncm_fleet_timeline(f, "churn", 0, of, 8), 3);
    assert_int_equal(ncm_fleet_timeline(f, "churn", 65000, of, 8), 2);
    assert_int_equal(ncm_fleet_timeline(f, "fraud", 0, of, 8), 0);
    assert_int_equal(row("churn", "8")->since_ms, 60000);
    (void)state;
}

static void the_worst_comes_first_with_its_siblings(void **state)
{
    REGISTRY("alpha 2 Staging", "alpha 1 Production", "beta 5 Production", "gamma 2 Staging",
             "gamma 1 Production");
    source("k", 5);
    deployment("alpha", "models:/alpha/1");
    deployment("beta", "models:/beta/5")->health = NCM_HEALTH_DEGRADED;
    deployment("gamma", "models:/gamma/1");
    struct ncm_deployment *d = deployment("gamma-new", "models:/gamma/2");
    d->health = NCM_HEALTH_FAILED;
    d->reason = (struct ncm_str){"CrashLoopBackOff", 16};
    d->health_since_ms = 90000;
    d->ready = 0;
    join();
    static const char *const order[] = {"beta 5", "gamma 2", "gamma 1", "alpha 1", "alpha 2"};
    for (size_t i = 0; i < 5; i++) {
        char is[60];
        snprintf(is, sizeof is, "%s %s", ncm_cstr(made.fleet->rows[i].model),
                 ncm_cstr(made.fleet->rows[i].version));
        assert_string_equal(is, order[i]);
    }
    assert_string_equal(ncm_cstr(row("gamma", "2")->reason), "CrashLoopBackOff");
    assert_int_equal(row("gamma", "2")->since_ms, 90000);
    assert_int_equal(row("gamma", "2")->ready, 0);
    assert_string_equal(ncm_cstr(made.fleet->deployments[0].it->name), "gamma-new");
    (void)state;
}

static void revisions_of_one_object_have_rows_of_their_own(void **state)
{
    REGISTRY("churn 2 Staging", "churn 1 Production");
    source("k", 1);
    struct ncm_deployment *d = deployment("churn", "models:/churn/1");
    split(d, "churn-00001", 90, "churn-00002");
    d->traffic[0].version = str(arena_of(d), "1");
    d->traffic[1].version = str(arena_of(d), "v2");
    d->traffic[1].health = NCM_HEALTH_FAILED;
    metrics(2);
    counted("revision_name", "churn-00001", NULL, 900, 0, 20);
    counted("revision_name", "churn-00002", NULL, 100, 0, 20);
    join();
    assert_true(row("churn", "1")->percent == 90);
    assert_true(row("churn", "2")->percent == 10);
    assert_true(row("churn", "2")->rates.requests == 100);
    assert_int_equal(row("churn", "2")->health, NCM_HEALTH_FAILED);
    assert_int_equal(row("churn", "1")->health, NCM_HEALTH_HEALTHY);
    (void)state;
}

static void several_counts_become_one(void **state)
{
    struct ncm_arena *a = ncm_arena_new();
    static const double one[] = {10, 20, 50}, two[] = {20, 50, 100};
    static const double c1[] = {5, 5, 0, 0}, c2[] = {10, 0, 5, 5};
    struct ncm_rates x = ncm_rates_unknown(), y = ncm_rates_unknown(), none = ncm_rates_unknown();
    x.known = y.known = true;
    x.window_s = y.window_s = 10;
    x.requests = 10;
    y.requests = 20;
    x.errors = 1;
    x.le_ms = one;
    x.counts = c1;
    y.le_ms = two;
    y.counts = c2;
    x.n = y.n = 3;
    const struct ncm_rates *all[] = {&x, &none, &y};
    struct ncm_rates s = ncm_rates_sum(a, all, 3);
    assert_true(s.requests == 30);
    assert_true(isnan(s.errors)); /* one of them does not say */
    assert_int_equal(s.n, 2);     /* the bounds that both have: 20 and 50 */
    assert_true(s.counts[0] == 20 && s.counts[1] == 0 && s.counts[2] == 10);
    assert_true(s.p95_beyond && s.p95_ms == 50);
    assert_false(ncm_rates_sum(a, all + 1, 1).known);
    ncm_arena_free(a);
    (void)state;
}

/* As large as a cluster of a team gets: 300 deployments behind splits, 5,000 pods that are all counted,
 * a registry of 200 models. */
static void a_large_fleet_is_joined_at_once(void **state)
{
    enum { N = 300, PODS = 17, MODELS = 200 };
    char *lines[MODELS * 2];
    for (int i = 0; i < MODELS; i++) {
        lines[2 * i] = ncm_sprintf("model-%03d 2 Staging", i);
        lines[2 * i + 1] = ncm_sprintf("model-%03d 1 Production", i);
    }
    registry((const char *const *)lines, (size_t)MODELS * 2);
    source("k", N);
    metrics((size_t)N * PODS);
    for (int i = 0; i < N; i++) {
        char name[40], other[40], uri[60];
        int pair = i / 2 % MODELS;
        snprintf(name, sizeof name, "d-%03d", i);
        snprintf(other, sizeof other, "d-%03d", i ^ 1);
        snprintf(uri, sizeof uri, "models:/model-%03d/%d", pair, i % 2 + 1);
        struct ncm_deployment *d = deployment(name, uri);
        split(d, i % 2 == 0 ? name : other, 90, i % 2 == 0 ? other : name);
        struct ncm_arena *a = arena_of(d);
        d->replicas = ncm_arena_alloc(a, PODS, sizeof *d->replicas);
        d->n_replicas = PODS;
        for (int k = 0; k < PODS; k++) {
            char pod[60];
            snprintf(pod, sizeof pod, "%s-5d9-%02d", name, k);
            d->replicas[k].name = str(a, pod);
            d->replicas[k].crashed_ms = NCM_NO_TIME;
            counted("pod", pod, NULL, 100, 0, 20);
        }
    }
    int64_t began = ncm_mono_ms();
    for (int i = 0; i < 10; i++) {
        join();
    }
    int64_t took = ncm_mono_ms() - began;
    print_message("%lld ms for ten\n", (long long)took);
    assert_true(took < 3000); /* with a sanitizer, on a busy machine */
    assert_int_equal(made.fleet->n_deployments, N);
    assert_true(row("model-000", "1")->rates.requests == 100.0 * PODS);
    for (int i = 0; i < MODELS * 2; i++) {
        ncm_free(lines[i]);
    }
    (void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_joined_without_harm),
        TEST(what_is_in_production_and_on_its_way_has_a_row),
        TEST(a_registry_that_says_another_version_is_red),
        TEST(a_champion_counts_where_there_is_no_stage),
        TEST(a_version_on_its_way_is_no_fault),
        TEST(a_canary_beside_production_is_no_fault),
        TEST(evidence_that_disagrees_is_red),
        TEST(versions_that_are_gone_or_archived_are_told),
        TEST(an_alias_that_moved_after_the_start_is_told),
        TEST(production_that_is_nowhere_is_told),
        TEST(drift_is_shown_where_production_runs),
        TEST(alerts_find_what_they_are_about),
        TEST(rates_are_joined_by_what_labels_say),
        TEST(two_clusters_with_the_same_names_are_kept_apart),
        TEST(a_canary_is_judged_in_a_sentence),
        TEST(sentences_of_a_canary_are_whole),
        TEST(what_happened_is_on_one_axis),
        TEST(the_worst_comes_first_with_its_siblings),
        TEST(revisions_of_one_object_have_rows_of_their_own),
        TEST(several_counts_become_one),
        TEST(a_large_fleet_is_joined_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
