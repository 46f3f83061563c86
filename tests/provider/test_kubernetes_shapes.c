/* Who receives the traffic, Services without anybody behind them, autoscalers, StatefulSets, batch
 * prediction and KServe. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "provider/kube_view.h"

/* ---- traffic --------------------------------------------------------------------------------- */

static void canary(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_build(k);
    const char *split = "search-canary 10 healthy; search-stable 90 stable healthy";
    assert_string_equal(kube_split(kube_get(k, "search-stable")), split);
    assert_string_equal(kube_split(kube_get(k, "search-canary")), split);
    const struct ncm_deployment *d = kube_get(k, "search-stable");
    assert_string_equal(d->traffic_by.p, "replicas");
    assert_string_equal(d->traffic[0].version.p, "31");
    assert_int_equal(d->traffic[1].ready, 9);
    /* Without EndpointSlices the deployments' own numbers. */
    kube_drop(k, K8S_ENDPOINTSLICE, "*");
    k->view.reading[K8S_ENDPOINTSLICE] = K8S_FORBIDDEN;
    kube_build(k);
    assert_string_equal(kube_split(kube_get(k, "search-stable")), split);
    /* The candidate fails: the split says so on both records. */
    kube_patch(k, K8S_DEPLOYMENT, "search-canary",
               "{'status':{'readyReplicas':0,'availableReplicas':0,'conditions':[{'type':'Progressing',"
               "'status':'False','reason':'ProgressDeadlineExceeded'}]}}");
    kube_build(k);
    assert_string_equal(kube_split(kube_get(k, "search-stable")),
                        "search-canary 0 failed; search-stable 100 stable healthy");
    kube_free(k);
}

static void blue_green(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_build(k);
    const char *split = "price-blue 100 stable healthy; price-green 0 healthy";
    assert_string_equal(kube_split(kube_get(k, "price-blue")), split);
    assert_string_equal(kube_split(kube_get(k, "price-green")), split);
    assert_string_equal(kube_get(k, "price-blue")->traffic_by.p, "selector");
    assert_string_equal(kube_get(k, "price-blue")->services.p, "price");
    assert_null(kube_get(k, "price-green")->services.p);
    kube_patch(k, K8S_SERVICE, "price", "{'spec':{'selector':{'color':'green'}}}");
    kube_build(k);
    assert_string_equal(kube_split(kube_get(k, "price-blue")),
                        "price-green 100 stable healthy; price-blue 0 healthy");
    kube_free(k);
}

/* A selector that differs by a word that is no slot makes no pair of two deployments. */
static void not_a_pair(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_patch(k, K8S_DEPLOYMENT, "churn", "{'spec':{'template':{'metadata':{'labels':{'part':'ml'}}}}}");
    kube_patch(k, K8S_DEPLOYMENT, "fraud", "{'spec':{'template':{'metadata':{'labels':{'part':'ml'}}}}}");
    kube_patch(k, K8S_SERVICE, "churn", "{'spec':{'selector':{'part':'ml'}}}");
    kube_build(k);
    assert_int_equal(kube_get(k, "churn")->n_traffic, 0);
    kube_free(k);
}

static void no_endpoint(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_build(k);
    assert_null(kube_finding(kube_get(k, "churn"), "no_endpoint"));
    kube_patch(k, K8S_ENDPOINTSLICE, "churn*", "{'endpoints':[{'addresses':['10.0.0.1'],"
                                               "'conditions':{'ready':false}}]}");
    kube_build(k);
    const struct ncm_deploy_finding *f = kube_finding(kube_get(k, "churn"), "no_endpoint");
    assert_non_null(f);
    assert_int_equal(f->severity, NCM_SEVERITY_CRITICAL);
    assert_ptr_equal(f, kube_get(k, "churn")->findings);
    /* The selector names a colour that nobody has. */
    kube_patch(k, K8S_SERVICE, "price", "{'spec':{'selector':{'color':'grene'}}}");
    kube_patch(k, K8S_ENDPOINTSLICE, "price*", "{'endpoints':null}");
    kube_build(k);
    f = kube_finding(kube_get(k, "price-blue"), "no_endpoint");
    assert_non_null(f);
    assert_non_null(strstr(f->sentence.p, "no deployment has its color"));
    assert_non_null(kube_finding(kube_get(k, "price-green"), "no_endpoint"));
    assert_string_equal(kube_split(kube_get(k, "price-green")),
                        "price-blue 0 stable healthy; price-green 0 healthy");
    kube_free(k);
}

/* ---- autoscaler, usage, owners, images ------------------------------------------------------- */

static void autoscaler(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_build(k);
    const struct ncm_autoscaler *as = &kube_get(k, "churn")->autoscaler;
    assert_true(as->there && as->blind);
    assert_int_equal(as->desired, -1);
    assert_non_null(strstr(as->why.p, "FailedGetResourceMetric"));
    kube_load(k, K8S_HPA, "hpa_scaled_up.json");
    kube_build(k);
    as = &kube_get(k, "churn")->autoscaler;
    assert_false(as->blind);
    assert_true(as->limited);
    assert_int_equal(as->desired, 6);
    assert_string_equal(as->why.p, "cpu 150 % of 60 %: wants more than its most, 6");
    assert_non_null(kube_finding(kube_get(k, "churn"), "hpa_pinned"));
    kube_free(k);
}

static void usage(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_put(k, K8S_USAGE,
             "{'metadata':{'name':'churn-8667484497-2cplw','namespace':'ml-prod'},'containers':["
             "{'name':'server','usage':{'cpu':'149999999n','memory':'131072Ki'}},"
             "{'name':'proxy','usage':{'cpu':'250m','memory':'1Mi'}}]}");
    kube_build(k);
    const struct ncm_replica *r = &kube_get(k, "churn")->replicas[0];
    assert_true(fabs(r->cpu - 0.399999999) < 1e-9);
    assert_true(fabs(r->memory - (131072.0 * 1024 + 1048576)) < 1);
    assert_true(isnan(kube_get(k, "churn")->replicas[1].cpu));
    assert_true(isnan(r->memory_limit));
    kube_load(k, K8S_USAGE, "pod_metrics.json");
    kube_build(k);
    kube_free(k);
}

static void managed(void **state)
{
    static const char *const rows[][2] = {
        {"{'metadata':{'annotations':{'argocd.argoproj.io/tracking-id':'shop:apps/Deployment:ml/x'}}}",
         "Argo CD (app shop)"},
        {"{'metadata':{'annotations':null,'labels':{'kustomize.toolkit.fluxcd.io/name':'apps'}}}",
         "Flux (apps)"},
        {"{'metadata':{'labels':null,'annotations':{'meta.helm.sh/release-name':'serving'}}}",
         "Helm (release serving)"},
    };
    (void)state;
    struct kube *k = kube_demo();
    kube_build(k);
    assert_null(kube_get(k, "churn")->managed_by.p);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kube_patch(k, K8S_DEPLOYMENT, "churn", rows[i][0]);
        kube_build(k);
        assert_string_equal(kube_get(k, "churn")->managed_by.p, rows[i][1]);
        assert_non_null(kube_finding(kube_get(k, "churn"), "managed"));
    }
    kube_free(k);
}

static void mixed_images(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_patch(k, K8S_POD, "churn-8667484497-2cplw",
               "{'status':{'containerStatuses':[{'name':'server','ready':true,"
               "'image':'registry.example.com/models/churn:7','imageID':'example.com/x@sha256:ff',"
               "'state':{'running':{}}}]}}");
    kube_build(k);
    assert_non_null(kube_finding(kube_get(k, "churn"), "mixed_images"));
    kube_free(k);
}

/* ---- StatefulSet ----------------------------------------------------------------------------- */

static void stateful(void **state)
{
    (void)state;
    struct kube *k = kube_new("2026-11-21T06:00:00Z");
    kube_put(k, K8S_STATEFULSET,
             "{'metadata':{'name':'emb','namespace':'ml','uid':'s1','generation':2},'spec':{'replicas':2,"
             "'updateStrategy':{'type':'RollingUpdate'},'template':{'metadata':{'labels':{'app':'emb'}},"
             "'spec':{'containers':[{'name':'server','image':'r/emb:2'}]}}},'status':{"
             "'observedGeneration':2,'replicas':2,'readyReplicas':2,'availableReplicas':2,"
             "'updatedReplicas':2,'currentRevision':'emb-b','updateRevision':'emb-b'}}");
    assert_string_equal(kube_health(k, "emb"), "healthy");
    kube_patch(k, K8S_STATEFULSET, "emb",
               "{'status':{'updatedReplicas':1,'currentRevision':'emb-a','readyReplicas':1}}");
    assert_string_equal(kube_health(k, "emb"), "progressing");
    assert_string_equal(kube_get(k, "emb")->reason.p, "1 of 2 new");
    kube_put(k, K8S_POD,
             "{'metadata':{'name':'emb-1','namespace':'ml','uid':'p1','labels':{"
             "'controller-revision-hash':'emb-b'},'ownerReferences':[{'kind':'StatefulSet','name':'emb',"
             "'uid':'s1','controller':true}]},'status':{'phase':'Pending','containerStatuses':[{"
             "'name':'server','image':'r/emb:2','state':{'waiting':{'reason':'ErrImagePull'}}}]}}");
    assert_string_equal(kube_health(k, "emb"), "degraded");
    assert_int_equal(kube_get(k, "emb")->n_revisions, 2);
    assert_true(kube_get(k, "emb")->revisions[0].wanted);
    kube_free(k);
}

/* ---- batch ----------------------------------------------------------------------------------- */

#define OWNED "'ownerReferences':[{'kind':'CronJob','name':'score','uid':'c1','controller':true}]"

static struct kube *nightly(void)
{
    struct kube *k = kube_new("2026-11-21T06:00:00Z");
    kube_put(k, K8S_CRONJOB,
             "{'metadata':{'name':'score','namespace':'ml','uid':'c1',"
             "'creationTimestamp':'2026-11-01T00:00:00Z'},'spec':{'schedule':'30 2 * * *',"
             "'jobTemplate':{'spec':{'template':{'spec':{'containers':[{'name':'run','image':'r/s:1',"
             "'env':[{'name':'MODEL_URI','value':'models:/churn/7'}]}]}}}}},"
             "'status':{'lastScheduleTime':'2026-11-21T02:30:00Z',"
             "'lastSuccessfulTime':'2026-11-21T02:45:00Z'}}");
    kube_put(k, K8S_JOB,
             "{'metadata':{'name':'score-1','namespace':'ml','uid':'j1',"
             "'creationTimestamp':'2026-11-21T02:30:00Z'," OWNED "},'status':{'succeeded':1,"
             "'conditions':[{'type':'Complete','status':'True'}]}}");
    return k;
}

static void cron_jobs(void **state)
{
    (void)state;
    struct kube *k = nightly();
    assert_string_equal(kube_health(k, "score"), "healthy");
    const struct ncm_deployment *d = kube_get(k, "score");
    int64_t next;
    assert_true(ncm_parse_time("2026-11-22T02:30:00Z", 0, &next));
    assert_int_equal(k->now->n, 1);
    assert_string_equal(d->kind.p, "CronJob");
    assert_int_equal(d->next_run_ms, next);
    assert_string_equal(d->version.p, "7");
    kube_put(k, K8S_JOB,
             "{'metadata':{'name':'score-2','namespace':'ml','uid':'j2',"
             "'creationTimestamp':'2026-11-21T05:00:00Z'," OWNED "},'status':{'failed':1,"
             "'conditions':[{'type':'Failed','status':'True','reason':'BackoffLimitExceeded',"
             "'message':'Job has reached the specified backoff limit'}]}}");
    assert_string_equal(kube_health(k, "score"), "failed");
    assert_non_null(kube_finding(kube_get(k, "score"), "job_failed"));
    kube_patch(k, K8S_CRONJOB, "score", "{'spec':{'suspend':true}}");
    assert_string_equal(kube_health(k, "score"), "paused");
    assert_int_equal(kube_get(k, "score")->next_run_ms, NCM_NO_TIME);
    kube_free(k);
}

/* One run late may be another time zone's; two are not. */
static void missed_runs(void **state)
{
    (void)state;
    struct kube *k = nightly();
    kube_at(k, "2026-11-22T12:00:00Z");
    assert_string_equal(kube_health(k, "score"), "healthy");
    kube_at(k, "2026-11-23T02:36:00Z");
    assert_string_equal(kube_health(k, "score"), "degraded");
    kube_free(k);
}

static void jobs(void **state)
{
    (void)state;
    struct kube *k = kube_new("2026-11-21T06:00:00Z");
    kube_put(k, K8S_JOB, "{'metadata':{'name':'once','namespace':'ml','uid':'j1'},'status':{'active':1}}");
    assert_string_equal(kube_health(k, "once"), "progressing");
    kube_put(k, K8S_POD,
             "{'metadata':{'name':'once-x','namespace':'ml','uid':'p1','ownerReferences':[{'kind':'Job',"
             "'name':'once','uid':'j1','controller':true}]},'status':{'phase':'Pending',"
             "'containerStatuses':[{'name':'run','image':'r/x:1','state':{'waiting':{"
             "'reason':'ErrImagePull','message':'not found'}}}]}}");
    assert_string_equal(kube_health(k, "once"), "failed");
    assert_string_equal(kube_get(k, "once")->reason.p, "ErrImagePull: not found");
    kube_patch(k, K8S_POD, "once-x",
               "{'status':{'phase':'Succeeded','containerStatuses':[{'name':'run','state':{'terminated':{"
               "'exitCode':0,'reason':'Completed'}}}]}}");
    kube_patch(k, K8S_JOB, "once",
               "{'status':{'active':0,'succeeded':1,'conditions':[{'type':'Complete','status':'True'}]}}");
    assert_string_equal(kube_health(k, "once"), "stopped");
    assert_string_equal(kube_get(k, "once")->replicas[0].phase.p, "Completed");
    assert_int_equal(kube_get(k, "once")->n_findings, 0);
    kube_free(k);
}

/* ---- KServe ---------------------------------------------------------------------------------- */

static struct kube *services(void)
{
    struct kube *k = kube_new("2026-11-21T09:00:00Z");
    kube_load(k, K8S_INFERENCESERVICE, "inferenceservices.json");
    kube_build(k);
    return k;
}

static void kserve_samples(void **state)
{
    (void)state;
    struct kube *k = services();
    const struct ncm_deployment *d = kube_get(k, "churn");
    assert_string_equal(ncm_health_word(d->health), "healthy");
    assert_string_equal(kube_split(d), "churn-predictor-00003 100 stable healthy");
    assert_string_equal(d->version.p, "7");
    assert_int_equal(d->ready, 2);
    assert_string_equal(d->claims[0].where.p, "storageUri");
    d = kube_get(k, "fraud");
    assert_string_equal(ncm_health_word(d->health), "progressing");
    assert_string_equal(kube_split(d),
                        "fraud-predictor-00005 10 healthy; fraud-predictor-00004 90 stable healthy");
    assert_string_equal(d->traffic[0].version.p, "12");
    assert_null(d->traffic[1].version.p); /* nobody says */
    assert_null(d->version.p);
    assert_string_equal(d->traffic_by.p, "percent");
    d = kube_get(k, "ranker");
    assert_string_equal(ncm_health_word(d->health), "degraded");
    assert_string_equal(kube_split(d), "ranker-predictor-00007 100 stable healthy");
    assert_non_null(strstr(d->reason.p, "ModelLoadFailed: RuntimeError: Failed to fetch model"));
    assert_non_null(kube_finding(d, "model_load"));
    d = kube_get(k, "newbie");
    assert_string_equal(ncm_health_word(d->health), "failed");
    assert_non_null(strstr(d->reason.p, "NoSupportingRuntime"));
    assert_string_equal(ncm_health_word(kube_get(k, "batchy")->health), "healthy");
    kube_free(k);
}

static void kserve_states(void **state)
{
    (void)state;
    struct kube *k = services();
    /* A new revision is being made, loads, serves. */
    kube_patch(k, K8S_INFERENCESERVICE, "churn",
               "{'status':{'components':{'predictor':{'latestCreatedRevision':'churn-predictor-00004'}},"
               "'modelStatus':{'transitionStatus':'InProgress','states':{'targetModelState':'Loading'}}}}");
    assert_string_equal(kube_health(k, "churn"), "progressing");
    assert_string_equal(kube_get(k, "churn")->reason.p, "churn-predictor-00004 is not ready yet");
    kube_patch(k, K8S_INFERENCESERVICE, "churn",
               "{'status':{'modelStatus':{'transitionStatus':'BlockedByFailedLoad',"
               "'states':{'targetModelState':'FailedToLoad'}}}}");
    assert_string_equal(kube_health(k, "churn"), "degraded");
    kube_patch(k, K8S_INFERENCESERVICE, "churn",
               "{'status':{'conditions':[{'type':'Ready','status':'False','reason':'X'}],"
               "'modelStatus':{'states':{'activeModelState':''}}}}");
    assert_string_equal(kube_health(k, "churn"), "failed");
    /* Scaled to zero is well. */
    kube_patch(k, K8S_INFERENCESERVICE, "churn",
               "{'spec':{'predictor':{'minReplicas':0}},'status':{'conditions':[{'type':'Ready',"
               "'status':'True'}],'components':{'predictor':{'latestReadyRevision':"
               "'churn-predictor-00004'}},'modelStatus':{'transitionStatus':'UpToDate','states':{"
               "'targetModelState':'Loaded','activeModelState':'Loaded'},'copies':{'totalCopies':0}}}}");
    assert_string_equal(kube_health(k, "churn"), "healthy");
    assert_int_equal(kube_get(k, "churn")->ready, 0);
    kube_patch(k, K8S_INFERENCESERVICE, "churn",
               "{'metadata':{'annotations':{'serving.kserve.io/stop':'true'}}}");
    assert_string_equal(kube_health(k, "churn"), "stopped");
    kube_patch(k, K8S_INFERENCESERVICE, "fraud", "{'metadata':{'generation':9}}");
    assert_string_equal(kube_health(k, "fraud"), "progressing");
    kube_free(k);
}

/* Raw mode: the predictor's Deployment is judged, and is no row of its own. */
static void kserve_raw(void **state)
{
    (void)state;
    struct kube *k = services();
    kube_load(k, K8S_DEPLOYMENT, "deployment_quota.json");
    kube_patch(k, K8S_DEPLOYMENT, "greedy",
               "{'metadata':{'name':'batchy-predictor','namespace':'ml-prod','labels':{"
               "'serving.kserve.io/inferenceservice':'batchy'}}}");
    kube_drop(k, K8S_DEPLOYMENT, "greedy");
    size_t n = k->now->n;
    assert_string_equal(kube_health(k, "batchy"), "degraded");
    assert_int_equal(k->now->n, n);
    assert_int_equal(kube_get(k, "batchy")->desired, 4);
    assert_int_equal(kube_get(k, "batchy")->ready, 2);
    assert_string_equal(kube_get(k, "batchy")->version.p, "3");
    assert_non_null(kube_finding(kube_get(k, "batchy"), "quota"));
    /* Its pods are found by their owners, whatever their labels. */
    kube_put(k, K8S_REPLICASET,
             "{'metadata':{'name':'batchy-predictor-1','namespace':'ml-prod','uid':'r1','ownerReferences':[{"
             "'kind':'Deployment','name':'batchy-predictor','controller':true,"
             "'uid':'25790426-55e1-41b1-8b9b-d8b7ba2fa632'}]}}");
    kube_put(k, K8S_POD,
             "{'metadata':{'name':'batchy-predictor-1-x','namespace':'ml-prod','uid':'p1','ownerReferences':[{"
             "'kind':'ReplicaSet','name':'batchy-predictor-1','uid':'r1','controller':true}]},'status':{"
             "'phase':'Pending','containerStatuses':[{'name':'server','image':'r/x:1','state':{'waiting':{"
             "'reason':'ErrImagePull'}}}]}}");
    assert_string_equal(kube_health(k, "batchy"), "degraded");
    assert_int_equal(kube_get(k, "batchy")->n_replicas, 1);
    assert_non_null(kube_finding(kube_get(k, "batchy"), "image_pull"));
    kube_free(k);
}

/* What an older revision's storage initializer was told is which model it serves. */
static void kserve_pods(void **state)
{
    (void)state;
    struct kube *k = services();
    kube_put(k, K8S_POD,
             "{'metadata':{'name':'fraud-4-x','namespace':'ml-prod','uid':'p4','labels':{"
             "'serving.kserve.io/inferenceservice':'fraud','serving.knative.dev/revision':"
             "'fraud-predictor-00004'}},'spec':{'containers':[{'name':'kserve-container','image':'r/x'}],"
             "'initContainers':[{'name':'storage-initializer','args':['models:/fraud/11','/mnt/models']}]},"
             "'status':{'phase':'Running','conditions':[{'type':'Ready','status':'True'}]}}");
    kube_build(k);
    const struct ncm_deployment *d = kube_get(k, "fraud");
    assert_string_equal(d->version.p, "11");
    assert_string_equal(d->traffic[1].version.p, "11");
    assert_int_equal(d->traffic[1].ready, 1);
    assert_string_equal(d->claims[0].where.p, "arg 1 of init container storage-initializer");
    kube_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canary),         cmocka_unit_test(blue_green),
        cmocka_unit_test(not_a_pair),     cmocka_unit_test(no_endpoint),
        cmocka_unit_test(autoscaler),     cmocka_unit_test(usage),
        cmocka_unit_test(managed),        cmocka_unit_test(mixed_images),
        cmocka_unit_test(stateful),       cmocka_unit_test(cron_jobs),
        cmocka_unit_test(missed_runs),    cmocka_unit_test(jobs),
        cmocka_unit_test(kserve_samples), cmocka_unit_test(kserve_states),
        cmocka_unit_test(kserve_raw),     cmocka_unit_test(kserve_pods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
