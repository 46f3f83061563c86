/* Where reading stands, a line a file: device, inode, decompressed bytes, line, rows given, and the
 * length and hash of its first bytes, so that an inode that was given to another file is no match
 * and a file that was renamed and compressed meanwhile is one. No value of a row is kept. */
#include <inttypes.h>
#include <stdio.h>

#include "io/file.h"
#include "io/rows_inside.h"

static const char title[] = "ncmlops rows 1\n";

static size_t head_of(const struct rows_file *f)
{
    return f->head_len < (size_t)f->consumed ? f->head_len : (size_t)f->consumed;
}

char *ncm_rows_position(const struct ncm_rows *r)
{
    struct ncm_buf b;
    char hex[65];
    if (r->table)
        return ncm_rows_table_position(r);
    ncm_buf_init(&b, (size_t)1 << 20);
    ncm_buf_puts(&b, title);
    for (size_t i = 0; i < r->n_files; i++) {
        const struct rows_file *f = r->files[i];
        if (f->size < 0 || f->consumed == 0 || f->handed_over)
            continue;
        ncm_sha256_hex(f->head, head_of(f), hex);
        ncm_buf_printf(&b, "%ju %ju %" PRId64 " %" PRId64 " %" PRId64 " %d %zu %s\n",
                       (uintmax_t)f->dev, (uintmax_t)f->ino, f->consumed, f->next_line, f->given,
                       f->skip_first, head_of(f), hex);
    }
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

struct place {
    uintmax_t dev, ino;
    int64_t consumed, line, given;
    int skip_first;
    size_t head;
    char hex[65];
    bool taken;
};

static bool begins_so(const struct rows_file *f, const struct place *p, char head[ROWS_HEAD],
                      bool *packed)
{
    char hex[65];
    *packed = false;
    if (ncm_rows_file_head(f, head, p->head, packed) != (ptrdiff_t)p->head ||
        (!*packed && f->size < p->consumed))
        return false;
    ncm_sha256_hex(head, p->head, hex);
    return strcmp(hex, p->hex) == 0;
}

/* By the file with that inode, or by any other one that begins so. */
static void take_place(struct ncm_rows *r, struct place *p, bool by_inode)
{
    char head[ROWS_HEAD];
    bool packed;
    for (size_t i = 0; !p->taken && i < r->n_files; i++) {
        struct rows_file *f = r->files[i];
        bool same = f->dev == p->dev && f->ino == p->ino;
        if (f->size < 0 || f->resumed || same != by_inode || !begins_so(f, p, head, &packed))
            continue;
        memcpy(f->head, head, p->head);
        f->head_len = p->head;
        f->consumed = p->consumed;
        f->next_line = p->line;
        f->given = p->given;
        f->skip_first = p->skip_first;
        f->packed = packed;
        f->resumed = p->taken = true;
        f->tried = -1;
        f->turn = 0;
        f->state = STATE_READ;
    }
}

static struct place *places_of(const char *position, size_t *n)
{
    struct place *places = NULL;
    size_t cap = 0;
    *n = 0;
    for (const char *p = position; *p;) {
        struct place at = {0};
        if (sscanf(p, "%ju %ju %" SCNd64 " %" SCNd64 " %" SCNd64 " %d %zu %64[0-9a-f]", &at.dev,
                   &at.ino, &at.consumed, &at.line, &at.given, &at.skip_first, &at.head,
                   at.hex) == 8 &&
            at.consumed > 0 && at.line > 0 && at.given >= 0 && at.head <= ROWS_HEAD &&
            at.head <= (size_t)at.consumed) {
            places = ncm_grow(places, *n, &cap, sizeof *places);
            places[(*n)++] = at;
        }
        const char *nl = strchr(p, '\n');
        p = nl ? nl + 1 : p + strlen(p);
    }
    return places;
}

static size_t take_places(struct ncm_rows *r, struct place *places, size_t n)
{
    size_t taken = 0;
    for (size_t i = 0; i < n; i++)
        take_place(r, &places[i], true);
    for (size_t i = 0; i < n; i++) {
        take_place(r, &places[i], false);
        taken += places[i].taken;
    }
    return taken;
}

/* What was copied and is not cut yet is there twice: a file that nothing is known of may be the copy
 * of one that is read on. */
static void doubt_others(struct ncm_rows *r)
{
    for (size_t i = 0; i < r->n_files; i++) {
        struct rows_file *f = r->files[i];
        if (f->size < 0 || f->resumed || f->state != STATE_READ)
            continue;
        f->state = STATE_UNSURE;
        f->turn = ++r->turns;
    }
}

bool ncm_rows_resume(struct ncm_rows *r, const char *position)
{
    size_t n;
    if (r->table)
        return ncm_rows_table_resume(r, position);
    if (strncmp(position, title, sizeof title - 1) != 0 || r->rows > 0 || r->source)
        return false;
    struct place *places = places_of(position + sizeof title - 1, &n);
    size_t taken = take_places(r, places, n);
    if (taken < n) { /* it may have been copied and cut since names were looked through */
        size_t known = r->n_files;
        ncm_rows_look(r);
        taken = r->n_files != known ? take_places(r, places, n) : taken;
    }
    if (taken > 0)
        doubt_others(r);
    ncm_free(places);
    return taken > 0;
}
