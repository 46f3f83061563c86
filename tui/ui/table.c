/* The one table: head line, rows, selection bar, marks, groups, scrolling both ways. */
#include <string.h>

#include "api/text.h"
#include "ui/table_size.h"
#include "ui/widget.h"
#include "ui/wrap.h"

#define MAX_COLUMNS 128

static bool is_heading(const struct table_model *m, size_t row)
{
    return m->heading != NULL && m->heading(m->ctx, row);
}

/* The nearest row from `row` on in the given direction, else in the other, that can be selected. */
static size_t selectable(const struct table_model *m, size_t row, bool up)
{
    size_t n = m->count(m->ctx);

    if (n == 0) {
        return 0;
    }
    if (row >= n) {
        row = n - 1;
    }
    size_t at = row;
    while (is_heading(m, at)) {
        if (up ? at == 0 : at + 1 >= n) {
            break;
        }
        at = up ? at - 1 : at + 1;
    }
    if (!is_heading(m, at)) {
        return at;
    }
    at = row;
    while (is_heading(m, at) && (up ? at + 1 < n : at > 0)) {
        at = up ? at + 1 : at - 1;
    }
    return at;
}

static void keep_in_view(struct table *t, const struct table_model *m, size_t n, int rows)
{
    if (rows < 1) {
        rows = 1;
    }
    if (t->selected < t->top) {
        t->top = t->selected;
    }
    if (t->selected >= t->top + (size_t)rows) {
        t->top = t->selected - (size_t)rows + 1;
    }
    if (t->top + (size_t)rows > n) {
        t->top = n > (size_t)rows ? n - (size_t)rows : 0;
    }
    /* the head of the group the first row belongs to is worth a row */
    if (t->top > 0 && t->top == t->selected && rows > 1 && is_heading(m, t->top - 1)) {
        t->top--;
    }
}

static int gutter(const struct table_model *m)
{
    return m->marked != NULL ? 3 : 2;
}

static void draw_head(const struct table *t, const struct canvas *c, const int *width, int x)
{
    for (size_t i = 0; i < t->n_columns && i < MAX_COLUMNS; i++) {
        const struct table_column *col = &t->columns[i];
        if (width[i] == 0) {
            continue;
        }
        char title[256];
        const char *arrow = col->sorted > 0   ? sign(SIGN_UP)
                            : col->sorted < 0 ? sign(SIGN_DOWN)
                                              : "";
        int room = width[i] - ncm_text_width(arrow);
        int used = ncm_text_clip(title, sizeof title - 8, col->title, strlen(col->title),
                                 room > 0 ? room : 0);
        int at = x + (col->align == 1 ? width[i] - used - ncm_text_width(arrow) : 0);
        at += paint(c, 0, at, ROLE_HEAD, 0, title);
        paint(c, 0, at, ROLE_FOCUS, 0, arrow);
        x += width[i] + TABLE_GAP;
    }
    if (t->first_column > 0) {
        paint_glyph(c, 0, 0, ROLE_FOCUS, 0, ncm_text_utf8() ? 0x2039 : '<');
    }
    if (t->hidden > 0) {
        paint_glyph(c, 0, c->w - 1, ROLE_FOCUS, 0, ncm_text_utf8() ? 0x203A : '>');
    }
}

/* What was painted last in a row. */
struct painted {
    int end; /* column after it; 0: nothing yet */
    enum role role;
    unsigned attrs;
};

/* Changing the colour costs more bytes than a few blanks: between two cells of the same look the
 * blanks take it too. */
static void bridge(const struct canvas *c, int y, int to, const struct table_cell *cell,
                   const struct painted *last)
{
    static const char blanks[] = "                ";
    int gap = to - last->end;

    if (last->end > 0 && gap > 0 && gap < (int)sizeof blanks && cell->role != ROLE_TEXT &&
        cell->role == last->role && cell->attrs == last->attrs) {
        paint(c, y, last->end, cell->role, cell->attrs, blanks + (sizeof blanks - 1 - (size_t)gap));
    }
}

/* Only the text is painted, not the blanks around it: less to send when a row changes. */
static void draw_cell(const struct table_column *col, const struct table_cell *cell,
                      const struct canvas *c, int y, int x, int w, struct painted *last)
{
    char text[2048];
    const char *p = cell->is_raw ? ncm_cstr(cell->raw) : cell->text;
    size_t len = cell->is_raw ? cell->raw.len : strlen(cell->text);

    if (cell->n_heat > 0) {
        heat_paint(c, y, x, w, cell->heat_w, cell->heat, cell->n_heat, cell->heat_cursor);
        last->end = 0;
        return;
    }
    if (cell->n_spark > 0) {
        paint_spark(c, y, x, w, cell->spark, cell->n_spark, cell->role);
        last->end = 0;
        return;
    }
    int used = cell->cut_middle ? ncm_text_clip_middle(text, sizeof text, p, len, w)
                                : ncm_text_clip(text, sizeof text, p, len, w);
    if (used == 0) {
        return;
    }
    x += col->align == 1 ? w - used : 0;
    bridge(c, y, x, cell, last);
    paint(c, y, x, cell->role, cell->attrs, text);
    *last = (struct painted){x + used, cell->role, cell->attrs};
}

static void draw_heading(const struct table_model *m, size_t row, const struct canvas *c, int y,
                         int w)
{
    struct table_cell cell;

    memset(&cell, 0, sizeof cell);
    cell.role = ROLE_HEAD;
    m->cell(m->ctx, row, 0, &cell);
    struct painted last = {0, ROLE_TEXT, 0};
    draw_cell(&(struct table_column){.align = 0}, &cell, c, y, 1, w - 1, &last);
    if (m->heading_right != NULL) {
        int used = last.end;
        memset(&cell, 0, sizeof cell);
        m->heading_right(m->ctx, row, &cell);
        int right = ncm_text_width(cell.text);
        if (right > 0 && used + 2 + right <= w) {
            paint(c, y, w - right, cell.role, cell.attrs, cell.text);
        }
    }
}

/* The selection's bar leaves a heat map its colours. */
static void draw_bar(const struct table *t, const struct canvas *c, int y, int w, enum role role)
{
    if (t->heat_w == 0) {
        paint_restyle(c, y, 0, w, role);
        return;
    }
    int after = t->heat_x + t->heat_w;
    paint_restyle(c, y, 0, t->heat_x, role);
    paint_restyle(c, y, after, w - after, role);
}

static void draw_row(struct table *t, const struct table_model *m, const struct canvas *c,
                     size_t row, int y, const int *width, int bar_w)
{
    struct painted last = {0, ROLE_TEXT, 0};
    int x = gutter(m);
    bool selected = row == t->selected;

    if (selected) {
        paint(c, y, 0, ROLE_TEXT, 0, sign(SIGN_SELECT));
    }
    if (m->marked != NULL && m->marked(m->ctx, row)) {
        paint(c, y, 1, ROLE_MARK, 0, sign(SIGN_MARK));
    }
    if (m->base != NULL && m->base(m->ctx, row)) {
        paint_glyph(c, y, x - 1, ROLE_FOCUS, ATTR_BOLD, '=');
    }
    for (size_t i = 0; i < t->n_columns && i < MAX_COLUMNS; i++) {
        if (width[i] > 0) {
            struct table_cell cell;
            memset(&cell, 0, sizeof cell);
            m->cell(m->ctx, row, i, &cell);
            int w = x + width[i] > bar_w ? bar_w - x : width[i];
            if (w > 0 && cell.n_heat > 0) {
                t->heat_x = x;
                t->heat_w = w;
            }
            if (w > 0) {
                draw_cell(&t->columns[i], &cell, c, y, x, w, &last);
            }
            x += width[i] + TABLE_GAP;
        }
    }
}

/* A thumb at the right edge: where we are in what there is. */
static void draw_scrollbar(const struct table *t, const struct canvas *c, size_t n, int rows)
{
    size_t r = (size_t)rows;
    size_t thumb = r * r / n;

    if (thumb < 1) {
        thumb = 1;
    }
    size_t space = n - r;
    size_t at = space > 0 ? t->top * (r - thumb) / space : 0;
    if (t->top > 0 && at == 0 && r > thumb) {
        at = 1;
    }
    for (size_t i = 0; i < thumb; i++) {
        paint_glyph(c, 1 + (int)(at + i), c->w - 1, ROLE_BORDER, 0, ncm_text_utf8() ? 0x2590 : '|');
    }
}

void table_draw(struct table *t, const struct table_model *m, const struct canvas *c, bool focused,
                const char *empty)
{
    int width[MAX_COLUMNS];
    size_t n = m->count(m->ctx);
    size_t columns = t->n_columns < MAX_COLUMNS ? t->n_columns : MAX_COLUMNS;
    int rows = c->h - 1;

    if (rows < 0 || c->w < 4) {
        return;
    }
    int first = t->first_column;
    t->hidden = table_widths(t->columns, columns, t->fixed, first, c->w - gutter(m) - 1, width);
    draw_head(t, c, width, gutter(m));
    t->rows_shown = rows;
    t->heat_x = t->heat_w = 0;
    if (n == 0) {
        t->selected = t->top = 0;
        if (empty != NULL) {
            wrap_paint(c, rows > 2 ? 2 : 1, 2, c->w - 4, rows - 1 > 0 ? rows - 1 : 1, ROLE_DIM,
                       empty);
        }
        return;
    }
    t->selected = selectable(m, t->selected, false);
    keep_in_view(t, m, n, rows);
    bool scrolls = n > (size_t)rows && rows > 0;
    int bar_w = c->w - (scrolls ? 1 : 0);
    for (int i = 0; i < rows && t->top + (size_t)i < n; i++) {
        size_t row = t->top + (size_t)i;
        if (is_heading(m, row)) {
            draw_heading(m, row, c, 1 + i, bar_w);
            continue;
        }
        draw_row(t, m, c, row, 1 + i, width, bar_w);
        if (row == t->selected) {
            draw_bar(t, c, 1 + i, bar_w, focused ? ROLE_SELECT : ROLE_SELECT_OFF);
            if (focused) {
                paint_cursor(c, 1 + i, 0, false);
            }
        }
    }
    if (scrolls) {
        draw_scrollbar(t, c, n, rows);
    }
}

static bool scroll_columns(struct table *t, bool right)
{
    if (right) {
        if (t->hidden > 0 && (size_t)(t->fixed + t->first_column + 1) < t->n_columns) {
            t->first_column++;
        }
    } else if (t->first_column > 0) {
        t->first_column--;
    }
    return true;
}

bool table_act(struct table *t, const struct table_model *m, enum ui_action_id action)
{
    size_t n = m->count(m->ctx);
    size_t page = t->rows_shown > 1 ? (size_t)t->rows_shown - 1 : 1;
    size_t at = t->selected;

    switch (action) {
    case A_UP:
        at = at > 0 ? at - 1 : 0;
        break;
    case A_DOWN:
        at = at + 1;
        break;
    case A_TOP:
        at = 0;
        break;
    case A_BOTTOM:
        at = n > 0 ? n - 1 : 0;
        break;
    case A_PAGE_UP:
        at = at > page ? at - page : 0;
        break;
    case A_PAGE_DOWN:
        at = at + page;
        break;
    case A_LEFT:
        return scroll_columns(t, false);
    case A_RIGHT:
        return scroll_columns(t, true);
    default:
        return false;
    }
    bool up = action == A_UP || action == A_PAGE_UP || action == A_BOTTOM;
    t->selected = selectable(m, at, up);
    return true;
}

size_t table_row_at(const struct table *t, const struct table_model *m, int y)
{
    if (y < 1) {
        return SIZE_MAX;
    }
    size_t row = t->top + (size_t)(y - 1);
    return row < m->count(m->ctx) && !is_heading(m, row) ? row : SIZE_MAX;
}
