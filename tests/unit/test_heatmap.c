#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "api/text.h"
#include "painted.h"
#include "term/screen.h"
#include "ui/widget.h"

static struct heat_cell cell(enum heat_state state, double level)
{
    return (struct heat_cell){.state = state, .level = level};
}

/* Whoever sees no colour reads the state from the sign. */
static void signs_differ(void)
{
    for (int a = HEAT_GAP; a <= HEAT_CRITICAL; a++) {
        for (int b = HEAT_GAP; b < a; b++) {
            for (double x = 0; x <= 1; x += 0.05) {
                for (double y = 0; y <= 1; y += 0.05) {
                    struct heat_cell p = cell((enum heat_state)a, x),
                                     q = cell((enum heat_state)b, y);
                    assert_int_not_equal(heat_glyph(&p), heat_glyph(&q));
                }
            }
        }
    }
}

static void no_two_states_share_a_sign(void **state)
{
    (void)state;
    ncm_text_init(NULL, false);
    signs_differ();
}

static void ascii_has_signs_of_its_own(void **state)
{
    (void)state;
    ncm_text_init(NULL, true);
    signs_differ();
    for (int a = HEAT_GAP; a <= HEAT_CRITICAL; a++) {
        struct heat_cell p = cell((enum heat_state)a, 0.5);
        assert_true(heat_glyph(&p) < 0x80);
    }
    ncm_text_init(NULL, false);
}

static void odd_levels_are_drawn(void **state)
{
    (void)state;
    const double odd[] = {NAN, -1, 2, INFINITY, -INFINITY, 1};
    for (size_t i = 0; i < 6; i++) {
        struct heat_cell p = cell(HEAT_WARNING, odd[i]);
        assert_int_not_equal(heat_glyph(&p), ' ');
        assert_int_equal(heat_role(&p), ROLE_HEAT_WARN);
    }
}

/* The level tells how far it is to the next worse state, on whichever side that lies. */
static void levels_grow_towards_the_next_state(void **state)
{
    double before = -1;
    (void)state;
    for (double v = 0; v < 0.1; v += 0.01) {
        double level = heat_level(HEAT_OK, v, 0.1, 0.25, false);
        assert_true(level >= before && level <= 1);
        before = level;
    }
    assert_true(heat_level(HEAT_OK, 0.06, 0.05, 0.01, true) >
                heat_level(HEAT_OK, 0.9, 0.05, 0.01, true));
    assert_true(heat_level(HEAT_WARNING, 0.02, 0.05, 0.01, true) >
                heat_level(HEAT_WARNING, 0.04, 0.05, 0.01, true));
    assert_true(heat_level(HEAT_WARNING, 0.1, 0.1, 0.25, false) == 0);
    assert_true(heat_level(HEAT_CRITICAL, 9, 0.1, 0.25, false) == 1);
    assert_true(isnan(heat_level(HEAT_OK, NAN, 0.1, 0.25, false)));
    assert_true(heat_level(HEAT_OK, 5, NAN, NAN, false) == 0);
}

static void the_newest_stay_at_the_right(void **state)
{
    struct heat_cell cells[40];
    (void)state;
    for (size_t i = 0; i < 40; i++) {
        cells[i] = cell(i == 39 ? HEAT_CRITICAL : HEAT_SMALL, 0);
    }
    painted_begin(2, 30);
    struct canvas c = canvas_screen();
    assert_int_equal(heat_paint(&c, 0, 5, 20, 1, cells, 40, SIZE_MAX), 20);
    assert_int_equal(heat_paint(&c, 1, 5, 20, 2, cells, 40, 38), 10);
    assert_int_equal(screen_row(screen_back(), 0)[24].role, ROLE_HEAT_FAIL);
    assert_int_equal(screen_row(screen_back(), 0)[25].role, ROLE_TEXT);
    assert_int_equal(screen_row(screen_back(), 1)[23].role, ROLE_HEAT_FAIL);
    assert_true(screen_row(screen_back(), 1)[21].attrs & ATTR_REVERSE);
    assert_int_equal(heat_paint(&c, 0, 0, 0, 1, cells, 40, SIZE_MAX), 0);
    assert_int_equal(heat_paint(&c, 0, 0, 10, 1, cells, 0, SIZE_MAX), 0);
    painted_end();
}

/* In a table: the bar of the selection leaves the cells their colours. */
static struct heat_cell row_cells[4];
static size_t two(void *ctx)
{
    (void)ctx;
    return 2;
}
static void heat_cell_of(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    (void)ctx;
    (void)row;
    if (column == 1) {
        out->heat = row_cells;
        out->n_heat = 4;
        out->heat_cursor = SIZE_MAX;
        out->heat_w = 1;
    } else {
        memcpy(out->text, "name", 5);
    }
}

static void a_selected_row_keeps_its_heat(void **state)
{
    static const struct table_column columns[] = {{.title = "A", .min = 6, .want = 6},
                                                  {.title = "", .min = 8, .want = 0}};
    struct table t = {.columns = columns, .n_columns = 2};
    const struct table_model m = {.count = two, .cell = heat_cell_of};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        row_cells[i] = cell(HEAT_WARNING, 0.9);
    }
    painted_begin(4, 40);
    struct canvas c = canvas_screen();
    table_draw(&t, &m, &c, true, NULL);
    assert_true(t.heat_w > 8);
    const struct cell *row = screen_row(screen_back(), 1);
    assert_int_equal(row[3].over, ROLE_SELECT);
    assert_int_equal(row[t.heat_x + t.heat_w - 1].over, ROLE_NONE);
    assert_int_equal(row[t.heat_x + t.heat_w - 1].role, ROLE_HEAT_WARN);
    painted_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_two_states_share_a_sign),
        cmocka_unit_test(ascii_has_signs_of_its_own),
        cmocka_unit_test(odd_levels_are_drawn),
        cmocka_unit_test(levels_grow_towards_the_next_state),
        cmocka_unit_test(the_newest_stay_at_the_right),
        cmocka_unit_test(a_selected_row_keeps_its_heat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
