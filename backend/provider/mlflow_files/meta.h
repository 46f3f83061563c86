/* The meta.yaml files of MLflow's file store as records. Pure: bytes in, records out, any thread.
 * What is not as MLflow needs it is refused with a sentence that names the file and the key. */
#ifndef NCM_MLFLOW_FILES_META_H
#define NCM_MLFLOW_FILES_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/registry.h"
#include "model/tracking.h"

#define FILES_META_MOST (4 << 20) /* bytes read of one meta.yaml: a dataset's profile is in it */

/* Strings lie in `text`, one block that the owner frees with ncm_free. */
struct files_run_meta {
    char *text;
    struct ncm_str id, experiment_id, name, user, artifact_uri;
    enum ncm_run_status status;
    enum ncm_lifecycle lifecycle;
    int64_t start_ms, end_ms;
};
struct files_experiment_meta {
    char *text;
    struct ncm_str id, name, artifact_location;
    enum ncm_lifecycle lifecycle;
    int64_t creation_ms, last_update_ms;
    bool three; /* it has keys that only MLflow 3 writes */
};

/* `name`: path of the file, for messages. All fail with NCM_INVALID_DATA or NCM_TOO_LARGE and then
 * own nothing. */
bool files_meta_run(const char *name, const char *p, size_t len, struct files_run_meta *out,
                    struct ncm_err *err);
bool files_meta_experiment(const char *name, const char *p, size_t len,
                           struct files_experiment_meta *out, struct ncm_err *err);

/* The others fill records whose strings lie in the arena. */
bool files_meta_model(const char *name, const char *p, size_t len, struct ncm_arena *a,
                      struct ncm_model *out, struct ncm_err *err);
/* *storage (may be NULL) gets storage_location. */
bool files_meta_version(const char *name, const char *p, size_t len, struct ncm_arena *a,
                        struct ncm_model_version *out, struct ncm_str *storage,
                        struct ncm_err *err);
bool files_meta_dataset(const char *name, const char *p, size_t len, struct ncm_arena *a,
                        struct ncm_dataset_input *out, struct ncm_err *err);
struct files_logged_meta {
    struct ncm_logged_model model;
    struct ncm_str experiment_id, source_run;
    int64_t creation_ms;
    bool deleted;
};
bool files_meta_logged(const char *name, const char *p, size_t len, struct ncm_arena *a,
                       struct files_logged_meta *out, struct ncm_err *err);

/* inputs/…/meta.yaml and outputs/…/meta.yaml of a run: from a dataset, or to a logged model. */
struct files_link_meta {
    struct ncm_str source_type, source_id, destination_type, destination_id;
    struct ncm_str context; /* tag mlflow.data.context; absent without */
};
bool files_meta_link(const char *name, const char *p, size_t len, struct ncm_arena *a,
                     struct files_link_meta *out, struct ncm_err *err);

#endif
