/* Where an artifact URI of a store on this machine lies. */
#ifndef NCM_PROVIDER_ARTIFACT_PLACE_H
#define NCM_PROVIDER_ARTIFACT_PLACE_H

#include "base/mem.h"

/* `inner` below a folder, where that is a folder itself (caller frees); else NULL. */
char *ncm_artifact_beside(const char *folder, const char *inner);

/* The folder that the URI names, where there is one (caller frees); else NULL and the reason in the
 * arena. folder: the one that the store lies in; relative paths and a server's own artifacts are
 * looked for there. moved(to, path) looks for an absolute path that is not there (anymore). */
char *ncm_artifact_place(const char *folder, const char *uri,
                         char *(*moved)(const void *to, const char *path), const void *to,
                         struct ncm_arena *a, struct ncm_str *why);

/* Where a new run of an experiment puts its artifacts, as MLflow makes the URI:
 * LOCATION/RUN/artifacts, before what a URI has behind "?" or "#". The caller frees. */
char *ncm_artifact_uri_of_run(const char *location, const char *run_id);

#endif
