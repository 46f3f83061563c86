#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "model/change.h"

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
    assert_false(invertible(NCM_CH_RUN_TAG, "r", NULL, true));
    assert_true(invertible(NCM_CH_RUN_TAG, "r", NULL, false));
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
        cmocka_unit_test(words_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
