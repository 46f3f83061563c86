/* Alerts, silences and their matchers. */
#ifndef NCM_API_ALERT_H
#define NCM_API_ALERT_H

#include "model/alert.h"
#include "model/matcher.h"
#include "model/query.h"
#include "model/snapshot.h"

#endif
