/* The demo's prediction logs: a reference, what two models answered in the last hours, and the rows
 * that go on coming; the inputs of one of them drift. */
#ifndef NCM_OPS_DEMO_PREDICT_H
#define NCM_OPS_DEMO_PREDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Makes ROOT/data, ROOT/predictions and ROOT/config.yaml where they are not there; a log that
 * nobody has written to for a while is begun anew, so that its windows have rows. */
bool ncm_demo_predictions_make(const char *root, int64_t now_ms, struct ncm_err *err);
/* Appends the rows of since_ms … now_ms (of the last three hours at most), a few a second. A log
 * that has grown large is renamed first, as log rotation does. */
bool ncm_demo_predictions_add(const char *root, int64_t since_ms, int64_t now_ms,
                              struct ncm_err *err);

#endif
