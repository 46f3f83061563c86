/* The demo's model servers: real pages, real counts, a split that can be moved, a version that can
 * be taken back. */
#include "ops/demo_serve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "engine/config.h"
#include "io/http.h"
#include "scratch.h"

static struct ncm_config *config;
static struct ncm_demo_serve *servers;
#define NOW INT64_C(1795900000000)

static int setup(void **state)
{
    struct ncm_buf text;
    struct ncm_err err;
    (void)state;
    ncm_buf_init(&text, 1 << 16);
    ncm_buf_puts(&text,
                 "current-context: demo\ncontexts:\n  demo:\n    tracking: {uri: mlflow.db}\n");
    ncm_demo_serve_config(&text);
    const char *path = scratch_file("config.yaml", text.p, text.len);
    assert_true(ncm_config_load(path, &config, &err));
    ncm_buf_release(&text);
    char *root = ncm_strndup(path, (size_t)(strrchr(path, '/') - path));
    servers = ncm_demo_serve_start(root, NOW);
    ncm_free(root);
    return servers != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    ncm_demo_serve_stop(servers);
    ncm_config_free(config);
    scratch_remove();
    return 0;
}

static const struct ncm_deploy_source *endpoint(const char *name)
{
    const struct ncm_deploy_plan *p = &ncm_config_find(config, "demo")->deploy;
    for (size_t i = 0; i < p->n; i++) {
        if (strcmp(p->items[i].name, name) == 0) {
            return &p->items[i];
        }
    }
    return NULL;
}

/* The status of a question; text gets the body. */
static int ask(const char *name, enum ncm_http_method method, const char *path, const char *body,
               char text[65536])
{
    struct ncm_http *h;
    struct ncm_err err;
    struct ncm_http_answer a;
    const struct ncm_http_request rq = {
        .method = method, .path = path, .body = body, .body_len = body != NULL ? strlen(body) : 0};
    assert_true(ncm_http_open(endpoint(name)->url, NULL, &h, &err));
    assert_true(ncm_http_do(h, &rq, &a, &err));
    snprintf(text, 65536, "%.*s", (int)a.body.len, a.body.len > 0 ? a.body.p : "");
    int status = a.status;
    ncm_http_answer_release(&a);
    ncm_http_close(h);
    return status;
}

/* The value of the first sample that begins so; -1 without. */
static double sample(const char *name, const char *begin)
{
    static char text[65536];
    char line[128];
    assert_int_equal(ask(name, NCM_HTTP_GET, "/metrics", NULL, text), 200);
    snprintf(line, sizeof line, "\n%s{", begin);
    const char *at = strstr(text, line);
    const char *value = at != NULL ? strstr(at, "} ") : NULL;
    double v = -1;
    if (value != NULL) {
        char number[64];
        snprintf(number, sizeof number, "%.*s", (int)strcspn(value + 2, "\n"), value + 2);
        assert_true(ncm_parse_double(number, &v));
    }
    return v;
}

static double requests(const char *name)
{
    return sample(name, "model_infer_request_success_total") +
           sample(name, "model_infer_request_failure_total");
}

static void pages(void **state)
{
    static char text[65536];
    (void)state;
    assert_int_equal(ask("churn-api", NCM_HTTP_GET, "/v2/health/ready", NULL, text), 200);
    assert_int_equal(ask("churn-api", NCM_HTTP_GET, "/v2/models/churn/ready", NULL, text), 200);
    assert_int_equal(ask("churn-api", NCM_HTTP_GET, "/v2/models/churn", NULL, text), 200);
    assert_non_null(strstr(text, "\"versions\":[\"3\"]"));
    assert_int_equal(ask("churn-api", NCM_HTTP_GET, "/v2/models/churned", NULL, text), 404);
    assert_int_equal(ask("churn-api", NCM_HTTP_GET, "/traffic", NULL, text), 404);
    const struct ncm_deploy_source *e = endpoint("churn-api");
    assert_int_equal(ask("churn-api", NCM_HTTP_POST, e->test_path, e->test_body, text), 200);
    assert_non_null(strstr(text, "\"model_version\":\"3\""));
}

static void a_split(void **state)
{
    static char text[65536];
    (void)state;
    ncm_demo_serve_tick(servers, NOW + 60000);
    double stable = requests("fraud-stable"), canary = requests("fraud-canary");
    assert_true(stable > 1500 && canary > 150);
    assert_true(stable / canary > 7.5 && stable / canary < 11);
    assert_int_equal(ask("fraud-canary", NCM_HTTP_PUT, "/traffic",
                         "{\"fraud-stable\": 100, \"fraud-canary\": 0}", text),
                     200);
    ncm_demo_serve_tick(servers, NOW + 90000);
    assert_true(requests("fraud-canary") <= canary + 1);
    assert_true(requests("fraud-stable") > stable + 500);
    assert_int_equal(ask("fraud-stable", NCM_HTTP_PUT, "/traffic", "{\"fraud-stable\": 50}", text),
                     422);
}

static void one_goes_bad(void **state)
{
    static char text[65536];
    (void)state;
    for (int64_t t = 0; t <= 400000; t += 10000) {
        ncm_demo_serve_tick(servers, NOW + t);
    }
    double failed = sample("fraud-canary", "model_infer_request_failure_total");
    assert_true(failed > 0.03 * requests("fraud-canary"));
    assert_true(sample("fraud-stable", "model_infer_request_failure_total") <
                0.004 * requests("fraud-stable"));
    assert_int_equal(
        ask("fraud-canary", NCM_HTTP_GET, "/v2/models/fraud-detector/ready", NULL, text), 503);
    assert_int_equal(ask("fraud-canary", NCM_HTTP_GET, "/v2/health/ready", NULL, text), 200);
    assert_int_equal(ask("fraud-canary", NCM_HTTP_POST, "/reload", "{\"version\": \"7\"}", text),
                     200);
    assert_true(requests("fraud-canary") == 0); /* they were the other version's */
    assert_int_equal(
        ask("fraud-canary", NCM_HTTP_GET, "/v2/models/fraud-detector/ready", NULL, text), 200);
    assert_int_equal(ask("fraud-canary", NCM_HTTP_POST, "/reload", "{\"version\": 7}", text), 422);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages, setup, teardown),
        cmocka_unit_test_setup_teardown(a_split, setup, teardown),
        cmocka_unit_test_setup_teardown(one_goes_bad, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
