/* What went wrong on the way, in words: with what would help, and never with a secret. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/num.h"
#include "base/text.h"
#include "io/http_inside.h"

bool ncm_exchange_sent(const struct ncm_exchange *x)
{
    long head = 0;
    curl_off_t body = 0;
    if (curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &head) != CURLE_OK || head <= 0) {
        return false;
    }
    if (x->rq->body == NULL || x->rq->body_len == 0) {
        return true;
    }
    return curl_easy_getinfo(x->easy, CURLINFO_SIZE_UPLOAD_T, &body) != CURLE_OK ||
           body >= (curl_off_t)x->rq->body_len;
}

/* Facts for the log: whether it went out, what was asked and what curl said about it. */
static void facts(struct ncm_exchange *x, bool sent, const char *says)
{
    static const char *const names[] = {"GET", "POST", "PATCH", "DELETE", "PUT"};
    int path = (int)strcspn(x->rq->path, "?");
    ncm_detail(&x->err, "%s: %s %s%.*s: %s", sent ? "sent" : "not sent", names[x->rq->method],
               x->h->base, path < 200 ? path : 200, x->rq->path, says);
}

static const char *waited(const struct ncm_exchange *x, char out[32])
{
    return ncm_fmt_duration(out, 32, ncm_mono_ms() - x->started_ms);
}

/* Over begun requests time away counts too: it is what the person waited. */
void ncm_exchange_late(struct ncm_exchange *x)
{
    char time[32];
    const char *base = x->h->base;
    bool sent = ncm_exchange_sent(x);
    curl_off_t connected = 0;
    curl_easy_getinfo(x->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
    waited(x, time);
    if (x->body_bytes > 0) {
        char got[32];
        ncm_fmt_size(got, sizeof got, (int64_t)x->body_bytes);
        ncm_fail(&x->err, NCM_TIMEOUT,
                 _("%s sent %s of its answer in %s, and then the time was over"), base, got, time);
    } else if (sent) {
        ncm_fail(&x->err, NCM_TIMEOUT, _("%s did not answer within %s"), base, time);
    } else if (connected > 0) {
        ncm_fail(&x->err, NCM_TIMEOUT, _("%s did not take the request within %s"), base, time);
    } else {
        ncm_fail(&x->err, NCM_TIMEOUT, _("No connection to %s came about within %s"), base, time);
        ncm_hint(&x->err, _("Is a VPN or a proxy needed, or is the port closed by a firewall?"));
    }
    facts(x, sent, "timeout");
}

void ncm_exchange_cancelled(struct ncm_exchange *x)
{
    bool sent = ncm_exchange_sent(x);
    ncm_fail(&x->err, NCM_CANCELLED, _("The request to %s was cancelled"), x->h->base);
    facts(x, sent, "cancelled");
}

/* ---- TLS ------------------------------------------------------------------------------------ */
enum { GNUTLS_DATES = 1 << 9 | 1 << 10 }; /* GNUTLS_CERT_NOT_ACTIVATED, GNUTLS_CERT_EXPIRED */

static bool says_any(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcasestr(text, *words) != NULL) {
            return true;
        }
    }
    return false;
}

/* The libraries below curl word their reasons differently; these are OpenSSL's and GnuTLS's. */
static const char *const date_words[] = {"expired", "not yet", NULL};
static const char *const name_words[] = {"subject name",  "hostname",       "host name",
                                         "doesn't match", "does not match", NULL};
static const char *const ours_words[] = {"certificate required", "certificate is required",
                                         "bad certificate",      "handshake failure",
                                         "fatal alert",          "unknown ca",
                                         "certificate unknown",  NULL};
static const char *const key_words[] = {"key or certificate file", "encrypted key file",
                                        "private key", NULL};
static const char *const plain_words[] = {"wrong version number",   "unexpected tls packet",
                                          "http request",           "unknown protocol",
                                          "packet length too long", NULL};
static const char *const gone_words[] = {
    "SSL_ERROR_SYSCALL", "unexpected eof", "reset by peer", "non-properly terminated",
    "pull function",     "push function",  "timed out",     NULL};

/* TLS 1.3: the server looks at our certificate after we have begun to send. */
static bool tls_in_transfer(const struct ncm_exchange *x)
{
    return strstr(x->error, "alert") != NULL && says_any(x->error, ours_words);
}

/* GnuTLS does not say in words what was wrong with a certificate; OpenSSL's numbers differ. */
static bool gnutls_says(const struct ncm_exchange *x, long bits)
{
    long result = 0;
    return ncm_http_gnutls() &&
           curl_easy_getinfo(x->easy, CURLINFO_SSL_VERIFYRESULT, &result) == CURLE_OK &&
           (result & bits) != 0;
}

static void fail_tls(struct ncm_exchange *x, CURLcode code)
{
    const char *base = x->h->base;
    struct ncm_err *err = &x->err;
    const struct ncm_access *a = &x->h->access;
    bool verify = code == CURLE_PEER_FAILED_VERIFICATION;
    if (code == CURLE_SSL_CACERT_BADFILE) {
        ncm_fail(err, NCM_TLS, _("The certificates to trust cannot be read: %s"),
                 a->ca != NULL ? a->ca : _("those of the system"));
        ncm_hint(err, "%s",
                 a->ca != NULL
                     ? _("ca (MLFLOW_TRACKING_SERVER_CERT_PATH) names a PEM file or a folder")
                     : _("the package ca-certificates brings them, or ca "
                         "(MLFLOW_TRACKING_SERVER_CERT_PATH) names others"));
    } else if (code == CURLE_SSL_CERTPROBLEM ||
               (a->cert != NULL && says_any(x->error, key_words))) {
        ncm_fail(err, NCM_TLS, _("The client certificate or its key cannot be used: %s"),
                 a->cert != NULL ? a->cert : "");
        ncm_hint(err, _("Both are PEM files, the key without a passphrase, and belong together"));
    } else if (verify && (says_any(x->error, date_words) || gnutls_says(x, GNUTLS_DATES))) {
        ncm_fail(err, NCM_TLS, _("The certificate of %s is not valid today"), base);
        ncm_hint(err, _("Its owner must renew it, or the clock of this machine is wrong"));
    } else if (verify && says_any(x->error, name_words)) {
        ncm_fail(err, NCM_TLS, _("The certificate of %s is for another name"), base);
        ncm_hint(err, _("Use the name that the certificate is for, or have it made for this one"));
    } else if (verify) {
        ncm_fail(err, NCM_TLS, _("Nobody whom we trust vouches for the certificate of %s"), base);
        ncm_hint(err, _("Set ca (MLFLOW_TRACKING_SERVER_CERT_PATH) to the PEM file of its issuer"));
    } else if (says_any(x->error, plain_words)) {
        ncm_fail(err, NCM_TLS, _("%s does not speak TLS"), base);
        ncm_hint(err, _("If the server speaks plain HTTP, write http:// in its address"));
    } else if (says_any(x->error, ours_words)) {
        ncm_fail(err, NCM_TLS,
                 a->cert != NULL ? _("%s does not accept our client certificate")
                                 : _("%s wants a client certificate"),
                 base);
        ncm_hint(err, _("Set client-cert and client-key (MLFLOW_TRACKING_CLIENT_CERT_PATH)"));
    } else if (says_any(x->error, gone_words)) {
        ncm_fail(err, NCM_UNREACHABLE, _("%s closed the connection before it was secure"), base);
        ncm_hint(err, _("If the server speaks plain HTTP, write http:// in its address"));
    } else {
        ncm_fail(err, NCM_TLS, _("No secure connection to %s comes about"), base);
        ncm_hint(err,
                 _("The details say at which step; an old server or a proxy may be the reason"));
    }
}

/* ---- the network ---------------------------------------------------------------------------- */
static void fail_connect(struct ncm_exchange *x)
{
    const char *base = x->h->base;
    long e = 0;
    curl_easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &e);
    if (e == ECONNREFUSED) {
        ncm_fail(&x->err, NCM_UNREACHABLE, _("%s refuses the connection"), base);
        ncm_hint(&x->err, _("Does the server run, and is the port right?"));
    } else if (e != 0) {
        ncm_fail(&x->err, NCM_UNREACHABLE, _("%s cannot be reached: %s"), base, strerror((int)e));
        ncm_hint(&x->err, _("Is a VPN or a proxy needed, or is the port closed by a firewall?"));
    } else {
        ncm_fail(&x->err, NCM_UNREACHABLE, _("%s cannot be reached"), base);
        ncm_hint(&x->err, _("Does the server run, and is the port right?"));
    }
}

static void hint_proxy(struct ncm_exchange *x)
{
    ncm_hint(
        &x->err,
        _("It comes from the setting proxy, HTTPS_PROXY or HTTP_PROXY; NO_PROXY makes exceptions"));
}

static void fail_proxy_silent(struct ncm_exchange *x)
{
    ncm_fail(&x->err, NCM_UNREACHABLE, _("The proxy to %s cannot be reached"), x->h->base);
    hint_proxy(x);
}

static void fail_proxy(struct ncm_exchange *x, long status)
{
    if (status == 407) {
        ncm_fail(&x->err, NCM_UNAUTHENTICATED,
                 _("The proxy to %s wants a user and a password (407)"), x->h->base);
    } else if (status > 0) {
        ncm_fail(&x->err, NCM_UNREACHABLE, _("The proxy does not connect to %s (%ld)"), x->h->base,
                 status);
    } else {
        fail_proxy_silent(x);
    }
    hint_proxy(x);
}

static bool is_plain(const struct ncm_exchange *x)
{
    return strncasecmp(x->h->base, "http:", 5) == 0;
}

static void fail_cut(struct ncm_exchange *x)
{
    if (x->answer.status == 0) {
        ncm_fail(&x->err, NCM_UNREACHABLE, _("%s closed the connection without an answer"),
                 x->h->base);
        if (!x->h->answered && is_plain(x)) {
            ncm_hint(&x->err,
                     _("Is the port right? If it wants TLS, write https:// in its address"));
        } else if (!x->h->answered && x->h->access.cert == NULL) {
            ncm_hint(&x->err, _("Some servers do so where they want a client certificate"));
        }
        return;
    }
    if (x->body_bytes == 0) {
        ncm_fail(&x->err, NCM_UNREACHABLE, _("The answer of %s was cut off at its beginning"),
                 x->h->base);
    } else {
        char got[32];
        ncm_fmt_size(got, sizeof got, (int64_t)x->body_bytes);
        ncm_fail(&x->err, NCM_UNREACHABLE, _("The answer of %s was cut off after %s"), x->h->base,
                 got);
    }
    ncm_hint(&x->err,
             _("A server that was stopped, or a limit of a proxy in between: ask again, and"
               " look into their logs where it stays so"));
}

/* A proxy may be in use, and what could not be reached is not the server. */
static bool is_of_proxy(const struct ncm_exchange *x)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "http_proxy",
                                        "HTTP_PROXY",  "all_proxy",   "ALL_PROXY"};
    bool set = x->h->access.proxy != NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        set = set || getenv(names[i]) != NULL;
    }
    if (!set) {
        return false;
    }
    CURLU *url = curl_url();
    char *host = NULL;
    bool other = url != NULL && curl_url_set(url, CURLUPART_URL, x->h->base, 0) == CURLUE_OK &&
                 curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                 strcasestr(x->error, host) == NULL;
    curl_free(host);
    curl_url_cleanup(url);
    return other;
}

/* We ended it ourselves. */
static bool fail_own(struct ncm_exchange *x)
{
    char most[32];
    switch (x->end) {
    case NCM_END_TOO_LARGE:
        ncm_fmt_size(most, sizeof most, (int64_t)x->body_bytes);
        ncm_fail(&x->err, NCM_TOO_LARGE, _("The answer of %s is larger than %s"), x->h->base, most);
        return true;
    case NCM_END_HEADERS:
        ncm_fail(&x->err, NCM_TOO_LARGE, _("The answer of %s has headers without end"), x->h->base);
        return true;
    case NCM_END_SINK:
        if (x->sink_err.code != NCM_OK) {
            x->err = x->sink_err;
        } else {
            ncm_fail(&x->err, NCM_CANCELLED, _("The request to %s was cancelled"), x->h->base);
        }
        return true;
    case NCM_END_NONE:
    case NCM_END_CUT:
        break;
    }
    return false;
}

static void fail_transfer(struct ncm_exchange *x, CURLcode code)
{
    const char *base = x->h->base;
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        ncm_fail(&x->err, NCM_UNREACHABLE, _("The name of the server is not known: %s"), base);
        ncm_hint(&x->err, _("Is it written right, and is a VPN needed?"));
        break;
    case CURLE_COULDNT_CONNECT:
        (is_of_proxy(x) ? fail_proxy_silent : fail_connect)(x);
        break;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        ncm_fail(&x->err, NCM_UNREACHABLE, _("%s does not speak HTTP"), base);
        ncm_hint(&x->err,
                 is_plain(x)
                     ? _("Is the port right? If it wants TLS, write https:// in its address")
                     : _("Is the port right?"));
        break;
    case CURLE_BAD_CONTENT_ENCODING:
        ncm_fail(&x->err, NCM_UNREACHABLE, _("The compressed answer of %s is broken"), base);
        break;
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:
#endif
    case CURLE_OUT_OF_MEMORY: /* what curl calls a line of 100 kB */
        ncm_fail(&x->err, NCM_TOO_LARGE, _("The answer of %s has headers without end"), base);
        break;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        fail_cut(x);
        break;
    default:
        ncm_fail(&x->err, NCM_UNREACHABLE, _("No answer came from %s: %s"), base,
                 curl_easy_strerror(code));
        break;
    }
}

/* What curl says of it. A proxy's address that it cannot read it quotes, with the password. */
static const char *own_words(const struct ncm_exchange *x, CURLcode code)
{
    bool quotes = strcasestr(x->error, "proxy") != NULL && strchr(x->error, '@') != NULL;
    return x->error[0] != '\0' && !quotes ? x->error : curl_easy_strerror(code);
}

void ncm_exchange_fail(struct ncm_exchange *x, CURLcode code)
{
    bool sent = ncm_exchange_sent(x);
    long tunnel = 0;
    curl_easy_getinfo(x->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
    if (code == CURLE_OPERATION_TIMEDOUT) {
        ncm_exchange_late(x);
        return;
    }
    if (!fail_own(x)) {
        switch (code) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_CLIENTCERT:
        case CURLE_SSL_INVALIDCERTSTATUS:
            fail_tls(x, code);
            sent = false;
            break;
        case CURLE_BAD_FUNCTION_ARGUMENT: /* what newer ones say about a key */
            fail_tls(x, CURLE_SSL_CERTPROBLEM);
            sent = false;
            break;
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_PROXY:
            fail_proxy(x, tunnel);
            sent = false;
            break;
        default:
            if (tls_in_transfer(x)) {
                fail_tls(x, code);
                /* Of a nameless alert we cannot know when it was sounded. */
                sent = sent && strstr(x->error, "fatal alert") != NULL;
            } else if (tunnel >= 300) {
                fail_proxy(x, tunnel);
                sent = false;
            } else {
                fail_transfer(x, code);
            }
        }
    }
    facts(x, sent, own_words(x, code));
}
