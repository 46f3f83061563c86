/* The drift fixtures: reading them and comparing with them. */
#include "unit/drift_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/file.h"

#define FILE_MOST (16u << 20)

struct drift_measure {
    char *name, *text, *error;
    double *values;
    char **texts;
    size_t n_values, n_texts;
};

static struct ncm_buf read_file(const char *dir, const char *name)
{
    struct ncm_err err;
    struct ncm_buf b;
    bool more = false;
    char *path = ncm_sprintf("%s/%s", dir, name);
    ncm_buf_init(&b, FILE_MOST);
    if (!ncm_file_read(path, 0, FILE_MOST, &b, &more, &err) || more)
        fail_msg("%s: %s", path, err.what);
    ncm_free(path);
    return b;
}

static struct ncm_doc *read_doc(const char *dir, const char *name)
{
    struct ncm_err err;
    struct ncm_doc *doc = NULL;
    struct ncm_buf b = read_file(dir, name);
    if (!ncm_json_parse(name, b.p, b.len, &doc, &err))
        fail_msg("%s: %s", name, err.what);
    ncm_buf_release(&b);
    return doc;
}

void drift_oracle_open(struct drift_oracle *o, const char *dir)
{
    const char *env = getenv("NCMLOPS_DRIFT_FIXTURES");
    o->dir = dir != NULL ? dir : env != NULL ? env : "tests/fixtures/drift";
    o->expected = read_doc(o->dir, "expected.json");
    o->manifest = read_doc(o->dir, "manifest.json");
}

void drift_oracle_close(struct drift_oracle *o)
{
    ncm_doc_free(o->expected);
    ncm_doc_free(o->manifest);
}

/* Reads one field into b; returns what ended it: ',', '\n' or 0 at the end of the text. */
static int next_field(const char **p, const char *end, struct ncm_buf *b)
{
    const char *s = *p;
    bool quoted = s < end && *s == '"';
    ncm_buf_clear(b);
    if (quoted)
        s++;
    for (; s < end; s++) {
        if (quoted && *s == '"' && s + 1 < end && s[1] == '"')
            s++;
        else if (quoted && *s == '"') {
            quoted = false;
            continue;
        } else if (!quoted && (*s == ',' || *s == '\n'))
            break;
        else if (!quoted && *s == '\r')
            continue;
        ncm_buf_putc(b, *s);
    }
    int ended = s < end ? *s : 0;
    *p = s < end ? s + 1 : s;
    return ended;
}

struct drift_cells drift_cells_read(const struct drift_oracle *o, const char *name,
                                    const char *side, const char *column)
{
    struct drift_cells c = {0};
    size_t cap = 0, cap_len = 0;
    char *file = ncm_sprintf("%s_%s.csv", name, side);
    struct ncm_buf text = read_file(o->dir, file), field;
    const char *p = text.p, *end = text.p + text.len;
    int wanted = -1, ended = ',';
    ncm_buf_init(&field, FILE_MOST);
    for (int i = 0; ended == ','; i++) {
        ended = next_field(&p, end, &field);
        if (strcmp(field.p, column) == 0)
            wanted = i;
    }
    while (p < end) {
        ended = ',';
        for (int i = 0; ended == ','; i++) {
            ended = next_field(&p, end, &field);
            if (i != wanted)
                continue;
            c.cell = ncm_grow(c.cell, c.n, &cap, sizeof(*c.cell));
            c.len = ncm_grow(c.len, c.n, &cap_len, sizeof(*c.len));
            c.len[c.n] = field.len;
            c.cell[c.n++] = ncm_strndup(field.p, field.len);
        }
    }
    ncm_buf_release(&field);
    ncm_buf_release(&text);
    ncm_free(file);
    return c;
}

void drift_cells_free(struct drift_cells *c)
{
    for (size_t i = 0; i < c->n; i++)
        ncm_free(c->cell[i]);
    ncm_free(c->cell);
    ncm_free(c->len);
}

bool drift_missing(const char *cell)
{
    static const char *const tokens[] = {"",     "NA",   "N/A",  "n/a",  "NaN", "nan",
                                         "null", "NULL", "None", "#N/A", "<NA>"};
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
        if (strcmp(cell, tokens[i]) == 0)
            return true;
    return false;
}

double *drift_numbers(const struct drift_cells *c)
{
    double *v = ncm_alloc(c->n + 1, sizeof(*v));
    for (size_t i = 0; i < c->n; i++) {
        v[i] = NAN;
        if (!drift_missing(c->cell[i]) && !ncm_parse_double(c->cell[i], &v[i]))
            fail_msg("no number: %s", c->cell[i]);
    }
    return v;
}

void drift_each(const struct drift_oracle *o, const char *kind, drift_column_fn fn)
{
    const struct ncm_node *pairs = ncm_node_get(ncm_doc_root(o->manifest), "pairs");
    for (size_t i = 0; i < pairs->n; i++) {
        const struct ncm_node *columns = ncm_node_get(&pairs->items[i], "columns");
        for (size_t k = 0; k < columns->n; k++)
            if (strcmp(columns->items[k].str, kind) == 0)
                fn(o, ncm_node_str(&pairs->items[i], "case", ""), columns->items[k].key);
    }
}

void drift_told_add(void *told, const struct ncm_measure *m)
{
    struct drift_told *t = told;
    t->list = ncm_grow(t->list, t->n, &t->cap, sizeof(*t->list));
    struct drift_measure *d = &t->list[t->n++];
    *d = (struct drift_measure){.name = ncm_strdup(m->name),
                                .text = ncm_strdup(m->text),
                                .error = ncm_strdup(m->error),
                                .values = ncm_alloc(m->n_values + 1, sizeof(double)),
                                .texts = ncm_alloc(m->n_texts + 1, sizeof(char *)),
                                .n_values = m->n_values,
                                .n_texts = m->n_texts};
    for (size_t i = 0; i < m->n_values; i++)
        d->values[i] = m->values[i];
    for (size_t i = 0; i < m->n_texts; i++)
        d->texts[i] = ncm_strdup(m->texts[i]);
}

void drift_told_free(struct drift_told *t)
{
    for (size_t i = 0; i < t->n; i++) {
        struct drift_measure *d = &t->list[i];
        for (size_t k = 0; k < d->n_texts; k++)
            ncm_free(d->texts[k]);
        ncm_free(d->texts);
        ncm_free(d->values);
        ncm_free(d->name);
        ncm_free(d->text);
        ncm_free(d->error);
    }
    ncm_free(t->list);
    *t = (struct drift_told){0};
}

static const struct drift_measure *find(const struct drift_told *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->list[i].name, name) == 0)
            return &t->list[i];
    return NULL;
}

static bool near(double got, double want, const struct ncm_node *tolerance)
{
    const struct ncm_node *rel = ncm_node_get(tolerance, "rel"),
                          *abs = ncm_node_get(tolerance, "abs");
    if (isinf(want))
        return isinf(got) && signbit(got) == signbit(want);
    return fabs(got - want) <= abs->num + rel->num * fabs(want);
}

/* A number may be wanted as a text: "nan" is a measure that gives a reason, or none. */
static bool number_is(const struct drift_measure *m, const struct ncm_node *want,
                      const struct ncm_node *tolerance)
{
    double v;
    if (want->kind == NCM_NODE_STR && strcmp(want->str, "nan") == 0)
        return m->error != NULL && m->n_values == 0;
    if (want->kind == NCM_NODE_STR && m->text != NULL)
        return strcmp(m->text, want->str) == 0;
    if (want->kind == NCM_NODE_STR)
        return ncm_parse_double(want->str, &v) && m->n_values == 1 &&
               near(m->values[0], v, tolerance);
    return m->n_values == 1 && near(m->values[0], want->num, tolerance);
}

static bool counts_are(const struct drift_measure *m, const struct ncm_node *want)
{
    if (m->n_texts != want->n || m->n_values != 2 * want->n)
        return false;
    for (size_t i = 0; i < m->n_texts; i++) {
        const struct ncm_node *pair = ncm_node_get(want, m->texts[i]);
        if (pair == NULL || fabs(pair->items[0].num - m->values[2 * i]) > 0 ||
            fabs(pair->items[1].num - m->values[2 * i + 1]) > 0)
            return false;
    }
    return true;
}

static bool list_is(const struct drift_measure *m, const struct ncm_node *want,
                    const struct ncm_node *tolerance)
{
    if (m->n_values + m->n_texts != want->n)
        return false;
    for (size_t i = 0; i < want->n; i++) {
        const struct ncm_node *w = &want->items[i];
        if (w->kind == NCM_NODE_STR ? m->n_texts == 0 || strcmp(m->texts[i], w->str) != 0
                                    : m->n_values == 0 || !near(m->values[i], w->num, tolerance))
            return false;
    }
    return true;
}

static bool measure_is(const struct drift_measure *m, const struct ncm_node *row)
{
    const struct ncm_node *want = ncm_node_get(row, "value");
    const struct ncm_node *tolerance = ncm_node_get(row, "tolerance");
    if (m == NULL)
        return false;
    switch (want->kind) {
    case NCM_NODE_NULL:
        return m->error != NULL && m->error[0] != '\0' && m->n_values == 0;
    case NCM_NODE_MAP:
        return counts_are(m, want);
    case NCM_NODE_LIST:
        return list_is(m, want, tolerance);
    default:
        return number_is(m, want, tolerance);
    }
}

static bool row_is_of(const struct ncm_node *row, const char *name, const char *column)
{
    return strcmp(ncm_node_str(row, "case", ""), name) == 0 &&
           strcmp(ncm_node_str(row, "column", ""), column) == 0;
}

static void print_wrong(const struct ncm_node *row, const struct drift_measure *m)
{
    const struct ncm_node *want = ncm_node_get(row, "value");
    print_error("%s/%s %s: want ", ncm_node_str(row, "case", ""), ncm_node_str(row, "column", ""),
                ncm_node_str(row, "metric", ""));
    if (want->kind == NCM_NODE_STR)
        print_error("%s", want->str);
    else if (want->kind == NCM_NODE_LIST || want->kind == NCM_NODE_MAP)
        print_error("%zu of", want->n);
    else if (want->kind == NCM_NODE_NULL)
        print_error("an error");
    else
        print_error("%.17g", want->num);
    print_error(", got ");
    for (size_t i = 0; m != NULL && i < m->n_values; i++)
        print_error("%.17g ", m->values[i]);
    print_error("%s\n", m == NULL          ? "nothing"
                        : m->error != NULL ? m->error
                        : m->text != NULL  ? m->text
                                           : "");
}

size_t drift_compare(const struct drift_oracle *o, const char *name, const char *column,
                     const struct drift_told *told, size_t *checked)
{
    const struct ncm_node *rows = ncm_doc_root(o->expected);
    size_t wrong = 0;
    for (size_t i = 0; i < rows->n; i++) {
        const struct ncm_node *row = &rows->items[i];
        if (!row_is_of(row, name, column))
            continue;
        const struct drift_measure *m = find(told, ncm_node_str(row, "metric", ""));
        ++*checked;
        if (measure_is(m, row))
            continue;
        wrong++;
        print_wrong(row, m);
    }
    return wrong;
}

const struct ncm_node *drift_expected(const struct drift_oracle *o, const char *name,
                                      const char *column, const char *metric)
{
    const struct ncm_node *rows = ncm_doc_root(o->expected);
    for (size_t i = 0; i < rows->n; i++)
        if (row_is_of(&rows->items[i], name, column) &&
            strcmp(ncm_node_str(&rows->items[i], "metric", ""), metric) == 0)
            return &rows->items[i];
    return NULL;
}
