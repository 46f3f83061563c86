/* Model servers over HTTP as a source: what is told of them when they are well, ill, slow, hung or
 * something else, and what changes do to them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "model/deploy.h"
#include "provider/endpoint/endpoint.h"
#include "unit/web.h"

static struct ncm_endpoint_of of[4];
static struct ncm_endpoint_setup setup = {"api", of, 0};
static struct ncm_conn *conn;
static const struct ncm_deployments_snapshot *snap;
static int published, provisional;

/* Quotes in JSON may be written as '. */
static void set(const char *server, const char *json)
{
    char body[8000];
    snprintf(body, sizeof body, "%s", json);
    for (char *p = body; *p != '\0'; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    struct ncm_http *h = web_open(web_url(server), NULL);
    struct ncm_http_answer a = web_ask(
        h, (struct ncm_http_request){
               .method = NCM_HTTP_POST, .path = "/_set", .body = body, .body_len = strlen(body)});
    assert_int_equal(a.status, 200);
    ncm_http_answer_release(&a);
    ncm_http_close(h);
}

/* How many requests began so ("POST /reload"), and the body of the last one. */
static int asked(const char *server, const char *on, char *body, size_t size)
{
    char method[8], path[64];
    struct ncm_http *h = web_open(web_url(server), NULL);
    struct ncm_http_answer a = web_ask(h, (struct ncm_http_request){.path = "/_log"});
    int n = 0;
    assert_int_equal(sscanf(on, "%7s %63s", method, path), 2);
    char want[100];
    snprintf(want, sizeof want, "[\"%s\", \"%s\", ", method, path);
    for (const char *p = a.body.p; (p = strstr(p, want)) != NULL; n++) {
        p += strlen(want);
        if (body != NULL) {
            snprintf(body, size, "%.*s", (int)strcspn(p, "]"), p);
        }
    }
    ncm_http_answer_release(&a);
    ncm_http_close(h);
    return n;
}

static int fresh(void **state)
{
    (void)state;
    for (const char *s = "abcd"; *s != '\0'; s++) {
        set((const char[]){*s, '\0'}, "{'fresh': true}");
    }
    memset(of, 0, sizeof of);
    setup.n = 0;
    return 0;
}

static struct ncm_endpoint_of *serve(const char *server, const char *name)
{
    struct ncm_endpoint_of *e = &of[setup.n++];
    *e = (struct ncm_endpoint_of){
        .name = name,
        .url = web_url(server),
        .probe = {.model = "churn",
                  .health = "/health",
                  .info = "/info",
                  .version = ".model.version"},
        .metrics = "none",
    };
    return e;
}

static void open_all(void)
{
    struct ncm_place place = {.location = "endpoints", .with = &setup};
    struct ncm_control control = {0};
    struct ncm_err err;
    if (!ncm_endpoint.open(&place, &conn, &control, &err)) {
        fail_msg("%s", err.what);
    }
}

static int done(void **state)
{
    (void)state;
    ncm_snapshot_unref(snap);
    snap = NULL;
    ncm_endpoint.close(conn);
    conn = NULL;
    return 0;
}

static void keep(void *to, struct ncm_snapshot *s)
{
    (void)to;
    ncm_snapshot_unref(snap);
    snap = (const struct ncm_deployments_snapshot *)s;
    published++;
    provisional += s->provisional ? 1 : 0;
}

static bool fetch(bool full, struct ncm_err *err)
{
    struct ncm_query *q = ncm_query_new(NCM_T_DEPLOYMENTS);
    struct ncm_fetch f = {.query = q, .full = full, .publish = keep};
    published = provisional = 0;
    bool ok = ncm_endpoint.fetch(conn, &f, err);
    ncm_query_free(q);
    return ok;
}

static const struct ncm_deployment *get(const char *name)
{
    bool ambiguous;
    const struct ncm_deployment *d = ncm_deployments_find(snap, name, NULL, &ambiguous);
    assert_non_null(d);
    return d;
}

static const struct ncm_deployment *look(const char *name)
{
    struct ncm_err err;
    if (!fetch(true, &err)) {
        fail_msg("%s", err.what);
    }
    assert_false(snap->head.provisional);
    return get(name);
}

static void is(const struct ncm_deployment *d, enum ncm_health health, const char *reason)
{
    if (d->health != health || strstr(ncm_cstr(d->reason), reason) == NULL) {
        fail_msg("%s (%s)", ncm_health_word(d->health), ncm_cstr(d->reason));
    }
}

static bool finds(const struct ncm_deployment *d, const char *kind)
{
    for (size_t i = 0; i < d->n_findings; i++) {
        if (ncm_str_is(d->findings[i].kind, kind)) {
            return true;
        }
    }
    return false;
}

/* ---- what is told ---------------------------------------------------------------------------- */

static void a_healthy_server_is_told_whole(void **state)
{
    (void)state;
    struct ncm_endpoint_of *e = serve("a", "churn-api");
    e->probe.test_path = "/predict";
    e->probe.test_body = "{}";
    e->reload = "/reload";
    open_all();
    const struct ncm_deployment *d = look("api//churn-api");
    is(d, NCM_HEALTH_HEALTHY, "");
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
    assert_int_equal(snap->n_notes, 0);
    /* The test request is not sent at each look, its last answer stays. */
    struct ncm_err err;
    assert_int_equal(asked("a", "POST /predict", NULL, 0), 1);
    struct ncm_query *q = ncm_query_new(NCM_T_LOGS);
    struct ncm_fetch f = {.query = q, .publish = keep};
    assert_false(ncm_endpoint.fetch(conn, &f, &err));
    assert_int_equal(err.code, NCM_UNSUPPORTED);
    ncm_query_free(q);
}

static void what_happens_is_noticed(void **state)
{
    (void)state;
    serve("a", "x");
    open_all();
    is(look("x"), NCM_HEALTH_HEALTHY, "");
    set("a",
        "{'rules': {'GET /health': {'status': 500, 'text': '{\\'detail\\': \\'no model\\'}'}}}");
    set("a", "{'rules': {'GET /health': {'status': 500, 'text': 'no model'}}}");
    const struct ncm_deployment *d = look("x");
    is(d, NCM_HEALTH_FAILED, "/health answers 500: no model");
    assert_int_equal(d->ready, 0);
    assert_int_equal(d->n_events, 1);
    assert_string_equal(d->events[0].reason.p, "Down");
    assert_true(d->health_since_ms == d->probe.at_ms && d->events[0].warning);
    int64_t since = d->health_since_ms;
    d = look("x");
    assert_true(d->health_since_ms == since); /* still the same */
    /* It comes up again, loading. */
    set("a", "{'rules': {'GET /health': {'status': 503, 'text': 'loading'}}}");
    d = look("x");
    is(d, NCM_HEALTH_PROGRESSING, "loading");
    assert_true(d->rolling);
    set("a", "{'rules': {}, 'version': '8'}");
    d = look("x");
    is(d, NCM_HEALTH_HEALTHY, "");
    assert_int_equal(d->n_events, 4);
    assert_string_equal(d->events[0].reason.p, "Version"); /* newest first */
    assert_string_equal(d->events[0].message.p, "version 7 → 8");
    assert_string_equal(d->events[1].reason.p, "Ready");
    assert_string_equal(d->events[2].reason.p, "Starting");
    assert_string_equal(d->version.p, "8");
    /* Not ready long after it came up is no start. */
    for (int i = 0; i < 60; i++) {
        set("a", i % 2 == 0 ? "{'version': '9'}" : "{'version': '10'}");
        d = look("x");
    }
    assert_int_equal(d->n_events, 40);
    assert_string_equal(d->events[0].message.p, "version 9 → 10");
}

static void a_hung_one_holds_nobody_up(void **state)
{
    struct ncm_err err;
    (void)state;
    serve("a", "well");
    serve("b", "hung");
    serve("c", "slow");
    serve("d", "odd");
    set("b", "{'rules': {'all': {'mode': 'hang'}}}");
    set("c", "{'rules': {'GET /health': {'mode': 'slow'}}}");
    set("d", "{'rules': {'GET /info': {'mode': 'cut'}}}");
    open_all();
    int64_t start = ncm_mono_ms();
    assert_true(fetch(false, &err));
    int64_t took = ncm_mono_ms() - start;
    is(get("well"), NCM_HEALTH_HEALTHY, "");
    is(get("hung"), NCM_HEALTH_FAILED, "within 2 s");
    assert_true(finds(get("hung"), "hung"));
    is(get("slow"), NCM_HEALTH_HEALTHY, "");
    assert_true(finds(get("slow"), "slow"));
    assert_true(get("slow")->probe.latency_ms >= 1000);
    is(get("odd"), NCM_HEALTH_HEALTHY, "");
    assert_null(get("odd")->probe.answered.p);
    assert_true(finds(get("odd"), "answers"));
    if (took >= 15000) {
        fail_msg("%lld ms", (long long)took);
    }
    /* The others were shown meanwhile. */
    assert_int_equal(published, 2);
    assert_int_equal(provisional, 1);
}

static void nobody_there_and_somebody_else_there(void **state)
{
    (void)state;
    serve("a", "gone")->url = "http://127.0.0.1:9";
    serve("b", "login");
    serve("c", "other");
    of[2].probe = (struct ncm_probe_setup){0};
    set("b", "{'rules': {'all': {'status': 401, 'text': 'who?'}}}");
    set("c",
        "{'rules': {'all': {'status': 200, 'text': '<html>Welcome</html>', 'type': 'text/html'}}}");
    open_all();
    is(look("gone"), NCM_HEALTH_FAILED, "");
    is(get("login"), NCM_HEALTH_UNKNOWN, "asks for a login (401)");
    assert_int_equal(get("login")->ready, -1);
    is(get("other"), NCM_HEALTH_HEALTHY, ""); /* something that answers everything */
    assert_string_equal(get("other")->probe.protocol.p, "generic");
    assert_null(get("other")->version.p);
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
    set(server, json);
}

static void rates_come_from_its_own_metrics(void **state)
{
    (void)state;
    serve("a", "x")->metrics = NULL;
    open_all();
    metrics("a", 100, 10, 5);
    const struct ncm_deployment *d = look("x");
    assert_false(d->rates.known);
    metrics("a", 190, 20, 15);
    d = look("x");
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
    set("a", "{'rules': {'GET /health': {'status': 502}}}");
    d = look("x");
    assert_false(d->rates.known);
    assert_true(isnan(d->rates.rps));
    set("a", "{'rules': {}}");
    /* Metrics that are named and not there are told; others are not missed. */
    of[0].metrics = "/prometheus";
    done(NULL);
    open_all();
    look("x");
    assert_int_equal(snap->n_notes, 1);
    assert_string_equal(snap->notes[0].p, "x: its metrics cannot be read: HTTP 404");
}

static void a_login_stays_with_its_host(void **state)
{
    static char token[] = "s3cret";
    struct ncm_access access = {.token = {NCM_SECRET_TEXT, token}};
    char log[200], there[80];
    (void)state;
    struct ncm_endpoint_of *e = serve("a", "x");
    e->access = &access;
    metrics("b", 1, 1, 1);
    /* Another port of its host … */
    snprintf(there, sizeof there, "%s/metrics", web_url("b"));
    e->metrics = there;
    open_all();
    is(look("x"), NCM_HEALTH_HEALTHY, "");
    assert_int_equal(asked("a", "GET /health", log, sizeof log), 1);
    assert_non_null(strstr(log, "Bearer s3cret"));
    assert_int_equal(asked("b", "GET /metrics", log, sizeof log), 1);
    assert_non_null(strstr(log, "Bearer s3cret"));
    /* … and another host. */
    done(NULL);
    snprintf(there, sizeof there, "http://localhost%s/metrics", strrchr(web_url("b"), ':'));
    open_all();
    assert_int_equal(look("x")->n_findings, 0);
    assert_int_equal(snap->n_notes, 0);
    assert_int_equal(asked("b", "GET /metrics", log, sizeof log), 2);
    assert_null(strstr(log, "s3cret"));
    /* A server that repeats it does not bring it to the screen. */
    set("a", "{'rules': {'GET /health': {'status': 500, 'text': 'bad token s3cret'}}}");
    is(look("x"), NCM_HEALTH_FAILED, "bad token ******");
}

/* ---- traffic --------------------------------------------------------------------------------- */

static void pair(void)
{
    struct ncm_endpoint_of *stable = serve("a", "stable"), *canary = serve("b", "canary");
    stable->group = canary->group = "churn";
    stable->traffic = "/traffic";
    stable->reload = canary->reload = "/reload";
    set("a", "{'split': {'stable': 90, 'canary': 10}}");
    set("b", "{'version': '8'}");
    open_all();
}

static void a_split_is_told_by_its_targets(void **state)
{
    (void)state;
    pair();
    for (int i = 0; i < 2; i++) {
        const struct ncm_deployment *d = look(i == 0 ? "stable" : "canary");
        assert_int_equal(d->n_traffic, 2);
        assert_string_equal(d->traffic_by.p, "percent");
        assert_string_equal(d->traffic[0].target.p, "stable");
        assert_string_equal(d->traffic[0].version.p, "7");
        assert_true(d->traffic[0].percent == 90 && d->traffic[0].stable);
        assert_string_equal(d->traffic[1].version.p, "8");
        assert_true(d->traffic[1].percent == 10 && !d->traffic[1].stable);
        assert_int_equal(d->traffic[1].health, NCM_HEALTH_HEALTHY);
        assert_true((d->allowed & (1u << NCM_ACT_TRAFFIC)) != 0);
    }
    set("a", "{'split': {'stable': 'much'}}");
    const struct ncm_deployment *d = look("stable");
    assert_int_equal(d->n_traffic, 0);
    set("a", "{'rules': {'GET /traffic': {'status': 500}}}");
    d = look("stable");
    assert_true(finds(d, "split_unknown"));
    assert_int_equal(d->n_traffic, 2);
    assert_true(isnan(d->traffic[0].percent)); /* nobody tells: unknown */
}

static struct ncm_changes changes;

static bool apply(struct ncm_err *err, struct ncm_receipt *receipt)
{
    struct ncm_control control = {0};
    *err = (struct ncm_err){0};
    bool ok = ncm_endpoint.apply(conn, &changes, NULL, &control, receipt, err);
    ncm_changes_release(&changes);
    ncm_changes_init(&changes);
    return ok;
}

static void shift(const char *target, const char *from, const char *to)
{
    ncm_changes_add(&changes, NCM_CH_DEPLOY_TRAFFIC, "api//stable", "Endpoint", target, from, to);
}

static void traffic_moves_in_one_step(void **state)
{
    struct ncm_err err;
    struct ncm_receipt receipt;
    char body[200];
    (void)state;
    pair();
    shift("stable", "90", "50");
    shift("canary", "10", "50");
    assert_true(apply(&err, &receipt));
    assert_int_equal(asked("a", "PUT /traffic", body, sizeof body), 1);
    assert_non_null(strstr(body, "stable\\\":50"));
    assert_non_null(strstr(body, "canary\\\":50"));
    assert_true(receipt.time_ms > 0 && !receipt.partial);
    assert_true(look("canary")->traffic[1].percent == 50);
    /* Somebody was faster. */
    shift("stable", "90", "0");
    shift("canary", "10", "100");
    assert_false(apply(&err, &receipt));
    assert_int_equal(err.code, NCM_CONFLICT);
    /* It must be a hundred. */
    shift("stable", "50", "60");
    assert_false(apply(&err, &receipt));
    assert_int_equal(err.code, NCM_REFUSED);
    shift("stable", "50", "-1");
    assert_false(apply(&err, &receipt));
    assert_int_equal(err.code, NCM_USAGE);
    /* A new target, an old one out of the map. */
    shift("stable", "50", NULL);
    shift("third", NULL, "50.0");
    assert_true(apply(&err, &receipt));
    const struct ncm_deployment *d = look("stable");
    assert_string_equal(d->traffic[1].target.p, "third");
    assert_int_equal(asked("a", "PUT /traffic", NULL, 0), 2);
}

static void versions_are_loaded_by_the_reload_page(void **state)
{
    struct ncm_err err;
    struct ncm_receipt receipt;
    char *now, body[200];
    (void)state;
    pair();
    of[1].reload_body = "{\"version\": \"{{version}}\", \"uri\": \"models:/churn/{{version}}\"}";
    done(NULL);
    open_all();
    ncm_changes_add(&changes, NCM_CH_DEPLOY_VERSION, "api//canary", "Endpoint", NULL, "8", "9\"x");
    assert_true(ncm_endpoint.present(conn, &changes.items[0], &now, &err));
    assert_string_equal(now, "8");
    ncm_free(now);
    assert_true(apply(&err, &receipt));
    assert_int_equal(asked("b", "POST /reload", body, sizeof body), 1);
    assert_non_null(strstr(body, "models:/churn/9"));
    assert_string_equal(look("canary")->version.p, "9\"x");
    ncm_changes_add(&changes, NCM_CH_DEPLOY_VERSION, "api//canary", "Endpoint", NULL, "8", "9");
    assert_false(apply(&err, &receipt));
    assert_int_equal(err.code, NCM_CONFLICT);
    /* The server says no. */
    set("b", "{'rules': {'POST /reload': {'status': 400, 'text': '{\\\"error\\\": \\\"no such "
             "version\\\"}'}}}");
    ncm_changes_add(&changes, NCM_CH_DEPLOY_VERSION, "api//canary", "Endpoint", NULL, "9\"x", "10");
    assert_false(apply(&err, &receipt));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_non_null(strstr(err.what, "no such version"));
    ncm_changes_add(&changes, NCM_CH_DEPLOY_VERSION, "api//nobody", "Endpoint", NULL, "1", "2");
    assert_false(apply(&err, &receipt));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    ncm_changes_add(&changes, NCM_CH_DEPLOY_SCALE, "api//canary", "Endpoint", NULL, "1", "2");
    assert_false(apply(&err, &receipt));
    assert_int_equal(err.code, NCM_UNSUPPORTED);
}

static void what_failed_is_taken_back(void **state)
{
    struct ncm_err err;
    struct ncm_receipt receipt;
    (void)state;
    pair();
    set("a", "{'rules': {'PUT /traffic': {'status': 500, 'text': 'down'}}}");
    ncm_changes_add(&changes, NCM_CH_DEPLOY_VERSION, "api//canary", "Endpoint", NULL, "8", "9");
    shift("stable", "90", "0");
    shift("canary", "10", "100");
    assert_false(apply(&err, &receipt));
    assert_false(receipt.partial);
    assert_string_equal(look("canary")->version.p, "8");
    assert_int_equal(asked("b", "POST /reload", NULL, 0), 2);
    /* An answer that was lost: looked at, not sent again. */
    set("a", "{'rules': {'PUT /traffic': {'mode': 'lost'}}}");
    shift("stable", "90", "20");
    shift("canary", "10", "80");
    assert_true(apply(&err, &receipt));
    assert_int_equal(asked("a", "PUT /traffic", NULL, 0), 2);
    assert_true(look("canary")->traffic[1].percent == 80);
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
    serve("a", "x")->every_ms = 50;
    open_all();
    assert_true(ncm_endpoint.watch(conn, &somebody, 0, &control, &news, &err));
    assert_int_equal(news.what, 0);
    int64_t start = ncm_mono_ms();
    assert_true(ncm_endpoint.watch(conn, &somebody, 5000, &control, &news, &err));
    assert_int_equal(news.topics, 1u << NCM_T_DEPLOYMENTS);
    assert_true(ncm_mono_ms() - start >= 45);
    start = ncm_mono_ms();
    assert_true(ncm_endpoint.watch(conn, &idle, 5000, &control, &news, &err));
    assert_int_equal(news.what, NCM_WATCH_DATA);
    assert_true(ncm_endpoint.watch(conn, &idle, 5000, &control, &news, &err));
    assert_true(ncm_mono_ms() - start >= 145); /* the second one after three pauses */
    assert_true(ncm_endpoint.watch(conn, &nobody, 100, &control, &news, &err));
    assert_int_equal(news.what, 0);
    assert_int_equal(asked("a", "GET /health", NULL, 0), 0); /* it asks nothing itself */
}

static void a_fetch_can_be_cancelled(void **state)
{
    struct ncm_err err;
    atomic_bool cancel = true;
    (void)state;
    serve("a", "x");
    serve("b", "y");
    open_all();
    struct ncm_query *q = ncm_query_new(NCM_T_DEPLOYMENTS);
    struct ncm_fetch f = {.query = q, .control = {.cancel = &cancel}, .publish = keep};
    assert_false(ncm_endpoint.fetch(conn, &f, &err));
    assert_int_equal(err.code, NCM_CANCELLED);
    ncm_query_free(q);
    assert_int_equal(look("x")->n_events, 0); /* it was no outage */
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
    struct ncm_place place = {.location = "endpoints", .with = &setup};
    struct ncm_control control = {0};
    (void)state;
    serve("a", "well");
    serve("b", "gone")->url = "http://127.0.0.1:9";
    memset(checks, 0, sizeof checks);
    all_words[0] = '\0';
    ncm_endpoint.examine(&place, &control, heard, NULL);
    assert_int_equal(checks[NCM_CHECK_FAIL], 1);
    assert_int_equal(checks[NCM_CHECK_OK], 2);
    assert_non_null(strstr(all_words, "well answers version 7"));
    assert_non_null(strstr(all_words, "gone is down"));
}

static int start(void **state)
{
    (void)state;
    ncm_changes_init(&changes);
    return web_run("tests/lib/fake_endpoints.py", NULL) ? 0 : 1;
}

static int stop(void **state)
{
    (void)state;
    web_stop();
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_healthy_server_is_told_whole),  TEST(what_happens_is_noticed),
        TEST(a_hung_one_holds_nobody_up),      TEST(nobody_there_and_somebody_else_there),
        TEST(rates_come_from_its_own_metrics), TEST(a_login_stays_with_its_host),
        TEST(a_split_is_told_by_its_targets),
        TEST(traffic_moves_in_one_step),       TEST(versions_are_loaded_by_the_reload_page),
        TEST(what_failed_is_taken_back),       TEST(a_watch_tells_when_to_look),
        TEST(a_fetch_can_be_cancelled),        TEST(doctor_asks_each_once),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
