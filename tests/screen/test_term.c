/* The terminal layer alone, in a pseudo-terminal: this program runs itself as the demo. */
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

/* Everything that was switched on is off again. */
static void check_restored(struct vt *vt)
{
    assert_false(vt_alternate(vt));
    assert_true(vt_cursor_visible(vt));
    assert_true(vt_saw(vt, "\033[?2004l"));
    assert_true(vt_saw(vt, "\033[?1004l"));
    assert_true(vt_saw(vt, "\033[?1000l"));
    assert_true(vt_saw(vt, "\033[?1049l"));
}

static void quits_with_everything_restored(void **state)
{
    (void)state;
    struct vt *vt = usual();
    assert_true(vt_alternate(vt));
    assert_false(vt_cursor_visible(vt));
    assert_true(vt_saw(vt, "\033[?2004h"));
    vt_key(vt, "q");
    vt_wait_raw(vt, "\033[?1049l", 0);
    check_restored(vt);
    int status = vt_close(vt);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void crash(const char *key, int signal)
{
    struct vt *vt = usual();
    vt_key(vt, key);
    vt_wait(vt, "the terminal has been put back", 0);
    check_restored(vt);
    int status = vt_close(vt);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), signal);
}

static void restores_after_a_crash(void **state)
{
    (void)state;
    crash("c", SIGSEGV);
    crash("a", SIGABRT);
}

static void restores_on_exit_anywhere(void **state)
{
    (void)state;
    struct vt *vt = usual();
    vt_key(vt, "e");
    vt_wait_raw(vt, "\033[?1049l", 0);
    check_restored(vt);
    assert_int_equal(WEXITSTATUS(vt_close(vt)), 7);
}

static void ends_in_order_on_signals(void **state)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};
    (void)state;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct vt *vt = usual();
        kill(vt_pid(vt), signals[i]);
        vt_wait_raw(vt, "\033[?1049l", 0);
        check_restored(vt);
        assert_int_equal(WEXITSTATUS(vt_close(vt)), 128 + signals[i]);
    }
    struct vt *vt = usual();
    vt_key(vt, "C-c");
    vt_wait_raw(vt, "\033[?1049l", 0);
    assert_int_equal(WEXITSTATUS(vt_close(vt)), 128 + SIGINT);
}

static void ends_when_the_terminal_goes_away(void **state)
{
    (void)state;
    struct vt *vt = usual();
    vt_hang_up(vt);
    assert_int_equal(WEXITSTATUS(vt_close(vt)), 128 + SIGHUP);
}

static void suspends_and_comes_back(void **state)
{
    char line[8300];
    (void)state;
    snprintf(line, sizeof line,
             "set -m; '%s' --demo; echo STOPPED; read x; fg >/dev/null; echo DONE", demo_self());
    struct vt *vt = vt_spawn(24, 80, utf8_env, (const char *const[]){"bash", "-c", line, NULL});
    vt_wait(vt, "event 0", 0);
    vt_key(vt, "C-z");
    vt_wait(vt, "STOPPED", 0);
    check_restored(vt);
    vt_forget(vt);
    vt_key(vt, "Enter");
    vt_wait(vt, "resumed", 0);
    assert_true(vt_alternate(vt));
    assert_true(vt_saw(vt, "\033[?2004h"));
    vt_wait(vt, "row 15", 0);
    vt_key(vt, "j");
    vt_wait(vt, "key j", 0);
    vt_key(vt, "q");
    vt_wait(vt, "DONE", 0);
    vt_close(vt);
}

static void runs_a_child_on_the_normal_screen(void **state)
{
    (void)state;
    struct vt *vt = usual();
    vt_key(vt, "r");
    vt_wait(vt, "resumed", 0);
    assert_true(vt_saw(vt, "CHILD RUNS"));
    assert_true(vt_count(vt, "\033[?1049l") == 1 && vt_count(vt, "\033[?1049h") == 2);
    vt_wait(vt, "row 15", 0);
    vt_kill(vt);
}

static void an_equal_frame_sends_nothing(void **state)
{
    (void)state;
    struct vt *vt = usual();
    vt_wait_quiet(vt, 100);
    vt_forget(vt);
    vt_wait_quiet(vt, 600);
    assert_int_equal(vt_bytes(vt), 0);
    vt_kill(vt);
}

static void a_frame_is_bracketed_and_asks(void **state)
{
    (void)state;
    struct vt *vt = usual();
    vt_wait_quiet(vt, 50);
    vt_forget(vt);
    vt_key(vt, "j");
    vt_wait(vt, "event 1", 0);
    vt_wait_frame(vt, 1, 0);
    vt_wait_quiet(vt, 50);
    assert_int_equal(vt_count(vt, "\033[?2026h"), 1);
    assert_int_equal(vt_count(vt, "\033[?2026l"), 1);
    assert_int_equal(vt_count(vt, "\033[5n"), 1);
    assert_true(vt_bytes(vt) < 400);
    vt_kill(vt);
}

/* Never two frames under way: without answers the second waits, for a second at most. */
static void waits_for_the_answer(void **state)
{
    (void)state;
    struct vt *vt = usual();
    vt_key(vt, "j");
    vt_wait(vt, "event 1", 0);
    vt_wait_quiet(vt, 50);
    vt_silent(vt, true);
    vt_forget(vt);
    vt_key(vt, "j");
    vt_wait(vt, "event 2", 0);
    vt_send(vt, "jjjjjjjj");
    vt_wait_quiet(vt, 300);
    assert_int_equal(vt_frames(vt), 1);
    vt_wait(vt, "event 10", 2000); /* given up: all keys in one frame */
    assert_int_equal(vt_frames(vt), 2);
    vt_kill(vt);
}

static void a_silent_terminal_costs_nothing(void **state)
{
    (void)state;
    struct vt *vt = vt_spawn(24, 80, utf8_env, (const char *const[]){demo_self(), "--demo", NULL});
    vt_silent(vt, true);
    vt_wait(vt, "event 0", 0);
    for (int i = 1; i <= 5; i++) {
        char text[32];
        snprintf(text, sizeof text, "event %d", i);
        vt_key(vt, "j");
        vt_wait(vt, text, 900); /* no second of waiting for an answer */
    }
    assert_int_equal(vt_count(vt, "\033[5n"), 1);
    vt_key(vt, "q");
    assert_int_equal(WEXITSTATUS(vt_close(vt)), 0);
}

/* A full line: the program goes on taking keys, and shows their sum when there is room. */
static void a_stalled_line_never_blocks(void **state)
{
    (void)state;
    struct vt *vt = demo_start(60, 200, utf8_env, NULL);
    vt_key(vt, "f");
    vt_wait(vt, "event 1:", 0);
    vt_stall(vt, true);
    for (int i = 0; i < 30; i++)
        vt_send(vt, "jk");
    vt_stall(vt, false);
    vt_wait(vt, "event 61:", 0);
    vt_key(vt, "q");
    assert_int_equal(WEXITSTATUS(vt_close(vt)), 0);
}

/* A line that takes nothing at all: the program still ends. */
static void a_stuck_line_does_not_hold_the_end_up(void **state)
{
    (void)state;
    struct vt *vt = demo_start(60, 200, utf8_env, NULL);
    vt_key(vt, "f");
    vt_wait(vt, "event 1:", 0);
    vt_stall(vt, true);
    for (int i = 0; i < 30; i++)
        vt_send(vt, "jk");
    kill(vt_pid(vt), SIGSTOP); /* stopped and continued by somebody else, with the line stuck */
    kill(vt_pid(vt), SIGTERM);
    kill(vt_pid(vt), SIGCONT);
    assert_int_equal(WEXITSTATUS(vt_close(vt)), 128 + SIGTERM);
}

static void takes_the_screen_back_after_a_foreign_stop(void **state)
{
    (void)state;
    struct vt *vt = usual();
    kill(vt_pid(vt), SIGSTOP);
    kill(vt_pid(vt), SIGCONT);
    vt_wait(vt, "resumed;", 0);
    assert_int_equal(vt_count(vt, "\033[?1049h"), 2);
    assert_true(vt_alternate(vt));
    vt_key(vt, "j");
    vt_wait(vt, "key j", 0);
    vt_kill(vt);
}

static void keys_arrive(void **state)
{
    static const struct {
        const char *bytes, *shown;
    } keys[] = {
        {"x", "key x;"},        {"\033x", "key alt-x;"}, {"\033[A", "key 1;"},
        {"\033OA", "key 1;"},   {"\033[1;5B", "key 2;"}, {"\r", "key 12;"},
        {"\t", "key 13;"},      {"\033[Z", "key 14;"},   {"\033", "key 15;"},
        {"\177", "key 11;"},    {"\033[24~", "key 27;"}, {"\355\225\234", "key 54620;"},
        {"\033[I", "focus 1;"}, {"\033[O", "focus 0;"},
    };
    (void)state;
    struct vt *vt = usual();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        vt_send(vt, keys[i].bytes);
        vt_wait(vt, keys[i].shown, 0);
    }
    vt_kill(vt);
}

static void unknown_sequences_do_nothing(void **state)
{
    static const char *const sequences[] = {
        "\033[99;99X",      "\033]11;rgb:ffff/qqqq/jjjj\033\\",
        "\033]52;c;qqqq\a", "\033P1+r71=q\033\\",
        "\033[?64;1;2c",    "\033[>0;276;0c",
        "\033[1;1R",        "\033_Gqq\033\\",
        "\033[?2026;0$y",   "\033[<35;10;5M",
    };
    (void)state;
    struct vt *vt = usual();
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++)
        vt_send(vt, sequences[i]);
    vt_send(vt, "x");
    vt_wait(vt, "event 1: key x;", 0);
    vt_kill(vt);
}

static void pasted_text_never_acts(void **state)
{
    (void)state;
    struct vt *vt = usual();
    vt_paste(vt, "q\r\nc\033[Aa\003\032e");
    vt_wait(vt, "event 1: paste 7;", 0);
    vt_key(vt, "x");
    vt_wait(vt, "event 2: key x;", 0);
    vt_kill(vt);
}

static void the_mouse_only_when_asked(void **state)
{
    (void)state;
    struct vt *vt = usual();
    assert_false(vt_saw(vt, "\033[?1000h"));
    vt_send(vt, "\033[<0;10;5Mx");
    vt_wait(vt, "event 1: key x;", 0);
    vt_kill(vt);
    vt = demo_start(24, 80, utf8_env, "mouse");
    assert_true(vt_saw(vt, "\033[?1000h"));
    vt_send(vt, "\033[<0;10;5M");
    vt_wait(vt, "mouse 1 at 4,9;", 0);
    vt_send(vt, "\033[<0;10;5m\033[M`+%");
    vt_wait(vt, "event 2: mouse 4 at 4,10;", 0);
    vt_kill(vt);
}

static void copies_by_osc_52(void **state)
{
    (void)state;
    struct vt *vt = usual();
    vt_key(vt, "C");
    vt_wait_raw(vt, "\033]52;c;Y29waWVkIHRleHQ=\a", 0);
    vt_kill(vt);
}

/* Runs a script on the demo; without a terminal where offscreen. Returns the wait status. */
static int run_script(const char *script, bool offscreen, char *said, size_t size)
{
    char path[] = "/tmp/ncmlops-script-XXXXXX", line[9000];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, script, strlen(script)), (ssize_t)strlen(script));
    close(fd);
    snprintf(line, sizeof line,
             "'%s' --demo script %s %s; s=${PIPESTATUS[0]}; echo THE END; exit $s", demo_self(),
             path, offscreen ? "</dev/null 2>&1 | cat" : "");
    struct vt *vt = vt_spawn(24, 80, utf8_env, (const char *const[]){"bash", "-c", line, NULL});
    vt_wait(vt, "THE END", 0);
    snprintf(said, size, "%s", vt_row(vt, 0));
    int status = vt_close(vt);
    unlink(path);
    return WEXITSTATUS(status);
}

static char *read_back(const char *path)
{
    char *text = calloc(1, 65536);
    FILE *f = fopen(path, "r");
    assert_non_null(text);
    assert_non_null(f);
    assert_true(fread(text, 1, 65535, f) > 0);
    fclose(f);
    unlink(path);
    return text;
}

static void a_script_drives_and_saves(void **state)
{
    static const char format[] = "# a comment\n"
                                 "resize 50x12\n"
                                 "wait \"event 0\"\n"
                                 "jj<Up>\n"
                                 "wait \"event 3: key 1;\"\n"
                                 "paste \"q\\nq\"\n"
                                 "wait \"paste 3;\" 5\n"
                                 "gone \"nowhere\"\n"
                                 "save-screen %s\n"
                                 "quit\n";
    char said[400], script[1024], saved[64];
    (void)state;
    snprintf(saved, sizeof saved, "/tmp/ncmlops-test-%d", (int)getpid());
    snprintf(script, sizeof script, format, saved);
    for (int offscreen = 0; offscreen < 2; offscreen++) {
        assert_int_equal(run_script(script, offscreen, said, sizeof said), 0);
        char *text = read_back(saved);
        assert_non_null(strstr(text, " event 4: paste 3;\n"));
        assert_non_null(strstr(text, offscreen ? "---- 50x12\n" : "---- 80x24\n"));
        assert_non_null(strstr(text, "\n.FFFF\n"));
        assert_non_null(strstr(text, "\nssssssssss"));
        free(text);
    }
}

static void a_failing_script_ends_with_1(void **state)
{
    char said[400];
    (void)state;
    assert_int_equal(run_script("wait \"nonsense\" 0.2\n", true, said, sizeof said), 1);
    assert_non_null(strstr(said, ":1: \"nonsense\" did not appear within 0.2 s"));
    assert_int_equal(run_script("wait \"nonsense\" 0.2\n", false, said, sizeof said), 1);
    assert_int_equal(run_script("jj\nwait nonsense\n", true, said, sizeof said), 2);
    assert_non_null(strstr(said, ":2: "));
    assert_int_equal(run_script("<Nokey>\n", true, said, sizeof said), 2);
}

static void plain_frames_work(void **state)
{
    (void)state;
    struct vt *vt = demo_start(24, 80, utf8_env, "plain");
    vt_key(vt, "j");
    vt_wait(vt, "event 1", 0);
    assert_false(vt_saw(vt, "\033[?2026h"));
    assert_false(vt_saw(vt, "\033[5n"));
    vt_key(vt, "q");
    assert_int_equal(WEXITSTATUS(vt_close(vt)), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quits_with_everything_restored),
        cmocka_unit_test(restores_after_a_crash),
        cmocka_unit_test(restores_on_exit_anywhere),
        cmocka_unit_test(ends_in_order_on_signals),
        cmocka_unit_test(ends_when_the_terminal_goes_away),
        cmocka_unit_test(suspends_and_comes_back),
        cmocka_unit_test(runs_a_child_on_the_normal_screen),
        cmocka_unit_test(an_equal_frame_sends_nothing),
        cmocka_unit_test(a_frame_is_bracketed_and_asks),
        cmocka_unit_test(waits_for_the_answer),
        cmocka_unit_test(a_silent_terminal_costs_nothing),
        cmocka_unit_test(a_stalled_line_never_blocks),
        cmocka_unit_test(a_stuck_line_does_not_hold_the_end_up),
        cmocka_unit_test(takes_the_screen_back_after_a_foreign_stop),
        cmocka_unit_test(keys_arrive),
        cmocka_unit_test(unknown_sequences_do_nothing),
        cmocka_unit_test(pasted_text_never_acts),
        cmocka_unit_test(the_mouse_only_when_asked),
        cmocka_unit_test(copies_by_osc_52),
        cmocka_unit_test(a_script_drives_and_saves),
        cmocka_unit_test(a_failing_script_ends_with_1),
        cmocka_unit_test(plain_frames_work),
    };
    return demo_main(argc, argv) ? demo_status() : cmocka_run_group_tests(tests, NULL, NULL);
}
