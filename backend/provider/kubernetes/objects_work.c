/* What runs pods: Deployment, ReplicaSet, StatefulSet, Job, CronJob. */
#include "base/num.h"
#include "provider/kubernetes/read.h"

static struct ncm_str annotation(const struct k8s_head *h, const char *key)
{
    const struct ncm_kv *kv = ncm_kv_find(h->annotations, h->n_annotations, key);
    return kv != NULL ? kv->value : (struct ncm_str){0};
}

/* "RollingUpdate 25%/1" (surge/unavailable), "Recreate", "OnDelete". */
static struct ncm_str read_strategy(struct k8s_read *r, struct k8s_at spec, const char *key,
                                    int *partition)
{
    struct k8s_at strategy = k8s_map(r, spec, key);
    struct k8s_at rolling = k8s_map(r, strategy, "rollingUpdate");
    struct ncm_str type = k8s_text(r, strategy, "type");
    struct ncm_str surge = k8s_int_or_text(r, rolling, "maxSurge");
    struct ncm_str unavailable = k8s_int_or_text(r, rolling, "maxUnavailable");
    *partition = k8s_int(r, rolling, "partition", 0);
    if (surge.p == NULL || unavailable.p == NULL || !ncm_str_is(type, "RollingUpdate")) {
        return type;
    }
    char *text = ncm_sprintf("%s %s/%s", type.p, surge.p, unavailable.p);
    struct ncm_str kept = ncm_arena_cstr(r->arena, text);
    ncm_free(text);
    return kept;
}

void k8s_read_workload(struct k8s_read *r, struct k8s_at root, struct k8s_workload *w)
{
    bool stateful = w->head.o.kind == K8S_STATEFULSET;
    struct k8s_at spec = k8s_map(r, root, "spec"), status = k8s_map(r, root, "status");
    w->replicas = k8s_int(r, spec, "replicas", 1);
    w->paused = k8s_flag(r, spec, "paused", false);
    w->deadline_s = k8s_int(r, spec, "progressDeadlineSeconds", 600);
    w->strategy = read_strategy(r, spec, stateful ? "updateStrategy" : "strategy", &w->partition);
    w->template = k8s_read_template(r, spec, "template");
    w->observed = k8s_long(r, status, "observedGeneration", 0);
    w->total = k8s_int(r, status, "replicas", 0);
    w->updated = k8s_int(r, status, "updatedReplicas", 0);
    w->ready = k8s_int(r, status, "readyReplicas", 0);
    w->available = k8s_int(r, status, "availableReplicas", 0);
    w->current_revision = k8s_text(r, status, "currentRevision");
    w->revision = stateful ? k8s_text(r, status, "updateRevision")
                           : annotation(&w->head, "deployment.kubernetes.io/revision");
    w->number = -1;
    (void)ncm_parse_i64(ncm_cstr(w->revision), &w->number);
    w->cause = annotation(&w->head, "kubernetes.io/change-cause");
    w->conditions = k8s_read_conditions(r, status);
}

void k8s_read_job(struct k8s_read *r, struct k8s_at root, struct k8s_job *j)
{
    struct k8s_at spec = k8s_map(r, root, "spec"), status = k8s_map(r, root, "status");
    j->completions = k8s_int(r, spec, "completions", 1);
    j->suspended = k8s_flag(r, spec, "suspend", false);
    j->template = k8s_read_template(r, spec, "template");
    j->active = k8s_int(r, status, "active", 0);
    j->succeeded = k8s_int(r, status, "succeeded", 0);
    j->failed = k8s_int(r, status, "failed", 0);
    j->started_ms = k8s_time(r, status, "startTime");
    j->completed_ms = k8s_time(r, status, "completionTime");
    j->conditions = k8s_read_conditions(r, status);
}

void k8s_read_cronjob(struct k8s_read *r, struct k8s_at root, struct k8s_cronjob *c)
{
    struct k8s_at spec = k8s_map(r, root, "spec"), status = k8s_map(r, root, "status");
    struct k8s_at job = k8s_map(r, k8s_map(r, spec, "jobTemplate"), "spec");
    c->schedule = k8s_text(r, spec, "schedule");
    c->zone = k8s_text(r, spec, "timeZone");
    c->suspended = k8s_flag(r, spec, "suspend", false);
    c->template = k8s_read_template(r, job, "template");
    c->last_run_ms = k8s_time(r, status, "lastScheduleTime");
    c->last_success_ms = k8s_time(r, status, "lastSuccessfulTime");
    c->n_active = k8s_count(k8s_list(r, status, "active"));
}
