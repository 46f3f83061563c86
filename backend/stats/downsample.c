#include "stats/downsample.h"

#include <math.h>

static double number(const struct ncm_value *v)
{
    switch (v->kind) {
    case NCM_V_NUMBER:
        return v->num;
    case NCM_V_PINF:
        return INFINITY;
    case NCM_V_NINF:
        return -INFINITY;
    default:
        return NAN;
    }
}

/* Inserts index into the ascending list keep[from…n), unless it is there. At most 5 long. */
static size_t insert(size_t *keep, size_t from, size_t n, size_t index)
{
    size_t i = n;
    while (i > from && keep[i - 1] > index)
        i--;
    if (i > from && keep[i - 1] == index)
        return n;
    for (size_t k = n; k > i; k--)
        keep[k] = keep[k - 1];
    keep[i] = index;
    return n + 1;
}

/* Keeps of points[from…to), which is not empty, the five that matter. */
static size_t choose(const struct ncm_point *points, size_t from, size_t to, size_t *keep, size_t n)
{
    size_t none = to;
    size_t least = none;
    size_t greatest = none;
    size_t gap = none;
    double low = 0;
    double high = 0;
    for (size_t i = from; i < to; i++) {
        double v = number(&points[i].value);
        if (isnan(v)) {
            if (gap == none)
                gap = i;
            continue;
        }
        if (least == none || v < low) {
            low = v;
            least = i;
        }
        if (greatest == none || v > high) {
            high = v;
            greatest = i;
        }
    }
    size_t start = n;
    const size_t wanted[] = {from, least, greatest, gap, to - 1};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (wanted[i] != none)
            n = insert(keep, start, n, wanted[i]);
    return n;
}

/* The first index of bucket b of `buckets` over n points, without overflow. */
static size_t edge(size_t n, size_t buckets, size_t b)
{
    return n / buckets * b + n % buckets * b / buckets;
}

size_t ncm_downsample(const struct ncm_point *points, size_t n, size_t buckets, size_t *keep)
{
    if (n / 5 < buckets || n == 5 * buckets) {
        for (size_t i = 0; i < n; i++)
            keep[i] = i;
        return n;
    }
    size_t kept = 0;
    for (size_t b = 0; b < buckets; b++)
        kept = choose(points, edge(n, buckets, b), edge(n, buckets, b + 1), keep, kept);
    return kept;
}

void ncm_smooth(const double *v, size_t n, double weight, double *out)
{
    double sum = 0;
    double weights = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(v[i])) {
            out[i] = NAN;
            continue;
        }
        sum = weight * sum + v[i];
        weights = weight * weights + 1;
        out[i] = sum / weights;
    }
}
