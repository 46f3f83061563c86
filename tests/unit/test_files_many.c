/* Many files at once: each thing is done once, an end comes soon, and only what moved is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <utime.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/files_many.h"
#include "unit/scratch.h"

enum { THINGS = 5000 };

static atomic_int done[THINGS];
static atomic_bool stop;

static void once(void *to, size_t i, struct ncm_buf *scratch_buf)
{
    assert_ptr_equal(to, done);
    ncm_buf_clear(scratch_buf);
    ncm_buf_printf(scratch_buf, "%zu", i);
    atomic_fetch_add(&done[i], 1);
}

static void each_is_done_once(void **state)
{
    struct ncm_err err;
    (void)state;
    for (size_t n = 0; n < THINGS; n = n * 7 + 1) {
        memset(done, 0, sizeof done);
        assert_true(ncm_many_do(&(struct ncm_many){.n = n, .work = once, .to = done}, &err));
        for (size_t i = 0; i < THINGS; i++)
            assert_int_equal(atomic_load(&done[i]), i < n);
    }
}

static void stop_after_some(void *to, size_t i, struct ncm_buf *scratch_buf)
{
    once(to, i, scratch_buf);
    if (i == 100)
        atomic_store(&stop, true);
}

static void it_ends_early_where_it_is_told(void **state)
{
    struct ncm_err err;
    int n = 0;
    (void)state;
    memset(done, 0, sizeof done);
    atomic_store(&stop, false);
    struct ncm_many m = {.n = THINGS, .work = stop_after_some, .to = done, .cancel = &stop};
    assert_false(ncm_many_do(&m, &err));
    assert_int_equal(err.code, NCM_CANCELLED);
    for (size_t i = 0; i < THINGS; i++)
        n += atomic_load(&done[i]);
    assert_in_range(n, 1, THINGS - 1);
    m = (struct ncm_many){.n = THINGS, .work = once, .to = done, .deadline_mono_ms = 1};
    assert_false(ncm_many_do(&m, &err));
    assert_int_equal(err.code, NCM_TIMEOUT);
}

static void only_what_moved_is_read(void **state)
{
    struct ncm_file_stamp stamp = {0};
    struct ncm_err err;
    struct ncm_buf out;
    struct utimbuf old = {1000, 1000};
    (void)state;
    const char *path = scratch_file("moved", "one", 3);
    ncm_buf_init(&out, 100);
    assert_int_equal(ncm_file_read_new(path, &stamp, 50, &out, &err), NCM_LOOK_NEW);
    assert_string_equal(out.p, "one");
    /* It changed a moment ago: it may have changed again. */
    assert_int_equal(ncm_file_read_new(path, &stamp, 50, &out, &err), NCM_LOOK_NEW);
    assert_int_equal(utime(path, &old), 0);
    assert_int_equal(ncm_file_read_new(path, &stamp, 50, &out, &err), NCM_LOOK_NEW);
    assert_int_equal(ncm_file_read_new(path, &stamp, 50, &out, &err), NCM_LOOK_SAME);
    assert_int_equal(ncm_file_look(path, &stamp, &err), NCM_LOOK_SAME);
    scratch_file("moved", "two!", 4);
    assert_int_equal(utime(path, &old), 0);
    assert_int_equal(ncm_file_read_new(path, &stamp, 50, &out, &err), NCM_LOOK_NEW);
    assert_string_equal(out.p, "two!");
    assert_int_equal(ncm_file_read_new(path, &(struct ncm_file_stamp){0}, 3, &out, &err),
                     NCM_LOOK_FAULT);
    assert_int_equal(err.code, NCM_TOO_LARGE);
    assert_int_equal(remove(path), 0);
    assert_int_equal(ncm_file_read_new(path, &stamp, 50, &out, &err), NCM_LOOK_GONE);
    assert_false(stamp.known);
    ncm_buf_release(&out);
}

static void what_is_no_file_is_not_waited_for(void **state)
{
    struct ncm_file_stamp stamp = {0};
    struct ncm_err err;
    struct ncm_buf out;
    (void)state;
    const char *path = scratch("pipe");
    ncm_buf_init(&out, 100);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(ncm_file_read_new(path, &stamp, 50, &out, &err), NCM_LOOK_FAULT);
    assert_int_equal(err.code, NCM_INVALID_DATA);
    ncm_buf_release(&out);
}

static void count(void *to, const char *name, enum ncm_file_kind kind, bool link)
{
    (void)name;
    (void)kind;
    (void)link;
    ++*(size_t *)to;
}

static void a_folder_is_read_up_to_a_limit(void **state)
{
    struct ncm_err err;
    bool more;
    size_t n = 0;
    (void)state;
    scratch_file("a", "", 0);
    scratch_file("b", "", 0);
    assert_true(ncm_dir_each(scratch("."), 1, count, &n, &more, &err));
    assert_int_equal(n, 1);
    assert_true(more);
    assert_false(ncm_dir_each(scratch("none"), 1, count, &n, &more, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_done_once),
        cmocka_unit_test(it_ends_early_where_it_is_told),
        cmocka_unit_test(only_what_moved_is_read),
        cmocka_unit_test(what_is_no_file_is_not_waited_for),
        cmocka_unit_test(a_folder_is_read_up_to_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
