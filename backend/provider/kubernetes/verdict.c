/* How a deployment is, by the rules of a person on call: earlier than `kubectl rollout status`, by
 * the pods of the new revision, and never by READY or Available alone. */
#include "provider/kubernetes/scene.h"

enum {
    UNREADY_MS = 2 * 60 * 1000,  /* after a finished rollout */
    CRASHED_MS = 10 * 60 * 1000, /* a restart by a crash that is younger counts */
    LOOP_LEAST = 3,              /* restarts from which it is one */
};

/* ---- facts ----------------------------------------------------------------------------------- */

bool k8s_condition_is(const struct k8s_conditions *c, const char *type, const char *status)
{
    const struct k8s_condition *found = k8s_condition_find(c, type);
    return found != NULL && ncm_str_is(found->it.status, status);
}

bool k8s_rolled_out(const struct k8s_workload *w)
{
    return w->updated >= w->replicas && w->total <= w->updated && w->available >= w->updated;
}

const struct k8s_event *k8s_event_of(const struct k8s_unit *u, const struct k8s_pod *pod,
                                     const char *reason)
{
    for (size_t i = 0; i < u->n_events; i++) {
        const struct k8s_event *e = u->events[i];
        if (ncm_str_is(e->it.reason, reason) &&
            (pod == NULL || e->about_print == pod->head.uid_print)) {
            return e;
        }
    }
    return NULL;
}

size_t k8s_live(const struct k8s_unit *u)
{
    size_t n = 0;
    for (size_t i = 0; i < u->n_pods; i++) {
        n += u->pods[i].live;
    }
    return n;
}

static bool progressing_reason(const struct k8s_workload *w, const char *reason)
{
    const struct k8s_condition *c = k8s_condition_find(&w->conditions, "Progressing");
    return c != NULL && ncm_str_is(c->it.reason, reason);
}

/* The last rollout ended. A StatefulSet has no word for it: its revisions tell. */
static bool is_complete(const struct k8s_unit *u)
{
    if (u->kind == K8S_STATEFULSET) {
        return u->set->updated >= u->set->replicas ||
               ncm_str_eq(u->set->revision, u->set->current_revision);
    }
    /* Nothing goes on in a paused one either. */
    return u->set->paused || progressing_reason(u->set, "NewReplicaSetAvailable");
}

/* ---- trouble --------------------------------------------------------------------------------- */

/* A pod of the wanted revision before others, then the gravest, then the first. */
static bool worse(const struct k8s_seen *a, const struct k8s_seen *b)
{
    if (b == NULL || a->wanted != b->wanted) {
        return b == NULL || a->wanted;
    }
    return a->trouble > b->trouble;
}

void k8s_verdict(struct k8s_unit *u, enum ncm_health health, struct ncm_str reason,
                 int64_t since_ms)
{
    u->health = health;
    u->reason = reason;
    u->since_ms = since_ms;
}

static int64_t since_of(const struct k8s_condition *c)
{
    return c != NULL ? c->it.since_ms : NCM_NO_TIME;
}

/* The later of the two, either of which may be absent. */
static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b; /* NCM_NO_TIME is the least */
}

/* The earlier of the two, either of which may be absent. */
static int64_t earlier(int64_t a, int64_t b)
{
    return a == NCM_NO_TIME || (b != NCM_NO_TIME && b < a) ? b : a;
}

/* Since when it crashes again and again: each restart moves its conditions, but the loop is older.
 * Crashes at least every ten minutes of its life began with it; else the kubelet tells. */
static int64_t loop_since(struct k8s_unit *u, const struct k8s_seen *p, int64_t last)
{
    const struct k8s_event *backoff = k8s_event_of(u, p->pod, "BackOff");
    int64_t born = p->pod->head.created_ms;
    int64_t since = backoff != NULL ? earlier(last, backoff->head.created_ms) : last;
    bool always = p->restarts >= LOOP_LEAST &&
                  !k8s_past(&u->clock, born, (int64_t)p->restarts * CRASHED_MS);
    return always ? earlier(since, born) : since;
}

static int64_t trouble_since(struct k8s_unit *u, const struct k8s_seen *p)
{
    int64_t last = later(p->pod->ready_since_ms, p->pod->head.created_ms);
    return p->restarts > 0 ? loop_since(u, p, last) : last;
}

/* A rollout's own time: its condition keeps the time of the first one. A ReplicaSet that is taken back
 * is old, its pods are not. */
static int64_t rollout_since(const struct k8s_unit *u, const struct k8s_condition *progress)
{
    int64_t made = u->wanted != NULL ? u->wanted->head.created_ms : NCM_NO_TIME;
    int64_t first = NCM_NO_TIME;
    for (size_t i = 0; i < u->n_pods; i++) {
        if (u->pods[i].live && u->pods[i].wanted) {
            first = earlier(first, u->pods[i].pod->head.created_ms);
        }
    }
    if (first == NCM_NO_TIME && progress != NULL) {
        first = progress->updated_ms;
    }
    return later(made, first);
}

/* More replicas are wanted, or some are not ready again: since the oldest of those that are not. */
static int64_t unready_since(const struct k8s_unit *u, const struct k8s_condition *progress)
{
    int64_t since = NCM_NO_TIME;
    for (size_t i = 0; i < u->n_pods; i++) {
        const struct k8s_pod *pod = u->pods[i].pod;
        if (u->pods[i].live && !pod->ready) {
            since = earlier(since, later(pod->ready_since_ms, pod->head.created_ms));
        }
    }
    return since != NCM_NO_TIME ? since : since_of(progress);
}

bool k8s_pod_trouble(const struct k8s_scene *s, struct k8s_unit *u, struct ncm_str *reason,
                     int64_t *since)
{
    u->worst = NULL;
    for (size_t i = 0; i < u->n_pods; i++) {
        struct k8s_seen *p = &u->pods[i];
        if (p->live && p->trouble > K8S_NOT_READY && worse(p, u->worst)) {
            u->worst = p;
        }
    }
    if (u->worst == NULL) {
        return false;
    }
    *reason = k8s_pod_reason(s->a, u->worst);
    *since = NCM_NO_TIME;
    for (size_t i = 0; i < u->n_pods; i++) {
        const struct k8s_seen *p = &u->pods[i];
        if (p->live && p->trouble > K8S_NOT_READY && p->wanted == u->worst->wanted) {
            *since = earlier(*since, trouble_since(u, p));
        }
    }
    return true;
}

/* Not ready for too long after a finished rollout, or for half the deadline of one that goes on,
 * where its probe fails. */
static bool unready_trouble(const struct k8s_scene *s, struct k8s_unit *u, struct ncm_str *reason,
                            int64_t *since)
{
    bool complete = is_complete(u);
    const struct k8s_condition *progress = k8s_condition_find(&u->set->conditions, "Progressing");
    int64_t half = (int64_t)u->set->deadline_s * 1000 / 2;
    for (size_t i = 0; i < u->n_pods; i++) {
        struct k8s_seen *p = &u->pods[i];
        if (!p->live || p->trouble != K8S_NOT_READY) {
            continue;
        }
        const struct k8s_event *probe = k8s_event_of(u, p->pod, "Unhealthy");
        int64_t from = p->pod->ready_since_ms != NCM_NO_TIME ? p->pod->ready_since_ms
                                                             : p->pod->head.created_ms;
        bool late = complete ? k8s_past(&u->clock, from, UNREADY_MS)
                             : probe != NULL && progress != NULL && !u->set->paused &&
                                   k8s_past(&u->clock, later(progress->updated_ms, from), half);
        if (late) {
            u->worst = p;
            *since = from;
            *reason = probe != NULL ? k8s_say(s->a, "Unhealthy: %s", ncm_cstr(probe->it.message))
                                    : k8s_say(s->a, "ContainersNotReady");
            return true;
        }
    }
    return false;
}

static bool condition_trouble(const struct k8s_scene *s, const struct k8s_unit *u,
                              struct ncm_str *reason, int64_t *since)
{
    const struct k8s_conditions *c = &u->set->conditions;
    const struct k8s_condition *found = NULL;
    if (k8s_condition_is(c, "ReplicaFailure", "True")) {
        found = k8s_condition_find(c, "ReplicaFailure");
    } else if (k8s_condition_is(c, "Progressing", "False")) {
        found = k8s_condition_find(c, "Progressing");
    }
    if (found == NULL) {
        return false;
    }
    *reason = found->it.message.len > 0
                  ? k8s_say(s->a, "%s: %s", ncm_cstr(found->it.reason), found->it.message.p)
                  : k8s_say(s->a, "%s", ncm_cstr(found->it.reason));
    *since = found->it.since_ms;
    return true;
}

/* Where pods cannot be seen, the counters of a finished rollout must do. */
static bool blind_trouble(const struct k8s_scene *s, struct k8s_unit *u, struct ncm_str *reason,
                          int64_t *since)
{
    const struct k8s_workload *w = u->set;
    const struct k8s_condition *available = k8s_condition_find(&w->conditions, "Available");
    if (s->sees_pods || u->kind == K8S_STATEFULSET || !is_complete(u) || available == NULL ||
        !ncm_str_is(available->it.status, "False")) {
        return false;
    }
    if (w->ready > 0 && !k8s_past(&u->clock, available->it.since_ms, UNREADY_MS)) {
        return false;
    }
    *reason =
        k8s_say(s->a, "%s: %s", ncm_cstr(available->it.reason), ncm_cstr(available->it.message));
    *since = available->it.since_ms;
    return true;
}

static bool trouble(const struct k8s_scene *s, struct k8s_unit *u, struct ncm_str *reason,
                    int64_t *since)
{
    return k8s_pod_trouble(s, u, reason, since) || condition_trouble(s, u, reason, since) ||
           unready_trouble(s, u, reason, since) || blind_trouble(s, u, reason, since);
}

/* ---- the verdict ----------------------------------------------------------------------------- */

/* Ready, but some replica was restarted by a crash a moment ago. */
static bool crashed_lately(const struct k8s_scene *s, struct k8s_unit *u)
{
    for (size_t i = 0; i < u->n_pods; i++) {
        struct k8s_seen *p = &u->pods[i];
        if (!p->live || p->restarts == 0 || p->crashed_ms == NCM_NO_TIME ||
            k8s_past(&u->clock, p->crashed_ms, CRASHED_MS)) {
            continue;
        }
        const struct k8s_end *end = NULL;
        for (size_t k = 0; k < p->pod->n_statuses; k++) {
            const struct k8s_end *last = &p->pod->statuses[k].last;
            if (k8s_is_crash(last) && last->finished_ms == p->crashed_ms) {
                end = last;
            }
        }
        u->worst = p;
        k8s_verdict(u, NCM_HEALTH_DEGRADED,
                    k8s_say(s->a, "restarted: %s%s%d %s",
                            end != NULL ? k8s_end_words(s->a, end).p : "", end != NULL ? ", " : "",
                            p->restarts, p->restarts == 1 ? "restart" : "restarts"),
                    loop_since(u, p, p->crashed_ms));
        return true;
    }
    return false;
}

static bool going_on(const struct k8s_scene *s, struct k8s_unit *u)
{
    const struct k8s_workload *w = u->set;
    int wanted = w->replicas - (w->partition < w->replicas ? w->partition : w->replicas);
    bool by_hand = ncm_str_is(w->strategy, "OnDelete");
    const struct k8s_condition *c = k8s_condition_find(&w->conditions, "Progressing");
    bool stateful = u->kind == K8S_STATEFULSET;
    bool other = !stateful || !ncm_str_eq(w->revision, w->current_revision);
    if (other && !by_hand && w->updated < (stateful ? wanted : w->replicas)) {
        u->reason = k8s_say(s->a, "%d of %d new", w->updated, stateful ? wanted : w->replicas);
    } else if (!stateful && w->total > w->updated) {
        u->reason = k8s_say(s->a, "%d old going away", w->total - w->updated);
    } else if (!stateful && w->available < w->updated) {
        u->reason = k8s_say(s->a, "%d of %d available", w->available, w->updated);
    } else if (w->ready < w->replicas) {
        u->reason = k8s_say(s->a, "%d of %d ready", w->ready, w->replicas);
    } else {
        return false;
    }
    u->health = NCM_HEALTH_PROGRESSING;
    u->since_ms = u->rolling ? rollout_since(u, c) : unready_since(u, c);
    return true;
}

/* The probe's answer says more than a count. */
static void add_probe(const struct k8s_scene *s, struct k8s_unit *u)
{
    for (size_t i = 0; i < u->n_pods; i++) {
        const struct k8s_seen *p = &u->pods[i];
        const struct k8s_event *e =
            p->live && p->trouble == K8S_NOT_READY ? k8s_event_of(u, p->pod, "Unhealthy") : NULL;
        if (e != NULL) {
            u->worst = p;
            u->reason = k8s_say(s->a, "%s; %s", ncm_cstr(u->reason), ncm_cstr(e->it.message));
            return;
        }
    }
}

static bool not_seen_yet(const struct k8s_scene *s, struct k8s_unit *u)
{
    const struct k8s_workload *w = u->set;
    if (w->head.generation > w->observed) {
        k8s_verdict(u, NCM_HEALTH_PROGRESSING,
                    k8s_say(s->a, "generation %lld, observed %lld", (long long)w->head.generation,
                            (long long)w->observed),
                    NCM_NO_TIME);
        u->rolling = true;
        return true;
    }
    if (u->kind != K8S_STATEFULSET && w->conditions.n == 0 &&
        !k8s_past(&u->clock, w->head.created_ms, (int64_t)w->deadline_s * 1000)) {
        k8s_verdict(u, NCM_HEALTH_PROGRESSING, k8s_say(s->a, "no conditions yet"),
                    w->head.created_ms);
        u->rolling = true;
        return true;
    }
    return false;
}

void k8s_judge_set(const struct k8s_scene *s, struct k8s_unit *u)
{
    const struct k8s_workload *w = u->set;
    const struct k8s_condition *progress = k8s_condition_find(&w->conditions, "Progressing");
    const struct k8s_condition *available = k8s_condition_find(&w->conditions, "Available");
    struct ncm_str reason = {NULL, 0};
    int64_t since = NCM_NO_TIME;
    if (w->replicas == 0) {
        k8s_verdict(u, NCM_HEALTH_STOPPED, reason, since_of(progress));
        return;
    }
    if (not_seen_yet(s, u)) {
        return;
    }
    u->rolling = !is_complete(u);
    u->waits = w->paused && (!k8s_rolled_out(w) || (s->sees_sets && u->wanted == NULL));
    if (trouble(s, u, &reason, &since)) {
        int64_t down = w->ready == 0 ? since_of(available) : NCM_NO_TIME;
        bool loops = u->worst != NULL && u->worst->restarts > 0;
        since = loops ? earlier(since, down) : down != NCM_NO_TIME ? down : since;
        k8s_verdict(u, w->ready > 0 ? NCM_HEALTH_DEGRADED : NCM_HEALTH_FAILED, reason, since);
        return;
    }
    if (w->ready >= w->replicas && crashed_lately(s, u)) {
        return;
    }
    if (u->waits) {
        k8s_verdict(u, NCM_HEALTH_PAUSED,
                    k8s_say(s->a, "DeploymentPaused: %d of %d new", w->updated, w->replicas),
                    since_of(progress));
        return;
    }
    if (going_on(s, u)) {
        add_probe(s, u);
        return;
    }
    k8s_verdict(u, NCM_HEALTH_HEALTHY, reason,
                later(since_of(available), progress != NULL ? progress->updated_ms : NCM_NO_TIME));
}

static bool is_batch(const struct k8s_unit *u)
{
    return u->kind == K8S_JOB || u->kind == K8S_CRONJOB;
}

void k8s_judge(const struct k8s_scene *s, struct k8s_unit *u)
{
    if (u->judged) {
        return;
    }
    u->judged = true;
    for (size_t i = 0; i < u->n_pods; i++) {
        struct k8s_seen *p = &u->pods[i];
        k8s_look(s->a, &u->clock, is_batch(u), p);
        if (u->kind == K8S_STATEFULSET) {
            p->wanted = ncm_str_eq(p->pod->revision_hash, u->set->revision) != 0;
        }
    }
    if (u->isvc != NULL) {
        k8s_judge_isvc(s, u);
    } else if (u->cron != NULL) {
        k8s_judge_cronjob(s, u);
    } else if (u->job != NULL) {
        k8s_judge_job(s, u);
    } else {
        k8s_judge_set(s, u);
    }
}

enum ncm_health k8s_health(const struct k8s_scene *s, struct k8s_unit *u)
{
    if (u->box != NULL) {
        return u->box->it.health;
    }
    k8s_judge(s, u);
    return u->health;
}
