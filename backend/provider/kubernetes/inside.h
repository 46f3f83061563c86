/* A connection, and what the files of the provider share. */
#ifndef NCM_KUBERNETES_INSIDE_H
#define NCM_KUBERNETES_INSIDE_H

#include "provider/kubernetes/client.h"
#include "provider/kubernetes/kubeconfig.h"
#include "provider/kubernetes/kubernetes.h"
#include "provider/provider.h"

struct k8s_watcher;

/* One lane's. */
struct ncm_conn {
    const struct ncm_kubernetes_setup *setup; /* never NULL */
    struct k8s_login login;
    struct k8s_client *client;
    struct k8s_cluster *cluster; /* the source's, shared by its lanes */
    struct k8s_cluster *own;     /* where the setup brings none: this connection's; else NULL */
    struct k8s_watcher *watcher; /* the stream lane's; else NULL */
    struct ncm_deployments_snapshot *seen; /* for logs: who has which pods, made at … */
    uint64_t seen_changes;                 /* … this count of changes */
};

/* apply.c and its parts, as struct ncm_provider says. Each call begins with k8s_client_ready. */
bool k8s_apply(struct ncm_conn *c, const struct ncm_changes *changes, const struct ncm_mark *mark,
               const struct ncm_control *control, struct ncm_receipt *receipt, struct ncm_err *err);
bool k8s_check(struct ncm_conn *c, const struct ncm_changes *changes, struct ncm_err *err);
bool k8s_present(struct ncm_conn *c, const struct ncm_change *change, char **value,
                 struct ncm_err *err);
/* After a 403 to a change: the rights in that namespace are asked again. */
void k8s_rights_doubt(struct k8s_cluster *cluster, const char *ns);

/* examine.c */
void k8s_examine(const struct ncm_place *place, const struct ncm_control *control, ncm_check_fn say,
                 void *to);
/* logs.c */
bool k8s_fetch_logs(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);

/* exec.c: the plugin's credential into `access` where it is another than that of *serial (0: none),
 * whose number it then gets. refused: that one was not taken. Runs the plugin where there is none,
 * or none that lasts. */
bool k8s_ticket_take(struct k8s_ticket *t, const struct k8s_login *l, bool refused,
                     unsigned *serial, struct ncm_access *access, const struct ncm_control *control,
                     struct ncm_err *err);
/* The answer of a plugin, for the fuzzer and tests: token, certificate and key into `access`. */
bool k8s_ticket_decode(const struct k8s_exec *x, const char *p, size_t len,
                       struct ncm_access *access, int64_t *expires_ms, struct ncm_err *err);

#endif
