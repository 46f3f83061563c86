/* Answers without an end, line by line. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "io/http_inside.h"

enum { ERROR_MOST = 1 << 20 }; /* of the body where a stream was refused */

struct ncm_http_stream {
    struct ncm_exchange x; /* first: the list of streams is one of exchanges */
    struct ncm_http_request rq;
    char *path, *accept;
    struct ncm_buf part; /* of a line whose end has not come */
    bool (*line)(void *to, const char *p, size_t len);
    void *to;
};

static bool take(void *to, const char *p, size_t len, struct ncm_err *err)
{
    struct ncm_http_stream *s = to;
    while (len > 0) {
        const char *end = memchr(p, '\n', len);
        size_t n = end != NULL ? (size_t)(end - p) : len;
        bool whole = end != NULL && s->part.len == 0;
        if (!whole && !ncm_buf_add(&s->part, p, n)) {
            return ncm_fail(err, NCM_TOO_LARGE, _("%s sends a line that is too long"),
                            s->x.h->base);
        }
        if (end != NULL) {
            s->x.h->told = true;
            bool on = whole ? s->line(s->to, p, n) : s->line(s->to, s->part.p, s->part.len);
            ncm_buf_clear(&s->part);
            if (!on) {
                return false;
            }
            n++;
        }
        p += n;
        len -= n;
    }
    return true;
}

struct ncm_http_stream *ncm_http_stream_start(struct ncm_http *h, const struct ncm_http_request *rq,
                                              size_t most,
                                              bool (*line)(void *to, const char *p, size_t len),
                                              void *to)
{
    struct ncm_http_stream *s = ncm_alloc(1, sizeof *s);
    s->path = ncm_strdup(rq->path);
    s->accept = ncm_strdup(rq->accept);
    s->rq = (struct ncm_http_request){.path = s->path,
                                      .accept = s->accept,
                                      .timeout_ms = rq->timeout_ms,
                                      .most = ERROR_MOST,
                                      .sink = take,
                                      .to = s};
    s->line = line;
    s->to = to;
    ncm_buf_init(&s->part, most);
    s->x.h = h;
    s->x.stream = true;
    s->x.next = h->streams;
    h->streams = &s->x;
    ncm_exchange_start(&s->x, &s->rq);
    return s;
}

bool ncm_http_stream_wait(struct ncm_http *h, int64_t ms, const atomic_bool *cancel,
                          struct ncm_err *err)
{
    if (atomic_load(&h->interrupted) || (cancel != NULL && atomic_load(cancel))) {
        return ncm_fail(err, NCM_CANCELLED, _("Cancelled."));
    }
    ncm_http_step(h, ms);
    return true;
}

bool ncm_http_stream_flows(const struct ncm_http_stream *s)
{
    long status = s->x.answer.status;
    if (s->x.state == NCM_EXCHANGE_RUNNING) {
        curl_easy_getinfo(s->x.easy, CURLINFO_RESPONSE_CODE, &status);
    }
    return s->x.head_whole && status >= 200 && status < 300;
}

bool ncm_http_stream_over(const struct ncm_http_stream *s, const struct ncm_http_answer **answer,
                          struct ncm_err *err)
{
    if (s->x.state != NCM_EXCHANGE_OVER) {
        return false;
    }
    *answer = s->x.ok ? &s->x.answer : NULL;
    if (!s->x.ok) {
        *err = s->x.err;
    }
    return true;
}

void ncm_http_stream_close(struct ncm_http_stream *s)
{
    if (s == NULL) {
        return;
    }
    struct ncm_exchange **at = &s->x.h->streams;
    while (*at != &s->x) {
        at = &(*at)->next;
    }
    *at = s->x.next;
    if (s->x.state == NCM_EXCHANGE_RUNNING) {
        ncm_exchange_stop(&s->x);
    }
    ncm_http_answer_release(&s->x.answer);
    curl_easy_cleanup(s->x.easy);
    ncm_buf_release(&s->part);
    ncm_free(s->path);
    ncm_free(s->accept);
    ncm_free(s);
}
