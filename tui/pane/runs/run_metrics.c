/* The metrics of a run as a table with sparklines. Histories are asked for the rows on screen only,
 * so that a run with 20,000 metrics costs what is looked at. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runs.h"

#define SPARK_POINTS 240

void metrics_init(struct metric_table *m, struct runs_pane *p, const char *run_id)
{
    memset(m, 0, sizeof *m);
    m->pane = p;
    m->run_id = ncm_strdup(run_id);
    m->table.fixed = 1;
}

static void free_slot(struct series_slot *s)
{
    feed_release(&s->feed);
    ncm_free(s->v);
    ncm_free(s->key);
}

void metrics_release(struct metric_table *m)
{
    for (size_t i = 0; i < m->n_slots; i++)
        free_slot(&m->slots[i]);
    ncm_free(m->slots);
    ncm_free(m->rows);
    ncm_free(m->selected);
    ncm_free(m->run_id);
}

void metrics_feeds(struct metric_table *m, each_feed each, void *to)
{
    for (size_t i = 0; i < m->n_slots; i++)
        each(&m->slots[i].feed, to);
}

static const struct ncm_metric *metric_at(const struct metric_table *m, size_t row)
{
    if (m->run == NULL || row >= m->n_rows)
        return NULL;
    return &m->run->metrics[m->rows != NULL ? m->rows[row] : row];
}

const char *metrics_selected(const struct metric_table *m)
{
    const struct ncm_metric *x = metric_at(m, m->table.selected);
    return x != NULL ? ncm_cstr(x->key) : NULL;
}

static void remember(struct metric_table *m)
{
    char *key = ncm_strdup(metrics_selected(m));
    ncm_free(m->selected);
    m->selected = key;
}

void metrics_set(struct metric_table *m, const struct ncm_run *run, const char *narrow)
{
    ncm_free(m->rows);
    m->rows = NULL;
    m->run = run;
    m->n_rows = run != NULL ? run->n_metrics : 0;
    if (run != NULL && narrow != NULL && narrow[0] != '\0') {
        m->rows = ncm_alloc(run->n_metrics + 1, sizeof *m->rows);
        m->n_rows = 0;
        for (size_t i = 0; i < run->n_metrics; i++)
            if (ncm_text_has(ncm_cstr(run->metrics[i].key), narrow))
                m->rows[m->n_rows++] = (uint32_t)i;
    }
    for (size_t row = 0; m->selected != NULL && row < m->n_rows; row++)
        if (ncm_str_is(metric_at(m, row)->key, m->selected))
            m->table.selected = row;
    remember(m);
}

/* ---- histories of the rows on screen ---- */

static struct series_slot *slot_of(const struct metric_table *m, struct ncm_str key)
{
    for (size_t i = 0; i < m->n_slots; i++)
        if (ncm_str_is(key, m->slots[i].key))
            return &m->slots[i];
    return NULL;
}

static void take_points(struct series_slot *slot)
{
    const struct ncm_series_snapshot *s = slot->feed.snap;
    slot->lo = slot->hi = NAN;
    ncm_free(slot->v);
    slot->v = ncm_alloc(s->n + 1, sizeof *slot->v);
    slot->n = s->n;
    for (size_t i = 0; i < s->n; i++) {
        double v = value_number(&s->points[i].value);
        slot->v[i] = v;
        slot->lo = fmin(slot->lo, v);
        slot->hi = fmax(slot->hi, v);
    }
}

void metrics_update(struct metric_table *m)
{
    for (size_t i = 0; i < m->n_slots; i++)
        if (m->slots[i].feed.snap != NULL)
            take_points(&m->slots[i]);
}

static void ask_series(struct metric_table *m, const struct ncm_metric *x)
{
    m->slots = ncm_grow(m->slots, m->n_slots, &m->cap_slots, sizeof *m->slots);
    struct series_slot *s = &m->slots[m->n_slots++];
    *s = (struct series_slot){.key = ncm_strndup(ncm_cstr(x->key), x->key.len), .used = true};
    struct ncm_query *q = ncm_query_series(m->run_id, s->key, SPARK_POINTS);
    q->sampled = true;
    pane_ask(m->pane, &s->feed, q);
    if (s->feed.snap != NULL)
        take_points(s);
}

/* Histories of what is on screen are wanted, the others let go. */
static void want_visible(struct metric_table *m)
{
    size_t last = m->table.top + (size_t)(m->table.rows_shown > 0 ? m->table.rows_shown : 0);
    for (size_t i = 0; i < m->n_slots; i++)
        m->slots[i].used = false;
    for (size_t row = m->table.top; row < last && row < m->n_rows; row++) {
        struct series_slot *s = slot_of(m, metric_at(m, row)->key);
        if (s != NULL)
            s->used = true;
        else
            ask_series(m, metric_at(m, row));
    }
    size_t kept = 0;
    for (size_t i = 0; i < m->n_slots; i++) {
        if (m->slots[i].used)
            m->slots[kept++] = m->slots[i];
        else
            free_slot(&m->slots[i]);
    }
    m->n_slots = kept;
}

/* ---- drawing ---- */

static size_t count(void *ctx)
{
    return ((struct metric_table *)ctx)->n_rows;
}

enum { C_KEY, C_BETTER, C_CURVE, C_LAST, C_MIN, C_MAX, C_STEP };

static void extreme(double v, struct table_cell *out)
{
    if (isnan(v))
        set_text(out, ROLE_DIM, sign(SIGN_DASH));
    else
        ncm_fmt_num(out->text, sizeof out->text, v, 5);
}

static void cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    struct metric_table *m = ctx;
    const struct ncm_metric *x = metric_at(m, row);
    const struct series_slot *s = slot_of(m, x->key);
    int way = ncm_metric_direction(ncm_cstr(x->key));
    switch (column) {
    case C_KEY:
        out->raw = x->key;
        out->is_raw = out->cut_middle = true;
        break;
    case C_BETTER:
        set_text(out, ROLE_DIM, way > 0 ? sign(SIGN_UP) : way < 0 ? sign(SIGN_DOWN) : "");
        break;
    case C_CURVE:
        out->role = ROLE_SERIES1;
        if (s != NULL && s->n > 1) {
            out->spark = s->v;
            out->n_spark = s->n;
        } else {
            set_text(out, ROLE_DIM, s == NULL || s->v == NULL ? sign(SIGN_ELLIPSIS) : "");
        }
        break;
    case C_LAST:
        out->role = value_text(&x->value, out->text, sizeof out->text);
        out->attrs = ATTR_BOLD;
        break;
    case C_MIN:
        extreme(s != NULL && s->v != NULL ? s->lo : NAN, out);
        break;
    case C_MAX:
        extreme(s != NULL && s->v != NULL ? s->hi : NAN, out);
        break;
    case C_STEP:
        ncm_fmt_count(out->text, sizeof out->text, x->step);
        out->role = ROLE_DIM;
        break;
    }
}

void metrics_draw(struct metric_table *m, const struct canvas *c, bool focused, const char *empty)
{
    struct table_model model = {.ctx = m, .count = count, .cell = cell};
    int spark = c->w > 110 ? 36 : c->w > 70 ? 20 : 12;
    m->heads[C_KEY] = (struct table_column){_("METRIC"), 12, 0, 0, 0, 0};
    m->heads[C_BETTER] = (struct table_column){"", 1, 1, 0, 3, 0};
    m->heads[C_CURVE] = (struct table_column){_("CURVE"), 8, spark, 0, 1, 0};
    m->heads[C_LAST] = (struct table_column){_("LAST"), 9, 11, 1, 0, 0};
    m->heads[C_MIN] = (struct table_column){_("MIN"), 9, 11, 1, 4, 0};
    m->heads[C_MAX] = (struct table_column){_("MAX"), 9, 11, 1, 4, 0};
    m->heads[C_STEP] = (struct table_column){_("STEP"), 7, 9, 1, 5, 0};
    m->table.columns = m->heads;
    m->table.n_columns = c->w >= 90 ? 7 : 6; /* the name is worth more than the step */
    m->canvas = *c;
    table_draw(&m->table, &model, c, focused, empty);
    want_visible(m);
}

bool metrics_act(struct metric_table *m, enum ui_action_id action)
{
    struct table_model model = {.ctx = m, .count = count, .cell = cell};
    bool taken = table_act(&m->table, &model, action);
    remember(m);
    return taken;
}
