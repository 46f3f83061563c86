/* Services: which deployments each selects, which it would select by one other word, and what of
 * them really receives traffic. */
#include <string.h>

#include "provider/kubernetes/scene.h"

static uint64_t label_key(uint64_t print, struct ncm_str ns)
{
    return k8s_mix(print, k8s_print(ns));
}

static const struct k8s_template *template_of(const struct k8s_unit *u)
{
    return u->set != NULL ? &u->set->template : NULL;
}

static void index_units(struct k8s_scene *s)
{
    size_t labels = 0, pods = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct k8s_template *t = template_of(&s->units[i]);
        labels += t != NULL ? t->n_labels : 0;
        pods += s->units[i].n_pods;
    }
    k8s_index_init(&s->units_by_label, s->a, labels);
    k8s_index_init(&s->unit_of_pod, s->a, pods);
    for (size_t i = s->n; i-- > 0;) {
        struct k8s_unit *u = &s->units[i];
        const struct k8s_template *t = template_of(u);
        for (size_t k = 0; t != NULL && k < t->n_labels; k++) {
            k8s_index_add(&s->units_by_label, label_key(t->label_prints[k], u->head->o.ns), u);
        }
        for (size_t k = 0; k < u->n_pods; k++) {
            k8s_index_add(&s->unit_of_pod, u->pods[k].pod->head.uid_print, u);
        }
    }
}

/* ---- selection ------------------------------------------------------------------------------- */

/* The chain of the rarest label among them: whatever has all of them is in it. */
static uint32_t rarest(const struct k8s_scene *s, const uint64_t *prints, size_t n,
                       struct ncm_str ns)
{
    uint32_t best = K8S_NONE;
    size_t least = SIZE_MAX;
    for (size_t k = 0; k < n; k++) {
        uint32_t first = k8s_index_first(&s->units_by_label, label_key(prints[k], ns));
        size_t len = 0;
        for (uint32_t i = first; i != K8S_NONE && len < least;
             i = k8s_index_next(&s->units_by_label, i)) {
            len++;
        }
        if (len < least) {
            least = len;
            best = first;
        }
    }
    return best;
}

/* All units of the namespace whose template has these labels, but not those with `without`. */
static struct k8s_unit **select_units(const struct k8s_scene *s, const uint64_t *prints, size_t n,
                                      struct ncm_str ns, uint64_t without, const char *must_have,
                                      size_t *found)
{
    struct k8s_unit **units = NULL;
    uint32_t first = rarest(s, prints, n, ns);
    for (int pass = 0; pass < 2; pass++) {
        *found = 0;
        for (uint32_t i = first; i != K8S_NONE; i = k8s_index_next(&s->units_by_label, i)) {
            const struct k8s_unit *u = s->units_by_label.items[i];
            const struct k8s_template *t = template_of(u);
            bool fits = ncm_str_eq(u->head->o.ns, ns) &&
                        k8s_prints_within(prints, n, t->label_prints, t->n_labels);
            fits = fits &&
                   (without == 0 || !k8s_prints_within(&without, 1, t->label_prints, t->n_labels));
            fits = fits &&
                   (must_have == NULL || ncm_kv_find(t->labels, t->n_labels, must_have) != NULL);
            if (fits && pass == 1) {
                units[*found] = &s->units[u - s->units];
            }
            *found += fits;
        }
        if (pass == 0) {
            if (*found == 0) {
                return NULL;
            }
            units = ncm_arena_alloc(s->a, *found, sizeof(struct k8s_unit *));
        }
    }
    return units;
}

/* Labels by which blue and green, old and new differ. */
static bool is_slot(struct ncm_str key)
{
    static const char *const words[] = {"color",   "colour",       "slot",     "version",
                                        "track",   "variant",      "revision", "model-version",
                                        "release", "model_version"};
    const char *slash = strrchr(key.p, '/');
    const char *word = slash != NULL ? slash + 1 : key.p;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void find_others(const struct k8s_scene *s, struct k8s_front *f)
{
    const struct k8s_service *service = f->service;
    size_t n = service->n_selector;
    for (size_t k = 0; n > 1 && k < n && f->n_others == 0; k++) {
        struct ncm_kv slot = service->selector[k];
        size_t left = 0;
        if (!is_slot(slot.key)) {
            continue;
        }
        uint64_t of_slot = *k8s_label_prints(s->a, &slot, 1);
        uint64_t *rest = ncm_arena_alloc(s->a, n, sizeof *rest);
        for (size_t i = 0; i < n; i++) {
            if (service->selector_prints[i] != of_slot) {
                rest[left++] = service->selector_prints[i];
            }
        }
        f->others =
            select_units(s, rest, left, service->head.o.ns, of_slot, slot.key.p, &f->n_others);
        f->slot = slot.key;
    }
}

/* ---- endpoints ------------------------------------------------------------------------------- */

static uint64_t stamp_of(const struct k8s_object *o)
{
    return k8s_mix(o->stamp, 2);
}

static void count_ready(const struct k8s_scene *s, struct k8s_front *f)
{
    uint64_t key = f->service->head.name_print;
    f->ready_total = s->sees_slices ? 0 : -1;
    for (uint32_t i = k8s_index_first(&s->slices, key); i != K8S_NONE;
         i = k8s_index_next(&s->slices, i)) {
        const struct k8s_slice *e = s->slices.items[i];
        f->stamp += stamp_of(&e->head.o);
        for (size_t k = 0; k < e->n_endpoints; k++) {
            if (!e->endpoints[k].ready) {
                continue;
            }
            f->ready_total++;
            const struct k8s_unit *of = k8s_index_one(&s->unit_of_pod, e->endpoints[k].pod_print);
            for (size_t u = 0; u < f->n; u++) {
                f->ready[u] += f->units[u] == of;
            }
        }
    }
    /* Without slices, or without pods to tell whose they are, the deployments' own counters. */
    bool pods = false;
    for (size_t u = 0; u < f->n; u++) {
        pods |= f->units[u]->n_pods > 0;
    }
    for (size_t u = 0; u < f->n && (!s->sees_slices || !pods); u++) {
        f->ready[u] = f->units[u]->set->ready;
    }
}

static void attach(struct k8s_scene *s, struct k8s_front *f, struct k8s_unit *u)
{
    struct k8s_fronts *link = ncm_arena_alloc(s->a, 1, sizeof *link);
    struct k8s_fronts **end = &u->fronts;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    link->front = f;
    *end = link;
}

static void make_front(struct k8s_scene *s, const struct k8s_service *service)
{
    struct k8s_front *f = ncm_arena_alloc(s->a, 1, sizeof *f);
    f->service = service;
    f->stamp = stamp_of(&service->head.o);
    f->units = select_units(s, service->selector_prints, service->n_selector, service->head.o.ns, 0,
                            NULL, &f->n);
    if (f->n <= 1) {
        find_others(s, f);
    }
    if (f->n == 0 && f->n_others == 0) {
        return;
    }
    f->ready = ncm_arena_alloc(s->a, f->n + 1, sizeof *f->ready);
    count_ready(s, f);
    for (size_t i = 0; i < f->n; i++) {
        f->stamp += k8s_mix(f->units[i]->own, 3);
        attach(s, f, f->units[i]);
    }
    for (size_t i = 0; i < f->n_others; i++) {
        f->stamp += k8s_mix(f->others[i]->own, 4);
        attach(s, f, f->others[i]);
    }
}

void k8s_scene_fronts(struct k8s_scene *s)
{
    const struct k8s_view *v = s->v;
    index_units(s);
    for (size_t i = 0; i < v->n[K8S_SERVICE]; i++) {
        const struct k8s_service *service = (const void *)v->items[K8S_SERVICE][i];
        if (service->n_selector > 0) {
            make_front(s, service);
        }
    }
    for (size_t i = 0; i < s->n; i++) {
        struct k8s_unit *u = &s->units[i];
        u->stamp = u->own;
        for (const struct k8s_fronts *f = u->fronts; f != NULL; f = f->next) {
            u->stamp += f->front->stamp;
        }
    }
}
