/* The value that decides, for categories. */
#include <math.h>

#include "ops/drift/inside.h"
#include "stats/distance.h"
#include "stats/evidently_cat.h"
#include "stats/nannyml_cat.h"

static void score_test(const struct ncm_drift_method *m, const struct ncm_cats *t,
                       struct ncm_score *out)
{
    out->p = m->id == NCM_M_G   ? ncm_cats_g(t).p
             : m->id == NCM_M_Z ? ncm_cats_z(t).p
                                : ncm_cats_chi2(t, true).p;
    out->value = out->p;
    if (m->id != NCM_M_NANNYML_CHI2) { /* which goes by its p alone */
        out->effect = ncm_cats_cramers_v(t);
        out->effect_name = "cramers_v";
    }
}

static void score_evidently(const struct ncm_cats *t, struct ncm_score *out)
{
    struct ncm_evidently_cat choice = ncm_evidently_cat_default(t);
    out->value = choice.score;
    out->is_p = choice.is_p;
    out->threshold = choice.threshold;
    out->method = choice.method;
}

void ncm_score_category(const struct ncm_drift_method *m, const struct ncm_cats *t,
                        struct ncm_score *out)
{
    *out = (struct ncm_score){
        .value = NAN, .p = NAN, .effect = NAN, .threshold = NAN, .is_p = m->is_p};
    switch (m->id) {
    case NCM_M_JS:
        out->value = ncm_js_distance(t->ref, t->cur, t->n, 2);
        break;
    case NCM_M_HELLINGER:
        out->value = ncm_hellinger(t->ref, t->cur, t->n);
        break;
    case NCM_M_KL:
        out->value = ncm_kl(t->ref, t->cur, t->n);
        break;
    case NCM_M_TVD:
        out->value = ncm_total_variation(t->ref, t->cur, t->n);
        break;
    case NCM_M_L_INFINITY:
    case NCM_M_NANNYML_L_INFINITY:
        out->value = ncm_l_infinity(t->ref, t->cur, t->n);
        break;
    case NCM_M_CHI2:
    case NCM_M_G:
    case NCM_M_Z:
    case NCM_M_NANNYML_CHI2:
        score_test(m, t, out);
        break;
    case NCM_M_EVIDENTLY:
        score_evidently(t, out);
        break;
    case NCM_M_EVIDENTLY_PSI:
        out->value = ncm_evidently_cat_psi(t);
        break;
    case NCM_M_EVIDENTLY_JS:
        out->value = ncm_evidently_cat_js(t);
        break;
    case NCM_M_EVIDENTLY_KL:
        out->value = ncm_evidently_cat_kl(t);
        break;
    case NCM_M_EVIDENTLY_HELLINGER:
        out->value = ncm_evidently_cat_hellinger(t);
        break;
    case NCM_M_EVIDENTLY_CHISQUARE:
        out->value = ncm_evidently_cat_chisquare(t);
        break;
    case NCM_M_EVIDENTLY_Z:
        out->value = ncm_evidently_cat_z(t);
        break;
    case NCM_M_NANNYML:
        out->value = ncm_nannyml_cat_js(t);
        break;
    case NCM_M_NANNYML_HELLINGER:
        out->value = ncm_nannyml_cat_hellinger(t);
        break;
    default:
        out->value = ncm_psi(t->ref, t->cur, t->n, NULL);
    }
}
