/* What is on the screen, and what came over the line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "screen/vt_inside.h"

static const char frame_end[] = "\033[?2026l";

int vt_rows(const struct vt *vt)
{
    return vt->rows;
}

int vt_cols(const struct vt *vt)
{
    return vt->cols;
}

static size_t encode(uint32_t cp, char *out)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    static const unsigned char lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n - 1; i > 0; i--, cp >>= 6)
        out[i] = (char)(0x80 | (cp & 63));
    out[0] = (char)(lead[n] | cp);
    return n;
}

/* The row's text; column[i] (may be NULL) gets the cell of byte i. */
static char *row_text(struct vt *vt, int y, int *column)
{
    size_t len = 0;
    char *text = malloc((size_t)vt->cols * VTERM_MAX_CHARS_PER_CELL * 4 + 1);
    assert_non_null(text);
    for (int x = 0; x < vt->cols; x++) {
        VTermScreenCell cell;
        if (!vterm_screen_get_cell(vt->screen, (VTermPos){y, x}, &cell) ||
            cell.chars[0] == (uint32_t)-1)
            continue;
        size_t from = len;
        if (cell.chars[0] == 0)
            text[len++] = ' ';
        for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
            len += encode(cell.chars[i], text + len);
        for (; column && from < len; from++)
            column[from] = x;
    }
    while (len > 0 && text[len - 1] == ' ')
        len--;
    text[len] = 0;
    return text;
}

const char *vt_row(struct vt *vt, int y)
{
    char **slot = &vt->lines[vt->next_line++ & 7];
    free(*slot);
    *slot = row_text(vt, y, NULL);
    return *slot;
}

bool vt_find(struct vt *vt, const char *text, int *row, int *col)
{
    int *column = calloc((size_t)vt->cols * VTERM_MAX_CHARS_PER_CELL * 4 + 1, sizeof *column);
    bool found = false;
    assert_non_null(column);
    for (int y = 0; y < vt->rows && !found; y++) {
        char *line = row_text(vt, y, column);
        const char *at = strstr(line, text);
        if (at) {
            found = true;
            if (row)
                *row = y;
            if (col)
                *col = column[at - line];
        }
        free(line);
    }
    free(column);
    return found;
}

bool vt_has(struct vt *vt, const char *text)
{
    return vt_find(vt, text, NULL, NULL);
}

static int rgb(struct vt *vt, VTermColor color, bool is_default)
{
    if (is_default)
        return VT_DEFAULT;
    vterm_screen_convert_color_to_rgb(vt->screen, &color);
    return color.rgb.red << 16 | color.rgb.green << 8 | color.rgb.blue;
}

struct vt_cell vt_cell(struct vt *vt, int y, int x)
{
    VTermScreenCell c;
    struct vt_cell out = {.fg = VT_DEFAULT, .bg = VT_DEFAULT, .fg_index = -1, .bg_index = -1};
    if (!vterm_screen_get_cell(vt->screen, (VTermPos){y, x}, &c))
        return out;
    bool right_half = c.chars[0] == (uint32_t)-1;
    out.ch = right_half ? 0 : c.chars[0] ? c.chars[0] : ' ';
    out.width = right_half ? 0 : c.width;
    out.bold = c.attrs.bold;
    out.underline = c.attrs.underline != 0;
    out.reverse = c.attrs.reverse;
    out.italic = c.attrs.italic;
    out.fg = rgb(vt, c.fg, VTERM_COLOR_IS_DEFAULT_FG(&c.fg));
    out.bg = rgb(vt, c.bg, VTERM_COLOR_IS_DEFAULT_BG(&c.bg));
    if (VTERM_COLOR_IS_INDEXED(&c.fg))
        out.fg_index = c.fg.indexed.idx;
    if (VTERM_COLOR_IS_INDEXED(&c.bg))
        out.bg_index = c.bg.indexed.idx;
    return out;
}

void vt_cursor(const struct vt *vt, int *y, int *x)
{
    *y = vt->cursor.row;
    *x = vt->cursor.col;
}

bool vt_cursor_visible(const struct vt *vt)
{
    return vt->cursor_visible;
}

bool vt_alternate(const struct vt *vt)
{
    return vt->alternate;
}

/* The last title in the raw stream: libvterm's way of telling it differs between versions. */
const char *vt_title(const struct vt *vt)
{
    static const char start[] = "\033]2;";
    char *title = (char *)(uintptr_t)vt->title;
    title[0] = 0;
    for (size_t i = 0; i + sizeof start - 1 < vt->raw_len; i++) {
        if (memcmp(vt->raw + i, start, sizeof start - 1) != 0)
            continue;
        const char *from = vt->raw + i + sizeof start - 1;
        const char *end = memchr(from, '\a', vt->raw_len - (size_t)(from - vt->raw));
        if (end)
            snprintf(title, sizeof vt->title, "%.*s", (int)(end - from), from);
    }
    return title;
}

size_t vt_count(const struct vt *vt, const char *raw)
{
    size_t n = 0, len = strlen(raw), left = vt->raw_len;
    const char *p = vt->raw;
    while (p && left >= len && (p = memmem(p, left, raw, len)) != NULL) {
        p += len;
        left = vt->raw_len - (size_t)(p - vt->raw);
        n++;
    }
    return n;
}

bool vt_saw(const struct vt *vt, const char *raw)
{
    return vt->raw && memmem(vt->raw, vt->raw_len, raw, strlen(raw)) != NULL;
}

size_t vt_bytes(const struct vt *vt)
{
    return vt->raw_len;
}

size_t vt_frames(const struct vt *vt)
{
    return vt_count(vt, frame_end);
}

size_t vt_longest_frame(const struct vt *vt)
{
    static const char begin[] = "\033[?2026h";
    size_t longest = 0, from = 0;
    bool open = false;
    for (size_t i = 0; i + sizeof begin - 1 <= vt->raw_len; i++) {
        if (memcmp(vt->raw + i, begin, sizeof begin - 1) == 0) {
            open = true;
            from = i;
        } else if (open && memcmp(vt->raw + i, frame_end, sizeof frame_end - 1) == 0) {
            open = false;
            if (i + sizeof frame_end - 1 - from > longest)
                longest = i + sizeof frame_end - 1 - from;
        }
    }
    return longest;
}

void vt_forget(struct vt *vt)
{
    while (vt_pump(vt, 0))
        continue;
    vt->raw_len = 0;
}

void vt_dump(struct vt *vt, FILE *out)
{
    fprintf(out, "   +");
    for (int x = 0; x < vt->cols; x++)
        fputc(x % 10 ? '-' : '0' + x / 10 % 10, out);
    fputc('\n', out);
    for (int y = 0; y < vt->rows; y++)
        fprintf(out, "%3d|%s\n", y, vt_row(vt, y));
}
