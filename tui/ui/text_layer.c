/* A scrolling text over the pane: details of an error, facts of the store. */
#include <stdio.h>
#include <string.h>

#include "ui/inside.h"

struct text_layer {
    struct ui *ui;
    char *title, *text;
    size_t len;
    int widest;
    struct textview view;
};

static bool takes_text(const void *self)
{
    (void)self;
    return false;
}

static void destroy(void *self)
{
    struct text_layer *t = self;

    ncm_free(t->title);
    ncm_free(t->text);
    ncm_free(t);
}

static const char *search(void *ctx, const char *text, size_t *at)
{
    struct text_layer *t = ctx;

    (void)at;
    if (text != NULL) {
        snprintf(t->view.needle, sizeof t->view.needle, "%s", text);
        textview_act(&t->view, t->text, t->len, A_NEXT_MATCH);
    }
    return NULL;
}

static void key(struct ui *ui, void *self, int k, bool jamo)
{
    struct text_layer *t = self;
    enum ui_action_id action = keymap_find(k, IN_TEXT);

    (void)jamo;
    ui_dirty(ui);
    if (action == A_BACK || action == A_QUIT || k == TK_ENTER) {
        layer_end(ui, t);
    } else if (action == A_FILTER) {
        ui_prompt(ui, _("Search:"), t->view.needle, search, NULL, t);
    } else if (action == A_COPY) {
        ui_copy(ui, t->text, t->title);
    } else {
        textview_act(&t->view, t->text, t->len, action);
    }
}

static void mouse(struct ui *ui, void *self, const struct term_event *ev)
{
    struct text_layer *t = self;

    if (ev->button == 4 || ev->button == 5) {
        textview_act(&t->view, t->text, t->len, ev->button == 4 ? A_UP : A_DOWN);
        ui_dirty(ui);
    }
}

/* Rows the text takes at this width, about: words may break a line earlier. */
static int rows_at(const struct text_layer *t, int w)
{
    int rows = 0;

    for (const char *p = t->text; *p != '\0' && rows < 500;) {
        size_t n = strcspn(p, "\n");
        int cells = n < 4000 ? ncm_text_width_n(p, n) : 4000;
        rows += cells > w && w > 0 ? (cells + w / 8) / w + 1 : 1;
        p += n + (p[n] == '\n');
    }
    return rows;
}

static void draw(struct ui *ui, void *self, const struct frame_layout *l)
{
    struct text_layer *t = self;
    int w = t->widest + 1 < 40 ? 40 : t->widest + 1;
    w = w > l->body.w - 4 ? l->body.w - 4 : w;
    struct canvas box = layout_box(&l->body, rows_at(t, w - 1), w);
    struct canvas in = box_draw(&box, t->title, ROLE_FOCUS);

    (void)ui;
    textview_draw(&t->view, t->text, t->len, &in, true);
}

static size_t keys(void *self, struct layer_key *out, size_t max)
{
    (void)self;
    (void)max;
    out[0] = (struct layer_key){"esc", _("close")};
    out[1] = (struct layer_key){keymap_label(A_DOWN), _("scroll")};
    out[2] = (struct layer_key){keymap_label(A_FILTER), _("search")};
    out[3] = (struct layer_key){keymap_label(A_COPY), _("copy")};
    return 4;
}

static const struct layer_ops ops = {takes_text, draw, key, NULL, mouse, keys, destroy};

void ui_show_text(struct ui *ui, const char *title, const char *text)
{
    struct text_layer *t = ncm_alloc(1, sizeof *t);

    t->ui = ui;
    t->title = ncm_strdup(title);
    t->text = ncm_strdup(text);
    t->len = strlen(text);
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, "\n");
        int w = n < 1000 ? ncm_text_width_n(p, n) : 1000;
        t->widest = w > t->widest ? w : t->widest;
        p += n + (p[n] == '\n');
    }
    layer_push(ui, &ops, t);
}
