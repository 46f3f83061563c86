/* The record of what was done: whole, in one chain, and truthful after a crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "engine/state.h"
#include "provider/small_store.h"
#include "unit/scratch.h"

static struct ncm_err err;

static struct ncm_plan *stage_plan(const char *version, const char *from, const char *to)
{
    struct ncm_plan *p = ncm_alloc(1, sizeof *p);
    p->intent = small_intent(NCM_DO_PROMOTE, "m", version, NULL, to);
    ncm_intent_set(&p->intent->reason, "why not");
    ncm_changes_init(&p->changes);
    ncm_changes_add(&p->changes, NCM_CH_VERSION_STAGE, "m", version, NULL, from, to);
    p->subject = ncm_sprintf("m/%s", version);
    p->from = ncm_strdup(from);
    p->to = ncm_strdup(to);
    return p;
}

static char *intend(struct ncm_db *db, const char *version, const char *from, const char *to)
{
    char *id;
    struct ncm_plan *p = stage_plan(version, from, to);
    assert_true(ncm_audit_intent(db, "store", p, &id, &err));
    ncm_plan_free(p);
    return id;
}

static void verify(struct ncm_db *db, const char *expected)
{
    char *broken, *why;
    assert_true(ncm_audit_verify(db, &broken, &why, &err));
    if (expected == NULL) {
        assert_null(broken);
    } else {
        assert_non_null(broken);
        assert_string_equal(broken, expected);
        assert_true(strlen(why) > 5);
    }
    ncm_free(broken);
    ncm_free(why);
}

/* Makes a chain of four records; ids are to be freed. */
static struct ncm_db *chain(const char *name, char *ids[2])
{
    struct ncm_db *db;
    unlink(scratch(name));
    assert_true(ncm_state_open(scratch(name), true, &db, &err));
    ids[0] = intend(db, "3", "Staging", "Production");
    assert_true(ncm_audit_outcome(db, ids[0], "done", NULL, &err));
    ids[1] = intend(db, "4", "None", "Staging");
    assert_true(ncm_audit_outcome(db, ids[1], "conflict", "it moved", &err));
    return db;
}

static void a_chain_is_whole_and_read_joined(void **state)
{
    struct ncm_log_book book;
    char *ids[2];
    (void)state;
    struct ncm_db *db = chain("whole.db", ids);
    verify(db, NULL);
    assert_true(ncm_log_book_load(db, &book, &err));
    assert_int_equal(book.n, 2);
    assert_string_equal(book.items[0].id.p, ids[0]);
    assert_true(strcmp(ids[0], ids[1]) != 0);
    assert_true(ncm_record_done(&book.items[0]));
    assert_string_equal(book.items[1].result.p, "conflict");
    assert_string_equal(book.items[1].reason.p, "why not");
    assert_string_equal(book.items[1].action.p, "promote");
    ncm_log_book_release(&book);
    /* A second outcome changes nothing. */
    assert_true(ncm_audit_outcome(db, ids[0], "failed", NULL, &err));
    assert_true(ncm_log_book_load(db, &book, &err));
    assert_true(ncm_record_done(&book.items[0]));
    ncm_log_book_release(&book);
    ncm_db_close(db);
    ncm_free(ids[0]);
    ncm_free(ids[1]);
}

static void tamper(const char *sql, int broken_at)
{
    char *ids[2];
    struct ncm_db *db = chain("tampered.db", ids);
    assert_true(ncm_db_exec(db,
                            "DROP TRIGGER audit_is_not_changed;"
                            "DROP TRIGGER audit_is_not_shortened",
                            &err));
    assert_true(ncm_db_exec(db, sql, &err));
    verify(db, broken_at < 0 ? "#4" : ids[broken_at]);
    ncm_db_close(db);
    ncm_free(ids[0]);
    ncm_free(ids[1]);
}

static void every_kind_of_tampering_shows(void **state)
{
    (void)state;
    tamper("UPDATE audit SET actor='mallory' WHERE seq=1", 0);
    tamper("UPDATE audit SET reason=NULL WHERE seq=3", 1);
    tamper("UPDATE audit SET result='done' WHERE seq=4", 1);
    tamper("UPDATE audit SET time_ms=time_ms+1 WHERE seq=1", 0);
    tamper("DELETE FROM audit WHERE seq=2", 1);
    tamper("DELETE FROM audit WHERE seq=4", -1);
    /* A byte moved from one field to the next is not the same text. */
    tamper("UPDATE audit SET was='Stagin', becomes='gProduction' WHERE seq=1", 0);
}

static void two_processes_make_one_chain(void **state)
{
    enum { WRITERS = 4, EACH = 12 };
    struct ncm_db *db;
    int64_t n;
    pid_t pids[WRITERS];
    (void)state;
    char *path = ncm_strdup(scratch("many.db"));
    for (int w = 0; w < WRITERS; w++) {
        pids[w] = fork();
        if (pids[w] == 0) {
            if (!ncm_state_open(path, true, &db, &err)) {
                _exit(1);
            }
            for (int i = 0; i < EACH; i++) {
                char *id;
                struct ncm_plan *p = stage_plan("1", "None", "Staging");
                if (!ncm_audit_intent(db, "store", p, &id, &err) ||
                    !ncm_audit_outcome(db, id, "done", NULL, &err)) {
                    _exit(2);
                }
                ncm_free(id);
                ncm_plan_free(p);
            }
            ncm_db_close(db);
            _exit(0);
        }
    }
    for (int w = 0; w < WRITERS; w++) {
        int status = -1;
        assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
        assert_int_equal(status, 0);
    }
    assert_true(ncm_state_open(path, false, &db, &err));
    verify(db, NULL);
    assert_true(ncm_db_i64(db, "SELECT count(*) FROM audit", 0, &n, &err));
    assert_int_equal(n, WRITERS * EACH * 2);
    ncm_db_close(db);
    ncm_free(path);
}

/* Writes an intent in a process that is gone afterwards; its id. */
static char *intent_of_the_dead(struct small *s, const char *version, const char *from,
                                const char *to)
{
    struct ncm_db *db;
    struct ncm_log_book book;
    pid_t pid = fork();
    if (pid == 0) {
        char *id;
        struct ncm_plan *p = stage_plan(version, from, to);
        _exit(ncm_state_open(s->state_path, true, &db, &err) &&
                      ncm_audit_intent(db, "store", p, &id, &err)
                  ? 0
                  : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(ncm_state_open(s->state_path, false, &db, &err));
    assert_true(ncm_log_book_load(db, &book, &err));
    char *id = ncm_strdup(book.items[book.n - 1].id.p);
    ncm_log_book_release(&book);
    ncm_db_close(db);
    return id;
}

static void settled_as(struct small *s, const char *id, const char *result)
{
    struct ncm_db *db;
    struct ncm_log_book book;
    assert_true(ncm_state_open(s->state_path, true, &db, &err));
    const struct ncm_settle how = {.provider = s->ctx.provider, .conn = s->conn};
    assert_true(ncm_audit_settle(db, &how, &err));
    assert_true(ncm_log_book_load(db, &book, &err));
    bool found = false;
    for (size_t i = 0; i < book.n; i++) {
        if (ncm_str_is(book.items[i].id, id)) {
            found = true;
            if (result == NULL) {
                assert_null(book.items[i].result.p);
            } else {
                assert_string_equal(ncm_cstr(book.items[i].result), result);
            }
        }
    }
    assert_true(found);
    verify(db, NULL);
    ncm_log_book_release(&book);
    ncm_db_close(db);
}

static void after_a_crash_the_store_tells(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "crash.db", true);
    /* Killed before the change. */
    char *id = intent_of_the_dead(&s, "3", "Staging", "Production");
    settled_as(&s, id, "failed");
    ncm_free(id);
    /* Killed after it: even if somebody moved the version on since. */
    id = intent_of_the_dead(&s, "4", "None", "Staging");
    assert_true(small_apply(&s, id, &err, NCM_CH_VERSION_STAGE, "m", "4", NULL, "None", "Staging"));
    assert_true(
        small_apply(&s, NULL, &err, NCM_CH_VERSION_STAGE, "m", "4", NULL, "Staging", "None"));
    settled_as(&s, id, "done");
    ncm_free(id);
    /* The same change by another hand does not count as ours. */
    id = intent_of_the_dead(&s, "1", "Archived", "None");
    assert_true(
        small_apply(&s, NULL, &err, NCM_CH_VERSION_STAGE, "m", "1", NULL, "Archived", "None"));
    settled_as(&s, id, "failed");
    ncm_free(id);
    small_close(&s);
}

static void evidence_is(struct small *s, const struct ncm_changes *c, const char *expected)
{
    const struct ncm_evidence_of of = {
        .provider = s->ctx.provider, .conn = s->conn, .audit_id = "id1", .changes = c};
    struct ncm_evidence found;
    ncm_audit_evidence(&of, &found);
    assert_string_equal(found.result, expected);
    ncm_free(found.detail);
}

static void an_alias_of_nothing_leaves_no_evidence(void **state)
{
    struct small s;
    struct ncm_changes c;
    (void)state;
    small_open(&s, "ghost.db", true);
    small_exec(&s, "UPDATE registered_model_aliases SET version=77 WHERE alias='champion'");
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_ALIAS, "m", NULL, "champion", "77", NULL);
    evidence_is(&s, &c, "failed");
    assert_true(small_apply(&s, "id1", &err, NCM_CH_ALIAS, "m", NULL, "champion", "77", NULL));
    evidence_is(&s, &c, "unknown");
    ncm_changes_release(&c);
    small_close(&s);
}

static void who_is_still_at_it_is_left_alone(void **state)
{
    struct small s;
    struct ncm_db *db;
    (void)state;
    small_open(&s, "alive.db", true);
    assert_true(ncm_state_open(s.state_path, true, &db, &err));
    char *id = intend(db, "3", "Staging", "Production");
    ncm_db_close(db);
    settled_as(&s, id, NULL);
    ncm_free(id);
    small_close(&s);
}

static void change_lists_survive_the_text(void **state)
{
    struct ncm_changes c, back;
    struct ncm_buf b;
    (void)state;
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_VERSION_TAG, "m \"q\"\n", "3", "k", NULL, "\xed\x95\x9c");
    ncm_changes_add(&c, NCM_CH_ALIAS, "m", NULL, "champion", "2", NULL)->any_from = true;
    ncm_buf_init(&b, 10000);
    ncm_changes_to_json(&c, &b);
    assert_true(ncm_changes_from_json(b.p, b.len, &back, &err));
    assert_int_equal(back.n, 2);
    assert_string_equal(back.items[0].object, "m \"q\"\n");
    assert_string_equal(back.items[0].to, "\xed\x95\x9c");
    assert_null(back.items[0].from);
    assert_true(back.items[1].any_from);
    assert_null(back.items[1].to);
    ncm_changes_release(&c);
    ncm_changes_release(&back);
    ncm_buf_release(&b);
    static const char *const bad[] = {
        "", "{}", "[1]", "[{\"kind\":\"x\"}]", "[{}]", "[{\"kind\":\"alias\"}]", "[", "null"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(ncm_changes_from_json(bad[i], strlen(bad[i]), &back, &err));
    }
}

static int remove_scratch(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_is_whole_and_read_joined),
        cmocka_unit_test(every_kind_of_tampering_shows),
        cmocka_unit_test(two_processes_make_one_chain),
        cmocka_unit_test(after_a_crash_the_store_tells),
        cmocka_unit_test(an_alias_of_nothing_leaves_no_evidence),
        cmocka_unit_test(who_is_still_at_it_is_left_alone),
        cmocka_unit_test(change_lists_survive_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
