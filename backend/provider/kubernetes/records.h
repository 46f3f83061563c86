/* The records behind struct k8s_object: what of each kind the deployments need. Immutable once
 * decoded; all strings in the object's arena. Absent counts are 0, as the API leaves them out;
 * where absent differs from 0 the field says so. */
#ifndef NCM_KUBERNETES_RECORDS_H
#define NCM_KUBERNETES_RECORDS_H

#include "model/deploy.h"
#include "provider/kubernetes/objects.h"

/* First member of every record. */
struct k8s_head {
    struct k8s_object o;
    struct ncm_kv *labels, *annotations; /* sorted by key; without kubectl's last-applied one */
    size_t n_labels, n_annotations;
    uint64_t *label_prints; /* of "key=value", sorted: for quick subsets */
    int64_t generation, created_ms;
    bool deleting;
    struct ncm_str owner_kind, owner_name, owner_uid; /* the controller; absent */
    uint64_t uid_print, owner_print;                  /* of the uids; 0 absent */
    uint64_t name_print;                              /* of "ns/name" */
};

struct k8s_container {
    struct ncm_str name, image;
    bool init;
    struct ncm_kv *env; /* with a value of their own, in the order of the object */
    size_t n_env;
    struct ncm_str *args, *command;
    size_t n_args, n_command;
    double cpu_limit, memory_limit; /* NaN: none */
};

struct k8s_template {
    struct ncm_kv *labels, *annotations;
    size_t n_labels, n_annotations;
    uint64_t *label_prints;
    struct k8s_container *containers; /* those that serve first, then init containers */
    size_t n_containers;
    uint64_t print; /* of the whole template but pod-template-hash: equal templates, equal prints */
    bool there;
};

struct k8s_condition {
    struct ncm_deploy_condition it;
    int64_t updated_ms; /* lastUpdateTime, else since */
    bool info;          /* severity Info: does not count */
};
struct k8s_conditions {
    struct k8s_condition *items;
    size_t n;
};
/* NULL where there is none of that type. */
const struct k8s_condition *k8s_condition_find(const struct k8s_conditions *c, const char *type);

/* Deployment, ReplicaSet, StatefulSet. */
struct k8s_workload {
    struct k8s_head head;
    struct k8s_template template;
    int replicas; /* wanted; 1 where absent */
    bool paused;
    int deadline_s;          /* 600 where absent */
    struct ncm_str strategy; /* "RollingUpdate 1/0", "Recreate", "OnDelete" */
    int partition;           /* StatefulSet */
    int64_t observed;
    int total, updated, ready, available;
    int64_t number;                  /* the revision as a number; -1 */
    struct ncm_str revision, cause;  /* annotations; of a StatefulSet updateRevision */
    struct ncm_str current_revision; /* StatefulSet */
    struct k8s_conditions conditions;
};

struct k8s_end { /* of a container */
    bool there;
    int exit_code, signal;
    struct ncm_str reason, message;
    int64_t finished_ms;
};
struct k8s_status { /* of a container */
    struct ncm_str name, image, image_id;
    bool init, ready, started, running, sidecar;
    int restarts;
    struct ncm_str waiting, waiting_message; /* reason; absent where it does not wait */
    struct k8s_end ended, last;              /* state.terminated, lastState.terminated */
    int64_t running_ms;
};
struct k8s_pod {
    struct k8s_head head;
    struct ncm_str node, phase, reason, message;
    struct ncm_str revision_hash;    /* label controller-revision-hash */
    struct ncm_str service;          /* label serving.kserve.io/inferenceservice */
    struct ncm_str service_revision; /* label serving.knative.dev/revision */
    uint64_t service_print;          /* of "ns/service"; 0 none */
    struct k8s_container *containers;
    size_t n_containers, n_init; /* n_init of them are init containers, at the end */
    struct k8s_status *statuses; /* init containers first */
    size_t n_statuses;
    bool ready, scheduled_false;
    int64_t ready_since_ms; /* last change of the Ready condition */
    struct ncm_str scheduled_reason, scheduled_message;
};

struct k8s_port {
    struct ncm_str name, protocol; /* "http"; "TCP" where absent */
    int port;
};
struct k8s_service {
    struct k8s_head head;
    struct k8s_port *ports;
    size_t n_ports;
    struct ncm_kv *selector;
    size_t n_selector;
    uint64_t *selector_prints; /* sorted */
    struct ncm_str type;
};

struct k8s_endpoint {
    struct ncm_str pod;
    uint64_t pod_print; /* of targetRef.uid; 0: no pod */
    bool ready;
};
struct k8s_slice {
    struct k8s_head head;
    struct ncm_str service;
    uint64_t service_print; /* of "ns/service" */
    struct k8s_endpoint *endpoints;
    size_t n_endpoints;
};

struct k8s_metric {
    struct ncm_str name;    /* "cpu", "queue_length" */
    double target, current; /* in the metric's own unit, or percent; NaN unknown */
    bool percent;
};
struct k8s_hpa {
    struct k8s_head head;
    struct ncm_str target_kind, target_name;
    uint64_t target_print; /* of "ns/kind/name" */
    int min, max, current, desired;
    struct k8s_metric *metrics;
    size_t n_metrics;
    struct k8s_conditions conditions;
};

struct k8s_event {
    struct k8s_head head;
    struct ncm_deploy_event it;
    uint64_t about_print; /* of involvedObject.uid; 0 absent */
};

struct k8s_job {
    struct k8s_head head;
    struct k8s_template template;
    int active, succeeded, failed, completions;
    bool suspended;
    int64_t started_ms, completed_ms;
    struct k8s_conditions conditions;
};
struct k8s_cronjob {
    struct k8s_head head;
    struct k8s_template template;
    struct ncm_str schedule, zone;
    bool suspended;
    int64_t last_run_ms, last_success_ms;
    size_t n_active;
};

struct k8s_share {
    struct ncm_str revision, tag;
    double percent;
    bool latest;
};
struct k8s_isvc {
    struct k8s_head head;
    struct k8s_template template;          /* .spec.predictor: containers there are */
    struct ncm_str storage_uri, framework; /* framework: old style key, absent in the new */
    struct ncm_str format, protocol, runtime;
    int min_replicas;   /* 1 where absent */
    int canary_percent; /* -1 absent */
    bool raw, stopped;
    int64_t observed; /* 0: absent */
    struct ncm_str url;
    struct ncm_str created, ready, rolled, previous; /* revisions */
    struct k8s_share *traffic;
    size_t n_traffic;
    struct ncm_str transition, active, target;
    struct ncm_str fail_reason, fail_message, fail_revision;
    int fail_exit; /* -1 absent */
    int64_t fail_ms;
    int copies, failed_copies; /* -1 absent */
    struct k8s_conditions conditions;
    uint64_t service_print; /* of "ns/name" */
};

struct k8s_usage {
    struct k8s_head head;
    double cpu, memory; /* of all containers; NaN unknown */
    int64_t at_ms;
};

/* The head of any. */
static inline const struct k8s_head *k8s_head(const struct k8s_object *o)
{
    return (const struct k8s_head *)(const void *)o;
}
/* 64 bits of a text, of several with '/' between; 0 only for an absent one. */
uint64_t k8s_print(struct ncm_str s);
uint64_t k8s_print_of(const char *const *parts, size_t n);
/* One number of two, order mattering. */
uint64_t k8s_mix(uint64_t a, uint64_t b);
/* Sorted prints of "key=value". */
uint64_t *k8s_label_prints(struct ncm_arena *a, const struct ncm_kv *kv, size_t n);
/* Whether all of a (sorted) are in b (sorted). */
bool k8s_prints_within(const uint64_t *a, size_t n, const uint64_t *b, size_t m);

#endif
