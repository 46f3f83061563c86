/* The panel of a change: exactly what will be different, from what to what, and where. */
#include <stdio.h>
#include <string.h>

#include "ui/change.h"
#include "ui/wrap.h"

/* What a row of the panel holds. */
enum row_kind {
    ROW_SUBJECT,  /* "fraud-detector v15" above its lines */
    ROW_CHANGE,   /* what: from → to */
    ROW_FIGURE,   /* a metric: name: from → to, better */
    ROW_SENTENCE, /* one wrapped row of one */
    ROW_BLANK,
    ROW_LEGEND, /* what the figures below compare */
};
struct row {
    const struct ncm_plan_line *line;
    enum row_kind kind;
    size_t at, len; /* of a sentence */
};
struct rows {
    struct row *items;
    size_t n, cap;
};

struct columns {
    int what, from;
};

static const char *text_of(const char *s)
{
    return s != NULL ? s : "";
}

static struct ncm_str str_of(const char *s)
{
    return (struct ncm_str){text_of(s), strlen(text_of(s))};
}

static void add_row(struct rows *r, const struct ncm_plan_line *line, enum row_kind kind, size_t at,
                    size_t len)
{
    r->items = ncm_grow(r->items, r->n, &r->cap, sizeof *r->items);
    r->items[r->n++] = (struct row){line, kind, at, len};
}

static enum row_kind kind_of(const struct ncm_plan_line *line)
{
    bool values = line->from != NULL || line->to != NULL;
    bool compares = line->tone == NCM_TONE_BETTER || line->tone == NCM_TONE_WORSE ||
                    line->tone == NCM_TONE_NOTE;

    return !values ? ROW_SENTENCE : compares ? ROW_FIGURE : ROW_CHANGE;
}

/* The order of reading: what was asked for, what else it does, warnings, figures, notes. */
static int rank_of(const struct ncm_plan_line *line)
{
    switch (line->tone) {
    case NCM_TONE_CHANGE:
        return 0;
    case NCM_TONE_SIDE:
        return 1;
    case NCM_TONE_WARN:
        return 2;
    default:
        return kind_of(line) == ROW_FIGURE ? 3 : 4;
    }
}

static void add_sentence(struct rows *r, const struct ncm_plan_line *line, int w)
{
    const char *text = text_of(line->what);
    size_t at = 0;

    while (text[at] != '\0') {
        size_t skip, n = wrap_row(text + at, w, &skip);
        add_row(r, line, ROW_SENTENCE, at, n);
        at += n + skip;
    }
}

static void make_rows(const struct ncm_plan *plan, int w, bool airy, struct rows *r)
{
    const char *subject = "";
    bool legend = false;

    for (int rank = 0; rank <= 4; rank++) {
        subject = rank == 1 ? "" : subject; /* what else it does says so in its own head */
        bool first = r->n > 0 && airy && rank >= 2;
        for (size_t i = 0; i < plan->n_lines; i++) {
            const struct ncm_plan_line *line = &plan->lines[i];
            enum row_kind kind = kind_of(line);
            if (rank_of(line) != rank) {
                continue;
            }
            if (first) {
                add_row(r, line, ROW_BLANK, 0, 0);
                first = false;
            }
            if (kind != ROW_FIGURE && strcmp(text_of(line->subject), subject) != 0) {
                subject = text_of(line->subject);
                if (subject[0] != '\0') {
                    add_row(r, line, ROW_SUBJECT, 0, 0);
                }
            }
            if (kind == ROW_FIGURE && !legend) {
                add_row(r, line, ROW_LEGEND, 0, 0);
                legend = true;
            }
            if (kind == ROW_SENTENCE) {
                add_sentence(r, line, w - 4);
            } else {
                add_row(r, line, kind, 0, 0);
            }
        }
    }
}

static int width_of(const char *s, int most)
{
    char text[1024];
    int w = ncm_text_clip(text, sizeof text, text_of(s), strlen(text_of(s)), most);

    return w < most ? w : most;
}

/* What stands first in the row of a change or a figure. */
static const char *head_of(const struct ncm_plan_line *line)
{
    return kind_of(line) == ROW_FIGURE ? text_of(line->subject) : text_of(line->what);
}

static struct columns measure(const struct ncm_plan *plan, int w)
{
    struct columns c = {4, 1};
    int room = w - 6;

    for (size_t i = 0; i < plan->n_lines; i++) {
        const struct ncm_plan_line *line = &plan->lines[i];
        if (kind_of(line) == ROW_SENTENCE) {
            continue; /* it has the whole row */
        }
        int what = width_of(head_of(line), room / 2), from = width_of(line->from, room / 3);
        c.what = what > c.what ? what : c.what;
        c.from = from > c.from ? from : c.from;
    }
    return c;
}

static void tone_of(enum ncm_plan_tone tone, const char **mark, enum role *role)
{
    switch (tone) {
    case NCM_TONE_CHANGE:
        *mark = " ";
        *role = ROLE_FOCUS;
        break;
    case NCM_TONE_SIDE:
        *mark = " ";
        *role = ROLE_WARN;
        break;
    /* no arrows: they would say where a figure went, and a loss that falls is better */
    case NCM_TONE_BETTER:
        *mark = sign(SIGN_CHECK);
        *role = ROLE_BETTER;
        break;
    case NCM_TONE_WORSE:
        *mark = sign(ncm_text_utf8() ? SIGN_CROSS : SIGN_WARN); /* "!" beside "+" */
        *role = ROLE_WORSE;
        break;
    case NCM_TONE_WARN:
        *mark = sign(SIGN_WARN);
        *role = ROLE_WARN;
        break;
    case NCM_TONE_NOTE:
    default:
        *mark = " ";
        *role = ROLE_DIM;
        break;
    }
}

static void draw_subject(const struct canvas *c, int y, const struct ncm_plan_line *line)
{
    const char *subject = line->subject;
    struct ncm_buf text;

    /* what is confirmed is shown with everything that hides in it */
    ncm_buf_init(&text, 4096);
    ncm_text_escape(&text, subject, strlen(subject));
    paint_cut(c, y, 0, c->w, 0, ROLE_TEXT, ATTR_BOLD, text.p);
    int x = ncm_text_width(text.p) + 2;
    ncm_buf_release(&text);
    if (line->tone == NCM_TONE_SIDE) {
        paint_cut(c, y, x, c->w - x, 0, ROLE_WARN, 0, _("changes with it"));
    }
}

static void draw_sentence(const struct canvas *c, int y, const struct row *r)
{
    const char *mark;
    enum role role;

    tone_of(r->line->tone, &mark, &role);
    if (r->at == 0) {
        paint(c, y, 2, role, ATTR_BOLD, mark);
    }
    paint_raw(c, y, 4, c->w - 4, 0, r->line->tone == NCM_TONE_CHANGE ? ROLE_TEXT : role, 0,
              (struct ncm_str){r->line->what + r->at, r->len});
}

static void draw_line(const struct canvas *c, int y, const struct ncm_plan_line *line,
                      const struct columns *col)
{
    const char *mark, *none = sign(SIGN_DASH);
    const char *word = kind_of(line) == ROW_FIGURE ? text_of(line->what) : "";
    enum role role;
    int x = 4;

    tone_of(line->tone, &mark, &role);
    bool loud = line->tone == NCM_TONE_CHANGE || line->tone == NCM_TONE_SIDE;
    paint(c, y, 2, role, ATTR_BOLD, mark);
    paint_raw(c, y, x, col->what, 0, loud ? ROLE_TEXT : ROLE_DIM, 0, str_of(head_of(line)));
    x += col->what + 2;
    paint_raw(c, y, x, col->from, 0, ROLE_DIM, 0, str_of(line->from != NULL ? line->from : none));
    x += col->from + 1;
    x += paint(c, y, x, ROLE_DIM, 0, ncm_text_utf8() ? "→" : ">") + 1;
    int word_w = word[0] != '\0' ? ncm_text_width(word) + 2 : 0;
    const char *to = line->to != NULL ? line->to : none;
    int to_w = width_of(to, c->w - x - word_w);
    if (to_w > 0) {
        paint_raw(c, y, x, to_w, 0, role == ROLE_DIM ? ROLE_TEXT : role, loud ? ATTR_BOLD : 0,
                  str_of(to));
    }
    paint(c, y, x + to_w + 2, role, 0, word);
}

static void draw_row(const struct canvas *c, int y, const struct row *r, const struct columns *col)
{
    switch (r->kind) {
    case ROW_SUBJECT:
        draw_subject(c, y, r->line);
        break;
    case ROW_SENTENCE:
        draw_sentence(c, y, r);
        break;
    case ROW_LEGEND:
        paint_cut(c, y, 0, c->w, 0, ROLE_TEXT, ATTR_BOLD,
                  _("Metrics, from the version there now to this one"));
        break;
    case ROW_CHANGE:
    case ROW_FIGURE:
        draw_line(c, y, r->line, col);
        break;
    case ROW_BLANK:
    default:
        break;
    }
}

static void draw_plan(struct change *c, const struct rows *rows, const struct canvas *area)
{
    struct columns col = measure(c->plan, area->w);

    c->rows_shown = area->h;
    if (c->top + (size_t)area->h > c->rows) {
        c->top = c->rows > (size_t)area->h ? c->rows - (size_t)area->h : 0;
    }
    for (int y = 0; y < area->h && c->top + (size_t)y < c->rows; y++) {
        draw_row(area, y, &rows->items[c->top + (size_t)y], &col);
    }
    size_t needed = rows->n; /* notes at the end need not have been read */
    while (needed > 0 && rank_of(rows->items[needed - 1].line) == 4) {
        needed--;
    }
    c->seen_all = c->seen_all || (area->h > 0 && c->top + (size_t)area->h >= needed);
    if (area->h > 0 && c->top + (size_t)area->h < c->rows) {
        paint(area, area->h - 1, area->w - 1, ROLE_FOCUS, 0, sign(SIGN_DOWN));
    }
}

/* "in mlflow.db · context prod-seoul PROTECTED" */
static void draw_where(const struct change *c, const struct canvas *in, int y)
{
    struct ncm_session *s = c->ui->now->session;
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
    } else if (on_confirm) {
        paint_cut(in, y, x + 2, in->w - x - 2, 0, ROLE_KEY, 0, _("Enter confirms"));
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
    struct rows rows = {NULL, 0, 0};
    int under = change_name(c) != NULL ? 3 : 2; /* fields and buttons */
    int w = l->body.w - 4 > 96 ? 96 : l->body.w - 4;
    make_rows(plan, w, true, &rows);
    bool airy = (int)rows.n + under + 6 <= l->body.h;
    if (!airy) {
        rows.n = 0;
        make_rows(plan, w, false, &rows);
    }
    bool roomy = l->body.h >= 14;
    c->rows = rows.n;
    int want = (int)c->rows + under + (roomy ? 2 : 0) + (airy ? 2 : 0);
    struct canvas box = layout_box(&l->body, want, w);
    const char *name = text_of(plan->title);
    ncm_text_clip(title, sizeof title, name, strlen(name), box.w - 6);
    struct canvas in = box_draw(&box, title, c->danger ? ROLE_DANGER : ROLE_FOCUS);
    int top = 0, fields = in.h - under - airy;
    if (roomy) {
        draw_where(c, &in, 0);
        top = 1 + airy;
    }
    int room = fields - top - roomy; /* a blank row above the fields */
    struct canvas area = canvas_part(&in, top, 0, room > 0 ? room : 0, -1);
    draw_plan(c, &rows, &area);
    int y = fields;
    draw_field(c, &in, y++, false);
    if (change_name(c) != NULL) {
        draw_field(c, &in, y++, true);
    }
    draw_buttons(c, &in, in.h - 1);
    ncm_free(rows.items);
}
