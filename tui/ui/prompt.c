/* The one-line text field at the bottom, with completions above it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ui/inside.h"
#include "ui/wrap.h"

#define MAX_WORDS     200
#define SHOWN_WORDS   8
#define MAX_COMPLAINT 4 /* rows */

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
    void (*release)(void *ctx); /* or NULL */
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

    for (size_t i = 0; i < p->n_words; i++) {
        if (strcmp(p->words[i].text, text) == 0) {
            return;
        }
    }
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
    while (typed > 0 && strncasecmp(p->field.text + p->field.cursor - typed, word, typed) != 0) {
        typed--;
    }
    size_t last = 0; /* the whole word: a key stands for its full name */
    while (last < p->field.cursor && p->field.text[p->field.cursor - last - 1] != ' ') {
        last++;
    }
    typed = typed > last ? typed : last;
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
    if (p->release != NULL) {
        p->release(p->ctx);
    }
    field_release(&p->field);
    ncm_free(p->label);
    ncm_free(p->complaint);
    ncm_free(p);
}

static void leave(struct ui *ui, struct prompt *p)
{
    ui_prompt_done done = p->done;
    void *ctx = p->ctx;
    bool own = p->release != NULL; /* then ctx ends with the layer, and there is nothing to tell */
    size_t at = 0;

    layer_end(ui, p);
    if (!own) {
        done(ctx, NULL, &at);
    }
}

/* Both texts are cleaned: they may quote what a store said. */
static void complain(struct prompt *p, const char *what, const char *hint)
{
    struct ncm_buf clean;

    ncm_buf_init(&clean, 4096);
    ncm_text_clean(&clean, what, strlen(what), NCM_CLEAN_LINE);
    if (hint[0] != '\0') {
        ncm_buf_putc(&clean, '\n');
        ncm_text_clean(&clean, hint, strlen(hint), NCM_CLEAN_LINE);
    }
    ncm_free(p->complaint);
    p->complaint = ncm_buf_take(&clean);
    ncm_buf_release(&clean);
}

static void accept(struct ui *ui, struct prompt *p)
{
    size_t at = p->field.cursor;
    ui->accepting = p;
    const char *complaint = p->done(p->ctx, p->field.text, &at);
    ui->accepting = NULL;

    if (complaint == NULL) {
        layer_end(ui, p);
        return;
    }
    complain(p, complaint, "");
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
    rows = rows > bottom - 3 ? bottom - 3 : rows;
    int w = screen->w - x - 1 > 68 ? 68 : screen->w - x - 1;

    if (rows < 1 || w < 14) {
        return;
    }
    struct canvas box = canvas_part(screen, bottom - rows - 2, x, rows + 2, w);
    struct canvas c = box_draw(&box, "", ROLE_BORDER);
    c.x--; /* the blanks beside the words are part of their rows */
    c.w = w = c.w + 2;
    size_t top = p->at >= (size_t)rows ? p->at - (size_t)rows + 1 : 0;
    for (int i = 0; i < rows && top + (size_t)i < p->n_words; i++) {
        const struct word *word = &p->words[top + (size_t)i];
        int used = paint_cut(&c, i, 1, w / 2, 0, ROLE_TEXT, 0, word->text);
        if (word->help != NULL) {
            paint_cut(&c, i, used + 2, w - used - 3, 0, ROLE_DIM, 0, word->help);
        }
        if (p->chosen && top + (size_t)i == p->at) {
            paint_restyle(&c, i, 0, w, ROLE_SELECT);
        }
    }
}

/* Above row y; returns how many rows it takes. */
static int draw_complaint(const struct prompt *p, const struct canvas *c, int y)
{
    int w = c->w - 4;
    int rows = p->complaint != NULL ? wrap_rows(p->complaint, w) : 0;

    rows = rows > MAX_COMPLAINT ? MAX_COMPLAINT : rows;
    rows = rows > y ? y : rows;
    if (rows > 0) {
        paint_fill(c, y - rows, 0, rows, c->w, ROLE_TEXT);
        paint(c, y - rows, 1, ROLE_FAIL, ATTR_BOLD, sign(SIGN_CROSS));
        wrap_paint(c, y - rows, 3, w, rows, ROLE_FAIL, p->complaint);
    }
    return rows;
}

/* Cells of the label: what the text leaves of the line, and half of it at least. */
static int label_width(const struct prompt *p, int w)
{
    int label = ncm_text_width(p->label), left = w - ncm_text_width(p->field.text) - 4;

    left = left > w / 2 ? left : w / 2;
    return label < left ? label : left;
}

static void draw(struct ui *ui, void *self, const struct frame_layout *l)
{
    struct prompt *p = self;
    int y = l->message.y;
    const struct canvas *c = &l->screen;

    (void)ui;
    paint_fill(c, y, 0, 1, c->w, ROLE_TEXT);
    int x = 1 + paint_cut(c, y, 1, label_width(p, c->w), 0, ROLE_HEAD, 0, p->label);
    int above = y - draw_complaint(p, c, y);
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

void prompt_open(struct ui *ui, const char *label, const char *initial, const struct ncm_err *wrong,
                 ui_prompt_done done, ui_complete_fn complete, void *ctx,
                 void (*release)(void *ctx))
{
    struct prompt *p = ncm_alloc(1, sizeof *p);

    p->ui = ui;
    p->label = ncm_strdup(label);
    p->done = done;
    p->complete = complete;
    p->ctx = ctx;
    p->release = release;
    field_init(&p->field, initial);
    if (wrong != NULL) {
        complain(p, wrong->what, wrong->hint);
    }
    message_clear(ui);
    layer_push(ui, &ops, p);
    find_words(p);
}

void ui_prompt(struct ui *ui, const char *label, const char *initial, ui_prompt_done done,
               ui_complete_fn complete, void *ctx)
{
    prompt_open(ui, label, initial, NULL, done, complete, ctx, NULL);
}

struct asked *prompt_asked(const struct ui *ui)
{
    const struct prompt *p = ui->accepting;

    return p != NULL ? asked_new(p->label, p->field.text, p->complete, p->ctx) : NULL;
}
