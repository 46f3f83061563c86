/* Changes of a cluster's objects: what is there now, whether a change would be taken, carrying it
 * out. On a client; kubernetes.c puts them into the provider's table. */
#ifndef NCM_KUBERNETES_APPLY_H
#define NCM_KUBERNETES_APPLY_H

#include "provider/kubernetes/client.h"
#include "provider/provider.h"

/* As `present` of the provider's table. */
bool k8s_change_present(struct k8s_client *c, const struct ncm_change *ch, char **value,
                        struct ncm_err *err);
/* As `check`: asks for the rights that the changes need (NCM_FORBIDDEN names what is missing), then
 * sends them with dryRun=All, so that admission, quotas and validation have their say. */
bool k8s_changes_check(struct k8s_client *c, const struct ncm_changes *changes,
                       struct ncm_err *err);
/* As `apply`. */
bool k8s_changes_apply(struct k8s_client *c, const struct ncm_changes *changes,
                       const struct ncm_mark *mark, const struct ncm_control *control,
                       struct ncm_receipt *receipt, struct ncm_err *err);

#endif
