#include "io/http.h"

#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/http_inside.h"

enum {
    PATIENCE_MS = 30000, /* where access says nothing */
    LOOK_MS = 100,       /* how often the caller's flag is looked at */
    STREAMS_MOST = 250,  /* of one HTTP/2 connection, as servers allow */
    IDLE_MS = 60000,     /* an interrupt, curl's own timers and sockets wake us before */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool started;

static void start_curl(void)
{
    started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    /* Tokens and passwords are in memory from now on, curl's copies too: no core file gets them. */
    (void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

/* Earlier ones may miss the end of an answer that came while they read the same HTTP/2 connection
 * for another request: it never ends. Seen with 7.88.1 in one of a hundred parallel lists. */
static bool shares_well(void)
{
    return curl_version_info(CURLVERSION_NOW)->version_num >= 0x080100;
}

/* ---- a client ------------------------------------------------------------------------------- */
static bool part(CURLU *url, CURLUPart what)
{
    char *text = NULL;
    bool there = curl_url_get(url, what, &text, 0) == CURLUE_OK && text != NULL && *text != '\0';
    curl_free(text);
    return there;
}

static bool is_address(const char *base)
{
    size_t len = strlen(base);
    bool http = strncasecmp(base, "http://", 7) == 0 || strncasecmp(base, "https://", 8) == 0;
    CURLU *url = curl_url();
    bool ok = http && len > 0 && base[len - 1] != '/' && url != NULL &&
              curl_url_set(url, CURLUPART_URL, base, 0) == CURLUE_OK && part(url, CURLUPART_HOST) &&
              !part(url, CURLUPART_USER) && !part(url, CURLUPART_PASSWORD) &&
              !part(url, CURLUPART_QUERY) && !part(url, CURLUPART_FRAGMENT);
    curl_url_cleanup(url);
    return ok;
}

bool ncm_http_open(const char *base, const struct ncm_access *access, struct ncm_http **out,
                   struct ncm_err *err)
{
    *out = NULL;
    pthread_once(&once, start_curl);
    if (!is_address(base)) {
        /* The address itself may hold a password. */
        return ncm_fail(err, NCM_USAGE,
                        _("The address of a server is http(s)://HOST[:PORT][/PREFIX]"));
    }
    CURLM *multi = started ? curl_multi_init() : NULL;
    if (multi == NULL) {
        return ncm_fail(err, NCM_INTERNAL, _("libcurl cannot be started"));
    }
    struct ncm_http *h = ncm_alloc(1, sizeof *h);
    h->multi = multi;
    h->base = ncm_strdup(base);
    if (access != NULL) {
        ncm_access_copy(&h->access, access);
    }
    h->pem[NCM_PEM_CA] = h->pem[NCM_PEM_CERT] = h->pem[NCM_PEM_KEY] = -1;
    atomic_init(&h->interrupted, false);
    for (size_t i = 0; i < NCM_HTTP_SLOTS; i++) {
        h->slot[i].h = h;
    }
    /* Only this client's own thread uses it: no locks. */
    h->share = curl_share_init();
    if (h->share != NULL) {
        curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    }
    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)NCM_HTTP_SLOTS);
    curl_multi_setopt(h->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS_MOST);
    curl_multi_setopt(h->multi, CURLMOPT_PIPELINING,
                      shares_well() ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING);
    if (!ncm_http_rename(h, err)) {
        ncm_http_close(h);
        return false;
    }
    *out = h;
    return true;
}

void ncm_http_enter(struct ncm_http *h, const struct ncm_access *access)
{
    struct ncm_access fresh;
    ncm_access_copy(&fresh, access);
    ncm_access_release(&h->access);
    h->access = fresh;
    ncm_http_secret_forget(h);
    ncm_http_trust_forget(h);
}

void ncm_exchange_stop(struct ncm_exchange *x)
{
    /* Over HTTP/2 curl would keep a connection that does not answer, and use it again. */
    if (x->state == NCM_EXCHANGE_RUNNING && x->easy != NULL) {
        curl_easy_setopt(x->easy, CURLOPT_FORBID_REUSE, 1L);
    }
    curl_multi_remove_handle(x->h->multi, x->easy);
    curl_slist_free_all(x->headers);
    x->headers = NULL;
}

void ncm_http_close(struct ncm_http *h)
{
    if (h == NULL) {
        return;
    }
    for (size_t i = 0; i < NCM_HTTP_SLOTS; i++) {
        struct ncm_exchange *x = &h->slot[i];
        if (x->state == NCM_EXCHANGE_RUNNING) {
            ncm_exchange_stop(x);
        }
        if (x->state != NCM_EXCHANGE_FREE) {
            ncm_http_answer_release(&x->answer);
        }
        curl_easy_cleanup(x->easy);
    }
    curl_multi_cleanup(h->multi);
    curl_share_cleanup(h->share);
    curl_slist_free_all(h->connect_to);
    ncm_http_secret_forget(h);
    ncm_http_trust_forget(h);
    ncm_free(h->url_base);
    ncm_access_release(&h->access);
    ncm_free(h->base);
    ncm_free(h);
}

void ncm_http_interrupt(struct ncm_http *h)
{
    atomic_store(&h->interrupted, true);
    curl_multi_wakeup(h->multi);
}

void ncm_http_ready(struct ncm_http *h)
{
    atomic_store(&h->interrupted, false);
}

const char *ncm_http_base(const struct ncm_http *h)
{
    return h->base;
}

void ncm_http_traffic(const struct ncm_http *h, int64_t *bytes, int64_t *requests)
{
    *bytes = h->bytes;
    *requests = h->requests;
}

/* ---- one exchange --------------------------------------------------------------------------- */
static bool cancelled(const struct ncm_exchange *x)
{
    return !x->stream && (atomic_load(&x->h->interrupted) ||
                          (x->rq->cancel != NULL && atomic_load(x->rq->cancel)));
}

/* The moment (monotonic) at which we wait no longer. */
static int64_t limit(const struct ncm_exchange *x)
{
    int64_t from = x->rq->sink != NULL ? x->active_ms : x->started_ms;
    int64_t at = from + x->patience_ms;
    if (x->stream && !x->head_whole && at > x->started_ms + PATIENCE_MS) {
        at = x->started_ms + PATIENCE_MS;
    }
    return x->rq->deadline_mono_ms > 0 && x->rq->deadline_mono_ms < at ? x->rq->deadline_mono_ms
                                                                       : at;
}

static void over(struct ncm_exchange *x, bool ok)
{
    x->ok = ok;
    x->state = NCM_EXCHANGE_OVER;
}

/* Hands it to curl, whether for the first time or again. */
static bool hand_over(struct ncm_exchange *x, const char *url)
{
    x->end = NCM_END_NONE;
    x->header_bytes = 0;
    x->head_whole = false;
    x->body_bytes = 0;
    x->secret = x->h->secret_read;
    x->h->requests++;
    if (ncm_exchange_set(x, url) && curl_multi_add_handle(x->h->multi, x->easy) == CURLM_OK) {
        x->state = NCM_EXCHANGE_RUNNING;
        return true;
    }
    curl_slist_free_all(x->headers);
    x->headers = NULL;
    ncm_fail(&x->err, NCM_INTERNAL, _("libcurl does not take the request"));
    ncm_detail(&x->err, "not sent: curl_easy_setopt");
    over(x, false);
    return false;
}

void ncm_exchange_start(struct ncm_exchange *x, const struct ncm_http_request *rq)
{
    struct ncm_http *h = x->h;
    x->rq = rq;
    x->ok = false;
    x->hops = 0;
    x->asked_again = false;
    x->err = x->sink_err = (struct ncm_err){.code = NCM_OK};
    x->answer = (struct ncm_http_answer){.date_ms = NCM_NO_TIME, .length = -1};
    ncm_buf_init(&x->answer.body, rq->most > 0 ? rq->most : NCM_HTTP_MOST);
    x->patience_ms = rq->timeout_ms > 0         ? rq->timeout_ms
                     : h->access.timeout_ms > 0 ? h->access.timeout_ms
                                                : PATIENCE_MS;
    x->started_ms = x->active_ms = ncm_mono_ms();
    if (x->easy == NULL) {
        x->easy = curl_easy_init();
    } else {
        curl_easy_reset(x->easy);
    }
    if (x->easy == NULL) {
        ncm_fail(&x->err, NCM_INTERNAL, _("libcurl cannot be started"));
        ncm_detail(&x->err, "not sent: curl_easy_init");
        over(x, false);
    } else if (cancelled(x)) {
        ncm_exchange_cancelled(x);
        over(x, false);
    } else if (limit(x) <= x->started_ms) {
        ncm_exchange_late(x);
        over(x, false);
    } else if (!ncm_http_secret(h, rq, &x->err)) {
        over(x, false);
    } else {
        hand_over(x, NULL);
    }
}

/* Once more, as the server's answer asks; false where it stays as it is. A 401 and a redirect had
 * no effect, so that this repeats nothing. */
static bool goes_on(struct ncm_exchange *x)
{
    int status = x->answer.status;
    char *url = NULL;
    if (status == 401 && !x->asked_again && !cancelled(x)) {
        x->asked_again = true;
        if (!ncm_http_secret_changed(x->h, x->rq, x->secret)) {
            return false;
        }
    } else if (status >= 301 && status <= 308) {
        url = ncm_exchange_same_page(x);
        if (url == NULL) {
            return false;
        }
        x->hops++;
    } else {
        return false;
    }
    ncm_buf_clear(&x->answer.body);
    curl_easy_reset(x->easy);
    hand_over(x, url);
    ncm_free(url);
    return true;
}

/* curl is through with it. */
static void settle(struct ncm_exchange *x, CURLcode code)
{
    if (code == CURLE_WRITE_ERROR && x->end == NCM_END_CUT) {
        code = CURLE_OK;
    }
    ncm_exchange_read(x);
    if (code == CURLE_OK && !x->head_whole) {
        code = CURLE_PARTIAL_FILE; /* curl takes a head that just ends for a whole one */
    }
    if (code != CURLE_OK) {
        ncm_exchange_fail(x, code);
    }
    x->state = NCM_EXCHANGE_OVER; /* curl is through: what it says of the connection counts */
    ncm_exchange_stop(x);
    if (code != CURLE_OK) {
        over(x, false);
    } else if (!goes_on(x)) {
        over(x, true);
    }
}

/* Ends it where it waited too long or is not wanted any more; *wait: how long it may go on. */
static bool end_late(struct ncm_exchange *x, int64_t now, int64_t *wait)
{
    if (x->state != NCM_EXCHANGE_RUNNING) {
        return false;
    }
    bool off = cancelled(x);
    if (off || limit(x) <= now) {
        ncm_exchange_read(x);
        (off ? ncm_exchange_cancelled : ncm_exchange_late)(x);
        ncm_exchange_stop(x);
        over(x, false);
        return true;
    }
    int64_t most = x->rq->cancel != NULL ? LOOK_MS : IDLE_MS;
    int64_t until = limit(x) - now;
    most = until < most ? until : most;
    *wait = most < *wait ? most : *wait;
    return false;
}

void ncm_http_step(struct ncm_http *h, int64_t most_ms)
{
    int running = 0;
    h->told = false;
    curl_multi_perform(h->multi, &running);
    int left = 0;
    bool moved = h->told; /* whoever waits for lines wants them now */
    for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &left)) != NULL;) {
        struct ncm_exchange *x = NULL;
        if (m->msg == CURLMSG_DONE &&
            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x) == CURLE_OK) {
            settle(x, m->data.result);
            moved = true;
        }
    }
    int64_t now = ncm_mono_ms();
    int64_t wait = most_ms < IDLE_MS ? most_ms : IDLE_MS;
    for (size_t i = 0; i < NCM_HTTP_SLOTS; i++) {
        moved = end_late(&h->slot[i], now, &wait) || moved;
    }
    for (struct ncm_exchange *x = h->streams; x != NULL; x = x->next) {
        moved = end_late(x, now, &wait) || moved;
    }
    if (!moved) {
        curl_multi_poll(h->multi, NULL, 0, (int)wait, NULL);
    }
}

/* Moves the outcome to the caller. */
static bool collect(struct ncm_exchange *x, struct ncm_http_answer *out, struct ncm_err *err)
{
    bool ok = x->ok;
    *out = x->answer;
    if (!ok) {
        *err = x->err;
    }
    x->answer = (struct ncm_http_answer){0};
    x->state = NCM_EXCHANGE_FREE;
    return ok;
}

/* ---- calls ---------------------------------------------------------------------------------- */
bool ncm_http_all(struct ncm_http *h, const struct ncm_http_request *rqs, size_t n,
                  struct ncm_http_answer *out, bool *ok, struct ncm_err *errs)
{
    size_t next = 0, left = n;
    bool all = true;
    while (left > 0) {
        bool moved = false;
        for (size_t i = 1; i < NCM_HTTP_SLOTS; i++) {
            struct ncm_exchange *x = &h->slot[i];
            if (x->state == NCM_EXCHANGE_FREE && next < n) {
                x->index = next;
                ncm_exchange_start(x, &rqs[next++]);
            }
            if (x->state == NCM_EXCHANGE_OVER) {
                ok[x->index] = collect(x, &out[x->index], &errs[x->index]);
                all = all && ok[x->index];
                left--;
                moved = true;
            }
        }
        if (!moved) {
            ncm_http_step(h, IDLE_MS);
        }
    }
    return all;
}

bool ncm_http_do(struct ncm_http *h, const struct ncm_http_request *rq, struct ncm_http_answer *out,
                 struct ncm_err *err)
{
    bool ok;
    return ncm_http_all(h, rq, 1, out, &ok, err);
}

bool ncm_http_begin(struct ncm_http *h, const struct ncm_http_request *rq, struct ncm_err *err)
{
    struct ncm_exchange *x = &h->slot[0];
    if (x->state != NCM_EXCHANGE_FREE) {
        ncm_bug("http: a second request was begun");
    }
    ncm_exchange_start(x, rq);
    /* Until it is on its way: from then on the server works for us while we do something else. */
    while (x->state == NCM_EXCHANGE_RUNNING && !ncm_exchange_sent(x)) {
        ncm_http_step(h, IDLE_MS);
    }
    if (x->state == NCM_EXCHANGE_OVER && !x->ok) {
        struct ncm_http_answer nothing;
        collect(x, &nothing, err);
        ncm_http_answer_release(&nothing);
        return false;
    }
    /* What the caller does meanwhile is not the server's delay. */
    x->away_ms = ncm_mono_ms();
    return true;
}

bool ncm_http_finish(struct ncm_http *h, struct ncm_http_answer *out, struct ncm_err *err)
{
    struct ncm_exchange *x = &h->slot[0];
    if (x->state == NCM_EXCHANGE_FREE) {
        ncm_bug("http: no request was begun");
    }
    if (x->state == NCM_EXCHANGE_RUNNING) {
        int64_t away = ncm_mono_ms() - x->away_ms;
        x->patience_ms += away;
    }
    while (x->state != NCM_EXCHANGE_OVER) {
        ncm_http_step(h, IDLE_MS);
    }
    return collect(x, out, err);
}

void ncm_http_answer_release(struct ncm_http_answer *a)
{
    ncm_buf_release(&a->body);
    *a = (struct ncm_http_answer){.date_ms = NCM_NO_TIME, .length = -1};
}

void ncm_http_encode(struct ncm_buf *out, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL) {
            ncm_buf_putc(out, *text);
        } else {
            ncm_buf_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
        }
    }
}
