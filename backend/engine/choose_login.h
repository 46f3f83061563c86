/* How a server is entered where the configuration does not say: MLflow's own variables and files.
 */
#ifndef NCM_ENGINE_CHOOSE_LOGIN_H
#define NCM_ENGINE_CHOOSE_LOGIN_H

#include <stdbool.h>

#include "io/access.h"

/* A variable's value; NULL where it is not set or empty. */
const char *ncm_choose_env(const char *name);
/* The value of a key in the section [mlflow] of an INI text, as Python's configparser reads it
 * (keys in any case, "=" or ":", "%%" for "%"); NULL without. The caller frees. */
char *ncm_ini_value(const char *text, const char *key);
/* Whether it names a way to log in: then nothing of the environment is used with it. */
bool ncm_access_logs_in(const struct ncm_access *a);
/* Fills what is not set yet: MLFLOW_TRACKING_USERNAME and _PASSWORD (or ~/.mlflow/credentials),
 * MLFLOW_TRACKING_TOKEN, else ~/.netrc; the certificates, the workspace and the patience. */
void ncm_access_environment(struct ncm_access *a);

#endif
