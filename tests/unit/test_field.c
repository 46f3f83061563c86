#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "api/text.h"
#include "painted.h"
#include "term/screen.h"
#include "term/term.h"
#include "ui/widget.h"
#include "ui/wrap.h"

static void type(struct field *f, const char *text)
{
    for (size_t i = 0, len = strlen(text); i < len;) {
        uint32_t cp;
        i += ncm_utf8_decode(text + i, len - i, &cp);
        assert_true(field_key(f, (int)cp));
    }
}

static void edits_whole_characters(void **state)
{
    struct field f;
    (void)state;
    ncm_text_init(NULL, false);
    field_init(&f, "ab");
    type(&f, "한글e\u0301z");
    assert_string_equal(f.text, "ab한글e\u0301z");
    field_key(&f, TK_LEFT);
    field_key(&f, TK_BACKSPACE); /* the accent goes with its letter */
    assert_string_equal(f.text, "ab한글z");
    field_key(&f, TK_BACKSPACE);
    assert_string_equal(f.text, "ab한z");
    field_key(&f, TK_HOME);
    field_key(&f, TK_DEL);
    assert_string_equal(f.text, "b한z");
    field_key(&f, TK_RIGHT);
    field_key(&f, TK_RIGHT);
    field_key(&f, 21); /* all before the cursor */
    assert_string_equal(f.text, "z");
    assert_int_equal(f.cursor, 0);
    field_release(&f);
}

static void words_go_at_once(void **state)
{
    struct field f;
    (void)state;
    field_init(&f, "the best run  ");
    field_key(&f, 23);
    assert_string_equal(f.text, "the best ");
    field_key(&f, 23);
    assert_string_equal(f.text, "the ");
    assert_false(field_key(&f, TK_ENTER));
    assert_false(field_key(&f, TK_UP));
    field_release(&f);
}

static void pastes_are_one_clean_line(void **state)
{
    struct field f;
    (void)state;
    field_init(&f, "<>");
    field_key(&f, TK_LEFT);
    field_insert(&f, "a\nb\tc\x1b[31m");
    assert_null(strchr(f.text, '\n'));
    assert_null(strchr(f.text, '\x1b'));
    assert_int_equal(strncmp(f.text, "<a b c", 6), 0);
    assert_int_equal(f.text[f.len - 1], '>');
    field_release(&f);
}

/* The hardware cursor is where the next character goes: input methods draw there. */
static void the_cursor_is_at_the_insertion_point(void **state)
{
    struct field f;
    (void)state;
    for (int w = 2; w < 30; w++) {
        field_init(&f, "추천-시스템 이름이 아주 길다 long name");
        painted_begin(3, 40);
        struct canvas c = canvas_screen();
        for (int i = 0; i < 40; i++) {
            field_draw(&f, &c, 1, 3, w, true);
            const struct screen *s = screen_back();
            assert_true(s->cursor_visible);
            assert_int_equal(s->cursor_y, 1);
            assert_true(s->cursor_x >= 3 && s->cursor_x < 3 + w);
            field_key(&f, i < 20 ? TK_LEFT : TK_RIGHT);
        }
        field_release(&f);
    }
    painted_end();
}

static void text_wraps_at_blanks(void **state)
{
    size_t skip;
    (void)state;
    ncm_text_init(NULL, false);
    assert_int_equal(wrap_row("one two three", 8, &skip), 7);
    assert_int_equal(skip, 1);
    assert_int_equal(wrap_row("one\ntwo", 8, &skip), 3);
    assert_int_equal(wrap_row("averylongwordindeed", 8, &skip), 8);
    assert_int_equal(skip, 0);
    assert_int_equal(wrap_rows("one two three", 8), 2);
    assert_int_equal(wrap_rows("", 8), 0);
    assert_true(wrap_rows("한글 한글", 1) > 0); /* ends */
}

static void a_long_text_scrolls_and_searches(void **state)
{
    struct textview t;
    struct ncm_buf b;
    (void)state;
    memset(&t, 0, sizeof t);
    ncm_buf_init(&b, 1u << 20);
    for (int i = 0; i < 500; i++) {
        ncm_buf_printf(&b, "line %d%s\n", i, i == 321 ? " Needle" : "");
    }
    painted_begin(10, 40);
    struct canvas c = canvas_screen();
    textview_draw(&t, b.p, b.len, &c, true);
    assert_string_equal(painted_row(0), "line 0");
    textview_act(&t, b.p, b.len, A_BOTTOM);
    textview_draw(&t, b.p, b.len, &c, true);
    assert_int_equal(t.top, 490);
    memcpy(t.needle, "needle", 7);
    textview_act(&t, b.p, b.len, A_NEXT_MATCH);
    assert_int_equal(t.top, 321);
    textview_act(&t, b.p, b.len, A_TOP);
    assert_int_equal(t.top, 0);
    textview_act(&t, "", 0, A_DOWN);
    assert_int_equal(t.top, 0);
    ncm_buf_release(&b);
    painted_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_whole_characters),
        cmocka_unit_test(words_go_at_once),
        cmocka_unit_test(pastes_are_one_clean_line),
        cmocka_unit_test(the_cursor_is_at_the_insertion_point),
        cmocka_unit_test(text_wraps_at_blanks),
        cmocka_unit_test(a_long_text_scrolls_and_searches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
