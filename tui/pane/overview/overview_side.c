/* Beside the lists: the curve of the selected model's worst drift, or its time line. */
#include "pane/overview/overview.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool overview_shows_history(const struct overview *o)
{
    const struct ncm_fleet_row *r = overview_row(o);
    const struct ncm_fleet_row *x = r != NULL ? overview_drift_row(o, r) : NULL;

    if (x == NULL) {
        return true;
    }
    /* what is broken is understood by what was done to it before */
    bool broken = r->health >= NCM_HEALTH_DEGRADED && r->n_deployments > 0;
    return o->history_chosen ? o->history : broken;
}

void overview_zoom(struct overview *o, int step)
{
    const struct ncm_fleet_row *r = overview_row(o);
    int span = r != NULL ? overview_span_of(o, r->model) : 0;

    o->span = step == 0 ? -1 : span + step < 0 ? 0 : span + step >= OVER_SPANS ? OVER_SPANS - 1
                                                                                : span + step;
}

static const char *span_text(int span)
{
    static const char *const words[OVER_SPANS] = {N_("last hour"),    N_("last 6 hours"),
                                                  N_("last day"),     N_("last 3 days"),
                                                  N_("last week"),    N_("last 30 days"),
                                                  N_("last 90 days"), N_("last year")};
    return _(words[span]);
}

/* ---- curve ---- */

struct curve {
    double *x, *y, *marks;
    char *signs;
    size_t n, n_marks;
};

static void curve_make(const struct overview *o, const struct ncm_fleet_row *r,
                       const struct ncm_drift_monitor *m, const struct ncm_drift_feature *f,
                       struct curve *v)
{
    enum { MARKS = 64 };
    const struct ncm_fleet_event *e[MARKS];

    *v = (struct curve){0};
    v->x = ncm_alloc(m->n_windows + 1, sizeof *v->x);
    v->y = ncm_alloc(m->n_windows + 1, sizeof *v->y);
    for (size_t i = 0; i < m->n_windows; i++) {
        bool figure = f->points[i].state >= NCM_DRIFT_OK;
        v->x[v->n] = (double)m->windows[i].end_ms;
        v->y[v->n++] = figure ? f->points[i].value : (double)NAN;
    }
    while (v->n > 0 && isnan(v->y[v->n - 1])) { /* it ends at its last figure */
        v->n--;
    }
    v->marks = ncm_alloc(MARKS, sizeof *v->marks);
    v->signs = ncm_alloc(MARKS + 1, 1);
    if (v->n > 0) {
        size_t n = ncm_fleet_timeline(o->fleet, ncm_cstr(r->model), m->windows[0].start_ms, e, MARKS);
        for (size_t i = 0; i < n; i++) {
            if (strchr("PBDXA", e[i]->sign) != NULL) {
                v->marks[v->n_marks] = (double)e[i]->time_ms;
                v->signs[v->n_marks++] = e[i]->sign;
            }
        }
    }
}

static void curve_free(struct curve *v)
{
    ncm_free(v->x);
    ncm_free(v->y);
    ncm_free(v->marks);
    ncm_free(v->signs);
}

static void draw_curve(struct overview *o, const struct ncm_fleet_row *r, const struct canvas *c)
{
    const struct ncm_drift_feature *f;
    const struct ncm_drift_monitor *m = overview_monitor(o, r, &f);
    char warning[64], critical[64], number[40];
    struct curve v;

    curve_make(o, r, m, f, &v);
    snprintf(warning, sizeof warning, _("warning %s"),
             ncm_fmt_num(number, sizeof number, f->warning, 3));
    snprintf(critical, sizeof critical, _("critical %s"),
             ncm_fmt_num(number, sizeof number, f->critical, 3));
    const struct plot_line lines[] = {{f->critical, critical, ROLE_FAIL},
                                      {f->warning, warning, ROLE_WARN}};
    const char *method = overview_clean(f->method, 24);
    struct plot plot = {.x_kind = PLOT_WALL,
                        .focus = -1,
                        .lines = lines,
                        .n_lines = 2,
                        .marks = v.marks,
                        .n_marks = v.n_marks,
                        .mark_signs = v.signs};
    const struct plot_series series = {.name = method, .x = v.x, .y = v.y, .n = v.n};
    plot_draw(&plot, &series, v.n > 0, c, false, _("No figure yet."));
    curve_free(&v);
}

static void curve_title(const struct ncm_fleet_row *r, const struct ncm_drift_feature *f, char *out,
                        size_t outsz)
{
    snprintf(out, outsz, "%s · %s %s", overview_clean(r->model, 28), overview_clean(f->method, 20),
             overview_clean(f->name, 24));
}

/* ---- time line ---- */

static void draw_list(const struct overview *o, const struct ncm_fleet_row *r,
                      const struct canvas *c)
{
    enum { MOST = 100 };
    const struct ncm_fleet_event *e[MOST];
    int64_t from = ncm_now_ms() - overview_spans[overview_span_of(o, r->model)];
    size_t n = ncm_fleet_timeline(o->fleet, ncm_cstr(r->model), from, e, MOST);
    char text[600], when[40], version[60];

    if (n == 0 && c->h > 0) {
        paint(c, 0, 1, ROLE_DIM, 0, _("Nothing is known to have happened to it in that time."));
    }
    for (size_t i = 0; i < n && (int)i < c->h; i++) {
        ncm_fmt_time(when, sizeof when, e[i]->time_ms, false);
        int x = 1 + paint(c, (int)i, 1, ROLE_DIM, 0, strlen(when) == 16 ? when + 5 : when);
        x += 1 + paintf(c, (int)i, x + 1, overview_event_role(e[i]->sign), ATTR_BOLD, "%c",
                        e[i]->sign);
        common_version_text(version, sizeof version, e[i]->version, 10);
        const char *what = overview_clean(e[i]->what, 120);
        bool named = e[i]->version.len == 0 || strstr(what, version) != NULL;
        snprintf(text, sizeof text, "%s%s%s", named ? "" : version, named ? "" : "  ", what);
        paint_cut(c, (int)i, x + 1, c->w - x - 2, 0, ROLE_TEXT, 0, text);
    }
}

static void draw_past(const struct overview *o, const struct ncm_fleet_row *r,
                      const struct canvas *c)
{
    int used = overview_draw_history(o, r->model, c);

    used += c->h - used > 4; /* a blank row where there is one to spare */
    struct canvas list = canvas_part(c, used, 0, c->h - used, -1);
    draw_list(o, r, &list);
}

static void past_title(const struct overview *o, const struct ncm_fleet_row *r, char *out,
                       size_t outsz)
{
    snprintf(out, outsz, _("%s · history, %s"), overview_clean(r->model, 28),
             span_text(overview_span_of(o, r->model)));
}

/* Both above each other, where there is room for both. */
static void draw_both(struct overview *o, const struct ncm_fleet_row *r,
                      const struct ncm_fleet_row *drift, const struct canvas *c, bool focused)
{
    const struct ncm_drift_feature *f = NULL;
    bool history = overview_shows_history(o);
    int top_h = c->h / 2;
    struct canvas top = canvas_part(c, 0, 0, top_h, -1);
    struct canvas below = canvas_part(c, top_h, 0, c->h - top_h, -1);
    const struct canvas *past = history ? &top : &below, *curve = history ? &below : &top;
    struct canvas past_body = canvas_part(past, 1, 0, past->h - 1, -1);
    struct canvas curve_body = canvas_part(curve, 1, 0, curve->h - 1, -1);
    char title[200];

    (void)overview_monitor(o, drift, &f);
    past_title(o, r, title, sizeof title);
    paint_head(past, 0, title, NULL, focused && history);
    draw_past(o, r, &past_body);
    curve_title(drift, f, title, sizeof title);
    paint_head(curve, 0, title, NULL, focused && !history);
    draw_curve(o, drift, &curve_body);
}

void overview_draw_side(struct overview *o, const struct canvas *c, bool focused)
{
    const struct ncm_fleet_row *r = overview_row(o);
    const struct ncm_fleet_row *drift = r != NULL ? overview_drift_row(o, r) : NULL;
    const struct ncm_drift_feature *f = NULL;
    struct canvas body = canvas_part(c, 1, 0, c->h - 1, -1);
    char title[200], other[80] = "";
    bool history = overview_shows_history(o);

    if (r == NULL) {
        paint_head(c, 0, _("History"), NULL, focused);
        return;
    }
    if (drift != NULL && c->h >= 16) {
        draw_both(o, r, drift, c, focused);
        return;
    }
    if (history) {
        past_title(o, r, title, sizeof title);
    } else {
        (void)overview_monitor(o, drift, &f);
        curve_title(drift, f, title, sizeof title);
    }
    if (drift != NULL && c->w >= 60) {
        snprintf(other, sizeof other, "%s %s", keymap_label(A_HISTORY),
                 history ? _("drift") : _("history"));
    }
    paint_head(c, 0, title, other[0] != '\0' ? other : NULL, focused);
    if (history) {
        draw_past(o, r, &body);
    } else {
        draw_curve(o, drift, &body);
    }
}
