/* Painting: clipped, in cells, by roles. Coordinates are relative to the canvas; what falls outside
 * is dropped. Text must be clean (ncm_text_clean) unless a function says that it cleans. */
#ifndef TUI_TERM_PAINT_H
#define TUI_TERM_PAINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/text.h"
#include "term/style.h"

/* A rectangle of the screen (absolute cells). */
struct canvas {
    int y, x, h, w;
};

/* The whole screen. */
struct canvas canvas_screen(void);
/* A part of c, clipped to it. h or w < 0: up to the end. */
struct canvas canvas_part(const struct canvas *c, int y, int x, int h, int w);

/* attrs: extra ATTR_ bits. All return the cells advanced. */
int paint(const struct canvas *c, int y, int x, enum role role, unsigned attrs, const char *clean);
int paintf(const struct canvas *c, int y, int x, enum role role, unsigned attrs, const char *fmt,
           ...) __attribute__((format(printf, 6, 7)));
/* Cleans, cuts to width with an ellipsis; align 0 left, 1 right. Pads to width with blanks. */
int paint_raw(const struct canvas *c, int y, int x, int width, int align, enum role role,
              unsigned attrs, struct ncm_str raw);
/* The same for text that is clean already. */
int paint_cut(const struct canvas *c, int y, int x, int width, int align, enum role role,
              unsigned attrs, const char *clean);
void paint_fill(const struct canvas *c, int y, int x, int h, int w, enum role role);
/* One code point of width 1 from our own glyphs. */
void paint_glyph(const struct canvas *c, int y, int x, enum role role, unsigned attrs, uint32_t cp);
void paint_hline(const struct canvas *c, int y, int x, int w, enum role role);
void paint_vline(const struct canvas *c, int y, int x, int h, enum role role);
void paint_box(const struct canvas *c, enum role role);
/* "─ Title ─────": a part's head line over the whole width, focused or not. right may be NULL. */
void paint_head(const struct canvas *c, int y, const char *clean_title, const char *right,
                bool focused);
/* Turns an already painted stretch into the given role (selection bars). */
void paint_restyle(const struct canvas *c, int y, int x, int w, enum role role);
/* What is painted there is old: all of it in the dim role but lines, heads and selection bars. */
void paint_fade(const struct canvas *c);
/* Where the hardware cursor rests (screen readers follow it); shown only in text fields. */
void paint_cursor(const struct canvas *c, int y, int x, bool visible);

/* Signs with an ASCII form each. */
enum sign {
    SIGN_LIVE,
    SIGN_LOADING,
    SIGN_STALE,
    SIGN_OFFLINE,
    SIGN_SELECT,
    SIGN_MARK,
    SIGN_OPEN,
    SIGN_CLOSED,
    SIGN_UP,
    SIGN_DOWN,
    SIGN_ARROW,
    SIGN_DASH,
    SIGN_ELLIPSIS,
    SIGN_CHECK,
    SIGN_CROSS,
    SIGN_WARN,
    SIGN_STAR,
    SIGN_DOT,
    SIGN_BRANCH,
    SIGN_LAST,
    SIGN_PIPE
};
const char *sign(enum sign s);

/* Dots of a plot in the ladder in force (2x4 braille, 2x2 quadrants, 1x2 ASCII). Pure but for the
 * ladder. Free with raster_free. */
struct raster;
struct raster *raster_new(int cells_h, int cells_w);
void raster_free(struct raster *r);
int raster_dots_x(const struct raster *r); /* dots in all, across */
int raster_dots_y(const struct raster *r);
void raster_dot(struct raster *r, int x, int y, int series);
void raster_line(struct raster *r, int x0, int y0, int x1, int y1, int series);
void raster_focus(struct raster *r, int series); /* wins where curves cross; -1 none */
/* Paints at the canvas' top left; series i in ROLE_SERIES1+i%7. Blank cells are left alone. */
void raster_paint(const struct raster *r, const struct canvas *c);
/* Sparkline of n values (NaN = gap) into width cells at y,x: ▁▂▃▄▅▆▇█, ASCII " .:-=+*#". */
void paint_spark(const struct canvas *c, int y, int x, int width, const double *v, size_t n,
                 enum role role);

#endif
