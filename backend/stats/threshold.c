#include "stats/threshold.h"

#include <math.h>

#include "base/i18n.h"

struct ncm_threshold ncm_threshold_learn(const double *values, const double *rows, size_t n,
                                         double most)
{
    struct ncm_threshold t = {.warning = NAN, .critical = NAN, .mean = 0};
    size_t numbers = 0;
    double m2 = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i]))
            continue;
        numbers++;
        if (!(rows[i] >= NCM_THRESHOLD_CHUNK_ROWS))
            continue;
        t.n_chunks++;
        double d = values[i] - t.mean;
        t.mean += d / (double)t.n_chunks;
        m2 += d * (values[i] - t.mean);
    }
    t.std0 = t.n_chunks > 0 ? sqrt(m2 / (double)t.n_chunks) : NAN;
    if (t.n_chunks == 0)
        t.mean = NAN;
    if (t.n_chunks < NCM_THRESHOLD_CHUNKS) {
        t.state =
            numbers < NCM_THRESHOLD_CHUNKS ? NCM_THRESHOLD_FEW_CHUNKS : NCM_THRESHOLD_FEW_ROWS;
        return t;
    }
    t.warning = fmin(t.mean + 2 * t.std0, most);
    t.critical = fmin(t.mean + 3 * t.std0, most);
    return t;
}

const char *ncm_threshold_why(const struct ncm_threshold *t)
{
    switch (t->state) {
    case NCM_THRESHOLD_FEW_CHUNKS:
        return _("not enough: a threshold is learned from at least 10 parts of the reference");
    case NCM_THRESHOLD_FEW_ROWS:
        return _("not enough: each part of the reference needs at least 500 rows");
    case NCM_THRESHOLD_LEARNED:
        break;
    }
    return NULL;
}

bool ncm_small_sample(size_t bins, double n, double m)
{
    if (!(n > 0) || !(m > 0))
        return true;
    return bins > 1 && (double)(bins - 1) * (1 / n + 1 / m) > 0.05;
}

double ncm_rows_needed(bool is_category, size_t n_categories)
{
    return is_category ? 5 * (double)n_categories : 200;
}
