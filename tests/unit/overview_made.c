#include "overview_made.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/text.h"

#define MINUTE INT64_C(60000)
enum { WINDOWS = 24, EVENTS = 9, ALERTS = 3 };

static struct made_fleet *made;
static double values[WINDOWS], calm[WINDOWS];
static struct ncm_alert alerts[ALERTS];
static const struct ncm_alert *firing[ALERTS];
static struct ncm_fleet_event events[EVENTS];
static size_t places[8];
static struct ncm_drift_snapshot drift;
static struct ncm_drift_monitor monitor;
static struct ncm_drift_feature feature;
static struct ncm_drift_point points[WINDOWS];
static struct ncm_drift_window windows[WINDOWS];

static struct ncm_str text(const char *p)
{
    return (struct ncm_str){p, strlen(p)};
}

static size_t place_of(const char *name)
{
    for (size_t i = 0; i < made->fleet.n_deployments; i++) {
        if (ncm_str_is(made->fleet.deployments[i].it->name, name)) {
            return i;
        }
    }
    return 0;
}

static struct ncm_fleet_row *add(const char *model, const char *version, const char *stage,
                                 const char *deployment, enum ncm_health health, double percent)
{
    struct ncm_fleet *f = &made->fleet;
    struct ncm_fleet_row *r = &f->rows[f->n_rows];
    size_t *at = &places[f->n_rows++];

    *r = (struct ncm_fleet_row){.model = text(model),
                                .version = text(version),
                                .stage = text(stage),
                                .registered = true,
                                .in_production = strstr(stage, "Prod") != NULL,
                                .percent = percent,
                                .desired = -1,
                                .ready = -1,
                                .health = health,
                                .rates = ncm_rates_unknown(),
                                .drift_last = (double)NAN,
                                .since_ms = MADE_NOW_MS - 5000 * MINUTE};
    if (deployment != NULL) {
        *at = place_of(deployment);
        r->deployments = at;
        r->n_deployments = 1;
        r->rates = f->deployments[*at].rates;
        r->ready = f->deployments[*at].it->ready;
        r->desired = f->deployments[*at].it->desired;
        r->severity = f->deployments[*at].n_findings > 0 ? f->deployments[*at].findings[0].severity
                                                         : NCM_SEVERITY_INFO;
    }
    return r;
}

static void add_rows(void)
{
    made->fleet.n_rows = 0;
    struct ncm_fleet_row *r =
        add("fraud-detector", "14", "Production", "fraud", NCM_HEALTH_DEGRADED, 0);
    r->since_ms = MADE_NOW_MS - 12 * MINUTE;
    r->n_firing = 1;
    r = add("fraud-detector", "13", "", "fraud", NCM_HEALTH_DEGRADED, 100);
    r->since_ms = MADE_NOW_MS - 12 * MINUTE;
    r->drift = values;
    r->n_drift = WINDOWS;
    r->drift_last = values[WINDOWS - 1];
    r->drift_feature = text("merchant_cat");
    r->drift_monitor = text("input drift");
    r->drift_state = NCM_DRIFT_CRITICAL;
    r = add("search-ranker", "8", "Staging", "search-canary", NCM_HEALTH_HEALTHY, 10);
    r->severity = NCM_SEVERITY_WARNING;
    add("search-ranker", "7", "Production @champion", "search-stable", NCM_HEALTH_HEALTHY, 90);
    r = add("추천-랭커", "5", "Production", "추천-모델", NCM_HEALTH_HEALTHY, 100);
    r->drift = calm;
    r->n_drift = WINDOWS;
    r->drift_last = 0.02;
    r->drift_feature = text("연령");
    r->drift_monitor = text("입력");
    r->drift_state = NCM_DRIFT_OK;
    add("tagger", "2", "Staging", NULL, NCM_HEALTH_UNKNOWN, (double)NAN);
}

static void add_drift(void)
{
    for (size_t i = 0; i < WINDOWS; i++) {
        values[i] = 0.05 + (i > 12 ? 0.025 * (double)(i - 12) : 0);
        calm[i] = 0.02;
        enum ncm_drift_state s = values[i] > 0.25  ? NCM_DRIFT_CRITICAL
                                 : values[i] > 0.1 ? NCM_DRIFT_WARNING
                                                   : NCM_DRIFT_OK;
        points[i] = (struct ncm_drift_point){.value = values[i], .state = s};
        windows[i] = (struct ncm_drift_window){
            .start_ms = MADE_NOW_MS - (int64_t)(WINDOWS - i) * 60 * MINUTE,
            .end_ms = MADE_NOW_MS - (int64_t)(WINDOWS - i - 1) * 60 * MINUTE};
    }
    feature = (struct ncm_drift_feature){.name = text("merchant_cat"),
                                         .method = text("psi"),
                                         .warning = 0.1,
                                         .critical = 0.25,
                                         .points = points,
                                         .last = values[WINDOWS - 1],
                                         .state = NCM_DRIFT_CRITICAL,
                                         .since_ms = MADE_NOW_MS - 180 * MINUTE};
    monitor = (struct ncm_drift_monitor){.model = text("fraud-detector"),
                                         .name = text("input drift"),
                                         .windows = windows,
                                         .n_windows = WINDOWS,
                                         .features = &feature,
                                         .n_features = 1,
                                         .state = NCM_DRIFT_CRITICAL};
    drift.items = &monitor;
    drift.n = 1;
}

static struct ncm_alert alert(const char *id, const char *model, enum ncm_severity severity,
                              const char *summary, int64_t minutes)
{
    return (struct ncm_alert){.id = text(id),
                              .rule = text("rule"),
                              .subject = text(model),
                              .summary = text(summary),
                              .source = text("ncmlops"),
                              .severity = severity,
                              .state = NCM_ALERT_FIRING,
                              .since_ms = MADE_NOW_MS - minutes * MINUTE};
}

static void add_alerts(void)
{
    alerts[0] = alert("1", "fraud-detector", NCM_SEVERITY_CRITICAL,
                      "fraud-detector v14 has no ready replicas", 12);
    alerts[1] = alert("2", "fraud-detector", NCM_SEVERITY_WARNING,
                      "fraud-detector psi(merchant_cat) 0.33 ≥ 0.25", 180);
    alerts[1].state = NCM_ALERT_ACKNOWLEDGED;
    alerts[1].ack_actor = text("minjun");
    alerts[2] = alert("3", "churn", NCM_SEVERITY_WARNING, "churn: 이탈 모델의 지연이 큽니다", 4);
    for (size_t i = 0; i < ALERTS; i++) {
        firing[i] = &alerts[i];
    }
    made->fleet.firing = firing;
    made->fleet.n_firing = ALERTS;
}

static void add_events(void)
{
    static const struct {
        int64_t minutes;
        char sign;
        const char *model, *version, *what;
    } all[EVENTS] = {
        {2, 'A', "churn", "", "churn: 이탈 모델의 지연이 큽니다"},
        {11, 'X', "fraud-detector", "14", "crashes at its start: exit 1"},
        {12, 'A', "fraud-detector", "14", "fraud-detector v14 has no ready replicas"},
        {13, 'D', "fraud-detector", "14", "v13 → v14 is rolled out"},
        {15, 'P', "fraud-detector", "14", "v14 is in Production (김민준: 재학습)"},
        {90, 'o', "search-ranker", "7", "latency is well again"},
        {120, 'A', "search-ranker", "7", "p95 over 120 ms"},
        {700, 'R', "fraud-detector", "13", "fraud-5c9f8d7b66-x7k2p restarted (OOMKilled)"},
        {4000, 'P', "search-ranker", "8", "v8 is in Staging (dmitri)"},
    };
    for (size_t i = 0; i < EVENTS; i++) {
        events[i] = (struct ncm_fleet_event){.time_ms = MADE_NOW_MS - all[i].minutes * MINUTE,
                                             .sign = all[i].sign,
                                             .model = text(all[i].model),
                                             .version = text(all[i].version),
                                             .what = text(all[i].what)};
    }
    made->fleet.events = events;
    made->fleet.n_events = made->fleet.n_history = EVENTS;
}

void overview_made_begin(struct overview *o)
{
    setenv("NCMLOPS_NOW", "1764354000000", 1); /* MADE_NOW_MS */
    ncm_clock_init();
    memset(o, 0, sizeof *o);
    made = made_fleet();
    add_drift();
    add_rows();
    add_alerts();
    add_events();
    o->fleet = &made->fleet;
    o->drift = &drift;
    o->span = -1;
    o->below = OVER_SIDE;
    overview_place(o);
}

void overview_made_end(struct overview *o)
{
    o->fleet = NULL;
    overview_release(o);
    made_fleet_free(made);
}

struct made_fleet *overview_made_fleet(void)
{
    return made;
}

void overview_made_well(void)
{
    struct ncm_fleet *f = &made->fleet;

    f->n_firing = 0;
    for (size_t i = 0; i < f->n_rows; i++) {
        f->rows[i].health = f->rows[i].n_deployments > 0 ? NCM_HEALTH_HEALTHY : NCM_HEALTH_UNKNOWN;
        f->rows[i].severity = NCM_SEVERITY_INFO;
        f->rows[i].drift_state = NCM_DRIFT_OK;
        f->rows[i].n_firing = 0;
    }
}
