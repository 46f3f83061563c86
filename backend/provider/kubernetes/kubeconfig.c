/* Reading kubeconfig files as kubectl does. Errors name file and line and never a value. */
#include "provider/kubernetes/kubeconfig.h"

#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/node.h"
#include "provider/kubernetes/kubeconfig_inside.h"

enum {
    FILE_MOST = 16 << 20,
    FILES_MOST = 64,
    NAMES_MOST = 200, /* bytes of a hint that lists contexts */
};
#define POD_FOLDER "/var/run/secrets/kubernetes.io/serviceaccount"

/* ---- files ---------------------------------------------------------------------------------- */
static bool read_file(const char *path, struct k8s_file *out, struct ncm_err *err)
{
    struct ncm_buf text;
    bool cut = false;
    ncm_buf_init(&text, FILE_MOST);
    bool ok = ncm_file_read(path, 0, FILE_MOST, &text, &cut, err);
    if (ok && cut) {
        ok = ncm_fail(err, NCM_TOO_LARGE, _("%s is too large for a kubeconfig"), path);
    }
    if (ok) {
        out->shown = ncm_path_short(path);
        ok = ncm_yaml_parse(out->shown, text.p, text.len, &out->doc, err);
    }
    explicit_bzero(text.p, text.len);
    ncm_buf_release(&text);
    if (!ok) {
        ncm_free(out->shown);
        *out = (struct k8s_file){0};
        return false;
    }
    const char *slash = strrchr(path, '/');
    out->dir =
        slash != NULL && slash > path ? ncm_strndup(path, (size_t)(slash - path)) : ncm_strdup("/");
    return true;
}

static bool add_file(struct k8s_files *f, const char *path, bool must, struct ncm_err *err)
{
    struct ncm_file_info info;
    char *full = ncm_path_expand(path, NULL);
    bool ok = ncm_file_stat(full, &info, err);
    if (ok && info.kind == NCM_FILE_NONE) {
        ok = !must || ncm_fail(err, NCM_NOT_FOUND, _("There is no kubeconfig %s"), path);
    } else if (ok && f->n < FILES_MOST) {
        f->items = ncm_resize(f->items, f->n + 1, sizeof *f->items);
        f->items[f->n] = (struct k8s_file){0};
        ok = read_file(full, &f->items[f->n], err);
        f->n += ok ? 1 : 0;
    }
    ncm_free(full);
    return ok;
}

void k8s_files_release(struct k8s_files *f)
{
    for (size_t i = 0; i < f->n; i++) {
        ncm_free(f->items[i].shown);
        ncm_free(f->items[i].dir);
        ncm_doc_free(f->items[i].doc);
    }
    ncm_free(f->items);
    ncm_free(f->where);
    *f = (struct k8s_files){0};
}

static bool add_list(struct k8s_files *f, const char *list, struct ncm_err *err)
{
    bool several = strchr(list, ':') != NULL;
    for (const char *p = list; *p != '\0';) {
        size_t n = strcspn(p, ":");
        char *path = ncm_strndup(p, n);
        bool ok = n == 0 || add_file(f, path, !several, err);
        ncm_free(path);
        if (!ok) {
            return false;
        }
        p += n + (p[n] == ':');
    }
    return f->n > 0 ||
           ncm_fail(err, NCM_NOT_FOUND, _("None of the kubeconfig files %s is there"), list);
}

static bool no_file(struct ncm_err *err)
{
    ncm_fail(err, NCM_NOT_FOUND,
             _("There is no kubeconfig: $KUBECONFIG is not set and ~/.kube/config is not there"));
    return ncm_hint(err, _("Name one in the configuration (kubeconfig: PATH), or log in with the "
                           "tool of your cluster, which writes one"));
}

bool k8s_in_pod(void)
{
    struct ncm_file_info info;
    struct ncm_err ignored;
    char *host = ncm_path_variable("KUBERNETES_SERVICE_HOST");
    bool there = host != NULL && ncm_file_stat(POD_FOLDER "/token", &info, &ignored) &&
                 info.kind != NCM_FILE_NONE;
    ncm_free(host);
    return there;
}

bool k8s_files_read(const char *paths, struct k8s_files *out, bool *in_pod, struct ncm_err *err)
{
    *out = (struct k8s_files){0};
    *in_pod = false;
    bool ok;
    if (paths != NULL && *paths != '\0') {
        ok = add_list(out, paths, err);
        out->where = ncm_path_short(paths);
    } else {
        char *list = ncm_path_variable("KUBECONFIG");
        if (list != NULL) {
            ok = add_list(out, list, err);
            out->where = ncm_strdup("$KUBECONFIG");
        } else {
            ok = add_file(out, "~/.kube/config", false, err);
            out->where = ncm_strdup("~/.kube/config");
            *in_pod = ok && out->n == 0 && k8s_in_pod();
            ok = ok && (out->n > 0 || *in_pod || no_file(err));
        }
        ncm_free(list);
    }
    if (!ok) {
        k8s_files_release(out);
    }
    return ok;
}

/* ---- entries -------------------------------------------------------------------------------- */
const char *k8s_config_scalar(const struct ncm_node *n)
{
    bool text = n != NULL && n->kind != NCM_NODE_NULL && n->kind != NCM_NODE_LIST &&
                n->kind != NCM_NODE_MAP && n->str != NULL;
    return text && *n->str != '\0' ? n->str : NULL;
}

const char *k8s_config_text(const struct ncm_node *map, const char *key)
{
    return k8s_config_scalar(ncm_node_get(map, key));
}

/* The entry of that name in the first file that has one. */
static const struct ncm_node *find(const struct k8s_files *f, const char *list, const char *name,
                                   const struct k8s_file **in)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct ncm_node *all = ncm_node_get(ncm_doc_root(f->items[i].doc), list);
        for (size_t k = 0; all != NULL && all->kind == NCM_NODE_LIST && k < all->n; k++) {
            const char *own = k8s_config_text(&all->items[k], "name");
            if (own != NULL && strcmp(own, name) == 0) {
                *in = &f->items[i];
                return &all->items[k];
            }
        }
    }
    return NULL;
}

static const char *current(const struct k8s_files *f)
{
    for (size_t i = 0; i < f->n; i++) {
        const char *name = k8s_config_text(ncm_doc_root(f->items[i].doc), "current-context");
        if (name != NULL) {
            return name;
        }
    }
    return NULL;
}

static bool has(const struct k8s_contexts *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void list_names(const struct k8s_files *f, struct k8s_contexts *out)
{
    size_t cap = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct ncm_node *all = ncm_node_get(ncm_doc_root(f->items[i].doc), "contexts");
        for (size_t k = 0; all != NULL && all->kind == NCM_NODE_LIST && k < all->n; k++) {
            const char *name = k8s_config_text(&all->items[k], "name");
            if (name != NULL && !has(out, name)) {
                out->names = ncm_grow(out->names, out->n, &cap, sizeof(char *));
                out->names[out->n++] = ncm_strdup(name);
            }
        }
    }
}

static bool no_context(const struct k8s_files *f, const char *name, struct ncm_err *err)
{
    struct k8s_contexts all = {0};
    struct ncm_buf names;
    list_names(f, &all);
    ncm_buf_init(&names, NAMES_MOST);
    for (size_t i = 0; i < all.n; i++) {
        if (names.len + strlen(all.names[i]) + 4 > NAMES_MOST) {
            ncm_buf_puts(&names, " …");
            break;
        }
        ncm_buf_printf(&names, "%s%s", i > 0 ? ", " : "", all.names[i]);
    }
    if (name != NULL) {
        ncm_fail(err, NCM_NOT_FOUND, _("%s has no context \"%s\""), f->where, name);
    } else {
        ncm_fail(err, NCM_NOT_FOUND, _("%s names no current context"), f->where);
    }
    if (all.n > 0) {
        ncm_hint(err, _("It has: %s"), names.p);
    } else {
        ncm_hint(err, _("It has no contexts at all"));
    }
    ncm_buf_release(&names);
    k8s_contexts_release(&all);
    return false;
}

static const struct ncm_node *part(const struct ncm_node *entry, const char *key)
{
    const struct ncm_node *n = ncm_node_get(entry, key);
    return n != NULL && n->kind == NCM_NODE_MAP ? n : NULL;
}

/* ---- a login -------------------------------------------------------------------------------- */
static bool from_pod(struct k8s_login *l, struct ncm_err *err)
{
    struct ncm_buf ns;
    struct ncm_err ignored;
    bool cut;
    char *host = ncm_path_variable("KUBERNETES_SERVICE_HOST");
    char *port = ncm_path_variable("KUBERNETES_SERVICE_PORT");
    ncm_buf_init(&ns, 256);
    l->in_cluster = true;
    l->context = ncm_strdup("in-cluster");
    l->cluster = ncm_strdup("in-cluster");
    l->user = ncm_strdup("in-cluster");
    bool six = host != NULL && strchr(host, ':') != NULL && host[0] != '[';
    l->server = ncm_sprintf("https://%s%s%s:%s", six ? "[" : "", host != NULL ? host : "",
                            six ? "]" : "", port != NULL ? port : "443");
    l->token_file = ncm_strdup(POD_FOLDER "/token");
    l->ca_file = ncm_strdup(POD_FOLDER "/ca.crt");
    if (ncm_file_read(POD_FOLDER "/namespace", 0, 255, &ns, &cut, &ignored)) {
        ns.p[strcspn(ns.p, " \t\r\n")] = '\0';
    }
    l->ns = ncm_strdup(ns.p[0] != '\0' ? ns.p : "default");
    l->where = ncm_strdup(_("the cluster that this runs in"));
    ncm_buf_release(&ns);
    ncm_free(port);
    bool ok = host != NULL;
    ncm_free(host);
    return ok || no_file(err);
}

static bool dangling(const struct k8s_file *in, const struct ncm_node *context, const char *what,
                     const char *name, struct ncm_err *err)
{
    const struct ncm_node *at = ncm_node_get(context, what);
    int line = at != NULL ? at->line : context->line;
    return ncm_fail(err, NCM_INVALID_DATA, _("%s:%d: there is no %s \"%s\""), in->shown, line, what,
                    name);
}

static bool from_files(const struct k8s_files *f, const char *name, struct k8s_login *l,
                       struct ncm_err *err)
{
    const struct k8s_file *in, *at;
    name = name != NULL && *name != '\0' ? name : current(f);
    const struct ncm_node *entry = name != NULL ? find(f, "contexts", name, &in) : NULL;
    if (entry == NULL) {
        return no_context(f, name, err);
    }
    const struct ncm_node *context = part(entry, "context");
    const char *cluster = k8s_config_text(context, "cluster");
    const char *user = k8s_config_text(context, "user");
    if (cluster == NULL) {
        return ncm_fail(err, NCM_INVALID_DATA, _("%s:%d: the context \"%s\" names no cluster"),
                        in->shown, entry->line, name);
    }
    const char *ns = k8s_config_text(context, "namespace");
    l->context = ncm_strdup(name);
    l->cluster = ncm_strdup(cluster);
    l->user = ncm_strdup(user != NULL ? user : "");
    l->ns = ncm_strdup(ns != NULL ? ns : "default");
    l->where = ncm_sprintf(_("context %s of %s"), name, f->where);
    entry = find(f, "clusters", cluster, &at);
    if (entry == NULL) {
        return dangling(in, context, "cluster", cluster, err);
    }
    if (!k8s_login_cluster(at, part(entry, "cluster"), entry->line, l, err)) {
        return false;
    }
    if (user == NULL) {
        return true;
    }
    entry = find(f, "users", user, &at);
    return entry != NULL ? k8s_login_user(at, part(entry, "user"), l, err)
                         : dangling(in, context, "user", user, err);
}

bool k8s_login_load(const char *paths, const char *context, struct k8s_login *out,
                    struct ncm_err *err)
{
    struct k8s_files files;
    bool in_pod;
    *out = (struct k8s_login){0};
    if (!k8s_files_read(paths, &files, &in_pod, err)) {
        return false;
    }
    bool ok = in_pod ? from_pod(out, err) : from_files(&files, context, out, err);
    k8s_files_release(&files);
    if (!ok) {
        k8s_login_release(out);
    }
    return ok;
}

bool k8s_contexts_list(const char *paths, struct k8s_contexts *out, struct ncm_err *err)
{
    struct k8s_files files;
    bool in_pod;
    *out = (struct k8s_contexts){0};
    if (!k8s_files_read(paths, &files, &in_pod, err)) {
        return false;
    }
    if (in_pod) {
        out->names = ncm_alloc(1, sizeof(char *));
        out->names[out->n++] = ncm_strdup("in-cluster");
        out->current = ncm_strdup("in-cluster");
        out->where = ncm_strdup("in-cluster");
    } else {
        list_names(&files, out);
        out->current = ncm_strdup(current(&files));
        out->where = ncm_strdup(files.where);
    }
    k8s_files_release(&files);
    return true;
}
