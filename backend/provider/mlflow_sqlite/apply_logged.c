/* The link from a logged model (MLflow 3) to the registered versions made from it. */
#include "base/buf.h"
#include "base/i18n.h"
#include "provider/logged.h"
#include "provider/mlflow_sqlite/apply.h"

/* A logged model (MLflow 3) remembers the versions made from it in one of its tags, as JSON. */
bool apply_link_logged_model(struct sqlite_writer *w, const char *model_id, const char *name,
                             int64_t version, struct ncm_err *err)
{
    bool found;
    char *experiment, *old;
    if (!apply_one(w, err, &found, &experiment,
                   "SELECT experiment_id FROM logged_models WHERE model_id=?", "s", model_id) ||
        !found) {
        return found || ncm_fail(err, NCM_NOT_FOUND, _("there is no logged model '%s'"), model_id);
    }
    struct ncm_buf text;
    ncm_buf_init(&text, 1 << 20);
    bool ok = apply_one(w, err, &found, &old,
                        "SELECT tag_value FROM logged_model_tags"
                        " WHERE model_id=? AND tag_key='mlflow.modelVersions'",
                        "s", model_id);
    ncm_logged_versions(old, name, version, &text);
    ok = ok && apply_run_one(w, err,
                             "INSERT INTO logged_model_tags(model_id, experiment_id, tag_key,"
                             " tag_value) VALUES(?,?,'mlflow.modelVersions',?)"
                             " ON CONFLICT(model_id, tag_key)"
                             " DO UPDATE SET tag_value=excluded.tag_value",
                             "sss", model_id, experiment, text.p);
    ncm_free(experiment);
    ncm_free(old);
    ncm_buf_release(&text);
    return ok;
}
