/* Runs of one store and models of another, as one source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "engine/pair.h"
#include "engine/source.h"
#include "engine/state.h"
#include "provider/small_store.h"
#include "unit/scratch.h"

enum { PATIENCE_MS = 20000 };
#define TOPIC(t) (1u << (t))

static struct small tracking, registry;
static struct ncm_choice choice;
static struct ncm_source source;
static struct ncm_conn *conn;
static struct ncm_err err;

/* The registry of the first and the runs of the second must never be seen. */
static int set_up(void **state)
{
    (void)state;
    static int n;
    char name[64];
    snprintf(name, sizeof name, "tracking-%d.db", n);
    small_open(&tracking, name, true);
    snprintf(name, sizeof name, "registry-%d.db", n++);
    small_open(&registry, name, false);
    small_exec(&tracking, "DELETE FROM registered_model_aliases; DELETE FROM model_versions;"
                          "UPDATE registered_models SET name='never seen' WHERE name='m';"
                          "INSERT INTO model_versions(name, version, current_stage, run_id, status)"
                          " VALUES('never seen', 9, 'Production', '" RUN1 "', 'READY')");
    small_exec(&registry, "DELETE FROM runs WHERE run_uuid<>'" RUN4 "'");
    choice = (struct ncm_choice){
        .location = tracking.path, .label = tracking.path, .registry = registry.path};
    choice.why = (char *)"";
    assert_true(ncm_source_make(&source, &choice, &err));
    struct ncm_control control = {0};
    assert_true(source.provider->open(&source.place, &conn, &control, &err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    source.provider->close(conn);
    ncm_source_release(&source);
    small_close(&tracking);
    small_close(&registry);
    return 0;
}

static void take(void *to, struct ncm_snapshot *s)
{
    struct ncm_snapshot **last = to;
    ncm_snapshot_unref(*last);
    *last = s;
}

static void no_progress(void *to, int64_t done, int64_t total)
{
    (void)to;
    (void)done;
    (void)total;
}

/* The last snapshot published (unref it), also where *ok says that the fetch failed. */
static const void *ask(struct ncm_query *q, bool *ok)
{
    struct ncm_snapshot *last = NULL;
    struct ncm_fetch f = {
        .query = q, .count = 1000, .publish = take, .progress = no_progress, .to = &last};
    err = (struct ncm_err){0};
    *ok = source.provider->fetch(conn, &f, &err);
    ncm_query_free(q);
    return last;
}

static const void *get(struct ncm_query *q)
{
    bool ok;
    const struct ncm_snapshot *s = ask(q, &ok);
    if (!ok) {
        fail_msg("%s", err.what);
    }
    assert_non_null(s);
    assert_false(s->provisional);
    return s;
}

static void each_topic_comes_from_its_store(void **state)
{
    (void)state;
    const struct ncm_models_snapshot *models = get(ncm_query_new(NCM_T_MODELS));
    assert_int_equal(models->n, 2);
    assert_non_null(ncm_models_find(models, "m"));
    ncm_snapshot_unref(models);
    const struct ncm_runs_snapshot *runs = get(ncm_query_new(NCM_T_RUNS));
    assert_int_equal(runs->n, 3);
    ncm_snapshot_unref(runs);
    const struct ncm_experiments_snapshot *e = get(ncm_query_new(NCM_T_EXPERIMENTS));
    assert_int_equal(e->n, 2);
    ncm_snapshot_unref(e);
}

static void a_run_has_the_versions_of_the_registry(void **state)
{
    (void)state;
    const struct ncm_run_snapshot *s = get(ncm_query_run(RUN1));
    assert_string_equal(s->run.name.p, "one");
    assert_int_equal(s->run.n_versions, 2);
    assert_string_equal(s->run.versions[0].model.p, "m");
    assert_string_equal(s->run.versions[0].version.p, "4");
    assert_string_equal(s->run.versions[1].version.p, "1");
    assert_string_equal(s->run.versions[1].stage.p, "Archived");
    ncm_snapshot_unref(s);
    small_exec(&registry, "UPDATE model_versions SET current_stage='Staging' WHERE version=1");
    s = get(ncm_query_run(RUN1));
    assert_string_equal(s->run.versions[1].stage.p, "Staging");
    ncm_snapshot_unref(s);
    s = get(ncm_query_run(RUN2));
    assert_int_equal(s->run.n_versions, 1);
    ncm_snapshot_unref(s);
}

static void the_store_is_told_of_as_both(void **state)
{
    (void)state;
    const struct ncm_store_snapshot *s = get(ncm_query_new(NCM_T_STORE));
    assert_non_null(strstr(s->location.p, "tracking-"));
    assert_non_null(strstr(s->location.p, "registry-"));
    assert_true(s->has_logged_models); /* only the first has them */
    assert_true(s->has_aliases);
    assert_int_equal(s->n_models, 2);
    assert_true(s->writable);
    ncm_snapshot_unref(s);
    const unsigned all = NCM_CAP_STAGES | NCM_CAP_ALIASES | NCM_CAP_WRITE | NCM_CAP_WATCH |
                         NCM_CAP_UNDO | NCM_CAP_ATOMIC;
    assert_int_equal(source.provider->capabilities & all, all);
    assert_int_equal(source.provider->capabilities & NCM_CAP_REMOTE, 0);
}

static bool apply(struct ncm_changes *c)
{
    struct ncm_receipt receipt;
    struct ncm_control control = {0};
    bool ok = source.provider->check(conn, c, &err) &&
              source.provider->apply(conn, c, NULL, &control, &receipt, &err);
    ncm_changes_release(c);
    return ok;
}

static void changes_go_to_their_own_store(void **state)
{
    (void)state;
    struct ncm_changes c;
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_ALIAS, "m", NULL, "champion", "2", "3");
    assert_true(apply(&c));
    assert_string_equal(small_ask(&registry, "SELECT version FROM registered_model_aliases"), "3");
    assert_string_equal(small_ask(&tracking, "SELECT version FROM registered_model_aliases"), "-");
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_RUN_TAG, RUN2, NULL, "color", NULL, "blue");
    assert_true(apply(&c));
    assert_string_equal(
        small_ask(&tracking, "SELECT value FROM tags WHERE key='color' AND run_uuid='" RUN2 "'"),
        "blue");
    assert_string_equal(
        small_ask(&registry, "SELECT value FROM tags WHERE key='color' AND run_uuid='" RUN2 "'"),
        "-");
    const struct ncm_change_point p = {0.5, 1000, 1};
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_RUN_CREATE, "1", NULL, NULL, NULL, "drift");
    ncm_changes_add_point(&c, "", "psi", &p);
    ncm_changes_add(&c, NCM_CH_RUN_STATUS, "", NULL, NULL, "RUNNING", "FINISHED");
    assert_true(apply(&c));
    const char *made = "SELECT count(*) FROM metrics m JOIN runs r ON r.run_uuid=m.run_uuid"
                       " WHERE r.name='drift' AND r.status='FINISHED' AND m.key='psi'";
    assert_string_equal(small_ask(&tracking, made), "1");
    assert_string_equal(small_ask(&registry, made), "0");
    struct ncm_change ch = {.kind = NCM_CH_ALIAS, .object = (char *)"m", .key = (char *)"champion"};
    char *value;
    assert_true(source.provider->present(conn, &ch, &value, &err));
    assert_string_equal(value, "3");
    ncm_free(value);
}

static void a_change_of_both_at_once_is_refused_whole(void **state)
{
    (void)state;
    struct ncm_changes c;
    struct ncm_receipt receipt;
    struct ncm_control control = {0};
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_RUN_TAG, RUN2, NULL, "color", NULL, "blue");
    ncm_changes_add(&c, NCM_CH_ALIAS, "m", NULL, "champion", "2", "3");
    assert_false(source.provider->check(conn, &c, &err));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_false(source.provider->apply(conn, &c, NULL, &control, &receipt, &err));
    assert_int_equal(err.code, NCM_REFUSED);
    ncm_changes_release(&c);
    assert_string_equal(small_ask(&registry, "SELECT version FROM registered_model_aliases"), "2");
    assert_string_equal(
        small_ask(&tracking, "SELECT value FROM tags WHERE key='color' AND run_uuid='" RUN2 "'"),
        "-");
}

static void a_promotion_is_recorded_with_the_registry(void **state)
{
    (void)state;
    assert_string_equal(source.state_path, registry.state_path);
    struct ncm_job_context ctx = {
        .provider = source.provider,
        .conn = conn,
        .place = &source.place,
        .store_label = choice.label,
        .registry_label = source.registry_label,
        .state_path = source.state_path,
    };
    struct ncm_plan *p = ncm_alloc(1, sizeof *p);
    p->intent = small_intent(NCM_DO_PROMOTE, "m", "3", NULL, "Production");
    ncm_changes_init(&p->changes);
    if (!ncm_plan_make(&ctx, p, &err) || !ncm_plan_execute(&ctx, p, &err)) {
        fail_msg("%s", err.what);
    }
    ncm_plan_free(p);
    assert_string_equal(
        small_ask(&registry, "SELECT current_stage FROM model_versions WHERE version=3"),
        "Production");
    assert_int_equal(access(registry.state_path, F_OK), 0);
    assert_int_equal(access(tracking.state_path, F_OK), -1);
    struct ncm_db *record;
    struct ncm_log_book book;
    assert_true(ncm_state_open(registry.state_path, false, &record, &err));
    assert_true(ncm_log_book_load(record, &book, &err));
    assert_int_equal(book.n, 1);
    assert_string_equal(book.items[0].store.p, registry.path);
    ncm_log_book_release(&book);
    ncm_db_close(record);
}

/* Watches until something happened; its topics. */
static unsigned news_after(const char *sql, struct small *of)
{
    struct ncm_interest interest = {.topics = ~0u};
    struct ncm_control control = {0};
    struct ncm_news news = {0};
    int64_t end = ncm_mono_ms() + PATIENCE_MS;
    assert_true(source.provider->watch(conn, &interest, 0, &control, &news, &err));
    small_exec(of, sql);
    for (news.what = 0; news.what == 0 && ncm_mono_ms() < end;) {
        assert_true(source.provider->watch(conn, &interest, 5000, &control, &news, &err));
    }
    assert_true((news.what & NCM_WATCH_DATA) != 0);
    return news.topics;
}

static void both_are_watched(void **state)
{
    (void)state;
    unsigned topics = news_after("UPDATE runs SET name='eins' WHERE name='one'", &tracking);
    assert_true((topics & TOPIC(NCM_T_RUNS)) != 0);
    assert_int_equal(topics & TOPIC(NCM_T_MODELS), 0);
    topics = news_after("UPDATE model_versions SET description='x'", &registry);
    assert_true((topics & TOPIC(NCM_T_MODELS)) != 0);
    assert_true((topics & TOPIC(NCM_T_RUN)) != 0); /* shows its versions */
    assert_int_equal(topics & TOPIC(NCM_T_RUNS), 0);
}

static void *interrupter(void *arg)
{
    atomic_bool *cancel = arg;
    atomic_store(cancel, true);
    source.provider->interrupt(conn);
    return NULL;
}

static void a_watch_ends_when_told(void **state)
{
    (void)state;
    atomic_bool cancel;
    atomic_init(&cancel, false);
    struct ncm_interest interest = {.topics = ~0u};
    struct ncm_control control = {.cancel = &cancel};
    struct ncm_news news;
    pthread_t thread;
    int64_t start = ncm_mono_ms();
    assert_true(source.provider->watch(conn, &interest, 0, &control, &news, &err));
    assert_int_equal(pthread_create(&thread, NULL, interrupter, &cancel), 0);
    bool ok = source.provider->watch(conn, &interest, PATIENCE_MS * 2, &control, &news, &err);
    assert_true(ok || err.code == NCM_CANCELLED);
    assert_true(ncm_mono_ms() - start < PATIENCE_MS);
    pthread_join(thread, NULL);
}

static void one_that_is_gone_leaves_the_other(void **state)
{
    (void)state;
    bool ok;
    source.provider->close(conn);
    struct ncm_control control = {0};
    assert_true(source.provider->open(&source.place, &conn, &control, &err));
    assert_int_equal(unlink(registry.path), 0);
    const struct ncm_runs_snapshot *runs = get(ncm_query_new(NCM_T_RUNS));
    assert_int_equal(runs->n, 3);
    ncm_snapshot_unref(runs);
    assert_null(ask(ncm_query_new(NCM_T_MODELS), &ok));
    assert_false(ok);
    assert_int_equal(err.code, NCM_NOT_FOUND);
    /* The run is shown, and that something is missing is said. */
    const struct ncm_run_snapshot *run = ask(ncm_query_run(RUN1), &ok);
    assert_false(ok);
    assert_non_null(run);
    assert_true(run->head.provisional);
    assert_string_equal(run->run.name.p, "one");
    ncm_snapshot_unref(run);
    const struct ncm_store_snapshot *s = ask(ncm_query_new(NCM_T_STORE), &ok);
    assert_false(ok);
    assert_true(s->head.provisional);
    assert_int_equal(s->n_models, -1);
    ncm_snapshot_unref(s);
    /* Its topics count as changed, so that reading finds out; the runs are watched on. */
    struct ncm_interest interest = {.topics = ~0u};
    struct ncm_news news;
    assert_true(source.provider->watch(conn, &interest, 0, &control, &news, &err));
    assert_true((news.topics & TOPIC(NCM_T_MODELS)) != 0);
    assert_int_equal(news.topics & TOPIC(NCM_T_RUNS), 0);
    small_exec(&tracking, "UPDATE runs SET name='eins' WHERE name='one'");
    int64_t end = ncm_mono_ms() + PATIENCE_MS;
    for (news.topics = 0; (news.topics & TOPIC(NCM_T_RUNS)) == 0 && ncm_mono_ms() < end;) {
        assert_true(source.provider->watch(conn, &interest, 5000, &control, &news, &err));
    }
    assert_true((news.topics & TOPIC(NCM_T_RUNS)) != 0);
}

static void the_same_store_twice_is_one(void **state)
{
    (void)state;
    struct ncm_choice same = choice;
    struct ncm_source one;
    same.registry = same.location;
    assert_true(ncm_source_make(&one, &same, &err));
    assert_ptr_equal(one.provider, ncm_provider_for(same.location));
    ncm_source_release(&one);
    same.registry = (char *)"postgresql://nowhere/at/all";
    assert_false(ncm_source_make(&one, &same, &err));
    assert_non_null(strstr(err.what, "nowhere"));
}

static int clean(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_topic_comes_from_its_store),
        CASE(a_run_has_the_versions_of_the_registry),
        CASE(the_store_is_told_of_as_both),
        CASE(changes_go_to_their_own_store),
        CASE(a_change_of_both_at_once_is_refused_whole),
        CASE(a_promotion_is_recorded_with_the_registry),
        CASE(both_are_watched),
        CASE(a_watch_ends_when_told),
        CASE(one_that_is_gone_leaves_the_other),
        CASE(the_same_store_twice_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
