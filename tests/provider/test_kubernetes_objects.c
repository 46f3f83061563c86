/* Objects of an API server as records: absent fields are harmless, wrong ones are named; quantities,
 * schedules, the words for places. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "provider/kube_view.h"
#include "provider/kubernetes/places.h"
#include "provider/kubernetes/records.h"
#include "provider/kubernetes/scene.h"

static bool decode(enum k8s_kind kind, const char *text, struct k8s_object **out, struct ncm_err *err)
{
    struct ncm_doc *doc;
    char *json = ncm_strdup(text);
    for (char *p = json; *p != '\0'; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    if (!ncm_json_parse("test", json, strlen(json), &doc, err)) {
        fail_msg("%s: %s", err->what, json);
    }
    bool ok = k8s_object_decode(kind, ncm_doc_root(doc), out, err);
    ncm_doc_free(doc);
    ncm_free(json);
    return ok;
}

static void wrong_types(void **state)
{
#define META "'metadata':{'name':'x','namespace':'ml'}"
    static const struct {
        enum k8s_kind kind;
        const char *text, *says;
    } rows[] = {
        {K8S_DEPLOYMENT, "[]", "the cluster sent a Deployment that is no object"},
        {K8S_DEPLOYMENT, "{'metadata':{}}", "the cluster sent a Deployment without a name"},
        {K8S_DEPLOYMENT, "{" META ",'spec':{'replicas':'3'}}",
         "Deployment ml/x: spec.replicas: expected a whole number"},
        {K8S_DEPLOYMENT, "{" META ",'spec':{'replicas':-1}}",
         "Deployment ml/x: spec.replicas: expected a number from 0 to 2147483647"},
        {K8S_DEPLOYMENT, "{" META ",'spec':{'replicas':99999999999}}",
         "Deployment ml/x: spec.replicas: expected a number from 0 to 2147483647"},
        {K8S_DEPLOYMENT, "{" META ",'spec':{'paused':'yes'}}",
         "Deployment ml/x: spec.paused: expected true or false"},
        {K8S_DEPLOYMENT, "{" META ",'status':[]}", "Deployment ml/x: status: expected an object"},
        {K8S_DEPLOYMENT, "{" META ",'status':{'conditions':[7]}}",
         "Deployment ml/x: status.conditions.[]: expected an object"},
        {K8S_DEPLOYMENT,
         "{" META ",'spec':{'template':{'spec':{'containers':[{'env':[{'name':3}]}]}}}}",
         "Deployment ml/x: spec.template.spec.containers.env.name: expected a text"},
        {K8S_POD, "{'metadata':{'name':'x','labels':{'a':1}}}",
         "Pod /x: metadata.labels.a: expected a text"},
        {K8S_POD, "{" META ",'status':{'containerStatuses':[{'restartCount':'7'}]}}",
         "Pod ml/x: status.containerStatuses.restartCount: expected a whole number"},
        {K8S_EVENT, "{" META ",'lastTimestamp':12}", "Event ml/x: lastTimestamp: expected a time"},
        {K8S_USAGE, "{" META ",'containers':[{'usage':{'cpu':[]}}]}",
         "PodMetrics ml/x: containers.usage.cpu: expected a quantity"},
        {K8S_INFERENCESERVICE, "{" META ",'spec':{'predictor':{'model':'x'}}}",
         "InferenceService ml/x: spec.predictor.model: expected an object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct k8s_object *o = NULL;
        struct ncm_err err;
        assert_false(decode(rows[i].kind, rows[i].text, &o, &err));
        assert_string_equal(err.what, rows[i].says);
        assert_int_equal(err.code, NCM_INVALID_DATA);
    }
}

/* An object of any kind that has nothing but its name is understood, and the builder takes it. */
static void absent_fields(void **state)
{
    static const char *const texts[] = {
        "{'metadata':{'name':'x'}}",
        "{'metadata':{'name':'y','namespace':'ml','uid':'u'},'spec':{},'status':{}}",
        "{'metadata':{'name':'z','labels':null,'annotations':null,'ownerReferences':[]},'spec':null,"
        "'status':null}",
        "{'metadata':{'name':'w','uid':'u'},'spec':{'replicas':3,'template':{},'selector':{},"
        "'predictor':{},'metrics':[{'type':''}],'jobTemplate':{}},'status':{'conditions':[{}],"
        "'containerStatuses':[{}],'components':{'predictor':{'traffic':[{}]}}},'endpoints':[{}],"
        "'containers':[{}]}",
    };
    (void)state;
    struct kube *k = kube_new("2026-11-21T06:00:00Z");
    for (size_t kind = 0; kind < K8S_N_KINDS; kind++) {
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
            kube_put(k, (enum k8s_kind)kind, texts[i]);
        }
    }
    kube_build(k);
    assert_int_equal(k->now->n, 5 * 4);
    kube_free(k);
}

static void secrets_stay_out(void **state)
{
    (void)state;
    struct k8s_object *o;
    struct ncm_err err;
    assert_true(decode(
        K8S_DEPLOYMENT,
        "{" META ",'spec':{'template':{'spec':{'containers':[{'name':'c','env':["
        "{'name':'DB_PASSWORD','value':'geheim'},{'name':'STORE','value':'s3://key:geheim@h/churn/7'},"
        "{'name':'MODEL_URI','value':'models:/churn/7'}],"
        "'args':['--token=geheim','--model=models:/churn/7']}]}}}}",
        &o, &err));
    const struct k8s_workload *w = (const void *)o;
    const struct k8s_container *c = &w->template.containers[0];
    assert_int_equal(c->n_env, 1);
    assert_string_equal(c->env[0].key.p, "MODEL_URI");
    assert_int_equal(c->n_args, 2);
    assert_string_equal(c->args[0].p, "");
    k8s_object_drop(k8s_object_share(o));
    k8s_object_drop(o);
}

static void times_of_events(void **state)
{
    static const char *const rows[][2] = {
        {"'lastTimestamp':'2026-11-21T05:00:00Z','eventTime':'2026-11-21T06:00:00Z'", "05:00"},
        {"'lastTimestamp':null,'firstTimestamp':null,'eventTime':'2026-11-21T06:00:00.123456Z'", "06:00"},
        {"'firstTimestamp':'2026-11-21T07:00:00Z'", "07:00"},
        {"'eventTime':null", "04:00"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512], iso[64];
        struct k8s_object *o;
        struct ncm_err err;
        snprintf(text, sizeof text,
                 "{'metadata':{'name':'x','creationTimestamp':'2026-11-21T04:00:00Z'},%s}", rows[i][0]);
        assert_true(decode(K8S_EVENT, text, &o, &err));
        ncm_fmt_iso(iso, sizeof iso, ((const struct k8s_event *)(const void *)o)->it.time_ms);
        assert_non_null(strstr(iso, rows[i][1]));
        k8s_object_drop(o);
    }
}

static void quantities(void **state)
{
    static const struct {
        const char *text;
        double is;
    } rows[] = {
        {"12345678n", 0.012345678}, {"250m", 0.25},         {"1", 1},        {"0", 0},
        {"128Mi", 134217728},       {"131072Ki", 134217728}, {"1e3", 1000},  {"1E3", 1000},
        {"1E", 1e18},               {"2Ei", 2 * 0x1p60},     {"1.5Gi", 1610612736},
        {"100u", 1e-4},             {"3k", 3000},            {"5M", 5e6},    {"-2", -2},
    };
    static const char *const none[] = {"", "m", "Mi", "1i", "1Xi", "inf", "nan", "0x10", "1 Gi", "1KiKi",
                                       "12345678901234567890123456789012345678901234567890123456789012345"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double v = k8s_quantity(rows[i].text);
        print_message("%s\n", rows[i].text);
        assert_true(fabs(v - rows[i].is) <= 1e-12 * fabs(rows[i].is));
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        print_message("'%s'\n", none[i]);
        assert_true(isnan(k8s_quantity(none[i])));
    }
}

static void schedules(void **state)
{
    static const char *const rows[][3] = {
        {"30 2 * * *", "2026-11-21T02:30:00Z", "2026-11-22T02:30:00Z"},
        {"30 2 * * *", "2026-11-21T02:29:59Z", "2026-11-21T02:30:00Z"},
        {"*/15 * * * *", "2026-11-21T23:50:00Z", "2026-11-22T00:00:00Z"},
        {"@hourly", "2026-11-21T10:05:00Z", "2026-11-21T11:00:00Z"},
        {"0 0 1 jan *", "2026-11-21T10:05:00Z", "2027-01-01T00:00:00Z"},
        {"0 6 * * mon-fri", "2026-11-20T07:00:00Z", "2026-11-23T06:00:00Z"}, /* a Friday */
        {"0 6 * * 7", "2026-11-20T07:00:00Z", "2026-11-22T06:00:00Z"},
        {"0 0 29 2 *", "2026-11-21T00:00:00Z", "2028-02-29T00:00:00Z"},
        {"0 0 13 * 5", "2026-11-21T00:00:00Z", "2026-11-27T00:00:00Z"}, /* either */
        {"0 0 */2 * 1", "2026-11-21T00:00:00Z", "2026-11-23T00:00:00Z"},
        {"5,10 1-2/1 * * *", "2026-11-21T01:07:00Z", "2026-11-21T01:10:00Z"},
        {"0 0 30 2 *", "2026-11-21T00:00:00Z", NULL},
        {"61 * * * *", "2026-11-21T00:00:00Z", NULL},
        {"* * * *", "2026-11-21T00:00:00Z", NULL},
        {"* * * * * *", "2026-11-21T00:00:00Z", NULL},
        {"5-1 * * * *", "2026-11-21T00:00:00Z", NULL},
        {"", "2026-11-21T00:00:00Z", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t from, is = NCM_NO_TIME;
        assert_true(ncm_parse_time(rows[i][1], 0, &from));
        assert_true(rows[i][2] == NULL || ncm_parse_time(rows[i][2], 0, &is));
        print_message("%s\n", rows[i][0]);
        assert_int_equal(k8s_cron_next(rows[i][0], NULL, from), is);
    }
    assert_int_equal(k8s_cron_next("0 0 * * *", "Asia/Seoul", 0), NCM_NO_TIME);
    assert_int_equal(k8s_cron_next("0 0 * * *", "Etc/UTC", 0), 86400000);
}

static void places(void **state)
{
    static const char *const words[] = {
        "label ncmlops/model-version",
        "annotation ncmlops/model",
        "label ncmlops/model-version of the workload",
        "annotation x of the workload",
        "image of container server",
        "image of init container storage-initializer",
        "env MODEL_URI of container server",
        "env A of container of container server",
        "arg 1 of container server",
        "command 3 of init container load",
        "storageUri",
        "storageUri of sklearn",
    };
    static const char *const none[] = {"",      "label ",      "env X",       "arg 0 of container c",
                                       "arg x of container c", "image",       "image of container ",
                                       "image of pod c",       "storageUris", "env  of container c",
                                       "somewhere"};
    struct k8s_place p;
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        print_message("%s\n", words[i]);
        assert_true(k8s_place_of(words[i], &p));
        char *again = k8s_place_where(&p);
        assert_string_equal(again, words[i]);
        ncm_free(again);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        print_message("'%s'\n", none[i]);
        assert_false(k8s_place_of(none[i], &p));
    }
    assert_true(k8s_place_of("env MODEL_URI of init container load", &p));
    assert_int_equal(p.kind, K8S_PLACE_ENV);
    assert_true(p.init);
    assert_string_equal(p.key, "MODEL_URI");
    assert_string_equal(p.container, "load");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_types),      cmocka_unit_test(absent_fields),
        cmocka_unit_test(secrets_stay_out), cmocka_unit_test(times_of_events),
        cmocka_unit_test(quantities),       cmocka_unit_test(schedules),
        cmocka_unit_test(places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
