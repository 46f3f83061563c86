/* A run: overview, metrics, params, tags, artifacts; one part at a time on a narrow screen, several
 * side by side on a wide one. */
#include <stdio.h>
#include <string.h>

#include "runs.h"

#define TWO_PARTS   110
#define THREE_PARTS 165
#define CURVE_FROM  28
#define FACTS_MS    10000 /* how long figures that age are kept */

enum part { P_OVERVIEW, P_METRICS, P_PARAMS, P_TAGS, P_ARTIFACTS, N_PARTS };

struct detail {
    struct view base;
    char *run_id;
    struct feed run, parent, children, facts, experiments;
    struct pairs overview, params, tags;
    struct metric_table metrics;
    struct view *artifacts; /* made when first looked at */
    struct curves curve;    /* of the selected metric, below the metrics where there is room */
    enum part part;
    char *narrow; /* what / typed; NULL: nothing */
    int64_t facts_ms;
    bool full, curve_shown;
};

static struct detail *of(struct view *v)
{
    return (struct detail *)v;
}

static void free_view(struct view *v)
{
    struct detail *d = of(v);
    feed_release(&d->run);
    feed_release(&d->parent);
    feed_release(&d->children);
    feed_release(&d->facts);
    feed_release(&d->experiments);
    pairs_release(&d->overview);
    pairs_release(&d->params);
    pairs_release(&d->tags);
    metrics_release(&d->metrics);
    curves_release(&d->curve);
    if (d->artifacts != NULL)
        d->artifacts->ops->free(d->artifacts);
    ncm_free(d->narrow);
    ncm_free(d->run_id);
    ncm_free(d);
}

static void feeds(struct view *v, each_feed each, void *to)
{
    struct detail *d = of(v);
    each(&d->experiments, to);
    each(&d->children, to);
    each(&d->facts, to);
    each(&d->parent, to);
    curves_feeds(&d->curve, each, to);
    metrics_feeds(&d->metrics, each, to);
    if (d->artifacts != NULL)
        d->artifacts->ops->feeds(d->artifacts, each, to);
    each(&d->run, to);
}

static const struct ncm_run *record(const struct detail *d)
{
    const struct ncm_run_snapshot *s = d->run.snap;
    return s != NULL ? &s->run : NULL;
}

static const struct ncm_run *run(struct view *v)
{
    return record(of(v));
}

/* ---- taking what arrived ---- */

static void fill_kv(const struct detail *d, struct pairs *p, const struct ncm_kv *kv, size_t n)
{
    pairs_clear(p);
    for (size_t i = 0; i < n; i++)
        if (d->narrow == NULL || ncm_text_has(ncm_cstr(kv[i].key), d->narrow) ||
            ncm_text_has(ncm_cstr(kv[i].value), d->narrow))
            pairs_add(p, ncm_cstr(kv[i].key), kv[i].value, ROLE_TEXT);
}

static void fill(struct detail *d)
{
    const struct ncm_run *r = record(d);
    const struct ncm_run_snapshot *parent = d->parent.snap;
    const struct ncm_facts_snapshot *facts = d->facts.snap;
    if (r == NULL)
        return;
    struct run_facts_input in = {
        .run = r,
        .parent = parent != NULL ? &parent->run : NULL,
        .children = d->children.snap,
        .experiment = experiments_find(d->experiments.snap, ncm_cstr(r->experiment_id)),
        .model = facts != NULL ? &facts->facts : NULL,
        .drift = d->base.pane->drift.snap,
    };
    run_facts_fill(&d->overview, &in);
    d->facts_ms = ncm_now_ms();
    fill_kv(d, &d->params, r->params, r->n_params);
    fill_kv(d, &d->tags, r->tags, r->n_tags);
    metrics_set(&d->metrics, r, d->narrow);
}

/* Follow-up questions, once the record says that there is something to ask. */
static void ask_more(struct detail *d)
{
    struct runs_pane *p = d->base.pane;
    const struct ncm_run *r = record(d);
    if (r == NULL)
        return;
    if (r->parent_id.len > 0 && !feed_asked(&d->parent))
        pane_ask(p, &d->parent, ncm_query_run(ncm_cstr(r->parent_id)));
    if (r->n_versions > 0 && !feed_asked(&d->facts))
        pane_ask(p, &d->facts,
                 ncm_query_facts(ncm_cstr(r->versions[0].model), ncm_cstr(r->versions[0].version)));
}

static void update(struct view *v)
{
    struct detail *d = of(v);
    ask_more(d);
    fill(d);
    metrics_update(&d->metrics);
    if (d->curve.metric != NULL)
        curves_update(&d->curve);
    if (d->artifacts != NULL)
        d->artifacts->ops->update(d->artifacts);
}

static struct view *artifacts_of(struct detail *d)
{
    if (d->artifacts == NULL)
        d->artifacts = run_artifacts_new(d->base.pane, d->run_id);
    return d->artifacts;
}

/* ---- drawing ---- */

static void part_title(const struct detail *d, enum part part, char *out, size_t outsz)
{
    static const char *const titles[N_PARTS] = {N_("Overview"), N_("Metrics"), N_("Params"),
                                                N_("Tags"), N_("Artifacts")};
    const struct ncm_run *r = record(d);
    size_t n = 0;
    if (r != NULL)
        n = part == P_METRICS  ? r->n_metrics
            : part == P_PARAMS ? r->n_params
            : part == P_TAGS   ? r->n_tags
                               : 0;
    if (n > 0)
        snprintf(out, outsz, "%s %zu", _(titles[part]), n);
    else
        snprintf(out, outsz, "%s", _(titles[part]));
}

static void draw_body(struct detail *d, enum part part, const struct canvas *c, bool focused)
{
    const char *nothing = d->narrow != NULL ? _("Nothing matches.") : NULL;
    switch (part) {
    case P_OVERVIEW:
        pairs_draw(&d->overview, c, focused, NULL);
        break;
    case P_METRICS:
        metrics_draw(&d->metrics, c, focused,
                     nothing != NULL ? nothing : _("This run has no metrics yet."));
        break;
    case P_PARAMS:
        pairs_draw(&d->params, c, focused,
                   nothing != NULL ? nothing : _("This run has no params."));
        break;
    case P_TAGS:
        pairs_draw(&d->tags, c, focused, nothing != NULL ? nothing : _("This run has no tags."));
        break;
    case P_ARTIFACTS:
    case N_PARTS: {
        struct view *a = artifacts_of(d);
        a->ops->draw(a, c);
        break;
    }
    }
}

/* With its own head line. */
static void draw_part(struct detail *d, enum part part, const struct canvas *c)
{
    char title[80];
    bool focused = d->part == part;
    struct canvas in = *c;
    if (part != P_ARTIFACTS) { /* that view has a head of its own */
        part_title(d, part, title, sizeof title);
        paint_head(c, 0, title, focused ? d->narrow : NULL, focused);
        in = canvas_part(c, 1, 0, -1, -1);
    }
    draw_body(d, part, &in, focused);
}

static void draw_tabs(const struct detail *d, const struct canvas *c)
{
    int x = 1;
    for (enum part part = 0; part < N_PARTS; part++) {
        char title[80], text[100];
        part_title(d, part, title, sizeof title);
        snprintf(text, sizeof text, " %s ", title);
        x += paint(c, 0, x, part == d->part ? ROLE_SELECT : ROLE_DIM, 0, text);
    }
    if (d->narrow != NULL && x + 4 < c->w)
        paint_cut(c, 0, x + 1, c->w - x - 2, 1, ROLE_MATCH, 0, d->narrow);
}

static void draw_narrow(struct detail *d, const struct canvas *c)
{
    draw_tabs(d, c);
    struct canvas in = canvas_part(c, 1, 0, -1, -1);
    draw_body(d, d->part, &in, true);
}

/* The curve of the selected metric, where a tall screen has room for it. */
static void draw_curve(struct detail *d, const struct canvas *c)
{
    char title[200], facts[300];
    const char *key = metrics_selected(&d->metrics);
    if (key == NULL)
        return;
    if (d->curve.metric == NULL || strcmp(key, d->curve.metric) != 0)
        curves_metric(&d->curve, key);
    clean_text((struct ncm_str){key, strlen(key)}, title, sizeof title);
    d->curve_shown = true;
    curves_head(&d->curve, facts, sizeof facts);
    paint_head(c, 0, title, facts, false);
    struct canvas in = canvas_part(c, 1, 0, -1, -1);
    curves_draw(&d->curve, &in, false);
}

static void draw_metrics(struct detail *d, const struct canvas *c)
{
    if (c->h < CURVE_FROM) {
        draw_part(d, P_METRICS, c);
        return;
    }
    struct canvas above = canvas_part(c, 0, 0, c->h - c->h / 2, -1);
    struct canvas below = canvas_part(c, c->h - c->h / 2, 0, -1, -1);
    draw_part(d, P_METRICS, &above);
    draw_curve(d, &below);
}

static void draw_two(struct detail *d, const struct canvas *c)
{
    int w = c->w * 2 / 5;
    struct canvas left = canvas_part(c, 0, 0, -1, w), right = canvas_part(c, 0, w + 1, -1, -1);
    draw_part(d, P_OVERVIEW, &left);
    paint_vline(c, 0, w, c->h, ROLE_BORDER);
    if (d->part == P_OVERVIEW || d->part == P_METRICS)
        draw_metrics(d, &right);
    else
        draw_part(d, d->part, &right);
}

static void draw_three(struct detail *d, const struct canvas *c)
{
    int left_w = c->w * 3 / 10, mid_w = c->w * 4 / 10, half = c->h / 2;
    struct canvas left = canvas_part(c, 0, 0, -1, left_w);
    struct canvas mid = canvas_part(c, 0, left_w + 1, -1, mid_w);
    struct canvas right = canvas_part(c, 0, left_w + mid_w + 2, -1, -1);
    struct canvas above = canvas_part(&right, 0, 0, half, -1);
    struct canvas below = canvas_part(&right, half, 0, -1, -1);
    draw_part(d, P_OVERVIEW, &left);
    paint_vline(c, 0, left_w, c->h, ROLE_BORDER);
    if (d->part == P_ARTIFACTS) {
        struct canvas rest = canvas_part(c, 0, left_w + 1, -1, -1);
        draw_part(d, P_ARTIFACTS, &rest);
        return;
    }
    draw_metrics(d, &mid);
    paint_vline(c, 0, left_w + mid_w + 1, c->h, ROLE_BORDER);
    draw_part(d, P_PARAMS, &above);
    draw_part(d, P_TAGS, &below);
}

static void draw(struct view *v, const struct canvas *c)
{
    struct detail *d = of(v);
    const struct ncm_run *r = record(d);
    if (r == NULL) {
        feed_paint_empty(&d->run, c, _("This run is not there any more."));
        return;
    }
    if (r->status == NCM_RUN_RUNNING) {
        if (ncm_now_ms() - d->facts_ms >= FACTS_MS)
            fill(d);
        ui_wake_in(v->pane->ui, FACTS_MS);
    }
    d->curve_shown = false;
    if (c->w >= THREE_PARTS && !d->full)
        draw_three(d, c);
    else if (c->w >= TWO_PARTS && !d->full)
        draw_two(d, c);
    else
        draw_narrow(d, c);
}

/* ---- keys ---- */

static struct pairs *pairs_of(struct detail *d)
{
    return d->part == P_OVERVIEW ? &d->overview
           : d->part == P_PARAMS ? &d->params
           : d->part == P_TAGS   ? &d->tags
                                 : NULL;
}

static void open_metric(struct detail *d, const char *key)
{
    if (key == NULL)
        return;
    char *copy = ncm_strdup(key);
    pane_push(d->base.pane, run_plot_new(d->base.pane, d->run_id, copy));
    ncm_free(copy);
}

static void open_row(struct detail *d)
{
    struct pairs *p = pairs_of(d);
    struct ui *ui = d->base.pane->ui;
    if (d->part == P_METRICS) {
        open_metric(d, metrics_selected(&d->metrics));
        return;
    }
    if (p == NULL || p->table.selected >= p->n)
        return;
    const struct pair_row *r = &p->rows[p->table.selected];
    if (r->link == NULL) {
        ui_show_text(ui, r->label != NULL ? r->label : "", r->value);
    } else if (r->kind == OBJ_RUN) {
        char *id = ncm_strdup(r->link);
        pane_open_run(d->base.pane, id);
        ncm_free(id);
    } else {
        ui_open(ui, r->kind, r->link, r->link2);
    }
}

static void copy_row(struct detail *d)
{
    struct ncm_buf text;
    struct pairs *p = pairs_of(d);
    const struct ncm_run *r = record(d);
    ncm_buf_init(&text, 60000);
    if (p != NULL && p->table.selected < p->n) {
        const struct pair_row *row = &p->rows[p->table.selected];
        ncm_buf_printf(&text, "%s\t", row->label != NULL ? row->label : "");
        ncm_text_clean(&text, row->value, strlen(row->value), NCM_CLEAN_LINE);
    } else if (d->part == P_METRICS && metrics_selected(&d->metrics) != NULL) {
        const struct ncm_metric *m = ncm_run_metric(r, metrics_selected(&d->metrics));
        char value[64];
        ncm_text_clean(&text, m->key.p, m->key.len, NCM_CLEAN_LINE);
        ncm_fmt_exact(value, sizeof value, value_number(&m->value));
        ncm_buf_printf(&text, "\t%s", value);
    }
    ui_copy(d->base.pane->ui, text.p, _("row"));
    ncm_buf_release(&text);
}

static const char *narrow_done(void *ctx, const char *text, size_t *at)
{
    struct detail *d = ctx;
    (void)at;
    if (text == NULL)
        return NULL;
    ncm_free(d->narrow);
    d->narrow = text[0] != '\0' ? ncm_strdup(text) : NULL;
    fill(d);
    ui_dirty(d->base.pane->ui);
    return NULL;
}

static void move_part(struct detail *d, int by)
{
    d->part = (enum part)(((int)d->part + by + N_PARTS) % N_PARTS);
    if (d->part == P_ARTIFACTS)
        artifacts_of(d);
}

static bool act_metric(struct detail *d, const char *arg)
{
    const struct ncm_run *r = record(d);
    if (arg != NULL && arg[0] != '\0')
        open_metric(d, arg);
    else if (d->part == P_METRICS && metrics_selected(&d->metrics) != NULL)
        open_metric(d, metrics_selected(&d->metrics));
    else if (r != NULL && r->n_metrics > 0)
        d->part = P_METRICS;
    return true;
}

static bool act(struct view *v, enum ui_action_id action, const char *arg)
{
    struct detail *d = of(v);
    bool in_artifacts = d->part == P_ARTIFACTS;
    switch (action) {
    case A_NEXT_TAB:
    case A_NEXT_PART:
        move_part(d, 1);
        return true;
    case A_PREV_TAB:
    case A_PREV_PART:
        move_part(d, -1);
        return true;
    case A_ARTIFACTS:
        d->part = P_ARTIFACTS;
        artifacts_of(d);
        return true;
    case A_FULL:
        d->full = !d->full;
        return true;
    case A_METRIC:
        return act_metric(d, arg);
    case A_XAXIS:
    case A_SMOOTH:
    case A_LOGSCALE:
    case A_ZOOM_IN:
    case A_ZOOM_OUT:
    case A_ZOOM_RESET:
        return d->curve_shown && curves_act(&d->curve, action);
    default:
        break;
    }
    if (in_artifacts)
        return d->artifacts->ops->act(d->artifacts, action, arg);
    switch (action) {
    case A_OPEN:
    case A_DETAILS:
        open_row(d);
        return true;
    case A_COPY_ROW:
        copy_row(d);
        return true;
    case A_FILTER:
        ui_prompt(v->pane->ui, _("only keys with"), d->narrow != NULL ? d->narrow : "", narrow_done,
                  NULL, d);
        return true;
    default:
        break;
    }
    struct pairs *p = pairs_of(d);
    return p != NULL ? pairs_act(p, action) : metrics_act(&d->metrics, action);
}

static unsigned contexts(struct view *v)
{
    struct detail *d = of(v);
    unsigned inner = d->part == P_ARTIFACTS ? d->artifacts->ops->contexts(d->artifacts) : IN_LIST;
    return IN_RUN | inner | (d->curve_shown ? IN_PLOT : 0);
}

static size_t hints(struct view *v, struct ui_hint *out, size_t max)
{
    static const enum ui_action_id ids[] = {A_OPEN,   A_NEXT_TAB, A_PROMOTE, A_ARTIFACTS,
                                            A_NOTE,   A_REGISTER, A_SMOOTH,  A_COPY,
                                            A_RENAME, A_DELETE};
    struct detail *d = of(v);
    size_t n = 0;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0] && n < max; i++) {
        const struct ncm_run *r = record(d);
        if ((ids[i] == A_PROMOTE && (r == NULL || r->n_versions == 0)) ||
            (ids[i] == A_SMOOTH && !d->curve_shown))
            continue;
        out[n++] =
            (struct ui_hint){ids[i], ids[i] == A_OPEN && d->part == P_METRICS ? _("plot") : NULL};
    }
    return n;
}

static void name(struct view *v, char *out, size_t outsz)
{
    struct detail *d = of(v);
    const struct runs_pane *p = v->pane;
    const struct ncm_run *r = record(d);
    const struct ncm_experiment *e = NULL;
    char label[160], experiment[80];
    if (r != NULL)
        run_label(r, label, sizeof label);
    else
        snprintf(label, sizeof label, "%.8s", d->run_id);
    if (r != NULL && p->guest && p->depth > 1 && p->stack[1] == v) /* opened by another pane */
        e = experiments_find(d->experiments.snap, ncm_cstr(r->experiment_id));
    if (e != NULL)
        snprintf(out, outsz, "%s %s %s", clean_text(e->name, experiment, sizeof experiment),
                 ncm_text_utf8() ? "›" : ">", label);
    else
        snprintf(out, outsz, "%s", label);
}

static bool back(struct view *v)
{
    struct detail *d = of(v);
    if (d->part == P_ARTIFACTS && d->artifacts->ops->back(d->artifacts))
        return true;
    if (d->narrow == NULL)
        return false;
    ncm_free(d->narrow);
    d->narrow = NULL;
    fill(d);
    return true;
}

static void targets(struct view *v, struct ncm_intent *intent)
{
    ncm_intent_add_object(intent, of(v)->run_id);
}

static const struct view_ops detail_ops = {
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

static void titles(struct pairs *p, const char *label, const char *value)
{
    pairs_init(p);
    snprintf(p->label_title, sizeof p->label_title, "%s", label);
    snprintf(p->value_title, sizeof p->value_title, "%s", value);
}

static struct ncm_query *children_query(const char *run_id)
{
    struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
    q->filter = ncm_sprintf("tags.mlflow.parentRunId = '%s'", run_id);
    q->limit = 40;
    return q;
}

struct view *run_detail_new(struct runs_pane *p, const char *run_id)
{
    struct detail *d = ncm_alloc(1, sizeof *d);
    d->base = (struct view){&detail_ops, p};
    d->run_id = ncm_strdup(run_id);
    titles(&d->overview, _("FACT"), "");
    titles(&d->params, _("PARAM"), _("VALUE"));
    titles(&d->tags, _("TAG"), _("VALUE"));
    metrics_init(&d->metrics, p, run_id);
    curves_init(&d->curve, p, &run_id, 1);
    pane_ask(p, &d->experiments, ncm_query_new(NCM_T_EXPERIMENTS));
    if (strchr(run_id, '\'') == NULL)
        pane_ask(p, &d->children, children_query(run_id));
    pane_ask(p, &d->run, ncm_query_run(run_id)); /* asked last, answered first */
    return &d->base;
}
