/* The companion of the demo: a writer such as a training job is, with short transactions. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/db.h"
#include "ops/demo.h"
#include "ops/demo_parts.h"
#include "ops/demo_predict.h"
#include "ops/demo_serve.h"

#define TICK_MS 400
#define LIVE    2
/* A gap after which a run does not go on: its trainer was gone. */
#define STALE_MS 120000

struct trainee {
    struct ncm_demo_run run;
    int step;        /* next one */
    int64_t last_ms; /* of its newest point */
};

/* The runs under way, by their tag. */
static bool find_live(struct ncm_demo *d, struct trainee *out, size_t *n)
{
    struct ncm_stmt *st;
    *n = 0;
    if (!ncm_db_prepare(d->db,
                        "SELECT r.run_uuid, r.experiment_id, r.start_time, r.name,"
                        " (SELECT max(step) FROM latest_metrics m WHERE m.run_uuid=r.run_uuid),"
                        " (SELECT max(timestamp) FROM latest_metrics m WHERE m.run_uuid=r.run_uuid)"
                        " FROM tags t JOIN runs r ON r.run_uuid=t.run_uuid"
                        " WHERE t.key='" NCM_DEMO_LIVE_TAG "' AND r.status='RUNNING'"
                        " AND r.lifecycle_stage='active' ORDER BY r.rowid LIMIT 2",
                        &st, d->err)) {
        return false;
    }
    bool row = true, ok = true;
    while (*n < LIVE && (ok = ncm_stmt_step(st, &row, d->err)) && row) {
        struct trainee *t = &out[*n];
        int64_t experiment = ncm_col_i64(st, 1);
        if (experiment < 1 || experiment > (int64_t)ncm_demo_n_experiments) {
            continue;
        }
        ncm_demo_live_run(&t->run, (int)experiment, 0, ncm_col_i64(st, 2));
        /* What the run was named may have been changed by hand; its numbers follow from its id. */
        snprintf(t->run.id, sizeof t->run.id, "%s", ncm_cstr(ncm_col_text(st, 0)));
        t->run.quality = ncm_demo_live_quality(t->run.id);
        t->step = (int)ncm_col_i64(st, 4) + 1;
        t->last_ms = ncm_col_null(st, 5) ? t->run.start_ms : ncm_col_i64(st, 5);
        (*n)++;
    }
    ncm_stmt_end(st);
    return ok;
}

static void end_run(struct ncm_demo *d, const struct trainee *t, const char *status, int64_t when)
{
    const struct ncm_demo_experiment *e = t->run.experiment;
    for (size_t m = 0; strcmp(status, "FINISHED") == 0 && e->metrics[m].key != NULL; m++) {
        if (e->metrics[m].points == 0) {
            ncm_demo_write_point(d, t->run.id, e->metrics[m].key,
                                 ncm_demo_value(&t->run, m, t->step, NCM_DEMO_LIVE_STEPS), when, 0,
                                 true);
        }
    }
    ncm_demo_put(d, "UPDATE runs SET status=?, end_time=? WHERE run_uuid=?", "sis", status, when,
                 t->run.id);
}

static void start_run(struct ncm_demo *d, int experiment, int64_t now)
{
    struct ncm_demo_run r;
    int64_t number = 0;
    char *count = ncm_sprintf("SELECT count(*) FROM runs WHERE experiment_id=%d", experiment);
    d->ok = d->ok && ncm_db_i64(d->db, count, 0, &number, d->err);
    ncm_free(count);
    ncm_demo_live_run(&r, experiment, (int)number + 1, now);
    ncm_demo_write_run(d, NULL, &r);
}

static void advance(struct ncm_demo *d, const struct trainee *t, int64_t now)
{
    const struct ncm_demo_experiment *e = t->run.experiment;
    for (size_t m = 0; m < sizeof e->metrics / sizeof e->metrics[0] && e->metrics[m].key; m++) {
        if (e->metrics[m].points > 0 && t->step % e->metrics[m].points == 0) {
            double value = ncm_demo_value(&t->run, m, t->step, NCM_DEMO_LIVE_STEPS);
            ncm_demo_write_point(d, t->run.id, e->metrics[m].key, value, now, t->step, true);
        }
    }
}

/* One transaction: a step of every run; finished and orphaned ones end; new ones take their place.
 */
static bool tick(struct ncm_demo *d, bool first)
{
    struct trainee live[LIVE];
    size_t n;
    bool busy[LIVE + 1] = {false};
    int64_t now = ncm_now_ms();
    d->ok = ncm_db_begin(d->db, d->err) && find_live(d, live, &n);
    for (size_t i = 0; d->ok && i < n; i++) {
        if (first && now - live[i].last_ms > STALE_MS) {
            end_run(d, &live[i], "KILLED", live[i].last_ms);
        } else if (live[i].step >= NCM_DEMO_LIVE_STEPS) {
            end_run(d, &live[i], "FINISHED", now);
        } else {
            advance(d, &live[i], now);
            busy[live[i].run.experiment_id == 1 ? 0 : 1] = true;
        }
    }
    if (d->ok && !busy[0]) {
        start_run(d, 1, now);
    }
    if (d->ok && !busy[1]) {
        start_run(d, 4, now);
    }
    if (d->ok && ncm_db_commit(d->db, d->err)) {
        return true;
    }
    ncm_db_rollback(d->db);
    return false;
}

bool ncm_demo_train(const char *path, const volatile int *stop, struct ncm_err *err)
{
    struct ncm_demo d = {.err = err, .ok = true, .now_ms = ncm_now_ms()};
    pid_t parent = getppid();
    if (!ncm_db_open(path, NCM_DB_WRITE, 5000, NULL, &d.db, err)) {
        return false;
    }
    char *root = ncm_strdup(path);
    char *slash = strrchr(root, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    d.root = root;
    bool ok = true;
    int64_t rows_until = ncm_now_ms();
    struct ncm_demo_serve *servers = ncm_demo_serve_start(root, rows_until);
    for (bool first = true; ok && !__atomic_load_n(stop, __ATOMIC_RELAXED) && getppid() == parent;
         first = false) {
        /* Busy: somebody else is writing. The next tick tries again. */
        ok = tick(&d, first) || err->code == NCM_BUSY;
        int64_t now = ncm_now_ms();
        ok = ok && ncm_demo_predictions_add(root, rows_until, now, err);
        rows_until = now;
        ncm_demo_serve_tick(servers, now);
        poll(NULL, 0, TICK_MS);
    }
    ncm_demo_serve_stop(servers);
    ncm_db_close(d.db);
    ncm_free(root);
    return ok;
}
