/* The value that decides, for numbers. */
#include <math.h>
#include <string.h>

#include "ops/drift/inside.h"
#include "stats/distance.h"
#include "stats/ecdf.h"
#include "stats/evidently_num.h"
#include "stats/nannyml_num.h"

enum { EXPANDED_MOST = 200000 };

/* The other tools know no weights: a sketch's samples are repeated. The caller frees. */
static double *expand(const struct ncm_ordered *in, struct ncm_ordered *out)
{
    *out = *in;
    if (in->weights == NULL) {
        return NULL;
    }
    double total = 0;
    for (size_t i = 0; i < in->n; i++) {
        total += in->weights[i];
    }
    size_t n = total < EXPANDED_MOST ? (size_t)total : EXPANDED_MOST;
    double *v = ncm_alloc(n + 1, sizeof *v);
    double done = 0;
    size_t at = 0;
    for (size_t k = 0; k < n; k++) {
        double place = total * ((double)k + 0.5) / (double)n;
        while (at + 1 < in->n && done + in->weights[at] <= place) {
            done += in->weights[at++];
        }
        v[k] = in->values[at];
    }
    *out = (struct ncm_ordered){v, NULL, n};
    return v;
}

static void score_evidently(enum ncm_method_id id, const struct ncm_ordered *ref,
                            const struct ncm_ordered *cur, struct ncm_score *out)
{
    static const struct {
        enum ncm_method_id id;
        enum ncm_evidently_num method;
    } rows[] = {
        {NCM_M_EVIDENTLY_PSI, NCM_EVIDENTLY_PSI},
        {NCM_M_EVIDENTLY_JS, NCM_EVIDENTLY_JENSENSHANNON},
        {NCM_M_EVIDENTLY_KL, NCM_EVIDENTLY_KL_DIV},
        {NCM_M_EVIDENTLY_HELLINGER, NCM_EVIDENTLY_HELLINGER},
        {NCM_M_EVIDENTLY_WASSERSTEIN, NCM_EVIDENTLY_WASSERSTEIN},
        {NCM_M_EVIDENTLY_KS, NCM_EVIDENTLY_KS},
        {NCM_M_EVIDENTLY_ED, NCM_EVIDENTLY_ED},
    };
    struct ncm_evidently_choice choice;
    if (id == NCM_M_EVIDENTLY) {
        if (ncm_evidently_num_choose(ref, cur, &choice)) {
            out->value = choice.score;
            out->is_p = choice.is_p;
            out->threshold = choice.threshold;
            out->method = choice.name;
        }
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].id == id && !ncm_evidently_num(rows[i].method, ref, cur, &out->value)) {
            out->value = NAN;
        }
    }
}

static void score_other_tool(const struct ncm_drift_method *m, const struct ncm_drift_input *ref,
                             const struct ncm_drift_input *cur, struct ncm_score *out)
{
    struct ncm_ordered r, c;
    double *own_r = expand(&ref->values, &r), *own_c = expand(&cur->values, &c);
    switch (m->id) {
    case NCM_M_NANNYML:
        out->value = ncm_nannyml_jensen_shannon(&r, &c);
        break;
    case NCM_M_NANNYML_KS:
        out->value = ncm_nannyml_kolmogorov_smirnov(&r, &c);
        break;
    case NCM_M_NANNYML_WASSERSTEIN:
        out->value = ncm_nannyml_wasserstein(&r, &c);
        break;
    case NCM_M_NANNYML_HELLINGER:
        out->value = ncm_nannyml_hellinger(&r, &c);
        break;
    default:
        score_evidently(m->id, &r, &c, out);
    }
    ncm_free(own_r);
    ncm_free(own_c);
}

/* In spreads of the reference: one that has none is infinitely far from what moved at all. */
static double in_spreads(double wasserstein, const struct ncm_drift_input *ref)
{
    if (ref->moments.min >= ref->moments.max) {
        return wasserstein > 0 ? INFINITY : 0;
    }
    return ncm_wasserstein_norm(wasserstein, ncm_std0(&ref->moments));
}

static void score_walk(const struct ncm_drift_method *m, const struct ncm_drift_input *ref,
                       const struct ncm_drift_input *cur, struct ncm_score *out)
{
    struct ncm_ecdf e = ncm_ecdf_compare(&ref->values, &cur->values);
    out->value = m->id == NCM_M_ENERGY ? e.energy
                 : m->id == NCM_M_KS   ? e.d
                                       : in_spreads(e.wasserstein, ref);
    if (m->id == NCM_M_KS || m->id == NCM_M_KS_P) {
        out->p = ncm_ks_p(e.d, (size_t)ref->moments.n, (size_t)cur->moments.n);
    }
    if (m->id == NCM_M_KS_P) {
        out->value = out->p;
        out->effect = e.d;
        out->effect_name = "ks";
    }
}

void ncm_score_number(const struct ncm_drift_method *m, const struct ncm_drift_input *ref,
                      const struct ncm_drift_input *cur, const double *ref_counts,
                      const double *cur_counts, size_t n_bins, struct ncm_score *out)
{
    *out = (struct ncm_score){
        .value = NAN, .p = NAN, .effect = NAN, .threshold = NAN, .is_p = m->is_p};
    switch (m->id) {
    case NCM_M_PSI:
        out->value = ncm_psi(ref_counts, cur_counts, n_bins, NULL);
        break;
    case NCM_M_JS:
        out->value = ncm_js_distance(ref_counts, cur_counts, n_bins, 2);
        break;
    case NCM_M_HELLINGER:
        out->value = ncm_hellinger(ref_counts, cur_counts, n_bins);
        break;
    case NCM_M_KL:
        out->value = ncm_kl(ref_counts, cur_counts, n_bins);
        break;
    case NCM_M_TVD:
        out->value = ncm_total_variation(ref_counts, cur_counts, n_bins);
        break;
    case NCM_M_L_INFINITY:
        out->value = ncm_l_infinity(ref_counts, cur_counts, n_bins);
        break;
    case NCM_M_KS:
    case NCM_M_KS_P:
    case NCM_M_WASSERSTEIN:
    case NCM_M_ENERGY:
        score_walk(m, ref, cur, out);
        break;
    default:
        score_other_tool(m, ref, cur, out);
    }
}
