/* Records of a model registry. */
#ifndef NCM_MODEL_REGISTRY_H
#define NCM_MODEL_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/value.h"

enum ncm_stage { NCM_STAGE_NONE, NCM_STAGE_STAGING, NCM_STAGE_PRODUCTION, NCM_STAGE_ARCHIVED };
#define NCM_N_STAGES 4

/* "None" "Staging" "Production" "Archived", as stores spell them. */
const char *ncm_stage_name(enum ncm_stage s);
/* Any case; false for another word. */
bool ncm_stage_of(const char *word, enum ncm_stage *out);

struct ncm_model_version {
    struct ncm_str model;
    struct ncm_str version; /* as the registry gives it; numeric ones sort as numbers */
    int64_t number;         /* of a numeric version, else 0 */
    enum ncm_stage stage;
    struct ncm_str stage_text; /* what the store holds */
    int64_t creation_ms, last_updated_ms;
    struct ncm_str user, description, source, run_id, status, status_message, run_link;
    struct ncm_kv *tags; /* sorted by key */
    size_t n_tags;
    struct ncm_str *aliases; /* sorted */
    size_t n_aliases;
};

struct ncm_alias {
    struct ncm_str name;
    struct ncm_str version;
    bool dangling; /* its version does not exist (deleted) */
};

struct ncm_model {
    struct ncm_str name, description;
    int64_t creation_ms, last_updated_ms;
    struct ncm_kv *tags;
    size_t n_tags;
    struct ncm_alias *aliases; /* sorted by name */
    size_t n_aliases;
    struct ncm_model_version *versions; /* highest first; deleted ones are left out */
    size_t n_versions;
};

const struct ncm_model_version *ncm_model_version(const struct ncm_model *m, const char *version);
const struct ncm_kv *ncm_version_tag(const struct ncm_model_version *v, const char *key);

/* What the MLmodel file and its neighbours say of a version; absent where not reachable. */
struct ncm_model_facts {
    struct ncm_str path;    /* folder it was read from; absent: why says what is missing */
    struct ncm_str why;     /* reason where nothing could be read */
    struct ncm_str flavors; /* "sklearn, python_function" */
    struct ncm_str mlflow_version, python_version, created, size, model_id;
    struct ncm_str *inputs; /* "age: double", "tensor float64 (-1, 30)" … */
    size_t n_inputs;
    struct ncm_str *outputs;
    size_t n_outputs;
    struct ncm_str *requirements; /* lines of requirements.txt */
    size_t n_requirements;
};

#endif
