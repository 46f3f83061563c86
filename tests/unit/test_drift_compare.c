/* What a comparison of two tables says: states, thresholds, corrections, small and empty sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "ops/drift/findings.h"
#include "ops/drift/frames.h"
#include "ops/drift/since.h"

/* ---- frames --------------------------------------------------------------------------------- */

enum { PRIME = 1237 };

static uint64_t seed = 1;

static double uniform(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(seed >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(double mean, double spread)
{
    return mean + spread * sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

static struct ncm_frame *frame_new(size_t rows)
{
    struct ncm_frame *f = ncm_alloc(1, sizeof *f);
    f->columns = ncm_alloc(64, sizeof *f->columns);
    f->n_rows = rows;
    return f;
}

static struct ncm_column *add_column(struct ncm_frame *f, const char *name,
                                     enum ncm_column_type type)
{
    struct ncm_column *c = &f->columns[f->n_columns++];
    *c = (struct ncm_column){.name = ncm_strdup(name), .type = type, .other = NCM_NO_CODE};
    return c;
}

static double *add_numbers(struct ncm_frame *f, const char *name, double mean, double spread)
{
    struct ncm_column *c = add_column(f, name, NCM_COLUMN_NUMBER);
    c->numbers = ncm_alloc(f->n_rows + 1, sizeof *c->numbers);
    for (size_t i = 0; i < f->n_rows; i++) {
        c->numbers[i] = spread > 0 ? normal(mean, spread) : mean;
    }
    return c->numbers;
}

/* shares: of each of the words, which are those letters; well mixed. */
static void add_words(struct ncm_frame *f, const char *name, const char *letters,
                      const double *shares)
{
    struct ncm_column *c = add_column(f, name, NCM_COLUMN_CATEGORY);
    c->n_words = strlen(letters);
    c->words = ncm_alloc(c->n_words + 1, sizeof *c->words);
    c->counts = ncm_alloc(c->n_words + 1, sizeof *c->counts);
    c->codes = ncm_alloc(f->n_rows + 1, sizeof *c->codes);
    for (size_t i = 0; i < c->n_words; i++) {
        c->words[i] = ncm_strndup(letters + i, 1);
    }
    size_t at = 0;
    double end = shares[0];
    for (size_t i = 0; i < f->n_rows; i++) {
        while (at + 1 < c->n_words && ((double)i + 0.5) / (double)f->n_rows > end) {
            end += shares[++at];
        }
        c->codes[i * PRIME % f->n_rows] = (uint32_t)at;
        c->counts[at]++;
    }
}

static struct ncm_frame *numbers_only(size_t rows, double mean, double spread)
{
    struct ncm_frame *f = frame_new(rows);
    add_numbers(f, "x", mean, spread);
    return f;
}

static struct ncm_frame *words_only(size_t rows, const char *letters, const double *shares)
{
    struct ncm_frame *f = frame_new(rows);
    add_words(f, "c", letters, shares);
    return f;
}

/* ---- comparing ------------------------------------------------------------------------------ */

static struct ncm_drift_table_options by(const char *method)
{
    struct ncm_drift_table_options o = {.warning = NAN, .critical = NAN};
    struct ncm_err err;
    assert_true(ncm_drift_method_named(method, &o.method, &err));
    return o;
}

/* Takes both frames. */
static struct ncm_drift_table compared(struct ncm_frame *ref, struct ncm_frame *cur,
                                       const struct ncm_drift_table_options *o)
{
    struct ncm_drift_table t;
    ncm_drift_table(ref, cur, o, &t);
    ncm_frame_free(ref);
    if (cur != ref) {
        ncm_frame_free(cur);
    }
    return t;
}

static void every_method_finds_nothing_between_equals(void **state)
{
    (void)state;
    for (const struct ncm_drift_method *m = ncm_drift_methods; m->word != NULL; m++) {
        struct ncm_frame *f = frame_new(6000);
        add_numbers(f, "x", 3, 2);
        add_numbers(f, "same", 7, 0);
        add_words(f, "c", "abc", (const double[]){0.5, 0.3, 0.2});
        add_words(f, "one", "a", (const double[]){1});
        struct ncm_drift_table_options o = by(m->word);
        o.learn = strncmp(m->word, "nannyml", 7) == 0;
        struct ncm_drift_table t = compared(f, f, &o);
        assert_int_equal(t.n, 4);
        assert_false(t.drifted);
        assert_int_equal(t.n_drifted, 0);
        for (size_t i = 0; i < t.n; i++) {
            const struct ncm_drift_column *c = &t.columns[i];
            bool nan = isnan(c->statistic); /* Evidently's chi-square of one category */
            if (c->state != (nan ? c->state : NCM_DRIFT_OK) || c->drifted) {
                fail_msg("%s of %s: %g is %s", m->word, ncm_cstr(c->name), c->statistic,
                         ncm_drift_state_word(c->state));
            }
            assert_true(c->psi >= 0 && c->psi < 1e-12);
            assert_int_equal(c->n_findings, 0);
        }
        ncm_drift_table_release(&t);
    }
}

static void every_method_finds_what_moved_far(void **state)
{
    (void)state;
    for (const struct ncm_drift_method *m = ncm_drift_methods; m->word != NULL; m++) {
        struct ncm_frame *ref = frame_new(6000), *cur = frame_new(6000);
        add_numbers(ref, "x", 0, 1);
        add_words(ref, "c", "abc", (const double[]){0.6, 0.3, 0.1});
        add_numbers(cur, "x", 4, 1);
        add_words(cur, "c", "abc", (const double[]){0.05, 0.05, 0.9});
        struct ncm_drift_table_options o = by(m->word);
        o.learn = true;
        struct ncm_drift_table t = compared(ref, cur, &o);
        assert_int_equal(t.n, 2);
        for (size_t i = 0; i < t.n; i++) {
            const struct ncm_drift_column *c = &t.columns[i];
            if (c->state != NCM_DRIFT_CRITICAL || !c->drifted) {
                fail_msg("%s of %s: %g against %g is %s", m->word, ncm_cstr(c->name), c->statistic,
                         c->critical, ncm_drift_state_word(c->state));
            }
        }
        assert_true(t.drifted);
        assert_int_equal(t.n_drifted, 2);
        assert_true(t.drifted_share > 0.999);
        ncm_drift_table_release(&t);
    }
}

static void a_shift_is_told_with_where_it_went(void **state)
{
    (void)state;
    struct ncm_drift_table_options o = by(NULL);
    struct ncm_drift_table t = compared(numbers_only(5000, 0, 1), numbers_only(4000, 0.4, 1), &o);
    const struct ncm_drift_column *c = &t.columns[0];
    assert_int_equal(c->state, NCM_DRIFT_WARNING);
    assert_false(c->drifted);
    assert_false(t.drifted);
    assert_int_equal(c->n_edges, 9);
    int64_t ref = 0, cur = 0;
    double terms = 0;
    for (size_t i = 0; i <= c->n_edges; i++) {
        ref += c->ref_counts[i];
        cur += c->cur_counts[i];
        terms += c->terms[i];
    }
    assert_int_equal(ref, 5000);
    assert_int_equal(cur, 4000);
    assert_true(fabs(terms - c->psi) < 1e-12 && fabs(c->statistic - c->psi) <= 0);
    assert_true(c->terms[9] > c->terms[4] && c->terms[0] > c->terms[4]);
    int64_t shown = 0;
    for (size_t i = 0; i < c->n_shape; i++) {
        shown += c->shape_cur[i];
    }
    assert_int_equal(shown, 4000);
    assert_true(c->qq_cur[20] - c->qq_ref[20] > 0.3);
    ncm_drift_table_release(&t);
}

/* ---- thresholds ----------------------------------------------------------------------------- */

static void the_persons_thresholds_go_first(void **state)
{
    (void)state;
    struct ncm_drift_table_options o = by("psi");
    o.critical = 0.05;
    o.learn = true;
    struct ncm_drift_table t = compared(numbers_only(6000, 0, 1), numbers_only(6000, 0.4, 1), &o);
    assert_int_equal(t.columns[0].state, NCM_DRIFT_CRITICAL);
    assert_true(fabs(t.columns[0].critical - 0.05) <= 0 && isnan(t.columns[0].warning));
    assert_false(t.columns[0].learned);
    ncm_drift_table_release(&t);
}

static void learned_thresholds_never_go_below_what_matters(void **state)
{
    (void)state;
    struct ncm_drift_table_options o = by("psi");
    o.learn = true;
    struct ncm_drift_table t =
        compared(numbers_only(20000, 0, 1), numbers_only(20000, 0.05, 1), &o);
    const struct ncm_drift_column *c = &t.columns[0];
    assert_true(c->learned);
    assert_true(c->critical >= 0.1 && c->warning >= 0.05 && c->warning <= c->critical);
    assert_int_equal(c->state, NCM_DRIFT_OK);
    ncm_drift_table_release(&t);
}

/* A reference that wanders makes its own threshold higher than the method's. */
static void a_restless_reference_is_given_room(void **state)
{
    (void)state;
    struct ncm_frame *ref = frame_new(10000), *same = frame_new(500);
    double *x = add_numbers(ref, "x", 0, 1);
    for (size_t i = 0; i < 10000; i++) {
        x[i] += (double)(i / 500 % 4);
    }
    double *y = add_numbers(same, "x", 0, 1);
    memcpy(y, x + 1500, 500 * sizeof *y);
    struct ncm_drift_table_options o = by("psi");
    struct ncm_drift_table t;
    ncm_drift_table(ref, same, &o, &t);
    assert_int_equal(t.columns[0].state, NCM_DRIFT_CRITICAL);
    ncm_drift_table_release(&t);
    o.learn = true;
    t = compared(ref, same, &o);
    assert_true(t.columns[0].learned && t.columns[0].critical > 0.25);
    assert_int_equal(t.columns[0].state, NCM_DRIFT_OK);
    ncm_drift_table_release(&t);
}

static void nothing_is_learned_from_few_rows(void **state)
{
    (void)state;
    struct ncm_drift_table_options o = by("psi");
    o.learn = true;
    struct ncm_drift_table t = compared(numbers_only(4999, 0, 1), numbers_only(900, 0, 1), &o);
    assert_false(t.columns[0].learned);
    assert_true(fabs(t.columns[0].critical - 0.25) <= 0);
    ncm_drift_table_release(&t);
}

/* ---- many columns --------------------------------------------------------------------------- */

/* 60 columns without drift, a p of 0.01 each: without the correction some would alarm. */
static void many_tests_are_corrected_together(void **state)
{
    (void)state;
    struct ncm_frame *ref = frame_new(60), *cur = frame_new(60);
    size_t small = 0;
    for (size_t k = 0; k < 60; k++) {
        char name[16];
        snprintf(name, sizeof name, "x%zu", k);
        add_numbers(ref, name, 0, 1);
        add_numbers(cur, name, k == 59 ? 3 : 0, 1);
    }
    struct ncm_drift_table_options o = by("ks.p");
    o.critical = 0.05;
    struct ncm_drift_table t = compared(ref, cur, &o);
    for (size_t i = 0; i < t.n; i++) {
        const struct ncm_drift_column *c = &t.columns[i];
        assert_true(c->p_adjusted >= c->p_value && c->p_adjusted <= 1);
        assert_string_equal(ncm_cstr(c->effect_name), "ks");
        small += c->p_value < 0.05;
    }
    assert_true(small > 1);
    assert_int_equal(t.n_drifted, 1);
    assert_true(t.columns[59].drifted);
    ncm_drift_table_release(&t);
}

/* With enough rows every p is small; what does not matter does not alarm. */
static void a_small_p_needs_an_effect(void **state)
{
    (void)state;
    struct ncm_drift_table_options o = by("ks.p");
    struct ncm_drift_table t = compared(numbers_only(40000, 0, 1), numbers_only(40000, 0.1, 1), &o);
    assert_true(t.columns[0].p_value < 1e-6 && t.columns[0].effect < 0.1);
    assert_int_equal(t.columns[0].state, NCM_DRIFT_OK);
    ncm_drift_table_release(&t);
    o = by("evidently.ks"); /* which knows no such thing */
    t = compared(numbers_only(40000, 0, 1), numbers_only(40000, 0.1, 1), &o);
    assert_true(t.columns[0].drifted && isnan(t.columns[0].p_adjusted));
    ncm_drift_table_release(&t);
    o = by("nannyml.chi2");
    const double a[] = {0.5, 0.5}, b[] = {0.48, 0.52};
    t = compared(words_only(40000, "ab", a), words_only(40000, "ab", b), &o);
    assert_true(t.columns[0].drifted && isnan(t.columns[0].p_adjusted));
    ncm_drift_table_release(&t);
}

static void evidently_wants_half_of_the_columns(void **state)
{
    (void)state;
    for (size_t moved = 1; moved <= 2; moved++) {
        struct ncm_frame *ref = frame_new(2000), *cur = frame_new(2000);
        for (size_t k = 0; k < 4; k++) {
            char name[16];
            snprintf(name, sizeof name, "x%zu", k);
            add_numbers(ref, name, 0, 1);
            add_numbers(cur, name, k < moved ? 5 : 0, 1);
        }
        struct ncm_drift_table t;
        struct ncm_drift_table_options o = by("evidently"), house = by("psi");
        ncm_drift_table(ref, cur, &house, &t);
        assert_true(t.drifted);
        ncm_drift_table_release(&t);
        t = compared(ref, cur, &o);
        assert_int_equal(t.n_drifted, moved);
        assert_int_equal(t.drifted, moved == 2);
        assert_string_equal(ncm_cstr(t.columns[0].method), "Wasserstein distance (normed)");
        ncm_drift_table_release(&t);
    }
}

/* ---- odd sides ------------------------------------------------------------------------------ */

static void few_rows_are_said_so(void **state)
{
    (void)state;
    struct ncm_drift_table_options o = by(NULL);
    o.least_rows = 200;
    struct ncm_drift_table t = compared(numbers_only(3000, 0, 1), numbers_only(50, 5, 1), &o);
    assert_true(t.columns[0].small_sample);
    assert_int_equal(t.columns[0].state, NCM_DRIFT_SMALL);
    assert_false(t.columns[0].drifted || t.drifted);
    ncm_drift_table_release(&t);
    o = by("ks.p"); /* the correction does not make more of it */
    o.least_rows = 200;
    t = compared(numbers_only(3000, 0, 1), numbers_only(50, 5, 1), &o);
    assert_int_equal(t.columns[0].state, NCM_DRIFT_SMALL);
    assert_false(t.columns[0].drifted);
    ncm_drift_table_release(&t);
}

static void a_constant_reference_moves_either_way(void **state)
{
    (void)state;
    static const double to[] = {6.5, 7, 7.5};
    for (size_t i = 0; i < 3; i++) {
        for (const char *const *m = (const char *const[]){"psi", "js", "ks", "wasserstein", NULL};
             *m != NULL; m++) {
            struct ncm_drift_table_options o = by(*m);
            struct ncm_drift_table t =
                compared(numbers_only(1000, 7, 0), numbers_only(1000, to[i], 0), &o);
            const struct ncm_drift_column *c = &t.columns[0];
            assert_true(c->reference_constant && isnan(c->w1_norm));
            assert_int_equal(c->state, i == 1 ? NCM_DRIFT_OK : NCM_DRIFT_CRITICAL);
            assert_true(fabs(c->w1 - fabs(to[i] - 7)) < 1e-12);
            ncm_drift_table_release(&t);
        }
    }
}

static void categories_come_and_go(void **state)
{
    (void)state;
    const double shares[] = {0.5, 0.3, 0.2};
    struct ncm_drift_table_options o = by(NULL);
    struct ncm_drift_table t =
        compared(words_only(1000, "abc", shares), words_only(1000, "abd", shares), &o);
    const struct ncm_drift_column *c = &t.columns[0];
    assert_int_equal(c->n_categories, 4);
    assert_int_equal(c->n_new, 1);
    assert_int_equal(c->n_gone, 1);
    for (size_t i = 0; i < 2; i++) { /* what moved most is first */
        assert_true(c->categories[i].is_new || c->categories[i].is_gone);
        assert_true(c->categories[i].term > c->categories[2].term);
    }
    assert_int_equal(c->n_findings, 2);
    assert_string_equal(ncm_cstr(c->findings[0].kind), "new_categories");
    assert_string_equal(ncm_cstr(c->findings[1].kind), "lost_categories");
    assert_int_equal(c->state, NCM_DRIFT_CRITICAL);
    ncm_drift_table_release(&t);
}

static void a_side_without_values_has_no_figure(void **state)
{
    (void)state;
    for (size_t empty = 0; empty < 2; empty++) {
        struct ncm_frame *sides[2] = {frame_new(300), frame_new(300)};
        for (size_t k = 0; k < 2; k++) {
            double *x = add_numbers(sides[k], "x", 0, 1);
            add_words(sides[k], "c", "ab", (const double[]){0.5, 0.5});
            for (size_t i = 0; k == empty && i < 300; i++) {
                x[i] = i % 2 ? NAN : INFINITY;
            }
        }
        struct ncm_drift_table_options o = by(NULL);
        o.learn = true;
        struct ncm_drift_table t = compared(sides[0], sides[1], &o);
        const struct ncm_drift_column *c = &t.columns[0];
        const struct ncm_drift_side *s = empty == 0 ? &c->ref : &c->cur;
        assert_int_equal(c->state, NCM_DRIFT_NO_DATA);
        assert_true(isnan(c->statistic) && c->why.p != NULL && !c->drifted);
        assert_true(s->rows == 300 && s->missing == 150 && s->infinite == 150 && s->n == 0);
        assert_int_equal(t.columns[1].state, NCM_DRIFT_OK);
        assert_true(t.drifted_share <= 0);
        ncm_drift_table_release(&t);
    }
}

static void no_rows_and_no_columns_are_no_drift(void **state)
{
    (void)state;
    struct ncm_drift_table_options o = by("evidently");
    struct ncm_drift_table t = compared(numbers_only(100, 0, 1), numbers_only(0, 0, 1), &o);
    assert_int_equal(t.columns[0].state, NCM_DRIFT_NO_DATA);
    assert_false(t.drifted);
    ncm_drift_table_release(&t);
    t = compared(frame_new(10), frame_new(10), &o);
    assert_true(t.n == 0 && !t.drifted && t.drifted_share <= 0);
    ncm_drift_table_release(&t);
}

static void columns_that_went_came_or_changed_are_findings(void **state)
{
    (void)state;
    struct ncm_frame *ref = frame_new(100), *cur = frame_new(100);
    add_numbers(ref, "gone", 0, 1);
    add_numbers(ref, "turned", 0, 1);
    add_words(cur, "turned", "ab", (const double[]){0.5, 0.5});
    add_numbers(cur, "came", 0, 1);
    struct ncm_drift_table_options o = by(NULL);
    struct ncm_drift_table t = compared(ref, cur, &o);
    static const char *const kinds[] = {"lost_column", "type", "new_column"};
    assert_int_equal(t.n, 0);
    assert_int_equal(t.n_findings, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(ncm_cstr(t.findings[i].kind), kinds[i]);
    }
    ncm_drift_table_release(&t);
}

/* ---- since when ----------------------------------------------------------------------------- */

enum { TIMED = 10000, SPAN = 1000 };

/* Rows a second apart, shuffled; x and c move from row `from` until row `until`. */
static struct ncm_frame *timed(size_t from, size_t until)
{
    struct ncm_frame *f = frame_new(TIMED);
    f->times = ncm_alloc(TIMED, sizeof *f->times);
    double *x = add_numbers(f, "x", 0, 1);
    add_words(f, "c", "ab", (const double[]){0.5, 0.5});
    for (size_t i = 0; i < TIMED; i++) {
        size_t at = i * PRIME % TIMED;
        bool moved = at >= from && at < until;
        f->times[i] = (int64_t)at * SPAN;
        x[i] += moved ? 4 : 0;
        f->columns[1].codes[i] = moved || at % 2;
    }
    f->columns[1].counts[0] = f->columns[1].counts[1] = 0;
    for (size_t i = 0; i < TIMED; i++) {
        f->columns[1].counts[f->columns[1].codes[i]]++;
    }
    return f;
}

static void since_when_is_told_where_it_goes_on(void **state)
{
    static const char *const methods[] = {"psi", "ks", "ks.p", "evidently.psi", "nannyml"};
    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct ncm_drift_table_options o = by(methods[i]);
        struct ncm_drift_table t = compared(timed(TIMED, TIMED), timed(5000, TIMED), &o);
        for (size_t k = 0; k < t.n; k++) {
            assert_true(t.columns[k].drifted);
            assert_int_equal(t.columns[k].since_ms, 5000 * SPAN);
        }
        ncm_drift_table_release(&t);
        t = compared(timed(TIMED, TIMED), timed(0, 7500), &o);
        assert_true(t.columns[0].drifted && t.columns[0].since_ms == NCM_NO_TIME);
        ncm_drift_table_release(&t);
        t = compared(timed(TIMED, TIMED), timed(TIMED, TIMED), &o);
        assert_true(!t.columns[0].drifted && t.columns[0].since_ms == NCM_NO_TIME);
        ncm_drift_table_release(&t);
    }
}

static void pieces_hold_every_row_with_a_time_once(void **state)
{
    (void)state;
    struct ncm_frame *f = timed(TIMED, TIMED);
    struct ncm_drift_parts p;
    bool seen[TIMED] = {false};
    f->times[7] = f->times[8] = NCM_NO_TIME;
    ncm_drift_parts_of(f, &p);
    assert_int_equal(p.n, NCM_DRIFT_PARTS);
    assert_int_equal(p.first[p.n], TIMED - 2);
    for (size_t k = 0; k < p.n; k++) {
        assert_true(p.first[k + 1] - p.first[k] >= NCM_DRIFT_PART_ROWS);
        for (size_t i = p.first[k]; i < p.first[k + 1]; i++) {
            int64_t ms = f->times[p.rows[i]];
            assert_true(ms >= p.start_ms[k] && (k + 1 == p.n || ms < p.start_ms[k + 1]));
            assert_false(seen[p.rows[i]]);
            seen[p.rows[i]] = true;
        }
    }
    ncm_drift_parts_release(&p);
    for (size_t i = 0; i < TIMED; i++) {
        f->times[i] = 5;
    }
    ncm_drift_parts_of(f, &p); /* one time is no span */
    assert_true(p.n == 0 && p.rows == NULL);
    ncm_drift_parts_release(&p);
    ncm_frame_free(f);
}

/* ---- methods -------------------------------------------------------------------------------- */

static void methods_are_known_by_their_words(void **state)
{
    (void)state;
    const struct ncm_drift_method *m;
    struct ncm_err err;
    for (const struct ncm_drift_method *k = ncm_drift_methods; k->word != NULL; k++) {
        assert_true(ncm_drift_method_named(k->word, &m, &err) && m == k);
        assert_true(k->numbers || k->categories);
        const struct ncm_drift_method *n = ncm_drift_method_for(k, NCM_COLUMN_NUMBER);
        const struct ncm_drift_method *c = ncm_drift_method_for(k, NCM_COLUMN_CATEGORY);
        assert_true(n->numbers && c->categories);
        assert_true(!k->numbers || n == k);
    }
    assert_true(ncm_drift_method_named(NULL, &m, &err));
    assert_string_equal(m->word, "psi");
    assert_false(ncm_drift_method_named("kolmogorov", &m, &err));
    assert_int_equal(err.code, NCM_USAGE);
    assert_true(strstr(err.hint, "evidently") != NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_finds_nothing_between_equals),
        cmocka_unit_test(every_method_finds_what_moved_far),
        cmocka_unit_test(a_shift_is_told_with_where_it_went),
        cmocka_unit_test(the_persons_thresholds_go_first),
        cmocka_unit_test(learned_thresholds_never_go_below_what_matters),
        cmocka_unit_test(a_restless_reference_is_given_room),
        cmocka_unit_test(nothing_is_learned_from_few_rows),
        cmocka_unit_test(many_tests_are_corrected_together),
        cmocka_unit_test(a_small_p_needs_an_effect),
        cmocka_unit_test(evidently_wants_half_of_the_columns),
        cmocka_unit_test(few_rows_are_said_so),
        cmocka_unit_test(a_constant_reference_moves_either_way),
        cmocka_unit_test(categories_come_and_go),
        cmocka_unit_test(a_side_without_values_has_no_figure),
        cmocka_unit_test(no_rows_and_no_columns_are_no_drift),
        cmocka_unit_test(columns_that_went_came_or_changed_are_findings),
        cmocka_unit_test(since_when_is_told_where_it_goes_on),
        cmocka_unit_test(pieces_hold_every_row_with_a_time_once),
        cmocka_unit_test(methods_are_known_by_their_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
