/* A session's sources of deployments: as the configuration names them, as the kubeconfig offers
 * them, and without a tracking store. Nothing here is contacted. */
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

#include "engine/internal.h"
#include "ops/deploy/attach.h"
#include "ops/open.h"
#include "provider/endpoint/endpoint.h"
#include "provider/kubernetes/kubernetes.h"

static char folder[] = "/tmp/ncm-deploy-attach-XXXXXX";
static char config[64], kubeconfig[64], state[64];

static void put(const char *file, const char *text)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(file, 0600), 0);
}

static const char contexts[] =
    "contexts:\n"
    "  both:\n"
    "    protect: true\n"
    "    metrics: {url: \"http://127.0.0.1:1\"}\n"
    "    deployments:\n"
    "      - {type: http, name: a, url: \"http://127.0.0.1:1\", protocol: oip, model: m, every: "
    "5s}\n"
    "      - {type: kubernetes, name: seoul, namespaces: [ml, eu], selector: x=y, probe: yes}\n"
    "      - {type: http, name: b, url: \"http://127.0.0.1:2\", management: "
    "\"http://127.0.0.1:3\"}\n"
    "      - {type: kubernetes, name: busan, read-only: yes}\n"
    "  alone: {}\n"
    "  stored:\n"
    "    tracking: {uri: runs.db}\n";

static const char cluster[] =
    "apiVersion: v1\n"
    "kind: Config\n"
    "current-context: \"arn:aws:eks:kr:1:cluster/prod\"\n"
    "contexts:\n"
    "- {name: \"arn:aws:eks:kr:1:cluster/prod\", context: {cluster: c, user: u}}\n"
    "clusters:\n"
    "- {name: c, cluster: {server: \"http://127.0.0.1:1\"}}\n"
    "users:\n"
    "- {name: u, user: {token: hush}}\n";

static struct ncm_session *open_with(const char *context, enum ncm_need need)
{
    const struct ncm_session_options o = {.config = config, .context = context, .need = need};
    struct ncm_session *s = NULL;
    struct ncm_err err = {0};
    if (!ncm_session_open(&o, &s, &err)) {
        fail_msg("%s", err.what);
    }
    return s;
}

static const char *answers(struct ncm_session *s, enum ncm_topic topic, const char *id)
{
    struct ncm_query *q = ncm_query_new(topic);
    q->id = ncm_strdup(id);
    struct ncm_session *who = ncm_session_for(s, q);
    ncm_query_free(q);
    return who == s ? "store" : ncm_session_why(who);
}

static void each_cluster_is_a_source_and_all_endpoints_are_one(void **test)
{
    (void)test;
    size_t n;
    struct ncm_session *s = open_with("both", NCM_NEED_SOURCE);
    const struct ncm_deploy_about *about = ncm_deploy_sources(s, &n);
    assert_int_equal(n, 3);
    assert_string_equal(about[0].name, "seoul");
    assert_string_equal(about[1].name, "busan");
    assert_string_equal(about[2].name, "http");
    assert_string_equal(about[2].location, "2 endpoints");
    assert_false(about[0].offered || about[0].read_only || about[2].read_only);
    assert_true(about[1].read_only);
    const struct ncm_kubernetes_setup *k = ncm_session_place(ncm_session_side(s, "seoul"))->with;
    assert_string_equal(k->source, "seoul");
    assert_int_equal(k->n_namespaces, 2);
    assert_string_equal(k->namespaces[1], "eu");
    assert_string_equal(k->selector, "x=y");
    assert_true(k->probe);
    const struct ncm_endpoint_setup *e = ncm_session_place(ncm_session_side(s, "http"))->with;
    assert_int_equal(e->n, 2);
    assert_string_equal(e->endpoints[0].name, "a");
    assert_int_equal(e->endpoints[0].probe.protocol, NCM_PROTOCOL_OIP);
    assert_int_equal(e->endpoints[0].every_ms, 5000);
    assert_string_equal(e->endpoints[1].management, "http://127.0.0.1:3");
    assert_int_equal(e->endpoints[1].probe.protocol, NCM_PROTOCOL_AUTO);
    ncm_session_close(s);
}

static void questions_go_to_the_source_that_they_name(void **test)
{
    (void)test;
    struct ncm_session *s = open_with("both", NCM_NEED_SOURCE);
    assert_string_equal(answers(s, NCM_T_DEPLOYMENTS, "seoul"), "seoul");
    assert_string_equal(answers(s, NCM_T_DEPLOYMENTS, "seou"), "store");
    assert_string_equal(answers(s, NCM_T_DEPLOYMENTS, "http"), "http");
    assert_string_equal(answers(s, NCM_T_LOGS, "busan/ml/churn"), "busan");
    assert_string_equal(answers(s, NCM_T_LOGS, "seoul"), "store");
    assert_string_equal(answers(s, NCM_T_LOGS, "http//a"), "http");
    assert_string_equal(answers(s, NCM_T_RATES, NULL), "prometheus");
    assert_true(ncm_deploy_has_rates(s));
    assert_string_equal(ncm_deploy_source_of(s, "busan/ml/churn")->name, "busan");
    assert_string_equal(ncm_deploy_source_of(s, "http//a")->name, "http");
    assert_null(ncm_deploy_source_of(s, "bus/ml/churn"));
    ncm_session_close(s);
}

static void what_is_only_read_stays_locked(void **test)
{
    (void)test;
    struct ncm_session *s = open_with("both", NCM_NEED_SOURCE);
    struct ncm_session *seoul = ncm_session_side(s, "seoul"), *busan = ncm_session_side(s, "busan");
    assert_true(ncm_session_protected(seoul));
    assert_true(ncm_session_locked(seoul) && ncm_session_locked(busan));
    assert_true(ncm_session_set_locked(s, false));
    assert_false(ncm_session_locked(seoul));
    assert_true(ncm_session_locked(busan));
    assert_false(ncm_session_set_locked(busan, false));
    assert_true(ncm_session_read_only(busan) && !ncm_session_read_only(seoul));
    ncm_session_close(s);
}

static void namespaces_of_a_call_go_before(void **test)
{
    (void)test;
    static const char *const all[] = {"*"};
    const struct ncm_session_options o = {.config = config,
                                          .context = "both",
                                          .need = NCM_NEED_NOTHING,
                                          .namespaces = all,
                                          .n_namespaces = 1};
    struct ncm_session *s = NULL;
    struct ncm_err err = {0};
    assert_true(ncm_session_open(&o, &s, &err));
    const struct ncm_kubernetes_setup *k = ncm_session_place(ncm_session_side(s, "seoul"))->with;
    assert_int_equal(k->n_namespaces, 1);
    assert_string_equal(k->namespaces[0], "*");
    ncm_session_close(s);
}

static void the_kubeconfig_is_offered_where_nothing_is_configured(void **test)
{
    (void)test;
    size_t n;
    setenv("KUBECONFIG", kubeconfig, 1);
    struct ncm_session *s = open_with("stored", NCM_NEED_STORE);
    const struct ncm_deploy_about *about = ncm_deploy_sources(s, &n);
    assert_int_equal(n, 1);
    assert_string_equal(about[0].name, "prod");
    assert_non_null(strstr(about[0].location, "arn:aws:eks:kr:1:cluster/prod"));
    assert_true(about[0].offered && about[0].read_only);
    assert_true(ncm_session_read_only(ncm_session_side(s, "prod")));
    assert_false(ncm_session_read_only(s));
    ncm_session_close(s);
    char *offer = ncm_deploy_offer();
    assert_string_equal(offer, "arn:aws:eks:kr:1:cluster/prod");
    ncm_free(offer);

    s = open_with("both", NCM_NEED_SOURCE); /* something is */
    assert_null(ncm_session_side(s, "prod"));
    ncm_session_close(s);
    setenv("KUBECONFIG", "/nonexistent/kubeconfig", 1);
    s = open_with("stored", NCM_NEED_STORE);
    ncm_deploy_sources(s, &n);
    assert_int_equal(n, 0);
    assert_null(ncm_deploy_offer());
    ncm_session_close(s);
}

/* Whether a context opens; *code is why not. */
static bool opens(const char *context, enum ncm_need need, enum ncm_code *code)
{
    const struct ncm_session_options o = {.config = config, .context = context, .need = need};
    struct ncm_session *s = NULL;
    struct ncm_err err = {0};
    bool ok = ncm_session_open(&o, &s, &err);
    *code = err.code;
    ncm_session_close(s);
    return ok;
}

static void a_context_needs_no_store(void **test)
{
    (void)test;
    enum ncm_code code;
    assert_false(opens("both", NCM_NEED_STORE, &code));
    assert_int_equal(code, NCM_USAGE);
    assert_true(opens("both", NCM_NEED_SOURCE, &code));
    assert_false(opens("alone", NCM_NEED_SOURCE, &code));
    assert_int_equal(code, NCM_USAGE);
    assert_true(opens("alone", NCM_NEED_NOTHING, &code));
    assert_false(opens("nobody", NCM_NEED_NOTHING, &code));
    assert_int_equal(code, NCM_NOT_FOUND);
}

static bool asks(struct ncm_session *s, enum ncm_topic topic, struct ncm_err *err)
{
    const void *got;
    struct ncm_query *q = ncm_query_new(topic);
    struct ncm_want *w = ncm_session_want(s, q);
    ncm_query_free(q);
    bool ok = ncm_want_wait(w, &got, err);
    ncm_want_release(w);
    return ok;
}

static void without_a_store_runs_say_so_and_our_own_records_are_there(void **test)
{
    (void)test;
    struct ncm_err err = {0};
    struct ncm_session *s = open_with("both", NCM_NEED_SOURCE);
    assert_true(ncm_session_storeless(s));
    assert_string_equal(ncm_session_location(s), "no store");
    assert_false(asks(s, NCM_T_RUNS, &err));
    assert_int_equal(err.code, NCM_UNSUPPORTED);
    assert_string_equal(err.what, "No tracking store is configured here");
    assert_false(asks(s, NCM_T_MODELS, &err));
    assert_int_equal(err.code, NCM_UNSUPPORTED);
    assert_true(asks(s, NCM_T_STORE, &err));
    assert_true(asks(s, NCM_T_AUDIT, &err));
    char *first = ncm_strdup(ncm_session_state_path(s));
    ncm_session_close(s);
    s = open_with("alone", NCM_NEED_NOTHING); /* another context, another record */
    assert_string_not_equal(first, ncm_session_state_path(s));
    assert_int_equal(strncmp(first, state, strlen(state)), 0);
    ncm_free(first);
    ncm_session_close(s);
}

static int make_folder(void **test)
{
    (void)test;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(config, sizeof config, "%s/config.yaml", folder);
    snprintf(kubeconfig, sizeof kubeconfig, "%s/kubeconfig", folder);
    snprintf(state, sizeof state, "%s/state", folder);
    put(config, contexts);
    put(kubeconfig, cluster);
    setenv("KUBECONFIG", "/nonexistent/kubeconfig", 1);
    setenv("XDG_STATE_HOME", state, 1);
    unsetenv("MLFLOW_TRACKING_URI");
    unsetenv("NCMLOPS_CONTEXT");
    return chdir(folder);
}

static int remove_folder(void **test)
{
    (void)test;
    unlink(config);
    unlink(kubeconfig);
    return chdir("/") + rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cluster_is_a_source_and_all_endpoints_are_one),
        cmocka_unit_test(questions_go_to_the_source_that_they_name),
        cmocka_unit_test(what_is_only_read_stays_locked),
        cmocka_unit_test(namespaces_of_a_call_go_before),
        cmocka_unit_test(the_kubeconfig_is_offered_where_nothing_is_configured),
        cmocka_unit_test(a_context_needs_no_store),
        cmocka_unit_test(without_a_store_runs_say_so_and_our_own_records_are_there),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
