#include "engine/address.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "io/file.h"

bool ncm_uri_is_server(const char *uri)
{
    return strncasecmp(uri, "http://", 7) == 0 || strncasecmp(uri, "https://", 8) == 0;
}

/* Whether "name:5000" or "name": no user and password that were cut off before their '@'. */
static bool is_host(const char *s, size_t len)
{
    const char *colon = s[0] == '[' ? NULL : memchr(s, ':', len);
    size_t port = colon != NULL ? (size_t)(colon - s) + 1 : len;
    return strspn(s + port, "0123456789") >= len - port;
}

bool ncm_uri_user(const char *uri, size_t *from, size_t *to)
{
    const char *host = strstr(uri, "://");
    if (host == NULL) {
        return false;
    }
    host += 3;
    size_t len = strcspn(host, "/?#");
    /* A password may hold what ends a host when it was not encoded as it ought to be. */
    if (memchr(host, '@', len) == NULL && !is_host(host, len)) {
        len = strlen(host);
    }
    for (size_t i = len; i > 0; i--) {
        if (host[i - 1] == '@') {
            *from = (size_t)(host - uri);
            *to = *from + i - 1;
            return true;
        }
    }
    return false;
}

bool ncm_uri_has_host(const char *uri)
{
    size_t from, to;
    const char *host = strstr(uri, "://");
    if (host == NULL) {
        return false;
    }
    host = ncm_uri_user(uri, &from, &to) ? uri + to + 1 : host + 3;
    size_t len = strcspn(host, "/?#");
    return len > 0 && host[0] != ':' && memchr(host, '@', len) == NULL && is_host(host, len);
}

bool ncm_uri_secret(const char *uri)
{
    size_t from, to;
    return ncm_uri_user(uri, &from, &to) && memchr(uri + from, ':', to - from) != NULL;
}

char *ncm_uri_without_user(const char *uri)
{
    size_t from, to;
    if (!ncm_uri_user(uri, &from, &to)) {
        return ncm_strdup(uri);
    }
    return ncm_sprintf("%.*s%s", (int)from, uri, uri + to + 1);
}

/* A part as it was meant; one that decodes to no text stays as it is written. */
static char *decoded(const char *s, size_t len)
{
    char *raw = ncm_strndup(s, len);
    char *plain = ncm_percent_decode(raw);
    if (plain == NULL) {
        return raw;
    }
    explicit_bzero(raw, strlen(raw));
    ncm_free(raw);
    return plain;
}

void ncm_uri_login(const char *uri, struct ncm_access *access)
{
    size_t from, to;
    if (!ncm_uri_user(uri, &from, &to) || from == to) {
        return;
    }
    const char *user = uri + from, *colon = memchr(user, ':', to - from);
    size_t len = colon != NULL ? (size_t)(colon - user) : to - from;
    ncm_free(access->user);
    access->user = decoded(user, len);
    if (colon != NULL && to - from > len + 1) {
        ncm_secret_clear(&access->password);
        access->password.kind = NCM_SECRET_TEXT;
        access->password.from = decoded(colon + 1, to - from - len - 1);
    }
}

char *ncm_uri_server(const char *uri)
{
    char *plain = ncm_uri_without_user(uri);
    size_t len = strcspn(plain, "?#");
    size_t host = (size_t)(strstr(plain, "://") + 3 - plain);
    while (len > host && plain[len - 1] == '/') {
        len--;
    }
    plain[len] = '\0';
    for (size_t i = 0; i < host; i++) {
        plain[i] = (char)(plain[i] >= 'A' && plain[i] <= 'Z' ? plain[i] + ('a' - 'A') : plain[i]);
    }
    return plain;
}

char *ncm_uri_shown(const char *uri)
{
    size_t from, to;
    bool user = ncm_uri_user(uri, &from, &to);
    const char *rest = user ? uri + to : uri;
    /* Parameters of an SQLite file's address are no secrets. */
    bool address = strstr(uri, "://") != NULL && strncmp(uri, "sqlite", 6) != 0;
    size_t len = address ? strcspn(rest, "?#") : strlen(rest);
    return ncm_sprintf("%.*s%s%.*s%s", user ? (int)from : 0, uri, user ? "***" : "", (int)len, rest,
                       rest[len] != '\0' ? "?***" : "");
}
