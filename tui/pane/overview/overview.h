/* Pane 1, Overview: every model version in production or on its way, what fires, what happened; and
 * the wall, the same for a screen on a wall. Drawing reads only what stands in struct overview, so
 * that it can be painted from a fleet made by hand. */
#ifndef TUI_PANE_OVERVIEW_OVERVIEW_H
#define TUI_PANE_OVERVIEW_OVERVIEW_H

#include "api/action.h"
#include "api/deploy.h"
#include "api/drift.h"
#include "api/session.h"
#include "api/text.h"
#include "pane/common_deploy.h"
#include "pane/common_silence.h"
#include "ui/pane.h"
#include "ui/widget.h"

enum overview_part { OVER_MODELS, OVER_FIRING, OVER_SIDE, OVER_EVENTS, N_OVER_PARTS };

/* Columns of the models, in their order on the screen. */
enum overview_column {
    OCOL_MODEL,
    OCOL_VERSION,
    OCOL_STAGE,
    OCOL_SHARE,
    OCOL_READY,
    OCOL_HEALTH,
    OCOL_RPS,
    OCOL_P95,
    OCOL_ERRORS,
    OCOL_DRIFT,
    OCOL_FEATURE,
    OCOL_SINCE,
    N_OCOLS,
};

/* What the figures come from, and how it answers. */
enum { OVER_SOURCES = 24 };
struct overview_source {
    const char *name;
    bool deployments; /* else the registry, Prometheus, Alertmanager, our own watch */
    const struct ncm_err *err; /* NULL: it answers */
    struct ncm_freshness_info info;
};

struct wall {
    bool on;
    int64_t cycle_ms; /* 0: it does not move on by itself */
    int64_t page_mono_ms; /* when the page was turned last */
    char *model;          /* of the page; NULL: all of them */
    uint64_t *rung;       /* critical alerts that were there at the last look, hashed */
    size_t n_rung;
    bool looked; /* what fired before the first look rings no bell */
};

struct overview {
    struct ui *ui; /* NULL in tests of painting */
    struct ncm_fleet_feed *feed;
    const struct ncm_fleet *fleet; /* NULL: nothing yet */
    struct ncm_want *drift_want, *store;
    const struct ncm_drift_snapshot *drift; /* or NULL */
    struct overview_source sources[OVER_SOURCES];
    size_t n_sources;
    enum overview_part part;
    enum overview_part below; /* which of the side and the events has the room that there is for one */
    bool history;             /* the time line instead of the curve … */
    bool history_chosen;      /* … because the person said so */
    int span;                 /* of the time line: index, or -1: what suits what happened */
    char *filter;
    size_t *rows; /* of the fleet, as the filter leaves them */
    size_t n_rows, cap_rows;
    char *model, *version;    /* selected: identity */
    char *alert;              /* "SOURCE/ID" */
    bool moved;               /* the person chose the row: else the worst one is selected */
    bool roomy;               /* the last drawing had room for ages and curves in the rows */
    struct table table, firing, events;
    struct table_column columns[N_OCOLS];
    enum overview_column column[N_OCOLS]; /* which each of the last drawing is */
    struct canvas shown[N_OVER_PARTS]; /* where the last drawing put each; h 0: nowhere */
    struct wall wall;
    struct common_silence asking;
    char **picks; /* deployments that a picker offers */
    size_t n_picks;
    enum ui_action_id pick_action;
};

/* ---- overview_data.c ---- */
void overview_enter(struct overview *o);
void overview_leave(struct overview *o);
void overview_release(struct overview *o);
void overview_update(struct overview *o);
/* The rows by the filter, and the selection by identity. */
void overview_place(struct overview *o);
void overview_remember(struct overview *o);
bool overview_select(struct overview *o, const char *model, const char *version);
/* The selected row; NULL without. */
const struct ncm_fleet_row *overview_row(const struct overview *o);
const struct ncm_alert *overview_alert(const struct overview *o);
/* Whether anything about it is wrong: health, what fires, drift. */
bool overview_bad(const struct ncm_fleet_row *r);
/* Of its deployments or figures something is old. */
bool overview_stale(const struct overview *o, const struct ncm_fleet_row *r);
bool overview_rates_stale(const struct overview *o, const struct ncm_fleet_row *r);
/* The monitor and feature that the row's drift is of; NULL without. */
const struct ncm_drift_monitor *overview_monitor(const struct overview *o,
                                                 const struct ncm_fleet_row *r,
                                                 const struct ncm_drift_feature **feature);
/* Of its model the row that drift is told of; NULL: nothing watches it. */
const struct ncm_fleet_row *overview_drift_row(const struct overview *o,
                                               const struct ncm_fleet_row *r);
/* Sources of deployments that are configured; offered: also those that are not. */
size_t overview_n_sources(const struct overview *o, bool offered);
/* Whether anything of it is deployed; else all of it is the registry's. */
bool overview_any_deployed(const struct overview *o);
/* Since when it is in trouble: its health, its drift, what fires; NCM_NO_TIME. */
int64_t overview_bad_since(const struct overview *o, const struct ncm_fleet_row *r);
/* The gravest alert that is about that row's model; NULL. */
const struct ncm_alert *overview_alert_of(const struct overview *o, const struct ncm_fleet_row *r);
/* Since when it runs, whatever its health; NCM_NO_TIME. */
int64_t overview_running_since(const struct overview *o, const struct ncm_fleet_row *r);

/* ---- overview_cells.c ---- */
void overview_cell(const struct overview *o, size_t row, enum overview_column column,
                   struct table_cell *out);
struct table_model overview_model(struct overview *o);
const char *overview_title(enum overview_column column);
/* The columns of a table that is w wide: those that would be empty are left out. */
void overview_set_columns(struct overview *o, int w);
/* "✖ failed"; "– not deployed" of what only the registry knows. */
void overview_health(const struct overview *o, const struct ncm_fleet_row *r, char *out,
                     size_t outsz, enum role *role);
/* Cleaned, of at most `cells`, in a buffer that is good for the next 4 calls. */
const char *overview_clean(struct ncm_str raw, int cells);

/* ---- overview_say.c: sentences about one row ---- */
struct overview_sentence {
    enum role role;
    const char *sign;
    struct ncm_str text; /* raw */
    char own[240];       /* where it was made here */
};
/* What is wrong with it, the gravest first; then what a comparison came to. */
size_t overview_sentences(const struct overview *o, const struct ncm_fleet_row *r,
                          struct overview_sentence *out, size_t max);
/* "seoul does not answer: its figures are 3 m old"; false: all answer. n: which of them. */
bool overview_source_text(const struct overview *o, size_t n, char *out, size_t outsz);

/* ---- overview_lists.c ---- */
void overview_draw_firing(struct overview *o, const struct canvas *c, bool focused);
void overview_draw_events(struct overview *o, const struct canvas *c, bool focused);
size_t overview_n_firing(const struct overview *o);
struct table_model overview_firing_model(struct overview *o);
struct table_model overview_events_model(struct overview *o);
enum role overview_event_role(char sign);

/* ---- overview_side.c ---- */
void overview_draw_side(struct overview *o, const struct canvas *c, bool focused);
/* Whether the time line is shown there. */
bool overview_shows_history(const struct overview *o);
void overview_zoom(struct overview *o, int step);

/* ---- overview_history.c ---- */
/* What happened to a model, on one axis; without `list` only the axis. Returns the rows used. */
int overview_draw_history(const struct overview *o, struct ncm_str model, const struct canvas *c);
extern const int64_t overview_spans[];
enum { OVER_SPANS = 8 };
int overview_span_of(const struct overview *o, struct ncm_str model);

/* ---- overview_draw.c ---- */
void overview_draw(struct overview *o, const struct canvas *c);
/* What to do where there is nothing to show. */
void overview_draw_empty(struct overview *o, const struct canvas *c);

/* ---- overview_act.c ---- */
bool overview_act(struct overview *o, enum ui_action_id action, const char *arg);
bool overview_can(struct overview *o, enum ui_action_id action, const char **reason);
void overview_free_picks(struct overview *o);

/* ---- wall.c ---- */
void wall_open(struct overview *o, const char *arg);
void wall_close(struct overview *o);
/* After news: rings for a new critical alert. */
void wall_listen(struct overview *o);
/* Turns the page where its time is over. */
void wall_turn(struct overview *o);

/* ---- wall_draw.c ---- */
void wall_draw(struct overview *o, const struct canvas *c);

/* ---- wall_letters.c ---- */
/* Cells across of a text in block letters; -1: it has a letter that there is none for. */
int letters_width(const char *text, int scale);
int letters_height(int scale);
/* scale 1: half a row a dot; 2: two cells a dot; 4: four cells and two rows. Returns the width. */
int letters_paint(const struct canvas *c, int y, int x, const char *text, int scale,
                  enum role role);

#endif
