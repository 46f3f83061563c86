/* A session with further sources beside its store: who answers what, what one of them does to the
 * others, and how all end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "engine/internal.h"
#include "unit/fake_source.h"

/* ---- a source that hears nothing: it ends when the test lets it go -----------------------------
 */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool held;
    int inside, opens, closes;
} deaf = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

struct ncm_conn {
    int unused;
};

static bool deaf_open(const struct ncm_place *place, struct ncm_conn **out,
                      struct ncm_control *control, struct ncm_err *err)
{
    (void)place;
    (void)control;
    (void)err;
    *out = ncm_alloc(1, sizeof **out);
    pthread_mutex_lock(&deaf.lock);
    deaf.opens++;
    pthread_mutex_unlock(&deaf.lock);
    return true;
}

static void deaf_close(struct ncm_conn *conn)
{
    ncm_free(conn);
    pthread_mutex_lock(&deaf.lock);
    deaf.closes++;
    pthread_cond_broadcast(&deaf.moved);
    pthread_mutex_unlock(&deaf.lock);
}

static void hang(void)
{
    pthread_mutex_lock(&deaf.lock);
    deaf.inside++;
    pthread_cond_broadcast(&deaf.moved);
    while (deaf.held) {
        pthread_cond_wait(&deaf.moved, &deaf.lock);
    }
    deaf.inside--;
    pthread_mutex_unlock(&deaf.lock);
}

static void await_inside(void)
{
    pthread_mutex_lock(&deaf.lock);
    while (deaf.inside == 0) {
        pthread_cond_wait(&deaf.moved, &deaf.lock);
    }
    pthread_mutex_unlock(&deaf.lock);
}

static void let_go(void)
{
    pthread_mutex_lock(&deaf.lock);
    deaf.held = false;
    pthread_cond_broadcast(&deaf.moved);
    while (deaf.closes < deaf.opens) {
        pthread_cond_wait(&deaf.moved, &deaf.lock);
    }
    pthread_mutex_unlock(&deaf.lock);
}

static bool deaf_fetch(struct ncm_conn *conn, struct ncm_fetch *f, struct ncm_err *err)
{
    (void)conn;
    (void)err;
    hang();
    struct ncm_experiments_snapshot *s = ncm_snapshot_new(f->query->topic, sizeof *s);
    s->n = 7;
    f->publish(f->to, &s->head);
    return true;
}

static const struct ncm_provider deaf_source = {
    .name = "deaf",
    .open = deaf_open,
    .close = deaf_close,
    .fetch = deaf_fetch,
};

/* ---- the session: the store, "one" for alerts, "two" for drift ----------------------------------
 */

static struct ncm_session *session;
static int kept_freed;

static bool takes_alerts(const struct ncm_query *q)
{
    return q->topic == NCM_T_ALERTS;
}

static bool takes_drift(const struct ncm_query *q)
{
    return q->topic == NCM_T_DRIFT;
}

static void count_kept(void *thing)
{
    kept_freed += *(int *)thing;
    ncm_free(thing);
}

static void open_all(bool read_only)
{
    struct ncm_session_options o = {
        .store = "/nowhere", .timeout_ms = PATIENCE_MS, .read_only = read_only};
    struct ncm_err err;
    fake_reset();
    kept_freed = 0;
    deaf.held = true;
    deaf.opens = deaf.closes = 0;
    assert_true(ncm_engine_open_with(&fake_source, &o, NULL, &session, &err));
    int *thing = ncm_alloc(1, sizeof *thing);
    *thing = 1;
    ncm_session_keep(session, thing, count_kept);
    const struct ncm_side one = {.name = "one",
                                 .provider = &deaf_source,
                                 .location = "deaf",
                                 .with = thing,
                                 .takes = takes_alerts};
    const struct ncm_side two = {.name = "two",
                                 .provider = &fake_source,
                                 .location = "fake",
                                 .with = thing,
                                 .takes = takes_drift};
    assert_true(ncm_session_add_side(session, &one, &err));
    assert_true(ncm_session_add_side(session, &two, &err));
}

static int set_up(void **state)
{
    (void)state;
    open_all(false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pthread_mutex_lock(&deaf.lock);
    deaf.held = false;
    pthread_cond_broadcast(&deaf.moved);
    pthread_mutex_unlock(&deaf.lock);
    ncm_session_close(session);
    session = NULL;
    assert_int_equal(world.opens, world.closes);
    assert_int_equal(deaf.opens, deaf.closes);
    assert_int_equal(kept_freed, 1);
    return 0;
}

static struct ncm_want *want(enum ncm_topic topic)
{
    struct ncm_query *q = ncm_query_new(topic);
    struct ncm_want *w = ncm_session_want(session, q);
    ncm_query_free(q);
    return w;
}

static size_t shown(const struct ncm_want *w)
{
    const struct ncm_experiments_snapshot *s = ncm_want_get(w);
    return s != NULL ? s->n : 0;
}

/* Pumps as a screen does until the want shows so many. */
static bool comes_to_show(const struct ncm_want *w, size_t n)
{
    int64_t end = ncm_mono_ms() + PATIENCE_MS;
    while (shown(w) != n && ncm_mono_ms() < end) {
        struct pollfd p = {.fd = ncm_session_bell(session), .events = POLLIN};
        poll(&p, 1, 100);
        ncm_session_pump(session);
    }
    return shown(w) == n;
}

static void each_question_goes_to_its_source(void **state)
{
    (void)state;
    struct ncm_want *store = want(NCM_T_EXPERIMENTS), *drift = want(NCM_T_DRIFT);
    struct ncm_want *alerts = want(NCM_T_ALERTS);
    fake_happen(3, 0);
    assert_true(comes_to_show(store, 3));
    assert_true(comes_to_show(drift, 3));
    assert_int_equal(fake_get(&world.fetches_of[NCM_T_ALERTS]), 0);
    pthread_mutex_lock(&deaf.lock);
    deaf.held = false;
    pthread_cond_broadcast(&deaf.moved);
    pthread_mutex_unlock(&deaf.lock);
    assert_true(comes_to_show(alerts, 7));
    ncm_want_release(store);
    ncm_want_release(drift);
    ncm_want_release(alerts);
}

static void one_that_hangs_holds_up_no_other(void **state)
{
    (void)state;
    struct ncm_want *alerts = want(NCM_T_ALERTS);
    await_inside();
    struct ncm_want *store = want(NCM_T_EXPERIMENTS), *drift = want(NCM_T_DRIFT);
    assert_true(comes_to_show(drift, 1));
    assert_true(comes_to_show(store, 1));
    assert_int_equal(ncm_want_freshness(alerts).state, NCM_LOADING);
    fake_happen(2, NCM_WATCH_DATA);
    assert_true(comes_to_show(drift, 2) || comes_to_show(store, 2));
    ncm_want_release(alerts);
    ncm_want_release(store);
    ncm_want_release(drift);
}

static void what_one_lacks_is_no_fault_of_the_others(void **state)
{
    (void)state;
    fake_fail_only(1u << NCM_T_DRIFT);
    fake_fail(1, NCM_UNREACHABLE);
    struct ncm_want *drift = want(NCM_T_DRIFT), *store = want(NCM_T_EXPERIMENTS);
    const void *s;
    struct ncm_err err;
    int64_t taken_ms;
    assert_false(ncm_want_wait(drift, &s, &err));
    assert_int_equal(err.code, NCM_UNREACHABLE);
    assert_true(ncm_want_wait(store, &s, &err));
    assert_null(ncm_want_error(store));
    assert_int_equal(ncm_want_freshness(store).state, NCM_LIVE);
    (void)ncm_session_pump(session);
    assert_non_null(ncm_session_problem(session, &taken_ms));
    ncm_want_release(drift);
    ncm_want_release(store);
}

static bool say_name(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    (void)err;
    snprintf(arg, 64, "%s %d", ctx->store_label, ctx->read_only);
    return true;
}

static bool refuse(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    (void)ctx;
    (void)arg;
    return ncm_fail(err, NCM_CONFLICT, "no");
}

static void results_come_from_all(void **state)
{
    (void)state;
    char names[3][64] = {"", "", ""};
    struct ncm_session *who[3] = {session, ncm_session_side(session, "one"),
                                  ncm_session_side(session, "two")};
    uint64_t ids[3];
    assert_null(ncm_session_side(session, "three"));
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(who[i]);
        ids[i] = ncm_session_submit(who[i], say_name, names[i], NULL);
        for (size_t k = 0; k < i; k++) {
            assert_true(ids[k] != ids[i]);
        }
    }
    struct ncm_job_result r;
    struct ncm_err err;
    /* By its id, whoever has it; then what is left, as a screen takes it. */
    assert_true(ncm_session_result_wait(session, ids[2], &r, &err));
    assert_ptr_equal(r.arg, names[2]);
    assert_string_equal(names[2], "fake 0");
    size_t left = 2;
    int64_t end = ncm_mono_ms() + PATIENCE_MS;
    while (left > 0 && ncm_mono_ms() < end) {
        struct pollfd p = {.fd = ncm_session_bell(session), .events = POLLIN};
        poll(&p, 1, 100);
        ncm_session_pump(session);
        while (ncm_session_result(session, &r)) {
            assert_true(r.ok);
            left--;
        }
    }
    assert_int_equal(left, 0);
    assert_string_equal(names[0], "/nowhere 0");
    assert_string_equal(names[1], "deaf 0");
    uint64_t no = ncm_session_submit(who[1], refuse, NULL, NULL);
    assert_true(ncm_session_result_wait(session, no, &r, &err));
    assert_false(r.ok);
    assert_int_equal(r.err.code, NCM_CONFLICT);
}

static void the_lock_is_one(void **state)
{
    (void)state;
    char name[64] = "";
    struct ncm_job_result r;
    struct ncm_err err;
    struct ncm_session *two = ncm_session_side(session, "two");
    assert_false(ncm_session_locked(two));
    assert_true(ncm_session_set_locked(session, true));
    assert_true(ncm_session_locked(two));
    uint64_t id = ncm_session_submit(two, say_name, name, NULL);
    assert_true(ncm_session_result_wait(session, id, &r, &err));
    assert_string_equal(name, "fake 1");
    assert_true(ncm_session_set_locked(session, false));
    assert_false(ncm_session_locked(two));
    ncm_session_close(session);
    open_all(true);
    two = ncm_session_side(session, "two");
    assert_true(ncm_session_read_only(two));
    assert_true(ncm_session_locked(two));
    assert_false(ncm_session_set_locked(session, false));
}

/* What the thread that is left behind still uses is there until it has ended. */
static void closing_does_not_wait_for_one_that_is_stuck(void **state)
{
    (void)state;
    static struct ncm_session *left; /* nobody frees it: the program ends */
    struct ncm_want *alerts = want(NCM_T_ALERTS), *drift = want(NCM_T_DRIFT);
    await_inside();
    assert_true(comes_to_show(drift, 1));
    ncm_want_release(alerts);
    ncm_want_release(drift);
    left = session;
    int64_t start = ncm_mono_ms();
    ncm_session_close(session);
    assert_in_range(ncm_mono_ms() - start, 0, 9000);
    assert_int_equal(world.opens, world.closes);
    assert_int_equal(kept_freed, 0);
    let_go();
    pthread_join(left->sides[0]->reads.thread, NULL);
    open_all(false);
}

static bool touch_late(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    (void)arg;
    (void)err;
    hang();
    ncm_session_touch(ctx->session);
    return true;
}

/* A job of the store that is stuck may still reach the sides. */
static void a_stuck_action_finds_the_sides(void **state)
{
    (void)state;
    static struct ncm_session *left;
    struct ncm_want *drift = want(NCM_T_DRIFT);
    assert_true(comes_to_show(drift, 1));
    ncm_want_release(drift);
    ncm_session_submit(session, touch_late, NULL, NULL);
    await_inside();
    left = session;
    int64_t start = ncm_mono_ms();
    ncm_session_close(session);
    assert_in_range(ncm_mono_ms() - start, 0, 14000);
    assert_int_equal(kept_freed, 0);
    pthread_mutex_lock(&deaf.lock);
    deaf.held = false;
    pthread_cond_broadcast(&deaf.moved);
    pthread_mutex_unlock(&deaf.lock);
    pthread_join(left->actions.thread, NULL);
    assert_int_equal(world.opens, world.closes);
    open_all(false);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_question_goes_to_its_source),
        CASE(one_that_hangs_holds_up_no_other),
        CASE(what_one_lacks_is_no_fault_of_the_others),
        CASE(results_come_from_all),
        CASE(the_lock_is_one),
        CASE(closing_does_not_wait_for_one_that_is_stuck),
        CASE(a_stuck_action_finds_the_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
