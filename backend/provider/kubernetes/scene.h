/* A view put in order for the builder: who belongs to whom, found by hash; what each deployment is
 * made of, with a stamp of it all; and what is judged. Lives for one call. */
#ifndef NCM_KUBERNETES_SCENE_H
#define NCM_KUBERNETES_SCENE_H

#include "base/num.h"
#include "provider/kubernetes/records.h"

/* Several items a key, in the order in which they were added. */
struct k8s_index {
    uint64_t *keys;
    uint32_t *next, *heads;
    const void **items;
    uint32_t n, mask;
};
#define K8S_NONE UINT32_MAX
/* Room for `most` items. */
void k8s_index_init(struct k8s_index *x, struct ncm_arena *a, size_t most);
/* To be added last first. Key 0 is not added. */
void k8s_index_add(struct k8s_index *x, uint64_t key, const void *item);
uint32_t k8s_index_first(const struct k8s_index *x, uint64_t key);
uint32_t k8s_index_next(const struct k8s_index *x, uint32_t i);
const void *k8s_index_one(const struct k8s_index *x, uint64_t key); /* or NULL */

/* What time has a bearing on. */
struct k8s_clock {
    int64_t now_ms;
    int64_t until_ms; /* the next moment when an answer below changes; INT64_MAX never */
};
/* Whether after_ms have passed since since_ms (NCM_NO_TIME: no); remembers when they will have. */
bool k8s_past(struct k8s_clock *c, int64_t since_ms, int64_t after_ms);

/* What is wrong with a pod, the gravest last. */
enum k8s_trouble {
    K8S_FINE,
    K8S_NOT_READY, /* runs and is not ready: not bad in itself */
    K8S_STUCK,     /* being made for longer than 5 min */
    K8S_UNSCHEDULABLE,
    K8S_CONFIG,
    K8S_IMAGE,
    K8S_EXITED,
    K8S_CRASH,
    K8S_OOM,
};
/* A pod as it was looked at. */
struct k8s_seen {
    const struct k8s_pod *pod;
    const struct k8s_usage *usage;
    const struct k8s_workload *set; /* its ReplicaSet; NULL unknown */
    struct ncm_str word;            /* kubectl's */
    enum k8s_trouble trouble;
    const struct k8s_status *at;    /* the container that is in trouble; NULL */
    const struct k8s_end *end;      /* how it ended last; NULL */
    struct ncm_str reason, message; /* the API's; reason absent where it is ready */
    int64_t crashed_ms;             /* newest crash of any of its containers */
    int restarts;
    bool live;   /* neither going away nor a leftover */
    bool wanted; /* of the wanted revision */
};

struct k8s_front;
struct k8s_fronts { /* of one deployment */
    struct k8s_front *front;
    struct k8s_fronts *next;
};

/* A row to be. */
struct k8s_unit {
    enum k8s_kind kind;
    const struct k8s_head *head;
    const struct k8s_workload *set; /* Deployment, StatefulSet; the predictor of a raw service */
    const struct k8s_isvc *isvc;
    const struct k8s_job *job;
    const struct k8s_cronjob *cron;
    const struct k8s_workload **sets; /* ReplicaSets, the newest revision first */
    size_t n_sets;
    const struct k8s_workload
        *wanted; /* the one of the wanted template; NULL: not made or unknown */
    const struct k8s_workload *serving; /* with most ready pods; NULL: none or unknown */
    struct k8s_seen *pods;
    size_t n_pods;
    const struct k8s_event **events;
    size_t n_events;
    const struct k8s_hpa *hpa;
    const struct k8s_job **jobs; /* of a CronJob, newest first */
    size_t n_jobs;
    const struct k8s_workload **members; /* Deployments of an InferenceService */
    size_t n_members;
    struct k8s_fronts *fronts;
    uint64_t own, stamp;            /* of its own objects; of all that it is made from */
    struct ncm_deployment_box *box; /* shared with the snapshot before; NULL */
    struct k8s_clock clock;
    bool judged;
    enum ncm_health health;
    struct ncm_str reason;
    int64_t since_ms;
    const struct k8s_seen *worst; /* the pod in the gravest trouble; NULL */
    bool rolling, waits;          /* waits: paused with a template that is not rolled out */
};

/* A Service with what it selects. */
struct k8s_front {
    const struct k8s_service *service;
    struct k8s_unit **units; /* selected */
    int *ready;              /* endpoints of each that are ready */
    size_t n;
    struct k8s_unit **others; /* that one other value of `slot` would select */
    size_t n_others;
    struct ncm_str slot;
    int ready_total; /* all ready endpoints; -1 unknown */
    uint64_t stamp;
};

struct k8s_scene {
    const struct k8s_view *v;
    struct ncm_arena *a;
    bool sees_pods, sees_sets, sees_events, sees_slices;
    struct k8s_index sets, pods, pods_of_set, pods_of_service, events, hpas, usage, slices, jobs;
    struct k8s_index members; /* Deployments by the InferenceService that they are of */
    struct k8s_index unit_of_pod, units_by_label;
    struct k8s_unit *units;
    size_t n;
    uint64_t base;
};

/* Orders the view; units have their objects and `own`. */
void k8s_scene_make(struct k8s_scene *s, const struct k8s_view *v, struct ncm_arena *a);
/* Services: fronts of the units, and `stamp`. */
void k8s_scene_fronts(struct k8s_scene *s);
/* The verdict; judges once. Of a shared unit that of before. */
void k8s_judge(const struct k8s_scene *s, struct k8s_unit *u);
enum ncm_health k8s_health(const struct k8s_scene *s, struct k8s_unit *u);

/* Parts of the verdict. */
void k8s_judge_set(const struct k8s_scene *s, struct k8s_unit *u);
void k8s_judge_isvc(const struct k8s_scene *s, struct k8s_unit *u);
void k8s_judge_job(const struct k8s_scene *s, struct k8s_unit *u);
void k8s_judge_cronjob(const struct k8s_scene *s, struct k8s_unit *u);
void k8s_verdict(struct k8s_unit *u, enum ncm_health health, struct ncm_str reason,
                 int64_t since_ms);
/* Whether a live pod is in a bad state: which one, why (the API's words), since when. */
bool k8s_pod_trouble(const struct k8s_scene *s, struct k8s_unit *u, struct ncm_str *reason,
                     int64_t *since);
/* Looks at a pod. batch: one that ended well is fine. */
void k8s_look(struct ncm_arena *a, struct k8s_clock *c, bool batch, struct k8s_seen *p);
/* "CrashLoopBackOff: exit 1, Error, 7 restarts": a pod's trouble in the API's words. */
struct ncm_str k8s_pod_reason(struct ncm_arena *a, const struct k8s_seen *p);
/* "exit 137 (SIGKILL), OOMKilled". */
struct ncm_str k8s_end_words(struct ncm_arena *a, const struct k8s_end *e);
bool k8s_is_crash(const struct k8s_end *e);
/* The newest event of that reason about any of the unit's objects (pod: about that pod alone), or
 * NULL. */
const struct k8s_event *k8s_event_of(const struct k8s_unit *u, const struct k8s_pod *pod,
                                     const char *reason);
/* Whether the rollout has ended: all wanted ones are new, old ones gone, new ones available. */
bool k8s_rolled_out(const struct k8s_workload *w);
bool k8s_condition_is(const struct k8s_conditions *c, const char *type, const char *status);
/* Live pods that are not as they should be; and all live ones. */
size_t k8s_live(const struct k8s_unit *u);

/* Filling a record; all strings into its arena. */
void k8s_fill(const struct k8s_scene *s, struct k8s_unit *u, struct ncm_deployment_box *b);
void k8s_fill_claims(const struct k8s_unit *u, struct ncm_arena *a, struct ncm_deployment *d);
void k8s_fill_traffic(const struct k8s_scene *s, struct k8s_unit *u, struct ncm_arena *a,
                      struct ncm_deployment *d);
void k8s_fill_findings(const struct k8s_scene *s, struct k8s_unit *u, struct ncm_arena *a,
                       struct ncm_deployment *d);
void k8s_fill_scaler(const struct k8s_unit *u, struct ncm_arena *a, struct ncm_autoscaler *out);
/* What a template says of its model; both absent where it says nothing. */
void k8s_template_model(struct ncm_arena *a, const struct k8s_template *t, struct ncm_str *model,
                        struct ncm_str *version);
/* The same of a revision of an InferenceService. */
void k8s_revision_model(const struct k8s_unit *u, struct ncm_arena *a, struct ncm_str revision,
                        struct ncm_str *model, struct ncm_str *version);
/* The image of the container that serves: the first. */
struct ncm_str k8s_template_image(const struct k8s_template *t);
/* The next run of a schedule after from_ms; NCM_NO_TIME where it cannot be told. */
int64_t k8s_cron_next(const char *schedule, const char *zone, int64_t from_ms);

struct ncm_str k8s_say(struct ncm_arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
