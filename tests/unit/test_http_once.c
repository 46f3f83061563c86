#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
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

/* Nothing is written twice, and what is not known is not said. */
static void a_write_is_never_repeated(void **state)
{
    static const struct {
        enum ncm_http_method method;
        const char *path;
    } all[] = {{NCM_HTTP_POST, "/only-first?POST"},
               {NCM_HTTP_PATCH, "/only-first?PATCH"},
               {NCM_HTTP_DELETE, "/only-first?DELETE"}};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        /* A kept connection that dies upon the next request … */
        web_get(h, "/x", 200);
        struct ncm_http_answer a = web_ask(
            h, (struct ncm_http_request){
                   .method = all[i].method, .path = all[i].path, .body = "{}", .body_len = 2});
        assert_int_equal(a.status, 200);
        ncm_http_answer_release(&a);
        assert_int_equal(web_seen("plain", all[i].path, NULL), 1);
    }
    /* … and a server that dies upon any: it had the request, and has it once. */
    web_get(h, "/x", 200);
    struct ncm_err e;
    struct ncm_http_answer a;
    struct ncm_http_request rq = {
        .method = NCM_HTTP_POST, .path = "/never", .body = "{}", .body_len = 2};
    assert_false(ncm_http_do(h, &rq, &a, &e));
    assert_int_equal(e.code, NCM_UNREACHABLE);
    assert_true(begins(e.detail, "sent: POST"));
    assert_int_equal(web_seen("plain", "/never", NULL), 1);
    ncm_http_answer_release(&a);
}

static void an_answer_that_ends_early_is_none_wherever_it_ends(void **state)
{
    (void)state;
    int status = 0;
    for (int at = 0; status == 0 && at < 1000; at++) {
        struct ncm_http_answer a;
        struct ncm_err e;
        char path[32];
        snprintf(path, sizeof path, "/cut-at?at=%d", at);
        struct ncm_http_request rq = {
            .method = NCM_HTTP_POST, .path = path, .body = "{}", .body_len = 2};
        if (ncm_http_do(h, &rq, &a, &e)) {
            status = a.status;
            assert_string_equal(a.body.p, "{\"a\": 12}");
        } else if (e.code != NCM_UNREACHABLE || !begins(e.detail, "sent: POST")) {
            fail_msg("%d: %s: %s (%s)", at, ncm_code_name(e.code), e.what, e.detail);
        }
        ncm_http_answer_release(&a);
        assert_int_equal(web_seen("plain", path, NULL), 1);
    }
    assert_int_equal(status, 200);
}

static void a_body_that_nobody_read_was_not_sent(void **state)
{
    (void)state;
    size_t len = (size_t)32 << 20;
    char *body = ncm_alloc(len, 1);
    memset(body, 'q', len);
    struct ncm_http_answer a;
    struct ncm_err e;
    struct ncm_http_request rq = {
        .method = NCM_HTTP_POST, .path = "/impatient", .body = body, .body_len = len};
    assert_false(ncm_http_do(h, &rq, &a, &e));
    assert_int_equal(e.code, NCM_UNREACHABLE);
    assert_true(begins(e.detail, "not sent: POST"));
    ncm_http_answer_release(&a);
    ncm_free(body);
}

static void a_question_outlives_a_kept_connection(void **state)
{
    (void)state;
    web_get(h, "/x", 200);
    web_get(h, "/only-first?GET", 200);
    web_get(h, "/x", 200);
    struct ncm_http_answer a = web_ask(h, (struct ncm_http_request){.method = NCM_HTTP_POST,
                                                                    .path = "/only-first?asks",
                                                                    .body = "{}",
                                                                    .body_len = 2,
                                                                    .asks = true});
    assert_int_equal(a.status, 200);
    ncm_http_answer_release(&a);
    assert_int_equal(web_seen("plain", "/only-first?asks", NULL), 2);
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
        CASE(a_write_is_never_repeated),
        CASE(an_answer_that_ends_early_is_none_wherever_it_ends),
        CASE(a_body_that_nobody_read_was_not_sent),
        CASE(a_question_outlives_a_kept_connection),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
