/* One look at each server, several at once, and what changed since the one before. */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/endpoint/internal.h"

enum {
    THREADS_MOST = 8,
    EARLY_MS = 600,            /* after that what is known is shown without the slow ones */
    YOUNG_MS = 400,            /* looked at a moment ago */
    METRICS_AGAIN_MS = 600000, /* a server without metrics is asked for them again */
};

void ep_seen_release(struct ep_seen *s)
{
    if (s->has_metrics) {
        ncm_metrics_release(&s->metrics);
    }
    ncm_arena_free(s->arena);
    *s = (struct ep_seen){0};
}

/* ---- asking (any thread) --------------------------------------------------------------------- */

static bool read_metrics(struct ep_asker *k, int side, const char *path, struct ep_seen *s)
{
    struct ncm_http_answer a;
    struct ncm_err err = {0};
    char why[64] = "";
    bool ok = ep_ask(k, side, NCM_HTTP_GET, path, NULL, EP_PATIENCE_MS, &a, &err);
    if (ok && a.status == 200) {
        ok = ncm_metrics_parse(path, a.body.p, a.body.len, &s->metrics, &err);
    } else if (ok) {
        snprintf(why, sizeof why, "HTTP %d", a.status);
        ok = false;
    }
    /* Only the last of several places that are tried counts. */
    s->metrics_why = ok ? (struct ncm_str){0}
                        : ncm_arena_cstr(s->arena, why[0] != '\0' ? why : err.what);
    s->has_metrics = ok;
    s->metrics_mono_ms = ncm_mono_ms();
    ncm_http_answer_release(&a);
    return ok;
}

/* The usual places, for who it is. */
static void find_metrics(struct ep_endpoint *e, struct ep_asker *k)
{
    struct ep_seen *s = &e->fresh;
    bool apart = e->known == NCM_PROTOCOL_OIP || e->known == NCM_PROTOCOL_TORCHSERVE;
    e->metrics_mono_ms = ncm_mono_ms();
    if (e->known == NCM_PROTOCOL_TFSERVING) {
        static const char path[] = "/monitoring/prometheus/metrics";
        e->metrics_path = read_metrics(k, 0, path, s) ? path : NULL;
    } else if (read_metrics(k, 0, "/metrics", s)) {
        e->metrics_path = "/metrics";
    } else if (apart && e->metrics != NULL && !k->cancelled && read_metrics(k, 2, "/metrics", s)) {
        e->metrics_path = "/metrics"; /* on another port */
        e->metrics_side = 2;
    }
}

static void ask_metrics(struct ep_endpoint *e, struct ep_asker *k)
{
    const char *set = e->set.metrics;
    bool whole = set != NULL && strstr(set, "://") != NULL;
    if (set != NULL && strcmp(set, "none") == 0) {
        return;
    }
    if (set != NULL) {
        read_metrics(k, whole ? 2 : 0, whole ? e->metrics_path : set, &e->fresh);
    } else if (e->metrics_path != NULL) {
        read_metrics(k, e->metrics_side, e->metrics_path, &e->fresh);
    } else if (e->metrics_mono_ms == 0 || ncm_mono_ms() - e->metrics_mono_ms > METRICS_AGAIN_MS) {
        find_metrics(e, k);
    }
}

static void ask_split(struct ep_endpoint *e, struct ep_asker *k)
{
    struct ncm_http_answer a;
    struct ncm_err err = {0};
    struct ep_seen *s = &e->fresh;
    char why[64];
    if (!ep_ask(k, 0, NCM_HTTP_GET, e->set.traffic, NULL, EP_PATIENCE_MS, &a, &err)) {
        s->split_why = ncm_arena_cstr(s->arena, err.what);
    } else if (a.status != 200) {
        snprintf(why, sizeof why, "HTTP %d", a.status);
        s->split_why = ncm_arena_cstr(s->arena, why);
    } else {
        s->split = ncm_arena_str(s->arena, a.body.p, a.body.len);
    }
    ncm_http_answer_release(&a);
}

void ep_look(struct ep_endpoint *e, bool with_test, const struct ncm_control *control)
{
    struct ep_asker k = {.e = e, .control = control};
    struct ncm_probe_via via = {ep_ask, &k};
    struct ep_seen *s = &e->fresh;
    ep_seen_release(s);
    s->arena = ncm_arena_new();
    ncm_probe_run(&e->set.probe, &via, &e->known, with_test, s->arena, &s->probe, s->claims,
                  EP_CLAIMS_MOST, &s->n_claims);
    s->hung = k.hung;
    if (s->probe.alive == 1 && !k.hung && !k.cancelled) {
        ask_metrics(e, &k);
    }
    if (s->probe.alive == 1 && e->set.traffic != NULL && !k.cancelled) {
        ask_split(e, &k);
    }
    s->cancelled = k.cancelled;
}

/* ---- what it comes to ------------------------------------------------------------------------ */

enum ncm_health ep_health(const struct ep_endpoint *e)
{
    enum ncm_health h = ncm_probe_health(&e->seen.probe);
    int64_t at = e->seen.probe.at_ms;
    bool starting = e->up_ms != NCM_NO_TIME && at - e->up_ms < EP_START_MS;
    return h == NCM_HEALTH_DEGRADED && starting && e->seen.probe.ready == 0 ? NCM_HEALTH_PROGRESSING
                                                                            : h;
}

/* Takes message. */
static void note(struct ep_endpoint *e, bool warning, const char *reason, char *message)
{
    if (e->n_events == EP_EVENTS_MOST) {
        ncm_free(e->events[0].message);
        memmove(e->events, e->events + 1, (EP_EVENTS_MOST - 1) * sizeof *e->events);
        e->n_events--;
    }
    e->events[e->n_events++] = (struct ep_event){e->seen.probe.at_ms, warning, reason, message};
}

static void note_health(struct ep_endpoint *e, enum ncm_health now)
{
    const char *why = ncm_cstr(e->seen.probe.reason);
    const char *colon = why[0] != '\0' ? ": " : "";
    switch (now) {
    case NCM_HEALTH_FAILED:
        note(e, true, "Down", ncm_sprintf(_("down%s%s"), colon, why));
        break;
    case NCM_HEALTH_DEGRADED:
        note(e, true, "NotReady", ncm_sprintf(_("alive, not ready%s%s"), colon, why));
        break;
    case NCM_HEALTH_PROGRESSING:
        note(e, false, "Starting", ncm_sprintf(_("starting%s%s"), colon, why));
        break;
    case NCM_HEALTH_HEALTHY:
        note(e, false, "Ready", ncm_strdup(_("ready")));
        break;
    default:
        note(e, true, "Unknown", ncm_sprintf(_("not known%s%s"), colon, why));
        break;
    }
}

static void compare(struct ep_endpoint *e)
{
    const struct ncm_probe *p = &e->seen.probe;
    bool was_dead = e->health == NCM_HEALTH_FAILED || e->health == NCM_HEALTH_UNKNOWN;
    if (e->looked && was_dead && p->alive == 1) {
        e->up_ms = p->at_ms;
    }
    enum ncm_health now = ep_health(e);
    if (e->looked && now != e->health) {
        e->health_since_ms = p->at_ms;
        note_health(e, now);
    }
    e->health = now;
    const char *version = p->answered.p;
    if (version != NULL && (e->version == NULL || strcmp(version, e->version) != 0)) {
        if (e->version != NULL) {
            note(e, false, "Version", ncm_sprintf(_("version %s → %s"), e->version, version));
        }
        ncm_free(e->version);
        e->version = ncm_strdup(version);
    }
}

static void keep_test(struct ep_endpoint *e)
{
    const struct ncm_probe *p = &e->seen.probe;
    if (p->test_request.p == NULL) {
        return;
    }
    ncm_free(e->test_request);
    ncm_free(e->test_answer);
    e->test_request = ncm_strdup(p->test_request.p);
    e->test_answer = ncm_strdup(p->test_answer.p);
    e->test_status = p->test_status;
    e->test_ms = p->test_ms;
}

void ep_take(struct ep_endpoint *e)
{
    if (e->fresh.cancelled) {
        ep_seen_release(&e->fresh);
        return;
    }
    ep_seen_release(&e->seen);
    e->seen = e->fresh;
    e->fresh = (struct ep_seen){0};
    if (e->seen.has_metrics) {
        ncm_scrapes_add(e->scrapes, &e->seen.metrics, e->seen.metrics_mono_ms);
        e->counted_ms = e->seen.probe.at_ms;
        e->counted_mono_ms = e->seen.metrics_mono_ms;
        ncm_metrics_release(&e->seen.metrics);
        e->seen.has_metrics = false;
    }
    compare(e);
    keep_test(e);
    e->looked = true;
    e->looked_mono_ms = ncm_mono_ms();
}

/* ---- several at once ------------------------------------------------------------------------- */

struct round {
    struct ncm_conn *c;
    const struct ncm_control *control;
    bool full;
    size_t *due; /* indexes of those to ask */
    bool *done;
    size_t n, next, n_done;
    pthread_mutex_t lock;
    pthread_cond_t one_done;
};

static void *worker(void *arg)
{
    struct round *r = arg;
    pthread_mutex_lock(&r->lock);
    while (r->next < r->n) {
        size_t at = r->next++;
        struct ep_endpoint *e = &r->c->items[r->due[at]];
        pthread_mutex_unlock(&r->lock);
        ep_look(e, r->full, r->control);
        pthread_mutex_lock(&r->lock);
        r->done[at] = true;
        r->n_done++;
        pthread_cond_signal(&r->one_done);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* With the lock held: what is done becomes the present state. */
static void take_done(struct round *r)
{
    for (size_t i = 0; i < r->n; i++) {
        struct ep_endpoint *e = &r->c->items[r->due[i]];
        if (r->done[i] && e->fresh.arena != NULL) {
            ep_take(e);
        }
    }
}

static void wait_all(struct round *r, void (*early)(void *to), void *to)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += (long)EARLY_MS * 1000000;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    pthread_mutex_lock(&r->lock);
    int timed_out = 0;
    while (r->n_done < r->n && timed_out == 0) {
        timed_out = pthread_cond_timedwait(&r->one_done, &r->lock, &end);
    }
    if (r->n_done < r->n && r->n_done > 0 && early != NULL) {
        take_done(r);
        early(to);
    }
    while (r->n_done < r->n) {
        pthread_cond_wait(&r->one_done, &r->lock);
    }
    pthread_mutex_unlock(&r->lock);
}

static void go(struct round *r, void (*early)(void *to), void *to)
{
    pthread_t threads[THREADS_MOST];
    size_t n = 0;
    sigset_t all, old;
    pthread_condattr_t attr;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->one_done, &attr);
    pthread_condattr_destroy(&attr);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (r->n > 1 && n < THREADS_MOST && n < r->n &&
           pthread_create(&threads[n], NULL, worker, r) == 0) {
        n++;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (n == 0) {
        worker(r);
    }
    wait_all(r, early, to);
    for (size_t i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
    }
    take_done(r);
    pthread_cond_destroy(&r->one_done);
    pthread_mutex_destroy(&r->lock);
}

/* Those with a longer pause than their neighbours are not asked as often. */
static bool is_due(const struct ep_endpoint *e, int64_t shortest_ms, int64_t now)
{
    int64_t age = now - e->looked_mono_ms;
    return !e->looked || (age >= YOUNG_MS && (e->set.every_ms <= shortest_ms ||
                                              age >= e->set.every_ms - shortest_ms / 2));
}

bool ep_look_all(struct ncm_conn *c, bool full, const struct ncm_control *control,
                 void (*early)(void *to), void *to, struct ncm_err *err)
{
    struct round r = {.c = c, .control = control, .full = full};
    int64_t now = ncm_mono_ms(), shortest = INT64_MAX;
    r.due = ncm_alloc(c->n, sizeof *r.due);
    r.done = ncm_alloc(c->n, sizeof *r.done);
    for (size_t i = 0; i < c->n; i++) {
        shortest = c->items[i].set.every_ms < shortest ? c->items[i].set.every_ms : shortest;
    }
    for (size_t i = 0; i < c->n; i++) {
        if (full || is_due(&c->items[i], shortest, now)) {
            r.due[r.n++] = i;
        }
    }
    if (r.n > 0) {
        go(&r, early, to);
    }
    ncm_free(r.due);
    ncm_free(r.done);
    return ncm_ask_go_on(control, err);
}
