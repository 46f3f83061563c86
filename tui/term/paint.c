#include "term/paint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "term/screen.h"
#include "term/term.h"

struct canvas canvas_screen(void)
{
    return (struct canvas){0, 0, screen_back()->rows, screen_back()->cols};
}

struct canvas canvas_part(const struct canvas *c, int y, int x, int h, int w)
{
    int y0 = y < 0 ? 0 : y, x0 = x < 0 ? 0 : x;
    int y1 = h < 0 || h > c->h - y ? c->h : y + h;
    int x1 = w < 0 || w > c->w - x ? c->w : x + w;
    struct canvas part = {c->y + y0, c->x + x0, y1 - y0, x1 - x0};
    if (part.h < 0)
        part.h = 0;
    if (part.w < 0)
        part.w = 0;
    return part;
}

/* What may be painted of row y: the absolute row, and the absolute cells [x0, x1). */
struct clip {
    int y, x0, x1;
};

static bool clip_row(const struct canvas *c, int y, struct clip *out)
{
    const struct screen *s = screen_back();
    out->y = c->y + y;
    out->x0 = c->x > 0 ? c->x : 0;
    out->x1 = c->x + c->w < s->cols ? c->x + c->w : s->cols;
    return y >= 0 && y < c->h && out->y >= 0 && out->y < s->rows && out->x0 < out->x1;
}

static struct cell cell_of(enum role role, unsigned attrs, uint32_t cp)
{
    return (struct cell){
        .ch = {cp}, .width = 1, .role = (uint8_t)role, .over = ROLE_NONE, .attrs = (uint8_t)attrs};
}

/* Our own typography where the locale has no UTF-8: one cell for one cell. Lines stay: the frame
 * draws them with the terminal's own line characters. */
static uint32_t ascii_of(uint32_t cp)
{
    static const struct {
        uint32_t cp;
        char as;
    } map[] = {
        {0xA0, ' '},   {0xB7, '.'},   {0xB1, '~'},   {0xD7, 'x'},    {0x2010, '-'},  {0x2011, '-'},
        {0x2012, '-'}, {0x2013, '-'}, {0x2014, '-'}, {0x2018, '\''}, {0x2019, '\''}, {0x201C, '"'},
        {0x201D, '"'}, {0x2022, '*'}, {0x2026, '.'}, {0x203A, '>'},  {0x2190, '<'},  {0x2191, '^'},
        {0x2192, '>'}, {0x2193, 'v'}, {0x23CE, '<'}, {0x21B5, '<'},  {0x2212, '-'},  {0x221E, '8'},
        {0x2248, '~'}, {0x2264, '<'}, {0x2265, '>'}, {0x2504, '-'},  {0x2506, ':'},  {0x254C, '-'},
        {0x254E, ':'}, {0x2588, '#'}, {0x2591, '.'}, {0x2592, '#'},  {0x25B2, '^'},  {0x25B4, '^'},
        {0x25B8, '>'}, {0x25BA, '>'}, {0x25BC, 'v'}, {0x25BE, 'v'},  {0x25C6, '*'},  {0x25CB, 'o'},
        {0x25CF, '*'}, {0x25D0, '*'}, {0x2605, '*'}, {0x2713, '+'},  {0x2714, '+'},  {0x2715, 'x'},
        {0x2716, 'x'}, {0x2717, 'x'},
    };
    if (cp < 0x80 || (cp >= 0x2500 && cp <= 0x253C && cp != 0x2504 && cp != 0x2506))
        return cp;
    for (size_t i = 0; i < sizeof map / sizeof *map; i++)
        if (map[i].cp == cp)
            return (uint32_t)map[i].as;
    return '?';
}

/* Adds a combining mark to the character before absolute cell x. */
static void add_mark(const struct clip *k, int x, uint32_t cp)
{
    if (x - 1 < k->x0 || x - 1 >= k->x1)
        return;
    struct cell *c = screen_row(screen_back(), k->y) + x - 1;
    if (c->width == 0 && x - 2 >= k->x0)
        c--;
    for (int i = 1; i <= CELL_MARKS; i++) {
        if (c->ch[i] == 0) {
            c->ch[i] = cp;
            return;
        }
    }
}

static void put_wide(const struct clip *k, int x, struct cell *c)
{
    if (x >= k->x0 && x + 2 <= k->x1) {
        c->width = 2;
        screen_put(k->y, x, c);
    } else {
        /* The edge runs through it: a blank in the half that is inside. */
        struct cell gap = cell_of(c->role, c->attrs, ' ');
        if (x + 1 >= k->x0 && x + 1 < k->x1)
            screen_put(k->y, x + 1, &gap);
        else if (x >= k->x0 && x < k->x1)
            screen_put(k->y, x, &gap);
    }
}

int paint(const struct canvas *c, int y, int x, enum role role, unsigned attrs, const char *clean)
{
    struct clip k;
    if (!clip_row(c, y, &k))
        return ncm_text_width(clean);
    struct cell cell = cell_of(role, attrs, ' ');
    bool utf8 = ncm_text_utf8();
    int start = c->x + x, at = start;
    size_t left = strlen(clean);
    for (const char *p = clean; left > 0;) {
        if (at >= k.x1)
            return at - start + ncm_text_width(p);
        uint32_t cp = (unsigned char)*p;
        size_t len = 1;
        int width = 1;
        if (cp >= 0x80) {
            len = ncm_utf8_decode(p, left, &cp);
            width = ncm_text_width_n(p, len);
        }
        if (!utf8 && cp >= 0x80) {
            cp = ascii_of(cp);
            for (; width > 1; width--, at++) {
                cell.ch[0] = cp;
                if (at >= k.x0 && at < k.x1)
                    screen_put(k.y, at, &cell);
            }
        }
        cell.ch[0] = cp;
        if (width == 2)
            put_wide(&k, at, &cell);
        else if (width == 0)
            add_mark(&k, at, cp);
        else if (at >= k.x0)
            screen_put(k.y, at, &cell);
        cell.width = 1;
        at += width;
        p += len;
        left -= len;
    }
    return at - start;
}

int paintf(const struct canvas *c, int y, int x, enum role role, unsigned attrs, const char *fmt,
           ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n >= (int)sizeof text) {
        /* Cut at a whole character. */
        size_t end = sizeof text - 1;
        while (end > 0 && ((unsigned char)text[end - 1] & 0xC0) == 0x80)
            end--;
        if (end > 0 && (unsigned char)text[end - 1] >= 0xC0)
            end--;
        text[end] = 0;
    }
    return paint(c, y, x, role, attrs, text);
}

static void blanks(const struct canvas *c, int y, int x, int w, enum role role, unsigned attrs)
{
    struct clip k;
    if (!clip_row(c, y, &k))
        return;
    struct cell cell = cell_of(role, attrs, ' ');
    int from = c->x + x > k.x0 ? c->x + x : k.x0;
    int to = c->x + x + w < k.x1 ? c->x + x + w : k.x1;
    for (int at = from; at < to; at++)
        screen_put(k.y, at, &cell);
}

/* Text of `used` cells in a field of width cells. */
static int aligned(const struct canvas *c, int y, int x, int width, int align, enum role role,
                   unsigned attrs, const char *text, int used)
{
    int pad = width - used;
    blanks(c, y, align ? x : x + used, pad, role, attrs);
    paint(c, y, align ? x + pad : x, role, attrs, text);
    return width;
}

int paint_raw(const struct canvas *c, int y, int x, int width, int align, enum role role,
              unsigned attrs, struct ncm_str raw)
{
    char text[4096];
    if (width <= 0)
        return 0;
    int used = ncm_text_clip(text, sizeof text, raw.p ? raw.p : "", raw.len, width);
    return aligned(c, y, x, width, align, role, attrs, text, used);
}

int paint_cut(const struct canvas *c, int y, int x, int width, int align, enum role role,
              unsigned attrs, const char *clean)
{
    if (width <= 0)
        return 0;
    int used = 0;
    size_t fits = ncm_text_fit(clean, width, &used);
    if (clean[fits] == 0)
        return aligned(c, y, x, width, align, role, attrs, clean, used);
    char text[4096];
    const char *dots = sign(SIGN_ELLIPSIS);
    int room = ncm_text_width(dots);
    if (room > width) {
        dots = "";
        room = 0;
    }
    fits = ncm_text_fit(clean, width - room, &used);
    if (fits > sizeof text - 8) {
        fits = sizeof text - 8;
        while (fits > 0 && ((unsigned char)clean[fits] & 0xC0) == 0x80)
            fits--;
        used = ncm_text_width_n(clean, fits);
    }
    memcpy(text, clean, fits);
    memcpy(text + fits, dots, strlen(dots) + 1);
    return aligned(c, y, x, width, align, role, attrs, text, used + room);
}

void paint_fill(const struct canvas *c, int y, int x, int h, int w, enum role role)
{
    struct canvas part = canvas_part(c, y, x, h, w);
    for (int row = 0; row < part.h; row++)
        blanks(&part, row, 0, part.w, role, 0);
}

void paint_glyph(const struct canvas *c, int y, int x, enum role role, unsigned attrs, uint32_t cp)
{
    struct clip k;
    if (!clip_row(c, y, &k) || c->x + x < k.x0 || c->x + x >= k.x1)
        return;
    struct cell cell = cell_of(role, attrs, ncm_text_utf8() ? cp : ascii_of(cp));
    screen_put(k.y, c->x + x, &cell);
}

void paint_hline(const struct canvas *c, int y, int x, int w, enum role role)
{
    for (int i = 0; i < w; i++)
        paint_glyph(c, y, x + i, role, 0, 0x2500);
}

void paint_vline(const struct canvas *c, int y, int x, int h, enum role role)
{
    for (int i = 0; i < h; i++)
        paint_glyph(c, y + i, x, role, 0, 0x2502);
}

void paint_box(const struct canvas *c, enum role role)
{
    if (c->h < 2 || c->w < 2)
        return;
    paint_hline(c, 0, 1, c->w - 2, role);
    paint_hline(c, c->h - 1, 1, c->w - 2, role);
    paint_vline(c, 1, 0, c->h - 2, role);
    paint_vline(c, 1, c->w - 1, c->h - 2, role);
    paint_glyph(c, 0, 0, role, 0, 0x250C);
    paint_glyph(c, 0, c->w - 1, role, 0, 0x2510);
    paint_glyph(c, c->h - 1, 0, role, 0, 0x2514);
    paint_glyph(c, c->h - 1, c->w - 1, role, 0, 0x2518);
}

void paint_head(const struct canvas *c, int y, const char *clean_title, const char *right,
                bool focused)
{
    enum role line = focused ? ROLE_FOCUS : ROLE_BORDER;
    int title = ncm_text_width(clean_title), room = c->w - 4;
    paint_hline(c, y, 0, c->w, line);
    if (title > 0 && room > 0) {
        int w = title < room ? title : room;
        paint(c, y, 1, line, 0, " ");
        paint_cut(c, y, 2, w, 0, focused ? ROLE_FOCUS : ROLE_HEAD, focused ? ATTR_BOLD : 0,
                  clean_title);
        paint(c, y, 2 + w, line, 0, " ");
        room -= w + 2;
    }
    int w = right ? ncm_text_width(right) : 0;
    if (w > 0 && w + 2 <= room) {
        paint(c, y, c->w - w - 3, line, 0, " ");
        paint(c, y, c->w - w - 2, focused ? ROLE_FOCUS : ROLE_DIM, 0, right);
        paint(c, y, c->w - 2, line, 0, " ");
    }
}

void paint_restyle(const struct canvas *c, int y, int x, int w, enum role role)
{
    struct clip k;
    if (!clip_row(c, y, &k))
        return;
    struct cell *row = screen_row(screen_back(), k.y);
    int from = c->x + x > k.x0 ? c->x + x : k.x0;
    int to = c->x + x + w < k.x1 ? c->x + x + w : k.x1;
    for (int at = from; at < to; at++)
        row[at].over = (uint8_t)role;
}

void paint_fade(const struct canvas *c)
{
    struct clip k;
    for (int y = 0; y < c->h; y++) {
        if (!clip_row(c, y, &k))
            continue;
        struct cell *row = screen_row(screen_back(), k.y);
        for (int at = k.x0; at < k.x1; at++) {
            if (row[at].role == ROLE_BORDER || row[at].role == ROLE_HEAD ||
                row[at].role == ROLE_FOCUS)
                continue;
            row[at].role = ROLE_DIM;
            row[at].attrs &= (uint8_t)~ATTR_BOLD;
        }
    }
}

void paint_cursor(const struct canvas *c, int y, int x, bool visible)
{
    struct screen *s = screen_back();
    int ay = c->y + y, ax = c->x + x;
    if (y < 0 || y >= c->h || x < 0 || x >= c->w || ay < 0 || ay >= s->rows || ax < 0 ||
        ax >= s->cols)
        return;
    s->cursor_y = ay;
    s->cursor_x = ax;
    s->cursor_visible = visible;
}

const char *sign(enum sign s)
{
    static const char *const signs[][2] = {
        [SIGN_LIVE] = {"●", "*"},       [SIGN_LOADING] = {"◐", "~"}, [SIGN_STALE] = {"▲", "!"},
        [SIGN_OFFLINE] = {"✖", "x"},    [SIGN_SELECT] = {"▸", ">"},  [SIGN_MARK] = {"◆", "*"},
        [SIGN_OPEN] = {"▾", "-"},       [SIGN_CLOSED] = {"▸", "+"},  [SIGN_UP] = {"↑", "^"},
        [SIGN_DOWN] = {"↓", "v"},       [SIGN_ARROW] = {"→", "->"},  [SIGN_DASH] = {"–", "-"},
        [SIGN_ELLIPSIS] = {"…", "..."}, [SIGN_CHECK] = {"✔", "+"},   [SIGN_CROSS] = {"✖", "x"},
        [SIGN_WARN] = {"▲", "!"},       [SIGN_STAR] = {"★", "*"},    [SIGN_DOT] = {"·", "."},
        [SIGN_BRANCH] = {"├─", "|-"},   [SIGN_LAST] = {"└─", "`-"},  [SIGN_PIPE] = {"│", "|"},
    };
    return signs[s][!ncm_text_utf8()];
}
