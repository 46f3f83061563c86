#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/mem.h"
#include "base/num.h"
#include "unit/scratch.h"
#include "unit/web.h"

static struct ncm_http *h;

static int fresh(void **state)
{
    (void)state;
    h = web_open(web_url("plain"), NULL);
    return 0;
}

static int done(void **state)
{
    (void)state;
    ncm_http_close(h);
    return 0;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void who_holds_tokens_leaves_no_core_file(void **state)
{
    (void)state;
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L), 0);
}

static void only_addresses_of_servers_are_taken(void **state)
{
    static const char *const bad[] = {"",
                                      "localhost:5000",
                                      "ftp://host",
                                      "file:///etc/passwd",
                                      "http://",
                                      "http://user:secret@host",
                                      "http://host/",
                                      "http://host?x=1",
                                      "http://host/#a",
                                      "http://ho st",
                                      "http://host:99999"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ncm_http *none;
        struct ncm_err e;
        if (ncm_http_open(bad[i], NULL, &none, &e)) {
            fail_msg("taken: %s", bad[i]);
        }
        assert_int_equal(e.code, NCM_USAGE);
        assert_null(none);
        assert_null(strstr(e.what, "secret"));
    }
    struct ncm_http *some = web_open("https://[::1]:5000/a/prefix", NULL);
    assert_string_equal(ncm_http_base(some), "https://[::1]:5000/a/prefix");
    ncm_http_close(some);
    ncm_http_close(NULL);
}

static void requests_arrive_as_they_were_meant(void **state)
{
    (void)state;
    static const struct {
        enum ncm_http_method method;
        const char *name;
    } all[] = {{NCM_HTTP_GET, "GET"},
               {NCM_HTTP_POST, "POST"},
               {NCM_HTTP_PATCH, "PATCH"},
               {NCM_HTTP_DELETE, "DELETE"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const char *body = i == 0 ? NULL : "{\"a\":1}";
        struct ncm_http_answer a =
            web_ask(h, (struct ncm_http_request){.method = all[i].method,
                                                 .path = "/x%2Fy/../z?q=%20",
                                                 .body = body,
                                                 .body_len = body != NULL ? 7 : 0});
        char want[64];
        snprintf(want, sizeof want, "{\"method\": \"%s\", \"target\"", all[i].name);
        assert_true(begins(a.body.p, want));
        assert_non_null(strstr(a.body.p, "/x%2Fy/../z?q=%20"));
        assert_int_equal(strstr(a.body.p, "\\\"a\\\":1") != NULL, body != NULL);
        assert_int_equal(strstr(a.body.p, "\"content-type\": \"application/json\"") != NULL,
                         body != NULL);
        assert_null(strstr(a.body.p, "\"authorization\""));
        assert_null(strstr(a.body.p, "\"expect\""));
        assert_string_equal(a.type, "application/json");
        ncm_http_answer_release(&a);
    }
    /* A POST without a body says so. */
    struct ncm_http_answer a =
        web_ask(h, (struct ncm_http_request){.method = NCM_HTTP_POST, .path = "/x"});
    assert_non_null(strstr(a.body.p, "\"content-length\": \"0\""));
    ncm_http_answer_release(&a);
}

static void a_large_body_is_sent_whole(void **state)
{
    (void)state;
    size_t len = (size_t)3 << 20;
    char *body = ncm_alloc(len, 1);
    memset(body, 'q', len);
    struct ncm_http_request rq = {
        .method = NCM_HTTP_POST, .path = "/x", .body = body, .body_len = len};
    struct ncm_http_answer a = web_ask(h, rq);
    assert_true(a.body.len > len);
    assert_true(a.wire_bytes > (int64_t)(2 * len));
    assert_true(a.wire_bytes < (int64_t)(2 * len) + 4000);
    ncm_http_answer_release(&a);
    ncm_free(body);
}

static void connections_are_kept(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct ncm_http_answer a = web_ask(h, (struct ncm_http_request){.path = "/x"});
        assert_int_equal(a.reused, i > 0);
        assert_int_equal(web_number(a.body.p, "nth"), i + 1);
        ncm_http_answer_release(&a);
    }
    /* So are those of searches by POST, and never those of writes. */
    struct ncm_http_answer a = web_ask(
        h, (struct ncm_http_request){
               .method = NCM_HTTP_POST, .path = "/x", .body = "{}", .body_len = 2, .asks = true});
    assert_true(a.reused);
    ncm_http_answer_release(&a);
    a = web_ask(h, (struct ncm_http_request){
                       .method = NCM_HTTP_POST, .path = "/x", .body = "{}", .body_len = 2});
    assert_false(a.reused);
    ncm_http_answer_release(&a);
}

static void traffic_is_counted(void **state)
{
    (void)state;
    int64_t bytes, requests;
    struct ncm_http_answer a = web_ask(h, (struct ncm_http_request){.path = "/big?n=100000"});
    assert_int_equal(a.length, 100000);
    assert_true(a.wire_bytes > 100000 && a.wire_bytes < 101000);
    ncm_http_traffic(h, &bytes, &requests);
    assert_int_equal(bytes, a.wire_bytes);
    assert_int_equal(requests, 1);
    ncm_http_answer_release(&a);
    /* Compressed, it is what went over the wire. */
    a = web_ask(h, (struct ncm_http_request){.path = "/gzip"});
    assert_int_equal(a.body.len, 100000);
    assert_int_equal(a.length, -1);
    assert_true(a.wire_bytes < 2000);
    ncm_http_answer_release(&a);
}

static void answers_of_every_form_are_read(void **state)
{
    (void)state;
    struct ncm_http_answer a = web_ask(h, (struct ncm_http_request){.path = "/chunked"});
    assert_string_equal(a.body.p, "{\"a\": 1}");
    assert_int_equal(a.length, -1);
    assert_string_equal(a.location, ""); /* one among the trailers is none */
    ncm_http_answer_release(&a);
    a = web_ask(h, (struct ncm_http_request){.path = "/http10"});
    assert_string_equal(a.body.p, "old but whole");
    assert_string_equal(a.type, "text/plain");
    ncm_http_answer_release(&a);
    a = web_ask(h, (struct ncm_http_request){.path = "/typed"});
    assert_string_equal(a.type, "application/json");
    assert_int_equal(a.date_ms, NCM_NO_TIME);
    ncm_http_answer_release(&a);
    a = web_ask(h, (struct ncm_http_request){
                       .path = "/status?n=200&Date=Tue,%2015%20Nov%201994%2008:12:31%20GMT"});
    assert_int_equal(a.date_ms, 784887151000);
    assert_string_equal(a.type, "text/html");
    ncm_http_answer_release(&a);
}

static void broken_answers_are_errors(void **state)
{
    static const struct {
        const char *path;
        enum ncm_code code;
        const char *what;
    } all[] = {
        {"/cut", NCM_UNREACHABLE, "cut off after 500 B"},
        {"/cut-chunk", NCM_UNREACHABLE, "cut off after 5 B"},
        {"/bad-gzip", NCM_UNREACHABLE, "compressed answer"},
        {"/garbage", NCM_UNREACHABLE, "does not speak HTTP"},
        {"/empty", NCM_UNREACHABLE, "without an answer"},
        {"/reset", NCM_UNREACHABLE, "without an answer"},
        {"/flood", NCM_TOO_LARGE, "headers without end"},
        {"/long-header", NCM_TOO_LARGE, "headers without end"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct ncm_err *e = web_fails(h, all[i].path, all[i].code);
        if (strstr(e->what, all[i].what) == NULL ||
            !begins(e->detail, "sent: GET http://127.0.0.1")) {
            fail_msg("%s: %s (%s)", all[i].path, e->what, e->detail);
        }
    }
}

static void what_cannot_be_reached_says_why_and_that_nothing_was_sent(void **state)
{
    (void)state;
    struct ncm_http *nobody = web_open("http://127.0.0.1:1", NULL);
    const struct ncm_err *e = web_fails(nobody, "/x", NCM_UNREACHABLE);
    assert_non_null(strstr(e->what, "refuses the connection"));
    assert_true(begins(e->detail, "not sent: GET"));
    ncm_http_close(nobody);
    nobody = web_open("http://no-such-host.invalid", NULL);
    e = web_fails(nobody, "/x?token=abc", NCM_UNREACHABLE);
    assert_non_null(strstr(e->what, "name of the server is not known"));
    assert_true(begins(e->detail, "not sent: GET"));
    assert_null(strstr(e->detail, "abc"));
    ncm_http_close(nobody);
}

static void bodies_have_limits(void **state)
{
    (void)state;
    struct ncm_http_answer a;
    struct ncm_err e;
    struct ncm_http_request rq = {.path = "/big?n=5000000", .most = 4000};
    assert_false(ncm_http_do(h, &rq, &a, &e));
    assert_int_equal(e.code, NCM_TOO_LARGE);
    assert_non_null(strstr(e.what, "4 kB"));
    ncm_http_answer_release(&a);
    rq.cut = true;
    a = web_ask(h, rq);
    assert_true(a.truncated);
    assert_int_equal(a.body.len, 4000);
    ncm_http_answer_release(&a);
    a = web_ask(h, (struct ncm_http_request){.path = "/big?n=4000", .most = 4000});
    assert_false(a.truncated);
    assert_int_equal(a.body.len, 4000);
    ncm_http_answer_release(&a);
    /* It is what a compressed one unfolds to that counts. */
    assert_false(
        ncm_http_do(h, &(struct ncm_http_request){.path = "/gzip", .most = 50000}, &a, &e));
    assert_int_equal(e.code, NCM_TOO_LARGE);
    ncm_http_answer_release(&a);
}

struct sum {
    size_t bytes, most;
    bool says;
};

static bool add_up(void *to, const char *p, size_t len, struct ncm_err *err)
{
    struct sum *s = to;
    (void)p;
    s->bytes += len;
    return s->bytes <= s->most || (s->says && ncm_fail(err, NCM_IO, "disk full"));
}

static void a_sink_gets_the_body_and_may_end_it(void **state)
{
    (void)state;
    struct sum s = {.most = 10000000};
    struct ncm_http_request rq = {.path = "/big?n=5000000", .sink = add_up, .to = &s};
    struct ncm_http_answer a = web_ask(h, rq);
    assert_int_equal(s.bytes, 5000000);
    assert_int_equal(a.body.len, 0);
    ncm_http_answer_release(&a);
    struct ncm_err e;
    s = (struct sum){.most = 100000};
    assert_false(ncm_http_do(h, &rq, &a, &e));
    assert_int_equal(e.code, NCM_CANCELLED);
    ncm_http_answer_release(&a);
    s = (struct sum){.most = 100000, .says = true};
    assert_false(ncm_http_do(h, &rq, &a, &e));
    assert_int_equal(e.code, NCM_IO);
    assert_string_equal(e.what, "disk full");
    ncm_http_answer_release(&a);
    /* What an error page says is not what was asked for. */
    s = (struct sum){.most = 100};
    rq.path = "/status?n=404&text=gone";
    a = web_ask(h, rq);
    assert_int_equal(a.status, 404);
    assert_int_equal(s.bytes, 0);
    assert_string_equal(a.body.p, "gone");
    ncm_http_answer_release(&a);
}

static void patience_ends(void **state)
{
    (void)state;
    struct ncm_http_answer a;
    struct ncm_err e;
    int64_t start = ncm_mono_ms();
    assert_false(
        ncm_http_do(h, &(struct ncm_http_request){.path = "/hang", .timeout_ms = 1200}, &a, &e));
    assert_int_equal(e.code, NCM_TIMEOUT);
    assert_non_null(strstr(e.what, "did not answer within "));
    assert_true(begins(e.detail, "sent: GET"));
    assert_true(ncm_mono_ms() - start >= 1200);
    ncm_http_answer_release(&a);
    struct ncm_http_request rq = {.path = "/hang-body", .deadline_mono_ms = ncm_mono_ms() + 300};
    assert_false(ncm_http_do(h, &rq, &a, &e));
    assert_int_equal(e.code, NCM_TIMEOUT);
    assert_non_null(strstr(e.what, "3 B"));
    ncm_http_answer_release(&a);
    /* It is over already: nothing is sent. */
    assert_false(ncm_http_do(h, &rq, &a, &e));
    assert_int_equal(e.code, NCM_TIMEOUT);
    assert_true(begins(e.detail, "not sent"));
    ncm_http_answer_release(&a);
    /* A download has time as long as bytes arrive. */
    struct sum s = {.most = 100};
    a = web_ask(h, (struct ncm_http_request){
                       .path = "/trickle", .timeout_ms = 500, .sink = add_up, .to = &s});
    assert_int_equal(s.bytes, 12);
    assert_true(a.took_ms >= 500);
    ncm_http_answer_release(&a);
}

/* ---- cancelling ----------------------------------------------------------------------------- */
struct other {
    pthread_t thread;
    atomic_bool cancel;
    bool interrupt;
    int64_t at; /* when it was cancelled */
    char path[32];
};

/* Waits until the request has reached the server, then ends it. */
static void *canceller(void *arg)
{
    struct other *o = arg;
    struct ncm_http *own = web_open(web_url("plain"), NULL);
    char log[64];
    snprintf(log, sizeof log, "/log?server=plain&path=%s", o->path);
    for (int64_t n = 0; n == 0;) {
        n = web_number(web_get(own, log, 200), "n");
    }
    ncm_http_close(own);
    o->at = ncm_mono_ms();
    if (o->interrupt) {
        ncm_http_interrupt(h);
    } else {
        atomic_store(&o->cancel, true);
    }
    return NULL;
}

/* Ends a request from another thread; how long that took, ms. */
static int64_t cancel_one(bool interrupt)
{
    static int count;
    struct other o = {.interrupt = interrupt};
    struct ncm_http_answer a;
    struct ncm_err e;
    snprintf(o.path, sizeof o.path, "/hang/%d", count++);
    struct ncm_http_request rq = {.path = o.path, .timeout_ms = WEB_PATIENCE_MS};
    rq.cancel = interrupt ? NULL : &o.cancel;
    pthread_create(&o.thread, NULL, canceller, &o);
    assert_false(ncm_http_do(h, &rq, &a, &e));
    int64_t late = ncm_mono_ms();
    pthread_join(o.thread, NULL);
    assert_int_equal(e.code, NCM_CANCELLED);
    assert_true(begins(e.detail, "sent"));
    ncm_http_answer_release(&a);
    return late - o.at;
}

static void another_thread_ends_a_request_at_once(void **state)
{
    (void)state;
    /* A busy machine may delay any one of them. */
    int64_t flag = INT64_MAX, wake = INT64_MAX;
    for (int i = 0; i < 5 && (flag >= 200 || wake >= 200); i++) {
        int64_t ms = cancel_one(false);
        flag = ms < flag ? ms : flag;
        ms = cancel_one(true);
        wake = ms < wake ? ms : wake;
        /* An interrupt stays until the lane begins something new. */
        assert_true(begins(web_fails(h, "/x", NCM_CANCELLED)->detail, "not sent"));
        ncm_http_ready(h);
        web_get(h, "/x", 200);
    }
    assert_true(flag < 200);
    assert_true(wake < 200);
}

/* ---- several at once ------------------------------------------------------------------------ */
static void requests_run_at_once(void **state)
{
    enum { N = 8 };
    (void)state;
    struct ncm_http_request rqs[N];
    struct ncm_http_answer out[N];
    struct ncm_err errs[N];
    bool ok[N];
    for (int i = 0; i < N; i++) {
        rqs[i] = (struct ncm_http_request){.path = "/together?n=8", .timeout_ms = WEB_PATIENCE_MS};
    }
    assert_true(ncm_http_all(h, rqs, N, out, ok, errs));
    for (int i = 0; i < N; i++) {
        assert_true(ok[i]);
        assert_int_equal(out[i].status, 200);
        ncm_http_answer_release(&out[i]);
    }
}

static void many_requests_keep_their_order_and_their_failures(void **state)
{
    enum { N = 40 };
    (void)state;
    struct ncm_http_request rqs[N];
    struct ncm_http_answer out[N];
    struct ncm_err errs[N];
    bool ok[N];
    char path[N][32];
    for (int i = 0; i < N; i++) {
        snprintf(path[i], sizeof path[i], i % 10 == 7 ? "/cut" : "/item/%d", i);
        rqs[i] = (struct ncm_http_request){.path = path[i]};
    }
    assert_false(ncm_http_all(h, rqs, N, out, ok, errs));
    for (int i = 0; i < N; i++) {
        assert_int_equal(ok[i], i % 10 != 7);
        if (ok[i]) {
            char want[64];
            snprintf(want, sizeof want, "\"target\": \"/item/%d\"", i);
            assert_non_null(strstr(out[i].body.p, want));
        } else {
            assert_int_equal(errs[i].code, NCM_UNREACHABLE);
        }
        ncm_http_answer_release(&out[i]);
    }
    assert_true(ncm_http_all(h, rqs, 0, out, ok, errs));
}

static void a_begun_request_runs_while_others_do(void **state)
{
    (void)state;
    struct ncm_http_answer a;
    struct ncm_err e;
    struct ncm_http_request rq = {.path = "/begun", .timeout_ms = WEB_PATIENCE_MS};
    assert_true(ncm_http_begin(h, &rq, &e));
    /* It has left: the server has it, or is about to. */
    while (web_seen("plain", "/begun", NULL) == 0) {}
    web_get(h, "/meanwhile", 200);
    assert_true(ncm_http_finish(h, &a, &e));
    assert_non_null(strstr(a.body.p, "/begun"));
    ncm_http_answer_release(&a);
    rq.path = "/cut";
    if (ncm_http_begin(h, &rq, &e)) { /* it may be over that early */
        assert_false(ncm_http_finish(h, &a, &e));
        ncm_http_answer_release(&a);
    }
    assert_int_equal(e.code, NCM_UNREACHABLE);
    /* Nobody waits for this one. */
    rq.path = "/hang?left";
    assert_true(ncm_http_begin(h, &rq, &e));
    struct ncm_http *nobody = web_open("http://127.0.0.1:1", NULL);
    assert_false(ncm_http_begin(nobody, &rq, &e));
    assert_true(begins(e.detail, "not sent"));
    ncm_http_close(nobody);
}

static void parts_of_addresses_are_encoded(void **state)
{
    (void)state;
    struct ncm_buf b;
    ncm_buf_init(&b, 1000);
    ncm_http_encode(&b, "aZ09-._~ /?&=+%\"\xc3\xa9");
    assert_string_equal(b.p, "aZ09-._~%20%2F%3F%26%3D%2B%25%22%C3%A9");
    ncm_buf_release(&b);
}

static int start(void **state)
{
    (void)state;
    return web_start(scratch("")) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    web_stop();
    scratch_remove();
    return 0;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(who_holds_tokens_leaves_no_core_file),
        CASE(only_addresses_of_servers_are_taken),
        CASE(requests_arrive_as_they_were_meant),
        CASE(a_large_body_is_sent_whole),
        CASE(connections_are_kept),
        CASE(traffic_is_counted),
        CASE(answers_of_every_form_are_read),
        CASE(broken_answers_are_errors),
        CASE(what_cannot_be_reached_says_why_and_that_nothing_was_sent),
        CASE(bodies_have_limits),
        CASE(a_sink_gets_the_body_and_may_end_it),
        CASE(patience_ends),
        CASE(another_thread_ends_a_request_at_once),
        CASE(requests_run_at_once),
        CASE(many_requests_keep_their_order_and_their_failures),
        CASE(a_begun_request_runs_while_others_do),
        CASE(parts_of_addresses_are_encoded),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
