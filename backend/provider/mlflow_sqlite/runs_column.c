/* One column of values for all runs, read in the cheaper of two ways: by the index on (key, run)
 * where few runs have the key, else in one sequential pass over the table. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "provider/mlflow_sqlite/runs.h"

/* A row found by the index costs about so many rows of a sequential pass. */
#define INDEX_COST 40
#define INDEX_FIRST 4000

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdULL;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53ULL;
    return x ^ (x >> 33);
}

struct runs_id runs_id_of(struct ncm_str id)
{
    struct runs_id out = { 0, 0 };
    size_t i = 0;
    if (id.len == 32)
        for (; i < 32; i++) {
            int d = hex(id.p[i]);
            if (d < 0)
                break;
            uint64_t *half = i < 16 ? &out.a : &out.b;
            *half = *half << 4 | (uint64_t)d;
        }
    if (i == 32)
        return out;
    out.a = 0x9e3779b97f4a7c15ULL ^ id.len;
    out.b = 0xc2b2ae3d27d4eb4fULL + id.len;
    for (i = 0; i < id.len; i++) {
        out.a = mix(out.a ^ (unsigned char)id.p[i]);
        out.b = mix(out.b + 0x100 + (unsigned char)id.p[i]);
    }
    return out;
}

static struct runs_hash_slot *slot_of(const struct runs_hash *h, struct runs_id id)
{
    size_t i = mix(id.a ^ id.b) & (h->cap - 1);
    while (h->slots[i].value != RUNS_EMPTY &&
           (h->slots[i].id.a != id.a || h->slots[i].id.b != id.b))
        i = (i + 1) & (h->cap - 1);
    return &h->slots[i];
}

static void hash_resize(struct runs_hash *h, size_t cap)
{
    struct runs_hash old = *h;
    h->cap = cap;
    h->slots = ncm_alloc(cap, sizeof(*h->slots));
    for (size_t i = 0; i < cap; i++)
        h->slots[i].value = RUNS_EMPTY;
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i].value != RUNS_EMPTY)
            *slot_of(h, old.slots[i].id) = old.slots[i];
    ncm_free(old.slots);
}

void runs_hash_put(struct runs_hash *h, struct runs_id id, uint64_t value)
{
    if (h->n * 4 >= h->cap * 3)
        hash_resize(h, h->cap == 0 ? 256 : h->cap * 2);
    struct runs_hash_slot *s = slot_of(h, id);
    h->n += s->value == RUNS_EMPTY;
    s->id = id;
    s->value = value;
}

bool runs_hash_get(const struct runs_hash *h, struct runs_id id, uint64_t *value)
{
    if (h->n == 0)
        return false;
    struct runs_hash_slot *s = slot_of(h, id);
    if (s->value == RUNS_EMPTY)
        return false;
    *value = s->value;
    return true;
}

void runs_hash_free(struct runs_hash *h)
{
    ncm_free(h->slots);
    *h = (struct runs_hash){ 0 };
}

uint64_t runs_word_of_double(double v)
{
    uint64_t u;
    if (v == 0) /* -0.0 equals 0.0 */
        v = 0;
    memcpy(&u, &v, sizeof(u));
    return u >> 63 ? ~u : u | 1ULL << 63;
}

uint64_t runs_word_of_int(int64_t v)
{
    return v == NCM_NO_TIME ? RUNS_MISSING : (uint64_t)v ^ 1ULL << 63;
}

uint64_t runs_word_down(uint64_t w)
{
    return w == RUNS_MISSING || w == RUNS_NAN ? w : ~w;
}

size_t runs_texts_add(struct runs_texts *t, struct ncm_str s)
{
    if (t->arena == NULL)
        t->arena = ncm_arena_new();
    t->items = ncm_grow(t->items, t->n, &t->cap, sizeof(*t->items));
    t->items[t->n] = ncm_arena_str(t->arena, s.p, s.len);
    return t->n++;
}

static int text_order(struct ncm_str x, struct ncm_str y)
{
    size_t n = x.len < y.len ? x.len : y.len;
    int d = n == 0 ? 0 : memcmp(x.p, y.p, n);
    return d != 0 ? d : (x.len > y.len) - (x.len < y.len);
}

struct numbered {
    struct ncm_str s;
    size_t i;
};

static int by_text(const void *x, const void *y)
{
    return text_order(((const struct numbered *)x)->s, ((const struct numbered *)y)->s);
}

void runs_texts_rank(struct runs_texts *t)
{
    if (t->n == 0)
        return;
    struct numbered *v = ncm_alloc(t->n, sizeof(*v));
    for (size_t i = 0; i < t->n; i++)
        v[i] = (struct numbered){ t->items[i], i };
    qsort(v, t->n, sizeof(*v), by_text);
    t->rank = ncm_alloc(t->n, sizeof(*t->rank));
    uint64_t rank = 16; /* so that the inverted ones stay clear of RUNS_NAN and RUNS_MISSING */
    for (size_t i = 0; i < t->n; i++) {
        if (i > 0 && text_order(v[i - 1].s, v[i].s) != 0)
            rank++;
        t->rank[v[i].i] = rank;
    }
    ncm_free(v);
}

void runs_texts_free(struct runs_texts *t)
{
    ncm_arena_free(t->arena);
    ncm_free(t->items);
    ncm_free(t->rank);
    *t = (struct runs_texts){ 0 };
}

void runs_column_free(struct runs_column *col)
{
    runs_hash_free(&col->hash);
    runs_texts_free(&col->texts);
}

struct load {
    struct runs_column *col;
    struct runs_binds binds;
    struct ncm_str last; /* of the index plan: the last run seen, owned */
    int64_t rows;
};

static void bind_load(void *to, struct ncm_stmt *st)
{
    struct load *l = to;
    if (l->col->entity != NCM_ENT_DATASET)
        ncm_bind_text(st, 3, l->col->key.p, l->col->key.len);
    runs_bind_all(&l->binds, 4, st);
}

/* Columns: run, whether it counts, value, is_nan. */
static bool take(void *to, struct ncm_stmt *st, struct ncm_err *err)
{
    struct load *l = to;
    struct runs_column *col = l->col;
    (void)err;
    l->rows++;
    if (ncm_col_i64(st, 1) == 0)
        return true;
    struct runs_id id = runs_id_of(ncm_col_text(st, 0));
    if (col->kind == RUNS_SET) {
        runs_hash_put(&col->hash, id, 1);
    } else if (ncm_col_null(st, 2)) {
        return true;
    } else if (col->kind == RUNS_TEXT) {
        runs_hash_put(&col->hash, id, runs_texts_add(&col->texts, ncm_col_text(st, 2)));
    } else {
        runs_hash_put(&col->hash, id, ncm_col_i64(st, 3) != 0
                                          ? RUNS_NAN
                                          : runs_word_of_double(ncm_col_double(st, 2)));
    }
    return true;
}

static const char *const sql_ops[] = { "=", "!=", ">", ">=", "<", "<=" };

/* The condition of a RUNS_SET on its value; "1" where every row counts. */
static void condition(struct ncm_buf *sql, struct load *l)
{
    const struct ncm_clause *cl = l->col->clause;
    if (cl == NULL || cl->op == NCM_OP_IS_NULL || cl->op == NCM_OP_IS_NOT_NULL) {
        ncm_buf_puts(sql, "1");
    } else if (cl->entity == NCM_ENT_METRIC) {
        struct runs_bind v = { .kind = RUNS_BIND_DOUBLE, .d = cl->number };
        int n = runs_bind_add(&l->binds, 4, v);
        ncm_buf_printf(sql, "(value %s ?%d %s)", sql_ops[cl->op], n,
                       cl->op == NCM_OP_NE ? "OR is_nan=1" : "AND is_nan=0");
    } else if (cl->entity == NCM_ENT_DATASET) {
        const char *column = ncm_str_is(cl->key, "name")     ? "d.name"
                             : ncm_str_is(cl->key, "digest") ? "d.digest"
                                                             : "t.value";
        runs_text_sql(sql, column, cl, &l->binds, 4);
    } else {
        runs_text_sql(sql, "value", cl, &l->binds, 4);
    }
}

static const char *table_of(const struct runs_column *col)
{
    switch (col->entity) {
    case NCM_ENT_METRIC:
        return "latest_metrics";
    case NCM_ENT_PARAM:
        return "params";
    case NCM_ENT_DATASET:
        return "inputs";
    default:
        return "tags";
    }
}

static bool scan_all(struct ncm_conn *c, struct ncm_fetch *f, struct load *l, const char *sql,
                     struct ncm_err *err)
{
    struct sqlite_scan s = { .table = table_of(l->col), .sql = sql, .bind = bind_load, .row = take,
                             .to = l, .tell = true };
    return sqlite_scan(c, f, &s, err);
}

/* One stretch of the (key, run) index; *n rows were there. */
static bool index_part(struct ncm_conn *c, struct load *l, const char *sql, int64_t most,
                       int64_t *n, struct ncm_err *err)
{
    struct ncm_stmt *st;
    int64_t before = l->rows;
    if (!ncm_db_prepare(c->db, sql, &st, err))
        return false;
    bind_load(l, st);
    ncm_bind_text(st, 1, l->last.p == NULL ? "" : l->last.p, l->last.len);
    ncm_bind_i64(st, 2, most);
    bool row = false, ok;
    while ((ok = ncm_stmt_step(st, &row, err)) && row) {
        take(l, st, err);
        if (l->rows - before == most) {
            struct ncm_str run = ncm_col_text(st, 0);
            char *copy = ncm_strndup(run.p, run.len);
            ncm_free((char *)l->last.p);
            l->last = (struct ncm_str){ copy, run.len };
        }
    }
    ncm_stmt_end(st);
    *n = l->rows - before;
    return ok;
}

/* *done false: too many runs have the key, the sequential pass is cheaper. */
static bool by_index(struct ncm_conn *c, struct ncm_fetch *f, struct load *l, const char *sql,
                     int64_t budget, bool *done, struct ncm_err *err)
{
    int64_t most = INDEX_FIRST, n;
    *done = false;
    while (l->rows <= budget) {
        int64_t began = ncm_mono_ms();
        if (!sqlite_go_on(&f->control, err) || !index_part(c, l, sql, most, &n, err))
            return false;
        if (n < most) {
            *done = true;
            return true;
        }
        int64_t took = ncm_mono_ms() - began;
        if (took > SQLITE_READ_MS && most > 250)
            most /= 2;
        else if (took < SQLITE_READ_MS / 2)
            most *= 2;
    }
    return true;
}

static bool load_dataset(struct ncm_conn *c, struct ncm_fetch *f, struct load *l,
                         struct ncm_err *err)
{
    struct ncm_buf sql;
    if (!c->schema.has_inputs)
        return true;
    ncm_buf_init(&sql, 1 << 20);
    ncm_buf_puts(&sql, "SELECT i.destination_id, ");
    condition(&sql, l);
    ncm_buf_puts(&sql, ", NULL, 0 FROM inputs i CROSS JOIN datasets d ON d.dataset_uuid=i.source_id");
    if (ncm_str_is(l->col->clause->key, "context"))
        ncm_buf_puts(&sql, " CROSS JOIN input_tags t ON t.input_uuid=i.input_uuid"
                           " AND t.name='mlflow.data.context'");
    ncm_buf_puts(&sql, " WHERE i.rowid>?1 AND i.rowid<=?2");
    bool ok = scan_all(c, f, l, sql.p, err);
    ncm_buf_release(&sql);
    return ok;
}

static bool load_keyed(struct ncm_conn *c, struct ncm_fetch *f, struct load *l, struct ncm_err *err)
{
    const char *table = table_of(l->col);
    const char *nan = l->col->entity == NCM_ENT_METRIC ? "is_nan" : "0";
    const char *value = l->col->kind == RUNS_SET ? "NULL" : "value";
    struct ncm_buf cond;
    int64_t last;
    bool done = false;
    ncm_buf_init(&cond, 1 << 20);
    condition(&cond, l);
    char *indexed = ncm_sprintf("SELECT run_uuid, %s, %s, %s FROM %s WHERE key=?3 AND run_uuid>?1"
                                " ORDER BY run_uuid LIMIT ?2", cond.p, value, nan, table);
    char *scanned = ncm_sprintf("SELECT run_uuid, %s, %s, %s FROM %s NOT INDEXED WHERE rowid>?1"
                                " AND rowid<=?2 AND key=?3", cond.p, value, nan, table);
    bool ok = sqlite_last_rowid(c, table, &last, err) &&
              by_index(c, f, l, indexed, last / INDEX_COST + INDEX_FIRST, &done, err);
    if (ok && !done) {
        runs_column_free(l->col);
        ok = scan_all(c, f, l, scanned, err);
    }
    ncm_free(indexed);
    ncm_free(scanned);
    ncm_buf_release(&cond);
    return ok;
}

bool runs_column_load(struct ncm_conn *c, struct ncm_fetch *f, struct runs_column *col,
                      struct ncm_err *err)
{
    struct load l = { .col = col };
    bool ok = col->entity == NCM_ENT_DATASET ? load_dataset(c, f, &l, err)
                                             : load_keyed(c, f, &l, err);
    ncm_free(l.binds.items);
    ncm_free((char *)l.last.p);
    return ok;
}
