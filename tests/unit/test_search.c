#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "model/search.h"

#define S(text) ((struct ncm_str){text, sizeof(text) - 1})

/* What a filter of one clause is read as. */
static const struct {
    const char *text;
    enum ncm_entity entity;
    const char *key;
    enum ncm_op op;
    const char *value; /* text, NULL: the number */
    double number;
} taken[] = {
    {"metrics.auc > 0.5", NCM_ENT_METRIC, "auc", NCM_OP_GT, NULL, 0.5},
    {"metric.auc>=.5", NCM_ENT_METRIC, "auc", NCM_OP_GE, NULL, 0.5},
    {"metrics.auc = -1.", NCM_ENT_METRIC, "auc", NCM_OP_EQ, NULL, -1},
    {"metrics.a != -1e-3", NCM_ENT_METRIC, "a", NCM_OP_NE, NULL, -1e-3},
    {"metrics.a < 1e300", NCM_ENT_METRIC, "a", NCM_OP_LT, NULL, 1e300},
    {"metrics.a <= 1e400", NCM_ENT_METRIC, "a", NCM_OP_LE, NULL, INFINITY},
    {"metrics.`val/f1` > 1", NCM_ENT_METRIC, "val/f1", NCM_OP_GT, NULL, 1},
    {"metrics.\"val f1\" > 1", NCM_ENT_METRIC, "val f1", NCM_OP_GT, NULL, 1},
    {"metrics.'val f1' > 1", NCM_ENT_METRIC, "val f1", NCM_OP_GT, NULL, 1},
    {"metrics.1abc > 1", NCM_ENT_METRIC, "1abc", NCM_OP_GT, NULL, 1},
    {"metrics.학습률 > 1", NCM_ENT_METRIC, "학습률", NCM_OP_GT, NULL, 1},
    {"`metrics`.auc > 1", NCM_ENT_METRIC, "auc", NCM_OP_GT, NULL, 1},
    {"params.lr = '0.1'", NCM_ENT_PARAM, "lr", NCM_OP_EQ, "0.1", 0},
    {"parameters.lr = \"0.1\"", NCM_ENT_PARAM, "lr", NCM_OP_EQ, "0.1", 0},
    {"parameter.lr != ''", NCM_ENT_PARAM, "lr", NCM_OP_NE, "", 0},
    {"param.lr like '%x'", NCM_ENT_PARAM, "lr", NCM_OP_LIKE, "%x", 0},
    {"params.lr ILIKE \"%x\"", NCM_ENT_PARAM, "lr", NCM_OP_ILIKE, "%x", 0},
    {"params.a = 'it''s'", NCM_ENT_PARAM, "a", NCM_OP_EQ, "it''s", 0},
    {"params.a = 'it\\'s'", NCM_ENT_PARAM, "a", NCM_OP_EQ, "it\\'s", 0},
    {"params.a = 'C:\\'", NCM_ENT_PARAM, "a", NCM_OP_EQ, "C:\\", 0},
    {"params.a = \"it's\"", NCM_ENT_PARAM, "a", NCM_OP_EQ, "it's", 0},
    {"tags.mlflow.user = 'x'", NCM_ENT_TAG, "mlflow.user", NCM_OP_EQ, "x", 0},
    {"tag.`a b` IS NULL", NCM_ENT_TAG, "a b", NCM_OP_IS_NULL, NULL, 0},
    {"tags.order is not null", NCM_ENT_TAG, "order", NCM_OP_IS_NOT_NULL, NULL, 0},
    {"status = 'FINISHED'", NCM_ENT_ATTRIBUTE, "status", NCM_OP_EQ, "FINISHED", 0},
    {"attr.status != 'x'", NCM_ENT_ATTRIBUTE, "status", NCM_OP_NE, "x", 0},
    {"attributes.user_id LIKE 'a%'", NCM_ENT_ATTRIBUTE, "user_id", NCM_OP_LIKE, "a%", 0},
    {"run.artifact_uri = 'x'", NCM_ENT_ATTRIBUTE, "artifact_uri", NCM_OP_EQ, "x", 0},
    {"`Run name` = 'x'", NCM_ENT_ATTRIBUTE, "run_name", NCM_OP_EQ, "x", 0},
    {"attributes.\"run name\" = 'x'", NCM_ENT_ATTRIBUTE, "run_name", NCM_OP_EQ, "x", 0},
    {"Created > 5", NCM_ENT_ATTRIBUTE, "start_time", NCM_OP_GT, NULL, 5},
    {"end_time <= 1e12", NCM_ENT_ATTRIBUTE, "end_time", NCM_OP_LE, NULL, 1e12},
    {"datasets.name = 'x'", NCM_ENT_DATASET, "name", NCM_OP_EQ, "x", 0},
    {"AND dataset.digest LIKE 'x%' and AND", NCM_ENT_DATASET, "digest", NCM_OP_LIKE, "x%", 0},
};

static void reads_what_mlflow_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        struct ncm_filter f;
        struct ncm_err err;
        if (!ncm_filter_parse(taken[i].text, &f, NULL, &err))
            fail_msg("%s: %s", taken[i].text, err.what);
        assert_int_equal(f.n, 1);
        assert_int_equal(f.clauses[0].entity, taken[i].entity);
        assert_string_equal(f.clauses[0].key.p, taken[i].key);
        assert_int_equal(f.clauses[0].op, taken[i].op);
        if (taken[i].value != NULL)
            assert_string_equal(f.clauses[0].text.p, taken[i].value);
        else
            assert_true(f.clauses[0].number == taken[i].number);
        ncm_filter_release(&f);
    }
}

/* Refused, with the offset of what is wrong. */
static const struct {
    const char *text;
    size_t at;
} refused[] = {
    {"metrics.auc == 0.5", 12},
    {"metrics.auc <> 1", 12},
    {"metrics.auc = '0.5'", 14},
    {"metrics.auc = NaN", 14},
    {"metrics.auc = - 1", 14},
    {"metrics.auc = +1", 14},
    {"metrics.auc = 1e+5", 15},
    {"metrics.auc = 1.5.5", 17},
    {"metrics.auc = 12abc", 16},
    {"metrics.auc > 0.5 or metrics.b > 1", 18},
    {"(metrics.auc > 0.5)", 0},
    {"not metrics.auc > 0.5", 0},
    {"0.5 < metrics.auc", 0},
    {"metrics.val/f1 > 0.5", 11},
    {"metrics.val-f1 > 0.5", 11},
    {"metrics.val f1 > 0.5", 12},
    {"metrics.123 > 0.5", 8},
    {"metrics.in > 1", 8},
    {"`metrics.auc` > 1", 0},
    {"\"metrics\".auc > 1", 0},
    {"Metrics.auc > 1", 0},
    {"params.lr = 0.1", 12},
    {"params.lr = `0.1`", 12},
    {"params.lr > 'x'", 10},
    {"params.lr NOT LIKE 'x'", 10},
    {"params.lr RLIKE 'x'", 10},
    {"params.lr IN ('a')", 10},
    {"params.a = tags.b", 11},
    {"params.a = 'x", 11},
    {"params.a IS 'x'", 12},
    {"params.a = 'x' ; ", 15},
    {"status IN ('FINISHED')", 7},
    {"Status = 'x'", 0},
    {"duration > 5", 0},
    {"lifecycle_stage = 'active'", 0},
    {"start_time > '5'", 13},
    {"end_time IS NULL", 9},
    {"run_id IN ()", 11},
    {"run_id IN (1)", 11},
    {"run_id IN 'a'", 10},
    {"run_id IN ('a'", 14},
    {"run_id IN ('a' b)", 15},
    {"datasets.foo = 'x'", 9},
    {"datasets.name > 'x'", 14},
    {"metrics.a IS NULL", 10},
    {"metrics.a", 9},
    {"metrics.a >", 11},
    {"foo.bar = 'x'", 0},
    {"params.a = 'x', params.b = 'y'", 14},
    {"metrics.a > 1 tags.b IS NULL", 14},
};

static void points_at_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct ncm_filter f;
        struct ncm_err err;
        size_t at = 999;
        if (ncm_filter_parse(refused[i].text, &f, &at, &err))
            fail_msg("taken: %s", refused[i].text);
        assert_int_equal(err.code, NCM_USAGE);
        assert_true(err.what[0] != '\0');
        if (at != refused[i].at)
            fail_msg("%s: at %zu, not %zu (%s)", refused[i].text, at, refused[i].at, err.what);
    }
}

static void joins_with_and_only(void **state)
{
    struct ncm_filter f;
    struct ncm_err err;
    (void)state;
    assert_true(
        ncm_filter_parse("metrics.a > 1 and params.b = 'x'\nAND tags.c IS NULL", &f, NULL, &err));
    assert_int_equal(f.n, 3);
    ncm_filter_release(&f);
    assert_true(ncm_filter_parse(NULL, &f, NULL, &err));
    assert_int_equal(f.n, 0);
    ncm_filter_release(&f);
    assert_true(ncm_filter_parse("  ", &f, NULL, &err));
    assert_int_equal(f.n, 0);
    ncm_filter_release(&f);
}

static void reads_lists(void **state)
{
    struct ncm_filter f;
    struct ncm_err err;
    (void)state;
    assert_true(ncm_filter_parse("run_id NOT IN ('a', \"b\",'c' )", &f, NULL, &err));
    assert_int_equal(f.clauses[0].op, NCM_OP_NOT_IN);
    assert_int_equal(f.clauses[0].n_list, 3);
    assert_string_equal(f.clauses[0].list[1].p, "b");
    ncm_filter_release(&f);
    assert_true(ncm_filter_parse("dataset.context IN('train',)", &f, NULL, &err));
    assert_int_equal(f.clauses[0].n_list, 1);
    ncm_filter_release(&f);
}

static void keeps_times_exact(void **state)
{
    struct ncm_filter f;
    struct ncm_err err;
    struct ncm_run r = {.start_ms = 9007199254740993, .end_ms = NCM_NO_TIME};
    (void)state;
    assert_true(ncm_filter_parse("start_time = 9007199254740993", &f, NULL, &err));
    assert_true(ncm_filter_match(&f, &r));
    r.start_ms = 9007199254740992;
    assert_false(ncm_filter_match(&f, &r));
    ncm_filter_release(&f);
    assert_true(
        ncm_filter_parse("start_time > 5.5 AND start_time < 99999999999999999999", &f, NULL, &err));
    assert_true(ncm_filter_match(&f, &r));
    r.start_ms = 5;
    assert_false(ncm_filter_match(&f, &r));
    ncm_filter_release(&f);
    assert_true(ncm_filter_parse("end_time != 1", &f, NULL, &err));
    assert_false(ncm_filter_match(&f, &r)); /* absent */
    ncm_filter_release(&f);
}

static void reads_orders(void **state)
{
    const char *good[] = {"metrics.`val/f1` DESC", "start_time asc", "params.'a b'",
                          "attributes.Created desc"};
    const char *bad[] = {"metrics.a foo", "metrics.a DESC DESC",
                         "datasets.name", "run name DESC",
                         "`run name`",    "duration",
                         "metrics.a,b",   ""};
    struct ncm_orders o;
    struct ncm_err err;
    (void)state;
    assert_true(ncm_orders_parse(good, 3, &o, NULL, &err));
    assert_int_equal(o.n, 3);
    assert_true(o.items[0].descending);
    assert_string_equal(o.items[0].key.p, "val/f1");
    assert_false(o.items[1].descending);
    assert_int_equal(o.items[2].entity, NCM_ENT_PARAM);
    ncm_orders_release(&o);
    assert_false(ncm_orders_parse(good, 4, &o, NULL, &err)); /* start_time twice */
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        size_t at = 0;
        if (ncm_orders_parse(&bad[i], 1, &o, &at, &err))
            fail_msg("taken: %s", bad[i]);
        assert_true(at <= strlen(bad[i]));
    }
}

static struct ncm_metric metric(double v)
{
    struct ncm_metric m = {.key = S("m"), .value = {.kind = NCM_V_NUMBER, .num = v}};
    if (isnan(v))
        m.value.kind = NCM_V_NAN;
    return m;
}

static bool matches(const char *text, const struct ncm_run *r)
{
    struct ncm_filter f;
    struct ncm_err err;
    if (!ncm_filter_parse(text, &f, NULL, &err))
        fail_msg("%s: %s", text, err.what);
    bool yes = ncm_filter_match(&f, r);
    ncm_filter_release(&f);
    return yes;
}

static void nan_matches_only_unequal(void **state)
{
    struct ncm_metric m = metric(NAN);
    struct ncm_run r = {.metrics = &m, .n_metrics = 1};
    (void)state;
    assert_true(matches("metrics.m != 0", &r));
    assert_false(matches("metrics.m = 0", &r));
    assert_false(matches("metrics.m >= 0", &r));
    r.n_metrics = 0;
    assert_false(matches("metrics.m != 0", &r));
}

static void texts_as_sqlite_compares_them(void **state)
{
    struct ncm_kv params[] = {{S("p"), S("Adam_W 한글")}};
    struct ncm_kv tags[] = {{S("mlflow.runName"), S("real")}, {S("none"), {NULL, 0}}};
    struct ncm_run r = {.params = params,
                        .n_params = 1,
                        .tags = tags,
                        .n_tags = 2,
                        .name = S("shown"),
                        .status_text = S("FINISHED")};
    (void)state;
    assert_true(matches("params.p LIKE 'Adam%'", &r));
    assert_false(matches("params.p LIKE 'adam%'", &r));
    assert_true(matches("params.p ILIKE 'aDAM%'", &r));
    assert_true(matches("params.p LIKE 'Adam_W __'", &r)); /* _ is a character, not a byte */
    assert_false(matches("params.p LIKE 'Adam_W _'", &r));
    assert_true(matches("params.p LIKE '%%글'", &r));
    assert_false(matches("params.q != 'x'", &r));
    assert_true(matches("params.q IS NULL AND params.p IS NOT NULL", &r));
    assert_false(matches("tags.none != 'x'", &r));
    assert_true(matches("tags.none IS NOT NULL", &r));
    assert_true(matches("run_name = 'real'", &r)); /* the tag, as MLflow */
    assert_false(matches("status = 'finished'", &r));
}

static void numbers_then_nan_then_missing(void **state)
{
    struct ncm_metric one = metric(1), two = metric(2), nan = metric(NAN);
    struct ncm_run a = {.id = S("a"), .metrics = &one, .n_metrics = 1, .start_ms = 5};
    struct ncm_run b = {.id = S("b"), .metrics = &two, .n_metrics = 1, .start_ms = 5};
    struct ncm_run n = {.id = S("n"), .metrics = &nan, .n_metrics = 1, .start_ms = 5};
    struct ncm_run none = {.id = S("z"), .start_ms = 9};
    const char *up = "metrics.m ASC", *down = "metrics.m DESC";
    struct ncm_orders o;
    struct ncm_err err;
    (void)state;
    assert_true(ncm_orders_parse(&up, 1, &o, NULL, &err));
    assert_true(ncm_orders_compare(&o, &a, &b) < 0);
    assert_true(ncm_orders_compare(&o, &b, &n) < 0);
    assert_true(ncm_orders_compare(&o, &n, &none) < 0);
    ncm_orders_release(&o);
    assert_true(ncm_orders_parse(&down, 1, &o, NULL, &err));
    assert_true(ncm_orders_compare(&o, &a, &b) > 0);
    assert_true(ncm_orders_compare(&o, &b, &n) < 0);
    assert_true(ncm_orders_compare(&o, &n, &none) < 0);
    ncm_orders_release(&o);
    assert_true(ncm_orders_parse(NULL, 0, &o, NULL, &err));
    assert_true(ncm_orders_compare(&o, &none, &a) < 0); /* newer first */
    assert_true(ncm_orders_compare(&o, &a, &b) < 0);    /* then by id */
    ncm_orders_release(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_mlflow_reads),
        cmocka_unit_test(points_at_what_is_wrong),
        cmocka_unit_test(joins_with_and_only),
        cmocka_unit_test(reads_lists),
        cmocka_unit_test(keeps_times_exact),
        cmocka_unit_test(reads_orders),
        cmocka_unit_test(nan_matches_only_unequal),
        cmocka_unit_test(texts_as_sqlite_compares_them),
        cmocka_unit_test(numbers_then_nan_then_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
