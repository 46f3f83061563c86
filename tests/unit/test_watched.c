/* What a watch knows of a monitor: windows in order, features that come and go, what is kept of a
 * window as text. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ops/watch/result.h"
#include "ops/watch/summary_text.h"

static struct ncm_monitor monitor;
static struct ncm_watched watched;

static int begin(void **state)
{
    (void)state;
    monitor = (struct ncm_monitor){.model = ncm_strdup("m"), .name = ncm_strdup("n")};
    ncm_watched_init(&watched, &monitor);
    return 0;
}

static int end(void **state)
{
    (void)state;
    ncm_watched_release(&watched);
    ncm_monitor_release(&monitor);
    return 0;
}

static void know(int64_t end_ms, const char *feature, double value)
{
    size_t i = ncm_watched_window(&watched, end_ms - 10, end_ms);
    size_t k = ncm_watched_feature(&watched, feature, NCM_COLUMN_NUMBER);
    if (i != SIZE_MAX) {
        struct ncm_figure *g = &watched.features[k].figures[i];
        g->known = true;
        g->value = value;
    }
}

static void windows_are_in_order_and_the_newest_are_kept(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * NCM_WINDOWS_KEPT; i++) {
        know(10 * (1 + (i * 7) % (2 * NCM_WINDOWS_KEPT)), "x", i);
    }
    assert_int_equal(watched.n_windows, NCM_WINDOWS_KEPT);
    for (size_t i = 0; i < watched.n_windows; i++) {
        assert_int_equal(watched.windows[i].end_ms, 10 * (NCM_WINDOWS_KEPT + 1 + (int64_t)i));
        assert_int_equal(ncm_watched_find(&watched, watched.windows[i].end_ms), i);
    }
    assert_int_equal(ncm_watched_window(&watched, 0, 10), SIZE_MAX);
}

/* A metrics store whose series are named anew all the time fills no memory. */
static void series_that_ended_are_forgotten(void **state)
{
    (void)state;
    char name[32];
    for (int i = 0; i < 2 * NCM_WINDOWS_KEPT; i++) {
        snprintf(name, sizeof name, "pod-%d", i);
        ncm_watched_forget_gone(&watched);
        know(10 * (i + 1), name, i);
        know(10 * (i + 1), "always", i);
    }
    ncm_watched_forget_gone(&watched);
    assert_int_equal(watched.n_features, NCM_WINDOWS_KEPT + 1);
    size_t k = ncm_watched_feature(&watched, "always", NCM_COLUMN_NUMBER);
    assert_int_equal(watched.n_features, NCM_WINDOWS_KEPT + 1);
    assert_true(watched.features[k].figures[NCM_WINDOWS_KEPT - 1].value ==
                2 * NCM_WINDOWS_KEPT - 1);
}

/* The reference's counts of a histogram are not kept, so that none are made up of what is. */
static void a_kept_histogram_has_no_values(void **state)
{
    (void)state;
    double edges[] = {0, 1, 2, 3}, reference[] = {5, 6, 7, 0};
    int64_t counts[] = {1, 2, 3};
    enum ncm_column_type type;
    struct ncm_summary s = {.rows = 6,
                            .paired = true,
                            .values = edges,
                            .weights = reference,
                            .n_values = 4,
                            .counts = counts,
                            .n_counts = 3};
    char *text = ncm_summary_text(&s);
    struct ncm_summary *back = ncm_summary_of_text(text, strlen(text), &type);
    assert_non_null(back);
    assert_int_equal(back->n_values, 0);
    assert_int_equal(back->n_counts, 3);
    assert_int_equal(back->counts[2], 3);
    assert_int_equal(back->rows, 6);
    ncm_summary_free(back);
    ncm_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(windows_are_in_order_and_the_newest_are_kept, begin, end),
        cmocka_unit_test_setup_teardown(series_that_ended_are_forgotten, begin, end),
        cmocka_unit_test(a_kept_histogram_has_no_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
