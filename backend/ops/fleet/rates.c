/* Rates of a metrics store, joined with deployments by what labels say of pods, workloads, services
 * and addresses. */
#include <math.h>
#include <string.h>

#include "ops/fleet/inside.h"

/* What the label of a row may name. */
enum part { PART_POD, PART_REVISION, PART_WORKLOAD, PART_SERVICE, PART_ADDRESS, N_PARTS };

static const struct {
    const char *label;
    enum part part;
} known_labels[] = {
    {"pod", PART_POD},
    {"pod_name", PART_POD},
    {"kubernetes_pod_name", PART_POD},
    {"revision_name", PART_REVISION},
    {"revision", PART_REVISION},
    {"destination_workload", PART_WORKLOAD},
    {"deployment", PART_WORKLOAD},
    {"statefulset", PART_WORKLOAD},
    {"inferenceservice", PART_WORKLOAD},
    {"inferenceservice_name", PART_WORKLOAD},
    {"service_name", PART_WORKLOAD},
    {"service", PART_SERVICE},
    {"kubernetes_service", PART_SERVICE},
    {"destination_service_name", PART_SERVICE},
    {"instance", PART_ADDRESS},
};
enum { N_LABELS = sizeof known_labels / sizeof *known_labels };

static const char *label(const struct ncm_rates_row *r, const char *key)
{
    const struct ncm_kv *kv = ncm_kv_find(r->labels, r->n_labels, key);
    return kv != NULL && kv->value.len > 0 ? kv->value.p : NULL;
}

static const char *any_label(const struct ncm_rates_row *r, const char *const *keys)
{
    const char *found = NULL;
    for (size_t i = 0; keys[i] != NULL && found == NULL; i++) {
        found = label(r, keys[i]);
    }
    return found;
}

static const char *space_of(const struct ncm_rates_row *r)
{
    static const char *const keys[] = {
        "namespace",      "destination_workload_namespace", "destination_service_namespace",
        "namespace_name", "kubernetes_namespace",           NULL};
    return any_label(r, keys);
}

static const char *const part_names[N_PARTS] = {"pod", "revision", "workload", "service",
                                                "address"};

static void put(struct fleet_work *w, const char *key, size_t len, size_t slot)
{
    size_t before;
    w->next_row[slot] = ncm_map_get(w->by_label, key, len, &before) ? before : SIZE_MAX;
    ncm_map_set(w->by_label, key, len, slot);
}

static void index_label(struct fleet_work *w, size_t row, const struct ncm_kv *l, const char *ns)
{
    for (size_t k = 0; k < N_LABELS && l->value.len > 0; k++) {
        enum part part = known_labels[k].part;
        if (ncm_str_is(l->key, known_labels[k].label)) {
            char key[FLEET_KEY];
            size_t len = fleet_key(key, sizeof key, part_names[part],
                                   part == PART_ADDRESS || ns == NULL ? "" : ns, l->value.p);
            put(w, key, len, row * N_LABELS + k);
            return;
        }
    }
}

void fleet_index_rates(struct fleet_work *w)
{
    const struct ncm_rates_snapshot *s = w->in->rates;
    w->by_label = ncm_map_new();
    if (s == NULL || s->n == 0) {
        return;
    }
    w->next_row = ncm_alloc(s->n * N_LABELS, sizeof *w->next_row);
    for (size_t i = 0; i < s->n; i++) {
        const char *ns = space_of(&s->items[i]);
        for (size_t k = 0; k < s->items[i].n_labels; k++) {
            index_label(w, i, &s->items[i].labels[k], ns);
        }
    }
}

void fleet_index_free(struct fleet_work *w)
{
    ncm_map_free(w->by_label);
    ncm_map_free(w->names);
    ncm_map_free(w->by_ref);
    ncm_free(w->next_row);
}

/* ---- rows of one deployment ---- */

struct found {
    struct ncm_list rows; /* const struct ncm_rates * */
};

/* Another cluster's, where the row says so. */
static bool elsewhere(const struct ncm_rates_row *r, const struct ncm_deployment *d)
{
    static const char *const keys[] = {"cluster", "cluster_name", "k8s_cluster_name", NULL};
    const char *cluster = any_label(r, keys);
    return cluster != NULL && d->cluster.p != NULL && strcmp(cluster, d->cluster.p) != 0 &&
           strcmp(cluster, ncm_cstr(d->source)) != 0;
}

static bool says_cluster(const struct ncm_rates_row *r)
{
    static const char *const keys[] = {"cluster", "cluster_name", "k8s_cluster_name", NULL};
    return any_label(r, keys) != NULL;
}

static void add_row(struct found *f, const struct ncm_rates *r)
{
    const struct ncm_rates **items = f->rows.items;
    for (size_t i = 0; i < f->rows.n; i++) { /* by two labels of one meaning */
        if (items[i] == r) {
            return;
        }
    }
    const struct ncm_rates **slot = ncm_list_add(&f->rows);
    *slot = r;
}

/* sure: the name is of one cluster alone, so that a row without a cluster's name is of it. */
static void gather(const struct fleet_work *w, const struct ncm_deployment *d, enum part part,
                   const char *name, bool sure, struct found *f)
{
    char key[FLEET_KEY];
    size_t at, len = fleet_key(key, sizeof key, part_names[part],
                               part == PART_ADDRESS ? "" : ncm_cstr(d->ns), name);
    if (!ncm_map_get(w->by_label, key, len, &at)) {
        return;
    }
    for (; at != SIZE_MAX; at = w->next_row[at]) {
        const struct ncm_rates_row *row = &w->in->rates->items[at / N_LABELS];
        if (!elsewhere(row, d) && (sure || says_cluster(row))) {
            add_row(f, &row->rates);
        }
    }
}

static bool one_of_a_name(const struct fleet_work *w, const struct ncm_deployment *d)
{
    char key[FLEET_KEY];
    size_t n = 0, len = fleet_key(key, sizeof key, ncm_cstr(d->ns), ncm_cstr(d->name), "");
    return !ncm_map_get(w->names, key, len, &n) || n != FLEET_SEVERAL;
}

/* Several families count the same requests: that with durations and errors, then the one that
 * counted most. */
static bool better_family(const struct ncm_rates *a, const struct ncm_rates *b)
{
    int x = (a->n > 0 ? 2 : 0) + (isnan(a->errors) ? 0 : 1);
    int y = (b->n > 0 ? 2 : 0) + (isnan(b->errors) ? 0 : 1);
    return x != y ? x > y : a->requests > b->requests;
}

static struct ncm_rates sum_of(struct fleet_work *w, struct found *f)
{
    struct ncm_rates best = ncm_rates_unknown();
    const struct ncm_rates **items = f->rows.items;
    size_t left = f->rows.n;
    while (left > 0) {
        struct ncm_str family = items[0]->family;
        size_t same = 0, others = 0;
        const struct ncm_rates **mine = ncm_alloc(left, sizeof *mine);
        for (size_t i = 0; i < left; i++) {
            const struct ncm_rates *r = items[i];
            if (ncm_str_eq(r->family, family)) {
                mine[same++] = r;
            } else {
                items[others++] = r;
            }
        }
        struct ncm_rates sum = ncm_rates_sum(w->arena, mine, same);
        ncm_free((void *)mine);
        if (sum.known && (!best.known || better_family(&sum, &best))) {
            best = sum;
        }
        left = others;
    }
    ncm_free(f->rows.items);
    return best;
}

static void gather_pods(const struct fleet_work *w, const struct ncm_deployment *d,
                        const char *revision, struct found *f)
{
    bool sure = one_of_a_name(w, d);
    for (size_t i = 0; i < d->n_replicas; i++) {
        const struct ncm_replica *r = &d->replicas[i];
        if (revision == NULL || ncm_str_is(r->revision, revision)) {
            gather(w, d, PART_POD, ncm_cstr(r->name), sure, f);
        }
    }
}

void fleet_address(const char *url, char *out, size_t outsz)
{
    const char *at = strstr(url, "://");
    at = at != NULL ? at + 3 : url;
    size_t n = strcspn(at, "/?#");
    n = n < outsz ? n : outsz - 1;
    memcpy(out, at, n);
    out[n] = '\0';
}

static void gather_services(const struct fleet_work *w, const struct ncm_deployment *d,
                            struct found *f)
{
    const char *at = ncm_cstr(d->services);
    while (*at != '\0') {
        size_t n = strcspn(at, ",");
        char *name = ncm_strndup(at, n);
        gather(w, d, PART_SERVICE, name, one_of_a_name(w, d), f);
        ncm_free(name);
        at += n;
        at += strspn(at, ", ");
    }
}

struct ncm_rates fleet_rates_of(struct fleet_work *w, const struct ncm_deployment *d)
{
    struct found f = {.rows = {.size = sizeof(const struct ncm_rates *)}};
    bool shared = d->n_traffic > 1; /* the Service counts for all of them */
    bool sure = one_of_a_name(w, d);
    if (w->next_row == NULL) {
        return ncm_rates_unknown();
    }
    gather_pods(w, d, NULL, &f);
    if (f.rows.n == 0) {
        gather(w, d, PART_WORKLOAD, ncm_cstr(d->name), sure, &f);
    }
    if (f.rows.n == 0 && !shared) {
        gather_services(w, d, &f);
        gather(w, d, PART_SERVICE, ncm_cstr(d->name), sure, &f);
    }
    if (f.rows.n == 0 && d->endpoint.len > 0) {
        char address[256];
        fleet_address(d->endpoint.p, address, sizeof address);
        gather(w, d, PART_ADDRESS, address, true, &f);
    }
    return sum_of(w, &f);
}

struct ncm_rates fleet_rates_of_target(struct fleet_work *w, const struct ncm_deployment *d,
                                       struct ncm_str target)
{
    struct found f = {.rows = {.size = sizeof(const struct ncm_rates *)}};
    bool sure = one_of_a_name(w, d);
    if (w->next_row == NULL || target.len == 0) {
        return ncm_rates_unknown();
    }
    gather_pods(w, d, target.p, &f);
    if (f.rows.n == 0) {
        gather(w, d, PART_REVISION, target.p, sure, &f);
    }
    if (f.rows.n == 0) {
        gather(w, d, PART_WORKLOAD, target.p, sure, &f);
    }
    return sum_of(w, &f);
}
