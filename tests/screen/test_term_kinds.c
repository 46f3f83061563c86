/* The terminal layer on terminals of all kinds and sizes: this program runs itself as the demo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "screen/term_demo.h"
#include "screen/vt.h"

static const char *const utf8_env[] = {NULL}; /* the harness's own */

static struct vt *usual(void)
{
    return demo_start(24, 80, utf8_env, NULL);
}

static void wide_characters_keep_their_cells(void **state)
{
    int row, col;
    (void)state;
    struct vt *vt = usual();
    assert_true(vt_find(vt, "한글", &row, &col));
    assert_int_equal(row, 3);
    assert_int_equal(col, 10);
    assert_int_equal(vt_cell(vt, row, col).width, 2);
    assert_true(vt_find(vt, "end", &row, &col));
    assert_int_equal(col, 22);
    vt_kill(vt);
}

static void colors_by_terminal(void **state)
{
    (void)state;
    struct vt *vt = usual();
    assert_true(vt_has(vt, "colors 256"));
    assert_int_equal(vt_cell(vt, 3, 1).fg_index, 167);
    assert_true(vt_cell(vt, 3, 1).bold);
    assert_int_equal(vt_cell(vt, 8, 30).bg_index, 236);
    vt_kill(vt);

    vt = demo_start(24, 80, (const char *const[]){"TERM=xterm", NULL}, NULL);
    assert_true(vt_has(vt, "colors 8"));
    assert_int_equal(vt_cell(vt, 3, 1).fg_index, 1);
    assert_int_equal(vt_cell(vt, 8, 30).bg_index, 4);
    vt_kill(vt);

    vt = demo_start(24, 80, (const char *const[]){"NO_COLOR=1", NULL}, NULL);
    assert_true(vt_has(vt, "colors 0"));
    assert_int_equal(vt_cell(vt, 3, 1).fg, VT_DEFAULT);
    assert_true(vt_cell(vt, 3, 1).bold);
    assert_true(vt_cell(vt, 8, 30).reverse);
    vt_kill(vt);
}

static void truecolor_where_terminfo_has_it(void **state)
{
    (void)state;
    static const char *const places[] = {"/usr/share/terminfo/x", "/lib/terminfo/x",
                                         "/etc/terminfo/x"};
    bool found = false;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/xterm-direct", places[i]);
        found = found || access(path, R_OK) == 0;
    }
    if (!found)
        skip();
    struct vt *vt = demo_start(24, 80, (const char *const[]){"COLORTERM=truecolor", NULL}, NULL);
    assert_true(vt_has(vt, "colors 16777216"));
    assert_true(vt_saw(vt, "38:2::224:96:96"));
    vt_kill(vt);
}

static void ascii_without_utf8(void **state)
{
    (void)state;
    struct vt *vt = demo_start(24, 80, (const char *const[]){"LC_ALL=C", NULL}, NULL);
    assert_true(vt_has(vt, "ladder 2"));
    assert_true(vt_has(vt, "????"));
    assert_string_equal(vt_row(vt, 4), "┌──────────────────┐"); /* by the alternate set */
    for (int b = 0x80; b < 0x100; b++)
        assert_false(vt_saw(vt, (const char[]){(char)b, 0}));
    vt_kill(vt);
}

static void monochrome_without_cursor_addressing_frills(void **state)
{
    (void)state;
    struct vt *vt = demo_start(24, 80, (const char *const[]){"TERM=vt100", "LC_ALL=C", NULL}, NULL);
    assert_true(vt_has(vt, "colors 0"));
    vt_key(vt, "j");
    vt_wait(vt, "event 1", 0);
    assert_true(vt_cell(vt, 9, 30).reverse);
    vt_key(vt, "q");
    assert_int_equal(WEXITSTATUS(vt_close(vt)), 0);
}

static void unknown_terminals(void **state)
{
    static const char *const bad[] = {"TERM=no-such-terminal", "TERM=dumb", "TERM=", "TERM"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct vt *vt = vt_spawn(24, 80, (const char *const[]){bad[i], NULL},
                                 (const char *const[]){demo_self(), "--demo", NULL});
        vt_wait(vt, "hint:", 0);
        assert_false(vt_saw(vt, "\033["));
        assert_int_equal(WEXITSTATUS(vt_close(vt)), 2);
    }
    /* Known by everybody but this machine. */
    struct vt *vt =
        demo_start(24, 80, (const char *const[]){"TERM=xterm-ghostty-next", NULL}, NULL);
    vt_kill(vt);
}

static void lines_and_columns_do_not_pin(void **state)
{
    (void)state;
    struct vt *vt = demo_start(24, 80, (const char *const[]){"LINES=10", "COLUMNS=40", NULL}, NULL);
    vt_wait(vt, "size 80x24", 0);
    vt_kill(vt);
}

static void small_and_large(void **state)
{
    static const int sizes[][2] = {{1, 1}, {2, 2}, {5, 20}, {3, 300}, {100, 10}, {200, 500}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct vt *vt = vt_spawn(sizes[i][0], sizes[i][1], utf8_env,
                                 (const char *const[]){demo_self(), "--demo", NULL});
        vt_wait_frame(vt, 1, 0);
        vt_key(vt, "q");
        assert_int_equal(WEXITSTATUS(vt_close(vt)), 0);
    }
}

static void resizes(void **state)
{
    (void)state;
    struct vt *vt = usual();
    vt_resize(vt, 50, 200);
    vt_wait(vt, "size 200x50", 0);
    vt_resize(vt, 5, 20);
    vt_wait(vt, "terminal too small (", 0);
    vt_resize(vt, 1, 1);
    vt_resize(vt, 200, 500);
    vt_wait(vt, "size 500x200", 0);
    vt_wait(vt, "row 191", 0);
    for (int i = 0; i < 50; i++)
        vt_resize(vt, 10 + i % 30, 40 + i * 3 % 90);
    vt_resize(vt, 30, 100);
    vt_wait(vt, "size 100x30", 0);
    vt_wait(vt, "row 21", 0);
    vt_wait_gone(vt, "row 22", 0);
    assert_string_equal(vt_row(vt, 3), " FAIL     한글 이름 e\xcc\x81 end");
    vt_key(vt, "q");
    assert_int_equal(WEXITSTATUS(vt_close(vt)), 0);
}

/* A region that is too small would stay with the shell. */
static void scrolls_the_whole_screen(void **state)
{
    (void)state;
    struct vt *vt = demo_start(50, 120, utf8_env, NULL);
    assert_true(vt_saw(vt, "\033[1;50r"));
    assert_false(vt_saw(vt, "\033[1;24r"));
    vt_kill(vt);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wide_characters_keep_their_cells),
        cmocka_unit_test(colors_by_terminal),
        cmocka_unit_test(truecolor_where_terminfo_has_it),
        cmocka_unit_test(ascii_without_utf8),
        cmocka_unit_test(monochrome_without_cursor_addressing_frills),
        cmocka_unit_test(unknown_terminals),
        cmocka_unit_test(lines_and_columns_do_not_pin),
        cmocka_unit_test(small_and_large),
        cmocka_unit_test(resizes),
        cmocka_unit_test(scrolls_the_whole_screen),
    };
    return demo_main(argc, argv) ? demo_status() : cmocka_run_group_tests(tests, NULL, NULL);
}
