/* The watch's part of our own state file: made where it is not yet, left alone by who only reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/buf.h"
#include "engine/state.h"
#include "io/file.h"
#include "ops/audit.h"
#include "ops/watch/team.h"
#include "unit/scratch.h"

#define NOW INT64_C(1700000000000)

static char path[512];
static struct ncm_db *db;
static struct ncm_err err;

static int64_t count(const char *sql)
{
    int64_t n = -1;
    if (!ncm_db_i64(db, sql, 0, &n, &err)) {
        fail_msg("%s", err.what);
    }
    return n;
}

static void put_in_the_audit(void)
{
    struct ncm_intent intent = {.kind = NCM_DO_ALERT_ACK};
    struct ncm_plan p = {.intent = &intent, .title = "t", .subject = "m/1"};
    char *id;
    ncm_changes_init(&p.changes);
    ncm_changes_add(&p.changes, NCM_CH_ALIAS, "m", "1", "champion", NULL, "1");
    if (!ncm_audit_intent(db, "store", &p, &id, &err) ||
        !ncm_audit_outcome(db, id, "done", NULL, &err)) {
        fail_msg("%s", err.what);
    }
    ncm_changes_release(&p.changes);
    ncm_free(id);
}

/* As the release before the watch left the file: with an audit. */
static void make_version_1(void)
{
    snprintf(path, sizeof path, "%s", scratch("own.ncmlops.db"));
    remove(path);
    assert_true(ncm_state_open(path, true, &db, &err));
    put_in_the_audit();
    assert_true(ncm_db_exec(db,
                            "DROP TABLE drift_windows; DROP TABLE drift_figures;"
                            "DROP TABLE monitors; DROP TABLE alerts; DROP TABLE silences;"
                            "DROP TABLE deliveries; DROP TABLE leases; DROP TABLE rollouts;"
                            "DROP TABLE rollout_steps; PRAGMA user_version=1",
                            &err));
    ncm_db_close(db);
}

static void a_file_of_version_1_is_made_newer_and_keeps_its_audit(void **state)
{
    (void)state;
    char *broken, *why;
    make_version_1();
    assert_true(ncm_state_open(path, true, &db, &err));
    assert_int_equal(count("PRAGMA user_version"), 3);
    assert_int_equal(count("SELECT count(*) FROM audit"), 2);
    assert_true(ncm_audit_verify(db, &broken, &why, &err));
    assert_null(broken);
    assert_int_equal(count("SELECT count(*) FROM alerts"), 0);
    assert_int_equal(count("SELECT count(*) FROM drift_windows"), 0);
    ncm_db_close(db);
}

static char *bytes(size_t *len)
{
    struct ncm_buf b;
    bool cut;
    ncm_buf_init(&b, (size_t)1 << 24);
    assert_true(ncm_file_read(path, 0, (size_t)1 << 23, &b, &cut, &err));
    *len = b.len;
    char *copy = ncm_alloc(b.len + 1, 1);
    memcpy(copy, b.p, b.len);
    ncm_buf_release(&b);
    return copy;
}

static void who_may_only_read_leaves_the_file_as_it_is(void **state)
{
    (void)state;
    size_t before_len, after_len, stored;
    struct ncm_control control = {0};
    bool more;
    make_version_1();
    struct ncm_monitor monitor;
    ncm_monitor_init(&monitor);
    monitor.model = ncm_strdup("m");
    monitor.name = ncm_strdup("inputs");
    monitor.current = ncm_strdup("log.jsonl");
    monitor.follow = true;
    monitor.window_ms = 60000;
    char *before = bytes(&before_len);
    struct ncm_watch_plan one = {.monitors = &monitor, .n_monitors = 1};
    struct ncm_watch_setup setup = {.env = {.plan = &one}, .state_path = path};
    struct ncm_team *t = ncm_team_new(&setup);
    assert_true(ncm_team_restore(t, &err));
    assert_true(ncm_team_step(t, NULL, NOW, &control, &more, &err));
    assert_true(ncm_team_store(t, NOW, &stored, &err));
    assert_int_equal(stored, 0);
    ncm_team_leave(t);
    ncm_team_free(t);
    char *after = bytes(&after_len);
    assert_int_equal(after_len, before_len);
    assert_memory_equal(after, before, before_len);
    ncm_free(before);
    ncm_free(after);
    /* Nor is one made where there is none. */
    remove(path);
    t = ncm_team_new(&setup);
    assert_true(ncm_team_restore(t, &err));
    assert_true(ncm_team_store(t, NOW, &stored, &err));
    ncm_team_free(t);
    struct stat st;
    assert_int_equal(stat(path, &st), -1);
    ncm_monitor_release(&monitor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_version_1_is_made_newer_and_keeps_its_audit),
        cmocka_unit_test(who_may_only_read_leaves_the_file_as_it_is),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove();
    return failed;
}
