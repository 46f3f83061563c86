/* Writing one artifact out to a file, whole, whatever its size. */
#ifndef NCM_OPS_DOWNLOAD_H
#define NCM_OPS_DOWNLOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/session.h"

struct ncm_download {
    char *run_id, *path; /* of the artifact */
    char *file;          /* where to */
    atomic_llong bytes;  /* written so far; any thread */
};

/* A job on the actions lane; the result's arg is the struct ncm_download (ncm_download_free it).
 * The file appears under its name only when it is whole. Errors: NCM_NOT_FOUND, NCM_IO (also the
 * disk being full), NCM_CANCELLED, and those of the source. */
uint64_t ncm_download_start(struct ncm_session *s, struct ncm_download *d);
struct ncm_download *ncm_download_new(const char *run_id, const char *path, const char *file);
void ncm_download_free(void *d); /* NULL allowed */
/* Headless: waits as long as bytes keep coming; NCM_TIMEOUT when none came for the session's
 * time-out. Frees d; *bytes gets how many were written. */
bool ncm_download_wait(struct ncm_session *s, struct ncm_download *d, int64_t *bytes,
                       struct ncm_err *err);

#endif
