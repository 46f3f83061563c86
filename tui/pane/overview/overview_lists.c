/* What fires, and what happened last: lists without heads of columns. */
#include "pane/overview/overview.h"

#include <stdio.h>
#include <string.h>

size_t overview_n_firing(const struct overview *o)
{
    return o->fleet != NULL ? o->fleet->n_firing : 0;
}

static size_t count_firing(void *ctx)
{
    return overview_n_firing(ctx);
}

static size_t count_events(void *ctx)
{
    const struct overview *o = ctx;
    return o->fleet != NULL ? o->fleet->n_events : 0;
}

/* For moving only. */
struct table_model overview_firing_model(struct overview *o)
{
    return (struct table_model){.ctx = o, .count = count_firing};
}

struct table_model overview_events_model(struct overview *o)
{
    return (struct table_model){.ctx = o, .count = count_events};
}

/* Keeps the selection in sight; returns the rows to paint. */
static size_t place(struct table *t, size_t n, const struct canvas *c)
{
    size_t rows = c->h > 0 ? (size_t)c->h : 0;

    t->rows_shown = (int)rows;
    t->selected = t->selected >= n ? (n > 0 ? n - 1 : 0) : t->selected;
    t->top = t->selected < t->top ? t->selected : t->top;
    t->top = rows > 0 && t->selected >= t->top + rows ? t->selected - rows + 1 : t->top;
    t->top = t->top + rows > n ? (n > rows ? n - rows : 0) : t->top;
    return n - t->top < rows ? n - t->top : rows;
}

static void bar(const struct table *t, const struct canvas *c, size_t row, int y, bool focused)
{
    if (focused && row == t->selected) {
        paint(c, y, 0, ROLE_TEXT, 0, sign(SIGN_SELECT));
        paint_restyle(c, y, 0, c->w, ROLE_SELECT);
        paint_cursor(c, y, 0, false);
    }
}

/* ---- firing ---- */

static const char *who(const struct ncm_alert *a)
{
    static char text[80];
    const char *name = a->ack_actor.len > 0 ? overview_clean(a->ack_actor, 10) : sign(SIGN_DASH);

    snprintf(text, sizeof text, "@%s",
             a->state == NCM_ALERT_SILENCED ? _("silenced") : name);
    return text;
}

static void firing_row(const struct ncm_alert *a, const struct canvas *c, int y)
{
    enum role role = common_severity_role(a->severity);
    char age[40];
    int severity_w = c->w >= 90 ? 10 : 0, who_w = c->w >= 60 ? 12 : 0, age_w = 6;
    int room = c->w - 4 - severity_w - who_w - age_w - 2;
    struct ncm_str what = a->summary.len > 0 ? a->summary : a->rule;
    bool quiet = a->state != NCM_ALERT_FIRING;

    paint(c, y, 2, role, ATTR_BOLD, common_severity_sign(a->severity));
    if (severity_w > 0) {
        static const char *const words[] = {N_("info"), N_("warning"), N_("critical")};
        paint_cut(c, y, 4, severity_w - 1, 0, role, 0, _(words[a->severity]));
    }
    if (room > 0) {
        paint_raw(c, y, 4 + severity_w, room, 0, quiet ? ROLE_DIM : ROLE_TEXT, 0, what);
    }
    paint_cut(c, y, c->w - who_w - age_w - 1, age_w, 1, ROLE_TEXT, 0,
              common_since_text(age, sizeof age, a->since_ms));
    if (who_w > 0) {
        paint_cut(c, y, c->w - who_w + 1, who_w - 2, 0, a->ack_actor.len > 0 ? ROLE_TEXT : ROLE_DIM,
                  0, who(a));
    }
}

void overview_draw_firing(struct overview *o, const struct canvas *c, bool focused)
{
    size_t n = overview_n_firing(o);
    char title[80], more[40] = "";
    struct canvas body = canvas_part(c, 1, 0, c->h - 1, -1);

    size_t rows = place(&o->firing, n, &body);
    snprintf(title, sizeof title, _("Firing (%zu)"), n);
    if (rows < n) {
        snprintf(more, sizeof more, _("%zu more"), n - rows);
    }
    paint_head(c, 0, title, more[0] != '\0' ? more : NULL, focused);
    if (n == 0 && body.h > 0) {
        paint(&body, 0, 2, ROLE_DIM, 0, _("Nothing fires."));
    }
    for (size_t i = 0; i < rows; i++) {
        firing_row(o->fleet->firing[o->firing.top + i], &body, (int)i);
        bar(&o->firing, &body, o->firing.top + i, (int)i, focused);
    }
}

/* ---- events ---- */

enum role overview_event_role(char s)
{
    switch (s) {
    case 'X':
        return ROLE_FAIL;
    case 'A':
    case 'R':
        return ROLE_WARN;
    case 'B':
        return ROLE_MARK;
    case 'P':
        return ROLE_STAGE_PRODUCTION;
    case 'o':
        return ROLE_OK;
    default:
        return ROLE_RUN;
    }
}

static void event_row(const struct ncm_fleet_event *e, const struct canvas *c, int y)
{
    char age[40], name[160], version[60];
    enum role role = overview_event_role(e->sign);
    int x = 2 + 6, name_w = c->w >= 90 ? 28 : c->w >= 60 ? 20 : 0;

    paint_cut(c, y, 2, 5, 1, ROLE_DIM, 0, common_since_text(age, sizeof age, e->time_ms));
    paintf(c, y, x, role, ATTR_BOLD, "%c", e->sign);
    x += 2;
    if (name_w > 0 && e->model.len > 0) {
        version[0] = '\0';
        if (e->version.len > 0) {
            common_version_text(version, sizeof version, e->version, 8);
        }
        int version_w = ncm_text_width(version);
        snprintf(name, sizeof name, "%s%s%s", overview_clean(e->model, name_w - 1 - version_w),
                 version_w > 0 ? " " : "", version);
        paint_cut(c, y, x, name_w, 0, ROLE_TEXT, 0, name);
    } else if (name_w > 0) {
        paint_raw(c, y, x, name_w, 0, ROLE_DIM, 0, e->where);
    }
    x += name_w + (name_w > 0 ? 1 : 0);
    if (c->w - x - 1 > 0) {
        paint_raw(c, y, x, c->w - x - 1, 0, e->sign == 'X' ? ROLE_FAIL : ROLE_TEXT, 0, e->what);
    }
}

void overview_draw_events(struct overview *o, const struct canvas *c, bool focused)
{
    size_t n = o->fleet != NULL ? o->fleet->n_events : 0;
    struct canvas body = canvas_part(c, 1, 0, c->h - 1, -1);

    size_t rows = place(&o->events, n, &body);
    paint_head(c, 0, _("Events"), NULL, focused);
    if (n == 0 && body.h > 0) {
        paint(&body, 0, 2, ROLE_DIM, 0, _("Nothing happened yet."));
    }
    for (size_t i = 0; i < rows; i++) {
        event_row(&o->fleet->events[o->events.top + i], &body, (int)i);
        bar(&o->events, &body, o->events.top + i, (int)i, focused);
    }
}
