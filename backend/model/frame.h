/* Rows as typed columns: what drift is measured on. Owned by whoever built it. */
#ifndef NCM_MODEL_FRAME_H
#define NCM_MODEL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

enum ncm_column_type { NCM_COLUMN_NUMBER, NCM_COLUMN_CATEGORY };

#define NCM_NO_CODE UINT32_MAX

struct ncm_column {
    char *name;
    enum ncm_column_type type;
    double *numbers;  /* NUMBER: one a row; NaN where missing, infinities as they are */
    uint32_t *codes;  /* CATEGORY: one a row, an index into words; NCM_NO_CODE where missing */
    char **words;     /* CATEGORY: raw bytes, ended by a NUL, in the order of their first row */
    uint32_t *counts; /* CATEGORY: rows of each word */
    size_t n_words;
    uint32_t other; /* code of the word "(other)" that took what was beyond the most words;
                       NCM_NO_CODE without */
    size_t n_missing, n_infinite;
    bool integers; /* NUMBER: every finite value is whole */
};

struct ncm_frame {
    struct ncm_column *columns; /* the time column is not among them */
    size_t n_columns, n_rows;
    int64_t *times;  /* ms UTC, one a row, NCM_NO_TIME where it could not be read; NULL: no time
                        column */
    char *time_name; /* of the time column, or NULL */
};

void ncm_frame_free(struct ncm_frame *f);
/* NULL where there is none. */
const struct ncm_column *ncm_frame_find(const struct ncm_frame *f, const char *name);

#endif
