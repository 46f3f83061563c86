/* From an intent to a shown plan to a change and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "engine/state.h"
#include "provider/mlflow_sqlite/mlflow_sqlite.h"
#include "provider/small_store.h"
#include "unit/scratch.h"

static struct ncm_err err;

#define STAGE(v) "SELECT current_stage FROM model_versions WHERE name='m' AND version=" #v

static const struct ncm_plan_line *line(const struct ncm_plan *p, enum ncm_plan_tone tone,
                                        const char *needle)
{
    for (size_t i = 0; i < p->n_lines; i++) {
        const struct ncm_plan_line *l = &p->lines[i];
        if (l->tone == tone && ((l->subject != NULL && strstr(l->subject, needle) != NULL) ||
                                strstr(l->what, needle) != NULL)) {
            return l;
        }
    }
    return NULL;
}

static struct ncm_intent *promote(const char *version, const char *to, bool archive)
{
    struct ncm_intent *i = small_intent(NCM_DO_PROMOTE, "m", version, NULL, to);
    i->archive = archive;
    return i;
}

static void done(struct small *s, struct ncm_intent *i)
{
    struct ncm_plan *p = small_do(s, i, &err);
    if (p == NULL) {
        fail_msg("%s: %s", ncm_code_name(err.code), err.what);
    }
    ncm_plan_free(p);
}

static void refused(struct small *s, struct ncm_intent *i, enum ncm_code code)
{
    assert_null(small_do(s, i, &err));
    assert_string_equal(ncm_code_name(err.code), ncm_code_name(code));
    assert_true(err.what[0] != '\0');
}

static void promotion_says_all_it_does(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "says.db", true);
    struct ncm_plan *p = small_plan(&s, promote("3", "production", true), &err);
    assert_non_null(p);
    assert_int_equal(p->changes.n, 2);
    assert_string_equal(p->subject, "m/3");
    assert_string_equal(p->from, "Staging");
    assert_string_equal(p->to, "Production");
    assert_string_equal(p->confirm_name, "m");
    assert_string_equal(line(p, NCM_TONE_CHANGE, "m v3")->to, "Production");
    assert_string_equal(line(p, NCM_TONE_SIDE, "m v2")->to, "Archived");
    assert_string_equal(line(p, NCM_TONE_BETTER, "auc")->from, "0.85");
    assert_string_equal(line(p, NCM_TONE_BETTER, "auc")->to, "0.9");
    assert_non_null(line(p, NCM_TONE_WORSE, "loss"));
    assert_non_null(line(p, NCM_TONE_NOTE, "says.db"));
    /* Nothing was written by looking. */
    assert_string_equal(small_ask(&s, STAGE(3)), "Staging");
    assert_int_equal(access(s.state_path, F_OK), -1);
    assert_true(ncm_plan_execute(&s.ctx, p, &err));
    assert_string_equal(small_ask(&s, STAGE(3)), "Production");
    assert_string_equal(small_ask(&s, STAGE(2)), "Archived");
    assert_non_null(p->audit_id);
    assert_true(p->receipt.time_ms > 0);
    ncm_plan_free(p);
    small_close(&s);
}

/* The audit can be read without looking at the store. */
static void from_and_to_name_what_they_are_of(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "words.db", true);
    struct ncm_plan *p =
        small_plan(&s, small_intent(NCM_DO_ALIAS_SET, "m", "4", "champion", NULL), &err);
    assert_non_null(p);
    assert_string_equal(p->subject, "m/4");
    assert_string_equal(p->to, "@champion v4");
    ncm_plan_free(p);
    p = small_plan(&s, small_intent(NCM_DO_VERSION_TAG, "m", "4", "team", "risk"), &err);
    assert_non_null(p);
    assert_string_equal(p->subject, "m/4");
    assert_null(p->from);
    assert_string_equal(p->to, "team=risk");
    ncm_plan_free(p);
    small_close(&s);
}

static void warnings_name_what_is_wrong(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "warn.db", true);
    small_exec(&s, "UPDATE model_versions SET status='FAILED_REGISTRATION', run_id='" RUN4
                   "' WHERE version=4; PRAGMA foreign_keys=ON;"
                   "UPDATE registered_models SET name='m'||char(0x202e) WHERE name='m'");
    struct ncm_intent *i = promote("4", "Staging", false);
    ncm_intent_set(&i->model, "m\xe2\x80\xae");
    struct ncm_plan *p = small_plan(&s, i, &err);
    assert_non_null(p);
    assert_non_null(line(p, NCM_TONE_WARN, "FAILED_REGISTRATION"));
    assert_non_null(line(p, NCM_TONE_WARN, RUN4));
    assert_non_null(line(p, NCM_TONE_WARN, "202e"));
    ncm_plan_free(p);
    small_close(&s);
}

static void wrong_wishes_are_refused(void **state)
{
    struct small s;
    struct ncm_intent *i;
    (void)state;
    small_open(&s, "wrong.db", true);
    refused(&s, promote("3", "prod", false), NCM_USAGE);
    refused(&s, promote("3", "Archived", true), NCM_USAGE);
    refused(&s, promote("9", "Staging", false), NCM_NOT_FOUND);
    refused(&s, promote("5", "Staging", false), NCM_NOT_FOUND);
    i = promote("3", "Production", false);
    ncm_intent_set(&i->expect, "None");
    refused(&s, i, NCM_CONFLICT);
    refused(&s, small_intent(NCM_DO_PROMOTE, "nobody", "1", NULL, "Staging"), NCM_NOT_FOUND);
    refused(&s, small_intent(NCM_DO_ALIAS_SET, "m", "1", "latest", NULL), NCM_REFUSED);
    refused(&s, small_intent(NCM_DO_ALIAS_DELETE, "m", NULL, "none", NULL), NCM_NOT_FOUND);
    i = small_intent(NCM_DO_ALIAS_SET, "m", "1", "champion", NULL);
    ncm_intent_set(&i->expect, "3");
    refused(&s, i, NCM_CONFLICT);
    refused(&s, small_intent(NCM_DO_MODEL_CREATE, "m", NULL, NULL, NULL), NCM_REFUSED);
    refused(&s, small_intent(NCM_DO_MODEL_CREATE, "a/b", NULL, NULL, NULL), NCM_REFUSED);
    refused(&s, small_intent(NCM_DO_ROLLBACK, "m", NULL, NULL, "Production"), NCM_NOT_FOUND);
    refused(&s, ncm_intent_new(NCM_DO_UNDO), NCM_NOT_FOUND);
    i = small_intent(NCM_DO_RUN_TAG, NULL, NULL, "k", "v");
    ncm_intent_add_object(i, RUN4);
    refused(&s, i, NCM_REFUSED);
    s.ctx.read_only = true;
    refused(&s, promote("3", "Production", false), NCM_READ_ONLY);
    s.ctx.read_only = false;
    assert_int_equal(access(s.state_path, F_OK), -1);
    small_close(&s);
}

static void what_is_so_already_is_nothing(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "nothing.db", true);
    struct ncm_plan *p = small_do(&s, promote("2", "Production", true), &err);
    assert_non_null(p);
    assert_true(p->nothing);
    assert_null(p->audit_id);
    assert_string_equal(small_ask(&s, "SELECT max(last_updated_time) FROM model_versions"), "1");
    ncm_plan_free(p);
    small_close(&s);
}

static void rollback_puts_the_one_before_back(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "rollback.db", true);
    done(&s, promote("3", "Production", true));
    done(&s, promote("4", "Production", true));
    done(&s, small_intent(NCM_DO_ROLLBACK, "m", NULL, NULL, "production"));
    assert_string_equal(small_ask(&s, STAGE(3)), "Production");
    assert_string_equal(small_ask(&s, STAGE(4)), "Archived");
    assert_string_equal(small_ask(&s, "SELECT count(*) FROM model_versions WHERE"
                                      " current_stage='Production'"),
                        "1");
    done(&s, small_intent(NCM_DO_ALIAS_SET, "m", "4", "champion", NULL));
    done(&s, small_intent(NCM_DO_ROLLBACK, "m", NULL, NULL, "@champion"));
    assert_string_equal(small_ask(&s, "SELECT version FROM registered_model_aliases"), "2");
    small_close(&s);
}

static void rollback_knows_from_the_tags_alone(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "tags.db", true);
    done(&s, promote("3", "Production", true));
    assert_int_equal(unlink(s.state_path), 0);
    done(&s, small_intent(NCM_DO_ROLLBACK, "m", NULL, NULL, "Production"));
    assert_string_equal(small_ask(&s, STAGE(2)), "Production");
    assert_string_equal(small_ask(&s, STAGE(3)), "Archived");
    small_close(&s);
}

static void undo_takes_back_and_does_again(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "undo.db", true);
    done(&s, promote("3", "Production", true));
    done(&s, ncm_intent_new(NCM_DO_UNDO));
    assert_string_equal(small_ask(&s, STAGE(3)), "Staging");
    assert_string_equal(small_ask(&s, STAGE(2)), "Production");
    done(&s, ncm_intent_new(NCM_DO_UNDO));
    assert_string_equal(small_ask(&s, STAGE(3)), "Production");
    assert_string_equal(small_ask(&s, STAGE(2)), "Archived");
    /* Somebody else moves it: neither way. */
    small_exec(&s, "UPDATE model_versions SET current_stage='None' WHERE version=3");
    refused(&s, ncm_intent_new(NCM_DO_UNDO), NCM_CONFLICT);
    assert_non_null(strstr(err.what, "Production"));
    assert_non_null(strstr(err.what, "None"));
    assert_string_equal(small_ask(&s, STAGE(2)), "Archived");
    small_close(&s);
}

static void undo_of_what_was_made_and_of_what_is_gone(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "made.db", true);
    struct ncm_intent *i = small_intent(NCM_DO_REGISTER, "fresh", NULL, NULL, NULL);
    ncm_intent_add_object(i, RUN1);
    done(&s, i);
    assert_string_equal(small_ask(&s, "SELECT source || run_id FROM model_versions WHERE"
                                      " name='fresh' AND version=1"),
                        "/a/1/" RUN1 "/artifacts/model" RUN1);
    done(&s, ncm_intent_new(NCM_DO_UNDO));
    assert_string_equal(small_ask(&s, "SELECT count(*) FROM registered_models WHERE"
                                      " name='fresh'"),
                        "0");
    done(&s, small_intent(NCM_DO_VERSION_DELETE, "m", "4", NULL, NULL));
    refused(&s, ncm_intent_new(NCM_DO_UNDO), NCM_REFUSED);
    small_close(&s);
}

static void registering_asks_which_of_several(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "several.db", true);
    struct ncm_intent *i = small_intent(NCM_DO_REGISTER, "m", NULL, NULL, "a note");
    ncm_intent_add_object(i, RUN3);
    done(&s, i);
    assert_string_equal(small_ask(&s, "SELECT source || description FROM model_versions WHERE"
                                      " version=6"),
                        "models:/m-1a note");
    i = small_intent(NCM_DO_REGISTER, "m", NULL, NULL, NULL);
    ncm_intent_add_object(i, RUN3); /* once more: it is said, and done where it is meant */
    struct ncm_plan *again = small_do(&s, i, &err);
    assert_non_null(again);
    assert_non_null(line(again, NCM_TONE_WARN, "version 6 was made from the same model"));
    ncm_plan_free(again);
    small_exec(&s, "INSERT INTO logged_models VALUES('m-2', 1, 'tree', '/x', 1, 1, 2, 'active',"
                   " '', '" RUN3 "', NULL)");
    i = small_intent(NCM_DO_REGISTER, "m", NULL, NULL, NULL);
    ncm_intent_add_object(i, RUN3);
    refused(&s, i, NCM_USAGE);
    assert_non_null(strstr(err.hint, "tree"));
    i = small_intent(NCM_DO_REGISTER, "m", NULL, "tree", NULL);
    ncm_intent_add_object(i, RUN3);
    done(&s, i);
    assert_string_equal(small_ask(&s, "SELECT source FROM model_versions WHERE version=8"),
                        "models:/m-2");
    i = small_intent(NCM_DO_REGISTER, "m", NULL, NULL, NULL);
    ncm_intent_add_object(i, RUN2);
    refused(&s, i, NCM_NOT_FOUND);
    small_close(&s);
}

static void several_runs_at_once(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "runs.db", true);
    struct ncm_intent *i = small_intent(NCM_DO_RUN_DELETE, NULL, NULL, NULL, NULL);
    ncm_intent_add_object(i, RUN1);
    ncm_intent_add_object(i, RUN2);
    ncm_intent_add_object(i, RUN1);
    ncm_intent_add_object(i, RUN4);
    struct ncm_plan *p = small_do(&s, i, &err);
    assert_non_null(p);
    assert_int_equal(p->changes.n, 2);
    assert_non_null(line(p, NCM_TONE_WARN, "m version 2"));
    ncm_plan_free(p);
    assert_string_equal(small_ask(&s, "SELECT count(*) FROM runs WHERE lifecycle_stage='active'"),
                        "1");
    done(&s, ncm_intent_new(NCM_DO_UNDO));
    assert_string_equal(small_ask(&s, "SELECT count(*) FROM runs WHERE lifecycle_stage='active'"),
                        "3");
    i = small_intent(NCM_DO_RUN_TAG, NULL, NULL, "k", "v");
    ncm_intent_add_object(i, RUN1);
    ncm_intent_add_object(i, "nobody");
    refused(&s, i, NCM_NOT_FOUND);
    assert_string_equal(small_ask(&s, "SELECT count(*) FROM tags WHERE key='k'"), "0");
    small_close(&s);
}

static void experiments_by_name_or_id(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "experiments.db", false);
    struct ncm_intent *i = small_intent(NCM_DO_EXPERIMENT_RENAME, NULL, NULL, NULL, "better");
    ncm_intent_add_object(i, "exp");
    done(&s, i);
    i = small_intent(NCM_DO_EXPERIMENT_DELETE, NULL, NULL, NULL, NULL);
    ncm_intent_add_object(i, "1");
    done(&s, i);
    assert_string_equal(small_ask(&s, "SELECT name || lifecycle_stage FROM experiments WHERE"
                                      " experiment_id=1"),
                        "betterdeleted");
    refused(&s, small_intent(NCM_DO_EXPERIMENT_CREATE, NULL, NULL, NULL, "gone"), NCM_REFUSED);
    done(&s, small_intent(NCM_DO_EXPERIMENT_CREATE, NULL, NULL, NULL, "new one"));
    done(&s, ncm_intent_new(NCM_DO_UNDO));
    assert_string_equal(small_ask(&s, "SELECT lifecycle_stage FROM experiments WHERE"
                                      " name='new one'"),
                        "deleted");
    small_close(&s);
}

static void take(void *to, struct ncm_snapshot *snap)
{
    *(struct ncm_snapshot **)to = snap;
}

/* "2:audit 3:audit …", newest first; caller frees. */
static char *holders(struct small *s, const char *slot, int64_t at)
{
    struct ncm_buf b;
    struct ncm_query *q = ncm_query_holders("m", slot);
    q->at_ms = at;
    struct ncm_job_context ctx = s->ctx;
    struct ncm_snapshot *taken = NULL;
    struct ncm_fetch f = {.query = q, .publish = take, .to = &taken};
    assert_true(ncm_holders_fetch(&ctx, &f, &err));
    const struct ncm_holders_snapshot *h = (const void *)taken;
    ncm_buf_init(&b, 1000);
    for (size_t i = 0; i < h->n; i++) {
        ncm_buf_printf(&b, "%s%s:%s%s", i > 0 ? " " : "", h->items[i].version.p,
                       h->items[i].known_from.p, h->items[i].until_ms == NCM_NO_TIME ? "!" : "");
    }
    ncm_snapshot_unref(taken);
    ncm_query_free(q);
    char *out = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return out;
}

static void held(struct small *s, const char *slot, const char *expected)
{
    char *got = holders(s, slot, 0);
    assert_string_equal(got, expected);
    ncm_free(got);
}

static void holders_join_audit_tags_and_registry(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "holders.db", true);
    held(&s, "Production", "2:registry!");
    done(&s, promote("3", "Production", true));
    held(&s, "Production", "3:audit! 2:audit");
    done(&s, small_intent(NCM_DO_MODEL_RENAME, "m", NULL, NULL, "n"));
    done(&s, small_intent(NCM_DO_MODEL_RENAME, "n", NULL, NULL, "m"));
    held(&s, "Production", "3:audit! 2:audit");
    /* Another program moves it. */
    small_exec(&s, "UPDATE model_versions SET current_stage='None' WHERE version=3;"
                   "UPDATE model_versions SET current_stage='Production' WHERE version=1");
    held(&s, "Production", "1:registry! 3:audit 2:audit");
    assert_int_equal(unlink(s.state_path), 0);
    held(&s, "Production", "1:registry! 3:tag 2:tag");
    held(&s, "@champion", "2:registry!");
    char *then = holders(&s, "Production", 1000);
    assert_string_equal(then, "1:registry! 2:tag");
    ncm_free(then);
    small_close(&s);
}

static void changed_while_the_panel_was_open(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "race.db", true);
    struct ncm_plan *p = small_plan(&s, promote("3", "Production", true), &err);
    assert_non_null(p);
    done(&s, promote("4", "Production", true));
    assert_false(ncm_plan_execute(&s.ctx, p, &err));
    assert_int_equal(err.code, NCM_CONFLICT);
    assert_string_equal(small_ask(&s, STAGE(3)), "Staging");
    assert_string_equal(small_ask(&s, STAGE(4)), "Production");
    ncm_plan_free(p);
    small_close(&s);
}

static void somebody_else_entered_the_stage_meanwhile(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "entered.db", true);
    struct ncm_plan *p = small_plan(&s, promote("3", "Production", true), &err);
    assert_non_null(p);
    small_exec(&s, "UPDATE model_versions SET current_stage='Production' WHERE version=1");
    assert_false(ncm_plan_execute(&s.ctx, p, &err));
    assert_int_equal(err.code, NCM_CONFLICT);
    assert_string_equal(small_ask(&s, STAGE(2)), "Production");
    assert_string_equal(small_ask(&s, STAGE(3)), "Staging");
    assert_string_equal(small_ask(&s, "SELECT count(*) FROM model_version_tags"), "0");
    ncm_plan_free(p);
    small_close(&s);
}

static char replaced[256], replacement[256];

static bool apply_and_replace(struct ncm_conn *conn, const struct ncm_changes *changes,
                              const struct ncm_mark *mark, const struct ncm_control *control,
                              struct ncm_receipt *receipt, struct ncm_err *e)
{
    bool ok = ncm_mlflow_sqlite.apply(conn, changes, mark, control, receipt, e);
    assert_int_equal(rename(replacement, replaced), 0);
    return ok;
}

static void a_store_replaced_while_it_is_written_is_noticed(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "back.db", true);
    struct ncm_provider other = ncm_mlflow_sqlite;
    other.apply = apply_and_replace;
    snprintf(replaced, sizeof replaced, "%s", s.path);
    snprintf(replacement, sizeof replacement, "%s", scratch("back-copy.db"));
    unlink(replacement);
    char *copy = ncm_sprintf("VACUUM INTO '%s'", replacement);
    small_exec(&s, copy);
    ncm_free(copy);
    s.ctx.provider = &other;
    refused(&s, promote("3", "Production", true), NCM_CONFLICT);
    s.ctx.provider = &ncm_mlflow_sqlite;
    assert_string_equal(small_ask(&s, STAGE(3)), "Staging");
    small_close(&s);
}

static void nothing_is_changed_that_cannot_be_recorded(void **state)
{
    struct small s;
    (void)state;
    small_open(&s, "record.db", true);
    assert_int_equal(mkdir(s.state_path, 0700), 0); /* the place is taken */
    assert_null(small_do(&s, promote("3", "Production", true), &err));
    assert_string_equal(small_ask(&s, STAGE(3)), "Staging");
    assert_non_null(strstr(err.what, "recorded"));
    assert_int_equal(rmdir(s.state_path), 0);
    s.ctx.state_path = NULL;
    refused(&s, promote("3", "Production", true), NCM_READ_ONLY);
    small_close(&s);
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
        cmocka_unit_test(promotion_says_all_it_does),
        cmocka_unit_test(from_and_to_name_what_they_are_of),
        cmocka_unit_test(warnings_name_what_is_wrong),
        cmocka_unit_test(wrong_wishes_are_refused),
        cmocka_unit_test(what_is_so_already_is_nothing),
        cmocka_unit_test(rollback_puts_the_one_before_back),
        cmocka_unit_test(rollback_knows_from_the_tags_alone),
        cmocka_unit_test(undo_takes_back_and_does_again),
        cmocka_unit_test(undo_of_what_was_made_and_of_what_is_gone),
        cmocka_unit_test(registering_asks_which_of_several),
        cmocka_unit_test(several_runs_at_once),
        cmocka_unit_test(experiments_by_name_or_id),
        cmocka_unit_test(holders_join_audit_tags_and_registry),
        cmocka_unit_test(changed_while_the_panel_was_open),
        cmocka_unit_test(somebody_else_entered_the_stage_meanwhile),
        cmocka_unit_test(a_store_replaced_while_it_is_written_is_noticed),
        cmocka_unit_test(nothing_is_changed_that_cannot_be_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
