#include "ui/layout.h"

#include <string.h>

#define TRAIL_FROM   12 /* rows of the screen */
#define MESSAGE_FROM 16

static struct canvas row_of(int y, int h, int cols)
{
    return (struct canvas){.y = y, .x = 0, .h = h > 0 ? h : 0, .w = cols};
}

void layout_frame(int rows, int cols, struct frame_layout *out)
{
    int y = 0, bottom = rows;

    memset(out, 0, sizeof *out);
    out->screen = row_of(0, rows, cols);
    out->header = row_of(y, rows >= 3 ? 1 : 0, cols);
    y += out->header.h;
    out->trail = row_of(y, rows >= TRAIL_FROM ? 1 : 0, cols);
    y += out->trail.h;
    out->keys = row_of(bottom - 1, rows >= 2 ? 1 : 0, cols);
    bottom -= out->keys.h;
    out->own_message_row = rows >= MESSAGE_FROM;
    bottom -= out->own_message_row;
    out->message = row_of(out->own_message_row ? bottom : rows - 1, rows >= 2 ? 1 : 0, cols);
    out->body = row_of(y, bottom - y, cols);
}

struct canvas layout_box(const struct canvas *body, int want_h, int want_w)
{
    int h = want_h + 2, w = want_w + 4;

    h = h > body->h ? body->h : h;
    w = w > body->w ? body->w : w;
    if (h < 0) {
        h = 0;
    }
    return (struct canvas){.y = body->y + (body->h - h) / 3,
                           .x = body->x + (body->w - w) / 2,
                           .h = h,
                           .w = w < 0 ? 0 : w};
}

enum layout_tabs layout_tabs(int names, int numbers, int active, int room)
{
    if (names <= room) {
        return TABS_NAMES;
    }
    if (numbers <= room) {
        return TABS_NUMBERS;
    }
    return active <= room ? TABS_ACTIVE : TABS_NONE;
}

void layout_hints(const int *width, size_t n, size_t always, int room, bool *shown)
{
    int used = 0;
    size_t first_always = n > always ? n - always : 0;

    memset(shown, 0, n * sizeof *shown);
    for (size_t i = first_always; i < n; i++) {
        int need = width[i] + (used > 0 ? 2 : 0);
        if (used + need <= room) {
            shown[i] = true;
            used += need;
        }
    }
    for (size_t i = 0; i < first_always; i++) {
        int need = width[i] + (used > 0 ? 2 : 0);
        if (used + need > room) {
            break; /* the most important first, none skipped */
        }
        shown[i] = true;
        used += need;
    }
}
