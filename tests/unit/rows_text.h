/* All rows of a path as one text, for tests to compare. */
#ifndef TESTS_UNIT_ROWS_TEXT_H
#define TESTS_UNIT_ROWS_TEXT_H

#include "base/buf.h"
#include "io/rows.h"

/* The columns joined by | where they are new, "LINE:field|field" for each row (NUL as \0, absent as
 * ~, other kinds than text with a mark before: # number, ? true or false, & other), "ERROR CODE"
 * where reading failed, "!LINE: what" for each bad row that was kept. The caller frees. */
char *rows_text(const char *path, const struct ncm_rows_options *o);
/* The same, reading so many bytes at a time. */
char *rows_text_by(const char *path, const struct ncm_rows_options *o, size_t chunk);
/* Adds the rows of one batch. *n_columns: of those that were written before. */
void rows_text_batch(struct ncm_buf *b, const struct ncm_batch *batch, size_t *n_columns);
/* Adds what ncm_rows_next gives until it has nothing more; what it said last. */
enum ncm_rows_got rows_text_rest(struct ncm_buf *b, struct ncm_rows *r, size_t *n_columns);

#endif
