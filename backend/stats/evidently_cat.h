/* Categorical drift as Evidently 0.7 computes it, for people who compare: its own floors, its own
 * tests, its own choice among them. Where the house differs, categories.h and distance.h have the
 * house's. All are pure and O(n), and NaN where a side has no value. */
#ifndef NCM_STATS_EVIDENTLY_CAT_H
#define NCM_STATS_EVIDENTLY_CAT_H

#include <stdbool.h>

#include "stats/categories.h"

/* Σ (p-q)*ln(p/q). Only shares of exactly 0 are raised: to 1e-4, or, where the side's smallest
 * share above 0 is itself <= 1e-4, to a millionth of that. Not made to sum to 1 again. */
double ncm_evidently_cat_psi(const struct ncm_cats *t);
/* Jensen–Shannon distance, base e, no floor. */
double ncm_evidently_cat_js(const struct ncm_cats *t);
/* KL(reference‖current) after the floor of psi, both sides made to sum to 1. */
double ncm_evidently_cat_kl(const struct ncm_cats *t);
double ncm_evidently_cat_hellinger(const struct ncm_cats *t);
/* p of a goodness of fit: expected = reference count × m/n, K-1 degrees of freedom. A category
 * that the reference lacks makes it 0, however rare it is; one category alone makes it NaN. */
double ncm_evidently_cat_chisquare(const struct ncm_cats *t);
/* p of the z test on shares of the first category against all others, by order of bytes; 1 where
 * both sides hold one and the same category. */
double ncm_evidently_cat_z(const struct ncm_cats *t);
/* p of 2 Σ O ln(O/E), O the current counts and E the reference's, not scaled. Evidently (SciPy)
 * refuses where the sums differ: then false, and *p is NaN. */
bool ncm_evidently_cat_g(const struct ncm_cats *t, double *p);

/* What Evidently's preset chooses: of n reference rows and d categories on both sides, n > 1000:
 * JS (drift from 0.1); else d > 2: chi-square, d <= 2: z (drift below 0.05). */
struct ncm_evidently_cat {
    double score, threshold;
    bool is_p;  /* score is a p-value: drift where it is below threshold; else where it is not */
    bool drift; /* false for a NaN */
    const char *method; /* as Evidently calls it; static, not translated: "Z-test p_value" */
};
struct ncm_evidently_cat ncm_evidently_cat_default(const struct ncm_cats *t);

#endif
