/* Where models run: deployments of any source, one record each, with everything that is known of
 * it. Plain, immutable once published; all strings and arrays of one deployment live in an arena of
 * its own, which snapshots share. Times are ms since 1970 UTC, NCM_NO_TIME where absent; absent
 * numbers are NaN, absent counts -1. */
#ifndef NCM_MODEL_DEPLOY_H
#define NCM_MODEL_DEPLOY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/alert.h"
#include "model/rates.h"
#include "model/serving.h"
#include "model/snapshot.h"

/* From the harmless to the worst, so that the worst of several is the greatest; unknown is worse
 * than fine and better than known to be bad. */
enum ncm_health {
    NCM_HEALTH_STOPPED,
    NCM_HEALTH_HEALTHY,
    NCM_HEALTH_PAUSED,
    NCM_HEALTH_PROGRESSING,
    NCM_HEALTH_UNKNOWN,
    NCM_HEALTH_DEGRADED, /* something is wrong and at least one replica is ready */
    NCM_HEALTH_FAILED,   /* something is wrong and none is */
};
/* "stopped" "healthy" … : the words of the headless contract. */
const char *ncm_health_word(enum ncm_health h);

struct ncm_replica {
    struct ncm_str name, node, revision; /* revision: name of its ReplicaSet, or of its group */
    struct ncm_str phase;                /* kubectl's word: "Running", "CrashLoopBackOff" */
    struct ncm_str reason;               /* why it is not ready, in the API's words; or absent */
    struct ncm_str image, image_id;      /* of its first container */
    struct ncm_str *containers;          /* names, for logs */
    size_t n_containers;
    bool ready, bad, terminating;
    int restarts;
    int64_t created_ms, ready_ms, crashed_ms; /* crashed: its last container's end by a crash */
    double cpu;                               /* cores */
    double memory;                            /* bytes */
    double cpu_limit, memory_limit;           /* NaN: none */
};

/* One entry of the history, newest first. */
struct ncm_revision {
    struct ncm_str revision; /* number as the system gives it; renumbered after a rollback */
    struct ncm_str name;     /* ReplicaSet, Knative revision …: what rollback goes to */
    struct ncm_str image, cause;
    struct ncm_str model, version; /* as its template says; absent */
    int64_t created_ms;
    int desired, ready;
    bool wanted;  /* what the spec asks for */
    bool serving; /* has ready replicas */
};

/* A share of the traffic. */
struct ncm_traffic {
    struct ncm_str target; /* what `traffic REF TARGET=PERCENT` names */
    struct ncm_str model, version;
    double percent;        /* NaN unknown */
    enum ncm_health health;
    bool stable;           /* the one that a candidate is compared with */
    int ready;
    struct ncm_rates rates;
};

struct ncm_deploy_condition {
    struct ncm_str type, status, reason, message;
    int64_t since_ms;
};

struct ncm_deploy_event {
    int64_t time_ms;
    int count;
    bool warning;
    struct ncm_str reason, message, object; /* object: "Pod churn-abc" */
};

/* Something a person should know, with its evidence. */
struct ncm_deploy_finding {
    enum ncm_severity severity;
    struct ncm_str kind;     /* "crash_loop" "image_pull" "unschedulable" "quota" "oom" "no_endpoint"
                                "version_conflict" "hpa_blind" "managed" …: stable word */
    struct ncm_str sentence; /* translated: "new pods crash: CrashLoopBackOff, exit 1, 7 restarts" */
    struct ncm_str evidence; /* the API's own words, or absent */
};

struct ncm_autoscaler {
    bool there;
    struct ncm_str name;
    int min, max, current, desired; /* desired -1: it cannot tell */
    bool blind, limited;
    struct ncm_str why; /* translated: "cpu 150 % of 60 %: wants 6", "cannot read metrics: …" */
};

/* A server's own answers. */
struct ncm_probe {
    bool probed;
    struct ncm_str protocol; /* "mlflow" "oip" "kserve" "torchserve" "tfserving" "bentoml" "generic" */
    int alive, ready, model_ready; /* 1 yes, 0 no, -1 not known */
    struct ncm_str answered;       /* version it answered, or absent */
    struct ncm_str reason;         /* why not, in words; absent where all is well */
    double latency_ms;             /* of the health question */
    int64_t at_ms;
    /* The saved test request, where there is one. */
    struct ncm_str test_request, test_answer;
    int test_status; /* HTTP status; 0: not asked */
    double test_ms;
};

/* What may be done, by the rights that we have: bit 1u << enum ncm_deploy_act. */
enum ncm_deploy_act {
    NCM_ACT_SCALE,
    NCM_ACT_RESTART,
    NCM_ACT_PAUSE,
    NCM_ACT_ROLLBACK,
    NCM_ACT_TRAFFIC,
    NCM_ACT_VERSION, /* set another model version */
    NCM_ACT_LOGS,
    NCM_N_ACTS,
};

struct ncm_deployment {
    struct ncm_str source, cluster, ns, name; /* ns "" where the source has none */
    struct ncm_str kind; /* "Deployment" "StatefulSet" "InferenceService" "CronJob" "Job" "Endpoint" */
    struct ncm_str uid, resource_version;
    struct ncm_str revision; /* the wanted one's number */
    struct ncm_str image, serving_image, strategy, endpoint;
    struct ncm_str model, version; /* what runs, as far as the source alone can tell; or absent */
    struct ncm_claim *claims;      /* all evidence of what serves, strongest first */
    size_t n_claims;
    struct ncm_claim *wanted;      /* of the template, where it is another than what serves */
    size_t n_wanted;
    int desired, ready, updated, available;
    enum ncm_health health;
    struct ncm_str reason;     /* the evidence in the words of the API; absent where healthy */
    int64_t health_since_ms;   /* since when it is in that state, as far as the API tells */
    int64_t created_ms, rolled_ms; /* rolled: when the wanted revision was made */
    bool paused, rolling;
    int progress_done, progress_total; /* of a rollout: new replicas available of wanted */
    struct ncm_str managed_by; /* "Argo CD (app churn)", "Flux", "Helm": undoes hand changes; or absent */
    unsigned allowed;          /* bits of enum ncm_deploy_act that may be done … */
    unsigned forbidden;        /* … and that exist but are refused to us */
    struct ncm_str why_not;    /* why: "RBAC: viewer may not patch deployments"; or absent */
    struct ncm_traffic *traffic;
    size_t n_traffic;
    struct ncm_str traffic_by; /* how it is split: "replicas" "selector" "weights" "percent"; absent */
    struct ncm_str services;   /* names of the Services before it, ", " between; absent */
    struct ncm_rates rates;
    struct ncm_probe probe;
    struct ncm_autoscaler autoscaler;
    struct ncm_replica *replicas; /* bad first, then by name */
    size_t n_replicas;
    struct ncm_revision *revisions; /* newest first */
    size_t n_revisions;
    struct ncm_deploy_condition *conditions;
    size_t n_conditions;
    struct ncm_deploy_event *events; /* newest first */
    size_t n_events;
    struct ncm_deploy_finding *findings; /* gravest first */
    size_t n_findings;
    struct ncm_str schedule;   /* CronJob */
    int64_t last_run_ms, next_run_ms;
};

/* A deployment in its own arena; shared between snapshots. */
struct ncm_deployment_box {
    atomic_int users;
    struct ncm_arena *arena;
    uint64_t stamp; /* of what it was made from: the source's own */
    int64_t until_ms; /* from then on the same objects read differently; INT64_MAX: never */
    struct ncm_deployment it;
};
/* One user, zeroed but for absent numbers and times as they must be. */
struct ncm_deployment_box *ncm_deployment_box_new(void);
struct ncm_deployment_box *ncm_deployment_box_share(struct ncm_deployment_box *b);
void ncm_deployment_box_drop(struct ncm_deployment_box *b); /* NULL allowed */

/* NCM_T_DEPLOYMENTS: of one source. */
struct ncm_deployments_snapshot {
    struct ncm_snapshot head;
    struct ncm_deployment_box **items; /* by namespace, name, kind (bytes) */
    size_t n;
    struct ncm_str source, cluster, who; /* who: user name at the cluster; absent unknown */
    struct ncm_str server;               /* "Kubernetes v1.36.3 at https://…" */
    struct ncm_str *notes;               /* what could not be read: "pods: forbidden (viewer …)" */
    size_t n_notes;
};
/* A snapshot with room for n boxes (NULL pointers), each dropped with it. */
struct ncm_deployments_snapshot *ncm_deployments_snapshot_new(size_t n);

/* NCM_T_RATES: of a metrics store. */
struct ncm_rates_row {
    struct ncm_kv *labels; /* sorted by key: namespace, pod, service, deployment, model, version … */
    size_t n_labels;
    struct ncm_rates rates;
};
struct ncm_rates_snapshot {
    struct ncm_snapshot head;
    struct ncm_rates_row *items;
    size_t n;
    struct ncm_str *notes;
    size_t n_notes;
};

/* NCM_T_LOGS: the newest lines of one deployment's replicas. */
struct ncm_log_line {
    int64_t time_ms; /* NCM_NO_TIME where the line has none */
    struct ncm_str replica, text;
};
struct ncm_logs_snapshot {
    struct ncm_snapshot head;
    struct ncm_log_line *items; /* oldest first */
    size_t n;
    struct ncm_str *notes; /* "pod x: container not started: …" */
    size_t n_notes;
};

/* "SOURCE/NAMESPACE/NAME": how a person and a change name it. The caller frees. An empty namespace
 * leaves two slashes. */
char *ncm_deployment_ref(const struct ncm_deployment *d);
/* Whether `ref` names it: whole, or "NAMESPACE/NAME" or "NAME" of it. */
bool ncm_deployment_is(const struct ncm_deployment *d, const char *ref);
/* The one of that ref (and kind, where not NULL) or NULL; *ambiguous: several fit. */
const struct ncm_deployment *ncm_deployments_find(const struct ncm_deployments_snapshot *s,
                                                  const char *ref, const char *kind,
                                                  bool *ambiguous);
/* Whether a roll-back left it: what runs was made before it. */
bool ncm_revision_left(const struct ncm_deployment *d, const struct ncm_revision *r);
/* "scale" "restart" "pause" "rollback" "traffic" "version" "logs". */
const char *ncm_deploy_act_word(enum ncm_deploy_act act);
/* The same for people, translated. */
const char *ncm_deploy_act_label(enum ncm_deploy_act act);

#endif
