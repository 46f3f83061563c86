#include "provider/prediction_log/find_rows.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/num_fast.h"
#include "provider/prediction_log/internal.h"
#include "provider/prediction_log/source.h"

#define MOST_ROWS   10000
#define USUAL_ROWS  100
#define FIELD_BYTES ((size_t)64 << 10)
#define MOST_BYTES  ((size_t)256 << 20) /* of all rows found */

struct search {
    const struct ncm_row_question *q;
    struct ncm_found_rows *found;
    struct ncm_map *known; /* OTHER */
    size_t most, rows_cap, bytes;
    size_t column, time; /* their places in the batch, or NOWHERE */
    bool seen_column, seen_time;
};

static bool is_missing(const struct ncm_field *f)
{
    return f->kind == NCM_FIELD_ABSENT || ncm_is_missing(f->p, f->len);
}

static bool number_of(const struct ncm_field *f, double *v)
{
    return (f->kind == NCM_FIELD_TEXT || f->kind == NCM_FIELD_NUMBER) && !is_missing(f) &&
           (ncm_parse_number_fast(f->p, f->len, v) || ncm_parse_number_word(f->p, f->len, v));
}

static bool is_within(const struct ncm_row_question *q, const struct ncm_field *f)
{
    double v;
    if (!number_of(f, &v)) {
        return false;
    }
    return (q->above_lo ? v > q->lo : v >= q->lo) && (q->below_hi ? v < q->hi : v <= q->hi);
}

static bool is_word(const char *word, const struct ncm_field *f)
{
    size_t len = strlen(word);
    return !is_missing(f) && f->len == len && memcmp(f->p, word, len) == 0;
}

static struct ncm_map *known_words(const struct ncm_row_question *q)
{
    struct ncm_map *m = ncm_map_new();
    for (size_t i = 0; q->test == NCM_ROW_OTHER && i < q->known->n_words; i++) {
        if (i != q->known->other) {
            ncm_map_set(m, q->known->words[i], strlen(q->known->words[i]), i);
        }
    }
    return m;
}

static bool is_known(const struct ncm_map *known, const struct ncm_field *f)
{
    size_t at;
    return ncm_map_get(known, f->p, f->len, &at);
}

static bool answers(const struct search *s, const struct ncm_field *f)
{
    const struct ncm_row_question *q = s->q;
    double v;
    switch (q->test) {
    case NCM_ROW_WITHIN:
        return f && is_within(q, f);
    case NCM_ROW_WORD:
        return f && is_word(q->word, f);
    case NCM_ROW_OTHER:
        return f && !is_missing(f) && !is_known(s->known, f);
    case NCM_ROW_MISSING:
        return !f || is_missing(f) || (q->number && (!number_of(f, &v) || v != v));
    case NCM_ROW_ANY:
        break;
    }
    return true;
}

static bool in_time(const struct search *s, const struct ncm_field *row)
{
    const struct ncm_row_question *q = s->q;
    int64_t ms;
    if (!q->time || (q->since_ms == NCM_NO_TIME && q->until_ms == NCM_NO_TIME)) {
        return true;
    }
    return s->time != NOWHERE && ncm_cells_time(&row[s->time], &ms) &&
           (q->since_ms == NCM_NO_TIME || ms >= q->since_ms) &&
           (q->until_ms == NCM_NO_TIME || ms < q->until_ms);
}

static void keep_row(struct search *s, const struct ncm_batch *b, size_t i)
{
    struct ncm_found_rows *found = s->found;
    found->rows = ncm_grow(found->rows, found->n, &s->rows_cap, sizeof *found->rows);
    struct ncm_found_row *r = &found->rows[found->n++];
    const struct ncm_field *row = &b->fields[i * b->n_columns];
    *r = (struct ncm_found_row){.file = ncm_strdup(b->file), .line = b->lines[i]};
    r->fields = ncm_alloc(b->n_columns, sizeof *r->fields);
    r->n_fields = b->n_columns;
    for (size_t j = 0; j < b->n_columns; j++) {
        size_t len = row[j].len < FIELD_BYTES ? row[j].len : FIELD_BYTES;
        if (row[j].kind != NCM_FIELD_ABSENT) {
            r->fields[j] = ncm_strndup(len ? row[j].p : "", len);
            s->bytes += len;
        }
    }
}

static void match(struct search *s, const struct ncm_batch *b)
{
    const struct ncm_row_question *q = s->q;
    s->column = NOWHERE;
    s->time = NOWHERE;
    for (size_t j = b->n_columns; j-- > 0;) {
        if (q->column && strcmp(b->columns[j], q->column) == 0) {
            s->column = j;
            s->seen_column = true;
        }
        if (q->time && strcmp(b->columns[j], q->time) == 0) {
            s->time = j;
            s->seen_time = true;
        }
    }
}

/* A batch may have more columns than the one before it. */
static void name_columns(struct ncm_found_rows *found, const struct ncm_batch *b)
{
    if (found->n_columns >= b->n_columns) {
        return;
    }
    found->columns = ncm_resize(found->columns, b->n_columns, sizeof *found->columns);
    for (; found->n_columns < b->n_columns; found->n_columns++) {
        found->columns[found->n_columns] = ncm_strdup(b->columns[found->n_columns]);
    }
}

/* false: enough were found. */
static bool look(struct search *s, const struct ncm_batch *b)
{
    match(s, b);
    name_columns(s->found, b);
    for (size_t i = 0; i < b->n_rows; i++) {
        const struct ncm_field *row = &b->fields[i * b->n_columns];
        s->found->n_read++;
        if (in_time(s, row) && answers(s, s->column == NOWHERE ? NULL : &row[s->column])) {
            keep_row(s, b, i);
        }
        if (s->found->n == s->most || s->bytes >= MOST_BYTES) {
            s->found->more = true;
            return false;
        }
    }
    return true;
}

static bool check_columns(const struct search *s, const char *path, struct ncm_err *err)
{
    const struct ncm_row_question *q = s->q;
    if (q->column && !s->seen_column) {
        return ncm_fail(err, NCM_USAGE, _("%s has no column \"%s\""), path, q->column);
    }
    if (q->time && !s->seen_time) {
        return ncm_fail(err, NCM_USAGE, _("%s has no column \"%s\""), path, q->time);
    }
    return true;
}

bool ncm_log_find_rows(const char *path, const struct ncm_log_options *o,
                       const struct ncm_row_question *q, struct ncm_found_rows **out,
                       const atomic_bool *cancel, struct ncm_err *err)
{
    struct log_source *source;
    struct ncm_rows_options rows = o->rows;
    rows.follow = false;
    if (!ncm_log_source_open(path, &rows, o->table, cancel, &source, err)) {
        return false;
    }
    struct search s = {.q = q, .found = ncm_alloc(1, sizeof *s.found), .known = known_words(q)};
    s.most = q->most == 0 ? USUAL_ROWS : q->most < MOST_ROWS ? q->most : MOST_ROWS;
    struct ncm_batch batch;
    enum ncm_rows_got got;
    while ((got = ncm_log_source_next(source, &batch, cancel, err)) == NCM_ROWS_BATCH) {
        if (!look(&s, &batch)) {
            break;
        }
    }
    ncm_log_source_close(source);
    ncm_map_free(s.known);
    if (got == NCM_ROWS_ERROR || !check_columns(&s, path, err)) {
        ncm_found_rows_free(s.found);
        return false;
    }
    *out = s.found;
    return true;
}

void ncm_found_rows_free(struct ncm_found_rows *r)
{
    if (!r) {
        return;
    }
    for (size_t i = 0; i < r->n; i++) {
        for (size_t j = 0; j < r->rows[i].n_fields; j++) {
            ncm_free(r->rows[i].fields[j]);
        }
        ncm_free(r->rows[i].fields);
        ncm_free(r->rows[i].file);
    }
    for (size_t j = 0; j < r->n_columns; j++) {
        ncm_free(r->columns[j]);
    }
    ncm_free(r->columns);
    ncm_free(r->rows);
    ncm_free(r);
}
