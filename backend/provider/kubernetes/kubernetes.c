/* The provider's table: connections, topics. */
#include "provider/kubernetes/kubernetes.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "provider/ask.h"
#include "provider/kubernetes/cluster.h"

enum { LOOK_MS = 50 };

static int probe(const char *location)
{
    (void)location;
    return 0;
}

static void close_conn(struct ncm_conn *c)
{
    if (c != NULL) {
        k8s_watch_end(c);
        ncm_snapshot_unref(c->seen);
        k8s_client_close(c->client);
        k8s_login_release(&c->login);
        ncm_kubernetes_cluster_free(c->own);
        ncm_free(c);
    }
}

static bool open_conn(const struct ncm_place *place, struct ncm_conn **out,
                      struct ncm_control *control, struct ncm_err *err)
{
    (void)control;
    struct ncm_conn *c = ncm_alloc(1, sizeof *c);
    c->setup = place->with;
    *out = NULL;
    if (!k8s_login_load(c->setup->kubeconfig, c->setup->context, &c->login, err)) {
        ncm_free(c);
        return false;
    }
    c->login.timeout_ms = c->setup->timeout_ms;
    c->own = c->setup->cluster == NULL ? ncm_kubernetes_cluster_new() : NULL;
    c->cluster = c->own != NULL ? c->own : c->setup->cluster;
    k8s_cluster_enter(c->cluster, c->setup, &c->login);
    if (!k8s_client_open(&c->login, c->cluster->ticket, &c->client, err)) {
        ncm_kubernetes_cluster_free(c->own);
        k8s_login_release(&c->login);
        ncm_free(c);
        return false;
    }
    *out = c;
    return true;
}

static void interrupt_conn(struct ncm_conn *c)
{
    k8s_client_interrupt(c->client);
}

/* ---- deployments ----------------------------------------------------------------------------- */
struct answer {
    struct ncm_conn *c;
    struct ncm_fetch *f;
};

static void publish(struct ncm_conn *c, struct ncm_fetch *f, bool provisional)
{
    const struct ncm_snapshot *before = f->previous;
    bool same = before != NULL && before->topic == NCM_T_DEPLOYMENTS;
    struct ncm_deployments_snapshot *s =
        k8s_snapshot(c, same ? (const struct ncm_deployments_snapshot *)before : NULL);
    s->head.provisional = provisional;
    f->publish(f->to, &s->head);
}

/* Whether the deployments are there. Holding the lock. */
static bool has_deployments(const struct k8s_cluster *k)
{
    bool all = k->n_shelves > 0;
    for (size_t i = 0; i < k->n_shelves; i++) {
        const struct k8s_shelf *s = &k->shelves[i];
        all = all && (s->kind != K8S_DEPLOYMENT || s->reading == K8S_READ);
    }
    return all;
}

/* What was known before is better than the names alone. */
static void publish_first(void *to)
{
    struct answer *a = to;
    pthread_mutex_lock(&a->c->cluster->lock);
    bool there = has_deployments(a->c->cluster);
    pthread_mutex_unlock(&a->c->cluster->lock);
    if (there && a->f->previous == NULL) {
        publish(a->c, a->f, true);
    }
}

/* Nobody watches: everything is listed here. */
static bool fetch_alone(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct answer a = {c, f};
    /* A watch that ended may mean that the server hangs. */
    if (f->previous != NULL && !k8s_greet(c, &f->control, err)) {
        return false;
    }
    if (!k8s_gather(c, K8S_ALL_KINDS, ncm_mono_ms(), &f->control, publish_first, &a, err)) {
        return false;
    }
    k8s_introduce(c, &f->control);
    k8s_rights_ask(c, &f->control);
    if (!ncm_ask_go_on(&f->control, err)) {
        return false;
    }
    publish(c, f, false);
    return true;
}

/* The stream lane keeps all of it: waits until it has it. *alone: it does not any more. */
static bool fetch_kept(struct ncm_conn *c, struct ncm_fetch *f, bool *alone, struct ncm_err *err)
{
    struct k8s_cluster *k = c->cluster;
    bool ok = true, shown = f->previous != NULL;
    pthread_mutex_lock(&k->lock);
    uint64_t listed = k->listed;
    if (f->full && k->kept && k->keeper != NULL) {
        k->relist = true;
        k8s_client_interrupt(k->keeper);
    } else {
        listed = 0;
    }
    while (ok && k->keeper != NULL && (!k->kept || (listed > 0 && k->listed == listed))) {
        if (!shown && has_deployments(k)) {
            shown = true;
            pthread_mutex_unlock(&k->lock);
            publish(c, f, true);
            pthread_mutex_lock(&k->lock);
        }
        k8s_cluster_wait(k, LOOK_MS);
        ok = ncm_ask_go_on(&f->control, err);
    }
    *alone = k->keeper == NULL;
    pthread_mutex_unlock(&k->lock);
    if (ok && !*alone) {
        publish(c, f, false);
    }
    return ok;
}

static bool fetch_deployments(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    bool alone;
    pthread_mutex_lock(&c->cluster->lock);
    alone = c->cluster->keeper == NULL;
    pthread_mutex_unlock(&c->cluster->lock);
    if (!alone && !fetch_kept(c, f, &alone, err)) {
        return false;
    }
    return !alone || fetch_alone(c, f, err);
}

/* ---- other topics ---------------------------------------------------------------------------- */
static bool fetch_store(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    const struct k8s_call call = {.path = "/version", .control = &f->control};
    struct ncm_doc *doc;
    if (!k8s_call(c->client, &call, &doc, err)) {
        return false;
    }
    const char *git = ncm_node_str(doc != NULL ? ncm_doc_root(doc) : NULL, "gitVersion", "");
    struct ncm_store_snapshot *s = ncm_snapshot_new(NCM_T_STORE, sizeof *s);
    char *release = ncm_sprintf("Kubernetes%s%.60s", git[0] != '\0' ? " " : "", git);
    s->kind = ncm_arena_cstr(s->head.arena, "Kubernetes");
    s->location = ncm_arena_cstr(s->head.arena, c->login.server);
    s->schema = ncm_arena_cstr(s->head.arena, c->login.context);
    s->release = ncm_arena_cstr(s->head.arena, release);
    s->writable = true; /* what may be changed is told for each deployment */
    s->n_experiments = s->n_runs = s->n_models = -1;
    ncm_free(release);
    ncm_doc_free(doc);
    f->publish(f->to, &s->head);
    return true;
}

static bool fetch(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    k8s_client_ready(c->client);
    if (f->cached) {
        return ncm_fail(err, NCM_NOT_FOUND, _("Nothing was kept of this."));
    }
    switch (f->query->topic) {
    case NCM_T_STORE:
        return fetch_store(c, f, err);
    case NCM_T_DEPLOYMENTS:
        return fetch_deployments(c, f, err);
    case NCM_T_LOGS:
        return k8s_fetch_logs(c, f, err);
    default:
        return ncm_fail(err, NCM_UNSUPPORTED, _("Kubernetes does not hold this."));
    }
}

const struct ncm_provider ncm_kubernetes = {
    .name = "kubernetes",
    .summary = N_("Kubernetes and KServe, over the cluster's API"),
    .capabilities = NCM_CAP_DEPLOY | NCM_CAP_WATCH | NCM_CAP_REMOTE | NCM_CAP_WRITE | NCM_CAP_UNDO,
    .probe = probe,
    .open = open_conn,
    .close = close_conn,
    .interrupt = interrupt_conn,
    .fetch = fetch,
    .watch = k8s_watch,
    .apply = k8s_apply,
    .check = k8s_check,
    .present = k8s_present,
    .examine = k8s_examine,
};
