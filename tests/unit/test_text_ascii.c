/* The same text functions where the locale is C: nothing but ASCII may come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "base/text.h"

static void output_is_ascii_one_mark_a_cell(void **state)
{
    char out[64];
    (void)state;
    assert_false(ncm_text_utf8());
    assert_int_equal(ncm_text_clip(out, sizeof out, "가 é\u0301!", strlen("가 é\u0301!"), 20), 5);
    assert_string_equal(out, "?? ?!");
    assert_int_equal(ncm_text_clip(out, sizeof out, "abcdefgh", 8, 6), 6);
    assert_string_equal(out, "abc...");
    assert_int_equal(ncm_text_clip(out, sizeof out, "abcdefgh", 8, 2), 2);
    assert_string_equal(out, "..");
    assert_int_equal(ncm_text_clip_middle(out, sizeof out, "fraud-detector-v2", 17, 12), 12);
    assert_string_equal(out, "fraud-...-v2");
}

static void widths_are_those_of_utf8(void **state)
{
    (void)state;
    assert_int_equal(ncm_text_width("가나"), 4);
    assert_int_equal(ncm_text_width("é\u0301"), 1);
    assert_int_equal(ncm_text_width("😀"), 2);
}

static void other_functions_follow(void **state)
{
    char out[40];
    struct ncm_buf b;
    (void)state;
    ncm_buf_init(&b, 100);
    ncm_text_escape(&b, "가\x1b", 4);
    assert_string_equal(b.p, "\\uac00\\x1b");
    ncm_buf_release(&b);
    assert_string_equal(ncm_fmt_num(out, sizeof out, INFINITY, 5), "inf");
    assert_string_equal(ncm_fmt_time(out, sizeof out, NCM_NO_TIME, false), "-");
    assert_true(ncm_text_has("ÉCOLE", "école"));
}

static int start(void **state)
{
    (void)state;
    setenv("LC_ALL", "C", 1);
    ncm_text_init(NULL, false);
    return 0;
}

/* Korean asked for by name on a machine without that locale: UTF-8 all the same. */
static void a_missing_locale_falls_back_to_utf8(void **state)
{
    (void)state;
    setenv("LC_ALL", "ko_KR.UTF-8", 1);
    ncm_text_init(NULL, false);
    assert_true(ncm_text_utf8());
    ncm_text_init(NULL, true);
    assert_false(ncm_text_utf8());
    setenv("LC_ALL", "C", 1);
    ncm_text_init("ko", false);
    assert_true(ncm_text_utf8());
    assert_string_not_equal(setlocale(LC_MESSAGES, NULL), "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_is_ascii_one_mark_a_cell),
        cmocka_unit_test(widths_are_those_of_utf8),
        cmocka_unit_test(other_functions_follow),
        cmocka_unit_test(a_missing_locale_falls_back_to_utf8),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
