/* The words of the audit for people; records and JSON keep the plain ones. */
#ifndef NCM_OPS_AUDIT_WORDS_H
#define NCM_OPS_AUDIT_WORDS_H

#include <stddef.h>

#include "model/snapshot.h"

/* "done", "failed", "conflict", "unknown", "open" in the user's language; another word as it is
 * (then borrowed from the argument). */
const char *ncm_audit_result_label(const char *result);
/* What was done, in the user's language: "alias set"; for what took an action back, which one:
 * "undo promote". Writes at most outsz bytes and returns out. */
char *ncm_audit_action_label(char *out, size_t outsz, const struct ncm_audit_entry *e);

#endif
