/* Which registered versions came from which run. */
#include <stdio.h>
#include <string.h>

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
    case NCM_STAGE_PRODUCTION:
        return 4;
    case NCM_STAGE_STAGING:
        return 3;
    case NCM_STAGE_NONE:
        return v->n_aliases > 0 ? 2 : 1;
    case NCM_STAGE_ARCHIVED:
        break;
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

/* " Production", " @champion", brief " Prod"; "" where there is neither. */
static void state_text(const struct ncm_model_version *v, bool brief, char *out, size_t outsz)
{
    static const char *const brief_stage[NCM_N_STAGES] = {
        [NCM_STAGE_STAGING] = N_("Stag"),
        [NCM_STAGE_PRODUCTION] = N_("Prod"),
        [NCM_STAGE_ARCHIVED] = N_("Arch"),
    };
    char alias[64];
    out[0] = '\0';
    if (v->stage != NCM_STAGE_NONE)
        snprintf(out, outsz, " %s", brief ? _(brief_stage[v->stage]) : ncm_stage_name(v->stage));
    else if (v->n_aliases > 0)
        snprintf(out, outsz, " @%s", clean_text(v->aliases[0], alias, sizeof alias));
}

enum role badge_text(const struct badge *b, bool brief, char *out, size_t outsz)
{
    static const enum role roles[NCM_N_STAGES] = {
        [NCM_STAGE_NONE] = ROLE_STAGE_NONE,
        [NCM_STAGE_STAGING] = ROLE_STAGE_STAGING,
        [NCM_STAGE_PRODUCTION] = ROLE_STAGE_PRODUCTION,
        [NCM_STAGE_ARCHIVED] = ROLE_STAGE_ARCHIVED,
    };
    char model[160], cut[160], version[32], state[80];
    clean_text(b->model->name, model, sizeof model);
    clean_text(b->version->version, version, sizeof version);
    state_text(b->version, brief, state, sizeof state);
    int room =
        (brief ? BADGE_BRIEF : BADGE_CELLS) - 2 - ncm_text_width(version) - ncm_text_width(state);
    room = room < 4 ? 4 : room;
    ncm_text_clip(cut, sizeof cut, model, strlen(model), room);
    snprintf(out, outsz, "%s v%s%s", cut, version, state);
    return roles[b->version->stage];
}
