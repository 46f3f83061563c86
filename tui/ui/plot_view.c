/* What is in sight: ranges, the cursor, zooming. */
#include <math.h>

#include "ui/plot_inside.h"

#define ZOOM 2.0

size_t plot_point_at(const struct plot_series *s, double v)
{
    size_t lo = 0, hi = s->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->x[mid] < v) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

size_t plot_nearest(const struct plot_series *s, double x, double slack)
{
    if (s->n == 0 || x < s->x[0] - slack || x > s->x[s->n - 1] + slack) {
        return s->n;
    }
    size_t i = plot_point_at(s, x);
    if (i == s->n || (i > 0 && x - s->x[i - 1] < s->x[i] - x)) {
        i--;
    }
    return i;
}

double plot_y(const struct plot_view *v, double y)
{
    if (!v->log_y || isnan(y)) {
        return y;
    }
    return y > 0 ? log10(y) : NAN;
}

enum role plot_role(const struct plot_series *s)
{
    return (enum role)(ROLE_SERIES1 + (s->color % 7 + 7) % 7);
}

bool plot_x_range(const struct plot_series *s, size_t n, double *lo, double *hi)
{
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        if (s[i].n == 0) {
            continue;
        }
        double a = s[i].x[0], b = s[i].x[s[i].n - 1];
        *lo = any ? fmin(*lo, a) : a;
        *hi = any ? fmax(*hi, b) : b;
        any = true;
    }
    return any;
}

bool plot_x_view(const struct plot *p, const struct plot_series *s, size_t n, double *lo,
                 double *hi)
{
    if (!plot_x_range(s, n, lo, hi)) {
        return false;
    }
    if (p->x0 < p->x1) {
        *lo = p->x0;
        *hi = p->x1;
    }
    if (!(*lo < *hi)) { /* a single moment: in the middle */
        double pad = fmax(fabs(*lo) * 1e-6, p->x_kind == PLOT_STEP ? 1 : 1000);
        *hi = *lo + pad;
        *lo -= pad;
    }
    return true;
}

static void reset_zoom(struct plot *p)
{
    p->x0 = p->x1 = 0;
}

static void set_view(struct plot *p, double lo, double hi, double full_lo, double full_hi)
{
    if (lo < full_lo) {
        hi += full_lo - lo;
        lo = full_lo;
    }
    if (hi > full_hi) {
        lo -= hi - full_hi;
        hi = full_hi;
    }
    if (lo <= full_lo && hi >= full_hi) {
        reset_zoom(p);
        return;
    }
    p->x0 = fmax(lo, full_lo);
    p->x1 = hi;
}

static void zoom(struct plot *p, const struct plot_series *s, size_t n, bool in)
{
    double full_lo, full_hi, lo, hi;

    if (!plot_x_range(s, n, &full_lo, &full_hi) || !plot_x_view(p, s, n, &lo, &hi)) {
        return;
    }
    double half = (hi - lo) / 2 * (in ? 1 / ZOOM : ZOOM);
    double middle = p->cursor_on ? p->cursor_x : hi - half; /* without a cursor: the newest part */
    if (in && half * 2 < fmax(p->x_kind == PLOT_STEP ? 2 : 10, fabs(hi) * 1e-12)) {
        return;
    }
    set_view(p, middle - half, middle + half, full_lo, full_hi);
}

/* The nearest x of any series at least `least` further on; false where there is none. */
static bool next_x(const struct plot_series *s, size_t n, double from, double least, bool right,
                   double *to)
{
    bool found = false;

    for (size_t i = 0; i < n; i++) {
        double x;
        if (right) {
            size_t at = plot_point_at(&s[i], from + least);
            if (at < s[i].n && s[i].x[at] <= from) {
                at++;
            }
            if (at >= s[i].n) {
                continue;
            }
            x = s[i].x[at];
        } else {
            size_t at = plot_point_at(&s[i], from - least);
            if (at < s[i].n && s[i].x[at] == from - least && least > 0) {
                at++;
            }
            if (at == 0) {
                continue;
            }
            x = s[i].x[at - 1];
        }
        if (!found || (right ? x < *to : x > *to)) {
            *to = x;
            found = true;
        }
    }
    return found;
}

static void move_cursor(struct plot *p, const struct plot_series *s, size_t n, bool right)
{
    double full_lo, full_hi, lo, hi, to = 0;

    if (!plot_x_range(s, n, &full_lo, &full_hi) || !plot_x_view(p, s, n, &lo, &hi)) {
        return;
    }
    if (!p->cursor_on) {
        p->cursor_on = true;
        p->cursor_x = fmin(hi, full_hi);
        if (right && next_x(s, n, lo + (hi - lo) / 2, 0, true, &to)) { /* room both ways */
            p->cursor_x = fmin(to, p->cursor_x);
        }
        return;
    }
    double cell = (hi - lo) / (p->shown_w > 1 ? p->shown_w : 80);
    if (next_x(s, n, p->cursor_x, cell, right, &to)) {
        p->cursor_x = to;
    } else {
        p->cursor_x = right ? full_hi : full_lo;
    }
    if (p->cursor_x < lo || p->cursor_x > hi) {
        double shift = p->cursor_x < lo ? p->cursor_x - lo : p->cursor_x - hi;
        set_view(p, lo + shift, hi + shift, full_lo, full_hi);
    }
}

bool plot_act(struct plot *p, const struct plot_series *s, size_t n, enum ui_action_id action)
{
    switch (action) {
    case A_LEFT:
        move_cursor(p, s, n, false);
        return true;
    case A_RIGHT:
        move_cursor(p, s, n, true);
        return true;
    case A_ZOOM_IN:
        zoom(p, s, n, true);
        return true;
    case A_ZOOM_OUT:
        zoom(p, s, n, false);
        return true;
    case A_ZOOM_RESET:
        reset_zoom(p);
        return true;
    case A_LOGSCALE:
        p->log_y = !p->log_y;
        return true;
    case A_XAXIS:
        p->x_kind = p->x_kind == PLOT_WALL ? PLOT_STEP : (enum plot_x)(p->x_kind + 1);
        p->cursor_on = false;
        reset_zoom(p);
        return true;
    default:
        return false;
    }
}
