/* Prometheus' HTTP API (2.x and 3.x, and what speaks the same: Thanos, Mimir, VictoriaMetrics,
 * Grafana's proxy): queries, rules, alerts, targets. One client belongs to one thread; only
 * ncm_prom_interrupt may be called from others.
 *
 * Every failure is one ncm_err: NCM_USAGE with the server's own words for a query that it does not
 * take (parse errors keep their line:column), NCM_REFUSED where it cannot be carried out,
 * NCM_TIMEOUT, NCM_UNREACHABLE, NCM_UNAUTHENTICATED, NCM_NOT_FOUND (no API at that address),
 * NCM_INVALID_DATA for what is no answer of Prometheus, NCM_TOO_LARGE beyond the limits. */
#ifndef NCM_PROMETHEUS_H
#define NCM_PROMETHEUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/alert.h"
#include "provider/metrics_text.h"
#include "provider/provider.h"

#define NCM_PROM_SERIES_MOST 10000   /* of one answer */
#define NCM_PROM_POINTS_MOST 1000000 /* of one answer, bins of histograms among them */
#define NCM_PROM_RESOLUTION  11000   /* (end - start) / step the server takes at most */

struct ncm_prom;

/* place->location: http(s)://HOST[:PORT][/PREFIX]. Sends nothing yet. NCM_USAGE where it is no
 * address. */
bool ncm_prom_open(const struct ncm_place *place, struct ncm_prom **out, struct ncm_err *err);
void ncm_prom_close(struct ncm_prom *p); /* NULL allowed */
/* Ends what another thread waits for with NCM_CANCELLED. In force until the next ncm_prom_ready. */
void ncm_prom_interrupt(struct ncm_prom *p);
/* Forgets an earlier interrupt: once at the start of what a lane does. */
void ncm_prom_ready(struct ncm_prom *p);

/* ---- queries ---- */

enum ncm_prom_kind { NCM_PROM_VECTOR, NCM_PROM_MATRIX, NCM_PROM_SCALAR, NCM_PROM_STRING };

/* value may be NaN or infinite. */
struct ncm_prom_point {
    int64_t t_ms;
    double value;
};

/* One bucket of a native histogram: count observations between low and high. */
struct ncm_prom_bin {
    double low, high, count;
    bool low_in, high_in; /* whether the bound itself belongs to it */
};
struct ncm_prom_histogram {
    int64_t t_ms;
    double count, sum;
    struct ncm_prom_bin *bins; /* ascending; empty ones are left out by the server */
    size_t n;
};

struct ncm_prom_series {
    struct ncm_str key;    /* ncm_labels_key of its labels: the same in every answer */
    struct ncm_kv *labels; /* sorted by name; none after some aggregations */
    size_t n_labels;
    struct ncm_prom_point *points; /* by time; what is missing is absent, so compare times */
    size_t n;
    struct ncm_prom_histogram *histograms; /* by time; a series may have both */
    size_t n_histograms;
};

/* All strings and arrays live in the arena. */
struct ncm_prom_answer {
    struct ncm_arena *arena;
    enum ncm_prom_kind kind;
    struct ncm_prom_series *series; /* VECTOR (one point or histogram each) and MATRIX, by key */
    size_t n;
    struct ncm_prom_point scalar;     /* SCALAR; STRING: its time */
    struct ncm_str text;              /* STRING */
    int64_t step_ms;                  /* of a range: the one that was asked for in the end */
    struct ncm_str *warnings, *infos; /* the server's remarks: worth showing */
    size_t n_warnings, n_infos;
};
void ncm_prom_answer_release(struct ncm_prom_answer *a);
/* The series of that key or NULL. O(log n). */
const struct ncm_prom_series *ncm_prom_find(const struct ncm_prom_answer *a, const char *key);

/* The smallest step of at least `least_ms` (and 1 ms) that the server takes for such a range:
 * (end - start) / step <= NCM_PROM_RESOLUTION. */
int64_t ncm_prom_step(int64_t start_ms, int64_t end_ms, int64_t least_ms);
/* Evaluates a query at start, start + step … end; the step is made longer where the server would
 * not take it. An unknown metric gives no series. On failure *out is empty. */
bool ncm_prom_range(struct ncm_prom *p, const char *query, int64_t start_ms, int64_t end_ms,
                    int64_t step_ms, const struct ncm_control *control, struct ncm_prom_answer *out,
                    struct ncm_err *err);
/* The same at one time; NCM_NO_TIME: the server's now. A range vector ("up[5m]") gives a MATRIX. */
bool ncm_prom_instant(struct ncm_prom *p, const char *query, int64_t at_ms,
                      const struct ncm_control *control, struct ncm_prom_answer *out,
                      struct ncm_err *err);

/* ---- rules, alerts, targets ---- */

struct ncm_prom_rule {
    struct ncm_str group, file, name, query;
    struct ncm_str state;  /* "inactive" "pending" "firing"; absent for a recording rule */
    struct ncm_str health; /* "ok" "err" "unknown" */
    struct ncm_str last_error;
    bool alerting;
    int64_t for_ms;
    struct ncm_kv *labels, *annotations; /* templates, not expanded */
    size_t n_labels, n_annotations;
    struct ncm_alert *alerts; /* of this rule, with query */
    size_t n_alerts;
};
struct ncm_prom_rules {
    struct ncm_arena *arena;
    struct ncm_prom_rule *items;
    size_t n;
};
bool ncm_prom_rules(struct ncm_prom *p, const struct ncm_control *control,
                    struct ncm_prom_rules *out, struct ncm_err *err);
void ncm_prom_rules_release(struct ncm_prom_rules *r);

/* Pending and firing alerts, with since_ms = activeAt and their value; id is the fingerprint of the
 * labels. In the order of ncm_alert_compare. /alerts knows no query: ncm_prom_rules does. */
struct ncm_prom_alerts {
    struct ncm_arena *arena;
    struct ncm_alert *items;
    size_t n;
};
bool ncm_prom_alerts(struct ncm_prom *p, const struct ncm_control *control,
                     struct ncm_prom_alerts *out, struct ncm_err *err);
void ncm_prom_alerts_release(struct ncm_prom_alerts *a);

struct ncm_prom_target {
    struct ncm_str job, instance, url;
    struct ncm_str health; /* "up" "down" "unknown" */
    struct ncm_str last_error, interval;
    int64_t last_scrape_ms; /* NCM_NO_TIME: never */
    double duration_s;      /* of the last scrape */
    struct ncm_kv *labels;
    size_t n_labels;
};
struct ncm_prom_targets {
    struct ncm_arena *arena;
    struct ncm_prom_target *items; /* those that are not up first, then by job and instance */
    size_t n;
};
bool ncm_prom_targets(struct ncm_prom *p, const struct ncm_control *control,
                      struct ncm_prom_targets *out, struct ncm_err *err);
void ncm_prom_targets_release(struct ncm_prom_targets *t);

/* The version as the server says it; "" where it does not know (builds from source). */
bool ncm_prom_version(struct ncm_prom *p, const struct ncm_control *control, char out[64],
                      struct ncm_err *err);

/* ---- without a server in between ---- */

/* Reads the metrics of a model server itself; `path` below the client's address ("/metrics", or ""
 * where the address names it already). */
bool ncm_prom_scrape(struct ncm_prom *p, const char *path, const struct ncm_control *control,
                     struct ncm_metrics *out, struct ncm_err *err);

/* The provider: topics STORE and ALERTS (from rules, else alerts), doctor. Only read; never chosen
 * for a location. */
extern const struct ncm_provider ncm_prometheus;

#endif
