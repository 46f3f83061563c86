/* Telling webhooks of alerts: what is due is sent, what fails is tried again with growing pauses,
 * and nothing is dropped but after a week in vain. At least once: a receiver that answered while we
 * were killed hears it twice, told apart by "delivery". */
#ifndef NCM_OPS_WATCH_DELIVER_H
#define NCM_OPS_WATCH_DELIVER_H

#include <stdatomic.h>

#include "engine/watch_plan.h"
#include "io/db.h"

/* Sends what is due. false only where our state cannot be read or written; that a receiver does not
 * answer is noted beside the delivery. *left_ms: until the next is due; -1: none waits. */
bool ncm_deliver_due(struct ncm_db *db, const struct ncm_watch_plan *plan, int64_t now_ms,
                     const atomic_bool *cancel, int64_t *left_ms, struct ncm_err *err);

/* The body of one delivery: our JSON, or the template with {{id}} {{rule}} {{model}} {{feature}}
 * {{severity}} {{state}} {{summary}} {{value}} {{threshold}} {{since}} {{delivery}} {{json}}
 * replaced; within a JSON body each is escaped as the inside of a string. Caller frees. */
struct ncm_delivery {
    int64_t id, alert, event_ms, since_ms;
    struct ncm_str rule, model, feature, severity, event, summary;
    double value, threshold;
};
char *ncm_delivery_body(const struct ncm_webhook *hook, const struct ncm_delivery *d);

#endif
