/* What a logged model (MLflow 3) keeps of the versions made from it: its tag mlflow.modelVersions =
 * [{"name", "version"}, …]. */
#ifndef NCM_PROVIDER_LOGGED_H
#define NCM_PROVIDER_LOGGED_H

#include <stdint.h>

#include "base/buf.h"

#define NCM_LOGGED_VERSIONS "mlflow.modelVersions"

/* Appends the tag's value with one version more than `old` (NULL: there is no such tag). */
void ncm_logged_versions(const char *old, const char *name, int64_t version, struct ncm_buf *out);

#endif
