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
             "        monitors: [{name: latency, query: 'x', threshold: '> 120', for: 5m}]\n");
    assert_int_equal(c->n_contexts, 1);
    assert_string_equal(c->contexts[0].tracking_uri, "https://mlflow.example.com");
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
    assert_non_null(strstr(c->warnings[0], "chmod 600"));
    char *shown = ncm_config_show(c);
    assert_null(strstr(shown, "hush"));
    assert_non_null(strstr(shown, "@host/x"));
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
        cmocka_unit_test(mistakes),
        cmocka_unit_test(yaml_that_is_none),
        cmocka_unit_test(nothing_in_it),
        cmocka_unit_test(a_named_file_must_be_there),
        cmocka_unit_test(passwords),
        cmocka_unit_test(template_and_show_are_read_back),
        cmocka_unit_test(every_row_is_explained),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
