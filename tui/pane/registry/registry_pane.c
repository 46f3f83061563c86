/* The pane's table: what the app calls. */
#include "pane/registry/registry.h"

#include "pane/panes.h"

#include <stdio.h>
#include <string.h>

static void *create(struct ui *ui)
{
    struct registry *r = ncm_alloc(1, sizeof *r);
    r->ui = ui;
    return r;
}

static void enter(void *self)
{
    registry_enter(self);
}

static void leave(void *self)
{
    registry_leave(self);
}

static void destroy(void *self)
{
    struct registry *r = self;
    registry_leave(r);
    ncm_snapshot_unref(r->models);
    ncm_snapshot_unref(r->drift);
    registry_free_picks(r);
    ncm_arena_free(r->arena);
    ncm_free(r->detail);
    ncm_free(r->rows);
    ncm_free(r->model);
    ncm_free(r->version);
    ncm_free(r->filter);
    ncm_free(r->holders_of);
    ncm_free(r);
}

static void update(void *self)
{
    registry_update(self);
}

static void draw(void *self, const struct canvas *c)
{
    struct registry *r = self;
    const struct ncm_err *err = r->models_want != NULL ? ncm_want_error(r->models_want) : NULL;
    if (r->models == NULL && err != NULL) {
        paint_raw(c, 1, 1, c->w - 2, 0, ROLE_FAIL, 0,
                  (struct ncm_str){err->what, strlen(err->what)});
        paint_raw(c, 2, 1, c->w - 2, 0, ROLE_DIM, 0,
                  (struct ncm_str){err->hint, strlen(err->hint)});
        return;
    }
    switch (r->view) {
    case VIEW_BOARD:
        registry_draw_board(r, c);
        break;
    case VIEW_MODEL:
        registry_draw_model(r, c);
        break;
    case VIEW_VERSION:
        registry_draw_version(r, c);
        break;
    case VIEW_HOLDERS:
        registry_draw_holders(r, c);
        break;
    }
}

static unsigned contexts(void *self)
{
    const struct registry *r = self;
    return r->view == VIEW_VERSION ? IN_VERSION | IN_REGISTRY : IN_REGISTRY;
}

static bool act(void *self, enum ui_action_id action, const char *arg)
{
    return registry_act(self, action, arg);
}

static bool can(void *self, enum ui_action_id action, const char **reason)
{
    return registry_can(self, action, reason);
}

static size_t hints(void *self, struct ui_hint *out, size_t max)
{
    const struct registry *r = self;
    static const struct ui_hint board[] = {{A_OPEN, NULL},
                                           {A_PROMOTE, NULL},
                                           {A_ROLLBACK, NULL},
                                           {A_UNDO, NULL},
                                           {A_NEXT_PART, N_("versions")},
                                           {A_HOLDERS, NULL},
                                           {A_NOTE, NULL}};
    static const struct ui_hint version[] = {{A_PROMOTE, NULL},
                                             {A_ROLLBACK, NULL},
                                             {A_UNDO, NULL},
                                             {A_OPEN, N_("source run")},
                                             {A_DIFF, N_("only differences")},
                                             {A_NEXT_TAB, N_("next section")},
                                             {A_BACK, NULL}};
    static const struct ui_hint model[] = {{A_OPEN, NULL}, {A_PROMOTE, NULL}, {A_ROLLBACK, NULL},
                                           {A_UNDO, NULL}, {A_DIFF, NULL},    {A_HOLDERS, NULL},
                                           {A_BACK, NULL}};
    static const struct ui_hint holders[] = {
        {A_OPEN, N_("version")}, {A_ROLLBACK, NULL}, {A_BACK, NULL}};
    const struct ui_hint *from = board;
    size_t n = sizeof board / sizeof *board;
    if (r->view == VIEW_VERSION) {
        from = version;
        n = sizeof version / sizeof *version;
    } else if (r->view == VIEW_MODEL) {
        from = model;
        n = sizeof model / sizeof *model;
    } else if (r->view == VIEW_HOLDERS) {
        from = holders;
        n = sizeof holders / sizeof *holders;
    }
    n = n < max ? n : max;
    for (size_t i = 0; i < n; i++) {
        out[i] = from[i];
        out[i].label = from[i].label != NULL ? _(from[i].label) : NULL;
    }
    return n;
}

static void trail(void *self, char *out, size_t outsz)
{
    const struct registry *r = self;
    out[0] = '\0';
    if (r->view == VIEW_BOARD || r->model == NULL) {
        return;
    }
    char name[160], version[40];
    ncm_text_clip_middle(name, sizeof name, r->model, strlen(r->model), 40);
    if (r->view == VIEW_VERSION && r->version != NULL) {
        ncm_text_clip(version, sizeof version, r->version, strlen(r->version), 12);
        snprintf(out, outsz, "%s %s v%s", name, ncm_text_utf8() ? "›" : ">", version);
    } else {
        snprintf(out, outsz, "%s", name);
    }
}

static bool back(void *self)
{
    struct registry *r = self;
    switch (r->view) {
    case VIEW_HOLDERS:
        registry_show(r, r->holders_from);
        return true;
    case VIEW_VERSION:
        registry_show(r, VIEW_MODEL);
        return true;
    case VIEW_MODEL:
        r->part = 0;
        registry_show(r, VIEW_BOARD);
        return true;
    case VIEW_BOARD:
        break;
    }
    if (r->part == 1) {
        r->part = 0;
    } else if (r->filter != NULL) {
        ncm_free(r->filter);
        r->filter = NULL;
        registry_update(r);
    } else {
        return false;
    }
    ui_dirty(r->ui);
    return true;
}

static struct ncm_freshness_info freshness(void *self)
{
    const struct registry *r = self;
    struct ncm_want *wants[] = {r->models_want, r->mine.want, r->theirs.want, r->facts_want,
                                r->holders_want};
    struct ncm_freshness_info worst = {.state = NCM_LOADING, .age_ms = -1, .retry_ms = -1};
    bool any = false;
    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++) {
        if (wants[i] == NULL) {
            continue;
        }
        struct ncm_freshness_info f = ncm_want_freshness(wants[i]);
        if (!any || f.state > worst.state) {
            worst = f;
            any = true;
        }
    }
    return worst;
}

static bool open_object(void *self, enum ui_object kind, const char *id, const char *id2)
{
    struct registry *r = self;
    if (kind == OBJ_MODEL) {
        registry_select(r, id, NULL);
        registry_show(r, VIEW_MODEL);
        return true;
    }
    if (kind == OBJ_VERSION) {
        registry_select(r, id, id2);
        registry_show(r, VIEW_VERSION);
        return true;
    }
    return false;
}

static void objects(void *self,
                    void (*add)(void *to, enum ui_object kind, const char *id, const char *id2,
                                const char *label),
                    void *to)
{
    const struct registry *r = self;
    for (size_t i = 0; r->models != NULL && i < r->models->n; i++) {
        const struct ncm_str name = r->models->items[i].name;
        char label[200];
        ncm_text_clip(label, sizeof label, name.p, name.len, 60);
        add(to, OBJ_MODEL, ncm_cstr(name), NULL, label);
    }
}

static void mouse(void *self, const struct term_event *ev, const struct canvas *c)
{
    struct registry *r = self;
    struct table_model m;
    if (ev->button == 4 || ev->button == 5) {
        registry_act(r, ev->button == 4 ? A_UP : A_DOWN, NULL);
        return;
    }
    if (r->view == VIEW_BOARD) {
        int below = registry_preview_rows(r, c->h);
        r->part = below > 0 && ev->y >= c->y + c->h - below;
    }
    struct table *t = registry_focused(r, &m);
    bool preview = r->view == VIEW_BOARD && r->part == 1;
    size_t row = table_row_at(t, &m, ev->y - (preview ? r->preview_y : r->table_y));
    if (row != SIZE_MAX) {
        t->selected = row;
        registry_follow_cursor(r);
        registry_update(r);
        ui_dirty(r->ui);
    }
}

const struct pane_ops pane_registry = {
    .id = "registry",
    .number = 3,
    .title = N_("Registry"),
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
