/* Everything joined: what is told of made deployments, registries, drift and alerts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "unit/made_fleet.h"

static void nothing_is_joined_without_harm(void **state)
{
    const struct ncm_fleet *f = made_join();
    assert_int_equal(f->n_rows + f->n_deployments + f->n_firing + f->n_events, 0);
    assert_null(ncm_fleet_find(f, "x", NULL, &(bool){false}));
    made_source("k", 0);
    REGISTRY("churn 3 Production");
    f = made_join();
    assert_int_equal(f->n_rows, 1);
    assert_true(made_row("churn", "3")->in_production);
    assert_int_equal(made_row("churn", "3")->badness,
                     0); /* nothing is configured: nothing is missing */
    (void)state;
}

static void what_is_in_production_and_on_its_way_has_a_row(void **state)
{
    REGISTRY("churn 4 None challenger", "churn 3 Production champion", "churn 2 Archived",
             "churn 1 None", "fraud 9 Staging", "plain 2", "plain 1");
    made_source("k", 4);
    made_deployment("churn", "models:/churn/3");
    made_deployment("plain", "models:/plain/1");
    made_deployment("stranger", "models:/elsewhere/5");
    made_deployment("nginx", NULL);
    const struct ncm_fleet *f = made_join();
    assert_int_equal(f->n_rows, 5);
    assert_string_equal(ncm_cstr(made_row("churn", "3")->stage), "Production @champion");
    assert_string_equal(ncm_cstr(made_row("churn", "4")->stage), "@challenger");
    assert_false(made_row("churn", "4")->in_production);
    assert_string_equal(ncm_cstr(made_row("fraud", "9")->stage), "Staging");
    assert_null(made_row("fraud", "9")->deployments);
    /* The registry of "plain" has neither: what has the traffic is in production. */
    assert_true(made_row("plain", "1")->in_production);
    assert_null(made_row("plain", "1")->stage.p);
    assert_false(made_row("elsewhere", "5")->registered);
    assert_int_equal(made_row("churn", "3")->ready, 2);
    assert_true(made_row("churn", "3")->percent == 100);
    assert_true(isnan(made_row("churn", "4")->percent));
    assert_int_equal(made_row("churn", "4")->ready, -1);
    assert_false(made_row("churn", "3")->rates.known);
    assert_true(isnan(made_row("churn", "3")->rates.rps));
    assert_true(isnan(made_row("churn", "3")->drift_last));
    assert_int_equal(made_row("churn", "3")->since_ms, 2000);
    (void)state;
}

static void a_registry_that_says_another_version_is_red(void **state)
{
    REGISTRY("churn 14 Production", "churn 13 Archived");
    made_source("k", 1);
    made_deployment("churn", "models:/churn/13");
    made_join();
    const char *says = made_finding("churn", "not_production", NCM_SEVERITY_CRITICAL);
    assert_non_null(says);
    assert_non_null(strstr(says, "registry says v14, running v13 since 1970-01-01"));
    assert_string_equal(ncm_cstr(made_found("churn")->findings[0].evidence),
                        "models:/churn/13 (env MODEL_URI of server)");
    assert_int_equal(made_found("churn")->health, NCM_HEALTH_DEGRADED);
    assert_null(made_finding("churn", "archived", NCM_SEVERITY_WARNING)); /* said once */
    assert_string_equal(ncm_cstr(made_row("churn", "14")->reason), "registry says v14, v13 runs");
    assert_int_equal(made_row("churn", "14")->severity, NCM_SEVERITY_CRITICAL);
    assert_true(made_row("churn", "14")->badness > 0);
    assert_int_equal(made_row("churn", "14")->health, NCM_HEALTH_UNKNOWN);
    (void)state;
}

static void a_champion_counts_where_there_is_no_stage(void **state)
{
    REGISTRY("churn 14 None champion", "churn 13 None");
    made_source("k", 1);
    made_deployment("churn", "models:/churn/13");
    made_join();
    assert_non_null(made_finding("churn", "not_production", NCM_SEVERITY_CRITICAL));
    (void)state;
}

static void any_of_several_in_production_is_right(void **state)
{
    REGISTRY("churn 14 Production", "churn 13 Production", "fraud 2 Production",
             "fraud 1 None champion");
    made_source("k", 2);
    made_deployment("churn", "models:/churn/13");
    made_deployment("fraud", "models:/fraud@champion");
    made_join();
    assert_int_equal(made_found("churn")->n_findings, 0);
    assert_int_equal(made_found("fraud")->n_findings, 0);
    assert_int_equal(made_row("churn", "14")->severity, NCM_SEVERITY_INFO);
    (void)state;
}

static void a_version_on_its_way_is_no_fault(void **state)
{
    REGISTRY("churn 14 Production", "churn 13 Archived");
    made_source("k", 1);
    struct ncm_deployment *d = made_deployment("churn", "models:/churn/13");
    d->rolling = true;
    d->health = NCM_HEALTH_PROGRESSING;
    d->wanted = ncm_arena_alloc(made_arena_of(d), 1, sizeof *d->wanted);
    d->n_wanted =
        ncm_claim_of(made_arena_of(d), NCM_PLACE_ENV, "MODEL_URI", "models:/churn/14", d->wanted);
    made_join();
    assert_null(made_finding("churn", "not_production", NCM_SEVERITY_CRITICAL));
    assert_int_equal(made_row("churn", "14")->health, NCM_HEALTH_PROGRESSING);
    assert_int_equal(made_row("churn", "14")->n_deployments, 1);
    (void)state;
}

static void a_canary_beside_production_is_no_fault(void **state)
{
    REGISTRY("churn 14 Staging", "churn 13 Production");
    made_source("k", 2);
    struct ncm_deployment *a = made_deployment("churn", "models:/churn/13");
    struct ncm_deployment *b = made_deployment("churn-canary", "models:/churn/14");
    made_split(a, "churn", 90, "churn-canary");
    made_split(b, "churn", 90, "churn-canary");
    made_join();
    assert_int_equal(made_found("churn")->n_findings, 0);
    assert_int_equal(made_found("churn-canary")->n_findings, 0);
    assert_true(made_row("churn", "13")->percent == 90);
    assert_true(made_row("churn", "14")->percent == 10);
    assert_string_equal(ncm_cstr(made_found("churn")->traffic[1].version), "14");
    (void)state;
}

static void evidence_that_disagrees_is_red(void **state)
{
    REGISTRY("churn 8 Production", "churn 7 None");
    made_source("k", 1);
    struct ncm_deployment *d = made_deployment("churn", "models:/churn/8");
    d->n_claims +=
        ncm_claim_of(made_arena_of(d), NCM_PLACE_IMAGE, NULL, "h/churn:7", &d->claims[1]);
    made_join();
    assert_string_equal(made_finding("churn", "version_conflict", NCM_SEVERITY_CRITICAL),
                        "two statements disagree: v8 and v7");
    d->claims[1] = (struct ncm_claim){.rule = NCM_CLAIM_ANSWER, .version = {"7", 1}};
    made_join();
    assert_string_equal(made_finding("churn", "version_conflict", NCM_SEVERITY_CRITICAL),
                        "the server answers v7, the deployment says v8");
    (void)state;
}

static void versions_that_are_gone_or_archived_are_told(void **state)
{
    REGISTRY("churn 8 None", "churn 7 Archived");
    made_source("k", 2);
    made_deployment("a", "models:/churn/99");
    made_deployment("b", "models:/churn/7");
    made_join();
    assert_string_equal(made_finding("a", "not_registered", NCM_SEVERITY_WARNING),
                        "the registry has no version 99 of churn");
    assert_string_equal(made_finding("b", "archived", NCM_SEVERITY_WARNING),
                        "v7 serves, but the registry has archived it");
    assert_string_equal(ncm_cstr(made_row("churn", "7")->reason),
                        "v7 serves, but the registry has archived it");
    (void)state;
}

static void an_alias_that_moved_after_the_start_is_told(void **state)
{
    REGISTRY("churn 8 None champion", "churn 7 None");
    made_tag(
        "churn", "8", "ncmlops.transition.a1",
        "{\"actor\":\"kim\",\"time\":60000,\"alias\":\"champion\",\"from\":\"7\",\"to\":\"8\"}");
    made_source("k", 1);
    struct ncm_deployment *d = made_deployment("churn", "models:/churn@champion");
    d->claims[0].since_ms = 50000;
    made_join();
    assert_string_equal(ncm_cstr(made_found("churn")->is.version), "7"); /* what it meant then */
    const char *says = made_finding("churn", "alias_moved", NCM_SEVERITY_CRITICAL);
    assert_non_null(says);
    assert_non_null(strstr(says, "@champion means v8 now, but v7 was loaded at"));
    d->claims[0].since_ms = 70000; /* started afterwards */
    made_join();
    assert_string_equal(ncm_cstr(made_found("churn")->is.version), "8");
    assert_int_equal(made_found("churn")->n_findings, 0);
    (void)state;
}

static void a_stage_that_moved_after_the_start_is_told(void **state)
{
    REGISTRY("churn 8 Production", "churn 7 Archived");
    made_tag("churn", "8", "ncmlops.transition.a1",
             "{\"time\":60000,\"from\":\"None\",\"to\":\"Production\"}");
    made_tag("churn", "7", "ncmlops.transition.a1",
             "{\"time\":60000,\"from\":\"Production\",\"to\":\"Archived\"}");
    made_source("k", 1);
    struct ncm_deployment *d = made_deployment("churn", "models:/churn/Production");
    d->claims[0].since_ms = 50000;
    made_join();
    const char *says = made_finding("churn", "alias_moved", NCM_SEVERITY_CRITICAL);
    assert_non_null(says);
    assert_non_null(strstr(says, "Production means v8 now, but v7 was loaded at"));
    d->claims[0].since_ms = 70000;
    made_join();
    assert_int_equal(made_found("churn")->n_findings, 0);
    (void)state;
}

static void without_tags_a_later_update_is_a_doubt(void **state)
{
    REGISTRY("churn 8 Production");
    made_source("k", 1);
    struct ncm_deployment *d = made_deployment("churn", "models:/churn/Production");
    d->claims[0].since_ms = 1500; /* the version was updated at 2000 */
    made_join();
    assert_non_null(made_finding("churn", "alias_moved", NCM_SEVERITY_WARNING));
    assert_int_equal(made_found("churn")->health, NCM_HEALTH_HEALTHY);
    (void)state;
}

static void production_that_is_nowhere_is_told(void **state)
{
    REGISTRY("churn 3 Production", "fraud 1 Production");
    made_source("k", 1);
    made_deployment("churn", "models:/churn/3");
    made_join();
    assert_non_null(strstr(ncm_cstr(made_row("fraud", "1")->reason), "deployed nowhere"));
    assert_int_equal(made_row("fraud", "1")->severity, NCM_SEVERITY_WARNING);
    assert_true(made_in.fleet->rows[0].badness >= made_in.fleet->rows[1].badness);
    assert_string_equal(ncm_cstr(made_in.fleet->rows[0].model), "fraud");
    (void)state;
}

static void a_version_that_nobody_knows_is_unknown(void **state)
{
    REGISTRY("churn 3 Production");
    made_source("k", 1);
    made_deployment("churn", NULL);
    made_join();
    assert_string_equal(ncm_cstr(made_row("churn", "")->model), "churn"); /* by its name */
    assert_null(made_row("churn", "")->version.p);
    assert_int_equal(made_row("churn", "")->ready, 2);
    assert_string_equal(ncm_cstr(made_row("churn", "3")->reason),
                        "registry says v3, which version runs is not known");
    assert_int_equal(made_row("churn", "3")->severity, NCM_SEVERITY_WARNING);
    (void)state;
}

static void drift_is_shown_where_production_runs(void **state)
{
    REGISTRY("churn 4 Staging", "churn 3 Production");
    made_source("k", 1);
    made_deployment("churn", "models:/churn/3");
    made_drifting("churn", NCM_DRIFT_CRITICAL);
    made_join();
    const struct ncm_fleet_row *r = made_row("churn", "3");
    assert_int_equal(r->n_drift, 2);
    assert_true(r->drift[1] == 0.31);
    assert_string_equal(ncm_cstr(r->drift_feature), "tenure");
    assert_int_equal(made_row("churn", "4")->n_drift, 0);
    assert_string_equal(made_finding("churn", "drift", NCM_SEVERITY_CRITICAL),
                        "tenure drifts: psi 0.31, threshold 0.25");
    assert_int_equal(made_found("churn")->health, NCM_HEALTH_HEALTHY); /* the server is well */
    assert_true(r->badness > 0);
    (void)state;
}

static struct ncm_kv labels_of_pod[] = {
    {{"alertname", 9}, {"Down", 4}},
    {{"namespace", 9}, {"ml", 2}},
    {{"pod", 3}, {"churn-5d9-x1", 12}},
};
static struct ncm_kv labels_of_model[] = {
    {{"model", 5}, {"churn", 5}},
    {{"model_version", 13}, {"4", 1}},
};

static void alerts_find_what_they_are_about(void **state)
{
    REGISTRY("churn 4 Staging", "churn 3 Production");
    made_source("k", 2);
    made_deployment("churn", "models:/churn/3");
    made_deployment("churn-new", "models:/churn/4");
    struct ncm_alert *a = made_alerts_of("alertmanager", 2);
    a[0].summary = (struct ncm_str){"it is down", 10};
    a[0].severity = NCM_SEVERITY_WARNING;
    a[0].rule = (struct ncm_str){"Down", 4};
    a[0].labels = labels_of_pod;
    a[0].n_labels = 3;
    a[1].rule = (struct ncm_str){"Slow", 4};
    a[1].severity = NCM_SEVERITY_CRITICAL;
    a[1].labels = labels_of_model;
    a[1].n_labels = 2;
    /* Prometheus tells of the same one. */
    struct ncm_alert *b = made_alerts_of("prometheus", 1);
    b[0].rule = a[0].rule;
    b[0].labels = labels_of_pod;
    b[0].n_labels = 3;
    const struct ncm_fleet *f = made_join();
    assert_int_equal(f->n_firing, 2);
    assert_string_equal(ncm_cstr(f->firing[0]->rule), "Slow"); /* the gravest first */
    assert_string_equal(made_finding("churn", "alert", NCM_SEVERITY_WARNING), "it is down");
    assert_int_equal(made_row("churn", "3")->n_firing, 1);
    assert_int_equal(made_row("churn", "4")->n_firing, 1);
    assert_int_equal(made_row("churn", "4")->severity, NCM_SEVERITY_CRITICAL);
    assert_string_equal(ncm_cstr(f->rows[0].version), "4");
    assert_int_equal(ncm_fleet_alert_row(f, f->firing[0]), 0);
    assert_int_equal(ncm_fleet_alert_row(f, f->firing[1]), 1);
    assert_int_equal(f->events[0].sign, 'A');
    /* Silenced ones do not fire. */
    a[0].state = a[1].state = NCM_ALERT_SILENCED;
    assert_int_equal(made_join()->n_firing, 0);
    (void)state;
}

static void the_worst_comes_first_with_its_siblings(void **state)
{
    REGISTRY("alpha 2 Staging", "alpha 1 Production", "beta 5 Production", "gamma 2 Staging",
             "gamma 1 Production");
    made_source("k", 5);
    made_deployment("alpha", "models:/alpha/1");
    made_deployment("beta", "models:/beta/5")->health = NCM_HEALTH_DEGRADED;
    made_deployment("gamma", "models:/gamma/1");
    struct ncm_deployment *d = made_deployment("gamma-new", "models:/gamma/2");
    d->health = NCM_HEALTH_FAILED;
    d->reason = (struct ncm_str){"CrashLoopBackOff", 16};
    d->health_since_ms = 90000;
    d->ready = 0;
    made_join();
    static const char *const order[] = {"beta 5", "gamma 2", "gamma 1", "alpha 1", "alpha 2"};
    for (size_t i = 0; i < 5; i++) {
        char is[60];
        snprintf(is, sizeof is, "%s %s", ncm_cstr(made_in.fleet->rows[i].model),
                 ncm_cstr(made_in.fleet->rows[i].version));
        assert_string_equal(is, order[i]);
    }
    assert_string_equal(ncm_cstr(made_row("gamma", "2")->reason), "CrashLoopBackOff");
    assert_int_equal(made_row("gamma", "2")->since_ms, 90000);
    assert_int_equal(made_row("gamma", "2")->ready, 0);
    assert_string_equal(ncm_cstr(made_in.fleet->deployments[0].it->name), "gamma-new");
    (void)state;
}

static void what_happened_is_on_one_axis(void **state)
{
    REGISTRY("churn 8 Production", "churn 7 None");
    made_tag("churn", "8", "ncmlops.transition.a1",
             "{\"actor\":\"kim\",\"time\":60000,\"from\":\"None\",\"to\":\"Production\",\"reason\":"
             "\"auc\"}");
    made_in.audit = ncm_snapshot_new(NCM_T_AUDIT, sizeof *made_in.audit);
    struct ncm_audit_entry all[] = {
        {.id = {"a1", 2},
         .action = {"promote", 7},
         .subject = {"churn/8", 7},
         .result = {"done", 4},
         .time_ms = 60000}, /* the tag's own */
        {.id = {"a2", 2},
         .action = {"deploy_scale", 12},
         .subject = {"k/ml/churn", 10},
         .from = {"2", 1},
         .to = {"4", 1},
         .result = {"done", 4},
         .time_ms = 70000},
        {.id = {"a3", 2},
         .action = {"promote", 7},
         .subject = {"churn/9", 7},
         .result = {"failed", 6},
         .time_ms = 71000},
    };
    made_in.audit->items = all;
    made_in.audit->n = 3;
    made_source("k", 1);
    struct ncm_deployment *d = made_deployment("churn", "models:/churn/8");
    made_replica(d, "churn-1", "r");
    d->replicas[0].crashed_ms = 80000;
    d->replicas[0].restarts = 3;
    d->replicas[0].reason = (struct ncm_str){"OOMKilled", 9};
    const struct ncm_fleet *f = made_join();
    assert_int_equal(f->n_events, 3);
    assert_int_equal(f->events[0].sign, 'X');
    assert_string_equal(ncm_cstr(f->events[0].what), "churn-1 crashed (3 restarts): OOMKilled");
    assert_string_equal(ncm_cstr(f->events[0].version), "8");
    assert_int_equal(f->events[1].sign, 'S');
    assert_string_equal(ncm_cstr(f->events[1].model), "churn");
    assert_int_equal(f->events[2].sign, 'P');
    assert_string_equal(ncm_cstr(f->events[2].what), "v8 is in Production (kim: auc)");
    const struct ncm_fleet_event *of[8];
    assert_int_equal(ncm_fleet_timeline(f, "churn", 0, of, 8), 3);
    assert_int_equal(ncm_fleet_timeline(f, "churn", 65000, of, 8), 2);
    assert_int_equal(ncm_fleet_timeline(f, "fraud", 0, of, 8), 0);
    assert_int_equal(made_row("churn", "8")->since_ms, 60000);
    /* A pod of the new version is no pod of the one that still serves. */
    struct ncm_revision revision = {
        .name = {"r", 1}, .version = {"9", 1}, .created_ms = NCM_NO_TIME};
    d->revisions = &revision;
    d->n_revisions = 1;
    assert_string_equal(ncm_cstr(made_join()->events[0].version), "9");
    d->n_revisions = 0;
    d->rolling = true;
    assert_null(made_join()->events[0].version.p);
    d->rolling = false;
    /* As our audit has it: a roll-back. */
    all[0].action = (struct ncm_str){"rollback", 8};
    assert_int_equal(made_join()->events[2].sign, 'B');
    (void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, made_begin, made_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_joined_without_harm),
        TEST(what_is_in_production_and_on_its_way_has_a_row),
        TEST(a_registry_that_says_another_version_is_red),
        TEST(a_champion_counts_where_there_is_no_stage),
        TEST(any_of_several_in_production_is_right),
        TEST(a_version_on_its_way_is_no_fault),
        TEST(a_canary_beside_production_is_no_fault),
        TEST(evidence_that_disagrees_is_red),
        TEST(versions_that_are_gone_or_archived_are_told),
        TEST(an_alias_that_moved_after_the_start_is_told),
        TEST(a_stage_that_moved_after_the_start_is_told),
        TEST(without_tags_a_later_update_is_a_doubt),
        TEST(production_that_is_nowhere_is_told),
        TEST(a_version_that_nobody_knows_is_unknown),
        TEST(drift_is_shown_where_production_runs),
        TEST(alerts_find_what_they_are_about),
        TEST(the_worst_comes_first_with_its_siblings),
        TEST(what_happened_is_on_one_axis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
