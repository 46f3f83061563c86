/* Made deployments, registries, rates, drift and alerts, and what their join says of them. */
#ifndef TESTS_UNIT_MADE_FLEET_H
#define TESTS_UNIT_MADE_FLEET_H

#include "ops/fleet/inside.h"

struct made_in {
    const struct ncm_deployments_snapshot *deployments[3];
    size_t n_deployments;
    struct ncm_models_snapshot *models;
    struct ncm_rates_snapshot *rates;
    struct ncm_drift_snapshot *drift;
    const struct ncm_alerts_snapshot *alerts[2];
    size_t n_alerts;
    struct ncm_audit_snapshot *audit;
    struct ncm_fleet *fleet;
};
extern struct made_in made_in;

struct ncm_str made_str(struct ncm_arena *a, const char *s);
int made_begin(void **state);
int made_end(void **state);
const struct ncm_fleet *made_join(void);
/* A source with room for n deployments of the cluster of that name. */
void made_source(const char *name, size_t n);
struct ncm_arena *made_arena_of(struct ncm_deployment *d);
/* A healthy one in namespace ml of the newest source, with what its variable MODEL_URI holds. */
struct ncm_deployment *made_deployment(const char *name, const char *uri);
void made_replica(struct ncm_deployment *d, const char *name, const char *revision);
void made_split(struct ncm_deployment *d, const char *one, double percent, const char *two);
/* A registry: "churn 3 Production champion" a version, the highest of a model first, models sorted.
 */
void made_registry(const char *const *lines, size_t n);
void made_tag(const char *model, const char *version, const char *key, const char *value);
void made_metrics(size_t n);
/* requests in 100 s, of which errors fail, all in the bucket that ends at le ms. Labels sorted. */
void made_counted(const char *key, const char *value, const char *cluster, double requests,
                  double errors, double le);
const struct ncm_fleet_row *made_row(const char *model, const char *version);
/* The sentence of a finding of one deployment; NULL: it has none of the kind. */
const char *made_finding(const char *ref, const char *kind, enum ncm_severity severity);
const struct ncm_fleet_deployment *made_found(const char *ref);
void made_drifting(const char *model, enum ncm_drift_state state);
struct ncm_alert *made_alerts_of(const char *from, size_t n);
#define REGISTRY(...)                                                                              \
    made_registry((const char *const[]){__VA_ARGS__},                                              \
                  sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

#endif
