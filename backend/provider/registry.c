#include "provider/mlflow_files/mlflow_files.h"
#include "provider/mlflow_rest/mlflow_rest.h"
#include "provider/mlflow_sqlite/mlflow_sqlite.h"
#include "provider/provider.h"

const struct ncm_provider *const ncm_providers[] = {
    &ncm_mlflow_sqlite,
    &ncm_mlflow_files,
    &ncm_mlflow_rest,
    NULL,
};

const struct ncm_provider *ncm_provider_for(const char *location)
{
    const struct ncm_provider *best = NULL;
    int best_score = 0;
    for (size_t i = 0; ncm_providers[i] != NULL; i++) {
        int score = ncm_providers[i]->probe(location);
        if (score > best_score) {
            best = ncm_providers[i];
            best_score = score;
        }
    }
    return best;
}
