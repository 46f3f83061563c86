/* The configuration file: where models are served. */
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

#include "base/buf.h"
#include "base/mem.h"
#include "engine/config.h"
#include "io/node.h"

static char folder[] = "/tmp/ncm-config-deploy-XXXXXX";
static char path[64];

static void put(const char *file, const char *text)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(file, 0600), 0);
}

static struct ncm_config *load(const char *text)
{
    struct ncm_config *c = NULL;
    struct ncm_err err = {0};
    put(path, text);
    if (!ncm_config_load(path, &c, &err)) {
        fail_msg("%s", err.what);
    }
    return c;
}

/* These items of the list are taken. */
static struct ncm_config *load_items(const char *items)
{
    char *text = ncm_sprintf("contexts:\n a:\n  deployments:\n%s", items);
    struct ncm_config *c = load(text);
    ncm_free(text);
    return c;
}

/* These items are refused and the message ends so. */
static void refuse(const char *items, const char *end)
{
    struct ncm_config *c = NULL;
    struct ncm_err err = {0};
    char *text = ncm_sprintf("contexts:\n a:\n  deployments:\n%s", items);
    put(path, text);
    ncm_free(text);
    assert_false(ncm_config_load(path, &c, &err));
    assert_int_equal(err.code, NCM_USAGE);
    size_t len = strlen(err.what), part = strlen(end);
    if (len < part || strcmp(err.what + len - part, end) != 0) {
        fail_msg("'%s' does not end with '%s'", err.what, end);
    }
}

static const char both[] =
    "   - {type: kubernetes, name: seoul, kubeconfig: \"kube/a:~/b\", context: prod,\n"
    "      namespaces: [ml, ml-eu], selector: \"app.kubernetes.io/part-of=ml\",\n"
    "      probe: yes, read-only: yes}\n"
    "   - type: http\n"
    "     name: churn-api\n"
    "     url: http://churn.example.com:8080/x/\n"
    "     protocol: generic\n"
    "     model: churn\n"
    "     served-name: churn-main\n"
    "     health: /health\n"
    "     ready: /ready\n"
    "     info: /model/info\n"
    "     version: .model.version\n"
    "     metrics: http://churn.example.com:9100/metrics\n"
    "     management: http://churn.example.com:8081\n"
    "     reload: /model/reload\n"
    "     reload-body: '{\"v\": \"{{version}}\"}'\n"
    "     traffic: /split\n"
    "     test: {path: /predict, body: '{\"x\": 1}'}\n"
    "     group: churn\n"
    "     every: 1m\n"
    "     user: ops\n"
    "     password-env: CHURN_PW\n"
    "     ca: certs/ca.pem\n"
    "     timeout: 3\n";

static void every_setting_is_taken(void **state)
{
    (void)state;
    struct ncm_config *c = load_items(both);
    const struct ncm_deploy_plan *p = &c->contexts[0].deploy;
    assert_int_equal(p->n, 2);
    const struct ncm_deploy_source *k = &p->items[0], *h = &p->items[1];
    char *kubeconfig = ncm_sprintf("%s/kube/a:%s/b", folder, getenv("HOME"));
    char *ca = ncm_sprintf("%s/certs/ca.pem", folder);
    assert_int_equal(k->type, NCM_DEPLOY_KUBERNETES);
    assert_string_equal(k->name, "seoul");
    assert_string_equal(k->kubeconfig, kubeconfig);
    assert_string_equal(k->kube_context, "prod");
    assert_int_equal(k->n_namespaces, 2);
    assert_string_equal(k->namespaces[1], "ml-eu");
    assert_string_equal(k->selector, "app.kubernetes.io/part-of=ml");
    assert_true(k->probe && k->read_only && !k->offered);
    assert_int_equal(h->type, NCM_DEPLOY_HTTP);
    assert_string_equal(h->url, "http://churn.example.com:8080/x");
    assert_string_equal(h->protocol, "generic");
    assert_string_equal(h->served_name, "churn-main");
    assert_string_equal(h->ready, "/ready");
    assert_string_equal(h->version, ".model.version");
    assert_string_equal(h->metrics, "http://churn.example.com:9100/metrics");
    assert_string_equal(h->reload_body, "{\"v\": \"{{version}}\"}");
    assert_string_equal(h->test_body, "{\"x\": 1}");
    assert_string_equal(h->group, "churn");
    assert_int_equal(h->every_ms, 60000);
    assert_string_equal(h->access.user, "ops");
    assert_string_equal(h->access.password.from, "CHURN_PW");
    assert_string_equal(h->access.ca, ca);
    assert_int_equal(h->access.timeout_ms, 3000);
    ncm_free(ca);
    ncm_free(kubeconfig);
    ncm_config_free(c);
}

static void names_come_from_where_it_is(void **state)
{
    (void)state;
    struct ncm_config *c = load_items(
        "   - {type: kubernetes}\n"
        "   - {type: kubernetes, context: \"arn:aws:eks:kr:1:cluster/seoul\", namespaces: \"*\"}\n"
        "   - {type: http, url: \"http://a.example.com:8080\"}\n"
        "   - {type: http, url: \"http://a.example.com:8081/x\"}\n"
        "   - {type: http, url: \"http://[::1]:9/\"}\n");
    const struct ncm_deploy_plan *p = &c->contexts[0].deploy;
    const char *const names[] = {"kubernetes", "seoul", "a.example.com", "a.example.com:8081",
                                 "[::1]"};
    assert_int_equal(p->n, 5);
    for (size_t i = 0; i < p->n; i++) {
        assert_string_equal(p->items[i].name, names[i]);
    }
    assert_null(p->items[0].kubeconfig);
    assert_int_equal(p->items[0].n_namespaces, 0);
    assert_string_equal(p->items[1].namespaces[0], "*");
    assert_int_equal(p->items[2].every_ms, 0);
    ncm_config_free(c);
}

static void a_login_in_the_address_becomes_settings(void **state)
{
    (void)state;
    struct ncm_config *c = load_items("   - {type: http, url: \"http://ann:hush@host:1\"}\n");
    const struct ncm_deploy_source *d = &c->contexts[0].deploy.items[0];
    assert_string_equal(d->url, "http://host:1");
    assert_string_equal(d->access.user, "ann");
    char *shown = ncm_config_show(c);
    assert_null(strstr(shown, "hush"));
    assert_non_null(strstr(shown, "password: \"***\""));
    ncm_free(shown);
    ncm_config_free(c);
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    refuse("   - {type: kubernetes, namespace: ml}\n",
           "config.yaml:4:25: unknown key 'namespace', did you mean 'namespaces'?");
    refuse("   - {type: http, url: \"http://h\", helth: /h}\n",
           "config.yaml:4:36: unknown key 'helth', did you mean 'health'?");
    refuse("   - {url: \"http://h\"}\n", "4:6: 'type' is missing here: kubernetes or http");
    refuse("   - {type: docker}\n", "4:13: 'docker' is none of kubernetes|http");
    refuse("   - {type: http}\n", "4:6: 'url' is missing here");
    refuse("   - {type: http, url: \"ftp://h\"}\n",
           "4:24: the address of a server is http(s)://HOST[:PORT][/PREFIX]");
    refuse("   - {type: http, url: \"http://h\", context: x}\n",
           "4:36: 'context' belongs to type kubernetes");
    refuse("   - {type: kubernetes, user: ann}\n", "4:25: 'user' belongs to type http");
    refuse("   - {type: kubernetes, namespaces: [\"*\", ml]}\n",
           "\"*\" stands for all namespaces: name no others beside it");
    refuse("   - {type: kubernetes, namespaces: [ML]}\n",
           "4:38: 'contexts.a.deployments[0].namespaces' wants names of namespaces, or \"*\" for "
           "all");
    refuse("   - {type: kubernetes, name: a/b}\n",
           "4:31: 'name' wants a word without blanks and slashes");
    refuse("   - {type: kubernetes, context: prometheus}\n",
           "'prometheus' is taken: give it another 'name'");
    refuse("   - {type: kubernetes, name: x}\n   - {type: http, name: x, url: \"http://h\"}\n",
           "5:25: 'x' is there twice: give one of them another 'name'");
    refuse("   - {type: http, url: \"http://h\", protocol: grpc}\n",
           "'grpc' is none of auto|mlflow|oip|kserve|torchserve|tfserving|bentoml|generic");
    refuse("   - {type: http, url: \"http://h\", every: 100ms}\n",
           "wants a length of time from 1s to 24h, such as 10s or 1m");
    refuse("   - {type: http, url: \"http://h\", probe: yes}\n",
           "'probe' belongs to type kubernetes");
    refuse("   a: 1\n", "'contexts.a.deployments' wants a list");
}

static void settings_that_need_others_say_so(void **state)
{
    (void)state;
    refuse("   - {type: http, url: \"http://h\", health: health}\n",
           "4:44: 'health' wants a path on the server: /…");
    refuse("   - {type: http, url: \"http://h\", version: .v}\n",
           "'version' wants 'info' beside it");
    refuse("   - {type: http, url: \"http://h\", info: /i, version: v}\n",
           "'version' wants a place in the page: .model.version");
    refuse("   - {type: http, url: \"http://h\", reload-body: x}\n",
           "'reload-body' wants 'reload' beside it");
    refuse("   - {type: http, url: \"http://h\", reload: /r, reload-body: x}\n",
           "'reload-body' wants {{version}} in it");
    refuse("   - {type: http, url: \"http://h\", test: {body: x}}\n",
           "'body' wants 'path' beside it");
    refuse("   - {type: http, url: \"http://h\", metrics: \"http://a:b@h\"}\n",
           "it is entered as 'url' is: no user belongs into it");
    refuse("   - {type: http, url: \"http://h\", password-env: X}\n",
           "a password wants 'user' beside it");
}

/* What is shown is a file again, and comes to the same. */
static void show_reads_back(void **state)
{
    (void)state;
    struct ncm_config *c = load_items(both);
    char *first = ncm_config_show(c);
    ncm_config_free(c);
    c = load(first);
    char *second = ncm_config_show(c);
    assert_string_equal(first, second);
    assert_int_equal(c->contexts[0].deploy.n, 2);
    ncm_free(first);
    ncm_free(second);
    ncm_config_free(c);
}

static void collect(void *to, const char *sentence)
{
    struct ncm_buf *b = to;
    ncm_buf_printf(b, "%s\n", sentence);
}

static void what_is_named_in_vain_is_said(void **state)
{
    (void)state;
    struct ncm_buf said;
    struct ncm_config *c =
        load_items("   - {type: kubernetes, name: k, kubeconfig: gone}\n"
                   "   - {type: kubernetes, name: l, kubeconfig: \"gone:config.yaml\"}\n"
                   "   - {type: http, name: h, url: \"http://h\", token-env: NCM_NEVER_SET}\n");
    ncm_buf_init(&said, 4096);
    ncm_config_examine(c, "a", collect, &said);
    assert_non_null(strstr(said.p, "contexts.a.deployments 'k'.kubeconfig: there is no file "));
    assert_null(strstr(said.p, "'l'"));
    assert_non_null(strstr(
        said.p, "contexts.a.deployments 'h'.token-env: the variable NCM_NEVER_SET is not set"));
    ncm_buf_release(&said);
    ncm_config_free(c);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/config.yaml", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_setting_is_taken),
        cmocka_unit_test(names_come_from_where_it_is),
        cmocka_unit_test(a_login_in_the_address_becomes_settings),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(settings_that_need_others_say_so),
        cmocka_unit_test(show_reads_back),
        cmocka_unit_test(what_is_named_in_vain_is_said),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
