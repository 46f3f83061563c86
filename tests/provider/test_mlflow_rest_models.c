/* A registry over the API, as servers of several ages write it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "provider/fake_mlflow.h"
#include "provider/mlflow_rest/mlflow_rest.h"

static const struct ncm_models_snapshot *models(void)
{
    return mlf_get(mlf, ncm_query_new(NCM_T_MODELS));
}

static void models_come_with_their_versions_and_aliases(void **state)
{
    (void)state;
    mlf_put("{'models':[{'name':'b','description':'two','creation_timestamp':1,"
            "'last_updated_timestamp':2,'tags':[{'key':'t','value':'v'}],"
            "'aliases':[{'alias':'old','version':'9'},{'alias':'champion','version':'10'},"
            "{'alias':'best','version':'10'},{'alias':'lost','version':'3'}]},{'name':'a'}],"
            "'versions':[{'name':'b','version':'9','current_stage':'Archived','status':'READY'},"
            "{'name':'b','version':'10','current_stage':'Production','run_id':'r','user_id':'kim',"
            "'source':'s3://x','description':'ten','creation_timestamp':5,"
            "'last_updated_timestamp':6,'tags':[{'key':'k','value':'w'}]}]}");
    const struct ncm_models_snapshot *s = models();
    assert_int_equal(s->n, 2);
    assert_string_equal(s->items[0].name.p, "a");
    assert_int_equal(s->items[0].n_versions, 0);
    const struct ncm_model *m = ncm_models_find(s, "b");
    assert_string_equal(m->description.p, "two");
    assert_int_equal(m->n_tags, 1);
    assert_int_equal(m->n_versions, 2);
    const struct ncm_model_version *v = &m->versions[0]; /* 10 before 9: as numbers */
    assert_string_equal(v->version.p, "10");
    assert_int_equal(v->stage, NCM_STAGE_PRODUCTION);
    assert_int_equal(v->n_aliases, 2);
    assert_string_equal(v->aliases[0].p, "best");
    assert_string_equal(v->aliases[1].p, "champion");
    assert_string_equal(v->user.p, "kim");
    assert_true(v->creation_ms == 5 && v->last_updated_ms == 6);
    assert_string_equal(m->versions[1].status.p, "READY");
    assert_int_equal(m->n_aliases, 4);
    assert_string_equal(m->aliases[2].name.p, "lost");
    assert_true(m->aliases[2].dangling);
    assert_false(m->aliases[1].dangling);
    ncm_snapshot_unref(s);
}

static void prompts_are_no_models(void **state)
{
    (void)state;
    mlf_put("{'models':[{'name':'p','tags':[{'key':'mlflow.prompt.is_prompt','value':'true'}]},"
            "{'name':'q'}],'versions':[{'name':'p','version':'1'},{'name':'q','version':'1'}]}");
    const struct ncm_models_snapshot *s = models();
    assert_int_equal(s->n, 1);
    assert_string_equal(s->items[0].name.p, "q");
    assert_int_equal(s->items[0].n_versions, 1);
    ncm_snapshot_unref(s);
}

static void other_shapes_are_understood(void **state)
{
    (void)state;
    /* Versions as numbers, aliases as a map, no stages at all. */
    mlf_put("{'models':[{'name':'m','aliases':{'champion':2,'old':'1'}},"
            "{'name':'n','aliases':[{'alias':'a','version':7}]}],"
            "'versions':[{'name':'m','version':1},{'name':'m','version':2},"
            "{'name':'n','version':'7'}]}");
    const struct ncm_models_snapshot *s = models();
    const struct ncm_model *m = ncm_models_find(s, "m");
    assert_string_equal(m->versions[0].version.p, "2");
    assert_int_equal(m->versions[0].number, 2);
    assert_string_equal(m->versions[0].stage_text.p, "None");
    assert_int_equal(m->versions[0].n_aliases, 1);
    assert_string_equal(m->versions[0].aliases[0].p, "champion");
    assert_int_equal(m->versions[1].n_aliases, 1);
    assert_false(ncm_models_find(s, "n")->aliases[0].dangling);
    ncm_snapshot_unref(s);
}

static void a_model_without_aliases_is_only_that(void **state)
{
    (void)state;
    /* 1.30: no aliases, latest_versions in each model. */
    mlf_put("{'models':[{'name':'m','latest_versions':[{'name':'m','version':'1'}]}],"
            "'versions':[{'name':'m','version':'1','current_stage':'staging'}]}");
    const struct ncm_models_snapshot *s = models();
    assert_int_equal(s->items[0].n_aliases, 0);
    assert_int_equal(s->items[0].n_versions, 1);
    assert_int_equal(s->items[0].versions[0].stage, NCM_STAGE_STAGING);
    ncm_snapshot_unref(s);
}

static void what_comes_twice_is_counted_once(void **state)
{
    (void)state;
    mlf_put("{'models':[{'name':'m'}]}");
    mlf_rule((struct mlf_rule){.on = "model-versions/search.*page_token",
                               .text = "{\"model_versions\":[{\"name\":\"m\",\"version\":\"2\"},"
                                       "{\"name\":\"m\",\"version\":\"1\"}]}"});
    mlf_rule((struct mlf_rule){
        .on = "model-versions/search",
        .text = "{\"model_versions\":[{\"name\":\"m\",\"version\":\"3\"},"
                "{\"name\":\"m\",\"version\":\"2\"}],\"next_page_token\":\"a&b\"}"});
    const struct ncm_models_snapshot *s = models();
    assert_int_equal(s->items[0].n_versions, 3);
    ncm_snapshot_unref(s);
    assert_int_equal(mlf_count("page_token=a%26b"), 1);
}

static void a_registry_that_breaks_off_is_an_error(void **state)
{
    (void)state;
    mlf_put("{'models':[{'name':'m'}]}");
    mlf_rule((struct mlf_rule){
        .on = "model-versions/search",
        .status = 400,
        .text = "{\"error_code\":\"INVALID_PARAMETER_VALUE\",\"message\":\"too many\"}"});
    struct ncm_err e = mlf_fails(ncm_query_new(NCM_T_MODELS), NCM_REFUSED);
    assert_non_null(strstr(e.what, "too many"));
}

#define VERSION(v, stage)                                                                          \
    "{\"name\":\"m\",\"version\":\"" v "\",\"current_stage\":\"" stage "\","                       \
    "\"last_updated_timestamp\":5}"

/* Somebody came to the stage between our look and our writing: that is taken back, and nobody
 * claims that nothing had been written. */
static void write_beside_another(const char *now, struct ncm_receipt *receipt, struct ncm_err *err)
{
    struct ncm_changes c;
    const struct ncm_control control = {0};
    mlf_put("{'models':[{'name':'m'}]}");
    mlf_rule((struct mlf_rule){.on = "POST .*transition-stage",
                               .times = 1,
                               .text = "{\"model_version\":" VERSION("2", "Production") "}"});
    mlf_rule((struct mlf_rule){.on = "POST .*transition-stage",
                               .text = "{\"model_version\":" VERSION("2", "None") "}"});
    mlf_rule((struct mlf_rule){.on = "model-versions/get", .text = now});
    mlf_rule((struct mlf_rule){.on = "model-versions/search.*filter",
                               .times = 1,
                               .text = "{\"model_versions\":[" VERSION("2", "None") "]}"});
    mlf_rule((struct mlf_rule){.on = "model-versions/search.*filter",
                               .text = "{\"model_versions\":[" VERSION(
                                   "2", "Production") "," VERSION("5", "Production") "]}"});
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_VERSION_STAGE, "m", "2", NULL, "None", "Production");
    c.items[0].extra = ncm_strdup("alone");
    assert_false(ncm_mlflow_rest.apply(mlf, &c, NULL, &control, receipt, err));
    ncm_changes_release(&c);
    assert_int_equal(err->code, NCM_CONFLICT);
    assert_null(strstr(err->what, "nothing was written"));
}

static void one_that_came_while_we_wrote_is_told_as_it_was(void **state)
{
    struct ncm_receipt receipt;
    struct ncm_err err;
    write_beside_another("{\"model_version\":" VERSION("2", "Production") "}", &receipt, &err);
    assert_non_null(strstr(err.what, "version 5 came to Production"));
    assert_non_null(strstr(err.hint, "was taken back"));
    assert_false(receipt.partial);
    assert_int_equal(mlf_count("POST .*transition-stage"), 2);

    mlf_done(state);
    mlf_fresh(state);
    write_beside_another("{\"model_version\":" VERSION("2", "Staging") "}", &receipt, &err);
    assert_non_null(strstr(err.what, "part of the change is written"));
    assert_non_null(strstr(err.detail, "version 5 came to Production"));
    assert_non_null(strstr(err.hint, "could not be taken back"));
    assert_true(receipt.partial);
}

static void versions_that_never_end_are_not_counted(void **state)
{
    struct ncm_err err;
    char *value = NULL;
    const struct ncm_change ask = {.kind = NCM_CH_MODEL_DELETE, .object = (char *)(uintptr_t) "m"};
    (void)state;
    mlf_put("{'models':[{'name':'m'}]}");
    mlf_rule((struct mlf_rule){.on = "model-versions/search",
                               .text = "{\"model_versions\":[{\"name\":\"m\",\"version\":\"1\"}],"
                                       "\"next_page_token\":\"x\"}"});
    mlf_rule((struct mlf_rule){.on = "registered-models/get",
                               .text = "{\"registered_model\":{\"name\":\"m\"}}"});
    assert_false(ncm_mlflow_rest.present(mlf, &ask, &value, &err));
    assert_int_equal(err.code, NCM_INVALID_DATA);
    assert_int_equal(mlf_count("model-versions/search"), 2);
}

static void lists_that_never_end_are_an_error_that_names_them(void **state)
{
    static const struct {
        const char *on, *text, *name;
        enum ncm_topic topic;
    } all[] = {
        {"experiments/search",
         "{\"experiments\":[{\"experiment_id\":\"1\"}],\"next_page_token\":\"x\"}", "experiments",
         NCM_T_EXPERIMENTS},
        {"registered-models/search",
         "{\"registered_models\":[{\"name\":\"m\"}],\"next_page_token\":\"x\"}",
         "registered_models", NCM_T_MODELS},
        {"model-versions/search",
         "{\"model_versions\":[{\"name\":\"m\",\"version\":\"1\"}],\"next_page_token\":\"x\"}",
         "model_versions", NCM_T_MODELS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char want[128];
        mlf_done(state);
        mlf_fresh(state);
        mlf_put("{'models':[{'name':'m'}]}");
        mlf_rule((struct mlf_rule){.on = all[i].on, .text = all[i].text});
        struct ncm_err e = mlf_fails(ncm_query_new(all[i].topic), NCM_INVALID_DATA);
        snprintf(want, sizeof want, "the same page of '%s' again and again", all[i].name);
        assert_non_null(strstr(e.what, want));
        assert_int_equal(mlf_count(all[i].on), 2);
    }
    mlf_rule((struct mlf_rule){
        .on = "get-history",
        .text = "{\"metrics\":[{\"value\":1,\"step\":1}],\"next_page_token\":\"x\"}"});
    struct ncm_err e = mlf_fails(ncm_query_series("r", "k", 0), NCM_INVALID_DATA);
    assert_non_null(strstr(e.what, "'metrics'"));
}

static void facts_are_those_of_the_models_file(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){
        .on = "/model-versions/get-artifact\\?name=a%20b%2Fc&version=2&path=MLmodel ",
        .type = "text/plain",
        .text =
            "flavors:\n  python_function:\n    python_version: 3.11.9\nmlflow_version: 2.9.2\n"});
    mlf_rule((struct mlf_rule){
        .on = "path=requirements.txt", .type = "text/plain", .text = "scikit-learn==1.3\nnumpy\n"});
    const struct ncm_facts_snapshot *s = mlf_get(mlf, ncm_query_facts("a b/c", "2"));
    assert_string_equal(s->facts.mlflow_version.p, "2.9.2");
    assert_string_equal(s->facts.python_version.p, "3.11.9");
    assert_int_equal(s->facts.n_requirements, 2);
    assert_null(s->facts.why.p);
    ncm_snapshot_unref(s);
}

static void files_that_are_not_there_are_no_failure(void **state)
{
    static const int statuses[] = {404, 500};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        mlf_done(state);
        mlf_fresh(state);
        mlf_rule((struct mlf_rule){.on = "get-artifact",
                                   .status = statuses[i],
                                   .type = "text/html",
                                   .text = "<html>Internal Server Error</html>"});
        const struct ncm_facts_snapshot *s = mlf_get(mlf, ncm_query_facts("m", "1"));
        assert_non_null(strstr(ncm_cstr(s->facts.why), "MLmodel"));
        ncm_snapshot_unref(s);
    }
    mlf_done(state);
    mlf_fresh(state);
    mlf_rule((struct mlf_rule){
        .on = "get-artifact", .status = 502, .type = "text/html", .text = "<html>"});
    mlf_fails(ncm_query_facts("m", "1"), NCM_UNREACHABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MLF_TEST(models_come_with_their_versions_and_aliases),
        MLF_TEST(prompts_are_no_models),
        MLF_TEST(other_shapes_are_understood),
        MLF_TEST(a_model_without_aliases_is_only_that),
        MLF_TEST(what_comes_twice_is_counted_once),
        MLF_TEST(a_registry_that_breaks_off_is_an_error),
        MLF_TEST(one_that_came_while_we_wrote_is_told_as_it_was),
        MLF_TEST(versions_that_never_end_are_not_counted),
        MLF_TEST(lists_that_never_end_are_an_error_that_names_them),
        MLF_TEST(facts_are_those_of_the_models_file),
        MLF_TEST(files_that_are_not_there_are_no_failure),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
