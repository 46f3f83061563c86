#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"

static void set_get_replace_delete(void **state)
{
    struct ncm_map *m = ncm_map_new();
    size_t v = 99;
    (void)state;
    assert_false(ncm_map_get(m, "a", 1, &v));
    assert_int_equal(v, 99);
    assert_false(ncm_map_del(m, "a", 1));
    ncm_map_set(m, "a", 1, 1);
    ncm_map_set(m, "a", 1, 2);
    ncm_map_set(m, "", 0, 3);
    ncm_map_set(m, "a\0b", 3, 4);
    assert_int_equal(ncm_map_count(m), 3);
    assert_true(ncm_map_get(m, "a", 1, &v));
    assert_int_equal(v, 2);
    assert_true(ncm_map_get(m, "", 0, &v));
    assert_int_equal(v, 3);
    assert_true(ncm_map_get(m, "a\0b", 3, &v));
    assert_int_equal(v, 4);
    assert_true(ncm_map_del(m, "a", 1));
    assert_false(ncm_map_get(m, "a", 1, &v));
    assert_int_equal(ncm_map_count(m), 2);
    ncm_map_free(m);
    ncm_map_free(NULL);
}

/* Every third key goes again; the others must stay reachable, at all sizes on the way. */
static void many_keys_with_deletions(void **state)
{
    enum { N = 20000 };
    struct ncm_map *m = ncm_map_new();
    char key[32];
    size_t v;
    (void)state;
    for (size_t i = 0; i < N; i++) {
        int n = snprintf(key, sizeof key, "run-%zu", i);
        ncm_map_set(m, key, (size_t)n, i);
        if (i % 3 == 2) {
            n = snprintf(key, sizeof key, "run-%zu", i - 1);
            assert_true(ncm_map_del(m, key, (size_t)n));
        }
    }
    for (size_t i = 0; i < N; i++) {
        int n = snprintf(key, sizeof key, "run-%zu", i);
        bool gone = i % 3 == 1 && i + 1 < N;
        assert_int_equal(ncm_map_get(m, key, (size_t)n, &v), !gone);
        if (!gone)
            assert_int_equal(v, i);
    }
    size_t seen = 0;
    size_t sum = 0;
    size_t len;
    const char *k;
    for (size_t it = 0; ncm_map_next(m, &it, &k, &len, &v); seen++) {
        assert_int_equal(strlen(k), len);
        sum += v % 3 == 1 && v + 1 < N;
    }
    assert_int_equal(seen, ncm_map_count(m));
    assert_int_equal(sum, 0);
    ncm_map_free(m);
}

static void arena_gives_zeroed_aligned_memory(void **state)
{
    struct ncm_arena *a = ncm_arena_new();
    (void)state;
    for (size_t i = 1; i < 3000; i += 7) {
        unsigned char *p = ncm_arena_alloc(a, i, 3);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t k = 0; k < i * 3; k++)
            assert_int_equal(p[k], 0);
        memset(p, 0xAA, i * 3);
        struct ncm_str s = ncm_arena_str(a, "abc", i % 4);
        assert_int_equal(s.len, i % 4);
        assert_int_equal(s.p[s.len], 0);
    }
    assert_null(ncm_arena_cstr(a, NULL).p);
    assert_non_null(ncm_arena_alloc(a, 0, 8));
    assert_true(ncm_arena_size(a) > 3000);
    ncm_arena_free(a);
}

static void strings_absent_and_equal(void **state)
{
    struct ncm_str none = {NULL, 0};
    struct ncm_str empty = {"", 0};
    (void)state;
    assert_true(ncm_str_eq(none, none));
    assert_false(ncm_str_eq(none, empty));
    assert_true(ncm_str_is(empty, ""));
    assert_false(ncm_str_is(none, ""));
    assert_string_equal(ncm_cstr(none), "");
}

static void buffer_stops_at_its_maximum_and_keeps_what_fits(void **state)
{
    struct ncm_buf b;
    (void)state;
    ncm_buf_init(&b, 10);
    assert_true(ncm_buf_puts(&b, "12345"));
    assert_true(ncm_buf_printf(&b, "%d", 678));
    assert_false(ncm_buf_puts(&b, "9abc"));
    assert_true(b.full);
    assert_string_equal(b.p, "123456789a");
    assert_false(ncm_buf_putc(&b, 'x'));
    ncm_buf_clear(&b);
    assert_true(ncm_buf_putc(&b, 'y'));
    char *p = ncm_buf_take(&b);
    assert_string_equal(p, "y");
    assert_int_equal(b.len, 0);
    assert_string_equal(b.p, "");
    ncm_free(p);
    ncm_buf_release(&b);
    ncm_buf_init(&b, 1000000);
    for (int i = 0; i < 100000; i++)
        ncm_buf_printf(&b, "%d,", i % 10);
    assert_int_equal(b.len, 200000);
    assert_false(b.full);
    ncm_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_get_replace_delete),
        cmocka_unit_test(many_keys_with_deletions),
        cmocka_unit_test(arena_gives_zeroed_aligned_memory),
        cmocka_unit_test(strings_absent_and_equal),
        cmocka_unit_test(buffer_stops_at_its_maximum_and_keeps_what_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
