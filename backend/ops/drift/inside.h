/* Shared by the files that compare. */
#ifndef NCM_OPS_DRIFT_INSIDE_H
#define NCM_OPS_DRIFT_INSIDE_H

#include "ops/drift/compare.h"

#define NCM_EFFECT_LEAST 0.1 /* below it a p-value alone means little */

/* What one comparison of numbers or categories came to, whatever the method. */
struct ncm_score {
    double value, p, effect;
    double threshold;   /* of a mode that brings its own; NaN */
    const char *method; /* its own name for it; NULL */
    const char *effect_name;
    bool is_p;
};

/* score_num.c, score_cat.c; counts: of both sides in the bins. */
void ncm_score_number(const struct ncm_drift_method *m, const struct ncm_drift_input *ref,
                      const struct ncm_drift_input *cur, const double *ref_counts,
                      const double *cur_counts, size_t n_bins, struct ncm_score *out);
void ncm_score_category(const struct ncm_drift_method *m, const struct ncm_cats *t,
                        struct ncm_score *out);

/* frames.c: some rows of a column as an input. */
/* values: n of them, which are put in order (sort) and borrowed; counts: room for bins->n. */
void ncm_chunk_number(double *values, size_t n, bool sort, const struct ncm_bins *bins,
                      double *counts, struct ncm_drift_input *out);
/* counts: rows of each of c's words among n rows; borrowed. What they lack of n is missing. */
void ncm_chunk_category(const struct ncm_column *c, size_t n, const uint32_t *counts,
                        struct ncm_drift_input *out);
/* Whether the method needs nothing but the counts in the bins. */
bool ncm_method_by_counts(const struct ncm_drift_method *m);

#endif
