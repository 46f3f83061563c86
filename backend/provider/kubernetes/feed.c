/* One shelf's watch: begun from the version of its list, kept from the version of its last line. */
#include "provider/kubernetes/feed.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/file.h"

enum {
    LINE_MOST = 16 << 20,
    SILENCE_MS = 180000,   /* bookmarks come each minute: who says nothing so long is dead */
    WATCH_S = 300,         /* … and the server may end it after so long, give or take a fifth */
    POLL_MS = 10000,       /* where watching is forbidden */
    USAGE_MS = 20000,      /* is measured each 15 s at most */
    FORBIDDEN_MS = 300000, /* a list that was refused is tried again */
    FIRST_MS = 1000,
    LAST_MS = 30000,
    TRIES = 2,        /* in a row without any answer: the cluster is away */
    STABLE_MS = 5000, /* a stream that lasted so long was no failure */
};

static int64_t jitter(int64_t ms)
{
    char hex[9];
    unsigned long n = 0;
    ncm_random_hex(hex, 4);
    for (int i = 0; i < 8; i++) {
        n = n * 16 + (unsigned long)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
    }
    return ms - ms / 5 + (int64_t)(n % (unsigned long)(2 * (ms / 5) + 1));
}

static int64_t pause_of(int fails)
{
    int64_t ms = FIRST_MS;
    for (int i = 1; i < fails && ms < LAST_MS; i++) {
        ms *= 2;
    }
    return jitter(ms < LAST_MS ? ms : LAST_MS);
}

/* Holding the lock. */
static struct k8s_shelf *shelf_of(const struct k8s_feed *f)
{
    struct k8s_cluster *k = f->conn->cluster;
    for (size_t i = 0; i < k->n_shelves; i++) {
        struct k8s_shelf *s = &k->shelves[i];
        if (s->kind == f->kind && (s->ns == NULL) == (f->ns == NULL) &&
            (s->ns == NULL || strcmp(s->ns, f->ns) == 0)) {
            return s;
        }
    }
    return NULL;
}

/* ---- lines ----------------------------------------------------------------------------------- */
static void set_version(struct k8s_shelf *s, const struct ncm_node *object)
{
    const char *version = ncm_node_str(ncm_node_get(object, "metadata"), "resourceVersion", "");
    if (*version != '\0') {
        ncm_free(s->version);
        s->version = ncm_strdup(version);
    }
}

/* False ends the stream. */
static bool take_error(struct k8s_feed *f, const struct ncm_node *object)
{
    ncm_log("kubernetes: watch of %s: %s %s", k8s_resources[f->kind].plural,
            ncm_node_str(object, "reason", ""), ncm_node_str(object, "message", ""));
    /* 410: the version is too old. After anything else it is not known what was missed. */
    f->expired = true;
    return false;
}

static struct ncm_str text_of(const struct ncm_node *meta, const char *key)
{
    const char *text = ncm_node_str(meta, key, "");
    return (struct ncm_str){text, strlen(text)};
}

static void take_object(struct k8s_feed *f, const char *type, const struct ncm_node *object)
{
    struct k8s_cluster *k = f->conn->cluster;
    const struct ncm_node *meta = ncm_node_get(object, "metadata");
    bool gone = strcmp(type, "DELETED") == 0;
    bool there = strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0;
    struct k8s_object *o = NULL;
    struct ncm_err err;
    if (there && !k8s_object_decode(f->kind, object, &o, &err)) {
        ncm_log("kubernetes: %s", err.what);
    }
    pthread_mutex_lock(&k->lock);
    struct k8s_shelf *s = shelf_of(f);
    if (s != NULL) {
        if (o != NULL) {
            k8s_shelf_put(k, s, o);
            o = NULL;
        } else if (gone) {
            k8s_shelf_remove(k, s, text_of(meta, "namespace"), text_of(meta, "name"));
        }
        set_version(s, object);
    }
    pthread_mutex_unlock(&k->lock);
    k8s_object_drop(o);
}

static bool on_line(void *to, const char *p, size_t len)
{
    struct k8s_feed *f = to;
    struct ncm_doc *doc;
    struct ncm_err err;
    if (len == 0) {
        return true;
    }
    if (!ncm_json_parse("watch", p, len, &doc, &err)) {
        ncm_log("kubernetes: watch of %s: %s", k8s_resources[f->kind].plural, err.what);
        f->expired = true;
        return false;
    }
    const struct ncm_node *root = ncm_doc_root(doc);
    const char *type = ncm_node_str(root, "type", "");
    const struct ncm_node *object = ncm_node_get(root, "object");
    bool on = true;
    if (strcmp(type, "ERROR") == 0) {
        on = take_error(f, object);
    } else {
        f->spoke = true;
        take_object(f, type, object);
    }
    ncm_doc_free(doc);
    return on;
}

/* ---- feeds ----------------------------------------------------------------------------------- */
static int64_t first_due(const struct k8s_shelf *s, bool watched)
{
    switch (s->reading) {
    case K8S_READ:
        return watched ? 0 : s->read_mono_ms + USAGE_MS;
    case K8S_FORBIDDEN:
        return s->read_mono_ms + jitter(FORBIDDEN_MS);
    case K8S_ABSENT:
        return INT64_MAX;
    case K8S_FAILED:
        return s->read_mono_ms + LAST_MS;
    case K8S_NOT_READ:
        break;
    }
    return 0;
}

void k8s_feeds_open(struct ncm_conn *c)
{
    struct k8s_cluster *k = c->cluster;
    struct k8s_watcher *w = c->watcher;
    k8s_feeds_close(w);
    pthread_mutex_lock(&k->lock);
    w->n_feeds = k->n_shelves;
    w->feeds = ncm_alloc(w->n_feeds, sizeof *w->feeds);
    for (size_t i = 0; i < w->n_feeds; i++) {
        const struct k8s_shelf *s = &k->shelves[i];
        w->feeds[i] = (struct k8s_feed){
            .conn = c,
            .kind = s->kind,
            .ns = ncm_strdup(s->ns),
            .due_mono_ms = first_due(s, k8s_resources[s->kind].watched),
        };
    }
    pthread_mutex_unlock(&k->lock);
}

void k8s_feeds_close(struct k8s_watcher *w)
{
    for (size_t i = 0; i < w->n_feeds; i++) {
        ncm_http_stream_close(w->feeds[i].stream);
        ncm_free(w->feeds[i].ns);
    }
    ncm_free(w->feeds);
    w->feeds = NULL;
    w->n_feeds = 0;
}

static void begin(struct k8s_feed *f, const char *version)
{
    struct ncm_conn *c = f->conn;
    struct ncm_buf url;
    char *path = k8s_list_path(f->kind, f->ns, c->setup->selector);
    ncm_buf_init(&url, 65536);
    ncm_buf_printf(&url,
                   "%swatch=1&allowWatchBookmarks=true&timeoutSeconds=%d&resourceVersion=", path,
                   (int)(jitter(WATCH_S * 1000) / 1000));
    ncm_http_encode(&url, version);
    const struct ncm_http_request rq = {
        .path = url.p, .accept = "application/json", .timeout_ms = SILENCE_MS};
    f->spoke = f->expired = false;
    f->login = k8s_client_logins(c->client);
    f->began_mono_ms = ncm_mono_ms();
    f->stream = ncm_http_stream_start(k8s_client_http(c->client), &rq, LINE_MOST, on_line, f);
    ncm_buf_release(&url);
    ncm_free(path);
}

/* Lists the shelf; the watch is begun from there at once. */
static bool list(struct k8s_feed *f, const struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_conn *c = f->conn;
    struct k8s_cluster *k = c->cluster;
    struct k8s_listing l = {.kind = f->kind, .ns = ncm_strdup(f->ns)};
    k8s_list_some(c, &l, 1, control);
    pthread_mutex_lock(&k->lock);
    struct k8s_shelf *s = shelf_of(f);
    k->skew_ms = k8s_client_skew_ms(c->client);
    bool answered = s != NULL && k8s_list_settle(k, s, &l);
    if (answered) {
        f->expired = false;
        f->due_mono_ms = l.ok && f->polled
                             ? ncm_mono_ms() + POLL_MS
                             : first_due(s, k8s_resources[f->kind].watched && !f->polled);
    }
    pthread_mutex_unlock(&k->lock);
    *err = l.err;
    answered = answered || (l.ok && s == NULL);
    k8s_listing_release(&l);
    return answered;
}

/* A watch that was refused. False: nothing of ours is accepted any more. */
static bool refused(struct k8s_feed *f, const struct ncm_http_answer *a,
                    const struct ncm_control *control, struct ncm_err *err)
{
    bool changed = false;
    struct ncm_err ignored;
    k8s_refused(f->conn->client, a, err);
    f->fails++;
    f->due_mono_ms = ncm_mono_ms() + pause_of(f->fails);
    switch (a->status) {
    case 401:
        /* Another watch may have renewed it meanwhile. */
        if (f->fails > TRIES ||
            (f->login == k8s_client_logins(f->conn->client) &&
             !k8s_client_login(f->conn->client, true, &changed, control, &ignored))) {
            return false;
        }
        f->due_mono_ms = ncm_mono_ms();
        break;
    case 403:
        f->polled = true;
        f->due_mono_ms = ncm_mono_ms() + POLL_MS;
        break;
    case 404:
    case 410:
        f->expired = true; /* the list tells whether the API is there at all */
        f->due_mono_ms = ncm_mono_ms();
        break;
    default:
        if (a->retry_ms > 0) {
            f->due_mono_ms = ncm_mono_ms() + a->retry_ms;
        }
        break;
    }
    return true;
}

/* A stream that is over, for whatever reason. False: the cluster is away. */
static bool settle(struct k8s_feed *f, const struct ncm_control *control, struct ncm_err *err)
{
    const struct ncm_http_answer *a;
    bool ok = true;
    if (f->stream == NULL || !ncm_http_stream_over(f->stream, &a, err)) {
        return true;
    }
    int64_t now = ncm_mono_ms();
    bool lasted =
        f->spoke || (ncm_http_stream_flows(f->stream) && now >= f->began_mono_ms + STABLE_MS);
    f->due_mono_ms = now;
    if (a != NULL && (a->status < 200 || a->status > 299)) {
        ok = refused(f, a, control, err);
    } else if (lasted) {
        f->fails = 0;
    } else {
        /* A server that ends each watch at once is not to be asked without a pause. */
        f->fails++;
        f->due_mono_ms = f->expired && f->fails == 1 ? now : now + pause_of(f->fails);
        ok = a != NULL || f->expired || err->code == NCM_TOO_LARGE || f->fails < TRIES;
    }
    f->expired = f->expired || (a == NULL && err->code == NCM_TOO_LARGE);
    ncm_http_stream_close(f->stream);
    f->stream = NULL;
    return ok;
}

static bool is_due(const struct k8s_feed *f, bool looked_at, int64_t now)
{
    return f->stream == NULL && f->due_mono_ms <= now && (f->kind != K8S_USAGE || looked_at);
}

static bool step(struct k8s_feed *f, const struct ncm_control *control, struct ncm_err *err)
{
    struct k8s_cluster *k = f->conn->cluster;
    pthread_mutex_lock(&k->lock);
    const struct k8s_shelf *s = shelf_of(f);
    char *version = s != NULL && !f->expired ? ncm_strdup(s->version) : NULL;
    pthread_mutex_unlock(&k->lock);
    bool ok = true;
    bool changed;
    if (!k8s_resources[f->kind].watched || f->polled || version == NULL || *version == '\0') {
        ok = list(f, control, err);
    } else if (k8s_client_login(f->conn->client, false, &changed, control, err)) {
        begin(f, version);
    } else {
        ok = false;
    }
    ncm_free(version);
    return ok;
}

bool k8s_feeds_step(struct ncm_conn *c, bool looked_at, const struct ncm_control *control,
                    struct ncm_err *err)
{
    struct k8s_watcher *w = c->watcher;
    for (size_t i = 0; i < w->n_feeds; i++) {
        struct k8s_feed *f = &w->feeds[i];
        if (!settle(f, control, err)) {
            return false;
        }
        if (is_due(f, looked_at, ncm_mono_ms()) && !step(f, control, err)) {
            return false;
        }
    }
    return true;
}

int64_t k8s_feeds_due(struct ncm_conn *c, bool looked_at)
{
    const struct k8s_watcher *w = c->watcher;
    int64_t due = INT64_MAX;
    for (size_t i = 0; i < w->n_feeds; i++) {
        const struct k8s_feed *f = &w->feeds[i];
        const struct ncm_http_answer *a;
        struct ncm_err ignored;
        if (f->stream != NULL) {
            due = ncm_http_stream_over(f->stream, &a, &ignored) ? 0 : due;
        } else if (f->due_mono_ms < due && (f->kind != K8S_USAGE || looked_at)) {
            due = f->due_mono_ms;
        }
    }
    return due;
}

bool k8s_feeds_absent(struct ncm_conn *c)
{
    struct k8s_cluster *k = c->cluster;
    bool absent = false;
    pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < k->n_shelves && !absent; i++) {
        absent = k->shelves[i].reading == K8S_ABSENT;
    }
    pthread_mutex_unlock(&k->lock);
    return absent;
}

void k8s_feeds_appeared(struct ncm_conn *c, const char *group)
{
    struct k8s_watcher *w = c->watcher;
    for (size_t i = 0; i < w->n_feeds; i++) {
        struct k8s_feed *f = &w->feeds[i];
        if (f->due_mono_ms == INT64_MAX && f->stream == NULL &&
            strcmp(k8s_resources[f->kind].group, group) == 0) {
            f->due_mono_ms = 0;
            f->expired = true;
        }
    }
}
