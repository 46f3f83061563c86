/* `drift check -o html`: one page that stands alone: inline pictures, no scripts, nothing fetched.
 */
#include <math.h>
#include <string.h>

#include "drift.h"

enum {
    MOST_CELL = 64 * 1024,
    WIDTH = 480,
    HEIGHT = 110,
    WORDS_SHOWN = 12,
    LINE = 20,
    WORD_WIDTH = 170,
};

/* Already cleaned text. */
static void escape(struct ncm_buf *out, const char *p)
{
    for (; *p != '\0'; p++) {
        if (strchr("<>&\"'", *p) != NULL) {
            ncm_buf_printf(out, "&#%d;", *p);
        } else {
            ncm_buf_putc(out, *p);
        }
    }
}

static void text_n(struct ncm_buf *out, const char *p, size_t len)
{
    struct ncm_buf clean;
    ncm_buf_init(&clean, MOST_CELL);
    ncm_text_clean(&clean, p, len, NCM_CLEAN_LINE);
    escape(out, clean.p);
    ncm_buf_release(&clean);
}

static void text(struct ncm_buf *out, struct ncm_str s)
{
    text_n(out, ncm_cstr(s), s.len);
}

static void head(struct ncm_buf *out)
{
    ncm_buf_printf(
        out,
        "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'unsafe-inline'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>%s</title>\n<style>\n",
        _("en"), _("Drift"));
    ncm_buf_puts(
        out,
        ":root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#667;--line:#d5dae0;"
        "--ref:#57606a;--cur:#2f81f7;--bad:#c1121f;--warn:#9a6700;--ok:#1a7f37}\n"
        "@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#8b949e;"
        "--line:#30363d;--ref:#b1bac4;--cur:#58a6ff;--bad:#ff7b72;--warn:#d29922;--ok:#3fb950}}\n"
        "body{background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif;"
        "max-width:60em;margin:2em auto;padding:0 1em}\n"
        "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid var(--line);"
        "padding:.3em .6em;text-align:left}td.n,th.n{text-align:right}\n"
        "h2{font-size:1.1em;margin:2em 0 .3em}.dim{color:var(--dim)}.critical{color:var(--bad);"
        "font-weight:bold}.warning{color:var(--warn);font-weight:bold}.ok{color:var(--ok)}\n"
        "svg{max-width:100%;height:auto}svg text{fill:var(--fg);font:12px system-ui,sans-serif}"
        ".r{fill:none;stroke:var(--ref);stroke-width:1.5}.rf{fill:var(--ref)}"
        ".c{fill:var(--cur);fill-opacity:.45}\n</style></head><body>\n");
}

static void state(struct ncm_buf *out, enum ncm_drift_state s)
{
    ncm_buf_printf(out, "<span class=\"%s\">", ncm_drift_state_word(s));
    escape(out, cli_drift_state(s));
    ncm_buf_puts(out, "</span>");
}

static void cell(struct ncm_buf *out, double v)
{
    ncm_buf_puts(out, "<td class=\"n\">");
    cli_drift_number(out, v);
    ncm_buf_puts(out, "</td>");
}

static void row(struct ncm_buf *out, const struct ncm_drift_column *c, size_t place)
{
    struct ncm_buf moved;
    ncm_buf_init(&moved, MOST_CELL);
    ncm_buf_printf(out, "<tr><td><a href=\"#c%zu\">", place);
    text(out, c->name);
    ncm_buf_puts(out, "</a></td><td>");
    state(out, c->state);
    ncm_buf_puts(out, "</td><td>");
    text(out, c->method);
    ncm_buf_puts(out, "</td>");
    cell(out, cli_drift_judged(c));
    cell(out, c->critical);
    cell(out, c->psi);
    ncm_buf_puts(out, "<td class=\"n\">");
    cli_drift_missing(out, c);
    ncm_buf_puts(out, "</td><td>");
    cli_drift_since(out, c);
    ncm_buf_puts(out, "</td><td>");
    cli_drift_moved(&moved, c, 0);
    escape(out, moved.p);
    ncm_buf_puts(out, "</td></tr>\n");
    ncm_buf_release(&moved);
}

static void table(struct ncm_buf *out, const struct ncm_drift_table *t)
{
    static const struct {
        const char *title;
        bool right;
    } columns[] = {{N_("column"), false}, {N_("state"), false},    {N_("method"), false},
                   {N_("value"), true},   {N_("threshold"), true}, {"PSI", true},
                   {N_("missing"), true}, {N_("since"), false},    {N_("moved most"), false}};
    ncm_buf_puts(out, "<table><tr>");
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        ncm_buf_puts(out, columns[i].right ? "<th class=\"n\">" : "<th>");
        escape(out, _(columns[i].title));
        ncm_buf_puts(out, "</th>");
    }
    ncm_buf_puts(out, "</tr>\n");
    for (size_t i = 0; i < t->n; i++) {
        row(out, &t->columns[i], i);
    }
    ncm_buf_puts(out, "</table>\n");
}

static double share(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

/* The reference as an outline over the current side's bars; both as shares. */
static void picture_of_numbers(struct ncm_buf *out, const struct ncm_drift_column *c)
{
    double most = 0, step = (double)WIDTH / (double)c->n_shape;
    for (size_t i = 0; i < c->n_shape; i++) {
        most = fmax(most, fmax(share(c->shape_ref[i], c->ref.n), share(c->shape_cur[i], c->cur.n)));
    }
    double scale = most > 0 ? HEIGHT / most : 0;
    ncm_buf_printf(out, "<svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\">\n", WIDTH,
                   HEIGHT + LINE, WIDTH);
    for (size_t i = 0; i < c->n_shape; i++) {
        double h = share(c->shape_cur[i], c->cur.n) * scale;
        ncm_buf_printf(out,
                       "<rect class=\"c\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                       (double)i * step, HEIGHT - h, step, h);
    }
    ncm_buf_printf(out, "\n<path class=\"r\" d=\"M0 %d", HEIGHT);
    for (size_t i = 0; i < c->n_shape; i++) {
        ncm_buf_printf(out, "V%.1fH%.1f", HEIGHT - share(c->shape_ref[i], c->ref.n) * scale,
                       (double)(i + 1) * step);
    }
    ncm_buf_printf(out, "V%d\"/>\n<text x=\"0\" y=\"%d\">", HEIGHT, HEIGHT + LINE - 5);
    cli_drift_edge(out, c->shape_lo);
    ncm_buf_printf(out, "</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">", WIDTH,
                   HEIGHT + LINE - 5);
    cli_drift_edge(out, c->shape_hi);
    ncm_buf_puts(out, "</text></svg>\n");
}

/* Two bars a category, those first that moved most. */
static void picture_of_words(struct ncm_buf *out, const struct ncm_drift_column *c)
{
    size_t n = c->n_categories < WORDS_SHOWN ? c->n_categories : WORDS_SHOWN;
    ncm_buf_printf(out, "<svg viewBox=\"0 0 %d %zu\" width=\"%d\" role=\"img\">\n", WIDTH, n * LINE,
                   WIDTH);
    for (size_t i = 0; i < n; i++) {
        const struct ncm_drift_category *x = &c->categories[i];
        char word[256];
        size_t y = i * LINE;
        double room = WIDTH - WORD_WIDTH;
        ncm_text_clip_middle(word, sizeof word, ncm_cstr(x->word), x->word.len, 22);
        ncm_buf_printf(out, "<text x=\"0\" y=\"%zu\">", y + 14);
        escape(out, word);
        ncm_buf_printf(out,
                       "</text><rect class=\"rf\" x=\"%d\" y=\"%zu\" width=\"%.1f\" height=\"6\"/>"
                       "<rect class=\"c\" x=\"%d\" y=\"%zu\" width=\"%.1f\" height=\"6\"/>\n",
                       WORD_WIDTH, y + 3, share(x->ref, c->ref.n) * room, WORD_WIDTH, y + 10,
                       share(x->cur, c->cur.n) * room);
    }
    ncm_buf_puts(out, "</svg>\n");
}

static void findings(struct ncm_buf *out, const struct ncm_drift_finding *f, size_t n)
{
    ncm_buf_puts(out, n > 0 ? "<ul>" : "");
    for (size_t i = 0; i < n; i++) {
        ncm_buf_printf(out, "<li class=\"%s\">", ncm_severity_word(f[i].severity));
        text(out, f[i].sentence);
        ncm_buf_puts(out, "</li>");
    }
    ncm_buf_puts(out, n > 0 ? "</ul>\n" : "");
}

static void section(struct ncm_buf *out, const struct ncm_drift_column *c, size_t place)
{
    struct ncm_buf moved;
    ncm_buf_init(&moved, MOST_CELL);
    ncm_buf_printf(out, "<h2 id=\"c%zu\">", place);
    text(out, c->name);
    ncm_buf_puts(out, " ");
    state(out, c->state);
    ncm_buf_puts(out, "</h2>\n");
    if (c->why.p != NULL) {
        ncm_buf_puts(out, "<p class=\"dim\">");
        text(out, c->why);
        ncm_buf_puts(out, "</p>\n");
    } else if (c->type == NCM_COLUMN_NUMBER && c->n_shape > 0) {
        picture_of_numbers(out, c);
    } else if (c->n_categories > 0) {
        picture_of_words(out, c);
    }
    for (size_t rank = 0; rank < 3 && cli_drift_moved(&moved, c, rank); rank++) {
        ncm_buf_puts(out, rank == 0 ? "<p class=\"dim\">" : "<br>");
        escape(out, moved.p);
        ncm_buf_clear(&moved);
        ncm_buf_puts(out, rank == 2 ? "</p>\n" : "");
    }
    findings(out, c->findings, c->n_findings);
    ncm_buf_release(&moved);
}

void cli_drift_html(struct ncm_buf *out, const struct cli_drift *d)
{
    const struct ncm_drift_table *t = &d->check->table;
    struct ncm_buf answer;
    ncm_buf_init(&answer, MOST_CELL);
    cli_drift_answer(&answer, d);
    head(out);
    ncm_buf_printf(out, "<h1>%s</h1>\n<p>", _("Drift"));
    escape(out, answer.p);
    ncm_buf_puts(out, "</p>\n<p class=\"dim\">");
    text_n(out, d->reference, strlen(d->reference));
    ncm_buf_puts(out, " → ");
    text_n(out, d->current, strlen(d->current));
    ncm_buf_printf(out, "<br>%s</p>\n", _("outline: reference; filled: current"));
    findings(out, t->findings, t->n_findings);
    table(out, t);
    for (size_t i = 0; i < t->n; i++) {
        section(out, &t->columns[i], i);
    }
    ncm_buf_puts(out, "</body></html>\n");
    ncm_buf_release(&answer);
}
