/* MLflow's file store (a folder mlruns/ of MLflow 1 to 3), read and written in place. */
#ifndef NCM_MLFLOW_FILES_H
#define NCM_MLFLOW_FILES_H

#include "provider/provider.h"

extern const struct ncm_provider ncm_mlflow_files;

#endif
