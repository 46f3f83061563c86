/* Changes on a server are noticed, by asking for little. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>

#include "base/num.h"
#include "provider/fake_mlflow.h"
#include "provider/mlflow_rest/internal.h"
#include "provider/mlflow_rest/mlflow_rest.h"
#include "provider/mlflow_rest/watch.h"

#define BIT(topic) (1u << (topic))
#define RUNS                                                                                       \
    (BIT(NCM_T_RUNS) | BIT(NCM_T_RUN) | BIT(NCM_T_SERIES) | BIT(NCM_T_EXPERIMENTS) |               \
     BIT(NCM_T_RUN_KEYS) | BIT(NCM_T_ARTIFACTS))
#define ALL    (RUNS | BIT(NCM_T_MODELS) | BIT(NCM_T_FACTS))
#define SEARCH "/runs/search "
enum { LOOKS_FOR_ALL = 10 }; /* so many until everything was looked at */

static const int64_t T0 = 1700000000000;

static int64_t idle_ms; /* since somebody was there */

static int fresh(void **state)
{
    idle_ms = 0;
    mlf_fresh(state);
    mlf_put("{'experiments':[{'experiment_id':'1','name':'a','last_update_time':100}],"
            "'models':[{'name':'m','aliases':[{'alias':'x','version':'1'}]}],"
            "'versions':[{'name':'m','version':'1','current_stage':'None',"
            "'last_updated_timestamp':5}]}");
    return 0;
}

static bool watch(unsigned topics, int64_t idle, int wait_ms, struct ncm_news *news,
                  struct ncm_err *err)
{
    struct ncm_interest interest = {.topics = topics, .idle_ms = idle};
    struct ncm_control control = {0};
    return ncm_mlflow_rest.watch(mlf, &interest, wait_ms, &control, news, err);
}

/* Looks now; the topics that are told. Tests do not wait for the time between two looks. */
static unsigned look(unsigned topics)
{
    struct ncm_news news;
    struct ncm_err err;
    if (mlf->watch != NULL) {
        mlf->watch->looked_mono_ms -= 3600000;
        mlf->watch->took_ms = 0;
    }
    if (!watch(topics, idle_ms, 1, &news, &err)) {
        fail_msg("%s (%s)", err.what, err.detail);
    }
    assert_int_equal(news.what, news.topics != 0 ? NCM_WATCH_DATA : NCM_WATCH_NOTHING);
    return news.topics;
}

/* Until everything was looked at once more. */
static unsigned look_at_all(unsigned topics)
{
    unsigned told = 0;
    for (int i = 0; i < LOOKS_FOR_ALL; i++) {
        told |= look(topics);
    }
    return told;
}

static void nothing_is_told_where_nothing_changed(void **state)
{
    (void)state;
    mlf_runs("1", 30, T0);
    mlf_run("live", "1", T0 + 1, "RUNNING", "loss", "1");
    assert_int_equal(look(ALL), 0);
    for (int i = 0; i < LOOKS_FOR_ALL; i++) {
        assert_int_equal(look(ALL), 0);
    }
}

/* Renamed, tagged or deleted ones of long ago: no question asks for just those. */
static void what_no_question_can_tell_is_read_again_now_and_then(void **state)
{
    (void)state;
    unsigned told = 0;
    mlf_runs("1", 3, T0);
    for (int i = 0; i < 12; i++) {
        told |= look(ALL);
    }
    assert_true(told & BIT(NCM_T_RUN) && told & BIT(NCM_T_ARTIFACTS) && told & BIT(NCM_T_RUNS));
    assert_int_equal(told & (BIT(NCM_T_MODELS) | BIT(NCM_T_SERIES)), 0);
    for (int i = 0; i < 48; i++) {
        told |= look(ALL);
    }
    assert_true(told & BIT(NCM_T_MODELS));
    idle_ms = INT64_MAX; /* but a list may be long: not for nobody */
    told = 0;
    for (int i = 0; i < 60; i++) {
        told |= look(ALL);
    }
    assert_true(told & BIT(NCM_T_RUN));
    assert_int_equal(told & (BIT(NCM_T_RUNS) | BIT(NCM_T_MODELS)), 0);
}

static void a_new_run_is_told(void **state)
{
    (void)state;
    mlf_runs("1", 3, T0);
    look(ALL);
    mlf_run("new", "1", T0 + 1, "FINISHED", NULL, NULL);
    assert_true(look(ALL) & BIT(NCM_T_RUNS));
    assert_int_equal(look(ALL), 0);
}

static void the_first_run_of_all_is_told(void **state)
{
    (void)state;
    look(ALL);
    mlf_run("new", "1", T0 + 1, "FINISHED", NULL, NULL);
    assert_true(look(ALL) & BIT(NCM_T_RUNS));
    assert_int_equal(look(ALL), 0);
}

static void a_run_dated_far_ahead_hides_nothing(void **state)
{
    (void)state;
    char id[32];
    for (int i = 0; i < 30; i++) {
        snprintf(id, sizeof id, "future%d", i);
        mlf_run(id, "1", 4070908800000 + i, "FINISHED", NULL, NULL);
    }
    look(RUNS);
    look(RUNS);
    assert_int_equal(look(RUNS), 0);
    mlf_run("new", "1", T0, "FINISHED", NULL, NULL);
    assert_true(look(RUNS) & BIT(NCM_T_RUNS));
    look(RUNS);
    mlf_run("newer", "1", T0 + 1, "FINISHED", NULL, NULL);
    assert_true(look(RUNS) & BIT(NCM_T_RUNS));
}

static void a_new_experiment_is_told(void **state)
{
    (void)state;
    char json[256];
    look(ALL);
    snprintf(json, sizeof json,
             "{'experiments':[{'experiment_id':'2','name':'b','last_update_time':%lld}]}",
             (long long)ncm_now_ms());
    mlf_put(json);
    assert_true(look(ALL) & BIT(NCM_T_EXPERIMENTS));
    assert_int_equal(look(ALL), 0);
}

static void figures_of_a_live_run_are_told(void **state)
{
    (void)state;
    look(ALL);
    mlf_run("live", "1", T0, "RUNNING", "loss", "9");
    look(ALL);
    assert_int_equal(look(ALL), 0);
    mlf_run("live", "1", T0, "RUNNING", "loss", "8");
    mlf_forget();
    unsigned told = look(ALL);
    assert_true(told & BIT(NCM_T_SERIES) && told & BIT(NCM_T_RUN) && told & BIT(NCM_T_RUNS));
    assert_int_equal(mlf_count(SEARCH ".*run_id IN"), 1);
    assert_int_equal(look_at_all(ALL) & BIT(NCM_T_SERIES), 0);
    mlf_run("live", "1", T0, "FINISHED", "loss", "8");
    assert_true(look(ALL) & BIT(NCM_T_EXPERIMENTS)); /* one less is running there */
    mlf_forget();
    look(ALL);
    assert_int_equal(mlf_count(SEARCH ".*run_id IN"), 0);
}

static void one_that_ran_before_is_told_when_it_moves_or_ends(void **state)
{
    (void)state;
    mlf_run("a", "1", T0, "RUNNING", "loss", "9");
    mlf_run("b", "1", T0 + 1, "RUNNING", "loss", "9");
    look_at_all(ALL);
    mlf_run("a", "1", T0, "RUNNING", "loss", "8");
    assert_true(look_at_all(ALL) & BIT(NCM_T_SERIES));
    /* b said nothing for long, and then it is over. */
    mlf_run("b", "1", T0 + 1, "FINISHED", "loss", "9");
    assert_true(look_at_all(ALL) & BIT(NCM_T_RUN_KEYS));
    assert_int_equal(look_at_all(ALL) & BIT(NCM_T_RUN_KEYS), 0);
}

static void a_live_run_that_is_deleted_is_told(void **state)
{
    (void)state;
    look(ALL);
    mlf_run("live", "1", T0, "RUNNING", "loss", "9");
    look(ALL);
    mlf_drop("{'runs':['live']}");
    assert_true(look(ALL) & BIT(NCM_T_RUNS));
    assert_int_equal(look_at_all(ALL) & BIT(NCM_T_RUN_KEYS), 0);
}

static void a_moved_version_and_an_alias_are_told(void **state)
{
    (void)state;
    look(ALL);
    mlf_put("{'versions':[{'name':'m','version':'1','current_stage':'Production',"
            "'last_updated_timestamp':6}]}");
    unsigned told = look(ALL);
    assert_true(told & BIT(NCM_T_MODELS) && !(told & BIT(NCM_T_SERIES)));
    mlf_put("{'models':[{'name':'m','aliases':[{'alias':'y','version':'1'}]}]}");
    assert_true(look_at_all(ALL) & BIT(NCM_T_MODELS));
    assert_int_equal(look_at_all(ALL) & BIT(NCM_T_MODELS), 0);
}

static void only_what_is_looked_at_is_asked_for(void **state)
{
    (void)state;
    look(BIT(NCM_T_MODELS));
    look(BIT(NCM_T_MODELS));
    assert_int_equal(mlf_count("runs|experiments"), 0);
    mlf_forget();
    look(RUNS);
    look(RUNS);
    assert_int_equal(mlf_count("models|versions"), 0);
    assert_true(mlf_count(".") > 0);
}

static void a_server_without_registry_is_asked_for_it_once(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){.on = "registered-models|model-versions",
                               .status = 404,
                               .type = "text/html",
                               .text = "<html>"});
    look(ALL);
    look_at_all(ALL);
    assert_int_equal(mlf_count("registered-models|model-versions"), 1);
}

static void an_old_server_tells_live_runs_too(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){
        .on = "run_id IN",
        .status = 400,
        .text = "{\"error_code\":\"INVALID_PARAMETER_VALUE\",\"message\":\"Invalid\"}"});
    look(ALL);
    mlf_run("live", "1", T0, "RUNNING", "loss", "9");
    look(ALL);
    look(ALL);
    mlf_run("live", "1", T0, "RUNNING", "loss", "8");
    assert_true(look(ALL) & BIT(NCM_T_SERIES));
    assert_int_equal(mlf_count("run_id IN"), 1);
    /* Not for ever: one that stands still is looked at with all others. */
    mlf->watch->live[0].changed_mono_ms -= 1000000;
    look(ALL);
    mlf_forget();
    look(ALL);
    assert_int_equal(mlf_count("RUNNING"), 0);
}

static void a_failure_is_told_and_the_next_look_goes_on(void **state)
{
    (void)state;
    struct ncm_news news;
    struct ncm_err err;
    look(ALL);
    mlf_rule((struct mlf_rule){.on = SEARCH,
                               .status = 503,
                               .type = "text/html",
                               .text = "<html>",
                               .header = "Retry-After: 7",
                               .times = 1});
    mlf->watch->looked_mono_ms -= 3600000;
    assert_false(watch(ALL, 0, 1, &news, &err));
    assert_int_equal(err.code, NCM_UNREACHABLE);
    assert_int_equal(err.retry_ms, 7000);
    mlf_run("new", "1", T0, "FINISHED", NULL, NULL);
    assert_true(look(ALL) & BIT(NCM_T_RUNS));
}

/* ---- time -------------------------------------------------------------------------------------
 */

static void *interrupt(void *on)
{
    while (mlf_count(on) == 0) {}
    ncm_mlflow_rest.interrupt(mlf);
    return NULL;
}

static void an_interrupted_look_loses_no_news(void **state)
{
    (void)state;
    struct ncm_news news;
    struct ncm_err err;
    pthread_t thread;
    look(ALL);
    mlf_run("new", "1", T0, "FINISHED", NULL, NULL);
    mlf_forget();
    mlf_rule((struct mlf_rule){.on = "model-versions/search", .hold = true, .times = 1});
    mlf->watch->looked_mono_ms -= 3600000;
    assert_int_equal(pthread_create(&thread, NULL, interrupt, "model-versions/search"), 0);
    assert_false(watch(ALL, 0, 1, &news, &err));
    assert_int_equal(err.code, NCM_CANCELLED);
    pthread_join(thread, NULL);
    mlf_release();
    assert_true(look(ALL) & BIT(NCM_T_RUNS));
}

static atomic_bool over;

/* One that comes before the wait began is forgotten there: again until it hits. */
static void *interrupt_wait(void *arg)
{
    (void)arg;
    while (!atomic_load(&over)) {
        ncm_mlflow_rest.interrupt(mlf);
        sched_yield();
    }
    return NULL;
}

static void an_interrupt_ends_a_wait_at_once(void **state)
{
    (void)state;
    struct ncm_news news;
    struct ncm_err err;
    pthread_t thread;
    look(ALL);
    mlf_forget();
    int64_t began = ncm_mono_ms();
    atomic_store(&over, false);
    assert_int_equal(pthread_create(&thread, NULL, interrupt_wait, NULL), 0);
    bool ok = watch(ALL, INT64_MAX, 60000, &news, &err);
    atomic_store(&over, true);
    pthread_join(thread, NULL);
    assert_false(ok);
    assert_int_equal(err.code, NCM_CANCELLED);
    assert_true(ncm_mono_ms() - began < 20000);
    assert_int_equal(mlf_count("."), 0);
}

static void the_pause_follows_who_is_there(void **state)
{
    static const struct {
        int64_t idle_ms, least_ms, most_ms;
    } all[] = {{0, 500, 2000}, {240000, 3000, 10000}, {INT64_MAX, 10000, 60000}};
    (void)state;
    struct ncm_news news;
    struct ncm_err err;
    look(ALL);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        mlf->watch->took_ms = 0;
        /* Too early for a look, by the least pause that there may be. */
        mlf->watch->looked_mono_ms = ncm_mono_ms() - all[i].least_ms + 200;
        mlf_forget();
        assert_true(watch(ALL, all[i].idle_ms, 20, &news, &err));
        assert_int_equal(mlf_count("."), 0);
        mlf->watch->looked_mono_ms = ncm_mono_ms() - all[i].most_ms;
        assert_true(watch(ALL, all[i].idle_ms, 20, &news, &err));
        assert_true(mlf_count(".") > 0);
    }
    /* A slow server gets its rest. */
    mlf->watch->took_ms = 5000;
    mlf->watch->looked_mono_ms = ncm_mono_ms() - 10000;
    mlf_forget();
    assert_true(watch(ALL, 0, 20, &news, &err));
    assert_int_equal(mlf_count("."), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, mlf_done)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_told_where_nothing_changed),
        TEST(what_no_question_can_tell_is_read_again_now_and_then),
        TEST(a_new_run_is_told),
        TEST(the_first_run_of_all_is_told),
        TEST(a_run_dated_far_ahead_hides_nothing),
        TEST(a_new_experiment_is_told),
        TEST(figures_of_a_live_run_are_told),
        TEST(one_that_ran_before_is_told_when_it_moves_or_ends),
        TEST(a_live_run_that_is_deleted_is_told),
        TEST(a_moved_version_and_an_alias_are_told),
        TEST(only_what_is_looked_at_is_asked_for),
        TEST(a_server_without_registry_is_asked_for_it_once),
        TEST(an_old_server_tells_live_runs_too),
        TEST(a_failure_is_told_and_the_next_look_goes_on),
        TEST(an_interrupted_look_loses_no_news),
        TEST(an_interrupt_ends_a_wait_at_once),
        TEST(the_pause_follows_who_is_there),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
