#include "provider/buckets.h"

#include <math.h>
#include <stdlib.h>

double ncm_counter_increase(double before, double after)
{
    return after < before ? after : after - before;
}

static int by_le(const void *a, const void *b)
{
    const struct ncm_bucket *x = a, *y = b;
    return (x->le > y->le) - (x->le < y->le);
}

size_t ncm_buckets_sort(struct ncm_bucket *b, size_t n)
{
    size_t last = 0;
    if (n == 0) {
        return 0;
    }
    qsort(b, n, sizeof *b, by_le);
    for (size_t i = 1; i < n; i++) {
        if (b[i].le == b[last].le) {
            b[last].count += b[i].count;
        } else {
            b[++last] = b[i];
        }
    }
    return last + 1;
}

bool ncm_buckets_increase(const struct ncm_bucket *before, const struct ncm_bucket *after, size_t n,
                          struct ncm_bucket *out)
{
    bool restart = false;
    for (size_t i = 0; i < n; i++) {
        if (before[i].le != after[i].le) {
            return false;
        }
        restart = restart || after[i].count < before[i].count;
    }
    for (size_t i = 0; i < n; i++) {
        out[i].le = after[i].le;
        out[i].count = restart ? after[i].count : after[i].count - before[i].count;
    }
    return true;
}

/* The count of bucket i, raised to the largest before it. NaN counts are passed over, as the
 * server's comparison does. */
static double raised(double so_far, double count)
{
    return count > so_far ? count : so_far;
}

double ncm_histogram_quantile(double q, const struct ncm_bucket *b, size_t n, bool *beyond)
{
    bool ignored = false;
    beyond = beyond != NULL ? beyond : &ignored;
    *beyond = false;
    if (isnan(q)) {
        return NAN;
    }
    if (q < 0 || q > 1) {
        return q < 0 ? -INFINITY : INFINITY;
    }
    if (n < 2 || b[n - 1].le != INFINITY) {
        return NAN;
    }
    double total = b[0].count;
    for (size_t i = 1; i < n; i++) {
        total = raised(total, b[i].count);
    }
    if (total == 0 || isnan(total)) {
        return NAN;
    }
    double rank = q * total, before = 0, count = b[0].count;
    size_t i = 0;
    while (i < n - 1 && !(count >= rank)) {
        before = count;
        count = raised(count, b[++i].count);
    }
    if (i == n - 1) {
        *beyond = true;
        return b[n - 2].le;
    }
    if (i == 0 && b[0].le <= 0) {
        return b[0].le;
    }
    double low = i > 0 ? b[i - 1].le : 0;
    return low + (b[i].le - low) * ((rank - before) / (count - before));
}
