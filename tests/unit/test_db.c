#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "io/db.h"
#include "unit/scratch.h"

enum { PATIENCE_MS = 60000 };

static struct ncm_db *open_db(const char *path, enum ncm_db_mode mode, int busy_ms,
                              const atomic_bool *cancel)
{
    struct ncm_db *db = NULL;
    struct ncm_err e;
    if (!ncm_db_open(path, mode, busy_ms, cancel, &db, &e))
        fail_msg("%s: %s (%s)", path, e.what, e.detail);
    return db;
}

static void exec(struct ncm_db *db, const char *sql)
{
    struct ncm_err e;
    if (!ncm_db_exec(db, sql, &e))
        fail_msg("%s: %s", sql, e.what);
}

static int64_t number(struct ncm_db *db, const char *sql)
{
    struct ncm_err e;
    int64_t v = -1;
    if (!ncm_db_i64(db, sql, -1, &v, &e))
        fail_msg("%s: %s", sql, e.what);
    return v;
}

/* A small store in a fresh file. */
static const char *store(const char *name)
{
    const char *path = scratch(name);
    struct ncm_db *db = open_db(path, NCM_DB_CREATE, 1000, NULL);
    exec(db, "CREATE TABLE runs(run_uuid TEXT PRIMARY KEY, n INTEGER, v REAL);"
             "INSERT INTO runs VALUES('a',1,0.5),('b',9007199254740993,NULL)");
    ncm_db_close(db);
    return path;
}

static void refused(const char *path, enum ncm_db_mode mode, enum ncm_code code, const char *what)
{
    struct ncm_db *db = NULL;
    struct ncm_err e;
    assert_false(ncm_db_open(path, mode, 100, NULL, &db, &e));
    assert_null(db);
    if (e.code != code || !strstr(e.what, what))
        fail_msg("%s: %s (%s)", ncm_code_name(e.code), e.what, e.detail);
    const char *name = strrchr(path, '/');
    assert_non_null(strstr(e.what, name ? name + 1 : path));
}

static void statements_bind_step_and_come_back_from_the_cache(void **state)
{
    struct ncm_db *db = open_db(store("cache.db"), NCM_DB_READ, 1000, NULL);
    struct ncm_err e;
    (void)state;
    struct ncm_stmt *first = NULL;
    for (int i = 0; i < 3; i++) {
        struct ncm_stmt *st;
        bool row;
        assert_true(
            ncm_db_prepare(db, "SELECT n, v, run_uuid, ? FROM runs WHERE run_uuid=?", &st, &e));
        if (i > 0)
            assert_ptr_equal(st, first);
        first = st;
        ncm_bind_text(st, 1, "x\0y", 3);
        ncm_bind_cstr(st, 2, "b");
        assert_true(ncm_stmt_step(st, &row, &e));
        assert_true(row);
        assert_true(ncm_col_i64(st, 0) == 9007199254740993);
        assert_true(ncm_col_null(st, 1));
        assert_null(ncm_col_text(st, 1).p);
        assert_true(ncm_str_is(ncm_col_text(st, 2), "b"));
        assert_int_equal(ncm_col_text(st, 3).len, 3);
        assert_true(ncm_stmt_step(st, &row, &e));
        assert_false(row);
        ncm_stmt_end(st);
    }
    ncm_stmt_end(NULL);
    ncm_db_close(db);
    ncm_db_close(NULL);
}

static void the_same_text_may_run_twice_at_a_time(void **state)
{
    struct ncm_db *db = open_db(store("twice.db"), NCM_DB_READ, 1000, NULL);
    struct ncm_stmt *outer, *inner;
    struct ncm_err e;
    bool row;
    int pairs = 0;
    (void)state;
    assert_true(ncm_db_prepare(db, "SELECT n FROM runs", &outer, &e));
    while (ncm_stmt_step(outer, &row, &e) && row) {
        assert_true(ncm_db_prepare(db, "SELECT n FROM runs", &inner, &e));
        assert_ptr_not_equal(inner, outer);
        while (ncm_stmt_step(inner, &row, &e) && row)
            pairs++;
        ncm_stmt_end(inner);
    }
    ncm_stmt_end(outer);
    assert_int_equal(pairs, 4);
    /* Many texts: the cache is bounded and keeps working. */
    for (int i = 0; i < 500; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "SELECT %d", i);
        assert_int_equal(number(db, sql), i);
    }
    ncm_db_close(db);
}

static void rules_of_each_connection(void **state)
{
    struct ncm_db *db = open_db(store("rules.db"), NCM_DB_WRITE, 1000, NULL);
    struct ncm_err e;
    (void)state;
    assert_int_equal(number(db, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number(db, "SELECT 'A' LIKE 'a'"), 0);
    assert_int_equal(number(db, "PRAGMA mmap_size"), 0);
    assert_true(ncm_db_has_table(db, "runs"));
    assert_false(ncm_db_has_table(db, "run"));
    assert_true(ncm_db_has_column(db, "runs", "v"));
    assert_false(ncm_db_has_column(db, "runs", "w"));
    assert_false(ncm_db_has_column(db, "nothing", "v"));
    exec(db, "UPDATE runs SET n=n");
    assert_int_equal(ncm_db_changes(db), 2);
    assert_false(ncm_db_exec(db, "INSERT INTO runs VALUES('a',2,0)", &e));
    assert_int_equal(e.code, NCM_CONFLICT);
    int64_t v = 5;
    assert_true(ncm_db_i64(db, "SELECT v FROM runs WHERE n=7", 42, &v, &e));
    assert_int_equal(v, 42);
    assert_false(ncm_db_i64(db, "SELECT v FROM nowhere", 42, &v, &e));
    assert_int_equal(e.code, NCM_INVALID_DATA);
    ncm_db_close(db);
}

static void what_is_not_a_database_is_said_at_open(void **state)
{
    char junk[3000];
    (void)state;
    memset(junk, 'x', sizeof junk);
    refused(scratch("absent.db"), NCM_DB_READ, NCM_NOT_FOUND, "no file");
    refused(scratch("no/such/folder.db"), NCM_DB_CREATE, NCM_NOT_FOUND, "cannot open");
    refused(scratch_file("junk.db", junk, sizeof junk), NCM_DB_READ, NCM_INVALID_DATA,
            "not an SQLite");
    mkdir(scratch("folder.db"), 0700);
    refused(scratch("folder.db"), NCM_DB_READ, NCM_INVALID_DATA, "folder");
    mkfifo(scratch("fifo.db"), 0600);
    refused(scratch("fifo.db"), NCM_DB_READ, NCM_INVALID_DATA, "regular");
    struct ncm_db *db = open_db(scratch_file("empty.db", "", 0), NCM_DB_READ, 100, NULL);
    assert_false(ncm_db_has_table(db, "runs"));
    ncm_db_close(db);
}

static void a_truncated_file_is_damaged(void **state)
{
    const char *path = scratch("cut.db");
    (void)state;
    struct ncm_db *db = open_db(path, NCM_DB_CREATE, 1000, NULL);
    exec(db, "CREATE TABLE t(x); WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c "
             "WHERE i<5000) INSERT INTO t SELECT randomblob(50) FROM c");
    ncm_db_close(db);
    assert_int_equal(truncate(path, 20000), 0);
    refused(path, NCM_DB_READ, NCM_INVALID_DATA, "damaged");
}

static void names_that_sqlite_would_interpret_are_plain_files(void **state)
{
    char cwd[1024];
    (void)state;
    assert_non_null(getcwd(cwd, sizeof cwd));
    (void)store("placeholder.db");
    mkdir(scratch("here"), 0700);
    assert_int_equal(chdir(scratch("here")), 0);
    static const char *const names[] = {":memory:", "file:x?mode=memory", "a b%20.db"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct ncm_db *db = open_db(names[i], NCM_DB_CREATE, 100, NULL);
        struct stat st;
        assert_string_equal(ncm_db_path(db), names[i]);
        assert_int_equal(stat(names[i], &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        ncm_db_close(db);
    }
    assert_int_equal(chdir(cwd), 0);
}

struct other {
    struct ncm_db *db;
    atomic_bool *flag;
    atomic_bool done;
};

static void *release_lock(void *arg)
{
    struct other *o = arg;
    ncm_db_rollback(o->db);
    return NULL;
}

static void *set_flag(void *arg)
{
    atomic_store(((struct other *)arg)->flag, true);
    return NULL;
}

static void *interrupt_until_done(void *arg)
{
    struct other *o = arg;
    while (!atomic_load(&o->done)) {
        ncm_db_interrupt(o->db);
        sched_yield();
    }
    return NULL;
}

static void a_lock_is_waited_for_until_the_deadline(void **state)
{
    const char *path = store("busy.db");
    struct ncm_db *holder = open_db(path, NCM_DB_WRITE, 1000, NULL);
    struct ncm_db *db = open_db(path, NCM_DB_WRITE, 120, NULL);
    struct ncm_err e;
    (void)state;
    assert_true(ncm_db_begin(holder, &e));
    int64_t from = ncm_mono_ms();
    assert_false(ncm_db_begin(db, &e));
    assert_true(ncm_mono_ms() - from >= 119);
    assert_int_equal(e.code, NCM_BUSY);
    assert_non_null(strstr(e.what, "busy.db"));
    assert_true(*e.hint);
    ncm_db_close(db);
    /* And it goes on as soon as the other one is done. */
    db = open_db(path, NCM_DB_WRITE, PATIENCE_MS, NULL);
    struct other o = {.db = holder};
    pthread_t t;
    pthread_create(&t, NULL, release_lock, &o);
    assert_true(ncm_db_begin(db, &e));
    pthread_join(t, NULL);
    exec(db, "UPDATE runs SET n=5 WHERE run_uuid='a'");
    assert_true(ncm_db_commit(db, &e));
    ncm_db_rollback(db);
    assert_int_equal(number(holder, "SELECT n FROM runs WHERE run_uuid='a'"), 5);
    ncm_db_close(db);
    ncm_db_close(holder);
}

static void an_exclusive_lock_stops_opening_with_busy(void **state)
{
    const char *path = store("exclusive.db");
    struct ncm_db *holder = open_db(path, NCM_DB_WRITE, 1000, NULL);
    (void)state;
    exec(holder, "BEGIN EXCLUSIVE");
    refused(path, NCM_DB_READ, NCM_BUSY, "locked");
    ncm_db_rollback(holder);
    ncm_db_close(open_db(path, NCM_DB_READ, 100, NULL));
    ncm_db_close(holder);
}

static void cancel_ends_the_waiting(void **state)
{
    const char *path = store("cancel.db");
    atomic_bool cancel = false;
    struct ncm_db *holder = open_db(path, NCM_DB_WRITE, 1000, NULL);
    struct ncm_db *db = open_db(path, NCM_DB_WRITE, PATIENCE_MS, &cancel);
    struct other o = {.flag = &cancel};
    struct ncm_err e;
    pthread_t t;
    (void)state;
    assert_true(ncm_db_begin(holder, &e));
    int64_t from = ncm_mono_ms();
    pthread_create(&t, NULL, set_flag, &o);
    assert_false(ncm_db_begin(db, &e));
    pthread_join(t, NULL);
    assert_int_equal(e.code, NCM_CANCELLED);
    assert_true(ncm_mono_ms() - from < PATIENCE_MS / 2);
    /* While it is set nothing else starts. */
    assert_false(ncm_db_exec(db, "SELECT 1", &e));
    assert_int_equal(e.code, NCM_CANCELLED);
    ncm_db_close(db);
    ncm_db_close(holder);
}

#define ENDLESS                                                                                    \
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c) SELECT count(*) FROM c"

static void cancel_and_interrupt_end_a_long_statement(void **state)
{
    const char *path = store("long.db");
    atomic_bool cancel = false;
    struct ncm_db *db = open_db(path, NCM_DB_READ, 1000, &cancel);
    struct other o = {.db = db, .flag = &cancel};
    struct ncm_err e;
    pthread_t t;
    int64_t v;
    (void)state;
    pthread_create(&t, NULL, interrupt_until_done, &o);
    assert_false(ncm_db_i64(db, ENDLESS, 0, &v, &e));
    atomic_store(&o.done, true);
    pthread_join(t, NULL);
    assert_int_equal(e.code, NCM_CANCELLED);
    assert_int_equal(number(db, "SELECT 3"), 3);
    pthread_create(&t, NULL, set_flag, &o);
    assert_false(ncm_db_i64(db, ENDLESS, 0, &v, &e));
    pthread_join(t, NULL);
    assert_int_equal(e.code, NCM_CANCELLED);
    atomic_store(&cancel, false);
    assert_int_equal(number(db, "SELECT count(*) FROM runs"), 2);
    ncm_db_close(db);
}

static void a_cancelled_transaction_can_be_rolled_back(void **state)
{
    const char *path = store("rollback.db");
    atomic_bool cancel = false;
    struct ncm_db *db = open_db(path, NCM_DB_WRITE, 1000, &cancel);
    struct ncm_err e;
    (void)state;
    assert_true(ncm_db_begin(db, &e));
    exec(db, "DELETE FROM runs");
    atomic_store(&cancel, true);
    assert_false(ncm_db_commit(db, &e));
    assert_int_equal(e.code, NCM_CANCELLED);
    atomic_store(&cancel, false);
    assert_int_equal(number(db, "SELECT count(*) FROM runs"), 2);
    assert_true(ncm_db_begin(db, &e)); /* nothing was left open */
    ncm_db_rollback(db);
    ncm_db_close(db);
}

static void data_version_moves_with_the_commits_of_others(void **state)
{
    const char *path = store("version.db");
    struct ncm_db *a = open_db(path, NCM_DB_READ, 1000, NULL);
    struct ncm_db *b = open_db(path, NCM_DB_WRITE, 1000, NULL);
    int64_t one, two;
    struct ncm_err e;
    (void)state;
    assert_true(ncm_db_data_version(a, &one, &e));
    assert_true(ncm_db_data_version(a, &two, &e));
    assert_true(one == two);
    exec(b, "UPDATE runs SET v=1");
    assert_true(ncm_db_data_version(a, &two, &e));
    assert_true(one != two);
    ncm_db_close(a);
    ncm_db_close(b);
}

/* A writer that dies in the middle of a transaction that had already reached the file. */
static void leave_hot_journal(const char *path)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct ncm_db *db;
        struct ncm_err e;
        bool ok = ncm_db_open(path, NCM_DB_WRITE, 1000, NULL, &db, &e) &&
                  ncm_db_exec(db, "PRAGMA cache_size=2", &e) && ncm_db_begin(db, &e) &&
                  ncm_db_exec(db,
                              "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE "
                              "i<3000) INSERT INTO runs SELECT 'x'||i, i, 0 FROM c",
                              &e);
        if (ok)
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void a_hot_journal_is_named_and_mended_by_writing(void **state)
{
    char path[1024];
    (void)state;
    snprintf(path, sizeof path, "%s", store("hot.db"));
    leave_hot_journal(path);
    assert_int_equal(access(scratch("hot.db-journal"), F_OK), 0);
    struct ncm_db *db = NULL;
    struct ncm_err e;
    assert_false(ncm_db_open(path, NCM_DB_READ, 100, NULL, &db, &e));
    assert_int_equal(e.code, NCM_READ_ONLY);
    assert_non_null(strstr(e.what, "interrupted while writing"));
    assert_non_null(strstr(e.hint, "open it once with write permission"));
    db = open_db(path, NCM_DB_WRITE, 100, NULL);
    assert_int_equal(number(db, "SELECT count(*) FROM runs"), 2);
    ncm_db_close(db);
    ncm_db_close(open_db(path, NCM_DB_READ, 100, NULL));
}

static void read_only_files_and_folders(void **state)
{
    char path[1024];
    (void)state;
    mkdir(scratch("ro"), 0700);
    snprintf(path, sizeof path, "%s", store("ro/store.db"));
    chmod(path, 0444);
    chmod(scratch("ro"), 0555);
    struct ncm_db *db = open_db(path, NCM_DB_READ, 100, NULL);
    assert_int_equal(number(db, "SELECT count(*) FROM runs"), 2);
    struct ncm_err e;
    assert_false(ncm_db_exec(db, "DELETE FROM runs", &e));
    assert_int_equal(e.code, NCM_READ_ONLY);
    ncm_db_close(db);
    if (geteuid() != 0) { /* nothing is forbidden to root */
        refused(path, NCM_DB_WRITE, NCM_READ_ONLY, "no permission to write");
        chmod(path, 0000);
        refused(path, NCM_DB_READ, NCM_FORBIDDEN, "no permission to read");
    }
    chmod(scratch("ro"), 0700);
}

static void a_long_path_keeps_its_end_in_messages(void **state)
{
    char path[1024];
    (void)state;
    size_t n = (size_t)snprintf(path, sizeof path, "%s", scratch(""));
    for (int i = 0; i < 60; i++)
        n += (size_t)snprintf(path + n, sizeof path - n, "긴경로/");
    snprintf(path + n, sizeof path - n, "mlflow.db");
    refused(path, NCM_DB_READ, NCM_NOT_FOUND, "no file");
}

static int stop(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_bind_step_and_come_back_from_the_cache),
        cmocka_unit_test(the_same_text_may_run_twice_at_a_time),
        cmocka_unit_test(rules_of_each_connection),
        cmocka_unit_test(what_is_not_a_database_is_said_at_open),
        cmocka_unit_test(a_truncated_file_is_damaged),
        cmocka_unit_test(names_that_sqlite_would_interpret_are_plain_files),
        cmocka_unit_test(a_lock_is_waited_for_until_the_deadline),
        cmocka_unit_test(an_exclusive_lock_stops_opening_with_busy),
        cmocka_unit_test(cancel_ends_the_waiting),
        cmocka_unit_test(cancel_and_interrupt_end_a_long_statement),
        cmocka_unit_test(a_cancelled_transaction_can_be_rolled_back),
        cmocka_unit_test(data_version_moves_with_the_commits_of_others),
        cmocka_unit_test(a_hot_journal_is_named_and_mended_by_writing),
        cmocka_unit_test(read_only_files_and_folders),
        cmocka_unit_test(a_long_path_keeps_its_end_in_messages),
    };
    return cmocka_run_group_tests(tests, NULL, stop);
}
