/* `:ctx`: the contexts of the configuration and what else is open, to switch between them. */
#include <stdio.h>
#include <string.h>

#include "ui/inside.h"

struct context {
    char *name;             /* of the configuration; NULL: opened without */
    struct ui_world *world; /* NULL: not open yet */
    bool protect, read_only;
    char *store;          /* for people; NULL: it names none */
    char *label, *detail; /* of the list */
};

struct contexts {
    struct ui *ui;
    struct context *items;
    size_t n, cap;
};

static void add(struct contexts *list, struct context c)
{
    list->items = ncm_grow(list->items, list->n, &list->cap, sizeof *list->items);
    list->items[list->n++] = c;
}

static void add_open(struct contexts *list, struct ui_world *w)
{
    struct ncm_session *s = w->session;

    add(list, (struct context){
                  .name = ncm_strdup(w->name),
                  .world = w,
                  .protect = ncm_session_protected(s),
                  .read_only = ncm_session_read_only(s),
                  .store = ncm_strdup(ncm_session_location(s)),
              });
}

/* First what is open without a name, then the file's contexts in its order, then what the file no
 * longer holds. */
static void collect(struct ui *ui, const struct ncm_config *config, struct contexts *list)
{
    *list = (struct contexts){.ui = ui};
    for (size_t i = 0; i < ui->n_worlds; i++) {
        if (ui->worlds[i]->session != NULL && ui->worlds[i]->name == NULL) {
            add_open(list, ui->worlds[i]);
        }
    }
    for (size_t i = 0; config != NULL && i < config->n_contexts; i++) {
        const struct ncm_config_context *c = &config->contexts[i];
        struct ui_world *w = world_named(ui, c->name);
        if (w != NULL) {
            add_open(list, w);
        } else {
            add(list, (struct context){
                          .name = ncm_strdup(c->name),
                          .protect = c->protect,
                          .read_only = c->read_only || ui->o.session.read_only,
                          .store = ncm_config_label(config, c),
                      });
        }
    }
    for (size_t i = 0; i < ui->n_worlds; i++) {
        struct ui_world *w = ui->worlds[i];
        if (w->name != NULL && (config == NULL || ncm_config_find(config, w->name) == NULL)) {
            add_open(list, w);
        }
    }
}

static void release(struct contexts *list)
{
    for (size_t i = 0; i < list->n; i++) {
        ncm_free(list->items[i].name);
        ncm_free(list->items[i].store);
        ncm_free(list->items[i].label);
        ncm_free(list->items[i].detail);
    }
    ncm_free(list->items);
}

static void go(struct ui *ui, const char *name)
{
    struct ui_world *w = world_named(ui, name);
    struct ncm_session_options o = ui->o.session;
    struct ncm_err err;

    if (w != NULL) {
        world_show(ui, w);
        return;
    }
    o.store = NULL;
    o.context = name;
    o.why = NULL;
    if (!world_open(ui, &o, name, false, &err)) {
        ui_error(ui, &err); /* the present one stays */
    }
}

/* Parts with a dot between them. */
static void part(struct ncm_buf *b, const char *text)
{
    if (text[0] != '\0') {
        ncm_buf_printf(b, "%s%s", b->len > 0 ? (ncm_text_utf8() ? " · " : " | ") : "", text);
    }
}

/* One that is not shown is not read anew: only what is wrong with it, or its age, is worth a word.
 */
static void state_of(const struct ui_world *w, char *out, size_t outsz)
{
    struct ncm_freshness_info f = world_freshness(w);
    char age[32];

    if (f.state == NCM_OFFLINE) {
        snprintf(out, outsz, "%s %s", sign(SIGN_OFFLINE), _("offline"));
    } else if (f.state == NCM_STALE && f.age_ms >= 60000) {
        snprintf(out, outsz, _("open, %s old"), ncm_fmt_age(age, sizeof age, f.age_ms));
    } else {
        snprintf(out, outsz, "%s", _("is open"));
    }
}

/* "PROTECTED · open · https://mlflow.example.com", cleaned. The caller frees. */
static char *detail_of(struct ui *ui, const struct context *c)
{
    struct ncm_buf b;
    char store[300] = "", state[96];

    ncm_buf_init(&b, 1024);
    part(&b, c->protect ? _("PROTECTED") : "");
    part(&b, c->read_only ? _("read-only") : "");
    if (c->world == ui->now) {
        part(&b, _("here"));
    } else if (c->world != NULL) {
        state_of(c->world, state, sizeof state);
        part(&b, state);
        part(&b, c->world->n_jobs > 0 ? _("a change is under way") : "");
    }
    if (c->store != NULL) {
        ncm_text_clip_middle(store, sizeof store, c->store, strlen(c->store), 120);
    }
    part(&b, c->store != NULL ? store : _("names no store"));
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

/* Cleaned; the caller frees. */
static char *label_of(const struct context *c)
{
    char text[160];
    const char *name = c->world != NULL && c->name == NULL ? world_title(c->world) : c->name;

    ncm_text_clip_middle(text, sizeof text, name, strlen(name), 32);
    return ncm_strdup(text);
}

static void chosen(void *ctx, const size_t *at, size_t n)
{
    struct contexts *list = ctx;
    struct ui *ui = list->ui;

    if (n > 0 && list->items[at[0]].world != NULL) {
        world_show(ui, list->items[at[0]].world);
    } else if (n > 0) {
        go(ui, list->items[at[0]].name);
    }
    release(list);
    ncm_free(list);
}

static void pick(struct ui *ui)
{
    struct ncm_config *config = NULL;
    struct ncm_err err;

    /* anew: the file may have been edited since the start */
    if (!ncm_config_load(ui->o.session.config, &config, &err)) {
        ui_error(ui, &err);
        return;
    }
    struct contexts *list = ncm_alloc(1, sizeof *list);
    collect(ui, config, list);
    ncm_config_free(config);
    if (list->n == 0) {
        release(list);
        ncm_free(list);
        ui_message(ui, UI_INFO,
                   _("there are no contexts: 'ncmlops config init' makes a configuration"));
        return;
    }
    struct ui_pick_item *items = ncm_alloc(list->n, sizeof *items);
    for (size_t i = 0; i < list->n; i++) {
        struct context *c = &list->items[i];
        c->label = label_of(c);
        c->detail = detail_of(ui, c);
        items[i] = (struct ui_pick_item){
            .label = c->label, .detail = c->detail, .on = c->world != NULL && c->world == ui->now};
    }
    ui_pick(ui, _("Context"), items, list->n, false, chosen, list);
    ncm_free(items);
}

void contexts_open(struct ui *ui, const char *name)
{
    if (name == NULL || name[0] == '\0') {
        pick(ui);
    } else if (strcmp(name, "-") != 0) {
        go(ui, name);
    } else if (ui->before != NULL) {
        world_show(ui, ui->before);
    } else {
        ui_message(ui, UI_INFO, _("no other context was shown before"));
    }
}

void contexts_each(struct ui *ui, void (*to_add)(void *to, const char *name, const char *help),
                   void *to)
{
    struct contexts list;

    collect(ui, ui_config(ui), &list);
    for (size_t i = 0; i < list.n; i++) {
        if (list.items[i].name != NULL && list.items[i].world != ui->now) {
            char *help = detail_of(ui, &list.items[i]);
            to_add(to, list.items[i].name, help);
            ncm_free(help);
        }
    }
    release(&list);
}
