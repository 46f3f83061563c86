/* ":": every command by name and every object the panes know, completed while typing. */
#include <stdio.h>
#include <string.h>

#include "ui/inside.h"

#define MAX_OBJECTS 5000
#define SHOWN       12

struct entry {
    enum ui_action_id action; /* A_NONE: an object */
    enum ui_object kind;
    char *id, *id2;
    char *text;             /* clean: "promote", "model fraud-detector" */
    char *arg;              /* of the action; NULL: what was typed after it */
    char *own_help;         /* instead of help; or NULL */
    const char *key, *help; /* static */
    int score;
};

struct palette {
    struct field field;
    struct entry *entries;
    size_t n, cap;
    size_t *match;
    size_t n_match, at;
};

static bool takes_text(const void *self)
{
    (void)self;
    return true;
}

static void destroy(void *self)
{
    struct palette *p = self;

    for (size_t i = 0; i < p->n; i++) {
        ncm_free(p->entries[i].id);
        ncm_free(p->entries[i].id2);
        ncm_free(p->entries[i].text);
        ncm_free(p->entries[i].arg);
        ncm_free(p->entries[i].own_help);
    }
    ncm_free(p->entries);
    ncm_free(p->match);
    field_release(&p->field);
    ncm_free(p);
}

static struct entry *add_entry(struct palette *p, const char *text)
{
    struct entry *e;

    p->entries = ncm_grow(p->entries, p->n, &p->cap, sizeof *p->entries);
    e = &p->entries[p->n++];
    memset(e, 0, sizeof *e);
    e->text = ncm_strdup(text);
    e->key = e->help = "";
    return e;
}

static void add_object(void *to, enum ui_object kind, const char *id, const char *id2,
                       const char *label)
{
    static const char *const words[] = {
        [OBJ_EXPERIMENT] = N_("experiment"), [OBJ_RUN] = N_("run"),
        [OBJ_MODEL] = N_("model"),           [OBJ_VERSION] = N_("version"),
        [OBJ_AUDIT] = N_("log entry"),       [OBJ_DRIFT] = N_("monitor"),
        [OBJ_ALERT] = N_("alert"),           [OBJ_DEPLOYMENT] = N_("deployment"),
    };
    struct palette *p = to;

    if (p->n >= MAX_OBJECTS) {
        return;
    }
    struct entry *e = add_entry(p, label);
    e->kind = kind;
    e->id = ncm_strdup(id);
    e->id2 = ncm_strdup(id2);
    e->help = _(words[kind]);
}

/* An action with its argument: "ctx prod-seoul". */
static void add_context(void *to, const char *name, const char *help)
{
    struct palette *p = to;
    char clean[160];

    ncm_text_clip(clean, sizeof clean, name, strlen(name), 80);
    char *text = ncm_sprintf("%s %s", ui_action_of(A_CONTEXT)->name, clean);
    struct entry *e = add_entry(p, text);
    e->action = A_CONTEXT;
    e->arg = ncm_strdup(name);
    e->own_help = ncm_strdup(help);
    ncm_free(text);
}

/* The action that the first word names; *arg gets what follows it. */
static const struct ui_action *typed_action(const struct palette *p, const char **arg)
{
    char name[40];
    const char *text = p->field.text + strspn(p->field.text, " ");
    size_t n = strcspn(text, " ");

    snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), text);
    *arg = text + n + strspn(text + n, " ");
    return ui_action_named(name);
}

static int compare_score(const struct entry *a, const struct entry *b)
{
    if (a->score != b->score) {
        return a->score > b->score ? -1 : 1;
    }
    return 0;
}

/* Insertion keeps equal ones in the order of the table. */
static void keep(struct palette *p, size_t index)
{
    size_t at = p->n_match++;

    while (at > 0 && compare_score(&p->entries[index], &p->entries[p->match[at - 1]]) < 0) {
        p->match[at] = p->match[at - 1];
        at--;
    }
    p->match[at] = index;
}

/* Commands that begin so, objects that contain it, then what matches loosely; -1: not at all. */
static int score_of(const struct entry *e, const char *typed)
{
    size_t len = strlen(typed);

    if (len == 0) {
        return 0;
    }
    int loose = ncm_text_fuzzy(e->text, typed);
    if (loose < 0) {
        return -1;
    }
    loose = loose > 99999 ? 99999 : loose;
    if (e->action != A_NONE && strncmp(e->text, typed, len) == 0) {
        return 400000 + (e->text[len] == '\0' ? 100000 : 0) + loose;
    }
    bool contains = ncm_text_has(e->text, typed);
    if (e->action == A_NONE && contains && len > 2) {
        return 300000 + loose;
    }
    return (e->action != A_NONE ? 200000 : contains ? 100000 : 0) + loose;
}

static void find(struct palette *p)
{
    const char *arg;
    const struct ui_action *typed = typed_action(p, &arg);
    bool with_arg = typed != NULL && strchr(p->field.text, ' ') != NULL;

    p->n_match = 0;
    p->at = 0;
    for (size_t i = 0; i < p->n; i++) {
        struct entry *e = &p->entries[i];
        if (with_arg && (e->action != typed->id || e->arg == NULL)) {
            e->score = 0;
            if (e->action == typed->id) {
                keep(p, i);
            }
            continue;
        }
        e->score = score_of(e, p->field.text);
        bool offered = p->field.len > 0 || (e->action != A_NONE && e->arg == NULL);
        if (e->score >= 0 && offered) {
            keep(p, i);
        }
    }
}

static void run(struct ui *ui, struct palette *p)
{
    const char *rest;
    const struct ui_action *typed = typed_action(p, &rest);
    char *arg = typed != NULL && *rest != '\0' ? ncm_strdup(rest) : NULL;
    struct entry chosen = {0};
    bool any = p->n_match > 0;

    if (any) {
        chosen = p->entries[p->match[p->at]];
        chosen.id = ncm_strdup(chosen.id);
        chosen.id2 = ncm_strdup(chosen.id2);
        if (chosen.arg != NULL) {
            ncm_free(arg);
            arg = ncm_strdup(chosen.arg);
        }
    }
    char *text = ncm_strdup(p->field.text);
    layer_end(ui, p);
    if (any && chosen.action != A_NONE) {
        ui_do(ui, chosen.action, arg, false);
    } else if (any) {
        ui_open(ui, chosen.kind, chosen.id, chosen.id2);
    } else if (typed != NULL) {
        ui_message(ui, UI_INFO, _("'%s' does nothing here"), typed->name);
    } else if (text[0] != '\0') {
        ui_message(ui, UI_BAD, _("there is no command or object '%s'"), text);
    }
    ncm_free(arg);
    ncm_free(text);
    ncm_free(chosen.id);
    ncm_free(chosen.id2);
}

static void complete(struct palette *p)
{
    if (p->n_match == 0) {
        return;
    }
    const struct entry *e = &p->entries[p->match[p->at]];
    const struct ui_action *a = e->action != A_NONE ? ui_action_of(e->action) : NULL;
    bool more = a != NULL && e->arg == NULL && (a->flags & ACT_ARGUMENT) != 0;
    char *text = ncm_sprintf("%s%s", e->text, more ? " " : "");
    field_release(&p->field);
    field_init(&p->field, text);
    ncm_free(text);
    find(p);
}

static void key(struct ui *ui, void *self, int k, bool jamo)
{
    struct palette *p = self;

    (void)jamo;
    ui_dirty(ui);
    switch (k) {
    case TK_ESC:
        layer_end(ui, p);
        return;
    case TK_ENTER:
        run(ui, p);
        return;
    case TK_TAB:
        complete(p);
        return;
    case TK_UP:
        p->at = p->at > 0 ? p->at - 1 : p->n_match > 0 ? p->n_match - 1 : 0;
        return;
    case TK_DOWN:
        p->at = p->at + 1 < p->n_match ? p->at + 1 : 0;
        return;
    case TK_BACKSPACE:
        if (p->field.len == 0) {
            layer_end(ui, p);
            return;
        }
        break;
    default:
        break;
    }
    if (field_key(&p->field, k)) {
        find(p);
    }
}

static void paste(struct ui *ui, void *self, const char *text)
{
    struct palette *p = self;

    field_insert(&p->field, text);
    find(p);
    ui_dirty(ui);
}

static void draw_entry(const struct canvas *c, int y, const struct entry *e, bool selected)
{
    int name_w = c->w > 60 ? 22 : c->w / 2;

    if (selected) {
        paint(c, y, 0, ROLE_TEXT, 0, sign(SIGN_SELECT));
    }
    paint_cut(c, y, 2, name_w, 0, ROLE_TEXT, 0, e->text);
    paint_cut(c, y, name_w + 3, 5, 0, ROLE_KEY, 0, e->key);
    if (c->w > name_w + 12) {
        paint_cut(c, y, name_w + 9, c->w - name_w - 9, 0, ROLE_DIM, 0,
                  e->own_help != NULL ? e->own_help : e->help);
    }
    if (selected) {
        paint_restyle(c, y, 0, c->w, ROLE_SELECT);
    }
}

static void draw(struct ui *ui, void *self, const struct frame_layout *l)
{
    struct palette *p = self;
    int y = l->message.y;
    int rows = p->n_match < SHOWN ? (int)p->n_match : SHOWN;

    (void)ui;
    rows = rows > y - 3 ? y - 3 : rows;
    rows = rows < 0 ? 0 : rows;
    size_t top = p->at >= (size_t)rows && rows > 0 ? p->at - (size_t)rows + 1 : 0;
    struct canvas box = {y - rows - 2, 0, rows + 2, l->screen.w > 104 ? 104 : l->screen.w};
    struct canvas list = rows > 0 ? box_draw(&box, "", ROLE_BORDER) : box;
    for (int i = 0; i < rows; i++) {
        size_t k = top + (size_t)i;
        draw_entry(&list, i, &p->entries[p->match[k]], k == p->at);
    }
    paint_fill(&l->screen, y, 0, 1, l->screen.w, ROLE_TEXT);
    paint(&l->screen, y, 1, ROLE_KEY, 0, ":");
    field_draw(&p->field, &l->screen, y, 2, l->screen.w - 3, true);
}

static size_t keys(void *self, struct layer_key *out, size_t max)
{
    (void)self;
    (void)max;
    out[0] = (struct layer_key){keymap_label(A_OPEN), _("do it")};
    out[1] = (struct layer_key){"tab", _("complete")};
    out[2] = (struct layer_key){ncm_text_utf8() ? "↑↓" : "up/down", _("choose")};
    out[3] = (struct layer_key){"esc", _("leave")};
    return 4;
}

static const struct layer_ops ops = {takes_text, draw, key, paste, NULL, keys, destroy};

void palette_open(struct ui *ui)
{
    struct palette *p = ncm_alloc(1, sizeof *p);
    unsigned contexts = pane_contexts(ui);

    field_init(&p->field, "");
    for (int here = 1; here >= 0; here--) { /* first what this view is about */
        for (const struct ui_action *a = ui_actions; a->id != A_NONE; a++) {
            bool of_view = !(a->contexts & IN_ALWAYS);
            bool useful = !(a->flags & ACT_HIDDEN) || a->id == A_QUIT || a->id == A_SUSPEND ||
                          a->id == A_REDRAW || (a->id >= A_PANE_1 && a->id <= A_PANE_9);
            if ((a->contexts & contexts) && of_view == (here == 1) && useful &&
                a->id != A_PALETTE && pane_exists(ui, a->id)) {
                struct entry *e = add_entry(p, a->name);
                e->action = a->id;
                e->key = keymap_label(a->id);
                e->help = _(a->help);
            }
        }
    }
    for (size_t i = 0; i < ui->now->n_panes; i++) {
        if (ui_panes[i]->objects != NULL) {
            ui_panes[i]->objects(ui->now->pane[i], add_object, p);
        }
    }
    contexts_each(ui, add_context, p);
    p->match = ncm_alloc(p->n + 1, sizeof *p->match);
    find(p);
    layer_push(ui, &ops, p);
}
