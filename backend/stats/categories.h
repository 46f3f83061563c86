/* Two sides of a categorical column, reference and current, joined into one table, and the tests
 * on it. Pure; a category is a string of bytes, compared byte by byte, never trimmed. */
#ifndef NCM_STATS_CATEGORIES_H
#define NCM_STATS_CATEGORIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/frame.h"
#include "stats/special.h"

#define NCM_CATS_MOST   10000 /* categories told apart; the rest is counted as one */
#define NCM_CATS_NO_BIN SIZE_MAX

/* One side: rows of each word. Words are distinct and borrowed. */
struct ncm_cats_side {
    char *const *words;
    const uint32_t *counts;
    size_t n_words;
    uint32_t other;   /* index of the word that stands for many, or NCM_NO_CODE */
    size_t n_missing; /* rows without a value; not among the counts */
};
/* The side that a category column is. */
struct ncm_cats_side ncm_cats_side_of(const struct ncm_column *c);

/* The joined table: bin i is words[i], with ref[i] and cur[i] rows. Sorted by bytes; a bin for what
 * is beyond NCM_CATS_MOST (or was already beyond a side's own limit) comes last. Words with no
 * rows on either side are left out. */
struct ncm_cats {
    const char **words; /* borrowed from the sides */
    double *ref, *cur;  /* whole numbers, as the distances of distance.h take them */
    size_t n;
    size_t other;                      /* the bin "(other)", or NCM_CATS_NO_BIN */
    double n_ref, n_cur;               /* rows with a value */
    double missing_ref, missing_cur;   /* rows without */
    size_t distinct_ref, distinct_cur; /* categories seen; what went into "(other)" counts one */
    size_t n_new, n_gone;              /* bins without reference rows, without current rows;
                                          "(other)" is neither */
};

/* Joins; the reference's words are kept before the current's where there are too many.
 * O(a + b + n log n). Free with ncm_cats_free. */
void ncm_cats_join(const struct ncm_cats_side *ref, const struct ncm_cats_side *cur,
                   struct ncm_cats *out);
void ncm_cats_free(struct ncm_cats *t);

/* Whether bin i is new (only current rows) or gone (only reference rows). Where the other side has
 * rows in "(other)", it may be among those: then neither. */
bool ncm_cats_is_new(const struct ncm_cats *t, size_t i);
bool ncm_cats_is_gone(const struct ncm_cats *t, size_t i);
/* New and gone categories as shares of the rows with a value: of the current ones that fall on new
 * categories, of the reference's that fell on gone ones. NaN for an empty side. O(n). */
double ncm_cats_new_share(const struct ncm_cats *t);
double ncm_cats_gone_share(const struct ncm_cats *t);

/* A chi-square or G test of homogeneity of the 2×K table. */
struct ncm_cats_test {
    double statistic, p; /* NaN where a side is empty; p 1 where K is 1 */
    size_t dof;          /* K-1 */
    double min_expected; /* least expected count of a cell */
    double low_share;    /* share of cells that expect fewer than 5 */
    bool weak;           /* some cell expects < 1, or > 20 % of them < 5: the p is a rough one */
};
/* X² = Σ(O-E)²/E, E = row × column / total, p = Q(dof/2, X²/2). yates: as SciPy, only for dof 1,
 * where each |O-E| is first reduced by min(0.5, |O-E|). Source: scipy.stats.chi2_contingency. O(n)
 */
struct ncm_cats_test ncm_cats_chi2(const struct ncm_cats *t, bool yates);
/* G = 2 Σ O ln(O/E) of the same table, never corrected; empty cells add nothing. O(n). */
struct ncm_cats_test ncm_cats_g(const struct ncm_cats *t);

/* The table with the rarest bins put into one "(rare)", which comes last, until every bin expects
 * at least `least` rows on both sides, or two are left. For a chi-square whose p can be trusted. A
 * table that needs none, has fewer than three bins or has an empty side is copied. O(n log n). Free
 * with ncm_cats_free. */
void ncm_cats_pool(const struct ncm_cats *t, double least, struct ncm_cats *out);

/* Cramér's V = sqrt(X²/(n+m)), X² uncorrected: 0.1 small, 0.3 medium, 0.5 large. NaN where a side
 * is empty, 0 for one category (SciPy refuses there). O(n). */
double ncm_cats_cramers_v(const struct ncm_cats *t);

/* z test of the share of the last category in the table's order; for two categories its p is that
 * of the uncorrected chi-square. One single category on both sides: z 0, p 1. */
struct ncm_z ncm_cats_z(const struct ncm_cats *t);

#endif
