/* What the usual model servers count, and what their labels say. Names from their own /metrics
 * (MLServer 1.7, KServe 0.21, TorchServe 0.12, BentoML 1.4) and documentation (the others). */
#include <string.h>

#include "provider/scrape_inside.h"

#define SECONDS 1000.0
#define MICROS  0.001

const struct ncm_scrape_family ncm_scrape_families[] = {
    /* MLServer: by status of the REST page; per model and version only success and failure */
    {"rest_server_requests_total", NULL, false, "rest_server_request_duration_seconds", SECONDS,
     "/infer"},
    {"model_infer_request_success_total", "model_infer_request_failure_total", true,
     "model_infer_request_duration", SECONDS, NULL},
    /* KServe's python server: its middleware counts no errors */
    {NULL, NULL, false, "request_predict_seconds", SECONDS, NULL},
    /* Triton */
    {"nv_inference_request_success", "nv_inference_request_failure", true,
     "nv_inference_request_summary_us", MICROS, NULL},
    /* TorchServe */
    {"ts_inference_requests_total", "Requests5XX", false, NULL, SECONDS, NULL},
    /* BentoML */
    {"bentoml_service_request_total", NULL, false, "bentoml_service_request_duration_seconds",
     SECONDS, NULL},
    {"bentoml_api_server_request_total", NULL, false, "bentoml_api_server_request_duration_seconds",
     SECONDS, NULL},
    /* vLLM */
    {"vllm:request_success_total", NULL, false, "vllm:e2e_request_latency_seconds", SECONDS, NULL},
    /* TF Serving */
    {":tensorflow:serving:request_count", NULL, false, ":tensorflow:serving:request_latency",
     MICROS, NULL},
    /* Seldon, Knative */
    {NULL, NULL, false, "seldon_api_executor_server_requests_seconds", SECONDS, NULL},
    {"revision_app_request_count", NULL, false, "revision_app_request_latencies", 1, NULL},
    {"revision_request_count", NULL, false, "revision_request_latencies", 1, NULL},
    /* by hand, and what frameworks bring along */
    {"model_requests_total", NULL, false, "model_request_duration_seconds", SECONDS, NULL},
    {"prediction_requests_total", NULL, false, "prediction_request_duration_seconds", SECONDS,
     NULL},
    {"http_requests_total", NULL, false, "http_request_duration_seconds", SECONDS, NULL},
    {"starlette_requests_total", NULL, false, "starlette_request_duration_seconds", SECONDS, NULL},
    {"starlette_requests_processing_time_seconds_count", NULL, false,
     "starlette_requests_processing_time_seconds", SECONDS, NULL},
    {"fastapi_requests_total", NULL, false, "fastapi_requests_duration_seconds", SECONDS, NULL},
    {"flask_http_request_total", NULL, false, "flask_http_request_duration_seconds", SECONDS, NULL},
    {"http_server_requests_total", NULL, false, "http_server_request_duration_seconds", SECONDS,
     NULL},
    {NULL, NULL, false, "http_server_requests_seconds", SECONDS, NULL},
};
const size_t ncm_scrape_n_families = sizeof ncm_scrape_families / sizeof *ncm_scrape_families;

static const struct ncm_kv *first_of(const struct ncm_kv *labels, size_t n,
                                     const char *const *names, size_t n_names)
{
    const struct ncm_kv *found = NULL;
    for (size_t i = 0; found == NULL && i < n_names; i++) {
        found = ncm_kv_find(labels, n, names[i]);
    }
    return found;
}

/* gRPC's codes that say that the server failed, not that it was asked wrongly. */
static bool is_failing(const char *status)
{
    static const char *const codes[] = {
        "UNKNOWN",  "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED",
        "INTERNAL", "UNAVAILABLE",       "DATA_LOSS",          "error",
        "failure",  "SERVER_ERROR",
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(status, codes[i]) == 0) {
            return true;
        }
    }
    return false;
}

enum ncm_scrape_status ncm_scrape_status(const struct ncm_kv *labels, size_t n)
{
    static const char *const names[] = {
        "status_code",
        "code",
        "http_response_code",
        "response_code",
        "http_status",
        "http_status_code",
        "http_response_status_code",
        "status",
        "outcome",
    };
    const struct ncm_kv *kv = first_of(labels, n, names, sizeof names / sizeof *names);
    if (kv == NULL || kv->value.len == 0) {
        return NCM_SCRAPE_NO_STATUS;
    }
    bool digits = kv->value.len == 3 && kv->value.p[0] >= '1' && kv->value.p[0] <= '5';
    return digits ? (kv->value.p[0] == '5' ? NCM_SCRAPE_ERROR : NCM_SCRAPE_GOOD)
                  : (is_failing(kv->value.p) ? NCM_SCRAPE_ERROR : NCM_SCRAPE_GOOD);
}

bool ncm_scrape_aside(const struct ncm_scrape_family *f, const struct ncm_kv *labels, size_t n)
{
    static const char *const names[] = {"path",          "handler",    "endpoint", "route",
                                        "path_template", "http_route", "uri",      "url"};
    static const char *const pages[] = {
        "/",
        "/ping",
        "/version",
        "/traffic",
        "/info",
        "/model/info",
        "/metrics",
        "/docs",
        "/readyz",
        "/livez",
        "/favicon.ico",
        "/openapi.json",
        "/ready",
        "/live",
        "/schema.json",
        "/v2",
        "/v2/repository/index",
        "/v1/models",
        "/v2/models",
        "none",
    };
    static const char *const begins[] = {"/health", "/v2/health", "/-/", "/actuator",
                                         "/v2/repository"};
    const struct ncm_kv *kv = first_of(labels, n, names, sizeof names / sizeof *names);
    if (kv == NULL || kv->value.p == NULL) {
        return false;
    }
    const char *path = kv->value.p;
    if (f->only != NULL) {
        return strstr(path, f->only) == NULL;
    }
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        if (strcmp(path, pages[i]) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        if (strncmp(path, begins[i], strlen(begins[i])) == 0) {
            return true;
        }
    }
    return false;
}
