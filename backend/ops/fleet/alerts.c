/* What fires, and what it is about. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "ops/fleet/inside.h"

static const char *label(const struct ncm_alert *a, const char *key)
{
    const struct ncm_kv *kv = ncm_kv_find(a->labels, a->n_labels, key);
    return kv != NULL && kv->value.len > 0 ? kv->value.p : NULL;
}

static bool label_is(const struct ncm_alert *a, const char *const *keys, const char *value)
{
    for (size_t i = 0; keys[i] != NULL; i++) {
        const char *l = label(a, keys[i]);
        if (l != NULL && strcmp(l, value) == 0) {
            return true;
        }
    }
    return false;
}

bool fleet_alert_fires(const struct ncm_alert *a)
{
    return a->state == NCM_ALERT_FIRING || a->state == NCM_ALERT_ACKNOWLEDGED;
}

bool fleet_alert_of_model(const struct ncm_alert *a, struct ncm_str model)
{
    static const char *const keys[] = {"model", "model_name", "registered_model", "mlflow_model",
                                       NULL};
    return model.len > 0 && (ncm_str_eq(a->subject, model) || label_is(a, keys, model.p));
}

bool fleet_alert_fits(const struct ncm_alert *a, struct ncm_str version)
{
    static const char *const keys[] = {"model_version", "version", NULL};
    for (size_t i = 0; keys[i] != NULL; i++) {
        const char *v = label(a, keys[i]);
        if (v != NULL) {
            v += (*v == 'v' || *v == 'V') && v[1] >= '0' && v[1] <= '9' ? 1 : 0;
            return strcmp(v, ncm_cstr(version)) == 0;
        }
    }
    return true;
}

static bool is_elsewhere(const struct ncm_alert *a, const struct ncm_deployment *d)
{
    static const char *const keys[] = {"cluster", "cluster_name", NULL};
    bool says = label(a, "cluster") != NULL || label(a, "cluster_name") != NULL;
    return says && !label_is(a, keys, ncm_cstr(d->cluster)) &&
           !label_is(a, keys, ncm_cstr(d->source));
}

static bool is_pod_of(const char *pod, const struct ncm_deployment *d)
{
    for (size_t i = 0; i < d->n_replicas; i++) {
        if (ncm_str_is(d->replicas[i].name, pod)) {
            return true;
        }
    }
    /* One that is gone by now: NAME-<set>-<pod>. */
    size_t n = d->name.len;
    const char *dash = strrchr(pod, '-');
    const char *set = pod + n + 1;
    return n > 0 && strncmp(pod, d->name.p, n) == 0 && pod[n] == '-' && dash > set &&
           memchr(set, '-', (size_t)(dash - set)) == NULL;
}

bool fleet_alert_of_deployment(const struct ncm_alert *a, const struct ncm_deployment *d)
{
    static const char *const keys[] = {
        "deployment", "statefulset", "inferenceservice",     "cronjob",
        "job_name",   "workload",    "destination_workload", NULL};
    const char *ns = label(a, "namespace"), *pod = label(a, "pod"), *at = label(a, "instance");
    if (is_elsewhere(a, d)) {
        return false;
    }
    if (ncm_str_is(d->kind, "Endpoint")) {
        char address[256];
        fleet_address(ncm_cstr(d->endpoint), address, sizeof address);
        return at != NULL && strcmp(address, at) == 0;
    }
    if (ns == NULL || !ncm_str_is(d->ns, ns)) {
        return false;
    }
    return label_is(a, keys, ncm_cstr(d->name)) || (pod != NULL && is_pod_of(pod, d));
}

/* Whether an Alertmanager tells of the same one, which then says more: who keeps it quiet. It adds
 * labels of its own, and takes none away. */
static bool told_better(const struct ncm_fleet_in *in, const struct ncm_alert *a)
{
    for (size_t i = 0; i < in->n_alerts && ncm_str_is(a->source, "prometheus"); i++) {
        const struct ncm_alerts_snapshot *s = in->alerts[i];
        for (size_t k = 0; s != NULL && k < s->n; k++) {
            const struct ncm_alert *b = &s->items[k];
            bool same = ncm_str_is(b->source, "alertmanager") && ncm_str_eq(a->rule, b->rule) &&
                        b->state != NCM_ALERT_RESOLVED;
            for (size_t l = 0; same && l < a->n_labels; l++) {
                const char *v = label(b, ncm_cstr(a->labels[l].key));
                same = v != NULL && ncm_str_is(a->labels[l].value, v);
            }
            if (same) {
                return true;
            }
        }
    }
    return false;
}

static int gravest_first(const void *x, const void *y)
{
    const struct ncm_alert *a = *(const struct ncm_alert *const *)x;
    const struct ncm_alert *b = *(const struct ncm_alert *const *)y;
    if (a->severity != b->severity) {
        return a->severity > b->severity ? -1 : 1;
    }
    if (a->since_ms != b->since_ms) {
        return a->since_ms < b->since_ms ? -1 : 1;
    }
    return ncm_str_compare(a->id, b->id);
}

void fleet_firing(struct fleet_work *w)
{
    struct ncm_list list = {.size = sizeof(const struct ncm_alert *)};
    for (size_t i = 0; i < w->in->n_alerts; i++) {
        const struct ncm_alerts_snapshot *s = w->in->alerts[i];
        for (size_t k = 0; s != NULL && k < s->n; k++) {
            if (fleet_alert_fires(&s->items[k]) && !told_better(w->in, &s->items[k])) {
                const struct ncm_alert **slot = ncm_list_add(&list);
                *slot = &s->items[k];
            }
        }
    }
    if (list.n > 1) {
        qsort(list.items, list.n, list.size, gravest_first);
    }
    w->fleet->n_firing = list.n;
    w->fleet->firing = ncm_list_move(&list, w->arena);
}

size_t ncm_fleet_alert_row(const struct ncm_fleet *f, const struct ncm_alert *alert)
{
    size_t of_model = SIZE_MAX;
    for (size_t i = 0; i < f->n_rows; i++) {
        const struct ncm_fleet_row *r = &f->rows[i];
        for (size_t k = 0; k < r->n_deployments; k++) {
            if (fleet_alert_of_deployment(alert, f->deployments[r->deployments[k]].it)) {
                return i;
            }
        }
        bool fits = fleet_alert_of_model(alert, r->model) && fleet_alert_fits(alert, r->version);
        bool better =
            of_model == SIZE_MAX || (r->in_production && !f->rows[of_model].in_production);
        of_model = fits && better ? i : of_model;
    }
    return of_model;
}
