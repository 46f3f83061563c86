/* Answers that no MLflow server should give, and those that gateways, logins and tired servers do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "provider/fake_mlflow.h"
#include "provider/mlflow_rest/mlflow_rest.h"

static const int64_t T0 = 1700000000000;

static int fresh(void **state)
{
    mlf_fresh(state);
    mlf_put("{'experiments':[{'experiment_id':'1','name':'a','last_update_time':100}]}");
    return 0;
}

/* Starts anew with this rule, then asks for all runs, which must fail so. */
static struct ncm_err runs_fail(void **state, struct mlf_rule rule, enum ncm_code code)
{
    mlf_done(state);
    fresh(state);
    rule.on = "/runs/search";
    mlf_rule(rule);
    return mlf_fails(mlf_all_runs(), code);
}

static void bodies_that_are_no_answer_are_named(void **state)
{
    static const struct {
        const char *type, *text, *says;
    } all[] = {
        {"text/html", "<html>Sign in</html>", "text/html instead of JSON"},
        {"text/plain", "hello", "text/plain instead of JSON"},
        {"application/json", "", "nothing at all"},
        {"application/json", " \n ", "nothing at all"},
        {"application/json", "null", "no object: null"},
        {"application/json", "[1,2]", "no object: [1,2]"},
        {"application/json", "<html>", "no object: <html>"},
        {"application/json", "{\"runs\":", ""},
        {"application/json", "{\"runs\":[}]}", ""},
        {"application/json", "{\"runs\":3}", "'runs' as integer"},
        {"application/json", "{\"runs\":{}}", "'runs' as object"},
        {"application/json", "{\"runs\":\"x\"}", "'runs' as string"},
        {"application/json", "{\"runs\":[{}]}", "run without 'info.run_id'"},
        {"application/json", "{\"runs\":[null]}", "run without 'info.run_id'"},
        {"application/json", "{\"runs\":[[]]}", "run without 'info.run_id'"},
        {"application/json", "{\"runs\":[{\"info\":{\"run_id\":\"\"}}]}", "'info.run_id'"},
        {"application/json", "{\"runs\":[{\"info\":{\"run_id\":7}}]}", "'info.run_id'"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct ncm_err e = runs_fail(
            state, (struct mlf_rule){.type = all[i].type, .text = all[i].text}, NCM_INVALID_DATA);
        bool names = strstr(e.what, mlf_url()) != NULL || strstr(e.what, "server") != NULL;
        if (!names || strstr(e.what, all[i].says) == NULL) {
            fail_msg("%s: %s", all[i].text, e.what);
        }
    }
    struct ncm_err e = runs_fail(state, (struct mlf_rule){.type = "text/html", .text = "<html>"},
                                 NCM_INVALID_DATA);
    assert_non_null(strstr(e.hint, "login page"));
}

static void an_error_with_a_good_status_is_an_error(void **state)
{
    struct ncm_err e =
        runs_fail(state,
                  (struct mlf_rule){
                      .text = "{\"error_code\":\"PERMISSION_DENIED\",\"message\":\"not for you\"}"},
                  NCM_FORBIDDEN);
    assert_non_null(strstr(e.what, "not for you"));
    e = runs_fail(
        state, (struct mlf_rule){.text = "{\"error_code\":\"NOVEL_ERROR\",\"message\":\"quota\"}"},
        NCM_INVALID_DATA);
    assert_non_null(strstr(e.what, "quota"));
}

static void answers_that_leave_out_or_mix_kinds_are_taken(void **state)
{
    static const char *const all[] = {
        "{}",
        "{\"runs\":null}",
        "{\"runs\":[],\"next_page_token\":\"\"}",
        "{\"runs\":[{\"info\":{\"run_uuid\":\"a\"}}]}",
        "{\"runs\":[{\"info\":{\"run_id\":\"a\",\"start_time\":\"12\",\"status\":3,"
        "\"experiment_id\":1},\"data\":null,\"inputs\":[],\"outputs\":7}]}",
        "{\"runs\":[{\"info\":{\"run_id\":\"a\",\"start_time\":[],\"lifecycle_stage\":{}},"
        "\"data\":{\"metrics\":[{\"key\":\"k\",\"value\":NaN,\"timestamp\":\"x\"},{},null,3,"
        "{\"key\":\"l\",\"value\":\"0.5\",\"step\":\"3\"},{\"key\":\"m\",\"value\":null}],"
        "\"params\":{\"a\":1},\"tags\":[[],{\"key\":1,\"value\":2}]}}]}",
        "{\"runs\":[{\"info\":{\"run_id\":\"a\"},\"inputs\":{\"dataset_inputs\":[3,{}]},"
        "\"outputs\":{\"model_outputs\":[{},{\"model_id\":2},null]}}]}",
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        mlf_done(state);
        fresh(state);
        mlf_rule((struct mlf_rule){.on = "/runs/search", .text = all[i]});
        const struct ncm_runs_snapshot *s = mlf_get(mlf, mlf_all_runs());
        assert_int_equal(s->n, i < 3 ? 0 : 1);
        ncm_snapshot_unref(s);
    }
    mlf_rule((struct mlf_rule){.on = "runs/get",
                               .text = "{\"run\":{\"info\":{\"run_id\":\"a\","
                                       "\"start_time\":\"12\"},\"data\":{"
                                       "\"metrics\":[{\"key\":\"k\",\"value\":"
                                       "NaN},{\"key\":\"l\",\"value\":\"0.5\","
                                       "\"step\":\"3\"}]}}}"});
    const struct ncm_run_snapshot *r = mlf_get(mlf, ncm_query_run("a"));
    assert_int_equal(r->run.start_ms, 12);
    assert_int_equal(ncm_run_metric(&r->run, "k")->value.kind, NCM_V_NAN);
    assert_true(ncm_run_metric(&r->run, "l")->value.num == 0.5);
    assert_int_equal(ncm_run_metric(&r->run, "l")->step, 3);
    ncm_snapshot_unref(r);
}

static void other_lists_name_what_they_lack(void **state)
{
    static const struct {
        const char *on, *text, *says;
        enum ncm_topic topic;
    } all[] = {
        {"experiments/search", "{\"experiments\":[{\"name\":\"x\"}]}", "'experiment_id'",
         NCM_T_EXPERIMENTS},
        {"experiments/search", "{\"experiments\":true}", "'experiments' as true/false",
         NCM_T_EXPERIMENTS},
        {"registered-models/search", "{\"registered_models\":[{}]}", "without 'name'",
         NCM_T_MODELS},
        {"model-versions/search", "{\"model_versions\":[{\"name\":\"m\"}]}", "'version'",
         NCM_T_MODELS},
        {"model-versions/search", "{\"model_versions\":[{\"version\":\"1\"}]}", "'name'",
         NCM_T_MODELS},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        mlf_done(state);
        fresh(state);
        mlf_put("{'models':[{'name':'m'}]}");
        mlf_rule((struct mlf_rule){.on = all[i].on, .text = all[i].text});
        struct ncm_err e = mlf_fails(ncm_query_new(all[i].topic), NCM_INVALID_DATA);
        if (strstr(e.what, all[i].says) == NULL) {
            fail_msg("%s: %s", all[i].text, e.what);
        }
    }
    mlf_rule((struct mlf_rule){.on = "get-history", .text = "{\"metrics\":[{\"step\":1}]}"});
    mlf_fails(ncm_query_series("r", "k", 0), NCM_INVALID_DATA);
    mlf_rule((struct mlf_rule){.on = "artifacts/list", .text = "{\"files\":\"x\"}"});
    mlf_fails(ncm_query_artifacts("r", ""), NCM_INVALID_DATA);
    mlf_rule((struct mlf_rule){.on = "runs/get", .text = "{}"});
    mlf_fails(ncm_query_run("r"), NCM_INVALID_DATA);
}

/* ---- refusals ---------------------------------------------------------------------------------
 */

#define API_ERROR(word, message) "{\"error_code\":\"" word "\",\"message\":\"" message "\"}"

static void a_database_error_is_one_line(void **state)
{
    struct ncm_err e = runs_fail(
        state,
        (struct mlf_rule){.status = 500,
                          .text = API_ERROR("INTERNAL_ERROR",
                                            "(sqlite3.OperationalError) disk I/O error\\n[SQL: "
                                            "SELECT * FROM runs]\\n(Background on this error)")},
        NCM_UNREACHABLE);
    assert_non_null(strstr(e.what, "disk I/O error"));
    assert_null(strstr(e.what, "SELECT"));
    assert_null(strchr(e.what, '\n'));
    assert_true(strncmp(e.detail, "sent", 4) == 0);
    /* One that begins with an empty line still says something. */
    e = runs_fail(
        state, (struct mlf_rule){.status = 500, .text = API_ERROR("INTERNAL_ERROR", "\\n\\nbad")},
        NCM_UNREACHABLE);
    assert_non_null(strstr(e.what, "bad"));
}

static void the_servers_words_are_codes_of_ours(void **state)
{
    static const struct {
        int status;
        const char *text;
        enum ncm_code code;
        const char *says;
    } all[] = {
        {404, API_ERROR("RESOURCE_DOES_NOT_EXIST", "No Experiment with id=999"), NCM_NOT_FOUND,
         "No Experiment with id=999"},
        {404, API_ERROR("RESOURCE_DOES_NOT_EXIST", ""), NCM_NOT_FOUND, "RESOURCE_DOES_NOT_EXIST"},
        {403, API_ERROR("PERMISSION_DENIED", "no"), NCM_FORBIDDEN, "no"},
        {503, API_ERROR("TEMPORARILY_UNAVAILABLE", "database is locked"), NCM_BUSY, "locked"},
        {409, API_ERROR("ABORTED", "again"), NCM_CONFLICT, "again"},
        {429, API_ERROR("REQUEST_LIMIT_EXCEEDED", "slow down"), NCM_RATE_LIMITED, "429"},
        {404, API_ERROR("ENDPOINT_NOT_FOUND", "x"), NCM_UNSUPPORTED, "/runs/search"},
        {404, "{\"detail\":\"Not Found\"}", NCM_UNSUPPORTED, "/runs/search"},
        {405, "{\"detail\":\"Method Not Allowed\"}", NCM_UNSUPPORTED, "/runs/search"},
        {500, "{\"message\":7}", NCM_UNREACHABLE, "500"},
        {500, "{\"error_code\":", NCM_UNREACHABLE, "500"},
        {418, "{}", NCM_INVALID_DATA, "418"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct ncm_err e = runs_fail(
            state, (struct mlf_rule){.status = all[i].status, .text = all[i].text}, all[i].code);
        if (strstr(e.what, all[i].says) == NULL) {
            fail_msg("%s: %s", all[i].text, e.what);
        }
    }
}

static void statuses_without_words_of_the_api(void **state)
{
    static const struct {
        int status;
        const char *header;
        enum ncm_code code;
        int64_t retry_ms;
        const char *hint; /* in what or hint */
    } all[] = {
        {401, "WWW-Authenticate: Basic realm=\"mlflow\"", NCM_UNAUTHENTICATED, 0,
         "MLFLOW_TRACKING"},
        {403, "", NCM_FORBIDDEN, 0, "ermission"},
        {429, "Retry-After: 3", NCM_RATE_LIMITED, 3000, "3 s"},
        {429, "", NCM_RATE_LIMITED, 0, "too many"},
        {503, "Retry-After: 120", NCM_UNREACHABLE, 120000, "2 m "},
        {503, "", NCM_UNREACHABLE, 0, "503"},
        {502, "", NCM_UNREACHABLE, 0, "502"},
        {404, "", NCM_UNSUPPORTED, 0, "--static-prefix"},
        {302, "Location: /login", NCM_UNAUTHENTICATED, 0, "/login"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char both[1024];
        struct ncm_err e = runs_fail(state,
                                     (struct mlf_rule){.status = all[i].status,
                                                       .type = "text/html",
                                                       .text = "<html><h1>No</h1></html>",
                                                       .header = all[i].header},
                                     all[i].code);
        snprintf(both, sizeof both, "%s %s", e.what, e.hint);
        assert_int_equal(e.retry_ms, all[i].retry_ms);
        if (strstr(both, all[i].hint) == NULL || strstr(both, "<h") != NULL) {
            fail_msg("%d: %s", all[i].status, both);
        }
    }
}

static void a_token_where_a_password_is_wanted_is_thought_of(void **state)
{
    struct ncm_access token = {.token = {NCM_SECRET_TEXT, (char *)(uintptr_t) "s3cr3t-value"}};
    struct mlf_rule fails = {
        .on = "/runs/search", .status = 500, .type = "text/html", .text = "<h1>Internal</h1>"};
    for (int i = 0; i < 2; i++) {
        mlf_done(state);
        mlf = mlf_open(i == 0 ? NULL : &token, NULL);
        mlf_rule(fails);
        struct ncm_err e = mlf_fails(mlf_all_runs(), NCM_UNREACHABLE);
        assert_int_equal(strstr(e.hint, "user and password") != NULL, i == 1);
    }
}

static void a_host_name_that_is_refused_says_how_to_allow_it(void **state)
{
    struct ncm_err e = runs_fail(
        state,
        (struct mlf_rule){.status = 403,
                          .type = "text/plain",
                          .text = "Invalid Host header - possible DNS rebinding attack detected"},
        NCM_FORBIDDEN);
    assert_non_null(strstr(e.hint, "--allowed-hosts"));
}

static void what_the_server_repeats_of_a_secret_is_hidden(void **state)
{
    static const struct {
        int status;
        const char *type, *text;
    } all[] = {
        {401, "application/json", API_ERROR("UNAUTHENTICATED", "bad token s3cr3t-value")},
        {403, "application/json", API_ERROR("PERMISSION_DENIED", "for s3cr3t-value: no")},
        {400, "application/json", API_ERROR("s3cr3t-value", "")},
        {500, "application/json", API_ERROR("INTERNAL_ERROR", "Authorization s3cr3t-value")},
        {500, "text/plain", "Authorization: Bearer s3cr3t-value"},
        {403, "text/plain", "Authorization: Basic a2ltOnMzY3IzdC12YWx1ZQ=="},
        {200, "application/json", "\"s3cr3t-value\""},
        {200, "application/json", "{s3cr3t-value}"},
    };
    struct ncm_access token = {.token = {NCM_SECRET_ENV, (char *)(uintptr_t) "NCM_TEST_TOKEN"}};
    struct ncm_access user = {.user = (char *)(uintptr_t) "kim",
                              .password = {NCM_SECRET_ENV, (char *)(uintptr_t) "NCM_TEST_TOKEN"}};
    setenv("NCM_TEST_TOKEN", "s3cr3t-value", 1);
    for (size_t i = 0; i < 2 * sizeof all / sizeof *all; i++) {
        mlf_done(state);
        fresh(state);
        mlf_done(state);
        mlf = mlf_open(i % 2 ? &token : &user, NULL);
        mlf_rule((struct mlf_rule){.on = "/runs/search",
                                   .status = all[i / 2].status,
                                   .type = all[i / 2].type,
                                   .text = all[i / 2].text});
        struct ncm_err e;
        assert_null(mlf_ask(mlf, mlf_all_runs(), &e));
        char text[2048];
        snprintf(text, sizeof text, "%s %s %s", e.what, e.detail, e.hint);
        if (strstr(text, "s3cr3t") != NULL || strstr(text, "a2ltOnMz") != NULL) {
            fail_msg("%s", text);
        }
    }
    unsetenv("NCM_TEST_TOKEN");
}

static void what_was_there_is_still_there_after_a_failure(void **state)
{
    static const struct mlf_rule all[] = {
        {.on = "/runs/search", .text = "null", .times = 1},
        {.on = "/runs/search", .text = "{\"runs\":[{\"info\":{\"run_id\":\"x\"}},{}]}", .times = 1},
        {.on = "/runs/search", .status = 500, .type = "text/html", .text = "<html>", .times = 1},
        {.on = "/experiments/search", .text = "{\"experiments\":3}", .times = 1},
    };
    (void)state;
    mlf_runs("1", 5, T0);
    const struct ncm_runs_snapshot *first = mlf_get(mlf, mlf_all_runs());
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct ncm_err err;
        mlf_rule(all[i]);
        assert_null(mlf_ask(mlf, mlf_all_runs(), &err));
        assert_int_equal(mlf_seen.n, 0); /* nothing half is shown */
        const struct ncm_runs_snapshot *s = mlf_get(mlf, mlf_all_runs());
        assert_string_equal(mlf_ids(s), "r00000 r00001 r00002 r00003 r00004");
        ncm_snapshot_unref(s);
    }
    assert_string_equal(mlf_ids(first), "r00000 r00001 r00002 r00003 r00004");
    ncm_snapshot_unref(first);
}

/* ---- doctor -----------------------------------------------------------------------------------
 */

static char lines[4096];

static void note(void *to, enum ncm_check_state state, const char *name, const char *what,
                 const char *hint)
{
    static const char *const states[] = {"ok", "warn", "FAIL"};
    size_t len = strlen(lines);
    (void)to;
    snprintf(lines + len, sizeof lines - len, "%s %s: %s (%s)\n", states[state], name, what,
             hint != NULL ? hint : "");
}

static const char *examine(const char *location, const struct ncm_access *access)
{
    struct ncm_place place = {.location = location, .access = access};
    struct ncm_control control = {0};
    lines[0] = '\0';
    ncm_mlflow_rest.examine(&place, &control, note, NULL);
    return lines;
}

static void has(const char *text)
{
    if (strstr(lines, text) == NULL) {
        fail_msg("no '%s' in:\n%s", text, lines);
    }
}

static void a_good_server_is_examined_line_by_line(void **state)
{
    (void)state;
    mlf_rule((struct mlf_rule){.on = "registered-models/alias",
                               .status = 404,
                               .text = API_ERROR("RESOURCE_DOES_NOT_EXIST", "none")});
    examine(mlf_url(), NULL);
    has("ok server: ");
    has("ok tls: plain HTTP");
    has("ok clock: ");
    has("ok latency: ");
    has("ok login: ");
    has("ok version: MLflow 3.17.2");
    has("ok registry: stages and aliases");
    has("ok permissions: ");
    assert_null(strstr(lines, "FAIL"));
    assert_null(strstr(lines, "warn"));
}

static void what_is_wrong_with_a_server_is_a_line(void **state)
{
    struct ncm_access token = {.token = {NCM_SECRET_TEXT, (char *)(uintptr_t) "s3cr3t-value"}};
    examine("http://127.0.0.1:1", NULL);
    has("FAIL server: ");
    assert_null(strstr(lines, "login"));

    mlf_rule((struct mlf_rule){
        .on = "experiments/search", .status = 401, .type = "text/plain", .text = "who"});
    examine(mlf_url(), NULL);
    has("ok server: ");
    has("FAIL login: ");
    assert_null(strstr(lines, "registry"));

    mlf_done(state);
    fresh(state);
    examine(mlf_url(), &token);
    has("warn tls: plain HTTP");
    has("https");
    assert_null(strstr(lines, "s3cr3t"));

    mlf_rule((struct mlf_rule){.on = "health", .hours = -5});
    examine(mlf_url(), NULL);
    has("warn clock: 5 h ahead");
    has("NTP");

    mlf_done(state);
    fresh(state);
    mlf_rule((struct mlf_rule){
        .on = "experiments/search", .status = 404, .type = "text/html", .text = "<html>"});
    examine(mlf_url(), NULL);
    has("FAIL api: ");
    has("--static-prefix");

    mlf_done(state);
    fresh(state);
    mlf_rule((struct mlf_rule){.on = "registered-models|model-versions",
                               .status = 404,
                               .type = "text/html",
                               .text = "<html>"});
    examine(mlf_url(), NULL);
    has("warn registry: ");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, mlf_done)
    const struct CMUnitTest tests[] = {
        TEST(bodies_that_are_no_answer_are_named),
        TEST(an_error_with_a_good_status_is_an_error),
        TEST(answers_that_leave_out_or_mix_kinds_are_taken),
        TEST(other_lists_name_what_they_lack),
        TEST(a_database_error_is_one_line),
        TEST(the_servers_words_are_codes_of_ours),
        TEST(statuses_without_words_of_the_api),
        TEST(a_token_where_a_password_is_wanted_is_thought_of),
        TEST(a_host_name_that_is_refused_says_how_to_allow_it),
        TEST(what_the_server_repeats_of_a_secret_is_hidden),
        TEST(what_was_there_is_still_there_after_a_failure),
        TEST(a_good_server_is_examined_line_by_line),
        TEST(what_is_wrong_with_a_server_is_a_line),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
