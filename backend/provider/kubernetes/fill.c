/* From a judged unit to the record that everybody reads. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "provider/kubernetes/scene.h"

enum { EVENTS_MOST = 200 };

/* ---- replicas -------------------------------------------------------------------------------- */

static struct ncm_str revision_of(const struct k8s_seen *p)
{
    const struct k8s_pod *pod = p->pod;
    if (p->set != NULL) {
        return p->set->head.o.name;
    }
    return pod->service_revision.len > 0 ? pod->service_revision
           : pod->revision_hash.len > 0  ? pod->revision_hash
                                         : pod->head.owner_name;
}

/* The sum over containers; NaN where one of them has none. */
static void add_limits(const struct k8s_pod *p, struct ncm_replica *r)
{
    r->cpu_limit = r->memory_limit = p->n_containers > p->n_init ? 0.0 : (double)NAN;
    for (size_t i = 0; i < p->n_containers; i++) {
        if (!p->containers[i].init) {
            r->cpu_limit += p->containers[i].cpu_limit;
            r->memory_limit += p->containers[i].memory_limit;
        }
    }
}

static void add_image(struct ncm_arena *a, const struct k8s_pod *p, struct ncm_replica *r)
{
    r->image = p->n_containers > 0 ? ncm_arena_copy(a, p->containers[0].image) : r->image;
    for (size_t i = 0; i < p->n_statuses; i++) {
        if (!p->statuses[i].init && p->n_containers > 0 &&
            ncm_str_eq(p->statuses[i].name, p->containers[0].name)) {
            r->image_id = ncm_arena_copy(a, p->statuses[i].image_id);
        }
    }
}

static void fill_replica(const struct k8s_unit *u, const struct k8s_seen *p, struct ncm_arena *a,
                         struct ncm_replica *r)
{
    const struct k8s_pod *pod = p->pod;
    const struct k8s_event *probe =
        p->live && p->trouble == K8S_NOT_READY ? k8s_event_of(u, pod, "Unhealthy") : NULL;
    r->name = ncm_arena_copy(a, pod->head.o.name);
    r->node = ncm_arena_copy(a, pod->node);
    r->revision = ncm_arena_copy(a, revision_of(p));
    r->phase = ncm_arena_copy(a, p->word);
    if (probe != NULL) {
        r->reason = k8s_say(a, "Unhealthy: %s", ncm_cstr(probe->it.message));
    } else if (p->trouble != K8S_FINE && p->trouble != K8S_NOT_READY) {
        r->reason = k8s_pod_reason(a, p);
    }
    add_image(a, pod, r);
    add_limits(pod, r);
    r->containers = ncm_arena_alloc(a, pod->n_containers + 1, sizeof *r->containers);
    r->n_containers = pod->n_containers;
    for (size_t i = 0; i < pod->n_containers; i++) {
        r->containers[i] = ncm_arena_copy(a, pod->containers[i].name);
    }
    r->ready = pod->ready && !pod->head.deleting;
    r->bad = p->trouble > K8S_NOT_READY;
    r->terminating = pod->head.deleting;
    r->restarts = p->restarts;
    r->created_ms = pod->head.created_ms;
    r->ready_ms = pod->ready ? pod->ready_since_ms : NCM_NO_TIME;
    r->crashed_ms = p->crashed_ms;
    r->cpu = p->usage != NULL ? p->usage->cpu : (double)NAN;
    r->memory = p->usage != NULL ? p->usage->memory : (double)NAN;
}

static int bad_first(const void *a, const void *b)
{
    const struct ncm_replica *x = a, *y = b;
    return x->bad != y->bad ? y->bad - x->bad : ncm_str_compare(x->name, y->name);
}

static void fill_replicas(const struct k8s_unit *u, struct ncm_arena *a, struct ncm_deployment *d)
{
    d->replicas = ncm_arena_alloc(a, u->n_pods + 1, sizeof *d->replicas);
    d->n_replicas = u->n_pods;
    for (size_t i = 0; i < u->n_pods; i++) {
        fill_replica(u, &u->pods[i], a, &d->replicas[i]);
    }
    if (u->n_pods > 1) {
        qsort(d->replicas, u->n_pods, sizeof *d->replicas, bad_first);
    }
}

/* ---- revisions ------------------------------------------------------------------------------- */

static void add_set(const struct k8s_unit *u, const struct k8s_workload *set, struct ncm_arena *a,
                    struct ncm_revision *r)
{
    r->revision = ncm_arena_copy(a, set->revision);
    r->name = ncm_arena_copy(a, set->head.o.name);
    r->image = ncm_arena_copy(a, k8s_template_image(&set->template));
    r->cause = ncm_arena_copy(a, set->cause);
    k8s_template_model(a, &set->template, &r->model, &r->version);
    r->created_ms = set->head.created_ms;
    r->desired = set->replicas;
    r->ready = set->ready;
    r->wanted = set == u->wanted;
    r->serving = set->ready > 0;
}

static struct ncm_revision *add_name(struct ncm_deployment *d, struct ncm_arena *a,
                                     struct ncm_str name)
{
    for (size_t i = 0; i < d->n_revisions; i++) {
        if (ncm_str_eq(d->revisions[i].name, name)) {
            return &d->revisions[i];
        }
    }
    struct ncm_revision *r = &d->revisions[d->n_revisions++];
    r->name = ncm_arena_copy(a, name);
    r->revision = r->name;
    r->created_ms = NCM_NO_TIME;
    r->desired = r->ready = -1;
    return r;
}

static void fill_isvc_revisions(const struct k8s_unit *u, struct ncm_arena *a,
                                struct ncm_deployment *d)
{
    const struct k8s_isvc *x = u->isvc;
    const struct ncm_str names[] = {x->created, x->ready, x->rolled, x->previous};
    d->revisions = ncm_arena_alloc(a, 4 + x->n_traffic, sizeof *d->revisions);
    for (size_t i = 0; i < 4; i++) {
        if (names[i].len > 0) {
            add_name(d, a, names[i])->wanted |= i == 0;
        }
    }
    for (size_t i = 0; i < x->n_traffic; i++) {
        if (x->traffic[i].revision.len > 0) {
            add_name(d, a, x->traffic[i].revision)->serving |= x->traffic[i].percent > 0;
        }
    }
    for (size_t i = 0; i < d->n_revisions; i++) {
        struct ncm_revision *r = &d->revisions[i];
        k8s_revision_model(u, a, r->name, &r->model, &r->version);
    }
}

/* A StatefulSet's, as far as its status names them. */
static void fill_stateful_revisions(const struct k8s_unit *u, struct ncm_arena *a,
                                    struct ncm_deployment *d)
{
    const struct k8s_workload *w = u->set;
    d->revisions = ncm_arena_alloc(a, 2, sizeof *d->revisions);
    if (w->revision.len > 0) {
        struct ncm_revision *r = add_name(d, a, w->revision);
        r->wanted = true;
        r->image = ncm_arena_copy(a, k8s_template_image(&w->template));
        k8s_template_model(a, &w->template, &r->model, &r->version);
    }
    if (w->current_revision.len > 0) {
        (void)add_name(d, a, w->current_revision);
    }
    for (size_t i = 0; i < d->n_revisions; i++) {
        struct ncm_revision *r = &d->revisions[i];
        r->ready = 0;
        for (size_t k = 0; k < u->n_pods; k++) {
            const struct k8s_pod *p = u->pods[k].pod;
            r->ready += p->ready && ncm_str_eq(p->revision_hash, r->name);
        }
        r->serving = r->ready > 0;
    }
}

static void fill_revisions(const struct k8s_unit *u, struct ncm_arena *a, struct ncm_deployment *d)
{
    if (u->kind == K8S_STATEFULSET) {
        fill_stateful_revisions(u, a, d);
        return;
    }
    if (u->isvc != NULL && u->set == NULL) {
        fill_isvc_revisions(u, a, d);
        return;
    }
    d->revisions = ncm_arena_alloc(a, u->n_sets + 1, sizeof *d->revisions);
    d->n_revisions = u->n_sets;
    for (size_t i = 0; i < u->n_sets; i++) {
        add_set(u, u->sets[i], a, &d->revisions[i]);
    }
}

/* ---- conditions, events, owners -------------------------------------------------------------- */

static const struct k8s_conditions *conditions_of(const struct k8s_unit *u)
{
    return u->isvc != NULL  ? &u->isvc->conditions
           : u->job != NULL ? &u->job->conditions
           : u->set != NULL ? &u->set->conditions
                            : NULL;
}

static void fill_conditions(const struct k8s_unit *u, struct ncm_arena *a, struct ncm_deployment *d)
{
    const struct k8s_conditions *c = conditions_of(u);
    d->n_conditions = c != NULL ? c->n : 0;
    d->conditions = ncm_arena_alloc(a, d->n_conditions + 1, sizeof *d->conditions);
    for (size_t i = 0; i < d->n_conditions; i++) {
        const struct ncm_deploy_condition *from = &c->items[i].it;
        d->conditions[i] = (struct ncm_deploy_condition){
            ncm_arena_copy(a, from->type), ncm_arena_copy(a, from->status),
            ncm_arena_copy(a, from->reason), ncm_arena_copy(a, from->message), from->since_ms};
    }
}

static void fill_events(const struct k8s_unit *u, struct ncm_arena *a, struct ncm_deployment *d)
{
    d->n_events = u->n_events < EVENTS_MOST ? u->n_events : EVENTS_MOST;
    d->events = ncm_arena_alloc(a, d->n_events + 1, sizeof *d->events);
    for (size_t i = 0; i < d->n_events; i++) {
        const struct ncm_deploy_event *from = &u->events[i]->it;
        d->events[i] = *from;
        d->events[i].reason = ncm_arena_copy(a, from->reason);
        d->events[i].message = ncm_arena_copy(a, from->message);
        d->events[i].object = ncm_arena_copy(a, from->object);
    }
}

static struct ncm_str mark(const struct k8s_head *h, const char *key)
{
    const struct ncm_kv *kv = ncm_kv_find(h->annotations, h->n_annotations, key);
    kv = kv != NULL ? kv : ncm_kv_find(h->labels, h->n_labels, key);
    return kv != NULL ? kv->value : (struct ncm_str){NULL, 0};
}

/* Who would undo a change by hand: a GitOps tool before the package it unpacked. */
static struct ncm_str managed_by(const struct k8s_head *h, struct ncm_arena *a)
{
    struct ncm_str argo = mark(h, "argocd.argoproj.io/tracking-id");
    struct ncm_str instance = mark(h, "app.kubernetes.io/instance");
    struct ncm_str by = mark(h, "app.kubernetes.io/managed-by");
    if (argo.len > 0 || mark(h, "argocd.argoproj.io/instance").len > 0) {
        struct ncm_str app = argo.len > 0 ? argo : mark(h, "argocd.argoproj.io/instance");
        return k8s_say(a, "Argo CD (app %.*s)", (int)strcspn(app.p, ":"), app.p);
    }
    struct ncm_str flux = mark(h, "kustomize.toolkit.fluxcd.io/name");
    flux = flux.len > 0 ? flux : mark(h, "helm.toolkit.fluxcd.io/name");
    if (flux.len > 0) {
        return k8s_say(a, "Flux (%s)", flux.p);
    }
    struct ncm_str helm = mark(h, "meta.helm.sh/release-name");
    if (helm.len > 0 || ncm_str_is(by, "Helm")) {
        struct ncm_str release = helm.len > 0 ? helm : instance;
        return release.len > 0 ? k8s_say(a, "Helm (release %s)", release.p)
                               : ncm_arena_cstr(a, "Helm");
    }
    /* Argo CD's old way of marking is this common label alone; with a manager named it is not that.
     */
    if (instance.len > 0 && by.len == 0) {
        return k8s_say(a, "Argo CD (app %s)", instance.p);
    }
    return (struct ncm_str){NULL, 0};
}

static void fill_services(const struct k8s_unit *u, struct ncm_arena *a, struct ncm_deployment *d)
{
    char *names = NULL;
    for (const struct k8s_fronts *f = u->fronts; f != NULL; f = f->next) {
        const struct k8s_service *s = f->front->service;
        bool selected = false;
        for (size_t i = 0; i < f->front->n; i++) {
            selected |= f->front->units[i] == u;
        }
        if (!selected) {
            continue;
        }
        char *more = ncm_sprintf("%s%s%s", names != NULL ? names : "", names != NULL ? ", " : "",
                                 ncm_cstr(s->head.o.name));
        ncm_free(names);
        names = more;
        if (d->endpoint.len == 0 && s->n_ports > 0) {
            d->endpoint = k8s_say(a, "http://%s.%s.svc:%d", ncm_cstr(s->head.o.name),
                                  ncm_cstr(s->head.o.ns), s->ports[0].port);
        }
    }
    d->services = ncm_arena_cstr(a, names);
    ncm_free(names);
    if (u->isvc != NULL) {
        d->endpoint = ncm_arena_copy(a, u->isvc->url);
    }
}

/* ---- what may be done ------------------------------------------------------------------------ */

static unsigned possible(const struct k8s_unit *u)
{
    const unsigned scale = 1u << NCM_ACT_SCALE, restart = 1u << NCM_ACT_RESTART,
                   pause = 1u << NCM_ACT_PAUSE, back = 1u << NCM_ACT_ROLLBACK,
                   traffic = 1u << NCM_ACT_TRAFFIC, version = 1u << NCM_ACT_VERSION,
                   logs = 1u << NCM_ACT_LOGS;
    switch (u->kind) {
    case K8S_DEPLOYMENT:
        return scale | restart | pause | back | traffic | version | logs;
    case K8S_STATEFULSET:
        return scale | restart | version | logs;
    case K8S_INFERENCESERVICE:
        return scale | back | version | logs | (u->isvc->raw ? 0 : traffic);
    case K8S_CRONJOB:
        return pause | version | logs;
    default:
        return logs;
    }
}

static void fill_rights(const struct k8s_scene *s, const struct k8s_unit *u, struct ncm_arena *a,
                        struct ncm_deployment *d)
{
    unsigned can = possible(u), may = ~0u;
    if (s->v->allowed != NULL) {
        may = s->v->allowed(s->v->rights, u->head->o.ns.p);
    }
    d->allowed = can & may;
    d->forbidden = can & ~may;
    if (d->forbidden != 0) {
        char acts[200] = "";
        for (int i = 0; i < NCM_N_ACTS; i++) {
            if ((d->forbidden >> i & 1u) != 0) {
                size_t n = strlen(acts);
                snprintf(acts + n, sizeof acts - n, "%s%s", n > 0 ? ", " : "",
                         ncm_deploy_act_label((enum ncm_deploy_act)i));
            }
        }
        /* TR: RBAC: the cluster's rights; user, actions ("scale, restart"), namespace */
        d->why_not = k8s_say(a, _("RBAC: %s may not: %s (namespace %s)"),
                             s->v->who != NULL ? s->v->who : _("this user"), acts, u->head->o.ns.p);
    }
}

/* ---- counts ---------------------------------------------------------------------------------- */

static int available_of(const struct k8s_unit *u)
{
    const struct k8s_workload *w = u->wanted;
    int n = w != NULL ? w->available
                      : (u->set->updated < u->set->available ? u->set->updated : u->set->available);
    return n < u->set->replicas ? n : u->set->replicas;
}

static void count_set(const struct k8s_unit *u, struct ncm_deployment *d)
{
    const struct k8s_workload *w = u->set;
    d->desired = w->replicas;
    d->ready = w->ready;
    d->updated = w->updated;
    d->available = w->available;
    d->paused = w->paused;
    d->progress_total = w->replicas;
    d->progress_done = available_of(u);
}

static void count_isvc(const struct k8s_unit *u, struct ncm_deployment *d)
{
    const struct k8s_isvc *x = u->isvc;
    size_t live = k8s_live(u);
    int ready = 0;
    for (size_t i = 0; i < u->n_pods; i++) {
        ready += u->pods[i].live && u->pods[i].pod->ready;
    }
    if (u->n_members > 0) {
        d->desired = d->ready = 0;
        for (size_t i = 0; i < u->n_members; i++) {
            d->desired += u->members[i]->replicas < 1000000 ? u->members[i]->replicas : 1000000;
            d->ready += u->members[i]->ready < 1000000 ? u->members[i]->ready : 1000000;
        }
    } else if (live > 0) {
        d->desired = (int)live;
        d->ready = ready;
    } else if (x->copies >= 0 && ncm_str_is(x->transition, "UpToDate")) {
        d->desired = x->copies;
        d->ready = x->copies - (x->failed_copies > 0 ? x->failed_copies : 0);
        d->ready = d->ready > 0 ? d->ready : 0;
    }
    d->available = d->ready;
}

static void count_batch(const struct k8s_unit *u, struct ncm_deployment *d)
{
    d->desired = d->ready = 0;
    for (size_t i = 0; i < u->n_pods; i++) {
        d->desired += u->pods[i].live;
        d->ready += u->pods[i].live && u->pods[i].pod->ready;
    }
    if (u->cron != NULL) {
        d->paused = u->cron->suspended;
        d->last_run_ms = u->cron->last_run_ms;
        if (!d->paused) {
            d->next_run_ms = k8s_cron_next(u->cron->schedule.p, u->cron->zone.p, u->clock.now_ms);
        }
    } else {
        d->paused = u->job->suspended;
        d->last_run_ms = u->job->started_ms;
        d->progress_done = u->job->succeeded;
        d->progress_total = u->job->completions;
    }
}

static void fill_counts(const struct k8s_unit *u, struct ncm_arena *a, struct ncm_deployment *d)
{
    if (u->set != NULL) {
        count_set(u, d);
        d->strategy = ncm_arena_copy(a, u->set->strategy);
        d->revision = ncm_arena_copy(a, u->wanted != NULL ? u->wanted->revision : u->set->revision);
        d->rolled_ms = u->wanted != NULL ? u->wanted->head.created_ms : NCM_NO_TIME;
    }
    if (u->isvc != NULL) {
        if (u->set == NULL) {
            count_isvc(u, d);
            d->revision = ncm_arena_copy(a, u->isvc->created);
        }
        d->strategy = ncm_arena_cstr(a, u->isvc->raw ? "RawDeployment" : "Serverless");
    } else if (u->set == NULL) {
        count_batch(u, d);
    }
    if (u->cron != NULL && u->cron->zone.len > 0) {
        d->schedule = k8s_say(a, "%s (%s)", ncm_cstr(u->cron->schedule), u->cron->zone.p);
    } else if (u->cron != NULL) {
        d->schedule = ncm_arena_copy(a, u->cron->schedule);
    }
}

void k8s_fill(const struct k8s_scene *s, struct k8s_unit *u, struct ncm_deployment_box *b)
{
    struct ncm_arena *a = b->arena;
    struct ncm_deployment *d = &b->it;
    d->source = ncm_arena_cstr(a, s->v->source);
    d->cluster = ncm_arena_cstr(a, s->v->cluster);
    d->ns = ncm_arena_copy(a, u->head->o.ns);
    d->name = ncm_arena_copy(a, u->head->o.name);
    d->kind = ncm_arena_cstr(a, k8s_resources[u->kind].kind);
    d->uid = ncm_arena_copy(a, u->head->o.uid);
    d->resource_version = ncm_arena_copy(a, u->head->o.resource_version);
    d->created_ms = u->head->created_ms;
    d->health = u->health;
    d->reason = ncm_arena_copy(a, u->reason);
    d->health_since_ms = u->since_ms;
    d->rolling = u->rolling;
    fill_counts(u, a, d);
    k8s_fill_claims(u, a, d);
    fill_replicas(u, a, d);
    fill_revisions(u, a, d);
    fill_conditions(u, a, d);
    fill_events(u, a, d);
    fill_services(u, a, d);
    fill_rights(s, u, a, d);
    d->managed_by = managed_by(u->head, a);
    k8s_fill_scaler(u, a, &d->autoscaler);
    k8s_fill_traffic(s, u, a, d);
    k8s_fill_findings(s, u, a, d);
}
