#include "deploy_made.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/text.h"

#define MINUTE INT64_C(60000)

static struct ncm_str text(const char *p)
{
    return (struct ncm_str){p, strlen(p)};
}

static struct ncm_rates rates(double rps, double requests, double errors, double p95)
{
    struct ncm_rates r = ncm_rates_unknown();

    r.known = true;
    r.window_s = 300;
    r.requests = requests;
    r.errors = errors;
    r.rps = rps;
    r.error_rate = errors / requests;
    r.p50_ms = p95 / 3;
    r.p95_ms = p95;
    r.p99_ms = p95 * 1.8;
    r.taken_ms = MADE_NOW_MS - 8000;
    r.source = text("prometheus");
    r.family = text("request_predict_seconds");
    return r;
}

static struct ncm_deployment_box *box(const char *ns, const char *name, enum ncm_health health,
                                      int ready, int desired, int64_t minutes)
{
    struct ncm_deployment_box *b = ncm_deployment_box_new();
    struct ncm_deployment *d = &b->it;

    d->source = d->cluster = text("seoul");
    d->ns = text(ns);
    d->name = text(name);
    d->kind = text("Deployment");
    d->health = health;
    d->ready = d->available = d->updated = ready;
    d->desired = desired;
    d->health_since_ms = MADE_NOW_MS - minutes * MINUTE;
    d->created_ms = MADE_NOW_MS - 40 * 24 * 60 * MINUTE;
    d->image = d->serving_image = text("registry.example.com/ml/server:2.4.1");
    d->strategy = text("rolling update, at most 1 more");
    d->allowed = (1u << NCM_N_ACTS) - 1;
    return b;
}

static void claim(struct ncm_deployment_box *b, enum ncm_claim_rule rule, const char *where,
                  const char *what, const char *model, const char *version)
{
    struct ncm_claim *c = ncm_arena_alloc(b->arena, b->it.n_claims + 1, sizeof *c);

    if (b->it.n_claims > 0) {
        memcpy(c, b->it.claims, b->it.n_claims * sizeof *c);
    }
    c[b->it.n_claims++] = (struct ncm_claim){.rule = rule,
                                             .where = text(where),
                                             .text = text(what),
                                             .model = text(model),
                                             .version = text(version),
                                             .since_ms = MADE_NOW_MS - 100 * MINUTE};
    b->it.claims = c;
}

static void replicas(struct ncm_deployment_box *b, size_t n, size_t bad, const char *phase,
                     const char *reason)
{
    static const char *const ids[] = {"x7k2p", "9q4wd", "mm8zt", "c5h1r", "p0v6s", "b3n9j"};
    struct ncm_replica *r = ncm_arena_alloc(b->arena, n, sizeof *r);

    for (size_t i = 0; i < n; i++) {
        char name[120];
        bool is_bad = i < bad;
        const char *set = is_bad ? "79bdb44d6d" : "5c9f8d7b66";
        struct ncm_str *c = ncm_arena_alloc(b->arena, 2, sizeof *c);
        c[0] = text("server");
        c[1] = text("istio-proxy");
        snprintf(name, sizeof name, "%s-%s-%s", b->it.name.p, set, ids[i % 6]);
        r[i] = (struct ncm_replica){.name = ncm_arena_cstr(b->arena, name),
                                    .node = text(i % 2 ? "gpu-node-2" : "gpu-node-1"),
                                    .phase = text(is_bad ? phase : "Running"),
                                    .reason = is_bad ? text(reason) : (struct ncm_str){NULL, 0},
                                    .containers = c,
                                    .n_containers = 2,
                                    .ready = !is_bad,
                                    .bad = is_bad,
                                    .restarts = is_bad ? 7 : 0,
                                    .created_ms = MADE_NOW_MS - (is_bad ? 12 : 9000) * MINUTE,
                                    .cpu = is_bad ? (double)NAN : 0.31 + 0.1 * (double)i,
                                    .memory = is_bad ? (double)NAN : 4.1e8 + 5e7 * (double)i,
                                    .cpu_limit = 1,
                                    .memory_limit = 5.12e8};
        snprintf(name, sizeof name, "%s-%s", b->it.name.p, set);
        r[i].revision = ncm_arena_cstr(b->arena, name);
    }
    b->it.replicas = r;
    b->it.n_replicas = n;
}

static void finding(struct ncm_fleet_deployment *f, struct ncm_arena *a, enum ncm_severity s,
                    const char *sentence, const char *evidence)
{
    struct ncm_deploy_finding *g = ncm_arena_alloc(a, f->n_findings + 1, sizeof *g);

    if (f->n_findings > 0) {
        memcpy(g, f->findings, f->n_findings * sizeof *g);
    }
    g[f->n_findings++] = (struct ncm_deploy_finding){.severity = s,
                                                     .kind = text("made"),
                                                     .sentence = text(sentence),
                                                     .evidence = text(evidence)};
    f->findings = g;
}

static struct ncm_deployment_box *make_fraud(void)
{
    struct ncm_deployment_box *b = box("ml-prod", "fraud", NCM_HEALTH_DEGRADED, 3, 3, 12);
    struct ncm_deployment *d = &b->it;
    static struct ncm_claim wanted;
    static struct ncm_deploy_event events[3];
    static struct ncm_deploy_condition conditions[2];
    struct ncm_revision *v = ncm_arena_alloc(b->arena, 3, sizeof *v);

    claim(b, NCM_CLAIM_URI, "env MODEL_URI of server", "models:/fraud/13", "fraud", "13");
    wanted = (struct ncm_claim){.rule = NCM_CLAIM_URI,
                                .where = text("env MODEL_URI of server"),
                                .text = text("models:/fraud/14"),
                                .model = text("fraud"),
                                .version = text("14")};
    d->wanted = &wanted;
    d->n_wanted = 1;
    d->rolling = true;
    d->progress_done = 0;
    d->progress_total = 3;
    d->reason = text("CrashLoopBackOff");
    d->managed_by = text("Argo CD (app fraud)");
    replicas(b, 4, 1, "CrashLoopBackOff",
             "exit 1: ModuleNotFoundError: No module named 'lightgbm'");
    v[0] = (struct ncm_revision){.revision = text("14"),
                                 .name = text("fraud-79bdb44d6d"),
                                 .image = text("registry.example.com/ml/server:2.5.0"),
                                 .cause = text("models:/fraud/14"),
                                 .model = text("fraud"),
                                 .version = text("14"),
                                 .created_ms = MADE_NOW_MS - 12 * MINUTE,
                                 .desired = 1,
                                 .ready = 0,
                                 .wanted = true};
    v[1] = (struct ncm_revision){.revision = text("13"),
                                 .name = text("fraud-5c9f8d7b66"),
                                 .image = text("registry.example.com/ml/server:2.4.1"),
                                 .cause = text("models:/fraud/13"),
                                 .model = text("fraud"),
                                 .version = text("13"),
                                 .created_ms = MADE_NOW_MS - 9000 * MINUTE,
                                 .desired = 3,
                                 .ready = 3,
                                 .serving = true};
    v[2] = (struct ncm_revision){.revision = text("12"),
                                 .name = text("fraud-6d4cf56db6"),
                                 .image = text("registry.example.com/ml/server:2.4.1"),
                                 .cause = text("models:/fraud/12"),
                                 .model = text("fraud"),
                                 .version = text("12"),
                                 .created_ms = MADE_NOW_MS - 30000 * MINUTE};
    d->revisions = v;
    d->n_revisions = 3;
    events[0] = (struct ncm_deploy_event){MADE_NOW_MS - MINUTE,
                                          31,
                                          true,
                                          text("BackOff"),
                                          text("Back-off restarting failed container server in pod "
                                               "fraud-79bdb44d6d-x7k2p"),
                                          text("Pod fraud-79bdb44d6d-x7k2p")};
    events[1] = (struct ncm_deploy_event){MADE_NOW_MS - 12 * MINUTE,
                                          1,
                                          false,
                                          text("ScalingReplicaSet"),
                                          text("Scaled up replica set fraud-79bdb44d6d to 1"),
                                          text("Deployment fraud")};
    d->events = events;
    d->n_events = 2;
    conditions[0] = (struct ncm_deploy_condition){
        text("Progressing"), text("False"), text("ProgressDeadlineExceeded"),
        text("ReplicaSet \"fraud-79bdb44d6d\" has timed out progressing."),
        MADE_NOW_MS - 2 * MINUTE};
    conditions[1] = (struct ncm_deploy_condition){text("Available"), text("True"),
                                                  text("MinimumReplicasAvailable"), text(""),
                                                  MADE_NOW_MS - 9000 * MINUTE};
    d->conditions = conditions;
    d->n_conditions = 2;
    d->autoscaler = (struct ncm_autoscaler){
        .there = true,
        .name = text("fraud"),
        .min = 2,
        .max = 10,
        .current = 3,
        .desired = -1,
        .blind = true,
        .why = text("cannot read metrics: no metrics returned from resource metrics API")};
    return b;
}

static struct ncm_deployment_box *make_search(const char *name, const char *version, int ready,
                                              double errors)
{
    struct ncm_deployment_box *b = box("ml-prod", name, NCM_HEALTH_HEALTHY, ready, ready, 4000);

    claim(b, NCM_CLAIM_LABEL, "label ncmlops/model-version", version, "search-ranker", version);
    replicas(b, (size_t)(ready > 6 ? 6 : ready), 0, "", "");
    b->it.rates = rates(ready * 34.0, ready * 10200.0, ready * errors * 10200.0, 41 + errors * 900);
    b->it.services = text("search");
    b->it.traffic_by = text("replicas");
    return b;
}

static struct ncm_deployment_box *make_endpoint(void)
{
    struct ncm_deployment_box *b = box("", "churn-api", NCM_HEALTH_HEALTHY, -1, -1, 60000);
    struct ncm_deployment *d = &b->it;

    d->source = text("churn-api");
    d->cluster = (struct ncm_str){NULL, 0};
    d->kind = text("Endpoint");
    d->endpoint = text("http://churn.example.com:8080");
    d->image = d->serving_image = d->strategy = (struct ncm_str){NULL, 0};
    d->allowed = 0;
    claim(b, NCM_CLAIM_ANSWER, "GET /v2/models/churn", "2", "churn", "2");
    claim(b, NCM_CLAIM_CONFIG, "configuration", "churn", "churn", "3");
    d->probe = (struct ncm_probe){.probed = true,
                                  .protocol = text("oip"),
                                  .alive = 1,
                                  .ready = 1,
                                  .model_ready = 1,
                                  .answered = text("2"),
                                  .latency_ms = 4.2,
                                  .at_ms = MADE_NOW_MS - 6000,
                                  .test_request = text("POST /v2/models/churn/infer"),
                                  .test_answer = text("{\"outputs\":[{\"data\":[0.81]}]}"),
                                  .test_status = 200,
                                  .test_ms = 12.5};
    d->rates = rates(3.2, 960, 1, 41);
    return b;
}

static struct ncm_traffic *split(struct ncm_arena *a, const struct ncm_deployment *stable,
                                 const struct ncm_deployment *candidate)
{
    struct ncm_traffic *t = ncm_arena_alloc(a, 2, sizeof *t);

    t[0] = (struct ncm_traffic){.target = stable->name,
                                .model = text("search-ranker"),
                                .version = text("7"),
                                .percent = 90,
                                .health = NCM_HEALTH_HEALTHY,
                                .stable = true,
                                .ready = 9,
                                .rates = stable->rates};
    t[1] = (struct ncm_traffic){.target = candidate->name,
                                .model = text("search-ranker"),
                                .version = text("8"),
                                .percent = 10,
                                .health = NCM_HEALTH_HEALTHY,
                                .ready = 1,
                                .rates = candidate->rates};
    return t;
}

static struct ncm_fleet_deployment *add(struct ncm_fleet *f, const struct ncm_deployment *d)
{
    struct ncm_fleet_deployment *x = &f->deployments[f->n_deployments++];

    *x = (struct ncm_fleet_deployment){.it = d,
                                       .rates = d->rates,
                                       .traffic = d->traffic,
                                       .n_traffic = d->n_traffic,
                                       .health = d->health};
    if (d->n_claims > 0) {
        x->is = (struct ncm_verdict_version){
            .model = d->claims[0].model, .version = d->claims[0].version, .by = &d->claims[0]};
    }
    return x;
}

static void add_row(struct ncm_fleet *f, const char *model, const char *version, const char *stage)
{
    f->rows[f->n_rows++] = (struct ncm_fleet_row){.model = text(model),
                                                  .version = text(version),
                                                  .stage = text(stage),
                                                  .registered = true,
                                                  .in_production = strstr(stage, "Prod") != NULL,
                                                  .rates = ncm_rates_unknown()};
}

static void join(struct made_fleet *m)
{
    struct ncm_fleet *f = &m->fleet;
    const struct ncm_deployments_snapshot *c = m->cluster;
    struct ncm_arena *a = f->arena;

    struct ncm_fleet_deployment *x = add(f, &c->items[0]->it); /* memhog */
    finding(x, a, NCM_SEVERITY_CRITICAL,
            "no replica is ready: the container needs more memory than its limit (OOMKilled, 137)",
            "Last State: Terminated, Reason: OOMKilled");
    x = add(f, &c->items[1]->it); /* fraud */
    finding(x, a, NCM_SEVERITY_CRITICAL,
            "the new version v14 crashes at its start: CrashLoopBackOff, exit 1, 7 restarts; v13 "
            "still serves",
            "ModuleNotFoundError: No module named 'lightgbm'");
    finding(x, a, NCM_SEVERITY_WARNING, "registry says v14, running v13 since 6 d", "");
    finding(x, a, NCM_SEVERITY_INFO, "Argo CD (app fraud) undoes what is changed by hand", "");
    for (size_t i = 2; i < 4; i++) { /* search */
        x = add(f, &c->items[i]->it);
        x->traffic = split(a, &c->items[2]->it, &c->items[3]->it);
        x->n_traffic = 2;
        x->compared = true;
        x->canary = (struct ncm_canary_result){NCM_CANARY_WORSE,
                                               NCM_CANARY_SAME,
                                               NCM_CANARY_WORSE,
                                               0.0291,
                                               0.024,
                                               0.035,
                                               41.2,
                                               44,
                                               1.07,
                                               0.98,
                                               1.15,
                                               (double)NAN};
        x->canary_says = text("The candidate is worse: 3.1 % of its requests fail, 0.2 % of the "
                              "stable one's. Take its traffic away.");
    }
    x = add(f, &m->endpoint->items[0]->it);
    x->is.against = &m->endpoint->items[0]->it.claims[1];
    x->is.against_version = text("3");
    finding(x, a, NCM_SEVERITY_WARNING, "registry says v3, the server answers v2", "");
    for (size_t i = 4; i < c->n; i++) {
        add(f, &c->items[i]->it);
    }
    add_row(f, "fraud", "14", "Production");
    add_row(f, "fraud", "13", "");
    add_row(f, "search-ranker", "7", "Production @champion");
    add_row(f, "search-ranker", "8", "Staging");
    add_row(f, "churn", "3", "Production");
}

static void make_cluster(struct made_fleet *m)
{
    struct ncm_deployments_snapshot *c = ncm_deployments_snapshot_new(8);

    m->cluster = c;
    c->source = text("seoul");
    c->items[0] = box("ml-prod", "memhog", NCM_HEALTH_FAILED, 0, 1, 2);
    c->items[0]->it.reason = text("OOMKilled");
    replicas(c->items[0], 1, 1, "OOMKilled", "out of memory, exit 137");
    c->items[1] = make_fraud();
    c->items[2] = make_search("search-stable", "7", 9, 0.002);
    c->items[3] = make_search("search-canary", "8", 1, 0.031);
    c->items[4] = box("ml-prod", "추천-모델", NCM_HEALTH_HEALTHY, 2, 2, 50000);
    claim(c->items[4], NCM_CLAIM_IMAGE, "image of server", "…/추천:5", "추천", "5");
    replicas(c->items[4], 2, 0, "", "");
    c->items[5] = box("ml-prod", "tagger", NCM_HEALTH_PAUSED, 4, 4, 180);
    c->items[5]->it.paused = true;
    c->items[6] = box("ml-prod", "idle", NCM_HEALTH_STOPPED, 0, 0, 900000);
    c->items[7] = box("ml-prod", "nightly-scoring", NCM_HEALTH_HEALTHY, -1, -1, 500);
    c->items[7]->it.kind = text("CronJob");
    c->items[7]->it.schedule = text("0 3 * * *");
    c->items[7]->it.last_run_ms = MADE_NOW_MS - 500 * MINUTE;
    c->items[7]->it.next_run_ms = MADE_NOW_MS + 940 * MINUTE;
    c->items[7]->it.allowed = 1u << NCM_ACT_LOGS;
    c->items[7]->it.forbidden = 1u << NCM_ACT_PAUSE;
    c->items[7]->it.why_not = text("RBAC: viewer may not patch cronjobs in ml-prod");
}

struct made_fleet *made_fleet(void)
{
    struct made_fleet *m = ncm_alloc(1, sizeof *m);

    m->fleet.arena = ncm_arena_new();
    make_cluster(m);
    m->endpoint = ncm_deployments_snapshot_new(1);
    m->endpoint->items[0] = make_endpoint();
    m->fleet.deployments = ncm_arena_alloc(m->fleet.arena, 20, sizeof *m->fleet.deployments);
    m->fleet.rows = ncm_arena_alloc(m->fleet.arena, 20, sizeof *m->fleet.rows);
    join(m);
    return m;
}

void made_fleet_free(struct made_fleet *m)
{
    ncm_snapshot_unref(m->cluster);
    ncm_snapshot_unref(m->endpoint);
    ncm_arena_free(m->fleet.arena);
    ncm_free(m);
}

struct ncm_logs_snapshot *made_logs(int first, int n)
{
    struct ncm_logs_snapshot *s = ncm_snapshot_new(NCM_T_LOGS, sizeof *s);

    s->items = ncm_arena_alloc(s->head.arena, (size_t)n, sizeof *s->items);
    s->n = (size_t)n;
    for (int i = 0; i < n; i++) {
        char line[200];
        int k = first + i;
        snprintf(line, sizeof line, "%s line %d \x1b[31mred\x1b[0m predict took %d ms",
                 k % 10 == 9 ? "ERROR" : "INFO", k, 20 + k % 7);
        s->items[i] = (struct ncm_log_line){
            .time_ms = MADE_NOW_MS - 100000 + k * 1000,
            .replica = text(k % 2 ? "fraud-5c9f8d7b66-9q4wd" : "fraud-79bdb44d6d-x7k2p"),
            .text = ncm_arena_cstr(s->head.arena, line)};
    }
    return s;
}
