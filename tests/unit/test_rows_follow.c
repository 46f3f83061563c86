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

/* What is there comes at once, without a wait. */
static void expect_now(const char *rows)
{
    assert_int_equal(rows_text_rest(&got, r, &n_columns), NCM_ROWS_WAIT);
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
    expect_now("a\n1:#1\n2:#2\n3:#3\n1:#4\n");
    expect_no_more("a\n1:#1\n2:#2\n3:#3\n1:#4\n");
    finish();
}

/* As logrotate's copytruncate with compress does it, and an archive of that which is made later. */
static void a_copy_of_a_copy_is_not_read_twice(void **state)
{
    char glob[256], path[256], one[256], two[256], three[256];
    static const char all[] = "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n";
    (void)state;
    snprintf(path, sizeof path, "%s", scratch_file("d.log", all, 16));
    snprintf(glob, sizeof glob, "%s", scratch("d.log*"));
    snprintf(one, sizeof one, "%s", scratch("d.log.1"));
    snprintf(two, sizeof two, "%s", scratch("d.log.1.gz"));
    snprintf(three, sizeof three, "%s", scratch("d.log.2.gz"));
    begin(glob, false);
    expect("a\n1:#1\n2:#2\n");
    scratch_file("d.log.1", all, sizeof all - 1);
    assert_int_equal(truncate(path, 0), 0);
    append(path, "{\"a\":4}\n");
    expect_now("a\n1:#1\n2:#2\n3:#3\n1:#4\n");
    scratch_file("copy", all, sizeof all - 1);
    gzip(scratch("copy"), two);
    expect_no_more("a\n1:#1\n2:#2\n3:#3\n1:#4\n");
    unlink(one);
    expect_no_more("a\n1:#1\n2:#2\n3:#3\n1:#4\n");
    scratch_file("copy", all, sizeof all - 1);
    gzip(scratch("copy"), three);
    expect_no_more("a\n1:#1\n2:#2\n3:#3\n1:#4\n");
    append(path, "{\"a\":5}\n");
    expect("a\n1:#1\n2:#2\n3:#3\n1:#4\n2:#5\n");
    finish();
}

static void of_two_copies_that_wait_one_is_read(void **state)
{
    char glob[256], path[256];
    static const char all[] = "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n";
    (void)state;
    snprintf(path, sizeof path, "%s", scratch_file("t.log", all, 16));
    snprintf(glob, sizeof glob, "%s", scratch("t.log*"));
    begin(glob, false);
    expect("a\n1:#1\n2:#2\n");
    scratch_file("t.log.1", all, sizeof all - 1);
    scratch_file("t.log.2", all, sizeof all - 1);
    expect_no_more("a\n1:#1\n2:#2\n");
    assert_int_equal(truncate(path, 0), 0);
    append(path, "{\"a\":4}\n");
    expect_now("a\n1:#1\n2:#2\n3:#3\n1:#4\n");
    expect_no_more("a\n1:#1\n2:#2\n3:#3\n1:#4\n");
    finish();
}

static void the_file_after_a_renamed_one_comes_at_once(void **state)
{
    char glob[256], path[256], one[256];
    (void)state;
    snprintf(path, sizeof path, "%s", scratch_file("n.log", "{\"a\":1}\n", 8));
    snprintf(glob, sizeof glob, "%s", scratch("n.log*"));
    snprintf(one, sizeof one, "%s", scratch("n.log.1"));
    begin(glob, false);
    expect_now("a\n1:#1\n");
    append(path, "{\"a\":2}\n");
    assert_int_equal(rename(path, one), 0);
    append(path, "{\"a\":3}\n");
    expect_now("a\n1:#1\n2:#2\n1:#3\n");
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

static void two_rows(const char *name, char path[200], char glob[256])
{
    snprintf(path, 200, "%s", scratch_file(name, "{\"a\":1}\n{\"a\":2}\n", 16));
    snprintf(glob, 256, "%s*", path);
}

/* Where reading stood after two rows of a file of three. */
static char *after_two_of_three(const char *name, char path[200], char glob[256])
{
    two_rows(name, path, glob);
    begin(glob, false);
    expect("a\n1:#1\n2:#2\n");
    char *position = ncm_rows_position(r);
    finish();
    append(path, "{\"a\":3}\n");
    return position;
}

static void copy_to(const char *path, const char *name)
{
    char bytes[4096];
    FILE *f = fopen(path, "rb");
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    scratch_file(name, bytes, n);
}

static void a_file_cut_before_it_is_resumed_goes_on_in_its_copy(void **state)
{
    char path[200], glob[256];
    char *position = after_two_of_three("u.log", path, glob);
    (void)state;
    begin(glob, false); /* sees one file */
    copy_to(path, "u.log.1");
    assert_int_equal(truncate(path, 0), 0);
    append(path, "{\"a\":4}\n");
    ncm_rows_resume(r, position);
    expect_now("a\n3:#3\n1:#4\n");
    expect_no_more("a\n3:#3\n1:#4\n");
    finish();
    ncm_free(position);
}

/* How much was written to it anew must not matter. */
static void a_file_cut_after_it_was_resumed_goes_on_in_its_copy(void **state)
{
    static const char *const anew[] = {"{\"a\":4}\n", "{\"a\":4000000}\n",
                                       "{\"a\":40000000000000000000}\n"};
    static const char *const rows[] = {"a\n3:#3\n1:#4\n", "a\n3:#3\n1:#4000000\n",
                                       "a\n3:#3\n1:#40000000000000000000\n"};
    (void)state;
    for (size_t i = 0; i < sizeof anew / sizeof *anew; i++) {
        char path[200], glob[256];
        scratch_remove();
        char *position = after_two_of_three("v.log", path, glob);
        begin(glob, false);
        assert_true(ncm_rows_resume(r, position));
        copy_to(path, "v.log.1");
        assert_int_equal(truncate(path, 0), 0);
        append(path, anew[i]);
        expect_now(rows[i]);
        expect_no_more(rows[i]);
        finish();
        ncm_free(position);
    }
}

static void a_file_cut_before_it_was_read_comes_behind_its_copy(void **state)
{
    char path[200], glob[256];
    (void)state;
    two_rows("w.log", path, glob);
    begin(glob, false);
    copy_to(path, "w.log.1");
    assert_int_equal(truncate(path, 0), 0);
    append(path, "{\"a\":3}\n");
    expect_now("a\n1:#1\n2:#2\n1:#3\n");
    expect_no_more("a\n1:#1\n2:#2\n1:#3\n");
    finish();
}

static void a_copy_that_is_there_when_its_file_is_resumed_waits(void **state)
{
    char path[200], glob[256];
    char *position = after_two_of_three("x.log", path, glob);
    (void)state;
    copy_to(path, "x.log.1");
    begin(glob, false);
    assert_true(ncm_rows_resume(r, position));
    expect_now("a\n3:#3\n");
    assert_int_equal(truncate(path, 0), 0);
    append(path, "{\"a\":4}\n");
    expect_now("a\n3:#3\n1:#4\n");
    expect_no_more("a\n3:#3\n1:#4\n");
    finish();
    ncm_free(position);
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
        cmocka_unit_test_setup(a_copy_of_a_copy_is_not_read_twice, fresh),
        cmocka_unit_test_setup(of_two_copies_that_wait_one_is_read, fresh),
        cmocka_unit_test_setup(the_file_after_a_renamed_one_comes_at_once, fresh),
        cmocka_unit_test_setup(an_archive_that_is_still_being_written_is_read_as_it_comes, fresh),
        cmocka_unit_test_setup(from_the_end_only_what_comes_is_read, fresh),
        cmocka_unit_test_setup(a_position_is_taken_up_again, fresh),
        cmocka_unit_test_setup(a_file_cut_before_it_is_resumed_goes_on_in_its_copy, fresh),
        cmocka_unit_test_setup(a_file_cut_after_it_was_resumed_goes_on_in_its_copy, fresh),
        cmocka_unit_test_setup(a_file_cut_before_it_was_read_comes_behind_its_copy, fresh),
        cmocka_unit_test_setup(a_copy_that_is_there_when_its_file_is_resumed_waits, fresh),
        cmocka_unit_test_setup(a_wait_ends_when_it_is_told, fresh),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove();
    return failed;
}
