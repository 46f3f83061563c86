/* Our own state: one SQLite file with a versioned schema (audit chain, views). Beside a local store
 * it takes the store's mode and group. */
#ifndef NCM_ENGINE_STATE_H
#define NCM_ENGINE_STATE_H

#include "base/err.h"
#include "io/db.h"

/* Opens (and with create makes or upgrades) it. synchronous=FULL. NCM_NOT_FOUND where it is not
 * there and create is false; NCM_UNSUPPORTED where a newer ncmlops made it. */
bool ncm_state_open(const char *path, bool create, struct ncm_db **out, struct ncm_err *err);

#endif
