/* Data quality: what is found, what is left alone, and what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/text.h"
#include "stats/quality.h"

static struct ncm_quality_side numbers(double rows)
{
    return (struct ncm_quality_side){.present = true, .type = NCM_COLUMN_NUMBER, .rows = rows};
}

static void says(const struct ncm_finding *f, const char *part)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 1000);
    ncm_finding_text(f, &b);
    if (strstr(b.p, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, b.p);
    assert_null(strstr(b.p, "nan"));
    ncm_buf_release(&b);
}

static void missing_needs_points_and_rows(void **state)
{
    struct ncm_quality_side ref = numbers(1000), cur = numbers(1000);
    struct ncm_finding f;
    (void)state;
    ref.missing = 20;
    cur.missing = 60; /* +4 points */
    assert_false(ncm_quality_missing(&ref, &cur, &f));
    cur.missing = 180;
    assert_true(ncm_quality_missing(&ref, &cur, &f));
    assert_int_equal(f.severity, NCM_SEVERITY_WARNING);
    assert_true(fabs(f.share - 0.18) < 1e-12 && fabs(f.expected - 0.02) < 1e-12);
    says(&f, "18 % of the values are missing; in the reference 2 %");
    cur.missing = 900;
    assert_true(ncm_quality_missing(&ref, &cur, &f));
    assert_int_equal(f.severity, NCM_SEVERITY_CRITICAL);
    cur.rows = 10; /* 20 %, but of ten rows */
    cur.missing = 1;
    assert_false(ncm_quality_missing(&ref, &cur, &f));
    cur.rows = cur.missing = 0;
    assert_false(ncm_quality_missing(&ref, &cur, &f));
}

static void columns_come_go_and_change(void **state)
{
    struct ncm_quality_side there = numbers(10), none = {0}, other = numbers(10);
    struct ncm_finding f[NCM_QUALITY_MOST];
    (void)state;
    other.type = NCM_COLUMN_CATEGORY;
    assert_int_equal(ncm_quality_column("age", &there, &there, NULL, f), 0);
    assert_int_equal(ncm_quality_column("age", &none, &none, NULL, f), 0);
    assert_int_equal(ncm_quality_column("age", &none, &there, NULL, f), 1);
    assert_int_equal(f[0].kind, NCM_QUALITY_NEW_COLUMN);
    says(f, "age: a new column");
    assert_int_equal(ncm_quality_column("age", &there, &none, NULL, f), 1);
    assert_int_equal(f[0].kind, NCM_QUALITY_LOST_COLUMN);
    assert_int_equal(f[0].severity, NCM_SEVERITY_CRITICAL);
    says(f, "age: the column is gone");
    assert_int_equal(ncm_quality_column("age", &there, &other, NULL, f), 1);
    assert_int_equal(f[0].kind, NCM_QUALITY_TYPE);
    says(f, "age: holds categories now; in the reference numbers");
}

static void categories_come_and_go(void **state)
{
    char *words[] = {"red", "green", "grey", "pink"};
    const uint32_t ref[] = {500, 300, 50, 0}, cur[] = {400, 395, 0, 5}, few[] = {20, 10, 0, 1};
    struct ncm_cats_side r = {words, ref, 4, NCM_NO_CODE, 0}, c = {words, cur, 4, NCM_NO_CODE, 0};
    struct ncm_cats t;
    struct ncm_finding f;
    (void)state;
    ncm_cats_join(&r, &c, &t);
    assert_true(ncm_quality_new_categories(&t, &f));
    assert_int_equal(f.severity, NCM_SEVERITY_WARNING);
    assert_string_equal(f.example, "pink");
    says(&f, "new categories: 1, in 0.625 % of the rows; the most frequent is \"pink\"");
    assert_true(ncm_quality_lost_categories(&t, &f));
    assert_string_equal(f.example, "grey");
    says(&f, "lost categories: 1, with 5.88 %");
    ncm_cats_free(&t);
    c.counts = few;
    ncm_cats_join(&r, &c, &t);
    assert_true(ncm_quality_new_categories(&t, &f));
    assert_int_equal(f.severity, NCM_SEVERITY_CRITICAL);
    assert_false(ncm_quality_lost_categories(&t, &f)); /* 31 rows say nothing about 6 % */
    ncm_cats_free(&t);
    ncm_cats_join(&r, &r, &t);
    assert_false(ncm_quality_new_categories(&t, &f) || ncm_quality_lost_categories(&t, &f));
    ncm_cats_free(&t);
}

static void the_range_of_the_reference_is_no_wall(void **state)
{
    struct ncm_quality_side ref = numbers(1000), cur = numbers(1000);
    struct ncm_finding f;
    (void)state;
    cur.outside = 5; /* 0.5 %, but chance does that: p 0.11 */
    assert_false(ncm_quality_range(&ref, &cur, &f));
    cur.outside = 20;
    assert_true(ncm_quality_range(&ref, &cur, &f));
    assert_true(fabs(f.expected - 2) < 1e-9);
    says(&f, "20 values (2 %) are outside the range");
    cur.outside = 5;
    cur.fixed_range = true;
    assert_true(ncm_quality_range(&ref, &cur, &f));
    assert_int_equal(f.severity, NCM_SEVERITY_CRITICAL);
    cur.outside = 1; /* 0.1 % is not above it */
    assert_false(ncm_quality_range(&ref, &cur, &f));
    cur.rows = 0;
    assert_false(ncm_quality_range(&ref, &cur, &f));
}

static void what_stands_still_is_told(void **state)
{
    struct ncm_quality_side ref = numbers(100), cur = numbers(100);
    struct ncm_finding f;
    (void)state;
    ref.top = 50;
    cur.top = 95;
    assert_false(ncm_quality_constant(&ref, &cur, &f));
    cur.top = 96;
    assert_true(ncm_quality_constant(&ref, &cur, &f));
    assert_int_equal(f.severity, NCM_SEVERITY_WARNING);
    cur.top = 90;
    cur.missing = 10;
    assert_true(ncm_quality_constant(&ref, &cur, &f));
    assert_int_equal(f.severity, NCM_SEVERITY_CRITICAL);
    says(&f, "100 % of the values are one and the same; in the reference 50 %");
    ref.top = 100; /* it was so before */
    assert_false(ncm_quality_constant(&ref, &cur, &f));
    ref.top = 50;
    cur.rows = 12;
    cur.top = 2;
    assert_false(ncm_quality_constant(&ref, &cur, &f));
}

static void odd_numbers_are_told_where_none_were(void **state)
{
    struct ncm_quality_side ref = numbers(100), cur = numbers(2000);
    struct ncm_finding f[NCM_QUALITY_MOST];
    (void)state;
    cur.infinite = 2;
    cur.negative = 1234;
    cur.bad = 1;
    assert_int_equal(ncm_quality_column("x", &ref, &cur, NULL, f), 3);
    says(&f[0], "x: 1 values (0.05 %) could not be read");
    says(&f[1], "x: 2 values (0.1 %) are infinite");
    says(&f[2], "x: 1,234 values (61.7 %) are negative");
    assert_string_equal(ncm_quality_name(f[2].kind), "negative");
    ref.infinite = ref.negative = 1;
    assert_int_equal(ncm_quality_column("x", &ref, &cur, NULL, f), 1);
}

static void repeated_rows_count_against_the_reference(void **state)
{
    struct ncm_finding f;
    (void)state;
    assert_false(ncm_quality_duplicates(0.02, 0.029, &f));
    assert_true(ncm_quality_duplicates(0.02, 0.031, &f));
    says(&f, "3.1 % of the rows repeat another one; in the reference 2 %");
    assert_false(ncm_quality_duplicates(NAN, 0.5, &f));
}

static void rows_are_held_against_the_last_seven(void **state)
{
    const double before[] = {1, 1, 1, 90, 100, 110, 95, 105, 1000, 100};
    struct ncm_finding f;
    (void)state;
    assert_false(ncm_quality_rows(50, before, 10, &f));
    assert_true(ncm_quality_rows(49, before, 10, &f));
    assert_int_equal(f.severity, NCM_SEVERITY_WARNING);
    assert_true(fabs(f.expected - 100) < 1e-9);
    says(&f, "Rows in this window: 49; usually there are 100");
    assert_false(ncm_quality_rows(200, before, 10, &f));
    assert_true(ncm_quality_rows(201, before, 10, &f));
    assert_true(ncm_quality_rows(0, before, 10, &f));
    assert_int_equal(f.severity, NCM_SEVERITY_CRITICAL);
    says(&f, "Silent: no rows at all; usually there are 100");
    assert_true(ncm_quality_rows(0, NULL, 0, &f));
    says(&f, "Silent: no rows at all.");
    assert_false(ncm_quality_rows(5, NULL, 0, &f));
}

static void old_rows_are_told(void **state)
{
    struct ncm_finding f;
    (void)state;
    assert_false(ncm_quality_freshness(400000, 100000, 100000, &f));
    assert_true(ncm_quality_freshness(400001, 100000, 100000, &f));
    assert_int_equal(f.severity, NCM_SEVERITY_WARNING);
    assert_true(ncm_quality_freshness(2000000, 100000, 60000, &f));
    assert_int_equal(f.severity, NCM_SEVERITY_CRITICAL);
    says(&f, "The newest row is 31 m 40 s old; usually one comes every 1 m");
    assert_false(ncm_quality_freshness(1000, NCM_NO_TIME, 5, &f));
    assert_false(ncm_quality_freshness(1000, 0, 0, &f));
    assert_true(ncm_quality_freshness(INT64_MAX, INT64_MIN + 1, 5, &f));
    says(&f, "The newest row is");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_needs_points_and_rows),
        cmocka_unit_test(columns_come_go_and_change),
        cmocka_unit_test(categories_come_and_go),
        cmocka_unit_test(the_range_of_the_reference_is_no_wall),
        cmocka_unit_test(what_stands_still_is_told),
        cmocka_unit_test(odd_numbers_are_told_where_none_were),
        cmocka_unit_test(repeated_rows_count_against_the_reference),
        cmocka_unit_test(rows_are_held_against_the_last_seven),
        cmocka_unit_test(old_rows_are_told),
    };
    ncm_text_init("en", false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
