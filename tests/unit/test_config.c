/* The configuration file: what it may hold, and how mistakes in it are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/config.h"

static char folder[] = "/tmp/ncm-config-XXXXXX";
static char path[64];

static void put(const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static struct ncm_config *load(const char *text)
{
    struct ncm_config *c = NULL;
    struct ncm_err err = {0};
    put(text, 0600);
    if (!ncm_config_load(path, &c, &err)) {
        fail_msg("%s", err.what);
    }
    return c;
}

/* The file is refused and the message ends so. */
static void refuse(const char *text, const char *end)
{
    struct ncm_config *c = NULL;
    struct ncm_err err = {0};
    put(text, 0600);
    assert_false(ncm_config_load(path, &c, &err));
    size_t len = strlen(err.what), part = strlen(end);
    if (len < part || strcmp(err.what + len - part, end) != 0) {
        fail_msg("'%s' does not end with '%s'", err.what, end);
    }
}

static void whole_file(void **state)
{
    (void)state;
    struct ncm_config *c = load("current-context: prod\n"
                                "theme: light\n"
                                "language: ko\n"
                                "ascii: yes\n"
                                "clock: false\n"
                                "escdelay: 50\n"
                                "keys:\n"
                                "  promote: P\n"
                                "  undo: [U, F4]\n"
                                "contexts:\n"
                                "  prod:\n"
                                "    protect: true\n"
                                "    tracking: {uri: 'sqlite:////srv/mlflow.db'}\n"
                                "  lab:\n"
                                "    read-only: yes\n");
    assert_string_equal(c->current_context, "prod");
    assert_string_equal(c->theme, "light");
    assert_string_equal(c->language, "ko");
    assert_true(c->ascii);
    assert_false(c->clock);
    assert_int_equal(c->escdelay_ms, 50);
    assert_int_equal(c->n_keys, 2);
    assert_string_equal(c->keys[1].action, "undo");
    assert_string_equal(c->keys[1].keys, "U, F4");
    assert_int_equal(c->keys[1].line, 9);
    assert_int_equal(c->n_contexts, 2);
    const struct ncm_config_context *prod = ncm_config_find(c, "prod");
    assert_true(prod->protect);
    assert_false(prod->read_only);
    assert_string_equal(prod->tracking_uri, "sqlite:////srv/mlflow.db");
    assert_true(ncm_config_find(c, "lab")->read_only);
    assert_null(ncm_config_find(c, "nobody"));
    assert_int_equal(c->n_warnings, 0);
    ncm_config_free(c);
}

static void what_comes_later_is_taken(void **state)
{
    (void)state;
    struct ncm_config *c =
        load("contexts:\n"
             "  seoul:\n"
             "    tracking: {uri: https://mlflow.example.com, token-env: MLFLOW_TOKEN}\n"
             "    deployments:\n"
             "      - {type: kubernetes, kubeconfig: ~/.kube/config, namespaces: [ml]}\n"
             "    metrics: {type: prometheus, url: \"http://prom.example.com:9090\"}\n"
             "    alerts: {type: alertmanager, url: \"http://alerts.example.com:9093\"}\n"
             "    pipelines: [{type: airflow, password-env: AIRFLOW_PW}]\n"
             "    models:\n"
             "      fraud-detector:\n"
             "        gates: {Production: [metrics.auc >= 0.9, approvals >= 1]}\n"
             "        on-drift: {pipeline: airflow/retrain}\n");
    assert_int_equal(c->n_contexts, 1);
    assert_string_equal(c->contexts[0].tracking_uri, "https://mlflow.example.com");
    ncm_config_free(c);
}

static void how_a_server_is_entered(void **state)
{
    (void)state;
    struct ncm_config *c = load("contexts:\n"
                                "  a:\n"
                                "    tracking:\n"
                                "      uri: https://ann:h%40sh@host/x\n"
                                "      registry-uri: https://models\n"
                                "      ca: certs/ca.pem\n"
                                "      client-cert: ~/me.pem\n"
                                "      client-key: /etc/me.key\n"
                                "      proxy: http://proxy:3128\n"
                                "      workspace: team\n"
                                "      timeout: 12\n"
                                "  b:\n"
                                "    tracking: {uri: https://b, token-command: pass show b,\n"
                                "               insecure-tls: yes}\n"
                                "  c:\n"
                                "    tracking: {uri: https://c, user: bob, password-file: pw}\n"
                                "  d:\n"
                                "    tracking: {uri: https://d, netrc: yes}\n");
    const struct ncm_config_context *x = ncm_config_find(c, "a");
    char ca[128];
    snprintf(ca, sizeof ca, "%s/certs/ca.pem", folder);
    assert_string_equal(x->tracking_uri, "https://host/x");
    assert_string_equal(x->registry_uri, "https://models");
    assert_string_equal(x->access.user, "ann");
    assert_int_equal(x->access.password.kind, NCM_SECRET_TEXT);
    assert_string_equal(x->access.password.from, "h@sh");
    assert_string_equal(x->access.ca, ca);
    assert_string_not_equal(x->access.cert, "~/me.pem");
    assert_string_equal(x->access.key, "/etc/me.key");
    assert_string_equal(x->access.proxy, "http://proxy:3128");
    assert_string_equal(x->access.workspace, "team");
    assert_int_equal(x->access.timeout_ms, 12000);
    assert_false(x->access.insecure);
    assert_false(x->access.netrc);
    x = ncm_config_find(c, "b");
    assert_int_equal(x->access.token.kind, NCM_SECRET_COMMAND);
    assert_string_equal(x->access.token.from, "pass show b");
    assert_true(x->access.insecure);
    x = ncm_config_find(c, "c");
    snprintf(ca, sizeof ca, "%s/pw", folder);
    assert_int_equal(x->access.password.kind, NCM_SECRET_FILE);
    assert_string_equal(x->access.password.from, ca);
    assert_true(ncm_config_find(c, "d")->access.netrc);
    char *shown = ncm_config_show(c);
    assert_null(strstr(shown, "h@sh"));
    assert_null(strstr(shown, "show b"));
    assert_non_null(strstr(shown, "token-command: \"pass ***\""));
    assert_non_null(strstr(shown, "timeout: 12"));
    ncm_config_free(c);
    c = load(shown);
    ncm_free(shown);
    assert_int_equal(c->n_contexts, 4);
    ncm_config_free(c);
}

/* Two ways to log in, or half a one. */
static void contradictions(void **state)
{
    (void)state;
    refuse("contexts:\n  a:\n    tracking: {uri: https://h, tokn-env: A}\n",
           ":3:32: unknown key 'tokn-env', did you mean 'token-env'?");
    refuse("contexts:\n  a:\n    tracking: {token-env: A, token-file: b}\n",
           ":3:30: 'token-env' and 'token-file' are both there: one of them is enough");
    refuse("contexts:\n  a:\n    tracking: {password: A, password-env: B, user: u}\n",
           "'password' and 'password-env' are both there: one of them is enough");
    refuse("contexts:\n  a:\n    tracking: {user: u, password-env: A, token-env: B}\n",
           "a server takes one of them");
    refuse("contexts:\n  a:\n    tracking: {password-env: A}\n", "wants 'user' beside it");
    refuse("contexts:\n  a:\n    tracking: {uri: 'https://a:b@h', user: u}\n",
           "one of them is enough");
    refuse("contexts:\n  a:\n    tracking: {ca: x, insecure-tls: yes}\n",
           "'insecure-tls' not to: one of them");
    refuse("contexts:\n  a:\n    tracking: {client-key: x}\n",
           "'client-key' wants 'client-cert' beside it");
    refuse("contexts:\n  a:\n    tracking: {netrc: yes, token-env: A}\n", "one of them is enough");
    refuse("contexts:\n  a:\n    tracking: {registry-uri: 'https://a:b@h'}\n",
           "no user belongs into its address");
    refuse("contexts:\n  a:\n    tracking: {timeout: 0}\n", "wants a number from 1 to 3600");
    refuse("contexts:\n  a:\n    tracking: {user: ''}\n", "'contexts.a.tracking.user' is empty");
}

/* A secret in the place of a variable's name is not repeated. */
static void a_secret_in_the_wrong_place(void **state)
{
    (void)state;
    struct ncm_config *c = NULL;
    struct ncm_err err = {0};
    put("contexts:\n  a:\n    tracking: {token-env: eyJ.hush-hush}\n", 0600);
    assert_false(ncm_config_load(path, &c, &err));
    assert_non_null(strstr(err.what, "wants the name of a variable"));
    assert_null(strstr(err.what, "hush"));
}

static char told[8][256];
static size_t n_told;

static void tell(void *to, const char *sentence)
{
    (void)to;
    assert_true(n_told < 8);
    snprintf(told[n_told++], sizeof told[0], "%s", sentence);
}

static void what_is_named_but_not_there(void **state)
{
    (void)state;
    setenv("NCM_TEST_SET", "x", 1);
    unsetenv("NCM_TEST_UNSET");
    struct ncm_config *c =
        load("contexts:\n"
             "  a: {tracking: {uri: https://a, token-env: NCM_TEST_UNSET, ca: gone.pem}}\n"
             "  b: {tracking: {uri: https://b, token-env: NCM_TEST_SET}}\n"
             "  c: {tracking: {uri: https://c, token-file: config.yaml}}\n");
    n_told = 0;
    ncm_config_examine(c, NULL, tell, NULL);
    assert_int_equal(n_told, 2);
    assert_string_equal(told[0],
                        "contexts.a.tracking.token-env: the variable NCM_TEST_UNSET is not set");
    assert_non_null(strstr(told[1], "gone.pem"));
    assert_int_equal(chmod(path, 0644), 0);
    n_told = 0;
    ncm_config_examine(c, "c", tell, NULL);
    assert_int_equal(n_told, 1);
    assert_non_null(strstr(told[0], "others may read"));
    ncm_config_free(c);
}

static void mistakes(void **state)
{
    (void)state;
    refuse("them: dark\n", ":1:1: unknown key 'them', did you mean 'theme'?");
    refuse("theme: dark\ncontexts:\n  a:\n    protekt: yes\n",
           ":4:5: unknown key 'protekt', did you mean 'protect'?");
    refuse("contexts:\n  a:\n    tracking: {url: x}\n",
           ":3:16: unknown key 'url', did you mean 'uri'?");
    refuse("zzzzzzzz: 1\n", ":1:1: unknown key 'zzzzzzzz'");
    refuse("clock: maybe\n", ":1:8: 'clock' wants yes or no");
    refuse("plot: sixel\n", ":1:7: 'sixel' is none of braille|quadrant|ascii");
    refuse("escdelay: soon\n", ":1:11: 'escdelay' wants a number from 0 to 10000");
    refuse("theme: [dark]\n", ":1:8: 'theme' wants a text");
    refuse("contexts: 3\n", ":1:11: 'contexts' wants settings below it");
    refuse("keys:\n  promote: {a: b}\n", ":2:12: 'keys.promote' wants a key or a list of keys");
    refuse("current-context: gone\n", ":1:18: there is no context 'gone'");
}

static void yaml_that_is_none(void **state)
{
    (void)state;
    struct ncm_config *c = NULL;
    struct ncm_err err = {0};
    put("theme: [dark\n", 0600);
    assert_false(ncm_config_load(path, &c, &err));
    assert_int_equal(err.code, NCM_INVALID_DATA);
    assert_non_null(strstr(err.what, path));
}

static void nothing_in_it(void **state)
{
    (void)state;
    struct ncm_config *c = load("");
    assert_int_equal(c->n_contexts, 0);
    assert_true(c->clock);
    assert_int_equal(c->escdelay_ms, 25);
    ncm_config_free(c);
    c = load("# only a remark\ncontexts:\n");
    assert_int_equal(c->n_contexts, 0);
    ncm_config_free(c);
}

static void a_named_file_must_be_there(void **state)
{
    (void)state;
    struct ncm_config *c = NULL;
    struct ncm_err err = {0};
    assert_false(ncm_config_load("/nowhere/at/all.yaml", &c, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
}

static void passwords(void **state)
{
    (void)state;
    const char *text = "contexts:\n  a:\n    tracking: {uri: 'https://me:hush@host/x'}\n";
    struct ncm_config *c = NULL;
    struct ncm_err err;
    put(text, 0644);
    assert_true(ncm_config_load(path, &c, &err));
    assert_int_equal(c->n_warnings, 1);
    assert_non_null(strstr(c->warnings[0], "config.yaml:3:21: a secret stands here"));
    assert_non_null(strstr(c->warnings[0], "chmod 600"));
    char *shown = ncm_config_show(c);
    assert_null(strstr(shown, "hush"));
    assert_non_null(strstr(shown, "https://host/x"));
    assert_non_null(strstr(shown, "password: \"***\""));
    ncm_free(shown);
    ncm_config_free(c);
    c = load(text); /* mode 0600 */
    assert_int_equal(c->n_warnings, 0);
    ncm_config_free(c);
}

/* What `config init` writes and `config show` prints can be read back. */
static void template_and_show_are_read_back(void **state)
{
    (void)state;
    char *text = ncm_config_template("prod \"1\"", "sqlite:////srv/a b.db", true);
    struct ncm_config *c = load(text);
    ncm_free(text);
    assert_string_equal(c->current_context, "prod \"1\"");
    assert_true(c->contexts[0].protect);
    assert_string_equal(c->contexts[0].tracking_uri, "sqlite:////srv/a b.db");
    char *shown = ncm_config_show(c);
    ncm_config_free(c);
    c = load(shown);
    ncm_free(shown);
    assert_string_equal(c->contexts[0].tracking_uri, "sqlite:////srv/a b.db");
    ncm_config_free(c);
    text = ncm_config_template(NULL, NULL, false);
    c = load(text);
    ncm_free(text);
    assert_null(c->contexts[0].tracking_uri);
    ncm_config_free(c);
    text = ncm_config_template("web", "https://ann:hush@host", false);
    assert_null(strstr(text, "hush"));
    assert_non_null(strstr(text, "#token-env:"));
    c = load(text);
    ncm_free(text);
    assert_string_equal(c->contexts[0].tracking_uri, "https://host");
    assert_string_equal(c->contexts[0].access.user, "ann");
    ncm_config_free(c);
}

/* A user in an address may be of bytes that are no text. */
static void a_user_of_other_bytes_is_shown_as_text(void **state)
{
    (void)state;
    struct ncm_config *c =
        load("contexts:\n  web:\n    tracking: {uri: 'https://a%80sh@host:5000'}\n");
    assert_string_equal(c->contexts[0].access.user, "a\x80sh");
    char *shown = ncm_config_show(c);
    ncm_config_free(c);
    c = load(shown);
    ncm_free(shown);
    assert_string_equal(c->contexts[0].access.user, "a\xef\xbf\xbdsh");
    ncm_config_free(c);
}

static void every_row_is_explained(void **state)
{
    (void)state;
    for (const struct ncm_setting *row = ncm_settings; row->path != NULL; row++) {
        assert_non_null(row->type);
        assert_non_null(row->help);
    }
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/config.yaml", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_file),
        cmocka_unit_test(what_comes_later_is_taken),
        cmocka_unit_test(how_a_server_is_entered),
        cmocka_unit_test(contradictions),
        cmocka_unit_test(a_secret_in_the_wrong_place),
        cmocka_unit_test(what_is_named_but_not_there),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(yaml_that_is_none),
        cmocka_unit_test(nothing_in_it),
        cmocka_unit_test(a_named_file_must_be_there),
        cmocka_unit_test(passwords),
        cmocka_unit_test(template_and_show_are_read_back),
        cmocka_unit_test(a_user_of_other_bytes_is_shown_as_text),
        cmocka_unit_test(every_row_is_explained),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
