/* Matchers: what they hit, how they are written, what is proposed for an alert. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "model/alert_labels.h"
#include "model/matcher.h"

static struct ncm_kv labels[] = {
    {{"alertname", 9}, {"Drift", 5}},       {{"instance", 8}, {"10.0.0.1:9100", 13}},
    {{"model", 5}, {"fraud", 5}},           {{"pod", 3}, {"fraud-7f9", 9}},
    {{"text", 4}, {"a\"b\\c\nd, {e}", 12}}, {{"zero", 4}, {"", 0}},
};
enum { N_LABELS = sizeof labels / sizeof *labels };

static int hits(const char *text, struct ncm_err *err)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_matcher *m;
    struct ncm_matching *ready;
    size_t n;
    int out = -1;
    if (ncm_matchers_parse(text, a, &m, &n, err) && ncm_matching_new(m, n, &ready, err)) {
        out = ncm_matching_hits(ready, labels, N_LABELS);
        ncm_matching_free(ready);
    }
    ncm_arena_free(a);
    return out;
}

static void labels_are_hit_as_the_server_does(void **state)
{
    static const struct {
        const char *text;
        int hits;
    } all[] = {
        {"model=fraud", 1},
        {"model=\"fraud\"", 1},
        {"model=frau", 0},
        {"model!=fraud", 0},
        {"model!=x", 1},
        {"model=~frau", 0}, /* anchored at both ends */
        {"model=~raud", 0},
        {"model=~\"frau.\"", 1},
        {"model=~\"x|fraud\"", 1},
        {"model=~\"fraud|x\"", 1},
        {"model=~\"fra|ud\"", 0},
        {"model!~\"fra.*\"", 0},
        {"model!~\"x.*\"", 1},
        {"none=\"\"", 1}, /* an absent label is an empty one */
        {"none=~\".*\"", 1},
        {"none=~\"\"", 1},
        {"none=~\".+\"", 0},
        {"none!=\"\"", 0},
        {"zero=\"\"", 1},
        {"alertname=Drift,model=fraud", 1},
        {"alertname=Drift,model=x", 0},
        {"{alertname=\"Drift\", model=~\"f.+\",}", 1},
        {"instance=~\"10\\.0\\.0\\.[0-9]+:9100\"", 1},
        {"instance=~\"(10|192)[.]0.*\"", 1},
        {"text=\"a\\\"b\\\\c\\nd, {e}\"", 1},
        {"text=~\"a.*\"", 1}, /* over a line feed, too */
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct ncm_err err = {0};
        int got = hits(all[i].text, &err);
        if (got != all[i].hits) {
            fail_msg("%s: %d %s", all[i].text, got, err.what);
        }
    }
}

static void what_is_not_understood_is_said(void **state)
{
    static const struct {
        const char *text;
        enum ncm_code code;
    } all[] = {
        {"a=~\"(?i)x\"", NCM_UNSUPPORTED},
        {"a=~\"(?:x)\"", NCM_UNSUPPORTED},
        {"a=~\"\\d+\"", NCM_UNSUPPORTED},
        {"a=~\"\\w\"", NCM_UNSUPPORTED},
        {"a=~\"[\\d]\"", NCM_UNSUPPORTED},
        {"a=~\"x*?\"", NCM_UNSUPPORTED},
        {"a=~\"x{2}?\"", NCM_UNSUPPORTED},
        {"a=~\"\\pL\"", NCM_UNSUPPORTED},
        {"a=~\"x{,3}\"", NCM_UNSUPPORTED},
        {"a=~\"(x{200}){200}\"", NCM_UNSUPPORTED},
        {"a=~\"(\"", NCM_USAGE},
        {"a=~\"[\"", NCM_USAGE},
        {"a\"b\"", NCM_USAGE},
        {"=b", NCM_USAGE},
        {"a=\"b", NCM_USAGE},
        {"a~b", NCM_USAGE},
        {"", NCM_USAGE},
        {"{}", NCM_USAGE},
        {"{a=b", NCM_USAGE},
        {"a=b}", NCM_USAGE},
        {"a=b c=d", NCM_USAGE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct ncm_err err = {0};
        int got = hits(all[i].text, &err);
        if (got != -1 || err.code != all[i].code) {
            fail_msg("%s: %d %s %s", all[i].text, got, ncm_code_name(err.code), err.what);
        }
    }
}

static void no_matchers_hit_nothing(void **state)
{
    struct ncm_matching *m;
    struct ncm_err err;
    (void)state;
    assert_true(ncm_matching_new(NULL, 0, &m, &err));
    assert_false(ncm_matching_hits(m, labels, N_LABELS));
    ncm_matching_free(m);
}

static void text_reads_back_as_the_same(void **state)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_buf b;
    (void)state;
    ncm_buf_init(&b, 1 << 16);
    for (size_t i = 0; i < N_LABELS; i++) {
        for (int k = 0; k < 4; k++) {
            struct ncm_matcher back, m = {.name = k == 3 ? labels[4].value : labels[i].key,
                                          .value = labels[i].value,
                                          .is_regex = k & 1,
                                          .is_equal = (k & 2) == 0};
            struct ncm_err err;
            ncm_buf_clear(&b);
            ncm_matcher_format(&m, &b);
            if (!ncm_matcher_parse(b.p, a, &back, &err)) {
                fail_msg("%s: %s", b.p, err.what);
            }
            assert_true(ncm_str_eq(m.name, back.name) && ncm_str_eq(m.value, back.value));
            assert_true(m.is_regex == back.is_regex && m.is_equal == back.is_equal);
        }
    }
    ncm_buf_release(&b);
    ncm_arena_free(a);
}

static void proposals_leave_out_what_moves(void **state)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_matching *ready;
    struct ncm_err err;
    size_t n;
    (void)state;
    struct ncm_matcher *m = ncm_matchers_propose(labels, N_LABELS, a, &n);
    assert_int_equal(n, 3);
    assert_string_equal(m[0].name.p, "alertname");
    assert_string_equal(m[1].name.p, "model");
    assert_string_equal(m[2].name.p, "text");
    assert_true(ncm_matching_new(m, n, &ready, &err));
    assert_true(ncm_matching_hits(ready, labels, N_LABELS));
    ncm_matching_free(ready);
    m = ncm_matchers_propose(&labels[1], 1, a, &n); /* there is nothing else */
    assert_int_equal(n, 1);
    assert_string_equal(m[0].name.p, "instance");
    ncm_arena_free(a);
}

/* ---- labels ---------------------------------------------------------------------------------- */

/* As recorded from Alertmanager 0.25 and 0.34. */
static void fingerprints_are_alertmanagers(void **state)
{
    struct ncm_kv down[] = {{{"severity", 8}, {"warn", 4}},
                            {{"job", 3}, {"dead", 4}},
                            {{"alertname", 9}, {"TargetDown", 10}},
                            {{"instance", 8}, {"127.0.0.1:9", 11}},
                            {{"cluster", 7}, {"demo", 4}}};
    char print[17];
    (void)state;
    assert_int_equal(ncm_labels_sort(down, 5), 5);
    ncm_labels_fingerprint(down, 5, print);
    assert_string_equal(print, "2d4d3b9b224409ed");
}

static void keys_read_as_selectors(void **state)
{
    struct ncm_kv kv[] = {
        {{"__name__", 8}, {"up", 2}}, {{"a", 1}, {"\"", 1}}, {{"b.c", 3}, {"", 0}}};
    struct ncm_buf b;
    (void)state;
    ncm_buf_init(&b, 1 << 10);
    ncm_labels_key(kv, 3, &b);
    assert_string_equal(b.p, "up{a=\"\\\"\",\"b.c\"=\"\"}");
    ncm_buf_clear(&b);
    ncm_labels_key(kv, 1, &b);
    assert_string_equal(b.p, "up");
    kv[0].value = (struct ncm_str){"my.metric", 9};
    ncm_buf_clear(&b);
    ncm_labels_key(kv, 2, &b);
    assert_string_equal(b.p, "{\"my.metric\",a=\"\\\"\"}");
    ncm_buf_clear(&b);
    ncm_labels_key(kv, 0, &b);
    assert_string_equal(b.p, "{}");
    ncm_buf_release(&b);
}

static void the_query_is_in_the_link(void **state)
{
    struct ncm_arena *a = ncm_arena_new();
    (void)state;
    assert_string_equal(ncm_alert_expr(a, "http://p/graph?g0.expr=a%3Ab+%3E+0.2%25%zz&g0.tab=1").p,
                        "a:b > 0.2%%zz");
    assert_string_equal(ncm_alert_expr(a, "http://p/graph?g0.tab=1&g0.expr=up#x").p, "up");
    assert_null(ncm_alert_expr(a, "http://p/graph#g0.expr=up").p);
    assert_null(ncm_alert_expr(a, "http://p/?xg0.expr=up").p);
    assert_null(ncm_alert_expr(a, NULL).p);
    ncm_arena_free(a);
}

static void the_threshold_ends_the_query(void **state)
{
    static const struct {
        const char *query;
        bool known;
        double threshold;
    } all[] = {
        {"model_feature_drift > 0.2", true, 0.2},
        {"up == 0", true, 0},
        {"a<-1.5e-3 ", true, -1.5e-3},
        {"(a >= 3)", true, 3},
        {"absent(up)", false, 0},
        {"a > b", false, 0},
        {"a + 3", false, 0},
        {"3", false, 0},
        {"", false, 0},
        {"x > 1.2.3", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct ncm_value v =
            ncm_alert_threshold((struct ncm_str){all[i].query, strlen(all[i].query)});
        if ((v.kind == NCM_V_NUMBER) != all[i].known || v.num != all[i].threshold) {
            fail_msg("%s: %g", all[i].query, v.num);
        }
    }
}

static void alerts_stand_by_their_worth(void **state)
{
    struct ncm_alert quiet = {.state = NCM_ALERT_SILENCED, .severity = NCM_SEVERITY_CRITICAL};
    struct ncm_alert warn = {.state = NCM_ALERT_FIRING, .severity = NCM_SEVERITY_WARNING};
    struct ncm_alert page = {.state = NCM_ALERT_FIRING, .severity = NCM_SEVERITY_CRITICAL};
    struct ncm_alert young = warn;
    (void)state;
    young.since_ms = 10;
    assert_true(ncm_alert_compare(&page, &warn) < 0);
    assert_true(ncm_alert_compare(&warn, &quiet) < 0);
    assert_true(ncm_alert_compare(&young, &warn) < 0);
    assert_int_equal(ncm_alert_compare(&warn, &warn), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_hit_as_the_server_does),
        cmocka_unit_test(what_is_not_understood_is_said),
        cmocka_unit_test(no_matchers_hit_nothing),
        cmocka_unit_test(text_reads_back_as_the_same),
        cmocka_unit_test(proposals_leave_out_what_moves),
        cmocka_unit_test(fingerprints_are_alertmanagers),
        cmocka_unit_test(keys_read_as_selectors),
        cmocka_unit_test(the_query_is_in_the_link),
        cmocka_unit_test(the_threshold_ends_the_query),
        cmocka_unit_test(alerts_stand_by_their_worth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
