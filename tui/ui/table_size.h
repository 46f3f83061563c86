/* How wide the columns of a table are. Pure. */
#ifndef TUI_UI_TABLE_SIZE_H
#define TUI_UI_TABLE_SIZE_H

#include "ui/widget.h"

#define TABLE_GAP 2 /* cells between columns */

/* Shares `room` cells (gaps included) among the columns. width[i] = 0: not shown. Columns that are
 * not fixed and stand before fixed + first are scrolled away. Where not all fit, those with the
 * highest priority number go first, then the rightmost; the first one always stays. Returns how
 * many that were not scrolled away found no room. */
int table_widths(const struct table_column *columns, size_t n, int fixed, int first, int room,
                 int *width);

#endif
