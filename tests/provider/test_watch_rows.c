/* A log followed by a monitor: windows, figures, what is kept, restarts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "base/text.h"
#include "engine/watch_plan.h"
#include "io/file.h"
#include "ops/demo_predict.h"
#include "ops/watch/store.h"
#include "ops/watch/team.h"
#include "provider/watched_log.h"
#include "unit/scratch.h"


static void the_feature_that_moved_stands_out(void **state)
{
    (void)state;
    size_t worst;
    struct ncm_team *t = ncm_team_new(&watched_log.setup);
    wl_run(t, watched_log.now);
    const struct ncm_watched *x = &t->items[0]->watched;
    size_t newest = ncm_watched_newest(x);
    assert_int_not_equal(newest, SIZE_MAX);
    assert_in_range(x->n_windows, 85, 95);
    assert_int_equal(ncm_watched_worst(x, newest, &worst), NCM_DRIFT_CRITICAL);
    assert_string_equal(x->features[worst].name, "features.merchant_cat");
    assert_true(wl_feature(t, "features.country")->figures[newest].value < 0.1);
    assert_true(wl_feature(t, "features.merchant_cat")->figures[1].value < 0.1);
    assert_int_equal(x->late_rows, 0);
    ncm_team_free(t);
}

static void a_reference_need_not_have_the_time_of_the_log(void **state)
{
    (void)state;
    watched_log.monitor.time_column = ncm_strdup("ts");
    struct ncm_team *t = ncm_team_new(&watched_log.setup);
    wl_run(t, watched_log.now);
    assert_in_range(t->items[0]->watched.n_windows, 85, 95);
    ncm_team_free(t);
}

static void a_new_row_is_in_the_open_window_at_once(void **state)
{
    (void)state;
    struct ncm_err err;
    struct ncm_team *t = ncm_team_new(&watched_log.setup);
    wl_run(t, watched_log.now);
    int64_t rows = t->items[0]->watched.rows;
    assert_true(ncm_demo_predictions_add(watched_log.root, watched_log.now, watched_log.now + 1000, &err));
    wl_run(t, watched_log.now + 1000);
    const struct ncm_watched *x = &t->items[0]->watched;
    assert_int_equal(x->rows, rows + 4);
    assert_true(x->windows[x->n_windows - 1].open);
    ncm_team_free(t);
}

/* Whoever reads the whole log from its start finds the same. */
static void same_as_in_one_go(struct ncm_team *t)
{
    struct ncm_watch_setup alone = watched_log.setup;
    alone.state_path = NULL;
    struct ncm_team *o = ncm_team_new(&alone);
    wl_run(o, watched_log.now + 420000);
    const struct ncm_watched *a = &t->items[0]->watched, *b = &o->items[0]->watched;
    assert_int_equal(a->n_windows, b->n_windows);
    for (size_t i = 0; i < a->n_windows; i++) {
        assert_int_equal(a->windows[i].end_ms, b->windows[i].end_ms);
        assert_int_equal(a->windows[i].rows, b->windows[i].rows);
        for (size_t k = 0; a->windows[i].rows > 0 && k < a->n_features; k++) {
            const struct ncm_watched_feature *f = &a->features[k];
            size_t other = 0;
            while (strcmp(b->features[other].name, f->name) != 0) {
                other++;
            }
            double one = f->figures[i].value, two = b->features[other].figures[i].value;
            assert_true(fabs(one - two) <= 1e-12);
        }
    }
    ncm_team_free(o);
}

static void a_restart_goes_on_where_it_was_and_doubles_nothing(void **state)
{
    (void)state;
    struct ncm_err err;
    struct ncm_team *t = ncm_team_new(&watched_log.setup);
    wl_run(t, watched_log.now);
    wl_store(t, watched_log.now);
    int64_t windows = wl_count("SELECT count(*) FROM drift_windows");
    int64_t figures = wl_count("SELECT count(*) FROM drift_figures");
    assert_in_range(windows, 85, 95);
    ncm_team_leave(t);
    ncm_team_free(t); /* as if it were killed: nothing is written at the end */

    t = ncm_team_new(&watched_log.setup);
    wl_run(t, watched_log.now);
    wl_store(t, watched_log.now);
    assert_int_equal(wl_count("SELECT count(*) FROM drift_windows"), windows);
    assert_int_equal(wl_count("SELECT count(*) FROM drift_figures"), figures);
    /* Only what the open windows need was read again. */
    assert_in_range(t->items[0]->watched.rows, 0, 12000);
    assert_in_range(t->items[0]->watched.n_windows, windows, windows + 2);

    assert_true(ncm_demo_predictions_add(watched_log.root, watched_log.now, watched_log.now + 360000, &err));
    wl_run(t, watched_log.now + 420000);
    wl_store(t, watched_log.now + 420000);
    assert_in_range(wl_count("SELECT count(*) FROM drift_windows") - windows, 3, 4);
    same_as_in_one_go(t);
    ncm_team_leave(t);
    ncm_team_free(t);
}

static void an_alert_is_raised_once_and_resolved(void **state)
{
    (void)state;
    struct ncm_team *t = ncm_team_new(&watched_log.setup);
    wl_run(t, watched_log.now);
    wl_store(t, watched_log.now);
    wl_store(t, watched_log.now + 40000);
    assert_int_equal(wl_count("SELECT count(*) FROM alerts WHERE state='firing'"), 1);
    assert_int_equal(wl_count("SELECT count(*) FROM alerts WHERE severity='critical' AND"
                           " feature='features.merchant_cat'"),
                     1);
    ncm_team_leave(t);
    ncm_team_free(t);
    struct ncm_err err;
    assert_true(ncm_monitor_set_threshold(&watched_log.monitor, "50", &err));
    t = ncm_team_new(&watched_log.setup);
    assert_true(ncm_demo_predictions_add(watched_log.root, watched_log.now, watched_log.now + 250000, &err));
    wl_run(t, watched_log.now + 300000);
    wl_store(t, watched_log.now + 300000);
    assert_int_equal(wl_count("SELECT count(*) FROM alerts WHERE state='resolved'"), 1);
    assert_int_equal(wl_count("SELECT count(*) FROM alerts"), 1);
    ncm_team_leave(t);
    ncm_team_free(t);
}

static void of_two_watchers_one_stores(void **state)
{
    (void)state;
    struct ncm_team *a = ncm_team_new(&watched_log.setup), *b = ncm_team_new(&watched_log.setup);
    wl_run(a, watched_log.now);
    wl_run(b, watched_log.now);
    wl_store(a, watched_log.now);
    wl_store(b, watched_log.now + 1000);
    assert_true(a->mine);
    assert_false(b->mine);
    assert_string_equal(b->other, a->holder);
    /* It does not come back: the other one takes over after a while. */
    wl_store(b, watched_log.now + 40000);
    assert_true(b->mine);
    wl_store(a, watched_log.now + 41000);
    assert_false(a->mine);
    ncm_team_leave(b);
    ncm_team_free(a);
    ncm_team_free(b);
}

static const struct ncm_drift_column *compare(struct ncm_team *t, const char *settings,
                                              const char *name, struct ncm_arena *a)
{
    static struct ncm_drift_column column;
    struct ncm_evaluator *e;
    struct ncm_control control = {0};
    struct ncm_err err = {0};
    bool more = true;
    size_t f = 0;
    if (!ncm_team_find(t, "fraud-detector/inputs", settings, &e, &err)) {
        fail_msg("%s", err.what);
    }
    while (more) {
        assert_true(ncm_team_step(t, e, watched_log.now, &control, &more, &err));
    }
    while (strcmp(e->watched.features[f].name, name) != 0) {
        f++;
        assert_true(f < e->watched.n_features);
    }
    size_t newest = ncm_watched_newest(&e->watched);
    if (!e->kind->compare(e, f, newest, a, &column, &err)) {
        fail_msg("%s: %s", settings, err.what);
    }
    return &column;
}

static void other_settings_answer_at_once(void **state)
{
    (void)state;
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_team *t = ncm_team_new(&watched_log.setup);
    wl_run(t, watched_log.now);
    const char *amount = "features.amount";
    assert_true(compare(t, "", amount, a)->psi > 0.05);
    assert_string_equal(compare(t, "method=ks", amount, a)->method.p, "ks");
    assert_true(compare(t, "method=ks", amount, a)->statistic > 0.08);
    /* The hour before has drifted nearly as far. */
    assert_true(compare(t, "reference=trailing 10m", amount, a)->psi < 0.1);
    assert_true(compare(t, "reference=first", amount, a)->psi > 0.05);
    /* Both versions see the same payments. */
    assert_true(compare(t, "reference=version:8;current=version:9;window=1h", amount, a)->psi <
                0.1);
    assert_int_equal(compare(t, "window=1000 rows", amount, a)->cur.rows, 1000);
    assert_int_equal(compare(t, "window=10m/2m", amount, a)->cur.rows, 2400);
    ncm_team_free(t);
    ncm_arena_free(a);
}

static void windows_of_rows_need_no_time(void **state)
{
    (void)state;
    struct ncm_err err;
    char *log = wl_in_dir("rows.csv");
    struct ncm_buf text;
    ncm_buf_init(&text, 1 << 20);
    ncm_buf_puts(&text, "score,merchant\n");
    for (int i = 0; i < 1050; i++) {
        ncm_buf_printf(&text, "%d.%d,%c\n", i % 7, i % 10, 'a' + i % 3);
    }
    assert_true(ncm_file_write(log, text.p, text.len, 0644, &err));
    ncm_free(watched_log.monitor.current);
    watched_log.monitor.current = log;
    assert_true(ncm_monitor_set_reference(&watched_log.monitor, "first", &err));
    assert_true(ncm_monitor_set_window(&watched_log.monitor, "100 rows", &err));
    struct ncm_team *t = ncm_team_new(&watched_log.setup);
    wl_run(t, watched_log.now);
    wl_run(t, watched_log.now + 1000);
    const struct ncm_watched *x = &t->items[0]->watched;
    assert_int_equal(x->n_windows, 11);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(x->windows[i].rows, 100);
        assert_false(x->windows[i].open);
    }
    assert_true(x->windows[10].open);
    assert_int_equal(x->windows[10].rows, 50);
    wl_store(t, watched_log.now + 1000);
    assert_int_equal(wl_count("SELECT count(*) FROM drift_windows"), 10);
    ncm_team_leave(t);
    ncm_team_free(t);

    t = ncm_team_new(&watched_log.setup);
    FILE *f = fopen(log, "a");
    for (int i = 0; i < 60; i++) {
        fputs("1.5,a\n", f);
    }
    fclose(f);
    wl_run(t, watched_log.now + 2000);
    wl_store(t, watched_log.now + 2000);
    assert_int_equal(wl_count("SELECT count(*) FROM drift_windows"), 11);
    assert_int_equal(wl_count("SELECT sum(n) FROM drift_windows"), 1100);
    ncm_team_leave(t);
    ncm_team_free(t);
    ncm_buf_release(&text);
}

static void the_rows_behind_a_bar_are_found(void **state)
{
    (void)state;
    struct ncm_control control = {0};
    struct ncm_err err;
    struct ncm_team *t = ncm_team_new(&watched_log.setup);
    wl_run(t, watched_log.now);
    struct ncm_evaluator *e = t->items[0];
    size_t f = (size_t)(wl_feature(t, "features.merchant_cat") - e->watched.features);
    size_t newest = ncm_watched_newest(&e->watched);
    struct ncm_drift_rows_snapshot *s = ncm_snapshot_new(NCM_T_DRIFT_ROWS, sizeof *s);
    assert_true(e->kind->rows(e, f, newest, "=gift_cards", 5, &control, s, &err));
    assert_int_equal(s->n, 5);
    assert_true(s->more);
    assert_non_null(strstr(s->places[0].p, "fraud.jsonl:"));
    ncm_snapshot_unref(s);
    ncm_team_free(t);
}

/* Nothing was read since the restart: which column holds the time has to be found out. */
static void after_a_restart_the_rows_are_still_those_of_the_window(void **state)
{
    (void)state;
    struct ncm_control control = {0};
    struct ncm_err err;
    struct ncm_team *t = ncm_team_new(&watched_log.setup);
    int64_t later = watched_log.now + 600000; /* no window is open */
    wl_run(t, later);
    wl_store(t, later);
    ncm_team_leave(t);
    ncm_team_free(t);
    t = ncm_team_new(&watched_log.setup);
    wl_run(t, later);
    struct ncm_evaluator *e = t->items[0];
    size_t f = (size_t)(wl_feature(t, "features.merchant_cat") - e->watched.features);
    size_t newest = ncm_watched_find(&e->watched, watched_log.now / 120000 * 120000);
    assert_int_equal(e->watched.rows, 0);
    assert_string_equal(e->watched.features[f].method, "psi");
    assert_true(e->watched.features[f].critical > 0);
    struct ncm_drift_rows_snapshot *s = ncm_snapshot_new(NCM_T_DRIFT_ROWS, sizeof *s);
    assert_true(e->kind->rows(e, f, newest, "=gift_cards", 100000, &control, s, &err));
    assert_true(s->n > 0);
    assert_true((int64_t)s->n < e->watched.windows[newest].rows);
    ncm_snapshot_unref(s);
    ncm_team_free(t);
}

static void a_log_that_is_not_there_says_so_and_is_waited_for(void **state)
{
    (void)state;
    struct ncm_err err = {0};
    struct ncm_control control = {0};
    bool more;
    ncm_free(watched_log.monitor.reference_value);
    watched_log.monitor.reference_value = wl_in_dir("data/none.csv");
    struct ncm_team *t = ncm_team_new(&watched_log.setup);
    assert_true(ncm_team_restore(t, &err));
    assert_true(ncm_team_step(t, NULL, watched_log.now, &control, &more, &err));
    assert_int_equal(t->items[0]->watched.error.code, NCM_NOT_FOUND);
    assert_non_null(strstr(t->items[0]->watched.error.what, "none.csv"));
    ncm_team_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WATCH_TEST(the_feature_that_moved_stands_out),
        WATCH_TEST(a_reference_need_not_have_the_time_of_the_log),
        WATCH_TEST(a_new_row_is_in_the_open_window_at_once),
        WATCH_TEST(a_restart_goes_on_where_it_was_and_doubles_nothing),
        WATCH_TEST(an_alert_is_raised_once_and_resolved),
        WATCH_TEST(of_two_watchers_one_stores),
        WATCH_TEST(other_settings_answer_at_once),
        WATCH_TEST(windows_of_rows_need_no_time),
        WATCH_TEST(the_rows_behind_a_bar_are_found),
        WATCH_TEST(after_a_restart_the_rows_are_still_those_of_the_window),
        WATCH_TEST(a_log_that_is_not_there_says_so_and_is_waited_for),
    };
    ncm_text_init(NULL, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
