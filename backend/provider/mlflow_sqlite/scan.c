/* Reading whole tables without holding up their writers, and small helpers of all readers. */
#include "provider/mlflow_sqlite/read.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/num.h"

#define FIRST_STEP 2000
#define LEAST_STEP 250
#define MOST_STEP  1000000

bool sqlite_last_rowid(struct ncm_conn *c, const char *table, int64_t *out, struct ncm_err *err)
{
    char *sql = ncm_sprintf("SELECT max(rowid) FROM %s", table);
    bool ok = ncm_db_i64(c->db, sql, 0, out, err);
    ncm_free(sql);
    return ok;
}

/* Rowids may have gaps of any size: the next one that exists. */
static bool next_rowid(struct ncm_conn *c, const char *table, int64_t after, int64_t *out,
                       bool *found, struct ncm_err *err)
{
    struct ncm_stmt *st;
    char *sql = ncm_sprintf("SELECT rowid FROM %s WHERE rowid > ?1 ORDER BY rowid LIMIT 1", table);
    bool ok = ncm_db_prepare(c->db, sql, &st, err);
    ncm_free(sql);
    if (!ok)
        return false;
    ncm_bind_i64(st, 1, after);
    ok = ncm_stmt_step(st, found, err);
    if (ok && *found)
        *out = ncm_col_i64(st, 0);
    ncm_stmt_end(st);
    return ok;
}

static bool scan_part(struct ncm_conn *c, const struct sqlite_scan *s, int64_t from, int64_t to,
                      struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_prepare(c->db, s->sql, &st, err))
        return false;
    if (s->bind != NULL)
        s->bind(s->to, st);
    ncm_bind_i64(st, 1, from);
    ncm_bind_i64(st, 2, to);
    bool row = false, ok;
    while ((ok = ncm_stmt_step(st, &row, err)) && row)
        if (!(ok = s->row(s->to, st, err)))
            break;
    ncm_stmt_end(st);
    if (!ok && err->code == NCM_INVALID_DATA)
        ncm_wrap(err, "%s", s->table); /* which part is damaged */
    return ok;
}

bool sqlite_scan(struct ncm_conn *c, struct ncm_fetch *f, const struct sqlite_scan *s,
                 struct ncm_err *err)
{
    int64_t last, at = INT64_MIN, step = FIRST_STEP;
    if (!sqlite_last_rowid(c, s->table, &last, err))
        return false;
    for (;;) {
        bool found;
        int64_t first = 0;
        if (!sqlite_go_on(&f->control, err) || !next_rowid(c, s->table, at, &first, &found, err))
            return false;
        if (!found)
            return true;
        int64_t to = first > INT64_MAX - step ? INT64_MAX : first + step - 1;
        int64_t began = ncm_mono_ms();
        if (!scan_part(c, s, first - 1, to, err))
            return false;
        int64_t took = ncm_mono_ms() - began;
        if (took < SQLITE_READ_MS / 2 && step < MOST_STEP)
            step *= 2;
        else if (took > SQLITE_READ_MS && step > LEAST_STEP)
            step /= 2;
        at = to;
        if (s->tell && f->progress != NULL && last > FIRST_STEP * 10)
            f->progress(f->to, at < last ? at : last, last);
        if (at == INT64_MAX)
            return true;
    }
}

struct ncm_value sqlite_metric_value(struct ncm_stmt *st, int value, int is_nan)
{
    struct ncm_value v = {.kind = NCM_V_NUMBER};
    if (ncm_col_i64(st, is_nan) != 0) {
        v.kind = NCM_V_NAN;
        v.num = NAN;
        return v;
    }
    if (ncm_col_null(st, value)) {
        v.kind = NCM_V_UNSET;
        return v;
    }
    v.num = ncm_col_double(st, value);
    if (v.num >= DBL_MAX)
        v.kind = NCM_V_PINF;
    else if (v.num <= -DBL_MAX)
        v.kind = NCM_V_NINF;
    return v;
}

int64_t sqlite_time(struct ncm_stmt *st, int i)
{
    return ncm_col_null(st, i) ? NCM_NO_TIME : ncm_col_i64(st, i);
}

const char *sqlite_workspace(const struct ncm_conn *c)
{
    return c->schema.has_workspace ? " AND workspace='default'" : "";
}
