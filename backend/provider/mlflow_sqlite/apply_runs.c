/* New runs, points of their metrics and how they end, row by row as MLflow writes them. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/file.h"
#include "model/rules.h"
#include "model/tracking.h"
#include "provider/artifact_place.h"
#include "provider/mlflow_sqlite/apply.h"

static bool put_run(struct sqlite_writer *w, const struct ncm_change *ch, const char *id,
                    const char *location, struct ncm_err *err)
{
    char *uri = ncm_artifact_uri_of_run(location, id);
    bool ok = apply_run_one(w, err,
                            "INSERT INTO runs(run_uuid, name, source_type, source_name,"
                            " entry_point_name, user_id, status, start_time, end_time,"
                            " deleted_time, source_version, lifecycle_stage, artifact_uri,"
                            " experiment_id) VALUES(?,?,'UNKNOWN','','',?,'RUNNING',?,NULL,NULL,"
                            "'','active',?,?)",
                            "sssiss", id, ch->to, ch->extra != NULL ? ch->extra : "unknown",
                            w->now_ms, uri, ch->object);
    ncm_free(uri);
    return ok;
}

bool apply_new_run(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    bool found;
    char *location = NULL;
    char id[33];
    ncm_random_hex(id, 16);
    if (ch->key != NULL) {
        snprintf(id, sizeof id, "%s", ch->key);
    }
    bool ok = apply_one(w, err, &found, &location,
                        "SELECT artifact_location FROM experiments WHERE experiment_id=?@W", "s",
                        ch->object) &&
              put_run(w, ch, id, location != NULL ? location : "", err) &&
              apply_put_run_tag(w, id, "mlflow.runName", ch->to, err) &&
              (ch->extra == NULL || apply_put_run_tag(w, id, "mlflow.user", ch->extra, err)) &&
              apply_put_run_tag(w, id, "mlflow.source.name", "ncmlops", err) &&
              apply_put_run_tag(w, id, "mlflow.source.type", "LOCAL", err);
    ncm_free(location);
    if (ok) {
        snprintf(w->new_run, sizeof w->new_run, "%s", id);
        snprintf(w->receipt->new_id, sizeof w->receipt->new_id, "%s", id);
    }
    return ok;
}

/* As the table holds it: no NaN and no infinity. */
static double stored(double v)
{
    return isnan(v) ? 0 : isinf(v) ? copysign(DBL_MAX, v) : v;
}

/* The one that MLflow shows is the greatest by step, time and value as the table holds them. */
static const char latest[] =
    "INSERT INTO latest_metrics(key, value, timestamp, step, is_nan, run_uuid) VALUES(?,?,?,?,?,?)"
    " ON CONFLICT(key, run_uuid) DO UPDATE SET value=excluded.value,"
    " timestamp=excluded.timestamp, step=excluded.step, is_nan=excluded.is_nan"
    " WHERE (excluded.step, excluded.timestamp, excluded.value) >"
    " (latest_metrics.step, coalesce(latest_metrics.timestamp, -1), latest_metrics.value)";

bool apply_metric(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    struct ncm_change_point p;
    if (!ncm_change_point(ch, &p, err)) {
        return false;
    }
    int64_t is_nan = isnan(p.value) ? 1 : 0;
    return apply_run(w, err,
                     "INSERT INTO metrics(key, value, timestamp, step, is_nan, run_uuid)"
                     " VALUES(?,?,?,?,?,?) ON CONFLICT DO NOTHING",
                     "sdiiis", ch->key, stored(p.value), p.timestamp_ms, p.step, is_nan,
                     ch->object) &&
           apply_run(w, err, latest, "sdiiis", ch->key, stored(p.value), p.timestamp_ms, p.step,
                     is_nan, ch->object);
}

bool apply_status(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    if (!ncm_run_is_over(ncm_run_status_of(ch->to))) {
        return apply_run_one(w, err, "UPDATE runs SET status=? WHERE run_uuid=?", "ss", ch->to,
                             ch->object);
    }
    return apply_run_one(w, err, "UPDATE runs SET status=?, end_time=? WHERE run_uuid=?", "sis",
                         ch->to, w->now_ms, ch->object);
}

/* Whether the id that was chosen is taken: the run's name. */
bool apply_present_new_run(struct sqlite_writer *w, const struct ncm_change *ch, char **value,
                           struct ncm_err *err)
{
    bool found;
    return apply_one(w, err, &found, value, "SELECT coalesce(name,'') FROM runs WHERE run_uuid=?",
                     "s", ch->key);
}

bool apply_present_metric(struct sqlite_writer *w, const struct ncm_change *ch, char **value,
                          struct ncm_err *err)
{
    struct ncm_change_point p;
    bool found;
    if (!ncm_change_point(ch, &p, err) ||
        !apply_one(w, err, &found, NULL, "SELECT 1 FROM runs WHERE run_uuid=?", "s", ch->object)) {
        return false;
    }
    if (!found) {
        return ncm_rules_no_run(ch->object, err);
    }
    if (!apply_one(w, err, &found, NULL,
                   "SELECT 1 FROM metrics WHERE run_uuid=? AND key=? AND timestamp=? AND step=?"
                   " AND value=? AND is_nan=?",
                   "ssiidi", ch->object, ch->key, p.timestamp_ms, p.step, stored(p.value),
                   (int64_t)(isnan(p.value) ? 1 : 0))) {
        return false;
    }
    *value = found ? ncm_strdup(ch->to) : NULL;
    return true;
}
