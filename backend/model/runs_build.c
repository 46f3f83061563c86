/* Putting a RUNS snapshot together: shared chunks, nesting. */
#include <string.h>

#include "model/snapshot.h"

struct ncm_runs_snapshot *ncm_runs_snapshot_new(size_t n)
{
    struct ncm_runs_snapshot *s = ncm_snapshot_new(NCM_T_RUNS, sizeof(*s));
    s->n = n;
    s->n_chunks = (n + NCM_RUNS_CHUNK - 1) / NCM_RUNS_CHUNK;
    s->n_pages = (n + NCM_RUNS_PAGE - 1) / NCM_RUNS_PAGE;
    s->chunks = ncm_arena_alloc(s->head.arena, s->n_chunks + 1, sizeof(struct ncm_refs_chunk *));
    s->pages = ncm_arena_alloc(s->head.arena, s->n_pages + 1, sizeof(struct ncm_runs_page *));
    return s;
}

static size_t used(size_t n, size_t first)
{
    return n - first < NCM_RUNS_CHUNK ? n - first : NCM_RUNS_CHUNK;
}

/* Refs of [i * CHUNK, …) from `refs`, or the previous snapshot's chunk where it is the same. */
static struct ncm_refs_chunk *chunk_of(const struct ncm_run_ref *refs, size_t i, size_t n,
                                       const struct ncm_runs_snapshot *previous)
{
    size_t first = i * NCM_RUNS_CHUNK;
    size_t bytes = used(n, first) * sizeof(*refs);
    if (previous != NULL && i < previous->n_chunks && used(previous->n, first) == used(n, first) &&
        memcmp(previous->chunks[i]->refs, refs + first, bytes) == 0)
        return ncm_refs_chunk_share(previous->chunks[i]);
    struct ncm_refs_chunk *chunk = ncm_refs_chunk_new();
    memcpy(chunk->refs, refs + first, bytes);
    return chunk;
}

void ncm_runs_set_refs(struct ncm_runs_snapshot *s, const struct ncm_run_ref *refs,
                       const struct ncm_runs_snapshot *previous)
{
    for (size_t i = 0; i < s->n_chunks; i++)
        s->chunks[i] = chunk_of(refs, i, s->n, previous);
}

struct ncm_runs_snapshot *ncm_runs_same_rows(const struct ncm_runs_snapshot *from)
{
    struct ncm_runs_snapshot *s = ncm_runs_snapshot_new(from->n);
    s->head.taken_ms = from->head.taken_ms;
    s->total = from->total;
    for (size_t i = 0; i < s->n_chunks; i++)
        s->chunks[i] = ncm_refs_chunk_share(from->chunks[i]);
    return s;
}

/* Indices of rows; -1 none. */
struct tree {
    int32_t *parent, *child, *next, *place;
    size_t n;
};

/* A row whose chain of parents comes back to itself becomes a top row. */
static void cut_cycles(struct tree *t)
{
    int32_t *seen = t->place; /* borrowed: the walk that passed here, from 1 */
    for (size_t i = 0; i < t->n; i++)
        seen[i] = 0;
    for (size_t i = 0; i < t->n; i++) {
        int32_t at = (int32_t)i, walk = (int32_t)i + 1;
        while (at >= 0 && seen[at] == 0) {
            seen[at] = walk;
            at = t->parent[at];
        }
        if (at >= 0 && seen[at] == walk)
            t->parent[at] = -1;
    }
}

static void link_children(struct tree *t)
{
    for (size_t i = 0; i < t->n; i++)
        t->child[i] = -1;
    for (size_t i = t->n; i-- > 0;) {
        int32_t up = t->parent[i];
        t->next[i] = -1;
        if (up >= 0) {
            t->next[i] = t->child[up];
            t->child[up] = (int32_t)i;
        }
    }
}

/* Preorder without recursion: depth is unbounded in the store. */
static void walk(struct tree *t, int32_t *order, struct ncm_run_ref *out)
{
    size_t n = 0;
    for (size_t root = 0; root < t->n; root++) {
        if (t->parent[root] >= 0)
            continue;
        int32_t at = (int32_t)root;
        uint32_t depth = 0;
        while (at >= 0) {
            int32_t up = t->parent[at];
            struct ncm_run_ref *ref = &out[n];
            ref->parent = up < 0 ? -1 : t->place[up];
            ref->depth = depth < UINT16_MAX ? (uint16_t)depth : UINT16_MAX;
            ref->has_children = t->child[at] >= 0;
            order[n] = at;
            t->place[at] = (int32_t)n++;
            if (t->child[at] >= 0) {
                at = t->child[at];
                depth++;
                continue;
            }
            while (at != (int32_t)root && t->next[at] < 0) {
                at = t->parent[at];
                depth--;
            }
            at = at == (int32_t)root ? -1 : t->next[at];
        }
    }
}

void ncm_runs_nest(int32_t *parent, size_t n, int32_t *order, struct ncm_run_ref *out)
{
    struct tree t = {.n = n, .parent = parent};
    t.child = ncm_alloc(n + 1, sizeof(int32_t));
    t.next = ncm_alloc(n + 1, sizeof(int32_t));
    t.place = ncm_alloc(n + 1, sizeof(int32_t));
    cut_cycles(&t);
    link_children(&t);
    walk(&t, order, out);
    ncm_free(t.child);
    ncm_free(t.next);
    ncm_free(t.place);
}
