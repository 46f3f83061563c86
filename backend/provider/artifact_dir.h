/* A run's artifacts in a folder on this machine. */
#ifndef NCM_PROVIDER_ARTIFACT_DIR_H
#define NCM_PROVIDER_ARTIFACT_DIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/snapshot.h"

#define NCM_ARTIFACT_BYTES (256 * 1024)       /* read where the query does not say how much */
#define NCM_ARTIFACT_MOST  (16 * 1024 * 1024) /* read at the most */

/* root/inner (caller frees); the file itself lies below root: links that lead out of it are
 * refused. NULL with NCM_REFUSED or NCM_NOT_FOUND. */
char *ncm_artifact_inside(const char *root, const char *inner, struct ncm_err *err);
/* Fills items, n and truncated with one folder below root ("" = root itself). */
bool ncm_artifact_list(const char *root, const char *inner, struct ncm_artifacts_snapshot *s,
                       struct ncm_err *err);
/* At most `most` bytes (0: NCM_ARTIFACT_BYTES) of a file into content, size, truncated, binary. */
bool ncm_artifact_read(const char *path, int64_t most, struct ncm_artifact_snapshot *s,
                       struct ncm_err *err);

#endif
