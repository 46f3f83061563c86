/* Changes: intents, plans, execution, audit records. */
#ifndef NCM_API_ACTION_H
#define NCM_API_ACTION_H

#include "model/change.h"
#include "ops/audit_words.h"
#include "ops/plan.h"

#endif
