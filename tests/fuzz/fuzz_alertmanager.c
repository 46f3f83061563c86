/* Whatever an Alertmanager answers, and whatever somebody writes as matchers: understood or refused
 * with a sentence; matchers that are written down read as the same again. The first byte stands for
 * the status. */
#include <stdlib.h>
#include <string.h>

#include "model/matcher.h"
#include "provider/alertmanager/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void told(bool ok, const struct ncm_err *err)
{
    if (!ok && (err->code == NCM_OK || err->what[0] == '\0')) {
        abort();
    }
}

static void hit(const struct ncm_matcher *m, size_t n, const struct ncm_alert *alert)
{
    struct ncm_matching *ready;
    struct ncm_err err = {0};
    bool ok = ncm_matching_new(m, n, &ready, &err);
    told(ok, &err);
    if (ok) {
        (void)ncm_matching_hits(ready, alert->labels, alert->n_labels);
        ncm_matching_free(ready);
    }
}

static void again(const struct ncm_matcher *m, size_t n, struct ncm_arena *a)
{
    struct ncm_buf b;
    struct ncm_matcher *back;
    struct ncm_err err;
    size_t n_back;
    ncm_buf_init(&b, 1 << 24);
    ncm_matchers_format(m, n, &b);
    if (!ncm_matchers_parse(b.p, a, &back, &n_back, &err) || n_back != n) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        if (!ncm_str_eq(m[i].name, back[i].name) || !ncm_str_eq(m[i].value, back[i].value) ||
            m[i].is_regex != back[i].is_regex || m[i].is_equal != back[i].is_equal) {
            abort();
        }
    }
    ncm_buf_release(&b);
}

static void take(const struct ncm_node *root, struct ncm_arena *a)
{
    struct ncm_alert *alerts;
    struct ncm_silence *silences;
    struct ncm_err err = {0};
    size_t n = 0, n_silences = 0;
    told(am_decode_alerts(root, a, &alerts, &n, &err), &err);
    err = (struct ncm_err){0};
    told(am_decode_silences(root, a, &silences, &n_silences, &err), &err);
    for (size_t i = 0; i < n; i++) {
        size_t proposed;
        struct ncm_matcher *m =
            ncm_matchers_propose(alerts[i].labels, alerts[i].n_labels, a, &proposed);
        hit(m, proposed, &alerts[i]);
    }
    for (size_t i = 0; i < n_silences; i++) {
        again(silences[i].matchers, silences[i].n_matchers, a);
    }
}

static void as_text(const char *text, struct ncm_arena *a)
{
    static const struct ncm_alert nothing;
    struct ncm_matcher *m;
    struct ncm_err err = {0};
    size_t n;
    bool ok = ncm_matchers_parse(text, a, &m, &n, &err);
    told(ok, &err);
    if (ok) {
        again(m, n, a);
        hit(m, n, &nothing);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 200, 200, 200, 400, 401, 404, 410, 422, 500, 503, 302};
    static struct ncm_conn c = {.ask = {.product = "Alertmanager"}};
    struct ncm_http_answer answer = {.type = "application/json"};
    struct ncm_doc *doc;
    struct ncm_err err = {0};
    if (size == 0) {
        return 0;
    }
    if (c.ask.http == NULL && !ncm_http_open("http://127.0.0.1:1", NULL, &c.ask.http, &err)) {
        abort();
    }
    struct ncm_arena *a = ncm_arena_new();
    answer.status = statuses[data[0] % (sizeof statuses / sizeof *statuses)];
    ncm_buf_init(&answer.body, 1 << 24);
    ncm_buf_add(&answer.body, data + 1, size - 1);
    bool ok = am_answer(&c, &answer, &doc, &err);
    told(ok, &err);
    if (ok && doc != NULL) {
        take(ncm_doc_root(doc), a);
    }
    as_text(answer.body.p, a);
    ncm_doc_free(doc);
    ncm_buf_release(&answer.body);
    ncm_arena_free(a);
    return 0;
}
