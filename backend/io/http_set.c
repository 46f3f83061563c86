/* All that curl is told about one request. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/http_inside.h"

enum {
    CONNECT_MS = 10000,
    KEEP_IDLE_S = 30, /* before TCP asks whether the other side still lives */
    KEEP_EACH_S = 15,
    KEEP_UNUSED_S = 50, /* a connection older than this is not tried again */
    HEADERS_MOST = 256 * 1024,
};

/* One line of the answer's head. curl keeps them; we only see to it that they end. */
static size_t on_header(char *p, size_t size, size_t n, void *to)
{
    struct ncm_exchange *x = to;
    size_t len = size * n;
    x->active_ms = ncm_mono_ms();
    x->header_bytes += len;
    /* A status line begins a head (there are several after a 1xx), an empty line ends it. */
    if (len > 5 && memcmp(p, "HTTP/", 5) == 0) {
        x->head_whole = false;
    } else if (len > 0 && len <= 2 && p[len - 1] == '\n') {
        x->head_whole = true;
    }
    if (x->header_bytes > HEADERS_MOST) {
        x->end = NCM_END_HEADERS;
        return 0;
    }
    return len;
}

/* Only the page that counts goes to a sink, not what a 401, a redirect or an error says. */
static bool wants_sink(const struct ncm_exchange *x)
{
    long status = 0;
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    return x->rq->sink != NULL && status >= 200 && status < 300;
}

static size_t on_body(char *p, size_t size, size_t n, void *to)
{
    struct ncm_exchange *x = to;
    size_t len = size * n;
    x->active_ms = ncm_mono_ms();
    bool sink = wants_sink(x);
    size_t most = x->rq->most > 0 ? x->rq->most : NCM_HTTP_MOST;
    most = x->stream && sink ? SIZE_MAX : most;
    size_t room = most - x->body_bytes;
    size_t take = len < room ? len : room;
    if (!sink) {
        ncm_buf_add(&x->answer.body, p, take);
    } else if (take > 0 && !x->rq->sink(x->rq->to, p, take, &x->sink_err)) {
        x->end = NCM_END_SINK;
        return CURL_WRITEFUNC_ERROR;
    }
    x->body_bytes += take;
    if (take == len) {
        return len;
    }
    x->answer.truncated = true;
    x->end = x->rq->cut ? NCM_END_CUT : NCM_END_TOO_LARGE;
    return CURL_WRITEFUNC_ERROR;
}

/* Commands that ask for secrets and pagers must not inherit the connection. */
static int on_socket(void *to, curl_socket_t fd, curlsocktype purpose)
{
    (void)to;
    (void)purpose;
    int flags = fcntl(fd, F_GETFD);
    return flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) != 0 ? CURL_SOCKOPT_ERROR
                                                                    : CURL_SOCKOPT_OK;
}

static bool add(struct ncm_exchange *x, const char *line)
{
    struct curl_slist *more = curl_slist_append(x->headers, line);
    x->headers = more != NULL ? more : x->headers;
    return more != NULL;
}

static bool add_field(struct ncm_exchange *x, const char *name, const char *value)
{
    if (value == NULL || strpbrk(value, "\r\n") != NULL) {
        return true;
    }
    char *line = ncm_sprintf("%s: %s", name, value);
    bool ok = add(x, line);
    ncm_free(line);
    return ok;
}

static bool set_headers(struct ncm_exchange *x)
{
    const struct ncm_http_request *rq = x->rq;
    const char *type = rq->type != NULL ? rq->type : "application/json";
    /* Never ask for permission to send the body: many servers do not answer that. */
    bool ok = add(x, "Expect:") && add_field(x, "Content-Type", rq->body != NULL ? type : NULL) &&
              add_field(x, "Accept", rq->accept) &&
              add_field(x, "X-MLFLOW-WORKSPACE", x->h->access.workspace);
    char **more = x->h->access.headers;
    for (size_t i = 0; ok && more != NULL && more[i] != NULL; i++) {
        ok = strpbrk(more[i], "\r\n") != NULL || add(x, more[i]);
    }
    return ok && curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers) == CURLE_OK;
}

static bool set_method(struct ncm_exchange *x)
{
    static const char *const names[] = {"GET", "POST", "PATCH", "DELETE", "PUT"};
    const struct ncm_http_request *rq = x->rq;
    CURL *c = x->easy;
    if (rq->method == NCM_HTTP_GET) {
        return curl_easy_setopt(c, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    }
    /* Where a kept connection dies before a byte of the answer came, curl sends any request again,
     * a POST as well: over a fresh connection it does not. */
    bool ok = curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, rq->asks ? 0L : 1L) == CURLE_OK;
    if (rq->method == NCM_HTTP_POST || rq->body != NULL) {
        ok = ok && curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
             curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
                              (curl_off_t)(rq->body != NULL ? rq->body_len : 0)) == CURLE_OK &&
             curl_easy_setopt(c, CURLOPT_POSTFIELDS, rq->body != NULL ? rq->body : "") == CURLE_OK;
    }
    return ok && (rq->method == NCM_HTTP_POST ||
                  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, names[rq->method]) == CURLE_OK);
}

static bool set_who(struct ncm_exchange *x)
{
    const struct ncm_http *h = x->h;
    CURL *c = x->easy;
    switch (ncm_http_who(&h->access)) {
    case NCM_HTTP_USER:
        return curl_easy_setopt(c, CURLOPT_HTTPAUTH, CURLAUTH_BASIC) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_USERNAME, h->access.user) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_PASSWORD, h->secret != NULL ? h->secret : "") ==
                   CURLE_OK;
    case NCM_HTTP_TOKEN:
        return curl_easy_setopt(c, CURLOPT_HTTPAUTH, CURLAUTH_BEARER) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, h->secret) == CURLE_OK;
    case NCM_HTTP_NETRC:
        return curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL) == CURLE_OK &&
               (getenv("NETRC") == NULL ||
                curl_easy_setopt(c, CURLOPT_NETRC_FILE, getenv("NETRC")) == CURLE_OK);
    case NCM_HTTP_NOBODY:
        break;
    }
    return true;
}

static bool is_plain(const struct ncm_http *h)
{
    return strncasecmp(h->base, "http:", 5) == 0;
}

/* curl knows http_proxy in small letters only, because web servers turn a request's header "Proxy"
 * into HTTP_PROXY for the programs they start; other clients know both, and nobody starts us so. */
static bool set_proxy(struct ncm_exchange *x)
{
    const char *proxy = x->h->access.proxy;
    if (proxy == NULL && is_plain(x->h) && getenv("http_proxy") == NULL &&
        getenv("REQUEST_METHOD") == NULL) {
        proxy = getenv("HTTP_PROXY");
    }
    return proxy == NULL || curl_easy_setopt(x->easy, CURLOPT_PROXY, proxy) == CURLE_OK;
}

static bool set_protocols(CURL *c)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
#else
    return curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS)) ==
           CURLE_OK;
#endif
}

/* What makes a connection good to keep and quick to leave; nothing here is worth failing for. */
static void set_manners(struct ncm_exchange *x)
{
    CURL *c = x->easy;
    int64_t connect = x->patience_ms < CONNECT_MS ? x->patience_ms : CONNECT_MS;
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPIDLE, (long)KEEP_IDLE_S);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPINTVL, (long)KEEP_EACH_S);
    curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, (long)KEEP_UNUSED_S);
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    /* Over TLS, wait to see whether the other side speaks HTTP/2 and one connection is enough. */
    curl_easy_setopt(c, CURLOPT_PIPEWAIT, is_plain(x->h) ? 0L : 1L);
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, x->h->access.no_compression ? NULL : "");
    curl_easy_setopt(c, CURLOPT_USERAGENT, "ncmlops");
    curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, on_socket);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* Cancelling must not wait for a name server that does not answer. */
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
#endif
}

bool ncm_exchange_set(struct ncm_exchange *x, const char *url)
{
    CURL *c = x->easy;
    const struct ncm_http *h = x->h;
    x->error[0] = '\0';
    char *own = url == NULL
                    ? ncm_sprintf("%s%s", h->url_base != NULL ? h->url_base : h->base, x->rq->path)
                    : NULL;
    bool ok = curl_easy_setopt(c, CURLOPT_URL, url != NULL ? url : own) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_PRIVATE, (void *)x) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->error) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_HEADERDATA, (void *)x) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_WRITEDATA, (void *)x) == CURLE_OK &&
              (h->share == NULL || curl_easy_setopt(c, CURLOPT_SHARE, h->share) == CURLE_OK) &&
              set_protocols(c) && set_proxy(x) && set_method(x) && set_headers(x) && set_who(x) &&
              ncm_exchange_trust(x);
    set_manners(x);
    ncm_free(own);
    return ok;
}
