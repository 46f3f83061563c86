/* Breaking clean text into rows; shared by the scrolling text, messages and empty screens. */
#ifndef TUI_UI_WRAP_H
#define TUI_UI_WRAP_H

#include <stddef.h>

#include "term/paint.h"

/* Bytes of the first row of clean text that fits into cells (> 0 for a text that is not empty, even
 * where nothing fits); *skip = blanks to pass over before the next row. Breaks at a blank where one
 * is not too far back. A line feed ends a row and is in *skip. */
size_t wrap_row(const char *clean, int cells, size_t *skip);
/* Paints clean text wrapped at width w, at most max_rows; returns the rows used. */
int wrap_paint(const struct canvas *c, int y, int x, int w, int max_rows, enum role role,
               const char *clean);
/* How many rows it takes. */
int wrap_rows(const char *clean, int w);

#endif
