/* What a team leaves: in our state, and as metrics in the tracking store. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/num.h"
#include "ops/watch/alerts.h"
#include "ops/watch/store.h"
#include "ops/watch/team.h"
#include "ops/watch/tracking.h"

enum {
    LEASE_MS = 30000,   /* longer than a round of deliveries begun just before it is renewed */
    RENEW_MS = 9000,    /* each is a write to the disk */
    CHECKED_MS = 60000, /* how often it is noted that somebody looked */
    RECORD_MOST = 64,   /* windows written to the tracking store at once */
    RECORD_PATIENCE_MS = 10000,
    FIRST_PAUSE_MS = 2000, /* after the tracking store did not take them */
    LAST_PAUSE_MS = 5 * 60000,
};
#define LEASE_NAME "watch"
#define FORGET_MS  (INT64_C(90) * 86400000)
#define HOUR_MS    INT64_C(3600000)

static bool take_lease(struct ncm_team *t, int64_t now_ms, struct ncm_err *err)
{
    if (t->mine && now_ms >= t->renewed_ms && now_ms - t->renewed_ms < RENEW_MS) {
        return true;
    }
    char *other = NULL;
    bool ok =
        ncm_watch_lease(t->db, LEASE_NAME, t->holder, now_ms, LEASE_MS, &t->mine, &other, err);
    if (ok) {
        ncm_free(t->other);
        t->other = other;
        t->renewed_ms = now_ms;
    }
    return ok;
}

/* Complete windows that are not stored yet. */
static bool has_news(const struct ncm_evaluator *e)
{
    const struct ncm_watched *w = &e->watched;
    for (size_t i = w->n_windows; i > 0; i--) {
        if (e->stored_ms != NCM_NO_TIME && w->windows[i - 1].end_ms <= e->stored_ms) {
            return false;
        }
        if (!w->windows[i - 1].open) {
            return true;
        }
    }
    return false;
}

static bool put_windows(struct ncm_team *t, struct ncm_evaluator *e, size_t *stored,
                        int64_t *newest_ms, struct ncm_err *err)
{
    const struct ncm_watched *w = &e->watched;
    for (size_t i = 0; i < w->n_windows; i++) {
        bool fresh = false;
        int64_t end = w->windows[i].end_ms;
        if (w->windows[i].open || (e->stored_ms != NCM_NO_TIME && end <= e->stored_ms)) {
            continue;
        }
        if (!ncm_watch_put_window(t->db, w, i, &fresh, err)) {
            return false;
        }
        *stored += fresh;
        *newest_ms = end > *newest_ms ? end : *newest_ms;
    }
    return true;
}

/* One monitor, as a whole or not at all. A watcher that lost the lease meanwhile writes nothing. */
static bool store_one(struct ncm_team *t, struct ncm_evaluator *e, int64_t now_ms, size_t *stored,
                      struct ncm_err *err)
{
    int64_t newest = e->stored_ms;
    size_t fresh = 0;
    char *position = e->own != NULL && e->kind->position != NULL ? e->kind->position(e) : NULL;
    char *other = NULL;
    bool mine = false;
    bool ok = ncm_db_begin(t->db, err);
    if (ok) {
        ok = ncm_watch_lease(t->db, LEASE_NAME, t->holder, now_ms, LEASE_MS, &mine, &other, err);
        ok = ok && (!mine || (put_windows(t, e, &fresh, &newest, err) &&
                              ncm_watch_put_monitor(t->db, &e->watched, position, NULL, now_ms,
                                                    err) &&
                              ncm_alerts_judge(t->db, t->setup->env.plan, &e->watched,
                                               fresh > 0, now_ms, err)));
        ok = ok && ncm_db_commit(t->db, err);
        if (!ok) {
            ncm_db_rollback(t->db);
        }
    }
    if (ok && mine) {
        e->stored_ms = newest;
        *stored += fresh;
        t->renewed_ms = now_ms;
    }
    t->mine = ok ? mine : t->mine;
    ncm_free(other);
    ncm_free(position);
    return ok;
}

bool ncm_team_store(struct ncm_team *t, int64_t now_ms, size_t *stored, struct ncm_err *err)
{
    *stored = 0;
    if (t->db == NULL || !t->setup->may_store || !take_lease(t, now_ms, err)) {
        return t->db == NULL || !t->setup->may_store;
    }
    if (!t->mine) {
        return true;
    }
    bool note = t->stored_ms == 0 || now_ms - t->stored_ms >= CHECKED_MS;
    for (size_t i = 0; i < t->n; i++) {
        bool pending = t->items[i]->monitor.for_ms > 0; /* its time may be over without a window */
        if ((note || pending || has_news(t->items[i])) &&
            !store_one(t, t->items[i], now_ms, stored, err)) {
            return false;
        }
    }
    t->stored_ms = note ? now_ms : t->stored_ms;
    if (t->forgot_ms == 0 || now_ms - t->forgot_ms > HOUR_MS) {
        t->forgot_ms = now_ms;
        return ncm_watch_forget(t->db, now_ms - FORGET_MS, err);
    }
    return true;
}

void ncm_team_leave(struct ncm_team *t)
{
    struct ncm_err ignored;
    if (t->db != NULL && t->mine) {
        ncm_watch_release(t->db, LEASE_NAME, t->holder, &ignored);
        t->mine = false;
    }
}

/* Windows of a monitor that are in memory and not yet in the tracking store. */
static bool unrecorded(struct ncm_team *t, const struct ncm_watched *w, size_t *out, size_t *n,
                       struct ncm_err *err)
{
    struct ncm_stmt *st;
    *n = 0;
    if (!ncm_db_prepare(t->db,
                        "SELECT end_ms FROM drift_windows WHERE monitor=? AND recipe=? AND"
                        " recorded=0 ORDER BY end_ms DESC LIMIT ?",
                        &st, err)) {
        return false;
    }
    char *key = ncm_monitor_key(w->monitor);
    ncm_bind_cstr(st, 1, key);
    ncm_bind_cstr(st, 2, w->recipe);
    ncm_bind_i64(st, 3, RECORD_MOST);
    ncm_free(key);
    bool row = true, ok = true;
    while (*n < RECORD_MOST && (ok = ncm_stmt_step(st, &row, err)) && row) {
        size_t i = ncm_watched_find(w, ncm_col_i64(st, 0));
        if (i != SIZE_MAX) {
            out[(*n)++] = i;
        }
    }
    ncm_stmt_end(st);
    return ok;
}

static bool mark_recorded(struct ncm_team *t, const struct ncm_watched *w, const size_t *windows,
                          size_t n, const char *run_id, int64_t now_ms, struct ncm_err *err)
{
    char *key = ncm_monitor_key(w->monitor);
    bool ok = ncm_db_begin(t->db, err);
    for (size_t i = 0; ok && i < n; i++) {
        struct ncm_stmt *st;
        bool row;
        ok = ncm_db_prepare(t->db,
                            "UPDATE drift_windows SET recorded=1 WHERE monitor=? AND recipe=? AND"
                            " end_ms=?",
                            &st, err);
        if (ok) {
            ncm_bind_cstr(st, 1, key);
            ncm_bind_cstr(st, 2, w->recipe);
            ncm_bind_i64(st, 3, w->windows[windows[i]].end_ms);
            ok = ncm_stmt_step(st, &row, err);
            ncm_stmt_end(st);
        }
    }
    ok = ok && ncm_watch_put_monitor(t->db, w, NULL, run_id, now_ms, err) &&
         ncm_db_commit(t->db, err);
    if (!ok) {
        ncm_db_rollback(t->db);
    }
    ncm_free(key);
    return ok;
}

static bool record_one(struct ncm_team *t, struct ncm_evaluator *e,
                       const struct ncm_control *control, struct ncm_err *fault,
                       struct ncm_err *err)
{
    size_t windows[RECORD_MOST], n;
    char run_id[64] = "";
    struct ncm_monitor_row row;
    struct ncm_control own = *control;
    if (!unrecorded(t, &e->watched, windows, &n, err)) {
        return false;
    }
    if (n == 0) {
        return true;
    }
    if (!ncm_watch_get_monitor(t->db, &e->watched, &row, err)) {
        return false;
    }
    snprintf(run_id, sizeof run_id, "%s", row.run_id != NULL ? row.run_id : "");
    ncm_monitor_row_release(&row);
    own.deadline_mono_ms = ncm_mono_ms() + RECORD_PATIENCE_MS;
    if (!ncm_tracking_record(&t->setup->env, &e->watched, windows, n, &own, run_id, fault)) {
        ncm_log("results not in the tracking store: %s", fault->what);
        return true;
    }
    return mark_recorded(t, &e->watched, windows, n, run_id, ncm_now_ms(), err);
}

/* A tracking store that is away must not keep the watch from its work. */
static void note_fault(struct ncm_team *t, const struct ncm_err *fault)
{
    if (fault->code == NCM_OK) {
        t->record_failures = 0;
        return;
    }
    int64_t pause = FIRST_PAUSE_MS;
    for (int i = 0; i < t->record_failures && pause < LAST_PAUSE_MS; i++) {
        pause *= 2;
    }
    t->record_failures++;
    t->record_fault = *fault;
    t->record_retry_ms = ncm_mono_ms() + (pause < LAST_PAUSE_MS ? pause : LAST_PAUSE_MS);
}

bool ncm_team_record(struct ncm_team *t, const struct ncm_control *control, struct ncm_err *fault,
                     struct ncm_err *err)
{
    fault->code = NCM_OK;
    if (t->db == NULL || !t->mine || !t->setup->may_store || t->setup->env.tracking == NULL) {
        return true;
    }
    if (t->record_failures > 0 && ncm_mono_ms() < t->record_retry_ms) {
        *fault = t->record_fault;
        return true;
    }
    for (size_t i = 0; i < t->n && fault->code == NCM_OK; i++) {
        if (t->items[i]->monitor.record && !record_one(t, t->items[i], control, fault, err)) {
            return false;
        }
    }
    note_fault(t, fault);
    return true;
}
