/* What the usual model servers count, and what their labels say. Names from their own /metrics
 * (MLServer 1.7, KServe 0.21, TorchServe 0.12, BentoML 1.4) and documentation (the others). */
#include <string.h>

#include "provider/scrape_inside.h"

#define SECONDS 1000.0
#define MICROS  0.001

const struct ncm_scrape_family ncm_scrape_families[] = {
    /* MLServer: by status of the REST page; per model and version only success and failure */
    {.requests = "rest_server_requests_total",
     .durations = "rest_server_request_duration_seconds",
     .to_ms = SECONDS,
     .only = "/infer"},
    {.requests = "model_infer_request_success_total",
     .errors = "model_infer_request_failure_total",
     .apart = true,
     .durations = "model_infer_request_duration",
     .to_ms = SECONDS},
    /* KServe's python server counts no errors */
    {.durations = "request_predict_seconds", .to_ms = SECONDS},
    /* Triton */
    {.requests = "nv_inference_request_success",
     .errors = "nv_inference_request_failure",
     .apart = true,
     .durations = "nv_inference_request_summary_us",
     .to_ms = MICROS},
    /* TorchServe */
    {.requests = "ts_inference_requests_total", .errors = "Requests5XX"},
    /* BentoML */
    {.requests = "bentoml_service_request_total",
     .durations = "bentoml_service_request_duration_seconds",
     .to_ms = SECONDS},
    {.requests = "bentoml_api_server_request_total",
     .durations = "bentoml_api_server_request_duration_seconds",
     .to_ms = SECONDS},
    /* vLLM */
    {.requests = "vllm:request_success_total",
     .durations = "vllm:e2e_request_latency_seconds",
     .to_ms = SECONDS},
    /* TF Serving */
    {.requests = ":tensorflow:serving:request_count",
     .durations = ":tensorflow:serving:request_latency",
     .to_ms = MICROS},
    /* Seldon, Knative */
    {.durations = "seldon_api_executor_server_requests_seconds", .to_ms = SECONDS},
    {.requests = "revision_app_request_count",
     .durations = "revision_app_request_latencies",
     .to_ms = 1},
    {.requests = "revision_request_count", .durations = "revision_request_latencies", .to_ms = 1},
    /* by hand */
    {.requests = "model_requests_total",
     .durations = "model_request_duration_seconds",
     .to_ms = SECONDS,
     .also = "model_latency_seconds"},
    {.requests = "prediction_requests_total",
     .durations = "prediction_request_duration_seconds",
     .to_ms = SECONDS,
     .also = "prediction_latency_seconds"},
    {.requests = "predictions_total",
     .durations = "prediction_duration_seconds",
     .to_ms = SECONDS,
     .also = "predict_latency_seconds"},
    /* what frameworks bring along */
    {.requests = "http_requests_total",
     .durations = "http_request_duration_seconds",
     .to_ms = SECONDS},
    {.requests = "starlette_requests_total",
     .durations = "starlette_request_duration_seconds",
     .to_ms = SECONDS,
     .also = "starlette_requests_processing_time_seconds"},
    {.requests = "fastapi_requests_total",
     .durations = "fastapi_requests_duration_seconds",
     .to_ms = SECONDS},
    {.requests = "flask_http_request_total",
     .durations = "flask_http_request_duration_seconds",
     .to_ms = SECONDS},
    {.requests = "http_server_requests_total",
     .durations = "http_server_request_duration_seconds",
     .to_ms = SECONDS},
    {.durations = "http_server_requests_seconds", .to_ms = SECONDS},
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
