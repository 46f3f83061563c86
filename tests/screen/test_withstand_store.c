/* The store underneath goes away, comes back, changes its form, is held by others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "screen/withstand.h"

#define RUN_NAMED(id, name)                                                                        \
    "INSERT INTO runs(run_uuid,name,user_id,status,start_time,lifecycle_stage,artifact_uri,"       \
    "experiment_id,source_type) VALUES ('" id "','" name "','u','FINISHED',"                       \
    "(SELECT max(start_time)+1 FROM runs),'active','x',5,'LOCAL');"
#define RUN_ID "b0000000000000000000000000000001"

static struct vt *open_usual(void)
{
    withstand_store("3.17.2");
    struct vt *vt = withstand_open(30, 120, NULL);
    vt_wait(vt, "hpo-parent", 0);
    vt_wait(vt, "live", 0);
    return vt;
}

/* Rows are still there, and the lamp does not say "live". */
static void check_stale(struct vt *vt)
{
    vt_wait_gone(vt, "● live", 8000);
    assert_true(vt_has(vt, "hpo-parent"));
    withstand_alive(vt);
}

static void check_live_again(struct vt *vt, const char *text)
{
    vt_wait(vt, text, 12000);
    vt_wait(vt, "● live", 12000);
    withstand_quit(vt);
}

static void a_deleted_store_comes_back(void **state)
{
    (void)state;
    struct vt *vt = open_usual();
    withstand_shell("mv \"$1/mlflow.db\" \"$1/away.db\"", "");
    check_stale(vt);
    withstand_shell("mv \"$1/away.db\" \"$1/mlflow.db\"", "");
    withstand_sql(RUN_NAMED(RUN_ID, "came-back"));
    check_live_again(vt, "came-back");
}

static void another_store_in_its_place(void **state)
{
    (void)state;
    struct vt *vt = open_usual();
    withstand_shell("gzip -dc tests/fixtures/mlflow-2.9.2.db.gz >\"$1/new.db\"", "");
    withstand_shell("mv \"$1/mlflow.db\" \"$1/old.db\" && mv \"$1/new.db\" \"$1/mlflow.db\"", "");
    withstand_sql(RUN_NAMED(RUN_ID, "in-new-one"));
    vt_wait(vt, "MLflow 2.8", 12000);
    check_live_again(vt, "in-new-one");
}

static void a_truncated_store_says_so(void **state)
{
    (void)state;
    struct vt *vt = open_usual();
    withstand_shell("cp \"$1/mlflow.db\" \"$1/whole.db\" && truncate -s 20000 \"$1/mlflow.db\"",
                    "");
    check_stale(vt);
    withstand_shell("mv \"$1/whole.db\" \"$1/mlflow.db\"", "");
    withstand_sql(RUN_NAMED(RUN_ID, "whole-again"));
    check_live_again(vt, "whole-again");
}

static void an_emptied_store_says_so(void **state)
{
    (void)state;
    struct vt *vt = open_usual();
    withstand_shell("cp \"$1/mlflow.db\" \"$1/whole.db\" && : >\"$1/mlflow.db\"", "");
    check_stale(vt);
    withstand_shell("cat \"$1/whole.db\" >\"$1/mlflow.db\"", "");
    withstand_sql(RUN_NAMED(RUN_ID, "filled"));
    check_live_again(vt, "filled");
}

static void rubbish_in_its_place_says_so(void **state)
{
    (void)state;
    struct vt *vt = open_usual();
    withstand_shell("mv \"$1/mlflow.db\" \"$1/whole.db\" && "
                    "yes rubbish | head -c 100000 >\"$1/mlflow.db\"",
                    "");
    check_stale(vt);
    withstand_shell("mv \"$1/whole.db\" \"$1/mlflow.db\"", "");
    withstand_sql(RUN_NAMED(RUN_ID, "store-again"));
    check_live_again(vt, "store-again");
}

/* As `mlflow db upgrade` by a release that we do not know does it: new columns, a new revision. */
static void a_migration_underneath(void **state)
{
    (void)state;
    struct vt *vt = open_usual();
    withstand_sql(
        "BEGIN; ALTER TABLE runs ADD COLUMN workspace2 VARCHAR(63);"
        "ALTER TABLE experiments ADD COLUMN colour VARCHAR(8);"
        "CREATE TABLE novelty(a INTEGER);"
        "UPDATE alembic_version SET version_num = 'f'||char(27)||'[2Jf'; COMMIT;" RUN_NAMED(
            RUN_ID, "migrated"));
    vt_wait(vt, "migrated", 12000);
    vt_wait(vt, "newer than", 12000);
    vt_key(vt, "3");
    vt_wait(vt, "no versions yet", 0);
    vt_key(vt, "j");
    vt_key(vt, "P");
    vt_wait(vt, "only read", 0);
    withstand_check_raw(vt);
    withstand_quit(vt);
}

/* ---- held by others ---- */

static pid_t hold(const char *sql, int pipe_in[2])
{
    char byte;
    int ready[2];
    assert_int_equal(pipe2(pipe_in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        sqlite3 *db;
        close(pipe_in[1]);
        if (sqlite3_open(withstand_path("mlflow.db"), &db) != SQLITE_OK)
            _exit(1);
        sqlite3_busy_timeout(db, 5000);
        if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK || write(ready[1], "x", 1) != 1)
            _exit(1);
        if (read(pipe_in[0], &byte, 1) < 0)
            _exit(1);
        _exit(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK ? 0 : 1);
    }
    close(pipe_in[0]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void let_go(pid_t pid, const int pipe_in[2])
{
    int status;
    close(pipe_in[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* A key is answered at once, whoever holds the store. */
static void check_quick(struct vt *vt, int limit_ms)
{
    int64_t start = withstand_ms();
    vt_key(vt, "?");
    vt_wait(vt, "Keys here", 0);
    assert_true(withstand_ms() - start < limit_ms * withstand_slow());
    vt_key(vt, "Esc");
    vt_wait_gone(vt, "Keys here", 0);
}

static void locked_for_long(void **state)
{
    int in[2];
    (void)state;
    struct vt *vt = open_usual();
    pid_t pid = hold("BEGIN EXCLUSIVE;" RUN_NAMED(RUN_ID, "long-held"), in);
    int64_t until = withstand_ms() + 8000;
    vt_wait_gone(vt, "● live", 8000);
    while (withstand_ms() < until) {
        check_quick(vt, 250);
        vt_key(vt, "j");
        vt_key(vt, "k");
        vt_key(vt, "u");
        vt_wait_quiet(vt, 300);
    }
    assert_true(vt_has(vt, "hpo-parent"));
    let_go(pid, in);
    check_live_again(vt, "long-held");
}

/* Opened while another holds it: waits, says so, is there when it is let go. */
static void locked_at_the_start(void **state)
{
    int in[2];
    (void)state;
    withstand_store("3.17.2");
    pid_t pid = hold("BEGIN EXCLUSIVE;" RUN_NAMED(RUN_ID, "held-first"), in);
    struct vt *vt = withstand_open(30, 120, NULL);
    check_quick(vt, 250);
    vt_wait_quiet(vt, 1500);
    assert_false(vt_has(vt, "● live"));
    check_quick(vt, 250);
    let_go(pid, in);
    check_live_again(vt, "held-first");
}

/* Ends while the store is held. */
static void quits_while_locked(void **state)
{
    int in[2];
    (void)state;
    struct vt *vt = open_usual();
    pid_t pid = hold("BEGIN EXCLUSIVE;" RUN_NAMED(RUN_ID, "held"), in);
    vt_key(vt, "u");
    vt_wait_quiet(vt, 300);
    int64_t start = withstand_ms();
    withstand_quit(vt);
    assert_true(withstand_ms() - start < 1000 * withstand_slow());
    let_go(pid, in);
}

/* ---- a writer that never rests ---- */

static pid_t write_on(int ms)
{
    pid_t pid = fork();
    if (pid == 0) {
        sqlite3 *db;
        int failed = 0;
        int64_t until = withstand_ms() + ms;
        if (sqlite3_open(withstand_path("mlflow.db"), &db) != SQLITE_OK)
            _exit(1);
        sqlite3_busy_timeout(db, 3000);
        for (int i = 0; withstand_ms() < until; i++) {
            char sql[600];
            snprintf(sql, sizeof sql,
                     "BEGIN IMMEDIATE; INSERT INTO metrics(key,value,timestamp,run_uuid,step,"
                     "is_nan) SELECT 'busy',%d,%d,run_uuid,%d,0 FROM runs LIMIT 1;"
                     "INSERT OR REPLACE INTO latest_metrics(key,value,timestamp,step,is_nan,"
                     "run_uuid) SELECT 'busy',%d,%d,%d,0,run_uuid FROM runs LIMIT 1;"
                     "%s COMMIT;",
                     i, i, i, i, i, i, i == 100 ? RUN_NAMED(RUN_ID, "amid-writes") : "");
            if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
                failed++;
                sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
            }
            poll(NULL, 0, 20);
        }
        _exit(failed > 99 ? 99 : failed);
    }
    return pid;
}

static int64_t committed_ms; /* when a connection of ours first saw the run */

static bool run_is_committed(void)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    bool there = false;
    assert_int_equal(sqlite3_open(withstand_path("mlflow.db"), &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 3000);
    if (sqlite3_prepare_v2(db, "SELECT 1 FROM runs WHERE run_uuid='" RUN_ID "'", -1, &st, NULL) ==
        SQLITE_OK) {
        there = sqlite3_step(st) == SQLITE_ROW;
        sqlite3_finalize(st);
    }
    sqlite3_close(db);
    return there;
}

static bool shown(struct vt *vt, void *ctx)
{
    (void)ctx;
    assert_false(vt_has(vt, "offline"));
    assert_false(vt_has(vt, "locked"));
    if (committed_ms == 0 && run_is_committed())
        committed_ms = withstand_ms();
    return vt_has(vt, "amid-writes");
}

static void a_busy_writer_is_not_held_up(void **state)
{
    int status;
    (void)state;
    struct vt *vt = open_usual();
    vt_wait_quiet(vt, 300);
    committed_ms = 0;
    pid_t pid = write_on(5000);
    vt_wait_for(vt, shown, NULL, 15000);
    assert_true(committed_ms == 0 || withstand_ms() - committed_ms < 1000 * withstand_slow());
    while (waitpid(pid, &status, WNOHANG) == 0) {
        vt_key(vt, "j");
        vt_wait_quiet(vt, 50);
        assert_false(vt_has(vt, "offline"));
    }
    assert_int_equal(status, 0); /* and no commit of it failed */
    withstand_alive(vt);
    withstand_quit(vt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deleted_store_comes_back),
        cmocka_unit_test(another_store_in_its_place),
        cmocka_unit_test(a_truncated_store_says_so),
        cmocka_unit_test(an_emptied_store_says_so),
        cmocka_unit_test(rubbish_in_its_place_says_so),
        cmocka_unit_test(a_migration_underneath),
        cmocka_unit_test(locked_for_long),
        cmocka_unit_test(locked_at_the_start),
        cmocka_unit_test(quits_while_locked),
        cmocka_unit_test(a_busy_writer_is_not_held_up),
    };
    return cmocka_run_group_tests(tests, withstand_setup, withstand_teardown);
}
