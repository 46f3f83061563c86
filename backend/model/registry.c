#include "model/registry.h"

#include <string.h>
#include <strings.h>

static const char *const stage_names[NCM_N_STAGES] = {"None", "Staging", "Production", "Archived"};

const char *ncm_stage_name(enum ncm_stage s)
{
    return (unsigned)s < NCM_N_STAGES ? stage_names[s] : stage_names[0];
}

bool ncm_stage_of(const char *word, enum ncm_stage *out)
{
    for (int i = 0; word && i < NCM_N_STAGES; i++)
        if (strcasecmp(word, stage_names[i]) == 0) {
            *out = (enum ncm_stage)i;
            return true;
        }
    return false;
}

const struct ncm_model_version *ncm_model_version(const struct ncm_model *m, const char *version)
{
    for (size_t i = 0; i < m->n_versions; i++)
        if (ncm_str_is(m->versions[i].version, version))
            return &m->versions[i];
    return NULL;
}

const struct ncm_kv *ncm_version_tag(const struct ncm_model_version *v, const char *key)
{
    return ncm_kv_find(v->tags, v->n_tags, key);
}
