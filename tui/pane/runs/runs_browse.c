/* The bottom of the stack: experiments and the run table, side by side where there is room. */
#include <stdio.h>
#include <string.h>

#include "runs.h"

#define WIDE     110
#define LEFT_MIN 34

struct browse {
    struct view base;
    struct experiment_list experiments;
    struct run_table runs;
    bool runs_open; /* an experiment was chosen */
    bool runs_focused;
    bool full;    /* the run table alone on a wide screen */
    bool wide;    /* of the last draw */
    bool settled; /* the first choice was made */
};

static struct browse *of(struct view *v)
{
    return (struct browse *)v;
}

static void free_view(struct view *v)
{
    struct browse *b = of(v);
    experiments_release(&b->experiments);
    run_table_release(&b->runs);
    ncm_free(b);
}

static void feeds(struct view *v, each_feed each, void *to)
{
    struct browse *b = of(v);
    bool runs_first = b->runs_focused || term_cols() >= WIDE;
    if (runs_first)
        each(&b->experiments.feed, to);
    each(&b->runs.keys, to);
    each(&b->runs.baseline, to);
    each(&b->runs.feed, to);
    each(&b->runs.sample, to);
    if (!runs_first)
        each(&b->experiments.feed, to);
}

static void open_runs(struct browse *b, const char *experiment, bool focus)
{
    bool deleted = false;
    b->settled = true;
    const struct ncm_experiment *e = experiments_find(b->experiments.feed.snap, experiment);
    if (e != NULL && e->lifecycle == NCM_DELETED) /* its runs were deleted with it */
        deleted = true;
    b->runs_open = true;
    b->runs_focused = focus;
    run_table_open(&b->runs, experiment, deleted);
}

/* At the start all active runs are shown beside the experiments, the newest first, because that
 * needs no waiting; where only one experiment has runs, that one. */
static void settle(struct browse *b)
{
    const struct ncm_experiments_snapshot *s = b->experiments.feed.snap;
    const struct ncm_experiment *first = NULL;
    size_t with_runs = 0;
    if (b->settled || s == NULL || s->head.provisional)
        return;
    b->settled = true;
    for (size_t i = 0; i < s->n; i++)
        if (s->items[i].run_count != 0) {
            with_runs++;
            first = &s->items[i];
        }
    if (with_runs != 1)
        return;
    ncm_free(b->experiments.selected);
    b->experiments.selected = ncm_strdup(ncm_cstr(first->id));
    experiments_update(&b->experiments);
    open_runs(b, ncm_cstr(first->id), true);
}

static void update(struct view *v)
{
    struct browse *b = of(v);
    experiments_update(&b->experiments);
    settle(b);
    if (b->runs_open)
        run_table_update(&b->runs);
}

static void title_of(const struct browse *b, char *out, size_t outsz)
{
    const struct ncm_experiment *e = experiments_find(b->experiments.feed.snap, b->runs.experiment);
    if (b->runs.experiment == NULL)
        snprintf(out, outsz, "%s", _("All active experiments"));
    else if (e != NULL)
        clean_text(e->name, out, outsz);
    else
        snprintf(out, outsz, _("experiment %s"), b->runs.experiment);
}

static int left_width(const struct canvas *c)
{
    int w = c->w * 3 / 10;
    return w < LEFT_MIN ? LEFT_MIN : w > 52 ? 52 : w;
}

static void draw(struct view *v, const struct canvas *c)
{
    struct browse *b = of(v);
    char title[200];
    b->wide = c->w >= WIDE && !b->full;
    if (b->wide && !b->runs_open && !b->settled) {
        b->runs_open = true;
        run_table_open(&b->runs, NULL, false);
    }
    title_of(b, title, sizeof title);
    if (!b->wide) {
        if (b->runs_focused)
            run_table_draw(&b->runs, c, true, b->experiments.feed.snap, title);
        else
            experiments_draw(&b->experiments, c, true, true);
        return;
    }
    int w = left_width(c);
    struct canvas left = canvas_part(c, 0, 0, -1, w);
    struct canvas right = canvas_part(c, 0, w + 1, -1, -1);
    experiments_draw(&b->experiments, &left, !b->runs_focused, false);
    paint_vline(c, 0, w, c->h, ROLE_BORDER);
    if (b->runs_open)
        run_table_draw(&b->runs, &right, b->runs_focused, b->experiments.feed.snap, title);
}

static unsigned contexts(struct view *v)
{
    return IN_LIST | (of(v)->runs_focused ? IN_RUNS : IN_EXPERIMENTS);
}

static void compare_marked(struct browse *b)
{
    struct run_table *t = &b->runs;
    struct ui *ui = b->base.pane->ui;
    if (t->n_marks < 2) {
        ui_message(ui, UI_INFO, "%s",
                   _("Mark 2 to 20 runs with Space (or a range with v), then d compares them."));
        return;
    }
    if (t->n_marks > CURVES_MAX) {
        ui_message(ui, UI_BAD, _("%zu runs are marked; at most %d can be compared."), t->n_marks,
                   CURVES_MAX);
        return;
    }
    const char *ids[CURVES_MAX];
    for (size_t i = 0; i < t->n_marks; i++)
        ids[i] = t->marks[i].id;
    pane_push(b->base.pane, run_compare_new(b->base.pane, ids, t->n_marks));
}

static const char *needle_done(void *ctx, const char *text, size_t *at)
{
    struct run_table *t = ctx;
    (void)at;
    if (text == NULL || text[0] == '\0')
        return NULL;
    ncm_free(t->needle);
    t->needle = ncm_strdup(text);
    if (!match_next(t, true))
        ui_message(t->pane->ui, UI_INFO, _("No name among the loaded rows contains %s."), text);
    ui_dirty(t->pane->ui);
    return NULL;
}

static void next_match(struct browse *b, bool forward)
{
    if (b->runs.needle == NULL)
        ui_prompt(b->base.pane->ui, _("find name"), "", needle_done, NULL, &b->runs);
    else if (!match_next(&b->runs, forward))
        ui_message(b->base.pane->ui, UI_INFO, _("No name among the loaded rows contains %s."),
                   b->runs.needle);
}

static bool act_runs(struct browse *b, enum ui_action_id action, const char *arg)
{
    struct runs_pane *p = b->base.pane;
    const struct ncm_run *r = run_table_run(&b->runs);
    if (arg != NULL && arg[0] != '\0' && (action == A_FILTER || action == A_SORT)) {
        if (action == A_FILTER)
            filter_set(&b->runs, arg);
        else
            sort_by_name(&b->runs, arg);
        return true;
    }
    switch (action) {
    case A_OPEN:
    case A_DETAILS:
        if (r != NULL)
            pane_open_run(p, ncm_cstr(r->id));
        return true;
    case A_COMPARE:
    case A_DIFF:
        compare_marked(b);
        return true;
    case A_NEXT_MATCH:
    case A_PREV_MATCH:
        next_match(b, action == A_NEXT_MATCH);
        return true;
    case A_VIEW_DELETED:
        run_table_open(&b->runs, b->runs.experiment, !b->runs.deleted);
        if (b->runs.deleted)
            ui_message(p->ui, UI_INFO, "%s",
                       _("Deleted runs: `:restore` brings one back, Esc shows the active ones."));
        return true;
    case A_FULL:
        b->full = !b->full;
        return true;
    default:
        return run_table_act(&b->runs, action);
    }
}

/* A range that is still open: what acts on the marks takes it, going elsewhere drops it. */
static void end_range(struct run_table *t, enum ui_action_id action)
{
    switch (action) {
    case A_UP:
    case A_DOWN:
    case A_TOP:
    case A_BOTTOM:
    case A_PAGE_UP:
    case A_PAGE_DOWN:
    case A_LEFT:
    case A_RIGHT:
    case A_MARK:
    case A_RANGE:
    case A_NEXT_MATCH:
    case A_PREV_MATCH:
        return;
    case A_COMPARE:
    case A_DIFF:
    case A_DELETE:
    case A_RESTORE:
    case A_TAG:
    case A_UNTAG:
        marks_range(t);
        return;
    default:
        t->range = false;
    }
}

static bool act(struct view *v, enum ui_action_id action, const char *arg)
{
    struct browse *b = of(v);
    if (b->runs.range)
        end_range(&b->runs, action);
    if (action == A_NEXT_PART || action == A_PREV_PART) {
        if (!b->runs_open)
            return false;
        b->runs_focused = !b->runs_focused;
        return true;
    }
    if (b->runs_focused)
        return act_runs(b, action, arg);
    if (action == A_OPEN || action == A_RIGHT) {
        const struct ncm_experiment *e =
            experiments_at(&b->experiments, b->experiments.table.selected);
        const char *id = e != NULL ? ncm_cstr(e->id) : NULL;
        bool same = b->runs_open && (id == NULL ? b->runs.experiment == NULL
                                                : b->runs.experiment != NULL &&
                                                      strcmp(id, b->runs.experiment) == 0);
        if (same)
            b->runs_focused = true;
        else if (b->experiments.feed.snap != NULL)
            open_runs(b, id, true);
        return true;
    }
    if (action == A_COPY) {
        if (b->experiments.selected != NULL)
            ui_copy(v->pane->ui, b->experiments.selected, _("experiment id"));
        return true;
    }
    return experiments_act(&b->experiments, action);
}

static const struct ncm_run *run(struct view *v)
{
    return of(v)->runs_focused ? run_table_run(&of(v)->runs) : NULL;
}

static const struct ncm_experiment *experiment(struct view *v)
{
    struct browse *b = of(v);
    return b->runs_focused ? NULL : experiments_at(&b->experiments, b->experiments.table.selected);
}

static void targets(struct view *v, struct ncm_intent *intent)
{
    struct run_table *t = &of(v)->runs;
    const struct ncm_run *r = run_table_run(t);
    for (size_t i = 0; i < t->n_marks; i++)
        ncm_intent_add_object(intent, t->marks[i].id);
    if (t->n_marks == 0 && r != NULL)
        ncm_intent_add_object(intent, ncm_cstr(r->id));
}

struct hint {
    enum ui_action_id action;
    const char *label; /* msgid; short, so that more of them find room */
};

static size_t hints(struct view *v, struct ui_hint *out, size_t max)
{
    struct browse *b = of(v);
    static const struct hint in_runs[] = {{A_OPEN, NULL},
                                          {A_MARK, NULL},
                                          {A_COMPARE, NULL},
                                          {A_SORT, N_("sort")},
                                          {A_BASELINE, N_("base")},
                                          {A_NOTE, N_("note")},
                                          {A_REGISTER, N_("register")},
                                          {A_COLUMNS, NULL},
                                          {A_ARTIFACTS, NULL},
                                          {A_REVERSE, NULL},
                                          {A_DELETE, NULL}};
    static const struct hint in_deleted[] = {{A_OPEN, NULL}, {A_SORT, N_("sort")}};
    static const struct hint in_experiments[] = {
        {A_OPEN, NULL}, {A_DETAILS, NULL}, {A_SORT, N_("sort")}, {A_COPY, NULL}};
    const struct hint *ids = in_experiments;
    size_t n = sizeof in_experiments / sizeof ids[0], k = 0;
    if (b->runs_focused && b->runs.deleted) {
        ids = in_deleted;
        n = sizeof in_deleted / sizeof ids[0];
    } else if (b->runs_focused) {
        ids = in_runs;
        n = sizeof in_runs / sizeof ids[0];
    }
    for (; k < n && k < max; k++)
        out[k] = (struct ui_hint){ids[k].action, ids[k].label != NULL ? _(ids[k].label) : NULL};
    return k;
}

static void name(struct view *v, char *out, size_t outsz)
{
    struct browse *b = of(v);
    if (b->runs_focused)
        title_of(b, out, outsz);
}

static bool back(struct view *v)
{
    struct browse *b = of(v);
    if (!b->runs_focused)
        return false;
    if (run_table_back(&b->runs))
        return true;
    const struct ncm_experiment *e = experiments_find(b->experiments.feed.snap, b->runs.experiment);
    if (b->runs.deleted && (e == NULL || e->lifecycle == NCM_ACTIVE))
        run_table_open(&b->runs, b->runs.experiment, false);
    else
        b->runs_focused = false;
    return true;
}

static bool mouse(struct view *v, const struct term_event *ev)
{
    struct browse *b = of(v);
    bool right = b->runs_focused;
    if (b->wide && b->runs_open)
        right = ev->x >= b->runs.canvas.x;
    struct canvas *c = right ? &b->runs.canvas : &b->experiments.canvas;
    struct table *t = right ? &b->runs.table : &b->experiments.table;
    size_t row = t->top + (size_t)(ev->y - c->y - 1 > 0 ? ev->y - c->y - 1 : 0);
    if (ev->button >= 4) {
        enum ui_action_id way = ev->button == 4 ? A_UP : A_DOWN;
        return right ? run_table_act(&b->runs, way) : experiments_act(&b->experiments, way);
    }
    if (ev->button != 1 || ev->y <= c->y)
        return false;
    b->runs_focused = right;
    if (!right)
        experiments_select_row(&b->experiments, row);
    else if (row == t->selected)
        act_runs(b, A_OPEN, NULL);
    else if (row < run_table_rows(&b->runs))
        run_table_select_row(&b->runs, row);
    return true;
}

static const struct view_ops browse_ops = {
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
    .experiment = experiment,
    .mouse = mouse,
};

struct view *browse_new(struct runs_pane *p)
{
    struct browse *b = ncm_alloc(1, sizeof *b);
    b->base = (struct view){&browse_ops, p};
    run_table_init(&b->runs, p);
    experiments_init(&b->experiments, p);
    return &b->base;
}

void browse_open(struct view *v, const char *experiment)
{
    struct browse *b = of(v);
    ncm_free(b->experiments.selected);
    b->experiments.selected = ncm_strdup(experiment);
    experiments_update(&b->experiments);
    open_runs(b, experiment, true);
}

void browse_focus_runs(struct view *v)
{
    struct browse *b = of(v);
    if (!b->runs_open)
        open_runs(b, NULL, true);
    b->runs_focused = true;
}

void browse_objects(struct view *v,
                    void (*add)(void *to, enum ui_object kind, const char *id, const char *id2,
                                const char *label),
                    void *to)
{
    struct browse *b = of(v);
    const struct ncm_experiments_snapshot *s = b->experiments.feed.snap;
    char label[200];
    for (size_t i = 0; s != NULL && i < s->n; i++)
        add(to, OBJ_EXPERIMENT, ncm_cstr(s->items[i].id), NULL,
            clean_text(s->items[i].name, label, sizeof label));
    const struct ncm_runs_snapshot *r = run_table_snapshot(&b->runs);
    for (size_t page = 0; r != NULL && page < r->n_pages; page++)
        for (size_t i = 0; r->pages[page] != NULL && i < r->pages[page]->n; i++) {
            const struct ncm_run *x = &r->pages[page]->runs[i];
            add(to, OBJ_RUN, ncm_cstr(x->id), NULL, run_label(x, label, sizeof label));
        }
}
