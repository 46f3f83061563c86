/* When stages and aliases came to the versions that hold them. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "io/node.h"
#include "ops/fleet/inside.h"
#include "provider/mark.h"

enum { MOVES_MOST = 20000 };

static void read_move(struct ncm_arena *a, struct ncm_list *list, const struct ncm_model *m,
                      const struct ncm_model_version *v, const struct ncm_kv *tag)
{
    const size_t prefix = sizeof NCM_MARK_PREFIX - 1;
    struct ncm_doc *doc;
    struct ncm_err ignored;
    if (tag->key.len <= prefix || memcmp(tag->key.p, NCM_MARK_PREFIX, prefix) != 0 ||
        tag->value.p == NULL || list->n >= MOVES_MOST ||
        !ncm_json_parse("transition", tag->value.p, tag->value.len, &doc, &ignored)) {
        return;
    }
    const struct ncm_node *root = ncm_doc_root(doc);
    struct fleet_move *move = ncm_list_add(list);
    const char *id = tag->key.p + prefix;
    *move = (struct fleet_move){
        .model = m,
        .version = v->version,
        .alias = ncm_arena_cstr(a, ncm_node_str(root, "alias", NULL)),
        .from = ncm_arena_cstr(a, ncm_node_str(root, "from", NULL)),
        .to = ncm_arena_cstr(a, ncm_node_str(root, "to", NULL)),
        .actor = ncm_arena_cstr(a, ncm_node_str(root, "actor", NULL)),
        .reason = ncm_arena_cstr(a, ncm_node_str(root, "reason", NULL)),
        .id = ncm_arena_str(a, id, strcspn(id, ".")),
        .time_ms = ncm_node_i64(root, "time", NCM_NO_TIME),
    };
    ncm_doc_free(doc);
}

static int by_model(const void *a, const void *b)
{
    const struct fleet_move *x = a, *y = b;
    if (x->model != y->model) {
        return x->model < y->model ? -1 : 1;
    }
    return (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
}

void fleet_read_moves(struct fleet_work *w)
{
    struct ncm_list list = {.size = sizeof(struct fleet_move)};
    for (size_t i = 0; w->in->models != NULL && i < w->in->models->n; i++) {
        const struct ncm_model *m = &w->in->models->items[i];
        for (size_t k = 0; k < m->n_versions; k++) {
            for (size_t t = 0; t < m->versions[k].n_tags; t++) {
                read_move(w->arena, &list, m, &m->versions[k], &m->versions[k].tags[t]);
            }
        }
    }
    if (list.n > 0) {
        qsort(list.items, list.n, sizeof(struct fleet_move), by_model);
    }
    w->n_moves = list.n;
    w->moves = ncm_list_move(&list, w->arena);
}

/* The first move of the model. */
static size_t first_of(const struct fleet_work *w, const struct ncm_model *m)
{
    size_t lo = 0, hi = w->n_moves;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (w->moves[mid].model < m) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static bool same_word(struct ncm_str a, struct ncm_str b)
{
    return a.p != NULL && b.p != NULL && strcasecmp(a.p, b.p) == 0;
}

/* Whether the move is of that alias, or to or from that stage. */
static bool is_of_slot(const struct fleet_move *x, struct ncm_str alias, struct ncm_str stage)
{
    return alias.p != NULL
               ? ncm_str_eq(x->alias, alias)
               : x->alias.p == NULL && (same_word(x->from, stage) || same_word(x->to, stage));
}

const struct fleet_move *fleet_move_after(const struct fleet_work *w, const struct ncm_model *m,
                                          struct ncm_str alias, struct ncm_str stage,
                                          int64_t since_ms)
{
    const struct fleet_move *first = NULL;
    for (size_t i = first_of(w, m); i < w->n_moves && w->moves[i].model == m; i++) {
        const struct fleet_move *x = &w->moves[i];
        if (x->time_ms == NCM_NO_TIME || x->time_ms <= since_ms || !is_of_slot(x, alias, stage)) {
            continue;
        }
        if (first != NULL && x->time_ms != first->time_ms) {
            break;
        }
        /* The one that came and the one that left move at once: the latter says who was there. */
        if (first == NULL || (alias.p == NULL && same_word(x->from, stage))) {
            first = x;
        }
    }
    return first;
}

int64_t fleet_held_since(const struct fleet_work *w, const struct ncm_model *m,
                         const struct ncm_model_version *v)
{
    int64_t since = NCM_NO_TIME;
    bool staged = v->stage == NCM_STAGE_PRODUCTION || v->stage == NCM_STAGE_STAGING;
    for (size_t i = first_of(w, m); i < w->n_moves && w->moves[i].model == m; i++) {
        const struct fleet_move *x = &w->moves[i];
        bool came = x->alias.p == NULL ? ncm_str_eq(x->version, v->version) &&
                                             ncm_str_is(x->to, ncm_stage_name(v->stage))
                                       : !staged && ncm_str_eq(x->to, v->version);
        since = came ? x->time_ms : since;
    }
    return since != NCM_NO_TIME || !staged ? since : v->last_updated_ms;
}
