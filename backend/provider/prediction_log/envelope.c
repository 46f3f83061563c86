#include "provider/prediction_log/envelope.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/node.h"

#define WRAP         "captureData."
#define WRAP_INPUT   WRAP "endpointInput."
#define WRAP_OUTPUT  WRAP "endpointOutput."
#define WRAP_TIME    "eventMetadata.inferenceTime"
#define MOST_COLUMNS 1024
#define MOST_ROWS    10000             /* of one line */
#define MOST_FIELDS  ((size_t)1 << 18) /* of a batch; one line always fits */
#define NAME_BYTES   256

struct cell {
    size_t row, column;
    struct ncm_field field;
};

struct log_envelope {
    struct ncm_batch in;
    size_t next; /* line of it */
    char **columns;
    size_t n_columns, columns_cap;
    struct ncm_map *by_name;
    /* Of the batch that is made. */
    struct ncm_arena *texts;
    struct cell *cells;
    size_t n_cells, cells_cap;
    struct ncm_field *fields;
    size_t fields_cap;
    int64_t *lines;
    size_t n_rows, lines_cap;
};

static size_t place_of(const struct ncm_batch *b, const char *name)
{
    for (size_t j = 0; j < b->n_columns; j++) {
        if (strcmp(b->columns[j], name) == 0) {
            return j;
        }
    }
    return SIZE_MAX;
}

bool ncm_envelope_is(const struct ncm_batch *b)
{
    return place_of(b, WRAP_INPUT "data") != SIZE_MAX;
}

struct log_envelope *ncm_envelope_new(void)
{
    struct log_envelope *e = ncm_alloc(1, sizeof *e);
    e->by_name = ncm_map_new();
    return e;
}

void ncm_envelope_free(struct log_envelope *e)
{
    if (!e) {
        return;
    }
    for (size_t i = 0; i < e->n_columns; i++) {
        ncm_free(e->columns[i]);
    }
    ncm_free(e->columns);
    ncm_map_free(e->by_name);
    ncm_arena_free(e->texts);
    ncm_free(e->cells);
    ncm_free(e->fields);
    ncm_free(e->lines);
    ncm_free(e);
}

void ncm_envelope_begin(struct log_envelope *e, const struct ncm_batch *b)
{
    e->in = *b;
    e->next = 0;
}

bool ncm_envelope_pending(const struct log_envelope *e)
{
    return e->next < e->in.n_rows;
}

/* What is beyond the most columns is left out. */
static void put(struct log_envelope *e, size_t row, const char *name, struct ncm_field f)
{
    size_t column, len = strlen(name);
    if (!ncm_map_get(e->by_name, name, len, &column)) {
        if (e->n_columns == MOST_COLUMNS) {
            return;
        }
        e->columns = ncm_grow(e->columns, e->n_columns, &e->columns_cap, sizeof *e->columns);
        column = e->n_columns++;
        e->columns[column] = ncm_strdup(name);
        ncm_map_set(e->by_name, name, len, column);
    }
    e->cells = ncm_grow(e->cells, e->n_cells, &e->cells_cap, sizeof *e->cells);
    e->cells[e->n_cells++] = (struct cell){row, column, f};
}

static void put_at(struct log_envelope *e, size_t row, const char *side, size_t index,
                   struct ncm_field f)
{
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "%s[%zu]", side, index);
    put(e, row, name, f);
}

/* ---- CSV without a header -------------------------------------------------------------------- */

/* One field of a line; advances behind its comma. Quotes around it are taken off. */
static struct ncm_field csv_field(const char **p, const char *end)
{
    const char *start = *p, *stop;
    if (start < end && *start == '"') {
        start++;
        stop = start;
        while (stop < end && !(*stop == '"' && (stop + 1 == end || stop[1] == ','))) {
            stop++;
        }
        *p = stop < end ? stop + 1 : end;
    } else {
        stop = memchr(start, ',', (size_t)(end - start));
        stop = stop ? stop : end;
        *p = stop;
    }
    if (*p < end) {
        ++*p;
    }
    return (struct ncm_field){start, (uint32_t)(stop - start), NCM_FIELD_TEXT};
}

static size_t put_csv(struct log_envelope *e, const char *side, const struct ncm_field *data)
{
    const char *p = data->p, *end = data->p + data->len;
    size_t rows = 0;
    while (p < end && rows < MOST_ROWS) {
        const char *line_end = memchr(p, '\n', (size_t)(end - p));
        const char *next = line_end ? line_end + 1 : end;
        line_end = line_end ? line_end : end;
        line_end -= line_end > p && line_end[-1] == '\r';
        rows += p < line_end;
        for (size_t i = 0; p < line_end; i++) {
            put_at(e, e->n_rows + rows - 1, side, i, csv_field(&p, line_end));
        }
        p = next;
    }
    return rows;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static struct ncm_field node_field(struct log_envelope *e, const struct ncm_node *n)
{
    char number[40];
    struct ncm_str text;
    switch (n->kind) {
    case NCM_NODE_BOOL:
        return n->boolean ? (struct ncm_field){"true", 4, NCM_FIELD_TRUE}
                          : (struct ncm_field){"false", 5, NCM_FIELD_FALSE};
    case NCM_NODE_INT:
        snprintf(number, sizeof number, "%" PRId64, n->i);
        text = ncm_arena_cstr(e->texts, number);
        return (struct ncm_field){text.p, (uint32_t)text.len, NCM_FIELD_NUMBER};
    case NCM_NODE_NUM:
        text = ncm_arena_cstr(e->texts, ncm_fmt_exact(number, sizeof number, n->num));
        return (struct ncm_field){text.p, (uint32_t)text.len, NCM_FIELD_NUMBER};
    case NCM_NODE_STR:
        text = ncm_arena_str(e->texts, n->str, n->len);
        return (struct ncm_field){text.p, (uint32_t)text.len, NCM_FIELD_TEXT};
    case NCM_NODE_NULL:
    case NCM_NODE_LIST:
    case NCM_NODE_MAP:
        break;
    }
    return (struct ncm_field){.kind = NCM_FIELD_ABSENT};
}

/* One instance: a list of values, an object of them, or one value. */
static void put_instance(struct log_envelope *e, const char *side, size_t row,
                         const struct ncm_node *n)
{
    if (n->kind != NCM_NODE_LIST && n->kind != NCM_NODE_MAP) {
        put_at(e, row, side, 0, node_field(e, n));
        return;
    }
    for (size_t i = 0; i < n->n; i++) {
        const struct ncm_node *v = &n->items[i];
        if (n->kind == NCM_NODE_LIST) {
            put_at(e, row, side, i, node_field(e, v));
            continue;
        }
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "%s.%s", side, v->key);
        put(e, row, name, node_field(e, v));
    }
}

static const struct ncm_node *instances_of(const struct ncm_node *root)
{
    static const char *const keys[] = {"instances", "inputs", "features", "predictions", "outputs"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct ncm_node *n = ncm_node_get(root, keys[i]);
        if (n && n->kind == NCM_NODE_LIST) {
            return n;
        }
    }
    return root;
}

static bool put_json(struct log_envelope *e, const char *side, const struct ncm_field *data,
                     size_t *rows)
{
    struct ncm_doc *doc;
    struct ncm_err err;
    if (!ncm_json_parse(side, data->p, data->len, &doc, &err)) {
        return false;
    }
    const struct ncm_node *n = instances_of(ncm_doc_root(doc));
    bool is_many = n->kind == NCM_NODE_LIST && n->n > 0 &&
                   (n->items[0].kind == NCM_NODE_LIST || n->items[0].kind == NCM_NODE_MAP ||
                    n != ncm_doc_root(doc));
    *rows = !is_many ? 1 : n->n < MOST_ROWS ? n->n : MOST_ROWS;
    for (size_t i = 0; i < *rows; i++) {
        put_instance(e, side, e->n_rows + i, is_many ? &n->items[i] : n);
    }
    ncm_doc_free(doc);
    return true;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static const struct ncm_field *field_at(const struct log_envelope *e, const char *name)
{
    size_t j = place_of(&e->in, name);
    const struct ncm_field *f = &e->in.fields[e->next * e->in.n_columns + j];
    return j == SIZE_MAX || f->kind == NCM_FIELD_ABSENT ? NULL : f;
}

static bool is_word(const struct ncm_field *f, const char *word)
{
    return f && f->len == strlen(word) && memcmp(f->p, word, f->len) == 0;
}

/* What came in or went out; returns its rows. */
static size_t put_side(struct log_envelope *e, const char *side, const struct ncm_field *data,
                       const struct ncm_field *encoding)
{
    size_t rows = 1;
    if (!data) {
        return 0;
    }
    if (is_word(encoding, "CSV")) {
        return put_csv(e, side, data);
    }
    if (!is_word(encoding, "JSON") || !put_json(e, side, data, &rows)) {
        put(e, e->n_rows, side, *data);
    }
    return rows;
}

static void put_beside(struct log_envelope *e, size_t row)
{
    for (size_t j = 0; j < e->in.n_columns; j++) {
        const char *name = e->in.columns[j];
        if (strncmp(name, WRAP, sizeof WRAP - 1) != 0) {
            put(e, row, strcmp(name, WRAP_TIME) == 0 ? "timestamp" : name,
                e->in.fields[e->next * e->in.n_columns + j]);
        }
    }
}

static void unwrap_line(struct log_envelope *e)
{
    size_t in =
        put_side(e, "input", field_at(e, WRAP_INPUT "data"), field_at(e, WRAP_INPUT "encoding"));
    size_t out =
        put_side(e, "output", field_at(e, WRAP_OUTPUT "data"), field_at(e, WRAP_OUTPUT "encoding"));
    size_t rows = in > out ? in : out;
    rows = rows ? rows : 1;
    for (size_t i = 0; i < rows; i++) {
        put_beside(e, e->n_rows);
        e->lines = ncm_grow(e->lines, e->n_rows, &e->lines_cap, sizeof *e->lines);
        e->lines[e->n_rows++] = e->in.lines[e->next];
    }
    e->next++;
}

bool ncm_envelope_next(struct log_envelope *e, struct ncm_batch *out)
{
    ncm_arena_free(e->texts);
    e->texts = ncm_arena_new();
    e->n_cells = 0;
    e->n_rows = 0;
    while (ncm_envelope_pending(e) && e->n_rows * (e->n_columns + 1) < MOST_FIELDS) {
        unwrap_line(e);
    }
    size_t n = e->n_rows * e->n_columns;
    if (n > e->fields_cap) {
        e->fields_cap = n;
        e->fields = ncm_resize(e->fields, n, sizeof *e->fields);
    }
    for (size_t i = 0; i < n; i++) {
        e->fields[i] = (struct ncm_field){.kind = NCM_FIELD_ABSENT};
    }
    for (size_t i = 0; i < e->n_cells; i++) {
        const struct cell *c = &e->cells[i];
        e->fields[c->row * e->n_columns + c->column] = c->field;
    }
    *out = (struct ncm_batch){e->fields,  e->n_rows, e->n_columns, (const char *const *)e->columns,
                              e->in.file, e->lines};
    return e->n_rows > 0;
}
