/* Changes of our own alerts and silences: what a provider's apply and present do, on our state. */
#ifndef NCM_OPS_WATCH_OWN_H
#define NCM_OPS_WATCH_OWN_H

#include "io/db.h"
#include "provider/provider.h"

/* All in one transaction; each `from` is compared first (NCM_CONFLICT). */
bool ncm_own_apply(struct ncm_db *db, const struct ncm_changes *changes, int64_t now_ms,
                   struct ncm_receipt *receipt, struct ncm_err *err);
/* As a provider's present. */
bool ncm_own_present(struct ncm_db *db, const struct ncm_change *ch, int64_t now_ms, char **value,
                     struct ncm_err *err);

#endif
