/* The screen, as the program's main sees it. */
#ifndef TUI_UI_TUI_H
#define TUI_UI_TUI_H

#include <stdbool.h>

#include "api/session.h"

struct ncm_tui_options {
    struct ncm_session_options session;
    const char *script; /* --script or NULL */
    const char *lang;
    const char *theme; /* a theme's name for this time, or NULL */
    bool no_color, ascii;
    bool wall; /* opens on the on-call wall */
    bool demo; /* opened by `ncmlops demo`: say so in the header */
};

/* Opens the dashboard and returns the program's exit status. Errors before the screen is up are
 * printed by the caller: false + err, *status untouched. Without any store the screen opens too and
 * explains how to name one and offers the demo. */
bool ncm_tui_run(const struct ncm_tui_options *o, int *status, struct ncm_err *err);

#endif
