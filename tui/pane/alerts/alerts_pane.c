/* The pane's table: what the app calls. */
#include "pane/alerts/alerts.h"

#include "pane/panes.h"

#include <string.h>

static void *create(struct ui *ui)
{
    struct alerts *a = ncm_alloc(1, sizeof *a);
    a->ui = ui;
    return a;
}

static void destroy(void *self)
{
    alerts_release(self);
    ncm_free(self);
}

static void enter(void *self)
{
    alerts_enter(self);
}

static void leave(void *self)
{
    alerts_leave(self);
}

static void update(void *self)
{
    alerts_update(self);
}

static void draw(void *self, const struct canvas *c)
{
    struct alerts *a = self;
    alerts_draw(a, c);
    if (a->n_silences > 0) {
        ui_wake_in(a->ui, 30000); /* what is left of a silence */
    }
}

static unsigned contexts(void *self)
{
    return ((const struct alerts *)self)->part == 0 ? IN_ALERTS : IN_SILENCES;
}

static bool act(void *self, enum ui_action_id action, const char *arg)
{
    return alerts_act(self, action, arg);
}

static bool can(void *self, enum ui_action_id action, const char **reason)
{
    return alerts_can(self, action, reason);
}

static size_t hints(void *self, struct ui_hint *out, size_t max)
{
    const struct alerts *a = self;
    static const enum ui_action_id alert[] = {A_OPEN,    A_ACKNOWLEDGE, A_SILENCE,
                                              A_SUBJECT, A_RESOLVED,    A_NEXT_PART};
    static const enum ui_action_id silence[] = {A_OPEN, A_EXPIRE, A_EXTEND, A_RESOLVED,
                                                A_NEXT_PART};
    const enum ui_action_id *from = a->part == 0 ? alert : silence;
    size_t many = a->part == 0 ? sizeof alert / sizeof *alert : sizeof silence / sizeof *silence;
    size_t n = 0;

    for (size_t i = 0; i < many && n < max; i++) {
        const char *reason;
        if (!alerts_can(self, from[i], &reason)) {
            continue;
        }
        out[n++] = (struct ui_hint){from[i], from[i] != A_NEXT_PART ? NULL
                                             : a->part == 0         ? _("silences")
                                                                    : _("alerts")};
    }
    return n;
}

static void trail(void *self, char *out, size_t outsz)
{
    (void)self;
    (void)outsz;
    out[0] = '\0';
}

static bool back(void *self)
{
    struct alerts *a = self;

    if (a->part == 1) {
        a->part = 0;
    } else if (a->filter != NULL) {
        ncm_free(a->filter);
        a->filter = NULL;
        alerts_rebuild(a);
    } else {
        return false;
    }
    ui_dirty(a->ui);
    return true;
}

/* The worst of the sources that there are. */
static struct ncm_freshness_info freshness(void *self)
{
    const struct alerts *a = self;
    struct ncm_freshness_info worst = {.state = NCM_LIVE, .age_ms = -1, .retry_ms = -1};

    for (size_t i = 0; i < ALERT_SOURCES; i++) {
        const struct ncm_err *err =
            a->alert[i].want != NULL ? ncm_want_error(a->alert[i].want) : NULL;
        bool absent = err != NULL && (err->code == NCM_UNSUPPORTED || err->code == NCM_NOT_FOUND);
        if (a->alert[i].want != NULL && !absent) {
            struct ncm_freshness_info f = ncm_want_freshness(a->alert[i].want);
            worst = f.state >= worst.state ? f : worst;
        }
    }
    return worst;
}

static bool open_object(void *self, enum ui_object kind, const char *id, const char *id2)
{
    struct alerts *a = self;
    (void)id2;
    if (kind != OBJ_ALERT) {
        return false;
    }
    a->part = 0;
    if (id != NULL && strncmp(id, "about:", 6) == 0) {
        ncm_free(a->filter);
        a->filter = ncm_strdup(id + 6);
        alerts_rebuild(a);
        return true;
    }
    ncm_free(a->alert_id);
    a->alert_id = ncm_strdup(id);
    alerts_rebuild(a);
    return true;
}

static void objects(void *self,
                    void (*add)(void *to, enum ui_object kind, const char *id, const char *id2,
                                const char *label),
                    void *to)
{
    const struct alerts *a = self;

    for (size_t i = 0; i < a->n_rows; i++) {
        const struct ncm_alert *x = a->rows[i].alert;
        char label[300];
        const struct ncm_str text = x->summary.len > 0 ? x->summary : x->rule;
        char *id = ncm_sprintf("%s/%s", ncm_cstr(x->source), ncm_cstr(x->id));
        ncm_text_clip(label, sizeof label, ncm_cstr(text), text.len, 70);
        add(to, OBJ_ALERT, id, NULL, label);
        ncm_free(id);
    }
}

static void mouse(void *self, const struct term_event *ev, const struct canvas *c)
{
    struct alerts *a = self;
    struct table_model m = a->part == 0 ? alerts_model(a) : alerts_silence_model(a);
    struct table *t = a->part == 0 ? &a->table : &a->silence_table;

    if (ev->button == 4 || ev->button == 5) {
        alerts_act(a, ev->button == 4 ? A_UP : A_DOWN, NULL);
        return;
    }
    size_t row = table_row_at(t, &m, ev->y - c->y - 1);
    if (row != SIZE_MAX) {
        t->selected = row;
        alerts_remember(a);
        ui_dirty(a->ui);
    }
}

const struct pane_ops pane_alerts = {
    .id = "alerts",
    .number = 6,
    .title = N_("Alerts"),
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
