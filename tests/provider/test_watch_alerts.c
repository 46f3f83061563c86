/* Our own alerts from figure to webhook: when they fire, who is told, what is done by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "engine/state.h"
#include "io/file.h"
#include "model/change.h"
#include "ops/watch/alerts.h"
#include "ops/watch/baseline.h"
#include "ops/watch/deliver.h"
#include "ops/watch/own.h"
#include "ops/watch/store.h"
#include "ops/watch/summary_text.h"
#include "unit/scratch.h"

#define MINUTE INT64_C(60000)
#define START  INT64_C(1700000000000)

static struct {
    struct ncm_db *db;
    struct ncm_monitor monitor;
    struct ncm_webhook hooks[2];
    struct ncm_watch_plan plan;
    struct ncm_watched watched;
    int64_t end_ms; /* of the newest window */
} w;

static int begin(void **state)
{
    struct ncm_err err;
    (void)state;
    memset(&w, 0, sizeof w);
    assert_true(ncm_state_open(scratch("state.db"), true, &w.db, &err));
    w.monitor = (struct ncm_monitor){.model = ncm_strdup("fraud"),
                                     .name = ncm_strdup("inputs"),
                                     .kind = NCM_MONITOR_ROWS,
                                     .follow = true,
                                     .window_ms = MINUTE,
                                     .warning = 0.1,
                                     .critical = 0.25,
                                     .severity = NCM_SEVERITY_CRITICAL};
    w.hooks[0] = (struct ncm_webhook){.name = "all", .least = NCM_SEVERITY_WARNING};
    w.hooks[1] = (struct ncm_webhook){.name = "pager", .least = NCM_SEVERITY_CRITICAL};
    w.plan = (struct ncm_watch_plan){
        .monitors = &w.monitor, .n_monitors = 1, .webhooks = w.hooks, .n_webhooks = 2};
    ncm_watched_init(&w.watched, &w.monitor);
    w.end_ms = START;
    return 0;
}

static int end(void **state)
{
    (void)state;
    ncm_watched_release(&w.watched);
    ncm_monitor_release(&w.monitor);
    ncm_db_close(w.db);
    scratch_remove();
    return 0;
}

/* One more complete window; value NAN: no rows came. */
static void window(double value)
{
    size_t i = ncm_watched_window(&w.watched, w.end_ms, w.end_ms + MINUTE);
    size_t k = ncm_watched_feature(&w.watched, "amount", NCM_COLUMN_NUMBER);
    struct ncm_figure *g = &w.watched.features[k].figures[i];
    w.end_ms += MINUTE;
    w.watched.windows[i].open = false;
    w.watched.windows[i].rows = isnan(value) ? 0 : 100;
    g->known = true;
    g->value = value;
    g->n = w.watched.windows[i].rows;
    g->state = isnan(value)    ? NCM_DRIFT_NO_DATA
               : value >= 0.25 ? NCM_DRIFT_CRITICAL
               : value >= 0.1  ? NCM_DRIFT_WARNING
                               : NCM_DRIFT_OK;
}

static void judge(int64_t now_ms)
{
    struct ncm_err err = {0};
    if (!ncm_alerts_judge(w.db, &w.plan, &w.watched, now_ms, &err)) {
        fail_msg("%s", err.what);
    }
}

static int64_t count(const char *sql)
{
    struct ncm_err err;
    int64_t n = -1;
    assert_true(ncm_db_i64(w.db, sql, 0, &n, &err));
    return n;
}

static int64_t alerts_in(const char *state)
{
    char *sql = ncm_sprintf("SELECT count(*) FROM alerts WHERE state='%s'", state);
    int64_t n = count(sql);
    ncm_free(sql);
    return n;
}

static int64_t told(const char *hook, const char *event)
{
    char *sql = ncm_sprintf("SELECT count(*) FROM deliveries WHERE webhook='%s' AND event='%s'",
                            hook, event);
    int64_t n = count(sql);
    ncm_free(sql);
    return n;
}

static void each_webhook_hears_what_it_asked_for_once(void **state)
{
    (void)state;
    window(0.15);
    judge(w.end_ms);
    judge(w.end_ms + 1000);
    assert_int_equal(alerts_in("firing"), 1);
    assert_int_equal(told("all", "firing"), 1);
    assert_int_equal(told("pager", "firing"), 0);
    window(0.3);
    judge(w.end_ms);
    assert_int_equal(told("all", "firing"), 2);
    assert_int_equal(told("pager", "firing"), 1);
    window(0.12);
    judge(w.end_ms);
    assert_int_equal(alerts_in("firing"), 1);
    window(0.01);
    judge(w.end_ms);
    assert_int_equal(alerts_in("resolved"), 1);
    assert_int_equal(told("all", "resolved"), 1);
    assert_int_equal(told("pager", "resolved"), 1);
}

static void what_waits_fires_or_leaves_nothing(void **state)
{
    (void)state;
    w.monitor.for_ms = 5 * MINUTE;
    window(0.3);
    judge(w.end_ms);
    assert_int_equal(alerts_in("pending"), 1);
    window(0.01);
    judge(w.end_ms);
    assert_int_equal(count("SELECT count(*) FROM alerts"), 0);
    for (int i = 0; i < 6; i++) {
        window(0.3);
        judge(w.end_ms);
    }
    assert_int_equal(alerts_in("firing"), 1);
    assert_int_equal(told("all", "firing"), 1);
}

static void silence_fires_when_its_time_has_come(void **state)
{
    (void)state;
    w.monitor.for_ms = 5 * MINUTE;
    window(0.01);
    window(NAN);
    judge(w.end_ms);
    assert_int_equal(alerts_in("pending"), 1);
    for (int i = 0; i < 6; i++) {
        window(NAN);
        judge(w.end_ms);
    }
    assert_int_equal(alerts_in("firing"), 1);
    assert_int_equal(told("all", "firing"), 1);
    assert_int_equal(told("pager", "firing"), 0);
    window(0.01);
    judge(w.end_ms);
    assert_int_equal(alerts_in("resolved"), 1);
    assert_int_equal(told("all", "resolved"), 1);
}

static void silence_proves_nothing_better(void **state)
{
    (void)state;
    window(0.3);
    judge(w.end_ms);
    window(NAN);
    judge(w.end_ms);
    assert_int_equal(count("SELECT count(*) FROM alerts WHERE state='firing' AND"
                           " severity='critical' AND value=0.3 AND feature='amount'"),
                     1);
}

static void set_state(const char *from, const char *to, int64_t now_ms)
{
    struct ncm_err err = {0};
    struct ncm_receipt receipt = {0};
    struct ncm_changes changes = {0};
    ncm_changes_add(&changes, NCM_CH_ALERT_STATE, "1", NULL, NULL, from, to);
    if (!ncm_own_apply(w.db, &changes, now_ms, &receipt, &err)) {
        fail_msg("%s", err.what);
    }
    ncm_changes_release(&changes);
}

static void who_was_told_hears_that_somebody_ended_it(void **state)
{
    (void)state;
    window(0.15);
    judge(w.end_ms);
    set_state("firing", "resolved", w.end_ms + 1000);
    assert_int_equal(told("all", "resolved"), 1);
    assert_int_equal(told("pager", "resolved"), 0);
    set_state("resolved", "firing", w.end_ms + 2000);
    assert_int_equal(told("all", "firing"), 2);
    assert_int_equal(count("SELECT count(*) FROM alerts WHERE until_ms IS NULL"), 1);
}

static void a_body_has_no_number_that_is_none(void **state)
{
    (void)state;
    const struct ncm_delivery d = {.id = 1,
                                   .event = {"firing", 6},
                                   .rule = {"fraud/inputs", 12},
                                   .value = NAN,
                                   .threshold = NAN};
    char *body = ncm_delivery_body(&(const struct ncm_webhook){0}, &d);
    assert_non_null(strstr(body, "\"value\":null"));
    assert_non_null(strstr(body, "\"threshold\":null"));
    ncm_free(body);
    const struct ncm_webhook hook = {.template = "{\"f\":\"{{feature}}\",\"r\":\"{{rule}}\"}"};
    body = ncm_delivery_body(&hook, &d);
    assert_string_equal(body, "{\"f\":\"\",\"r\":\"fraud/inputs\"}");
    ncm_free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_webhook_hears_what_it_asked_for_once, begin, end),
        cmocka_unit_test_setup_teardown(what_waits_fires_or_leaves_nothing, begin, end),
        cmocka_unit_test_setup_teardown(silence_fires_when_its_time_has_come, begin, end),
        cmocka_unit_test_setup_teardown(silence_proves_nothing_better, begin, end),
        cmocka_unit_test_setup_teardown(who_was_told_hears_that_somebody_ended_it, begin, end),
        cmocka_unit_test(a_body_has_no_number_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
