/* The demo workspace: whole, believable, left alone when it is there, and its runs go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/db.h"
#include "io/file.h"
#include "ops/demo.h"

static char folder[256];
static char *store;

static int make(void **state)
{
    (void)state;
    struct ncm_err err;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/ncmlops-demo-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    char *dir = ncm_path_join(folder, "work space/데모");
    bool ok = ncm_demo_make(dir, &store, &err);
    ncm_free(dir);
    return ok ? 0 : -1;
}

static int clean(void **state)
{
    (void)state;
    ncm_free(store);
    return 0;
}

static int64_t ask(const char *sql)
{
    struct ncm_db *db;
    struct ncm_err err;
    int64_t value = -1;
    assert_true(ncm_db_open(store, NCM_DB_READ, 5000, NULL, &db, &err));
    assert_true(ncm_db_i64(db, sql, -1, &value, &err));
    ncm_db_close(db);
    return value;
}

static void change(const char *sql)
{
    struct ncm_db *db;
    struct ncm_err err;
    assert_true(ncm_db_open(store, NCM_DB_WRITE, 5000, NULL, &db, &err));
    assert_true(ncm_db_exec(db, sql, &err));
    ncm_db_close(db);
}

static void has_the_newest_schema(void **state)
{
    (void)state;
    assert_int_equal(ask("SELECT count(*) FROM alembic_version WHERE version_num='dc11669786a5'"),
                     1);
    assert_int_equal(ask("SELECT count(*) FROM sqlite_master WHERE type='table'"), 65);
    assert_int_equal(ask("SELECT count(*) FROM workspaces WHERE name='default'"), 1);
    assert_int_equal(ask("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_string_equal(strrchr(store, '/'), "/mlflow.db");
}

static void tells_a_believable_story(void **state)
{
    (void)state;
    assert_true(ask("SELECT count(*) FROM runs") > 390);
    assert_int_equal(ask("SELECT count(*) FROM runs WHERE status='RUNNING'"), 2);
    assert_true(ask("SELECT count(*) FROM runs WHERE status='FAILED'") > 10);
    assert_true(ask("SELECT count(*) FROM latest_metrics WHERE is_nan=1") > 10);
    assert_true(ask("SELECT count(*) FROM tags WHERE key='mlflow.parentRunId'") > 80);
    /* Stages of every kind, one Production a model at most. */
    assert_int_equal(ask("SELECT count(DISTINCT current_stage) FROM model_versions"), 4);
    assert_int_equal(ask("SELECT count(*) FROM (SELECT name FROM model_versions WHERE "
                         "current_stage='Production' GROUP BY name HAVING count(*)>1)"),
                     0);
    assert_int_equal(ask("SELECT count(*) FROM registered_model_aliases a LEFT JOIN "
                         "model_versions v USING(name,version) WHERE v.name IS NULL"),
                     0);
    /* The candidate is better than what is in production. */
    assert_int_equal(
        ask("SELECT (SELECT m.value FROM model_versions v JOIN latest_metrics m ON "
            "m.run_uuid=v.run_id WHERE v.name='fraud-detector' AND v.current_stage='Staging' AND "
            "m.key='auc') > (SELECT m.value FROM model_versions v JOIN latest_metrics m ON "
            "m.run_uuid=v.run_id WHERE v.name='fraud-detector' AND "
            "v.current_stage='Production' AND m.key='auc') + 0.02"),
        1);
}

static void is_consistent(void **state)
{
    (void)state;
    /* What lists show is the greatest (step, time, value) of the history. */
    assert_int_equal(ask("SELECT count(*) FROM latest_metrics l WHERE NOT EXISTS (SELECT 1 FROM "
                         "metrics m WHERE m.run_uuid=l.run_uuid AND m.key=l.key AND "
                         "m.step=l.step AND m.timestamp=l.timestamp AND m.value=l.value AND "
                         "m.is_nan=l.is_nan)"),
                     0);
    assert_int_equal(ask("SELECT count(*) FROM metrics m JOIN latest_metrics l USING(run_uuid,key) "
                         "WHERE m.step > l.step"),
                     0);
    assert_int_equal(ask("SELECT count(*) FROM runs WHERE end_time < start_time"), 0);
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM metrics WHERE timestamp > %lld",
             (long long)ncm_now_ms());
    assert_int_equal(ask(sql), 0);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM runs WHERE start_time < %lld",
             (long long)(ncm_now_ms() - INT64_C(91) * 86400000));
    assert_int_equal(ask(sql), 0);
    assert_int_equal(ask("SELECT count(*) FROM model_versions v LEFT JOIN runs r ON "
                         "r.run_uuid=v.run_id WHERE r.status IS NOT 'FINISHED'"),
                     0);
}

static void keeps_files_where_the_store_says(void **state)
{
    (void)state;
    struct ncm_db *db;
    struct ncm_err err;
    struct ncm_stmt *st;
    bool row;
    int n = 0;
    assert_true(ncm_db_open(store, NCM_DB_READ, 5000, NULL, &db, &err));
    assert_true(ncm_db_prepare(db, "SELECT storage_location FROM model_versions", &st, &err));
    while (ncm_stmt_step(st, &row, &err) && row) {
        struct ncm_file_info info;
        char *path = ncm_path_join(ncm_cstr(ncm_col_text(st, 0)), "MLmodel");
        assert_true(ncm_file_stat(path, &info, &err));
        assert_int_equal(info.kind, NCM_FILE_REGULAR);
        ncm_free(path);
        n++;
    }
    ncm_stmt_end(st);
    ncm_db_close(db);
    assert_true(n > 25);
}

static void leaves_an_existing_one_alone(void **state)
{
    (void)state;
    struct ncm_err err;
    char *dir = ncm_path_join(folder, "work space/데모"), *again = NULL;
    change("UPDATE registered_models SET description='mine' WHERE name='churn'");
    assert_true(ncm_demo_make(dir, &again, &err));
    assert_string_equal(again, store);
    assert_int_equal(ask("SELECT count(*) FROM registered_models WHERE description='mine'"), 1);
    ncm_free(again);
    ncm_free(dir);
}

static void says_where_it_cannot_be_made(void **state)
{
    (void)state;
    struct ncm_err err;
    char *path = NULL;
    assert_false(ncm_demo_make("/proc/nowhere/demo", &path, &err));
    assert_non_null(strstr(err.what, "/proc/nowhere"));
    assert_null(path);
}

static volatile int stop;

static void on_term(int number)
{
    (void)number;
    stop = 1;
}

/* The companion in a process of its own, as the program runs it. */
static pid_t start_companion(void)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct ncm_err err;
        struct sigaction action = {.sa_handler = on_term};
        alarm(90); /* whatever goes wrong, it does not stay */
        sigaction(SIGTERM, &action, NULL);
        _exit(ncm_demo_train(store, &stop, &err) ? 0 : 1);
    }
    return child;
}

/* Trains until the question is answered with something greater than `than`. */
static int64_t train_until(const char *sql, int64_t than)
{
    int64_t value = than, deadline = ncm_mono_ms() + 30000;
    int status = -1;
    pid_t child = start_companion();
    while (value <= than && ncm_mono_ms() < deadline) {
        poll(NULL, 0, 10);
        value = ask(sql);
    }
    kill(child, SIGTERM);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    return value;
}

static const char points[] =
    "SELECT count(*) FROM metrics JOIN runs USING(run_uuid) WHERE status='RUNNING'";

/* A parent that is killed takes its companion along: the pipe that both hold comes to its end. */
static void ends_with_its_parent(void **state)
{
    (void)state;
    int ends[2];
    char byte;
    int64_t before = ask(points), deadline = ncm_mono_ms() + 30000;
    assert_int_equal(pipe(ends), 0);
    pid_t parent = fork();
    assert_true(parent >= 0);
    if (parent == 0) {
        close(ends[0]);
        start_companion();
        poll(NULL, 0, 60000);
        _exit(1);
    }
    close(ends[1]);
    while (ask(points) == before && ncm_mono_ms() < deadline) {
        poll(NULL, 0, 10);
    }
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    struct pollfd p = {.fd = ends[0], .events = POLLIN};
    assert_int_equal(poll(&p, 1, 30000), 1);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

static void goes_on_training(void **state)
{
    (void)state;
    int64_t before = ask(points);
    assert_true(train_until(points, before + 4) > before + 4);
    assert_int_equal(ask("SELECT count(*) FROM runs WHERE status='RUNNING'"), 2);
    is_consistent(NULL);
}

static void ends_runs_that_are_done_and_starts_others(void **state)
{
    (void)state;
    int64_t runs = ask("SELECT count(*) FROM runs");
    change("UPDATE latest_metrics SET step=899 WHERE key='loss' AND run_uuid IN (SELECT run_uuid "
           "FROM runs WHERE status='RUNNING' AND experiment_id=1)");
    assert_int_equal(train_until("SELECT count(*) FROM runs", runs), runs + 1);
    assert_int_equal(ask("SELECT count(*) FROM runs r JOIN tags t USING(run_uuid) WHERE "
                         "t.key='ncmlops.demo.live' AND r.status='FINISHED' AND r.end_time>0"),
                     1);
    assert_int_equal(ask("SELECT count(*) FROM runs WHERE status='RUNNING'"), 2);
}

static void does_not_continue_what_was_left_long_ago(void **state)
{
    (void)state;
    int64_t runs = ask("SELECT count(*) FROM runs");
    change("UPDATE latest_metrics SET timestamp=timestamp-600000 WHERE run_uuid IN "
           "(SELECT run_uuid FROM runs WHERE status='RUNNING'); "
           "UPDATE runs SET start_time=start_time-600000 WHERE status='RUNNING'");
    assert_true(train_until("SELECT count(*) FROM runs", runs + 1) >= runs + 2);
    assert_int_equal(ask("SELECT count(*) FROM runs r JOIN tags t USING(run_uuid) WHERE "
                         "t.key='ncmlops.demo.live' AND r.status='KILLED'"),
                     2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_newest_schema),
        cmocka_unit_test(tells_a_believable_story),
        cmocka_unit_test(is_consistent),
        cmocka_unit_test(keeps_files_where_the_store_says),
        cmocka_unit_test(leaves_an_existing_one_alone),
        cmocka_unit_test(says_where_it_cannot_be_made),
        cmocka_unit_test(ends_with_its_parent),
        cmocka_unit_test(goes_on_training),
        cmocka_unit_test(ends_runs_that_are_done_and_starts_others),
        cmocka_unit_test(does_not_continue_what_was_left_long_ago),
    };
    return cmocka_run_group_tests(tests, make, clean);
}
