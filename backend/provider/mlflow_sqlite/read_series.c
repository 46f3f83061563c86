/* Topic SERIES: one metric's history, thinned while it is read so that any length fits. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "provider/mlflow_sqlite/read.h"
#include "stats/thin.h"

#define FIRST_ROWS 10000
/* Samples waiting to be put in order: those of one step where the index gives steps in order, all
 * of them where it does not. */
struct reader {
    const struct ncm_query *q;
    struct ncm_thin thin;
    bool by_step;
    struct ncm_sample *held;
    size_t n_held, cap_held;
    int64_t step, rowid; /* of the last row read */
    int64_t rows;
};

static void let_go(struct reader *r)
{
    if (r->n_held > 1)
        qsort(r->held, r->n_held, sizeof(*r->held), ncm_sample_order);
    for (size_t i = 0; i < r->n_held; i++)
        ncm_thin_push(&r->thin, &r->held[i]);
    r->n_held = 0;
}

/* Columns: step, timestamp, value, is_nan, rowid, whether it is the key asked for. */
static void take(struct reader *r, struct ncm_stmt *st)
{
    r->rowid = ncm_col_i64(st, 4);
    r->rows++;
    if (ncm_col_i64(st, 5) == 0)
        return;
    struct ncm_sample s = {.step = ncm_col_i64(st, 0), .time = sqlite_time(st, 1)};
    s.value = sqlite_metric_value(st, 2, 3).num;
    r->step = s.step;
    if (r->by_step && r->n_held > 0 && r->held[0].step != s.step)
        let_go(r);
    r->held = ncm_grow(r->held, r->n_held, &r->cap_held, sizeof(*r->held));
    r->held[r->n_held++] = s;
}

static const char same_step[] =
    "SELECT step, timestamp, value, is_nan, rowid, 1 FROM metrics"
    " INDEXED BY index_metrics_run_uuid_key_step"
    " WHERE run_uuid=?1 AND key=?2 AND step=?3 AND rowid>?4 ORDER BY rowid LIMIT ?5";
static const char next_steps[] =
    "SELECT step, timestamp, value, is_nan, rowid, 1 FROM metrics"
    " INDEXED BY index_metrics_run_uuid_key_step"
    " WHERE run_uuid=?1 AND key=?2 AND step>?3 AND ?4 IS NOT NULL ORDER BY step, rowid LIMIT ?5";
static const char all_rows[] =
    "SELECT step, timestamp, value, is_nan, rowid, key=?2 FROM metrics"
    " WHERE run_uuid=?1 AND ?3 IS NOT NULL AND rowid>?4 ORDER BY rowid LIMIT ?5";

/* One short statement; *full: there may be more. */
static bool part(struct ncm_conn *c, struct reader *r, const char *sql, int64_t *most, bool *full,
                 struct ncm_err *err)
{
    struct ncm_stmt *st;
    int64_t before = r->rows, began = ncm_mono_ms();
    if (!ncm_db_prepare(c->db, sql, &st, err))
        return false;
    ncm_bind_cstr(st, 1, r->q->id);
    ncm_bind_cstr(st, 2, r->q->key);
    ncm_bind_i64(st, 3, r->step);
    ncm_bind_i64(st, 4, r->rowid);
    ncm_bind_i64(st, 5, *most);
    bool row = false, ok;
    while ((ok = ncm_stmt_step(st, &row, err)) && row)
        take(r, st);
    ncm_stmt_end(st);
    *full = r->rows - before == *most;
    int64_t took = ncm_mono_ms() - began;
    if (took > SQLITE_READ_MS && *most > 500)
        *most /= 2;
    else if (took < SQLITE_READ_MS / 2 && *most < 1000000)
        *most *= 2;
    return ok;
}

static bool read_all(struct ncm_conn *c, struct ncm_fetch *f, struct reader *r, struct ncm_err *err)
{
    int64_t most = FIRST_ROWS;
    bool full = true;
    const char *sql = r->by_step ? next_steps : all_rows;
    r->step = r->rowid = INT64_MIN;
    while (full) {
        if (!sqlite_go_on(&f->control, err) || !part(c, r, sql, &most, &full, err))
            return false;
        if (f->progress != NULL && r->rows > FIRST_ROWS * 10)
            f->progress(f->to, r->rows, -1);
        if (!r->by_step)
            continue;
        /* Only part of the last step may have been read: its rest, then the next steps. */
        if (sql == next_steps && full) {
            sql = same_step;
        } else if (sql == same_step && !full) {
            sql = next_steps;
            full = true;
        }
    }
    let_go(r);
    return true;
}

bool read_series(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_series_snapshot *s = ncm_snapshot_new(NCM_T_SERIES, sizeof(*s));
    struct reader r = {.q = f->query};
    int64_t indexed = 0;
    s->run_id = ncm_arena_cstr(s->head.arena, f->query->id);
    s->key = ncm_arena_cstr(s->head.arena, f->query->key);
    r.thin.limit = f->query->limit > 0 ? (size_t)f->query->limit : 0;
    bool ok = ncm_db_i64(c->db,
                         "SELECT 1 FROM sqlite_master WHERE type='index' AND"
                         " name='index_metrics_run_uuid_key_step'",
                         0, &indexed, err);
    r.by_step = indexed != 0;
    ok = ok && read_all(c, f, &r, err);
    ncm_thin_finish(&r.thin, s);
    ncm_free(r.held);
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}
