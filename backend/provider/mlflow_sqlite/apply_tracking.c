/* Changes of runs and experiments, statement by statement as MLflow makes them. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mlflow_sqlite/apply.h"

#define NOTE_KEY "mlflow.note.content"
#define NAME_KEY "mlflow.runName"

bool apply_put_run_tag(struct sqlite_writer *w, const char *run, const char *key, const char *value,
                       struct ncm_err *err)
{
    return apply_run_one(w, err,
                         "INSERT INTO tags(run_uuid, key, value) VALUES(?,?,?)"
                         " ON CONFLICT(key, run_uuid) DO UPDATE SET value=excluded.value",
                         "sss", run, key, value);
}

static bool run_name(struct sqlite_writer *w, const char *run, const char *name,
                     struct ncm_err *err)
{
    if (name == NULL || name[0] == '\0') {
        /* Only to take back the naming of a run that had no name. */
        return apply_run_one(w, err, "UPDATE runs SET name='' WHERE run_uuid=?", "s", run) &&
               apply_run(w, err, "DELETE FROM tags WHERE run_uuid=? AND key='" NAME_KEY "'", "s",
                         run);
    }
    return apply_run_one(w, err, "UPDATE runs SET name=? WHERE run_uuid=?", "ss", name, run) &&
           apply_put_run_tag(w, run, NAME_KEY, name, err);
}

static bool run_tag(struct sqlite_writer *w, const struct ncm_change *ch, const char *key,
                    struct ncm_err *err)
{
    if (ch->to == NULL) {
        return apply_run(w, err, "DELETE FROM tags WHERE run_uuid=? AND key=?", "ss", ch->object,
                         key);
    }
    if (strcmp(key, NAME_KEY) == 0 && ch->to[0] != '\0') {
        return run_name(w, ch->object, ch->to, err);
    }
    return apply_put_run_tag(w, ch->object, key, ch->to, err);
}

/* Assessments made by a run go with it (MLflow 3); `which` picks the runs. */
static bool forget_assessments(struct sqlite_writer *w, const char *which, const char *id,
                               struct ncm_err *err)
{
    if (!w->schema->has_assessments ||
        !ncm_db_has_column(w->db, "assessments", "assessment_metadata")) {
        return true;
    }
    char *sql = ncm_sprintf("DELETE FROM assessments WHERE assessment_metadata IS NOT NULL AND"
                            " EXISTS (SELECT 1 FROM runs r WHERE r.%s=? AND"
                            " instr(assessment_metadata, '\"mlflow.assessment.sourceRunId\": \"'"
                            " || r.run_uuid || '\"') > 0)",
                            which);
    bool ok = apply_run(w, err, sql, "s", id);
    ncm_free(sql);
    return ok;
}

static bool run_lifecycle(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    if (strcmp(ch->to, "active") == 0) {
        return apply_run_one(w, err,
                             "UPDATE runs SET lifecycle_stage='active', deleted_time=NULL"
                             " WHERE run_uuid=?",
                             "s", ch->object);
    }
    return forget_assessments(w, "run_uuid", ch->object, err) &&
           apply_run_one(w, err,
                         "UPDATE runs SET lifecycle_stage='deleted', deleted_time=?"
                         " WHERE run_uuid=?",
                         "is", w->now_ms, ch->object);
}

static bool experiment_lifecycle(struct sqlite_writer *w, const struct ncm_change *ch,
                                 struct ncm_err *err)
{
    if (!apply_run_one(w, err,
                       "UPDATE experiments SET lifecycle_stage=?, last_update_time=?"
                       " WHERE experiment_id=?@W",
                       "sis", ch->to, w->now_ms, ch->object)) {
        return false;
    }
    /* Every run goes along; restoring brings back those too that had been deleted singly. */
    if (strcmp(ch->to, "active") == 0) {
        return apply_run(w, err,
                         "UPDATE runs SET lifecycle_stage='active', deleted_time=NULL"
                         " WHERE experiment_id=?",
                         "s", ch->object);
    }
    return forget_assessments(w, "experiment_id", ch->object, err) &&
           apply_run(w, err,
                     "UPDATE runs SET lifecycle_stage='deleted', deleted_time=?"
                     " WHERE experiment_id=?",
                     "is", w->now_ms, ch->object);
}

/* Where runs of a new experiment put their artifacts: beside those of the others. */
static bool artifact_root(struct sqlite_writer *w, char **root, struct ncm_err *err)
{
    bool found;
    if (!apply_one(w, err, &found, root,
                   "SELECT substr(artifact_location, 1, length(artifact_location)"
                   " - length(experiment_id) - 1) FROM experiments WHERE"
                   " substr(artifact_location, -length(experiment_id) - 1)"
                   " = '/' || experiment_id@W ORDER BY experiment_id LIMIT 1",
                   "")) {
        return false;
    }
    if (*root == NULL) {
        const char *path = ncm_db_path(w->db);
        const char *slash = strrchr(path, '/');
        *root = slash != NULL ? ncm_sprintf("%.*s/mlruns", (int)(slash - path), path)
                              : ncm_strdup("./mlruns");
    }
    return true;
}

static bool experiment_create(struct sqlite_writer *w, const struct ncm_change *ch,
                              struct ncm_err *err)
{
    char *root = NULL;
    if (!artifact_root(w, &root, err)) {
        return false;
    }
    bool ok = apply_run_one(w, err,
                            "INSERT INTO experiments(name, lifecycle_stage, creation_time,"
                            " last_update_time@C) VALUES(?,'active',?,?@V)",
                            "sii", ch->to, w->now_ms, w->now_ms);
    int64_t id = ok ? ncm_db_last_rowid(w->db) : 0;
    char *location = ncm_sprintf("%s/%lld", root, (long long)id);
    ok = ok && apply_run_one(w, err,
                             "UPDATE experiments SET artifact_location=?"
                             " WHERE experiment_id=?",
                             "si", location, id);
    snprintf(w->receipt->new_id, sizeof w->receipt->new_id, "%lld", (long long)id);
    ncm_free(location);
    ncm_free(root);
    return ok;
}

static bool experiment_tag(struct sqlite_writer *w, const struct ncm_change *ch,
                           struct ncm_err *err)
{
    if (ch->to == NULL) {
        return apply_run(w, err, "DELETE FROM experiment_tags WHERE experiment_id=? AND key=?",
                         "ss", ch->object, ch->key);
    }
    return apply_run_one(w, err,
                         "INSERT INTO experiment_tags(experiment_id, key, value) VALUES(?,?,?)"
                         " ON CONFLICT(key, experiment_id) DO UPDATE SET value=excluded.value",
                         "sss", ch->object, ch->key, ch->to);
}

bool apply_tracking(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    switch (ch->kind) {
    case NCM_CH_RUN_TAG:
        return run_tag(w, ch, ch->key, err);
    case NCM_CH_RUN_NOTE:
        return run_tag(w, ch, NOTE_KEY, err);
    case NCM_CH_RUN_NAME:
        return run_name(w, ch->object, ch->to, err);
    case NCM_CH_RUN_LIFECYCLE:
        return run_lifecycle(w, ch, err);
    case NCM_CH_RUN_CREATE:
        return apply_new_run(w, ch, err);
    case NCM_CH_RUN_METRIC:
        return apply_metric(w, ch, err);
    case NCM_CH_RUN_STATUS:
        return apply_status(w, ch, err);
    case NCM_CH_EXPERIMENT_CREATE:
        return experiment_create(w, ch, err);
    case NCM_CH_EXPERIMENT_NAME:
        return apply_run_one(w, err,
                             "UPDATE experiments SET name=?, last_update_time=?"
                             " WHERE experiment_id=?@W",
                             "sis", ch->to, w->now_ms, ch->object);
    case NCM_CH_EXPERIMENT_TAG:
        return experiment_tag(w, ch, err);
    case NCM_CH_EXPERIMENT_LIFECYCLE:
        return experiment_lifecycle(w, ch, err);
    default:
        ncm_bug("apply_tracking: change kind %d", (int)ch->kind);
    }
}
