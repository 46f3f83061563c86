/* Pane 2 in the real program, on a store that MLflow 3.17 wrote: from the experiments to a plot, a
 * filter and its errors, comparing, artifacts and back; live rows; at 80x24 and 200x50, in both
 * languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/db.h"
#include "screen/store.h"
#include "screen/vt.h"

static void sql(const char *text)
{
    char path[512];
    struct ncm_err err;
    struct ncm_db *db;
    snprintf(path, sizeof path, "%s/mlflow.db", store_folder());
    if (!ncm_db_open(path, NCM_DB_WRITE, 3000, NULL, &db, &err) || !ncm_db_exec(db, text, &err))
        fail_msg("%s", err.what);
    ncm_db_close(db);
}

static struct vt *open_store(int rows, int cols, const char *lang)
{
    char store[512], home[600];
    snprintf(store, sizeof store, "%s/mlflow.db", store_folder());
    snprintf(home, sizeof home, "HOME=%s", store_folder());
    const char *env[] = {home, NULL};
    const char *argv[] = {"ncmlops", "--store", store, "--lang", lang, NULL};
    struct vt *vt = vt_spawn(rows, cols, env, argv);
    vt_wait(vt, "Default", 0);
    return vt;
}

static void quit(struct vt *vt)
{
    vt_send(vt, "\003");
    assert_true(WIFEXITED(vt_close(vt)));
}

static void keys(struct vt *vt, const char *const *names)
{
    for (; *names != NULL; names++)
        vt_key(vt, *names);
}
#define KEYS(vt, ...) keys(vt, (const char *const[]){__VA_ARGS__, NULL})

/* From the start to the runs of the experiment with thirty of them. */
static void open_ranker(struct vt *vt)
{
    vt_wait(vt, "42", 0); /* the counts are there */
    KEYS(vt, "g", "j", "j", "j", "j", "Enter");
    vt_wait(vt, "› fraud-detection/ranker", 0);
    vt_wait(vt, "hpo-parent", 0);
}

static struct vt *ranker(int rows, int cols, const char *lang)
{
    struct vt *vt = open_store(rows, cols, lang);
    open_ranker(vt);
    return vt;
}

/* Selects a run by its name: n asks once, then looks on. */
static void find_run(struct vt *vt, const char *name)
{
    vt_key(vt, "n");
    vt_send(vt, name);
    vt_key(vt, "Enter");
}

/* ---- journeys ---- */

static void journey(int rows, int cols, const char *lang)
{
    struct vt *vt = ranker(rows, cols, lang);
    /* an expression, then its order */
    vt_key(vt, "/");
    vt_send(vt, "metrics.auc > 0.9");
    vt_key(vt, "Enter");
    vt_wait(vt, "xgboost-16", 0);
    vt_wait_gone(vt, "hpo-parent", 0);
    vt_wait_gone(vt, "lightgbm-17", 0);
    vt_key(vt, "s");
    vt_send(vt, "auc");
    vt_key(vt, "Enter");
    vt_wait(vt, "0.94113", 0);
    /* two of them side by side */
    KEYS(vt, "g", "Space", "Space", "d");
    vt_wait(vt, "a xgboost-16", 0);
    vt_wait(vt, "★0.94113", 0);
    vt_wait(vt, "learning_rate", 0);
    vt_key(vt, "Enter"); /* the curves of the first metric that differs */
    vt_wait(vt, "auc", 0);
    vt_wait(vt, "└", 0);
    KEYS(vt, "Esc", "Esc");
    vt_wait_gone(vt, "a xgboost-16", 0);
    /* a run and one of its curves, with exact values at the cursor */
    vt_key(vt, "Esc");
    vt_wait(vt, "catboost-10", 0);
    find_run(vt, "logreg-03");
    vt_key(vt, "Enter");
    vt_wait(vt, "615173390bbf4bbc965b959a4185a44e", 0);
    vt_key(vt, "Tab");
    vt_wait(vt, "0.065375", 0);
    KEYS(vt, "g", "j", "Enter");
    vt_wait(vt, "› loss", 0);
    vt_wait(vt, "0.4 ┤", 0);
    vt_key(vt, "h");
    vt_wait(vt, "0.06", 0);
    KEYS(vt, "Esc", "Esc", "o");
    vt_wait(vt, "/srv/mldeck-demo", 0);
    KEYS(vt, "Esc");
    vt_wait(vt, "logreg-03", 0);
    quit(vt);
}

static void journey_small(void **state)
{
    (void)state;
    journey(24, 80, "en");
}
static void journey_large(void **state)
{
    (void)state;
    journey(50, 200, "en");
}
static void journey_small_korean(void **state)
{
    (void)state;
    journey(24, 80, "ko");
}
static void journey_large_korean(void **state)
{
    (void)state;
    journey(50, 200, "ko");
}

/* ---- single things ---- */

/* The cursor stands on the first character of the wrong word. */
static bool cursor_on_abc(struct vt *vt, void *ctx)
{
    int row, col, y, x;
    (void)ctx;
    vt_cursor(vt, &y, &x);
    return vt_find(vt, "> abc", &row, &col) && y == row && x == col + 2;
}

static void a_wrong_filter_shows_where(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    vt_key(vt, "/");
    vt_send(vt, "metrics.auc > abc");
    vt_key(vt, "Enter");
    vt_wait_for(vt, cursor_on_abc, NULL, 0);
    KEYS(vt, "Esc");
    vt_wait(vt, "hpo-parent", 0);
    quit(vt);
}

static void plain_words_search_names(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    vt_key(vt, "/");
    vt_send(vt, "TRIAL");
    vt_key(vt, "Enter");
    vt_wait(vt, "attributes.run_name ILIKE '%TRIAL%'", 0);
    vt_wait(vt, "7 runs", 0);
    vt_wait_gone(vt, "hpo-parent", 0);
    vt_key(vt, "Esc");
    vt_wait(vt, "30 runs", 0);
    quit(vt);
}

static void children_fold_away(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    vt_wait(vt, "▾ hpo-parent", 0);
    vt_wait(vt, "trial-4", 0);
    find_run(vt, "hpo-parent");
    vt_key(vt, "h");
    vt_wait(vt, "▸ hpo-parent", 0);
    vt_wait_gone(vt, "trial-", 0);
    vt_key(vt, "l");
    vt_wait(vt, "trial-4", 0);
    quit(vt);
}

static void new_runs_and_points_show_by_themselves(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    sql("INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, end_time,"
        " lifecycle_stage, artifact_uri, experiment_id)"
        " VALUES ('feedfeedfeedfeedfeedfeedfeedfeed', 'just-begun', 'LOCAL', 'kim', 'RUNNING',"
        " 1795240000000, NULL, 'active', '/nowhere', 1);"
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
        " VALUES ('auc', 0.515, 1795240000001, 'feedfeedfeedfeedfeedfeedfeedfeed', 0, 0);"
        "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid)"
        " VALUES ('auc', 0.515, 1795240000001, 0, 0, 'feedfeedfeedfeedfeedfeedfeedfeed')");
    vt_wait(vt, "just-begun", 1500);
    vt_wait(vt, "0.515", 1000);
    vt_wait(vt, "31 runs", 1000);
    sql("UPDATE latest_metrics SET value = 0.625, step = 1"
        " WHERE run_uuid = 'feedfeedfeedfeedfeedfeedfeedfeed';"
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
        " VALUES ('auc', 0.625, 1795240000002, 'feedfeedfeedfeedfeedfeedfeedfeed', 1, 0)");
    vt_wait(vt, "0.625", 1500);
    vt_wait_gone(vt, "0.515", 0);
    quit(vt);
}

static void the_selection_stays_with_its_run(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    find_run(vt, "status-killed");
    vt_wait_quiet(vt, 100);
    sql("INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, end_time,"
        " lifecycle_stage, artifact_uri, experiment_id)"
        " VALUES ('feedfeedfeedfeedfeedfeedfeedfee0', 'newcomer', 'LOCAL', 'kim', 'FINISHED',"
        " 1795240000000, 1795240001000, 'active', '/nowhere', 1)");
    vt_wait(vt, "newcomer", 1500);
    vt_key(vt, "Enter");
    vt_wait(vt, "bcfeea35ca2242908fb510d707b6eff6", 0); /* status-killed */
    quit(vt);
}

static void a_baseline_gives_differences(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    find_run(vt, "logreg-15");
    vt_key(vt, "*");
    vt_wait(vt, "Δ auc", 0);
    vt_wait(vt, "+0.015", 0); /* xgboost-16: 0.94113 - 0.92604 */
    vt_key(vt, "*");
    vt_wait_gone(vt, "Δ auc", 0);
    quit(vt);
}

static void special_values_keep_their_meaning(void **state)
{
    (void)state;
    struct vt *vt = open_store(50, 200, "en");
    vt_wait(vt, "42", 0);
    KEYS(vt, "g", "j", "j", "j", "Enter");
    vt_wait(vt, "10 runs", 0);
    vt_wait(vt, "special values", 0);
    find_run(vt, "special values");
    vt_key(vt, "Enter");
    vt_wait(vt, "NaN", 0);
    vt_wait(vt, "∞", 0);
    quit(vt);
}

static void columns_are_chosen(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    vt_wait_quiet(vt, 200); /* which keys there are is read after the rows */
    vt_key(vt, "c");
    vt_wait(vt, "[x] auc", 0);
    vt_send(vt, "family");
    vt_wait(vt, "[ ] family", 0);
    KEYS(vt, "Space", "Enter");
    vt_wait_gone(vt, "[x]", 0);
    for (int i = 0; i < 100 && !vt_has(vt, "family"); i++) { /* the new columns may take a while */
        vt_key(vt, "l");
        vt_wait_quiet(vt, 100);
    }
    vt_wait(vt, "family", 0);
    vt_key(vt, "G");
    vt_wait(vt, "xgboost-00", 0);
    quit(vt);
}

static void deleted_runs_have_their_view(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    vt_send(vt, ":deleted\r");
    vt_wait(vt, "deleted-run", 0);
    vt_wait_gone(vt, "hpo-parent", 0);
    quit(vt);
}

static void a_narrow_terminal_keeps_the_essentials(void **state)
{
    (void)state;
    struct vt *vt = open_store(10, 40, "ko");
    vt_wait(vt, "42", 0);
    KEYS(vt, "g", "j", "j", "j", "Enter");
    vt_wait(vt, "재학습 3", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "✔", 0);
    vt_resize(vt, 24, 80);
    vt_wait(vt, "56c2ee8439444baf8b8f6bc9a8f66e53", 0);
    quit(vt);
}

static void an_order_begins_at_its_top(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    KEYS(vt, "PgDn", "s");
    vt_send(vt, "auc");
    vt_key(vt, "Enter");
    vt_wait(vt, "▸  ✔ finished   xgboost-16", 0);
    KEYS(vt, "G", "r");
    vt_wait(vt, "▸  ✔ finished   xgboost-00", 0);
    quit(vt);
}

static void what_is_sorted_by_is_in_view(void **state)
{
    (void)state;
    struct vt *vt = open_store(24, 80, "en");
    vt_wait(vt, "42", 0);
    KEYS(vt, "g", "Enter");
    vt_wait(vt, "EXPERIMENT  VERSION", 0);
    vt_key(vt, "s");
    vt_send(vt, "loss");
    vt_key(vt, "Enter");
    vt_wait(vt, "loss↑  EXPERIMENT", 0);
    vt_wait(vt, "fraud-…ker  fraud-d… v4 Prod", 0);
    vt_wait_quiet(vt, 200); /* which keys there are is read after the rows */
    vt_key(vt, "s");
    vt_send(vt, "end time");
    vt_key(vt, "Enter");
    vt_wait(vt, "ENDED↓            EXP", 0);
    quit(vt);
}

static void a_version_keeps_its_number_and_stage(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    vt_wait(vt, "long-ab… v3 Prod", 0);
    vt_resize(vt, 50, 200);
    vt_wait(vt, "v3 Production", 0);
    quit(vt);
}

/* Opens the run's own view. */
static void open_run(struct vt *vt, const char *name, const char *id)
{
    find_run(vt, name);
    vt_wait_quiet(vt, 100);
    vt_key(vt, "Enter");
    vt_wait(vt, id, 0);
}

static void a_run_leads_to_promoting_its_version(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    open_run(vt, "logreg-03", "615173390bbf4bbc965b959a4185a44e");
    vt_key(vt, "P");
    vt_wait(vt, "The run's version is v4 of fraud-detector: P again promotes it.", 0);
    vt_wait(vt, "run name", 0);
    vt_key(vt, "o"); /* from the version back to its run: that knows its experiment */
    vt_wait(vt, "Runs › fraud-detection/ranker › logreg-03", 0);
    quit(vt);
}

static void a_run_without_a_model_says_so_first(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    open_run(vt, "status-failed", "Params");
    vt_key(vt, "R");
    vt_wait(vt, "This run logged no model.", 0);
    quit(vt);
}

static void a_deleted_run_is_left(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    open_run(vt, "logreg-11", "8cc1943012d442ffa20183261b638481");
    vt_key(vt, "D");
    vt_wait(vt, "Confirm", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "y ⏎ confirm", 0);
    vt_key(vt, "y");
    vt_wait(vt, "Enter confirms", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "29 runs", 0);
    vt_wait_gone(vt, "logreg-11", 0);
    quit(vt);
}

static void deleted_runs_are_a_command_everywhere(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    open_run(vt, "logreg-03", "615173390bbf4bbc965b959a4185a44e");
    vt_key(vt, "Tab");
    vt_wait(vt, "0.065375", 0);
    KEYS(vt, "g", "Enter");
    vt_wait(vt, "└", 0);
    vt_send(vt, ":deleted\r");
    vt_wait(vt, "deleted-run", 0);
    quit(vt);
}

static void a_key_alone_is_completed(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    vt_key(vt, "/");
    vt_wait(vt, "a name, or a condition on:", 0);
    vt_send(vt, "auc");
    vt_wait(vt, "metrics.auc", 0);
    vt_key(vt, "Tab");
    vt_wait(vt, "filter metrics.auc", 0);
    vt_key(vt, "C-u");
    vt_send(vt, "auc > 0.8");
    vt_key(vt, "Enter");
    vt_wait(vt, "Did you mean metrics.auc?", 0);
    quit(vt);
}

static void the_baseline_is_marked_and_a_range_ends(void **state)
{
    (void)state;
    struct vt *vt = ranker(24, 80, "en");
    KEYS(vt, "g", "*", "j");
    vt_wait(vt, " =● running", 0);
    vt_wait(vt, "* base", 0);
    vt_key(vt, "v");
    vt_wait(vt, "marking a range", 0);
    KEYS(vt, "j", "Enter");
    vt_wait(vt, "Overview", 0);
    vt_key(vt, "Esc");
    vt_wait(vt, "30 runs", 0);
    vt_wait_gone(vt, "marking a range", 0);
    KEYS(vt, "v", "j", "d"); /* comparing takes the range */
    vt_wait(vt, "a status-", 0);
    quit(vt);
}

static void experiments_are_sorted_and_described(void **state)
{
    (void)state;
    struct vt *vt = open_store(24, 80, "en");
    vt_wait(vt, "42", 0);
    vt_wait(vt, "i details", 0);
    KEYS(vt, "g", "s");
    vt_wait(vt, "most runs first", 0);
    vt_send(vt, "most");
    vt_key(vt, "Enter");
    vt_wait_gone(vt, "most runs first", 0);
    KEYS(vt, "j", "i");
    vt_wait(vt, "experiment id: 1", 0);
    vt_wait(vt, "name: fraud-detection/ranker", 0);
    KEYS(vt, "Esc", "Y");
    vt_wait(vt, "copied: row", 0);
    quit(vt);
}

static void the_plot_cursor_stays_with_its_point(void **state)
{
    (void)state;
    sql("INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
        " VALUES ('auc', 0, 1900000000000, '615173390bbf4bbc965b959a4185a44e', 5000, 1)");
    struct vt *vt = ranker(24, 80, "en");
    open_run(vt, "logreg-03", "615173390bbf4bbc965b959a4185a44e");
    vt_key(vt, "Tab");
    vt_wait(vt, "0.065375", 0);
    KEYS(vt, "g", "Enter");
    vt_wait(vt, "› auc", 0);
    vt_wait(vt, "ends in NaN", 0);
    vt_wait(vt, "h l cursor", 0);
    KEYS(vt, "j");
    vt_wait(vt, "› loss", 0);
    vt_wait(vt, "─ step", 0); /* at the end of the axis */
    vt_key(vt, "l");
    vt_wait(vt, "step 50  0.2316742231475341", 0);
    vt_key(vt, "x");
    vt_wait(vt, "time since start 50 s  0.2316742231475341", 0);
    KEYS(vt, "Esc", "x", "x", "h");
    vt_wait(vt, "step 99", 0);
    quit(vt);
}

static void a_model_name_is_completed(void **state)
{
    (void)state;
    struct vt *vt = open_store(24, 80, "en");
    vt_wait(vt, "42", 0);
    KEYS(vt, "g", "Enter");
    vt_wait(vt, "42 runs", 0);
    find_run(vt, "adventurous-duck-706");
    vt_wait_quiet(vt, 200);
    vt_key(vt, "R");
    vt_wait(vt, "register as model", 0);
    vt_wait(vt, "archive-swap", 0);
    vt_send(vt, "fra");
    vt_wait_gone(vt, "archive-swap", 0);
    vt_key(vt, "Tab");
    vt_wait(vt, "register as model fraud-detector", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "new version from", 0);
    vt_wait(vt, "models:/m-1602a45b8eb24c729431199692adf535", 0);
    quit(vt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(journey_small, store_fresh),
        cmocka_unit_test_setup(journey_large, store_fresh),
        cmocka_unit_test_setup(journey_small_korean, store_fresh),
        cmocka_unit_test_setup(journey_large_korean, store_fresh),
        cmocka_unit_test_setup(a_wrong_filter_shows_where, store_fresh),
        cmocka_unit_test_setup(plain_words_search_names, store_fresh),
        cmocka_unit_test_setup(children_fold_away, store_fresh),
        cmocka_unit_test_setup(new_runs_and_points_show_by_themselves, store_fresh),
        cmocka_unit_test_setup(the_selection_stays_with_its_run, store_fresh),
        cmocka_unit_test_setup(a_baseline_gives_differences, store_fresh),
        cmocka_unit_test_setup(special_values_keep_their_meaning, store_fresh),
        cmocka_unit_test_setup(columns_are_chosen, store_fresh),
        cmocka_unit_test_setup(deleted_runs_have_their_view, store_fresh),
        cmocka_unit_test_setup(a_narrow_terminal_keeps_the_essentials, store_fresh),
        cmocka_unit_test_setup(an_order_begins_at_its_top, store_fresh),
        cmocka_unit_test_setup(what_is_sorted_by_is_in_view, store_fresh),
        cmocka_unit_test_setup(a_version_keeps_its_number_and_stage, store_fresh),
        cmocka_unit_test_setup(a_run_leads_to_promoting_its_version, store_fresh),
        cmocka_unit_test_setup(a_run_without_a_model_says_so_first, store_fresh),
        cmocka_unit_test_setup(a_deleted_run_is_left, store_fresh),
        cmocka_unit_test_setup(deleted_runs_are_a_command_everywhere, store_fresh),
        cmocka_unit_test_setup(a_key_alone_is_completed, store_fresh),
        cmocka_unit_test_setup(the_baseline_is_marked_and_a_range_ends, store_fresh),
        cmocka_unit_test_setup(experiments_are_sorted_and_described, store_fresh),
        cmocka_unit_test_setup(the_plot_cursor_stays_with_its_point, store_fresh),
        cmocka_unit_test_setup(a_model_name_is_completed, store_fresh),
    };
    return cmocka_run_group_tests(tests, store_setup, store_teardown);
}
