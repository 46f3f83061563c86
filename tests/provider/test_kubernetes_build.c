/* The verdict on every deployment of the recorded demo (Kubernetes 1.36.3), and how it changes with
 * time, with what happens, and with what may be read. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "provider/kube_view.h"

#define CREATING "{'status':{'phase':'Pending','containerStatuses':[{'name':'server','state':" \
                 "{'waiting':{'reason':'ContainerCreating'}},'lastState':{},'ready':false," \
                 "'restartCount':0}]}}"

static void every_row(void **state)
{
    static const struct {
        const char *name, *health, *reason;
    } rows[] = {
        {"churn", "healthy", ""},
        {"fraud", "degraded", "CrashLoopBackOff: exit 1, Error, 7 restarts"},
        {"ranker", "degraded",
         "ImagePullBackOff: Back-off pulling image \"registry.example.com/models/ranker:12\""},
        {"embedder", "progressing", "1 of 2 new"},
        {"halfup", "progressing",
         "2 of 3 new; Readiness probe failed: HTTP probe failed with statuscode: 503"},
        {"memhog", "failed", "CrashLoopBackOff: exit 137 (SIGKILL), OOMKilled, 6 restarts"},
        {"huge", "failed", NULL},
        {"nosecret", "failed", "CreateContainerConfigError: secret \"model-store\" not found"},
        {"tagger", "paused", "DeploymentPaused: 0 of 4 new"},
        {"idle", "stopped", ""},
        {"greedy", "degraded", NULL},
        {"price-blue", "healthy", ""},
        {"price-green", "healthy", ""},
        {"search-canary", "healthy", ""},
        {"search-stable", "healthy", ""},
    };
    (void)state;
    struct kube *k = kube_demo();
    kube_load(k, K8S_DEPLOYMENT, "deployment_quota.json");
    kube_build(k);
    assert_int_equal(k->now->n, sizeof rows / sizeof *rows);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct ncm_deployment *d = kube_get(k, rows[i].name);
        print_message("%s\n", rows[i].name);
        assert_string_equal(ncm_health_word(d->health), rows[i].health);
        if (rows[i].reason != NULL) {
            assert_string_equal(ncm_cstr(d->reason), rows[i].reason);
        }
    }
    assert_non_null(strstr(kube_get(k, "huge")->reason.p, "Unschedulable: 0/3 nodes are available"));
    assert_non_null(strstr(kube_get(k, "greedy")->reason.p, "exceeded quota: two-pods"));
    kube_free(k);
}

static void findings(void **state)
{
    static const struct {
        const char *name, *kind, *says;
        enum ncm_severity severity;
    } rows[] = {
        {"fraud", "crash_loop", "exit 1, Error, restarts: 7", NCM_SEVERITY_WARNING},
        {"fraud", "deadline", "20 seconds", NCM_SEVERITY_WARNING},
        {"fraud", "rollout", "fraud:4) does not come up; revision 1 (", NCM_SEVERITY_WARNING},
        {"ranker", "image_pull", "models/ranker:12", NCM_SEVERITY_WARNING},
        {"halfup", "not_ready", "Readiness probe failed: HTTP probe failed with statuscode: 503",
         NCM_SEVERITY_INFO},
        {"memhog", "oom", "memhog-5ff9f85657-lsqn9", NCM_SEVERITY_CRITICAL},
        {"huge", "unschedulable", "Insufficient nvidia.com/gpu", NCM_SEVERITY_CRITICAL},
        {"nosecret", "config", "secret \"model-store\" not found", NCM_SEVERITY_CRITICAL},
        {"tagger", "paused", "models/tagger:1) serves, registry.example.com/models/tagger:2 waits",
         NCM_SEVERITY_INFO},
        {"greedy", "quota", "2 of 4", NCM_SEVERITY_WARNING},
        {"churn", "hpa_blind", "leaves it at 3", NCM_SEVERITY_WARNING},
    };
    (void)state;
    struct kube *k = kube_demo();
    kube_load(k, K8S_DEPLOYMENT, "deployment_quota.json");
    kube_build(k);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("%s: %s\n", rows[i].name, rows[i].kind);
        const struct ncm_deploy_finding *f = kube_finding(kube_get(k, rows[i].name), rows[i].kind);
        assert_non_null(f);
        assert_non_null(strstr(f->sentence.p, rows[i].says));
        assert_int_equal(f->severity, rows[i].severity);
    }
    assert_int_equal(kube_get(k, "idle")->n_findings, 0);
    assert_int_equal(kube_get(k, "price-blue")->n_findings, 0);
    kube_free(k);
}

static void record(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_build(k);
    const struct ncm_deployment *d = kube_get(k, "lab/ml-prod/fraud");
    assert_string_equal(d->kind.p, "Deployment");
    assert_int_equal(d->desired, 3);
    assert_int_equal(d->ready, 3);
    assert_int_equal(d->updated, 1);
    assert_true(d->rolling);
    assert_int_equal(d->progress_done, 0);
    assert_int_equal(d->progress_total, 3);
    assert_string_equal(d->image.p, "registry.example.com/models/fraud:4");
    assert_string_equal(d->serving_image.p, "registry.example.com/models/fraud:3");
    assert_string_equal(d->model.p, "fraud");
    assert_string_equal(d->version.p, "3");
    assert_string_equal(d->strategy.p, "RollingUpdate 1/0");
    assert_string_equal(d->services.p, "fraud");
    assert_string_equal(d->endpoint.p, "http://fraud.ml-prod.svc:80");
    assert_int_equal(d->n_revisions, 2);
    assert_string_equal(d->revisions[0].revision.p, "2");
    assert_string_equal(d->revisions[0].version.p, "4");
    assert_string_equal(d->revisions[0].cause.p, "models:/fraud/4");
    assert_true(d->revisions[0].wanted && !d->revisions[0].serving);
    assert_true(d->revisions[1].serving && !d->revisions[1].wanted);
    assert_int_equal(d->n_replicas, 4);
    assert_true(d->replicas[0].bad);
    assert_string_equal(d->replicas[0].phase.p, "CrashLoopBackOff");
    assert_string_equal(d->replicas[0].revision.p, "fraud-79bdb44d6d");
    assert_int_equal(d->replicas[0].restarts, 7);
    assert_int_equal(d->n_events, 1);
    assert_string_equal(d->events[0].object.p, "Pod fraud-79bdb44d6d-p6x7p");
    assert_int_equal(d->n_conditions, 2);
    assert_string_equal(kube_split(d),
                        "fraud-79bdb44d6d 0 failed; fraud-6b6784869c 100 stable healthy");
    kube_free(k);
}

/* Claims of what serves, and of what is wanted where that is another. */
static void claims(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_build(k);
    const struct ncm_deployment *d = kube_get(k, "fraud");
    assert_int_equal(d->claims[0].rule, NCM_CLAIM_LABEL);
    const struct ncm_claim *uri = NULL, *image = NULL, *wanted = NULL;
    for (size_t i = 0; i < d->n_claims; i++) {
        uri = d->claims[i].rule == NCM_CLAIM_URI ? &d->claims[i] : uri;
        image = d->claims[i].rule == NCM_CLAIM_IMAGE ? &d->claims[i] : image;
        assert_true(i == 0 || d->claims[i - 1].rule <= d->claims[i].rule);
    }
    for (size_t i = 0; i < d->n_wanted; i++) {
        wanted = d->wanted[i].rule == NCM_CLAIM_URI ? &d->wanted[i] : wanted;
    }
    assert_string_equal(uri->where.p, "env MODEL_URI of container server");
    assert_string_equal(uri->text.p, "models:/fraud/3");
    assert_string_equal(image->where.p, "image of container server");
    assert_string_equal(wanted->text.p, "models:/fraud/4");
    int64_t started;
    assert_true(ncm_parse_time("2026-11-21T05:22:28Z", 0, &started));
    assert_int_equal(uri->since_ms, started);
    assert_int_equal(kube_get(k, "churn")->n_wanted, 0);
    kube_free(k);
}

/* ---- time ------------------------------------------------------------------------------------ */

/* halfup's new pods run but never get ready, and their probe fails: not before half the deadline
 * (600 s) after the last progress (05:22:38) is that more than going on. */
static void half_the_deadline(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_at(k, "2026-11-21T05:27:00Z");
    assert_string_equal(kube_health(k, "halfup"), "progressing");
    kube_at(k, "2026-11-21T05:27:40Z");
    assert_string_equal(kube_health(k, "halfup"), "degraded");
    assert_string_equal(kube_get(k, "halfup")->reason.p,
                        "Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503");
    assert_int_equal(kube_finding(kube_get(k, "halfup"), "not_ready")->severity, NCM_SEVERITY_WARNING);
    assert_string_equal(kube_health(k, "embedder"), "progressing");
    kube_free(k);
}

static void slow_to_make(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_patch(k, K8S_POD, "embedder-55bf49b6b5-cqqxl", CREATING);
    kube_at(k, "2026-11-21T05:27:30Z");
    assert_string_equal(kube_health(k, "embedder"), "progressing");
    kube_put(k, K8S_EVENT,
             "{'metadata':{'name':'mount','namespace':'ml-prod'},'type':'Warning',"
             "'reason':'FailedMount','message':'no such volume','involvedObject':{'kind':'Pod'}}");
    kube_at(k, "2026-11-21T05:27:40Z");
    assert_string_equal(kube_health(k, "embedder"), "degraded");
    assert_string_equal(kube_get(k, "embedder")->reason.p, "ContainerCreating");
    assert_non_null(kube_finding(kube_get(k, "embedder"), "stuck"));
    kube_free(k);
}

/* Progressing stays NewReplicaSetAvailable when pods die later: only counters and pods tell. */
static void dies_later(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_patch(k, K8S_DEPLOYMENT, "churn", "{'status':{'readyReplicas':2,'availableReplicas':2}}");
    kube_patch(k, K8S_POD, "churn-8667484497-2cplw",
               "{'status':{'conditions':[{'type':'Ready','status':'False',"
               "'lastTransitionTime':'2026-11-21T06:00:00Z'}]}}");
    kube_at(k, "2026-11-21T06:01:50Z");
    assert_string_equal(kube_health(k, "churn"), "progressing");
    assert_string_equal(kube_get(k, "churn")->reason.p, "2 of 3 available");
    kube_at(k, "2026-11-21T06:02:00Z");
    assert_string_equal(kube_health(k, "churn"), "degraded");
    assert_string_equal(kube_get(k, "churn")->reason.p, "ContainersNotReady");
    kube_patch(k, K8S_DEPLOYMENT, "churn", "{'status':{'readyReplicas':0,'availableReplicas':0}}");
    assert_string_equal(kube_health(k, "churn"), "failed");
    kube_free(k);
}

/* All are ready again, but one was restarted by a crash a moment ago. */
static void crashed_lately(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_patch(k, K8S_POD, "churn-8667484497-2cplw",
               "{'status':{'containerStatuses':[{'name':'server','ready':true,'restartCount':1,"
               "'state':{'running':{}},'lastState':{'terminated':{'exitCode':139,'reason':'Error',"
               "'finishedAt':'2026-11-21T06:00:00Z'}}}]}}");
    kube_at(k, "2026-11-21T06:09:59Z");
    assert_string_equal(kube_health(k, "churn"), "degraded");
    assert_string_equal(kube_get(k, "churn")->reason.p,
                        "restarted: exit 139 (SIGSEGV), Error, 1 restart");
    assert_non_null(kube_finding(kube_get(k, "churn"), "restarts"));
    /* Nothing changed but the time. */
    kube_at(k, "2026-11-21T06:10:00Z");
    assert_string_equal(kube_health(k, "churn"), "healthy");
    kube_free(k);
}

/* Between crashes a container runs: it is a loop all the same. */
static void crash_loop_between(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_patch(k, K8S_POD, "fraud-79bdb44d6d-p6x7p",
               "{'status':{'containerStatuses':[{'name':'server','ready':false,'restartCount':8,"
               "'state':{'running':{}},'lastState':{'terminated':{'exitCode':1,'reason':'Error',"
               "'finishedAt':'2026-11-21T05:23:44Z'}}}]}}");
    assert_string_equal(kube_health(k, "fraud"), "degraded");
    assert_string_equal(kube_get(k, "fraud")->reason.p, "Error: exit 1, Error, 8 restarts");
    assert_string_equal(kube_get(k, "fraud")->replicas[0].phase.p, "Running");
    assert_true(kube_get(k, "fraud")->replicas[0].bad);
    kube_free(k);
}

static void assert_since(struct kube *k, const char *name, const char *time)
{
    char text[40];
    assert_string_equal(ncm_fmt_iso(text, sizeof text, kube_get(k, name)->health_since_ms), time);
}

/* Neither a restart in a loop nor the condition of an earlier rollout is when it began. */
static void since_it_began(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_patch(k, K8S_POD, "fraud-79bdb44d6d-p6x7p",
               "{'status':{'conditions':[{'type':'Ready','status':'False',"
               "'lastTransitionTime':'2026-11-21T05:23:44Z'}]}}");
    assert_string_equal(kube_health(k, "fraud"), "degraded");
    assert_since(k, "fraud", "2026-11-21T05:22:35.000Z");
    kube_patch(k, K8S_POD, "memhog-5ff9f85657-lsqn9",
               "{'status':{'conditions':[{'type':'Ready','status':'False',"
               "'lastTransitionTime':'2026-11-21T05:23:44Z'}]}}");
    kube_patch(k, K8S_DEPLOYMENT, "memhog",
               "{'status':{'conditions':[{'type':'Available','status':'False',"
               "'lastTransitionTime':'2026-11-21T05:23:44Z'}]}}");
    assert_string_equal(kube_health(k, "memhog"), "failed");
    assert_since(k, "memhog", "2026-11-21T05:22:38.000Z");
    assert_string_equal(kube_health(k, "embedder"), "progressing");
    assert_since(k, "embedder", "2026-11-21T05:22:36.000Z");
    /* A pod that was well for long, and nothing tells of a first back-off. */
    kube_patch(k, K8S_POD, "churn-8667484497-2cplw",
               "{'metadata':{'creationTimestamp':'2026-11-19T05:00:00Z'},'status':{"
               "'conditions':[{'type':'Ready','status':'False',"
               "'lastTransitionTime':'2026-11-21T05:23:44Z'}],"
               "'containerStatuses':[{'name':'server','ready':false,'restartCount':4,"
               "'state':{'waiting':{'reason':'CrashLoopBackOff'}},'lastState':{'terminated':{"
               "'exitCode':1,'reason':'Error','finishedAt':'2026-11-21T05:23:44Z'}}}]}}");
    assert_string_equal(kube_health(k, "churn"), "degraded");
    assert_since(k, "churn", "2026-11-21T05:23:44.000Z");
    kube_free(k);
}

static void not_trouble(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    /* Scaling up flips Available to False for a second. */
    kube_patch(k, K8S_DEPLOYMENT, "churn",
               "{'spec':{'replicas':6},'status':{'replicas':6,'updatedReplicas':6,'conditions':["
               "{'type':'Progressing','status':'True','reason':'NewReplicaSetAvailable'},"
               "{'type':'Available','status':'False','reason':'MinimumReplicasUnavailable'}]}}");
    assert_string_equal(kube_health(k, "churn"), "progressing");
    kube_free(k);
    k = kube_demo();
    /* What was evicted or goes away counts no more. */
    kube_patch(k, K8S_POD, "fraud-79bdb44d6d-p6x7p",
               "{'metadata':{'deletionTimestamp':'2026-11-21T05:23:45Z'}}");
    kube_patch(k, K8S_DEPLOYMENT, "fraud",
               "{'status':{'updatedReplicas':3,'replicas':3,'conditions':[{'type':'Progressing',"
               "'status':'True','reason':'NewReplicaSetAvailable'}]}}");
    assert_string_equal(kube_health(k, "fraud"), "healthy");
    assert_string_equal(kube_get(k, "fraud")->replicas[3].phase.p, "Terminating");
    kube_patch(k, K8S_POD, "fraud-79bdb44d6d-p6x7p",
               "{'metadata':{'deletionTimestamp':null},'status':{'phase':'Failed','reason':'Evicted',"
               "'containerStatuses':null}}");
    assert_string_equal(kube_health(k, "fraud"), "healthy");
    assert_string_equal(kube_get(k, "fraud")->replicas[3].phase.p, "Evicted");
    kube_free(k);
}

/* Right after a change the numbers are about what was before. */
static void not_observed_yet(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_patch(k, K8S_DEPLOYMENT, "churn", "{'metadata':{'generation':9}}");
    assert_string_equal(kube_health(k, "churn"), "progressing");
    kube_patch(k, K8S_DEPLOYMENT, "fraud", "{'metadata':{'generation':3}}");
    assert_string_equal(kube_health(k, "fraud"), "progressing");
    kube_free(k);
}

/* ---- what may be read ------------------------------------------------------------------------ */

static void forget_all(struct kube *k, enum k8s_kind kind)
{
    kube_drop(k, kind, "*");
    k->view.reading[kind] = K8S_FORBIDDEN;
    k->view.why[kind] = "User \"kim\" cannot list it";
}

static void by_conditions_alone(void **state)
{
    static const char *const rows[][2] = {
        {"churn", "healthy"},     {"fraud", "degraded"},     {"ranker", "progressing"},
        {"halfup", "progressing"}, {"memhog", "failed"},     {"tagger", "paused"},
        {"idle", "stopped"},      {"embedder", "progressing"},
    };
    (void)state;
    struct kube *k = kube_demo();
    forget_all(k, K8S_POD);
    forget_all(k, K8S_REPLICASET);
    forget_all(k, K8S_EVENT);
    kube_build(k);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("%s\n", rows[i][0]);
        assert_string_equal(ncm_health_word(kube_get(k, rows[i][0])->health), rows[i][1]);
    }
    const struct ncm_deploy_finding *f = kube_finding(kube_get(k, "churn"), "blind");
    assert_non_null(f);
    assert_string_equal(f->evidence.p, "pods: User \"kim\" cannot list it");
    assert_int_equal(k->now->n_notes, 3);
    assert_string_equal(k->now->notes[1].p, "pods: forbidden (User \"kim\" cannot list it)");
    assert_string_equal(kube_get(k, "fraud")->reason.p,
                        "ProgressDeadlineExceeded: ReplicaSet \"fraud-79bdb44d6d\" has timed out "
                        "progressing.");
    /* A finished rollout with nothing ready has failed. */
    kube_patch(k, K8S_DEPLOYMENT, "churn",
               "{'status':{'readyReplicas':0,'availableReplicas':0,'conditions':["
               "{'type':'Progressing','status':'True','reason':'NewReplicaSetAvailable'},"
               "{'type':'Available','status':'False','reason':'MinimumReplicasUnavailable'}]}}");
    assert_string_equal(kube_health(k, "churn"), "failed");
    kube_free(k);
}

static void without_replicasets(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    forget_all(k, K8S_REPLICASET);
    assert_string_equal(kube_health(k, "fraud"), "degraded");
    const struct ncm_deployment *d = kube_get(k, "fraud");
    assert_int_equal(d->n_replicas, 4);
    assert_int_equal(d->n_revisions, 0);
    assert_string_equal(d->serving_image.p, "registry.example.com/models/fraud:3");
    assert_string_equal(d->version.p, "3");
    assert_string_equal(d->image.p, "registry.example.com/models/fraud:4");
    assert_int_equal(kube_get(k, "churn")->n_wanted, 0);
    kube_free(k);
}

static unsigned only_logs(const void *to, const char *ns)
{
    (void)to;
    assert_string_equal(ns, "ml-prod");
    return 1u << NCM_ACT_LOGS;
}

static void rights(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_build(k);
    assert_int_equal(kube_get(k, "churn")->forbidden, 0);
    k->view.allowed = only_logs;
    kube_build(k);
    const struct ncm_deployment *d = kube_get(k, "churn");
    assert_int_equal(d->allowed, 1u << NCM_ACT_LOGS);
    assert_true((d->forbidden & 1u << NCM_ACT_SCALE) != 0);
    assert_string_equal(d->why_not.p,
                        "RBAC: kim may not: scale, restart, pause and resume, roll back, traffic, "
                        "set the version (namespace ml-prod)");
    kube_free(k);
}

/* ---- what is shared -------------------------------------------------------------------------- */

static const struct ncm_deployment *of(const struct ncm_deployments_snapshot *s, const char *name)
{
    bool ambiguous;
    return ncm_deployments_find(s, name, NULL, &ambiguous);
}

static void shares_what_is_the_same(void **state)
{
    (void)state;
    struct kube *k = kube_demo();
    kube_build(k);
    kube_build(k);
    for (size_t i = 0; i < k->now->n; i++) {
        assert_ptr_equal(k->now->items[i], k->before->items[i]);
    }
    kube_patch(k, K8S_POD, "churn-8667484497-2cplw", "{'metadata':{'labels':{'x':'y'}}}");
    kube_patch(k, K8S_ENDPOINTSLICE, "search*", "{'metadata':{'labels':{'x':'y'}}}");
    kube_build(k);
    for (size_t i = 0; i < k->now->n; i++) {
        const char *name = k->now->items[i]->it.name.p;
        bool touched = strcmp(name, "churn") == 0 || strncmp(name, "search", 6) == 0;
        print_message("%s\n", name);
        assert_true((k->now->items[i] == k->before->items[i]) == !touched);
    }
    /* A canary's other half is part of its record. */
    kube_patch(k, K8S_POD, "search-canary*", "{'metadata':{'labels':{'x':'y'}}}");
    kube_build(k);
    assert_ptr_not_equal(of(k->now, "search-stable"), of(k->before, "search-stable"));
    assert_ptr_equal(of(k->now, "churn"), of(k->before, "churn"));
    k->view.allowed = only_logs;
    kube_build(k);
    assert_ptr_not_equal(of(k->now, "churn"), of(k->before, "churn"));
    kube_free(k);
}

/* ---- as it happens --------------------------------------------------------------------------- */

static void apply_watch(struct kube *k, enum k8s_kind kind, const char *file, const char *name,
                        char *story, size_t size)
{
    char *text = kube_file(file), *rest = text;
    story[0] = '\0';
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (line[0] == '\0') {
            continue;
        }
        kube_watch(k, kind, line);
        const char *word = kube_health(k, name);
        size_t n = strlen(story), w = strlen(word);
        if (n < w || strcmp(story + n - w, word) != 0) {
            snprintf(story + n, size - n, "%s%s", n > 0 ? " " : "", word);
        }
    }
    ncm_free(text);
}

/* fraud was rolled back by its template; then churn was restarted. The ReplicaSets' stream was not
 * recorded: their numbers are patched as they were. */
static void rolled_back(void **state)
{
    char story[256];
    (void)state;
    struct kube *k = kube_demo();
    kube_at(k, "2026-11-21T05:24:00Z");
    assert_string_equal(kube_health(k, "fraud"), "degraded");
    apply_watch(k, K8S_POD, "watch_pods_rollback.jsonl", "fraud", story, sizeof story);
    kube_patch(k, K8S_REPLICASET, "fraud-79bdb44d6d",
               "{'spec':{'replicas':0},'status':{'replicas':0}}");
    kube_patch(k, K8S_REPLICASET, "fraud-6b6784869c",
               "{'metadata':{'annotations':{'deployment.kubernetes.io/revision':'3'}}}");
    apply_watch(k, K8S_DEPLOYMENT, "watch_deployments_rollback.jsonl", "fraud", story, sizeof story);
    assert_string_equal(story, "progressing healthy");
    const struct ncm_deployment *d = kube_get(k, "fraud");
    assert_string_equal(d->revision.p, "3");
    assert_string_equal(d->version.p, "3");
    assert_int_equal(d->n_wanted, 0);
    assert_string_equal(d->revisions[0].name.p, "fraud-6b6784869c");
    assert_true(d->revisions[0].wanted && d->revisions[0].serving);
    kube_free(k);
}

static void restarted(void **state)
{
    char story[256];
    (void)state;
    struct kube *k = kube_demo();
    kube_at(k, "2026-11-21T05:24:00Z");
    apply_watch(k, K8S_DEPLOYMENT, "watch_deployments_rollback.jsonl", "churn", story, sizeof story);
    assert_string_equal(story, "healthy progressing healthy");
    kube_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row),
        cmocka_unit_test(findings),
        cmocka_unit_test(record),
        cmocka_unit_test(claims),
        cmocka_unit_test(half_the_deadline),
        cmocka_unit_test(slow_to_make),
        cmocka_unit_test(dies_later),
        cmocka_unit_test(crashed_lately),
        cmocka_unit_test(crash_loop_between),
        cmocka_unit_test(since_it_began),
        cmocka_unit_test(not_trouble),
        cmocka_unit_test(not_observed_yet),
        cmocka_unit_test(by_conditions_alone),
        cmocka_unit_test(without_replicasets),
        cmocka_unit_test(rights),
        cmocka_unit_test(shares_what_is_the_same),
        cmocka_unit_test(rolled_back),
        cmocka_unit_test(restarted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
