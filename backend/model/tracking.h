/* Records of a tracking store: experiments, runs, series, artifacts. Plain, immutable once part of
 * a snapshot; all strings live in the snapshot's arena. Times are ms since 1970 UTC,
 * NCM_NO_TIME where absent. */
#ifndef NCM_MODEL_TRACKING_H
#define NCM_MODEL_TRACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/value.h"

enum ncm_lifecycle { NCM_ACTIVE, NCM_DELETED };

struct ncm_experiment {
    struct ncm_str id, name, artifact_location;
    enum ncm_lifecycle lifecycle;
    int64_t creation_ms, last_update_ms;
    int64_t run_count;     /* active runs; -1 unknown */
    int64_t running_count; /* of these RUNNING; -1 unknown */
    int64_t newest_start_ms;
    struct ncm_kv *tags;
    size_t n_tags;
};

enum ncm_run_status {
    NCM_RUN_SCHEDULED,
    NCM_RUN_RUNNING,
    NCM_RUN_FINISHED,
    NCM_RUN_FAILED,
    NCM_RUN_KILLED,
    NCM_RUN_UNKNOWN, /* a word this version does not know; see status_text */
};

struct ncm_dataset_input {
    struct ncm_str name, digest, source_type, source, context; /* context: training, … or absent */
};

/* A model logged by the run (MLflow 3). */
struct ncm_logged_model {
    struct ncm_str id, name, status, artifact_location, model_type;
};

/* A registered version that came from the run. */
struct ncm_version_ref {
    struct ncm_str model, version, stage;
};

struct ncm_run {
    struct ncm_str id, name, experiment_id, user, status_text, artifact_uri;
    struct ncm_str parent_id; /* tag mlflow.parentRunId; absent without */
    enum ncm_run_status status;
    enum ncm_lifecycle lifecycle;
    int64_t start_ms, end_ms;
    /* In lists only the columns asked for; in a RUN snapshot everything, sorted by key (bytes). */
    struct ncm_metric *metrics;
    size_t n_metrics;
    struct ncm_kv *params;
    size_t n_params;
    struct ncm_kv *tags;
    size_t n_tags;
    /* RUN snapshot only. */
    struct ncm_dataset_input *inputs;
    size_t n_inputs;
    struct ncm_logged_model *logged_models;
    size_t n_logged_models;
    struct ncm_version_ref *versions;
    size_t n_versions;
};

/* One point of a metric's history, in step, then timestamp, then value order. */
struct ncm_point {
    int64_t step;
    int64_t timestamp_ms;
    struct ncm_value value;
};

struct ncm_artifact {
    struct ncm_str path; /* relative to the run's artifact root */
    bool is_dir;
    int64_t size; /* bytes; -1 for folders and where unknown */
};

/* "FINISHED" …; the names are the store's own. */
const char *ncm_run_status_name(enum ncm_run_status s);
enum ncm_run_status ncm_run_status_of(const char *name);
/* Whether a run of this status has ended: FINISHED, FAILED, KILLED. */
bool ncm_run_is_over(enum ncm_run_status s);

/* Look-ups by key (bytes) in sorted arrays; NULL where absent. */
const struct ncm_metric *ncm_run_metric(const struct ncm_run *r, const char *key);
const struct ncm_kv *ncm_run_param(const struct ncm_run *r, const char *key);
const struct ncm_kv *ncm_run_tag(const struct ncm_run *r, const char *key);
/* The cell for a column name: "metrics.K", "params.K", "tags.K" or an attribute
 * ("run_name" "status" "start_time" "end_time" "duration" "user_id" "run_id" "artifact_uri"). */
struct ncm_value ncm_run_cell(const struct ncm_run *r, const char *column);

/* Sorts metrics, params and tags by key (bytes), as the look-ups above need them. */
void ncm_run_sort(struct ncm_run *r);
/* A deep copy; every string and list lives in the arena. */
void ncm_run_copy(struct ncm_arena *a, struct ncm_run *to, const struct ncm_run *from);
/* Takes name, user and parent from the tags that stand in for them where the record has none
 * (mlflow.runName, mlflow.user, mlflow.parentRunId); without any name the id is it. Sorted tags. */
void ncm_run_defaults(struct ncm_run *r);
/* The same for who has only the values of the two tags (absent where there are none). */
void ncm_run_stand_in(struct ncm_run *r, struct ncm_str name_tag, struct ncm_str user_tag);

/* Whether greater is better, from the metric's name and the field's habits (loss, error, rmse,
 * latency… lower; auc, accuracy, f1… higher): +1, -1, or 0 where it cannot be told. */
int ncm_metric_direction(const char *key);

#endif
