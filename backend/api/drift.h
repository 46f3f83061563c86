/* Comparing two files of rows, feature by feature. */
#ifndef NCM_API_DRIFT_H
#define NCM_API_DRIFT_H

#include "model/drift.h"
#include "model/monitor.h"
#include "ops/drift/check.h"
#include "ops/drift/method.h"

#endif
