/* Wants and loads on the owner's side: coalescing, cancelling, what is shown, how fresh it is. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/internal.h"

enum {
    THROTTLE_MS = 150,   /* least pause between two loads of one query */
    THROTTLE_FACTOR = 4, /* and at most a fifth of the time goes into loading it */
    PREEMPT_MAX = 3,
    SLOW_MS = 500,   /* a reload that takes longer is shown as loading */
    STUCK_MS = 1000, /* a first load that takes longer lets others go first */
};

void ncm_load_free(struct ncm_load *l)
{
    ncm_snapshot_unref(l->newest);
    ncm_snapshot_unref(l->slot);
    ncm_snapshot_unref(l->shown);
    ncm_query_free(l->query);
    ncm_free(l->text);
    ncm_free(l);
}

/* News of a source is no reason to repeat sooner what it could not answer. */
static bool keeps_pause(const struct ncm_load *l)
{
    return l->failed && l->full &&
           (ncm_code_of_source(l->err.code) || (l->remote && ncm_code_breaks(l->err.code)));
}

void ncm_load_mark(struct ncm_load *l, bool now, bool reset)
{
    int64_t due = ncm_mono_ms();
    if (!now && !reset && keeps_pause(l)) {
        l->asked++;
        return;
    }
    if (!now && l->ended_ms > 0) {
        int64_t pause = l->duration_ms * THROTTLE_FACTOR;
        if (pause < THROTTLE_MS) {
            pause = THROTTLE_MS;
        }
        if (l->ended_ms + pause > due) {
            due = l->ended_ms + pause;
        }
    }
    if (!l->full || due < l->due_ms) {
        l->due_ms = due;
    }
    l->full = true;
    l->forced = l->forced || now;
    l->reset = l->reset || reset;
    l->asked++;
}

void ncm_loads_mark(struct ncm_session *s, unsigned topics, bool now, bool reset)
{
    /* What is answered above the providers is made from the registry. */
    if ((topics & 1u << NCM_T_MODELS) != 0) {
        topics |= 1u << NCM_T_AUDIT | 1u << NCM_T_HOLDERS;
    }
    for (struct ncm_load *l = s->loads; l != NULL; l = l->next) {
        if ((topics & 1u << l->query->topic) != 0) {
            ncm_load_mark(l, now, reset);
        }
    }
    pthread_cond_broadcast(&s->reads.wake);
}

bool ncm_load_cacheable(const struct ncm_session *s, const struct ncm_load *l)
{
    return s->source.place.cache != NULL && !l->cache_tried && l->newest == NULL;
}

/* What is kept is shown at once, whatever the source does. */
static bool cache_waits(const struct ncm_session *s)
{
    for (const struct ncm_load *l = s->loads; l != NULL; l = l->next) {
        if (!l->running && ncm_load_cacheable(s, l)) {
            return true;
        }
    }
    return false;
}

static bool may_preempt(const struct ncm_session *s, const struct ncm_load *r)
{
    bool for_cache = cache_waits(s);
    if (s->outage.down) {
        return for_cache; /* another question would be as stuck */
    }
    if (r->preemptions >= PREEMPT_MAX) {
        return false;
    }
    return for_cache || (r->newest != NULL && !r->from_cache) ||
           ncm_mono_ms() - r->started_ms >= STUCK_MS;
}

void ncm_reads_preempt(struct ncm_session *s)
{
    struct ncm_load *r = s->running;
    if (r == NULL || r->orphan || r->run_window || r->run_cached || r->preempted ||
        !may_preempt(s, r)) {
        return;
    }
    r->preempted = true;
    r->preemptions++;
    ncm_lane_interrupt(&s->reads, &r->cancel);
}

void ncm_reads_unstick(struct ncm_session *s)
{
    const struct ncm_load *r = s->running;
    if (r == NULL || ncm_mono_ms() - r->started_ms < STUCK_MS) {
        return;
    }
    for (const struct ncm_load *l = s->loads; l != NULL; l = l->next) {
        if (l != r && l->full && l->newest == NULL && l->failures == 0) {
            ncm_reads_preempt(s);
            return;
        }
    }
}

static struct ncm_load *find(struct ncm_session *s, const char *text)
{
    for (struct ncm_load *l = s->loads; l != NULL; l = l->next) {
        if (strcmp(l->text, text) == 0) {
            return l;
        }
    }
    return NULL;
}

struct ncm_want *ncm_session_want(struct ncm_session *s, const struct ncm_query *q)
{
    s = ncm_session_for(s, q);
    struct ncm_want *w = ncm_alloc(1, sizeof *w);
    char *text = ncm_query_text(q);
    w->session = s;
    pthread_mutex_lock(&s->lock);
    struct ncm_load *l = find(s, text);
    if (l == NULL) {
        l = ncm_alloc(1, sizeof *l);
        l->query = ncm_query_dup(q);
        l->text = text;
        l->next = s->loads;
        atomic_init(&l->cancel, false);
        s->loads = l;
        const struct ncm_topic_ops *ops = ncm_topic_ops_of(s, q->topic);
        l->remote = ncm_session_remote(s);
        l->local = ops != NULL && ops->local;
        l->cache_tried = ops != NULL;
        ncm_load_mark(l, true, false);
        ncm_source_meet(s, l);
        ncm_reads_preempt(s);
    } else {
        ncm_free(text);
    }
    l->serial = ++s->serial;
    w->load = l;
    w->next = l->wants;
    l->wants = w;
    ncm_lane_start(&s->reads, ncm_reads_main);
    pthread_cond_broadcast(&s->reads.wake);
    pthread_cond_broadcast(&s->stream.wake);
    pthread_mutex_unlock(&s->lock);
    return w;
}

static void bury(struct ncm_session *s, struct ncm_snapshot *snap)
{
    if (snap == NULL) {
        return;
    }
    s->grave = ncm_grow(s->grave, s->n_grave, &s->cap_grave, sizeof *s->grave);
    s->grave[s->n_grave++] = snap;
}

void ncm_grave_empty(struct ncm_session *s)
{
    for (size_t i = 0; i < s->n_grave; i++) {
        ncm_snapshot_unref(s->grave[i]);
    }
    s->n_grave = 0;
}

/* A headless walk through many windows never pumps: what its last wait gave is let go here. */
static void unbury(struct ncm_session *s, struct ncm_snapshot *snap)
{
    for (size_t i = 0; snap != NULL && i < s->n_grave; i++) {
        if (s->grave[i] == snap) {
            s->grave[i] = s->grave[--s->n_grave];
            ncm_snapshot_unref(snap);
            return;
        }
    }
}

void ncm_want_release(struct ncm_want *w)
{
    if (w == NULL) {
        return;
    }
    struct ncm_session *s = w->session;
    struct ncm_load *l = w->load, *gone = NULL;
    pthread_mutex_lock(&s->lock);
    struct ncm_want **at = &l->wants;
    while (*at != w) {
        at = &(*at)->next;
    }
    *at = w->next;
    if (l->wants == NULL) {
        struct ncm_load **from = &s->loads;
        while (*from != l) {
            from = &(*from)->next;
        }
        *from = l->next;
        bury(s, l->shown);
        l->shown = NULL;
        if (l->running) {
            l->orphan = true; /* its lane frees it */
            ncm_lane_interrupt(&s->reads, &l->cancel);
        } else {
            gone = l;
        }
    }
    pthread_mutex_unlock(&s->lock);
    if (gone != NULL) {
        ncm_load_free(gone);
    }
    ncm_free(w);
}

bool ncm_loads_take(struct ncm_session *s)
{
    bool changed = false;
    for (struct ncm_load *l = s->loads; l != NULL; l = l->next) {
        if (l->slot != NULL) {
            bury(s, l->shown);
            l->shown = l->slot;
            l->slot = NULL;
            changed = true;
        }
        if (l->news) {
            l->news = false;
            l->shown_failed = l->failed;
            l->shown_err = l->err;
            changed = true;
        }
    }
    return changed;
}

const void *ncm_want_get(const struct ncm_want *w)
{
    return w->load->shown;
}

const struct ncm_err *ncm_want_error(const struct ncm_want *w)
{
    return w->load->shown_failed ? &w->load->shown_err : NULL;
}

static enum ncm_freshness state_of_failed(const struct ncm_session *s, const struct ncm_load *l)
{
    if (l->err.code == NCM_RATE_LIMITED && l->shown != NULL) {
        return NCM_STALE; /* it answers: not now */
    }
    if (ncm_code_of_source(l->err.code)) {
        return NCM_OFFLINE;
    }
    if (s->reads.conn != NULL && !ncm_code_breaks(l->err.code)) {
        /* The source answers; it is this question that has no answer (or not yet). */
        return l->shown == NULL ? NCM_LIVE : NCM_STALE;
    }
    return NCM_OFFLINE;
}

/* Since when an answer is under way, or waits for one that is; NCM_NEVER: neither. */
static int64_t loading_since(const struct ncm_session *s, const struct ncm_load *l, int64_t now)
{
    if (l->running && !l->run_window && !l->run_cached) {
        return l->started_ms;
    }
    bool held = s->paused && !l->forced && l->newest != NULL;
    return l->full && !l->failed && !held && l->due_ms <= now ? l->due_ms : NCM_NEVER;
}

static enum ncm_freshness state_of(const struct ncm_session *s, const struct ncm_load *l,
                                   int64_t now)
{
    if (l->failed) {
        return state_of_failed(s, l);
    }
    if (l->shown == NULL || l->shown->provisional) {
        return NCM_LOADING;
    }
    /* What is asked again of a source that was lost may hang as the source does. */
    bool lost = s->watch_failed || (s->outage.down && !l->local);
    if (!lost && loading_since(s, l, now) < now - SLOW_MS) {
        return NCM_LOADING;
    }
    if ((s->paused && l->full) || lost) {
        return NCM_STALE;
    }
    return NCM_LIVE;
}

static int64_t look_ms(struct ncm_session *s)
{
    int64_t next = -1;
    pthread_mutex_lock(&s->lock);
    int64_t now = ncm_mono_ms();
    for (const struct ncm_load *l = s->loads; l != NULL; l = l->next) {
        int64_t since = loading_since(s, l, now);
        int64_t left = since != NCM_NEVER ? since + SLOW_MS + 1 - now : 0;
        if (left > 0 && (next < 0 || left < next)) {
            next = left;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return next;
}

int64_t ncm_session_look_ms(struct ncm_session *s)
{
    int64_t next = look_ms(s);
    for (size_t i = 0; i < s->n_sides; i++) {
        int64_t side = look_ms(s->sides[i]);
        next = side >= 0 && (next < 0 || side < next) ? side : next;
    }
    return next;
}

static const struct ncm_err *problem_of(struct ncm_session *s, int64_t *taken_ms)
{
    const struct ncm_err *err = NULL;
    *taken_ms = NCM_NO_TIME;
    pthread_mutex_lock(&s->lock);
    for (const struct ncm_load *l = s->loads; l != NULL; l = l->next) {
        if (!l->shown_failed || !l->failed || state_of(s, l, 0) != NCM_OFFLINE) {
            continue;
        }
        err = &l->shown_err;
        if (l->shown != NULL && l->shown->taken_ms > *taken_ms) {
            *taken_ms = l->shown->taken_ms;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return err;
}

const struct ncm_err *ncm_session_problem(struct ncm_session *s, int64_t *taken_ms)
{
    const struct ncm_err *err = problem_of(s, taken_ms);
    for (size_t i = 0; err == NULL && i < s->n_sides; i++) {
        err = problem_of(s->sides[i], taken_ms);
    }
    return err;
}

struct ncm_freshness_info ncm_want_freshness(const struct ncm_want *w)
{
    struct ncm_session *s = w->session;
    const struct ncm_load *l = w->load;
    struct ncm_freshness_info info = {.age_ms = -1, .retry_ms = -1};
    if (l->shown != NULL) {
        info.age_ms = ncm_now_ms() - l->shown->taken_ms;
        if (info.age_ms < 0) {
            info.age_ms = 0;
        }
    }
    pthread_mutex_lock(&s->lock);
    int64_t now = ncm_mono_ms();
    ncm_reads_unstick(s); /* whoever shows the answer looks now and then whether it came */
    info.state = state_of(s, l, now);
    if (s->outage.down && !l->local) {
        info.down_ms = now > s->outage.since_ms ? now - s->outage.since_ms : 1;
    }
    info.done = l->running ? l->done : 0;
    info.total = l->running ? l->total : 0;
    if (l->failed && l->full) {
        int64_t due = l->due_ms;
        if (s->outage.down && s->outage.until_ms > due) {
            due = s->outage.until_ms;
        }
        info.retry_ms = due > now ? due - now : 0;
    }
    pthread_mutex_unlock(&s->lock);
    return info;
}

void ncm_want_window(struct ncm_want *w, size_t first, size_t count)
{
    if (w->first == first && w->count == count) {
        return;
    }
    struct ncm_session *s = w->session;
    pthread_mutex_lock(&s->lock);
    w->first = first;
    w->count = count;
    struct ncm_load *l = w->load;
    /* A question that was refused for good has no rows to bring into view. */
    if (l->newest != NULL || l->full || l->running) {
        l->window = true;
        l->asked++;
    }
    l->serial = ++s->serial;
    ncm_reads_preempt(s);
    pthread_cond_broadcast(&s->reads.wake);
    pthread_mutex_unlock(&s->lock);
}

void ncm_want_refresh(struct ncm_want *w)
{
    struct ncm_session *s = w->session;
    pthread_mutex_lock(&s->lock);
    ncm_load_mark(w->load, true, false);
    w->load->asked_for = true;
    pthread_cond_broadcast(&s->reads.wake);
    pthread_mutex_unlock(&s->lock);
}

bool ncm_want_wait(struct ncm_want *w, const void **snapshot, struct ncm_err *err)
{
    struct ncm_session *s = w->session;
    struct ncm_load *l = w->load;
    int64_t start = ncm_mono_ms();
    int64_t until = start + s->timeout_ms - s->waited_ms;
    bool in_time = true;
    pthread_mutex_lock(&s->lock);
    uint64_t asked = l->asked;
    while (l->answered < asked && in_time) {
        in_time = ncm_wait_until(s, &s->owner, until);
    }
    bool answered = l->answered >= asked;
    /* A long list comes as many answers, each of which shows that somebody is there. */
    s->waited_ms = answered ? 0 : s->waited_ms + ncm_mono_ms() - start;
    struct ncm_snapshot *before = l->shown;
    ncm_loads_take(s);
    if (l->shown == before) {
        before = NULL;
    }
    if (!answered && l->running) {
        ncm_lane_interrupt(&s->reads, &l->cancel);
    }
    pthread_mutex_unlock(&s->lock);
    unbury(s, before);
    if (!answered) {
        char text[32];
        ncm_fail(err, NCM_TIMEOUT, _("No answer within %s"),
                 ncm_fmt_duration(text, sizeof text, s->timeout_ms));
        return ncm_hint(err, "%s", _("--timeout SECONDS waits longer"));
    }
    if (l->shown_failed) {
        *err = l->shown_err;
        return false;
    }
    if (l->shown == NULL) {
        return ncm_fail(err, NCM_INTERNAL, _("The source answered nothing"));
    }
    *snapshot = l->shown;
    return true;
}
