/* The configuration file: how an address is entered, the same for every part that has one. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "engine/address.h"
#include "engine/config_file.h"

static const char *const kinds[] = {
    [NCM_SECRET_ENV] = "-env",
    [NCM_SECRET_FILE] = "-file",
    [NCM_SECRET_COMMAND] = "-command",
    [NCM_SECRET_TEXT] = "",
};

struct ncm_secret *ncm_config_secret(struct ncm_access *a, const char *key,
                                     enum ncm_secret_kind *kind)
{
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

bool ncm_config_put_secret(struct ncm_config_reader *r, struct ncm_secret *s,
                           enum ncm_secret_kind kind, const struct ncm_node *n, char *text)
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

char **ncm_config_login_text(struct ncm_access *a, const char *key)
{
    const struct {
        const char *key;
        char **text;
    } fields[] = {
        {"user", &a->user},      {"ca", &a->ca},       {"client-cert", &a->cert},
        {"client-key", &a->key}, {"proxy", &a->proxy}, {"workspace", &a->workspace},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(fields[i].key, key) == 0) {
            return fields[i].text;
        }
    }
    return NULL;
}

/* User and password of an address are settings as good as the others, and must not be shown. */
static bool take_login(struct ncm_config_reader *r, const struct ncm_node *at)
{
    size_t from, to;
    char **address = r->address;
    struct ncm_access *a = r->access;
    if (*address == NULL || !ncm_uri_is_server(*address)) {
        return true;
    }
    if (!ncm_uri_has_host(*address)) { /* not repeated: it may hold a password */
        return ncm_config_wrong_at(
            r, at, ncm_strdup(_("the address of a server is http(s)://HOST[:PORT][/PREFIX]")));
    }
    if (!ncm_uri_user(*address, &from, &to)) {
        return true;
    }
    bool secret = ncm_uri_secret(*address);
    if (a->user != NULL || (secret && a->password.kind != NCM_SECRET_NONE)) {
        return ncm_config_wrong_at(
            r, at,
            ncm_strdup(_("the address logs in as somebody and so does another setting: "
                         "one of them is enough")));
    }
    if (secret) {
        is_secret(r, at);
    }
    ncm_uri_login(*address, a);
    if (secret && (a->user == NULL || a->user[0] == '\0')) {
        return ncm_config_wrong_at(r, at, ncm_strdup(_("a password wants 'user' beside it")));
    }
    char *plain = ncm_uri_without_user(*address);
    explicit_bzero(*address, strlen(*address));
    ncm_free(*address);
    *address = plain;
    return true;
}

bool ncm_config_login(struct ncm_config_reader *r, const struct ncm_node *n,
                      const char *address_key)
{
    const struct ncm_access *a = r->access;
    if (!take_login(r, ncm_config_key_of(n, address_key))) {
        return false;
    }
    if (a->proxy != NULL && ncm_uri_secret(a->proxy)) {
        is_secret(r, ncm_config_key_of(n, "proxy"));
    }
    bool password = a->password.kind != NCM_SECRET_NONE, token = a->token.kind != NCM_SECRET_NONE;
    const char *what = NULL;
    const struct ncm_node *at = n;
    if (password && token) {
        at = ncm_config_key_of(n, "token");
        what = _("a password and a token are both there: a server takes one of them");
    } else if (password && a->user == NULL) {
        at = ncm_config_key_of(n, "password");
        what = _("a password wants 'user' beside it");
    } else if (token && a->user != NULL) {
        at = ncm_config_key_of(n, "user");
        what = _("a token says who it is: 'user' belongs to a password");
    } else if (a->netrc && (password || token)) {
        at = ncm_config_key_of(n, "netrc");
        what = _("'netrc' and a secret of its own are both there: one of them is enough");
    } else if (a->insecure && a->ca != NULL) {
        at = ncm_config_key_of(n, "insecure-tls");
        what = _("'ca' says how to check the certificate, 'insecure-tls' not to: one of them");
    } else if (a->key != NULL && a->cert == NULL) {
        at = ncm_config_key_of(n, "client-key");
        what = _("'client-key' wants 'client-cert' beside it");
    }
    return what == NULL || ncm_config_wrong_at(r, at, ncm_strdup(what));
}
