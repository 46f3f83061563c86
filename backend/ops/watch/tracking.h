/* What a watch asks of the tracking store: files of runs, datasets, histories; and where results
 * are left. Straight-line code on a connection of its own, opened for the while. */
#ifndef NCM_OPS_WATCH_TRACKING_H
#define NCM_OPS_WATCH_TRACKING_H

#include "ops/watch/evaluator.h"

/* "RUN_ID/PATH" as a temporary file of mode 0600; ncm_tracking_discard removes it. NULL + err. The
 * caller frees the path. */
char *ncm_tracking_artifact(const struct ncm_watch_env *env, const char *run_and_path,
                            struct ncm_control *control, struct ncm_err *err);
/* The file of the dataset that a run (RUN_ID, or RUN_ID/NAME of several) names as input: a path on
 * this machine, or an artifact; NCM_UNSUPPORTED for one that lies elsewhere. */
char *ncm_tracking_dataset(const struct ncm_watch_env *env, const char *run,
                           struct ncm_control *control, bool *fetched, struct ncm_err *err);
void ncm_tracking_discard(const char *path);

/* A metric's history, "RUN_ID/KEY": one reference to an NCM_T_SERIES snapshot. */
bool ncm_tracking_series(const struct ncm_watch_env *env, const char *run_and_key,
                         struct ncm_control *control, const struct ncm_series_snapshot **out,
                         struct ncm_err *err);
/* Complete windows as metrics of the monitor's run; those that are there already are left out. */
bool ncm_tracking_record(const struct ncm_watch_env *env, const struct ncm_watched *w,
                         const size_t *windows, size_t n, struct ncm_control *control,
                         char run_id[64], struct ncm_err *err);

#endif
