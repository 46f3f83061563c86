/* The rows of a table in an SQLite file. Short statements by rowid, so that who writes is never
 * kept waiting and reading can go on where it stood. */
#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/db.h"
#include "provider/prediction_log/source.h"

#define BATCH_ROWS  1000
#define BATCH_BYTES ((size_t)4 << 20) /* of values, after which a batch ends early */
#define MOST_BYTES  ((size_t)512 << 20)
#define BUSY_MS     5000

struct log_table {
    struct ncm_db *db;
    char *file, *name;
    char **columns;
    size_t n_columns, columns_cap;
    char *sql;
    struct ncm_buf bytes;
    struct ncm_field *fields; /* p is set when the batch is whole: the bytes move while it grows */
    int64_t lines[BATCH_ROWS];
    int64_t rows, last; /* last: rowid */
    bool follow;
};

static void put_name(struct ncm_buf *b, const char *name)
{
    ncm_buf_putc(b, '"');
    for (; *name; name++) {
        if (*name == '"') {
            ncm_buf_putc(b, '"');
        }
        ncm_buf_putc(b, *name);
    }
    ncm_buf_putc(b, '"');
}

static bool only_table(struct log_table *t, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row = false;
    size_t n = 0;
    if (!ncm_db_prepare(t->db,
                        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
                        "'sqlite\\_%' ESCAPE '\\' ORDER BY name LIMIT 2",
                        &st, err)) {
        return false;
    }
    bool is_read;
    while ((is_read = ncm_stmt_step(st, &row, err)) && row) {
        if (n++ == 0) {
            t->name = ncm_strdup(ncm_cstr(ncm_col_text(st, 0)));
        }
    }
    ncm_stmt_end(st);
    if (is_read && n != 1) {
        ncm_fail(err, n ? NCM_USAGE : NCM_NOT_FOUND,
                 n ? _("%s holds several tables: say which one has the predictions")
                   : _("%s holds no table"),
                 t->file);
    }
    return is_read && n == 1;
}

static bool read_columns(struct log_table *t, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row = false;
    if (!ncm_db_prepare(t->db, "SELECT name FROM pragma_table_info(?1) ORDER BY cid", &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, t->name);
    bool is_read;
    while ((is_read = ncm_stmt_step(st, &row, err)) && row) {
        t->columns = ncm_grow(t->columns, t->n_columns, &t->columns_cap, sizeof *t->columns);
        t->columns[t->n_columns++] = ncm_strdup(ncm_cstr(ncm_col_text(st, 0)));
    }
    ncm_stmt_end(st);
    if (is_read && t->n_columns == 0) {
        return ncm_fail(err, NCM_NOT_FOUND, _("%s has no table \"%s\""), t->file, t->name);
    }
    return is_read;
}

static void make_sql(struct log_table *t)
{
    struct ncm_buf sql;
    ncm_buf_init(&sql, MOST_BYTES);
    ncm_buf_puts(&sql, "SELECT _rowid_");
    for (size_t i = 0; i < t->n_columns; i++) {
        ncm_buf_puts(&sql, ", typeof(");
        put_name(&sql, t->columns[i]);
        ncm_buf_puts(&sql, "), ");
        put_name(&sql, t->columns[i]);
    }
    ncm_buf_puts(&sql, " FROM ");
    put_name(&sql, t->name);
    ncm_buf_printf(&sql, " WHERE _rowid_ > ?1 ORDER BY _rowid_ LIMIT %d", BATCH_ROWS);
    t->sql = ncm_buf_take(&sql);
    ncm_buf_release(&sql);
}

static bool go_to_end(struct log_table *t, struct ncm_err *err)
{
    struct ncm_buf sql;
    ncm_buf_init(&sql, MOST_BYTES);
    ncm_buf_puts(&sql, "SELECT max(_rowid_) FROM ");
    put_name(&sql, t->name);
    bool is_read = ncm_db_i64(t->db, sql.p, INT64_MIN, &t->last, err);
    ncm_buf_release(&sql);
    return is_read;
}

bool ncm_log_table_open(const char *path, const char *table, bool follow, bool from_end,
                        const atomic_bool *cancel, struct log_table **out, struct ncm_err *err)
{
    struct log_table *t = ncm_alloc(1, sizeof *t);
    ncm_buf_init(&t->bytes, MOST_BYTES);
    t->file = ncm_strdup(path);
    t->name = ncm_strdup(table);
    t->follow = follow;
    t->last = INT64_MIN;
    if (!ncm_db_open(path, NCM_DB_READ, BUSY_MS, cancel, &t->db, err) ||
        (!table && !only_table(t, err)) || !read_columns(t, err) ||
        (follow && from_end && !go_to_end(t, err))) {
        ncm_log_table_close(t);
        return false;
    }
    make_sql(t);
    t->fields = ncm_alloc(BATCH_ROWS * t->n_columns, sizeof *t->fields);
    *out = t;
    return true;
}

void ncm_log_table_close(struct log_table *t)
{
    if (!t) {
        return;
    }
    if (t->db) {
        ncm_db_close(t->db);
    }
    for (size_t i = 0; i < t->n_columns; i++) {
        ncm_free(t->columns[i]);
    }
    ncm_free(t->columns);
    ncm_free(t->file);
    ncm_free(t->name);
    ncm_free(t->sql);
    ncm_free(t->fields);
    ncm_buf_release(&t->bytes);
    ncm_free(t);
}

/* One value behind the others' bytes. Its kind is SQLite's own; of numbers that are not whole the
 * exact text, which SQLite itself would round. */
static void put_value(struct log_table *t, struct ncm_stmt *st, int column, struct ncm_field *f)
{
    char number[40];
    struct ncm_str type = ncm_col_text(st, column);
    char kind = type.len ? type.p[0] : 'n';
    size_t before = t->bytes.len;
    *f = (struct ncm_field){.kind = NCM_FIELD_ABSENT};
    if (kind == 'n') {
        return;
    }
    if (kind == 'r') {
        ncm_buf_puts(&t->bytes,
                     ncm_fmt_exact(number, sizeof number, ncm_col_double(st, column + 1)));
    } else {
        struct ncm_str v = ncm_col_text(st, column + 1);
        ncm_buf_add(&t->bytes, ncm_cstr(v), v.len);
    }
    f->kind = kind == 'r' || kind == 'i' ? NCM_FIELD_NUMBER : NCM_FIELD_TEXT;
    f->len = (uint32_t)(t->bytes.len - before);
}

static bool fill_batch(struct log_table *t, struct ncm_stmt *st, size_t *n, struct ncm_err *err)
{
    bool row = false;
    *n = 0;
    ncm_buf_clear(&t->bytes);
    while (*n < BATCH_ROWS && t->bytes.len < BATCH_BYTES) {
        if (!ncm_stmt_step(st, &row, err)) {
            return false;
        }
        if (!row) {
            break;
        }
        t->last = ncm_col_i64(st, 0);
        t->lines[*n] = t->last;
        for (size_t i = 0; i < t->n_columns; i++) {
            put_value(t, st, (int)(i * 2 + 1), &t->fields[*n * t->n_columns + i]);
        }
        ++*n;
        if (t->bytes.full) {
            return ncm_fail(err, NCM_TOO_LARGE, _("%s: a row of table \"%s\" is too long"), t->file,
                            t->name);
        }
    }
    return true;
}

enum ncm_rows_got ncm_log_table_next(struct log_table *t, struct ncm_batch *out,
                                     const atomic_bool *cancel, struct ncm_err *err)
{
    struct ncm_stmt *st;
    size_t n;
    ncm_db_cancel_by(t->db, cancel);
    if (!ncm_db_prepare(t->db, t->sql, &st, err)) {
        return NCM_ROWS_ERROR;
    }
    ncm_bind_i64(st, 1, t->last);
    bool is_read = fill_batch(t, st, &n, err);
    ncm_stmt_end(st);
    if (!is_read) {
        return NCM_ROWS_ERROR;
    }
    if (n == 0) {
        return t->follow ? NCM_ROWS_WAIT : NCM_ROWS_END;
    }
    const char *p = t->bytes.p;
    for (size_t i = 0; i < n * t->n_columns; i++) {
        t->fields[i].p = p;
        p += t->fields[i].len;
    }
    t->rows += (int64_t)n;
    *out = (struct ncm_batch){.fields = t->fields,
                              .n_rows = n,
                              .n_columns = t->n_columns,
                              .columns = (const char *const *)t->columns,
                              .file = t->file,
                              .lines = t->lines};
    return NCM_ROWS_BATCH;
}

int64_t ncm_log_table_rows(const struct log_table *t)
{
    return t->rows;
}

int64_t ncm_log_table_last(const struct log_table *t)
{
    return t->last;
}

void ncm_log_table_go_on(struct log_table *t, int64_t after)
{
    t->last = after;
}
