/* Which registered versions came from which run. */
#include <stdio.h>

#include "runs.h"

struct badge_index {
    struct ncm_map *by_run; /* run id → index + 1 of its best version in items */
    struct badge *items;
    size_t n, cap;
};

/* Production first, then Staging, then one with an alias, then the newest. */
static int weight(const struct ncm_model_version *v)
{
    switch (v->stage) {
    case NCM_STAGE_PRODUCTION: return 4;
    case NCM_STAGE_STAGING: return 3;
    case NCM_STAGE_NONE: return v->n_aliases > 0 ? 2 : 1;
    case NCM_STAGE_ARCHIVED: break;
    }
    return 0;
}

static void index_version(struct badge_index *b, const struct ncm_model *m,
                          const struct ncm_model_version *v)
{
    size_t at;
    if (v->run_id.p == NULL || v->run_id.len == 0)
        return;
    if (ncm_map_get(b->by_run, v->run_id.p, v->run_id.len, &at)) {
        struct badge *have = &b->items[at];
        have->more++;
        if (weight(v) > weight(have->version)) {
            have->model = m;
            have->version = v;
        }
        return;
    }
    b->items = ncm_grow(b->items, b->n, &b->cap, sizeof *b->items);
    b->items[b->n] = (struct badge){m, v, 0};
    ncm_map_set(b->by_run, v->run_id.p, v->run_id.len, b->n);
    b->n++;
}

struct badge_index *badges_new(const struct ncm_models_snapshot *s)
{
    struct badge_index *b = ncm_alloc(1, sizeof *b);
    b->by_run = ncm_map_new();
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->items[i].n_versions; k++)
            index_version(b, &s->items[i], &s->items[i].versions[k]);
    return b;
}

void badges_free(struct badge_index *b)
{
    if (b == NULL)
        return;
    ncm_map_free(b->by_run);
    ncm_free(b->items);
    ncm_free(b);
}

bool badges_find(const struct badge_index *b, struct ncm_str run_id, struct badge *out)
{
    size_t at;
    if (b == NULL || run_id.p == NULL || !ncm_map_get(b->by_run, run_id.p, run_id.len, &at))
        return false;
    *out = b->items[at];
    return true;
}

enum role badge_text(const struct badge *b, bool brief, char *out, size_t outsz)
{
    static const enum role roles[NCM_N_STAGES] = {
        [NCM_STAGE_NONE] = ROLE_STAGE_NONE,
        [NCM_STAGE_STAGING] = ROLE_STAGE_STAGING,
        [NCM_STAGE_PRODUCTION] = ROLE_STAGE_PRODUCTION,
        [NCM_STAGE_ARCHIVED] = ROLE_STAGE_ARCHIVED,
    };
    char model[160], version[32], alias[64];
    clean_text(b->model->name, model, sizeof model);
    clean_text(b->version->version, version, sizeof version);
    int len = snprintf(out, outsz, "%s%sv%s", brief ? "" : model, brief ? "" : " ", version);
    if (len < 0 || (size_t)len >= outsz)
        return roles[b->version->stage];
    out += len;
    outsz -= (size_t)len;
    if (b->version->stage != NCM_STAGE_NONE)
        snprintf(out, outsz, " %s", ncm_stage_name(b->version->stage));
    else if (b->version->n_aliases > 0)
        snprintf(out, outsz, " @%s", clean_text(b->version->aliases[0], alias, sizeof alias));
    return roles[b->version->stage];
}
