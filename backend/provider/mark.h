/* The note that a stage or alias change leaves on a version for every other client: its tag
 * ncmlops.transition.<audit id> = {"actor","time","alias"?,"from","to","reason"}. */
#ifndef NCM_PROVIDER_MARK_H
#define NCM_PROVIDER_MARK_H

#include "base/buf.h"
#include "provider/provider.h"

#define NCM_MARK_PREFIX "ncmlops.transition."
/* Of a deployment: one annotation, the newest change wins: {"id","actor","time","from","to",
 * "reason"}. As the key of a change of a deployment: present gives its id, NULL without. */
#define NCM_MARK_DEPLOY "ncmlops/transition"

/* Appends the tag's value. alias NULL for stages; from, to NULL for absent. */
void ncm_mark_text(const struct ncm_mark *mark, int64_t time_ms, const char *alias,
                   const char *from, const char *to, struct ncm_buf *out);

#endif
