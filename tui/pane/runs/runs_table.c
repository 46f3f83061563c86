/* The run table: what is asked, what is on screen, which run is selected. */
#include <stdio.h>
#include <string.h>

#include <libintl.h>

#include "runs.h"

#define SAMPLE_ROWS 64

void run_table_init(struct run_table *t, struct runs_pane *p)
{
    memset(t, 0, sizeof *t);
    t->pane = p;
    t->selected = t->base = -1;
    t->folded = ncm_map_new();
    t->table.fixed = RUNS_FIXED;
    sort_set(&t->sort, COL_ATTRIBUTE, attribute_of("started"), NULL, true);
}

void run_table_release(struct run_table *t)
{
    feed_release(&t->feed);
    feed_release(&t->sample);
    feed_release(&t->keys);
    feed_release(&t->baseline);
    marks_clear(t);
    ncm_free(t->marks);
    columns_release(&t->columns);
    for (size_t i = 0; i < t->n_saved; i++) {
        ncm_free(t->saved[i].experiment);
        columns_release(&t->saved[i].columns);
    }
    ncm_free(t->saved);
    ncm_map_free(t->folded);
    ncm_free(t->rows);
    ncm_free(t->experiment);
    ncm_free(t->filter);
    ncm_free(t->typed);
    ncm_free(t->needle);
    ncm_free(t->sort.key);
}

const struct ncm_runs_snapshot *run_table_snapshot(const struct run_table *t)
{
    return t->feed.snap != NULL ? t->feed.snap : t->sample.snap;
}

size_t run_table_rows(const struct run_table *t)
{
    return t->n_rows;
}

static size_t index_of_row(const struct run_table *t, size_t row)
{
    return t->rows != NULL ? t->rows[row] : row;
}

const struct ncm_run_ref *run_table_ref(const struct run_table *t, size_t row)
{
    return row < t->n_rows ? ncm_runs_ref(run_table_snapshot(t), index_of_row(t, row)) : NULL;
}

const struct ncm_run *run_table_at(const struct run_table *t, size_t row)
{
    return row < t->n_rows ? ncm_runs_at(run_table_snapshot(t), index_of_row(t, row)) : NULL;
}

const struct ncm_run *run_table_run(const struct run_table *t)
{
    return run_table_at(t, t->table.selected);
}

/* ---- asking ---- */

static bool same_experiment(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static struct saved_columns *saved_for(struct run_table *t, const char *experiment)
{
    for (size_t i = 0; i < t->n_saved; i++)
        if (same_experiment(t->saved[i].experiment, experiment))
            return &t->saved[i];
    return NULL;
}

/* Puts the chosen columns away for their experiment and takes out those of the next. */
static void swap_columns(struct run_table *t, const char *next)
{
    if (t->columns.chosen) {
        struct saved_columns *s = saved_for(t, t->experiment);
        if (s == NULL) {
            t->saved = ncm_grow(t->saved, t->n_saved, &t->cap_saved, sizeof *t->saved);
            s = &t->saved[t->n_saved++];
            *s = (struct saved_columns){.experiment = ncm_strdup(t->experiment)};
        }
        columns_release(&s->columns);
        s->columns = t->columns;
        memset(&t->columns, 0, sizeof t->columns);
    }
    columns_release(&t->columns);
    struct saved_columns *s = saved_for(t, next);
    if (s != NULL) {
        t->columns = s->columns;
        memset(&s->columns, 0, sizeof s->columns);
    }
}

void run_table_open(struct run_table *t, const char *experiment, bool deleted)
{
    char *next = ncm_strdup(experiment);
    swap_columns(t, next);
    feed_release(&t->feed);
    feed_release(&t->sample);
    feed_release(&t->keys);
    feed_release(&t->baseline);
    marks_clear(t);
    ncm_free(t->experiment);
    ncm_free(t->filter);
    ncm_free(t->typed);
    t->experiment = next;
    t->filter = t->typed = NULL;
    t->deleted = deleted;
    t->selected = t->base = -1;
    t->table.selected = t->table.top = 0;
    t->table.first_column = 0;
    ncm_map_free(t->folded);
    t->folded = ncm_map_new();
    sort_set(&t->sort, COL_ATTRIBUTE, attribute_of("started"), NULL, true);
    rows_rebuild(t);
    run_table_ask(t);
}

static struct ncm_query *runs_query(const struct run_table *t)
{
    struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
    q->view = t->deleted ? NCM_VIEW_DELETED : NCM_VIEW_ACTIVE;
    if (t->experiment != NULL)
        ncm_query_add_id(q, t->experiment);
    return q;
}

/* A few whole records: which metrics and params there are, and the first rows to look at. */
static void ask_sample(struct run_table *t)
{
    struct ncm_query *q = runs_query(t);
    q->all_columns = true;
    q->limit = SAMPLE_ROWS;
    pane_ask(t->pane, &t->sample, q);
}

void run_table_ask(struct run_table *t)
{
    if (t->columns.n == 0) {
        ask_sample(t);
        return;
    }
    struct ncm_query *q = runs_query(t);
    bool by_start = t->sort.kind == COL_ATTRIBUTE &&
                    strcmp(t->sort.attribute->order, "attributes.start_time") == 0;
    q->filter = ncm_strdup(t->filter);
    q->nested = t->nested = by_start && t->filter == NULL;
    q->lazy = true;
    char *order = sort_order_text(&t->sort);
    ncm_query_add_order(q, order);
    ncm_free(order);
    columns_ask(&t->columns, q);
    ncm_query_add_column(q, "tags.mlflow.note.content");
    pane_ask(t->pane, &t->feed, q);
}

static bool has_metrics(const struct run_columns *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->items[i].kind == COL_METRIC)
            return true;
    return false;
}

/* The sample says which columns there may be; it is followed until there are metrics to show. */
static void take_sample(struct run_table *t)
{
    const struct ncm_runs_snapshot *s = t->sample.snap;
    if (!feed_asked(&t->sample) || s == NULL || t->columns.chosen)
        return;
    size_t before = t->columns.n;
    columns_guess(&t->columns, s, t->experiment == NULL);
    if (has_metrics(&t->columns)) /* the first rows in a hurry tell as much */
        feed_stop(&t->sample);
    if (t->columns.n != before || !feed_asked(&t->feed))
        run_table_ask(t);
}

static void keep_selection(struct run_table *t)
{
    size_t before = t->table.selected;
    if (t->to_top && t->feed.snap != NULL && !t->feed.old) {
        t->to_top = ((const struct ncm_snapshot *)t->feed.snap)->provisional;
        t->table.top = 0;
        run_table_select_row(t, 0);
        return;
    }
    size_t row = t->selected >= 0 ? rows_find(t, t->selected, before) : SIZE_MAX;
    if (row == SIZE_MAX)
        row = before < t->n_rows ? before : t->n_rows > 0 ? t->n_rows - 1 : 0;
    else if (t->table.top > 0) /* the row stays where it is on screen */
        t->table.top = t->table.top + row > before ? t->table.top + row - before : 0;
    run_table_select_row(t, row);
}

static void note_versions(struct run_table *t)
{
    struct badge b;
    size_t last = t->table.top + (size_t)(t->table.rows_shown > 0 ? t->table.rows_shown : 40);
    for (size_t row = t->table.top; !t->any_versions && row < last && row < t->n_rows; row++) {
        const struct ncm_run *r = run_table_at(t, row);
        t->any_versions = r != NULL && badges_find(t->pane->badges, r->id, &b);
    }
}

void run_table_update(struct run_table *t)
{
    take_sample(t);
    if (t->feed.snap != NULL && t->sample.snap != NULL && !feed_asked(&t->sample))
        feed_release(&t->sample);
    marks_prune(t);
    rows_rebuild(t);
    keep_selection(t);
    note_versions(t);
    const struct ncm_runs_snapshot *s = t->feed.snap;
    if (s != NULL && !s->head.provisional && t->keys.snap == NULL && !feed_asked(&t->keys))
        keys_ask(t);
    if (t->keys.snap != NULL && feed_asked(&t->keys) && !t->keys.old)
        feed_stop(&t->keys); /* asked anew when a picker opens */
}

void run_table_select_row(struct run_table *t, size_t row)
{
    t->table.selected = row < t->n_rows ? row : 0;
    const struct ncm_run_ref *ref = run_table_ref(t, t->table.selected);
    if (ref != NULL)
        t->selected = ref->handle;
}

/* ---- drawing ---- */

struct draw_state {
    const struct run_table *t;
    struct cell_context x;
    const struct ncm_run *base;
    bool dim;
};

static size_t count_rows(void *ctx)
{
    return ((struct draw_state *)ctx)->t->n_rows;
}

static void cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    struct draw_state *d = ctx;
    d->x.ref = run_table_ref(d->t, row);
    d->x.run = run_table_at(d->t, row);
    if (d->x.run == NULL) {
        set_text(out, ROLE_DIM, sign(SIGN_ELLIPSIS));
        return;
    }
    d->x.folded = d->x.nested && d->x.ref->has_children && fold_is(d->t, d->x.ref->handle);
    columns_cell(&d->t->columns, column, &d->x, d->base, out);
    if (d->dim)
        out->role = ROLE_DIM;
    if (d->t->base >= 0 && d->x.ref->handle == d->t->base)
        out->attrs |= ATTR_BOLD;
}

static bool marked(void *ctx, size_t row)
{
    return run_table_marked(((struct draw_state *)ctx)->t, row);
}

static bool is_base(void *ctx, size_t row)
{
    const struct run_table *t = ((struct draw_state *)ctx)->t;
    const struct ncm_run_ref *ref = t->base >= 0 ? run_table_ref(t, row) : NULL;
    return ref != NULL && ref->handle == t->base;
}

/* Adds a fact where the head line has room left for it. */
static void add_fact(char *out, size_t outsz, int room, const char *text)
{
    if (ncm_text_width(out) + ncm_text_width(text) + 3 <= room)
        join_fact(out, outsz, text);
}

static void head_facts(const struct run_table *t, char *out, size_t outsz, int room)
{
    const struct ncm_runs_snapshot *s = run_table_snapshot(t);
    char n[32], fact[200], label[120];
    out[0] = '\0';
    if (s != NULL) {
        bool known = s == t->feed.snap && s->total >= 0;
        bool more = s == t->feed.snap && s->total < 0 && s->n > 0;
        ncm_fmt_count(n, sizeof n, known ? s->total : (int64_t)s->n);
        if (more) /* they come as one goes down */
            snprintf(fact, sizeof fact, _("%s+ runs"), n);
        else
            snprintf(fact, sizeof fact,
                     ngettext("%s run", "%s runs", known ? (unsigned long)s->total : 2),
                     known ? n : sign(SIGN_DASH));
        add_fact(out, outsz, room, fact);
    }
    if (t->n_marks > 0) {
        snprintf(fact, sizeof fact, _("%zu marked"), t->n_marks);
        add_fact(out, outsz, room, fact);
    }
    sort_label(&t->sort, label, sizeof label);
    add_fact(out, outsz, room, label);
    if (t->deleted)
        add_fact(out, outsz, room, _("deleted runs"));
    if (t->range)
        add_fact(out, outsz, room, _("marking a range"));
    if (s != NULL && (s->head.provisional || s != t->feed.snap))
        add_fact(out, outsz, room, _("provisional"));
}

static void paint_filter(const struct run_table *t, const struct canvas *c)
{
    int x = paint(c, 0, 1, ROLE_DIM, 0, _("filter")) + 2;
    x += paint_raw(c, 0, x, c->w - x - 1, 0, ROLE_TEXT, 0,
                   (struct ncm_str){t->filter, strlen(t->filter)});
}

static const char *nothing_text(const struct run_table *t)
{
    if (t->filter != NULL)
        return _("No run matches this filter. Press / to change it, Esc to clear it.");
    if (t->deleted)
        return _("No deleted runs here.");
    return _("No runs here yet. As soon as a training script logs one, it shows up by itself.");
}

/* Tells the source which rows are looked at, with a screen's margin on both sides. */
static void say_window(struct run_table *t)
{
    if (t->feed.want == NULL || t->n_rows == 0 || t->feed.snap == NULL)
        return;
    size_t shown = (size_t)(t->table.rows_shown > 0 ? t->table.rows_shown : 1);
    size_t from = t->table.top > shown ? t->table.top - shown : 0;
    size_t to = t->table.top + 2 * shown;
    if (to > t->n_rows)
        to = t->n_rows;
    size_t first = index_of_row(t, from), last = index_of_row(t, to - 1);
    size_t count = last - first + 1 < 16384 ? last - first + 1 : 16384;
    if (t->window_of == t->feed.wants && t->window_first == first && t->window_count == count)
        return;
    t->window_of = t->feed.wants;
    t->window_first = first;
    t->window_count = count;
    ncm_want_window(t->feed.want, first, count);
}

static void wake_for_ages(const struct run_table *t)
{
    size_t last = t->table.top + (size_t)(t->table.rows_shown > 0 ? t->table.rows_shown : 1);
    for (size_t row = t->table.top; row < last && row < t->n_rows; row++) {
        const struct ncm_run_ref *r = run_table_ref(t, row);
        if (r->running) {
            ui_wake_in(t->pane->ui, 10000);
            return;
        }
    }
    ui_wake_in(t->pane->ui, 60000);
}

static void draw_rows(struct run_table *t, const struct canvas *c, bool focused,
                      const struct ncm_experiments_snapshot *experiments)
{
    const struct ncm_run_snapshot *base = t->base >= 0 ? t->baseline.snap : NULL;
    struct draw_state d = {
        .t = t,
        .x = {.pane = t->pane,
              .experiments = experiments,
              .now_ms = ncm_now_ms(),
              .nested = t->nested && t->feed.snap != NULL,
              .any_children = t->any_children},
        .base = base != NULL ? &base->run : NULL,
        .dim = feed_dim(&t->feed),
    };
    struct table_model m = {
        .ctx = &d, .count = count_rows, .cell = cell, .marked = marked, .base = is_base};
    columns_layout(&t->columns, &t->sort, d.base != NULL, t->any_versions, c->w);
    d.x.signs_only = c->w < RUNS_NARROW;
    d.x.brief = c->w < RUNS_BRIEF;
    t->table.columns = t->columns.heads;
    t->table.n_columns = t->columns.n_shown;
    const struct ncm_err *err = feed_error(&t->feed);
    struct canvas in = canvas_part(c, 0, 0, err != NULL && c->h > 3 ? c->h - 1 : c->h, -1);
    t->canvas = in;
    table_draw(&t->table, &m, &in, focused, NULL);
    if (err != NULL && c->h > 3)
        paint_cut(c, c->h - 1, 1, c->w - 2, 0, ROLE_FAIL, 0, err->what);
}

void run_table_draw(struct run_table *t, const struct canvas *c, bool focused,
                    const struct ncm_experiments_snapshot *experiments, const char *title)
{
    char facts[400], cut[200];
    ncm_text_clip_middle(cut, sizeof cut, title, strlen(title), c->w > 60 ? c->w / 2 : c->w / 3);
    head_facts(t, facts, sizeof facts, c->w - ncm_text_width(cut) - 8);
    paint_head(c, 0, cut, facts, focused);
    int y = 1;
    if (t->filter != NULL && c->h > 6) {
        struct canvas line = canvas_part(c, 1, 0, 1, -1);
        paint_filter(t, &line);
        y = 2;
    }
    struct canvas in = canvas_part(c, y, 0, -1, -1);
    if (t->n_rows > 0) {
        draw_rows(t, &in, focused, experiments);
        wake_for_ages(t);
    } else {
        feed_paint_empty(feed_asked(&t->feed) ? &t->feed : &t->sample, &in, nothing_text(t));
    }
    if (feed_asked(&t->feed) && t->feed.old)
        ui_wake_in(t->pane->ui, 300);
    say_window(t);
}

/* ---- keys ---- */

static void toggle_baseline(struct run_table *t)
{
    const struct ncm_run *r = run_table_run(t);
    const struct ncm_run_ref *ref = run_table_ref(t, t->table.selected);
    if (r == NULL)
        return;
    if (t->base == ref->handle) {
        t->base = -1;
        feed_release(&t->baseline);
        ui_message(t->pane->ui, UI_INFO, "%s", _("No baseline any more."));
        return;
    }
    char name[128];
    t->base = ref->handle;
    feed_release(&t->baseline);
    pane_ask(t->pane, &t->baseline, ncm_query_run(ncm_cstr(r->id)));
    ui_message(t->pane->ui, UI_INFO,
               _("Baseline: %s. Every metric shows its difference; * again takes it off."),
               run_label(r, name, sizeof name));
}

static bool act_mark(struct run_table *t, enum ui_action_id action)
{
    const struct ncm_run_ref *ref = run_table_ref(t, t->table.selected);
    const struct ncm_run *r = run_table_run(t);
    switch (action) {
    case A_MARK:
        if (t->range) {
            marks_range(t);
        } else if (r != NULL) {
            marks_toggle(t, ref->handle, r);
            if (t->table.selected + 1 < t->n_rows)
                run_table_select_row(t, t->table.selected + 1);
        }
        return true;
    case A_RANGE:
        if (t->range) {
            marks_range(t);
        } else if (ref != NULL) {
            t->range = true;
            t->range_from = ref->handle;
        }
        return true;
    case A_UNMARK:
        marks_clear(t);
        return true;
    case A_BASELINE:
        toggle_baseline(t);
        return true;
    default:
        return false;
    }
}

static bool act_view(struct run_table *t, enum ui_action_id action)
{
    switch (action) {
    case A_REVERSE:
        t->sort.descending = !t->sort.descending;
        t->to_top = true;
        run_table_ask(t);
        return true;
    case A_SORT:
        sort_pick(t);
        return true;
    case A_COLUMNS:
        columns_pick(t);
        return true;
    case A_FILTER:
        filter_prompt(t);
        return true;
    case A_FOLD:
        fold_all(t);
        return true;
    case A_COPY_ROW:
        table_copy_row(t);
        return true;
    case A_LEFT:
    case A_RIGHT:
        return fold_act(t, action);
    default:
        return false;
    }
}

bool run_table_act(struct run_table *t, enum ui_action_id action)
{
    if (act_mark(t, action) || act_view(t, action))
        return true;
    struct draw_state d = {.t = t};
    struct table_model m = {.ctx = &d, .count = count_rows};
    if (!table_act(&t->table, &m, action))
        return false;
    run_table_select_row(t, t->table.selected);
    return true;
}

bool run_table_back(struct run_table *t)
{
    if (t->range) {
        t->range = false;
        return true;
    }
    if (t->filter != NULL) {
        ncm_free(t->filter);
        ncm_free(t->typed);
        t->filter = t->typed = NULL;
        run_table_ask(t);
        return true;
    }
    return false;
}
