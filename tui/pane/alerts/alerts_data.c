#include "pane/alerts/alerts.h"

#include <stdlib.h>
#include <string.h>

const char *const alert_sources[ALERT_SOURCES] = {"ncmlops", "alertmanager", "prometheus"};

static const struct ncm_alerts_snapshot *alerts_of(const struct alerts *a, size_t source)
{
    return a->alert[source].snap;
}

static const struct ncm_silences_snapshot *silences_of(const struct alerts *a, size_t source)
{
    return a->silence[source].snap;
}

static bool is_there(const struct ncm_err *err)
{
    return err == NULL || (err->code != NCM_UNSUPPORTED && err->code != NCM_NOT_FOUND);
}

const struct ncm_err *alerts_error(const struct alerts *a)
{
    for (size_t i = 0; i < ALERT_SOURCES; i++) {
        const struct ncm_err *err =
            a->alert[i].want != NULL ? ncm_want_error(a->alert[i].want) : NULL;
        if (err != NULL && is_there(err)) {
            return err;
        }
    }
    return NULL;
}

/* ---- wants ---- */

static void ask(struct alerts *a, struct alert_feed *f, enum ncm_topic topic, size_t source)
{
    struct ncm_query *q = ncm_query_new(topic);

    q->id = ncm_strdup(alert_sources[source]);
    q->view = a->over ? NCM_VIEW_ALL : NCM_VIEW_ACTIVE;
    ncm_want_release(f->want);
    f->want = ncm_session_want(ui_session(a->ui), q);
    ncm_query_free(q);
}

static bool take(struct alert_feed *f)
{
    const void *s = f->want != NULL ? ncm_want_get(f->want) : NULL;

    if (s == NULL || s == f->snap) {
        return false;
    }
    ncm_snapshot_unref(f->snap);
    f->snap = ncm_snapshot_ref(s);
    return true;
}

/* Ours are raised by whoever looks at the monitors: so this does, too. */
static void watch_monitors(struct alerts *a)
{
    if (a->watch == NULL && ncm_session_has_monitors(ui_session(a->ui))) {
        struct ncm_query *q = ncm_query_new(NCM_T_DRIFT);
        a->watch = ncm_session_want(ui_session(a->ui), q);
        ncm_query_free(q);
    }
}

void alerts_enter(struct alerts *a)
{
    if (a->ui != NULL) {
        watch_monitors(a);
    }
    for (size_t i = 0; a->ui != NULL && i < ALERT_SOURCES; i++) {
        ask(a, &a->alert[i], NCM_T_ALERTS, i);
        ask(a, &a->silence[i], NCM_T_SILENCES, i);
    }
    alerts_update(a);
}

void alerts_leave(struct alerts *a)
{
    for (size_t i = 0; i < ALERT_SOURCES; i++) {
        ncm_want_release(a->alert[i].want);
        ncm_want_release(a->silence[i].want);
        a->alert[i].want = a->silence[i].want = NULL;
    }
    ncm_want_release(a->watch);
    a->watch = NULL;
}

void alerts_release(struct alerts *a)
{
    alerts_leave(a);
    for (size_t i = 0; i < ALERT_SOURCES; i++) {
        ncm_snapshot_unref(a->alert[i].snap);
        ncm_snapshot_unref(a->silence[i].snap);
    }
    ncm_free(a->filter);
    ncm_free(a->alert_id);
    ncm_free(a->silence_id);
    ncm_free(a->rows);
    ncm_free(a->silences);
    common_silence_release(&a->asking);
}

void alerts_update(struct alerts *a)
{
    bool any = false;

    for (size_t i = 0; i < ALERT_SOURCES; i++) {
        any = take(&a->alert[i]) || any;
        any = take(&a->silence[i]) || any;
    }
    if (any) {
        alerts_rebuild(a);
    }
}

/* ---- rows ---- */

static char *id_of(const char *source, struct ncm_str id)
{
    return ncm_sprintf("%s/%s", source, ncm_cstr(id));
}

const struct alert_row *alerts_selected(const struct alerts *a)
{
    return a->table.selected < a->n_rows ? &a->rows[a->table.selected] : NULL;
}

const struct silence_row *alerts_selected_silence(const struct alerts *a)
{
    return a->silence_table.selected < a->n_silences ? &a->silences[a->silence_table.selected]
                                                     : NULL;
}

void alerts_remember(struct alerts *a)
{
    const struct alert_row *r = alerts_selected(a);
    const struct silence_row *s = alerts_selected_silence(a);

    ncm_free(a->alert_id);
    ncm_free(a->silence_id);
    a->alert_id = r != NULL ? id_of(ncm_cstr(r->alert->source), r->alert->id) : NULL;
    a->silence_id = s != NULL ? id_of(alert_sources[s->source], s->silence->id) : NULL;
}

static bool matches(const struct alerts *a, const struct ncm_alert *x)
{
    const struct ncm_str fields[] = {x->rule,   x->subject,       x->summary,
                                     x->source, x->severity_text, x->ack_actor};

    if (a->filter == NULL || ncm_text_has(ncm_alert_state_word(x->state), a->filter)) {
        return true;
    }
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (ncm_text_has(ncm_cstr(fields[i]), a->filter)) {
            return true;
        }
    }
    for (size_t i = 0; i < x->n_labels; i++) {
        if (ncm_text_has(ncm_cstr(x->labels[i].value), a->filter)) {
            return true;
        }
    }
    return false;
}

/* Whether b has all labels of a: what a Prometheus sends arrives with labels added. */
static bool within(const struct ncm_alert *a, const struct ncm_alert *b)
{
    for (size_t i = 0; i < a->n_labels; i++) {
        const struct ncm_kv *kv = ncm_kv_find(b->labels, b->n_labels, ncm_cstr(a->labels[i].key));
        if (kv == NULL || !ncm_str_eq(kv->value, a->labels[i].value)) {
            return false;
        }
    }
    return a->n_labels > 0;
}

static const struct ncm_alert *twin_of(const struct alerts *a, const struct ncm_alert *x,
                                       size_t source)
{
    const struct ncm_alerts_snapshot *s = alerts_of(a, source);

    for (size_t i = 0; s != NULL && i < s->n; i++) {
        bool same = source == 2 ? within(&s->items[i], x) : within(x, &s->items[i]);
        if (same && s->items[i].state != NCM_ALERT_RESOLVED) {
            return &s->items[i];
        }
    }
    return NULL;
}

static int order(enum ncm_alert_state s)
{
    static const int orders[] = {1, 0, 2, 3, 4}; /* firing, pending, acknowledged, silenced, over */
    return orders[s];
}

static int compare(const void *a, const void *b)
{
    const struct ncm_alert *x = ((const struct alert_row *)a)->alert;
    const struct ncm_alert *y = ((const struct alert_row *)b)->alert;

    if (x->state != y->state) {
        return order(x->state) - order(y->state);
    }
    if (x->severity != y->severity) {
        return (int)y->severity - (int)x->severity;
    }
    if (x->since_ms != y->since_ms) {
        return x->since_ms > y->since_ms ? -1 : 1;
    }
    return ncm_str_compare(x->id, y->id);
}

static void add_alerts(struct alerts *a, size_t source)
{
    const struct ncm_alerts_snapshot *s = alerts_of(a, source);

    for (size_t i = 0; s != NULL && i < s->n; i++) {
        const struct ncm_alert *x = &s->items[i];
        bool there = source == 2 && x->state == NCM_ALERT_FIRING && twin_of(a, x, 1) != NULL;
        if (there || (!a->over && x->state == NCM_ALERT_RESOLVED) || !matches(a, x)) {
            continue;
        }
        a->rows[a->n_rows++] = (struct alert_row){x, source == 1 ? twin_of(a, x, 2) : NULL};
    }
}

static int count_hits(const struct alerts *a, const struct ncm_silence *x, size_t source)
{
    const struct ncm_alerts_snapshot *s = alerts_of(a, source);
    struct ncm_matching *m;
    struct ncm_err err;
    int hits = 0;

    if (!ncm_matching_new(x->matchers, x->n_matchers, &m, &err)) {
        return -1;
    }
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        hits += s->items[i].state != NCM_ALERT_RESOLVED &&
                ncm_matching_hits(m, s->items[i].labels, s->items[i].n_labels);
    }
    ncm_matching_free(m);
    return hits;
}

static void add_silences(struct alerts *a, size_t source)
{
    const struct ncm_silences_snapshot *s = silences_of(a, source);

    for (size_t i = 0; s != NULL && i < s->n; i++) {
        const struct ncm_silence *x = &s->items[i];
        if (!a->over && x->state == NCM_SILENCE_EXPIRED) {
            continue;
        }
        a->silences[a->n_silences++] = (struct silence_row){x, source, count_hits(a, x, source)};
    }
}

static void reselect(struct alerts *a)
{
    for (size_t i = 0; a->alert_id != NULL && i < a->n_rows; i++) {
        char *id = id_of(ncm_cstr(a->rows[i].alert->source), a->rows[i].alert->id);
        if (strcmp(id, a->alert_id) == 0) {
            a->table.selected = i;
        }
        ncm_free(id);
    }
    for (size_t i = 0; a->silence_id != NULL && i < a->n_silences; i++) {
        char *id = id_of(alert_sources[a->silences[i].source], a->silences[i].silence->id);
        if (strcmp(id, a->silence_id) == 0) {
            a->silence_table.selected = i;
        }
        ncm_free(id);
    }
    if (a->n_rows > 0 && a->table.selected >= a->n_rows) {
        a->table.selected = a->n_rows - 1;
    }
    if (a->n_silences > 0 && a->silence_table.selected >= a->n_silences) {
        a->silence_table.selected = a->n_silences - 1;
    }
    alerts_remember(a);
}

void alerts_rebuild(struct alerts *a)
{
    size_t n = 0, silences = 0;

    for (size_t i = 0; i < ALERT_SOURCES; i++) {
        n += alerts_of(a, i) != NULL ? alerts_of(a, i)->n : 0;
        silences += silences_of(a, i) != NULL ? silences_of(a, i)->n : 0;
    }
    ncm_free(a->rows);
    ncm_free(a->silences);
    a->rows = ncm_alloc(n + 1, sizeof *a->rows);
    a->silences = ncm_alloc(silences + 1, sizeof *a->silences);
    a->n_rows = a->n_silences = 0;
    for (size_t i = 0; i < ALERT_SOURCES; i++) {
        add_alerts(a, i);
        add_silences(a, i);
    }
    qsort(a->rows, a->n_rows, sizeof *a->rows, compare);
    reselect(a);
}
