/* Dots of a plot, and sparklines. */
#include <math.h>
#include <string.h>

#include "term/paint.h"
#include "term/term.h"

/* One cell: who set each dot last (series + 1), and which series have a dot in it. */
struct dots {
    uint8_t owner[8];
    uint32_t present;
};

struct raster {
    int h, w;   /* cells */
    int dx, dy; /* dots a cell */
    int focus;
    enum term_ladder ladder;
    struct dots *cells;
};

struct raster *raster_new(int cells_h, int cells_w)
{
    struct raster *r = ncm_alloc(1, sizeof *r);
    r->h = cells_h > 0 ? cells_h : 0;
    r->w = cells_w > 0 ? cells_w : 0;
    r->ladder = term_ladder();
    r->dx = r->ladder == LADDER_ASCII ? 1 : 2;
    r->dy = r->ladder == LADDER_BRAILLE ? 4 : 2;
    r->focus = -1;
    r->cells = ncm_alloc((size_t)r->h * (size_t)r->w + 1, sizeof *r->cells);
    return r;
}

void raster_free(struct raster *r)
{
    if (r)
        ncm_free(r->cells);
    ncm_free(r);
}

int raster_dots_x(const struct raster *r)
{
    return r->w * r->dx;
}

int raster_dots_y(const struct raster *r)
{
    return r->h * r->dy;
}

void raster_dot(struct raster *r, int x, int y, int series)
{
    if (x < 0 || y < 0 || x >= r->w * r->dx || y >= r->h * r->dy || series < 0 || series > 254)
        return;
    struct dots *d = &r->cells[(size_t)(y / r->dy) * (size_t)r->w + (size_t)(x / r->dx)];
    d->owner[y % r->dy * r->dx + x % r->dx] = (uint8_t)(series + 1);
    d->present |= (uint32_t)1 << (series & 31);
}

/* Liang-Barsky: what of the line lies within [0, w-1] x [0, h-1]; false = nothing. */
static bool clip_line(double *x0, double *y0, double *x1, double *y1, double w, double h)
{
    double dx = *x1 - *x0, dy = *y1 - *y0, t0 = 0, t1 = 1;
    double p[4] = {-dx, dx, -dy, dy}, q[4] = {*x0, w - 1 - *x0, *y0, h - 1 - *y0};
    for (int i = 0; i < 4; i++) {
        if (p[i] == 0) {
            if (q[i] < 0)
                return false;
            continue;
        }
        double t = q[i] / p[i];
        if (p[i] < 0 && t > t0)
            t0 = t;
        else if (p[i] > 0 && t < t1)
            t1 = t;
    }
    if (t0 > t1)
        return false;
    *x1 = *x0 + t1 * dx;
    *y1 = *y0 + t1 * dy;
    *x0 += t0 * dx;
    *y0 += t0 * dy;
    return true;
}

void raster_line(struct raster *r, int x0, int y0, int x1, int y1, int series)
{
    double ax = x0, ay = y0, bx = x1, by = y1;
    if (!clip_line(&ax, &ay, &bx, &by, raster_dots_x(r), raster_dots_y(r)))
        return;
    double steps = fmax(fabs(bx - ax), fabs(by - ay));
    int n = (int)ceil(steps);
    for (int i = 0; i <= n; i++) {
        double t = n ? (double)i / n : 0;
        raster_dot(r, (int)lround(ax + t * (bx - ax)), (int)lround(ay + t * (by - ay)), series);
    }
}

void raster_focus(struct raster *r, int series)
{
    r->focus = series;
}

/* The focused series, else the one with most dots, else the later one. */
static int cell_series(const struct raster *r, const struct dots *d)
{
    if (r->focus >= 0 && (d->present >> (r->focus & 31) & 1))
        return r->focus;
    int best = 0, most = 0;
    for (int i = 0; i < 8; i++) {
        int count = 0;
        for (int j = 0; j < 8; j++)
            count += d->owner[i] && d->owner[j] == d->owner[i];
        if (count > most || (count == most && d->owner[i] > best)) {
            most = count;
            best = d->owner[i];
        }
    }
    return best - 1;
}

static uint32_t cell_glyph(const struct raster *r, const struct dots *d)
{
    static const uint8_t braille[8] = {0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80};
    /* Bits: upper left 1, upper right 2, lower left 4, lower right 8. */
    static const uint16_t quadrant[16] = {' ',    0x2598, 0x259D, 0x2580, 0x2596, 0x258C,
                                          0x259E, 0x259B, 0x2597, 0x259A, 0x2590, 0x259C,
                                          0x2584, 0x2599, 0x259F, 0x2588};
    uint32_t bits = 0, plain = 0;
    for (int i = 0; i < r->dx * r->dy; i++) {
        if (d->owner[i]) {
            bits |= braille[i];
            plain |= (uint32_t)1 << i;
        }
    }
    switch (r->ladder) {
    case LADDER_BRAILLE:
        return 0x2800 + bits;
    case LADDER_QUADRANT:
        return quadrant[plain];
    case LADDER_ASCII:
        return plain == 1 ? '\'' : plain == 2 ? '.' : ':';
    }
    return ' ';
}

void raster_paint(const struct raster *r, const struct canvas *c)
{
    for (int y = 0; y < r->h; y++) {
        for (int x = 0; x < r->w; x++) {
            const struct dots *d = &r->cells[(size_t)y * (size_t)r->w + (size_t)x];
            if (d->present == 0)
                continue;
            int series = cell_series(r, d);
            paint_glyph(c, y, x, (enum role)(ROLE_SERIES1 + series % 7),
                        term_colors() == 0 && series == r->focus ? ATTR_BOLD : 0, cell_glyph(r, d));
        }
    }
}

/* The value of a bucket that lies farthest from the mean: a spike stays to be seen. */
static double bucket(const double *v, size_t from, size_t to, double mean)
{
    double best = NAN;
    for (size_t i = from; i < to; i++)
        if (!isnan(v[i]) && (isnan(best) || fabs(v[i] - mean) > fabs(best - mean)))
            best = v[i];
    return best;
}

void paint_spark(const struct canvas *c, int y, int x, int width, const double *v, size_t n,
                 enum role role)
{
    static const char ascii[] = " .:-=+*#";
    double lo = HUGE_VAL, hi = -HUGE_VAL, mean = 0, known = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(v[i])) {
            lo = fmin(lo, v[i]);
            hi = fmax(hi, v[i]);
            mean += (v[i] - mean) / ++known;
        }
    }
    size_t cells = width < 0 ? 0 : n < (size_t)width ? n : (size_t)width;
    for (size_t i = 0; i < cells; i++) {
        double value = bucket(v, i * n / cells, (i + 1) * n / cells, mean);
        if (isnan(value))
            continue;
        /* Halves, so that the range of the largest doubles does not overflow. */
        double share = value <= lo ? 0 : value >= hi ? 1 : (value / 2 - lo / 2) / (hi / 2 - lo / 2);
        if (!(lo < hi) && isfinite(value))
            share = 0.4;
        uint32_t level = (uint32_t)(share * 7.999);
        paint_glyph(c, y, x + (int)i, role, 0,
                    ncm_text_utf8() ? 0x2581 + level : (uint32_t)(unsigned char)ascii[level]);
    }
}
