/* The demo's prediction log of the fraud detector, made anew, and one monitor that follows it: inputs
 * against the training data, windows of two minutes, results in a state file of its own. */
#ifndef TESTS_PROVIDER_WATCHED_LOG_H
#define TESTS_PROVIDER_WATCHED_LOG_H

#include "engine/watch_plan.h"
#include "ops/watch/team.h"

struct watched_log {
    char root[512];
    struct ncm_watch_plan plan;
    struct ncm_monitor monitor;
    struct ncm_watch_setup setup;
    char *state;
    int64_t now;
};

extern struct watched_log watched_log;

int wl_begin(void **state);
int wl_end(void **state);
#define WATCH_TEST(f) cmocka_unit_test_setup_teardown(f, wl_begin, wl_end)

/* Of the scratch folder; the caller's. */
char *wl_in_dir(const char *name);
/* Reads all that is there; fails where the monitor has an error. */
void wl_run(struct ncm_team *t, int64_t now);
void wl_store(struct ncm_team *t, int64_t now);
const struct ncm_watched_feature *wl_feature(const struct ncm_team *t, const char *name);
/* A number from the state file. */
int64_t wl_count(const char *sql);

#endif
