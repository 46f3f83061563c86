/* Reading the registry (models/), for the files of this provider only. */
#ifndef NCM_MLFLOW_FILES_REGISTRY_H
#define NCM_MLFLOW_FILES_REGISTRY_H

#include "provider/mlflow_files/internal.h"

/* Models that are no prompts. */
bool files_count_models(struct ncm_conn *c, int64_t *out, struct ncm_err *err);
/* The whole registry but prompts and what is deleted; strings in arena. */
bool files_load_models(struct ncm_conn *c, const struct ncm_control *control, struct ncm_arena *a,
                       struct ncm_model **models, size_t *n, struct ncm_err *err);
/* The number in "version-4"; 0 for another name. */
int64_t files_version_number(const char *folder);

#endif
