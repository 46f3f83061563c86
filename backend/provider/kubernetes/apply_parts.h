/* Shared by apply*.c. */
#ifndef NCM_KUBERNETES_APPLY_PARTS_H
#define NCM_KUBERNETES_APPLY_PARTS_H

#include "base/buf.h"
#include "io/node.h"
#include "provider/kubernetes/apply.h"
#include "provider/kubernetes/objects.h"
#include "provider/kubernetes/places.h"

#define K8S_ANN_CAUSE    "kubernetes.io/change-cause"
#define K8S_ANN_RESTART  "kubectl.kubernetes.io/restartedAt"
#define K8S_ANN_REVISION "deployment.kubernetes.io/revision"
#define K8S_LABEL_HASH   "pod-template-hash"

/* apply_read.c: one object that a change is about. */
struct k8s_target {
    const struct k8s_resource *resource;
    char *ns, *name, *path;
};
/* Of "SOURCE/NAMESPACE/NAME" and a kind; release it. NCM_UNSUPPORTED, NCM_USAGE. */
bool k8s_target_of(const struct ncm_change *ch, struct k8s_target *out, struct ncm_err *err);
void k8s_target_release(struct k8s_target *t);
/* The object as it is now; ncm_doc_free it. */
bool k8s_target_get(struct k8s_client *c, const struct k8s_target *t,
                    const struct ncm_control *control, struct ncm_doc **out, struct ncm_err *err);
/* What of the object is compared with `from`: *value NULL where absent (the caller frees). */
bool k8s_present_in(struct k8s_client *c, const struct k8s_target *t, const struct ncm_node *root,
                    const struct ncm_change *ch, const struct ncm_control *control, char **value,
                    struct ncm_err *err);
/* The ReplicaSet of that name, which must be the deployment's own; ncm_doc_free it. */
bool k8s_revision_get(struct k8s_client *c, const struct k8s_target *t,
                      const struct ncm_node *deployment, const char *name,
                      const struct ncm_control *control, struct ncm_doc **out, struct ncm_err *err);
/* A node down a path of keys and list indices ("0"), ended by NULL; NULL where absent. */
const struct ncm_node *k8s_down(const struct ncm_node *root, const char *const *keys);
/* The path of a place in an object; false: the object has no such place. Keys borrow the place,
 * the object and `index`. */
enum { K8S_PATH_MOST = 12 };
struct k8s_path {
    const char *keys[K8S_PATH_MOST];
    char index[2][24];
};
bool k8s_place_path(const struct k8s_target *t, const struct ncm_node *root,
                    const struct k8s_place *p, struct k8s_path *out);

/* apply_patch.c: a JSON patch under way. */
struct k8s_patch {
    struct ncm_buf text;
    struct ncm_json json;
    const struct ncm_node *root;
    char *made[8]; /* maps that the patch itself adds */
    size_t n_made;
    bool caused; /* the cause is set already, by the strongest place */
};
/* Begins with a test of the resource version of root. */
void k8s_patch_begin(struct k8s_patch *p, const struct ncm_node *root);
/* Adds what one change sets; NCM_REFUSED, NCM_UNSUPPORTED, NCM_NOT_FOUND. */
bool k8s_patch_change(struct k8s_patch *p, struct k8s_client *c, const struct k8s_target *t,
                      const struct ncm_change *ch, const struct ncm_control *control,
                      struct ncm_err *err);
/* Our note on the object, of all changes of it in one. */
void k8s_patch_mark(struct k8s_patch *p, const struct ncm_mark *mark, int64_t time_ms,
                    const struct ncm_change *ch);
void k8s_patch_end(struct k8s_patch *p);
void k8s_patch_release(struct k8s_patch *p);

/* apply.c: changes [first, last) of one object, sent as one patch. */
struct k8s_group {
    size_t first, last;
};
/* The group that begins at `first`. */
struct k8s_group k8s_group_at(const struct ncm_changes *c, size_t first);
/* One patch of a group: reads the object, compares every `from` (NCM_CONFLICT), sends. dry: nothing
 * is kept. *sent: whether the patch left (its effect is not known where this fails). */
bool k8s_group_send(struct k8s_client *c, const struct ncm_changes *changes, struct k8s_group g,
                    const struct ncm_mark *mark, bool dry, const struct ncm_control *control,
                    bool *sent, struct ncm_err *err);

#endif
