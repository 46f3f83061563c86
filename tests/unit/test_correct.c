/* Corrections for many tests, against statsmodels; thresholds and windows, by their rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/correct.h"
#include "stats/threshold.h"
#include "stats/window.h"
#include "unit/drift_oracle.h"

#define MOST 64

static const struct {
    const char *name;
    enum ncm_correction how;
} methods[] = {
    {"bonferroni", NCM_CORRECT_BONFERRONI},
    {"holm", NCM_CORRECT_HOLM},
    {"fdr_bh", NCM_CORRECT_BH},
    {"fdr_by", NCM_CORRECT_BY},
};

static void check_row(const struct ncm_node *row, enum ncm_correction how)
{
    const struct ncm_node *value = ncm_node_get(row, "value");
    const struct ncm_node *p = ncm_node_get(value, "p"), *want = ncm_node_get(value, "adjusted");
    const struct ncm_node *reject = ncm_node_get(value, "reject_at_0.05");
    double in[MOST], out[MOST];
    assert_true(p->n > 0 && p->n <= MOST);
    for (size_t i = 0; i < p->n; i++)
        in[i] = p->items[i].num;
    ncm_correct(how, in, p->n, out);
    for (size_t i = 0; i < p->n; i++) {
        assert_true(fabs(out[i] - want->items[i].num) <= 1e-12 + 1e-9 * want->items[i].num);
        assert_int_equal(out[i] <= 0.05, reject->items[i].boolean);
    }
}

static void corrections_are_statsmodels(void **state)
{
    struct drift_oracle o;
    size_t checked = 0;
    (void)state;
    drift_oracle_open(&o, NULL);
    const struct ncm_node *rows = ncm_doc_root(o.expected);
    for (size_t i = 0; i < rows->n; i++)
        for (size_t k = 0; k < sizeof methods / sizeof methods[0]; k++)
            if (strncmp(ncm_node_str(&rows->items[i], "case", ""), "pvalues:", 8) == 0 &&
                strcmp(ncm_node_str(&rows->items[i], "metric", ""), methods[k].name) == 0) {
                check_row(&rows->items[i], methods[k].how);
                checked++;
            }
    drift_oracle_close(&o);
    assert_int_equal(checked, 16);
}

static void what_is_no_test_does_not_count(void **state)
{
    const double p[] = {0.01, NAN, 0.04, NAN}, bare[] = {0.01, 0.04};
    double out[4], without[2];
    (void)state;
    for (int how = NCM_CORRECT_NONE; how <= NCM_CORRECT_BY; how++) {
        ncm_correct((enum ncm_correction)how, p, 4, out);
        ncm_correct((enum ncm_correction)how, bare, 2, without);
        assert_true(isnan(out[1]) && isnan(out[3]));
        assert_memory_equal(&out[0], &without[0], sizeof(double));
        assert_memory_equal(&out[2], &without[1], sizeof(double));
    }
    ncm_correct(NCM_CORRECT_BH, NULL, 0, NULL);
}

static void corrections_may_be_made_in_place_and_only_raise(void **state)
{
    (void)state;
    for (int how = NCM_CORRECT_NONE; how <= NCM_CORRECT_BY; how++) {
        double p[] = {0.9, 0.001, 0.02, 0.02, 0.5}, out[5];
        ncm_correct((enum ncm_correction)how, p, 5, out);
        for (size_t i = 0; i < 5; i++)
            assert_true(out[i] >= p[i] && out[i] <= 1);
        ncm_correct((enum ncm_correction)how, p, 5, p);
        assert_memory_equal(p, out, sizeof p);
    }
}

static void thresholds_are_learned_from_enough_only(void **state)
{
    double values[12], rows[12];
    (void)state;
    for (size_t i = 0; i < 12; i++) {
        values[i] = i % 2 == 0 ? 0.02 : 0.04;
        rows[i] = 500;
    }
    struct ncm_threshold t = ncm_threshold_learn(values, rows, 12, INFINITY);
    assert_int_equal(t.state, NCM_THRESHOLD_LEARNED);
    assert_null(ncm_threshold_why(&t));
    assert_true(fabs(t.mean - 0.03) < 1e-12 && fabs(t.std0 - 0.01) < 1e-12);
    assert_true(fabs(t.warning - 0.05) < 1e-12 && fabs(t.critical - 0.06) < 1e-12);
    t = ncm_threshold_learn(values, rows, 12, 0.055);
    assert_true(fabs(t.critical - 0.055) < 1e-12);
    t = ncm_threshold_learn(values, rows, 9, INFINITY);
    assert_int_equal(t.state, NCM_THRESHOLD_FEW_CHUNKS);
    assert_true(isnan(t.critical));
    assert_non_null(ncm_threshold_why(&t));
    values[0] = values[1] = values[2] = NAN;
    t = ncm_threshold_learn(values, rows, 12, INFINITY);
    assert_int_equal(t.state, NCM_THRESHOLD_FEW_CHUNKS);
    values[0] = values[1] = values[2] = 0.03;
    rows[3] = rows[4] = rows[5] = 499;
    t = ncm_threshold_learn(values, rows, 12, INFINITY);
    assert_int_equal(t.state, NCM_THRESHOLD_FEW_ROWS);
    t = ncm_threshold_learn(values, rows, 0, INFINITY);
    assert_true(isnan(t.mean) && t.n_chunks == 0);
}

static void small_samples_are_told(void **state)
{
    (void)state;
    assert_true(ncm_small_sample(10, 200, 200)); /* 0.09 */
    assert_false(ncm_small_sample(10, 1000, 1000));
    assert_true(ncm_small_sample(10, 0, 1000));
    assert_false(ncm_small_sample(1, 5, 5));
    assert_true(fabs(ncm_rows_needed(false, 0) - 200) < 1e-9);
    assert_true(fabs(ncm_rows_needed(true, 30) - 150) < 1e-9);
}

/* Whatever the plan: a time is in exactly the windows that say so. */
static void rows_are_in_the_windows_that_hold_them(void **state)
{
    const struct ncm_window_plan plans[] = {
        {.size = 10, .step = 10},
        {.size = 10, .step = 3},
        {.size = 3, .step = 10},
        {.size = 7, .step = 7, .origin = 4},
        {.size = 1, .step = 1, .origin = -5},
    };
    (void)state;
    for (size_t k = 0; k < sizeof plans / sizeof plans[0]; k++)
        for (int64_t t = -40; t <= 40; t++) {
            int64_t first, last;
            bool any = ncm_windows_of(&plans[k], t, &first, &last);
            assert_int_equal(any, first <= last);
            for (int64_t i = -60; i <= 60; i++) {
                struct ncm_window w = ncm_window_at(&plans[k], i);
                bool inside = w.from <= t && t < w.to;
                assert_int_equal(inside, any && i >= first && i <= last);
            }
        }
}

static void windows_close_after_their_lateness(void **state)
{
    struct ncm_window_plan p = {.size = 100, .step = 50, .lateness = 20};
    (void)state;
    assert_false(ncm_window_closed(&p, 0, 119));
    assert_true(ncm_window_closed(&p, 0, 120));
    for (int64_t newest = -500; newest < 500; newest++) {
        int64_t i = ncm_window_last_closed(&p, newest);
        assert_true(ncm_window_closed(&p, i, newest));
        assert_false(ncm_window_closed(&p, i + 1, newest));
    }
    assert_false(ncm_window_late(&p, 60, 169)); /* window 1, 50…150, still takes it */
    assert_true(ncm_window_late(&p, 60, 170));
}

static void the_same_hours_a_week_ago(void **state)
{
    struct ncm_window_plan p = {.size = NCM_HOUR_MS, .step = NCM_HOUR_MS};
    struct ncm_window_plan weekly = {
        .size = NCM_WEEK_MS, .step = NCM_WEEK_MS, .origin = NCM_MONDAY_MS};
    (void)state;
    struct ncm_window w = ncm_window_weeks_before(&p, 1000, 1);
    assert_int_equal(w.index, 1000 - 168);
    assert_int_equal(w.from, (1000 - 168) * NCM_HOUR_MS);
    assert_int_equal(w.to - w.from, NCM_HOUR_MS);
    int64_t first, last; /* 2026-11-25 was a Wednesday; its week began on Monday the 23rd */
    assert_true(ncm_windows_of(&weekly, (int64_t)1795600800000, &first, &last));
    assert_int_equal(ncm_window_at(&weekly, first).from, (int64_t)1795392000000);
}

static void times_beyond_all_bounds_do_not_wrap(void **state)
{
    struct ncm_window_plan p = {.size = NCM_DAY_MS, .step = 1000, .origin = -7, .lateness = 5};
    const int64_t odd[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        int64_t first, last;
        assert_true(ncm_windows_of(&p, odd[i], &first, &last));
        struct ncm_window w = ncm_window_at(&p, odd[i]);
        assert_true(w.from <= w.to);
        w = ncm_window_weeks_before(&p, odd[i], INT64_MAX);
        assert_true(w.from <= w.to);
        ncm_window_last_closed(&p, odd[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corrections_are_statsmodels),
        cmocka_unit_test(what_is_no_test_does_not_count),
        cmocka_unit_test(corrections_may_be_made_in_place_and_only_raise),
        cmocka_unit_test(thresholds_are_learned_from_enough_only),
        cmocka_unit_test(small_samples_are_told),
        cmocka_unit_test(rows_are_in_the_windows_that_hold_them),
        cmocka_unit_test(windows_close_after_their_lateness),
        cmocka_unit_test(the_same_hours_a_week_ago),
        cmocka_unit_test(times_beyond_all_bounds_do_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
