/* The reader's loop: bytes into the buffer, rows out of it, file after file. */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "io/rows_inside.h"
#include "io/rows_scan.h"

enum {
    BAD_FROM = 100, /* rows, before which no share of bad ones means anything */
    STREAM_MS = 200,
    LONGEST_FIRST = 1 << 16, /* bytes of a first line that are looked at */
    QUIET_MS = 10000,
};

bool ncm_rows_column(struct ncm_rows *r, const char *name, size_t len, size_t *out)
{
    if (ncm_map_get(r->by_name, name, len, out))
        return true;
    if (r->n_columns == ROWS_MAX_COLUMNS)
        return false;
    r->columns = ncm_grow(r->columns, r->n_columns, &r->columns_cap, sizeof *r->columns);
    r->columns[r->n_columns] = ncm_strndup(name, len);
    ncm_map_set(r->by_name, name, len, r->n_columns);
    *out = r->n_columns++;
    return true;
}

struct ncm_field *ncm_rows_room(struct ncm_rows *r)
{
    size_t need = (r->n_rows + 1) * r->n_columns;
    if (r->n_rows > 0 && need > ROWS_MAX_FIELDS)
        return NULL;
    if (!r->fields || need > r->fields_cap) {
        r->fields_cap = need < 1024 ? 1024 : need * 2;
        r->fields = ncm_resize(r->fields, r->fields_cap, sizeof *r->fields);
    }
    r->lines = ncm_grow(r->lines, r->n_rows, &r->lines_cap, sizeof *r->lines);
    return r->fields + r->n_rows * r->n_columns;
}

bool ncm_rows_bad(struct ncm_rows *r, int64_t line, const char *fmt, ...)
{
    const char *path = ncm_rows_current(r)->path;
    struct ncm_bad_row b = {.line = line};
    va_list ap;
    snprintf(b.file, sizeof b.file, "%s", path);
    va_start(ap, fmt);
    vsnprintf(b.what, sizeof b.what, fmt, ap);
    va_end(ap);
    r->bad++;
    if (r->n_kept < NCM_BAD_ROWS_KEPT)
        r->kept[r->n_kept++] = b;
    int64_t all = r->rows + (int64_t)r->n_rows + r->bad;
    double most = r->o.bad_share > 0 ? r->o.bad_share : 0.01;
    if (all < BAD_FROM || (double)r->bad <= most * (double)all)
        return true;
    ncm_fail(&r->err, NCM_INVALID_DATA, _("%s:%lld: %s; %lld of %lld rows cannot be read"), path,
             (long long)line, b.what, (long long)r->bad, (long long)all);
    return ncm_hint(&r->err, _("at most %g %% of the rows may be bad"), most * 100);
}

bool ncm_rows_too_long(struct ncm_rows *r, int64_t line)
{
    return ncm_rows_bad(r, line, _("the row is longer than %d MiB"), (int)(ROWS_MAX_ROW >> 20));
}

/* ---- the buffer -------------------------------------------------------------------------------
 */

void ncm_rows_drop_line(struct ncm_rows *r, bool final)
{
    struct rows_file *f = ncm_rows_current(r);
    const char *p = r->buf + r->pos, *end = r->buf + r->len;
    while (p < end && *p != '\n' && (*p != '\r' || f->format != NCM_ROWS_CSV))
        p++;
    r->pos = (size_t)(p - r->buf);
    r->skip_line = p == end || (*p == '\r' && p + 1 == end && !final);
    if (r->skip_line)
        return; /* the rest of it, or of its line end, is still to come */
    r->pos += *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;
    f->line++;
}

/* Moves what is left to the front and makes room for one more read. */
static void make_room(struct ncm_rows *r)
{
    if (r->pos > 0)
        memmove(r->buf, r->buf + r->pos, r->len - r->pos);
    r->at += (int64_t)r->pos;
    r->len -= r->pos;
    r->pos = 0;
    if (r->buf && r->cap > r->len && r->cap - r->len >= r->chunk / 2)
        return;
    r->cap = r->buf ? r->cap * 2 : r->chunk;
    r->buf = ncm_resize(r->buf, r->cap + NCM_SCAN_STEP, 1);
}

/* Keeps the first bytes of a file: it may be known by them again. Those of rows that were given stay:
 * other ones in their place are those of a file that was begun again. */
static void keep_head(struct ncm_rows *r, const char *p, size_t n)
{
    struct rows_file *f = ncm_rows_current(r);
    size_t at = (size_t)r->at + r->len;
    size_t given = (size_t)f->consumed < f->head_len ? (size_t)f->consumed : f->head_len;
    size_t known = at < given ? given - at : 0;
    if (at > f->head_len || n <= known || at + known >= ROWS_HEAD)
        return;
    at += known;
    p += known;
    n -= known;
    if (n > ROWS_HEAD - at)
        n = ROWS_HEAD - at;
    memcpy(f->head + at, p, n);
    if (f->head_len < at + n)
        f->head_len = at + n;
}

/* A pipe or terminal gives bytes whenever it likes: waits for them so that it can be cancelled. */
static bool stream_is_ready(struct ncm_rows *r, const atomic_bool *cancel)
{
    struct pollfd p = {.fd = ncm_rows_source_fd(r->source), .events = POLLIN};
    while (ncm_rows_current(r)->size < 0 && poll(&p, 1, r->o.follow ? 0 : STREAM_MS) == 0)
        if (r->o.follow || (cancel && atomic_load(cancel)))
            return false;
    return true;
}

bool ncm_rows_refill(struct ncm_rows *r, const atomic_bool *cancel, struct ncm_err *err)
{
    size_t got;
    if (r->len - r->pos > ROWS_MAX_ROW) {
        int64_t line = ncm_rows_current(r)->line;
        ncm_rows_drop_line(r, false);
        if (!ncm_rows_too_long(r, line)) {
            *err = r->err;
            return false;
        }
    }
    make_room(r);
    r->starved = !stream_is_ready(r, cancel);
    if (r->starved)
        return true;
    if (!ncm_rows_source_read(r->source, r->buf + r->len, r->cap - r->len, !r->o.follow, &got, err))
        return false;
    keep_head(r, r->buf + r->len, got);
    r->at_end = got == 0;
    r->len += got;
    memset(r->buf + r->len, 0, NCM_SCAN_STEP);
    if (r->skip_line)
        ncm_rows_drop_line(r, r->at_end);
    return true;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The one of , ; TAB | that the first line has most of, outside of quotes (which open at the
 * beginning of a field only). 0: the line does not end here. */
static char guess_delimiter(const char *p, size_t len, bool final)
{
    static const char those[] = ",;\t|";
    size_t n[4] = {0}, best = 0, i;
    bool quoted = false, fresh = true;
    for (i = 0; i < len && (quoted || (p[i] != '\n' && p[i] != '\r')); i++) {
        const char *which = p[i] ? strchr(those, p[i]) : NULL;
        if (p[i] == '"' && (quoted || fresh))
            quoted = !quoted;
        else if (which && !quoted)
            n[which - those]++;
        fresh = which && !quoted;
    }
    if (i == len && !final)
        return '\0';
    for (i = 1; i < 4; i++)
        if (n[i] > n[best])
            best = i;
    return those[best];
}

/* Whether a name says so, be it compressed or numbered behind that. */
static bool is_named(const char *path, const char *suffix)
{
    const char *base = strrchr(path, '/'), *at = strstr(base ? base : path, suffix);
    size_t n = strlen(suffix);
    return at && (at[n] == '\0' || at[n] == '.' || at[n] == '-');
}

/* An object or a container's line is JSON Lines, unless the name says otherwise. */
static enum ncm_rows_format guess_format(const char *path, const char *p)
{
    if (is_named(path, ".csv") || is_named(path, ".tsv"))
        return NCM_ROWS_CSV;
    if (is_named(path, ".jsonl") || is_named(path, ".ndjson") || *p == '{')
        return NCM_ROWS_JSONL;
    return ncm_rows_is_container_line(p) ? NCM_ROWS_JSONL : NCM_ROWS_CSV;
}

/* Format and delimiter by the first line; false where more of it has to come. */
static bool look_at_beginning(struct ncm_rows *r, bool final)
{
    struct rows_file *file = ncm_rows_current(r);
    if (r->at == 0 && r->pos == 0 && r->len >= 3 && memcmp(r->buf, "\xef\xbb\xbf", 3) == 0)
        r->pos = 3;
    const char *p = r->buf + r->pos, *end = r->buf + r->len;
    while (p < end && is_blank(*p))
        p++;
    size_t len = (size_t)(end - p);
    final = final || len > LONGEST_FIRST;
    if (len == 0 || (!final && !memchr(p, '\n', len) && !memchr(p, '\r', len)))
        return false;
    enum ncm_rows_format format =
        r->o.format != NCM_ROWS_GUESS ? r->o.format : guess_format(file->path, p);
    file->delimiter = r->o.delimiter ? r->o.delimiter : ',';
    if (format == NCM_ROWS_CSV && !r->o.delimiter)
        file->delimiter = guess_delimiter(p, len, final);
    if (!file->delimiter)
        return false;
    file->format = format;
    return true;
}

enum rows_parsed ncm_rows_parse(struct ncm_rows *r, bool final)
{
    struct rows_file *file = ncm_rows_current(r);
    if (file->format == NCM_ROWS_GUESS && (!r->buf || !look_at_beginning(r, final)))
        return ROWS_MORE;
    return file->format == NCM_ROWS_JSONL ? ncm_rows_jsonl(r, final) : ncm_rows_csv(r, final);
}

enum ncm_rows_got ncm_rows_give(struct ncm_rows *r, struct ncm_batch *out)
{
    struct rows_file *file = ncm_rows_current(r);
    r->rows += (int64_t)r->n_rows;
    file->given += (int64_t)r->n_rows;
    file->consumed = r->at + (int64_t)r->pos;
    file->next_line = file->line;
    ncm_rows_json_waits(r, &file->consumed, &file->next_line);
    *out = (struct ncm_batch){
        .fields = r->fields,
        .n_rows = r->n_rows,
        .n_columns = r->n_columns,
        .columns = (const char *const *)r->columns,
        .file = file->path,
        .lines = r->lines,
    };
    return NCM_ROWS_BATCH;
}

void ncm_rows_close_source(struct ncm_rows *r)
{
    if (r->source)
        r->raw_before += ncm_rows_source_raw(r->source);
    ncm_rows_source_free(r->source);
    r->source = NULL;
}

/* Nothing but rows that cannot be read is no table, however few there are. */
static enum ncm_rows_got end(const struct ncm_rows *r, struct ncm_err *err)
{
    if (r->rows > 0 || r->bad == 0)
        return NCM_ROWS_END;
    ncm_fail(err, NCM_INVALID_DATA, _("%s:%lld: %s; no row can be read"), r->kept[0].file,
             (long long)r->kept[0].line, r->kept[0].what);
    return NCM_ROWS_ERROR;
}

/* Opens the next file that has something to read. */
static enum ncm_rows_got open_next(struct ncm_rows *r, struct ncm_err *err)
{
    if (r->o.follow)
        return ncm_rows_pick(r, err);
    if (r->current + 1 == r->n_files)
        return end(r, err);
    return ncm_rows_file_open(r, r->files[r->current + 1], err) ? NCM_ROWS_BATCH : NCM_ROWS_ERROR;
}

/* What a file that gave an error still holds is not read. */
static enum ncm_rows_got give_up_file(struct ncm_rows *r)
{
    ncm_rows_close_source(r);
    ncm_rows_current(r)->state = STATE_DONE;
    return NCM_ROWS_ERROR;
}

enum ncm_rows_got ncm_rows_next(struct ncm_rows *r, struct ncm_batch *out,
                                const atomic_bool *cancel, struct ncm_err *err)
{
    if (r->table)
        return ncm_rows_table_next(r, out, cancel, err);
    r->n_rows = 0;
    if (r->failed) {
        r->failed = false;
        *err = r->err;
        return give_up_file(r);
    }
    for (;;) {
        if (cancel && atomic_load(cancel)) {
            ncm_fail(err, NCM_CANCELLED, _("reading was cancelled"));
            return NCM_ROWS_ERROR;
        }
        enum ncm_rows_got opened = r->source ? NCM_ROWS_BATCH : open_next(r, err);
        if (opened != NCM_ROWS_BATCH)
            return opened;
        enum rows_parsed parsed = ncm_rows_parse(r, r->at_end);
        if (r->n_rows > 0) {
            r->failed = parsed == ROWS_FAILED;
            return ncm_rows_give(r, out);
        }
        if (parsed == ROWS_FAILED) {
            *err = r->err;
            return give_up_file(r);
        }
        if (r->at_end) {
            ncm_rows_close_source(r);
            ncm_rows_current(r)->state = STATE_DONE;
        } else if (!ncm_rows_refill(r, cancel, err)) {
            return give_up_file(r);
        } else if (r->starved && r->o.follow) {
            return NCM_ROWS_WAIT;
        } else if (r->at_end && r->o.follow) {
            r->at_end = ncm_rows_is_over(r);
        }
    }
}

/* ---- one reader -------------------------------------------------------------------------------
 */

struct ncm_rows *ncm_rows_new(const char *path, const struct ncm_rows_options *o)
{
    struct ncm_rows *r = ncm_alloc(1, sizeof *r);
    r->path = ncm_strdup(path);
    r->o = *o;
    r->chunk = ROWS_CHUNK;
    r->by_name = ncm_map_new();
    r->current = SIZE_MAX;
    r->quiet_ms = QUIET_MS;
    r->watch = ncm_rows_watch_new();
    return r;
}

bool ncm_rows_open(const char *path, const struct ncm_rows_options *o, struct ncm_rows **out,
                   struct ncm_err *err)
{
    if (ncm_rows_is_table(path))
        return ncm_rows_open_address(path, o, out, err);
    struct ncm_rows *r = ncm_rows_new(path, o);
    size_t n;
    char **names = ncm_rows_names(r, &n);
    for (size_t i = 0; !o->follow && i < n; i++)
        ncm_rows_file_add(r, names[i]);
    ncm_rows_names_free(names, n);
    if (n == 0 && !o->follow) {
        ncm_rows_close(r);
        return ncm_fail(err, NCM_NOT_FOUND, _("%s: no such file"), path);
    }
    if (o->follow)
        ncm_rows_is_new(r); /* what is there now is there already */
    *out = r;
    return true;
}

void ncm_rows_close(struct ncm_rows *r)
{
    if (!r)
        return;
    ncm_rows_source_free(r->source);
    ncm_rows_watch_free(r);
    for (size_t i = 0; i < r->n_files; i++)
        ncm_rows_file_free(r->files[i]);
    for (size_t i = 0; i < r->n_columns; i++)
        ncm_free(r->columns[i]);
    ncm_rows_json_free(r);
    ncm_rows_table_free(r);
    ncm_map_free(r->by_name);
    ncm_free(r->files);
    ncm_free(r->columns);
    ncm_free(r->buf);
    ncm_free(r->fields);
    ncm_free(r->lines);
    ncm_free(r->row);
    ncm_free(r->path);
    ncm_free(r);
}

void ncm_rows_facts(const struct ncm_rows *r, struct ncm_rows_facts *out)
{
    *out = (struct ncm_rows_facts){
        .rows = r->rows,
        .bad = r->bad,
        .bytes = r->raw_before + (r->source ? ncm_rows_source_raw(r->source) : 0),
        .kept = r->kept,
        .n_kept = r->n_kept,
        .left_out = ncm_rows_json_left_out(r),
    };
    for (size_t i = 0; i < r->n_files; i++) {
        const struct rows_file *f = r->files[i];
        out->n_files += !f->is_past;
        if (!f->is_past && out->total_bytes >= 0)
            out->total_bytes = f->size < 0 ? -1 : out->total_bytes + f->size;
    }
}
