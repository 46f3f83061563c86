/* Sketches keep the bounds that their headers state, merge, and read only what they wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stats/kll_sort.h"
#include "stats/sketch_bytes.h"
#include "stats/sketch_hll.h"
#include "stats/sketch_kll.h"
#include "stats/sketch_top.h"

static uint64_t seed = 1;

static uint64_t any(void)
{
    seed += 0x9E3779B97F4A7C15u;
    return ncm_mix64(seed);
}

/* Uniform in (0,1). */
static double share(void)
{
    return ((double)(any() >> 11) + 0.5) / 9007199254740992.0;
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static double *uniform(size_t n)
{
    double *v = ncm_alloc(n, sizeof *v);
    for (size_t i = 0; i < n; i++)
        v[i] = share();
    return v;
}

/* Greatest difference between the sketch's distribution and the true one, as a share. */
static double worst_rank(const struct ncm_kll *s, const double *values, size_t n)
{
    double *sorted = ncm_alloc(n, sizeof *sorted), *v, *w;
    double worst = 0, below = 0;
    memcpy(sorted, values, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_value);
    size_t m = ncm_kll_dump(s, &v, &w), at = 0;
    for (size_t i = 0; i < m; i++) {
        size_t before = at;
        while (at < n && sorted[at] <= v[i])
            at++;
        if (before < at) /* just below the sample, the sketch has not counted it yet */
            worst = fmax(worst, fabs((double)at - 1 - below));
        below += w[i];
        if (i + 1 == m || v[i + 1] > v[i])
            worst = fmax(worst, fabs((double)at - below));
    }
    assert_true(fabs(below - (double)n) < 0.5); /* weights are the count */
    ncm_free(sorted);
    ncm_free(v);
    ncm_free(w);
    return worst / (double)n;
}

static void short_buffers_are_sorted(void **state)
{
    double v[300], want[300];
    int64_t work[600];
    (void)state;
    for (size_t n = 0; n <= 300; n++)
        for (int kind = 0; kind < 3; kind++) {
            for (size_t i = 0; i < n; i++)
                v[i] = kind == 0 ? share() : kind == 1 ? (double)(any() % 5) : -(double)i;
            memcpy(want, v, sizeof v);
            qsort(want, n, sizeof *want, by_value);
            ncm_kll_sort(v, work, n);
            assert_memory_equal(v, want, n * sizeof *v);
        }
}

static void few_values_are_exact(void **state)
{
    struct ncm_kll *s = ncm_kll_new(NCM_KLL_K);
    const double odd[] = {NAN, INFINITY, -INFINITY};
    (void)state;
    assert_true(isnan(ncm_kll_quantile(s, 0.5)) && isnan(ncm_kll_min(s)) &&
                isnan(ncm_kll_rank(s, 1)));
    for (int i = 200; i >= 1; i--) {
        double v = i;
        ncm_kll_add(s, &v, 1);
    }
    ncm_kll_add(s, odd, 3);
    assert_int_equal(ncm_kll_count(s), 200);
    assert_true(ncm_kll_error(s) <= 0);
    for (int i = 1; i <= 200; i++) {
        assert_true(fabs(ncm_kll_rank(s, i) - i / 200.0) < 1e-12);
        assert_true(fabs(ncm_kll_quantile(s, (i - 0.5) / 200) - i) < 1e-12);
    }
    assert_true(fabs(ncm_kll_quantile(s, 0) - 1) < 1e-12);
    assert_true(isnan(ncm_kll_quantile(s, 1.5)) && isnan(ncm_kll_quantile(s, NAN)));
    ncm_kll_free(s);
}

/* 99 % of sketches are within the bound for the whole distribution; all within twice that. */
static void ranks_keep_the_bound(void **state)
{
    enum { N = 30000, TRIALS = 100 };
    static const struct {
        uint32_t k;
        double bound;
    } cases[] = {{200, 0.0165}, {350, 0.0098}, {800, 0.0045}};
    (void)state;
    for (size_t c = 0; c < 3; c++) {
        size_t beyond = 0;
        for (int t = 0; t < TRIALS; t++) {
            double *v = uniform(N);
            struct ncm_kll *s = ncm_kll_new(cases[c].k);
            ncm_kll_add(s, v, N);
            double worst = worst_rank(s, v, N);
            beyond += worst > cases[c].bound;
            assert_true(worst < 2 * cases[c].bound);
            ncm_kll_free(s);
            ncm_free(v);
        }
        assert_in_range(beyond, 0, 3);
    }
}

static void order_and_shape_do_not_matter(void **state)
{
    enum { N = 50000 };
    double *v = uniform(N);
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        if (kind == 0)
            qsort(v, N, sizeof *v, by_value);
        for (size_t i = 0; kind == 1 && i < N / 2; i++) { /* falling */
            double x = v[i];
            v[i] = v[N - 1 - i];
            v[N - 1 - i] = x;
        }
        for (size_t i = 0; kind == 2 && i < N; i++) /* ties */
            v[i] = floor(v[i] * 20);
        for (size_t i = 0; kind == 3 && i < N; i++) /* two far groups */
            v[i] = any() % 2 == 0 ? 1e300 : -1e-300;
        struct ncm_kll *s = ncm_kll_new(NCM_KLL_K);
        ncm_kll_add(s, v, N);
        double low = v[0], high = v[0];
        for (size_t i = 0; i < N; i++) {
            low = fmin(low, v[i]);
            high = fmax(high, v[i]);
        }
        assert_true(fabs(ncm_kll_min(s) - low) <= 0 && fabs(ncm_kll_max(s) - high) <= 0);
        for (size_t q = 1; q < 20; q++) {
            double x = ncm_kll_quantile(s, (double)q / 20), below = 0, at = 0;
            for (size_t i = 0; i < N; i++) {
                below += v[i] < x;
                at += v[i] <= x;
            }
            assert_true(below / N <= (double)q / 20 + 0.0165 && at / N >= (double)q / 20 - 0.0165);
        }
        ncm_kll_free(s);
    }
    ncm_free(v);
}

static void merged_is_the_sketch_of_the_union(void **state)
{
    enum { N = 60000, PARTS = 20 };
    double *v = uniform(N);
    struct ncm_kll *sum = ncm_kll_new(NCM_KLL_K), *other = ncm_kll_new(NCM_KLL_K + 1);
    (void)state;
    size_t at = 0;
    for (size_t i = 0; i < PARTS; i++) {
        size_t n = i + 1 == PARTS ? N - at : (size_t)(any() % (N / PARTS));
        struct ncm_kll *part = ncm_kll_new(NCM_KLL_K);
        ncm_kll_add(part, v + at, n);
        at += n;
        assert_true(ncm_kll_merge(sum, part));
        ncm_kll_free(part);
    }
    assert_int_equal(ncm_kll_count(sum), N);
    assert_true(worst_rank(sum, v, N) < 2 * 0.0165);
    assert_false(ncm_kll_merge(sum, other));
    struct ncm_kll *copy = ncm_kll_copy(sum);
    assert_true(ncm_kll_merge(copy, copy));
    assert_int_equal(ncm_kll_count(copy), 2 * N);
    assert_true(fabs(ncm_kll_rank(copy, 0.3) - ncm_kll_rank(sum, 0.3)) < 0.0165);
    ncm_kll_free(copy);
    ncm_kll_free(sum);
    ncm_kll_free(other);
    ncm_free(v);
}

static void memory_is_bounded(void **state)
{
    double *v = uniform(1000);
    struct ncm_kll *s = ncm_kll_new(NCM_KLL_K);
    double *values, *weights;
    (void)state;
    for (int i = 0; i < 3000; i++)
        ncm_kll_add(s, v, 1000);
    size_t n = ncm_kll_dump(s, &values, &weights);
    assert_in_range(n, 100, 1000);
    struct ncm_buf b;
    ncm_buf_init(&b, NCM_KLL_BYTES_MOST);
    assert_true(ncm_kll_write(s, &b));
    assert_in_range(b.len, 8 * n, 8 * n + 200);
    ncm_buf_release(&b);
    ncm_free(values);
    ncm_free(weights);
    ncm_kll_free(s);
    ncm_free(v);
}

static void distinct_values_are_estimated(void **state)
{
    static const size_t sizes[] = {0, 1, 10, 1000, 5000, 20000, 300000};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct ncm_hll *s = ncm_alloc(1, sizeof *s), *a = ncm_alloc(1, sizeof *a);
        double n = (double)sizes[i];
        char word[32];
        for (size_t k = 0; k < sizes[i]; k++) {
            double v = (double)k;
            ncm_hll_add(s, &v, 1);
            ncm_hll_add(s, &v, 1);
            ncm_hll_add_bytes(a, word, (size_t)snprintf(word, sizeof word, "customer %zu", k));
        }
        assert_true(fabs(ncm_hll_count(s) - n) <= 0.5 + 0.05 * n);
        assert_true(fabs(ncm_hll_count(a) - n) <= 0.5 + 0.05 * n);
        ncm_free(s);
        ncm_free(a);
    }
}

static void distinct_values_of_a_union_are_the_merge(void **state)
{
    struct ncm_hll a = {{0}}, b = {{0}}, both = {{0}};
    const double odd[] = {0.0, -0.0, NAN, INFINITY, -INFINITY};
    (void)state;
    for (int i = 0; i < 30000; i++) {
        double v = i * 0.25;
        ncm_hll_add(i < 20000 ? &a : &b, &v, 1);
        if (i > 15000 && i < 20000)
            ncm_hll_add(&b, &v, 1);
    }
    for (int i = 29999; i >= 0; i--) {
        double v = i * 0.25;
        ncm_hll_add(&both, &v, 1);
    }
    ncm_hll_merge(&a, &b);
    assert_memory_equal(&a, &both, sizeof a);
    memset(&a, 0, sizeof a);
    ncm_hll_add(&a, odd, 5);
    assert_true(fabs(ncm_hll_count(&a) - 1) < 0.1);
    ncm_hll_add_bytes(&a, "", 0);
    assert_true(fabs(ncm_hll_count(&a) - 2) < 0.1);
}

/* Category i of `kinds`, i more frequent the smaller it is. */
static size_t skewed(size_t kinds)
{
    return (size_t)(pow(share(), 3) * (double)kinds);
}

static void add_word(struct ncm_top *s, size_t i)
{
    char word[32];
    ncm_top_add(s, word, (size_t)snprintf(word, sizeof word, "c%zu", i), 1);
}

static void counts_are_exact_below_the_capacity(void **state)
{
    struct ncm_top *s = ncm_top_new(100);
    uint64_t true_rows[100] = {0};
    struct ncm_top_entry e[101];
    (void)state;
    for (int i = 0; i < 10000; i++) {
        size_t c = skewed(100);
        true_rows[c]++;
        add_word(s, c);
    }
    ncm_top_add(s, "never", 5, 0);
    size_t n = ncm_top_list(s, e, 101);
    assert_int_equal(n, 100);
    assert_int_equal(ncm_top_error(s), 0);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(e[i].rows, true_rows[strtoul(e[i].p + 1, NULL, 10)]);
        assert_true(i == 0 || e[i - 1].rows >= e[i].rows);
    }
    assert_int_equal(ncm_top_count(s, "c0", 2), true_rows[0]);
    assert_int_equal(ncm_top_count(s, "none", 4), 0);
    ncm_top_free(s);
}

static void many_categories_keep_the_bound(void **state)
{
    enum { KINDS = 3000, N = 60000, MOST = 50 };
    static uint64_t rows[KINDS];
    struct ncm_top *parts[3], *sum = ncm_top_new(MOST);
    static char longest[NCM_TOP_KEY_MOST + 1];
    (void)state;
    for (size_t p = 0; p < 3; p++) {
        parts[p] = ncm_top_new(MOST);
        for (int i = 0; i < N; i++) {
            size_t c = skewed(KINDS);
            rows[c]++;
            add_word(parts[p], c);
        }
        ncm_top_merge(sum, parts[p]);
        ncm_top_free(parts[p]);
    }
    assert_int_equal(ncm_top_total(sum), 3 * N);
    assert_in_range(ncm_top_error(sum), 1, 3 * N / (MOST + 1));
    for (size_t c = 0; c < KINDS; c++) {
        char word[32];
        uint64_t got = ncm_top_count(sum, word, (size_t)snprintf(word, sizeof word, "c%zu", c));
        assert_true(got <= rows[c] && rows[c] <= got + ncm_top_error(sum));
    }
    uint64_t error = ncm_top_error(sum);
    ncm_top_add(sum, longest, sizeof longest, 7);
    assert_int_equal(ncm_top_error(sum), error + 7);
    assert_int_equal(ncm_top_total(sum), 3 * N + 7);
    ncm_top_free(sum);
}

/* Of any sketch: what it wrote reads back and writes the same; nothing shorter, longer or, bit by
 * bit, altered is taken without being written the same way again. */
typedef bool (*again_fn)(const void *bytes, size_t len, struct ncm_buf *out);

static bool kll_again(const void *bytes, size_t len, struct ncm_buf *out)
{
    struct ncm_err err;
    struct ncm_kll *s;
    if (!ncm_kll_read(bytes, len, &s, &err)) {
        assert_int_equal(err.code, NCM_INVALID_DATA);
        return false;
    }
    ncm_kll_write(s, out);
    ncm_kll_free(s);
    return true;
}

static bool hll_again(const void *bytes, size_t len, struct ncm_buf *out)
{
    struct ncm_err err;
    static struct ncm_hll s;
    if (!ncm_hll_read(bytes, len, &s, &err)) {
        assert_int_equal(err.code, NCM_INVALID_DATA);
        return false;
    }
    return ncm_hll_write(&s, out);
}

static bool top_again(const void *bytes, size_t len, struct ncm_buf *out)
{
    struct ncm_err err;
    struct ncm_top *s;
    if (!ncm_top_read(bytes, len, &s, &err)) {
        assert_int_equal(err.code, NCM_INVALID_DATA);
        return false;
    }
    ncm_top_write(s, out);
    ncm_top_free(s);
    return true;
}

static void check_bytes(struct ncm_buf *b, again_fn again)
{
    struct ncm_buf out;
    char *bytes = ncm_alloc(b->len + 1, 1);
    ncm_buf_init(&out, NCM_KLL_BYTES_MOST);
    memcpy(bytes, b->p, b->len);
    assert_true(again(bytes, b->len, &out));
    assert_int_equal(out.len, b->len);
    assert_memory_equal(out.p, b->p, b->len);
    assert_false(again(bytes, b->len + 1, &out));
    for (size_t len = 0; len < b->len; len += 1 + b->len / 500)
        assert_false(again(bytes, len, &out));
    for (int i = 0; i < 2000; i++) {
        size_t at = (size_t)(any() % (i % 2 == 0 || b->len < 48 ? b->len : 48));
        char was = bytes[at];
        bytes[at] = (char)(was ^ (char)(1u << any() % 8));
        ncm_buf_clear(&out);
        if (again(bytes, b->len, &out))
            assert_true(out.len == b->len && memcmp(out.p, bytes, b->len) == 0);
        bytes[at] = was;
    }
    ncm_free(bytes);
    ncm_buf_release(&out);
    ncm_buf_clear(b);
}

static void sketches_read_only_what_they_wrote(void **state)
{
    struct ncm_kll *kll = ncm_kll_new(NCM_KLL_K);
    struct ncm_top *top = ncm_top_new(20);
    static struct ncm_hll hll;
    struct ncm_buf b;
    double *v = uniform(5000);
    (void)state;
    ncm_buf_init(&b, NCM_KLL_BYTES_MOST);
    for (int round = 0; round < 2; round++) { /* empty, then not */
        assert_true(ncm_kll_write(kll, &b));
        check_bytes(&b, kll_again);
        assert_true(ncm_hll_write(&hll, &b));
        check_bytes(&b, hll_again);
        assert_true(ncm_top_write(top, &b));
        check_bytes(&b, top_again);
        ncm_kll_add(kll, v, 5000);
        ncm_hll_add(&hll, v, 5000);
        for (int i = 0; i < 500; i++)
            add_word(top, skewed(100));
    }
    ncm_buf_release(&b);
    ncm_kll_free(kll);
    ncm_top_free(top);
    ncm_free(v);
}

static void the_same_stream_gives_the_same_sketch(void **state)
{
    double *v = uniform(20000);
    struct ncm_kll *a = ncm_kll_new(NCM_KLL_K), *b = ncm_kll_new(NCM_KLL_K);
    struct ncm_buf x, y;
    (void)state;
    ncm_kll_add(a, v, 20000);
    for (size_t i = 0; i < 20000; i += 100) /* in pieces */
        ncm_kll_add(b, v + i, 100);
    ncm_buf_init(&x, NCM_KLL_BYTES_MOST);
    ncm_buf_init(&y, NCM_KLL_BYTES_MOST);
    ncm_kll_write(a, &x);
    ncm_kll_write(b, &y);
    assert_int_equal(x.len, y.len);
    assert_memory_equal(x.p, y.p, x.len);
    ncm_buf_release(&x);
    ncm_buf_release(&y);
    ncm_kll_free(a);
    ncm_kll_free(b);
    ncm_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_buffers_are_sorted),
        cmocka_unit_test(few_values_are_exact),
        cmocka_unit_test(ranks_keep_the_bound),
        cmocka_unit_test(order_and_shape_do_not_matter),
        cmocka_unit_test(merged_is_the_sketch_of_the_union),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(distinct_values_are_estimated),
        cmocka_unit_test(distinct_values_of_a_union_are_the_merge),
        cmocka_unit_test(counts_are_exact_below_the_capacity),
        cmocka_unit_test(many_categories_keep_the_bound),
        cmocka_unit_test(sketches_read_only_what_they_wrote),
        cmocka_unit_test(the_same_stream_gives_the_same_sketch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
