/* Topic SERIES: one metric's history, thinned while it is read so that any length fits. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "provider/mlflow_sqlite/read.h"

#define FIRST_ROWS    10000
#define LEAST_BUCKETS 16

struct sample {
    int64_t step, time;
    double value; /* NaN where the store says so */
};

/* What stays of a stretch of samples: first, last, smallest, greatest and one NaN. */
enum { FIRST, LAST, LOW, HIGH, BLANK, N_KEPT };
struct bucket {
    struct sample kept[N_KEPT];
    int64_t at[N_KEPT]; /* running numbers; -1 none */
};

/* Keeps everything up to `limit` samples (0: for ever), then buckets of a growing width. */
struct thin {
    size_t limit;
    int64_t total;
    struct sample *raw;
    size_t n_raw, cap_raw;
    struct bucket *buckets;
    size_t n, most;
    int64_t width, in_last;
};

static void bucket_put(struct bucket *b, int slot, const struct sample *s, int64_t at)
{
    b->kept[slot] = *s;
    b->at[slot] = at;
}

static void bucket_add(struct bucket *b, const struct sample *s, int64_t at)
{
    if (b->at[FIRST] < 0)
        bucket_put(b, FIRST, s, at);
    if (at > b->at[LAST])
        bucket_put(b, LAST, s, at);
    if (isnan(s->value)) {
        if (b->at[BLANK] < 0)
            bucket_put(b, BLANK, s, at);
        return;
    }
    if (b->at[LOW] < 0 || s->value < b->kept[LOW].value)
        bucket_put(b, LOW, s, at);
    if (b->at[HIGH] < 0 || s->value > b->kept[HIGH].value)
        bucket_put(b, HIGH, s, at);
}

static void bucket_clear(struct bucket *b)
{
    for (int i = 0; i < N_KEPT; i++)
        b->at[i] = -1;
}

/* Two neighbours become one of double width, with nothing lost that it would have kept. */
static void merge_pairs(struct thin *t)
{
    for (size_t i = 0; i < t->n; i += 2) {
        struct bucket b = t->buckets[i];
        for (int k = 0; i + 1 < t->n && k < N_KEPT; k++)
            if (t->buckets[i + 1].at[k] >= 0)
                bucket_add(&b, &t->buckets[i + 1].kept[k], t->buckets[i + 1].at[k]);
        t->buckets[i / 2] = b;
    }
    t->n = (t->n + 1) / 2;
    t->width *= 2;
    t->in_last = t->width;
}

static void bucket_push(struct thin *t, const struct sample *s, int64_t at)
{
    if (t->n == 0 || t->in_last == t->width) {
        if (t->n == t->most)
            merge_pairs(t);
        bucket_clear(&t->buckets[t->n++]);
        t->in_last = 0;
    }
    bucket_add(&t->buckets[t->n - 1], s, at);
    t->in_last++;
}

static void push(struct thin *t, const struct sample *s)
{
    if (t->limit == 0 || t->n_raw < t->limit) {
        t->raw = ncm_grow(t->raw, t->n_raw, &t->cap_raw, sizeof(*t->raw));
        t->raw[t->n_raw++] = *s;
        t->total++;
        return;
    }
    if (t->buckets == NULL) {
        t->most = t->limit / N_KEPT & ~(size_t)1; /* even: merged in pairs */
        if (t->most < LEAST_BUCKETS)
            t->most = LEAST_BUCKETS;
        t->buckets = ncm_alloc(t->most, sizeof(*t->buckets));
        t->width = 1;
        for (size_t i = 0; i < t->n_raw; i++)
            bucket_push(t, &t->raw[i], (int64_t)i);
    }
    bucket_push(t, s, t->total++);
}

static struct ncm_point point_of(const struct sample *s)
{
    struct ncm_point p = {.step = s->step, .timestamp_ms = s->time};
    p.value.num = s->value;
    p.value.kind = isnan(s->value)        ? NCM_V_NAN
                   : s->value >= DBL_MAX  ? NCM_V_PINF
                   : s->value <= -DBL_MAX ? NCM_V_NINF
                                          : NCM_V_NUMBER;
    return p;
}

static void emit_bucket(const struct bucket *b, struct ncm_series_snapshot *s)
{
    int64_t last = -1;
    for (;;) {
        int best = -1;
        for (int k = 0; k < N_KEPT; k++)
            if (b->at[k] > last && (best < 0 || b->at[k] < b->at[best]))
                best = k;
        if (best < 0)
            return;
        last = b->at[best];
        s->points[s->n++] = point_of(&b->kept[best]);
    }
}

static void finish(struct thin *t, struct ncm_series_snapshot *s)
{
    size_t most = t->buckets != NULL ? t->n * N_KEPT : t->n_raw;
    s->points = ncm_arena_alloc(s->head.arena, most + 1, sizeof(*s->points));
    if (t->buckets == NULL)
        for (size_t i = 0; i < t->n_raw; i++)
            s->points[s->n++] = point_of(&t->raw[i]);
    else
        for (size_t i = 0; i < t->n; i++)
            emit_bucket(&t->buckets[i], s);
    s->total = t->total;
    ncm_free(t->raw);
    ncm_free(t->buckets);
}

/* Samples waiting to be put in order: those of one step where the index gives steps in order, all
 * of them where it does not. */
struct reader {
    const struct ncm_query *q;
    struct thin thin;
    bool by_step;
    struct sample *held;
    size_t n_held, cap_held;
    int64_t step, rowid; /* of the last row read */
    int64_t rows;
};

static int by_place(const void *x, const void *y)
{
    const struct sample *a = x, *b = y;
    if (a->step != b->step)
        return a->step < b->step ? -1 : 1;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    double u = isnan(a->value) ? 0 : a->value, v = isnan(b->value) ? 0 : b->value;
    return (u > v) - (u < v);
}

static void let_go(struct reader *r)
{
    if (r->n_held > 1)
        qsort(r->held, r->n_held, sizeof(*r->held), by_place);
    for (size_t i = 0; i < r->n_held; i++)
        push(&r->thin, &r->held[i]);
    r->n_held = 0;
}

/* Columns: step, timestamp, value, is_nan, rowid, whether it is the key asked for. */
static void take(struct reader *r, struct ncm_stmt *st)
{
    r->rowid = ncm_col_i64(st, 4);
    r->rows++;
    if (ncm_col_i64(st, 5) == 0)
        return;
    struct sample s = {.step = ncm_col_i64(st, 0), .time = sqlite_time(st, 1)};
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
    finish(&r.thin, s);
    ncm_free(r.held);
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}
