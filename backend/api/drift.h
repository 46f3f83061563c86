/* Monitors, drift over time, comparisons of features, methods. */
#ifndef NCM_API_DRIFT_H
#define NCM_API_DRIFT_H

#include "model/drift.h"
#include "model/monitor.h"
#include "model/query.h"
#include "ops/drift/check.h"
#include "ops/drift/method.h"

#endif
