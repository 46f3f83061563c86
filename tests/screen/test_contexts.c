/* Several contexts open at once: switching, what stays where it was, what a hidden one says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "screen/store.h"
#include "screen/vt.h"

/* Two stores, and what a configuration can say of them. */
static const char config[] =
    "printf 'clock: false\\ncurrent-context: lab\\ncontexts:\\n"
    "  prod: {protect: yes, tracking: {uri: prod.db}}\\n"
    "  lab: {tracking: {uri: mlflow.db}}\\n"
    "  seoul: {protect: yes, tracking: {uri: prod.db}}\\n"
    "  frozen: {read-only: yes, tracking: {uri: mlflow.db}}\\n"
    "  연구실: {tracking: {uri: small.db}}\\n"
    "  empty: {}\\n"
    "  loose: {tracking: {uri: \"https://127.0.0.1:1\", insecure-tls: yes}}\\n"
    "' >\"$1/c.yaml\" && cp \"$1/mlflow.db\" \"$1/prod.db\" && "
    "gzip -dc tests/fixtures/mlflow-2.9.2.db.gz >\"$1/small.db\"";

static struct vt *start(int rows, int cols)
{
    char file[512], home[600];
    store_shell(config, store_folder(), "");
    snprintf(file, sizeof file, "%s/c.yaml", store_folder());
    snprintf(home, sizeof home, "HOME=%s", store_folder());
    const char *env[] = {home, NULL};
    struct vt *vt =
        vt_spawn(rows, cols, env, (const char *const[]){"ncmlops", "--config", file, NULL});
    vt_wait(vt, "All active", 0);
    return vt;
}

static void leave(struct vt *vt)
{
    vt_send(vt, "\003");
    assert_true(WIFEXITED(vt_close(vt)));
}

static void go(struct vt *vt, const char *name)
{
    vt_send(vt, ":ctx ");
    vt_send(vt, name);
    vt_key(vt, "Enter");
}

/* The header's line holds the text. */
static bool in_header(struct vt *vt, void *text)
{
    return strstr(vt_row(vt, 0), text) != NULL;
}

#define wait_header(vt, text) vt_wait_for(vt, in_header, (void *)(uintptr_t)(text), 0)

static void the_list_says_what_there_is(void **state)
{
    (void)state;
    struct vt *vt = start(24, 80);
    wait_header(vt, " lab ");
    vt_send(vt, ":ctx");
    vt_key(vt, "Enter");
    vt_wait(vt, "Context", 0);
    int row;
    assert_true(vt_find(vt, "PROTECTED", &row, NULL));
    assert_non_null(strstr(vt_row(vt, row), "prod"));
    assert_true(vt_find(vt, "here", &row, NULL));
    assert_non_null(strstr(vt_row(vt, row), "lab"));
    assert_true(vt_find(vt, "read-only", &row, NULL));
    assert_non_null(strstr(vt_row(vt, row), "frozen"));
    vt_wait(vt, "names no store", 0);
    vt_send(vt, "연구");
    vt_wait_gone(vt, "frozen", 0);
    vt_key(vt, "Enter");
    wait_header(vt, "연구실");
    vt_send(vt, ":ctx");
    vt_key(vt, "Enter");
    vt_wait(vt, "Context", 0);
    assert_true(vt_find(vt, "open", &row, NULL));
    assert_non_null(strstr(vt_row(vt, row), "lab"));
    vt_key(vt, "Esc");
    vt_wait_gone(vt, "names no store", 0);
    wait_header(vt, "연구실");
    leave(vt);
}

/* Where one was is where one comes back to, at once. */
static void switching_keeps_everything(void **state)
{
    (void)state;
    struct vt *vt = start(24, 80);
    vt_key(vt, "3");
    vt_wait(vt, "no versions yet", 0);
    vt_key(vt, "j");
    vt_wait(vt, "Versions of fraud-detector", 0);
    go(vt, "prod");
    wait_header(vt, "prod PROTECTED");
    vt_wait(vt, "All active", 0);
    assert_false(vt_has(vt, "Versions of fraud-detector"));
    vt_key(vt, "9");
    vt_wait(vt, "chain whole", 0);
    vt_wait(vt, "live", 0);
    vt_forget(vt);
    go(vt, "lab");
    wait_header(vt, " lab ");
    vt_wait(vt, "Versions of fraud-detector", 0);
    assert_false(vt_saw(vt, "loading"));
    vt_forget(vt);
    go(vt, "-");
    wait_header(vt, "prod PROTECTED");
    assert_non_null(strstr(vt_row(vt, 0), "9 Log"));
    assert_false(vt_saw(vt, "loading"));
    go(vt, "-");
    vt_wait(vt, "Versions of fraud-detector", 0);
    leave(vt);
}

static void commands_complete_names(void **state)
{
    (void)state;
    struct vt *vt = start(24, 80);
    vt_send(vt, ":ctx ");
    vt_wait(vt, "ctx frozen", 0);
    vt_wait(vt, "ctx seoul", 0);
    assert_false(vt_has(vt, "ctx lab")); /* it is here */
    vt_send(vt, "se");
    vt_wait_gone(vt, "ctx frozen", 0);
    vt_key(vt, "Tab");
    vt_wait(vt, ":ctx seoul", 0);
    vt_key(vt, "Enter");
    wait_header(vt, "seoul PROTECTED");
    leave(vt);
}

static void one_that_cannot_be_opened_changes_nothing(void **state)
{
    (void)state;
    struct vt *vt = start(24, 80);
    go(vt, "nobody");
    vt_wait(vt, "There is no context 'nobody'", 0);
    vt_wait(vt, "there are: prod, lab, seoul", 0);
    go(vt, "empty");
    vt_wait(vt, "The context 'empty' names no store", 0);
    wait_header(vt, " lab ");
    store_shell("printf 'contexts:\\n  lab: {protekt: yes}\\n' >\"$1/c.yaml\"", store_folder(), "");
    go(vt, "prod");
    vt_wait(vt, "c.yaml:2:9: unknown key 'protekt'", 0);
    wait_header(vt, " lab ");
    assert_true(vt_has(vt, "All active"));
    leave(vt);
}

/* Each protected context is unlocked by its own name, for this session. */
static void unlocking_holds_for_one_context(void **state)
{
    (void)state;
    struct vt *vt = start(24, 100);
    go(vt, "prod");
    wait_header(vt, "prod PROTECTED  locked");
    vt_key(vt, "M");
    vt_wait(vt, "to unlock it for this session", 0);
    vt_send(vt, "seoul");
    vt_key(vt, "Enter");
    vt_wait(vt, "not the name of this context", 0);
    for (int i = 0; i < 5; i++) {
        vt_key(vt, "Backspace");
    }
    vt_send(vt, "prod");
    vt_key(vt, "Enter");
    vt_wait(vt, "unlocked for this session", 0);
    go(vt, "seoul");
    wait_header(vt, "seoul PROTECTED  locked");
    go(vt, "prod");
    wait_header(vt, "prod PROTECTED");
    assert_null(strstr(vt_row(vt, 0), "locked"));
    leave(vt);
}

/* Starts a change in `prod` that has to wait for somebody's lock, and leaves it running. */
static sqlite3 *start_slow_change(struct vt *vt)
{
    sqlite3 *other;
    char path[512];
    go(vt, "prod");
    wait_header(vt, "prod PROTECTED");
    vt_key(vt, "M");
    vt_wait(vt, "to unlock it for this session", 0);
    vt_send(vt, "prod");
    vt_key(vt, "Enter");
    vt_wait(vt, "unlocked", 0);
    vt_key(vt, "3");
    vt_wait(vt, "no versions yet", 0);
    vt_key(vt, "j");
    vt_wait(vt, "Versions of fraud-detector", 0);
    vt_key(vt, "P");
    vt_wait(vt, "Which version of fraud-detector?", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "v4 moves to Archived", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "Type fraud-detector", 0);
    snprintf(path, sizeof path, "%s/prod.db", store_folder());
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    sqlite3_busy_timeout(other, 10000); /* the program reads now and then */
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    vt_key(vt, "Enter");
    vt_send(vt, "fraud-detector");
    vt_key(vt, "Tab");
    vt_key(vt, "Tab");
    vt_wait(vt, "Enter confirms", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "writing", 0);
    vt_key(vt, "Esc");
    vt_wait(vt, "it goes on", 0);
    return other;
}

static void a_hidden_change_is_told(void **state)
{
    (void)state;
    struct vt *vt = start(24, 100);
    sqlite3 *other = start_slow_change(vt);
    go(vt, "lab");
    wait_header(vt, " lab ");
    vt_send(vt, ":ctx");
    vt_key(vt, "Enter");
    vt_wait(vt, "a change is under way", 0);
    vt_key(vt, "Esc");
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    vt_wait(vt, "context prod: done:", 10000);
    wait_header(vt, " lab ");
    go(vt, "prod");
    wait_header(vt, "prod PROTECTED");
    vt_wait(vt, "Versions of fraud-detector", 0);
    int row;
    vt_wait(vt, "fraud-detector", 0);
    assert_true(vt_find(vt, "fraud-detector", &row, NULL));
    vt_wait_gone(vt, "v6 v5", 0); /* it moved, and what is shown says so */
    leave(vt);
}

/* Leaving waits for it, and for no other context longer than for one. */
static void leaving_ends_all(void **state)
{
    (void)state;
    struct vt *vt = start(24, 100);
    sqlite3 *other = start_slow_change(vt);
    go(vt, "seoul");
    wait_header(vt, "seoul PROTECTED");
    go(vt, "lab");
    wait_header(vt, " lab ");
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    vt_send(vt, "\003");
    assert_true(WIFEXITED(vt_close(vt)));
    char command[1024];
    snprintf(command, sizeof command,
             "'%s' --store \"$1/prod.db\" -o jsonl versions fraud-detector | "
             "grep '\"version\":\"6\"' | grep -q 'current_stage.:.Production'",
             vt_program());
    store_shell(command, store_folder(), "");
}

/* One that is not shown costs nothing; shown again, it is up to date. */
static void a_hidden_one_rests(void **state)
{
    (void)state;
    struct vt *vt = start(24, 80);
    go(vt, "prod");
    wait_header(vt, "prod PROTECTED");
    vt_wait(vt, "live", 0);
    sqlite3 *other;
    char path[512];
    snprintf(path, sizeof path, "%s/mlflow.db", store_folder());
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    sqlite3_busy_timeout(other, 10000); /* the program reads now and then */
    assert_int_equal(sqlite3_exec(other,
                                  "UPDATE experiments SET name='renamed-meanwhile' WHERE "
                                  "name='empty experiment'",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(other);
    vt_wait_quiet(vt, 700);
    go(vt, "lab");
    wait_header(vt, " lab ");
    vt_wait(vt, "renamed-meanwhile", 0);
    leave(vt);
}

static void what_is_wrong_stands_under_the_data(void **state)
{
    (void)state;
    struct vt *vt = start(24, 80);
    vt_wait(vt, "live", 0);
    store_shell("mv \"$1/mlflow.db\" \"$1/away.db\"", store_folder(), "");
    vt_wait(vt, "offline", 10000);
    vt_wait(vt, "data of ", 0);
    assert_true(vt_has(vt, "All active"));
    assert_non_null(strstr(vt_row(vt, 22), "there is no file"));
    vt_key(vt, "!");
    vt_wait(vt, "What is wrong", 0);
    vt_wait(vt, "shown here", 0);
    vt_key(vt, "Esc");
    vt_wait_gone(vt, "What is wrong", 0);
    vt_resize(vt, 10, 40);
    wait_header(vt, " lab ");
    wait_header(vt, " \xE2\x9C\x96 offline"); /* ✖, with room before it */
    vt_resize(vt, 24, 80);
    store_shell("mv \"$1/away.db\" \"$1/mlflow.db\"", store_folder(), "");
    vt_wait(vt, "live", 20000);
    vt_wait_gone(vt, "data of ", 0);
    vt_key(vt, "!");
    vt_wait(vt, "nothing is wrong", 0);
    leave(vt);
}

/* The narrowest header still names the context, and that it is protected. */
static void a_small_screen_names_the_context(void **state)
{
    (void)state;
    struct vt *vt = start(10, 40);
    wait_header(vt, " lab ");
    go(vt, "seoul");
    wait_header(vt, "seoul PROTECTED");
    vt_send(vt, ":ctx");
    vt_key(vt, "Enter");
    vt_wait(vt, "frozen", 0);
    vt_key(vt, "Esc");
    vt_resize(vt, 24, 80);
    wait_header(vt, "seoul PROTECTED  locked");
    leave(vt);
}

/* Nobody answers there; that it would not be checked is said all the same. */
static void unchecked_certificates_are_told(void **state)
{
    (void)state;
    struct vt *vt = start(24, 80);
    go(vt, "loose");
    wait_header(vt, " loose  TLS not verified ");
    vt_wait(vt, "offline", 10000);
    go(vt, "-");
    wait_header(vt, " lab ");
    assert_null(strstr(vt_row(vt, 0), "TLS"));
    leave(vt);
}

/* From the page that is shown without a store. */
static void the_first_page_offers_contexts(void **state)
{
    (void)state;
    char home[600];
    store_shell(config, store_folder(), "");
    store_shell("mkdir -p \"$1/.config/ncmlops\" && cd \"$1\" && sed -e /current-context/d "
                "-e \"s|uri: |uri: $1/|\" c.yaml >.config/ncmlops/config.yaml",
                store_folder(), "");
    snprintf(home, sizeof home, "HOME=%s", store_folder());
    const char *env[] = {home, NULL};
    const char *argv[] = {"sh", "-c", "cd \"$HOME/empty\" && exec \"$0\"", vt_program(), NULL};
    struct vt *vt = vt_spawn(24, 80, env, argv);
    vt_wait(vt, "a context of your configuration", 0);
    go(vt, "prod");
    wait_header(vt, "prod PROTECTED");
    vt_wait(vt, "All active", 0);
    leave(vt);
}

#define CONTEXT(test) cmocka_unit_test_setup(test, store_fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONTEXT(the_list_says_what_there_is),
        CONTEXT(switching_keeps_everything),
        CONTEXT(commands_complete_names),
        CONTEXT(one_that_cannot_be_opened_changes_nothing),
        CONTEXT(unlocking_holds_for_one_context),
        CONTEXT(a_hidden_change_is_told),
        CONTEXT(leaving_ends_all),
        CONTEXT(a_hidden_one_rests),
        CONTEXT(what_is_wrong_stands_under_the_data),
        CONTEXT(a_small_screen_names_the_context),
        CONTEXT(unchecked_certificates_are_told),
        CONTEXT(the_first_page_offers_contexts),
    };
    return cmocka_run_group_tests(tests, store_setup, store_teardown);
}
