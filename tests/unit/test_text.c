#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

static const char *clean_n(const char *p, size_t len, unsigned flags, bool *altered)
{
    static char out[4096];
    struct ncm_buf b;
    ncm_buf_init(&b, sizeof out - 1);
    bool a = ncm_text_clean(&b, p, len, flags);
    if (altered)
        *altered = a;
    memcpy(out, b.p, b.len + 1);
    ncm_buf_release(&b);
    return out;
}

static const char *clean(const char *s)
{
    return clean_n(s, strlen(s), NCM_CLEAN_LINE, NULL);
}

#define R "\xEF\xBF\xBD" /* U+FFFD */

static void check(const char *in, const char *out, bool odd)
{
    bool altered;
    const char *got = clean_n(in, strlen(in), NCM_CLEAN_LINE, &altered);
    if (strcmp(got, out) != 0 || altered != odd)
        fail_msg("\"%s\" became \"%s\"%s", in, got, altered ? " (odd)" : "");
    assert_int_equal(ncm_text_is_odd(in, strlen(in)), odd);
    /* Cleaning what is clean changes nothing. */
    char once[4096];
    snprintf(once, sizeof once, "%s", got);
    assert_string_equal(clean(once), once);
}

static void row_invalid_utf8(void **state)
{
    (void)state;
    check("a\xFF"
          "b",
          "a" R "b", true);
    check("\xC0\xAF", R R, true);             /* overlong */
    check("\xE0\x80\xAF", R R R, true);       /* overlong */
    check("\xED\xA0\x80", R R R, true);       /* surrogate */
    check("\xF4\x90\x80\x80", R R R R, true); /* beyond 10FFFF */
    check("x\xE2\x82", "x" R R, true);        /* cut */
    check("\xE2(", R "(", true);              /* resynchronised at once */
}

static void row_tab_lf_cr_become_one_space(void **state)
{
    (void)state;
    check("a\tb\nc\rd", "a b c d", false);
    check("\r\n", "  ", false);
}

static void row_controls(void **state)
{
    (void)state;
    check("\x1b[31mred", R "[31mred", true);
    check("bell\a", "bell" R, true);
    check("del\x7f", "del" R, true);
    check("c1\xC2\x9B"
          "x",
          "c1" R "x", true);
    bool altered;
    assert_string_equal(clean_n("a\0b", 3, 0, &altered), "a" R "b");
    assert_true(altered);
}

static void row_bidi_and_separators(void **state)
{
    char in[16], out[16];
    (void)state;
    static const uint32_t bad[] = {0x2028, 0x2029, 0x202A, 0x202B, 0x202C, 0x202D,
                                   0x202E, 0x2066, 0x2067, 0x2068, 0x2069};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t n = ncm_utf8_encode(bad[i], in);
        in[n] = 'x';
        in[n + 1] = '\0';
        snprintf(out, sizeof out, "%sx", R);
        check(in, out, true);
    }
}

static void rows_dropped(void **state)
{
    static const uint32_t dropped[] = {0x00AD,  0x061C,  0x180E,  0x200B, 0x200C, 0x200D,
                                       0x200E,  0x200F,  0x2060,  0x2065, 0x206A, 0x206F,
                                       0xFEFF,  0xFFF9,  0xFFFB,  0xFE00, 0xFE0F, 0xE0100,
                                       0xE01EF, 0xE0001, 0xE0041, 0xE0FFF};
    (void)state;
    for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++) {
        char in[16] = "a";
        size_t n = ncm_utf8_encode(dropped[i], in + 1);
        in[1 + n] = 'b';
        in[2 + n] = '\0';
        check(in, "ab", true);
    }
}

static void row_skin_tones_only_after_an_emoji(void **state)
{
    (void)state;
    check("\U0001F44D\U0001F3FD", "\U0001F44D", true);
    check("a\U0001F3FD", "a\U0001F3FD", false);
}

static void row_private_use_and_noncharacters(void **state)
{
    (void)state;
    check("\uE000\uF8FF", R R, true);
    check("\U000F0000\U0010FFFD", R R, true);
    check("\uFDD0\uFFFE\uFFFF\U0001FFFE\U0003FFFF", R R R R R, true);
}

static void row_blank_looking(void **state)
{
    (void)state;
    check("\u115F\u1160\u3164\uFFA0", R R R R, true);
    check("\u2800", R, true);
    check("a\u2800\u2800"
          "b",
          "a" R R "b", true);
    check("\u2801\u2800\u2802", "\u2801\u2800\u2802", false);
    check("\u2800\u2800\u2802", "\u2800\u2800\u2802", false);
}

static void row_combining_marks(void **state)
{
    (void)state;
    check("e\u0301", "e\u0301", false);
    check("\u0301x", "x", true);
    check("e\u0301\u0302\u0303\u0304x\u0301", "e\u0301\u0302\u0303x\u0301", true);
    check("\u1100\u1161\u11A8", "\u1100\u1161\u11A8", false); /* decomposed Hangul */
}

static void row_unknown_width(void **state)
{
    (void)state;
    check("\U0001FADF", R, true); /* newer than the C library's table */
    check("\U0001CD00", R, true); /* octant */
}

static void everything_else_is_kept(void **state)
{
    (void)state;
    check("plain name-1.0_x", "plain name-1.0_x", false);
    check("사기 탐지 モデル", "사기 탐지 モデル", false);
    check("○ ① … ± é ✅ 😀", "○ ① … ± é ✅ 😀", false);
    check("مرحبا", "مرحبا", false);
    check(R, R, false); /* a replacement character that was already there */
}

static void lines_keep_lf_and_expand_tabs(void **state)
{
    (void)state;
    assert_string_equal(clean_n("a\tb\r\nc\td", 8, NCM_CLEAN_LINES, NULL), "a       b\nc       d");
    assert_string_equal(clean_n("12345678\tx", 10, NCM_CLEAN_LINES, NULL), "12345678        x");
    assert_string_equal(clean_n("가\tx", 5, NCM_CLEAN_LINES, NULL), "가      x");
    assert_string_equal(clean_n("a\rb", 3, NCM_CLEAN_LINES, NULL), "a b");
    assert_string_equal(clean_n("a\n\xCC\x81z", 5, NCM_CLEAN_LINES, NULL), "a\nz");
}

static void ascii_gives_one_mark_a_cell(void **state)
{
    bool altered;
    (void)state;
    assert_string_equal(clean_n("가a\xCC\x81 \xC3\xA9", 9, NCM_CLEAN_ASCII, &altered), "??a ?");
    assert_false(altered);
    assert_string_equal(clean_n("\x1b\xFF", 2, NCM_CLEAN_ASCII, &altered), "??");
    assert_true(altered);
}

static void widths(void **state)
{
    (void)state;
    assert_int_equal(ncm_text_width(""), 0);
    assert_int_equal(ncm_text_width("abc"), 3);
    assert_int_equal(ncm_text_width("가나다"), 6);
    assert_int_equal(ncm_text_width("ㅓ"), 2);
    assert_int_equal(ncm_text_width("\u1100\u1161"), 2);
    assert_int_equal(ncm_text_width("e\u0301"), 1);
    assert_int_equal(ncm_text_width("\u28FF\u2500\u2588"), 3);
    assert_int_equal(ncm_text_width("○①…±"), 4);
    assert_int_equal(ncm_text_width("✅😀"), 4);
    assert_int_equal(ncm_text_width("🇰🇷"), 2);
    assert_int_equal(ncm_text_width(R), 1);
    assert_int_equal(ncm_text_width_n("가나다", 3), 2);
}

static void fit_never_splits(void **state)
{
    int used;
    (void)state;
    assert_int_equal(ncm_text_fit("가나다", 3, &used), 3);
    assert_int_equal(used, 2);
    assert_int_equal(ncm_text_fit("가나다", 1, &used), 0);
    assert_int_equal(used, 0);
    /* The mark stays with its base though the cells are used up. */
    assert_int_equal(ncm_text_fit("e\u0301x", 1, &used), 3);
    assert_int_equal(used, 1);
}

static void clip_of(const char *in, int cells, const char *wanted)
{
    char out[64];
    int used = ncm_text_clip(out, sizeof out, in, strlen(in), cells);
    assert_string_equal(out, wanted);
    assert_int_equal(used, ncm_text_width(wanted));
}

static void clip_ends_with_an_ellipsis(void **state)
{
    (void)state;
    clip_of("abc", 3, "abc");
    clip_of("abcd", 3, "ab…");
    clip_of("abcd", 1, "…");
    clip_of("abcd", 0, "");
    clip_of("가나다", 6, "가나다");
    clip_of("가나다", 5, "가나…");
    clip_of("가나다", 4, "가…");
    clip_of("가나다", 2, "…");
    clip_of("e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301");
    clip_of("e\u0301e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301…");
    clip_of("a\nb\x1b[0m", 4, "a b…");
    clip_of("a\u200B\u200B", 1, "a");
}

/* Any text, any size of cells and bytes: whole characters, never too wide, never too long. */
static void clip_holds_its_bounds(void **state)
{
    static const char text[] = "a가\u0301e\u0301\u0302\u0303\u0304😀\x1b\xFF\u2800나\t"
                               "z\u1100\u1161다라마";
    (void)state;
    for (int cells = 0; cells < 30; cells++)
        for (size_t size = 1; size < 60; size++)
            for (int middle = 0; middle < 2; middle++) {
                char out[64];
                memset(out, 'x', sizeof out);
                int used = middle ? ncm_text_clip_middle(out, size, text, sizeof text - 1, cells)
                                  : ncm_text_clip(out, size, text, sizeof text - 1, cells);
                size_t len = strlen(out);
                assert_true(len < size);
                assert_true(used <= cells);
                assert_int_equal(used, ncm_text_width(out));
                for (size_t i = 0; i < len;) {
                    uint32_t cp;
                    size_t n = ncm_utf8_decode(out + i, len - i, &cp);
                    assert_false(cp == 0xFFFD && n == 1);
                    i += n;
                }
            }
}

static void clip_middle_keeps_head_and_tail(void **state)
{
    char out[64];
    (void)state;
    assert_int_equal(ncm_text_clip_middle(out, sizeof out, "fraud-detector-v2", 17, 12), 12);
    assert_string_equal(out, "fraud-de…-v2");
    assert_int_equal(ncm_text_clip_middle(out, sizeof out, "short", 5, 12), 5);
    assert_string_equal(out, "short");
    ncm_text_clip_middle(out, sizeof out, "사기탐지모델버전이", strlen("사기탐지모델버전이"), 11);
    assert_string_equal(out, "사기탐지…이");
}

static void escape_shows_what_is_hidden(void **state)
{
    struct ncm_buf b;
    (void)state;
    ncm_buf_init(&b, 1000);
    static const char in[] = "a\u202Eb\x1b\xFF\t\n\\ 가\u200B\U000E0041";
    ncm_text_escape(&b, in, sizeof in - 1);
    assert_string_equal(b.p, "a\\u202eb\\x1b\\xff\\t\\n\\\\ 가\\u200b\\U000e0041");
    ncm_buf_release(&b);
}

static void repair_changes_only_broken_bytes(void **state)
{
    struct ncm_buf b;
    (void)state;
    ncm_buf_init(&b, 1000);
    ncm_text_utf8_repair(&b, "ok\x1b 가\xFF\xE2\x82z", 11);
    assert_string_equal(b.p, "ok\x1b 가" R R R "z");
    ncm_buf_release(&b);
}

static void every_code_point_survives_encoding(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x110000; cp++) {
        char utf8[5];
        uint32_t back;
        size_t n = ncm_utf8_encode(cp, utf8);
        if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) {
            assert_int_equal(n, 0);
            continue;
        }
        assert_int_equal(ncm_utf8_decode(utf8, n, &back), n);
        assert_int_equal(back, cp);
    }
}

static void search_ignores_case(void **state)
{
    (void)state;
    assert_true(ncm_text_has("Fraud Detector", "fraud"));
    assert_true(ncm_text_has("fraud", ""));
    assert_false(ncm_text_has("fraud", "frauds"));
    assert_true(ncm_text_has("ÉCOLE", "école"));
    assert_true(ncm_text_has("사기 탐지", "탐지"));
    assert_false(ncm_text_has("", "x"));
}

static void fuzzy_prefers_starts_and_neighbours(void **state)
{
    (void)state;
    assert_int_equal(ncm_text_fuzzy("compare runs", "xq"), -1);
    assert_int_equal(ncm_text_fuzzy("runs", "nur"), -1);
    assert_true(ncm_text_fuzzy("compare runs", "cr") >= 0);
    assert_true(ncm_text_fuzzy("compare", "comp") > ncm_text_fuzzy("complex map", "cmap"));
    assert_true(ncm_text_fuzzy("go runs", "ru") > ncm_text_fuzzy("rollback undo", "ru"));
    assert_true(ncm_text_fuzzy("실행 비교", "비교") >= 0);
}

static int start(void **state)
{
    (void)state;
    ncm_text_init(NULL, false);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_invalid_utf8),
        cmocka_unit_test(row_tab_lf_cr_become_one_space),
        cmocka_unit_test(row_controls),
        cmocka_unit_test(row_bidi_and_separators),
        cmocka_unit_test(rows_dropped),
        cmocka_unit_test(row_skin_tones_only_after_an_emoji),
        cmocka_unit_test(row_private_use_and_noncharacters),
        cmocka_unit_test(row_blank_looking),
        cmocka_unit_test(row_combining_marks),
        cmocka_unit_test(row_unknown_width),
        cmocka_unit_test(everything_else_is_kept),
        cmocka_unit_test(lines_keep_lf_and_expand_tabs),
        cmocka_unit_test(ascii_gives_one_mark_a_cell),
        cmocka_unit_test(widths),
        cmocka_unit_test(fit_never_splits),
        cmocka_unit_test(clip_ends_with_an_ellipsis),
        cmocka_unit_test(clip_holds_its_bounds),
        cmocka_unit_test(clip_middle_keeps_head_and_tail),
        cmocka_unit_test(escape_shows_what_is_hidden),
        cmocka_unit_test(repair_changes_only_broken_bytes),
        cmocka_unit_test(every_code_point_survives_encoding),
        cmocka_unit_test(search_ignores_case),
        cmocka_unit_test(fuzzy_prefers_starts_and_neighbours),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
