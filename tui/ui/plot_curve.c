/* Curves to dots. Points that share a column of dots are drawn as one stroke from their smallest to
 * their greatest value, so that no spike is lost; NaN breaks the line. */
#include <math.h>
#include <string.h>

#include "api/text.h"
#include "ui/plot_inside.h"

struct stroke {
    struct raster *r;
    const struct plot_view *v;
    const struct plot_series *s;
    const double *y;
    int id;
    unsigned char *edge; /* one a column of cells: 1 at the top, 2 at the bottom; or NULL */
    int cells_w;
    double sx, sy; /* dots a unit */
};

static double dot_x(const struct stroke *k, double x)
{
    return (x - k->v->x0) * k->sx;
}

/* In long double: the range may be nearly all that a double holds. */
static double dot_y(const struct stroke *k, double y)
{
    long double span = (long double)k->v->y1 - (long double)k->v->y0;
    int dots = raster_dots_y(k->r);

    return (double)(((long double)k->v->y1 - (long double)y) / span * (dots - 1));
}

/* Cuts the line to the raster (Liang and Barsky) and draws what is left. */
static void line(const struct stroke *k, double x0, double y0, double x1, double y1)
{
    double w = raster_dots_x(k->r) - 1, h = raster_dots_y(k->r) - 1;
    double dx = x1 - x0, dy = y1 - y0, from = 0, to = 1;
    const double p[] = {-dx, dx, -dy, dy}, q[] = {x0, w - x0, y0, h - y0};

    for (int i = 0; i < 4; i++) {
        if (p[i] == 0) {
            if (q[i] < -0.5) {
                return;
            }
        } else if (p[i] < 0) {
            from = fmax(from, q[i] / p[i]);
        } else {
            to = fmin(to, q[i] / p[i]);
        }
    }
    if (from > to) {
        return;
    }
    raster_line(k->r, (int)lround(x0 + from * dx), (int)lround(y0 + from * dy),
                (int)lround(x0 + to * dx), (int)lround(y0 + to * dy), k->id);
}

static void infinite(const struct stroke *k, double x, bool up)
{
    int cell = (int)(dot_x(k, x) * k->cells_w / fmax(raster_dots_x(k->r), 1));

    if (k->edge != NULL && x >= k->v->x0 && x <= k->v->x1 && cell >= 0 && cell < k->cells_w) {
        k->edge[cell] |= up ? 1 : 2;
    }
}

/* Points of one column of dots. */
struct group {
    int x;
    double first_x, first_y, last_x, last_y, min, max;
    bool any;
};

static void group_end(const struct stroke *k, const struct group *g)
{
    if (g->any && g->max > g->min) {
        line(k, g->x, g->min, g->x, g->max);
    }
}

static void draw_stroke(const struct stroke *k)
{
    size_t i = plot_point_at(k->s, k->v->x0);
    struct group g = {.any = false};
    bool connected = false; /* nothing breaks the line since the last point */

    i -= i > 0; /* the line that comes in from the left */
    for (; i < k->s->n; i++) {
        double y = plot_y(k->v, k->y[i]);
        if (isinf(y) && !isnan(k->y[i])) {
            infinite(k, k->s->x[i], y > 0);
        }
        if (!isfinite(y) || !isfinite(k->s->x[i])) {
            connected = false;
            continue;
        }
        double px = dot_x(k, k->s->x[i]), py = dot_y(k, y);
        int column = px < -1e6 ? -1000000 : px > 1e6 ? 1000000 : (int)floor(px + 0.5);
        if (g.any && connected && column == g.x) {
            g.min = fmin(g.min, py);
            g.max = fmax(g.max, py);
        } else {
            group_end(k, &g);
            line(k, connected ? g.last_x : px, connected ? g.last_y : py, px, py);
            g.x = column;
            g.min = g.max = py;
            g.any = true;
        }
        g.last_x = px;
        g.last_y = py;
        connected = true;
        if (k->s->x[i] > k->v->x1) {
            break;
        }
    }
    group_end(k, &g);
}

static void paint_edges(const struct stroke *k, const struct canvas *c)
{
    for (int x = 0; x < k->cells_w; x++) {
        if (k->edge[x] & 1) {
            paint(c, 0, x, plot_role(k->s), ATTR_BOLD, sign(SIGN_UP));
        }
        if (k->edge[x] & 2) {
            paint(c, c->h - 1, x, plot_role(k->s), ATTR_BOLD, sign(SIGN_DOWN));
        }
    }
}

/* Where the last visible finite point is, in cells; false where none. */
static bool last_cell(const struct stroke *k, const struct canvas *c, int *cy, int *cx,
                      size_t *points)
{
    bool found = false;

    *points = 0;
    for (size_t i = plot_point_at(k->s, k->v->x0); i < k->s->n && k->s->x[i] <= k->v->x1; i++) {
        double y = plot_y(k->v, k->y[i]);
        if (!isfinite(y) || y < k->v->y0 || y > k->v->y1) {
            continue;
        }
        *cx = (int)(dot_x(k, k->s->x[i]) * c->w / raster_dots_x(k->r));
        *cy = (int)(dot_y(k, y) * c->h / raster_dots_y(k->r));
        ++*points;
        found = true;
    }
    return found;
}

/* The series' letter right of its last point, moved up or down where another one is. */
static void paint_letter(const struct canvas *c, unsigned char *taken, int cy, int cx, size_t i,
                         enum role role)
{
    int x = cx + 1 < c->w ? cx + 1 : c->w - 1;

    for (int d = 0; d < c->h * 2; d++) {
        int y = cy + (d % 2 ? -(d + 1) / 2 : d / 2);
        if (y >= 0 && y < c->h && !taken[y * c->w + x]) {
            taken[y * c->w + x] = 1;
            paintf(c, y, x, role, ATTR_BOLD, "%c", plot_letter(i));
            return;
        }
    }
}

static void paint_ends(struct stroke *k, const struct plot_series *s, size_t n,
                       const struct canvas *c)
{
    struct canvas wide = *c; /* plot_draw leaves a column for letters */

    wide.w++;
    unsigned char *taken = ncm_alloc((size_t)wide.h * (size_t)wide.w, 1);

    for (size_t i = 0; i < n; i++) {
        int cy, cx;
        size_t points;
        k->s = &s[i];
        k->y = s[i].y;
        if (!last_cell(k, c, &cy, &cx, &points)) {
            continue;
        }
        if (points == 1) { /* one dot is easily missed */
            paint(c, cy, cx, plot_role(&s[i]), ATTR_BOLD, sign(SIGN_DOT));
        }
        if (n > 1) {
            paint_letter(&wide, taken, cy, cx, i, plot_role(&s[i]));
        }
    }
    ncm_free(taken);
}

void plot_curves_back(const struct plot_view *v, const struct plot_series *s, size_t n,
                      const struct canvas *c)
{
    struct stroke k = {.v = v, .cells_w = c->w};
    bool any = false;

    k.r = raster_new(c->h, c->w);
    k.sx = (raster_dots_x(k.r) - 1) / (v->x1 - v->x0);
    for (size_t i = 0; i < n; i++) {
        if (s[i].raw_y != NULL) {
            k.s = &s[i];
            k.y = s[i].raw_y;
            draw_stroke(&k);
            any = true;
        }
    }
    if (any) {
        raster_paint(k.r, c);
        for (int y = 0; y < c->h; y++) {
            paint_restyle(c, y, 0, c->w, ROLE_DIM);
        }
    }
    raster_free(k.r);
}

/* The raster's colour is id % 7; small ids where colours run in order, so that none are mixed up.
 */
static int raster_id(const struct plot_series *s, size_t i)
{
    return s->color == (int)(i % 7) ? (int)i : s->color + 7 * (int)i;
}

void plot_curves(const struct plot *p, const struct plot_view *v, const struct plot_series *s,
                 size_t n, const struct canvas *c)
{
    struct stroke k = {.v = v, .cells_w = c->w};

    k.r = raster_new(c->h, c->w);
    k.sx = (raster_dots_x(k.r) - 1) / (v->x1 - v->x0);
    k.edge = ncm_alloc((size_t)c->w, 1);
    for (size_t i = 0; i < n; i++) {
        k.s = &s[i];
        k.y = s[i].y;
        k.id = raster_id(&s[i], i);
        draw_stroke(&k);
    }
    if (p->focus >= 0 && (size_t)p->focus < n) {
        raster_focus(k.r, raster_id(&s[p->focus], (size_t)p->focus));
    }
    raster_paint(k.r, c);
    for (size_t i = 0; i < n; i++) {
        memset(k.edge, 0, (size_t)c->w);
        k.s = &s[i];
        for (size_t j = plot_point_at(&s[i], v->x0); j < s[i].n && s[i].x[j] <= v->x1; j++) {
            if (isinf(s[i].y[j])) {
                infinite(&k, s[i].x[j], s[i].y[j] > 0);
            }
        }
        paint_edges(&k, c);
    }
    paint_ends(&k, s, n, c);
    ncm_free(k.edge);
    raster_free(k.r);
}
