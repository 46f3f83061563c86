/* Curves: histories of one metric of some runs, made ready for the plot. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runs.h"

#define POINTS 6000 /* asked for; spikes are kept when there are more */

static const double weights[] = {0.0, 0.6, 0.9, 0.97};
#define N_WEIGHTS (sizeof weights / sizeof weights[0])

void curves_init(struct curves *c, struct runs_pane *p, const char *const *run_ids, size_t n)
{
    memset(c, 0, sizeof *c);
    c->pane = p;
    c->n = n < CURVES_MAX ? n : CURVES_MAX;
    c->plot.focus = -1;
    for (size_t i = 0; i < c->n; i++) {
        c->items[i].run_id = ncm_strdup(run_ids[i]);
        snprintf(c->items[i].name, sizeof c->items[i].name, "%.8s", run_ids[i]);
    }
}

static void drop_points(struct curve *k)
{
    ncm_free(k->x);
    ncm_free(k->y);
    ncm_free(k->raw);
    ncm_free(k->at);
    k->x = k->y = k->raw = NULL;
    k->at = NULL;
    k->n = 0;
    k->made_of = NULL;
}

static void drop_offered(struct curves *c)
{
    for (size_t i = 0; i < c->n_offered; i++)
        ncm_free(c->offered[i]);
    ncm_free(c->offered);
    c->offered = NULL;
    c->n_offered = 0;
}

void curves_release(struct curves *c)
{
    for (size_t i = 0; i < c->n; i++) {
        feed_release(&c->items[i].feed);
        drop_points(&c->items[i]);
        ncm_free(c->items[i].run_id);
    }
    drop_offered(c);
    ncm_free(c->metric);
}

void curves_name(struct curves *c, size_t i, const char *clean)
{
    snprintf(c->items[i].name, sizeof c->items[i].name, "%s", clean);
}

static void reset_view(struct curves *c)
{
    c->plot.x0 = c->plot.x1 = 0;
    c->plot.cursor_on = false;
}

void curves_metric(struct curves *c, const char *metric)
{
    char *copy = ncm_strdup(metric);
    ncm_free(c->metric);
    c->metric = copy;
    reset_view(c);
    for (size_t i = 0; i < c->n; i++) {
        feed_release(&c->items[i].feed);
        drop_points(&c->items[i]);
        struct ncm_query *q = ncm_query_series(c->items[i].run_id, metric, POINTS);
        q->sampled = true;
        pane_ask(c->pane, &c->items[i].feed, q);
    }
    curves_update(c);
}

void curves_feeds(struct curves *c, each_feed each, void *to)
{
    for (size_t i = 0; i < c->n; i++)
        each(&c->items[i].feed, to);
}

struct xy {
    double x, y;
    size_t at;
};

static int by_x(const void *pa, const void *pb)
{
    const struct xy *a = pa, *b = pb;
    if (a->x != b->x)
        return a->x < b->x ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

static void smooth(struct curve *k, double weight)
{
    if (weight <= 0 || k->n == 0)
        return;
    k->raw = k->y;
    k->y = ncm_alloc(k->n, sizeof *k->y);
    ncm_smooth(k->raw, k->n, weight, k->y);
}

static void make_points(struct curve *k, enum plot_x x_kind, double weight)
{
    const struct ncm_series_snapshot *s = k->feed.snap;
    drop_points(k);
    if (s == NULL || s->n == 0)
        return;
    struct xy *points = ncm_alloc(s->n, sizeof *points);
    int64_t first = s->points[0].timestamp_ms;
    for (size_t i = 0; i < s->n; i++)
        first = s->points[i].timestamp_ms < first ? s->points[i].timestamp_ms : first;
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_point *p = &s->points[i];
        int64_t x = x_kind == PLOT_STEP   ? p->step
                    : x_kind == PLOT_WALL ? p->timestamp_ms
                                          : ncm_ms_between(first, p->timestamp_ms);
        points[i] = (struct xy){(double)x, value_number(&p->value), i};
    }
    qsort(points, s->n, sizeof *points, by_x);
    k->n = s->n;
    k->x = ncm_alloc(k->n, sizeof *k->x);
    k->y = ncm_alloc(k->n, sizeof *k->y);
    k->at = ncm_alloc(k->n, sizeof *k->at);
    for (size_t i = 0; i < k->n; i++) {
        k->at[i] = points[i].at;
        k->x[i] = points[i].x;
        k->y[i] = points[i].y;
    }
    ncm_free(points);
    smooth(k, weight);
}

/* All points of all curves at one step: the step says nothing, time does. */
static bool only_one_step(struct curves *c)
{
    size_t several = 0, n = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct ncm_series_snapshot *s = c->items[i].feed.snap;
        c->items[i].one_step =
            s != NULL && s->n > 1 && s->points[0].step == s->points[s->n - 1].step;
        n += s != NULL && s->n > 0;
        several += c->items[i].one_step;
    }
    return several > 0 && several == n;
}

void curves_update(struct curves *c)
{
    bool one_step = only_one_step(c);
    if (!c->x_chosen)
        c->plot.x_kind = one_step ? PLOT_RELATIVE : PLOT_STEP;
    for (size_t i = 0; i < c->n; i++) {
        struct curve *k = &c->items[i];
        if (k->made_of != k->feed.snap || k->made_x != c->plot.x_kind ||
            k->made_smooth != c->smooth) {
            make_points(k, c->plot.x_kind, weights[c->smooth]);
            k->made_of = k->feed.snap;
            k->made_x = c->plot.x_kind;
            k->made_smooth = c->smooth;
        }
        c->series[i] = (struct plot_series){.name = k->name,
                                            .x = k->x,
                                            .y = k->y,
                                            .raw_y = k->raw,
                                            .n = k->n,
                                            .color = (int)(i % 7)};
    }
}

static bool loading(const struct curves *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->items[i].feed.snap == NULL && feed_error(&c->items[i].feed) == NULL)
            return true;
    return false;
}

void curves_draw(struct curves *c, const struct canvas *canvas, bool focused)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        n += c->items[i].n;
        c->series[i].name = c->items[i].name;
    }
    if (n == 0 && c->n > 0 && feed_error(&c->items[0].feed) != NULL) {
        feed_paint_empty(&c->items[0].feed, canvas, "");
        return;
    }
    plot_draw(&c->plot, c->series, c->n, canvas, focused,
              loading(c) ? _("loading…") : _("No points of this metric."));
}

/* The curve and its point under the cursor, as a place in what the store sent. */
static bool cursor_point(const struct curves *c, size_t *curve, size_t *at)
{
    double best = INFINITY;
    for (size_t i = 0; c->plot.cursor_on && i < c->n; i++)
        for (size_t k = 0; k < c->items[i].n; k++) {
            double far = fabs(c->items[i].x[k] - c->plot.cursor_x);
            if (far < best) {
                best = far;
                *curve = i;
                *at = c->items[i].at[k];
            }
        }
    return isfinite(best);
}

/* Another x axis; the cursor stays with its point. */
static void next_axis(struct curves *c)
{
    size_t curve = 0, at = 0;
    bool on = cursor_point(c, &curve, &at);
    c->x_chosen = true;
    c->plot.x_kind = c->plot.x_kind == PLOT_STEP       ? PLOT_RELATIVE
                     : c->plot.x_kind == PLOT_RELATIVE ? PLOT_WALL
                                                       : PLOT_STEP;
    reset_view(c);
    curves_update(c);
    const struct curve *k = &c->items[curve];
    for (size_t i = 0; on && i < k->n; i++)
        if (k->at[i] == at) {
            c->plot.cursor_on = true;
            c->plot.cursor_x = k->x[i];
            return;
        }
}

bool curves_act(struct curves *c, enum ui_action_id action)
{
    if (action == A_SMOOTH) {
        c->smooth = (c->smooth + 1) % N_WEIGHTS;
        curves_update(c);
        return true;
    }
    if (action == A_XAXIS) {
        next_axis(c);
        return true;
    }
    return plot_act(&c->plot, c->series, c->n, action);
}

void curves_head(const struct curves *c, char *out, size_t outsz)
{
    static const char *const axes[] = {[PLOT_STEP] = N_("by step"),
                                       [PLOT_RELATIVE] = N_("by time since start"),
                                       [PLOT_WALL] = N_("by time of day")};
    char fact[160], n[32];
    int64_t total = 0;
    bool one = false, sample = false;
    out[0] = '\0';
    for (size_t i = 0; i < c->n; i++) {
        const struct ncm_series_snapshot *s = c->items[i].feed.snap;
        sample |= s != NULL && s->total < 0;
        total += s == NULL ? 0 : s->total < 0 ? (int64_t)s->n : s->total;
        one |= c->items[i].one_step;
    }
    if (sample) {
        snprintf(fact, sizeof fact,
                 ngettext("an even sample of %s point", "an even sample of %s points",
                          (unsigned long)total),
                 ncm_fmt_count(n, sizeof n, total));
        join_fact(out, outsz, fact);
    } else if (total > 0) {
        snprintf(fact, sizeof fact, ngettext("%s point", "%s points", (unsigned long)total),
                 ncm_fmt_count(n, sizeof n, total));
        join_fact(out, outsz, fact);
    }
    join_fact(out, outsz,
              one && !c->x_chosen ? _("every point has the same step: by time")
                                  : _(axes[c->plot.x_kind]));
    if (c->smooth > 0) {
        snprintf(fact, sizeof fact, _("smoothed %.2g"), weights[c->smooth]);
        join_fact(out, outsz, fact);
    }
    if (c->plot.log_y)
        join_fact(out, outsz, _("log axis"));
}

static void picked(void *ctx, const size_t *chosen, size_t n)
{
    struct curves *c = ctx;
    if (n == 1 && chosen != NULL && chosen[0] < c->n_offered) {
        curves_metric(c, c->offered[chosen[0]]);
        if (c->picked != NULL)
            c->picked(c->picked_ctx);
        ui_dirty(c->pane->ui);
    }
    drop_offered(c);
}

void curves_pick(struct curves *c, const struct ncm_str *keys, size_t n)
{
    if (n == 0) {
        ui_message(c->pane->ui, UI_INFO, "%s", _("There is no metric to choose."));
        return;
    }
    struct ui_pick_item *items = ncm_alloc(n, sizeof *items);
    char(*labels)[160] = ncm_alloc(n, sizeof *labels);
    drop_offered(c);
    c->offered = ncm_alloc(n, sizeof *c->offered);
    c->n_offered = n;
    for (size_t i = 0; i < n; i++) {
        c->offered[i] = ncm_strndup(ncm_cstr(keys[i]), keys[i].len);
        items[i].label = clean_text(keys[i], labels[i], sizeof labels[i]);
        items[i].on = c->metric != NULL && ncm_str_is(keys[i], c->metric);
    }
    ui_pick(c->pane->ui, _("Metric"), items, n, false, picked, c);
    ncm_free(labels);
    ncm_free(items);
}
