#include "provider/prediction_log/builder.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "provider/prediction_log/internal.h"

#define MOST_WORDS 10000
#define MOST_BYTES (INT64_C(8) << 30)

static struct ncm_map *names_of(const char *const *names, size_t n)
{
    struct ncm_map *m = ncm_map_new();
    for (size_t i = 0; i < n; i++) {
        ncm_map_set(m, names[i], strlen(names[i]), i);
    }
    return m;
}

struct ncm_frame_builder *ncm_frame_builder_new(const struct ncm_frame_options *o)
{
    struct ncm_frame_builder *b = ncm_alloc(1, sizeof *b);
    b->types = ncm_map_new();
    for (size_t i = 0; i < o->n_types; i++) {
        const struct ncm_column_wish *t = &o->types[i];
        ncm_map_set(b->types, t->name, strlen(t->name), t->type);
    }
    b->only = names_of(o->wanted, o->n_wanted);
    b->ignored = names_of(o->ignored, o->n_ignored);
    b->schema = o->schema;
    b->no_time = o->no_time;
    b->time_name = ncm_strdup(o->time_name ? o->time_name
                              : b->schema  ? b->schema->time_name
                                           : NULL);
    b->most_words = o->most_words ? o->most_words : MOST_WORDS;
    b->most_bytes = o->most_bytes ? o->most_bytes : MOST_BYTES;
    ncm_builder_begin(b);
    return b;
}

void ncm_frame_builder_free(struct ncm_frame_builder *b)
{
    if (!b) {
        return;
    }
    ncm_builder_drop_columns(b);
    ncm_free(b->columns);
    ncm_free(b->where);
    ncm_free(b->time_name);
    ncm_map_free(b->types);
    ncm_map_free(b->only);
    ncm_map_free(b->ignored);
    ncm_free(b);
}

void ncm_frame_builder_expect(struct ncm_frame_builder *b, size_t rows)
{
    b->rows_expected = rows;
}

/* Room for n rows in all columns. Nothing is copied twice where the system moves pages, and pages
 * that are never written take no memory. */
static bool make_room(struct ncm_frame_builder *b, size_t n, struct ncm_err *err)
{
    size_t live = 0;
    for (size_t k = 0; k < b->n_columns; k++) {
        live += b->columns[k].wanted;
    }
    size_t most = (size_t)b->most_bytes / sizeof(double) / (live ? live : 1);
    if (n > most) {
        char size[32];
        return ncm_fail(err, NCM_TOO_LARGE,
                        _("%zu columns of %zu rows are more than %s: choose fewer columns or a "
                          "shorter time"),
                        live, n, ncm_fmt_size(size, sizeof size, b->most_bytes));
    }
    if (n <= b->rows_cap) {
        return true;
    }
    size_t cap = b->rows_cap + b->rows_cap / 2;
    cap = cap < b->rows_expected ? b->rows_expected : cap;
    cap = cap > most ? most : cap;
    b->rows_cap = cap < n ? n : cap;
    for (size_t k = 0; k < b->n_columns; k++) {
        ncm_builder_room(b, &b->columns[k]);
    }
    return true;
}

bool ncm_frame_builder_add(struct ncm_frame_builder *b, const struct ncm_batch *batch,
                           struct ncm_err *err)
{
    ncm_builder_match(b, batch);
    if (!make_room(b, b->n_rows + batch->n_rows, err)) {
        return false;
    }
    struct cells_run r = {.step = batch->n_columns, .batch = batch};
    for (size_t row = 0; row < batch->n_rows; row += r.n) {
        size_t at = b->n_rows + row;
        size_t left = batch->n_rows - row;
        r.n = RUN_ROWS - at % RUN_ROWS;
        r.n = r.n < left ? r.n : left;
        r.first_row = row;
        for (size_t k = 0; k < b->n_columns; k++) {
            if (b->where[k] != NOWHERE && b->columns[k].wanted) {
                r.fields = batch->fields + row * batch->n_columns + b->where[k];
                ncm_cells_add(b, &b->columns[k], &r, at);
            }
        }
    }
    for (size_t k = 0; k < b->n_columns; k++) {
        if (b->where[k] == NOWHERE && b->columns[k].wanted) {
            ncm_cells_skip(b, &b->columns[k], b->n_rows, batch->n_rows);
        }
    }
    b->n_rows += batch->n_rows;
    b->facts.rows += (int64_t)batch->n_rows;
    return true;
}

bool ncm_frame_builder_turned(const struct ncm_frame_builder *b)
{
    for (size_t k = 0; k < b->n_columns; k++) {
        if (b->columns[k].turned) {
            return true;
        }
    }
    return false;
}

void ncm_frame_builder_restart(struct ncm_frame_builder *b)
{
    for (size_t k = 0; k < b->n_columns; k++) {
        const struct cells_column *c = &b->columns[k];
        if (c->turned) {
            ncm_map_set(b->types, c->name, strlen(c->name), NCM_COLUMN_CATEGORY);
        }
    }
    ncm_builder_begin(b);
}

/* ---- what comes out -------------------------------------------------------------------------- */

/* moved: the arrays and words change hands; else they are copied. */
static void put_category(struct cells_column *c, struct ncm_column *out, size_t n, bool moved)
{
    struct words *w = &c->words;
    out->type = NCM_COLUMN_CATEGORY;
    out->n_words = w->n;
    out->other = w->other;
    if (moved) {
        out->codes = ncm_resize(c->codes, n, sizeof *out->codes);
        c->codes = NULL;
        out->words = w->texts;
        out->counts = w->counts;
        w->texts = NULL;
        w->counts = NULL;
        w->n = 0;
        return;
    }
    out->codes = ncm_alloc(n, sizeof *out->codes);
    out->words = ncm_alloc(w->n, sizeof *out->words);
    out->counts = ncm_alloc(w->n, sizeof *out->counts);
    memcpy(out->codes, c->codes, n * sizeof *out->codes);
    for (size_t i = 0; i < w->n; i++) {
        out->words[i] = ncm_strdup(w->texts[i]);
        out->counts[i] = w->counts[i];
        w->counts[i] = 0;
    }
}

static void put_numbers(struct cells_column *c, struct ncm_column *out, size_t n, bool moved)
{
    out->type = NCM_COLUMN_NUMBER;
    out->n_infinite = c->n_infinite;
    out->integers = c->integers;
    if (moved) {
        out->numbers = ncm_resize(c->numbers, n, sizeof *out->numbers);
        c->numbers = NULL;
        return;
    }
    out->numbers = ncm_alloc(n, sizeof *out->numbers);
    memcpy(out->numbers, c->numbers, n * sizeof *out->numbers);
}

static void put_times(struct ncm_frame_builder *b, struct ncm_frame *f, bool moved)
{
    struct cells_column *c = &b->columns[b->time];
    f->time_name = ncm_strdup(c->name);
    if (moved) {
        f->times = ncm_resize(c->times, b->n_rows, sizeof *f->times);
        c->times = NULL;
        return;
    }
    f->times = ncm_alloc(b->n_rows, sizeof *f->times);
    memcpy(f->times, c->times, b->n_rows * sizeof *f->times);
}

static struct ncm_frame *frame_of(struct ncm_frame_builder *b, bool moved)
{
    struct ncm_frame *f = ncm_alloc(1, sizeof *f);
    f->columns = ncm_alloc(b->n_columns, sizeof *f->columns);
    f->n_rows = b->n_rows;
    b->rows_cap = b->rows_cap ? b->rows_cap : 1;
    for (size_t k = 0; k < b->n_columns; k++) {
        struct cells_column *c = &b->columns[k];
        if (!c->wanted || c->cells == CELLS_TIME) {
            continue;
        }
        ncm_builder_room(b, c); /* also where there never was a row */
        ncm_cells_settle(b, c, b->n_rows);
        c->fixed = true;
        struct ncm_column *out = &f->columns[f->n_columns++];
        *out = (struct ncm_column){
            .name = ncm_strdup(c->name), .other = NCM_NO_CODE, .n_missing = c->n_missing};
        (c->cells == CELLS_NUMBER ? put_numbers : put_category)(c, out, b->n_rows, moved);
        c->n_missing = 0;
        c->n_infinite = 0;
        c->integers = true;
        c->turned = false;
    }
    if (b->time != NOWHERE) {
        ncm_builder_room(b, &b->columns[b->time]);
        put_times(b, f, moved);
    }
    b->n_rows = 0;
    b->taken = true;
    return f;
}

struct ncm_frame *ncm_frame_builder_finish(struct ncm_frame_builder *b)
{
    return frame_of(b, true);
}

struct ncm_frame *ncm_frame_builder_take(struct ncm_frame_builder *b)
{
    return frame_of(b, false);
}

size_t ncm_frame_builder_rows(const struct ncm_frame_builder *b)
{
    return b->n_rows;
}

bool ncm_frame_builder_has(const struct ncm_frame_builder *b, const char *name)
{
    size_t at;
    return ncm_map_get(b->by_name, name, strlen(name), &at);
}

const char *ncm_frame_builder_time(const struct ncm_frame_builder *b)
{
    return b->time == NOWHERE ? NULL : b->columns[b->time].name;
}

void ncm_frame_builder_facts(const struct ncm_frame_builder *b, struct ncm_frame_facts *out)
{
    *out = b->facts;
}
