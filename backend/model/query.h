/* A question to a source. Equal questions have equal keys and are asked once. */
#ifndef NCM_MODEL_QUERY_H
#define NCM_MODEL_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

enum ncm_view { NCM_VIEW_ACTIVE, NCM_VIEW_DELETED, NCM_VIEW_ALL };

/* Owned strings; make with the functions below, free with ncm_query_free. Unused fields are NULL/0.
 */
struct ncm_query {
    enum ncm_topic topic;
    enum ncm_view view; /* EXPERIMENTS, RUNS */
    char **ids;         /* RUNS: experiment ids (none = all active experiments) */
    size_t n_ids;
    char *filter;  /* RUNS: search text */
    char **orders; /* RUNS: order texts (none = start_time DESC) */
    size_t n_orders;
    char **columns; /* RUNS: "metrics.K" "params.K" "tags.K" wanted in the pages */
    size_t n_columns;
    bool all_columns; /* RUNS: everything in the pages */
    bool nested;      /* RUNS: children follow their parents */
    bool lazy;        /* RUNS: rows may come as they are looked at, where all of them are dear;
                         the snapshot's total is -1 until all are there */
    bool sampled;     /* SERIES: an even sample is enough for a long history that would be dear */
    int64_t limit;    /* RUNS: 0 = all; SERIES: points wanted, 0 = all;
                         ARTIFACT: bytes wanted, 0 = the default of 256 KiB */
    char *id;         /* RUN, SERIES, ARTIFACTS, ARTIFACT: run id; FACTS, HOLDERS: model */
    char *key;        /* SERIES: metric key; ARTIFACTS, ARTIFACT: path ("" = top);
                         FACTS: version; HOLDERS: stage name, or "@alias" */
    int64_t at_ms;    /* AUDIT: since (NCM_NO_TIME = all); DRIFT_FEATURE, DRIFT_ROWS: the end of the
                         window (NCM_NO_TIME = the newest that has figures) */
    /* DRIFT: id "MODEL/MONITOR" or NULL = all; filter: settings of ncm_monitor_apply for a look at
     * other ones; limit: windows, 0 = 96. DRIFT_FEATURE: id, key = feature, filter. DRIFT_ROWS:
     * besides, orders[0] = "LO..HI", "=WORD" or "missing"; limit: rows.
     * ALERTS: id = the source ("ncmlops", "alertmanager", "prometheus"), view ALL: resolved ones
     * too. SILENCES: view ALL: expired ones too.
     * DEPLOYMENTS: id = the source's name. LOGS: id = "SOURCE/NAMESPACE/NAME"; key = the replica, or
     * NULL = all of them; columns[0] = the container, none = the first; view DELETED: of the
     * container before a restart; limit: lines of each replica, 0 = 200. RATES: at_ms = length of
     * the window in ms, NCM_NO_TIME = 5 min. ROLLOUTS: view ALL: ended ones too. */
};

struct ncm_query *ncm_query_new(enum ncm_topic topic);
struct ncm_query *ncm_query_dup(const struct ncm_query *q);
void ncm_query_free(struct ncm_query *q);
void ncm_query_add_id(struct ncm_query *q, const char *id);
void ncm_query_add_order(struct ncm_query *q, const char *order);
void ncm_query_add_column(struct ncm_query *q, const char *column);
/* Shorthands. */
struct ncm_query *ncm_query_run(const char *run_id);
struct ncm_query *ncm_query_series(const char *run_id, const char *key, int64_t points);
struct ncm_query *ncm_query_artifacts(const char *run_id, const char *path);
struct ncm_query *ncm_query_artifact(const char *run_id, const char *path, int64_t bytes);
struct ncm_query *ncm_query_facts(const char *model, const char *version);
struct ncm_query *ncm_query_holders(const char *model, const char *stage_or_alias);
/* Canonical text of everything that matters: equal queries, equal text. Caller frees. */
char *ncm_query_text(const struct ncm_query *q);

#endif
