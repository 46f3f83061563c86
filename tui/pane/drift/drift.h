/* Pane 5, Drift: what the files of the pane share. Drawing reads only what stands in struct drift,
 * so that it can be painted from snapshots made by hand. */
#ifndef TUI_PANE_DRIFT_DRIFT_H
#define TUI_PANE_DRIFT_DRIFT_H

#include "api/action.h"
#include "api/alert.h"
#include "api/drift.h"
#include "api/session.h"
#include "api/text.h"
#include "pane/common_silence.h"
#include "ui/bars.h"
#include "ui/pane.h"
#include "ui/widget.h"

#define DRIFT_MAX_CELLS 1024

enum drift_view { DRIFT_MAP, DRIFT_FEATURE, DRIFT_ROWS };
enum drift_sort { SORT_WORST, SORT_NAME, SORT_MONITOR, N_SORTS };
/* Parts of a feature's view, in the order of [ and ]. The curve is one where there is no room to
 * have it always. */
enum drift_part { PART_HISTOGRAM, PART_QQ, PART_TABLE, PART_FINDINGS, PART_CURVE, N_PARTS };

/* A row of the map: a monitor's heading, one of its features, or the row of a monitor that has
 * none, so that it can be selected. */
#define DRIFT_HEADING SIZE_MAX
#define DRIFT_NO_FEATURE (SIZE_MAX - 1)
struct drift_row {
    size_t monitor, feature;
};

/* Columns of the map: equal stretches of time, the newest ends at end_ms. */
struct drift_axis {
    int64_t end_ms, step_ms;
    size_t n;
};

/* One topic that is asked for, and what came last. */
struct drift_feed {
    struct ncm_want *want;
    const void *snap; /* held */
    char *key;        /* of the query, so that the same is not asked anew */
    bool old;         /* snap answers an earlier question */
};

struct drift {
    struct ui *ui; /* NULL in tests of painting */
    enum drift_view view;
    struct drift_feed all, look, feature, rows_feed, alerts;
    /* What the person looks at otherwise than configured: of one monitor. */
    char *look_id, *settings;
    char *filter;
    enum drift_sort sort;
    struct drift_row *rows;
    size_t n_rows, cap_rows;
    char *monitor_id, *feature_name; /* selected: "MODEL/NAME", a feature or NULL */
    struct table table;
    struct table_column columns[6];
    struct heat_cell cells[DRIFT_MAX_CELLS];
    struct drift_axis axis;
    int zoom;          /* powers of two of the axis' step */
    size_t scrolled;   /* columns that lie to the right of what is shown */
    int64_t cursor_ms; /* end of the window that is looked at; NCM_NO_TIME: the newest, live */
    int64_t lost_ms;   /* end of a window of which nothing but figures was kept; NCM_NO_TIME */
    int map_w;         /* of the last drawing */
    /* feature */
    enum drift_part part;
    bool curve_always; /* the last drawing had room for the curve beside every part */
    struct plot curve;
    double *curve_x, *curve_y;
    size_t n_curve;
    double *mark_x;
    char *mark_signs;
    size_t n_marks;
    size_t bin;              /* selected bin of a number's histogram; SIZE_MAX none */
    struct bars_pairs pairs; /* of categories */
    struct table facts;
    struct table_column fact_columns[5];
    /* rows behind a bar */
    char *bar; /* "LO..HI", "=WORD", "missing" */
    struct table row_table;
    struct table_column *row_columns;
    struct common_silence silence;
};

/* ---- drift_data.c ---- */
void drift_enter(struct drift *d);
void drift_leave(struct drift *d);
void drift_release(struct drift *d);
void drift_update(struct drift *d);
/* Rows of the map anew: filter, order, selection by identity. */
void drift_rebuild(struct drift *d);
/* Asks for what the present view needs besides. */
void drift_ask(struct drift *d);
size_t drift_n_monitors(const struct drift *d);
/* Monitor i: as looked at where that is asked for and there. */
const struct ncm_drift_monitor *drift_monitor(const struct drift *d, size_t i);
bool drift_looked_at(const struct drift *d, const struct ncm_drift_monitor *m);
/* The selected monitor and feature; NULL without. */
const struct ncm_drift_monitor *drift_selected(const struct drift *d);
const struct ncm_drift_feature *drift_selected_feature(const struct drift *d);
/* "MODEL/NAME"; the caller frees. */
char *drift_id(const struct ncm_drift_monitor *m);
void drift_remember(struct drift *d);
bool drift_select(struct drift *d, const char *id, const char *feature);
/* What is looked at under this name, in out; empty: as configured. */
const char *drift_setting(const struct drift *d, const char *name, char *out, size_t outsz);
/* Sets one NAME=VALUE of what is looked at (value NULL takes it away); NULL name: all of it. */
void drift_set(struct drift *d, const char *name, const char *value);
const struct ncm_drift_snapshot *drift_snapshot(const struct drift *d);
/* Of a feature in the window that is looked at; NULL until it is there. */
const struct ncm_drift_feature_snapshot *drift_column(const struct drift *d);
/* Our alert of the selected monitor that is not over, of this feature where there is one. */
const struct ncm_alert *drift_alert(const struct drift *d);

/* ---- drift_time.c ---- */
/* The axis of all monitors: the step is the shortest stride of theirs, but not below a twelfth of
 * the longest, times 2^zoom. */
struct drift_axis drift_axis(const struct drift *d);
/* [*from, *to) of column i from the left. */
void drift_column_time(const struct drift_axis *a, size_t i, int64_t *from, int64_t *to);
/* The worst of the windows in [from, to); *window: the newest of those with that state, SIZE_MAX
 * where none is. O(log windows + windows there). */
struct heat_cell drift_cell(const struct ncm_drift_monitor *m, const struct ncm_drift_feature *f,
                            int64_t from, int64_t to, size_t *window);
/* The window that the cursor is on; without a cursor the newest complete one whose figure of f
 * means something, else the newest with any figure (f may be NULL). SIZE_MAX without windows. */
size_t drift_window(const struct drift *d, const struct ncm_drift_monitor *m,
                    const struct ncm_drift_feature *f);
/* One window, or column of the map, to the left or right; to the right of the newest is live. */
void drift_step(struct drift *d, bool right);
/* The column of the axis that the cursor is in; SIZE_MAX without. */
size_t drift_cursor_column(const struct drift *d);

/* ---- drift_map.c ---- */
struct table_model drift_map_model(struct drift *d);
void drift_draw_map(struct drift *d, const struct canvas *c);
enum role drift_role(enum ncm_drift_state s);
/* "✖ critical" … translated word with its sign. */
char *drift_state_text(char *out, size_t outsz, enum ncm_drift_state s);
/* "0.1 / 0.25", "learned 0.2", "–". */
char *drift_threshold_text(char *out, size_t outsz, const struct ncm_drift_feature *f);
/* "28 Nov 13:00–14:00" of a window. */
char *drift_window_text(char *out, size_t outsz, const struct ncm_drift_window *w);
char *drift_number(char *out, size_t outsz, double v);

/* ---- drift_start.c ---- */
/* What to do where nothing is watched, or nothing could be read. */
void drift_draw_start(struct drift *d, const struct canvas *c);

/* ---- drift_feature.c ---- */
void drift_draw_feature(struct drift *d, const struct canvas *c);
/* ---- drift_curve.c ---- */
void drift_make_curve(struct drift *d);
void drift_draw_curve(struct drift *d, const struct canvas *c, bool focused);
/* ---- drift_parts.c ---- */
void drift_draw_part(struct drift *d, enum drift_part part, const struct canvas *c, bool focused);
/* Up and down in the part; false where it is no movement. */
bool drift_part_act(struct drift *d, enum ui_action_id action);
/* What a bar stands for, as queries and people name it; NULL where nothing is selected. */
char *drift_bar(const struct drift *d, bool for_people);
/* ---- drift_rows.c ---- */
void drift_draw_rows(struct drift *d, const struct canvas *c);
struct table_model drift_rows_model(struct drift *d);
/* The selected row, every column of it, in a window of its own. */
void drift_show_row(struct drift *d);
/* "FILE:LINE" of the selected row; absent without. */
struct ncm_str drift_row_place(const struct drift *d);

/* ---- drift_act.c ---- */
bool drift_act(struct drift *d, enum ui_action_id action, const char *arg);
bool drift_can(struct drift *d, enum ui_action_id action, const char **reason);
/* ---- drift_look.c ---- */
/* Method, window, reference, thresholds, versions; false where it is none of these. */
bool drift_look_act(struct drift *d, enum ui_action_id action, const char *arg);

#endif
