/* The pane's table: what the app calls. */
#include "pane/drift/drift.h"

#include "pane/panes.h"

#include <stdio.h>
#include <string.h>

static void *create(struct ui *ui)
{
    struct drift *d = ncm_alloc(1, sizeof *d);
    d->ui = ui;
    d->cursor_ms = d->lost_ms = NCM_NO_TIME;
    d->bin = SIZE_MAX;
    d->curve.focus = -1;
    return d;
}

static void enter(void *self)
{
    drift_enter(self);
}

static void leave(void *self)
{
    drift_leave(self);
}

static void destroy(void *self)
{
    drift_release(self);
    ncm_free(self);
}

static void update(void *self)
{
    drift_update(self);
}

static void draw(void *self, const struct canvas *c)
{
    struct drift *d = self;
    switch (d->view) {
    case DRIFT_MAP:
        drift_draw_map(d, c);
        break;
    case DRIFT_FEATURE:
        drift_draw_feature(d, c);
        break;
    case DRIFT_ROWS:
        drift_draw_rows(d, c);
        break;
    }
}

static unsigned contexts(void *self)
{
    const struct drift *d = self;
    return d->view == DRIFT_MAP ? IN_DRIFT : IN_FEATURE;
}

static bool act(void *self, enum ui_action_id action, const char *arg)
{
    return drift_act(self, action, arg);
}

static bool can(void *self, enum ui_action_id action, const char **reason)
{
    return drift_can(self, action, reason);
}

static size_t hints(void *self, struct ui_hint *out, size_t max)
{
    const struct drift *d = self;
    static const enum ui_action_id map[] = {A_OPEN,      A_LEFT,      A_METHOD,   A_WINDOW,
                                            A_REFERENCE, A_THRESHOLD, A_VERSIONS, A_ACKNOWLEDGE,
                                            A_SILENCE,   A_SORT,      A_COARSER,  A_LIVE};
    static const enum ui_action_id feature[] = {
        A_LEFT,      A_NEXT_TAB, A_DRIFT_ROWS,  A_METHOD,  A_WINDOW, A_REFERENCE,
        A_THRESHOLD, A_VERSIONS, A_ACKNOWLEDGE, A_SILENCE, A_LIVE,   A_BACK};
    static char both[64]; /* "h" and then "l window" */
    size_t n = 0, many = sizeof map / sizeof *map;
    const enum ui_action_id *from = d->view == DRIFT_MAP ? map : feature;

    if (d->view == DRIFT_ROWS) {
        static const enum ui_action_id rows[] = {A_OPEN, A_COPY, A_BACK};
        for (size_t i = 0; i < sizeof rows / sizeof *rows && n < max; i++) {
            out[n++] = (struct ui_hint){rows[i], NULL};
        }
        return n;
    }
    if (drift_selected(d) == NULL) {
        return 0;
    }
    snprintf(both, sizeof both, "%s %s", keymap_label(A_RIGHT), _("window"));
    if (d->settings != NULL && max > 0) {
        out[n++] = (struct ui_hint){A_CONFIGURED, NULL};
    }
    for (size_t i = 0; i < many && n < max; i++) {
        if (from[i] == A_ACKNOWLEDGE && drift_alert(d) == NULL) {
            continue;
        }
        out[n++] = (struct ui_hint){from[i], from[i] == A_LEFT       ? both
                                             : from[i] == A_NEXT_TAB ? _("part")
                                                                     : NULL};
    }
    return n;
}

static void trail(void *self, char *out, size_t outsz)
{
    const struct drift *d = self;
    char id[120], feature[80];

    out[0] = '\0';
    if (d->view == DRIFT_MAP || d->monitor_id == NULL) {
        return;
    }
    const char *name = d->feature_name != NULL ? d->feature_name : "";
    const char *into = ncm_text_utf8() ? "›" : ">";
    ncm_text_clip_middle(id, sizeof id, d->monitor_id, strlen(d->monitor_id), 40);
    ncm_text_clip_middle(feature, sizeof feature, name, strlen(name), 30);
    snprintf(out, outsz, "%s %s %s%s%s%s", id, into, feature, d->view == DRIFT_ROWS ? " " : "",
             d->view == DRIFT_ROWS ? into : "", d->view == DRIFT_ROWS ? _(" rows") : "");
}

static bool back(void *self)
{
    struct drift *d = self;

    if (d->view == DRIFT_ROWS) {
        d->view = DRIFT_FEATURE;
    } else if (d->view == DRIFT_FEATURE) {
        d->view = DRIFT_MAP;
        d->curve.x0 = d->curve.x1 = 0;
        drift_rebuild(d);
    } else if (d->cursor_ms != NCM_NO_TIME) {
        d->cursor_ms = NCM_NO_TIME;
    } else if (d->filter != NULL) {
        ncm_free(d->filter);
        d->filter = NULL;
        drift_rebuild(d);
    } else {
        return false;
    }
    drift_ask(d);
    ui_dirty(d->ui);
    return true;
}

static struct ncm_freshness_info freshness(void *self)
{
    const struct drift *d = self;
    const struct drift_feed *feeds[] = {&d->all, &d->look, &d->feature, &d->rows_feed};
    struct ncm_freshness_info worst = {.state = NCM_LOADING, .age_ms = -1, .retry_ms = -1};
    bool any = false;

    for (size_t i = 0; i < sizeof feeds / sizeof *feeds; i++) {
        if (feeds[i]->want == NULL) {
            continue;
        }
        struct ncm_freshness_info f = ncm_want_freshness(feeds[i]->want);
        if (!any || f.state > worst.state) {
            worst = f;
            any = true;
        }
    }
    return worst;
}

static bool open_object(void *self, enum ui_object kind, const char *id, const char *id2)
{
    struct drift *d = self;

    if (kind != OBJ_DRIFT || id == NULL) {
        return false;
    }
    drift_select(d, id, id2);
    if (id2 != NULL) {
        d->view = DRIFT_FEATURE;
        d->bin = SIZE_MAX;
    }
    drift_ask(d);
    return true;
}

static void objects(void *self,
                    void (*add)(void *to, enum ui_object kind, const char *id, const char *id2,
                                const char *label),
                    void *to)
{
    const struct drift *d = self;

    for (size_t i = 0; i < drift_n_monitors(d); i++) {
        char *id = drift_id(drift_monitor(d, i));
        char label[200];
        ncm_text_clip(label, sizeof label, id, strlen(id), 60);
        add(to, OBJ_DRIFT, id, NULL, label);
        ncm_free(id);
    }
}

static void mouse(void *self, const struct term_event *ev, const struct canvas *c)
{
    struct drift *d = self;
    struct table_model m = drift_map_model(d);

    if (ev->button == 4 || ev->button == 5) {
        drift_act(d, ev->button == 4 ? A_UP : A_DOWN, NULL);
        return;
    }
    size_t row = d->view == DRIFT_MAP ? table_row_at(&d->table, &m, ev->y - c->y - 1) : SIZE_MAX;
    if (row != SIZE_MAX) {
        d->table.selected = row;
        drift_remember(d);
        ui_dirty(d->ui);
    }
}

const struct pane_ops pane_drift = {
    .id = "drift",
    .number = 5,
    .title = N_("Drift"),
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
