/* The demo workspace: an mlflow.db with the newest stock schema and believable history, and a
 * companion process that keeps two runs training. */
#ifndef NCM_OPS_DEMO_H
#define NCM_OPS_DEMO_H

#include <stdbool.h>

#include "base/err.h"

/* Where ncm_demo_make(dir) makes it: the path of the mlflow.db, as far as it can be told before.
 * The caller frees. */
char *ncm_demo_path(const char *dir);
/* Makes dir (NULL: a folder "ncmlops-demo" under the state folder) with mlflow.db and artifacts;
 * one that is there already is used as it is, never overwritten. *path (caller frees) = the
 * mlflow.db. */
bool ncm_demo_make(const char *dir, char **path, struct ncm_err *err);
/* The configuration that lies beside such an mlflow.db, with its monitors; its context is "demo".
 * The caller frees. */
char *ncm_demo_config(const char *path);
/* The companion: appends metric points to two running runs (and starts new ones when they end),
 * and rows to the prediction logs,
 * until *stop (set by a signal handler or, atomically, by another thread) or its parent is gone.
 * Blocks. */
bool ncm_demo_train(const char *path, const volatile int *stop, struct ncm_err *err);

#endif
