/* A rollout as it happens: its steps, how far it is, and what can be done about one that stopped.
 * Only looks; what it changes goes through a question whose default is no. */
#include <stdio.h>
#include <string.h>

#include "api/deploy.h"
#include "ui/change.h"
#include "ui/wrap.h"

enum asks { ASK_NOTHING, ASK_STOP, ASK_CONTINUE, ASK_BACK, ASK_LEAVE };

struct rollout_layer {
    struct ncm_want *want;
    char id[40];    /* the one that is shown; "": the newest */
    enum asks asks; /* what the question over it is about */
};

static const struct ncm_rollouts_snapshot *all_of(const struct rollout_layer *r)
{
    return ncm_want_get(r->want);
}

/* Index of the one that is shown, or SIZE_MAX. */
static size_t index_of(const struct rollout_layer *r)
{
    const struct ncm_rollouts_snapshot *s = all_of(r);
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        if (r->id[0] == '\0' || ncm_str_is(s->items[i].id, r->id)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static const struct ncm_rollout *shown(const struct rollout_layer *r)
{
    size_t i = index_of(r);
    return i != SIZE_MAX ? &all_of(r)->items[i] : NULL;
}

static bool takes_text(const void *self)
{
    (void)self;
    return false;
}

static void destroy(void *self)
{
    struct rollout_layer *r = self;
    ncm_want_release(r->want);
    ncm_free(r);
}

/* ---- painting ---- */

static enum role state_role(enum ncm_rollout_state s)
{
    switch (s) {
    case NCM_ROLLOUT_RUNNING:
        return ROLE_RUN;
    case NCM_ROLLOUT_INTERRUPTED:
    case NCM_ROLLOUT_STOPPED:
        return ROLE_FAIL;
    case NCM_ROLLOUT_DONE:
        return ROLE_OK;
    default:
        return ROLE_DIM;
    }
}

static const char *state_label(enum ncm_rollout_state s)
{
    switch (s) {
    case NCM_ROLLOUT_RUNNING:
        return _("under way");
    case NCM_ROLLOUT_INTERRUPTED:
        return _("interrupted: nobody is carrying it out");
    case NCM_ROLLOUT_STOPPED:
        return _("stopped");
    case NCM_ROLLOUT_DONE:
        return _("done");
    case NCM_ROLLOUT_UNDONE:
        return _("taken back");
    default:
        return _("left as it was");
    }
}

static const char *step_sign(enum ncm_step_state s, enum role *role)
{
    switch (s) {
    case NCM_STEP_DONE:
        *role = ROLE_OK;
        return sign(SIGN_CHECK);
    case NCM_STEP_RUNNING:
        *role = ROLE_RUN;
        return sign(SIGN_LOADING);
    case NCM_STEP_FAILED:
        *role = ROLE_FAIL;
        return sign(SIGN_CROSS);
    case NCM_STEP_PLANNED:
        *role = ROLE_DIM;
        return sign(SIGN_DOT);
    default: /* taken back, or not needed */
        *role = ROLE_DIM;
        return sign(SIGN_DASH);
    }
}

static void clean(struct ncm_str s, char *out, size_t outsz)
{
    ncm_text_clip(out, outsz, ncm_cstr(s), s.len, (int)outsz);
}

static int draw_step(struct ui *ui, const struct canvas *in, int y, size_t i,
                     const struct ncm_rollout_step *s)
{
    char text[512], took[32] = "";
    enum role role;
    const char *glyph = step_sign(s->state, &role);
    bool now = s->state == NCM_STEP_RUNNING;
    int64_t until = s->ended_ms != NCM_NO_TIME ? s->ended_ms : ncm_now_ms();
    if (s->started_ms != NCM_NO_TIME && s->state != NCM_STEP_PLANNED) {
        ncm_fmt_duration(took, sizeof took, ncm_ms_between(s->started_ms, until));
    }
    if (now) {
        ui_wake_in(ui, 1000);
    }
    paint(in, y, 0, role, ATTR_BOLD, glyph);
    clean(s->what, text, sizeof text);
    char *line = ncm_sprintf("%zu. %s", i + 1, text);
    int right = took[0] != '\0' ? ncm_text_width(took) + 2 : 0;
    paint_cut(in, y, 2, in->w - 2 - right, 0, s->state == NCM_STEP_PLANNED ? ROLE_DIM : ROLE_TEXT,
              now ? ATTR_BOLD : 0, line);
    ncm_free(line);
    if (right > 0) {
        paint(in, y, in->w - right + 2, ROLE_DIM, 0, took);
    }
    y++;
    if (s->detail.p != NULL && s->state != NCM_STEP_SKIPPED) {
        clean(s->detail, text, sizeof text);
        y += wrap_paint(in, y, 5, in->w - 5, 2, s->state == NCM_STEP_FAILED ? ROLE_FAIL : ROLE_DIM,
                        text);
    }
    return y;
}

static int rows_of(const struct ncm_rollout *x)
{
    int rows = 3;
    for (size_t i = 0; i < x->n_steps; i++) {
        rows += 1 + (x->steps[i].detail.p != NULL ? 2 : 0);
    }
    return rows;
}

static void draw(struct ui *ui, void *self, const struct frame_layout *l)
{
    struct rollout_layer *r = self;
    const struct ncm_rollout *x = shown(r);
    char title[256], when[48], line[512];
    int w = l->body.w - 4 > 96 ? 96 : l->body.w - 4;
    struct canvas box = layout_box(&l->body, x != NULL ? rows_of(x) : 1, w);
    if (x == NULL) {
        struct canvas none = box_draw(&box, _("Plans"), ROLE_FOCUS);
        paint(&none, 0, 0, ROLE_DIM, 0, all_of(r) != NULL ? _("no plan yet") : _("loading…"));
        return;
    }
    ncm_text_clip(title, sizeof title, ncm_cstr(x->title), x->title.len, box.w - 6);
    struct canvas in = box_draw(&box, title, ROLE_FOCUS);
    int y = 0;
    int at = paint(&in, y, 0, state_role(x->state), ATTR_BOLD, state_label(x->state));
    char actor[80];
    clean(x->actor, actor, sizeof actor);
    snprintf(line, sizeof line, _("by %s, %s"), actor,
             ncm_fmt_time(when, sizeof when, x->created_ms, false));
    paint_cut(&in, y, at + 2, in.w - at - 2, 0, ROLE_DIM, 0, line);
    y += in.h > rows_of(x) - 1 ? 2 : 1;
    for (size_t i = 0; i < x->n_steps && y < in.h; i++) {
        y = draw_step(ui, &in, y, i, &x->steps[i]);
    }
}

/* ---- what can be done ---- */

static bool may(const struct ncm_rollout *x, enum asks a)
{
    if (x == NULL) {
        return false;
    }
    bool idle = x->state == NCM_ROLLOUT_INTERRUPTED || x->state == NCM_ROLLOUT_STOPPED;
    if (a == ASK_BACK && x->state == NCM_ROLLOUT_DONE) {
        return true;
    }
    return a == ASK_STOP ? x->state == NCM_ROLLOUT_RUNNING : idle;
}

static struct rollout_layer *layer_of(struct ui *ui);

static void ended(struct ui *ui, void *ctx, struct ncm_job_result *result)
{
    (void)ctx;
    if (result->ok) {
        ui_message(ui, UI_GOOD, "%s", _("the plan is over"));
    } else {
        ui_error(ui, &result->err);
    }
    ncm_free(result->arg);
}

static void agreed(struct ui *ui)
{
    struct rollout_layer *r = layer_of(ui);
    const struct ncm_rollout *x = r != NULL ? shown(r) : NULL;
    const char *id = x != NULL ? ncm_cstr(x->id) : "";
    struct ncm_session *s = ui_session(ui);
    if (x == NULL || !may(x, r->asks)) {
        return;
    }
    switch (r->asks) {
    case ASK_STOP:
        if (ncm_rollout_stop(s, id)) {
            ui_message(ui, UI_INFO, "%s", _("it stops after what is under way"));
        } else {
            ui_message(ui, UI_BAD, "%s", _("another ncmlops carries it out: stop it there"));
        }
        break;
    case ASK_CONTINUE:
        ui_await(ui, ncm_rollout_continue_start(s, id), ended, NULL);
        break;
    case ASK_BACK:
        ui_await(ui, ncm_rollout_undo_start(s, id), ended, NULL);
        break;
    case ASK_LEAVE:
        ui_await(ui, ncm_rollout_leave_start(s, id), ended, NULL);
        break;
    default:
        break;
    }
}

static void ask(struct ui *ui, struct rollout_layer *r, enum asks what)
{
    static const char *const questions[] = {
        NULL,
        N_("Stop the plan after what is under way?"),
        N_("Go on with the plan where it stopped?"),
        N_("Take back everything that the plan has done?"),
        N_("Leave everything as it is and close the plan?"),
    };
    static const char *const answers[] = {NULL, N_("Stop"), N_("Go on"), N_("Take back"),
                                          N_("Leave it")};
    const char *reason = "";
    const struct ncm_rollout *x = shown(r);
    if (x == NULL || !may(x, what)) {
        return;
    }
    /* The answer is about this one, whichever is the newest by then. */
    snprintf(r->id, sizeof r->id, "%s", ncm_cstr(x->id));
    if (!ui_may_change(ui, &reason)) {
        ui_message(ui, UI_BAD, "%s", reason);
        return;
    }
    r->asks = what;
    confirm_open(ui, _(questions[what]), _(answers[what]), _("Cancel"), false, agreed);
}

static void step_to(struct rollout_layer *r, int by)
{
    const struct ncm_rollouts_snapshot *s = all_of(r);
    size_t i = index_of(r);
    if (i == SIZE_MAX || (by < 0 && i == 0) || (by > 0 && i + 1 >= s->n)) {
        return;
    }
    i = by < 0 ? i - 1 : i + 1;
    snprintf(r->id, sizeof r->id, "%s", ncm_cstr(s->items[i].id));
}

static void key(struct ui *ui, void *self, int k, bool jamo)
{
    struct rollout_layer *r = self;
    enum ui_action_id action = keymap_find(k, IN_TEXT);
    ui_dirty(ui);
    if (action == A_BACK || action == A_QUIT || k == TK_ENTER) {
        layer_end(ui, r);
    } else if (k == '[' || k == ']') {
        step_to(r, k == '[' ? 1 : -1);
    } else if (!jamo && k == 'X') {
        ask(ui, r, ASK_STOP);
    } else if (!jamo && k == 'C') {
        ask(ui, r, ASK_CONTINUE);
    } else if (!jamo && k == 'B') {
        ask(ui, r, ASK_BACK);
    } else if (!jamo && k == 'L') {
        ask(ui, r, ASK_LEAVE);
    }
}

static size_t keys(void *self, struct layer_key *out, size_t max)
{
    struct rollout_layer *r = self;
    const struct ncm_rollout *x = shown(r);
    size_t n = 0;
    (void)max;
    const struct {
        enum asks what;
        const char *key, *label;
    } ways[] = {{ASK_CONTINUE, "C", _("go on…")},
                {ASK_BACK, "B", _("take back…")},
                {ASK_LEAVE, "L", _("leave as it is…")},
                {ASK_STOP, "X", _("stop…")}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (may(x, ways[i].what)) {
            out[n++] = (struct layer_key){ways[i].key, ways[i].label};
        }
    }
    out[n++] = (struct layer_key){
        "esc", x != NULL && x->state == NCM_ROLLOUT_RUNNING ? _("leave it running") : _("close")};
    if (x != NULL && all_of(r)->n > 1) {
        out[n++] = (struct layer_key){"[ ]", _("other plans")};
    }
    return n;
}

static const struct layer_ops ops = {takes_text, draw, key, NULL, NULL, keys, destroy};

static struct rollout_layer *layer_of(struct ui *ui)
{
    for (struct layer *l = ui->top; l != NULL; l = l->below) {
        if (l->ops == &ops) {
            return l->self;
        }
    }
    return NULL;
}

void rollouts_open(struct ui *ui)
{
    if (ui_session(ui) == NULL || layer_of(ui) != NULL) {
        return;
    }
    struct rollout_layer *r = ncm_alloc(1, sizeof *r);
    struct ncm_query *q = ncm_query_new(NCM_T_ROLLOUTS);
    q->view = NCM_VIEW_ALL;
    r->want = ncm_session_want(ui_session(ui), q);
    ncm_query_free(q);
    layer_push(ui, &ops, r);
}

/* ---- one that was found lying ---- */

void rollouts_watch(struct ui *ui)
{
    struct ui_world *w = ui->now;
    if (w->rollouts == NULL) {
        struct ncm_query *q = ncm_query_new(NCM_T_ROLLOUTS);
        w->rollouts = ncm_session_want(w->session, q);
        ncm_query_free(q);
    }
    const struct ncm_rollouts_snapshot *s = ncm_want_get(w->rollouts);
    for (size_t i = 0; s != NULL && i < s->n && !w->rollout_told; i++) {
        const struct ncm_rollout *x = &s->items[i];
        if (x->state == NCM_ROLLOUT_INTERRUPTED) {
            char title[200];
            clean(x->title, title, sizeof title);
            w->rollout_told = true;
            ui_message(ui, UI_BAD,
                       _("interrupted at step %zu of %zu: %s\n:rollouts goes on with it or"
                         " takes it back"),
                       x->position + 1, x->n_steps, title);
        }
    }
}

/* ---- the panel before it ---- */

static void run_ended(struct ui *ui, void *ctx, struct ncm_job_result *result)
{
    struct ncm_rollout_plan *plan = result->arg;
    char title[300];
    (void)ctx;
    ncm_text_clip(title, sizeof title, plan->title, strlen(plan->title), 200);
    if (result->ok) {
        ui_message(ui, UI_GOOD, _("done: %s"), title);
    } else {
        ui_error(ui, &result->err);
    }
    ncm_rollout_plan_free(plan);
}

void rollout_go(struct ui *ui, struct change *c)
{
    struct ncm_rollout_plan *plan = c->rollout;
    c->rollout = NULL;
    if (c->reason.len > 0) {
        ncm_intent_set(&plan->wish->reason, c->reason.text);
    }
    layer_end(ui, c);
    ui_await(ui, ncm_rollout_run_start(ui->now->session, plan), run_ended, NULL);
    rollouts_open(ui);
}
