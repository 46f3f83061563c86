#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "stats/downsample.h"

static struct ncm_point *curve(size_t n)
{
    struct ncm_point *p = ncm_alloc(n, sizeof *p);
    for (size_t i = 0; i < n; i++)
        p[i] = (struct ncm_point){.step = (int64_t)i,
                                  .value = {.kind = NCM_V_NUMBER, .num = sin((double)i / 50)}};
    return p;
}

static bool kept(const size_t *keep, size_t n, size_t index)
{
    for (size_t i = 0; i < n; i++)
        if (keep[i] == index)
            return true;
    return false;
}

static void spikes_gaps_and_ends_survive(void **state)
{
    size_t keep[500];
    struct ncm_point *p = curve(100000);
    (void)state;
    p[33333].value.num = 1000;
    p[33334].value.num = -1000;
    p[71234].value.kind = NCM_V_NAN;
    p[71235].value.kind = NCM_V_UNSET;
    p[50001].value.kind = NCM_V_PINF;
    p[50002].value.kind = NCM_V_NINF;
    size_t n = ncm_downsample(p, 100000, 100, keep);
    assert_in_range(n, 200, 500);
    for (size_t i = 1; i < n; i++)
        assert_true(keep[i] > keep[i - 1]);
    assert_true(kept(keep, n, 0) && kept(keep, n, 99999));
    assert_true(kept(keep, n, 33333) && kept(keep, n, 33334));
    assert_true(kept(keep, n, 71234));
    assert_true(kept(keep, n, 50001) && kept(keep, n, 50002));
    ncm_free(p);
}

static void short_curves_are_kept_whole(void **state)
{
    size_t keep[51];
    struct ncm_point *p = curve(51);
    (void)state;
    assert_int_equal(ncm_downsample(p, 0, 10, keep), 0);
    assert_int_equal(ncm_downsample(p, 50, 10, keep), 50);
    assert_int_equal(keep[49], 49);
    size_t n = ncm_downsample(p, 51, 10, keep);
    assert_in_range(n, 20, 50);
    ncm_free(p);
}

static void nothing_but_gaps(void **state)
{
    size_t keep[10];
    struct ncm_point *p = curve(1000);
    (void)state;
    for (size_t i = 0; i < 1000; i++)
        p[i].value.kind = NCM_V_NAN;
    size_t n = ncm_downsample(p, 1000, 2, keep);
    static const size_t wanted[] = {0, 499, 500, 999};
    assert_int_equal(n, 4);
    assert_memory_equal(keep, wanted, sizeof wanted);
    ncm_free(p);
}

static void smoothing_is_bias_corrected_and_skips_gaps(void **state)
{
    const double v[] = {1, 1, NAN, 1, 5, INFINITY};
    double out[6];
    (void)state;
    ncm_smooth(v, 6, 0.9, out);
    assert_true(fabs(out[0] - 1) < 1e-12); /* no pull towards zero at the start */
    assert_true(fabs(out[1] - 1) < 1e-12);
    assert_true(isnan(out[2]) && isnan(out[5]));
    assert_true(fabs(out[3] - 1) < 1e-12);
    assert_true(fabs(out[4] - (5 + 0.9 + 0.81 + 0.729) / (1 + 0.9 + 0.81 + 0.729)) < 1e-12);
    ncm_smooth(v, 5, 0, out);
    assert_true(out[4] == 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spikes_gaps_and_ends_survive),
        cmocka_unit_test(short_curves_are_kept_whole),
        cmocka_unit_test(nothing_but_gaps),
        cmocka_unit_test(smoothing_is_bias_corrected_and_skips_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
