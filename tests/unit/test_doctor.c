/* doctor on a source that is well, down, or hangs: every line that can be had still comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "engine/internal.h"
#include "ops/doctor.h"
#include "unit/fake_source.h"
#include "unit/scratch.h"

enum mood { WELL, DOWN, HANGS };
static enum mood mood;
static struct ncm_provider provider;
static struct ncm_session *session;
static struct ncm_check *checks;
static size_t n;

static void examine(const struct ncm_place *place, const struct ncm_control *control,
                    ncm_check_fn say, void *to)
{
    assert_string_equal(place->location, "https://ml.example:5000");
    assert_true(control->deadline_mono_ms > 0);
    say(to, mood == DOWN ? NCM_CHECK_FAIL : NCM_CHECK_OK, "reachable",
        mood == DOWN ? "nobody listens there" : "it answers", mood == DOWN ? "start it" : NULL);
    if (mood == WELL) {
        say(to, NCM_CHECK_WARN, "clock", "two hours ahead", "set its clock");
    }
    pthread_mutex_lock(&world.lock);
    while (mood == HANGS && !atomic_load(control->cancel)) {
        pthread_cond_wait(&world.moved, &world.lock);
    }
    pthread_mutex_unlock(&world.lock);
}

/* A store record, which doctor prints. */
static bool fetch(struct ncm_conn *conn, struct ncm_fetch *f, struct ncm_err *err)
{
    (void)conn;
    (void)err;
    struct ncm_store_snapshot *s = ncm_snapshot_new(f->query->topic, sizeof *s);
    s->kind = ncm_arena_cstr(s->head.arena, "a server");
    s->location = ncm_arena_cstr(s->head.arena, "https://ml.example:5000");
    s->writable = true;
    fake_set(&world.fetches, 1);
    f->publish(f->to, &s->head);
    return true;
}

static void visit(enum mood how, int64_t timeout_ms)
{
    struct ncm_session_options o = {.store = "https://ml.example:5000", .timeout_ms = timeout_ms};
    struct ncm_err err;
    setenv("XDG_STATE_HOME", scratch("state"), 1);
    fake_reset();
    mood = how;
    provider = fake_server;
    provider.examine = examine;
    provider.fetch = fetch;
    assert_true(ncm_engine_open_with(&provider, &o, NULL, &session, &err));
    ncm_doctor(session, &checks, &n);
}

static int tear_down(void **state)
{
    (void)state;
    int64_t start = ncm_mono_ms();
    ncm_session_close(session);
    assert_true(ncm_mono_ms() - start < 4000); /* what only reads is not waited for */
    ncm_checks_free(checks, n);
    return 0;
}

/* The place of the first line of that name; its state must be as told. */
static size_t line(const char *name, enum ncm_check_state expected)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(checks[i].name, name) == 0) {
            assert_int_equal(checks[i].state, expected);
            return i;
        }
    }
    fail_msg("no line '%s'", name);
    return 0;
}

static void all_lines_in_their_order(void **state)
{
    (void)state;
    visit(WELL, PATIENCE_MS);
    static const char *const order[] = {"config", "context", "reachable", "clock",
                                        "store",  "schema",  "write",     "audit"};
    assert_int_equal(n, sizeof order / sizeof *order);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(checks[i].name, order[i]);
    }
    assert_int_equal(checks[3].state, NCM_CHECK_WARN);
    assert_string_equal(checks[3].hint, "set its clock");
    line("audit", NCM_CHECK_OK);
}

static void a_source_that_is_down(void **state)
{
    (void)state;
    visit(DOWN, PATIENCE_MS);
    size_t at = line("reachable", NCM_CHECK_FAIL);
    assert_string_equal(checks[at].hint, "start it");
    assert_true(line("store", NCM_CHECK_WARN) > at);
    assert_true(line("audit", NCM_CHECK_OK) > at);
    assert_int_equal(fake_get(&world.fetches), 0); /* it is not asked in vain */
}

static void a_source_that_hangs(void **state)
{
    (void)state;
    int64_t start = ncm_mono_ms();
    visit(HANGS, 500);
    assert_true(ncm_mono_ms() - start < 5000);
    line("config", NCM_CHECK_OK);
    line("reachable", NCM_CHECK_OK); /* what was found in time is told */
    size_t at = line("store", NCM_CHECK_FAIL);
    assert_non_null(strstr(checks[at].hint, "--timeout"));
    assert_true(line("audit", NCM_CHECK_OK) > at);
}

static int clean(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

#define CASE(f) cmocka_unit_test_teardown(f, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(all_lines_in_their_order),
        CASE(a_source_that_is_down),
        CASE(a_source_that_hangs),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
