/* A feature's figure over time, with its thresholds and what happened. */
#include "pane/drift/drift.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Whether a line may lead from window i - 1 to i. */
static bool joined(const struct ncm_drift_monitor *m, const struct ncm_drift_feature *f, size_t i)
{
    const struct ncm_drift_window *a = &m->windows[i - 1], *b = &m->windows[i];
    int64_t length = ncm_ms_between(b->start_ms, b->end_ms);

    return f->points[i - 1].recipe == f->points[i].recipe &&
           ncm_ms_between(a->end_ms, b->start_ms) <= length / 2;
}

static void make_marks(struct drift *d, const struct ncm_drift_monitor *m)
{
    const struct ncm_drift_snapshot *s = d->all.snap;

    d->n_marks = 0;
    ncm_free(d->mark_x);
    ncm_free(d->mark_signs);
    d->mark_x = ncm_alloc(s->n_events + 1, sizeof *d->mark_x);
    d->mark_signs = ncm_alloc(s->n_events + 1, 1);
    for (size_t i = 0; i < s->n_events; i++) {
        if (ncm_str_eq(s->events[i].model, m->model)) {
            d->mark_x[d->n_marks] = (double)s->events[i].time_ms;
            d->mark_signs[d->n_marks++] = s->events[i].sign;
        }
    }
}

void drift_make_curve(struct drift *d)
{
    const struct ncm_drift_monitor *m = drift_selected(d);
    const struct ncm_drift_feature *f = drift_selected_feature(d);

    enum ncm_drift_state least = NCM_DRIFT_SMALL;

    d->n_curve = d->n_marks = 0;
    if (m == NULL || f == NULL) {
        return;
    }
    for (size_t i = 0; i < m->n_windows; i++) { /* what means nothing would only stretch the axis */
        least = f->points[i].state >= NCM_DRIFT_OK ? NCM_DRIFT_OK : least;
    }
    ncm_free(d->curve_x);
    ncm_free(d->curve_y);
    d->curve_x = ncm_alloc(m->n_windows * 2 + 1, sizeof *d->curve_x);
    d->curve_y = ncm_alloc(m->n_windows * 2 + 1, sizeof *d->curve_y);
    for (size_t i = 0; i < m->n_windows; i++) {
        if (i > 0 && !joined(m, f, i)) {
            d->curve_x[d->n_curve] = (double)m->windows[i].start_ms;
            d->curve_y[d->n_curve++] = NAN;
        }
        bool figure = f->points[i].state >= least;
        d->curve_x[d->n_curve] = (double)m->windows[i].end_ms;
        d->curve_y[d->n_curve++] = figure ? f->points[i].value : NAN;
    }
    while (d->n_curve > 0 && isnan(d->curve_y[d->n_curve - 1])) { /* it ends at its last figure */
        d->n_curve--;
    }
    make_marks(d, m);
}

/* What happened nearest to the cursor, within a window of it. */
static const struct ncm_drift_event *event_at(const struct drift *d,
                                              const struct ncm_drift_monitor *m, size_t window)
{
    const struct ncm_drift_snapshot *s = d->all.snap;
    const struct ncm_drift_window *w = &m->windows[window];

    for (size_t i = s->n_events; i > 0; i--) {
        const struct ncm_drift_event *e = &s->events[i - 1];
        if (ncm_str_eq(e->model, m->model) && e->time_ms >= w->start_ms && e->time_ms < w->end_ms) {
            return e;
        }
    }
    return NULL;
}

static void draw_under(struct drift *d, const struct canvas *c, int y,
                       const struct ncm_drift_monitor *m, const struct ncm_drift_feature *f)
{
    char window[80], rows[40], text[400], value[40], state[64];
    size_t at = drift_window(d, m, f);

    if (at == SIZE_MAX) {
        return;
    }
    const struct ncm_drift_window *w = &m->windows[at];
    const struct ncm_drift_event *e = event_at(d, m, at);
    int n = snprintf(text, sizeof text, _("%s · %s rows · %s · %s"),
                     drift_window_text(window, sizeof window, w),
                     ncm_fmt_count(rows, sizeof rows, w->rows),
                     drift_number(value, sizeof value, f->points[at].value),
                     drift_state_text(state, sizeof state, f->points[at].state));
    if (e != NULL && n > 0 && (size_t)n < sizeof text) {
        char what[160];
        ncm_text_clip(what, sizeof what, ncm_cstr(e->what), e->what.len, 60);
        n += snprintf(text + n, sizeof text - (size_t)n, " · %c %s", e->sign, what);
    }
    if (w->open && n > 0 && (size_t)n < sizeof text) {
        snprintf(text + n, sizeof text - (size_t)n, " · %s", _("still open"));
    }
    paint_cut(c, y, 1, c->w - 2, 0, d->cursor_ms != NCM_NO_TIME ? ROLE_FOCUS : ROLE_DIM, 0, text);
}

void drift_draw_curve(struct drift *d, const struct canvas *c, bool focused)
{
    const struct ncm_drift_monitor *m = drift_selected(d);
    const struct ncm_drift_feature *f = drift_selected_feature(d);
    char warning[64], critical[64], number[40], title[120], method[80];

    if (m == NULL || f == NULL) {
        return;
    }
    snprintf(warning, sizeof warning, _("warning %s"),
             drift_number(number, sizeof number, f->warning));
    snprintf(critical, sizeof critical, _("critical %s"),
             drift_number(number, sizeof number, f->critical));
    const struct plot_line lines[] = {{f->critical, critical, ROLE_FAIL},
                                      {f->warning, warning, ROLE_WARN}};
    ncm_text_clip(method, sizeof method, ncm_cstr(f->method), f->method.len, 30);
    snprintf(title, sizeof title, "%s%s", method, f->learned ? _(" · learned thresholds") : "");
    const struct plot_series series = {
        .name = method, .x = d->curve_x, .y = d->curve_y, .n = d->n_curve, .color = 0};
    size_t at = drift_window(d, m, f);
    int under = c->h >= 8;
    d->curve.x_kind = PLOT_WALL;
    d->curve.focus = -1;
    d->curve.y_title = title;
    d->curve.lines = lines;
    d->curve.n_lines = 2;
    d->curve.marks = d->mark_x;
    d->curve.n_marks = d->n_marks;
    d->curve.mark_signs = d->mark_signs;
    d->curve.cursor_on = d->cursor_ms != NCM_NO_TIME && at != SIZE_MAX;
    d->curve.cursor_x = d->curve.cursor_on ? (double)m->windows[at].end_ms : 0;
    struct canvas plot = canvas_part(c, 0, 0, c->h - under, -1);
    plot_draw(&d->curve, &series, d->n_curve > 0, &plot, focused, _("No figure yet."));
    d->curve.lines = NULL; /* they stood on the stack */
    d->curve.n_lines = 0;
    d->curve.y_title = NULL;
    if (under) {
        draw_under(d, c, c->h - 1, m, f);
    }
}
