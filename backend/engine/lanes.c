/* What the three lanes have in common: a thread with a small stack and blocked signals, and a
 * connection that the provider opens when it is first needed. */
#include <limits.h>
#include <signal.h>
#include <time.h>

#include "base/num.h"
#include "engine/internal.h"

enum {
    STACK_BYTES = 512 * 1024,
    RETRY_FIRST_MS = 1000,
    RETRY_LAST_MS = 60000,
    ASKED_LAST_MS = 600000, /* of a server's Retry-After */
};

void ncm_lane_init(struct ncm_lane *l, struct ncm_session *s)
{
    l->session = s;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&l->wake, &attr);
    pthread_condattr_destroy(&attr);
    atomic_init(&l->cancel, false);
}

bool ncm_lane_start(struct ncm_lane *l, void *(*run)(void *lane))
{
    if (l->started) {
        return true;
    }
    /* Signals belong to the owner's thread: it alone may touch the terminal. */
    sigset_t all, before;
    sigfillset(&all);
    /* But a fault must reach its handler, which puts the terminal back: blocked, it kills at once.
     */
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        sigdelset(&all, faults[i]);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    l->started = pthread_create(&l->thread, &attr, run, l) == 0;
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return l->started;
}

bool ncm_wait_until(struct ncm_session *s, pthread_cond_t *cond, int64_t until_ms)
{
    if (until_ms == NCM_NEVER) {
        pthread_cond_wait(cond, &s->lock);
        return true;
    }
    int64_t left = until_ms - ncm_mono_ms();
    if (left <= 0) {
        return false;
    }
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(left / 1000);
    at.tv_nsec += (long)(left % 1000) * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    pthread_cond_timedwait(cond, &s->lock, &at);
    return ncm_mono_ms() < until_ms;
}

void ncm_lane_disconnect(struct ncm_lane *l)
{
    struct ncm_session *s = l->session;
    pthread_mutex_lock(&s->lock);
    struct ncm_conn *conn = l->conn;
    l->conn = NULL;
    l->reconnect = false;
    pthread_mutex_unlock(&s->lock);
    if (conn != NULL) {
        s->provider->close(conn);
    }
}

bool ncm_lane_connect(struct ncm_lane *l, struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_session *s = l->session;
    pthread_mutex_lock(&s->lock);
    bool again = l->reconnect;
    bool open = l->conn != NULL;
    pthread_mutex_unlock(&s->lock);
    if (again) {
        ncm_lane_disconnect(l);
        open = false;
    }
    if (open) {
        return true;
    }
    struct ncm_conn *conn = NULL;
    if (!s->provider->open(&s->source.place, &conn, control, err)) {
        return false;
    }
    pthread_mutex_lock(&s->lock);
    l->conn = conn;
    pthread_mutex_unlock(&s->lock);
    return true;
}

void ncm_lane_interrupt(struct ncm_lane *l, atomic_bool *cancel)
{
    atomic_store(cancel, true);
    if (l->conn != NULL && l->session->provider->interrupt != NULL) {
        l->session->provider->interrupt(l->conn);
    }
    pthread_cond_broadcast(&l->wake);
}

bool ncm_lane_join(struct ncm_lane *l, int64_t until_ms)
{
    struct ncm_session *s = l->session;
    pthread_mutex_lock(&s->lock);
    while (l->started && !l->ended && ncm_wait_until(s, &s->owner, until_ms)) {}
    bool over = !l->started || l->ended;
    pthread_mutex_unlock(&s->lock);
    if (over && l->started) {
        pthread_join(l->thread, NULL);
        l->started = false;
    }
    return over;
}

int64_t ncm_backoff_ms(struct ncm_session *s, int failures, const struct ncm_err *err)
{
    int64_t ms = RETRY_FIRST_MS;
    for (int i = 1; i < failures && ms < RETRY_LAST_MS; i++) {
        ms *= 2;
    }
    if (ms > RETRY_LAST_MS) {
        ms = RETRY_LAST_MS;
    }
    /* Many programs that lost the same server must not come back in step. */
    s->jitter = s->jitter * 6364136223846793005u + 1442695040888963407u;
    int64_t quarter = ms / 4;
    int64_t spread = (int64_t)((s->jitter >> 33) % (uint64_t)(2 * quarter + 1));
    int64_t asked = err->retry_ms < ASKED_LAST_MS ? err->retry_ms : ASKED_LAST_MS;
    return ms - quarter > asked ? ms - quarter + spread : asked + spread;
}

bool ncm_code_breaks(enum ncm_code code)
{
    return code == NCM_UNREACHABLE || code == NCM_UNAUTHENTICATED || code == NCM_TLS ||
           code == NCM_IO || code == NCM_INVALID_DATA || code == NCM_FORBIDDEN;
}

void ncm_job_context_fill(struct ncm_job_context *ctx, struct ncm_lane *l,
                          const atomic_bool *cancel)
{
    struct ncm_session *s = l->session;
    *ctx = (struct ncm_job_context){
        .session = s,
        .provider = s->provider,
        .conn = l->conn,
        .place = &s->source.place,
        .store_label = s->choice.label,
        .registry_label = s->source.registry_label,
        .state_path = s->source.state_path,
        .read_only = ncm_session_locked(s),
        .why_read_only = s->why_read_only,
        .control = {.cancel = cancel},
    };
}
