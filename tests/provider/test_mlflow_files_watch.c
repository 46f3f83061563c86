/* What others write into a file store is noticed, and of what kind it is. */
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
#include "io/file_place.h"
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
        WATCH(a_new_point_is_noticed),     WATCH(a_new_run_and_what_it_logs_is_noticed),
        WATCH(the_registry_is_noticed),    WATCH(a_store_that_goes_and_comes_back_is_noticed),
        WATCH(an_interrupt_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, remove_all);
}
