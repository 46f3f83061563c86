/* Our own alerts: raised by what monitors find, kept, resolved, and who is to be told. Everything
 * here happens within the caller's transaction on our state, so that a watcher that is killed
 * neither loses nor doubles one. */
#ifndef NCM_OPS_WATCH_ALERTS_H
#define NCM_OPS_WATCH_ALERTS_H

#include "base/list.h"
#include "engine/watch_plan.h"
#include "io/db.h"
#include "model/snapshot.h"
#include "ops/watch/result.h"

/* What the newest complete window of a monitor means for its alert: none is open → one begins
 * (pending while its `for` lasts, else firing); it holds on → firing, severity, value and words as
 * they are now; it is over → resolved. Windows without enough data change nothing, but a followed
 * log that fell silent is a warning. Firing and resolved are noted for each webhook that wants the
 * severity. */
bool ncm_alerts_judge(struct ncm_db *db, const struct ncm_watch_plan *plan,
                      const struct ncm_watched *w, bool news, int64_t now_ms,
                      struct ncm_err *err);

/* All of ours as a snapshot, one reference; resolved ones of the last 30 days with `all`. */
bool ncm_alerts_read(struct ncm_db *db, bool all, int64_t now_ms, struct ncm_alerts_snapshot **out,
                     struct ncm_err *err);
/* Our silences; expired ones of the last 5 days with `all`. */
bool ncm_silences_read(struct ncm_db *db, bool all, int64_t now_ms,
                       struct ncm_silences_snapshot **out, struct ncm_err *err);

/* When the alert of a monitor began to fire; NCM_NO_TIME: it does not. */
bool ncm_alerts_firing_since(struct ncm_db *db, const struct ncm_monitor *m, int64_t *since_ms,
                             struct ncm_err *err);
/* What happened since, as events on a curve, oldest first, appended: alerts that were raised and
 * resolved, promotions and roll-backs of our audit. */
bool ncm_alerts_events(struct ncm_db *db, int64_t since_ms, struct ncm_arena *a,
                       struct ncm_list *out, struct ncm_err *err);

#endif
