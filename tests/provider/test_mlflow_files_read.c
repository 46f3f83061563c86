/* What is read from a file store is what each release's own client returned for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "io/file.h"
#include "provider/file_stores.h"
#include "provider/mlflow_files/mlflow_files.h"
#include "provider/stores.h"
#include "unit/scratch.h"

static const char *const versions[] = {"1.30.1", "2.9.2", "2.22.5", "3.17.2"};

struct store {
    char *root;
    struct ncm_conn *c;
    struct ncm_doc *doc;
    const struct ncm_node *expected;
};

static struct store open_version(const char *version)
{
    struct store s = {.root = folder_copy(version, version)};
    char *oracle = ncm_sprintf("mlruns-%s", version);
    s.c = folder_open(s.root);
    s.doc = store_expected(oracle);
    s.expected = ncm_doc_root(s.doc);
    ncm_free(oracle);
    return s;
}

static void close_store(struct store *s)
{
    folder_close(s->c);
    ncm_doc_free(s->doc);
    ncm_free(s->root);
}

static void every_version(void (*check)(struct store *s))
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct store s = open_version(versions[i]);
        check(&s);
        close_store(&s);
    }
}

static void check_experiments(struct store *s)
{
    struct ncm_query *q = ncm_query_new(NCM_T_EXPERIMENTS);
    const struct ncm_node *want = ncm_node_get(s->expected, "experiments");
    q->view = NCM_VIEW_ALL;
    const struct ncm_experiments_snapshot *got = folder_get(s->c, q);
    assert_int_equal(got->n, want->n);
    for (size_t i = 0; i < got->n; i++) {
        const struct ncm_experiment *e = &got->items[i];
        for (size_t k = 0; k < want->n; k++) {
            const struct ncm_node *w = &want->items[k];
            if (!ncm_str_is(e->id, ncm_node_str(w, "experiment_id", "")))
                continue;
            assert_string_equal(ncm_cstr(e->name), ncm_node_str(w, "name", ""));
            assert_int_equal(e->lifecycle == NCM_DELETED,
                             strcmp(ncm_node_str(w, "lifecycle_stage", ""), "deleted") == 0);
            assert_true(e->last_update_ms == ncm_node_i64(w, "last_update_time", NCM_NO_TIME));
            assert_int_equal(e->n_tags, ncm_node_get(w, "tags")->n);
        }
    }
    ncm_snapshot_unref(got);
}

static void experiments_are_the_same(void **state)
{
    (void)state;
    every_version(check_experiments);
}

static void check_run(const struct ncm_run *r, const struct ncm_node *w)
{
    const struct ncm_node *metrics = ncm_node_get(w, "metrics");
    const struct ncm_node *params = ncm_node_get(w, "params");
    assert_string_equal(r->id.p, ncm_node_str(w, "run_id", ""));
    assert_string_equal(r->status_text.p, ncm_node_str(w, "status", ""));
    assert_true(r->start_ms == ncm_node_i64(w, "start_time", NCM_NO_TIME));
    assert_true(r->end_ms == ncm_node_i64(w, "end_time", NCM_NO_TIME));
    assert_int_equal(r->n_metrics, metrics->n);
    for (size_t i = 0; i < r->n_metrics; i++) {
        const struct ncm_node *v = ncm_node_get(metrics, r->metrics[i].key.p);
        double number = 0;
        assert_non_null(v);
        if (v->kind == NCM_NODE_STR && strcmp(v->str, "NaN") == 0)
            assert_int_equal(r->metrics[i].value.kind, NCM_V_NAN);
        else if (v->kind == NCM_NODE_STR)
            assert_true(ncm_parse_double(v->str, &number) && number == r->metrics[i].value.num);
        else
            assert_true(v->num == r->metrics[i].value.num);
    }
    assert_int_equal(r->n_params, params->n);
    for (size_t i = 0; i < r->n_params; i++)
        assert_string_equal(r->params[i].value.p, ncm_node_str(params, r->params[i].key.p, ""));
    assert_int_equal(r->n_tags, ncm_node_get(w, "tags")->n);
}

static void check_runs(struct store *s)
{
    const struct ncm_node *all = ncm_node_get(s->expected, "runs");
    for (size_t e = 0; e < all->n; e++) {
        struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
        ncm_query_add_id(q, all->items[e].key);
        q->view = NCM_VIEW_ALL;
        q->all_columns = true;
        const struct ncm_runs_snapshot *got = folder_get(s->c, q);
        assert_int_equal(got->n, all->items[e].n);
        assert_int_equal(got->total, got->n);
        for (size_t i = 0; i < got->n; i++)
            check_run(ncm_runs_at(got, i), &all->items[e].items[i]);
        ncm_snapshot_unref(got);
    }
}

static void runs_are_the_same_in_the_same_order(void **state)
{
    (void)state;
    every_version(check_runs);
}

static void check_search(struct store *s)
{
    const struct ncm_node *orders = ncm_node_get(s->expected, "order");
    const struct ncm_node *filters = ncm_node_get(s->expected, "filter");
    for (size_t k = 0; k < orders->n; k++) {
        struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
        ncm_query_add_order(q, orders->items[k].key);
        const struct ncm_runs_snapshot *got = folder_get(s->c, q);
        assert_true(got->n >= orders->items[k].n); /* some list only the first */
        for (size_t i = 0; i < orders->items[k].n; i++)
            assert_string_equal(ncm_runs_at(got, i)->id.p, orders->items[k].items[i].str);
        ncm_snapshot_unref(got);
    }
    for (size_t k = 0; k < filters->n; k++) {
        struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
        q->filter = ncm_strdup(filters->items[k].key);
        const struct ncm_runs_snapshot *got = folder_get(s->c, q);
        assert_int_equal(got->n, filters->items[k].n);
        for (size_t i = 0; i < filters->items[k].n; i++)
            folder_find(got, filters->items[k].items[i].str);
        ncm_snapshot_unref(got);
    }
}

static void orders_and_filters_give_the_same(void **state)
{
    (void)state;
    every_version(check_search);
}

static void check_registry(struct store *s)
{
    const struct ncm_node *want = ncm_node_get(s->expected, "registered_models");
    const struct ncm_models_snapshot *got = folder_get(s->c, ncm_query_new(NCM_T_MODELS));
    assert_int_equal(got->n, want->n);
    for (size_t i = 0; i < want->n; i++) {
        const struct ncm_node *w = &want->items[i], *vs = ncm_node_get(w, "versions");
        const struct ncm_model *m = ncm_models_find(got, ncm_node_str(w, "name", ""));
        assert_non_null(m);
        assert_int_equal(m->n_versions, vs->n);
        assert_int_equal(m->n_tags, ncm_node_get(w, "tags")->n);
        assert_int_equal(m->n_aliases, ncm_node_get(w, "aliases")->n);
        for (size_t k = 0; k < vs->n; k++) {
            const struct ncm_model_version *v =
                ncm_model_version(m, ncm_node_str(&vs->items[k], "version", ""));
            assert_non_null(v);
            assert_string_equal(v->stage_text.p, ncm_node_str(&vs->items[k], "current_stage", ""));
            assert_int_equal(v->n_aliases, ncm_node_get(&vs->items[k], "aliases")->n);
        }
    }
    ncm_snapshot_unref(got);
}

static void the_registry_is_the_same(void **state)
{
    (void)state;
    every_version(check_registry);
}

static void the_store_says_what_it_has(void **state)
{
    static const char *const releases[] = {"MLflow 1", "MLflow 2", "MLflow 2", "MLflow 3"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct store s = open_version(versions[i]);
        const struct ncm_store_snapshot *got = folder_get(s.c, ncm_query_new(NCM_T_STORE));
        const struct ncm_node *runs = ncm_node_get(s.expected, "runs");
        int64_t n = 0;
        for (size_t k = 0; k < runs->n; k++)
            n += (int64_t)runs->items[k].n;
        assert_string_equal(got->kind.p, "MLflow files");
        assert_string_equal(got->release.p, releases[i]);
        assert_int_equal(got->has_registry, i > 0);
        assert_int_equal(got->has_logged_models, i == 3);
        assert_int_equal(got->n_runs, n);
        assert_true(got->writable);
        ncm_snapshot_unref(got);
        close_store(&s);
    }
}

static void one_run_has_everything(void **state)
{
    (void)state;
    struct store s = open_version("3.17.2");
    const struct ncm_node *runs = ncm_node_get(s.expected, "runs");
    size_t with_inputs = 0, with_models = 0;
    for (size_t e = 0; e < runs->n; e++)
        for (size_t i = 0; i < runs->items[e].n; i++) {
            const struct ncm_node *w = &runs->items[e].items[i];
            const struct ncm_node *inputs = ncm_node_get(w, "dataset_inputs");
            const struct ncm_node *models = ncm_node_get(w, "model_outputs");
            char *prefix = ncm_strndup(ncm_node_str(w, "run_id", ""), 12);
            const struct ncm_run_snapshot *got = folder_get(s.c, ncm_query_run(prefix));
            check_run(&got->run, w);
            assert_int_equal(got->run.n_inputs, inputs != NULL ? inputs->n : 0);
            with_inputs += inputs != NULL;
            if (models != NULL) {
                assert_true(got->run.n_logged_models >= models->n);
                with_models++;
            }
            ncm_snapshot_unref(got);
            ncm_free(prefix);
        }
    assert_true(with_inputs > 0 && with_models > 0);
    close_store(&s);
}

/* The store was made elsewhere: its artifacts are found in the folder that is here. */
static void artifacts_of_a_moved_store_are_found(void **state)
{
    struct ncm_err err;
    (void)state;
    struct store s = open_version("1.30.1");
    const char *run = "5882e197dbcc44c697ccded71f78c6e7";
    const struct ncm_artifacts_snapshot *top = folder_get(s.c, ncm_query_artifacts(run, ""));
    assert_true(top->why.p == NULL);
    assert_int_equal(top->n, 1);
    assert_string_equal(top->items[0].path.p, "random_forest_model");
    ncm_snapshot_unref(top);
    const struct ncm_artifact_snapshot *file =
        folder_get(s.c, ncm_query_artifact(run, "random_forest_model/MLmodel", 0));
    assert_non_null(strstr(file->content.p, "flavors:"));
    ncm_snapshot_unref(file);
    assert_null(folder_ask(s.c, ncm_query_artifact(run, "../meta.yaml", 0), &err));
    assert_int_equal(err.code, NCM_REFUSED);
    close_store(&s);
}

static void keys_are_those_of_all_runs(void **state)
{
    (void)state;
    char *root = folder_make("keys");
    folder_run(root, "0123456789abcdef0123456789abcdef", 10, 3);
    folder_write(root, "1 2 3\n", "1/0123456789abcdef0123456789abcdef/metrics/val/f1");
    folder_write(root, "x", "1/0123456789abcdef0123456789abcdef/params/lr");
    struct ncm_conn *c = folder_open(root);
    const struct ncm_run_keys_snapshot *k = folder_get(c, ncm_query_new(NCM_T_RUN_KEYS));
    assert_int_equal(k->n_metrics, 1);
    assert_string_equal(k->metrics[0].p, "val/f1");
    assert_int_equal(k->n_params, 1);
    assert_int_equal(k->n_tags, 0);
    ncm_snapshot_unref(k);
    folder_write(root, "1 2 3\n", "1/0123456789abcdef0123456789abcdef/metrics/val/auc");
    k = folder_get(c, ncm_query_new(NCM_T_RUN_KEYS));
    assert_int_equal(k->n_metrics, 2);
    ncm_snapshot_unref(k);
    folder_close(c);
    ncm_free(root);
}

static void a_store_is_told_from_a_folder_of_artifacts(void **state)
{
    struct ncm_err err;
    (void)state;
    char *root = folder_make("told");
    char *uri = ncm_sprintf("file://%s", root), *artifacts = ncm_strdup(scratch("artifacts"));
    char *state_path = ncm_mlflow_files.state_path(root);
    folder_write(artifacts, "x", "1/0123456789abcdef0123456789abcdef/artifacts/model/MLmodel");
    assert_int_equal(ncm_mlflow_files.probe(root), 100);
    assert_int_equal(ncm_mlflow_files.probe(uri), 100);
    assert_int_equal(ncm_mlflow_files.probe(artifacts), 0);
    assert_int_equal(ncm_mlflow_files.probe("http://localhost:5000"), 0);
    assert_int_equal(ncm_mlflow_files.probe(scratch("nothing here")), 0);
    assert_string_equal(strrchr(state_path, '/'), "/told.ncmlops.db");
    struct ncm_conn *c;
    struct ncm_control control = {0};
    assert_false(
        ncm_mlflow_files.open(&(struct ncm_place){.location = artifacts}, &c, &control, &err));
    assert_int_equal(err.code, NCM_INVALID_DATA);
    ncm_free(state_path);
    ncm_free(artifacts);
    ncm_free(uri);
    ncm_free(root);
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(experiments_are_the_same),
        cmocka_unit_test(runs_are_the_same_in_the_same_order),
        cmocka_unit_test(orders_and_filters_give_the_same),
        cmocka_unit_test(the_registry_is_the_same),
        cmocka_unit_test(the_store_says_what_it_has),
        cmocka_unit_test(one_run_has_everything),
        cmocka_unit_test(artifacts_of_a_moved_store_are_found),
        cmocka_unit_test(keys_are_those_of_all_runs),
        cmocka_unit_test(a_store_is_told_from_a_folder_of_artifacts),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
