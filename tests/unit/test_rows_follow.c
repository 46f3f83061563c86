/* Following: every row comes once and in order, whatever happens to the files meanwhile. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/rows_inside.h"
#include "unit/rows_text.h"
#include "unit/scratch.h"

enum { PATIENCE_MS = 20000, QUIET_MS = 40 };

static struct ncm_rows *r;
static struct ncm_buf got;
static size_t n_columns;

static void begin(const char *path, bool from_end)
{
    struct ncm_rows_options o = {.follow = true, .from_end = from_end};
    struct ncm_err err;
    assert_true(ncm_rows_open(path, &o, &r, &err));
    r->quiet_ms = QUIET_MS;
    ncm_buf_init(&got, 1 << 20);
    n_columns = 0;
}

static void finish(void)
{
    ncm_rows_close(r);
    ncm_buf_release(&got);
}

/* Reads until the rows so far are those. */
static void expect(const char *rows)
{
    int64_t end = ncm_mono_ms() + PATIENCE_MS;
    while (rows_text_rest(&got, r, &n_columns) == NCM_ROWS_WAIT && strcmp(got.p, rows) != 0 &&
           strlen(got.p) <= strlen(rows) && ncm_mono_ms() < end)
        ncm_rows_wait(r, 50, NULL);
    assert_string_equal(got.p, rows);
}

/* A while in which everything that could come would have come. */
static void expect_no_more(const char *rows)
{
    int64_t end = ncm_mono_ms() + 4 * QUIET_MS;
    while (ncm_mono_ms() < end) {
        rows_text_rest(&got, r, &n_columns);
        r->look_again = true;
        ncm_rows_wait(r, 10, NULL);
    }
    assert_string_equal(got.p, rows);
}

static void append(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void gzip(const char *from, const char *to)
{
    char bytes[65536];
    FILE *in = fopen(from, "rb");
    gzFile out = gzopen(to, "wb");
    size_t n = fread(bytes, 1, sizeof bytes, in);
    assert_int_equal(gzwrite(out, bytes, (unsigned)n), n);
    gzclose(out);
    fclose(in);
    unlink(from);
}

static int fresh(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

static void what_is_appended_comes_when_its_line_is_whole(void **state)
{
    const char *path = scratch_file("a.csv", "a,b\n1,2\n3", 9);
    (void)state;
    begin(path, false);
    expect("a|b\n2:1|2\n");
    append(path, ",4\n\"5\n");
    expect("a|b\n2:1|2\n3:3|4\n");
    append(path, "5\",6\n7,8");
    expect("a|b\n2:1|2\n3:3|4\n4:5\n5|6\n");
    append(path, "\n");
    expect("a|b\n2:1|2\n3:3|4\n4:5\n5|6\n6:7|8\n");
    finish();
}

static void a_file_that_is_not_there_yet_is_waited_for(void **state)
{
    char path[256];
    (void)state;
    scratch_file("other", "", 0);
    snprintf(path, sizeof path, "%s", scratch("late.jsonl"));
    begin(path, false);
    expect("");
    append(path, "{\"a\":1}\n");
    expect("a\n1:#1\n");
    finish();
}

static void a_renamed_file_is_read_to_its_end_and_then_the_new_one(void **state)
{
    char path[256], old[256];
    (void)state;
    snprintf(path, sizeof path, "%s", scratch_file("r.jsonl", "{\"a\":1}\n", 8));
    snprintf(old, sizeof old, "%s", scratch("gone.1"));
    begin(path, false);
    expect("a\n1:#1\n");
    append(path, "{\"a\":2}\n");
    assert_int_equal(rename(path, old), 0);
    append(old, "{\"a\":3}\n");
    expect("a\n1:#1\n2:#2\n3:#3\n");
    append(path, "{\"a\":4}\n");
    expect("a\n1:#1\n2:#2\n3:#3\n1:#4\n");
    append(path, "{\"a\":5}\n");
    expect("a\n1:#1\n2:#2\n3:#3\n1:#4\n2:#5\n");
    finish();
}

static void a_file_that_is_cut_to_nothing_begins_again(void **state)
{
    const char *path = scratch_file("t.csv", "a,b\n1,2\n3,4\n", 12);
    (void)state;
    begin(path, false);
    expect("a|b\n2:1|2\n3:3|4\n");
    assert_int_equal(truncate(path, 0), 0);
    append(path, "b,a\n5,6\n");
    expect("a|b\n2:1|2\n3:3|4\n2:6|5\n");
    /* Cut and grown beyond where it was before anybody looked. */
    assert_int_equal(truncate(path, 0), 0);
    append(path, "a,b\n7,8\n9,10\n11,12\n");
    expect("a|b\n2:1|2\n3:3|4\n2:6|5\n2:7|8\n3:9|10\n4:11|12\n");
    finish();
}

static void new_files_that_match_are_read_and_add_columns(void **state)
{
    char glob[256];
    (void)state;
    scratch_file("g1.csv", "a,b\n1,2\n", 8);
    snprintf(glob, sizeof glob, "%s", scratch("g*.csv"));
    begin(glob, false);
    expect("a|b\n2:1|2\n");
    scratch_file("g2.csv", "c,a\n3,4\n", 8);
    expect("a|b\n2:1|2\na|b|c\n2:4|~|3\n");
    append(scratch("g1.csv"), "5,6\n");
    expect("a|b\n2:1|2\na|b|c\n2:4|~|3\n3:5|6|~\n");
    unlink(scratch("g1.csv"));
    append(scratch("g2.csv"), "7,8\n");
    expect("a|b\n2:1|2\na|b|c\n2:4|~|3\n3:5|6|~\n3:8|~|7\n");
    finish();
}

static void a_rotated_file_is_not_read_twice(void **state)
{
    char glob[256], path[256], one[256], two[256];
    (void)state;
    snprintf(path, sizeof path, "%s", scratch_file("s.log", "{\"a\":1}\n{\"a\":2}\n", 16));
    snprintf(one, sizeof one, "%s", scratch("s.log.1"));
    snprintf(two, sizeof two, "%s", scratch("s.log.1.gz"));
    snprintf(glob, sizeof glob, "%s", scratch("s.log*"));
    begin(glob, false);
    expect("a\n1:#1\n2:#2\n");
    assert_int_equal(rename(path, one), 0);
    append(path, "{\"a\":3}\n");
    expect("a\n1:#1\n2:#2\n1:#3\n");
    append(one, "{\"a\":9}\n"); /* by one that had it open; it is read wherever it is */
    gzip(one, two);
    expect("a\n1:#1\n2:#2\n1:#3\n3:#9\n");
    expect_no_more("a\n1:#1\n2:#2\n1:#3\n3:#9\n");
    append(path, "{\"a\":4}\n");
    expect("a\n1:#1\n2:#2\n1:#3\n3:#9\n2:#4\n");
    finish();
}

static void a_copy_before_a_truncation_is_not_read_twice(void **state)
{
    char glob[256], path[256];
    static const char both[] = "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n";
    (void)state;
    snprintf(path, sizeof path, "%s", scratch_file("c.log", both, 16));
    snprintf(glob, sizeof glob, "%s", scratch("c.log*"));
    begin(glob, false);
    expect("a\n1:#1\n2:#2\n");
    /* The third line is only seen in the copy. */
    scratch_file("c.log.1", both, sizeof both - 1);
    assert_int_equal(truncate(path, 0), 0);
    append(path, "{\"a\":4}\n");
    expect("a\n1:#1\n2:#2\n1:#4\n3:#3\n");
    expect_no_more("a\n1:#1\n2:#2\n1:#4\n3:#3\n");
    finish();
}

static void an_archive_that_is_still_being_written_is_read_as_it_comes(void **state)
{
    char bytes[8192], path[256];
    (void)state;
    append(scratch("plain"), "a\n1\n2\n");
    snprintf(path, sizeof path, "%s", scratch("z.csv.gz"));
    gzip(scratch("plain"), path);
    FILE *f = fopen(path, "rb");
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    assert_int_equal(truncate(path, 14), 0);
    begin(path, false);
    expect_no_more("");
    int fd = open(path, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, bytes + 14, n - 14), n - 14);
    close(fd);
    expect("a\n2:1\n3:2\n");
    expect_no_more("a\n2:1\n3:2\n");
    finish();
}

static void from_the_end_only_what_comes_is_read(void **state)
{
    const char *path = scratch_file("e.csv", "a,b\n1,2\n3,4", 11);
    (void)state;
    begin(path, true);
    expect("");
    append(path, "44\n5,6\n");
    expect("a|b\n2:5|6\n");
    finish();
}

static void a_position_is_taken_up_again(void **state)
{
    char path[256], old[256];
    (void)state;
    snprintf(path, sizeof path, "%s", scratch_file("p.csv", "a,b\n1,2\n3,4\n5", 13));
    snprintf(old, sizeof old, "%s", scratch("p.csv.old"));
    begin(path, false);
    expect("a|b\n2:1|2\n3:3|4\n");
    char *position = ncm_rows_position(r);
    finish();
    append(path, ",6\n");
    begin(path, false);
    assert_true(ncm_rows_resume(r, position));
    expect("a|b\n4:5|6\n");
    finish();
    /* Another file under that name is not what the position is about. */
    assert_int_equal(rename(path, old), 0);
    append(path, "a,b\n7,8\n9,10\n11,12\n");
    begin(path, false);
    assert_false(ncm_rows_resume(r, position));
    expect("a|b\n2:7|8\n3:9|10\n4:11|12\n");
    finish();
    ncm_free(position);
    begin(path, false);
    assert_false(ncm_rows_resume(r, "ncmlops rows 1\n1 2 x"));
    assert_false(ncm_rows_resume(r, ""));
    finish();
}

static void a_wait_ends_when_it_is_told(void **state)
{
    const char *path = scratch_file("w.csv", "a\n", 2);
    atomic_bool cancel = true;
    (void)state;
    begin(path, false);
    expect("");
    int64_t start = ncm_mono_ms();
    ncm_rows_wake(r);
    ncm_rows_wait(r, PATIENCE_MS, NULL);
    ncm_rows_wait(r, PATIENCE_MS, &cancel);
    assert_true(ncm_mono_ms() - start < PATIENCE_MS / 2);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_appended_comes_when_its_line_is_whole, fresh),
        cmocka_unit_test_setup(a_file_that_is_not_there_yet_is_waited_for, fresh),
        cmocka_unit_test_setup(a_renamed_file_is_read_to_its_end_and_then_the_new_one, fresh),
        cmocka_unit_test_setup(a_file_that_is_cut_to_nothing_begins_again, fresh),
        cmocka_unit_test_setup(new_files_that_match_are_read_and_add_columns, fresh),
        cmocka_unit_test_setup(a_rotated_file_is_not_read_twice, fresh),
        cmocka_unit_test_setup(a_copy_before_a_truncation_is_not_read_twice, fresh),
        cmocka_unit_test_setup(an_archive_that_is_still_being_written_is_read_as_it_comes, fresh),
        cmocka_unit_test_setup(from_the_end_only_what_comes_is_read, fresh),
        cmocka_unit_test_setup(a_position_is_taken_up_again, fresh),
        cmocka_unit_test_setup(a_wait_ends_when_it_is_told, fresh),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove();
    return failed;
}
