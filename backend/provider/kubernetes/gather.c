/* Going through the shelves: what is not there is listed. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "provider/ask.h"
#include "provider/kubernetes/cluster.h"

enum { LOOK_MS = 50 };

/* The deployments first, then what says how they are. */
static const enum k8s_kind order[K8S_N_KINDS] = {
    K8S_DEPLOYMENT, K8S_STATEFULSET, K8S_INFERENCESERVICE, K8S_CRONJOB, K8S_REPLICASET,
    K8S_POD,        K8S_SERVICE,     K8S_ENDPOINTSLICE,    K8S_HPA,     K8S_JOB,
    K8S_EVENT,      K8S_USAGE,
};

static bool begin(struct k8s_cluster *k, const struct ncm_control *control, struct ncm_err *err)
{
    bool ok = true;
    while (k->filling && ok) {
        k8s_cluster_wait(k, LOOK_MS);
        ok = ncm_ask_go_on(control, err);
    }
    k->filling = k->filling || ok;
    return ok;
}

/* A shelf that a watch may go on from is not listed, unless everything since a moment is wanted. */
static bool is_due(const struct k8s_shelf *s, int64_t since)
{
    return since > 0 ? s->read_mono_ms < since : s->read_mono_ms == 0;
}

/* Those that are to be listed next, in their order; holding the lock. Deployments go alone, for
 * they are shown first and decide whether all namespaces may be read. */
static size_t choose(const struct k8s_cluster *k, unsigned kinds, int64_t since,
                     struct k8s_listing *out)
{
    size_t n = 0;
    for (size_t i = 0; i < K8S_N_KINDS; i++) {
        for (size_t j = 0; j < k->n_shelves && n < K8S_LIST_AT_ONCE; j++) {
            const struct k8s_shelf *s = &k->shelves[j];
            if (s->kind == order[i] && (kinds & 1u << s->kind) != 0 && is_due(s, since)) {
                out[n++] = (struct k8s_listing){.kind = s->kind, .ns = ncm_strdup(s->ns)};
            }
        }
        if (n > 0 && (n == K8S_LIST_AT_ONCE || order[i] == K8S_DEPLOYMENT)) {
            break;
        }
    }
    return n;
}

static struct k8s_shelf *shelf_of(struct k8s_cluster *k, const struct k8s_listing *l)
{
    for (size_t i = 0; i < k->n_shelves; i++) {
        struct k8s_shelf *s = &k->shelves[i];
        if (s->kind == l->kind && (s->ns == NULL) == (l->ns == NULL) &&
            (l->ns == NULL || strcmp(s->ns, l->ns) == 0)) {
            return s;
        }
    }
    return NULL;
}

/* Lists some; holding the lock, but not meanwhile. */
static bool list_some(struct ncm_conn *c, struct k8s_listing *all, size_t n,
                      const struct ncm_control *control, struct ncm_err *err)
{
    struct k8s_cluster *k = c->cluster;
    bool ok = true;
    pthread_mutex_unlock(&k->lock);
    k8s_list_some(c, all, n, control);
    pthread_mutex_lock(&k->lock);
    k->skew_ms = k8s_client_skew_ms(c->client);
    for (size_t i = 0; i < n; i++) {
        struct k8s_listing *l = &all[i];
        /* Where the shelves were made anew meanwhile, it is another cluster's. */
        struct k8s_shelf *s = shelf_of(k, l);
        bool everywhere = l->kind == K8S_DEPLOYMENT && l->ns == NULL;
        if (s != NULL && !l->ok && everywhere && l->err.code == NCM_FORBIDDEN) {
            k8s_cluster_narrow(k, c->login.ns, l->err.what);
        } else if (s != NULL && !k8s_list_settle(k, s, l)) {
            *err = l->err;
            ok = false;
        }
        k8s_listing_release(l);
    }
    pthread_cond_broadcast(&k->wake);
    return ok;
}

/* Whether nothing at all could be read; the words of the deployments say why. That must not pass for
 * a cluster without any. Holding the lock. */
static bool all_dark(const struct ncm_conn *c, unsigned kinds, struct ncm_err *err)
{
    const struct k8s_cluster *k = c->cluster;
    const struct k8s_shelf *says = NULL;
    for (size_t i = 0; i < k->n_shelves; i++) {
        const struct k8s_shelf *s = &k->shelves[i];
        if ((kinds & 1u << s->kind) != 0 && s->reading == K8S_READ) {
            return false;
        }
        if (s->why != NULL && (says == NULL || says->reading == K8S_FAILED)) {
            says = s->reading == K8S_FORBIDDEN || says == NULL ? s : says;
        }
    }
    if (says == NULL) {
        ncm_fail(err, NCM_INVALID_DATA, _("%s has no API of a cluster"), c->login.server);
        ncm_hint(err, _("Is the address in the kubeconfig right?"));
    } else if (says->reading == K8S_FAILED) {
        ncm_fail(err, NCM_INVALID_DATA, "%s", says->why);
    } else {
        ncm_fail(err, NCM_FORBIDDEN, "%s", says->why);
        ncm_hint(err, strstr(says->why, "system:anonymous") != NULL
                          ? _("Nobody is logged in: the context has no user, or its login was not "
                              "accepted")
                          : _("Ask the cluster's administrator for rights in a namespace, and name "
                              "it in the configuration (namespaces)"));
    }
    return true;
}

bool k8s_gather(struct ncm_conn *c, unsigned kinds, int64_t since_mono_ms,
                const struct ncm_control *control, void (*first)(void *to), void *to,
                struct ncm_err *err)
{
    struct k8s_cluster *k = c->cluster;
    struct k8s_listing some[K8S_LIST_AT_ONCE];
    pthread_mutex_lock(&k->lock);
    bool ok = begin(k, control, err);
    if (!ok) {
        pthread_mutex_unlock(&k->lock);
        return false;
    }
    bool shown = first == NULL;
    for (size_t n; ok && (n = choose(k, kinds, since_mono_ms, some)) > 0;) {
        if (!shown && some[0].kind != K8S_DEPLOYMENT) {
            shown = true;
            pthread_mutex_unlock(&k->lock);
            first(to);
            pthread_mutex_lock(&k->lock);
        }
        ok = list_some(c, some, n, control, err);
    }
    ok = ok && !all_dark(c, kinds, err);
    k->filling = false;
    k->listed += ok ? 1 : 0;
    pthread_cond_broadcast(&k->wake);
    pthread_mutex_unlock(&k->lock);
    return ok;
}

/* ---- who and what ---------------------------------------------------------------------------- */
void k8s_introduce(struct ncm_conn *c, const struct ncm_control *control)
{
    static const char review[] =
        "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"SelfSubjectReview\"}";
    struct k8s_cluster *k = c->cluster;
    const struct k8s_call calls[2] = {
        {.path = "/version", .control = control},
        {.method = NCM_HTTP_POST,
         .path = "/apis/authentication.k8s.io/v1/selfsubjectreviews",
         .body = review,
         .control = control},
    };
    struct ncm_doc *docs[2];
    struct ncm_err errs[2];
    bool ok[2];
    pthread_mutex_lock(&k->lock);
    bool done = k->introduced;
    pthread_mutex_unlock(&k->lock);
    if (done) {
        return;
    }
    k8s_call_all(c->client, calls, 2, docs, ok, errs);
    const struct ncm_node *version = docs[0] != NULL ? ncm_doc_root(docs[0]) : NULL;
    const struct ncm_node *review_root = docs[1] != NULL ? ncm_doc_root(docs[1]) : NULL;
    const struct ncm_node *user = ncm_node_get(ncm_node_get(review_root, "status"), "userInfo");
    const char *name = ncm_node_str(user, "username", "");
    const char *git = ncm_node_str(version, "gitVersion", "");
    pthread_mutex_lock(&k->lock);
    ncm_free(k->who);
    ncm_free(k->version);
    ncm_free(k->server);
    k->who = *name != '\0' ? ncm_strdup(name) : NULL;
    k->version = *git != '\0' ? ncm_strndup(git, strnlen(git, 60)) : NULL;
    /* TR: "Kubernetes v1.36.3 at https://…" */
    k->server = ncm_sprintf(_("Kubernetes %s at %s"), k->version != NULL ? k->version : "?",
                            c->login.server);
    k->introduced = ok[0] && (ok[1] || errs[1].code != NCM_UNREACHABLE);
    pthread_mutex_unlock(&k->lock);
    ncm_doc_free(docs[0]);
    ncm_doc_free(docs[1]);
}
