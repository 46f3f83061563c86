#include "model/drift.h"

const double ncm_drift_quantiles[7] = {0.01, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99};

const char *ncm_drift_state_word(enum ncm_drift_state s)
{
    static const char *const words[] = {"gap", "no_data", "small", "ok", "warning", "critical"};
    return words[s];
}

const struct ncm_drift_monitor *ncm_drift_find(const struct ncm_drift_snapshot *s,
                                               const char *model, const char *name)
{
    for (size_t i = 0; i < s->n; i++) {
        if (ncm_str_is(s->items[i].model, model) && ncm_str_is(s->items[i].name, name)) {
            return &s->items[i];
        }
    }
    return NULL;
}
