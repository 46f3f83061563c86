/* A model's drift in little, beside other things: the last windows of its worst feature. */
#ifndef TUI_PANE_COMMON_DRIFT_H
#define TUI_PANE_COMMON_DRIFT_H

#include "api/drift.h"
#include "ui/widget.h"

/* The last windows of the model's worst feature, at most max, oldest first; 0 where nothing watches
 * it. *worst (may be NULL) gets the feature. s may be NULL. */
size_t common_drift_cells(const struct ncm_drift_snapshot *s, struct ncm_str model,
                          struct heat_cell *out, size_t max,
                          const struct ncm_drift_feature **worst);
/* "▁▁▃█ 0.31 merchant_cat"; "" where nothing watches it. Returns the role of its state. */
enum role common_drift_text(const struct ncm_drift_snapshot *s, struct ncm_str model, char *out,
                            size_t outsz);

#endif
