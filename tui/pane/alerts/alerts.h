/* Pane 6, Alerts: what fires, of all sources, and what keeps it quiet. Drawing reads only what
 * stands in struct alerts, so that it can be painted from snapshots made by hand. */
#ifndef TUI_PANE_ALERTS_ALERTS_H
#define TUI_PANE_ALERTS_ALERTS_H

#include "api/action.h"
#include "api/alert.h"
#include "api/session.h"
#include "api/text.h"
#include "pane/common_silence.h"
#include "ui/pane.h"
#include "ui/widget.h"

enum { ALERT_SOURCES = 3 };
extern const char *const alert_sources[ALERT_SOURCES]; /* "ncmlops" "alertmanager" "prometheus" */

struct alert_feed {
    struct ncm_want *want;
    const void *snap; /* held */
};

/* An alert, and the same one as Prometheus tells it (it knows the value), or NULL. */
struct alert_row {
    const struct ncm_alert *alert, *twin;
};
struct silence_row {
    const struct ncm_silence *silence;
    size_t source;
    int hits; /* alerts of its source that it holds for now; -1: only the server can say */
};

struct alerts {
    struct ui *ui; /* NULL in tests of painting */
    struct alert_feed alert[ALERT_SOURCES], silence[ALERT_SOURCES];
    struct ncm_want *watch; /* of the monitors, so that alerts come while nobody looks at drift */
    int part;               /* 0 alerts, 1 silences */
    bool over;              /* what is over is shown, too */
    bool full;              /* without the preview */
    char *filter, *alert_id, *silence_id; /* selected: "SOURCE/ID" */
    struct alert_row *rows;
    struct silence_row *silences;
    size_t n_rows, n_silences;
    struct table table, silence_table;
    struct table_column columns[9], silence_columns[7];
    struct textview preview;
    struct common_silence asking;
};

/* ---- alerts_data.c ---- */
void alerts_enter(struct alerts *a);
void alerts_leave(struct alerts *a);
void alerts_release(struct alerts *a);
void alerts_update(struct alerts *a);
/* Rows anew from the snapshots: filter, order, selection by identity. */
void alerts_rebuild(struct alerts *a);
void alerts_remember(struct alerts *a);
const struct alert_row *alerts_selected(const struct alerts *a);
const struct silence_row *alerts_selected_silence(const struct alerts *a);
/* The error of a source that should have answered, or NULL; one that is not there is none. */
const struct ncm_err *alerts_error(const struct alerts *a);

/* ---- alerts_draw.c ---- */
void alerts_draw(struct alerts *a, const struct canvas *c);
struct table_model alerts_model(struct alerts *a);
struct table_model alerts_silence_model(struct alerts *a);
/* Everything that is known about the selected one, raw, a line each. */
void alerts_text(const struct alerts *a, struct ncm_buf *out);

/* ---- alerts_act.c ---- */
bool alerts_act(struct alerts *a, enum ui_action_id action, const char *arg);
bool alerts_can(struct alerts *a, enum ui_action_id action, const char **reason);

#endif
