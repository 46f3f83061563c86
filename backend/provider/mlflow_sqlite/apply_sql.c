/* Statements of the write side: one text for stores with and without workspaces. */
#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "provider/mlflow_sqlite/apply.h"

static char *expand(const struct sqlite_writer *w, const char *sql)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 8192);
    for (const char *p = sql; *p != '\0'; p++) {
        if (*p != '@') {
            ncm_buf_putc(&b, *p);
            continue;
        }
        p++;
        if (!w->schema->has_workspace) {
            continue;
        }
        switch (*p) {
        case 'W':
            ncm_buf_puts(&b, " AND workspace='default'");
            break;
        case 'C':
            ncm_buf_puts(&b, ", workspace");
            break;
        case 'V':
            ncm_buf_puts(&b, ", 'default'");
            break;
        default:
            ncm_bug("statement with @%c", *p);
        }
    }
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

static bool start(struct sqlite_writer *w, struct ncm_stmt **out, struct ncm_err *err,
                  const char *sql, const char *types, va_list ap)
{
    char *text = expand(w, sql);
    bool ok = ncm_db_prepare(w->db, text, out, err);
    ncm_free(text);
    if (!ok) {
        return false;
    }
    for (int i = 0; types[i] != '\0'; i++) {
        if (types[i] == 's') {
            ncm_bind_cstr(*out, i + 1, va_arg(ap, const char *));
        } else if (types[i] == 'd') {
            ncm_bind_double(*out, i + 1, va_arg(ap, double));
        } else {
            ncm_bind_i64(*out, i + 1, va_arg(ap, int64_t));
        }
    }
    return true;
}

static bool run_va(struct sqlite_writer *w, struct ncm_err *err, const char *sql, const char *types,
                   va_list ap)
{
    struct ncm_stmt *st = NULL;
    if (!start(w, &st, err, sql, types, ap)) {
        return false;
    }
    bool row = true;
    bool ok = true;
    while (ok && row) {
        ok = ncm_stmt_step(st, &row, err);
    }
    ncm_stmt_end(st);
    return ok;
}

bool apply_run(struct sqlite_writer *w, struct ncm_err *err, const char *sql, const char *types,
               ...)
{
    va_list ap;
    va_start(ap, types);
    bool ok = run_va(w, err, sql, types, ap);
    va_end(ap);
    return ok;
}

bool apply_run_one(struct sqlite_writer *w, struct ncm_err *err, const char *sql, const char *types,
                   ...)
{
    va_list ap;
    va_start(ap, types);
    bool ok = run_va(w, err, sql, types, ap);
    va_end(ap);
    if (ok && ncm_db_changes(w->db) != 1) {
        ncm_fail(err, NCM_INTERNAL, _("the store did not take the change: nothing was written"));
        return ncm_detail(err, "%d rows: %s", ncm_db_changes(w->db), sql);
    }
    return ok;
}

bool apply_one(struct sqlite_writer *w, struct ncm_err *err, bool *found, char **value,
               const char *sql, const char *types, ...)
{
    struct ncm_stmt *st = NULL;
    *found = false;
    if (value != NULL) {
        *value = NULL;
    }
    va_list ap;
    va_start(ap, types);
    bool ok = start(w, &st, err, sql, types, ap);
    va_end(ap);
    if (!ok) {
        return false;
    }
    ok = ncm_stmt_step(st, found, err);
    if (ok && *found && value != NULL && !ncm_col_null(st, 0)) {
        struct ncm_str s = ncm_col_text(st, 0);
        *value = ncm_strndup(s.p, s.len);
    }
    ncm_stmt_end(st);
    return ok;
}
