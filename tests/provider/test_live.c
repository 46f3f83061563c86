/* A session on a store in use: what others commit is on screen within a second, and a store that
 * is deleted, replaced or damaged meanwhile never takes away what is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/db.h"
#include "ops/open.h"
#include "stores.h"

enum { PATIENCE_MS = 30000 };

static struct ncm_session *session;
static char *path;
static char run_id[64];

/* How much slower this machine is allowed to be (checkers, valgrind). */
static int64_t slow(void)
{
    const char *s = getenv("NCMLOPS_TEST_SLOW");
    int64_t n;
    return s != NULL && ncm_parse_i64(s, &n) && n > 0 ? n : 1;
}

static void open_on(const char *version)
{
    struct ncm_session_options o = {0};
    struct ncm_err err;
    ncm_free(path);
    path = ncm_strdup(store_copy(version, "live.db"));
    o.store = path;
    if (!ncm_session_open(&o, &session, &err)) {
        fail_msg("%s", err.what);
    }
    ncm_session_pump(session); /* the watch begins */
}

static int tear_down(void **state)
{
    (void)state;
    int64_t start = ncm_mono_ms();
    ncm_session_close(session);
    session = NULL;
    /* Leaving is immediate, whatever the lanes wait for. */
    assert_in_range(ncm_mono_ms() - start, 0, 1000 * slow());
    return 0;
}

static void sql(const char *text)
{
    struct ncm_db *db;
    struct ncm_err err;
    if (!ncm_db_open(path, NCM_DB_WRITE, 10000, NULL, &db, &err) || !ncm_db_exec(db, text, &err)) {
        fail_msg("%s", err.what);
    }
    ncm_db_close(db);
}

typedef bool (*condition)(const struct ncm_want *w, const void *arg);

static int64_t wait_for(condition done, const struct ncm_want *w, const void *arg)
{
    int64_t start = ncm_mono_ms();
    while (!done(w, arg)) {
        struct pollfd p = {.fd = ncm_session_bell(session), .events = POLLIN};
        if (ncm_mono_ms() - start > PATIENCE_MS) {
            const struct ncm_err *e = ncm_want_error(w);
            fail_msg("it never came; last error: %s", e != NULL ? e->what : "none");
        }
        poll(&p, 1, 100);
        ncm_session_pump(session);
    }
    return ncm_mono_ms() - start;
}

static bool has_rows(const struct ncm_want *w, const void *arg)
{
    const struct ncm_runs_snapshot *s = ncm_want_get(w);
    return s != NULL && !s->head.provisional && s->n == *(const size_t *)arg;
}

static bool has_points(const struct ncm_want *w, const void *arg)
{
    const struct ncm_series_snapshot *s = ncm_want_get(w);
    return s != NULL && s->total == *(const int64_t *)arg;
}

static bool is_offline(const struct ncm_want *w, const void *arg)
{
    (void)arg;
    return ncm_want_freshness(w).state == NCM_OFFLINE;
}

static bool is_live(const struct ncm_want *w, const void *arg)
{
    (void)arg;
    return ncm_want_freshness(w).state == NCM_LIVE;
}

static struct ncm_want *want_runs(void)
{
    struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
    ncm_query_add_id(q, "1");
    struct ncm_want *w = ncm_session_want(session, q);
    ncm_query_free(q);
    return w;
}

static size_t rows_of(struct ncm_want *w)
{
    const void *snap;
    struct ncm_err err;
    if (!ncm_want_wait(w, &snap, &err)) {
        fail_msg("%s", err.what);
    }
    const struct ncm_runs_snapshot *s = snap;
    const struct ncm_run *r = ncm_runs_at(s, 0);
    assert_non_null(r);
    snprintf(run_id, sizeof run_id, "%s", ncm_cstr(r->id));
    return s->n;
}

static void new_runs_and_points_within_a_second(void **state)
{
    (void)state;
    open_on("3.17.2");
    struct ncm_want *runs = want_runs();
    size_t n = rows_of(runs);
    struct ncm_query *q = ncm_query_series(run_id, "loss", 0);
    struct ncm_want *points = ncm_session_want(session, q);
    ncm_query_free(q);
    const void *snap;
    struct ncm_err err;
    assert_true(ncm_want_wait(points, &snap, &err));
    int64_t total = ((const struct ncm_series_snapshot *)snap)->total;
    wait_for(is_live, runs, NULL);
    int64_t worst = 0;
    for (int i = 0; i < 5; i++) {
        char *text = ncm_sprintf(
            "BEGIN IMMEDIATE;"
            "INSERT INTO runs(run_uuid,name,source_type,source_name,entry_point_name,user_id,"
            "status,start_time,lifecycle_stage,artifact_uri,experiment_id) VALUES("
            "'%032d','live','UNKNOWN','','','me','RUNNING',1900000000000,'active','/x',1);"
            "INSERT INTO metrics(key,value,timestamp,run_uuid,step,is_nan) "
            "VALUES('loss',0.5,1900000000000,'%s',%d,0); COMMIT",
            i + 1, run_id, 100000 + i);
        sql(text);
        ncm_free(text);
        n++;
        total++;
        int64_t took = wait_for(has_rows, runs, &n) + wait_for(has_points, points, &total);
        worst = took > worst ? took : worst;
    }
    assert_in_range(worst, 0, 1000 * slow());
    ncm_want_release(points);
    ncm_want_release(runs);
}

static void deleted_and_back(void **state)
{
    (void)state;
    open_on("2.22.5");
    struct ncm_want *runs = want_runs();
    size_t n = rows_of(runs);
    wait_for(is_live, runs, NULL);
    char *aside = ncm_sprintf("%s.aside", path);
    assert_int_equal(rename(path, aside), 0);
    wait_for(is_offline, runs, NULL);
    assert_true(has_rows(runs, &n)); /* still shown */
    assert_true(ncm_want_freshness(runs).retry_ms >= 0);
    assert_int_equal(rename(aside, path), 0);
    wait_for(is_live, runs, NULL);
    assert_null(ncm_want_error(runs));
    ncm_want_release(runs);
    ncm_free(aside);
}

static void replaced_by_another(void **state)
{
    (void)state;
    open_on("2.22.5");
    struct ncm_want *runs = want_runs();
    rows_of(runs);
    wait_for(is_live, runs, NULL);
    const char *other = store_copy("1.30.1", "other.db");
    struct ncm_db *db;
    struct ncm_err err;
    assert_true(ncm_db_open(other, NCM_DB_WRITE, 1000, NULL, &db, &err));
    assert_true(ncm_db_exec(db, "UPDATE runs SET lifecycle_stage='deleted' WHERE rowid > 9", &err));
    int64_t left;
    assert_true(ncm_db_i64(db,
                           "SELECT count(*) FROM runs WHERE experiment_id=1 AND "
                           "lifecycle_stage='active'",
                           -1, &left, &err));
    ncm_db_close(db);
    assert_int_equal(rename(other, path), 0);
    size_t n = (size_t)left;
    wait_for(has_rows, runs, &n);
    wait_for(is_live, runs, NULL);
    ncm_want_release(runs);
}

static void truncated_while_open(void **state)
{
    (void)state;
    open_on("2.9.2");
    struct ncm_want *runs = want_runs();
    size_t n = rows_of(runs);
    wait_for(is_live, runs, NULL);
    assert_int_equal(truncate(path, 100), 0);
    wait_for(is_offline, runs, NULL);
    assert_true(has_rows(runs, &n));
    ncm_want_release(runs);
}

static void nothing_there_from_the_start(void **state)
{
    (void)state;
    struct ncm_session_options o = {.store = "/nowhere/mlflow.db"};
    struct ncm_err err = {0};
    const void *snap;
    assert_true(ncm_session_open(&o, &session, &err));
    struct ncm_want *runs = want_runs();
    assert_false(ncm_want_wait(runs, &snap, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_int_equal(ncm_want_freshness(runs).state, NCM_OFFLINE);
    assert_int_equal(ncm_want_freshness(runs).age_ms, -1);
    ncm_want_release(runs);
}

/* Ten writers' worth of commits while a screen looks: no read fails, none is far behind. */
static void under_constant_writing(void **state)
{
    (void)state;
    open_on("3.17.2");
    struct ncm_want *runs = want_runs();
    rows_of(runs);
    for (int i = 0; i < 200; i++) {
        char *text = ncm_sprintf("INSERT INTO metrics(key,value,timestamp,run_uuid,step,is_nan) "
                                 "VALUES('live',0.5,1900000000000,'%s',%d,0)",
                                 run_id, i);
        sql(text);
        ncm_free(text);
        ncm_session_pump(session);
        assert_null(ncm_want_error(runs));
    }
    struct ncm_query *q = ncm_query_series(run_id, "live", 0);
    struct ncm_want *points = ncm_session_want(session, q);
    ncm_query_free(q);
    const int64_t all = 200;
    wait_for(has_points, points, &all);
    ncm_want_release(points);
    ncm_want_release(runs);
}

#define CASE(f) cmocka_unit_test_teardown(f, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(new_runs_and_points_within_a_second),
        CASE(deleted_and_back),
        CASE(replaced_by_another),
        CASE(truncated_while_open),
        CASE(nothing_there_from_the_start),
        CASE(under_constant_writing),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    ncm_free(path);
    return failed;
}
