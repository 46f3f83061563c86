/* Calls of a cluster's API: what its answers mean, who we are and how that is renewed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/mem.h"
#include "provider/kube.h"
#include "unit/scratch.h"

#define STATUS(code, reason, message)                                                              \
    "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"" message "\",\"reason\":\"" reason \
    "\",\"code\":" #code "}"
#define SECRET "t0p-s3cret"

static void test_what_a_status_means(void **state)
{
    static const struct {
        int status;
        enum ncm_code code;
    } cases[] = {{400, NCM_REFUSED},     {403, NCM_FORBIDDEN},   {404, NCM_NOT_FOUND},
                 {409, NCM_CONFLICT},    {415, NCM_REFUSED},     {429, NCM_RATE_LIMITED},
                 {500, NCM_UNREACHABLE}, {503, NCM_UNREACHABLE}, {504, NCM_UNREACHABLE}};
    struct k8s_client *c = kube_client("token: x");
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[32];
        snprintf(path, sizeof path, "/s%d", cases[i].status);
        kube_says(path, cases[i].status, STATUS(0, "Why", "the server's own words"));
        struct ncm_err err = kube_fails(c, path, cases[i].code);
        assert_string_equal(err.what, "the server's own words");
        assert_non_null(strstr(err.detail, "Why"));
    }
    kube_client_close(c);
}

static void test_particular_answers(void **state)
{
    struct k8s_client *c = kube_client("token: x");
    struct ncm_err err;
    (void)state;
    mlf_rule((struct mlf_rule){
        .on = "/absent", .status = 404, .type = "text/plain", .text = "404 page not found\n"});
    kube_fails(c, "/absent", NCM_UNSUPPORTED);

    kube_says("/old", 410, STATUS(410, "Expired", "too old"));
    err = kube_fails(c, "/old", NCM_CONFLICT);
    assert_string_equal(err.detail, "expired");

    kube_says(
        "/invalid", 422,
        "{\"kind\":\"Status\",\"message\":\"it is invalid\",\"reason\":\"Invalid\",\"details\":"
        "{\"causes\":[{\"field\":\"spec.replicas\",\"message\":\"must be positive\"}]}}");
    err = kube_fails(c, "/invalid", NCM_REFUSED);
    assert_non_null(strstr(err.detail, "spec.replicas: must be positive"));

    mlf_rule((struct mlf_rule){.on = "/busy",
                               .status = 429,
                               .header = "Retry-After: 7",
                               .text = STATUS(429, "TooManyRequests", "slowly")});
    err = kube_fails(c, "/busy", NCM_RATE_LIMITED);
    assert_int_equal(err.retry_ms, 7000);

    kube_says("/nobody", 403, STATUS(403, "Forbidden", "User \\\"system:anonymous\\\" cannot"));
    err = kube_fails(c, "/nobody", NCM_FORBIDDEN);
    assert_non_null(strstr(err.hint, "logged in"));

    mlf_rule((struct mlf_rule){
        .on = "/page", .type = "text/html", .text = "<html>please log in</html>"});
    kube_fails(c, "/page", NCM_INVALID_DATA);
    kube_client_close(c);
}

static void test_messages_are_cut_and_cleaned(void **state)
{
    struct k8s_client *c = kube_client("token: " SECRET);
    char text[2000], words[1001];
    (void)state;
    memset(words, 'w', 1000);
    words[1000] = '\0';
    snprintf(text, sizeof text, "{\"kind\":\"Status\",\"message\":\"" SECRET " %s\"}", words);
    kube_says("/long", 403, text);
    struct ncm_err err = kube_fails(c, "/long", NCM_FORBIDDEN);
    assert_null(strstr(err.what, SECRET));
    assert_true(strlen(err.what) <= 200 + strlen("…"));
    kube_client_close(c);
}

/* Plain text need not be UTF-8. */
static void test_words_of_another_kind_are_cut(void **state)
{
    enum { BYTES = 100000 };
    struct k8s_client *c = kube_client("token: x");
    char *text = ncm_alloc(BYTES + 1, 1);
    (void)state;
    memset(text, 0x80, BYTES);
    text[0] = 'a';
    mlf_rule((struct mlf_rule){.on = "/odd", .status = 500, .type = "text/plain", .text = text});
    struct ncm_err err = kube_fails(c, "/odd", NCM_UNREACHABLE);
    assert_true(strlen(err.what) < 1000);

    kube_says("/later", 429,
              "{\"kind\":\"Status\",\"message\":\"slowly\",\"details\":"
              "{\"retryAfterSeconds\":9223372036854775807}}");
    err = kube_fails(c, "/later", NCM_RATE_LIMITED);
    assert_true(err.retry_ms > 0 && err.retry_ms <= 24 * 3600 * 1000);
    ncm_free(text);
    kube_client_close(c);
}

static void test_warnings_and_clock(void **state)
{
    struct k8s_client *c = kube_client("token: x");
    (void)state;
    mlf_rule(
        (struct mlf_rule){.on = "/warned",
                          .text = "{}",
                          .header = "Warning: 299 - \"old \\\"API\\\"\"\r\nWarning: 299 - \"too\"",
                          .hours = 2});
    kube_answers(c, "/warned");
    assert_string_equal(k8s_client_warning(c), "old \"API\"; too");
    int64_t off = k8s_client_skew_ms(c) - 7200000;
    assert_true(off > -60000 && off < 60000);

    kube_says("/fine", 200, "{}");
    kube_answers(c, "/fine");
    assert_string_equal(k8s_client_warning(c), "");
    assert_int_equal(k8s_client_skew_ms(c), 0);
    kube_client_close(c);
}

/* ---- logging in ------------------------------------------------------------------------------ */
static void test_a_token_that_was_renewed_in_its_file(void **state)
{
    char user[400];
    (void)state;
    const char *path = scratch_file("token", "old\n", 4);
    snprintf(user, sizeof user, "tokenFile: '%s'", path);
    struct k8s_client *c = kube_client(user);
    kube_says_once("GET /me", 1, 1, 401, STATUS(401, "Unauthorized", "Unauthorized"));
    kube_says("GET /me", 200, "{}");
    kube_answers(c, "/me");
    scratch_file("token", "new\n", 4);
    kube_answers(c, "/me"); /* refused with the old one, then taken with the new one */
    assert_int_equal(mlf_count("GET /me"), 3);
    kube_client_close(c);
}

static void test_a_token_that_is_refused(void **state)
{
    struct k8s_client *c = kube_client("token: " SECRET);
    (void)state;
    kube_says("GET /me", 401, STATUS(401, "Unauthorized", "Unauthorized"));
    struct ncm_err err = kube_fails(c, "/me", NCM_UNAUTHENTICATED);
    assert_null(strstr(err.what, SECRET));
    assert_non_null(strstr(err.what, "kube"));
    assert_int_equal(mlf_count("GET /me"), 1); /* it would be the same token again */
    kube_client_close(c);
}

/* A plugin that appends to "runs" and does what `does` says. */
static const char *plugin(const char *does, char user[600])
{
    char text[1200];
    const char *runs = scratch("runs");
    remove(runs);
    int n = snprintf(text, sizeof text, "#!/bin/sh\necho run >>'%s'\n%s\n", runs, does);
    const char *path = scratch_file("plugin.sh", text, (size_t)n);
    assert_int_equal(chmod(path, 0700), 0);
    snprintf(user, 600,
             "exec: {apiVersion: client.authentication.k8s.io/v1, command: '%s', installHint: "
             "'get the tool', env: [{name: EXTRA, value: more}]}",
             path);
    return path;
}

static size_t runs(void)
{
    char text[64];
    FILE *f = fopen(scratch("runs"), "r");
    size_t n = f != NULL ? fread(text, 1, sizeof text, f) : 0;
    if (f != NULL) {
        fclose(f);
    }
    return n / strlen("run\n");
}

#define CREDENTIAL                                                                                 \
    "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\","       \
    "\"status\":{\"token\":\"t\",\"expirationTimestamp\":\"2099-01-01T00:00:00Z\"}}'"

static void test_a_plugin_is_run_once(void **state)
{
    char user[600];
    (void)state;
    plugin("test \"$EXTRA\" = more || exit 1\n"
           "case $KUBERNETES_EXEC_INFO in *'\"interactive\":false'*) ;; *) exit 2 ;; "
           "esac\n" CREDENTIAL,
           user);
    struct k8s_client *c = kube_client(user);
    kube_says_once("GET /me", 2, 1, 401, STATUS(401, "Unauthorized", "Unauthorized"));
    kube_says("GET /me", 200, "{}");
    kube_answers(c, "/me");
    kube_answers(c, "/me");
    assert_int_equal(runs(), 1);
    kube_answers(c, "/me"); /* refused: once anew */
    assert_int_equal(runs(), 2);
    kube_client_close(c);
}

static void test_a_plugin_that_fails(void **state)
{
    char user[600];
    (void)state;
    plugin("echo " SECRET "; echo first >&2; echo 'please log in' >&2; exit 3", user);
    struct k8s_client *c = kube_client(user);
    struct ncm_err err = kube_fails(c, "/me", NCM_UNAUTHENTICATED);
    assert_non_null(strstr(err.what, "3: please log in"));
    assert_null(strstr(err.what, SECRET));
    assert_null(strstr(err.detail, SECRET));
    kube_client_close(c);

    plugin("echo '{\"token\": \"" SECRET "\"'", user);
    c = kube_client(user);
    err = kube_fails(c, "/me", NCM_UNAUTHENTICATED);
    assert_null(strstr(err.what, SECRET));
    assert_null(strstr(err.detail, SECRET));
    kube_client_close(c);
}

static void test_a_plugin_that_is_missing(void **state)
{
    struct k8s_client *c =
        kube_client("exec: {apiVersion: client.authentication.k8s.io/v1, command: "
                    "ncm-no-such-plugin, installHint: get the tool}");
    (void)state;
    struct ncm_err err = kube_fails(c, "/me", NCM_UNAUTHENTICATED);
    assert_non_null(strstr(err.what, "ncm-no-such-plugin"));
    assert_string_equal(err.hint, "get the tool");
    kube_client_close(c);
}

static void test_a_plugin_that_wants_a_terminal(void **state)
{
    struct k8s_client *c =
        kube_client("exec: {apiVersion: client.authentication.k8s.io/v1, command: "
                    "sh, interactiveMode: Always}");
    (void)state;
    struct ncm_err err = kube_fails(c, "/me", NCM_UNSUPPORTED);
    assert_non_null(strstr(err.what, "terminal"));
    kube_client_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MLF_TEST(test_what_a_status_means),
        MLF_TEST(test_particular_answers),
        MLF_TEST(test_messages_are_cut_and_cleaned),
        MLF_TEST(test_words_of_another_kind_are_cut),
        MLF_TEST(test_warnings_and_clock),
        MLF_TEST(test_a_token_that_was_renewed_in_its_file),
        MLF_TEST(test_a_token_that_is_refused),
        MLF_TEST(test_a_plugin_is_run_once),
        MLF_TEST(test_a_plugin_that_fails),
        MLF_TEST(test_a_plugin_that_is_missing),
        MLF_TEST(test_a_plugin_that_wants_a_terminal),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
