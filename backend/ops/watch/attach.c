/* A session's further sources, as its context's configuration names them. */
#include <string.h>

#include "ops/watch/source.h"
#include "provider/alertmanager/alertmanager.h"
#include "provider/prometheus/prometheus.h"

static bool is_source(const struct ncm_query *q, const char *name)
{
    return (q->topic == NCM_T_ALERTS || q->topic == NCM_T_SILENCES) && q->id != NULL &&
           strcmp(q->id, name) == 0;
}

static bool watch_takes(const struct ncm_query *q)
{
    return q->topic == NCM_T_DRIFT || q->topic == NCM_T_DRIFT_FEATURE ||
           q->topic == NCM_T_DRIFT_ROWS || is_source(q, "ncmlops") ||
           ((q->topic == NCM_T_ALERTS || q->topic == NCM_T_SILENCES) && q->id == NULL);
}

static bool alertmanager_takes(const struct ncm_query *q)
{
    return is_source(q, "alertmanager");
}

static bool prometheus_takes(const struct ncm_query *q)
{
    return q->topic == NCM_T_RATES || (q->topic == NCM_T_ALERTS && is_source(q, "prometheus"));
}

static const struct ncm_watch_plan *plan_of(const struct ncm_session *s)
{
    static const struct ncm_watch_plan none;
    const struct ncm_config *config = ncm_session_config(s);
    const struct ncm_config_context *x =
        config != NULL ? ncm_config_find(config, ncm_session_context(s)) : NULL;
    return x != NULL ? &x->watch : &none;
}

void ncm_watch_setup_of(struct ncm_session *s, struct ncm_watch_setup *out)
{
    *out = (struct ncm_watch_setup){
        .env = {.plan = plan_of(s),
                .tracking = ncm_session_provider(s),
                .tracking_place = ncm_session_place(s)},
        .state_path = ncm_session_state_path(s),
        .may_store = !ncm_session_read_only(s),
    };
}

bool ncm_watch_attach(struct ncm_session *s, struct ncm_err *err)
{
    struct ncm_watch_setup *setup = ncm_alloc(1, sizeof *setup);
    ncm_watch_setup_of(s, setup);
    ncm_session_keep(s, setup, ncm_free);
    const struct ncm_watch_plan *plan = setup->env.plan;
    const struct ncm_side sides[] = {
        {.name = "ncmlops",
         .provider = &ncm_watch_provider,
         .location = "ncmlops",
         .with = setup,
         .takes = watch_takes},
        {.name = "alertmanager",
         .provider = &ncm_alertmanager,
         .location = plan->alerts.url,
         .access = &plan->alerts.access,
         .takes = alertmanager_takes},
        {.name = "prometheus",
         .provider = &ncm_prometheus,
         .location = plan->metrics.url,
         .access = &plan->metrics.access,
         .takes = prometheus_takes},
    };
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        if (sides[i].location != NULL && !ncm_session_add_side(s, &sides[i], err)) {
            return false;
        }
    }
    return true;
}
