/* A session's sources of deployments, as its context's configuration names them; without any, the
 * current context of the kubeconfig is offered: only read, and nothing is contacted before it is
 * wanted. */
#ifndef NCM_OPS_DEPLOY_ATTACH_H
#define NCM_OPS_DEPLOY_ATTACH_H

#include "engine/deploy_plan.h"
#include "engine/session.h"

/* Before the first want. A kubeconfig that cannot be read is no failure of the session: its source
 * says it when it is asked. o: whose namespaces go before those of the configuration. */
bool ncm_deploy_attach(struct ncm_session *s, const struct ncm_session_options *o,
                       struct ncm_err *err);

struct ncm_deploy_about {
    const char *name;     /* of the side: ncm_session_side(s, name), the id of its queries */
    const char *location; /* "context seoul of ~/.kube/config", "http://…" */
    enum ncm_deploy_type type;
    bool offered;   /* not configured: to be asked only after the person agreed; only read */
    bool read_only; /* by its own setting, or as it is only offered */
};
/* Those of the session; borrowed for its life. All configured HTTP endpoints are one source, named
 * "http". */
const struct ncm_deploy_about *ncm_deploy_sources(const struct ncm_session *s, size_t *n);
/* The source that a REF ("SOURCE/NAMESPACE/NAME") begins with, or NULL. */
const struct ncm_deploy_about *ncm_deploy_source_of(const struct ncm_session *s, const char *ref);
/* What would be offered: the kubeconfig's current context, or NULL. The caller frees. */
char *ncm_deploy_offer(void);
/* Whether a metrics store answers NCM_T_RATES. */
bool ncm_deploy_has_rates(const struct ncm_session *s);

#endif
