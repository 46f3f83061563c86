/* A run's artifacts in a folder on this machine. */
#ifndef NCM_PROVIDER_ARTIFACT_DIR_H
#define NCM_PROVIDER_ARTIFACT_DIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/snapshot.h"
#include "provider/provider.h"

#define NCM_ARTIFACT_BYTES (256 * 1024)       /* read where the query does not say how much */
#define NCM_ARTIFACT_MOST  (16 * 1024 * 1024) /* read at the most */

/* root/inner (caller frees); the file itself lies below root: links that lead out of it are
 * refused. NULL with NCM_REFUSED or NCM_NOT_FOUND. */
char *ncm_artifact_inside(const char *root, const char *inner, struct ncm_err *err);
/* Fills items, n and truncated with one folder below root ("" = root itself). */
bool ncm_artifact_list(const char *root, const char *inner, struct ncm_artifacts_snapshot *s,
                       struct ncm_err *err);
/* The file into content, size, truncated and binary: at most the bytes that the query wants (0:
 * NCM_ARTIFACT_BYTES); or all of it into the fetch's sink. */
bool ncm_artifact_read(const char *path, const struct ncm_fetch *f, struct ncm_artifact_snapshot *s,
                       struct ncm_err *err);

#endif
