/* Topic RUNS: first rows at once, then the exact order; full rows only for the window. */
#include <string.h>

#include "provider/mlflow_sqlite/runs.h"
#include "provider/window.h"

/* Above so many runs the first rows come before the exact order. */
#define LARGE       20000
#define NEWEST_MORE 200

static struct ncm_runs_snapshot *snapshot_of(struct runs_plan *p, const struct runs_rows *r,
                                             size_t n, const struct ncm_runs_snapshot *previous)
{
    struct ncm_runs_snapshot *s = ncm_runs_snapshot_new(n);
    struct ncm_run_ref *refs = ncm_alloc(n + 1, sizeof(*refs));
    runs_nest(p, r, n, refs);
    ncm_runs_set_refs(s, refs, previous);
    ncm_free(refs);
    return s;
}

/* Whose rows are loaded. */
struct asking {
    struct ncm_conn *c;
    struct ncm_fetch *f;
};

static bool load_page(void *to, struct ncm_runs_snapshot *s, size_t p, struct ncm_err *err)
{
    const struct asking *a = to;
    return sqlite_go_on(&a->f->control, err) && sqlite_load_page(a->c, a->f->query, s, p, err);
}

static bool publish(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_runs_snapshot *s,
                    struct ncm_err *err)
{
    return ncm_window_publish(f, s, load_page, &(struct asking){c, f}, err);
}

static bool publish_newest(struct ncm_conn *c, struct ncm_fetch *f, struct runs_plan *p,
                           struct ncm_err *err)
{
    struct runs_rows rows = {0};
    size_t most = f->first + f->count + NEWEST_MORE;
    bool ok = runs_rows_newest(c, p, most, &rows, err) && runs_rows_sort(c, p, &rows, err);
    if (ok && rows.n > 0) {
        struct ncm_runs_snapshot *s = snapshot_of(p, &rows, rows.n, NULL);
        s->head.provisional = true;
        s->total = -1;
        ok = publish(c, f, s, err);
    }
    runs_rows_free(&rows);
    return ok;
}

static bool publish_exact(struct ncm_conn *c, struct ncm_fetch *f, struct runs_plan *p,
                          const struct ncm_runs_snapshot *previous, struct ncm_err *err)
{
    struct runs_rows rows = {0};
    bool ok = runs_rows_scan(c, f, p, &rows, err) && runs_rows_sort(c, p, &rows, err);
    if (ok) {
        int64_t limit = f->query->limit;
        size_t n = limit > 0 && (uint64_t)limit < rows.n ? (size_t)limit : rows.n;
        struct ncm_runs_snapshot *s = snapshot_of(p, &rows, n, previous);
        s->total = (int64_t)rows.n;
        runs_rows_free(&rows);
        return publish(c, f, s, err);
    }
    runs_rows_free(&rows);
    return false;
}

bool read_runs(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    const struct ncm_runs_snapshot *previous = (const struct ncm_runs_snapshot *)f->previous;
    struct runs_plan plan;
    int64_t last;
    if (previous != NULL && previous->head.provisional)
        previous = NULL;
    if (f->window_only && previous != NULL)
        return ncm_window_move(f, previous, load_page, &(struct asking){c, f}, err);
    bool ok = runs_plan_make(c, f->query, &plan, err) && sqlite_last_rowid(c, "runs", &last, err);
    if (ok && previous == NULL && plan.simple && last > LARGE)
        ok = publish_newest(c, f, &plan, err);
    ok = ok && publish_exact(c, f, &plan, previous, err);
    runs_plan_free(&plan);
    return ok;
}
