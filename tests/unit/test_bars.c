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
#include "ui/bars.h"

#define BINS 20

static int64_t ref_counts[BINS], cur_counts[BINS];
static const double edges[] = {4, 8, 12, 16};
static double terms[] = {0.01, 0.02, 0.01, 0.3, 0.06};

static struct bars_shape shape(void)
{
    for (size_t i = 0; i < BINS; i++) {
        ref_counts[i] = i < 10 ? 100 : 0;
        cur_counts[i] = i < 10 ? 0 : 10;
    }
    return (struct bars_shape){.lo = 0,
                               .hi = 20,
                               .ref = ref_counts,
                               .cur = cur_counts,
                               .n = BINS,
                               .edges = edges,
                               .terms = terms,
                               .n_edges = 4,
                               .selected = SIZE_MAX};
}

static int cells_of(enum role role, int x0, int x1)
{
    int n = 0;
    for (int y = 0; y < screen_back()->rows; y++) {
        for (int x = x0; x < x1 && x < screen_back()->cols; x++) {
            n += screen_row(screen_back(), y)[x].role == role;
        }
    }
    return n;
}

/* Samples of different sizes are compared by their shares. */
static void the_current_is_filled_and_the_reference_an_outline(void **state)
{
    struct bars_shape b = shape();
    (void)state;
    painted_begin(14, 67);
    struct canvas c = canvas_screen();
    bars_shape_draw(&b, &c, NULL);
    assert_int_equal(cells_of(ROLE_HIST_CURRENT, 6, 35), 0);
    assert_true(cells_of(ROLE_HIST_CURRENT, 37, 66) > 29 * 10);
    assert_true(cells_of(ROLE_HIST_REFERENCE, 6, 37) > 29);
    assert_true(painted_has("10 %"));
    painted_end();
}

static void the_bins_that_add_most_say_how_much(void **state)
{
    struct bars_shape b = shape();
    (void)state;
    painted_begin(14, 67);
    struct canvas c = canvas_screen();
    b.selected = 3;
    bars_shape_draw(&b, &c, NULL);
    assert_true(painted_has("75 %"));
    assert_true(painted_has("15 %"));
    assert_false(painted_has("2.5 %"));
    int selected = 0;
    for (int x = 0; x < 67; x++) {
        selected += screen_row(screen_back(), 12)[x].over == ROLE_SELECT;
    }
    assert_int_equal(selected, 12); /* a fifth of 60 columns */
    painted_end();
}

static void any_size_and_odd_shapes_are_drawn(void **state)
{
    (void)state;
    for (int h = 1; h < 20; h++) {
        for (int w = 1; w < 120; w += 7) {
            struct bars_shape b = shape();
            b.selected = (size_t)(h % 5);
            painted_begin(h, w);
            struct canvas c = canvas_screen();
            bars_shape_draw(&b, &c, "nothing");
            b.terms = NULL;
            b.n_edges = 0;
            bars_shape_draw(&b, &c, "nothing");
            b.hi = b.lo;
            bars_shape_draw(&b, &c, "nothing");
            b.n = 0;
            bars_shape_draw(&b, &c, NULL);
        }
    }
    painted_end();
}

static void without_rows_it_says_so(void **state)
{
    struct bars_shape b = shape();
    (void)state;
    memset(ref_counts, 0, sizeof ref_counts);
    memset(cur_counts, 0, sizeof cur_counts);
    painted_begin(10, 60);
    struct canvas c = canvas_screen();
    bars_shape_draw(&b, &c, "no rows");
    assert_true(painted_has("no rows"));
    painted_end();
}

static const struct bars_pair pairs[] = {
    {"gift_cards", 0, 0.22, 0.8, BARS_NEW},
    {"한국어", 0.3, 0.15, 0.1, BARS_PLAIN},
    {"cash", 0.03, 0, 0.05, BARS_GONE},
    {"fuel", 0.13, 0.13, NAN, BARS_PLAIN},
};

static void categories_that_came_and_went_are_named(void **state)
{
    struct bars_pairs s = {0};
    (void)state;
    painted_begin(12, 80);
    struct canvas c = canvas_screen();
    bars_pairs_draw(&s, pairs, 4, &c, true, NULL);
    assert_int_equal(s.rows_shown, 5);
    assert_non_null(strstr(painted_row(1), "NEW"));
    assert_non_null(strstr(painted_row(5), "GONE"));
    assert_non_null(strstr(painted_row(1), "80 %"));
    assert_non_null(strstr(painted_row(3), "30 %"));
    painted_begin(6, 80); /* one row each */
    bars_pairs_draw(&s, pairs, 4, &c, true, NULL);
    c = canvas_screen();
    bars_pairs_draw(&s, pairs, 4, &c, true, NULL);
    assert_non_null(strstr(painted_row(3), "GONE"));
    painted_end();
}

/* What does not fit is counted, and the selection is always there. */
static void long_lists_scroll(void **state)
{
    struct bars_pair many[50];
    struct bars_pairs s = {.selected = 30};
    (void)state;
    for (size_t i = 0; i < 50; i++) {
        many[i] = (struct bars_pair){i == 30 ? "here" : "there", 0.02, 0.02, 0, BARS_PLAIN};
    }
    painted_begin(9, 60);
    struct canvas c = canvas_screen();
    bars_pairs_draw(&s, many, 50, &c, true, NULL);
    assert_true(painted_has("here"));
    assert_true(painted_has("+19"));
    s.selected = 500;
    bars_pairs_draw(&s, many, 50, &c, true, NULL);
    assert_int_equal(s.selected, 49);
    for (int w = 1; w < 100; w += 3) {
        painted_begin(7, w);
        c = canvas_screen();
        bars_pairs_draw(&s, many, 50, &c, false, "nothing");
        bars_pairs_draw(&s, many, 0, &c, false, "nothing");
    }
    painted_end();
}

static void shares_have_as_many_digits_as_they_need(void **state)
{
    char out[24];
    (void)state;
    assert_string_equal(bars_percent(out, sizeof out, 0.124), "12 %");
    assert_string_equal(bars_percent(out, sizeof out, 0.004), "0.4 %");
    assert_string_equal(bars_percent(out, sizeof out, 0), "0 %");
    assert_string_equal(bars_percent(out, sizeof out, NAN), sign(SIGN_DASH));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_current_is_filled_and_the_reference_an_outline),
        cmocka_unit_test(the_bins_that_add_most_say_how_much),
        cmocka_unit_test(any_size_and_odd_shapes_are_drawn),
        cmocka_unit_test(without_rows_it_says_so),
        cmocka_unit_test(categories_that_came_and_went_are_named),
        cmocka_unit_test(long_lists_scroll),
        cmocka_unit_test(shares_have_as_many_digits_as_they_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
