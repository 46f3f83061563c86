/* Since when a feature drifts, by the times of the current side's rows. */
#ifndef NCM_OPS_DRIFT_SINCE_H
#define NCM_OPS_DRIFT_SINCE_H

#include "ops/drift/compare.h"

/* The time of the rows is cut into ten equal parts; since: the beginning of the first one from which
 * on every part that has rows is over the column's critical value. NCM_NO_TIME: the last part is
 * not, the rows have no times, or they are all of one moment. O(10 n log n). */
int64_t ncm_drift_since(const struct ncm_frame *ref, const struct ncm_frame *cur,
                        const struct ncm_drift_method *m, const struct ncm_drift_column *d);

#endif
