#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "io/file.h"
#include "ops/demo_predict.h"
#include "provider/watched_log.h"
#include "unit/scratch.h"

#define HOUR INT64_C(3600000)

struct watched_log watched_log;

char *wl_in_dir(const char *name)
{
    return ncm_path_join(watched_log.root, name);
}

int wl_begin(void **state)
{
    struct ncm_err err;
    (void)state;
    memset(&watched_log, 0, sizeof watched_log);
    snprintf(watched_log.root, sizeof watched_log.root, "%s", scratch("demo"));
    assert_true(ncm_dir_make(watched_log.root, 0755, &err));
    /* The same place within an hour, whenever it runs: how far things drifted depends on it. */
    watched_log.now = ncm_now_ms() / HOUR * HOUR + 5 * 60000;
    assert_true(ncm_demo_predictions_make(watched_log.root, watched_log.now, &err));
    watched_log.monitor = (struct ncm_monitor){.model = ncm_strdup("fraud-detector"),
                                     .name = ncm_strdup("inputs"),
                                     .kind = NCM_MONITOR_ROWS,
                                     .current = wl_in_dir("predictions/fraud.jsonl"),
                                     .follow = true,
                                     .warning = NAN,
                                     .critical = NAN,
                                     .every_ms = 1000,
                                     .severity = NCM_SEVERITY_CRITICAL,
                                     .version_column = ncm_strdup("version")};
    char *reference = wl_in_dir("data/fraud-train.csv");
    assert_true(ncm_monitor_set_reference(&watched_log.monitor, reference, &err));
    assert_true(ncm_monitor_set_window(&watched_log.monitor, "2m", &err));
    ncm_free(reference);
    watched_log.plan = (struct ncm_watch_plan){.monitors = &watched_log.monitor, .n_monitors = 1};
    watched_log.state = wl_in_dir("state.db");
    watched_log.setup = (struct ncm_watch_setup){
        .env = {.plan = &watched_log.plan}, .state_path = watched_log.state, .may_store = true};
    return 0;
}

int wl_end(void **state)
{
    (void)state;
    ncm_monitor_release(&watched_log.monitor);
    ncm_free(watched_log.state);
    scratch_remove();
    return 0;
}

void wl_run(struct ncm_team *t, int64_t now)
{
    struct ncm_control control = {0};
    struct ncm_err err = {0};
    bool more = true;
    assert_true(ncm_team_restore(t, &err));
    while (more) {
        assert_true(ncm_team_step(t, NULL, now, &control, &more, &err));
    }
    if (t->items[0]->watched.error.code != NCM_OK) {
        fail_msg("%s", t->items[0]->watched.error.what);
    }
}

const struct ncm_watched_feature *wl_feature(const struct ncm_team *t, const char *name)
{
    const struct ncm_watched *x = &t->items[0]->watched;
    for (size_t i = 0; i < x->n_features; i++) {
        if (strcmp(x->features[i].name, name) == 0) {
            return &x->features[i];
        }
    }
    fail_msg("no feature %s", name);
    return NULL;
}

int64_t wl_count(const char *sql)
{
    struct ncm_db *db;
    struct ncm_err err;
    int64_t n = -1;
    assert_true(ncm_db_open(watched_log.state, NCM_DB_READ, 1000, NULL, &db, &err));
    assert_true(ncm_db_i64(db, sql, 0, &n, &err));
    ncm_db_close(db);
    return n;
}

void wl_store(struct ncm_team *t, int64_t now)
{
    size_t stored;
    struct ncm_err err = {0};
    if (!ncm_team_store(t, now, &stored, &err)) {
        fail_msg("%s", err.what);
    }
}
