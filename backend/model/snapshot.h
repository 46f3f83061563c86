/* Immutable snapshots: what passes from a source's thread to whoever reads. Reference-counted;
 * anyone may read one without a lock while holding a reference. A list snapshot is made of
 * reference-counted chunks (an arena each), so that an update replaces only those it touches. */
#ifndef NCM_MODEL_SNAPSHOT_H
#define NCM_MODEL_SNAPSHOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/alert.h"
#include "model/registry.h"
#include "model/tracking.h"

enum ncm_topic {
    NCM_T_STORE,         /* struct ncm_store_snapshot */
    NCM_T_EXPERIMENTS,   /* struct ncm_experiments_snapshot */
    NCM_T_RUN_KEYS,      /* struct ncm_run_keys_snapshot: which metric/param/tag keys there are */
    NCM_T_RUNS,          /* struct ncm_runs_snapshot */
    NCM_T_RUN,           /* struct ncm_run_snapshot */
    NCM_T_SERIES,        /* struct ncm_series_snapshot */
    NCM_T_ARTIFACTS,     /* struct ncm_artifacts_snapshot: one folder */
    NCM_T_ARTIFACT,      /* struct ncm_artifact_snapshot: bounded content of one file */
    NCM_T_MODELS,        /* struct ncm_models_snapshot: the whole registry but prompts */
    NCM_T_FACTS,         /* struct ncm_facts_snapshot: MLmodel of one version */
    NCM_T_AUDIT,         /* struct ncm_audit_snapshot (ops) */
    NCM_T_HOLDERS,       /* struct ncm_holders_snapshot (ops) */
    NCM_T_ALERTS,        /* struct ncm_alerts_snapshot: of one source */
    NCM_T_SILENCES,      /* struct ncm_silences_snapshot */
    NCM_T_DRIFT,         /* struct ncm_drift_snapshot (model/drift.h) */
    NCM_T_DRIFT_FEATURE, /* struct ncm_drift_feature_snapshot */
    NCM_T_DRIFT_ROWS,    /* struct ncm_drift_rows_snapshot: rows behind a bar */
    NCM_T_DEPLOYMENTS,   /* struct ncm_deployments_snapshot (model/deploy.h): of one source */
    NCM_T_LOGS,          /* struct ncm_logs_snapshot: of one deployment's replicas */
    NCM_T_RATES,         /* struct ncm_rates_snapshot: of a metrics store */
    NCM_T_ROLLOUTS,      /* struct ncm_rollouts_snapshot (ops/rollout/rollout.h) */
    NCM_N_TOPICS,
};

/* First member of every snapshot. */
struct ncm_snapshot {
    atomic_int refs;
    enum ncm_topic topic;
    int64_t taken_ms;        /* wall clock when its data was read */
    bool provisional;        /* a better one follows (first rows before the exact order) */
    struct ncm_arena *arena; /* everything but shared chunks */
    void (*release)(struct ncm_snapshot *s); /* drops shared chunks; may be NULL */
};

/* A zeroed snapshot of `size` bytes (first member struct ncm_snapshot) in a fresh arena, one
 * reference, taken now. */
void *ncm_snapshot_new(enum ncm_topic topic, size_t size);
/* Take / drop a reference; NULL allowed. Any thread. */
void *ncm_snapshot_ref(const void *s);
void ncm_snapshot_unref(const void *s);

struct ncm_store_snapshot {
    struct ncm_snapshot head;
    struct ncm_str kind;     /* "MLflow SQLite" */
    struct ncm_str location; /* what the person knows it by; no secrets */
    struct ncm_str schema;   /* "dc11669786a5" */
    struct ncm_str release;  /* "MLflow 3.17", "newer than MLflow 3.17 or unknown" */
    bool writable;
    struct ncm_str why_read_only; /* absent where writable */
    bool has_stages, has_aliases, has_inputs, has_logged_models, has_registry;
    struct ncm_str server; /* a tracking server that owns the file: "pid 123 mlflow server …" */
    int64_t n_experiments, n_runs, n_models; /* -1 unknown */
};

struct ncm_experiments_snapshot {
    struct ncm_snapshot head;
    struct ncm_experiment *items; /* newest update first, then id */
    size_t n;
};

struct ncm_run_keys_snapshot {
    struct ncm_snapshot head;
    struct ncm_str *metrics, *params, *tags; /* sorted by bytes */
    size_t n_metrics, n_params, n_tags;
};

/* One row of the order: a provider's own handle (rowid, a fingerprint of the id), by which marks
 * and the selection know the run in every later snapshot too, and its place in the nesting. */
struct ncm_run_ref {
    int64_t handle;
    int32_t parent; /* index of the parent row in this snapshot; -1 at the top */
    uint16_t depth;
    uint8_t has_children;
    uint8_t running;
};

#define NCM_RUNS_CHUNK 4096 /* refs a chunk */
#define NCM_RUNS_PAGE  128  /* runs a page */

struct ncm_refs_chunk {
    atomic_int users;
    struct ncm_run_ref refs[NCM_RUNS_CHUNK];
};

struct ncm_runs_page {
    atomic_int users;
    struct ncm_arena *arena;
    int64_t taken_ms;
    size_t n;
    struct ncm_run runs[NCM_RUNS_PAGE];
};

/* The runs that a query gives, in its order. All refs are there; pages of full rows only where
 * someone looked (the window of the want), so memory follows what is shown. */
struct ncm_runs_snapshot {
    struct ncm_snapshot head;
    size_t n;      /* rows */
    int64_t total; /* that match without the limit; -1 not known yet */
    struct ncm_refs_chunk **chunks;
    size_t n_chunks;
    struct ncm_runs_page **pages; /* n_pages pointers, NULL where not loaded */
    size_t n_pages;
};

/* A zeroed chunk with one user, for a runs snapshot to own or share. ncm_refs_chunk_share adds a
 * user and returns it; dropping the last one frees it. NULL allowed. ncm_snapshot_new sets the
 * release of a RUNS snapshot to one that drops all its chunks and pages. */
struct ncm_refs_chunk *ncm_refs_chunk_new(void);
struct ncm_refs_chunk *ncm_refs_chunk_share(struct ncm_refs_chunk *c);
void ncm_refs_chunk_drop(struct ncm_refs_chunk *c);
/* The same for a page of full rows, which has an arena of its own. */
struct ncm_runs_page *ncm_runs_page_new(void);
struct ncm_runs_page *ncm_runs_page_share(struct ncm_runs_page *p);
void ncm_runs_page_drop(struct ncm_runs_page *p);

/* A RUNS snapshot of n rows: one reference, all chunks and pages NULL. */
struct ncm_runs_snapshot *ncm_runs_snapshot_new(size_t n);
/* Gives s its n refs, sharing the chunks of `previous` (may be NULL) that are the same. */
void ncm_runs_set_refs(struct ncm_runs_snapshot *s, const struct ncm_run_ref *refs,
                       const struct ncm_runs_snapshot *previous);
/* A snapshot with the same rows as `from` (taken_ms and total too) and no pages. */
struct ncm_runs_snapshot *ncm_runs_same_rows(const struct ncm_runs_snapshot *from);
/* Children after their parents: parent[i] is the index of row i's parent, or -1; a cycle is cut.
 * order[k] gets the row that stands at place k; out[k] its parent's place, depth and has_children
 * (handle and running are left as they are). parent is overwritten. n <= INT32_MAX. O(n). */
void ncm_runs_nest(int32_t *parent, size_t n, int32_t *order, struct ncm_run_ref *out);

/* NULL where i is beyond the rows. */
const struct ncm_run_ref *ncm_runs_ref(const struct ncm_runs_snapshot *s, size_t i);
/* NULL where its page is not loaded. */
const struct ncm_run *ncm_runs_at(const struct ncm_runs_snapshot *s, size_t i);

struct ncm_run_snapshot {
    struct ncm_snapshot head;
    struct ncm_run run;
};

struct ncm_series_snapshot {
    struct ncm_snapshot head;
    struct ncm_str run_id, key;
    struct ncm_point *points; /* may be down-sampled: min, max, first, last of each bucket kept */
    size_t n;
    int64_t total; /* points in the store */
};

struct ncm_artifacts_snapshot {
    struct ncm_snapshot head;
    struct ncm_str root; /* URI of the run's artifacts */
    struct ncm_str why;  /* absent, or why they cannot be listed from here */
    bool none;           /* with why: other runs' folders are here, this one never got any file */
    struct ncm_artifact *items;
    size_t n;
    bool truncated;
};

struct ncm_artifact_snapshot {
    struct ncm_snapshot head;
    struct ncm_str path;
    struct ncm_str content; /* at most the asked bytes */
    int64_t size;
    bool truncated, binary;
};

struct ncm_models_snapshot {
    struct ncm_snapshot head;
    struct ncm_model *items; /* by name (bytes) */
    size_t n;
};

struct ncm_facts_snapshot {
    struct ncm_snapshot head;
    struct ncm_model_facts facts;
};

const struct ncm_model *ncm_models_find(const struct ncm_models_snapshot *s, const char *name);

/* One record of our audit. */
struct ncm_audit_entry {
    struct ncm_str id, actor, host, action, subject, from, to, reason, result, hash, store;
    struct ncm_str changes;       /* JSON of the change list */
    struct ncm_str undone_action; /* the action that this one took back; absent for the others */
    int64_t time_ms;
    bool mine;     /* by this user on this host */
    bool undoable; /* done, invertible and not undone yet */
};

struct ncm_audit_snapshot {
    struct ncm_snapshot head;
    struct ncm_audit_entry *items; /* newest first */
    size_t n;
    bool verified;            /* the chain was walked */
    struct ncm_str broken_id; /* first broken record; absent where whole */
    struct ncm_str broken_why;
};

/* Who held a stage or an alias, newest first. */
struct ncm_holder {
    struct ncm_str version, actor, reason;
    int64_t from_ms, until_ms; /* NCM_NO_TIME: unknown / still */
    struct ncm_str known_from; /* "audit" "tag" "registry" */
};

struct ncm_holders_snapshot {
    struct ncm_snapshot head;
    struct ncm_holder *items;
    size_t n;
};

/* Firing first, then pending, then what is kept quiet; the gravest first within each. */
struct ncm_alerts_snapshot {
    struct ncm_snapshot head;
    struct ncm_alert *items;
    size_t n;
};

/* Active first, then pending, then expired; what ends last first within each. */
struct ncm_silences_snapshot {
    struct ncm_snapshot head;
    struct ncm_silence *items;
    size_t n;
};

#endif
