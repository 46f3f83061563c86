#include "stats/measures_cat.h"

#include <math.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "stats/distance.h"
#include "stats/evidently_cat.h"
#include "stats/nannyml_cat.h"

struct teller {
    ncm_measure_fn fn;
    void *to;
};

static void tell(const struct teller *t, const char *name, double v)
{
    struct ncm_measure m = {.name = name, .values = &v, .n_values = 1};
    t->fn(t->to, &m);
}

static void tell_error(const struct teller *t, const char *name, const char *why)
{
    struct ncm_measure m = {.name = name, .error = why};
    t->fn(t->to, &m);
}

static void tell_text(const struct teller *t, const char *name, const char *text)
{
    struct ncm_measure m = {.name = name, .text = text};
    t->fn(t->to, &m);
}

static void counts(const struct ncm_cats *t, const struct teller *to)
{
    tell(to, "ref.rows", t->n_ref + t->missing_ref);
    tell(to, "ref.missing", t->missing_ref);
    tell(to, "ref.distinct", (double)t->distinct_ref);
    tell(to, "cur.rows", t->n_cur + t->missing_cur);
    tell(to, "cur.missing", t->missing_cur);
    tell(to, "cur.distinct", (double)t->distinct_cur);
}

static void table(const struct ncm_cats *t, const struct teller *to)
{
    double *pairs = ncm_alloc(2 * t->n + 1, sizeof(*pairs));
    for (size_t i = 0; i < t->n; i++) {
        pairs[2 * i] = t->ref[i];
        pairs[2 * i + 1] = t->cur[i];
    }
    struct ncm_measure m = {.name = "categories",
                            .values = pairs,
                            .n_values = 2 * t->n,
                            .is_list = true,
                            .texts = t->words,
                            .n_texts = t->n};
    to->fn(to->to, &m);
    ncm_free(pairs);
}

static void chosen(const struct ncm_cats *t, const struct teller *to, const char *name,
                   bool (*wanted)(const struct ncm_cats *t, size_t i))
{
    const char **words = ncm_alloc(t->n + 1, sizeof(*words));
    struct ncm_measure m = {.name = name, .is_list = true, .texts = words};
    for (size_t i = 0; i < t->n; i++)
        if (wanted(t, i))
            words[m.n_texts++] = t->words[i];
    to->fn(to->to, &m);
    ncm_free(words);
}

static void distances(const struct ncm_cats *t, const struct teller *to)
{
    tell(to, "psi", ncm_psi(t->ref, t->cur, t->n, NULL));
    if (t->missing_ref + t->missing_cur > 0) {
        double *ref = ncm_alloc(t->n + 1, sizeof(*ref));
        double *cur = ncm_alloc(t->n + 1, sizeof(*cur));
        for (size_t i = 0; i < t->n; i++) {
            ref[i] = t->ref[i];
            cur[i] = t->cur[i];
        }
        ref[t->n] = t->missing_ref;
        cur[t->n] = t->missing_cur;
        tell(to, "psi_with_missing", ncm_psi(ref, cur, t->n + 1, NULL));
        ncm_free(ref);
        ncm_free(cur);
    }
    tell(to, "js_distance_base2", ncm_js_distance(t->ref, t->cur, t->n, 2));
    tell(to, "tvd", ncm_total_variation(t->ref, t->cur, t->n));
    tell(to, "l_infinity", ncm_l_infinity(t->ref, t->cur, t->n));
    tell(to, "hellinger", ncm_hellinger(t->ref, t->cur, t->n));
}

static void tests_of_homogeneity(const struct ncm_cats *t, const struct teller *to)
{
    struct ncm_cats_test x = ncm_cats_chi2(t, true);
    tell(to, "chi2_contingency.statistic", x.statistic);
    tell(to, "chi2_contingency.p", x.p);
    tell(to, "chi2_contingency.dof", (double)x.dof);
    tell(to, "chi2_contingency.min_expected", x.min_expected);
    if (t->n == 2) {
        x = ncm_cats_chi2(t, false);
        tell(to, "chi2_contingency_uncorrected.statistic", x.statistic);
        tell(to, "chi2_contingency_uncorrected.p", x.p);
        tell(to, "chi2_contingency_uncorrected.dof", (double)x.dof);
        tell(to, "chi2_contingency_uncorrected.min_expected", x.min_expected);
    }
    x = ncm_cats_g(t);
    tell(to, "g_test.statistic", x.statistic);
    tell(to, "g_test.p", x.p);
    tell(to, "cramers_v", ncm_cats_cramers_v(t));
}

static void as_evidently(const struct ncm_cats *t, const struct teller *to)
{
    double p;
    tell(to, "evidently.psi", ncm_evidently_cat_psi(t));
    tell(to, "evidently.jensenshannon", ncm_evidently_cat_js(t));
    tell(to, "evidently.kl_div", ncm_evidently_cat_kl(t));
    tell(to, "evidently.hellinger", ncm_evidently_cat_hellinger(t));
    const char *one = _("One category alone leaves nothing to test.");
    if (t->n > 1)
        tell(to, "evidently.chisquare", ncm_evidently_cat_chisquare(t));
    else
        tell_error(to, "evidently.chisquare", one);
    if (!ncm_evidently_cat_g(t, &p))
        tell_error(to, "evidently.g_test",
                   _("Evidently's G-test compares only sides with the same number of values."));
    else if (t->n > 1)
        tell(to, "evidently.g_test", p);
    else
        tell_error(to, "evidently.g_test", one);
    if (t->n <= 2)
        tell(to, "evidently.z", ncm_evidently_cat_z(t));
    tell(to, "evidently.default.score", ncm_evidently_cat_default(t).score);
}

static void as_nannyml(const struct ncm_cats *t, const struct teller *to)
{
    tell(to, "nannyml.jensen_shannon", ncm_nannyml_cat_js(t));
    tell(to, "nannyml.chi2", ncm_nannyml_cat_chi2(t));
    tell(to, "nannyml.l_infinity", ncm_nannyml_cat_l_infinity(t));
    tell(to, "nannyml.hellinger", ncm_nannyml_cat_hellinger(t));
}

void ncm_measures_cat(const struct ncm_cats *t, ncm_measure_fn fn, void *to)
{
    struct teller teller = {fn, to};
    counts(t, &teller);
    table(t, &teller);
    chosen(t, &teller, "new_categories", ncm_cats_is_new);
    chosen(t, &teller, "gone_categories", ncm_cats_is_gone);
    if (!(t->n_ref > 0) || !(t->n_cur > 0)) {
        tell_text(&teller, "status", "no_data");
        return;
    }
    distances(t, &teller);
    if (t->n > 1)
        tests_of_homogeneity(t, &teller);
    as_evidently(t, &teller);
    as_nannyml(t, &teller);
}
