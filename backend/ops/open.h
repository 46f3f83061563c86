/* Opens a session with every topic: the providers' and the ones answered above them. */
#ifndef NCM_OPS_OPEN_H
#define NCM_OPS_OPEN_H

#include "engine/session.h"

bool ncm_session_open(const struct ncm_session_options *o, struct ncm_session **out,
                      struct ncm_err *err);
/* Headless: asks the deployments' sources what became of changes that were cut off, where there are
 * any; what cannot be asked within 10 s stays as it is. Not where the session is read-only. */
void ncm_session_settle(struct ncm_session *s);

#endif
