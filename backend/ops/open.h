/* Opens a session with every topic: the providers' and the ones answered above them. */
#ifndef NCM_OPS_OPEN_H
#define NCM_OPS_OPEN_H

#include "engine/session.h"

bool ncm_session_open(const struct ncm_session_options *o, struct ncm_session **out,
                      struct ncm_err *err);

#endif
