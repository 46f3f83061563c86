/* From JSON to records: the frame that all kinds share. */
#include "provider/kubernetes/objects.h"

#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/kubernetes/read.h"

const struct k8s_resource k8s_resources[K8S_N_KINDS] = {
    [K8S_DEPLOYMENT] = {"/apis/apps/v1", "apps", "deployments", "Deployment", false, true},
    [K8S_REPLICASET] = {"/apis/apps/v1", "apps", "replicasets", "ReplicaSet", false, true},
    [K8S_STATEFULSET] = {"/apis/apps/v1", "apps", "statefulsets", "StatefulSet", false, true},
    [K8S_POD] = {"/api/v1", "", "pods", "Pod", false, true},
    [K8S_SERVICE] = {"/api/v1", "", "services", "Service", false, true},
    [K8S_ENDPOINTSLICE] = {"/apis/discovery.k8s.io/v1", "discovery.k8s.io", "endpointslices",
                           "EndpointSlice", false, true},
    [K8S_HPA] = {"/apis/autoscaling/v2", "autoscaling", "horizontalpodautoscalers",
                 "HorizontalPodAutoscaler", true, true},
    [K8S_EVENT] = {"/api/v1", "", "events", "Event", false, true},
    [K8S_JOB] = {"/apis/batch/v1", "batch", "jobs", "Job", false, true},
    [K8S_CRONJOB] = {"/apis/batch/v1", "batch", "cronjobs", "CronJob", false, true},
    [K8S_INFERENCESERVICE] = {"/apis/serving.kserve.io/v1beta1", "serving.kserve.io",
                              "inferenceservices", "InferenceService", true, true},
    [K8S_USAGE] = {"/apis/metrics.k8s.io/v1beta1", "metrics.k8s.io", "pods", "PodMetrics", true,
                   false},
};

static const size_t sizes[K8S_N_KINDS] = {
    [K8S_DEPLOYMENT] = sizeof(struct k8s_workload),
    [K8S_REPLICASET] = sizeof(struct k8s_workload),
    [K8S_STATEFULSET] = sizeof(struct k8s_workload),
    [K8S_POD] = sizeof(struct k8s_pod),
    [K8S_SERVICE] = sizeof(struct k8s_service),
    [K8S_ENDPOINTSLICE] = sizeof(struct k8s_slice),
    [K8S_HPA] = sizeof(struct k8s_hpa),
    [K8S_EVENT] = sizeof(struct k8s_event),
    [K8S_JOB] = sizeof(struct k8s_job),
    [K8S_CRONJOB] = sizeof(struct k8s_cronjob),
    [K8S_INFERENCESERVICE] = sizeof(struct k8s_isvc),
    [K8S_USAGE] = sizeof(struct k8s_usage),
};

static void read_owner(struct k8s_read *r, struct k8s_at meta, struct k8s_head *h)
{
    struct k8s_at owners = k8s_list(r, meta, "ownerReferences");
    for (size_t i = 0; i < k8s_count(owners); i++) {
        struct k8s_at one = k8s_item(r, owners, i);
        if (k8s_flag(r, one, "controller", false)) {
            h->owner_kind = k8s_text(r, one, "kind");
            h->owner_name = k8s_text(r, one, "name");
            h->owner_uid = k8s_text(r, one, "uid");
            h->owner_print = k8s_print(h->owner_uid);
            return;
        }
    }
}

static void read_head(struct k8s_read *r, struct k8s_at root, struct k8s_head *h)
{
    struct k8s_at meta = k8s_map(r, root, "metadata");
    h->o.ns = r->ns = k8s_text(r, meta, "namespace");
    h->o.name = r->name = k8s_text(r, meta, "name");
    if (!r->failed && h->o.name.len == 0) {
        r->failed = true;
        /* TR: %s: a kind of the API, "Deployment" */
        ncm_fail(r->err, NCM_INVALID_DATA, _("the cluster sent a %s without a name"), r->of->kind);
        return;
    }
    if (h->o.ns.p == NULL) {
        h->o.ns = r->ns = ncm_arena_cstr(r->arena, "");
    }
    h->name_print = k8s_print_of((const char *[]){ncm_cstr(r->ns), ncm_cstr(r->name)}, 2);
    h->o.uid = k8s_text(r, meta, "uid");
    h->uid_print = k8s_print(h->o.uid);
    h->o.resource_version = k8s_text(r, meta, "resourceVersion");
    h->generation = k8s_long(r, meta, "generation", 0);
    h->created_ms = k8s_time(r, meta, "creationTimestamp");
    h->deleting = k8s_time(r, meta, "deletionTimestamp") != NCM_NO_TIME;
    h->labels = k8s_texts(r, meta, "labels", &h->n_labels);
    h->annotations = k8s_texts(r, meta, "annotations", &h->n_annotations);
    h->label_prints = k8s_label_prints(r->arena, h->labels, h->n_labels);
    read_owner(r, meta, h);
}

static void read_kind(struct k8s_read *r, struct k8s_at root, struct k8s_object *o)
{
    void *record = o;
    switch (o->kind) {
    case K8S_DEPLOYMENT:
    case K8S_REPLICASET:
    case K8S_STATEFULSET:
        k8s_read_workload(r, root, record);
        return;
    case K8S_POD:
        k8s_read_pod(r, root, record);
        return;
    case K8S_SERVICE:
        k8s_read_service(r, root, record);
        return;
    case K8S_ENDPOINTSLICE:
        k8s_read_slice(r, root, record);
        return;
    case K8S_HPA:
        k8s_read_hpa(r, root, record);
        return;
    case K8S_EVENT:
        k8s_read_event(r, root, record);
        return;
    case K8S_JOB:
        k8s_read_job(r, root, record);
        return;
    case K8S_CRONJOB:
        k8s_read_cronjob(r, root, record);
        return;
    case K8S_INFERENCESERVICE:
        k8s_read_isvc(r, root, record);
        return;
    case K8S_USAGE:
        k8s_read_usage(r, root, record);
        return;
    case K8S_N_KINDS:
        break;
    }
}

bool k8s_object_decode(enum k8s_kind kind, const struct ncm_node *item, struct k8s_object **out,
                       struct ncm_err *err)
{
    static atomic_uint_fast64_t stamps;
    if (item == NULL || item->kind != NCM_NODE_MAP) {
        return ncm_fail(err, NCM_INVALID_DATA, _("the cluster sent a %s that is no object"),
                        k8s_resources[kind].kind);
    }
    struct ncm_arena *a = ncm_arena_new();
    struct k8s_object *o = ncm_arena_alloc(a, 1, sizes[kind]);
    struct k8s_read r = {.of = &k8s_resources[kind], .arena = a, .err = err};
    struct k8s_at root = {item, ""};
    atomic_init(&o->users, 1);
    o->arena = a;
    o->kind = kind;
    o->stamp = atomic_fetch_add(&stamps, 1) + 1;
    read_head(&r, root, (struct k8s_head *)(void *)o);
    if (!r.failed) {
        read_kind(&r, root, o);
    }
    if (r.failed) {
        ncm_arena_free(a);
        return false;
    }
    *out = o;
    return true;
}

struct k8s_object *k8s_object_share(struct k8s_object *o)
{
    atomic_fetch_add(&o->users, 1);
    return o;
}

void k8s_object_drop(struct k8s_object *o)
{
    if (o != NULL && atomic_fetch_sub(&o->users, 1) == 1) {
        ncm_arena_free(o->arena);
    }
}
