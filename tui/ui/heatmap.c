/* Rows of a heat map: a tile a window, its sign says how bad it is, its colour says it again. */
#include <math.h>

#include "api/text.h"
#include "ui/widget.h"

uint32_t heat_glyph(const struct heat_cell *cell)
{
    static const uint32_t signs[] = {' ',    0x2013, '~',    0xB7,  0x2581,
                                     0x2583, 0x2585, 0x2587, 0x2588};
    static const char ascii[] = " -~.,:=+#";
    double level = isnan(cell->level) ? 0 : fmin(fmax(cell->level, 0), 0.999);
    size_t at = 0;

    switch (cell->state) {
    case HEAT_GAP:
        break;
    case HEAT_NO_DATA:
        at = 1;
        break;
    case HEAT_SMALL:
        at = 2;
        break;
    case HEAT_OK:
        at = 3 + (size_t)(level * 3);
        break;
    case HEAT_WARNING:
        at = 6 + (size_t)(level * 2);
        break;
    case HEAT_CRITICAL:
        at = 8;
        break;
    }
    return ncm_text_utf8() ? signs[at] : (uint32_t)(unsigned char)ascii[at];
}

enum role heat_role(const struct heat_cell *cell)
{
    static const enum role roles[] = {ROLE_TEXT,    ROLE_HEAT_NONE, ROLE_HEAT_NONE,
                                      ROLE_HEAT_OK, ROLE_HEAT_WARN, ROLE_HEAT_FAIL};
    return roles[cell->state];
}

/* How far v is on the way from a to b. */
static double part(double v, double a, double b)
{
    double way = b - a;
    return way == 0 || isnan(way) ? 0 : fmin(fmax((v - a) / way, 0), 1);
}

double heat_level(enum heat_state state, double value, double warning, double critical, bool below)
{
    if (isnan(value)) {
        return NAN;
    }
    double next = isnan(warning) ? critical : warning;
    switch (state) {
    case HEAT_OK: /* a small value is the bad one: twice the threshold is far away from it */
        return below ? 1 - part(value, next, next * 2) : part(value, 0, next);
    case HEAT_WARNING:
        return part(value, warning, critical);
    case HEAT_CRITICAL:
        return 1;
    default:
        return 0;
    }
}

size_t heat_paint(const struct canvas *c, int y, int x, int width, int cell_w,
                  const struct heat_cell *cells, size_t n, size_t cursor)
{
    int w = cell_w > 0 ? cell_w : 1;
    size_t room = width > 0 ? (size_t)(width / w) : 0;
    size_t shown = n < room ? n : room, first = n - shown;
    int at = x + width - (int)shown * w;

    for (size_t i = first; i < n; i++) {
        const struct heat_cell *k = &cells[i];
        unsigned attrs = (k->open ? ATTR_DIM : 0u) | (i == cursor ? ATTR_REVERSE : 0u);
        for (int part_of = 0; part_of < w; part_of++) {
            paint_glyph(c, y, at++, heat_role(k), attrs, heat_glyph(k));
        }
    }
    return shown;
}
