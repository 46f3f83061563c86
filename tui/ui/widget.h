/* The one list/table, the one plot, the one scrolling text, the one field editor. Each is plain
 * state plus functions; none knows the backend or the app. */
#ifndef TUI_UI_WIDGET_H
#define TUI_UI_WIDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "term/paint.h"
#include "ui/action.h"

/* ---- heat map ---- */
/* From the harmless to the worst; the order of the drift states. */
enum heat_state { HEAT_GAP, HEAT_NO_DATA, HEAT_SMALL, HEAT_OK, HEAT_WARNING, HEAT_CRITICAL };
struct heat_cell {
    enum heat_state state;
    double level; /* 0…1 within its state: how near to the next worse one; NaN counts as 0 */
    bool open;    /* still filling: dim */
};
/* The sign of a cell, which tells its state without any colour: " " gap, "–" no data, "~" too few
 * rows, "·▁▃" in order, "▅▇" a warning, "█" critical; in ASCII " -~.,:=+#". Pure. */
uint32_t heat_glyph(const struct heat_cell *cell);
enum role heat_role(const struct heat_cell *cell);
/* 0…1 within its state for a value with thresholds; below: small values are the bad ones. NaN where
 * the value is. Pure; thresholds may be NaN. */
double heat_level(enum heat_state state, double value, double warning, double critical, bool below);
/* The newest of n cells, right-aligned in width, each cell_w wide. cursor: the cell that is looked
 * at, or SIZE_MAX. Returns how many are shown. */
size_t heat_paint(const struct canvas *c, int y, int x, int width, int cell_w,
                  const struct heat_cell *cells, size_t n, size_t cursor);

/* ---- table ---- */
struct table_column {
    const char *title; /* clean, translated */
    int min, want;     /* cells; want 0: takes what is left (shared) */
    int align;         /* 0 left, 1 right */
    int priority;      /* the higher, the earlier it is dropped in a narrow table; 0 never */
    int sorted;        /* +1 ascending, -1 descending, 0 not: shows an arrow */
};

/* What a cell is; filled by the callback. text must be clean or raw with is_raw. */
struct table_cell {
    char text[512];
    struct ncm_str raw; /* used where is_raw: cleaned and cut while painting */
    bool is_raw;
    enum role role;
    unsigned attrs;
    bool cut_middle;
    const double *spark; /* n_spark > 0: a sparkline instead of text */
    size_t n_spark;
    const struct heat_cell *heat; /* n_heat > 0: a row of a heat map instead of text */
    size_t n_heat, heat_cursor;   /* heat_cursor: SIZE_MAX without */
    int heat_w;                   /* screen cells for one of its cells */
};

struct table_model {
    void *ctx;
    size_t (*count)(void *ctx);
    /* Fills a cell (zeroed before; role ROLE_TEXT). */
    void (*cell)(void *ctx, size_t row, size_t column, struct table_cell *out);
    bool (*marked)(void *ctx, size_t row); /* may be NULL */
    bool (*base)(void *ctx, size_t row);   /* the others are compared with it: "="; may be NULL */
    /* A row that is a head of a group: painted over the whole width, not selectable. May be NULL.
     */
    bool (*heading)(void *ctx, size_t row);
    /* What stands at the right end of a heading, in its own role; dropped where there is no room.
     * May be NULL. */
    void (*heading_right)(void *ctx, size_t row, struct table_cell *out);
};

struct table {
    const struct table_column *columns;
    size_t n_columns;
    size_t selected, top; /* rows */
    int first_column;     /* horizontal scroll: columns after the first fixed ones */
    int fixed;            /* columns that never scroll away */
    int rows_shown;       /* of the last draw */
    int hidden;           /* columns without room in the last draw */
    int heat_x, heat_w;   /* where the last draw put the rows of a heat map */
};

/* Draws head and rows; keeps the selection in view; a scroll bar sign where more follows. empty:
 * what to say without rows (clean; may be NULL). */
void table_draw(struct table *t, const struct table_model *m, const struct canvas *c, bool focused,
                const char *empty);
/* Movement actions (A_UP … A_PAGE_DOWN, A_LEFT, A_RIGHT); false where it is none of them. */
bool table_act(struct table *t, const struct table_model *m, enum ui_action_id action);
/* Mouse: the row at canvas row y, or SIZE_MAX. */
size_t table_row_at(const struct table *t, const struct table_model *m, int y);

/* ---- plot ---- */
struct plot_series {
    const char *name;    /* clean */
    const double *x, *y; /* n each; y NaN = gap, ±inf = marker at the edge; x ascending */
    const double *raw_y; /* unsmoothed, painted dim behind; or NULL */
    size_t n;
    int color; /* 0…6 */
};

enum plot_x { PLOT_STEP, PLOT_RELATIVE, PLOT_WALL }; /* steps; ms since start; ms since 1970 */

/* A dashed line over the whole width, with what it stands for at its right end. */
struct plot_line {
    double y;
    const char *label; /* clean; or NULL */
    enum role role;
};

struct plot {
    enum plot_x x_kind;
    bool log_y;
    double x0, x1; /* visible range; x0 >= x1: all */
    bool cursor_on;
    double cursor_x;
    int focus; /* series that wins where curves cross; -1 */
    const char *y_title;
    const double *marks; /* x of events (thin vertical lines) */
    size_t n_marks;
    const char *mark_signs;        /* a letter for each mark, at its foot; or NULL */
    const struct plot_line *lines; /* thresholds: always in sight */
    size_t n_lines;
    const char *x_title; /* what x counts where that is no step; or NULL */
    int shown_w;         /* columns of the last draw */
};

/* Axes with sensible ticks, curves, legend (letters, colours), cursor line with exact values of
 * every series. */
void plot_draw(struct plot *p, const struct plot_series *s, size_t n, const struct canvas *c,
               bool focused, const char *empty);
/* A_LEFT/A_RIGHT cursor, A_ZOOM_*, A_XAXIS, A_LOGSCALE. */
bool plot_act(struct plot *p, const struct plot_series *s, size_t n, enum ui_action_id action);
/* Pure, tested: at most max ticks at 1-2-5 steps in [lo, hi]; returns how many. */
size_t plot_ticks(double lo, double hi, size_t max, double *out, double *step);

/* ---- scrolling text ---- */
struct textview {
    size_t top;
    int left;
    int rows_shown;
    char needle[128];
    int width; /* of the last draw */
};
/* Lines of raw text (cleaned while painting), soft-wrapped at the width. */
void textview_draw(struct textview *t, const char *text, size_t len, const struct canvas *c,
                   bool focused);
bool textview_act(struct textview *t, const char *text, size_t len, enum ui_action_id action);

/* ---- one-line editor (prompts, forms) ---- */
struct field {
    char *text;              /* UTF-8, owned */
    size_t len, cap, cursor; /* bytes */
    int left;                /* cells scrolled */
};
void field_init(struct field *f, const char *initial);
void field_release(struct field *f);
/* Editing keys and text; true where taken. */
bool field_key(struct field *f, int key);
void field_insert(struct field *f, const char *text);
void field_draw(struct field *f, const struct canvas *c, int y, int x, int w, bool focused);

#endif
