/* The one-line text field at the bottom, with completions above it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ui/inside.h"

#define MAX_WORDS 200
#define SHOWN_WORDS 8

struct word {
    char *text, *help;
};

struct prompt {
    struct ui *ui;
    char *label;
    struct field field;
    ui_prompt_done done;
    ui_complete_fn complete;
    void *ctx;
    char *complaint;
    struct word words[MAX_WORDS];
    size_t n_words, at;
    bool chosen; /* a completion was walked to */
};

static void drop_words(struct prompt *p)
{
    for (size_t i = 0; i < p->n_words; i++) {
        ncm_free(p->words[i].text);
        ncm_free(p->words[i].help);
    }
    p->n_words = p->at = 0;
    p->chosen = false;
}

static void add_word(void *to, const char *text, const char *help)
{
    struct prompt *p = to;

    if (p->n_words < MAX_WORDS) {
        p->words[p->n_words++] = (struct word){ncm_strdup(text), ncm_strdup(help)};
    }
}

static void find_words(struct prompt *p)
{
    drop_words(p);
    if (p->complete != NULL) {
        p->complete(p->ctx, p->field.text, p->field.cursor, add_word, p);
    }
}

/* Puts the word in place of its beginning that stands before the cursor. */
static void take_word(struct prompt *p)
{
    if (p->n_words == 0) {
        return;
    }
    const char *word = p->words[p->at].text;
    size_t typed = strlen(word);
    typed = typed > p->field.cursor ? p->field.cursor : typed;
    while (typed > 0 &&
           strncasecmp(p->field.text + p->field.cursor - typed, word, typed) != 0) {
        typed--;
    }
    for (size_t from = p->field.cursor - typed; p->field.cursor > from;) {
        field_key(&p->field, TK_BACKSPACE);
    }
    field_insert(&p->field, word);
    find_words(p);
}

static bool takes_text(const void *self)
{
    (void)self;
    return true;
}

static void destroy(void *self)
{
    struct prompt *p = self;

    drop_words(p);
    field_release(&p->field);
    ncm_free(p->label);
    ncm_free(p->complaint);
    ncm_free(p);
}

static void leave(struct ui *ui, struct prompt *p)
{
    ui_prompt_done done = p->done;
    void *ctx = p->ctx;
    size_t at = 0;

    layer_end(ui, p);
    done(ctx, NULL, &at);
}

static void accept(struct ui *ui, struct prompt *p)
{
    size_t at = p->field.cursor;
    const char *complaint = p->done(p->ctx, p->field.text, &at);

    if (complaint == NULL) {
        layer_end(ui, p);
        return;
    }
    ncm_free(p->complaint);
    p->complaint = ncm_strdup(complaint);
    p->field.cursor = at <= p->field.len ? at : p->field.len;
    find_words(p);
}

static void key(struct ui *ui, void *self, int k, bool jamo)
{
    struct prompt *p = self;

    (void)jamo;
    ui_dirty(ui);
    if (k == TK_ESC) {
        leave(ui, p);
    } else if (k == TK_ENTER) {
        accept(ui, p);
    } else if (k == TK_TAB) {
        take_word(p);
    } else if (k == TK_UP || k == TK_DOWN || k == TK_BTAB) {
        if (p->n_words > 0) {
            size_t step = k == TK_DOWN ? (p->chosen ? 1 : 0) : p->n_words - 1;
            p->at = (p->at + step) % p->n_words;
            p->chosen = true;
        }
    } else if (field_key(&p->field, k)) {
        ncm_free(p->complaint);
        p->complaint = NULL;
        find_words(p);
    }
}

static void paste(struct ui *ui, void *self, const char *text)
{
    struct prompt *p = self;

    field_insert(&p->field, text);
    find_words(p);
    ui_dirty(ui);
}

static void draw_words(const struct prompt *p, const struct canvas *screen, int bottom, int x)
{
    int rows = (int)p->n_words < SHOWN_WORDS ? (int)p->n_words : SHOWN_WORDS;
    rows = rows > bottom - 1 ? bottom - 1 : rows;
    int w = screen->w - x - 1 > 64 ? 64 : screen->w - x - 1;

    if (rows < 1 || w < 10) {
        return;
    }
    size_t top = p->at >= (size_t)rows ? p->at - (size_t)rows + 1 : 0;
    struct canvas c = canvas_part(screen, bottom - rows, x, rows, w);
    for (int i = 0; i < rows && top + (size_t)i < p->n_words; i++) {
        const struct word *word = &p->words[top + (size_t)i];
        paint_fill(&c, i, 0, 1, w, ROLE_INPUT);
        int used = paint_cut(&c, i, 1, w / 2, 0, ROLE_INPUT, 0, word->text);
        if (word->help != NULL) {
            paint_cut(&c, i, used + 2, w - used - 3, 0, ROLE_INPUT, 0, word->help);
        }
        if (p->chosen && top + (size_t)i == p->at) {
            paint_restyle(&c, i, 0, w, ROLE_SELECT);
        }
    }
}

static void draw(struct ui *ui, void *self, const struct frame_layout *l)
{
    struct prompt *p = self;
    int y = l->message.y;
    const struct canvas *c = &l->screen;

    (void)ui;
    paint_fill(c, y, 0, 1, c->w, ROLE_TEXT);
    int x = 1 + paint_cut(c, y, 1, ncm_text_width(p->label) < c->w / 2 ? ncm_text_width(p->label)
                                                                      : c->w / 2,
                          0, ROLE_HEAD, 0, p->label);
    int above = y;
    if (p->complaint != NULL && y > 0) {
        above--;
        paint_fill(c, above, 0, 1, c->w, ROLE_TEXT);
        paint(c, above, 1, ROLE_FAIL, ATTR_BOLD, sign(SIGN_CROSS));
        paint_raw(c, above, 3, c->w - 4, 0, ROLE_FAIL, 0,
                  (struct ncm_str){p->complaint, strlen(p->complaint)});
    }
    draw_words(p, c, above, x + 1);
    field_draw(&p->field, c, y, x + 1, c->w - x - 2, true);
}

static size_t keys(void *self, struct layer_key *out, size_t max)
{
    const struct prompt *p = self;
    size_t n = 0;

    (void)max;
    out[n++] = (struct layer_key){keymap_label(A_OPEN), _("take")};
    if (p->complete != NULL) {
        out[n++] = (struct layer_key){"tab", _("complete")};
    }
    out[n++] = (struct layer_key){"esc", _("leave")};
    return n;
}

static const struct layer_ops ops = {takes_text, draw, key, paste, NULL, keys, destroy};

void ui_prompt(struct ui *ui, const char *label, const char *initial, ui_prompt_done done,
               ui_complete_fn complete, void *ctx)
{
    struct prompt *p = ncm_alloc(1, sizeof *p);

    p->ui = ui;
    p->label = ncm_strdup(label);
    p->done = done;
    p->complete = complete;
    p->ctx = ctx;
    field_init(&p->field, initial);
    message_clear(ui);
    layer_push(ui, &ops, p);
    find_words(p);
}
