/* Model servers over HTTP as a source: what is told of them when they are well, ill, slow, hung or
 * something else. What changes do to them: test_endpoint_changes.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "provider/served.h"
#include "unit/web.h"

/* ---- what is told ---------------------------------------------------------------------------- */

static void a_healthy_server_is_told_whole(void **state)
{
    (void)state;
    struct ncm_endpoint_of *e = served_add("a", "churn-api");
    e->probe.test_path = "/predict";
    e->probe.test_body = "{}";
    e->reload = "/reload";
    served_open();
    const struct ncm_deployment *d = served_look("api//churn-api");
    served_is(d, NCM_HEALTH_HEALTHY, "");
    assert_null(d->reason.p);
    assert_string_equal(d->source.p, "api");
    assert_string_equal(d->ns.p, "");
    assert_string_equal(d->kind.p, "Endpoint");
    assert_string_equal(d->endpoint.p, web_url("a"));
    assert_string_equal(d->model.p, "churn");
    assert_string_equal(d->version.p, "7");
    assert_int_equal(d->desired, 1);
    assert_int_equal(d->ready, 1);
    assert_int_equal(d->n_claims, 2);
    assert_int_equal(d->claims[0].rule, NCM_CLAIM_CONFIG);
    assert_int_equal(d->claims[1].rule, NCM_CLAIM_ANSWER);
    assert_string_equal(d->claims[1].where.p, "/info");
    assert_string_equal(d->probe.protocol.p, "generic");
    assert_true(d->probe.latency_ms >= 0);
    assert_int_equal(d->probe.test_status, 200);
    assert_string_equal(d->probe.test_answer.p, "{\"predictions\": [1]}");
    assert_true(d->allowed == 1u << NCM_ACT_VERSION);
    assert_int_equal(d->n_events, 0);
    assert_int_equal(d->n_findings, 0);
    assert_false(d->rates.known);
    assert_int_equal(d->health_since_ms, NCM_NO_TIME);
    assert_int_equal(served_snap->n_notes, 0);
    /* The test request is not sent at each look, its last answer stays. */
    struct ncm_err err;
    assert_int_equal(served_asked("a", "POST /predict", NULL, 0), 1);
    struct ncm_query *q = ncm_query_new(NCM_T_LOGS);
    struct ncm_fetch f = {.query = q, .publish = served_keep};
    assert_false(ncm_endpoint.fetch(served, &f, &err));
    assert_int_equal(err.code, NCM_UNSUPPORTED);
    ncm_query_free(q);
}

static void what_happens_is_noticed(void **state)
{
    (void)state;
    served_add("a", "x");
    served_open();
    served_is(served_look("x"), NCM_HEALTH_HEALTHY, "");
    served_set(
        "a",
        "{'rules': {'GET /health': {'status': 500, 'text': '{\\'detail\\': \\'no model\\'}'}}}");
    served_set("a", "{'rules': {'GET /health': {'status': 500, 'text': 'no model'}}}");
    const struct ncm_deployment *d = served_look("x");
    served_is(d, NCM_HEALTH_FAILED, "/health answers 500: no model");
    assert_int_equal(d->ready, 0);
    assert_int_equal(d->n_events, 1);
    assert_string_equal(d->events[0].reason.p, "Down");
    assert_true(d->health_since_ms == d->probe.at_ms && d->events[0].warning);
    int64_t since = d->health_since_ms;
    d = served_look("x");
    assert_true(d->health_since_ms == since); /* still the same */
    /* It comes up again, loading. */
    served_set("a", "{'rules': {'GET /health': {'status': 503, 'text': 'loading'}}}");
    d = served_look("x");
    served_is(d, NCM_HEALTH_PROGRESSING, "loading");
    assert_true(d->rolling);
    served_set("a", "{'rules': {}, 'version': '8'}");
    d = served_look("x");
    served_is(d, NCM_HEALTH_HEALTHY, "");
    assert_int_equal(d->n_events, 4);
    assert_string_equal(d->events[0].reason.p, "Version"); /* newest first */
    assert_string_equal(d->events[0].message.p, "version 7 → 8");
    assert_string_equal(d->events[1].reason.p, "Ready");
    assert_string_equal(d->events[2].reason.p, "Starting");
    assert_string_equal(d->version.p, "8");
    /* Not ready long after it came up is no start. */
    for (int i = 0; i < 60; i++) {
        served_set("a", i % 2 == 0 ? "{'version': '9'}" : "{'version': '10'}");
        d = served_look("x");
    }
    assert_int_equal(d->n_events, 40);
    assert_string_equal(d->events[0].message.p, "version 9 → 10");
}

static void a_hung_one_holds_nobody_up(void **state)
{
    struct ncm_err err;
    (void)state;
    served_add("a", "well");
    served_add("b", "hung");
    served_add("c", "slow");
    served_add("d", "odd");
    served_set("b", "{'rules': {'all': {'mode': 'hang'}}}");
    served_set("c", "{'rules': {'GET /health': {'mode': 'slow'}}}");
    served_set("d", "{'rules': {'GET /info': {'mode': 'cut'}}}");
    served_open();
    int64_t start = ncm_mono_ms();
    assert_true(served_fetch(false, &err));
    int64_t took = ncm_mono_ms() - start;
    served_is(served_get("well"), NCM_HEALTH_HEALTHY, "");
    served_is(served_get("hung"), NCM_HEALTH_FAILED, "within 2 s");
    assert_true(served_finds(served_get("hung"), "hung"));
    served_is(served_get("slow"), NCM_HEALTH_HEALTHY, "");
    assert_true(served_finds(served_get("slow"), "slow"));
    assert_true(served_get("slow")->probe.latency_ms >= 1000);
    served_is(served_get("odd"), NCM_HEALTH_HEALTHY, "");
    assert_null(served_get("odd")->probe.answered.p);
    assert_true(served_finds(served_get("odd"), "answers"));
    if (took >= 15000) {
        fail_msg("%lld ms", (long long)took);
    }
    /* The others were shown meanwhile. */
    assert_int_equal(served_published, 2);
    assert_int_equal(served_provisional, 1);
}

static void nobody_there_and_somebody_else_there(void **state)
{
    (void)state;
    served_add("a", "gone")->url = "http://127.0.0.1:9";
    served_add("b", "login");
    served_add("c", "other");
    served_of[2].probe = (struct ncm_probe_setup){0};
    served_set("b", "{'rules': {'all': {'status': 401, 'text': 'who?'}}}");
    served_set(
        "c",
        "{'rules': {'all': {'status': 200, 'text': '<html>Welcome</html>', 'type': 'text/html'}}}");
    served_open();
    served_is(served_look("gone"), NCM_HEALTH_FAILED, "");
    served_is(served_get("login"), NCM_HEALTH_UNKNOWN, "asks for a login (401)");
    assert_int_equal(served_get("login")->ready, -1);
    served_is(served_get("other"), NCM_HEALTH_HEALTHY, ""); /* something that answers everything */
    assert_string_equal(served_get("other")->probe.protocol.p, "generic");
    assert_null(served_get("other")->version.p);
}

/* ---- rates ----------------------------------------------------------------------------------- */

static void metrics(const char *server, int v7, int v8, int bad)
{
    char json[2000];
    snprintf(json, sizeof json,
             "{'metrics': 'http_requests_total{version=\\\"7\\\",code=\\\"200\\\"} %d\\n"
             "http_requests_total{version=\\\"7\\\",code=\\\"503\\\"} %d\\n"
             "http_requests_total{version=\\\"8\\\",code=\\\"200\\\"} %d\\n"
             "http_requests_total{path=\\\"/health\\\",code=\\\"200\\\"} 1000\\n'}",
             v7, bad, v8);
    served_set(server, json);
}

static void rates_come_from_its_own_metrics(void **state)
{
    (void)state;
    served_add("a", "x")->metrics = NULL;
    served_open();
    metrics("a", 100, 10, 5);
    const struct ncm_deployment *d = served_look("x");
    assert_false(d->rates.known);
    metrics("a", 190, 20, 15);
    d = served_look("x");
    assert_true(d->rates.known);
    assert_true(d->rates.requests == 110 && d->rates.errors == 10);
    assert_string_equal(d->rates.source.p, "scraped");
    assert_string_equal(d->rates.family.p, "http_requests_total");
    /* Versions that it counts apart. */
    assert_int_equal(d->n_traffic, 2);
    assert_string_equal(d->traffic_by.p, "requests");
    assert_string_equal(d->traffic[0].version.p, "7");
    assert_true(d->traffic[0].rates.requests == 100 && d->traffic[0].stable);
    assert_true(d->traffic[1].rates.requests == 10 && !d->traffic[1].stable);
    assert_true(fabs(d->traffic[1].percent - 100.0 * 10 / 110) < 1e-9);
    /* One that is gone is asked by nobody: what it was asked before is not shown as now. */
    served_set("a", "{'rules': {'GET /health': {'status': 502}}}");
    d = served_look("x");
    assert_false(d->rates.known);
    assert_true(isnan(d->rates.rps));
    served_set("a", "{'rules': {}}");
    /* Metrics that are named and not there are told; others are not missed. */
    served_of[0].metrics = "/prometheus";
    served_again();
    served_look("x");
    assert_int_equal(served_snap->n_notes, 1);
    assert_string_equal(served_snap->notes[0].p, "x: its metrics cannot be read: HTTP 404");
}

static void a_login_stays_with_its_host(void **state)
{
    static char token[] = "s3cret";
    struct ncm_access access = {.token = {NCM_SECRET_TEXT, token}};
    char log[200], there[80];
    (void)state;
    struct ncm_endpoint_of *e = served_add("a", "x");
    e->access = &access;
    metrics("b", 1, 1, 1);
    /* Another port of its host … */
    snprintf(there, sizeof there, "%s/metrics", web_url("b"));
    e->metrics = there;
    served_open();
    served_is(served_look("x"), NCM_HEALTH_HEALTHY, "");
    assert_int_equal(served_asked("a", "GET /health", log, sizeof log), 1);
    assert_non_null(strstr(log, "Bearer s3cret"));
    assert_int_equal(served_asked("b", "GET /metrics", log, sizeof log), 1);
    assert_non_null(strstr(log, "Bearer s3cret"));
    /* … and another host. */
    served_done(NULL);
    snprintf(there, sizeof there, "http://localhost%s/metrics", strrchr(web_url("b"), ':'));
    served_open();
    assert_int_equal(served_look("x")->n_findings, 0);
    assert_int_equal(served_snap->n_notes, 0);
    assert_int_equal(served_asked("b", "GET /metrics", log, sizeof log), 2);
    assert_null(strstr(log, "s3cret"));
    /* A server that repeats it does not bring it to the screen. */
    served_set("a", "{'rules': {'GET /health': {'status': 500, 'text': 'bad token s3cret'}}}");
    served_is(served_look("x"), NCM_HEALTH_FAILED, "bad token ******");
}

/* ---- watching, cancelling, doctor ------------------------------------------------------------ */

static void a_watch_tells_when_to_look(void **state)
{
    struct ncm_interest nobody = {.topics = 0}, somebody = {1u << NCM_T_DEPLOYMENTS, 0};
    struct ncm_interest idle = {1u << NCM_T_DEPLOYMENTS, INT64_MAX};
    struct ncm_control control = {0};
    struct ncm_news news;
    struct ncm_err err;
    (void)state;
    served_add("a", "x")->every_ms = 50;
    served_open();
    assert_true(ncm_endpoint.watch(served, &somebody, 0, &control, &news, &err));
    assert_int_equal(news.what, 0);
    int64_t start = ncm_mono_ms();
    assert_true(ncm_endpoint.watch(served, &somebody, 5000, &control, &news, &err));
    assert_int_equal(news.topics, 1u << NCM_T_DEPLOYMENTS);
    assert_true(ncm_mono_ms() - start >= 45);
    start = ncm_mono_ms();
    assert_true(ncm_endpoint.watch(served, &idle, 5000, &control, &news, &err));
    assert_int_equal(news.what, NCM_WATCH_DATA);
    assert_true(ncm_endpoint.watch(served, &idle, 5000, &control, &news, &err));
    assert_true(ncm_mono_ms() - start >= 145); /* the second one after three pauses */
    assert_true(ncm_endpoint.watch(served, &nobody, 100, &control, &news, &err));
    assert_int_equal(news.what, 0);
    assert_int_equal(served_asked("a", "GET /health", NULL, 0), 0); /* it asks nothing itself */
}

static void a_fetch_can_be_cancelled(void **state)
{
    struct ncm_err err;
    atomic_bool cancel = true;
    (void)state;
    served_add("a", "x");
    served_add("b", "y");
    served_open();
    struct ncm_query *q = ncm_query_new(NCM_T_DEPLOYMENTS);
    struct ncm_fetch f = {.query = q, .control = {.cancel = &cancel}, .publish = served_keep};
    assert_false(ncm_endpoint.fetch(served, &f, &err));
    assert_int_equal(err.code, NCM_CANCELLED);
    ncm_query_free(q);
    assert_int_equal(served_look("x")->n_events, 0); /* it was no outage */
}

static int checks[3];
static char all_words[2000];

static void heard(void *to, enum ncm_check_state s, const char *name, const char *what,
                  const char *hint)
{
    size_t n = strlen(all_words);
    (void)to;
    (void)hint;
    checks[s]++;
    snprintf(all_words + n, sizeof all_words - n, "%s: %s\n", name, what);
}

static void doctor_asks_each_once(void **state)
{
    struct ncm_place place = {.location = "endpoints", .with = &served_setup};
    struct ncm_control control = {0};
    (void)state;
    served_add("a", "well");
    served_add("b", "gone")->url = "http://127.0.0.1:9";
    memset(checks, 0, sizeof checks);
    all_words[0] = '\0';
    ncm_endpoint.examine(&place, &control, heard, NULL);
    assert_int_equal(checks[NCM_CHECK_FAIL], 1);
    assert_int_equal(checks[NCM_CHECK_OK], 2);
    assert_non_null(strstr(all_words, "well answers version 7"));
    assert_non_null(strstr(all_words, "gone is down"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED_TEST(a_healthy_server_is_told_whole),
        SERVED_TEST(what_happens_is_noticed),
        SERVED_TEST(a_hung_one_holds_nobody_up),
        SERVED_TEST(nobody_there_and_somebody_else_there),
        SERVED_TEST(rates_come_from_its_own_metrics),
        SERVED_TEST(a_login_stays_with_its_host),
        SERVED_TEST(a_watch_tells_when_to_look),
        SERVED_TEST(a_fetch_can_be_cancelled),
        SERVED_TEST(doctor_asks_each_once),
    };
    return cmocka_run_group_tests(tests, served_start, served_stop);
}
