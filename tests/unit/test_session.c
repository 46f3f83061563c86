/* The engine against a provider that the test holds by the hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "engine/internal.h"
#include "unit/fake_source.h"

static struct ncm_session *session;

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    struct ncm_session_options o = {.store = "/nowhere", .timeout_ms = PATIENCE_MS};
    struct ncm_err err;
    return ncm_engine_open_with(&fake_source, &o, NULL, &session, &err) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    ncm_session_close(session);
    session = NULL;
    assert_int_equal(world.opens, world.closes);
    return 0;
}

/* Pumps as a screen does, until `done` or patience is over. */
static bool until(bool (*done)(const struct ncm_want *w), const struct ncm_want *w)
{
    int64_t end = ncm_mono_ms() + PATIENCE_MS;
    while (!done(w)) {
        struct pollfd p = {.fd = ncm_session_bell(session), .events = POLLIN};
        if (ncm_mono_ms() > end) {
            return false;
        }
        poll(&p, 1, 20);
        ncm_session_pump(session);
    }
    return true;
}

static size_t shown(const struct ncm_want *w)
{
    const struct ncm_experiments_snapshot *s = ncm_want_get(w);
    return s != NULL ? s->n : 0;
}

static bool shows_one(const struct ncm_want *w)
{
    return shown(w) == 1;
}
static bool shows_two(const struct ncm_want *w)
{
    return shown(w) == 2;
}
static bool shows_three(const struct ncm_want *w)
{
    return shown(w) == 3;
}
static bool is_old(const struct ncm_want *w)
{
    return ncm_want_freshness(w).state == NCM_STALE;
}
static bool has_error(const struct ncm_want *w)
{
    return ncm_want_error(w) != NULL;
}
static bool has_none(const struct ncm_want *w)
{
    return ncm_want_error(w) == NULL;
}
static bool runs_now(const struct ncm_want *w)
{
    (void)w;
    return fake_get(&world.running) > 0;
}
static bool runs_not(const struct ncm_want *w)
{
    (void)w;
    return fake_get(&world.running) == 0;
}

static struct ncm_want *want(enum ncm_topic topic)
{
    struct ncm_query *q = ncm_query_new(topic);
    struct ncm_want *w = ncm_session_want(session, q);
    ncm_query_free(q);
    return w;
}

static void one_answer_for_equal_questions(void **state)
{
    (void)state;
    fake_hold(true);
    struct ncm_want *a = want(NCM_T_EXPERIMENTS);
    struct ncm_want *b = want(NCM_T_EXPERIMENTS);
    assert_int_equal(ncm_want_freshness(a).state, NCM_LOADING);
    fake_hold(false);
    const void *sa, *sb;
    struct ncm_err err;
    assert_true(ncm_want_wait(a, &sa, &err));
    assert_true(ncm_want_wait(b, &sb, &err));
    assert_ptr_equal(sa, sb);
    assert_int_equal(fake_get(&world.fetches), 1);
    assert_int_equal(ncm_want_freshness(a).state, NCM_LIVE);
    ncm_want_release(a);
    assert_int_equal(shown(b), 1);
    ncm_want_release(b);
}

static void leaving_cancels_the_read(void **state)
{
    (void)state;
    fake_hold(true);
    struct ncm_want *w = want(NCM_T_MODELS);
    assert_true(until(runs_now, w));
    ncm_want_release(w);
    assert_true(until(runs_not, NULL));
    assert_true(fake_get(&world.interrupted) > 0);
    fake_hold(false);
    struct ncm_want *next = want(NCM_T_MODELS);
    assert_true(until(shows_one, next));
    ncm_want_release(next);
}

static void a_new_question_goes_before_a_reload(void **state)
{
    (void)state;
    struct ncm_want *slow = want(NCM_T_RUNS);
    assert_true(until(shows_one, slow));
    fake_hold(true);
    ncm_want_refresh(slow);
    assert_true(until(runs_now, slow));
    fake_happen(2, 0);
    struct ncm_want *urgent = want(NCM_T_MODELS);
    fake_hold(false);
    assert_true(until(shows_two, urgent));
    assert_true(until(shows_two, slow)); /* the reload was put off, not forgotten */
    ncm_want_release(slow);
    ncm_want_release(urgent);
}

static void a_moved_window_fetches_only_rows(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_RUNS);
    assert_true(until(shows_one, w));
    fake_happen(2, 0);
    ncm_want_window(w, 5000, 60);
    assert_true(until(shows_two, w));
    pthread_mutex_lock(&world.lock);
    assert_int_equal(world.windows, 1);
    assert_int_equal(world.first, 5000);
    assert_int_equal(world.count, 60);
    assert_true(world.borrowed);
    pthread_mutex_unlock(&world.lock);
    ncm_want_window(w, 5000, 60); /* the same again asks nothing */
    const void *snap;
    struct ncm_err err;
    assert_true(ncm_want_wait(w, &snap, &err));
    assert_int_equal(fake_get(&world.windows), 1);
    ncm_want_release(w);
}

static void failures_keep_the_last_and_come_back(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows_one, w));
    pthread_mutex_lock(&world.lock);
    world.content = 2;
    world.fail = 1;
    world.code = NCM_IO;
    pthread_mutex_unlock(&world.lock);
    ncm_want_refresh(w);
    assert_true(until(has_error, w));
    assert_int_equal(ncm_want_error(w)->code, NCM_IO);
    assert_int_equal(shown(w), 1);
    struct ncm_freshness_info info = ncm_want_freshness(w);
    assert_int_equal(info.state, NCM_OFFLINE);
    assert_in_range(info.retry_ms, 0, 1300);
    assert_true(info.age_ms >= 0);
    assert_true(until(shows_two, w));
    assert_true(until(has_none, w));
    assert_int_equal(ncm_want_freshness(w).state, NCM_LIVE);
    assert_true(fake_get(&world.opens) >= 2); /* a broken connection is opened again */
    ncm_want_release(w);
}

static void a_wrong_question_is_not_repeated(void **state)
{
    (void)state;
    pthread_mutex_lock(&world.lock);
    world.fail = 1000;
    world.code = NCM_USAGE;
    pthread_mutex_unlock(&world.lock);
    struct ncm_want *w = want(NCM_T_RUNS);
    const void *snap;
    struct ncm_err err;
    assert_false(ncm_want_wait(w, &snap, &err));
    assert_int_equal(err.code, NCM_USAGE);
    assert_int_equal(ncm_want_freshness(w).retry_ms, -1);
    assert_int_equal(fake_get(&world.fetches), 1);
    ncm_want_release(w);
}

static void changes_are_seen(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows_one, w));
    int64_t start = ncm_mono_ms();
    fake_happen(2, NCM_WATCH_DATA);
    assert_true(until(shows_two, w));
    fake_happen(3, NCM_WATCH_DATA);
    assert_true(until(shows_three, w));
    assert_true(ncm_mono_ms() - start >= 150); /* and not without pause */
    ncm_want_release(w);
}

static void a_replaced_store_is_opened_again(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows_one, w));
    int before = fake_get(&world.opens);
    fake_happen(2, NCM_WATCH_REPLACED);
    assert_true(until(shows_two, w));
    pthread_mutex_lock(&world.lock);
    assert_true(world.opens > before);
    pthread_mutex_unlock(&world.lock);
    ncm_want_release(w);
}

/* What is asked again hangs as the source does: it does not turn "old" into "loading". */
static void a_read_that_hangs_does_not_hide_that_it_is_old(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows_one, w));
    fake_hold(true);
    fake_set(&world.watch_fail, 1000);
    assert_true(until(is_old, w));
    assert_true(until(runs_now, w));
    int64_t end = ncm_mono_ms() + 800; /* longer than what counts as loading */
    while (ncm_mono_ms() < end) {
        assert_true(is_old(w));
        (void)ncm_session_pump(session);
    }
    fake_hold(false);
    ncm_want_release(w);
}

static void a_pause_holds_reloads(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows_one, w));
    /* A change that the watch reports proves that it is past its start. */
    fake_happen(2, NCM_WATCH_DATA);
    assert_true(until(shows_two, w));
    ncm_session_pause(session, true);
    fake_happen(3, NCM_WATCH_DATA);
    int64_t end = ncm_mono_ms() + PATIENCE_MS;
    while (ncm_want_freshness(w).state != NCM_STALE && ncm_mono_ms() < end) {
        struct pollfd p = {.fd = ncm_session_bell(session), .events = POLLIN};
        poll(&p, 1, 10);
        ncm_session_pump(session);
    }
    assert_int_equal(ncm_want_freshness(w).state, NCM_STALE);
    assert_int_equal(shown(w), 2);
    /* What a person asks for by name is loaded all the same. */
    struct ncm_want *other = want(NCM_T_MODELS);
    assert_true(until(shows_three, other));
    assert_int_equal(shown(w), 2);
    ncm_session_pause(session, false);
    assert_true(until(shows_three, w));
    ncm_want_release(w);
    ncm_want_release(other);
}

static bool count_job(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    int n = *(int *)arg;
    ncm_session_touch(ctx->session);
    return n % 2 == 0 || ncm_fail(err, NCM_CONFLICT, "job %d", n);
}

static void no_result_is_lost(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    uint64_t last = 0;
    for (int i = 0; i < 200; i++) {
        int *n = ncm_alloc(1, sizeof *n);
        *n = i;
        last = ncm_session_submit(session, count_job, n, ncm_free);
        assert_true(last > 0);
    }
    struct ncm_job_result r;
    struct ncm_err err;
    assert_true(ncm_session_result_wait(session, last, &r, &err));
    assert_int_equal(*(int *)r.arg, 199);
    ncm_free(r.arg);
    int next = 0;
    while (ncm_session_result(session, &r)) {
        assert_int_equal(*(int *)r.arg, next); /* in order */
        assert_int_equal(r.ok, next % 2 == 0);
        assert_true(r.ok || r.err.code == NCM_CONFLICT);
        ncm_free(r.arg);
        next++;
    }
    assert_int_equal(next, 199);
    ncm_want_release(w);
}

static void results_nobody_took_are_freed(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        int *n = ncm_alloc(1, sizeof *n);
        ncm_session_submit(session, count_job, n, ncm_free);
    }
}

static void a_headless_wait_ends_in_time(void **state)
{
    (void)state;
    struct ncm_session_options o = {.store = "/nowhere", .timeout_ms = 50};
    struct ncm_session *s;
    struct ncm_err err;
    assert_true(ncm_engine_open_with(&fake_source, &o, NULL, &s, &err));
    fake_hold(true);
    struct ncm_query *q = ncm_query_new(NCM_T_MODELS);
    struct ncm_want *w = ncm_session_want(s, q);
    const void *snap;
    assert_false(ncm_want_wait(w, &snap, &err));
    assert_int_equal(err.code, NCM_TIMEOUT);
    ncm_query_free(q);
    ncm_session_close(s); /* also while it hangs */
    fake_hold(false);
}

static void locks(void **state)
{
    (void)state;
    assert_false(ncm_session_locked(session));
    assert_true(ncm_session_set_locked(session, true));
    assert_true(ncm_session_locked(session));
    assert_true(ncm_session_set_locked(session, false));
    struct ncm_session_options o = {.store = "/nowhere", .read_only = true};
    struct ncm_session *s;
    struct ncm_err err;
    assert_true(ncm_engine_open_with(&fake_source, &o, NULL, &s, &err));
    assert_true(ncm_session_locked(s));
    assert_false(ncm_session_set_locked(s, false));
    assert_true(ncm_session_locked(s));
    ncm_session_close(s);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_answer_for_equal_questions),
        CASE(leaving_cancels_the_read),
        CASE(a_new_question_goes_before_a_reload),
        CASE(a_moved_window_fetches_only_rows),
        CASE(failures_keep_the_last_and_come_back),
        CASE(a_wrong_question_is_not_repeated),
        CASE(changes_are_seen),
        CASE(a_replaced_store_is_opened_again),
        CASE(a_read_that_hangs_does_not_hide_that_it_is_old),
        CASE(a_pause_holds_reloads),
        CASE(no_result_is_lost),
        CASE(results_nobody_took_are_freed),
        CASE(a_headless_wait_ends_in_time),
        CASE(locks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
