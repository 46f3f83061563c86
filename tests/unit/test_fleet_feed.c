/* The join fed by a session: sources that answer, fail, are only offered or absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/internal.h"
#include "ops/fleet/inside.h"
#include "unit/fake_source.h"

/* ---- clusters of one deployment each, named as they are ----------------------------------------
 */

struct cluster {
    const char *name;
    pthread_mutex_t lock;
    int fetches, failures; /* failures: so many to come */
};
static struct cluster clusters[] = {{.name = "seoul", .lock = PTHREAD_MUTEX_INITIALIZER},
                                    {.name = "tokyo", .lock = PTHREAD_MUTEX_INITIALIZER},
                                    {.name = "offer", .lock = PTHREAD_MUTEX_INITIALIZER}};
enum { N_CLUSTERS = sizeof clusters / sizeof *clusters };

struct ncm_conn {
    struct cluster *cluster;
};

static bool open_cluster(const struct ncm_place *place, struct ncm_conn **out,
                         struct ncm_control *control, struct ncm_err *err)
{
    (void)control;
    (void)err;
    *out = ncm_alloc(1, sizeof **out);
    (*out)->cluster = (struct cluster *)(uintptr_t)place->with;
    return true;
}

static void close_cluster(struct ncm_conn *conn)
{
    ncm_free(conn);
}

static bool fetch_cluster(struct ncm_conn *conn, struct ncm_fetch *f, struct ncm_err *err)
{
    struct cluster *c = conn->cluster;
    pthread_mutex_lock(&c->lock);
    c->fetches++;
    bool fails = c->failures > 0;
    c->failures -= fails;
    pthread_mutex_unlock(&c->lock);
    if (fails) {
        return ncm_fail(err, NCM_UNREACHABLE, "%s does not answer", c->name);
    }
    struct ncm_deployments_snapshot *s = ncm_deployments_snapshot_new(1);
    struct ncm_deployment_box *b = ncm_deployment_box_new();
    s->items[0] = b;
    s->source = ncm_arena_cstr(s->head.arena, c->name);
    b->it.source = ncm_arena_cstr(b->arena, c->name);
    b->it.ns = ncm_arena_cstr(b->arena, "ml");
    b->it.name = ncm_arena_cstr(b->arena, "churn");
    b->it.kind = ncm_arena_cstr(b->arena, "Deployment");
    b->it.health = NCM_HEALTH_HEALTHY;
    f->publish(f->to, &s->head);
    return true;
}

static const struct ncm_provider cluster_source = {
    .name = "cluster",
    .open = open_cluster,
    .close = close_cluster,
    .fetch = fetch_cluster,
};

static bool takes_its_own(const char *name, const struct ncm_query *q)
{
    return q->topic == NCM_T_DEPLOYMENTS && q->id != NULL && strcmp(q->id, name) == 0;
}

static const struct ncm_deploy_about about[N_CLUSTERS] = {
    {.name = "seoul", .location = "seoul"},
    {.name = "tokyo", .location = "tokyo"},
    {.name = "offer", .location = "offer", .offered = true},
};

/* ---- the session --------------------------------------------------------------------------------
 */

static struct ncm_session *session;

static int set_up(void **state)
{
    struct ncm_session_options o = {.store = "/nowhere", .timeout_ms = PATIENCE_MS};
    struct ncm_err err;
    fake_reset();
    /* The store has none of what the fleet wants of it. */
    fake_fail(1000000, NCM_UNSUPPORTED);
    assert_true(ncm_engine_open_with(&fake_source, &o, NULL, &session, &err));
    for (size_t i = 0; i < N_CLUSTERS; i++) {
        clusters[i].fetches = clusters[i].failures = 0;
        const struct ncm_side side = {.name = clusters[i].name,
                                      .provider = &cluster_source,
                                      .location = clusters[i].name,
                                      .with = &clusters[i],
                                      .takes_as = takes_its_own};
        assert_true(ncm_session_add_side(session, &side, &err));
    }
    (void)state;
    return 0;
}

static int tear_down(void **state)
{
    ncm_session_close(session);
    (void)state;
    return 0;
}

struct said {
    char text[600];
    int n;
};

static void said(void *to, const char *source, const struct ncm_err *err)
{
    struct said *s = to;
    snprintf(s->text, sizeof s->text, "%s: %s", source, err->what);
    s->n++;
}

static struct ncm_fleet_feed *feed_of(unsigned parts)
{
    return fleet_feed_open_of(session, about, N_CLUSTERS, false, parts);
}

static int fetches_of(struct cluster *c)
{
    pthread_mutex_lock(&c->lock);
    int n = c->fetches;
    pthread_mutex_unlock(&c->lock);
    return n;
}

static void a_screen_sees_what_arrives(void **state)
{
    struct ncm_fleet_feed *f = feed_of(NCM_FLEET_ALL);
    int64_t end = ncm_mono_ms() + PATIENCE_MS;
    assert_non_null(ncm_fleet_feed_get(f)); /* before anything is there */
    while (ncm_fleet_feed_get(f)->n_deployments < 2 && ncm_mono_ms() < end) {
        struct pollfd p = {.fd = ncm_session_bell(session), .events = POLLIN};
        poll(&p, 1, 100);
        ncm_session_pump(session);
        (void)ncm_fleet_feed_update(f);
    }
    const struct ncm_fleet *fleet = ncm_fleet_feed_get(f);
    assert_int_equal(fleet->n_deployments, 2);
    assert_string_equal(ncm_cstr(fleet->deployments[0].it->source), "seoul");
    assert_non_null(ncm_fleet_feed_source(f, "tokyo"));
    assert_null(ncm_fleet_feed_source(f, "registry"));
    assert_null(ncm_fleet_feed_error(f, "registry", NULL)); /* there is none: no fault */
    assert_null(ncm_fleet_feed_error(f, "seoul", NULL));
    /* Nothing moved: nothing is joined anew. */
    assert_false(ncm_fleet_feed_update(f));
    assert_ptr_equal(ncm_fleet_feed_get(f), fleet);
    /* After a rest what is shown is not without an age, though nothing has answered yet. */
    struct ncm_freshness_info info;
    ncm_fleet_feed_rest(f, true);
    ncm_fleet_feed_rest(f, false);
    (void)ncm_fleet_feed_error(f, "seoul", &info);
    assert_true(info.state == NCM_LOADING && info.age_ms >= 0);
    ncm_fleet_feed_close(f);
    (void)state;
}

static void what_was_only_offered_is_left_alone(void **state)
{
    struct ncm_fleet_feed *f = feed_of(NCM_FLEET_DEPLOYMENTS);
    struct ncm_err err;
    assert_true(ncm_fleet_feed_wait(f, NULL, NULL, &err));
    assert_int_equal(ncm_fleet_feed_get(f)->n_deployments, 2);
    assert_int_equal(fetches_of(&clusters[2]), 0);
    ncm_fleet_feed_close(f);
    f = feed_of(NCM_FLEET_DEPLOYMENTS | NCM_FLEET_OFFERED);
    assert_true(ncm_fleet_feed_wait(f, NULL, NULL, &err));
    assert_int_equal(ncm_fleet_feed_get(f)->n_deployments, 3);
    struct ncm_freshness_info info;
    ncm_fleet_feed_freshness(f, &info);
    assert_int_equal(info.state, NCM_LIVE);
    ncm_fleet_feed_close(f);
    (void)state;
}

static void one_that_fails_is_said_and_the_others_are_shown(void **state)
{
    struct said s = {.n = 0};
    struct ncm_err err;
    clusters[1].failures = 1;
    struct ncm_fleet_feed *f = feed_of(NCM_FLEET_ALL);
    assert_true(ncm_fleet_feed_wait(f, said, &s, &err));
    assert_int_equal(s.n, 1);
    assert_string_equal(s.text, "tokyo: tokyo does not answer");
    assert_int_equal(ncm_fleet_feed_get(f)->n_deployments, 1);
    struct ncm_buf text;
    struct ncm_freshness_info info;
    ncm_buf_init(&text, 4096);
    ncm_fleet_feed_trouble(f, &text);
    assert_non_null(strstr(text.p, "tokyo: tokyo does not answer\n"));
    assert_null(strstr(text.p, "seoul"));
    ncm_buf_release(&text);
    ncm_fleet_feed_freshness(f, &info);
    assert_true(info.state == NCM_OFFLINE && !info.unasked);
    ncm_fleet_feed_close(f);
    (void)state;
}

static void all_that_fail_are_a_failure(void **state)
{
    struct said s = {.n = 0};
    struct ncm_err err;
    clusters[0].failures = clusters[1].failures = 1;
    struct ncm_fleet_feed *f = feed_of(NCM_FLEET_DEPLOYMENTS);
    assert_false(ncm_fleet_feed_wait(f, said, &s, &err));
    assert_int_equal(err.code, NCM_UNREACHABLE);
    assert_string_equal(err.what, "seoul does not answer");
    assert_int_equal(s.n, 1); /* the other one */
    ncm_fleet_feed_close(f);
    f = fleet_feed_open_of(session, NULL, 0, false, NCM_FLEET_ALL);
    assert_true(ncm_fleet_feed_wait(f, said, &s, &err)); /* none is no failure */
    struct ncm_freshness_info info;
    ncm_fleet_feed_freshness(f, &info);
    assert_true(info.unasked);
    ncm_fleet_feed_close(f);
    (void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_screen_sees_what_arrives),
        TEST(what_was_only_offered_is_left_alone),
        TEST(one_that_fails_is_said_and_the_others_are_shown),
        TEST(all_that_fail_are_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
