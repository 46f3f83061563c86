/* SQLite, the only includer of sqlite3.h. A connection belongs to one thread.
 * Rules kept here for stores that are in use by others: our own busy handler with a deadline and
 * cancel, short statements, no journal-mode change, no mmap, the file is never opened outside
 * SQLite. */
#ifndef NCM_IO_DB_H
#define NCM_IO_DB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

struct ncm_db;
struct ncm_stmt;

enum ncm_db_mode {
    NCM_DB_READ,   /* read-only; the file must exist */
    NCM_DB_WRITE,  /* read-write; the file must exist */
    NCM_DB_CREATE, /* read-write; made (mode 0600) where it does not exist */
};

/* busy_ms: how long one statement may wait for other programs' locks. *cancel (may be NULL) is
 * polled while waiting and running: set, the statement ends with NCM_CANCELLED.
 * Errors: NCM_NOT_FOUND no such file; NCM_FORBIDDEN unreadable; NCM_IO; NCM_INVALID_DATA not a
 * database or damaged; NCM_BUSY. Problems SQLite reports only at the first statement are
 * reported here: opening runs one. */
bool ncm_db_open(const char *path, enum ncm_db_mode mode, int busy_ms, const atomic_bool *cancel,
                 struct ncm_db **out, struct ncm_err *err);
void ncm_db_close(struct ncm_db *db); /* NULL allowed */
const char *ncm_db_path(const struct ncm_db *db);
/* Another patience with other programs' locks than that it was opened with. */
void ncm_db_set_busy(struct ncm_db *db, int busy_ms);
/* From now on this flag is polled instead of the one given to ncm_db_open. NULL: none. The
 * connection's own thread. */
void ncm_db_cancel_by(struct ncm_db *db, const atomic_bool *cancel);
/* Ends the running statement of another thread with NCM_CANCELLED. Any thread. */
void ncm_db_interrupt(struct ncm_db *db);

/* One or more statements without results. */
bool ncm_db_exec(struct ncm_db *db, const char *sql, struct ncm_err *err);

/* Prepares; statements are cached by text, so that preparing in a loop is cheap. Finish each use
 * with ncm_stmt_end (resets, ends the read transaction). */
bool ncm_db_prepare(struct ncm_db *db, const char *sql, struct ncm_stmt **out, struct ncm_err *err);
void ncm_bind_i64(struct ncm_stmt *st, int index, int64_t v); /* index from 1 */
void ncm_bind_double(struct ncm_stmt *st, int index, double v); /* NaN binds NULL */
void ncm_bind_text(struct ncm_stmt *st, int index, const char *p, size_t len); /* copied */
void ncm_bind_cstr(struct ncm_stmt *st, int index, const char *s);             /* NULL binds NULL */
void ncm_bind_null(struct ncm_stmt *st, int index);
/* *row = true: a row is there; false: done. Returns false on an error. */
bool ncm_stmt_step(struct ncm_stmt *st, bool *row, struct ncm_err *err);
void ncm_stmt_end(struct ncm_stmt *st); /* NULL allowed */
/* Carries out a statement whose rows, if any, do not matter, and ends it. */
bool ncm_stmt_run(struct ncm_stmt *st, struct ncm_err *err);

/* Of a result: how many columns, the name of one (valid as long as the statement), and what the
 * value in the present row is. */
enum ncm_col_kind { NCM_COL_NULL, NCM_COL_INT, NCM_COL_REAL, NCM_COL_TEXT, NCM_COL_BLOB };
int ncm_stmt_columns(const struct ncm_stmt *st);
const char *ncm_stmt_column(const struct ncm_stmt *st, int i);
enum ncm_col_kind ncm_col_kind(struct ncm_stmt *st, int i);

/* Column access, index from 0; valid until the next step. */
bool ncm_col_null(struct ncm_stmt *st, int i);
int64_t ncm_col_i64(struct ncm_stmt *st, int i);
double ncm_col_double(struct ncm_stmt *st, int i);
double ncm_col_number(struct ncm_stmt *st, int i); /* NaN for NULL */
struct ncm_str ncm_col_text(struct ncm_stmt *st, int i); /* borrowed */
struct ncm_str ncm_col_dup(struct ncm_stmt *st, int i, struct ncm_arena *a);

/* First column of the first row as an integer; fallback where there is no row or it is NULL. */
bool ncm_db_i64(struct ncm_db *db, const char *sql, int64_t fallback, int64_t *out,
                struct ncm_err *err);

/* BEGIN IMMEDIATE / COMMIT / ROLLBACK. */
bool ncm_db_begin(struct ncm_db *db, struct ncm_err *err);
bool ncm_db_commit(struct ncm_db *db, struct ncm_err *err);
void ncm_db_rollback(struct ncm_db *db); /* no error where nothing is open */
/* Rows changed by the last statement; rowid of the last insert. */
int ncm_db_changes(struct ncm_db *db);
int64_t ncm_db_last_rowid(struct ncm_db *db);
/* PRAGMA data_version (moves when another connection commits). */
bool ncm_db_data_version(struct ncm_db *db, int64_t *out, struct ncm_err *err);
bool ncm_db_has_column(struct ncm_db *db, const char *table, const char *column);
bool ncm_db_has_table(struct ncm_db *db, const char *table);

/* "3.40.1". */
const char *ncm_db_library_version(void);

#endif
