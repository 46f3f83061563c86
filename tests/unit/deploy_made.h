/* A fleet made by hand: one of each kind of trouble, for tests of what is painted of it. */
#ifndef TESTS_UNIT_DEPLOY_MADE_H
#define TESTS_UNIT_DEPLOY_MADE_H

#include "api/deploy.h"

#define MADE_NOW_MS INT64_C(1764354000000)

/* Of two sources, "seoul" (a cluster) and "churn-api" (an endpoint). Free with made_fleet_free. */
struct made_fleet {
    struct ncm_fleet fleet;
    struct ncm_deployments_snapshot *cluster, *endpoint;
};
struct made_fleet *made_fleet(void);
void made_fleet_free(struct made_fleet *m);
/* Lines of two replicas; `first` is the number of the oldest of n. */
struct ncm_logs_snapshot *made_logs(int first, int n);

#endif
