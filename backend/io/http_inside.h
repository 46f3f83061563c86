/* What the files of io/http share. Nobody else includes it. */
#ifndef NCM_IO_HTTP_INSIDE_H
#define NCM_IO_HTTP_INSIDE_H

#include <curl/curl.h>

#include "io/http.h"

#define NCM_HTTP_MOST ((size_t)64 << 20) /* bytes of body where the request names no limit */

enum {
    NCM_HTTP_PARALLEL = 8,
    NCM_HTTP_SLOTS = NCM_HTTP_PARALLEL + 1, /* one more for a request that was begun */
};

/* How the requests say who asks. */
enum ncm_http_who {
    NCM_HTTP_NOBODY,
    NCM_HTTP_NETRC,
    NCM_HTTP_USER,  /* Basic */
    NCM_HTTP_TOKEN, /* Bearer */
};

enum ncm_exchange_state {
    NCM_EXCHANGE_FREE,
    NCM_EXCHANGE_RUNNING,
    NCM_EXCHANGE_OVER, /* whole answer or err, to be collected */
};

/* Why we ended a transfer that curl would have gone on with. */
enum ncm_exchange_end {
    NCM_END_NONE,
    NCM_END_TOO_LARGE, /* the body */
    NCM_END_CUT,       /* the body, and the caller wanted it so */
    NCM_END_HEADERS,   /* more headers than anyone needs */
    NCM_END_SINK,      /* the caller's sink; sink_err says why */
};

/* One request and its answer on the way. */
struct ncm_exchange {
    struct ncm_http *h;
    CURL *easy; /* kept for reuse */
    enum ncm_exchange_state state;
    const struct ncm_http_request *rq;
    struct curl_slist *headers;
    char error[CURL_ERROR_SIZE];
    struct ncm_http_answer answer;
    struct ncm_err err, sink_err;
    bool ok;
    enum ncm_exchange_end end;
    size_t index; /* which of the caller's requests */
    size_t header_bytes;
    bool head_whole;    /* its last line, an empty one, was there */
    size_t body_bytes;  /* what the caller got */
    int64_t started_ms; /* monotonic */
    int64_t active_ms;  /* the last byte arrived, monotonic */
    int64_t patience_ms;
    int64_t away_ms;  /* begun, and its caller does something else since (monotonic) */
    unsigned secret;  /* which reading of the secret it was sent with */
    bool asked_again; /* the secret was read anew for it */
    int hops;         /* redirects followed */
    bool stream;      /* has no end of its own and is not ended by an interrupt */
    struct ncm_exchange *next; /* of the streams */
};

struct ncm_http {
    char *base;
    struct ncm_access access;
    CURLM *multi;
    CURLSH *share; /* TLS sessions */
    struct ncm_exchange slot[NCM_HTTP_SLOTS];
    atomic_bool interrupted;
    char *secret;         /* password or token; NULL: not read yet */
    unsigned secret_read; /* how often it was read */
    bool answered;        /* at least once: it is an HTTP server */
    int64_t bytes, requests;
    bool told; /* a line of a stream came in this step */
    struct ncm_exchange *streams;
    char *url_base;                /* base with the name that TLS is to see; NULL: base */
    struct curl_slist *connect_to; /* … and where that name is */
    int pem[3];                    /* enum ncm_http_pem: descriptors where curl takes no text, or -1 */
};

enum ncm_http_pem { NCM_PEM_CA, NCM_PEM_CERT, NCM_PEM_KEY };

/* http.c */
void ncm_exchange_start(struct ncm_exchange *x, const struct ncm_http_request *rq);
/* Takes it out of curl's hands; its connection is closed if it was under way and nothing else is. */
void ncm_exchange_stop(struct ncm_exchange *x);
/* One round: what curl can do now, what is through, what waited too long; then a wait, at most so
 * long. */
void ncm_http_step(struct ncm_http *h, int64_t most_ms);

/* http_trust.c */
bool ncm_exchange_trust(struct ncm_exchange *x);
/* Where access names another name for TLS than the address's host. */
bool ncm_http_rename(struct ncm_http *h, struct ncm_err *err);
void ncm_http_trust_forget(struct ncm_http *h);

/* http_who.c */
enum ncm_http_who ncm_http_who(const struct ncm_access *a);
/* Reads the secret where it is not known yet. Errors begin their detail with "not sent". */
bool ncm_http_secret(struct ncm_http *h, const struct ncm_http_request *rq, struct ncm_err *err);
/* After a 401 to what was sent with reading `used`: whether there is another secret by now. */
bool ncm_http_secret_changed(struct ncm_http *h, const struct ncm_http_request *rq, unsigned used);
void ncm_http_secret_forget(struct ncm_http *h);

/* http_set.c: all that curl is told about one request. NULL url: base and path of the request. */
bool ncm_exchange_set(struct ncm_exchange *x, const char *url);
/* Whether curl's TLS is GnuTLS's, which is not OpenSSL's in a few ways. */
bool ncm_http_gnutls(void);

/* http_answer.c: from curl's handle into x->answer. */
void ncm_exchange_read(struct ncm_exchange *x);
/* Where a redirect of a GET leads to if it may be followed: the same page of the same host, but for
 * https and a slash at the end. NULL else. ncm_free it. */
char *ncm_exchange_same_page(struct ncm_exchange *x);
/* Whether both are whole addresses on one host. */
bool ncm_http_same_host(const char *a, const char *b);

/* http_words.c */
/* Whether all of it went to the kernel, so that its effect is not known. */
bool ncm_exchange_sent(const struct ncm_exchange *x);
/* Sets x->err for what curl says. */
void ncm_exchange_fail(struct ncm_exchange *x, CURLcode code);
/* Sets x->err: patience ended, it was cancelled. */
void ncm_exchange_late(struct ncm_exchange *x);
void ncm_exchange_cancelled(struct ncm_exchange *x);

#endif
