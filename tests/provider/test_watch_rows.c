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
#include "unit/scratch.h"

#define HOUR INT64_C(3600000)

struct world {
    char root[512];
    struct ncm_watch_plan plan;
    struct ncm_monitor monitor;
    struct ncm_watch_setup setup;
    char *state;
    int64_t now;
};

static struct world w;

static char *in_dir(const char *name)
{
    return ncm_path_join(w.root, name);
}

static int begin(void **state)
{
    struct ncm_err err;
    (void)state;
    memset(&w, 0, sizeof w);
    snprintf(w.root, sizeof w.root, "%s", scratch("demo"));
    assert_true(ncm_dir_make(w.root, 0755, &err));
    /* The same place within an hour, whenever it runs: how far things drifted depends on it. */
    w.now = ncm_now_ms() / HOUR * HOUR + 5 * 60000;
    assert_true(ncm_demo_predictions_make(w.root, w.now, &err));
    w.monitor = (struct ncm_monitor){.model = ncm_strdup("fraud-detector"),
                                     .name = ncm_strdup("inputs"),
                                     .kind = NCM_MONITOR_ROWS,
                                     .current = in_dir("predictions/fraud.jsonl"),
                                     .follow = true,
                                     .warning = NAN,
                                     .critical = NAN,
                                     .every_ms = 1000,
                                     .severity = NCM_SEVERITY_CRITICAL,
                                     .version_column = ncm_strdup("version")};
    char *reference = in_dir("data/fraud-train.csv");
    assert_true(ncm_monitor_set_reference(&w.monitor, reference, &err));
    assert_true(ncm_monitor_set_window(&w.monitor, "2m", &err));
    ncm_free(reference);
    w.plan = (struct ncm_watch_plan){.monitors = &w.monitor, .n_monitors = 1};
    w.state = in_dir("state.db");
    w.setup = (struct ncm_watch_setup){
        .env = {.plan = &w.plan}, .state_path = w.state, .may_store = true};
    return 0;
}

static int end(void **state)
{
    (void)state;
    ncm_monitor_release(&w.monitor);
    ncm_free(w.state);
    scratch_remove();
    return 0;
}

static void run(struct ncm_team *t, int64_t now)
{
    struct ncm_control control = {0};
    struct ncm_err err = {0};
    bool more = true;
    assert_true(ncm_team_restore(t, &err));
    while (more) {
        assert_true(ncm_team_step(t, NULL, now, &control, &more, &err));
    }
    if (t->items[0]->watched.error.code != NCM_OK) {
        fail_msg("%s", t->items[0]->watched.error.what);
    }
}

static const struct ncm_watched_feature *feature(const struct ncm_team *t, const char *name)
{
    const struct ncm_watched *x = &t->items[0]->watched;
    for (size_t i = 0; i < x->n_features; i++) {
        if (strcmp(x->features[i].name, name) == 0) {
            return &x->features[i];
        }
    }
    fail_msg("no feature %s", name);
    return NULL;
}

static void the_feature_that_moved_stands_out(void **state)
{
    (void)state;
    size_t worst;
    struct ncm_team *t = ncm_team_new(&w.setup);
    run(t, w.now);
    const struct ncm_watched *x = &t->items[0]->watched;
    size_t newest = ncm_watched_newest(x);
    assert_int_not_equal(newest, SIZE_MAX);
    assert_in_range(x->n_windows, 85, 95);
    assert_int_equal(ncm_watched_worst(x, newest, &worst), NCM_DRIFT_CRITICAL);
    assert_string_equal(x->features[worst].name, "features.merchant_cat");
    assert_true(feature(t, "features.country")->figures[newest].value < 0.1);
    assert_true(feature(t, "features.merchant_cat")->figures[1].value < 0.1);
    assert_int_equal(x->late_rows, 0);
    ncm_team_free(t);
}

static void a_reference_need_not_have_the_time_of_the_log(void **state)
{
    (void)state;
    w.monitor.time_column = ncm_strdup("ts");
    struct ncm_team *t = ncm_team_new(&w.setup);
    run(t, w.now);
    assert_in_range(t->items[0]->watched.n_windows, 85, 95);
    ncm_team_free(t);
}

static void a_new_row_is_in_the_open_window_at_once(void **state)
{
    (void)state;
    struct ncm_err err;
    struct ncm_team *t = ncm_team_new(&w.setup);
    run(t, w.now);
    int64_t rows = t->items[0]->watched.rows;
    assert_true(ncm_demo_predictions_add(w.root, w.now, w.now + 1000, &err));
    run(t, w.now + 1000);
    const struct ncm_watched *x = &t->items[0]->watched;
    assert_int_equal(x->rows, rows + 4);
    assert_true(x->windows[x->n_windows - 1].open);
    ncm_team_free(t);
}

static int64_t count(const char *sql)
{
    struct ncm_db *db;
    struct ncm_err err;
    int64_t n = -1;
    assert_true(ncm_db_open(w.state, NCM_DB_READ, 1000, NULL, &db, &err));
    assert_true(ncm_db_i64(db, sql, 0, &n, &err));
    ncm_db_close(db);
    return n;
}

static void store(struct ncm_team *t, int64_t now)
{
    size_t stored;
    struct ncm_err err = {0};
    if (!ncm_team_store(t, now, &stored, &err)) {
        fail_msg("%s", err.what);
    }
}

/* Whoever reads the whole log from its start finds the same. */
static void same_as_in_one_go(struct ncm_team *t)
{
    struct ncm_watch_setup alone = w.setup;
    alone.state_path = NULL;
    struct ncm_team *o = ncm_team_new(&alone);
    run(o, w.now + 420000);
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
    struct ncm_team *t = ncm_team_new(&w.setup);
    run(t, w.now);
    store(t, w.now);
    int64_t windows = count("SELECT count(*) FROM drift_windows");
    int64_t figures = count("SELECT count(*) FROM drift_figures");
    assert_in_range(windows, 85, 95);
    ncm_team_leave(t);
    ncm_team_free(t); /* as if it were killed: nothing is written at the end */

    t = ncm_team_new(&w.setup);
    run(t, w.now);
    store(t, w.now);
    assert_int_equal(count("SELECT count(*) FROM drift_windows"), windows);
    assert_int_equal(count("SELECT count(*) FROM drift_figures"), figures);
    /* Only what the open windows need was read again. */
    assert_in_range(t->items[0]->watched.rows, 0, 12000);
    assert_in_range(t->items[0]->watched.n_windows, windows, windows + 2);

    assert_true(ncm_demo_predictions_add(w.root, w.now, w.now + 360000, &err));
    run(t, w.now + 420000);
    store(t, w.now + 420000);
    assert_in_range(count("SELECT count(*) FROM drift_windows") - windows, 3, 4);
    same_as_in_one_go(t);
    ncm_team_leave(t);
    ncm_team_free(t);
}

static void an_alert_is_raised_once_and_resolved(void **state)
{
    (void)state;
    struct ncm_team *t = ncm_team_new(&w.setup);
    run(t, w.now);
    store(t, w.now);
    store(t, w.now + 40000);
    assert_int_equal(count("SELECT count(*) FROM alerts WHERE state='firing'"), 1);
    assert_int_equal(count("SELECT count(*) FROM alerts WHERE severity='critical' AND"
                           " feature='features.merchant_cat'"),
                     1);
    ncm_team_leave(t);
    ncm_team_free(t);
    struct ncm_err err;
    assert_true(ncm_monitor_set_threshold(&w.monitor, "50", &err));
    t = ncm_team_new(&w.setup);
    assert_true(ncm_demo_predictions_add(w.root, w.now, w.now + 250000, &err));
    run(t, w.now + 300000);
    store(t, w.now + 300000);
    assert_int_equal(count("SELECT count(*) FROM alerts WHERE state='resolved'"), 1);
    assert_int_equal(count("SELECT count(*) FROM alerts"), 1);
    ncm_team_leave(t);
    ncm_team_free(t);
}

static void of_two_watchers_one_stores(void **state)
{
    (void)state;
    struct ncm_team *a = ncm_team_new(&w.setup), *b = ncm_team_new(&w.setup);
    run(a, w.now);
    run(b, w.now);
    store(a, w.now);
    store(b, w.now + 1000);
    assert_true(a->mine);
    assert_false(b->mine);
    assert_string_equal(b->other, a->holder);
    /* It does not come back: the other one takes over after a while. */
    store(b, w.now + 40000);
    assert_true(b->mine);
    store(a, w.now + 41000);
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
        assert_true(ncm_team_step(t, e, w.now, &control, &more, &err));
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
    struct ncm_team *t = ncm_team_new(&w.setup);
    run(t, w.now);
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
    char *log = in_dir("rows.csv");
    struct ncm_buf text;
    ncm_buf_init(&text, 1 << 20);
    ncm_buf_puts(&text, "score,merchant\n");
    for (int i = 0; i < 1050; i++) {
        ncm_buf_printf(&text, "%d.%d,%c\n", i % 7, i % 10, 'a' + i % 3);
    }
    assert_true(ncm_file_write(log, text.p, text.len, 0644, &err));
    ncm_free(w.monitor.current);
    w.monitor.current = log;
    assert_true(ncm_monitor_set_reference(&w.monitor, "first", &err));
    assert_true(ncm_monitor_set_window(&w.monitor, "100 rows", &err));
    struct ncm_team *t = ncm_team_new(&w.setup);
    run(t, w.now);
    run(t, w.now + 1000);
    const struct ncm_watched *x = &t->items[0]->watched;
    assert_int_equal(x->n_windows, 11);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(x->windows[i].rows, 100);
        assert_false(x->windows[i].open);
    }
    assert_true(x->windows[10].open);
    assert_int_equal(x->windows[10].rows, 50);
    store(t, w.now + 1000);
    assert_int_equal(count("SELECT count(*) FROM drift_windows"), 10);
    ncm_team_leave(t);
    ncm_team_free(t);

    t = ncm_team_new(&w.setup);
    FILE *f = fopen(log, "a");
    for (int i = 0; i < 60; i++) {
        fputs("1.5,a\n", f);
    }
    fclose(f);
    run(t, w.now + 2000);
    store(t, w.now + 2000);
    assert_int_equal(count("SELECT count(*) FROM drift_windows"), 11);
    assert_int_equal(count("SELECT sum(n) FROM drift_windows"), 1100);
    ncm_team_leave(t);
    ncm_team_free(t);
    ncm_buf_release(&text);
}

static void the_rows_behind_a_bar_are_found(void **state)
{
    (void)state;
    struct ncm_control control = {0};
    struct ncm_err err;
    struct ncm_team *t = ncm_team_new(&w.setup);
    run(t, w.now);
    struct ncm_evaluator *e = t->items[0];
    size_t f = (size_t)(feature(t, "features.merchant_cat") - e->watched.features);
    size_t newest = ncm_watched_newest(&e->watched);
    struct ncm_drift_rows_snapshot *s = ncm_snapshot_new(NCM_T_DRIFT_ROWS, sizeof *s);
    assert_true(e->kind->rows(e, f, newest, "=gift_cards", 5, &control, s, &err));
    assert_int_equal(s->n, 5);
    assert_true(s->more);
    assert_non_null(strstr(s->places[0].p, "fraud.jsonl:"));
    ncm_snapshot_unref(s);
    ncm_team_free(t);
}

static void a_log_that_is_not_there_says_so_and_is_waited_for(void **state)
{
    (void)state;
    struct ncm_err err = {0};
    struct ncm_control control = {0};
    bool more;
    ncm_free(w.monitor.reference_value);
    w.monitor.reference_value = in_dir("data/none.csv");
    struct ncm_team *t = ncm_team_new(&w.setup);
    assert_true(ncm_team_restore(t, &err));
    assert_true(ncm_team_step(t, NULL, w.now, &control, &more, &err));
    assert_int_equal(t->items[0]->watched.error.code, NCM_NOT_FOUND);
    assert_non_null(strstr(t->items[0]->watched.error.what, "none.csv"));
    ncm_team_free(t);
}

/* ---- odd times ---------------------------------------------------------------------------------
 */

/* A log of our own beside the demo's: compared with its first window. */
static struct ncm_buf log_text;

static void own_log(const char *window)
{
    struct ncm_err err;
    ncm_free(w.monitor.current);
    w.monitor.current = in_dir("own.csv");
    assert_true(ncm_monitor_set_reference(&w.monitor, "first", &err));
    assert_true(ncm_monitor_set_window(&w.monitor, window, &err));
    ncm_buf_init(&log_text, 16 << 20);
}

static void put_rows(int64_t t_ms, int n)
{
    char time[40];
    for (int i = 0; i < n; i++) {
        ncm_buf_printf(&log_text, "%s,%d.5,%c\n", ncm_fmt_iso(time, sizeof time, t_ms + i), i % 7,
                       'a' + i % 3);
    }
}

static void write_log(void)
{
    struct ncm_err err;
    assert_true(ncm_file_write(w.monitor.current, log_text.p, log_text.len, 0644, &err));
}

static int64_t rows_in_windows(const struct ncm_watched *x)
{
    int64_t sum = 0;
    for (size_t i = 0; i < x->n_windows; i++) {
        sum += x->windows[i].rows;
    }
    return sum;
}

static void rows_without_a_time_fall_into_the_window_of_now(void **state)
{
    (void)state;
    int64_t now = w.now / 120000 * 120000 + 60000;
    own_log("2m");
    ncm_buf_puts(&log_text, "score,merchant\n");
    for (int i = 0; i < 5000; i++) {
        ncm_buf_printf(&log_text, "%d.5,%c\n", i % 7, 'a' + i % 3);
    }
    write_log();
    struct ncm_team *t = ncm_team_new(&w.setup);
    run(t, now);
    store(t, now);
    const struct ncm_watched *x = &t->items[0]->watched;
    assert_int_equal(x->n_windows, 1);
    assert_true(x->windows[0].open);
    assert_int_equal(count("SELECT count(*) FROM drift_windows"), 0);
    FILE *f = fopen(w.monitor.current, "a");
    fputs("1.5,a\n2.5,b\n", f);
    fclose(f);
    run(t, now + 1000);
    assert_int_equal(x->windows[0].rows, 5002);
    run(t, now + 200000);
    store(t, now + 200000);
    assert_int_equal(count("SELECT sum(n) FROM drift_windows"), 5002);
    ncm_team_leave(t);
    ncm_team_free(t);
    ncm_buf_release(&log_text);
}

static void one_time_far_ahead_ends_no_window(void **state)
{
    (void)state;
    own_log("1m");
    ncm_buf_puts(&log_text, "time,score,merchant\n");
    put_rows(w.now - 600000, 40);
    ncm_buf_puts(&log_text, "9999-12-31T23:59:59Z,1.5,a\n");
    put_rows(w.now - 540000, 40);
    put_rows(w.now - 1000, 40);
    write_log();
    struct ncm_team *t = ncm_team_new(&w.setup);
    run(t, w.now);
    const struct ncm_watched *x = &t->items[0]->watched;
    assert_int_equal(rows_in_windows(x), 120);
    assert_int_equal(x->late_rows, 1);
    assert_non_null(strstr(x->warning, "1 rows"));
    assert_true(x->last_row_ms < w.now);
    ncm_team_free(t);
    ncm_buf_release(&log_text);
}

static void after_a_long_silence_what_was_known_is_kept(void **state)
{
    (void)state;
    own_log("10s");
    ncm_buf_puts(&log_text, "time,score,merchant\n");
    int64_t then = w.now - INT64_C(40) * 365 * 86400000; /* more than a hundred million windows */
    for (int i = 0; i < 5; i++) {
        put_rows(then + i * 10000, 50);
    }
    put_rows(w.now - 1000, 50);
    write_log();
    struct ncm_team *t = ncm_team_new(&w.setup);
    int64_t start = ncm_mono_ms();
    run(t, w.now);
    run(t, w.now + 100000);
    assert_in_range(ncm_mono_ms() - start, 0, 20000);
    const struct ncm_watched *x = &t->items[0]->watched;
    assert_int_equal(rows_in_windows(x), 300);
    assert_in_range(x->n_windows, 6, NCM_WINDOWS_KEPT);
    assert_int_equal(x->windows[x->n_windows - 1].rows, 0);
    ncm_team_free(t);
    ncm_buf_release(&log_text);
}

static void windows_of_rows_have_times_before_1970_too(void **state)
{
    (void)state;
    own_log("50 rows");
    ncm_buf_puts(&log_text, "time,score,merchant\n");
    w.monitor.time_column = ncm_strdup("time");
    int64_t then = -INT64_C(86400000);
    put_rows(then, 120);
    write_log();
    struct ncm_team *t = ncm_team_new(&w.setup);
    run(t, w.now);
    const struct ncm_watched *x = &t->items[0]->watched;
    assert_int_equal(x->n_windows, 3);
    assert_int_equal(x->windows[0].start_ms, then);
    assert_int_equal(x->windows[0].end_ms, then + 50);
    assert_int_equal(x->windows[2].end_ms, then + 120);
    ncm_team_free(t);
    ncm_buf_release(&log_text);
}

/* Only figures of categories are kept, not their words: after a restart they are no reference. */
static void after_a_restart_kept_windows_raise_no_false_alarm(void **state)
{
    (void)state;
    struct ncm_err err;
    int64_t begin_ms = w.now / 60000 * 60000 - 20 * 60000;
    own_log("1m");
    assert_true(ncm_monitor_set_reference(&w.monitor, "trailing 10m", &err));
    ncm_buf_puts(&log_text, "time,score,merchant\n");
    for (int i = 0; i < 20; i++) {
        put_rows(begin_ms + i * 60000, 2100);
    }
    write_log();
    struct ncm_team *t = ncm_team_new(&w.setup);
    run(t, w.now);
    store(t, w.now);
    const struct ncm_watched_feature *f = feature(t, "merchant");
    assert_true(f->figures[t->items[0]->watched.n_windows - 1].value < 0.01);
    ncm_team_leave(t);
    ncm_team_free(t);
    put_rows(begin_ms + 20 * 60000, 2100);
    put_rows(begin_ms + 21 * 60000, 2100);
    write_log();
    t = ncm_team_new(&w.setup);
    run(t, w.now + 180000);
    const struct ncm_watched *x = &t->items[0]->watched;
    f = feature(t, "merchant");
    size_t seen = 0;
    for (size_t i = 0; i < x->n_windows; i++) {
        if (f->figures[i].known && x->windows[i].start_ms >= begin_ms + 20 * 60000) {
            assert_true(f->figures[i].state < NCM_DRIFT_WARNING);
            seen++;
        }
    }
    assert_true(seen > 0);
    ncm_team_free(t);
    ncm_buf_release(&log_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_feature_that_moved_stands_out, begin, end),
        cmocka_unit_test_setup_teardown(a_reference_need_not_have_the_time_of_the_log, begin, end),
        cmocka_unit_test_setup_teardown(a_new_row_is_in_the_open_window_at_once, begin, end),
        cmocka_unit_test_setup_teardown(a_restart_goes_on_where_it_was_and_doubles_nothing, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_alert_is_raised_once_and_resolved, begin, end),
        cmocka_unit_test_setup_teardown(of_two_watchers_one_stores, begin, end),
        cmocka_unit_test_setup_teardown(other_settings_answer_at_once, begin, end),
        cmocka_unit_test_setup_teardown(windows_of_rows_need_no_time, begin, end),
        cmocka_unit_test_setup_teardown(rows_without_a_time_fall_into_the_window_of_now, begin,
                                        end),
        cmocka_unit_test_setup_teardown(one_time_far_ahead_ends_no_window, begin, end),
        cmocka_unit_test_setup_teardown(after_a_long_silence_what_was_known_is_kept, begin, end),
        cmocka_unit_test_setup_teardown(windows_of_rows_have_times_before_1970_too, begin, end),
        cmocka_unit_test_setup_teardown(after_a_restart_kept_windows_raise_no_false_alarm, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_rows_behind_a_bar_are_found, begin, end),
        cmocka_unit_test_setup_teardown(a_log_that_is_not_there_says_so_and_is_waited_for, begin,
                                        end),
    };
    ncm_text_init(NULL, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
