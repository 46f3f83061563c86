#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/num.h"
#include "unit/scratch.h"
#include "unit/web.h"

/* A client for one of the servers. */
static struct ncm_http *at(const char *server, const struct ncm_access *a)
{
    return web_open(web_url(server), a);
}

static char *file_in(const char *name)
{
    return (char *)(uintptr_t)scratch(name);
}

/* What a client says about an answer; the error stays readable until the next call. */
static const struct ncm_err *refused(struct ncm_http *h, const char *path, const char *says,
                                     enum ncm_code code, int64_t *retry_ms)
{
    static struct ncm_err e;
    struct ncm_http_answer a;
    if (!ncm_http_do(h, &(struct ncm_http_request){.path = path}, &a, &e)) {
        fail_msg("%s: %s (%s)", path, e.what, e.detail);
    }
    assert_false(ncm_http_refused(h, &a, says, &e));
    if (e.code != code) {
        fail_msg("%s: %s %s", path, ncm_code_name(e.code), e.what);
    }
    if (retry_ms != NULL) {
        *retry_ms = a.retry_ms;
        assert_int_equal(e.retry_ms, a.retry_ms);
    }
    ncm_http_answer_release(&a);
    return &e;
}

static bool holds(const struct ncm_err *e, const char *text)
{
    return strstr(e->what, text) != NULL || strstr(e->hint, text) != NULL ||
           strstr(e->detail, text) != NULL;
}

/* ---- TLS ------------------------------------------------------------------------------------ */
static void certificates_are_checked(void **state)
{
    struct ncm_access own = {.ca = file_in("ca.pem")};
    (void)state;
    struct ncm_http *h = at("tls", &own);
    web_get(h, "/x", 200);
    ncm_http_close(h);
    static const struct {
        const char *server, *ca, *what, *hint;
    } all[] = {
        {"tls", NULL, "Nobody whom we trust", "MLFLOW_TRACKING_SERVER_CERT_PATH"},
        {"tls", "other_ca.pem", "Nobody whom we trust", "MLFLOW_TRACKING_SERVER_CERT_PATH"},
        {"wrong", "ca.pem", "for another name", "name"},
        {"expired", "ca.pem", "not valid today", "clock"},
        {"tls", "no-such.pem", "cannot be read", "MLFLOW_TRACKING_SERVER_CERT_PATH"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct ncm_access a = {.ca = all[i].ca != NULL ? file_in(all[i].ca) : NULL};
        h = at(all[i].server, &a);
        const struct ncm_err *e = web_fails(h, "/tls-refused", NCM_TLS);
        if (strstr(e->what, all[i].what) == NULL || strstr(e->hint, all[i].hint) == NULL ||
            strncmp(e->detail, "not sent", 8) != 0) {
            fail_msg("%s: %s | %s | %s", all[i].server, e->what, e->hint, e->detail);
        }
        ncm_http_close(h);
        assert_int_equal(web_seen(all[i].server, "/tls-refused", NULL), 0);
        if (all[i].ca == NULL || strcmp(all[i].ca, "no-such.pem") != 0) {
            a.insecure = true;
            h = at(all[i].server, &a);
            web_get(h, "/x", 200);
            ncm_http_close(h);
        }
    }
}

static void a_folder_of_certificates_is_trusted(void **state)
{
    (void)state;
    /* OpenSSL wants names made of hashes, which its own command makes. */
    const char *folder = scratch("trusted");
    char command[4096];
    snprintf(command, sizeof command,
             "mkdir '%s' && cp '%s' '%s' && openssl rehash '%s' >/dev/null 2>&1", folder,
             scratch("ca.pem"), folder, folder);
    if (system(command) != 0) {
        skip();
    }
    struct ncm_access a = {.ca = file_in("trusted")};
    struct ncm_http *h = at("tls", &a);
    web_get(h, "/x", 200);
    ncm_http_close(h);
}

static void a_client_certificate_is_shown_when_asked_for(void **state)
{
    struct ncm_access a = {.ca = file_in("ca.pem")};
    (void)state;
    struct ncm_http *h = at("client", &a);
    const struct ncm_err *e = web_fails(h, "/x", NCM_TLS);
    assert_non_null(strstr(e->what, "wants a client certificate"));
    ncm_http_close(h);
    a.cert = file_in("client.pem");
    a.key = file_in("client.key");
    h = at("client", &a);
    web_get(h, "/x", 200);
    ncm_http_close(h);
    a.key = file_in("server.key");
    h = at("client", &a);
    assert_non_null(strstr(web_fails(h, "/x", NCM_TLS)->what, "client certificate or its key"));
    ncm_http_close(h);
    /* One with a passphrase is an error, never a question at the terminal. */
    char command[4096];
    snprintf(command, sizeof command,
             "openssl ec -aes128 -passout pass:x -in '%s' -out '%s' 2>/dev/null",
             scratch("client.key"), scratch("locked.key"));
    assert_int_equal(system(command), 0);
    a.key = file_in("locked.key");
    h = at("client", &a);
    assert_non_null(strstr(web_fails(h, "/x", NCM_TLS)->hint, "passphrase"));
    ncm_http_close(h);
}

static void the_wrong_kind_of_port_is_named(void **state)
{
    (void)state;
    char url[128];
    snprintf(url, sizeof url, "https://%s", web_url("plain") + strlen("http://"));
    struct ncm_http *h = web_open(url, NULL);
    struct ncm_http_answer a;
    struct ncm_err e;
    assert_false(ncm_http_do(h, &(struct ncm_http_request){.path = "/x"}, &a, &e));
    assert_true(e.code == NCM_TLS || e.code == NCM_UNREACHABLE);
    assert_non_null(strstr(e.hint, "http://"));
    ncm_http_answer_release(&a);
    ncm_http_close(h);
    snprintf(url, sizeof url, "http://%s", web_url("tls") + strlen("https://"));
    h = web_open(url, NULL);
    assert_non_null(strstr(web_fails(h, "/x", NCM_UNREACHABLE)->hint, "https://"));
    ncm_http_close(h);
    h = at("plain", NULL);
    assert_non_null(
        strstr(refused(h, "/status?n=400&text=The+plain+HTTP+request+was+sent+to+HTTPS+port", NULL,
                       NCM_TLS, NULL)
                   ->hint,
               "https://"));
    ncm_http_close(h);
}

/* ---- who asks ------------------------------------------------------------------------------- */
static struct ncm_secret text(const char *from)
{
    return (struct ncm_secret){NCM_SECRET_TEXT, (char *)(uintptr_t)from};
}

static struct ncm_secret command(const char *from)
{
    return (struct ncm_secret){NCM_SECRET_COMMAND, (char *)(uintptr_t)from};
}

static void user_and_password_win_over_a_token(void **state)
{
    char got[256];
    (void)state;
    struct ncm_access a = {.token = text("T0KEN")};
    struct ncm_http *h = at("plain", &a);
    web_get(h, "/who-1", 200);
    assert_int_equal(web_seen("plain", "/who-1", got), 1);
    assert_string_equal(got, "Bearer T0KEN");
    ncm_http_close(h);
    a.user = (char *)(uintptr_t) "ann";
    h = at("plain", &a);
    web_get(h, "/who-2", 200); /* a user without a password is no reason to leave the token */
    web_seen("plain", "/who-2", got);
    assert_string_equal(got, "Bearer T0KEN");
    ncm_http_close(h);
    a.password = text("s3cret");
    h = at("plain", &a);
    web_get(h, "/who-3", 200);
    web_seen("plain", "/who-3", got);
    assert_string_equal(got, "Basic YW5uOnMzY3JldA==");
    ncm_http_close(h);
    a = (struct ncm_access){.workspace = (char *)(uintptr_t) "team-a"};
    h = at("plain", &a);
    assert_non_null(strstr(web_get(h, "/who-4", 200), "\"x-mlflow-workspace\": \"team-a\""));
    ncm_http_close(h);
}

static void netrc_is_read_only_where_it_is_allowed_and_nothing_else_is_given(void **state)
{
    char got[256];
    (void)state;
    static const char text_of[] = "machine 127.0.0.1 login bob password s3cret\n";
    setenv("NETRC", scratch_file("netrc", text_of, sizeof text_of - 1), 1);
    struct ncm_access a = {.netrc = true};
    struct ncm_http *h = at("plain", &a);
    web_get(h, "/netrc-1", 200);
    web_seen("plain", "/netrc-1", got);
    assert_string_equal(got, "Basic Ym9iOnMzY3JldA==");
    ncm_http_close(h);
    a.token = text("T0KEN");
    h = at("plain", &a);
    web_get(h, "/netrc-2", 200);
    web_seen("plain", "/netrc-2", got);
    assert_string_equal(got, "Bearer T0KEN");
    ncm_http_close(h);
    h = at("plain", NULL);
    web_get(h, "/netrc-3", 200);
    web_seen("plain", "/netrc-3", got);
    assert_string_equal(got, "");
    ncm_http_close(h);
    unsetenv("NETRC");
}

/* How often the command has run. */
static int runs(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (int)st.st_size : 0;
}

static void a_token_is_asked_for_once_and_again_after_a_401(void **state)
{
    char line[4096];
    (void)state;
    snprintf(line, sizeof line, "printf x >>'%s'; cat '%s'", scratch("ran"),
             scratch_file("token", "old", 3));
    struct ncm_access a = {.token = command(line)};
    struct ncm_http *h = at("plain", &a);
    web_get(h, "/set-token?to=old", 200);
    for (int i = 0; i < 3; i++) {
        web_get(h, "/guarded?a", 200);
    }
    assert_int_equal(runs(scratch("ran")), 1);
    /* The old one expires; the command knows the new one. */
    web_get(h, "/set-token?to=fresh-1", 200);
    scratch_file("token", "fresh-1", 7);
    web_get(h, "/guarded?b", 200);
    assert_int_equal(runs(scratch("ran")), 2);
    assert_int_equal(web_seen("plain", "/guarded?b", NULL), 2);
    /* It expires, and there is no new one: asked once, not sent again in vain. */
    web_get(h, "/set-token?to=fresh-2", 200);
    const struct ncm_err *e = refused(h, "/guarded?c", NULL, NCM_UNAUTHENTICATED, NULL);
    assert_non_null(strstr(e->what, "printf"));
    assert_null(strstr(e->what, "ran"));
    assert_false(holds(e, "fresh"));
    assert_int_equal(runs(scratch("ran")), 3);
    assert_int_equal(web_seen("plain", "/guarded?c", NULL), 1);
    ncm_http_close(h);
}

static void several_requests_share_one_new_token(void **state)
{
    enum { N = 6 };
    char line[4096];
    (void)state;
    snprintf(line, sizeof line, "printf x >>'%s'; cat '%s'", scratch("ran-2"),
             scratch_file("token-2", "one", 3));
    struct ncm_access a = {.token = command(line)};
    struct ncm_http *h = at("plain", &a);
    web_get(h, "/set-token?to=one", 200);
    web_get(h, "/set-token?to=two", 200);
    scratch_file("token-2", "two", 3);
    struct ncm_http_request rqs[N];
    struct ncm_http_answer out[N];
    struct ncm_err errs[N];
    bool ok[N];
    for (int i = 0; i < N; i++) {
        rqs[i] = (struct ncm_http_request){.path = "/guarded?all", .timeout_ms = WEB_PATIENCE_MS};
    }
    assert_true(ncm_http_all(h, rqs, N, out, ok, errs));
    for (int i = 0; i < N; i++) {
        assert_int_equal(out[i].status, 200);
        ncm_http_answer_release(&out[i]);
    }
    assert_int_equal(runs(scratch("ran-2")), 2);
    ncm_http_close(h);
}

static void a_secret_that_cannot_be_read_is_an_error_of_its_own(void **state)
{
    (void)state;
    struct ncm_access a = {.token = command("echo s3cret; exit 3")};
    struct ncm_http *h = at("plain", &a);
    const struct ncm_err *e = web_fails(h, "/secret-not-there", NCM_UNAUTHENTICATED);
    assert_non_null(strstr(e->what, "status 3"));
    assert_int_equal(strncmp(e->detail, "not sent", 8), 0);
    assert_false(holds(e, "s3cret"));
    assert_int_equal(web_seen("plain", "/secret-not-there", NULL), 0);
    ncm_http_close(h);
}

/* ---- redirects ------------------------------------------------------------------------------ */
static void redirects_lead_to_the_same_page_or_nowhere(void **state)
{
    char path[512], got[256];
    (void)state;
    struct ncm_access a = {.token = text("T0KEN"), .ca = file_in("ca.pem")};
    struct ncm_http *h = at("plain", &a);
    const struct ncm_err *e;
    /* A login page, another host, another page: told, not followed. */
    static const char *const elsewhere[] = {"/login", "//localhost:1/status", "/status/x?n=302"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        snprintf(path, sizeof path, "/status?n=302&Location=%s", elsewhere[i]);
        e = refused(h, path, NULL, NCM_UNAUTHENTICATED, NULL);
        assert_non_null(strstr(e->what, "another page"));
        assert_false(holds(e, "T0KEN"));
    }
    /* Without end: three are enough. */
    web_get(h, "/loop", 302);
    assert_int_equal(web_seen("plain", "/loop", NULL), 4);
    /* Followed: the same page but for a slash, and from http to https with the credentials. */
    web_get(h, "/slash", 200);
    char base[64];
    snprintf(base, sizeof base, "http://localhost%s", strrchr(web_url("plain"), ':'));
    struct ncm_http *local = web_open(base, &a);
    web_get(local, "/upgrade", 200);
    assert_int_equal(web_seen("tls", "/upgrade", got), 1);
    assert_string_equal(got, "Bearer T0KEN");
    /* Never back. */
    struct ncm_http *tls = at("tls", &a);
    web_get(tls, "/downgrade", 302);
    assert_int_equal(web_seen("plain", "/downgrade", NULL), 0);
    /* A write goes nowhere. */
    struct ncm_http_answer out;
    struct ncm_err err;
    struct ncm_http_request rq = {
        .method = NCM_HTTP_POST, .path = "/slash?post", .body = "{}", .body_len = 2};
    assert_true(ncm_http_do(h, &rq, &out, &err));
    assert_int_equal(out.status, 302);
    assert_string_equal(out.location, "/slash/?post");
    ncm_http_answer_release(&out);
    rq.path = "/upgrade?post";
    assert_true(ncm_http_do(local, &rq, &out, &err));
    assert_false(ncm_http_refused(local, &out, NULL, &err));
    assert_int_equal(err.code, NCM_TLS);
    assert_non_null(strstr(err.hint, "https://"));
    ncm_http_answer_release(&out);
    assert_int_equal(web_seen("tls", "/upgrade?post", NULL), 0);
    ncm_http_close(tls);
    ncm_http_close(local);
    ncm_http_close(h);
}

/* ---- proxies -------------------------------------------------------------------------------- */
static void proxies_are_used_as_everywhere(void **state)
{
    (void)state;
    const char *proxy = web_url("proxy");
    struct ncm_access a = {.ca = file_in("ca.pem"), .token = text("T0KEN")};
    setenv("HTTPS_PROXY", proxy, 1);
    struct ncm_http *h = at("tls", &a);
    web_get(h, "/through", 200);
    ncm_http_close(h);
    assert_int_equal(web_seen("proxy", "localhost:", NULL), 1);
    setenv("NO_PROXY", "example.com,localhost", 1);
    h = at("tls", &a);
    web_get(h, "/past", 200);
    ncm_http_close(h);
    assert_int_equal(web_seen("proxy", "localhost:", NULL), 1);
    unsetenv("NO_PROXY");
    unsetenv("HTTPS_PROXY");
    setenv("HTTP_PROXY", proxy, 1);
    h = at("plain", NULL);
    web_get(h, "/plain-through", 200);
    ncm_http_close(h);
    unsetenv("HTTP_PROXY");
    assert_int_equal(web_seen("proxy", "/plain-through", NULL), 1);
    /* The setting wins; "" is none at all. */
    a.proxy = (char *)(uintptr_t)proxy;
    h = at("tls", &a);
    web_get(h, "/set", 200);
    ncm_http_close(h);
    assert_int_equal(web_seen("proxy", "localhost:", NULL), 2);
}

static void a_proxy_that_fails_is_named(void **state)
{
    (void)state;
    struct ncm_access a = {.ca = file_in("ca.pem"),
                           .proxy = (char *)(uintptr_t)web_url("proxy_auth")};
    struct ncm_http *h = at("tls", &a);
    const struct ncm_err *e = web_fails(h, "/x", NCM_UNAUTHENTICATED);
    assert_non_null(strstr(e->what, "proxy"));
    assert_non_null(strstr(e->what, "407"));
    assert_int_equal(strncmp(e->detail, "not sent", 8), 0);
    ncm_http_close(h);
    char with[128];
    snprintf(with, sizeof with, "http://me:s3cret@%s", web_url("proxy_auth") + strlen("http://"));
    a.proxy = with;
    h = at("tls", &a);
    web_get(h, "/x", 200);
    ncm_http_close(h);
    static const char *const bad[] = {
        "http://me:s3cret@no-such-proxy.invalid:1", "http://me:s3cret@proxy.invalid:99999",
        "gopher://me:s3cret@proxy.invalid:1", "http://me:s3cret@127.0.0.1:1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        a.proxy = (char *)(uintptr_t)bad[i];
        h = at("tls", &a);
        e = web_fails(h, "/x", NCM_UNREACHABLE);
        assert_true(holds(e, "proxy"));
        assert_false(holds(e, "s3cret"));
        assert_int_equal(strncmp(e->detail, "not sent", 8), 0);
        ncm_http_close(h);
    }
}

/* ---- refusals ------------------------------------------------------------------------------- */
static void refusals_say_what_is_wrong_and_what_helps(void **state)
{
    static const struct {
        const char *path, *says;
        enum ncm_code code;
        const char *what, *hint;
    } all[] = {
        {"/status?n=401", NULL, NCM_UNAUTHENTICATED, "no token or user is set",
         "MLFLOW_TRACKING_TOKEN"},
        {"/status?n=403", NULL, NCM_FORBIDDEN, "403", "permission"},
        {"/status?n=403", "Permission denied", NCM_FORBIDDEN, "Permission denied", ""},
        {"/status?n=404", "No such run", NCM_NOT_FOUND, "No such run", ""},
        {"/status?n=408", NULL, NCM_TIMEOUT, "408", ""},
        {"/status?n=409", NULL, NCM_CONFLICT, "409", ""},
        {"/status?n=400", "bad filter", NCM_INVALID_DATA, "bad filter", ""},
        {"/status?n=429", NULL, NCM_RATE_LIMITED, "too many", ""},
        {"/status?n=500", NULL, NCM_UNREACHABLE, "500", "log"},
        {"/status?n=502", NULL, NCM_UNREACHABLE, "gateway", ""},
        {"/status?n=503", NULL, NCM_UNREACHABLE, "at the moment", ""},
        {"/status?n=504", NULL, NCM_TIMEOUT, "gateway", ""},
        {"/status?n=304", NULL, NCM_UNAUTHENTICATED, "304", ""},
    };
    (void)state;
    struct ncm_http *h = at("plain", NULL);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct ncm_err *e = refused(h, all[i].path, all[i].says, all[i].code, NULL);
        if (strstr(e->what, all[i].what) == NULL || strstr(e->hint, all[i].hint) == NULL) {
            fail_msg("%s: %s | %s", all[i].path, e->what, e->hint);
        }
    }
    ncm_http_close(h);
}

static void a_401_names_what_was_used_and_never_its_value(void **state)
{
    (void)state;
    setenv("NCMLOPS_TEST_TOKEN", "s3cret", 1);
    struct ncm_access all[] = {
        {.token = {NCM_SECRET_ENV, (char *)(uintptr_t) "NCMLOPS_TEST_TOKEN"}},
        {.token = text("s3cret")},
        {.user = (char *)(uintptr_t) "ann", .password = text("s3cret")},
        {.netrc = true},
    };
    static const char *const what[] = {"$NCMLOPS_TEST_TOKEN", "token of the settings", "user ann",
                                       "netrc"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct ncm_http *h = at("plain", &all[i]);
        const struct ncm_err *e = refused(h, "/status?n=401", NULL, NCM_UNAUTHENTICATED, NULL);
        if (strstr(e->what, what[i]) == NULL || holds(e, "s3cret")) {
            fail_msg("%s | %s | %s", e->what, e->hint, e->detail);
        }
        ncm_http_close(h);
    }
    unsetenv("NCMLOPS_TEST_TOKEN");
}

static void a_pause_is_understood_in_both_forms(void **state)
{
    int64_t ms;
    (void)state;
    struct ncm_http *h = at("plain", NULL);
    const struct ncm_err *e =
        refused(h, "/status?n=429&Retry-After=7", NULL, NCM_RATE_LIMITED, &ms);
    assert_int_equal(ms, 7000);
    assert_non_null(strstr(e->what, "7 s"));
    /* A date means the server's clock, and ours may be hours off. */
    refused(h,
            "/status?n=503&Date=Tue,%2015%20Nov%201994%2008:12:31%20GMT"
            "&Retry-After=Tue,%2015%20Nov%201994%2008:13:31%20GMT",
            NULL, NCM_UNREACHABLE, &ms);
    assert_int_equal(ms, 60000);
    static const char *const odd[] = {"-5", "soon", "", "Tue,%2015%20Nov%201994%2008:12:31%20GMT"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        char path[128];
        snprintf(path, sizeof path, "/status?n=503&Retry-After=%s", odd[i]);
        refused(h, path, NULL, NCM_UNREACHABLE, &ms);
        assert_int_equal(ms, 0);
    }
    refused(h, "/status?n=503&Retry-After=99999999999", NULL, NCM_UNREACHABLE, &ms);
    assert_int_equal(ms, 24 * 3600 * 1000);
    ncm_http_close(h);
}

static int start(void **state)
{
    (void)state;
    static const char *const unset[] = {"http_proxy",  "HTTP_PROXY", "https_proxy",
                                        "HTTPS_PROXY", "NO_PROXY",   "no_proxy",
                                        "all_proxy",   "ALL_PROXY",  "NETRC"};
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++) {
        unsetenv(unset[i]);
    }
    return web_start(scratch("")) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    web_stop();
    scratch_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_checked),
        cmocka_unit_test(a_folder_of_certificates_is_trusted),
        cmocka_unit_test(a_client_certificate_is_shown_when_asked_for),
        cmocka_unit_test(the_wrong_kind_of_port_is_named),
        cmocka_unit_test(user_and_password_win_over_a_token),
        cmocka_unit_test(netrc_is_read_only_where_it_is_allowed_and_nothing_else_is_given),
        cmocka_unit_test(a_token_is_asked_for_once_and_again_after_a_401),
        cmocka_unit_test(several_requests_share_one_new_token),
        cmocka_unit_test(a_secret_that_cannot_be_read_is_an_error_of_its_own),
        cmocka_unit_test(redirects_lead_to_the_same_page_or_nowhere),
        cmocka_unit_test(proxies_are_used_as_everywhere),
        cmocka_unit_test(a_proxy_that_fails_is_named),
        cmocka_unit_test(refusals_say_what_is_wrong_and_what_helps),
        cmocka_unit_test(a_401_names_what_was_used_and_never_its_value),
        cmocka_unit_test(a_pause_is_understood_in_both_forms),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
