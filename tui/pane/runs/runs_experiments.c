/* The list of experiments: on a wide screen the left part, on a narrow one a view of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runs.h"

void experiments_init(struct experiment_list *e, struct runs_pane *p)
{
    memset(e, 0, sizeof *e);
    e->pane = p;
    e->table.fixed = 1;
    experiments_ask(e);
}

void experiments_release(struct experiment_list *e)
{
    feed_release(&e->feed);
    ncm_free(e->selected);
    ncm_free(e->rows);
}

void experiments_ask(struct experiment_list *e)
{
    struct ncm_query *q = ncm_query_new(NCM_T_EXPERIMENTS);
    q->view = e->deleted ? NCM_VIEW_DELETED : NCM_VIEW_ACTIVE;
    pane_ask(e->pane, &e->feed, q);
}

const struct ncm_experiment *experiments_find(const struct ncm_experiments_snapshot *s,
                                              const char *id)
{
    for (size_t i = 0; s != NULL && id != NULL && i < s->n; i++)
        if (ncm_str_is(s->items[i].id, id))
            return &s->items[i];
    return NULL;
}

/* Row 0 is "all active", except among the deleted ones. */
static size_t rows_above(const struct experiment_list *e)
{
    return e->deleted ? 0 : 1;
}

static size_t row_count(const struct experiment_list *e)
{
    const struct ncm_experiments_snapshot *s = e->feed.snap;
    return s == NULL || s->n == 0 ? 0 : s->n + rows_above(e);
}

const struct ncm_experiment *experiments_at(const struct experiment_list *e, size_t row)
{
    const struct ncm_experiments_snapshot *s = e->feed.snap;
    if (s == NULL || row < rows_above(e) || row - rows_above(e) >= s->n)
        return NULL;
    size_t at = row - rows_above(e);
    return e->rows_of == s ? e->rows[at] : &s->items[at];
}

static int by_name(const void *a, const void *b)
{
    const struct ncm_experiment *x = *(const struct ncm_experiment *const *)a;
    const struct ncm_experiment *y = *(const struct ncm_experiment *const *)b;
    return strcasecmp(ncm_cstr(x->name), ncm_cstr(y->name));
}

static int by_newest(const void *a, const void *b)
{
    const struct ncm_experiment *x = *(const struct ncm_experiment *const *)a;
    const struct ncm_experiment *y = *(const struct ncm_experiment *const *)b;
    return (x->newest_start_ms < y->newest_start_ms) - (x->newest_start_ms > y->newest_start_ms);
}

static int by_runs(const void *a, const void *b)
{
    const struct ncm_experiment *x = *(const struct ncm_experiment *const *)a;
    const struct ncm_experiment *y = *(const struct ncm_experiment *const *)b;
    return (x->run_count < y->run_count) - (x->run_count > y->run_count);
}

/* The orders that are offered; the first is the store's own. */
static const struct {
    const char *label;
    int (*less)(const void *a, const void *b);
} orders[] = {
    {N_("as the store lists them"), NULL},
    {N_("name"), by_name},
    {N_("newest run first"), by_newest},
    {N_("most runs first"), by_runs},
};
#define N_ORDERS (sizeof orders / sizeof orders[0])

static void order_rows(struct experiment_list *e)
{
    const struct ncm_experiments_snapshot *s = e->feed.snap;
    ncm_free(e->rows);
    e->rows = NULL;
    e->rows_of = NULL;
    if (s == NULL || s->n == 0 || orders[e->order].less == NULL)
        return;
    e->rows = ncm_alloc(s->n, sizeof *e->rows);
    e->rows_of = s;
    for (size_t i = 0; i < s->n; i++)
        e->rows[i] = &s->items[i];
    qsort(e->rows, s->n, sizeof *e->rows, orders[e->order].less);
}

void experiments_select_row(struct experiment_list *e, size_t row)
{
    const struct ncm_experiment *x = experiments_at(e, row);
    e->table.selected = row;
    ncm_free(e->selected);
    e->selected = x != NULL ? ncm_strdup(ncm_cstr(x->id)) : NULL;
}

void experiments_update(struct experiment_list *e)
{
    size_t n = row_count(e);
    order_rows(e);
    for (size_t row = 0; e->selected != NULL && row < n; row++) {
        const struct ncm_experiment *x = experiments_at(e, row);
        if (x != NULL && ncm_str_is(x->id, e->selected)) {
            e->table.selected = row;
            return;
        }
    }
    if (e->selected != NULL || e->table.selected >= n)
        experiments_select_row(e, e->table.selected < n ? e->table.selected : 0);
}

/* ---- drawing ---- */

struct draw_state {
    const struct experiment_list *e;
    int64_t now_ms;
    bool dim;
};

static size_t count(void *ctx)
{
    return row_count(((struct draw_state *)ctx)->e);
}

static void number_cell(int64_t n, struct table_cell *out)
{
    if (n < 0)
        set_text(out, ROLE_DIM, sign(SIGN_DASH));
    else
        ncm_fmt_count(out->text, sizeof out->text, n);
}

static int64_t sum_of(const struct experiment_list *e, bool running)
{
    const struct ncm_experiments_snapshot *s = e->feed.snap;
    int64_t sum = 0;
    for (size_t i = 0; i < s->n; i++) {
        int64_t n = running ? s->items[i].running_count : s->items[i].run_count;
        if (n < 0)
            return -1;
        sum += n;
    }
    return sum;
}

static void cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    struct draw_state *d = ctx;
    const struct ncm_experiment *x = experiments_at(d->e, row);
    int64_t running = x != NULL ? x->running_count : sum_of(d->e, true);
    switch (column) {
    case 0:
        if (x != NULL) {
            out->raw = x->name;
            out->is_raw = out->cut_middle = true;
        } else {
            set_text(out, ROLE_TEXT, _("All active"));
            out->attrs = ATTR_ITALIC;
        }
        break;
    case 1:
        number_cell(x != NULL ? x->run_count : sum_of(d->e, false), out);
        break;
    case 2:
        if (running > 0) {
            char n[32];
            snprintf(out->text, sizeof out->text, "%s %s", sign(SIGN_LIVE),
                     ncm_fmt_count(n, sizeof n, running));
            out->role = ROLE_RUN;
        }
        break;
    case 3:
        if (x != NULL && x->newest_start_ms != NCM_NO_TIME)
            ncm_fmt_age(out->text, sizeof out->text, ncm_ms_between(x->newest_start_ms, d->now_ms));
        break;
    case 4:
        if (x != NULL)
            clean_text(x->id, out->text, sizeof out->text);
        break;
    }
    if (d->dim)
        out->role = ROLE_DIM;
}

static struct table_model model_of(struct draw_state *d)
{
    return (struct table_model){.ctx = d, .count = count, .cell = cell};
}

void experiments_draw(struct experiment_list *e, const struct canvas *c, bool focused, bool narrow)
{
    struct table_column heads[] = {
        {_("EXPERIMENT"), 12, narrow ? c->w - 40 : 0, 0, 0, 0},
        {_("RUNS"), 6, 7, 1, 1, 0},
        {_("NOW"), 7, 7, 1, 2, 0},
        {_("NEWEST"), 4, 7, 1, 3, 0},
        {_("ID"), 3, 6, 1, 4, 0},
    };
    struct draw_state d = {e, ncm_now_ms(), feed_dim(&e->feed)};
    struct table_model m = model_of(&d);
    const struct ncm_experiments_snapshot *s = e->feed.snap;
    char right[64] = "";
    if (e->deleted)
        snprintf(right, sizeof right, "%s", _("deleted"));
    else if (s != NULL)
        snprintf(right, sizeof right, "%zu", s->n);
    paint_head(c, 0, _("Experiments"), right, focused);
    struct canvas in = canvas_part(c, 1, 0, -1, -1);
    e->canvas = in;
    e->table.columns = heads;
    e->table.n_columns = narrow ? 5 : c->w < 46 ? 3 : 4; /* the names matter more */
    if (row_count(e) == 0)
        feed_paint_empty(&e->feed, &in,
                         e->deleted ? _("No deleted experiments.")
                                    : _("No experiments in this store yet."));
    else
        table_draw(&e->table, &m, &in, focused, NULL);
    e->table.columns = NULL;
}

static void picked(void *ctx, const size_t *chosen, size_t n)
{
    struct experiment_list *e = ctx;
    if (n != 1 || chosen == NULL)
        return;
    e->order = chosen[0] < N_ORDERS ? chosen[0] : 0;
    order_rows(e);
    experiments_select_row(e, 0);
    ui_dirty(e->pane->ui);
}

static void pick_order(struct experiment_list *e)
{
    struct ui_pick_item items[N_ORDERS];
    memset(items, 0, sizeof items);
    for (size_t i = 0; i < N_ORDERS; i++) {
        items[i].label = _(orders[i].label);
        items[i].on = i == e->order;
    }
    ui_pick(e->pane->ui, _("Sort by"), items, N_ORDERS, false, picked, e);
}

static void add_line(struct ncm_buf *b, const char *label, struct ncm_str value)
{
    if (value.p == NULL || value.len == 0)
        return;
    ncm_buf_printf(b, "%s: ", label);
    ncm_buf_add(b, value.p, value.len);
    ncm_buf_putc(b, '\n');
}

/* All that the store says about it. */
static void show_details(const struct experiment_list *e, const struct ncm_experiment *x)
{
    struct ncm_buf b;
    char time[64];
    ncm_buf_init(&b, 60000);
    add_line(&b, _("name"), x->name);
    add_line(&b, _("experiment id"), x->id);
    add_line(&b, _("artifact location"), x->artifact_location);
    if (x->creation_ms != NCM_NO_TIME)
        ncm_buf_printf(&b, "%s: %s\n", _("made"),
                       ncm_fmt_time(time, sizeof time, x->creation_ms, true));
    if (x->last_update_ms != NCM_NO_TIME)
        ncm_buf_printf(&b, "%s: %s\n", _("changed"),
                       ncm_fmt_time(time, sizeof time, x->last_update_ms, true));
    for (size_t i = 0; i < x->n_tags; i++) {
        bool note = ncm_str_is(x->tags[i].key, "mlflow.note.content");
        add_line(&b, note ? _("note") : ncm_cstr(x->tags[i].key), x->tags[i].value);
    }
    ui_show_text(e->pane->ui, _("Experiment"), b.p);
    ncm_buf_release(&b);
}

static void copy_row(const struct experiment_list *e, const struct ncm_experiment *x)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 4000);
    ncm_text_clean(&b, x->id.p, x->id.len, NCM_CLEAN_LINE);
    ncm_buf_putc(&b, '\t');
    ncm_text_clean(&b, x->name.p, x->name.len, NCM_CLEAN_LINE);
    ncm_buf_printf(&b, "\t%lld", (long long)x->run_count);
    ui_copy(e->pane->ui, b.p, _("row"));
    ncm_buf_release(&b);
}

bool experiments_act(struct experiment_list *e, enum ui_action_id action)
{
    const struct ncm_experiment *x = experiments_at(e, e->table.selected);
    if (action == A_SORT) {
        pick_order(e);
        return true;
    }
    if (action == A_DETAILS || action == A_COPY_ROW) {
        if (x == NULL)
            ui_message(e->pane->ui, UI_INFO, "%s", _("Select one experiment first."));
        else if (action == A_DETAILS)
            show_details(e, x);
        else
            copy_row(e, x);
        return true;
    }
    struct draw_state d = {.e = e};
    struct table_model m = model_of(&d);
    if (action == A_VIEW_DELETED) {
        e->deleted = !e->deleted;
        experiments_select_row(e, 0);
        experiments_ask(e);
        return true;
    }
    if (action == A_LEFT || action == A_RIGHT || !table_act(&e->table, &m, action))
        return false;
    experiments_select_row(e, e->table.selected);
    return true;
}
