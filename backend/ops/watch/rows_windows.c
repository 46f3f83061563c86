/* Rows into panes, panes into windows, windows into figures. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "ops/watch/rows_eval.h"

enum {
    LATE_MS = 30000,     /* rows of a window may come so long after it */
    AHEAD_MS = 86400000, /* of a followed log: a row's clock may be ahead of ours by so much */
    EMPTY_MOST = 64,     /* windows without rows in a row */
};

int64_t ncm_row_watch_pane(const struct ncm_monitor *m)
{
    if (m->window_rows > 0) {
        return m->slide_rows > 0 ? m->slide_rows : m->window_rows;
    }
    return m->slide_ms > 0 ? m->slide_ms : m->window_ms;
}

int64_t ncm_row_watch_panes_a_window(const struct ncm_monitor *m)
{
    int64_t window = m->window_rows > 0 ? m->window_rows : m->window_ms;
    return window / ncm_row_watch_pane(m);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

static struct ncm_pane *pane_of(struct ncm_rows_eval *r, const struct ncm_monitor *m, int64_t index)
{
    size_t at = r->n_panes;
    while (at > 0 && r->panes[at - 1]->index > index) {
        at--;
    }
    if (at > 0 && r->panes[at - 1]->index == index) {
        return r->panes[at - 1];
    }
    r->panes = ncm_resize(r->panes, r->n_panes + 1, sizeof(struct ncm_pane *));
    memmove(r->panes + at + 1, r->panes + at, (r->n_panes - at) * sizeof(struct ncm_pane *));
    struct ncm_pane *p = ncm_pane_new(&r->schema, index);
    p->number = r->panes_made++;
    p->position = ncm_strdup(r->before);
    p->skip = r->in_batch;
    if (m->window_rows == 0) {
        p->start_ms = index * ncm_row_watch_pane(m);
        p->end_ms = p->start_ms + ncm_row_watch_pane(m);
    }
    r->panes[at] = p;
    r->n_panes++;
    return p;
}

/* One time that is wrong must not end all windows up to then. */
static bool is_ahead(const struct ncm_monitor *m, int64_t t, int64_t now_ms)
{
    return m->follow && t > now_ms + AHEAD_MS;
}

/* The pane of a row; INT64_MIN: none. */
static int64_t index_of(const struct ncm_rows_eval *r, const struct ncm_monitor *m,
                        const struct ncm_frame *f, size_t row, int64_t now_ms)
{
    if (m->window_rows > 0) {
        return (r->rows_seen + (int64_t)row) / ncm_row_watch_pane(m);
    }
    int64_t t = f->times != NULL ? f->times[row] : now_ms;
    return t == NCM_NO_TIME || is_ahead(m, t, now_ms) ? INT64_MIN
                                                      : floor_div(t, ncm_row_watch_pane(m));
}

static void stretch(struct ncm_pane *p, const struct ncm_frame *f, size_t first, size_t n,
                    int64_t now_ms)
{
    for (size_t i = first; i < first + n; i++) {
        int64_t t = f->times != NULL && f->times[i] != NCM_NO_TIME ? f->times[i] : now_ms;
        bool begins = p->rows == 0 && i == first;
        p->start_ms = begins || t < p->start_ms ? t : p->start_ms;
        p->end_ms = begins || t + 1 > p->end_ms ? t + 1 : p->end_ms;
    }
}

/* A run of rows that fall into one pane. */
static void take_run(struct ncm_evaluator *e, const struct ncm_frame *f, size_t first, size_t n,
                     int64_t index, int64_t now_ms)
{
    struct ncm_rows_eval *r = e->own;
    if (index == INT64_MIN || index <= r->closed_index) {
        e->watched.late_rows += index == INT64_MIN || index > r->known_index ? (int64_t)n : 0;
        return;
    }
    r->in_batch = (int64_t)first;
    struct ncm_pane *p = pane_of(r, &e->monitor, index);
    if (e->monitor.window_rows > 0) {
        stretch(p, f, first, n, now_ms);
    }
    ncm_pane_add(p, &r->schema, f, first, n, r->scratch);
}

static void room(struct ncm_rows_eval *r, size_t n)
{
    if (r->cap_scratch < n) {
        r->scratch = ncm_resize(r->scratch, n, sizeof *r->scratch);
        r->cap_scratch = n;
    }
}

static void note_times(struct ncm_evaluator *e, const struct ncm_frame *f, int64_t now_ms)
{
    struct ncm_rows_eval *r = e->own;
    for (size_t i = 0; f->times != NULL && i < f->n_rows; i++) {
        if (f->times[i] > r->newest_ms && !is_ahead(&e->monitor, f->times[i], now_ms)) {
            r->newest_ms = f->times[i];
        }
    }
    e->watched.last_row_ms = r->newest_ms;
}

/* Rows of the version that is the reference go apart, those of others than the current one are
 * passed over. 0: into the windows, 1: the reference, 2: neither. */
static int side_of(const struct ncm_evaluator *e, const struct ncm_column *version, size_t row)
{
    const struct ncm_monitor *m = &e->monitor;
    bool by_reference = m->reference_kind == NCM_REFERENCE_VERSION;
    if (version == NULL || (!by_reference && m->current_version == NULL)) {
        return 0;
    }
    const char *word = "";
    char text[32];
    if (version->type == NCM_COLUMN_CATEGORY) {
        word = version->codes[row] != NCM_NO_CODE ? version->words[version->codes[row]] : "";
    } else if (!isnan(version->numbers[row])) {
        word = ncm_fmt_exact(text, sizeof text, version->numbers[row]);
    }
    if (by_reference && strcmp(word, m->reference_value) == 0) {
        return 1;
    }
    return m->current_version == NULL || strcmp(word, m->current_version) == 0 ? 0 : 2;
}

void ncm_row_watch_take(struct ncm_evaluator *e, const struct ncm_frame *f, int64_t now_ms)
{
    struct ncm_rows_eval *r = e->own;
    const struct ncm_monitor *m = &e->monitor;
    const struct ncm_column *version =
        m->version_column != NULL ? ncm_frame_find(f, m->version_column) : NULL;
    size_t row = r->skip < (int64_t)f->n_rows ? (size_t)r->skip : f->n_rows;
    r->skip -= (int64_t)row;
    room(r, f->n_rows);
    note_times(e, f, now_ms);
    for (size_t n; row < f->n_rows; row += n) {
        int64_t index = index_of(r, m, f, row, now_ms);
        int side = side_of(e, version, row);
        n = 1;
        while (row + n < f->n_rows && index_of(r, m, f, row + n, now_ms) == index &&
               side_of(e, version, row + n) == side) {
            n++;
        }
        if (side == 0) {
            take_run(e, f, row, n, index, now_ms);
        } else if (side == 1) {
            ncm_pane_add(r->version_pane, &r->schema, f, row, n, r->scratch);
        }
    }
    r->rows_seen += (int64_t)f->n_rows;
    e->watched.rows += (int64_t)f->n_rows;
}

/* The window whose last pane has this index, put together; NULL where it has no pane at all. */
static struct ncm_pane *gather(const struct ncm_rows_eval *r, const struct ncm_monitor *m,
                               int64_t index)
{
    int64_t first = index - ncm_row_watch_panes_a_window(m) + 1;
    struct ncm_pane *whole = NULL;
    for (size_t i = 0; i < r->n_panes; i++) {
        const struct ncm_pane *p = r->panes[i];
        if (p->index < first || p->index > index) {
            continue;
        }
        if (whole == NULL) {
            whole = ncm_pane_new(&r->schema, index);
            whole->start_ms = p->start_ms;
        }
        ncm_pane_merge(whole, p, &r->schema);
        whole->end_ms = p->end_ms;
    }
    return whole;
}

static void give_figure(struct ncm_evaluator *e, size_t window, size_t feature,
                        const struct ncm_baseline *base)
{
    struct ncm_watched_feature *f = &e->watched.features[feature];
    struct ncm_figure *g = &f->figures[window];
    const struct ncm_base_feature *ref =
        base != NULL ? ncm_baseline_find(base, f->name, feature) : NULL;
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_drift_column column = {0};
    struct ncm_err ignored;
    g->known = true;
    g->value = g->p_value = NAN;
    g->n = g->summary->rows - g->summary->missing - g->summary->infinite;
    g->state = NCM_DRIFT_NO_DATA;
    if (ref != NULL && ncm_baseline_compare(ref, g->summary, &e->monitor, a, &column, &ignored)) {
        g->value = column.statistic;
        g->p_value = column.p_value;
        g->state = column.state;
        if (f->method == NULL || !ncm_str_is(column.method, f->method)) {
            ncm_free(f->method);
            f->method = ncm_strdup(ncm_cstr(column.method));
        }
        f->warning = column.warning;
        f->critical = column.critical;
        f->learned = column.learned;
    }
    ncm_arena_free(a);
}

/* Summaries and figures of one window anew. */
static void fill_window(struct ncm_evaluator *e, size_t window, const struct ncm_pane *whole)
{
    struct ncm_rows_eval *r = e->own;
    e->watched.windows[window].rows = whole != NULL ? whole->rows : 0;
    for (size_t i = 0; i < r->schema.n; i++) {
        const struct ncm_pane_column *c = &r->schema.columns[i];
        size_t feature = ncm_watched_feature(&e->watched, c->name, c->type);
        struct ncm_figure *g = &e->watched.features[feature].figures[window];
        ncm_summary_free(g->summary);
        g->summary = whole != NULL ? ncm_pane_summary(whole, &r->schema, i)
                                   : ncm_alloc(1, sizeof *g->summary);
    }
    struct ncm_baseline *own = r->base == NULL ? ncm_row_watch_reference_of(e, window) : NULL;
    for (size_t i = 0; i < r->schema.n; i++) {
        size_t feature =
            ncm_watched_feature(&e->watched, r->schema.columns[i].name, r->schema.columns[i].type);
        give_figure(e, window, feature, r->base != NULL ? r->base : own);
    }
    ncm_baseline_free(own);
}

/* Bounds of the window that ends with a pane. */
static void bounds(const struct ncm_monitor *m, int64_t index, const struct ncm_pane *whole,
                   int64_t *start_ms, int64_t *end_ms)
{
    if (m->window_rows > 0) {
        *start_ms = whole->start_ms;
        *end_ms = whole->end_ms;
        return;
    }
    *end_ms = (index + 1) * ncm_row_watch_pane(m);
    *start_ms = *end_ms - m->window_ms;
}

/* Windows of rows are named by the time of their last row, each by a later one than the one before
 * it; the one that is still filling stays the same while its end moves. */
static size_t window_of_rows(struct ncm_watched *w, int64_t start_ms, int64_t end_ms)
{
    bool filling = w->n_windows > 0 && w->windows[w->n_windows - 1].open;
    size_t before = w->n_windows - filling;
    int64_t least = before > 0 ? w->windows[before - 1].end_ms + 1 : INT64_MIN;
    end_ms = end_ms > least ? end_ms : least;
    if (!filling) {
        return ncm_watched_window(w, start_ms, end_ms);
    }
    w->windows[before].start_ms = start_ms;
    w->windows[before].end_ms = end_ms;
    return before;
}

static void update_window(struct ncm_evaluator *e, int64_t index, bool open)
{
    struct ncm_rows_eval *r = e->own;
    int64_t start_ms, end_ms;
    bool by_rows = e->monitor.window_rows > 0;
    if (by_rows && index <= r->known_index) {
        return;
    }
    struct ncm_pane *whole = gather(r, &e->monitor, index);
    if (whole == NULL && by_rows) {
        return;
    }
    bounds(&e->monitor, index, whole, &start_ms, &end_ms);
    if (by_rows || e->stored_ms == NCM_NO_TIME || end_ms > e->stored_ms) {
        size_t w = by_rows ? window_of_rows(&e->watched, start_ms, end_ms)
                           : ncm_watched_window(&e->watched, start_ms, end_ms);
        if (w != SIZE_MAX) {
            e->watched.windows[w].open = open;
            fill_window(e, w, whole);
        }
    }
    ncm_pane_free(whole, &r->schema);
}

/* Panes that no window needs any more. */
static void forget_panes(struct ncm_rows_eval *r, const struct ncm_monitor *m)
{
    if (r->closed_index == INT64_MIN) {
        return;
    }
    int64_t needed = r->closed_index - ncm_row_watch_panes_a_window(m) + 2;
    size_t gone = 0;
    while (gone < r->n_panes && r->panes[gone]->index < needed) {
        ncm_pane_free(r->panes[gone++], &r->schema);
    }
    memmove(r->panes, r->panes + gone, (r->n_panes - gone) * sizeof(struct ncm_pane *));
    r->n_panes -= gone;
}

/* The last pane that is over. */
static int64_t last_over(const struct ncm_evaluator *e, int64_t now_ms)
{
    const struct ncm_rows_eval *r = e->own;
    const struct ncm_monitor *m = &e->monitor;
    int64_t pane = ncm_row_watch_pane(m);
    if (m->window_rows > 0) {
        int64_t full = r->rows_seen / pane - 1;
        bool ended = r->caught_up && !m->follow && r->rows_seen % pane > 0;
        return ended ? full + 1 : full;
    }
    int64_t late = pane < LATE_MS ? pane : LATE_MS;
    int64_t by_rows =
        r->newest_ms != NCM_NO_TIME ? floor_div(r->newest_ms - late, pane) - 1 : INT64_MIN;
    if (!r->caught_up) {
        return by_rows;
    }
    if (!m->follow) {
        return r->n_panes > 0 ? r->panes[r->n_panes - 1]->index : by_rows;
    }
    int64_t by_clock = floor_div(now_ms - late, pane) - 1;
    return by_clock > by_rows ? by_clock : by_rows;
}

/* The next window to be made from one on: of a long silence only the end is. */
static int64_t next_window(const struct ncm_rows_eval *r, const struct ncm_monitor *m,
                           int64_t index, int64_t last)
{
    int64_t with_rows = last + 1, reach = ncm_row_watch_panes_a_window(m) - 1;
    for (size_t i = 0; i < r->n_panes; i++) {
        int64_t pane = r->panes[i]->index;
        if (pane + reach >= index) {
            with_rows = pane > index ? pane : index;
            break;
        }
    }
    with_rows = with_rows < last + 1 ? with_rows : last + 1;
    return with_rows - index > EMPTY_MOST ? with_rows - EMPTY_MOST : index;
}

void ncm_row_watch_close(struct ncm_evaluator *e, int64_t now_ms)
{
    struct ncm_rows_eval *r = e->own;
    int64_t last = last_over(e, now_ms);
    if (!r->schema_known || (r->n_panes == 0 && r->closed_index == INT64_MIN)) {
        return;
    }
    int64_t first = r->closed_index == INT64_MIN ? r->panes[0]->index : r->closed_index + 1;
    if (last < first) {
        return; /* also where no row has a time yet */
    }
    for (int64_t i = first; i <= last; i++) {
        i = next_window(r, &e->monitor, i, last);
        update_window(e, i, false);
        r->closed_index = i;
    }
    forget_panes(r, &e->monitor);
    /* Earlier windows may be what the open ones are compared with. */
    for (size_t i = 0; i < r->n_panes && r->base == NULL; i++) {
        r->panes[i]->news = true;
    }
}

/* Whether rows came, or a reference of rows, since the window that ends with a pane got figures. */
static bool has_news(const struct ncm_rows_eval *r, const struct ncm_monitor *m, int64_t index)
{
    int64_t first = index - ncm_row_watch_panes_a_window(m) + 1;
    bool news = r->version_pane != NULL && r->version_pane->news;
    for (size_t i = 0; i < r->n_panes && !news; i++) {
        const struct ncm_pane *p = r->panes[i];
        news = p->news && p->index >= first && p->index <= index;
    }
    return news;
}

void ncm_row_watch_figures(struct ncm_evaluator *e)
{
    struct ncm_rows_eval *r = e->own;
    for (size_t i = 0; i < r->n_panes; i++) {
        if (r->panes[i]->index > r->closed_index && has_news(r, &e->monitor, r->panes[i]->index)) {
            update_window(e, r->panes[i]->index, true);
        }
    }
    for (size_t i = 0; i < r->n_panes; i++) {
        r->panes[i]->news = false;
    }
    if (r->version_pane != NULL) {
        r->version_pane->news = false;
    }
}
