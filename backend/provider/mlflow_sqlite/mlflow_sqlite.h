/* MLflow's SQLite database, opened in place (schemas of MLflow 1.30 to the newest; features are
 * detected by column, never by revision). */
#ifndef NCM_MLFLOW_SQLITE_H
#define NCM_MLFLOW_SQLITE_H

#include "provider/provider.h"

/* location: path of the file. */
extern const struct ncm_provider ncm_mlflow_sqlite;

#endif
