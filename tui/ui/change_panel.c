/* The panel of a change: exactly what will be different, from what to what, and where. */
#include <stdio.h>
#include <string.h>

#include "ui/change.h"
#include "ui/wrap.h"

/* A row is a subject on its own or one of its lines. */
struct row {
    const struct ncm_plan_line *line;
    bool subject;
};

struct columns {
    int what, from, to;
};

static const char *text_of(const char *s)
{
    return s != NULL ? s : "";
}

static struct ncm_str str_of(const char *s)
{
    return (struct ncm_str){text_of(s), strlen(text_of(s))};
}

static size_t make_rows(const struct ncm_plan *plan, struct row *out)
{
    size_t n = 0;
    const char *subject = "";

    for (size_t i = 0; i < plan->n_lines; i++) {
        const struct ncm_plan_line *line = &plan->lines[i];
        if (strcmp(text_of(line->subject), subject) != 0) {
            subject = text_of(line->subject);
            if (subject[0] != '\0') {
                out[n++] = (struct row){line, true};
            }
        }
        out[n++] = (struct row){line, false};
    }
    return n;
}

static int width_of(const char *s, int most)
{
    char text[1024];
    int w = ncm_text_clip(text, sizeof text, text_of(s), strlen(text_of(s)), most);

    return w < most ? w : most;
}

static struct columns measure(const struct ncm_plan *plan, int w)
{
    struct columns c = {4, 1, 1};
    int room = w - 6;

    for (size_t i = 0; i < plan->n_lines; i++) {
        const struct ncm_plan_line *line = &plan->lines[i];
        if (line->from == NULL && line->to == NULL) {
            continue; /* a sentence: it has the whole row */
        }
        int what = width_of(line->what, room / 2), from = width_of(line->from, room / 3);
        c.what = what > c.what ? what : c.what;
        c.from = from > c.from ? from : c.from;
    }
    c.to = room - c.what - c.from - 5;
    return c;
}

static void tone_of(enum ncm_plan_tone tone, const char **mark, enum role *role, const char **word)
{
    *word = "";
    switch (tone) {
    case NCM_TONE_CHANGE: *mark = sign(SIGN_DOT); *role = ROLE_FOCUS; break;
    case NCM_TONE_SIDE: *mark = sign(SIGN_ARROW); *role = ROLE_WARN; break;
    case NCM_TONE_BETTER: *mark = sign(SIGN_UP); *role = ROLE_BETTER; *word = _("better"); break;
    case NCM_TONE_WORSE: *mark = sign(SIGN_DOWN); *role = ROLE_WORSE; *word = _("worse"); break;
    case NCM_TONE_WARN: *mark = sign(SIGN_WARN); *role = ROLE_WARN; break;
    case NCM_TONE_NOTE:
    default: *mark = " "; *role = ROLE_DIM; break;
    }
}

static void draw_subject(const struct canvas *c, int y, const char *subject)
{
    struct ncm_buf text;

    /* what is confirmed is shown with everything that hides in it */
    ncm_buf_init(&text, 4096);
    ncm_text_escape(&text, subject, strlen(subject));
    paint_cut(c, y, 0, c->w, 0, ROLE_TEXT, ATTR_BOLD, text.p);
    ncm_buf_release(&text);
}

static void draw_line(const struct canvas *c, int y, const struct ncm_plan_line *line,
                      const struct columns *col)
{
    const char *mark, *word;
    enum role role;
    int x = 4;

    tone_of(line->tone, &mark, &role, &word);
    paint(c, y, 2, role, ATTR_BOLD, mark);
    if (line->from == NULL && line->to == NULL) {
        paint_raw(c, y, x, c->w - x, 0, role, 0, str_of(line->what));
        return;
    }
    bool loud = line->tone == NCM_TONE_CHANGE || line->tone == NCM_TONE_SIDE;
    paint_raw(c, y, x, col->what, 0, loud ? ROLE_TEXT : ROLE_DIM, 0, str_of(line->what));
    x += col->what + 2;
    const char *none = sign(SIGN_DASH);
    paint_raw(c, y, x, col->from, 0, ROLE_DIM, 0, str_of(line->from != NULL ? line->from : none));
    x += col->from + 1;
    x += paint(c, y, x, ROLE_DIM, 0, ncm_text_utf8() ? "→" : ">") + 1;
    int word_w = word[0] != '\0' ? ncm_text_width(word) + 2 : 0;
    const char *to = line->to != NULL ? line->to : none;
    int to_w = width_of(to, c->w - x - word_w);
    if (to_w > 0) {
        paint_raw(c, y, x, to_w, 0, role == ROLE_DIM ? ROLE_TEXT : role,
                  loud ? ATTR_BOLD : 0, str_of(to));
    }
    if (word_w > 0) {
        paint(c, y, x + to_w + 1, role, 0, word);
    }
}

static void draw_plan(struct change *c, const struct row *rows, const struct canvas *area)
{
    struct columns col = measure(c->plan, area->w);

    c->rows_shown = area->h;
    if (c->top + (size_t)area->h > c->rows) {
        c->top = c->rows > (size_t)area->h ? c->rows - (size_t)area->h : 0;
    }
    for (int y = 0; y < area->h && c->top + (size_t)y < c->rows; y++) {
        const struct row *r = &rows[c->top + (size_t)y];
        if (r->subject) {
            draw_subject(area, y, r->line->subject);
        } else {
            draw_line(area, y, r->line, &col);
        }
    }
    if (area->h > 0 && c->top + (size_t)area->h >= c->rows) {
        c->seen_all = true;
    } else if (area->h > 0) {
        paint(area, area->h - 1, area->w - 1, ROLE_FOCUS, 0, sign(SIGN_DOWN));
    }
}

/* "in mlflow.db · context prod-seoul PROTECTED" */
static void draw_where(const struct change *c, const struct canvas *in, int y)
{
    struct ncm_session *s = c->ui->session;
    char where[256];
    const char *location = ncm_session_location(s), *context = ncm_session_context(s);

    ncm_text_clip_middle(where, sizeof where, location, strlen(location), in->w - 4);
    int x = paintf(in, y, 0, ROLE_DIM, 0, _("in %s"), where) + 2;
    if (context[0] != '\0') {
        ncm_text_clip(where, sizeof where, context, strlen(context), 30);
        x += paintf(in, y, x, ROLE_DIM, 0, _("context %s"), where) + 2;
    }
    if (ncm_session_protected(s)) {
        paint(in, y, x, ROLE_DANGER, 0, _(" PROTECTED "));
    }
}

static void draw_field(struct change *c, const struct canvas *in, int y, bool is_name)
{
    struct field *f = is_name ? &c->name : &c->reason;
    bool focused = c->focus == (is_name ? ON_NAME : ON_REASON);
    char label[300];

    if (is_name) {
        struct ncm_buf name;
        ncm_buf_init(&name, 4096);
        ncm_text_escape(&name, change_name(c), strlen(change_name(c)));
        char shown[200];
        ncm_text_clip_middle(shown, sizeof shown, name.p, name.len, in->w / 3);
        snprintf(label, sizeof label, _("Type %s:"), shown);
        ncm_buf_release(&name);
    } else {
        snprintf(label, sizeof label, "%s", _("Reason:"));
    }
    int x = paint(in, y, 0, focused ? ROLE_FOCUS : ROLE_TEXT, 0, label) + 1;
    field_draw(f, in, y, x, in->w - x, focused);
}

static void draw_buttons(const struct change *c, const struct canvas *in, int y)
{
    int x = 0;
    bool on_cancel = c->focus == ON_CANCEL, on_confirm = c->focus == ON_CONFIRM;

    x += paintf(in, y, x, on_cancel ? ROLE_SELECT : ROLE_TEXT, on_cancel ? ATTR_BOLD : 0, "[ %s ]",
                _("Cancel"));
    int confirm_x = x + 2;
    x = confirm_x + paintf(in, y, confirm_x,
                           on_confirm ? (c->danger ? ROLE_DANGER : ROLE_SELECT) : ROLE_TEXT,
                           on_confirm ? ATTR_BOLD : 0, "[ %s ]", _("Confirm"));
    if (on_cancel || on_confirm) {
        paint_cursor(in, y, on_cancel ? 0 : confirm_x, false);
    }
    if (c->complaint != NULL) {
        paint_cut(in, y, x + 2, in->w - x - 2, 0, ROLE_FAIL, 0, c->complaint);
    }
}

static void draw_waiting(const struct change *c, const struct frame_layout *l)
{
    struct canvas box = layout_box(&l->body, 1, 40);
    struct canvas in = box_draw(&box, "", ROLE_FOCUS);

    paintf(&in, 0, 0, ROLE_TEXT, 0, "%s %s", sign(SIGN_LOADING),
           c->state == CHANGE_PLANNING ? _("looking what would change…") : _("writing…"));
}

void change_panel_draw(struct change *c, const struct frame_layout *l)
{
    char title[512];

    if (c->state != CHANGE_PANEL) {
        draw_waiting(c, l);
        return;
    }
    const struct ncm_plan *plan = c->plan;
    struct row *rows = ncm_alloc(plan->n_lines * 2 + 1, sizeof *rows);
    c->rows = make_rows(plan, rows);
    int under = change_name(c) != NULL ? 3 : 2; /* fields and buttons */
    bool roomy = l->body.h >= 14;
    int want = (int)c->rows + under + (roomy ? 4 : 0);
    int w = l->body.w - 4 > 96 ? 96 : l->body.w - 4;
    struct canvas box = layout_box(&l->body, want, w);
    const char *name = text_of(plan->title);
    ncm_text_clip(title, sizeof title, name, strlen(name), box.w - 6);
    struct canvas in = box_draw(&box, title, c->danger ? ROLE_DANGER : ROLE_FOCUS);
    int top = 0, bottom = in.h - under - (roomy ? 1 : 0);
    if (roomy) {
        draw_where(c, &in, 0);
        top = 2;
        bottom--;
    }
    struct canvas area = canvas_part(&in, top, 0, bottom - top > 0 ? bottom - top : 0, -1);
    draw_plan(c, rows, &area);
    int y = in.h - under - (roomy ? 1 : 0);
    draw_field(c, &in, y++, false);
    if (change_name(c) != NULL) {
        draw_field(c, &in, y++, true);
    }
    draw_buttons(c, &in, in.h - 1);
    ncm_free(rows);
}
