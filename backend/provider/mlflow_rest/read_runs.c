/* Topic RUNS. The server filters; it orders by the runs' own attributes. By a metric, a param or a
 * tag it would take quadratic time on SQLite and hold up every writer meanwhile, so such an order
 * is made here from all the rows. Rows come page by page and are shown as they arrive. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mlflow_rest/runs.h"

enum {
    AHEAD = 300,        /* rows beyond the window of a lazy list */
    AGAIN_MOST = 200,   /* running and visible runs that one refresh reads again */
    VISIBLE_MS = 15000, /* a visible row of this age is read again with the next change */
    MENDED_MS = 10000,  /* so long a list that was mended may go on without */
    SMALL = 300,        /* rows that are walked again rather than mended … */
    REWALK_MS = 20000,  /* … this often, so that changes to old runs are seen */
    REWALK_LARGE_MS = 300000,
};

struct view {
    struct ncm_conn *c;
    struct ncm_fetch *f;
    struct ncm_filter filter;
    struct ncm_orders orders;
    bool local;    /* ordered here */
    bool by_start; /* the server's list is newest first */
    struct rest_walk *walk;
    size_t need;      /* rows of the walk */
    size_t pages;     /* that came in this fetch */
    size_t published; /* rows of the last provisional snapshot */
};

static bool is_newest_first(const struct ncm_orders *o)
{
    return o->n == 0 ||
           (o->n == 1 && o->items[0].descending && o->items[0].entity == NCM_ENT_ATTRIBUTE &&
            ncm_str_is(o->items[0].key, "start_time"));
}

static bool is_cheap(const struct ncm_orders *o)
{
    for (size_t i = 0; i < o->n; i++) {
        if (o->items[i].entity != NCM_ENT_ATTRIBUTE) {
            return false;
        }
    }
    return true;
}

static size_t rows_needed(const struct view *v)
{
    const struct ncm_query *q = v->f->query;
    if (v->local) {
        return SIZE_MAX;
    }
    if (q->limit > 0) {
        return (size_t)q->limit;
    }
    if (!q->lazy || v->f->first > SIZE_MAX / 4 || v->f->count > SIZE_MAX / 4) {
        return SIZE_MAX;
    }
    return v->f->first + v->f->count + AHEAD;
}

static bool view_make(struct view *v, struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    const struct ncm_query *q = f->query;
    *v = (struct view){.c = c, .f = f};
    if (!ncm_filter_parse(q->filter, &v->filter, NULL, err) ||
        !ncm_orders_parse((const char *const *)q->orders, q->n_orders, &v->orders, NULL, err)) {
        return false;
    }
    v->local = !is_cheap(&v->orders);
    v->by_start = v->local || is_newest_first(&v->orders);
    v->walk =
        rest_walk_of(c->runs, q, (const char *const *)q->orders, v->by_start ? 0 : q->n_orders);
    v->need = rows_needed(v);
    return true;
}

static void view_release(struct view *v)
{
    ncm_filter_release(&v->filter);
    ncm_orders_release(&v->orders);
}

/* ---- from rows to a snapshot ------------------------------------------------------------------
 */

struct sorting {
    const struct rest_runs *runs;
    const struct ncm_orders *orders;
};

static int by_orders(const void *x, const void *y, void *to)
{
    const struct sorting *s = to;
    return ncm_orders_compare(s->orders, rest_runs_at(s->runs, *(const uint32_t *)x),
                              rest_runs_at(s->runs, *(const uint32_t *)y));
}

/* The rows in the order asked for; the caller frees. */
static uint32_t *ordered(const struct view *v)
{
    const struct rest_walk *w = v->walk;
    uint32_t *rows = ncm_alloc(w->n + 1, sizeof *rows);
    if (w->n > 0) {
        memcpy(rows, w->rows, w->n * sizeof *rows);
    }
    if (v->local && w->n > 1) {
        struct sorting s = {v->c->runs, &v->orders};
        qsort_r(rows, w->n, sizeof *rows, by_orders, &s);
    }
    return rows;
}

static void find_parents(const struct view *v, const uint32_t *rows, size_t n, int32_t *parent)
{
    const struct rest_runs *runs = v->c->runs;
    int32_t *place = ncm_alloc(runs->n + 1, sizeof *place); /* by handle, from 1 */
    for (size_t i = 0; i < n; i++) {
        place[rows[i]] = (int32_t)i + 1;
    }
    for (size_t i = 0; i < n; i++) {
        struct ncm_str up = rest_runs_at(runs, rows[i])->parent_id;
        size_t handle;
        bool known = up.len > 0 && ncm_map_get(runs->by_id, up.p, up.len, &handle);
        parent[i] = known && place[handle] > 0 && handle != rows[i] ? place[handle] - 1 : -1;
    }
    ncm_free(place);
}

/* What a row is known by outside: the same after a reconnect, when everything was read anew. */
static int64_t identity(struct ncm_str id)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < id.len; i++) {
        h = (h ^ (unsigned char)id.p[i]) * 1099511628211u;
    }
    return (int64_t)(h >> 1);
}

/* Refs in their final order, into which rows is put too. */
static void fill_refs(const struct view *v, uint32_t *rows, size_t n, struct ncm_run_ref *refs)
{
    if (v->f->query->nested && n <= INT32_MAX) {
        int32_t *parent = ncm_alloc(n + 1, sizeof *parent);
        int32_t *order = ncm_alloc(n + 1, sizeof *order);
        find_parents(v, rows, n, parent);
        ncm_runs_nest(parent, n, order, refs);
        for (size_t k = 0; k < n; k++) {
            order[k] = (int32_t)rows[order[k]];
        }
        for (size_t k = 0; k < n; k++) {
            rows[k] = (uint32_t)order[k];
        }
        ncm_free(parent);
        ncm_free(order);
    } else {
        for (size_t k = 0; k < n; k++) {
            refs[k].parent = -1;
        }
    }
    for (size_t k = 0; k < n; k++) {
        const struct ncm_run *r = rest_runs_at(v->c->runs, rows[k]);
        refs[k].handle = identity(r->id);
        refs[k].running = r->status == NCM_RUN_RUNNING;
    }
}

/* Full rows for the window only: the others are here and quick to copy when they are looked at. */
static void fill_pages(const struct view *v, const uint32_t *rows, struct ncm_runs_snapshot *s)
{
    const struct ncm_fetch *f = v->f;
    if (s->n == 0 || f->count == 0 || f->first >= s->n) {
        return;
    }
    size_t last = f->count > s->n - f->first ? s->n - 1 : f->first + f->count - 1;
    for (size_t p = f->first / NCM_RUNS_PAGE; p <= last / NCM_RUNS_PAGE; p++) {
        struct ncm_runs_page *page = ncm_runs_page_new();
        size_t first = p * NCM_RUNS_PAGE;
        page->n = s->n - first < NCM_RUNS_PAGE ? s->n - first : NCM_RUNS_PAGE;
        page->taken_ms = s->head.taken_ms;
        for (size_t i = 0; i < page->n; i++) {
            ncm_run_copy(page->arena, &page->runs[i], rest_runs_at(v->c->runs, rows[first + i]));
        }
        s->pages[p] = page;
    }
}

static void publish(struct view *v, bool provisional)
{
    const struct ncm_query *q = v->f->query;
    const struct rest_walk *w = v->walk;
    uint32_t *rows = ordered(v);
    size_t n = q->limit > 0 && (uint64_t)q->limit < w->n ? (size_t)q->limit : w->n;
    struct ncm_runs_snapshot *s = ncm_runs_snapshot_new(n);
    struct ncm_run_ref *refs = ncm_alloc(n + 1, sizeof *refs);
    fill_refs(v, rows, n, refs);
    ncm_runs_set_refs(s, refs, NULL);
    s->total = w->complete ? (int64_t)w->n : -1;
    s->head.provisional = provisional;
    if (v->f->window_only) { /* nothing was asked anew */
        s->head.taken_ms -= ncm_mono_ms() - w->refreshed_mono_ms;
    }
    fill_pages(v, rows, s);
    ncm_free(refs);
    ncm_free(rows);
    v->published = w->n;
    rest_publish(v->c, v->f, &s->head);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* The first page at once, then whenever there is half as much again: sorting what came so far must
 * not cost more than reading it. */
static bool page_came(void *to, struct rest_walk *w, struct ncm_err *err)
{
    struct view *v = to;
    (void)err;
    v->pages++;
    if (v->f->progress != NULL && !w->complete && v->need == SIZE_MAX) {
        v->f->progress(v->f->to, (int64_t)w->n, -1);
    }
    bool enough = w->complete || w->n >= v->need;
    if (!enough && !v->c->replay &&
        (v->published == 0 || w->n >= v->published + v->published / 2)) {
        publish(v, true);
    }
    return true;
}

/* Whether a row is to be read again. One that runs is looked at less and less often while nothing
 * changes: jobs that were killed say RUNNING for ever. In view it is at every round of the watch,
 * whose news may be about it. */
static bool is_due(const struct rest_kept *k, bool visible, int64_t now)
{
    bool runs = k->run->status == NCM_RUN_RUNNING || k->run->status == NCM_RUN_SCHEDULED;
    int64_t age = now - k->taken_mono_ms;
    unsigned most = visible ? 1 : 6; /* 1 s, less than a round takes; 32 s */
    unsigned quiet = k->quiet < most ? k->quiet : most;
    if (runs) {
        return quiet == 0 || age >= (int64_t)500 << quiet;
    }
    return visible && age > VISIBLE_MS;
}

/* The rows that are to be read again: those in view, then the others that run. */
static uint32_t *to_ask_again(const struct view *v, size_t *n)
{
    const struct rest_walk *w = v->walk;
    const struct rest_runs *runs = v->c->runs;
    const struct ncm_runs_snapshot *shown = (const struct ncm_runs_snapshot *)v->f->previous;
    uint32_t *list = ncm_alloc(AGAIN_MOST, sizeof *list);
    uint8_t *chosen = ncm_alloc(runs->n + 1, 1);
    int64_t now = ncm_mono_ms();
    *n = 0;
    for (size_t i = 0; shown != NULL && i < v->f->count && *n < AGAIN_MOST; i++) {
        const struct ncm_run *r = ncm_runs_at(shown, v->f->first + i);
        size_t row;
        bool ours = r != NULL && ncm_map_get(runs->by_id, r->id.p, r->id.len, &row) &&
                    row < w->in_cap && w->in[row] != 0;
        if (ours && is_due(&runs->items[row], true, now)) {
            chosen[row] = 1;
            list[(*n)++] = (uint32_t)row;
        }
    }
    for (size_t i = 0; i < w->n && *n < AGAIN_MOST; i++) {
        if (chosen[w->rows[i]] == 0 && is_due(&runs->items[w->rows[i]], false, now)) {
            list[(*n)++] = w->rows[i];
        }
    }
    ncm_free(chosen);
    return list;
}

/* Whether the list is walked from its start rather than mended. */
static bool walk_anew(const struct view *v)
{
    const struct rest_walk *w = v->walk;
    int64_t age = ncm_mono_ms() - w->walked_mono_ms;
    bool others = w->n_ids == 0 && w->experiments != v->c->experiments.print;
    if (v->f->full || !w->started || others) {
        return true; /* an experiment that was restored brings runs that are not new */
    }
    if (!v->by_start) {
        return !v->f->window_only; /* what changed may be anywhere in another order */
    }
    if (v->f->window_only) {
        return false;
    }
    bool old = age > (w->n <= SMALL ? REWALK_MS : REWALK_LARGE_MS);
    return v->c->no_run_in || (old && (w->complete || w->filter != NULL));
}

static bool mend(struct view *v, struct ncm_err *err)
{
    struct rest_walk *w = v->walk;
    size_t n, found;
    if (!rest_walk_newer(v->c, w, &v->f->control, &found, err)) {
        return false;
    }
    uint32_t *list = to_ask_again(v, &n);
    bool ok = rest_walk_again(v->c, w, list, n, &v->f->control, err);
    ncm_free(list);
    w->refreshed_mono_ms = ncm_mono_ms();
    return ok;
}

/* A filter that the server does not take is the person's to mend, like one that we do not take. */
static bool as_usage(struct ncm_err *err)
{
    if (err->code == NCM_REFUSED) {
        err->code = NCM_USAGE;
    }
    return false;
}

/* A walk that broke off a moment ago goes on with its next page: asking first for what is new would
 * cost the requests that a bad line lets through. */
static bool goes_on(const struct rest_walk *w)
{
    return w->cut && ncm_mono_ms() - w->refreshed_mono_ms < MENDED_MS;
}

bool rest_read_runs(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct view v;
    rest_runs_tidy(c->runs);
    bool ok = view_make(&v, c, f, err) &&
              (v.walk->n_ids > 0 || rest_active(c, f->full, &f->control, err));
    if (ok && !walk_anew(&v)) {
        ok = f->window_only || goes_on(v.walk) || mend(&v, err);
    } else if (ok && v.walk->started) {
        v.walk->started = false; /* its rows stay until the first page is here */
        v.published = 1;
    }
    if (ok) {
        ok = rest_walk_to(c, v.walk, v.need, &f->control, page_came, &v, err) || as_usage(err);
        v.walk->cut = !ok;
        if (ok || (v.pages > 0 && f->query->lazy && !v.local)) {
            publish(&v, c->replay); /* what came is shown, whatever is said of the rest */
        }
    }
    view_release(&v);
    return ok;
}
