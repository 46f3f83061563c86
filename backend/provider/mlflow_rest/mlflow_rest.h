/* An MLflow tracking server over its REST API (1.30 to the newest). */
#ifndef NCM_MLFLOW_REST_H
#define NCM_MLFLOW_REST_H

#include "provider/provider.h"

/* location: http(s)://HOST[:PORT][/PREFIX]. */
extern const struct ncm_provider ncm_mlflow_rest;

#endif
