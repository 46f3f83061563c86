/* The line of the keys that matter right now, and the message line. */
#include <stdio.h>
#include <string.h>

#include "ui/inside.h"
#include "ui/wrap.h"

#define MAX_KEYS     32
#define MESSAGE_ROWS 4

static size_t general(struct layer_key *out)
{
    static const enum ui_action_id ids[] = {A_PALETTE, A_FILTER, A_HELP};
    size_t n = 0;

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        if (keymap_label(ids[i])[0] != '\0') {
            out[n].key = keymap_label(ids[i]);
            out[n++].label = _(ui_action_of(ids[i])->label);
        }
    }
    return n;
}

static size_t pane_keys(struct ui *ui, struct layer_key *out, size_t max)
{
    const struct pane_ops *ops = pane_ops_of(ui);
    struct ui_hint hints[MAX_KEYS];
    size_t n = 0;

    if (ops == NULL) {
        out[0] = (struct layer_key){"D", _("open the demo")};
        out[1] = (struct layer_key){keymap_label(A_QUIT), _("quit")};
        return 2;
    }
    size_t got = ops->hints != NULL ? ops->hints(pane_of(ui), hints, max) : 0;
    for (size_t i = 0; i < got && n < max; i++) {
        const struct ui_action *a = ui_action_of(hints[i].action);
        const char *key = keymap_label(hints[i].action);
        if (a != NULL && key[0] != '\0') {
            out[n].key = key;
            out[n++].label = hints[i].label != NULL ? hints[i].label : _(a->label);
        }
    }
    return n;
}

/* Without UTF-8 the dots of "promote…" would take three cells, and hints their place. */
static const char *plain_label(const char *label, char *out, size_t outsz)
{
    static const char dots[] = "…";
    size_t n = strlen(label), end = sizeof dots - 1;

    if (ncm_text_utf8() || n < end || strcmp(label + n - end, dots) != 0 || n - end >= outsz) {
        return label;
    }
    memcpy(out, label, n - end);
    out[n - end] = '\0';
    return out;
}

void keyline_draw(struct ui *ui, const struct canvas *c)
{
    struct layer_key keys[MAX_KEYS + 4];
    int width[MAX_KEYS + 4];
    bool shown[MAX_KEYS + 4];
    size_t n, always = 0;

    if (ui->top != NULL) {
        n = ui->top->ops->keys != NULL ? ui->top->ops->keys(ui->top->self, keys, MAX_KEYS) : 0;
    } else {
        n = pane_keys(ui, keys, MAX_KEYS);
        always = general(keys + n);
        n += always;
    }
    char plain[MAX_KEYS + 4][64];
    for (size_t i = 0; i < n; i++) {
        keys[i].label = plain_label(keys[i].label, plain[i], sizeof plain[0]);
        width[i] = ncm_text_width(keys[i].key) + 1 + ncm_text_width(keys[i].label);
    }
    layout_hints(width, n, always, c->w - 2, shown);
    int x = 1;
    for (size_t i = 0; i < n; i++) {
        if (!shown[i]) {
            continue;
        }
        x += paint(c, 0, x, ROLE_KEY, 0, keys[i].key) + 1;
        x += paint(c, 0, x, ROLE_KEYTEXT, 0, keys[i].label) + 2;
    }
}

/* In the line that is free: what keeps the data from being live, and the key that tells more. */
static void problem_draw(struct ui *ui, const struct canvas *c)
{
    char text[512], more[64] = "";
    const char *key = keymap_label(A_PROBLEM);

    if (!problem_line(ui, text, sizeof text)) {
        return;
    }
    if (key[0] != '\0') {
        snprintf(more, sizeof more, _("%s tells more"), key);
        if (ncm_text_width(text) + ncm_text_width(more) + 8 > c->w) {
            snprintf(more, sizeof more, _("%s more"), key); /* what is wrong is worth the room */
        }
    }
    int more_w = c->w >= 60 && more[0] != '\0' ? ncm_text_width(more) + 4 : 1;
    int room = c->w - 4 - more_w;
    int w = ncm_text_width(text) < room ? ncm_text_width(text) : room;
    paint_fill(c, 0, 0, 1, w + 4, ROLE_TEXT);
    paint(c, 0, 1, ROLE_FAIL, ATTR_BOLD, sign(SIGN_OFFLINE));
    paint_cut(c, 0, 3, w, 0, ROLE_FAIL, 0, text);
    if (more_w > 1) {
        paint_fill(c, 0, c->w - more_w + 1, 1, more_w - 1, ROLE_TEXT);
        paint(c, 0, c->w - more_w + 2, ROLE_KEYTEXT, 0, more);
        paint(c, 0, c->w - more_w + 2, ROLE_KEY, 0, key);
    }
}

void message_draw(struct ui *ui, const struct frame_layout *l)
{
    static const enum role roles[] = {
        [UI_INFO] = ROLE_RUN, [UI_GOOD] = ROLE_OK, [UI_BAD] = ROLE_FAIL};

    if (ui->message.text == NULL) {
        if (l->own_message_row) {
            paint_hline(&l->message, 0, 0, l->message.w, ROLE_BORDER);
            problem_draw(ui, &l->message);
        }
        return;
    }
    int w = l->message.w - 4;
    int rows = wrap_rows(ui->message.text, w);
    rows = rows > MESSAGE_ROWS ? MESSAGE_ROWS : rows < 1 ? 1 : rows;
    if (rows > l->message.y) {
        rows = l->message.y > 0 ? l->message.y : 1;
    }
    struct canvas c = {l->message.y - rows + 1, 0, rows, l->message.w};
    paint_fill(&c, 0, 0, rows, c.w, ROLE_TEXT);
    enum role role = roles[ui->message.tone];
    const char *mark = ui->message.tone == UI_GOOD  ? sign(SIGN_CHECK)
                       : ui->message.tone == UI_BAD ? sign(SIGN_CROSS)
                                                    : sign(SIGN_DOT);
    paint(&c, 0, 1, role, ATTR_BOLD, mark);
    wrap_paint(&c, 0, 3, w, rows, ui->message.tone == UI_BAD ? ROLE_FAIL : ROLE_TEXT,
               ui->message.text);
}
