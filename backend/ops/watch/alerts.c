#include "ops/watch/alerts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/watch/store.h"

/* The open alert of a rule. */
struct open_alert {
    int64_t id, since_ms;
    bool firing;
    char severity[16];
};

/* What a monitor's newest window asks for. */
struct verdict {
    bool bad, unknown, silent;
    enum ncm_severity severity;
    const char *feature;
    double value, threshold;
    int64_t since_ms;
    char summary[240];
};

static bool find_open(struct ncm_db *db, const char *rule, struct open_alert *out, bool *found,
                      struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_prepare(db,
                        "SELECT id,since_ms,state='firing',severity FROM alerts"
                        " WHERE rule=? AND state<>'resolved'",
                        &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, rule);
    bool ok = ncm_stmt_step(st, found, err);
    if (ok && *found) {
        out->id = ncm_col_i64(st, 0);
        out->since_ms = ncm_col_i64(st, 1);
        out->firing = ncm_col_i64(st, 2) != 0;
        snprintf(out->severity, sizeof out->severity, "%s", ncm_cstr(ncm_col_text(st, 3)));
    }
    ncm_stmt_end(st);
    return ok;
}

/* Since when the feature has been at least as bad as a warning without a break. */
static int64_t bad_since(const struct ncm_watched *w, size_t feature, size_t newest)
{
    int64_t since = w->windows[newest].end_ms;
    for (size_t i = newest + 1; i > 0; i--) {
        const struct ncm_figure *g = &w->features[feature].figures[i - 1];
        if (g->known && g->state < NCM_DRIFT_WARNING) {
            break;
        }
        since = w->windows[i - 1].end_ms;
    }
    return since;
}

static void say_figure(const struct ncm_watched *w, const struct ncm_watched_feature *f,
                       struct verdict *v)
{
    char value[32], limit[32];
    const struct ncm_monitor *m = w->monitor;
    ncm_fmt_num(value, sizeof value, v->value, 4);
    ncm_fmt_num(limit, sizeof limit, v->threshold, 4);
    const char *sign = isnan(v->threshold) ? "" : ncm_watched_side(w, f) == NCM_BAD_BELOW ? "≤" : "≥";
    if (isnan(v->threshold)) {
        limit[0] = '\0'; /* what was restored does not know it yet */
    }
    if (m->kind == NCM_MONITOR_ROWS || m->kind == NCM_MONITOR_HISTOGRAM) {
        snprintf(v->summary, sizeof v->summary, "%s %s(%s) %s %s %s", m->model,
                 f->method != NULL ? f->method : "psi", f->name, value, sign, limit);
    } else {
        snprintf(v->summary, sizeof v->summary, "%s %s%s%s %s %s %s", m->model, m->name,
                 f->name[0] != '\0' ? " " : "", f->name, value, sign, limit);
    }
}

static bool fell_silent(const struct ncm_watched *w, size_t newest)
{
    return w->monitor->kind == NCM_MONITOR_ROWS && w->monitor->follow &&
           w->windows[newest].rows == 0;
}

static void judge(const struct ncm_watched *w, struct verdict *v)
{
    size_t feature, newest = ncm_watched_newest(w);
    *v = (struct verdict){.unknown = true, .value = NAN, .threshold = NAN, .feature = NULL};
    if (newest == SIZE_MAX) {
        return;
    }
    enum ncm_drift_state worst = ncm_watched_worst(w, newest, &feature);
    if (fell_silent(w, newest)) {
        *v = (struct verdict){.bad = true,
                              .silent = true,
                              .severity = NCM_SEVERITY_WARNING,
                              .value = 0,
                              .threshold = NAN,
                              .since_ms = w->windows[newest].start_ms};
        snprintf(v->summary, sizeof v->summary, _("%s: no rows came in the last window"),
                 w->monitor->model);
        return;
    }
    if (worst < NCM_DRIFT_OK || feature == SIZE_MAX) {
        return;
    }
    v->unknown = false;
    v->bad = worst >= NCM_DRIFT_WARNING;
    if (!v->bad) {
        return;
    }
    const struct ncm_watched_feature *f = &w->features[feature];
    v->severity = worst == NCM_DRIFT_CRITICAL ? w->monitor->severity : NCM_SEVERITY_WARNING;
    v->feature = f->name;
    v->value = f->figures[newest].value;
    v->threshold = worst == NCM_DRIFT_CRITICAL ? f->critical : f->warning;
    v->since_ms = bad_since(w, feature, newest);
    say_figure(w, f, v);
}

/* Notes for each webhook that is to hear of it; the same event is never noted twice. Who heard that
 * it fires hears that it is over, however mild it had become. */
static bool tell(struct ncm_db *db, const struct ncm_watch_plan *plan, int64_t alert,
                 enum ncm_severity severity, const char *event, int64_t now_ms, struct ncm_err *err)
{
    for (size_t i = 0; i < plan->n_webhooks; i++) {
        struct ncm_stmt *st;
        bool over = strcmp(event, "resolved") == 0;
        if (!over && severity < plan->webhooks[i].least) {
            continue;
        }
        if (!ncm_db_prepare(db,
                            "INSERT OR IGNORE INTO deliveries(webhook,alert,event,event_ms,due_ms)"
                            " SELECT ?1,?2,?3,?4,?4 WHERE ?5 OR EXISTS(SELECT 1 FROM deliveries"
                            " WHERE webhook=?1 AND alert=?2)",
                            &st, err)) {
            return false;
        }
        ncm_bind_cstr(st, 1, plan->webhooks[i].name);
        ncm_bind_i64(st, 2, alert);
        ncm_bind_cstr(st, 3, event);
        ncm_bind_i64(st, 4, now_ms);
        ncm_bind_i64(st, 5, !over);
        if (!ncm_stmt_run(st, err)) {
            return false;
        }
    }
    return true;
}

static bool begin(struct ncm_db *db, const struct ncm_watch_plan *plan, const struct ncm_watched *w,
                  const char *rule, const struct verdict *v, int64_t now_ms, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool firing = now_ms - v->since_ms >= w->monitor->for_ms;
    if (!ncm_db_prepare(db,
                        "INSERT INTO alerts(rule,model,feature,severity,state,summary,value,"
                        "threshold,since_ms,fired_ms) VALUES(?,?,?,?,?,?,?,?,?,?)",
                        &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, rule);
    ncm_bind_cstr(st, 2, w->monitor->model);
    ncm_bind_cstr(st, 3, v->feature);
    ncm_bind_cstr(st, 4, ncm_severity_word(v->severity));
    ncm_bind_cstr(st, 5, firing ? "firing" : "pending");
    ncm_bind_cstr(st, 6, v->summary);
    ncm_bind_double(st, 7, v->value);
    ncm_bind_double(st, 8, v->threshold);
    ncm_bind_i64(st, 9, v->since_ms);
    if (firing) {
        ncm_bind_i64(st, 10, now_ms);
    } else {
        ncm_bind_null(st, 10);
    }
    return ncm_stmt_run(st, err) &&
           (!firing || tell(db, plan, ncm_db_last_rowid(db), v->severity, "firing", now_ms, err));
}

static bool go_on(struct ncm_db *db, const struct ncm_watch_plan *plan, const struct ncm_watched *w,
                  const struct open_alert *open, const struct verdict *v, int64_t now_ms,
                  struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool firing = open->firing || now_ms - open->since_ms >= w->monitor->for_ms;
    bool worse = v->severity > ncm_severity_of(open->severity, strlen(open->severity));
    if (!ncm_db_prepare(db,
                        "UPDATE alerts SET feature=?1, severity=?2, state=?3,"
                        " summary=CASE WHEN ?6 IS NULL THEN summary ELSE ?4 END, value=?5,"
                        " threshold=coalesce(?6,threshold),"
                        " fired_ms=CASE WHEN ?3='firing' THEN coalesce(fired_ms,?7)"
                        " END WHERE id=?8",
                        &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, v->feature);
    ncm_bind_cstr(st, 2, ncm_severity_word(v->severity));
    ncm_bind_cstr(st, 3, firing ? "firing" : "pending");
    ncm_bind_cstr(st, 4, v->summary);
    ncm_bind_double(st, 5, v->value);
    ncm_bind_double(st, 6, v->threshold);
    ncm_bind_i64(st, 7, now_ms);
    ncm_bind_i64(st, 8, open->id);
    bool news = firing && (!open->firing || worse);
    return ncm_stmt_run(st, err) && (!news || tell(db, plan, open->id, v->severity, "firing", now_ms, err));
}

/* Silence proves nothing better: what fires goes on firing, what waited fires when its time has
 * come. */
static bool ripen(struct ncm_db *db, const struct ncm_watch_plan *plan, const struct ncm_watched *w,
                  const struct open_alert *open, int64_t now_ms, struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (open->firing || now_ms - open->since_ms < w->monitor->for_ms) {
        return true;
    }
    if (!ncm_db_prepare(db, "UPDATE alerts SET state='firing', fired_ms=? WHERE id=?", &st, err)) {
        return false;
    }
    ncm_bind_i64(st, 1, now_ms);
    ncm_bind_i64(st, 2, open->id);
    enum ncm_severity severity = ncm_severity_of(open->severity, strlen(open->severity));
    return ncm_stmt_run(st, err) && tell(db, plan, open->id, severity, "firing", now_ms, err);
}

static bool resolve(struct ncm_db *db, const struct ncm_watch_plan *plan,
                    const struct open_alert *open, int64_t now_ms, struct ncm_err *err)
{
    struct ncm_stmt *st;
    /* What never fired leaves nothing behind. */
    const char *sql = open->firing ? "UPDATE alerts SET state='resolved', until_ms=? WHERE id=?"
                                   : "DELETE FROM alerts WHERE ?1 IS NOT NULL AND id=?2";
    if (!ncm_db_prepare(db, sql, &st, err)) {
        return false;
    }
    ncm_bind_i64(st, 1, now_ms);
    ncm_bind_i64(st, 2, open->id);
    enum ncm_severity severity = ncm_severity_of(open->severity, strlen(open->severity));
    return ncm_stmt_run(st, err) &&
           (!open->firing || tell(db, plan, open->id, severity, "resolved", now_ms, err));
}

bool ncm_alerts_judge(struct ncm_db *db, const struct ncm_watch_plan *plan,
                      const struct ncm_watched *w, bool news, int64_t now_ms, struct ncm_err *err)
{
    struct verdict v;
    struct open_alert open = {0};
    bool found = false;
    judge(w, &v);
    if (v.unknown && !v.bad) {
        return true;
    }
    char *rule = ncm_monitor_key(w->monitor);
    bool ok = find_open(db, rule, &open, &found, err);
    if (ok && v.silent && found) {
        ok = ripen(db, plan, w, &open, now_ms, err);
    } else if (ok && v.bad && found) {
        ok = go_on(db, plan, w, &open, &v, now_ms, err);
    } else if (ok && v.bad && news) {
        ok = begin(db, plan, w, rule, &v, now_ms, err);
    } else if (ok && found) {
        ok = resolve(db, plan, &open, now_ms, err);
    }
    ncm_free(rule);
    return ok;
}
