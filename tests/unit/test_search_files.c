/* LIKE, ILIKE and names as MLflow's file store compares them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "model/search.h"

static bool matches(const char *filter, struct ncm_run *r, enum ncm_search_as as)
{
    struct ncm_filter f;
    struct ncm_err err;
    assert_true(ncm_filter_parse(filter, &f, NULL, &err));
    f.as = as;
    bool m = ncm_filter_match(&f, r);
    ncm_filter_release(&f);
    return m;
}

/* Each checked against Python's re, as mlflow.utils.search_utils uses it. */
static const struct {
    const char *text, *pattern;
    bool like, ilike;
} likes[] = {
    {"adam", "adam", true, true},
    {"Adam", "adam", false, true},
    {"adam", "%da%", true, true},
    {"adam", "_dam", true, true},
    {"adam", "ada", false, false},
    {"adam", "", false, false},
    {"", "", true, true},
    {"", "%", true, true},
    {"É", "é", false, true},
    {"값", "_", true, true},
    {"한글 값", "%값", true, true},
    {"a.b", "a_b", true, true},
    {"axb", "a.b", false, false},
    {"a+b", "a+b", true, true},
    {"line\n", "line", true, true},
    {"line\ntwo", "line", false, false},
    {"line\ntwo", "line%", true, true},
    {"line\ntwo", "%two", false, false},
    {"line\ntwo", "%", true, true},
    {"a\nb", "a_b", false, false},
    {"a\nb", "a\nb", true, true},
    {"aab", "%ab", true, true},
    {"aXbXc", "a%X%c", true, true},
    {"ſ", "S", false, true},
    {"ς", "Σ", false, true},
    {"x\n\n", "x", false, false},
};

static void patterns_are_those_of_the_file_store(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(likes) / sizeof(likes[0]); i++) {
        struct ncm_kv kv = {{"k", 1}, {likes[i].text, strlen(likes[i].text)}};
        struct ncm_run r = {.params = &kv, .n_params = 1};
        for (int fold = 0; fold < 2; fold++) {
            char *filter =
                ncm_sprintf("params.k %s '%s'", fold ? "ILIKE" : "LIKE", likes[i].pattern);
            bool want = fold ? likes[i].ilike : likes[i].like;
            if (matches(filter, &r, NCM_SEARCH_FILES) != want)
                fail_msg("%s on '%s'", filter, likes[i].text);
            ncm_free(filter);
        }
    }
}

static void the_records_name_counts(void **state)
{
    (void)state;
    struct ncm_kv tag = {{"mlflow.runName", 14}, {"tag", 3}};
    struct ncm_run r = {.name = {"record", 6}, .tags = &tag, .n_tags = 1};
    assert_true(matches("run_name = 'record'", &r, NCM_SEARCH_FILES));
    assert_false(matches("run_name = 'tag'", &r, NCM_SEARCH_FILES));
    assert_true(matches("run_name = 'tag'", &r, NCM_SEARCH_SQL));
    r.name = (struct ncm_str){0};
    assert_false(matches("run_name != 'x'", &r, NCM_SEARCH_FILES));
}

static int set_up(void **state)
{
    (void)state;
    ncm_text_init("en", false);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_are_those_of_the_file_store),
        cmocka_unit_test(the_records_name_counts),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
