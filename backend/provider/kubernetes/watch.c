/* The stream lane: one watch a shelf, all of them in this thread. What a watch says goes on its
 * shelf; what ends is begun again from where it ended. */
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "provider/ask.h"
#include "provider/kubernetes/cluster.h"
#include "provider/kubernetes/feed.h"

enum {
    NEWS_EACH_MS = 250,  /* under churn */
    ATTENDED_MS = 60000, /* since the last key: somebody is there */
    TICK_MS = 10000,     /* verdicts depend on the time as well */
    IDLE_TICK_MS = 30000,
    LOGS_EACH_MS = 1000,
    IDLE_LOGS_MS = 5000,
    GROUPS_EACH_MS = 300000, /* whether an API was installed meanwhile */
    PULSE_EACH_MS = 30000,   /* a server that hangs says nothing, as one does that has no news */
    PULSE_MS = 8000,
};
#define TOPIC(t) (1u << (t))

static bool attended(const struct ncm_interest *in)
{
    return in->idle_ms < ATTENDED_MS;
}

/* ---- the keeper ------------------------------------------------------------------------------ */
static void become_keeper(struct ncm_conn *c)
{
    struct k8s_cluster *k = c->cluster;
    c->watcher = ncm_alloc(1, sizeof *c->watcher);
    c->watcher->groups_due = ncm_mono_ms() + GROUPS_EACH_MS;
    c->watcher->pulse_due = ncm_mono_ms() + PULSE_EACH_MS;
    pthread_mutex_lock(&k->lock);
    k->keeper = c->client;
    k->kept = false;
    pthread_mutex_unlock(&k->lock);
}

void k8s_watch_end(struct ncm_conn *c)
{
    struct k8s_cluster *k = c->cluster;
    if (c->watcher == NULL) {
        return;
    }
    k8s_feeds_close(c->watcher);
    ncm_free(c->watcher);
    c->watcher = NULL;
    pthread_mutex_lock(&k->lock);
    if (k->keeper == c->client) {
        k->keeper = NULL;
        k->kept = false;
    }
    pthread_cond_broadcast(&k->wake);
    pthread_mutex_unlock(&k->lock);
}

/* What is on the shelves must not pass for news. */
bool k8s_greet(struct ncm_conn *c, const struct ncm_control *control, struct ncm_err *err)
{
    const struct k8s_call call = {.path = "/version", .timeout_ms = PULSE_MS, .control = control};
    struct ncm_http_answer a;
    bool ok = k8s_call_raw(c->client, &call, &a, err) &&
              (a.status != 401 || k8s_refused(c->client, &a, err));
    ncm_http_answer_release(&a);
    return ok;
}

/* Goes through all shelves and begins the watches; where that was cut short, the next call goes on
 * with what is left. */
static bool start(struct ncm_conn *c, const struct ncm_control *control, struct ncm_err *err)
{
    struct k8s_cluster *k = c->cluster;
    if (c->watcher == NULL) {
        if (!k8s_greet(c, control, err)) {
            return false;
        }
        become_keeper(c);
    }
    if (!k8s_gather(c, K8S_ALL_KINDS, c->watcher->since_mono_ms, control, NULL, NULL, err)) {
        return false;
    }
    k8s_introduce(c, control);
    k8s_rights_ask(c, control);
    k8s_feeds_open(c);
    c->watcher->started = true;
    pthread_mutex_lock(&k->lock);
    k->kept = true;
    pthread_cond_broadcast(&k->wake);
    pthread_mutex_unlock(&k->lock);
    return true;
}

/* Somebody wants everything read anew. */
static void heed(struct ncm_conn *c)
{
    struct k8s_cluster *k = c->cluster;
    pthread_mutex_lock(&k->lock);
    bool wanted = k->relist;
    k->relist = false;
    pthread_mutex_unlock(&k->lock);
    if (wanted && c->watcher != NULL) {
        k8s_feeds_close(c->watcher);
        c->watcher->since_mono_ms = ncm_mono_ms();
        c->watcher->started = false;
    }
}

/* ---- one round ------------------------------------------------------------------------------- */
/* One call says of all groups whether they are there. */
static bool look_for_groups(struct ncm_conn *c, const struct ncm_control *control,
                            struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct k8s_call call = {.path = "/apis", .control = control};
    c->watcher->groups_due = ncm_mono_ms() + GROUPS_EACH_MS;
    if (!k8s_feeds_absent(c)) {
        return true;
    }
    if (!k8s_call(c->client, &call, &doc, err)) {
        return strncmp(err->detail, "sent; HTTP", 10) == 0;
    }
    const struct ncm_node *groups = doc != NULL ? ncm_node_get(ncm_doc_root(doc), "groups") : NULL;
    for (size_t i = 0; groups != NULL && groups->kind == NCM_NODE_LIST && i < groups->n; i++) {
        k8s_feeds_appeared(c, ncm_node_str(&groups->items[i], "name", ""));
    }
    ncm_doc_free(doc);
    return true;
}

static bool do_what_is_due(struct ncm_conn *c, const struct ncm_interest *in,
                           const struct ncm_control *control, struct ncm_err *err)
{
    struct k8s_cluster *k = c->cluster;
    bool looked_at = attended(in) && (in->topics & TOPIC(NCM_T_DEPLOYMENTS)) != 0;
    heed(c);
    if ((c->watcher == NULL || !c->watcher->started) && !start(c, control, err)) {
        return false;
    }
    if (!k8s_feeds_step(c, looked_at, control, err)) {
        return false;
    }
    if (ncm_mono_ms() >= c->watcher->pulse_due) {
        c->watcher->pulse_due = ncm_mono_ms() + PULSE_EACH_MS;
        if (!k8s_greet(c, control, err)) {
            return false;
        }
    }
    pthread_mutex_lock(&k->lock);
    bool doubt = k->doubt;
    pthread_mutex_unlock(&k->lock);
    if (doubt) {
        k8s_rights_ask(c, control);
    }
    if (c->setup->probe && looked_at && ncm_mono_ms() >= c->watcher->probe_due) {
        c->watcher->probe_due = ncm_mono_ms() + k8s_probe_one(c, control);
    }
    return ncm_mono_ms() < c->watcher->groups_due || look_for_groups(c, control, err);
}

/* When there will be something to say, as far as the clock tells. */
static int64_t news_due(const struct k8s_watcher *w, const struct ncm_interest *in, bool changed)
{
    int64_t due = w->said_mono_ms + (changed        ? NEWS_EACH_MS
                                     : attended(in) ? TICK_MS
                                                    : IDLE_TICK_MS);
    if ((in->topics & TOPIC(NCM_T_LOGS)) != 0) {
        int64_t logs = w->logs_mono_ms + (attended(in) ? LOGS_EACH_MS : IDLE_LOGS_MS);
        due = logs < due ? logs : due;
    }
    return due;
}

static bool say(struct ncm_conn *c, const struct ncm_interest *in, struct ncm_news *news)
{
    struct k8s_watcher *w = c->watcher;
    struct k8s_cluster *k = c->cluster;
    int64_t now = ncm_mono_ms();
    int64_t tick = attended(in) ? TICK_MS : IDLE_TICK_MS;
    pthread_mutex_lock(&k->lock);
    bool changed = k->changes != w->reported;
    if ((changed && now >= w->said_mono_ms + NEWS_EACH_MS) || now >= w->said_mono_ms + tick) {
        w->reported = k->changes;
        w->said_mono_ms = now;
        news->topics |= TOPIC(NCM_T_DEPLOYMENTS);
    }
    pthread_mutex_unlock(&k->lock);
    if ((in->topics & TOPIC(NCM_T_LOGS)) != 0 &&
        now >= w->logs_mono_ms + (attended(in) ? LOGS_EACH_MS : IDLE_LOGS_MS)) {
        w->logs_mono_ms = now;
        news->topics |= TOPIC(NCM_T_LOGS);
    }
    news->what = news->topics != 0 ? NCM_WATCH_DATA : NCM_WATCH_NOTHING;
    return news->topics != 0;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How long nothing needs to be done unless a line comes. */
static int64_t rest(struct ncm_conn *c, const struct ncm_interest *in, int64_t end)
{
    struct k8s_cluster *k = c->cluster;
    bool looked_at = attended(in) && (in->topics & TOPIC(NCM_T_DEPLOYMENTS)) != 0;
    pthread_mutex_lock(&k->lock);
    bool changed = k->changes != c->watcher->reported;
    pthread_mutex_unlock(&k->lock);
    int64_t until = earlier(end, news_due(c->watcher, in, changed));
    until = earlier(until, k8s_feeds_due(c, looked_at));
    until = earlier(until, c->watcher->groups_due);
    until = earlier(until, c->watcher->pulse_due);
    until = c->setup->probe && looked_at ? earlier(until, c->watcher->probe_due) : until;
    int64_t ms = until - ncm_mono_ms();
    return ms > 0 ? ms : 0;
}

bool k8s_watch(struct ncm_conn *c, const struct ncm_interest *interest, int wait_ms,
               const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err)
{
    int64_t end = ncm_mono_ms() + wait_ms;
    *news = (struct ncm_news){0};
    k8s_client_ready(c->client);
    if (!ncm_ask_go_on(control, err)) {
        return false;
    }
    for (;;) {
        bool ok = do_what_is_due(c, interest, control, err);
        if (ok && (wait_ms == 0 || say(c, interest, news) || ncm_mono_ms() >= end)) {
            return true;
        }
        ok = ok && ncm_http_stream_wait(k8s_client_http(c->client), rest(c, interest, end),
                                        control->cancel, err);
        /* Who wants everything anew wakes us too. */
        bool woken = !ok && err->code == NCM_CANCELLED &&
                     (control->cancel == NULL || !atomic_load(control->cancel));
        if (!ok && !woken) {
            return false;
        }
        if (woken) {
            k8s_client_ready(c->client);
        }
    }
}
