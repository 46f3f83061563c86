/* Rows of CSV files: what comes out is what was written, whatever the line ends, quotes and gaps,
 * and what cannot be read is counted and named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "unit/rows_text.h"
#include "unit/scratch.h"

/* The rows of a file with that text, as rows_text.h writes them. */
static void check(const char *text, size_t len, const char *expected)
{
    struct ncm_rows_options o = {0};
    /* Wherever a read may end. */
    for (size_t chunk = 0; chunk < 12; chunk++) {
        char *got = rows_text_by(scratch_file("x", text, len), &o, chunk);
        assert_string_equal(got, expected);
        ncm_free(got);
    }
}
#define CHECK(text, expected) check(text, sizeof(text) - 1, expected)

static void csv_comes_out_as_it_was_written(void **state)
{
    (void)state;
    CHECK("a,b\n1,2\n3,4\n", "a|b\n2:1|2\n3:3|4\n");
    CHECK("a,b\r\n1,2\r\n3,4", "a|b\n2:1|2\n3:3|4\n");
    CHECK("a,b\r1,2\r3,4\r", "a|b\n2:1|2\n3:3|4\n");
    CHECK("\xef\xbb\xbf"
          "a,b\n1,2\n",
          "a|b\n2:1|2\n");
    CHECK("a,b\n,\n\"\",\" \"\n", "a|b\n2:|\n3:| \n");
    CHECK("a,b\n\"x,y\",\"say \"\"yes\"\"\"\n\"two\nlines\",\"\"\"\"\nz,9\n",
          "a|b\n2:x,y|say \"yes\"\n3:two\nlines|\"\n5:z|9\n");
    CHECK("a,b\n5\",6 \" 7\n", "a|b\n2:5\"|6 \" 7\n");
    CHECK("a,b\n\n1,2\n\n\n3,4\n\n", "a|b\n3:1|2\n6:3|4\n");
    CHECK("a\n1\n\n\"\"\n", "a\n2:1\n4:\n");
    CHECK("a,b\n1\0"
          "2,\0\n",
          "a|b\n2:1\\02|\\0\n");
    CHECK("", "");
    CHECK("a,b\n", "");
}

static void delimiters_are_guessed(void **state)
{
    (void)state;
    CHECK("a;b;c,d\n1;2,5;3\n", "a|b|c,d\n2:1|2,5|3\n");
    CHECK("a\tb\n1\t2\n", "a|b\n2:1|2\n");
    CHECK("a|b\n1|2\n", "a|b\n2:1|2\n");
    CHECK("\"a,b,c\";d\n1;2\n", "a,b,c|d\n2:1|2\n");
    CHECK("a\n1\n", "a\n2:1\n");
}

static void every_column_has_a_name_of_its_own(void **state)
{
    (void)state;
    CHECK("a,,a,a_2,,a\n1,2,3,4,5,6\n", "a|column_2|a_2|a_2_2|column_5|a_3\n2:1|2|3|4|5|6\n");
}

static void bad_rows_are_counted_and_named(void **state)
{
    (void)state;
    CHECK("a,b\n1\n1,2,3\n4,5\n", "a|b\n4:4|5\n!2: 1 fields where the header has 2\n"
                                  "!3: 3 fields where the header has 2\n");
    CHECK("a,b\n\"x\"y,1\n4,5\n", "a|b\n3:4|5\n!2: text follows the quote that ends a field\n");
    CHECK("a,b\n1,\"x\n4,5\n6,7", "a|b\n3:4|5\n4:6|7\n!2: a quote is opened and not closed\n");
    CHECK("a,b\n1\n2\n", "ERROR INVALID_DATA\n!2: 1 fields where the header has 2\n"
                         "!3: 1 fields where the header has 2\n");
}

static void utf_16_is_refused(void **state)
{
    (void)state;
    CHECK("\xff\xfe"
          "a\0,\0b\0\n\0",
          "ERROR INVALID_DATA\n");
}

static void more_bad_rows_than_were_allowed_end_it(void **state)
{
    struct ncm_rows_options o = {.bad_share = 0.1};
    struct ncm_buf b;
    (void)state;
    ncm_buf_init(&b, 1 << 20);
    ncm_buf_puts(&b, "a,b\n");
    for (int i = 0; i < 200; i++)
        ncm_buf_puts(&b, i % 8 ? "1,2\n" : "1\n");
    char *got = rows_text(scratch_file("bad.csv", b.p, b.len), &o);
    assert_non_null(strstr(got, "ERROR INVALID_DATA\n"));
    assert_non_null(strstr(got, "\n91:1|2\n"));
    ncm_free(got);
    o.bad_share = 0.2;
    got = rows_text(scratch_file("bad.csv", b.p, b.len), &o);
    assert_null(strstr(got, "ERROR"));
    ncm_free(got);
    ncm_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_comes_out_as_it_was_written),
        cmocka_unit_test(delimiters_are_guessed),
        cmocka_unit_test(every_column_has_a_name_of_its_own),
        cmocka_unit_test(bad_rows_are_counted_and_named),
        cmocka_unit_test(more_bad_rows_than_were_allowed_end_it),
        cmocka_unit_test(utf_16_is_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove();
    return failed;
}
