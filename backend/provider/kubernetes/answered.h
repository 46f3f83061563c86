/* What the servers behind a Service answered when they were asked through the API server. */
#ifndef NCM_KUBERNETES_ANSWERED_H
#define NCM_KUBERNETES_ANSWERED_H

#include <stdatomic.h>

#include "model/deploy.h"
#include "provider/probe.h"

/* Immutable once it is on the list; counted. */
struct k8s_answered {
    atomic_int users;
    struct ncm_arena *arena;
    struct ncm_str ns, service;
    uint64_t stamp;
    enum ncm_protocol known;
    int64_t asked_mono_ms;
    struct ncm_probe probe;
    struct ncm_claim *claims;
    size_t n_claims;
};
struct k8s_answered *k8s_answered_new(const char *ns, const char *service);
struct k8s_answered *k8s_answered_share(struct k8s_answered *a);
void k8s_answered_drop(struct k8s_answered *a); /* NULL allowed */

struct ncm_conn;
struct ncm_control;
/* prober.c: asks the one Service that waited longest, of those whose deployments say which model
 * they serve. Returns the pause (ms) until the next one. */
int64_t k8s_probe_one(struct ncm_conn *c, const struct ncm_control *control);

struct k8s_scene;
struct k8s_unit;
/* For the builder: what the stamp of a unit gets for it, and its part of the record. Nothing where
 * no Service stands before this unit alone: nobody could tell who answered. */
uint64_t k8s_answered_stamp(const struct k8s_scene *s, const struct k8s_unit *u);
void k8s_fill_answered(const struct k8s_scene *s, const struct k8s_unit *u, struct ncm_arena *a,
                       struct ncm_deployment *d);

#endif
