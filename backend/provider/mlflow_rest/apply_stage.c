/* Stages of one model's versions, moved so that the stage is never empty and, where the server can
 * do that, never held by two. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "model/rules.h"
#include "provider/mlflow_rest/apply.h"

/* A version as the server has it. */
struct seen {
    char *version, *stage;
    int64_t updated_ms;
    size_t marks;
};
struct view {
    struct seen *items;
    size_t n, cap;
};

static bool see(void *to, const struct ncm_node *version)
{
    struct view *v = to;
    v->items = ncm_grow(v->items, v->n, &v->cap, sizeof *v->items);
    v->items[v->n++] = (struct seen){
        .version = ncm_strdup(ncm_node_str(version, "version", "")),
        .stage = ncm_strdup(ncm_node_str(version, "current_stage", "None")),
        .updated_ms = rest_time(version, "last_updated_timestamp"),
        .marks = rest_other_marks(version, NULL),
    };
    return true;
}

static void release(struct view *v)
{
    for (size_t i = 0; i < v->n; i++) {
        ncm_free(v->items[i].version);
        ncm_free(v->items[i].stage);
    }
    ncm_free(v->items);
    *v = (struct view){0};
}

static const struct seen *find(const struct view *v, const char *version)
{
    for (size_t i = 0; i < v->n; i++) {
        if (strcmp(v->items[i].version, version) == 0) {
            return &v->items[i];
        }
    }
    return NULL;
}

/* Consecutive changes of stages of one model; `enters` is the one that gets the others' stage. */
struct group {
    const struct ncm_change *items;
    struct rest_step *steps;
    size_t n;
    size_t enters; /* n: none */
};

static bool is_active(const char *stage)
{
    return strcmp(stage, "Production") == 0 || strcmp(stage, "Staging") == 0;
}

static const struct ncm_change *member(const struct group *g, const char *version)
{
    for (size_t i = 0; i < g->n; i++) {
        if (strcmp(g->items[i].version, version) == 0) {
            return &g->items[i];
        }
    }
    return NULL;
}

/* Whether all others of the group leave the stage that this one comes to. */
static bool takes_over(const struct group *g, size_t which)
{
    const struct ncm_change *e = &g->items[which];
    bool all = is_active(e->to) && !ncm_change_same(e->from, e->to);
    for (size_t i = 0; all && i < g->n; i++) {
        const struct ncm_change *o = &g->items[i];
        all = i == which || (ncm_change_same(o->from, e->to) && !ncm_change_same(o->to, e->to));
    }
    return all;
}

static void group_of(struct rest_writer *w, size_t first, struct group *g)
{
    const struct ncm_changes *c = w->changes;
    *g = (struct group){.items = &c->items[first], .steps = &w->steps[first]};
    while (first + g->n < c->n && c->items[first + g->n].kind == NCM_CH_VERSION_STAGE &&
           strcmp(c->items[first + g->n].object, c->items[first].object) == 0) {
        g->n++;
    }
    g->enters = 0;
    while (g->enters < g->n && !takes_over(g, g->enters)) {
        g->enters++;
    }
}

/* written: something was by then; what became of that is told beside. */
static bool came_meanwhile(const struct group *g, const char *version, const char *stage,
                           bool written, struct ncm_err *err)
{
    ncm_fail(err, NCM_CONFLICT,
             written ? _("%s version %s came to %s meanwhile")
                     : _("%s version %s came to %s meanwhile; nothing was written"),
             g->items[0].object, version, stage);
    return ncm_hint(err, _("look at the present state and decide again"));
}

/* The versions in a stage that the group does not move out of it. */
static const struct seen *stranger(const struct group *g, const struct view *v, const char *stage)
{
    for (size_t i = 0; i < v->n; i++) {
        if (strcmp(v->items[i].stage, stage) == 0 && member(g, v->items[i].version) == NULL) {
            return &v->items[i];
        }
    }
    return NULL;
}

static bool wants_alone(const struct ncm_change *ch)
{
    return ch->extra != NULL && strcmp(ch->extra, "alone") == 0;
}

/* Everything is still as it was planned on; and who is to be alone will be. */
static bool compare(const struct group *g, const struct view *v, struct ncm_err *err)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct ncm_change *ch = &g->items[i];
        const struct seen *s = find(v, ch->version);
        if (s == NULL) {
            return ncm_rules_no_version(ch->object, ch->version, err);
        }
        if (!ch->any_from && !ncm_change_same(s->stage, ch->from)) {
            return ncm_change_conflict(ch, s->stage, err);
        }
        g->steps[i].others = s->marks;
        const struct seen *other = wants_alone(ch) ? stranger(g, v, ch->to) : NULL;
        if (other != NULL) {
            return came_meanwhile(g, other->version, ch->to, false, err);
        }
    }
    return true;
}

static bool move(struct rest_writer *w, const struct group *g, size_t i, const char *from,
                 struct ncm_err *err)
{
    struct ncm_change ch = g->items[i];
    ch.from = (char *)(uintptr_t)from;
    return ncm_change_same(from, ch.to) || rest_write(w, &ch, false, &g->steps[i], err);
}

/* The server archived one that came to the stage between our look and its doing: it is put back,
 * and the whole is a conflict. */
static bool put_back_stranger(struct rest_writer *w, const struct group *g, const struct seen *s,
                              struct ncm_err *err)
{
    struct rest_step step = {0};
    struct ncm_err ignored;
    struct ncm_change back = {.kind = NCM_CH_VERSION_STAGE,
                              .object = g->items[0].object,
                              .version = s->version,
                              .from = s->stage,
                              .to = g->items[g->enters].to};
    bool ok = rest_write(w, &back, false, &step, &ignored);
    came_meanwhile(g, s->version, back.to, true, err);
    if (!ok) {
        w->receipt->partial = true;
        ncm_hint(err, _("and it was archived with the others: look at the present state"));
    }
    return false;
}

/* One call moves the one in and the others out, which the server does as one. */
static bool swap(struct rest_writer *w, const struct group *g, const struct view *before,
                 struct ncm_err *err)
{
    const struct ncm_change *e = &g->items[g->enters];
    struct view after = {0};
    struct ncm_err ignored;
    if (!rest_write(w, e, true, &g->steps[g->enters], err)) {
        return false;
    }
    int64_t at = g->steps[g->enters].time_ms;
    bool looked = rest_each_version(w, e->object, see, &after, &ignored);
    bool ok = true;
    for (size_t i = 0; i < g->n; i++) {
        const struct ncm_change *o = &g->items[i];
        const struct seen *s = looked ? find(&after, o->version) : NULL;
        if (i == g->enters) {
            continue;
        }
        /* One call gives all it moves one time: another time is another hand. */
        bool ours = !looked || (s != NULL && strcmp(s->stage, "Archived") == 0 &&
                                (s->updated_ms == at || at == NCM_NO_TIME));
        g->steps[i].fate = ours ? REST_DONE : REST_AS_WAS;
        g->steps[i].time_ms = at;
        if (ok && !ours) {
            ok = ncm_change_conflict(o, s != NULL ? s->stage : NULL, err);
        }
    }
    for (size_t i = 0; ok && i < after.n; i++) {
        const struct seen *s = &after.items[i];
        const struct seen *was = find(before, s->version);
        if (member(g, s->version) == NULL && strcmp(s->stage, "Archived") == 0 &&
            s->updated_ms == at && at != NCM_NO_TIME &&
            (was == NULL || was->updated_ms != s->updated_ms)) {
            ok = put_back_stranger(w, g, s, err);
        }
    }
    for (size_t i = 0; ok && i < g->n; i++) {
        if (i != g->enters) {
            ok = move(w, g, i, "Archived", err);
        }
    }
    release(&after);
    return ok;
}

/* Whoever comes to an active stage first, so that it does not stand empty meanwhile. */
static bool one_by_one(struct rest_writer *w, const struct group *g, struct ncm_err *err)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < g->n; i++) {
            const struct ncm_change *ch = &g->items[i];
            if (is_active(ch->to) != (pass == 0)) {
                continue;
            }
            if (!rest_write(w, ch, false, &g->steps[i], err)) {
                return false;
            }
        }
    }
    return true;
}

static bool still_alone(struct rest_writer *w, const struct group *g, struct ncm_err *err)
{
    struct view after = {0};
    struct ncm_err ignored;
    bool ok = true;
    for (size_t i = 0; ok && i < g->n; i++) {
        if (!wants_alone(&g->items[i])) {
            continue;
        }
        if (after.n == 0 && !rest_each_version(w, g->items[0].object, see, &after, &ignored)) {
            break;
        }
        const struct seen *other = stranger(g, &after, g->items[i].to);
        ok = other == NULL || came_meanwhile(g, other->version, g->items[i].to, true, err);
    }
    release(&after);
    return ok;
}

bool rest_stages(struct rest_writer *w, size_t first, size_t *n, struct ncm_err *err)
{
    struct group g;
    struct view before = {0};
    group_of(w, first, &g);
    *n = g.n;
    bool ok =
        rest_each_version(w, g.items[0].object, see, &before, err) && compare(&g, &before, err);
    if (ok) {
        bool whole =
            g.n > 1 && g.enters < g.n && stranger(&g, &before, g.items[g.enters].to) == NULL;
        ok = whole ? swap(w, &g, &before, err) : one_by_one(w, &g, err) && still_alone(w, &g, err);
    }
    release(&before);
    return ok;
}
