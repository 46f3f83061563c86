/* One metric of a run as one large plot. */
#include <stdio.h>
#include <string.h>

#include "runs.h"

struct plot_view {
    struct view base;
    struct feed run; /* its name, and the other metrics */
    struct curves curves;
};

static struct plot_view *of(struct view *v)
{
    return (struct plot_view *)v;
}

static void free_view(struct view *v)
{
    feed_release(&of(v)->run);
    curves_release(&of(v)->curves);
    ncm_free(v);
}

static void feeds(struct view *v, each_feed each, void *to)
{
    each(&of(v)->run, to);
    curves_feeds(&of(v)->curves, each, to);
}

static const struct ncm_run *run(struct view *v)
{
    const struct ncm_run_snapshot *s = of(v)->run.snap;
    return s != NULL ? &s->run : NULL;
}

static void update(struct view *v)
{
    char label[96];
    const struct ncm_run *r = run(v);
    if (r != NULL)
        curves_name(&of(v)->curves, 0, run_label(r, label, sizeof label));
    curves_update(&of(v)->curves);
}

static void name(struct view *v, char *out, size_t outsz)
{
    const char *metric = of(v)->curves.metric;
    clean_text((struct ncm_str){metric, strlen(metric)}, out, outsz);
}

static void draw(struct view *v, const struct canvas *c)
{
    struct plot_view *p = of(v);
    char title[200], facts[300];
    name(v, title, sizeof title);
    curves_head(&p->curves, facts, sizeof facts);
    paint_head(c, 0, title, facts, true);
    struct canvas in = canvas_part(c, 1, 0, -1, -1);
    curves_draw(&p->curves, &in, true);
}

static unsigned contexts(struct view *v)
{
    (void)v;
    return IN_PLOT | IN_RUN;
}

/* The metric before or after this one, by key. */
static void step_metric(struct plot_view *p, int by)
{
    const struct ncm_run *r = run(&p->base);
    for (size_t i = 0; r != NULL && i < r->n_metrics; i++)
        if (ncm_str_is(r->metrics[i].key, p->curves.metric)) {
            size_t next = (i + r->n_metrics + (size_t)(by + (int)r->n_metrics)) % r->n_metrics;
            curves_metric(&p->curves, ncm_cstr(r->metrics[next].key));
            return;
        }
}

static void pick_metric(struct plot_view *p)
{
    const struct ncm_run *r = run(&p->base);
    size_t n = r != NULL ? r->n_metrics : 0;
    struct ncm_str *keys = ncm_alloc(n + 1, sizeof *keys);
    for (size_t i = 0; i < n; i++)
        keys[i] = r->metrics[i].key;
    curves_pick(&p->curves, keys, n);
    ncm_free(keys);
}

static bool act(struct view *v, enum ui_action_id action, const char *arg)
{
    struct plot_view *p = of(v);
    if (action == A_METRIC && arg != NULL && arg[0] != '\0') {
        curves_metric(&p->curves, arg);
        return true;
    }
    switch (action) {
    case A_METRIC:
        pick_metric(p);
        return true;
    case A_DOWN:
    case A_NEXT_TAB:
        step_metric(p, 1);
        return true;
    case A_UP:
    case A_PREV_TAB:
        step_metric(p, -1);
        return true;
    default:
        return curves_act(&p->curves, action);
    }
}

static size_t hints(struct view *v, struct ui_hint *out, size_t max)
{
    static const enum ui_action_id ids[] = {A_LEFT,    A_XAXIS,    A_SMOOTH,     A_LOGSCALE,
                                            A_ZOOM_IN, A_ZOOM_OUT, A_ZOOM_RESET, A_METRIC,
                                            A_DOWN,    A_BACK};
    static char both[64]; /* "h" and then "l cursor" */
    size_t n = 0;
    (void)v;
    snprintf(both, sizeof both, "%s %s", keymap_label(A_RIGHT), _("cursor"));
    for (; n < sizeof ids / sizeof ids[0] && n < max; n++)
        out[n] = (struct ui_hint){ids[n], ids[n] == A_LEFT   ? both
                                          : ids[n] == A_DOWN ? _("next metric")
                                                             : NULL};
    return n;
}

static bool back(struct view *v)
{
    if (!of(v)->curves.plot.cursor_on)
        return false;
    of(v)->curves.plot.cursor_on = false;
    return true;
}

static void targets(struct view *v, struct ncm_intent *intent)
{
    ncm_intent_add_object(intent, of(v)->curves.items[0].run_id);
}

static const struct view_ops plot_ops = {
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

struct view *run_plot_new(struct runs_pane *p, const char *run_id, const char *metric)
{
    struct plot_view *v = ncm_alloc(1, sizeof *v);
    v->base = (struct view){&plot_ops, p};
    curves_init(&v->curves, p, &run_id, 1);
    pane_ask(p, &v->run, ncm_query_run(run_id));
    curves_metric(&v->curves, metric);
    return &v->base;
}
