/* What model servers say of themselves: every recorded case of real ones, and the cases that were
 * not recorded as their documentation has them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "provider/recorded.h"

static struct ncm_arena *arena;
static struct ncm_probe probe;
static struct ncm_claim claims[8];
static size_t n_claims;
static enum ncm_protocol known;

static void run(const struct ncm_probe_setup *setup, struct ncm_probe_via via)
{
    ncm_arena_free(arena);
    arena = ncm_arena_new();
    ncm_probe_run(setup, &via, &known, setup->test_path != NULL, arena, &probe, claims, 8,
                  &n_claims);
}

static void anew(void)
{
    known = NCM_PROTOCOL_AUTO;
}

static int done(void **state)
{
    (void)state;
    ncm_arena_free(arena);
    arena = NULL;
    recorded_forget();
    return 0;
}

static void is(const char *protocol, int alive, int ready, int model_ready, enum ncm_health health)
{
    if (strcmp(ncm_cstr(probe.protocol), protocol) != 0 || probe.alive != alive || probe.ready != ready ||
        probe.model_ready != model_ready || ncm_probe_health(&probe) != health) {
        fail_msg("%s: alive %d ready %d model %d %s (%s)", ncm_cstr(probe.protocol), probe.alive,
                 probe.ready, probe.model_ready, ncm_health_word(ncm_probe_health(&probe)),
                 ncm_cstr(probe.reason));
    }
}

static void says(const char *part)
{
    if (strstr(ncm_cstr(probe.reason), part) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", part, ncm_cstr(probe.reason));
    }
}

/* ---- recorded -------------------------------------------------------------------------------- */

static void mlflow_is_alive_and_says_no_version(void **state)
{
    struct recorded r = {
        .own = "", .upto = recorded_read("mlflow-models-serve-3.17.json"), .pick = SIZE_MAX};
    struct ncm_probe_setup setup = {.model = "churn"};
    (void)state;
    anew();
    run(&setup, recorded_via(&r));
    is("mlflow", 1, 1, 1, NCM_HEALTH_HEALTHY);
    assert_int_equal(known, NCM_PROTOCOL_MLFLOW);
    assert_null(probe.answered.p); /* /version is MLflow's own */
    assert_null(probe.reason.p);
    assert_int_equal(n_claims, 0);
    assert_true(probe.latency_ms == 3);
    /* It is remembered: one question from now on. */
    r.asked = 0;
    run(&setup, recorded_via(&r));
    is("mlflow", 1, 1, 1, NCM_HEALTH_HEALTHY);
    assert_int_equal(r.asked, 1);
}

/* Each recorded request to a page that predicts as the saved test request. */
static void tests_of(struct ncm_probe_setup setup, struct recorded r, const char *part, int least)
{
    int n = 0;
    for (size_t i = 0; i < r.upto; i++) {
        const char *path = recorded_text(i, "path");
        if (strstr(path, part) == NULL || strcmp(recorded_text(i, "method"), "POST") != 0) {
            continue;
        }
        r.pick = i;
        setup.test_path = path + strlen(r.own);
        setup.test_body = "{}";
        anew();
        run(&setup, recorded_via(&r));
        char *body = recorded_body(i);
        if (recorded_text(i, "error")[0] != '\0') {
            assert_int_equal(probe.test_status, 0);
            assert_int_equal(probe.model_ready, 0);
            assert_int_equal(ncm_probe_health(&probe), NCM_HEALTH_DEGRADED);
        } else {
            assert_string_equal(probe.test_answer.p, body);
            assert_true(probe.test_ms == 3);
            if (probe.test_status >= 400 && probe.model_ready == 1) {
                says("answers 4");
            }
        }
        assert_string_equal(probe.test_request.p, "{}");
        ncm_free(body);
        n++;
    }
    assert_true(n >= least);
}

static void mlflow_test_requests_are_told(void **state)
{
    struct recorded r = {.own = "", .upto = recorded_read("mlflow-models-serve-3.17.json")};
    struct ncm_probe_setup setup = {.test_path = "/invocations", .test_body = "{}"};
    (void)state;
    tests_of(setup, r, "/invocations", 6);
    /* A refused request is no reason to call the server ill. */
    is("mlflow", 1, 1, 1, NCM_HEALTH_HEALTHY);
    setup.test_body = NULL; /* GET */
    r.pick = SIZE_MAX;
    run(&setup, recorded_via(&r));
    assert_int_equal(probe.test_status, 405);
    says("405");
}

static void mlserver_is_judged_by_its_model(void **state)
{
    struct recorded r = {.own = "", .pick = SIZE_MAX};
    struct ncm_probe_setup setup = {.model = "churn"};
    size_t all = recorded_read("mlserver-1.7.1.json");
    (void)state;
    assert_int_equal(all, 24);
    anew();
    r.upto = 14;
    run(&setup, recorded_via(&r));
    is("oip", 1, 1, 1, NCM_HEALTH_HEALTHY);
    assert_string_equal(probe.answered.p, "7");
    assert_int_equal(n_claims, 1);
    assert_int_equal(claims[0].rule, NCM_CLAIM_ANSWER);
    assert_string_equal(claims[0].model.p, "churn");
    assert_string_equal(claims[0].version.p, "7");
    assert_string_equal(claims[0].where.p, "/v2/repository/index");
    /* One that did not load. */
    setup.served_name = "bad";
    run(&setup, recorded_via(&r));
    is("oip", 1, 1, 0, NCM_HEALTH_DEGRADED);
    r.upto = all;
    run(&setup, recorded_via(&r));
    is("oip", 1, 1, 0, NCM_HEALTH_DEGRADED);
    says("model bad is not loaded: UNAVAILABLE");
    assert_null(probe.answered.p);
    /* One that nobody knows. */
    setup.served_name = "nope";
    run(&setup, recorded_via(&r));
    is("oip", 1, 1, 0, NCM_HEALTH_DEGRADED);
    says("Model nope not found");
    /* Unloaded: /v2/health/ready still says yes. */
    setup.served_name = NULL;
    run(&setup, recorded_via(&r));
    is("oip", 1, 1, 0, NCM_HEALTH_DEGRADED);
    says("model churn is not loaded: UNAVAILABLE");
    /* Without any name: two models, so none is meant. */
    setup.model = NULL;
    run(&setup, recorded_via(&r));
    is("oip", 1, 1, -1, NCM_HEALTH_HEALTHY);
    says("several");
}

static void mlserver_test_requests_are_told(void **state)
{
    struct recorded r = {.own = "", .upto = recorded_read("mlserver-1.7.1.json")};
    struct ncm_probe_setup setup = {.model = "churn"};
    (void)state;
    r.upto = 17; /* before it was unloaded */
    tests_of(setup, r, "/infer", 4);
}

static void kserve_is_judged_by_its_bodies(void **state)
{
    struct recorded r = {.own = "", .upto = recorded_read("kserve-python.json"), .pick = SIZE_MAX};
    struct ncm_probe_setup setup = {0};
    (void)state;
    anew();
    run(&setup, recorded_via(&r));
    is("kserve", 1, 1, 1, NCM_HEALTH_HEALTHY);
    assert_null(probe.answered.p); /* versions: null */
    setup.served_name = "nope";
    run(&setup, recorded_via(&r));
    is("kserve", 1, 1, 0, NCM_HEALTH_DEGRADED);
    says("Model with name nope does not exist.");
    setup.served_name = NULL;
    tests_of(setup, r, ":predict", 3);
}

static void torchserves_ping_is_not_believed(void **state)
{
    struct recorded r = {
        .own = "http://127.0.0.1:28180", .management = "", .upto = 2, .pick = SIZE_MAX};
    struct ncm_probe_setup setup = {0};
    size_t all = recorded_read("torchserve-0.12.json");
    (void)state;
    anew();
    run(&setup, recorded_via(&r)); /* healthy, and holds no model */
    is("torchserve", 1, -1, -1, NCM_HEALTH_UNKNOWN);
    says("names no model");
    r.upto = all;
    run(&setup, recorded_via(&r)); /* healthy, and no worker */
    is("torchserve", 1, 0, 0, NCM_HEALTH_DEGRADED);
    says("0 of at least 1 workers of churn");
    assert_string_equal(probe.answered.p, "7.0");
    assert_string_equal(claims[0].version.p, "7");
    assert_true(claims[0].guess);
    setup.served_name = "nope";
    run(&setup, recorded_via(&r));
    is("torchserve", 1, 0, 0, NCM_HEALTH_DEGRADED);
    says("does not hold a model called nope");
    /* Without its management nothing is known. */
    setup.served_name = "churn";
    r.management = NULL;
    run(&setup, recorded_via(&r));
    is("torchserve", 1, -1, -1, NCM_HEALTH_UNKNOWN);
    says("refused");
    setup.served_name = NULL;
    r.management = "";
    tests_of(setup, r, "/predictions/", 2); /* one hung for a minute, one is not known */
}

static void bentoml_has_pages_of_its_own(void **state)
{
    struct recorded r = {.own = "", .upto = recorded_read("bentoml.json"), .pick = SIZE_MAX};
    struct ncm_probe_setup setup = {0};
    (void)state;
    anew();
    run(&setup, recorded_via(&r));
    is("bentoml", 1, 1, 1, NCM_HEALTH_HEALTHY);
    tests_of(setup, r, "/predict", 2);
}

static void a_described_server_is_asked_as_described(void **state)
{
    struct recorded r = {.own = "http://127.0.0.1:28110",
                         .upto = recorded_read("ray-serve-2.60.json"),
                         .pick = SIZE_MAX};
    struct ncm_probe_setup setup = {
        .health = "/-/healthz", .ready = "/churn", .info = "/churn", .version = ".model"};
    (void)state;
    anew();
    run(&setup, recorded_via(&r));
    is("generic", 1, 1, 1, NCM_HEALTH_HEALTHY);
    assert_string_equal(probe.answered.p, "models:/churn/7");
    assert_string_equal(claims[0].model.p, "churn");
    assert_string_equal(claims[0].version.p, "7");
    setup.ready = "/fraud"; /* its constructor failed; the server is well */
    run(&setup, recorded_via(&r));
    is("generic", 1, 0, 0, NCM_HEALTH_DEGRADED);
    says("unavailable because it failed to deploy");
    setup.ready = "/nope";
    run(&setup, recorded_via(&r));
    is("generic", 1, 0, 0, NCM_HEALTH_DEGRADED);
    setup.health = "/nope";
    run(&setup, recorded_via(&r));
    is("generic", 1, -1, -1, NCM_HEALTH_UNKNOWN);
    says("has no /nope (404)");
}

/* ---- made ------------------------------------------------------------------------------------ */

#define MADE(...)                                                                                  \
    ask_made(&setup, (const struct made[]){__VA_ARGS__},                                           \
             sizeof((const struct made[]){__VA_ARGS__}) / sizeof(struct made))

static int ask_made(const struct ncm_probe_setup *setup, const struct made *items, size_t n)
{
    struct made_by_hand m = {items, n, 0};
    anew();
    run(setup, made_via(&m));
    return m.asked;
}

static void tf_serving_is_judged_by_versions(void **state)
{
    struct ncm_probe_setup setup = {.protocol = NCM_PROTOCOL_TFSERVING, .served_name = "churn"};
    (void)state;
#define STATUS(v, s, e)                                                                            \
    "{\"version\":\"" v "\",\"state\":\"" s "\",\"status\":{\"error_code\":\"" e                   \
    "\",\"error_message\":\"no file\"}}"
    MADE({"0 GET /v1/models/churn", 200,
          "{\"model_version_status\":[" STATUS("7", "AVAILABLE", "OK") "]}"});
    is("tfserving", 1, 1, 1, NCM_HEALTH_HEALTHY);
    assert_string_equal(probe.answered.p, "7");
    assert_null(probe.reason.p);
    MADE({"0 GET /v1/models/churn", 200,
          "{\"model_version_status\":[" STATUS("8", "END", "NOT_FOUND") "," STATUS("7", "AVAILABLE",
                                                                                   "OK") "]}"});
    is("tfserving", 1, 1, 1, NCM_HEALTH_HEALTHY);
    says("version 8 does not load: no file");
    MADE({"0 GET /v1/models/churn", 200,
          "{\"model_version_status\":[" STATUS("8", "LOADING", "OK") "]}"});
    is("tfserving", 1, 0, 0, NCM_HEALTH_DEGRADED);
    MADE({"0 GET /v1/models/churn", 404, "{\"error\":\"Servable not found\"}"});
    is("tfserving", 1, 0, 0, NCM_HEALTH_DEGRADED);
    /* Found out by its name. */
    setup.protocol = NCM_PROTOCOL_AUTO;
    MADE({"0 GET /v1/models/churn", 200,
          "{\"model_version_status\":[" STATUS("7", "AVAILABLE", "OK") "," STATUS("8", "AVAILABLE",
                                                                                  "OK") "]}"});
    is("tfserving", 1, 1, 1, NCM_HEALTH_HEALTHY);
    assert_string_equal(probe.answered.p, "7, 8");
    assert_int_equal(n_claims, 2);
}

static void triton_answers_with_versions(void **state)
{
    struct ncm_probe_setup setup = {0};
    (void)state;
    MADE({"0 GET /v2/health/live", 200, ""}, {"0 GET /v2/health/ready", 200, ""},
         {"0 POST /v2/repository/index", 200,
          "[{\"name\":\"churn\",\"version\":\"3\",\"state\":\"READY\"},"
          "{\"name\":\"churn\",\"version\":\"2\",\"state\":\"UNAVAILABLE\",\"reason\":\"unloaded\"}"
          "]"},
         {"0 GET /v2/models/churn/ready", 200, ""});
    is("oip", 1, 1, 1, NCM_HEALTH_HEALTHY);
    assert_string_equal(probe.answered.p, "3");
    /* Strict readiness: 400 where a model is not. */
    MADE({"0 GET /v2/health/live", 200, ""}, {"0 GET /v2/health/ready", 400, ""},
         {"0 POST /v2/repository/index", 200,
          "[{\"name\":\"churn\",\"version\":\"3\",\"state\":\"UNAVAILABLE\",\"reason\":\"out of "
          "memory\"}]"},
         {"0 GET /v2/models/churn/ready", 400, ""});
    is("oip", 1, 0, 0, NCM_HEALTH_DEGRADED);
    /* Where the index is switched off, the model's page tells. */
    setup.served_name = "a b/c";
    MADE({"0 GET /v2/health/live", 200, ""}, {"0 GET /v2/health/ready", 200, ""},
         {"0 GET /v2/models/a%20b%2Fc", 200, "{\"name\":\"a b/c\",\"versions\":[\"4\",5]}"},
         {"0 GET /v2/models/a%20b%2Fc/ready", 200, ""});
    is("oip", 1, 1, 1, NCM_HEALTH_HEALTHY);
    assert_string_equal(probe.answered.p, "4, 5");
}

/* However many versions it lists, what is kept of them stays small. */
static void a_server_of_a_thousand_versions(void **state)
{
    struct ncm_probe_setup setup = {0};
    struct ncm_buf index;
    (void)state;
    ncm_buf_init(&index, 1 << 20);
    for (int i = 0; i < 1000; i++) {
        ncm_buf_printf(&index, "%s{\"name\":\"churn\",\"version\":\"%d\"}", i > 0 ? "," : "[", i);
    }
    ncm_buf_putc(&index, ']');
    MADE({"0 GET /v2/health/live", 200, ""}, {"0 GET /v2/health/ready", 200, ""},
         {"0 POST /v2/repository/index", 200, index.p}, {"0 GET /v2/models/churn/ready", 200, ""});
    is("oip", 1, 1, 1, NCM_HEALTH_HEALTHY);
    assert_true(probe.answered.len < 1000);
    assert_int_equal(n_claims, 8);
    ncm_buf_release(&index);
}

static void torchserve_counts_workers(void **state)
{
    struct ncm_probe_setup setup = {.served_name = "churn"};
    (void)state;
#define WORKER(s) "{\"id\":\"9000\",\"status\":\"" s "\"}"
#define MODEL(w)                                                                                   \
    "[{\"modelName\":\"churn\",\"modelVersion\":\"1.2\",\"minWorkers\":2,\"workers\":[" w "]}]"
    MADE({"0 GET /ping", 200, "{\"status\":\"Healthy\"}"},
         {"1 GET /models/churn", 200, MODEL(WORKER("READY") "," WORKER("READY"))});
    is("torchserve", 1, 1, 1, NCM_HEALTH_HEALTHY);
    assert_string_equal(claims[0].version.p, "1.2");
    MADE({"0 GET /ping", 200, "{\"status\":\"Healthy\"}"},
         {"1 GET /models/churn", 200, MODEL(WORKER("READY") "," WORKER("UNLOADING"))});
    is("torchserve", 1, 0, 0, NCM_HEALTH_DEGRADED);
    says("1 of at least 2 workers");
    MADE({"0 GET /ping", 200, "{\"status\":\"Healthy\"}"}, {"1 GET /models/churn", 401, "{}"});
    is("torchserve", 1, -1, -1, NCM_HEALTH_UNKNOWN);
    says("login");
}

static void failures_are_told_apart(void **state)
{
    struct ncm_probe_setup setup = {0};
    (void)state;
    assert_int_equal(MADE({"all", 0, NULL}), 1); /* one patience, not one for each question */
    is("", 0, 0, 0, NCM_HEALTH_FAILED);
    says("within 2 s");
    MADE({"all", -1, NULL});
    is("", 0, 0, 0, NCM_HEALTH_FAILED);
    says("refused");
    MADE({"all", 401, "{\"error\":\"who?\"}"});
    is("", 1, -1, -1, NCM_HEALTH_UNKNOWN);
    says("login (401)");
    MADE({"all", 302, ""});
    is("", 1, -1, -1, NCM_HEALTH_UNKNOWN);
    says("login page?");
    MADE({"0 GET /none", 200, ""});
    is("", -1, -1, -1, NCM_HEALTH_UNKNOWN);
    setup.health = "/health";
    MADE({"0 GET /health", 500, "{\"detail\":\"model file is gone\"}"});
    is("generic", 0, 0, 0, NCM_HEALTH_FAILED);
    says("/health answers 500: model file is gone");
    MADE({"0 GET /health", 503, "loading"});
    is("generic", 1, 0, 0, NCM_HEALTH_DEGRADED);
    says("/health answers 503: loading");
    MADE({"0 GET /health", 502, "<html>Bad gateway</html>"});
    is("generic", 0, 0, 0, NCM_HEALTH_FAILED);
}

static void versions_are_found_by_their_path(void **state)
{
    struct ncm_probe_setup setup = {.health = "/h", .info = "/i", .model = "churn"};
    static const struct {
        const char *path, *body, *answered;
    } cases[] = {
        {".model_version", "{\"model_version\":\"v14\"}", "v14"},
        {".model.version", "{\"model\":{\"version\":14}}", "14"},
        {"model.version", "{\"model\":{\"version\":14.0}}", "14"},
        {".a.b[1].c", "{\"a\":{\"b\":[0,{\"c\":\"14\"}]}}", "14"},
        {"[0].v", "[{\"v\":\"14\"}]", "14"},
        {".a[9]", "{\"a\":[1]}", NULL},
        {".a[x]", "{\"a\":[1]}", NULL},
        {".a[", "{\"a\":[1]}", NULL},
        {".a..b", "{\"a\":{\"b\":1}}", NULL},
        {".", "{\"a\":1}", NULL},
        {".a", "{\"a\":true}", NULL},
        {".a", "{\"a\":null}", NULL},
        {".a", "{\"a\":\"\"}", NULL},
        {".a", "not JSON", NULL},
        {".a", "{\"a\":", NULL},
        {NULL, "{\"model_version\":\"3\",\"version\":\"1.0.0\"}", "3"},
        {NULL, "{\"version\":\"1.0.1\"}", "1.0.1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setup.version = cases[i].path;
        MADE({"0 GET /h", 200, "ok"}, {"0 GET /i", 200, cases[i].body});
        assert_int_equal(ncm_probe_health(&probe), NCM_HEALTH_HEALTHY);
        if (cases[i].answered == NULL) {
            if (probe.answered.p != NULL) {
                fail_msg("case %zu gives %s", i, probe.answered.p);
            }
            says("version is not known");
        } else {
            assert_string_equal(ncm_cstr(probe.answered), cases[i].answered);
        }
    }
    setup.version = ".model_version";
    MADE({"0 GET /h", 200, "ok"}, {"0 GET /i", 200, "{\"model_version\":\"v14\"}"});
    assert_string_equal(claims[0].version.p, "14");
    assert_string_equal(claims[0].text.p, "v14");
    assert_string_equal(claims[0].model.p, "churn");
    MADE({"0 GET /h", 200, "ok"}, {"0 GET /i", 500, ""});
    is("generic", 1, 1, -1, NCM_HEALTH_HEALTHY);
    says("/i answers 500");
}

static void a_failing_test_request_is_a_failing_model(void **state)
{
    struct ncm_probe_setup setup = {.health = "/h", .test_path = "/predict", .test_body = "{}"};
    (void)state;
    MADE({"0 GET /h", 200, "ok"}, {"0 POST /predict", 500, "boom"});
    is("generic", 1, 1, 0, NCM_HEALTH_DEGRADED);
    assert_int_equal(probe.test_status, 500);
    assert_string_equal(probe.test_answer.p, "boom");
    MADE({"0 GET /h", 200, "ok"}, {"0 POST /predict", 0, NULL});
    is("generic", 1, 1, 0, NCM_HEALTH_DEGRADED);
    says("it hangs");
    char big[9000];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    MADE({"0 GET /h", 200, "ok"}, {"0 POST /predict", 200, big});
    assert_true(probe.test_answer.len < 4200);
}

static void another_server_at_the_address_is_noticed(void **state)
{
    struct ncm_probe_setup setup = {0};
    struct made before[] = {{"0 GET /ping", 200, "\n"}, {"0 GET /version", 200, "3.17.2"}};
    struct made after[] = {{"0 GET /health", 200, "{}"}};
    struct made_by_hand x = {before, 2, 0}, y = {after, 1, 0};
    (void)state;
    anew();
    run(&setup, made_via(&x));
    is("mlflow", 1, 1, 1, NCM_HEALTH_HEALTHY);
    run(&setup, made_via(&y));
    is("generic", 1, 1, -1, NCM_HEALTH_HEALTHY);
}

static void words_go_both_ways(void **state)
{
    enum ncm_protocol p;
    (void)state;
    for (int i = 0; i < NCM_N_PROTOCOLS; i++) {
        assert_true(ncm_protocol_of(ncm_protocol_word((enum ncm_protocol)i), &p));
        assert_int_equal(p, i);
    }
    assert_false(ncm_protocol_of("grpc", &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mlflow_is_alive_and_says_no_version),
        cmocka_unit_test(mlflow_test_requests_are_told),
        cmocka_unit_test(mlserver_is_judged_by_its_model),
        cmocka_unit_test(mlserver_test_requests_are_told),
        cmocka_unit_test(kserve_is_judged_by_its_bodies),
        cmocka_unit_test(torchserves_ping_is_not_believed),
        cmocka_unit_test(bentoml_has_pages_of_its_own),
        cmocka_unit_test(a_described_server_is_asked_as_described),
        cmocka_unit_test(tf_serving_is_judged_by_versions),
        cmocka_unit_test(triton_answers_with_versions),
        cmocka_unit_test(a_server_of_a_thousand_versions),
        cmocka_unit_test(torchserve_counts_workers),
        cmocka_unit_test(failures_are_told_apart),
        cmocka_unit_test(versions_are_found_by_their_path),
        cmocka_unit_test(a_failing_test_request_is_a_failing_model),
        cmocka_unit_test(another_server_at_the_address_is_noticed),
        cmocka_unit_test(words_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
