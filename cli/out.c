/* Standard output and standard error. Machine forms hold what the store holds; tables are cleaned,
 * and so is everything that goes straight to a terminal. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "out.h"

enum {
    ROW_MAX = 256 * 1024 * 1024,
    CELL_CELLS = 48, /* cells of the widest column of a table */
    BATCH = 1000,    /* rows that decide the widths */
    MAX_COLUMNS = 16,
};

bool cli_is_terminal(void)
{
    static int known = -1; /* asked once, not once a row */
    if (known < 0) {
        known = isatty(STDOUT_FILENO);
    }
    return known;
}

bool cli_use_color(const struct cli *c)
{
    const char *no = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return !c->no_color && (no == NULL || no[0] == '\0') && cli_is_terminal() && term != NULL &&
           strcmp(term, "dumb") != 0;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

/* JSON for a terminal: what could steer it is escaped, which JSON reads back as the same text. */
static void json_for_terminal(const char *p, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = ncm_utf8_decode(p + i, len - i, &cp);
        if (cp < 0x80 || !ncm_text_is_odd(p + i, n)) {
            fwrite(p + i, 1, n, stdout);
        } else if (cp < 0x10000) {
            printf("\\u%04x", (unsigned)cp);
        } else {
            printf("\\u%04x\\u%04x", (unsigned)(0xd800 + ((cp - 0x10000) >> 10)),
                   (unsigned)(0xdc00 + ((cp - 0x10000) & 0x3ff)));
        }
        i += n;
    }
}

void cli_write_json(const char *p, size_t len)
{
    if (cli_is_terminal()) {
        json_for_terminal(p, len);
    } else {
        fwrite(p, 1, len, stdout);
    }
}

void cli_write(const struct cli *c, const char *p, size_t len)
{
    (void)c;
    if (!cli_is_terminal()) {
        fwrite(p, 1, len, stdout);
        return;
    }
    struct ncm_buf clean;
    ncm_buf_init(&clean, ROW_MAX);
    ncm_text_clean(&clean, p, len, NCM_CLEAN_LINES);
    fwrite(clean.p, 1, clean.len, stdout);
    ncm_buf_release(&clean);
}

bool cli_stdout_ok(struct ncm_err *err)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return true;
    }
    ncm_fail(err, NCM_IO, _("Standard output cannot be written"));
    return ncm_detail(err, "%s", strerror(errno));
}

/* ---- errors --------------------------------------------------------------------------------- */

static void put_clean(FILE *to, const char *text)
{
    struct ncm_buf clean;
    ncm_buf_init(&clean, 4096);
    ncm_text_clean(&clean, text, strlen(text), NCM_CLEAN_LINE);
    fputs(clean.p, to);
    ncm_buf_release(&clean);
}

static void error_object(const struct ncm_err *err)
{
    struct ncm_buf b;
    struct ncm_json j;
    ncm_buf_init(&b, 16384);
    ncm_json_init(&j, &b, false);
    ncm_json_obj(&j);
    ncm_json_key(&j, "error");
    ncm_json_obj(&j);
    cli_json_text(&j, "code", ncm_code_name(err->code));
    cli_json_text(&j, "message", err->what);
    cli_json_text(&j, "hint", err->hint[0] != '\0' ? err->hint : NULL);
    ncm_json_end_obj(&j);
    ncm_json_end_obj(&j);
    ncm_buf_putc(&b, '\n');
    cli_write_json(b.p, b.len);
    ncm_buf_release(&b);
}

void cli_print_error(const struct cli *c, const struct ncm_err *err)
{
    fputs("ncmlops: ", stderr);
    if (c->command != NULL) {
        fprintf(stderr, "%s: ", c->command->name);
    }
    put_clean(stderr, err->what);
    if (err->detail[0] != '\0' && c->verbose) {
        fputs(" (", stderr);
        put_clean(stderr, err->detail);
        fputs(")", stderr);
    }
    fputs("\n", stderr);
    if (err->hint[0] != '\0') {
        fputs("hint: ", stderr);
        put_clean(stderr, err->hint);
        fputs("\n", stderr);
    }
    if (c->form == CLI_JSON || c->form == CLI_JSONL) {
        error_object(err);
    }
}

void cli_note(const struct cli *c, const char *fmt, ...)
{
    if (c->quiet) {
        return;
    }
    struct ncm_buf b;
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    ncm_buf_init(&b, 4096);
    ncm_text_clean(&b, text, strlen(text), NCM_CLEAN_LINE);
    fprintf(stderr, "%s\n", b.p);
    ncm_buf_release(&b);
}

/* ---- cells ---------------------------------------------------------------------------------- */

const char *cli_dash(void)
{
    return ncm_text_utf8() ? "–" : "-";
}

static struct ncm_buf *next_cell(struct cli_cells *cells)
{
    if (cells->used >= cells->n) {
        ncm_bug("a row has more cells than its table has columns");
    }
    struct ncm_buf *b = &cells->texts[cells->used++];
    ncm_buf_clear(b);
    return b;
}

void cli_cell(struct cli_cells *cells, struct ncm_str s)
{
    struct ncm_buf *b = next_cell(cells);
    if (s.p == NULL) {
        ncm_buf_puts(b, cli_dash());
    } else if (cells->max_cells == 0) {
        ncm_text_clean(b, s.p, s.len, NCM_CLEAN_LINE);
    } else {
        char text[CELL_CELLS * 16];
        ncm_text_clip_middle(text, sizeof text, s.p, s.len, cells->max_cells);
        ncm_buf_puts(b, text);
    }
}

void cli_cell_text(struct cli_cells *cells, const char *s)
{
    ncm_buf_puts(next_cell(cells), s);
}

void cli_cell_time(struct cli_cells *cells, int64_t ms)
{
    char text[64];
    cli_cell_text(cells,
                  ms == NCM_NO_TIME ? cli_dash() : ncm_fmt_time(text, sizeof text, ms, true));
}

void cli_cell_value(struct cli_cells *cells, const struct ncm_value *v)
{
    char text[64];
    if (v->kind == NCM_V_TEXT) {
        cli_cell(cells, v->text);
    } else {
        cli_cell_text(cells, cli_value_text(text, sizeof text, v));
    }
}

void cli_cell_count(struct cli_cells *cells, int64_t n)
{
    char text[32];
    cli_cell_text(cells, n < 0 ? cli_dash() : ncm_fmt_count(text, sizeof text, n));
}

/* ---- tables --------------------------------------------------------------------------------- */

struct table {
    const struct cli_list *l;
    struct cli_cells *rows; /* BATCH of them */
    int widths[MAX_COLUMNS];
    size_t n;
    bool color, titled;
};

static void put_row(const struct table *t, const struct cli_cells *row)
{
    for (size_t i = 0; i < t->l->n_columns; i++) {
        const char *text = row->texts[i].p;
        int pad = t->widths[i] - ncm_text_width(text);
        bool last = i + 1 == t->l->n_columns;
        if (t->l->columns[i].right) {
            printf("%*s%s", pad > 0 ? pad : 0, "", text);
        } else {
            printf("%s%*s", text, last || pad < 0 ? 0 : pad, "");
        }
        fputs(last ? "\n" : "  ", stdout);
    }
}

static void flush(struct table *t, struct cli_cells *title)
{
    for (size_t i = 0; !t->titled && i < t->l->n_columns; i++) {
        t->widths[i] = ncm_text_width(title->texts[i].p);
        for (size_t k = 0; k < t->n; k++) {
            int w = ncm_text_width(t->rows[k].texts[i].p);
            t->widths[i] = w > t->widths[i] ? w : t->widths[i];
        }
    }
    if (!t->titled) {
        fputs(t->color ? "\033[1m" : "", stdout);
        put_row(t, title);
        fputs(t->color ? "\033[0m" : "", stdout);
        t->titled = true;
    }
    for (size_t k = 0; k < t->n; k++) {
        put_row(t, &t->rows[k]);
    }
    t->n = 0;
}

static void cells_init(struct cli_cells *cells, size_t n)
{
    *cells = (struct cli_cells){
        .texts = ncm_alloc(n, sizeof *cells->texts), .n = n, .max_cells = cli_is_terminal() ? CELL_CELLS : 0};
    for (size_t i = 0; i < n; i++) {
        ncm_buf_init(&cells->texts[i], 64 * 1024);
    }
}

static void cells_release(struct cli_cells *cells)
{
    for (size_t i = 0; i < cells->n; i++) {
        ncm_buf_release(&cells->texts[i]);
    }
    ncm_free(cells->texts);
}

static bool print_table(struct cli *c, const struct cli_list *l, struct ncm_err *err)
{
    if (l->n == 0) {
        if (l->nothing != NULL) {
            cli_note(c, "%s", l->nothing);
        }
        return true;
    }
    size_t batch = l->n < BATCH ? l->n : BATCH;
    struct table t = {.l = l, .rows = ncm_alloc(batch, sizeof *t.rows), .color = cli_use_color(c)};
    struct cli_cells title;
    bool ok = l->n_columns <= MAX_COLUMNS;
    cells_init(&title, l->n_columns);
    for (size_t i = 0; i < l->n_columns; i++) {
        cli_cell_text(&title, _(l->columns[i].title));
    }
    for (size_t k = 0; k < batch; k++) {
        cells_init(&t.rows[k], l->n_columns);
    }
    for (size_t i = 0; i < l->n && ok; i++) {
        const void *item = l->at(l->ctx, i, err);
        ok = item != NULL;
        if (ok) {
            t.rows[t.n].used = 0;
            l->cells(&t.rows[t.n++], item);
            if (t.n == batch) {
                flush(&t, &title);
            }
        }
    }
    if (t.n > 0) {
        flush(&t, &title);
    }
    for (size_t k = 0; k < batch; k++) {
        cells_release(&t.rows[k]);
    }
    cells_release(&title);
    ncm_free(t.rows);
    return ok;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static bool print_json(const struct cli_list *l, bool lines, struct ncm_err *err)
{
    struct ncm_buf b;
    bool ok = true;
    size_t n = l->n;
    ncm_buf_init(&b, ROW_MAX);
    for (size_t i = 0; ok; i++) {
        ok = i < n || !lines || l->more == NULL || l->more(l->ctx, &n, err);
        if (!ok || i >= n) {
            break;
        }
        const void *item = l->at(l->ctx, i, err);
        if (item == NULL) {
            ok = false;
            break;
        }
        struct ncm_json j;
        ncm_json_init(&j, &b, false);
        l->json(&j, item);
        if (!lines) {
            fputs(i == 0 ? "[\n  " : ",\n  ", stdout);
        }
        cli_write_json(b.p, b.len);
        fputs(lines ? "\n" : "", stdout);
        ncm_buf_clear(&b);
    }
    if (!lines && ok) {
        fputs(l->n == 0 ? "[]\n" : "\n]\n", stdout);
    }
    ncm_buf_release(&b);
    return ok;
}

const void *cli_array_at(void *ctx, size_t i, struct ncm_err *err)
{
    (void)err;
    const struct cli_array *a = ctx;
    return (const char *)a->items + i * a->size;
}

bool cli_print_list(struct cli *c, const struct cli_list *l, struct ncm_err *err)
{
    switch (c->form) {
    case CLI_TABLE:
        return print_table(c, l, err);
    case CLI_CSV:
        return cli_print_csv(c, l, err);
    default:
        return print_json(l, c->form == CLI_JSONL, err);
    }
}

/* ---- one object ----------------------------------------------------------------------------- */

static const void *object_at(void *ctx, size_t i, struct ncm_err *err)
{
    (void)i;
    (void)err;
    return ctx;
}

bool cli_print_object(struct cli *c, const struct cli_object *o, struct ncm_err *err)
{
    if (c->form == CLI_CSV) {
        union { /* the list only hands it back */
            const void *in;
            void *out;
        } item = {.in = o->item};
        struct cli_list l = {.n = 1, .ctx = item.out, .at = object_at, .json = o->json};
        return cli_print_csv(c, &l, err);
    }
    struct ncm_buf b;
    ncm_buf_init(&b, ROW_MAX);
    if (c->form == CLI_TABLE) {
        o->text(&b, o->item);
        fwrite(b.p, 1, b.len, stdout);
    } else {
        struct ncm_json j;
        ncm_json_init(&j, &b, c->form == CLI_JSON);
        o->json(&j, o->item);
        ncm_buf_putc(&b, '\n');
        cli_write_json(b.p, b.len);
    }
    ncm_buf_release(&b);
    return true;
}

enum { LABEL_CELLS = 18, LABEL_MOST = 40 };

static void label_in(struct ncm_buf *out, const char *text, int cells)
{
    int pad = cells - ncm_text_width(text);
    ncm_buf_printf(out, "%s%*s  ", text, pad > 0 ? pad : 0, "");
}

static void label(struct ncm_buf *out, const char *text)
{
    label_in(out, text, LABEL_CELLS);
}

static void value_line(struct ncm_buf *out, struct ncm_str value)
{
    if (value.p == NULL) {
        ncm_buf_puts(out, cli_dash());
    } else {
        ncm_text_clean(out, value.p, value.len, NCM_CLEAN_LINE);
    }
    ncm_buf_putc(out, '\n');
}

void cli_line(struct ncm_buf *out, const char *name, struct ncm_str value)
{
    label(out, name);
    value_line(out, value);
}

void cli_line_time(struct ncm_buf *out, const char *name, int64_t ms)
{
    char text[64];
    label(out, name);
    ncm_buf_puts(out, ms == NCM_NO_TIME ? cli_dash() : ncm_fmt_time(text, sizeof text, ms, true));
    ncm_buf_putc(out, '\n');
}

void cli_line_kvs(struct ncm_buf *out, const char *title, const struct ncm_kv *kvs, size_t n)
{
    struct ncm_buf key;
    int cells = LABEL_CELLS;
    if (n == 0) {
        return;
    }
    ncm_buf_init(&key, 64 * 1024);
    ncm_buf_printf(out, "\n%s\n", title);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < n; i++) {
            ncm_buf_clear(&key);
            ncm_buf_puts(&key, "  ");
            ncm_text_clean(&key, ncm_cstr(kvs[i].key), kvs[i].key.len, NCM_CLEAN_LINE);
            int w = ncm_text_width(key.p);
            if (pass == 0) {
                cells = w > cells && w <= LABEL_MOST ? w : cells;
            } else {
                label_in(out, key.p, cells);
                value_line(out, kvs[i].value);
            }
        }
    }
    ncm_buf_release(&key);
}

char *cli_value_text(char *out, size_t size, const struct ncm_value *v)
{
    switch (v->kind) {
    case NCM_V_NUMBER:
        return ncm_fmt_num(out, size, v->num, 6);
    case NCM_V_NAN:
        snprintf(out, size, "NaN");
        break;
    case NCM_V_PINF:
        snprintf(out, size, "%s", ncm_text_utf8() ? "∞" : "inf");
        break;
    case NCM_V_NINF:
        snprintf(out, size, "%s", ncm_text_utf8() ? "-∞" : "-inf");
        break;
    default:
        snprintf(out, size, "%s", cli_dash());
    }
    return out;
}
