/* What differs between runs. Pure. */
#ifndef NCM_OPS_COMPARE_H
#define NCM_OPS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/tracking.h"

struct ncm_compare_row {
    struct ncm_str key;       /* borrowed from the runs */
    struct ncm_value *values; /* one a run */
    int best;                 /* index of the best (metrics by their direction) or -1 */
    bool differs;
};

struct ncm_compare {
    struct ncm_arena *arena;
    size_t n_runs;
    struct ncm_compare_row *metrics, *params, *tags; /* by key (bytes) */
    size_t n_metrics, n_params, n_tags;
};

/* Runs as in RUN snapshots (2 to 20; they must outlive the result). all: also what is the same.
 * Tags beginning with "mlflow." are left out unless all. */
struct ncm_compare *ncm_compare_runs(const struct ncm_run *const *runs, size_t n, bool all);
void ncm_compare_free(struct ncm_compare *c);

#endif
