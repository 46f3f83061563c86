/* OpenMetrics text (Prometheus' text file collector reads it): the newest figures. */
#include <inttypes.h>
#include <math.h>

#include "base/buf.h"
#include "base/num.h"
#include "model/alert_labels.h"
#include "ops/watch/loop.h"

enum { TEXT_MOST = 4 << 20 };

static void put_label(struct ncm_buf *b, const char *name, struct ncm_str value, const char *next)
{
    ncm_buf_printf(b, "%s=", name);
    ncm_labels_quote(ncm_cstr(value), value.len, b);
    ncm_buf_puts(b, next);
}

static void put_monitor(struct ncm_buf *b, const char *metric, const struct ncm_drift_monitor *m)
{
    ncm_buf_printf(b, "%s{", metric);
    put_label(b, "model", m->model, ",");
    put_label(b, "monitor", m->name, "} ");
}

static void put_feature(struct ncm_buf *b, const char *metric, const struct ncm_drift_monitor *m,
                        const struct ncm_drift_feature *f, const char *extra, double v)
{
    char text[40];
    ncm_buf_printf(b, "%s{", metric);
    put_label(b, "model", m->model, ",");
    put_label(b, "monitor", m->name, ",");
    put_label(b, "feature", f->name, ",");
    put_label(b, "method", f->method, "");
    ncm_fmt_exact(text, sizeof text, v);
    ncm_buf_printf(b, "%s} %s\n", extra, isinf(v) ? (v > 0 ? "+Inf" : "-Inf") : text);
}

static void head(struct ncm_buf *b, const char *metric, const char *help)
{
    ncm_buf_printf(b, "# HELP %s %s\n# TYPE %s gauge\n", metric, help, metric);
}

static void put_figures(struct ncm_buf *b, const struct ncm_drift_snapshot *s)
{
    head(b, "ncmlops_drift", "Figure of the newest window of a monitored feature.");
    for (size_t i = 0; i < s->n; i++) {
        for (size_t k = 0; k < s->items[i].n_features; k++) {
            const struct ncm_drift_feature *f = &s->items[i].features[k];
            if (!isnan(f->last)) {
                put_feature(b, "ncmlops_drift", &s->items[i], f, "", f->last);
            }
        }
    }
    head(b, "ncmlops_drift_threshold", "From where on a figure matters.");
    for (size_t i = 0; i < s->n; i++) {
        for (size_t k = 0; k < s->items[i].n_features; k++) {
            const struct ncm_drift_feature *f = &s->items[i].features[k];
            if (!isnan(f->warning)) {
                put_feature(b, "ncmlops_drift_threshold", &s->items[i], f, ",level=\"warning\"",
                            f->warning);
            }
            if (!isnan(f->critical)) {
                put_feature(b, "ncmlops_drift_threshold", &s->items[i], f, ",level=\"critical\"",
                            f->critical);
            }
        }
    }
}

static int level(enum ncm_drift_state s)
{
    return s == NCM_DRIFT_CRITICAL ? 2 : s == NCM_DRIFT_WARNING ? 1 : s == NCM_DRIFT_OK ? 0 : -1;
}

char *ncm_watch_metrics(const struct ncm_drift_snapshot *s)
{
    struct ncm_buf b;
    ncm_buf_init(&b, TEXT_MOST);
    put_figures(&b, s);
    head(&b, "ncmlops_monitor_state",
         "0 ok, 1 warning, 2 critical, -1 not known (no data, too few rows).");
    for (size_t i = 0; i < s->n; i++) {
        put_monitor(&b, "ncmlops_monitor_state", &s->items[i]);
        ncm_buf_printf(&b, "%d\n", level(s->items[i].state));
    }
    head(&b, "ncmlops_monitor_up", "1 where the newest look at a monitor's source went well.");
    for (size_t i = 0; i < s->n; i++) {
        put_monitor(&b, "ncmlops_monitor_up", &s->items[i]);
        ncm_buf_printf(&b, "%d\n", s->items[i].error.p == NULL);
    }
    head(&b, "ncmlops_monitor_window_end_seconds", "End of the newest window.");
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_drift_monitor *m = &s->items[i];
        if (m->n_windows > 0) {
            int64_t end = m->windows[m->n_windows - 1].end_ms;
            put_monitor(&b, "ncmlops_monitor_window_end_seconds", m);
            ncm_buf_printf(&b, "%" PRId64 ".%03d\n", end / 1000, (int)(end % 1000));
        }
    }
    ncm_buf_puts(&b, "# EOF\n");
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}
