/* What stands before pods and what moves them: Service, EndpointSlice, autoscaler, Event. */
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "provider/kubernetes/read.h"

void k8s_read_service(struct k8s_read *r, struct k8s_at root, struct k8s_service *s)
{
    struct k8s_at spec = k8s_map(r, root, "spec");
    s->type = k8s_text(r, spec, "type");
    s->selector = k8s_texts(r, spec, "selector", &s->n_selector);
    s->selector_prints = k8s_label_prints(r->arena, s->selector, s->n_selector);
    struct k8s_at list = k8s_list(r, spec, "ports");
    s->ports =
        k8s_count(list) > 0 ? ncm_arena_alloc(r->arena, list.node->n, sizeof *s->ports) : NULL;
    for (size_t i = 0; i < k8s_count(list) && !r->failed; i++) {
        struct k8s_at one = k8s_item(r, list, i);
        struct k8s_port *p = &s->ports[s->n_ports++];
        p->name = k8s_text(r, one, "name");
        p->protocol = k8s_text(r, one, "protocol");
        p->port = k8s_int(r, one, "port", 0);
    }
}

void k8s_read_slice(struct k8s_read *r, struct k8s_at root, struct k8s_slice *s)
{
    struct k8s_at list = k8s_list(r, root, "endpoints");
    const struct ncm_kv *of =
        ncm_kv_find(s->head.labels, s->head.n_labels, "kubernetes.io/service-name");
    if (of != NULL) {
        s->service = of->value;
        s->service_print = k8s_print_of((const char *[]){r->ns.p, of->value.p}, 2);
    }
    if (k8s_count(list) == 0) {
        return;
    }
    s->endpoints = ncm_arena_alloc(r->arena, list.node->n, sizeof *s->endpoints);
    for (size_t i = 0; i < list.node->n && !r->failed; i++) {
        struct k8s_at one = k8s_item(r, list, i), target = k8s_map(r, one, "targetRef");
        struct k8s_at conditions = k8s_map(r, one, "conditions");
        struct k8s_endpoint *e = &s->endpoints[s->n_endpoints++];
        /* The API's own words: "a nil value should be interpreted as true". */
        e->ready = k8s_flag(r, conditions, "ready", true);
        if (ncm_str_is(k8s_text(r, target, "kind"), "Pod")) {
            e->pod = k8s_text(r, target, "name");
            e->pod_print = k8s_print(k8s_text(r, target, "uid"));
        }
    }
}

/* ---- autoscaler ------------------------------------------------------------------------------ */

/* Where a metric of each type has its name and its values. */
static const struct {
    const char *type, *at;
} metric_types[] = {
    {"Resource", "resource"}, {"ContainerResource", "containerResource"},
    {"Pods", "pods"},         {"Object", "object"},
    {"External", "external"},
};

/* item: one of spec.metrics or status.currentMetrics; values: "target" or "current". false: of no
 * known type, as {"type": ""} is where nothing could be read. */
static bool read_metric(struct k8s_read *r, struct k8s_at item, const char *values,
                        struct k8s_metric *m, double *value)
{
    struct ncm_str type = k8s_text(r, item, "type");
    for (size_t i = 0; i < sizeof metric_types / sizeof *metric_types; i++) {
        if (!ncm_str_is(type, metric_types[i].type)) {
            continue;
        }
        struct k8s_at at = k8s_map(r, item, metric_types[i].at), v = k8s_map(r, at, values);
        struct k8s_at named = k8s_map(r, at, "metric");
        m->name = named.node != NULL ? k8s_text(r, named, "name") : k8s_text(r, at, "name");
        double percent = k8s_amount(r, v, "averageUtilization");
        m->percent = !isnan(percent);
        *value = m->percent ? percent : k8s_amount(r, v, "averageValue");
        if (isnan(*value)) {
            *value = k8s_amount(r, v, "value");
        }
        return true;
    }
    return false;
}

static void read_metrics(struct k8s_read *r, struct k8s_at spec, struct k8s_at status,
                         struct k8s_hpa *h)
{
    struct k8s_at wanted = k8s_list(r, spec, "metrics"),
                  seen = k8s_list(r, status, "currentMetrics");
    if (k8s_count(wanted) == 0) {
        return;
    }
    h->metrics = ncm_arena_alloc(r->arena, wanted.node->n, sizeof *h->metrics);
    for (size_t i = 0; i < wanted.node->n && !r->failed; i++) {
        struct k8s_metric *m = &h->metrics[h->n_metrics];
        m->target = m->current = (double)NAN;
        if (!read_metric(r, k8s_item(r, wanted, i), "target", m, &m->target)) {
            continue;
        }
        h->n_metrics++;
        for (size_t k = 0; k < k8s_count(seen) && !r->failed; k++) {
            struct k8s_metric now = {.current = (double)NAN};
            if (read_metric(r, k8s_item(r, seen, k), "current", &now, &now.current) &&
                ncm_str_eq(now.name, m->name) && now.percent == m->percent) {
                m->current = now.current;
            }
        }
    }
}

void k8s_read_hpa(struct k8s_read *r, struct k8s_at root, struct k8s_hpa *h)
{
    struct k8s_at spec = k8s_map(r, root, "spec"), status = k8s_map(r, root, "status");
    struct k8s_at target = k8s_map(r, spec, "scaleTargetRef");
    h->target_kind = k8s_text(r, target, "kind");
    h->target_name = k8s_text(r, target, "name");
    h->target_print = k8s_print_of(
        (const char *[]){r->ns.p, ncm_cstr(h->target_kind), ncm_cstr(h->target_name)}, 3);
    h->min = k8s_int(r, spec, "minReplicas", 1);
    h->max = k8s_int(r, spec, "maxReplicas", 0);
    h->current = k8s_int(r, status, "currentReplicas", 0);
    h->desired = k8s_int(r, status, "desiredReplicas", 0);
    h->conditions = k8s_read_conditions(r, status);
    read_metrics(r, spec, status, h);
}

/* ---- events ---------------------------------------------------------------------------------- */

static int64_t first_time(const int64_t *t, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (t[i] != NCM_NO_TIME) {
            return t[i];
        }
    }
    return NCM_NO_TIME;
}

void k8s_read_event(struct k8s_read *r, struct k8s_at root, struct k8s_event *e)
{
    struct k8s_at about = k8s_map(r, root, "involvedObject"), series = k8s_map(r, root, "series");
    int64_t times[] = {k8s_time(r, root, "lastTimestamp"), k8s_time(r, series, "lastObservedTime"),
                       k8s_time(r, root, "eventTime"), k8s_time(r, root, "firstTimestamp"),
                       e->head.created_ms};
    e->it.time_ms = first_time(times, sizeof times / sizeof *times);
    e->it.count = k8s_int(r, root, "count", k8s_int(r, series, "count", 1));
    e->it.warning = ncm_str_is(k8s_text(r, root, "type"), "Warning") != 0;
    e->it.reason = k8s_text(r, root, "reason");
    e->it.message = k8s_text(r, root, "message");
    e->about_print = k8s_print(k8s_text(r, about, "uid"));
    struct ncm_str kind = k8s_text(r, about, "kind"), name = k8s_text(r, about, "name");
    char *object = ncm_sprintf("%s %s", ncm_cstr(kind), ncm_cstr(name));
    e->it.object = ncm_arena_cstr(r->arena, object);
    ncm_free(object);
}
