/* As NannyML, for numbers. */
#include "stats/nannyml_num.h"

#include <math.h>

#include "base/mem.h"
#include "stats/bins.h"
#include "stats/distance.h"
#include "stats/ecdf.h"

#define FINE_BINS 10000

/* Distance over Doane's bins of the reference and one for the rest. */
static double over_doane(const struct ncm_ordered *ref, const struct ncm_ordered *cur,
                         bool hellinger)
{
    if (ref->n == 0 || cur->n == 0)
        return NAN;
    struct ncm_moments of_ref = ncm_moments_of(ref->values, ref->n);
    struct ncm_bins b = ncm_bins_closed(of_ref.min, of_ref.max, ncm_bins_doane(&of_ref));
    double *a = ncm_alloc(2 * (b.n + 1), sizeof(*a)), *c = a + b.n + 1;
    a[b.n] = ncm_bins_count_sorted(&b, ref, a);
    c[b.n] = ncm_bins_count_sorted(&b, cur, c);
    double score = hellinger ? ncm_hellinger(a, c, b.n + 1) : ncm_js_distance(a, c, b.n + 1, 2);
    ncm_free(a);
    ncm_bins_release(&b);
    return score;
}

double ncm_nannyml_jensen_shannon(const struct ncm_ordered *ref, const struct ncm_ordered *cur)
{
    return over_doane(ref, cur, false);
}

double ncm_nannyml_hellinger(const struct ncm_ordered *ref, const struct ncm_ordered *cur)
{
    return over_doane(ref, cur, true);
}

/* Both sides in fine bins over the reference's range. */
struct fine {
    struct ncm_bins bins;
    double *ref, *cur;
};

static struct fine fine_of(const struct ncm_ordered *ref, const struct ncm_ordered *cur)
{
    struct fine f = {.bins = ncm_bins_closed(ref->values[0], ref->values[ref->n - 1], FINE_BINS)};
    f.ref = ncm_alloc(FINE_BINS, sizeof(double));
    f.cur = ncm_alloc(FINE_BINS, sizeof(double));
    ncm_bins_count_sorted(&f.bins, ref, f.ref);
    ncm_bins_count_sorted(&f.bins, cur, f.cur);
    return f;
}

static void fine_release(struct fine *f)
{
    ncm_bins_release(&f->bins);
    ncm_free(f->ref);
    ncm_free(f->cur);
}

double ncm_nannyml_kolmogorov_smirnov(const struct ncm_ordered *ref, const struct ncm_ordered *cur)
{
    /* One reference value only: bins without width, which give the exact number. */
    if (ref->n < NCM_NANNYML_BINNED_FROM || cur->n == 0 ||
        ref->values[0] >= ref->values[ref->n - 1])
        return ncm_ecdf_compare(ref, cur).d;
    struct fine f = fine_of(ref, cur);
    double in_ref = 0, most = 0;
    double in_cur = (double)ncm_lower_bound(cur->values, cur->n, ref->values[0]);
    for (size_t i = 0; i < FINE_BINS; i++) {
        in_ref += f.ref[i];
        in_cur += f.cur[i];
        most = fmax(most, fabs(in_ref / (double)ref->n - in_cur / (double)cur->n));
    }
    fine_release(&f);
    return most;
}

/* The area beyond an end of the reference's range. NannyML counts that end as one value more. */
static double tail(const double *v, size_t n, double end, double in_all)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += fabs(v[i] - end);
    return sum / in_all;
}

double ncm_nannyml_wasserstein(const struct ncm_ordered *ref, const struct ncm_ordered *cur)
{
    if (ref->n < NCM_NANNYML_BINNED_FROM || cur->n == 0)
        return ncm_ecdf_compare(ref, cur).wasserstein;
    struct fine f = fine_of(ref, cur);
    double n = (double)ref->n, m = (double)cur->n, within = 0, in_ref = 0;
    double low = f.bins.edges[0], high = f.bins.edges[FINE_BINS];
    size_t below = ncm_lower_bound(cur->values, cur->n, low);
    size_t above = ncm_upper_bound(cur->values, cur->n, high);
    double in_cur = below > 0 ? (double)below + 1 : 0;
    for (size_t i = 0; i < FINE_BINS; i++) {
        in_ref += f.ref[i];
        in_cur += f.cur[i];
        within += fabs(in_ref / n - in_cur / m);
    }
    double sum = within * (f.bins.edges[1] - low) + tail(cur->values, below, low, m) +
                 tail(cur->values + above, cur->n - above, high, m);
    fine_release(&f);
    return sum;
}

size_t ncm_nannyml_chunk_rows(size_t reference_rows)
{
    return reference_rows < 10 ? 1 : reference_rows / 10;
}

double ncm_nannyml_threshold(size_t rows, size_t chunk_rows, double most, ncm_chunk_fn measure,
                             void *context)
{
    struct ncm_moments m = {0};
    for (size_t from = 0; from < rows; from += chunk_rows) {
        double v = measure(context, from, rows - from < chunk_rows ? rows - from : chunk_rows);
        if (!isnan(v))
            ncm_moments_add(&m, v);
    }
    return m.n > 0 ? fmin(m.mean + 3 * ncm_std0(&m), most) : NAN;
}
