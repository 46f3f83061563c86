/* One cluster and one user of a kubeconfig. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/secret.h"
#include "provider/kubernetes/kubeconfig_inside.h"

static int line_of(const struct ncm_node *map, const char *key)
{
    const struct ncm_node *n = ncm_node_get(map, key);
    return n != NULL ? n->line : map != NULL ? map->line : 0;
}

static bool bad(const struct k8s_file *f, const struct ncm_node *map, const char *key,
                const char *why, struct ncm_err *err)
{
    return ncm_fail(err, NCM_INVALID_DATA, "%s:%d: %s: %s", f->shown, line_of(map, key), key, why);
}

static bool take_bool(const struct k8s_file *f, const struct ncm_node *map, const char *key,
                      bool *out, struct ncm_err *err)
{
    const struct ncm_node *n = ncm_node_get(map, key);
    if (n == NULL || n->kind == NCM_NODE_NULL) {
        return true;
    }
    const char *text = k8s_config_scalar(n);
    if (n->kind == NCM_NODE_BOOL) {
        *out = n->boolean;
    } else if (text != NULL && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
        *out = strcmp(text, "true") == 0;
    } else {
        return bad(f, map, key, _("neither true nor false"), err);
    }
    return true;
}

/* A scalar or nothing; a list or a map in its place is a mistake. */
static bool take(const struct k8s_file *f, const struct ncm_node *map, const char *key, char **out,
                 struct ncm_err *err)
{
    const struct ncm_node *n = ncm_node_get(map, key);
    if (n != NULL && (n->kind == NCM_NODE_LIST || n->kind == NCM_NODE_MAP)) {
        return bad(f, map, key, _("a text is expected"), err);
    }
    *out = ncm_strdup(k8s_config_scalar(n));
    return true;
}

static bool take_path(const struct k8s_file *f, const struct ncm_node *map, const char *key,
                      char **out, struct ncm_err *err)
{
    char *text;
    if (!take(f, map, key, &text, err)) {
        return false;
    }
    *out = text != NULL ? ncm_path_expand(text, f->dir) : NULL;
    ncm_free(text);
    return true;
}

/* base64 of PEM, which is text. */
static bool take_pem(const struct k8s_file *f, const struct ncm_node *map, const char *key,
                     char **out, struct ncm_err *err)
{
    size_t len;
    char *text;
    if (!take(f, map, key, &text, err)) {
        return false;
    }
    if (text == NULL) {
        return true;
    }
    char *pem = ncm_base64_decode(text, &len);
    ncm_secret_wipe(text);
    if (pem == NULL) {
        return bad(f, map, key, _("this is no base64"), err);
    }
    if (strlen(pem) != len || strstr(pem, "-----BEGIN ") == NULL) {
        explicit_bzero(pem, len);
        ncm_free(pem);
        return bad(f, map, key, _("this is no PEM"), err);
    }
    *out = pem;
    return true;
}

/* ---- a cluster ------------------------------------------------------------------------------ */
static bool is_url(const char *s)
{
    bool http = strncmp(s, "https://", 8) == 0 || strncmp(s, "http://", 7) == 0;
    return http && strstr(s, "//")[2] != '\0' && strpbrk(s, " \t\r\n?#@") == NULL;
}

static bool take_server(const struct k8s_file *f, const struct ncm_node *cluster,
                        struct k8s_login *l, struct ncm_err *err)
{
    if (!take(f, cluster, "server", &l->server, err)) {
        return false;
    }
    if (l->server == NULL) {
        return bad(f, cluster, "server", _("the address is missing"), err);
    }
    size_t len = strlen(l->server);
    while (len > 0 && l->server[len - 1] == '/') {
        l->server[--len] = '\0';
    }
    /* The address itself may hold a password, so it is not repeated. */
    return is_url(l->server) ||
           bad(f, cluster, "server", _("this is no address like https://HOST[:PORT]"), err);
}

static bool take_proxy(const struct k8s_file *f, const struct ncm_node *cluster,
                       struct k8s_login *l, struct ncm_err *err)
{
    static const char *const known[] = {"http://", "https://", "socks5://", "socks5h://"};
    if (!take(f, cluster, "proxy-url", &l->proxy, err)) {
        return false;
    }
    if (l->proxy == NULL) {
        return true;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strncmp(l->proxy, known[i], strlen(known[i])) == 0) {
            return true;
        }
    }
    return bad(f, cluster, "proxy-url", _("only http://, https:// and socks5:// are known"), err);
}

bool k8s_login_cluster(const struct k8s_file *f, const struct ncm_node *cluster, int line,
                       struct k8s_login *l, struct ncm_err *err)
{
    if (cluster == NULL) {
        return ncm_fail(err, NCM_INVALID_DATA, _("%s:%d: the cluster is empty"), f->shown, line);
    }
    if (!take_server(f, cluster, l, err) || !take_proxy(f, cluster, l, err) ||
        !take(f, cluster, "tls-server-name", &l->tls_name, err) ||
        !take_bool(f, cluster, "insecure-skip-tls-verify", &l->insecure, err) ||
        !take_bool(f, cluster, "disable-compression", &l->no_compression, err) ||
        !take_path(f, cluster, "certificate-authority", &l->ca_file, err) ||
        !take_pem(f, cluster, "certificate-authority-data", &l->ca_data, err)) {
        return false;
    }
    if (l->insecure && (l->ca_file != NULL || l->ca_data != NULL)) {
        bad(f, cluster, "insecure-skip-tls-verify",
            _("an authority is named as well, so it is not clear whether it is to be checked"),
            err);
        return ncm_hint(err, _("Remove one of the two; kubectl refuses this as well"));
    }
    return true;
}

/* ---- a user --------------------------------------------------------------------------------- */
static char **take_args(const struct ncm_node *list)
{
    size_t n = list != NULL && list->kind == NCM_NODE_LIST ? list->n : 0;
    char **out = ncm_alloc(n + 1, sizeof *out);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        const char *text = k8s_config_scalar(&list->items[i]);
        out[used++] = ncm_strdup(text != NULL ? text : "");
    }
    return out;
}

static char **take_env(const struct ncm_node *list)
{
    size_t n = list != NULL && list->kind == NCM_NODE_LIST ? list->n : 0;
    char **out = ncm_alloc(n + 1, sizeof *out);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        const char *name = k8s_config_text(&list->items[i], "name");
        const char *value = k8s_config_text(&list->items[i], "value");
        if (name != NULL && strchr(name, '=') == NULL) {
            out[used++] = ncm_sprintf("%s=%s", name, value != NULL ? value : "");
        }
    }
    return out;
}

static bool take_exec(const struct k8s_file *f, const struct ncm_node *exec, struct k8s_exec *x,
                      struct ncm_err *err)
{
    char *command = NULL, *mode = NULL;
    if (!take(f, exec, "command", &command, err) ||
        !take(f, exec, "apiVersion", &x->api_version, err) ||
        !take(f, exec, "installHint", &x->install_hint, err) ||
        !take(f, exec, "interactiveMode", &mode, err) ||
        !take_bool(f, exec, "provideClusterInfo", &x->provide_cluster, err)) {
        ncm_free(command);
        ncm_free(mode);
        return false;
    }
    x->interactive_always = mode != NULL && strcmp(mode, "Always") == 0;
    ncm_free(mode);
    if (command == NULL) {
        return bad(f, exec, "command", _("the plugin's command is missing"), err);
    }
    x->command =
        strchr(command, '/') != NULL ? ncm_path_expand(command, f->dir) : ncm_strdup(command);
    ncm_free(command);
    x->args = take_args(ncm_node_get(exec, "args"));
    x->env = take_env(ncm_node_get(exec, "env"));
    if (x->api_version == NULL ||
        (strcmp(x->api_version, "client.authentication.k8s.io/v1") != 0 &&
         strcmp(x->api_version, "client.authentication.k8s.io/v1beta1") != 0)) {
        bad(f, exec, "apiVersion", _("only client.authentication.k8s.io/v1 and v1beta1 are known"),
            err);
        return ncm_hint(err, _("A newer version of the plugin, or of the tool that wrote the "
                               "kubeconfig, speaks it"));
    }
    return true;
}

static bool refuse_auth_provider(const struct k8s_file *f, const struct ncm_node *user,
                                 struct ncm_err *err)
{
    const char *name = k8s_config_text(ncm_node_get(user, "auth-provider"), "name");
    ncm_fail(err, NCM_UNSUPPORTED, _("%s:%d: auth-provider %s was removed from Kubernetes in 1.26"),
             f->shown, line_of(user, "auth-provider"), name != NULL ? name : "");
    return ncm_hint(err, _("Log in again with a newer version of its tool, which writes a "
                           "credential plugin (exec) in its place"));
}

static bool take_groups(const struct ncm_node *list, struct k8s_login *l)
{
    for (size_t i = 0; list != NULL && list->kind == NCM_NODE_LIST && i < list->n; i++) {
        const char *text = k8s_config_scalar(&list->items[i]);
        if (text != NULL) {
            l->as_groups = ncm_resize(l->as_groups, l->n_as_groups + 1, sizeof(char *));
            l->as_groups[l->n_as_groups++] = ncm_strdup(text);
        }
    }
    return true;
}

static bool check_pair(const struct k8s_file *f, const struct ncm_node *user,
                       const struct k8s_login *l, struct ncm_err *err)
{
    bool cert = l->cert_file != NULL || l->cert_data != NULL;
    bool key = l->key_file != NULL || l->key_data != NULL;
    if (cert && !key) {
        const char *which = l->cert_data != NULL ? "client-certificate-data" : "client-certificate";
        return bad(f, user, which, _("its key is missing"), err);
    }
    if (key && !cert) {
        return bad(f, user, l->key_data != NULL ? "client-key-data" : "client-key",
                   _("its certificate is missing"), err);
    }
    return true;
}

bool k8s_login_user(const struct k8s_file *f, const struct ncm_node *user, struct k8s_login *l,
                    struct ncm_err *err)
{
    if (user == NULL) {
        return true;
    }
    const struct ncm_node *exec = ncm_node_get(user, "exec");
    if (ncm_node_get(user, "auth-provider") != NULL) {
        return refuse_auth_provider(f, user, err);
    }
    if (!take_path(f, user, "client-certificate", &l->cert_file, err) ||
        !take_pem(f, user, "client-certificate-data", &l->cert_data, err) ||
        !take_path(f, user, "client-key", &l->key_file, err) ||
        !take_pem(f, user, "client-key-data", &l->key_data, err) ||
        !take(f, user, "token", &l->token, err) ||
        !take_path(f, user, "tokenFile", &l->token_file, err) ||
        !take(f, user, "username", &l->user_name, err) ||
        !take(f, user, "password", &l->password, err) || !take(f, user, "as", &l->as, err) ||
        !take(f, user, "as-uid", &l->as_uid, err) ||
        !take_groups(ncm_node_get(user, "as-groups"), l)) {
        return false;
    }
    if (exec != NULL && exec->kind == NCM_NODE_MAP && !take_exec(f, exec, &l->exec, err)) {
        return false;
    }
    return check_pair(f, user, l, err);
}
