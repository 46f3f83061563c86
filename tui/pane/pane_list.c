/* Every pane of the program, by number. */
#include "pane/panes.h"

const struct pane_ops *const ui_panes[] = {
    &pane_runs,
    &pane_registry,
    &pane_deploy,
    &pane_drift,
    &pane_alerts,
    &pane_log,
    NULL,
};
