/* Rates joined with deployments, canaries, shares of the traffic, and a large fleet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/num.h"
#include "base/text.h"
#include "ops/plan.h"
#include "unit/made_fleet.h"

static void rates_are_joined_by_what_labels_say(void **state)
{
    made_source("k", 3);
    struct ncm_deployment *a = made_deployment("churn", "models:/churn/3");
    struct ncm_deployment *b = made_deployment("fraud", "models:/fraud/1");
    struct ncm_deployment *e = made_deployment("api", "models:/api/1");
    made_replica(a, "churn-1", "r1");
    made_replica(a, "churn-2", "r1");
    e->kind = made_str(made_arena_of(e), "Endpoint");
    e->ns = made_str(made_arena_of(e), "");
    e->endpoint = made_str(made_arena_of(e), "http://10.0.0.1:8080/v1");
    b->rates = ncm_rates_unknown();
    b->rates.known = true;
    b->rates.rps = 7;
    made_metrics(5);
    made_counted("pod", "churn-1", NULL, 100, 1, 20);
    made_counted("pod", "churn-2", NULL, 300, 0, 50);
    made_counted("deployment", "churn", NULL, 9999, 0, 50); /* the same requests once more */
    made_counted("instance", "10.0.0.1:8080", NULL, 50, 0, 10);
    made_join();
    assert_true(made_found("churn")->rates.requests == 400);
    assert_true(made_found("churn")->rates.rps == 4);
    assert_true(made_found("churn")->rates.error_rate == 1.0 / 400);
    assert_true(made_found("churn")->rates.p95_ms > 20 && made_found("churn")->rates.p95_ms < 50);
    assert_true(made_found("api")->rates.requests == 50);
    assert_true(made_found("fraud")->rates.rps == 7); /* its own, where the store has none */
    assert_true(made_row("churn", "3")->rates.rps == 4);
    (void)state;
}

static void two_clusters_with_the_same_names_are_kept_apart(void **state)
{
    REGISTRY("churn 3 Production", "churn 2 None");
    made_source("seoul", 1);
    made_deployment("churn", "models:/churn/3");
    made_source("tokyo", 1);
    made_deployment("churn", "models:/churn/2");
    made_metrics(3);
    made_counted("deployment", "churn", "seoul", 100, 0, 20);
    made_counted("deployment", "churn", NULL, 5000, 0, 20); /* of which one? */
    made_join();
    assert_int_equal(made_in.fleet->n_deployments, 2);
    assert_true(made_found("seoul/ml/churn")->rates.requests == 100);
    assert_false(made_found("tokyo/ml/churn")->rates.known);
    bool ambiguous;
    assert_non_null(ncm_fleet_find(made_in.fleet, "churn", NULL, &ambiguous));
    assert_true(ambiguous);
    /* The one that stayed behind. */
    assert_null(made_finding("seoul/ml/churn", "not_production", NCM_SEVERITY_CRITICAL));
    assert_non_null(made_finding("tokyo/ml/churn", "not_production", NCM_SEVERITY_CRITICAL));
    /* How requests divide between the two is not known. */
    assert_true(isnan(made_row("churn", "3")->percent));
    (void)state;
}

static void a_canary_is_judged_in_a_sentence(void **state)
{
    REGISTRY("churn 15 Staging", "churn 14 Production");
    made_source("k", 2);
    struct ncm_deployment *a = made_deployment("churn", "models:/churn/14");
    struct ncm_deployment *b = made_deployment("churn-new", "models:/churn/15");
    made_split(a, "churn", 90, "churn-new");
    made_split(b, "churn", 90, "churn-new");
    made_join();
    assert_false(made_found("churn")->compared);
    assert_string_equal(ncm_cstr(made_found("churn")->canary_says),
                        "cannot tell: nobody counts the requests of v15");
    made_metrics(2);
    made_counted("deployment", "churn", NULL, 4000, 2, 20);
    made_counted("deployment", "churn-new", NULL, 412, 0, 100);
    made_join();
    assert_true(made_found("churn")->compared);
    assert_int_equal(made_found("churn")->canary.all, NCM_CANARY_WORSE);
    const char *says = ncm_cstr(made_found("churn")->canary_says);
    assert_non_null(strstr(says, "v15 is slower: p95 97.5 ms against 19.5 ms (×"));
    assert_non_null(strstr(says, "412 requests"));
    made_in.rates->items[1].rates.requests = 12;
    ((double *)(uintptr_t)made_in.rates->items[1].rates.counts)[3] = 12;
    made_join();
    says = ncm_cstr(made_found("churn")->canary_says);
    assert_non_null(strstr(says, "fails more: 12 requests"));
    (void)state;
}

/* It is the candidate that is not well, for that reason; the stable version is. */
static void a_worse_candidate_is_degraded(void **state)
{
    REGISTRY("churn 15 Staging", "churn 14 Production");
    made_source("k", 2);
    struct ncm_deployment *a = made_deployment("churn", "models:/churn/14");
    struct ncm_deployment *b = made_deployment("churn-new", "models:/churn/15");
    made_split(a, "churn", 90, "churn-new");
    made_split(b, "churn", 90, "churn-new");
    made_metrics(2);
    made_counted("deployment", "churn", NULL, 4000, 2, 20);
    made_counted("deployment", "churn-new", NULL, 900, 80, 20);
    made_drifting("churn", NCM_DRIFT_CRITICAL);
    made_join();
    const char *says = made_finding("churn-new", "canary", NCM_SEVERITY_CRITICAL);
    assert_non_null(says);
    assert_non_null(strstr(says, "v15 fails more: 8.9 % against 0.05 %"));
    assert_null(made_finding("churn", "canary", NCM_SEVERITY_CRITICAL));
    assert_int_equal(made_found("churn-new")->health, NCM_HEALTH_DEGRADED);
    assert_int_equal(made_found("churn")->health, NCM_HEALTH_HEALTHY);
    const struct ncm_fleet_row *r = made_row("churn", "15");
    assert_true(r->canary_worse);
    assert_int_equal(r->health, NCM_HEALTH_DEGRADED);
    assert_int_equal(r->since_ms, NCM_NO_TIME);
    assert_string_equal(ncm_cstr(r->reason), says);
    assert_int_equal(made_row("churn", "14")->health, NCM_HEALTH_HEALTHY);
    assert_false(made_row("churn", "14")->canary_worse);
    assert_true(r->badness > made_row("churn", "14")->badness); /* which drifts */
    /* Late answers are a warning; they too come before a drift. */
    made_in.rates->items[1].rates.errors = 0;
    ((double *)(uintptr_t)made_in.rates->items[1].rates.counts)[1] = 0;
    ((double *)(uintptr_t)made_in.rates->items[1].rates.counts)[3] = 900;
    made_join();
    assert_non_null(made_finding("churn-new", "canary", NCM_SEVERITY_WARNING));
    assert_int_equal(made_row("churn", "15")->health, NCM_HEALTH_DEGRADED);
    assert_true(made_row("churn", "15")->badness > made_row("churn", "14")->badness);
    (void)state;
}

static void sentences_of_a_canary_are_whole(void **state)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_traffic stable = {.version = {"14", 2}, .rates = ncm_rates_unknown()};
    struct ncm_traffic candidate = {.version = {"15", 2}, .rates = ncm_rates_unknown()};
    stable.rates.error_rate = 0.002;
    candidate.rates.error_rate = 0.031;
    stable.rates.requests = 3700;
    candidate.rates.requests = 412;
    struct ncm_canary_result r = {.errors = NCM_CANARY_WORSE,
                                  .latency = NCM_CANARY_WORSE,
                                  .all = NCM_CANARY_WORSE,
                                  .error_lo = 0.015,
                                  .error_hi = 0.05,
                                  .p95_stable = 41,
                                  .p95_candidate = 97,
                                  .ratio = 2.37,
                                  .ratio_lo = 2.1,
                                  .ratio_hi = 2.6,
                                  .more_needed = 300};
    assert_string_equal(ncm_cstr(fleet_canary_sentence(a, &r, &stable, &candidate)),
                        "v15 fails more: 3.1 % against 0.2 % (+1.5 to +5 points), 412 requests");
    r.errors = NCM_CANARY_SAME;
    assert_string_equal(ncm_cstr(fleet_canary_sentence(a, &r, &stable, &candidate)),
                        "v15 is slower: p95 97 ms against 41 ms (×2.1–2.6), 412 requests");
    r.all = r.latency = NCM_CANARY_SAME;
    assert_string_equal(ncm_cstr(fleet_canary_sentence(a, &r, &stable, &candidate)),
                        "no difference that matters: p95 97 ms against 41 ms, errors 3.1 % against "
                        "0.2 %, 412 requests");
    r.all = NCM_CANARY_CANNOT_TELL;
    r.errors = NCM_CANARY_CANNOT_TELL;
    r.more_needed = 255;
    candidate.rates.requests = 34;
    assert_string_equal(ncm_cstr(fleet_canary_sentence(a, &r, &stable, &candidate)),
                        "cannot tell yet whether v15 fails more: 34 requests, about 300 more needed");
    ncm_arena_free(a);
    (void)state;
}

static void revisions_of_one_object_have_rows_of_their_own(void **state)
{
    REGISTRY("churn 2 Staging", "churn 1 Production");
    made_source("k", 1);
    struct ncm_deployment *d = made_deployment("churn", "models:/churn/1");
    made_split(d, "churn-00001", 90, "churn-00002");
    d->traffic[0].version = made_str(made_arena_of(d), "1");
    d->traffic[1].version = made_str(made_arena_of(d), "v2");
    d->traffic[1].health = NCM_HEALTH_FAILED;
    made_metrics(2);
    made_counted("revision_name", "churn-00001", NULL, 900, 0, 20);
    made_counted("revision_name", "churn-00002", NULL, 100, 0, 20);
    made_join();
    assert_true(made_row("churn", "1")->percent == 90);
    assert_true(made_row("churn", "2")->percent == 10);
    assert_true(made_row("churn", "2")->rates.requests == 100);
    assert_int_equal(made_row("churn", "2")->health, NCM_HEALTH_FAILED);
    assert_int_equal(made_row("churn", "1")->health, NCM_HEALTH_HEALTHY);
    (void)state;
}

static void several_counts_become_one(void **state)
{
    struct ncm_arena *a = ncm_arena_new();
    static const double one[] = {10, 20, 50}, two[] = {20, 50, 100};
    static const double c1[] = {5, 5, 0, 0}, c2[] = {10, 0, 5, 5};
    struct ncm_rates x = ncm_rates_unknown(), y = ncm_rates_unknown(), none = ncm_rates_unknown();
    x.known = y.known = true;
    x.window_s = y.window_s = 10;
    x.requests = 10;
    y.requests = 20;
    x.errors = 1;
    x.le_ms = one;
    x.counts = c1;
    y.le_ms = two;
    y.counts = c2;
    x.n = y.n = 3;
    const struct ncm_rates *all[] = {&x, &none, &y};
    struct ncm_rates s = ncm_rates_sum(a, all, 3);
    assert_true(s.requests == 30);
    assert_true(isnan(s.errors)); /* one of them does not say */
    assert_int_equal(s.n, 2);     /* the bounds that both have: 20 and 50 */
    assert_true(s.counts[0] == 20 && s.counts[1] == 0 && s.counts[2] == 10);
    assert_true(s.p95_beyond && s.p95_ms == 50);
    assert_false(ncm_rates_sum(a, all + 1, 1).known);
    ncm_arena_free(a);
    (void)state;
}

static void sentences_are_korean_where_that_is_asked_for(void **state)
{
    const char *build = getenv("BUILD");
    char dir[600], file[700];
    snprintf(dir, sizeof dir, "%s/locale", build != NULL ? build : "build");
    snprintf(file, sizeof file, "%s/ko/LC_MESSAGES/ncmlops.mo", dir);
    if (access(file, R_OK) != 0) {
        skip();
    }
    setenv("NCMLOPS_LOCALEDIR", dir, 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    ncm_text_init("ko", false);
    ncm_i18n_init("ko", "");
    if (strcmp(gettext("cannot tell yet whether %s is slower: %s requests"),
               "cannot tell yet whether %s is slower: %s requests") == 0) {
        skip(); /* not translated yet */
    }
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_traffic stable = {.version = {"14", 2}, .rates = ncm_rates_unknown()};
    struct ncm_traffic candidate = {.version = {"15", 2}, .rates = ncm_rates_unknown()};
    struct ncm_canary_result r = {.latency = NCM_CANARY_WORSE,
                                  .all = NCM_CANARY_WORSE,
                                  .p95_stable = 41,
                                  .p95_candidate = 97,
                                  .ratio_lo = 2.1,
                                  .ratio_hi = 2.6,
                                  .more_needed = 300};
    candidate.rates.requests = stable.rates.requests = 412;
    assert_string_equal(ncm_cstr(fleet_canary_sentence(a, &r, &stable, &candidate)),
                        "v15 더 느림: p95 97 ms, 기존은 41 ms (×2.1–2.6), 요청 412건");
    r.all = r.errors = NCM_CANARY_CANNOT_TELL;
    assert_string_equal(ncm_cstr(fleet_canary_sentence(a, &r, &stable, &candidate)),
                        "v15 오류가 더 많은지 아직 판단할 수 없음: 요청 412건, 약 300건 더 필요");
    ncm_arena_free(a);
    setenv("LANGUAGE", "en", 1);
    ncm_text_init("en", false);
    ncm_i18n_init("en", "");
    (void)state;
}

/* More for the candidate is warned of unless it is known to be as good. */
static void more_for_a_candidate_that_fails_is_heeded(void **state)
{
    struct ncm_traffic traffic[] = {
        {.target = {"churn", 5}, .percent = 90, .stable = true},
        {.target = {"churn-canary", 12}, .percent = 10},
    };
    struct ncm_fleet_deployment d = {.traffic = traffic,
                                     .n_traffic = 2,
                                     .compared = true,
                                     .canary.all = NCM_CANARY_WORSE,
                                     .canary_says = {"v9 fails more", 13}};
    static const struct {
        enum ncm_intent_kind kind;
        const char *to;
        bool heeded;
    } cases[] = {
        {NCM_DO_DEPLOY_PROMOTE, NULL, true},
        {NCM_DO_DEPLOY_ABORT, NULL, false},
        {NCM_DO_DEPLOY_TRAFFIC, "churn-canary=25", true},
        {NCM_DO_DEPLOY_TRAFFIC, "churn-canary=5", false},
        {NCM_DO_DEPLOY_TRAFFIC, "churn=50", true},
        {NCM_DO_DEPLOY_TRAFFIC, "churn=95,churn-canary=5", false},
        {NCM_DO_DEPLOY_TRAFFIC, "nonsense", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ncm_intent in = {.kind = cases[i].kind, .to = ncm_strdup(cases[i].to)};
        char *says = ncm_fleet_heed(&d, &in);
        assert_int_equal(says != NULL, cases[i].heeded);
        ncm_free(says);
        ncm_free(in.to);
    }
    d.canary.all = NCM_CANARY_SAME;
    struct ncm_intent in = {.kind = NCM_DO_DEPLOY_PROMOTE};
    assert_null(ncm_fleet_heed(&d, &in));
    (void)state;
}

static void a_version_that_the_registry_lacks_is_told(void **state)
{
    struct ncm_model_version has[] = {{.version = {"5", 1}}, {.version = {"4", 1}}};
    struct ncm_model m = {.name = {"churn", 5}, .versions = has, .n_versions = 2};
    assert_null(ncm_fleet_unknown_version(NULL, "9"));
    assert_null(ncm_fleet_unknown_version(&m, "v5"));
    assert_null(ncm_fleet_unknown_version(&m, "4"));
    char *says = ncm_fleet_unknown_version(&m, "9");
    assert_string_equal(says, "the registry has no version 9 of churn");
    ncm_free(says);
    m.n_versions = 0;
    assert_null(ncm_fleet_unknown_version(&m, "9"));
    (void)state;
}

/* As large as a cluster of a team gets: 300 deployments behind splits, 5,000 pods that are all
 * counted, a registry of 200 models. */
static void a_large_fleet_is_joined_at_once(void **state)
{
    enum { N = 300, PODS = 17, MODELS = 200 };
    char *lines[MODELS * 2];
    for (int i = 0; i < MODELS; i++) {
        lines[2 * i] = ncm_sprintf("model-%03d 2 Staging", i);
        lines[2 * i + 1] = ncm_sprintf("model-%03d 1 Production", i);
    }
    made_registry((const char *const *)lines, (size_t)MODELS * 2);
    made_source("k", N);
    made_metrics((size_t)N * PODS);
    for (int i = 0; i < N; i++) {
        char name[40], other[40], uri[60];
        int pair = i / 2 % MODELS;
        snprintf(name, sizeof name, "d-%03d", i);
        snprintf(other, sizeof other, "d-%03d", i ^ 1);
        snprintf(uri, sizeof uri, "models:/model-%03d/%d", pair, i % 2 + 1);
        struct ncm_deployment *d = made_deployment(name, uri);
        made_split(d, i % 2 == 0 ? name : other, 90, i % 2 == 0 ? other : name);
        struct ncm_arena *a = made_arena_of(d);
        d->replicas = ncm_arena_alloc(a, PODS, sizeof *d->replicas);
        d->n_replicas = PODS;
        for (int k = 0; k < PODS; k++) {
            char pod[60];
            snprintf(pod, sizeof pod, "%s-5d9-%02d", name, k);
            d->replicas[k].name = made_str(a, pod);
            d->replicas[k].crashed_ms = NCM_NO_TIME;
            made_counted("pod", pod, NULL, 100, 0, 20);
        }
    }
    int64_t began = ncm_mono_ms();
    for (int i = 0; i < 10; i++) {
        made_join();
    }
    int64_t took = ncm_mono_ms() - began;
    print_message("%lld ms for ten\n", (long long)took);
    assert_true(took < 60000); /* under valgrind, on a busy machine */
    assert_int_equal(made_in.fleet->n_deployments, N);
    assert_true(made_row("model-000", "1")->rates.requests == 100.0 * PODS);
    for (int i = 0; i < MODELS * 2; i++) {
        ncm_free(lines[i]);
    }
    (void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, made_begin, made_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rates_are_joined_by_what_labels_say),
        TEST(two_clusters_with_the_same_names_are_kept_apart),
        TEST(a_worse_candidate_is_degraded),
        TEST(a_canary_is_judged_in_a_sentence),
        TEST(sentences_of_a_canary_are_whole),
        TEST(revisions_of_one_object_have_rows_of_their_own),
        TEST(several_counts_become_one),
        cmocka_unit_test(a_version_that_the_registry_lacks_is_told),
        cmocka_unit_test(more_for_a_candidate_that_fails_is_heeded),
        TEST(a_large_fleet_is_joined_at_once),
        TEST(sentences_are_korean_where_that_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
