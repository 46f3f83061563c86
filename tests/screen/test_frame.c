/* The frame in the real program: first start and demo, help, palette, themes, prompts, a protected
 * context, Hangul, pastes, idleness, leaving. */
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

/* config: text of a configuration, or NULL. */
static struct vt *open_with(int rows, int cols, const char *config)
{
    char store[512], home[600], file[600], command[512];
    snprintf(store, sizeof store, "%s/mlflow.db", store_folder());
    snprintf(home, sizeof home, "HOME=%s", store_folder());
    snprintf(file, sizeof file, "%s/config.yaml", store_folder());
    snprintf(command, sizeof command, "printf '%%s' \"$2\" >\"$1/config.yaml\"");
    store_shell(command, store_folder(), config != NULL ? config : "clock: false\n");
    const char *env[] = {home, NULL};
    const char *plain[] = {"ncmlops", "--config", file, "--store", store, NULL};
    const char *named[] = {"ncmlops", "--config", file, NULL};
    bool context = config != NULL && strstr(config, "contexts:") != NULL;
    struct vt *vt = vt_spawn(rows, cols, env, context ? named : plain);
    vt_wait(vt, "Default", 0);
    return vt;
}

static void leave(struct vt *vt)
{
    vt_send(vt, "\003");
    assert_true(WIFEXITED(vt_close(vt)));
}

static void starts_without_a_store_and_opens_the_demo(void **state)
{
    char home[600];
    const char *env[] = {home, NULL};
    const char *argv[] = {"sh", "-c", "cd \"$HOME/empty\" && exec \"$0\"", vt_program(), NULL};
    (void)state;
    snprintf(home, sizeof home, "HOME=%s", store_folder());
    struct vt *vt = vt_spawn(24, 80, env, argv);
    vt_wait(vt, "No tracking store yet", 0);
    assert_true(vt_has(vt, "MLFLOW_TRACKING_URI"));
    vt_key(vt, "j"); /* nothing to move in */
    vt_key(vt, "D");
    vt_wait(vt, "context demo", 30000);
    vt_wait(vt, "fraud-detector", 0);
    vt_key(vt, "3");
    vt_wait(vt, "Models", 0);
    leave(vt);
}

static void asks_before_it_leaves(void **state)
{
    (void)state;
    struct vt *vt = open_with(24, 80, NULL);
    vt_key(vt, "Esc"); /* never leaves */
    vt_key(vt, "q");
    vt_wait(vt, "Leave ncmlops?", 0);
    vt_key(vt, "Esc");
    vt_wait_gone(vt, "Leave ncmlops?", 0);
    vt_key(vt, "q");
    vt_wait(vt, "Leave ncmlops?", 0);
    vt_key(vt, "Enter");
    int status = vt_close(vt);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void help_is_searched_and_runs(void **state)
{
    (void)state;
    struct vt *vt = open_with(24, 80, NULL);
    vt_key(vt, "?");
    vt_wait(vt, "Keys here", 0);
    vt_send(vt, "log pane");
    vt_wait_gone(vt, "Choose the colours", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "Audit", 0);
    leave(vt);
}

static void the_palette_knows_commands_and_objects(void **state)
{
    (void)state;
    struct vt *vt = open_with(24, 80, NULL);
    vt_key(vt, "3");
    vt_wait(vt, "fraud-detector", 0);
    vt_key(vt, "2");
    vt_wait(vt, "Experiments", 0);
    vt_key(vt, ":");
    vt_send(vt, "reg");
    vt_wait(vt, "Registry pane", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "Models", 0);
    vt_key(vt, ":");
    vt_send(vt, "archive-swap");
    vt_wait(vt, "model", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "archive-swap", 0);
    vt_key(vt, ":");
    vt_send(vt, "nonsense-xyz");
    vt_key(vt, "Enter");
    vt_wait(vt, "there is no command or object", 0);
    leave(vt);
}

static void a_theme_is_chosen_by_name(void **state)
{
    (void)state;
    struct vt *vt = open_with(24, 80, NULL);
    vt_key(vt, ":");
    vt_send(vt, "theme nosuch");
    vt_key(vt, "Enter");
    vt_wait(vt, "There is no theme 'nosuch'", 0);
    vt_key(vt, ":");
    vt_send(vt, "theme mono");
    vt_key(vt, "Enter");
    vt_wait_gone(vt, "There is no theme", 0);
    vt_wait_quiet(vt, 200);
    for (int x = 0; x < 80; x++) {
        assert_int_equal(vt_cell(vt, 0, x).fg, VT_DEFAULT);
    }
    leave(vt);
}

/* Of the active tab: it has one in every theme. */
static int tab_background(struct vt *vt)
{
    int row, col;
    assert_true(vt_find(vt, "2 Runs", &row, &col));
    return vt_cell(vt, row, col).bg;
}

static bool has_tab_background(struct vt *vt, void *ctx)
{
    return tab_background(vt) == *(int *)ctx;
}

/* The terminal says what its background is; a theme that was chosen stays, also the next time. */
static void the_theme_follows_the_terminal_until_one_is_chosen(void **state)
{
    (void)state;
    struct vt *vt = open_with(24, 80, NULL);
    vt_wait_raw(vt, "\033]11;?\a", 0);
    int dark = tab_background(vt);
    vt_send(vt, "\033]11;rgb:ffff/ffff/dddd\033\\");
    vt_wait_quiet(vt, 200);
    int light = tab_background(vt);
    assert_int_not_equal(dark, light);
    vt_send(vt, "\033]11;rgb:00/00/10\a");
    vt_wait_for(vt, has_tab_background, &dark, 0);
    vt_key(vt, ":");
    vt_send(vt, "theme light\r");
    vt_wait_for(vt, has_tab_background, &light, 0);
    vt_send(vt, "\033]11;rgb:0000/0000/0000\a");
    vt_wait_quiet(vt, 200);
    assert_int_equal(tab_background(vt), light);
    leave(vt);
    vt = open_with(24, 80, NULL);
    assert_int_equal(tab_background(vt), light);
    assert_false(vt_saw(vt, "\033]11;?\a"));
    leave(vt);
    vt = open_with(24, 80, "clock: false\ntheme: dark\n");
    assert_int_equal(tab_background(vt), dark);
    leave(vt);
}

static const char protected_context[] = "clock: false\ncurrent-context: prod\ncontexts:\n"
                                        "  prod:\n    protect: true\n"
                                        "    tracking: {uri: \"%s/mlflow.db\"}\n";

static void a_protected_context_wants_names(void **state)
{
    char config[1024];
    (void)state;
    snprintf(config, sizeof config, protected_context, store_folder());
    struct vt *vt = open_with(24, 80, config);
    assert_true(vt_has(vt, "prod PROTECTED"));
    assert_true(vt_has(vt, "locked"));
    vt_key(vt, "3");
    vt_wait(vt, "fraud-detector", 0);
    vt_key(vt, "j");
    vt_wait(vt, "Versions of fraud-detector", 0);
    vt_key(vt, "P");
    vt_wait(vt, "M unlocks", 0);
    vt_key(vt, "M");
    vt_wait(vt, "to unlock it for this session", 0);
    vt_send(vt, "wrong\r");
    vt_wait(vt, "that is not the name", 0);
    vt_send(vt, "\025prod\r");
    vt_wait(vt, "unlocked", 0);
    vt_key(vt, "P");
    vt_wait(vt, "Which version", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "keep the others", 0);
    vt_send(vt, "Production\r");
    vt_wait(vt, "Type fraud-detector", 0);
    vt_send(vt, "better\r");
    vt_paste(vt, "fraud-detector");
    vt_wait(vt, "pasted text confirms nothing", 0);
    vt_send(vt, "\ry\r");
    vt_wait(vt, "the name is not right", 0);
    vt_send(vt, "fraud-detector\ry\r");
    vt_wait(vt, "done:", 0);
    leave(vt);
}

/* What the messages say: which panes there are, what was copied, that a key does nothing here. */
static void messages_say_what_is(void **state)
{
    (void)state;
    struct vt *vt = open_with(24, 80, NULL);
    vt_key(vt, "7");
    vt_wait(vt, "there is no pane 7; there are", 0);
    vt_key(vt, "3");
    vt_wait(vt, "Versions of archive-swap", 0);
    vt_key(vt, "y");
    vt_wait(vt, "copied: model name archive-swap", 0);
    vt_key(vt, "9");
    vt_wait(vt, "Audit", 0);
    vt_key(vt, "f");
    vt_wait(vt, "does nothing here", 0);
    leave(vt);
}

/* At 80 columns an explanation is cut in its row and whole at the bottom. */
static void help_shows_whole_sentences(void **state)
{
    int row;
    (void)state;
    struct vt *vt = open_with(24, 80, NULL);
    vt_key(vt, "?");
    vt_wait(vt, "Keys here", 0);
    vt_send(vt, "next part");
    vt_wait(vt, "To the next part of this pane", 0);
    vt_send(vt, "\025lock");
    vt_wait(vt, "Read-only lock on or off; unlocking holds for this session", 0);
    assert_true(vt_find(vt, "unlocking holds for this session", &row, NULL));
    assert_true(row >= 18);
    leave(vt);
}

/* A popup stands in a frame, and what is beneath does not shine through. */
static void completions_stand_in_a_frame(void **state)
{
    int row, col;
    (void)state;
    struct vt *vt = open_with(24, 80, NULL);
    vt_key(vt, ":");
    vt_send(vt, "reg");
    vt_wait(vt, "Registry pane", 0);
    assert_true(vt_find(vt, "Registry pane", &row, &col));
    assert_int_equal(vt_cell(vt, row, 0).ch, 0x2502);
    assert_int_equal(vt_cell(vt, row, 79).ch, 0x2502);
    leave(vt);
}

static bool keyline_is_plain(struct vt *vt, void *ctx)
{
    const char *line = vt_row(vt, 23);
    (void)ctx;
    return strstr(line, "promote") != NULL && strstr(line, "roll back") != NULL &&
           strchr(line, '.') == NULL;
}

static void ascii_keeps_the_hints(void **state)
{
    char store[512], home[600];
    const char *env[] = {home, NULL};
    (void)state;
    snprintf(store, sizeof store, "%s/mlflow.db", store_folder());
    snprintf(home, sizeof home, "HOME=%s", store_folder());
    struct vt *vt = vt_spawn(
        24, 80, env,
        (const char *const[]){"ncmlops", "--ascii", "--theme", "mono", "--store", store, NULL});
    vt_wait(vt, "Default", 0);
    vt_key(vt, "3");
    vt_wait(vt, "fraud-detector", 0);
    vt_wait_for(vt, keyline_is_plain, NULL, 0);
    for (int y = 0; y < 24; y++) {
        for (const char *p = vt_row(vt, y); *p != '\0'; p++) {
            assert_true((unsigned char)*p < 0x80);
        }
        assert_int_equal(vt_cell(vt, y, 3).fg, VT_DEFAULT);   /* mono */
        assert_false(vt_cell(vt, y, 79).underline && y == 2); /* no doubled line */
    }
    leave(vt);
}

static void hangul_keys_work_and_are_explained(void **state)
{
    (void)state;
    struct vt *vt = open_with(24, 80, NULL);
    vt_key(vt, "3");
    vt_wait(vt, "Versions of archive-swap", 0);
    vt_send(vt, "\xE3\x85\x93"); /* ㅓ = j */
    vt_wait(vt, "Versions of fraud-detector", 0);
    vt_wait(vt, "Hangul input is on", 0);
    vt_paste(vt, "q\n");
    vt_wait(vt, "pasted text is ignored here", 0);
    leave(vt);
}

static void idle_sends_nothing(void **state)
{
    (void)state;
    struct vt *vt = open_with(24, 80, NULL);
    vt_wait(vt, "live", 0);
    vt_wait_quiet(vt, 700);
    vt_forget(vt);
    vt_wait_quiet(vt, 1500);
    assert_int_equal(vt_bytes(vt), 0);
    leave(vt);
}

static void a_tiny_terminal_says_what_it_needs(void **state)
{
    (void)state;
    struct vt *vt = open_with(24, 80, NULL);
    vt_resize(vt, 5, 20);
    vt_wait(vt, "terminal too small", 0);
    vt_resize(vt, 10, 40);
    vt_wait(vt, "Experiments", 0);
    leave(vt);
}

#define FRAME(test) cmocka_unit_test_setup(test, store_fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRAME(starts_without_a_store_and_opens_the_demo),
        FRAME(asks_before_it_leaves),
        FRAME(help_is_searched_and_runs),
        FRAME(the_palette_knows_commands_and_objects),
        FRAME(a_theme_is_chosen_by_name),
        FRAME(the_theme_follows_the_terminal_until_one_is_chosen),
        FRAME(a_protected_context_wants_names),
        FRAME(messages_say_what_is),
        FRAME(help_shows_whole_sentences),
        FRAME(completions_stand_in_a_frame),
        FRAME(ascii_keeps_the_hints),
        FRAME(hangul_keys_work_and_are_explained),
        FRAME(idle_sends_nothing),
        FRAME(a_tiny_terminal_says_what_it_needs),
    };
    return cmocka_run_group_tests(tests, store_setup, store_teardown);
}
