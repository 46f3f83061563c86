/* Children after their parents, by the tag mlflow.parentRunId. */
#include "provider/mlflow_sqlite/runs.h"

static void put(const struct runs_rows *r, size_t row, struct ncm_run_ref *ref)
{
    bool running;
    ref->handle = runs_rows_handle(r, row, &running);
    ref->running = running;
}

static struct runs_id id_at(const struct runs_rows *r, size_t i)
{
    const uint64_t *w = r->words + i * r->stride + r->n_terms + 3;
    return (struct runs_id){w[0], w[1]};
}

static void find_parents(struct runs_plan *p, const struct runs_rows *r, int32_t *parent, size_t n)
{
    struct runs_column *col = &p->columns[p->parent];
    struct runs_hash rows = {0};
    for (size_t i = 0; i < n; i++)
        runs_hash_put(&rows, id_at(r, i), i);
    for (size_t i = 0; i < n; i++) {
        uint64_t text, row;
        parent[i] = -1;
        if (runs_hash_get(&col->hash, id_at(r, i), &text) &&
            runs_hash_get(&rows, runs_id_of(col->texts.items[text]), &row) && row != i)
            parent[i] = (int32_t)row;
    }
    runs_hash_free(&rows);
}

void runs_nest(struct runs_plan *p, const struct runs_rows *r, size_t n, struct ncm_run_ref *out)
{
    if (r->stride == r->n_terms + 3 || n > INT32_MAX) { /* no run has a parent */
        for (size_t i = 0; i < n; i++) {
            out[i] = (struct ncm_run_ref){.parent = -1};
            put(r, i, &out[i]);
        }
        return;
    }
    int32_t *parent = ncm_alloc(n + 1, sizeof(int32_t));
    int32_t *order = ncm_alloc(n + 1, sizeof(int32_t));
    find_parents(p, r, parent, n);
    ncm_runs_nest(parent, n, order, out);
    for (size_t k = 0; k < n; k++)
        put(r, (size_t)order[k], &out[k]);
    ncm_free(parent);
    ncm_free(order);
}
