#include "ui/bars.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/text.h"
#include "ui/plot_axis.h"
#include "ui/wrap.h"

#define TOP_BINS 3

static uint32_t glyph(uint32_t cp, char ascii)
{
    return ncm_text_utf8() ? cp : (uint32_t)ascii;
}

char *bars_percent(char *out, size_t outsz, double share)
{
    if (isnan(share)) {
        snprintf(out, outsz, "%s", sign(SIGN_DASH));
    } else {
        double p = share * 100;
        snprintf(out, outsz, p != 0 && fabs(p) < 9.95 ? "%.1f %%" : "%.0f %%", p);
    }
    return out;
}

int bars_legend(const struct canvas *c, int y, int x, const char *reference, const char *current)
{
    int at = x;
    paint_glyph(c, y, at, ROLE_HIST_CURRENT, 0, glyph(0x2588, '#'));
    paint_glyph(c, y, at + 1, ROLE_HIST_CURRENT, 0, glyph(0x2588, '#'));
    at += 3;
    at += paint(c, y, at, ROLE_DIM, 0, current) + 2;
    paint_glyph(c, y, at, ROLE_HIST_REFERENCE, 0, 0x2500);
    paint_glyph(c, y, at + 1, ROLE_HIST_REFERENCE, 0, 0x2510);
    at += 3;
    at += paint(c, y, at, ROLE_DIM, 0, reference);
    return at - x;
}

/* ---- numbers ---- */

static double total(const int64_t *counts, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)counts[i];
    }
    return sum;
}

/* The mean share a bin of the bins that column x of w stands for. */
static double column_share(const int64_t *counts, size_t n, double sum, int x, int w)
{
    size_t from = (size_t)((double)x * (double)n / w), to = (size_t)((x + 1.0) * (double)n / w);
    if (n <= (size_t)w) {
        from = (size_t)((x + 0.5) * (double)n / w);
        to = from + 1;
    }
    to = to > n ? n : to <= from ? from + 1 : to;
    double share = 0;
    for (size_t i = from; i < to; i++) {
        share += (double)counts[i] / sum;
    }
    return share / (double)(to - from);
}

struct drawing {
    struct canvas area; /* of the bars */
    double *ref, *cur;  /* a column each: 0…1 of the highest */
    double most;
};

static void fill_columns(struct drawing *f, const struct bars_shape *b)
{
    double ref_sum = fmax(total(b->ref, b->n), 1), cur_sum = fmax(total(b->cur, b->n), 1);
    int w = f->area.w;

    f->ref = ncm_alloc((size_t)w + 1, sizeof *f->ref);
    f->cur = ncm_alloc((size_t)w + 1, sizeof *f->cur);
    for (int x = 0; x < w; x++) {
        f->ref[x] = column_share(b->ref, b->n, ref_sum, x, w);
        f->cur[x] = column_share(b->cur, b->n, cur_sum, x, w);
        f->most = fmax(f->most, fmax(f->ref[x], f->cur[x]));
    }
    for (int x = 0; x < w && f->most > 0; x++) {
        f->ref[x] /= f->most;
        f->cur[x] /= f->most;
    }
}

/* Eighths of a row that are filled, from the bottom of the cell. */
static int eighths(const struct drawing *f, int y, int x)
{
    double rows = f->cur[x] * f->area.h - (f->area.h - 1 - y);
    int e = (int)lround(rows * 8);
    if (f->cur[x] > 0 && y == f->area.h - 1 && e < 1) {
        e = 1; /* some is not none */
    }
    return e < 0 ? 0 : e > 8 ? 8 : e;
}

static void draw_filled(const struct drawing *f)
{
    for (int x = 0; x < f->area.w; x++) {
        for (int y = 0; y < f->area.h; y++) {
            int e = eighths(f, y, x);
            if (e > 0) {
                paint_glyph(&f->area, y, x, ROLE_HIST_CURRENT, 0,
                            glyph(0x2580 + (uint32_t)e, e >= 4 ? '#' : '.'));
            }
        }
    }
}

static void outline_cell(const struct drawing *f, int y, int x, uint32_t cp)
{
    if (y >= 0 && y < f->area.h) {
        bool over = eighths(f, y, x) == 8;
        paint_glyph(&f->area, y, x, over ? ROLE_HIST_BOTH : ROLE_HIST_REFERENCE, 0, cp);
    }
}

/* The row of the reference's height; h (below the last one) where it has nothing. */
static int outline_row(const struct drawing *f, int x)
{
    if (x < 0 || x >= f->area.w || f->ref[x] <= 0) {
        return f->area.h;
    }
    int y = f->area.h - 1 - (int)(f->ref[x] * f->area.h - 1e-9);
    return y < 0 ? 0 : y;
}

static void draw_outline(const struct drawing *f)
{
    for (int x = 0; x < f->area.w; x++) {
        int before = outline_row(f, x - 1), now = outline_row(f, x);
        if (before == now) {
            outline_cell(f, now, x, 0x2500);
            continue;
        }
        bool rises = now < before;
        for (int y = (rises ? now : before) + 1; y < (rises ? before : now); y++) {
            outline_cell(f, y, x, 0x2502);
        }
        outline_cell(f, before, x, rises ? 0x2518 : 0x2510);
        outline_cell(f, now, x, rises ? 0x250C : 0x2514);
    }
}

/* Columns of a bin of the figure, [*from, *to). */
static void bin_columns(const struct bars_shape *b, size_t bin, int w, int *from, int *to)
{
    double lo = bin == 0 ? b->lo : b->edges[bin - 1];
    double hi = bin >= b->n_edges ? b->hi : b->edges[bin];
    double span = b->hi - b->lo;

    *from = (int)floor(fmin(fmax((lo - b->lo) / span, 0), 1) * w);
    *to = (int)floor(fmin(fmax((hi - b->lo) / span, 0), 1) * w);
    *from = *from > w - 1 ? w - 1 : *from;
    *to = *to <= *from ? *from + 1 : *to > w ? w : *to;
}

/* What a bin adds, of everything. */
static double bin_part(const struct bars_shape *b, size_t bin)
{
    double sum = 0;
    for (size_t i = 0; i <= b->n_edges; i++) {
        sum += isfinite(b->terms[i]) ? fabs(b->terms[i]) : 0;
    }
    return sum > 0 && isfinite(b->terms[bin]) ? fabs(b->terms[bin]) / sum : 0;
}

static bool among_top(const struct bars_shape *b, size_t bin)
{
    double mine = bin_part(b, bin);
    size_t above = 0;
    for (size_t i = 0; i <= b->n_edges; i++) {
        double other = bin_part(b, i);
        above += other > mine || (other == mine && i < bin);
    }
    return above < TOP_BINS && mine >= 0.05;
}

static void draw_strip(const struct bars_shape *b, const struct canvas *c, int y, int x, int w)
{
    static const uint32_t shades[] = {' ', 0x2591, 0x2592, 0x2593, 0x2588};
    static const char ascii[] = " .:*#";

    for (size_t i = 0; b->terms != NULL && i <= b->n_edges; i++) {
        int from, to;
        char label[24];
        double part = bin_part(b, i);
        size_t shade = (size_t)fmin(part * 8 + (part > 0.02), 4);
        bin_columns(b, i, w, &from, &to);
        for (int k = from; k < to; k++) {
            paint_glyph(c, y, x + k, ROLE_HEAT_WARN, 0, glyph(shades[shade], ascii[shade]));
        }
        bars_percent(label, sizeof label, part);
        int used = ncm_text_width(label);
        if (among_top(b, i) && used <= to - from) {
            paint(c, y, x + from + (to - from - used) / 2, ROLE_HEAT_WARN, ATTR_BOLD, label);
        }
        if (i == b->selected) {
            paint_restyle(c, y, x + from, to - from, ROLE_SELECT);
            paint_cursor(c, y, x + from, false);
        }
    }
}

static void draw_values(const struct bars_shape *b, const struct canvas *c, int line, int labels,
                        int x, int w)
{
    double at[PLOT_MAX_TICKS], step;
    size_t most = (size_t)(w / 10 < 1 ? 1 : w / 10);
    size_t n = plot_ticks(b->lo, b->hi, most > 16 ? 16 : most, at, &step);
    int until = -1;

    for (int k = 0; k < w; k++) {
        paint_glyph(c, line, x + k, ROLE_AXIS, 0, glyph(0x2500, '-'));
    }
    for (size_t i = 0; i < n; i++) {
        char text[32];
        plot_y_label(text, sizeof text, at[i], step);
        int used = ncm_text_width(text), tick = (int)((at[i] - b->lo) / (b->hi - b->lo) * w);
        tick = tick >= w ? w - 1 : tick;
        int start = tick - used / 2;
        start = start + used > w ? w - used : start < 0 ? 0 : start;
        paint_glyph(c, line, x + tick, ROLE_AXIS, 0, glyph(0x252C, '+'));
        if (start > until && labels >= 0) {
            paint(c, labels, x + start, ROLE_DIM, 0, text);
            until = start + used;
        }
    }
}

void bars_shape_draw(const struct bars_shape *b, const struct canvas *c, const char *empty)
{
    char most[24];
    struct drawing f = {.most = 0};

    if (b->n == 0 || !(b->lo < b->hi) || c->h < 2 || c->w < 12 ||
        total(b->ref, b->n) + total(b->cur, b->n) == 0) {
        if (empty != NULL) {
            wrap_paint(c, c->h > 2 ? c->h / 2 : 0, 2, c->w - 3, c->h, ROLE_DIM, empty);
        }
        return;
    }
    int left = 6, below = c->h >= 6 ? 3 : c->h >= 4 ? 2 : 1;
    f.area = canvas_part(c, 0, left, c->h - below, c->w - left - 1);
    fill_columns(&f, b);
    draw_filled(&f);
    draw_outline(&f);
    for (int y = 0; y < f.area.h; y++) {
        paint_glyph(c, y, left - 1, ROLE_AXIS, 0, glyph(0x2502, '|'));
    }
    paint_glyph(c, f.area.h, left - 1, ROLE_AXIS, 0, glyph(0x2514, '+'));
    bars_percent(most, sizeof most, f.most);
    paint_cut(c, 0, 0, left - 1, 1, ROLE_DIM, 0, most);
    draw_values(b, c, f.area.h, below >= 2 ? c->h - 1 : -1, left, f.area.w);
    if (below >= 3) {
        paint_cut(c, f.area.h + 1, 0, left - 1, 1, ROLE_DIM, 0, _("adds"));
        draw_strip(b, c, f.area.h + 1, left, f.area.w);
    }
    ncm_free(f.ref);
    ncm_free(f.cur);
}

/* ---- categories ---- */

/* A bar of share/most of w cells, in eighths. */
static void bar(const struct canvas *c, int y, int x, int w, double share, double most,
                enum role role, bool thin)
{
    double cells = most > 0 ? share / most * w : 0;
    int full = (int)cells, rest = (int)lround((cells - full) * 8);

    for (int i = 0; i < full && i < w; i++) {
        paint_glyph(c, y, x + i, role, 0, thin ? glyph(0x2500, '-') : glyph(0x2588, '#'));
    }
    if (thin) {
        if (share > 0) {
            paint_glyph(c, y, x + (full > w - 1 ? w - 1 : full), role, 0, glyph(0x2524, '|'));
        }
    } else if (share > 0 && full < w && (rest > 0 || full == 0)) {
        rest = rest < 1 ? 1 : rest;
        paint_glyph(c, y, x + full, role, 0, glyph(0x2590 - (uint32_t)rest, rest > 4 ? '#' : '='));
    }
}

struct pair_layout {
    int name_w, bar_x, bar_w, shares_x, part_x, flag_x; /* 0: no room */
    bool two;
};

static void pair_widths(struct pair_layout *l, const struct bars_pair *pairs, size_t n, int w)
{
    int longest = ncm_text_width(_("VALUE"));

    for (size_t i = 0; i < n; i++) {
        int used = ncm_text_width(pairs[i].name);
        longest = used > longest ? used : longest;
    }
    int most = w / 3 < 10 ? 10 : w / 3;
    l->name_w = longest > most ? most : longest;
    int right = w - 1;
    l->flag_x = right >= 30 ? right - 5 : 0;
    right = l->flag_x > 0 ? l->flag_x - 1 : right;
    l->part_x = right >= 44 ? right - 6 : 0;
    right = l->part_x > 0 ? l->part_x - 1 : right;
    l->shares_x = right >= 30 ? right - 16 : 0;
    right = l->shares_x > 0 ? l->shares_x - 1 : right;
    l->bar_x = 2 + l->name_w + 1;
    l->bar_w = right - l->bar_x;
}

static void draw_pair(const struct pair_layout *l, const struct bars_pair *p, double most,
                      const struct canvas *c, int y)
{
    char a[24], b[24], both[64];

    paint_cut(c, y, 2, l->name_w, 0, ROLE_TEXT, 0, p->name);
    if (l->bar_w > 2) {
        bar(c, y, l->bar_x, l->bar_w, p->cur, most, ROLE_HIST_CURRENT, false);
        if (l->two) {
            bar(c, y + 1, l->bar_x, l->bar_w, p->ref, most, ROLE_HIST_REFERENCE, true);
        } else if (p->ref > 0) {
            int at = (int)(p->ref / most * l->bar_w);
            at = at >= l->bar_w ? l->bar_w - 1 : at;
            bool over = p->cur >= p->ref;
            paint_glyph(c, y, l->bar_x + at, over ? ROLE_HIST_BOTH : ROLE_HIST_REFERENCE, 0,
                        glyph(0x2502, '|'));
        }
    }
    if (l->shares_x > 0) {
        snprintf(both, sizeof both, "%s %s %s", bars_percent(a, sizeof a, p->ref), sign(SIGN_ARROW),
                 bars_percent(b, sizeof b, p->cur));
        paint_cut(c, y, l->shares_x, 16, 1, ROLE_DIM, 0, both);
    }
    if (l->part_x > 0 && p->part >= 0.005) {
        paint_cut(c, y, l->part_x, 6, 1, p->part >= 0.2 ? ROLE_WARN : ROLE_DIM, 0,
                  bars_percent(a, sizeof a, p->part));
    }
    if (p->flag != BARS_PLAIN) {
        const char *word = p->flag == BARS_NEW ? _("NEW") : _("GONE");
        int x = l->flag_x > 0 ? l->flag_x : c->w - ncm_text_width(word);
        paint(c, y, x, p->flag == BARS_NEW ? ROLE_FAIL : ROLE_WARN, ATTR_BOLD, word);
    }
}

void bars_pairs_draw(struct bars_pairs *state, const struct bars_pair *pairs, size_t n,
                     const struct canvas *c, bool focused, const char *empty)
{
    struct pair_layout l = {.two = false};
    double most = 0;
    int head = c->h >= 4;

    if (n == 0 || c->h < 1 || c->w < 16) {
        state->selected = state->top = 0;
        if (empty != NULL) {
            wrap_paint(c, c->h > 2 ? c->h / 2 : 0, 2, c->w - 3, c->h, ROLE_DIM, empty);
        }
        return;
    }
    pair_widths(&l, pairs, n, c->w);
    l.two = (size_t)(c->h - head) >= 2 * n;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fmax(pairs[i].ref, pairs[i].cur));
    }
    size_t rows = (size_t)((c->h - head) / (l.two ? 2 : 1));
    rows = rows < 1 ? 1 : rows;
    state->rows_shown = (int)rows;
    state->selected = state->selected >= n ? n - 1 : state->selected;
    state->top = state->selected < state->top           ? state->selected
                 : state->selected >= state->top + rows ? state->selected - rows + 1
                                                        : state->top;
    if (head) {
        paint_cut(c, 0, 2, l.name_w, 0, ROLE_HEAD, 0, _("VALUE"));
        if (l.shares_x > 0) {
            paint_cut(c, 0, l.shares_x, 16, 1, ROLE_HEAD, 0, _("REF → CURRENT"));
        }
        if (l.part_x > 0) {
            paint_cut(c, 0, l.part_x, 6, 1, ROLE_HEAD, 0, _("ADDS"));
        }
    }
    for (size_t i = 0; i < rows && state->top + i < n; i++) {
        int y = head + (int)i * (l.two ? 2 : 1);
        draw_pair(&l, &pairs[state->top + i], most, c, y);
        if (state->top + i == state->selected) {
            paint(c, y, 0, ROLE_TEXT, 0, sign(SIGN_SELECT));
            paint_restyle(c, y, 0, l.bar_x, focused ? ROLE_SELECT : ROLE_SELECT_OFF);
        }
    }
    if (state->top + rows < n) {
        paintf(c, c->h - 1, c->w - 8, ROLE_DIM, 0, " +%zu", n - state->top - rows);
    }
}
