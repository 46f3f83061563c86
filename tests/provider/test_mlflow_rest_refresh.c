/* Lists that are kept up to date by asking for little, and what is kept between starts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "provider/fake_mlflow.h"
#include "provider/mlflow_rest/internal.h"
#include "provider/mlflow_rest/mlflow_rest.h"
#include "provider/mlflow_rest/runs.h"
#include "unit/scratch.h"

#define SEARCH "/runs/search "
static const int64_t T0 = 1700000000000;

static int fresh(void **state)
{
    mlf_fresh(state);
    mlf_put("{'experiments':[{'experiment_id':'1','name':'a','last_update_time':100}]}");
    return 0;
}

/* A list as the screen keeps it: each question knows the answer before it. */
static const struct ncm_runs_snapshot *shown;

static const struct ncm_runs_snapshot *look_again(void)
{
    mlf_forget();
    mlf_fetch.previous = (const struct ncm_snapshot *)shown;
    const struct ncm_runs_snapshot *s = mlf_get(mlf, mlf_all_runs());
    ncm_snapshot_unref(shown);
    shown = s;
    return s;
}

static int let_go(void **state)
{
    ncm_snapshot_unref(shown);
    shown = NULL;
    return mlf_done(state);
}

static void only_what_is_newer_is_asked_for(void **state)
{
    (void)state;
    mlf_runs("1", 50, T0);
    look_again();
    mlf_run("new", "1", T0 + 5, "FINISHED", NULL, NULL);
    look_again();
    assert_int_equal(shown->n, 51);
    assert_string_equal(ncm_runs_at(shown, 0)->id.p, "new");
    assert_int_equal(mlf_count(SEARCH), 1);
    assert_int_equal(mlf_count(SEARCH ".*start_time >= 1700000000000"), 1);
    look_again();
    assert_int_equal(mlf_count(SEARCH ".*start_time >= 1700000000005"), 1);
}

static void a_run_dated_far_ahead_hides_no_new_one(void **state)
{
    (void)state;
    mlf_run("future", "1", 4070908800000, "FINISHED", NULL, NULL);
    mlf_runs("1", 3, T0);
    look_again();
    mlf_run("new", "1", T0 + 5, "FINISHED", NULL, NULL);
    look_again();
    assert_string_equal(mlf_ids(shown), "future new r00000 r00001 r00002");
}

static void runs_that_move_are_read_again(void **state)
{
    (void)state;
    mlf_runs("1", 50, T0);
    mlf_run("live", "1", T0 + 1, "RUNNING", "loss", "9");
    look_again();
    mlf_run("live", "1", T0 + 1, "RUNNING", "loss", "8");
    look_again();
    assert_true(ncm_run_metric(ncm_runs_at(shown, 0), "loss")->value.num == 8);
    assert_int_equal(mlf_count(SEARCH ".*run_id IN"), 1);
    assert_null(strstr(mlf_last(SEARCH ".*run_id IN"), "r00000")); /* only that one */
    mlf_run("live", "1", T0 + 1, "FINISHED", "loss", "7");
    look_again();
    assert_int_equal(ncm_runs_at(shown, 0)->status, NCM_RUN_FINISHED);
    assert_int_equal(ncm_runs_ref(shown, 0)->running, 0);
    look_again();
    assert_int_equal(mlf_count(SEARCH ".*run_id IN"), 0);
}

static void a_run_that_was_deleted_leaves_the_list(void **state)
{
    (void)state;
    mlf_runs("1", 5, T0);
    mlf_run("live", "1", T0 + 1, "RUNNING", NULL, NULL);
    look_again();
    mlf_drop("{'runs':['live']}");
    look_again();
    assert_string_equal(mlf_ids(shown), "r00000 r00001 r00002 r00003 r00004");
    assert_int_equal(shown->total, 5);
}

static void rows_in_view_are_read_again_after_a_while(void **state)
{
    (void)state;
    mlf_runs("1", 60, T0);
    mlf_fetch.count = 3;
    look_again();
    mlf_put("{'runs':[{'info':{'run_id':'r00001','experiment_id':'1','run_name':'renamed',"
            "'status':'FINISHED','start_time':1699999999000}}]}");
    mlf_drop("{'runs':['r00002']}");
    look_again();
    assert_int_equal(mlf_count("run_id IN"), 0); /* not yet */
    for (size_t i = 0; i < mlf->runs->n; i++) {
        mlf->runs->items[i].taken_mono_ms -= 20000;
    }
    look_again();
    assert_int_equal(mlf_count(SEARCH ".*run_id IN"), 1);
    assert_null(strstr(mlf_last(SEARCH ".*run_id IN"), "r00003")); /* the three in view only */
    assert_int_equal(shown->n, 59);
    assert_string_equal(ncm_runs_at(shown, 1)->name.p, "renamed");
    assert_string_equal(ncm_runs_at(shown, 2)->id.p, "r00003");
}

static void what_follows_a_deleted_run_is_not_skipped(void **state)
{
    (void)state;
    mlf_runs("1", 1000, T0);
    mlf_run("live", "1", T0 + 1, "RUNNING", NULL, NULL);
    mlf_fetch.count = 50;
    struct ncm_query *q = mlf_all_runs();
    q->lazy = true;
    const struct ncm_runs_snapshot *s = mlf_get(mlf, q);
    assert_int_equal(s->total, -1);
    mlf_drop("{'runs':['live']}");
    mlf_fetch.previous = (const struct ncm_snapshot *)s;
    mlf_fetch.first = 900;
    q = mlf_all_runs();
    q->lazy = true;
    const struct ncm_runs_snapshot *all = mlf_get(mlf, q);
    assert_int_equal(all->n, 1000);
    ncm_snapshot_unref(s);
    ncm_snapshot_unref(all);
}

static void zombies_are_asked_for_less_and_less(void **state)
{
    (void)state;
    char id[32];
    for (int i = 0; i < 20; i++) {
        snprintf(id, sizeof id, "z%d", i);
        mlf_run(id, "1", T0 + i, "RUNNING", NULL, NULL);
    }
    look_again();
    int asked = 0;
    for (int i = 0; i < 30; i++) {
        look_again();
        asked += mlf_count(SEARCH ".*run_id IN");
    }
    assert_true(asked >= 1);
    assert_true(asked <= 5);
}

static void a_restored_experiment_brings_its_runs(void **state)
{
    (void)state;
    int64_t now = ncm_now_ms();
    char json[256];
    mlf_put("{'experiments':[{'experiment_id':'2','name':'b','lifecycle_stage':'deleted',"
            "'last_update_time':50}]}");
    mlf_run("mine", "1", T0, "FINISHED", NULL, NULL);
    mlf_run("old", "2", T0 - 9, "FINISHED", NULL, NULL);
    look_again();
    assert_string_equal(mlf_ids(shown), "mine");
    snprintf(json, sizeof json,
             "{'experiments':[{'experiment_id':'2','name':'b','last_update_time':%lld}]}",
             (long long)now);
    mlf_put(json);
    look_again();
    assert_string_equal(mlf_ids(shown), "mine old");
    mlf_drop("{'experiments':['2']}");
    snprintf(json, sizeof json,
             "{'experiments':[{'experiment_id':'2','name':'b','lifecycle_stage':'deleted',"
             "'last_update_time':%lld}]}",
             (long long)now + 1);
    mlf_put(json);
    look_again();
    assert_string_equal(mlf_ids(shown), "mine");
}

static void an_experiment_dated_far_ahead_hides_no_other(void **state)
{
    (void)state;
    mlf_put("{'experiments':[{'experiment_id':'7','name':'x','last_update_time':4070908800000}]}");
    mlf_run("a", "1", T0, "FINISHED", NULL, NULL);
    look_again();
    mlf_put("{'experiments':[{'experiment_id':'8','name':'y','last_update_time':1700000000000}]}");
    mlf_run("b", "8", T0 + 1, "FINISHED", NULL, NULL);
    look_again();
    assert_string_equal(mlf_ids(shown), "b a");
}

/* Ours may be the clock that is wrong. */
static void what_is_far_ahead_is_told_by_the_servers_clock(void **state)
{
    (void)state;
    char on[64];
    int64_t there = ncm_now_ms() + (int64_t)100 * 3600000;
    mlf_rule((struct mlf_rule){.on = ".", .hours = 100});
    mlf_runs("1", 3, there);
    look_again();
    mlf_run("new", "1", there + 1, "FINISHED", NULL, NULL);
    look_again();
    assert_int_equal(shown->n, 4);
    snprintf(on, sizeof on, "start_time >= %lld", (long long)there);
    assert_int_equal(mlf_count(on), 1);
}

static void more_new_runs_than_a_refresh_takes_leave_no_gap(void **state)
{
    (void)state;
    mlf_run("old", "1", T0 - 10000000, "FINISHED", NULL, NULL);
    look_again();
    mlf_runs("1", 5300, T0);
    look_again();
    assert_int_equal(shown->n, 5301);
    assert_int_equal(shown->total, 5301);
}

static void a_server_that_cannot_filter_by_id_gives_the_list_anew(void **state)
{
    (void)state;
    mlf_run("live", "1", T0, "RUNNING", "loss", "9");
    mlf_rule((struct mlf_rule){
        .on = "run_id IN",
        .status = 400,
        .text = "{\"error_code\":\"INVALID_PARAMETER_VALUE\",\"message\":\"Invalid\"}"});
    look_again();
    mlf_run("live", "1", T0, "RUNNING", "loss", "8");
    look_again();
    mlf_run("live", "1", T0, "RUNNING", "loss", "7");
    look_again();
    assert_true(ncm_run_metric(ncm_runs_at(shown, 0), "loss")->value.num == 7);
    assert_int_equal(mlf_count("run_id IN"), 0);
}

static void handles_are_the_same_after_a_reconnect(void **state)
{
    (void)state;
    mlf_runs("1", 3, T0);
    const struct ncm_runs_snapshot *a = mlf_get(mlf, mlf_all_runs());
    mlf_run("new", "1", T0 + 1, "FINISHED", NULL, NULL);
    mlf_done(state);
    mlf = mlf_open(NULL, NULL);
    const struct ncm_runs_snapshot *b = mlf_get(mlf, mlf_all_runs());
    assert_int_equal(b->n, 4);
    for (size_t i = 0; i < 3; i++) {
        assert_true(ncm_runs_ref(a, i)->handle == ncm_runs_ref(b, i + 1)->handle);
    }
    ncm_snapshot_unref(a);
    ncm_snapshot_unref(b);
}

static void children_stand_under_their_parents(void **state)
{
    (void)state;
    mlf_put("{'runs':[{'info':{'run_id':'p','experiment_id':'1','start_time':1}},"
            "{'info':{'run_id':'other','experiment_id':'1','start_time':2}},"
            "{'info':{'run_id':'c','experiment_id':'1','start_time':3},"
            "'data':{'tags':[{'key':'mlflow.parentRunId','value':'p'}]}},"
            "{'info':{'run_id':'self','experiment_id':'1','start_time':0},"
            "'data':{'tags':[{'key':'mlflow.parentRunId','value':'self'}]}}]}");
    struct ncm_query *q = mlf_all_runs();
    q->nested = true;
    const struct ncm_runs_snapshot *s = mlf_get(mlf, q);
    assert_string_equal(mlf_ids(s), "other p c self");
    assert_int_equal(ncm_runs_ref(s, 2)->depth, 1);
    assert_int_equal(ncm_runs_ref(s, 2)->parent, 1);
    assert_int_equal(ncm_runs_ref(s, 3)->parent, -1);
    ncm_snapshot_unref(s);
}

/* ---- memory -----------------------------------------------------------------------------------
 */

static struct ncm_doc *page_of(int first, int n, int round)
{
    struct ncm_buf b;
    struct ncm_doc *doc;
    struct ncm_err err;
    ncm_buf_init(&b, 1 << 24);
    ncm_buf_puts(&b, "{\"runs\":[");
    for (int i = 0; i < n; i++) {
        ncm_buf_printf(&b,
                       "%s{\"info\":{\"run_id\":\"r%d\",\"start_time\":%d,\"status\":\"RUNNING\"},"
                       "\"data\":{\"tags\":[{\"key\":\"round\",\"value\":\"%d\"}]}}",
                       i > 0 ? "," : "", first + i, first + i, round);
    }
    ncm_buf_puts(&b, "]}");
    assert_true(ncm_json_parse("page", b.p, b.len, &doc, &err));
    ncm_buf_release(&b);
    return doc;
}

static uint32_t *take(struct rest_runs *r, const struct ncm_doc *doc)
{
    struct ncm_err err;
    uint32_t *handles;
    assert_true(rest_runs_take(r, ncm_node_get(ncm_doc_root(doc), "runs"), &handles, &err));
    return handles;
}

/* Months of lists that came and went must not stay in memory. */
static void runs_of_no_list_are_let_go(void **state)
{
    (void)state;
    mlf_runs("1", 30, T0);
    look_again();
    struct rest_runs *r = mlf->runs;
    for (int i = 0; i < 20; i++) {
        struct ncm_doc *doc = page_of(i * 1000, 1000, 0);
        ncm_free(take(r, doc));
        ncm_doc_free(doc);
    }
    mlf_run("new", "1", T0 + 1, "FINISHED", NULL, NULL);
    look_again();
    assert_true(r->n < 5000);
    assert_int_equal(shown->n, 31);
    assert_string_equal(ncm_runs_at(shown, 0)->id.p, "new");
    assert_string_equal(ncm_runs_at(shown, 30)->id.p, "r00029");
    mlf_drop("{'runs':['r00001']}");
    mlf_run("r00002", "1", T0 - 2000, "RUNNING", NULL, NULL);
    mlf_fetch.full = true;
    look_again();
    assert_int_equal(shown->n, 30);
    assert_int_equal(ncm_runs_at(shown, 2)->status, NCM_RUN_RUNNING);
}

static void a_run_does_not_hold_the_page_that_it_came_in(void **state)
{
    (void)state;
    mlf_runs("1", 3, T0);
    look_again();
    struct rest_runs *r = mlf->runs;
    struct rest_walk *w = r->walks;
    /* Each round all are read anew but one, which then holds the round's page. */
    for (int i = 0; i < 100; i++) {
        struct ncm_doc *doc = page_of(i, 100, i);
        ncm_free(take(r, doc));
        ncm_doc_free(doc);
    }
    assert_true(r->stale > 5000);
    size_t before = r->n;
    assert_true(before > 150);
    look_again();
    assert_true(r->stale < 100);
    assert_int_equal(w->n, 3);
    assert_string_equal(mlf_ids(shown), "r00000 r00001 r00002");
}

/* ---- between two starts -----------------------------------------------------------------------
 */

static void the_last_answers_are_there_at_once(void **state)
{
    struct ncm_access kim = {.user = (char *)(uintptr_t) "kim"};
    struct ncm_access lee = {.user = (char *)(uintptr_t) "lee"};
    struct ncm_access one = {.token = {NCM_SECRET_ENV, (char *)(uintptr_t) "NCM_TEST_ONE"}};
    struct ncm_access two = {.token = {NCM_SECRET_ENV, (char *)(uintptr_t) "NCM_TEST_TWO"}};
    const struct ncm_access *others[] = {NULL, &lee, &two};
    const char *cache = scratch("answers.db");
    struct ncm_err err;
    mlf_runs("1", 150, T0);
    mlf_put("{'models':[{'name':'m'}],'versions':[{'name':'m','version':'1'}]}");
    mlf_done(state);
    mlf = mlf_open(&kim, cache);
    int64_t before = ncm_now_ms();
    ncm_snapshot_unref(mlf_get(mlf, mlf_all_runs()));
    ncm_snapshot_unref(mlf_get(mlf, ncm_query_new(NCM_T_MODELS)));
    ncm_snapshot_unref(mlf_get(mlf, ncm_query_new(NCM_T_EXPERIMENTS)));
    int64_t after = ncm_now_ms();

    mlf_done(state);
    mlf_forget();
    mlf = mlf_open(&kim, cache);
    mlf_fetch.cached = true;
    const struct ncm_runs_snapshot *s = mlf_get(mlf, mlf_all_runs());
    assert_int_equal(s->n, 100); /* the first page, and that it is not all */
    assert_int_equal(s->total, -1);
    assert_true(s->head.provisional);
    assert_true(s->head.taken_ms >= before && s->head.taken_ms <= after);
    ncm_snapshot_unref(s);
    const struct ncm_models_snapshot *m = mlf_get(mlf, ncm_query_new(NCM_T_MODELS));
    assert_int_equal(m->items[0].n_versions, 1);
    ncm_snapshot_unref(m);
    ncm_snapshot_unref(mlf_get(mlf, ncm_query_new(NCM_T_EXPERIMENTS)));
    assert_null(mlf_ask(mlf, ncm_query_run("aaaa"), &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_null(mlf_ask(mlf, ncm_query_new(NCM_T_STORE), &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_int_equal(mlf_count("."), 0); /* nobody was asked */
    /* And what is asked after that is new. */
    mlf_fetch.cached = false;
    s = mlf_get(mlf, mlf_all_runs());
    assert_int_equal(s->n, 150);
    ncm_snapshot_unref(s);

    setenv("NCM_TEST_ONE", "s3cr3t-value", 1);
    mlf_done(state);
    mlf = mlf_open(&one, cache);
    ncm_snapshot_unref(mlf_get(mlf, mlf_all_runs()));
    unsetenv("NCM_TEST_ONE");

    mlf_fetch.cached = true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        mlf_done(state);
        mlf = mlf_open(others[i], cache);
        assert_null(mlf_ask(mlf, mlf_all_runs(), &err));
        assert_int_equal(err.code, NCM_NOT_FOUND);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, let_go)
    const struct CMUnitTest tests[] = {
        TEST(only_what_is_newer_is_asked_for),
        TEST(a_run_dated_far_ahead_hides_no_new_one),
        TEST(runs_that_move_are_read_again),
        TEST(a_run_that_was_deleted_leaves_the_list),
        TEST(rows_in_view_are_read_again_after_a_while),
        TEST(what_follows_a_deleted_run_is_not_skipped),
        TEST(zombies_are_asked_for_less_and_less),
        TEST(a_restored_experiment_brings_its_runs),
        TEST(an_experiment_dated_far_ahead_hides_no_other),
        TEST(what_is_far_ahead_is_told_by_the_servers_clock),
        TEST(more_new_runs_than_a_refresh_takes_leave_no_gap),
        TEST(a_server_that_cannot_filter_by_id_gives_the_list_anew),
        TEST(handles_are_the_same_after_a_reconnect),
        TEST(children_stand_under_their_parents),
        TEST(runs_of_no_list_are_let_go),
        TEST(a_run_does_not_hold_the_page_that_it_came_in),
        TEST(the_last_answers_are_there_at_once),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
