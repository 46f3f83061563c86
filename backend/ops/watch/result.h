/* What a watch knows of one monitor: windows, a figure for each feature in each, and enough of each
 * window to compare it anew. Owned by one evaluator, on one thread; snapshots are made from it. */
#ifndef NCM_OPS_WATCH_RESULT_H
#define NCM_OPS_WATCH_RESULT_H

#include "model/drift.h"
#include "model/monitor.h"
#include "stats/moments.h"

#define NCM_WINDOWS_KEPT   256 /* of one monitor, the newest */
#define NCM_SUMMARY_POINTS 512 /* of the values of one window that are kept */

/* One feature in one window. */
struct ncm_summary {
    int64_t rows, missing, infinite;
    struct ncm_moments moments;
    int64_t *counts; /* NUMBER: rows in the bins of the reference's edges; NULL: not known */
    size_t n_counts;
    double *values, *weights; /* NUMBER: sorted; a weight is how many rows a value stands for */
    size_t n_values;
    bool paired;  /* of a histogram: values are the edges, weights the reference's counts */
    char **words; /* CATEGORY; NULL where only the counts of the reference's words were kept */
    int64_t *word_counts;
    size_t n_words;
};
void ncm_summary_free(struct ncm_summary *s); /* NULL allowed */

struct ncm_figure {
    double value, p_value;
    int64_t n;
    enum ncm_drift_state state;
    bool known;                  /* there is a figure or a reason for none; false: nobody looked */
    struct ncm_summary *summary; /* or NULL */
};

struct ncm_watched_feature {
    char *name;
    enum ncm_column_type type;
    char *unit, *method;
    double warning, critical;
    bool learned;
    struct ncm_figure *figures; /* one a window */
};

struct ncm_watched {
    const struct ncm_monitor *monitor;
    char *recipe;
    struct ncm_drift_window *windows; /* oldest first */
    size_t n_windows;
    struct ncm_watched_feature *features;
    size_t n_features;
    size_t asked; /* the feature that was asked for last: the next one is mostly beside it */
    int64_t rows, bad_rows, ref_rows, last_row_ms;
    int64_t late_rows;    /* in no window: came too late, have no time or one far ahead of ours */
    char *reference;      /* for people: "train.csv, 20,000 rows" */
    struct ncm_err error; /* code NCM_OK: none */
    char warning[160];
};

void ncm_watched_init(struct ncm_watched *w, const struct ncm_monitor *m);
void ncm_watched_release(struct ncm_watched *w);
/* The index of the window that ends then; made (in order, open) where it is not there yet. The
 * oldest falls out beyond NCM_WINDOWS_KEPT; SIZE_MAX where it would be older than all of them. */
size_t ncm_watched_window(struct ncm_watched *w, int64_t start_ms, int64_t end_ms);
/* The same without making it; SIZE_MAX. */
size_t ncm_watched_find(const struct ncm_watched *w, int64_t end_ms);
/* Which figures of a feature are the worse ones: small p-values, else as the monitor says. */
enum ncm_bad_side ncm_watched_side(const struct ncm_watched *w,
                                   const struct ncm_watched_feature *f);
/* The index of a feature, made where it is not there yet. */
size_t ncm_watched_feature(struct ncm_watched *w, const char *name, enum ncm_column_type type);
/* Drops features of which nothing is known in any window that is kept: series that ended. Indices
 * change. O(features · windows). */
void ncm_watched_forget_gone(struct ncm_watched *w);
/* The worst state and feature of a window; GAP and SIZE_MAX where it has no figure. */
enum ncm_drift_state ncm_watched_worst(const struct ncm_watched *w, size_t window, size_t *feature);
/* The newest complete window in which something is known; SIZE_MAX. */
size_t ncm_watched_newest(const struct ncm_watched *w);

/* Fills one monitor of a snapshot; the last `windows` of them. */
void ncm_watched_publish(const struct ncm_watched *w, size_t windows, struct ncm_arena *a,
                         struct ncm_drift_monitor *out);

#endif
