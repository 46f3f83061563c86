/* Rows of the demo's tracking tables, as MLflow's own client writes them. */
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ops/demo_parts.h"

void ncm_demo_put(struct ncm_demo *d, const char *sql, const char *types, ...)
{
    struct ncm_stmt *st;
    if (!d->ok || !(d->ok = ncm_db_prepare(d->db, sql, &st, d->err))) {
        return;
    }
    va_list args;
    va_start(args, types);
    for (int i = 0; types[i] != '\0'; i++) {
        if (types[i] == 's') {
            ncm_bind_cstr(st, i + 1, va_arg(args, const char *));
        } else if (types[i] == 'd') {
            ncm_bind_double(st, i + 1, va_arg(args, double));
        } else {
            int64_t v = va_arg(args, int64_t);
            if (v == INT64_MIN) {
                ncm_bind_null(st, i + 1);
            } else {
                ncm_bind_i64(st, i + 1, v);
            }
        }
    }
    va_end(args);
    bool row = true;
    while (d->ok && row) {
        d->ok = ncm_stmt_step(st, &row, d->err);
    }
    ncm_stmt_end(st);
}

void ncm_demo_write_point(struct ncm_demo *d, const char *run_id, const char *key, double value,
                          int64_t time_ms, int64_t step, bool latest)
{
    bool nan = isnan(value);
    double stored = nan ? 0.0 : isinf(value) ? copysign(DBL_MAX, value) : value;
    ncm_demo_put(d,
                 "INSERT INTO metrics(key,value,timestamp,run_uuid,step,is_nan) "
                 "VALUES(?,?,?,?,?,?)",
                 "sdisii", key, stored, time_ms, run_id, step, (int64_t)nan);
    if (latest) {
        ncm_demo_put(d,
                     "INSERT INTO latest_metrics(key,value,timestamp,step,is_nan,run_uuid) "
                     "VALUES(?,?,?,?,?,?) ON CONFLICT(key,run_uuid) DO UPDATE SET "
                     "value=excluded.value,timestamp=excluded.timestamp,step=excluded.step,"
                     "is_nan=excluded.is_nan",
                     "sdiiis", key, stored, time_ms, step, (int64_t)nan, run_id);
    }
}

static void tag(struct ncm_demo *d, const struct ncm_demo_run *r, const char *key,
                const char *value)
{
    ncm_demo_put(d, "INSERT INTO tags(key,value,run_uuid) VALUES(?,?,?)", "sss", key, value, r->id);
}

static void param(struct ncm_demo *d, const struct ncm_demo_run *r, const char *key,
                  const char *value)
{
    ncm_demo_put(d, "INSERT INTO params(key,value,run_uuid) VALUES(?,?,?)", "sss", key, value,
                 r->id);
}

static void write_row(struct ncm_demo *d, const struct ncm_demo_run *r)
{
    char *artifacts = ncm_sprintf("%s/mlruns/%d/%s/artifacts", d->root, r->experiment_id, r->id);
    ncm_demo_put(d,
                 "INSERT INTO runs(run_uuid,name,source_type,source_name,entry_point_name,user_id,"
                 "status,start_time,end_time,source_version,lifecycle_stage,artifact_uri,"
                 "experiment_id,deleted_time) VALUES(?,?,'UNKNOWN','','',?,?,?,?,'',?,?,?,?)",
                 "ssssiissii", r->id, r->name, r->user, r->status, r->start_ms, r->end_ms,
                 r->deleted ? "deleted" : "active", artifacts, (int64_t)r->experiment_id,
                 r->deleted ? r->end_ms + 3600000 : INT64_MIN);
    ncm_free(artifacts);
}

static void write_tags(struct ncm_demo *d, const struct ncm_demo_run *plan,
                       const struct ncm_demo_run *r)
{
    const struct ncm_demo_experiment *e = r->experiment;
    tag(d, r, "mlflow.runName", r->name);
    tag(d, r, "mlflow.user", r->user);
    tag(d, r, "mlflow.source.name", e->source);
    tag(d, r, "mlflow.source.type", "LOCAL");
    /* A new commit every few runs. */
    char commit[33], more[33];
    ncm_demo_id(ncm_demo_hash(e->name), (uint64_t)(1000 + r->number / 4), commit);
    ncm_demo_id(ncm_demo_hash(e->branch), (uint64_t)(1000 + r->number / 4), more);
    char *full = ncm_sprintf("%s%.8s", commit, more);
    tag(d, r, "mlflow.source.git.commit", full);
    tag(d, r, "mlflow.source.git.branch", e->branch);
    ncm_free(full);
    tag(d, r, "team", e->team);
    if (r->parent >= 0) {
        tag(d, r, "mlflow.parentRunId", plan[r->parent].id);
    }
    if (r->live) {
        tag(d, r, NCM_DEMO_LIVE_TAG, "1");
    }
    if (r->diverges_at > 0) {
        char *note = ncm_sprintf("loss diverged at step %d; see train.log", r->diverges_at);
        tag(d, r, "mlflow.note.content", note);
        ncm_free(note);
    }
}

static void write_params(struct ncm_demo *d, const struct ncm_demo_run *r)
{
    const struct ncm_demo_experiment *e = r->experiment;
    uint64_t seed = ncm_demo_hash(r->id);
    char value[64];
    for (size_t i = 0; i < sizeof e->params / sizeof e->params[0] && e->params[i].key != NULL;
         i++) {
        ncm_demo_pick(e->params[i].values, ncm_demo_mix(seed, i, 9), value, sizeof value);
        param(d, r, e->params[i].key, value);
    }
    snprintf(value, sizeof value, "%d", r->live ? NCM_DEMO_LIVE_STEPS : e->steps);
    param(d, r, "steps", value);
}

static void write_curves(struct ncm_demo *d, const struct ncm_demo_run *r)
{
    const struct ncm_demo_experiment *e = r->experiment;
    int steps = r->live ? NCM_DEMO_LIVE_STEPS : e->steps;
    int64_t until = r->live ? d->now_ms : r->end_ms;
    int64_t span = until - r->start_ms;
    for (size_t m = 0; m < sizeof e->metrics / sizeof e->metrics[0] && e->metrics[m].key; m++) {
        const struct ncm_demo_metric *spec = &e->metrics[m];
        if (spec->points == 0) {
            if (strcmp(r->status, "FINISHED") == 0) {
                ncm_demo_write_point(d, r->id, spec->key, ncm_demo_value(r, m, steps, steps), until,
                                     0, true);
            }
            continue;
        }
        int last = (r->steps - 1) / spec->points * spec->points;
        for (int s = 0; s <= last; s += spec->points) {
            int64_t at = r->start_ms + span * (s + 1) / (r->steps + 1);
            ncm_demo_write_point(d, r->id, spec->key, ncm_demo_value(r, m, s, steps), at, s,
                                 s == last);
        }
    }
}

/* The parent of a sweep keeps the best of its trials. */
static void write_best(struct ncm_demo *d, const struct ncm_demo_run *r)
{
    const struct ncm_demo_experiment *e = r->experiment;
    ncm_demo_put(d,
                 "INSERT INTO metrics(key,value,timestamp,run_uuid,step,is_nan) "
                 "SELECT 'best_'||m.key, max(m.value), ?, ?, 0, 0 FROM latest_metrics m "
                 "JOIN tags t ON t.run_uuid=m.run_uuid AND t.key='mlflow.parentRunId' "
                 "WHERE t.value=? AND m.key=? AND m.is_nan=0 GROUP BY m.key",
                 "isss", r->end_ms, r->id, r->id, e->metrics[2].key);
    ncm_demo_put(d,
                 "INSERT OR REPLACE INTO latest_metrics(key,value,timestamp,step,is_nan,run_uuid) "
                 "SELECT key,value,timestamp,step,is_nan,run_uuid FROM metrics WHERE run_uuid=?",
                 "s", r->id);
}

static void write_input(struct ncm_demo *d, const struct ncm_demo_run *r)
{
    char dataset[33], input[33];
    ncm_demo_id(ncm_demo_hash(r->experiment->dataset), 1, dataset);
    ncm_demo_id(ncm_demo_hash(r->id), 2, input);
    ncm_demo_put(d,
                 "INSERT INTO inputs(input_uuid,source_type,source_id,destination_type,"
                 "destination_id,step) VALUES(?,'DATASET',?,'RUN',?,0)",
                 "sss", input, dataset, r->id);
    ncm_demo_put(d,
                 "INSERT INTO input_tags(input_uuid,name,value) "
                 "VALUES(?,'mlflow.data.context','training')",
                 "s", input);
}

void ncm_demo_write_run(struct ncm_demo *d, const struct ncm_demo_run *plan,
                        const struct ncm_demo_run *r)
{
    write_row(d, r);
    write_tags(d, plan, r);
    write_params(d, r);
    write_input(d, r);
    if (r->steps > 0) {
        write_curves(d, r);
    }
}

void ncm_demo_write_sweeps(struct ncm_demo *d, const struct ncm_demo_run *plan, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (plan[i].experiment->children > 0 && plan[i].parent < 0) {
            write_best(d, &plan[i]);
        }
    }
}
