/* Where the parts of the frame go. Pure. */
#ifndef TUI_UI_LAYOUT_H
#define TUI_UI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "term/paint.h"

/* h == 0: not shown. Where the message has no row of its own it covers the key line. */
struct frame_layout {
    struct canvas screen, header, trail, body, message, keys;
    bool own_message_row;
};

void layout_frame(int rows, int cols, struct frame_layout *out);
/* A box for a list or text of want_h rows and want_w columns (borders not counted) in the middle of
 * the body; never larger than it. The result includes the border. */
struct canvas layout_box(const struct canvas *body, int want_h, int want_w);

/* How much of the tabs is shown. */
enum layout_tabs { TABS_NAMES, TABS_NUMBERS, TABS_ACTIVE, TABS_NONE };
/* Decides from the cells each form takes (for names, numbers, active) and the cells there are. */
enum layout_tabs layout_tabs(int names, int numbers, int active, int room);

/* Of n key hints with these widths (separators of 2 cells between them) the first that fit into
 * room; the last `always` of them are kept rather than the others where they fit. shown[i] is set.
 */
void layout_hints(const int *width, size_t n, size_t always, int room, bool *shown);

#endif
