/* Whether a change would be taken: the rights first, so that a refusal names them, then the very
 * request with dryRun=All, so that admission, quotas and validation have their say before anything
 * is changed. */
#include <string.h>

#include "base/i18n.h"
#include "provider/kubernetes/apply_parts.h"

struct right {
    const char *verb, *group, *resource, *subresource;
};

static void attribute(struct ncm_json *j, const char *key, const char *value)
{
    ncm_json_key(j, key);
    ncm_json_str(j, value);
}

/* *allowed stays true where the server does not answer reviews: the request itself will tell. */
static bool review(struct k8s_client *c, const struct right *r, const struct k8s_target *t,
                   bool *allowed, struct ncm_err *err)
{
    struct ncm_buf b;
    struct ncm_json j;
    struct ncm_doc *doc = NULL;
    ncm_buf_init(&b, 8192);
    ncm_json_init(&j, &b, false);
    ncm_json_obj(&j);
    attribute(&j, "apiVersion", "authorization.k8s.io/v1");
    attribute(&j, "kind", "SelfSubjectAccessReview");
    ncm_json_key(&j, "spec");
    ncm_json_obj(&j);
    ncm_json_key(&j, "resourceAttributes");
    ncm_json_obj(&j);
    attribute(&j, "namespace", t->ns);
    attribute(&j, "verb", r->verb);
    attribute(&j, "group", r->group);
    attribute(&j, "resource", r->resource);
    if (r->subresource != NULL) {
        attribute(&j, "subresource", r->subresource);
    }
    attribute(&j, "name", t->name);
    ncm_json_end_obj(&j);
    ncm_json_end_obj(&j);
    ncm_json_end_obj(&j);
    const struct k8s_call call = {
        .method = NCM_HTTP_POST,
        .path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        .body = b.p,
    };
    bool ok = k8s_call(c, &call, &doc, err);
    const struct ncm_node *status = ok && doc != NULL ? ncm_node_get(ncm_doc_root(doc), "status") : NULL;
    const struct ncm_node *yes = ncm_node_get(status, "allowed");
    *allowed = yes == NULL || yes->kind != NCM_NODE_BOOL || yes->boolean;
    ncm_doc_free(doc);
    ncm_buf_release(&b);
    return ok || err->code == NCM_FORBIDDEN || err->code == NCM_UNSUPPORTED ||
           err->code == NCM_NOT_FOUND;
}

/* Who we are at the cluster; the caller frees, NULL where it does not say. */
static char *whoami(struct k8s_client *c)
{
    static const char *const name[] = {"status", "userInfo", "username", NULL};
    const struct k8s_call call = {
        .method = NCM_HTTP_POST,
        .path = "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        .body = "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"SelfSubjectReview\"}",
    };
    struct ncm_doc *doc = NULL;
    struct ncm_err ignored;
    char *who = NULL;
    if (k8s_call(c, &call, &doc, &ignored) && doc != NULL) {
        const struct ncm_node *n = k8s_down(ncm_doc_root(doc), name);
        who = n != NULL && n->kind == NCM_NODE_STR ? ncm_strndup(n->str, n->len) : NULL;
    }
    ncm_doc_free(doc);
    return who;
}

static bool may(struct k8s_client *c, const struct k8s_target *t, bool scales, struct ncm_err *err)
{
    const struct right whole = {"patch", t->resource->group, t->resource->plural, NULL};
    const struct right part = {"patch", t->resource->group, t->resource->plural, "scale"};
    bool allowed = true;
    if (!review(c, &whole, t, &allowed, err)) {
        return false;
    }
    if (!allowed && scales && !review(c, &part, t, &allowed, err)) {
        return false;
    }
    if (allowed) {
        return true;
    }
    char *who = whoami(c);
    if (who != NULL) {
        ncm_fail(err, NCM_FORBIDDEN, _("%s may not change %s in namespace %s"), who,
                 t->resource->plural, t->ns);
    } else {
        ncm_fail(err, NCM_FORBIDDEN, _("you may not change %s in namespace %s"),
                 t->resource->plural, t->ns);
    }
    ncm_hint(err, _("the right that is missing: %s %s%s%s%s"), "patch", t->resource->plural,
             t->resource->group[0] != '\0' ? "." : "", t->resource->group,
             scales ? ", or …/scale" : "");
    ncm_free(who);
    return false;
}

/* Kinds whose number of replicas has a subresource. */
static bool has_scale(const struct k8s_target *t)
{
    return strcmp(t->resource->group, "apps") == 0;
}

bool k8s_changes_check(struct k8s_client *c, const struct ncm_changes *changes,
                       struct ncm_err *err)
{
    for (size_t i = 0; i < changes->n;) {
        struct k8s_group g = k8s_group_at(changes, i);
        const struct ncm_change *ch = &changes->items[i];
        struct k8s_target t;
        bool sent;
        if (!k8s_target_of(ch, &t, err)) {
            return false;
        }
        bool scales = ch->kind == NCM_CH_DEPLOY_SCALE && has_scale(&t);
        bool ok = may(c, &t, scales, err);
        k8s_target_release(&t);
        if (!ok || !k8s_group_send(c, changes, g, NULL, true, NULL, &sent, err)) {
            return false;
        }
        i = g.last;
    }
    return true;
}
