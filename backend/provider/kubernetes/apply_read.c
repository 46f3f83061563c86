/* What is there now, of everything that a change can be about. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/kubernetes/apply_parts.h"
#include "provider/mark.h"

/* ---- the object ------------------------------------------------------------------------------ */

static const struct k8s_resource *resource_of(const char *kind)
{
    for (int i = 0; i < K8S_N_KINDS; i++) {
        if (i != K8S_USAGE && kind != NULL && strcmp(k8s_resources[i].kind, kind) == 0) {
            return &k8s_resources[i];
        }
    }
    return NULL;
}

/* Names are RFC 1123: whatever else would reach another path. */
static bool is_name(const char *s, size_t len)
{
    bool ok = len > 0 && len <= 253;
    for (size_t i = 0; ok && i < len; i++) {
        ok = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '-' ||
             (s[i] == '.' && i > 0);
    }
    return ok;
}

bool k8s_target_of(const struct ncm_change *ch, struct k8s_target *out, struct ncm_err *err)
{
    *out = (struct k8s_target){.resource = resource_of(ch->version)};
    if (out->resource == NULL || !ncm_change_of_deployment(ch->kind)) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("a cluster has no '%s' that could be changed so"),
                        ch->version != NULL ? ch->version : "");
    }
    const char *name = strrchr(ch->object, '/');
    const char *ns = name;
    while (ns != NULL && ns > ch->object && ns[-1] != '/') {
        ns--;
    }
    if (name == NULL || ns == ch->object || !is_name(name + 1, strlen(name + 1)) ||
        !is_name(ns, (size_t)(name - ns))) {
        return ncm_fail(err, NCM_USAGE, _("'%s' is not of the form SOURCE/NAMESPACE/NAME"),
                        ch->object);
    }
    out->ns = ncm_strndup(ns, (size_t)(name - ns));
    out->name = ncm_strdup(name + 1);
    out->path = ncm_sprintf("%s/namespaces/%s/%s/%s", out->resource->api, out->ns,
                            out->resource->plural, out->name);
    return true;
}

void k8s_target_release(struct k8s_target *t)
{
    ncm_free(t->ns);
    ncm_free(t->name);
    ncm_free(t->path);
    *t = (struct k8s_target){0};
}

static bool get(struct k8s_client *c, const char *path, const struct ncm_control *control,
                struct ncm_doc **out, struct ncm_err *err)
{
    const struct k8s_call call = {.method = NCM_HTTP_GET, .path = path, .control = control};
    *out = NULL;
    if (!k8s_call(c, &call, out, err)) {
        return false;
    }
    const struct ncm_node *root = *out != NULL ? ncm_doc_root(*out) : NULL;
    if (root == NULL || root->kind != NCM_NODE_MAP) {
        ncm_doc_free(*out);
        *out = NULL;
        return ncm_fail(err, NCM_INVALID_DATA, _("the cluster's answer is no object: %s"), path);
    }
    return true;
}

bool k8s_target_get(struct k8s_client *c, const struct k8s_target *t,
                    const struct ncm_control *control, struct ncm_doc **out, struct ncm_err *err)
{
    return get(c, t->path, control, out, err);
}

const struct ncm_node *k8s_down(const struct ncm_node *root, const char *const *keys)
{
    for (; root != NULL && *keys != NULL; keys++) {
        int64_t i;
        if (root->kind == NCM_NODE_LIST) {
            bool in = ncm_parse_i64(*keys, &i) && i >= 0 && (size_t)i < root->n;
            root = in ? &root->items[i] : NULL;
        } else {
            root = ncm_node_get(root, *keys);
        }
    }
    return root;
}

#define DOWN(root, ...) k8s_down(root, (const char *const[]){__VA_ARGS__, NULL})

/* ---- places ---------------------------------------------------------------------------------- */

static size_t find_named(const struct ncm_node *list, const char *name)
{
    for (size_t i = 0; list != NULL && list->kind == NCM_NODE_LIST && i < list->n; i++) {
        const char *its = ncm_node_str(&list->items[i], "name", NULL);
        if (its != NULL && strcmp(its, name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

static bool is_isvc(const struct k8s_target *t)
{
    return strcmp(t->resource->kind, "InferenceService") == 0;
}

/* The keys down to the pod template's metadata or spec. */
static size_t template_path(const struct k8s_target *t, bool metadata, const char **keys)
{
    size_t n = 0;
    if (is_isvc(t)) {
        if (!metadata) {
            keys[n++] = "spec";
            keys[n++] = "predictor";
        } else {
            keys[n++] = "metadata";
        }
        return n;
    }
    if (strcmp(t->resource->kind, "CronJob") == 0) {
        keys[n++] = "spec";
        keys[n++] = "jobTemplate";
    }
    keys[n++] = "spec";
    keys[n++] = "template";
    keys[n++] = metadata ? "metadata" : "spec";
    return n;
}

static bool container_path(const struct k8s_target *t, const struct ncm_node *root,
                           const struct k8s_place *p, struct k8s_path *out)
{
    size_t n = template_path(t, false, out->keys);
    out->keys[n] = p->init ? "initContainers" : "containers";
    out->keys[n + 1] = NULL;
    size_t at = find_named(k8s_down(root, out->keys), p->container);
    if (at == SIZE_MAX) {
        return false;
    }
    snprintf(out->index[0], sizeof out->index[0], "%zu", at);
    out->keys[++n] = out->index[0];
    n++;
    switch (p->kind) {
    case K8S_PLACE_IMAGE:
        out->keys[n++] = "image";
        break;
    case K8S_PLACE_ENV:
        out->keys[n] = "env";
        out->keys[n + 1] = NULL;
        at = find_named(k8s_down(root, out->keys), p->key);
        if (at == SIZE_MAX) {
            return false;
        }
        snprintf(out->index[1], sizeof out->index[1], "%zu", at);
        out->keys[++n] = out->index[1];
        out->keys[n + 1] = "value";
        n += 2;
        break;
    default:
        out->keys[n++] = p->kind == K8S_PLACE_ARG ? "args" : "command";
        snprintf(out->index[1], sizeof out->index[1], "%zu", p->index);
        out->keys[n++] = out->index[1];
    }
    out->keys[n] = NULL;
    return true;
}

bool k8s_place_path(const struct k8s_target *t, const struct ncm_node *root,
                    const struct k8s_place *p, struct k8s_path *out)
{
    size_t n = 0;
    switch (p->kind) {
    case K8S_PLACE_LABEL:
    case K8S_PLACE_ANNOTATION:
        n = template_path(t, true, out->keys);
        break;
    case K8S_PLACE_OWN_LABEL:
    case K8S_PLACE_OWN_ANNOTATION:
        out->keys[n++] = "metadata";
        break;
    case K8S_PLACE_STORAGE_URI:
        out->keys[n++] = "spec";
        out->keys[n++] = "predictor";
        out->keys[n++] = p->key[0] != '\0' ? p->key : "model";
        out->keys[n++] = "storageUri";
        out->keys[n] = NULL;
        return is_isvc(t);
    default:
        return container_path(t, root, p, out);
    }
    bool label = p->kind == K8S_PLACE_LABEL || p->kind == K8S_PLACE_OWN_LABEL;
    out->keys[n++] = label ? "labels" : "annotations";
    out->keys[n++] = p->key;
    out->keys[n] = NULL;
    return true;
}

/* ---- revisions ------------------------------------------------------------------------------- */

/* Lists in order, maps by key; a hash label that only ReplicaSets have is passed by. */
static bool equal(const struct ncm_node *a, const struct ncm_node *b)
{
    if (a == NULL || b == NULL || a->kind != b->kind) {
        return a == b;
    }
    switch (a->kind) {
    case NCM_NODE_NULL:
        return true;
    case NCM_NODE_BOOL:
        return a->boolean == b->boolean;
    case NCM_NODE_INT:
        return a->i == b->i;
    case NCM_NODE_NUM:
        return !(a->num < b->num) && !(a->num > b->num);
    case NCM_NODE_STR:
        return a->len == b->len && memcmp(a->str, b->str, a->len) == 0;
    default:
        break;
    }
    size_t n_a = 0, n_b = 0;
    for (size_t i = 0; a->kind == NCM_NODE_MAP && i < b->n; i++) {
        n_b += strcmp(b->items[i].key, K8S_LABEL_HASH) != 0;
    }
    for (size_t i = 0; i < a->n; i++) {
        const struct ncm_node *x = &a->items[i];
        if (a->kind == NCM_NODE_MAP && strcmp(x->key, K8S_LABEL_HASH) == 0) {
            continue;
        }
        n_a++;
        const struct ncm_node *y = a->kind == NCM_NODE_MAP ? ncm_node_get(b, x->key)
                                   : i < b->n              ? &b->items[i]
                                                           : NULL;
        if (y == NULL || !equal(x, y)) {
            return false;
        }
    }
    return a->kind == NCM_NODE_MAP ? n_a == n_b : a->n == b->n;
}

static bool owned_by(const struct ncm_node *item, const struct ncm_node *owner)
{
    const char *uid = ncm_node_str(ncm_node_get(owner, "metadata"), "uid", "");
    const struct ncm_node *refs = DOWN(item, "metadata", "ownerReferences");
    for (size_t i = 0; refs != NULL && refs->kind == NCM_NODE_LIST && i < refs->n; i++) {
        if (strcmp(ncm_node_str(&refs->items[i], "uid", "-"), uid) == 0) {
            return true;
        }
    }
    return false;
}

static char *selector_text(const struct ncm_node *labels)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 1 << 16);
    for (size_t i = 0; labels != NULL && labels->kind == NCM_NODE_MAP && i < labels->n; i++) {
        const struct ncm_node *v = &labels->items[i];
        ncm_buf_printf(&b, "%s%s=%s", b.len > 0 ? "," : "", v->key,
                       v->kind == NCM_NODE_STR ? v->str : "");
    }
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

/* The name of the ReplicaSet that has the template which is wanted now, whatever its number says:
 * the controller may not have seen it yet. */
static bool revision_now(struct k8s_client *c, const struct k8s_target *t,
                         const struct ncm_node *root, const struct ncm_control *control,
                         char **value, struct ncm_err *err)
{
    struct ncm_buf path;
    struct ncm_doc *doc;
    char *labels = selector_text(DOWN(root, "spec", "selector", "matchLabels"));
    ncm_buf_init(&path, 1 << 17);
    ncm_buf_printf(&path, "/apis/apps/v1/namespaces/%s/replicasets?limit=500&labelSelector=", t->ns);
    ncm_http_encode(&path, labels);
    ncm_free(labels);
    bool ok = get(c, path.p, control, &doc, err);
    ncm_buf_release(&path);
    if (!ok) {
        return false;
    }
    const struct ncm_node *items = ncm_node_get(ncm_doc_root(doc), "items");
    const struct ncm_node *template = DOWN(root, "spec", "template");
    for (size_t i = 0; items != NULL && items->kind == NCM_NODE_LIST && i < items->n; i++) {
        const struct ncm_node *rs = &items->items[i];
        if (*value == NULL && owned_by(rs, root) && equal(DOWN(rs, "spec", "template"), template)) {
            *value = ncm_strdup(ncm_node_str(ncm_node_get(rs, "metadata"), "name", ""));
        }
    }
    if (*value == NULL) {
        *value = ncm_sprintf("generation %lld", (long long)ncm_node_i64(
                                                    ncm_node_get(root, "metadata"), "generation", 0));
    }
    ncm_doc_free(doc);
    return true;
}

bool k8s_revision_get(struct k8s_client *c, const struct k8s_target *t,
                      const struct ncm_node *deployment, const char *name,
                      const struct ncm_control *control, struct ncm_doc **out, struct ncm_err *err)
{
    *out = NULL;
    if (!is_name(name, strlen(name))) {
        return ncm_fail(err, NCM_USAGE, _("'%s' is no name of a revision"), name);
    }
    char *path = ncm_sprintf("/apis/apps/v1/namespaces/%s/replicasets/%s", t->ns, name);
    bool ok = get(c, path, control, out, err);
    ncm_free(path);
    if (!ok) {
        return err->code == NCM_NOT_FOUND
                   ? ncm_fail(err, NCM_NOT_FOUND, _("the revision %s is no longer in the history"),
                              name)
                   : false;
    }
    if (!owned_by(ncm_doc_root(*out), deployment)) {
        ncm_doc_free(*out);
        *out = NULL;
        return ncm_fail(err, NCM_REFUSED, _("%s is no revision of %s"), name, t->name);
    }
    return true;
}

/* ---- values ---------------------------------------------------------------------------------- */

static char *text_of(const struct ncm_node *n)
{
    char text[40];
    if (n == NULL || n->kind == NCM_NODE_NULL) {
        return NULL;
    }
    switch (n->kind) {
    case NCM_NODE_STR:
        return ncm_strndup(n->str, n->len);
    case NCM_NODE_INT:
        return ncm_sprintf("%lld", (long long)n->i);
    case NCM_NODE_NUM:
        return ncm_strdup(ncm_fmt_exact(text, sizeof text, n->num));
    case NCM_NODE_BOOL:
        return ncm_strdup(n->boolean ? "true" : "false");
    default:
        return ncm_strdup("");
    }
}

static char *number_or(const struct ncm_node *n, const char *absent)
{
    char *text = text_of(n);
    return text != NULL ? text : ncm_strdup(absent);
}

static char *replicas_in(const struct k8s_target *t, const struct ncm_node *root)
{
    if (is_isvc(t)) {
        return text_of(DOWN(root, "spec", "predictor", "minReplicas"));
    }
    bool hpa = strcmp(t->resource->kind, "HorizontalPodAutoscaler") == 0;
    return number_or(DOWN(root, "spec", hpa ? "minReplicas" : "replicas"), "1");
}

static char *paused_in(const struct k8s_target *t, const struct ncm_node *root)
{
    bool job = strcmp(t->resource->plural, "jobs") == 0 ||
               strcmp(t->resource->plural, "cronjobs") == 0;
    const struct ncm_node *n = DOWN(root, "spec", job ? "suspend" : "paused");
    return ncm_strdup(n != NULL && n->kind == NCM_NODE_BOOL && n->boolean ? "paused" : "running");
}

static char *restarted_in(const struct k8s_target *t, const struct ncm_node *root)
{
    return text_of(is_isvc(t)
                       ? DOWN(root, "spec", "predictor", "annotations", K8S_ANN_RESTART)
                       : DOWN(root, "spec", "template", "metadata", "annotations", K8S_ANN_RESTART));
}

static bool place_in(const struct k8s_target *t, const struct ncm_node *root, const char *where,
                     char **value, struct ncm_err *err)
{
    struct k8s_place place;
    struct k8s_path path;
    if (where == NULL || !k8s_place_of(where, &place)) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("'%s' is no place of a version"),
                        where != NULL ? where : "");
    }
    *value = k8s_place_path(t, root, &place, &path) ? text_of(k8s_down(root, path.keys)) : NULL;
    return true;
}

static char *labels_in(const struct k8s_target *t, const struct ncm_node *root, const char *key)
{
    bool service = strcmp(t->resource->kind, "Service") == 0;
    const struct ncm_node *labels = service ? DOWN(root, "spec", "selector")
                                            : DOWN(root, "spec", "template", "metadata", "labels");
    return key == NULL ? selector_text(labels) : text_of(ncm_node_get(labels, key));
}

/* The id in our newest note. */
static char *mark_in(const struct ncm_node *root)
{
    const struct ncm_node *note = DOWN(root, "metadata", "annotations", NCM_MARK_DEPLOY);
    struct ncm_doc *doc;
    struct ncm_err ignored;
    if (note == NULL || note->kind != NCM_NODE_STR ||
        !ncm_json_parse("transition", note->str, note->len, &doc, &ignored)) {
        return NULL;
    }
    char *id = ncm_strdup(ncm_node_str(ncm_doc_root(doc), "id", NULL));
    ncm_doc_free(doc);
    return id;
}

bool k8s_present_in(struct k8s_client *c, const struct k8s_target *t, const struct ncm_node *root,
                    const struct ncm_change *ch, const struct ncm_control *control, char **value,
                    struct ncm_err *err)
{
    *value = NULL;
    if (ch->key != NULL && strcmp(ch->key, NCM_MARK_DEPLOY) == 0) {
        *value = mark_in(root);
        return true;
    }
    switch (ch->kind) {
    case NCM_CH_DEPLOY_SCALE:
        *value = replicas_in(t, root);
        return true;
    case NCM_CH_DEPLOY_PAUSE:
        *value = paused_in(t, root);
        return true;
    case NCM_CH_DEPLOY_RESTART:
        *value = restarted_in(t, root);
        return true;
    case NCM_CH_DEPLOY_REVISION:
        return strcmp(t->resource->kind, "Deployment") == 0
                   ? revision_now(c, t, root, control, value, err)
                   : ncm_fail(err, NCM_UNSUPPORTED, _("a %s keeps no revisions to go back to"),
                              t->resource->kind);
    case NCM_CH_DEPLOY_VERSION:
        return place_in(t, root, ch->key, value, err);
    case NCM_CH_DEPLOY_TRAFFIC:
        *value = text_of(DOWN(root, "spec", "predictor", "canaryTrafficPercent"));
        return is_isvc(t) || ncm_fail(err, NCM_UNSUPPORTED,
                                      _("the traffic to a %s has no weight"), t->resource->kind);
    default:
        *value = labels_in(t, root, ch->key);
        return true;
    }
}

bool k8s_change_present(struct k8s_client *c, const struct ncm_change *ch, char **value,
                        struct ncm_err *err)
{
    struct k8s_target t;
    struct ncm_doc *doc;
    *value = NULL;
    if (!k8s_target_of(ch, &t, err)) {
        return false;
    }
    bool ok = k8s_target_get(c, &t, NULL, &doc, err);
    if (ok) {
        ok = k8s_present_in(c, &t, ncm_doc_root(doc), ch, NULL, value, err);
        ncm_doc_free(doc);
    }
    k8s_target_release(&t);
    return ok;
}
