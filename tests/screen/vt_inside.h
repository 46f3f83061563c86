/* What vt.c and vt_look.c share. */
#ifndef TESTS_SCREEN_VT_INSIDE_H
#define TESTS_SCREEN_VT_INSIDE_H

#include <vterm.h>

#include "screen/vt.h"

struct vt {
    VTerm *term;
    VTermScreen *screen;
    int fd;
    pid_t pid;
    bool ended;
    int status;
    int rows, cols;
    bool silent, stalled;
    bool alternate, cursor_visible;
    VTermPos cursor;
    char title[256];
    char *raw;
    size_t raw_len, raw_cap;
    char *lines[8]; /* what vt_row gave out */
    int next_line;
};

/* Takes what the program wrote, waiting for it at most so long; false where nothing came. */
bool vt_pump(struct vt *vt, int ms);

#endif
