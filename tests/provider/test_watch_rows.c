/* A log followed by a monitor: windows, figures, what is kept, restarts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "base/text.h"
#include "engine/watch_plan.h"
#include "io/file.h"
#include "ops/demo_predict.h"
#include "ops/watch/store.h"
#include "ops/watch/team.h"
#include "unit/scratch.h"

#define HOUR INT64_C(3600000)

struct world {
    char root[512];
    struct ncm_watch_plan plan;
    struct ncm_monitor monitor;
    struct ncm_watch_setup setup;
    char *state;
    int64_t now;
};

static struct world w;

static char *in_dir(const char *name)
{
    return ncm_path_join(w.root, name);
}

static int begin(void **state)
{
    struct ncm_err err;
    (void)state;
    memset(&w, 0, sizeof w);
    snprintf(w.root, sizeof w.root, "%s", scratch("demo"));
    assert_true(ncm_dir_make(w.root, 0755, &err));
    w.now = ncm_now_ms();
    assert_true(ncm_demo_predictions_make(w.root, w.now, &err));
    w.monitor = (struct ncm_monitor){.model = ncm_strdup("fraud-detector"),
                                     .name = ncm_strdup("inputs"),
                                     .kind = NCM_MONITOR_ROWS,
                                     .current = in_dir("predictions/fraud.jsonl"),
                                     .follow = true,
                                     .warning = NAN,
                                     .critical = NAN,
                                     .every_ms = 1000,
                                     .severity = NCM_SEVERITY_CRITICAL,
                                     .version_column = ncm_strdup("version")};
    char *reference = in_dir("data/fraud-train.csv");
    assert_true(ncm_monitor_set_reference(&w.monitor, reference, &err));
    assert_true(ncm_monitor_set_window(&w.monitor, "2m", &err));
    ncm_free(reference);
    w.plan = (struct ncm_watch_plan){.monitors = &w.monitor, .n_monitors = 1};
    w.state = in_dir("state.db");
    w.setup =
        (struct ncm_watch_setup){.env = {.plan = &w.plan}, .state_path = w.state, .may_store = true};
    return 0;
}

static int end(void **state)
{
    (void)state;
    ncm_monitor_release(&w.monitor);
    ncm_free(w.state);
    scratch_remove();
    return 0;
}

static void run(struct ncm_team *t, int64_t now)
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

static const struct ncm_watched_feature *feature(const struct ncm_team *t, const char *name)
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

static void the_feature_that_moved_stands_out(void **state)
{
    (void)state;
    size_t worst;
    struct ncm_team *t = ncm_team_new(&w.setup);
    run(t, w.now);
    const struct ncm_watched *x = &t->items[0]->watched;
    size_t newest = ncm_watched_newest(x);
    assert_int_not_equal(newest, SIZE_MAX);
    assert_in_range(x->n_windows, 85, 95);
    assert_int_equal(ncm_watched_worst(x, newest, &worst), NCM_DRIFT_CRITICAL);
    assert_string_equal(x->features[worst].name, "features.merchant_cat");
    assert_true(feature(t, "features.country")->figures[newest].value < 0.1);
    assert_true(feature(t, "features.merchant_cat")->figures[1].value < 0.1);
    assert_int_equal(x->late_rows, 0);
    ncm_team_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_feature_that_moved_stands_out, begin, end),
    };
    ncm_text_init(NULL, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
