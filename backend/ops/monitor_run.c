#include "ops/monitor_run.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/file.h"
#include "model/rules.h"
#include "ops/parts.h"

enum { RUN_ID = 64, RUNS_MOST = 1000, NAME_MOST = 250 };

/* One call under way. */
struct writer {
    const struct ncm_provider *p;
    struct ncm_conn *conn;
    struct ncm_control control;
    const struct ncm_monitor_points *points;
    char *name; /* "MODEL/MONITOR" */
};

/* ---- asking ---------------------------------------------------------------------------------- */

/* Takes the query; the snapshot (unref it), NULL where it fails. */
static const void *ask(const struct writer *w, struct ncm_query *q, struct ncm_err *err)
{
    struct ncm_snapshot *got = NULL;
    struct ncm_fetch f = {
        .query = q,
        .count = RUNS_MOST,
        .full = true,
        .control = w->control,
        .publish = ncm_fetch_keep,
        .progress = ncm_fetch_quiet,
        .to = &got,
    };
    bool ok = w->p->fetch(w->conn, &f, err);
    ncm_query_free(q);
    if (ok && got == NULL) {
        ok = ncm_fail(err, NCM_INTERNAL, _("the store gave no answer"));
    }
    if (!ok) {
        ncm_snapshot_unref(got);
        return NULL;
    }
    return got;
}

/* Takes the list; *receipt gets what was made. */
static bool carry_out(const struct writer *w, struct ncm_changes *c, struct ncm_receipt *receipt,
                      struct ncm_err *err)
{
    bool ok = w->p->apply(w->conn, c, NULL, &w->control, receipt, err);
    ncm_changes_release(c);
    return ok;
}

/* ---- the experiment and the run -------------------------------------------------------------- */

static bool make_experiment(const struct writer *w, const char *name, char id[RUN_ID],
                            struct ncm_err *err)
{
    struct ncm_changes c;
    struct ncm_receipt receipt;
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_EXPERIMENT_CREATE, NULL, NULL, NULL, NULL, name);
    if (!carry_out(w, &c, &receipt, err)) {
        return false;
    }
    snprintf(id, RUN_ID, "%s", receipt.new_id);
    return true;
}

/* The experiment by its name, deleted ones too; id "" where there is none. */
static bool look_for_experiment(const struct writer *w, const char *name, char id[RUN_ID],
                                struct ncm_err *err)
{
    struct ncm_query *q = ncm_query_new(NCM_T_EXPERIMENTS);
    q->view = NCM_VIEW_ALL;
    const struct ncm_experiments_snapshot *s = ask(w, q, err);
    bool deleted = false;
    if (s == NULL) {
        return false;
    }
    id[0] = '\0';
    for (size_t i = 0; i < s->n && id[0] == '\0'; i++) {
        if (ncm_str_is(s->items[i].name, name)) {
            snprintf(id, RUN_ID, "%s", ncm_cstr(s->items[i].id));
            deleted = s->items[i].lifecycle == NCM_DELETED;
        }
    }
    ncm_snapshot_unref(s);
    return !deleted || ncm_rules_experiment_deleted(name, err);
}

/* *made: it is new, so that it has no runs. */
static bool find_experiment(const struct writer *w, char id[RUN_ID], bool *made,
                            struct ncm_err *err)
{
    const char *name =
        w->points->experiment != NULL ? w->points->experiment : NCM_MONITOR_EXPERIMENT;
    *made = false;
    if (!look_for_experiment(w, name, id, err)) {
        return false;
    }
    if (id[0] != '\0') {
        return true;
    }
    *made = make_experiment(w, name, id, err);
    if (*made || (err->code != NCM_CONFLICT && err->code != NCM_REFUSED)) {
        return *made;
    }
    /* Another monitor made it just now. */
    const struct ncm_err refused = *err;
    if (!look_for_experiment(w, name, id, err)) {
        return false;
    }
    if (id[0] == '\0') {
        *err = refused;
    }
    return id[0] != '\0';
}

/* The newest of this monitor's that still runs; id "" where there is none. */
static bool find_run(const struct writer *w, const char *experiment, char id[RUN_ID],
                     struct ncm_err *err)
{
    struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
    ncm_query_add_id(q, experiment);
    ncm_query_add_column(q, "tags." NCM_MONITOR_TAG);
    q->filter = ncm_strdup("attributes.status = 'RUNNING'");
    const struct ncm_runs_snapshot *s = ask(w, q, err);
    if (s == NULL) {
        return false;
    }
    id[0] = '\0';
    for (size_t i = 0; i < s->n && id[0] == '\0'; i++) {
        const struct ncm_run *r = ncm_runs_at(s, i);
        const struct ncm_kv *tag = r != NULL ? ncm_run_tag(r, NCM_MONITOR_TAG) : NULL;
        if (tag != NULL && ncm_str_is(tag->value, w->name)) {
            snprintf(id, RUN_ID, "%s", ncm_cstr(r->id));
        }
    }
    ncm_snapshot_unref(s);
    return true;
}

/* At most so many bytes of a run's name, whole characters. */
static char *cut_name(const char *name)
{
    size_t len = strlen(name), at = 0;
    uint32_t cp;
    while (at < len) {
        size_t step = ncm_utf8_decode(name + at, len - at, &cp);
        if (at + step > NAME_MOST) {
            break;
        }
        at += step;
    }
    return ncm_strndup(name, at);
}

static bool make_run(const struct writer *w, const char *experiment, char id[RUN_ID],
                     struct ncm_err *err)
{
    struct ncm_changes c;
    struct ncm_receipt receipt;
    char *user = w->points->user != NULL ? ncm_strdup(w->points->user) : ncm_whoami();
    ncm_changes_init(&c);
    char *name = cut_name(w->name);
    ncm_changes_add(&c, NCM_CH_RUN_CREATE, experiment, NULL, NULL, NULL, name)->extra = user;
    ncm_free(name);
    ncm_changes_add(&c, NCM_CH_RUN_TAG, "", NULL, NCM_MONITOR_TAG, NULL, w->name);
    if (!carry_out(w, &c, &receipt, err)) {
        return false;
    }
    snprintf(id, RUN_ID, "%s", receipt.new_id);
    return true;
}

/* The run to write to, as it is now (unref it); run_id is the one remembered. */
static const struct ncm_run_snapshot *the_run(const struct writer *w, char run_id[RUN_ID],
                                              struct ncm_err *err)
{
    char experiment[RUN_ID];
    bool made;
    if (run_id[0] != '\0') {
        const struct ncm_run_snapshot *s = ask(w, ncm_query_run(run_id), err);
        if (s != NULL && s->run.lifecycle == NCM_ACTIVE && s->run.status == NCM_RUN_RUNNING) {
            return s;
        }
        ncm_snapshot_unref(s);
        if (s == NULL && err->code != NCM_NOT_FOUND) {
            return NULL;
        }
        run_id[0] = '\0';
    }
    if (!find_experiment(w, experiment, &made, err) ||
        (!made && !find_run(w, experiment, run_id, err)) ||
        (run_id[0] == '\0' && !make_run(w, experiment, run_id, err))) {
        return NULL;
    }
    return ask(w, ncm_query_run(run_id), err);
}

/* ---- the points ------------------------------------------------------------------------------ */

/* The points that are there, as "KEY\nSTEP TIME"; and keys whose history was read, as "KEY". */
struct there {
    struct ncm_map *map;
};

static bool known(const struct there *t, const char *what)
{
    size_t any;
    return ncm_map_get(t->map, what, strlen(what), &any);
}

static void learn(struct there *t, const char *what)
{
    ncm_map_set(t->map, what, strlen(what), 1);
}

static char *place_of(const char *key, int64_t step, int64_t time)
{
    return ncm_sprintf("%s\n%lld %lld", key, (long long)step, (long long)time);
}

static bool read_history(const struct writer *w, const char *run_id, const char *key,
                         struct there *t, struct ncm_err *err)
{
    const struct ncm_series_snapshot *s = ask(w, ncm_query_series(run_id, key, 0), err);
    if (s == NULL) {
        return false;
    }
    for (size_t i = 0; i < s->n; i++) {
        char *place = place_of(key, s->points[i].step, s->points[i].timestamp_ms);
        learn(t, place);
        ncm_free(place);
    }
    ncm_snapshot_unref(s);
    learn(t, key);
    return true;
}

/* Adds the point where it is not there; what comes after the latest of its key cannot be. */
static bool add_point(const struct writer *w, const struct ncm_run *run, const char *run_id,
                      const struct ncm_monitor_point *at, struct there *t, struct ncm_changes *out,
                      struct ncm_err *err)
{
    char *key = ncm_rules_metric_key(at->key);
    char *place = place_of(key, at->step, at->timestamp_ms);
    const struct ncm_metric *latest = ncm_run_metric(run, key);
    bool after = latest == NULL || at->step > latest->step ||
                 (at->step == latest->step && at->timestamp_ms > latest->timestamp_ms);
    bool ok = after || known(t, key) || read_history(w, run_id, key, t, err);
    if (ok && !known(t, place)) {
        const struct ncm_change_point p = {at->value, at->timestamp_ms, at->step};
        ncm_changes_add_point(out, run_id, key, &p);
        learn(t, place);
    }
    ncm_free(place);
    ncm_free(key);
    return ok;
}

static bool write_points(const struct writer *w, const struct ncm_run *run, const char *run_id,
                         struct ncm_err *err)
{
    struct there t = {ncm_map_new()};
    struct ncm_changes c;
    struct ncm_receipt receipt;
    bool ok = true;
    ncm_changes_init(&c);
    for (size_t i = 0; ok && i < w->points->n; i++) {
        ok = add_point(w, run, run_id, &w->points->items[i], &t, &c, err);
    }
    ncm_map_free(t.map);
    if (ok && c.n > 0) {
        return carry_out(w, &c, &receipt, err);
    }
    ncm_changes_release(&c);
    return ok;
}

bool ncm_monitor_run_write(const struct ncm_provider *p, struct ncm_conn *conn,
                           const struct ncm_control *control,
                           const struct ncm_monitor_points *points, char run_id[64],
                           struct ncm_err *err)
{
    struct writer w = {.p = p, .conn = conn, .points = points};
    if (p->apply == NULL) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("this kind of store is only read"));
    }
    if (control != NULL) {
        w.control = *control;
    }
    w.name = ncm_sprintf("%s/%s", points->model, points->monitor);
    const struct ncm_run_snapshot *s = the_run(&w, run_id, err);
    bool ok = s != NULL && write_points(&w, &s->run, run_id, err);
    ncm_snapshot_unref(s);
    ncm_free(w.name);
    return ok;
}
