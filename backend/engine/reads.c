/* The reads lane: picks what matters most, fetches it, hands it over, plans the next try. */
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/num.h"
#include "engine/internal.h"

enum {
    DEADLINE_MS = 120000,
    REMOTE_DEADLINE_MS = 600000, /* of many requests, each with a patience of its own */
    REPLAY_MS = 5000,
    SLOW_MS = 500,     /* worth a look of the owner */
    PROGRESS_MS = 100, /* the bell rings no more often for progress */
    WINDOW_ROWS = NCM_RUNS_PAGE,
};

/* Rows came into view and the order that is known still holds. */
static bool window_only(const struct ncm_load *l)
{
    return l->window && l->newest != NULL && !l->reset && !l->from_cache;
}

const struct ncm_topic_ops *ncm_topic_ops_of(const struct ncm_session *s, enum ncm_topic topic)
{
    for (const struct ncm_topic_ops *t = s->topics; t != NULL && t->fetch != NULL; t++) {
        if (t->topic == topic) {
            return t;
        }
    }
    return NULL;
}

/* Shows what was kept from an earlier start, or other rows of it: no question to the source. */
static bool replay(const struct ncm_session *s, const struct ncm_load *l)
{
    return ncm_load_cacheable(s, l) || (l->from_cache && l->window);
}

/* What may run now and how urgent it is; 0: nothing, *wake gets the time to look again. */
static int urgency(const struct ncm_session *s, const struct ncm_load *l, int64_t now,
                   int64_t *wake)
{
    if (replay(s, l)) {
        return 4;
    }
    if (ncm_source_holds(s, l, now)) {
        if (l->full || l->window) {
            *wake = s->outage.until_ms < *wake ? s->outage.until_ms : *wake;
        }
        return 0;
    }
    if (window_only(l)) {
        return 3;
    }
    if (!l->full || (s->paused && !l->forced && l->newest != NULL)) {
        return 0;
    }
    if (l->due_ms > now) {
        *wake = l->due_ms < *wake ? l->due_ms : *wake;
        return 0;
    }
    return l->newest == NULL || l->from_cache ? 2 : 1;
}

/* Of two that may run. Where the source is down, one tries it that did not fail by itself. */
static bool goes_before(const struct ncm_session *s, const struct ncm_load *a, int urgency_a,
                        const struct ncm_load *b, int urgency_b)
{
    if (s->outage.down && urgency_a < 4 && urgency_b < 4 && a->failures != b->failures) {
        return a->failures < b->failures;
    }
    return urgency_a != urgency_b ? urgency_a > urgency_b : a->serial > b->serial;
}

static struct ncm_load *pick(struct ncm_session *s, int64_t *wake)
{
    struct ncm_load *best = NULL;
    int best_urgency = 0;
    int64_t now = ncm_mono_ms();
    *wake = NCM_NEVER;
    for (struct ncm_load *l = s->loads; l != NULL; l = l->next) {
        int u = urgency(s, l, now, wake);
        if (u > 0 && (best == NULL || goes_before(s, l, u, best, best_urgency))) {
            best = l;
            best_urgency = u;
        }
    }
    return best;
}

/* One fetch under way, as the provider's callbacks see it. */
struct running {
    struct ncm_session *session;
    struct ncm_load *load;
    bool window, reset, cached;
    uint64_t asked; /* the generation that this load answers */
};

/* Whether one that was asked for later has nothing to show yet. Holding the lock. */
static bool another_waits(const struct ncm_session *s, const struct ncm_load *than)
{
    for (const struct ncm_load *l = s->loads; l != NULL; l = l->next) {
        if (l != than && l->full && l->newest == NULL && l->failures == 0 &&
            l->serial > than->serial) {
            return true;
        }
    }
    return false;
}

/* First rows in a hurry are no gain over the exact ones of a moment ago, nor fewer rows over more
 * that were kept. */
static bool is_worse(const struct running *r, const struct ncm_snapshot *snap)
{
    const struct ncm_load *l = r->load;
    if (l->newest == NULL) {
        return false;
    }
    if (r->cached || !snap->provisional || !l->from_cache) {
        return (r->cached && !l->from_cache) || (snap->provisional && !l->newest->provisional);
    }
    return snap->topic == NCM_T_RUNS && ((const struct ncm_runs_snapshot *)snap)->n <
                                            ((const struct ncm_runs_snapshot *)l->newest)->n;
}

static void publish(void *to, struct ncm_snapshot *snap)
{
    struct running *r = to;
    struct ncm_session *s = r->session;
    struct ncm_load *l = r->load;
    struct ncm_snapshot *old = NULL, *unseen = NULL;
    pthread_mutex_lock(&s->lock);
    bool worse = is_worse(r, snap);
    if (s->outage.down && !r->cached && !l->local && !l->orphan) {
        ncm_source_answered(s, l); /* the others need not wait for the rest */
    }
    snap->provisional = snap->provisional || r->cached;
    if (l->orphan || s->quit || worse) {
        old = snap;
    } else {
        old = l->newest;
        unseen = l->slot;
        l->alive_ms = ncm_mono_ms();
        l->newest = snap;
        l->from_cache = r->cached;
        l->slot = ncm_snapshot_ref(snap);
        if (snap->provisional && another_waits(s, l)) {
            ncm_reads_preempt(s);
        }
        pthread_cond_broadcast(&s->owner);
        ncm_bell_ring(&s->bell);
    }
    pthread_mutex_unlock(&s->lock);
    ncm_snapshot_unref(old);
    ncm_snapshot_unref(unseen);
}

static void progress(void *to, int64_t done, int64_t total)
{
    struct running *r = to;
    struct ncm_session *s = r->session;
    struct ncm_load *l = r->load;
    int64_t now = ncm_mono_ms();
    pthread_mutex_lock(&s->lock);
    l->done = done;
    l->total = total;
    l->alive_ms = now;
    if (now - l->progress_ms >= PROGRESS_MS) {
        l->progress_ms = now;
        l->news = true;
        ncm_bell_ring(&s->bell);
    }
    pthread_mutex_unlock(&s->lock);
}

/* The rows that any of the wants looks at. */
static void window_of(const struct ncm_load *l, struct ncm_fetch *f)
{
    size_t first = SIZE_MAX, end = 0;
    for (const struct ncm_want *w = l->wants; w != NULL; w = w->next) {
        size_t count = w->count > 0 ? w->count : WINDOW_ROWS;
        first = w->first < first ? w->first : first;
        end = w->first + count > end ? w->first + count : end;
    }
    f->first = first == SIZE_MAX ? 0 : first;
    f->count = end > f->first ? end - f->first : WINDOW_ROWS;
}

static bool fetch(struct ncm_lane *lane, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_session *s = lane->session;
    const struct ncm_topic_ops *ops = ncm_topic_ops_of(s, f->query->topic);
    struct ncm_err open_err = {0};
    bool open = ncm_lane_connect(lane, &f->control, &open_err);
    if (ops != NULL) {
        struct ncm_job_context ctx;
        ncm_job_context_fill(&ctx, lane, f->control.cancel);
        ctx.control = f->control;
        if (ops->fetch(&ctx, f, err)) {
            return true;
        }
        if (!open) {
            *err = open_err;
        }
        return false;
    }
    if (!open) {
        *err = open_err;
        return false;
    }
    return s->provider->fetch(lane->conn, f, err);
}

static bool worth_retrying(enum ncm_code code)
{
    switch (code) {
    case NCM_USAGE:
    case NCM_REFUSED:
    case NCM_UNSUPPORTED:
    case NCM_TOO_LARGE:
    case NCM_INTERNAL:
        return false;
    default:
        return true;
    }
}

/* Cancelled for something more urgent: it is still wanted. Holding the lock. */
static void put_back(struct ncm_load *l, bool window, bool reset)
{
    l->window = l->window || window;
    l->full = l->full || !window;
    l->forced = l->forced || !window;
    l->reset = l->reset || reset;
    l->due_ms = l->ended_ms;
    if (l->preempted) {
        l->serial = 0; /* behind those that it had to make way for */
    }
}

/* Plans the next try after a failure. Holding the lock. */
static void failed(struct ncm_session *s, struct ncm_load *l, const struct ncm_err *err, bool reset)
{
    l->failures++;
    l->failed = true;
    l->news = true;
    l->err = *err;
    l->reset = l->reset || reset;
    if (!worth_retrying(err->code)) {
        if (l->newest == NULL && !l->full) { /* a window asked for meanwhile is answered too */
            l->window = false;
            l->answered = l->asked;
        }
        return;
    }
    bool whole = ncm_source_failed(s, l, err);
    l->failed_ms = l->ended_ms;
    if (whole) {
        return;
    }
    int64_t due = l->ended_ms + ncm_backoff_ms(s, l->failures, err);
    if (!l->full || due < l->due_ms) {
        l->due_ms = due;
    }
    l->full = true;
    l->forced = true;
}

/* Plans what follows a load. Holding the lock. */
static void settle(struct ncm_session *s, struct ncm_load *l, bool ok, const struct ncm_err *err,
                   const struct running *r)
{
    l->running = false;
    if (r->cached) {
        l->cache_tried = true; /* that nothing was kept is no news */
        l->run_cached = false;
        return;
    }
    l->ended_ms = ncm_mono_ms();
    if (!r->window) {
        l->duration_ms = l->ended_ms - l->started_ms;
    }
    if (!ok && err->code == NCM_CANCELLED) {
        put_back(l, r->window, r->reset);
        l->preempted = false;
        return;
    }
    l->preempted = false;
    l->preemptions = 0;
    l->answered = r->asked;
    if (!ok) {
        failed(s, l, err, r->reset);
        return;
    }
    if (!l->local) {
        ncm_source_answered(s, l);
    }
    if (!r->window) {
        l->news = l->news || l->failed;
        l->failed = false;
        l->failures = 0;
    }
}

/* Takes a load on. Holding the lock. */
static void begin(struct ncm_session *s, struct ncm_load *l, struct running *r, struct ncm_fetch *f)
{
    int64_t now = ncm_mono_ms();
    int64_t deadline = l->remote ? REMOTE_DEADLINE_MS : DEADLINE_MS;
    deadline = s->timeout_ms > deadline ? s->timeout_ms : deadline;
    int64_t try = ncm_source_try_ms(s, l);
    deadline = try > 0 && try < deadline ?
    try : deadline
        ;
    r->session = s;
    r->load = l;
    r->cached = false;
    r->window = window_only(l);
    r->reset = !r->window && l->reset;
    r->asked = r->window && l->full ? l->answered : l->asked;
    *f = (struct ncm_fetch){
        .query = l->query,
        .window_only = r->window,
        .full = !r->window && l->asked_for,
        .previous = r->reset || l->from_cache ? NULL : ncm_snapshot_ref(l->newest),
        .control = {.cancel = &l->cancel, .deadline_mono_ms = now + deadline},
        .publish = publish,
        .progress = progress,
        .to = r,
    };
    window_of(l, f);
    l->window = false;
    if (!r->window) {
        l->full = l->forced = l->reset = l->asked_for = false;
    }
    l->running = true;
    l->run_window = r->window;
    l->started_ms = now;
    l->done = 0;
    l->total = 0;
    l->alive_ms = 0;
    atomic_store(&l->cancel, false);
    s->running = l;
    if (l->remote || l->duration_ms > SLOW_MS) {
        ncm_bell_ring(&s->bell); /* so that somebody looks whether it comes */
    }
}

/* Takes on what was kept; the question itself stays to be asked. Holding the lock. */
static void begin_replay(struct ncm_session *s, struct ncm_load *l, struct running *r,
                         struct ncm_fetch *f)
{
    *r = (struct running){.session = s, .load = l, .cached = true};
    *f = (struct ncm_fetch){
        .query = l->query,
        .cached = true,
        .control = {.cancel = &l->cancel, .deadline_mono_ms = ncm_mono_ms() + REPLAY_MS},
        .publish = publish,
        .progress = progress,
        .to = r,
    };
    window_of(l, f);
    l->window = false;
    l->running = l->run_cached = true;
    atomic_store(&l->cancel, false);
    s->running = l;
}

/* What is made above the providers is made of answers that are kept themselves. */
static bool fetch_kept(struct ncm_lane *lane, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_session *s = lane->session;
    return ncm_topic_ops_of(s, f->query->topic) == NULL &&
           ncm_lane_connect(lane, &f->control, err) && s->provider->fetch(lane->conn, f, err);
}

/* Holding the lock; lets go of it while fetching. */
static void run(struct ncm_lane *lane, struct ncm_load *l)
{
    struct ncm_session *s = lane->session;
    struct running r;
    struct ncm_fetch f;
    struct ncm_err err = {0};
    if (replay(s, l)) {
        begin_replay(s, l, &r, &f);
    } else {
        begin(s, l, &r, &f);
    }
    pthread_mutex_unlock(&s->lock);
    bool ok = r.cached ? fetch_kept(lane, &f, &err) : fetch(lane, &f, &err);
    ncm_snapshot_unref(f.previous);
    if (!ok && !r.cached && ncm_code_breaks(err.code)) {
        ncm_log("load: %s: %s (%s)", ncm_code_name(err.code), err.what, err.detail);
    }
    pthread_mutex_lock(&s->lock);
    if (!ok && !r.cached && ncm_source_reopens(s, err.code)) {
        pthread_mutex_unlock(&s->lock);
        ncm_lane_disconnect(lane);
        pthread_mutex_lock(&s->lock);
    }
    s->running = NULL;
    if (l->orphan) {
        pthread_mutex_unlock(&s->lock);
        ncm_load_free(l);
        pthread_mutex_lock(&s->lock);
        return;
    }
    settle(s, l, ok, &err, &r);
    pthread_cond_broadcast(&s->owner);
    ncm_bell_ring(&s->bell);
}

void *ncm_reads_main(void *arg)
{
    struct ncm_lane *lane = arg;
    struct ncm_session *s = lane->session;
    pthread_mutex_lock(&s->lock);
    while (!s->quit) {
        int64_t wake;
        struct ncm_load *l = pick(s, &wake);
        if (l != NULL) {
            run(lane, l);
        } else {
            ncm_wait_until(s, &lane->wake, wake);
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
