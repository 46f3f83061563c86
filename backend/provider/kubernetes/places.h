/* Where in an object a statement about a model version stands: the words of a claim's `where`,
 * which are also the key of a NCM_CH_DEPLOY_VERSION. Stable, never translated, exact:
 *
 *   label KEY                            .spec.template.metadata.labels[KEY]
 *   annotation KEY                       .spec.template.metadata.annotations[KEY]
 *   label KEY of the workload            .metadata.labels[KEY]
 *   annotation KEY of the workload       .metadata.annotations[KEY]
 *   image of container NAME              .spec.template.spec.containers[NAME].image
 *   env KEY of container NAME            … .env[KEY].value
 *   arg N of container NAME              … .args[N], N from 1
 *   command N of container NAME          … .command[N], N from 1
 *   … of init container NAME             the same in .initContainers
 *   storageUri                           InferenceService: .spec.predictor.model.storageUri
 *   storageUri of KEY                    InferenceService, old style:
 * .spec.predictor.KEY.storageUri
 *
 * The template is .spec.template of a Deployment, StatefulSet and Job,
 * .spec.jobTemplate.spec.template of a CronJob, .spec.predictor (its metadata is the object's) of
 * an InferenceService. */
#ifndef NCM_KUBERNETES_PLACES_H
#define NCM_KUBERNETES_PLACES_H

#include <stdbool.h>
#include <stddef.h>

enum k8s_place_kind {
    K8S_PLACE_LABEL,
    K8S_PLACE_ANNOTATION,
    K8S_PLACE_OWN_LABEL,
    K8S_PLACE_OWN_ANNOTATION,
    K8S_PLACE_IMAGE,
    K8S_PLACE_ENV,
    K8S_PLACE_ARG,
    K8S_PLACE_COMMAND,
    K8S_PLACE_STORAGE_URI,
};

enum { K8S_PLACE_MOST = 400 }; /* bytes of a key or a container's name, with the NUL */

struct k8s_place {
    enum k8s_place_kind kind;
    char key[K8S_PLACE_MOST];       /* label, annotation, variable, old framework; or "" */
    char container[K8S_PLACE_MOST]; /* "" where it is not in a container */
    bool init;
    size_t index; /* ARG, COMMAND: from 0 */
};

/* The words of a place; the caller frees. */
char *k8s_place_where(const struct k8s_place *p);
/* And back; false: no such words. */
bool k8s_place_of(const char *where, struct k8s_place *out);

#endif
