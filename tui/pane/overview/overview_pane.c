/* The pane's table: what the app calls. */
#include "pane/overview/overview.h"

#include "pane/panes.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)

static void *create(struct ui *ui)
{
    struct overview *o = ncm_alloc(1, sizeof *o);
    struct ncm_query *q = ncm_query_new(NCM_T_STORE);

    o->ui = ui;
    o->span = -1;
    o->below = OVER_SIDE;
    o->store = ncm_session_want(ui_session(ui), q);
    ncm_query_free(q);
    return o;
}

static void destroy(void *self)
{
    overview_release(self);
    ncm_free(self);
}

static void enter(void *self)
{
    overview_enter(self);
}

static void leave(void *self)
{
    overview_leave(self);
}

static void update(void *self)
{
    overview_update(self);
}

/* Ages of what changed a moment ago are painted again soon, the older the later. */
static void wake_for_ages(const struct overview *o)
{
    int64_t now = ncm_now_ms(), youngest = INT64_MAX;

    for (size_t i = 0; o->fleet != NULL && i < o->fleet->n_rows + overview_n_firing(o); i++) {
        int64_t since = i < o->fleet->n_rows ? o->fleet->rows[i].since_ms
                                             : o->fleet->firing[i - o->fleet->n_rows]->since_ms;
        int64_t age = since == NCM_NO_TIME ? INT64_MAX : ncm_ms_between(since, now);
        youngest = age >= 0 && age < youngest ? age : youngest;
    }
    ui_wake_in(o->ui, youngest < MINUTE_MS        ? 5000
                      : youngest < 60 * MINUTE_MS ? MINUTE_MS
                                                  : 10 * MINUTE_MS);
}

static void draw(void *self, const struct canvas *c)
{
    struct overview *o = self;

    if (o->wall.on) {
        wall_turn(o);
        wall_draw(o, c);
    } else {
        overview_draw(o, c);
    }
    wake_for_ages(o);
}

static bool whole(void *self)
{
    return ((const struct overview *)self)->wall.on;
}

static unsigned contexts(void *self)
{
    (void)self;
    return IN_OVERVIEW;
}

static bool act(void *self, enum ui_action_id action, const char *arg)
{
    return overview_act(self, action, arg);
}

static bool can(void *self, enum ui_action_id action, const char **reason)
{
    return overview_can(self, action, reason);
}

static size_t hints(void *self, struct ui_hint *out, size_t max)
{
    struct overview *o = self;
    enum { MANY = 12 };
    static const enum ui_action_id troubled[MANY] = {
        A_OPEN, A_ROLLBACK, A_TRAFFIC,   A_FULL,    A_ACKNOWLEDGE, A_PROMOTE,
        A_LOGS, A_HISTORY,  A_NEXT_PART, A_SILENCE, A_TO_DRIFT,    A_TO_VERSION};
    static const enum ui_action_id well[MANY] = {
        A_OPEN,     A_PROMOTE, A_FULL,        A_NEXT_PART, A_TRAFFIC,  A_ROLLBACK,
        A_HISTORY,  A_LOGS,    A_ACKNOWLEDGE, A_SILENCE,   A_TO_DRIFT, A_TO_VERSION};
    static const enum ui_action_id alerts[MANY] = {
        A_OPEN, A_ACKNOWLEDGE, A_SILENCE, A_NEXT_PART, A_FULL,     A_ROLLBACK,
        A_LOGS, A_TRAFFIC,     A_PROMOTE, A_HISTORY,   A_TO_DRIFT, A_TO_VERSION};
    const struct ncm_fleet_row *r = overview_row(o);
    const enum ui_action_id *all = o->part == OVER_FIRING          ? alerts
                                   : r != NULL && overview_bad(r) ? troubled
                                                                  : well;
    size_t n = 0;

    for (size_t i = 0; i < MANY && n < max; i++) {
        const char *reason = "", *label = NULL;
        if (!overview_can(o, all[i], &reason)) {
            continue;
        }
        if (all[i] == A_FULL) {
            label = _("wall");
        } else if (all[i] == A_NEXT_PART) {
            label = _("part");
        } else if (all[i] == A_HISTORY && !overview_shows_history(o)) {
            label = _("history");
        } else if (all[i] == A_HISTORY) {
            label = _("drift");
        }
        if (all[i] == A_HISTORY && overview_drift_row(o, r) == NULL) {
            continue; /* there is nothing but the time line */
        }
        out[n++] = (struct ui_hint){all[i], label};
    }
    return n;
}

static void trail(void *self, char *out, size_t outsz)
{
    const struct overview *o = self;
    snprintf(out, outsz, "%s", o->wall.on ? _("wall") : "");
}

static bool back(void *self)
{
    struct overview *o = self;

    if (o->wall.on) {
        wall_close(o);
    } else if (o->part != OVER_MODELS) {
        o->part = OVER_MODELS;
    } else if (o->filter != NULL) {
        ncm_free(o->filter);
        o->filter = NULL;
        overview_place(o);
    } else if (o->moved && o->table.selected > 0) {
        o->moved = false;
        overview_place(o);
    } else {
        return false;
    }
    ui_dirty(o->ui);
    return true;
}

static struct ncm_freshness_info freshness(void *self)
{
    const struct overview *o = self;
    struct ncm_freshness_info info = {.state = NCM_LIVE, .age_ms = 0, .retry_ms = -1};

    if (o->feed != NULL) {
        ncm_fleet_feed_freshness(o->feed, &info);
    }
    return info;
}

static void trouble(void *self, struct ncm_buf *out)
{
    const struct overview *o = self;

    if (o->feed != NULL) {
        ncm_fleet_feed_trouble(o->feed, out);
    }
}

static void mouse(void *self, const struct term_event *ev, const struct canvas *c)
{
    struct overview *o = self;
    struct table_model m = overview_model(o);

    (void)c;
    if (ev->button == 4 || ev->button == 5) {
        overview_act(o, ev->button == 4 ? A_UP : A_DOWN, NULL);
        return;
    }
    for (size_t p = 0; p < N_OVER_PARTS; p++) {
        const struct canvas *s = &o->shown[p];
        int y = ev->y - s->y;
        if (s->h == 0 || y < 0 || y >= s->h || ev->x < s->x || ev->x >= s->x + s->w) {
            continue;
        }
        o->part = (enum overview_part)p;
        struct table *t = p == OVER_FIRING ? &o->firing : &o->events;
        size_t row = p == OVER_MODELS ? table_row_at(&o->table, &m, y - (s->h - o->table.rows_shown - 1))
                                      : t->top + (size_t)(y > 0 ? y - 1 : 0);
        if (p == OVER_MODELS && row != SIZE_MAX) {
            o->table.selected = row;
            o->moved = true;
        } else if (p == OVER_FIRING || p == OVER_EVENTS) {
            t->selected = row;
        }
        overview_remember(o);
        ui_dirty(o->ui);
    }
}

/* By what is configured; a registry with models counts too, as soon as its store is known. */
static bool useful(void *self)
{
    const struct overview *o = self;
    struct ncm_session *s = ui_session(o->ui);
    const struct ncm_store_snapshot *store = ncm_want_get(o->store);

    return overview_n_sources(o, false) > 0 || ncm_session_has_monitors(s) ||
           ncm_session_side(s, "alertmanager") != NULL || ncm_session_side(s, "prometheus") != NULL ||
           (store != NULL && store->n_models > 0);
}

static bool first(void *self)
{
    const struct overview *o = self;
    return overview_n_sources(o, false) > 0 || ncm_session_has_monitors(ui_session(o->ui));
}

const struct pane_ops pane_overview = {
    .id = "overview",
    .number = 1,
    .title = N_("Overview"),
    .create = create,
    .destroy = destroy,
    .enter = enter,
    .leave = leave,
    .update = update,
    .draw = draw,
    .contexts = contexts,
    .act = act,
    .can = can,
    .hints = hints,
    .trail = trail,
    .back = back,
    .freshness = freshness,
    .trouble = trouble,
    .mouse = mouse,
    .useful = useful,
    .first = first,
    .whole = whole,
    .dims_itself = true,
};
