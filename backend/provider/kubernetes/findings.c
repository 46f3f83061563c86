/* What a person should know of a deployment, in plain words, with the API's own as evidence. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/list.h"
#include "provider/kubernetes/scene.h"

struct findings {
    struct ncm_list list;
    struct ncm_arena *a;
    const struct k8s_scene *s;
    struct k8s_unit *u;
    struct ncm_deployment *d;
};

static void add(struct findings *f, enum ncm_severity severity, const char *kind,
                struct ncm_str sentence, struct ncm_str evidence)
{
    struct ncm_deploy_finding *to = ncm_list_add(&f->list);
    to->severity = severity;
    to->kind = ncm_arena_cstr(f->a, kind);
    to->sentence = ncm_arena_copy(f->a, sentence);
    to->evidence = ncm_arena_copy(f->a, evidence);
}

/* How grave a trouble is: nothing serves, or something still does. */
static enum ncm_severity grave(const struct findings *f)
{
    return f->u->health == NCM_HEALTH_FAILED ? NCM_SEVERITY_CRITICAL : NCM_SEVERITY_WARNING;
}

/* ---- pods ------------------------------------------------------------------------------------ */

static struct ncm_str crash_sentence(const struct findings *f, const struct k8s_seen *p, size_t n)
{
    const char *name = ncm_cstr(p->pod->head.o.name);
    struct ncm_str end = p->end != NULL ? k8s_end_words(f->a, p->end) : p->reason;
    const char *of = p->at != NULL ? ncm_cstr(p->at->name) : "";
    if (p->at != NULL && p->at->init) {
        /* TR: an init container; then how it ended */
        return k8s_say(f->a, _("init container %s of pod %s ends with %s (restarts: %d)"), of, name,
                       end.p, p->restarts);
    }
    /* TR: how many, one of them, how it ended: "exit 1, Error", restarts */
    return k8s_say(f->a,
                   ngettext("%zu pod crashes (%s): %s, restarts: %d; the log from before the "
                            "restart tells more",
                            "%zu pods crash (%s): %s, restarts: %d; the log from before the "
                            "restart tells more",
                            n),
                   n, name, end.p, p->restarts);
}

static struct ncm_str oom_sentence(const struct findings *f, const struct k8s_seen *p, size_t n)
{
    double limit = (double)NAN;
    char size[32] = "";
    for (size_t i = 0; p->at != NULL && i < p->pod->n_containers; i++) {
        if (ncm_str_eq(p->pod->containers[i].name, p->at->name)) {
            limit = p->pod->containers[i].memory_limit;
        }
    }
    const char *name = ncm_cstr(p->pod->head.o.name);
    if (!isnan(limit) && limit >= 0 && limit < 9e15) {
        ncm_fmt_size(size, sizeof size, (int64_t)limit);
        /* TR: pods; one of them; its limit; restarts */
        return k8s_say(
            f->a,
            ngettext("out of memory: %zu pod (%s) is killed at its limit of %s, restarts: %d",
                     "out of memory: %zu pods (%s) are killed at their limit of %s, restarts: %d",
                     n),
            n, name, size, p->restarts);
    }
    return k8s_say(f->a,
                   ngettext("out of memory: %zu pod (%s) is killed, restarts: %d",
                            "out of memory: %zu pods (%s) are killed, restarts: %d", n),
                   n, name, p->restarts);
}

static void add_pod(struct findings *f, const struct k8s_seen *p, size_t n)
{
    const char *name = ncm_cstr(p->pod->head.o.name);
    struct ncm_str evidence = p->message.len > 0 ? p->message : p->reason;
    struct ncm_str image = p->at != NULL ? p->at->image : (struct ncm_str){NULL, 0};
    switch (p->trouble) {
    case K8S_OOM:
        add(f, grave(f), "oom", oom_sentence(f, p, n), evidence);
        return;
    case K8S_CRASH:
        add(f, grave(f), "crash_loop", crash_sentence(f, p, n), evidence);
        return;
    case K8S_EXITED:
        add(f, grave(f), "exited",
            k8s_say(f->a, _("pod %s has ended: %s"), name,
                    p->end != NULL ? k8s_end_words(f->a, p->end).p : ncm_cstr(p->reason)),
            evidence);
        return;
    case K8S_IMAGE:
        /* TR: how many, one of them, an image, the API's word: "ImagePullBackOff" */
        add(f, grave(f), "image_pull",
            k8s_say(f->a,
                    ngettext("%zu pod (%s) cannot get the image %s: %s",
                             "%zu pods (%s) cannot get the image %s: %s", n),
                    n, name, ncm_cstr(image), ncm_cstr(p->reason)),
            evidence);
        return;
    case K8S_CONFIG:
        add(f, grave(f), "config",
            k8s_say(f->a, _("pod %s cannot be configured: %s"), name, ncm_cstr(evidence)),
            p->reason);
        return;
    case K8S_UNSCHEDULABLE:
        add(f, grave(f), "unschedulable",
            k8s_say(f->a,
                    ngettext("%zu pod (%s) finds no node: %s", "%zu pods (%s) find no node: %s", n),
                    n, name, ncm_cstr(evidence)),
            p->reason);
        return;
    case K8S_STUCK: {
        const struct k8s_event *e = k8s_event_of(f->u, p->pod, "FailedMount");
        e = e != NULL ? e : k8s_event_of(f->u, p->pod, "FailedCreatePodSandBox");
        add(f, grave(f), "stuck",
            k8s_say(f->a, _("pod %s has been starting for more than 5 minutes: %s"), name,
                    e != NULL ? ncm_cstr(e->it.message) : ncm_cstr(p->word)),
            e != NULL ? e->it.reason : evidence);
        return;
    }
    case K8S_FINE:
    case K8S_NOT_READY:
        return;
    }
}

/* One finding a kind of trouble; of several pods the one of the wanted revision speaks. */
static void add_pods(struct findings *f)
{
    for (int t = K8S_OOM; t > K8S_NOT_READY; t--) {
        const struct k8s_seen *speaks = NULL;
        size_t n = 0;
        for (size_t i = 0; i < f->u->n_pods; i++) {
            const struct k8s_seen *p = &f->u->pods[i];
            if (p->live && (int)p->trouble == t) {
                n++;
                speaks = speaks == NULL || (p->wanted && !speaks->wanted) ? p : speaks;
            }
        }
        if (speaks != NULL) {
            add_pod(f, speaks, n);
        }
    }
}

static void add_unready(struct findings *f)
{
    const struct k8s_seen *one = NULL;
    const struct k8s_event *says = NULL;
    size_t n = 0;
    for (size_t i = 0; i < f->u->n_pods; i++) {
        const struct k8s_seen *p = &f->u->pods[i];
        if (!p->live || p->trouble != K8S_NOT_READY) {
            continue;
        }
        const struct k8s_event *e = k8s_event_of(f->u, p->pod, "Unhealthy");
        n++;
        if (one == NULL || (says == NULL && e != NULL)) {
            one = p;
            says = e;
        }
    }
    bool slow = f->u->health >= NCM_HEALTH_DEGRADED && f->u->worst != NULL &&
                f->u->worst->trouble == K8S_NOT_READY;
    if (says != NULL) {
        add(f, slow ? grave(f) : NCM_SEVERITY_INFO, "not_ready",
            /* TR: how many, one of them, the API's words: "Readiness probe failed: …" */
            k8s_say(f->a,
                    ngettext("%zu pod (%s) runs but is not ready: %s",
                             "%zu pods (%s) run but are not ready: %s", n),
                    n, ncm_cstr(one->pod->head.o.name), ncm_cstr(says->it.message)),
            k8s_say(f->a, "%s", "Unhealthy"));
    } else if (slow) {
        add(f, grave(f), "not_ready",
            k8s_say(f->a,
                    ngettext("%zu pod (%s) runs but is not ready",
                             "%zu pods (%s) run but are not ready", n),
                    n, ncm_cstr(one->pod->head.o.name)),
            k8s_say(f->a, "%s", "ContainersNotReady"));
    }
}

static void add_restarts(struct findings *f)
{
    enum { LATELY_MS = 10 * 60 * 1000 };
    const struct k8s_seen *newest = NULL;
    size_t n = 0;
    for (size_t i = 0; i < f->u->n_pods; i++) {
        const struct k8s_seen *p = &f->u->pods[i];
        if (!p->live || p->trouble > K8S_NOT_READY || p->restarts == 0 ||
            p->crashed_ms == NCM_NO_TIME || k8s_past(&f->u->clock, p->crashed_ms, LATELY_MS)) {
            continue;
        }
        n++;
        newest = newest == NULL || p->crashed_ms > newest->crashed_ms ? p : newest;
    }
    if (n > 0) {
        add(f, NCM_SEVERITY_WARNING, "restarts",
            k8s_say(f->a,
                    ngettext("%zu pod (%s) was restarted after a crash in the last 10 minutes, "
                             "restarts in all: %d",
                             "%zu pods (%s) were restarted after a crash in the last 10 minutes, "
                             "restarts in all: %d",
                             n),
                    n, ncm_cstr(newest->pod->head.o.name), newest->restarts),
            f->u->reason);
    }
}

static const struct k8s_status *first_status(const struct k8s_pod *p)
{
    for (size_t i = 0; i < p->n_statuses; i++) {
        if (!p->statuses[i].init) {
            return &p->statuses[i];
        }
    }
    return NULL;
}

/* The same tag, yet not the same image. */
static void add_mixed(struct findings *f)
{
    const struct k8s_status *first = NULL;
    for (size_t i = 0; i < f->u->n_pods; i++) {
        const struct k8s_seen *p = &f->u->pods[i];
        const struct k8s_status *one = p->live ? first_status(p->pod) : NULL;
        if (one == NULL || one->image_id.len == 0) {
            continue;
        }
        if (first == NULL) {
            first = one;
        } else if (ncm_str_eq(first->image, one->image) &&
                   !ncm_str_eq(first->image_id, one->image_id)) {
            add(f, NCM_SEVERITY_WARNING, "mixed_images",
                k8s_say(f->a, _("pods run different images under one tag: %s"),
                        ncm_cstr(one->image)),
                k8s_say(f->a, "%s / %s", first->image_id.p, one->image_id.p));
            return;
        }
    }
}

/* ---- rollout --------------------------------------------------------------------------------- */

static void add_conditions(struct findings *f)
{
    const struct k8s_conditions *c = &f->u->set->conditions;
    const struct k8s_condition *failure = k8s_condition_find(c, "ReplicaFailure");
    const struct k8s_condition *progress = k8s_condition_find(c, "Progressing");
    if (failure != NULL && ncm_str_is(failure->it.status, "True")) {
        bool quota = strstr(ncm_cstr(failure->it.message), "exceeded quota") != NULL;
        add(f, grave(f), quota ? "quota" : "create",
            quota ? k8s_say(
                        f->a,
                        _("no more pods are allowed by the namespace's quota: %d of %d are there"),
                        f->u->set->total, f->u->set->replicas)
                  : k8s_say(f->a, _("pods cannot be made: %s"), ncm_cstr(failure->it.message)),
            failure->it.message);
    }
    if (progress != NULL && ncm_str_is(progress->it.status, "False") && f->u->set->replicas > 0 &&
        f->u->set->head.generation <= f->u->set->observed) {
        bool deadline = ncm_str_is(progress->it.reason, "ProgressDeadlineExceeded") != 0;
        add(f, grave(f), deadline ? "deadline" : "create",
            deadline
                ? k8s_say(f->a, _("the rollout has made no progress within its limit of %d seconds"),
                          f->u->set->deadline_s)
                : k8s_say(f->a, _("the rollout cannot go on: %s"), ncm_cstr(progress->it.reason)),
            progress->it.message);
    }
}

static struct ncm_str revision_words(const struct findings *f, const struct k8s_workload *set)
{
    return k8s_say(f->a, "%s (%s)", ncm_cstr(set->revision),
                   ncm_cstr(k8s_template_image(&set->template)));
}

static void add_two_versions(struct findings *f)
{
    const struct k8s_unit *u = f->u;
    const struct k8s_workload *now = u->serving;
    if (u->waits) {
        struct ncm_str wants = k8s_template_image(&u->set->template);
        add(f, NCM_SEVERITY_INFO, "paused",
            now != NULL ? k8s_say(f->a, _("paused: revision %s serves, %s waits"),
                                  revision_words(f, now).p, ncm_cstr(wants))
                        : k8s_say(f->a, _("paused: %s waits"), ncm_cstr(wants)),
            (struct ncm_str){NULL, 0});
    } else if (u->health == NCM_HEALTH_DEGRADED && now != NULL && u->wanted != NULL &&
               now != u->wanted) {
        add(f, NCM_SEVERITY_WARNING, "rollout",
            /* TR: revision with its image, twice */
            k8s_say(f->a, _("revision %s does not come up; revision %s serves"),
                    revision_words(f, u->wanted).p, revision_words(f, now).p),
            u->reason);
    } else if (u->set->paused && u->kind == K8S_DEPLOYMENT) {
        add(f, NCM_SEVERITY_INFO, "paused",
            k8s_say(f->a, "%s", _("paused: changes to it will wait")), (struct ncm_str){NULL, 0});
    }
}

static void add_blind(struct findings *f)
{
    if (f->s->sees_pods && (f->s->sees_sets || f->u->kind == K8S_STATEFULSET)) {
        return;
    }
    const char *what = f->s->sees_pods ? "replicasets" : "pods";
    const char *why = f->s->v->why[f->s->sees_pods ? K8S_REPLICASET : K8S_POD];
    add(f, NCM_SEVERITY_INFO, "blind",
        f->s->sees_pods
            ? k8s_say(f->a, "%s", _("ReplicaSets cannot be read: there is no history of revisions"))
            : k8s_say(f->a, "%s", _("pods cannot be read: judged by the conditions alone")),
        why != NULL ? k8s_say(f->a, "%s: %s", what, why) : (struct ncm_str){NULL, 0});
}

/* ---- services, autoscaler, owners ------------------------------------------------------------ */

static void add_services(struct findings *f)
{
    for (const struct k8s_fronts *link = f->u->fronts; link != NULL; link = link->next) {
        const struct k8s_front *front = link->front;
        const char *name = ncm_cstr(front->service->head.o.name);
        bool stopped = front->n > 0;
        for (size_t i = 0; i < front->n; i++) {
            stopped &= front->units[i]->set->replicas == 0;
        }
        if (front->ready_total != 0 && front->n > 0) {
            continue;
        }
        if (front->n == 0) {
            add(f, NCM_SEVERITY_CRITICAL, "no_endpoint",
                /* TR: a Service; label; value; it selects no pod at all */
                k8s_say(f->a, _("Service %s selects nothing: no deployment has its %s"), name,
                        ncm_cstr(front->slot)),
                k8s_say(f->a, "Service %s", name));
        } else {
            add(f, stopped ? NCM_SEVERITY_WARNING : NCM_SEVERITY_CRITICAL, "no_endpoint",
                k8s_say(
                    f->a,
                    _("Service %s selects nothing that is ready: whoever calls it gets no answer"),
                    name),
                k8s_say(f->a, "Service %s", name));
        }
    }
}

static void add_scaler(struct findings *f)
{
    const struct ncm_autoscaler *as = &f->d->autoscaler;
    if (!as->there || f->u->health == NCM_HEALTH_STOPPED) {
        return;
    }
    if (as->blind) {
        add(f, NCM_SEVERITY_WARNING, "hpa_blind",
            k8s_say(f->a, _("the autoscaler is blind and leaves it at %d replicas"), as->current),
            as->why);
    } else if (as->limited && as->current >= as->max) {
        add(f, NCM_SEVERITY_WARNING, "hpa_pinned",
            k8s_say(f->a, _("the autoscaler is at its maximum of %d replicas"), as->max), as->why);
    }
}

static void add_managed(struct findings *f)
{
    if (f->d->managed_by.len > 0) {
        add(f, NCM_SEVERITY_INFO, "managed",
            k8s_say(f->a, _("managed by %s: changes made here may be undone"), f->d->managed_by.p),
            (struct ncm_str){NULL, 0});
    }
}

/* ---- KServe and batch ------------------------------------------------------------------------ */

static void add_isvc(struct findings *f)
{
    const struct k8s_isvc *x = f->u->isvc;
    bool blocked =
        ncm_str_is(x->transition, "BlockedByFailedLoad") || ncm_str_is(x->target, "FailedToLoad");
    if (ncm_str_is(x->transition, "InvalidSpec")) {
        add(f, grave(f), "invalid_spec",
            k8s_say(f->a, _("its specification cannot be served: %s"), ncm_cstr(x->fail_message)),
            x->fail_reason);
    } else if (blocked) {
        add(f, grave(f), "model_load",
            x->fail_revision.len > 0
                ? k8s_say(f->a, _("%s cannot load its model: %s"), x->fail_revision.p,
                          ncm_cstr(x->fail_message))
                : k8s_say(f->a, _("the model cannot be loaded: %s"), ncm_cstr(x->fail_message)),
            x->fail_exit >= 0 ? k8s_say(f->a, "%s, exit %d", ncm_cstr(x->fail_reason), x->fail_exit)
                              : x->fail_reason);
    }
    if (f->u->health == NCM_HEALTH_DEGRADED && !x->raw && x->created.len > 0 && x->ready.len > 0 &&
        !ncm_str_eq(x->created, x->ready)) {
        add(f, NCM_SEVERITY_WARNING, "rollout",
            k8s_say(f->a, _("revision %s does not come up; revision %s serves"), x->created.p,
                    x->ready.p),
            f->u->reason);
    }
}

static void add_batch(struct findings *f)
{
    if (f->u->health == NCM_HEALTH_FAILED && f->u->worst == NULL) {
        add(f, NCM_SEVERITY_CRITICAL, "job_failed",
            k8s_say(f->a, _("the last run failed: %s"), ncm_cstr(f->u->reason)), f->u->reason);
    } else if (f->u->cron != NULL && f->u->health == NCM_HEALTH_DEGRADED && f->u->n_jobs == 0) {
        add(f, NCM_SEVERITY_WARNING, "missed",
            k8s_say(f->a, "%s", _("it was due more than once and did not run")), f->u->reason);
    }
}

static int gravest_first(const void *a, const void *b)
{
    const struct ncm_deploy_finding *x = *(const struct ncm_deploy_finding *const *)a;
    const struct ncm_deploy_finding *y = *(const struct ncm_deploy_finding *const *)b;
    if (x->severity != y->severity) {
        return x->severity < y->severity ? 1 : -1;
    }
    return (x > y) - (x < y);
}

static void sort(struct findings *f)
{
    size_t n = f->list.n;
    const struct ncm_deploy_finding *from = f->list.items;
    const struct ncm_deploy_finding **order = ncm_arena_alloc(f->s->a, n + 1, sizeof(void *));
    for (size_t i = 0; i < n; i++) {
        order[i] = &from[i];
    }
    qsort(order, n, sizeof *order, gravest_first);
    f->d->findings = ncm_arena_alloc(f->a, n + 1, sizeof *f->d->findings);
    f->d->n_findings = n;
    for (size_t i = 0; i < n; i++) {
        f->d->findings[i] = *order[i];
    }
    ncm_free(f->list.items);
}

void k8s_fill_findings(const struct k8s_scene *s, struct k8s_unit *u, struct ncm_arena *a,
                       struct ncm_deployment *d)
{
    struct findings f = {{.size = sizeof(struct ncm_deploy_finding)}, a, s, u, d};
    bool batch = u->job != NULL || u->cron != NULL;
    add_services(&f);
    if (u->isvc != NULL) {
        add_isvc(&f);
    }
    add_pods(&f);
    if (batch) {
        add_batch(&f);
    } else {
        add_unready(&f);
        add_restarts(&f);
        add_mixed(&f);
    }
    if (u->set != NULL) {
        add_conditions(&f);
        add_two_versions(&f);
        add_blind(&f);
    }
    add_scaler(&f);
    add_managed(&f);
    sort(&f);
}
