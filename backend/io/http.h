/* HTTP for one thread: libcurl's multi interface behind straight-line calls, so that a request can
 * be ended from another thread, several can be under way at once, and connections, TLS sessions and
 * HTTP/2 streams are kept between calls. The only includer of curl's headers.
 *
 * It never retries, and follows a redirect only of a GET to the same page of the same host (http to
 * https, a slash at the end): elsewhere is a login page. TLS is verified unless access says
 * otherwise. Authorization comes from struct ncm_access, is read when first needed, and is read
 * once more after a 401 (a token from a file or a command may be new). No error text holds a
 * secret. */
#ifndef NCM_IO_HTTP_H
#define NCM_IO_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/access.h"

struct ncm_http;

/* base: "http(s)://HOST[:PORT][/PREFIX]" without user, query and trailing slash. access is copied;
 * NULL allowed. Opens no connection yet. NCM_USAGE where base is no such address. */
bool ncm_http_open(const char *base, const struct ncm_access *access, struct ncm_http **out,
                   struct ncm_err *err);
void ncm_http_close(struct ncm_http *h); /* NULL allowed */
/* Ends what another thread waits for with NCM_CANCELLED. Any thread. Stays in force until that
 * thread's next call of ncm_http_ready. */
void ncm_http_interrupt(struct ncm_http *h);
/* Forgets an earlier interrupt: once at the start of what a lane does. */
void ncm_http_ready(struct ncm_http *h);
/* From the next request on it is entered like this: another token, another certificate. What is
 * under way goes on as it was sent. access->tls_name and ->proxy must be as before. */
void ncm_http_enter(struct ncm_http *h, const struct ncm_access *access);
const char *ncm_http_base(const struct ncm_http *h);
/* Waits so long between requests: true when the time is over, NCM_CANCELLED when ncm_http_interrupt
 * or *cancel (may be NULL; looked at only when woken) ended it. Costs no wake-ups. */
bool ncm_http_pause(struct ncm_http *h, int64_t ms, const atomic_bool *cancel, struct ncm_err *err);

enum ncm_http_method {
    NCM_HTTP_GET,
    NCM_HTTP_POST,
    NCM_HTTP_PATCH,
    NCM_HTTP_DELETE,
    NCM_HTTP_PUT,
};

struct ncm_http_request {
    enum ncm_http_method method;
    const char *path; /* below base, with "/" and query, already encoded */
    const char *body; /* JSON, or what `type` says; NULL: none */
    size_t body_len;
    const char *type;   /* media type of the body; NULL: application/json */
    const char *accept; /* media types that are taken; NULL: any */
    size_t most;        /* bytes of body taken: 0 = 64 MiB; more is NCM_TOO_LARGE … */
    bool asks;          /* a POST that changes nothing (a search): it may go over a connection that
                         * was kept, and again where that one turns out to be dead. Other methods
                         * than GET get a fresh connection, so that nothing is written twice */
    bool cut;           /* … or, with cut, the transfer ends there and truncated says so */
    int64_t timeout_ms; /* patience with this one; 0: access->timeout_ms. With a sink, patience with
                         * a silence: a download may take as long as bytes arrive */
    const atomic_bool *cancel; /* polled besides ncm_http_interrupt; may be NULL */
    int64_t deadline_mono_ms;  /* 0: none */
    /* Gets the body of a 2xx piece by piece instead of the answer's buffer; false ends the transfer
     * (NCM_CANCELLED unless it set *err). May be NULL. */
    bool (*sink)(void *to, const char *p, size_t len, struct ncm_err *err);
    void *to;
};

/* An answer that arrived whole, whatever its status. Release with ncm_http_answer_release. */
struct ncm_http_answer {
    int status;         /* 200 … */
    char warning[320];  /* texts of its Warning headers, "; " between; "" without */
    char type[64];      /* media type in lower case without parameters: "application/json" */
    char location[256]; /* of a redirect; "" without */
    int64_t retry_ms;   /* of Retry-After (seconds or date); 0 without */
    int64_t date_ms;    /* of the Date header; NCM_NO_TIME without */
    int64_t length;     /* of Content-Length; -1 without, and where the body came compressed */
    int64_t took_ms;    /* from the request to the end of the answer */
    int64_t wire_bytes; /* headers and bodies of both directions as they went over the wire */
    bool reused;        /* over a connection that was there already */
    bool truncated;
    struct ncm_buf body;
};

/* false: no whole answer came. NCM_UNREACHABLE (name not found, refused, reset, cut, no HTTP:
 * detail says which), NCM_TIMEOUT, NCM_TLS (hint says what would help), NCM_UNAUTHENTICATED (the
 * secret could not be read, or a proxy wants one), NCM_FORBIDDEN (others may read the secret's
 * file), NCM_CANCELLED, NCM_TOO_LARGE (the body, or a head without end). err->detail begins with
 * "sent" where the request had left this machine whole, so that its effect is not known, and with
 * "not sent" else. */
bool ncm_http_do(struct ncm_http *h, const struct ncm_http_request *rq, struct ncm_http_answer *out,
                 struct ncm_err *err);
/* The same for n at once (at most 8 under way); ok[i] and errs[i] for each. false where any failed.
 * All answers are initialised. */
bool ncm_http_all(struct ncm_http *h, const struct ncm_http_request *rqs, size_t n,
                  struct ncm_http_answer *out, bool *ok, struct ncm_err *errs);
/* Starts a request that ncm_http_finish waits for, so that something can be done meanwhile; one at
 * a time. Returns once it has left, which may take a new connection; what is done until _finish
 * does not count against its patience. false: it failed already, and there is nothing to finish.
 * Everything in rq must stay until then. */
bool ncm_http_begin(struct ncm_http *h, const struct ncm_http_request *rq, struct ncm_err *err);
bool ncm_http_finish(struct ncm_http *h, struct ncm_http_answer *out, struct ncm_err *err);
void ncm_http_answer_release(struct ncm_http_answer *a);

/* Long answers that come line by line, several at once over as few connections as the server
 * offers, all in this one thread: lines are handed over from inside any call of this client that
 * waits. */
struct ncm_http_stream;
/* Starts a GET; of rq path, accept, timeout_ms (patience with a silence; with its head 30 s at most)
 * are looked at and copied.
 * line gets each line of a 2xx without its end, at most `most` bytes long (a longer one ends the
 * stream with NCM_TOO_LARGE); it must not call this client; false ends the stream. */
struct ncm_http_stream *ncm_http_stream_start(struct ncm_http *h, const struct ncm_http_request *rq,
                                              size_t most,
                                              bool (*line)(void *to, const char *p, size_t len),
                                              void *to);
/* Works on the streams until something came, at most so long. NCM_CANCELLED by ncm_http_interrupt
 * or *cancel (may be NULL; looked at only when woken), which end no stream. */
bool ncm_http_stream_wait(struct ncm_http *h, int64_t ms, const atomic_bool *cancel,
                          struct ncm_err *err);
/* Whether its head came with a 2xx; also of one that is over. */
bool ncm_http_stream_flows(const struct ncm_http_stream *s);
/* Whether it is over: then *answer is borrowed (status, and the body where that is no 2xx), NULL
 * where no whole answer came, for *err says why. */
bool ncm_http_stream_over(const struct ncm_http_stream *s, const struct ncm_http_answer **answer,
                          struct ncm_err *err);
/* Ends it where it is not over. NULL allowed. Before ncm_http_close. */
void ncm_http_stream_close(struct ncm_http_stream *s);

/* An answer that is no 2xx as an error, for servers of any kind: 401 NCM_UNAUTHENTICATED, 403
 * NCM_FORBIDDEN, 404 NCM_NOT_FOUND, 408/504 NCM_TIMEOUT, 409 NCM_CONFLICT, 429 NCM_RATE_LIMITED,
 * 502 503 and other 5xx NCM_UNREACHABLE, a redirect to another host or page NCM_UNAUTHENTICATED (a
 * login page), NCM_TLS where plain HTTP is sent on to https or told so, else NCM_INVALID_DATA.
 * `says` is the server's own message or NULL. Sets retry_ms. false. */
bool ncm_http_refused(const struct ncm_http *h, const struct ncm_http_answer *a, const char *says,
                      struct ncm_err *err);

/* Puts '*' in place of our password or token in what the other side says, before it is shown: some
 * repeat what they were sent. */
void ncm_http_hide(const struct ncm_http *h, char *text);
/* Appends text percent-encoded as one part of a path or a query's value. */
void ncm_http_encode(struct ncm_buf *out, const char *text);
/* What was sent and received over this client so far, bytes; requests. */
void ncm_http_traffic(const struct ncm_http *h, int64_t *bytes, int64_t *requests);

#endif
