#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "model/query.h"

static void same(struct ncm_query *a, struct ncm_query *b, bool equal)
{
    char *x = ncm_query_text(a);
    char *y = ncm_query_text(b);
    assert_int_equal(strcmp(x, y) == 0, equal);
    ncm_free(x);
    ncm_free(y);
    ncm_query_free(a);
    ncm_query_free(b);
}

static struct ncm_query *runs(const char *filter, const char *order, const char *column)
{
    struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
    q->filter = ncm_strdup(filter);
    if (order)
        ncm_query_add_order(q, order);
    if (column)
        ncm_query_add_column(q, column);
    return q;
}

static void equal_questions_have_equal_text(void **state)
{
    (void)state;
    same(ncm_query_run("a"), ncm_query_run("a"), true);
    same(ncm_query_run("a"), ncm_query_run("b"), false);
    same(ncm_query_run("a"), ncm_query_new(NCM_T_RUN), false);
    same(ncm_query_series("a", "b", 10), ncm_query_series("a", "b", 20), false);
    same(ncm_query_artifacts("a", ""), ncm_query_artifacts("a", NULL), true);
    same(ncm_query_artifacts("a", "p"), ncm_query_artifact("a", "p", 0), false);
    same(ncm_query_facts("m", "1"), ncm_query_holders("m", "1"), false);
    same(runs(NULL, NULL, NULL), runs("", NULL, NULL), true);
    same(runs("x", NULL, NULL), runs(NULL, "x", NULL), false);
    same(runs(NULL, NULL, "x"), runs(NULL, "x", NULL), false);
}

static void text_cannot_imitate_another_field(void **state)
{
    (void)state;
    same(ncm_query_series("a;1:b", "c", 0), ncm_query_series("a", "b;1:c", 0), false);
    same(ncm_query_facts("m", NULL), ncm_query_facts("m", ""), false);
    struct ncm_query *one = ncm_query_new(NCM_T_RUNS);
    struct ncm_query *two = ncm_query_new(NCM_T_RUNS);
    ncm_query_add_order(one, "a;1:b");
    ncm_query_add_order(two, "a");
    ncm_query_add_order(two, "b");
    same(one, two, false);
}

static void ids_and_columns_are_sets_orders_are_not(void **state)
{
    struct ncm_query *a = ncm_query_new(NCM_T_RUNS);
    struct ncm_query *b = ncm_query_new(NCM_T_RUNS);
    (void)state;
    ncm_query_add_id(a, "1");
    ncm_query_add_id(a, "2");
    ncm_query_add_id(b, "2");
    ncm_query_add_id(b, "1");
    ncm_query_add_id(b, "2");
    ncm_query_add_column(a, "metrics.x");
    ncm_query_add_column(a, "params.y");
    ncm_query_add_column(b, "params.y");
    ncm_query_add_column(b, "metrics.x");
    same(a, b, true);
    a = runs(NULL, "start_time", NULL);
    b = runs(NULL, "metrics.x", NULL);
    ncm_query_add_order(a, "metrics.x");
    ncm_query_add_order(b, "start_time");
    same(a, b, false);
    a = runs(NULL, NULL, "metrics.x");
    b = runs(NULL, NULL, NULL);
    a->all_columns = b->all_columns = true;
    same(a, b, true);
}

static void a_copy_is_its_own(void **state)
{
    struct ncm_query *q = runs("metrics.a > 1", "metrics.a DESC", "params.p");
    (void)state;
    ncm_query_add_id(q, "3");
    q->view = NCM_VIEW_DELETED;
    q->limit = 7;
    q->nested = true;
    struct ncm_query *d = ncm_query_dup(q);
    assert_ptr_not_equal(d->filter, q->filter);
    assert_ptr_not_equal(d->ids[0], q->ids[0]);
    char *before = ncm_query_text(q);
    ncm_query_free(q);
    char *after = ncm_query_text(d);
    assert_string_equal(before, after);
    ncm_free(before);
    ncm_free(after);
    ncm_query_free(d);
    ncm_query_free(NULL);
}

static void audit_begins_with_all_of_it(void **state)
{
    (void)state;
    struct ncm_query *q = ncm_query_new(NCM_T_AUDIT);
    assert_true(q->at_ms == NCM_NO_TIME);
    ncm_query_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_questions_have_equal_text),
        cmocka_unit_test(text_cannot_imitate_another_field),
        cmocka_unit_test(ids_and_columns_are_sets_orders_are_not),
        cmocka_unit_test(a_copy_is_its_own),
        cmocka_unit_test(audit_begins_with_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
