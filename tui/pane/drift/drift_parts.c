/* The parts of a feature's view beside the curve: distribution, quantiles, figures, findings. */
#include "pane/drift/drift.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ui/wrap.h"

static const struct ncm_drift_column *column_of(const struct drift *d)
{
    const struct ncm_drift_feature_snapshot *s = drift_column(d);
    return s != NULL ? &s->column : NULL;
}

static const char *empty_text(const struct drift *d)
{
    const struct ncm_err *err = d->feature.want != NULL ? ncm_want_error(d->feature.want) : NULL;
    return drift_column(d) != NULL ? _("There is nothing to compare in this window.")
           : err != NULL           ? err->what
                                   : _("loading…");
}

/* ---- distribution ---- */

static double share(int64_t rows, int64_t of)
{
    return of > 0 ? (double)rows / (double)of : 0;
}

static double total_term(const struct ncm_drift_column *k)
{
    double sum = 0;
    for (size_t i = 0; i < k->n_categories; i++) {
        sum += isfinite(k->categories[i].term) ? fabs(k->categories[i].term) : 0;
    }
    return sum;
}

static void draw_categories(struct drift *d, const struct ncm_drift_column *k,
                            const struct canvas *c, bool focused)
{
    struct bars_pair *pairs = ncm_alloc(k->n_categories + 1, sizeof *pairs);
    char(*names)[128] = ncm_alloc(k->n_categories + 1, sizeof *names);
    double sum = total_term(k);

    for (size_t i = 0; i < k->n_categories; i++) {
        const struct ncm_drift_category *g = &k->categories[i];
        ncm_text_clip(names[i], sizeof names[0], ncm_cstr(g->word), g->word.len, 40);
        pairs[i] =
            (struct bars_pair){.name = names[i],
                               .ref = share(g->ref, k->ref.n),
                               .cur = share(g->cur, k->cur.n),
                               .part = sum > 0 && isfinite(g->term) ? fabs(g->term) / sum : NAN,
                               .flag = g->is_new    ? BARS_NEW
                                       : g->is_gone ? BARS_GONE
                                                    : BARS_PLAIN};
    }
    bars_pairs_draw(&d->pairs, pairs, k->n_categories, c, focused, empty_text(d));
    ncm_free(names);
    ncm_free(pairs);
}

static void bin_text(const struct ncm_drift_column *k, size_t bin, char *out, size_t outsz)
{
    char lo[40], hi[40];

    if (k->n_edges == 0) {
        snprintf(out, outsz, "%s", _("all values"));
    } else if (bin == 0) {
        snprintf(out, outsz, "%s %s",
                 ncm_text_utf8() ? "≤" : "<=", ncm_fmt_num(hi, sizeof hi, k->edges[0], 5));
    } else if (bin >= k->n_edges) {
        snprintf(out, outsz, "> %s", ncm_fmt_num(lo, sizeof lo, k->edges[k->n_edges - 1], 5));
    } else {
        snprintf(out, outsz, "(%s, %s]", ncm_fmt_num(lo, sizeof lo, k->edges[bin - 1], 5),
                 ncm_fmt_num(hi, sizeof hi, k->edges[bin], 5));
    }
}

/* The bin that adds most, where none has been chosen. */
static size_t bin_of(const struct drift *d, const struct ncm_drift_column *k)
{
    size_t most = 0;

    if (d->bin != SIZE_MAX) {
        return d->bin <= k->n_edges ? d->bin : k->n_edges;
    }
    for (size_t i = 1; k->terms != NULL && i <= k->n_edges; i++) {
        if (fabs(k->terms[i]) > fabs(k->terms[most])) {
            most = i;
        }
    }
    return most;
}

static void draw_bin(const struct drift *d, const struct ncm_drift_column *k,
                     const struct canvas *c, int y)
{
    char range[96], a[24], b[24], e[24];
    size_t i = bin_of(d, k);
    double sum = 0;

    if (k->ref_counts == NULL || k->terms == NULL) {
        return;
    }
    for (size_t j = 0; j <= k->n_edges; j++) {
        sum += fabs(k->terms[j]);
    }
    bin_text(k, i, range, sizeof range);
    int x = 1 + paint(c, y, 1, ROLE_FOCUS, 0, range);
    paintf(c, y, x, ROLE_DIM, 0, _("  %s %s %s of the rows · adds %s"),
           bars_percent(a, sizeof a, share(k->ref_counts[i], k->ref.n)), sign(SIGN_ARROW),
           bars_percent(b, sizeof b, share(k->cur_counts[i], k->cur.n)),
           bars_percent(e, sizeof e, sum > 0 ? fabs(k->terms[i]) / sum : NAN));
}

static void draw_numbers(const struct drift *d, const struct ncm_drift_column *k,
                         const struct canvas *c)
{
    int foot = c->h >= 7 && k->ref_counts != NULL;
    const struct bars_shape shape = {.lo = k->shape_lo,
                                     .hi = k->shape_hi,
                                     .ref = k->shape_ref,
                                     .cur = k->shape_cur,
                                     .n = k->n_shape,
                                     .edges = k->edges,
                                     .terms = k->terms,
                                     .n_edges = k->n_edges,
                                     .selected = foot ? bin_of(d, k) : SIZE_MAX};
    struct canvas body = canvas_part(c, 0, 0, c->h - foot, -1);

    bars_shape_draw(&shape, &body, empty_text(d));
    if (foot) {
        draw_bin(d, k, c, c->h - 1);
    }
}

static void draw_distribution(struct drift *d, const struct canvas *c, bool focused)
{
    const struct ncm_drift_feature_snapshot *s = drift_column(d);
    const struct ncm_drift_column *k = column_of(d);
    char reference[160], current[160], window[80];

    if (k == NULL) {
        wrap_paint(c, c->h > 2 ? 1 : 0, 2, c->w - 3, c->h, ROLE_DIM, empty_text(d));
        return;
    }
    int head = c->h >= 6;
    if (head) {
        int room = c->w / 2 - 6;
        ncm_text_clip(reference, sizeof reference, ncm_cstr(s->reference), s->reference.len,
                      room > 8 ? room : 8);
        drift_window_text(window, sizeof window, &s->window);
        ncm_text_clip(current, sizeof current, window, strlen(window), room > 8 ? room : 8);
        bars_legend(c, 0, 1, reference[0] != '\0' ? reference : _("reference"), current);
    }
    struct canvas body = canvas_part(c, head, 0, -1, -1);
    if (k->n_categories > 0) {
        draw_categories(d, k, &body, focused);
    } else {
        draw_numbers(d, k, &body);
    }
}

char *drift_bar(const struct drift *d, bool for_people)
{
    const struct ncm_drift_column *k = column_of(d);
    char range[96], lo[40] = "", hi[40] = "";

    if (k == NULL) {
        return NULL;
    }
    if (k->n_categories > 0) {
        size_t i = d->pairs.selected < k->n_categories ? d->pairs.selected : 0;
        return ncm_sprintf(for_people ? "%s" : "=%s", ncm_cstr(k->categories[i].word));
    }
    if (k->n_edges == 0) {
        return NULL;
    }
    size_t bin = bin_of(d, k);
    if (for_people) {
        bin_text(k, bin, range, sizeof range);
        return ncm_strdup(range);
    }
    ncm_fmt_exact(lo, sizeof lo, bin == 0 ? -INFINITY : k->edges[bin - 1]);
    ncm_fmt_exact(hi, sizeof hi, bin >= k->n_edges ? INFINITY : k->edges[bin]);
    return ncm_sprintf("%s..%s", lo, hi);
}

/* ---- quantiles ---- */

static void draw_quantiles(const struct drift *d, const struct canvas *c)
{
    const struct ncm_drift_column *k = column_of(d);

    if (k == NULL || k->n_qq == 0) {
        wrap_paint(c, c->h > 2 ? 1 : 0, 2, c->w - 3, c->h, ROLE_DIM,
                   k != NULL && k->n_categories > 0 ? _("Categories have no quantiles.")
                                                    : empty_text(d));
        return;
    }
    struct plot p = {.focus = -1,
                     .x_title = _("reference"),
                     .y_title = _("current; the dim line: no difference")};
    const struct plot_series s = {
        .name = "", .x = k->qq_ref, .y = k->qq_cur, .raw_y = k->qq_ref, .n = k->n_qq, .color = 0};
    plot_draw(&p, &s, 1, c, false, NULL);
}

/* ---- figures ---- */

enum fact_kind { FACT_COUNT, FACT_SHARE, FACT_NUMBER };
struct fact {
    const char *name;
    double ref, cur;
    enum fact_kind kind;
};
#define MAX_FACTS 24

static size_t add_fact(struct fact *out, size_t n, const char *name, double ref, double cur,
                       enum fact_kind kind)
{
    if (isnan(ref) && isnan(cur)) {
        return n;
    }
    out[n] = (struct fact){name, ref, cur, kind};
    return n + 1;
}

static double count(int64_t n)
{
    return n < 0 ? NAN : (double)n;
}

static size_t facts_of(const struct ncm_drift_column *k, struct fact *out)
{
    static const char *const quantiles[] = {"1 %",  "5 %",  "25 %", N_("median"),
                                            "75 %", "95 %", "99 %"};
    const struct ncm_drift_side *r = &k->ref, *c = &k->cur;
    size_t n = 0;

    n = add_fact(out, n, _("rows"), count(r->rows), count(c->rows), FACT_COUNT);
    n = add_fact(out, n, _("missing"), share(r->missing, r->rows), share(c->missing, c->rows),
                 FACT_SHARE);
    if (r->infinite + c->infinite > 0) {
        n = add_fact(out, n, _("infinite"), count(r->infinite), count(c->infinite), FACT_COUNT);
    }
    n = add_fact(out, n, _("distinct"), count(r->distinct), count(c->distinct), FACT_COUNT);
    if (k->type != NCM_COLUMN_NUMBER) {
        return n;
    }
    n = add_fact(out, n, _("mean"), r->mean, c->mean, FACT_NUMBER);
    n = add_fact(out, n, _("std"), r->std, c->std, FACT_NUMBER);
    n = add_fact(out, n, _("skew"), r->skew, c->skew, FACT_NUMBER);
    n = add_fact(out, n, _("kurtosis"), r->kurtosis, c->kurtosis, FACT_NUMBER);
    n = add_fact(out, n, _("min"), r->min, c->min, FACT_NUMBER);
    for (size_t i = 0; i < 7; i++) {
        n = add_fact(out, n, _(quantiles[i]), r->q[i], c->q[i], FACT_NUMBER);
    }
    n = add_fact(out, n, _("max"), r->max, c->max, FACT_NUMBER);
    return n;
}

/* The other measures stand in the last rows, in the column of the current side. */
static size_t measures_of(const struct ncm_drift_column *k, struct fact *out, size_t n)
{
    n = add_fact(out, n, "PSI", NAN, k->psi, FACT_NUMBER);
    n = add_fact(out, n, _("Jensen–Shannon"), NAN, k->js, FACT_NUMBER);
    n = add_fact(out, n, "KS D", NAN, k->ks, FACT_NUMBER);
    n = add_fact(out, n, _("Wasserstein / std"), NAN, k->w1_norm, FACT_NUMBER);
    return n;
}

static size_t all_facts(const struct drift *d, struct fact *out)
{
    const struct ncm_drift_column *k = column_of(d);
    return k != NULL ? measures_of(k, out, facts_of(k, out)) : 0;
}

static size_t fact_count(void *ctx)
{
    struct fact facts[MAX_FACTS];
    return all_facts(ctx, facts);
}

static void fact_value(double v, enum fact_kind kind, char *out, size_t outsz)
{
    if (isnan(v)) {
        snprintf(out, outsz, "%s", sign(SIGN_DASH));
    } else if (kind == FACT_COUNT) {
        ncm_fmt_count(out, outsz, (int64_t)v);
    } else if (kind == FACT_SHARE) {
        bars_percent(out, outsz, v);
    } else {
        ncm_fmt_num(out, outsz, v, 5);
    }
}

static void fact_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    struct fact facts[MAX_FACTS];

    if (row >= all_facts(ctx, facts)) {
        return;
    }
    const struct fact *f = &facts[row];
    double by = f->cur - f->ref;
    switch (column) {
    case 0:
        snprintf(out->text, sizeof out->text, "%s", f->name);
        out->role = ROLE_DIM;
        break;
    case 1:
        fact_value(f->ref, f->kind, out->text, sizeof out->text);
        break;
    case 2:
        fact_value(f->cur, f->kind, out->text, sizeof out->text);
        out->attrs = ATTR_BOLD;
        break;
    case 3:
        if (f->kind == FACT_SHARE && isfinite(by)) {
            snprintf(out->text, sizeof out->text, _("%+.1f points"), by * 100);
        } else if (f->kind == FACT_NUMBER && isfinite(by)) {
            ncm_fmt_delta(out->text, sizeof out->text, by, 4);
        }
        out->role = ROLE_DIM;
        break;
    default:
        break;
    }
}

static struct table_model fact_model(struct drift *d)
{
    return (struct table_model){.ctx = d, .count = fact_count, .cell = fact_cell};
}

static void draw_facts(struct drift *d, const struct canvas *c, bool focused)
{
    const struct table_column columns[] = {
        {.title = "", .min = 8, .want = 18},
        {.title = _("REFERENCE"), .min = 9, .want = 12, .align = 1},
        {.title = _("CURRENT"), .min = 9, .want = 12, .align = 1},
        {.title = _("DIFFERENCE"), .min = 10, .want = 14, .align = 1, .priority = 1},
    };
    struct table_model m = fact_model(d);

    memcpy(d->fact_columns, columns, sizeof columns);
    d->facts.columns = d->fact_columns;
    d->facts.n_columns = sizeof columns / sizeof *columns;
    d->facts.fixed = 1;
    table_draw(&d->facts, &m, c, focused, empty_text(d));
}

/* ---- findings ---- */

static void draw_findings(const struct drift *d, const struct canvas *c)
{
    static const enum role roles[] = {ROLE_DIM, ROLE_WARN, ROLE_FAIL};
    static const enum sign signs[] = {SIGN_DOT, SIGN_WARN, SIGN_CROSS};
    const struct ncm_drift_column *k = column_of(d);
    int y = 0;

    if (k == NULL || k->n_findings == 0) {
        wrap_paint(c, c->h > 2 ? 1 : 0, 2, c->w - 3, c->h, ROLE_DIM,
                   k != NULL ? _("Nothing is wrong with the data itself.") : empty_text(d));
        return;
    }
    for (size_t i = 0; i < k->n_findings && y < c->h; i++) {
        const struct ncm_drift_finding *f = &k->findings[i];
        char text[600];
        ncm_text_clip(text, sizeof text, ncm_cstr(f->sentence), f->sentence.len, 400);
        paint(c, y, 1, roles[f->severity], ATTR_BOLD, sign(signs[f->severity]));
        if (y == c->h - 1 && i + 1 < k->n_findings) {
            paintf(c, y, 3, ROLE_DIM, 0, _("%zu more"), k->n_findings - i);
            break;
        }
        y += wrap_paint(c, y, 3, c->w - 4, c->h - y, ROLE_TEXT, text);
    }
}

void drift_draw_part(struct drift *d, enum drift_part part, const struct canvas *c, bool focused)
{
    switch (part) {
    case PART_HISTOGRAM:
        draw_distribution(d, c, focused);
        break;
    case PART_QQ:
        draw_quantiles(d, c);
        break;
    case PART_TABLE:
        draw_facts(d, c, focused);
        break;
    case PART_FINDINGS:
        draw_findings(d, c);
        break;
    default:
        break;
    }
}

static size_t moved(size_t at, size_t n, enum ui_action_id action, int page)
{
    size_t by = page > 1 ? (size_t)page : 1;

    switch (action) {
    case A_UP:
        return at > 0 ? at - 1 : 0;
    case A_DOWN:
        return at + 1 < n ? at + 1 : at;
    case A_TOP:
        return 0;
    case A_BOTTOM:
        return n > 0 ? n - 1 : 0;
    case A_PAGE_UP:
        return at > by ? at - by : 0;
    case A_PAGE_DOWN:
        return at + by < n ? at + by : n > 0 ? n - 1 : 0;
    default:
        return SIZE_MAX;
    }
}

bool drift_part_act(struct drift *d, enum ui_action_id action)
{
    const struct ncm_drift_column *k = column_of(d);
    struct table_model m = fact_model(d);

    if (moved(0, 1, action, 1) == SIZE_MAX) {
        return false;
    }
    if (d->part == PART_TABLE) {
        return table_act(&d->facts, &m, action);
    }
    if (k == NULL) {
        return true;
    }
    if (k->n_categories > 0) {
        d->pairs.selected = moved(d->pairs.selected, k->n_categories, action, d->pairs.rows_shown);
    } else {
        d->bin = moved(bin_of(d, k), k->n_edges + 1, action, 3);
    }
    return true;
}
