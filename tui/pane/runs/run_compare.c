/* Two to twenty runs: what differs as a table, the curves of one metric laid over each other. */
#include <stdio.h>
#include <string.h>

#include "runs.h"

#define BESIDE 150
#define BELOW  34

enum line_kind { L_HEAD, L_STATUS, L_DURATION, L_VERSION, L_METRIC, L_PARAM, L_TAG };
struct line {
    enum line_kind kind;
    const struct ncm_compare_row *row; /* the last three */
    const char *text;                  /* translated; the others */
};

struct compare {
    struct view base;
    struct feed runs[CURVES_MAX];
    char *ids[CURVES_MAX];
    size_t n;
    char *selected; /* key: the records may be gone when the next arrive */
    bool all;       /* also what is the same */
    bool changed;   /* a record arrived */
    struct ncm_compare *result;
    struct line *lines;
    size_t n_lines, cap_lines;
    struct table table;
    struct table_column heads[CURVES_MAX + 1];
    char titles[CURVES_MAX + 1][112];
    struct curves curves;
    bool in_curves; /* they have the focus (and the whole part on a small screen) */
    bool both, full;
    bool brief;  /* columns too narrow for a whole version badge */
    bool placed; /* the selection was put on the first metric */
};

static struct compare *of(struct view *v)
{
    return (struct compare *)v;
}

static void free_view(struct view *v)
{
    struct compare *c = of(v);
    for (size_t i = 0; i < c->n; i++) {
        feed_release(&c->runs[i]);
        ncm_free(c->ids[i]);
    }
    ncm_compare_free(c->result);
    ncm_free(c->selected);
    ncm_free(c->lines);
    curves_release(&c->curves);
    ncm_free(c);
}

static void feeds(struct view *v, each_feed each, void *to)
{
    struct compare *c = of(v);
    for (size_t i = 0; i < c->n; i++) {
        const void *before = c->runs[i].snap;
        each(&c->runs[i], to);
        c->changed |= before != c->runs[i].snap;
    }
    curves_feeds(&c->curves, each, to);
}

static const struct ncm_run *record(const struct compare *c, size_t i)
{
    const struct ncm_run_snapshot *s = c->runs[i].snap;
    return s != NULL ? &s->run : NULL;
}

/* ---- lines ---- */

static void add_line(struct compare *c, enum line_kind kind, const struct ncm_compare_row *row,
                     const char *text)
{
    c->lines = ncm_grow(c->lines, c->n_lines, &c->cap_lines, sizeof *c->lines);
    c->lines[c->n_lines++] = (struct line){kind, row, text};
}

static void add_rows(struct compare *c, enum line_kind kind, const char *head,
                     const struct ncm_compare_row *rows, size_t n)
{
    if (n > 0)
        add_line(c, L_HEAD, NULL, head);
    for (size_t i = 0; i < n; i++)
        add_line(c, kind, &rows[i], NULL);
}

static void build_lines(struct compare *c)
{
    struct badge b;
    bool versions = false;
    c->n_lines = 0;
    for (size_t i = 0; i < c->n; i++)
        versions |= badges_find(c->base.pane->badges, record(c, i)->id, &b);
    add_line(c, L_STATUS, NULL, _("status"));
    add_line(c, L_DURATION, NULL, _("duration"));
    if (versions)
        add_line(c, L_VERSION, NULL, _("registered"));
    add_rows(c, L_METRIC, _("Metrics"), c->result->metrics, c->result->n_metrics);
    add_rows(c, L_PARAM, _("Params"), c->result->params, c->result->n_params);
    add_rows(c, L_TAG, _("Tags"), c->result->tags, c->result->n_tags);
    if (c->result->n_metrics + c->result->n_params + c->result->n_tags == 0)
        add_line(c, L_HEAD, NULL, _("No metric, param or tag differs; + shows everything."));
}

/* The first metric whose curves say something, else any. */
static void choose_metric(struct compare *c)
{
    const struct ncm_compare *r = c->result;
    if (c->curves.metric != NULL || r->n_metrics == 0)
        return;
    size_t pick = 0;
    for (size_t i = r->n_metrics; i-- > 0;) {
        const char *key = ncm_cstr(r->metrics[i].key);
        const struct ncm_metric *m = ncm_run_metric(record(c, 0), key);
        if (m != NULL && m->step > 0)
            pick = i;
    }
    curves_metric(&c->curves, ncm_cstr(r->metrics[pick].key));
}

static void remember(struct compare *c)
{
    const struct ncm_compare_row *row =
        c->table.selected < c->n_lines ? c->lines[c->table.selected].row : NULL;
    ncm_free(c->selected);
    c->selected = row != NULL ? ncm_strdup(ncm_cstr(row->key)) : NULL;
}

static void rebuild(struct compare *c)
{
    const struct ncm_run *runs[CURVES_MAX];
    char label[96];
    for (size_t i = 0; i < c->n; i++) {
        runs[i] = record(c, i);
        if (runs[i] == NULL)
            return; /* waits for all of them */
        curves_name(&c->curves, i, run_label(runs[i], label, sizeof label));
    }
    ncm_compare_free(c->result);
    c->result = ncm_compare_runs(runs, c->n, c->all);
    build_lines(c);
    for (size_t i = 0; c->selected != NULL && i < c->n_lines; i++)
        if (c->lines[i].row != NULL && ncm_str_is(c->lines[i].row->key, c->selected))
            c->table.selected = i;
    choose_metric(c);
    for (size_t i = 0; !c->placed && i < c->n_lines; i++)
        if (c->lines[i].kind == L_METRIC) {
            c->table.selected = i;
            c->placed = true;
        }
    remember(c);
}

static void update(struct view *v)
{
    struct compare *c = of(v);
    if (c->changed)
        rebuild(c);
    c->changed = false;
    if (c->curves.metric != NULL)
        curves_update(&c->curves);
}

/* ---- the table ---- */

static size_t count(void *ctx)
{
    return ((struct compare *)ctx)->n_lines;
}

static bool heading(void *ctx, size_t row)
{
    return ((struct compare *)ctx)->lines[row].kind == L_HEAD;
}

static void cell_fact(const struct compare *c, const struct line *l, size_t i,
                      struct table_cell *out)
{
    struct badge b;
    const struct ncm_run *r = record(c, i);
    if (l->kind == L_STATUS)
        out->role = status_text(r, out->text, sizeof out->text);
    else if (l->kind == L_VERSION && badges_find(c->base.pane->badges, r->id, &b))
        out->role = badge_text(&b, c->brief, out->text, sizeof out->text);
    else if (l->kind == L_DURATION && r->start_ms != NCM_NO_TIME && r->end_ms != NCM_NO_TIME)
        ncm_fmt_duration(out->text, sizeof out->text, ncm_ms_between(r->start_ms, r->end_ms));
    else
        set_text(out, ROLE_DIM, sign(SIGN_DASH));
}

static void cell_key(const struct line *l, struct table_cell *out)
{
    if (l->row == NULL) {
        set_text(out, l->kind == L_HEAD ? ROLE_HEAD : ROLE_DIM, l->text);
        return;
    }
    if (l->kind == L_METRIC) {
        int way = ncm_metric_direction(ncm_cstr(l->row->key));
        char key[300];
        snprintf(out->text, sizeof out->text, "%s %s", clean_text(l->row->key, key, sizeof key),
                 way > 0   ? sign(SIGN_UP)
                 : way < 0 ? sign(SIGN_DOWN)
                           : "");
    } else {
        clean_text(l->row->key, out->text, sizeof out->text);
    }
    out->role = l->row->differs ? ROLE_TEXT : ROLE_DIM;
    out->cut_middle = true;
}

static void cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct compare *c = ctx;
    const struct line *l = &c->lines[row];
    if (column == 0) {
        cell_key(l, out);
        return;
    }
    size_t i = column - 1;
    if (l->row == NULL) {
        if (l->kind != L_HEAD)
            cell_fact(c, l, i, out);
        return;
    }
    char text[480];
    bool best = l->kind == L_METRIC && l->row->best == (int)i;
    enum role role = value_text(&l->row->values[i], text, sizeof text);
    snprintf(out->text, sizeof out->text, "%s%s", best ? sign(SIGN_STAR) : "", text);
    out->role = best ? ROLE_BETTER : role == ROLE_TEXT && !l->row->differs ? ROLE_DIM : role;
    out->attrs = best ? ATTR_BOLD : 0;
}

static struct table_model model_of(struct compare *c)
{
    return (struct table_model){.ctx = c, .count = count, .cell = cell, .heading = heading};
}

static void make_heads(struct compare *c, int width)
{
    int each = c->n > 0 ? (width - 28) / (int)c->n - 2 : 16;
    each = each < 13 ? 13 : each > 26 ? 26 : each;
    c->brief = each < BADGE_CELLS;
    snprintf(c->titles[0], sizeof c->titles[0], "%s", _("KEY"));
    c->heads[0] = (struct table_column){c->titles[0], 14, width > 100 ? 34 : 20, 0, 0, 0};
    for (size_t i = 0; i < c->n; i++) {
        char label[96];
        const struct ncm_run *r = record(c, i);
        snprintf(c->titles[i + 1], sizeof c->titles[0], "%c %s", (char)('a' + i),
                 r != NULL ? run_label(r, label, sizeof label) : c->ids[i]);
        c->heads[i + 1] = (struct table_column){c->titles[i + 1], 13, each, 1, 0, 0};
    }
    c->table.columns = c->heads;
    c->table.n_columns = c->n + 1;
    c->table.fixed = 1;
}

static void draw_table(struct compare *c, const struct canvas *canvas, bool focused)
{
    char right[160], fact[120];
    struct table_model m = model_of(c);
    right[0] = '\0';
    snprintf(fact, sizeof fact, _("%zu runs"), c->n);
    join_fact(right, sizeof right, fact);
    join_fact(right, sizeof right, c->all ? _("everything") : _("only what differs"));
    paint_head(canvas, 0, _("Compare"), right, focused);
    struct canvas in = canvas_part(canvas, 1, 0, -1, -1);
    if (c->result == NULL) {
        for (size_t i = 0; i < c->n; i++)
            if (c->runs[i].snap == NULL) {
                feed_paint_empty(&c->runs[i], &in, _("loading…"));
                return;
            }
        return;
    }
    make_heads(c, canvas->w);
    table_draw(&c->table, &m, &in, focused, NULL);
}

static void draw_curves(struct compare *c, const struct canvas *canvas, bool focused)
{
    char title[200], facts[300];
    if (c->curves.metric == NULL) {
        paint_head(canvas, 0, _("Curves"), NULL, focused);
        paint_cut(canvas, 2, 2, canvas->w - 4, 0, ROLE_DIM, 0,
                  c->result != NULL ? _("No metric differs. + shows everything; m chooses one.")
                                    : _("loading…"));
        return;
    }
    clean_text((struct ncm_str){c->curves.metric, strlen(c->curves.metric)}, title, sizeof title);
    curves_head(&c->curves, facts, sizeof facts);
    paint_head(canvas, 0, title, facts, focused);
    struct canvas in = canvas_part(canvas, 1, 0, -1, -1);
    curves_draw(&c->curves, &in, focused);
}

static void draw(struct view *v, const struct canvas *canvas)
{
    struct compare *c = of(v);
    bool beside = canvas->w >= BESIDE, below = !beside && canvas->h >= BELOW;
    c->both = (beside || below) && !c->full;
    if (!c->both) {
        if (c->in_curves)
            draw_curves(c, canvas, true);
        else
            draw_table(c, canvas, true);
        return;
    }
    int part = beside ? canvas->w / 2 : canvas->h / 2;
    struct canvas first =
        beside ? canvas_part(canvas, 0, 0, -1, part) : canvas_part(canvas, 0, 0, part, -1);
    struct canvas second =
        beside ? canvas_part(canvas, 0, part + 1, -1, -1) : canvas_part(canvas, part, 0, -1, -1);
    draw_table(c, &first, !c->in_curves);
    if (beside)
        paint_vline(canvas, 0, part, canvas->h, ROLE_BORDER);
    draw_curves(c, &second, c->in_curves);
}

/* ---- keys ---- */

static void pick_metric(struct compare *c)
{
    const struct ncm_run *runs[CURVES_MAX];
    for (size_t i = 0; i < c->n; i++)
        if ((runs[i] = record(c, i)) == NULL)
            return;
    struct ncm_compare *all = ncm_compare_runs(runs, c->n, true);
    struct ncm_str *keys = ncm_alloc(all->n_metrics + 1, sizeof *keys);
    for (size_t i = 0; i < all->n_metrics; i++)
        keys[i] = all->metrics[i].key;
    c->in_curves = true;
    curves_pick(&c->curves, keys, all->n_metrics);
    ncm_free(keys);
    ncm_compare_free(all);
}

static void open_row(struct compare *c)
{
    if (c->table.selected >= c->n_lines)
        return;
    const struct line *l = &c->lines[c->table.selected];
    if (l->kind == L_METRIC) {
        char *key = ncm_strdup(ncm_cstr(l->row->key));
        curves_metric(&c->curves, key);
        c->in_curves = true;
        ncm_free(key);
    } else if (l->kind == L_PARAM || l->kind == L_TAG) { /* whole values, one a line */
        struct ncm_buf text;
        char label[96], key[200];
        ncm_buf_init(&text, 1u << 20);
        for (size_t i = 0; i < c->n; i++) {
            const struct ncm_value *v = &l->row->values[i];
            ncm_buf_printf(&text, "%c %s\n  ", (char)('a' + i),
                           run_label(record(c, i), label, sizeof label));
            if (v->kind == NCM_V_TEXT)
                ncm_buf_add(&text, v->text.p, v->text.len);
            else
                ncm_buf_puts(&text, sign(SIGN_DASH));
            ncm_buf_puts(&text, "\n\n");
        }
        ui_show_text(c->base.pane->ui, clean_text(l->row->key, key, sizeof key), text.p);
        ncm_buf_release(&text);
    }
}

static void copy_line(struct compare *c)
{
    struct ncm_buf text;
    ncm_buf_init(&text, 60000);
    for (size_t column = 0; c->table.selected < c->n_lines && column <= c->n; column++) {
        struct table_cell *out = ncm_alloc(1, sizeof *out);
        cell(c, c->table.selected, column, out);
        ncm_buf_printf(&text, "%s%s", column > 0 ? "\t" : "", out->text);
        ncm_free(out);
    }
    ui_copy(c->base.pane->ui, text.p, _("row"));
    ncm_buf_release(&text);
}

static bool act(struct view *v, enum ui_action_id action, const char *arg)
{
    struct compare *c = of(v);
    struct table_model m = model_of(c);
    switch (action) {
    case A_NEXT_PART:
    case A_PREV_PART:
    case A_NEXT_TAB:
    case A_PREV_TAB:
        c->in_curves = !c->in_curves;
        return true;
    case A_METRIC:
        if (arg != NULL && arg[0] != '\0')
            curves_metric(&c->curves, arg);
        else
            pick_metric(c);
        return true;
    case A_FOLD:
        c->all = !c->all;
        rebuild(c);
        return true;
    case A_FULL:
        c->full = !c->full;
        return true;
    case A_COPY_ROW:
        copy_line(c);
        return true;
    case A_OPEN:
    case A_DETAILS:
        if (!c->in_curves)
            open_row(c);
        return true;
    case A_XAXIS:
    case A_SMOOTH:
    case A_LOGSCALE:
    case A_ZOOM_IN:
    case A_ZOOM_OUT:
    case A_ZOOM_RESET:
        return c->curves.metric != NULL && curves_act(&c->curves, action);
    default:
        if (c->in_curves)
            return c->curves.metric != NULL && curves_act(&c->curves, action);
        if (c->result == NULL || !table_act(&c->table, &m, action))
            return false;
        remember(c);
        return true;
    }
}

static unsigned contexts(struct view *v)
{
    (void)v;
    return IN_COMPARE | IN_PLOT | IN_LIST;
}

static size_t hints(struct view *v, struct ui_hint *out, size_t max)
{
    static const enum ui_action_id in_table[] = {A_OPEN,  A_NEXT_PART, A_METRIC, A_FOLD,
                                                 A_RIGHT, A_COPY_ROW,  A_BACK};
    static const enum ui_action_id in_curves[] = {A_RIGHT,    A_METRIC,  A_XAXIS,     A_SMOOTH,
                                                  A_LOGSCALE, A_ZOOM_IN, A_NEXT_PART, A_BACK};
    bool curves = of(v)->in_curves;
    const enum ui_action_id *ids = curves ? in_curves : in_table;
    size_t n = 0;
    size_t most = curves ? sizeof in_curves / sizeof ids[0] : sizeof in_table / sizeof ids[0];
    for (; n < most && n < max; n++) {
        const char *label = ids[n] == A_NEXT_PART            ? curves ? _("table") : _("curves")
                                       : ids[n] == A_RIGHT ? curves ? _("cursor") : _("columns")
                                       : ids[n] == A_OPEN ? _("curves of it")
                            : ids[n] == A_FOLD && of(v)->all ? _("only what differs")
                            : ids[n] == A_FOLD               ? _("everything")
                                                             : NULL;
        out[n] = (struct ui_hint){ids[n], label};
    }
    return n;
}

static void name(struct view *v, char *out, size_t outsz)
{
    snprintf(out, outsz, _("compare %zu runs"), of(v)->n);
}

static bool back(struct view *v)
{
    struct compare *c = of(v);
    if (!c->in_curves)
        return false;
    if (c->curves.plot.cursor_on)
        c->curves.plot.cursor_on = false;
    else
        c->in_curves = false;
    return true;
}

static const struct ncm_run *run(struct view *v)
{
    (void)v;
    return NULL; /* several: actions on one of them would be a guess */
}

static void targets(struct view *v, struct ncm_intent *intent)
{
    for (size_t i = 0; i < of(v)->n; i++)
        ncm_intent_add_object(intent, of(v)->ids[i]);
}

static const struct view_ops compare_ops = {
    .free = free_view,
    .feeds = feeds,
    .update = update,
    .draw = draw,
    .contexts = contexts,
    .act = act,
    .hints = hints,
    .name = name,
    .back = back,
    .run = run,
    .targets = targets,
};

struct view *run_compare_new(struct runs_pane *p, const char *const *run_ids, size_t n)
{
    struct compare *c = ncm_alloc(1, sizeof *c);
    c->base = (struct view){&compare_ops, p};
    c->n = n < CURVES_MAX ? n : CURVES_MAX;
    c->changed = true;
    curves_init(&c->curves, p, run_ids, c->n);
    for (size_t i = 0; i < c->n; i++) {
        c->ids[i] = ncm_strdup(run_ids[i]);
        pane_ask(p, &c->runs[i], ncm_query_run(run_ids[i]));
    }
    return &c->base;
}
