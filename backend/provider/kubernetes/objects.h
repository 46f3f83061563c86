/* Objects of a cluster as compact records: decoded once from JSON, immutable, counted, each in an
 * arena of its own. Only what the deployments need is kept (no managedFields, no status noise). */
#ifndef NCM_KUBERNETES_OBJECTS_H
#define NCM_KUBERNETES_OBJECTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/node.h"
#include "model/value.h"

enum k8s_kind {
    K8S_DEPLOYMENT,
    K8S_REPLICASET,
    K8S_STATEFULSET,
    K8S_POD,
    K8S_SERVICE,
    K8S_ENDPOINTSLICE,
    K8S_HPA,
    K8S_EVENT,
    K8S_JOB,
    K8S_CRONJOB,
    K8S_INFERENCESERVICE,
    K8S_USAGE, /* metrics.k8s.io pods: polled, cannot be watched */
    K8S_N_KINDS,
};

/* Where the API has a kind. */
struct k8s_resource {
    const char *api;    /* "/apis/apps/v1", "/api/v1" */
    const char *group;  /* "apps"; "" core */
    const char *plural; /* "deployments" */
    const char *kind;   /* "Deployment" */
    bool optional;      /* 404 means that it is not installed */
    bool watched;       /* false: polled */
};
extern const struct k8s_resource k8s_resources[K8S_N_KINDS];

/* First member of every record; the whole record is private to objects_*.c and build_*.c through
 * records.h. */
struct k8s_object {
    atomic_int users;
    struct ncm_arena *arena;
    enum k8s_kind kind;
    struct ncm_str ns, name, uid, resource_version;
    uint64_t stamp; /* differs for every decoded object: what was made from it is as old as it */
};
/* One item of a list, a single GET, or the object of a watch event. One user. NCM_INVALID_DATA
 * names the kind, the object and what was expected. */
bool k8s_object_decode(enum k8s_kind kind, const struct ncm_node *item, struct k8s_object **out,
                       struct ncm_err *err);
struct k8s_object *k8s_object_share(struct k8s_object *o);
void k8s_object_drop(struct k8s_object *o); /* NULL allowed */

/* What is known of a cluster at one moment: for each kind, objects sorted by (ns, name), and how
 * the kind was read. Borrowed by the builder for the call. */
enum k8s_reading { K8S_NOT_READ, K8S_READ, K8S_FORBIDDEN, K8S_ABSENT, K8S_FAILED };
struct k8s_answered;
struct k8s_view {
    struct k8s_object **items[K8S_N_KINDS];
    size_t n[K8S_N_KINDS];
    enum k8s_reading reading[K8S_N_KINDS];
    const char *why[K8S_N_KINDS]; /* of FORBIDDEN and FAILED: the server's words; or NULL */
    const char *source, *cluster, *who, *server;
    const char *selector; /* labels that deployments were narrowed by, or NULL */
    int64_t now_ms;       /* by the server's clock */
    /* Rights in a namespace: bits 1u << enum ncm_deploy_act; NULL: not asked yet (all allowed). */
    unsigned (*allowed)(const void *to, const char *ns);
    const void *rights;
    /* What servers behind Services answered (answered.h). */
    struct k8s_answered *const *answered;
    size_t n_answered;
};

/* quantities: "12345678n" "250m" "1" "128Mi" "1e3" → a number; NaN where it is none. Pure. */
double k8s_quantity(const char *text);

struct ncm_deployments_snapshot;
/* All deployments of the view: verdicts, revisions, traffic, findings, evidence of versions. Boxes
 * of `previous` (may be NULL) whose objects are the same, and on which time has no bearing, are
 * shared. Pure but for allocation. O(objects log objects). */
struct ncm_deployments_snapshot *k8s_build(const struct k8s_view *v,
                                           const struct ncm_deployments_snapshot *previous);

#endif
