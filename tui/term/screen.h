/* The picture of the screen in memory: what a frame paints into (back) and what the last frame
 * showed (front). Knows no terminal, so painting can be tested without one. */
#ifndef TUI_TERM_SCREEN_H
#define TUI_TERM_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "api/text.h"
#include "term/style.h"

enum { CELL_MARKS = 3, ROLE_NONE = 0xFF };

/* One cell. The right half of a wide character has width 0. */
struct cell {
    uint32_t ch[1 + CELL_MARKS]; /* base and combining marks, 0-terminated where fewer */
    uint8_t width;               /* 1 or 2; 0 right half */
    uint8_t role;
    uint8_t over;  /* role laid over it by paint_restyle, or ROLE_NONE */
    uint8_t attrs; /* enum attr */
};

struct screen {
    int rows, cols;
    struct cell *cells; /* rows * cols */
    int cursor_y, cursor_x;
    bool cursor_visible;
};

struct screen *screen_back(void);
struct screen *screen_front(void);
/* Both get the size; contents are erased. */
void screen_size(int rows, int cols);
void screen_release(void);
/* Erases the back buffer. */
void screen_erase(void);
/* Row of cells; y must be on the screen. */
struct cell *screen_row(const struct screen *s, int y);
/* Puts one character of width 1 or 2 into the back buffer; both its cells must be on the screen.
 * A wide character that loses a half becomes blanks. */
void screen_put(int y, int x, const struct cell *c);
/* The text of a row, trailing blanks dropped, appended to out. */
void screen_row_text(const struct screen *s, int y, struct ncm_buf *out);
/* Whether text stands within one row of the front buffer. */
bool screen_shows(const char *text);

#endif
