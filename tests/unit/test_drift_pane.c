#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "drift_made.h"
#include "painted.h"
#include "pane/alerts/alerts.h"
#include "pane/common_drift.h"
#include "pane/drift/drift.h"

static struct drift d;

static void begin(void)
{
    memset(&d, 0, sizeof d);
    d.cursor_ms = d.lost_ms = NCM_NO_TIME;
    d.bin = SIZE_MAX;
    d.all.snap = made_drift();
    drift_rebuild(&d);
}

static void end(void)
{
    drift_release(&d);
    painted_end();
}

static struct canvas screen(int rows, int cols)
{
    painted_begin(rows, cols);
    return canvas_screen();
}

/* The worst is first, and every figure beside the map is there at 80 columns. */
static void the_map_says_what_drifts(void **state)
{
    (void)state;
    begin();
    struct canvas c = screen(20, 80);
    drift_draw_map(&d, &c);
    assert_non_null(strstr(painted_row(2), "fraud-detector"));
    assert_non_null(strstr(painted_row(2), "critical"));
    assert_non_null(strstr(painted_row(3), "merchant_cat"));
    assert_non_null(strstr(painted_row(3), "0.6"));
    assert_non_null(strstr(painted_row(3), "0.1 / 0.25"));
    assert_non_null(strstr(painted_row(3), "█"));
    assert_true(painted_has("국가"));
    assert_non_null(strstr(painted_row(6), "cannot be read"));
    end();
}

static void the_map_is_usable_at_any_size(void **state)
{
    static const int sizes[][2] = {{50, 200}, {20, 80}, {6, 40}, {3, 12}, {1, 4}};
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        begin();
        struct canvas c = screen(sizes[i][0], sizes[i][1]);
        drift_draw_map(&d, &c);
        drift_step(&d, false);
        drift_draw_map(&d, &c);
        assert_true(i > 2 || painted_has("merch"));
        end();
    }
}

/* Windows are told apart from times when nobody watched. */
static void gaps_and_missing_figures_are_seen(void **state)
{
    size_t window;
    int64_t from, to;
    (void)state;
    begin();
    const struct ncm_drift_monitor *m = drift_monitor(&d, 0);
    const struct ncm_drift_feature *f = &m->features[0];
    assert_int_equal(d.axis.n, 51);
    size_t seen[HEAT_CRITICAL + 1] = {0};
    for (size_t i = 0; i < d.axis.n; i++) {
        drift_column_time(&d.axis, i, &from, &to);
        struct heat_cell cell = drift_cell(m, f, from, to, &window);
        seen[cell.state]++;
        assert_int_equal(window == SIZE_MAX, cell.state == HEAT_GAP);
    }
    assert_int_equal(seen[HEAT_GAP], 3);
    assert_int_equal(seen[HEAT_NO_DATA], 1);
    assert_int_equal(seen[HEAT_SMALL], 1);
    end();
}

/* Coarser columns show the worst of what they cover; nothing is averaged away. */
static void coarser_columns_keep_the_worst(void **state)
{
    size_t window;
    int64_t from, to;
    (void)state;
    begin();
    d.zoom = 3;
    d.axis = drift_axis(&d);
    assert_int_equal(d.axis.n, 7);
    drift_column_time(&d.axis, 6, &from, &to);
    struct heat_cell cell =
        drift_cell(drift_monitor(&d, 0), &drift_monitor(&d, 0)->features[0], from, to, &window);
    assert_int_equal(cell.state, HEAT_CRITICAL);
    assert_int_equal(window, 47);
    end();
}

static void the_cursor_walks_and_comes_back_to_live(void **state)
{
    (void)state;
    begin();
    drift_step(&d, false);
    assert_int_equal(drift_cursor_column(&d), 50);
    drift_step(&d, false);
    assert_int_equal(drift_cursor_column(&d), 49);
    drift_step(&d, true);
    drift_step(&d, true);
    assert_true(d.cursor_ms == NCM_NO_TIME);
    d.view = DRIFT_FEATURE;
    drift_step(&d, false);
    assert_int_equal(drift_window(&d, drift_monitor(&d, 0), NULL), 46);
    for (int i = 0; i < 100; i++) {
        drift_step(&d, false);
    }
    assert_int_equal(drift_window(&d, drift_monitor(&d, 0), NULL), 0);
    end();
}

/* Selection follows the feature, whatever the order and the filter. */
static void the_selection_stays_with_its_feature(void **state)
{
    (void)state;
    begin();
    assert_true(drift_select(&d, "fraud-detector/inputs", "amount"));
    size_t before = d.table.selected;
    d.sort = SORT_NAME;
    drift_rebuild(&d);
    assert_int_not_equal(d.table.selected, before);
    assert_string_equal(ncm_cstr(drift_selected_feature(&d)->name), "amount");
    d.filter = ncm_strdup("tenure");
    drift_rebuild(&d);
    assert_int_equal(d.n_rows, 2);
    assert_string_equal(d.feature_name, "tenure");
    end();
}

/* No line leads over a gap, missing figures or another recipe. */
static void the_curve_is_broken_where_it_must(void **state)
{
    size_t breaks = 0;
    (void)state;
    begin();
    d.view = DRIFT_FEATURE;
    drift_make_curve(&d);
    for (size_t i = 0; i < d.n_curve; i++) {
        breaks += isnan(d.curve_y[i]) ? 1 : 0;
        assert_true(i == 0 || d.curve_x[i] >= d.curve_x[i - 1]);
    }
    assert_int_equal(breaks, 4); /* no data, too few rows, another recipe, a gap */
    assert_int_equal(d.n_marks, 1);
    assert_int_equal(d.mark_signs[0], 'P');
    end();
}

static void open_feature(bool number)
{
    begin();
    drift_select(&d, "fraud-detector/inputs", number ? "amount" : "merchant_cat");
    d.view = DRIFT_FEATURE;
    d.feature.snap = number ? (void *)made_number() : (void *)made_categories();
    drift_make_curve(&d);
}

static void wide_screens_show_everything_at_once(void **state)
{
    (void)state;
    open_feature(true);
    struct canvas c = screen(46, 200);
    drift_draw_feature(&d, &c);
    assert_true(painted_has("critical 0.25"));
    assert_true(painted_has("warning 0.1"));
    assert_true(painted_has("Distribution"));
    assert_true(painted_has("Quantiles"));
    assert_true(painted_has("REFERENCE"));
    assert_true(painted_has("one new value"));
    assert_true(painted_has("67 %")); /* of the last bin */
    end();
}

static void common_screens_stack_the_curve_and_a_part(void **state)
{
    (void)state;
    open_feature(false);
    struct canvas c = screen(20, 80);
    drift_draw_feature(&d, &c);
    assert_true(painted_has("critical 0.25"));
    assert_true(painted_has("gift_cards"));
    assert_true(painted_has("NEW"));
    assert_true(painted_has("GONE"));
    d.part = PART_FINDINGS;
    c = screen(20, 80);
    drift_draw_feature(&d, &c);
    assert_true(painted_has("one new value"));
    end();
}

static void every_part_is_drawn_at_every_size(void **state)
{
    (void)state;
    for (int number = 0; number < 2; number++) {
        open_feature(number);
        for (int part = 0; part < N_PARTS; part++) {
            for (int h = 1; h < 50; h += 4) {
                for (int w = 4; w < 210; w += 23) {
                    struct canvas c = screen(h, w);
                    d.part = (enum drift_part)part;
                    drift_draw_feature(&d, &c);
                    drift_part_act(&d, A_DOWN);
                }
            }
        }
        end();
    }
}

/* What a bar asks for is what it shows. */
static void a_bar_names_its_rows(void **state)
{
    (void)state;
    open_feature(true);
    char *bar = drift_bar(&d, false); /* the one that adds most */
    assert_string_equal(bar, "30..Infinity");
    ncm_free(bar);
    drift_part_act(&d, A_TOP);
    drift_part_act(&d, A_DOWN);
    bar = drift_bar(&d, false);
    assert_string_equal(bar, "10..20");
    ncm_free(bar);
    end();
    open_feature(false);
    bar = drift_bar(&d, false);
    assert_string_equal(bar, "=gift_cards");
    ncm_free(bar);
    end();
}

static void what_is_looked_at_is_one_text(void **state)
{
    (void)state;
    begin();
    drift_set(&d, "method", "ks");
    drift_set(&d, "reference", "last week");
    drift_set(&d, "method", "js");
    assert_string_equal(d.settings, "reference=last week;method=js");
    assert_true(drift_looked_at(&d, drift_monitor(&d, 0)));
    assert_false(drift_looked_at(&d, drift_monitor(&d, 1)));
    drift_set(&d, "reference", NULL);
    assert_string_equal(d.settings, "method=js");
    drift_set(&d, NULL, NULL);
    assert_null(d.settings);
    end();
}

static void the_first_page_tells_how_to_begin(void **state)
{
    (void)state;
    memset(&d, 0, sizeof d);
    struct canvas c = screen(20, 80);
    drift_draw_map(&d, &c);
    assert_true(painted_has("monitors:"));
    assert_true(painted_has("ncmlops drift check --reference A.csv --current B.csv"));
    for (int h = 1; h < 20; h++) {
        c = screen(h, 40);
        drift_draw_map(&d, &c);
    }
    end();
}

static void a_models_drift_in_little(void **state)
{
    char text[200];
    struct ncm_drift_snapshot *s = made_drift();
    (void)state;
    assert_int_equal(
        common_drift_text(s, (struct ncm_str){"fraud-detector", 14}, text, sizeof text), ROLE_FAIL);
    assert_non_null(strstr(text, "0.6 merchant_cat"));
    common_drift_text(s, (struct ncm_str){"nobody", 6}, text, sizeof text);
    assert_string_equal(text, "");
    common_drift_text(NULL, (struct ncm_str){"nobody", 6}, text, sizeof text);
    ncm_snapshot_unref(s);
}

static void what_fires_is_first(void **state)
{
    struct alerts a = {.ui = NULL};
    (void)state;
    a.alert[0].snap = made_alerts();
    a.silence[0].snap = made_silences();
    alerts_rebuild(&a);
    struct canvas c = screen(20, 80);
    alerts_draw(&a, &c);
    assert_non_null(strstr(painted_row(2), "firing"));
    assert_non_null(strstr(painted_row(2), "0.6 > 0.25"));
    assert_non_null(strstr(painted_row(3), "minjun"));
    assert_true(painted_has("psi(merchant_cat)"));
    a.part = 1;
    c = screen(20, 80);
    alerts_draw(&a, &c);
    assert_true(painted_has("model=~\"fraud.*\""));
    assert_int_equal(a.silences[0].hits, 3);
    for (int h = 1; h < 50; h += 3) {
        for (int w = 4; w < 200; w += 17) {
            a.part = h % 2;
            c = screen(h, w);
            alerts_draw(&a, &c);
        }
    }
    alerts_release(&a);
    painted_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_map_says_what_drifts),
        cmocka_unit_test(the_map_is_usable_at_any_size),
        cmocka_unit_test(gaps_and_missing_figures_are_seen),
        cmocka_unit_test(coarser_columns_keep_the_worst),
        cmocka_unit_test(the_cursor_walks_and_comes_back_to_live),
        cmocka_unit_test(the_selection_stays_with_its_feature),
        cmocka_unit_test(the_curve_is_broken_where_it_must),
        cmocka_unit_test(wide_screens_show_everything_at_once),
        cmocka_unit_test(common_screens_stack_the_curve_and_a_part),
        cmocka_unit_test(every_part_is_drawn_at_every_size),
        cmocka_unit_test(a_bar_names_its_rows),
        cmocka_unit_test(what_is_looked_at_is_one_text),
        cmocka_unit_test(the_first_page_tells_how_to_begin),
        cmocka_unit_test(a_models_drift_in_little),
        cmocka_unit_test(what_fires_is_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
