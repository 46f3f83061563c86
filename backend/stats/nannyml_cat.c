#include "stats/nannyml_cat.h"

#include "stats/distance.h"

double ncm_nannyml_cat_js(const struct ncm_cats *t)
{
    return ncm_js_distance(t->ref, t->cur, t->n, 2);
}

double ncm_nannyml_cat_hellinger(const struct ncm_cats *t)
{
    return ncm_hellinger(t->ref, t->cur, t->n);
}

double ncm_nannyml_cat_chi2(const struct ncm_cats *t)
{
    return ncm_cats_chi2(t, true).statistic;
}

double ncm_nannyml_cat_l_infinity(const struct ncm_cats *t)
{
    return ncm_l_infinity(t->ref, t->cur, t->n);
}
