/* Who asks: the user, the token, and the secret that goes with them. */
#include <string.h>

#include "base/mem.h"
#include "io/http_inside.h"
#include "io/secret.h"

/* The characters of base64. */
#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define OTHERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/="

enum ncm_http_who ncm_http_who(const struct ncm_access *a)
{
    bool user = a->user != NULL && *a->user != '\0';
    if (user && a->password.kind != NCM_SECRET_NONE) {
        return NCM_HTTP_USER;
    }
    if (a->token.kind != NCM_SECRET_NONE) {
        return NCM_HTTP_TOKEN;
    }
    return user ? NCM_HTTP_USER : a->netrc ? NCM_HTTP_NETRC : NCM_HTTP_NOBODY;
}

static const struct ncm_secret *kept(const struct ncm_http *h)
{
    return ncm_http_who(&h->access) == NCM_HTTP_USER ? &h->access.password : &h->access.token;
}

static bool read_secret(struct ncm_http *h, const struct ncm_http_request *rq, char **out,
                        struct ncm_err *err)
{
    const atomic_bool *cancel = rq->cancel != NULL ? rq->cancel : &h->interrupted;
    return ncm_secret_read(kept(h), cancel, rq->deadline_mono_ms, out, err);
}

bool ncm_http_secret(struct ncm_http *h, const struct ncm_http_request *rq, struct ncm_err *err)
{
    if (h->secret != NULL || kept(h)->kind == NCM_SECRET_NONE) {
        return true;
    }
    if (!read_secret(h, rq, &h->secret, err)) {
        h->secret = NULL;
        char detail[sizeof err->detail];
        memcpy(detail, err->detail, sizeof detail);
        return ncm_detail(err, "not sent: %s", detail);
    }
    h->secret_read++;
    return true;
}

bool ncm_http_secret_changed(struct ncm_http *h, const struct ncm_http_request *rq, unsigned used)
{
    enum ncm_secret_kind kind = kept(h)->kind;
    if (kind == NCM_SECRET_NONE || kind == NCM_SECRET_TEXT) {
        return false;
    }
    if (used != h->secret_read) {
        return true; /* another request has done it */
    }
    char *fresh = NULL;
    struct ncm_err ignored;
    if (!read_secret(h, rq, &fresh, &ignored)) {
        return false;
    }
    bool changed = fresh != NULL && (h->secret == NULL || strcmp(fresh, h->secret) != 0);
    ncm_secret_wipe(changed ? h->secret : fresh);
    if (changed) {
        h->secret = fresh;
        h->secret_read++;
    }
    return changed;
}

void ncm_http_secret_forget(struct ncm_http *h)
{
    ncm_secret_wipe(h->secret);
    h->secret = NULL;
}

void ncm_http_hide(const struct ncm_http *h, char *text)
{
    size_t len = h->secret != NULL ? strlen(h->secret) : 0;
    for (char *p = text; len > 0 && (p = strstr(p, h->secret)) != NULL; p += len) {
        memset(p, '*', len);
    }
    for (char *p = text; (p = strcasestr(p, "basic ")) != NULL;) {
        p += strlen("basic ");
        size_t n = strspn(p, LOWER OTHERS);
        if (strcspn(p, OTHERS) < n) { /* no plain word: user and password */
            memset(p, '*', n);
        }
    }
}
