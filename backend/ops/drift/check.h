/* Two files of rows against each other: what `drift check` and `drift measures` are made of. */
#ifndef NCM_OPS_DRIFT_CHECK_H
#define NCM_OPS_DRIFT_CHECK_H

#include "ops/drift/frames.h"
#include "provider/prediction_log/read.h"
#include "stats/measures.h"

/* What is compared. All borrowed. */
struct ncm_drift_files {
    const char *reference, *current;     /* as ncm_log_read takes them; at most one of them "-" */
    const struct ncm_column_wish *types; /* decided by the person, for both sides */
    size_t n_types;
    const char *const *columns; /* only these; none: all */
    size_t n_columns;
    const char *time; /* the time column, which is no feature; NULL: guessed */
    char delimiter;   /* 0: guessed */
};

/* What was read of a side. */
struct ncm_drift_read {
    int64_t rows, bad_rows;
    int64_t parse_failures;       /* values that are no numbers in a column of numbers */
    struct ncm_str failed_column; /* of the first of them; absent without */
};

struct ncm_drift_check {
    struct ncm_drift_table table; /* worst column first; its arena holds everything here */
    struct ncm_drift_read ref, cur;
    struct ncm_str *left_out; /* columns of which nearly every row has a value of its own */
    size_t n_left_out;
    bool drifted; /* the table's verdict, or a column that was lost or changed its type */
};

/* Reads both sides and compares every column. The types of the reference hold for the current side
 * too, so that a value that does not fit is counted instead of changing the column. Columns of
 * words with more different ones than half the rows (and more than 100 rows) are names of rows
 * rather than features: they are left out unless they were asked for by name. Errors: those of
 * ncm_log_read. O(n log n); memory: both frames, and a copy of one column a side. */
bool ncm_drift_check(const struct ncm_drift_files *files,
                     const struct ncm_drift_table_options *options, struct ncm_drift_check *out,
                     struct ncm_err *err);
void ncm_drift_check_release(struct ncm_drift_check *c);

/* Every measure of every column that both sides have, in the reference's order. Errors as above. */
bool ncm_drift_measures(const struct ncm_drift_files *files,
                        void (*tell)(void *to, const char *column, const struct ncm_measure *m),
                        void *to, struct ncm_err *err);

#endif
