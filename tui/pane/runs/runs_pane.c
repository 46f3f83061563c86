/* Pane 2, Runs: a stack of views and what every one of them needs. */
#include <stdio.h>
#include <string.h>

#include "runs.h"

struct ncm_session *pane_session(const struct runs_pane *p)
{
    return ui_session(p->ui);
}

struct view *pane_top(const struct runs_pane *p)
{
    return p->stack[p->depth - 1];
}

void pane_ask(struct runs_pane *p, struct feed *f, struct ncm_query *q)
{
    feed_ask(f, p->shown ? pane_session(p) : NULL, q);
    f->session = pane_session(p); /* asked when the pane is shown */
}

static void pop(struct runs_pane *p)
{
    struct view *v = pane_top(p);
    p->depth--;
    v->ops->free(v);
}

void pane_push(struct runs_pane *p, struct view *v)
{
    if (p->depth == RUNS_DEPTH) { /* the oldest above the browser makes room */
        p->stack[1]->ops->free(p->stack[1]);
        memmove(&p->stack[1], &p->stack[2], (RUNS_DEPTH - 2) * sizeof p->stack[0]);
        p->depth--;
    }
    p->stack[p->depth++] = v;
    v->ops->update(v);
    ui_dirty(p->ui);
}

void pane_open_run(struct runs_pane *p, const char *run_id)
{
    pane_push(p, run_detail_new(p, run_id));
}

static void take_models(struct runs_pane *p)
{
    badges_free(p->badges);
    p->badges = p->models.snap != NULL ? badges_new(p->models.snap) : NULL;
}

static void *create(struct ui *ui)
{
    struct runs_pane *p = ncm_alloc(1, sizeof *p);
    p->ui = ui;
    p->stack[p->depth++] = browse_new(p);
    pane_ask(p, &p->models, ncm_query_new(NCM_T_MODELS));
    if (ncm_session_has_monitors(pane_session(p)))
        pane_ask(p, &p->drift, ncm_query_new(NCM_T_DRIFT));
    return p;
}

static void destroy(void *self)
{
    struct runs_pane *p = self;
    while (p->depth > 0)
        pop(p);
    run_actions_release(p);
    ncm_free(p->deleting);
    badges_free(p->badges);
    feed_release(&p->models);
    feed_release(&p->drift);
    ncm_free(p);
}

static void pause_feed(struct feed *f, void *to)
{
    feed_pause(f, *(bool *)to);
}

static void show(struct runs_pane *p, bool shown)
{
    bool paused = !shown;
    p->shown = shown;
    feed_pause(&p->models, paused); /* what is asked last is answered first */
    feed_pause(&p->drift, paused);
    for (size_t i = 0; i < p->depth; i++)
        p->stack[i]->ops->feeds(p->stack[i], pause_feed, &paused);
}

static void update_feed(struct feed *f, void *to)
{
    (void)to;
    feed_update(f);
}

/* A run that was deleted from its own view: back to where it was opened. */
static void leave_deleted(struct runs_pane *p)
{
    struct view *v = pane_top(p);
    const struct ncm_run *r = v->ops->run(v);
    if (p->deleting == NULL || p->depth < 2 || r == NULL || !ncm_str_is(r->id, p->deleting) ||
        r->lifecycle != NCM_DELETED)
        return;
    ncm_free(p->deleting);
    p->deleting = NULL;
    p->guest = false;
    while (p->depth > 1 && (r = pane_top(p)->ops->run(pane_top(p))) != NULL &&
           r->lifecycle == NCM_DELETED)
        pop(p);
    ui_dirty(p->ui);
}

static void update(void *self)
{
    struct runs_pane *p = self;
    if (feed_update(&p->models))
        take_models(p);
    feed_update(&p->drift);
    for (size_t i = 0; i < p->depth; i++) {
        p->stack[i]->ops->feeds(p->stack[i], update_feed, NULL);
        p->stack[i]->ops->update(p->stack[i]);
    }
    leave_deleted(p);
    run_actions_update(p);
}

static void enter(void *self)
{
    ((struct runs_pane *)self)->entered = true;
    show(self, true);
    update(self);
}

static void leave(void *self)
{
    show(self, false);
}

static void draw(void *self, const struct canvas *c)
{
    ((struct runs_pane *)self)->entered = false;
    struct view *v = pane_top(self);
    v->ops->draw(v, c);
}

static unsigned contexts(void *self)
{
    struct view *v = pane_top(self);
    return v->ops->contexts(v);
}

/* Facts of the selected run, for y and Y where the view has no better idea. */
static bool copy_run(struct runs_pane *p, const struct ncm_run *r)
{
    char id[128];
    if (r == NULL)
        return false;
    ui_copy(p->ui, clean_text(r->id, id, sizeof id), _("run id"));
    return true;
}

static void refresh_feed(struct feed *f, void *to)
{
    (void)to;
    if (f->want != NULL)
        ncm_want_refresh(f->want);
}

static void note_deleting(struct runs_pane *p, enum ui_action_id action)
{
    const struct ncm_run *r = pane_top(p)->ops->run(pane_top(p));
    ncm_free(p->deleting);
    p->deleting =
        action == A_DELETE && p->depth > 1 && r != NULL ? ncm_strdup(ncm_cstr(r->id)) : NULL;
}

static bool act(void *self, enum ui_action_id action, const char *arg)
{
    struct runs_pane *p = self;
    if (action == A_VIEW_DELETED && p->depth > 1) { /* what is deleted is seen in the lists */
        while (p->depth > 1)
            pop(p);
        p->guest = false;
        browse_focus_runs(p->stack[0]);
    }
    struct view *v = pane_top(p);
    p->action.pending = A_NONE; /* who does something else waits no more */
    note_deleting(p, action);
    if (v->ops->act(v, action, arg)) {
        ui_dirty(p->ui);
        return true;
    }
    switch (action) {
    case A_COPY:
        return copy_run(p, v->ops->run(v));
    case A_REFRESH:
        v->ops->feeds(v, refresh_feed, NULL);
        refresh_feed(&p->models, NULL);
        return true;
    case A_ARTIFACTS: {
        const struct ncm_run *r = v->ops->run(v);
        if (r == NULL)
            return false;
        pane_push(p, run_artifacts_new(p, ncm_cstr(r->id)));
        return true;
    }
    default:
        return run_actions_act(p, action, arg);
    }
}

/* What is acted upon is deleted: NCM_DELETED, else NCM_ACTIVE; false: nothing is selected. */
static bool target_state(struct view *v, enum ncm_lifecycle *state)
{
    const struct ncm_run *r = v->ops->run(v);
    const struct ncm_experiment *e = v->ops->experiment != NULL ? v->ops->experiment(v) : NULL;
    if (r == NULL && e == NULL)
        return false;
    *state = e != NULL ? e->lifecycle : r->lifecycle;
    return true;
}

static bool can(void *self, enum ui_action_id action, const char **reason)
{
    struct view *v = pane_top(self);
    enum ncm_lifecycle state = NCM_ACTIVE;
    if (v->ops->can != NULL && !v->ops->can(v, action, reason))
        return false;
    bool some = target_state(v, &state);
    if (action == A_NOTE && ncm_session_locked(pane_session(self))) {
        *reason = _("Nothing can be changed in this session, so a note could not be saved.");
        return false;
    }
    switch (action) {
    case A_NOTE:
    case A_REGISTER:
    case A_ARTIFACTS:
    case A_PROMOTE:
        if (v->ops->run(v) == NULL)
            *reason = _("Select a run first.");
        return v->ops->run(v) != NULL;
    case A_TAG:
    case A_UNTAG:
    case A_RENAME:
    case A_DELETE:
    case A_RESTORE:
        break;
    default:
        return true;
    }
    if (!some)
        *reason = _("Select a run or an experiment first.");
    else if (action == A_RESTORE && state != NCM_DELETED)
        *reason = _("This is not deleted.");
    else if (action == A_DELETE && state == NCM_DELETED)
        *reason = _("This is deleted already: `:restore` brings it back.");
    else
        return true;
    return false;
}

static size_t hints(void *self, struct ui_hint *out, size_t max)
{
    struct view *v = pane_top(self);
    return v->ops->hints(v, out, max);
}

static void trail(void *self, char *out, size_t outsz)
{
    struct runs_pane *p = self;
    out[0] = '\0';
    for (size_t i = 0; i < p->depth; i++) {
        char name[200];
        name[0] = '\0';
        p->stack[i]->ops->name(p->stack[i], name, sizeof name);
        size_t len = strlen(out);
        if (name[0] == '\0' || (i == 0 && p->guest)) /* a guest comes with its own experiment */
            continue;
        snprintf(out + len, outsz - len, "%s%s",
                 len == 0          ? ""
                 : ncm_text_utf8() ? " › "
                                   : " > ",
                 name);
    }
}

static bool back(void *self)
{
    struct runs_pane *p = self;
    struct view *v = pane_top(p);
    ui_dirty(p->ui);
    if (v->ops->back(v))
        return true;
    if (p->depth <= 1)
        return false;
    bool leave_pane = p->guest && p->depth == 2; /* back to the pane that opened it */
    pop(p);
    pane_top(p)->ops->update(pane_top(p));
    p->guest = p->guest && p->depth > 1;
    return !leave_pane;
}

static void worst_feed(struct feed *f, void *to)
{
    struct ncm_freshness_info *worst = to;
    if (f->want != NULL)
        *worst = freshness_worse(*worst, feed_freshness(f));
}

static struct ncm_freshness_info freshness(void *self)
{
    struct view *v = pane_top(self);
    struct ncm_freshness_info worst = {.state = NCM_LIVE, .age_ms = -1, .retry_ms = -1};
    v->ops->feeds(v, worst_feed, &worst);
    return worst;
}

static bool open_object(void *self, enum ui_object kind, const char *id, const char *id2)
{
    struct runs_pane *p = self;
    (void)id2;
    if (kind != OBJ_EXPERIMENT && kind != OBJ_RUN)
        return false;
    while (p->depth > 1)
        pop(p);
    if (kind == OBJ_EXPERIMENT)
        browse_open(p->stack[0], id);
    else
        pane_open_run(p, id);
    p->guest = p->entered && kind == OBJ_RUN;
    ui_dirty(p->ui);
    return true;
}

static void objects(void *self,
                    void (*add)(void *to, enum ui_object kind, const char *id, const char *id2,
                                const char *label),
                    void *to)
{
    struct runs_pane *p = self;
    browse_objects(p->stack[0], add, to);
}

static void mouse(void *self, const struct term_event *ev, const struct canvas *c)
{
    struct runs_pane *p = self;
    struct view *v = pane_top(p);
    (void)c;
    if (v->ops->mouse != NULL && v->ops->mouse(v, ev))
        ui_dirty(p->ui);
}

extern const struct pane_ops pane_runs;
const struct pane_ops pane_runs = {
    .id = "runs",
    .number = 2,
    .title = N_("Runs"),
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
    .open = open_object,
    .objects = objects,
    .mouse = mouse,
};
