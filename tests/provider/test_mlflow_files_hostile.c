/* Files that nobody expects, and files that others are writing: one bad file hides only itself. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/num.h"
#include "io/file.h"
#include "provider/file_stores.h"
#include "provider/mlflow_files/mlflow_files.h"
#include "unit/scratch.h"

#define RUN_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define RUN_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static char *root;
static struct ncm_conn *conn;

static int set_up(void **state)
{
    static int serial;
    char name[32];
    (void)state;
    snprintf(name, sizeof name, "hostile-%d", serial++);
    root = folder_make(name);
    folder_run(root, RUN_A, 1000, 3);
    conn = folder_open(root);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_close(conn);
    ncm_free(root);
    return 0;
}

static size_t count_runs(void)
{
    const struct ncm_runs_snapshot *s = folder_runs(conn);
    size_t n = s->n;
    ncm_snapshot_unref(s);
    return n;
}

/* What is there of a run is there with it; the caller drops *s. */
static const struct ncm_run *run_a(const struct ncm_runs_snapshot **s)
{
    *s = folder_runs(conn);
    return folder_find(*s, RUN_A);
}

static void a_bad_meta_hides_only_its_run(void **state)
{
    static const char *const bad[] = {
        "",
        "run_id: [",
        "- a\n- b\n",
        "just text\n",
        "run_id: " RUN_B "\nexperiment_id: '1'\nstatus: nine\n",
        "run_id: " RUN_B "\nexperiment_id: '1'\nstatus: 9\n",
        "run_id: " RUN_B "\nexperiment_id: '1'\nstart_time: soon\n",
        "run_id: " RUN_B "\nexperiment_id: '1'\nrun_name: {a: b}\n",
        "run_id: " RUN_B "\nexperiment_id: '1'\nlifecycle_stage: gone\n",
        "run_id: " RUN_A "\nexperiment_id: '1'\n",
        "run_id: " RUN_B "\nexperiment_id: '2'\n",
        "experiment_id: '1'\n",
        "\xff\xfe\x00",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        folder_write(root, bad[i], "1/" RUN_B "/meta.yaml");
        assert_int_equal(count_runs(), 1);
    }
    folder_write(root, "run_id: " RUN_B "\nexperiment_id: 1\n", "1/" RUN_B "/meta.yaml");
    const struct ncm_runs_snapshot *s = folder_runs(conn);
    assert_int_equal(s->n, 2);
    assert_int_equal(folder_find(s, RUN_B)->status, NCM_RUN_RUNNING); /* as MLflow takes it */
    assert_true(folder_find(s, RUN_B)->start_ms == NCM_NO_TIME);
    ncm_snapshot_unref(s);
}

static void a_folder_without_meta_is_no_run(void **state)
{
    struct ncm_err err;
    (void)state;
    folder_write(root, "x", "1/" RUN_B "/artifacts/file");
    folder_write(root, "name: x\n", "1/datasets/abc/meta.yaml");
    folder_write(root, "x", "1/tags/team");
    assert_int_equal(count_runs(), 1);
    assert_null(folder_ask(conn, ncm_query_run(RUN_B), &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_null(folder_ask(conn, ncm_query_run("../1"), &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
}

/* MLflow empties a meta.yaml before it writes it anew. */
static void a_run_does_not_vanish_while_it_is_written(void **state)
{
    (void)state;
    assert_int_equal(count_runs(), 1);
    folder_write(root, "", "1/" RUN_A "/meta.yaml");
    assert_int_equal(count_runs(), 1);
    folder_run(root, RUN_A, 2000, 1);
    const struct ncm_runs_snapshot *s;
    assert_int_equal(run_a(&s)->start_ms, 2000);
    assert_int_equal(folder_find(s, RUN_A)->status, NCM_RUN_RUNNING);
    ncm_snapshot_unref(s);
}

static void values_are_the_bytes_of_their_files(void **state)
{
    const struct ncm_runs_snapshot *s;
    char *path = ncm_path_join(root, "1/" RUN_A "/params/nul");
    char key[251];
    (void)state;
    memset(key, 'k', 250);
    key[250] = '\0';
    folder_write(root, "", "1/" RUN_A "/params/empty");
    folder_write(root, "two\nlines\n", "1/" RUN_A "/params/lines");
    folder_write(root, "v", "1/" RUN_A "/params/%s", key);
    folder_write(root, "x", "1/" RUN_A "/params/nul");
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite("a\0b", 1, 3, f), 3);
    assert_int_equal(fclose(f), 0);
    const struct ncm_run *r = run_a(&s);
    assert_int_equal(r->n_params, 4);
    assert_int_equal(ncm_run_param(r, "empty")->value.len, 0);
    assert_non_null(ncm_run_param(r, "empty")->value.p);
    assert_string_equal(ncm_run_param(r, "lines")->value.p, "two\nlines\n");
    assert_string_equal(ncm_run_param(r, key)->value.p, "v");
    assert_int_equal(ncm_run_param(r, "nul")->value.len, 3);
    assert_memory_equal(ncm_run_param(r, "nul")->value.p, "a\0b", 3);
    ncm_snapshot_unref(s);
    ncm_free(path);
}

/* A pipe in the place of a value is not waited for, and a circle of links ends. */
static void pipes_and_circles_hold_nobody_up(void **state)
{
    const struct ncm_runs_snapshot *s;
    char *dir = ncm_path_join(root, "1/" RUN_A "/tags");
    char *pipe_path = ncm_path_join(dir, "pipe"), *loop = ncm_path_join(dir, "loop");
    (void)state;
    folder_write(root, "y", "1/" RUN_A "/tags/team");
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_int_equal(symlink(dir, loop), 0);
    const struct ncm_run *r = run_a(&s);
    assert_string_equal(ncm_run_tag(r, "team")->value.p, "y");
    assert_true(ncm_run_tag(r, "pipe") == NULL || ncm_run_tag(r, "pipe")->value.p == NULL);
    assert_true(r->n_tags <= 2);
    ncm_snapshot_unref(s);
    ncm_free(loop);
    ncm_free(pipe_path);
    ncm_free(dir);
}

static void a_metric_is_its_greatest_step_time_and_value(void **state)
{
    static const struct {
        const char *lines;
        double value;
        int64_t step;
    } cases[] = {
        {"1 0.5 0\n2 0.25 1\n", 0.25, 1},
        {"9 0.5 5\n10 0.1 4\n", 0.5, 5},
        {"1 0.5 0\n1 0.75 0\n1 0.25 0\n", 0.75, 0},
        {"7 0.5\n", 0.5, 0},
        {"7 0.5 3 name digest\n", 0.5, 0}, /* as MLflow's client has it */
        {"7 0.5 3 " RUN_A "\n", 0.5, 3},
        {"1 inf 0\n", INFINITY, 0},
        {"nonsense\n1 0.5 0\n1 2\n3 x 4\n", 2, 0},
        {"1 0.5 1\n2 0.75 2", 0.5, 1}, /* the last line is being written */
        {"1 5e-324 0\r\n", 5e-324, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct ncm_runs_snapshot *s;
        folder_write(root, cases[i].lines, "1/" RUN_A "/metrics/m");
        const struct ncm_metric *m = ncm_run_metric(run_a(&s), "m");
        assert_non_null(m);
        assert_true(m->value.num == cases[i].value);
        assert_true(m->step == cases[i].step);
        ncm_snapshot_unref(s);
    }
    const struct ncm_runs_snapshot *s;
    folder_write(root, "no point\n", "1/" RUN_A "/metrics/m");
    assert_null(ncm_run_metric(run_a(&s), "m"));
    ncm_snapshot_unref(s);
}

static void nan_stays_where_it_came_first(void **state)
{
    const struct ncm_runs_snapshot *s;
    (void)state;
    folder_write(root, "1 nan 0\n1 0.5 0\n", "1/" RUN_A "/metrics/a");
    folder_write(root, "1 0.5 0\n1 nan 0\n", "1/" RUN_A "/metrics/b");
    const struct ncm_run *r = run_a(&s);
    assert_int_equal(ncm_run_metric(r, "a")->value.kind, NCM_V_NAN);
    assert_true(ncm_run_metric(r, "b")->value.num == 0.5);
    ncm_snapshot_unref(s);
}

static double metric_now(void)
{
    const struct ncm_runs_snapshot *s;
    double v = ncm_run_metric(run_a(&s), "m")->value.num;
    ncm_snapshot_unref(s);
    return v;
}

static void a_growing_metric_is_read_on_and_a_new_one_anew(void **state)
{
    (void)state;
    folder_write(root, "1 0.5 0\n", "1/" RUN_A "/metrics/m");
    assert_true(metric_now() == 0.5);
    folder_append(root, "1/" RUN_A "/metrics/m", "2 0.6 1\n3 0.");
    assert_true(metric_now() == 0.6);
    folder_append(root, "1/" RUN_A "/metrics/m", "7 2\n");
    assert_true(metric_now() == 0.7);
    folder_write(root, "1 0.1 0\n1 0.2 1\n1 0.15 1\n1 0.1 1\n1 0.1 1\n", "1/" RUN_A "/metrics/m");
    assert_true(metric_now() == 0.2);
}

static void a_history_comes_in_order_whatever_was_logged(void **state)
{
    (void)state;
    folder_write(root, "5 0.5 2\n1 0.1 0\n9 nan 1\n3 0.3 1\nhalf", "1/" RUN_A "/metrics/m");
    const struct ncm_series_snapshot *s = folder_get(conn, ncm_query_series(RUN_A, "m", 0));
    assert_int_equal(s->n, 4);
    assert_int_equal(s->points[0].step, 0);
    assert_int_equal(s->points[1].timestamp_ms, 3);
    assert_int_equal(s->points[2].value.kind, NCM_V_NAN);
    assert_int_equal(s->points[3].step, 2);
    ncm_snapshot_unref(s);
    s = folder_get(conn, ncm_query_series(RUN_A, "../meta.yaml", 0));
    assert_int_equal(s->n, 0);
    ncm_snapshot_unref(s);
}

static void a_long_history_is_thinned_and_keeps_its_peak(void **state)
{
    char *path = ncm_path_join(root, "1/" RUN_A "/metrics/m");
    bool peak = false;
    (void)state;
    folder_write(root, "", "1/" RUN_A "/metrics/m");
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < 200000; i++)
        fprintf(f, "%d %s %d\n", i, i == 77777 ? "99.5" : "0.5", i);
    assert_int_equal(fclose(f), 0);
    const struct ncm_series_snapshot *s = folder_get(conn, ncm_query_series(RUN_A, "m", 500));
    assert_int_equal(s->total, 200000);
    assert_in_range(s->n, 100, 10000);
    for (size_t i = 0; i < s->n; i++)
        peak = peak || s->points[i].value.num == 99.5;
    assert_true(peak);
    ncm_snapshot_unref(s);
    ncm_free(path);
}

static void a_line_without_end_is_skipped(void **state)
{
    char *path = ncm_path_join(root, "1/" RUN_A "/metrics/m");
    (void)state;
    folder_write(root, "1 0.5 0\n", "1/" RUN_A "/metrics/m");
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    for (int i = 0; i < 3 * (1 << 20); i++)
        fputc('9', f);
    fputs("\n2 0.75 1\n", f);
    assert_int_equal(fclose(f), 0);
    assert_true(metric_now() == 0.75);
    ncm_free(path);
}

static void a_bad_registry_file_hides_only_itself(void **state)
{
    (void)state;
    folder_write(root, "name: good\n", "models/good/meta.yaml");
    folder_write(root, "version: 1\ncurrent_stage: None\n", "models/good/version-1/meta.yaml");
    folder_write(root, "version: [\n", "models/good/version-2/meta.yaml");
    folder_write(root, "current_stage: Deleted_Internal\n", "models/good/version-3/meta.yaml");
    folder_write(root, "x: 1\n", "models/good/version-x/meta.yaml");
    folder_write(root, "3", "models/good/aliases/dangling");
    folder_write(root, "1", "models/good/aliases/prod");
    folder_write(root, "{\n", "models/bad/meta.yaml");
    folder_write(root, "name: p\n", "models/prompt/meta.yaml");
    folder_write(root, "true", "models/prompt/tags/mlflow.prompt.is_prompt");
    const struct ncm_models_snapshot *s = folder_get(conn, ncm_query_new(NCM_T_MODELS));
    assert_int_equal(s->n, 1);
    assert_string_equal(s->items[0].name.p, "good");
    assert_int_equal(s->items[0].n_versions, 1);
    assert_int_equal(s->items[0].n_aliases, 2);
    assert_true(s->items[0].aliases[0].dangling);
    assert_false(s->items[0].aliases[1].dangling);
    assert_string_equal(s->items[0].versions[0].aliases[0].p, "prod");
    ncm_snapshot_unref(s);
}

static void deleted_experiments_lie_in_the_trash(void **state)
{
    (void)state;
    folder_write(root,
                 "artifact_location: x\nexperiment_id: '2'\nlifecycle_stage: deleted\nname: two\n",
                 ".trash/2/meta.yaml");
    struct ncm_query *q = ncm_query_new(NCM_T_EXPERIMENTS);
    const struct ncm_experiments_snapshot *s = folder_get(conn, q);
    assert_int_equal(s->n, 1);
    assert_int_equal(s->items[0].run_count, 1);
    ncm_snapshot_unref(s);
    q = ncm_query_new(NCM_T_EXPERIMENTS);
    q->view = NCM_VIEW_DELETED;
    s = folder_get(conn, q);
    assert_int_equal(s->n, 1);
    assert_string_equal(s->items[0].id.p, "2");
    ncm_snapshot_unref(s);
}

static void handles_outlive_the_connection(void **state)
{
    (void)state;
    folder_run(root, RUN_B, 2000, 3);
    const struct ncm_runs_snapshot *first = folder_runs(conn);
    struct ncm_conn *other = folder_open(root);
    const struct ncm_runs_snapshot *second = folder_runs(other);
    assert_int_equal(first->n, 2);
    for (size_t i = 0; i < 2; i++)
        assert_true(ncm_runs_ref(first, i)->handle == ncm_runs_ref(second, i)->handle);
    ncm_snapshot_unref(first);
    ncm_snapshot_unref(second);
    folder_close(other);
}

static void children_follow_their_parents(void **state)
{
    (void)state;
    folder_run(root, RUN_B, 500, 3);
    folder_run(root, "cccccccccccccccccccccccccccccccc", 2000, 3);
    folder_write(root, RUN_B, "1/" RUN_A "/tags/mlflow.parentRunId");
    struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
    q->nested = true;
    const struct ncm_runs_snapshot *s = folder_get(conn, q);
    assert_int_equal(s->n, 3);
    assert_string_equal(ncm_runs_at(s, 1)->id.p, RUN_B);
    assert_true(ncm_runs_ref(s, 1)->has_children);
    assert_string_equal(ncm_runs_at(s, 2)->id.p, RUN_A);
    assert_int_equal(ncm_runs_ref(s, 2)->depth, 1);
    ncm_snapshot_unref(s);
}

static void logged_models_are_those_that_name_the_run_or_that_it_names(void **state)
{
    (void)state;
    folder_write(root, "model_id: m-1\nname: one\nsource_run_id: " RUN_A "\nstatus: 2\n",
                 "1/models/m-1/meta.yaml");
    folder_write(root, "model_id: m-2\nname: two\nsource_run_id: null\n", "1/models/m-2/meta.yaml");
    folder_write(root, "model_id: m-3\nname: gone\nlifecycle_stage: deleted\nsource_run_id: " RUN_A,
                 "1/models/m-3/meta.yaml");
    const struct ncm_run_snapshot *s = folder_get(conn, ncm_query_run(RUN_A));
    assert_int_equal(s->run.n_logged_models, 1);
    assert_string_equal(s->run.logged_models[0].status.p, "READY");
    ncm_snapshot_unref(s);
    folder_write(root, "destination_id: m-2\n", "1/" RUN_A "/outputs/m-2/meta.yaml");
    folder_write(root, "destination_id: m-1\n", "1/" RUN_A "/outputs/m-1/meta.yaml");
    s = folder_get(conn, ncm_query_run(RUN_A));
    assert_int_equal(s->run.n_logged_models, 2);
    ncm_snapshot_unref(s);
}

static int remove_all(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

#define HOSTILE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTILE(a_bad_meta_hides_only_its_run),
        HOSTILE(a_folder_without_meta_is_no_run),
        HOSTILE(a_run_does_not_vanish_while_it_is_written),
        HOSTILE(values_are_the_bytes_of_their_files),
        HOSTILE(pipes_and_circles_hold_nobody_up),
        HOSTILE(a_metric_is_its_greatest_step_time_and_value),
        HOSTILE(nan_stays_where_it_came_first),
        HOSTILE(a_growing_metric_is_read_on_and_a_new_one_anew),
        HOSTILE(a_history_comes_in_order_whatever_was_logged),
        HOSTILE(a_long_history_is_thinned_and_keeps_its_peak),
        HOSTILE(a_line_without_end_is_skipped),
        HOSTILE(a_bad_registry_file_hides_only_itself),
        HOSTILE(deleted_experiments_lie_in_the_trash),
        HOSTILE(handles_outlive_the_connection),
        HOSTILE(children_follow_their_parents),
        HOSTILE(logged_models_are_those_that_name_the_run_or_that_it_names),
    };
    return cmocka_run_group_tests(tests, NULL, remove_all);
}
