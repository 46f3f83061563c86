/* The view of a cluster as deployments. What did not change since the snapshot before is shared
 * with it: a cluster of thousands of pods moves a few at a time. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "provider/kubernetes/answered.h"
#include "provider/kubernetes/scene.h"

static int by_name(const void *a, const void *b)
{
    const struct ncm_deployment *x = &(*(struct ncm_deployment_box *const *)a)->it;
    const struct ncm_deployment *y = &(*(struct ncm_deployment_box *const *)b)->it;
    int c = ncm_str_compare(x->ns, y->ns);
    c = c != 0 ? c : ncm_str_compare(x->name, y->name);
    return c != 0 ? c : ncm_str_compare(x->kind, y->kind);
}

/* Boxes of before that are still true. */
static void share(struct k8s_scene *s, const struct ncm_deployments_snapshot *previous)
{
    struct k8s_index old;
    size_t n = previous != NULL ? previous->n : 0;
    k8s_index_init(&old, s->a, n);
    for (size_t i = n; i-- > 0;) {
        k8s_index_add(&old, k8s_mix(previous->items[i]->stamp, 5), &previous->items[i]);
    }
    for (size_t i = 0; i < s->n; i++) {
        struct k8s_unit *u = &s->units[i];
        u->stamp += k8s_answered_stamp(s, u);
        struct ncm_deployment_box *const *slot = k8s_index_one(&old, k8s_mix(u->stamp, 5));
        struct ncm_deployment_box *b = slot != NULL ? *slot : NULL;
        if (b != NULL && b->stamp == u->stamp && s->v->now_ms < b->until_ms &&
            ncm_str_eq(b->it.uid, u->head->o.uid) && ncm_str_eq(b->it.name, u->head->o.name)) {
            u->box = b;
        }
    }
}

static struct ncm_deployment_box *box_of(struct k8s_scene *s, struct k8s_unit *u)
{
    if (u->box != NULL) {
        return ncm_deployment_box_share(u->box);
    }
    struct ncm_deployment_box *b = ncm_deployment_box_new();
    k8s_judge(s, u);
    k8s_fill(s, u, b);
    k8s_fill_answered(s, u, b->arena, &b->it);
    b->stamp = u->stamp;
    b->until_ms = u->clock.until_ms;
    return b;
}

/* What could not be read. */
static void add_notes(const struct k8s_view *v, struct ncm_deployments_snapshot *out)
{
    struct ncm_arena *a = out->head.arena;
    out->notes = ncm_arena_alloc(a, K8S_N_KINDS, sizeof *out->notes);
    for (size_t k = 0; k < K8S_N_KINDS; k++) {
        const char *why = v->why[k] != NULL ? v->why[k] : "";
        const char *what = k == K8S_USAGE ? "metrics" : k8s_resources[k].plural;
        if (v->reading[k] == K8S_FORBIDDEN) {
            /* TR: a kind of objects; the cluster's words or nothing */
            out->notes[out->n_notes++] = why[0] != '\0'
                                             ? k8s_say(a, _("%s: forbidden (%s)"), what, why)
                                             : k8s_say(a, _("%s: forbidden"), what);
        } else if (v->reading[k] == K8S_FAILED) {
            out->notes[out->n_notes++] = why[0] != '\0'
                                             ? k8s_say(a, _("%s: cannot be read (%s)"), what, why)
                                             : k8s_say(a, _("%s: cannot be read"), what);
        }
    }
}

struct ncm_deployments_snapshot *k8s_build(const struct k8s_view *v,
                                           const struct ncm_deployments_snapshot *previous)
{
    struct ncm_arena *scratch = ncm_arena_new();
    struct k8s_scene s;
    k8s_scene_make(&s, v, scratch);
    k8s_scene_fronts(&s);
    share(&s, previous);
    struct ncm_deployments_snapshot *out = ncm_deployments_snapshot_new(s.n);
    for (size_t i = 0; i < s.n; i++) {
        out->items[i] = box_of(&s, &s.units[i]);
    }
    if (s.n > 1) {
        qsort(out->items, s.n, sizeof *out->items, by_name);
    }
    out->source = ncm_arena_cstr(out->head.arena, v->source);
    out->cluster = ncm_arena_cstr(out->head.arena, v->cluster);
    out->who = ncm_arena_cstr(out->head.arena, v->who);
    out->server = ncm_arena_cstr(out->head.arena, v->server);
    add_notes(v, out);
    ncm_arena_free(scratch);
    return out;
}
