#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "painted.h"
#include "ui/table_size.h"
#include "ui/widget.h"

static const struct table_column columns[] = {
    {"NAME", 8, 0, 0, 0, 0},      {"STATUS", 6, 9, 0, 1, 0}, {"AGE", 4, 5, 1, 0, -1},
    {"ACCURACY", 6, 10, 1, 2, 0}, {"NOTE", 6, 20, 0, 3, 0},
};
#define N (sizeof columns / sizeof *columns)

static int total(const int *width)
{
    int sum = 0, shown = 0;
    for (size_t i = 0; i < N; i++) {
        sum += width[i];
        shown += width[i] > 0;
    }
    return sum + (shown - 1) * TABLE_GAP;
}

static void widths_fit_any_room(void **state)
{
    (void)state;
    for (int room = 1; room < 200; room++) {
        int width[N];
        int hidden = table_widths(columns, N, 1, 0, room, width);
        int gone = 0;
        assert_true(total(width) <= room);
        assert_true(width[0] > 0);
        for (size_t i = 0; i < N; i++) {
            gone += width[i] == 0;
            assert_true(width[i] == 0 || room < 8 || width[i] >= columns[i].min);
        }
        assert_int_equal(gone, hidden);
    }
}

static void the_least_important_goes_first(void **state)
{
    int width[N];
    (void)state;
    table_widths(columns, N, 1, 0, 38, width); /* all at least: 30 + 4 gaps = 38 */
    assert_true(width[4] > 0);
    table_widths(columns, N, 1, 0, 37, width);
    assert_int_equal(width[4], 0);
    assert_true(width[3] > 0);
    table_widths(columns, N, 1, 0, 29, width);
    assert_int_equal(width[3], 0);
    assert_true(width[1] > 0 && width[2] > 0);
    table_widths(columns, N, 1, 0, 14, width);
    assert_true(width[0] > 0 && width[1] == 0 && width[2] > 0);
}

static void what_is_left_goes_to_the_open_column(void **state)
{
    int width[N];
    (void)state;
    table_widths(columns, N, 1, 0, 120, width);
    assert_int_equal(width[1], 9);
    assert_int_equal(width[2], 5);
    assert_int_equal(width[3], 10);
    assert_int_equal(width[4], 20);
    assert_int_equal(total(width), 120);
}

static void scrolled_columns_make_room(void **state)
{
    int width[N];
    (void)state;
    table_widths(columns, N, 1, 2, 60, width);
    assert_true(width[0] > 0 && width[1] == 0 && width[2] == 0 && width[3] > 0);
}

/* ---- a table of numbered rows; every 10th is a heading where asked ---- */
struct rows {
    size_t n;
    bool headings, wide;
};

static size_t count(void *ctx)
{
    return ((struct rows *)ctx)->n;
}

static void cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct rows *r = ctx;
    if (column == 0) {
        snprintf(out->text, sizeof out->text, r->wide ? "추천-랭커 %zu" : "row %zu", row);
    } else {
        snprintf(out->text, sizeof out->text, "c%zu", column);
    }
}

static bool heading(void *ctx, size_t row)
{
    return ((struct rows *)ctx)->headings && row % 10 == 0;
}

static bool marked(void *ctx, size_t row)
{
    (void)ctx;
    return row == 2;
}

static struct table_model model_of(struct rows *r)
{
    return (struct table_model){.ctx = r, .count = count, .cell = cell, .heading = heading};
}

static struct table table_of(void)
{
    return (struct table){.columns = columns, .n_columns = N, .fixed = 1};
}

static void selection_stays_in_sight(void **state)
{
    struct rows r = {.n = 1000};
    struct table_model m = model_of(&r);
    struct table t = table_of();
    (void)state;
    painted_begin(11, 60);
    struct canvas c = canvas_screen();
    table_draw(&t, &m, &c, true, NULL);
    assert_int_equal(t.rows_shown, 10);
    table_act(&t, &m, A_BOTTOM);
    table_draw(&t, &m, &c, true, NULL);
    assert_int_equal(t.selected, 999);
    assert_int_equal(t.top, 990);
    table_act(&t, &m, A_DOWN);
    assert_int_equal(t.selected, 999);
    table_act(&t, &m, A_PAGE_UP);
    assert_int_equal(t.selected, 990);
    r.n = 5; /* rows went away */
    table_draw(&t, &m, &c, true, NULL);
    assert_int_equal(t.selected, 4);
    assert_int_equal(t.top, 0);
    assert_false(table_act(&t, &m, A_PROMOTE));
    painted_end();
}

static void headings_are_never_selected(void **state)
{
    struct rows r = {.n = 35, .headings = true};
    struct table_model m = model_of(&r);
    struct table t = table_of();
    (void)state;
    painted_begin(40, 60);
    struct canvas c = canvas_screen();
    table_draw(&t, &m, &c, true, NULL);
    assert_int_equal(t.selected, 1);
    for (int i = 0; i < 60; i++) {
        table_act(&t, &m, i < 30 ? A_DOWN : A_UP);
        assert_int_not_equal(t.selected % 10, 0);
    }
    table_act(&t, &m, A_TOP);
    assert_int_equal(t.selected, 1);
    assert_int_equal(table_row_at(&t, &m, 0), SIZE_MAX);
    assert_int_equal(table_row_at(&t, &m, 1), SIZE_MAX); /* the heading */
    assert_int_equal(table_row_at(&t, &m, 3), 2);
    painted_end();
}

static void shows_arrow_marks_and_words(void **state)
{
    struct rows r = {.n = 3, .wide = true};
    struct table_model m = model_of(&r);
    struct table t = table_of();
    (void)state;
    m.marked = marked;
    painted_begin(8, 60);
    struct canvas c = canvas_screen();
    t.selected = 1;
    table_draw(&t, &m, &c, true, NULL);
    assert_non_null(strstr(painted_row(0), sign(SIGN_DOWN)));
    assert_non_null(strstr(painted_row(2), sign(SIGN_SELECT)));
    assert_null(strstr(painted_row(1), sign(SIGN_SELECT)));
    assert_non_null(strstr(painted_row(3), sign(SIGN_MARK)));
    r.n = 0;
    painted_begin(8, 60);
    table_draw(&t, &m, &c, true, "no runs yet");
    assert_true(painted_has("no runs yet"));
    painted_end();
}

static void any_size_is_drawn(void **state)
{
    struct rows r = {.n = 50, .headings = true, .wide = true};
    struct table_model m = model_of(&r);
    (void)state;
    for (int h = 1; h < 12; h++) {
        for (int w = 1; w < 70; w += 3) {
            struct table t = table_of();
            t.selected = 40;
            painted_begin(h, w);
            struct canvas c = canvas_screen();
            table_draw(&t, &m, &c, true, "empty");
        }
    }
    painted_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_fit_any_room),
        cmocka_unit_test(the_least_important_goes_first),
        cmocka_unit_test(what_is_left_goes_to_the_open_column),
        cmocka_unit_test(scrolled_columns_make_room),
        cmocka_unit_test(selection_stays_in_sight),
        cmocka_unit_test(headings_are_never_selected),
        cmocka_unit_test(shows_arrow_marks_and_words),
        cmocka_unit_test(any_size_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
