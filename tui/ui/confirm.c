/* A question with two answers. */
#include "ui/inside.h"
#include "ui/wrap.h"

struct confirm {
    char *question, *yes, *no;
    bool on_yes;
    void (*done)(struct ui *ui);
};

static bool takes_text(const void *self)
{
    (void)self;
    return false;
}

static void destroy(void *self)
{
    struct confirm *q = self;

    ncm_free(q->question);
    ncm_free(q->yes);
    ncm_free(q->no);
    ncm_free(q);
}

static void answer(struct ui *ui, struct confirm *q, bool yes)
{
    void (*done)(struct ui *) = q->done;

    layer_end(ui, q);
    if (yes) {
        done(ui);
    }
}

static void key(struct ui *ui, void *self, int k, bool jamo)
{
    struct confirm *q = self;

    (void)jamo;
    ui_dirty(ui);
    switch (k) {
    case TK_ENTER:
        answer(ui, q, q->on_yes);
        break;
    case 'y':
    case 'q':
        answer(ui, q, true);
        break;
    case 'n':
    case TK_ESC:
        answer(ui, q, false);
        break;
    case TK_TAB:
    case TK_BTAB:
    case TK_LEFT:
    case TK_RIGHT:
    case 'h':
    case 'l':
        q->on_yes = !q->on_yes;
        break;
    default:
        break;
    }
}

static int button(const struct canvas *c, int y, int x, bool on, const char *label)
{
    return paintf(c, y, x, on ? ROLE_SELECT : ROLE_TEXT, on ? ATTR_BOLD : 0, "[ %s ]", label);
}

static void draw(struct ui *ui, void *self, const struct frame_layout *l)
{
    struct confirm *q = self;
    int w = ncm_text_width(q->question);
    struct canvas box = layout_box(&l->body, 3, w < 30 ? 30 : w);
    struct canvas in = box_draw(&box, "", ROLE_FOCUS);

    (void)ui;
    wrap_paint(&in, 0, 0, in.w, 2, ROLE_TEXT, q->question);
    int x = button(&in, in.h - 1, 0, q->on_yes, q->yes);
    button(&in, in.h - 1, x + 2, !q->on_yes, q->no);
    paint_cursor(&in, in.h - 1, q->on_yes ? 0 : x + 2, false);
}

static size_t keys(void *self, struct layer_key *out, size_t max)
{
    const struct confirm *q = self;

    (void)max;
    out[0] = (struct layer_key){"y", q->yes};
    out[1] = (struct layer_key){"esc", q->no};
    return 2;
}

static const struct layer_ops ops = {takes_text, draw, key, NULL, NULL, keys, destroy};

void confirm_open(struct ui *ui, const char *question, const char *yes, const char *no,
                  bool yes_first, void (*done)(struct ui *ui))
{
    struct confirm *q = ncm_alloc(1, sizeof *q);

    *q = (struct confirm){ncm_strdup(question), ncm_strdup(yes), ncm_strdup(no), yes_first, done};
    layer_push(ui, &ops, q);
}
