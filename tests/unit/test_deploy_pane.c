#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy_made.h"
#include "painted.h"
#include "pane/deploy/deploy.h"
#include "pane/panes.h"

static struct deploy d;
static struct made_fleet *made;
static struct deploy_source sources[2];
static const struct ncm_deploy_about about[2] = {
    {.name = "seoul", .location = "context seoul of ~/.kube/config", .type = NCM_DEPLOY_KUBERNETES},
    {.name = "churn-api", .location = "http://churn.example.com:8080", .type = NCM_DEPLOY_HTTP}};

static void begin(void)
{
    memset(&d, 0, sizeof d);
    made = made_fleet();
    d.fleet = &made->fleet;
    d.logs.hit = SIZE_MAX;
    d.logs.wrap = true;
    for (size_t i = 0; i < 2; i++) {
        sources[i] =
            (struct deploy_source){.about = &about[i], .asked = true, .info = {.state = NCM_LIVE}};
    }
    d.sources = sources;
    d.n_sources = 2;
    deploy_rebuild(&d);
}

static void end(void)
{
    d.sources = NULL;
    d.n_sources = 0;
    d.fleet = NULL;
    deploy_release(&d);
    made_fleet_free(made);
    painted_end();
}

static struct canvas screen(int rows, int cols)
{
    painted_begin(rows, cols);
    return canvas_screen();
}

static void list(int rows, int cols)
{
    struct canvas c = screen(rows, cols);
    deploy_draw_list(&d, &c);
}

static void detail(const char *name, enum deploy_part part, int rows, int cols)
{
    struct canvas c = screen(rows, cols);
    assert_true(deploy_select(&d, name, NULL));
    d.view = DEPLOY_DETAIL;
    d.part = part;
    deploy_draw_detail(&d, &c);
}

static int row_of(const char *text)
{
    for (int y = 0; y < 50; y++) {
        if (strstr(painted_row(y), text) != NULL) {
            return y;
        }
    }
    return -1;
}

/* What fails is first, under its model, and what the registry holds stands beside the model. */
static void the_list_has_the_worst_first(void **state)
{
    (void)state;
    begin();
    list(30, 80);
    assert_non_null(strstr(painted_row(0), "1 failed, 1 degraded"));
    assert_true(row_of("✖ failed") < row_of("▲ degraded"));
    assert_true(row_of("▲ degraded") < row_of("● healthy"));
    assert_non_null(strstr(painted_row(row_of("▲ degraded")), "v13 → v14"));
    assert_non_null(strstr(painted_row(row_of("▲ degraded") - 1), "fraud"));
    assert_non_null(strstr(painted_row(row_of("▲ degraded") - 1), "v14 Production"));
    assert_true(painted_has("v7 Production @champion · v8 Staging"));
    assert_true(painted_has("추천-모델"));
    end();
}

/* Where headings would leave no room, each row tells its model. */
static void a_short_screen_has_no_headings(void **state)
{
    (void)state;
    begin();
    list(20, 110);
    assert_false(painted_has("v14 Production"));
    assert_true(painted_has("MODEL"));
    assert_non_null(strstr(painted_row(row_of("search-canary")), "search-ranker"));
    assert_true(painted_has("▸ ✖ failed")); /* the worst is what is looked at first */
    d.flat_chosen = true;
    d.flat = false;
    deploy_rebuild(&d);
    list(20, 80);
    assert_true(painted_has("v14 Production"));
    end();
}

/* The selected one's findings, in sentences, are on the first screen. */
static void findings_stand_below_the_list(void **state)
{
    (void)state;
    begin();
    deploy_select(&d, "ml-prod/fraud", NULL);
    list(20, 80);
    assert_true(painted_has("the new version v14 crashes at its start"));
    assert_true(painted_has("No module named 'lightgbm'"));
    assert_true(painted_has("registry says v14, running v13 since 6 d"));
    end();
}

static void a_wide_screen_has_a_panel_beside_it(void **state)
{
    (void)state;
    begin();
    deploy_select(&d, "search-canary", NULL);
    list(46, 200);
    assert_true(painted_has("The candidate is worse: 3.1 %"));
    assert_true(painted_has("search-canary-5c9f8d7b66-x7k2p"));
    assert_true(painted_has("░░░░░░ 0/3"));
    assert_true(painted_has("our label"));
    end();
}

static void unknown_is_never_nothing(void **state)
{
    struct table_cell cell = {.text = ""};
    char text[80];
    (void)state;
    begin();
    const struct ncm_fleet_deployment *idle = NULL;
    for (size_t i = 0; i < made->fleet.n_deployments; i++) {
        if (ncm_str_is(made->fleet.deployments[i].it->name, "idle")) {
            idle = &made->fleet.deployments[i];
        }
    }
    deploy_cell(&d, idle, COL_RPS, &cell);
    assert_string_equal(cell.text, "–");
    deploy_cell(&d, idle, COL_VERSION, &cell);
    assert_string_equal(cell.text, "–");
    assert_string_equal(common_ready_text(text, sizeof text, -1, -1), "–");
    assert_string_equal(common_ready_text(text, sizeof text, 0, 0), "0/0");
    assert_string_equal(common_percent_text(text, sizeof text, (double)NAN), "–");
    assert_string_equal(common_errors_text(text, sizeof text, 0), "0");
    end();
}

static void figures_are_short(void **state)
{
    char text[80];
    (void)state;
    begin();
    assert_string_equal(common_latency_text(text, sizeof text, 42.83, false), "43 ms");
    assert_string_equal(common_latency_text(text, sizeof text, 4.25, false), "4.2 ms");
    assert_string_equal(common_latency_text(text, sizeof text, 2500, true), ">2.5 s");
    assert_string_equal(common_rps_text(text, sizeof text, 12345.6), "12,346");
    assert_string_equal(common_percent_text(text, sizeof text, 12.5), "12.5 %");
    assert_string_equal(common_bar_text(text, sizeof text, 0.01, 4), "█░░░");
    assert_string_equal(common_bar_text(text, sizeof text, 0.999, 4), "███░");
    assert_string_equal(common_bar_text(text, sizeof text, 1, 4), "████");
    end();
}

/* A contradiction has a sign of its own and says who says what. */
static void contradictions_are_seen_without_colour(void **state)
{
    (void)state;
    begin();
    list(20, 80);
    assert_non_null(strstr(painted_row(row_of("churn-api")), "v2 !"));
    detail("churn-api", PART_OVERVIEW, 30, 80);
    assert_true(painted_has("the server's own answer"));
    assert_true(painted_has("says v3"));
    assert_true(painted_has("alive · ready · model loaded"));
    assert_true(painted_has("HTTP 200, 13 ms: {\"outputs\":[{\"data\":[0.81]}]}"));
    end();
}

/* Another order, a filter and a newer snapshot leave the selection on the same deployment. */
static void the_selection_stays_with_its_deployment(void **state)
{
    (void)state;
    begin();
    assert_true(deploy_select(&d, "seoul/ml-prod/search-canary", "Deployment"));
    size_t before = d.table.selected;
    d.sort = SORT_NAME;
    deploy_rebuild(&d);
    assert_int_not_equal(d.table.selected, before);
    assert_true(ncm_str_is(deploy_selected(&d)->it->name, "search-canary"));
    d.filter = ncm_strdup("canary");
    deploy_rebuild(&d);
    assert_int_equal(d.n_rows, 2);
    assert_true(ncm_str_is(deploy_selected(&d)->it->name, "search-canary"));
    ncm_free(d.filter);
    d.filter = ncm_strdup("degraded");
    deploy_rebuild(&d);
    list(20, 80);
    assert_true(painted_has("filter: degraded"));
    assert_false(painted_has("tagger"));
    end();
}

/* The first one is selected as things arrive; once all are there it stays, whatever gets worse. */
static void the_first_selection_settles(void **state)
{
    (void)state;
    begin();
    assert_true(ncm_str_is(deploy_selected(&d)->it->name, "memhog"));
    d.reverse = true;
    deploy_rebuild(&d); /* still loading: the first one is another */
    assert_false(ncm_str_is(deploy_selected(&d)->it->name, "memhog"));
    d.reverse = false;
    sources[0].snap = made->cluster;
    sources[1].snap = made->endpoint;
    deploy_rebuild(&d);
    assert_true(ncm_str_is(deploy_selected(&d)->it->name, "memhog"));
    d.reverse = true;
    deploy_rebuild(&d);
    assert_true(ncm_str_is(deploy_selected(&d)->it->name, "memhog"));
    end();
}

static void every_order_keeps_groups_whole(void **state)
{
    (void)state;
    begin();
    for (int s = 0; s < N_SORTS; s++) {
        for (int r = 0; r < 2; r++) {
            size_t n = 0;
            d.sort = (enum deploy_sort)s;
            d.reverse = r == 1;
            deploy_rebuild(&d);
            for (size_t i = 0; i < d.n_rows; i++) {
                n += d.rows[i].at != DEPLOY_HEADING;
            }
            assert_int_equal(n, made->fleet.n_deployments);
            list(30, 120);
            assert_int_equal(row_of("search-stable") - row_of("search-canary"),
                             row_of("search-stable") > row_of("search-canary") ? 1 : -1);
        }
    }
    end();
}

static void a_source_that_is_away_is_told_and_its_rows_are_old(void **state)
{
    static struct ncm_err err;
    (void)state;
    begin();
    snprintf(err.what, sizeof err.what, "%s", "churn.example.com refused the connection");
    sources[1].err = &err;
    sources[1].info = (struct ncm_freshness_info){.state = NCM_OFFLINE, .age_ms = 180000};
    list(20, 80);
    assert_non_null(strstr(painted_row(1), "churn-api"));
    assert_non_null(strstr(painted_row(1), "figures are 3 m old"));
    assert_true(deploy_is_stale(
        &d, made->endpoint->items[0]->it.name.len > 0 ? &made->endpoint->items[0]->it : NULL));
    struct table_cell cell = {.role = ROLE_TEXT};
    deploy_cell(&d, deploy_selected(&d), COL_HEALTH, &cell);
    detail("churn-api", PART_OVERVIEW, 20, 80);
    assert_non_null(strstr(painted_row(0), "does not answer; figures are 3 m old"));
    end();
}

static void what_may_not_be_read_is_told(void **state)
{
    (void)state;
    begin();
    struct ncm_str notes[] = {{NULL, 0}, {"pods: forbidden", 15}};
    static const char first[] = "deployments in ml-quota: forbidden (not yours)";
    notes[0] = (struct ncm_str){first, sizeof first - 1};
    struct ncm_deployments_snapshot snap = {.notes = notes, .n_notes = 2};
    sources[0].snap = &snap;
    list(20, 100);
    assert_non_null(strstr(painted_row(1), "seoul"));
    assert_non_null(strstr(painted_row(1), first));
    assert_non_null(strstr(painted_row(1), "and 1 more"));
    end();
}

static void a_rollout_shows_every_replica_of_each_revision(void **state)
{
    (void)state;
    begin();
    detail("fraud", PART_ROLLOUT, 24, 80);
    assert_true(painted_has("v13 → v14: 0 of 3 new replicas are available"));
    assert_true(row_of("v14, revision 14") < row_of("v13, revision 13"));
    assert_true(painted_has("wanted; nothing of it serves yet"));
    assert_true(painted_has("● fraud-5c9f8d7b66-9q4wd  Running"));
    assert_true(painted_has("fraud-79bdb44d6d-x7k2p  CrashLoopBackOff"));
    end();
}

static void the_verdict_stands_before_the_figures(void **state)
{
    (void)state;
    begin();
    detail("search-canary", PART_TRAFFIC, 20, 80);
    assert_true(row_of("The candidate is worse") > 0);
    assert_true(row_of("The candidate is worse") < row_of("requests/s"));
    assert_non_null(strstr(painted_row(row_of("errors  ")), "3.1 % (316)"));
    detail("search-canary", PART_TRAFFIC, 40, 80);
    assert_true(painted_has("+2.9 points, between +2.4 and +3.5"));
    end();
}

static void history_and_events_tell_the_rest(void **state)
{
    (void)state;
    begin();
    detail("fraud", PART_HISTORY, 20, 80);
    assert_non_null(strstr(painted_row(row_of("wanted")), "v14"));
    assert_non_null(strstr(painted_row(row_of("still serves")), "v13"));
    deploy_part_act(&d, A_DOWN);
    assert_string_equal(ncm_cstr(deploy_revision(&d)->name), "fraud-5c9f8d7b66");
    detail("fraud", PART_EVENTS, 20, 80);
    assert_true(painted_has("Back-off restarting failed container server in pod fraud-79bdb"));
    detail("fraud", PART_REPLICAS, 20, 80);
    assert_true(painted_has("exit 1: ModuleNotFoundError"));
    assert_true(painted_has("████░ 460 MB"));
    end();
}

/* Parts that could never hold anything are left out. */
static void an_endpoint_has_only_its_parts(void **state)
{
    (void)state;
    begin();
    detail("churn-api", PART_HISTORY, 20, 80);
    assert_int_equal(d.part, PART_OVERVIEW);
    assert_false(painted_has("History"));
    assert_true(deploy_part_there(&d, PART_TRAFFIC));
    end();
}

static void logs_follow_until_one_looks_back(void **state)
{
    (void)state;
    begin();
    deploy_select(&d, "fraud", NULL);
    d.view = DEPLOY_DETAIL;
    d.part = PART_LOGS;
    d.logs.snap = made_logs(0, 100);
    detail("fraud", PART_LOGS, 20, 80);
    assert_true(painted_has("INFO line 98"));
    assert_true(painted_has("following"));
    assert_false(painted_has("�[31m")); /* colours that programs write are no text */
    assert_true(painted_has("x7k2p"));
    deploy_part_act(&d, A_UP);
    detail("fraud", PART_LOGS, 20, 80);
    assert_false(painted_has("line 99"));
    assert_true(painted_has("standing still"));
    deploy_part_act(&d, A_BOTTOM);
    detail("fraud", PART_LOGS, 20, 80);
    assert_true(painted_has("line 99"));
    ncm_free(d.logs.needle);
    d.logs.needle = ncm_strdup("line 42 ");
    deploy_logs_act(&d, A_NEXT_MATCH, NULL);
    detail("fraud", PART_LOGS, 20, 80);
    assert_true(painted_has("line 42"));
    assert_int_equal(d.logs.hit, 42);
    end();
}

static void what_may_not_be_done_says_why(void **state)
{
    const char *reason = "";
    (void)state;
    begin();
    deploy_select(&d, "fraud", NULL);
    assert_true(deploy_can(&d, A_RESTART, &reason));
    assert_false(deploy_can(&d, A_RESUME_ROLLOUT, &reason));
    assert_false(deploy_can(&d, A_ABORT, &reason));
    deploy_select(&d, "search-canary", NULL);
    assert_true(deploy_can(&d, A_ABORT, &reason));
    deploy_select(&d, "nightly-scoring", NULL);
    assert_false(deploy_can(&d, A_PAUSE_ROLLOUT, &reason));
    assert_string_equal(reason, "RBAC: viewer may not patch cronjobs in ml-prod");
    assert_false(deploy_can(&d, A_RESTART, &reason));
    assert_true(deploy_can(&d, A_LOGS, &reason));
    deploy_select(&d, "memhog", NULL);
    assert_false(deploy_can(&d, A_TO_DRIFT, &reason));
    end();
}

/* Nothing is contacted before Enter, and the screen says so. */
static void an_offered_cluster_asks_first(void **state)
{
    static const struct ncm_deploy_about offer = {.name = "seoul",
                                                  .location = "context seoul of ~/.kube/config",
                                                  .type = NCM_DEPLOY_KUBERNETES,
                                                  .offered = true};
    const char *reason = "";
    (void)state;
    begin();
    d.fleet = NULL;
    sources[0] = (struct deploy_source){.about = &offer};
    d.n_sources = 1;
    list(20, 80);
    assert_true(deploy_is_offered(&d));
    assert_true(painted_has("context seoul of ~/.kube/config"));
    assert_true(painted_has("Nothing is contacted before that."));
    assert_true(pane_deploy.freshness(&d).unasked);
    assert_true(deploy_can(&d, A_OPEN, &reason));
    d.n_sources = 0;
    list(20, 80);
    assert_true(painted_has("{type: kubernetes, context: seoul, namespaces: [ml]}"));
    end();
}

static void every_part_is_drawn_at_every_size(void **state)
{
    static const char *const names[] = {"fraud", "search-canary", "churn-api", "memhog",
                                        "nightly-scoring"};
    (void)state;
    begin();
    d.logs.snap = made_logs(0, 30);
    for (int h = 1; h < 50; h += 4) {
        for (int w = 4; w < 210; w += 23) {
            d.view = DEPLOY_LIST;
            list(h, w);
            for (int part = 0; part < N_PARTS; part++) {
                detail(names[(h + w + part) % 5], (enum deploy_part)part, h, w);
                deploy_part_act(&d, A_DOWN);
                deploy_part_act(&d, A_PAGE_UP);
            }
        }
    }
    end();
}

static int setup(void **state)
{
    (void)state;
    setenv("NCMLOPS_NOW", "1764354000000", 1);
    ncm_clock_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_has_the_worst_first),
        cmocka_unit_test(a_short_screen_has_no_headings),
        cmocka_unit_test(findings_stand_below_the_list),
        cmocka_unit_test(a_wide_screen_has_a_panel_beside_it),
        cmocka_unit_test(unknown_is_never_nothing),
        cmocka_unit_test(figures_are_short),
        cmocka_unit_test(contradictions_are_seen_without_colour),
        cmocka_unit_test(the_selection_stays_with_its_deployment),
        cmocka_unit_test(the_first_selection_settles),
        cmocka_unit_test(every_order_keeps_groups_whole),
        cmocka_unit_test(a_source_that_is_away_is_told_and_its_rows_are_old),
        cmocka_unit_test(what_may_not_be_read_is_told),
        cmocka_unit_test(a_rollout_shows_every_replica_of_each_revision),
        cmocka_unit_test(the_verdict_stands_before_the_figures),
        cmocka_unit_test(history_and_events_tell_the_rest),
        cmocka_unit_test(an_endpoint_has_only_its_parts),
        cmocka_unit_test(logs_follow_until_one_looks_back),
        cmocka_unit_test(what_may_not_be_done_says_why),
        cmocka_unit_test(an_offered_cluster_asks_first),
        cmocka_unit_test(every_part_is_drawn_at_every_size),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
