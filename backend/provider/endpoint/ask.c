/* The clients of one endpoint: its own port, TorchServe's management, another port's metrics. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/endpoint/internal.h"

/* The same host's port that lies `after` its own (8080 where it names none): the servers that have
 * several ports have them in a row. NULL where the address has no such form. In the arena. */
static char *next_port(const char *url, int after)
{
    const char *host = strstr(url, "://");
    host = host != NULL ? host + 3 : url;
    size_t len = strcspn(host, "/");
    const char *colon = NULL;
    for (size_t i = 0; i < len; i++) {
        colon = host[i] == ':' ? &host[i] : host[i] == ']' ? NULL : colon;
    }
    int64_t port = 8080;
    if (colon != NULL) {
        char digits[8] = "";
        size_t n = (size_t)(host + len - colon - 1);
        if (n >= sizeof digits) {
            return NULL;
        }
        memcpy(digits, colon + 1, n);
        if (!ncm_parse_i64(digits, &port)) {
            return NULL;
        }
    }
    size_t upto = (size_t)((colon != NULL ? colon : host + len) - url);
    return port + after > 65535 ? NULL : ncm_sprintf("%.*s:%d", (int)upto, url, (int)port + after);
}

/* "HOST" of "scheme://HOST[:PORT]/…". */
static size_t host_of(const char *url, const char **host)
{
    const char *at = strstr(url, "://");
    *host = at != NULL ? at + 3 : url;
    size_t bracket = **host == '[' ? strcspn(*host, "]") : 0;
    return bracket + strcspn(*host + bracket, ":/");
}

/* A client for another address. Our login is for the endpoint's host: another one gets none. */
static bool open_other(const struct ep_endpoint *e, const char *url, struct ncm_http **out,
                       struct ncm_err *err)
{
    struct ncm_access bare = {0};
    const struct ncm_access *own = e->set.access;
    const char *a, *b;
    size_t n = host_of(url, &a), m = host_of(e->set.url, &b);
    if (own == NULL || (n == m && strncasecmp(a, b, n) == 0)) {
        return ncm_http_open(url, own, out, err);
    }
    bare.ca = own->ca;
    bare.insecure = own->insecure;
    bare.proxy = own->proxy;
    bare.timeout_ms = own->timeout_ms;
    return ncm_http_open(url, &bare, out, err);
}

static bool open_next(const struct ep_endpoint *e, int after, struct ncm_http **out)
{
    struct ncm_err ignored;
    char *url = next_port(e->set.url, after);
    bool ok = url != NULL && ncm_http_open(url, e->set.access, out, &ignored);
    ncm_free(url);
    return ok;
}

/* "http://host:9/path" as a client and a path. */
static bool open_metrics(struct ep_endpoint *e, struct ncm_err *err)
{
    const char *m = e->set.metrics, *host = m != NULL ? strstr(m, "://") : NULL;
    if (host == NULL) {
        open_next(e, 2, &e->metrics);
        return true;
    }
    size_t base = (size_t)(host + 3 - m) + strcspn(host + 3, "/");
    char *url = ncm_strndup(m, base);
    bool ok = open_other(e, url, &e->metrics, err);
    e->metrics_path = m[base] != '\0' ? m + base : "/metrics";
    ncm_free(url);
    return ok;
}

bool ep_open(struct ep_endpoint *e, struct ncm_err *err)
{
    bool ok = ncm_http_open(e->set.url, e->set.access, &e->own, err) && open_metrics(e, err);
    if (ok && e->set.management != NULL) {
        ok = open_other(e, e->set.management, &e->management, err);
    } else if (ok) {
        open_next(e, 1, &e->management);
    }
    return ok || ncm_wrap(err, "%s", e->set.name);
}

void ep_close(struct ep_endpoint *e)
{
    ncm_http_close(e->own);
    ncm_http_close(e->management);
    ncm_http_close(e->metrics);
    e->own = e->management = e->metrics = NULL;
}

bool ep_ask(void *to, int side, enum ncm_http_method method, const char *path, const char *body,
            int64_t timeout_ms, struct ncm_http_answer *out, struct ncm_err *err)
{
    struct ep_asker *k = to;
    struct ncm_http *h = side == 0 ? k->e->own : side == 1 ? k->e->management : k->e->metrics;
    *out = (struct ncm_http_answer){0};
    if (h == NULL || !ncm_ask_go_on(k->control, err)) {
        ncm_buf_init(&out->body, 1);
        return h != NULL ? !(k->cancelled = true)
                         : ncm_fail(err, NCM_NOT_FOUND, _("its address has no such port"));
    }
    struct ncm_http_request rq = ncm_ask_request(method, path, k->control);
    rq.body = body;
    rq.body_len = body != NULL ? strlen(body) : 0;
    rq.asks = true;
    rq.accept = side == 2 ? "text/plain;version=0.0.4" : NULL;
    rq.most = side == 2 ? EP_METRICS_MOST : EP_BODY_MOST;
    rq.timeout_ms = timeout_ms;
    bool ok = ncm_http_do(h, &rq, out, err);
    if (ok) {
        ncm_http_hide(h, out->body.p);
    } else {
        k->cancelled = k->cancelled || err->code == NCM_CANCELLED;
        k->hung = k->hung || (err->code == NCM_TIMEOUT && side == 0);
    }
    return ok;
}
