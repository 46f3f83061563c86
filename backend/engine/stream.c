/* The stream lane: waits for changes of the store and marks what is shown for loading. It runs
 * only for who pumps: a headless command needs no watch. */
#include "base/log.h"
#include "base/num.h"
#include "engine/internal.h"

enum {
    WATCH_MS = 30000,
    FIRST_MS = 2000, /* the first one after a failure */
};

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
static void changed(struct ncm_session *s, const struct ncm_news *news)
{
    if ((news->what & (NCM_WATCH_SCHEMA | NCM_WATCH_REPLACED | NCM_WATCH_GONE)) != 0) {
        s->reads.reconnect = s->actions.reconnect = true;
        ncm_loads_mark(s, ~0u, false, true);
    } else if (news->what != NCM_WATCH_NOTHING) {
        ncm_loads_mark(s, news->topics, false, false);
    }
}

/* Holding the lock. */
static struct ncm_interest interest(const struct ncm_session *s)
{
    /* Who paused, or looks at something else, need not be told at once. */
    struct ncm_interest in = {.idle_ms = s->paused ? INT64_MAX : ncm_mono_ms() - s->attended_ms};
    for (const struct ncm_load *l = s->loads; l != NULL; l = l->next) {
        in.topics |= 1u << l->query->topic;
    }
    return in;
}

/* One wait of the provider, told what is looked at just now. */
static bool watch(struct ncm_lane *lane, int wait_ms, struct ncm_control *control,
                  struct ncm_news *news, struct ncm_err *err)
{
    struct ncm_session *s = lane->session;
    pthread_mutex_lock(&s->lock);
    struct ncm_interest in = interest(s);
    atomic_store(&lane->cancel, s->quit);
    pthread_mutex_unlock(&s->lock);
    bool ok = s->provider->watch(lane->conn, &in, wait_ms, control, news, err);
    if (!ok && err->code == NCM_CANCELLED) {
        *news = (struct ncm_news){0}; /* somebody came back, or it is over */
        return true;
    }
    return ok;
}

/* Opens and sets the mark from which changes count. */
static bool begin(struct ncm_lane *lane, struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_session *s = lane->session;
    struct ncm_news news = {0};
    if (!ncm_lane_connect(lane, control, err) || !watch(lane, 0, control, &news, err)) {
        return false;
    }
    pthread_mutex_lock(&s->lock);
    catch_up(s, ncm_mono_ms());
    changed(s, &news);
    if (s->watch_failed) {
        s->watch_failed = false;
        ncm_source_watched(s);
    }
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
        s->watch_now = false;
        /* A file that the watch could not look at may be gone: the reads find out and say why. */
        bool anew = !ncm_session_remote(s) || ncm_source_reopens(s, err->code);
        s->reads.reconnect = s->reads.reconnect || anew;
    }
    /* What nobody watches is read again at each try, but not against the other side's wish. */
    if (!ncm_source_limited(s, err)) {
        ncm_loads_mark(s, ~0u, false, false);
    }
    ncm_bell_ring(&s->bell);
    int64_t until = ncm_mono_ms() + ncm_backoff_ms(s, failures, err);
    while (!s->quit && !s->watch_now && ncm_wait_until(s, &lane->wake, until)) {}
    s->watch_now = false;
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
        struct ncm_news news = {0};
        control.deadline_mono_ms = open ? 0 : ncm_mono_ms() + WATCH_MS;
        int wait_ms = failures > 0 ? FIRST_MS : WATCH_MS;
        bool ok = open ? watch(lane, wait_ms, &control, &news, &err) : begin(lane, &control, &err);
        if (!ok) {
            open = false;
            failures++;
            lost(lane, failures, &err);
            continue;
        }
        /* To begin may ask nothing yet: only a watch that was kept shows that it works again. */
        failures = open ? 0 : failures;
        open = true;
        if (news.what != NCM_WATCH_NOTHING) {
            pthread_mutex_lock(&s->lock);
            changed(s, &news);
            pthread_mutex_unlock(&s->lock);
        }
        /* Where it is gone, the same watch sees it come back. */
        if ((news.what & NCM_WATCH_REPLACED) != 0) {
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
