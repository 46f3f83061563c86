/* What the monitors found: figures over time, and the comparison of one feature. Plain, immutable
 * once part of a snapshot; all strings and arrays live in the snapshot's arena. Times are ms since
 * 1970 UTC, NCM_NO_TIME where absent; absent numbers are NaN. */
#ifndef NCM_MODEL_DRIFT_H
#define NCM_MODEL_DRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/alert.h"
#include "model/frame.h"
#include "model/monitor.h"
#include "model/snapshot.h"

/* From the harmless to the worst, so that the worst of several is the greatest. */
enum ncm_drift_state {
    NCM_DRIFT_GAP,     /* nobody watched then, or the source did not answer */
    NCM_DRIFT_NO_DATA, /* no row on one side */
    NCM_DRIFT_SMALL,   /* too few rows for the figure to mean anything */
    NCM_DRIFT_OK,
    NCM_DRIFT_WARNING,
    NCM_DRIFT_CRITICAL,
};
/* "gap" "no_data" "small" "ok" "warning" "critical"; static. */
const char *ncm_drift_state_word(enum ncm_drift_state s);

/* One figure of one feature in one window. */
struct ncm_drift_point {
    double value, p_value;
    int64_t n; /* rows on the current side */
    enum ncm_drift_state state;
    uint32_t recipe; /* of how it was made: no line joins two different ones */
};

struct ncm_drift_window {
    int64_t start_ms, end_ms; /* [start, end) */
    int64_t rows;
    bool open; /* still filling: its figures change */
};

struct ncm_drift_feature {
    struct ncm_str name, method; /* method: word of the figure, "psi" */
    enum ncm_column_type type;
    double warning, critical; /* thresholds in force */
    enum ncm_bad_side side;
    bool learned;                   /* thresholds come from the reference's own chunks */
    struct ncm_drift_point *points; /* one a window of the monitor */
    double last, worst;             /* of the newest window with a figure; of all */
    enum ncm_drift_state state;     /* of the newest complete window with a figure */
    int64_t since_ms;               /* since when it is in that state without a break */
    struct ncm_str unit;            /* absent where it has none */
};

struct ncm_drift_monitor {
    struct ncm_str model, name, source, reference, window, recipe;
    enum ncm_monitor_kind kind;
    enum ncm_severity severity;
    struct ncm_drift_window *windows; /* oldest first */
    size_t n_windows;
    struct ncm_drift_feature *features; /* worst first */
    size_t n_features;
    enum ncm_drift_state state; /* the worst of its features */
    struct ncm_str error;       /* why there is no newer figure; absent where all is well */
    struct ncm_str warning;     /* bad rows, parse failures, a server's warnings; or absent */
    int64_t rows, bad_rows;     /* read so far */
    int64_t ref_rows;
    int64_t last_row_ms; /* time of the newest row; NCM_NO_TIME without */
    int64_t every_ms;
    int64_t firing_since_ms; /* its alert fires since; NCM_NO_TIME: it does not */
};

/* A thing that happened: a line on the curves. */
struct ncm_drift_event {
    int64_t time_ms;
    char sign; /* 'P' a promotion, 'B' a roll-back, 'A' an alert, 'R' resolved */
    struct ncm_str model, what;
};

struct ncm_drift_snapshot {
    struct ncm_snapshot head;
    struct ncm_drift_monitor *items; /* worst first */
    size_t n;
    struct ncm_drift_event *events; /* oldest first */
    size_t n_events;
};

/* One side of a comparison. */
struct ncm_drift_side {
    int64_t rows, n; /* n: neither missing nor infinite */
    int64_t missing, infinite;
    int64_t distinct; /* -1 unknown */
    double mean, std, skew, kurtosis, min, max;
    double q[7]; /* 1 5 25 50 75 95 99 % */
};
extern const double ncm_drift_quantiles[7];

struct ncm_drift_category {
    struct ncm_str word;
    int64_t ref, cur; /* rows */
    double term;      /* what it adds to the PSI */
    bool is_new, is_gone;
};

/* A fault in the data itself. */
struct ncm_drift_finding {
    enum ncm_severity severity;
    struct ncm_str kind;     /* "missing" "new_categories" …: stable word */
    struct ncm_str sentence; /* translated */
};

/* One feature, reference against current. */
struct ncm_drift_column {
    struct ncm_str name, method; /* method as printed: "psi", "wasserstein (Evidently)" */
    enum ncm_column_type type;
    double statistic, p_value, p_adjusted;
    double effect; /* beside a p-value: KS D or Cramér's V */
    struct ncm_str effect_name;
    double warning, critical; /* thresholds of the statistic, or of the p-value for a test */
    bool small_drifts;        /* a p-value: small means drift */
    bool learned, small_sample, reference_constant, approximate;
    enum ncm_drift_state state;
    bool drifted;
    int64_t since_ms; /* from when on the current rows are over the threshold without a break;
                         NCM_NO_TIME: they are not, or nothing says when they were */
    double psi, js, ks, w1, w1_norm; /* whatever the method; NaN where it has none */
    struct ncm_drift_side ref, cur;
    /* NUMBER: n_edges edges, n_edges + 1 bins (-inf,e1] … (ek,inf); the drift is measured on them.
     */
    double *edges;
    int64_t *ref_counts, *cur_counts;
    double *terms; /* what each bin adds to the PSI */
    size_t n_edges;
    /* NUMBER: an even histogram over both sides, for eyes: n_shape bins from shape_lo to shape_hi.
     */
    double shape_lo, shape_hi;
    int64_t *shape_ref, *shape_cur;
    size_t n_shape;
    double *qq_ref, *qq_cur; /* the same n_qq quantiles of both sides */
    size_t n_qq;
    struct ncm_drift_category *categories; /* the greatest term first */
    size_t n_categories, n_new, n_gone;
    struct ncm_drift_finding *findings;
    size_t n_findings;
    struct ncm_str why; /* why there is no statistic; absent where there is one */
};

/* NCM_T_DRIFT_FEATURE: one feature in one window. */
struct ncm_drift_feature_snapshot {
    struct ncm_snapshot head;
    struct ncm_str model, monitor, reference, current; /* for people: what was compared */
    struct ncm_drift_window window;
    struct ncm_drift_column column;
};

/* NCM_T_DRIFT_ROWS: rows behind a bar. */
struct ncm_drift_rows_snapshot {
    struct ncm_snapshot head;
    struct ncm_str *columns;
    size_t n_columns;
    struct ncm_str *cells;  /* n × n_columns */
    struct ncm_str *places; /* n: "file:line" */
    size_t n;
    bool more;
};

/* "MODEL/NAME" of a monitor, as queries name it; NULL where s has none such. */
const struct ncm_drift_monitor *ncm_drift_find(const struct ncm_drift_snapshot *s,
                                               const char *model, const char *name);

#endif
