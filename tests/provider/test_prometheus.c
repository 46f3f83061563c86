/* Prometheus' API as both generations speak it, and everything that can go wrong with it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/num.h"
#include "provider/fake_monitoring.h"
#include "provider/prometheus/prometheus.h"

static struct ncm_prom *prom;

static int fresh(void **state)
{
    struct ncm_place place = mon_place();
    struct ncm_err err;
    mon_fresh(state);
    return ncm_prom_open(&place, &prom, &err) ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    ncm_prom_close(prom);
    prom = NULL;
    return 0;
}

/* Starts anew with that answer to every query and asks. */
static struct ncm_prom_answer ask(void **state, const char *folder, const char *file)
{
    struct ncm_prom_answer a;
    struct ncm_err err;
    done(state);
    fresh(state);
    mon_answer("/api/v1/query", 200, folder, file);
    if (!ncm_prom_instant(prom, "up", NCM_NO_TIME, NULL, &a, &err)) {
        fail_msg("%s: %s", file, err.what);
    }
    return a;
}

static struct ncm_err fails(void **state, int status, const char *type, const char *text,
                            enum ncm_code code)
{
    struct ncm_prom_answer a;
    struct ncm_err err;
    done(state);
    fresh(state);
    mon_says("/api/v1/query", status, type, text);
    bool ok = ncm_prom_instant(prom, "up", NCM_NO_TIME, NULL, &a, &err);
    if (ok || err.code != code) {
        fail_msg("%s: %s: %s", text, ok ? "taken" : ncm_code_name(err.code), err.what);
    }
    assert_null(a.arena);
    return err;
}

static void a_range_comes_as_sorted_series(void **state)
{
    (void)state;
    for (int g = 0; g < 2; g++) {
        struct ncm_prom_answer a = ask(state, mon_generations[g], "prom_range_drift.json");
        assert_int_equal(a.kind, NCM_PROM_MATRIX);
        assert_int_equal(a.n, 4);
        for (size_t i = 1; i < a.n; i++) {
            assert_true(ncm_str_compare(a.series[i - 1].key, a.series[i].key) < 0);
        }
        const struct ncm_prom_series *s = ncm_prom_find(
            &a, "model_feature_drift{env=\"test\",feature=\"amount\",instance=\"127.0.0.1:19101\","
                "job=\"model-server\",method=\"psi\",model=\"fraud\"}");
        assert_non_null(s);
        assert_true(s->n >= 3);
        for (size_t i = 1; i < s->n; i++) {
            assert_int_equal(s->points[i].t_ms - s->points[i - 1].t_ms, 5000);
        }
        assert_true(s->points[s->n - 1].value > 0.5 && s->points[s->n - 1].value < 0.6);
        assert_null(ncm_prom_find(&a, "model_feature_drift"));
        ncm_prom_answer_release(&a);
    }
}

static void series_keep_their_place_in_any_order(void **state)
{
    const char *keys[2][3];
    char copies[2][3][64];
    for (int g = 0; g < 2; g++) { /* the two generations answered in different orders */
        struct ncm_prom_answer a = ask(state, mon_generations[g], "prom_query_quantile99.json");
        assert_int_equal(a.n, 3);
        for (size_t i = 0; i < 3; i++) {
            snprintf(copies[g][i], sizeof copies[g][i], "%s", a.series[i].key.p);
            keys[g][i] = copies[g][i];
        }
        ncm_prom_answer_release(&a);
    }
    assert_string_equal(keys[0][0], "{model=\"churn-\\\"eu\\\"\",version=\"1\"}");
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(keys[0][i], keys[1][i]);
    }
}

static void values_that_are_no_numbers_are_kept(void **state)
{
    for (int g = 0; g < 2; g++) {
        struct ncm_prom_answer a = ask(state, mon_generations[g], "prom_query_nan.json");
        assert_int_equal(a.n, 2);
        assert_true(isnan(a.series[1].points[0].value));
        ncm_prom_answer_release(&a);
        a = ask(state, mon_generations[g], "prom_query_scalar_inf.json");
        assert_int_equal(a.kind, NCM_PROM_SCALAR);
        assert_true(isinf(a.scalar.value) && a.scalar.value > 0);
        ncm_prom_answer_release(&a);
        a = ask(state, mon_generations[g], "prom_query_inf_vector.json");
        assert_true(isinf(a.series[0].points[0].value));
        ncm_prom_answer_release(&a);
        a = ask(state, mon_generations[g], "prom_query_string.json");
        assert_int_equal(a.kind, NCM_PROM_STRING);
        assert_string_equal(a.text.p, "hi");
        ncm_prom_answer_release(&a);
    }
}

static void what_is_missing_is_absent(void **state)
{
    for (int g = 0; g < 2; g++) {
        struct ncm_prom_answer a = ask(state, mon_generations[g], "prom_query_stale.json");
        assert_int_equal(a.n, 0); /* a series that vanished */
        ncm_prom_answer_release(&a);
        a = ask(state, mon_generations[g], "prom_range_gap.json");
        const struct ncm_prom_series *s =
            ncm_prom_find(&a, "up{instance=\"127.0.0.1:9\",job=\"dead\"}");
        assert_non_null(s);
        assert_int_equal(s->n, 2); /* the points between are not made up */
        assert_int_equal(s->points[1].t_ms - s->points[0].t_ms, 10000);
        ncm_prom_answer_release(&a);
        a = ask(state, mon_generations[g], "prom_range_scalar.json");
        assert_string_equal(a.series[0].key.p, "{}");
        ncm_prom_answer_release(&a);
        a = ask(state, mon_generations[g], "prom_query_matrix.json");
        assert_int_equal(a.series[0].points[0].t_ms % 1000 != 0, 1); /* times have ms */
        ncm_prom_answer_release(&a);
    }
}

static void points_out_of_order_are_sorted(void **state)
{
    struct ncm_prom_answer a;
    struct ncm_err err;
    (void)state;
    mon_says(
        "/api/v1/query", 200, "application/json",
        "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},"
        "\"values\":[[3,\"3\"],[1,\"1\"],[2.0005,\"2\"]]}]}}");
    assert_true(ncm_prom_range(prom, "x", 0, 3000, 1000, NULL, &a, &err));
    assert_int_equal(a.series[0].points[0].t_ms, 1000);
    assert_int_equal(a.series[0].points[1].t_ms, 2001);
    assert_int_equal(a.series[0].points[2].t_ms, 3000);
    ncm_prom_answer_release(&a);
}

static void native_histograms_come_with_their_bins(void **state)
{
    struct ncm_prom_answer a = ask(state, "prom3_extra", "native_histogram_instant.json");
    assert_int_equal(a.n, 1);
    assert_int_equal(a.series[0].n, 0);
    assert_int_equal(a.series[0].n_histograms, 1);
    const struct ncm_prom_histogram *h = &a.series[0].histograms[0];
    assert_true(h->count == 2 && h->n == 2);
    assert_true(h->bins[0].low == 0.00390625 && h->bins[0].high == h->bins[1].low);
    assert_true(h->bins[0].high_in && !h->bins[0].low_in);
    ncm_prom_answer_release(&a);
    a = ask(state, "prom3_extra", "native_histogram_range.json");
    assert_int_equal(a.series[0].n_histograms, 2);
    assert_int_equal(a.series[0].histograms[1].t_ms, 1795239569000);
    ncm_prom_answer_release(&a);
}

static void remarks_are_kept(void **state)
{
    struct ncm_prom_answer a = ask(state, "prom3_extra", "infos.json");
    assert_int_equal(a.n_infos, 1);
    assert_non_null(strstr(a.infos[0].p, "might not be a counter"));
    ncm_prom_answer_release(&a);
    a = ask(state, "prom3_extra", "warnings_quantile.json");
    assert_int_equal(a.n_warnings, 2);
    ncm_prom_answer_release(&a);
}

static void a_query_goes_as_a_form(void **state)
{
    struct ncm_prom_answer a;
    struct ncm_err err;
    (void)state;
    mon_answer("/api/v1/query", 200, mon_generations[0], "prom_range_drift.json");
    assert_true(ncm_prom_range(prom, "rate(x{a=\"1+&\"}[5m])", 1500, 61500, 30000, NULL, &a, &err));
    assert_int_equal(a.step_ms, 30000);
    assert_string_equal(mlf_last("POST /api/v1/query_range"),
                        "query=rate%28x%7Ba%3D%221%2B%26%22%7D%5B5m%5D%29&start=1.500&end=61.500&"
                        "step=30.000");
    ncm_prom_answer_release(&a);
    assert_true(ncm_prom_instant(prom, "up", -1500, NULL, &a, &err));
    assert_string_equal(mlf_last("POST /api/v1/query "), "query=up&time=-1.500");
    ncm_prom_answer_release(&a);
    assert_true(ncm_prom_instant(prom, "up", NCM_NO_TIME, NULL, &a, &err));
    assert_string_equal(mlf_last("POST /api/v1/query "), "query=up");
    ncm_prom_answer_release(&a);
}

static void a_proxy_that_takes_only_get_is_asked_so(void **state)
{
    struct ncm_prom_answer a;
    struct ncm_err err;
    (void)state;
    mon_says("POST /api/v1/query", 405, "text/html", "<html>Method Not Allowed");
    mon_answer("GET /api/v1/query", 200, mon_generations[1], "prom_query_nan.json");
    assert_true(ncm_prom_instant(prom, "up{a=\"b\"}", 1000, NULL, &a, &err));
    assert_int_equal(a.n, 2);
    ncm_prom_answer_release(&a);
    assert_int_equal(mlf_count("GET /api/v1/query.query=up%7Ba%3D%22b%22%7D&time=1.000 "), 1);
}

static void the_step_keeps_within_the_servers_limit(void **state)
{
    (void)state;
    for (int64_t span = 1; span < 1000000000000; span = span * 7 / 2 + 11) {
        int64_t step = ncm_prom_step(1000, 1000 + span, 15000);
        assert_true(step >= 15000 && span / step <= 11000);
        assert_true(span <= step * 11000);
        assert_true(step == 15000 || span > (step - 1) * 11000);
    }
    assert_int_equal(ncm_prom_step(5, 5, 0), 1);
    assert_int_equal(ncm_prom_step(9, 5, 0), 1);
    assert_int_equal(ncm_prom_step(0, 11000, 0), 1);
    assert_int_equal(ncm_prom_step(0, 11001, 0), 2);
}

static void errors_of_the_server_are_one_sentence(void **state)
{
    static const struct {
        const char *file;
        int status;
        enum ncm_code code;
        const char *says;
    } all[] = {
        {"prom_query_error_parse.json", 400, NCM_USAGE, "1:5: parse error: unclosed left"},
        {"prom_range_error_11000.json", 400, NCM_USAGE, "11,000 points"},
        {"prom_query_error_many_to_many.json", 422, NCM_REFUSED, "duplicate series"},
        {"prom_query_error_timeout.json", 0, NCM_TIMEOUT, "took too long"},
        {"prom_admin_disabled.json", 500, NCM_UNREACHABLE, "admin APIs disabled"},
    };
    for (int g = 0; g < 2; g++) {
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
            int status = all[i].status != 0 ? all[i].status : g == 0 ? 503 : 422;
            struct ncm_err e = fails(state, status, "application/json",
                                     mon_text(mon_generations[g], all[i].file), all[i].code);
            if (strstr(e.what, all[i].says) == NULL) {
                fail_msg("%s: %s", all[i].file, e.what);
            }
        }
    }
}

static void answers_that_are_none_are_named(void **state)
{
    static const struct {
        int status;
        const char *type, *text;
        enum ncm_code code;
        const char *says;
    } all[] = {
        {401, "text/plain", "Unauthorized\n", NCM_UNAUTHENTICATED, "(401)"},
        {403, "text/html", "<html>no", NCM_FORBIDDEN, "(403)"},
        {404, "text/plain", "404 page not found\n", NCM_NOT_FOUND, "no Prometheus at"},
        {502, "text/html", "<html>Bad Gateway", NCM_UNREACHABLE, "(502)"},
        {503, "text/plain", "Service Unavailable", NCM_UNREACHABLE, "(503)"},
        {504, "text/html", "<html>", NCM_TIMEOUT, "(504)"},
        {429, "application/json", "{\"message\":\"slow down\"}", NCM_RATE_LIMITED, "(429)"},
        {403, "application/json", "{\"message\":\"Access denied\"}", NCM_FORBIDDEN,
         "Access denied"},
        {200, "text/html", "<html>Sign in", NCM_INVALID_DATA, "text/html"},
        {200, "application/json", "", NCM_INVALID_DATA, "nothing at all"},
        {200, "application/json", "{\"status\":", NCM_INVALID_DATA, "JSON"},
        {200, "application/json", "{}", NCM_INVALID_DATA, ""},
        {200, "application/json", "[1]", NCM_INVALID_DATA, ""},
        {200, "application/json", "{\"status\":\"success\"}", NCM_INVALID_DATA, "a result"},
        {200, "application/json",
         "{\"status\":\"success\",\"data\":{\"resultType\":\"x\",\"result\":[]}}", NCM_INVALID_DATA,
         "a result"},
        {200, "application/json",
         "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"value\":[1,"
         "\"1\"]}]}}",
         NCM_INVALID_DATA, "a series"},
        {200, "application/json",
         "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},"
         "\"value\":"
         "[1,\"one\"]}]}}",
         NCM_INVALID_DATA, "a sample"},
        {200, "application/json",
         "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},"
         "\"histogram\":[1,{\"count\":\"1\",\"sum\":\"1\",\"buckets\":[[9,\"0\",\"1\",\"1\"]]}]}]}"
         "}",
         NCM_INVALID_DATA, "a histogram"},
        {200, "application/json",
         "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"half\","
         "\"data\":{\"resultType\":\"vector\",\"result\":[]}}",
         NCM_REFUSED, "half"},
        {400, "application/json",
         "{\"status\":\"error\",\"errorType\":\"brand_new\",\"error\":\"odd\"}", NCM_INVALID_DATA,
         "odd"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct ncm_err e = fails(state, all[i].status, all[i].type, all[i].text, all[i].code);
        if (strstr(e.what, all[i].says) == NULL) {
            fail_msg("%s: %s", all[i].text, e.what);
        }
        assert_null(strstr(e.hint, "MLFLOW"));
    }
}

static void an_outage_is_an_outage(void **state)
{
    struct ncm_place nowhere = {.location = "http://127.0.0.1:1"};
    struct ncm_prom_answer a;
    struct ncm_prom *p;
    struct ncm_err err;
    atomic_bool cancel = true;
    struct ncm_control control = {.cancel = &cancel};
    (void)state;
    assert_true(ncm_prom_open(&nowhere, &p, &err));
    assert_false(ncm_prom_instant(p, "up", NCM_NO_TIME, NULL, &a, &err));
    assert_int_equal(err.code, NCM_UNREACHABLE);
    assert_false(ncm_prom_instant(p, "up", NCM_NO_TIME, &control, &a, &err));
    assert_int_equal(err.code, NCM_CANCELLED);
    ncm_prom_close(p);
    nowhere.location = "prometheus:9090";
    assert_false(ncm_prom_open(&nowhere, &p, &err));
    assert_int_equal(err.code, NCM_USAGE);
}

static void too_many_series_are_refused(void **state)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 4 << 20);
    ncm_buf_puts(&b, "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[");
    for (int i = 0; i <= NCM_PROM_SERIES_MOST; i++) {
        ncm_buf_printf(&b, "%s{\"metric\":{\"a\":\"%d\"},\"value\":[1,\"1\"]}", i > 0 ? "," : "",
                       i);
    }
    ncm_buf_puts(&b, "]}}");
    struct ncm_err e = fails(state, 200, "application/json", b.p, NCM_TOO_LARGE);
    assert_non_null(strstr(e.what, "10000 series"));
    ncm_buf_release(&b);
}

static void rules_and_alerts_say_what_fires(void **state)
{
    struct ncm_prom_rules r;
    struct ncm_prom_alerts a;
    struct ncm_err err;
    for (int g = 0; g < 2; g++) {
        size_t alerting = 0, firing = 0;
        done(state);
        fresh(state);
        mon_answer("/api/v1/rules", 200, mon_generations[g], "prom_rules.json");
        mon_answer("/api/v1/alerts", 200, mon_generations[g], "prom_alerts.json");
        assert_true(ncm_prom_rules(prom, NULL, &r, &err));
        assert_true(ncm_prom_alerts(prom, NULL, &a, &err));
        for (size_t i = 0; i < r.n; i++) {
            alerting += r.items[i].alerting;
            firing += r.items[i].n_alerts;
            if (ncm_str_is(r.items[i].name, "FeatureDrift")) {
                assert_string_equal(r.items[i].query.p, "model_feature_drift > 0.2");
                assert_string_equal(r.items[i].state.p, "firing");
                assert_int_equal(r.items[i].for_ms, 4000);
                assert_string_equal(r.items[i].alerts[0].query.p, "model_feature_drift > 0.2");
            }
        }
        assert_int_equal(alerting, 5);
        assert_int_equal(firing, a.n);
        for (size_t i = 0; i < a.n; i++) {
            const struct ncm_alert *x = &a.items[i];
            assert_string_equal(x->source.p, "prometheus");
            assert_int_equal(x->id.len, 16);
            assert_true(x->since_ms > 1795000000000 && x->value.kind == NCM_V_NUMBER);
            if (ncm_str_is(x->rule, "HighErrorRatio")) {
                assert_int_equal(x->severity, NCM_SEVERITY_CRITICAL);
                assert_non_null(strstr(x->summary.p, "errors at"));
                assert_true(ncm_str_is(x->subject, "fraud") ||
                            ncm_str_is(x->subject, "churn-\"eu\""));
            }
            if (ncm_str_is(x->rule, "TargetDown")) {
                assert_string_equal(x->subject.p, "dead 127.0.0.1:9");
            }
        }
        ncm_prom_rules_release(&r);
        ncm_prom_alerts_release(&a);
    }
}

static void targets_that_are_down_come_first(void **state)
{
    struct ncm_prom_targets t;
    struct ncm_err err;
    for (int g = 0; g < 2; g++) {
        done(state);
        fresh(state);
        mon_answer("/api/v1/targets", 200, mon_generations[g], "prom_targets_http503.json");
        assert_true(ncm_prom_targets(prom, NULL, &t, &err));
        assert_int_equal(t.n, 3);
        assert_string_equal(t.items[0].job.p, "dead");
        assert_string_equal(t.items[0].health.p, "down");
        assert_non_null(strstr(t.items[0].last_error.p, "connection refused"));
        assert_non_null(strstr(t.items[1].last_error.p, "503"));
        assert_string_equal(t.items[2].health.p, "up");
        assert_true(t.items[2].last_scrape_ms > 1795000000000 && t.items[2].duration_s > 0);
        ncm_prom_targets_release(&t);
    }
}

static void the_version_may_be_empty(void **state)
{
    char version[64];
    struct ncm_err err;
    (void)state;
    mlf_rule((struct mlf_rule){.on = "buildinfo",
                               .times = 1,
                               .text = mon_text(mon_generations[0], "prom_status_buildinfo.json")});
    mon_answer("buildinfo", 200, mon_generations[1], "prom_status_buildinfo.json");
    assert_true(ncm_prom_version(prom, NULL, version, &err));
    assert_string_equal(version, "2.42.0+ds");
    assert_true(ncm_prom_version(prom, NULL, version, &err));
    assert_string_equal(version, "");
}

static void the_metrics_of_a_server_are_read(void **state)
{
    struct ncm_metrics m;
    struct ncm_err err;
    (void)state;
    mon_answer("GET /metrics", 200, mon_generations[0], "exporter_metrics.txt");
    mon_says("GET /page", 200, "text/html", "<html>");
    mon_says("GET /none", 404, "text/plain", "404 page not found");
    assert_true(ncm_prom_scrape(prom, "/metrics", NULL, &m, &err));
    assert_true(m.n > 50);
    ncm_metrics_release(&m);
    char *whole = ncm_sprintf("%s/metrics", mlf_url());
    struct ncm_place place = {.location = whole};
    struct ncm_prom *direct;
    assert_true(ncm_prom_open(&place, &direct, &err));
    assert_true(ncm_prom_scrape(direct, "", NULL, &m, &err));
    assert_true(m.n > 50);
    ncm_metrics_release(&m);
    ncm_prom_close(direct);
    ncm_free(whole);
    assert_false(ncm_prom_scrape(prom, "/page", NULL, &m, &err));
    assert_int_equal(err.code, NCM_INVALID_DATA);
    assert_false(ncm_prom_scrape(prom, "/none", NULL, &m, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
}

static void alerts_are_a_topic(void **state)
{
    struct ncm_place place = mon_place();
    struct ncm_control control = {0};
    struct ncm_conn *c;
    struct ncm_err err;
    struct ncm_interest interest = {.topics = 1u << NCM_T_ALERTS};
    struct ncm_news news;
    (void)state;
    assert_int_equal(ncm_prometheus.probe(place.location), 0);
    assert_true(ncm_prometheus.open(&place, &c, &control, &err));
    mlf_rule((struct mlf_rule){.on = "/api/v1/rules",
                               .times = 1,
                               .text = mon_text(mon_generations[0], "prom_rules.json")});
    mon_says("/api/v1/rules", 404, "text/plain", "404 page not found");
    mon_answer("/api/v1/alerts", 200, mon_generations[1], "prom_alerts_pending.json");
    const struct ncm_alerts_snapshot *s = mon_fetch(&ncm_prometheus, c, NCM_T_ALERTS, &err);
    assert_non_null(s);
    assert_true(s->n > 3 && s->items[0].query.len > 0);
    ncm_snapshot_unref(s);
    s = mon_fetch(&ncm_prometheus, c, NCM_T_ALERTS, &err); /* one that has no rules */
    assert_non_null(s);
    assert_int_equal(s->items[s->n - 1].state, NCM_ALERT_PENDING);
    ncm_snapshot_unref(s);
    mon_answer("/buildinfo", 200, mon_generations[0], "prom_status_buildinfo.json");
    const struct ncm_store_snapshot *store = mon_fetch(&ncm_prometheus, c, NCM_T_STORE, &err);
    assert_non_null(store);
    assert_string_equal(store->release.p, "Prometheus 2.42.0+ds");
    assert_false(store->writable);
    ncm_snapshot_unref(store);
    assert_null(mon_fetch(&ncm_prometheus, c, NCM_T_MODELS, &err));
    assert_int_equal(err.code, NCM_UNSUPPORTED);
    assert_true(ncm_prometheus.watch(c, &interest, 0, &control, &news, &err));
    assert_int_equal(news.what, NCM_WATCH_NOTHING);
    ncm_prometheus.close(c);
}

static void note(void *to, enum ncm_check_state state, const char *name, const char *what,
                 const char *hint)
{
    (void)hint;
    ncm_buf_printf(to, "%d %s: %s\n", (int)state, name, what);
}

static void doctor_names_what_is_wrong(void **state)
{
    struct ncm_place place = mon_place();
    struct ncm_control control = {0};
    struct ncm_buf b;
    (void)state;
    ncm_buf_init(&b, 1 << 16);
    mon_says("401", 401, "text/plain", "Unauthorized");
    mon_says("/api/v1/query", 200, "application/json",
             "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}");
    mon_answer("/targets", 200, mon_generations[0], "prom_targets.json");
    mon_answer("/rules", 200, mon_generations[0], "prom_rules.json");
    mon_answer("/buildinfo", 200, mon_generations[0], "prom_status_buildinfo.json");
    ncm_prometheus.examine(&place, &control, note, &b);
    assert_non_null(strstr(b.p, "0 version: Prometheus 2.42.0"));
    assert_non_null(strstr(b.p, "1 targets: 1 of 3 cannot be scraped: dead 127.0.0.1:9"));
    assert_non_null(strstr(b.p, "0 rules: 6, 5 of them alert"));
    ncm_buf_clear(&b);
    char *path = ncm_sprintf("%s/401", place.location);
    place.location = path;
    ncm_prometheus.examine(&place, &control, note, &b);
    assert_non_null(strstr(b.p, "2 login:"));
    ncm_free(path);
    ncm_buf_release(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_range_comes_as_sorted_series),
        TEST(series_keep_their_place_in_any_order),
        TEST(values_that_are_no_numbers_are_kept),
        TEST(what_is_missing_is_absent),
        TEST(points_out_of_order_are_sorted),
        TEST(native_histograms_come_with_their_bins),
        TEST(remarks_are_kept),
        TEST(a_query_goes_as_a_form),
        TEST(a_proxy_that_takes_only_get_is_asked_so),
        TEST(the_step_keeps_within_the_servers_limit),
        TEST(errors_of_the_server_are_one_sentence),
        TEST(answers_that_are_none_are_named),
        TEST(an_outage_is_an_outage),
        TEST(too_many_series_are_refused),
        TEST(rules_and_alerts_say_what_fires),
        TEST(targets_that_are_down_come_first),
        TEST(the_version_may_be_empty),
        TEST(the_metrics_of_a_server_are_read),
        TEST(alerts_are_a_topic),
        TEST(doctor_names_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
