/* A source that does not answer, seen as a whole: one question tries it, all others wait for the
 * same moment, and all are asked at once when it answers again. Everything here holds the lock. */
#include "base/num.h"
#include "engine/internal.h"

enum {
    ALIVE_MS = 10000,
    TRY_FIRST_MS = 5000,
    TRY_LAST_MS = 40000,
    ANOTHER_MS = 15000, /* after so long it may be another server */
};

bool ncm_code_of_source(enum ncm_code code)
{
    return code == NCM_UNREACHABLE || code == NCM_TIMEOUT || code == NCM_UNAUTHENTICATED ||
           code == NCM_TLS || code == NCM_RATE_LIMITED;
}

/* It would fail as the others did: it says so, and waits with them. */
static void share(const struct ncm_session *s, struct ncm_load *l)
{
    l->failed = true;
    l->news = true;
    l->err = s->outage.err;
    l->full = true;
    l->forced = true;
    l->due_ms = s->outage.until_ms;
}

/* One slow question is no outage: it was being answered, or others were since it last failed this
 * way. */
static bool is_slow_question(const struct ncm_session *s, const struct ncm_load *l,
                             const struct ncm_err *err)
{
    bool alive = l->alive_ms > 0 && ncm_mono_ms() - l->alive_ms < ALIVE_MS;
    bool others = l->failures > 1 && s->answered_ms > l->failed_ms;
    return err->code == NCM_TIMEOUT && (alive || others);
}

bool ncm_source_reopens(const struct ncm_session *s, enum ncm_code code)
{
    if (!ncm_code_breaks(code)) {
        return false;
    }
    bool login = code == NCM_UNAUTHENTICATED || code == NCM_FORBIDDEN || code == NCM_TLS;
    bool for_long = s->outage.down && ncm_mono_ms() - s->outage.since_ms > ANOTHER_MS;
    return login || for_long || !ncm_session_remote(s);
}

/* Nobody tries before a moment; l (may be NULL) is the one that found out. */
static void all_wait(struct ncm_session *s, const struct ncm_load *l, const struct ncm_err *err)
{
    if (!s->outage.down) {
        s->outage.since_ms = ncm_mono_ms();
    }
    s->outage.down = true;
    s->outage.failures++;
    s->outage.err = *err;
    s->outage.until_ms = ncm_mono_ms() + ncm_backoff_ms(s, s->outage.failures, err);
    for (struct ncm_load *o = s->loads; o != NULL; o = o->next) {
        bool refused = o->failed && !o->full; /* for good, whatever the source does */
        bool found_out = o == l;
        if (found_out || (!o->local && !o->running && !refused)) {
            share(s, o);
            o->answered = o->asked;
        }
    }
}

bool ncm_source_failed(struct ncm_session *s, struct ncm_load *l, const struct ncm_err *err)
{
    if (l->local || !ncm_code_of_source(err->code) || is_slow_question(s, l, err)) {
        return false;
    }
    all_wait(s, l, err);
    return true;
}

bool ncm_source_limited(struct ncm_session *s, const struct ncm_err *err)
{
    if (err->retry_ms <= 0) {
        return false;
    }
    all_wait(s, NULL, err);
    return true;
}

/* Whoever was asked to come back later is not early because something else works. */
static void retry_failed(struct ncm_session *s, bool also_later)
{
    int64_t now = ncm_mono_ms();
    for (struct ncm_load *l = s->loads; l != NULL; l = l->next) {
        if (l->failed && l->full && l->due_ms > now && (also_later || l->err.retry_ms == 0)) {
            l->due_ms = now;
        }
    }
    pthread_cond_broadcast(&s->reads.wake);
}

void ncm_source_answered(struct ncm_session *s, const struct ncm_load *l)
{
    bool again = s->outage.down || l->failed;
    s->answered_ms = ncm_mono_ms();
    if (s->outage.down) {
        s->outage.down = false;
        s->outage.failures = 0;
        retry_failed(s, true);
    }
    if (again && s->watch_failed) {
        s->watch_now = true;
        pthread_cond_broadcast(&s->stream.wake);
    }
}

void ncm_source_watched(struct ncm_session *s)
{
    /* That a watch began may not mean much: one question tries, with its pauses as they were. */
    if (s->outage.err.retry_ms == 0) {
        s->outage.until_ms = ncm_mono_ms();
    }
    retry_failed(s, false);
}

void ncm_source_meet(struct ncm_session *s, struct ncm_load *l)
{
    if (!s->outage.down || l->local) {
        return;
    }
    share(s, l);
    if (ncm_mono_ms() < s->outage.until_ms) {
        l->answered = l->asked;
    }
}

/* A request that hangs says nothing about a server that came back meanwhile: short tries first. */
int64_t ncm_source_try_ms(const struct ncm_session *s, const struct ncm_load *l)
{
    if (!s->outage.down || l->local) {
        return 0;
    }
    int64_t ms = TRY_FIRST_MS;
    for (int i = 1; i < s->outage.failures && ms < TRY_LAST_MS; i++) {
        ms *= 2;
    }
    return ms;
}

bool ncm_source_holds(const struct ncm_session *s, const struct ncm_load *l, int64_t now)
{
    if (!s->outage.down || l->local || now >= s->outage.until_ms) {
        return false;
    }
    /* Whoever asks by a key need not wait, unless the other side asked for it. */
    return !(l->asked_for && l->due_ms <= now && s->outage.err.retry_ms == 0);
}
