/* Sorting, moments and quantiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stats/moments.h"
#include "stats/quantile.h"
#include "stats/sort.h"

static uint64_t seed = 88172645463325252u;

/* Uniform in 0…1. */
static double chance(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

enum { UNIFORM, SIGNED, INTEGERS, OFFSET, CLUSTER, EQUAL, ASCENDING, DESCENDING, WIDE, N_SHAPES };

static double shaped(int shape, size_t i)
{
    switch (shape) {
    case UNIFORM:
        return chance();
    case SIGNED:
        return chance() - 0.5;
    case INTEGERS:
        return floor(chance() * 7) - 3;
    case OFFSET:
        return 1e9 + chance();
    case CLUSTER: /* one far away, all others equal in their high bits: low ones must be sorted too
                   */
        return i == 0 ? -1e300 : 1 + chance() * 1e-11;
    case EQUAL:
        return 4.25;
    case ASCENDING:
        return (double)i;
    case DESCENDING:
        return -(double)i;
    default:
        return (chance() < 0.5 ? -1 : 1) * pow(10, chance() * 600 - 300);
    }
}

static void sorts_as_qsort_does(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 47, 48, 49, 1000, 20000};
    (void)state;
    for (int shape = 0; shape < N_SHAPES; shape++)
        for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
            size_t n = sizes[k];
            double *v = ncm_alloc(n + 1, sizeof(*v)), *want = ncm_alloc(n + 1, sizeof(*v));
            double *scratch = ncm_alloc(n + 1, sizeof(*v));
            for (size_t i = 0; i < n; i++)
                v[i] = want[i] = shaped(shape, i);
            qsort(want, n, sizeof(*want), by_value);
            ncm_sort(v, n, k % 2 == 0 ? scratch : NULL);
            for (size_t i = 0; i < n; i++)
                if (v[i] < want[i] || v[i] > want[i])
                    fail_msg("shape %d, %zu values: place %zu", shape, n, i);
            ncm_free(v);
            ncm_free(want);
            ncm_free(scratch);
        }
}

static void infinities_are_ends_and_zero_has_no_sign(void **state)
{
    (void)state;
    for (size_t n = 5; n <= 500; n += 495) {
        double v[500];
        for (size_t i = 0; i < n; i++)
            v[i] = (double)(i % 7) - 3;
        v[0] = INFINITY;
        v[1] = -INFINITY;
        v[2] = -0.0;
        v[3] = 0.0;
        ncm_sort(v, n, NULL);
        assert_true(isinf(v[0]) && v[0] < 0);
        assert_true(isinf(v[n - 1]) && v[n - 1] > 0);
        for (size_t i = 0; i < n; i++)
            assert_false(fpclassify(v[i]) == FP_ZERO && signbit(v[i]));
    }
}

static void what_is_not_finite_is_left_out_and_counted(void **state)
{
    double v[] = {1, NAN, INFINITY, 2, -INFINITY, NAN, NAN, 3};
    size_t missing, infinite;
    (void)state;
    assert_int_equal(ncm_keep_finite(v, 8, &missing, &infinite), 3);
    assert_int_equal(missing, 3);
    assert_int_equal(infinite, 2);
    assert_true(v[0] < 1.5 && v[1] < 2.5 && v[2] > 2.5);
    assert_int_equal(ncm_distinct((double[]){1, 1, 2, 2, 2, 5}, 6), 3);
    assert_int_equal(ncm_distinct(NULL, 0), 0);
}

static void near(double got, double want, double rel)
{
    if (!(fabs(got - want) <= rel * fmax(1, fabs(want))))
        fail_msg("got %.17g, want %.17g", got, want);
}

static void same_moments(const struct ncm_moments *a, const struct ncm_moments *b)
{
    near(a->n, b->n, 0);
    near(a->mean, b->mean, 1e-14);
    near(ncm_std0(a), ncm_std0(b), 1e-11);
    near(ncm_skew(a), ncm_skew(b), 1e-9);
    near(ncm_kurtosis_excess(a), ncm_kurtosis_excess(b), 1e-9);
    near(a->min, b->min, 0);
    near(a->max, b->max, 0);
}

static void parts_put_together_are_the_whole(void **state)
{
    double v[5000];
    (void)state;
    for (int shape = 0; shape < OFFSET; shape++) {
        for (size_t i = 0; i < 5000; i++)
            v[i] = shaped(shape, i);
        struct ncm_moments whole = ncm_moments_of(v, 5000), one = {0}, parts = {0};
        for (size_t i = 0; i < 5000; i++)
            ncm_moments_add(&one, v[i]);
        for (size_t from = 0, n = 1; from < 5000; from += n, n = 2 * n + 1) {
            struct ncm_moments m = ncm_moments_of(v + from, from + n < 5000 ? n : 5000 - from);
            ncm_moments_merge(&parts, &m);
        }
        same_moments(&one, &whole);
        same_moments(&parts, &whole);
    }
}

static void an_offset_costs_no_digits(void **state)
{
    double plain[4000], far[4000];
    (void)state;
    for (size_t i = 0; i < 4000; i++) {
        plain[i] = floor(chance() * 1024) / 1024; /* exact with the offset too */
        far[i] = plain[i] + 1e9;
    }
    struct ncm_moments a = ncm_moments_of(plain, 4000), b = ncm_moments_of(far, 4000);
    near(b.mean - 1e9, a.mean, 1e-6);
    near(ncm_std0(&b), ncm_std0(&a), 1e-12);
    near(ncm_skew(&b), ncm_skew(&a), 1e-9);
    near(ncm_kurtosis_excess(&b), ncm_kurtosis_excess(&a), 1e-9);
}

static void equal_values_have_no_spread_at_all(void **state)
{
    double v[3000];
    (void)state;
    for (size_t i = 0; i < 3000; i++)
        v[i] = 0.1;
    struct ncm_moments m = ncm_moments_of(v, 3000), none = {0};
    near(m.m2, 0, 0);
    assert_true(isnan(ncm_skew(&m)) && isnan(ncm_kurtosis_excess(&m)));
    m = ncm_moments_of(v, 1);
    assert_true(isnan(ncm_std1(&m)));
    assert_true(isnan(ncm_std0(&none)));
}

static void quantiles_are_numpys(void **state)
{
    double v[] = {1, 2, 4, 8}, ones[] = {1, 1, 1, 1}, heavy[] = {1, 1, 10, 1};
    struct ncm_ordered s = {v, ones, 4}, h = {v, heavy, 4};
    (void)state;
    near(ncm_quantile(v, 4, 0), 1, 0);
    near(ncm_quantile(v, 4, 0.5), 3, 1e-15);
    near(ncm_quantile(v, 4, 0.9), 6.8, 1e-15);
    near(ncm_quantile(v, 4, 1), 8, 0);
    assert_true(isnan(ncm_quantile(v, 0, 0.5)));
    for (double q = 0; q <= 1; q += 0.03)
        near(ncm_quantile_weighted(&s, q), ncm_quantile(v, 4, q), 1e-12);
    near(ncm_quantile_weighted(&h, 0.5), 4, 0.1);
    near(ncm_quantile_weighted(&h, 0), 1, 0);
    near(ncm_quantile_weighted(&h, 1), 8, 0);
}

static void many_quantiles_are_those_of_one_at_a_time(void **state)
{
    double v[] = {-3, 1, 1, 2, 4, 8}, w[] = {2, 0.5, 7, 1, 3, 20}, q[101], out[101];
    struct ncm_ordered s = {v, w, 6}, plain = {v, NULL, 6}, none = {v, w, 0};
    (void)state;
    for (size_t i = 0; i <= 100; i++)
        q[i] = (double)i / 100;
    ncm_quantiles(&s, q, 101, out);
    for (size_t i = 0; i <= 100; i++)
        near(out[i], ncm_quantile_weighted(&s, q[i]), 0);
    assert_true(out[0] == -3 && out[100] == 8 && out[50] > 2);
    ncm_quantiles(&plain, q, 101, out);
    for (size_t i = 0; i <= 100; i++)
        near(out[i], ncm_quantile(v, 6, q[i]), 0);
    ncm_quantiles(&none, q, 1, out);
    assert_true(isnan(out[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_as_qsort_does),
        cmocka_unit_test(infinities_are_ends_and_zero_has_no_sign),
        cmocka_unit_test(what_is_not_finite_is_left_out_and_counted),
        cmocka_unit_test(parts_put_together_are_the_whole),
        cmocka_unit_test(an_offset_costs_no_digits),
        cmocka_unit_test(equal_values_have_no_spread_at_all),
        cmocka_unit_test(quantiles_are_numpys),
        cmocka_unit_test(many_quantiles_are_those_of_one_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
