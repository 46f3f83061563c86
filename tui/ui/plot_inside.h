/* What the files of the plot share. */
#ifndef TUI_UI_PLOT_INSIDE_H
#define TUI_UI_PLOT_INSIDE_H

#include "ui/widget.h"

/* What is visible, in data units. y0 < y1; with log_y both are logarithms. */
struct plot_view {
    double x0, x1, y0, y1;
    bool log_y;
};

/* The whole x range of all series (NaN-free); false where there is no point at all. */
bool plot_x_range(const struct plot_series *s, size_t n, double *lo, double *hi);
/* The visible range: p's own or all; never empty where true. */
bool plot_x_view(const struct plot *p, const struct plot_series *s, size_t n, double *lo,
                 double *hi);
/* First point with x >= v. */
size_t plot_point_at(const struct plot_series *s, double v);
/* Point nearest to x; s->n where the series has none near (outside its own range by more than
 * slack). */
size_t plot_nearest(const struct plot_series *s, double x, double slack);
/* y as it is drawn: its logarithm where log_y (NaN for what has none). */
double plot_y(const struct plot_view *v, double y);
enum role plot_role(const struct plot_series *s);

/* The unsmoothed curves, dim, behind everything else. */
void plot_curves_back(const struct plot_view *v, const struct plot_series *s, size_t n,
                      const struct canvas *c);
/* Curves into c, markers of infinities, the letters at their ends. */
void plot_curves(const struct plot *p, const struct plot_view *v, const struct plot_series *s,
                 size_t n, const struct canvas *c);

/* The last value of a series with points, or that there is none: "ends in NaN". */
void plot_last(const struct plot_series *s, char *out, size_t outsz);
/* Legend into c: letter, name, value (at the cursor, else the last). One entry a row where column,
 * else packed. */
void plot_legend(const struct plot *p, const struct plot_series *s, size_t n,
                 const struct canvas *c, bool column, double slack);
/* Rows a packed legend takes at this width; exact: while the cursor shows all digits. */
int plot_legend_rows(const struct plot_series *s, size_t n, int w, bool exact);
/* 0 → 'a' … 25 → 'z', 26 → 'A' … */
char plot_letter(size_t i);

#endif
