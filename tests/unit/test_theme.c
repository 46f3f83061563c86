#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/output.h"
#include "ui/theme.h"

static double channel(uint32_t c)
{
    double v = c / 255.0;
    return v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double luminance(uint32_t rgb)
{
    return 0.2126 * channel(rgb >> 16 & 255) + 0.7152 * channel(rgb >> 8 & 255) +
           0.0722 * channel(rgb & 255);
}

/* WCAG's ratio. */
static double contrast(uint32_t a, uint32_t b)
{
    double la = luminance(a), lb = luminance(b);
    return la > lb ? (la + 0.05) / (lb + 0.05) : (lb + 0.05) / (la + 0.05);
}

static struct theme load(const char *name)
{
    struct theme t;
    struct ncm_err err = {0};
    if (!theme_load(name, &t, &err)) {
        fail_msg("%s: %s", name, err.what);
    }
    return t;
}

/* Lines and dots of a plot are graphics (3 is enough), borders are decoration. */
static double least(enum role role)
{
    if (role == ROLE_BORDER) {
        return 1.3;
    }
    bool graphic = role == ROLE_AXIS || (role >= ROLE_SERIES1 && role <= ROLE_SERIES7) ||
                   role == ROLE_HIST_CURRENT || role == ROLE_HIST_REFERENCE;
    return graphic ? 3.0 : 4.5;
}

static void text_can_be_read(void **state)
{
    (void)state;
    for (const struct theme_text *b = theme_builtin; b->name != NULL; b++) {
        struct theme t = load(b->name);
        for (int i = 0; i < N_ROLES; i++) {
            const struct role_style *s = &t.styles[i];
            uint32_t bg = s->bg == RGB_DEFAULT ? t.background : s->bg;
            if (s->fg != RGB_DEFAULT && contrast(s->fg, bg) < least((enum role)i)) {
                fail_msg("%s: %s has a contrast of %.2f", b->name, theme_role_name((enum role)i),
                         contrast(s->fg, bg));
            }
        }
    }
}

/* The background may be of the other kind: what has none of its own is seen on both. */
static void colours_are_seen_on_black_and_white(void **state)
{
    (void)state;
    for (const struct theme_text *b = theme_builtin; b->name != NULL; b++) {
        struct theme t = load(b->name);
        assert_int_equal(t.styles[ROLE_HEAD].fg, RGB_DEFAULT);
        assert_int_equal(t.styles[ROLE_BAR].fg, RGB_DEFAULT);
        for (int i = 0; i < N_ROLES; i++) {
            const struct role_style *s = &t.styles[i];
            if (s->fg == RGB_DEFAULT || s->bg != RGB_DEFAULT || i == ROLE_BORDER) {
                continue;
            }
            if (contrast(s->fg, 0) < 3.0 || contrast(s->fg, 0xFFFFFF) < 3.0) {
                fail_msg("%s: %s is lost on one kind of terminal", b->name,
                         theme_role_name((enum role)i));
            }
        }
    }
}

static void series_differ(void **state)
{
    static const char *const names[] = {"dark", "light"};
    (void)state;
    for (size_t n = 0; n < 2; n++) {
        struct theme t = load(names[n]);
        for (int i = ROLE_SERIES1; i <= ROLE_SERIES7; i++) {
            for (int k = i + 1; k <= ROLE_SERIES7; k++) {
                assert_int_not_equal(t.styles[i].fg, t.styles[k].fg);
                assert_int_not_equal(t.styles[i].color8_fg, t.styles[k].color8_fg);
            }
        }
    }
}

static void mono_needs_no_colour(void **state)
{
    struct theme t = load("mono");
    (void)state;
    for (int i = 0; i < N_ROLES; i++) {
        assert_int_equal(t.styles[i].fg, RGB_DEFAULT);
        assert_int_equal(t.styles[i].bg, RGB_DEFAULT);
    }
    assert_true(t.styles[ROLE_SELECT].mono_attrs & ATTR_REVERSE);
    assert_true(t.styles[ROLE_HEAD].mono_attrs & ATTR_BOLD);
}

static void without_colour_selection_still_shows(void **state)
{
    (void)state;
    for (const struct theme_text *b = theme_builtin; b->name != NULL; b++) {
        struct theme t = load(b->name);
        assert_true(t.styles[ROLE_SELECT].mono_attrs != 0);
        assert_true(t.styles[ROLE_BAR_ON].mono_attrs != t.styles[ROLE_BAR].mono_attrs);
        assert_true(t.styles[ROLE_DANGER].mono_attrs != 0);
        assert_true(t.styles[ROLE_INPUT].mono_attrs != 0);
    }
}

/* The program carries its themes; the files people copy from must say the same. */
static void files_and_program_agree(void **state)
{
    (void)state;
    for (const struct theme_text *b = theme_builtin; b->name != NULL; b++) {
        char path[256];
        struct ncm_buf text;
        struct ncm_err err = {0};
        bool truncated;
        snprintf(path, sizeof path, "themes/%s.theme", b->name);
        ncm_buf_init(&text, 65536);
        if (!ncm_file_read(path, 0, 65536, &text, &truncated, &err)) {
            fail_msg("%s", err.what);
        }
        assert_string_equal(text.p, b->text);
        ncm_buf_release(&text);
    }
}

static bool parse(const char *text, struct theme *t, struct ncm_err *err)
{
    return theme_parse("x.theme", text, strlen(text), t, err);
}

static void a_theme_names_only_what_differs(void **state)
{
    struct theme t, dark = load("dark"), light = load("light");
    struct ncm_err err;
    (void)state;
    assert_true(parse("name = Night\nok = #00ff00/green, -, bold underline | reverse\n", &t, &err));
    assert_string_equal(t.name, "Night");
    assert_int_equal(t.styles[ROLE_OK].fg, 0x00ff00);
    assert_int_equal(t.styles[ROLE_OK].bg, RGB_DEFAULT);
    assert_int_equal(t.styles[ROLE_OK].color8_fg, 2);
    assert_int_equal(t.styles[ROLE_OK].attrs, ATTR_BOLD | ATTR_UNDERLINE);
    assert_int_equal(t.styles[ROLE_OK].mono_attrs, ATTR_REVERSE);
    assert_int_equal(t.styles[ROLE_FAIL].fg, dark.styles[ROLE_FAIL].fg);
    assert_true(parse("base = light\n# nothing else", &t, &err));
    assert_int_equal(t.styles[ROLE_FAIL].fg, light.styles[ROLE_FAIL].fg);
}

static void mistakes_are_named_with_their_line(void **state)
{
    static const struct {
        const char *text, *what;
    } wrong[] = {
        {"\nselct = #ffffff", "x.theme:2: unknown role 'selct'"},
        {"ok = #12345", "x.theme:1: '#12345'"},
        {"ok = #1234567", "x.theme:1:"},
        {"ok = green", "x.theme:1: 'green'"},
        {"ok = #00ff00/grey", "x.theme:1: 'grey'"},
        {"ok = -, -, blink", "x.theme:1: 'blink'"},
        {"ok", "x.theme:1:"},
        {"base = dusk", "x.theme:1:"},
    };
    struct theme t;
    struct ncm_err err;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(parse(wrong[i].text, &t, &err));
        if (strstr(err.what, wrong[i].what) == NULL) {
            fail_msg("%s", err.what);
        }
    }
    assert_false(theme_load("no-such-theme", &t, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_can_be_read),
        cmocka_unit_test(colours_are_seen_on_black_and_white),
        cmocka_unit_test(series_differ),
        cmocka_unit_test(mono_needs_no_colour),
        cmocka_unit_test(without_colour_selection_still_shows),
        cmocka_unit_test(files_and_program_agree),
        cmocka_unit_test(a_theme_names_only_what_differs),
        cmocka_unit_test(mistakes_are_named_with_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
