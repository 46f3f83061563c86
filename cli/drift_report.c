/* `drift check -o md`: a table that a pull request can hold. */
#include <math.h>
#include <string.h>

#include "drift.h"

enum { MOST_CELL = 4096 };

/* Outside text as text: no markup, no mention of anybody, no HTML. Already cleaned. */
static void escape(struct ncm_buf *out, const char *p)
{
    for (; *p != '\0'; p++) {
        if (*p == '<' || *p == '>' || *p == '&' || *p == '@') {
            ncm_buf_printf(out, "&#%d;", *p);
        } else {
            ncm_buf_puts(out, strchr("\\`*_{}[]()#+!|~", *p) != NULL ? "\\" : "");
            ncm_buf_putc(out, *p);
        }
    }
}

static void text(struct ncm_buf *out, struct ncm_str s)
{
    struct ncm_buf clean;
    ncm_buf_init(&clean, MOST_CELL);
    ncm_text_clean(&clean, ncm_cstr(s), s.len, NCM_CLEAN_LINE);
    escape(out, clean.p);
    ncm_buf_release(&clean);
}

static void row(struct ncm_buf *out, const struct ncm_drift_column *c)
{
    static const char *const signs[] = {
        [NCM_DRIFT_GAP] = "", [NCM_DRIFT_NO_DATA] = "",        [NCM_DRIFT_SMALL] = "",
        [NCM_DRIFT_OK] = "",  [NCM_DRIFT_WARNING] = "⚠️ ", [NCM_DRIFT_CRITICAL] = "❌ ",
    };
    struct ncm_buf cell;
    ncm_buf_init(&cell, MOST_CELL);
    ncm_buf_puts(out, "| ");
    text(out, c->name);
    ncm_buf_printf(out, " | %s%s | ", signs[c->state], cli_drift_state(c->state));
    text(out, c->method);
    ncm_buf_puts(out, " | ");
    cli_drift_number(out, cli_drift_judged(c));
    ncm_buf_puts(out, " | ");
    cli_drift_number(out, c->critical);
    ncm_buf_puts(out, " | ");
    cli_drift_number(out, c->psi);
    ncm_buf_puts(out, " | ");
    cli_drift_missing(out, c);
    ncm_buf_puts(out, " | ");
    cli_drift_since(out, c);
    ncm_buf_puts(out, " | ");
    cli_drift_moved(&cell, c, 0);
    escape(out, cell.p);
    ncm_buf_puts(out, " |\n");
    ncm_buf_release(&cell);
}

static void findings(struct ncm_buf *out, const struct ncm_drift_finding *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool bad = f[i].severity == NCM_SEVERITY_CRITICAL;
        ncm_buf_puts(out, bad ? "- **" : "- ");
        text(out, f[i].sentence);
        ncm_buf_puts(out, bad ? "**\n" : "\n");
    }
}

void cli_drift_markdown(struct ncm_buf *out, const struct cli_drift *d)
{
    const struct ncm_drift_table *t = &d->check->table;
    struct ncm_buf answer;
    ncm_buf_init(&answer, MOST_CELL);
    cli_drift_answer(&answer, d);
    ncm_buf_printf(out, "### %s\n\n", _("Drift"));
    escape(out, answer.p);
    ncm_buf_release(&answer);
    ncm_buf_printf(out, "\n\n| %s | %s | %s | %s | %s | PSI | %s | %s | %s |\n", _("column"),
                   _("state"), _("method"), _("value"), _("threshold"), _("missing"), _("since"),
                   _("moved most"));
    ncm_buf_puts(out, "|---|---|---|--:|--:|--:|--:|---|---|\n");
    for (size_t i = 0; i < t->n; i++) {
        row(out, &t->columns[i]);
    }
    ncm_buf_putc(out, '\n');
    findings(out, t->findings, t->n_findings);
    for (size_t i = 0; i < t->n; i++) {
        findings(out, t->columns[i].findings, t->columns[i].n_findings);
    }
}
