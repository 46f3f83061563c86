/* The actions lane: jobs one after another, in order; no result is ever dropped. */
#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/internal.h"

enum { DEADLINE_MS = 60000 };

static void append(struct ncm_job **list, struct ncm_job *job)
{
    while (*list != NULL) {
        list = &(*list)->next;
    }
    job->next = NULL;
    *list = job;
}

void ncm_jobs_free(struct ncm_job *list)
{
    while (list != NULL) {
        struct ncm_job *next = list->next;
        if (list->free_arg != NULL) {
            list->free_arg(list->result.arg);
        }
        ncm_free(list);
        list = next;
    }
}

static uint64_t submit(struct ncm_session *s, bool reads_only, ncm_job_fn run, void *arg,
                       void (*free_arg)(void *arg))
{
    struct ncm_job *job = ncm_alloc(1, sizeof *job);
    job->run = run;
    job->free_arg = free_arg;
    job->reads_only = reads_only;
    job->result.arg = arg;
    pthread_mutex_lock(&s->lock);
    uint64_t id = ++s->job_id;
    job->result.id = id;
    if (ncm_lane_start(&s->actions, ncm_actions_main)) {
        append(&s->queue, job);
        ncm_actions_cut(s, false);
        pthread_cond_broadcast(&s->actions.wake);
    } else {
        ncm_fail(&job->result.err, NCM_INTERNAL, _("No thread is left for this action"));
        append(&s->results, job);
        ncm_bell_ring(&s->bell);
    }
    pthread_mutex_unlock(&s->lock);
    return id;
}

uint64_t ncm_session_submit(struct ncm_session *s, ncm_job_fn run, void *arg,
                            void (*free_arg)(void *arg))
{
    return submit(s, false, run, arg, free_arg);
}

uint64_t ncm_session_inspect(struct ncm_session *s, ncm_job_fn run, void *arg,
                             void (*free_arg)(void *arg))
{
    return submit(s, true, run, arg, free_arg);
}

void ncm_session_background(struct ncm_session *s, ncm_job_fn run)
{
    pthread_mutex_lock(&s->lock);
    ncm_actions_cut(s, false);
    s->background.run = run;
    s->background.failures = 0;
    s->background.due_ms = ncm_mono_ms();
    ncm_lane_start(&s->actions, ncm_actions_main);
    pthread_cond_broadcast(&s->actions.wake);
    pthread_mutex_unlock(&s->lock);
}

void ncm_actions_cut(struct ncm_session *s, bool all)
{
    if (s->background.running || (all && s->inspecting)) {
        ncm_lane_interrupt(&s->actions, &s->actions.cancel);
    }
}

/* Takes the wanted (id 0: the first) result. Holding the lock. */
static bool take(struct ncm_session *s, uint64_t id, struct ncm_job_result *out)
{
    for (struct ncm_job **at = &s->results; *at != NULL; at = &(*at)->next) {
        struct ncm_job *job = *at;
        if (id == 0 || job->result.id == id) {
            *at = job->next;
            *out = job->result;
            ncm_free(job);
            return true;
        }
    }
    return false;
}

bool ncm_session_result(struct ncm_session *s, struct ncm_job_result *out)
{
    pthread_mutex_lock(&s->lock);
    bool got = take(s, 0, out);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; !got && i < s->n_sides; i++) {
        got = ncm_session_result(s->sides[i], out);
    }
    return got;
}

/* The one whose job it is. */
static struct ncm_session *who_has(struct ncm_session *s, uint64_t id)
{
    size_t side = (size_t)(id >> NCM_SIDE_SHIFT);
    return side > 0 && side <= s->n_sides ? s->sides[side - 1] : s;
}

bool ncm_session_result_within(struct ncm_session *s, uint64_t id, int64_t ms,
                               struct ncm_job_result *out)
{
    s = who_has(s, id);
    int64_t until = ncm_mono_ms() + ms;
    pthread_mutex_lock(&s->lock);
    bool got = take(s, id, out);
    while (!got && ncm_wait_until(s, &s->owner, until)) {
        got = take(s, id, out);
    }
    got = got || take(s, id, out);
    pthread_mutex_unlock(&s->lock);
    return got;
}

bool ncm_session_result_wait(struct ncm_session *s, uint64_t id, struct ncm_job_result *out,
                             struct ncm_err *err)
{
    if (ncm_session_result_within(s, id, who_has(s, id)->timeout_ms, out)) {
        return true;
    }
    s = who_has(s, id);
    pthread_mutex_lock(&s->lock);
    ncm_actions_cut(s, true);
    pthread_mutex_unlock(&s->lock);
    char text[32];
    ncm_fail(err, NCM_TIMEOUT, _("No answer within %s; the action may still be carried out"),
             ncm_fmt_duration(text, sizeof text, s->timeout_ms));
    return ncm_hint(err, "%s", _("'ncmlops audit' shows how it ended"));
}

static void carry_out(struct ncm_lane *lane, struct ncm_job *job)
{
    struct ncm_job_result *r = &job->result;
    int64_t timeout = lane->session->timeout_ms;
    int64_t patience = timeout > DEADLINE_MS ? timeout : DEADLINE_MS;
    struct ncm_control control = {.cancel = &lane->cancel,
                                  .deadline_mono_ms = ncm_mono_ms() + patience};
    struct ncm_err closed;
    struct ncm_job_context ctx;
    if (!ncm_lane_connect(lane, &control, &closed) && closed.code == NCM_CANCELLED) {
        r->err = closed;
        return;
    }
    /* Without a connection the job runs all the same: it may not need the store, or says itself
     * what is wrong with it. */
    ncm_job_context_fill(&ctx, lane, &lane->cancel);
    ctx.control = control;
    r->ok = job->run(&ctx, r->arg, &r->err);
    if (!r->ok && ncm_code_breaks(r->err.code)) {
        ncm_lane_disconnect(lane);
    }
}

/* Holding the lock; lets go of it meanwhile. */
static void run_job(struct ncm_lane *lane, struct ncm_job *job)
{
    struct ncm_session *s = lane->session;
    s->queue = job->next;
    s->inspecting = job->reads_only;
    pthread_mutex_unlock(&s->lock);
    carry_out(lane, job);
    pthread_mutex_lock(&s->lock);
    if (s->inspecting) {
        s->inspecting = false;
        atomic_store(&lane->cancel, false); /* it was told to end, not the lane */
    }
    append(&s->results, job);
    pthread_cond_broadcast(&s->owner);
    ncm_bell_ring(&s->bell);
}

/* The same for what nobody waits for. */
static void run_background(struct ncm_lane *lane)
{
    struct ncm_session *s = lane->session;
    struct ncm_job job = {.run = s->background.run};
    s->background.running = true;
    pthread_mutex_unlock(&s->lock);
    carry_out(lane, &job);
    pthread_mutex_lock(&s->lock);
    s->background.running = false;
    atomic_store(&lane->cancel, false); /* it was told to give way, not the lane to end */
    if (s->background.run != job.run) {
        return;
    }
    if (job.result.ok) {
        s->background.run = NULL;
        return;
    }
    s->background.failures += job.result.err.code != NCM_CANCELLED;
    s->background.due_ms =
        ncm_mono_ms() + ncm_backoff_ms(s, s->background.failures, &job.result.err);
}

void *ncm_actions_main(void *arg)
{
    struct ncm_lane *lane = arg;
    struct ncm_session *s = lane->session;
    pthread_mutex_lock(&s->lock);
    while (!s->quit || s->queue != NULL) {
        bool waiting = s->background.run != NULL;
        if (s->queue != NULL) {
            run_job(lane, s->queue);
        } else if (waiting && s->background.due_ms <= ncm_mono_ms()) {
            run_background(lane);
        } else {
            ncm_wait_until(s, &lane->wake, waiting ? s->background.due_ms : NCM_NEVER);
        }
    }
    pthread_mutex_unlock(&s->lock);
    ncm_lane_disconnect(lane);
    pthread_mutex_lock(&s->lock);
    lane->ended = true;
    pthread_cond_broadcast(&s->owner);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}
