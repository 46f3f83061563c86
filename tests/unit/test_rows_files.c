/* Files as others write them: by Python, compressed in pieces, cut short, several at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "unit/rows_text.h"
#include "unit/scratch.h"

static char *file_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s is missing", path);
    char *text = ncm_alloc(1, 1 << 20);
    text[fread(text, 1, (1 << 20) - 1, f)] = '\0';
    fclose(f);
    return text;
}

static void what_python_reads_is_read_so(void **state)
{
    static const char *const names[] = {"comma.csv", "semicolon.csv", "tab.csv", "ascii.jsonl",
                                        "utf8.jsonl"};
    struct ncm_rows_options o = {0};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128], expected_path[160];
        snprintf(path, sizeof path, "tests/fixtures/rows/%s", names[i]);
        snprintf(expected_path, sizeof expected_path, "%s.expected", path);
        char *expected = file_text(expected_path);
        for (size_t chunk = 0; chunk < 200; chunk = chunk * 3 + 1) {
            char *got = rows_text_by(path, &o, chunk);
            assert_string_equal(got, expected);
            ncm_free(got);
        }
        ncm_free(expected);
    }
}

/* n times the same member or frame; the bytes of all. */
static size_t pack(bool zstd, const char *text, int n, char *out, size_t cap)
{
    size_t len = 0;
    for (int i = 0; i < n; i++) {
        const char *part = text + (i ? strcspn(text, "\n") + 1 : 0); /* the header comes once */
        if (zstd) {
            len += ZSTD_compress(out + len, cap - len, part, strlen(part), 3);
            continue;
        }
        z_stream z = {0};
        assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
        z.next_in = (unsigned char *)(uintptr_t)part;
        z.avail_in = (unsigned)strlen(part);
        z.next_out = (unsigned char *)out + len;
        z.avail_out = (unsigned)(cap - len);
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        len = cap - z.avail_out;
        deflateEnd(&z);
    }
    return len;
}

static void compressed_files_are_known_by_their_bytes(void **state)
{
    char packed[4096];
    struct ncm_rows_options o = {0};
    (void)state;
    for (int zstd = 0; zstd < 2; zstd++) {
        size_t len = pack(zstd, "a,b\n1,2\n", 3, packed, sizeof packed);
        for (size_t chunk = 0; chunk < 9; chunk++) {
            char *got = rows_text_by(scratch_file("x.csv", packed, len), &o, chunk);
            assert_string_equal(got, "a|b\n2:1|2\n3:1|2\n4:1|2\n");
            ncm_free(got);
        }
    }
}

static void a_cut_file_gives_its_rows_and_then_says_where(void **state)
{
    static char text[300000], packed[300000];
    struct ncm_rows_options o = {0};
    (void)state;
    size_t n = (size_t)snprintf(text, sizeof text, "a,b\n");
    for (int i = 0; n < sizeof text - 32; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%d,%d\n", i, i * 7919 % 1000);
    for (int zstd = 0; zstd < 2; zstd++) {
        size_t len = pack(zstd, text, 1, packed, sizeof packed);
        const char *path = scratch_file("cut.csv", packed, len - 100);
        struct ncm_rows *r;
        struct ncm_batch b;
        struct ncm_err err;
        enum ncm_rows_got got;
        int64_t rows = 0;
        char at[64];
        assert_true(ncm_rows_open(path, &o, &r, &err));
        while ((got = ncm_rows_next(r, &b, NULL, &err)) == NCM_ROWS_BATCH)
            rows += (int64_t)b.n_rows;
        assert_int_equal(got, NCM_ROWS_ERROR);
        assert_true(rows > 1000);
        assert_non_null(strstr(err.what, "cut.csv"));
        snprintf(at, sizeof at, "byte %zu", len - 100);
        assert_non_null(strstr(err.what, at));
        ncm_rows_close(r);
    }
}

static void files_of_a_glob_come_in_the_order_of_their_names(void **state)
{
    struct ncm_rows_options o = {0};
    char glob[256];
    (void)state;
    scratch_file("m2.csv", "b,c\n5,6\n", 8);
    scratch_file("m1.csv", "a,b\n1,2\n", 8);
    scratch_file("m3.csv", "c,b,a\n7,8,9\n", 12);
    snprintf(glob, sizeof glob, "%s", scratch("m*.csv"));
    char *got = rows_text(glob, &o);
    assert_string_equal(got, "a|b\n2:1|2\na|b|c\n2:~|5|6\n2:9|8|7\n");
    ncm_free(got);
    got = rows_text(scratch("nothing*"), &o);
    assert_string_equal(got, "ERROR NOT_FOUND\n");
    ncm_free(got);
    /* A name that is there as it is written is no pattern. */
    scratch_file("m[1].csv", "z\n1\n", 4);
    got = rows_text(scratch("m[1].csv"), &o);
    assert_string_equal(got, "z\n2:1\n");
    ncm_free(got);
}

static void what_is_too_long_is_one_bad_row(void **state)
{
    struct ncm_rows_options o = {0};
    struct ncm_buf b;
    (void)state;
    ncm_buf_init(&b, (size_t)64 << 20);
    for (int row = 0; row < 2; row++) {
        ncm_buf_clear(&b);
        ncm_buf_puts(&b, "a,b\n1,2\n");
        for (size_t i = 0; i < (row ? (size_t)18 << 20 : (size_t)1 << 20); i++)
            ncm_buf_putc(&b, 'x');
        ncm_buf_puts(&b, "y,2\n3,4\n");
        char *got = rows_text(scratch_file("long.csv", b.p, b.len), &o);
        assert_string_equal(got, row ? "a|b\n2:1|2\n4:3|4\n!3: the row is longer than 16 MiB\n"
                                     : "a|b\n2:1|2\n4:3|4\n!3: a field is longer than 1024 KiB\n");
        ncm_free(got);
    }
    ncm_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_python_reads_is_read_so),
        cmocka_unit_test(compressed_files_are_known_by_their_bytes),
        cmocka_unit_test(a_cut_file_gives_its_rows_and_then_says_where),
        cmocka_unit_test(files_of_a_glob_come_in_the_order_of_their_names),
        cmocka_unit_test(what_is_too_long_is_one_bad_row),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove();
    return failed;
}
