/* Children after their parents, by the tag mlflow.parentRunId. */
#include "provider/mlflow_sqlite/runs.h"

/* Indices of rows; -1 none. */
struct tree {
    int32_t *parent, *child, *next, *place;
    size_t n;
};

static void flat(const struct runs_rows *r, size_t n, struct ncm_run_ref *out)
{
    for (size_t i = 0; i < n; i++) {
        bool running;
        out[i] = (struct ncm_run_ref){.parent = -1};
        out[i].handle = runs_rows_handle(r, i, &running);
        out[i].running = running;
    }
}

static struct runs_id id_at(const struct runs_rows *r, size_t i)
{
    const uint64_t *w = r->words + i * r->stride + r->n_terms + 3;
    return (struct runs_id){w[0], w[1]};
}

static void find_parents(struct runs_plan *p, const struct runs_rows *r, struct tree *t)
{
    struct runs_column *col = &p->columns[p->parent];
    struct runs_hash rows = {0};
    for (size_t i = 0; i < t->n; i++)
        runs_hash_put(&rows, id_at(r, i), i);
    for (size_t i = 0; i < t->n; i++) {
        uint64_t text, row;
        t->parent[i] = -1;
        if (runs_hash_get(&col->hash, id_at(r, i), &text) &&
            runs_hash_get(&rows, runs_id_of(col->texts.items[text]), &row) && row != i)
            t->parent[i] = (int32_t)row;
    }
    runs_hash_free(&rows);
}

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
static void walk(const struct runs_rows *r, struct tree *t, struct ncm_run_ref *out)
{
    size_t n = 0;
    for (size_t root = 0; root < t->n; root++) {
        if (t->parent[root] >= 0)
            continue;
        int32_t at = (int32_t)root;
        uint32_t depth = 0;
        while (at >= 0) {
            bool running;
            int32_t up = t->parent[at];
            struct ncm_run_ref *ref = &out[n];
            *ref = (struct ncm_run_ref){.parent = up < 0 ? -1 : t->place[up]};
            ref->depth = depth < UINT16_MAX ? (uint16_t)depth : UINT16_MAX;
            ref->handle = runs_rows_handle(r, (size_t)at, &running);
            ref->running = running;
            ref->has_children = t->child[at] >= 0;
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

void runs_nest(struct runs_plan *p, const struct runs_rows *r, size_t n, struct ncm_run_ref *out)
{
    if (r->stride == r->n_terms + 3 || n > INT32_MAX) { /* no run has a parent */
        flat(r, n, out);
        return;
    }
    struct tree t = {.n = n};
    t.parent = ncm_alloc(n + 1, sizeof(int32_t));
    t.child = ncm_alloc(n + 1, sizeof(int32_t));
    t.next = ncm_alloc(n + 1, sizeof(int32_t));
    t.place = ncm_alloc(n + 1, sizeof(int32_t));
    find_parents(p, r, &t);
    cut_cycles(&t);
    link_children(&t);
    walk(r, &t, out);
    ncm_free(t.parent);
    ncm_free(t.child);
    ncm_free(t.next);
    ncm_free(t.place);
}
