/* What changes leave in the store: the rows MLflow would have written, or nothing at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "provider/small_store.h"
#include "unit/scratch.h"

static struct ncm_err err;

#define STAGE(v) "SELECT current_stage FROM model_versions WHERE name='m' AND version=" #v
#define BOTH(name)                                                                                 \
    static void name(struct small *s, bool modern);                                                \
    static void name##_old(void **state)                                                           \
    {                                                                                              \
        struct small s;                                                                            \
        (void)state;                                                                               \
        small_open(&s, #name "-old.db", false);                                                    \
        name(&s, false);                                                                           \
        small_close(&s);                                                                           \
    }                                                                                              \
    static void name##_new(void **state)                                                           \
    {                                                                                              \
        struct small s;                                                                            \
        (void)state;                                                                               \
        small_open(&s, #name "-new.db", true);                                                     \
        name(&s, true);                                                                            \
        small_close(&s);                                                                           \
    }                                                                                              \
    static void name(struct small *s, bool modern)

BOTH(stage_is_written_with_its_times_and_mark)
{
    (void)modern;
    assert_true(
        small_apply(s, "abc", &err, NCM_CH_VERSION_STAGE, "m", "3", NULL, "Staging", "Production"));
    assert_string_equal(small_ask(s, STAGE(3)), "Production");
    assert_string_equal(small_ask(s, "SELECT v.last_updated_time > 1 AND v.last_updated_time ="
                                     " m.last_updated_time FROM model_versions v JOIN"
                                     " registered_models m ON m.name=v.name WHERE version=3"),
                        "1");
    const char *tag = small_ask(s, "SELECT value FROM model_version_tags WHERE version=3 AND"
                                   " key='ncmlops.transition.abc'");
    assert_non_null(strstr(tag, "\"actor\":\"ann\""));
    assert_non_null(strstr(tag, "\"from\":\"Staging\",\"to\":\"Production\""));
    assert_non_null(strstr(tag, "\"reason\":\"because\""));
}

BOTH(stage_that_moved_is_a_conflict_and_nothing_is_written)
{
    (void)modern;
    assert_false(
        small_apply(s, "abc", &err, NCM_CH_VERSION_STAGE, "m", "3", NULL, "None", "Production"));
    assert_int_equal(err.code, NCM_CONFLICT);
    assert_non_null(strstr(err.what, "None"));
    assert_non_null(strstr(err.what, "Staging"));
    assert_string_equal(small_ask(s, STAGE(3)), "Staging");
    assert_string_equal(small_ask(s, "SELECT count(*) FROM model_version_tags"), "0");
    assert_string_equal(small_ask(s, "SELECT last_updated_time FROM registered_models"
                                     " WHERE name='m'"),
                        "1");
}

BOTH(all_changes_are_one_unit)
{
    struct ncm_changes c;
    struct ncm_receipt receipt;
    struct ncm_control control = {0};
    (void)modern;
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_VERSION_STAGE, "m", "2", NULL, "Production", "Archived");
    ncm_changes_add(&c, NCM_CH_VERSION_STAGE, "m", "4", NULL, "Staging", "Production");
    assert_false(s->ctx.provider->apply(s->conn, &c, NULL, &control, &receipt, &err));
    assert_int_equal(err.code, NCM_CONFLICT);
    assert_string_equal(small_ask(s, STAGE(2)), "Production");
    ncm_changes_release(&c);
}

BOTH(missing_and_deleted_versions_are_not_found)
{
    (void)modern;
    const char *const gone[] = {"5", "9", "x", ""};
    for (size_t i = 0; i < 4; i++) {
        assert_false(small_apply(s, NULL, &err, NCM_CH_VERSION_STAGE, "m", gone[i], NULL, "None",
                                 "Staging"));
        assert_int_equal(err.code, NCM_NOT_FOUND);
    }
    assert_false(small_apply(s, NULL, &err, NCM_CH_ALIAS, "nobody", NULL, "a", NULL, "1"));
    assert_int_equal(err.code, NCM_NOT_FOUND);
}

BOTH(aliases_move_and_touch_no_times)
{
    (void)modern;
    assert_true(small_apply(s, "id1", &err, NCM_CH_ALIAS, "m", NULL, "champion", "2", "3"));
    assert_string_equal(small_ask(s, "SELECT version FROM registered_model_aliases"), "3");
    assert_string_equal(small_ask(s, "SELECT max(last_updated_time) FROM registered_models"), "1");
    assert_string_equal(small_ask(s, "SELECT group_concat(version) FROM (SELECT version FROM"
                                     " model_version_tags WHERE key='ncmlops.transition.id1'"
                                     " ORDER BY 1)"),
                        "2,3");
    assert_true(small_apply(s, NULL, &err, NCM_CH_ALIAS, "m", NULL, "Champion", NULL, "1"));
    assert_string_equal(small_ask(s, "SELECT count(*) FROM registered_model_aliases"), "2");
    assert_true(small_apply(s, NULL, &err, NCM_CH_ALIAS, "m", NULL, "champion", "3", NULL));
    assert_string_equal(small_ask(s, "SELECT alias FROM registered_model_aliases"), "Champion");
    assert_false(small_apply(s, NULL, &err, NCM_CH_ALIAS, "m", NULL, "late", NULL, "5"));
    assert_int_equal(err.code, NCM_NOT_FOUND);
}

BOTH(names_that_mlflow_refuses_are_refused)
{
    (void)modern;
    static const char *const aliases[] = {"",    "latest", "LATEST",       "v1",          "V22",
                                          "a b", "a.b",    "caf\xc3\xa9!", "cafe\xcc\x81"};
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        assert_false(small_apply(s, NULL, &err, NCM_CH_ALIAS, "m", NULL, aliases[i], NULL, "1"));
        assert_int_equal(err.code, NCM_REFUSED);
    }
    assert_true(
        small_apply(s, NULL, &err, NCM_CH_ALIAS, "m", NULL, "\xec\xb1\x94\xed\x94\xbc", NULL, "1"));
    assert_true(small_apply(s, NULL, &err, NCM_CH_ALIAS, "m", NULL, "version1", NULL, "1"));
    static const char *const keys[] = {"",  "/a",   "a/",  "a//b", "a/../b",          "..",
                                       ".", "../x", "a\n", "a=b",  "\xf0\x9f\x9a\x80"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_false(small_apply(s, NULL, &err, NCM_CH_RUN_TAG, RUN1, NULL, keys[i], NULL, "x"));
        assert_int_equal(err.code, NCM_REFUSED);
    }
    static const char *const models[] = {"", "  ", "a/b", "a:b", "..", "."};
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        assert_false(
            small_apply(s, NULL, &err, NCM_CH_MODEL_RENAME, "m", NULL, NULL, "m", models[i]));
        assert_int_equal(err.code, NCM_REFUSED);
    }
    assert_false(small_apply(s, NULL, &err, NCM_CH_MODEL_RENAME, "m", NULL, NULL, "m", "empty"));
    assert_int_equal(err.code, NCM_REFUSED);
}

static char *letters(size_t n)
{
    char *out = ncm_alloc(n + 1, 1);
    memset(out, 'x', n);
    return out;
}

static void value_of(struct small *s, enum ncm_change_kind kind, const char *object,
                     const char *version, size_t most)
{
    char *fits = letters(most);
    char *long_one = letters(most + 1);
    assert_false(small_apply(s, NULL, &err, kind, object, version, "k", NULL, long_one));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_true(small_apply(s, NULL, &err, kind, object, version, "k", NULL, fits));
    ncm_free(fits);
    ncm_free(long_one);
}

BOTH(value_lengths_follow_the_release)
{
    value_of(s, NCM_CH_RUN_TAG, RUN1, NULL, 5000);
    value_of(s, NCM_CH_VERSION_TAG, "m", "1", modern ? 100000 : 5000);
    value_of(s, NCM_CH_MODEL_TAG, "m", NULL, modern ? 100000 : 5000);
    char *key = letters(251);
    assert_false(small_apply(s, NULL, &err, NCM_CH_RUN_TAG, RUN1, NULL, key, NULL, "x"));
    assert_int_equal(err.code, NCM_REFUSED);
    ncm_free(key);
}

BOTH(rename_takes_versions_tags_and_aliases_along)
{
    (void)modern;
    small_exec(s, "INSERT INTO model_version_tags(key, value, name, version)"
                  " VALUES('k','v','m',1); INSERT INTO registered_model_tags(key, value, name)"
                  " VALUES('k','v','m')");
    assert_true(small_apply(s, NULL, &err, NCM_CH_MODEL_RENAME, "m", NULL, NULL, "m", "n"));
    assert_string_equal(small_ask(s, "SELECT count(*) FROM model_versions WHERE name='n' AND"
                                     " last_updated_time>1"),
                        "5");
    assert_string_equal(small_ask(s, "SELECT name FROM model_version_tags"), "n");
    assert_string_equal(small_ask(s, "SELECT name FROM registered_model_tags"), "n");
    assert_string_equal(small_ask(s, "SELECT name FROM registered_model_aliases"), "n");
}

BOTH(deleting_a_version_redacts_it)
{
    assert_true(
        small_apply(s, NULL, &err, NCM_CH_VERSION_DELETE, "m", "2", NULL, "Production", NULL));
    assert_string_equal(small_ask(s, STAGE(2)), "Deleted_Internal");
    assert_string_equal(small_ask(s, "SELECT source || run_id || run_link || status FROM"
                                     " model_versions WHERE version=2"),
                        "REDACTED-SOURCE-PATHREDACTED-RUN-IDREDACTED-RUN-LINKREADY");
    assert_string_equal(small_ask(s, "SELECT count(*) FROM registered_model_aliases"),
                        modern ? "0" : "1");
}

BOTH(deleting_a_model_takes_everything)
{
    (void)modern;
    small_exec(s, "INSERT INTO model_version_tags(key, value, name, version)"
                  " VALUES('k','v','m',1)");
    assert_false(small_apply(s, NULL, &err, NCM_CH_MODEL_DELETE, "m", NULL, NULL, "3", NULL));
    assert_int_equal(err.code, NCM_CONFLICT);
    assert_true(small_apply(s, NULL, &err, NCM_CH_MODEL_DELETE, "m", NULL, NULL, "4", NULL));
    assert_string_equal(small_ask(s, "SELECT (SELECT count(*) FROM model_versions) +"
                                     " (SELECT count(*) FROM model_version_tags) +"
                                     " (SELECT count(*) FROM registered_model_aliases)"),
                        "0");
    assert_string_equal(small_ask(s, "SELECT name FROM registered_models"), "empty");
}

BOTH(a_new_version_gets_a_number_that_never_was)
{
    (void)modern;
    struct ncm_changes c;
    struct ncm_receipt receipt;
    struct ncm_control control = {0};
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_VERSION_CREATE, "m", NULL, RUN1, NULL, "/src");
    assert_true(s->ctx.provider->apply(s->conn, &c, NULL, &control, &receipt, &err));
    assert_string_equal(receipt.new_version, "6");
    assert_string_equal(small_ask(s, "SELECT current_stage || status || run_id || source ||"
                                     " storage_location FROM model_versions WHERE version=6"),
                        "NoneREADY" RUN1 "/src/src");
    ncm_changes_release(&c);
}

BOTH(runs_are_changed_as_mlflow_does)
{
    (void)modern;
    assert_true(small_apply(s, NULL, &err, NCM_CH_RUN_NAME, RUN1, NULL, NULL, "one", "uno"));
    assert_string_equal(small_ask(s, "SELECT r.name || t.value FROM runs r JOIN tags t ON"
                                     " t.run_uuid=r.run_uuid WHERE t.key='mlflow.runName'"),
                        "unouno");
    assert_true(
        small_apply(s, NULL, &err, NCM_CH_RUN_TAG, RUN1, NULL, "mlflow.runName", "uno", "eins"));
    assert_string_equal(small_ask(s, "SELECT name FROM runs WHERE run_uuid='" RUN1 "'"), "eins");
    assert_true(small_apply(s, NULL, &err, NCM_CH_RUN_NOTE, RUN1, NULL, NULL, NULL, "hello"));
    assert_string_equal(small_ask(s, "SELECT value FROM tags WHERE key='mlflow.note.content'"),
                        "hello");
    assert_true(
        small_apply(s, NULL, &err, NCM_CH_RUN_LIFECYCLE, RUN1, NULL, NULL, "active", "deleted"));
    assert_string_equal(small_ask(s, "SELECT lifecycle_stage || (deleted_time > 1) FROM runs"
                                     " WHERE run_uuid='" RUN1 "'"),
                        "deleted1");
    assert_false(small_apply(s, NULL, &err, NCM_CH_RUN_TAG, RUN1, NULL, "k", NULL, "v"));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_true(
        small_apply(s, NULL, &err, NCM_CH_RUN_LIFECYCLE, RUN1, NULL, NULL, "deleted", "active"));
    assert_string_equal(small_ask(s, "SELECT deleted_time FROM runs WHERE run_uuid='" RUN1 "'"),
                        "NULL");
}

BOTH(experiments_are_changed_as_mlflow_does)
{
    struct ncm_changes c;
    struct ncm_receipt receipt;
    struct ncm_control control = {0};
    (void)modern;
    assert_true(small_apply(s, NULL, &err, NCM_CH_EXPERIMENT_LIFECYCLE, "1", NULL, NULL, "active",
                            "deleted"));
    assert_string_equal(small_ask(s, "SELECT count(*) FROM runs WHERE"
                                     " lifecycle_stage='deleted'"),
                        "4");
    assert_false(small_apply(s, NULL, &err, NCM_CH_EXPERIMENT_NAME, "1", NULL, NULL, "exp", "x"));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_true(small_apply(s, NULL, &err, NCM_CH_EXPERIMENT_LIFECYCLE, "1", NULL, NULL, "deleted",
                            "active"));
    assert_string_equal(small_ask(s, "SELECT count(*) FROM runs WHERE"
                                     " lifecycle_stage='active' AND deleted_time IS NULL"),
                        "4");
    assert_false(
        small_apply(s, NULL, &err, NCM_CH_EXPERIMENT_NAME, "1", NULL, NULL, "exp", "gone"));
    assert_non_null(strstr(err.what, "deleted"));
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_EXPERIMENT_CREATE, NULL, NULL, NULL, NULL, "fresh");
    assert_true(s->ctx.provider->apply(s->conn, &c, NULL, &control, &receipt, &err));
    assert_string_equal(receipt.new_id, "3");
    assert_string_equal(small_ask(s, "SELECT artifact_location FROM experiments WHERE"
                                     " experiment_id=3"),
                        "/a/3");
    ncm_changes_release(&c);
}

static void logged_model_remembers_its_versions(void **state)
{
    struct small s;
    struct ncm_changes c;
    struct ncm_receipt receipt;
    struct ncm_control control = {0};
    (void)state;
    small_open(&s, "logged.db", true);
    for (int i = 0; i < 2; i++) {
        ncm_changes_init(&c);
        ncm_changes_add(&c, NCM_CH_VERSION_CREATE, "m", NULL, NULL, NULL, "models:/m-1");
        assert_true(s.ctx.provider->apply(s.conn, &c, NULL, &control, &receipt, &err));
        ncm_changes_release(&c);
    }
    assert_string_equal(small_ask(&s, "SELECT tag_value FROM logged_model_tags"),
                        "[{\"name\": \"m\", \"version\": 6}, {\"name\": \"m\", \"version\": 7}]");
    assert_string_equal(small_ask(&s, "SELECT storage_location || run_id FROM model_versions"
                                      " WHERE version=7"),
                        "/a/1/models/m-1/artifacts" RUN3);
    small_close(&s);
}

static void unknown_schema_is_not_written_to(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "unknown.db", true);
    small_exec(&s, "UPDATE alembic_version SET version_num='ffffffffffff'");
    assert_false(
        small_apply(&s, NULL, &err, NCM_CH_VERSION_STAGE, "m", "4", NULL, "None", "Staging"));
    assert_int_equal(err.code, NCM_READ_ONLY);
    small_exec(&s, "UPDATE alembic_version SET version_num='dc11669786a5';"
                   "ALTER TABLE model_versions ADD COLUMN odd TEXT NOT NULL DEFAULT '';");
    assert_true(
        small_apply(&s, NULL, &err, NCM_CH_VERSION_STAGE, "m", "4", NULL, "None", "Staging"));
    small_exec(&s, "INSERT INTO alembic_version VALUES('b7e2c1a4d9f3')");
    assert_false(
        small_apply(&s, NULL, &err, NCM_CH_VERSION_STAGE, "m", "4", NULL, "Staging", "None"));
    small_close(&s);
}

static void a_locked_store_is_busy_and_stays_as_it_was(void **state)
{
    struct small s;
    struct ncm_db *other;
    struct ncm_changes c;
    struct ncm_receipt receipt;
    (void)state;
    small_open(&s, "locked.db", true);
    assert_true(ncm_db_open(s.path, NCM_DB_WRITE, 100, NULL, &other, &err));
    assert_true(ncm_db_begin(other, &err));
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_VERSION_STAGE, "m", "4", NULL, "None", "Staging");
    struct ncm_control control = {.deadline_mono_ms = ncm_mono_ms() + 150};
    assert_false(s.ctx.provider->apply(s.conn, &c, NULL, &control, &receipt, &err));
    assert_int_equal(ncm_code_exit(err.code), 4);
    ncm_db_rollback(other);
    ncm_db_close(other);
    control.deadline_mono_ms = 0;
    assert_true(s.ctx.provider->apply(s.conn, &c, NULL, &control, &receipt, &err));
    ncm_changes_release(&c);
    small_close(&s);
}

static void the_file_keeps_its_journal_mode(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "journal.db", true);
    small_exec(&s, "PRAGMA journal_mode=WAL");
    assert_true(
        small_apply(&s, NULL, &err, NCM_CH_VERSION_STAGE, "m", "4", NULL, "None", "Staging"));
    assert_string_equal(small_ask(&s, "PRAGMA journal_mode"), "wal");
    small_exec(&s, "PRAGMA journal_mode=DELETE");
    assert_true(
        small_apply(&s, NULL, &err, NCM_CH_VERSION_STAGE, "m", "4", NULL, "Staging", "None"));
    assert_string_equal(small_ask(&s, "PRAGMA journal_mode"), "delete");
    small_close(&s);
}

static int remove_scratch(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

#define PAIR(name) cmocka_unit_test(name##_old), cmocka_unit_test(name##_new)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR(stage_is_written_with_its_times_and_mark),
        PAIR(stage_that_moved_is_a_conflict_and_nothing_is_written),
        PAIR(all_changes_are_one_unit),
        PAIR(missing_and_deleted_versions_are_not_found),
        PAIR(aliases_move_and_touch_no_times),
        PAIR(names_that_mlflow_refuses_are_refused),
        PAIR(value_lengths_follow_the_release),
        PAIR(rename_takes_versions_tags_and_aliases_along),
        PAIR(deleting_a_version_redacts_it),
        PAIR(deleting_a_model_takes_everything),
        PAIR(a_new_version_gets_a_number_that_never_was),
        PAIR(runs_are_changed_as_mlflow_does),
        PAIR(experiments_are_changed_as_mlflow_does),
        cmocka_unit_test(logged_model_remembers_its_versions),
        cmocka_unit_test(unknown_schema_is_not_written_to),
        cmocka_unit_test(a_locked_store_is_busy_and_stays_as_it_was),
        cmocka_unit_test(the_file_keeps_its_journal_mode),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
