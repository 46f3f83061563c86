/* Categorical columns: against the values of scipy, Evidently and NannyML, and by their rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "stats/evidently_cat.h"
#include "stats/measures_cat.h"
#include "stats/special.h"
#include "unit/drift_oracle.h"

static size_t checked, wrong, columns;

struct loaded {
    struct drift_cells cells;
    char **words;
    uint32_t *counts;
    struct ncm_cats_side side;
};

static struct loaded load_side(const struct drift_oracle *o, const char *name, const char *side,
                               const char *column)
{
    struct loaded s = {.cells = drift_cells_read(o, name, side, column)};
    struct ncm_map *at = ncm_map_new();
    s.words = ncm_alloc(s.cells.n + 1, sizeof(*s.words));
    s.counts = ncm_alloc(s.cells.n + 1, sizeof(*s.counts));
    s.side.other = NCM_NO_CODE;
    for (size_t i = 0; i < s.cells.n; i++) {
        size_t k = s.side.n_words;
        if (drift_missing(s.cells.cell[i])) {
            s.side.n_missing++;
            continue;
        }
        if (!ncm_map_get(at, s.cells.cell[i], s.cells.len[i], &k)) {
            ncm_map_set(at, s.cells.cell[i], s.cells.len[i], k);
            s.words[s.side.n_words++] = s.cells.cell[i];
        }
        s.counts[k]++;
    }
    s.side.words = s.words;
    s.side.counts = s.counts;
    ncm_map_free(at);
    return s;
}

static void drop(struct loaded *s)
{
    drift_cells_free(&s->cells);
    ncm_free(s->words);
    ncm_free(s->counts);
}

static void check_choice(const struct drift_oracle *o, const char *name, const char *column,
                         const struct ncm_cats *t)
{
    const struct ncm_node *row = drift_expected(o, name, column, "evidently.default.score");
    struct ncm_evidently_cat c = ncm_evidently_cat_default(t);
    assert_non_null(row);
    assert_string_equal(c.method, ncm_node_str(row, "method", ""));
    assert_true(fabs(c.threshold - ncm_node_get(row, "threshold")->num) < 1e-12);
    assert_int_equal(c.drift, ncm_node_get(row, "drift")->boolean);
}

static void check_column(const struct drift_oracle *o, const char *name, const char *column)
{
    struct loaded ref = load_side(o, name, "ref", column), cur = load_side(o, name, "cur", column);
    struct ncm_cats t;
    struct drift_told told = {0};
    ncm_cats_join(&ref.side, &cur.side, &t);
    ncm_measures_cat(&t, drift_told_add, &told);
    wrong += drift_compare(o, name, column, &told, &checked);
    check_choice(o, name, column, &t);
    columns++;
    drift_told_free(&told);
    ncm_cats_free(&t);
    drop(&ref);
    drop(&cur);
}

static void every_measure_is_what_the_tools_say(void **state)
{
    struct drift_oracle o;
    (void)state;
    drift_oracle_open(&o, NULL);
    drift_each(&o, "cat", check_column);
    drift_oracle_close(&o);
    print_message("%zu values of %zu columns\n", checked, columns);
    assert_int_equal(wrong, 0);
    assert_true(columns >= 8 && checked >= 250);
}

/* A table from two lists of counts of the categories a, b, c…; 0 leaves one out. */
static void table_of(const uint32_t *ref, const uint32_t *cur, size_t n, struct ncm_cats *t)
{
    static char *words[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct ncm_cats_side r = {words, ref, n, NCM_NO_CODE, 0}, c = {words, cur, n, NCM_NO_CODE, 0};
    ncm_cats_join(&r, &c, t);
}

static void equals(double got, double want)
{
    if (!(fabs(got - want) <= 1e-11 * fabs(want)))
        fail_msg("%.17g is not %.17g", got, want);
}

static void p_values_hold_down_to_the_least(void **state)
{
    (void)state;
    equals(ncm_gamma_q(1, 2), exp(-2));                /* Q(1,x) = e^-x */
    equals(ncm_gamma_q(0.5, 3), erfc(sqrt(3)));        /* Q(1/2,x) = erfc(√x) */
    equals(ncm_gamma_q(3, 1), exp(-1) * 2.5);          /* Q(3,x) = e^-x (1+x+x²/2) */
    equals(ncm_gamma_q(3, 600), exp(-600) * 180601.0); /* about 1e-255 */
    equals(ncm_chi2_p(1380, 2), exp(-690));            /* about 1e-300 */
    assert_true(fabs(ncm_gamma_q(5000, 5000) - 0.49811936596) < 1e-8);
    assert_true(ncm_gamma_q(2, 0) > 0.9999999);
    assert_true(ncm_gamma_q(2, INFINITY) <= 0);
    assert_true(isnan(ncm_gamma_q(0, 1)) && isnan(ncm_gamma_q(1, -1)) &&
                isnan(ncm_gamma_q(1, NAN)));
    assert_true(isnan(ncm_chi2_p(1, 0)));
    for (double x = 1; x < 40; x += 0.01) /* falls, also where the two formulas meet */
        assert_true(ncm_gamma_q(7.5, x) > ncm_gamma_q(7.5, x + 0.01));
}

static void what_is_the_same_does_not_drift(void **state)
{
    const uint32_t ref[] = {10, 20, 30}, cur[] = {100, 200, 300};
    struct ncm_cats t;
    (void)state;
    table_of(ref, cur, 3, &t);
    assert_true(ncm_cats_chi2(&t, false).statistic < 1e-12);
    assert_true(ncm_cats_chi2(&t, false).p > 1 - 1e-9);
    assert_true(ncm_cats_g(&t).statistic < 1e-9);
    assert_true(ncm_cats_cramers_v(&t) < 1e-6);
    assert_int_equal(t.n_new + t.n_gone, 0);
    assert_false(ncm_cats_chi2(&t, false).weak);
    ncm_cats_free(&t);
}

static void z_squared_is_chi_square_for_two(void **state)
{
    const uint32_t ref[] = {37, 63}, cur[] = {55, 45};
    struct ncm_cats t;
    (void)state;
    table_of(ref, cur, 2, &t);
    struct ncm_z z = ncm_cats_z(&t);
    assert_true(fabs(z.z * z.z - ncm_cats_chi2(&t, false).statistic) < 1e-10);
    assert_true(fabs(z.p - ncm_cats_chi2(&t, false).p) < 1e-12);
    assert_true(ncm_cats_chi2(&t, true).statistic < ncm_cats_chi2(&t, false).statistic);
    ncm_cats_free(&t);
}

static void new_and_gone_have_their_shares(void **state)
{
    const uint32_t ref[] = {60, 30, 10, 0, 0}, cur[] = {100, 50, 0, 30, 20};
    struct ncm_cats t;
    (void)state;
    table_of(ref, cur, 5, &t);
    assert_int_equal(t.n_new, 2);
    assert_int_equal(t.n_gone, 1);
    assert_true(fabs(ncm_cats_new_share(&t) - 0.25) < 1e-12);
    assert_true(fabs(ncm_cats_gone_share(&t) - 0.1) < 1e-12);
    assert_true(ncm_cats_is_gone(&t, 2) && ncm_cats_is_new(&t, 3) && !ncm_cats_is_new(&t, 0));
    ncm_cats_free(&t);
}

static void bytes_alone_make_a_category(void **state)
{
    char *ref_words[] = {"0", "lead", "b"}, *cur_words[] = {"00", " lead", "0"};
    const uint32_t counts[] = {1, 2, 3};
    struct ncm_cats_side r = {ref_words, counts, 3, NCM_NO_CODE, 4};
    struct ncm_cats_side c = {cur_words, counts, 3, NCM_NO_CODE, 5};
    struct ncm_cats t;
    (void)state;
    ncm_cats_join(&r, &c, &t);
    assert_int_equal(t.n, 5);
    assert_string_equal(t.words[0], " lead");
    assert_string_equal(t.words[1], "0");
    assert_string_equal(t.words[2], "00");
    assert_true(fabs(t.ref[1] - 1) < 0.5 && fabs(t.cur[1] - 3) < 0.5);
    assert_true(fabs(t.missing_ref - 4) < 0.5 && fabs(t.missing_cur - 5) < 0.5);
    assert_true(fabs(t.n_ref - 6) < 0.5);
    ncm_cats_free(&t);
}

static void too_many_categories_become_one(void **state)
{
    enum { N = NCM_CATS_MOST + 500 };
    char **words = ncm_alloc(N, sizeof *words);
    uint32_t *counts = ncm_alloc(N, sizeof *counts);
    struct ncm_cats t;
    (void)state;
    for (size_t i = 0; i < N; i++) {
        words[i] = ncm_sprintf("id %zu", i);
        counts[i] = 2;
    }
    struct ncm_cats_side r = {words, counts, N - 1000, NCM_NO_CODE, 0};
    struct ncm_cats_side c = {words, counts, N, 7, 0}; /* its word 7 stands for many */
    ncm_cats_join(&r, &c, &t);
    assert_int_equal(t.n, NCM_CATS_MOST + 1);
    assert_int_equal(t.other, NCM_CATS_MOST);
    assert_true(fabs(t.cur[t.other] - (2 * 500 + 2)) < 0.5);
    assert_true(fabs(t.n_cur - 2.0 * N) < 0.5);
    assert_int_equal(t.n_new, 500);
    assert_int_equal(t.n_gone, 0); /* word 7 may be among the many */
    ncm_cats_free(&t);
    for (size_t i = 0; i < N; i++)
        ncm_free(words[i]);
    ncm_free(words);
    ncm_free(counts);
}

static void rare_categories_are_put_together(void **state)
{
    const uint32_t ref[] = {500, 2, 3, 1, 300, 0}, cur[] = {400, 1, 2, 2, 250, 3};
    struct ncm_cats t, pooled;
    (void)state;
    table_of(ref, cur, 6, &t);
    assert_true(ncm_cats_chi2(&t, false).weak);
    ncm_cats_pool(&t, 5, &pooled);
    assert_int_equal(pooled.n, 3);
    assert_true(fabs(pooled.ref[2] - 6) < 0.5 && fabs(pooled.cur[2] - 8) < 0.5);
    assert_true(fabs(pooled.n_ref - t.n_ref) < 0.5 && fabs(pooled.n_cur - t.n_cur) < 0.5);
    assert_false(ncm_cats_chi2(&pooled, false).weak);
    assert_true(ncm_cats_chi2(&pooled, false).min_expected >= 5);
    ncm_cats_free(&t);
    ncm_cats_free(&pooled);
}

static void told_no_data(void *to, const struct ncm_measure *m)
{
    int *found = to;
    if (strcmp(m->name, "status") == 0 && strcmp(m->text, "no_data") == 0)
        *found += 1;
    if (strcmp(m->name, "psi") == 0)
        *found += 100;
}

static void an_empty_side_gives_no_number(void **state)
{
    const uint32_t ref[] = {5, 6}, none[] = {0, 0};
    struct ncm_cats t;
    int found = 0;
    (void)state;
    table_of(ref, none, 2, &t);
    ncm_measures_cat(&t, told_no_data, &found);
    assert_int_equal(found, 1);
    assert_true(isnan(ncm_cats_chi2(&t, true).p) && isnan(ncm_cats_cramers_v(&t)));
    assert_true(isnan(ncm_cats_z(&t).p) && isnan(ncm_evidently_cat_psi(&t)));
    assert_false(ncm_evidently_cat_default(&t).drift);
    ncm_cats_free(&t);
    table_of(none, none, 2, &t);
    assert_int_equal(t.n, 0);
    ncm_measures_cat(&t, told_no_data, &found);
    assert_int_equal(found, 2);
    assert_true(isnan(ncm_evidently_cat_default(&t).score));
    ncm_cats_free(&t);
}

static void evidentlys_g_test_wants_equal_sides(void **state)
{
    const uint32_t ref[] = {60, 40}, cur[] = {50, 50}, more[] = {50, 51};
    struct ncm_cats t;
    double p;
    (void)state;
    table_of(ref, cur, 2, &t);
    assert_true(ncm_evidently_cat_g(&t, &p));
    double g = 2 * (50 * log(50 / 60.0) + 50 * log(50 / 40.0));
    assert_true(fabs(p - erfc(sqrt(g / 2))) < 1e-12);
    ncm_cats_free(&t);
    table_of(ref, more, 2, &t);
    assert_false(ncm_evidently_cat_g(&t, &p));
    assert_true(isnan(p));
    ncm_cats_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_measure_is_what_the_tools_say),
        cmocka_unit_test(p_values_hold_down_to_the_least),
        cmocka_unit_test(what_is_the_same_does_not_drift),
        cmocka_unit_test(z_squared_is_chi_square_for_two),
        cmocka_unit_test(new_and_gone_have_their_shares),
        cmocka_unit_test(bytes_alone_make_a_category),
        cmocka_unit_test(too_many_categories_become_one),
        cmocka_unit_test(rare_categories_are_put_together),
        cmocka_unit_test(an_empty_side_gives_no_number),
        cmocka_unit_test(evidentlys_g_test_wants_equal_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
