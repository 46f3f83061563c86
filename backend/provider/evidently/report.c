/* The forms of a report. */
#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/ask.h"
#include "provider/evidently/internal.h"

/* What a report is read with. */
struct reading {
    struct ev_builder *b;
    int64_t time_ms;
    size_t taken;
};

static bool is_list(const struct ncm_node *n)
{
    return n != NULL && n->kind == NCM_NODE_LIST;
}

static void take(struct reading *r, const char *column, const char *method, double threshold,
                 double value, int drifted)
{
    bool is = drifted >= 0 ? drifted > 0 : ncm_evidently_drifted(method, value, threshold);
    ev_add(r->b, column, method, threshold,
           (struct ncm_evidently_point){.time_ms = r->time_ms, .value = value, .drifted = is});
    r->taken++;
}

/* 1, 0, or -1 where it says neither. */
static int truth(const struct ncm_node *n)
{
    return n != NULL && n->kind == NCM_NODE_BOOL ? n->boolean : -1;
}

static bool ends_in(const char *text, const char *tail)
{
    size_t n = strlen(text), k = strlen(tail);
    return n >= k && strcmp(text + n - k, tail) == 0;
}

/* ---- 0.7 ------------------------------------------------------------------------------------- */

/* What the tests say of a metric: 1 it drifted, 0 it did not, -1 nothing. */
static int verdict(const struct ncm_node *tests, const char *id)
{
    for (size_t i = 0; is_list(tests) && i < tests->n; i++) {
        const struct ncm_node *t = &tests->items[i];
        const char *of = ncm_node_str(ncm_node_get(t, "metric_config"), "metric_id", NULL);
        const char *status = ncm_node_str(t, "status", "");
        if (of == NULL || strcmp(of, id) != 0) {
            continue;
        }
        if (strcmp(status, "FAIL") == 0 || strcmp(status, "WARNING") == 0) {
            return 1;
        }
        return strcmp(status, "SUCCESS") == 0 ? 0 : -1;
    }
    return -1;
}

/* One metric by its type and parameters, as reports and snapshots have them. value: the drift, or
 * the share of an object {count, share}. */
static void take_metric(struct reading *r, const char *type, const struct ncm_node *params,
                        double value, double share, int drifted)
{
    const char *column = ncm_node_str(params, "column", NULL);
    if (ends_in(type, "ValueDrift") && column != NULL) {
        take(r, column, ncm_node_str(params, "method", ""),
             ev_number(ncm_node_get(params, "threshold")), value, drifted);
    } else if (ends_in(type, "DriftedColumnsCount") && !isnan(share)) {
        take(r, NULL, EV_SHARE, ev_number(ncm_node_get(params, "drift_share")), share, -1);
    }
}

static void read_report(struct reading *r, const struct ncm_node *root)
{
    const struct ncm_node *metrics = ncm_node_get(root, "metrics");
    const struct ncm_node *tests = ncm_node_get(root, "tests");
    for (size_t i = 0; i < metrics->n; i++) {
        const struct ncm_node *m = &metrics->items[i], *config = ncm_node_get(m, "config");
        const struct ncm_node *value = ncm_node_get(m, "value");
        take_metric(r, ncm_node_str(config, "type", ""), config, ev_number(value),
                    ev_number(ncm_node_get(value, "share")),
                    verdict(tests, ncm_node_str(m, "id", "")));
    }
}

static void read_snapshot(struct reading *r, const struct ncm_node *root)
{
    const struct ncm_node *results = ncm_node_get(root, "metric_results");
    for (size_t i = 0; i < results->n; i++) {
        const struct ncm_node *m = &results->items[i];
        const struct ncm_node *metric =
            ncm_node_get(ncm_node_get(m, "metric_value_location"), "metric");
        const struct ncm_node *params = ncm_node_get(metric, "params");
        const struct ncm_node *share = ncm_node_get(m, "share");
        const struct ncm_node *nested = ncm_node_get(share, "value");
        take_metric(r, ncm_node_str(params, "type", ""), params,
                    ev_number(ncm_node_get(m, "value")), ev_number(nested != NULL ? nested : share),
                    verdict(ncm_node_get(m, "tests"), m->key));
    }
}

/* ---- 0.4 to 0.6 ------------------------------------------------------------------------------ */

static void take_column(struct reading *r, const struct ncm_node *result, const char *key)
{
    const char *column = ncm_node_str(result, "column_name", key);
    const struct ncm_node *score = ncm_node_get(result, "drift_score");
    if (column != NULL && score != NULL) {
        take(r, column, ncm_node_str(result, "stattest_name", ""),
             ev_number(ncm_node_get(result, "stattest_threshold")), ev_number(score),
             truth(ncm_node_get(result, "drift_detected")));
    }
}

static void read_legacy(struct reading *r, const struct ncm_node *metrics)
{
    bool shared = false;
    for (size_t i = 0; i < metrics->n; i++) {
        const struct ncm_node *result = ncm_node_get(&metrics->items[i], "result");
        const struct ncm_node *columns = ncm_node_get(result, "drift_by_columns");
        const struct ncm_node *share = ncm_node_get(result, "share_of_drifted_columns");
        for (size_t k = 0; columns != NULL && k < columns->n; k++) {
            take_column(r, &columns->items[k], columns->items[k].key);
        }
        take_column(r, result, NULL);
        const struct ncm_node *limit = ncm_node_get(result, "drift_share");
        if (share != NULL && limit != NULL && !shared) {
            shared = true; /* two metrics of a preset say the same */
            take(r, NULL, EV_SHARE, ev_number(limit), ev_number(share),
                 truth(ncm_node_get(result, "dataset_drift")));
        }
    }
}

/* Each column once: the test of all columns and those of single ones name them both. */
static void read_suite(struct reading *r, const struct ncm_node *tests)
{
    struct ncm_map *seen = ncm_map_new();
    for (size_t i = 0; i < tests->n; i++) {
        const struct ncm_node *params = ncm_node_get(&tests->items[i], "parameters");
        const struct ncm_node *features = ncm_node_get(params, "features");
        size_t n = features != NULL && features->kind == NCM_NODE_MAP ? features->n : 1;
        for (size_t k = 0; k < n; k++) {
            bool many = features != NULL && features->kind == NCM_NODE_MAP;
            const struct ncm_node *f = many ? &features->items[k] : params;
            const char *column = many ? f->key : ncm_node_str(params, "column_name", NULL);
            const struct ncm_node *score = ncm_node_get(f, "score");
            size_t ignored;
            if (column == NULL || score == NULL ||
                ncm_map_get(seen, column, strlen(column), &ignored)) {
                continue;
            }
            ncm_map_set(seen, column, strlen(column), 1);
            take(r, column, ncm_node_str(f, "stattest", ""),
                 ev_number(ncm_node_get(f, "threshold")), ev_number(score),
                 truth(ncm_node_get(f, "detected")));
        }
    }
    ncm_map_free(seen);
}

/* ---- any ------------------------------------------------------------------------------------- */

static bool is_legacy(const struct ncm_node *metrics)
{
    return is_list(metrics) && metrics->n > 0 && ncm_node_get(&metrics->items[0], "metric") != NULL;
}

bool ev_read_report(struct ev_builder *b, const char *name, const struct ncm_node *root,
                    int64_t time_ms, struct ncm_err *err)
{
    struct reading r = {.b = b, .time_ms = ncm_ask_time(ncm_node_str(root, "timestamp", NULL))};
    const struct ncm_node *metrics = ncm_node_get(root, "metrics");
    const struct ncm_node *tests = ncm_node_get(root, "tests");
    const struct ncm_node *results = ncm_node_get(root, "metric_results");
    r.time_ms = r.time_ms != NCM_NO_TIME ? r.time_ms : time_ms;
    if (results != NULL && results->kind == NCM_NODE_MAP) {
        read_snapshot(&r, root);
    } else if (is_legacy(metrics)) {
        read_legacy(&r, metrics);
    } else if (is_list(metrics)) {
        read_report(&r, root);
    } else if (is_list(tests)) {
        read_suite(&r, tests);
    } else {
        return ncm_fail(err, NCM_INVALID_DATA, _("%s is no report of Evidently"), name);
    }
    return r.taken > 0 || ncm_fail(err, NCM_INVALID_DATA,
                                   _("%s is a report without drift: it needs ValueDrift or "
                                     "a preset that has it"),
                                   name);
}

bool ncm_evidently_report(const char *name, const char *p, size_t len, int64_t time_ms,
                          struct ncm_evidently *out, struct ncm_err *err)
{
    struct ncm_doc *doc = NULL;
    struct ev_builder b;
    *out = (struct ncm_evidently){0};
    ev_builder_init(&b);
    bool ok = ncm_json_parse(name, p, len, &doc, err) &&
              ev_read_report(&b, name, ncm_doc_root(doc), time_ms, err) && ev_finish(&b, out, err);
    out->n_reports = ok ? 1 : 0;
    ev_builder_release(&b);
    ncm_doc_free(doc);
    return ok;
}
