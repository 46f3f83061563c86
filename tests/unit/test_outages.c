/* The engine and a source that is slow, gone, coming back: what is shown, and when it asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "engine/internal.h"
#include "unit/fake_source.h"
#include "unit/scratch.h"

#define TOPIC(t) (1u << (t))

static struct ncm_session *session;

static void open_session(const struct ncm_provider *provider, bool screen)
{
    struct ncm_session_options o = {
        .store = "https://ml.example:5000", .timeout_ms = PATIENCE_MS, .cache = screen};
    struct ncm_err err;
    fake_reset();
    if (!ncm_engine_open_with(provider, &o, NULL, &session, &err)) {
        fail_msg("%s", err.what);
    }
}

static int set_up(void **state)
{
    (void)state;
    setenv("XDG_STATE_HOME", scratch("state"), 1);
    open_session(&fake_server, false);
    return 0;
}

static int set_up_screen(void **state)
{
    (void)state;
    setenv("XDG_STATE_HOME", scratch("state"), 1);
    open_session(&fake_server, true);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ncm_session_close(session);
    session = NULL;
    assert_int_equal(world.opens, world.closes);
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

typedef bool (*condition)(const struct ncm_want *w, int n);

/* Pumps and looks at the lamp, as a screen does. */
static bool until(condition done, const struct ncm_want *w, int n)
{
    int64_t end = ncm_mono_ms() + PATIENCE_MS;
    while (!done(w, n)) {
        struct pollfd p = {.fd = ncm_session_bell(session), .events = POLLIN};
        if (ncm_mono_ms() > end) {
            return false;
        }
        poll(&p, 1, 20);
        ncm_session_pump(session);
        if (w != NULL) {
            ncm_want_freshness(w);
        }
    }
    return true;
}

static bool shows(const struct ncm_want *w, int n)
{
    return shown(w) == (size_t)n;
}

static bool fails_with(const struct ncm_want *w, int n)
{
    return ncm_want_error(w) != NULL && ncm_want_error(w)->code == (enum ncm_code)n;
}

/* The answer is seen a moment before the outage is over. */
static bool recovers_with(const struct ncm_want *w, int n)
{
    return shows(w, n) && ncm_want_error(w) == NULL;
}

static bool is(const struct ncm_want *w, int n)
{
    return ncm_want_freshness(w).state == (enum ncm_freshness)n;
}

static bool fetched(const struct ncm_want *w, int n)
{
    (void)w;
    return fake_get(&world.fetches) >= n;
}

static bool runs_fetched(const struct ncm_want *w, int n)
{
    (void)w;
    return fake_get(&world.fetches_of[NCM_T_RUNS]) >= n;
}

static bool runs_now(const struct ncm_want *w, int n)
{
    (void)w;
    return fake_get(&world.running) >= n;
}

static bool watched(const struct ncm_want *w, int n)
{
    (void)w;
    return fake_get(&world.watches) >= n;
}

static void one_question_tries_for_all(void **state)
{
    (void)state;
    static const enum ncm_topic topics[] = {NCM_T_EXPERIMENTS, NCM_T_MODELS, NCM_T_RUNS,
                                            NCM_T_STORE, NCM_T_RUN_KEYS};
    enum { N = sizeof topics / sizeof *topics };
    struct ncm_want *wants[N];
    for (int i = 0; i < N; i++) {
        wants[i] = want(topics[i]);
        assert_true(until(shows, wants[i], 1));
    }
    fake_fail(1000, NCM_UNREACHABLE);
    int before = fake_get(&world.fetches);
    ncm_session_touch(session); /* all at one moment */
    for (int i = 0; i < N; i++) {
        assert_true(until(fails_with, wants[i], NCM_UNREACHABLE));
        assert_int_equal(shown(wants[i]), 1); /* the last good answer stays … */
        struct ncm_freshness_info info = ncm_want_freshness(wants[i]);
        assert_int_equal(info.state, NCM_OFFLINE);
        assert_true(info.age_ms >= 0); /* … and says how old it is */
    }
    assert_in_range(fake_get(&world.fetches) - before, 1, 2); /* not each its own time-out */
    fake_happen(2, 0);
    fake_fail(0, NCM_OK);
    for (int i = 0; i < N; i++) {
        assert_true(until(recovers_with, wants[i], 2));
        assert_int_equal(ncm_want_freshness(wants[i]).state, NCM_LIVE);
        ncm_want_release(wants[i]);
    }
}

static void a_new_question_knows_at_once(void **state)
{
    (void)state;
    fake_fail(1000, NCM_UNAUTHENTICATED);
    struct ncm_want *a = want(NCM_T_EXPERIMENTS);
    assert_true(until(fails_with, a, NCM_UNAUTHENTICATED));
    fake_hold(true); /* the next try hangs */
    int before = fake_get(&world.fetches);
    assert_true(until(fetched, a, before + 1));
    struct ncm_want *b = want(NCM_T_MODELS);
    assert_true(until(fails_with, b, NCM_UNAUTHENTICATED));
    assert_int_equal(ncm_want_freshness(b).state, NCM_OFFLINE);
    fake_fail(0, NCM_OK);
    fake_hold(false);
    assert_true(until(shows, a, 1));
    assert_true(until(shows, b, 1));
    ncm_want_release(a);
    ncm_want_release(b);
}

static void the_try_goes_on_when_its_question_is_left(void **state)
{
    (void)state;
    struct ncm_want *kept = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows, kept, 1));
    fake_fail(1000, NCM_UNREACHABLE);
    struct ncm_want *left = want(NCM_T_MODELS);
    assert_true(until(fails_with, left, NCM_UNREACHABLE));
    ncm_want_release(left);
    assert_true(until(is, kept, NCM_OFFLINE));
    fake_happen(2, 0);
    fake_fail(0, NCM_OK);
    assert_true(until(shows, kept, 2));
    assert_true(until(is, kept, NCM_LIVE));
    ncm_want_release(kept);
}

static void asked_to_wait_it_waits(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows, w, 1));
    fake_retry(1500);
    fake_fail(1, NCM_RATE_LIMITED);
    ncm_want_refresh(w);
    assert_true(until(fails_with, w, NCM_RATE_LIMITED));
    int64_t start = ncm_mono_ms();
    int before = fake_get(&world.fetches);
    assert_int_equal(ncm_want_freshness(w).state, NCM_STALE);
    ncm_want_refresh(w); /* no key makes it impolite */
    assert_true(until(fetched, w, before + 1));
    assert_true(ncm_mono_ms() - start >= 1200);
    assert_true(until(is, w, NCM_LIVE));
    ncm_want_release(w);
}

/* Fails until the pause before the next try is long; what is left of it. */
static int64_t fail_for_long(struct ncm_want *w, enum ncm_code code)
{
    int64_t left = -1;
    fake_fail(1000, code);
    for (int i = 0; i < 4; i++) {
        int before = fake_get(&world.fetches);
        ncm_want_refresh(w);
        assert_true(until(fetched, w, before + 1));
        assert_true(until(fails_with, w, (int)code));
    }
    for (int64_t end = ncm_mono_ms() + PATIENCE_MS; left < 3000 && ncm_mono_ms() < end;) {
        left = ncm_want_freshness(w).retry_ms;
    }
    assert_true(left >= 3000);
    fake_fail(0, NCM_OK);
    return left;
}

static void a_key_tries_at_once(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows, w, 1));
    int64_t planned = fail_for_long(w, NCM_UNREACHABLE);
    int64_t start = ncm_mono_ms();
    fake_happen(2, 0);
    ncm_want_refresh(w);
    assert_true(until(shows, w, 2));
    assert_true(ncm_mono_ms() - start < planned);
    ncm_want_release(w);
}

static void what_failed_is_tried_when_the_watch_is_back(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows, w, 1));
    assert_true(until(watched, w, 2)); /* past its beginning */
    int64_t left = fail_for_long(w, NCM_IO);
    int64_t start = ncm_mono_ms();
    fake_happen(2, 0);
    fake_set(&world.watch_fail, 1);
    assert_true(until(shows, w, 2));
    assert_true(ncm_mono_ms() - start < left);
    ncm_want_release(w);
}

static void the_watch_is_tried_when_an_answer_comes(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows, w, 1));
    fake_set(&world.watch_fail, 1000);
    int before = fake_get(&world.watches);
    assert_true(until(watched, w, before + 4)); /* its pauses have grown to seconds */
    fail_for_long(w, NCM_UNREACHABLE);
    fake_set(&world.watch_fail, 0);
    int64_t start = ncm_mono_ms();
    before = fake_get(&world.watches);
    ncm_want_refresh(w);
    assert_true(until(watched, w, before + 1));
    assert_true(ncm_mono_ms() - start < 3000);
    assert_true(until(is, w, NCM_LIVE));
    ncm_want_release(w);
}

static void what_the_watch_is_told_holds_for_all(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows, w, 1));
    assert_true(until(watched, w, 2));
    assert_true(until(is, w, NCM_LIVE));
    fake_set(&world.watch_retry, 1500);
    fake_happen(2, 0);
    fake_set(&world.watch_fail, 1);
    assert_true(until(fails_with, w, NCM_UNREACHABLE));
    int64_t start = ncm_mono_ms();
    assert_true(until(shows, w, 2));
    assert_true(ncm_mono_ms() - start >= 1200);
    assert_true(until(is, w, NCM_LIVE));
    ncm_want_release(w);
}

static void what_nobody_watches_is_read_again(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows, w, 1));
    fake_set(&world.watch_fail, 1000);
    assert_true(until(is, w, NCM_STALE));
    fake_happen(2, 0);
    assert_true(until(shows, w, 2));
    assert_int_equal(ncm_want_freshness(w).state, NCM_STALE);
    ncm_want_release(w);
}

static void a_slow_question_is_no_outage(void **state)
{
    (void)state;
    struct ncm_want *models = want(NCM_T_MODELS);
    assert_true(until(shows, models, 1));
    fake_fail_only(TOPIC(NCM_T_RUNS));
    fake_fail(1000, NCM_TIMEOUT);
    struct ncm_want *slow = want(NCM_T_RUNS);
    assert_true(until(fails_with, models, NCM_TIMEOUT)); /* as far as is known */
    assert_true(until(runs_fetched, slow, 2));
    assert_true(until(is, models, NCM_LIVE));
    fake_happen(2, NCM_WATCH_DATA);
    assert_true(until(recovers_with, models, 2));
    assert_true(until(runs_fetched, slow, 3));
    assert_true(until(fails_with, slow, NCM_TIMEOUT));
    assert_null(ncm_want_error(models));
    assert_int_equal(ncm_want_freshness(models).state, NCM_LIVE);
    ncm_want_release(models);
    ncm_want_release(slow);
}

static void a_hung_first_answer_lets_others_go(void **state)
{
    (void)state;
    world.hold_only = TOPIC(NCM_T_RUNS);
    fake_hold(true);
    struct ncm_want *hung = want(NCM_T_RUNS);
    assert_true(until(runs_now, hung, 1));
    struct ncm_want *quick = want(NCM_T_MODELS);
    assert_true(until(shows, quick, 1));
    assert_int_equal(shown(hung), 0);
    assert_true(until(runs_now, hung, 1)); /* put back, not forgotten */
    fake_hold(false);
    assert_true(until(shows, hung, 1));
    ncm_want_release(hung);
    ncm_want_release(quick);
}

static void news_does_not_shorten_the_pauses(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows, w, 1));
    fail_for_long(w, NCM_UNREACHABLE);
    fake_fail(1000, NCM_UNREACHABLE);
    int before = fake_get(&world.fetches);
    int watches = fake_get(&world.watches);
    fake_happen(2, NCM_WATCH_DATA);
    assert_true(until(watched, w, watches + 1));
    assert_int_equal(fake_get(&world.fetches), before);
    assert_int_equal(ncm_want_freshness(w).state, NCM_OFFLINE);
    ncm_want_release(w);
}

static void a_pause_asks_for_nothing_in_a_hurry(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows, w, 1));
    assert_true(until(watched, w, 2));
    pthread_mutex_lock(&world.lock);
    assert_true(world.interest.idle_ms < PATIENCE_MS);
    assert_true((world.interest.topics & TOPIC(NCM_T_EXPERIMENTS)) != 0);
    pthread_mutex_unlock(&world.lock);
    int watches = fake_get(&world.watches);
    ncm_session_pause(session, true);
    fake_happen(2, NCM_WATCH_DATA); /* ends the wait that was under way */
    assert_true(until(watched, w, watches + 1));
    pthread_mutex_lock(&world.lock);
    assert_true(world.interest.idle_ms == INT64_MAX);
    pthread_mutex_unlock(&world.lock);
    watches = fake_get(&world.watches);
    ncm_session_pause(session, false);
    assert_true(until(watched, w, watches + 1)); /* it looks around at once */
    assert_true(until(shows, w, 2));
    ncm_want_release(w);
}

/* ---- what is kept between starts ------------------------------------------------------------- */

static void what_was_kept_is_shown_at_once(void **state)
{
    (void)state;
    world.kept = 7;
    fake_hold(true);
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows, w, 7));
    struct ncm_freshness_info info = ncm_want_freshness(w);
    assert_int_equal(info.state, NCM_LOADING);
    assert_true(info.age_ms >= KEPT_AGE_MS); /* and never passes for fresh */
    assert_null(ncm_want_error(w));
    assert_true(until(runs_now, w, 1));
    pthread_mutex_lock(&world.lock);
    assert_false(world.borrowed); /* nothing old is taken for known */
    pthread_mutex_unlock(&world.lock);
    fake_hold(false);
    assert_true(until(shows, w, 1));
    assert_true(until(is, w, NCM_LIVE));
    assert_true(ncm_want_freshness(w).age_ms < PATIENCE_MS);
    assert_int_equal(fake_get(&world.replays), 1);
    ncm_want_release(w);
}

static void what_was_kept_stays_where_nothing_answers(void **state)
{
    (void)state;
    world.kept = 7;
    fake_fail(1000, NCM_UNREACHABLE);
    struct ncm_want *w = want(NCM_T_RUN_KEYS);
    assert_true(until(fails_with, w, NCM_UNREACHABLE));
    assert_int_equal(shown(w), 7);
    struct ncm_freshness_info info = ncm_want_freshness(w);
    assert_int_equal(info.state, NCM_OFFLINE);
    assert_true(info.age_ms >= KEPT_AGE_MS);
    /* A pane that is opened meanwhile shows what was kept of it, whatever hangs. */
    fake_hold(true);
    int before = fake_get(&world.fetches);
    assert_true(until(fetched, w, before + 1));
    struct ncm_want *other = want(NCM_T_MODELS);
    assert_true(until(shows, other, 7));
    assert_true(until(fails_with, other, NCM_UNREACHABLE));
    fake_fail(0, NCM_OK);
    fake_hold(false);
    assert_true(until(shows, w, 1));
    assert_true(until(shows, other, 1));
    assert_true(until(is, w, NCM_LIVE));
    ncm_want_release(w);
    ncm_want_release(other);
}

static void that_nothing_was_kept_is_no_news(void **state)
{
    (void)state;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    assert_true(until(shows, w, 1));
    assert_null(ncm_want_error(w));
    assert_int_equal(fake_get(&world.replays), 1);
    assert_int_equal(fake_get(&world.opens) > 0, 1);
    ncm_want_release(w);
}

static void a_headless_question_gets_no_old_answer(void **state)
{
    (void)state;
    world.kept = 7;
    struct ncm_want *w = want(NCM_T_EXPERIMENTS);
    const void *snap;
    struct ncm_err err;
    assert_true(ncm_want_wait(w, &snap, &err));
    assert_int_equal(((const struct ncm_experiments_snapshot *)snap)->n, 1);
    assert_int_equal(fake_get(&world.replays), 0);
    ncm_want_release(w);
}

/* ---- waiting and background ------------------------------------------------------------------ */

static void a_command_waits_no_longer_than_it_was_told(void **state)
{
    (void)state;
    struct ncm_session_options o = {.store = "https://ml.example", .timeout_ms = 600};
    struct ncm_session *s;
    struct ncm_err err;
    const void *snap;
    assert_true(ncm_engine_open_with(&fake_server, &o, NULL, &s, &err));
    fake_hold(true);
    int64_t start = ncm_mono_ms();
    for (int topic = 0; topic < 6; topic++) {
        struct ncm_query *q = ncm_query_new((enum ncm_topic)topic);
        assert_false(ncm_want_wait(ncm_session_want(s, q), &snap, &err));
        assert_int_equal(err.code, NCM_TIMEOUT);
        ncm_query_free(q);
    }
    assert_in_range(ncm_mono_ms() - start, 500, 3000); /* all six together */
    ncm_session_close(s);
    fake_hold(false);
}

static atomic_int tries, cut;

static bool try_thrice(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    (void)ctx;
    (void)arg;
    return atomic_fetch_add(&tries, 1) == 2 || ncm_fail(err, NCM_UNREACHABLE, "not yet");
}

static bool hang(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    (void)arg;
    atomic_fetch_add(&tries, 1);
    pthread_mutex_lock(&world.lock);
    while (!atomic_load(ctx->control.cancel)) {
        pthread_cond_wait(&world.moved, &world.lock);
    }
    pthread_mutex_unlock(&world.lock);
    atomic_fetch_add(&cut, 1);
    return ncm_fail(err, NCM_CANCELLED, "cut off");
}

static bool quick(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    (void)arg;
    return !atomic_load(ctx->control.cancel) || ncm_fail(err, NCM_INTERNAL, "cut off too");
}

static bool tried(const struct ncm_want *w, int n)
{
    (void)w;
    return atomic_load(&tries) >= n;
}

static void background_work_is_tried_until_it_is_done(void **state)
{
    (void)state;
    atomic_store(&tries, 0);
    ncm_session_background(session, try_thrice);
    assert_true(until(tried, NULL, 3));
    struct ncm_job_result r;
    assert_false(ncm_session_result(session, &r)); /* nobody waits for it */
}

static void background_work_gives_way(void **state)
{
    (void)state;
    struct ncm_job_result r;
    struct ncm_err err;
    atomic_store(&tries, 0);
    atomic_store(&cut, 0);
    ncm_session_background(session, hang);
    assert_true(until(tried, NULL, 1));
    int64_t start = ncm_mono_ms();
    uint64_t id = ncm_session_submit(session, quick, NULL, NULL);
    assert_true(ncm_session_result_wait(session, id, &r, &err));
    assert_true(r.ok);
    assert_true(ncm_mono_ms() - start < PATIENCE_MS / 2);
    assert_int_equal(atomic_load(&cut), 1);
    assert_true(until(tried, NULL, 2)); /* later again; closing does not wait for it */
}

static int clean(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

#define CASE(f)   cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define SCREEN(f) cmocka_unit_test_setup_teardown(f, set_up_screen, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_question_tries_for_all),
        CASE(a_new_question_knows_at_once),
        CASE(the_try_goes_on_when_its_question_is_left),
        CASE(asked_to_wait_it_waits),
        CASE(a_key_tries_at_once),
        CASE(what_failed_is_tried_when_the_watch_is_back),
        CASE(the_watch_is_tried_when_an_answer_comes),
        CASE(what_the_watch_is_told_holds_for_all),
        CASE(what_nobody_watches_is_read_again),
        CASE(a_slow_question_is_no_outage),
        CASE(a_hung_first_answer_lets_others_go),
        CASE(news_does_not_shorten_the_pauses),
        CASE(a_pause_asks_for_nothing_in_a_hurry),
        SCREEN(what_was_kept_is_shown_at_once),
        SCREEN(what_was_kept_stays_where_nothing_answers),
        SCREEN(that_nothing_was_kept_is_no_news),
        CASE(a_headless_question_gets_no_old_answer),
        CASE(a_command_waits_no_longer_than_it_was_told),
        CASE(background_work_is_tried_until_it_is_done),
        CASE(background_work_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
