/* The scrolling text: raw lines, cleaned and wrapped while painting. top counts wrapped rows. */
#include <ctype.h>
#include <string.h>

#include "api/text.h"
#include "ui/widget.h"
#include "ui/wrap.h"

#define LINE_MAX_BYTES (1u << 20)

/* Calls row() for each wrapped row in order until it says stop. */
struct rows {
    const char *text;
    size_t len, at; /* raw */
    struct ncm_buf line;
    size_t line_at; /* clean bytes of the line already given */
    bool in_line;
    int width;
};

static void rows_begin(struct rows *r, const char *text, size_t len, int width)
{
    memset(r, 0, sizeof *r);
    r->text = text;
    r->len = len;
    r->width = width;
    ncm_buf_init(&r->line, LINE_MAX_BYTES);
}

/* The next row, at most `size` bytes of it in out. */
static bool rows_next(struct rows *r, char *out, size_t size)
{
    if (!r->in_line) {
        if (r->at >= r->len) {
            return false;
        }
        const char *p = r->text + r->at;
        const char *nl = memchr(p, '\n', r->len - r->at);
        size_t n = nl != NULL ? (size_t)(nl - p) : r->len - r->at;
        r->at += n + 1;
        if (n > 0 && p[n - 1] == '\r') {
            n--;
        }
        ncm_buf_clear(&r->line);
        ncm_text_clean(&r->line, p, n, NCM_CLEAN_LINES);
        r->line_at = 0;
        r->in_line = true;
    }
    size_t skip;
    size_t n = wrap_row(r->line.p + r->line_at, r->width, &skip);
    size_t cut = n < size ? n : size - 1;
    memcpy(out, r->line.p + r->line_at, cut);
    out[cut] = '\0';
    r->line_at += n + skip;
    r->in_line = n + skip > 0 && r->line_at < r->line.len;
    return true;
}

static void rows_end(struct rows *r)
{
    ncm_buf_release(&r->line);
}

static size_t count_rows(const char *text, size_t len, int width)
{
    struct rows r;
    char row[8];
    size_t n = 0;

    rows_begin(&r, text, len, width);
    while (rows_next(&r, row, sizeof row)) {
        n++;
    }
    rows_end(&r);
    return n;
}

/* Where needle occurs in a row of clean text (ASCII letters of either case), or NULL. */
static const char *find(const char *row, const char *needle)
{
    size_t n = strlen(needle);

    for (; *row != '\0'; row++) {
        size_t i = 0;
        while (i < n && tolower((unsigned char)row[i]) == tolower((unsigned char)needle[i])) {
            i++;
        }
        if (i == n) {
            return row;
        }
    }
    return NULL;
}

static void paint_matches(const struct canvas *c, int y, const char *row, const char *needle)
{
    char hit[sizeof((struct textview *)0)->needle];
    size_t n = strlen(needle);

    if (n == 0) {
        return;
    }
    for (const char *p = find(row, needle); p != NULL; p = find(p + n, needle)) {
        memcpy(hit, p, n);
        hit[n] = '\0';
        paint(c, y, ncm_text_width_n(row, (size_t)(p - row)), ROLE_MATCH, 0, hit);
    }
}

static void clamp(struct textview *t, size_t total)
{
    size_t rows = (size_t)(t->rows_shown > 0 ? t->rows_shown : 1);

    if (t->top + rows > total) {
        t->top = total > rows ? total - rows : 0;
    }
}

static int usable(const struct canvas *c)
{
    return c->w > 2 ? c->w - 1 : c->w;
}

void textview_draw(struct textview *t, const char *text, size_t len, const struct canvas *c,
                   bool focused)
{
    struct rows r;
    char row[4096];

    t->rows_shown = c->h;
    t->width = usable(c);
    if (c->h < 1 || c->w < 1) {
        return;
    }
    size_t total = count_rows(text, len, t->width);
    clamp(t, total);
    rows_begin(&r, text, len, t->width);
    for (size_t i = 0; i < t->top + (size_t)c->h && rows_next(&r, row, sizeof row); i++) {
        if (i >= t->top) {
            int y = (int)(i - t->top);
            paint(c, y, 0, ROLE_TEXT, 0, row);
            paint_matches(c, y, row, t->needle);
        }
    }
    rows_end(&r);
    bool utf8 = ncm_text_utf8();
    if (t->top > 0) {
        paint_glyph(c, 0, c->w - 1, ROLE_BORDER, 0, utf8 ? 0x25B4 : '^');
    }
    if (t->top + (size_t)c->h < total) {
        paint_glyph(c, c->h - 1, c->w - 1, ROLE_BORDER, 0, utf8 ? 0x25BE : 'v');
    }
    if (focused) {
        paint_cursor(c, 0, 0, false);
    }
}

/* The next row with the needle, after (or before) the first shown one; wraps around. */
static void go_to_match(struct textview *t, const char *text, size_t len, bool back)
{
    struct rows r;
    char row[4096];
    size_t i = 0, first = SIZE_MAX, last = SIZE_MAX, previous = SIZE_MAX, next = SIZE_MAX;

    if (t->needle[0] == '\0') {
        return;
    }
    rows_begin(&r, text, len, t->width);
    for (; rows_next(&r, row, sizeof row); i++) {
        if (find(row, t->needle) == NULL) {
            continue;
        }
        first = first == SIZE_MAX ? i : first;
        last = i;
        if (i < t->top) {
            previous = i;
        } else if (i > t->top && next == SIZE_MAX) {
            next = i;
        }
    }
    rows_end(&r);
    size_t to = back ? (previous != SIZE_MAX ? previous : last) : (next != SIZE_MAX ? next : first);
    if (to != SIZE_MAX) {
        t->top = to;
    }
}

bool textview_act(struct textview *t, const char *text, size_t len, enum ui_action_id action)
{
    size_t page = t->rows_shown > 1 ? (size_t)t->rows_shown - 1 : 1;

    switch (action) {
    case A_UP:
        t->top -= t->top > 0;
        break;
    case A_DOWN:
        t->top++;
        break;
    case A_TOP:
        t->top = 0;
        break;
    case A_BOTTOM:
        t->top = SIZE_MAX / 2;
        break;
    case A_PAGE_UP:
        t->top = t->top > page ? t->top - page : 0;
        break;
    case A_PAGE_DOWN:
        t->top += page;
        break;
    case A_NEXT_MATCH:
        go_to_match(t, text, len, false);
        return true;
    case A_PREV_MATCH:
        go_to_match(t, text, len, true);
        return true;
    default:
        return false;
    }
    if (t->width > 0) {
        clamp(t, count_rows(text, len, t->width));
    }
    return true;
}
