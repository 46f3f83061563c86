/* What was seen as records. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/endpoint/internal.h"

void ep_rates(const struct ep_endpoint *e, const struct ncm_kv *want, size_t n,
              struct ncm_arena *a, struct ncm_rates *out)
{
    bool gone = e->seen.probe.alive == 0 || ncm_mono_ms() - e->counted_mono_ms > EP_RATES_MS;
    *out = ncm_rates_unknown();
    if (e->counted_mono_ms == 0 || gone) {
        return;
    }
    ncm_scrapes_rates(e->scrapes, want, n, a, out);
    if (out->known) {
        out->taken_ms = e->counted_ms;
    }
}

static struct ncm_claim copy_claim(struct ncm_arena *a, const struct ncm_claim *c)
{
    struct ncm_claim out = *c;
    out.where = ncm_arena_copy(a, c->where);
    out.text = ncm_arena_copy(a, c->text);
    out.model = ncm_arena_copy(a, c->model);
    out.version = ncm_arena_copy(a, c->version);
    return out;
}

static void claims_of(const struct ep_endpoint *e, struct ncm_deployment *d, struct ncm_arena *a)
{
    const struct ep_seen *s = &e->seen;
    d->claims = ncm_arena_alloc(a, s->n_claims + 1, sizeof *d->claims);
    if (e->set.probe.model != NULL) {
        d->claims[d->n_claims++] = (struct ncm_claim){
            .rule = NCM_CLAIM_CONFIG,
            .where = ncm_arena_cstr(a, "configuration"),
            .text = ncm_arena_cstr(a, e->set.probe.model),
            .model = ncm_arena_cstr(a, e->set.probe.model),
            .since_ms = NCM_NO_TIME,
        };
    }
    for (size_t i = 0; i < s->n_claims; i++) {
        d->claims[d->n_claims++] = copy_claim(a, &s->claims[i]);
    }
    d->model = ncm_arena_cstr(a, e->set.probe.model);
    if (d->model.p == NULL && s->n_claims > 0) {
        d->model = ncm_arena_copy(a, s->claims[0].model);
    }
    if (s->n_claims == 1) {
        d->version = ncm_arena_copy(a, s->claims[0].version);
    }
}

static void probe_of(const struct ep_endpoint *e, struct ncm_deployment *d, struct ncm_arena *a)
{
    const struct ncm_probe *p = &e->seen.probe;
    if (!p->probed) {
        return;
    }
    d->probe = *p;
    d->probe.protocol = ncm_arena_copy(a, p->protocol);
    d->probe.answered = ncm_arena_copy(a, p->answered);
    d->probe.reason = ncm_arena_copy(a, p->reason);
    d->probe.test_request = ncm_arena_cstr(a, e->test_request);
    d->probe.test_answer = ncm_arena_cstr(a, e->test_answer);
    d->probe.test_status = e->test_status;
    d->probe.test_ms = e->test_ms;
    d->health = ep_health(e);
    d->health_since_ms = e->health_since_ms;
    d->reason = d->health == NCM_HEALTH_HEALTHY ? (struct ncm_str){0} : d->probe.reason;
    d->ready = d->health == NCM_HEALTH_UNKNOWN ? -1 : d->health == NCM_HEALTH_HEALTHY ? 1 : 0;
    d->available = d->ready;
    d->rolling = d->health == NCM_HEALTH_PROGRESSING;
}

/* ---- findings -------------------------------------------------------------------------------- */

static struct ncm_deploy_finding *add(struct ncm_deployment *d, struct ncm_arena *a,
                                      enum ncm_severity severity, const char *kind,
                                      const char *sentence, struct ncm_str evidence)
{
    struct ncm_deploy_finding *f = &d->findings[d->n_findings++];
    f->severity = severity;
    f->kind = ncm_arena_cstr(a, kind);
    f->sentence = ncm_arena_cstr(a, sentence);
    f->evidence = ncm_arena_copy(a, evidence);
    return f;
}

static void findings_of(const struct ep_endpoint *e, struct ncm_deployment *d, struct ncm_arena *a)
{
    const struct ep_seen *s = &e->seen;
    const struct ncm_probe *p = &s->probe;
    struct ncm_str none = {0};
    char text[200], ms[40];
    d->findings = ncm_arena_alloc(a, 8, sizeof *d->findings);
    if (s->hung) {
        add(d, a, NCM_SEVERITY_CRITICAL, "hung",
            p->alive == 1 ? _("the server answers, its model does not: it hangs or is overloaded")
                          : _("the server takes connections and does not answer"),
            p->reason);
    } else if (p->ready == 1 && p->model_ready == 0) {
        add(d, a, NCM_SEVERITY_CRITICAL, "model_not_ready",
            _("the server says that it is healthy, but its model is not ready"), p->reason);
    } else if (p->alive == 1 && p->ready == 1 && p->reason.p != NULL) {
        add(d, a, NCM_SEVERITY_WARNING, "answers", p->reason.p, none);
    }
    if (e->test_request != NULL && e->test_status >= 400) {
        snprintf(text, sizeof text, _("the test request is answered with %d"), e->test_status);
        add(d, a, NCM_SEVERITY_WARNING, "test_failed", text, ncm_arena_cstr(a, e->test_answer));
    }
    if (p->latency_ms > EP_SLOW_MS) {
        snprintf(text, sizeof text, _("its health page takes %s"),
                 ncm_fmt_duration(ms, sizeof ms, (int64_t)p->latency_ms));
        add(d, a, NCM_SEVERITY_WARNING, "slow", text, none);
    }
    if (s->split_why.p != NULL) {
        add(d, a, NCM_SEVERITY_WARNING, "split_unknown",
            _("how the traffic is split cannot be read"), s->split_why);
    }
    if (s->n_claims > 1) {
        snprintf(text, sizeof text, "%s", _("it answers several versions"));
        add(d, a, NCM_SEVERITY_INFO, "several_versions", text, p->answered);
    }
}

static void events_of(const struct ep_endpoint *e, struct ncm_deployment *d, struct ncm_arena *a)
{
    d->events = ncm_arena_alloc(a, e->n_events, sizeof *d->events);
    for (size_t i = e->n_events; i > 0; i--) {
        const struct ep_event *ev = &e->events[i - 1];
        d->events[d->n_events++] = (struct ncm_deploy_event){
            .time_ms = ev->time_ms,
            .count = 1,
            .warning = ev->warning,
            .reason = ncm_arena_cstr(a, ev->reason),
            .message = ncm_arena_cstr(a, ev->message),
            .object = ncm_arena_cstr(a, e->set.name),
        };
    }
}

static struct ncm_deployment_box *box_of(struct ncm_conn *c, struct ep_endpoint *e)
{
    struct ncm_deployment_box *b = ncm_deployment_box_new();
    struct ncm_deployment *d = &b->it;
    struct ncm_arena *a = b->arena;
    b->stamp = (uint64_t)e->looked_mono_ms;
    d->source = ncm_arena_cstr(a, c->source);
    d->cluster = ncm_arena_cstr(a, "");
    d->ns = ncm_arena_cstr(a, "");
    d->name = ncm_arena_cstr(a, e->set.name);
    d->kind = ncm_arena_cstr(a, "Endpoint");
    d->endpoint = ncm_arena_cstr(a, e->set.url);
    d->desired = 1;
    claims_of(e, d, a);
    probe_of(e, d, a);
    if (e->set.reload != NULL) {
        d->allowed |= 1u << NCM_ACT_VERSION;
    }
    ep_rates(e, NULL, 0, a, &d->rates);
    ep_traffic(c, e, d, a);
    findings_of(e, d, a);
    events_of(e, d, a);
    return b;
}

static int by_name(const void *x, const void *y)
{
    const struct ncm_deployment_box *const *a = x, *const *b = y;
    return ncm_str_compare((*a)->it.name, (*b)->it.name);
}

struct ncm_deployments_snapshot *ep_snapshot(struct ncm_conn *c)
{
    struct ncm_deployments_snapshot *s = ncm_deployments_snapshot_new(c->n);
    struct ncm_arena *a = s->head.arena;
    s->source = ncm_arena_cstr(a, c->source);
    s->notes = ncm_arena_alloc(a, c->n, sizeof *s->notes);
    for (size_t i = 0; i < c->n; i++) {
        struct ep_endpoint *e = &c->items[i];
        s->items[i] = box_of(c, e);
        if (e->set.metrics != NULL && e->seen.metrics_why.p != NULL) {
            char *note = ncm_sprintf(_("%s: its metrics cannot be read: %s"), e->set.name,
                                     e->seen.metrics_why.p);
            s->notes[s->n_notes++] = ncm_arena_cstr(a, note);
            ncm_free(note);
        }
    }
    qsort(s->items, c->n, sizeof(struct ncm_deployment_box *), by_name);
    return s;
}
