#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "overview_made.h"
#include "painted.h"

static struct overview o;

/* NCMLOPS_SHOW prints what is painted, for whoever changes it. */
static void draw(int rows, int cols)
{
    painted_begin(rows, cols);
    struct canvas c = canvas_screen();
    overview_draw(&o, &c);
    for (int y = 0; getenv("NCMLOPS_SHOW") != NULL && y < rows; y++) {
        fprintf(stderr, "%s\n", painted_row(y));
    }
}

static int row_of(const char *text)
{
    for (int y = 0; y < 50; y++) {
        if (strstr(painted_row(y), text) != NULL) {
            return y;
        }
    }
    return -1;
}

/* Where a text begins in a row, in cells. */
static int cell_of(int y, const char *text)
{
    char before[4096];
    const char *row = painted_row(y), *at = strstr(row, text);

    assert_non_null(at);
    snprintf(before, sizeof before, "%.*s", (int)(at - row), row);
    return ncm_text_width(before);
}

static void begin(void)
{
    struct ncm_err err;
    assert_true(keymap_build(NULL, &err));
    overview_made_begin(&o);
}

static void end(void)
{
    painted_end();
    overview_made_end(&o);
}

static void a_small_screen_tells_what_is_wrong_and_what_fires(void **state)
{
    (void)state;
    begin();
    draw(20, 80);
    assert_non_null(strstr(painted_row(0), "3 of 6 in trouble"));
    assert_non_null(strstr(painted_row(2), "▲ degraded"));
    assert_non_null(strstr(painted_row(2), "12 m"));
    assert_true(painted_has("the new version v14 crashes at its start"));
    assert_true(painted_has("registry says v14, running v13 since 6 d"));
    assert_true(painted_has("Firing (3)"));
    assert_true(painted_has("fraud-detector v14 has no ready replicas"));
    assert_true(painted_has("@minjun"));
    assert_true(painted_has("history, last hour"));
    end();
}

static void a_wide_screen_has_all_of_it_side_by_side(void **state)
{
    (void)state;
    begin();
    draw(46, 200);
    assert_non_null(strstr(painted_row(1), "WORST FEATURE"));
    assert_true(painted_has("▅▅▇▇▇███  0.33  merchant_cat"));
    assert_true(painted_has("▲ degraded 12 m"));
    int y = row_of("Firing (3)");
    assert_non_null(strstr(painted_row(y), "history, last hour"));
    assert_true(painted_has("fraud-detector · psi merchant_cat")); /* the curve below it */
    assert_true(painted_has("critical 0.25"));
    assert_true(row_of("Events") > y);
    assert_true(painted_has("A━━━"));
    end();
}

/* The smallest screen has the part that is looked at, whole. */
static void the_smallest_screen_has_one_part(void **state)
{
    (void)state;
    begin();
    draw(8, 40);
    assert_non_null(strstr(painted_row(0), "✖ 3/6 · 3 fire"));
    assert_non_null(strstr(painted_row(2), "▲ degraded"));
    assert_true(painted_has("✖ the new version"));
    o.part = OVER_FIRING;
    draw(8, 40);
    assert_true(painted_has("Firing (3)"));
    assert_false(painted_has("In production"));
    end();
}

static void korean_names_keep_the_columns(void **state)
{
    static const int widths[] = {80, 100, 120, 160, 200};
    (void)state;
    begin();
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        draw(30, widths[i]);
        int korean = row_of("추천-랭커"), plain = row_of("search-ranker");
        assert_int_equal(cell_of(korean, "● healthy"), cell_of(plain, "● healthy"));
    }
    end();
}

/* A name stands once over its versions. */
static void a_model_is_named_once(void **state)
{
    (void)state;
    begin();
    draw(46, 200);
    int y = row_of("fraud-detector ");
    assert_null(strstr(painted_row(y + 1), "fraud-detector"));
    assert_non_null(strstr(painted_row(y + 1), "v13"));
    end();
}

static void unknown_is_never_nothing(void **state)
{
    struct table_cell cell = {.text = ""};
    (void)state;
    begin();
    size_t last = overview_made_fleet()->fleet.n_rows - 1; /* of the registry alone */
    static const enum overview_column columns[] = {OCOL_SHARE, OCOL_READY,  OCOL_HEALTH, OCOL_RPS,
                                                   OCOL_P95,   OCOL_ERRORS, OCOL_DRIFT,  OCOL_FEATURE};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        memset(&cell, 0, sizeof cell);
        o.roomy = false;
        overview_cell(&o, last, columns[i], &cell);
        assert_string_equal(cell.text, "–");
        assert_int_equal(cell.role, ROLE_DIM);
    }
    end();
}

/* Only what is known to be missing is missed: nobody says where models run. */
static void a_registry_alone_has_no_columns_of_deployments(void **state)
{
    (void)state;
    begin();
    struct ncm_fleet *f = &overview_made_fleet()->fleet;
    f->n_deployments = 0;
    for (size_t i = 0; i < f->n_rows; i++) {
        f->rows[i].n_deployments = 0;
        f->rows[i].health = NCM_HEALTH_UNKNOWN;
    }
    draw(20, 80);
    assert_null(strstr(painted_row(1), "HEALTH"));
    assert_non_null(strstr(painted_row(1), "DRIFT"));
    assert_non_null(strstr(painted_row(1), "SINCE"));
    end();
}

static void old_figures_are_dim_and_said_to_be_old(void **state)
{
    static struct ncm_err err;
    struct table_cell cell = {.text = ""};
    (void)state;
    begin();
    o.sources[0] =
        (struct overview_source){.name = "seoul",
                                 .deployments = true,
                                 .err = &err,
                                 .info = {.state = NCM_OFFLINE, .age_ms = 180000, .retry_ms = -1}};
    o.n_sources = 1;
    draw(24, 80);
    assert_non_null(strstr(painted_row(1), "seoul does not answer: its figures are 3 m old"));
    overview_cell(&o, 0, OCOL_HEALTH, &cell);
    assert_int_equal(cell.role, ROLE_DIM);
    end();
}

/* The worst is selected until somebody chooses; then the choice stays with its version. */
static void the_selection_stays_with_its_version(void **state)
{
    (void)state;
    begin();
    struct ncm_fleet *f = &overview_made_fleet()->fleet;
    overview_place(&o);
    assert_true(ncm_str_is(overview_row(&o)->version, "14"));
    o.table.selected = 2;
    o.moved = true;
    overview_remember(&o);
    struct ncm_fleet_row first = f->rows[0];
    f->rows[0] = f->rows[2];
    f->rows[2] = first;
    overview_place(&o);
    assert_int_equal(o.table.selected, 0);
    assert_true(ncm_str_is(overview_row(&o)->model, "search-ranker"));
    o.moved = false;
    f->rows[2] = f->rows[0];
    f->rows[0] = first;
    overview_place(&o);
    assert_true(ncm_str_is(overview_row(&o)->model, "fraud-detector"));
    end();
}

/* What can be done follows from what the row is: nothing is rolled back that runs nowhere. */
static void what_can_be_done_is_known_before(void **state)
{
    const char *reason = "";
    (void)state;
    begin();
    assert_true(overview_can(&o, A_ROLLBACK, &reason));
    assert_false(overview_can(&o, A_TRAFFIC, &reason));
    assert_string_equal(reason, "its traffic is not split");
    assert_true(overview_can(&o, A_TO_DRIFT, &reason)); /* its model's */
    assert_true(overview_can(&o, A_ACKNOWLEDGE, &reason));
    assert_true(overview_select(&o, "search-ranker", "8"));
    assert_true(overview_can(&o, A_TRAFFIC, &reason));
    assert_true(overview_select(&o, "tagger", NULL));
    assert_false(overview_can(&o, A_TRAFFIC, &reason));
    assert_string_equal(reason, "it is deployed nowhere that is configured");
    assert_false(overview_can(&o, A_TO_DRIFT, &reason));
    assert_false(overview_can(&o, A_ACKNOWLEDGE, &reason));
    assert_true(overview_can(&o, A_PROMOTE, &reason));
    end();
}

static void a_filter_leaves_what_matches(void **state)
{
    (void)state;
    begin();
    o.filter = ncm_strdup("staging");
    overview_place(&o);
    assert_int_equal(o.n_rows, 2);
    draw(20, 80);
    assert_true(painted_has("filter: staging"));
    assert_false(painted_has("추천-랭커"));
    assert_true(ncm_str_is(overview_row(&o)->model, "search-ranker"));
    end();
}

static void the_span_holds_what_led_here(void **state)
{
    (void)state;
    begin();
    assert_int_equal(overview_span_of(&o, overview_made_fleet()->fleet.rows[0].model), 0);
    overview_zoom(&o, 1);
    assert_int_equal(o.span, 1);
    o.history_chosen = o.history = true;
    draw(46, 200);
    assert_true(painted_has("last 6 hours"));
    overview_zoom(&o, 0);
    assert_int_equal(o.span, -1);
    end();
}

static void nothing_at_all_says_what_would_be_here(void **state)
{
    (void)state;
    begin();
    struct ncm_fleet *f = &overview_made_fleet()->fleet;
    f->n_rows = f->n_firing = f->n_deployments = 0;
    draw(20, 80);
    assert_true(painted_has("No model version is in production or on its way."));
    o.fleet = NULL;
    draw(20, 80);
    assert_true(painted_has("loading…"));
    end();
}

static void every_size_is_painted(void **state)
{
    static const int sizes[][2] = {{6, 40},  {8, 40},   {12, 60}, {14, 80}, {16, 120},
                                   {20, 80}, {40, 100}, {46, 200}, {190, 500}};
    (void)state;
    begin();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int p = 0; p < N_OVER_PARTS; p++) {
            o.part = (enum overview_part)p;
            o.below = p == OVER_EVENTS ? OVER_EVENTS : OVER_SIDE;
            draw(sizes[i][0], sizes[i][1]);
            assert_true(painted_row(0)[0] != '\0');
        }
    }
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_screen_tells_what_is_wrong_and_what_fires),
        cmocka_unit_test(a_wide_screen_has_all_of_it_side_by_side),
        cmocka_unit_test(the_smallest_screen_has_one_part),
        cmocka_unit_test(korean_names_keep_the_columns),
        cmocka_unit_test(a_model_is_named_once),
        cmocka_unit_test(unknown_is_never_nothing),
        cmocka_unit_test(a_registry_alone_has_no_columns_of_deployments),
        cmocka_unit_test(old_figures_are_dim_and_said_to_be_old),
        cmocka_unit_test(the_selection_stays_with_its_version),
        cmocka_unit_test(what_can_be_done_is_known_before),
        cmocka_unit_test(a_filter_leaves_what_matches),
        cmocka_unit_test(the_span_holds_what_led_here),
        cmocka_unit_test(nothing_at_all_says_what_would_be_here),
        cmocka_unit_test(every_size_is_painted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
