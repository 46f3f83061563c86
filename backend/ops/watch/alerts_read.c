/* Our own alerts and silences as others see them. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "model/alert_labels.h"
#include "model/drift.h"
#include "model/matcher.h"
#include "ops/watch/alerts.h"
#include "ops/watch/store.h"

#define RESOLVED_KEPT_MS (INT64_C(30) * 86400000)
#define SILENCE_KEPT_MS  (INT64_C(5) * 86400000)

static struct ncm_value value_of(struct ncm_stmt *st, int i)
{
    if (ncm_col_null(st, i)) {
        return (struct ncm_value){.kind = NCM_V_UNSET};
    }
    return (struct ncm_value){.kind = NCM_V_NUMBER, .num = ncm_col_double(st, i)};
}

static struct ncm_kv label(struct ncm_arena *a, const char *key, struct ncm_str value)
{
    return (struct ncm_kv){ncm_arena_cstr(a, key), value};
}

/* Sorted, as matchers want them. The feature is none of them: which one is the worst changes from
 * window to window, and a silence must not end with that. */
static void put_labels(struct ncm_alert *x, struct ncm_str feature, struct ncm_str model,
                       struct ncm_arena *a)
{
    x->labels = ncm_arena_alloc(a, 5, sizeof *x->labels);
    const char *slash = x->rule.p != NULL ? strchr(x->rule.p, '/') : NULL;
    x->labels[x->n_labels++] = label(a, "alertname", ncm_arena_cstr(a, "drift"));
    x->labels[x->n_labels++] = label(a, "model", model);
    x->labels[x->n_labels++] = label(a, "monitor", ncm_arena_cstr(a, slash ? slash + 1 : ""));
    x->labels[x->n_labels++] = label(a, "severity", x->severity_text);
    if (feature.p != NULL) {
        x->annotations = ncm_arena_alloc(a, 1, sizeof *x->annotations);
        x->annotations[x->n_annotations++] = label(a, "feature", feature);
    }
}

static void take_alert(struct ncm_stmt *st, struct ncm_arena *a, struct ncm_alert *x)
{
    char *id = ncm_sprintf("%" PRId64, ncm_col_i64(st, 0));
    struct ncm_str feature = ncm_col_dup(st, 3, a), state = ncm_col_text(st, 5);
    x->id = ncm_arena_cstr(a, id);
    ncm_free(id);
    x->rule = ncm_col_dup(st, 1, a);
    x->subject = ncm_col_dup(st, 2, a);
    x->severity_text = ncm_col_dup(st, 4, a);
    x->severity = ncm_severity_of(ncm_cstr(x->severity_text), x->severity_text.len);
    x->summary = ncm_col_dup(st, 6, a);
    x->source = ncm_arena_cstr(a, "ncmlops");
    x->value = value_of(st, 7);
    x->threshold = value_of(st, 8);
    x->since_ms = ncm_col_i64(st, 9);
    x->until_ms = ncm_col_null(st, 10) ? NCM_NO_TIME : ncm_col_i64(st, 10);
    x->ack_actor = ncm_col_dup(st, 11, a);
    x->ack_note = ncm_col_dup(st, 12, a);
    x->ack_ms = ncm_col_null(st, 13) ? NCM_NO_TIME : ncm_col_i64(st, 13);
    x->state = ncm_str_is(state, "pending")    ? NCM_ALERT_PENDING
               : ncm_str_is(state, "resolved") ? NCM_ALERT_RESOLVED
               : x->ack_actor.p != NULL        ? NCM_ALERT_ACKNOWLEDGED
                                               : NCM_ALERT_FIRING;
    put_labels(x, feature, x->subject, a);
}

/* What silences keep quiet says which, and until when. */
static void apply_silences(struct ncm_alert *x, const struct ncm_silences_snapshot *s,
                           struct ncm_arena *a)
{
    for (size_t i = 0; i < s->n && x->state == NCM_ALERT_FIRING; i++) {
        struct ncm_matching *m;
        struct ncm_err ignored;
        if (s->items[i].state != NCM_SILENCE_ACTIVE ||
            !ncm_matching_new(s->items[i].matchers, s->items[i].n_matchers, &m, &ignored)) {
            continue;
        }
        if (ncm_matching_hits(m, x->labels, x->n_labels)) {
            x->state = NCM_ALERT_SILENCED;
            x->until_ms = s->items[i].ends_ms;
            x->silenced_by = ncm_arena_alloc(a, 1, sizeof *x->silenced_by);
            x->silenced_by[0] = ncm_arena_copy(a, s->items[i].id);
            x->n_silenced_by = 1;
        }
        ncm_matching_free(m);
    }
}

bool ncm_alerts_read(struct ncm_db *db, bool all, int64_t now_ms, struct ncm_alerts_snapshot **out,
                     struct ncm_err *err)
{
    struct ncm_alerts_snapshot *s = ncm_snapshot_new(NCM_T_ALERTS, sizeof *s);
    struct ncm_silences_snapshot *quiet = NULL;
    struct ncm_list list = {.size = sizeof(struct ncm_alert)};
    struct ncm_stmt *st;
    *out = s;
    if (db == NULL || !ncm_db_has_table(db, "alerts")) {
        return true;
    }
    bool ok = ncm_silences_read(db, false, now_ms, &quiet, err) &&
              ncm_db_prepare(db,
                             "SELECT id,rule,model,feature,severity,state,summary,value,threshold,"
                             "since_ms,until_ms,ack_actor,ack_note,ack_ms FROM alerts"
                             " WHERE state<>'resolved' OR (?1 AND until_ms>=?2) ORDER BY id DESC",
                             &st, err);
    if (ok) {
        bool row = true;
        ncm_bind_i64(st, 1, all);
        ncm_bind_i64(st, 2, now_ms - RESOLVED_KEPT_MS);
        while ((ok = ncm_stmt_step(st, &row, err)) && row) {
            struct ncm_alert *x = ncm_list_add(&list);
            take_alert(st, s->head.arena, x);
            apply_silences(x, quiet, s->head.arena);
        }
        ncm_stmt_end(st);
    }
    s->n = list.n;
    s->items = ncm_list_move(&list, s->head.arena);
    if (s->n > 0) {
        qsort(s->items, s->n, sizeof *s->items, ncm_alert_compare);
    }
    ncm_snapshot_unref(quiet);
    if (!ok) {
        ncm_snapshot_unref(s);
        *out = NULL;
    }
    return ok;
}

static bool take_silence(struct ncm_stmt *st, int64_t now_ms, struct ncm_arena *a,
                         struct ncm_silence *x)
{
    struct ncm_err ignored;
    char *id = ncm_sprintf("%" PRId64, ncm_col_i64(st, 0));
    x->id = ncm_arena_cstr(a, id);
    ncm_free(id);
    x->starts_ms = ncm_col_i64(st, 2);
    x->ends_ms = ncm_col_i64(st, 3);
    x->updated_ms = x->starts_ms;
    x->created_by = ncm_col_dup(st, 4, a);
    x->comment = ncm_col_dup(st, 5, a);
    x->state = now_ms >= x->ends_ms    ? NCM_SILENCE_EXPIRED
               : now_ms < x->starts_ms ? NCM_SILENCE_PENDING
                                       : NCM_SILENCE_ACTIVE;
    return ncm_matchers_parse(ncm_cstr(ncm_col_text(st, 1)), a, &x->matchers, &x->n_matchers,
                              &ignored);
}

bool ncm_silences_read(struct ncm_db *db, bool all, int64_t now_ms,
                       struct ncm_silences_snapshot **out, struct ncm_err *err)
{
    struct ncm_silences_snapshot *s = ncm_snapshot_new(NCM_T_SILENCES, sizeof *s);
    struct ncm_list list = {.size = sizeof(struct ncm_silence)};
    struct ncm_stmt *st;
    *out = s;
    if (db == NULL || !ncm_db_has_table(db, "silences")) {
        return true;
    }
    if (!ncm_db_prepare(db,
                        "SELECT id,matchers,starts_ms,ends_ms,actor,comment FROM silences"
                        " WHERE ends_ms>?1 ORDER BY ends_ms<=?2, ends_ms",
                        &st, err)) {
        ncm_snapshot_unref(s);
        *out = NULL;
        return false;
    }
    ncm_bind_i64(st, 1, all ? now_ms - SILENCE_KEPT_MS : now_ms);
    ncm_bind_i64(st, 2, now_ms);
    bool row = true, ok = true;
    while ((ok = ncm_stmt_step(st, &row, err)) && row) {
        struct ncm_silence x = {0};
        if (take_silence(st, now_ms, s->head.arena, &x)) {
            *(struct ncm_silence *)ncm_list_add(&list) = x;
        }
    }
    ncm_stmt_end(st);
    s->n = list.n;
    s->items = ncm_list_move(&list, s->head.arena);
    if (!ok) {
        ncm_snapshot_unref(s);
        *out = NULL;
    }
    return ok;
}

bool ncm_alerts_firing_since(struct ncm_db *db, const struct ncm_monitor *m, int64_t *since_ms,
                             struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row;
    *since_ms = NCM_NO_TIME;
    if (db == NULL || !ncm_db_has_table(db, "alerts")) {
        return true;
    }
    if (!ncm_db_prepare(db, "SELECT since_ms FROM alerts WHERE rule=? AND state='firing'", &st,
                        err)) {
        return false;
    }
    char *key = ncm_monitor_key(m);
    ncm_bind_cstr(st, 1, key);
    ncm_free(key);
    bool ok = ncm_stmt_step(st, &row, err);
    if (ok && row) {
        *since_ms = ncm_col_i64(st, 0);
    }
    ncm_stmt_end(st);
    return ok;
}

static void take_event(struct ncm_stmt *st, struct ncm_arena *a, struct ncm_list *out)
{
    struct ncm_drift_event *e = ncm_list_add(out);
    e->time_ms = ncm_col_i64(st, 0);
    e->sign = ncm_cstr(ncm_col_text(st, 1))[0];
    e->model = ncm_col_dup(st, 2, a);
    e->what = ncm_col_dup(st, 3, a);
    /* The audit names MODEL/VERSION. */
    const char *slash = e->model.p != NULL ? strchr(e->model.p, '/') : NULL;
    if (slash != NULL) {
        e->model = ncm_arena_str(a, e->model.p, (size_t)(slash - e->model.p));
    }
}

bool ncm_alerts_events(struct ncm_db *db, int64_t since_ms, struct ncm_arena *a,
                       struct ncm_list *out, struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (db == NULL || !ncm_db_has_table(db, "alerts")) {
        return true;
    }
    if (!ncm_db_prepare(db,
                        "SELECT fired_ms,'A',model,summary FROM alerts WHERE fired_ms>=?1"
                        " UNION ALL SELECT until_ms,'R',model,summary FROM alerts"
                        " WHERE state='resolved' AND until_ms>=?1"
                        " UNION ALL SELECT i.time_ms,"
                        " CASE i.action WHEN 'rollback' THEN 'B' ELSE 'P' END, i.subject,"
                        " i.subject||' '||coalesce(i.becomes,'') FROM audit i JOIN audit o"
                        " ON o.id=i.id AND o.part='outcome' AND o.result='done'"
                        " WHERE i.part='intent' AND i.action IN ('promote','rollback')"
                        " AND i.time_ms>=?1 ORDER BY 1",
                        &st, err)) {
        return false;
    }
    ncm_bind_i64(st, 1, since_ms);
    bool row = true, ok = true;
    while ((ok = ncm_stmt_step(st, &row, err)) && row) {
        take_event(st, a, out);
    }
    ncm_stmt_end(st);
    return ok;
}
