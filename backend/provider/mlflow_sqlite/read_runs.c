/* Topic RUNS: first rows at once, then the exact order; full rows only for the window. */
#include <string.h>

#include "provider/mlflow_sqlite/runs.h"

/* Above so many runs the first rows come before the exact order. */
#define LARGE       20000
#define NEWEST_MORE 200
/* Pages on either side of the window that are not let go. */
#define PAGES_KEPT 16

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

/* Loads the pages of the window that are not there yet. */
static bool load_window(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_runs_snapshot *s,
                        struct ncm_err *err)
{
    if (s->n == 0 || f->count == 0 || f->first >= s->n)
        return true;
    size_t last = f->count > s->n - f->first ? s->n - 1 : f->first + f->count - 1;
    for (size_t p = f->first / NCM_RUNS_PAGE; p <= last / NCM_RUNS_PAGE; p++)
        if (s->pages[p] == NULL &&
            (!sqlite_go_on(&f->control, err) || !sqlite_load_page(c, f->query, s, p, err)))
            return false;
    return true;
}

static bool publish(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_runs_snapshot *s,
                    struct ncm_err *err)
{
    if (!load_window(c, f, s, err)) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}

/* Pages about the window stay, for who scrolls back; farther ones go, so that memory follows what
 * is looked at. */
static bool is_near(const struct ncm_fetch *f, size_t page)
{
    size_t first = f->first / NCM_RUNS_PAGE, last = (f->first + f->count) / NCM_RUNS_PAGE;
    return page + PAGES_KEPT >= first && page <= last + PAGES_KEPT;
}

/* The same order with other pages. */
static bool move_window(struct ncm_conn *c, struct ncm_fetch *f,
                        const struct ncm_runs_snapshot *previous, struct ncm_err *err)
{
    struct ncm_runs_snapshot *s = ncm_runs_same_rows(previous);
    for (size_t i = 0; i < s->n_pages; i++)
        s->pages[i] = is_near(f, i) ? ncm_runs_page_share(previous->pages[i]) : NULL;
    return publish(c, f, s, err);
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
        return move_window(c, f, previous, err);
    bool ok = runs_plan_make(c, f->query, &plan, err) && sqlite_last_rowid(c, "runs", &last, err);
    if (ok && previous == NULL && plan.simple && last > LARGE)
        ok = publish_newest(c, f, &plan, err);
    ok = ok && publish_exact(c, f, &plan, previous, err);
    runs_plan_free(&plan);
    return ok;
}
