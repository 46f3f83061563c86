/* Colours of a theme brought to what the terminal has. Pure. */
#ifndef TUI_TERM_COLOR_H
#define TUI_TERM_COLOR_H

#include <stdbool.h>
#include <stdint.h>

/* Nearest of the colours 16…255 of the usual 256, by distance in CIELAB; for a background,
 * lightness counts double, because the text on it must stay readable. */
int color_nearest_256(uint32_t rgb, bool background);
/* Nearest of the first n (8 or 16) in their usual look. */
int color_nearest_basic(uint32_t rgb, bool background, int n);
/* 0xRRGGBB of one of the 256. */
uint32_t color_of_256(int index);

#endif
