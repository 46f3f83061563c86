/* The one plot: where its parts go, the axes, the marks and the cursor line. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/text.h"
#include "ui/plot_axis.h"
#include "ui/plot_inside.h"
#include "ui/wrap.h"

#define LEGEND_COLUMN_FROM 90 /* a wide plot has its legend at the right */

struct axis {
    double at[PLOT_MAX_TICKS];
    char label[PLOT_MAX_TICKS][24];
    size_t n;
    int width; /* of the widest label */
};

/* Where things go, in rows and columns of the canvas. */
struct layout {
    int title, labels, line; /* rows, -1: not shown */
    int top, rows;           /* of the curves */
    int left, cols;
    int legend_y, legend_rows; /* packed below */
    int legend_x, legend_w;    /* column at the right */
};

static uint32_t glyph(uint32_t cp, char ascii)
{
    return ncm_text_utf8() ? cp : (uint32_t)ascii;
}

static void take_y(const struct plot_view *v, double y, double *lo, double *hi, bool *any)
{
    y = plot_y(v, y);
    if (isfinite(y)) {
        *lo = *any ? fmin(*lo, y) : y;
        *hi = *any ? fmax(*hi, y) : y;
        *any = true;
    }
}

/* The range of what is in sight, with a little air. */
static void y_view(struct plot_view *v, const struct plot *p, const struct plot_series *s, size_t n)
{
    double lo = 0, hi = 1;
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        for (size_t k = plot_point_at(&s[i], v->x0); k < s[i].n && s[i].x[k] <= v->x1; k++) {
            take_y(v, s[i].y[k], &lo, &hi, &any);
            if (s[i].raw_y != NULL) {
                take_y(v, s[i].raw_y[k], &lo, &hi, &any);
            }
        }
    }
    for (size_t i = 0; i < p->n_lines; i++) {
        take_y(v, p->lines[i].y, &lo, &hi, &any);
    }
    if (lo == hi) {
        double pad = lo == 0 ? 1 : v->log_y ? 0.5 : fabs(lo) * 0.1;
        lo -= pad;
        hi += pad;
    } else if (isfinite(hi - lo)) {
        double pad = (hi - lo) * 0.03;
        lo -= pad;
        hi += pad;
    }
    v->y0 = fmax(lo, -1.797e308);
    v->y1 = fmin(hi, 1.797e308);
}

static void y_axis(struct axis *a, const struct plot_view *v, int rows)
{
    double step;
    size_t max = (size_t)(rows < 20 ? rows / 2 : rows / 3);

    max = max > PLOT_MAX_TICKS ? PLOT_MAX_TICKS : max < 2 ? 2 : max;
    if (v->log_y) {
        a->n = plot_log_ticks(pow(10, v->y0), pow(10, v->y1), max, a->at, &step);
    } else {
        a->n = plot_ticks(v->y0, v->y1, max, a->at, &step);
    }
    a->width = 1;
    for (size_t i = 0; i < a->n; i++) {
        plot_y_label(a->label[i], sizeof a->label[i], a->at[i], step);
        int w = ncm_text_width(a->label[i]);
        a->width = w > a->width ? w : a->width;
        a->at[i] = v->log_y ? log10(a->at[i]) : a->at[i];
    }
}

/* As many ticks as their labels leave room for. */
static void x_axis(struct axis *a, const struct plot_view *v, enum plot_x kind, int cols)
{
    size_t max = (size_t)(cols / 8);
    double step;

    for (max = max > PLOT_MAX_TICKS ? PLOT_MAX_TICKS : max < 1 ? 1 : max;; max--) {
        a->n = kind == PLOT_STEP
                   ? plot_ticks(v->x0, v->x1, max, a->at, &step)
                   : plot_time_ticks(v->x0, v->x1, kind == PLOT_WALL, max, a->at, &step);
        a->width = 0;
        for (size_t i = 0; i < a->n; i++) {
            plot_x_label(a->label[i], sizeof a->label[i], kind, a->at[i], step);
            int w = ncm_text_width(a->label[i]);
            a->width = w > a->width ? w : a->width;
        }
        if (max == 1 || (int)a->n * (a->width + 3) <= cols) {
            return;
        }
    }
}

static void place(struct layout *l, const struct plot *p, const struct plot_series *s, size_t n,
                  const struct canvas *c)
{
    memset(l, 0, sizeof *l);
    int bottom = c->h;
    int w = c->w;

    l->title = c->h >= 5 ? 0 : -1;
    l->top = c->h >= 5;
    if (n > 1 && w >= LEGEND_COLUMN_FROM) {
        l->legend_w = w / 4 > 44 ? 44 : w / 4;
        l->legend_x = w - l->legend_w;
        w -= l->legend_w + 2;
    } else if (n > 1) {
        int most = c->h / 3;
        int rows = plot_legend_rows(s, n, w, p->cursor_on);
        l->legend_rows = rows < most ? rows : most;
        bottom -= l->legend_rows;
        l->legend_y = bottom;
    }
    l->labels = bottom - l->top >= 3 ? --bottom : -1;
    l->line = bottom - l->top >= 5 ? --bottom : -1;
    l->rows = bottom - l->top;
    l->cols = w;
}

static int x_cell(const struct plot_view *v, double x, int cols)
{
    return (int)floor((x - v->x0) / (v->x1 - v->x0) * (cols - 1) + 0.5);
}

static int y_cell(const struct plot_view *v, double y, int rows)
{
    long double t =
        ((long double)v->y1 - (long double)y) / ((long double)v->y1 - (long double)v->y0);

    return (int)floorl(t * (rows - 1) + 0.5L);
}

static void draw_y_axis(const struct axis *a, const struct plot_view *v, const struct layout *l,
                        const struct canvas *c)
{
    int x = l->left - 1;
    int taken = -2;

    for (int y = 0; y < l->rows; y++) {
        paint_glyph(c, l->top + y, x, ROLE_AXIS, 0, glyph(0x2502, '|'));
    }
    for (size_t i = a->n; i > 0; i--) { /* from the top: labels never share a row */
        int y = y_cell(v, a->at[i - 1], l->rows);
        if (y < 0 || y >= l->rows || y == taken) {
            continue;
        }
        taken = y;
        paint_glyph(c, l->top + y, x, ROLE_AXIS, 0, glyph(0x2524, '+'));
        paint_cut(c, l->top + y, 0, a->width, 1, ROLE_DIM, 0, a->label[i - 1]);
    }
}

static void draw_x_axis(const struct axis *a, const struct plot_view *v, const struct layout *l,
                        const struct canvas *c)
{
    int until = -1;

    if (l->line >= 0) {
        paint_glyph(c, l->line, l->left - 1, ROLE_AXIS, 0, glyph(0x2514, '+'));
        for (int x = 0; x < l->cols; x++) {
            paint_glyph(c, l->line, l->left + x, ROLE_AXIS, 0, glyph(0x2500, '-'));
        }
    }
    for (size_t i = 0; i < a->n; i++) {
        int x = x_cell(v, a->at[i], l->cols);
        int w = ncm_text_width(a->label[i]);
        int start = x - w / 2;
        start = start + w > l->cols ? l->cols - w : start;
        start = start < 0 ? 0 : start;
        if (x < 0 || x >= l->cols || start <= until) {
            continue;
        }
        if (l->line >= 0) {
            paint_glyph(c, l->line, l->left + x, ROLE_AXIS, 0, glyph(0x252C, '+'));
        }
        if (l->labels >= 0) {
            paint(c, l->labels, l->left + start, ROLE_DIM, 0, a->label[i]);
        }
        until = start + w;
    }
}

static const char *x_name(const struct plot *p)
{
    if (p->x_title != NULL) {
        return p->x_title;
    }
    switch (p->x_kind) {
    case PLOT_RELATIVE:
        return _("time since start");
    case PLOT_WALL:
        return _("time of day");
    default:
        return _("step");
    }
}

/* What the x axis counts, at its right end. */
static void name_x_axis(const struct plot *p, const struct layout *l, const struct canvas *c)
{
    int w = ncm_text_width(x_name(p));

    if (l->line >= 0 && l->cols > 2 * w) {
        paint(c, l->line, l->left + l->cols - w - 1, ROLE_DIM, 0, " ");
        paint(c, l->line, l->left + l->cols - w, ROLE_DIM, 0, x_name(p));
    }
}

/* Thresholds: dashes behind the curves. */
static void draw_lines(const struct plot *p, const struct plot_view *v, const struct layout *l,
                       const struct canvas *area)
{
    for (size_t i = 0; i < p->n_lines; i++) {
        double at = plot_y(v, p->lines[i].y);
        if (!isfinite(at) || at < v->y0 || at > v->y1) {
            continue;
        }
        int y = y_cell(v, at, l->rows);
        for (int x = 0; x < l->cols; x++) {
            paint_glyph(area, y, x, p->lines[i].role, 0, glyph(0x2504, '-'));
        }
    }
}

/* Their names, over the curves; in the same row one after another. */
static void name_lines(const struct plot *p, const struct plot_view *v, const struct layout *l,
                       const struct canvas *area)
{
    int taken = -1, after = 1;

    for (size_t i = 0; i < p->n_lines; i++) {
        double at = plot_y(v, p->lines[i].y);
        if (!isfinite(at) || at < v->y0 || at > v->y1 || p->lines[i].label == NULL) {
            continue;
        }
        int y = y_cell(v, at, l->rows), w = ncm_text_width(p->lines[i].label);
        int x = y == taken ? after + 1 : 1;
        if (x + w + 3 < l->cols) {
            after = x + paint(area, y, x, p->lines[i].role, 0, p->lines[i].label);
            taken = y;
        }
    }
}

static void draw_marks(const struct plot *p, const struct plot_view *v, const struct layout *l,
                       const struct canvas *area)
{
    for (size_t i = 0; i < p->n_marks; i++) {
        int x = x_cell(v, p->marks[i], l->cols);
        for (int y = 0; y < l->rows && x >= 0 && x < l->cols; y++) {
            paint_glyph(area, y, x, ROLE_THRESHOLD, 0, glyph(0x250A, ':'));
        }
    }
    int x = p->cursor_on ? x_cell(v, p->cursor_x, l->cols) : -1;
    for (int y = 0; y < l->rows && x >= 0 && x < l->cols; y++) {
        paint_glyph(area, y, x, ROLE_FOCUS, 0, glyph(0x2502, '|'));
    }
}

/* The letters of the events, at the head of their lines. */
static void sign_marks(const struct plot *p, const struct plot_view *v, const struct layout *l,
                       const struct canvas *area)
{
    for (size_t i = 0; p->mark_signs != NULL && i < p->n_marks; i++) {
        int x = x_cell(v, p->marks[i], l->cols);
        if (x >= 0 && x < l->cols) {
            paintf(area, 0, x, ROLE_FOCUS, ATTR_BOLD, "%c", p->mark_signs[i]);
        }
    }
}

/* "step 1200" or, for times, the time to the second. */
static void cursor_text(const struct plot *p, char *out, size_t outsz)
{
    char x[48];

    if (p->x_kind == PLOT_STEP) {
        ncm_fmt_exact(x, sizeof x, p->cursor_x);
    } else if (p->x_kind == PLOT_RELATIVE) {
        ncm_fmt_duration(x, sizeof x, (int64_t)p->cursor_x);
    } else {
        ncm_fmt_time(x, sizeof x, (int64_t)p->cursor_x, true);
    }
    snprintf(out, outsz, "%s %s", x_name(p), x);
}

static void draw_title(const struct plot *p, const struct plot_series *s, size_t n,
                       const struct canvas *c, double slack)
{
    char right[160];
    int used = 0;

    if (p->cursor_on) {
        cursor_text(p, right, sizeof right);
    } else {
        right[0] = '\0';
    }
    if (n == 1 && s[0].n > 0) {
        char value[48] = "";
        size_t i = p->cursor_on ? plot_nearest(&s[0], p->cursor_x, slack) : s[0].n - 1;
        const double *y = p->cursor_on && s[0].raw_y != NULL ? s[0].raw_y : s[0].y;
        if (i < s[0].n) {
            if (p->cursor_on) {
                ncm_fmt_exact(value, sizeof value, y[i]);
            } else {
                plot_last(&s[0], value, sizeof value);
            }
        }
        used = ncm_text_width(value);
        paint(c, 0, c->w - used, plot_role(&s[0]), ATTR_BOLD, value);
        used += 2;
    }
    int w = ncm_text_width(right);
    paint(c, 0, c->w - used - w, p->cursor_on ? ROLE_FOCUS : ROLE_DIM, 0, right);
    used += w + 2;
    char title[256];
    const char *name = p->y_title != NULL ? p->y_title : "";
    int title_w =
        ncm_text_clip(title, sizeof title, name, strlen(name), c->w - used > 0 ? c->w - used : 0);
    paint(c, 0, 0, ROLE_HEAD, 0, title);
    if (p->log_y && title_w + 8 < c->w - used) {
        paint(c, 0, title_w + 1, ROLE_DIM, 0, _("(log)"));
    }
}

static bool any_point(const struct plot_series *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i].n > 0) {
            return true;
        }
    }
    return false;
}

void plot_draw(struct plot *p, const struct plot_series *s, size_t n, const struct canvas *c,
               bool focused, const char *empty)
{
    struct plot_view v = {.log_y = p->log_y};
    struct axis ya, xa;
    struct layout l;

    if (c->h < 1 || c->w < 4) {
        return;
    }
    if (!any_point(s, n) || !plot_x_view(p, s, n, &v.x0, &v.x1)) {
        if (empty != NULL) {
            wrap_paint(c, c->h > 2 ? c->h / 2 : 0, 2, c->w - 3, c->h, ROLE_DIM, empty);
        }
        return;
    }
    place(&l, p, s, n, c);
    y_view(&v, p, s, n);
    y_axis(&ya, &v, l.rows);
    l.left = ya.width + 2;
    if (l.left > c->w / 3) {
        ya.width = c->w / 3 - 2 > 0 ? c->w / 3 - 2 : 0;
        l.left = ya.width + 2;
    }
    l.cols -= l.left + 1; /* one cell for the letters at the ends */
    if (l.cols < 2 || l.rows < 1) {
        return;
    }
    p->shown_w = l.cols;
    double slack = (v.x1 - v.x0) / l.cols / 2;
    struct canvas area = canvas_part(c, l.top, l.left, l.rows, l.cols);
    x_axis(&xa, &v, p->x_kind, l.cols);
    plot_curves_back(&v, s, n, &area);
    draw_lines(p, &v, &l, &area);
    draw_marks(p, &v, &l, &area);
    plot_curves(p, &v, s, n, &area);
    name_lines(p, &v, &l, &area);
    sign_marks(p, &v, &l, &area);
    draw_y_axis(&ya, &v, &l, c);
    draw_x_axis(&xa, &v, &l, c);
    name_x_axis(p, &l, c);
    if (l.title >= 0) {
        draw_title(p, s, n, c, slack);
    }
    if (l.legend_w > 0) {
        struct canvas side = canvas_part(c, l.top, l.legend_x, c->h - l.top, l.legend_w);
        plot_legend(p, s, n, &side, true, slack);
    } else if (l.legend_rows > 0) {
        struct canvas below = canvas_part(c, l.legend_y, 0, l.legend_rows, c->w);
        plot_legend(p, s, n, &below, false, slack);
    }
    if (focused) {
        paint_cursor(c, l.top, l.left, false);
    }
}
