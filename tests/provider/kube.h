/* A cluster's API as the server of fake_mlflow.h plays it, and connections of the provider to it.
 */
#ifndef TESTS_PROVIDER_KUBE_H
#define TESTS_PROVIDER_KUBE_H

#include "provider/fake_mlflow.h"
#include "provider/kubernetes/client.h"
#include "provider/kubernetes/inside.h"
#include "provider/kubernetes/kubernetes.h"

/* A kubeconfig whose user says that (flow form: "token: x"); good for the next 8 calls. */
const char *kube_config(const char *user);
/* A client by it; ends the test where there is none. Close with kube_client_close. */
struct k8s_client *kube_client(const char *user);
void kube_client_close(struct k8s_client *c);
/* GET; the error that comes (ends the test where none does). */
struct ncm_err kube_fails(struct k8s_client *c, const char *path, enum ncm_code code);
/* GET that must be answered with a document, which is freed. */
void kube_answers(struct k8s_client *c, const char *path);

/* A rule for requests of that expression. */
void kube_says(const char *on, int status, const char *text);
/* … that is used so many times only, after some. */
void kube_says_once(const char *on, int after, int times, int status, const char *text);
/* Every list is empty, every watch keeps still: to be said last. */
void kube_is_quiet(void);

/* A source of the namespace "ml"; its lanes share a cluster. */
struct kube_source {
    struct ncm_kubernetes_setup setup;
    struct ncm_place place;
};
void kube_source(struct kube_source *s);
void kube_source_end(struct kube_source *s);
struct ncm_conn *kube_lane(const struct kube_source *s);
/* The deployments' names with blanks between, as a fetch of that lane gives them (static memory);
 * ends the test where it fails. */
const char *kube_names(struct ncm_conn *c, bool full);

#endif
