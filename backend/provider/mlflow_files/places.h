/* Where artifact URIs lie on this machine, for the files of this provider only. */
#ifndef NCM_MLFLOW_FILES_PLACES_H
#define NCM_MLFLOW_FILES_PLACES_H

#include "provider/mlflow_files/internal.h"

/* The folder on this machine that an artifact URI names, where there is one (caller frees); else
 * NULL and the reason in the arena. A store that was moved, or whose experiment went to .trash, is
 * looked through for the same experiment. The experiments must have been scanned. */
char *files_artifact_folder(struct ncm_conn *c, const char *uri, struct ncm_arena *a,
                            struct ncm_str *why);
/* The same for a run's own artifacts: where its URI is gone, the folder in the run. *none: there is
 * no such folder as the run never got a file. */
char *files_run_artifacts(struct ncm_conn *c, const struct files_run *r, struct ncm_arena *a,
                          struct ncm_str *why, bool *none);

#endif
