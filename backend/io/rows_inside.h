/* What the parts of the row reader share: rows.c drives, rows_source.c gives bytes, rows_csv.c and
 * rows_json.c make rows of them, rows_files.c and rows_follow.c know which files there are. */
#ifndef NCM_IO_ROWS_INSIDE_H
#define NCM_IO_ROWS_INSIDE_H

#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "io/rows.h"

#define ROWS_CHUNK       ((size_t)1 << 20)  /* bytes of one read */
#define ROWS_MAX_ROW     ((size_t)16 << 20) /* a longer row is a bad one */
#define ROWS_MAX_FIELD   ((size_t)1 << 20)
#define ROWS_MAX_COLUMNS 4096
#define ROWS_MAX_FIELDS  ((size_t)1 << 18) /* of a batch; one row always fits */
#define ROWS_HEAD        1024              /* first bytes of a file by which it is known again */

/* ---- bytes ------------------------------------------------------------------------------------
 */

struct rows_source;
/* Takes fd. name: for errors, copied. */
struct rows_source *ncm_rows_source_new(int fd, const char *name);
void ncm_rows_source_free(struct rows_source *s); /* closes fd; NULL allowed */
/* Up to cap bytes, decompressed. *got 0: nothing more now; what was cut short is an error only
 * where whole is set (no more will come). What came before an error is given first. */
bool ncm_rows_source_read(struct rows_source *s, char *out, size_t cap, bool whole, size_t *got,
                          struct ncm_err *err);
/* What was read but not given of a file that is not compressed: its descriptor is moved. */
void ncm_rows_source_forget(struct rows_source *s);
bool ncm_rows_source_inside(const struct rows_source *s); /* of a compressed member or frame */
int ncm_rows_source_fd(const struct rows_source *s);
int64_t ncm_rows_source_raw(const struct rows_source *s); /* bytes read before decompression */
bool ncm_rows_source_packed(const struct rows_source *s); /* gzip or zstd; known after a read */

/* ---- files ------------------------------------------------------------------------------------
 */

enum rows_state {
    STATE_READ,   /* read whenever it grows */
    STATE_UNSURE, /* it appeared, and may be a copy of one that is known */
    STATE_COPY,   /* it is; read on from where that one ends, after that one */
    STATE_DONE,   /* remembered, so that a copy is known */
};

struct rows_file {
    char *path;
    dev_t dev;
    ino_t ino;
    int64_t consumed;  /* decompressed bytes up to the end of the last row that was given */
    int64_t next_line; /* the line there, from 1 */
    int64_t line;      /* on which parsing stands */
    int64_t size;      /* as last seen */
    enum ncm_rows_format format;
    char delimiter;
    bool begun;    /* format, and for CSV the header, are known */
    uint32_t *map; /* CSV: the column of each of its fields */
    size_t n_map;
    bool straight;        /* map[i] is i */
    char head[ROWS_HEAD]; /* its first bytes, decompressed */
    size_t head_len;
    bool resumed;    /* it begins where it was left in another life */
    bool skip_first; /* it was begun in the middle of a line */

    /* Followed files only (rows_follow.c). */
    int fd; /* -1: none is kept open */
    enum rows_state state;
    bool handed_over;     /* a copy is read on in its place */
    bool was_cut;         /* just now */
    bool is_past;         /* no file, but what one was before it was begun again */
    bool gone;            /* no name leads to it any more */
    bool packed;          /* compressed */
    int64_t tried;        /* size up to which it was read; -1: not yet */
    int64_t given;        /* rows */
    int64_t turn;         /* the lower, the sooner it is read */
    int64_t moved;        /* monotonic ms at which it last changed or went */
    struct rows_file *of; /* STATE_COPY: of which file */
};

/* The names that the reader's path means now, in their order; free with ncm_rows_names_free. */
char **ncm_rows_names(const struct ncm_rows *r, size_t *n);
void ncm_rows_names_free(char **names, size_t n);
/* A file of that name behind the others; its size is looked up. */
struct rows_file *ncm_rows_file_add(struct ncm_rows *r, const char *path);
void ncm_rows_file_free(struct rows_file *f);
/* An open descriptor of a path and what it is; errors name the path. */
bool ncm_rows_fd(const char *path, int *fd, struct stat *st, struct ncm_err *err);
/* Makes f the current one and opens it where its rows that were not given begin. */
bool ncm_rows_file_open(struct ncm_rows *r, struct rows_file *f, struct ncm_err *err);
/* Up to cap of its first bytes, decompressed; -1 where it cannot be read. */
ptrdiff_t ncm_rows_file_head(const struct rows_file *f, char *out, size_t cap, bool *packed);

/* Follow: the next file that has more to read. BATCH: it is open; WAIT: none has. */
enum ncm_rows_got ncm_rows_pick(struct ncm_rows *r, struct ncm_err *err);
/* Follow: the open file has no more bytes now. true: it never will, what is there is whole;
 * false: it was closed, to be opened again. */
bool ncm_rows_is_over(struct ncm_rows *r);
/* Follow: whether any file has more to read, or may be a new one. */
bool ncm_rows_is_new(struct ncm_rows *r);
/* Follow: looks through the names. */
void ncm_rows_look(struct ncm_rows *r);
/* Follow: hears from now on what happens in the files' folders; whether that is so of one more. */
bool ncm_rows_heed_folders(struct ncm_rows *r);
/* Follow: takes what happened there; sets look_again. Whether it concerns our files. */
bool ncm_rows_heed_events(struct ncm_rows *r);
struct rows_watch *ncm_rows_watch_new(void);
void ncm_rows_watch_free(struct ncm_rows *r);

/* ---- the reader -------------------------------------------------------------------------------
 */

enum rows_parsed {
    ROWS_MORE, /* the bytes hold no further whole row */
    ROWS_FULL, /* the batch is full */
    ROWS_FAILED,
};

struct ncm_rows {
    char *path;
    struct ncm_rows_options o;
    size_t chunk; /* bytes of one read; small in tests */
    bool failed;  /* err is for the next call: rows came before it */
    struct ncm_err err;

    char **columns;
    size_t n_columns, columns_cap;
    struct ncm_map *by_name;

    struct rows_file **files; /* in the order in which they are read */
    size_t n_files, files_cap;
    size_t current; /* whose bytes are in the buffer */
    bool header_only;
    bool leaving; /* the open file is one that has gone: its end is its end */
    bool looked;  /* for files, at least once */
    bool look_again;
    int64_t turns;
    int64_t look_at;  /* monotonic ms of the last time … */
    int64_t look_due; /* … and of the next one without being told */
    int64_t quiet_ms; /* so long after a file has gone somebody may still write to it */
    struct rows_watch *watch;
    struct rows_table *table;   /* of a database; NULL: files */
    struct rows_source *source; /* of the current one; NULL: none is open */
    int64_t raw_before;         /* bytes read from sources that are closed */

    char *buf; /* cap bytes and NCM_SCAN_STEP more */
    size_t cap, len, pos;
    int64_t at;     /* decompressed offset of buf[0] */
    bool at_end;    /* nothing follows what is in the buffer */
    bool starved;   /* a pipe has nothing just now */
    bool skip_line; /* the rest of a row that is too long is still to come */

    struct ncm_field *fields; /* of the batch */
    size_t fields_cap;
    int64_t *lines;
    size_t lines_cap;
    size_t n_rows;
    struct ncm_field *row; /* one row of a file whose columns are not simply ours */

    struct rows_json *json; /* NULL before the first line of JSON */

    int64_t rows, bad;
    struct ncm_bad_row kept[NCM_BAD_ROWS_KEPT];
    size_t n_kept;
};

static inline struct rows_file *ncm_rows_current(const struct ncm_rows *r)
{
    return r->files[r->current];
}

/* The column of that name, made where there is none; false where there are too many. */
bool ncm_rows_column(struct ncm_rows *r, const char *name, size_t len, size_t *out);
bool ncm_rows_too_long(struct ncm_rows *r, int64_t line);

/* Reads more into the buffer; sets at_end. */
bool ncm_rows_refill(struct ncm_rows *r, const atomic_bool *cancel, struct ncm_err *err);
/* Makes rows of what is in the buffer. */
enum rows_parsed ncm_rows_parse(struct ncm_rows *r, bool final);
/* Drops what is left of a line, as far as it is there; skip_line: its end is still to come. */
void ncm_rows_drop_line(struct ncm_rows *r, bool final);
void ncm_rows_close_source(struct ncm_rows *r);
/* Room for one more row of the columns there are; its fields, or NULL where the batch is full. */
struct ncm_field *ncm_rows_room(struct ncm_rows *r);
/* Counts a row that cannot be read. false: that was one too many, or err says so. */
bool ncm_rows_bad(struct ncm_rows *r, int64_t line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Make rows of buf[pos..len). final: the end of the bytes ends a row as well. */
enum rows_parsed ncm_rows_csv(struct ncm_rows *r, bool final);
enum rows_parsed ncm_rows_jsonl(struct ncm_rows *r, bool final);
/* Whether the line at p (ended by a line end or NUL) is one that a container runtime has written.
 */
bool ncm_rows_is_container_line(const char *p);
void ncm_rows_json_free(struct ncm_rows *r);
int64_t ncm_rows_json_left_out(const struct ncm_rows *r);
/* Where a row of JSON that waits for the next batch begins, if there is one. */
void ncm_rows_json_waits(const struct ncm_rows *r, int64_t *offset, int64_t *line);

/* A reader of that path that knows of no files yet. */
struct ncm_rows *ncm_rows_new(const char *path, const struct ncm_rows_options *o);
/* The rows that were made as a batch. */
enum ncm_rows_got ncm_rows_give(struct ncm_rows *r, struct ncm_batch *out);

/* ---- tables of a database (rows_db.c) ---------------------------------------------------------
 */

bool ncm_rows_is_table(const char *path);
bool ncm_rows_open_address(const char *path, const struct ncm_rows_options *o,
                           struct ncm_rows **out, struct ncm_err *err);
enum ncm_rows_got ncm_rows_table_next(struct ncm_rows *r, struct ncm_batch *out,
                                      const atomic_bool *cancel, struct ncm_err *err);
bool ncm_rows_table_is_new(struct ncm_rows *r);
int64_t ncm_rows_table_look_ms(void); /* so often that may be asked */
char *ncm_rows_table_position(const struct ncm_rows *r);
bool ncm_rows_table_resume(struct ncm_rows *r, const char *position);
void ncm_rows_table_free(struct ncm_rows *r);

#endif
