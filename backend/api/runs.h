/* Experiments, runs, series, artifacts, search, comparison. */
#ifndef NCM_API_RUNS_H
#define NCM_API_RUNS_H

#include "model/tracking.h"
#include "model/search.h"
#include "model/snapshot.h"
#include "model/query.h"
#include "ops/compare.h"
#include "stats/downsample.h"

#endif
