/* Pane 3 and pane 9 in the real program: from a store that MLflow wrote to a promoted version,
 * back, and what the log says of it; at 80x24 and 200x50, in both languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "screen/store.h"
#include "screen/vt.h"

static struct vt *open_store(int rows, int cols, const char *lang)
{
    char store[512];
    snprintf(store, sizeof store, "%s/mlflow.db", store_folder());
    char home[600];
    snprintf(home, sizeof home, "HOME=%s", store_folder());
    const char *env[] = {home, NULL};
    const char *argv[] = {"ncmlops", "--store", store, "--lang", lang, NULL};
    struct vt *vt = vt_spawn(rows, cols, env, argv);
    vt_wait(vt, "Default", 0);
    vt_key(vt, "3");
    vt_wait(vt, "no versions yet", 0);
    return vt;
}

static void quit(struct vt *vt)
{
    vt_send(vt, "\003");
    int status = vt_close(vt);
    assert_true(WIFEXITED(status));
}

/* What the store itself says, through the headless command. */
static void check_stage(const char *version, const char *stage)
{
    char command[1024], line[256] = "";
    snprintf(command, sizeof command,
             "'%s' --store '%s/mlflow.db' -o jsonl versions fraud-detector | "
             "grep '\"version\":\"%s\"' | sed 's/.*current_stage\":\"\\([A-Za-z]*\\).*/\\1/'",
             vt_program(), store_folder(), version);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    pclose(f);
    line[strcspn(line, "\n")] = '\0';
    assert_string_equal(line, stage);
}

static void select_fraud(struct vt *vt)
{
    vt_key(vt, "j");
    vt_wait(vt, "current", 0); /* its versions are shown below */
}

/* From the reason: y leads to the button, Enter presses it. */
static void confirm(struct vt *vt)
{
    vt_wait(vt, "y \xE2\x8F\x8E confirm", 0);
    vt_key(vt, "y");
    vt_wait(vt, "Enter confirms", 0);
    vt_key(vt, "Enter");
}

static void promote_v6(struct vt *vt, const char *reason)
{
    vt_key(vt, "P");
    vt_wait(vt, "Which version of fraud-detector?", 0);
    vt_key(vt, "Enter"); /* the newest in Staging is offered first */
    vt_wait(vt, "v4 moves to Archived", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "Confirm", 0);
    vt_wait(vt, "Archived", 0);
    vt_send(vt, reason);
    vt_wait(vt, reason, 0);
    vt_key(vt, "Enter");
    confirm(vt);
    vt_wait(vt, "done", 0);
}

static void promotes_takes_back_and_tells(int rows, int cols)
{
    struct vt *vt = open_store(rows, cols, "en");
    select_fraud(vt);
    promote_v6(vt, "lower loss");
    check_stage("6", "Production");
    check_stage("4", "Archived");

    vt_key(vt, "U");
    vt_wait(vt, "Undo", 0);
    vt_key(vt, "Enter");
    confirm(vt);
    vt_wait(vt, "done", 0);
    check_stage("6", "Staging");
    check_stage("4", "Production");

    vt_key(vt, "9");
    vt_wait(vt, "Audit (2)", 0);
    vt_wait(vt, "chain whole", 0);
    quit(vt);
}

static void promotes_at_80x24(void **state)
{
    (void)state;
    promotes_takes_back_and_tells(24, 80);
}

static void promotes_at_200x50(void **state)
{
    (void)state;
    promotes_takes_back_and_tells(50, 200);
}

static void rolls_back(void **state)
{
    (void)state;
    struct vt *vt = open_store(24, 80, "en");
    select_fraud(vt);
    promote_v6(vt, "try");
    vt_key(vt, "B");
    vt_wait(vt, "Roll back what?", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "again", 0);
    vt_key(vt, "Enter");
    confirm(vt);
    vt_wait(vt, "done", 0);
    check_stage("4", "Production");
    check_stage("6", "Archived");
    quit(vt);
}

/* Cancel is the default: Enter all the way changes nothing, and neither does pasted text. */
static void cancel_is_the_default(void **state)
{
    (void)state;
    struct vt *vt = open_store(24, 80, "en");
    select_fraud(vt);
    vt_key(vt, "P");
    vt_wait(vt, "Which version of fraud-detector?", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "v4 moves to Archived", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "Confirm", 0);
    vt_paste(vt, "y\n\ny\n");
    vt_key(vt, "Enter"); /* leaves the reason */
    vt_wait(vt, "y \xE2\x8F\x8E confirm", 0);
    vt_paste(vt, "yyy\n");
    vt_key(vt, "Enter");
    vt_wait_gone(vt, "Confirm", 0);
    check_stage("4", "Production");
    check_stage("6", "Staging");
    quit(vt);
}

/* Somebody else moves the version while the panel is open: both states are shown, nothing is
 * written. */
static void a_conflict_writes_nothing(void **state)
{
    (void)state;
    struct vt *vt = open_store(24, 80, "en");
    select_fraud(vt);
    vt_key(vt, "P");
    vt_wait(vt, "Which version of fraud-detector?", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "v4 moves to Archived", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "Confirm", 0);
    store_shell(
        "\"$1\" --store \"$2/mlflow.db\" --yes promote fraud-detector 6 archived >/dev/null",
        vt_program(), store_folder());
    vt_key(vt, "Enter");
    confirm(vt);
    vt_wait(vt, "nothing was", 0);
    check_stage("6", "Archived");
    check_stage("4", "Production");
    vt_key(vt, "Esc");
    quit(vt);
}

/* A jamo typed with a Korean input method never starts a change. */
static void a_jamo_never_promotes(void **state)
{
    (void)state;
    struct vt *vt = open_store(24, 80, "en");
    vt_send(vt, "ㅓ"); /* j */
    vt_wait(vt, "current", 0);
    vt_send(vt, "ㅖ"); /* P */
    vt_wait(vt, "Latin", 0);
    assert_false(vt_has(vt, "Which version"));
    quit(vt);
}

static void read_only_refuses_before_anything(void **state)
{
    (void)state;
    char store[512];
    snprintf(store, sizeof store, "%s/mlflow.db", store_folder());
    struct vt *vt = vt_spawn(
        24, 80, NULL, (const char *const[]){"ncmlops", "--read-only", "--store", store, NULL});
    vt_wait(vt, "Default", 0);
    vt_key(vt, "3");
    vt_wait(vt, "no versions yet", 0);
    vt_key(vt, "U");
    vt_wait(vt, "read-only", 0);
    quit(vt);
}

static void shows_a_version_beside_production(void **state)
{
    (void)state;
    struct vt *vt = open_store(24, 80, "en");
    select_fraud(vt);
    vt_key(vt, "Enter");
    vt_wait(vt, "auc", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "v4 in Production", 0);
    vt_wait(vt, "Metrics of the source run", 0);
    vt_key(vt, "Esc");
    vt_key(vt, "Esc");
    vt_wait(vt, "Models (6)", 0);
    quit(vt);
}

static void speaks_korean(void **state)
{
    (void)state;
    struct vt *vt = open_store(24, 80, "ko");
    vt_wait(vt, "레지스트리", 0);
    vt_wait(vt, "추천-랭커", 0);
    select_fraud(vt);
    vt_key(vt, "P");
    vt_wait(vt, "fraud-detector", 0);
    vt_key(vt, "Esc");
    quit(vt);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup(f, store_fresh)
    const struct CMUnitTest tests[] = {
        CASE(promotes_at_80x24),
        CASE(promotes_at_200x50),
        CASE(rolls_back),
        CASE(cancel_is_the_default),
        CASE(a_conflict_writes_nothing),
        CASE(a_jamo_never_promotes),
        CASE(read_only_refuses_before_anything),
        CASE(shows_a_version_beside_production),
        CASE(speaks_korean),
    };
    return cmocka_run_group_tests(tests, store_setup, store_teardown);
}
