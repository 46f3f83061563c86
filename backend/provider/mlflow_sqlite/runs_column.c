/* One column of values for all runs, read in the cheaper of two ways: by the index on (key, run)
 * where few runs have the key, else in one sequential pass over the table. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "provider/mlflow_sqlite/runs.h"

/* A row found by the index costs about so many rows of a sequential pass. */
#define INDEX_COST  16
#define INDEX_FIRST 4000
/* Items after the last one found that are tried before the index. */
#define NEIGHBOURS 8

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
    uint64_t w[4];
    if (id.len == sizeof(w)) { /* nearly always: 32 hex digits */
        memcpy(w, id.p, sizeof(w));
        return (struct runs_id){mix(w[0] ^ mix(w[1])), mix(w[2] ^ mix(w[3]))};
    }
    struct runs_id out = {0x9e3779b97f4a7c15ULL ^ id.len, 0xc2b2ae3d27d4eb4fULL + id.len};
    for (size_t i = 0; i < id.len; i++) {
        out.a = mix(out.a ^ (unsigned char)id.p[i]);
        out.b = mix(out.b + 0x100 + (unsigned char)id.p[i]);
    }
    return out;
}

static bool same_id(struct runs_id x, struct runs_id y)
{
    return x.a == y.a && x.b == y.b;
}

/* The index's place for an id: its own, or the free one where it would be. */
static uint32_t *place_of(const struct runs_hash *h, struct runs_id id)
{
    size_t i = (id.a ^ id.b) & (h->index_cap - 1);
    while (h->index[i] != 0 && !same_id(h->items[h->index[i] - 1].id, id))
        i = (i + 1) & (h->index_cap - 1);
    return &h->index[i];
}

static void build_index(struct runs_hash *h)
{
    ncm_free(h->index);
    h->index_cap = 64;
    while (h->index_cap < h->n * 2)
        h->index_cap *= 2;
    h->index = ncm_alloc(h->index_cap, sizeof(*h->index));
    for (size_t i = 0; i < h->n && i < UINT32_MAX; i++)
        *place_of(h, h->items[i].id) = (uint32_t)i + 1; /* a later one replaces */
}

void runs_hash_put(struct runs_hash *h, struct runs_id id, uint64_t value)
{
    h->items = ncm_grow(h->items, h->n, &h->cap, sizeof(*h->items));
    h->items[h->n++] = (struct runs_entry){id, value};
}

bool runs_hash_get(struct runs_hash *h, struct runs_id id, uint64_t *value)
{
    size_t end = h->hint + NEIGHBOURS < h->n ? h->hint + NEIGHBOURS : h->n;
    for (size_t i = h->hint; i < end; i++)
        if (same_id(h->items[i].id, id)) {
            h->hint = i + 1;
            *value = h->items[i].value;
            return true;
        }
    if (h->n == 0)
        return false;
    if (h->index == NULL)
        build_index(h);
    uint32_t at = *place_of(h, id);
    if (at == 0)
        return false;
    h->hint = at;
    *value = h->items[at - 1].value;
    return true;
}

void runs_hash_free(struct runs_hash *h)
{
    ncm_free(h->items);
    ncm_free(h->index);
    *h = (struct runs_hash){0};
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
        v[i] = (struct numbered){t->items[i], i};
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
    *t = (struct runs_texts){0};
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
        runs_hash_put(&col->hash, id,
                      ncm_col_i64(st, 3) != 0 ? RUNS_NAN
                                              : runs_word_of_double(ncm_col_double(st, 2)));
    }
    return true;
}

static const char *const sql_ops[] = {"=", "!=", ">", ">=", "<", "<="};

/* The condition of a RUNS_SET on its value; "1" where every row counts. */
static void condition(struct ncm_buf *sql, struct load *l)
{
    const struct ncm_clause *cl = l->col->clause;
    if (cl == NULL || cl->op == NCM_OP_IS_NULL || cl->op == NCM_OP_IS_NOT_NULL) {
        ncm_buf_puts(sql, "1");
    } else if (cl->entity == NCM_ENT_METRIC) {
        struct runs_bind v = {.kind = RUNS_BIND_DOUBLE, .d = cl->number};
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
    struct sqlite_scan s = {.table = table_of(l->col),
                            .sql = sql,
                            .bind = bind_load,
                            .row = take,
                            .to = l,
                            .tell = true};
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
            l->last = (struct ncm_str){copy, run.len};
        }
    }
    ncm_stmt_end(st);
    *n = l->rows - before;
    return ok;
}

static bool by_index(struct ncm_conn *c, struct ncm_fetch *f, struct load *l, const char *sql,
                     struct ncm_err *err)
{
    int64_t most = INDEX_FIRST, n;
    for (;;) {
        int64_t began = ncm_mono_ms();
        if (!sqlite_go_on(&f->control, err) || !index_part(c, l, sql, most, &n, err))
            return false;
        if (n < most)
            return true;
        int64_t took = ncm_mono_ms() - began;
        if (took > SQLITE_READ_MS && most > 250)
            most /= 2;
        else if (took < SQLITE_READ_MS / 2)
            most *= 2;
    }
}

/* Whether at most `most` runs have the key; counts in the index alone. */
static bool is_rare(struct ncm_conn *c, const struct load *l, const char *table, int64_t most,
                    bool *rare, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row;
    char *sql = ncm_sprintf("SELECT count(*) FROM (SELECT 1 FROM %s WHERE key=?1 LIMIT ?2)", table);
    bool ok = ncm_db_prepare(c->db, sql, &st, err);
    ncm_free(sql);
    if (!ok)
        return false;
    ncm_bind_text(st, 1, l->col->key.p, l->col->key.len);
    ncm_bind_i64(st, 2, most + 1);
    ok = ncm_stmt_step(st, &row, err);
    *rare = ok && row && ncm_col_i64(st, 0) <= most;
    ncm_stmt_end(st);
    return ok;
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
    ncm_buf_puts(&sql, ", NULL, 0 FROM inputs i"
                       " CROSS JOIN datasets d ON d.dataset_uuid=i.source_id");
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
    bool rare;
    ncm_buf_init(&cond, 1 << 20);
    condition(&cond, l);
    char *indexed = ncm_sprintf("SELECT run_uuid, %s, %s, %s FROM %s WHERE key=?3 AND run_uuid>?1"
                                " ORDER BY run_uuid LIMIT ?2",
                                cond.p, value, nan, table);
    char *scanned = ncm_sprintf("SELECT run_uuid, %s, %s, %s FROM %s NOT INDEXED WHERE rowid>?1"
                                " AND rowid<=?2 AND key=?3",
                                cond.p, value, nan, table);
    bool ok = sqlite_last_rowid(c, table, &last, err) &&
              is_rare(c, l, table, last / INDEX_COST + INDEX_FIRST, &rare, err) &&
              (rare ? by_index(c, f, l, indexed, err) : scan_all(c, f, l, scanned, err));
    ncm_free(indexed);
    ncm_free(scanned);
    ncm_buf_release(&cond);
    return ok;
}

bool runs_column_load(struct ncm_conn *c, struct ncm_fetch *f, struct runs_column *col,
                      struct ncm_err *err)
{
    struct load l = {.col = col};
    bool ok =
        col->entity == NCM_ENT_DATASET ? load_dataset(c, f, &l, err) : load_keyed(c, f, &l, err);
    ncm_free(l.binds.items);
    ncm_free((char *)l.last.p);
    return ok;
}
