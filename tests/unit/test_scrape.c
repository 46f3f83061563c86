/* Rates of servers that nobody scrapes but we: of the usual families, over restarts, and what is
 * not counted stays unknown. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "provider/recorded.h"
#include "provider/scrape.h"

static struct ncm_scrapes *s;
static struct ncm_arena *arena;
static struct ncm_rates r;
static int64_t now;

static int fresh(void **state)
{
    (void)state;
    s = ncm_scrapes_new(0);
    arena = ncm_arena_new();
    now = 1795000000000;
    return 0;
}

static int done(void **state)
{
    (void)state;
    ncm_scrapes_free(s);
    ncm_arena_free(arena);
    return 0;
}

static void again(void)
{
    done(NULL);
    fresh(NULL);
}

/* Ten seconds later it says this. */
static void scrape(const char *text)
{
    struct ncm_metrics m;
    struct ncm_err err;
    if (!ncm_metrics_parse("text", text, strlen(text), &m, &err)) {
        fail_msg("%s", err.what);
    }
    now += 10000;
    ncm_scrapes_add(s, &m, now);
    ncm_metrics_release(&m);
}

static void rates(void)
{
    ncm_scrapes_rates(s, NULL, 0, arena, &r);
}

static void rates_of(const char *label, const char *value)
{
    struct ncm_kv want = {ncm_arena_cstr(arena, label), ncm_arena_cstr(arena, value)};
    ncm_scrapes_rates(s, &want, 1, arena, &r);
}

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-9 * (1 + fabs(want)))) {
        fail_msg("%.12g, not %.12g", got, want);
    }
}

static void one_reading_says_nothing(void **state)
{
    (void)state;
    rates();
    assert_false(r.known);
    scrape("http_requests_total{code=\"200\"} 100\n");
    rates();
    assert_false(r.known);
    assert_true(isnan(r.requests) && isnan(r.error_rate) && isnan(r.p95_ms));
}

static void errors_are_what_the_server_did_wrong(void **state)
{
    (void)state;
    scrape("http_requests_total{code=\"200\"} 100\nhttp_requests_total{code=\"404\"} 5\n"
           "http_requests_total{code=\"500\"} 1\nhttp_requests_total{code=\"5xx\"} 0\n");
    scrape("http_requests_total{code=\"200\"} 180\nhttp_requests_total{code=\"404\"} 15\n"
           "http_requests_total{code=\"500\"} 6\nhttp_requests_total{code=\"5xx\"} 5\n");
    rates();
    assert_true(r.known);
    near(r.requests, 100);
    near(r.errors, 10);
    near(r.error_rate, 0.1);
    near(r.rps, 10);
    near(r.window_s, 10);
    assert_true(isnan(r.p95_ms) && r.n == 0);
    assert_int_equal(r.taken_ms, now);
    /* Without a status nobody knows. */
    again();
    scrape("http_requests_total 100\n");
    scrape("http_requests_total 180\n");
    rates();
    near(r.requests, 80);
    assert_true(isnan(r.errors) && isnan(r.error_rate));
    /* Without requests there is no share. */
    again();
    scrape("http_requests_total{code=\"200\"} 7\n");
    scrape("http_requests_total{code=\"200\"} 7\n");
    rates();
    near(r.requests, 0);
    near(r.errors, 0);
    assert_true(r.known && isnan(r.error_rate));
}

static void restarts_are_no_requests_below_zero(void **state)
{
    (void)state;
    scrape("http_requests_total{code=\"200\"} 1000\n");
    scrape("http_requests_total{code=\"200\"} 1010\n");
    scrape("http_requests_total{code=\"200\"} 4\n"); /* began anew */
    scrape("http_requests_total{code=\"200\"} 9\nhttp_requests_total{code=\"500\"} 2\n");
    rates();
    near(r.requests, 10 + 4 + 5 + 2); /* a label that appears began at 0 */
    near(r.errors, 2);
    near(r.window_s, 30);
}

static void the_window_moves_on(void **state)
{
    (void)state;
    char text[80];
    for (int i = 0; i < 60; i++) {
        snprintf(text, sizeof text, "http_requests_total %d\n", i < 30 ? i * 100 : 2900 + i - 29);
        scrape(text);
    }
    rates();
    near(r.window_s, 300);
    near(r.requests, 30);
    /* A clock that is set back does not mix with what was before. */
    now -= 3600000;
    scrape("http_requests_total 5000\n");
    rates();
    assert_false(r.known);
}

static void quantiles_come_from_buckets(void **state)
{
    (void)state;
    scrape("http_request_duration_seconds_bucket{le=\"0.1\"} 5\n"
           "http_request_duration_seconds_bucket{le=\"0.5\"} 5\n"
           "http_request_duration_seconds_bucket{le=\"+Inf\"} 5\n"
           "http_request_duration_seconds_count 5\n");
    scrape("http_request_duration_seconds_bucket{le=\"0.1\"} 55\n"
           "http_request_duration_seconds_bucket{le=\"0.5\"} 105\n"
           "http_request_duration_seconds_bucket{le=\"+Inf\"} 105\n"
           "http_request_duration_seconds_count 105\n");
    rates();
    near(r.requests, 100); /* the count, where no counter is */
    assert_true(isnan(r.errors));
    near(r.p50_ms, 100);
    near(r.p95_ms, 100 + 400 * 45.0 / 50);
    assert_false(r.p95_beyond);
    assert_int_equal(r.n, 2);
    near(r.le_ms[0], 100);
    near(r.le_ms[1], 500);
    near(r.counts[0], 50);
    near(r.counts[1], 50);
    near(r.counts[2], 0);
    scrape("http_request_duration_seconds_bucket{le=\"0.1\"} 55\n"
           "http_request_duration_seconds_bucket{le=\"0.5\"} 105\n"
           "http_request_duration_seconds_bucket{le=\"+Inf\"} 305\n"
           "http_request_duration_seconds_count 305\n");
    rates();
    assert_true(r.p95_beyond);
    near(r.p95_ms, 500);
}

static void our_own_questions_are_not_counted(void **state)
{
    (void)state;
    scrape("http_requests_total{handler=\"/predict\",status=\"2xx\"} 10\n"
           "http_requests_total{handler=\"/metrics\",status=\"2xx\"} 10\n"
           "http_requests_total{handler=\"/health\",status=\"2xx\"} 10\n");
    scrape("http_requests_total{handler=\"/predict\",status=\"2xx\"} 12\n"
           "http_requests_total{handler=\"/metrics\",status=\"2xx\"} 20\n"
           "http_requests_total{handler=\"/health\",status=\"5xx\"} 20\n");
    rates();
    near(r.requests, 2);
    near(r.errors, 0);
}

static void summaries_are_taken_where_there_is_one(void **state)
{
    const char *one =
        "nv_inference_request_success{model=\"m\",version=\"1\"} 10\n"
        "nv_inference_request_failure{model=\"m\",version=\"1\"} 1\n"
        "nv_inference_request_summary_us{model=\"m\",version=\"1\",quantile=\"0.95\"} 2500\n";
    (void)state;
    scrape("nv_inference_request_success{model=\"m\",version=\"1\"} 0\n"
           "nv_inference_request_failure{model=\"m\",version=\"1\"} 0\n");
    scrape(one);
    rates();
    near(r.requests, 11); /* success and failure are counted apart */
    near(r.errors, 1);
    near(r.p95_ms, 2.5);
    assert_true(isnan(r.p50_ms));
    char two[1000];
    snprintf(two, sizeof two,
             "%snv_inference_request_summary_us{model=\"m\",version=\"2\",quantile=\"0.95\"} 1\n",
             one);
    scrape(two);
    rates();
    assert_true(isnan(r.p95_ms)); /* quantiles of two cannot be made one */
}

/* ---- as real servers say it ------------------------------------------------------------------ */

/* The recorded metrics of a server, once, and once more with counters of its own moved on. */
static void recorded(const char *file, const char *part, const char *const *more, size_t n)
{
    size_t all = recorded_read(file);
    for (size_t i = 0; i < all; i++) {
        char *text = recorded_body(i);
        if (strstr(recorded_text(i, "path"), "metrics") != NULL && strstr(text, part) != NULL) {
            scrape(text);
            struct ncm_buf b;
            ncm_buf_init(&b, 1 << 20);
            for (const char *line = text; *line != '\0'; line += line[strcspn(line, "\n")] != '\0'
                                                                     ? strcspn(line, "\n") + 1
                                                                     : strlen(line)) {
                size_t len = strcspn(line, "\n");
                const char *with = NULL;
                for (size_t k = 0; k < n; k += 2) {
                    with = strncmp(line, more[k], strlen(more[k])) == 0 ? more[k + 1] : with;
                }
                if (with != NULL) {
                    const char *end = line + len;
                    while (end[-1] != ' ') {
                        end--;
                    }
                    ncm_buf_add(&b, line, (size_t)(end - line));
                    ncm_buf_puts(&b, with);
                } else {
                    ncm_buf_add(&b, line, len);
                }
                ncm_buf_putc(&b, '\n');
            }
            scrape(b.p);
            ncm_buf_release(&b);
        }
        ncm_free(text);
    }
    recorded_forget();
    rates();
}

static void real_servers_are_understood(void **state)
{
    static const char *const mlserver[] = {
        "rest_server_requests_total{app_name=\"mlserver\",method=\"POST\",path=\"/v2/models/{model_name}/infer\",status_code=\"200\"",
        "12", "model_infer_request_success_total{model=\"churn\",version=\"7\"", "5"};
    static const char *const kserve[] = {"request_predict_seconds_count{model_name=\"churn\"",
                                         "22"};
    static const char *const torch[] = {"ts_inference_requests_total{model_name=\"churn\"", "31",
                                        "Requests5XX", "5"};
    static const char *const bento[] = {
        "bentoml_service_request_total{endpoint=\"/predict\",http_response_code=\"200\"",
        "9",
        "bentoml_service_request_total{endpoint=\"/predict\",http_response_code=\"500\"",
        "1",
        "bentoml_service_request_total{endpoint=\"/livez\"",
        "50"};
    struct ncm_str values[4];
    (void)state;
    recorded("mlserver-1.7.1.json", "rest_server_requests_total", mlserver, 4);
    near(r.requests, 10);
    near(r.errors, 0);
    assert_string_equal(r.family.p, "rest_server_requests_total");
    rates_of("version", "7"); /* only the other family knows versions */
    near(r.requests, 4);
    assert_int_equal(ncm_scrapes_values(s, "version", arena, values, 4), 1);
    assert_string_equal(values[0].p, "7"); /* "None" is no version */
    again();
    recorded("kserve-python.json", "request_predict_seconds", kserve, 2);
    near(r.requests, 20);
    assert_true(isnan(r.errors)); /* it does not count them */
    again();
    recorded("torchserve-0.12.json", "ts_inference", torch, 4);
    near(r.requests, 30);
    near(r.errors, 3);
    assert_int_equal(ncm_scrapes_values(s, "model_version", arena, values, 4), 0);
    again();
    recorded("bentoml.json", "bentoml_service", bento, 6);
    near(r.requests, 10);
    near(r.errors, 1);
}

static void versions_are_told_apart(void **state)
{
    struct ncm_str values[2];
    (void)state;
    const char *text = "model_requests_total{version=\"8\",code=\"200\"} 1\n"
                       "model_requests_total{version=\"7\",code=\"200\"} 1\n"
                       "model_requests_total{version=\"9\",code=\"200\"} 1\n"
                       "model_latency_seconds_bucket{version=\"7\",le=\"1\"} 1\n"
                       "model_latency_seconds_bucket{version=\"7\",le=\"+Inf\"} 1\n";
    scrape(text);
    scrape("model_requests_total{version=\"8\",code=\"200\"} 5\n"
           "model_requests_total{version=\"7\",code=\"500\"} 2\n"
           "model_latency_seconds_bucket{version=\"7\",le=\"1\"} 3\n"
           "model_latency_seconds_bucket{version=\"7\",le=\"+Inf\"} 3\n");
    assert_int_equal(ncm_scrapes_values(s, "version", arena, values, 2), 2);
    assert_string_equal(values[0].p, "7");
    assert_string_equal(values[1].p, "8"); /* 9 is not there any more */
    rates_of("version", "8");
    near(r.requests, 4);
    near(r.errors, 0);
    assert_int_equal(r.n, 0);
    rates_of("version", "7");
    near(r.requests, 2);
    near(r.errors, 2);
    near(r.p50_ms, 500);
    rates_of("version", "5");
    assert_false(r.known);
}

/* The next version's counters go on where those of the last one were: that is no growth. An error of
 * a version that is known is the first of its kind. */
static void a_new_version_begins_at_what_it_has(void **state)
{
    (void)state;
    scrape("model_requests_total{version=\"3\",code=\"200\"} 1000\n");
    scrape("model_requests_total{version=\"3\",code=\"200\"} 1090\n"
           "model_requests_total{version=\"3\",code=\"500\"} 10\n");
    rates();
    near(r.requests, 100);
    near(r.errors, 10);
    scrape("model_requests_total{version=\"4\",code=\"200\"} 1180\n"
           "model_requests_total{version=\"4\",code=\"500\"} 20\n");
    rates();
    near(r.requests, 100);
    scrape("model_requests_total{version=\"4\",code=\"200\"} 1280\n"
           "model_requests_total{version=\"4\",code=\"500\"} 20\n");
    rates();
    near(r.requests, 200);
    near(r.errors, 10);
    rates_of("version", "4");
    near(r.requests, 100);
    near(r.errors, 0);
    scrape("other 1\n"); /* a page that was cut is no restart */
    scrape("model_requests_total{version=\"4\",code=\"200\"} 1290\n");
    rates_of("version", "4");
    near(r.requests, 110);
}

/* Of a server that is asked for nothing any more, it is said so: not how it did five minutes ago. */
static void what_ended_is_not_told_as_if_it_went_on(void **state)
{
    (void)state;
    const char *text = "model_requests_total{code=\"200\"} 900\nmodel_requests_total{code=\"500\"} 100\n"
                       "model_latency_seconds_bucket{le=\"1\"} 1000\n"
                       "model_latency_seconds_bucket{le=\"+Inf\"} 1000\n";
    scrape("model_requests_total{code=\"200\"} 0\nmodel_requests_total{code=\"500\"} 0\n"
           "model_latency_seconds_bucket{le=\"1\"} 0\n"
           "model_latency_seconds_bucket{le=\"+Inf\"} 0\n");
    for (int i = 0; i < 6; i++) {
        scrape(text);
        rates();
        near(r.errors, 100);
    }
    scrape(text);
    rates();
    assert_true(r.known);
    near(r.window_s, 60);
    near(r.rps, 0);
    assert_true(isnan(r.error_rate));
    assert_true(isnan(r.p95_ms));
    scrape("model_requests_total{code=\"200\"} 901\nmodel_requests_total{code=\"500\"} 100\n");
    rates();
    near(r.requests, 1001); /* it goes on: the window is whole again */
}

static void odd_texts_are_harmless(void **state)
{
    (void)state;
    const char *odd[] = {
        "http_requests_total{code=\"200\"} NaN\n",
        "http_requests_total{code=\"200\"} +Inf\n",
        "http_requests_total{code=\"\"} 1\n",
        "http_request_duration_seconds_bucket 5\n",
        "http_request_duration_seconds_bucket{le=\"x\"} 5\n",
        "http_request_duration_seconds_bucket{le=\"1\"} 5\nhttp_request_duration_seconds_count 5\n",
        "",
    };
    for (size_t i = 0; i < 3 * sizeof odd / sizeof *odd; i++) {
        scrape(odd[i % (sizeof odd / sizeof *odd)]);
        rates();
        if (r.known) {
            assert_true(isnan(r.error_rate) || (r.error_rate >= 0 && r.error_rate <= 1));
        }
    }
    /* Labels without end. */
    for (int i = 0; i < 30000; i += 1000) {
        struct ncm_buf b;
        ncm_buf_init(&b, 1 << 20);
        for (int k = 0; k < 1000; k++) {
            ncm_buf_printf(&b, "http_requests_total{user=\"%d\"} 1\n", i + k);
        }
        scrape(b.p);
        ncm_buf_release(&b);
    }
    rates();
    assert_true(!r.known || r.requests <= 30000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_reading_says_nothing),
        TEST(errors_are_what_the_server_did_wrong),
        TEST(restarts_are_no_requests_below_zero),
        TEST(the_window_moves_on),
        TEST(quantiles_come_from_buckets),
        TEST(our_own_questions_are_not_counted),
        TEST(summaries_are_taken_where_there_is_one),
        TEST(real_servers_are_understood),
        TEST(versions_are_told_apart),
        TEST(a_new_version_begins_at_what_it_has),
        TEST(what_ended_is_not_told_as_if_it_went_on),
        TEST(odd_texts_are_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
