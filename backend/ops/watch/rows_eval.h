/* Inside the evaluator of rows. */
#ifndef NCM_OPS_WATCH_ROWS_EVAL_H
#define NCM_OPS_WATCH_ROWS_EVAL_H

#include "ops/watch/baseline.h"
#include "ops/watch/evaluator.h"
#include "ops/watch/panes.h"
#include "provider/prediction_log/follow.h"

struct ncm_rows_eval {
    struct ncm_log_follow *log;
    struct ncm_frame *reference; /* of a file, without its rows; NULL otherwise: the log's schema */
    struct ncm_baseline *base;   /* fixed one; NULL: made for each window, or not there yet */
    struct ncm_pane_schema schema;
    bool schema_known;
    struct ncm_pane **panes; /* in the order of their index */
    size_t n_panes;
    int64_t panes_made;
    struct ncm_pane *version_pane; /* rows of the reference's version; NULL: none is asked for */
    int64_t rows_seen;             /* of the log, for windows of rows */
    int64_t newest_ms;             /* of all rows */
    int64_t closed_index;          /* panes up to it are closed; INT64_MIN: none */
    int64_t known_index;           /* windows up to it were there before a restart, and their rows may
                                      come a second time; INT64_MIN: none */
    char *time_name;               /* the log's time column; NULL: none */
    char *before;                  /* position before the batch at hand */
    int64_t in_batch;              /* rows of it that are behind us */
    int64_t skip;                  /* rows to pass over after a restart */
    bool caught_up;
    double *scratch;
    size_t cap_scratch;
};

/* rows_reference.c: reads what the monitor names; false where it cannot be read. */
bool ncm_row_watch_reference(struct ncm_evaluator *e, struct ncm_control *control, struct ncm_err *err);
/* The reference of window i, where it is not a fixed one; NULL: there is not enough of it. The
 * caller frees. */
struct ncm_baseline *ncm_row_watch_reference_of(struct ncm_evaluator *e, size_t window);
/* rows_windows.c: takes a chunk into panes; gives open windows their figures; closes those that are
 * over. */
void ncm_row_watch_take(struct ncm_evaluator *e, const struct ncm_frame *f, int64_t now_ms);
void ncm_row_watch_close(struct ncm_evaluator *e, int64_t now_ms);
void ncm_row_watch_figures(struct ncm_evaluator *e);

/* How the monitor's rows are read: options that borrow from it and from this. */
struct ncm_row_wishes {
    struct ncm_log_options o;
    struct ncm_column_wish *types;
    char **names;
    size_t n;
};
void ncm_row_watch_options(const struct ncm_monitor *m, struct ncm_row_wishes *w);
void ncm_row_watch_options_release(struct ncm_row_wishes *w);

/* Length of a pane, and panes a window: ms, or rows. */
int64_t ncm_row_watch_pane(const struct ncm_monitor *m);
int64_t ncm_row_watch_panes_a_window(const struct ncm_monitor *m);

#endif
