/* ncmlops drift check, drift measures. */
#include <math.h>
#include <string.h>

#include "drift.h"
#include "out.h"

enum { PAGE_MAX = 256 * 1024 * 1024, BINS_SHOWN = 3 };

/* ---- the options ---------------------------------------------------------------------------- */

struct asked {
    struct ncm_drift_files files;
    struct ncm_column_wish *types;
    const char **columns;
    char **words; /* owned parts of --types and --columns */
    size_t n_words;
};

static char *keep(struct asked *a, const char *p, size_t len)
{
    a->words = ncm_resize(a->words, a->n_words + 1, sizeof *a->words);
    a->words[a->n_words] = ncm_strndup(p, len);
    return a->words[a->n_words++];
}

static void release(struct asked *a)
{
    for (size_t i = 0; i < a->n_words; i++) {
        ncm_free(a->words[i]);
    }
    ncm_free(a->words);
    ncm_free(a->types);
    ncm_free(a->columns);
}

/* "age=num,code=cat". The last '=' counts: names may hold one. */
static bool take_types(struct asked *a, const char *text, struct ncm_err *err)
{
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        char *word = keep(a, text, len);
        char *sign = strrchr(word, '=');
        bool number = sign != NULL && strcmp(sign + 1, "num") == 0;
        if (sign == NULL || sign == word || (!number && strcmp(sign + 1, "cat") != 0)) {
            ncm_fail(err, NCM_USAGE, _("'%s' is no type of a column"), word);
            return ncm_hint(err, "%s", _("--types COLUMN=num,COLUMN=cat"));
        }
        *sign = '\0';
        a->types = ncm_resize(a->types, a->files.n_types + 1, sizeof *a->types);
        a->types[a->files.n_types++] =
            (struct ncm_column_wish){word, number ? NCM_COLUMN_NUMBER : NCM_COLUMN_CATEGORY};
        text += len + (text[len] == ',');
    }
    return true;
}

static void take_columns(struct asked *a, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        if (len > 0) {
            a->columns = ncm_resize(a->columns, a->files.n_columns + 1, sizeof *a->columns);
            a->columns[a->files.n_columns++] = keep(a, text, len);
        }
        text += len + (text[len] == ',');
    }
}

static bool take_delimiter(struct asked *a, const char *text, struct ncm_err *err)
{
    bool tab = strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0;
    if (!tab && strlen(text) != 1) {
        return ncm_fail(err, NCM_USAGE, _("--delimiter wants one character, or the word tab"));
    }
    a->files.delimiter = tab ? '\t' : text[0];
    return true;
}

/* Takes the files and what is said of their columns; release in any case. */
static bool take_files(const struct cli *c, struct asked *a, struct ncm_err *err)
{
    const char *types = cli_value(c, "types"), *columns = cli_value(c, "columns");
    const char *delimiter = cli_value(c, "delimiter");
    *a = (struct asked){.files = {.reference = cli_value(c, "reference"),
                                  .current = cli_value(c, "current"),
                                  .time = cli_value(c, "time")}};
    if (a->files.reference == NULL || a->files.current == NULL) {
        ncm_fail(err, NCM_USAGE, _("missing: %s"),
                 a->files.reference == NULL ? "--reference" : "--current");
        return ncm_hint(err, "ncmlops %s %s", c->command->name, c->command->args);
    }
    if ((types != NULL && !take_types(a, types, err)) ||
        (delimiter != NULL && !take_delimiter(a, delimiter, err))) {
        return false;
    }
    if (columns != NULL) {
        take_columns(a, columns);
    }
    a->files.types = a->types;
    a->files.columns = a->columns;
    return true;
}

/* --method and --threshold. */
static bool take_method(const struct cli *c, struct ncm_drift_table_options *o, struct ncm_err *err)
{
    const char *threshold = cli_value(c, "threshold");
    struct ncm_monitor m;
    *o = (struct ncm_drift_table_options){.warning = NAN, .critical = NAN};
    if (!ncm_drift_method_named(cli_value(c, "method"), &o->method, err)) {
        return false;
    }
    o->learn = strncmp(o->method->word, "nannyml", 7) == 0; /* its own way */
    if (threshold == NULL) {
        return true;
    }
    ncm_monitor_init(&m);
    bool ok = ncm_monitor_set_threshold(&m, threshold, err);
    if (ok && m.side == NCM_BAD_BELOW && !o->method->is_p) {
        ok = ncm_fail(err, NCM_USAGE, _("'%s': of '%s' the greater value is the worse one"),
                      threshold, o->method->word);
    }
    o->warning = m.warning;
    o->critical = m.critical;
    o->learn = o->learn || m.learned;
    ncm_monitor_release(&m);
    return ok;
}

/* ---- check ---------------------------------------------------------------------------------- */

static const struct cli_column columns_shown[] = {
    {N_("COLUMN"), false}, {N_("STATE"), false}, {N_("METHOD"), false},
    {N_("VALUE"), true},   {N_("LIMIT"), true},  {"PSI", true},
    {N_("MISSING"), true}, {N_("SINCE"), false}, {N_("MOVED MOST"), false},
};

static void column_cells(struct cli_cells *cells, const void *item)
{
    const struct ncm_drift_column *c = item;
    struct ncm_buf b;
    ncm_buf_init(&b, 4096);
    cli_cell(cells, c->name);
    cli_cell_text(cells, cli_drift_state(c->state));
    cli_cell(cells, c->method);
    const double numbers[] = {cli_drift_judged(c), c->critical, c->psi};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        ncm_buf_clear(&b);
        cli_drift_number(&b, numbers[i]);
        cli_cell_text(cells, b.p);
    }
    ncm_buf_clear(&b);
    cli_drift_missing(&b, c);
    cli_cell_text(cells, b.p);
    ncm_buf_clear(&b);
    cli_drift_since(&b, c);
    cli_cell_text(cells, b.p);
    ncm_buf_clear(&b);
    if (c->why.p != NULL) {
        ncm_text_clean(&b, c->why.p, c->why.len, NCM_CLEAN_LINE);
    } else {
        cli_drift_moved(&b, c, 0);
    }
    cli_cell_text(cells, b.p);
    ncm_buf_release(&b);
}

static bool print_columns(struct cli *c, const struct ncm_drift_check *x, struct ncm_err *err)
{
    struct cli_array array = {x->table.columns, sizeof *x->table.columns};
    const struct cli_list l = {
        .columns = columns_shown,
        .n_columns = sizeof columns_shown / sizeof *columns_shown,
        .n = x->table.n,
        .ctx = &array,
        .at = cli_array_at,
        .json = cli_drift_column_json,
        .cells = column_cells,
    };
    return cli_print_list(c, &l, err);
}

/* A second look at what moved: the bins that add most after the first, and since when. */
static void put_drifted(struct ncm_buf *out, const struct ncm_drift_column *c)
{
    ncm_text_clean(out, ncm_cstr(c->name), c->name.len, NCM_CLEAN_LINE);
    ncm_buf_puts(out, _(" drifted"));
    cli_drift_since_words(out, c);
    for (size_t rank = 0; rank < BINS_SHOWN; rank++) {
        struct ncm_buf bin;
        ncm_buf_init(&bin, 4096);
        if (cli_drift_moved(&bin, c, rank)) {
            ncm_buf_printf(out, "%s%s", rank == 0 ? ":  " : ";  ", bin.p);
        }
        ncm_buf_release(&bin);
    }
    ncm_buf_putc(out, '\n');
}

/* The sentence of a column begins with its name. */
static void put_findings_of(struct ncm_buf *out, const struct ncm_drift_finding *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ncm_buf_printf(out, "%s  ",
                       f[i].severity == NCM_SEVERITY_CRITICAL  ? _("critical")
                       : f[i].severity == NCM_SEVERITY_WARNING ? _("warning")
                                                               : _("note"));
        ncm_text_clean(out, f[i].sentence.p, f[i].sentence.len, NCM_CLEAN_LINE);
        ncm_buf_putc(out, '\n');
    }
}

static void put_findings(struct ncm_buf *out, const struct ncm_drift_table *t)
{
    put_findings_of(out, t->findings, t->n_findings);
    for (size_t i = 0; i < t->n; i++) {
        const struct ncm_drift_column *c = &t->columns[i];
        if (c->drifted) {
            put_drifted(out, c);
        }
        put_findings_of(out, c->findings, c->n_findings);
        if (c->small_sample && c->state > NCM_DRIFT_NO_DATA) {
            ncm_text_clean(out, ncm_cstr(c->name), c->name.len, NCM_CLEAN_LINE);
            ncm_buf_puts(out, _(": a small sample: chance alone moves the figure that much\n"));
        }
    }
}

static bool print_table(struct cli *c, const struct cli_drift *d, struct ncm_err *err)
{
    struct ncm_buf b;
    ncm_buf_init(&b, PAGE_MAX);
    cli_drift_answer(&b, d);
    ncm_buf_puts(&b, d->check->table.n > 0 ? "\n\n" : "\n");
    cli_write(c, b.p, b.len);
    bool ok = print_columns(c, d->check, err);
    ncm_buf_clear(&b);
    put_findings(&b, &d->check->table);
    if (b.len > 0) {
        cli_write(c, "\n", 1);
        cli_write(c, b.p, b.len);
    }
    ncm_buf_release(&b);
    return ok;
}

static bool print_page(const struct cli_drift *d, bool html, struct ncm_err *err)
{
    struct ncm_buf b;
    ncm_buf_init(&b, PAGE_MAX);
    if (html) {
        cli_drift_html(&b, d);
    } else {
        cli_drift_markdown(&b, d);
    }
    bool whole = !b.full;
    if (whole) {
        fwrite(b.p, 1, b.len, stdout); /* made of cleaned text */
    }
    ncm_buf_release(&b);
    return whole || ncm_fail(err, NCM_TOO_LARGE, _("the report is too large"));
}

/* What was not taken as it stands in the files, on standard error. */
static void say_notes(const struct cli *c, const struct cli_drift *d)
{
    const struct ncm_drift_check *x = d->check;
    const struct {
        const char *file;
        const struct ncm_drift_read *read;
    } sides[] = {{d->reference, &x->ref}, {d->current, &x->cur}};
    char n[32];
    for (size_t i = 0; i < 2; i++) {
        if (sides[i].read->rows == 0) {
            cli_note(c, _("%s has no rows"), sides[i].file);
        }
        if (sides[i].read->bad_rows > 0) {
            cli_note(c, _("%s: %s rows could not be read and are left out"), sides[i].file,
                     ncm_fmt_count(n, sizeof n, sides[i].read->bad_rows));
        }
        if (sides[i].read->parse_failures > 0) {
            cli_note(c, _("%s: %s values are no numbers and count as missing, the first in '%s'"),
                     sides[i].file, ncm_fmt_count(n, sizeof n, sides[i].read->parse_failures),
                     ncm_cstr(sides[i].read->failed_column));
        }
    }
    for (size_t i = 0; i < x->n_left_out; i++) {
        cli_note(c,
                 _("'%s' is left out: nearly every row has a value of its own (--columns or "
                   "--types takes it)"),
                 ncm_cstr(x->left_out[i]));
    }
}

static bool print_check(struct cli *c, const struct cli_drift *d, struct ncm_err *err)
{
    const struct cli_object whole = {.item = d, .json = cli_drift_json};
    switch (c->form) {
    case CLI_TABLE:
        return print_table(c, d, err);
    case CLI_CSV:
    case CLI_JSONL:
        return print_columns(c, d->check, err);
    case CLI_MD:
    case CLI_HTML:
        return print_page(d, c->form == CLI_HTML, err);
    default:
        return cli_print_object(c, &whole, err);
    }
}

/* A check that compared nothing must not pass as one that found nothing. */
static int exit_code(const struct ncm_drift_check *x)
{
    bool compared = false;
    for (size_t i = 0; i < x->table.n; i++) {
        compared = compared || x->table.columns[i].state != NCM_DRIFT_NO_DATA;
    }
    return x->drifted ? 10 : compared ? 0 : 1;
}

bool cli_drift_check(struct cli *c, struct ncm_err *err)
{
    struct asked a;
    struct ncm_drift_table_options o;
    struct ncm_drift_check check;
    bool ok = take_files(c, &a, err) && take_method(c, &o, err) &&
              ncm_drift_check(&a.files, &o, &check, err);
    if (ok) {
        const struct cli_drift d = {&check, a.files.reference, a.files.current, o.method->word};
        say_notes(c, &d);
        ok = print_check(c, &d, err);
        c->status = cli_flag(c, "exit-code") ? exit_code(&check) : 0;
        ncm_drift_check_release(&check);
    }
    release(&a);
    return ok;
}

/* ---- measures ------------------------------------------------------------------------------- */

struct measured {
    struct ncm_str column;
    struct ncm_measure m; /* copied into the arena */
};

struct measures {
    struct ncm_arena *arena;
    struct ncm_list list; /* struct measured */
};

static void add_measure(void *to, const char *column, const struct ncm_measure *m)
{
    struct measures *x = to;
    struct measured *one = ncm_list_add(&x->list);
    one->column = ncm_arena_cstr(x->arena, column);
    one->m = *m;
    one->m.name = ncm_arena_cstr(x->arena, m->name).p;
    one->m.text = ncm_arena_cstr(x->arena, m->text).p;
    one->m.error = ncm_arena_cstr(x->arena, m->error).p;
    double *values = ncm_arena_alloc(x->arena, m->n_values + 1, sizeof *values);
    const char **texts = ncm_arena_alloc(x->arena, m->n_texts + 1, sizeof *texts);
    for (size_t i = 0; i < m->n_values; i++) {
        values[i] = m->values[i];
    }
    for (size_t i = 0; i < m->n_texts; i++) {
        texts[i] = ncm_arena_cstr(x->arena, m->texts[i]).p;
    }
    one->m.values = values;
    one->m.texts = texts;
}

/* A number, a list of numbers or of words, a word, or {"word": [reference, current]}. */
static void value_json(struct ncm_json *j, const struct ncm_measure *m)
{
    bool map = m->n_texts > 0 && m->n_values == 2 * m->n_texts;
    if (m->error != NULL || (m->text == NULL && !m->is_list && m->n_values == 0)) {
        ncm_json_null(j);
    } else if (m->text != NULL) {
        ncm_json_str(j, m->text);
    } else if (map) {
        ncm_json_obj(j);
        for (size_t i = 0; i < m->n_texts; i++) {
            ncm_json_key(j, m->texts[i]);
            ncm_json_arr(j);
            ncm_json_num(j, m->values[2 * i]);
            ncm_json_num(j, m->values[2 * i + 1]);
            ncm_json_end_arr(j);
        }
        ncm_json_end_obj(j);
    } else if (!m->is_list) {
        ncm_json_num(j, m->values[0]);
    } else {
        ncm_json_arr(j);
        for (size_t i = 0; i < m->n_texts; i++) {
            ncm_json_str(j, m->texts[i]);
        }
        for (size_t i = 0; i < m->n_values; i++) {
            ncm_json_num(j, m->values[i]);
        }
        ncm_json_end_arr(j);
    }
}

static void measure_json(struct ncm_json *j, const void *item)
{
    const struct measured *x = item;
    ncm_json_obj(j);
    cli_json_str(j, "column", x->column);
    cli_json_text(j, "measure", x->m.name);
    ncm_json_key(j, "value");
    value_json(j, &x->m);
    cli_json_text(j, "error", x->m.error);
    ncm_json_end_obj(j);
}

static const struct cli_column measure_columns[] = {
    {N_("COLUMN"), false}, {N_("MEASURE"), false}, {N_("VALUE"), false}};

static void measure_cells(struct cli_cells *cells, const void *item)
{
    const struct measured *x = item;
    struct ncm_buf b;
    struct ncm_json j;
    ncm_buf_init(&b, PAGE_MAX);
    ncm_json_init(&j, &b, false);
    value_json(&j, &x->m);
    cli_cell(cells, x->column);
    cli_cell_text(cells, x->m.name);
    const char *text = x->m.error != NULL ? x->m.error : x->m.text != NULL ? x->m.text : b.p;
    cli_cell(cells, (struct ncm_str){text, strlen(text)});
    ncm_buf_release(&b);
}

bool cli_drift_measures(struct cli *c, struct ncm_err *err)
{
    struct asked a;
    struct measures x = {.arena = ncm_arena_new(), .list = {.size = sizeof(struct measured)}};
    bool ok = take_files(c, &a, err) && ncm_drift_measures(&a.files, add_measure, &x, err);
    if (ok) {
        struct cli_array array = {x.list.items, sizeof(struct measured)};
        const struct cli_list l = {
            .columns = measure_columns,
            .n_columns = sizeof measure_columns / sizeof *measure_columns,
            .n = x.list.n,
            .ctx = &array,
            .at = cli_array_at,
            .json = measure_json,
            .cells = measure_cells,
        };
        ok = cli_print_list(c, &l, err);
    }
    ncm_free(x.list.items);
    ncm_arena_free(x.arena);
    release(&a);
    return ok;
}
