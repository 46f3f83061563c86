#include "io/rows_db.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/db.h"
#include "io/file.h"
#include "io/rows_inside.h"

enum {
    STEP_ROWS = 4096,      /* of one statement */
    STEP_BYTES = 16 << 20, /* of values in one batch */
    BUSY_MS = 5000,
    LOOK_MS = 500,
};

struct rows_table {
    struct ncm_db *db;
    char *sql;
    bool is_select;
    struct ncm_stmt *select;  /* that is being read */
    struct ncm_arena *values; /* of the batch */
    int64_t last;             /* rowid, or number of the row */
    int64_t version;          /* of the database when there was nothing more */
};

static const char title[] = "ncmlops table 1 ";

/* A name as SQL has it; the caller frees. */
static char *quoted(const char *name)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 1 << 16);
    ncm_buf_putc(&b, '"');
    for (; *name; name++) {
        if (*name == '"')
            ncm_buf_putc(&b, '"');
        ncm_buf_putc(&b, *name);
    }
    ncm_buf_putc(&b, '"');
    char *out = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return out;
}

static struct ncm_rows *reader(const char *path, const struct ncm_rows_options *o,
                               struct ncm_db *db, char *sql)
{
    struct ncm_rows *r = ncm_rows_new(path, o);
    struct rows_table *t = ncm_alloc(1, sizeof *t);
    t->db = db;
    t->sql = sql;
    t->version = -1;
    r->table = t;
    ncm_rows_file_add(r, path)->size = -1;
    r->current = 0;
    return r;
}

/* The columns from the first-th of the result on. */
static bool take_columns(struct ncm_rows *r, const struct ncm_stmt *st, int first,
                         struct ncm_err *err)
{
    int n = ncm_stmt_columns(st);
    for (int i = first; i < n && r->n_columns < (size_t)(n - first); i++) {
        const char *name = ncm_stmt_column(st, i);
        char *unique = ncm_strdup(name);
        size_t column;
        for (int k = 2; ncm_map_get(r->by_name, unique, strlen(unique), &column); k++) {
            ncm_free(unique);
            unique = ncm_sprintf("%s_%d", name, k);
        }
        bool ok = ncm_rows_column(r, unique, strlen(unique), &column);
        ncm_free(unique);
        if (!ok)
            return ncm_fail(err, NCM_TOO_LARGE, _("%s: more than %d columns"), r->path,
                            ROWS_MAX_COLUMNS);
    }
    return true;
}

static bool start_at_end(struct ncm_rows *r, const char *name, struct ncm_err *err)
{
    char *sql = ncm_sprintf("SELECT max(rowid) FROM %s", name);
    bool ok = ncm_db_i64(r->table->db, sql, 0, &r->table->last, err);
    ncm_free(sql);
    return ok;
}

bool ncm_rows_open_table(const char *db_path, const char *table, int64_t after_rowid,
                         const struct ncm_rows_options *o, struct ncm_rows **out,
                         struct ncm_err *err)
{
    struct ncm_db *db;
    if (!ncm_db_open(db_path, NCM_DB_READ, BUSY_MS, NULL, &db, err))
        return false;
    if (!ncm_db_has_table(db, table)) {
        ncm_db_close(db);
        return ncm_fail(err, NCM_NOT_FOUND, _("%s has no table %s"), db_path, table);
    }
    char *path = ncm_sprintf("sqlite:%s?table=%s", db_path, table), *name = quoted(table);
    struct ncm_rows *r =
        reader(path, o, db,
               ncm_sprintf("SELECT rowid, * FROM %s WHERE rowid > ? ORDER BY rowid LIMIT %d", name,
                           STEP_ROWS));
    r->table->last = after_rowid;
    bool ok = !o->from_end || start_at_end(r, name, err);
    struct ncm_stmt *st = NULL;
    ok = ok && ncm_db_prepare(db, r->table->sql, &st, err);
    ncm_stmt_end(st);
    ncm_free(path);
    ncm_free(name);
    if (ok)
        *out = r;
    else
        ncm_rows_close(r);
    return ok;
}

bool ncm_rows_open_select(const char *db_path, const char *sql, struct ncm_rows **out,
                          struct ncm_err *err)
{
    struct ncm_db *db;
    if (!ncm_db_open(db_path, NCM_DB_READ, BUSY_MS, NULL, &db, err))
        return false;
    struct ncm_rows *r = reader(db_path, &(struct ncm_rows_options){0}, db, ncm_strdup(sql));
    r->table->is_select = true;
    if (!ncm_db_prepare(db, sql, &r->table->select, err) ||
        !take_columns(r, r->table->select, 0, err)) {
        ncm_rows_close(r);
        return false;
    }
    *out = r;
    return true;
}

bool ncm_rows_is_table(const char *path)
{
    return strncmp(path, "sqlite:", 7) == 0;
}

bool ncm_rows_open_address(const char *path, const struct ncm_rows_options *o,
                           struct ncm_rows **out, struct ncm_err *err)
{
    const char *query = strstr(path, "?table=");
    if (!query || query[7] == '\0')
        return ncm_fail(err, NCM_USAGE, _("%s: sqlite:FILE?table=NAME is expected"), path);
    char *file = ncm_strndup(path + 7, (size_t)(query - path) - 7);
    char *table = ncm_percent_decode(query + 7);
    bool ok = table ? ncm_rows_open_table(file, table, INT64_MIN, o, out, err)
                    : ncm_fail(err, NCM_USAGE, _("%s: the name of the table is none"), path);
    ncm_free(file);
    ncm_free(table);
    return ok;
}

static struct ncm_field field_of(struct rows_table *t, struct ncm_stmt *st, int i)
{
    char number[64];
    struct ncm_field f = {.p = "", .kind = NCM_FIELD_ABSENT};
    struct ncm_str s;
    switch (ncm_col_kind(st, i)) {
    case NCM_COL_NULL:
        return f;
    case NCM_COL_REAL:
        s = ncm_arena_cstr(t->values, ncm_fmt_exact(number, sizeof number, ncm_col_double(st, i)));
        f.kind = NCM_FIELD_NUMBER;
        break;
    case NCM_COL_INT:
        s = ncm_col_dup(st, i, t->values);
        f.kind = NCM_FIELD_NUMBER;
        break;
    default:
        s = ncm_col_dup(st, i, t->values);
        f.kind = NCM_FIELD_TEXT;
    }
    f.p = s.p;
    f.len = (uint32_t)(s.len > ROWS_MAX_FIELD + 1 ? ROWS_MAX_FIELD + 1 : s.len);
    return f;
}

/* One row of the result into the batch. */
static bool take_row(struct ncm_rows *r, struct ncm_stmt *st, int first, struct ncm_field *to)
{
    struct rows_table *t = r->table;
    t->last = first ? ncm_col_i64(st, 0) : t->last + 1;
    for (size_t i = 0; i < r->n_columns; i++) {
        to[i] = field_of(t, st, first + (int)i);
        if (to[i].len > ROWS_MAX_FIELD)
            return ncm_rows_bad(r, t->last, _("a field is longer than %d KiB"),
                                (int)(ROWS_MAX_FIELD >> 10));
    }
    r->lines[r->n_rows++] = t->last;
    return true;
}

/* Rows until the batch is full or the statement ends (*more false). */
static bool step_rows(struct ncm_rows *r, struct ncm_stmt *st, bool *more, struct ncm_err *err)
{
    struct rows_table *t = r->table;
    struct ncm_field *to;
    *more = true;
    while (r->n_rows < STEP_ROWS && ncm_arena_size(t->values) < STEP_BYTES &&
           (to = ncm_rows_room(r))) {
        if (!ncm_stmt_step(st, more, err))
            return false;
        if (!*more)
            break;
        if (!take_row(r, st, t->is_select ? 0 : 1, to)) {
            *err = r->err;
            return false;
        }
    }
    return true;
}

static bool read_table(struct ncm_rows *r, struct ncm_err *err)
{
    struct rows_table *t = r->table;
    struct ncm_stmt *st;
    int64_t version = -1;
    bool more = true;
    /* The version before the rows: what is committed between the two is looked for once more. */
    bool ok = !r->o.follow || ncm_db_data_version(t->db, &version, err);
    if (!ok || !ncm_db_prepare(t->db, t->sql, &st, err))
        return false;
    ncm_bind_i64(st, 1, t->last);
    ok = take_columns(r, st, 1, err) && step_rows(r, st, &more, err);
    ncm_stmt_end(st);
    t->version = version;
    return ok;
}

enum ncm_rows_got ncm_rows_table_next(struct ncm_rows *r, struct ncm_batch *out,
                                      const atomic_bool *cancel, struct ncm_err *err)
{
    struct rows_table *t = r->table;
    int64_t bad = -1;
    bool ok = true, more = true;
    r->n_rows = 0;
    ncm_db_cancel_by(t->db, cancel);
    /* A step in which every row was bad is not the end. */
    while (ok && r->n_rows == 0 && more && bad != r->bad) {
        bad = r->bad;
        ncm_arena_free(t->values);
        t->values = ncm_arena_new();
        ok = t->is_select ? !t->select || step_rows(r, t->select, &more, err) : read_table(r, err);
        if (t->is_select && (!ok || !more)) {
            ncm_stmt_end(t->select);
            t->select = NULL;
        }
    }
    ncm_db_cancel_by(t->db, NULL);
    if (!ok)
        return NCM_ROWS_ERROR;
    if (r->n_rows == 0)
        return r->o.follow ? NCM_ROWS_WAIT : NCM_ROWS_END;
    return ncm_rows_give(r, out);
}

/* Whether another program has committed something since the rows were read. */
bool ncm_rows_table_is_new(struct ncm_rows *r)
{
    struct ncm_err err;
    int64_t version;
    return ncm_db_data_version(r->table->db, &version, &err) && version != r->table->version;
}

int64_t ncm_rows_table_look_ms(void)
{
    return LOOK_MS;
}

char *ncm_rows_table_position(const struct ncm_rows *r)
{
    return ncm_sprintf("%s%" PRId64 "\n", title, r->table->last);
}

bool ncm_rows_table_resume(struct ncm_rows *r, const char *position)
{
    int64_t last;
    if (r->table->is_select || strncmp(position, title, sizeof title - 1) != 0 ||
        sscanf(position + sizeof title - 1, "%" SCNd64, &last) != 1)
        return false;
    r->table->last = last;
    return true;
}

void ncm_rows_table_free(struct ncm_rows *r)
{
    if (!r->table)
        return;
    ncm_stmt_end(r->table->select);
    ncm_db_close(r->table->db);
    ncm_arena_free(r->table->values);
    ncm_free(r->table->sql);
    ncm_free(r->table);
}
