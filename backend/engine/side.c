/* Further sources of a session: each is a session of its own that shares the bell. */
#include <string.h>

#include "base/mem.h"
#include "engine/internal.h"

bool ncm_session_add_side(struct ncm_session *s, const struct ncm_side *side, struct ncm_err *err)
{
    const struct ncm_session_options o = {.timeout_ms = s->timeout_ms,
                                          .read_only = s->read_only || side->why_read_only != NULL};
    struct ncm_choice choice = {
        .location = ncm_strdup(side->location),
        .label = ncm_strdup(side->location),
        .why = ncm_strdup(side->name),
        .context = ncm_strdup(s->choice.context),
        .protect = s->choice.protect,
    };
    if (side->access != NULL) {
        ncm_access_copy(&choice.access, side->access);
    }
    struct ncm_session *made;
    if (!ncm_session_make(side->provider, &o, NULL, NULL, &choice, s, &made, err)) {
        return false;
    }
    made->takes = side->takes;
    made->takes_as = side->takes_as;
    made->why_read_only = s->read_only ? NULL : side->why_read_only;
    made->source.place.with = side->with;
    ncm_free(made->source.state_path);
    made->source.state_path = ncm_strdup(s->source.state_path);
    made->job_id = (uint64_t)(s->n_sides + 1) << NCM_SIDE_SHIFT;
    s->sides = ncm_resize(s->sides, s->n_sides + 1, sizeof(struct ncm_session *));
    s->sides[s->n_sides++] = made;
    return true;
}

struct ncm_session *ncm_session_side(struct ncm_session *s, const char *name)
{
    for (size_t i = 0; i < s->n_sides; i++) {
        if (strcmp(s->sides[i]->choice.why, name) == 0) {
            return s->sides[i];
        }
    }
    return NULL;
}

struct ncm_session *ncm_session_for(struct ncm_session *s, const struct ncm_query *q)
{
    for (size_t i = 0; i < s->n_sides; i++) {
        struct ncm_session *side = s->sides[i];
        if (side->takes_as != NULL ? side->takes_as(side->choice.why, q) : side->takes(q)) {
            return side;
        }
    }
    return s;
}

void ncm_session_keep(struct ncm_session *s, void *thing, void (*release)(void *thing))
{
    s->kept = ncm_resize(s->kept, s->n_kept + 1, sizeof *s->kept);
    s->kept[s->n_kept++] = (struct ncm_kept){thing, release};
}

void *ncm_session_kept(const struct ncm_session *s, void (*release)(void *thing))
{
    for (size_t i = 0; i < s->n_kept; i++) {
        if (s->kept[i].release == release) {
            return s->kept[i].thing;
        }
    }
    return NULL;
}

const struct ncm_provider *ncm_session_provider(const struct ncm_session *s)
{
    return s->provider;
}

const struct ncm_place *ncm_session_place(const struct ncm_session *s)
{
    return &s->source.place;
}
