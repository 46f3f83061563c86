/* The methods that a feature's drift can be measured by: one row each. */
#ifndef NCM_OPS_DRIFT_METHOD_H
#define NCM_OPS_DRIFT_METHOD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "model/frame.h"

enum ncm_method_id {
    NCM_M_PSI,
    NCM_M_JS,
    NCM_M_KS,
    NCM_M_WASSERSTEIN,
    NCM_M_ENERGY,
    NCM_M_HELLINGER,
    NCM_M_KL,
    NCM_M_TVD,
    NCM_M_L_INFINITY,
    NCM_M_CHI2,
    NCM_M_G,
    NCM_M_Z,
    NCM_M_KS_P,
    NCM_M_EVIDENTLY, /* what its preset chooses, column by column */
    NCM_M_EVIDENTLY_PSI,
    NCM_M_EVIDENTLY_JS,
    NCM_M_EVIDENTLY_KL,
    NCM_M_EVIDENTLY_HELLINGER,
    NCM_M_EVIDENTLY_WASSERSTEIN,
    NCM_M_EVIDENTLY_KS,
    NCM_M_EVIDENTLY_ED,
    NCM_M_EVIDENTLY_CHISQUARE,
    NCM_M_EVIDENTLY_Z,
    NCM_M_NANNYML, /* Jensen–Shannon with the thresholds of the reference's chunks */
    NCM_M_NANNYML_KS,
    NCM_M_NANNYML_WASSERSTEIN,
    NCM_M_NANNYML_HELLINGER,
    NCM_M_NANNYML_CHI2,
    NCM_M_NANNYML_L_INFINITY,
};

struct ncm_drift_method {
    enum ncm_method_id id;
    const char *word;  /* "psi", "evidently.ks": for options and the configuration */
    const char *title; /* msgid */
    bool numbers, categories;
    bool is_p;                /* its value is a p-value: small means drift */
    double warning, critical; /* NaN: none of its own (W1 in the data's unit) */
    double most;              /* the greatest value it can take; INFINITY */
};
/* Ended by a row without a word; the house's default first. */
extern const struct ncm_drift_method ncm_drift_methods[];

/* NULL: the house's default. NCM_USAGE with the nearest word and how to see them all. */
bool ncm_drift_method_named(const char *word, const struct ncm_drift_method **out,
                            struct ncm_err *err);
/* The method itself, or what stands for it where it is not made for that type: chi2 and categories'
 * measures for numbers are psi, numbers' measures for categories are psi (js for wasserstein and
 * the like, chi2 for ks.p). */
const struct ncm_drift_method *ncm_drift_method_for(const struct ncm_drift_method *m,
                                                    enum ncm_column_type type);

#endif
