/* KServe's InferenceService (serving.kserve.io/v1beta1). */
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "provider/kubernetes/read.h"

/* The predictors of the old style, which name their framework by the key. */
static const char *const frameworks[] = {"sklearn",    "xgboost", "lightgbm",   "pytorch",
                                         "tensorflow", "triton",  "onnx",       "pmml",
                                         "mlflow",     "paddle",  "huggingface"};

static void read_model(struct k8s_read *r, struct k8s_at predictor, struct k8s_isvc *s)
{
    struct k8s_at model = k8s_map(r, predictor, "model");
    for (size_t i = 0; model.node == NULL && i < sizeof frameworks / sizeof *frameworks; i++) {
        struct k8s_at old = k8s_map(r, predictor, frameworks[i]);
        if (old.node != NULL) {
            model = old;
            s->framework = ncm_arena_cstr(r->arena, frameworks[i]);
        }
    }
    s->storage_uri = k8s_text(r, model, "storageUri");
    s->format = k8s_text(r, k8s_map(r, model, "modelFormat"), "name");
    s->format = s->format.p != NULL ? s->format : s->framework;
    s->protocol = k8s_text(r, model, "protocolVersion");
    s->runtime = k8s_text(r, model, "runtime");
}

static void read_traffic(struct k8s_read *r, struct k8s_at component, struct k8s_isvc *s)
{
    struct k8s_at list = k8s_list(r, component, "traffic");
    if (k8s_count(list) == 0) {
        return;
    }
    s->traffic = ncm_arena_alloc(r->arena, list.node->n, sizeof *s->traffic);
    for (size_t i = 0; i < list.node->n && !r->failed; i++) {
        struct k8s_at one = k8s_item(r, list, i);
        struct k8s_share *t = &s->traffic[s->n_traffic++];
        t->revision = k8s_text(r, one, "revisionName");
        t->tag = k8s_text(r, one, "tag");
        t->percent = k8s_int(r, one, "percent", 0);
        t->latest = k8s_flag(r, one, "latestRevision", false);
    }
}

static void read_status(struct k8s_read *r, struct k8s_at status, struct k8s_isvc *s)
{
    struct k8s_at component = k8s_map(r, k8s_map(r, status, "components"), "predictor");
    struct k8s_at model = k8s_map(r, status, "modelStatus");
    struct k8s_at states = k8s_map(r, model, "states"), copies = k8s_map(r, model, "copies");
    struct k8s_at failure = k8s_map(r, model, "lastFailureInfo");
    s->observed = k8s_long(r, status, "observedGeneration", 0);
    s->url = k8s_text(r, status, "url");
    s->conditions = k8s_read_conditions(r, status);
    s->created = k8s_text(r, component, "latestCreatedRevision");
    s->ready = k8s_text(r, component, "latestReadyRevision");
    s->rolled = k8s_text(r, component, "latestRolledoutRevision");
    s->previous = k8s_text(r, component, "previousRolledoutRevision");
    read_traffic(r, component, s);
    s->transition = k8s_text(r, model, "transitionStatus");
    s->active = k8s_text(r, states, "activeModelState");
    s->target = k8s_text(r, states, "targetModelState");
    s->fail_reason = k8s_text(r, failure, "reason");
    s->fail_message = k8s_text(r, failure, "message");
    s->fail_revision = k8s_text(r, failure, "modelRevisionName");
    s->fail_exit = k8s_int(r, failure, "exitCode", -1);
    s->fail_ms = k8s_time(r, failure, "time");
    s->copies = k8s_int(r, copies, "totalCopies", -1);
    s->failed_copies = k8s_int(r, copies, "failedCopies", -1);
}

/* The predictor as a template: its labels are the object's own, which KServe hands down. */
static void read_predictor(struct k8s_read *r, struct k8s_at predictor, struct k8s_isvc *s)
{
    size_t n_init;
    s->template.there = predictor.node != NULL;
    s->template.containers =
        k8s_read_containers(r, predictor, true, &s->template.n_containers, &n_init);
    if (predictor.node != NULL) {
        s->template.print = k8s_print_node(predictor.node);
    }
}

void k8s_read_isvc(struct k8s_read *r, struct k8s_at root, struct k8s_isvc *s)
{
    struct k8s_at spec = k8s_map(r, root, "spec"), status = k8s_map(r, root, "status");
    struct k8s_at predictor = k8s_map(r, spec, "predictor");
    read_model(r, predictor, s);
    read_predictor(r, predictor, s);
    s->min_replicas = k8s_int(r, predictor, "minReplicas", 1);
    s->canary_percent = k8s_int(r, predictor, "canaryTrafficPercent", -1);
    read_status(r, status, s);
    struct ncm_str mode = k8s_text(r, status, "deploymentMode");
    const struct ncm_kv *asked =
        ncm_kv_find(s->head.annotations, s->head.n_annotations, "serving.kserve.io/deploymentMode");
    mode = mode.p != NULL || asked == NULL ? mode : asked->value;
    s->raw = ncm_str_is(mode, "RawDeployment") || ncm_str_is(mode, "Standard");
    const struct ncm_kv *stop =
        ncm_kv_find(s->head.annotations, s->head.n_annotations, "serving.kserve.io/stop");
    s->stopped = stop != NULL && ncm_str_is(stop->value, "true");
    s->service_print = k8s_print_of((const char *[]){r->ns.p, r->name.p}, 2);
}
