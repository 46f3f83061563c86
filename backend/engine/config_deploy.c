/* The configuration file: one place where models are served. */
#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/address.h"
#include "engine/config_file.h"
#include "io/file.h"

enum { NAMESPACES_MAX = 1000, NAME_MAX_LEN = 200, SECOND_MS = 1000, PATHS_MAX = 16 * 1024 };
static const int64_t every_max_ms = 24LL * 3600 * SECOND_MS;
#define PLACEHOLDER "{{version}}"

/* ---- one value ------------------------------------------------------------------------------ */

/* The text that a key sets as it is; NULL for any other key. */
static char **text_of(struct ncm_deploy_source *d, const char *key)
{
    const struct {
        const char *key;
        char **text;
    } fields[] = {
        {"name", &d->name},         {"context", &d->kube_context},
        {"selector", &d->selector}, {"protocol", &d->protocol},
        {"model", &d->model},       {"served-name", &d->served_name},
        {"health", &d->health},     {"ready", &d->ready},
        {"info", &d->info},         {"version", &d->version},
        {"metrics", &d->metrics},   {"management", &d->management},
        {"reload", &d->reload},     {"reload-body", &d->reload_body},
        {"traffic", &d->traffic},   {"path", &d->test_path},
        {"body", &d->test_body},    {"group", &d->group},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(fields[i].key, key) == 0) {
            return fields[i].text;
        }
    }
    return NULL;
}

/* One file, or several with ':' between, as KUBECONFIG has them. The caller frees. */
static char *expand_paths(const struct ncm_config_reader *r, const char *text)
{
    struct ncm_buf out;
    ncm_buf_init(&out, PATHS_MAX);
    for (const char *p = text; *p != '\0';) {
        size_t len = strcspn(p, ":");
        if (len > 0) {
            char *one = ncm_strndup(p, len), *path = ncm_path_expand(one, r->dir);
            ncm_buf_puts(&out, out.len > 0 ? ":" : "");
            ncm_buf_puts(&out, path);
            ncm_free(path);
            ncm_free(one);
        }
        p += len + (p[len] == ':');
    }
    char *paths = ncm_buf_take(&out);
    ncm_buf_release(&out);
    return paths;
}

static bool put_text(struct ncm_config_reader *r, const char *path, const struct ncm_setting *row,
                     const struct ncm_node *n, char **text)
{
    if (!ncm_config_word(r, path, row, n)) {
        return false;
    }
    ncm_free(*text);
    *text = ncm_strdup(n->str);
    return true;
}

static bool put_kubeconfig(struct ncm_config_reader *r, const char *path,
                           const struct ncm_setting *row, const struct ncm_node *n)
{
    if (!ncm_config_word(r, path, row, n)) {
        return false;
    }
    ncm_free(r->deploy->kubeconfig);
    r->deploy->kubeconfig = expand_paths(r, n->str);
    return r->deploy->kubeconfig[0] != '\0' ||
           ncm_config_wrong_at(r, n, ncm_sprintf(_("'%s' is empty"), path));
}

static bool is_namespace(const char *s)
{
    size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return strcmp(s, "*") == 0 || (len > 0 && len < 64 && s[len] == '\0');
}

/* A name, or a list of names. */
static bool put_namespaces(struct ncm_config_reader *r, const char *path, const struct ncm_node *n)
{
    struct ncm_deploy_source *d = r->deploy;
    size_t count = n->kind == NCM_NODE_LIST ? n->n : 1;
    for (size_t i = 0; i < count; i++) {
        const struct ncm_node *item = n->kind == NCM_NODE_LIST ? &n->items[i] : n;
        if (item->str == NULL || item->kind == NCM_NODE_NULL || item->kind == NCM_NODE_MAP ||
            count > NAMESPACES_MAX || !is_namespace(item->str)) {
            return ncm_config_wrong_at(
                r, item, ncm_sprintf(_("'%s' wants names of namespaces, or \"*\" for all"), path));
        }
        if (strcmp(item->str, "*") == 0 && count > 1) {
            return ncm_config_wrong_at(
                r, item,
                ncm_strdup(_("\"*\" stands for all namespaces: name no others beside it")));
        }
        d->namespaces = ncm_resize(d->namespaces, d->n_namespaces + 1, sizeof *d->namespaces);
        d->namespaces[d->n_namespaces++] = ncm_strdup(item->str);
    }
    return true;
}

static bool put_every(struct ncm_config_reader *r, const char *path, const struct ncm_node *n)
{
    int64_t ms = -1;
    if (n->str == NULL || !ncm_parse_duration(n->str, &ms) || ms < SECOND_MS || ms > every_max_ms) {
        return ncm_config_wrong_at(
            r, n,
            ncm_sprintf(_("'%s' wants a length of time from 1s to 24h, such as 10s or 1m"), path));
    }
    r->deploy->every_ms = ms;
    return true;
}

bool ncm_config_put_deploy(struct ncm_config_reader *r, const char *path,
                           const struct ncm_setting *row, const struct ncm_node *n, bool *taken)
{
    struct ncm_deploy_source *d = r->deploy;
    const char *key = ncm_config_leaf(row);
    char **text = text_of(d, key);
    bool probe = strcmp(key, "probe") == 0, read_only = strcmp(key, "read-only") == 0;
    *taken = true;
    if (text != NULL) {
        return put_text(r, path, row, n, text);
    }
    if (probe || read_only) {
        return ncm_config_truth(n, probe ? &d->probe : &d->read_only) ||
               ncm_config_wrong_at(r, n, ncm_sprintf(_("'%s' wants yes or no"), path));
    }
    if (strcmp(key, "kubeconfig") == 0) {
        return put_kubeconfig(r, path, row, n);
    }
    if (strcmp(key, "namespaces") == 0) {
        return put_namespaces(r, path, n);
    }
    if (strcmp(key, "every") == 0) {
        return put_every(r, path, n);
    }
    if (strcmp(key, "type") == 0) {
        d->type =
            n->str != NULL && strcmp(n->str, "http") == 0 ? NCM_DEPLOY_HTTP : NCM_DEPLOY_KUBERNETES;
        return ncm_config_word(r, path, row, n);
    }
    *taken = false;
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------ */

bool ncm_config_begin_deploy(struct ncm_config_reader *r, const struct ncm_node *n)
{
    struct ncm_deploy_plan *p = &ncm_config_last(r)->deploy;
    p->items = ncm_resize(p->items, p->n + 1, sizeof *p->items);
    r->deploy = &p->items[p->n++];
    *r->deploy = (struct ncm_deploy_source){.line = n->line};
    r->access = &r->deploy->access;
    r->address = &r->deploy->url;
    return true;
}

/* Keys that only one of the two has; what is in neither list is how an http endpoint is entered. */
static bool is_for(const char *key, enum ncm_deploy_type type)
{
    static const char *const both[] = {"type", "name"};
    static const char *const cluster[] = {"kubeconfig", "context", "namespaces",
                                          "selector",   "probe",   "read-only"};
    for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
        if (strcmp(key, both[i]) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof cluster / sizeof *cluster; i++) {
        if (strcmp(key, cluster[i]) == 0) {
            return type == NCM_DEPLOY_KUBERNETES;
        }
    }
    return type == NCM_DEPLOY_HTTP;
}

static bool check_keys(struct ncm_config_reader *r, const struct ncm_node *n)
{
    const struct ncm_deploy_source *d = r->deploy;
    if (n->kind != NCM_NODE_MAP || ncm_node_get(n, "type") == NULL) {
        return ncm_config_wrong_at(r, n,
                                   ncm_strdup(_("'type' is missing here: kubernetes or http")));
    }
    for (size_t i = 0; i < n->n; i++) {
        if (!is_for(n->items[i].key, d->type)) {
            return ncm_config_wrong(
                r, n->items[i].key_line, n->items[i].key_column,
                ncm_sprintf(_("'%s' belongs to type %s"), n->items[i].key,
                            d->type == NCM_DEPLOY_HTTP ? "kubernetes" : "http"));
        }
    }
    return true;
}

static bool is_path_or_address(const char *key, const char *text)
{
    return text[0] == '/' ||
           (strcmp(key, "metrics") == 0 && (strcmp(text, "none") == 0 || ncm_uri_is_server(text)));
}

static bool check_paths(struct ncm_config_reader *r, const struct ncm_node *n)
{
    static const char *const keys[] = {"health", "ready", "info", "metrics", "reload", "traffic"};
    const struct ncm_deploy_source *d = r->deploy;
    const struct ncm_node *test = ncm_node_get(n, "test");
    size_t from, to;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct ncm_node *at = ncm_node_get(n, keys[i]);
        if (at != NULL && !is_path_or_address(keys[i], at->str)) {
            return ncm_config_wrong_at(
                r, at, ncm_sprintf(_("'%s' wants a path on the server: /…"), keys[i]));
        }
    }
    if (d->version != NULL && d->version[0] != '.') {
        return ncm_config_wrong_at(
            r, ncm_node_get(n, "version"),
            ncm_strdup(_("'version' wants a place in the page: .model.version")));
    }
    if (d->test_path != NULL && d->test_path[0] != '/') {
        return ncm_config_wrong_at(r, ncm_node_get(test, "path"),
                                   ncm_sprintf(_("'%s' wants a path on the server: /…"), "path"));
    }
    if (d->management != NULL && !ncm_uri_is_server(d->management)) {
        return ncm_config_wrong_at(
            r, ncm_node_get(n, "management"),
            ncm_strdup(_("the address of a server is http(s)://HOST[:PORT][/PREFIX]")));
    }
    const char *other = d->management != NULL && ncm_uri_user(d->management, &from, &to)
                            ? "management"
                        : d->metrics != NULL && ncm_uri_user(d->metrics, &from, &to) ? "metrics"
                                                                                     : NULL;
    return other == NULL ||
           ncm_config_wrong_at(r, ncm_node_get(n, other),
                               ncm_strdup(_("it is entered as 'url' is: no user belongs into it")));
}

/* What is of no use without another. */
static bool check_pairs(struct ncm_config_reader *r, const struct ncm_node *n)
{
    const struct ncm_deploy_source *d = r->deploy;
    const struct {
        const char *key, *beside;
        bool wrong;
    } pairs[] = {
        {"version", "info", d->version != NULL && d->info == NULL},
        {"reload-body", "reload", d->reload_body != NULL && d->reload == NULL},
        {"test", "path", d->test_body != NULL && d->test_path == NULL},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (pairs[i].wrong) {
            return ncm_config_wrong_at(r, ncm_config_key_of(n, pairs[i].key),
                                       ncm_sprintf(_("'%s' wants '%s' beside it"),
                                                   i == 2 ? "body" : pairs[i].key,
                                                   pairs[i].beside));
        }
    }
    if (d->reload_body != NULL && strstr(d->reload_body, PLACEHOLDER) == NULL) {
        return ncm_config_wrong_at(r, ncm_node_get(n, "reload-body"),
                                   ncm_sprintf(_("'reload-body' wants %s in it"), PLACEHOLDER));
    }
    return true;
}

static bool is_taken(const struct ncm_deploy_plan *p, const char *name)
{
    for (size_t i = 0; i + 1 < p->n; i++) {
        if (strcmp(p->items[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A host, with its port where another endpoint has the host's name; what a cluster's context is
 * called without the path that some clouds put before it. The caller frees. */
static char *default_name(const struct ncm_deploy_plan *p, const struct ncm_deploy_source *d)
{
    if (d->type == NCM_DEPLOY_KUBERNETES) {
        const char *slash = d->kube_context != NULL ? strrchr(d->kube_context, '/') : NULL;
        return ncm_strdup(slash != NULL && slash[1] != '\0' ? slash + 1
                          : d->kube_context != NULL         ? d->kube_context
                                                            : "kubernetes");
    }
    const char *host = strstr(d->url, "://") + 3;
    size_t whole = strcspn(host, "/?#");
    size_t plain = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    char *name = ncm_strndup(host, plain < whole ? plain : whole);
    if (is_taken(p, name)) {
        ncm_free(name);
        name = ncm_strndup(host, whole);
    }
    return name;
}

/* Sides of a session that are no clusters have these; all endpoints are the source "http". */
static bool is_reserved(const struct ncm_deploy_source *d)
{
    static const char *const names[] = {"http", "ncmlops", "prometheus", "alertmanager"};
    for (size_t i = 0; d->type == NCM_DEPLOY_KUBERNETES && i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], d->name) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_name(struct ncm_config_reader *r, const struct ncm_node *n)
{
    struct ncm_deploy_plan *p = &ncm_config_last(r)->deploy;
    struct ncm_deploy_source *d = r->deploy;
    const struct ncm_node *at = ncm_node_get(n, "name") != NULL ? ncm_node_get(n, "name") : n;
    if (d->name == NULL) {
        d->name = default_name(p, d);
    }
    if (strlen(d->name) > NAME_MAX_LEN || strpbrk(d->name, "/ \t\r\n") != NULL) {
        return ncm_config_wrong_at(r, at,
                                   ncm_strdup(_("'name' wants a word without blanks and slashes")));
    }
    if (is_reserved(d)) {
        return ncm_config_wrong_at(
            r, at, ncm_sprintf(_("'%s' is taken: give it another 'name'"), d->name));
    }
    return !is_taken(p, d->name) ||
           ncm_config_wrong_at(r, at,
                               ncm_sprintf(_("'%s' is there twice: give one of them another "
                                             "'name'"),
                                           d->name));
}

static bool check_address(struct ncm_config_reader *r, const struct ncm_node *n)
{
    struct ncm_deploy_source *d = r->deploy;
    if (d->type != NCM_DEPLOY_HTTP) {
        return true;
    }
    if (d->url == NULL) {
        return ncm_config_wrong_at(r, n, ncm_strdup(_("'url' is missing here")));
    }
    if (!ncm_uri_is_server(d->url)) {
        return ncm_config_wrong_at(
            r, ncm_node_get(n, "url"),
            ncm_strdup(_("the address of a server is http(s)://HOST[:PORT][/PREFIX]")));
    }
    if (!ncm_config_login(r, n, "url")) {
        return false;
    }
    for (size_t len = strlen(d->url); len > 0 && d->url[len - 1] == '/'; len--) {
        d->url[len - 1] = '\0';
    }
    return true;
}

bool ncm_config_end_deploy(struct ncm_config_reader *r, const struct ncm_node *n)
{
    return check_keys(r, n) && check_address(r, n) && check_paths(r, n) && check_pairs(r, n) &&
           check_name(r, n);
}
