/* An answer that is no success, in words. */
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/http_inside.h"
#include "io/secret.h"

static void refuse_token(const struct ncm_http *h, struct ncm_err *err)
{
    char where[128];
    ncm_secret_where(&h->access.token, where, sizeof where);
    if (where[0] != '\0') {
        /* TR: server, then $VARIABLE, a file or a command */
        ncm_fail(err, NCM_UNAUTHENTICATED, _("%s does not accept the token of %s (401)"), h->base,
                 where);
    } else {
        ncm_fail(err, NCM_UNAUTHENTICATED, _("%s does not accept the token of the settings (401)"),
                 h->base);
    }
    ncm_hint(err, _("It may have expired, or belong to another server: get a new one"));
}

static void refuse_who(const struct ncm_http *h, struct ncm_err *err)
{
    switch (ncm_http_who(&h->access)) {
    case NCM_HTTP_USER:
        ncm_fail(err, NCM_UNAUTHENTICATED,
                 _("%s does not accept the user %s with this password (401)"), h->base,
                 h->access.user);
        ncm_hint(err,
                 _("Check user and password (MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD)"));
        break;
    case NCM_HTTP_TOKEN:
        refuse_token(h, err);
        break;
    case NCM_HTTP_NETRC:
        ncm_fail(err, NCM_UNAUTHENTICATED,
                 _("%s wants to know who asks (401): no token or user is set, and ~/.netrc does "
                   "not help"),
                 h->base);
        ncm_hint(err,
                 _("Add the host to ~/.netrc, or set MLFLOW_TRACKING_TOKEN or user and password"));
        break;
    case NCM_HTTP_NOBODY:
        ncm_fail(err, NCM_UNAUTHENTICATED,
                 _("%s wants to know who asks (401), and no token or user is set"), h->base);
        ncm_hint(err, _("Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and "
                        "MLFLOW_TRACKING_PASSWORD"));
        break;
    }
}

static void refuse_redirect(const struct ncm_http *h, const struct ncm_http_answer *a,
                            struct ncm_err *err)
{
    int target = (int)strcspn(a->location, "?#");
    if (a->location[0] == '\0') {
        ncm_fail(err, NCM_UNAUTHENTICATED, _("%s sends us elsewhere without saying where (%d)"),
                 h->base, a->status);
    } else {
        ncm_fail(err, NCM_UNAUTHENTICATED,
                 _("%s sends us to another page, probably to log in: %.*s"), h->base, target,
                 a->location);
    }
    ncm_hint(
        err,
        _("Use an address that programs may ask directly, or a token that the gateway accepts"));
}

static void refuse_busy(const struct ncm_http *h, const struct ncm_http_answer *a,
                        enum ncm_code code, struct ncm_err *err)
{
    char time[32];
    if (a->retry_ms > 0) {
        ncm_fmt_duration(time, sizeof time, a->retry_ms);
        ncm_fail(err, code, _("%s asks us to come back in %s (%d)"), h->base, time, a->status);
    } else if (code == NCM_RATE_LIMITED) {
        ncm_fail(err, code, _("%s gets too many requests (%d)"), h->base, a->status);
    } else {
        ncm_fail(err, code, _("%s cannot answer at the moment (%d)"), h->base, a->status);
    }
    ncm_hint(err, code == NCM_RATE_LIMITED
                      ? _("Its limit is meant for everyone behind this address: ask less often, or"
                          " have its operator raise it")
                      : _("It is overloaded or being started; its operator knows how long"));
}

static enum ncm_code code_of(int status)
{
    switch (status) {
    case 401:
        return NCM_UNAUTHENTICATED;
    case 403:
        return NCM_FORBIDDEN;
    case 404:
        return NCM_NOT_FOUND;
    case 408:
    case 504:
        return NCM_TIMEOUT;
    case 409:
        return NCM_CONFLICT;
    case 429:
        return NCM_RATE_LIMITED;
    default:
        return status >= 300 && status < 400 ? NCM_UNAUTHENTICATED
               : status >= 500               ? NCM_UNREACHABLE
                                             : NCM_INVALID_DATA;
    }
}

/* What a status means where the server itself says nothing. */
static void refuse_silent(const struct ncm_http *h, const struct ncm_http_answer *a,
                          enum ncm_code code, struct ncm_err *err)
{
    switch (a->status) {
    case 403:
        ncm_fail(err, code, _("%s forbids it (403)"), h->base);
        ncm_hint(err, _("Ask for the permission, or use another user or token"));
        break;
    case 404:
        ncm_fail(err, code, _("%s has no such page (404)"), h->base);
        break;
    case 409:
        ncm_fail(err, code, _("%s says that it conflicts with what is there (409)"), h->base);
        break;
    case 502:
        ncm_fail(err, code, _("The gateway at %s gets no answer from the server behind it (502)"),
                 h->base);
        ncm_hint(err, _("Does the server behind it run?"));
        break;
    case 408:
    case 504:
        ncm_fail(err, code, _("The server took too long for the gateway at %s (%d)"), h->base,
                 a->status);
        break;
    default:
        if (code == NCM_UNREACHABLE) {
            ncm_fail(err, code, _("%s failed inside (%d)"), h->base, a->status);
            ncm_hint(err, _("The server's log says why"));
        } else {
            ncm_fail(err, code, _("%s does not take the request (%d)"), h->base, a->status);
        }
        break;
    }
}

/* Plain HTTP where it is not wanted: what web servers say on a port for TLS, and a redirect to it
 * (a GET of the same page has followed that; anything else must be told). */
static bool wants_tls(const struct ncm_http *h, const struct ncm_http_answer *a)
{
    if (strncasecmp(h->base, "http://", 7) != 0) {
        return false;
    }
    if (a->status > 300 && a->status < 400) {
        return strncasecmp(a->location, "https://", 8) == 0 &&
               ncm_http_same_host(h->base, a->location);
    }
    return a->status == 400 && a->body.p != NULL &&
           (strcasestr(a->body.p, "plain HTTP request was sent to HTTPS port") != NULL ||
            strcasestr(a->body.p, "HTTP request to an HTTPS server") != NULL ||
            strcasestr(a->body.p, "speaking plain HTTP to an SSL-enabled server port") != NULL);
}

bool ncm_http_refused(const struct ncm_http *h, const struct ncm_http_answer *a, const char *says,
                      struct ncm_err *err)
{
    enum ncm_code code = code_of(a->status);
    bool own = says != NULL && *says != '\0';
    if (wants_tls(h, a)) {
        ncm_fail(err, NCM_TLS, _("%s wants TLS"), h->base);
        ncm_hint(err, _("Write https:// in its address"));
    } else if (a->status == 401) {
        refuse_who(h, err);
    } else if (a->status >= 300 && a->status < 400) {
        refuse_redirect(h, a, err);
    } else if (a->status == 429 || a->status == 503) {
        refuse_busy(h, a, code, err);
    } else if (own) {
        ncm_fail(err, code, _("%s says: %s"), h->base, says);
    } else {
        refuse_silent(h, a, code, err);
    }
    ncm_detail(err, "HTTP %d%s%s", a->status, own ? ": " : "", own ? says : "");
    err->retry_ms = a->retry_ms;
    return false;
}
