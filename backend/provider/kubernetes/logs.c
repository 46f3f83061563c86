/* The newest lines of a deployment's pods. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "provider/ask.h"
#include "provider/kubernetes/cluster.h"

enum {
    TAIL = 200,         /* lines of each replica where the question does not say */
    LINES_MOST = 10000, /* of a snapshot */
    PODS_MOST = 50,
    AT_ONCE = 6,
    BYTES_MOST = 8 << 20, /* of one answer */
    TEXT_MOST = 16384,    /* of one line */
};
/* What tells which pods belong to a deployment. */
#define KINDS                                                                                      \
    (1u << K8S_DEPLOYMENT | 1u << K8S_STATEFULSET | 1u << K8S_REPLICASET | 1u << K8S_POD |         \
     1u << K8S_INFERENCESERVICE | 1u << K8S_JOB | 1u << K8S_CRONJOB)

/* One pod's part. */
struct source {
    char *pod, *container;
    int64_t since_ms; /* what the snapshot before has up to here stays; NCM_NO_TIME: nothing */
};

struct reading {
    struct ncm_conn *c;
    struct ncm_fetch *f;
    char *ns, *name;
    struct source *sources;
    size_t n_sources;
    struct ncm_logs_snapshot *out;
    struct ncm_list lines, notes;
};

/* "SOURCE/NAMESPACE/NAME"; the source may hold slashes. */
static bool take_ref(struct reading *r, struct ncm_err *err)
{
    const char *id = r->f->query->id != NULL ? r->f->query->id : "";
    const char *name = strrchr(id, '/');
    const char *ns = name;
    while (ns != NULL && ns > id && ns[-1] != '/') {
        ns--;
    }
    if (name == NULL || ns == id || ns == name) {
        return ncm_fail(err, NCM_USAGE, _("Logs are asked for by SOURCE/NAMESPACE/NAME"));
    }
    r->ns = ncm_strndup(ns, (size_t)(name - ns));
    r->name = ncm_strdup(name + 1);
    return true;
}

static void add_source(struct reading *r, struct ncm_str pod, const char *container)
{
    r->sources = ncm_resize(r->sources, r->n_sources + 1, sizeof *r->sources);
    r->sources[r->n_sources++] = (struct source){
        .pod = ncm_strndup(ncm_cstr(pod), pod.len),
        .container = ncm_strdup(container),
        .since_ms = NCM_NO_TIME,
    };
}

static void add_note(struct reading *r, const char *text)
{
    struct ncm_str *s = ncm_list_add(&r->notes);
    *s = ncm_arena_cstr(r->out->head.arena, text);
}

static bool take_pods(struct reading *r, const struct ncm_deployment *d)
{
    const struct ncm_query *q = r->f->query;
    const char *wanted = q->n_columns > 0 ? q->columns[0] : NULL;
    for (size_t i = 0; i < d->n_replicas; i++) {
        const struct ncm_replica *p = &d->replicas[i];
        if (q->key != NULL && !ncm_str_is(p->name, q->key)) {
            continue;
        }
        if (r->n_sources == PODS_MOST) {
            char note[160];
            snprintf(note, sizeof note, _("only %d of %zu replicas are read"), PODS_MOST,
                     d->n_replicas);
            add_note(r, note);
            break;
        }
        /* Without a name the API refuses where there are several. */
        const char *first = p->n_containers > 0 ? ncm_cstr(p->containers[0]) : NULL;
        add_source(r, p->name, wanted != NULL ? wanted : first);
    }
    return r->n_sources > 0;
}

/* Which pods: as the shelves tell; filled here where nobody watches. */
static bool find_pods(struct reading *r, struct ncm_err *err)
{
    struct k8s_cluster *k = r->c->cluster;
    bool ambiguous;
    pthread_mutex_lock(&k->lock);
    bool kept = k->keeper != NULL && k->kept;
    pthread_mutex_unlock(&k->lock);
    if (!kept && !k8s_gather(r->c, KINDS, ncm_mono_ms(), &r->f->control, NULL, NULL, err)) {
        return false;
    }
    const struct ncm_deployment *d =
        ncm_deployments_find(k8s_seen(r->c), r->f->query->id, NULL, &ambiguous);
    bool ok = d != NULL ||
              ncm_fail(err, NCM_NOT_FOUND, _("There is no deployment %s/%s"), r->ns, r->name);
    if (ok && !take_pods(r, d)) {
        if (r->f->query->key != NULL) {
            ok = ncm_fail(err, NCM_NOT_FOUND, _("%s/%s has no replica %s"), r->ns, r->name,
                          r->f->query->key);
        } else {
            add_note(r, _("it has no replicas"));
        }
    }
    return ok;
}

/* ---- what is there already ------------------------------------------------------------------- */
static const struct ncm_logs_snapshot *before(const struct reading *r)
{
    const struct ncm_snapshot *s = r->f->previous;
    bool usable =
        s != NULL && s->topic == NCM_T_LOGS && !r->f->full && r->f->query->view != NCM_VIEW_DELETED;
    return usable ? (const struct ncm_logs_snapshot *)s : NULL;
}

/* The API takes whole seconds, so the last one is read again. */
static void mark_since(struct reading *r)
{
    const struct ncm_logs_snapshot *old = before(r);
    for (size_t i = 0; old != NULL && i < old->n; i++) {
        const struct ncm_log_line *l = &old->items[i];
        for (size_t k = 0; k < r->n_sources && l->time_ms != NCM_NO_TIME; k++) {
            if (ncm_str_is(l->replica, r->sources[k].pod)) {
                r->sources[k].since_ms = l->time_ms - l->time_ms % 1000;
                break;
            }
        }
    }
}

static void keep_old(struct reading *r)
{
    const struct ncm_logs_snapshot *old = before(r);
    struct ncm_arena *a = r->out->head.arena;
    struct ncm_map *known = ncm_map_new();
    for (size_t k = 0; k < r->n_sources; k++) {
        ncm_map_set(known, r->sources[k].pod, strlen(r->sources[k].pod), k);
    }
    for (size_t i = 0; old != NULL && i < old->n; i++) {
        const struct ncm_log_line *l = &old->items[i];
        size_t k;
        /* Lines of a pod that is gone stay: they are what one looks for. */
        bool there = ncm_map_get(known, ncm_cstr(l->replica), l->replica.len, &k);
        if (there && (r->sources[k].since_ms == NCM_NO_TIME || l->time_ms == NCM_NO_TIME ||
                      l->time_ms >= r->sources[k].since_ms)) {
            continue;
        }
        struct ncm_log_line *copy = ncm_list_add(&r->lines);
        copy->time_ms = l->time_ms;
        copy->replica = ncm_arena_copy(a, l->replica);
        copy->text = ncm_arena_copy(a, l->text);
    }
    ncm_map_free(known);
}

/* ---- answers --------------------------------------------------------------------------------- */
static void take_line(struct reading *r, struct ncm_str replica, const char *p, size_t len)
{
    char stamp[40];
    struct ncm_log_line *l = ncm_list_add(&r->lines);
    const char *blank = memchr(p, ' ', len);
    size_t n = blank != NULL ? (size_t)(blank - p) : len;
    l->replica = replica;
    l->time_ms = NCM_NO_TIME;
    if (n >= 20 && n < sizeof stamp) {
        memcpy(stamp, p, n);
        stamp[n] = '\0';
        /* Nanoseconds are more than anybody reads. */
        char *dot = strchr(stamp, '.');
        size_t digits = dot != NULL ? strspn(dot + 1, "0123456789") : 0;
        if (digits > 3) {
            memmove(dot + 4, dot + 1 + digits, strlen(dot + 1 + digits) + 1);
        }
        l->time_ms = ncm_ask_time(stamp);
    }
    if (l->time_ms != NCM_NO_TIME) {
        n += n < len;
        p += n;
        len -= n;
    }
    l->text = ncm_arena_str(r->out->head.arena, p, len < TEXT_MOST ? len : TEXT_MOST);
}

static void take_lines(struct reading *r, const struct source *s, const struct ncm_buf *body)
{
    struct ncm_str replica = ncm_arena_cstr(r->out->head.arena, s->pod);
    const char *p = body->p, *end = body->p + body->len;
    while (p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t len = stop != NULL ? (size_t)(stop - p) : (size_t)(end - p);
        if (len > 0 && p[len - 1] == '\r') {
            take_line(r, replica, p, len - 1);
        } else {
            take_line(r, replica, p, len);
        }
        p += len + 1;
    }
}

static void note_refusal(struct reading *r, const struct source *s, const struct ncm_http_answer *a,
                         struct ncm_err *err)
{
    k8s_refused(r->c->client, a, err);
    if (a->status == 403) {
        k8s_rights_doubt(r->c->cluster, r->ns);
    }
    /* TR: %s: pod, what the cluster says of it */
    char *note = ncm_sprintf(_("%s: %s"), s->pod, err->what);
    add_note(r, note);
    ncm_free(note);
}

static char *path_of(const struct reading *r, const struct source *s)
{
    const struct ncm_query *q = r->f->query;
    char time[40];
    struct ncm_buf url;
    ncm_buf_init(&url, 8192);
    ncm_buf_puts(&url, "/api/v1/namespaces/");
    ncm_http_encode(&url, r->ns);
    ncm_buf_puts(&url, "/pods/");
    ncm_http_encode(&url, s->pod);
    ncm_buf_puts(&url, "/log?timestamps=true");
    if (s->container != NULL) {
        ncm_buf_puts(&url, "&container=");
        ncm_http_encode(&url, s->container);
    }
    if (q->view == NCM_VIEW_DELETED) {
        ncm_buf_puts(&url, "&previous=true");
    }
    if (s->since_ms != NCM_NO_TIME) {
        ncm_buf_puts(&url, "&sinceTime=");
        ncm_http_encode(&url, ncm_fmt_iso(time, sizeof time, s->since_ms));
    }
    int64_t tail = q->limit > 0 ? q->limit : TAIL;
    ncm_buf_printf(&url, "&tailLines=%d",
                   s->since_ms != NCM_NO_TIME || tail > LINES_MOST ? LINES_MOST : (int)tail);
    char *path = ncm_buf_take(&url);
    ncm_buf_release(&url);
    return path;
}

/* Some pods at once. False: no answers come. */
static bool read_some(struct reading *r, size_t from, size_t n, struct ncm_err *err)
{
    struct ncm_http_request rqs[AT_ONCE];
    struct ncm_http_answer answers[AT_ONCE];
    struct ncm_err errs[AT_ONCE];
    bool ok[AT_ONCE], changed;
    char *paths[AT_ONCE];
    bool all = k8s_client_login(r->c->client, false, &changed, &r->f->control, err);
    if (!all) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        paths[i] = path_of(r, &r->sources[from + i]);
        rqs[i] = ncm_ask_request(NCM_HTTP_GET, paths[i], &r->f->control);
        rqs[i].most = BYTES_MOST;
        rqs[i].cut = true;
    }
    ncm_http_all(k8s_client_http(r->c->client), rqs, n, answers, ok, errs);
    for (size_t i = 0; i < n; i++) {
        const struct source *s = &r->sources[from + i];
        struct ncm_err ignored;
        if (!ok[i]) {
            *err = errs[i];
            all = false;
        } else if (answers[i].status == 401) {
            k8s_refused(r->c->client, &answers[i], err);
            all = false;
        } else if (answers[i].status == 204) {
            char *note = ncm_sprintf(_("%s: not on a node yet"), s->pod);
            add_note(r, note);
            ncm_free(note);
        } else if (answers[i].status >= 200 && answers[i].status < 300) {
            take_lines(r, s, &answers[i].body);
        } else {
            note_refusal(r, s, &answers[i], &ignored);
        }
        ncm_http_answer_release(&answers[i]);
        ncm_free(paths[i]);
    }
    return all;
}

/* ---- the snapshot ---------------------------------------------------------------------------- */
struct placed {
    struct ncm_log_line line;
    size_t at; /* lines of one time stay as they came */
};

static int by_time(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    if (x->line.time_ms != y->line.time_ms) {
        return x->line.time_ms < y->line.time_ms ? -1 : 1;
    }
    return (x->at > y->at) - (x->at < y->at);
}

/* A line without a time stands after the one before it. */
static void arrange(struct reading *r)
{
    struct ncm_log_line *all = r->lines.items;
    size_t n = r->lines.n;
    struct placed *p = ncm_alloc(n + 1, sizeof *p);
    int64_t last = NCM_NO_TIME;
    bool *timeless = ncm_alloc(n + 1, sizeof *timeless);
    for (size_t i = 0; i < n; i++) {
        timeless[i] = all[i].time_ms == NCM_NO_TIME;
        last = timeless[i] ? last : all[i].time_ms;
        p[i] = (struct placed){all[i], i};
        p[i].line.time_ms = last;
    }
    qsort(p, n, sizeof *p, by_time);
    size_t from = n > LINES_MOST ? n - LINES_MOST : 0;
    r->out->n = n - from;
    r->out->items = ncm_arena_alloc(r->out->head.arena, n - from + 1, sizeof *all);
    for (size_t i = from; i < n; i++) {
        r->out->items[i - from] = p[i].line;
        if (timeless[p[i].at]) {
            r->out->items[i - from].time_ms = NCM_NO_TIME;
        }
    }
    ncm_free(timeless);
    ncm_free(p);
}

static void release(struct reading *r)
{
    for (size_t i = 0; i < r->n_sources; i++) {
        ncm_free(r->sources[i].pod);
        ncm_free(r->sources[i].container);
    }
    ncm_free(r->sources);
    ncm_free(r->lines.items);
    ncm_free(r->ns);
    ncm_free(r->name);
}

bool k8s_fetch_logs(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct reading r = {.c = c,
                        .f = f,
                        .lines = {.size = sizeof(struct ncm_log_line)},
                        .notes = {.size = sizeof(struct ncm_str)}};
    r.out = ncm_snapshot_new(NCM_T_LOGS, sizeof *r.out);
    bool ok = take_ref(&r, err) && find_pods(&r, err);
    if (ok) {
        mark_since(&r);
        keep_old(&r);
    }
    for (size_t i = 0; ok && i < r.n_sources; i += AT_ONCE) {
        size_t n = r.n_sources - i < AT_ONCE ? r.n_sources - i : AT_ONCE;
        ok = read_some(&r, i, n, err);
    }
    if (ok) {
        arrange(&r);
        r.out->n_notes = r.notes.n;
        r.out->notes = ncm_list_move(&r.notes, r.out->head.arena);
        f->publish(f->to, &r.out->head);
    } else {
        ncm_free(r.notes.items);
        ncm_snapshot_unref(&r.out->head);
    }
    release(&r);
    return ok;
}
