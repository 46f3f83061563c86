/* Axes of a plot: where ticks go and what they say. Pure. */
#ifndef TUI_UI_PLOT_AXIS_H
#define TUI_UI_PLOT_AXIS_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/widget.h"

#define PLOT_MAX_TICKS 64

/* Ticks of a time axis in ms at steps people count in (1 s, 5 s, 1 min, 6 h, 1 d …); wall times are
 * aligned to local midnight. */
size_t plot_time_ticks(double lo, double hi, bool wall, size_t max, double *out, double *step);
/* Decades, or 1-2-5 ticks where less than two decades are in sight. lo > 0. */
size_t plot_log_ticks(double lo, double hi, size_t max, double *out, double *step);
/* Label of an x value; step decides how fine. */
void plot_x_label(char *out, size_t outsz, enum plot_x kind, double x, double step);
/* Label of a y tick: as many digits as tell neighbours apart. */
void plot_y_label(char *out, size_t outsz, double y, double step);

#endif
