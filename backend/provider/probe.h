/* Asking a model server what it is, whether it is alive, whether the *model* is ready and which
 * version it serves: MLflow scoring, Open Inference Protocol v2 (MLServer, KServe, Triton),
 * TorchServe, TF Serving, BentoML, and servers that a configuration describes. Independent of how
 * the server is reached. */
#ifndef NCM_PROVIDER_PROBE_H
#define NCM_PROVIDER_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/http.h"
#include "model/deploy.h"

enum ncm_protocol {
    NCM_PROTOCOL_AUTO,
    NCM_PROTOCOL_MLFLOW,
    NCM_PROTOCOL_OIP,
    NCM_PROTOCOL_KSERVE,
    NCM_PROTOCOL_TORCHSERVE,
    NCM_PROTOCOL_TFSERVING,
    NCM_PROTOCOL_BENTOML,
    NCM_PROTOCOL_GENERIC,
    NCM_N_PROTOCOLS,
};
const char *ncm_protocol_word(enum ncm_protocol p);
bool ncm_protocol_of(const char *word, enum ncm_protocol *out);

/* What a configuration says; NULL where it says nothing. Borrowed. */
struct ncm_probe_setup {
    enum ncm_protocol protocol;
    const char *model;                           /* registered model */
    const char *served_name;                     /* the server's name for it */
    const char *health, *ready, *info, *version; /* generic */
    const char *test_path, *test_body;
};

/* One question to the server; side: 0 its own port, 1 management (TorchServe), 2 metrics. method
 * GET or POST (body JSON). false + err where no whole answer came. */
struct ncm_probe_via {
    bool (*ask)(void *to, int side, enum ncm_http_method method, const char *path, const char *body,
                int64_t timeout_ms, struct ncm_http_answer *out, struct ncm_err *err);
    void *to;
};

/* Finds out what it is (where the setup does not say; *known keeps it between probes, AUTO at
 * first), asks, and fills *out and at most `most` claims (rule ANSWER; strings in the arena).
 * Never fails: what did not work is in out->reason. 2 s for each question. with_test: sends the
 * saved test request too. */
void ncm_probe_run(const struct ncm_probe_setup *setup, const struct ncm_probe_via *via,
                   enum ncm_protocol *known, bool with_test, struct ncm_arena *a,
                   struct ncm_probe *out, struct ncm_claim *claims, size_t most, size_t *n_claims);
/* healthy, degraded (alive, the model not ready), failed (not alive), unknown (never asked). */
enum ncm_health ncm_probe_health(const struct ncm_probe *p);

#endif
