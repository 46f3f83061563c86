/* Kubernetes (k3s is the same) and KServe: topics STORE, DEPLOYMENTS and LOGS, changes of
 * deployments, a watch. place->with is a struct ncm_kubernetes_setup; place->location is for
 * people. */
#ifndef NCM_KUBERNETES_H
#define NCM_KUBERNETES_H

#include "provider/provider.h"

struct k8s_cluster; /* what the lanes of one source share: its objects, as the watch keeps them */

struct ncm_kubernetes_setup {
    const char *source;            /* name that REFs begin with */
    const char *kubeconfig;        /* or NULL */
    const char *context;           /* or NULL */
    const char *const *namespaces; /* none: the context's; "*" all */
    size_t n_namespaces;
    const char *selector; /* or NULL */
    bool probe;
    int64_t timeout_ms;
    struct k8s_cluster *cluster; /* made with ncm_kubernetes_cluster_new, one for each source */
};
struct k8s_cluster *ncm_kubernetes_cluster_new(void);
void ncm_kubernetes_cluster_free(void *cluster); /* struct k8s_cluster *; NULL allowed */

extern const struct ncm_provider ncm_kubernetes;

#endif
