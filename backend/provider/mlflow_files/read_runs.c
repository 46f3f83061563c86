/* Topic RUNS: first rows at once, then the exact order; full rows only for the window. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "provider/mlflow_files/runs.h"
#include "provider/window.h"

/* Above so many runs the first rows come before all meta.yaml files are read. */
#define LARGE       2000
#define NEWEST_MORE 200

/* The experiments asked for; none means all active ones. */
static void choose(struct ncm_conn *c, const struct ncm_query *q)
{
    for (size_t i = 0; i < c->n_experiments; i++) {
        struct files_experiment *e = c->experiments[i];
        bool asked = q->n_ids == 0 && !e->trashed && e->meta.lifecycle == NCM_ACTIVE;
        for (size_t k = 0; k < q->n_ids; k++)
            asked = asked || strcmp(q->ids[k], e->id) == 0;
        e->wanted = e->there && e->ok && asked;
    }
}

/* Whose rows are loaded. */
struct asking {
    struct ncm_conn *c;
    struct ncm_fetch *f;
};

static bool load_page(void *to, struct ncm_runs_snapshot *s, size_t p, struct ncm_err *err)
{
    const struct asking *a = to;
    return files_go_on(a->c, &a->f->control, err) && files_load_page(a->c, a->f, s, p, err);
}

static bool publish(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_runs_snapshot *s,
                    struct ncm_err *err)
{
    return ncm_window_publish(f, s, load_page, &(struct asking){c, f}, err);
}

/* Whether the previous order's handles are this connection's. */
static bool is_ours(const struct ncm_conn *c, const struct ncm_runs_snapshot *s)
{
    return s->n == 0 || files_of_handle(c, ncm_runs_ref(s, 0)->handle) != NULL;
}

/* The runs' folders of the wanted experiments; *read says whether all meta.yaml were read before.
 */
static size_t candidates(struct ncm_conn *c, struct files_run ***out, bool *read)
{
    size_t n = 0;
    *read = true;
    *out = ncm_alloc(c->n_runs + 1, sizeof(struct files_run *));
    for (size_t i = 0; i < c->n_experiments; i++) {
        struct files_experiment *e = c->experiments[i];
        *read = *read && (!e->wanted || e->scanned);
        for (size_t k = 0; e->wanted && k < e->n; k++)
            if (c->runs[e->list[k]]->there)
                (*out)[n++] = c->runs[e->list[k]];
    }
    return n;
}

static bool show(struct ncm_conn *c, struct ncm_fetch *f, struct files_plan *p,
                 struct files_run **runs, size_t n_runs, const struct ncm_runs_snapshot *previous,
                 bool provisional, struct ncm_err *err)
{
    struct files_rows rows;
    if (!files_rows_make(c, &f->control, p, runs, n_runs, &rows, err))
        return false;
    files_rows_sort(p, &rows);
    int64_t limit = f->query->limit;
    size_t n = limit > 0 && (uint64_t)limit < rows.n ? (size_t)limit : rows.n;
    struct ncm_run_ref *refs = ncm_alloc(n + 1, sizeof(*refs));
    bool ok = files_refs(c, &f->control, p, &rows, n, refs, err);
    if (ok && (!provisional || n > 0)) {
        struct ncm_runs_snapshot *s = ncm_runs_snapshot_new(n);
        ncm_runs_set_refs(s, refs, previous);
        s->head.provisional = provisional;
        s->total = provisional ? -1 : (int64_t)rows.n;
        ok = publish(c, f, s, err);
    }
    files_rows_free(&rows);
    ncm_free(refs);
    return ok;
}

/* ---- first rows ---- */

struct dated {
    struct files_run *run;
    int64_t mtime_ns;
};
struct dating {
    struct ncm_conn *c;
    struct dated *items;
};

static void date(void *to, size_t i, struct ncm_buf *scratch)
{
    struct dating *d = to;
    struct ncm_file_stamp stamp = {0};
    struct ncm_err ignored;
    char *dir = files_run_dir(d->c, d->items[i].run);
    (void)scratch;
    ncm_file_look(dir, &stamp, &ignored);
    d->items[i].mtime_ns = stamp.mtime_ns;
    ncm_free(dir);
}

static int newest_first(const void *x, const void *y)
{
    const struct dated *a = x, *b = y;
    return (a->mtime_ns < b->mtime_ns) - (a->mtime_ns > b->mtime_ns);
}

struct reading {
    struct ncm_conn *c;
    struct files_run **runs;
};

static void read_meta(void *to, size_t i, struct ncm_buf *scratch)
{
    struct reading *r = to;
    files_read_run(r->c, r->runs[i], scratch);
}

/* A run's folder is made when it starts: those changed last are most likely the newest. */
static bool publish_newest(struct ncm_conn *c, struct ncm_fetch *f, struct files_plan *p,
                           struct files_run **runs, size_t n, struct ncm_err *err)
{
    struct dating d = {c, ncm_alloc(n + 1, sizeof(struct dated))};
    size_t most = f->first + f->count + NEWEST_MORE;
    struct reading r = {c, ncm_alloc(most + 1, sizeof(struct files_run *))};
    for (size_t i = 0; i < n; i++)
        d.items[i].run = runs[i];
    bool ok = files_many(c, &f->control, n, date, &d, err);
    qsort(d.items, n, sizeof(*d.items), newest_first);
    most = most < n ? most : n;
    for (size_t i = 0; i < most; i++)
        r.runs[i] = d.items[i].run;
    ok = ok && files_many(c, &f->control, most, read_meta, &r, err) &&
         show(c, f, p, r.runs, most, NULL, true, err);
    ncm_free(d.items);
    ncm_free(r.runs);
    return ok;
}

bool files_read_runs(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    const struct ncm_runs_snapshot *previous = (const struct ncm_runs_snapshot *)f->previous;
    struct files_plan plan;
    struct files_run **runs = NULL;
    if (previous != NULL && (previous->head.provisional || !is_ours(c, previous)))
        previous = NULL;
    if (f->window_only && previous != NULL)
        return ncm_window_move(f, previous, load_page, &(struct asking){c, f}, err);
    bool ok = files_plan_make(f->query, &plan, err) && files_scan_experiments(c, &f->control, err);
    if (ok) {
        bool read;
        choose(c, f->query);
        ok = files_list_runs(c, err);
        size_t n = candidates(c, &runs, &read);
        if (ok && previous == NULL && !read && plan.simple && n > LARGE)
            ok = publish_newest(c, f, &plan, runs, n, err);
        ok = ok && files_scan_runs(c, f, err) && show(c, f, &plan, runs, n, previous, false, err);
    }
    ncm_free(runs);
    files_plan_free(&plan);
    return ok;
}
