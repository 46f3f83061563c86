/* Drift of a number column as Evidently 0.7 computes it: its bins, its floors, its choice of a
 * method. For people who compare with its reports; the house's own measures are elsewhere. */
#ifndef NCM_STATS_EVIDENTLY_NUM_H
#define NCM_STATS_EVIDENTLY_NUM_H

#include <stdbool.h>

#include "stats/sort.h"

enum ncm_evidently_num {
    NCM_EVIDENTLY_PSI,           /* "psi": floor 1e-4 a share, or the least share / 1e6 */
    NCM_EVIDENTLY_JENSENSHANNON, /* "jensenshannon": distance to the base e */
    NCM_EVIDENTLY_KL_DIV,        /* "kl_div": reference against current, floored as psi */
    NCM_EVIDENTLY_HELLINGER,     /* "hellinger": Sturges bins of the distinct values */
    NCM_EVIDENTLY_WASSERSTEIN,   /* "wasserstein": W1 / max(std0 of the reference, 0.001) */
    NCM_EVIDENTLY_KS,            /* "ks": p, exact up to 10,000 values a side */
    NCM_EVIDENTLY_ED,            /* "ed": energy distance */
    NCM_EVIDENTLY_CHISQUARE,     /* "chisquare": p of the fit to the reference's shares */
    NCM_EVIDENTLY_Z,             /* "z": p of two shares, for at most two distinct values */
};

/* Bins of psi, jensenshannon and kl_div: more than 20 distinct values in the reference: equally
 * wide ones, Sturges over both sides together; else one bin a distinct value of either side. false
 * where a side is empty (Evidently refuses; there is no number then) or, for chisquare and z, where
 * there are more than 5 and 2 distinct values, for which it is not chosen. Both sides without
 * weights. O(n+m) beside the sorting that is done. */
bool ncm_evidently_num(enum ncm_evidently_num method, const struct ncm_ordered *ref,
                       const struct ncm_ordered *cur, double *score);

struct ncm_evidently_choice {
    enum ncm_evidently_num method;
    const char *name; /* as Evidently spells it: "Wasserstein distance (normed)" */
    double score, threshold;
    bool is_p; /* drifts below its threshold, not from it on */
    bool drift;
};

/* What DataDriftPreset does with a number column: up to 1,000 reference values ks (more than 5
 * distinct values in both), chisquare (3 to 5), z (at most 2), each a p against 0.05; above 1,000
 * wasserstein (more than 5) or jensenshannon, each from 0.1 on. The switch changes what the number
 * means. false where a side is empty. */
bool ncm_evidently_num_choose(const struct ncm_ordered *ref, const struct ncm_ordered *cur,
                              struct ncm_evidently_choice *out);

#endif
