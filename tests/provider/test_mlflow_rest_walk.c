/* Lists of runs over the API: page by page, kept up to date, ordered here where the server cannot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "provider/fake_mlflow.h"
#include "provider/mlflow_rest/mlflow_rest.h"
#include "provider/mlflow_sqlite/mlflow_sqlite.h"
#include "provider/stores.h"
#include "unit/scratch.h"

#define SEARCH "/runs/search "
static const int64_t T0 = 1700000000000;

static int fresh(void **state)
{
    mlf_fresh(state);
    mlf_put("{'experiments':[{'experiment_id':'1','name':'a','last_update_time':100}]}");
    return 0;
}

static struct ncm_query *lazy_runs(void)
{
    struct ncm_query *q = mlf_all_runs();
    q->lazy = true;
    return q;
}

static void pages_grow_and_show_as_they_come(void **state)
{
    (void)state;
    mlf_runs("1", 2350, T0);
    const struct ncm_runs_snapshot *s = mlf_get(mlf, mlf_all_runs());
    assert_int_equal(s->n, 2350);
    assert_int_equal(s->total, 2350);
    assert_string_equal(ncm_runs_at(s, 0)->id.p, "r00000");
    assert_string_equal(ncm_runs_at(s, 2349)->id.p, "r02349");
    assert_true(mlf_seen.n >= 3);
    assert_int_equal(mlf_seen.at[0].rows, 100);
    for (size_t i = 0; i < mlf_seen.n; i++) {
        bool last = i == mlf_seen.n - 1;
        assert_int_equal(mlf_seen.at[i].provisional, !last);
        assert_int_equal(mlf_seen.at[i].total, last ? 2350 : -1);
        assert_true(i == 0 || mlf_seen.at[i].rows > mlf_seen.at[i - 1].rows);
    }
    assert_int_equal(mlf_count(SEARCH ".*\"max_results\": ?100[,}]"), 1);
    assert_true(mlf_count(SEARCH ".*\"max_results\": ?1000[,}]") >= 1);
    assert_true(mlf_count(SEARCH) <= 7);
    ncm_snapshot_unref(s);
}

static void a_row_that_comes_twice_is_counted_once(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){.on = SEARCH ".*page_token",
                               .text = "{\"runs\":[{\"info\":{\"run_id\":\"b\",\"start_time\":2}},"
                                       "{\"info\":{\"run_id\":\"c\",\"start_time\":1}}]}"});
    mlf_rule((struct mlf_rule){
        .on = SEARCH,
        .text = "{\"runs\":[{\"info\":{\"run_id\":\"a\",\"start_time\":3}},"
                "{\"info\":{\"run_id\":\"b\",\"start_time\":2}},"
                "{\"info\":{\"run_id\":\"b\",\"start_time\":2}}],\"next_page_token\":\"x\"}"});
    const struct ncm_runs_snapshot *s = mlf_get(mlf, mlf_all_runs());
    assert_string_equal(mlf_ids(s), "a b c");
    assert_int_equal(s->total, 3);
    ncm_snapshot_unref(s);
}

static void a_page_that_repeats_for_ever_is_an_error(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){
        .on = SEARCH,
        .text = "{\"runs\":[{\"info\":{\"run_id\":\"a\"}}],\"next_page_token\":\"x\"}"});
    struct ncm_err e = mlf_fails(mlf_all_runs(), NCM_INVALID_DATA);
    assert_non_null(strstr(e.what, "the same page of 'runs' again and again"));
    assert_true(mlf_count(SEARCH) <= 3);
    /* So is one whose token differs each time. */
    mlf_done(state);
    fresh(state);
    for (int i = 0; i < 20; i++) {
        char text[128];
        snprintf(text, sizeof text,
                 "{\"runs\":[{\"info\":{\"run_id\":\"a\"}}],\"next_page_token\":\"%d\"}", i);
        mlf_rule((struct mlf_rule){.on = SEARCH, .text = text, .times = 1});
    }
    e = mlf_fails(mlf_all_runs(), NCM_INVALID_DATA);
    assert_non_null(strstr(e.what, "the same page of 'runs' again and again"));
    assert_true(mlf_count(SEARCH) < 10);
}

static void a_page_of_rows_that_moved_down_is_no_end(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){
        .on = SEARCH,
        .text = "{\"runs\":[{\"info\":{\"run_id\":\"a\"}}],\"next_page_token\":\"t1\"}",
        .times = 1});
    mlf_rule((struct mlf_rule){
        .on = SEARCH ".*\"t1\"",
        .text = "{\"runs\":[{\"info\":{\"run_id\":\"a\"}}],\"next_page_token\":\"t2\"}"});
    mlf_rule((struct mlf_rule){.on = SEARCH ".*\"t2\"",
                               .text = "{\"runs\":[{\"info\":{\"run_id\":\"b\"}}]}"});
    const struct ncm_runs_snapshot *s = mlf_get(mlf, mlf_all_runs());
    assert_int_equal(s->n, 2);
    ncm_snapshot_unref(s);
}

static void a_lazy_list_stops_behind_its_window(void **state)
{
    (void)state;
    mlf_runs("1", 2000, T0);
    mlf_fetch.count = 50;
    const struct ncm_runs_snapshot *s = mlf_get(mlf, lazy_runs());
    assert_true(s->n >= 350 && s->n < 1000);
    assert_int_equal(s->total, -1);
    int asked = mlf_count(SEARCH);
    size_t n = s->n;
    ncm_snapshot_unref(s);
    /* A window that is there already asks nothing. */
    mlf_fetch.first = 20;
    mlf_fetch.window_only = true;
    s = mlf_get(mlf, lazy_runs());
    assert_int_equal(s->n, n);
    assert_int_equal(mlf_count(SEARCH), asked);
    ncm_snapshot_unref(s);
    /* One beyond goes on from there. */
    mlf_fetch.first = 900;
    s = mlf_get(mlf, lazy_runs());
    assert_true(s->n >= 1250);
    assert_string_equal(ncm_runs_at(s, 900)->id.p, "r00900");
    assert_int_equal(mlf_count(SEARCH "(?!.*page_token)"), 1);
    ncm_snapshot_unref(s);
    mlf_fetch.first = 1950;
    s = mlf_get(mlf, lazy_runs());
    assert_int_equal(s->total, 2000);
    ncm_snapshot_unref(s);
}

static atomic_bool stop;

static void stop_soon(void *to, int64_t done, int64_t total)
{
    (void)to;
    (void)total;
    if (done >= 300) {
        atomic_store(&stop, true);
    }
}

static void a_cancelled_walk_goes_on_where_it_was(void **state)
{
    (void)state;
    struct ncm_err err;
    mlf_runs("1", 2350, T0);
    atomic_store(&stop, false);
    mlf_fetch.control.cancel = &stop;
    mlf_fetch.progress = stop_soon;
    assert_null(mlf_ask(mlf, mlf_all_runs(), &err));
    assert_int_equal(err.code, NCM_CANCELLED);
    assert_true(mlf_seen.n > 0 && mlf_seen.at[mlf_seen.n - 1].rows < 2350);
    mlf_fetch.control.cancel = NULL;
    mlf_fetch.progress = NULL;
    const struct ncm_runs_snapshot *s = mlf_get(mlf, mlf_all_runs());
    assert_int_equal(s->n, 2350);
    assert_int_equal(mlf_count(SEARCH "(?!.*(page_token|filter))"), 1); /* from the start: once */
    ncm_snapshot_unref(s);
}

static void a_page_that_is_wrong_is_asked_for_again(void **state)
{
    (void)state;
    mlf_runs("1", 250, T0);
    mlf_rule((struct mlf_rule){
        .on = SEARCH ".*page_token", .text = "{\"runs\":[{\"info\":{}}]}", .times = 1});
    struct ncm_err e = mlf_fails(mlf_all_runs(), NCM_INVALID_DATA);
    assert_non_null(strstr(e.what, "run_id"));
    const struct ncm_runs_snapshot *s = mlf_get(mlf, mlf_all_runs());
    assert_int_equal(s->n, 250);
    assert_int_equal(s->total, 250);
    ncm_snapshot_unref(s);
}

static void only_the_first_are_asked_for_where_they_are_enough(void **state)
{
    (void)state;
    mlf_runs("1", 500, T0);
    struct ncm_query *q = mlf_all_runs();
    q->limit = 5;
    const struct ncm_runs_snapshot *s = mlf_get(mlf, q);
    assert_string_equal(mlf_ids(s), "r00000 r00001 r00002 r00003 r00004");
    assert_int_equal(s->total, -1);
    assert_int_equal(mlf_count(SEARCH), 1);
    ncm_snapshot_unref(s);
}

static void filters_and_cheap_orders_are_the_servers(void **state)
{
    (void)state;
    mlf_run("a", "1", 3, "FAILED", NULL, NULL);
    mlf_run("b", "1", 2, "FINISHED", NULL, NULL);
    mlf_run("c", "1", 1, "FINISHED", NULL, NULL);
    struct ncm_query *q = mlf_all_runs();
    q->filter = ncm_strdup("attributes.status = 'FINISHED'");
    ncm_query_add_order(q, "attributes.run_name ASC");
    const struct ncm_runs_snapshot *s = mlf_get(mlf, q);
    assert_string_equal(mlf_ids(s), "b c");
    assert_int_equal(mlf_count(SEARCH ".*run_name ASC"), 1);
    ncm_snapshot_unref(s);
    /* What the server does not take is for the person to mend. */
    mlf_rule((struct mlf_rule){
        .on = "IS NULL",
        .status = 400,
        .text = "{\"error_code\":\"INVALID_PARAMETER_VALUE\",\"message\":\"Invalid clause\"}"});
    q = mlf_all_runs();
    q->filter = ncm_strdup("tags.x IS NULL");
    struct ncm_err e = mlf_fails(q, NCM_USAGE);
    assert_string_equal(e.what, "Invalid clause");
}

/* ---- the same order as elsewhere --------------------------------------------------------------
 */

static void write_value(struct ncm_json *j, const struct ncm_value *v)
{
    if (v->kind == NCM_V_NAN) {
        ncm_json_str(j, "NaN");
    } else {
        ncm_json_num(j, v->num);
    }
}

static void write_pairs(struct ncm_json *j, const char *name, const struct ncm_kv *kv, size_t n)
{
    ncm_json_key(j, name);
    ncm_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        ncm_json_obj(j);
        ncm_json_key(j, "key");
        ncm_json_str_n(j, kv[i].key.p, kv[i].key.len);
        ncm_json_key(j, "value");
        ncm_json_str_n(j, kv[i].value.p, kv[i].value.len);
        ncm_json_end_obj(j);
    }
    ncm_json_end_arr(j);
}

static void write_run(struct ncm_json *j, const struct ncm_run *r)
{
    ncm_json_obj(j);
    ncm_json_key(j, "info");
    ncm_json_obj(j);
    ncm_json_key(j, "run_id");
    ncm_json_str(j, r->id.p);
    ncm_json_key(j, "experiment_id");
    ncm_json_str(j, "1"); /* all of them in one list */
    ncm_json_key(j, "status");
    ncm_json_str(j, r->status_text.p);
    ncm_json_key(j, "start_time");
    ncm_json_i64(j, r->start_ms);
    ncm_json_end_obj(j);
    ncm_json_key(j, "data");
    ncm_json_obj(j);
    ncm_json_key(j, "metrics");
    ncm_json_arr(j);
    for (size_t i = 0; i < r->n_metrics; i++) {
        ncm_json_obj(j);
        ncm_json_key(j, "key");
        ncm_json_str(j, r->metrics[i].key.p);
        ncm_json_key(j, "value");
        write_value(j, &r->metrics[i].value);
        ncm_json_end_obj(j);
    }
    ncm_json_end_arr(j);
    write_pairs(j, "params", r->params, r->n_params);
    write_pairs(j, "tags", r->tags, r->n_tags);
    ncm_json_end_obj(j);
    ncm_json_end_obj(j);
}

static void move_over(struct ncm_conn *store)
{
    struct ncm_buf b;
    struct ncm_json j;
    const struct ncm_runs_snapshot *s = store_get(store, mlf_all_runs());
    ncm_buf_init(&b, 16 << 20);
    ncm_json_init(&j, &b, false);
    ncm_json_obj(&j);
    ncm_json_key(&j, "runs");
    ncm_json_arr(&j);
    for (size_t i = 0; i < s->n; i++) {
        write_run(&j, ncm_runs_at(s, i));
    }
    ncm_json_end_arr(&j);
    ncm_json_end_obj(&j);
    assert_null(strchr(b.p, '\'')); /* mlf_put would take it for something else */
    mlf_put(b.p);
    ncm_buf_release(&b);
    ncm_snapshot_unref(s);
}

static void an_order_by_metric_is_ours_and_the_same(void **state)
{
    static const char *const orders[] = {"metrics.auc DESC",      "metrics.auc ASC",
                                         "metrics.`정확도` DESC", "metrics.nan_last ASC",
                                         "params.learning_rate",  "tags.family DESC"};
    (void)state;
    struct ncm_conn *store = store_open(store_copy("3.17.2", "order.db"));
    move_over(store);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct ncm_query *q = mlf_all_runs(), *same = mlf_all_runs();
        ncm_query_add_order(q, orders[i]);
        ncm_query_add_order(same, orders[i]);
        const struct ncm_runs_snapshot *ours = mlf_get(mlf, q);
        char *got = ncm_strdup(mlf_ids(ours));
        const struct ncm_runs_snapshot *want = store_get(store, same);
        assert_true(want->n > 20);
        assert_string_equal(got, mlf_ids(want));
        ncm_free(got);
        ncm_snapshot_unref(ours);
        ncm_snapshot_unref(want);
    }
    ncm_mlflow_sqlite.close(store);
    assert_true(mlf_count(SEARCH) > 0);
    assert_int_equal(mlf_count("order_by"), 0);
}

static void numbers_come_before_nan_and_nothing(void **state)
{
    (void)state;
    mlf_run("none", "1", 9, "FINISHED", NULL, NULL);
    mlf_run("nan", "1", 8, "FINISHED", "auc", "'NaN'");
    mlf_run("low", "1", 7, "FINISHED", "auc", "0.1");
    mlf_run("inf", "1", 6, "FINISHED", "auc", "1.7976931348623157e+308");
    mlf_run("high", "1", 5, "FINISHED", "auc", "0.9");
    struct ncm_query *q = mlf_all_runs();
    ncm_query_add_order(q, "metrics.auc DESC");
    const struct ncm_runs_snapshot *s = mlf_get(mlf, q);
    assert_string_equal(mlf_ids(s), "inf high low nan none");
    ncm_snapshot_unref(s);
    q = mlf_all_runs();
    ncm_query_add_order(q, "metrics.auc ASC");
    s = mlf_get(mlf, q);
    assert_string_equal(mlf_ids(s), "low high inf nan none");
    ncm_snapshot_unref(s);
    assert_int_equal(mlf_count("metrics"), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, mlf_done)
    const struct CMUnitTest tests[] = {
        TEST(pages_grow_and_show_as_they_come),
        TEST(a_row_that_comes_twice_is_counted_once),
        TEST(a_page_that_repeats_for_ever_is_an_error),
        TEST(a_page_of_rows_that_moved_down_is_no_end),
        TEST(a_lazy_list_stops_behind_its_window),
        TEST(a_cancelled_walk_goes_on_where_it_was),
        TEST(a_page_that_is_wrong_is_asked_for_again),
        TEST(only_the_first_are_asked_for_where_they_are_enough),
        TEST(filters_and_cheap_orders_are_the_servers),
        TEST(an_order_by_metric_is_ours_and_the_same),
        TEST(numbers_come_before_nan_and_nothing),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
