/* The evaluator of histograms: what a metrics store counted in one window against another, so that
 * any number of replicas is watched without a log. One feature a series. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/drift/compare.h"
#include "ops/watch/evaluator.h"
#include "provider/prometheus/histogram.h"
#include "stats/distance.h"

enum { WINDOWS_BACK = 48, FEATURES_MOST = 50 };
#define WEEK_MS INT64_C(604800000)

struct histogram_eval {
    struct ncm_prom *prom;
    struct ncm_place place;
    struct ncm_prom_answer reference; /* of the fixed one; arena NULL: none yet */
    bool native;
    bool known; /* which of both forms the server has */
};

static void close_histogram(struct ncm_evaluator *e)
{
    struct histogram_eval *h = e->own;
    if (h->reference.arena != NULL) {
        ncm_prom_answer_release(&h->reference);
    }
    ncm_prom_close(h->prom);
    ncm_free(h);
}

static bool open_histogram(struct ncm_evaluator *e, struct ncm_control *control,
                           struct ncm_err *err)
{
    (void)control;
    const struct ncm_http_source *metrics = &e->env->plan->metrics;
    if (metrics->url == NULL) {
        return ncm_fail(err, NCM_NOT_FOUND, "%s", _("the context names no metrics source"));
    }
    struct histogram_eval *h = ncm_alloc(1, sizeof *h);
    h->place = (struct ncm_place){.location = metrics->url, .access = &metrics->access};
    if (!ncm_prom_open(&h->place, &h->prom, err)) {
        ncm_free(h);
        return false;
    }
    e->own = h;
    return true;
}

/* "x{a="b"}" with what comes before the braces made longer: x_bucket{…}. The caller frees. */
static char *bucket_selector(const char *selector)
{
    size_t name = strcspn(selector, "{");
    const char *suffix =
        name > 7 && strncmp(selector + name - 7, "_bucket", 7) == 0 ? "" : "_bucket";
    return ncm_sprintf("%.*s%s%s", (int)name, selector, suffix, selector + name);
}

/* What was counted in the window that ends at end_ms, as the server adds it up. */
static bool ask(struct ncm_evaluator *e, int64_t end_ms, int64_t length_ms,
                struct ncm_control *control, struct ncm_prom_answer *out, struct ncm_err *err)
{
    struct histogram_eval *h = e->own;
    char *selector = bucket_selector(e->monitor.source);
    char *query =
        h->known && h->native
            ? ncm_sprintf("sum(increase(%s[%lldms]))", e->monitor.source, (long long)length_ms)
            : ncm_sprintf("sum by (le) (increase(%s[%lldms]))", selector, (long long)length_ms);
    ncm_prom_ready(h->prom);
    bool ok = ncm_prom_instant(h->prom, query, end_ms, control, out, err);
    ncm_free(query);
    if (ok && !h->known && out->n == 0) {
        ncm_prom_answer_release(out);
        query = ncm_sprintf("sum(increase(%s[%lldms]))", e->monitor.source, (long long)length_ms);
        ok = ncm_prom_instant(h->prom, query, end_ms, control, out, err);
        ncm_free(query);
        h->native = ok && out->n > 0 && out->series[0].n_histograms > 0;
        h->known = h->native;
    } else if (ok && out->n > 0) {
        h->known = true;
    }
    ncm_free(selector);
    return ok;
}

/* The bins of an answer; none where it has no histogram. */
static void bins_of(const struct ncm_prom_answer *a, struct ncm_hist_bins *out)
{
    size_t n;
    *out = (struct ncm_hist_bins){0};
    if (a->n > 0 && a->series[0].n_histograms > 0) {
        ncm_hist_bins_of_native(&a->series[0].histograms[0], out);
        return;
    }
    struct ncm_bucket_group *groups = ncm_bucket_groups(a, a->arena, &n);
    if (n > 0) {
        ncm_hist_bins_of_buckets(groups[0].buckets, groups[0].n, out);
    }
}

static double measure(const struct ncm_monitor *m, const double *ref, const double *cur, size_t n)
{
    if (m->method != NULL && strcmp(m->method, "js") == 0) {
        return ncm_js_distance(ref, cur, n, 2);
    }
    if (m->method != NULL && strcmp(m->method, "hellinger") == 0) {
        return ncm_hellinger(ref, cur, n);
    }
    if (m->method != NULL && strcmp(m->method, "tvd") == 0) {
        return ncm_total_variation(ref, cur, n);
    }
    return ncm_psi(ref, cur, n, NULL);
}

static const char *method_word(const struct ncm_monitor *m)
{
    static const char *const known[] = {"js", "hellinger", "tvd"};
    for (size_t i = 0; m->method != NULL && i < 3; i++) {
        if (strcmp(m->method, known[i]) == 0) {
            return known[i];
        }
    }
    return "psi";
}

/* Where the reference of a window ends, and how long it is. */
static void reference_span(const struct ncm_monitor *m, int64_t end_ms, int64_t *ref_end,
                           int64_t *length)
{
    *length = m->window_ms;
    switch (m->reference_kind) {
    case NCM_REFERENCE_WEEK:
        *ref_end = end_ms - WEEK_MS;
        break;
    case NCM_REFERENCE_TRAILING:
        *ref_end = end_ms - m->window_ms;
        *length = m->trailing_ms;
        break;
    default: /* the window before: better than none, but a slow drift is not seen by it */
        *ref_end = end_ms - m->window_ms;
    }
}

static void store_pair(struct ncm_evaluator *e, size_t window, size_t feature,
                       const struct ncm_hist_bins *ref, const struct ncm_hist_bins *cur)
{
    struct ncm_watched_feature *f = &e->watched.features[feature];
    struct ncm_figure *g = &f->figures[window];
    double total = ncm_hist_bins_total(cur);
    const struct ncm_drift_method *method;
    struct ncm_err ignored;
    if (!ncm_drift_method_named(method_word(&e->monitor), &method, &ignored)) {
        method = &ncm_drift_methods[0];
    }
    g->known = true;
    g->n = (int64_t)llround(total);
    g->value = NAN;
    g->state = NCM_DRIFT_NO_DATA;
    f->warning = isnan(e->monitor.warning) && isnan(e->monitor.critical) ? method->warning
                                                                         : e->monitor.warning;
    f->critical = isnan(e->monitor.critical) ? method->critical : e->monitor.critical;
    ncm_free(f->method);
    f->method = ncm_strdup(method->word);
    ncm_summary_free(g->summary);
    g->summary = ncm_alloc(1, sizeof *g->summary);
    g->summary->rows = g->n;
    if (total <= 0 || ncm_hist_bins_total(ref) <= 0) {
        return;
    }
    /* Both sides side by side in one summary: edges as values, the reference's counts as weights.
     */
    size_t n = cur->n;
    g->value = measure(&e->monitor, ref->counts, cur->counts, n);
    g->state = ncm_drift_state_of(g->value, f->warning, f->critical, e->monitor.side, false);
    if (g->n < e->monitor.min_rows) {
        g->state = NCM_DRIFT_SMALL;
    }
    g->summary->counts = ncm_alloc(n, sizeof *g->summary->counts);
    g->summary->values = ncm_alloc(n + 1, sizeof *g->summary->values);
    g->summary->weights = ncm_alloc(n + 1, sizeof *g->summary->weights);
    g->summary->paired = true;
    g->summary->n_counts = n;
    g->summary->n_values = n + 1;
    for (size_t i = 0; i <= n; i++) {
        g->summary->values[i] = cur->edges[i];
        if (i < n) {
            g->summary->weights[i] = ref->counts[i];
            g->summary->counts[i] = (int64_t)llround(cur->counts[i]);
        }
    }
}

static bool judge_window(struct ncm_evaluator *e, int64_t end_ms, struct ncm_control *control,
                         struct ncm_err *err)
{
    struct ncm_prom_answer cur, ref;
    int64_t ref_end, length;
    if (!ask(e, end_ms, e->monitor.window_ms, control, &cur, err)) {
        return false;
    }
    reference_span(&e->monitor, end_ms, &ref_end, &length);
    if (!ask(e, ref_end, length, control, &ref, err)) {
        ncm_prom_answer_release(&cur);
        return false;
    }
    struct ncm_hist_bins a, b, both_a, both_b;
    bins_of(&ref, &a);
    bins_of(&cur, &b);
    ncm_hist_bins_union(&a, &b, &both_a, &both_b);
    size_t w = ncm_watched_window(&e->watched, end_ms - e->monitor.window_ms, end_ms);
    size_t f = ncm_watched_feature(&e->watched, e->monitor.source, NCM_COLUMN_NUMBER);
    if (w != SIZE_MAX) {
        e->watched.windows[w].open = false;
        e->watched.windows[w].rows = (int64_t)llround(ncm_hist_bins_total(&b));
        store_pair(e, w, f, &both_a, &both_b);
        e->watched.last_row_ms = end_ms;
    }
    ncm_hist_bins_release(&a);
    ncm_hist_bins_release(&b);
    ncm_hist_bins_release(&both_a);
    ncm_hist_bins_release(&both_b);
    ncm_prom_answer_release(&cur);
    ncm_prom_answer_release(&ref);
    return true;
}

static bool step_histogram(struct ncm_evaluator *e, int64_t now_ms, struct ncm_control *control,
                           bool *more, struct ncm_err *err)
{
    int64_t length = e->monitor.window_ms;
    int64_t last = now_ms / length * length;
    int64_t next = last - (WINDOWS_BACK - 1) * length;
    size_t newest = ncm_watched_newest(&e->watched);
    *more = false;
    if (newest != SIZE_MAX && e->watched.windows[newest].end_ms + length > next) {
        next = e->watched.windows[newest].end_ms + length;
    }
    int64_t until = ncm_mono_ms() + 1000;
    for (; next <= last; next += length) {
        if (ncm_mono_ms() > until) {
            *more = true;
            return true;
        }
        if (!judge_window(e, next, control, err)) {
            return false;
        }
    }
    return true;
}

static bool compare_histogram(struct ncm_evaluator *e, size_t feature, size_t window,
                              struct ncm_arena *a, struct ncm_drift_column *out,
                              struct ncm_err *err)
{
    const struct ncm_watched_feature *f = &e->watched.features[feature];
    const struct ncm_figure *g = &f->figures[window];
    const struct ncm_summary *s = g->summary;
    if (s == NULL || !s->paired || s->n_values != s->n_counts + 1 || s->n_counts < 2) {
        return ncm_fail(err, NCM_NOT_FOUND, "%s", _("of that window only the figure was kept"));
    }
    size_t n = s->n_counts;
    double *cur = ncm_arena_alloc(a, n, sizeof *cur);
    *out = (struct ncm_drift_column){.name = ncm_arena_cstr(a, f->name),
                                     .since_ms = NCM_NO_TIME,
                                     .method = ncm_arena_cstr(a, f->method),
                                     .statistic = g->value,
                                     .p_value = NAN,
                                     .p_adjusted = NAN,
                                     .effect = NAN,
                                     .ks = NAN,
                                     .w1 = NAN,
                                     .w1_norm = NAN,
                                     .warning = f->warning,
                                     .critical = f->critical,
                                     .approximate = true,
                                     .state = g->state,
                                     .drifted = g->state == NCM_DRIFT_CRITICAL};
    out->n_edges = n - 1; /* the first and the last bin are open */
    out->edges = ncm_arena_alloc(a, n, sizeof *out->edges);
    out->ref_counts = ncm_arena_alloc(a, n, sizeof *out->ref_counts);
    out->cur_counts = ncm_arena_alloc(a, n, sizeof *out->cur_counts);
    out->terms = ncm_arena_alloc(a, n, sizeof *out->terms);
    for (size_t i = 0; i < n; i++) {
        cur[i] = (double)s->counts[i];
        out->ref_counts[i] = (int64_t)llround(s->weights[i]);
        out->cur_counts[i] = s->counts[i];
        out->ref.n += out->ref_counts[i];
        out->cur.n += s->counts[i];
        if (i + 1 < n) {
            out->edges[i] = s->values[i + 1];
        }
    }
    out->ref.rows = out->ref.n;
    out->cur.rows = out->cur.n;
    out->psi = ncm_psi(s->weights, cur, n, out->terms);
    out->js = ncm_js_distance(s->weights, cur, n, 2);
    return true;
}

const struct ncm_evaluator_kind ncm_histogram_evaluator = {
    .open = open_histogram,
    .close = close_histogram,
    .step = step_histogram,
    .compare = compare_histogram,
};
