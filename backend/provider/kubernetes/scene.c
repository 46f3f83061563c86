#include "provider/kubernetes/scene.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- index ----------------------------------------------------------------------------------- */

void k8s_index_init(struct k8s_index *x, struct ncm_arena *a, size_t most)
{
    uint32_t slots = 16;
    while (slots < most * 2 && slots < (1u << 30)) {
        slots *= 2;
    }
    *x = (struct k8s_index){.mask = slots - 1};
    x->heads = ncm_arena_alloc(a, slots, sizeof *x->heads);
    memset(x->heads, 0xff, slots * sizeof *x->heads);
    x->keys = ncm_arena_alloc(a, most + 1, sizeof *x->keys);
    x->next = ncm_arena_alloc(a, most + 1, sizeof *x->next);
    x->items = ncm_arena_alloc(a, most + 1, sizeof *x->items);
}

void k8s_index_add(struct k8s_index *x, uint64_t key, const void *item)
{
    if (key == 0) {
        return;
    }
    uint32_t *head = &x->heads[key & x->mask];
    x->keys[x->n] = key;
    x->items[x->n] = item;
    x->next[x->n] = *head;
    *head = x->n++;
}

static uint32_t same_key(const struct k8s_index *x, uint32_t i, uint64_t key)
{
    while (i != K8S_NONE && x->keys[i] != key) {
        i = x->next[i];
    }
    return i;
}

uint32_t k8s_index_first(const struct k8s_index *x, uint64_t key)
{
    return key == 0 ? K8S_NONE : same_key(x, x->heads[key & x->mask], key);
}

uint32_t k8s_index_next(const struct k8s_index *x, uint32_t i)
{
    return same_key(x, x->next[i], x->keys[i]);
}

const void *k8s_index_one(const struct k8s_index *x, uint64_t key)
{
    uint32_t i = k8s_index_first(x, key);
    return i != K8S_NONE ? x->items[i] : NULL;
}

/* ---- time and text --------------------------------------------------------------------------- */

bool k8s_past(struct k8s_clock *c, int64_t since_ms, int64_t after_ms)
{
    if (since_ms == NCM_NO_TIME) {
        return false;
    }
    if (ncm_ms_between(since_ms, c->now_ms) >= after_ms) {
        return true;
    }
    int64_t due = since_ms > INT64_MAX - after_ms ? INT64_MAX : since_ms + after_ms;
    c->until_ms = due < c->until_ms ? due : c->until_ms;
    return false;
}

struct ncm_str k8s_say(struct ncm_arena *a, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    if (len == sizeof text - 1) { /* whole characters only */
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) {
            len--;
        }
    }
    return ncm_arena_str(a, text, len);
}

/* ---- who belongs to whom --------------------------------------------------------------------- */

static uint64_t name_print(struct ncm_str ns, const char *name)
{
    return k8s_print_of((const char *[]){ncm_cstr(ns), name}, 2);
}

/* "ns/churn" of a pod of ReplicaSet churn-6cfddbc967: whose pods they are where ReplicaSets cannot
 * be read. */
static uint64_t set_print(const struct k8s_pod *p)
{
    const struct ncm_kv *hash = ncm_kv_find(p->head.labels, p->head.n_labels, "pod-template-hash");
    struct ncm_str owner = p->head.owner_name;
    if (hash == NULL || !ncm_str_is(p->head.owner_kind, "ReplicaSet") ||
        owner.len < hash->value.len + 2) {
        return 0;
    }
    size_t n = owner.len - hash->value.len - 1;
    if (owner.p[n] != '-' || memcmp(owner.p + n + 1, hash->value.p, hash->value.len) != 0) {
        return 0;
    }
    char *name = ncm_strndup(owner.p, n);
    uint64_t print = name_print(p->head.o.ns, name);
    ncm_free(name);
    return print;
}

/* The InferenceService that it is of; 0 none. */
static uint64_t service_print(const struct k8s_head *h)
{
    const struct ncm_kv *kv =
        ncm_kv_find(h->labels, h->n_labels, "serving.kserve.io/inferenceservice");
    return kv != NULL && kv->value.len > 0 ? name_print(h->o.ns, kv->value.p) : 0;
}

static void index_pods(struct k8s_scene *s)
{
    const struct k8s_view *v = s->v;
    size_t n = v->n[K8S_POD];
    k8s_index_init(&s->pods, s->a, n);
    k8s_index_init(&s->pods_of_set, s->a, s->sees_sets ? 0 : n);
    k8s_index_init(&s->pods_of_service, s->a, n);
    for (size_t i = n; i-- > 0;) {
        const struct k8s_pod *p = (const void *)v->items[K8S_POD][i];
        k8s_index_add(&s->pods, p->head.owner_print, p);
        k8s_index_add(&s->pods_of_service, p->service_print, p);
        if (!s->sees_sets) {
            k8s_index_add(&s->pods_of_set, set_print(p), p);
        }
    }
    n = v->n[K8S_USAGE];
    k8s_index_init(&s->usage, s->a, n);
    for (size_t i = n; i-- > 0;) {
        const struct k8s_object *o = v->items[K8S_USAGE][i];
        k8s_index_add(&s->usage, k8s_head(o)->name_print, o);
    }
}

static void index_rest(struct k8s_scene *s)
{
    const struct k8s_view *v = s->v;
    k8s_index_init(&s->sets, s->a, v->n[K8S_REPLICASET]);
    for (size_t i = v->n[K8S_REPLICASET]; i-- > 0;) {
        const struct k8s_object *o = v->items[K8S_REPLICASET][i];
        k8s_index_add(&s->sets, k8s_head(o)->owner_print, o);
    }
    k8s_index_init(&s->events, s->a, v->n[K8S_EVENT]);
    for (size_t i = v->n[K8S_EVENT]; i-- > 0;) {
        const struct k8s_event *e = (const void *)v->items[K8S_EVENT][i];
        k8s_index_add(&s->events, e->about_print, e);
    }
    k8s_index_init(&s->hpas, s->a, v->n[K8S_HPA]);
    for (size_t i = v->n[K8S_HPA]; i-- > 0;) {
        const struct k8s_hpa *h = (const void *)v->items[K8S_HPA][i];
        k8s_index_add(&s->hpas, h->target_print, h);
    }
    k8s_index_init(&s->slices, s->a, v->n[K8S_ENDPOINTSLICE]);
    for (size_t i = v->n[K8S_ENDPOINTSLICE]; i-- > 0;) {
        const struct k8s_slice *e = (const void *)v->items[K8S_ENDPOINTSLICE][i];
        k8s_index_add(&s->slices, e->service_print, e);
    }
    k8s_index_init(&s->jobs, s->a, v->n[K8S_JOB]);
    for (size_t i = v->n[K8S_JOB]; i-- > 0;) {
        const struct k8s_object *o = v->items[K8S_JOB][i];
        k8s_index_add(&s->jobs, k8s_head(o)->owner_print, o);
    }
}

/* ---- what a unit is made of ------------------------------------------------------------------ */

static uint64_t stamp_of(const struct k8s_object *o)
{
    return k8s_mix(o->stamp, 1); /* summed: the order does not count */
}

static int newest_revision_first(const void *a, const void *b)
{
    const struct k8s_workload *x = *(const struct k8s_workload *const *)a;
    const struct k8s_workload *y = *(const struct k8s_workload *const *)b;
    if (x->number != y->number) {
        return x->number < y->number ? 1 : -1;
    }
    if (x->head.created_ms != y->head.created_ms) {
        return x->head.created_ms < y->head.created_ms ? 1 : -1;
    }
    return ncm_str_compare(x->head.o.name, y->head.o.name);
}

static size_t count(const struct k8s_index *x, uint64_t key)
{
    size_t n = 0;
    for (uint32_t i = k8s_index_first(x, key); i != K8S_NONE; i = k8s_index_next(x, i)) {
        n++;
    }
    return n;
}

/* The wanted template's ReplicaSet. The annotation names it, but while the deployment is paused or
 * its controller is behind, it is still that of before. */
static const struct k8s_workload *find_wanted(const struct k8s_unit *u)
{
    const struct k8s_workload *w = u->set, *named = NULL;
    bool behind = w->paused || w->head.generation > w->observed;
    for (size_t i = 0; i < u->n_sets; i++) {
        if (u->sets[i]->template.print == w->template.print) {
            return u->sets[i];
        }
        if (named == NULL && w->revision.len > 0 && ncm_str_eq(u->sets[i]->revision, w->revision)) {
            named = u->sets[i];
        }
    }
    return behind ? NULL : named;
}

static void gather_sets(struct k8s_scene *s, struct k8s_unit *u)
{
    uint64_t key = u->set->head.uid_print;
    size_t n = count(&s->sets, key);
    u->sets = n > 0 ? ncm_arena_alloc(s->a, n, sizeof(const struct k8s_workload *)) : NULL;
    for (uint32_t i = k8s_index_first(&s->sets, key); i != K8S_NONE;
         i = k8s_index_next(&s->sets, i)) {
        u->sets[u->n_sets++] = s->sets.items[i];
        u->own += stamp_of(s->sets.items[i]);
    }
    if (n > 1) {
        qsort(u->sets, n, sizeof *u->sets, newest_revision_first);
    }
    u->wanted = find_wanted(u);
    for (size_t i = 0; i < n; i++) {
        int ready = u->sets[i]->ready, best = u->serving != NULL ? u->serving->ready : 0;
        if (ready > best) {
            u->serving = u->sets[i];
        }
    }
}

static void add_pods(struct k8s_scene *s, struct k8s_unit *u, const struct k8s_index *x,
                     uint64_t key, const struct k8s_workload *set)
{
    size_t n = count(x, key);
    if (n == 0) {
        return;
    }
    struct k8s_seen *all = ncm_arena_alloc(s->a, u->n_pods + n, sizeof *all);
    if (u->n_pods > 0) {
        memcpy(all, u->pods, u->n_pods * sizeof *all);
    }
    u->pods = all;
    for (uint32_t i = k8s_index_first(x, key); i != K8S_NONE; i = k8s_index_next(x, i)) {
        struct k8s_seen *p = &all[u->n_pods++];
        p->pod = x->items[i];
        p->set = set;
        p->wanted = set != NULL && set == u->wanted;
        p->usage =
            s->v->n[K8S_USAGE] == 0 ? NULL : k8s_index_one(&s->usage, p->pod->head.name_print);
        u->own += stamp_of(&p->pod->head.o);
        u->own += p->usage != NULL ? stamp_of(&p->usage->head.o) : 0;
    }
}

static void gather_pods(struct k8s_scene *s, struct k8s_unit *u)
{
    if (u->isvc != NULL && (u->set == NULL || !s->sees_sets)) {
        add_pods(s, u, &s->pods_of_service, u->isvc->service_print, NULL);
        return;
    }
    for (size_t i = 0; i < u->n_jobs; i++) {
        add_pods(s, u, &s->pods, u->jobs[i]->head.uid_print, NULL);
    }
    if (u->kind == K8S_STATEFULSET || u->kind == K8S_JOB) {
        add_pods(s, u, &s->pods, u->head->uid_print, NULL);
    } else if (u->set != NULL && s->sees_sets) {
        for (size_t i = 0; i < u->n_sets; i++) {
            add_pods(s, u, &s->pods, u->sets[i]->head.uid_print, u->sets[i]);
        }
    } else if (u->set != NULL) {
        add_pods(s, u, &s->pods_of_set, u->head->name_print, NULL);
    }
}

static void add_events(struct k8s_scene *s, struct k8s_unit *u, uint64_t key, size_t *cap)
{
    for (uint32_t i = k8s_index_first(&s->events, key); i != K8S_NONE;
         i = k8s_index_next(&s->events, i)) {
        if (u->n_events == *cap) {
            *cap = *cap == 0 ? 8 : *cap * 2;
            const struct k8s_event **more =
                ncm_arena_alloc(s->a, *cap, sizeof(const struct k8s_event *));
            if (u->n_events > 0) {
                memcpy(more, u->events, u->n_events * sizeof *more);
            }
            u->events = more;
        }
        u->events[u->n_events++] = s->events.items[i];
        u->own += stamp_of(s->events.items[i]);
    }
}

static int newest_event_first(const void *a, const void *b)
{
    const struct k8s_event *x = *(const struct k8s_event *const *)a;
    const struct k8s_event *y = *(const struct k8s_event *const *)b;
    if (x->it.time_ms != y->it.time_ms) {
        return x->it.time_ms < y->it.time_ms ? 1 : -1;
    }
    return ncm_str_compare(x->head.o.name, y->head.o.name);
}

static void gather_events(struct k8s_scene *s, struct k8s_unit *u)
{
    size_t cap = 0;
    if (s->v->n[K8S_EVENT] == 0) {
        return;
    }
    add_events(s, u, u->head->uid_print, &cap);
    if (u->set != NULL && &u->set->head != u->head) {
        add_events(s, u, u->set->head.uid_print, &cap);
    }
    for (size_t i = 0; i < u->n_sets; i++) {
        add_events(s, u, u->sets[i]->head.uid_print, &cap);
    }
    for (size_t i = 0; i < u->n_jobs; i++) {
        add_events(s, u, u->jobs[i]->head.uid_print, &cap);
    }
    for (size_t i = 0; i < u->n_pods; i++) {
        add_events(s, u, u->pods[i].pod->head.uid_print, &cap);
    }
    if (u->hpa != NULL) {
        add_events(s, u, u->hpa->head.uid_print, &cap);
    }
    if (u->n_events > 1) {
        qsort(u->events, u->n_events, sizeof *u->events, newest_event_first);
    }
}

static int newest_job_first(const void *a, const void *b)
{
    const struct k8s_job *x = *(const struct k8s_job *const *)a;
    const struct k8s_job *y = *(const struct k8s_job *const *)b;
    if (x->head.created_ms != y->head.created_ms) {
        return x->head.created_ms < y->head.created_ms ? 1 : -1;
    }
    return ncm_str_compare(y->head.o.name, x->head.o.name);
}

static void gather_jobs(struct k8s_scene *s, struct k8s_unit *u)
{
    size_t n = count(&s->jobs, u->head->uid_print);
    u->jobs = n > 0 ? ncm_arena_alloc(s->a, n, sizeof(const struct k8s_job *)) : NULL;
    for (uint32_t i = k8s_index_first(&s->jobs, u->head->uid_print); i != K8S_NONE;
         i = k8s_index_next(&s->jobs, i)) {
        u->jobs[u->n_jobs++] = s->jobs.items[i];
        u->own += stamp_of(s->jobs.items[i]);
    }
    if (n > 1) {
        qsort(u->jobs, n, sizeof *u->jobs, newest_job_first);
    }
}

/* The predictor's Deployment of a raw service: "{name}-predictor". */
static void gather_members(struct k8s_scene *s, struct k8s_unit *u)
{
    char *name = ncm_sprintf("%s-predictor", u->head->o.name.p);
    size_t n = count(&s->members, u->isvc->service_print);
    u->members = n > 0 ? ncm_arena_alloc(s->a, n, sizeof(const struct k8s_workload *)) : NULL;
    for (uint32_t i = k8s_index_first(&s->members, u->isvc->service_print); i != K8S_NONE;
         i = k8s_index_next(&s->members, i)) {
        const struct k8s_workload *w = s->members.items[i];
        u->own += stamp_of(&w->head.o);
        u->members[u->n_members++] = w;
        if (u->isvc->raw && ncm_str_is(w->head.o.name, name)) {
            u->set = w;
        }
    }
    ncm_free(name);
}

static void gather(struct k8s_scene *s, struct k8s_unit *u)
{
    const char *kind = k8s_resources[u->kind].kind;
    u->own = k8s_mix(s->base, stamp_of(&u->head->o));
    if (s->v->allowed != NULL) {
        u->own = k8s_mix(u->own, s->v->allowed(s->v->rights, u->head->o.ns.p));
    }
    if (u->isvc != NULL) {
        gather_members(s, u);
    }
    if (u->kind == K8S_CRONJOB) {
        gather_jobs(s, u);
    }
    if (u->set != NULL && u->kind != K8S_STATEFULSET) {
        gather_sets(s, u);
    }
    gather_pods(s, u);
    const struct k8s_head *scaled = u->set != NULL ? &u->set->head : u->head;
    kind = u->isvc != NULL && u->set != NULL ? "Deployment" : kind;
    u->hpa = k8s_index_one(
        &s->hpas, k8s_print_of((const char *[]){scaled->o.ns.p, kind, scaled->o.name.p}, 3));
    u->own += u->hpa != NULL ? stamp_of(&u->hpa->head.o) : 0;
    gather_events(s, u);
}

/* ---- the units ------------------------------------------------------------------------------- */

static struct k8s_unit *add_unit(struct k8s_scene *s, const struct k8s_object *o)
{
    struct k8s_unit *u = &s->units[s->n++];
    u->kind = o->kind;
    u->head = k8s_head(o);
    u->since_ms = NCM_NO_TIME;
    u->clock = (struct k8s_clock){s->v->now_ms, INT64_MAX};
    return u;
}

static void index_services(struct k8s_scene *s, struct k8s_index *isvcs)
{
    const struct k8s_view *v = s->v;
    k8s_index_init(isvcs, s->a, v->n[K8S_INFERENCESERVICE]);
    for (size_t i = v->n[K8S_INFERENCESERVICE]; i-- > 0;) {
        const struct k8s_isvc *x = (const void *)v->items[K8S_INFERENCESERVICE][i];
        k8s_index_add(isvcs, x->service_print, x);
    }
    k8s_index_init(&s->members, s->a, v->n[K8S_DEPLOYMENT]);
    for (size_t i = v->n[K8S_DEPLOYMENT]; i-- > 0;) {
        const struct k8s_head *h = k8s_head(v->items[K8S_DEPLOYMENT][i]);
        k8s_index_add(&s->members, service_print(h), h);
    }
}

static void add_batch(struct k8s_scene *s)
{
    const struct k8s_view *v = s->v;
    struct k8s_index crons;
    k8s_index_init(&crons, s->a, v->n[K8S_CRONJOB]);
    for (size_t i = 0; i < v->n[K8S_CRONJOB]; i++) {
        struct k8s_unit *u = add_unit(s, v->items[K8S_CRONJOB][i]);
        u->cron = (const void *)v->items[K8S_CRONJOB][i];
        k8s_index_add(&crons, u->head->uid_print, u->cron);
    }
    for (size_t i = 0; i < v->n[K8S_JOB]; i++) {
        const struct k8s_job *j = (const void *)v->items[K8S_JOB][i];
        if (k8s_index_one(&crons, j->head.owner_print) == NULL) {
            add_unit(s, &j->head.o)->job = j;
        }
    }
}

static void add_units(struct k8s_scene *s)
{
    static const enum k8s_kind kinds[] = {K8S_DEPLOYMENT, K8S_STATEFULSET, K8S_INFERENCESERVICE,
                                          K8S_JOB, K8S_CRONJOB};
    const struct k8s_view *v = s->v;
    struct k8s_index isvcs;
    size_t most = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        most += v->n[kinds[k]];
    }
    s->units = ncm_arena_alloc(s->a, most + 1, sizeof *s->units);
    index_services(s, &isvcs);
    for (size_t i = 0; i < v->n[K8S_DEPLOYMENT]; i++) {
        const struct k8s_workload *w = (const void *)v->items[K8S_DEPLOYMENT][i];
        if (k8s_index_one(&isvcs, service_print(&w->head)) == NULL) {
            add_unit(s, &w->head.o)->set = w;
        }
    }
    for (size_t i = 0; i < v->n[K8S_STATEFULSET]; i++) {
        add_unit(s, v->items[K8S_STATEFULSET][i])->set = (const void *)v->items[K8S_STATEFULSET][i];
    }
    for (size_t i = 0; i < v->n[K8S_INFERENCESERVICE]; i++) {
        add_unit(s, v->items[K8S_INFERENCESERVICE][i])->isvc =
            (const void *)v->items[K8S_INFERENCESERVICE][i];
    }
    add_batch(s);
}

void k8s_scene_make(struct k8s_scene *s, const struct k8s_view *v, struct ncm_arena *a)
{
    *s = (struct k8s_scene){.v = v, .a = a};
    s->sees_pods = v->reading[K8S_POD] == K8S_READ;
    s->sees_sets = v->reading[K8S_REPLICASET] == K8S_READ;
    s->sees_events = v->reading[K8S_EVENT] == K8S_READ;
    s->sees_slices = v->reading[K8S_ENDPOINTSLICE] == K8S_READ;
    s->base = k8s_print_of(
        (const char *[]){v->source != NULL ? v->source : "", v->cluster != NULL ? v->cluster : ""},
        2);
    for (size_t k = 0; k < K8S_N_KINDS; k++) {
        s->base = k8s_mix(s->base, (uint64_t)v->reading[k]);
    }
    index_pods(s);
    index_rest(s);
    add_units(s);
    for (size_t i = 0; i < s->n; i++) {
        gather(s, &s->units[i]);
    }
}
