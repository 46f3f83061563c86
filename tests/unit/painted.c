#include "painted.h"

#include <stdio.h>
#include <string.h>

#include "term/internal.h"
#include "term/screen.h"
#include "term/term.h"

static bool up;

void painted_begin(int rows, int cols)
{
    painted_end();
    ncm_text_init(NULL, false);
    term_start_offscreen(rows, cols);
    term_frame_begin();
    up = true;
}

void painted_end(void)
{
    if (up) {
        term_stop();
        up = false;
    }
}

const char *painted_row(int y)
{
    static char text[4][4096];
    static int at;
    struct ncm_buf b;

    at = (at + 1) % 4;
    ncm_buf_init(&b, sizeof text[0]);
    screen_row_text(screen_back(), y, &b);
    snprintf(text[at], sizeof text[0], "%s", b.p);
    ncm_buf_release(&b);
    return text[at];
}

bool painted_has(const char *text)
{
    for (int y = 0; y < screen_back()->rows; y++) {
        if (strstr(painted_row(y), text) != NULL) {
            return true;
        }
    }
    return false;
}
