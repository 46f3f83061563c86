/* Registered models, versions, stages, aliases. */
#ifndef NCM_API_REGISTRY_H
#define NCM_API_REGISTRY_H

#include "model/query.h"
#include "model/registry.h"
#include "model/snapshot.h"

#endif
