/* Rows of JSON Lines: values under the paths at which they stand, whatever a row leaves out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "unit/rows_text.h"
#include "unit/scratch.h"

static void check(const char *text, const char *expected)
{
    struct ncm_rows_options o = {.format = NCM_ROWS_JSONL};
    /* Wherever a read may end. */
    for (size_t chunk = 0; chunk < 12; chunk++) {
        char *got = rows_text_by(scratch_file("x", text, strlen(text)), &o, chunk);
        assert_string_equal(got, expected);
        ncm_free(got);
    }
}

static void values_have_paths_and_kinds(void **state)
{
    (void)state;
    check("{\"a\":1,\"b\":\"x\",\"c\":{\"d\":[1.50,-2e5],\"e\":null},\"t\":true,\"f\":false}\n",
          "a|b|c.d[0]|c.d[1]|c.e|t|f\n1:#1|x|#1.50|#-2e5|~|?true|?false\n");
    check(" { \"a\" : { } , \"b\" : [ ] , \"c\" : [ [1] , 2 ] } \r\n{\"c\":[{\"d\":[]}]}",
          "c\n1:&[ [1] , 2 ]\n2:&[{\"d\":[]}]\n");
    check("{\"a\":NaN,\"b\":-Infinity,\"c\":Infinity}\n", "a|b|c\n1:#NaN|#-Infinity|#Infinity\n");
    check("{\"a\":1,\"a\":2,\"b.c\":1,\"b\":{\"c\":3}}\n", "a|b.c\n1:#2|#3\n");
    check("{\"a\":1}\n\n  \n{\"b\":2,\"a\":3}\n{}\n", "a\n1:#1\na|b\n4:#3|#2\n5:~|~\n");
}

static void escapes_are_what_they_stand_for(void **state)
{
    (void)state;
    check("{\"a\":\"\\u00e9\\ud83d\\ude00 \\\"\\\\\\/\\n\\t\\u0000\",\"\\u0062\":\"\xc3\xa9\"}\n",
          "a|b\n1:\xc3\xa9\xf0\x9f\x98\x80 \"\\/\n\t\\0|\xc3\xa9\n");
    check("{\"a\":\"\\ud800x\\udc00\\ud800\\u0041\"}\n",
          "a\n1:\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd"
          "A\n");
}

static const char as_it_is[] = "a\n1:#1\n3:#3\n!2: not JSON at byte ";

/* Each line alone is refused; a good one before it shows that reading goes on. */
static void what_is_not_json_is_a_bad_row(void **state)
{
    static const char *const bad[] = {
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":1e}",
        "{\"a\":-}",
        "{\"a\":tru}",
        "{\"a\":'x'}",
        "{a:1}",
        "{\"a\":1,}",
        "{\"a\":[1,]}",
        "{\"a\":1",
        "{\"a\":1}}",
        "{\"a\":1} x",
        "[1]",
        "\"x\"",
        "7",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\t\"}",
        "{\"a\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":{\"b\":[}}",
        "{\"a\":nan}",
        "{\"a\":[[1}]}",
        "{\"a\":}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ncm_rows_options o = {.format = NCM_ROWS_JSONL};
        char *text = ncm_sprintf("{\"a\":1}\n%s\n{\"a\":3}", bad[i]);
        char *got = rows_text(scratch_file("x", text, strlen(text)), &o);
        if (strncmp(got, as_it_is, strlen(as_it_is)) != 0)
            fail_msg("%s gives %s", bad[i], got);
        ncm_free(got);
        ncm_free(text);
    }
}

static void what_is_deep_or_long_stays_as_it_is_written(void **state)
{
    char text[8192], path[64];
    struct ncm_rows_options o = {0};
    size_t n = 0, m = 0;
    (void)state;
    for (int i = 0; i < 18; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "{\"k\":");
    n += (size_t)snprintf(text + n, sizeof text - n, "1}}}}}}}}}}}}}}}}}}\n");
    for (int i = 0; i < 16; i++)
        m += (size_t)snprintf(path + m, sizeof path - m, "%sk", i ? "." : "");
    char *got = rows_text(scratch_file("x", text, n), &o);
    char *expected = ncm_sprintf("%s\n1:&{\"k\":{\"k\":1}}\n", path);
    assert_string_equal(got, expected);
    ncm_free(got);
    ncm_free(expected);
    for (int most = 256; most <= 257; most++) {
        n = (size_t)snprintf(text, sizeof text, "{\"a\":[0");
        for (int i = 1; i < most; i++)
            n += (size_t)snprintf(text + n, sizeof text - n, ",%d", i);
        n += (size_t)snprintf(text + n, sizeof text - n, "]}\n");
        got = rows_text(scratch_file("x", text, n), &o);
        assert_true(strstr(got, "a[255]\n") != NULL || most == 257);
        assert_true(strncmp(got, "a\n1:&[0,1,", 10) == 0 || most == 256);
        ncm_free(got);
    }
}

static void lines_that_containers_wrap_are_unwrapped(void **state)
{
    (void)state;
    check("{\"log\":\"{\\\"a\\\":\\\"x\\\\n\\\", \\\"time\\\":\\\"mine\\\"}\\n\",\"stream\":"
          "\"stdout\",\"time\":\"2020\"}\n"
          "{\"log\":\"no JSON {\\n\",\"stream\":\"stderr\",\"time\":\"2021\"}\n"
          "{\"log\":\"{}\",\"level\":\"info\"}\n",
          "stream|time|a\n1:stdout|mine|x\n\n"
          "stream|time|a|log\n2:stderr|2021|~|no JSON {\n"
          "stream|time|a|log|level\n3:~|~|~|{}|info\n");
    check("2016-10-06T00:17:09.669794202Z stdout F {\"a\":7}\n"
          "2016-10-06T00:17:10.669794202Z stderr F some text\n",
          "time|stream|a\n1:2016-10-06T00:17:09.669794202Z|stdout|#7\n"
          "time|stream|a|log\n2:2016-10-06T00:17:10.669794202Z|stderr|~|some text\n");
}

/* Beyond 4096 columns values are left out, and that is said. */
static void columns_have_an_end(void **state)
{
    struct ncm_rows_options o = {0};
    struct ncm_rows *r;
    struct ncm_rows_facts facts;
    struct ncm_err err;
    struct ncm_buf b, text;
    size_t n_columns = 0;
    (void)state;
    ncm_buf_init(&b, (size_t)64 << 20);
    ncm_buf_init(&text, (size_t)64 << 20);
    for (int i = 0; i < 5000; i++)
        ncm_buf_printf(&b, "{\"k%d\":%d}\n", i, i);
    assert_true(ncm_rows_open(scratch_file("many.jsonl", b.p, b.len), &o, &r, &err));
    assert_int_equal(rows_text_rest(&text, r, &n_columns), NCM_ROWS_END);
    ncm_rows_facts(r, &facts);
    assert_int_equal(n_columns, 4096);
    assert_int_equal(facts.rows, 5000);
    assert_int_equal(facts.left_out, 5000 - 4096);
    ncm_rows_close(r);
    ncm_buf_release(&b);
    ncm_buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_paths_and_kinds),
        cmocka_unit_test(escapes_are_what_they_stand_for),
        cmocka_unit_test(what_is_not_json_is_a_bad_row),
        cmocka_unit_test(what_is_deep_or_long_stays_as_it_is_written),
        cmocka_unit_test(lines_that_containers_wrap_are_unwrapped),
        cmocka_unit_test(columns_have_an_end),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove();
    return failed;
}
