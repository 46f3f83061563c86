/* Any answers to the questions of a probe, and as a traffic split: a verdict comes out that does
 * not contradict itself. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "provider/endpoint/internal.h"
#include "provider/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Answers follow each other: a byte for the status, the body up to a zero byte. */
struct feed {
    const uint8_t *p;
    size_t left;
    int asked;
};

static bool ask(void *to, int side, enum ncm_http_method method, const char *path,
                const char *body, int64_t timeout_ms, struct ncm_http_answer *out,
                struct ncm_err *err)
{
    static const int statuses[] = {200, 200, 200, 404, 404, 503, 500, 401, 302, 400, 0, -1};
    struct feed *f = to;
    (void)body;
    (void)timeout_ms;
    if (path[0] != '/' || side < 0 || side > 2 ||
        (method != NCM_HTTP_GET && method != NCM_HTTP_POST) || f->asked++ > 40) {
        abort();
    }
    *out = (struct ncm_http_answer){0};
    ncm_buf_init(&out->body, 1 << 20);
    if (f->left == 0) {
        return ncm_fail(err, NCM_UNREACHABLE, "gone");
    }
    int status = statuses[*f->p++ % (sizeof statuses / sizeof *statuses)];
    f->left--;
    size_t n = 0;
    while (n < f->left && f->p[n] != 0) {
        n++;
    }
    ncm_buf_add(&out->body, f->p, n);
    f->p += n;
    f->left -= n;
    if (f->left > 0) {
        f->p++;
        f->left--;
    }
    out->status = status;
    return status > 0 || ncm_fail(err, status == 0 ? NCM_TIMEOUT : NCM_TLS, "no");
}

static void check(const struct ncm_probe *p, const struct ncm_claim *claims, size_t n)
{
    enum ncm_health h = ncm_probe_health(p);
    bool sane = p->alive >= -1 && p->alive <= 1 && p->ready >= -1 && p->ready <= 1 &&
                p->model_ready >= -1 && p->model_ready <= 1 && n <= 4;
    if (!sane || (h == NCM_HEALTH_HEALTHY && (p->alive != 1 || p->model_ready == 0)) ||
        (h == NCM_HEALTH_FAILED && p->reason.p == NULL) ||
        (h == NCM_HEALTH_DEGRADED && p->reason.p == NULL)) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        if (claims[i].rule != NCM_CLAIM_ANSWER || claims[i].text.len == 0) {
            abort();
        }
    }
}

static void split(const uint8_t *data, size_t size)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ep_share *shares;
    struct ncm_err err;
    size_t n;
    char *text = ncm_strndup((const char *)data, size);
    if (ep_shares(text, strlen(text), a, &shares, &n, &err)) {
        for (size_t i = 0; i < n; i++) {
            if (!(shares[i].percent >= 0 && shares[i].percent <= 100)) {
                abort();
            }
        }
    }
    ncm_free(text);
    ncm_arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {".model_version", ".a.b[0].c", "[1]", "..", "["};
    if (size < 3) {
        return 0;
    }
    struct ncm_probe_setup setup = {
        .protocol = (enum ncm_protocol)(data[0] % NCM_N_PROTOCOLS),
        .model = (data[1] & 1) != 0 ? "churn" : NULL,
        .served_name = (data[1] & 2) != 0 ? "a b" : NULL,
        .health = (data[1] & 4) != 0 ? "/h" : NULL,
        .ready = (data[1] & 8) != 0 ? "/r" : NULL,
        .info = (data[1] & 16) != 0 ? "/i" : NULL,
        .version = (data[1] & 32) != 0 ? paths[data[2] % 5] : NULL,
        .test_path = (data[1] & 64) != 0 ? "/t" : NULL,
        .test_body = "{}",
    };
    struct feed f = {data + 3, size - 3, 0};
    struct ncm_probe_via via = {ask, &f};
    enum ncm_protocol known = NCM_PROTOCOL_AUTO;
    struct ncm_claim claims[4];
    for (int i = 0; i < 2; i++) {
        struct ncm_arena *a = ncm_arena_new();
        struct ncm_probe p;
        size_t n;
        f.asked = 0;
        ncm_probe_run(&setup, &via, &known, true, a, &p, claims, 4, &n);
        check(&p, claims, n);
        ncm_arena_free(a);
    }
    split(data, size);
    return 0;
}
