#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "model/snapshot.h"

#define STR(s)                                                                                     \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static struct ncm_metric metrics[] = {
    {.key = STR("acc"), .value = {.kind = NCM_V_NUMBER, .num = 0.5}},
    {.key = STR("acc/top5"), .value = {.kind = NCM_V_NAN}},
    {.key = STR("loss"), .value = {.kind = NCM_V_PINF}},
};
static struct ncm_kv params[] = {
    {STR(""), STR("empty")}, {STR("lr"), STR("0.1")}, {STR("x"), {NULL, 0}}};
static const struct ncm_run run = {
    .id = STR("r1"),
    .name = STR("first"),
    .status_text = STR("FINISHED"),
    .start_ms = 1000,
    .end_ms = 400, /* skewed clocks */
    .metrics = metrics,
    .n_metrics = 3,
    .params = params,
    .n_params = 3,
};

static void look_ups_are_exact(void **state)
{
    (void)state;
    assert_ptr_equal(ncm_run_metric(&run, "acc"), &metrics[0]);
    assert_ptr_equal(ncm_run_metric(&run, "loss"), &metrics[2]);
    assert_null(ncm_run_metric(&run, "ac"));
    assert_null(ncm_run_metric(&run, "zzz"));
    assert_ptr_equal(ncm_run_param(&run, ""), &params[0]);
    assert_null(ncm_run_tag(&run, "lr"));
}

static void cells_keep_absent_apart_from_zero(void **state)
{
    (void)state;
    assert_int_equal(ncm_run_cell(&run, "metrics.acc").kind, NCM_V_NUMBER);
    assert_int_equal(ncm_run_cell(&run, "metrics.acc/top5").kind, NCM_V_NAN);
    assert_int_equal(ncm_run_cell(&run, "metrics.none").kind, NCM_V_UNSET);
    assert_int_equal(ncm_run_cell(&run, "params.lr").kind, NCM_V_TEXT);
    assert_int_equal(ncm_run_cell(&run, "params.x").kind, NCM_V_UNSET);
    assert_true(ncm_str_is(ncm_run_cell(&run, "run_name").text, "first"));
    assert_int_equal(ncm_run_cell(&run, "user_id").kind, NCM_V_UNSET);
    assert_true(ncm_run_cell(&run, "duration").num == -600);
    assert_int_equal(ncm_run_cell(&run, "nonsense").kind, NCM_V_UNSET);
    struct ncm_run running = run;
    running.end_ms = NCM_NO_TIME;
    assert_int_equal(ncm_run_cell(&running, "duration").kind, NCM_V_UNSET);
    assert_int_equal(ncm_run_cell(&running, "end_time").kind, NCM_V_UNSET);
}

static void statuses_and_stages(void **state)
{
    enum ncm_stage s;
    (void)state;
    for (int i = 0; i < NCM_RUN_UNKNOWN; i++)
        assert_int_equal(ncm_run_status_of(ncm_run_status_name((enum ncm_run_status)i)), i);
    assert_int_equal(ncm_run_status_of("finished"), NCM_RUN_UNKNOWN);
    assert_int_equal(ncm_run_status_of(NULL), NCM_RUN_UNKNOWN);
    assert_true(ncm_stage_of("pRODUCTION", &s));
    assert_int_equal(s, NCM_STAGE_PRODUCTION);
    assert_string_equal(ncm_stage_name(s), "Production");
    assert_false(ncm_stage_of("Prod", &s));
    assert_false(ncm_stage_of("", &s));
}

static void which_way_is_better(void **state)
{
    static const char *const higher[] = {"accuracy",
                                         "val_acc",
                                         "test/auc",
                                         "roc_auc_score",
                                         "f1",
                                         "F1_score",
                                         "r2",
                                         "recall@5",
                                         "ndcg_10",
                                         "neg_mean_squared_error",
                                         "mAP",
                                         "true_positive_rate",
                                         "reward",
                                         "score",
                                         "valAccuracy",
                                         "eval.bleu",
                                         "throughput_rps"};
    static const char *const lower[] = {"loss",          "val_loss",      "trainLoss",
                                        "rmse",          "MAE",           "test_error_rate",
                                        "log_loss",      "logloss",       "latency_p95",
                                        "wer",           "perplexity",    "false_positive_rate",
                                        "brier_score",   "accuracy_loss", "neg_log_likelihood",
                                        "cross_entropy", "duration_s"};
    static const char *const unknown[] = {"lr", "epoch", "learning_rate", "step", "x", "", "손실"};
    (void)state;
    for (size_t i = 0; i < sizeof higher / sizeof higher[0]; i++)
        if (ncm_metric_direction(higher[i]) != 1)
            fail_msg("%s", higher[i]);
    for (size_t i = 0; i < sizeof lower / sizeof lower[0]; i++)
        if (ncm_metric_direction(lower[i]) != -1)
            fail_msg("%s", lower[i]);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        if (ncm_metric_direction(unknown[i]) != 0)
            fail_msg("%s", unknown[i]);
}

static void chunks_and_pages_live_as_long_as_their_last_user(void **state)
{
    struct ncm_runs_snapshot *a = ncm_snapshot_new(NCM_T_RUNS, sizeof *a);
    (void)state;
    a->n = NCM_RUNS_CHUNK + 10;
    a->n_chunks = 2;
    a->n_pages = 33;
    a->chunks = ncm_arena_alloc(a->head.arena, 2, sizeof *a->chunks);
    a->pages = ncm_arena_alloc(a->head.arena, 33, sizeof *a->pages);
    a->chunks[0] = ncm_refs_chunk_new();
    a->chunks[1] = ncm_refs_chunk_new();
    a->chunks[1]->refs[3].handle = 77;
    a->pages[1] = ncm_runs_page_new();
    a->pages[1]->n = 2;
    a->pages[1]->runs[1].id = ncm_arena_cstr(a->pages[1]->arena, "page");
    struct ncm_runs_snapshot *b = ncm_snapshot_new(NCM_T_RUNS, sizeof *b);
    b->n = a->n;
    b->n_chunks = 2;
    b->n_pages = 33;
    b->chunks = ncm_arena_alloc(b->head.arena, 2, sizeof *b->chunks);
    b->pages = ncm_arena_alloc(b->head.arena, 33, sizeof *b->pages);
    b->chunks[0] = ncm_refs_chunk_new();
    b->chunks[1] = ncm_refs_chunk_share(a->chunks[1]);
    b->pages[1] = ncm_runs_page_share(a->pages[1]);
    assert_ptr_equal(ncm_snapshot_ref(a), a);
    ncm_snapshot_unref(a);
    ncm_snapshot_unref(a);
    assert_true(ncm_runs_ref(b, NCM_RUNS_CHUNK + 3)->handle == 77);
    assert_null(ncm_runs_ref(b, b->n));
    assert_true(ncm_str_is(ncm_runs_at(b, NCM_RUNS_PAGE + 1)->id, "page"));
    assert_null(ncm_runs_at(b, NCM_RUNS_PAGE + 2)); /* beyond the page's rows */
    assert_null(ncm_runs_at(b, 0));
    ncm_snapshot_unref(b);
    ncm_snapshot_unref(NULL);
    assert_null(ncm_snapshot_ref(NULL));
}

static void models_and_versions_are_found(void **state)
{
    static struct ncm_model_version versions[] = {{.version = STR("10")}, {.version = STR("2")}};
    static struct ncm_kv tags[] = {{STR("a"), STR("1")}, {STR("b"), STR("2")}};
    (void)state;
    versions[0].tags = tags;
    versions[0].n_tags = 2;
    struct ncm_model models[] = {{.name = STR("A")},
                                 {.name = STR("a"), .versions = versions, .n_versions = 2},
                                 {.name = STR("사기 탐지")}};
    struct ncm_models_snapshot s = {.items = models, .n = 3};
    assert_ptr_equal(ncm_models_find(&s, "A"), &models[0]);
    assert_ptr_equal(ncm_models_find(&s, "사기 탐지"), &models[2]);
    assert_null(ncm_models_find(&s, "B"));
    assert_ptr_equal(ncm_model_version(&models[1], "2"), &versions[1]);
    assert_null(ncm_model_version(&models[1], "1"));
    assert_ptr_equal(ncm_version_tag(&versions[0], "b"), &tags[1]);
    assert_null(ncm_version_tag(&versions[1], "b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(look_ups_are_exact),
        cmocka_unit_test(cells_keep_absent_apart_from_zero),
        cmocka_unit_test(statuses_and_stages),
        cmocka_unit_test(which_way_is_better),
        cmocka_unit_test(chunks_and_pages_live_as_long_as_their_last_user),
        cmocka_unit_test(models_and_versions_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
