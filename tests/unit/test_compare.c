/* What differs between runs, and which value is best. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "ops/compare.h"

#define S(text)                                                                                    \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
#define NUM(v)                                                                                     \
    {                                                                                              \
        .kind = NCM_V_NUMBER, .num = (v)                                                           \
    }

static struct ncm_metric m1[] = {
    {S("auc"), NUM(0.8), 1, 1}, {S("loss"), NUM(0.5), 1, 1}, {S("same"), NUM(1), 1, 1}};
static struct ncm_metric m2[] = {
    {S("auc"), NUM(0.9), 1, 1}, {S("loss"), NUM(0.7), 1, 1}, {S("same"), NUM(1), 1, 1}};
static struct ncm_metric m3[] = {{S("auc"), {.kind = NCM_V_NAN}, 1, 1},
                                 {S("loss"), {.kind = NCM_V_NINF}, 1, 1},
                                 {S("same"), NUM(1), 1, 1}};
static struct ncm_kv p1[] = {{S("depth"), S("3")}, {S("lr"), S("0.1")}};
static struct ncm_kv p2[] = {{S("depth"), S("4")}, {S("lr"), S("0.1")}};
static struct ncm_kv t1[] = {{S("a"), S("x")}, {S("mlflow.user"), S("ann")}};
static struct ncm_kv t2[] = {{S("mlflow.user"), S("bob")}};
static struct ncm_run r1 = {
    .metrics = m1, .n_metrics = 3, .params = p1, .n_params = 2, .tags = t1, .n_tags = 2};
static struct ncm_run r2 = {
    .metrics = m2, .n_metrics = 3, .params = p2, .n_params = 2, .tags = t2, .n_tags = 1};
static struct ncm_run r3 = {.metrics = m3, .n_metrics = 3};

static void only_what_differs(void **state)
{
    (void)state;
    const struct ncm_run *runs[] = {&r1, &r2};
    struct ncm_compare *c = ncm_compare_runs(runs, 2, false);
    assert_int_equal(c->n_metrics, 2);
    assert_string_equal(c->metrics[0].key.p, "auc");
    assert_int_equal(c->metrics[0].best, 1);
    assert_string_equal(c->metrics[1].key.p, "loss");
    assert_int_equal(c->metrics[1].best, 0);
    assert_int_equal(c->n_params, 1);
    assert_string_equal(c->params[0].key.p, "depth");
    assert_int_equal(c->n_tags, 1);
    assert_string_equal(c->tags[0].key.p, "a");
    assert_int_equal(c->tags[0].values[1].kind, NCM_V_UNSET);
    ncm_compare_free(c);
}

static void everything_where_asked(void **state)
{
    (void)state;
    const struct ncm_run *runs[] = {&r1, &r2};
    struct ncm_compare *c = ncm_compare_runs(runs, 2, true);
    assert_int_equal(c->n_metrics, 3);
    assert_false(c->metrics[2].differs);
    assert_int_equal(c->metrics[2].best, -1);
    assert_int_equal(c->n_params, 2);
    assert_int_equal(c->n_tags, 2);
    ncm_compare_free(c);
}

static void nan_is_never_best_and_infinities_count(void **state)
{
    (void)state;
    const struct ncm_run *runs[] = {&r1, &r2, &r3};
    struct ncm_compare *c = ncm_compare_runs(runs, 3, false);
    assert_int_equal(c->metrics[0].best, 1);
    assert_int_equal(c->metrics[1].best, 2);
    assert_int_equal(c->params[0].values[2].kind, NCM_V_UNSET);
    ncm_compare_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_differs),
        cmocka_unit_test(everything_where_asked),
        cmocka_unit_test(nan_is_never_best_and_infinities_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
