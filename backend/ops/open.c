#include "ops/open.h"

#include "ops/audit.h"

static const struct ncm_topic_ops topics[] = {
    {NCM_T_AUDIT, ncm_audit_fetch},
    {NCM_T_HOLDERS, ncm_holders_fetch},
    {NCM_N_TOPICS, NULL},
};

bool ncm_session_open(const struct ncm_session_options *o, struct ncm_session **out,
                      struct ncm_err *err)
{
    return ncm_engine_open(o, topics, out, err);
}
