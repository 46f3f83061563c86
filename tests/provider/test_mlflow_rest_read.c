/* What a tracking server answers, as records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "provider/fake_mlflow.h"

static void experiments(void)
{
    mlf_put("{'experiments':[{'experiment_id':'0','name':'Default','lifecycle_stage':'active',"
            "'last_update_time':100,'creation_time':50,'artifact_location':'mlflow-artifacts:/0'},"
            "{'experiment_id':'1','name':'사기 탐지','lifecycle_stage':'active',"
            "'last_update_time':300,'creation_time':60,"
            "'tags':[{'key':'team','value':'risk'},{'key':'a','value':''}]},"
            "{'experiment_id':'2','name':'old','lifecycle_stage':'deleted',"
            "'last_update_time':200,'creation_time':70}]}");
}

static void experiments_are_read(void **state)
{
    (void)state;
    experiments();
    mlf_run("r1", "1", 1000, "RUNNING", NULL, NULL);
    mlf_run("r2", "1", 2000, "RUNNING", NULL, NULL);
    mlf_run("r3", "0", 2000, "FINISHED", NULL, NULL);
    struct ncm_query *q = ncm_query_new(NCM_T_EXPERIMENTS);
    q->view = NCM_VIEW_ALL;
    const struct ncm_experiments_snapshot *s = mlf_get(mlf, q);
    assert_int_equal(s->n, 3);
    const struct ncm_experiment *e = &s->items[0]; /* newest update first */
    assert_string_equal(e->id.p, "1");
    assert_string_equal(e->name.p, "사기 탐지");
    assert_null(e->artifact_location.p);
    assert_int_equal(e->last_update_ms, 300);
    assert_int_equal(e->creation_ms, 60);
    assert_int_equal(e->n_tags, 2);
    assert_string_equal(e->tags[0].key.p, "a");
    assert_string_equal(e->tags[0].value.p, "");
    assert_string_equal(e->tags[1].value.p, "risk");
    assert_int_equal(e->running_count, 2);
    assert_int_equal(e->run_count, -1); /* the API does not count them */
    assert_string_equal(s->items[1].id.p, "2");
    assert_int_equal(s->items[1].lifecycle, NCM_DELETED);
    assert_int_equal(s->items[1].running_count, -1);
    assert_int_equal(s->items[2].running_count, 0);
    ncm_snapshot_unref(s);

    q = ncm_query_new(NCM_T_EXPERIMENTS);
    q->view = NCM_VIEW_DELETED;
    s = mlf_get(mlf, q);
    assert_int_equal(s->n, 1);
    ncm_snapshot_unref(s);
}

static void more_running_runs_than_are_counted_are_unknown(void **state)
{
    (void)state;
    experiments();
    for (int i = 0; i < 101; i++) {
        char id[16];
        snprintf(id, sizeof id, "r%d", i);
        mlf_run(id, "1", 1000, "RUNNING", NULL, NULL);
    }
    const struct ncm_experiments_snapshot *s = mlf_get(mlf, ncm_query_new(NCM_T_EXPERIMENTS));
    assert_int_equal(s->items[0].running_count, -1);
    ncm_snapshot_unref(s);
}

static void experiments_that_come_twice_are_one(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){.on = "experiments/search .*page_token",
                               .text = "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"a\"},"
                                       "{\"experiment_id\":\"3\",\"name\":\"c\"}]}"});
    mlf_rule((struct mlf_rule){
        .on = "experiments/search",
        .text = "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"a\"},"
                "{\"experiment_id\":\"2\",\"name\":\"b\"}],\"next_page_token\":\"x\"}"});
    const struct ncm_experiments_snapshot *s = mlf_get(mlf, ncm_query_new(NCM_T_EXPERIMENTS));
    assert_int_equal(s->n, 3);
    ncm_snapshot_unref(s);
}

#define RUN_ID "5b496ab5e47043ad9ec3c54715df435e"

static void a_run_is_read_with_all_that_belongs_to_it(void **state)
{
    (void)state;
    mlf_put(
        "{'runs':[{'info':{'run_id':'" RUN_ID "','run_uuid':'" RUN_ID "',"
        "'run_name':'kind-fox','experiment_id':'1','user_id':'kim','status':'FINISHED',"
        "'start_time':1795236948686,'end_time':1795237487419,'artifact_uri':'s3://b/1',"
        "'lifecycle_stage':'active'},'data':{'metrics':["
        "{'key':'loss','value':'NaN','timestamp':3,'step':9007199254740993},"
        "{'key':'auc','value':0.93,'timestamp':2,'step':7},"
        "{'key':'gain','value':1.7976931348623157e+308,'timestamp':2,'step':0},"
        "{'key':'drop','value':'-Infinity','timestamp':2,'step':0}],"
        "'params':[{'key':'lr','value':'0.1'},{'key':'empty'}],"
        "'tags':[{'key':'mlflow.parentRunId','value':'p1'},{'key':'x','value':'y'}]},"
        "'inputs':{'dataset_inputs':[{'tags':[{'key':'mlflow.data.context','value':'training'}],"
        "'dataset':{'name':'d','digest':'abc','source_type':'s3','source':'{}'}}]},"
        "'outputs':{'model_outputs':[{'model_id':'m-1','step':0},{'model_id':'m-2'}]}}],"
        "'versions':[{'name':'m','version':'9','run_id':'" RUN_ID "','current_stage':'None'},"
        "{'name':'m','version':'10','run_id':'" RUN_ID "','current_stage':'Production'},"
        "{'name':'m','version':'11','run_id':'other'}]}");
    mlf_rule((struct mlf_rule){
        .on = "/logged-models/m-1",
        .text = "{\"model\":{\"info\":{\"name\":\"net\",\"status\":\"LOGGED_MODEL_READY\","
                "\"artifact_uri\":\"s3://m\",\"model_type\":\"agent\"}}}"});
    const struct ncm_run_snapshot *s = mlf_get(mlf, ncm_query_run(RUN_ID));
    const struct ncm_run *r = &s->run;
    assert_string_equal(r->name.p, "kind-fox");
    assert_string_equal(r->user.p, "kim");
    assert_int_equal(r->status, NCM_RUN_FINISHED);
    assert_true(r->start_ms == 1795236948686 && r->end_ms == 1795237487419);
    assert_string_equal(r->parent_id.p, "p1");
    assert_int_equal(r->n_metrics, 4);
    assert_int_equal(ncm_run_metric(r, "loss")->value.kind, NCM_V_NAN);
    assert_true(ncm_run_metric(r, "loss")->step == 9007199254740993);
    assert_int_equal(ncm_run_metric(r, "gain")->value.kind, NCM_V_PINF);
    assert_int_equal(ncm_run_metric(r, "drop")->value.kind, NCM_V_NINF);
    assert_true(ncm_run_metric(r, "auc")->value.num == 0.93);
    assert_string_equal(ncm_run_param(r, "empty")->value.p, "");
    assert_int_equal(r->n_inputs, 1);
    assert_string_equal(r->inputs[0].context.p, "training");
    assert_string_equal(r->inputs[0].digest.p, "abc");
    assert_int_equal(r->n_logged_models, 2);
    assert_string_equal(r->logged_models[0].name.p, "net");
    assert_string_equal(r->logged_models[0].status.p, "READY");
    assert_string_equal(r->logged_models[1].id.p, "m-2"); /* one that cannot be read keeps its id */
    assert_null(r->logged_models[1].name.p);
    assert_int_equal(r->n_versions, 2);
    assert_string_equal(r->versions[0].version.p, "10"); /* as numbers, not as text */
    assert_string_equal(r->versions[0].stage.p, "Production");
    ncm_snapshot_unref(s);
}

static void a_run_is_found_by_the_beginning_of_its_id(void **state)
{
    (void)state;
    experiments();
    mlf_run("aaaa11111111111111111111111111aa", "1", 1, "FINISHED", NULL, NULL);
    mlf_run("aaaa22222222222222222222222222aa", "1", 1, "FINISHED", NULL, NULL);
    const struct ncm_run_snapshot *s = mlf_get(mlf, ncm_query_run("aaaa1"));
    assert_string_equal(s->run.id.p, "aaaa11111111111111111111111111aa");
    ncm_snapshot_unref(s);
    struct ncm_err e = mlf_fails(ncm_query_run("aaaa"), NCM_USAGE);
    assert_non_null(strstr(e.hint, "aaaa22222222222222222222222222aa"));
    e = mlf_fails(ncm_query_run("bbbb"), NCM_NOT_FOUND);
    assert_non_null(strstr(e.what, "bbbb"));
    mlf_fails(ncm_query_run("x' OR '1"), NCM_NOT_FOUND);
    assert_int_equal(mlf_count("LIKE 'x"), 0);
}

static void a_run_with_a_quote_in_its_id_is_only_a_run(void **state)
{
    (void)state;
    mlf_rule(
        (struct mlf_rule){.on = "runs/get", .text = "{\"run\":{\"info\":{\"run_id\":\"it's\"}}}"});
    const struct ncm_run_snapshot *s = mlf_get(mlf, ncm_query_run(RUN_ID));
    assert_string_equal(s->run.id.p, "it's");
    assert_int_equal(s->run.n_versions, 0);
    assert_int_equal(s->run.status, NCM_RUN_UNKNOWN);
    assert_true(s->run.start_ms == NCM_NO_TIME);
    ncm_snapshot_unref(s);
}

/* ---- histories ------------------------------------------------------------------------------- */

#define POINT(value, time, step)                                                                   \
    "{\"key\":\"k\",\"value\":" value ",\"timestamp\":" time ",\"step\":" step "}"

static void a_history_comes_page_by_page_in_order(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){
        .on = "metrics/get-history\\?.*page_token=a%2Fb",
        .text = "{\"metrics\":[" POINT("3", "9", "1") "," POINT("\"NaN\"", "8", "2") "]}"});
    mlf_rule((struct mlf_rule){.on = "metrics/get-history\\?",
                               .text = "{\"metrics\":[" POINT("1", "5", "5") "," POINT(
                                   "2", "4", "1") "],\"next_page_token\":\"a/b\"}"});
    const struct ncm_series_snapshot *s = mlf_get(mlf, ncm_query_series(RUN_ID, "a key/ü", 0));
    assert_int_equal(s->n, 4);
    assert_int_equal(s->total, 4);
    assert_true(s->points[0].value.num == 2 && s->points[1].value.num == 3);
    assert_int_equal(s->points[2].value.kind, NCM_V_NAN);
    assert_int_equal(s->points[3].step, 5);
    ncm_snapshot_unref(s);
    assert_int_equal(mlf_count("metric_key=a%20key%2F%C3%BC"), 2);
}

static void a_sample_is_taken_where_it_is_enough(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){
        .on = "get-history-bulk-interval.*max_results=2 ",
        .text = "{\"metrics\":[" POINT("1", "1", "1") "," POINT("2", "2", "900") "]}"});
    struct ncm_query *q = ncm_query_series(RUN_ID, "k", 2);
    q->sampled = true;
    const struct ncm_series_snapshot *s = mlf_get(mlf, q);
    assert_int_equal(s->n, 2);
    assert_int_equal(s->total, -1); /* how many there are is not told */
    ncm_snapshot_unref(s);
}

static void a_server_without_samples_is_asked_for_them_once(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){
        .on = "bulk-interval", .status = 404, .type = "text/html", .text = "<html>"});
    mlf_rule((struct mlf_rule){.on = "get-history\\?",
                               .text = "{\"metrics\":[" POINT("1", "1", "1") "]}"});
    for (int i = 0; i < 2; i++) {
        struct ncm_query *q = ncm_query_series(RUN_ID, "k", 100);
        q->sampled = true;
        const struct ncm_series_snapshot *s = mlf_get(mlf, q);
        assert_int_equal(s->total, 1);
        ncm_snapshot_unref(s);
    }
    assert_int_equal(mlf_count("bulk-interval"), 1);
    assert_int_equal(mlf_count("get-history\\?"), 2);
}

/* ---- artifacts ------------------------------------------------------------------------------- */

static void artifacts_are_listed_folders_first(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){
        .on = "artifacts/list.*&path=model%20x ",
        .text = "{\"root_uri\":\"mlflow-artifacts:/1\",\"files\":["
                "{\"path\":\"model x/b\",\"is_dir\":false,\"file_size\":\"12\"},"
                "{\"path\":\"model x/z\",\"is_dir\":true},{\"path\":\"model x/a\",\"is_dir\":false}"
                "]}"});
    const struct ncm_artifacts_snapshot *s = mlf_get(mlf, ncm_query_artifacts(RUN_ID, "model x"));
    assert_string_equal(s->root.p, "mlflow-artifacts:/1");
    assert_int_equal(s->n, 3);
    assert_string_equal(s->items[0].path.p, "model x/z");
    assert_true(s->items[0].is_dir && s->items[0].size == -1);
    assert_string_equal(s->items[1].path.p, "model x/a");
    assert_int_equal(s->items[1].size, -1);
    assert_int_equal(s->items[2].size, 12); /* a number as text */
    ncm_snapshot_unref(s);
    mlf_fails(ncm_query_artifacts(RUN_ID, "../x"), NCM_REFUSED);
    mlf_fails(ncm_query_artifact(RUN_ID, "a/../../x", 0), NCM_REFUSED);
    assert_int_equal(mlf_count("\\.\\."), 0);
}

static void a_store_that_the_server_cannot_read_says_why(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){
        .on = "artifacts/list",
        .status = 500,
        .text = "{\"error_code\":\"INTERNAL_ERROR\",\"message\":\"no access to bucket b\"}"});
    const struct ncm_artifacts_snapshot *s = mlf_get(mlf, ncm_query_artifacts(RUN_ID, ""));
    assert_non_null(strstr(ncm_cstr(s->why), "no access to bucket b"));
    ncm_snapshot_unref(s);
}

static void content_is_cut_where_it_is_enough(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){.on = "^GET /get-artifact\\?run_id=" RUN_ID "&path=a%2Fb.txt ",
                               .type = "text/plain",
                               .text = "0123456789"});
    const struct ncm_artifact_snapshot *s = mlf_get(mlf, ncm_query_artifact(RUN_ID, "a/b.txt", 4));
    assert_string_equal(s->content.p, "0123");
    assert_true(s->truncated && !s->binary);
    assert_int_equal(s->size, 10);
    ncm_snapshot_unref(s);
    s = mlf_get(mlf, ncm_query_artifact(RUN_ID, "a/b.txt", 0));
    assert_string_equal(s->content.p, "0123456789");
    assert_false(s->truncated);
    ncm_snapshot_unref(s);
    mlf_rule((struct mlf_rule){
        .on = "get-artifact", .status = 500, .type = "text/html", .text = "<html>"});
    /* A failure like that of a file that is not there: the list of its folder decides. */
    mlf_rule((struct mlf_rule){
        .on = "artifacts/list",
        .text = "{\"root_uri\":\"s3://b\",\"files\":[{\"path\":\"here\",\"is_dir\":false}]}"});
    struct ncm_err e = mlf_fails(ncm_query_artifact(RUN_ID, "gone", 0), NCM_NOT_FOUND);
    assert_non_null(strstr(e.what, "gone"));
    mlf_fails(ncm_query_artifact(RUN_ID, "here", 0), NCM_UNREACHABLE);
}

/* A wrong address must not look like an empty registry. */
static void what_is_no_server_has_no_empty_registry(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){
        .on = ".", .status = 404, .type = "text/html", .text = "<html>nothing here"});
    struct ncm_err e = mlf_fails(ncm_query_new(NCM_T_MODELS), NCM_UNSUPPORTED);
    assert_non_null(strstr(e.hint, "MLflow"));
    mlf_fails(ncm_query_new(NCM_T_STORE), NCM_UNSUPPORTED);
}

/* ---- what the store is ------------------------------------------------------------------------
 */

static void the_store_says_what_it_can_do(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){
        .on = "registered-models/alias",
        .status = 404,
        .text = "{\"error_code\":\"RESOURCE_DOES_NOT_EXIST\",\"message\":\"none\"}"});
    const struct ncm_store_snapshot *s = mlf_get(mlf, ncm_query_new(NCM_T_STORE));
    assert_string_equal(s->release.p, "MLflow 3.17.2");
    assert_string_equal(s->location.p, mlf_url());
    assert_true(s->has_registry && s->has_stages && s->has_aliases && s->has_inputs &&
                s->has_logged_models && s->writable);
    ncm_snapshot_unref(s);
    mlf_forget();
    s = mlf_get(mlf, ncm_query_new(NCM_T_STORE));
    ncm_snapshot_unref(s);
    assert_int_equal(mlf_count(""), 0); /* once a connection is enough */
}

static void an_old_server_has_no_aliases(void **state)
{
    (void)state;
    mlf_rule(
        (struct mlf_rule){.on = " /version", .status = 404, .type = "text/html", .text = "<html>"});
    mlf_rule((struct mlf_rule){
        .on = "logged-models", .status = 404, .type = "text/html", .text = "<html>"});
    const struct ncm_store_snapshot *s = mlf_get(mlf, ncm_query_new(NCM_T_STORE));
    assert_true(s->has_registry && s->has_stages);
    assert_false(s->has_aliases || s->has_inputs || s->has_logged_models);
    assert_non_null(strstr(s->release.p, "2.0"));
    ncm_snapshot_unref(s);
}

static void a_server_without_registry_has_neither(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){.on = "registered-models|model-versions",
                               .status = 404,
                               .type = "text/html",
                               .text = "<html>"});
    const struct ncm_store_snapshot *s = mlf_get(mlf, ncm_query_new(NCM_T_STORE));
    assert_false(s->has_registry || s->has_stages || s->has_aliases);
    ncm_snapshot_unref(s);
    const struct ncm_models_snapshot *m = mlf_get(mlf, ncm_query_new(NCM_T_MODELS));
    assert_int_equal(m->n, 0);
    ncm_snapshot_unref(m);
    mlf_put("{'runs':[{'info':{'run_id':'" RUN_ID "','experiment_id':'1'}}]}");
    const struct ncm_run_snapshot *r = mlf_get(mlf, ncm_query_run(RUN_ID));
    assert_int_equal(r->run.n_versions, 0);
    ncm_snapshot_unref(r);
}

static void keys_are_those_of_the_runs(void **state)
{
    (void)state;
    experiments();
    mlf_run("r1", "1", 1, "FINISHED", "loss", "1");
    mlf_run("r2", "0", 2, "FINISHED", "auc", "1");
    mlf_run("r3", "0", 3, "FINISHED", "auc", "1");
    const struct ncm_run_keys_snapshot *s = mlf_get(mlf, ncm_query_new(NCM_T_RUN_KEYS));
    assert_int_equal(s->n_metrics, 2);
    assert_string_equal(s->metrics[0].p, "auc");
    assert_int_equal(s->n_params, 0);
    ncm_snapshot_unref(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MLF_TEST(experiments_are_read),
        MLF_TEST(more_running_runs_than_are_counted_are_unknown),
        MLF_TEST(experiments_that_come_twice_are_one),
        MLF_TEST(a_run_is_read_with_all_that_belongs_to_it),
        MLF_TEST(a_run_is_found_by_the_beginning_of_its_id),
        MLF_TEST(a_run_with_a_quote_in_its_id_is_only_a_run),
        MLF_TEST(a_history_comes_page_by_page_in_order),
        MLF_TEST(a_sample_is_taken_where_it_is_enough),
        MLF_TEST(a_server_without_samples_is_asked_for_them_once),
        MLF_TEST(artifacts_are_listed_folders_first),
        MLF_TEST(a_store_that_the_server_cannot_read_says_why),
        MLF_TEST(content_is_cut_where_it_is_enough),
        MLF_TEST(what_is_no_server_has_no_empty_registry),
        MLF_TEST(the_store_says_what_it_can_do),
        MLF_TEST(an_old_server_has_no_aliases),
        MLF_TEST(a_server_without_registry_has_neither),
        MLF_TEST(keys_are_those_of_the_runs),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
