/* The parts that are tables: replicas, history, events. */
#include "pane/deploy/deploy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct ncm_deployment *it(const void *ctx)
{
    return deploy_selected(ctx)->it;
}

static void set_raw(struct table_cell *out, struct ncm_str raw)
{
    out->raw = raw;
    out->is_raw = raw.len > 0;
    if (raw.len == 0) {
        snprintf(out->text, sizeof out->text, "%s", sign(SIGN_DASH));
        out->role = ROLE_DIM;
    }
}

/* ---- replicas ---- */

enum replica_column {
    R_PHASE,
    R_NAME,
    R_RESTARTS,
    R_CPU,
    R_MEMORY,
    R_AGE,
    R_NODE,
    R_REVISION,
    R_REASON,
    R_COLUMNS
};

static size_t replica_count(void *ctx)
{
    return it(ctx)->n_replicas;
}

/* "████░░ 61 %", or the figure where there is no limit. */
static void usage_cell(double is, double limit, bool memory, struct table_cell *out)
{
    char bar[80], figure[40];

    if (!isfinite(is)) {
        snprintf(out->text, sizeof out->text, "%s", sign(SIGN_DASH));
        out->role = ROLE_DIM;
        return;
    }
    if (memory) {
        ncm_fmt_size(figure, sizeof figure, (int64_t)is);
    } else {
        ncm_fmt_num(figure, sizeof figure, is, 2);
    }
    if (!isfinite(limit) || limit <= 0) {
        snprintf(out->text, sizeof out->text, "%s", figure);
        return;
    }
    common_bar_text(bar, sizeof bar, is / limit, 5);
    snprintf(out->text, sizeof out->text, "%s %s", bar, figure);
    out->role = is >= 0.95 * limit ? ROLE_FAIL : is >= 0.8 * limit ? ROLE_WARN : ROLE_TEXT;
}

static void replica_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct ncm_replica *r = &it(ctx)->replicas[row];

    switch ((enum replica_column)column) {
    case R_PHASE:
        snprintf(out->text, sizeof out->text, "%s %s", common_replica_sign(r),
                 deploy_clean(r->phase, 30));
        out->role = common_replica_role(r);
        break;
    case R_NAME:
        set_raw(out, r->name);
        out->cut_middle = true;
        break;
    case R_RESTARTS:
        snprintf(out->text, sizeof out->text, "%d", r->restarts);
        out->role = r->restarts > 0 ? ROLE_WARN : ROLE_DIM;
        break;
    case R_CPU:
        usage_cell(r->cpu, r->cpu_limit, false, out);
        break;
    case R_MEMORY:
        usage_cell(r->memory, r->memory_limit, true, out);
        break;
    case R_AGE:
        common_since_text(out->text, sizeof out->text, r->created_ms);
        out->role = ROLE_DIM;
        break;
    case R_NODE:
        set_raw(out, r->node);
        out->cut_middle = true;
        break;
    case R_REVISION:
        set_raw(out, r->revision);
        out->role = ROLE_DIM;
        out->cut_middle = true;
        break;
    case R_REASON:
        set_raw(out, r->reason);
        out->role = r->bad ? ROLE_FAIL : ROLE_DIM;
        break;
    case R_COLUMNS:
        break;
    }
}

static struct table_model replica_model(struct deploy *d)
{
    return (struct table_model){.ctx = d, .count = replica_count, .cell = replica_cell};
}

const struct ncm_replica *deploy_replica(const struct deploy *d)
{
    const struct ncm_fleet_deployment *x = deploy_selected(d);

    if (x == NULL || d->part != PART_REPLICAS || d->replicas.selected >= x->it->n_replicas) {
        return NULL;
    }
    return &x->it->replicas[d->replicas.selected];
}

/* The row of what was selected before, whatever came or went. */
static void keep_replica(struct deploy *d)
{
    const struct ncm_deployment *x = it(d);

    for (size_t i = 0; d->replica != NULL && i < x->n_replicas; i++) {
        if (ncm_str_is(x->replicas[i].name, d->replica)) {
            d->replicas.selected = i;
        }
    }
}

void deploy_draw_replicas(struct deploy *d, const struct canvas *c)
{
    static const struct table_column columns[R_COLUMNS] = {
        {.title = N_("PHASE"), .min = 11, .want = 19},
        {.title = N_("REPLICA"), .min = 16, .want = 28},
        {.title = N_("RST"), .min = 3, .want = 3, .align = 1, .priority = 1},
        {.title = N_("CPU"), .min = 11, .want = 11, .priority = 3},
        {.title = N_("MEMORY"), .min = 14, .want = 14, .priority = 2},
        {.title = N_("AGE"), .min = 5, .want = 5, .align = 1},
        {.title = N_("NODE"), .min = 8, .want = 18, .priority = 4},
        {.title = N_("REVISION"), .min = 10, .want = 18, .priority = 5},
        {.title = N_("WHY"), .min = 20, .want = 0, .priority = 6},
    };
    struct table_model m = replica_model(d);
    const struct ncm_replica *r;
    bool why = c->w < 150 && c->h >= 8;
    struct canvas body = canvas_part(c, 0, 0, why ? c->h - 2 : -1, -1);

    keep_replica(d);
    for (size_t i = 0; i < R_COLUMNS; i++) {
        d->replica_columns[i] = columns[i];
        d->replica_columns[i].title = _(columns[i].title);
    }
    d->replicas.columns = d->replica_columns;
    d->replicas.n_columns = why ? R_COLUMNS - 1 : R_COLUMNS;
    d->replicas.fixed = 2;
    table_draw(&d->replicas, &m, &body, true, _("It has no replicas."));
    r = deploy_replica(d);
    if (why && r != NULL && r->reason.len > 0) {
        paint_cut(c, c->h - 1, 1, c->w - 2, 0, r->bad ? ROLE_FAIL : ROLE_DIM, 0,
                  deploy_clean(r->reason, 300));
    }
}

/* ---- history ---- */

enum history_column { H_STATE, H_VERSION, H_REVISION, H_AGE, H_READY, H_CAUSE, H_IMAGE, H_COLUMNS };

static size_t history_count(void *ctx)
{
    return it(ctx)->n_revisions;
}

static void history_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct ncm_revision *v = &it(ctx)->revisions[row];

    switch ((enum history_column)column) {
    case H_STATE:
        snprintf(out->text, sizeof out->text, "%s",
                 v->wanted && v->serving ? _("serves")
                 : v->wanted             ? _("wanted")
                 : v->serving            ? _("still serves")
                                         : "");
        out->role = v->serving ? ROLE_OK : v->wanted ? ROLE_RUN : ROLE_TEXT;
        break;
    case H_VERSION:
        common_version_text(out->text, sizeof out->text, v->version, 30);
        out->attrs = ATTR_BOLD;
        break;
    case H_REVISION:
        set_raw(out, v->revision);
        break;
    case H_AGE:
        common_since_text(out->text, sizeof out->text, v->created_ms);
        out->role = ROLE_DIM;
        break;
    case H_READY:
        if (v->desired > 0 || v->ready > 0) {
            common_ready_text(out->text, sizeof out->text, v->ready, v->desired);
            out->role = common_ready_role(v->ready, v->desired);
        }
        break;
    case H_CAUSE:
        set_raw(out, v->cause);
        break;
    case H_IMAGE:
        set_raw(out, v->image);
        out->role = ROLE_DIM;
        out->cut_middle = true;
        break;
    case H_COLUMNS:
        break;
    }
}

static struct table_model history_model(struct deploy *d)
{
    return (struct table_model){.ctx = d, .count = history_count, .cell = history_cell};
}

const struct ncm_revision *deploy_revision(const struct deploy *d)
{
    const struct ncm_fleet_deployment *x = deploy_selected(d);

    if (x == NULL || d->part != PART_HISTORY || d->history.selected >= x->it->n_revisions) {
        return NULL;
    }
    return &x->it->revisions[d->history.selected];
}

void deploy_draw_history(struct deploy *d, const struct canvas *c)
{
    static const struct table_column columns[H_COLUMNS] = {
        {.title = N_("STATE"), .min = 8, .want = 12},
        {.title = N_("VERSION"), .min = 8, .want = 12},
        {.title = N_("REVISION"), .min = 8, .want = 12, .priority = 1},
        {.title = N_("AGE"), .min = 5, .want = 5, .align = 1},
        {.title = N_("READY"), .min = 5, .want = 5, .align = 1, .priority = 2},
        {.title = N_("CAUSE"), .min = 12, .want = 30, .priority = 4},
        {.title = N_("IMAGE"), .min = 20, .want = 0, .priority = 3},
    };
    const struct ncm_deployment *x = it(d);
    struct table_model m = history_model(d);

    for (size_t i = 0; d->revision != NULL && i < x->n_revisions; i++) {
        if (ncm_str_is(x->revisions[i].name, d->revision)) {
            d->history.selected = i;
        }
    }
    for (size_t i = 0; i < H_COLUMNS; i++) {
        d->history_columns[i] = columns[i];
        d->history_columns[i].title = _(columns[i].title);
    }
    d->history.columns = d->history_columns;
    d->history.n_columns = H_COLUMNS;
    d->history.fixed = 2;
    table_draw(&d->history, &m, c, true, _("No earlier revision is kept."));
}

/* ---- events ---- */

enum event_column { E_AGE, E_REASON, E_COUNT, E_OBJECT, E_MESSAGE, E_COLUMNS };

static size_t event_count(void *ctx)
{
    return it(ctx)->n_events;
}

static void event_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct ncm_deploy_event *e = &it(ctx)->events[row];

    switch ((enum event_column)column) {
    case E_AGE:
        common_since_text(out->text, sizeof out->text, e->time_ms);
        out->role = ROLE_DIM;
        break;
    case E_REASON:
        snprintf(out->text, sizeof out->text, "%s %s", sign(e->warning ? SIGN_WARN : SIGN_DOT),
                 deploy_clean(e->reason, 40));
        out->role = e->warning ? ROLE_WARN : ROLE_TEXT;
        break;
    case E_COUNT:
        snprintf(out->text, sizeof out->text, "%d", e->count > 0 ? e->count : 1);
        out->role = ROLE_DIM;
        break;
    case E_OBJECT:
        set_raw(out, e->object);
        out->cut_middle = true;
        break;
    case E_MESSAGE:
        set_raw(out, e->message);
        break;
    case E_COLUMNS:
        break;
    }
}

static struct table_model event_model(struct deploy *d)
{
    return (struct table_model){.ctx = d, .count = event_count, .cell = event_cell};
}

void deploy_draw_events(struct deploy *d, const struct canvas *c)
{
    static const struct table_column columns[E_COLUMNS] = {
        {.title = N_("AGE"), .min = 5, .want = 5, .align = 1},
        {.title = N_("REASON"), .min = 12, .want = 20},
        {.title = N_("COUNT"), .min = 5, .want = 5, .align = 1, .priority = 2},
        {.title = N_("OBJECT"), .min = 12, .want = 26, .priority = 1},
        {.title = N_("MESSAGE"), .min = 20, .want = 0},
    };
    const struct ncm_deployment *x = it(d);
    struct table_model m = event_model(d);
    int below = c->h >= 10 && x->n_events > 0 ? 4 : 0;
    struct canvas body = canvas_part(c, 0, 0, c->h - below, -1);

    for (size_t i = 0; i < E_COLUMNS; i++) {
        d->event_columns[i] = columns[i];
        d->event_columns[i].title = _(columns[i].title);
    }
    d->events.columns = d->event_columns;
    d->events.n_columns = E_COLUMNS;
    d->events.fixed = 2;
    table_draw(&d->events, &m, &body, true,
               _("No events. A cluster keeps them for about an hour."));
    if (below > 0 && d->events.selected < x->n_events) { /* long ones are read here */
        struct canvas bottom = canvas_part(c, c->h - below, 0, below, -1);
        struct flow f = flow_begin(&bottom, 0);
        flow_head(&f, deploy_clean(x->events[d->events.selected].reason, 40), NULL);
        flow_text(&f, 1, ROLE_TEXT, deploy_clean(x->events[d->events.selected].message, 480));
    }
}

bool deploy_table_act(struct deploy *d, enum ui_action_id action)
{
    const struct ncm_fleet_deployment *x = deploy_selected(d);

    if (x == NULL) {
        return false;
    }
    if (d->part == PART_REPLICAS) {
        struct table_model m = replica_model(d);
        bool moved = table_act(&d->replicas, &m, action);
        if (moved && deploy_replica(d) != NULL) {
            ncm_free(d->replica);
            d->replica = ncm_strdup(ncm_cstr(deploy_replica(d)->name));
        }
        return moved;
    }
    if (d->part == PART_HISTORY) {
        struct table_model m = history_model(d);
        bool moved = table_act(&d->history, &m, action);
        if (moved && deploy_revision(d) != NULL) {
            ncm_free(d->revision);
            d->revision = ncm_strdup(ncm_cstr(deploy_revision(d)->name));
        }
        return moved;
    }
    struct table_model m = event_model(d);
    return table_act(&d->events, &m, action);
}
