/* What a cell means; a theme says how it looks. Colour is never the only sign. */
#ifndef TUI_TERM_STYLE_H
#define TUI_TERM_STYLE_H

#include <stdint.h>

enum role {
    ROLE_TEXT,       /* plain */
    ROLE_DIM,        /* secondary, stale, units */
    ROLE_HEAD,       /* column heads, titles */
    ROLE_BAR,        /* header line of the frame */
    ROLE_BAR_ON,     /* active tab */
    ROLE_BORDER,     /* lines */
    ROLE_FOCUS,      /* border/title of the focused part */
    ROLE_SELECT,     /* selected row, focused part */
    ROLE_SELECT_OFF, /* selected row, other part */
    ROLE_MARK,       /* marked row's sign */
    ROLE_KEY,        /* a key in the key line */
    ROLE_KEYTEXT,    /* what it does */
    ROLE_OK,
    ROLE_WARN,
    ROLE_FAIL,
    ROLE_RUN, /* running, live */
    ROLE_UNKNOWN,
    ROLE_MATCH, /* search hit */
    ROLE_BETTER,
    ROLE_WORSE,
    ROLE_DANGER, /* protected context's header, destructive panel */
    ROLE_INPUT,  /* text field */
    ROLE_LINK,   /* id that can be opened */
    ROLE_STAGE_NONE,
    ROLE_STAGE_STAGING,
    ROLE_STAGE_PRODUCTION,
    ROLE_STAGE_ARCHIVED,
    ROLE_SERIES1,
    ROLE_SERIES2,
    ROLE_SERIES3,
    ROLE_SERIES4,
    ROLE_SERIES5,
    ROLE_SERIES6,
    ROLE_SERIES7,
    ROLE_AXIS,
    ROLE_THRESHOLD,
    ROLE_HEAT_NONE, /* a cell of a heat map without a figure */
    ROLE_HEAT_OK,
    ROLE_HEAT_WARN,
    ROLE_HEAT_FAIL,
    ROLE_HIST_CURRENT,   /* filled bars */
    ROLE_HIST_REFERENCE, /* the outline around them */
    ROLE_HIST_BOTH,      /* the outline where it crosses a filled bar */
    N_ROLES,
};

enum attr { ATTR_BOLD = 1, ATTR_DIM = 2, ATTR_UNDERLINE = 4, ATTR_REVERSE = 8, ATTR_ITALIC = 16 };

#define RGB_DEFAULT 0xFFFFFFFFu /* the terminal's own */

/* fg/bg 0xRRGGBB or RGB_DEFAULT; used where colour is available, attrs always; mono_attrs instead
 * of attrs where there is no colour. color8: 0-7 (+8 bright) for terminals of 8/16 colours, -1 =
 * choose the nearest. */
struct role_style {
    uint32_t fg, bg;
    int color8_fg, color8_bg;
    uint8_t attrs, mono_attrs;
};

#endif
