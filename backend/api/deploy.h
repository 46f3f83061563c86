/* Deployments, what runs where, joined with everything else; plans over registry and deployment. */
#ifndef NCM_API_DEPLOY_H
#define NCM_API_DEPLOY_H

#include "model/deploy.h"
#include "ops/deploy/attach.h"
#include "ops/fleet/fleet.h"
#include "ops/rollout/rollout.h"
#include "stats/canary.h"

#endif
