/* The stream lane: waits for changes of the store and marks what is shown for loading. It runs
 * only for who pumps: a headless command needs no watch. */
#include "base/log.h"
#include "base/num.h"
#include "engine/internal.h"

enum { WATCH_MS = 30000 };

/* Everything loaded before the watch began to look may be out of date already. */
static void catch_up(struct ncm_session *s, int64_t since_ms)
{
    for (struct ncm_load *l = s->loads; l != NULL; l = l->next) {
        if (l->started_ms > 0 && l->started_ms <= since_ms) {
            ncm_load_mark(l, false, false);
        }
    }
    pthread_cond_broadcast(&s->reads.wake);
}

/* Holding the lock. */
static void changed(struct ncm_session *s, unsigned what)
{
    if ((what & (NCM_WATCH_SCHEMA | NCM_WATCH_REPLACED | NCM_WATCH_GONE)) != 0) {
        s->reads.reconnect = s->actions.reconnect = true;
        ncm_loads_mark(s, false, true);
    } else if (what != NCM_WATCH_NOTHING) {
        ncm_loads_mark(s, false, false);
    }
}

/* Opens and sets the mark from which changes count. */
static bool begin(struct ncm_lane *lane, struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_session *s = lane->session;
    unsigned what = 0;
    if (!ncm_lane_connect(lane, control, err) ||
        !s->provider->watch(lane->conn, 0, control, &what, err)) {
        return false;
    }
    pthread_mutex_lock(&s->lock);
    catch_up(s, ncm_mono_ms());
    changed(s, what);
    s->watch_failed = false;
    ncm_bell_ring(&s->bell);
    pthread_mutex_unlock(&s->lock);
    return true;
}

static void lost(struct ncm_lane *lane, int failures, const struct ncm_err *err)
{
    struct ncm_session *s = lane->session;
    ncm_log("watch: %s: %s (%s)", ncm_code_name(err->code), err->what, err->detail);
    ncm_lane_disconnect(lane);
    pthread_mutex_lock(&s->lock);
    if (!s->watch_failed) {
        s->watch_failed = true;
        /* What the watch could not look at may be gone: the reads find out and say why. */
        s->reads.reconnect = true;
        ncm_loads_mark(s, false, false);
        pthread_cond_broadcast(&s->reads.wake);
        ncm_bell_ring(&s->bell);
    }
    int64_t until = ncm_mono_ms() + ncm_backoff_ms(s, failures);
    while (!s->quit && ncm_wait_until(s, &lane->wake, until)) {}
    pthread_mutex_unlock(&s->lock);
}

static bool wanted(struct ncm_lane *lane)
{
    struct ncm_session *s = lane->session;
    pthread_mutex_lock(&s->lock);
    while (!s->quit && s->loads == NULL) {
        ncm_wait_until(s, &lane->wake, NCM_NEVER);
    }
    bool on = !s->quit;
    pthread_mutex_unlock(&s->lock);
    return on;
}

void *ncm_stream_main(void *arg)
{
    struct ncm_lane *lane = arg;
    struct ncm_session *s = lane->session;
    struct ncm_control control = {.cancel = &lane->cancel};
    bool open = false;
    int failures = 0;
    while (wanted(lane)) {
        struct ncm_err err = {0};
        unsigned what = 0;
        control.deadline_mono_ms = open ? 0 : ncm_mono_ms() + WATCH_MS;
        bool ok = open ? s->provider->watch(lane->conn, WATCH_MS, &control, &what, &err)
                       : begin(lane, &control, &err);
        if (!ok) {
            open = false;
            failures++;
            lost(lane, failures, &err);
            continue;
        }
        open = true;
        failures = 0;
        if (what != NCM_WATCH_NOTHING) {
            pthread_mutex_lock(&s->lock);
            changed(s, what);
            pthread_mutex_unlock(&s->lock);
        }
        /* Where it is gone, the same watch sees it come back. */
        if ((what & NCM_WATCH_REPLACED) != 0) {
            ncm_lane_disconnect(lane);
            open = false;
        }
    }
    ncm_lane_disconnect(lane);
    pthread_mutex_lock(&s->lock);
    lane->ended = true;
    pthread_cond_broadcast(&s->owner);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}
