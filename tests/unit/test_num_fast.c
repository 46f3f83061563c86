#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/num_fast.h"

static uint64_t random_bits(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

static void same_as_the_c_library(const char *text)
{
    double fast = 7, slow = strtod(text, NULL);
    if (!ncm_parse_number_fast(text, strlen(text), &fast) ||
        memcmp(&fast, &slow, sizeof fast) != 0) {
        fail_msg("%s became %a and should be %a", text, fast, slow);
    }
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const bad[] = {
        "",     " ",    " 1",    "1 ",  ".",   "-",     "+",      "-.",  "e5",   ".e5",
        "1e",   "1e+",  "1e5.",  "1,5", "0x1", "1.2.3", "--1",    "+-1", "1e5 ", "1_000",
        "inf",  "nan",  "1f",    "1d",  "½",   "1-",    "12:30",  "-e1", "1e-",  "12345678x",
        "NULL", "1e1e", "1.5\n", "/",   ":",   "1:",    "1.5/00", "\x00"};
    double v = 7;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (ncm_parse_number_fast(bad[i], strlen(bad[i]), &v)) {
            fail_msg("\"%s\" was taken for %g", bad[i], v);
        }
    }
    assert_false(ncm_parse_number_fast("1\0", 2, &v));
    assert_true(v == 7);
    /* Only len bytes count. */
    assert_true(ncm_parse_number_fast("12x", 2, &v) && v == 12);
    assert_true(ncm_parse_number_fast("1234567890", 8, &v) && v == 12345678);
}

static void hard_numbers_are_rounded_to_the_nearest(void **state)
{
    static const char *const hard[] = {
        "0",
        "-0",
        "0.0",
        "-0e999999999999999999999",
        "0e5",
        "00001",
        "1.",
        ".5",
        "+.5e1",
        "1E5",
        "1e22",
        "1e23",
        "8.5e22",
        "123456789012345678",
        "9007199254740992",
        "9007199254740993",
        "9007199254740993.0",
        "9007199254740993.00000000000000000000000000000000000000000001",
        "9007199254740994.99999999999999999999999999999999999999999999999999999999",
        "1e308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "2e308",
        "179769313486231580793e289",
        "1e309",
        "1e99999999999999999999",
        "-1e400",
        "5e-324",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.47032822920623272088284396434110686182e-324",
        "2.4703282292062327e-325",
        "1e-400",
        "1e-99999999999999999999",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "2.2250738585072012e-308",
        "2.2250738585072009e-308",
        "6.631236846766476e-316",
        "18446744073709551615",
        "18446744073709551616",
        "9999999999999999999",
        "99999999999999999999999999999999999999",
        "10000000000000000000000000000000000000000e-40",
        "0.000000000000000000000000000000000000000000000000000012345678901234567890123",
        "1e-22",
        "7.2057594037927933e16",
        "0.500000000000000166533453693773481063544750213623046875",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126",
        "3.518437208883201171875e13",
        "62.5364939768271845828",
        "8.10109172351e-10",
        "1.50000000000000011102230246251565",
        "104110013277974872254e-225",
        "12345678",
        "123456789012345678901234567890",
        "0.1",
        "0.3",
        "1090544144181609348835077142190",
        "4503599627370497.5",
        "4503599627475353.5",
        "1.2345678e-5",
        "89255.0e-22",
        "-2402844368454405395.2",
        "2251799813685248.25"};
    (void)state;
    for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++) {
        same_as_the_c_library(hard[i]);
    }
    /* As many digits as one likes: 1, zeros, and a 1 that decides; and noughts on both sides. */
    char text[3000];
    for (int n = 1; n < 2500; n += 83) {
        snprintf(text, sizeof text, "9007199254740993.%0*d1", n, 0);
        same_as_the_c_library(text);
        snprintf(text, sizeof text, "0.%0*d1e%d", n, 0, n);
        same_as_the_c_library(text);
        snprintf(text, sizeof text, "%0*d12345.%0*d", n > 1000 ? 1000 : n, 0, n / 2 + 1, 0);
        same_as_the_c_library(text);
        snprintf(text, sizeof text, "7%0*de-%d", n, 0, n);
        same_as_the_c_library(text);
    }
}

/* Every power there is, each with mantissas of every length. */
static void every_power_is_right(void **state)
{
    (void)state;
    for (int q = -345; q <= 312; q++) {
        char text[80];
        for (int digits = 1; digits <= 25; digits++) {
            char mantissa[32];
            for (int k = 0; k < digits; k++) {
                mantissa[k] = (char)('0' + random_bits() % 10);
            }
            snprintf(text, sizeof text, "%.*se%d", digits, mantissa, q);
            same_as_the_c_library(text);
            memset(mantissa, '9', sizeof mantissa);
            snprintf(text, sizeof text, "%.*se%d", digits, mantissa, q);
            same_as_the_c_library(text);
        }
    }
}

static void random_numbers_are_as_the_c_library_has_them(void **state)
{
    (void)state;
    char text[80];
    for (int i = 0; i < 400000; i++) {
        uint64_t bits = random_bits();
        double v;
        memcpy(&v, &bits, sizeof v);
        if (!isfinite(v)) {
            continue;
        }
        snprintf(text, sizeof text, "%.*g", (int)(bits % 19) + 1, v);
        same_as_the_c_library(text);
        double unit = (double)(int64_t)random_bits() / 9.3e18;
        snprintf(text, sizeof text, "%.*f", (int)(bits % 20) + 1, unit);
        same_as_the_c_library(text);
        snprintf(text, sizeof text, "%.*f", (int)(bits % 9), unit * 1e6);
        same_as_the_c_library(text);
    }
}

/* The points halfway between two doubles, written in full: the hardest there are. */
static void halfway_numbers_go_to_the_even_one(void **state)
{
    (void)state;
    char text[1200];
    for (int i = 0; i < 20000; i++) {
        uint64_t m = random_bits() >> 11 | (uint64_t)1 << 52;
        int e = (int)(random_bits() % 128) - 64;
        long double half = ldexpl((long double)(m * 2 + 1), e);
        int len = snprintf(text, sizeof text, "%.100Lf", half);
        same_as_the_c_library(text);
        text[len - 1] = '1';
        same_as_the_c_library(text);
    }
}

static void words_of_no_number(void **state)
{
    double v = 7;
    (void)state;
    assert_true(ncm_parse_number_word("inf", 3, &v) && v > 0 && isinf(v));
    assert_true(ncm_parse_number_word("-Infinity", 9, &v) && v < 0 && isinf(v));
    assert_true(ncm_parse_number_word("+INF", 4, &v) && v > 0 && isinf(v));
    assert_true(ncm_parse_number_word("-nan", 4, &v) && isnan(v));
    assert_false(ncm_parse_number_word("", 0, &v));
    assert_false(ncm_parse_number_word("-", 1, &v));
    assert_false(ncm_parse_number_word("info", 4, &v));
    assert_false(ncm_parse_number_word("NA", 2, &v));
}

static void is_time(const char *text, const char *iso)
{
    int64_t ms = 7;
    char shown[40];
    if (!ncm_parse_time_fast(text, strlen(text), &ms)) {
        fail_msg("%s was not taken for a time", text);
    }
    assert_string_equal(ncm_fmt_iso(shown, sizeof shown, ms), iso);
}

static void times_as_logs_write_them(void **state)
{
    static const char *const bad[] = {"",
                                      "2026-13-01",
                                      "2026-02-29",
                                      "2026-00-10",
                                      "2026-01-32",
                                      "2026-01-01T",
                                      "12:00",
                                      "2026-01-01T25:00",
                                      "2026-01-01T24:01",
                                      "2026-01-01T12",
                                      "2026-01-01T12:00:00.",
                                      "2026-01-01T12:00:0",
                                      "2026-01-01T12:00Q",
                                      "2026-01-01T12:00:00+1",
                                      "2026-1-1",
                                      "2026-01-01T12:00:00+99:00",
                                      "2026-01-01 12:00:00 XYZ",
                                      "yesterday",
                                      "2026-01-01X12:00",
                                      "0000-01-01",
                                      "2026-01-01T12:60",
                                      "1e300",
                                      "nan",
                                      "2026-01-01T12:00:00+09:0",
                                      "-"};
    (void)state;
    is_time("2026-11-21", "2026-11-21T00:00:00.000Z");
    is_time("2026-11-21T14:03", "2026-11-21T14:03:00.000Z");
    is_time("2026-11-21 14:03:22", "2026-11-21T14:03:22.000Z");
    is_time("2026-11-21T14:03:22.5Z", "2026-11-21T14:03:22.500Z");
    is_time("2026-11-21T14:03:22.123987654Z", "2026-11-21T14:03:22.123Z");
    is_time("2026-11-21 14:03:22,123", "2026-11-21T14:03:22.123Z");
    is_time("2026-11-21T14:03:22+09:00", "2026-11-21T05:03:22.000Z");
    is_time("2026-11-21T14:03:22-0330", "2026-11-21T17:33:22.000Z");
    is_time("2026-11-21T14:03:22+01", "2026-11-21T13:03:22.000Z");
    is_time("2026-11-21 14:03:22.123456 +0000", "2026-11-21T14:03:22.123Z");
    is_time("2026-11-21 14:03:22 UTC", "2026-11-21T14:03:22.000Z");
    is_time("2024-02-29T24:00:00", "2024-03-01T00:00:00.000Z");
    is_time("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z");
    is_time("1795269802", "2026-11-21T14:03:22.000Z");
    is_time("1795269802.123", "2026-11-21T14:03:22.123Z");
    is_time("1795269802123", "2026-11-21T14:03:22.123Z");
    is_time("1795269802123456", "2026-11-21T14:03:22.123Z");
    is_time("1795269802123456789", "2026-11-21T14:03:22.123Z");
    is_time("1.795269802123e9", "2026-11-21T14:03:22.123Z");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t ms = 7;
        if (ncm_parse_time_fast(bad[i], strlen(bad[i]), &ms)) {
            fail_msg("\"%s\" was taken for the time %lld", bad[i], (long long)ms);
        }
        assert_true(ms == 7);
    }
}

static void every_day_has_its_number(void **state)
{
    (void)state;
    for (int64_t day = -719162; day < 2932896; day += 17) {
        char text[40];
        int64_t ms;
        ncm_fmt_iso(text, sizeof text, day * 86400000 + 1);
        if (!ncm_parse_time_fast(text, strlen(text), &ms) || ms != day * 86400000 + 1) {
            fail_msg("%s", text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(hard_numbers_are_rounded_to_the_nearest),
        cmocka_unit_test(every_power_is_right),
        cmocka_unit_test(random_numbers_are_as_the_c_library_has_them),
        cmocka_unit_test(halfway_numbers_go_to_the_even_one),
        cmocka_unit_test(words_of_no_number),
        cmocka_unit_test(times_as_logs_write_them),
        cmocka_unit_test(every_day_has_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
