/* The rows behind a bar: where each one stands, and what it says. */
#include "pane/drift/drift.h"

#include <stdio.h>
#include <string.h>

static const struct ncm_drift_rows_snapshot *rows_of(const struct drift *d)
{
    return d->rows_feed.snap;
}

static size_t row_count(void *ctx)
{
    const struct ncm_drift_rows_snapshot *s = rows_of(ctx);
    return s != NULL ? s->n : 0;
}

static void row_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct drift *d = ctx;
    const struct ncm_drift_rows_snapshot *s = rows_of(d);

    out->is_raw = true;
    if (column == 0) {
        out->raw = s->places[row];
        out->role = ROLE_LINK;
        out->cut_middle = true;
        return;
    }
    out->raw = s->cells[row * s->n_columns + column - 1];
    if (out->raw.len == 0) {
        out->is_raw = false;
        snprintf(out->text, sizeof out->text, "%s", sign(SIGN_DASH));
        out->role = ROLE_DIM;
    } else if (d->feature_name != NULL && ncm_str_is(s->columns[column - 1], d->feature_name)) {
        out->role = ROLE_FOCUS;
    }
}

struct table_model drift_rows_model(struct drift *d)
{
    return (struct table_model){.ctx = d, .count = row_count, .cell = row_cell};
}

/* The widest of the first rows, within reason. */
static int wanted(const struct ncm_drift_rows_snapshot *s, size_t column)
{
    int most = ncm_text_width_n(ncm_cstr(s->columns[column]), s->columns[column].len);

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

    ncm_free(d->row_columns);
    d->row_columns = ncm_alloc(s->n_columns + 1, sizeof *d->row_columns);
    for (size_t i = 0; i < s->n && i < 50; i++) {
        int used = (int)s->places[i].len;
        place = used > place ? used : place;
    }
    place = place > w / 3 ? w / 3 : place;
    d->row_columns[0] = (struct table_column){.title = _("PLACE"), .min = 8, .want = place};
    for (size_t i = 0; i < s->n_columns; i++) {
        bool mine = d->feature_name != NULL && ncm_str_is(s->columns[i], d->feature_name);
        int want = wanted(s, i);
        ncm_text_clip(titles[i], sizeof titles[0], ncm_cstr(s->columns[i]), s->columns[i].len, 24);
        d->row_columns[i + 1] = (struct table_column){.title = titles[i],
                                                      .min = want < 6 ? want : 6,
                                                      .want = want,
                                                      .priority = mine ? 0 : (int)i + 1};
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
