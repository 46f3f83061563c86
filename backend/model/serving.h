/* Which model version a server runs, by what the deployer wrote and what the server says. Pure. The
 * order of evidence: our own labels; a models:/ URI; a run or logged model id; a storage path; the
 * image; common labels; and, apart from them, what the running server answered. */
#ifndef NCM_MODEL_SERVING_H
#define NCM_MODEL_SERVING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/registry.h"
#include "model/value.h"

/* The stronger evidence has the smaller number. */
enum ncm_claim_rule {
    NCM_CLAIM_NONE = 0,
    NCM_CLAIM_LABEL = 1,   /* ncmlops/model, ncmlops/model-version */
    NCM_CLAIM_URI = 2,     /* models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME/STAGE, models:/m-… */
    NCM_CLAIM_RUN = 3,     /* runs:/ID/path, or an artifact path with a run id or models/m-… */
    NCM_CLAIM_PATH = 4,    /* s3://b/models/NAME/7/… */
    NCM_CLAIM_IMAGE = 5,   /* …/churn:7 */
    NCM_CLAIM_COMMON = 6,  /* app.kubernetes.io/version and its like */
    NCM_CLAIM_CONFIG = 7,  /* the configuration names the model (never a version) */
    NCM_CLAIM_ANSWER = 8,  /* what the server itself answered: not a wish but a fact */
};

/* One statement. All strings in the owner's arena; absent where it does not say. */
struct ncm_claim {
    enum ncm_claim_rule rule;
    struct ncm_str where; /* "env MODEL_URI of server", "label version", "image of server" */
    struct ncm_str text;  /* as it is written there: "models:/churn/7" */
    struct ncm_str model, version;
    struct ncm_str alias, stage, run_id, model_id; /* to be resolved by the registry */
    bool guess;           /* a convention of paths or tags, not a statement */
    int64_t since_ms;     /* since when it is so (start of the newest replica); NCM_NO_TIME */
};

/* "label" "uri" "run" "path" "image" "common" "config" "answer"; static. "none". */
const char *ncm_claim_word(enum ncm_claim_rule rule);

/* Where a text stands, for ncm_claim_of. */
enum ncm_claim_place { NCM_PLACE_LABEL, NCM_PLACE_ENV, NCM_PLACE_ARG, NCM_PLACE_URI, NCM_PLACE_IMAGE };
/* Reads one text. key: the label's or variable's name, or NULL. false: it says nothing about a
 * model version. Strings are copied into the arena. `where` is left absent: the caller knows. */
bool ncm_claim_of(struct ncm_arena *a, enum ncm_claim_place place, const char *key,
                  const char *text, struct ncm_claim *out);

/* The same place with another version: how the running one spells it ("models:/churn/7" → "models:/churn/8",
 * "…/churn:v7" → "…/churn:v8", "s3://b/churn/7/" → "s3://b/churn/8/"). NULL where the text does not
 * hold its version as such (an alias, a digest, a run id). The caller frees. */
char *ncm_claim_respell(const struct ncm_claim *c, const char *version);

/* What several statements come to with a registry's help (models may be NULL). */
struct ncm_verdict_version {
    struct ncm_str model, version;   /* absent: unknown. Borrowed from claims or registry */
    const struct ncm_claim *by;      /* which one decided; NULL */
    const struct ncm_claim *against; /* a statement that contradicts it; NULL */
    struct ncm_str against_version;  /* what that one comes to */
    bool alias_moved;                /* named by alias or stage, which changed after the start */
    bool guess;
};
/* The first by rule decides, a statement before a guess; NCM_CLAIM_ANSWER decides over all but
 * contradictions are kept. A run id, logged model id or source is looked up in the registry's
 * versions. A claim of NCM_CLAIM_CONFIG with a model alone names the one to prefer where several
 * would fit (of the configuration, or by the deployment's name as a guess). Models sorted by name.
 * alias_moved: the version it means now was made (a stage: or changed) after since_ms.
 * O(claims² × versions). */
struct ncm_model;
void ncm_claims_decide(const struct ncm_claim *claims, size_t n, const struct ncm_model *models,
                       size_t n_models, struct ncm_verdict_version *out);

#endif
