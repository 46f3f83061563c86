#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/text.h"

static void whole_numbers(void **state)
{
    static const char *const bad[] = {
        "", " 1", "1 ", "1.0", "0x10", "+", "--1", "9223372036854775808", "abc", "1e3"};
    int64_t v = 7;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(ncm_parse_i64(bad[i], &v));
    assert_int_equal(v, 7);
    assert_true(ncm_parse_i64("-9223372036854775808", &v));
    assert_true(v == INT64_MIN);
    assert_true(ncm_parse_i64("9007199254740993", &v));
    assert_true(v == 9007199254740993);
    assert_true(ncm_parse_i64("+5", &v));
    assert_int_equal(v, 5);
}

static void decimal_numbers(void **state)
{
    static const char *const bad[] = {"",   " 1", "1 ", "1,5",   "0x1p3",  "nan(1)",
                                      "1e", ".",  "-",  "1.2.3", "infinit"};
    double v = 7;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(ncm_parse_double(bad[i], &v));
    assert_true(v == 7);
    assert_true(ncm_parse_double("-1.5e-3", &v) && v == -1.5e-3);
    assert_true(ncm_parse_double(".5", &v) && v == 0.5);
    assert_true(ncm_parse_double("NaN", &v) && isnan(v));
    assert_true(ncm_parse_double("Infinity", &v) && v > DBL_MAX);
    assert_true(ncm_parse_double("-inf", &v) && v < -DBL_MAX);
}

static uint64_t random_bits(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

static void returns(double v)
{
    char text[40];
    double back;
    ncm_fmt_exact(text, sizeof text, v);
    if (!ncm_parse_double(text, &back) || memcmp(&back, &v, sizeof v) != 0)
        fail_msg("%a became %s", v, text);
}

static void exact_text_reads_back_as_the_same_double(void **state)
{
    static const double some[] = {
        0.0,     -0.0,         0.1,      1.0 / 3, 5e-324, 2.2250738585072009e-308,
        DBL_MIN, DBL_MAX,      -DBL_MAX, 1e308,   1e22,   9007199254740993.0,
        0.3,     123456789.123};
    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
        returns(some[i]);
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = random_bits();
        double v;
        memcpy(&v, &bits, sizeof v);
        if (isfinite(v))
            returns(v);
    }
    char text[40];
    assert_string_equal(ncm_fmt_exact(text, sizeof text, 0.1), "0.1");
    assert_string_equal(ncm_fmt_exact(text, sizeof text, 5e-324), "5e-324");
    assert_string_equal(ncm_fmt_exact(text, sizeof text, NAN), "NaN");
    assert_string_equal(ncm_fmt_exact(text, sizeof text, -INFINITY), "-Infinity");
}

static void numbers_for_people(void **state)
{
    char s[40];
    (void)state;
    assert_string_equal(ncm_fmt_num(s, sizeof s, 0.912345678, 5), "0.91235");
    assert_string_equal(ncm_fmt_num(s, sizeof s, 12, 5), "12");
    assert_string_equal(ncm_fmt_num(s, sizeof s, 1.2e-5, 5), "1.2e-05");
    assert_string_equal(ncm_fmt_num(s, sizeof s, -0.0, 5), "0");
    assert_string_equal(ncm_fmt_num(s, sizeof s, NAN, 5), "NaN");
    assert_string_equal(ncm_fmt_num(s, sizeof s, INFINITY, 5), "∞");
    assert_string_equal(ncm_fmt_num(s, sizeof s, -INFINITY, 5), "-∞");
    assert_string_equal(ncm_fmt_delta(s, sizeof s, 0.0123, 5), "+0.0123");
    assert_string_equal(ncm_fmt_delta(s, sizeof s, -3, 5), "-3");
    assert_string_equal(ncm_fmt_delta(s, sizeof s, 0, 5), "0");
    assert_string_equal(ncm_fmt_delta(s, sizeof s, INFINITY, 5), "+∞");
}

static void counts_and_sizes(void **state)
{
    char s[40];
    (void)state;
    assert_string_equal(ncm_fmt_count(s, sizeof s, 0), "0");
    assert_string_equal(ncm_fmt_count(s, sizeof s, 999), "999");
    assert_string_equal(ncm_fmt_count(s, sizeof s, 1234567), "1,234,567");
    assert_string_equal(ncm_fmt_count(s, sizeof s, INT64_MIN), "-9,223,372,036,854,775,808");
    assert_string_equal(ncm_fmt_size(s, sizeof s, 0), "0 B");
    assert_string_equal(ncm_fmt_size(s, sizeof s, 999), "999 B");
    assert_string_equal(ncm_fmt_size(s, sizeof s, 1536), "1.5 kB");
    assert_string_equal(ncm_fmt_size(s, sizeof s, 12345678), "12.3 MB");
    assert_string_equal(ncm_fmt_size(s, sizeof s, 999999), "1 MB");
    assert_string_equal(ncm_fmt_size(s, sizeof s, 123456789), "123 MB");
    assert_string_equal(ncm_fmt_size(s, sizeof s, INT64_MAX), "9.2 EB");
}

static void lengths_of_time(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "0 ms"},          {850, "850 ms"},        {1500, "1.5 s"},
        {2000, "2 s"},        {12345, "12 s"},        {200000, "3 m 20 s"},
        {180000, "3 m"},      {14700000, "4 h 5 m"},  {90000000, "1 d 1 h"},
        {3542400000, "41 d"}, {-200000, "-3 m 20 s"}, {INT64_MIN, "-106751991167 d"},
    };
    char s[48];
    const char *dash = ncm_text_utf8() ? "\u2013" : "-";
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(ncm_fmt_duration(s, sizeof s, rows[i].ms), rows[i].text);
    assert_string_equal(ncm_fmt_age(s, sizeof s, -5), "now");
    assert_string_equal(ncm_fmt_age(s, sizeof s, -59000), "now"); /* clocks differ a little */
    assert_string_equal(ncm_fmt_age(s, sizeof s, -2 * 3600 * 1000), dash);
    assert_string_equal(ncm_fmt_age(s, sizeof s, INT64_MIN), dash);
    assert_string_equal(ncm_fmt_age(s, sizeof s, 999), "now");
    assert_string_equal(ncm_fmt_age(s, sizeof s, 42000), "42 s");
    assert_string_equal(ncm_fmt_age(s, sizeof s, 200000), "3 m");
    assert_string_equal(ncm_fmt_age(s, sizeof s, 3542400000), "41 d");
    assert_string_equal(ncm_fmt_age(s, sizeof s, INT64_C(700) * 86400000), "700 d");
    assert_string_equal(ncm_fmt_age(s, sizeof s, INT64_C(1100) * 86400000), "3 y");
}

static void absurd_times_do_not_overflow(void **state)
{
    (void)state;
    assert_int_equal(ncm_ms_between(5, 12), 7);
    assert_int_equal(ncm_ms_between(12, 5), -7);
    assert_int_equal(ncm_ms_between(INT64_MIN + 1, INT64_MAX), INT64_MAX);
    assert_int_equal(ncm_ms_between(INT64_MAX, INT64_MIN + 1), INT64_MIN + 1);
}

static void durations_are_read(void **state)
{
    static const char *const bad[] = {"",    "5",  "s",      "5 s",
                                      "-5s", "5x", "1.2.3s", "99999999999999d"};
    int64_t ms;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(ncm_parse_duration(bad[i], &ms));
    assert_true(ncm_parse_duration("250ms", &ms) && ms == 250);
    assert_true(ncm_parse_duration("30s", &ms) && ms == 30000);
    assert_true(ncm_parse_duration("5m", &ms) && ms == 300000);
    assert_true(ncm_parse_duration("2h", &ms) && ms == 7200000);
    assert_true(ncm_parse_duration("3d", &ms) && ms == 259200000);
    assert_true(ncm_parse_duration("1.5s", &ms) && ms == 1500);
}

static void times_are_read_and_written(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"2026-11-21", 1795219200000},
        {"2026-11-21T14:03", 1795269780000},
        {"2026-11-21T14:03:22", 1795269802000},
        {"2026-11-21T14:03:22.5Z", 1795269802500},
        {"2026-11-21T14:03:22+09:00", 1795237402000},
        {"2024-02-29", 1709164800000},
        {"1795269802123", 1795269802123},
        {"-2h", 1795269802123 - 7200000},
    };
    static const char *const bad[] = {"",
                                      "2026-13-01x",
                                      "2026-13-01",
                                      "2026-02-29",
                                      "2026-11-21T",
                                      "2026-11-21T25:00",
                                      "2026-11-21T14:03:22.Z",
                                      "yesterday",
                                      "2026-11-21T14:03+99:00"};
    int64_t ms;
    char s[48];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(ncm_parse_time(good[i].text, 1795269802123, &ms));
        if (ms != good[i].ms)
            fail_msg("%s: %lld", good[i].text, (long long)ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (ncm_parse_time(bad[i], 0, &ms))
            fail_msg("%s was taken", bad[i]);
    assert_string_equal(ncm_fmt_iso(s, sizeof s, 1795269802123), "2026-11-21T14:03:22.123Z");
    assert_string_equal(ncm_fmt_iso(s, sizeof s, -1), "1969-12-31T23:59:59.999Z");
    assert_string_equal(ncm_fmt_iso(s, sizeof s, INT64_MAX), "9223372036854775807");
    assert_string_equal(ncm_fmt_time(s, sizeof s, 1795269802123, false), "2026-11-21 14:03");
    assert_string_equal(ncm_fmt_time(s, sizeof s, 1795269802123, true), "2026-11-21 14:03:22");
    assert_string_equal(ncm_fmt_time(s, sizeof s, NCM_NO_TIME, true), "–");
    assert_string_equal(ncm_fmt_time(s, sizeof s, INT64_MAX, true), "?");
    assert_string_equal(ncm_fmt_clock(s, sizeof s, 1795269802123), "14:03");
}

static void the_clock_can_be_frozen(void **state)
{
    (void)state;
    setenv("NCMLOPS_NOW", "1795269802123", 1);
    ncm_clock_init();
    assert_true(ncm_now_ms() == 1795269802123);
    unsetenv("NCMLOPS_NOW");
    ncm_clock_init();
    assert_true(ncm_now_ms() > 1700000000000);
    int64_t a = ncm_mono_ms();
    assert_true(ncm_mono_ms() >= a);
}

static int start(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    ncm_text_init(NULL, false);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(decimal_numbers),
        cmocka_unit_test(exact_text_reads_back_as_the_same_double),
        cmocka_unit_test(numbers_for_people),
        cmocka_unit_test(counts_and_sizes),
        cmocka_unit_test(lengths_of_time),
        cmocka_unit_test(absurd_times_do_not_overflow),
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(times_are_read_and_written),
        cmocka_unit_test(the_clock_can_be_frozen),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
