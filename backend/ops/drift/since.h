/* Since when a feature drifts: the current rows in pieces of time, each against the reference. */
#ifndef NCM_OPS_DRIFT_SINCE_H
#define NCM_OPS_DRIFT_SINCE_H

#include "ops/drift/compare.h"

enum {
    NCM_DRIFT_PARTS = 10,      /* at most so many pieces */
    NCM_DRIFT_PART_ROWS = 500, /* rows that each piece has at least */
};

/* The rows of a frame by time, in pieces of about as many rows, so that their figures are about as
 * sure; rows of one time are never in two pieces. n is 0 where there is no time column, or where
 * the rows are too few for two pieces. Rows without a time are in none. */
struct ncm_drift_parts {
    size_t n;
    int64_t start_ms[NCM_DRIFT_PARTS]; /* the earliest time in each piece */
    size_t first[NCM_DRIFT_PARTS + 1]; /* into rows; the last one is their number */
    uint32_t *rows;                    /* places in the frame, piece after piece; owned */
};
/* O(rows); 4 bytes a row, and 16 more a row while it works. */
void ncm_drift_parts_of(const struct ncm_frame *f, struct ncm_drift_parts *out);
void ncm_drift_parts_release(struct ncm_drift_parts *p);

/* When the first piece begins from which on every piece with a value is over the threshold
 * (critical; for a p-value at or under it); NCM_NO_TIME where the last piece is not, where there
 * are no pieces, or with `evidently`, whose choice of a method is made for all rows. ref, bins: as
 * for ncm_drift_statistic. O(rows log bins), and the method's own time for each piece. */
int64_t ncm_drift_since(const struct ncm_drift_parts *p, const struct ncm_drift_method *m,
                        const struct ncm_drift_input *ref, const struct ncm_column *cur,
                        const struct ncm_bins *bins, double critical);

#endif
