/* What MLflow refuses (model/rules.h), answered from the tables. Reads only. */
#include <string.h>

#include "base/num.h"
#include "model/rules.h"
#include "provider/mlflow_sqlite/apply.h"

/* The n of "VARCHAR(n)"; 0 where the type names none. */
static int64_t declared_length(struct sqlite_writer *w, const char *table, struct ncm_err *err,
                               bool *ok)
{
    char *type = NULL;
    bool found;
    int64_t n = 0;
    *ok = apply_one(w, err, &found, &type,
                    "SELECT type FROM pragma_table_info(?) WHERE name='value'", "s", table);
    if (*ok && type != NULL) {
        char *open = strchr(type, '(');
        char *close = open != NULL ? strchr(open, ')') : NULL;
        if (close != NULL) {
            *close = '\0';
            ncm_parse_i64(open + 1, &n);
        }
    }
    ncm_free(type);
    return n;
}

/* Most characters that this release takes in a value. */
static bool value_most(void *to, enum ncm_change_kind kind, int64_t *most, struct ncm_err *err)
{
    struct sqlite_writer *w = to;
    bool ok;
    if (kind == NCM_CH_RUN_TAG || kind == NCM_CH_RUN_NOTE) {
        int64_t n = declared_length(w, "tags", err, &ok);
        *most = n > 0 ? n : NCM_RUN_TAG_NEW;
        return ok;
    }
    if (kind == NCM_CH_EXPERIMENT_TAG) {
        int64_t n = declared_length(w, "experiment_tags", err, &ok);
        *most = n > 0 ? NCM_EXPERIMENT_TAG_OLD : NCM_EXPERIMENT_TAG_NEW;
        return ok;
    }
    /* The registry's two tag tables are held to one limit by the client, whatever they declare. */
    int64_t n = declared_length(w, "model_version_tags", err, &ok);
    *most = n > 0 ? NCM_REGISTRY_TAG_OLD : NCM_REGISTRY_TAG_NEW;
    return ok;
}

static bool experiment_free(void *to, const char *name, struct ncm_err *err)
{
    bool found;
    char *stage;
    if (!apply_one(to, err, &found, &stage,
                   "SELECT lifecycle_stage FROM experiments"
                   " WHERE name=?@W",
                   "s", name)) {
        return false;
    }
    bool deleted = stage != NULL && strcmp(stage, "deleted") == 0;
    ncm_free(stage);
    return !found || ncm_rules_experiment_taken(name, deleted, err);
}

static bool model_free(void *to, const char *name, struct ncm_err *err)
{
    bool taken;
    return apply_one(to, err, &taken, NULL, "SELECT 1 FROM registered_models WHERE name=?@W", "s",
                     name) &&
           (!taken || ncm_rules_model_taken(name, err));
}

static bool need_version(void *to, const char *model, const char *version, struct ncm_err *err)
{
    return apply_need_version(to, model, version, err);
}

static bool need_active_run(void *to, const char *id, struct ncm_err *err)
{
    return apply_need_active_run(to, id, err);
}

static bool need_active_experiment(void *to, const char *id, struct ncm_err *err)
{
    return apply_need_active_experiment(to, id, err);
}

bool apply_rules(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    const struct ncm_rules rules = {
        .to = w,
        .value_most = value_most,
        .need_version = need_version,
        .need_active_run = need_active_run,
        .need_active_experiment = need_active_experiment,
        .model_free = model_free,
        .experiment_free = experiment_free,
    };
    return ncm_rules_check(&rules, ch, err);
}
