/* Monitors: what they find, and the watch without a screen. */
#ifndef NCM_API_WATCH_H
#define NCM_API_WATCH_H

#include "model/drift.h"
#include "ops/watch/loop.h"

#endif
