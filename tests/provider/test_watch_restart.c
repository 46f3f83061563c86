/* A log that grows and is rotated while who follows it is killed again and again: whatever the order,
 * windows and figures are those of one undisturbed read. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/num.h"
#include "base/text.h"
#include "engine/watch_plan.h"
#include "ops/watch/store.h"
#include "ops/watch/team.h"
#include "unit/scratch.h"

#define START INT64_C(1700000000000)
enum { STEPS = 160, EARLY = 700 };
enum rotation { NEVER, BY_NAME, BY_EITHER /* renamed, or copied and cut */ };

struct world {
    struct ncm_watch_plan plan;
    struct ncm_monitor monitor;
    struct ncm_watch_setup setup;
    char state[512], log[512];
    FILE *f;
    uint32_t seed;
    int64_t rows;
    int rotations;
};

static struct world w;

static uint32_t dice(uint32_t sides)
{
    w.seed = w.seed * 1664525u + 1013904223u;
    return (w.seed >> 8) % sides;
}

static void begin(const char *window, uint32_t seed)
{
    scratch_remove();
    struct ncm_err err;
    char text[256] = "x\n";
    memset(&w, 0, sizeof w);
    w.seed = seed;
    for (int i = 0; i < 40; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d\n", i % 20);
    }
    const char *reference = scratch_file("train.csv", text, strlen(text));
    snprintf(w.state, sizeof w.state, "%s", scratch("state.db"));
    snprintf(w.log, sizeof w.log, "%s", scratch("log.jsonl"));
    remove(w.state);
    w.f = fopen(w.log, "a");
    assert_non_null(w.f);
    ncm_monitor_init(&w.monitor);
    w.monitor.model = ncm_strdup("m");
    w.monitor.name = ncm_strdup("inputs");
    w.monitor.kind = NCM_MONITOR_ROWS;
    w.monitor.current = ncm_strdup(scratch("log*.jsonl"));
    w.monitor.time_column = ncm_strdup("ts");
    w.monitor.follow = true;
    w.monitor.min_rows = 1;
    assert_true(ncm_monitor_set_reference(&w.monitor, reference, &err));
    assert_true(ncm_monitor_set_window(&w.monitor, window, &err));
    w.plan = (struct ncm_watch_plan){.monitors = &w.monitor, .n_monitors = 1};
    w.setup = (struct ncm_watch_setup){
        .env = {.plan = &w.plan}, .state_path = w.state, .may_store = true};
}

static void end(void)
{
    fclose(w.f);
    ncm_monitor_release(&w.monitor);
    scratch_remove();
}

/* Rows whose times lie up to EARLY before now, in no order. */
static void append(int64_t now)
{
    for (uint32_t n = dice(9); n > 0; n--) {
        fprintf(w.f, "{\"ts\":%lld,\"x\":%u}\n", (long long)(now - dice(EARLY)), dice(24));
        w.rows++;
    }
    fflush(w.f);
}

static void copy(const char *from, const char *to)
{
    char bytes[8192];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_true(in != NULL && out != NULL);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, in)) > 0;) {
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    }
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

static void rotate(bool copied)
{
    char name[32], to[512];
    snprintf(name, sizeof name, "log-%04d.jsonl", w.rotations++);
    snprintf(to, sizeof to, "%s", scratch(name));
    if (copied) {
        copy(w.log, to);
        assert_int_equal(truncate(w.log, 0), 0);
        return;
    }
    assert_int_equal(rename(w.log, to), 0);
    fclose(w.f);
    w.f = fopen(w.log, "a");
    assert_non_null(w.f);
}

static void read_all(struct ncm_team *t, int64_t now)
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

static void store(struct ncm_team *t, int64_t now)
{
    size_t stored;
    struct ncm_err err = {0};
    if (!ncm_team_store(t, now, &stored, &err)) {
        fail_msg("%s", err.what);
    }
}

/* Killed: nothing is written any more. Its lease is over, as that of a process that has ended. */
static void kill_it(struct ncm_team **t)
{
    ncm_team_leave(*t);
    ncm_team_free(*t);
    *t = ncm_team_new(&w.setup);
}

static void same_window(const struct ncm_watched *a, const struct ncm_watched *b, size_t i)
{
    assert_int_equal(a->windows[i].start_ms, b->windows[i].start_ms);
    assert_int_equal(a->windows[i].end_ms, b->windows[i].end_ms);
    assert_int_equal(a->windows[i].rows, b->windows[i].rows);
    double one = a->features[0].figures[i].value, two = b->features[0].figures[i].value;
    assert_true((isnan(one) && isnan(two)) || fabs(one - two) <= 1e-12);
}

/* What is stored, as a new watcher finds it, against one that reads everything at the end. */
static void same_as_in_one_go(int64_t now)
{
    struct ncm_watch_setup alone = w.setup;
    struct ncm_err err;
    alone.state_path = NULL;
    struct ncm_team *t = ncm_team_new(&w.setup), *o = ncm_team_new(&alone);
    assert_true(ncm_team_restore(t, &err));
    read_all(o, now);
    const struct ncm_watched *a = &t->items[0]->watched, *b = &o->items[0]->watched;
    size_t n = b->n_windows;
    while (n > 0 && b->windows[n - 1].open) {
        n--;
    }
    assert_in_range(n, 10, NCM_WINDOWS_KEPT);
    assert_int_equal(a->n_windows, n);
    for (size_t i = 0; i < n; i++) {
        same_window(a, b, i);
    }
    assert_int_equal(b->late_rows, 0);
    ncm_team_free(t);
    ncm_team_free(o);
}

static void disturb(const char *window, enum rotation rotation)
{
    for (uint32_t seed = 1; seed <= 5; seed++) {
        begin(window, seed);
        int64_t now = START;
        struct ncm_team *t = ncm_team_new(&w.setup);
        for (int i = 0; i < STEPS; i++) {
            now += dice(400);
            append(now);
            if (rotation != NEVER && dice(6) == 0) {
                rotate(rotation == BY_EITHER && dice(2) == 0);
                append(now);
            }
            if (dice(3) == 0) {
                read_all(t, now);
            }
            if (dice(3) == 0) {
                store(t, now);
            }
            if (dice(8) == 0) {
                kill_it(&t);
            }
        }
        now += 20000;
        kill_it(&t);
        read_all(t, now);
        store(t, now);
        assert_true(t->items[0]->watched.late_rows == 0);
        ncm_team_leave(t);
        ncm_team_free(t);
        same_as_in_one_go(now);
        end();
    }
}

static void windows_of_time_lose_and_double_nothing(void **state)
{
    (void)state;
    disturb("1s", NEVER);
    disturb("1s", BY_EITHER);
}

static void windows_that_slide_keep_what_the_next_one_needs(void **state)
{
    (void)state;
    disturb("5s/1s", NEVER);
    disturb("5s/1s", BY_EITHER);
}

static void windows_of_rows_begin_where_the_last_one_ended(void **state)
{
    (void)state;
    disturb("37 rows", NEVER);
    disturb("37 rows", BY_NAME);
}

static void windows_of_rows_that_slide(void **state)
{
    (void)state;
    disturb("40/10 rows", NEVER);
    disturb("40/10 rows", BY_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_of_time_lose_and_double_nothing),
        cmocka_unit_test(windows_that_slide_keep_what_the_next_one_needs),
        cmocka_unit_test(windows_of_rows_begin_where_the_last_one_ended),
        cmocka_unit_test(windows_of_rows_that_slide),
    };
    ncm_text_init(NULL, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
