/* The one histogram: two samples over each other, and categories as pairs of bars. Plain state plus
 * functions; the current sample is filled, the reference an outline or a thin bar. */
#ifndef TUI_UI_BARS_H
#define TUI_UI_BARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "term/paint.h"

/* Numbers: an even histogram for the eyes, and the bins that the figure is made of. All borrowed.
 */
struct bars_shape {
    double lo, hi;            /* of the even histogram */
    const int64_t *ref, *cur; /* n each: rows */
    size_t n;
    const double *edges, *terms; /* n_edges; n_edges + 1: what each bin adds to the figure */
    size_t n_edges;
    size_t selected; /* a bin, 0 … n_edges; SIZE_MAX: none */
};
/* Axes with shares at the left and values below; between them a strip that is the darker the more a
 * bin adds, with the share of the three that add most. empty: what to say without rows. */
void bars_shape_draw(const struct bars_shape *b, const struct canvas *c, const char *empty);

enum bars_flag { BARS_PLAIN, BARS_NEW, BARS_GONE };
struct bars_pair {
    const char *name; /* clean */
    double ref, cur;  /* shares, 0…1 */
    double part;      /* 0…1 of the whole figure; NaN unknown */
    enum bars_flag flag;
};
struct bars_pairs {
    size_t selected, top; /* pairs */
    int rows_shown;       /* pairs of the last draw */
};
/* Pairs below each other: two bars each where they all fit, else one with a tick for the
 * reference. Keeps the selection in view. */
void bars_pairs_draw(struct bars_pairs *state, const struct bars_pair *pairs, size_t n,
                     const struct canvas *c, bool focused, const char *empty);

/* What "current" and "reference" look like, in one row; returns the cells. */
int bars_legend(const struct canvas *c, int y, int x, const char *reference, const char *current);
/* "12 %", "0.4 %", "–" for NaN. */
char *bars_percent(char *out, size_t outsz, double share);

#endif
