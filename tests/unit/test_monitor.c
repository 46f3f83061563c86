/* A monitor's settings as people write them: what is taken, what is refused, and that it reads
 * back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "model/monitor.h"

static struct ncm_err err;

static void references(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ncm_reference_kind kind;
        const char *value;
    } taken[] = {
        {"data/train.csv", NCM_REFERENCE_FILE, "data/train.csv"},
        {"/var/log/*.jsonl", NCM_REFERENCE_FILE, "/var/log/*.jsonl"},
        {"firsts.csv", NCM_REFERENCE_FILE, "firsts.csv"},
        {"run:abc/data/train.csv", NCM_REFERENCE_ARTIFACT, "abc/data/train.csv"},
        {"dataset:abc", NCM_REFERENCE_DATASET, "abc"},
        {"trailing 24h", NCM_REFERENCE_TRAILING, NULL},
        {"last week", NCM_REFERENCE_WEEK, NULL},
        {"version:14", NCM_REFERENCE_VERSION, "14"},
        {"first", NCM_REFERENCE_FIRST, NULL},
    };
    static const char *const refused[] = {
        "",         "run:abc",  "run:/x",        "run:abc/",    "dataset:",  "dataset:a/b",
        "version:", "trailing", "trailing soon", "trailing 0h", "last month"};
    struct ncm_monitor m;
    ncm_monitor_init(&m);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        assert_true(ncm_monitor_set_reference(&m, taken[i].text, &err));
        assert_int_equal(m.reference_kind, taken[i].kind);
        assert_string_equal(m.reference, taken[i].text);
        assert_int_equal(m.reference_value == NULL, taken[i].value == NULL);
        if (taken[i].value != NULL) {
            assert_string_equal(m.reference_value, taken[i].value);
        }
        assert_int_equal(m.trailing_ms,
                         taken[i].kind == NCM_REFERENCE_TRAILING ? 24 * 3600 * 1000 : 0);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_false(ncm_monitor_set_reference(&m, refused[i], &err));
        assert_int_equal(err.code, NCM_USAGE);
        assert_non_null(strstr(err.hint, "trailing 24h"));
        assert_string_equal(m.reference, "first");
    }
    ncm_monitor_release(&m);
}

static void windows(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms, rows, slide_ms, slide_rows;
    } taken[] = {
        {"1h", 3600000, 0, 0, 0},     {"1h/5m", 3600000, 0, 300000, 0},   {"90s", 90000, 0, 0, 0},
        {"1000 rows", 0, 1000, 0, 0}, {"1000/100 rows", 0, 1000, 0, 100},
    };
    static const char *const refused[] = {
        "",     "1",        "1h/",     "/5m",     "0h",    "1h/0s",        "0 rows",
        "rows", "1.5 rows", "-3 rows", "1h rows", "5m/1h", "100/1000 rows"};
    struct ncm_monitor m;
    ncm_monitor_init(&m);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        assert_true(ncm_monitor_set_window(&m, taken[i].text, &err));
        assert_int_equal(m.window_ms, taken[i].ms);
        assert_int_equal(m.window_rows, taken[i].rows);
        assert_int_equal(m.slide_ms, taken[i].slide_ms);
        assert_int_equal(m.slide_rows, taken[i].slide_rows);
        char *text = ncm_monitor_window_text(&m);
        assert_string_equal(text, taken[i].text);
        ncm_free(text);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_false(ncm_monitor_set_window(&m, refused[i], &err));
        assert_int_equal(err.code, NCM_USAGE);
        assert_int_equal(m.window_rows, 1000);
    }
    ncm_monitor_release(&m);
}

static void thresholds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double warning, critical;
        enum ncm_bad_side side;
        bool learned;
        const char *back;
    } taken[] = {
        {"0.25", NAN, 0.25, NCM_BAD_ABOVE, false, "0.25"},
        {"> 120", NAN, 120, NCM_BAD_ABOVE, false, "120"},
        {"< 0.9", NAN, 0.9, NCM_BAD_BELOW, false, "< 0.9"},
        {"0.1, 0.25", 0.1, 0.25, NCM_BAD_ABOVE, false, "0.1, 0.25"},
        {"0.05,0.01", 0.05, 0.01, NCM_BAD_BELOW, false, "< 0.05, 0.01"},
        {"0.1, -", 0.1, NAN, NCM_BAD_ABOVE, false, "0.1, -"},
        {"learned", NAN, NAN, NCM_BAD_ABOVE, true, "learned"},
        {"default", NAN, NAN, NCM_BAD_ABOVE, false, "default"},
    };
    static const char *const refused[] = {"",           ">",      "-",      "-, -", "a",
                                          "0.1,",       "nan",    "inf",    "= 3",  "> learned",
                                          "> 120, 100", "< 1, 2", "1, 2, 3"};
    struct ncm_monitor m;
    ncm_monitor_init(&m);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        const char *text = taken[i].text;
        for (int again = 0; again < 2; again++, text = taken[i].back) {
            assert_true(ncm_monitor_set_threshold(&m, text, &err));
            assert_true(isnan(taken[i].warning) ? isnan(m.warning) : m.warning == taken[i].warning);
            assert_true(isnan(taken[i].critical) ? isnan(m.critical)
                                                 : m.critical == taken[i].critical);
            assert_int_equal(m.side, taken[i].side);
            assert_int_equal(m.learned, taken[i].learned);
            char *back = ncm_monitor_threshold_text(&m);
            assert_string_equal(back, taken[i].back);
            ncm_free(back);
        }
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_false(ncm_monitor_set_threshold(&m, refused[i], &err));
        assert_int_equal(err.code, NCM_USAGE);
    }
    ncm_monitor_release(&m);
}

/* A view's settings hold as a whole or not at all. */
static void what_a_view_changes(void **state)
{
    (void)state;
    struct ncm_monitor m;
    ncm_monitor_init(&m);
    assert_true(ncm_monitor_apply(&m,
                                  "method=ks;window=1h/5m;reference=last week;threshold=0.3;"
                                  "current=version:15",
                                  &err));
    assert_string_equal(m.method, "ks");
    assert_int_equal(m.slide_ms, 300000);
    assert_int_equal(m.reference_kind, NCM_REFERENCE_WEEK);
    assert_true(m.critical == 0.3);
    assert_string_equal(m.current_version, "15");
    assert_false(ncm_monitor_apply(&m, "method=js;window=never", &err));
    assert_string_equal(m.method, "ks");
    assert_false(ncm_monitor_apply(&m, "metod=js", &err));
    assert_false(ncm_monitor_apply(&m, "current=15", &err));
    assert_true(ncm_monitor_apply(&m, "current=all", &err));
    assert_null(m.current_version);
    assert_true(ncm_monitor_apply(&m, "", &err));
    ncm_monitor_release(&m);
}

static void expect_other_recipe(const struct ncm_monitor *a, const struct ncm_monitor *b,
                                bool other)
{
    char *x = ncm_monitor_recipe(a), *y = ncm_monitor_recipe(b);
    assert_int_equal(strcmp(x, y) != 0, other);
    ncm_free(x);
    ncm_free(y);
}

/* What changes a figure changes the recipe; what only judges it does not. */
static void recipes(void **state)
{
    (void)state;
    static const char *const of_figures[] = {"method=ks", "window=2h", "window=1h/5m",
                                             "reference=first", "current=version:3"};
    struct ncm_monitor m, other;
    ncm_monitor_init(&m);
    m.current = ncm_strdup("rows.csv");
    assert_true(ncm_monitor_set_reference(&m, "train.csv", &err));
    for (size_t i = 0; i < sizeof of_figures / sizeof *of_figures; i++) {
        ncm_monitor_copy(&other, &m);
        expect_other_recipe(&m, &other, false);
        assert_true(ncm_monitor_apply(&other, of_figures[i], &err));
        expect_other_recipe(&m, &other, true);
        ncm_monitor_release(&other);
    }
    ncm_monitor_copy(&other, &m);
    assert_true(ncm_monitor_apply(&other, "threshold=0.4;method=psi", &err));
    assert_true(ncm_monitor_apply(&other, "method=psi", &err));
    assert_true(other.critical == 0.4);
    assert_true(ncm_monitor_apply(&other, "threshold=0.3;method=ks", &err));
    assert_true(other.critical == 0.3);
    assert_true(ncm_monitor_apply(&other, "method=psi", &err));
    assert_true(isnan(other.critical)); /* 0.3 was meant for ks */
    other.for_ms = 1;
    other.every_ms = 1;
    expect_other_recipe(&m, &other, false);
    ncm_monitor_release(&other);
    ncm_monitor_release(&m);
}

static void spans_read_back(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } spans[] = {{0, "0s"},       {250, "250ms"},   {90000, "90s"},
                 {3600000, "1h"}, {86400000, "1d"}, {604800000, "7d"}};
    char text[32];
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        int64_t ms = -1;
        assert_string_equal(ncm_fmt_span(text, sizeof text, spans[i].ms), spans[i].text);
        assert_true(ncm_parse_duration(text, &ms));
        assert_int_equal(ms, spans[i].ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references), cmocka_unit_test(windows),
        cmocka_unit_test(thresholds), cmocka_unit_test(what_a_view_changes),
        cmocka_unit_test(recipes),    cmocka_unit_test(spans_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
