/* InferenceServices. Ready is not the verdict: it stays True while an older revision serves and the
 * new one cannot load its model. */
#include "provider/kubernetes/scene.h"

enum { SILENT_MS = 10 * 60 * 1000 }; /* without any condition for longer: nobody looks after it */

static const struct k8s_condition *condition(const struct k8s_unit *u, const char *type)
{
    return k8s_condition_find(&u->isvc->conditions, type);
}

static struct ncm_str words(const struct k8s_scene *s, struct ncm_str reason,
                            struct ncm_str message)
{
    return message.len > 0 ? k8s_say(s->a, "%s: %s", ncm_cstr(reason), message.p)
                           : k8s_say(s->a, "%s", ncm_cstr(reason));
}

/* Something serves all the same. */
static bool serves(const struct k8s_unit *u)
{
    const struct k8s_isvc *x = u->isvc;
    return k8s_condition_is(&x->conditions, "Ready", "True") &&
           (x->ready.len > 0 || ncm_str_is(x->active, "Loaded"));
}

static bool model_trouble(const struct k8s_scene *s, const struct k8s_unit *u,
                          struct ncm_str *reason, int64_t *since)
{
    const struct k8s_isvc *x = u->isvc;
    const struct k8s_condition *latest = condition(u, "LatestDeploymentReady");
    bool invalid = ncm_str_is(x->transition, "InvalidSpec");
    *since = x->fail_ms;
    if (ncm_str_is(x->transition, "BlockedByFailedLoad") || ncm_str_is(x->target, "FailedToLoad") ||
        invalid) {
        *reason = x->fail_reason.len > 0 ? words(s, x->fail_reason, x->fail_message)
                                         : k8s_say(s->a, "%s", ncm_cstr(x->transition));
        const struct k8s_condition *ready = condition(u, "Ready");
        if (*since == NCM_NO_TIME && ready != NULL && !ncm_str_is(ready->it.status, "True")) {
            *since = ready->it.since_ms;
        }
        return true;
    }
    if (latest != NULL && ncm_str_is(latest->it.status, "False") &&
        !ncm_str_eq(x->created, x->ready)) {
        *reason = words(s, latest->it.reason, latest->it.message);
        *since = latest->it.since_ms;
        return true;
    }
    return false;
}

/* A split between two revisions that is meant to be for a while. */
static bool is_canary(const struct k8s_isvc *x, double *percent)
{
    for (size_t i = 0; i < x->n_traffic; i++) {
        if (x->traffic[i].latest && x->traffic[i].percent > 0 && x->traffic[i].percent < 100) {
            *percent = x->traffic[i].percent;
            return true;
        }
    }
    return false;
}

/* Still on its way, or split. */
static bool on_its_way(const struct k8s_scene *s, struct k8s_unit *u)
{
    const struct k8s_isvc *x = u->isvc;
    double percent;
    const struct k8s_condition *ready = condition(u, "Ready");
    int64_t since = ready != NULL ? ready->it.since_ms : x->head.created_ms;
    if (is_canary(x, &percent)) {
        u->rolling = true;
        k8s_verdict(u, NCM_HEALTH_PROGRESSING,
                    k8s_say(s->a, "canary %g %% on %s", percent, ncm_cstr(x->ready)), since);
    } else if (x->created.len > 0 && !ncm_str_eq(x->created, x->ready)) {
        u->rolling = true;
        k8s_verdict(u, NCM_HEALTH_PROGRESSING, k8s_say(s->a, "%s is not ready yet", x->created.p),
                    since);
    } else if (ncm_str_is(x->transition, "InProgress")) {
        u->rolling = true;
        k8s_verdict(u, NCM_HEALTH_PROGRESSING,
                    k8s_say(s->a, "InProgress: %s", x->target.len > 0 ? x->target.p : "Pending"),
                    since);
    } else {
        return false;
    }
    return true;
}

static void by_ready(const struct k8s_scene *s, struct k8s_unit *u)
{
    const struct k8s_condition *ready = condition(u, "Ready");
    if (ready == NULL) {
        bool silent = k8s_past(&u->clock, u->head->created_ms, SILENT_MS);
        k8s_verdict(u, silent ? NCM_HEALTH_UNKNOWN : NCM_HEALTH_PROGRESSING,
                    k8s_say(s->a, "no conditions yet"), u->head->created_ms);
        u->rolling = !silent;
    } else if (ncm_str_is(ready->it.status, "True")) {
        k8s_verdict(u, NCM_HEALTH_HEALTHY, (struct ncm_str){NULL, 0}, ready->it.since_ms);
    } else {
        bool no = ncm_str_is(ready->it.status, "False") != 0;
        k8s_verdict(u, no ? NCM_HEALTH_FAILED : NCM_HEALTH_PROGRESSING,
                    words(s, ready->it.reason, ready->it.message), ready->it.since_ms);
        u->rolling = !no;
    }
}

void k8s_judge_isvc(const struct k8s_scene *s, struct k8s_unit *u)
{
    const struct k8s_isvc *x = u->isvc;
    struct ncm_str reason = {NULL, 0};
    int64_t since = NCM_NO_TIME;
    if (x->stopped || k8s_condition_is(&x->conditions, "Stopped", "True")) {
        k8s_verdict(u, NCM_HEALTH_STOPPED, reason, NCM_NO_TIME);
        return;
    }
    if (x->observed > 0 && x->head.generation > x->observed) {
        u->rolling = true;
        k8s_verdict(u, NCM_HEALTH_PROGRESSING,
                    k8s_say(s->a, "generation %lld, observed %lld", (long long)x->head.generation,
                            (long long)x->observed),
                    NCM_NO_TIME);
        return;
    }
    if (u->set != NULL) { /* raw: the Deployment tells more than conditions copied from it */
        k8s_judge_set(s, u);
        if (u->health < NCM_HEALTH_DEGRADED && model_trouble(s, u, &reason, &since)) {
            k8s_verdict(u, u->set->ready > 0 ? NCM_HEALTH_DEGRADED : NCM_HEALTH_FAILED, reason,
                        since);
        }
        return;
    }
    bool model = model_trouble(s, u, &reason, &since);
    if (model || k8s_pod_trouble(s, u, &reason, &since)) {
        k8s_verdict(u, serves(u) ? NCM_HEALTH_DEGRADED : NCM_HEALTH_FAILED, reason, since);
        return;
    }
    const struct k8s_condition *ready = condition(u, "Ready");
    bool bad = ready != NULL && ncm_str_is(ready->it.status, "False") && x->ready.len > 0;
    if (bad || !on_its_way(s, u)) {
        by_ready(s, u);
    }
}
