/* Terminals and locales of every kind, and every kind of end; what the program costs at rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "screen/withstand.h"

static struct vt *usual(int rows, int cols)
{
    withstand_store("3.17.2");
    struct vt *vt = withstand_open(rows, cols, NULL);
    vt_wait(vt, "Default", 0);
    return vt;
}

static void check_restored(struct vt *vt)
{
    assert_false(vt_alternate(vt));
    assert_true(vt_cursor_visible(vt));
    assert_true(vt_saw(vt, "\033[?2004l"));
}

/* One key goes down a row: it must do so on each of these. */
static void terminals_and_locales(void **state)
{
    static const char *const envs[][3] = {
        {"TERM=xterm-256color", NULL},
        {"TERM=screen-256color", NULL},
        {"TERM=linux", NULL},
        {"TERM=vt100", NULL},
        {"NO_COLOR=1", NULL},
        {"LC_ALL=C", NULL},
        {"LC_ALL=POSIX", "TERM=vt100", NULL},
        {"LC_ALL=ko_KR.UTF-8", NULL},
        {"LC_ALL=xx_YY.UTF-8", "COLORTERM=truecolor", NULL},
    };
    (void)state;
    withstand_store("3.17.2");
    for (size_t i = 0; i < sizeof envs / sizeof *envs; i++) {
        struct vt *vt = withstand_open(24, 80, envs[i]);
        vt_wait(vt, "Default", 0);
        vt_key(vt, "3");
        vt_wait(vt, "fraud-detector", 0);
        withstand_alive(vt);
        withstand_check_raw(vt);
        if (strcmp(envs[i][0], "NO_COLOR=1") == 0)
            assert_false(vt_saw(vt, "\033[3") && vt_saw(vt, ";5;"));
        withstand_quit(vt);
    }
}

/* Where it cannot draw it says so in a line, and leaves the terminal as it was. */
static void terminals_it_cannot_use(void **state)
{
    static const char *const terms[] = {"TERM=dumb", "TERM=no-such-terminal", "TERM=", "TERM"};
    (void)state;
    withstand_store("3.17.2");
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        const char *argv[] = {"ncmlops", "--store", withstand_path("mlflow.db"), NULL};
        struct vt *vt = vt_spawn(24, 80, (const char *[]){terms[i], NULL}, argv);
        vt_wait(vt, "ncmlops: ", 0);
        int status = vt_close(vt);
        assert_true(WIFEXITED(status));
        assert_int_not_equal(WEXITSTATUS(status), 0);
    }
}

static void no_terminal_at_all(void **state)
{
    (void)state;
    withstand_store("3.17.2");
    withstand_shell("cd \"$1\" && for redirect in '</dev/null' '>out' '</dev/null >out'; do "
                    "eval \"timeout 20 \\\"$2\\\" $redirect\" 2>err >out </dev/null; rc=$?;"
                    "[ $rc -ne 0 ] && [ $rc -lt 100 ] && grep -q '^ncmlops: ' err || exit 1; done",
                    vt_program()[0] == '/' ? vt_program() : realpath(vt_program(), NULL));
}

static void every_size(void **state)
{
    static const int sizes[][2] = {{5, 20},    {8, 40},  {10, 40}, {24, 80},
                                   {200, 500}, {3, 200}, {100, 20}};
    (void)state;
    withstand_store("3.17.2");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bool small = sizes[i][0] < 8 || sizes[i][1] < 40;
        struct vt *vt = withstand_open(sizes[i][0], sizes[i][1], NULL);
        vt_wait(vt, small ? "small" : "empty ex", 0);
        vt_key(vt, "3");
        vt_wait_quiet(vt, 100);
        vt_resize(vt, 24, 80);
        vt_wait(vt, "fraud-detector", 0);
        withstand_alive(vt);
        withstand_quit(vt);
    }
}

static void a_resize_storm(void **state)
{
    (void)state;
    struct vt *vt = usual(24, 80);
    for (int i = 0; i < 100; i++) {
        vt_resize(vt, 4 + (i * 37) % 60, 15 + (i * 53) % 220);
        if (i % 10 == 0)
            vt_key(vt, "j");
    }
    vt_resize(vt, 24, 80);
    vt_wait(vt, "? help", 0);
    vt_wait(vt, "Default", 0);
    withstand_alive(vt);
    withstand_quit(vt);
}

static void ends_on_signals(void **state)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT};
    (void)state;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct vt *vt = usual(24, 80);
        kill(vt_pid(vt), signals[i]);
        vt_wait_raw(vt, "\033[?1049l", 0);
        check_restored(vt);
        assert_int_equal(WEXITSTATUS(vt_close(vt)), 128 + signals[i]);
    }
}

static void a_crash_restores_the_terminal(void **state)
{
    (void)state;
    struct vt *vt = usual(24, 80);
    kill(vt_pid(vt), SIGSEGV);
    vt_wait_raw(vt, "\033[?1049l", 0);
    check_restored(vt);
    int status = vt_close(vt);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static void the_terminal_is_closed(void **state)
{
    (void)state;
    struct vt *vt = usual(24, 80);
    vt_hang_up(vt);
    assert_int_equal(WEXITSTATUS(vt_close(vt)), 128 + SIGHUP);
}

static void suspends_and_comes_back(void **state)
{
    char line[2048], home[600];
    (void)state;
    withstand_store("3.17.2");
    snprintf(line, sizeof line,
             "set -m; '%s' --store '%s' --lang en; echo STOPPED; read x; fg >/dev/null; echo DONE",
             vt_program(), withstand_path("mlflow.db"));
    snprintf(home, sizeof home, "HOME=%s", withstand_path(""));
    struct vt *vt = vt_spawn(24, 80, (const char *[]){home, NULL},
                             (const char *const[]){"bash", "-c", line, NULL});
    vt_wait(vt, "empty experiment", 0);
    vt_key(vt, "C-z");
    vt_wait(vt, "STOPPED", 0);
    check_restored(vt);
    vt_key(vt, "Enter");
    vt_wait(vt, "empty experiment", 0);
    assert_true(vt_alternate(vt));
    withstand_alive(vt);
    vt_send(vt, "\003");
    vt_wait(vt, "DONE", 0);
    vt_close(vt);
}

/* ---- what it costs ---- */

/* Of all threads: how often they slept of their own will, which is how often they woke. */
static long wake_ups(pid_t pid)
{
    char path[300], line[256];
    long sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/status", (int)pid, e->d_name);
        FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "r");
        while (f && fgets(line, sizeof line, f))
            if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
                sum += strtol(line + 24, NULL, 10);
        if (f)
            fclose(f);
    }
    closedir(dir);
    return sum;
}

static void quiet_at_rest(void **state)
{
    (void)state;
    withstand_store("3.17.2");
    withstand_sql("UPDATE runs SET status='FINISHED', end_time=start_time+1 "
                  "WHERE status IN ('RUNNING','SCHEDULED')");
    struct vt *vt = withstand_open(24, 80, (const char *[]){"NCMLOPS_NOW=1795238966667", NULL});
    vt_wait(vt, "Default", 0);
    vt_wait(vt, "live", 0);
    vt_wait_quiet(vt, 700);
    vt_forget(vt);
    long before = wake_ups(vt_pid(vt));
    vt_wait_quiet(vt, 3000);
    long woke = wake_ups(vt_pid(vt)) - before;
    if (withstand_slow() == 1) /* checkers have threads of their own */
        assert_true(woke <= 6);
    assert_int_equal(vt_bytes(vt), 0);
    withstand_quit(vt);
}

static void few_bytes_a_key(void **state)
{
    static const char *const panes[] = {"3", "9", "2"};
    (void)state;
    struct vt *vt = usual(45, 160);
    vt_wait(vt, "hpo-parent", 0);
    for (int i = 0; i < 4; i++) {
        vt_wait_quiet(vt, 200);
        vt_forget(vt);
        vt_key(vt, i == 0 ? "Tab" : "j");
        vt_wait_frame(vt, 1, 0);
        vt_wait_quiet(vt, 60);
        if (i > 1) /* from one row to the next, nothing loads */
            assert_true(vt_bytes(vt) <= 400);
    }
    for (size_t i = 0; i < sizeof panes / sizeof *panes; i++) {
        vt_wait_quiet(vt, 300);
        vt_forget(vt);
        vt_key(vt, panes[i]);
        vt_wait_frame(vt, 1, 0);
        vt_wait_quiet(vt, 200);
        if (vt_longest_frame(vt) > 9000)
            fprintf(stderr, "pane %s: %zu bytes\n", panes[i], vt_longest_frame(vt));
        assert_true(vt_longest_frame(vt) <= 9000);
    }
    withstand_quit(vt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terminals_and_locales),
        cmocka_unit_test(terminals_it_cannot_use),
        cmocka_unit_test(no_terminal_at_all),
        cmocka_unit_test(every_size),
        cmocka_unit_test(a_resize_storm),
        cmocka_unit_test(ends_on_signals),
        cmocka_unit_test(a_crash_restores_the_terminal),
        cmocka_unit_test(the_terminal_is_closed),
        cmocka_unit_test(suspends_and_comes_back),
        cmocka_unit_test(quiet_at_rest),
        cmocka_unit_test(few_bytes_a_key),
    };
    return cmocka_run_group_tests(tests, withstand_setup, withstand_teardown);
}
