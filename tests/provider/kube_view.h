/* A cluster for tests of the builder: recorded answers of a real API server
 * (tests/fixtures/kubernetes), objects written in a test, and changes to both. JSON may be written
 * with ' in place of ". */
#ifndef TESTS_PROVIDER_KUBE_VIEW_H
#define TESTS_PROVIDER_KUBE_VIEW_H

#include "model/deploy.h"
#include "provider/kubernetes/objects.h"

struct kube {
    struct k8s_view view;
    char **json[K8S_N_KINDS]; /* of each item */
    struct ncm_deployments_snapshot *now;
    struct ncm_deployments_snapshot *before; /* what was shared with */
};

/* Everything is read, nothing is there. at: "2026-11-21T05:23:46Z". */
struct kube *kube_new(const char *at);
void kube_free(struct kube *k);
void kube_at(struct kube *k, const char *at);
/* All items of a recorded list, or the one object of a file. */
void kube_load(struct kube *k, enum k8s_kind kind, const char *file);
/* All that was recorded of namespace ml-prod, 75 s after the demo began, at that time. */
struct kube *kube_demo(void);
/* One object; replaces the one of that namespace and name. */
void kube_put(struct kube *k, enum k8s_kind kind, const char *json);
/* A JSON merge patch (RFC 7386) on an object of the name; every one whose name begins so where it
 * ends in '*'. */
void kube_patch(struct kube *k, enum k8s_kind kind, const char *name, const char *patch);
void kube_drop(struct kube *k, enum k8s_kind kind, const char *name);
/* One event of a recorded watch. */
void kube_watch(struct kube *k, enum k8s_kind kind, const char *line);
/* The text of a recorded file; the caller frees. */
char *kube_file(const char *file);

/* Builds anew from what is there, sharing with the build before. */
const struct ncm_deployments_snapshot *kube_build(struct kube *k);
/* The deployment of that name (build first), or the test ends. */
const struct ncm_deployment *kube_get(struct kube *k, const char *name);
/* "degraded": builds and gives the word for it. */
const char *kube_health(struct kube *k, const char *name);
const struct ncm_deploy_finding *kube_finding(const struct ncm_deployment *d, const char *kind);
/* "churn-1 75 stable healthy; churn-2 25 progressing": static. */
const char *kube_split(const struct ncm_deployment *d);

#endif
