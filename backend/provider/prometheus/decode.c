/* The result of a query: every form of it, within limits, sorted so that it is stable. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "model/alert_labels.h"
#include "provider/prometheus/internal.h"

enum { KEY_MOST = 64 * 1024 };

struct decoding {
    struct ncm_prom_answer *out;
    size_t points; /* so far */
    struct ncm_err *err;
};

static bool too_many(struct decoding *d, const char *what, size_t most)
{
    ncm_fail(d->err, NCM_TOO_LARGE, _("Prometheus answers with more than %zu %s"), most, what);
    return ncm_hint(d->err, "%s", _("ask for a shorter time, a longer step or fewer series"));
}

static bool take_points(struct decoding *d, size_t n)
{
    d->points += n;
    return d->points <= NCM_PROM_POINTS_MOST || too_many(d, _("points"), NCM_PROM_POINTS_MOST);
}

/* A number that is written as a text ("NaN", "+Inf", "1e-05"). */
static bool number(const struct ncm_node *n, double *out)
{
    if (n->kind == NCM_NODE_INT || n->kind == NCM_NODE_NUM) {
        *out = n->num;
        return true;
    }
    return n->kind == NCM_NODE_STR && ncm_parse_double(n->str, out);
}

/* [seconds, what]: its time. */
static bool pair(const struct ncm_node *n, int64_t *t_ms)
{
    if (n == NULL || n->kind != NCM_NODE_LIST || n->n != 2 ||
        (n->items[0].kind != NCM_NODE_INT && n->items[0].kind != NCM_NODE_NUM)) {
        return false;
    }
    double ms = n->items[0].num * 1000;
    if (!(fabs(ms) < 9e15)) {
        return false;
    }
    *t_ms = llround(ms);
    return true;
}

static bool point(const struct ncm_node *n, struct ncm_prom_point *out)
{
    return pair(n, &out->t_ms) && number(&n->items[1], &out->value);
}

static bool bin(const struct ncm_node *n, struct ncm_prom_bin *out)
{
    if (n->kind != NCM_NODE_LIST || n->n != 4 || n->items[0].kind != NCM_NODE_INT ||
        !number(&n->items[1], &out->low) || !number(&n->items[2], &out->high) ||
        !number(&n->items[3], &out->count)) {
        return false;
    }
    /* 0 (low,high]  1 [low,high)  2 (low,high)  3 [low,high] */
    int64_t rule = n->items[0].i;
    out->high_in = rule == 0 || rule == 3;
    out->low_in = rule == 1 || rule == 3;
    return rule >= 0 && rule <= 3 && out->low <= out->high;
}

static bool histogram(struct decoding *d, const struct ncm_node *n, struct ncm_prom_histogram *out)
{
    const struct ncm_node *h = pair(n, &out->t_ms) ? &n->items[1] : NULL;
    const struct ncm_node *count = ncm_node_get(h, "count"), *sum = ncm_node_get(h, "sum");
    const struct ncm_node *bins = ncm_node_get(h, "buckets");
    if (count == NULL || sum == NULL || !number(count, &out->count) || !number(sum, &out->sum) ||
        (bins != NULL && bins->kind != NCM_NODE_LIST && bins->kind != NCM_NODE_NULL)) {
        return prom_odd(_("a histogram"), d->err);
    }
    size_t most = bins != NULL ? bins->n : 0;
    if (!take_points(d, most)) {
        return false;
    }
    out->bins = ncm_arena_alloc(d->out->arena, most, sizeof *out->bins);
    for (out->n = 0; out->n < most; out->n++) {
        if (!bin(&bins->items[out->n], &out->bins[out->n])) {
            return prom_odd(_("a histogram"), d->err);
        }
    }
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct ncm_prom_point *x = a, *y = b;
    return (x->t_ms > y->t_ms) - (x->t_ms < y->t_ms);
}

static int histogram_by_time(const void *a, const void *b)
{
    const struct ncm_prom_histogram *x = a, *y = b;
    return (x->t_ms > y->t_ms) - (x->t_ms < y->t_ms);
}

/* One sample of a vector is one [t, v]; those of a matrix are a list of them. */
static bool samples(struct decoding *d, const struct ncm_node *list, bool one,
                    struct ncm_prom_series *s)
{
    size_t n = list == NULL ? 0 : one ? 1 : list->n;
    if (list != NULL && list->kind != NCM_NODE_LIST) {
        return prom_odd(_("a sample"), d->err);
    }
    if (!take_points(d, n)) {
        return false;
    }
    s->points = ncm_arena_alloc(d->out->arena, n, sizeof *s->points);
    bool sorted = true;
    for (s->n = 0; s->n < n; s->n++) {
        if (!point(one ? list : &list->items[s->n], &s->points[s->n])) {
            return prom_odd(_("a sample"), d->err);
        }
        sorted = sorted && (s->n == 0 || s->points[s->n - 1].t_ms < s->points[s->n].t_ms);
    }
    if (!sorted) {
        qsort(s->points, s->n, sizeof *s->points, by_time);
    }
    return true;
}

static bool histograms(struct decoding *d, const struct ncm_node *list, bool one,
                       struct ncm_prom_series *s)
{
    size_t n = list == NULL ? 0 : one ? 1 : list->n;
    if (list != NULL && list->kind != NCM_NODE_LIST) {
        return prom_odd(_("a histogram"), d->err);
    }
    if (!take_points(d, n)) {
        return false;
    }
    s->histograms = ncm_arena_alloc(d->out->arena, n, sizeof *s->histograms);
    for (size_t i = 0; i < n; i++) {
        if (!histogram(d, one ? list : &list->items[i], &s->histograms[i])) {
            return false;
        }
    }
    s->n_histograms = n;
    if (n > 1) {
        qsort(s->histograms, n, sizeof *s->histograms, histogram_by_time);
    }
    return true;
}

static bool series(struct decoding *d, const struct ncm_node *n, struct ncm_prom_series *s)
{
    struct ncm_buf key;
    bool vector = d->out->kind == NCM_PROM_VECTOR;
    const struct ncm_node *metric = ncm_node_get(n, "metric");
    if (metric == NULL || metric->kind != NCM_NODE_MAP) {
        return prom_odd(_("a series"), d->err);
    }
    s->labels = ncm_ask_labels(d->out->arena, metric, &s->n_labels);
    ncm_buf_init(&key, KEY_MOST);
    ncm_labels_key(s->labels, s->n_labels, &key);
    s->key = ncm_arena_str(d->out->arena, key.p, key.len);
    bool full = key.full;
    ncm_buf_release(&key);
    if (full) {
        return ncm_fail(d->err, NCM_TOO_LARGE,
                        _("Prometheus answers with labels of more than %d "
                          "bytes"),
                        (int)KEY_MOST);
    }
    return samples(d, ncm_node_get(n, vector ? "value" : "values"), vector, s) &&
           histograms(d, ncm_node_get(n, vector ? "histogram" : "histograms"), vector, s);
}

static int by_key(const void *a, const void *b)
{
    const struct ncm_prom_series *x = a, *y = b;
    return ncm_str_compare(x->key, y->key);
}

static bool all_series(struct decoding *d, const struct ncm_node *result)
{
    struct ncm_prom_answer *out = d->out;
    if (result->kind != NCM_NODE_LIST) {
        return prom_odd(_("a result"), d->err);
    }
    if (result->n > NCM_PROM_SERIES_MOST) {
        return too_many(d, _("series"), NCM_PROM_SERIES_MOST);
    }
    out->series = ncm_arena_alloc(out->arena, result->n, sizeof *out->series);
    for (size_t i = 0; i < result->n; i++) {
        if (!series(d, &result->items[i], &out->series[i])) {
            return false;
        }
    }
    out->n = result->n;
    if (out->n > 1) {
        qsort(out->series, out->n, sizeof *out->series, by_key);
    }
    return true;
}

static bool take_result(struct decoding *d, const char *type, const struct ncm_node *result)
{
    struct ncm_prom_answer *out = d->out;
    if (strcmp(type, "vector") == 0 || strcmp(type, "matrix") == 0) {
        out->kind = type[0] == 'v' ? NCM_PROM_VECTOR : NCM_PROM_MATRIX;
        return all_series(d, result);
    }
    out->kind = strcmp(type, "string") == 0 ? NCM_PROM_STRING : NCM_PROM_SCALAR;
    if (out->kind == NCM_PROM_STRING) {
        if (!pair(result, &out->scalar.t_ms) || result->items[1].kind != NCM_NODE_STR) {
            return prom_odd(_("a result"), d->err);
        }
        out->text = ncm_arena_str(out->arena, result->items[1].str, result->items[1].len);
        return true;
    }
    return (strcmp(type, "scalar") == 0 && point(result, &out->scalar)) ||
           prom_odd(_("a result"), d->err);
}

bool prom_decode(const struct ncm_doc *doc, struct ncm_prom_answer *out, struct ncm_err *err)
{
    const struct ncm_node *root = ncm_doc_root(doc), *data = ncm_node_get(root, "data");
    const struct ncm_node *result = ncm_node_get(data, "result");
    struct decoding d = {.out = out, .err = err};
    *out = (struct ncm_prom_answer){.arena = ncm_arena_new()};
    bool ok = result != NULL || prom_odd(_("a result"), err);
    ok = ok && take_result(&d, ncm_node_str(data, "resultType", ""), result);
    if (ok) {
        out->warnings = ncm_ask_texts(out->arena, ncm_node_get(root, "warnings"), &out->n_warnings);
        out->infos = ncm_ask_texts(out->arena, ncm_node_get(root, "infos"), &out->n_infos);
    } else {
        ncm_prom_answer_release(out);
    }
    return ok;
}

void ncm_prom_answer_release(struct ncm_prom_answer *a)
{
    ncm_arena_free(a->arena);
    *a = (struct ncm_prom_answer){0};
}

const struct ncm_prom_series *ncm_prom_find(const struct ncm_prom_answer *a, const char *key)
{
    struct ncm_prom_series wanted = {.key = {key, strlen(key)}};
    return a->n > 0 ? bsearch(&wanted, a->series, a->n, sizeof *a->series, by_key) : NULL;
}
