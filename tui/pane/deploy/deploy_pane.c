/* The pane's table: what the app calls. */
#include "pane/deploy/deploy.h"

#include "pane/panes.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)

static void *create(struct ui *ui)
{
    struct deploy *d = ncm_alloc(1, sizeof *d);
    d->ui = ui;
    d->logs.hit = SIZE_MAX;
    d->logs.wrap = true;
    return d;
}

static void destroy(void *self)
{
    deploy_release(self);
    ncm_free(self);
}

static void enter(void *self)
{
    deploy_enter(self);
}

static void leave(void *self)
{
    deploy_leave(self);
}

static void update(void *self)
{
    deploy_update(self);
}

/* Ages of what changed a moment ago are painted again soon, the older the later. */
static void wake_for_ages(const struct deploy *d)
{
    int64_t now = ncm_now_ms(), youngest = INT64_MAX;

    for (size_t i = 0; d->fleet != NULL && i < d->fleet->n_deployments; i++) {
        int64_t since = d->fleet->deployments[i].it->health_since_ms;
        int64_t age = since == NCM_NO_TIME ? INT64_MAX : ncm_ms_between(since, now);
        youngest = age >= 0 && age < youngest ? age : youngest;
    }
    if (d->fleet != NULL) {
        ui_wake_in(d->ui, youngest < MINUTE_MS        ? 5000
                          : youngest < 60 * MINUTE_MS ? MINUTE_MS
                                                      : 10 * MINUTE_MS);
    }
}

static void draw(void *self, const struct canvas *c)
{
    struct deploy *d = self;

    if (d->view == DEPLOY_DETAIL) {
        deploy_draw_detail(d, c);
    } else {
        deploy_draw_list(d, c);
    }
    wake_for_ages(d);
}

static unsigned contexts(void *self)
{
    const struct deploy *d = self;

    return d->view == DEPLOY_LIST ? IN_DEPLOY
           : d->part == PART_LOGS ? IN_DEPLOY_LOGS
                                  : IN_DEPLOYMENT;
}

static bool act(void *self, enum ui_action_id action, const char *arg)
{
    return deploy_act(self, action, arg);
}

static bool can(void *self, enum ui_action_id action, const char **reason)
{
    return deploy_can(self, action, reason);
}

static size_t hints(void *self, struct ui_hint *out, size_t max)
{
    struct deploy *d = self;
    static const enum ui_action_id list[] = {A_OPEN,    A_LOGS, A_TRAFFIC,    A_PROMOTE, A_ROLLBACK,
                                             A_RESTART, A_SORT, A_TO_VERSION, A_TO_DRIFT};
    static const enum ui_action_id detail[] = {A_NEXT_TAB, A_OPEN,      A_LOGS,    A_TRAFFIC,
                                               A_PROMOTE,  A_ROLLBACK,  A_RESTART, A_TO_VERSION,
                                               A_TO_DRIFT, A_TO_ALERTS, A_BACK};
    static const enum ui_action_id logs[] = {A_NEXT_TAB, A_REPLICA, A_CONTAINER, A_PREVIOUS_LOGS,
                                             A_TIMES,    A_WRAP,    A_PAUSE,     A_BACK};
    const enum ui_action_id *from = list;
    size_t many = sizeof list / sizeof *list, n = 0;

    if (d->view == DEPLOY_DETAIL) {
        from = d->part == PART_LOGS ? logs : detail;
        many = d->part == PART_LOGS ? sizeof logs / sizeof *logs : sizeof detail / sizeof *detail;
    }
    if (d->view == DEPLOY_LIST && deploy_is_offered(d) && max > 0) {
        out[n++] = (struct ui_hint){A_OPEN, _("connect")};
        return n;
    }
    if (deploy_selected(d) == NULL) {
        return 0;
    }
    for (size_t i = 0; i < many && n < max; i++) {
        const char *reason = "";
        if (from[i] != A_NEXT_TAB && from[i] != A_BACK && from[i] != A_PAUSE &&
            !deploy_can(d, from[i], &reason)) {
            continue;
        }
        out[n++] = (struct ui_hint){from[i], from[i] == A_NEXT_TAB ? _("part") : NULL};
    }
    return n;
}

static void trail(void *self, char *out, size_t outsz)
{
    const struct deploy *d = self;
    char name[160];

    out[0] = '\0';
    if (d->view == DEPLOY_DETAIL && d->ref != NULL) {
        ncm_text_clip_middle(name, sizeof name, d->ref, strlen(d->ref), 48);
        snprintf(out, outsz, "%s %s %s", name, ncm_text_utf8() ? "›" : ">",
                 deploy_part_title(d->part));
    }
}

static bool back(void *self)
{
    struct deploy *d = self;

    if (d->view == DEPLOY_DETAIL && d->part == PART_LOGS && !d->logs_from_list &&
        d->logs_from != PART_LOGS) {
        deploy_show_part(d, d->logs_from);
    } else if (d->view == DEPLOY_DETAIL) {
        d->view = DEPLOY_LIST;
        deploy_logs_end(d);
        deploy_rebuild(d);
    } else if (d->filter != NULL) {
        ncm_free(d->filter);
        d->filter = NULL;
        deploy_rebuild(d);
    } else {
        return false;
    }
    ui_dirty(d->ui);
    return true;
}

static struct ncm_freshness_info freshness(void *self)
{
    const struct deploy *d = self;
    struct ncm_freshness_info info = {
        .state = NCM_LIVE, .age_ms = -1, .retry_ms = -1, .unasked = true};

    if (d->feed != NULL) {
        ncm_fleet_feed_freshness(d->feed, &info);
    }
    return info;
}

static void trouble(void *self, struct ncm_buf *out)
{
    const struct deploy *d = self;

    if (d->feed != NULL) {
        ncm_fleet_feed_trouble(d->feed, out);
    }
}

/* "model:NAME": the worst that serves it, alone; several are shown as a list. */
static bool open_model(struct deploy *d, const char *model)
{
    size_t n = 0;

    ncm_free(d->filter);
    d->filter = NULL;
    d->view = DEPLOY_LIST;
    for (size_t i = 0; d->fleet != NULL && i < d->fleet->n_deployments; i++) {
        if (ncm_str_is(d->fleet->deployments[i].is.model, model) && n++ == 0) {
            char *ref = ncm_deployment_ref(d->fleet->deployments[i].it);
            deploy_select(d, ref, ncm_cstr(d->fleet->deployments[i].it->kind));
            ncm_free(ref);
        }
    }
    if (n == 1) {
        d->view = DEPLOY_DETAIL;
        deploy_show_part(d, PART_OVERVIEW);
    } else {
        d->filter = ncm_strdup(model);
    }
    deploy_rebuild(d);
    return true;
}

static bool open_object(void *self, enum ui_object kind, const char *id, const char *id2)
{
    struct deploy *d = self;

    if (kind != OBJ_DEPLOYMENT || id == NULL) {
        return false;
    }
    if (strncmp(id, "model:", 6) == 0) {
        return open_model(d, id + 6);
    }
    bool there = deploy_select(d, id, id2);
    d->view = DEPLOY_DETAIL;
    deploy_show_part(d, PART_OVERVIEW);
    return there || d->fleet == NULL || d->fleet->n_deployments == 0; /* it may still come */
}

static void objects(void *self,
                    void (*add)(void *to, enum ui_object kind, const char *id, const char *id2,
                                const char *label),
                    void *to)
{
    const struct deploy *d = self;

    for (size_t i = 0; d->fleet != NULL && i < d->fleet->n_deployments; i++) {
        const struct ncm_deployment *x = d->fleet->deployments[i].it;
        char *ref = ncm_deployment_ref(x);
        char label[300];
        ncm_text_clip(label, sizeof label, ref, strlen(ref), 60);
        add(to, OBJ_DEPLOYMENT, ref, ncm_cstr(x->kind), label);
        ncm_free(ref);
    }
}

static void mouse(void *self, const struct term_event *ev, const struct canvas *c)
{
    struct deploy *d = self;
    struct table_model m = deploy_list_model(d);

    if (ev->button == 4 || ev->button == 5) {
        deploy_act(d, ev->button == 4 ? A_UP : A_DOWN, NULL);
        return;
    }
    size_t row =
        d->view == DEPLOY_LIST ? table_row_at(&d->table, &m, ev->y - c->y - d->body_y) : SIZE_MAX;
    if (row != SIZE_MAX) {
        d->table.selected = row;
        deploy_remember(d, true);
        ui_dirty(d->ui);
    }
}

static bool useful(void *self)
{
    const struct deploy *d = self;
    size_t n = 0;

    ncm_deploy_sources(ui_session(d->ui), &n);
    return n > 0;
}

const struct pane_ops pane_deploy = {
    .id = "deploy",
    .number = 4,
    .title = N_("Deploy"),
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
    .open = open_object,
    .objects = objects,
    .mouse = mouse,
    .useful = useful,
};
