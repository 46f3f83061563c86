/* What the readers of kubeconfig files share. */
#ifndef NCM_KUBERNETES_KUBECONFIG_INSIDE_H
#define NCM_KUBERNETES_KUBECONFIG_INSIDE_H

#include "io/node.h"
#include "provider/kubernetes/kubeconfig.h"

struct k8s_file {
    char *shown; /* its name for people: "~/.kube/config" */
    char *dir;   /* what relative paths in it are relative to */
    struct ncm_doc *doc;
};
struct k8s_files {
    struct k8s_file *items;
    size_t n;
    char *where; /* "$KUBECONFIG" */
};
/* The files that count, in their order; *in_pod: none, but we run in a pod. As k8s_login_load. */
bool k8s_files_read(const char *paths, struct k8s_files *out, bool *in_pod, struct ncm_err *err);
void k8s_files_release(struct k8s_files *f);
bool k8s_in_pod(void);

/* A scalar's text whatever its type; NULL where it is absent, empty or no scalar. */
const char *k8s_config_scalar(const struct ncm_node *n);
const char *k8s_config_text(const struct ncm_node *map, const char *key);

/* The entry's own part (NULL: absent) into the login. */
bool k8s_login_cluster(const struct k8s_file *f, const struct ncm_node *cluster, int line,
                       struct k8s_login *l, struct ncm_err *err);
bool k8s_login_user(const struct k8s_file *f, const struct ncm_node *user, struct k8s_login *l,
                    struct ncm_err *err);

#endif
