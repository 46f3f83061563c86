#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/text.h"
#include "painted.h"
#include "ui/plot_axis.h"
#include "ui/widget.h"

static bool is_nice(double step)
{
    double m = step / pow(10, floor(log10(step) + 1e-9));
    return fabs(m - 1) < 1e-6 || fabs(m - 2) < 1e-6 || fabs(m - 5) < 1e-6 || fabs(m - 10) < 1e-6;
}

static void ticks_are_few_round_and_inside(void **state)
{
    const double ranges[][2] = {
        {0, 1},         {-1, 1}, {0.123, 0.1234}, {1e6, 1e6 + 3},      {-5e-9, 5e-9},
        {1e300, 9e300}, {0, 7},  {3, 100000},     {-1.7e308, 1.7e308}, {1e-300, 2e-300}};
    (void)state;
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
        for (size_t max = 1; max <= 12; max++) {
            double t[16], step;
            double lo = ranges[r][0], hi = ranges[r][1];
            t[max] = 4242; /* never written */
            size_t n = plot_ticks(lo, hi, max, t, &step);
            assert_true(n <= max);
            assert_true(t[max] == 4242);
            for (size_t i = 0; i < n; i++) {
                assert_true(t[i] >= lo - fabs(hi - lo) * 1e-6 || !isfinite(hi - lo));
                assert_true(t[i] <= hi + fabs(hi - lo) * 1e-6 || !isfinite(hi - lo));
                assert_true(i == 0 || t[i] > t[i - 1]);
            }
            assert_true(n >= (max < 2 ? 0u : max < 4 ? 1u : 2u));
            assert_true(!isfinite(hi - lo) || is_nice(step));
        }
    }
}

static void odd_ranges_have_sane_ticks(void **state)
{
    double t[8], step;
    (void)state;
    assert_int_equal(plot_ticks(5, 5, 8, t, &step), 1);
    assert_int_equal(plot_ticks(NAN, 5, 8, t, &step), 0);
    assert_int_equal(plot_ticks(0, INFINITY, 8, t, &step), 0);
    assert_int_equal(plot_ticks(2, 1, 8, t, &step), 0);
    assert_int_equal(plot_ticks(0, 1, 0, t, &step), 0);
}

static void times_are_divided_as_people_count(void **state)
{
    double t[8], step;
    (void)state;
    size_t n = plot_time_ticks(0, 3600e3, false, 6, t, &step);
    assert_true(n == 5 && step == 900e3 && t[1] == 900e3);
    n = plot_time_ticks(0, 40 * 86400e3, false, 6, t, &step);
    assert_true(n >= 3 && step == 7 * 86400e3);
    n = plot_time_ticks(0, 5000 * 86400e3, false, 6, t, &step);
    assert_true(n >= 2 && n <= 6 && fmod(step, 86400e3) == 0);
}

static void logarithms_go_by_decades(void **state)
{
    double t[8], step;
    (void)state;
    size_t n = plot_log_ticks(0.0001, 100, 8, t, &step);
    assert_int_equal(n, 7);
    for (size_t i = 0; i < n; i++) {
        assert_true(fabs(log10(t[i]) - round(log10(t[i]))) < 1e-9);
    }
    assert_true(plot_log_ticks(1e-30, 1e30, 5, t, &step) <= 5);
}

static void labels_tell_neighbours_apart(void **state)
{
    char a[32], b[32];
    (void)state;
    plot_y_label(a, sizeof a, 1000000.1, 0.1);
    plot_y_label(b, sizeof b, 1000000.2, 0.1);
    assert_string_not_equal(a, b);
    plot_x_label(a, sizeof a, PLOT_STEP, 120000, 20000);
    assert_string_equal(a, "120000");
    plot_x_label(a, sizeof a, PLOT_RELATIVE, 0, 1000);
    assert_string_equal(a, "0");
}

static double xs[5000], ys[5000];

static struct plot_series series(const char *name, size_t n, int color)
{
    return (struct plot_series){.name = name, .x = xs, .y = ys, .n = n, .color = color};
}

static void fill(void)
{
    for (size_t i = 0; i < 5000; i++) {
        xs[i] = (double)i;
        ys[i] = sin((double)i / 300) * 0.4 + 0.5;
    }
}

static void a_curve_has_axes_and_its_last_value(void **state)
{
    struct plot p = {.focus = -1, .y_title = "loss"};
    struct plot_series s = series("run", 5000, 0);
    (void)state;
    fill();
    painted_begin(16, 70);
    struct canvas c = canvas_screen();
    plot_draw(&p, &s, 1, &c, true, NULL);
    assert_non_null(strstr(painted_row(0), "loss"));
    assert_true(painted_has("0.4"));
    assert_true(painted_has("2000"));
    painted_end();
}

static void the_cursor_shows_every_exact_value(void **state)
{
    struct plot p = {.focus = -1, .y_title = "loss"};
    struct plot_series s[] = {series("one", 5000, 0), series("two", 100, 1)};
    char exact[64];
    (void)state;
    fill();
    painted_begin(20, 120);
    struct canvas c = canvas_screen();
    plot_draw(&p, s, 2, &c, true, NULL);
    assert_true(plot_act(&p, s, 2, A_LEFT));
    assert_true(p.cursor_on);
    assert_true(p.cursor_x == 4999);
    plot_draw(&p, s, 2, &c, true, NULL);
    assert_true(painted_has(ncm_fmt_exact(exact, sizeof exact, ys[4999])));
    plot_act(&p, s, 2, A_LEFT);
    assert_true(p.cursor_x < 4999 && p.cursor_x > 4000);
    for (int i = 0; i < 500; i++) {
        plot_act(&p, s, 2, A_LEFT);
    }
    assert_true(p.cursor_x == 0);
    painted_end();
}

static void zoom_keeps_the_cursor_and_comes_back(void **state)
{
    struct plot p = {.focus = -1};
    struct plot_series s = series("run", 5000, 0);
    (void)state;
    fill();
    p.cursor_on = true;
    p.cursor_x = 1000;
    for (int i = 0; i < 40; i++) {
        plot_act(&p, &s, 1, A_ZOOM_IN);
        assert_true(p.x0 <= 1000 && p.x1 >= 1000 && p.x1 > p.x0);
    }
    for (int i = 0; i < 40; i++) {
        plot_act(&p, &s, 1, A_ZOOM_OUT);
    }
    assert_true(p.x0 == 0 && p.x1 == 0);
    plot_act(&p, &s, 1, A_ZOOM_IN);
    plot_act(&p, &s, 1, A_ZOOM_RESET);
    assert_true(p.x0 >= p.x1);
    assert_false(plot_act(&p, &s, 1, A_PROMOTE));
}

static void a_single_spike_is_drawn(void **state)
{
    struct plot p = {.focus = -1};
    struct plot_series s = series("run", 5000, 0);
    (void)state;
    fill();
    for (size_t i = 0; i < 5000; i++) {
        ys[i] = 0;
    }
    ys[2345] = 100;
    painted_begin(12, 60);
    struct canvas c = canvas_screen();
    plot_draw(&p, &s, 1, &c, false, NULL);
    /* the title row is 0; a dot at the very top of the curves */
    const char *top = painted_row(1);
    bool dot = false;
    for (const char *q = top; *q != '\0'; q++) {
        dot = dot || (unsigned char)*q == 0xE2;
    }
    assert_true(dot);
    painted_end();
}

static void odd_values_and_sizes_are_drawn(void **state)
{
    static const double odd[] = {NAN, INFINITY, -INFINITY, 1.7e308, -1.7e308, 0, 1, 1, NAN, -5};
    double x[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct plot_series s = {
        .name = "odd 이름", .x = x, .y = odd, .raw_y = odd, .n = 10, .color = 6};
    (void)state;
    for (int h = 1; h < 24; h += 2) {
        for (int w = 1; w < 120; w += 7) {
            for (size_t n = 0; n <= 10; n += 5) {
                struct plot p = {.focus = 0, .cursor_on = n > 0, .cursor_x = 4, .log_y = w % 2};
                s.n = n;
                const struct plot_series two[] = {s, s};
                painted_begin(h, w);
                struct canvas c = canvas_screen();
                plot_draw(&p, two, 2, &c, true, "no points");
            }
        }
    }
    painted_end();
}

static void one_point_is_seen(void **state)
{
    double x[] = {7}, y[] = {0.25};
    struct plot_series s = {.name = "one", .x = x, .y = y, .n = 1};
    struct plot p = {.focus = -1, .y_title = "auc"};
    (void)state;
    painted_begin(12, 60);
    struct canvas c = canvas_screen();
    plot_draw(&p, &s, 1, &c, false, NULL);
    assert_true(painted_has(sign(SIGN_DOT)));
    assert_true(painted_has("0.25"));
    s.n = 0;
    painted_begin(12, 60);
    plot_draw(&p, &s, 1, &c, false, "no points");
    assert_true(painted_has("no points"));
    painted_end();
}

/* Thresholds are in sight even where no value comes near them; events carry their letters. */
static void thresholds_and_events_are_named(void **state)
{
    static const double at[] = {1000, 4000};
    const struct plot_line lines[] = {{3, "critical 3", ROLE_FAIL}, {2, "warning 2", ROLE_WARN}};
    struct plot p = {.focus = -1,
                     .y_title = "psi",
                     .marks = at,
                     .mark_signs = "PB",
                     .n_marks = 2,
                     .lines = lines,
                     .n_lines = 2,
                     .x_title = "reference"};
    struct plot_series s = series("run", 5000, 0);
    (void)state;
    fill();
    painted_begin(20, 100);
    struct canvas c = canvas_screen();
    plot_draw(&p, &s, 1, &c, true, NULL);
    assert_true(painted_has("critical 3"));
    assert_true(painted_has("warning 2"));
    assert_non_null(strchr(painted_row(1), 'P'));
    assert_non_null(strchr(painted_row(1), 'B'));
    assert_true(painted_has("reference"));
    assert_false(painted_has("step"));
    for (int h = 1; h < 12; h++) {
        painted_begin(h, 20 + h);
        c = canvas_screen();
        plot_draw(&p, &s, 1, &c, true, NULL);
    }
    painted_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_few_round_and_inside),
        cmocka_unit_test(odd_ranges_have_sane_ticks),
        cmocka_unit_test(times_are_divided_as_people_count),
        cmocka_unit_test(logarithms_go_by_decades),
        cmocka_unit_test(labels_tell_neighbours_apart),
        cmocka_unit_test(a_curve_has_axes_and_its_last_value),
        cmocka_unit_test(the_cursor_shows_every_exact_value),
        cmocka_unit_test(zoom_keeps_the_cursor_and_comes_back),
        cmocka_unit_test(a_single_spike_is_drawn),
        cmocka_unit_test(odd_values_and_sizes_are_drawn),
        cmocka_unit_test(one_point_is_seen),
        cmocka_unit_test(thresholds_and_events_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
