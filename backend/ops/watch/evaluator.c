#include "ops/watch/evaluator.h"

#include <string.h>

#include "base/log.h"
#include "base/num.h"
#include "ops/drift/method.h"
#include "ops/watch/store.h"

enum { FIRST_PAUSE_MS = 1000, LAST_PAUSE_MS = 60000 };

static const struct ncm_evaluator_kind *kind_of(const struct ncm_monitor *m)
{
    switch (m->kind) {
    case NCM_MONITOR_ROWS:
        return &ncm_rows_evaluator;
    case NCM_MONITOR_HISTOGRAM:
        return &ncm_histogram_evaluator;
    default:
        return &ncm_figures_evaluator;
    }
}

struct ncm_evaluator *ncm_evaluator_new(const struct ncm_watch_env *env,
                                        const struct ncm_monitor *m)
{
    struct ncm_evaluator *e = ncm_alloc(1, sizeof *e);
    e->env = env;
    e->kind = kind_of(m);
    ncm_monitor_copy(&e->monitor, m);
    ncm_watched_init(&e->watched, &e->monitor);
    e->stored_ms = NCM_NO_TIME;
    e->checked_ms = NCM_NO_TIME;
    return e;
}

static void close_own(struct ncm_evaluator *e)
{
    if (e->own != NULL) {
        e->kind->close(e);
        e->own = NULL;
    }
}

void ncm_evaluator_free(struct ncm_evaluator *e)
{
    if (e == NULL) {
        return;
    }
    close_own(e);
    ncm_watched_release(&e->watched);
    ncm_monitor_release(&e->monitor);
    ncm_free(e->resume);
    ncm_free(e);
}

bool ncm_evaluator_restore(struct ncm_evaluator *e, struct ncm_db *db, struct ncm_err *err)
{
    struct ncm_monitor_row row;
    if (db == NULL || !ncm_db_has_table(db, "drift_windows")) {
        return true;
    }
    /* One view of both, while another watcher may be storing: a position that is younger than the
     * windows lies behind rows that the next window needs. */
    if (!ncm_db_exec(db, "BEGIN", err)) {
        return false;
    }
    bool ok = ncm_watch_load(db, &e->watched, err) &&
              ncm_watch_get_monitor(db, &e->watched, &row, err);
    ncm_db_rollback(db);
    if (!ok) {
        return false;
    }
    ncm_free(e->resume); /* of a try that failed later */
    e->resume = NULL;
    if (e->watched.n_windows > 0) {
        e->stored_ms = e->watched.windows[e->watched.n_windows - 1].end_ms;
        e->resume = row.position;
        row.position = NULL;
    }
    e->checked_ms = row.checked_ms;
    ncm_monitor_row_release(&row);
    return true;
}

static void note_fault(struct ncm_evaluator *e, int64_t now_ms, const struct ncm_err *fault)
{
    int64_t pause = FIRST_PAUSE_MS;
    for (int i = 0; i < e->failures && pause < LAST_PAUSE_MS; i++) {
        pause *= 2;
    }
    pause = pause < LAST_PAUSE_MS ? pause : LAST_PAUSE_MS;
    e->failures++;
    e->retry_ms = now_ms + (fault->retry_ms > pause ? fault->retry_ms : pause);
    e->watched.error = *fault;
    ncm_log("monitor %s/%s: %s", e->monitor.model, e->monitor.name, fault->what);
    /* What was read so far is not to be trusted after a fault half way. */
    close_own(e);
}

/* A word of the configuration that is no method is said, not replaced. */
static bool open_own(struct ncm_evaluator *e, struct ncm_control *control, struct ncm_err *err)
{
    const struct ncm_drift_method *method;
    bool drift = e->monitor.kind == NCM_MONITOR_ROWS || e->monitor.kind == NCM_MONITOR_HISTOGRAM;
    return (!drift || ncm_drift_method_named(e->monitor.method, &method, err)) &&
           e->kind->open(e, control, err);
}

bool ncm_evaluator_step(struct ncm_evaluator *e, int64_t now_ms, struct ncm_control *control,
                        bool *more, struct ncm_err *err)
{
    struct ncm_err fault = {0};
    *more = false;
    if (e->failures > 0 && now_ms < e->retry_ms) {
        return true;
    }
    bool ok = e->own != NULL || open_own(e, control, &fault);
    e->checked_ms = now_ms;
    if (ok && e->kind->step(e, now_ms, control, more, &fault)) {
        if (!*more) {
            e->failures = 0;
            e->watched.error.code = NCM_OK;
        }
        return true;
    }
    if (fault.code == NCM_CANCELLED) {
        *err = fault;
        return false;
    }
    note_fault(e, now_ms, &fault);
    return true;
}

bool ncm_evaluator_due(const struct ncm_evaluator *e, int64_t now_ms)
{
    return e->checked_ms == NCM_NO_TIME || now_ms < e->checked_ms ||
           now_ms - e->checked_ms >= e->monitor.every_ms;
}
