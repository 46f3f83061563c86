/* Which columns there are: by name, from the schema, and the one of the times. */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "provider/prediction_log/internal.h"

static const char *const time_names[N_TIME_NAMES] = {"ts",   "time",     "timestamp", "@timestamp",
                                                     "date", "datetime", "event_time"};

static bool holds(const struct ncm_map *m, const char *name)
{
    size_t at;
    return ncm_map_get(m, name, strlen(name), &at);
}

static void release(struct cells_column *c)
{
    ncm_words_release(&c->words);
    ncm_free(c->numbers);
    ncm_free(c->codes);
    ncm_free(c->times);
    ncm_free(c->values);
    c->numbers = NULL;
    c->codes = NULL;
    c->times = NULL;
    c->values = NULL;
}

void ncm_builder_drop_columns(struct ncm_frame_builder *b)
{
    for (size_t k = 0; k < b->n_columns; k++) {
        release(&b->columns[k]);
        ncm_free(b->columns[k].name);
    }
    ncm_map_free(b->by_name);
    ncm_map_free(b->extra);
    b->by_name = NULL;
    b->extra = NULL;
    b->n_columns = 0;
}

void ncm_builder_room(const struct ncm_frame_builder *b, struct cells_column *c)
{
    if (!c->wanted) {
        return;
    }
    switch (c->cells) {
    case CELLS_NUMBER:
        c->numbers = ncm_resize(c->numbers, b->rows_cap, sizeof *c->numbers);
        break;
    case CELLS_TIME:
        c->times = ncm_resize(c->times, b->rows_cap, sizeof *c->times);
        break;
    case CELLS_UNDECIDED:
    case CELLS_CATEGORY:
        c->codes = ncm_resize(c->codes, b->rows_cap, sizeof *c->codes);
        break;
    }
}

/* A column as one of those cells, missing in all rows so far. */
static void begin_cells(struct ncm_frame_builder *b, struct cells_column *c, enum cells cells)
{
    release(c);
    c->cells = cells;
    c->n_missing = 0;
    c->integers = true;
    if (cells == CELLS_UNDECIDED) {
        ncm_words_init(&c->words,
                       b->most_words > UNDECIDED_WORDS ? b->most_words : UNDECIDED_WORDS);
    } else if (cells == CELLS_CATEGORY) {
        ncm_words_init(&c->words, b->most_words);
    }
    ncm_builder_room(b, c);
    if (c->wanted) {
        ncm_cells_skip(b, c, 0, b->n_rows);
    }
}

static struct cells_column *add_column(struct ncm_frame_builder *b, const char *name,
                                       enum cells cells)
{
    b->columns = ncm_grow(b->columns, b->n_columns, &b->columns_cap, sizeof *b->columns);
    ncm_map_set(b->by_name, name, strlen(name), b->n_columns);
    struct cells_column *c = &b->columns[b->n_columns++];
    size_t type;
    *c = (struct cells_column){.name = ncm_strdup(name)};
    c->wanted = cells == CELLS_TIME ||
                ((ncm_map_count(b->only) == 0 || holds(b->only, name)) && !holds(b->ignored, name));
    if (cells != CELLS_TIME && ncm_map_get(b->types, name, strlen(name), &type)) {
        cells = type == NCM_COLUMN_NUMBER ? CELLS_NUMBER : CELLS_CATEGORY;
    }
    c->fixed = cells != CELLS_UNDECIDED;
    begin_cells(b, c, cells);
    return c;
}

/* The reference's words, with the codes they have there. */
static void seed_words(struct words *w, const struct ncm_column *from)
{
    size_t own = from->n_words - (from->other != NCM_NO_CODE);
    if (from->other != NCM_NO_CODE || w->most < own) {
        w->most = own; /* what is "(other)" there is so here */
    }
    for (size_t i = 0; i < from->n_words; i++) {
        if (i == from->other) {
            (void)ncm_words_other(w);
        } else {
            (void)ncm_words_code(w, from->words[i], strlen(from->words[i]));
        }
    }
}

void ncm_builder_begin(struct ncm_frame_builder *b)
{
    ncm_builder_drop_columns(b);
    b->by_name = ncm_map_new();
    b->extra = ncm_map_new();
    b->time = NOWHERE;
    b->n_rows = 0;
    b->taken = false;
    b->facts = (struct ncm_frame_facts){0};
    memset(b->tried, 0, sizeof b->tried);
    for (size_t i = 0; b->schema && i < b->schema->n_columns; i++) {
        const struct ncm_column *from = &b->schema->columns[i];
        bool number = from->type == NCM_COLUMN_NUMBER;
        struct cells_column *c = add_column(b, from->name, number ? CELLS_NUMBER : CELLS_CATEGORY);
        if (c->cells == CELLS_CATEGORY && !number) {
            seed_words(&c->words, from);
        }
    }
}

static size_t place_of(const struct ncm_batch *batch, const char *name, bool any_case)
{
    for (size_t j = 0; j < batch->n_columns; j++) {
        if ((any_case ? strcasecmp : strcmp)(batch->columns[j], name) == 0) {
            return j;
        }
    }
    return NOWHERE;
}

static void set_time(struct ncm_frame_builder *b, const char *name)
{
    size_t at;
    if (ncm_map_get(b->by_name, name, strlen(name), &at)) {
        b->columns[at].wanted = true;
        b->columns[at].fixed = true;
        begin_cells(b, &b->columns[at], CELLS_TIME);
    } else {
        at = b->n_columns;
        (void)add_column(b, name, CELLS_TIME);
    }
    b->time = at;
}

/* Whether the column's first value that is there is a time of our days; *any: there is one. */
static bool begins_with_time(const struct ncm_batch *batch, size_t j, bool *any)
{
    static const int64_t least = INT64_C(100000000000); /* 1973: small numbers are durations */
    *any = false;
    for (size_t i = 0; i < batch->n_rows; i++) {
        const struct ncm_field *f = &batch->fields[i * batch->n_columns + j];
        if (f->kind == NCM_FIELD_ABSENT || ncm_is_missing(f->p, f->len)) {
            continue;
        }
        int64_t ms;
        *any = true;
        return ncm_cells_time(f, &ms) && ms >= least;
    }
    return false;
}

static void choose_time(struct ncm_frame_builder *b, const struct ncm_batch *batch)
{
    if (b->time != NOWHERE || b->no_time) {
        return;
    }
    if (b->time_name) {
        if (place_of(batch, b->time_name, false) != NOWHERE) {
            set_time(b, b->time_name);
        }
        return;
    }
    for (size_t i = 0; i < N_TIME_NAMES && !b->taken; i++) {
        size_t j = b->tried[i] ? NOWHERE : place_of(batch, time_names[i], true);
        if (j == NOWHERE || holds(b->types, batch->columns[j]) ||
            (b->schema && ncm_frame_find(b->schema, batch->columns[j]))) {
            continue;
        }
        if (begins_with_time(batch, j, &b->tried[i])) {
            set_time(b, batch->columns[j]);
            return;
        }
    }
}

void ncm_builder_match(struct ncm_frame_builder *b, const struct ncm_batch *batch)
{
    choose_time(b, batch);
    bool closed = b->schema || b->taken;
    for (size_t j = 0; j < batch->n_columns; j++) {
        const char *name = batch->columns[j];
        if (holds(b->by_name, name)) {
            continue;
        }
        if (!closed) {
            (void)add_column(b, name, CELLS_UNDECIDED);
        } else if (!holds(b->extra, name)) {
            ncm_map_set(b->extra, name, strlen(name), 0);
        }
    }
    b->facts.n_extra = ncm_map_count(b->extra);
    if (b->where_cap < b->n_columns) {
        b->where_cap = b->n_columns;
        b->where = ncm_resize(b->where, b->where_cap, sizeof *b->where);
    }
    for (size_t k = 0; k < b->n_columns; k++) {
        b->where[k] = NOWHERE;
    }
    for (size_t j = 0; j < batch->n_columns; j++) {
        size_t k;
        const char *name = batch->columns[j];
        if (ncm_map_get(b->by_name, name, strlen(name), &k) && b->where[k] == NOWHERE) {
            b->where[k] = j;
        }
    }
}
