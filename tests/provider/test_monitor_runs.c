/* Runs that we make, the points we log and how runs end, in every kind of store: what is read back
 * is what was written. And the results of monitors, which are written that way. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/num.h"
#include "model/rules.h"
#include "ops/monitor_run.h"
#include "provider/each_store.h"
#include "provider/fake_mlflow.h"
#include "provider/file_stores.h"
#include "provider/mlflow_files/mlflow_files.h"
#include "provider/mlflow_rest/mlflow_rest.h"
#include "provider/small_store.h"
#include "unit/scratch.h"

#define ID "abcdefabcdefabcdefabcdefabcdef01"

static struct ncm_err err;

static void must(bool ok)
{
    if (!ok) {
        fail_msg("%s (%s) %s", err.what, err.detail, err.hint);
    }
}

static void point(struct ncm_changes *c, const char *run, const char *key, double value,
                  int64_t time, int64_t step)
{
    const struct ncm_change_point p = {value, time, step};
    ncm_changes_add_point(c, run, key, &p);
}

static void add_run(struct ncm_changes *c, const char *id)
{
    ncm_changes_init(c);
    struct ncm_change *ch = ncm_changes_add(c, NCM_CH_RUN_CREATE, "1", NULL, id, NULL, "drift");
    ch->extra = ncm_strdup("ann");
}

/* A new run; its id, good until the next. */
static const char *new_run(void)
{
    static char id[40];
    struct ncm_changes c;
    add_run(&c, NULL);
    must(each_apply(&c, &err));
    snprintf(id, sizeof id, "%s", each_receipt.new_id);
    return id;
}

static const char *tag_of(const struct ncm_run *r, const char *key)
{
    const struct ncm_kv *kv = ncm_run_tag(r, key);
    return kv != NULL ? ncm_cstr(kv->value) : "-";
}

static void a_new_run_is_as_a_client_makes_it(void **state)
{
    struct ncm_changes c;
    int64_t before = ncm_now_ms();
    (void)state;
    add_run(&c, ID);
    ncm_changes_add(&c, NCM_CH_RUN_TAG, "", NULL, "ncmlops.monitor", NULL, "m/drift");
    point(&c, "", "psi", 0.5, 1000, 1);
    ncm_changes_add(&c, NCM_CH_RUN_TAG, "", NULL, "later", NULL, "yes");
    must(each_apply(&c, &err));
    if (each.p != &ncm_mlflow_rest) {
        assert_string_equal(each_receipt.new_id, ID);
    }
    const struct ncm_run_snapshot *s = each_get(ncm_query_run(each_receipt.new_id));
    assert_string_equal(ncm_cstr(s->run.name), "drift");
    assert_string_equal(ncm_cstr(s->run.user), "ann");
    assert_string_equal(ncm_cstr(s->run.experiment_id), "1");
    assert_int_equal(s->run.status, NCM_RUN_RUNNING);
    assert_int_equal(s->run.lifecycle, NCM_ACTIVE);
    assert_true(s->run.start_ms >= before && s->run.start_ms <= ncm_now_ms());
    assert_true(s->run.end_ms == NCM_NO_TIME);
    assert_string_equal(tag_of(&s->run, "mlflow.runName"), "drift");
    assert_string_equal(tag_of(&s->run, "mlflow.user"), "ann");
    assert_string_equal(tag_of(&s->run, "mlflow.source.name"), "ncmlops");
    assert_string_equal(tag_of(&s->run, "mlflow.source.type"), "LOCAL");
    assert_string_equal(tag_of(&s->run, "ncmlops.monitor"), "m/drift");
    assert_string_equal(tag_of(&s->run, "later"), "yes");
    assert_int_equal(s->run.n_metrics, 1);
    assert_true(s->run.metrics[0].value.num == 0.5);
    ncm_snapshot_unref(s);
}

static void an_id_that_is_taken_is_a_conflict(void **state)
{
    struct ncm_changes c;
    (void)state;
    add_run(&c, ID);
    must(each_apply(&c, &err));
    add_run(&c, ID);
    assert_false(each_apply(&c, &err));
    assert_int_equal(err.code, NCM_CONFLICT);
}

static void points_are_read_back_exactly(void **state)
{
    static const double values[] = {0.1, 5e-324, -1e308, 0.30000000000000004, 123456789.125, -0.0};
    enum { N = sizeof values / sizeof values[0] };
    struct ncm_changes c;
    const char *run = new_run();
    (void)state;
    ncm_changes_init(&c);
    for (int i = N - 1; i >= 0; i--) {
        point(&c, run, "drift/psi.a b", values[i], 1000 + i, i);
    }
    point(&c, run, "odd", (double)NAN, 5, 9007199254740993);
    point(&c, run, "odd", (double)INFINITY, 5, -1);
    point(&c, run, "odd", -(double)INFINITY, 5, -2);
    must(each_apply(&c, &err));
    const struct ncm_series_snapshot *s = each_get(ncm_query_series(run, "drift/psi.a b", 0));
    assert_int_equal(s->n, N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(s->points[i].step, i);
        assert_int_equal(s->points[i].timestamp_ms, 1000 + i);
        assert_true(s->points[i].value.num == values[i]);
    }
    ncm_snapshot_unref(s);
    s = each_get(ncm_query_series(run, "odd", 0));
    assert_int_equal(s->n, 3);
    assert_int_equal(s->points[0].value.kind, NCM_V_NINF);
    assert_int_equal(s->points[1].value.kind, NCM_V_PINF);
    assert_int_equal(s->points[2].value.kind, NCM_V_NAN);
    assert_true(s->points[2].step == 9007199254740993);
    ncm_snapshot_unref(s);
}

/* The latest value of "k" after these points came in this order, one list each. */
static double latest_of(const char *run, size_t n, const struct ncm_change_point *points)
{
    struct ncm_changes c;
    for (size_t i = 0; i < n; i++) {
        ncm_changes_init(&c);
        ncm_changes_add_point(&c, run, "k", &points[i]);
        must(each_apply(&c, &err));
    }
    const struct ncm_run_snapshot *s = each_get(ncm_query_run(run));
    double v = ncm_run_metric(&s->run, "k")->value.num;
    ncm_snapshot_unref(s);
    return v;
}

static void the_latest_is_by_step_then_time_then_value(void **state)
{
    (void)state;
    assert_true(latest_of(new_run(), 2, (struct ncm_change_point[]){{1, 9, 2}, {2, 99, 1}}) == 1);
    assert_true(latest_of(new_run(), 2, (struct ncm_change_point[]){{1, 9, 2}, {0, 10, 2}}) == 0);
    assert_true(latest_of(new_run(), 2, (struct ncm_change_point[]){{1, 9, 2}, {2, 9, 2}}) == 2);
    assert_true(latest_of(new_run(), 2, (struct ncm_change_point[]){{2, 9, 2}, {1, 9, 2}}) == 2);
}

static size_t count(const char *run, const char *key)
{
    const struct ncm_series_snapshot *s = each_get(ncm_query_series(run, key, 0));
    size_t n = s->n;
    ncm_snapshot_unref(s);
    return n;
}

static void thousands_of_points_are_one_list(void **state)
{
    struct ncm_changes c;
    const char *run = new_run();
    (void)state;
    ncm_changes_init(&c);
    for (int i = 0; i < 2500; i++) {
        point(&c, run, i % 2 == 0 ? "even" : "odd", i, 1000 + i, i);
    }
    must(each_apply(&c, &err));
    assert_int_equal(count(run, "even") + count(run, "odd"), 2500);
    if (each.p == &ncm_mlflow_rest) {
        assert_int_equal(mlf_count("/runs/log-batch"), 3);
        assert_int_equal(mlf_count("/runs/get"), 1); /* the rules: not one a point */
    }
}

static void the_same_point_twice_is_as_the_store_has_it(void **state)
{
    struct ncm_changes c;
    const char *run = new_run();
    (void)state;
    for (int i = 0; i < 2; i++) {
        ncm_changes_init(&c);
        point(&c, run, "k", 0.25, 1000, 1);
        point(&c, run, "k", (double)NAN, 1000, 2);
        must(each_apply(&c, &err));
    }
    assert_int_equal(count(run, "k"), each.p == &ncm_mlflow_files ? 4 : 2);
}

static char *present(enum ncm_change_kind kind, const char *object, const char *key, const char *to,
                     const char *extra)
{
    struct ncm_changes c;
    char *now = NULL;
    ncm_changes_init(&c);
    ncm_changes_add(&c, kind, object, NULL, key, NULL, to)->extra = ncm_strdup(extra);
    must(each.p->present(each.conn, &c.items[0], &now, &err));
    ncm_changes_release(&c);
    return now;
}

static void present_tells_of_points_and_runs(void **state)
{
    struct ncm_changes c;
    char *now, run[40];
    (void)state;
    snprintf(run, sizeof run, "%s", new_run());
    ncm_changes_init(&c);
    point(&c, run, "k", 0.25, 1000, 1);
    point(&c, run, "k", (double)INFINITY, 1000, 2);
    must(each_apply(&c, &err));
    now = present(NCM_CH_RUN_METRIC, run, "k", "0.25", "1000 1");
    assert_string_equal(now, "0.25");
    ncm_free(now);
    now = present(NCM_CH_RUN_METRIC, run, "k", "Infinity", "1000 2");
    assert_string_equal(now, "Infinity");
    ncm_free(now);
    assert_null(present(NCM_CH_RUN_METRIC, run, "k", "0.25", "1000 2"));
    assert_null(present(NCM_CH_RUN_METRIC, run, "other", "0.25", "1000 1"));
    assert_null(present(NCM_CH_RUN_CREATE, "1", ID, "drift", NULL));
    now = present(NCM_CH_RUN_CREATE, "1", run, "drift", NULL);
    assert_non_null(now);
    ncm_free(now);
    now = present(NCM_CH_RUN_STATUS, run, NULL, "FINISHED", NULL);
    assert_string_equal(now, "RUNNING");
    ncm_free(now);
}

static bool one(enum ncm_change_kind kind, const char *object, const char *key, const char *from,
                const char *to, const char *extra)
{
    struct ncm_changes c;
    ncm_changes_init(&c);
    struct ncm_change *ch = ncm_changes_add(&c, kind, object, NULL, key, from, to);
    ch->extra = ncm_strdup(extra);
    ch->any_from = kind == NCM_CH_RUN_METRIC;
    return each_apply(&c, &err);
}

static void a_run_ends_once(void **state)
{
    char run[40];
    int64_t before = ncm_now_ms();
    (void)state;
    snprintf(run, sizeof run, "%s", new_run());
    must(one(NCM_CH_RUN_STATUS, run, NULL, "RUNNING", "FINISHED", NULL));
    const struct ncm_run_snapshot *s = each_get(ncm_query_run(run));
    assert_int_equal(s->run.status, NCM_RUN_FINISHED);
    assert_true(s->run.end_ms >= before && s->run.end_ms <= ncm_now_ms());
    ncm_snapshot_unref(s);
    assert_false(one(NCM_CH_RUN_STATUS, run, NULL, "RUNNING", "FAILED", NULL));
    assert_int_equal(err.code, NCM_CONFLICT);
    must(one(NCM_CH_RUN_STATUS, run, NULL, "FINISHED", "RUNNING", NULL));
}

static void what_mlflow_refuses_is_refused(void **state)
{
    static const struct {
        const char *key, *to, *extra;
        enum ncm_code code;
    } points[] = {
        {"", "1", "1 1", NCM_REFUSED},     {"a=b", "1", "1 1", NCM_REFUSED},
        {"a//b", "1", "1 1", NCM_REFUSED}, {"../b", "1", "1 1", NCM_REFUSED},
        {"k", "one", "1 1", NCM_USAGE},    {"k", NULL, "1 1", NCM_USAGE},
        {"k", "1", "1", NCM_USAGE},        {"k", "1", NULL, NCM_USAGE},
        {"k", "1", "1 1 1", NCM_USAGE},    {"k", "1", "-1 1", NCM_REFUSED},
    };
    char run[40], longest[252];
    (void)state;
    snprintf(run, sizeof run, "%s", new_run());
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        assert_false(
            one(NCM_CH_RUN_METRIC, run, points[i].key, NULL, points[i].to, points[i].extra));
        assert_int_equal(err.code, points[i].code);
    }
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_false(one(NCM_CH_RUN_METRIC, run, longest, NULL, "1", "1 1"));
    must(one(NCM_CH_RUN_METRIC, run, longest + 1, NULL, "1", "1 1"));
    assert_false(one(NCM_CH_RUN_METRIC, ID, "k", NULL, "1", "1 1"));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_false(one(NCM_CH_RUN_STATUS, run, NULL, "RUNNING", "DONE", NULL));
    assert_int_equal(err.code, NCM_USAGE);
    assert_false(one(NCM_CH_RUN_CREATE, "1", "not-hex", NULL, "n", NULL));
    assert_int_equal(err.code, NCM_USAGE);
    assert_false(one(NCM_CH_RUN_CREATE, "1", NULL, NULL, "", NULL));
    assert_false(one(NCM_CH_RUN_CREATE, "77", NULL, NULL, "n", NULL));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    must(one(NCM_CH_RUN_LIFECYCLE, run, NULL, "active", "deleted", NULL));
    assert_false(one(NCM_CH_RUN_METRIC, run, "k", NULL, "1", "1 1"));
    assert_int_equal(err.code, NCM_REFUSED);
}

/* ---- monitors -------------------------------------------------------------------------------- */

static void write_windows(int64_t first, int64_t last, char run_id[64])
{
    struct ncm_monitor_point items[64];
    struct ncm_monitor_points points = {
        .model = "fraud", .monitor = "daily", .user = "ann", .items = items};
    for (int64_t w = first; w <= last; w++) {
        items[points.n++] =
            (struct ncm_monitor_point){"drift.psi.amount", 0.01 * (double)w, w, 1000 * w};
        items[points.n++] =
            (struct ncm_monitor_point){"drift.psi.pays (\xe2\x82\xac)?", (double)w, w, 1000 * w};
    }
    memset(&err, 0, sizeof err);
    must(ncm_monitor_run_write(each.p, each.conn, NULL, &points, run_id, &err));
}

static void a_killed_watcher_doubles_nothing(void **state)
{
    char run[64] = "", again[64] = "";
    (void)state;
    write_windows(0, 9, run);
    assert_int_equal(count(run, "drift.psi.amount"), 10);
    assert_int_equal(count(run, "drift.psi.pays ____"), 10);
    write_windows(5, 12, again); /* it forgot everything */
    assert_string_equal(again, run);
    assert_int_equal(count(run, "drift.psi.amount"), 13);
    write_windows(12, 14, run);
    assert_int_equal(count(run, "drift.psi.amount"), 15);
    const struct ncm_run_snapshot *s = each_get(ncm_query_run(run));
    assert_string_equal(tag_of(&s->run, NCM_MONITOR_TAG), "fraud/daily");
    assert_string_equal(ncm_cstr(s->run.name), "fraud/daily");
    assert_int_equal(ncm_run_metric(&s->run, "drift.psi.amount")->step, 14);
    ncm_snapshot_unref(s);
}

static void a_run_that_ended_is_left_alone(void **state)
{
    char run[64] = "", next[64];
    struct ncm_monitor_points none = {.model = "fraud", .monitor = "hourly"};
    (void)state;
    write_windows(0, 1, run);
    must(one(NCM_CH_RUN_STATUS, run, NULL, "RUNNING", "KILLED", NULL));
    snprintf(next, sizeof next, "%s", run);
    write_windows(1, 2, next);
    assert_string_not_equal(next, run);
    assert_int_equal(count(run, "drift.psi.amount"), 2);
    assert_int_equal(count(next, "drift.psi.amount"), 2);
    /* Another monitor has another run, in the same experiment. */
    snprintf(run, sizeof run, "%s", ID);
    must(ncm_monitor_run_write(each.p, each.conn, NULL, &none, run, &err));
    assert_string_not_equal(next, run);
    const struct ncm_experiments_snapshot *s = each_get(ncm_query_new(NCM_T_EXPERIMENTS));
    size_t named = 0;
    for (size_t i = 0; i < s->n; i++) {
        named += (size_t)ncm_str_is(s->items[i].name, NCM_MONITOR_EXPERIMENT);
    }
    assert_int_equal(named, 1);
    ncm_snapshot_unref(s);
}

/* ---- of one kind of store only --------------------------------------------------------------- */

static void rows_are_those_of_mlflow(void **state)
{
    struct ncm_changes c;
    (void)state;
    add_run(&c, ID);
    point(&c, "", "k", (double)NAN, 1, 1);
    point(&c, "", "k", (double)INFINITY, 2, 2);
    must(each_apply(&c, &err));
    assert_string_equal(
        small_ask(&each.sql, "SELECT source_type||'|'||source_name||'|'||entry_point_name||'|'||"
                             "source_version||'|'||lifecycle_stage||'|'||artifact_uri FROM runs"
                             " WHERE run_uuid='" ID "'"),
        "UNKNOWN||||active|/a/1/" ID "/artifacts");
    assert_string_equal(small_ask(&each.sql, "SELECT value||'|'||is_nan FROM metrics WHERE step=1"),
                        "0.0|1");
    assert_string_equal(small_ask(&each.sql, "SELECT value>1.79e308 AND is_nan=0"
                                             " FROM latest_metrics WHERE run_uuid='" ID "'"),
                        "1");
}

static void nothing_is_written_where_one_is_refused(void **state)
{
    struct ncm_changes c;
    (void)state;
    add_run(&c, ID);
    point(&c, "", "k", 1, 1, 1);
    point(&c, "", "a=b", 1, 1, 1);
    assert_false(each_apply(&c, &err));
    assert_null(present(NCM_CH_RUN_CREATE, "1", ID, "drift", NULL));
}

static void lines_are_added_behind_those_of_others(void **state)
{
    struct ncm_changes c;
    (void)state;
    add_run(&c, ID);
    point(&c, "", "k", 1, 10, 1);
    must(each_apply(&c, &err));
    folder_append(each.root, "1/" ID "/metrics/k", "20 2.0 2\n30 3.");
    ncm_changes_init(&c);
    point(&c, ID, "k", (double)NAN, 40, 4);
    point(&c, ID, "k", -(double)INFINITY, 50, 5);
    must(each_apply(&c, &err));
    char *text = folder_read(each.root, "1/" ID "/metrics/k");
    assert_string_equal(text, "10 1 1\n20 2.0 2\n30 3.\n40 nan 4\n50 -inf 5\n");
    ncm_free(text);
}

static void what_fails_on_the_way_leaves_no_line(void **state)
{
    struct rlimit was, small;
    struct ncm_changes c;
    char *large = ncm_alloc(40000, 1);
    (void)state;
    add_run(&c, ID);
    point(&c, "", "k", 1, 10, 1);
    must(each_apply(&c, &err));
    memset(large, 'x', 39999);
    getrlimit(RLIMIT_FSIZE, &was);
    small = was;
    small.rlim_cur = 8000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    ncm_changes_init(&c);
    point(&c, ID, "k", 2, 20, 2);
    point(&c, ID, "new/key", 2, 20, 2);
    ncm_changes_add(&c, NCM_CH_RUN_TAG, ID, NULL, "large", NULL, large);
    bool ok = each_apply(&c, &err);
    setrlimit(RLIMIT_FSIZE, &was);
    signal(SIGXFSZ, handler);
    ncm_free(large);
    assert_false(ok);
    assert_false(each_receipt.partial);
    char *text = folder_read(each.root, "1/" ID "/metrics/k");
    assert_string_equal(text, "10 1 1\n");
    ncm_free(text);
    assert_null(folder_read(each.root, "1/" ID "/metrics/new/key"));
}

static void a_run_whose_points_are_refused_is_taken_back(void **state)
{
    struct ncm_changes c;
    (void)state;
    mlf_rule((struct mlf_rule){
        .on = "/runs/log-batch",
        .status = 400,
        .text = "{\"error_code\":\"INVALID_PARAMETER_VALUE\",\"message\":\"no\"}"});
    add_run(&c, NULL);
    ncm_changes_add(&c, NCM_CH_RUN_TAG, "", NULL, "a", NULL, "b");
    point(&c, "", "k", 1, 1, 1);
    assert_false(each_apply(&c, &err));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_false(each_receipt.partial);
    assert_int_equal(mlf_count("/runs/delete"), 1);
    assert_int_equal(mlf_count("/runs/set-tag"), 0);
}

static void a_lost_answer_is_looked_up(void **state)
{
    struct ncm_changes c;
    (void)state;
    setenv("NCMLOPS_NOW", "1700000000123", 1);
    ncm_clock_init();
    mlf_put("{'runs':[{'info':{'run_id':'r1','experiment_id':'1','run_name':'drift','status':"
            "'RUNNING','start_time':1700000000123},'data':{'tags':[{'key':'mlflow.runName',"
            "'value':'drift'}]}}]}");
    mlf_rule((struct mlf_rule){.on = "/runs/create", .status = 502, .text = "<html>"});
    add_run(&c, NULL);
    point(&c, "", "k", 1, 1, 1);
    bool ok = each_apply(&c, &err);
    unsetenv("NCMLOPS_NOW");
    ncm_clock_init();
    must(ok);
    assert_string_equal(each_receipt.new_id, "r1");
    assert_int_equal(count("r1", "k"), 1);
    /* It is never sent again. */
    assert_int_equal(mlf_count("/runs/create"), 1);
}

#define SQL(f)   cmocka_unit_test_prestate_setup_teardown(f, each_sql, each_sql_end, &each)
#define OLD(f)   cmocka_unit_test_setup_teardown(f, each_sql, each_sql_end)
#define FILES(f) cmocka_unit_test_setup_teardown(f, each_files, each_files_end)
#define REST(f)  cmocka_unit_test_setup_teardown(f, each_rest, mlf_done)
#define ALL(f)   SQL(f), OLD(f), FILES(f), REST(f)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALL(a_new_run_is_as_a_client_makes_it),
        SQL(an_id_that_is_taken_is_a_conflict),
        FILES(an_id_that_is_taken_is_a_conflict),
        ALL(points_are_read_back_exactly),
        ALL(the_latest_is_by_step_then_time_then_value),
        ALL(thousands_of_points_are_one_list),
        ALL(the_same_point_twice_is_as_the_store_has_it),
        ALL(present_tells_of_points_and_runs),
        ALL(a_run_ends_once),
        ALL(what_mlflow_refuses_is_refused),
        ALL(a_killed_watcher_doubles_nothing),
        ALL(a_run_that_ended_is_left_alone),
        SQL(rows_are_those_of_mlflow),
        OLD(rows_are_those_of_mlflow),
        SQL(nothing_is_written_where_one_is_refused),
        FILES(nothing_is_written_where_one_is_refused),
        FILES(lines_are_added_behind_those_of_others),
        FILES(what_fails_on_the_way_leaves_no_line),
        REST(a_run_whose_points_are_refused_is_taken_back),
        REST(a_lost_answer_is_looked_up),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
