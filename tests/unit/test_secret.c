#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "io/child.h"
#include "io/secret.h"
#include "unit/scratch.h"

enum { PATIENCE_MS = 60000 };

static struct ncm_secret secret(enum ncm_secret_kind kind, const char *from)
{
    return (struct ncm_secret){kind, (char *)(uintptr_t)from};
}

static void is(enum ncm_secret_kind kind, const char *from, const char *want)
{
    struct ncm_secret s = secret(kind, from);
    char *got = NULL;
    struct ncm_err e;
    if (!ncm_secret_read(&s, NULL, 0, &got, &e)) {
        fail_msg("%s: %s", from, e.what);
    }
    assert_string_equal(got, want);
    ncm_secret_wipe(got);
}

/* Must fail so; the error stays readable until the next call. */
static const struct ncm_err *fails(enum ncm_secret_kind kind, const char *from, enum ncm_code code)
{
    static struct ncm_err e;
    struct ncm_secret s = secret(kind, from);
    char *got = NULL;
    if (ncm_secret_read(&s, NULL, 0, &got, &e)) {
        fail_msg("%s was read", from);
    }
    assert_null(got);
    if (e.code != code) {
        fail_msg("%s: %s: %s", from, ncm_code_name(e.code), e.what);
    }
    return &e;
}

static const char *private_file(const char *name, const char *text, size_t len)
{
    const char *path = scratch_file(name, text, len);
    assert_int_equal(chmod(path, 0600), 0);
    return path;
}

static void none_is_none(void **state)
{
    struct ncm_secret s = secret(NCM_SECRET_NONE, NULL);
    char *got = (char *)1;
    struct ncm_err e;
    (void)state;
    assert_true(ncm_secret_read(&s, NULL, 0, &got, &e));
    assert_null(got);
    ncm_secret_wipe(NULL);
    is(NCM_SECRET_TEXT, "s3cret", "s3cret");
    fails(NCM_SECRET_TEXT, "", NCM_UNAUTHENTICATED);
}

static void variables_are_read(void **state)
{
    (void)state;
    setenv("NCMLOPS_TEST_SECRET", "s3cret \n", 1);
    is(NCM_SECRET_ENV, "NCMLOPS_TEST_SECRET", "s3cret");
    setenv("NCMLOPS_TEST_SECRET", "", 1);
    assert_non_null(strstr(fails(NCM_SECRET_ENV, "NCMLOPS_TEST_SECRET", NCM_UNAUTHENTICATED)->what,
                           "$NCMLOPS_TEST_SECRET"));
    unsetenv("NCMLOPS_TEST_SECRET");
    fails(NCM_SECRET_ENV, "NCMLOPS_TEST_SECRET", NCM_UNAUTHENTICATED);
    /* What would break out of a header is no secret. */
    setenv("NCMLOPS_TEST_SECRET", "a\rX: b", 1);
    assert_null(
        strstr(fails(NCM_SECRET_ENV, "NCMLOPS_TEST_SECRET", NCM_UNAUTHENTICATED)->what, "X: b"));
    unsetenv("NCMLOPS_TEST_SECRET");
}

static void files_are_read_to_the_first_line_end(void **state)
{
    (void)state;
    is(NCM_SECRET_FILE, private_file("a", "s3cret", 6), "s3cret");
    is(NCM_SECRET_FILE, private_file("a", "s3cret\r\nmore\n", 13), "s3cret");
    fails(NCM_SECRET_FILE, private_file("a", "", 0), NCM_UNAUTHENTICATED);
    fails(NCM_SECRET_FILE, private_file("a", "\nlater\n", 7), NCM_UNAUTHENTICATED);
    fails(NCM_SECRET_FILE, private_file("a", "s3\0cret", 7), NCM_UNAUTHENTICATED);
    fails(NCM_SECRET_FILE, scratch("not-there"), NCM_UNAUTHENTICATED);
    fails(NCM_SECRET_FILE, scratch(""), NCM_UNAUTHENTICATED);
    static char large[NCM_SECRET_MOST + 2];
    memset(large, 'x', sizeof large);
    fails(NCM_SECRET_FILE, private_file("a", large, sizeof large), NCM_UNAUTHENTICATED);
    const char *home = getenv("HOME");
    char *old = home != NULL ? strdup(home) : NULL;
    private_file("token", "at home\n", 8);
    char dir[1024];
    snprintf(dir, sizeof dir, "%s", scratch(""));
    setenv("HOME", dir, 1);
    is(NCM_SECRET_FILE, "~/token", "at home");
    if (old != NULL) {
        setenv("HOME", old, 1);
    }
    free(old);
}

static void a_file_that_others_may_read_is_not_used(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0601};
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        const char *path = private_file("open", "s3cret", 6);
        assert_int_equal(chmod(path, modes[i]), 0);
        const struct ncm_err *e = fails(NCM_SECRET_FILE, path, NCM_FORBIDDEN);
        assert_non_null(strstr(e->hint, "chmod 600 "));
        assert_non_null(strstr(e->what, path));
        assert_null(strstr(e->what, "s3cret"));
    }
    /* A pipe that nobody fills holds nobody up. */
    assert_int_equal(mkfifo(scratch("pipe"), 0600), 0);
    fails(NCM_SECRET_FILE, scratch("pipe"), NCM_UNAUTHENTICATED);
}

static void commands_print_it(void **state)
{
    (void)state;
    is(NCM_SECRET_COMMAND, "echo s3cret; echo more", "s3cret");
    is(NCM_SECRET_COMMAND, "printf '%s' s3cret; echo noise >&2", "s3cret");
    is(NCM_SECRET_COMMAND, "cat; echo no input", "no input");
    /* Something it leaves running does not keep us. */
    is(NCM_SECRET_COMMAND, "tail -f /dev/null & echo s3cret", "s3cret");
    fails(NCM_SECRET_COMMAND, "true", NCM_UNAUTHENTICATED);
    fails(NCM_SECRET_COMMAND, "yes", NCM_UNAUTHENTICATED);
    const struct ncm_err *e = fails(
        NCM_SECRET_COMMAND, "TOKEN=s3cret false --password s3cret; exit 4", NCM_UNAUTHENTICATED);
    assert_non_null(strstr(e->what, "TOKEN"));
    assert_non_null(strstr(e->what, "status 4"));
    assert_null(strstr(e->what, "s3cret"));
    assert_non_null(
        strstr(fails(NCM_SECRET_COMMAND, "kill -9 $$", NCM_UNAUTHENTICATED)->what, "137"));
    fails(NCM_SECRET_COMMAND, "no-such-command-anywhere", NCM_UNAUTHENTICATED);
}

static void where_it_is_kept_can_be_said(void **state)
{
    static const struct {
        enum ncm_secret_kind kind;
        const char *from, *where;
    } all[] = {
        {NCM_SECRET_ENV, "TOKEN", "$TOKEN"},
        {NCM_SECRET_FILE, "/a b/c", "/a b/c"},
        {NCM_SECRET_COMMAND, "  pass show ml", "pass"},
        {NCM_SECRET_COMMAND, "A=s3cret pass", "A"},
        {NCM_SECRET_TEXT, "s3cret", ""},
        {NCM_SECRET_NONE, NULL, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct ncm_secret s = secret(all[i].kind, all[i].from);
        char out[32];
        ncm_secret_where(&s, out, sizeof out);
        assert_string_equal(out, all[i].where);
    }
}

/* ---- commands ------------------------------------------------------------------------------- */
static bool run(const char *line, size_t most, const atomic_bool *cancel, int64_t until,
                struct ncm_child_result *out, struct ncm_err *err)
{
    const char *const argv[] = {"/bin/sh", "-c", line, NULL};
    return ncm_child_run(argv, "it", most, cancel, until, out, err);
}

/* Whether the process whose number is in the file is gone; it may be a zombie of init's for long.
 */
static bool is_gone(const char *path)
{
    char text[64] = "", line[256] = "";
    FILE *f = fopen(path, "r");
    if (f == NULL || fgets(text, sizeof text, f) == NULL) {
        fail_msg("%s", path);
    }
    fclose(f);
    snprintf(line, sizeof line, "/proc/%d/stat", atoi(text));
    f = fopen(line, "r");
    if (f == NULL) {
        return true;
    }
    bool gone = fgets(line, sizeof line, f) == NULL || strstr(line, ") Z ") != NULL;
    fclose(f);
    return gone;
}

static void gone_in_time(const char *path)
{
    int64_t until = ncm_mono_ms() + PATIENCE_MS;
    while (!is_gone(path)) {
        if (ncm_mono_ms() > until) {
            fail_msg("still there: %s", path);
        }
    }
}

static void output_and_status_come_back(void **state)
{
    struct ncm_child_result r;
    struct ncm_err e;
    (void)state;
    assert_true(run("printf hello; exit 7", 100, NULL, 0, &r, &e));
    assert_int_equal(r.status, 7);
    assert_string_equal(r.out.p, "hello");
    assert_false(r.truncated);
    ncm_child_release(&r);
    assert_true(run("head -c 200000 /dev/zero | tr '\\0' x", 300000, NULL, 0, &r, &e));
    assert_int_equal(r.out.len, 200000);
    ncm_child_release(&r);
    assert_true(run("yes", 1000, NULL, 0, &r, &e));
    assert_true(r.truncated);
    assert_int_equal(r.out.len, 1000);
    ncm_child_release(&r);
    const char *const argv[] = {"/no/such/program", NULL};
    assert_false(ncm_child_run(argv, "it", 100, NULL, 0, &r, &e));
    assert_int_equal(e.code, NCM_NOT_FOUND);
}

static void it_gets_nothing_of_ours_but_the_environment(void **state)
{
    struct ncm_child_result r;
    struct ncm_err e;
    (void)state;
    int ours = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    assert_true(ours >= 0);
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &block, &before);
    setenv("NCMLOPS_TEST_ENV", "inherited", 1);
    assert_true(run(
        "ls /proc/self/fd | tr '\\n' ' '; grep SigBlk /proc/self/status; echo $NCMLOPS_TEST_ENV",
        1000, NULL, 0, &r, &e));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ours);
    /* ls has the folder itself open as 3. */
    assert_int_equal(strncmp(r.out.p, "0 1 2 3 SigBlk", 14), 0);
    assert_non_null(strstr(r.out.p, "0000000000000000"));
    assert_non_null(strstr(r.out.p, "inherited"));
    ncm_child_release(&r);
}

static void its_time_ends_and_all_it_started_with_it(void **state)
{
    struct ncm_child_result r;
    struct ncm_err e;
    char line[2048];
    (void)state;
    snprintf(line, sizeof line, "tail -f /dev/null & echo $! >'%s'; wait", scratch("late"));
    /* Long enough for it to have written its number. */
    assert_false(run(line, 100, NULL, ncm_mono_ms() + 2000, &r, &e));
    assert_int_equal(e.code, NCM_TIMEOUT);
    assert_non_null(strstr(e.what, "it"));
    gone_in_time(scratch("late"));
    struct ncm_secret s = secret(NCM_SECRET_COMMAND, "tail -f /dev/null");
    char *got;
    assert_false(ncm_secret_read(&s, NULL, ncm_mono_ms() + 100, &got, &e));
    assert_int_equal(e.code, NCM_TIMEOUT);
    assert_null(got);
}

struct other {
    pthread_t thread;
    atomic_bool cancel;
    const char *sign;
};

static void *canceller(void *arg)
{
    struct other *o = arg;
    struct stat st;
    while (stat(o->sign, &st) != 0 || st.st_size == 0) {}
    atomic_store(&o->cancel, true);
    return NULL;
}

static void another_thread_ends_it(void **state)
{
    struct ncm_child_result r;
    struct ncm_err e;
    char line[2048];
    (void)state;
    struct other o = {.sign = scratch("cancel-me")};
    snprintf(line, sizeof line, "tail -f /dev/null & echo $! >'%s'; wait", o.sign);
    pthread_create(&o.thread, NULL, canceller, &o);
    assert_false(run(line, 100, &o.cancel, 0, &r, &e));
    pthread_join(o.thread, NULL);
    assert_int_equal(e.code, NCM_CANCELLED);
    gone_in_time(o.sign);
    /* Cancelled before it began: it does not begin. */
    snprintf(line, sizeof line, "echo >'%s'", scratch("never"));
    assert_false(run(line, 100, &o.cancel, 0, &r, &e));
    assert_int_equal(access(scratch("never"), F_OK), -1);
}

static int stop(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_none),
        cmocka_unit_test(variables_are_read),
        cmocka_unit_test(files_are_read_to_the_first_line_end),
        cmocka_unit_test(a_file_that_others_may_read_is_not_used),
        cmocka_unit_test(commands_print_it),
        cmocka_unit_test(where_it_is_kept_can_be_said),
        cmocka_unit_test(output_and_status_come_back),
        cmocka_unit_test(it_gets_nothing_of_ours_but_the_environment),
        cmocka_unit_test(its_time_ends_and_all_it_started_with_it),
        cmocka_unit_test(another_thread_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, stop);
}
