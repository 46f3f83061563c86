#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "model/change.h"
#include "model/rules.h"

static void items_are_copied_in_order(void **state)
{
    struct ncm_changes c, d;
    char name[] = "fraud";
    (void)state;
    ncm_changes_init(&c);
    struct ncm_change *x =
        ncm_changes_add(&c, NCM_CH_VERSION_STAGE, name, "3", NULL, "Staging", "Production");
    x->extra = ncm_strdup("note");
    x->any_from = true;
    for (int i = 0; i < 20; i++)
        ncm_changes_add(&c, NCM_CH_VERSION_TAG, name, "3", "k", NULL, "v");
    name[0] = 'X';
    assert_int_equal(c.n, 21);
    assert_string_equal(c.items[0].object, "fraud");
    ncm_changes_copy(&d, &c);
    ncm_changes_release(&c);
    assert_int_equal(c.n, 0);
    assert_int_equal(d.n, 21);
    assert_string_equal(d.items[0].to, "Production");
    assert_string_equal(d.items[0].extra, "note");
    assert_true(d.items[0].any_from);
    assert_null(d.items[1].from);
    ncm_changes_release(&d);
}

static void a_promotion_is_taken_back_in_reverse(void **state)
{
    struct ncm_changes c, back;
    (void)state;
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_VERSION_STAGE, "m", "2", NULL, "Production", "Archived");
    ncm_changes_add(&c, NCM_CH_VERSION_STAGE, "m", "3", NULL, "Staging", "Production");
    ncm_changes_add(&c, NCM_CH_ALIAS, "m", NULL, "champion", NULL, "3");
    ncm_changes_add(&c, NCM_CH_MODEL_RENAME, "m", NULL, NULL, "m", "n");
    assert_true(ncm_changes_invert(&c, &back));
    assert_int_equal(back.n, 4);
    assert_int_equal(back.items[0].kind, NCM_CH_MODEL_RENAME);
    assert_string_equal(back.items[0].object, "n");
    assert_string_equal(back.items[0].from, "n");
    assert_string_equal(back.items[0].to, "m");
    assert_string_equal(back.items[1].key, "champion");
    assert_string_equal(back.items[1].from, "3");
    assert_null(back.items[1].to);
    assert_string_equal(back.items[2].version, "3");
    assert_string_equal(back.items[2].to, "Staging");
    assert_string_equal(back.items[3].from, "Archived");
    assert_string_equal(back.items[3].to, "Production");
    ncm_changes_release(&c);
    ncm_changes_release(&back);
}

static bool invertible(enum ncm_change_kind kind, const char *object, const char *version,
                       bool any_from)
{
    struct ncm_changes c, back;
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_RUN_TAG, "r", NULL, "k", "a", "b");
    ncm_changes_add(&c, kind, object, version, NULL, NULL, NULL)->any_from = any_from;
    bool ok = ncm_changes_invert(&c, &back);
    assert_int_equal(back.n, ok ? 2 : 0);
    ncm_changes_release(&back);
    ncm_changes_release(&c);
    return ok;
}

static void what_cannot_be_undone_says_so(void **state)
{
    (void)state;
    assert_false(invertible(NCM_CH_VERSION_DELETE, "m", "1", false));
    assert_false(invertible(NCM_CH_MODEL_DELETE, "m", NULL, false));
    assert_false(invertible(NCM_CH_VERSION_CREATE, "m", NULL, false));
    assert_true(invertible(NCM_CH_VERSION_CREATE, "m", "4", false));
    assert_true(invertible(NCM_CH_MODEL_CREATE, "m", NULL, false));
    assert_false(invertible(NCM_CH_EXPERIMENT_CREATE, NULL, NULL, false));
    assert_false(invertible(NCM_CH_RUN_METRIC, "r", NULL, true));
    assert_false(invertible(NCM_CH_RUN_CREATE, "1", NULL, false));
    assert_true(invertible(NCM_CH_RUN_STATUS, "r", NULL, false));
    assert_false(invertible(NCM_CH_RUN_TAG, "r", NULL, true));
    assert_true(invertible(NCM_CH_RUN_TAG, "r", NULL, false));
}

static void a_run_goes_with_all_that_was_written_to_it(void **state)
{
    const struct ncm_change_point p = {0.5, 1000, 3};
    struct ncm_changes c, back;
    (void)state;
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_RUN_CREATE, "1", NULL, NULL, NULL, "drift");
    ncm_changes_add(&c, NCM_CH_RUN_TAG, "", NULL, "k", NULL, "v");
    ncm_changes_add_point(&c, "", "psi", &p);
    assert_false(ncm_changes_invert(&c, &back));
    ncm_changes_made_run(&c, "r9");
    assert_string_equal(c.items[0].object, "1");
    assert_string_equal(c.items[0].key, "r9");
    assert_string_equal(c.items[2].object, "r9");
    assert_true(ncm_changes_invert(&c, &back));
    assert_int_equal(back.n, 1);
    assert_int_equal(back.items[0].kind, NCM_CH_RUN_LIFECYCLE);
    assert_string_equal(back.items[0].object, "r9");
    assert_string_equal(back.items[0].to, "deleted");
    ncm_changes_release(&back);
    ncm_changes_release(&c);
}

static void what_concerns_the_new_run_gets_its_id(void **state)
{
    const struct ncm_change created = {.kind = NCM_CH_RUN_CREATE, .object = (char[]){""}};
    const struct ncm_change anew = {.kind = NCM_CH_RUN_STATUS, .object = (char[]){""}};
    const struct ncm_change other = {.kind = NCM_CH_RUN_STATUS, .object = (char[]){"r1"}};
    const struct ncm_change model = {.kind = NCM_CH_MODEL_TAG, .object = (char[]){""}};
    (void)state;
    assert_string_equal(ncm_change_for_run(&anew, "r9").object, "r9");
    assert_string_equal(ncm_change_for_run(&other, "r9").object, "r1");
    assert_string_equal(ncm_change_for_run(&created, "r9").object, "");
    assert_string_equal(ncm_change_for_run(&model, "r9").object, "");
}

static void points_go_through_text_unchanged(void **state)
{
    static const struct ncm_change_point all[] = {
        {0.1, 0, 0},
        {5e-324, INT64_MAX, INT64_MIN},
        {(double)INFINITY, 1, -1},
        {-(double)INFINITY, 1, 9007199254740993},
        {(double)NAN, 1, 2},
    };
    struct ncm_changes c;
    struct ncm_change_point back;
    struct ncm_err err;
    (void)state;
    ncm_changes_init(&c);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        ncm_changes_add_point(&c, "r", "k", &all[i]);
        assert_true(ncm_change_point(&c.items[i], &back, &err));
        assert_true(back.value == all[i].value || (isnan(back.value) && isnan(all[i].value)));
        assert_true(back.step == all[i].step && back.timestamp_ms == all[i].timestamp_ms);
        assert_true(c.items[i].any_from);
    }
    ncm_changes_release(&c);
}

static void any_text_becomes_a_key(void **state)
{
    static const char *const pairs[][2] = {
        {"drift.psi.amount", "drift.psi.amount"},
        {"a b/c-d:e_f", "a b/c-d_e_f"},
        {"pays (eur)?", "pays _eur__"},
        {"", "_"},
        {".", "_"},
        {"..", "_."},
        {"../../x", "_._.._x"},
        {"/a", "_a"},
        {"a//b", "a_/b"},
        {"a/./b", "a_./b"},
        {"a/", "a_"},
        {"bad\xff", "bad_"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"new\nline", "new_line"},
    };
    char *longest = ncm_alloc(601, 1);
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char *key = ncm_rules_metric_key(pairs[i][0]);
        assert_string_equal(key, pairs[i][1]);
        ncm_free(key);
    }
    for (size_t i = 0; i < 600; i += 3) {
        memcpy(longest + i, "\xea\xb0\x80", 3);
    }
    char *key = ncm_rules_metric_key(longest);
    assert_int_equal(strlen(key), 249);
    ncm_free(key);
    ncm_free(longest);
}

static void words_go_both_ways(void **state)
{
    enum ncm_change_kind back;
    (void)state;
    for (int i = 0; i < NCM_N_CHANGES; i++) {
        assert_true(ncm_change_of(ncm_change_word((enum ncm_change_kind)i), &back));
        assert_int_equal(back, i);
    }
    assert_false(ncm_change_of("nonsense", &back));
    assert_string_equal(ncm_change_word(NCM_CH_VERSION_STAGE), "version_stage");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_copied_in_order),
        cmocka_unit_test(a_promotion_is_taken_back_in_reverse),
        cmocka_unit_test(what_cannot_be_undone_says_so),
        cmocka_unit_test(a_run_goes_with_all_that_was_written_to_it),
        cmocka_unit_test(what_concerns_the_new_run_gets_its_id),
        cmocka_unit_test(points_go_through_text_unchanged),
        cmocka_unit_test(any_text_becomes_a_key),
        cmocka_unit_test(words_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
