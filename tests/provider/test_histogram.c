/* Histograms: quantiles as the server computes them, bins that two windows share, and the text that
 * buckets come in. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "io/node.h"
#include "provider/fake_monitoring.h"
#include "provider/prometheus/histogram.h"

static size_t read_buckets(const struct ncm_node *list, struct ncm_bucket *out)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct ncm_node *pair = &list->items[i];
        assert_true(ncm_parse_double(pair->items[0].str, &out[i].le));
        assert_true(ncm_parse_double(pair->items[1].str, &out[i].count));
    }
    return ncm_buckets_sort(out, list->n);
}

static void check_case(const struct ncm_node *buckets, double q, const struct ncm_node *want)
{
    struct ncm_bucket b[16];
    double expected;
    size_t n = read_buckets(ncm_node_get(buckets, want->key), b);
    assert_true(ncm_parse_double(want->str, &expected));
    double got = ncm_histogram_quantile(q, b, n, NULL);
    if (!(isnan(expected) ? isnan(got) : got == expected)) {
        fail_msg("%s at %g: %g, not %g", want->key, q, got, expected);
    }
}

static void quantiles_are_the_servers(void **state)
{
    size_t checked = 0;
    (void)state;
    for (int g = 0; g < 2; g++) {
        struct ncm_doc *doc;
        struct ncm_err err;
        const char *text = mon_text(mon_generations[g], "histogram_quantile_cases.json");
        assert_true(ncm_json_parse("cases", text, strlen(text), &doc, &err));
        const struct ncm_node *all = ncm_node_get(ncm_doc_root(doc), "quantiles");
        const struct ncm_node *buckets = ncm_node_get(ncm_doc_root(doc), "buckets");
        for (size_t i = 0; i < all->n; i++) {
            const struct ncm_node *values = ncm_node_get(&all->items[i], "values");
            double q;
            assert_true(ncm_parse_double(ncm_node_str(&all->items[i], "q", ""), &q));
            for (size_t k = 0; k < values->n; k++, checked++) {
                check_case(buckets, q, &values->items[k]);
            }
        }
        ncm_doc_free(doc);
    }
    assert_int_equal(checked, 2 * 143);
}

static void a_quantile_beyond_the_last_bound_says_so(void **state)
{
    const struct ncm_bucket b[] = {{0.1, 0}, {1, 5}, {INFINITY, 10}};
    bool beyond;
    (void)state;
    assert_true(ncm_histogram_quantile(0.99, b, 3, &beyond) == 1 && beyond);
    assert_true(ncm_histogram_quantile(0.25, b, 3, &beyond) > 0.1 && !beyond);
}

static void increases_know_restarts(void **state)
{
    const struct ncm_bucket before[] = {{1, 5}, {2, 9}, {INFINITY, 10}};
    const struct ncm_bucket after[] = {{1, 6}, {2, 12}, {INFINITY, 14}};
    const struct ncm_bucket anew[] = {{1, 6}, {2, 7}, {INFINITY, 7}};
    const struct ncm_bucket other[] = {{1, 6}, {3, 12}, {INFINITY, 14}};
    struct ncm_bucket out[3];
    (void)state;
    assert_true(ncm_counter_increase(3, 5) == 2);
    assert_true(ncm_counter_increase(5, 3) == 3);
    assert_true(isnan(ncm_counter_increase(NAN, 3)));
    assert_true(ncm_buckets_increase(before, after, 3, out));
    assert_true(out[0].count == 1 && out[1].count == 3 && out[2].count == 4);
    assert_true(ncm_buckets_increase(before, anew, 3, out));
    assert_true(out[0].count == 6 && out[2].count == 7);
    assert_false(ncm_buckets_increase(before, other, 3, out));
}

static void buckets_of_an_answer_are_grouped(void **state)
{
    for (int g = 0; g < 2; g++) {
        struct ncm_prom_answer a;
        struct ncm_prom *prom;
        struct ncm_place place = mon_place();
        struct ncm_err err;
        size_t n;
        mon_fresh(state);
        mon_answer("/api/v1/query", 200, mon_generations[g], "prom_query_buckets.json");
        assert_true(ncm_prom_open(&place, &prom, &err));
        assert_true(ncm_prom_instant(prom, "x", NCM_NO_TIME, NULL, &a, &err));
        struct ncm_bucket_group *groups = ncm_bucket_groups(&a, a.arena, &n);
        assert_true(n >= 1);
        size_t buckets = 0;
        for (size_t i = 0; i < n; i++) {
            buckets += groups[i].n;
            assert_true(isinf(groups[i].buckets[groups[i].n - 1].le));
            assert_null(ncm_kv_find(groups[i].labels, groups[i].n_labels, "le"));
        }
        assert_int_equal(buckets, a.n);
        ncm_prom_answer_release(&a);
        ncm_prom_close(prom);
    }
}

/* ---- bins ------------------------------------------------------------------------------------ */

static void bins_hold_what_the_buckets_did(void **state)
{
    const struct ncm_bucket b[] = {{0.1, 3}, {0.5, 2}, {1, 10}, {INFINITY, 12}};
    struct ncm_hist_bins bins;
    (void)state;
    ncm_hist_bins_of_buckets(b, 4, &bins);
    assert_int_equal(bins.n, 4);
    assert_true(isinf(bins.edges[0]) && bins.edges[1] == 0.1 && isinf(bins.edges[4]));
    assert_true(bins.counts[0] == 3 && bins.counts[1] == 0 && bins.counts[2] == 7);
    assert_true(ncm_hist_bins_total(&bins) == 12);
    ncm_hist_bins_release(&bins);
    ncm_hist_bins_of_buckets(NULL, 0, &bins);
    assert_int_equal(bins.n, 0);
    ncm_hist_bins_release(&bins);
}

static void native_bins_have_gaps(void **state)
{
    struct ncm_prom_bin b[] = {{.low = 4, .high = 8, .count = 2},
                               {.low = -0.5, .high = 0.5, .count = 3},
                               {.low = 0.5, .high = 1, .count = 1}};
    struct ncm_prom_histogram h = {.count = 6, .bins = b, .n = 3};
    struct ncm_hist_bins bins;
    (void)state;
    ncm_hist_bins_of_native(&h, &bins);
    assert_int_equal(bins.n, 4);
    assert_true(bins.edges[0] == -0.5 && bins.edges[2] == 1 && bins.edges[3] == 4);
    assert_true(bins.counts[0] == 3 && bins.counts[2] == 0 && bins.counts[3] == 2);
    ncm_hist_bins_release(&bins);
}

static void a_union_cuts_only_what_is_empty(void **state)
{
    double ea[] = {0, 1, 2, 4}, ca[] = {5, 0, 6}, eb[] = {1, 1.5, 3, 8, 16}, cb[] = {1, 2, 0, 4};
    struct ncm_hist_bins a = {ea, ca, 3}, b = {eb, cb, 4}, ua, ub;
    (void)state;
    ncm_hist_bins_union(&a, &b, &ua, &ub);
    /* 1.5 cuts a's empty bin; 2 would cut b's (1.5,3], 3 would cut a's (2,4]. */
    const double want[] = {0, 1, 1.5, 4, 8, 16};
    assert_int_equal(ua.n, 5);
    for (size_t i = 0; i <= ua.n; i++) {
        assert_true(ua.edges[i] == want[i] && ub.edges[i] == want[i]);
    }
    assert_true(ua.counts[0] == 5 && ua.counts[1] == 0 && ua.counts[2] == 6 && ua.counts[4] == 0);
    assert_true(ub.counts[0] == 0 && ub.counts[1] == 1 && ub.counts[2] == 2 && ub.counts[4] == 4);
    ncm_hist_bins_release(&ua);
    ncm_hist_bins_release(&ub);
}

static void fill(struct ncm_hist_bins *b, size_t n)
{
    unsigned seed = (unsigned)n * 31 + 7;
    double edge = rand_r(&seed) % 4;
    b->edges = ncm_alloc(n + 1, sizeof *b->edges);
    b->counts = ncm_alloc(n + 1, sizeof *b->counts);
    b->n = n;
    for (size_t i = 0; i <= n; i++) {
        b->edges[i] = edge;
        edge += 1 + rand_r(&seed) % 3;
        b->counts[i] = rand_r(&seed) % 2 ? rand_r(&seed) % 50 : 0;
    }
}

/* Whatever the layouts: the same edges, all observations, each in a bin that holds its own. */
static void a_union_loses_nothing(void **state)
{
    (void)state;
    for (size_t n = 0; n < 40; n++) {
        struct ncm_hist_bins a, b, ua, ub;
        fill(&a, n);
        fill(&b, 40 - n);
        ncm_hist_bins_union(&a, &b, &ua, &ub);
        assert_true(ncm_hist_bins_total(&a) == ncm_hist_bins_total(&ua));
        assert_true(ncm_hist_bins_total(&b) == ncm_hist_bins_total(&ub));
        assert_int_equal(ua.n, ub.n);
        for (size_t i = 0; i < ua.n; i++) {
            assert_true(ua.edges[i] == ub.edges[i] && ua.edges[i] < ua.edges[i + 1]);
            double inside = 0;
            for (size_t k = 0; k < a.n; k++) {
                inside += a.edges[k] >= ua.edges[i] && a.edges[k + 1] <= ua.edges[i + 1]
                              ? a.counts[k]
                              : 0;
            }
            assert_true(inside == ua.counts[i]);
        }
        ncm_hist_bins_release(&a);
        ncm_hist_bins_release(&b);
        ncm_hist_bins_release(&ua);
        ncm_hist_bins_release(&ub);
    }
}

/* ---- text ------------------------------------------------------------------------------------ */

static struct ncm_metrics parse(const char *text)
{
    struct ncm_metrics m;
    struct ncm_err err;
    if (!ncm_metrics_parse("t", text, strlen(text), &m, &err)) {
        fail_msg("%s: %s", text, err.what);
    }
    return m;
}

static void an_exporters_text_is_read(void **state)
{
    (void)state;
    for (int g = 0; g < 2; g++) {
        struct ncm_metrics m = parse(mon_text(mon_generations[g], "exporter_metrics.txt"));
        const struct ncm_metrics_family *f = ncm_metrics_family(&m, "model_latency_seconds");
        assert_non_null(f);
        assert_int_equal(f->type, NCM_METRIC_HISTOGRAM);
        assert_string_equal(f->help.p, "Latency, with a \\ and a newline\nin its help.");
        size_t buckets = 0;
        for (size_t i = 0; i < m.n; i++) {
            bool mine = &m.families[m.samples[i].family] == f;
            buckets += mine && ncm_str_is(m.samples[i].name, "model_latency_seconds_bucket");
            const struct ncm_kv *kv = ncm_kv_find(m.samples[i].labels, m.samples[i].n_labels, "le");
            assert_true(kv == NULL || kv->value.len > 0);
        }
        assert_int_equal(buckets, 30);
        assert_int_equal(ncm_metrics_family(&m, "model_requests_total")->type, NCM_METRIC_COUNTER);
        ncm_metrics_release(&m);
    }
}

static void odd_lines_are_understood(void **state)
{
    (void)state;
    struct ncm_metrics m =
        parse("# a comment\n\n  a  {  x = \"\\\\\\\"\\n\" , b=\"\", }  NaN  1500 \r\n"
              "b -Inf\nc{}1e-05\n{\"my.metric\",q=\"1\"} +Inf\n#\n# TYPE\td\tsummary\n"
              "d{quantile=\"0.5\"} 3\nd_sum 4\nd_count 5\n# HELP e x\\y\ne 1");
    assert_int_equal(m.n, 8);
    assert_true(isnan(m.samples[0].value) && m.samples[0].time_ms == 1500);
    assert_string_equal(ncm_kv_find(m.samples[0].labels, 2, "x")->value.p, "\\\"\n");
    assert_int_equal(m.samples[1].time_ms, NCM_NO_TIME);
    assert_true(m.samples[2].value == 1e-05);
    assert_string_equal(m.samples[3].name.p, "my.metric");
    assert_int_equal(m.samples[3].n_labels, 1);
    assert_int_equal(m.samples[5].family, m.samples[6].family);
    assert_int_equal(m.families[m.samples[6].family].type, NCM_METRIC_SUMMARY);
    assert_string_equal(ncm_metrics_family(&m, "e")->help.p, "x\\y");
    assert_int_equal(ncm_metrics_family(&m, "b")->type, NCM_METRIC_UNTYPED);
    ncm_metrics_release(&m);
}

static void open_metrics_are_read(void **state)
{
    (void)state;
    struct ncm_metrics m = parse("# TYPE a counter\n# UNIT a seconds\na_total{b=\"c\"} 17 1.5 # "
                                 "{trace=\"x\"} 0.67 1\na_created 1\n# EOF\n");
    assert_int_equal(m.n, 2);
    assert_int_equal(m.samples[0].time_ms, 1500); /* seconds there */
    assert_int_equal(m.families[m.samples[0].family].type, NCM_METRIC_COUNTER);
    assert_int_equal(m.samples[1].family, m.samples[0].family);
    ncm_metrics_release(&m);
}

static void what_is_no_line_is_named(void **state)
{
    static const struct {
        const char *text, *where;
    } all[] = {
        {"a 1\nb\n", "t:2:2: "},           {"a{x=\"1\n", "t:1:6: "},
        {"a{x} 1\n", "t:1:4: "},           {"a{x=1} 1\n", "t:1:5: "},
        {"a 1 2 3\n", "t:1:7: "},          {"a one\n", "t:1:3: "},
        {"{a=\"b\"} 1\n", "t:1:8: "},      {"a{b=\"1\"c=\"2\"} 1\n", "t:1:8: "},
        {"<html>\n", "t:1:7: "},           {"a 0x10\n", "t:1:3: "},
        {"a{\"b\",\"c\"} 1\n", "t:1:6: "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct ncm_metrics m;
        struct ncm_err err = {0};
        bool ok = ncm_metrics_parse("t", all[i].text, strlen(all[i].text), &m, &err);
        if (ok || err.code != NCM_INVALID_DATA || strncmp(err.what, all[i].where, 7) != 0) {
            fail_msg("%s: %s", all[i].text, ok ? "taken" : err.what);
        }
        assert_null(m.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_the_servers),
        cmocka_unit_test(a_quantile_beyond_the_last_bound_says_so),
        cmocka_unit_test(increases_know_restarts),
        cmocka_unit_test(buckets_of_an_answer_are_grouped),
        cmocka_unit_test(bins_hold_what_the_buckets_did),
        cmocka_unit_test(native_bins_have_gaps),
        cmocka_unit_test(a_union_cuts_only_what_is_empty),
        cmocka_unit_test(a_union_loses_nothing),
        cmocka_unit_test(an_exporters_text_is_read),
        cmocka_unit_test(odd_lines_are_understood),
        cmocka_unit_test(open_metrics_are_read),
        cmocka_unit_test(what_is_no_line_is_named),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
