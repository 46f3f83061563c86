#include "ops/watch/store.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "io/file.h"
#include "ops/watch/summary_text.h"

char *ncm_monitor_key(const struct ncm_monitor *m)
{
    return ncm_sprintf("%s/%s", m->model, m->name);
}

static enum ncm_drift_state state_of(struct ncm_str word)
{
    for (int s = NCM_DRIFT_GAP; s <= NCM_DRIFT_CRITICAL; s++) {
        if (ncm_str_is(word, ncm_drift_state_word((enum ncm_drift_state)s))) {
            return (enum ncm_drift_state)s;
        }
    }
    return NCM_DRIFT_GAP;
}

static bool put_figure(struct ncm_db *db, const struct ncm_watched *w, const char *key, size_t i,
                       const struct ncm_watched_feature *f, struct ncm_err *err)
{
    struct ncm_stmt *st;
    const struct ncm_figure *g = &f->figures[i];
    if (!ncm_db_prepare(db,
                        "INSERT OR IGNORE INTO drift_figures(monitor,recipe,feature,end_ms,value,"
                        "p_value,n,state,summary) VALUES(?,?,?,?,?,?,?,?,?)",
                        &st, err)) {
        return false;
    }
    char *text = g->summary != NULL ? ncm_summary_text(g->summary) : NULL;
    ncm_bind_cstr(st, 1, key);
    ncm_bind_cstr(st, 2, w->recipe);
    ncm_bind_cstr(st, 3, f->name);
    ncm_bind_i64(st, 4, w->windows[i].end_ms);
    ncm_bind_double(st, 5, g->value);
    ncm_bind_double(st, 6, g->p_value);
    ncm_bind_i64(st, 7, g->n);
    ncm_bind_cstr(st, 8, ncm_drift_state_word(g->state));
    ncm_bind_cstr(st, 9, text);
    ncm_free(text);
    return ncm_stmt_run(st, err);
}

bool ncm_watch_put_window(struct ncm_db *db, const struct ncm_watched *w, size_t i, bool *fresh,
                          struct ncm_err *err)
{
    struct ncm_stmt *st;
    size_t feature;
    if (!ncm_db_prepare(db,
                        "INSERT OR IGNORE INTO drift_windows(monitor,recipe,end_ms,start_ms,n,"
                        "state) VALUES(?,?,?,?,?,?)",
                        &st, err)) {
        return false;
    }
    char *key = ncm_monitor_key(w->monitor);
    ncm_bind_cstr(st, 1, key);
    ncm_bind_cstr(st, 2, w->recipe);
    ncm_bind_i64(st, 3, w->windows[i].end_ms);
    ncm_bind_i64(st, 4, w->windows[i].start_ms);
    ncm_bind_i64(st, 5, w->windows[i].rows);
    ncm_bind_cstr(st, 6, ncm_drift_state_word(ncm_watched_worst(w, i, &feature)));
    bool ok = ncm_stmt_run(st, err);
    *fresh = ok && ncm_db_changes(db) > 0;
    for (size_t k = 0; ok && *fresh && k < w->n_features; k++) {
        ok = !w->features[k].figures[i].known ||
             put_figure(db, w, key, i, &w->features[k], err);
    }
    ncm_free(key);
    return ok;
}

static bool load_windows(struct ncm_db *db, struct ncm_watched *w, const char *key,
                         struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_prepare(db,
                        "SELECT start_ms,end_ms,n FROM drift_windows WHERE monitor=? AND recipe=?"
                        " ORDER BY end_ms DESC LIMIT ?",
                        &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, key);
    ncm_bind_cstr(st, 2, w->recipe);
    ncm_bind_i64(st, 3, NCM_WINDOWS_KEPT);
    bool row = true, ok = true;
    while ((ok = ncm_stmt_step(st, &row, err)) && row) {
        size_t i = ncm_watched_window(w, ncm_col_i64(st, 0), ncm_col_i64(st, 1));
        if (i != SIZE_MAX) {
            w->windows[i].rows = ncm_col_i64(st, 2);
            w->windows[i].open = false;
        }
    }
    ncm_stmt_end(st);
    return ok;
}

static void take_figure(struct ncm_stmt *st, struct ncm_watched *w)
{
    size_t i = ncm_watched_find(w, ncm_col_i64(st, 1));
    if (i == SIZE_MAX) {
        return;
    }
    struct ncm_str text = ncm_col_text(st, 6);
    enum ncm_column_type type = NCM_COLUMN_NUMBER;
    struct ncm_summary *summary =
        text.p != NULL ? ncm_summary_of_text(text.p, text.len, &type) : NULL;
    size_t k = ncm_watched_feature(w, ncm_cstr(ncm_col_text(st, 0)), type);
    struct ncm_figure *g = &w->features[k].figures[i];
    if (g->known) {
        ncm_summary_free(summary);
        return;
    }
    *g = (struct ncm_figure){
        .value = ncm_col_number(st, 2),
        .p_value = ncm_col_number(st, 3),
        .n = ncm_col_i64(st, 4),
        .state = state_of(ncm_col_text(st, 5)),
        .known = true,
        .summary = summary,
    };
}

bool ncm_watch_load(struct ncm_db *db, struct ncm_watched *w, struct ncm_err *err)
{
    struct ncm_stmt *st;
    char *key = ncm_monitor_key(w->monitor);
    bool ok = load_windows(db, w, key, err) &&
              ncm_db_prepare(db,
                             "SELECT feature,end_ms,value,p_value,n,state,summary"
                             " FROM drift_figures WHERE monitor=? AND recipe=? AND end_ms>=?",
                             &st, err);
    if (!ok) {
        ncm_free(key);
        return false;
    }
    ncm_bind_cstr(st, 1, key);
    ncm_bind_cstr(st, 2, w->recipe);
    ncm_bind_i64(st, 3, w->n_windows > 0 ? w->windows[0].end_ms : INT64_MAX);
    ncm_free(key);
    bool row = true;
    while ((ok = ncm_stmt_step(st, &row, err)) && row) {
        take_figure(st, w);
    }
    ncm_stmt_end(st);
    return ok;
}

bool ncm_watch_forget(struct ncm_db *db, int64_t before_ms, struct ncm_err *err)
{
    static const char *const statements[] = {"DELETE FROM drift_figures WHERE end_ms<?",
                                             "DELETE FROM drift_windows WHERE end_ms<?"};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        struct ncm_stmt *st;
        if (!ncm_db_prepare(db, statements[i], &st, err)) {
            return false;
        }
        ncm_bind_i64(st, 1, before_ms);
        if (!ncm_stmt_run(st, err)) {
            return false;
        }
    }
    return true;
}

bool ncm_watch_put_monitor(struct ncm_db *db, const struct ncm_watched *w, const char *position,
                           const char *run_id, int64_t now_ms, struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_prepare(db,
                        "INSERT INTO monitors(monitor,recipe,position,run_id,checked_ms,error)"
                        " VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(monitor) DO UPDATE SET"
                        " position=CASE WHEN ?3 IS NOT NULL THEN ?3"
                        "  WHEN recipe=?2 THEN position END, recipe=?2,"
                        " run_id=coalesce(?4,run_id), checked_ms=?5, error=?6",
                        &st, err)) {
        return false;
    }
    char *key = ncm_monitor_key(w->monitor);
    ncm_bind_cstr(st, 1, key);
    ncm_bind_cstr(st, 2, w->recipe);
    ncm_bind_cstr(st, 3, position);
    ncm_bind_cstr(st, 4, run_id);
    ncm_bind_i64(st, 5, now_ms);
    ncm_bind_cstr(st, 6, w->error.code != NCM_OK ? w->error.what : NULL);
    ncm_free(key);
    return ncm_stmt_run(st, err);
}

bool ncm_watch_get_monitor(struct ncm_db *db, const struct ncm_watched *w,
                           struct ncm_monitor_row *out, struct ncm_err *err)
{
    struct ncm_stmt *st;
    *out = (struct ncm_monitor_row){.checked_ms = NCM_NO_TIME};
    if (!ncm_db_prepare(db,
                        "SELECT CASE WHEN recipe=?2 THEN position END, run_id, checked_ms"
                        " FROM monitors WHERE monitor=?1",
                        &st, err)) {
        return false;
    }
    char *key = ncm_monitor_key(w->monitor);
    ncm_bind_cstr(st, 1, key);
    ncm_bind_cstr(st, 2, w->recipe);
    ncm_free(key);
    bool row;
    bool ok = ncm_stmt_step(st, &row, err);
    if (ok && row) {
        struct ncm_str position = ncm_col_text(st, 0), run_id = ncm_col_text(st, 1);
        out->position = position.p != NULL ? ncm_strndup(position.p, position.len) : NULL;
        out->run_id = run_id.p != NULL ? ncm_strndup(run_id.p, run_id.len) : NULL;
        out->checked_ms = ncm_col_null(st, 2) ? NCM_NO_TIME : ncm_col_i64(st, 2);
    }
    ncm_stmt_end(st);
    return ok;
}

void ncm_monitor_row_release(struct ncm_monitor_row *r)
{
    ncm_free(r->position);
    ncm_free(r->run_id);
    *r = (struct ncm_monitor_row){.checked_ms = NCM_NO_TIME};
}
