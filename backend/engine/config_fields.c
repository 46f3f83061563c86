/* The configuration file: where each value goes, and what a value may be. */
#include <stddef.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "engine/address.h"
#include "engine/config_file.h"
#include "io/file.h"

enum { ESCDELAY_MAX = 10000, TIMEOUT_MAX = 3600, VARIABLE_MAX = 200 };

static char **text_field(struct ncm_config *c, const char *path)
{
    const struct {
        const char *path;
        char **text;
    } fields[] = {
        {"current-context", &c->current_context},
        {"theme", &c->theme},
        {"language", &c->language},
        {"plot", &c->plot},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(fields[i].path, path) == 0) {
            return fields[i].text;
        }
    }
    return NULL;
}

/* Of the last context, which is the one being read. */
static char **tracking_text(struct ncm_config *c, const char *key)
{
    struct ncm_config_context *x = &c->contexts[c->n_contexts - 1];
    const struct {
        const char *key;
        char **text;
    } fields[] = {
        {"uri", &x->tracking_uri},        {"registry-uri", &x->registry_uri},
        {"user", &x->access.user},        {"ca", &x->access.ca},
        {"client-cert", &x->access.cert}, {"client-key", &x->access.key},
        {"proxy", &x->access.proxy},      {"workspace", &x->access.workspace},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(fields[i].key, key) == 0) {
            return fields[i].text;
        }
    }
    return NULL;
}

static bool *flag_field(struct ncm_config *c, const char *path, const char *key)
{
    const struct {
        const char *path;
        bool *flag;
    } fields[] = {
        {"ascii", &c->ascii}, {"mouse", &c->mouse}, {"clock", &c->clock}, {"bell", &c->bell}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(fields[i].path, path) == 0) {
            return fields[i].flag;
        }
    }
    struct ncm_config_context *x = &c->contexts[c->n_contexts - 1];
    return strcmp(key, "protect") == 0     ? &x->protect
           : strcmp(key, "read-only") == 0 ? &x->read_only
           : strcmp(key, "netrc") == 0     ? &x->access.netrc
                                           : &x->access.insecure;
}

static const char *const kinds[] = {
    [NCM_SECRET_ENV] = "-env",
    [NCM_SECRET_FILE] = "-file",
    [NCM_SECRET_COMMAND] = "-command",
    [NCM_SECRET_TEXT] = "",
};

/* Which secret a key of a tracking part names, and how; NULL for any other key. */
static struct ncm_secret *secret_field(struct ncm_config *c, const char *key,
                                       enum ncm_secret_kind *kind)
{
    struct ncm_access *a = &c->contexts[c->n_contexts - 1].access;
    size_t len = strcspn(key, "-");
    struct ncm_secret *s = strncmp(key, "password", len) == 0 && len == 8 ? &a->password
                           : strncmp(key, "token", len) == 0 && len == 5  ? &a->token
                                                                          : NULL;
    for (int k = NCM_SECRET_ENV; s != NULL && k <= NCM_SECRET_TEXT; k++) {
        if (strcmp(key + len, kinds[k]) == 0) {
            *kind = (enum ncm_secret_kind)k;
        }
    }
    return s;
}

static void is_secret(struct ncm_config_reader *r, const struct ncm_node *n)
{
    if (r->secret_line == 0) {
        r->secret_line = n->line;
        r->secret_column = n->column;
    }
}

/* Takes text. */
static bool put_secret(struct ncm_config_reader *r, struct ncm_secret *s, enum ncm_secret_kind kind,
                       const struct ncm_node *n, char *text)
{
    if (s->kind != NCM_SECRET_NONE && s->kind != kind) {
        ncm_free(text);
        const char *dash = strchr(n->key, '-');
        size_t len = dash != NULL ? (size_t)(dash - n->key) : strlen(n->key);
        char *before = ncm_sprintf("%.*s%s", (int)len, n->key, kinds[s->kind]);
        char *what =
            ncm_sprintf(_("'%s' and '%s' are both there: one of them is enough"), before, n->key);
        ncm_free(before);
        return ncm_config_wrong(r, n->key_line, n->key_column, what);
    }
    if (kind == NCM_SECRET_TEXT) {
        is_secret(r, n);
    }
    ncm_secret_clear(s);
    *s = (struct ncm_secret){kind, text};
    return true;
}

/* A name that a shell could set. Whoever writes the secret itself there is told without it. */
static bool is_variable(const char *s)
{
    size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    return len > 0 && len < VARIABLE_MAX && s[len] == '\0' && (s[0] < '0' || s[0] > '9');
}

static bool put_text(struct ncm_config_reader *r, const char *path, const struct ncm_setting *row,
                     const struct ncm_node *n)
{
    if (n->str == NULL || n->kind == NCM_NODE_LIST || n->kind == NCM_NODE_MAP ||
        n->kind == NCM_NODE_NULL) {
        return ncm_config_wrong_at(r, n, ncm_sprintf(_("'%s' wants a text"), path));
    }
    if (row->values != NULL && !ncm_config_one_of(row->values, n->str)) {
        return ncm_config_wrong_at(r, n, ncm_sprintf(_("'%s' is none of %s"), n->str, row->values));
    }
    if (strcmp(row->type, "variable") == 0 && !is_variable(n->str)) {
        return ncm_config_wrong_at(
            r, n,
            ncm_sprintf(_("'%s' wants the name of a variable, such as MLFLOW_TRACKING_TOKEN"),
                        path));
    }
    if (n->str[0] == '\0' && strncmp(row->path, "contexts.", 9) == 0) {
        return ncm_config_wrong_at(r, n, ncm_sprintf(_("'%s' is empty"), path));
    }
    char *text =
        strcmp(row->type, "path") == 0 ? ncm_path_expand(n->str, r->dir) : ncm_strdup(n->str);
    enum ncm_secret_kind kind = NCM_SECRET_NONE;
    char **field = text_field(r->config, path);
    if (field == NULL) {
        struct ncm_secret *secret = secret_field(r->config, n->key, &kind);
        if (secret != NULL) {
            return put_secret(r, secret, kind, n, text);
        }
        field = tracking_text(r->config, n->key);
    }
    ncm_free(*field);
    *field = text;
    return true;
}

static bool truth(const struct ncm_node *n, bool *out)
{
    if (n->kind == NCM_NODE_BOOL) {
        *out = n->boolean;
        return true;
    }
    if (n->kind != NCM_NODE_STR) {
        return false;
    }
    bool yes = ncm_config_one_of("yes|Yes|on|On|true", n->str);
    *out = yes;
    return yes || ncm_config_one_of("no|No|off|Off|false", n->str);
}

static bool put_flag(struct ncm_config_reader *r, const char *path, const struct ncm_node *n)
{
    if (!truth(n, flag_field(r->config, path, n->key))) {
        return ncm_config_wrong_at(r, n, ncm_sprintf(_("'%s' wants yes or no"), path));
    }
    return true;
}

static bool put_number(struct ncm_config_reader *r, const char *path, const struct ncm_node *n)
{
    bool delay = strcmp(path, "escdelay") == 0;
    int least = delay ? 0 : 1, most = delay ? ESCDELAY_MAX : TIMEOUT_MAX;
    if (n->kind != NCM_NODE_INT || n->i < least || n->i > most) {
        return ncm_config_wrong_at(
            r, n, ncm_sprintf(_("'%s' wants a number from %d to %d"), path, least, most));
    }
    if (delay) {
        r->config->escdelay_ms = (int)n->i;
    } else {
        r->config->contexts[r->config->n_contexts - 1].access.timeout_ms = n->i * 1000;
    }
    return true;
}

static bool put_keys(struct ncm_config_reader *r, const char *path, const struct ncm_node *n)
{
    struct ncm_buf text;
    ncm_buf_init(&text, 256);
    bool ok = true;
    if (n->kind == NCM_NODE_LIST) {
        for (size_t i = 0; i < n->n; i++) {
            ok = ok && n->items[i].str != NULL && ncm_buf_puts(&text, i > 0 ? ", " : "") &&
                 ncm_buf_puts(&text, n->items[i].str);
        }
    } else {
        ok = n->str != NULL && n->kind != NCM_NODE_MAP && n->kind != NCM_NODE_NULL &&
             ncm_buf_puts(&text, n->str);
    }
    if (!ok) {
        ncm_buf_release(&text);
        return ncm_config_wrong_at(r, n,
                                   ncm_sprintf(_("'%s' wants a key or a list of keys"), path));
    }
    struct ncm_config *c = r->config;
    c->keys = ncm_resize(c->keys, c->n_keys + 1, sizeof *c->keys);
    c->keys[c->n_keys++] = (struct ncm_config_key){
        .action = ncm_strdup(n->key),
        .keys = ncm_buf_take(&text),
        .line = n->key_line,
        .column = n->key_column,
    };
    ncm_buf_release(&text);
    return true;
}

bool ncm_config_put(struct ncm_config_reader *r, const char *path, const struct ncm_setting *row,
                    const struct ncm_node *n)
{
    if (strcmp(row->type, "yes/no") == 0) {
        return put_flag(r, path, n);
    }
    if (strcmp(row->type, "number") == 0) {
        return put_number(r, path, n);
    }
    return strcmp(row->type, "keys") == 0 ? put_keys(r, path, n) : put_text(r, path, row, n);
}

/* ---- what belongs together ------------------------------------------------------------------ */

/* The first key of the part that begins so; the part itself where there is none. */
static const struct ncm_node *key_of(const struct ncm_node *part, const char *prefix)
{
    for (size_t i = 0; i < part->n; i++) {
        if (strncmp(part->items[i].key, prefix, strlen(prefix)) == 0) {
            return &part->items[i];
        }
    }
    return part;
}

/* User and password of an address are settings as good as the others, and must not be shown. */
static bool take_login(struct ncm_config_reader *r, struct ncm_config_context *x,
                       const struct ncm_node *n)
{
    size_t from, to;
    if (x->tracking_uri == NULL || !ncm_uri_is_server(x->tracking_uri)) {
        return true;
    }
    const struct ncm_node *at = key_of(n, "uri");
    if (!ncm_uri_has_host(x->tracking_uri)) { /* not repeated: it may hold a password */
        return ncm_config_wrong_at(
            r, at, ncm_strdup(_("the address of a server is http(s)://HOST[:PORT][/PREFIX]")));
    }
    if (!ncm_uri_user(x->tracking_uri, &from, &to)) {
        return true;
    }
    bool secret = ncm_uri_secret(x->tracking_uri);
    if (x->access.user != NULL || (secret && x->access.password.kind != NCM_SECRET_NONE)) {
        return ncm_config_wrong_at(
            r, at,
            ncm_strdup(_("the address logs in as somebody and so does another setting: "
                         "one of them is enough")));
    }
    if (secret) {
        is_secret(r, at);
    }
    ncm_uri_login(x->tracking_uri, &x->access);
    char *plain = ncm_uri_without_user(x->tracking_uri);
    explicit_bzero(x->tracking_uri, strlen(x->tracking_uri));
    ncm_free(x->tracking_uri);
    x->tracking_uri = plain;
    return true;
}

bool ncm_config_tracking(struct ncm_config_reader *r, const struct ncm_node *n)
{
    struct ncm_config_context *x = &r->config->contexts[r->config->n_contexts - 1];
    const struct ncm_access *a = &x->access;
    size_t from, to;
    if (!take_login(r, x, n)) {
        return false;
    }
    if (a->proxy != NULL && ncm_uri_secret(a->proxy)) {
        is_secret(r, key_of(n, "proxy"));
    }
    bool password = a->password.kind != NCM_SECRET_NONE, token = a->token.kind != NCM_SECRET_NONE;
    const char *what = NULL;
    const struct ncm_node *at = n;
    if (password && token) {
        at = key_of(n, "token");
        what = _("a password and a token are both there: a server takes one of them");
    } else if (password && a->user == NULL) {
        at = key_of(n, "password");
        what = _("a password wants 'user' beside it");
    } else if (token && a->user != NULL) {
        at = key_of(n, "user");
        what = _("a token says who it is: 'user' belongs to a password");
    } else if (a->netrc && (password || token)) {
        at = key_of(n, "netrc");
        what = _("'netrc' and a secret of its own are both there: one of them is enough");
    } else if (a->insecure && a->ca != NULL) {
        at = key_of(n, "insecure-tls");
        what = _("'ca' says how to check the certificate, 'insecure-tls' not to: one of them");
    } else if (a->key != NULL && a->cert == NULL) {
        at = key_of(n, "client-key");
        what = _("'client-key' wants 'client-cert' beside it");
    } else if (x->registry_uri != NULL && ncm_uri_user(x->registry_uri, &from, &to)) {
        at = key_of(n, "registry-uri");
        what = _("the registry is entered as the store is: no user belongs into its address");
    }
    return what == NULL || ncm_config_wrong_at(r, at, ncm_strdup(what));
}
