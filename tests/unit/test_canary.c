/* Is the candidate worse? Published intervals, how often an interval holds the truth, and that too
 * little data is said to be too little. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stats/canary.h"

static uint64_t seed = 0x2545f4914f6cdd1du;

static double chance(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static struct ncm_canary_result shares(double k1, double n1, double k2, double n2)
{
    struct ncm_canary_side candidate = {.requests = n1, .errors = k1};
    struct ncm_canary_side stable = {.requests = n2, .errors = k2};
    struct ncm_canary_result r;
    ncm_canary_compare(&stable, &candidate, &ncm_canary_defaults, &r);
    return r;
}

/* Newcombe 1998 (Statistics in Medicine 17, 873-890), table II, method 10. */
static void intervals_are_newcombes(void **state)
{
    static const double known[][6] = {
        {56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090},
        {6, 7, 2, 7, 0.0582, 0.8062},     {5, 56, 0, 29, -0.0381, 0.1926},
        {0, 10, 0, 20, -0.1611, 0.2775},  {0, 10, 0, 10, -0.2775, 0.2775},
        {10, 10, 0, 20, 0.6791, 1.0},     {10, 10, 0, 10, 0.6075, 1.0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const double *k = known[i];
        struct ncm_canary_result r = shares(k[0], k[1], k[2], k[3]);
        if (fabs(r.error_lo - k[4]) > 0.00005 || fabs(r.error_hi - k[5]) > 0.00005) {
            fail_msg("%g/%g - %g/%g: %.5f to %.5f", k[0], k[1], k[2], k[3], r.error_lo, r.error_hi);
        }
        assert_true(fabs(r.error_diff - (k[0] / k[1] - k[2] / k[3])) < 1e-12);
    }
}

static double draw(double n, double p)
{
    double k = 0;
    for (double i = 0; i < n; i++) {
        k += chance() < p ? 1 : 0;
    }
    return k;
}

/* 95 of 100 intervals hold the true difference; and of two that are the same, hardly one is called
 * worse. */
static void intervals_hold_the_truth(void **state)
{
    static const double cases[][4] = {
        {200, 0.02, 1000, 0.02},
        {100, 0.05, 900, 0.01},
        {50, 0.3, 50, 0.25},
        {300, 0.001, 300, 0.002},
    };
    const int rounds = 2000;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double *c = cases[i];
        int held = 0, worse = 0;
        for (int k = 0; k < rounds; k++) {
            struct ncm_canary_result r = shares(draw(c[0], c[1]), c[0], draw(c[2], c[3]), c[2]);
            double truth = c[1] - c[3];
            held += r.error_lo <= truth && truth <= r.error_hi ? 1 : 0;
            worse += r.errors == NCM_CANARY_WORSE ? 1 : 0;
        }
        if (held < rounds * 93 / 100) {
            fail_msg("case %zu: %d of %d hold the truth", i, held, rounds);
        }
        assert_true(i != 0 || worse < rounds * 4 / 100);
    }
}

static void few_requests_cannot_be_told(void **state)
{
    (void)state;
    struct ncm_canary_result r = shares(3, 10, 5, 1000);
    assert_int_equal(r.errors, NCM_CANARY_CANNOT_TELL);
    assert_int_equal(r.all, NCM_CANARY_CANNOT_TELL);
    assert_true(r.more_needed == 20);
    r = shares(0, 0, 5, 1000);
    assert_int_equal(r.errors, NCM_CANARY_CANNOT_TELL);
    assert_true(isnan(r.error_diff) && r.more_needed == 30);
    /* Enough to say something, not enough for one in a hundred. */
    r = shares(0, 60, 5, 10000);
    assert_int_equal(r.errors, NCM_CANARY_CANNOT_TELL);
    assert_true(r.more_needed > 100 && r.more_needed < 1000);
    assert_true(ncm_canary_about(355) == 400 && ncm_canary_about(400) == 400);
    assert_true(ncm_canary_about(9) == 9 && ncm_canary_about(1001) == 2000);
    assert_true(isnan(ncm_canary_about((double)NAN)));
    r = shares(0, 60 + r.more_needed, 5, 10000);
    assert_int_equal(r.errors, NCM_CANARY_SAME);
    assert_true(r.more_needed == 0);
}

static void differences_that_matter_are_told(void **state)
{
    (void)state;
    assert_int_equal(shares(20, 200, 10, 2000).errors, NCM_CANARY_WORSE);
    assert_int_equal(shares(20, 200, 10, 2000).all, NCM_CANARY_WORSE);
    assert_int_equal(shares(1, 2000, 200, 2000).errors, NCM_CANARY_BETTER);
    /* Surely more, by less than matters. */
    struct ncm_canary_result r = shares(500, 100000, 200, 100000);
    assert_true(r.error_lo > 0);
    assert_int_equal(r.errors, NCM_CANARY_SAME);
    /* Nobody counts: not the same as no errors. */
    r = shares((double)NAN, 1000, 3, 1000);
    assert_int_equal(r.errors, NCM_CANARY_NO_DATA);
    assert_int_equal(r.all, NCM_CANARY_NO_DATA);
    assert_true(isnan(r.error_lo) && isnan(r.more_needed));
    assert_int_equal(shares(3, 1000, 0, (double)NAN).all, NCM_CANARY_NO_DATA);
    assert_int_equal(shares(30, 10, 0, 100).errors, NCM_CANARY_NO_DATA);
}

static const double le[] = {10, 20, 50, 100, 200};

static struct ncm_canary_result times(const double *stable, const double *candidate)
{
    struct ncm_canary_side s = {1000, 0, le, stable, 5}, c = {1000, 0, le, candidate, 5};
    struct ncm_canary_result r;
    ncm_canary_compare(&s, &c, &ncm_canary_defaults, &r);
    return r;
}

static void slow_candidates_are_told(void **state)
{
    const double fast[] = {100, 800, 90, 10, 0, 0}, slow[] = {50, 100, 300, 400, 150, 0};
    const double few[] = {0, 8, 2, 0, 0, 0}, beyond[] = {0, 0, 0, 0, 100, 900};
    (void)state;
    struct ncm_canary_result r = times(fast, slow);
    /* Rank 950 of fast: 50 of the 90 in (20, 50]; of slow: 100 of the 150 in (100, 200]. */
    assert_true(fabs(r.p95_stable - (20 + 30 * 50.0 / 90)) < 1e-9);
    assert_true(fabs(r.p95_candidate - (100 + 100 * 100.0 / 150)) < 1e-9);
    assert_true(r.ratio_lo < r.ratio && r.ratio < r.ratio_hi && r.ratio_lo > 1.2);
    assert_int_equal(r.latency, NCM_CANARY_WORSE);
    assert_int_equal(r.all, NCM_CANARY_WORSE);
    assert_int_equal(times(slow, fast).latency, NCM_CANARY_BETTER);
    assert_int_equal(times(fast, few).latency, NCM_CANARY_CANNOT_TELL);
    /* Beyond the last edge is slower than any edge, and of two such nothing can be said. */
    assert_int_equal(times(fast, beyond).latency, NCM_CANARY_WORSE);
    assert_int_equal(times(beyond, beyond).latency, NCM_CANARY_CANNOT_TELL);
    const double many[] = {10000, 80000, 9000, 1000, 0, 0};
    assert_int_equal(times(many, many).latency, NCM_CANARY_SAME);
    assert_int_equal(times(many, many).all, NCM_CANARY_SAME);
}

static void durations_may_be_missing(void **state)
{
    const double fast[] = {100, 800, 90, 10, 0, 0};
    (void)state;
    struct ncm_canary_side s = {100000, 100, le, fast, 5}, c = {100000, 110, NULL, NULL, 0};
    struct ncm_canary_result r;
    ncm_canary_compare(&s, &c, &ncm_canary_defaults, &r);
    assert_int_equal(r.latency, NCM_CANARY_NO_DATA);
    assert_int_equal(r.all, NCM_CANARY_SAME);
    assert_true(isnan(r.ratio));
    assert_string_equal(ncm_canary_word(r.all), "same");
    assert_string_equal(ncm_canary_word(NCM_CANARY_CANNOT_TELL), "cannot_tell");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_are_newcombes),
        cmocka_unit_test(intervals_hold_the_truth),
        cmocka_unit_test(few_requests_cannot_be_told),
        cmocka_unit_test(differences_that_matter_are_told),
        cmocka_unit_test(slow_candidates_are_told),
        cmocka_unit_test(durations_may_be_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
