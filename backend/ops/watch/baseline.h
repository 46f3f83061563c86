/* The reference of a monitor: what windows are compared with. */
#ifndef NCM_OPS_WATCH_BASELINE_H
#define NCM_OPS_WATCH_BASELINE_H

#include "model/drift.h"
#include "ops/watch/panes.h"

/* One feature of the reference. */
struct ncm_base_feature {
    char *name;
    enum ncm_column_type type;
    struct ncm_bins bins;        /* NUMBER: the house's edges */
    struct ncm_summary *summary; /* with counts in the bins */
    double warning, critical;    /* learned from its own chunks; NaN: not enough of them */
    size_t chunks;
};
struct ncm_baseline {
    struct ncm_base_feature *features;
    size_t n;
    int64_t rows;
};

/* From whole columns: edges, counts and moments are exact; thresholds are learned by the monitor's
 * method where it asks for them and there are 10 chunks of 500 rows. Sorts the frame's numbers. */
struct ncm_baseline *ncm_baseline_of_frame(struct ncm_frame *f, const struct ncm_monitor *m);
/* From windows put together: as exact as what they kept. n_features of each; NULL entries count
 * nothing. names and types: of the features. */
struct ncm_baseline *ncm_baseline_of_summaries(char *const *names,
                                               const enum ncm_column_type *types, size_t n_features,
                                               const struct ncm_summary *const *const *windows,
                                               size_t n_windows);
void ncm_baseline_free(struct ncm_baseline *b);
/* By name, looked for from the index `near` on, round the end; NULL: there is none. Borrowed. */
const struct ncm_base_feature *ncm_baseline_find(const struct ncm_baseline *b, const char *name,
                                                 size_t near);

/* One feature of a window against the reference, in full. */
bool ncm_baseline_compare(const struct ncm_base_feature *ref, const struct ncm_summary *cur,
                          const struct ncm_monitor *m, struct ncm_arena *a,
                          struct ncm_drift_column *out, struct ncm_err *err);

#endif
