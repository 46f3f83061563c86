/* Between the files of prediction_log. */
#ifndef NCM_PROVIDER_PREDICTION_LOG_INTERNAL_H
#define NCM_PROVIDER_PREDICTION_LOG_INTERNAL_H

#include "base/map.h"
#include "provider/prediction_log/builder.h"
#include "provider/prediction_log/words.h"

#define MOST_WHOLE_VALUES 10   /* up to so many different whole numbers are a category */
#define UNDECIDED_ROWS    4096 /* the words of so many rows are kept before a type is settled */
#define UNDECIDED_WORDS   64   /* at least so many, however few a category may have */
#define RUN_ROWS          64 /* one column after another for so many rows: they stay in the cache */
#define N_TIME_NAMES      7
#define NOWHERE           SIZE_MAX

enum cells {
    CELLS_UNDECIDED, /* codes, and what each word is as a number */
    CELLS_NUMBER,
    CELLS_CATEGORY,
    CELLS_TIME,
};

struct cells_column {
    char *name;
    enum cells cells;
    bool fixed;  /* the type is not a guess: what does not fit is a parse failure */
    bool turned; /* guessed as a number, and a word came */
    bool wanted; /* false: only there to be known by name */
    double *numbers;
    uint32_t *codes;
    int64_t *times;
    struct words words; /* UNDECIDED, CATEGORY */
    /* UNDECIDED: each word as a number, and the different whole ones. */
    double *values;
    size_t values_cap, n_whole;
    double whole[MOST_WHOLE_VALUES + 1];
    bool fraction, finite;
    /* Of the rows that are there. */
    size_t n_missing, n_infinite;
    bool integers;
    size_t first_row; /* of the first word, while it is undecided */
};

struct ncm_frame_builder {
    struct cells_column *columns;
    size_t n_columns, columns_cap;
    struct ncm_map *by_name;  /* all columns, wanted or not */
    size_t time;              /* index of the time column, or NOWHERE */
    bool tried[N_TIME_NAMES]; /* the column of that name has had a value */
    size_t n_rows, rows_cap, rows_expected;
    bool taken; /* no new columns any more */
    /* Of the batch that is being added. */
    size_t *where; /* for each column its place in the batch, or NOWHERE */
    size_t where_cap;
    struct ncm_frame_facts facts;
    /* Copies of the options. */
    struct ncm_map *types, *only, *ignored, *extra;
    bool no_time;
    char *time_name;
    size_t most_words;
    int64_t most_bytes;
    const struct ncm_frame *schema; /* borrowed */
};

/* A batch's column of n fields from row `from` on, `step` fields apart. */
struct cells_run {
    const struct ncm_field *fields;
    size_t step, n;
    const struct ncm_batch *batch;
    size_t first_row; /* of the batch, for naming lines */
};

/* builder_columns.c */
/* Finds the batch's columns by name; makes those that are new; chooses the time column. */
void ncm_builder_match(struct ncm_frame_builder *b, const struct ncm_batch *batch);
/* The columns of the schema; none without. Everything that was there is dropped. */
void ncm_builder_begin(struct ncm_frame_builder *b);
void ncm_builder_drop_columns(struct ncm_frame_builder *b);
/* Room for rows_cap rows in the arrays that the column's kind has. */
void ncm_builder_room(const struct ncm_frame_builder *b, struct cells_column *c);

/* builder_cells.c */
/* Appends the fields at row `at` of the column. */
void ncm_cells_add(struct ncm_frame_builder *b, struct cells_column *c, const struct cells_run *r,
                   size_t at);
/* Appends n missing values. */
void ncm_cells_skip(struct ncm_frame_builder *b, struct cells_column *c, size_t at, size_t n);
/* Decides an undecided column by what is there: the first n rows. */
void ncm_cells_settle(struct ncm_frame_builder *b, struct cells_column *c, size_t n);
/* The time in a field; false where there is none. */
bool ncm_cells_time(const struct ncm_field *f, int64_t *ms);

#endif
