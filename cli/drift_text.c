/* `drift check` in words: what moved, how much, does it matter. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drift.h"
#include "out.h"

enum { DIGITS = 4, EDGE_DIGITS = 7, NAME_CELLS = 40 };

const char *cli_drift_state(enum ncm_drift_state s)
{
    static const char *const words[] = {
        [NCM_DRIFT_GAP] = N_("nobody watched"), [NCM_DRIFT_NO_DATA] = N_("no data"),
        [NCM_DRIFT_SMALL] = N_("few rows"),     [NCM_DRIFT_OK] = N_("ok"),
        [NCM_DRIFT_WARNING] = N_("warning"),    [NCM_DRIFT_CRITICAL] = N_("critical"),
    };
    return _(words[s]);
}

void cli_drift_number(struct ncm_buf *out, double v)
{
    char text[40];
    ncm_buf_puts(out, isnan(v) ? cli_dash() : ncm_fmt_num(text, sizeof text, v, DIGITS));
}

static void share(struct ncm_buf *out, double part, double whole)
{
    char text[40];
    if (!(whole > 0)) {
        ncm_buf_puts(out, cli_dash());
        return;
    }
    ncm_buf_printf(out, "%s %%", ncm_fmt_num(text, sizeof text, 100 * part / whole, 3));
}

static void name(struct ncm_buf *out, struct ncm_str s)
{
    char text[NAME_CELLS * 16];
    ncm_text_clip_middle(text, sizeof text, ncm_cstr(s), s.len, NAME_CELLS);
    ncm_buf_puts(out, text);
}

static const char *arrow(void)
{
    return ncm_text_utf8() ? "→" : "->";
}

double cli_drift_judged(const struct ncm_drift_column *c)
{
    if (!c->small_drifts) {
        return c->statistic;
    }
    return isnan(c->p_adjusted) ? c->p_value : c->p_adjusted;
}

void cli_drift_missing(struct ncm_buf *out, const struct ncm_drift_column *c)
{
    char ref[40], cur[40];
    if (c->ref.rows > 0 && c->cur.rows > 0) {
        ncm_fmt_num(ref, sizeof ref, 100 * (double)c->ref.missing / (double)c->ref.rows, 3);
        ncm_fmt_num(cur, sizeof cur, 100 * (double)c->cur.missing / (double)c->cur.rows, 3);
        if (strcmp(ref, cur) != 0) {
            ncm_buf_printf(out, "%s %s ", ref, arrow());
        }
    }
    share(out, (double)c->cur.missing, (double)c->cur.rows);
}

void cli_drift_since(struct ncm_buf *out, const struct ncm_drift_column *c)
{
    char text[40];
    ncm_buf_puts(out, c->since_ms == NCM_NO_TIME
                          ? cli_dash()
                          : ncm_fmt_time(text, sizeof text, c->since_ms, false));
}

void cli_drift_edge(struct ncm_buf *out, double v)
{
    char text[40];
    ncm_buf_puts(out, ncm_fmt_num(text, sizeof text, v, fabs(v) < 1000 ? DIGITS : EDGE_DIGITS));
}

/* "(a, b]"; the outer bins are open. */
static void range(struct ncm_buf *out, const struct ncm_drift_column *c, size_t bin)
{
    if (c->n_edges == 0) {
        ncm_buf_puts(out, _("all values"));
    } else if (bin == 0) {
        ncm_buf_puts(out, ncm_text_utf8() ? "≤ " : "<= ");
        cli_drift_edge(out, c->edges[0]);
    } else if (bin == c->n_edges) {
        ncm_buf_puts(out, "> ");
        cli_drift_edge(out, c->edges[bin - 1]);
    } else {
        ncm_buf_putc(out, '(');
        cli_drift_edge(out, c->edges[bin - 1]);
        ncm_buf_puts(out, ", ");
        cli_drift_edge(out, c->edges[bin]);
        ncm_buf_putc(out, ']');
    }
}

/* The bin whose part of the PSI is the greatest but `rank` ones; n_edges + 1 where none moved. */
static size_t bin_of_rank(const struct ncm_drift_column *c, size_t rank)
{
    size_t n = c->n_edges + 1;
    for (size_t i = 0; i < n; i++) {
        size_t before = 0;
        for (size_t k = 0; k < n; k++) {
            before += c->terms[k] > c->terms[i] || (k < i && c->terms[k] == c->terms[i]);
        }
        if (before == rank) {
            return c->terms[i] > 0 ? i : n;
        }
    }
    return n;
}

bool cli_drift_moved(struct ncm_buf *out, const struct ncm_drift_column *c, size_t rank)
{
    int64_t ref, cur;
    if (c->type == NCM_COLUMN_CATEGORY) {
        if (rank >= c->n_categories || !(c->categories[rank].term > 0)) {
            return false;
        }
        name(out, c->categories[rank].word);
        ref = c->categories[rank].ref;
        cur = c->categories[rank].cur;
    } else {
        size_t bin = c->terms != NULL ? bin_of_rank(c, rank) : c->n_edges + 1;
        if (bin > c->n_edges) {
            return false;
        }
        range(out, c, bin);
        ref = c->ref_counts[bin];
        cur = c->cur_counts[bin];
    }
    ncm_buf_puts(out, "  ");
    share(out, (double)ref, (double)c->ref.n);
    ncm_buf_printf(out, " %s ", arrow());
    share(out, (double)cur, (double)c->cur.n);
    return true;
}

void cli_drift_since_words(struct ncm_buf *out, const struct ncm_drift_column *c)
{
    char time[64];
    if (c->since_ms != NCM_NO_TIME) {
        ncm_fmt_time(time, sizeof time, c->since_ms, false);
        ncm_buf_printf(out, _(", since %s"), time);
    }
}

/* "amount: psi 0.41, critical from 0.25 on". */
static void figure(struct ncm_buf *out, const struct ncm_drift_column *c)
{
    char value[40], limit[40];
    struct ncm_buf method;
    ncm_buf_init(&method, 256);
    ncm_text_clean(&method, ncm_cstr(c->method), c->method.len, NCM_CLEAN_LINE);
    name(out, c->name);
    ncm_fmt_num(value, sizeof value, cli_drift_judged(c), DIGITS);
    ncm_fmt_num(limit, sizeof limit, c->critical, DIGITS);
    if (isnan(c->critical)) {
        ncm_buf_printf(out, _(": %s %s, with no threshold"), method.p, value);
    } else if (c->small_drifts) {
        ncm_buf_printf(out, _(": %s %s, critical up to %s"), method.p, value, limit);
    } else {
        ncm_buf_printf(out, _(": %s %s, critical from %s on"), method.p, value, limit);
    }
    if (!isnan(c->effect) && c->small_drifts) {
        ncm_buf_printf(out, ", %s ", ncm_cstr(c->effect_name));
        cli_drift_number(out, c->effect);
    }
    cli_drift_since_words(out, c);
    ncm_buf_release(&method);
}

/* Columns that are critical or warn. */
static size_t in_state(const struct ncm_drift_check *x, enum ncm_drift_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < x->table.n; i++) {
        n += x->table.columns[i].state == state;
    }
    return n;
}

static void verdict(struct ncm_buf *out, const struct ncm_drift_check *x)
{
    size_t n = x->table.n, warned = in_state(x, NCM_DRIFT_WARNING);
    size_t silent = in_state(x, NCM_DRIFT_NO_DATA);
    if (n == silent) {
        ncm_buf_puts(out, _("No column could be compared."));
        return;
    }
    n -= silent;
    if (x->table.n_drifted > 0) {
        ncm_buf_printf(out,
                       ngettext("%zu of %zu column drifted.", "%zu of %zu columns drifted.", n),
                       x->table.n_drifted, n);
    } else if (warned > 0) {
        ncm_buf_printf(out,
                       ngettext("%zu of %zu column moved, but not enough to matter yet.",
                                "%zu of %zu columns moved, but not enough to matter yet.", n),
                       warned, n);
    } else {
        ncm_buf_printf(
            out, ngettext("None of %zu column drifted.", "None of %zu columns drifted.", n), n);
    }
}

void cli_drift_answer(struct ncm_buf *out, const struct cli_drift *d)
{
    const struct ncm_drift_check *x = d->check;
    const struct ncm_drift_column *worst = x->table.n > 0 ? &x->table.columns[0] : NULL;
    char ref[32], cur[32];
    verdict(out, x);
    if (worst != NULL && !isnan(cli_drift_judged(worst))) {
        ncm_buf_puts(out, _(" Worst is "));
        figure(out, worst);
        ncm_buf_putc(out, '.');
    }
    ncm_buf_printf(out, _(" Reference %s rows, current %s rows."),
                   ncm_fmt_count(ref, sizeof ref, x->table.ref_rows),
                   ncm_fmt_count(cur, sizeof cur, x->table.cur_rows));
}
