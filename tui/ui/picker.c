/* A list to choose from; typing narrows it. */
#include <stdio.h>
#include <string.h>

#include "ui/inside.h"
#include "ui/wrap.h"

#define FOOT_ROWS 2 /* where explanations are cut: the whole of the selected one */

struct item {
    char *label, *detail;
    bool on, disabled;
};

struct picker {
    char *title;
    struct item *items;
    size_t n;
    bool multi;
    ui_pick_done done;
    void *ctx;
    struct field field;
    size_t *match; /* indices of items that match */
    size_t n_match, at, top;
    int rows, label_w, detail_w;
};

static void narrow(struct picker *p)
{
    size_t was = p->n_match > 0 && p->at < p->n_match ? p->match[p->at] : SIZE_MAX;

    p->n_match = 0;
    p->at = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct item *it = &p->items[i];
        if (p->field.len == 0 || ncm_text_has(it->label, p->field.text) ||
            (it->detail != NULL && ncm_text_has(it->detail, p->field.text))) {
            if (i == was) {
                p->at = p->n_match;
            }
            p->match[p->n_match++] = i;
        }
    }
}

static bool takes_text(const void *self)
{
    (void)self;
    return true;
}

static void destroy(void *self)
{
    struct picker *p = self;

    if (p->done != NULL) { /* the program ends with the list open: whoever asked lets go too */
        p->done(p->ctx, NULL, 0);
    }
    for (size_t i = 0; i < p->n; i++) {
        ncm_free(p->items[i].label);
        ncm_free(p->items[i].detail);
    }
    ncm_free(p->items);
    ncm_free(p->match);
    ncm_free(p->title);
    field_release(&p->field);
    ncm_free(p);
}

static void leave(struct ui *ui, struct picker *p)
{
    ui_pick_done done = p->done;
    void *ctx = p->ctx;

    p->done = NULL;
    layer_end(ui, p);
    done(ctx, NULL, 0);
}

static void accept(struct ui *ui, struct picker *p)
{
    if (!p->multi && (p->n_match == 0 || p->items[p->match[p->at]].disabled)) {
        return;
    }
    ui_pick_done done = p->done;
    void *ctx = p->ctx;
    size_t n = 0;
    size_t *chosen = ncm_alloc(p->n + 1, sizeof *chosen);
    if (p->multi) {
        for (size_t i = 0; i < p->n; i++) {
            if (p->items[i].on) {
                chosen[n++] = i;
            }
        }
    } else {
        chosen[n++] = p->match[p->at];
    }
    p->done = NULL;
    layer_end(ui, p);
    done(ctx, chosen, n);
    ncm_free(chosen);
}

static void move(struct picker *p, int k)
{
    size_t page = p->rows > 1 ? (size_t)p->rows - 1 : 1;
    size_t last = p->n_match > 0 ? p->n_match - 1 : 0;

    switch (k) {
    case TK_UP:
        p->at -= p->at > 0;
        break;
    case TK_DOWN:
        p->at += p->at < last;
        break;
    case TK_PGUP:
        p->at = p->at > page ? p->at - page : 0;
        break;
    case TK_PGDN:
        p->at = p->at + page < last ? p->at + page : last;
        break;
    default:
        break;
    }
}

static void key(struct ui *ui, void *self, int k, bool jamo)
{
    struct picker *p = self;

    (void)jamo;
    ui_dirty(ui);
    switch (k) {
    case TK_ESC:
        leave(ui, p);
        return;
    case TK_ENTER:
        accept(ui, p);
        return;
    case TK_UP:
    case TK_DOWN:
    case TK_PGUP:
    case TK_PGDN:
        move(p, k);
        return;
    case ' ':
        if (p->multi) {
            if (p->n_match > 0 && !p->items[p->match[p->at]].disabled) {
                p->items[p->match[p->at]].on = !p->items[p->match[p->at]].on;
                move(p, TK_DOWN);
            }
            return;
        }
        break;
    default:
        break;
    }
    if (field_key(&p->field, k)) {
        narrow(p);
    }
}

static void paste(struct ui *ui, void *self, const char *text)
{
    struct picker *p = self;

    field_insert(&p->field, text);
    narrow(p);
    ui_dirty(ui);
}

static void draw_item(const struct picker *p, const struct canvas *c, int y, size_t at)
{
    const struct item *it = &p->items[p->match[at]];
    enum role role = it->disabled ? ROLE_DIM : ROLE_TEXT;
    int x = 2;

    if (at == p->at) {
        paint(c, y, 0, ROLE_TEXT, 0, sign(SIGN_SELECT));
    }
    if (p->multi) {
        x += paint(c, y, x, it->on ? ROLE_MARK : ROLE_DIM, 0, it->on ? "[x] " : "[ ] ");
    }
    int label_w = p->label_w < c->w - x ? p->label_w : c->w - x;
    paint_cut(c, y, x, label_w, 0, role, 0, it->label);
    x += label_w + 2;
    if (it->detail != NULL && c->w - x > 4) {
        paint_cut(c, y, x, c->w - x, 0, ROLE_DIM, 0, it->detail);
    }
    if (at == p->at) {
        paint_restyle(c, y, 0, c->w, ROLE_SELECT);
    }
}

/* Rows for the whole explanation of the selected item; 0 where each is seen in its row. */
static int foot_rows(const struct picker *p, const struct canvas *in)
{
    int room = in->w - (p->multi ? 6 : 2) - p->label_w - 2;

    return p->detail_w > room && in->h >= 8 ? FOOT_ROWS + 1 : 0;
}

static void draw_foot(const struct picker *p, const struct canvas *in, int rows)
{
    const char *detail = p->n_match > 0 ? p->items[p->match[p->at]].detail : NULL;

    if (rows > 0) {
        paint_hline(in, in->h - rows, 0, in->w, ROLE_BORDER);
    }
    if (rows > 0 && detail != NULL) {
        wrap_paint(in, in->h - rows + 1, 0, in->w, rows - 1, ROLE_TEXT, detail);
    }
}

static void draw(struct ui *ui, void *self, const struct frame_layout *l)
{
    struct picker *p = self;
    int want_w = p->label_w + (p->detail_w > 0 ? p->detail_w + 2 : 0) + (p->multi ? 6 : 2) + 1;
    int title_w = ncm_text_width(p->title) + 4;

    (void)ui;
    want_w = want_w < title_w ? title_w : want_w;
    want_w = want_w < 36 ? 36 : want_w;
    struct canvas box = layout_box(&l->body, (int)p->n + 2, want_w);
    if (box.w < want_w + 4) { /* then there is a foot */
        box = layout_box(&l->body, (int)p->n + 3 + FOOT_ROWS, want_w);
    }
    struct canvas in = box_draw(&box, p->title, ROLE_FOCUS);
    if (in.h < 2 || in.w < 8) {
        return;
    }
    paint(&in, 0, 0, ROLE_KEY, 0, "/");
    field_draw(&p->field, &in, 0, 2, in.w - 2, true);
    int head = in.h > 6 ? 2 : 1, foot = foot_rows(p, &in);
    struct canvas list = canvas_part(&in, head, 0, in.h - head - foot, -1);
    draw_foot(p, &in, foot);
    p->rows = list.h;
    size_t rows = list.h > 0 ? (size_t)list.h : 1;
    if (p->at < p->top) {
        p->top = p->at;
    }
    if (p->at >= p->top + rows) {
        p->top = p->at - rows + 1;
    }
    for (size_t i = 0; i < rows && p->top + i < p->n_match; i++) {
        draw_item(p, &list, (int)i, p->top + i);
    }
    if (p->n_match == 0) {
        paint(&list, 0, 2, ROLE_DIM, 0, _("nothing matches"));
    }
    if (p->top + rows < p->n_match) {
        paint_glyph(&box, box.h - 2, box.w - 1, ROLE_FOCUS, 0, ncm_text_utf8() ? 0x25BE : 'v');
    }
    if (p->top > 0) {
        paint_glyph(&box, 1, box.w - 1, ROLE_FOCUS, 0, ncm_text_utf8() ? 0x25B4 : '^');
    }
}

static size_t keys(void *self, struct layer_key *out, size_t max)
{
    const struct picker *p = self;
    size_t n = 0;

    (void)max;
    if (p->multi) {
        out[n++] = (struct layer_key){"spc", _("choose")};
    }
    out[n++] = (struct layer_key){keymap_label(A_OPEN), _("take")};
    out[n++] = (struct layer_key){_("type"), _("to narrow")};
    out[n++] = (struct layer_key){"esc", _("leave")};
    return n;
}

static const struct layer_ops ops = {takes_text, draw, key, paste, NULL, keys, destroy};

void ui_pick(struct ui *ui, const char *title, const struct ui_pick_item *items, size_t n,
             bool multi, ui_pick_done done, void *ctx)
{
    struct picker *p = ncm_alloc(1, sizeof *p);

    p->title = ncm_strdup(title);
    p->items = ncm_alloc(n + 1, sizeof *p->items);
    p->match = ncm_alloc(n + 1, sizeof *p->match);
    p->n = n;
    p->multi = multi;
    p->done = done;
    p->ctx = ctx;
    field_init(&p->field, "");
    for (size_t i = 0; i < n; i++) {
        p->items[i] = (struct item){ncm_strdup(items[i].label), ncm_strdup(items[i].detail),
                                    multi && items[i].on, items[i].disabled};
        int w = ncm_text_width(items[i].label);
        p->label_w = w > p->label_w ? w : p->label_w;
        w = items[i].detail != NULL ? ncm_text_width(items[i].detail) : 0;
        p->detail_w = w > p->detail_w ? w : p->detail_w;
    }
    narrow(p);
    for (size_t i = 0; i < n && !multi; i++) {
        if (items[i].on) {
            p->at = i;
            break;
        }
    }
    message_clear(ui);
    layer_push(ui, &ops, p);
}
