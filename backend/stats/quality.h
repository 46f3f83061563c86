/* Data quality: what is wrong with the current side of a column, or with a window as a whole,
 * measured against the reference. Pure functions of summaries; each check returns whether it found
 * something and then fills one finding. */
#ifndef NCM_STATS_QUALITY_H
#define NCM_STATS_QUALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/alert.h"
#include "model/frame.h"
#include "stats/categories.h"

enum ncm_quality_kind {
    NCM_QUALITY_MISSING,         /* observed, expected: shares of rows */
    NCM_QUALITY_NEW_COLUMN,      /* */
    NCM_QUALITY_LOST_COLUMN,     /* */
    NCM_QUALITY_TYPE,            /* observed, expected: enum ncm_column_type */
    NCM_QUALITY_NEW_CATEGORIES,  /* observed: how many */
    NCM_QUALITY_LOST_CATEGORIES, /* observed: how many */
    NCM_QUALITY_RANGE,           /* observed: rows outside; expected: rows that chance puts there */
    NCM_QUALITY_CONSTANT,        /* observed, expected: share of the most frequent value */
    NCM_QUALITY_DUPLICATES,      /* observed, expected: shares of rows */
    NCM_QUALITY_ROWS,            /* observed: rows; expected: their median */
    NCM_QUALITY_FRESHNESS,       /* observed: age in ms; expected: usual gap in ms */
    NCM_QUALITY_INFINITE,        /* observed, expected: rows */
    NCM_QUALITY_NEGATIVE,        /* observed, expected: rows */
    NCM_QUALITY_PARSE,           /* observed: rows that could not be read */
};

struct ncm_finding {
    enum ncm_quality_kind kind;
    enum ncm_severity severity;
    const char *subject; /* the column, borrowed; NULL for a window as a whole */
    double observed, expected;
    double share;        /* of the current rows (of the reference's for lost categories); NaN where
                            there is no such share */
    const char *example; /* the heaviest new or lost category, borrowed; else NULL */
};

/* One side of a column. */
struct ncm_quality_side {
    bool present; /* false: there is no such column; nothing else is read */
    enum ncm_column_type type;
    double rows;     /* all of them */
    double missing;  /* no value */
    double infinite; /* NUMBER */
    double negative; /* NUMBER: finite values below 0 */
    double top;      /* rows of the most frequent value */
    double outside;  /* NUMBER, current side: values outside the range */
    double bad;      /* values that could not be read as what the column holds */
    bool
        fixed_range; /* current side: the range is given, not the reference's minimum and maximum */
};

/* Share of missing rows: 5 points more than in the reference, and a two-proportion p below 0.01:
 * warning; 20 points more: critical. */
bool ncm_quality_missing(const struct ncm_quality_side *ref, const struct ncm_quality_side *cur,
                         struct ncm_finding *out);
/* A column that is on one side only: new: warning, lost: critical; a changed type: critical. */
bool ncm_quality_schema(const struct ncm_quality_side *ref, const struct ncm_quality_side *cur,
                        struct ncm_finding *out);
/* Categories that the reference does not have: any row: warning, more than 1 % of rows: critical.
 */
bool ncm_quality_new_categories(const struct ncm_cats *t, struct ncm_finding *out);
/* Categories of more than 1 % of the reference's rows in all that no current row has: warning,
 * where they could be expected: with fewer than 5/share current rows chance explains it. */
bool ncm_quality_lost_categories(const struct ncm_cats *t, struct ncm_finding *out);
/* More than 0.1 % of rows outside the range: critical for a given range, else a warning. Of n
 * reference and m current values from one distribution 2m/n are beyond the reference's minimum and
 * maximum on average, k or more with p = r^k (1 + k(1-r)), r = m/(n+m) (negative binomial; exact as
 * n and m grow): the reference's own range speaks only where that is below 0.01. */
bool ncm_quality_range(const struct ncm_quality_side *ref, const struct ncm_quality_side *cur,
                       struct ncm_finding *out);
/* One value in more than 95 % of the rows with a value, where the reference has none such: warning;
 * in all of them: critical. At least 20 rows. */
bool ncm_quality_constant(const struct ncm_quality_side *ref, const struct ncm_quality_side *cur,
                          struct ncm_finding *out);
/* Infinite values: warning where the reference has none. Negative ones: the same. Values that could
 * not be read: always a warning. */
bool ncm_quality_infinite(const struct ncm_quality_side *ref, const struct ncm_quality_side *cur,
                          struct ncm_finding *out);
bool ncm_quality_negative(const struct ncm_quality_side *ref, const struct ncm_quality_side *cur,
                          struct ncm_finding *out);
bool ncm_quality_parse(const struct ncm_quality_side *cur, struct ncm_finding *out);

/* All checks of one column, subject set; t: its categories, or NULL. Returns how many findings;
 * out has room for NCM_QUALITY_MOST. */
#define NCM_QUALITY_MOST 9
size_t ncm_quality_column(const char *name, const struct ncm_quality_side *ref,
                          const struct ncm_quality_side *cur, const struct ncm_cats *t,
                          struct ncm_finding *out);

/* Share of rows that repeat another, of both sides: a point more than the reference: warning. */
bool ncm_quality_duplicates(double ref_share, double cur_share, struct ncm_finding *out);
/* Rows of a window against the median of the last n equal windows (the latest 7 of them count):
 * none at all: critical ("silent"), also where n is 0; less than half or more than twice the
 * median: warning. before: oldest first. */
bool ncm_quality_rows(double rows, const double *before, size_t n, struct ncm_finding *out);
/* Age of the newest row above 3 times the usual gap: warning; above 10 times: critical. Gaps of 0
 * and less, and an absent time (NCM_NO_TIME), say nothing. All in ms. */
bool ncm_quality_freshness(int64_t now, int64_t newest, int64_t usual_gap, struct ncm_finding *out);

/* The finding as one sentence, translated, with the column's name as it is (clean it where it is
 * shown). Appends. */
void ncm_finding_text(const struct ncm_finding *f, struct ncm_buf *out);
/* "missing", "new_column" …: as used in JSON; static, not translated. */
const char *ncm_quality_name(enum ncm_quality_kind kind);

#endif
