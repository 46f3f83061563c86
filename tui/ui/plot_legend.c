#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/text.h"
#include "ui/plot_axis.h"
#include "ui/plot_inside.h"

#define NAME_CELLS 24 /* of a packed entry */

char plot_letter(size_t i)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return letters[i % (sizeof letters - 1)];
}

void plot_last(const struct plot_series *s, char *out, size_t outsz)
{
    double y = s->raw_y != NULL && isnan(s->raw_y[s->n - 1]) ? s->raw_y[s->n - 1] : s->y[s->n - 1];

    if (isnan(y)) {
        snprintf(out, outsz, "%s", _("ends in NaN"));
    } else {
        ncm_fmt_num(out, outsz, y, 5);
    }
}

/* What stands for the series: the exact value at the cursor, else the last one. at: how far the
 * point is from the cursor, where that is worth saying. */
static void value_of(const struct plot *p, const struct plot_series *s, double slack, char *out,
                     size_t outsz, char *at, size_t atsz)
{
    size_t i = s->n;

    at[0] = '\0';
    if (p->cursor_on) {
        i = plot_nearest(s, p->cursor_x, slack);
        if (i < s->n && fabs(s->x[i] - p->cursor_x) > slack) {
            char x[40];
            plot_x_label(x, sizeof x, p->x_kind, s->x[i], 1);
            snprintf(at, atsz, " @%s", x);
        }
    } else if (s->n > 0) {
        i = s->n - 1;
    }
    const double *y = p->cursor_on && s->raw_y != NULL ? s->raw_y : s->y;
    if (i >= s->n) {
        snprintf(out, outsz, "%s", sign(SIGN_DASH));
    } else if (p->cursor_on) {
        ncm_fmt_exact(out, outsz, y[i]);
    } else {
        plot_last(s, out, outsz);
    }
}

static void row_entry(const struct plot *p, const struct plot_series *s, size_t i,
                      const struct canvas *c, int y, double slack)
{
    char value[48], at[48], name[256];
    value_of(p, s, slack, value, sizeof value, at, sizeof at);
    int value_w = ncm_text_width(value) + ncm_text_width(at);
    int name_w = c->w - 2 - value_w - 1;
    unsigned bold = (int)i == p->focus ? ATTR_BOLD : 0;

    if (name_w < 6) { /* the figure matters more than the end of the name */
        at[0] = '\0';
        value_w = ncm_text_width(value);
        name_w = c->w - 2 - value_w - 1;
    }
    paintf(c, y, 0, plot_role(s), ATTR_BOLD, "%c", plot_letter(i));
    if (name_w > 0) {
        ncm_text_clip_middle(name, sizeof name, s->name, strlen(s->name), name_w);
        paint(c, y, 2, plot_role(s), bold, name);
    }
    int x = c->w - value_w;
    x += paint(c, y, x > 2 ? x : 2, ROLE_TEXT, bold, value);
    paint(c, y, x, ROLE_DIM, 0, at);
}

/* exact: room for all digits of a double. */
static int packed_width(const struct plot_series *s, bool exact)
{
    int name = ncm_text_width(s->name);

    return 2 + (name < NAME_CELLS ? name : NAME_CELLS) + 1 + (exact ? 23 : 11);
}

int plot_legend_rows(const struct plot_series *s, size_t n, int w, bool exact)
{
    int rows = 1, x = 0;

    for (size_t i = 0; i < n; i++) {
        int need = packed_width(&s[i], exact);
        if (x > 0 && x + need > w) {
            rows++;
            x = 0;
        }
        x += need + 2;
    }
    return n > 0 ? rows : 0;
}

void plot_legend(const struct plot *p, const struct plot_series *s, size_t n,
                 const struct canvas *c, bool column, double slack)
{
    if (column) {
        for (size_t i = 0; i < n && (int)i < c->h; i++) {
            if ((int)i == c->h - 1 && n > i + 1) {
                paintf(c, (int)i, 0, ROLE_DIM, 0, "+%zu", n - i);
                return;
            }
            row_entry(p, &s[i], i, c, (int)i, slack);
        }
        return;
    }
    int y = 0, x = 0;
    for (size_t i = 0; i < n; i++) {
        char value[48], at[48], name[128];
        int need = packed_width(&s[i], p->cursor_on);
        if (x > 0 && x + need > c->w) {
            y++;
            x = 0;
        }
        value_of(p, &s[i], slack, value, sizeof value, at, sizeof at);
        int start = x;
        x += paintf(c, y, x, plot_role(&s[i]), ATTR_BOLD, "%c ", plot_letter(i));
        ncm_text_clip_middle(name, sizeof name, s[i].name, strlen(s[i].name), NAME_CELLS);
        x += paint(c, y, x, plot_role(&s[i]), (int)i == p->focus ? ATTR_BOLD : 0, name);
        x += paint_cut(c, y, x + 1, need - (x + 1 - start) + 1, 0, ROLE_TEXT, 0, value);
        x = start + need + 2;
    }
}
