#include "stats/correct.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

struct ranked {
    double p;
    size_t at;
};

static int by_p(const void *x, const void *y)
{
    const struct ranked *a = x, *b = y;
    return (a->p > b->p) - (a->p < b->p);
}

static void step_down(const struct ranked *r, size_t k, double *adjusted)
{
    double high = 0;
    for (size_t i = 0; i < k; i++) {
        high = fmax(high, r[i].p * (double)(k - i));
        adjusted[r[i].at] = fmin(high, 1);
    }
}

static void step_up(const struct ranked *r, size_t k, double factor, double *adjusted)
{
    double low = 1;
    for (size_t i = k; i > 0; i--) {
        low = fmin(low, r[i - 1].p * factor * (double)k / (double)i);
        adjusted[r[i - 1].at] = low;
    }
}

void ncm_correct(enum ncm_correction how, const double *p, size_t n, double *adjusted)
{
    struct ranked *r = ncm_alloc(n + 1, sizeof(*r));
    size_t k = 0;
    double harmonic = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(p[i])) {
            adjusted[i] = NAN;
            continue;
        }
        r[k++] = (struct ranked){p[i], i};
        harmonic += 1 / (double)k;
    }
    qsort(r, k, sizeof(*r), by_p);
    switch (how) {
    case NCM_CORRECT_NONE:
    case NCM_CORRECT_BONFERRONI:
        for (size_t i = 0; i < k; i++)
            adjusted[r[i].at] = fmin(r[i].p * (how == NCM_CORRECT_NONE ? 1 : (double)k), 1);
        break;
    case NCM_CORRECT_HOLM:
        step_down(r, k, adjusted);
        break;
    case NCM_CORRECT_BH:
        step_up(r, k, 1, adjusted);
        break;
    case NCM_CORRECT_BY:
        step_up(r, k, harmonic, adjusted);
        break;
    }
    ncm_free(r);
}
