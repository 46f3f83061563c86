/* What we may do, by asking the cluster: once a connection, and after it refused something. */
#include <string.h>

#include "base/mem.h"
#include "provider/kubernetes/cluster.h"

enum {
    NAMESPACES_MOST =
        20, /* of a whole cluster: of further ones the server tells when it is tried */
};
#define BIT(act) (1u << (act))

struct question {
    const char *verb, *group, *resource, *subresource;
    unsigned acts;
};
static const struct question questions[] = {
    {"patch", "apps", "deployments", "",
     BIT(NCM_ACT_RESTART) | BIT(NCM_ACT_PAUSE) | BIT(NCM_ACT_ROLLBACK) | BIT(NCM_ACT_VERSION)},
    {"patch", "apps", "deployments", "scale", BIT(NCM_ACT_SCALE)},
    {"patch", "", "services", "", BIT(NCM_ACT_TRAFFIC)},
    {"get", "", "pods", "log", BIT(NCM_ACT_LOGS)},
    {"patch", "serving.kserve.io", "inferenceservices", "", BIT(NCM_ACT_TRAFFIC)},
};
enum { N_QUESTIONS = sizeof questions / sizeof questions[0] };

static char *review_of(const struct question *q, const char *ns)
{
    struct ncm_buf out;
    struct ncm_json j;
    ncm_buf_init(&out, 4096);
    ncm_json_init(&j, &out, false);
    const char *const members[][2] = {{"namespace", ns},
                                      {"verb", q->verb},
                                      {"group", q->group},
                                      {"resource", q->resource},
                                      {"subresource", q->subresource}};
    ncm_json_obj(&j);
    ncm_json_key(&j, "apiVersion");
    ncm_json_str(&j, "authorization.k8s.io/v1");
    ncm_json_key(&j, "kind");
    ncm_json_str(&j, "SelfSubjectAccessReview");
    ncm_json_key(&j, "spec");
    ncm_json_obj(&j);
    ncm_json_key(&j, "resourceAttributes");
    ncm_json_obj(&j);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (members[i][1][0] != '\0') {
            ncm_json_key(&j, members[i][0]);
            ncm_json_str(&j, members[i][1]);
        }
    }
    ncm_json_end_obj(&j);
    ncm_json_end_obj(&j);
    ncm_json_end_obj(&j);
    char *text = ncm_buf_take(&out);
    ncm_buf_release(&out);
    return text;
}

/* ns "": everywhere. What the server does not tell counts as allowed: it has the last word. False:
 * it does not answer. */
static bool ask(struct ncm_conn *c, const char *ns, const struct ncm_control *control,
                unsigned *out)
{
    struct k8s_call calls[N_QUESTIONS];
    char *bodies[N_QUESTIONS];
    struct ncm_doc *docs[N_QUESTIONS];
    struct ncm_err errs[N_QUESTIONS];
    bool ok[N_QUESTIONS];
    unsigned allowed = 0;
    bool answered = true;
    for (size_t i = 0; i < N_QUESTIONS; i++) {
        bodies[i] = review_of(&questions[i], ns);
        calls[i] = (struct k8s_call){
            .method = NCM_HTTP_POST,
            .path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            .body = bodies[i],
            .control = control,
        };
    }
    k8s_call_all(c->client, calls, N_QUESTIONS, docs, ok, errs);
    for (size_t i = 0; i < N_QUESTIONS; i++) {
        const struct ncm_node *root = docs[i] != NULL ? ncm_doc_root(docs[i]) : NULL;
        const struct ncm_node *yes = ncm_node_get(ncm_node_get(root, "status"), "allowed");
        bool no = yes != NULL && yes->kind == NCM_NODE_BOOL && !yes->boolean;
        allowed |= no ? 0 : questions[i].acts;
        answered = answered && (ok[i] || strncmp(errs[i].detail, "sent; HTTP", 10) == 0);
        ncm_doc_free(docs[i]);
        ncm_free(bodies[i]);
    }
    *out = allowed;
    return answered;
}

/* ---- what is known; holding the lock --------------------------------------------------------- */
static struct k8s_right *find(const struct k8s_cluster *k, const char *ns)
{
    for (size_t i = 0; i < k->n_rights; i++) {
        if (strcmp(k->rights[i].ns, ns) == 0) {
            return &k->rights[i];
        }
    }
    return NULL;
}

static void want(struct k8s_cluster *k, const char *ns)
{
    if (find(k, ns) == NULL) {
        k->rights = ncm_resize(k->rights, k->n_rights + 1, sizeof *k->rights);
        k->rights[k->n_rights++] = (struct k8s_right){.ns = ncm_strdup(ns)};
    }
}

/* Everywhere first where everything is read; then each namespace with something in it, unless that
 * says all already. */
static void want_all(struct k8s_cluster *k)
{
    for (size_t i = 0; i < k->n_shelves; i++) {
        const struct k8s_shelf *s = &k->shelves[i];
        if (s->kind != K8S_DEPLOYMENT && s->kind != K8S_INFERENCESERVICE &&
            s->kind != K8S_STATEFULSET) {
            continue;
        }
        if (s->ns != NULL) {
            want(k, s->ns);
            continue;
        }
        want(k, "");
        const struct k8s_right *all = find(k, "");
        bool enough = !all->known || all->allowed == (1u << NCM_N_ACTS) - 1;
        for (size_t j = 0; j < s->n && !enough && k->n_rights < NAMESPACES_MOST; j++) {
            want(k, ncm_cstr(s->items[j]->ns));
        }
    }
}

static const char *unknown(struct k8s_cluster *k)
{
    want_all(k);
    for (size_t i = 0; i < k->n_rights; i++) {
        if (!k->rights[i].known) {
            return k->rights[i].ns;
        }
    }
    return NULL;
}

unsigned k8s_rights_of(const void *cluster, const char *ns)
{
    struct k8s_cluster *k = (struct k8s_cluster *)(uintptr_t)cluster;
    unsigned allowed = (1u << NCM_N_ACTS) - 1;
    pthread_mutex_lock(&k->lock);
    const struct k8s_right *own = find(k, ns), *all = find(k, "");
    if (own != NULL && own->known) {
        allowed = own->allowed;
    } else if (all != NULL && all->known && k->n_rights == 1) {
        allowed = all->allowed;
    }
    pthread_mutex_unlock(&k->lock);
    return allowed;
}

void k8s_rights_doubt(struct k8s_cluster *k, const char *ns)
{
    pthread_mutex_lock(&k->lock);
    struct k8s_right *own = find(k, ns), *all = find(k, "");
    if (own != NULL) {
        own->known = false;
    }
    if (all != NULL) {
        all->known = false;
    }
    k->doubt = true;
    pthread_mutex_unlock(&k->lock);
}

void k8s_rights_ask(struct ncm_conn *c, const struct ncm_control *control)
{
    struct k8s_cluster *k = c->cluster;
    pthread_mutex_lock(&k->lock);
    k->doubt = false;
    bool on = true;
    for (const char *ns; on && (ns = unknown(k)) != NULL;) {
        unsigned allowed;
        char *name = ncm_strdup(ns);
        pthread_mutex_unlock(&k->lock);
        on = ask(c, name, control, &allowed);
        pthread_mutex_lock(&k->lock);
        struct k8s_right *r = find(k, name);
        if (on && r != NULL) {
            k->changes += !r->known || r->allowed != allowed;
            r->allowed = allowed;
            r->known = true;
        }
        ncm_free(name);
    }
    pthread_mutex_unlock(&k->lock);
}
