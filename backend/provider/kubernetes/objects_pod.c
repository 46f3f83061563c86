/* Pods, and what they use. */
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "provider/kubernetes/read.h"

static struct ncm_str label(const struct k8s_head *h, const char *key)
{
    const struct ncm_kv *kv = ncm_kv_find(h->labels, h->n_labels, key);
    return kv != NULL ? kv->value : (struct ncm_str){0};
}

static struct k8s_end read_end(struct k8s_read *r, struct k8s_at state)
{
    struct k8s_at at = k8s_map(r, state, "terminated");
    struct k8s_end e = {.there = at.node != NULL, .finished_ms = NCM_NO_TIME};
    if (e.there) {
        e.exit_code = k8s_int(r, at, "exitCode", 0);
        e.signal = k8s_int(r, at, "signal", 0);
        e.reason = k8s_text(r, at, "reason");
        e.message = k8s_text(r, at, "message");
        e.finished_ms = k8s_time(r, at, "finishedAt");
    }
    return e;
}

static void read_status(struct k8s_read *r, struct k8s_at at, struct k8s_status *s)
{
    struct k8s_at state = k8s_map(r, at, "state");
    struct k8s_at waiting = k8s_map(r, state, "waiting"), running = k8s_map(r, state, "running");
    s->name = k8s_text(r, at, "name");
    s->image = k8s_text(r, at, "image");
    s->image_id = k8s_text(r, at, "imageID");
    s->ready = k8s_flag(r, at, "ready", false);
    s->started = k8s_flag(r, at, "started", false);
    s->restarts = k8s_int(r, at, "restartCount", 0);
    s->running = running.node != NULL;
    s->running_ms = k8s_time(r, running, "startedAt");
    s->waiting = k8s_text(r, waiting, "reason");
    s->waiting_message = k8s_text(r, waiting, "message");
    s->ended = read_end(r, state);
    s->last = read_end(r, k8s_map(r, at, "lastState"));
}

static void read_statuses(struct k8s_read *r, struct k8s_at status, struct k8s_pod *p)
{
    struct k8s_at lists[] = {k8s_list(r, status, "initContainerStatuses"),
                             k8s_list(r, status, "containerStatuses")};
    size_t total = k8s_count(lists[0]) + k8s_count(lists[1]);
    p->statuses = total > 0 ? ncm_arena_alloc(r->arena, total, sizeof *p->statuses) : NULL;
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < k8s_count(lists[k]) && !r->failed; i++) {
            p->statuses[p->n_statuses].init = k == 0;
            read_status(r, k8s_item(r, lists[k], i), &p->statuses[p->n_statuses++]);
        }
    }
}

/* Init containers that go on beside the others (restartPolicy Always). */
static void mark_sidecars(struct k8s_read *r, struct k8s_at spec, struct k8s_pod *p)
{
    struct k8s_at list = k8s_list(r, spec, "initContainers");
    for (size_t i = 0; i < k8s_count(list) && !r->failed; i++) {
        struct k8s_at one = k8s_item(r, list, i);
        if (!ncm_str_is(k8s_text(r, one, "restartPolicy"), "Always")) {
            continue;
        }
        struct ncm_str name = k8s_text(r, one, "name");
        for (size_t k = 0; k < p->n_statuses; k++) {
            p->statuses[k].sidecar |=
                p->statuses[k].init && ncm_str_eq(p->statuses[k].name, name) != 0;
        }
    }
}

void k8s_read_pod(struct k8s_read *r, struct k8s_at root, struct k8s_pod *p)
{
    struct k8s_at spec = k8s_map(r, root, "spec"), status = k8s_map(r, root, "status");
    p->node = k8s_text(r, spec, "nodeName");
    p->phase = k8s_text(r, status, "phase");
    p->reason = k8s_text(r, status, "reason");
    p->message = k8s_text(r, status, "message");
    p->revision_hash = label(&p->head, "controller-revision-hash");
    p->service = label(&p->head, "serving.kserve.io/inferenceservice");
    p->service_revision = label(&p->head, "serving.knative.dev/revision");
    /* What KServe told its storage initializer is the only trace of an older revision's model. */
    p->containers = k8s_read_containers(r, spec, p->service.len > 0, &p->n_containers, &p->n_init);
    if (p->service.len > 0) {
        p->service_print = k8s_print_of((const char *[]){r->ns.p, p->service.p}, 2);
    }
    read_statuses(r, status, p);
    mark_sidecars(r, spec, p);
    struct k8s_conditions all = k8s_read_conditions(r, status);
    const struct k8s_condition *ready = k8s_condition_find(&all, "Ready");
    const struct k8s_condition *scheduled = k8s_condition_find(&all, "PodScheduled");
    p->ready = ready != NULL && ncm_str_is(ready->it.status, "True");
    p->ready_since_ms = ready != NULL ? ready->it.since_ms : NCM_NO_TIME;
    if (scheduled != NULL && ncm_str_is(scheduled->it.status, "False")) {
        p->scheduled_false = true;
        p->scheduled_reason = scheduled->it.reason;
        p->scheduled_message = scheduled->it.message;
    }
}

void k8s_read_usage(struct k8s_read *r, struct k8s_at root, struct k8s_usage *u)
{
    struct k8s_at list = k8s_list(r, root, "containers");
    u->at_ms = k8s_time(r, root, "timestamp");
    u->cpu = u->memory = k8s_count(list) > 0 ? 0.0 : (double)NAN;
    for (size_t i = 0; i < k8s_count(list) && !r->failed; i++) {
        struct k8s_at usage = k8s_map(r, k8s_item(r, list, i), "usage");
        u->cpu += k8s_amount(r, usage, "cpu");
        u->memory += k8s_amount(r, usage, "memory");
    }
}
