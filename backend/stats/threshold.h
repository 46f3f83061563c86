/* From where on a measure is an alarm, learned from the reference itself, and when there are too
 * few rows for any alarm. */
#ifndef NCM_STATS_THRESHOLD_H
#define NCM_STATS_THRESHOLD_H

#include <stdbool.h>
#include <stddef.h>

#define NCM_THRESHOLD_CHUNKS     10  /* least parts of the reference */
#define NCM_THRESHOLD_CHUNK_ROWS 500 /* least rows of each */

enum ncm_threshold_state {
    NCM_THRESHOLD_LEARNED,
    NCM_THRESHOLD_FEW_CHUNKS, /* fewer than 10 with a number */
    NCM_THRESHOLD_FEW_ROWS,   /* 10 or more, but fewer than 10 of 500 rows */
};

struct ncm_threshold {
    enum ncm_threshold_state state;
    double warning, critical; /* alarm above, not at; NaN unless learned */
    double mean, std0;        /* of the measure over the chunks used */
    size_t n_chunks;          /* used */
};

/* Learns from the same measure over the reference's own chunks (each against the whole reference):
 * critical = mean + 3*std0, as NannyML's alert; warning = mean + 2*std0; neither above `most`, the
 * greatest value that the measure can take (INFINITY without). Such a threshold fits the size of
 * the chunks it was learned from. values[i] is of rows[i] rows; NaN and chunks that are too short
 * are left out. O(n). */
struct ncm_threshold ncm_threshold_learn(const double *values, const double *rows, size_t n,
                                         double most);
/* Why there is no threshold, translated; NULL where there is one. */
const char *ncm_threshold_why(const struct ncm_threshold *t);

/* (B-1)(1/n + 1/m) is about the PSI of B bins when nothing drifts; above 0.05 the usual limits of
 * 0.1 and 0.25 mean nothing. Also true where a side is empty. */
bool ncm_small_sample(size_t bins, double n, double m);
/* Rows that a window needs: 200 for numbers, 5 a category. */
double ncm_rows_needed(bool is_category, size_t n_categories);

#endif
