/* What is wrong with the data itself, as records of a comparison. */
#ifndef NCM_OPS_DRIFT_FINDINGS_H
#define NCM_OPS_DRIFT_FINDINGS_H

#include "ops/drift/compare.h"

/* Of one column that was compared: missing, range, new and lost categories, constant, infinite,
 * negative. Appends to out->findings, which it makes in the arena. */
void ncm_drift_findings(const struct ncm_drift_input *ref, const struct ncm_drift_input *cur,
                        struct ncm_drift_column *out, struct ncm_arena *a);
/* Of two tables: columns that came, went or changed their type. In the arena. */
void ncm_drift_schema_findings(const struct ncm_frame *ref, const struct ncm_frame *cur,
                               struct ncm_arena *a, struct ncm_drift_finding **out, size_t *n);

#endif
