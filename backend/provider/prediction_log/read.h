/* A whole log of predictions as one frame. */
#ifndef NCM_PROVIDER_PREDICTION_LOG_READ_H
#define NCM_PROVIDER_PREDICTION_LOG_READ_H

#include <stdatomic.h>

#include "io/rows.h"
#include "provider/prediction_log/builder.h"

struct ncm_log_options {
    struct ncm_rows_options rows; /* how files are read; follow is for follow.h only */
    struct ncm_frame_options frame;
    const char *table; /* of an SQLite file; NULL: the only one that there is */
};

/* What was read and what could not be, so far. */
struct ncm_log_facts {
    int64_t rows, bad_rows;
    int64_t bytes, total_bytes; /* of the files as they lie there; total -1 where unknown */
    size_t n_files;
    struct ncm_bad_row kept[NCM_BAD_ROWS_KEPT];
    size_t n_kept;
    struct ncm_frame_facts values;
    bool again; /* a column turned out not to hold numbers, so that all is read once more */
};

typedef void ncm_log_progress(void *data, const struct ncm_log_facts *facts);

/* path: as ncm_rows_open takes it (a file, a glob, "-"), or an SQLite file: one named .db, .sqlite
 * or .sqlite3, any where o->table is set, or "sqlite:FILE?table=NAME". The frame is the caller's.
 * facts is filled in any case. cancel and progress may be NULL; progress is called after each
 * batch. Where a column that looked like numbers turns out to be a category, files are read once
 * more; of standard input such values are missing and count as parse failures. Errors: those of
 * ncm_rows_open and ncm_db_open; NCM_USAGE where a column that was asked for by name is not there;
 * NCM_TOO_LARGE; NCM_CANCELLED. Memory: the frame, and one batch. */
bool ncm_log_read(const char *path, const struct ncm_log_options *o, struct ncm_frame **out,
                  struct ncm_log_facts *facts, const atomic_bool *cancel,
                  ncm_log_progress *progress, void *data, struct ncm_err *err);

#endif
