#include "provider/kubernetes/answered.h"

#include <string.h>

#include "base/i18n.h"
#include "provider/kubernetes/scene.h"

struct k8s_answered *k8s_answered_new(const char *ns, const char *service)
{
    static atomic_uint_fast64_t stamps;
    struct ncm_arena *arena = ncm_arena_new();
    struct k8s_answered *a = ncm_arena_alloc(arena, 1, sizeof *a);
    atomic_init(&a->users, 1);
    a->arena = arena;
    a->ns = ncm_arena_cstr(arena, ns);
    a->service = ncm_arena_cstr(arena, service);
    a->stamp = atomic_fetch_add(&stamps, 1) + 1;
    return a;
}

struct k8s_answered *k8s_answered_share(struct k8s_answered *a)
{
    atomic_fetch_add(&a->users, 1);
    return a;
}

void k8s_answered_drop(struct k8s_answered *a)
{
    if (a != NULL && atomic_fetch_sub(&a->users, 1) == 1) {
        ncm_arena_free(a->arena);
    }
}

static const struct k8s_answered *find(const struct k8s_scene *s, const struct k8s_unit *u)
{
    for (const struct k8s_fronts *f = u->fronts; f != NULL; f = f->next) {
        const struct k8s_object *o = &f->front->service->head.o;
        for (size_t i = 0; f->front->n == 1 && i < s->v->n_answered; i++) {
            const struct k8s_answered *a = s->v->answered[i];
            if (ncm_str_eq(a->ns, o->ns) && ncm_str_eq(a->service, o->name)) {
                return a;
            }
        }
    }
    return NULL;
}

uint64_t k8s_answered_stamp(const struct k8s_scene *s, const struct k8s_unit *u)
{
    const struct k8s_answered *a = s->v->n_answered > 0 ? find(s, u) : NULL;
    return a != NULL ? k8s_mix(a->stamp, 7) : 0;
}

static void add_claims(const struct k8s_answered *from, struct ncm_arena *a,
                       struct ncm_deployment *d)
{
    struct ncm_verdict_version is;
    struct ncm_claim *all = ncm_arena_alloc(a, d->n_claims + from->n_claims, sizeof *all);
    if (d->n_claims > 0) {
        memcpy(all, d->claims, d->n_claims * sizeof *all);
    }
    for (size_t i = 0; i < from->n_claims; i++) {
        struct ncm_claim *c = &all[d->n_claims + i];
        *c = from->claims[i];
        struct ncm_str *const texts[] = {&c->where, &c->text,  &c->model,  &c->version,
                                         &c->alias, &c->stage, &c->run_id, &c->model_id};
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
            *texts[k] = ncm_arena_copy(a, *texts[k]);
        }
    }
    d->claims = all;
    d->n_claims += from->n_claims;
    ncm_claims_decide(d->claims, d->n_claims, NULL, 0, &is);
    d->model = ncm_arena_copy(a, is.model);
    d->version = ncm_arena_copy(a, is.version);
}

void k8s_fill_answered(const struct k8s_scene *s, const struct k8s_unit *u, struct ncm_arena *a,
                       struct ncm_deployment *d)
{
    const struct k8s_answered *from = find(s, u);
    if (from == NULL) {
        return;
    }
    d->probe = from->probe;
    struct ncm_str *const texts[] = {&d->probe.protocol, &d->probe.answered, &d->probe.reason,
                                     &d->probe.test_request, &d->probe.test_answer};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = ncm_arena_copy(a, *texts[i]);
    }
    /* No answer says something of the way there (a policy, no right), pods say of themselves. */
    if (d->probe.alive == 0) {
        d->probe.alive = -1;
    }
    if (from->n_claims > 0) {
        add_claims(from, a, d);
    }
    if (d->health == NCM_HEALTH_HEALTHY && d->probe.alive == 1 && d->probe.model_ready == 0) {
        d->health = NCM_HEALTH_DEGRADED;
        d->reason = d->probe.reason.len > 0
                        ? d->probe.reason
                        : ncm_arena_cstr(a, _("the server lives, but its model is not ready"));
        d->health_since_ms = d->probe.at_ms;
    }
}
