/* What the pane asks for and holds: all monitors, one as looked at, a feature, rows, alerts. */
#include "pane/drift/drift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct ncm_drift_snapshot *drift_snapshot(const struct drift *d)
{
    return d->all.snap;
}

size_t drift_n_monitors(const struct drift *d)
{
    return drift_snapshot(d) != NULL ? drift_snapshot(d)->n : 0;
}

char *drift_id(const struct ncm_drift_monitor *m)
{
    return ncm_sprintf("%s/%s", ncm_cstr(m->model), ncm_cstr(m->name));
}

static bool has_id(const struct ncm_drift_monitor *m, const char *id)
{
    size_t n = m->model.len;
    return id != NULL && strlen(id) == n + 1 + m->name.len &&
           strncmp(id, ncm_cstr(m->model), n) == 0 && id[n] == '/' &&
           strcmp(id + n + 1, ncm_cstr(m->name)) == 0;
}

bool drift_looked_at(const struct drift *d, const struct ncm_drift_monitor *m)
{
    return d->settings != NULL && has_id(m, d->look_id);
}

const struct ncm_drift_monitor *drift_monitor(const struct drift *d, size_t i)
{
    const struct ncm_drift_monitor *m = &drift_snapshot(d)->items[i];
    const struct ncm_drift_snapshot *look = d->look.snap;

    if (drift_looked_at(d, m) && look != NULL) {
        const struct ncm_drift_monitor *other =
            ncm_drift_find(look, ncm_cstr(m->model), ncm_cstr(m->name));
        return other != NULL ? other : m;
    }
    return m;
}

const struct ncm_drift_monitor *drift_selected(const struct drift *d)
{
    for (size_t i = 0; d->monitor_id != NULL && i < drift_n_monitors(d); i++) {
        const struct ncm_drift_monitor *m = drift_monitor(d, i);
        if (has_id(m, d->monitor_id)) {
            return m;
        }
    }
    return NULL;
}

const struct ncm_drift_feature *drift_selected_feature(const struct drift *d)
{
    const struct ncm_drift_monitor *m = drift_selected(d);

    for (size_t i = 0; m != NULL && d->feature_name != NULL && i < m->n_features; i++) {
        if (ncm_str_is(m->features[i].name, d->feature_name)) {
            return &m->features[i];
        }
    }
    return NULL;
}

const struct ncm_drift_feature_snapshot *drift_column(const struct drift *d)
{
    return d->feature.snap;
}

const struct ncm_alert *drift_alert(const struct drift *d)
{
    const struct ncm_alerts_snapshot *s = d->alerts.snap;
    const struct ncm_alert *found = NULL;

    for (size_t i = 0; s != NULL && d->monitor_id != NULL && i < s->n; i++) {
        const struct ncm_alert *a = &s->items[i];
        if (!ncm_str_is(a->rule, d->monitor_id) || a->state == NCM_ALERT_RESOLVED) {
            continue;
        }
        const struct ncm_kv *feature = ncm_kv_find(a->annotations, a->n_annotations, "feature");
        bool mine = feature != NULL && d->feature_name != NULL &&
                    ncm_str_is(feature->value, d->feature_name);
        if (found == NULL || mine) {
            found = a;
        }
    }
    return found;
}

/* ---- rows of the map ---- */

static const struct drift *sorting; /* qsort has no context; one thread draws */

static const struct ncm_drift_feature *feature_of(const struct drift *d, const struct drift_row *r)
{
    return &drift_monitor(d, r->monitor)->features[r->feature];
}

static int compare(const void *a, const void *b)
{
    const struct drift_row *x = a, *y = b;
    const struct ncm_drift_feature *f = feature_of(sorting, x), *g = feature_of(sorting, y);

    if (x->monitor != y->monitor) {
        return x->monitor < y->monitor ? -1 : 1;
    }
    if (sorting->sort == SORT_NAME) {
        return ncm_str_compare(f->name, g->name);
    }
    if (f->state != g->state) {
        return f->state > g->state ? -1 : 1;
    }
    return x->feature < y->feature ? -1 : x->feature > y->feature;
}

static void add_row(struct drift *d, size_t monitor, size_t feature)
{
    d->rows = ncm_grow(d->rows, d->n_rows, &d->cap_rows, sizeof *d->rows);
    d->rows[d->n_rows++] = (struct drift_row){monitor, feature};
}

static bool matches(const struct drift *d, const struct ncm_drift_monitor *m, size_t feature)
{
    return d->filter == NULL || ncm_text_has(ncm_cstr(m->features[feature].name), d->filter) ||
           ncm_text_has(ncm_cstr(m->name), d->filter) ||
           ncm_text_has(ncm_cstr(m->model), d->filter);
}

static int by_name(const void *a, const void *b)
{
    const struct ncm_drift_monitor *x = drift_monitor(sorting, *(const size_t *)a);
    const struct ncm_drift_monitor *y = drift_monitor(sorting, *(const size_t *)b);
    int c = ncm_str_compare(x->model, y->model);
    return c != 0 ? c : ncm_str_compare(x->name, y->name);
}

static void add_monitor(struct drift *d, size_t i)
{
    const struct ncm_drift_monitor *m = drift_monitor(d, i);
    size_t heading = d->n_rows;

    add_row(d, i, SIZE_MAX);
    for (size_t k = 0; k < m->n_features; k++) {
        if (matches(d, m, k)) {
            add_row(d, i, k);
        }
    }
    if (d->n_rows == heading + 1 && d->filter != NULL) {
        d->n_rows = heading;
        return;
    }
    qsort(d->rows + heading + 1, d->n_rows - heading - 1, sizeof *d->rows, compare);
}

static bool is_row(const struct drift *d, size_t row, const char *id, const char *feature)
{
    const struct drift_row *r = &d->rows[row];
    const struct ncm_drift_monitor *m = drift_monitor(d, r->monitor);
    return r->feature != SIZE_MAX && has_id(m, id) &&
           (feature == NULL || ncm_str_is(m->features[r->feature].name, feature));
}

void drift_rebuild(struct drift *d)
{
    size_t n = drift_n_monitors(d);
    size_t *order = ncm_alloc(n + 1, sizeof *order);

    d->n_rows = 0;
    sorting = d;
    for (size_t i = 0; i < n; i++) {
        order[i] = i;
    }
    if (d->sort != SORT_WORST) {
        qsort(order, n, sizeof *order, by_name);
    }
    for (size_t i = 0; i < n; i++) {
        add_monitor(d, order[i]);
    }
    ncm_free(order);
    size_t found = SIZE_MAX;
    for (size_t i = 0; d->monitor_id != NULL && i < d->n_rows; i++) {
        if (is_row(d, i, d->monitor_id, d->feature_name)) {
            found = i;
            break;
        }
    }
    if (found != SIZE_MAX) {
        d->table.selected = found;
    } else if (d->view == DRIFT_MAP) {
        d->table.selected = d->n_rows > 1 ? 1 : 0;
        drift_remember(d);
    }
    d->axis = drift_axis(d);
}

void drift_remember(struct drift *d)
{
    if (d->table.selected >= d->n_rows) {
        return;
    }
    const struct drift_row *r = &d->rows[d->table.selected];
    const struct ncm_drift_monitor *m = drift_monitor(d, r->monitor);
    char *feature =
        r->feature != SIZE_MAX ? ncm_strdup(ncm_cstr(m->features[r->feature].name)) : NULL;

    ncm_free(d->monitor_id);
    ncm_free(d->feature_name);
    d->monitor_id = drift_id(m);
    d->feature_name = feature;
}

bool drift_select(struct drift *d, const char *id, const char *feature)
{
    ncm_free(d->monitor_id);
    ncm_free(d->feature_name);
    d->monitor_id = ncm_strdup(id);
    d->feature_name = ncm_strdup(feature);
    drift_rebuild(d);
    return drift_selected(d) != NULL;
}

/* ---- what is looked at ---- */

/* Appends every NAME=VALUE of old but this name's. */
static void without(struct ncm_buf *out, const char *old, const char *name)
{
    size_t n = strlen(name);

    while (old != NULL && *old != '\0') {
        size_t len = strcspn(old, ";");
        if (!(strncmp(old, name, n) == 0 && old[n] == '=')) {
            if (out->len > 0) {
                ncm_buf_putc(out, ';');
            }
            ncm_buf_add(out, old, len);
        }
        old += len + (old[len] == ';');
    }
}

void drift_set(struct drift *d, const char *name, const char *value)
{
    struct ncm_buf b;

    ncm_buf_init(&b, 1 << 16);
    if (d->look_id != NULL && d->monitor_id != NULL && strcmp(d->look_id, d->monitor_id) == 0 &&
        name != NULL) {
        without(&b, d->settings, name);
    }
    if (name != NULL && value != NULL) {
        ncm_buf_printf(&b, "%s%s=%s", b.len > 0 ? ";" : "", name, value);
    }
    ncm_free(d->settings);
    ncm_free(d->look_id);
    d->settings = b.len > 0 ? ncm_strdup(b.p) : NULL;
    d->look_id = b.len > 0 ? ncm_strdup(d->monitor_id) : NULL;
    ncm_buf_release(&b);
    drift_ask(d);
}

/* ---- wants ---- */

static void feed_end(struct drift_feed *f)
{
    ncm_want_release(f->want);
    ncm_snapshot_unref(f->snap);
    ncm_free(f->key);
    memset(f, 0, sizeof *f);
}

/* Takes the query. What came before stays until the new one answers where keep. */
static void feed_ask(struct drift *d, struct drift_feed *f, struct ncm_query *q, bool keep)
{
    char *key = ncm_query_text(q);

    if (f->want != NULL && f->key != NULL && strcmp(f->key, key) == 0) {
        ncm_free(key);
    } else {
        if (!keep) {
            feed_end(f);
        }
        ncm_want_release(f->want);
        ncm_free(f->key);
        f->key = key;
        f->want = d->ui != NULL ? ncm_session_want(ui_session(d->ui), q) : NULL;
    }
    ncm_query_free(q);
}

static bool feed_take(struct drift_feed *f)
{
    const void *s = f->want != NULL ? ncm_want_get(f->want) : NULL;

    if (s == NULL || s == f->snap) {
        return false;
    }
    ncm_snapshot_unref(f->snap);
    f->snap = ncm_snapshot_ref(s);
    return true;
}

static struct ncm_query *query_of(const struct drift *d, enum ncm_topic topic)
{
    struct ncm_query *q = ncm_query_new(topic);

    q->id = ncm_strdup(d->monitor_id);
    q->key = topic != NCM_T_DRIFT ? ncm_strdup(d->feature_name) : NULL;
    const struct ncm_drift_monitor *m = drift_selected(d);
    size_t window = drift_window(d, m, drift_selected_feature(d));
    q->at_ms = window != SIZE_MAX ? m->windows[window].end_ms : NCM_NO_TIME;
    if (d->look_id != NULL && d->monitor_id != NULL && strcmp(d->look_id, d->monitor_id) == 0) {
        q->filter = ncm_strdup(d->settings);
    }
    return q;
}

void drift_ask(struct drift *d)
{
    if (d->ui == NULL) {
        return;
    }
    if (d->settings != NULL) {
        struct ncm_query *q = ncm_query_new(NCM_T_DRIFT);
        q->id = ncm_strdup(d->look_id);
        q->filter = ncm_strdup(d->settings);
        feed_ask(d, &d->look, q, false);
    } else {
        feed_end(&d->look);
    }
    if (d->view != DRIFT_MAP && d->feature_name != NULL) {
        const struct ncm_drift_feature_snapshot *had = drift_column(d);
        bool same = had != NULL && ncm_str_is(had->column.name, d->feature_name);
        feed_ask(d, &d->feature, query_of(d, NCM_T_DRIFT_FEATURE), same);
    } else {
        feed_end(&d->feature);
    }
    if (d->view == DRIFT_ROWS && d->bar != NULL) {
        struct ncm_query *q = query_of(d, NCM_T_DRIFT_ROWS);
        ncm_query_add_order(q, d->bar);
        q->limit = 200;
        feed_ask(d, &d->rows_feed, q, false);
    } else {
        feed_end(&d->rows_feed);
    }
    drift_update(d);
}

void drift_update(struct drift *d)
{
    bool all = feed_take(&d->all), look = feed_take(&d->look);

    feed_take(&d->alerts);
    feed_take(&d->feature);
    feed_take(&d->rows_feed);
    if (all || look || (d->n_rows == 0 && d->all.snap != NULL)) {
        drift_rebuild(d);
        if (d->view != DRIFT_MAP && d->cursor_ms == NCM_NO_TIME && d->all.want != NULL) {
            drift_ask(d); /* the newest window is another one now */
            return;
        }
    }
    if (d->view != DRIFT_MAP) {
        drift_make_curve(d);
    }
}

void drift_enter(struct drift *d)
{
    struct ncm_query *alerts = ncm_query_new(NCM_T_ALERTS);

    alerts->id = ncm_strdup("ncmlops");
    feed_ask(d, &d->all, ncm_query_new(NCM_T_DRIFT), true);
    feed_ask(d, &d->alerts, alerts, true);
    drift_ask(d);
}

void drift_leave(struct drift *d)
{
    struct drift_feed *feeds[] = {&d->all, &d->look, &d->feature, &d->rows_feed, &d->alerts};

    for (size_t i = 0; i < sizeof feeds / sizeof *feeds; i++) { /* what was shown stays */
        ncm_want_release(feeds[i]->want);
        feeds[i]->want = NULL;
    }
}

void drift_release(struct drift *d)
{
    struct drift_feed *feeds[] = {&d->all, &d->look, &d->feature, &d->rows_feed, &d->alerts};
    void *owned[] = {d->look_id,    d->settings,     d->filter,  d->rows,
                     d->monitor_id, d->feature_name, d->curve_x, d->curve_y,
                     d->mark_x,     d->mark_signs,   d->bar,     d->row_columns};

    for (size_t i = 0; i < sizeof feeds / sizeof *feeds; i++) {
        feed_end(feeds[i]);
    }
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) {
        ncm_free(owned[i]);
    }
    common_silence_release(&d->silence);
}
