/* What curl knows about an answer, as the caller wants it. */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/http_inside.h"

enum {
    RETRY_MOST_S = 24 * 3600,
    HOPS_MOST = 3,
};

/* The last header of that name, or NULL. */
static const char *header(const struct ncm_exchange *x, const char *name)
{
    struct curl_header *found = NULL;
    if (curl_easy_header(x->easy, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) {
        return NULL;
    }
    return found->value;
}

static void copy(char *out, size_t size, const char *p, size_t len)
{
    len = len < size ? len : size - 1;
    memcpy(out, p, len);
    out[len] = '\0';
}

/* "Application/JSON; charset=utf-8" → "application/json". */
static void set_type(struct ncm_http_answer *a, const char *value)
{
    copy(a->type, sizeof a->type, value, strcspn(value, "; \t,"));
    for (char *p = a->type; *p != '\0'; p++) {
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    }
}

static int64_t date_ms(const char *value)
{
    time_t at = value != NULL ? curl_getdate(value, NULL) : -1;
    return at < 0 ? NCM_NO_TIME : (int64_t)at * 1000;
}

/* Seconds, or a date: then by the server's own clock, for ours may be another. */
static int64_t retry_ms(const char *value, int64_t server_ms)
{
    int64_t s;
    if (!ncm_parse_i64(value, &s)) {
        int64_t at = date_ms(value);
        int64_t now = server_ms != NCM_NO_TIME ? server_ms : ncm_now_ms();
        s = at != NCM_NO_TIME ? ncm_ms_between(now, at) / 1000 : 0;
    }
    return (s < 0 ? 0 : s > RETRY_MOST_S ? RETRY_MOST_S : s) * 1000;
}

static int64_t number(const struct ncm_exchange *x, CURLINFO what)
{
    curl_off_t n = 0;
    return curl_easy_getinfo(x->easy, what, &n) == CURLE_OK ? (int64_t)n : 0;
}

static int64_t small(const struct ncm_exchange *x, CURLINFO what)
{
    long n = 0;
    return curl_easy_getinfo(x->easy, what, &n) == CURLE_OK ? (int64_t)n : 0;
}

/* Request and answer. Some versions count the body of a request among the request's bytes and some
 * only where it is short: heads are shorter than what they leave out. */
static int64_t wire_bytes(const struct ncm_exchange *x)
{
    int64_t request = small(x, CURLINFO_REQUEST_SIZE);
    int64_t body = number(x, CURLINFO_SIZE_UPLOAD_T);
    return (request > body ? request : request + body) + small(x, CURLINFO_HEADER_SIZE) +
           number(x, CURLINFO_SIZE_DOWNLOAD_T);
}

/* The text of `299 - "text"`, appended. */
static void add_warning(struct ncm_http_answer *a, const char *value)
{
    const char *from = strchr(value, '"');
    size_t used = strlen(a->warning);
    if (from == NULL || used + 4 > sizeof a->warning) {
        return;
    }
    if (used > 0) {
        memcpy(a->warning + used, "; ", 3);
        used += 2;
    }
    for (from++; *from != '\0' && *from != '"' && used + 1 < sizeof a->warning; from++) {
        from += *from == '\\' && from[1] != '\0';
        a->warning[used++] = *from;
    }
    while (used > 0 && *from != '\0' && *from != '"' && ((unsigned char)*from & 0xC0) == 0x80) {
        from--; /* no half character at the end */
        used--;
    }
    a->warning[used] = '\0';
}

static void set_warnings(struct ncm_exchange *x)
{
    struct curl_header *h = NULL;
    x->answer.warning[0] = '\0';
    for (size_t i = 0; curl_easy_header(x->easy, "warning", i, CURLH_HEADER, -1, &h) == CURLHE_OK;
         i++) {
        add_warning(&x->answer, h->value);
    }
}

void ncm_exchange_read(struct ncm_exchange *x)
{
    struct ncm_http_answer *a = &x->answer;
    const char *value = header(x, "date");
    a->status = (int)small(x, CURLINFO_RESPONSE_CODE);
    a->date_ms = date_ms(value);
    value = header(x, "content-type");
    set_type(a, value != NULL ? value : "");
    value = header(x, "location");
    copy(a->location, sizeof a->location, value != NULL ? value : "",
         value != NULL ? strlen(value) : 0);
    value = header(x, "retry-after");
    a->retry_ms = value != NULL ? retry_ms(value, a->date_ms) : 0;
    set_warnings(x);
    curl_off_t length = -1;
    curl_easy_getinfo(x->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    /* Of a compressed body it says nothing about what comes out. */
    a->length = header(x, "content-encoding") == NULL ? (int64_t)length : -1;
    a->took_ms = ncm_mono_ms() - x->started_ms;
    a->reused = small(x, CURLINFO_NUM_CONNECTS) == 0;
    x->h->answered = x->h->answered || a->status > 0;
    int64_t bytes = wire_bytes(x);
    a->wire_bytes += bytes;
    x->h->bytes += bytes;
}

/* ---- redirects ------------------------------------------------------------------------------ */
static char *url_part(CURLU *u, CURLUPart what, unsigned flags)
{
    char *text = NULL;
    return curl_url_get(u, what, &text, flags) == CURLUE_OK ? text : NULL;
}

/* Whether a part of both is the same; absent ones are. */
static bool same(CURLU *a, CURLU *b, CURLUPart what, bool slash)
{
    char *x = url_part(a, what, 0);
    char *y = url_part(b, what, 0);
    size_t n = x != NULL ? strlen(x) : 0;
    size_t m = y != NULL ? strlen(y) : 0;
    while (slash && n > 0 && x[n - 1] == '/') {
        n--;
    }
    while (slash && m > 0 && y[m - 1] == '/') {
        m--;
    }
    bool is = n == m &&
              (n == 0 || (what == CURLUPART_HOST ? strncasecmp(x, y, n) : strncmp(x, y, n)) == 0);
    curl_free(x);
    curl_free(y);
    return is;
}

bool ncm_http_same_host(const char *a, const char *b)
{
    CURLU *x = curl_url();
    CURLU *y = curl_url();
    bool is = x != NULL && y != NULL && curl_url_set(x, CURLUPART_URL, a, 0) == CURLUE_OK &&
              curl_url_set(y, CURLUPART_URL, b, 0) == CURLUE_OK &&
              same(x, y, CURLUPART_HOST, false);
    curl_url_cleanup(x);
    curl_url_cleanup(y);
    return is;
}

/* The same scheme and port, or from http to https. */
static bool same_door(CURLU *from, CURLU *to)
{
    char *x = url_part(from, CURLUPART_SCHEME, 0);
    char *y = url_part(to, CURLUPART_SCHEME, 0);
    char *p = url_part(from, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    char *q = url_part(to, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    bool all = x != NULL && y != NULL && p != NULL && q != NULL;
    bool is = all && ((strcmp(x, y) == 0 && strcmp(p, q) == 0) ||
                      (strcmp(x, "http") == 0 && strcmp(y, "https") == 0));
    curl_free(x);
    curl_free(y);
    curl_free(p);
    curl_free(q);
    return is;
}

char *ncm_exchange_same_page(struct ncm_exchange *x)
{
    const char *location = header(x, "location");
    char *from = NULL;
    if (x->rq->method != NCM_HTTP_GET || x->hops >= HOPS_MOST || location == NULL ||
        curl_easy_getinfo(x->easy, CURLINFO_EFFECTIVE_URL, &from) != CURLE_OK || from == NULL) {
        return NULL;
    }
    CURLU *a = curl_url();
    CURLU *b = curl_url();
    char *result = NULL;
    if (a != NULL && b != NULL && curl_url_set(a, CURLUPART_URL, from, 0) == CURLUE_OK &&
        curl_url_set(b, CURLUPART_URL, from, 0) == CURLUE_OK &&
        curl_url_set(b, CURLUPART_URL, location, 0) == CURLUE_OK &&
        same(a, b, CURLUPART_HOST, false) && same(a, b, CURLUPART_PATH, true) &&
        same(a, b, CURLUPART_QUERY, false) && same(a, b, CURLUPART_USER, false) &&
        same(a, b, CURLUPART_PASSWORD, false) && same_door(a, b)) {
        char *text = url_part(b, CURLUPART_URL, 0);
        result = ncm_strdup(text);
        curl_free(text);
    }
    curl_url_cleanup(a);
    curl_url_cleanup(b);
    return result;
}
