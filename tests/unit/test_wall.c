#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
    wall_draw(&o, &c);
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

/* The worst first, its word in block letters, and under it name, age and what is wrong. */
static void the_worst_is_in_block_letters(void **state)
{
    (void)state;
    begin();
    draw(24, 80);
    assert_true(painted_has("2 in trouble · 3 fire"));
    assert_true(row_of("█▀▀▄ █▀▀▀ ▄▀▀▀ █▀▀▄") < row_of("▲ fraud-detector v14"));
    assert_non_null(strstr(painted_row(row_of("▲ fraud-detector v14")), "12 m"));
    assert_true(row_of("the new version v14 crashes") < row_of("▲ search-ranker v8"));
    assert_true(painted_has("fraud-detector v14 has no ready replicas"));
    assert_true(painted_has("● 2 healthy"));
    end();
}

/* From across a room: letters of two cells and more a dot, and the name in letters too. */
static void a_great_screen_has_great_letters(void **state)
{
    (void)state;
    begin();
    draw(50, 200);
    assert_true(painted_has("██████    ████████    ██████  ██████      ████"));
    assert_true(painted_has("█▀▀▀ █▀▀▄ ▄▀▀▄ █  █ █▀▀▄"));
    assert_true(painted_has("0 % of the traffic · 3/3 ready"));
    assert_true(painted_has("rollouts"));
    end();
}

/* Two versions in one deployment have one trouble: it does not fill the wall twice. */
static void what_two_versions_share_is_told_once(void **state)
{
    (void)state;
    begin();
    draw(50, 200);
    assert_true(painted_has("▲ fraud-detector v14"));
    assert_false(painted_has("▲ fraud-detector v13"));
    end();
}

/* Where there is no room for all, it is said how many more there are; and none is louder than the worst. */
static void what_has_no_room_is_counted(void **state)
{
    (void)state;
    begin();
    struct ncm_fleet *f = &overview_made_fleet()->fleet;
    for (size_t i = 0; i < f->n_rows; i++) {
        static const char *const reasons[] = {"a", "b", "c", "d", "e", "f"};
        f->rows[i].health = NCM_HEALTH_FAILED;
        f->rows[i].n_deployments = 0;
        f->rows[i].severity = NCM_SEVERITY_CRITICAL;
        f->rows[i].model = f->rows[i].reason = (struct ncm_str){reasons[i], 1};
    }
    for (int rows = 16; rows < 40; rows++) {
        draw(rows, 80);
        size_t told = 0;
        for (int y = 0; y < rows; y++) {
            told += strncmp(painted_row(y), " ✖", 4) == 0;
        }
        char more[40];
        snprintf(more, sizeof more, "and %zu more in trouble", 6 - told);
        assert_true(painted_has("6 in trouble"));
        assert_true(told >= 1 && (told == 6 || painted_has(more)));
    }
    end();
}

static void nothing_wrong_is_said_calmly(void **state)
{
    (void)state;
    begin();
    overview_made_well();
    draw(24, 80);
    assert_true(painted_has("nothing is in trouble, nothing fires"));
    assert_true(painted_has("● 추천-랭커 v5"));
    assert_false(painted_has("▲"));
    assert_false(painted_has("✖"));
    end();
}

static void old_figures_are_said_to_be_old(void **state)
{
    static struct ncm_err err;
    (void)state;
    begin();
    o.sources[0] = (struct overview_source){
        .name = "prometheus",
        .err = &err,
        .info = {.state = NCM_OFFLINE, .age_ms = 180000, .retry_ms = -1}};
    o.n_sources = 1;
    draw(24, 80);
    assert_true(painted_has("prometheus does not answer: its figures are 3 m old"));
    end();
}

/* The keys that lead on from here are in the last line. */
static void it_says_how_to_go_on(void **state)
{
    (void)state;
    begin();
    draw(24, 80);
    assert_non_null(strstr(painted_row(23), "leave the wall"));
    assert_non_null(strstr(painted_row(23), "B roll back…"));
    end();
}

static void every_size_is_painted(void **state)
{
    static const int sizes[][2] = {{8, 40}, {10, 40}, {12, 60}, {24, 80}, {60, 300}, {200, 500}};
    (void)state;
    begin();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        draw(sizes[i][0], sizes[i][1]);
        assert_true(painted_has("fraud-detector"));
    }
    end();
}

/* Few cells, many bytes: an alias may have letters with marks. */
static void an_alias_of_many_bytes_fits(void **state)
{
    enum { LETTERS = 40 };
    static const char letter[] = "\xf0\x9d\x90\x80\xf0\x90\xbd\x86\xf0\x90\xbd\x86\xf0\x90\xbd\x86";
    static char name[LETTERS * (sizeof letter - 1) + 1];
    (void)state;
    for (size_t i = 0; i < LETTERS; i++) {
        memcpy(name + i * (sizeof letter - 1), letter, sizeof letter);
    }
    begin();
    struct ncm_fleet *f = &overview_made_fleet()->fleet;
    for (size_t i = 0; i < f->n_rows; i++) {
        f->rows[i].stage = (struct ncm_str){name, strlen(name)};
    }
    draw(50, 200);
    assert_true(painted_has("fraud-detector"));
    end();
}

/* One model by itself, with its versions and what led here. */
static void a_page_shows_one_model(void **state)
{
    (void)state;
    begin();
    o.wall.model = ncm_strdup("search-ranker");
    draw(44, 160);
    assert_true(painted_has("v8  ● healthy"));
    assert_true(painted_has("v7  ● healthy"));
    assert_true(painted_has("search-ranker · history"));
    assert_false(painted_has("crashes at its start"));
    ncm_free(o.wall.model);
    o.wall.model = ncm_strdup("추천-랭커");
    draw(44, 160);
    assert_true(painted_has("추천-랭커"));
    end();
}

static void letters_are_as_wide_as_they_say(void **state)
{
    (void)state;
    painted_begin(12, 200);
    struct canvas c = canvas_screen();
    for (int scale = 1; scale <= 3; scale++) {
        int w = letters_width("DEGRADED v14-2.0", scale);
        assert_true(w > 0);
        assert_true(letters_paint(&c, 0, 0, "DEGRADED v14-2.0", scale, ROLE_TEXT) >= w);
    }
    assert_int_equal(letters_width("추천", 1), -1);
    assert_int_equal(letters_height(1), 3);
    assert_int_equal(letters_height(2), 5);
    painted_end();
}

/* What rings is new and critical; what stays or comes back after it was over is not counted twice. */
static void only_what_is_new_and_critical_would_ring(void **state)
{
    (void)state;
    begin();
    wall_listen(&o);
    assert_true(o.wall.looked);
    assert_int_equal(o.wall.n_rung, 1);
    uint64_t before = o.wall.rung[0];
    wall_listen(&o);
    assert_int_equal(o.wall.n_rung, 1);
    assert_int_equal(o.wall.rung[0], before);
    overview_made_well();
    wall_listen(&o);
    assert_int_equal(o.wall.n_rung, 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_is_in_block_letters),
        cmocka_unit_test(a_great_screen_has_great_letters),
        cmocka_unit_test(what_two_versions_share_is_told_once),
        cmocka_unit_test(what_has_no_room_is_counted),
        cmocka_unit_test(nothing_wrong_is_said_calmly),
        cmocka_unit_test(old_figures_are_said_to_be_old),
        cmocka_unit_test(it_says_how_to_go_on),
        cmocka_unit_test(every_size_is_painted),
        cmocka_unit_test(an_alias_of_many_bytes_fits),
        cmocka_unit_test(a_page_shows_one_model),
        cmocka_unit_test(letters_are_as_wide_as_they_say),
        cmocka_unit_test(only_what_is_new_and_critical_would_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
