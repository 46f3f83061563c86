/* Our own alerts: when they begin, fire and end, who is told, what people change about them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/num.h"
#include "engine/state.h"
#include "engine/watch_plan.h"
#include "model/change.h"
#include "ops/watch/alerts.h"
#include "ops/watch/deliver.h"
#include "ops/watch/own.h"
#include "ops/watch/store.h"
#include "provider/fake_monitoring.h"
#include "unit/scratch.h"

#define MINUTE INT64_C(60000)
#define T0     (INT64_C(28000000) * MINUTE)

static struct ncm_monitor monitor;
static struct ncm_watched w;
static struct ncm_watch_plan plan;
static struct ncm_webhook hooks[2];
static struct ncm_db *db;
static struct ncm_err err;
static int64_t now;

static int fresh(void **state)
{
    mon_fresh(state);
    memset(&plan, 0, sizeof plan);
    memset(hooks, 0, sizeof hooks);
    const char *path = scratch("alerts.ncmlops.db");
    remove(path);
    assert_true(ncm_state_open(path, true, &db, &err));
    ncm_monitor_init(&monitor);
    monitor.model = ncm_strdup("m");
    monitor.name = ncm_strdup("inputs");
    monitor.kind = NCM_MONITOR_ROWS;
    monitor.current = ncm_strdup("log.jsonl");
    monitor.follow = true;
    monitor.window_ms = MINUTE;
    monitor.warning = 0.1;
    monitor.critical = 0.25;
    ncm_watched_init(&w, &monitor);
    now = T0;
    return 0;
}

static int done(void **state)
{
    (void)state;
    ncm_db_close(db);
    ncm_watched_release(&w);
    ncm_monitor_release(&monitor);
    for (size_t i = 0; i < 2; i++) {
        ncm_webhook_release(&hooks[i]);
    }
    return 0;
}

#define ALERT_TEST(f) cmocka_unit_test_setup_teardown(f, fresh, done)

static void hook(size_t i, const char *name, enum ncm_severity least)
{
    hooks[i] = (struct ncm_webhook){.name = ncm_strdup(name),
                                    .url = ncm_sprintf("%s/%s", mlf_url(), name),
                                    .least = least};
    plan.webhooks = hooks;
    plan.n_webhooks = i + 1;
}

/* The next window is complete, with this value of "amount". */
static void window(double value, int64_t rows)
{
    now += MINUTE;
    size_t f = ncm_watched_feature(&w, "amount", NCM_COLUMN_NUMBER);
    size_t i = ncm_watched_window(&w, now - MINUTE, now);
    w.features[f].warning = 0.1;
    w.features[f].critical = 0.25;
    w.windows[i].open = false;
    w.windows[i].rows = rows;
    w.features[f].figures[i] = (struct ncm_figure){
        .value = value,
        .p_value = NAN,
        .n = rows,
        .known = true,
        .state = rows == 0       ? NCM_DRIFT_NO_DATA
                 : value >= 0.25 ? NCM_DRIFT_CRITICAL
                 : value >= 0.1  ? NCM_DRIFT_WARNING
                                 : NCM_DRIFT_OK,
    };
}

static void judge(bool news)
{
    assert_true(ncm_alerts_judge(db, &plan, &w, news, now, &err));
}

static void see(double value)
{
    window(value, 1000);
    judge(true);
}

static int64_t count(const char *sql)
{
    int64_t n = -1;
    if (!ncm_db_i64(db, sql, 0, &n, &err)) {
        fail_msg("%s", err.what);
    }
    return n;
}

/* How many alerts there are, and that the newest one is so. */
static void newest_is(int64_t n, const char *state, const char *severity)
{
    struct ncm_stmt *st;
    bool row;
    assert_int_equal(count("SELECT count(*) FROM alerts"), n);
    assert_true(ncm_db_prepare(
        db, "SELECT state,severity FROM alerts ORDER BY id DESC LIMIT 1", &st, &err));
    assert_true(ncm_stmt_step(st, &row, &err));
    assert_true(row);
    assert_string_equal(ncm_cstr(ncm_col_text(st, 0)), state);
    assert_string_equal(ncm_cstr(ncm_col_text(st, 1)), severity);
    ncm_stmt_end(st);
}

/* What each webhook is to be told, in order: "all firing, all resolved". */
static char *told(void)
{
    static char text[512];
    struct ncm_stmt *st;
    bool row = true;
    text[0] = '\0';
    assert_true(
        ncm_db_prepare(db, "SELECT webhook,event FROM deliveries ORDER BY id", &st, &err));
    while (ncm_stmt_step(st, &row, &err) && row) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s%s %s", len > 0 ? ", " : "",
                 ncm_cstr(ncm_col_text(st, 0)), ncm_cstr(ncm_col_text(st, 1)));
    }
    ncm_stmt_end(st);
    return text;
}

/* ---- when ------------------------------------------------------------------------------------ */

static void one_fires_until_the_first_window_below(void **state)
{
    (void)state;
    hook(0, "all", NCM_SEVERITY_INFO);
    see(0.05);
    assert_int_equal(count("SELECT count(*) FROM alerts"), 0);
    see(0.3);
    newest_is(1, "firing", "critical");
    see(0.5);
    newest_is(1, "firing", "critical");
    assert_int_equal(count("SELECT value*10 FROM alerts"), 5);
    see(0.01);
    newest_is(1, "resolved", "critical");
    see(0.3);
    newest_is(2, "firing", "critical");
    assert_string_equal(told(), "all firing, all resolved, all firing");
}

static void what_holds_must_hold_for_a_while(void **state)
{
    (void)state;
    hook(0, "all", NCM_SEVERITY_INFO);
    monitor.for_ms = 5 * MINUTE;
    see(0.3);
    newest_is(1, "pending", "critical");
    see(0.3);
    newest_is(1, "pending", "critical");
    assert_string_equal(told(), "");
    now += 4 * MINUTE; /* no window is new: time alone */
    judge(false);
    newest_is(1, "firing", "critical");
    assert_string_equal(told(), "all firing");
}

static void pending_that_is_over_leaves_nothing_behind(void **state)
{
    (void)state;
    hook(0, "all", NCM_SEVERITY_INFO);
    monitor.for_ms = 5 * MINUTE;
    see(0.3);
    see(0.01);
    assert_int_equal(count("SELECT count(*) FROM alerts"), 0);
    assert_string_equal(told(), "");
    /* Its time begins anew. */
    see(0.3);
    now += 3 * MINUTE;
    judge(false);
    newest_is(1, "pending", "critical");
}

static void its_time_counts_from_the_first_bad_window_without_a_break(void **state)
{
    (void)state;
    see(0.01);
    see(0.3);
    int64_t since = now;
    see(0.4);
    assert_int_equal(count("SELECT since_ms FROM alerts"), since);
    see(0.01);
    see(0.12);
    assert_int_equal(count("SELECT max(since_ms) FROM alerts"), now);
}

static void a_worse_severity_is_told_again_a_milder_one_not(void **state)
{
    (void)state;
    hook(0, "all", NCM_SEVERITY_INFO);
    hook(1, "worst", NCM_SEVERITY_CRITICAL);
    see(0.15);
    newest_is(1, "firing", "warning");
    assert_string_equal(told(), "all firing");
    see(0.3);
    newest_is(1, "firing", "critical");
    see(0.35);
    see(0.15);
    newest_is(1, "firing", "warning");
    assert_string_equal(told(), "all firing, all firing, worst firing");
    /* Who heard of the worst hears that it is over, though it is mild by now. */
    see(0.01);
    assert_string_equal(told(),
                        "all firing, all firing, worst firing, all resolved, worst resolved");
    see(0.15);
    see(0.01);
    assert_int_equal(count("SELECT count(*) FROM deliveries WHERE webhook='worst'"), 2);
    assert_int_equal(count("SELECT count(*) FROM deliveries WHERE alert=2"), 2);
}

static void a_log_that_fell_silent_is_a_warning(void **state)
{
    (void)state;
    see(0.01);
    window(NAN, 0);
    judge(true);
    newest_is(1, "firing", "warning");
    assert_int_equal(count("SELECT count(*) FROM alerts WHERE summary LIKE '%no rows came%'"), 1);
    see(0.01);
    newest_is(1, "resolved", "warning");
    /* Silence does not make what fires milder. */
    see(0.3);
    window(NAN, 0);
    judge(true);
    newest_is(2, "firing", "critical");
}

static void silence_fires_when_its_time_has_come(void **state)
{
    (void)state;
    hook(0, "all", NCM_SEVERITY_INFO);
    monitor.for_ms = 5 * MINUTE;
    see(0.01);
    window(NAN, 0);
    judge(true);
    newest_is(1, "pending", "warning");
    for (int i = 0; i < 6; i++) {
        window(NAN, 0);
        judge(true);
    }
    newest_is(1, "firing", "warning");
    assert_string_equal(told(), "all firing");
    see(0.01);
    newest_is(1, "resolved", "warning");
    assert_string_equal(told(), "all firing, all resolved");
}

static void too_few_rows_change_nothing(void **state)
{
    (void)state;
    see(0.3);
    window(0.01, 5);
    w.features[0].figures[w.n_windows - 1].state = NCM_DRIFT_SMALL;
    judge(true);
    newest_is(1, "firing", "critical");
}

/* ---- telling --------------------------------------------------------------------------------- */

static int64_t deliver(void)
{
    int64_t left;
    if (!ncm_deliver_due(db, &plan, now, NULL, &left, &err)) {
        fail_msg("%s", err.what);
    }
    return left;
}

static void who_does_not_answer_is_asked_again_with_growing_pauses(void **state)
{
    static const int64_t pauses[] = {5, 10, 20, 40, 80, 160, 320, 640, 900, 900};
    (void)state;
    hook(0, "all", NCM_SEVERITY_INFO);
    mon_says("POST /all", 500, "text/plain", "no");
    see(0.3);
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        assert_int_equal(deliver(), pauses[i] * 1000);
        assert_int_equal(mlf_count("POST /all"), (int)i + 1);
        now += pauses[i] * 1000 - 1;
        assert_int_equal(deliver(), 1);
        assert_int_equal(mlf_count("POST /all"), (int)i + 1);
        now += 1;
    }
    assert_int_equal(count("SELECT count(*) FROM deliveries WHERE error LIKE '%500%'"), 1);
    mon_fresh(state);
    mon_says("POST /all", 204, "text/plain", "");
    assert_int_equal(deliver(), -1);
    assert_int_equal(mlf_count("POST /all"), 1);
    assert_int_equal(count("SELECT count(*) FROM deliveries WHERE done_ms>0 AND error IS NULL"), 1);
    assert_int_equal(deliver(), -1);
    assert_int_equal(mlf_count("POST /all"), 1);
}

static void of_one_alert_nobody_hears_the_end_before_the_beginning(void **state)
{
    (void)state;
    hook(0, "all", NCM_SEVERITY_INFO);
    mon_says("POST /all", 400, "text/plain", "not like this");
    see(0.3);
    assert_int_equal(deliver(), 5000);
    now += 1000 - MINUTE;
    see(0.01);
    assert_int_equal(deliver(), 4000);
    assert_int_equal(mlf_count("POST /all"), 1);
    mon_fresh(state);
    mon_says("POST /all", 200, "text/plain", "");
    now += 4000;
    deliver();
    assert_int_equal(mlf_count("\"state\":\"firing\""), 1);
    assert_int_equal(mlf_count("\"state\":\"resolved\""), 0);
    assert_int_equal(deliver(), -1);
    assert_int_equal(mlf_count("\"state\":\"resolved\""), 1);
}

static void who_is_away_is_asked_once_a_round_and_keeps_no_other_waiting(void **state)
{
    (void)state;
    hook(0, "away", NCM_SEVERITY_INFO);
    hook(1, "here", NCM_SEVERITY_INFO);
    mon_says("POST /away", 503, "text/plain", "");
    mon_says("POST /here", 200, "text/plain", "");
    for (int i = 0; i < 4; i++) {
        see(0.3);
        see(0.01);
    }
    for (int i = 0; i < 2; i++) {
        deliver();
    }
    assert_int_equal(mlf_count("POST /away"), 1);
    assert_int_equal(mlf_count("POST /here"), 8);
}

static void nothing_is_tried_for_longer_than_a_week(void **state)
{
    (void)state;
    hook(0, "all", NCM_SEVERITY_INFO);
    mon_says("POST /all", 500, "text/plain", "");
    see(0.3);
    now += INT64_C(7) * 24 * 60 * MINUTE;
    assert_true(deliver() > 0);
    now += 60 * MINUTE;
    assert_int_equal(deliver(), -1);
    assert_int_equal(count("SELECT tries FROM deliveries"), 2);
}

static void a_webhook_that_is_no_more_is_said_so(void **state)
{
    (void)state;
    hook(0, "all", NCM_SEVERITY_INFO);
    see(0.3);
    plan.n_webhooks = 0;
    assert_int_equal(deliver(), 5000);
    assert_int_equal(count("SELECT count(*) FROM deliveries WHERE error LIKE '%''all''%'"), 1);
}

static struct ncm_str str(const char *text)
{
    return (struct ncm_str){text, text != NULL ? strlen(text) : 0};
}

static void a_template_is_filled_and_escaped(void **state)
{
    (void)state;
    const struct ncm_delivery d = {.id = 7,
                                   .alert = 3,
                                   .rule = str("m/inputs"),
                                   .model = str("a\"b\\c\n\u00e9"),
                                   .severity = str("critical"),
                                   .event = str("firing"),
                                   .summary = str("{{model}} <1>"),
                                   .value = 0.25,
                                   .threshold = NAN};
    struct ncm_webhook h = {.template = ncm_strdup("{\"text\":\"{{model}}|{{feature}}|{{summary}}|"
                                                   "{{nothing}}|{{value}}|{{ id\"}")};
    char *body = ncm_delivery_body(&h, &d);
    /* What is filled in is not looked at again; what has no name stays as it is. */
    assert_string_equal(body, "{\"text\":\"a\\\"b\\\\c\\n\u00e9||{{model}} <1>|{{nothing}}|0.25|"
                              "{{ id\"}");
    ncm_free(body);
    ncm_free(h.template);
    h.template = ncm_strdup("{{model}} {{state}} {{id}}/{{delivery}}");
    h.content_type = ncm_strdup("text/plain");
    body = ncm_delivery_body(&h, &d);
    assert_string_equal(body, "a\"b\\c\n\u00e9 firing 3/7");
    ncm_free(body);
    ncm_free(h.template);
    h.template = NULL;
    body = ncm_delivery_body(&h, &d);
    assert_non_null(strstr(body, "\"feature\":null"));
    assert_non_null(strstr(body, "\"model\":\"a\\\"b\\\\c\\n\u00e9\""));
    ncm_free(body);
    ncm_webhook_release(&h);
}

/* ---- what people change ---------------------------------------------------------------------- */

static bool change(enum ncm_change_kind kind, const char *object, const char *from, const char *to,
                   struct ncm_receipt *receipt)
{
    struct ncm_changes c;
    *receipt = (struct ncm_receipt){0};
    ncm_changes_init(&c);
    ncm_changes_add(&c, kind, object, NULL, NULL, from, to)->extra = ncm_strdup("a note");
    bool ok = ncm_own_apply(db, &c, now, receipt, &err);
    ncm_changes_release(&c);
    return ok;
}

static const struct ncm_alerts_snapshot *alerts(void)
{
    struct ncm_alerts_snapshot *s;
    assert_true(ncm_alerts_read(db, true, now, &s, &err));
    return s;
}

static enum ncm_alert_state state_of_first(void)
{
    const struct ncm_alerts_snapshot *s = alerts();
    assert_in_range(s->n, 1, 10);
    enum ncm_alert_state is = s->items[0].state;
    ncm_snapshot_unref(s);
    return is;
}

static void a_body_has_no_number_that_is_none(void **state)
{
    (void)state;
    const struct ncm_delivery d = {.id = 1, .value = NAN, .threshold = NAN};
    char *body = ncm_delivery_body(&(const struct ncm_webhook){0}, &d);
    assert_non_null(strstr(body, "\"value\":null"));
    assert_non_null(strstr(body, "\"threshold\":null"));
    ncm_free(body);
}

static void an_acknowledgement_names_who_and_why_and_conflicts(void **state)
{
    (void)state;
    struct ncm_receipt r;
    see(0.3);
    assert_true(change(NCM_CH_ALERT_ACK, "1", NULL, "ann", &r));
    const struct ncm_alerts_snapshot *s = alerts();
    assert_int_equal(s->items[0].state, NCM_ALERT_ACKNOWLEDGED);
    assert_string_equal(s->items[0].ack_actor.p, "ann");
    assert_string_equal(s->items[0].ack_note.p, "a note");
    assert_int_equal(s->items[0].ack_ms, now);
    ncm_snapshot_unref(s);
    /* Somebody else saw it before that. */
    assert_false(change(NCM_CH_ALERT_ACK, "1", NULL, "bob", &r));
    assert_int_equal(err.code, NCM_CONFLICT);
    see(0.4);
    assert_int_equal(state_of_first(), NCM_ALERT_ACKNOWLEDGED);
    assert_true(change(NCM_CH_ALERT_ACK, "1", "ann", NULL, &r));
    assert_int_equal(state_of_first(), NCM_ALERT_FIRING);
    assert_false(change(NCM_CH_ALERT_ACK, "77", NULL, "ann", &r));
    assert_int_equal(err.code, NCM_NOT_FOUND);
}

static void one_resolved_by_hand_is_told_and_comes_again_with_the_next_window(void **state)
{
    (void)state;
    struct ncm_receipt r;
    hook(0, "all", NCM_SEVERITY_INFO);
    see(0.3);
    assert_false(change(NCM_CH_ALERT_STATE, "1", "pending", "resolved", &r));
    assert_int_equal(err.code, NCM_CONFLICT);
    assert_true(change(NCM_CH_ALERT_STATE, "1", "firing", "resolved", &r));
    assert_string_equal(told(), "all firing, all resolved");
    now += 5000;
    judge(false);
    newest_is(1, "resolved", "critical");
    /* Taken back: it fires as before. */
    assert_true(change(NCM_CH_ALERT_STATE, "1", "resolved", "firing", &r));
    assert_int_equal(count("SELECT count(*) FROM alerts WHERE until_ms IS NULL"), 1);
    assert_string_equal(told(), "all firing, all resolved, all firing");
    now += 1000;
    assert_true(change(NCM_CH_ALERT_STATE, "1", "firing", "resolved", &r));
    see(0.3);
    newest_is(2, "firing", "critical");
}

static char *silence(const char *value, int64_t from, int64_t to)
{
    char a[40], b[40];
    return ncm_sprintf("{\"matchers\":[{\"name\":\"model\",\"value\":\"%s\",\"isRegex\":false,"
                       "\"isEqual\":true}],\"startsAt\":\"%s\",\"endsAt\":\"%s\","
                       "\"createdBy\":\"ann\",\"comment\":\"known\"}",
                       value, ncm_fmt_iso(a, sizeof a, from), ncm_fmt_iso(b, sizeof b, to));
}

static void a_silence_keeps_quiet_what_it_hits_until_it_ends(void **state)
{
    (void)state;
    struct ncm_receipt r;
    see(0.3);
    char *other = silence("n", now, now + 10 * MINUTE), *ours = silence("m", now, now + 10 * MINUTE);
    assert_true(change(NCM_CH_SILENCE_CREATE, "", NULL, other, &r));
    assert_int_equal(state_of_first(), NCM_ALERT_FIRING);
    assert_true(change(NCM_CH_SILENCE_CREATE, "", NULL, ours, &r));
    assert_string_equal(r.new_id, "2");
    const struct ncm_alerts_snapshot *s = alerts();
    assert_int_equal(s->items[0].state, NCM_ALERT_SILENCED);
    assert_int_equal(s->items[0].until_ms, now + 10 * MINUTE);
    assert_string_equal(s->items[0].silenced_by[0].p, "2");
    ncm_snapshot_unref(s);
    now += 10 * MINUTE;
    assert_int_equal(state_of_first(), NCM_ALERT_FIRING);
    now -= 5 * MINUTE;
    assert_true(change(NCM_CH_SILENCE_EXPIRE, "2", "active", "expired", &r));
    assert_int_equal(state_of_first(), NCM_ALERT_FIRING);
    assert_false(change(NCM_CH_SILENCE_EXPIRE, "2", "active", "expired", &r));
    assert_int_equal(err.code, NCM_CONFLICT);
    /* Made longer: from one in force only. */
    assert_false(change(NCM_CH_SILENCE_CREATE, "2", "active", ours, &r));
    assert_int_equal(err.code, NCM_CONFLICT);
    assert_true(change(NCM_CH_SILENCE_CREATE, "1", "active", ours, &r));
    assert_string_equal(r.new_id, "1");
    assert_int_equal(state_of_first(), NCM_ALERT_SILENCED);
    ncm_free(other);
    ncm_free(ours);
}

static void several_changes_are_all_made_or_none(void **state)
{
    (void)state;
    struct ncm_receipt r = {0};
    struct ncm_changes c;
    see(0.3);
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_ALERT_ACK, "1", NULL, NULL, NULL, "ann");
    ncm_changes_add(&c, NCM_CH_ALERT_STATE, "1", NULL, NULL, "pending", "resolved");
    assert_false(ncm_own_apply(db, &c, now, &r, &err));
    assert_int_equal(err.code, NCM_CONFLICT);
    ncm_changes_release(&c);
    assert_int_equal(count("SELECT count(*) FROM alerts WHERE ack_actor IS NULL"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALERT_TEST(one_fires_until_the_first_window_below),
        ALERT_TEST(what_holds_must_hold_for_a_while),
        ALERT_TEST(pending_that_is_over_leaves_nothing_behind),
        ALERT_TEST(its_time_counts_from_the_first_bad_window_without_a_break),
        ALERT_TEST(a_worse_severity_is_told_again_a_milder_one_not),
        ALERT_TEST(a_log_that_fell_silent_is_a_warning),
        ALERT_TEST(silence_fires_when_its_time_has_come),
        ALERT_TEST(too_few_rows_change_nothing),
        ALERT_TEST(who_does_not_answer_is_asked_again_with_growing_pauses),
        ALERT_TEST(of_one_alert_nobody_hears_the_end_before_the_beginning),
        ALERT_TEST(who_is_away_is_asked_once_a_round_and_keeps_no_other_waiting),
        ALERT_TEST(nothing_is_tried_for_longer_than_a_week),
        ALERT_TEST(a_webhook_that_is_no_more_is_said_so),
        ALERT_TEST(a_template_is_filled_and_escaped),
        ALERT_TEST(a_body_has_no_number_that_is_none),
        ALERT_TEST(an_acknowledgement_names_who_and_why_and_conflicts),
        ALERT_TEST(one_resolved_by_hand_is_told_and_comes_again_with_the_next_window),
        ALERT_TEST(a_silence_keeps_quiet_what_it_hits_until_it_ends),
        ALERT_TEST(several_changes_are_all_made_or_none),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
