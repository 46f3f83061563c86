#include "stats/quality.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "stats/special.h"

#define WINDOWS_BEFORE 7
#define CHANCE         0.01 /* p below which something is no chance */

static bool found(struct ncm_finding *out, enum ncm_quality_kind kind, enum ncm_severity severity,
                  double observed, double expected, double share)
{
    *out = (struct ncm_finding){.kind = kind,
                                .severity = severity,
                                .observed = observed,
                                .expected = expected,
                                .share = share};
    return true;
}

static enum ncm_severity critical_if(bool is)
{
    return is ? NCM_SEVERITY_CRITICAL : NCM_SEVERITY_WARNING;
}

static double share_of(double part, double rows)
{
    return rows > 0 ? part / rows : NAN;
}

bool ncm_quality_missing(const struct ncm_quality_side *ref, const struct ncm_quality_side *cur,
                         struct ncm_finding *out)
{
    double was = share_of(ref->missing, ref->rows);
    double is = share_of(cur->missing, cur->rows);
    struct ncm_z z = ncm_two_proportions(ref->missing, ref->rows, cur->missing, cur->rows);
    if (!(is > was + 0.05) || !(z.p < CHANCE))
        return false;
    return found(out, NCM_QUALITY_MISSING, critical_if(is > was + 0.2), is, was, is);
}

bool ncm_quality_schema(const struct ncm_quality_side *ref, const struct ncm_quality_side *cur,
                        struct ncm_finding *out)
{
    if (!ref->present && cur->present)
        return found(out, NCM_QUALITY_NEW_COLUMN, NCM_SEVERITY_WARNING, NAN, NAN, NAN);
    if (ref->present && !cur->present)
        return found(out, NCM_QUALITY_LOST_COLUMN, NCM_SEVERITY_CRITICAL, NAN, NAN, NAN);
    if (ref->present && ref->type != cur->type)
        return found(out, NCM_QUALITY_TYPE, NCM_SEVERITY_CRITICAL, cur->type, ref->type, NAN);
    return false;
}

/* The heaviest bin on a side of those that `wanted` names. */
static const char *heaviest(const struct ncm_cats *t, const double *rows,
                            bool (*wanted)(const struct ncm_cats *t, size_t i))
{
    size_t best = t->n;
    for (size_t i = 0; i < t->n; i++)
        if (wanted(t, i) && (best == t->n || rows[i] > rows[best]))
            best = i;
    return best < t->n ? t->words[best] : NULL;
}

bool ncm_quality_new_categories(const struct ncm_cats *t, struct ncm_finding *out)
{
    if (t->n_new == 0 || !(t->n_ref > 0))
        return false;
    double share = ncm_cats_new_share(t);
    found(out, NCM_QUALITY_NEW_CATEGORIES, critical_if(share > 0.01), (double)t->n_new, 0, share);
    out->example = heaviest(t, t->cur, ncm_cats_is_new);
    return true;
}

bool ncm_quality_lost_categories(const struct ncm_cats *t, struct ncm_finding *out)
{
    double share = ncm_cats_gone_share(t);
    if (t->n_gone == 0 || !(share > 0.01) || t->n_cur * share < 5)
        return false;
    found(out, NCM_QUALITY_LOST_CATEGORIES, NCM_SEVERITY_WARNING, (double)t->n_gone, 0, share);
    out->example = heaviest(t, t->ref, ncm_cats_is_gone);
    return true;
}

static double values_of(const struct ncm_quality_side *s)
{
    return s->rows - s->missing - s->infinite;
}

bool ncm_quality_range(const struct ncm_quality_side *ref, const struct ncm_quality_side *cur,
                       struct ncm_finding *out)
{
    double n = values_of(ref);
    double m = values_of(cur);
    double share = share_of(cur->outside, m);
    if (!(share > 0.001) || (!cur->fixed_range && !(n > 0)))
        return false;
    if (cur->fixed_range)
        return found(out, NCM_QUALITY_RANGE, NCM_SEVERITY_CRITICAL, cur->outside, 0, share);
    double r = m / (n + m);
    double p = pow(r, cur->outside) * (1 + cur->outside * (1 - r));
    if (!(p < CHANCE))
        return false;
    return found(out, NCM_QUALITY_RANGE, NCM_SEVERITY_WARNING, cur->outside, 2 * m / n, share);
}

bool ncm_quality_constant(const struct ncm_quality_side *ref, const struct ncm_quality_side *cur,
                          struct ncm_finding *out)
{
    double was = share_of(ref->top, ref->rows - ref->missing);
    double values = cur->rows - cur->missing;
    double is = share_of(cur->top, values);
    if (!(is > 0.95) || !(was <= 0.95) || values < 20)
        return false;
    return found(out, NCM_QUALITY_CONSTANT, critical_if(cur->top >= values), is, was, is);
}

bool ncm_quality_infinite(const struct ncm_quality_side *ref, const struct ncm_quality_side *cur,
                          struct ncm_finding *out)
{
    if (!(cur->infinite > 0) || ref->infinite > 0)
        return false;
    return found(out, NCM_QUALITY_INFINITE, NCM_SEVERITY_WARNING, cur->infinite, 0,
                 share_of(cur->infinite, cur->rows));
}

bool ncm_quality_negative(const struct ncm_quality_side *ref, const struct ncm_quality_side *cur,
                          struct ncm_finding *out)
{
    if (!(cur->negative > 0) || ref->negative > 0 || !(values_of(ref) > 0))
        return false;
    return found(out, NCM_QUALITY_NEGATIVE, NCM_SEVERITY_WARNING, cur->negative, 0,
                 share_of(cur->negative, cur->rows));
}

bool ncm_quality_parse(const struct ncm_quality_side *cur, struct ncm_finding *out)
{
    if (!(cur->bad > 0))
        return false;
    return found(out, NCM_QUALITY_PARSE, NCM_SEVERITY_WARNING, cur->bad, 0,
                 share_of(cur->bad, cur->rows));
}

size_t ncm_quality_column(const char *name, const struct ncm_quality_side *ref,
                          const struct ncm_quality_side *cur, const struct ncm_cats *t,
                          struct ncm_finding *out)
{
    size_t n = ncm_quality_schema(ref, cur, out);
    if (ref->present && cur->present) {
        n += ncm_quality_missing(ref, cur, &out[n]);
        n += ncm_quality_parse(cur, &out[n]);
    }
    if (ref->present && cur->present && ref->type == cur->type) {
        n += ncm_quality_constant(ref, cur, &out[n]);
        n += t != NULL && ncm_quality_new_categories(t, &out[n]);
        n += t != NULL && ncm_quality_lost_categories(t, &out[n]);
        if (ref->type == NCM_COLUMN_NUMBER) {
            n += ncm_quality_range(ref, cur, &out[n]);
            n += ncm_quality_infinite(ref, cur, &out[n]);
            n += ncm_quality_negative(ref, cur, &out[n]);
        }
    }
    for (size_t i = 0; i < n; i++)
        out[i].subject = name;
    return n;
}

bool ncm_quality_duplicates(double ref_share, double cur_share, struct ncm_finding *out)
{
    if (!(cur_share > ref_share + 0.01))
        return false;
    return found(out, NCM_QUALITY_DUPLICATES, NCM_SEVERITY_WARNING, cur_share, ref_share,
                 cur_share);
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

bool ncm_quality_rows(double rows, const double *before, size_t n, struct ncm_finding *out)
{
    double last[WINDOWS_BEFORE] = {0};
    size_t k = n < WINDOWS_BEFORE ? n : WINDOWS_BEFORE;
    for (size_t i = 0; i < k; i++)
        last[i] = before[n - k + i];
    qsort(last, k, sizeof(*last), by_value);
    double median = k == 0 ? NAN : (last[(k - 1) / 2] + last[k / 2]) / 2;
    if (!(rows > 0))
        return found(out, NCM_QUALITY_ROWS, NCM_SEVERITY_CRITICAL, 0, median, NAN);
    if (!(rows < median / 2) && !(rows > median * 2))
        return false;
    return found(out, NCM_QUALITY_ROWS, NCM_SEVERITY_WARNING, rows, median, share_of(rows, median));
}

bool ncm_quality_freshness(int64_t now, int64_t newest, int64_t usual_gap, struct ncm_finding *out)
{
    if (newest == NCM_NO_TIME || usual_gap <= 0)
        return false;
    double age = (double)ncm_ms_between(newest, now);
    double gap = (double)usual_gap;
    if (!(age > 3 * gap))
        return false;
    return found(out, NCM_QUALITY_FRESHNESS, critical_if(age > 10 * gap), age, gap, NAN);
}
