/* kubeconfig files as people have them: several at once, every way to log in, mistakes that are
 * named by file and line and never repeat a secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "provider/kubernetes/kubeconfig.h"
#include "unit/scratch.h"

/* "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", folded. */
#define PEM      "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCngKLS0tLS1F TkQgQ0VSVElGSUNBVEUtLS0tLQo="
#define PEM_TEXT "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
#define SECRET   "s3cr3t-of-mine"

static const char *file(const char *name, const char *text)
{
    return scratch_file(name, text, strlen(text));
}

static struct k8s_login load(const char *paths, const char *context)
{
    struct k8s_login l;
    struct ncm_err err = {0};
    if (!k8s_login_load(paths, context, &l, &err)) {
        fail_msg("%s | %s", err.what, err.hint);
    }
    return l;
}

static struct ncm_err fails(const char *paths, const char *context, enum ncm_code code)
{
    struct k8s_login l;
    struct ncm_err err = {0};
    if (k8s_login_load(paths, context, &l, &err)) {
        fail_msg("it was taken");
    }
    if (err.code != code) {
        fail_msg("%s: %s", ncm_code_name(err.code), err.what);
    }
    assert_null(strstr(err.what, SECRET));
    assert_null(strstr(err.detail, SECRET));
    assert_null(strstr(err.hint, SECRET));
    assert_null(l.server);
    return err;
}

/* One context of one cluster and one user; %s: what they say. */
static const char *one(const char *cluster, const char *user)
{
    char *text = ncm_sprintf("current-context: c\n"
                             "contexts:\n"
                             "- {name: c, context: {cluster: k, user: u, namespace: 1234}}\n"
                             "clusters:\n"
                             "- name: k\n"
                             "  cluster: {%s}\n"
                             "users:\n"
                             "- name: u\n"
                             "  user: {%s}\n",
                             cluster, user);
    const char *path = file("one.yaml", text);
    ncm_free(text);
    return path;
}
#define SERVER "server: 'https://h:6443/k8s/'"

static void test_one_context(void **state)
{
    (void)state;
    struct k8s_login l = load(one(SERVER ", tls-server-name: other, proxy-url: 'socks5://p:1', "
                                         "disable-compression: true, certificate-authority: ca.pem",
                                  "token: " SECRET ", as: boss, as-uid: '7', as-groups: [a, 2]"),
                              NULL);
    assert_string_equal(l.server, "https://h:6443/k8s");
    assert_string_equal(l.context, "c");
    assert_string_equal(l.ns, "1234");
    assert_string_equal(l.tls_name, "other");
    assert_string_equal(l.proxy, "socks5://p:1");
    assert_string_equal(l.ca_file, scratch("ca.pem"));
    assert_string_equal(l.token, SECRET);
    assert_string_equal(l.as, "boss");
    assert_string_equal(l.as_uid, "7");
    assert_int_equal(l.n_as_groups, 2);
    assert_string_equal(l.as_groups[1], "2");
    assert_true(l.no_compression);
    assert_false(l.insecure);
    assert_non_null(strstr(l.where, "one.yaml"));
    k8s_login_release(&l);
}

static void test_data_wins_over_files(void **state)
{
    (void)state;
    struct k8s_login l =
        load(one(SERVER ", certificate-authority: a.pem, certificate-authority-data: '" PEM "'",
                 "client-certificate-data: '" PEM "', client-key-data: '" PEM
                 "', client-certificate: c.pem, client-key: /k.pem"),
             "c");
    assert_string_equal(l.ca_data, PEM_TEXT);
    assert_string_equal(l.cert_data, PEM_TEXT);
    assert_string_equal(l.key_data, PEM_TEXT);
    assert_string_equal(l.cert_file, scratch("c.pem"));
    assert_string_equal(l.key_file, "/k.pem");
    k8s_login_release(&l);
}

static void test_plugin(void **state)
{
    (void)state;
    const char *user = "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./get, "
                       "args: [a, 1], env: [{name: X, value: y z}], installHint: get it, "
                       "provideClusterInfo: true, interactiveMode: Always}";
    struct k8s_login l = load(one(SERVER, user), NULL);
    assert_string_equal(l.exec.command, scratch("get"));
    assert_string_equal(l.exec.args[1], "1");
    assert_null(l.exec.args[2]);
    assert_string_equal(l.exec.env[0], "X=y z");
    assert_string_equal(l.exec.install_hint, "get it");
    assert_true(l.exec.provide_cluster);
    assert_true(l.exec.interactive_always);
    k8s_login_release(&l);

    l = load(one(SERVER, "exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}"),
             NULL);
    assert_string_equal(l.exec.command, "aws"); /* to be found in $PATH */
    k8s_login_release(&l);
}

static void test_first_file_wins_by_name(void **state)
{
    (void)state;
    const char *a = file("a.yaml", "contexts: [{name: x, context: {cluster: k, user: u}}]\n"
                                   "users: [{name: u, user: {tokenFile: t}}]\n");
    const char *b =
        file("b.json", "{\"current-context\": \"y\", \"contexts\": [{\"name\": \"x\", \"context\":"
                       " {\"cluster\": \"other\"}}, {\"name\": \"y\", \"context\": {\"cluster\":"
                       " \"k\", \"user\": \"\"}}], \"clusters\": [{\"name\": \"k\", \"cluster\":"
                       " {\"server\": \"https://b\"}}], \"users\": [{\"name\": \"u\", \"user\":"
                       " {\"token\": \"no\"}}]}");
    char *list = ncm_sprintf("%s:%s:%s", scratch("missing"), a, b);
    struct k8s_login l = load(list, "x");
    assert_string_equal(l.server, "https://b");
    assert_string_equal(l.token_file, scratch("t")); /* relative to the file that says so */
    assert_null(l.token);
    assert_string_equal(l.ns, "default");
    k8s_login_release(&l);

    l = load(list, NULL); /* the first that names one */
    assert_string_equal(l.context, "y");
    assert_string_equal(l.user, "");
    k8s_login_release(&l);

    struct k8s_contexts all;
    struct ncm_err err;
    assert_true(k8s_contexts_list(list, &all, &err));
    assert_int_equal(all.n, 2);
    assert_string_equal(all.names[0], "x");
    assert_string_equal(all.names[1], "y");
    assert_string_equal(all.current, "y");
    k8s_contexts_release(&all);
    ncm_free(list);
}

static void test_places(void **state)
{
    (void)state;
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBECONFIG");
    setenv("HOME", scratch("home"), 1);
    struct ncm_err err = fails(NULL, NULL, NCM_NOT_FOUND);
    assert_non_null(strstr(err.what, "~/.kube/config"));

    setenv("KUBECONFIG", one(SERVER, "token: x"), 1);
    struct k8s_login l = load(NULL, NULL);
    assert_non_null(strstr(l.where, "$KUBECONFIG"));
    k8s_login_release(&l);
    unsetenv("KUBECONFIG");

    err = fails(scratch("nowhere"), NULL, NCM_NOT_FOUND);
    assert_non_null(strstr(err.what, "nowhere"));
}

static void test_unknown_names(void **state)
{
    (void)state;
    struct ncm_err err = fails(one(SERVER, "token: x"), "prod", NCM_NOT_FOUND);
    assert_non_null(strstr(err.what, "\"prod\""));
    assert_non_null(strstr(err.hint, "c")); /* those that there are */

    err = fails(file("n.yaml", "contexts: [{name: x, context: {cluster: k}}]\n"), NULL,
                NCM_NOT_FOUND);
    assert_non_null(strstr(err.what, "current context"));
    assert_non_null(strstr(err.hint, "x"));

    err = fails(file("n.yaml", "contexts:\n- {name: x, context: {cluster: k, user: u}}\n"), "x",
                NCM_INVALID_DATA);
    assert_non_null(strstr(err.what, "n.yaml:2: "));
    assert_non_null(strstr(err.what, "\"k\""));

    fails(file("n.yaml", ""), NULL, NCM_NOT_FOUND);
    fails(file("n.yaml", "[1, 2]"), "x", NCM_NOT_FOUND);
}

static void test_mistakes_are_named_by_line(void **state)
{
    static const struct {
        const char *cluster, *user, *says;
    } cases[] = {
        {"x: y", "token: x", ":6: server"},
        {"server: 'ftp://h'", "token: x", ":6: server"},
        {"server: 'https://me:" SECRET "@h'", "token: x", ":6: server"},
        {"server: [1]", "token: x", ":6: server"},
        {SERVER ", proxy-url: 'me:" SECRET "'", "token: x", "proxy-url"},
        {SERVER ", insecure-skip-tls-verify: perhaps", "token: x", "insecure-skip-tls-verify"},
        {SERVER ", insecure-skip-tls-verify: true, certificate-authority: a", "token: x",
         "insecure-skip-tls-verify"},
        {SERVER ", certificate-authority-data: '" SECRET "!'", "token: x",
         "certificate-authority-data"},
        {SERVER, "client-key-data: 'czNjcjN0LW9mLW1pbmU='", ":9: client-key-data"}, /* no PEM */
        {SERVER, "token: [" SECRET "]", ":9: token"},
        {SERVER, "client-certificate-data: '" PEM "'", "client-certificate-data"},
        {SERVER, "client-key: k.pem", "client-key"},
        {SERVER, "exec: {apiVersion: client.authentication.k8s.io/v1}", ":9: command"},
        {SERVER, "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}",
         "apiVersion"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ncm_err err = fails(one(cases[i].cluster, cases[i].user), NULL, NCM_INVALID_DATA);
        if (strstr(err.what, cases[i].says) == NULL || strstr(err.what, "one.yaml") == NULL) {
            fail_msg("%zu: %s", i, err.what);
        }
    }
    struct ncm_err err =
        fails(file("bad.yaml", "users:\n  - {token: " SECRET "\n  x"), NULL, NCM_INVALID_DATA);
    assert_non_null(strstr(err.what, "bad.yaml:"));
}

static void test_what_was_removed(void **state)
{
    (void)state;
    struct ncm_err err =
        fails(one(SERVER, "auth-provider: {name: gcp, config: {access-token: " SECRET "}}"), NULL,
              NCM_UNSUPPORTED);
    assert_non_null(strstr(err.what, "gcp"));
    assert_non_null(strstr(err.hint, "exec"));
}

static int end(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_context),
        cmocka_unit_test(test_data_wins_over_files),
        cmocka_unit_test(test_plugin),
        cmocka_unit_test(test_first_file_wins_by_name),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_mistakes_are_named_by_line),
        cmocka_unit_test(test_what_was_removed),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
