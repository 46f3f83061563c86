/* Noticing changes by asking for as little as can tell: what began or changed after the latest
 * known time (an empty answer is the rule), the running runs' figures, the newest model version.
 * How often follows who looks: quick after a key, slow when nobody is there, never quicker than the
 * link. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "provider/mlflow_rest/runs.h"
#include "provider/mlflow_rest/watch.h"

enum {
    ATTENDED_MS = 180000, /* so long after a key, changes show within two seconds */
    PRESENT_MS = 900000,
    QUICK_MS = 1200,
    RUNNING_MS = 3000,
    PRESENT_GAP_MS = 5000,
    IDLE_RUNNING_MS = 10000,
    IDLE_GAP_MS = 30000,
    REGISTRY_FACTOR = 10, /* the registry's names and aliases are looked at every so many times */
    DETAIL_FACTOR = 12,   /* and what nothing tells of: tags of a run, artifacts */
    WHOLE_FACTOR = 60, /* tags of versions, those that were deleted, models beyond the first 100 */
    RUNNING_FACTOR = 10, /* all that say they run are looked at every so many times */
    RUNNING_MOST = 50,
    NEWER_MOST = 20,
    STILL_MS = 120000, /* one that did not move for so long is only looked at with all others */
};

#define BIT(topic)    (1u << (topic))
#define RUN_TOPICS    (BIT(NCM_T_RUNS) | BIT(NCM_T_RUN_KEYS) | BIT(NCM_T_EXPERIMENTS))
#define LIVE_TOPICS   (BIT(NCM_T_RUNS) | BIT(NCM_T_RUN) | BIT(NCM_T_SERIES) | BIT(NCM_T_ARTIFACTS))
#define DETAIL_TOPICS (BIT(NCM_T_RUN) | BIT(NCM_T_ARTIFACTS) | BIT(NCM_T_EXPERIMENTS))

void rest_watch_free(struct rest_watch *w)
{
    if (w != NULL) {
        ncm_map_free(w->prints);
        ncm_free(w);
    }
}

/* ---- runs -------------------------------------------------------------------------------------
 */

/* One search for runs, newest first without order; each goes to `see`. */
static bool each_run(struct ncm_conn *c, const char *filter, const char *order, size_t most,
                     const struct ncm_control *control,
                     void (*see)(void *to, const struct ncm_run *r), void *to, struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *list;
    char *orders[] = {(char *)(uintptr_t)order};
    char *body = rest_search_body(c->experiments.ids, c->experiments.n, filter, NCM_VIEW_ACTIVE,
                                  orders, order != NULL ? 1 : 0, most, NULL);
    bool ok = rest_ask(c, NCM_HTTP_POST, "/runs/search", body, control, &doc, err);
    ncm_free(body);
    if (!ok) {
        return false;
    }
    ok = rest_list(doc, "runs", &list, err);
    struct ncm_arena *a = ncm_arena_new();
    for (size_t i = 0; ok && i < list->n; i++) {
        struct ncm_run r;
        ok = rest_run(&list->items[i], a, &r, err);
        if (ok) {
            see(to, &r);
        }
    }
    ncm_arena_free(a);
    ncm_doc_free(doc);
    return ok;
}

static struct rest_live *find_live(struct rest_watch *w, struct ncm_str id)
{
    for (size_t i = 0; i < w->n_live; i++) {
        if (ncm_str_is(id, w->live[i].id)) {
            return &w->live[i];
        }
    }
    return NULL;
}

/* It moves: looked at every time from now on. The one that moved longest ago makes room. */
static void add_live(struct rest_watch *w, const struct ncm_run *r)
{
    bool plain = r->id.len < sizeof w->live[0].id && strchr(r->id.p, '\'') == NULL;
    if (!plain) {
        return; /* an id as no server gives it is looked at with all others only */
    }
    const struct rest_live *known = find_live(w, r->id);
    size_t at = known != NULL ? (size_t)(known - w->live) : w->n_live;
    if (at == REST_LIVE_MOST) {
        at = 0;
        for (size_t i = 1; i < REST_LIVE_MOST; i++) {
            at = w->live[i].changed_mono_ms < w->live[at].changed_mono_ms ? i : at;
        }
    } else if (known == NULL) {
        w->n_live++;
    }
    w->live[at].print = rest_run_print(r);
    w->live[at].changed_mono_ms = ncm_mono_ms();
    snprintf(w->live[at].id, sizeof w->live[at].id, "%s", r->id.p);
}

struct seen {
    struct rest_watch *w;
    struct ncm_news *news;
    int64_t far_ms;
    uint64_t print;
    size_t n;
    bool here[REST_LIVE_MOST];
};

static bool runs_now(const struct ncm_run *r)
{
    return r->status == NCM_RUN_RUNNING || r->status == NCM_RUN_SCHEDULED;
}

static void see_newer(void *to, const struct ncm_run *r)
{
    struct seen *s = to;
    bool sane = r->start_ms < s->far_ms; /* no date of the far future hides the rest */
    s->print = rest_print(s->print, r->id.p, r->id.len);
    s->n++;
    if (r->start_ms != NCM_NO_TIME && sane && r->start_ms > s->w->newest_ms) {
        s->w->newest_ms = r->start_ms;
    }
    if (s->w->began && runs_now(r)) {
        add_live(s->w, r);
    }
}

/* Runs that began since: oldest first, so that those with a date in the future come last and hide
 * nothing. Where none is known yet, the newest that may be one. */
static bool look_newer(struct ncm_conn *c, const struct ncm_control *control, struct ncm_news *news,
                       struct ncm_err *err)
{
    struct rest_watch *w = c->watch;
    struct seen s = {.w = w, .news = news, .far_ms = rest_far_ahead(c), .print = REST_PRINT};
    bool known = w->newest_ms != NCM_NO_TIME;
    char *filter = known
                       ? ncm_sprintf("attributes.start_time > %lld", (long long)w->newest_ms)
                       : ncm_sprintf("attributes.start_time < %lld", (long long)rest_far_ahead(c));
    bool ok = each_run(c, filter, known ? "attributes.start_time ASC" : NULL,
                       known ? NEWER_MOST : 1, control, see_newer, &s, err);
    ncm_free(filter);
    /* One dated into the future comes every time: only another answer is news. */
    if (ok && s.n > 0 && s.print != w->newer) {
        news->topics |= RUN_TOPICS;
    }
    w->newer = ok ? s.print : w->newer;
    return ok;
}

static void see_live(void *to, const struct ncm_run *r)
{
    struct seen *s = to;
    struct rest_live *l = find_live(s->w, r->id);
    uint64_t print = rest_run_print(r);
    if (l == NULL) {
        return;
    }
    s->here[l - s->w->live] = runs_now(r);
    if (s->w->prints != NULL && runs_now(r)) {
        ncm_map_set(s->w->prints, r->id.p, r->id.len, (size_t)print);
    }
    if (print != l->print) {
        l->print = print;
        l->changed_mono_ms = ncm_mono_ms();
        s->news->topics |= LIVE_TOPICS | (runs_now(r) ? 0 : RUN_TOPICS);
    }
}

/* One that ended, was deleted or stands still is let go. */
static void let_go(struct rest_watch *w, const bool *here)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->n_live; i++) {
        bool still = ncm_mono_ms() - w->live[i].changed_mono_ms > STILL_MS;
        if (!still && (here == NULL || here[i])) {
            w->live[kept++] = w->live[i];
        }
    }
    w->n_live = kept;
}

/* The runs that moved of late, by their ids. */
static bool look_live(struct ncm_conn *c, const struct ncm_control *control, struct ncm_news *news,
                      struct ncm_err *err)
{
    struct rest_watch *w = c->watch;
    struct seen s = {.w = w, .news = news};
    struct ncm_buf filter;
    if (w->n_live == 0 || c->no_run_in) {
        let_go(w, NULL);
        return true;
    }
    ncm_buf_init(&filter, 1 << 16);
    ncm_buf_puts(&filter, "attributes.run_id IN (");
    for (size_t i = 0; i < w->n_live; i++) {
        ncm_buf_printf(&filter, "%s'%s'", i > 0 ? "," : "", w->live[i].id);
    }
    ncm_buf_putc(&filter, ')');
    bool ok = each_run(c, filter.p, NULL, REST_LIVE_MOST, control, see_live, &s, err);
    ncm_buf_release(&filter);
    if (!ok) {
        c->no_run_in = c->no_run_in || err->code == NCM_REFUSED;
        return c->no_run_in; /* an old server: all running ones are looked at instead */
    }
    for (size_t i = 0; i < w->n_live; i++) {
        if (!s.here[i]) {
            news->topics |= RUN_TOPICS | LIVE_TOPICS;
            if (w->prints != NULL) {
                ncm_map_del(w->prints, w->live[i].id, strlen(w->live[i].id));
            }
        }
    }
    let_go(w, s.here);
    return true;
}

struct running {
    struct seen seen;
    struct ncm_map *prints; /* of this look */
    size_t known;           /* how many of them were there the last time */
};

static void see_running(void *to, const struct ncm_run *r)
{
    struct running *now = to;
    struct rest_watch *w = now->seen.w;
    size_t before = 0, print = (size_t)rest_run_print(r);
    bool known = w->prints != NULL && ncm_map_get(w->prints, r->id.p, r->id.len, &before);
    if (w->began && (!known || before != print)) {
        now->seen.news->topics |= LIVE_TOPICS | (known ? 0 : RUN_TOPICS);
        add_live(w, r);
    }
    now->known += known ? 1 : 0;
    now->seen.n++;
    ncm_map_set(now->prints, r->id.p, r->id.len, print);
}

/* All that say they run, now and then: one that moves again is looked at from then on, and one that
 * is no longer among them has ended. */
static bool look_running(struct ncm_conn *c, const struct ncm_control *control,
                         struct ncm_news *news, struct ncm_err *err)
{
    struct rest_watch *w = c->watch;
    struct running now = {.seen = {.w = w, .news = news}};
    bool each_time = c->no_run_in && w->n_live > 0;
    if (!each_time && w->ticks % RUNNING_FACTOR != 0) {
        return true;
    }
    now.prints = ncm_map_new();
    bool ok = each_run(c, "attributes.status = 'RUNNING'", NULL, RUNNING_MOST, control, see_running,
                       &now, err);
    if (!ok) {
        ncm_map_free(now.prints);
        return false;
    }
    if (w->prints != NULL && w->prints_whole && now.known < ncm_map_count(w->prints)) {
        news->topics |= RUN_TOPICS | LIVE_TOPICS;
    }
    ncm_map_free(w->prints);
    w->prints = now.prints;
    w->prints_whole = now.seen.n < RUNNING_MOST;
    return true;
}

/* ---- the registry -----------------------------------------------------------------------------
 */

static bool text_print(struct ncm_conn *c, const char *path, const struct ncm_control *control,
                       uint64_t *print, struct ncm_err *err)
{
    struct ncm_http_answer a;
    struct ncm_doc *doc = NULL;
    char *url;
    struct ncm_http_request rq = rest_request(NCM_HTTP_GET, path, NULL, control, &url);
    bool ok = ncm_ask_go_on(control, err);
    if (ok) {
        ok = ncm_http_do(c->http, &rq, &a, err) && rest_answer(c, &a, path, &doc, err);
        if (ok) {
            *print = rest_print(REST_PRINT, a.body.p, a.body.len);
        }
        ncm_http_answer_release(&a);
    }
    ncm_doc_free(doc);
    ncm_free(url);
    return ok;
}

/* A version that was made, moved or described; and now and then names, tags and aliases. */
static bool look_registry(struct ncm_conn *c, const struct ncm_control *control,
                          struct ncm_news *news, struct ncm_err *err)
{
    struct rest_watch *w = c->watch;
    uint64_t version = w->version, registry = w->registry;
    if (w->no_registry) {
        return true;
    }
    bool ok = text_print(c, "/model-versions/search?max_results=1", control, &version, err) &&
              (w->ticks % REGISTRY_FACTOR != 0 ||
               text_print(c, "/registered-models/search?max_results=100", control, &registry, err));
    if (!ok) {
        w->no_registry = err->code == NCM_UNSUPPORTED || err->code == NCM_REFUSED;
        return w->no_registry;
    }
    if (version != w->version || registry != w->registry) {
        news->topics |= BIT(NCM_T_MODELS) | BIT(NCM_T_FACTS) | BIT(NCM_T_RUN);
    }
    w->version = version;
    w->registry = registry;
    return true;
}

static bool look_experiments(struct ncm_conn *c, const struct ncm_control *control,
                             struct ncm_news *news, struct ncm_err *err)
{
    int64_t before = c->experiments.asked_mono_ms;
    size_t n = c->experiments.n;
    int64_t newest = c->experiments.newest_ms;
    if (!rest_active(c, false, control, err)) {
        return false;
    }
    if (before != 0 && (c->experiments.n != n || c->experiments.newest_ms != newest)) {
        news->topics |= RUN_TOPICS;
    }
    return true;
}

static bool look(struct ncm_conn *c, const struct ncm_interest *interest,
                 const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err)
{
    struct rest_watch *w = c->watch;
    int64_t began = ncm_mono_ms();
    bool attended = interest->idle_ms < PRESENT_MS;
    bool runs = (interest->topics & (RUN_TOPICS | LIVE_TOPICS)) != 0;
    bool registry = (interest->topics & (BIT(NCM_T_MODELS) | BIT(NCM_T_HOLDERS))) != 0;
    bool ok =
        (!runs || (look_experiments(c, control, news, err) && look_newer(c, control, news, err) &&
                   look_live(c, control, news, err) && look_running(c, control, news, err))) &&
        (!registry || look_registry(c, control, news, err));
    if (!ok) {
        return false;
    }
    if (w->ticks % DETAIL_FACTOR == DETAIL_FACTOR - 1) {
        /* So are names, tags and ends of old runs, and those that were deleted: for who is there.
         */
        news->topics |= DETAIL_TOPICS | (attended ? BIT(NCM_T_RUNS) : 0);
    }
    if (w->ticks % WHOLE_FACTOR == WHOLE_FACTOR - 1 && attended) {
        news->topics |= BIT(NCM_T_MODELS);
    }
    w->ticks++;
    w->took_ms = ncm_mono_ms() - began;
    return true;
}

/* How long to wait before the next look. */
static int64_t gap(const struct rest_watch *w, const struct ncm_interest *interest)
{
    bool live = w->n_live > 0;
    int64_t ms = interest->idle_ms < ATTENDED_MS  ? QUICK_MS
                 : interest->idle_ms < PRESENT_MS ? (live ? RUNNING_MS : PRESENT_GAP_MS)
                 : live                           ? IDLE_RUNNING_MS
                                                  : IDLE_GAP_MS;
    /* A slow link or a busy server gets at least three quarters of the time for others. */
    return ms > 3 * w->took_ms ? ms : 3 * w->took_ms;
}

bool rest_wait(struct ncm_conn *c, const struct ncm_interest *interest, int wait_ms,
               const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err)
{
    *news = (struct ncm_news){0};
    if (c->watch == NULL) {
        c->watch = ncm_alloc(1, sizeof *c->watch);
        c->watch->newest_ms = NCM_NO_TIME;
    }
    struct rest_watch *w = c->watch;
    int64_t end = ncm_mono_ms() + wait_ms;
    ncm_http_ready(c->http);
    if (!ncm_ask_go_on(control, err)) {
        return false;
    }
    for (;;) {
        int64_t now = ncm_mono_ms();
        int64_t due = w->began ? w->looked_mono_ms + gap(w, interest) : now;
        int64_t rest = (due < end ? due : end) - now;
        if (rest > 0 && !ncm_http_pause(c->http, rest, control->cancel, err)) {
            return false;
        }
        if (due > end) {
            return true;
        }
        if (!look(c, interest, control, &w->owed, err)) {
            return false;
        }
        bool first = !w->began;
        w->began = true;
        w->looked_mono_ms = ncm_mono_ms();
        news->topics = first ? 0 : w->owed.topics & interest->topics;
        w->owed = (struct ncm_news){0};
        news->what = news->topics != 0 ? NCM_WATCH_DATA : NCM_WATCH_NOTHING;
        if (first || news->topics != 0 || ncm_mono_ms() >= end) {
            return true;
        }
    }
}
