/* Who held a stage or an alias, and when: the audit joined with the transition tags in the store
 * and with what the registry says now. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/node.h"
#include "ops/parts.h"

/* A version came to hold the slot (gained) or left it. */
struct event {
    int64_t time_ms;
    int64_t seq;  /* of the audit record; 0 for tags */
    size_t order; /* as found, to keep equal times apart */
    bool gained;
    bool from_audit;
    struct ncm_str version, actor, reason, id;
};

struct gather {
    struct ncm_arena *arena;
    const char *slot; /* stage name, or the alias after '@' */
    bool alias;
    struct event *items;
    size_t n, cap;
};

static void add_event(struct gather *g, struct event e)
{
    /* The audit and the tag tell of the same step. */
    for (size_t i = 0; i < g->n; i++) {
        struct event *o = &g->items[i];
        if (o->gained == e.gained && ncm_str_eq(o->version, e.version) && ncm_str_eq(o->id, e.id)) {
            return;
        }
    }
    e.order = g->n;
    g->items = ncm_grow(g->items, g->n, &g->cap, sizeof *g->items);
    g->items[g->n++] = e;
}

static bool is_slot(const struct gather *g, const char *word)
{
    return word != NULL && strcmp(word, g->slot) == 0;
}

/* One step of one version: from and to are stages, or versions of the alias. */
static void step(struct gather *g, struct event e, const char *version, const char *from,
                 const char *to)
{
    bool left = g->alias ? from != NULL && strcmp(from, version) == 0 : is_slot(g, from);
    bool came = g->alias ? to != NULL && strcmp(to, version) == 0 : is_slot(g, to);
    if (left == came) {
        return;
    }
    e.version = ncm_arena_cstr(g->arena, version);
    e.gained = came;
    add_event(g, e);
}

static void from_change(struct gather *g, const struct event *base, const struct ncm_change *ch)
{
    if (!g->alias && ch->kind == NCM_CH_VERSION_STAGE) {
        step(g, *base, ch->version, ch->from, ch->to);
    } else if (!g->alias && ch->kind == NCM_CH_VERSION_DELETE) {
        step(g, *base, ch->version, ch->from, NULL);
    } else if (g->alias && ch->kind == NCM_CH_ALIAS && is_slot(g, ch->key)) {
        if (ch->from != NULL) {
            step(g, *base, ch->from, ch->from, ch->to);
        }
        if (ch->to != NULL) {
            step(g, *base, ch->to, ch->from, ch->to);
        }
    }
}

/* Newest first, so that a rename is followed back to the name before. */
static void from_audit(struct gather *g, const struct ncm_log_book *book, const char *model)
{
    char *name = ncm_strdup(model);
    for (size_t i = book->n; i > 0; i--) {
        const struct ncm_record *r = &book->items[i - 1];
        struct ncm_changes changes;
        struct ncm_err err;
        if (!ncm_record_done(r) ||
            !ncm_changes_from_json(ncm_cstr(r->changes), r->changes.len, &changes, &err)) {
            continue;
        }
        struct event base = {.time_ms = r->time_ms,
                             .from_audit = true,
                             .actor = r->actor,
                             .reason = r->reason,
                             .id = r->id,
                             .seq = r->seq};
        for (size_t k = changes.n; k > 0; k--) {
            const struct ncm_change *ch = &changes.items[k - 1];
            if (ch->kind == NCM_CH_MODEL_RENAME && ch->to != NULL && strcmp(ch->to, name) == 0) {
                ncm_free(name);
                name = ncm_strdup(ch->object);
            } else if (ch->object != NULL && strcmp(ch->object, name) == 0) {
                from_change(g, &base, ch);
            }
        }
        ncm_changes_release(&changes);
    }
    ncm_free(name);
}

/* "ncmlops.transition.ID" or "….ID.2" → ID. */
static struct ncm_str id_of_key(struct ncm_arena *a, struct ncm_str key)
{
    static const char prefix[] = "ncmlops.transition.";
    size_t n = sizeof prefix - 1;
    if (key.len <= n || strncmp(key.p, prefix, n) != 0) {
        return (struct ncm_str){NULL, 0};
    }
    return ncm_arena_str(a, key.p + n, strcspn(key.p + n, "."));
}

static void from_tag(struct gather *g, const struct ncm_model_version *v, const struct ncm_kv *tag)
{
    struct ncm_doc *doc;
    struct ncm_err err;
    struct ncm_str id = id_of_key(g->arena, tag->key);
    if (id.p == NULL || tag->value.p == NULL ||
        !ncm_json_parse("transition", tag->value.p, tag->value.len, &doc, &err)) {
        return;
    }
    const struct ncm_node *root = ncm_doc_root(doc);
    const char *alias = ncm_node_str(root, "alias", NULL);
    if (g->alias ? is_slot(g, alias) : alias == NULL) {
        struct event base = {
            .time_ms = ncm_node_i64(root, "time", NCM_NO_TIME),
            .actor = ncm_arena_cstr(g->arena, ncm_node_str(root, "actor", NULL)),
            .reason = ncm_arena_cstr(g->arena, ncm_node_str(root, "reason", NULL)),
            .id = id,
        };
        step(g, base, ncm_cstr(v->version), ncm_node_str(root, "from", NULL),
             ncm_node_str(root, "to", NULL));
    }
    ncm_doc_free(doc);
}

static int by_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    if (x->time_ms != y->time_ms) {
        return x->time_ms < y->time_ms ? -1 : 1;
    }
    if (x->seq != y->seq) {
        return x->seq < y->seq ? -1 : 1;
    }
    /* Leaving comes before coming: the archived one makes room. */
    if (x->gained != y->gained) {
        return x->gained ? 1 : -1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

struct spans {
    struct ncm_holder *items;
    size_t n, cap;
    bool *open; /* one a span */
    size_t open_cap;
};

static struct ncm_holder *add_span(struct spans *s, struct ncm_str version, bool open)
{
    s->items = ncm_grow(s->items, s->n, &s->cap, sizeof *s->items);
    s->open = ncm_grow(s->open, s->n, &s->open_cap, sizeof *s->open);
    s->open[s->n] = open;
    struct ncm_holder *h = &s->items[s->n++];
    memset(h, 0, sizeof *h);
    h->version = version;
    h->from_ms = NCM_NO_TIME;
    h->until_ms = NCM_NO_TIME;
    return h;
}

static struct ncm_holder *open_span(struct spans *s, struct ncm_str version)
{
    for (size_t i = s->n; i > 0; i--) {
        if (s->open[i - 1] && ncm_str_eq(s->items[i - 1].version, version)) {
            return &s->items[i - 1];
        }
    }
    return NULL;
}

static void replay(struct gather *g, struct spans *s)
{
    if (g->n > 1) {
        qsort(g->items, g->n, sizeof *g->items, by_time);
    }
    for (size_t i = 0; i < g->n; i++) {
        const struct event *e = &g->items[i];
        struct ncm_holder *h = open_span(s, e->version);
        if (h != NULL) {
            /* Left; or came anew, so that it had left unseen in between. */
            h->until_ms = e->time_ms;
            s->open[h - s->items] = false;
        }
        if (e->gained) {
            h = add_span(s, e->version, true);
            h->from_ms = e->time_ms;
            h->actor = e->actor;
            h->reason = e->reason;
            h->known_from = ncm_arena_cstr(g->arena, e->from_audit ? "audit" : "tag");
        } else if (h == NULL) {
            h = add_span(s, e->version, false); /* held it before anything we know of */
            h->until_ms = e->time_ms;
            h->known_from = ncm_arena_cstr(g->arena, e->from_audit ? "audit" : "tag");
        }
    }
}

static bool holds_now(const struct gather *g, const struct ncm_model *m,
                      const struct ncm_model_version *v)
{
    if (!g->alias) {
        return ncm_str_is(v->stage_text, g->slot);
    }
    for (size_t i = 0; i < m->n_aliases; i++) {
        if (ncm_str_is(m->aliases[i].name, g->slot) &&
            ncm_str_eq(m->aliases[i].version, v->version)) {
            return true;
        }
    }
    return false;
}

/* The registry has the last word: who holds it now, and that others no longer do. */
static void join_present(struct gather *g, const struct ncm_model *m, struct spans *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_model_version *v =
            m != NULL ? ncm_model_version(m, ncm_cstr(s->items[i].version)) : NULL;
        if (s->open[i] && (v == NULL || !holds_now(g, m, v))) {
            /* Moved by another program: at the latest when its row was last written. */
            bool told = v != NULL && !g->alias && v->last_updated_ms >= s->items[i].from_ms;
            s->items[i].until_ms = told ? v->last_updated_ms : ncm_now_ms();
            s->open[i] = false;
        }
    }
    for (size_t i = m != NULL ? m->n_versions : 0; i > 0; i--) {
        const struct ncm_model_version *v = &m->versions[i - 1];
        if (holds_now(g, m, v) && open_span(s, v->version) == NULL) {
            struct ncm_holder *h =
                add_span(s, ncm_arena_str(g->arena, v->version.p, v->version.len), true);
            h->known_from = ncm_arena_cstr(g->arena, "registry");
        }
    }
}

static int64_t sort_key(const struct ncm_holder *h)
{
    return h->until_ms == NCM_NO_TIME ? INT64_MAX : h->until_ms;
}

static int newest_first(const void *a, const void *b)
{
    const struct ncm_holder *x = a, *y = b;
    int64_t kx = sort_key(x), ky = sort_key(y);
    if (kx != ky) {
        return kx > ky ? -1 : 1;
    }
    if (x->from_ms != y->from_ms) {
        return x->from_ms > y->from_ms ? -1 : 1;
    }
    return strcmp(ncm_cstr(y->version), ncm_cstr(x->version));
}

bool ncm_holders_find(const struct ncm_log_book *book, const struct ncm_model *present,
                      const char *model, const char *slot, struct ncm_holder_list *out,
                      struct ncm_err *err)
{
    enum ncm_stage stage;
    memset(out, 0, sizeof *out);
    bool alias = slot != NULL && slot[0] == '@' && slot[1] != '\0';
    if (!alias && (slot == NULL || !ncm_stage_of(slot, &stage))) {
        return ncm_fail(err, NCM_USAGE, _("'%s' is neither a stage nor an @alias"),
                        slot != NULL ? slot : "");
    }
    struct gather g = {
        .arena = ncm_arena_new(), .alias = alias, .slot = alias ? slot + 1 : ncm_stage_name(stage)};
    struct spans s = {0};
    from_audit(&g, book, model);
    for (size_t i = 0; present != NULL && i < present->n_versions; i++) {
        for (size_t k = 0; k < present->versions[i].n_tags; k++) {
            from_tag(&g, &present->versions[i], &present->versions[i].tags[k]);
        }
    }
    replay(&g, &s);
    join_present(&g, present, &s);
    if (s.n > 1) {
        qsort(s.items, s.n, sizeof *s.items, newest_first);
    }
    for (size_t i = 0; i < s.n; i++) { /* audit texts belong to the book */
        struct ncm_holder *h = &s.items[i];
        h->actor = h->actor.p != NULL ? ncm_arena_str(g.arena, h->actor.p, h->actor.len) : h->actor;
        h->reason =
            h->reason.p != NULL ? ncm_arena_str(g.arena, h->reason.p, h->reason.len) : h->reason;
    }
    out->arena = g.arena;
    out->items = s.items;
    out->n = s.n;
    ncm_free(s.open);
    ncm_free(g.items);
    return true;
}

void ncm_holders_release(struct ncm_holder_list *l)
{
    ncm_arena_free(l->arena);
    ncm_free(l->items);
    memset(l, 0, sizeof *l);
}
