#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "base/text.h"

static void fail_sets_all_and_returns_false(void **state)
{
    struct ncm_err e;
    (void)state;
    memset(&e, 'x', sizeof e);
    assert_false(ncm_fail(&e, NCM_NOT_FOUND, "no run %s", "abc"));
    assert_int_equal(e.code, NCM_NOT_FOUND);
    assert_string_equal(e.what, "no run abc");
    assert_string_equal(e.detail, "");
    assert_string_equal(e.hint, "");
    assert_false(ncm_hint(&e, "look in %s", "here"));
    assert_false(ncm_detail(&e, "errno %d", 2));
    assert_string_equal(e.hint, "look in here");
    assert_string_equal(e.detail, "errno 2");
}

static void wrap_puts_the_context_first(void **state)
{
    struct ncm_err e;
    (void)state;
    ncm_fail(&e, NCM_IO, "disk full");
    ncm_hint(&e, "free some");
    assert_false(ncm_wrap(&e, "saving %s", "x"));
    assert_string_equal(e.what, "saving x: disk full");
    assert_string_equal(e.hint, "free some");
    assert_int_equal(e.code, NCM_IO);
}

static void may_be_built_from_itself(void **state)
{
    struct ncm_err e;
    (void)state;
    ncm_fail(&e, NCM_IO, "one");
    ncm_hint(&e, "two");
    ncm_fail(&e, NCM_BUSY, "%s and %s", e.what, e.hint);
    assert_string_equal(e.what, "one and two");
}

static void overlong_text_ends_at_a_whole_character(void **state)
{
    static const char *const units[] = {"a", "\xC3\xA9", "\xEA\xB0\x80", "\xF0\x9F\x98\x80"};
    (void)state;
    for (size_t u = 0; u < 4; u++)
        for (size_t shift = 0; shift < 4; shift++) {
            char text[2000] = "";
            size_t n = shift;
            memset(text, '-', shift);
            while (n + 5 < sizeof text) {
                memcpy(text + n, units[u], strlen(units[u]) + 1);
                n += strlen(units[u]);
            }
            struct ncm_err e;
            ncm_fail(&e, NCM_IO, "%s", text);
            size_t len = strlen(e.what);
            assert_in_range(len, sizeof e.what - 4, sizeof e.what - 1);
            for (size_t i = 0; i < len;) {
                uint32_t cp;
                i += ncm_utf8_decode(e.what + i, len - i, &cp);
                assert_int_not_equal(cp, 0xFFFD);
            }
        }
}

static void codes_and_exit_statuses(void **state)
{
    static const struct {
        enum ncm_code code;
        const char *name;
        int status;
    } all[] = {
        {NCM_OK, "OK", 0},
        {NCM_USAGE, "USAGE", 2},
        {NCM_REFUSED, "REFUSED", 3},
        {NCM_FORBIDDEN, "FORBIDDEN", 3},
        {NCM_READ_ONLY, "READ_ONLY", 3},
        {NCM_UNREACHABLE, "UNREACHABLE", 4},
        {NCM_BUSY, "BUSY", 4},
        {NCM_NOT_FOUND, "NOT_FOUND", 5},
        {NCM_CONFLICT, "CONFLICT", 6},
        {NCM_INVALID_DATA, "INVALID_DATA", 1},
        {NCM_CANCELLED, "CANCELLED", 130},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_string_equal(ncm_code_name(all[i].code), all[i].name);
        assert_int_equal(ncm_code_exit(all[i].code), all[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail_sets_all_and_returns_false),
        cmocka_unit_test(wrap_puts_the_context_first),
        cmocka_unit_test(may_be_built_from_itself),
        cmocka_unit_test(overlong_text_ends_at_a_whole_character),
        cmocka_unit_test(codes_and_exit_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
