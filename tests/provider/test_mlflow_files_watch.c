/* What others write into a file store is noticed, and of what kind it is. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/num.h"
#include "io/file.h"
#include "io/file_place.h"
#include "ops/open.h"
#include "provider/file_stores.h"
#include "provider/mlflow_files/mlflow_files.h"
#include "unit/scratch.h"

#define RUN_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define RUN_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

enum { PATIENCE_MS = 20000 };

static char *root;
static struct ncm_conn *conn;
static const struct ncm_interest interest = {.topics = ~0u};
static const struct ncm_control control;

static int set_up(void **state)
{
    static int serial;
    char name[32];
    struct ncm_news news;
    struct ncm_err err;
    (void)state;
    snprintf(name, sizeof name, "watch-%d", serial++);
    root = folder_make(name);
    folder_run(root, RUN_A, 1000, 1);
    folder_write(root, "1 0.5 0\n", "1/" RUN_A "/metrics/m");
    folder_write(root, "name: m\n", "models/m/meta.yaml");
    conn = folder_open(root);
    assert_true(ncm_mlflow_files.watch(conn, &interest, 0, &control, &news, &err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_close(conn);
    ncm_free(root);
    return 0;
}

/* Waits until all these topics, and `what`, have been reported; returns how long it took. */
static int64_t wait_for(unsigned what, unsigned topics)
{
    struct ncm_news news;
    struct ncm_err err;
    int64_t began = ncm_mono_ms();
    while (ncm_mono_ms() - began < PATIENCE_MS) {
        assert_true(ncm_mlflow_files.watch(conn, &interest, PATIENCE_MS, &control, &news, &err));
        topics &= ~news.topics;
        if ((news.what & what) != 0 && topics == 0)
            return ncm_mono_ms() - began;
    }
    fail_msg("nothing was noticed");
    return 0;
}

#define BIT(topic) (1u << (topic))

static void a_new_point_is_noticed(void **state)
{
    (void)state;
    folder_append(root, "1/" RUN_A "/metrics/m", "2 0.6 1\n");
    wait_for(NCM_WATCH_DATA, BIT(NCM_T_SERIES) | BIT(NCM_T_RUNS) | BIT(NCM_T_RUN));
}

static void a_new_run_and_what_it_logs_is_noticed(void **state)
{
    (void)state;
    folder_run(root, RUN_B, 2000, 1);
    wait_for(NCM_WATCH_DATA, BIT(NCM_T_RUNS) | BIT(NCM_T_EXPERIMENTS));
    folder_write(root, "1 0.5 0\n", "1/" RUN_B "/metrics/val/f1");
    wait_for(NCM_WATCH_DATA, BIT(NCM_T_SERIES));
    folder_append(root, "1/" RUN_B "/metrics/val/f1", "2 0.6 1\n");
    wait_for(NCM_WATCH_DATA, BIT(NCM_T_SERIES));
    folder_run(root, RUN_B, 2000, 3);
    wait_for(NCM_WATCH_DATA, BIT(NCM_T_RUNS));
}

static void the_registry_is_noticed(void **state)
{
    (void)state;
    folder_write(root, "version: 1\ncurrent_stage: None\n", "models/m/version-1/meta.yaml");
    wait_for(NCM_WATCH_DATA, BIT(NCM_T_MODELS));
    folder_write(root, "version: 1\ncurrent_stage: Production\n", "models/m/version-1/meta.yaml");
    wait_for(NCM_WATCH_DATA, BIT(NCM_T_MODELS) | BIT(NCM_T_HOLDERS));
    folder_write(root, "1", "models/m/aliases/prod");
    wait_for(NCM_WATCH_DATA, BIT(NCM_T_MODELS));
    folder_write(root, "name: n\n", "models/n/meta.yaml");
    wait_for(NCM_WATCH_DATA, BIT(NCM_T_MODELS));
}

static void a_renamed_model_is_still_watched(void **state)
{
    struct ncm_err err;
    (void)state;
    char *from = ncm_path_join(root, "models/m"), *to = ncm_path_join(root, "models/n");
    assert_true(ncm_dir_move(from, to, &err));
    wait_for(NCM_WATCH_DATA, BIT(NCM_T_MODELS));
    folder_write(root, "name: n\nversion: 1\ncurrent_stage: None\n",
                 "models/n/version-1/meta.yaml");
    wait_for(NCM_WATCH_DATA, BIT(NCM_T_MODELS));
    folder_write(root, "name: n\nversion: 1\ncurrent_stage: Staging\n",
                 "models/n/version-1/meta.yaml");
    wait_for(NCM_WATCH_DATA, BIT(NCM_T_MODELS));
    ncm_free(from);
    ncm_free(to);
}

static void a_store_that_goes_and_comes_back_is_noticed(void **state)
{
    struct ncm_err err;
    (void)state;
    char *away = ncm_sprintf("%s-away", root);
    assert_true(ncm_dir_move(root, away, &err));
    wait_for(NCM_WATCH_GONE, 0);
    assert_true(ncm_dir_move(away, root, &err));
    wait_for(NCM_WATCH_REPLACED, 0);
    ncm_free(away);
}

static void an_interrupt_ends_the_wait(void **state)
{
    struct ncm_news news;
    struct ncm_err err;
    (void)state;
    int64_t began = ncm_mono_ms();
    ncm_mlflow_files.interrupt(conn);
    /* One that came before the call is not meant for it; it may end it or not. */
    assert_true(ncm_mlflow_files.watch(conn, &interest, 50, &control, &news, &err));
    assert_in_range(ncm_mono_ms() - began, 0, PATIENCE_MS);
}

/* In a session: what a training run writes is on screen within a second. */
static void a_session_shows_it_within_a_second(void **state)
{
    struct ncm_session *session;
    struct ncm_session_options o = {.store = root};
    struct ncm_query *q = ncm_query_series(RUN_A, "m", 0);
    const char *slow = getenv("NCMLOPS_TEST_SLOW");
    const void *snap;
    struct ncm_err err;
    int64_t patience = 1000, n = 0, factor;
    (void)state;
    if (slow != NULL && ncm_parse_i64(slow, &factor) && factor > 0)
        patience *= factor;
    if (!ncm_session_open(&o, &session, &err))
        fail_msg("%s", err.what);
    struct ncm_want *w = ncm_session_want(session, q);
    ncm_query_free(q);
    ncm_session_pump(session);
    assert_true(ncm_want_wait(w, &snap, &err));
    for (int64_t points = 2; points < 6; points++) {
        /* The first is only there to know that the watch has begun. */
        int64_t began = ncm_mono_ms();
        char *line = ncm_sprintf("%lld 0.5 %lld\n", (long long)points, (long long)points);
        folder_append(root, "1/" RUN_A "/metrics/m", line);
        ncm_free(line);
        for (n = 0; n < points;) {
            struct pollfd p = {.fd = ncm_session_bell(session), .events = POLLIN};
            assert_true(ncm_mono_ms() - began < PATIENCE_MS);
            poll(&p, 1, 100);
            ncm_session_pump(session);
            n = ((const struct ncm_series_snapshot *)ncm_want_get(w))->total;
        }
        if (points > 2)
            assert_in_range(ncm_mono_ms() - began, 0, patience);
    }
    ncm_session_close(session);
}

static int remove_all(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

#define WATCH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WATCH(a_new_point_is_noticed),
        WATCH(a_new_run_and_what_it_logs_is_noticed),
        WATCH(a_renamed_model_is_still_watched),
        WATCH(the_registry_is_noticed),
        WATCH(a_store_that_goes_and_comes_back_is_noticed),
        WATCH(an_interrupt_ends_the_wait),
        WATCH(a_session_shows_it_within_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, remove_all);
}
