/* Noticing changes by asking for as little as can tell: what began or changed after the latest
 * known time (an empty answer is the rule), the running runs' figures, the newest model version.
 * How often follows who looks: quick after a key, slow when nobody is there, never quicker than the
 * link. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "provider/mlflow_rest/runs.h"

enum {
    ATTENDED_MS = 180000, /* so long after a key, changes show within two seconds */
    PRESENT_MS = 900000,
    QUICK_MS = 1200,
    RUNNING_MS = 3000,
    PRESENT_GAP_MS = 5000,
    IDLE_RUNNING_MS = 10000,
    IDLE_GAP_MS = 30000,
    REGISTRY_FACTOR = 4, /* the registry's names and aliases are looked at every so many times */
    DETAIL_FACTOR = 12,  /* and what nothing tells of: tags of a run, artifacts */
    RUNNING_MOST = 100,
    NEWER_MOST = 20,
    HOUR_MS = 3600000,
};

#define BIT(topic)    (1u << (topic))
#define RUN_TOPICS    (BIT(NCM_T_RUNS) | BIT(NCM_T_RUN_KEYS) | BIT(NCM_T_EXPERIMENTS))
#define LIVE_TOPICS   (BIT(NCM_T_RUNS) | BIT(NCM_T_RUN) | BIT(NCM_T_SERIES) | BIT(NCM_T_ARTIFACTS))
#define DETAIL_TOPICS (BIT(NCM_T_RUN) | BIT(NCM_T_ARTIFACTS))

struct rest_watch {
    bool began;
    int64_t newest_ms;                          /* latest start known; NCM_NO_TIME without */
    uint64_t newer, running, version, registry; /* fingerprints of the last answers */
    size_t n_running;
    uint64_t ticks;
    int64_t looked_mono_ms, took_ms;
    bool no_registry;
};

void rest_watch_free(struct rest_watch *w)
{
    ncm_free(w);
}

/* FNV-1a. */
static uint64_t mix(uint64_t h, const void *p, size_t len)
{
    const unsigned char *bytes = p;
    for (size_t i = 0; i < len; i++) {
        h = (h ^ bytes[i]) * 1099511628211u;
    }
    return h;
}

static uint64_t mix_str(uint64_t h, struct ncm_str s)
{
    h = mix(h, &s.len, sizeof s.len);
    return s.len > 0 ? mix(h, s.p, s.len) : h;
}

static uint64_t print_run(uint64_t h, const struct ncm_run *r)
{
    h = mix_str(mix_str(mix_str(h, r->id), r->name), r->status_text);
    for (size_t i = 0; i < r->n_metrics; i++) {
        const struct ncm_metric *m = &r->metrics[i];
        h = mix_str(h, m->key);
        h = mix(h, &m->step, sizeof m->step);
        h = mix(h, &m->timestamp_ms, sizeof m->timestamp_ms);
        h = mix(h, &m->value.num, sizeof m->value.num);
    }
    for (size_t i = 0; i < r->n_params; i++) {
        h = mix_str(h, r->params[i].key);
    }
    for (size_t i = 0; i < r->n_tags; i++) {
        h = mix_str(mix_str(h, r->tags[i].key), r->tags[i].value);
    }
    return h;
}

/* What an answer of runs/search adds up to; notes the latest start. */
static bool runs_print(struct ncm_conn *c, const char *filter, size_t most,
                       const struct ncm_control *control, uint64_t *print, size_t *n,
                       struct ncm_err *err)
{
    struct rest_watch *w = c->watch;
    struct ncm_doc *doc;
    const struct ncm_node *list;
    char *body = rest_search_body(c->experiments.ids, c->experiments.n, filter, NCM_VIEW_ACTIVE,
                                  NULL, 0, most, NULL);
    bool ok = rest_call(c, NCM_HTTP_POST, "/runs/search", body, control, &doc, err);
    ncm_free(body);
    if (!ok) {
        return false;
    }
    ok = rest_list(doc, "runs", &list, err);
    struct ncm_arena *a = ncm_arena_new();
    *print = 14695981039346656037u;
    *n = ok ? list->n : 0;
    for (size_t i = 0; ok && i < list->n; i++) {
        struct ncm_run r;
        ok = rest_run(&list->items[i], a, &r, err);
        if (ok) {
            *print = print_run(*print, &r);
            bool sane = r.start_ms < ncm_now_ms() + HOUR_MS * 24;
            if (r.start_ms != NCM_NO_TIME && sane && r.start_ms > w->newest_ms) {
                w->newest_ms = r.start_ms;
            }
        }
    }
    ncm_arena_free(a);
    ncm_doc_free(doc);
    return ok;
}

/* Runs that began since. */
static bool look_newer(struct ncm_conn *c, const struct ncm_control *control, struct ncm_news *news,
                       struct ncm_err *err)
{
    struct rest_watch *w = c->watch;
    uint64_t print;
    size_t n;
    bool known = w->newest_ms != NCM_NO_TIME;
    int64_t before = w->newest_ms;
    char *filter = known ? ncm_sprintf("attributes.start_time > %lld", (long long)before) : NULL;
    bool ok = runs_print(c, filter, known ? NEWER_MOST : 1, control, &print, &n, err);
    ncm_free(filter);
    if (!ok) {
        return false;
    }
    /* One dated into the future comes every time: only another answer is news. */
    if (n > 0 && print != w->newer) {
        news->topics |= RUN_TOPICS;
        w->n_running += w->began ? 1 : 0; /* most likely it runs: looked at below */
    }
    w->newer = print;
    return true;
}

static bool look_running(struct ncm_conn *c, const struct ncm_control *control,
                         struct ncm_news *news, struct ncm_err *err)
{
    struct rest_watch *w = c->watch;
    uint64_t print;
    if (w->began && w->n_running == 0) {
        return true;
    }
    size_t before = w->n_running;
    if (!runs_print(c, "attributes.status = 'RUNNING'", RUNNING_MOST, control, &print,
                    &w->n_running, err)) {
        return false;
    }
    if (print != w->running) {
        news->topics |= LIVE_TOPICS;
        if (before != w->n_running) {
            news->topics |= RUN_TOPICS;
        }
    }
    w->running = print;
    return true;
}

static bool text_print(struct ncm_conn *c, const char *path, const struct ncm_control *control,
                       uint64_t *print, struct ncm_err *err)
{
    struct ncm_http_answer a;
    struct ncm_doc *doc = NULL;
    char *url;
    struct ncm_http_request rq = rest_request(NCM_HTTP_GET, path, NULL, control, &url);
    bool ok = rest_go_on(control, err);
    if (ok) {
        ok = ncm_http_do(c->http, &rq, &a, err) && rest_answer(c, &a, path, &doc, err);
        if (ok) {
            *print = mix(14695981039346656037u, a.body.p, a.body.len);
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
    bool runs = (interest->topics & (RUN_TOPICS | LIVE_TOPICS)) != 0;
    bool registry = (interest->topics & (BIT(NCM_T_MODELS) | BIT(NCM_T_HOLDERS))) != 0;
    bool ok =
        (!runs || (look_experiments(c, control, news, err) && look_newer(c, control, news, err) &&
                   look_running(c, control, news, err))) &&
        (!registry || look_registry(c, control, news, err));
    if (!ok) {
        return false;
    }
    if (w->ticks % DETAIL_FACTOR == DETAIL_FACTOR - 1) {
        news->topics |= DETAIL_TOPICS;
    }
    w->ticks++;
    w->took_ms = ncm_mono_ms() - began;
    return true;
}

/* How long to wait before the next look. */
static int64_t gap(const struct rest_watch *w, const struct ncm_interest *interest)
{
    bool live = w->n_running > 0;
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
    if (!rest_go_on(control, err)) {
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
        if (!look(c, interest, control, news, err)) {
            return false;
        }
        bool first = !w->began;
        w->began = true;
        w->looked_mono_ms = ncm_mono_ms();
        news->topics = first ? 0 : news->topics & interest->topics;
        news->what = news->topics != 0 ? NCM_WATCH_DATA : NCM_WATCH_NOTHING;
        if (first || news->topics != 0 || ncm_mono_ms() >= end) {
            return true;
        }
    }
}
