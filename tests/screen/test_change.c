/* The panel of a change in the real program: what is typed where, and what comes of it. */
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

/* The registry with fraud-detector selected. */
static struct vt *open_registry(void)
{
    char store[512], home[600];
    snprintf(store, sizeof store, "%s/mlflow.db", store_folder());
    snprintf(home, sizeof home, "HOME=%s", store_folder());
    const char *env[] = {home, NULL};
    struct vt *vt = vt_spawn(24, 80, env, (const char *const[]){"ncmlops", "--store", store, NULL});
    vt_wait(vt, "Default", 0);
    vt_key(vt, "3");
    vt_wait(vt, "no versions yet", 0);
    vt_key(vt, "j");
    vt_wait(vt, "candidate", 0);
    return vt;
}

/* The panel that moves v6 to Production, with the reason's field in focus. */
static struct vt *open_panel(void)
{
    struct vt *vt = open_registry();
    vt_key(vt, "P");
    vt_wait(vt, "Which version of fraud-detector?", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "v4 moves to Archived", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "Confirm", 0);
    return vt;
}

static void quit(struct vt *vt)
{
    vt_send(vt, "\003");
    assert_true(WIFEXITED(vt_close(vt)));
}

/* What the store itself says. */
static void check_stage_of_v6(const char *stage)
{
    char command[1024];
    snprintf(command, sizeof command,
             "'%s' --store \"$1/mlflow.db\" -o jsonl versions fraud-detector | "
             "grep '\"version\":\"6\"' | grep -q \"current_stage.:.$2\"",
             vt_program());
    store_shell(command, store_folder(), stage);
}

/* Somebody begins to type the reason while a button has the focus. */
static void letters_on_a_button_are_the_reason(void **state)
{
    (void)state;
    struct vt *vt = open_panel();
    vt_key(vt, "Tab");
    vt_wait(vt, "y \xE2\x8F\x8E confirm", 0);
    vt_send(vt, "clearly better, quite so");
    vt_wait(vt, "Reason: clearly better, quite so", 0);
    vt_key(vt, "Tab");
    vt_key(vt, "Tab");
    vt_wait(vt, "Enter confirms", 0);
    vt_send(vt, "\xE2\x80\xA6yes"); /* … */
    vt_wait(vt, "quite so\xE2\x80\xA6yes", 0);
    vt_key(vt, "Esc");
    vt_wait(vt, "nothing was changed", 0);
    check_stage_of_v6("Staging");
    quit(vt);
}

static void a_word_that_begins_with_y_is_a_word(void **state)
{
    (void)state;
    struct vt *vt = open_panel();
    vt_key(vt, "Tab");
    vt_wait(vt, "y \xE2\x8F\x8E confirm", 0);
    vt_send(vt, "yes, lower loss");
    vt_wait(vt, "Reason: yes, lower loss", 0);
    vt_key(vt, "Tab");
    vt_wait(vt, "y \xE2\x8F\x8E confirm", 0);
    vt_send(vt, "no rush");
    vt_wait(vt, "yes, lower lossno rush", 0);
    vt_key(vt, "Esc");
    vt_wait(vt, "nothing was changed", 0);
    check_stage_of_v6("Staging");
    quit(vt);
}

static void y_then_enter_confirms(void **state)
{
    (void)state;
    struct vt *vt = open_panel();
    vt_key(vt, "Tab");
    vt_wait(vt, "y \xE2\x8F\x8E confirm", 0);
    vt_send(vt, "\xE3\x85\x9B"); /* the same key with a Korean input method on */
    vt_wait(vt, "switch to Latin", 0);
    vt_key(vt, "y");
    vt_wait(vt, "Enter confirms", 0);
    check_stage_of_v6("Staging");
    vt_key(vt, "n");
    vt_wait_gone(vt, "Enter confirms", 0);
    vt_key(vt, "Esc");
    vt_wait(vt, "nothing was changed", 0);
    check_stage_of_v6("Staging");
    quit(vt);
}

/* A loss that falls is better: the sign says so, not where the figure went. */
static void the_panel_speaks_plainly(void **state)
{
    (void)state;
    struct vt *vt = open_panel();
    vt_wait(vt, "changes with it", 0);
    for (int row = 0; row < 24; row++) {
        const char *line = vt_row(vt, row);
        if (strstr(line, "better") != NULL && strchr(line, '.') != NULL) {
            assert_non_null(strstr(line, "\xE2\x9C\x94")); /* ✔ */
        }
        assert_null(strstr(line, "\xE2\x86\x93 loss"));
        assert_null(strstr(line, "\xE2\x86\x91 loss"));
    }
    vt_wait(vt, "leaves a note of this", 0);
    vt_wait(vt, "makes mlflow.ncmlops.db beside the store", 0);
    assert_false(vt_has(vt, "ncmlops.transition"));
    vt_key(vt, "Esc");
    quit(vt);
}

/* The prompt for a new alias of v6, after an answer that is refused. */
static struct vt *refused_alias(void)
{
    struct vt *vt = open_registry();
    vt_key(vt, "P");
    vt_wait(vt, "Which version of fraud-detector?", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "v4 moves to Archived", 0);
    vt_send(vt, "alias");
    vt_wait(vt, "new", 0);
    vt_key(vt, "Down");
    vt_key(vt, "Down");
    vt_key(vt, "Enter");
    vt_wait(vt, "Alias for v6:", 0);
    vt_send(vt, "bad alias!\r");
    vt_wait(vt, "takes no such alias: 'bad alias!'", 0);
    vt_wait(vt, "Alias for v6: bad alias!", 0);
    return vt;
}

/* What was typed is not lost when it is refused: the prompt comes back with it and the reason. */
static void a_refused_input_comes_back(void **state)
{
    (void)state;
    struct vt *vt = refused_alias();
    vt_send(vt, "\025also bad!\r");
    vt_wait(vt, "takes no such alias: 'also bad!'", 0);
    vt_send(vt, "\025shadow\r");
    vt_wait(vt, "Reason:", 0);
    vt_key(vt, "Esc");
    vt_wait(vt, "nothing was changed", 0);
    quit(vt);
}

static void a_refused_input_is_left_with_esc(void **state)
{
    (void)state;
    struct vt *vt = refused_alias();
    vt_key(vt, "Esc");
    vt_wait_gone(vt, "Alias for v6:", 0);
    assert_false(vt_has(vt, "takes no such alias"));
    vt_key(vt, "k"); /* the pane has the keyboard again */
    vt_wait(vt, "Versions of archive-swap", 0);
    quit(vt);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup(f, store_fresh)
    const struct CMUnitTest tests[] = {
        CASE(letters_on_a_button_are_the_reason),
        CASE(a_word_that_begins_with_y_is_a_word),
        CASE(y_then_enter_confirms),
        CASE(the_panel_speaks_plainly),
        CASE(a_refused_input_comes_back),
        CASE(a_refused_input_is_left_with_esc),
    };
    return cmocka_run_group_tests(tests, store_setup, store_teardown);
}
