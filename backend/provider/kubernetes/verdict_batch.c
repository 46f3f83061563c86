/* Batch prediction: Jobs and CronJobs. */
#include "provider/kubernetes/scene.h"

enum { LATE_MS = 5 * 60 * 1000 };

static const struct k8s_condition *true_condition(const struct k8s_job *j, const char *type)
{
    const struct k8s_condition *c = k8s_condition_find(&j->conditions, type);
    return c != NULL && ncm_str_is(c->it.status, "True") ? c : NULL;
}

static struct ncm_str words(const struct k8s_scene *s, const struct k8s_condition *c)
{
    return c->it.message.len > 0 ? k8s_say(s->a, "%s: %s", ncm_cstr(c->it.reason), c->it.message.p)
                                 : k8s_say(s->a, "%s", ncm_cstr(c->it.reason));
}

void k8s_judge_job(const struct k8s_scene *s, struct k8s_unit *u)
{
    const struct k8s_job *j = u->job;
    const struct k8s_condition *failed = true_condition(j, "Failed");
    const struct k8s_condition *complete = true_condition(j, "Complete");
    struct ncm_str reason = {NULL, 0};
    int64_t since = NCM_NO_TIME;
    if (failed != NULL) {
        k8s_verdict(u, NCM_HEALTH_FAILED, words(s, failed), failed->it.since_ms);
    } else if (complete != NULL) {
        k8s_verdict(u, NCM_HEALTH_STOPPED, k8s_say(s->a, "Complete"), complete->it.since_ms);
    } else if (j->suspended) {
        const struct k8s_condition *c = true_condition(j, "Suspended");
        k8s_verdict(u, NCM_HEALTH_PAUSED, k8s_say(s->a, "Suspended"),
                    c != NULL ? c->it.since_ms : NCM_NO_TIME);
    } else if (k8s_pod_trouble(s, u, &reason, &since)) {
        k8s_verdict(u, NCM_HEALTH_FAILED, reason, since);
    } else if (j->failed > 0) {
        k8s_verdict(u, NCM_HEALTH_DEGRADED,
                    k8s_say(s->a, "%d failed, %d active", j->failed, j->active), j->started_ms);
    } else {
        u->rolling = true;
        k8s_verdict(
            u, NCM_HEALTH_PROGRESSING,
            k8s_say(s->a, "%d of %d done, %d active", j->succeeded, j->completions, j->active),
            j->started_ms);
    }
}

/* Two runs in a row were due and did not come: one alone may be another time zone's. */
static bool missed(const struct k8s_unit *u, int64_t *since)
{
    const struct k8s_cronjob *c = u->cron;
    int64_t last = c->last_run_ms != NCM_NO_TIME ? c->last_run_ms : c->head.created_ms;
    int64_t next =
        last != NCM_NO_TIME ? k8s_cron_next(c->schedule.p, c->zone.p, last) : NCM_NO_TIME;
    *since = next;
    int64_t second =
        next != NCM_NO_TIME ? k8s_cron_next(c->schedule.p, c->zone.p, next) : NCM_NO_TIME;
    return second != NCM_NO_TIME && ncm_ms_between(second, u->clock.now_ms) > LATE_MS;
}

void k8s_judge_cronjob(const struct k8s_scene *s, struct k8s_unit *u)
{
    const struct k8s_cronjob *c = u->cron;
    const struct k8s_condition *failed = NULL;
    struct ncm_str reason = {NULL, 0};
    int64_t since = NCM_NO_TIME;
    bool running = false, ended = false;
    for (size_t i = 0; i < u->n_jobs && !ended; i++) {
        failed = true_condition(u->jobs[i], "Failed");
        ended = failed != NULL || true_condition(u->jobs[i], "Complete") != NULL;
        running |= !ended;
    }
    bool bad_pod = running && k8s_pod_trouble(s, u, &reason, &since);
    if (c->suspended) {
        k8s_verdict(u, NCM_HEALTH_PAUSED, k8s_say(s->a, "Suspended"), NCM_NO_TIME);
    } else if (bad_pod) {
        k8s_verdict(u, NCM_HEALTH_FAILED, reason, since);
    } else if (failed != NULL) {
        k8s_verdict(u, running ? NCM_HEALTH_DEGRADED : NCM_HEALTH_FAILED, words(s, failed),
                    failed->it.since_ms);
    } else if (missed(u, &since)) {
        k8s_verdict(u, NCM_HEALTH_DEGRADED, k8s_say(s->a, "no run since it was due"), since);
    } else if (running || c->n_active > 0) {
        u->rolling = running;
        k8s_verdict(u, NCM_HEALTH_PROGRESSING, k8s_say(s->a, "1 active"), c->last_run_ms);
    } else {
        k8s_verdict(u, NCM_HEALTH_HEALTHY, reason, c->last_success_ms);
    }
    if (!c->suspended) { /* the next run's time is shown */
        int64_t next = k8s_cron_next(ncm_cstr(c->schedule), c->zone.p, u->clock.now_ms);
        u->clock.until_ms =
            next != NCM_NO_TIME && next < u->clock.until_ms ? next : u->clock.until_ms;
    }
}
