/* Whole tables against each other: columns as inputs of a comparison, thresholds from the
 * reference's own chunks, and all columns at once. */
#ifndef NCM_OPS_DRIFT_FRAMES_H
#define NCM_OPS_DRIFT_FRAMES_H

#include "ops/drift/compare.h"

/* One column as an input. NUMBER: *sorted gets its finite values in order (the caller frees), which
 * the input borrows; the column stays as it is. */
void ncm_drift_input_of(const struct ncm_column *c, size_t rows, double **sorted,
                        struct ncm_drift_input *out);

/* What the method says of each of the reference's chunks (ten, and more of 500 rows at most 40)
 * against the whole of it: warning and critical are set where there are enough, else NaN. Returns
 * the chunks used. */
size_t ncm_drift_learn(const struct ncm_drift_method *m, const struct ncm_column *c, size_t rows,
                       const struct ncm_drift_input *whole, const struct ncm_bins *bins,
                       double *warning, double *critical);

struct ncm_drift_table_options {
    const struct ncm_drift_method *method;
    double warning, critical; /* NaN: learned, or the method's own */
    bool learn;               /* thresholds from the reference's chunks where there are enough */
    int64_t least_rows;
};
struct ncm_drift_table {
    struct ncm_arena *arena;
    struct ncm_drift_column
        *columns; /* of the reference that the current side has too, its order */
    size_t n;
    int64_t ref_rows, cur_rows;
    size_t n_drifted;
    double drifted_share;
    bool drifted;                       /* any column is critical; as Evidently: half of them are */
    struct ncm_drift_finding *findings; /* of the tables: columns that came, went, changed */
    size_t n_findings;
};
/* Compares every column of ref with the one of its name in cur. O(n log n) a column; memory: a copy
 * of one column a side, and what sorting one takes. */
void ncm_drift_table(const struct ncm_frame *ref, const struct ncm_frame *cur,
                     const struct ncm_drift_table_options *o, struct ncm_drift_table *out);
void ncm_drift_table_release(struct ncm_drift_table *t);

#endif
