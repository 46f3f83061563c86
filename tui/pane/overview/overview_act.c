/* What the keys of the pane do. What changes anything is done where the thing is at home: the pane of
 * deployments, of the registry, of alerts. */
#include "pane/overview/overview.h"

#include <stdio.h>
#include <string.h>

enum { PICKS = 40 };

void overview_free_picks(struct overview *o)
{
    for (size_t i = 0; i < o->n_picks; i++) {
        ncm_free(o->picks[i]);
    }
    ncm_free(o->picks);
    o->picks = NULL;
    o->n_picks = 0;
}

/* ---- to a deployment ---- */

static void go(struct overview *o, const struct ncm_deployment *d, enum ui_action_id action)
{
    char *ref = ncm_deployment_ref(d);
    char *kind = ncm_strdup(ncm_cstr(d->kind));

    wall_close(o);
    ui_open_do(o->ui, OBJ_DEPLOYMENT, ref, kind, action);
    ncm_free(ref);
    ncm_free(kind);
}

static void picked(void *ctx, const size_t *chosen, size_t n)
{
    struct overview *o = ctx;
    bool ambiguous;
    const struct ncm_fleet_deployment *f =
        n > 0 && chosen != NULL && chosen[0] < o->n_picks && o->fleet != NULL
            ? ncm_fleet_find(o->fleet, o->picks[chosen[0]], NULL, &ambiguous)
            : NULL;

    if (f != NULL) {
        go(o, f->it, o->pick_action);
    }
}

/* Where several serve it, the person says which; the worst stands first. */
static void pick_deployment(struct overview *o, const struct ncm_fleet_row *r,
                            enum ui_action_id action)
{
    struct ui_pick_item items[PICKS];
    char labels[PICKS][120], details[PICKS][60];
    size_t n = 0;

    overview_free_picks(o);
    o->picks = ncm_alloc(PICKS, sizeof *o->picks);
    o->pick_action = action;
    for (size_t i = 0; i < r->n_deployments && n < PICKS; i++) {
        const struct ncm_fleet_deployment *f = &o->fleet->deployments[r->deployments[i]];
        o->picks[n] = ncm_deployment_ref(f->it);
        ncm_text_clip_middle(labels[n], sizeof labels[0], o->picks[n], strlen(o->picks[n]), 44);
        common_health_text(details[n], sizeof details[0], f->health);
        items[n] = (struct ui_pick_item){.label = labels[n], .detail = details[n], .on = n == 0};
        o->n_picks = ++n;
    }
    ui_pick(o->ui, _("Which of its deployments?"), items, n, false, picked, o);
}

static bool to_deployment(struct overview *o, enum ui_action_id action)
{
    const struct ncm_fleet_row *r = overview_row(o);

    if (r == NULL || r->n_deployments == 0) {
        return false;
    }
    if (r->n_deployments == 1) {
        go(o, o->fleet->deployments[r->deployments[0]].it, action);
    } else {
        pick_deployment(o, r, action);
    }
    return true;
}

/* ---- to the others ---- */

static void to_registry(struct overview *o, enum ui_action_id action)
{
    const struct ncm_fleet_row *r = overview_row(o);
    char *model = ncm_strdup(ncm_cstr(r->model));
    char *version = r->version.len > 0 ? ncm_strdup(ncm_cstr(r->version)) : NULL;

    wall_close(o);
    ui_open_do(o->ui, version != NULL ? OBJ_VERSION : OBJ_MODEL, model, version, action);
    ncm_free(model);
    ncm_free(version);
}

static void to_drift(struct overview *o)
{
    const struct ncm_fleet_row *r = overview_drift_row(o, overview_row(o));
    char *id = ncm_sprintf("%s/%s", ncm_cstr(r->model), ncm_cstr(r->drift_monitor));
    char *feature = r->drift_feature.len > 0 ? ncm_strdup(ncm_cstr(r->drift_feature)) : NULL;

    wall_close(o);
    ui_open(o->ui, OBJ_DRIFT, id, feature);
    ncm_free(id);
    ncm_free(feature);
}

static void to_alert(struct overview *o, enum ui_action_id action)
{
    const struct ncm_alert *a = overview_alert(o);
    char *id = ncm_sprintf("%s/%s", ncm_cstr(a->source), ncm_cstr(a->id));

    ui_open_do(o->ui, OBJ_ALERT, id, NULL, action);
    ncm_free(id);
}

/* The event's deployment, else its model's version. */
static void open_event(struct overview *o)
{
    const struct ncm_fleet_event *e = &o->fleet->events[o->events.selected];

    if (e->where.len > 0) {
        char *ref = ncm_strdup(ncm_cstr(e->where));
        ui_open(o->ui, OBJ_DEPLOYMENT, ref, NULL);
        ncm_free(ref);
    } else if (e->model.len > 0) {
        char *model = ncm_strdup(ncm_cstr(e->model));
        char *version = e->version.len > 0 ? ncm_strdup(ncm_cstr(e->version)) : NULL;
        ui_open(o->ui, version != NULL ? OBJ_VERSION : OBJ_MODEL, model, version);
        ncm_free(model);
        ncm_free(version);
    }
}

static void open_selected(struct overview *o)
{
    switch (o->wall.on ? OVER_MODELS : o->part) {
    case OVER_FIRING:
        to_alert(o, A_NONE);
        break;
    case OVER_EVENTS:
        open_event(o);
        break;
    case OVER_SIDE:
        if (!overview_shows_history(o)) {
            to_drift(o);
            break;
        } /* fall through */
    default:
        if (!to_deployment(o, A_NONE)) {
            to_registry(o, A_NONE);
        }
    }
}

/* ---- alerts ---- */

/* Of the selected row: the gravest that fires about it; in the list of what fires the selected. */
static const struct ncm_alert *alert_meant(const struct overview *o)
{
    const struct ncm_fleet_row *r = overview_row(o);

    if (o->part == OVER_FIRING && !o->wall.on) {
        return overview_alert(o);
    }
    return r != NULL ? overview_alert_of(o, r) : NULL;
}

static void acknowledge(struct overview *o)
{
    struct ncm_intent *i = ncm_intent_new(NCM_DO_ALERT_ACK);

    ncm_intent_add_object(i, ncm_cstr(alert_meant(o)->id));
    ui_change(o->ui, i);
}

/* What Prometheus raises is silenced where it goes: in Alertmanager. */
static void silence(struct overview *o, const char *how_long)
{
    const struct ncm_alert *a = alert_meant(o);
    const char *source = ncm_str_is(a->source, "ncmlops") ? "ncmlops" : "alertmanager";

    common_silence_labels(&o->asking, o->ui, source, a->labels, a->n_labels, how_long);
}

static bool can_alert(const struct overview *o, enum ui_action_id action, const char **reason)
{
    const struct ncm_alert *a = alert_meant(o);

    if (a == NULL) {
        *reason = o->part == OVER_FIRING ? _("there is no alert") : _("no alert is about that model");
        return false;
    }
    if (action == A_ACKNOWLEDGE && !ncm_str_is(a->source, "ncmlops")) {
        *reason = _("that system knows no acknowledging: S silences it");
        return false;
    }
    return true;
}

/* ---- what can be done ---- */

/* The right that an action needs; NCM_N_ACTS: none. */
static enum ncm_deploy_act needed(enum ui_action_id action)
{
    switch (action) {
    case A_TRAFFIC:
    case A_ABORT:
        return NCM_ACT_TRAFFIC;
    case A_ROLLBACK:
        return NCM_ACT_ROLLBACK;
    case A_RESTART:
        return NCM_ACT_RESTART;
    case A_SCALE:
        return NCM_ACT_SCALE;
    case A_PAUSE_ROLLOUT:
    case A_RESUME_ROLLOUT:
        return NCM_ACT_PAUSE;
    case A_SET_VERSION:
        return NCM_ACT_VERSION;
    case A_LOGS:
        return NCM_ACT_LOGS;
    default:
        return NCM_N_ACTS;
    }
}

/* Whether one of its deployments can do it; that one's pane says the rest. */
static bool can_deployment(const struct overview *o, const struct ncm_fleet_row *r,
                           enum ui_action_id action, const char **reason)
{
    enum ncm_deploy_act act = needed(action);
    bool refused = false;

    if (r == NULL || r->n_deployments == 0) {
        *reason =
            r == NULL ? _("there is no model") : _("it is deployed nowhere that is configured");
        return false;
    }
    for (size_t i = 0; i < r->n_deployments; i++) {
        const struct ncm_fleet_deployment *f = &o->fleet->deployments[r->deployments[i]];
        bool split = f->n_traffic > 1 && (f->it->allowed & 1u << NCM_ACT_TRAFFIC) != 0;
        bool may = act == NCM_N_ACTS || (f->it->allowed & 1u << act) != 0;
        if (act == NCM_ACT_TRAFFIC ? split : may || (act == NCM_ACT_ROLLBACK && split)) {
            return true;
        }
        refused = refused || (act != NCM_N_ACTS && (f->it->forbidden & 1u << act) != 0);
    }
    *reason = refused                  ? _("you have no right to do that there")
              : act == NCM_ACT_TRAFFIC ? _("its traffic is not split")
              : act == NCM_ACT_LOGS    ? _("it gives no logs")
                                       : _("that cannot be done with a thing of its kind");
    return false;
}

bool overview_can(struct overview *o, enum ui_action_id action, const char **reason)
{
    const struct ncm_fleet_row *r = overview_row(o);

    switch (action) {
    case A_OPEN:
        *reason = _("there is nothing to open");
        return o->part == OVER_FIRING && !o->wall.on   ? overview_alert(o) != NULL
               : o->part == OVER_EVENTS && !o->wall.on ? o->fleet != NULL && o->fleet->n_events > 0
                                                       : r != NULL;
    case A_TRAFFIC:
    case A_RESTART:
    case A_SCALE:
    case A_PAUSE_ROLLOUT:
    case A_RESUME_ROLLOUT:
    case A_ABORT:
    case A_SET_VERSION:
    case A_LOGS:
    case A_TO_RUN:
        return can_deployment(o, r, action, reason);
    case A_ROLLBACK:
        return (r != NULL && r->n_deployments == 0 && r->registered) ||
               can_deployment(o, r, action, reason);
    case A_PROMOTE:
    case A_TO_VERSION:
        *reason = r == NULL ? _("there is no model") : _("the registry does not know that model");
        return r != NULL && r->registered;
    case A_TO_DRIFT:
        *reason = r == NULL ? _("there is no model") : _("no monitor watches that model");
        return r != NULL && overview_drift_row(o, r) != NULL;
    case A_TO_ALERTS:
    case A_HISTORY:
    case A_COPY:
    case A_COPY_ROW:
    case A_DETAILS:
        *reason = _("there is no model");
        return r != NULL;
    case A_ACKNOWLEDGE:
    case A_SILENCE:
        return can_alert(o, action, reason);
    default:
        return true;
    }
}

/* ---- the rest ---- */

static void show_text(struct overview *o)
{
    const struct ncm_fleet_row *r = overview_row(o);
    struct overview_sentence s[20];
    struct ncm_buf b;
    size_t n = overview_sentences(o, r, s, 20);

    ncm_buf_init(&b, 1 << 16);
    ncm_buf_printf(&b, "%s %s\n", ncm_cstr(r->model), ncm_cstr(r->version));
    for (size_t i = 0; i < N_OCOLS; i++) {
        struct table_cell c = {.text = ""};
        overview_cell(o, o->table.selected, (enum overview_column)i, &c);
        if (i > OCOL_VERSION) {
            const char *title = overview_title((enum overview_column)i);
            int pad = 16 - ncm_text_width(title);
            ncm_buf_printf(&b, "%s%*s%s\n", title, pad > 1 ? pad : 1, "",
                           c.is_raw ? ncm_cstr(c.raw) : c.text);
        }
    }
    for (size_t i = 0; i < n; i++) {
        ncm_buf_printf(&b, "\n%s ", s[i].sign);
        ncm_buf_add(&b, s[i].text.p, s[i].text.len);
    }
    ui_show_text(o->ui, _("Model version"), b.p);
    ncm_buf_release(&b);
}

static void copy(struct overview *o, bool row)
{
    const struct ncm_fleet_row *r = overview_row(o);
    struct ncm_buf b;

    ncm_buf_init(&b, 1 << 16);
    for (size_t i = 0; row && i < N_OCOLS; i++) {
        struct table_cell c = {.text = ""};
        overview_cell(o, o->table.selected, (enum overview_column)i, &c);
        ncm_buf_printf(&b, "%s%s", i > 0 ? "\t" : "", c.is_raw ? ncm_cstr(c.raw) : c.text);
    }
    if (!row) {
        ncm_buf_printf(&b, "%s", ncm_cstr(r->model));
    }
    ui_copy(o->ui, b.p, row ? NULL : _("model"));
    ncm_buf_release(&b);
}

static void next_part(struct overview *o, bool forward)
{
    int p = ((int)o->part + (forward ? 1 : N_OVER_PARTS - 1)) % N_OVER_PARTS;

    o->part = (enum overview_part)p;
    if (o->part == OVER_SIDE || o->part == OVER_EVENTS) {
        o->below = o->part;
    }
}

static bool move(struct overview *o, enum ui_action_id action)
{
    struct table_model models = overview_model(o), firing = overview_firing_model(o);
    struct table_model events = overview_events_model(o);
    bool moved = o->part == OVER_FIRING   ? table_act(&o->firing, &firing, action)
                 : o->part == OVER_EVENTS ? table_act(&o->events, &events, action)
                                          : table_act(&o->table, &models, action);

    if (moved) {
        o->moved = o->part == OVER_FIRING || o->part == OVER_EVENTS ? o->moved : action != A_TOP;
        overview_remember(o);
    }
    return moved;
}

static const char *filter_done(void *ctx, const char *text, size_t *at)
{
    struct overview *o = ctx;
    (void)at;
    if (text != NULL) {
        ncm_free(o->filter);
        o->filter = *text != '\0' ? ncm_strdup(text) : NULL;
        overview_place(o);
        ui_dirty(o->ui);
    }
    return NULL;
}

static bool act_here(struct overview *o, enum ui_action_id action, const char *arg)
{
    switch (action) {
    case A_OPEN:
        open_selected(o);
        return true;
    case A_FILTER:
        ui_prompt(o->ui, "/", arg != NULL ? arg : o->filter != NULL ? o->filter : "", filter_done, NULL,
                  o);
        return true;
    case A_NEXT_PART:
    case A_PREV_PART:
        next_part(o, action == A_NEXT_PART);
        return true;
    case A_HISTORY:
        o->history = !overview_shows_history(o);
        o->history_chosen = true;
        o->below = OVER_SIDE;
        return true;
    case A_ZOOM_IN:
    case A_ZOOM_OUT:
    case A_ZOOM_RESET:
        overview_zoom(o, action == A_ZOOM_IN ? -1 : action == A_ZOOM_OUT ? 1 : 0);
        return true;
    case A_FULL:
    case A_WALL:
        wall_open(o, arg);
        return true;
    case A_DETAILS:
        show_text(o);
        return true;
    case A_COPY:
    case A_COPY_ROW:
        copy(o, action == A_COPY_ROW);
        return true;
    case A_REFRESH:
        ncm_fleet_feed_refresh(o->feed);
        return true;
    default:
        return move(o, action);
    }
}

bool overview_act(struct overview *o, enum ui_action_id action, const char *arg)
{
    const struct ncm_fleet_row *r = overview_row(o);
    char *about;

    ui_dirty(o->ui);
    if (o->wall.on && (action == A_FULL || (action == A_WALL && arg == NULL))) {
        wall_close(o);
        return true;
    }
    switch (action) {
    case A_TRAFFIC:
    case A_RESTART:
    case A_SCALE:
    case A_PAUSE_ROLLOUT:
    case A_RESUME_ROLLOUT:
    case A_ABORT:
    case A_SET_VERSION:
    case A_LOGS:
    case A_TO_RUN:
        return to_deployment(o, action);
    case A_ROLLBACK:
        if (!to_deployment(o, action)) {
            to_registry(o, action);
        }
        return true;
    case A_PROMOTE:
        to_registry(o, action);
        return true;
    case A_TO_VERSION:
        to_registry(o, A_NONE);
        return true;
    case A_TO_DRIFT:
        to_drift(o);
        return true;
    case A_TO_ALERTS:
        about = ncm_sprintf("about:%s", ncm_cstr(r->model));
        wall_close(o);
        ui_open(o->ui, OBJ_ALERT, about, NULL);
        ncm_free(about);
        return true;
    case A_ACKNOWLEDGE:
        acknowledge(o);
        return true;
    case A_SILENCE:
        silence(o, arg);
        return true;
    default:
        return act_here(o, action, arg);
    }
}
