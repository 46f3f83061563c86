/* Rates as a Prometheus has them: which families are asked for, what their counters come to, and
 * what is said where one of them cannot be read. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "model/deploy.h"
#include "provider/fake_monitoring.h"
#include "provider/prometheus/prometheus.h"

#define VECTOR(items)                                                                              \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" items "]}}"
#define ONE(labels, value) "{\"metric\":{" labels "},\"value\":[1700000000,\"" value "\"]}"
#define POD(name)          "\"namespace\":\"ml\",\"pod\":\"" name "\""
#define NAME(name)         ONE("\"__name__\":\"" name "\"", "3")

static struct ncm_rates_snapshot *fetch(struct ncm_err *err)
{
    struct ncm_place place = mon_place();
    struct ncm_conn *c;
    assert_true(ncm_prometheus.open(&place, &c, NULL, err));
    const void *s = mon_fetch(&ncm_prometheus, c, NCM_T_RATES, err);
    ncm_prometheus.close(c);
    return (struct ncm_rates_snapshot *)s;
}

static struct ncm_rates_snapshot *fetched(void)
{
    struct ncm_err err;
    struct ncm_rates_snapshot *s = fetch(&err);
    if (s == NULL) {
        fail_msg("%s", err.what);
    }
    return s;
}

static void says(const char *on, const char *text)
{
    mon_says(on, 200, "application/json", text);
}

static const struct ncm_rates *of_pod(const struct ncm_rates_snapshot *s, const char *pod)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_kv *kv = ncm_kv_find(s->items[i].labels, s->items[i].n_labels, "pod");
        if (kv != NULL && ncm_str_is(kv->value, pod)) {
            return &s->items[i].rates;
        }
    }
    fail_msg("no row of %s", pod);
    return NULL;
}

static void nothing_is_known_where_nobody_counts(void **state)
{
    says("query=count", VECTOR(""));
    struct ncm_rates_snapshot *s = fetched();
    assert_int_equal(s->n, 0);
    assert_int_equal(s->n_notes, 0);
    assert_int_equal(mlf_count("/api/v1/query"), 1); /* one cheap question */
    ncm_snapshot_unref(s);
    (void)state;
}

static void requests_errors_and_durations_come_together(void **state)
{
    says("query=count", VECTOR(NAME("bentoml_service_request_total") "," NAME(
                            "bentoml_service_request_duration_seconds_bucket")));
    says("request_duration_seconds_bucket",
         VECTOR(ONE(POD("a") ",\"le\":\"0.1\"", "90") "," ONE(
             POD("a") ",\"le\":\"0.5\"", "120") "," ONE(POD("a") ",\"le\":\"+Inf\"", "120")));
    says("service_request_total",
         VECTOR(ONE(POD("a") ",\"http_response_code\":\"200\"", "100") "," ONE(
             POD("a") ",\"http_response_code\":\"503\"",
             "15") "," ONE(POD("a") ",\"http_response_code\":\"404\"",
                           "5") "," ONE(POD("b"), "30") "," ONE(POD("c"), "NaN")));
    struct ncm_rates_snapshot *s = fetched();
    assert_int_equal(s->n, 2);
    const struct ncm_rates *a = of_pod(s, "a"), *b = of_pod(s, "b");
    assert_true(a->known);
    assert_true(a->window_s == 300);
    assert_true(a->requests == 120);
    assert_true(a->errors == 15); /* what the client did wrong is none */
    assert_true(fabs(a->rps - 0.4) < 1e-9);
    assert_true(fabs(a->error_rate - 0.125) < 1e-9);
    assert_int_equal(a->n, 2);
    assert_true(a->le_ms[1] == 500 && a->counts[0] == 90 && a->counts[1] == 30 &&
                a->counts[2] == 0);
    assert_true(a->p95_ms > 100 && a->p95_ms < 500);
    assert_string_equal(ncm_cstr(a->source), "prometheus");
    assert_string_equal(ncm_cstr(a->family), "bentoml_service_request_total");
    assert_true(isnan(b->errors)); /* it never says how they end */
    assert_true(isnan(b->p95_ms));
    ncm_snapshot_unref(s);
    /* Health pages are left out by the server itself. */
    assert_int_equal(mlf_count("service_request_total.*path.*health"), 1);
    (void)state;
}

static void failures_that_are_counted_apart_are_requests_too(void **state)
{
    says("query=count",
         VECTOR(NAME("nv_inference_request_success") "," NAME("nv_inference_request_failure")));
    says("request_success", VECTOR(ONE(POD("a"), "90") "," ONE(POD("c"), "5")));
    says("request_failure", VECTOR(ONE(POD("a"), "10") "," ONE(POD("b"), "7")));
    struct ncm_rates_snapshot *s = fetched();
    assert_int_equal(s->n, 3);
    assert_true(of_pod(s, "a")->requests == 100 && of_pod(s, "a")->errors == 10);
    assert_true(of_pod(s, "b")->error_rate == 1); /* nothing but failures */
    assert_true(of_pod(s, "c")->errors == 0);     /* it counts them, and there were none */
    ncm_snapshot_unref(s);
    (void)state;
}

static void errors_that_are_nobodys_are_not_lost(void **state)
{
    says("query=count", VECTOR(NAME("ts_inference_requests_total") "," NAME("Requests5XX")));
    says("Requests5XX", VECTOR(ONE("\"instance\":\"h:1\"", "4")));
    says("ts_inference", VECTOR(ONE(POD("a") ",\"model_name\":\"m\"", "50")));
    struct ncm_rates_snapshot *s = fetched();
    assert_int_equal(s->n, 1);
    assert_true(of_pod(s, "a")->requests == 50);
    assert_true(isnan(of_pod(s, "a")->errors)); /* not 0 */
    ncm_snapshot_unref(s);
    (void)state;
}

static void what_one_family_lacks_is_a_note(void **state)
{
    says("query=count",
         VECTOR(NAME("http_requests_total") "," NAME("request_predict_seconds_count")));
    mon_says("http_requests_total", 422, "application/json",
             "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"too many samples\"}");
    says("predict_seconds_count", VECTOR(ONE(POD("a"), "50")));
    struct ncm_rates_snapshot *s = fetched();
    assert_int_equal(s->n, 1);
    assert_int_equal(s->n_notes, 1);
    assert_non_null(strstr(ncm_cstr(s->notes[0]), "http_requests_total: "));
    assert_non_null(strstr(ncm_cstr(s->notes[0]), "too many samples"));
    ncm_snapshot_unref(s);
    (void)state;
}

static void a_server_that_fails_is_a_failure(void **state)
{
    struct ncm_err err;
    mon_says("query=count", 503, "text/plain", "down");
    assert_null(fetch(&err));
    /* On the way: what was read so far is but a part. */
    mon_fresh(state);
    says("query=count",
         VECTOR(NAME("http_requests_total") "," NAME("request_predict_seconds_count")));
    says("predict_seconds_count", VECTOR(ONE(POD("a"), "50")));
    mon_says("http_requests_total", 401, "text/plain", "no");
    assert_null(fetch(&err));
    assert_int_equal(err.code, NCM_UNAUTHENTICATED);
}

static void odd_answers_do_no_harm(void **state)
{
    says("query=count", VECTOR(NAME("vllm:request_success_total") "," NAME(
                            "vllm:e2e_request_latency_seconds_bucket") "," ONE("", "1")));
    says("latency_seconds_bucket",
         VECTOR(ONE(POD("a") ",\"le\":\"x\"", "9") "," ONE(POD("a") ",\"le\":\"1\"", "9") "," ONE(
             POD("b") ",\"le\":\"+Inf\"", "-3")));
    says("success_total", VECTOR(ONE(POD("a"), "-5") "," ONE(POD("b"), "1e300") "," ONE("", "4")));
    struct ncm_rates_snapshot *s = fetched();
    assert_int_equal(s->n, 2); /* of b, and one without any label */
    assert_int_equal(of_pod(s, "b")->n, 0);
    ncm_snapshot_unref(s);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MON_TEST(nothing_is_known_where_nobody_counts),
        MON_TEST(requests_errors_and_durations_come_together),
        MON_TEST(failures_that_are_counted_apart_are_requests_too),
        MON_TEST(errors_that_are_nobodys_are_not_lost),
        MON_TEST(what_one_family_lacks_is_a_note),
        MON_TEST(a_server_that_fails_is_a_failure),
        MON_TEST(odd_answers_do_no_harm),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
