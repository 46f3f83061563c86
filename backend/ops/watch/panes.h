/* Rows gathered into panes: pieces of time, or of rows, that windows are put together from. What a
 * pane keeps is bounded, whatever comes: moments, counts in the reference's bins, a sketch of the
 * values, counts of categories. */
#ifndef NCM_OPS_WATCH_PANES_H
#define NCM_OPS_WATCH_PANES_H

#include "model/frame.h"
#include "ops/watch/result.h"
#include "stats/bins.h"
#include "stats/sketch_kll.h"

#define NCM_PANE_SKETCH 400 /* k: a rank is off by less than 0.7 % */

/* What panes of one log have in common: a feature's type and, where the reference is fixed, its
 * bins. Borrowed by every pane. */
struct ncm_pane_schema {
    struct ncm_pane_column {
        char *name;
        enum ncm_column_type type;
        struct ncm_bins bins; /* NUMBER; n 0: none, the sketch alone is kept */
        char **words;         /* CATEGORY: of all codes so far */
        size_t n_words, cap_words;
    } *columns;
    size_t n;
};
/* Columns of a frame, without those that are left out by the monitor. */
void ncm_pane_schema_init(struct ncm_pane_schema *s, const struct ncm_frame *f,
                          const struct ncm_monitor *m);
void ncm_pane_schema_release(struct ncm_pane_schema *s);
size_t ncm_pane_schema_find(const struct ncm_pane_schema *s, const char *name); /* SIZE_MAX */

struct ncm_pane_feature {
    int64_t missing, infinite;
    struct ncm_moments moments;
    double *counts;         /* bins.n */
    struct ncm_kll *sketch; /* NUMBER */
    int64_t *words;         /* CATEGORY: rows of each code */
    size_t n_words;
};
struct ncm_pane {
    int64_t index, start_ms, end_ms;
    int64_t rows;
    bool news; /* rows came that no figure knows of yet */
    int64_t number; /* in the order in which they were begun */
    char *position; /* of the log before its first row; owned */
    int64_t skip;   /* rows after that position that came before it */
    struct ncm_pane_feature *features;
};
struct ncm_pane *ncm_pane_new(const struct ncm_pane_schema *s, int64_t index);
void ncm_pane_free(struct ncm_pane *p, const struct ncm_pane_schema *s);
/* Rows first … first + n of a frame whose columns are the schema's. scratch: n doubles. */
void ncm_pane_add(struct ncm_pane *p, struct ncm_pane_schema *s, const struct ncm_frame *f,
                  size_t first, size_t n, double *scratch);
/* Adds b to a. */
void ncm_pane_merge(struct ncm_pane *a, const struct ncm_pane *b, const struct ncm_pane_schema *s);

/* One feature of a pane, small enough to be kept; the caller frees. */
struct ncm_summary *ncm_pane_summary(const struct ncm_pane *p, const struct ncm_pane_schema *s,
                                     size_t feature);

#endif
