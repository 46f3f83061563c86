/* The time line of a model: what was promoted, rolled out, broke and fired, on one axis. */
#include "pane/overview/overview.h"

#include <stdio.h>
#include <string.h>

#include "ui/plot_axis.h"

#define HOUR_MS INT64_C(3600000)
enum { MOST = 400 };

const int64_t overview_spans[OVER_SPANS] = {HOUR_MS,       6 * HOUR_MS,   24 * HOUR_MS,
                                            72 * HOUR_MS,  168 * HOUR_MS, 720 * HOUR_MS,
                                            2160 * HOUR_MS, 8760 * HOUR_MS};

struct lane {
    const char *signs, *label;
};
static const struct lane lanes[] = {
    {"PB", N_("registry")}, {"DS", N_("rollouts")}, {"XR", N_("failures")}, {"Ao", N_("alerts")}};
/* Where there is no row for the last two. */
static const struct lane few[] = {
    {"PB", N_("registry")}, {"DS", N_("rollouts")}, {"XRAo", N_("trouble")}};

/* The shortest that shows what led here: a promotion or rollout, and what came of it. */
int overview_span_of(const struct overview *o, struct ncm_str model)
{
    const struct ncm_fleet_event *e[MOST];
    int64_t now = ncm_now_ms();

    if (o->span >= 0) {
        return o->span;
    }
    for (int i = 0; i < OVER_SPANS; i++) {
        bool moved = false;
        size_t n = ncm_fleet_timeline(o->fleet, ncm_cstr(model), now - overview_spans[i], e, MOST);
        for (size_t k = 0; k < n; k++) {
            moved = moved || strchr("PBD", e[k]->sign) != NULL;
        }
        if (moved && n >= 2) {
            return i;
        }
    }
    return 4;
}

struct axis {
    struct canvas c;
    int x0, w; /* of the lanes */
    int64_t from, to;
};

static int column(const struct axis *a, int64_t ms)
{
    int64_t span = a->to - a->from, at = ms - a->from;
    if (at < 0) {
        return -1;
    }
    int x = (int)((double)at / (double)span * (a->w - 1) + 0.5);
    return x >= a->w ? a->w - 1 : x;
}

/* An alert lasts: a line from where it began to where it was over, or to now. */
static void paint_alerts(const struct axis *a, int y, const struct ncm_fleet_event *const *e,
                         size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (e[i]->sign != 'A') {
            continue;
        }
        int64_t until = a->to;
        for (size_t k = i; k > 0; k--) {
            if (e[k - 1]->sign == 'o') {
                until = e[k - 1]->time_ms;
                break;
            }
        }
        int to = column(a, until);
        for (int x = column(a, e[i]->time_ms); x >= 0 && x <= to; x++) {
            paint_glyph(&a->c, y, a->x0 + x, ROLE_WARN, 0, ncm_text_utf8() ? 0x2501 : '=');
        }
    }
}

static void paint_lane(const struct axis *a, int y, const struct lane *lane,
                       const struct ncm_fleet_event *const *e, size_t n)
{
    paint_cut(&a->c, y, 1, a->x0 - 2, 0, ROLE_DIM, 0, _(lane->label));
    for (int x = 0; x < a->w; x++) {
        paint_glyph(&a->c, y, a->x0 + x, ROLE_BORDER, 0, ncm_text_utf8() ? 0x00B7 : '.');
    }
    if (strchr(lane->signs, 'A') != NULL) {
        paint_alerts(a, y, e, n);
    }
    for (size_t i = n; i > 0; i--) { /* the newest last, on top */
        int x = column(a, e[i - 1]->time_ms);
        if (x >= 0 && strchr(lane->signs, e[i - 1]->sign) != NULL) {
            paintf(&a->c, y, a->x0 + x, overview_event_role(e[i - 1]->sign), ATTR_BOLD, "%c",
                   e[i - 1]->sign);
        }
    }
}

static void paint_ticks(const struct axis *a, int y)
{
    double at[PLOT_MAX_TICKS], step;
    size_t most = a->w / 12 > 1 ? (size_t)(a->w / 12) : 2;
    size_t n = plot_time_ticks((double)a->from, (double)a->to, true,
                               most < PLOT_MAX_TICKS ? most : PLOT_MAX_TICKS, at, &step);
    int end = -1;

    for (size_t i = 0; i < n; i++) {
        char label[40];
        int x = column(a, (int64_t)at[i]);
        plot_x_label(label, sizeof label, PLOT_WALL, at[i], step);
        int w = ncm_text_width(label), left = x - w / 2;
        left = left + w > a->w ? a->w - w : left < 0 ? 0 : left;
        if (x >= 0 && left > end) {
            paint(&a->c, y, a->x0 + left, ROLE_AXIS, 0, label);
            end = left + w;
        }
    }
}

int overview_draw_history(const struct overview *o, struct ncm_str model, const struct canvas *c)
{
    const struct ncm_fleet_event *e[MOST];
    int64_t now = ncm_now_ms();
    struct axis a = {.c = *c, .to = now};
    int label_w = 0;
    bool all = c->h > 4;
    const struct lane *shown = all ? lanes : few;
    size_t n_lanes = all ? sizeof lanes / sizeof *lanes : sizeof few / sizeof *few;

    for (size_t i = 0; i < n_lanes; i++) {
        int w = ncm_text_width(_(shown[i].label));
        label_w = w > label_w ? w : label_w;
    }
    a.from = now - overview_spans[overview_span_of(o, model)];
    a.x0 = 1 + label_w + 2;
    a.w = c->w - a.x0 - 1;
    if (a.w < 10 || c->h < 2) {
        return 0;
    }
    size_t n = ncm_fleet_timeline(o->fleet, ncm_cstr(model), a.from, e, MOST);
    int y = 0;
    for (size_t i = 0; i < n_lanes && y < c->h - 1; i++, y++) {
        paint_lane(&a, y, &shown[i], e, n);
    }
    paint_ticks(&a, y++);
    return y;
}
