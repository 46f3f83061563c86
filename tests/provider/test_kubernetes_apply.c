/* Changes of a cluster's objects against recorded ones: what is sent, what is compared, what is said
 * where it is refused, moved or lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "io/node.h"
#include "provider/fake_mlflow.h"
#include "provider/kubernetes/apply.h"
#include "provider/mark.h"

#define DEPLOYMENTS "/apis/apps/v1/namespaces/ml-prod/deployments/"
#define REPLICASETS "/apis/apps/v1/namespaces/ml-prod/replicasets"
#define FRAUD       "seoul/ml-prod/fraud"
#define CHURN       "seoul/ml-prod/churn"
#define OLD         "fraud-6b6784869c"
#define NEW         "fraud-79bdb44d6d"

static struct k8s_login login;
static struct k8s_client *client;
static struct ncm_changes changes;
static struct ncm_receipt receipt;
static struct ncm_err err;
static struct ncm_doc *sent;

static const char *recorded(const char *file)
{
    static char texts[4][8192];
    static size_t next;
    char path[256];
    char *out = texts[next++ % 4];
    snprintf(path, sizeof path, "tests/fixtures/kubernetes_apply/%s.json", file);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        fail_msg("%s is missing", path);
        return "";
    }
    size_t n = fread(out, 1, sizeof texts[0] - 1, f);
    out[n] = '\0';
    fclose(f);
    return out;
}

/* ' for " where the text begins so. */
static void rule(struct mlf_rule r)
{
    char *text = ncm_strdup(r.text);
    for (char *p = text; strncmp(r.text, "{'", 2) == 0 && *p != '\0'; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    r.text = text;
    mlf_rule(r);
    ncm_free(text);
}

static void says(const char *on, int status, const char *text)
{
    rule((struct mlf_rule){.on = on, .status = status, .text = text});
}

static int fresh(void **state)
{
    mlf_fresh(state);
    mlf_done(state);
    login.server = ncm_strdup(mlf_url());
    login.ns = ncm_strdup("ml-prod");
    login.where = ncm_strdup("context seoul");
    if (!k8s_client_open(&login, NULL, &client, &err)) {
        print_error("%s\n", err.what);
        return 1;
    }
    ncm_changes_init(&changes);
    says("GET " REPLICASETS "/" OLD, 200, recorded("fraud_old"));
    says("GET " REPLICASETS "\\?", 200, recorded("fraud_replicasets"));
    return 0;
}

static int done(void **state)
{
    (void)state;
    k8s_client_close(client);
    k8s_login_release(&login);
    ncm_changes_release(&changes);
    ncm_doc_free(sent);
    sent = NULL;
    return 0;
}

static void wants(enum ncm_change_kind kind, const char *object, const char *version,
                  const char *key, const char *from, const char *to)
{
    ncm_changes_add(&changes, kind, object, version, key, from, to);
}

static void none(void)
{
    ncm_changes_release(&changes);
    ncm_changes_init(&changes);
}

static bool apply(void)
{
    static const struct ncm_mark mark = {
        .audit_id = "0abc", .actor = "alice", .reason = "it burns"};
    struct ncm_control control = {0};
    err = (struct ncm_err){0};
    return k8s_changes_apply(client, &changes, &mark, &control, &receipt, &err);
}

static void applies(void)
{
    if (!apply()) {
        fail_msg("%s (%s)", err.what, err.detail);
    }
}

/* The operation on a path in the last patch; NULL where it has none. */
static const struct ncm_node *op(const char *path)
{
    const char *text = mlf_last("PATCH");
    ncm_doc_free(sent);
    sent = NULL;
    assert_true(ncm_json_parse("patch", text, strlen(text), &sent, &err));
    const struct ncm_node *ops = ncm_doc_root(sent);
    for (size_t i = 0; i < ops->n; i++) {
        if (strcmp(ncm_node_str(&ops->items[i], "path", ""), path) == 0) {
            return &ops->items[i];
        }
    }
    return NULL;
}

static void op_is(const char *path, const char *verb, const char *value)
{
    const struct ncm_node *o = op(path);
    if (o == NULL) {
        fail_msg("nothing about %s in %s", path, mlf_last("PATCH"));
        return;
    }
    assert_string_equal(ncm_node_str(o, "op", ""), verb);
    assert_string_equal(ncm_node_str(o, "value", ""), value);
}

/* ---- what is sent ---------------------------------------------------------------------------- */

static void scaling_is_guarded_and_signed(void **state)
{
    (void)state;
    says("GET " DEPLOYMENTS "churn", 200, recorded("churn"));
    says("PATCH", 200, recorded("churn"));
    wants(NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NULL, "3", "5");
    applies();
    assert_int_equal(mlf_count("PATCH"), 1);
    assert_int_equal(mlf_count("PATCH " DEPLOYMENTS "churn.fieldManager=ncmlops "), 1);
    op_is("/metadata/resourceVersion", "test", "1088");
    assert_int_equal(ncm_node_i64(op("/spec/replicas"), "value", 0), 5);
    const struct ncm_node *mark = op("/metadata/annotations/ncmlops~1transition");
    assert_non_null(mark);
    const char *text = ncm_node_str(mark, "value", "");
    assert_non_null(strstr(text, "\"id\":\"0abc\""));
    assert_non_null(strstr(text, "\"reason\":\"it burns\""));
    assert_false(receipt.partial);
}

static void a_version_is_one_patch_of_all_places(void **state)
{
    (void)state;
    says("GET " DEPLOYMENTS "churn", 200, recorded("churn"));
    says("PATCH", 200, recorded("churn"));
    wants(NCM_CH_DEPLOY_VERSION, CHURN, "Deployment", "label ncmlops/model-version", "7", "8");
    wants(NCM_CH_DEPLOY_VERSION, CHURN, "Deployment", "env MODEL_URI of container server",
          "models:/churn/7", "models:/churn/8");
    wants(NCM_CH_DEPLOY_VERSION, CHURN, "Deployment", "image of container server",
          "registry.example.com/models/churn:7", "registry.example.com/models/churn:8");
    applies();
    assert_int_equal(mlf_count("PATCH"), 1);
    op_is("/spec/template/metadata/labels/ncmlops~1model-version", "replace", "8");
    op_is("/spec/template/spec/containers/0/env/0/value", "replace", "models:/churn/8");
    op_is("/spec/template/spec/containers/0/image", "replace",
          "registry.example.com/models/churn:8");
    op_is("/metadata/annotations/kubernetes.io~1change-cause", "replace", "models:/churn/8");
}

static void a_place_that_is_gone_is_no_place(void **state)
{
    (void)state;
    says("GET " DEPLOYMENTS "churn", 200, recorded("churn"));
    wants(NCM_CH_DEPLOY_VERSION, CHURN, "Deployment", "image of container other", "x:7", "x:8");
    assert_false(apply());
    assert_int_equal(err.code, NCM_CONFLICT);
    assert_int_equal(mlf_count("PATCH"), 0);
}

static void a_rollback_takes_the_template_without_its_hash(void **state)
{
    (void)state;
    says("GET " DEPLOYMENTS "fraud", 200, recorded("fraud"));
    says("PATCH", 200, recorded("fraud"));
    wants(NCM_CH_DEPLOY_REVISION, FRAUD, "Deployment", NULL, NEW, OLD);
    applies();
    const struct ncm_node *template = ncm_node_get(op("/spec/template"), "value");
    assert_non_null(template);
    const struct ncm_node *labels = ncm_node_get(ncm_node_get(template, "metadata"), "labels");
    assert_string_equal(ncm_node_str(labels, "ncmlops/model-version", ""), "3");
    assert_null(ncm_node_get(labels, "pod-template-hash"));
    op_is("/metadata/annotations/kubernetes.io~1change-cause", "replace", "models:/fraud/3");
}

static void restart_pause_selector_and_traffic(void **state)
{
    (void)state;
    says("GET " DEPLOYMENTS "churn", 200, recorded("churn"));
    says("GET /api/v1/namespaces/ml-prod/services/price", 200, recorded("price"));
    says("GET /apis/serving", 200,
         "{'metadata':{'name':'fraud','resourceVersion':'9'},'spec':{'predictor':{'model':{"
         "'storageUri':'models:/fraud/12'},'canaryTrafficPercent':10}}}");
    says("PATCH", 200, "{}");
    wants(NCM_CH_DEPLOY_RESTART, CHURN, "Deployment", NULL, NULL, "2026-11-21T05:25:48Z");
    applies();
    op_is("/spec/template/metadata/annotations", "add", "");
    op_is("/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt", "add",
          "2026-11-21T05:25:48Z");
    none();
    wants(NCM_CH_DEPLOY_PAUSE, CHURN, "Deployment", NULL, "running", "paused");
    applies();
    assert_true(ncm_node_get(op("/spec/paused"), "value")->boolean);
    none();
    wants(NCM_CH_DEPLOY_SELECTOR, "seoul/ml-prod/price", "Service", "color", "blue", "green");
    applies();
    op_is("/spec/selector/color", "replace", "green");
    none();
    wants(NCM_CH_DEPLOY_TRAFFIC, FRAUD, "InferenceService", "fraud-predictor-00005", "10", "30");
    applies();
    assert_int_equal(ncm_node_i64(op("/spec/predictor/canaryTrafficPercent"), "value", 0), 30);
    none();
    wants(NCM_CH_DEPLOY_TRAFFIC, FRAUD, "InferenceService", "fraud-predictor-00005", "10", NULL);
    applies();
    op_is("/spec/predictor/canaryTrafficPercent", "remove", "");
    none();
    wants(NCM_CH_DEPLOY_VERSION, FRAUD, "InferenceService", "storageUri", "models:/fraud/12",
          "models:/fraud/13");
    applies();
    op_is("/spec/predictor/model/storageUri", "replace", "models:/fraud/13");
}

/* ---- what is there --------------------------------------------------------------------------- */

static void present_is(enum ncm_change_kind kind, const char *object, const char *version,
                       const char *key, const char *expected)
{
    struct ncm_changes one;
    char *value = NULL;
    ncm_changes_init(&one);
    ncm_changes_add(&one, kind, object, version, key, NULL, NULL);
    if (!k8s_change_present(client, &one.items[0], &value, &err)) {
        fail_msg("%s", err.what);
    }
    assert_true(ncm_change_same(value, expected));
    ncm_free(value);
    ncm_changes_release(&one);
}

static void what_is_there_is_read_from_the_object(void **state)
{
    (void)state;
    says("GET " DEPLOYMENTS "churn", 200, recorded("churn"));
    says("GET " DEPLOYMENTS "fraud", 200, recorded("fraud"));
    says("GET /api/v1/namespaces/ml-prod/services/price", 200, recorded("price"));
    says("GET /apis/autoscaling/v2/", 200, recorded("hpa"));
    present_is(NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NULL, "3");
    present_is(NCM_CH_DEPLOY_SCALE, CHURN, "HorizontalPodAutoscaler", NULL, "2");
    present_is(NCM_CH_DEPLOY_PAUSE, CHURN, "Deployment", NULL, "running");
    present_is(NCM_CH_DEPLOY_RESTART, CHURN, "Deployment", NULL, NULL);
    present_is(NCM_CH_DEPLOY_REVISION, FRAUD, "Deployment", NULL, NEW);
    present_is(NCM_CH_DEPLOY_VERSION, CHURN, "Deployment", "image of container server",
               "registry.example.com/models/churn:7");
    present_is(NCM_CH_DEPLOY_VERSION, CHURN, "Deployment",
               "label ncmlops/model-version of the workload", "7");
    present_is(NCM_CH_DEPLOY_SELECTOR, "seoul/ml-prod/price", "Service", "color", "blue");
    present_is(NCM_CH_DEPLOY_SELECTOR, "seoul/ml-prod/price", "Service", NULL,
               "color=blue,ncmlops/model=price");
    present_is(NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NCM_MARK_DEPLOY, NULL);
}

static void names_that_would_be_paths_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"seoul/ml-prod/../x", "seoul/ml-prod/a?b", "seoul/ml-prod/",
                                      "churn", "seoul//churn", "seoul/ML/churn"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ncm_changes one;
        char *value = NULL;
        ncm_changes_init(&one);
        ncm_changes_add(&one, NCM_CH_DEPLOY_SCALE, bad[i], "Deployment", NULL, NULL, NULL);
        assert_false(k8s_change_present(client, &one.items[0], &value, &err));
        assert_int_equal(err.code, NCM_USAGE);
        ncm_changes_release(&one);
    }
}

/* ---- what stands against it ------------------------------------------------------------------ */

#define STATUS(code, reason, message)                                                              \
    "{'kind':'Status','apiVersion':'v1','metadata':{},'status':'Failure','message':'" message      \
    "','reason':'" reason "','code':" code "}"
#define TEST_FAILED                                                                                \
    STATUS("422", "Invalid", "the server rejected our request due to an error in our request")

static void what_moved_is_a_conflict_of_two_states(void **state)
{
    (void)state;
    says("GET " DEPLOYMENTS "churn", 200, recorded("churn"));
    wants(NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NULL, "4", "5");
    assert_false(apply());
    assert_int_equal(err.code, NCM_CONFLICT);
    assert_non_null(strstr(err.what, "'4'"));
    assert_non_null(strstr(err.what, "'3'"));
    assert_int_equal(mlf_count("PATCH"), 0);
    assert_false(receipt.partial);
}

static void what_moved_elsewhere_is_tried_again(void **state)
{
    (void)state;
    static char moved[8192];
    snprintf(moved, sizeof moved, "%s", recorded("churn"));
    memcpy(strstr(moved, "\"1088\""), "\"1099\"", 6);
    rule((struct mlf_rule){.on = "GET " DEPLOYMENTS "churn", .text = recorded("churn"),
                               .times = 1});
    rule((struct mlf_rule){.on = "GET " DEPLOYMENTS "churn", .text = moved});
    rule((struct mlf_rule){.on = "PATCH", .status = 422, .text = TEST_FAILED, .times = 1});
    says("PATCH", 200, recorded("churn"));
    wants(NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NULL, "3", "5");
    applies();
    assert_int_equal(mlf_count("PATCH"), 2);
    op_is("/metadata/resourceVersion", "test", "1099");
}

static void what_the_server_does_not_like_it_says(void **state)
{
    (void)state;
    says("GET " DEPLOYMENTS "churn", 200, recorded("churn"));
    says("PATCH", 422, STATUS("422", "Invalid", "spec.replicas: must be less than 4"));
    wants(NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NULL, "3", "5");
    assert_false(apply());
    assert_int_equal(err.code, NCM_REFUSED);
    assert_non_null(strstr(err.what, "must be less than 4"));
    assert_int_equal(mlf_count("PATCH"), 1);
}

static void who_may_only_scale_does_so(void **state)
{
    (void)state;
    says("GET " DEPLOYMENTS "churn", 200, recorded("churn"));
    says("PATCH " DEPLOYMENTS "churn/scale", 200, "{}");
    says("PATCH", 403, STATUS("403", "Forbidden", "may not"));
    wants(NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NULL, "3", "5");
    applies();
    assert_int_equal(mlf_count("PATCH " DEPLOYMENTS "churn/scale"), 1);
    assert_null(op("/metadata/annotations/ncmlops~1transition"));
}

/* ---- two at once ----------------------------------------------------------------------------- */

static void both_are_compared_before_one_is_written(void **state)
{
    (void)state;
    says("GET " DEPLOYMENTS "churn", 200, recorded("churn"));
    says("GET " DEPLOYMENTS "fraud", 200, recorded("fraud"));
    wants(NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NULL, "3", "5");
    wants(NCM_CH_DEPLOY_SCALE, FRAUD, "Deployment", NULL, "9", "1");
    assert_false(apply());
    assert_int_equal(err.code, NCM_CONFLICT);
    assert_int_equal(mlf_count("PATCH"), 0);
}

static void the_first_is_taken_back_where_the_second_fails(void **state)
{
    (void)state;
    static char scaled[8192];
    snprintf(scaled, sizeof scaled, "%s", recorded("churn"));
    strstr(scaled, "\"replicas\":3")[11] = '5';
    rule((struct mlf_rule){.on = "GET " DEPLOYMENTS "churn", .text = recorded("churn"),
                               .times = 2});
    says("GET " DEPLOYMENTS "churn", 200, scaled);
    says("GET " DEPLOYMENTS "fraud", 200, recorded("fraud"));
    says("PATCH " DEPLOYMENTS "churn", 200, "{}");
    says("PATCH " DEPLOYMENTS "fraud", 403, STATUS("403", "Forbidden", "exceeded quota"));
    wants(NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NULL, "3", "5");
    wants(NCM_CH_DEPLOY_SCALE, FRAUD, "Deployment", NULL, "3", "1");
    assert_false(apply());
    assert_int_equal(err.code, NCM_FORBIDDEN);
    assert_false(receipt.partial);
    assert_int_equal(mlf_count("PATCH " DEPLOYMENTS "churn"), 2);
    assert_int_equal(ncm_node_i64(op("/spec/replicas"), "value", 0), 3);
}

static void what_cannot_be_taken_back_is_said(void **state)
{
    (void)state;
    says("GET " DEPLOYMENTS "churn", 200, recorded("churn")); /* somebody put it back to 3 */
    says("GET " DEPLOYMENTS "fraud", 200, recorded("fraud"));
    says("PATCH " DEPLOYMENTS "churn", 200, "{}");
    says("PATCH " DEPLOYMENTS "fraud", 403, STATUS("403", "Forbidden", "exceeded quota"));
    wants(NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NULL, "3", "5");
    wants(NCM_CH_DEPLOY_SCALE, FRAUD, "Deployment", NULL, "3", "1");
    assert_false(apply());
    assert_true(receipt.partial);
    assert_non_null(strstr(err.hint, CHURN));
}

static void a_lost_answer_is_settled_by_our_note(void **state)
{
    (void)state;
    static char noted[8192];
    snprintf(noted, sizeof noted, "%s", recorded("churn"));
    char *at = strstr(noted, "\"annotations\":{");
    char rest[8192];
    snprintf(rest, sizeof rest, "%s", at + 15);
    snprintf(at + 15, sizeof noted - (size_t)(at + 15 - noted),
             "\"ncmlops/transition\":\"{\\\"id\\\":\\\"0abc\\\"}\",%s", rest);
    rule((struct mlf_rule){.on = "GET " DEPLOYMENTS "churn", .text = recorded("churn"),
                               .times = 1});
    says("GET " DEPLOYMENTS "churn", 200, noted);
    says("PATCH", 504, STATUS("504", "Timeout", "the server was too slow"));
    wants(NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NULL, "3", "5");
    applies();
    present_is(NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NCM_MARK_DEPLOY, "0abc");
}

static void a_lost_answer_without_it_stays_open(void **state)
{
    (void)state;
    says("GET " DEPLOYMENTS "churn", 200, recorded("churn"));
    says("PATCH", 504, STATUS("504", "Timeout", "the server was too slow"));
    wants(NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NULL, "3", "5");
    assert_false(apply());
    assert_true(receipt.partial);
    assert_non_null(strstr(err.hint, CHURN));
}

/* ---- whether it would be taken --------------------------------------------------------------- */

#define REVIEW(yes)                                                                                \
    "{'kind':'SelfSubjectAccessReview','apiVersion':'authorization.k8s.io/v1','status':{"          \
    "'allowed':" yes "}}"

static void a_missing_right_is_named(void **state)
{
    (void)state;
    says("POST .*selfsubjectaccessreviews", 201, REVIEW("false"));
    says("POST .*selfsubjectreviews", 201, "{'status':{'userInfo':{'username':'viewer'}}}");
    says("GET " DEPLOYMENTS "churn", 200, recorded("churn"));
    wants(NCM_CH_DEPLOY_PAUSE, CHURN, "Deployment", NULL, "running", "paused");
    assert_false(k8s_changes_check(client, &changes, &err));
    assert_int_equal(err.code, NCM_FORBIDDEN);
    assert_string_equal(err.what, "viewer may not change deployments in namespace ml-prod");
    assert_non_null(strstr(err.hint, "patch deployments.apps"));
    assert_int_equal(mlf_count("PATCH"), 0);
}

static void what_is_allowed_is_tried_dry(void **state)
{
    (void)state;
    says("POST .*selfsubjectaccessreviews", 201, REVIEW("true"));
    says("GET " DEPLOYMENTS "churn", 200, recorded("churn"));
    rule((struct mlf_rule){.on = "PATCH", .text = recorded("churn"), .times = 1});
    says("PATCH", 403, STATUS("403", "Forbidden", "exceeded quota: pods=3, limited: pods=3"));
    wants(NCM_CH_DEPLOY_SCALE, CHURN, "Deployment", NULL, "3", "5");
    assert_true(k8s_changes_check(client, &changes, &err));
    assert_int_equal(mlf_count("PATCH .*dryRun=All"), 1);
    assert_null(op("/metadata/annotations/ncmlops~1transition"));
    none();
    wants(NCM_CH_DEPLOY_PAUSE, CHURN, "Deployment", NULL, "running", "paused");
    assert_false(k8s_changes_check(client, &changes, &err));
    assert_int_equal(err.code, NCM_FORBIDDEN);
    assert_non_null(strstr(err.what, "exceeded quota"));
    assert_int_equal(mlf_count("PATCH .*dryRun=All"), mlf_count("PATCH"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
        T(scaling_is_guarded_and_signed),
        T(a_version_is_one_patch_of_all_places),
        T(a_place_that_is_gone_is_no_place),
        T(a_rollback_takes_the_template_without_its_hash),
        T(restart_pause_selector_and_traffic),
        T(what_is_there_is_read_from_the_object),
        T(names_that_would_be_paths_are_refused),
        T(what_moved_is_a_conflict_of_two_states),
        T(what_moved_elsewhere_is_tried_again),
        T(what_the_server_does_not_like_it_says),
        T(who_may_only_scale_does_so),
        T(both_are_compared_before_one_is_written),
        T(the_first_is_taken_back_where_the_second_fails),
        T(what_cannot_be_taken_back_is_said),
        T(a_lost_answer_is_settled_by_our_note),
        T(a_lost_answer_without_it_stays_open),
        T(a_missing_right_is_named),
        T(what_is_allowed_is_tried_dry),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
