/* From the shelves to a snapshot. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "provider/kubernetes/cluster.h"

/* Of several scopes the best that is known: what one of them has is there. */
static enum k8s_reading better(enum k8s_reading a, enum k8s_reading b)
{
    static const int worth[] = {[K8S_NOT_READ] = 0,
                                [K8S_ABSENT] = 1,
                                [K8S_FAILED] = 2,
                                [K8S_FORBIDDEN] = 3,
                                [K8S_READ] = 4};
    return worth[a] >= worth[b] ? a : b;
}

/* Holding the lock; objects are shared, so that they stay when it is let go. */
static void gather(const struct k8s_cluster *k, struct k8s_view *v, char *why[K8S_N_KINDS])
{
    for (size_t i = 0; i < k->n_shelves; i++) {
        const struct k8s_shelf *s = &k->shelves[i];
        v->items[s->kind] =
            ncm_resize(v->items[s->kind], v->n[s->kind] + s->n + 1, sizeof(struct k8s_object *));
        for (size_t j = 0; j < s->n; j++) {
            v->items[s->kind][v->n[s->kind]++] = k8s_object_share(s->items[j]);
        }
        v->reading[s->kind] = better(v->reading[s->kind], s->reading);
        if (s->why != NULL && why[s->kind] == NULL) {
            why[s->kind] = ncm_strdup(s->why);
        }
    }
}

static void add_note(struct ncm_deployments_snapshot *s, const char *text)
{
    struct ncm_str *notes = ncm_arena_alloc(s->head.arena, s->n_notes + 1, sizeof *notes);
    if (s->n_notes > 0) {
        memcpy(notes, s->notes, s->n_notes * sizeof *notes);
    }
    notes[s->n_notes++] = ncm_arena_cstr(s->head.arena, text);
    s->notes = notes;
}

/* "deployments, pods in ml-quota": what could not be read there, though it was elsewhere. Holding the
 * lock. Returns the first one's reason. */
static const char *left_out(const struct k8s_cluster *k, const char *ns, enum k8s_reading how,
                            struct ncm_buf *kinds)
{
    const char *why = NULL;
    for (size_t i = 0; i < k->n_shelves; i++) {
        const struct k8s_shelf *s = &k->shelves[i];
        bool here = s->ns != NULL && strcmp(s->ns, ns) == 0 && s->reading == how;
        bool elsewhere = false;
        for (size_t j = 0; here && !elsewhere && j < k->n_shelves; j++) {
            elsewhere = k->shelves[j].kind == s->kind && k->shelves[j].reading == K8S_READ;
        }
        if (elsewhere) {
            ncm_buf_printf(kinds, "%s%s", kinds->len > 0 ? ", " : "",
                           s->kind == K8S_USAGE ? "metrics" : k8s_resources[s->kind].plural);
            why = why == NULL ? s->why : why;
        }
    }
    return why != NULL ? why : "";
}

/* One for each namespace that is missing in part or whole. Holding the lock. */
static void left_out_notes(const struct k8s_cluster *k, struct ncm_buf *notes)
{
    static const enum k8s_reading bad[] = {K8S_FORBIDDEN, K8S_FAILED};
    for (size_t i = 0; i < k->n_shelves; i++) {
        const struct k8s_shelf *s = &k->shelves[i];
        for (size_t b = 0; s->kind == K8S_DEPLOYMENT && s->ns != NULL && b < 2; b++) {
            struct ncm_buf kinds;
            ncm_buf_init(&kinds, 400);
            const char *why = left_out(k, s->ns, bad[b], &kinds);
            if (kinds.len > 0) {
                /* TR: kinds of objects, a namespace, the cluster's words */
                ncm_buf_printf(notes,
                               bad[b] == K8S_FORBIDDEN ? _("%s in %s: forbidden (%s)")
                                                       : _("%s in %s: cannot be read (%s)"),
                               kinds.p, s->ns, why);
                ncm_buf_putc(notes, '\n');
            }
            ncm_buf_release(&kinds);
        }
    }
}

/* A note a line. */
static void add_lines(struct ncm_deployments_snapshot *s, char *lines)
{
    for (char *next, *line = lines; (next = strchr(line, '\n')) != NULL; line = next + 1) {
        *next = '\0';
        add_note(s, line);
    }
}

struct ncm_deployments_snapshot *k8s_snapshot(struct ncm_conn *c,
                                              const struct ncm_deployments_snapshot *previous)
{
    struct k8s_cluster *k = c->cluster;
    struct k8s_view v = {
        .source = c->setup->source, .cluster = c->login.cluster, .selector = c->setup->selector};
    char *why[K8S_N_KINDS] = {0};
    struct ncm_buf missing;
    ncm_buf_init(&missing, 16384);
    pthread_mutex_lock(&k->lock);
    gather(k, &v, why);
    left_out_notes(k, &missing);
    char *who = ncm_strdup(k->who), *server = ncm_strdup(k->server);
    char *narrowed = ncm_strdup(k->narrowed);
    v.now_ms = ncm_now_ms() + k->skew_ms;
    bool rights = k->n_rights > 0;
    v.n_answered = k->n_answered;
    struct k8s_answered **answered = ncm_alloc(v.n_answered + 1, sizeof *answered);
    for (size_t i = 0; i < v.n_answered; i++) {
        answered[i] = k8s_answered_share(k->answered[i]);
    }
    v.answered = answered;
    pthread_mutex_unlock(&k->lock);
    for (int i = 0; i < K8S_N_KINDS; i++) {
        v.why[i] = why[i];
    }
    v.who = who;
    v.server = server;
    v.allowed = rights ? k8s_rights_of : NULL;
    v.rights = k;
    struct ncm_deployments_snapshot *s = k8s_build(&v, previous);
    if (missing.len > 0) {
        add_lines(s, missing.p);
    }
    ncm_buf_release(&missing);
    if (narrowed != NULL) {
        char *note = ncm_sprintf(_("only the namespace %s is read: %s"), c->login.ns, narrowed);
        add_note(s, note);
        ncm_free(note);
    }
    for (int i = 0; i < K8S_N_KINDS; i++) {
        for (size_t j = 0; j < v.n[i]; j++) {
            k8s_object_drop(v.items[i][j]);
        }
        ncm_free(v.items[i]);
        ncm_free(why[i]);
    }
    for (size_t i = 0; i < v.n_answered; i++) {
        k8s_answered_drop(answered[i]);
    }
    ncm_free(answered);
    ncm_free(who);
    ncm_free(server);
    ncm_free(narrowed);
    return s;
}

/* Asked each second while somebody follows logs: only what changed is made anew. */
const struct ncm_deployments_snapshot *k8s_seen(struct ncm_conn *c)
{
    struct k8s_cluster *k = c->cluster;
    pthread_mutex_lock(&k->lock);
    uint64_t changes = k->changes;
    pthread_mutex_unlock(&k->lock);
    if (c->seen == NULL || changes != c->seen_changes) {
        struct ncm_deployments_snapshot *fresh = k8s_snapshot(c, c->seen);
        ncm_snapshot_unref(c->seen);
        c->seen = fresh;
        c->seen_changes = changes;
    }
    return c->seen;
}
