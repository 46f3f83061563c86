/* Sources of deployments in a cluster. */
#include <string.h>

#include "base/mem.h"
#include "ops/deploy/sources.h"
#include "provider/kubernetes/kubeconfig.h"
#include "provider/kubernetes/kubernetes.h"

const struct ncm_provider *ncm_cluster_provider(void)
{
    return &ncm_kubernetes;
}

const void *ncm_cluster_setup(struct ncm_session *s, const struct ncm_session_options *o,
                              const struct ncm_deploy_source *d)
{
    struct ncm_kubernetes_setup *setup = ncm_alloc(1, sizeof *setup);
    struct k8s_cluster *cluster = ncm_kubernetes_cluster_new();
    *setup = (struct ncm_kubernetes_setup){
        .source = d->name,
        .kubeconfig = d->kubeconfig,
        .context = d->kube_context,
        .namespaces = o->n_namespaces > 0 ? o->namespaces : (const char *const *)d->namespaces,
        .n_namespaces = o->n_namespaces > 0 ? o->n_namespaces : d->n_namespaces,
        .selector = d->selector,
        .probe = d->probe,
        .timeout_ms = ncm_session_timeout(s),
        .cluster = cluster,
    };
    ncm_session_keep(s, cluster, ncm_kubernetes_cluster_free);
    ncm_session_keep(s, setup, ncm_free);
    return setup;
}

/* The last part of a name that some clouds write as a path; what the session's other sources are
 * called stays theirs. The caller frees. */
static char *name_of(const char *context)
{
    static const char *const taken[] = {"http", "ncmlops", "prometheus", "alertmanager"};
    const char *slash = strrchr(context, '/');
    const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : context;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        if (strcmp(taken[i], name) == 0) {
            return ncm_strdup("kubernetes");
        }
    }
    return ncm_strdup(name[0] != '\0' ? name : "kubernetes");
}

void ncm_cluster_offer(struct ncm_deploy_plan *out)
{
    struct k8s_contexts found = {0};
    struct ncm_err ignored; /* who never asked for a cluster need not hear of its file */
    if (!k8s_contexts_list(NULL, &found, &ignored)) {
        return;
    }
    if (found.current != NULL) {
        out->items = ncm_alloc(1, sizeof *out->items);
        out->n = 1;
        out->items[0] = (struct ncm_deploy_source){
            .type = NCM_DEPLOY_KUBERNETES,
            .name = name_of(found.current),
            .kube_context = ncm_strdup(found.current),
            .offered = true,
            .read_only = true,
        };
    }
    k8s_contexts_release(&found);
}
