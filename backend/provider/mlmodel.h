/* What a model folder tells of itself: its MLmodel file (YAML, MLflow 1 to 3) and requirements. */
#ifndef NCM_PROVIDER_MLMODEL_H
#define NCM_PROVIDER_MLMODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/registry.h"

#define NCM_MLMODEL_MOST (1 << 20) /* bytes read of either file */

/* The content of MLmodel into facts (strings in the arena). NCM_INVALID_DATA "MLmodel:line:…". */
bool ncm_mlmodel_parse(const char *p, size_t len, struct ncm_arena *a,
                       struct ncm_model_facts *facts, struct ncm_err *err);
/* The lines of requirements.txt (NUL-terminated). */
void ncm_mlmodel_requirements(const char *text, struct ncm_arena *a, struct ncm_model_facts *facts);
/* Both from a folder on this machine; sets facts->path. NCM_NOT_FOUND, NCM_IO, NCM_INVALID_DATA. */
bool ncm_mlmodel_folder(const char *folder, struct ncm_arena *a, struct ncm_model_facts *facts,
                        struct ncm_err *err);

#endif
