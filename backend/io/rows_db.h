/* The rows of an SQLite table or of a SELECT as the batches of io/rows.h, to be read, followed and
 * closed with its functions. The database is read in short statements and never written. Numbers
 * are NUMBER, NULL is ABSENT, text and blobs are TEXT; lines are rowids (of a SELECT: from 1). */
#ifndef NCM_IO_ROWS_DB_H
#define NCM_IO_ROWS_DB_H

#include "io/rows.h"

/* A table that has rowids, those above after_rowid, in their order. o->follow: rows that are
 * inserted later with a higher rowid come as well (changed and deleted rows are not noticed);
 * o->from_end: only those. ncm_rows_position holds the last rowid. NCM_NOT_FOUND no such file or
 * table; the errors of ncm_db_open. */
bool ncm_rows_open_table(const char *db_path, const char *table, int64_t after_rowid,
                         const struct ncm_rows_options *o, struct ncm_rows **out,
                         struct ncm_err *err);
/* One SELECT, read once; it keeps its read transaction until the end or ncm_rows_close. */
bool ncm_rows_open_select(const char *db_path, const char *sql, struct ncm_rows **out,
                          struct ncm_err *err);

#endif
