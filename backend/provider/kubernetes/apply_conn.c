/* The changes of a lane's connection. */
#include <string.h>

#include "provider/kubernetes/apply.h"
#include "provider/kubernetes/inside.h"

/* What was refused was thought to be allowed, or is no longer. */
static bool doubt(struct ncm_conn *c, const struct ncm_change *ch, bool ok,
                  const struct ncm_err *err)
{
    if (!ok && err->code == NCM_FORBIDDEN && ch != NULL && ch->object != NULL) {
        const char *ns = strchr(ch->object, '/');
        size_t len = ns != NULL ? strcspn(ns + 1, "/") : 0;
        char *text = len > 0 ? ncm_strndup(ns + 1, len) : NULL;
        if (text != NULL) {
            k8s_rights_doubt(c->cluster, text);
        }
        ncm_free(text);
    }
    return ok;
}

static const struct ncm_change *first_of(const struct ncm_changes *changes)
{
    return changes->n > 0 ? &changes->items[0] : NULL;
}

bool k8s_apply(struct ncm_conn *c, const struct ncm_changes *changes, const struct ncm_mark *mark,
               const struct ncm_control *control, struct ncm_receipt *receipt, struct ncm_err *err)
{
    k8s_client_ready(c->client);
    bool ok = k8s_changes_apply(c->client, changes, mark, control, receipt, err);
    return doubt(c, first_of(changes), ok, err);
}

bool k8s_check(struct ncm_conn *c, const struct ncm_changes *changes, struct ncm_err *err)
{
    k8s_client_ready(c->client);
    return doubt(c, first_of(changes), k8s_changes_check(c->client, changes, err), err);
}

bool k8s_present(struct ncm_conn *c, const struct ncm_change *change, char **value,
                 struct ncm_err *err)
{
    k8s_client_ready(c->client);
    return doubt(c, change, k8s_change_present(c->client, change, value, err), err);
}
