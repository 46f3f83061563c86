/* One walk over two sorted samples. */
#include "stats/ecdf.h"

#include <math.h>

/* Sums in units of 1/(n*m). */
struct walk {
    double w1, energy, most;
};

/* Without weights: how far apart the sides are is i*m - j*n, a whole number. The step to the next
 * value is 0 between ties, which then count for nothing; d is looked at only where there is a step.
 * No branch depends on which side is next: on random data it could not be foretold. */
static struct walk walk_counted(const double *a, int64_t n, const double *b, int64_t m)
{
    struct walk s = {0};
    int64_t i = 0, j = 0, apart = 0, most = 0;
    double last = a[0] < b[0] ? a[0] : b[0];
    while (i < n && j < m) {
        double of_a = a[i], of_b = b[j], x = of_a < of_b ? of_a : of_b, step = x - last;
        int64_t first = of_a <= of_b;
        int64_t far = apart < 0 ? -apart : apart;
        double distance = (double)far, area = distance * step;
        s.w1 += area;
        s.energy += area * distance;
        int64_t seen = step > 0 ? far : 0;
        most = seen > most ? seen : most;
        apart += first * (n + m) - n;
        i += first;
        j += 1 - first;
        last = x;
    }
    const double *rest = i < n ? a : b;
    int64_t k = i < n ? i : j, end = i < n ? n : m, by = i < n ? m : -n;
    for (; k < end; k++) {
        double step = rest[k] - last, distance = fabs((double)apart), area = distance * step;
        int64_t far = apart < 0 ? -apart : apart;
        s.w1 += area;
        s.energy += area * distance;
        most = step > 0 && far > most ? far : most;
        apart += by;
        last = rest[k];
    }
    s.most = (double)most;
    return s;
}

static double weight_of(const struct ncm_ordered *s, size_t i)
{
    return s->weights == NULL ? 1 : s->weights[i];
}

static double total_of(const struct ncm_ordered *s)
{
    if (s->weights == NULL)
        return (double)s->n;
    double total = 0;
    for (size_t i = 0; i < s->n; i++)
        total += s->weights[i];
    return total;
}

/* With weights: shares, the value's group of ties at a time. */
static struct walk walk_weighted(const struct ncm_ordered *a, const struct ncm_ordered *b)
{
    struct walk s = {0};
    double n = total_of(a), m = total_of(b), in_a = 0, in_b = 0, last = 0, apart = 0;
    size_t i = 0, j = 0;
    while (i < a->n || j < b->n) {
        double x =
            j == b->n || (i < a->n && a->values[i] <= b->values[j]) ? a->values[i] : b->values[j];
        double area = i + j > 0 ? apart * (x - last) : 0;
        s.w1 += area;
        s.energy += area * apart;
        for (; i < a->n && a->values[i] <= x; i++)
            in_a += weight_of(a, i);
        for (; j < b->n && b->values[j] <= x; j++)
            in_b += weight_of(b, j);
        apart = i == a->n && j == b->n ? 0 : fabs(in_a / n - in_b / m);
        s.most = apart > s.most ? apart : s.most;
        last = x;
    }
    return s;
}

/* Whether i*m - j*n fits 64 bits and nearly a double. */
#define WHOLE_MOST 4e18

struct ncm_ecdf ncm_ecdf_compare(const struct ncm_ordered *ref, const struct ncm_ordered *cur)
{
    if (ref->n == 0 || cur->n == 0)
        return (struct ncm_ecdf){NAN, NAN, NAN};
    double unit = (double)ref->n * (double)cur->n;
    struct walk s;
    if (ref->weights == NULL && cur->weights == NULL && unit < WHOLE_MOST) {
        s = walk_counted(ref->values, (int64_t)ref->n, cur->values, (int64_t)cur->n);
    } else {
        s = walk_weighted(ref, cur);
        unit = 1;
    }
    return (struct ncm_ecdf){.d = s.most / unit,
                             .wasserstein = s.w1 / unit,
                             .energy = sqrt(2 * (s.energy / unit / unit))};
}

double ncm_wasserstein_norm(double wasserstein, double ref_std0)
{
    return wasserstein / fmax(ref_std0, NCM_SPREAD_FLOOR);
}
