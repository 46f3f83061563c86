/* Experiments, runs, series, artifacts, search, comparison. */
#ifndef NCM_API_RUNS_H
#define NCM_API_RUNS_H

#include "model/query.h"
#include "model/search.h"
#include "model/snapshot.h"
#include "model/tracking.h"
#include "ops/compare.h"
#include "ops/download.h"
#include "stats/downsample.h"

#endif
