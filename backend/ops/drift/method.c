#include "ops/drift/method.h"

#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"

const struct ncm_drift_method ncm_drift_methods[] = {
    {NCM_M_PSI, "psi", N_("population stability index over the reference's deciles"), true, true,
     false, 0.1, 0.25, INFINITY},
    {NCM_M_JS, "js", N_("Jensen–Shannon distance, base 2"), true, true, false, 0.1, 0.2, 1},
    {NCM_M_KS, "ks", N_("Kolmogorov–Smirnov D"), true, false, false, 0.1, 0.2, 1},
    {NCM_M_KS_P, "ks.p", N_("p-value of Kolmogorov–Smirnov"), true, false, true, 0.05, 0.01, 1},
    {NCM_M_WASSERSTEIN, "wasserstein", N_("Wasserstein distance in spreads of the reference"), true,
     false, false, 0.1, 0.25, INFINITY},
    {NCM_M_ENERGY, "energy", N_("energy distance"), true, false, false, NAN, NAN, INFINITY},
    {NCM_M_HELLINGER, "hellinger", N_("Hellinger distance"), true, true, false, 0.1, 0.2, 1},
    {NCM_M_KL, "kl", N_("Kullback–Leibler divergence"), true, true, false, 0.1, 0.25, INFINITY},
    {NCM_M_TVD, "tvd", N_("total variation"), true, true, false, 0.1, 0.2, 1},
    {NCM_M_L_INFINITY, "l_infinity", N_("greatest difference of a share"), true, true, false, 0.1,
     0.2, 1},
    {NCM_M_CHI2, "chi2", N_("p-value of chi-square"), false, true, true, 0.05, 0.01, 1},
    {NCM_M_G, "g", N_("p-value of the G test"), false, true, true, 0.05, 0.01, 1},
    {NCM_M_Z, "z", N_("p-value of the test of two shares"), false, true, true, 0.05, 0.01, 1},
    {NCM_M_EVIDENTLY, "evidently", N_("as Evidently: what its preset chooses"), true, true, false,
     NAN, NAN, INFINITY},
    {NCM_M_EVIDENTLY_PSI, "evidently.psi", N_("as Evidently: PSI"), true, true, false, NAN, 0.1,
     INFINITY},
    {NCM_M_EVIDENTLY_JS, "evidently.jensenshannon", N_("as Evidently: Jensen–Shannon, base e"),
     true, true, false, NAN, 0.1, 1},
    {NCM_M_EVIDENTLY_KL, "evidently.kl_div", N_("as Evidently: Kullback–Leibler"), true, true,
     false, NAN, 0.1, INFINITY},
    {NCM_M_EVIDENTLY_HELLINGER, "evidently.hellinger", N_("as Evidently: Hellinger"), true, true,
     false, NAN, 0.1, 1},
    {NCM_M_EVIDENTLY_WASSERSTEIN, "evidently.wasserstein", N_("as Evidently: normed Wasserstein"),
     true, false, false, NAN, 0.1, INFINITY},
    {NCM_M_EVIDENTLY_KS, "evidently.ks", N_("as Evidently: p-value of Kolmogorov–Smirnov"), true,
     false, true, NAN, 0.05, 1},
    {NCM_M_EVIDENTLY_ED, "evidently.ed", N_("as Evidently: energy distance"), true, false, false,
     NAN, 0.1, INFINITY},
    {NCM_M_EVIDENTLY_CHISQUARE, "evidently.chisquare", N_("as Evidently: p-value of chi-square"),
     false, true, true, NAN, 0.05, 1},
    {NCM_M_EVIDENTLY_Z, "evidently.z", N_("as Evidently: p-value of the z test"), false, true, true,
     NAN, 0.05, 1},
    {NCM_M_NANNYML, "nannyml", N_("as NannyML: Jensen–Shannon, thresholds from chunks"), true, true,
     false, NAN, 0.1, 1},
    {NCM_M_NANNYML_KS, "nannyml.kolmogorov_smirnov", N_("as NannyML: Kolmogorov–Smirnov"), true,
     false, false, NAN, NAN, 1},
    {NCM_M_NANNYML_WASSERSTEIN, "nannyml.wasserstein", N_("as NannyML: Wasserstein"), true, false,
     false, NAN, NAN, INFINITY},
    {NCM_M_NANNYML_HELLINGER, "nannyml.hellinger", N_("as NannyML: Hellinger"), true, true, false,
     NAN, NAN, 1},
    {NCM_M_NANNYML_CHI2, "nannyml.chi2", N_("as NannyML: chi-square, by its p-value"), false, true,
     true, NAN, 0.05, 1},
    {NCM_M_NANNYML_L_INFINITY, "nannyml.l_infinity", N_("as NannyML: greatest difference"), false,
     true, false, NAN, NAN, 1},
    {0, NULL, NULL, false, false, false, NAN, NAN, NAN},
};

static const struct ncm_drift_method *row_of(enum ncm_method_id id)
{
    for (const struct ncm_drift_method *m = ncm_drift_methods; m->word != NULL; m++) {
        if (m->id == id) {
            return m;
        }
    }
    return &ncm_drift_methods[0];
}

static bool no_such(const char *word, struct ncm_err *err)
{
    const char *near = NULL;
    int best = -1;
    for (const struct ncm_drift_method *m = ncm_drift_methods; m->word != NULL; m++) {
        int score = ncm_text_fuzzy(m->word, word);
        if (score > best) {
            best = score;
            near = m->word;
        }
    }
    if (near != NULL) {
        ncm_fail(err, NCM_USAGE, _("There is no method '%s', did you mean '%s'?"), word, near);
    } else {
        ncm_fail(err, NCM_USAGE, _("There is no method '%s'"), word);
    }
    return ncm_hint(err, "%s",
                    _("psi, js, ks, wasserstein, chi2, evidently, nannyml; the manual has all"));
}

bool ncm_drift_method_named(const char *word, const struct ncm_drift_method **out,
                            struct ncm_err *err)
{
    if (word == NULL) {
        *out = &ncm_drift_methods[0];
        return true;
    }
    for (const struct ncm_drift_method *m = ncm_drift_methods; m->word != NULL; m++) {
        if (strcmp(m->word, word) == 0) {
            *out = m;
            return true;
        }
    }
    return no_such(word, err);
}

/* What stands for a method of the other type. */
static enum ncm_method_id stand_in(enum ncm_method_id id)
{
    switch (id) {
    case NCM_M_KS_P:
        return NCM_M_CHI2;
    case NCM_M_KS:
    case NCM_M_WASSERSTEIN:
    case NCM_M_ENERGY:
        return NCM_M_JS;
    case NCM_M_CHI2:
    case NCM_M_G:
    case NCM_M_Z:
        return NCM_M_KS_P;
    case NCM_M_EVIDENTLY_WASSERSTEIN:
    case NCM_M_EVIDENTLY_ED:
        return NCM_M_EVIDENTLY_JS;
    case NCM_M_EVIDENTLY_KS:
        return NCM_M_EVIDENTLY_CHISQUARE;
    case NCM_M_EVIDENTLY_CHISQUARE:
    case NCM_M_EVIDENTLY_Z:
        return NCM_M_EVIDENTLY_KS;
    case NCM_M_NANNYML_KS:
    case NCM_M_NANNYML_WASSERSTEIN:
    case NCM_M_NANNYML_CHI2:
    case NCM_M_NANNYML_L_INFINITY:
        return NCM_M_NANNYML;
    default:
        return NCM_M_PSI;
    }
}

const struct ncm_drift_method *ncm_drift_method_for(const struct ncm_drift_method *m,
                                                    enum ncm_column_type type)
{
    bool fits = type == NCM_COLUMN_NUMBER ? m->numbers : m->categories;
    return fits ? m : row_of(stand_in(m->id));
}
