/* Two samples: bins, distances, walks, p-values and the tools' own ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "stats/bins.h"
#include "stats/distance.h"
#include "stats/ecdf.h"
#include "stats/evidently_num.h"
#include "stats/measures_num.h"
#include "stats/nannyml_num.h"

static uint64_t seed = 0x9e3779b97f4a7c15u;

static double chance(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static void near(double got, double want, double abs)
{
    if (!(fabs(got - want) <= abs))
        fail_msg("got %.17g, want %.17g", got, want);
}

static struct ncm_ordered sorted(double *v, size_t n)
{
    ncm_sort(v, n, NULL);
    return (struct ncm_ordered){.values = v, .n = n};
}

/* levels > 0: whole numbers below it, so that there are ties. */
static struct ncm_ordered drawn(double *v, size_t n, int levels, double shift)
{
    for (size_t i = 0; i < n; i++)
        v[i] = (levels > 0 ? floor(chance() * levels) : chance()) + shift;
    return sorted(v, n);
}

static void sorted_and_unsorted_values_are_counted_alike(void **state)
{
    double v[2000], s[2000], a[40], b[40];
    (void)state;
    for (int round = 0; round < 6; round++) {
        for (size_t i = 0; i < 2000; i++)
            v[i] = s[i] = round % 2 == 0 ? chance() : floor(chance() * 30) / 30;
        struct ncm_ordered o = sorted(s, 2000);
        struct ncm_bins bins = round < 2   ? ncm_bins_quantiles(s, 1000, 10)
                               : round < 4 ? ncm_bins_closed(0.2, 0.8, 18)
                                           : ncm_bins_equal_width(0.1, 0.7, 10);
        memset(b, 0, sizeof(b));
        double out_a = ncm_bins_count_sorted(&bins, &o, a), out_b = ncm_bins_add(&bins, v, 2000, b);
        double sum = out_a;
        for (size_t i = 0; i < bins.n; i++) {
            near(a[i], b[i], 0);
            sum += a[i];
        }
        near(out_a, out_b, 0);
        near(sum, 2000, 0);
        assert_int_equal(out_a > 0, !bins.open);
        ncm_bins_release(&bins);
    }
}

static void edges_belong_where_they_should(void **state)
{
    double v[] = {0, 1, 2, 3}, counts[4];
    struct ncm_ordered s = {v, NULL, 4};
    struct ncm_bins closed = ncm_bins_closed(0, 3, 3), open = ncm_bins_equal_width(0, 3, 3);
    (void)state;
    near(ncm_bins_count_sorted(&closed, &s, counts), 0, 0); /* [0,1) [1,2) [2,3] */
    assert_true(counts[0] < 1.5 && counts[1] < 1.5 && counts[2] > 1.5);
    near(ncm_bins_count_sorted(&open, &s, counts), 0, 0); /* (-∞,1] (1,2] (2,∞) */
    assert_true(counts[0] > 1.5 && counts[1] < 1.5 && counts[2] < 1.5);
    ncm_bins_release(&closed);
    ncm_bins_release(&open);
    assert_int_equal(ncm_bins_sturges(0, 1, 1024), 11);
    assert_int_equal(ncm_bins_sturges(5, 5, 1024), 1);
    struct ncm_moments two = ncm_moments_of(v, 2);
    assert_int_equal(ncm_bins_doane(&two), 1);
}

static void a_constant_reference_shows_a_move_either_way(void **state)
{
    double ref[] = {4, 4, 4}, below[] = {3.9, 3.9}, above[] = {4.1, 4.1}, p[3], q[3];
    struct ncm_ordered r = {ref, NULL, 3}, lower = {below, NULL, 2}, upper = {above, NULL, 2};
    struct ncm_bins b = ncm_bins_quantiles(ref, 3, 10);
    (void)state;
    assert_int_equal(b.n, 3);
    ncm_bins_count_sorted(&b, &r, p);
    ncm_bins_count_sorted(&b, &lower, q);
    assert_true(ncm_psi(p, q, 3, NULL) > 18);
    ncm_bins_count_sorted(&b, &upper, q);
    assert_true(ncm_psi(p, q, 3, NULL) > 18);
    ncm_bins_release(&b);
}

static void distances_are_symmetric_and_nothing_between_equals(void **state)
{
    double p[] = {10, 20, 0, 70}, q[] = {5, 5, 5, 5}, terms[4], sum = 0, apart[] = {0, 0, 9, 0};
    double twice[] = {20, 40, 0, 140}, none[] = {0, 0, 0, 0};
    (void)state;
    near(ncm_psi(p, q, 4, terms), ncm_psi(q, p, 4, NULL), 1e-14);
    for (int i = 0; i < 4; i++)
        sum += terms[i];
    near(ncm_psi(p, q, 4, NULL), sum, 1e-14);
    near(ncm_js_distance(p, q, 4, 2), ncm_js_distance(q, p, 4, 2), 1e-15);
    near(ncm_hellinger(p, q, 4), ncm_hellinger(q, p, 4), 1e-15);
    near(ncm_total_variation(p, q, 4), 0.45, 1e-15);
    near(ncm_l_infinity(p, q, 4), 0.45, 1e-15);
    assert_true(isinf(ncm_kl(q, p, 4)));
    assert_true(ncm_psi(p, twice, 4, NULL) < 1e-15 && ncm_js_distance(p, twice, 4, 2) < 1e-15 &&
                ncm_hellinger(p, twice, 4) < 1e-15 && ncm_total_variation(p, twice, 4) < 1e-15 &&
                ncm_kl(p, twice, 4) < 1e-15);
    near(ncm_js_distance(p, apart, 4, 2), 1, 1e-12);
    near(ncm_js_distance(p, apart, 4, M_E), sqrt(M_LN2), 1e-12);
    near(ncm_hellinger(p, apart, 4), 1, 1e-12);
    near(ncm_total_variation(p, apart, 4), 1, 1e-12);
    assert_true(isnan(ncm_psi(p, none, 4, NULL)) && isnan(ncm_js_distance(none, p, 4, 2)));
}

static void chance_alone_gives_the_psi_that_is_foretold(void **state)
{
    double v[400], w[300], p[10], q[10], sum = 0;
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct ncm_ordered a = drawn(v, 400, 0, 0), b = drawn(w, 300, 0, 0);
        struct ncm_bins bins = ncm_bins_equal_width(0, 1, 10);
        ncm_bins_count_sorted(&bins, &a, p);
        ncm_bins_count_sorted(&bins, &b, q);
        sum += ncm_psi(p, q, bins.n, NULL) / 300;
        ncm_bins_release(&bins);
    }
    near(sum, ncm_psi_by_chance(10, 400, 300), 0.006);
}

static double share_up_to(const struct ncm_ordered *s, double x)
{
    double in = 0;
    for (size_t i = 0; i < s->n; i++)
        in += s->values[i] <= x;
    return in / (double)s->n;
}

static void a_walk_is_what_the_definition_says(void **state)
{
    double v[60], w[60], both[120];
    (void)state;
    for (int round = 0; round < 200; round++) {
        size_t n = 1 + (size_t)(chance() * 59), m = 1 + (size_t)(chance() * 59);
        int levels = round % 3 == 0 ? 0 : 1 + round % 12;
        struct ncm_ordered a = drawn(v, n, levels, 0), b = drawn(w, m, levels, round % 2);
        struct ncm_ecdf e = ncm_ecdf_compare(&a, &b), back = ncm_ecdf_compare(&b, &a);
        double d = 0, w1 = 0, energy = 0;
        memcpy(both, v, n * sizeof(*v));
        memcpy(both + n, w, m * sizeof(*w));
        ncm_sort(both, n + m, NULL);
        for (size_t i = 0; i < n + m; i++) {
            double apart = fabs(share_up_to(&a, both[i]) - share_up_to(&b, both[i]));
            double step = i + 1 < n + m ? both[i + 1] - both[i] : 0;
            d = fmax(d, apart);
            w1 += apart * step;
            energy += apart * apart * step;
        }
        near(e.d, d, 1e-14);
        near(e.wasserstein, w1, 1e-12);
        near(e.energy, sqrt(2 * energy), 1e-7);
        near(back.d, e.d, 0);
        near(back.wasserstein, e.wasserstein, 1e-13);
    }
}

static void weights_stand_for_repeated_values(void **state)
{
    double v[300], w[200], few[20], weights[20];
    (void)state;
    struct ncm_ordered a = drawn(v, 300, 20, 0), b = drawn(w, 200, 25, 0);
    struct ncm_ordered packed = {.values = few, .weights = weights};
    for (size_t i = 0; i < a.n; i++) {
        if (packed.n == 0 || a.values[i] > few[packed.n - 1]) {
            weights[packed.n] = 0;
            few[packed.n++] = a.values[i];
        }
        weights[packed.n - 1] += 1;
    }
    struct ncm_ecdf e = ncm_ecdf_compare(&a, &b), f = ncm_ecdf_compare(&packed, &b);
    near(f.d, e.d, 1e-14);
    near(f.wasserstein, e.wasserstein, 1e-12);
    near(f.energy, e.energy, 1e-12);
    double p[10], q[10];
    struct ncm_bins bins = ncm_bins_closed(2, 15, 10);
    near(ncm_bins_count_sorted(&bins, &a, p), ncm_bins_count_sorted(&bins, &packed, q), 0);
    for (int i = 0; i < 10; i++)
        near(p[i], q[i], 0);
    ncm_bins_release(&bins);
}

static void a_shift_is_its_own_distance(void **state)
{
    double v[500], w[500];
    (void)state;
    struct ncm_ordered a = drawn(v, 500, 0, 0), none = {0};
    for (size_t i = 0; i < 500; i++)
        w[i] = v[i] + 0.25;
    struct ncm_ordered b = {w, NULL, 500};
    near(ncm_ecdf_compare(&a, &b).wasserstein, 0.25, 1e-12);
    struct ncm_ecdf same = ncm_ecdf_compare(&a, &a), empty = ncm_ecdf_compare(&a, &none);
    assert_true(same.d <= 0 && same.wasserstein <= 0 && same.energy <= 0);
    assert_true(isnan(empty.d) && isnan(empty.wasserstein) && isnan(empty.energy));
}

/* The whole table, without a band. */
static double p_of_table(int n, int m, double d)
{
    static double v[80][80];
    for (int i = 0; i <= n; i++)
        for (int j = 0; j <= m; j++) {
            double apart = fabs((double)i / n - (double)j / m);
            if (apart >= d - 1e-9)
                v[i][j] = 1;
            else if (i + j == 0)
                v[i][j] = 0;
            else
                v[i][j] = ((i > 0 ? i * v[i - 1][j] : 0) + (j > 0 ? j * v[i][j - 1] : 0)) / (i + j);
        }
    return v[n][m];
}

static void exact_p_counts_every_path(void **state)
{
    (void)state;
    near(ncm_ks_p_exact(1, 5, 7), 2.0 / 792, 1e-16);
    near(ncm_ks_p_exact(0, 5, 7), 1, 0);
    near(ncm_ks_p_exact(1, 10000, 10000), 0, 0);
    assert_true(isnan(ncm_ks_p_exact(NAN, 0, 7)));
    for (int round = 0; round < 300; round++) {
        int n = 1 + (int)(chance() * 70), m = 1 + (int)(chance() * 70);
        int i = (int)(chance() * (n + 1)), j = (int)(chance() * (m + 1));
        double d = fabs((double)i / n - (double)j / m);
        if (d > 1e-6)
            near(ncm_ks_p_exact(d, (size_t)n, (size_t)m), p_of_table(n, m, d), 1e-13);
    }
}

static void the_law_of_one_sample_is_near_that_of_two(void **state)
{
    (void)state;
    for (double d = 0.005; d < 0.06; d += 0.005)
        near(ncm_ks_p_asymptotic(d, 4000, 3999), ncm_ks_p_exact(d, 4000, 3999), 5e-3);
    for (double d = 0.0001, last = 1; d < 1; d += 0.0007) {
        double p = ncm_ks_p_asymptotic(d, 50000, 30000);
        assert_true(p >= 0 && p <= last + 1e-9);
        last = p;
    }
    near(ncm_ks_p(0.02, 10001, 9000), ncm_ks_p_asymptotic(0.02, 10001, 9000), 0);
}

static void ranks_of_equal_samples_tell_nothing(void **state)
{
    double v[50], one[] = {4, 4, 4}, w[400];
    (void)state;
    struct ncm_ordered a = drawn(v, 50, 9, 0), flat = {one, NULL, 3}, b = drawn(w, 400, 9, 3);
    near(ncm_mann_whitney_p(&a, &a), 1, 1e-12);
    near(ncm_mann_whitney_p(&flat, &flat), 1, 0);
    assert_true(isnan(ncm_anderson(&flat, &flat)));
    assert_true(ncm_mann_whitney_p(&a, &b) < 0.1);
    near(ncm_mann_whitney_p(&a, &b), ncm_mann_whitney_p(&b, &a), 1e-12);
    near(ncm_cvm(&a, &b), ncm_cvm(&b, &a), 1e-9);
    near(ncm_anderson(&a, &b), ncm_anderson(&b, &a), 1e-9);
    assert_true(ncm_anderson(&a, &b) > ncm_anderson(&a, &a));
}

static void evidently_changes_its_mind_at_1000_rows(void **state)
{
    double v[1001], w[300], score;
    (void)state;
    struct ncm_ordered a = drawn(v, 1001, 0, 0), b = drawn(w, 300, 0, 0), none = {0};
    struct ncm_evidently_choice c;
    assert_true(ncm_evidently_num_choose(&a, &b, &c) && !c.is_p);
    assert_string_equal(c.name, "Wasserstein distance (normed)");
    a.n = 1000;
    assert_true(ncm_evidently_num_choose(&a, &b, &c) && c.is_p);
    assert_string_equal(c.name, "K-S p_value");
    assert_false(ncm_evidently_num_choose(&a, &none, &c));
    assert_false(ncm_evidently_num(NCM_EVIDENTLY_PSI, &none, &b, &score));
    assert_false(ncm_evidently_num(NCM_EVIDENTLY_CHISQUARE, &a, &b, &score));
}

struct chunks {
    size_t n, rows;
};

static double measure_chunk(void *context, size_t from, size_t n)
{
    struct chunks *c = context;
    (void)from;
    c->rows += n;
    return c->n++ == 0 ? NAN : c->n % 2 == 0 ? 0.1 : 0.3;
}

static void thresholds_come_from_the_references_own_chunks(void **state)
{
    struct chunks c = {0};
    (void)state;
    assert_int_equal(ncm_nannyml_chunk_rows(1055), 105);
    double t = ncm_nannyml_threshold(1055, 105, INFINITY, measure_chunk, &c);
    assert_int_equal(c.n, 11);
    assert_int_equal(c.rows, 1055);
    near(t, 0.2 + 3 * 0.1, 1e-12);
    c = (struct chunks){0};
    near(ncm_nannyml_threshold(1055, 105, 0.4, measure_chunk, &c), 0.4, 0);
    c = (struct chunks){0};
    assert_true(isnan(ncm_nannyml_threshold(1, 1, 1, measure_chunk, &c)));
}

/* A number that names and values together come to, whatever their order. */
struct heard {
    double sum;
    size_t n, errors, bad;
};

static void hear(void *to, const struct ncm_measure *m)
{
    struct heard *h = to;
    h->n++;
    h->errors += m->error != NULL;
    if ((m->n_values > 0) + (m->text != NULL) + (m->error != NULL) != 1)
        h->bad++;
    for (size_t i = 0; i < m->n_values; i++) {
        if (!isfinite(m->values[i]))
            h->bad++;
        h->sum += m->values[i] * (double)(m->name[0] + m->name[strlen(m->name) - 1] + (int)i);
    }
}

static void the_order_of_rows_does_not_matter(void **state)
{
    double v[700], w[400], back_v[700], back_w[400];
    (void)state;
    for (size_t i = 0; i < 700; i++)
        back_v[699 - i] = v[i] = floor(chance() * 200) / 16;
    for (size_t i = 0; i < 400; i++)
        back_w[399 - i] = w[i] = floor(chance() * 220) / 16;
    struct ncm_number_side a = {v, 700, 3, 1}, b = {w, 400, 0, 2}, c = {back_v, 700, 3, 1},
                           d = {back_w, 400, 0, 2};
    struct heard one = {0}, two = {0};
    ncm_measures_number(&a, &b, hear, &one);
    ncm_measures_number(&c, &d, hear, &two);
    assert_true(one.n > 60);
    assert_int_equal(one.errors + one.bad, 0);
    near(one.sum, two.sum, 0);
}

static void no_measure_is_ever_a_nan(void **state)
{
    double huge[] = {-DBL_MAX, DBL_MAX, DBL_MAX, 1, 2}, tiny[] = {5e-324, 0, 1e-310}, one[] = {7};
    struct ncm_number_side sides[] = {
        {huge, 5, 0, 0}, {tiny, 3, 1, 0}, {one, 1, 0, 0}, {NULL, 0, 4, 2}};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++) {
            struct heard h = {0};
            ncm_measures_number(&sides[i], &sides[k], hear, &h);
            if (h.bad > 0)
                fail_msg("sides %zu and %zu: %zu measures are no numbers", i, k, h.bad);
            assert_true(h.n > 20);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorted_and_unsorted_values_are_counted_alike),
        cmocka_unit_test(edges_belong_where_they_should),
        cmocka_unit_test(a_constant_reference_shows_a_move_either_way),
        cmocka_unit_test(distances_are_symmetric_and_nothing_between_equals),
        cmocka_unit_test(chance_alone_gives_the_psi_that_is_foretold),
        cmocka_unit_test(a_walk_is_what_the_definition_says),
        cmocka_unit_test(weights_stand_for_repeated_values),
        cmocka_unit_test(a_shift_is_its_own_distance),
        cmocka_unit_test(exact_p_counts_every_path),
        cmocka_unit_test(the_law_of_one_sample_is_near_that_of_two),
        cmocka_unit_test(ranks_of_equal_samples_tell_nothing),
        cmocka_unit_test(evidently_changes_its_mind_at_1000_rows),
        cmocka_unit_test(thresholds_come_from_the_references_own_chunks),
        cmocka_unit_test(the_order_of_rows_does_not_matter),
        cmocka_unit_test(no_measure_is_ever_a_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
