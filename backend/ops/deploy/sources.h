/* From the configuration to the providers of deployments: what each of them needs, kept with the
 * session. */
#ifndef NCM_OPS_DEPLOY_SOURCES_H
#define NCM_OPS_DEPLOY_SOURCES_H

#include "engine/deploy_plan.h"
#include "engine/session.h"

const struct ncm_provider *ncm_cluster_provider(void);
/* For the place's `with`; freed with the session. */
const void *ncm_cluster_setup(struct ncm_session *s, const struct ncm_session_options *o,
                              const struct ncm_deploy_source *d);
/* Adds the kubeconfig's current context, where there is one, as an offer. */
void ncm_cluster_offer(struct ncm_deploy_plan *out);

const struct ncm_provider *ncm_endpoints_provider(void);
/* One setup for all endpoints of the plan. */
const void *ncm_endpoints_setup(struct ncm_session *s, const struct ncm_deploy_plan *p);

#endif
