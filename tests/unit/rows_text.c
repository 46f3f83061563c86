#include "unit/rows_text.h"

#include "base/mem.h"
#include "io/rows_inside.h"

static void put_field(struct ncm_buf *b, const struct ncm_field *f)
{
    static const char *const marks[] = {"", "#", "?", "?", "~", "&"};
    ncm_buf_puts(b, marks[f->kind]);
    for (size_t i = 0; f->kind != NCM_FIELD_ABSENT && i < f->len; i++) {
        if (f->p[i] == '\0')
            ncm_buf_puts(b, "\\0");
        else
            ncm_buf_putc(b, f->p[i]);
    }
}

void rows_text_batch(struct ncm_buf *b, const struct ncm_batch *batch, size_t *n_columns)
{
    for (size_t i = 0; batch->n_columns != *n_columns && i < batch->n_columns; i++)
        ncm_buf_printf(b, "%s%s", batch->columns[i], i + 1 < batch->n_columns ? "|" : "\n");
    *n_columns = batch->n_columns;
    for (size_t k = 0; k < batch->n_rows; k++) {
        ncm_buf_printf(b, "%lld:", (long long)batch->lines[k]);
        for (size_t i = 0; i < batch->n_columns; i++) {
            put_field(b, &batch->fields[k * batch->n_columns + i]);
            ncm_buf_putc(b, i + 1 < batch->n_columns ? '|' : '\n');
        }
    }
}

enum ncm_rows_got rows_text_rest(struct ncm_buf *b, struct ncm_rows *r, size_t *n_columns)
{
    struct ncm_batch batch;
    struct ncm_err err;
    enum ncm_rows_got got;
    while ((got = ncm_rows_next(r, &batch, NULL, &err)) == NCM_ROWS_BATCH)
        rows_text_batch(b, &batch, n_columns);
    if (got == NCM_ROWS_ERROR)
        ncm_buf_printf(b, "ERROR %s\n", ncm_code_name(err.code));
    return got;
}

char *rows_text_by(const char *path, const struct ncm_rows_options *o, size_t chunk)
{
    struct ncm_buf b;
    struct ncm_rows *r;
    struct ncm_err err;
    struct ncm_rows_facts facts;
    size_t n_columns = 0;
    ncm_buf_init(&b, (size_t)64 << 20);
    if (ncm_rows_open(path, o, &r, &err)) {
        r->chunk = chunk ? chunk : r->chunk;
        rows_text_rest(&b, r, &n_columns);
        ncm_rows_facts(r, &facts);
        for (size_t i = 0; i < facts.n_kept; i++)
            ncm_buf_printf(&b, "!%lld: %s\n", (long long)facts.kept[i].line, facts.kept[i].what);
        ncm_rows_close(r);
    } else {
        ncm_buf_printf(&b, "ERROR %s\n", ncm_code_name(err.code));
    }
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

char *rows_text(const char *path, const struct ncm_rows_options *o)
{
    return rows_text_by(path, o, 0);
}
