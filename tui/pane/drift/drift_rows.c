/* The rows behind a bar: where each one stands, and what it says. */
#include "pane/drift/drift.h"

#include <stdio.h>
#include <string.h>

enum { MIN_CELLS = 8 };

static const struct ncm_drift_rows_snapshot *rows_of(const struct drift *d)
{
    return d->rows_feed.snap;
}

static size_t row_count(void *ctx)
{
    const struct ncm_drift_rows_snapshot *s = rows_of(ctx);
    return s != NULL ? s->n : 0;
}

/* "fraud.jsonl:68" of a path: the folder is the monitor's, and the same in every row. */
static struct ncm_str short_place(struct ncm_str s)
{
    for (size_t i = s.len; i > 0; i--) {
        if (s.p[i - 1] == '/') {
            return (struct ncm_str){s.p + i, s.len - i};
        }
    }
    return s;
}

/* The column of the rows that stands at this place: first the feature that was asked about. */
static size_t source_of(const struct drift *d, const struct ncm_drift_rows_snapshot *s, size_t at)
{
    size_t mine = 0;

    while (mine < s->n_columns &&
           !(d->feature_name != NULL && ncm_str_is(s->columns[mine], d->feature_name))) {
        mine++;
    }
    if (mine == s->n_columns || at > mine) {
        return at;
    }
    return at == 0 ? mine : at - 1;
}

/* Bytes that all nested names begin with ("features."): they tell nothing apart. */
static size_t common_prefix(const struct ncm_drift_rows_snapshot *s)
{
    const char *first = NULL;
    size_t len = 0;

    for (size_t i = 0; i < s->n_columns; i++) {
        const char *name = ncm_cstr(s->columns[i]), *dot = strchr(name, '.');
        if (dot == NULL) {
            continue;
        }
        if (first == NULL) {
            first = name;
            len = (size_t)(dot - name) + 1;
        } else if (strncmp(name, first, len) != 0) {
            return 0;
        }
    }
    return len;
}

static void row_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct drift *d = ctx;
    const struct ncm_drift_rows_snapshot *s = rows_of(d);

    out->is_raw = true;
    if (column == 0) {
        out->raw = short_place(s->places[row]);
        out->role = ROLE_LINK;
        out->cut_middle = true;
        return;
    }
    column = source_of(d, s, column - 1);
    out->raw = s->cells[row * s->n_columns + column];
    if (out->raw.len == 0) {
        out->is_raw = false;
        snprintf(out->text, sizeof out->text, "%s", sign(SIGN_DASH));
        out->role = ROLE_DIM;
    } else if (d->feature_name != NULL && ncm_str_is(s->columns[column], d->feature_name)) {
        out->role = ROLE_FOCUS;
    }
}

struct table_model drift_rows_model(struct drift *d)
{
    return (struct table_model){.ctx = d, .count = row_count, .cell = row_cell};
}

/* The widest of the first rows, within reason. */
static int wanted(const struct ncm_drift_rows_snapshot *s, size_t column, size_t skip)
{
    int most = ncm_text_width_n(ncm_cstr(s->columns[column]) + skip, s->columns[column].len - skip);

    for (size_t i = 0; i < s->n && i < 50; i++) {
        int w = (int)s->cells[i * s->n_columns + column].len;
        most = w > most ? w : most;
    }
    return most < 4 ? 4 : most > 24 ? 24 : most;
}

static void set_columns(struct drift *d, const struct ncm_drift_rows_snapshot *s,
                        char (*titles)[64], int w)
{
    int place = 12;
    size_t prefix = common_prefix(s);

    ncm_free(d->row_columns);
    d->row_columns = ncm_alloc(s->n_columns + 1, sizeof *d->row_columns);
    for (size_t i = 0; i < s->n && i < 50; i++) {
        int used = (int)short_place(s->places[i]).len;
        place = used > place ? used : place;
    }
    place = place > w / 3 ? w / 3 : place;
    d->row_columns[0] =
        (struct table_column){.title = _("PLACE"), .min = place < 18 ? place : 18, .want = place};
    for (size_t i = 0; i < s->n_columns; i++) {
        size_t from = source_of(d, s, i);
        const char *name = ncm_cstr(s->columns[from]);
        size_t skip = strchr(name, '.') != NULL ? prefix : 0;
        int want = wanted(s, from, skip);
        ncm_text_clip(titles[i], sizeof titles[0], name + skip, s->columns[from].len - skip, 24);
        d->row_columns[i + 1] = (struct table_column){.title = titles[i],
                                                      .min = want < MIN_CELLS ? want : MIN_CELLS,
                                                      .want = want,
                                                      .priority = (int)i};
    }
    d->row_table.columns = d->row_columns;
    d->row_table.n_columns = s->n_columns + 1;
    d->row_table.fixed = 1;
}

void drift_draw_rows(struct drift *d, const struct canvas *c)
{
    const struct ncm_drift_rows_snapshot *s = rows_of(d);
    const struct ncm_err *err =
        d->rows_feed.want != NULL ? ncm_want_error(d->rows_feed.want) : NULL;
    char title[256], bar[120], name[80], right[60] = "";
    char *words = drift_bar(d, true);

    ncm_text_clip(bar, sizeof bar, words != NULL ? words : "", words != NULL ? strlen(words) : 0,
                  30);
    ncm_text_clip(name, sizeof name, d->feature_name != NULL ? d->feature_name : "",
                  d->feature_name != NULL ? strlen(d->feature_name) : 0, 24);
    ncm_free(words);
    snprintf(title, sizeof title, _("Rows with %s %s"), name, bar);
    if (s != NULL) {
        snprintf(right, sizeof right, s->more ? _("the first %zu") : "%zu", s->n);
    }
    paint_head(c, 0, title, right, true);
    struct canvas body = canvas_part(c, 1, 0, -1, -1);
    if (s == NULL) {
        paint_raw(&body, 1, 2, body.w - 4, 0, err != NULL ? ROLE_FAIL : ROLE_DIM, 0,
                  (struct ncm_str){err != NULL ? err->what : _("loading…"),
                                   strlen(err != NULL ? err->what : _("loading…"))});
        return;
    }
    char(*titles)[64] = ncm_alloc(s->n_columns + 1, sizeof *titles);
    struct table_model m = drift_rows_model(d);
    set_columns(d, s, titles, c->w);
    table_draw(&d->row_table, &m, &body, true, _("No row of this window is in that bar."));
    d->row_table.columns = NULL; /* their titles go now */
    d->row_table.n_columns = 0;
    ncm_free(titles);
}

void drift_show_row(struct drift *d)
{
    const struct ncm_drift_rows_snapshot *s = rows_of(d);
    size_t row = d->row_table.selected;
    struct ncm_buf b;

    if (s == NULL || row >= s->n) {
        return;
    }
    ncm_buf_init(&b, 1 << 20);
    ncm_buf_add(&b, s->places[row].p, s->places[row].len);
    ncm_buf_puts(&b, "\n\n");
    for (size_t i = 0; i < s->n_columns; i++) {
        struct ncm_str cell = s->cells[row * s->n_columns + i];
        ncm_buf_printf(&b, "%s: ", ncm_cstr(s->columns[i]));
        ncm_buf_add(&b, cell.len > 0 ? cell.p : "", cell.len);
        ncm_buf_putc(&b, '\n');
    }
    ui_show_text(d->ui, _("Row"), b.p);
    ncm_buf_release(&b);
}

struct ncm_str drift_row_place(const struct drift *d)
{
    const struct ncm_drift_rows_snapshot *s = rows_of(d);
    size_t row = d->row_table.selected;
    return s != NULL && row < s->n ? s->places[row] : (struct ncm_str){NULL, 0};
}
