/* Which store to open, and why: --store; --context or NCMLOPS_CONTEXT; MLFLOW_TRACKING_URI; the
 * configuration's current context; ./mlflow.db; ./mlruns. */
#ifndef NCM_ENGINE_CHOOSE_H
#define NCM_ENGINE_CHOOSE_H

#include <stdbool.h>

#include "base/err.h"
#include "engine/config.h"
#include "io/access.h"

struct ncm_choice {
    char *location; /* path or URL for the provider */
    char *registry; /* of another registry than the store's own; NULL: there is none */
    char *label;    /* the location for people: no secrets, ~ for the home folder */
    char *why;     /* "--store", "MLFLOW_TRACKING_URI", "context prod-seoul", "mlflow.db is here" */
    char *also;    /* a store in the folder that lost, and how to open it; NULL without */
    char *context; /* name or NULL */
    struct ncm_access access;          /* how the store is entered */
    struct ncm_access registry_access; /* and the registry: the same, or as its address says */
    bool protect;
    bool read_only; /* the context's own setting */
};

/* "sqlite:///REL", "sqlite:////ABS", "file://…", a path, http(s):// → location for a provider:
 * an absolute path, or an address without user, parameters and slash at the end. dir: what paths
 * are relative to; NULL: the current folder. The caller frees. NCM_USAGE for what is none of them.
 */
bool ncm_store_location(const char *uri, const char *dir, char **location, struct ncm_err *err);
/* NCM_NOT_FOUND with the ways as hint where there is none. */
bool ncm_choose_store(const char *store, const char *context, const struct ncm_config *config,
                      struct ncm_choice *out, struct ncm_err *err);
/* After ncm_choose_store found none: without a store, where `need` allows that and none was named;
 * else false. */
struct ncm_session_options;
bool ncm_choose_none(const struct ncm_session_options *o, const struct ncm_config *config,
                     struct ncm_choice *out);
/* The same as if there were no configuration: MLFLOW_TRACKING_URI, or what lies in the folder. */
bool ncm_choose_plain(struct ncm_choice *out, struct ncm_err *err);
void ncm_choice_release(struct ncm_choice *c);

#endif
