/* The watch without a screen: evaluates every monitor of the context on its schedule, stores what
 * it finds, raises and resolves alerts, tells webhooks, writes metrics. Blocks. */
#ifndef NCM_OPS_WATCH_LOOP_H
#define NCM_OPS_WATCH_LOOP_H

#include <stdatomic.h>

#include "engine/session.h"
#include "model/drift.h"

struct ncm_watch_loop {
    bool once;               /* everything that is there now, and no more */
    const atomic_bool *stop; /* set from a signal's handler: ends soon */
    /* After each round in which something was new (with once: after the only one). s is the
     * caller's to read until it returns; note: what else is to be said (another watcher stores, a
     * fault of the tracking store), or NULL. */
    void (*report)(void *to, const struct ncm_drift_snapshot *s, const char *note);
    void *to;
};
/* NCM_NOT_FOUND where the context has no monitors. */
bool ncm_watch_run(struct ncm_session *s, const struct ncm_watch_loop *o, struct ncm_err *err);

/* OpenMetrics text of what is known now; the caller frees. */
char *ncm_watch_metrics(const struct ncm_drift_snapshot *s);

#endif
