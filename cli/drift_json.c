/* `drift check` as JSON: the contract's fields first, what was added after them. */
#include <math.h>

#include "drift.h"

/* What does not exist is null; an infinity is a word. */
static void number(struct ncm_json *j, const char *key, double v)
{
    ncm_json_key(j, key);
    if (isnan(v)) {
        ncm_json_null(j);
    } else {
        ncm_json_num(j, v);
    }
}

static void flag(struct ncm_json *j, const char *key, bool v)
{
    ncm_json_key(j, key);
    ncm_json_bool(j, v);
}

static void counts(struct ncm_json *j, const char *key, const int64_t *n, size_t count)
{
    ncm_json_key(j, key);
    ncm_json_arr(j);
    for (size_t i = 0; i < count; i++) {
        ncm_json_i64(j, n[i]);
    }
    ncm_json_end_arr(j);
}

static void numbers(struct ncm_json *j, const char *key, const double *v, size_t n)
{
    ncm_json_key(j, key);
    ncm_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        ncm_json_num(j, v[i]);
    }
    ncm_json_end_arr(j);
}

static void pair(struct ncm_json *j, const char *key, int64_t reference, int64_t current)
{
    ncm_json_key(j, key);
    ncm_json_obj(j);
    cli_json_count(j, "reference", reference);
    cli_json_count(j, "current", current);
    ncm_json_end_obj(j);
}

/* Categories that are on one side only. */
static void words(struct ncm_json *j, const char *key, const struct ncm_drift_column *c, bool gone)
{
    ncm_json_key(j, key);
    ncm_json_arr(j);
    for (size_t i = 0; i < c->n_categories; i++) {
        const struct ncm_drift_category *x = &c->categories[i];
        if (gone ? x->is_gone : x->is_new) {
            ncm_json_str_n(j, x->word.p, x->word.len);
        }
    }
    ncm_json_end_arr(j);
}

/* The bins that the drift is measured on: (-inf,e1], (e1,e2] … (ek,inf), one more than there are
 * edges. Categories: their words stand for edges. terms: what each bin adds to the PSI. */
static void histogram(struct ncm_json *j, const struct ncm_drift_column *c)
{
    bool category = c->type == NCM_COLUMN_CATEGORY;
    size_t bins = c->edges != NULL ? c->n_edges + 1 : 0;
    ncm_json_key(j, "histogram");
    ncm_json_obj(j);
    if (!category) {
        numbers(j, "edges", c->edges, c->n_edges);
        counts(j, "reference", c->ref_counts, bins);
        counts(j, "current", c->cur_counts, bins);
        numbers(j, "terms", c->terms, bins);
        ncm_json_end_obj(j);
        return;
    }
    ncm_json_key(j, "edges");
    ncm_json_arr(j);
    for (size_t i = 0; i < c->n_categories; i++) {
        ncm_json_str_n(j, c->categories[i].word.p, c->categories[i].word.len);
    }
    ncm_json_end_arr(j);
    for (int k = 0; k < 3; k++) {
        ncm_json_key(j, k == 0 ? "reference" : k == 1 ? "current" : "terms");
        ncm_json_arr(j);
        for (size_t i = 0; i < c->n_categories; i++) {
            const struct ncm_drift_category *x = &c->categories[i];
            if (k == 2) {
                ncm_json_num(j, x->term);
            } else {
                ncm_json_i64(j, k == 0 ? x->ref : x->cur);
            }
        }
        ncm_json_end_arr(j);
    }
    ncm_json_end_obj(j);
}

/* Even bins over both sides, for drawing: edges are one more than bins; null for categories. */
static void shape(struct ncm_json *j, const struct ncm_drift_column *c)
{
    ncm_json_key(j, "shape");
    if (c->n_shape == 0) {
        ncm_json_null(j);
        return;
    }
    ncm_json_obj(j);
    ncm_json_key(j, "edges");
    ncm_json_arr(j);
    for (size_t i = 0; i <= c->n_shape; i++) {
        double part = (double)i / (double)c->n_shape;
        ncm_json_num(j, c->shape_lo * (1 - part) + c->shape_hi * part);
    }
    ncm_json_end_arr(j);
    counts(j, "reference", c->shape_ref, c->n_shape);
    counts(j, "current", c->shape_cur, c->n_shape);
    ncm_json_end_obj(j);
}

static void side(struct ncm_json *j, const char *key, const struct ncm_drift_side *s)
{
    static const char *const quantiles[] = {"q01", "q05", "q25", "q50", "q75", "q95", "q99"};
    ncm_json_key(j, key);
    ncm_json_obj(j);
    cli_json_count(j, "rows", s->rows);
    cli_json_count(j, "missing", s->missing);
    cli_json_count(j, "infinite", s->infinite);
    cli_json_count(j, "distinct", s->distinct);
    number(j, "mean", s->mean);
    number(j, "std", s->std);
    number(j, "skew", s->skew);
    number(j, "kurtosis", s->kurtosis);
    number(j, "min", s->min);
    number(j, "max", s->max);
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        number(j, quantiles[i], s->q[i]);
    }
    ncm_json_end_obj(j);
}

static void findings(struct ncm_json *j, const struct ncm_drift_finding *f, size_t n)
{
    ncm_json_key(j, "findings");
    ncm_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        ncm_json_obj(j);
        cli_json_text(j, "severity", ncm_severity_word(f[i].severity));
        cli_json_str(j, "kind", f[i].kind);
        cli_json_str(j, "sentence", f[i].sentence);
        ncm_json_end_obj(j);
    }
    ncm_json_end_arr(j);
}

static void added(struct ncm_json *j, const struct ncm_drift_column *c)
{
    cli_json_text(j, "state", ncm_drift_state_word(c->state));
    cli_json_time(j, "since", c->since_ms);
    number(j, "warning", c->warning);
    number(j, "p_adjusted", c->p_adjusted);
    number(j, "effect", c->effect);
    cli_json_str(j, "effect_name", c->effect_name);
    number(j, "js", c->js);
    number(j, "ks", c->ks);
    number(j, "wasserstein", c->w1);
    number(j, "wasserstein_norm", c->w1_norm);
    flag(j, "learned", c->learned);
    flag(j, "small_sample", c->small_sample);
    flag(j, "reference_constant", c->reference_constant);
    flag(j, "approximate", c->approximate);
    words(j, "gone_categories", c, true);
    shape(j, c);
    side(j, "reference", &c->ref);
    side(j, "current", &c->cur);
    findings(j, c->findings, c->n_findings);
    cli_json_str(j, "why", c->why);
}

void cli_drift_column_json(struct ncm_json *j, const void *item)
{
    const struct ncm_drift_column *c = item;
    ncm_json_obj(j);
    cli_json_str(j, "name", c->name);
    cli_json_text(j, "type", c->type == NCM_COLUMN_NUMBER ? "numeric" : "categorical");
    cli_json_str(j, "method", c->method);
    number(j, "statistic", c->statistic);
    number(j, "p_value", c->p_value);
    number(j, "threshold", c->critical);
    flag(j, "drifted", c->drifted);
    number(j, "psi", c->psi);
    pair(j, "missing", c->ref.missing, c->cur.missing);
    words(j, "new_categories", c, false);
    histogram(j, c);
    added(j, c);
    ncm_json_end_obj(j);
}

void cli_drift_json(struct ncm_json *j, const void *item)
{
    const struct cli_drift *d = item;
    const struct ncm_drift_check *x = d->check;
    ncm_json_obj(j);
    pair(j, "rows", x->table.ref_rows, x->table.cur_rows);
    ncm_json_key(j, "columns");
    ncm_json_arr(j);
    for (size_t i = 0; i < x->table.n; i++) {
        cli_drift_column_json(j, &x->table.columns[i]);
    }
    ncm_json_end_arr(j);
    number(j, "drifted_share", x->table.drifted_share);
    flag(j, "drifted", x->drifted);
    cli_json_text(j, "method", d->method);
    findings(j, x->table.findings, x->table.n_findings);
    cli_json_strs(j, "left_out", x->left_out, x->n_left_out);
    pair(j, "bad_rows", x->ref.bad_rows, x->cur.bad_rows);
    pair(j, "parse_failures", x->ref.parse_failures, x->cur.parse_failures);
    ncm_json_end_obj(j);
}
