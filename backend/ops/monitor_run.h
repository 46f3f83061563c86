/* What a monitor found, as metrics of a run in the tracking store: any MLflow client reads it
 * there. These are results, not decisions: no plan is made and nothing goes to the audit.
 * Straight-line code for a job on a lane. */
#ifndef NCM_OPS_MONITOR_RUN_H
#define NCM_OPS_MONITOR_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "provider/provider.h"

/* The experiment that monitor runs are made in where no other is named. */
#define NCM_MONITOR_EXPERIMENT "ncmlops-monitors"
/* The tag that says whose run it is: "MODEL/MONITOR". */
#define NCM_MONITOR_TAG "ncmlops.monitor"

/* One result: "drift.psi.amount" of one window. Borrowed. */
struct ncm_monitor_point {
    const char *key;      /* any text; ncm_rules_metric_key makes a key of it */
    double value;         /* NaN and infinities too */
    int64_t step;         /* index of the window */
    int64_t timestamp_ms; /* end of the window, since 1970 UTC; not negative */
};

/* What is to be written. Borrowed. */
struct ncm_monitor_points {
    const char *experiment; /* name; NULL: NCM_MONITOR_EXPERIMENT */
    const char *model,
        *monitor; /* whose results: tag and (cut to 250 bytes) name of the run, "MODEL/MONITOR" */
    const char *user; /* of a new run; NULL: the one of this process */
    const struct ncm_monitor_point *items;
    size_t n;
};

/* Writes the points into the monitor's run. run_id (at least 64 bytes) is the run as the caller
 * remembers it, "" at first, and afterwards the one written to; where it is not there any more, is
 * deleted or has ended, the newest RUNNING run of the experiment with the monitor's tag is taken,
 * else one is made, and before it the experiment.
 *
 * A window is written once: a point whose key, step and timestamp the run has already is left out,
 * whatever its value (also within one call), so that a watcher that was killed and begins again
 * doubles none. Two watchers of one monitor at the same moment are not kept apart.
 *
 * Cost: one read of the run, and one of the history of each key that has points not after its
 * latest; then one list of changes. O(points + points of those histories).
 *
 * p: a provider with apply (NCM_UNSUPPORTED without); conn: an open connection of it; control: may
 * be NULL. Errors: those of fetch and apply; NCM_REFUSED where the experiment is deleted. After an
 * error some points may stand in a store without transactions; calling again completes them. */
bool ncm_monitor_run_write(const struct ncm_provider *p, struct ncm_conn *conn,
                           const struct ncm_control *control,
                           const struct ncm_monitor_points *points, char run_id[64],
                           struct ncm_err *err);

#endif
