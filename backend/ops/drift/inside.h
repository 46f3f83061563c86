/* Shared by the files that compare. */
#ifndef NCM_OPS_DRIFT_INSIDE_H
#define NCM_OPS_DRIFT_INSIDE_H

#include "ops/drift/compare.h"

#define NCM_EFFECT_LEAST 0.1 /* below it a p-value alone means little */

/* What one comparison of numbers or categories came to, whatever the method. */
struct ncm_score {
    double value, p, effect;
    double threshold;    /* of a mode that brings its own; NaN */
    const char *method;  /* its own name for it; NULL */
    const char *effect_name;
    bool is_p;
};

/* score_num.c, score_cat.c; counts: of both sides in the bins. */
void ncm_score_number(const struct ncm_drift_method *m, const struct ncm_drift_input *ref,
                      const struct ncm_drift_input *cur, const double *ref_counts,
                      const double *cur_counts, size_t n_bins, struct ncm_score *out);
void ncm_score_category(const struct ncm_drift_method *m, const struct ncm_cats *t,
                        struct ncm_score *out);

#endif
