/* Reading members of an object: what is absent is harmless, what is of a wrong type ends the object
 * with a sentence that names it. */
#ifndef NCM_KUBERNETES_READ_H
#define NCM_KUBERNETES_READ_H

#include "provider/kubernetes/records.h"

/* One object being decoded. After the first error nothing is read any more. */
struct k8s_read {
    const struct k8s_resource *of;
    struct ncm_str ns, name;
    struct ncm_arena *arena;
    struct ncm_err *err;
    bool failed;
};
/* A map with its path in the object, for sentences: "spec.template". node NULL: absent. */
struct k8s_at {
    const struct ncm_node *node;
    const char *path;
};

/* NCM_INVALID_DATA: "Deployment ml/churn: spec.replicas: expected a number". Absent is fine. */
struct k8s_at k8s_map(struct k8s_read *r, struct k8s_at at, const char *key);
struct k8s_at k8s_list(struct k8s_read *r, struct k8s_at at, const char *key);
/* Item i of a list, which must be a map. */
struct k8s_at k8s_item(struct k8s_read *r, struct k8s_at list, size_t i);
size_t k8s_count(struct k8s_at list);
struct ncm_str k8s_text(struct k8s_read *r, struct k8s_at at, const char *key);
/* From 0 to INT_MAX. */
int k8s_int(struct k8s_read *r, struct k8s_at at, const char *key, int fallback);
int64_t k8s_long(struct k8s_read *r, struct k8s_at at, const char *key, int64_t fallback);
bool k8s_flag(struct k8s_read *r, struct k8s_at at, const char *key, bool fallback);
/* A text that is no time is NCM_NO_TIME. */
int64_t k8s_time(struct k8s_read *r, struct k8s_at at, const char *key);
/* A number or a text, as text: "25%", "1". */
struct ncm_str k8s_int_or_text(struct k8s_read *r, struct k8s_at at, const char *key);
double k8s_amount(struct k8s_read *r, struct k8s_at at, const char *key);
/* A map of texts sorted by key; a null value is "". */
struct ncm_kv *k8s_texts(struct k8s_read *r, struct k8s_at at, const char *key, size_t *n);
struct ncm_str *k8s_text_list(struct k8s_read *r, struct k8s_at at, const char *key, size_t *n);
struct k8s_conditions k8s_read_conditions(struct k8s_read *r, struct k8s_at status);
/* Of a whole tree but pod-template-hash; the order of members does not count. */
uint64_t k8s_print_node(const struct ncm_node *n);
/* pod: a map that has containers and initContainers. */
struct k8s_container *k8s_read_containers(struct k8s_read *r, struct k8s_at pod, bool serving,
                                          size_t *n, size_t *n_init);
/* key: "template" within `at`. */
struct k8s_template k8s_read_template(struct k8s_read *r, struct k8s_at at, const char *key);

/* The parts of one kind each: head and arena are made already. */
void k8s_read_workload(struct k8s_read *r, struct k8s_at root, struct k8s_workload *w);
void k8s_read_pod(struct k8s_read *r, struct k8s_at root, struct k8s_pod *p);
void k8s_read_service(struct k8s_read *r, struct k8s_at root, struct k8s_service *s);
void k8s_read_slice(struct k8s_read *r, struct k8s_at root, struct k8s_slice *s);
void k8s_read_hpa(struct k8s_read *r, struct k8s_at root, struct k8s_hpa *h);
void k8s_read_event(struct k8s_read *r, struct k8s_at root, struct k8s_event *e);
void k8s_read_job(struct k8s_read *r, struct k8s_at root, struct k8s_job *j);
void k8s_read_cronjob(struct k8s_read *r, struct k8s_at root, struct k8s_cronjob *c);
void k8s_read_isvc(struct k8s_read *r, struct k8s_at root, struct k8s_isvc *s);
void k8s_read_usage(struct k8s_read *r, struct k8s_at root, struct k8s_usage *u);

#endif
