/* Deployments as JSON. Every key is always there; what nobody knows is null. */
#include <math.h>

#include "deployments.h"

void cli_json_known(struct ncm_json *j, const char *key, double v)
{
    ncm_json_key(j, key);
    if (isnan(v)) {
        ncm_json_null(j);
    } else {
        ncm_json_num(j, v);
    }
}

void cli_json_flag(struct ncm_json *j, const char *key, bool v)
{
    ncm_json_key(j, key);
    ncm_json_bool(j, v);
}

/* 1 yes, 0 no, anything else: not known. */
static void maybe(struct ncm_json *j, const char *key, int v)
{
    ncm_json_key(j, key);
    if (v == 0 || v == 1) {
        ncm_json_bool(j, v == 1);
    } else {
        ncm_json_null(j);
    }
}

/* What is there but empty says as little as what is not. */
static void filled(struct ncm_json *j, const char *key, struct ncm_str s)
{
    static const struct ncm_str absent;
    cli_json_str(j, key, s.len > 0 ? s : absent);
}

static void ref(struct ncm_json *j, const struct ncm_deployment *d)
{
    char *text = ncm_deployment_ref(d);
    cli_json_text(j, "ref", text);
    ncm_free(text);
}

static void traffic(struct ncm_json *j, const struct ncm_fleet_deployment *f)
{
    ncm_json_key(j, "traffic");
    ncm_json_arr(j);
    for (size_t i = 0; i < f->n_traffic; i++) {
        const struct ncm_traffic *t = &f->traffic[i];
        ncm_json_obj(j);
        cli_json_str(j, "target", t->target);
        cli_json_str(j, "version", t->version);
        cli_json_known(j, "percent", t->percent);
        cli_json_str(j, "model", t->model);
        cli_json_text(j, "health", ncm_health_word(t->health));
        cli_json_flag(j, "stable", t->stable);
        cli_json_count(j, "ready", t->ready);
        cli_json_known(j, "rps", t->rates.rps);
        cli_json_known(j, "error_rate", t->rates.error_rate);
        cli_json_known(j, "p95_ms", t->rates.p95_ms);
        ncm_json_end_obj(j);
    }
    ncm_json_end_arr(j);
}

static void findings(struct ncm_json *j, const struct ncm_fleet_deployment *f)
{
    ncm_json_key(j, "findings");
    ncm_json_arr(j);
    for (size_t i = 0; i < f->n_findings; i++) {
        const struct ncm_deploy_finding *x = &f->findings[i];
        ncm_json_obj(j);
        cli_json_text(j, "severity", ncm_severity_word(x->severity));
        cli_json_str(j, "kind", x->kind);
        cli_json_str(j, "sentence", x->sentence);
        cli_json_str(j, "evidence", x->evidence);
        ncm_json_end_obj(j);
    }
    ncm_json_end_arr(j);
}

/* Which rule decided on the version, and where that stands. */
static void evidence(struct ncm_json *j, const struct ncm_fleet_deployment *f)
{
    static const struct ncm_str absent;
    const struct ncm_claim *by = f->is.by;
    struct ncm_verdict_version wanted = {0};
    ncm_claims_decide(f->it->wanted, f->it->n_wanted, NULL, 0, &wanted);
    cli_json_text(j, "version_by", by != NULL ? ncm_claim_word(by->rule) : NULL);
    cli_json_str(j, "version_where", by != NULL ? by->where : absent);
    cli_json_str(j, "version_text", by != NULL ? by->text : absent);
    cli_json_flag(j, "version_guess", f->is.guess);
    cli_json_str(j, "version_against", f->is.against_version);
    cli_json_str(j, "wanted_version", wanted.version);
}

static void rates(struct ncm_json *j, const struct ncm_rates *r)
{
    cli_json_known(j, "p95_ms", r->p95_ms);
    cli_json_known(j, "error_rate", r->error_rate);
    cli_json_known(j, "rps", r->rps);
    cli_json_known(j, "p50_ms", r->p50_ms);
    cli_json_known(j, "p99_ms", r->p99_ms);
    cli_json_known(j, "requests", r->requests);
    cli_json_known(j, "rates_window_s", r->window_s);
    cli_json_str(j, "rates_source", r->source);
}

static void canary(struct ncm_json *j, const struct ncm_fleet_deployment *f)
{
    const struct ncm_canary_result *c = &f->canary;
    ncm_json_key(j, "canary");
    if (!f->compared) {
        ncm_json_null(j);
        return;
    }
    ncm_json_obj(j);
    cli_json_text(j, "verdict", ncm_canary_word(c->all));
    cli_json_text(j, "errors", ncm_canary_word(c->errors));
    cli_json_text(j, "latency", ncm_canary_word(c->latency));
    cli_json_known(j, "error_diff", c->error_diff);
    cli_json_known(j, "error_lo", c->error_lo);
    cli_json_known(j, "error_hi", c->error_hi);
    cli_json_known(j, "p95_stable_ms", c->p95_stable);
    cli_json_known(j, "p95_candidate_ms", c->p95_candidate);
    cli_json_known(j, "ratio", c->ratio);
    cli_json_known(j, "ratio_lo", c->ratio_lo);
    cli_json_known(j, "ratio_hi", c->ratio_hi);
    cli_json_known(j, "more_needed", c->more_needed);
    cli_json_str(j, "says", f->canary_says);
    ncm_json_end_obj(j);
}

static void acts(struct ncm_json *j, const char *key, unsigned bits)
{
    ncm_json_key(j, key);
    ncm_json_arr(j);
    for (int i = 0; i < NCM_N_ACTS; i++) {
        if ((bits & 1u << i) != 0) {
            ncm_json_str(j, ncm_deploy_act_word((enum ncm_deploy_act)i));
        }
    }
    ncm_json_end_arr(j);
}

static void age(struct ncm_json *j, int64_t since_ms)
{
    int64_t ms = since_ms == NCM_NO_TIME ? -1 : ncm_now_ms() - since_ms;
    cli_json_count(j, "age_ms", since_ms != NCM_NO_TIME && ms < 0 ? 0 : ms);
}

void cli_deployment_fields(struct ncm_json *j, const struct ncm_fleet_deployment *f)
{
    const struct ncm_deployment *d = f->it;
    cli_json_str(j, "source", d->source);
    filled(j, "namespace", d->ns);
    cli_json_str(j, "name", d->name);
    cli_json_str(j, "kind", d->kind);
    cli_json_str(j, "model", f->is.model);
    cli_json_str(j, "model_version", f->is.version);
    cli_json_str(j, "revision", d->revision);
    cli_json_str(j, "image", d->image);
    cli_json_count(j, "desired", d->desired);
    cli_json_count(j, "ready", d->ready);
    cli_json_count(j, "updated", d->updated);
    cli_json_count(j, "available", d->available);
    traffic(j, f);
    cli_json_str(j, "serving_image", d->serving_image);
    cli_json_text(j, "health", ncm_health_word(f->health));
    cli_json_str(j, "reason", d->reason);
    cli_json_str(j, "strategy", d->strategy);
    age(j, d->created_ms);
    cli_json_str(j, "endpoint", d->endpoint);
    rates(j, &f->rates);
    ref(j, d);
    filled(j, "cluster", d->cluster);
    evidence(j, f);
    cli_json_time(j, "health_since", d->health_since_ms);
    cli_json_time(j, "rolled", d->rolled_ms);
    cli_json_flag(j, "paused", d->paused);
    cli_json_flag(j, "rolling", d->rolling);
    cli_json_count(j, "progress_done", d->rolling ? d->progress_done : -1);
    cli_json_count(j, "progress_total", d->rolling ? d->progress_total : -1);
    cli_json_str(j, "traffic_by", d->traffic_by);
    cli_json_str(j, "services", d->services);
    cli_json_str(j, "managed_by", d->managed_by);
    canary(j, f);
    findings(j, f);
}

void cli_deployment_json(struct ncm_json *j, const void *item)
{
    ncm_json_obj(j);
    cli_deployment_fields(j, *(const struct ncm_fleet_deployment *const *)item);
    ncm_json_end_obj(j);
}

/* ---- what `deployment show` adds ------------------------------------------------------------- */

static void conditions(struct ncm_json *j, const struct ncm_deployment *d)
{
    ncm_json_key(j, "conditions");
    ncm_json_arr(j);
    for (size_t i = 0; i < d->n_conditions; i++) {
        const struct ncm_deploy_condition *c = &d->conditions[i];
        ncm_json_obj(j);
        cli_json_str(j, "type", c->type);
        cli_json_str(j, "status", c->status);
        cli_json_str(j, "reason", c->reason);
        cli_json_str(j, "message", c->message);
        cli_json_time(j, "since", c->since_ms);
        ncm_json_end_obj(j);
    }
    ncm_json_end_arr(j);
}

static void events(struct ncm_json *j, const struct ncm_deployment *d)
{
    ncm_json_key(j, "events");
    ncm_json_arr(j);
    for (size_t i = 0; i < d->n_events; i++) {
        const struct ncm_deploy_event *e = &d->events[i];
        ncm_json_obj(j);
        cli_json_time(j, "time", e->time_ms);
        cli_json_text(j, "type", e->warning ? "Warning" : "Normal");
        cli_json_str(j, "reason", e->reason);
        cli_json_str(j, "message", e->message);
        cli_json_str(j, "object", e->object);
        cli_json_count(j, "count", e->count);
        ncm_json_end_obj(j);
    }
    ncm_json_end_arr(j);
}

static void replicas(struct ncm_json *j, const struct ncm_deployment *d)
{
    ncm_json_key(j, "replicas");
    ncm_json_arr(j);
    for (size_t i = 0; i < d->n_replicas; i++) {
        const struct ncm_replica *r = &d->replicas[i];
        ncm_json_obj(j);
        cli_json_str(j, "name", r->name);
        cli_json_str(j, "phase", r->phase);
        cli_json_flag(j, "ready", r->ready);
        cli_json_count(j, "restarts", r->restarts);
        cli_json_str(j, "reason", r->reason);
        cli_json_str(j, "node", r->node);
        cli_json_str(j, "revision", r->revision);
        cli_json_str(j, "image", r->image);
        cli_json_str(j, "image_id", r->image_id);
        cli_json_strs(j, "containers", r->containers, r->n_containers);
        cli_json_flag(j, "terminating", r->terminating);
        cli_json_time(j, "created", r->created_ms);
        cli_json_time(j, "ready_since", r->ready_ms);
        cli_json_time(j, "crashed", r->crashed_ms);
        cli_json_known(j, "cpu", r->cpu);
        cli_json_known(j, "memory", r->memory);
        cli_json_known(j, "cpu_limit", r->cpu_limit);
        cli_json_known(j, "memory_limit", r->memory_limit);
        ncm_json_end_obj(j);
    }
    ncm_json_end_arr(j);
}

static void history(struct ncm_json *j, const struct ncm_deployment *d)
{
    ncm_json_key(j, "history");
    ncm_json_arr(j);
    for (size_t i = 0; i < d->n_revisions; i++) {
        const struct ncm_revision *r = &d->revisions[i];
        ncm_json_obj(j);
        cli_json_str(j, "revision", r->revision);
        cli_json_str(j, "image", r->image);
        cli_json_str(j, "model_version", r->version);
        cli_json_time(j, "created", r->created_ms);
        cli_json_str(j, "name", r->name);
        cli_json_str(j, "model", r->model);
        cli_json_str(j, "cause", r->cause);
        cli_json_count(j, "desired", r->desired);
        cli_json_count(j, "ready", r->ready);
        cli_json_flag(j, "wanted", r->wanted);
        cli_json_flag(j, "serving", r->serving);
        ncm_json_end_obj(j);
    }
    ncm_json_end_arr(j);
}

static void claims(struct ncm_json *j, const char *key, const struct ncm_claim *items, size_t n)
{
    ncm_json_key(j, key);
    ncm_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        ncm_json_obj(j);
        cli_json_text(j, "rule", ncm_claim_word(items[i].rule));
        cli_json_str(j, "where", items[i].where);
        cli_json_str(j, "text", items[i].text);
        cli_json_str(j, "model", items[i].model);
        cli_json_str(j, "version", items[i].version);
        cli_json_flag(j, "guess", items[i].guess);
        ncm_json_end_obj(j);
    }
    ncm_json_end_arr(j);
}

static void probe(struct ncm_json *j, const struct ncm_probe *p)
{
    ncm_json_key(j, "probe");
    if (!p->probed) {
        ncm_json_null(j);
        return;
    }
    ncm_json_obj(j);
    cli_json_str(j, "protocol", p->protocol);
    maybe(j, "alive", p->alive);
    maybe(j, "ready", p->ready);
    maybe(j, "model_ready", p->model_ready);
    cli_json_str(j, "version", p->answered);
    cli_json_str(j, "reason", p->reason);
    cli_json_known(j, "latency_ms", p->latency_ms);
    cli_json_time(j, "at", p->at_ms);
    cli_json_str(j, "test_request", p->test_request);
    cli_json_str(j, "test_answer", p->test_answer);
    cli_json_count(j, "test_status", p->test_status > 0 ? p->test_status : -1);
    cli_json_known(j, "test_ms", p->test_status > 0 ? p->test_ms : NAN);
    ncm_json_end_obj(j);
}

static void autoscaler(struct ncm_json *j, const struct ncm_autoscaler *a)
{
    ncm_json_key(j, "autoscaler");
    if (!a->there) {
        ncm_json_null(j);
        return;
    }
    ncm_json_obj(j);
    cli_json_str(j, "name", a->name);
    cli_json_count(j, "min", a->min);
    cli_json_count(j, "max", a->max);
    cli_json_count(j, "current", a->current);
    cli_json_count(j, "desired", a->desired);
    cli_json_flag(j, "blind", a->blind);
    cli_json_flag(j, "limited", a->limited);
    cli_json_str(j, "why", a->why);
    ncm_json_end_obj(j);
}

void cli_deployment_show_json(struct ncm_json *j, const void *item)
{
    const struct ncm_fleet_deployment *f = item;
    const struct ncm_deployment *d = f->it;
    ncm_json_obj(j);
    cli_deployment_fields(j, f);
    conditions(j, d);
    events(j, d);
    replicas(j, d);
    history(j, d);
    claims(j, "claims", d->claims, d->n_claims);
    claims(j, "wanted", d->wanted, d->n_wanted);
    probe(j, &d->probe);
    autoscaler(j, &d->autoscaler);
    acts(j, "allowed", d->allowed);
    acts(j, "forbidden", d->forbidden);
    cli_json_str(j, "why_not", d->why_not);
    cli_json_str(j, "schedule", d->schedule);
    cli_json_time(j, "last_run", d->last_run_ms);
    cli_json_time(j, "next_run", d->next_run_ms);
    ncm_json_end_obj(j);
}
