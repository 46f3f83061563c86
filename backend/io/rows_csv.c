/* CSV after RFC 4180. The scan goes from one byte that means something to the next, 64 bytes at a
 * time, and fields are left where they lie; quotes are taken off only once the row is whole, as a
 * half row is scanned again when more bytes are there.
 *
 * After a row that cannot be read, reading goes on with the line after the one on which it began:
 * a quote that is never closed costs one line, not the rest of the file. */
#include <stdio.h>

#include "base/i18n.h"
#include "io/rows_inside.h"
#include "io/rows_scan.h"

/* The row that the scan is in. */
struct csv_row {
    size_t start;   /* of the row in the buffer */
    size_t fields;  /* so far */
    bool quotes;    /* one of its fields begins with a quote */
    int64_t breaks; /* line ends inside of it */
    struct ncm_field *out;
    size_t room; /* fields that out takes; more are only counted */
};

/* Takes the quotes off a field that begins with one; it moves within its own bytes. */
static void unquote(char *buf, struct ncm_field *f)
{
    if (f->len == 0 || f->p[0] != '"')
        return;
    char *to = buf + (f->p - buf) + 1, *start = to;
    const char *p = f->p + 1, *end = f->p + f->len;
    while (p < end) {
        const char *q = memchr(p, '"', (size_t)(end - p));
        size_t run = (size_t)((q ? q : end) - p);
        if (to != p)
            memmove(to, p, run);
        to += run;
        if (!q)
            break;
        p = q + 1;
        if (p < end && *p == '"')
            *to++ = *p++;
    }
    f->p = start;
    f->len = (uint32_t)(to - start);
}

/* A name that no other field of the header has. */
static void name_for(const struct ncm_map *taken, const struct ncm_field *f, size_t i,
                     struct ncm_buf *name)
{
    size_t seen;
    ncm_buf_clear(name);
    if (f->len == 0)
        ncm_buf_printf(name, "column_%zu", i + 1);
    else
        ncm_buf_add(name, f->p, f->len);
    size_t own = name->len;
    for (size_t k = 2; ncm_map_get(taken, name->p, name->len, &seen); k++) {
        name->len = own;
        ncm_buf_printf(name, "_%zu", k);
    }
}

/* Makes the columns of a header of n fields. */
static bool take_header(struct ncm_rows *r, const struct ncm_field *f, size_t n)
{
    struct rows_file *file = ncm_rows_current(r);
    struct ncm_map *taken = ncm_map_new();
    struct ncm_buf name;
    bool ok = true;
    ncm_buf_init(&name, ROWS_MAX_FIELD + 64);
    file->map = ncm_resize(file->map, n, sizeof *file->map);
    file->n_map = n;
    file->straight = true;
    for (size_t i = 0; ok && i < n; i++) {
        size_t column = 0;
        name_for(taken, &f[i], i, &name);
        ncm_map_set(taken, name.p, name.len, i);
        ok = ncm_rows_column(r, name.p, name.len, &column);
        file->map[i] = (uint32_t)column;
        file->straight = file->straight && column == i;
    }
    ncm_buf_release(&name);
    ncm_map_free(taken);
    return ok || ncm_fail(&r->err, NCM_TOO_LARGE,
                          _("%s: more than %d columns together with the files before it"),
                          file->path, ROWS_MAX_COLUMNS);
}

/* Where the next row's fields go; false where the batch is full. */
static bool begin_row(struct ncm_rows *r, size_t start, struct csv_row *row)
{
    const struct rows_file *file = ncm_rows_current(r);
    *row = (struct csv_row){.start = start};
    if (!file->begun) {
        row->out = r->row;
        row->room = ROWS_MAX_COLUMNS;
        return true;
    }
    struct ncm_field *room = r->header_only ? NULL : ncm_rows_room(r);
    if (!room)
        return false;
    row->room = file->n_map;
    row->out = file->straight && file->n_map == r->n_columns ? room : r->row;
    return true;
}

static bool too_long(const struct csv_row *row, size_t end)
{
    if (end - row->start <= ROWS_MAX_FIELD)
        return false;
    for (size_t i = 0; i < row->fields && i < row->room; i++)
        if (row->out[i].len > ROWS_MAX_FIELD)
            return true;
    return false;
}

static bool end_header(struct ncm_rows *r, const struct csv_row *row)
{
    struct rows_file *file = ncm_rows_current(r);
    if (row->fields > row->room)
        return ncm_fail(&r->err, NCM_TOO_LARGE, _("%s: the header has more than %d columns"),
                        file->path, ROWS_MAX_COLUMNS);
    if (!take_header(r, row->out, row->fields))
        return false;
    file->begun = true;
    return true;
}

/* The row is whole and ends (with its line end) at end. */
static bool end_row(struct ncm_rows *r, struct csv_row *row, size_t end)
{
    struct rows_file *file = ncm_rows_current(r);
    int64_t line = file->line;
    file->line += 1 + row->breaks;
    r->pos = end;
    if (row->fields == 1 && row->out[0].len == 0)
        return true; /* a blank line */
    if (end - row->start > ROWS_MAX_ROW)
        return ncm_rows_too_long(r, line);
    if (too_long(row, end))
        return ncm_rows_bad(r, line, _("a field is longer than %d KiB"),
                            (int)(ROWS_MAX_FIELD >> 10));
    for (size_t i = 0; row->quotes && i < row->fields && i < row->room; i++)
        unquote(r->buf, &row->out[i]);
    if (!file->begun)
        return end_header(r, row);
    if (row->fields != row->room)
        return ncm_rows_bad(r, line, _("%zu fields where the header has %zu"), row->fields,
                            row->room);
    if (row->out == r->row) {
        struct ncm_field *to = r->fields + r->n_rows * r->n_columns;
        for (size_t i = 0; i < r->n_columns; i++)
            to[i] = (struct ncm_field){.p = "", .kind = NCM_FIELD_ABSENT};
        for (size_t i = 0; i < row->room; i++)
            to[file->map[i]] = row->out[i];
    }
    r->lines[r->n_rows++] = line;
    return true;
}

/* A row that breaks the rules: goes on after the line on which it began. */
static bool give_up_row(struct ncm_rows *r, const struct csv_row *row, bool final, const char *why)
{
    struct rows_file *file = ncm_rows_current(r);
    int64_t line = file->line;
    r->pos = row->start;
    ncm_rows_drop_line(r, final);
    if (!file->begun)
        return ncm_fail(&r->err, NCM_INVALID_DATA, _("%s: the header cannot be read: %s"),
                        file->path, why);
    return ncm_rows_bad(r, line, "%s", why);
}

enum csv_quote { QUOTE_OPEN, QUOTE_DOUBLED, QUOTE_CLOSED, QUOTE_UNKNOWN, QUOTE_WRONG };

/* What a quote inside a quoted field is, by the byte after it. */
static enum csv_quote quote_at(const struct ncm_rows *r, size_t i, char delimiter, bool final)
{
    if (i + 1 == r->len)
        return final ? QUOTE_CLOSED : QUOTE_UNKNOWN;
    char c = r->buf[i + 1];
    if (c == '"')
        return QUOTE_DOUBLED;
    return c == delimiter || c == '\n' || c == '\r' ? QUOTE_CLOSED : QUOTE_WRONG;
}

static inline void put_field(struct csv_row *row, const char *buf, size_t from, size_t to)
{
    if (row->fields < row->room)
        row->out[row->fields] = (struct ncm_field){.p = buf + from, .len = (uint32_t)(to - from)};
    row->fields++;
}

enum csv_step { STEP_MORE, STEP_ROW, STEP_FULL, STEP_FAILED };

/* Rows from r->pos on, until one breaks the rules (STEP_ROW: begin again there), the batch is full,
 * or the bytes end. */
static enum csv_step scan(struct ncm_rows *r, bool final)
{
    const char *buf = r->buf, delimiter = ncm_rows_current(r)->delimiter;
    const struct ncm_scan marks = ncm_scan_for(delimiter, '"', '\n', '\r');
    const size_t len = r->len;
    struct csv_row row;
    size_t next = r->pos, field = next; /* marks before next are part of what was seen */
    bool quoted = false;
    if (!begin_row(r, r->pos, &row))
        return STEP_FULL;
    for (size_t block = r->pos; block < len; block += NCM_SCAN_STEP) {
        uint64_t m = ncm_scan_64(&marks, buf + block);
        if (len - block < NCM_SCAN_STEP)
            m &= (UINT64_C(1) << (len - block)) - 1;
        for (; m; m &= m - 1) {
            size_t i = block + ncm_scan_first(m);
            char c = buf[i];
            if (i < next)
                continue;
            if (c == delimiter && !quoted) {
                put_field(&row, buf, field, i);
                field = i + 1;
            } else if (c == '"') {
                enum csv_quote q = quoted ? quote_at(r, i, delimiter, final) : QUOTE_OPEN;
                if (q == QUOTE_UNKNOWN)
                    return STEP_MORE;
                if (q == QUOTE_WRONG)
                    return give_up_row(r, &row, final,
                                       _("text follows the quote that ends a field"))
                               ? STEP_ROW
                               : STEP_FAILED;
                if (q == QUOTE_DOUBLED)
                    next = i + 2;
                else if (q == QUOTE_CLOSED)
                    quoted = false;
                else if (i == field)
                    quoted = row.quotes = true;
            } else if (quoted) {
                row.breaks += c == '\n' || (c == '\r' && i + 1 < len && buf[i + 1] != '\n');
            } else {
                if (c == '\r' && i + 1 == len && !final)
                    return STEP_MORE;
                put_field(&row, buf, field, i);
                field = next = i + 1 + (c == '\r' && i + 1 < len && buf[i + 1] == '\n');
                if (!end_row(r, &row, next))
                    return STEP_FAILED;
                if (!begin_row(r, next, &row))
                    return STEP_FULL;
            }
        }
        if (quoted && block > field && block - field > ROWS_MAX_FIELD)
            break;
    }
    if (quoted && (final || len - field > ROWS_MAX_FIELD))
        return give_up_row(r, &row, final, _("a quote is opened and not closed")) ? STEP_ROW
                                                                                  : STEP_FAILED;
    if (!final || row.start == len)
        return STEP_MORE;
    put_field(&row, buf, field, len);
    return end_row(r, &row, len) ? STEP_MORE : STEP_FAILED;
}

enum rows_parsed ncm_rows_csv(struct ncm_rows *r, bool final)
{
    enum csv_step step;
    if (!r->row)
        r->row = ncm_alloc(ROWS_MAX_COLUMNS, sizeof *r->row);
    do
        step = scan(r, final);
    while (step == STEP_ROW && !r->skip_line);
    return step == STEP_FULL ? ROWS_FULL : step == STEP_FAILED ? ROWS_FAILED : ROWS_MORE;
}
