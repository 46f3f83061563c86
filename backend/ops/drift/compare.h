/* One feature, reference against current: every measure, the one that decides, and why. Works on
 * whole columns and on what a window kept of its rows alike. */
#ifndef NCM_OPS_DRIFT_COMPARE_H
#define NCM_OPS_DRIFT_COMPARE_H

#include "model/drift.h"
#include "ops/drift/method.h"
#include "stats/bins.h"
#include "stats/categories.h"
#include "stats/moments.h"

/* One side, borrowed. */
struct ncm_drift_input {
    enum ncm_column_type type;
    int64_t rows, missing, infinite;
    struct ncm_moments moments; /* NUMBER */
    struct ncm_ordered values;  /* NUMBER: finite, sorted, with weights where it is a sketch */
    const double *counts;       /* NUMBER: in the bins that are compared; NULL: from the values */
    struct ncm_cats_side words; /* CATEGORY */
    bool approximate;           /* the values are a sketch's */
};

struct ncm_drift_options {
    const struct ncm_drift_method *method; /* NULL: the house's */
    double warning, critical;              /* the person's; NaN: learned or the method's own */
    enum ncm_bad_side side;
    double learned_warning, learned_critical; /* from the reference's chunks; NaN: none */
    const struct ncm_bins *bins;              /* NULL: made from the reference's values */
    int64_t least_rows;                       /* less than that is a small sample */
};

/* Fills out, everything of it in the arena. A side without a value gives state no_data and why.
 * Thresholds: the person's; else the learned ones, but never below half (warning) and the whole
 * (critical) of the method's own warning, so that no effect alarms that does not matter; else the
 * method's own. O((n+m) + K log K) on sorted values. */
void ncm_drift_compare(const char *name, const struct ncm_drift_input *ref,
                       const struct ncm_drift_input *cur, const struct ncm_drift_options *o,
                       struct ncm_arena *a, struct ncm_drift_column *out);

/* The value that decides, alone: what thresholds are learned from. NaN where there is none. */
double ncm_drift_statistic(const struct ncm_drift_method *m, const struct ncm_drift_input *ref,
                           const struct ncm_drift_input *cur, const struct ncm_bins *bins);

/* The state that a figure gives against thresholds (NaN: none). */
enum ncm_drift_state ncm_drift_state_of(double value, double warning, double critical,
                                        enum ncm_bad_side side, bool small_is_bad);

/* Corrects the p-values of many columns together (Benjamini–Hochberg) and decides anew for those
 * that go by a p-value of the house's: adjusted p at most the threshold, and an effect (KS D,
 * Cramér's V) of at least 0.1. */
void ncm_drift_correct(struct ncm_drift_column *columns, size_t n);

#endif
