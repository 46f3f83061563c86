/* The text format of /metrics (version 0.0.4, and of OpenMetrics what a scrape needs): for servers
 * that nobody scrapes. Pure. */
#ifndef NCM_PROVIDER_METRICS_TEXT_H
#define NCM_PROVIDER_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/value.h"

#define NCM_METRICS_SAMPLES_MOST 1000000
#define NCM_METRICS_LABELS_MOST  64 /* of one sample */

enum ncm_metric_type {
    NCM_METRIC_UNTYPED,
    NCM_METRIC_COUNTER,
    NCM_METRIC_GAUGE,
    NCM_METRIC_HISTOGRAM,
    NCM_METRIC_SUMMARY,
};

struct ncm_metrics_sample {
    struct ncm_str name;   /* with its suffix: "x_bucket" */
    struct ncm_kv *labels; /* sorted by name, without the metric's name */
    size_t n_labels;
    double value;    /* may be NaN or infinite */
    int64_t time_ms; /* NCM_NO_TIME where the line has none */
    size_t family;   /* index */
};

struct ncm_metrics_family {
    struct ncm_str name, help; /* help absent without a HELP line */
    enum ncm_metric_type type;
};

struct ncm_metrics {
    struct ncm_arena *arena;
    struct ncm_metrics_family *families; /* in the order of their first line */
    size_t n_families;
    struct ncm_metrics_sample *samples; /* in the order of the text */
    size_t n;
};

/* name: what the text is, for messages. A line that is none makes the whole text none, as it does
 * for Prometheus: NCM_INVALID_DATA "name:line:column: …"; NCM_TOO_LARGE beyond the limits.
 * Exemplars and the time in seconds of OpenMetrics (text that ends in "# EOF") are understood.
 * O(bytes). */
bool ncm_metrics_parse(const char *name, const char *p, size_t len, struct ncm_metrics *out,
                       struct ncm_err *err);
void ncm_metrics_release(struct ncm_metrics *m);
/* The family of that name or NULL. O(families). */
const struct ncm_metrics_family *ncm_metrics_family(const struct ncm_metrics *m, const char *name);
/* "counter" … as TYPE lines say it. */
const char *ncm_metric_type_word(enum ncm_metric_type type);

#endif
