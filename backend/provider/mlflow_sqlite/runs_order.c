/* Scanning table runs into rows of order words, and sorting them. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "provider/mlflow_sqlite/runs.h"

/* How long the search for first rows may take. */
#define NEWEST_MS   60
#define NEWEST_STEP 5000

static size_t at_start(const struct runs_rows *r)
{
    return r->n_terms;
}

static size_t at_handle(const struct runs_rows *r)
{
    return r->n_terms + 2;
}

static uint64_t *row_at(const struct runs_rows *r, size_t i)
{
    return r->words + i * r->stride;
}

int64_t runs_rows_handle(const struct runs_rows *r, size_t i, bool *running)
{
    uint64_t w = row_at(r, i)[at_handle(r)];
    *running = (w & 1) != 0;
    return (int64_t)w >> 1;
}

void runs_rows_free(struct runs_rows *r)
{
    ncm_free(r->words);
    *r = (struct runs_rows){0};
}

/* The first 8 bytes, so that smaller ids have smaller words; the rest is compared when equal. */
static uint64_t prefix_of(struct ncm_str id)
{
    uint64_t w = 0;
    for (size_t i = 0; i < 8; i++)
        w = w << 8 | (i < id.len ? (unsigned char)id.p[i] : 0);
    return w;
}

struct scan {
    struct runs_plan *plan;
    struct runs_rows *rows;
};

static void bind_scan(void *to, struct ncm_stmt *st)
{
    runs_bind_all(&((struct scan *)to)->plan->binds, 3, st);
}

static bool in_sets(struct runs_plan *p, struct runs_id id)
{
    uint64_t w;
    for (size_t i = 0; i < p->n_sets; i++)
        if (runs_hash_get(&p->columns[i].hash, id, &w) == p->columns[i].absent)
            return false;
    return true;
}

/* A text's word is its number in the list until it is ranked. */
static uint64_t term_word(struct runs_plan *p, struct runs_term *t, struct runs_id id,
                          struct ncm_stmt *st)
{
    uint64_t w;
    if (t->select < 0)
        return runs_hash_get(&p->columns[t->column].hash, id, &w) ? w : RUNS_MISSING;
    if (ncm_col_null(st, t->select))
        return RUNS_MISSING;
    if (!t->text)
        return runs_word_of_int(ncm_col_i64(st, t->select));
    return runs_texts_add(&t->texts, ncm_col_text(st, t->select));
}

/* Columns: rowid, run_uuid, start_time, running, then those of the orders. */
static bool take_row(void *to, struct ncm_stmt *st, struct ncm_err *err)
{
    struct scan *s = to;
    struct runs_rows *r = s->rows;
    struct ncm_str text = ncm_col_text(st, 1);
    struct runs_id id = {0, 0};
    (void)err;
    if (s->plan->n_columns > 0) {
        id = runs_id_of(text);
        if (!in_sets(s->plan, id))
            return true;
    }
    if (r->n == r->cap) {
        r->cap = r->cap == 0 ? 1024 : r->cap + r->cap / 2;
        r->words = ncm_resize(r->words, r->cap * r->stride, sizeof(*r->words));
    }
    uint64_t *w = row_at(r, r->n++);
    for (size_t i = 0; i < r->n_terms; i++) {
        struct runs_term *t = &s->plan->terms[i];
        w[i] = term_word(s->plan, t, id, st);
        if (t->descending && !t->text)
            w[i] = runs_word_down(w[i]);
    }
    text = ncm_col_text(st, 1); /* reading other columns may have moved it */
    size_t k = at_start(r);
    w[k] = runs_word_down(runs_word_of_int(sqlite_time(st, 2)));
    w[k + 1] = prefix_of(text);
    w[k + 2] = (uint64_t)ncm_col_i64(st, 0) << 1 | (ncm_col_i64(st, 3) != 0);
    if (r->stride > k + 3) {
        w[k + 3] = id.a;
        w[k + 4] = id.b;
    }
    return true;
}

static void rows_init(const struct runs_plan *p, struct runs_rows *r)
{
    bool parents = p->nested && p->columns[p->parent].hash.n > 0;
    *r = (struct runs_rows){.n_terms = p->n_terms, .stride = p->n_terms + 3 + (parents ? 2 : 0)};
}

bool runs_rows_scan(struct ncm_conn *c, struct ncm_fetch *f, struct runs_plan *p,
                    struct runs_rows *r, struct ncm_err *err)
{
    rows_init(p, r);
    for (size_t i = 0; i < p->n_columns; i++)
        if (!runs_column_load(c, f, &p->columns[i], err))
            return false;
    rows_init(p, r);
    struct scan to = {p, r};
    char *sql = ncm_sprintf("SELECT rowid, run_uuid, start_time, status='RUNNING'%s FROM runs"
                            " WHERE rowid>?1 AND rowid<=?2 AND %s",
                            p->select.p, p->where.p);
    struct sqlite_scan s = {
        .table = "runs", .sql = sql, .bind = bind_scan, .row = take_row, .to = &to, .tell = true};
    bool ok = sqlite_scan(c, f, &s, err);
    ncm_free(sql);
    return ok;
}

bool runs_rows_newest(struct ncm_conn *c, struct runs_plan *p, size_t most, struct runs_rows *r,
                      struct ncm_err *err)
{
    struct scan to = {p, r};
    int64_t last, end = ncm_mono_ms() + NEWEST_MS;
    struct ncm_stmt *st;
    bool ok = sqlite_last_rowid(c, "runs", &last, err);
    rows_init(p, r);
    char *sql = ncm_sprintf("SELECT rowid, run_uuid, start_time, status='RUNNING'%s FROM runs"
                            " WHERE rowid>?1 AND rowid<=?2 AND %s ORDER BY rowid DESC LIMIT %zu",
                            p->select.p, p->where.p, most);
    while (ok && last > 0 && r->n < most && ncm_mono_ms() < end) {
        bool row = false;
        if (!(ok = ncm_db_prepare(c->db, sql, &st, err)))
            break;
        bind_scan(&to, st);
        ncm_bind_i64(st, 1, last - NEWEST_STEP);
        ncm_bind_i64(st, 2, last);
        while ((ok = ncm_stmt_step(st, &row, err)) && row && r->n < most)
            take_row(&to, st, err);
        ncm_stmt_end(st);
        last -= NEWEST_STEP;
    }
    ncm_free(sql);
    return ok;
}

static int compare_rows(const void *x, const void *y, void *n_words)
{
    const uint64_t *a = x, *b = y;
    size_t n = *(const size_t *)n_words;
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

/* Texts get their ranks for words. */
static void rank_terms(struct runs_plan *p, struct runs_rows *r)
{
    for (size_t k = 0; k < p->n_terms; k++) {
        struct runs_term *t = &p->terms[k];
        if (!t->text)
            continue;
        struct runs_texts *texts = t->select >= 0 ? &t->texts : &p->columns[t->column].texts;
        runs_texts_rank(texts);
        for (size_t i = 0; i < r->n; i++) {
            uint64_t *w = &row_at(r, i)[k];
            if (*w != RUNS_MISSING)
                *w = t->descending ? ~texts->rank[*w] : texts->rank[*w];
        }
    }
}

static void reverse(struct runs_rows *r)
{
    for (size_t i = 0, j = r->n; i + 1 < j; i++) {
        j--;
        for (size_t k = 0; k < r->stride; k++) {
            uint64_t w = row_at(r, i)[k];
            row_at(r, i)[k] = row_at(r, j)[k];
            row_at(r, j)[k] = w;
        }
    }
}

/* 1 in order, -1 in reverse order, 0 neither. A live store's rows come oldest first. */
static int run_direction(const struct runs_rows *r, size_t n_words)
{
    bool up = true, down = true;
    for (size_t i = 1; i < r->n && (up || down); i++) {
        int d = compare_rows(row_at(r, i - 1), row_at(r, i), &n_words);
        up = up && d <= 0;
        down = down && d > 0;
    }
    return up ? 1 : down ? -1 : 0;
}

struct tied {
    char *id;
    size_t row;
};

static int by_id(const void *x, const void *y)
{
    return strcmp(((const struct tied *)x)->id, ((const struct tied *)y)->id);
}

static bool fetch_id(struct ncm_conn *c, int64_t rowid, char **id, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row;
    if (!ncm_db_prepare(c->db, "SELECT run_uuid FROM runs WHERE rowid=?1", &st, err))
        return false;
    ncm_bind_i64(st, 1, rowid);
    bool ok = ncm_stmt_step(st, &row, err);
    *id = ncm_strdup(ok && row ? ncm_cstr(ncm_col_text(st, 0)) : "");
    ncm_stmt_end(st);
    return ok;
}

/* Rows [from,to) have equal words: their whole ids decide. */
static bool settle(struct ncm_conn *c, struct runs_rows *r, size_t from, size_t to,
                   struct ncm_err *err)
{
    size_t n = to - from;
    bool ok = true, running;
    struct tied *tied = ncm_alloc(n, sizeof(*tied));
    for (size_t i = 0; ok && i < n; i++) {
        tied[i].row = i;
        ok = fetch_id(c, runs_rows_handle(r, from + i, &running), &tied[i].id, err);
    }
    if (ok) {
        uint64_t *copy = ncm_alloc(n * r->stride, sizeof(*copy));
        qsort(tied, n, sizeof(*tied), by_id);
        memcpy(copy, row_at(r, from), n * r->stride * sizeof(*copy));
        for (size_t i = 0; i < n; i++)
            memcpy(row_at(r, from + i), copy + tied[i].row * r->stride, r->stride * sizeof(*copy));
        ncm_free(copy);
    }
    for (size_t i = 0; i < n; i++)
        ncm_free(tied[i].id);
    ncm_free(tied);
    return ok;
}

bool runs_rows_sort(struct ncm_conn *c, struct runs_plan *p, struct runs_rows *r,
                    struct ncm_err *err)
{
    size_t n_words = r->n_terms + 2;
    rank_terms(p, r);
    int direction = run_direction(r, n_words);
    if (direction < 0)
        reverse(r);
    else if (direction == 0)
        qsort_r(r->words, r->n, r->stride * sizeof(*r->words), compare_rows, &n_words);
    for (size_t i = 0; i + 1 < r->n;) {
        size_t j = i + 1;
        while (j < r->n && compare_rows(row_at(r, i), row_at(r, j), &n_words) == 0)
            j++;
        if (j > i + 1 && !settle(c, r, i, j, err))
            return false;
        i = j;
    }
    return true;
}
