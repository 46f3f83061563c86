/* Who receives which share: a rollout by ready pods, a canary by ready endpoints, blue and green by
 * what the Service selects, KServe by its own percents. */
#include <math.h>
#include <string.h>

#include "provider/kubernetes/scene.h"

static double share(int part, int all)
{
    return all > 0 ? 100.0 * part / all : (double)NAN;
}

static struct ncm_traffic *begin(struct ncm_arena *a, struct ncm_deployment *d, size_t most,
                                 const char *by)
{
    d->traffic = ncm_arena_alloc(a, most, sizeof *d->traffic);
    d->traffic_by = ncm_arena_cstr(a, by);
    return d->traffic;
}

static struct ncm_traffic *add(struct ncm_deployment *d, struct ncm_arena *a, struct ncm_str target)
{
    struct ncm_traffic *t = &d->traffic[d->n_traffic++];
    t->target = ncm_arena_copy(a, target);
    t->percent = (double)NAN;
    t->ready = -1;
    t->health = NCM_HEALTH_UNKNOWN;
    t->rates = ncm_rates_unknown();
    return t;
}

/* The one with the greatest share is what others are compared with; of equals the first. */
static void mark_stable(struct ncm_deployment *d)
{
    size_t best = 0;
    for (size_t i = 1; i < d->n_traffic; i++) {
        const struct ncm_traffic *t = &d->traffic[i], *b = &d->traffic[best];
        bool known = !isnan(t->percent) && (isnan(b->percent) || t->percent > b->percent);
        bool even = isnan(t->percent) == isnan(b->percent) && !(b->percent > t->percent) && !known;
        if (known || (even && t->ready > b->ready)) {
            best = i;
        }
    }
    if (d->n_traffic > 0) {
        d->traffic[best].stable = true;
    }
}

/* ---- behind a Service ------------------------------------------------------------------------ */

static void add_unit(const struct k8s_scene *s, struct k8s_unit *u, struct k8s_unit *self,
                     int ready, double percent, struct ncm_arena *a, struct ncm_deployment *d)
{
    struct ncm_traffic *t = add(d, a, u->head->o.name);
    const struct k8s_workload *set = u->serving != NULL ? u->serving : u->set;
    t->percent = percent;
    t->ready = ready;
    t->health = k8s_health(s, u);
    k8s_template_model(a, &set->template, &t->model, &t->version);
    int64_t until = u->box != NULL ? u->box->until_ms : u->clock.until_ms;
    self->clock.until_ms = until < self->clock.until_ms ? until : self->clock.until_ms;
}

/* Of several Services the one that splits; of several such the shortest name: "price" before
 * "price-preview". */
static const struct k8s_front *split_of(const struct k8s_unit *u)
{
    const struct k8s_front *best = NULL;
    for (const struct k8s_fronts *f = u->fronts; f != NULL; f = f->next) {
        const struct k8s_front *one = f->front;
        if (one->n + one->n_others < 2) {
            continue;
        }
        bool better = best == NULL || (one->n > 1 && best->n <= 1) ||
                      ((one->n > 1) == (best->n > 1) &&
                       one->service->head.o.name.len < best->service->head.o.name.len);
        best = better ? one : best;
    }
    return best;
}

static void by_front(const struct k8s_scene *s, const struct k8s_front *f, struct k8s_unit *self,
                     struct ncm_arena *a, struct ncm_deployment *d)
{
    int total = 0;
    begin(a, d, f->n + f->n_others, f->n > 1 ? "replicas" : "selector");
    for (size_t i = 0; i < f->n; i++) {
        total += f->ready[i];
    }
    for (size_t i = 0; i < f->n; i++) {
        double percent = f->n > 1 ? share(f->ready[i], total) : f->ready_total == 0 ? 0.0 : 100.0;
        add_unit(s, f->units[i], self, f->ready[i], percent, a, d);
    }
    for (size_t i = 0; i < f->n_others; i++) {
        add_unit(s, f->others[i], self, f->others[i]->set->ready, 0.0, a, d);
    }
    mark_stable(d);
}

/* ---- within a rollout ------------------------------------------------------------------------ */

static enum ncm_health set_health(const struct k8s_unit *u, const struct k8s_workload *set)
{
    bool bad = false;
    for (size_t i = 0; i < u->n_pods; i++) {
        const struct k8s_seen *p = &u->pods[i];
        bad |= p->set == set && p->live && p->trouble > K8S_NOT_READY;
    }
    if (bad) {
        return set->ready > 0 ? NCM_HEALTH_DEGRADED : NCM_HEALTH_FAILED;
    }
    if (set == u->wanted && set->ready < u->set->replicas) {
        return u->set->paused ? NCM_HEALTH_PAUSED : NCM_HEALTH_PROGRESSING;
    }
    return set->ready >= set->replicas ? NCM_HEALTH_HEALTHY : NCM_HEALTH_PROGRESSING;
}

static void by_sets(const struct k8s_unit *u, struct ncm_arena *a, struct ncm_deployment *d)
{
    size_t n = 0;
    int total = 0;
    for (size_t i = 0; i < u->n_sets; i++) {
        n += u->sets[i]->total > 0 || u->sets[i]->replicas > 0;
        total += u->sets[i]->ready;
    }
    if (n < 2) {
        return;
    }
    begin(a, d, n, "replicas");
    for (size_t i = 0; i < u->n_sets; i++) {
        const struct k8s_workload *set = u->sets[i];
        if (set->total == 0 && set->replicas == 0) {
            continue;
        }
        struct ncm_traffic *t = add(d, a, set->head.o.name);
        t->percent = share(set->ready, total);
        t->ready = set->ready;
        t->health = set_health(u, set);
        t->stable = u->wanted != NULL && set != u->wanted;
        k8s_template_model(a, &set->template, &t->model, &t->version);
    }
    /* Of several old ones, the one that serves most. */
    size_t best = d->n_traffic;
    for (size_t i = 0; i < d->n_traffic; i++) {
        struct ncm_traffic *t = &d->traffic[i];
        if (t->stable && (best == d->n_traffic || t->ready > d->traffic[best].ready)) {
            best = i;
        }
        t->stable = false;
    }
    if (best < d->n_traffic) {
        d->traffic[best].stable = true;
    } else {
        mark_stable(d);
    }
}

/* ---- KServe ---------------------------------------------------------------------------------- */

static void by_kserve(const struct k8s_unit *u, struct ncm_arena *a, struct ncm_deployment *d)
{
    const struct k8s_isvc *x = u->isvc;
    begin(a, d, x->n_traffic, "percent");
    for (size_t i = 0; i < x->n_traffic; i++) {
        const struct k8s_share *from = &x->traffic[i];
        struct ncm_traffic *t = add(d, a, from->revision);
        t->percent = from->percent;
        t->health = u->health == NCM_HEALTH_FAILED ? NCM_HEALTH_FAILED : NCM_HEALTH_HEALTHY;
        k8s_revision_model(u, a, from->revision, &t->model, &t->version);
        for (size_t k = 0; k < u->n_pods; k++) {
            const struct k8s_seen *p = &u->pods[k];
            if (ncm_str_eq(p->pod->service_revision, from->revision)) {
                t->ready = (t->ready < 0 ? 0 : t->ready) + (p->live && p->pod->ready);
                t->health = p->live && p->trouble > K8S_NOT_READY ? NCM_HEALTH_DEGRADED : t->health;
            }
        }
        t->stable = x->n_traffic == 1 || !from->latest;
    }
}

void k8s_fill_traffic(const struct k8s_scene *s, struct k8s_unit *u, struct ncm_arena *a,
                      struct ncm_deployment *d)
{
    if (u->isvc != NULL && u->isvc->n_traffic > 0) {
        by_kserve(u, a, d);
        return;
    }
    const struct k8s_front *f = split_of(u);
    if (f != NULL) {
        by_front(s, f, u, a, d);
    } else if (u->set != NULL && u->health != NCM_HEALTH_STOPPED) {
        by_sets(u, a, d);
    }
}
