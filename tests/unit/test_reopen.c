/* The engine and a connection that fails: when what was read over it is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>

#include "base/num.h"
#include "engine/internal.h"
#include "unit/fake_source.h"

static struct ncm_session *session;
static struct ncm_want *want;

static void open_session(const struct ncm_provider *provider)
{
    struct ncm_session_options o = {.store = "https://ml.example:5000", .timeout_ms = PATIENCE_MS};
    struct ncm_err err;
    fake_reset();
    if (!ncm_engine_open_with(provider, &o, NULL, &session, &err)) {
        fail_msg("%s", err.what);
    }
    struct ncm_query *q = ncm_query_new(NCM_T_EXPERIMENTS);
    want = ncm_session_want(session, q);
    ncm_query_free(q);
}

static int tear_down(void **state)
{
    (void)state;
    ncm_want_release(want);
    ncm_session_close(session);
    assert_int_equal(world.opens, world.closes);
    return 0;
}

/* Shown, and the watch, which has a connection of its own, is at it. */
static void until_shown(int content)
{
    int64_t end = ncm_mono_ms() + PATIENCE_MS;
    for (;;) {
        const struct ncm_experiments_snapshot *s = ncm_want_get(want);
        if (s != NULL && s->n == (size_t)content && ncm_want_error(want) == NULL &&
            fake_get(&world.watches) > 1) {
            return;
        }
        assert_true(ncm_mono_ms() < end);
        struct pollfd p = {.fd = ncm_session_bell(session), .events = POLLIN};
        poll(&p, 1, 20);
        ncm_session_pump(session);
    }
}

/* One read fails, the next finds something new; returns how often was opened for that. */
static int opened_after(enum ncm_code code, int64_t down_ms)
{
    until_shown(1);
    int before = fake_get(&world.opens);
    fake_happen(2, 0);
    if (down_ms > 0) {
        pthread_mutex_lock(&session->lock);
        session->outage.down = true;
        session->outage.since_ms = ncm_mono_ms() - down_ms;
        pthread_mutex_unlock(&session->lock);
    }
    fake_fail(1, code);
    ncm_want_refresh(want);
    until_shown(2);
    assert_int_equal(fake_get(&world.fail), 0);
    return fake_get(&world.opens) - before;
}

static void a_line_that_broke_keeps_what_came(void **state)
{
    (void)state;
    static const enum ncm_code codes[] = {NCM_UNREACHABLE, NCM_IO, NCM_INVALID_DATA};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        open_session(&fake_server);
        assert_int_equal(opened_after(codes[i], 0), 0);
        if (i + 1 < sizeof codes / sizeof *codes) {
            tear_down(state);
        }
    }
}

static void after_long_it_may_be_another_server(void **state)
{
    (void)state;
    open_session(&fake_server);
    assert_int_equal(opened_after(NCM_UNREACHABLE, 60000), 1);
}

static void a_login_that_failed_is_read_anew(void **state)
{
    (void)state;
    open_session(&fake_server);
    assert_int_equal(opened_after(NCM_UNAUTHENTICATED, 0), 1);
}

static void a_file_is_opened_anew(void **state)
{
    (void)state;
    open_session(&fake_source);
    assert_int_equal(opened_after(NCM_IO, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_line_that_broke_keeps_what_came, tear_down),
        cmocka_unit_test_teardown(after_long_it_may_be_another_server, tear_down),
        cmocka_unit_test_teardown(a_login_that_failed_is_read_anew, tear_down),
        cmocka_unit_test_teardown(a_file_is_opened_anew, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
