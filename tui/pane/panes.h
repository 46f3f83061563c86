/* Every pane there is: one line here and one in pane_list.c. */
#ifndef TUI_PANE_PANES_H
#define TUI_PANE_PANES_H

#include "ui/pane.h"

extern const struct pane_ops pane_runs;     /* 2 */
extern const struct pane_ops pane_registry; /* 3 */
extern const struct pane_ops pane_deploy;   /* 4 */
extern const struct pane_ops pane_drift;    /* 5 */
extern const struct pane_ops pane_alerts;   /* 6 */
extern const struct pane_ops pane_log;      /* 9 */

#endif
