/* Rows of a log or table as they are read: CSV (RFC 4180) or JSON Lines, plain, gzip or zstd, from
 * one file, a glob of them, or standard input; read once, or followed as they grow. Memory is
 * bounded by one batch, whatever the file's size. No file is mapped: it may be cut short by others.
 *
 * CSV: blank lines are skipped; a row with too few or too many fields, text behind a closing quote,
 * or a quote that is not closed within 1 MiB is a bad row, and reading goes on with the line after
 * the one on which that row began. A header's second "a" is "a_2", an empty third name "column_3".
 *
 * JSON Lines: nested objects are flattened to a depth of 16 and arrays of at most 256 scalars
 * ("features.age", "inputs[0]"); the last one of equal keys wins; empty objects and arrays have no
 * value. What containers wrap is unwrapped: of Docker's {"log":"{...}\n","stream":..,"time":..} and
 * of "TIME stdout F {...}" the columns are stream, time and those of the object, whose own win; a
 * text that is no object is the column "log". Parts of a line that the runtime has cut are bad
 * rows.
 *
 * Limits: a row 16 MiB, a field 1 MiB (beyond: a bad row), 4096 columns.
 *
 * Compressed files are known by their first bytes. One that is cut short gives its rows, then an
 * error that names file and byte; of a followed one the rest is waited for.
 *
 * Following promises that each row comes once: while files grow; when one is renamed (it is read to
 * its end, also under a name that is none of ours), deleted, or cut to nothing and begun again; and
 * when it is copied or compressed beside itself, as log rotation does. Such a copy is known by its
 * beginning, which is that of a file that was read (all that was read of it, up to 1024 bytes); it
 * is read on from where that one was left once that one has gone or begun again. Not promised: what
 * is cut off before it was looked at (looks are at most a second apart) and is in no copy; rows of
 * different files that begin with the same 1024 bytes, where the second one appears later and is
 * written in one go; and what is written to a renamed file more than 10 s after its last change. */
#ifndef NCM_IO_ROWS_H
#define NCM_IO_ROWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum ncm_field_kind {
    NCM_FIELD_TEXT,   /* CSV: the raw bytes after unquoting; JSON: a string */
    NCM_FIELD_NUMBER, /* JSON: a number as it is written; CSV never says so */
    NCM_FIELD_TRUE,   /* JSON; p holds the word */
    NCM_FIELD_FALSE,
    NCM_FIELD_ABSENT, /* JSON null or no such key; CSV: a row that is too short is a bad row */
    NCM_FIELD_OTHER,  /* JSON: an array or object that is not flattened, as it is written */
};
struct ncm_field {
    const char *p; /* borrowed from the batch; not ended by a NUL */
    uint32_t len;
    uint8_t kind; /* enum ncm_field_kind */
};

/* One batch: n_rows × n_columns fields, row after row. Columns of JSON Lines are the paths of
 * scalar values ("features.age", "inputs[0]") in the order in which they first appeared; later
 * batches may have more of them, never fewer, and an earlier index keeps its meaning. */
struct ncm_batch {
    const struct ncm_field *fields;
    size_t n_rows, n_columns;
    const char *const *columns; /* n_columns names, C strings */
    const char *file;           /* that all rows of the batch came from; "-" for standard input */
    const int64_t *lines;       /* n_rows: the line on which each row begins, from 1 */
};

/* A row that could not be read: counted, and the first ones kept for people. */
struct ncm_bad_row {
    char file[256];
    int64_t line;
    char what[160]; /* translated */
};
#define NCM_BAD_ROWS_KEPT 20

enum ncm_rows_format { NCM_ROWS_GUESS, NCM_ROWS_CSV, NCM_ROWS_JSONL };

struct ncm_rows_options {
    enum ncm_rows_format format; /* guessed from the name and the first bytes */
    char delimiter;              /* 0: guessed among , ; TAB | from the first line */
    bool follow;      /* go on with what is appended, with renamed, truncated, new files */
    bool from_end;    /* follow: skip what is there already */
    double bad_share; /* most bad rows as a share of all (after the first 100) that are
                         skipped; beyond it reading fails. 0: 0.01 */
};

struct ncm_rows;
/* path: "sqlite:FILE.db?table=NAME" (rows_db.h), a file, a glob after glob(3) (the files in the
 * order of their names; a name that is there as it is written is that file), or "-". Each file has
 * a header of its own; columns are matched by name. NCM_NOT_FOUND where nothing is there (with
 * follow: waits for it instead); NCM_INVALID_DATA, NCM_IO. */
bool ncm_rows_open(const char *path, const struct ncm_rows_options *o, struct ncm_rows **out,
                   struct ncm_err *err);
void ncm_rows_close(struct ncm_rows *r);

enum ncm_rows_got { NCM_ROWS_ERROR, NCM_ROWS_BATCH, NCM_ROWS_END, NCM_ROWS_WAIT };
/* The next batch (valid until the next call). END: all is read. WAIT (follow only): nothing new
 * just now. A half line at the end of a followed file is kept until its end comes; of a file that
 * is read once it is a row. cancel may be NULL. Errors name file:line; the call after one goes on
 * with the next file (after NCM_CANCELLED: where it was). */
enum ncm_rows_got ncm_rows_next(struct ncm_rows *r, struct ncm_batch *out,
                                const atomic_bool *cancel, struct ncm_err *err);
/* Waits until something may be new (inotify where it works, and stat once a second), or wait_ms, or
 * cancel (looked at four times a second). Ends at most ten times a second, so that a stream of rows
 * comes in large batches. */
void ncm_rows_wait(struct ncm_rows *r, int wait_ms, const atomic_bool *cancel);
/* Ends a wait, or the next one. Any thread. */
void ncm_rows_wake(struct ncm_rows *r);

/* So far. */
struct ncm_rows_facts {
    int64_t rows, bad, bytes; /* bytes: read from the files, before decompression */
    int64_t total_bytes;      /* of all files that are known; -1 for standard input */
    const struct ncm_bad_row *kept;
    size_t n_kept;
    size_t n_files;
    int64_t left_out; /* JSON: values for which there was no column any more (4096, or 16384 keys,
                         or a key of more than 256 bytes) */
};
void ncm_rows_facts(const struct ncm_rows *r, struct ncm_rows_facts *out);
/* Where reading stands, as a text that ncm_rows_resume takes after a restart (files by device and
 * inode, with the bytes that were consumed; no value of a row is in it); the caller frees. It is
 * the end of the last batch that was given. resume, before the first ncm_rows_next: false where
 * nothing of it is there any more (reading then begins at the start). Files that were renamed or
 * compressed meanwhile are found by the hash of their beginning. */
char *ncm_rows_position(const struct ncm_rows *r);
bool ncm_rows_resume(struct ncm_rows *r, const char *position);

#endif
