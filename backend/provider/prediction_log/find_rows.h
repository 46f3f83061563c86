/* The raw rows behind a bar of a chart: read again from the log, on a person's request only. */
#ifndef NCM_PROVIDER_PREDICTION_LOG_FIND_ROWS_H
#define NCM_PROVIDER_PREDICTION_LOG_FIND_ROWS_H

#include <stdatomic.h>

#include "provider/prediction_log/read.h"

enum ncm_row_test {
    NCM_ROW_ANY,
    NCM_ROW_WITHIN,  /* a number from lo to hi */
    NCM_ROW_WORD,    /* this word, by its bytes */
    NCM_ROW_OTHER,   /* a word that is none of known's own: what its "(other)" counts */
    NCM_ROW_MISSING, /* missing, or no number where `number` is set */
};

struct ncm_row_question {
    const char *column; /* NULL for ANY */
    enum ncm_row_test test;
    double lo, hi;                  /* WITHIN; infinities allowed */
    bool above_lo;                  /* lo itself is not within: bars are (a, b] */
    bool below_hi;                  /* hi itself is not within: [a, b) */
    const struct ncm_column *known; /* OTHER: a category column, borrowed */
    const char *word;               /* WORD */
    bool number;      /* MISSING: the column holds numbers, so that a word is missing too */
    const char *time; /* the time column; NULL: no limits of time */
    int64_t since_ms, until_ms; /* since <= t < until; NCM_NO_TIME: no such limit */
    size_t most;                /* rows wanted, at most 10,000; 0: 100 */
};

struct ncm_found_row {
    char *file;
    int64_t line; /* of a table: the rowid */
    char *
        *fields; /* found->n_columns; NULL where absent. Of a field beyond 64 KiB its beginning. */
    size_t n_fields; /* those behind are absent too: the columns came later */
};
struct ncm_found_rows {
    char **columns;
    size_t n_columns;
    struct ncm_found_row *rows; /* the first ones, in the log's order */
    size_t n;
    int64_t n_read; /* rows looked at */
    bool more;      /* reading ended at the last wanted one; there may be further ones */
};

/* path, and o->rows and o->table, as for ncm_log_read. The answer is the caller's, to be freed with
 * ncm_found_rows_free. O(rows read); memory: the rows found, and one batch. Errors as those of
 * ncm_log_read; NCM_USAGE where no row has the column, or the time column. */
bool ncm_log_find_rows(const char *path, const struct ncm_log_options *o,
                       const struct ncm_row_question *q, struct ncm_found_rows **out,
                       const atomic_bool *cancel, struct ncm_err *err);
void ncm_found_rows_free(struct ncm_found_rows *r); /* NULL allowed */

#endif
