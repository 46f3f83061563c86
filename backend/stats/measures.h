/* What every measure of a column is handed over as: one record a measure, under the name that
 * docs and fixtures use ("ks.statistic"), so that tables, JSON and tests name the same things. */
#ifndef NCM_STATS_MEASURES_H
#define NCM_STATS_MEASURES_H

#include <stdbool.h>
#include <stddef.h>

/* Exactly one of values, texts, text and error is given; only the table of categories has both
 * values and texts, two values (reference, current) a text. All of it is borrowed and lives until
 * the function that is told returns. */
struct ncm_measure {
    const char *name;         /* as in the fixtures */
    const double *values;     /* one number, or a list of them */
    size_t n_values;          /* 1 for a number; an empty list has is_list and 0 */
    bool is_list;             /* bins: edges or counts */
    const char *const *texts; /* lists of categories */
    size_t n_texts;
    const char *text;  /* a word such as a status */
    const char *error; /* why there is no number; translated */
};

/* Is told each measure in turn; to: what the caller gave. */
typedef void (*ncm_measure_fn)(void *to, const struct ncm_measure *m);

#endif
