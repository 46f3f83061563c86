/* What is there now: the compare of compare-and-set. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "model/rules.h"
#include "provider/mlflow_sqlite/apply.h"

#define ALIVE " AND current_stage<>'Deleted_Internal'"

bool apply_need_model(struct sqlite_writer *w, const char *name, struct ncm_err *err)
{
    bool found;
    if (!apply_one(w, err, &found, NULL, "SELECT 1 FROM registered_models WHERE name=?@W", "s",
                   name)) {
        return false;
    }
    return found || ncm_rules_no_model(name, err);
}

bool apply_need_version(struct sqlite_writer *w, const char *name, const char *version,
                        struct ncm_err *err)
{
    int64_t n;
    bool found;
    if (version == NULL || !ncm_parse_i64(version, &n)) {
        return ncm_rules_no_version(name, version, err);
    }
    if (!apply_one(w, err, &found, NULL,
                   "SELECT 1 FROM model_versions WHERE name=? AND version=?" ALIVE "@W", "si", name,
                   n)) {
        return false;
    }
    return found || ncm_rules_no_version(name, version, err);
}

bool apply_need_active_run(struct sqlite_writer *w, const char *id, struct ncm_err *err)
{
    bool found;
    char *stage;
    if (!apply_one(w, err, &found, &stage, "SELECT lifecycle_stage FROM runs WHERE run_uuid=?", "s",
                   id)) {
        return false;
    }
    bool active = stage == NULL || strcmp(stage, "deleted") != 0;
    ncm_free(stage);
    if (!found) {
        return ncm_rules_no_run(id, err);
    }
    if (!active) {
        return ncm_rules_run_deleted(id, err);
    }
    return true;
}

bool apply_need_active_experiment(struct sqlite_writer *w, const char *id, struct ncm_err *err)
{
    bool found;
    char *stage;
    if (!apply_one(w, err, &found, &stage,
                   "SELECT lifecycle_stage FROM experiments WHERE experiment_id=?@W", "s", id)) {
        return false;
    }
    bool active = stage == NULL || strcmp(stage, "deleted") != 0;
    ncm_free(stage);
    if (!found) {
        return ncm_rules_no_experiment(id, err);
    }
    if (!active) {
        return ncm_rules_experiment_deleted(id, err);
    }
    return true;
}

/* One value of a version that must be there. */
static bool version_column(struct sqlite_writer *w, const struct ncm_change *ch, const char *sql,
                           char **value, struct ncm_err *err)
{
    int64_t n;
    bool found;
    if (ch->version == NULL || !ncm_parse_i64(ch->version, &n)) {
        return ncm_rules_no_version(ch->object, ch->version, err);
    }
    if (!apply_one(w, err, &found, value, sql, "si", ch->object, n)) {
        return false;
    }
    return found || ncm_rules_no_version(ch->object, ch->version, err);
}

/* A transition tag may be asked for on a deleted version, or (version NULL) on any of the model:
 * it is how an unfinished change is settled. */
static bool transition_tag(struct sqlite_writer *w, const struct ncm_change *ch, char **value,
                           struct ncm_err *err)
{
    bool found;
    int64_t n = 0;
    if (!apply_need_model(w, ch->object, err)) {
        return false;
    }
    if (ch->version == NULL) {
        return apply_one(w, err, &found, value,
                         "SELECT value FROM model_version_tags WHERE name=? AND key=?@W LIMIT 1",
                         "ss", ch->object, ch->key);
    }
    return (ncm_parse_i64(ch->version, &n) || ncm_rules_no_version(ch->object, ch->version, err)) &&
           apply_one(w, err, &found, value,
                     "SELECT value FROM model_version_tags"
                     " WHERE name=? AND version=? AND key=?@W",
                     "sis", ch->object, n, ch->key);
}

static bool version_tag(struct sqlite_writer *w, const struct ncm_change *ch, char **value,
                        struct ncm_err *err)
{
    bool found;
    int64_t n = 0;
    if (strncmp(ch->key, "ncmlops.transition.", 19) == 0) {
        return transition_tag(w, ch, value, err);
    }
    return apply_need_version(w, ch->object, ch->version, err) && ncm_parse_i64(ch->version, &n) &&
           apply_one(w, err, &found, value,
                     "SELECT value FROM model_version_tags"
                     " WHERE name=? AND version=? AND key=?@W",
                     "sis", ch->object, n, ch->key);
}

/* Of a model that must be there: one value, NULL where there is no row. */
static bool model_value(struct sqlite_writer *w, const struct ncm_change *ch, const char *sql,
                        const char *types, char **value, struct ncm_err *err)
{
    bool found;
    return apply_need_model(w, ch->object, err) &&
           apply_one(w, err, &found, value, sql, types, ch->object, ch->key);
}

/* Of a run or experiment: `sql` gives a row where it is there. */
static bool owner_value(struct sqlite_writer *w, const struct ncm_change *ch, const char *sql,
                        char **value, struct ncm_err *err)
{
    bool found;
    if (!apply_one(w, err, &found, value, sql, "s", ch->object)) {
        return false;
    }
    if (!found) {
        return ch->kind >= NCM_CH_EXPERIMENT_CREATE ? ncm_rules_no_experiment(ch->object, err)
                                                    : ncm_rules_no_run(ch->object, err);
    }
    return true;
}

static bool owner_tag(struct sqlite_writer *w, const struct ncm_change *ch, const char *key,
                      char **value, struct ncm_err *err)
{
    bool found;
    char *there = NULL;
    if (ch->kind == NCM_CH_EXPERIMENT_TAG) {
        bool ok =
            owner_value(w, ch, "SELECT 1 FROM experiments WHERE experiment_id=?@W", &there, err);
        ncm_free(there);
        return ok && apply_one(w, err, &found, value,
                               "SELECT value FROM experiment_tags WHERE experiment_id=? AND key=?",
                               "ss", ch->object, key);
    }
    bool ok = owner_value(w, ch, "SELECT 1 FROM runs WHERE run_uuid=?", &there, err);
    ncm_free(there);
    return ok &&
           apply_one(w, err, &found, value, "SELECT value FROM tags WHERE run_uuid=? AND key=?",
                     "ss", ch->object, key);
}

static bool present_registry(struct sqlite_writer *w, const struct ncm_change *ch, char **value,
                             struct ncm_err *err)
{
    bool found;
    switch (ch->kind) {
    case NCM_CH_VERSION_STAGE:
    case NCM_CH_VERSION_DELETE:
        return version_column(w, ch,
                              "SELECT current_stage FROM model_versions"
                              " WHERE name=? AND version=?" ALIVE "@W",
                              value, err);
    case NCM_CH_VERSION_NOTE:
        return version_column(w, ch,
                              "SELECT description FROM model_versions"
                              " WHERE name=? AND version=?" ALIVE "@W",
                              value, err);
    case NCM_CH_VERSION_TAG:
        return version_tag(w, ch, value, err);
    case NCM_CH_VERSION_CREATE:
        return true;
    case NCM_CH_ALIAS:
        if (!w->schema->has_aliases) {
            return ncm_fail(err, NCM_UNSUPPORTED,
                            _("this store has no aliases: they came with"
                              " MLflow 2.3"));
        }
        return model_value(w, ch,
                           "SELECT version FROM registered_model_aliases"
                           " WHERE name=? AND alias=?@W",
                           "ss", value, err);
    case NCM_CH_MODEL_CREATE:
        return apply_one(w, err, &found, value, "SELECT name FROM registered_models WHERE name=?@W",
                         "s", ch->object);
    case NCM_CH_MODEL_RENAME:
        return model_value(w, ch, "SELECT name FROM registered_models WHERE name=?@W", "s", value,
                           err);
    case NCM_CH_MODEL_TAG:
        return model_value(w, ch,
                           "SELECT value FROM registered_model_tags"
                           " WHERE name=? AND key=?@W",
                           "ss", value, err);
    case NCM_CH_MODEL_NOTE:
        return model_value(w, ch, "SELECT description FROM registered_models WHERE name=?@W", "s",
                           value, err);
    default: /* NCM_CH_MODEL_DELETE: how many versions there are to lose */
        return model_value(w, ch, "SELECT count(*) FROM model_versions WHERE name=?" ALIVE "@W",
                           "s", value, err);
    }
}

static bool present_tracking(struct sqlite_writer *w, const struct ncm_change *ch, char **value,
                             struct ncm_err *err)
{
    bool found;
    switch (ch->kind) {
    case NCM_CH_RUN_TAG:
    case NCM_CH_EXPERIMENT_TAG:
        return owner_tag(w, ch, ch->key, value, err);
    case NCM_CH_RUN_NOTE:
        return owner_tag(w, ch, "mlflow.note.content", value, err);
    case NCM_CH_RUN_NAME:
        return owner_value(w, ch,
                           "SELECT coalesce(nullif(r.name,''),(SELECT t.value FROM tags t WHERE"
                           " t.run_uuid=r.run_uuid AND t.key='mlflow.runName'))"
                           " FROM runs r WHERE r.run_uuid=?",
                           value, err);
    case NCM_CH_RUN_LIFECYCLE:
        return owner_value(w, ch,
                           "SELECT coalesce(lifecycle_stage,'active') FROM runs"
                           " WHERE run_uuid=?",
                           value, err);
    case NCM_CH_RUN_CREATE:
        return apply_present_new_run(w, ch, value, err);
    case NCM_CH_RUN_METRIC:
        return apply_present_metric(w, ch, value, err);
    case NCM_CH_RUN_STATUS:
        return owner_value(w, ch, "SELECT status FROM runs WHERE run_uuid=?", value, err);
    case NCM_CH_EXPERIMENT_CREATE:
        return apply_one(w, err, &found, value, "SELECT name FROM experiments WHERE name=?@W", "s",
                         ch->to);
    case NCM_CH_EXPERIMENT_NAME:
        return owner_value(w, ch, "SELECT name FROM experiments WHERE experiment_id=?@W", value,
                           err);
    default: /* NCM_CH_EXPERIMENT_LIFECYCLE */
        return owner_value(w, ch,
                           "SELECT coalesce(lifecycle_stage,'active') FROM experiments"
                           " WHERE experiment_id=?@W",
                           value, err);
    }
}

bool apply_present(struct sqlite_writer *w, const struct ncm_change *ch, char **value,
                   struct ncm_err *err)
{
    *value = NULL;
    bool ok;
    if (ch->kind < NCM_CH_RUN_TAG) {
        if (!w->schema->has_registry) {
            return ncm_fail(err, NCM_UNSUPPORTED, _("this store has no model registry"));
        }
        ok = present_registry(w, ch, value, err);
    } else {
        ok = present_tracking(w, ch, value, err);
    }
    if (!ok) {
        ncm_free(*value);
        *value = NULL;
    }
    return ok;
}
