/* Logs whose times are odd, and logs that were silent: what of them falls into which window. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "base/text.h"
#include "io/file.h"
#include "ops/watch/team.h"
#include "provider/watched_log.h"

/* A log of our own beside the demo's: compared with its first window. */
static struct ncm_buf log_text;

static void own_log(const char *window)
{
    struct ncm_err err;
    ncm_free(watched_log.monitor.current);
    watched_log.monitor.current = wl_in_dir("own.csv");
    assert_true(ncm_monitor_set_reference(&watched_log.monitor, "first", &err));
    assert_true(ncm_monitor_set_window(&watched_log.monitor, window, &err));
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
    assert_true(ncm_file_write(watched_log.monitor.current, log_text.p, log_text.len, 0644, &err));
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
    int64_t now = watched_log.now / 120000 * 120000 + 60000;
    own_log("2m");
    ncm_buf_puts(&log_text, "score,merchant\n");
    for (int i = 0; i < 5000; i++) {
        ncm_buf_printf(&log_text, "%d.5,%c\n", i % 7, 'a' + i % 3);
    }
    write_log();
    struct ncm_team *t = ncm_team_new(&watched_log.setup);
    wl_run(t, now);
    wl_store(t, now);
    const struct ncm_watched *x = &t->items[0]->watched;
    assert_int_equal(x->n_windows, 1);
    assert_true(x->windows[0].open);
    assert_int_equal(wl_count("SELECT count(*) FROM drift_windows"), 0);
    FILE *f = fopen(watched_log.monitor.current, "a");
    fputs("1.5,a\n2.5,b\n", f);
    fclose(f);
    wl_run(t, now + 1000);
    assert_int_equal(x->windows[0].rows, 5002);
    wl_run(t, now + 200000);
    wl_store(t, now + 200000);
    assert_int_equal(wl_count("SELECT sum(n) FROM drift_windows"), 5002);
    ncm_team_leave(t);
    ncm_team_free(t);
    ncm_buf_release(&log_text);
}

static void one_time_far_ahead_ends_no_window(void **state)
{
    (void)state;
    own_log("1m");
    ncm_buf_puts(&log_text, "time,score,merchant\n");
    put_rows(watched_log.now - 600000, 40);
    ncm_buf_puts(&log_text, "9999-12-31T23:59:59Z,1.5,a\n");
    put_rows(watched_log.now - 540000, 40);
    put_rows(watched_log.now - 1000, 40);
    write_log();
    struct ncm_team *t = ncm_team_new(&watched_log.setup);
    wl_run(t, watched_log.now);
    const struct ncm_watched *x = &t->items[0]->watched;
    assert_int_equal(rows_in_windows(x), 120);
    assert_int_equal(x->late_rows, 1);
    assert_non_null(strstr(x->warning, "1 rows"));
    assert_true(x->last_row_ms < watched_log.now);
    ncm_team_free(t);
    ncm_buf_release(&log_text);
}

static void after_a_long_silence_what_was_known_is_kept(void **state)
{
    (void)state;
    own_log("10s");
    ncm_buf_puts(&log_text, "time,score,merchant\n");
    int64_t then = watched_log.now - INT64_C(40) * 365 * 86400000; /* more than a hundred million windows */
    for (int i = 0; i < 5; i++) {
        put_rows(then + i * 10000, 50);
    }
    put_rows(watched_log.now - 1000, 50);
    write_log();
    struct ncm_team *t = ncm_team_new(&watched_log.setup);
    int64_t start = ncm_mono_ms();
    wl_run(t, watched_log.now);
    wl_run(t, watched_log.now + 100000);
    assert_in_range(ncm_mono_ms() - start, 0, 20000);
    const struct ncm_watched *x = &t->items[0]->watched;
    assert_int_equal(rows_in_windows(x), 300);
    assert_in_range(x->n_windows, 6, NCM_WINDOWS_KEPT);
    size_t last = x->n_windows - 1;
    assert_int_equal(x->windows[last].rows, 0);
    ncm_team_free(t);
    ncm_buf_release(&log_text);
}

static void windows_of_rows_have_times_before_1970_too(void **state)
{
    (void)state;
    own_log("50 rows");
    ncm_buf_puts(&log_text, "time,score,merchant\n");
    watched_log.monitor.time_column = ncm_strdup("time");
    int64_t then = -INT64_C(86400000);
    put_rows(then, 120);
    write_log();
    struct ncm_team *t = ncm_team_new(&watched_log.setup);
    wl_run(t, watched_log.now);
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
    int64_t begin_ms = watched_log.now / 60000 * 60000 - 20 * 60000;
    own_log("1m");
    assert_true(ncm_monitor_set_reference(&watched_log.monitor, "trailing 10m", &err));
    ncm_buf_puts(&log_text, "time,score,merchant\n");
    for (int i = 0; i < 20; i++) {
        put_rows(begin_ms + i * 60000, 2100);
    }
    write_log();
    struct ncm_team *t = ncm_team_new(&watched_log.setup);
    wl_run(t, watched_log.now);
    wl_store(t, watched_log.now);
    const struct ncm_watched_feature *f = wl_feature(t, "merchant");
    assert_true(f->figures[t->items[0]->watched.n_windows - 1].value < 0.01);
    ncm_team_leave(t);
    ncm_team_free(t);
    put_rows(begin_ms + 20 * 60000, 2100);
    put_rows(begin_ms + 21 * 60000, 2100);
    write_log();
    t = ncm_team_new(&watched_log.setup);
    wl_run(t, watched_log.now + 180000);
    const struct ncm_watched *x = &t->items[0]->watched;
    f = wl_feature(t, "merchant");
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
        WATCH_TEST(rows_without_a_time_fall_into_the_window_of_now),
        WATCH_TEST(one_time_far_ahead_ends_no_window),
        WATCH_TEST(after_a_long_silence_what_was_known_is_kept),
        WATCH_TEST(windows_of_rows_have_times_before_1970_too),
        WATCH_TEST(after_a_restart_kept_windows_raise_no_false_alarm),
    };
    ncm_text_init(NULL, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
