/* Changes of model versions, statement by statement as MLflow makes them, and our transition tag
 * beside. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/num.h"
#include "model/registry.h"
#include "provider/mark.h"
#include "provider/mlflow_sqlite/apply.h"

#define ALIVE " AND current_stage<>'Deleted_Internal'"

bool apply_transition(struct sqlite_writer *w, const char *model, const char *version,
                      const char *alias_name, const char *from, const char *to, struct ncm_err *err)
{
    int64_t n;
    bool found;
    if (w->mark == NULL || !ncm_parse_i64(version, &n)) {
        return true;
    }
    /* A dangling alias points at a version that is gone: no row may hang on it. */
    if (!apply_one(w, err, &found, NULL,
                   "SELECT 1 FROM model_versions WHERE name=? AND version=?@W", "si", model, n)) {
        return false;
    }
    if (!found) {
        return true;
    }
    struct ncm_buf text;
    ncm_buf_init(&text, 1 << 20);
    ncm_mark_text(w->mark, w->now_ms, alias_name, from, to, &text);
    /* Two changes of one version under one id (a stage and an alias) get a key each. */
    char *key = ncm_sprintf("ncmlops.transition.%s", w->mark->audit_id);
    bool taken = false;
    bool ok = apply_one(w, err, &taken, NULL,
                        "SELECT 1 FROM model_version_tags WHERE name=? AND version=? AND key=?@W",
                        "sis", model, n, key);
    if (ok && taken) {
        ncm_free(key);
        key = ncm_sprintf("ncmlops.transition.%s.%zu", w->mark->audit_id, w->n_marks);
    }
    ok = ok && apply_run_one(w, err,
                             "INSERT INTO model_version_tags(name, version, key, value@C)"
                             " VALUES(?,?,?,?@V)",
                             "siss", model, n, key, text.p);
    w->n_marks++;
    ncm_free(key);
    ncm_buf_release(&text);
    return ok;
}

static bool touch_model(struct sqlite_writer *w, const char *name, struct ncm_err *err)
{
    return apply_run_one(w, err, "UPDATE registered_models SET last_updated_time=? WHERE name=?@W",
                         "is", w->now_ms, name);
}

/* Where the others were to make room: one that came meanwhile was not in the plan. */
static bool is_alone(struct sqlite_writer *w, const struct ncm_change *ch, int64_t n,
                     const char *stage, struct ncm_err *err)
{
    bool found;
    char *other;
    if (ch->extra == NULL || strcmp(ch->extra, "alone") != 0) {
        return true;
    }
    if (!apply_one(w, err, &found, &other,
                   "SELECT version FROM model_versions WHERE name=?"
                   " AND version<>? AND current_stage=?@W",
                   "sis", ch->object, n, stage)) {
        return false;
    }
    if (found) {
        ncm_fail(err, NCM_CONFLICT, _("%s version %s came to %s meanwhile; nothing was written"),
                 ch->object, other, stage);
        ncm_hint(err, _("look at the present state and decide again"));
    }
    ncm_free(other);
    return !found;
}

static bool version_stage(struct sqlite_writer *w, const struct ncm_change *ch, int64_t n,
                          struct ncm_err *err)
{
    enum ncm_stage stage;
    char *from;
    if (!ncm_stage_of(ch->to, &stage) || !apply_present(w, ch, &from, err)) {
        return false;
    }
    const char *to = ncm_stage_name(stage);
    bool ok = apply_run_one(w, err,
                            "UPDATE model_versions SET current_stage=?, last_updated_time=?"
                            " WHERE name=? AND version=?" ALIVE "@W",
                            "sisi", to, w->now_ms, ch->object, n) &&
              touch_model(w, ch->object, err) && is_alone(w, ch, n, to, err) &&
              ((from != NULL && strcmp(from, to) == 0) ||
               apply_transition(w, ch->object, ch->version, NULL, from, to, err));
    ncm_free(from);
    return ok;
}

static bool version_tag(struct sqlite_writer *w, const struct ncm_change *ch, int64_t n,
                        struct ncm_err *err)
{
    if (ch->to == NULL) {
        return apply_run(w, err,
                         "DELETE FROM model_version_tags WHERE name=? AND version=? AND key=?@W",
                         "sis", ch->object, n, ch->key);
    }
    return apply_run_one(w, err,
                         "INSERT INTO model_version_tags(name, version, key, value@C)"
                         " VALUES(?,?,?,?@V) ON CONFLICT(name, version, key@C)"
                         " DO UPDATE SET value=excluded.value",
                         "siss", ch->object, n, ch->key, ch->to);
}

static bool version_delete(struct sqlite_writer *w, const struct ncm_change *ch, int64_t n,
                           struct ncm_err *err)
{
    char *from;
    if (!apply_present(w, ch, &from, err)) {
        return false;
    }
    /* MLflow 3 takes the aliases along; before, they were left pointing at nothing. */
    bool ok = !w->schema->has_aliases || !w->schema->has_logged_models ||
              apply_run(w, err, "DELETE FROM registered_model_aliases WHERE name=? AND version=?@W",
                        "si", ch->object, n);
    ok = ok &&
         apply_run_one(w, err,
                       "UPDATE model_versions SET current_stage='Deleted_Internal',"
                       " last_updated_time=?, description=NULL, user_id=NULL,"
                       " source='REDACTED-SOURCE-PATH', run_id='REDACTED-RUN-ID',"
                       " run_link='REDACTED-RUN-LINK', status_message=NULL"
                       " WHERE name=? AND version=?" ALIVE "@W",
                       "isi", w->now_ms, ch->object, n) &&
         touch_model(w, ch->object, err) &&
         apply_transition(w, ch->object, ch->version, NULL, from, "Deleted", err);
    ncm_free(from);
    return ok;
}

/* The id in "models:/m-…"; NULL for any other source. */
static const char *logged_model_of(const struct sqlite_writer *w, const char *source)
{
    return w->schema->has_logged_models && strncmp(source, "models:/m-", 10) == 0 ? source + 8
                                                                                  : NULL;
}

static bool insert_version(struct sqlite_writer *w, const struct ncm_change *ch, int64_t n,
                           const char *run_id, const char *location, struct ncm_err *err)
{
    bool ok =
        apply_run_one(w, err,
                      "INSERT INTO model_versions(name, version, creation_time,"
                      " last_updated_time, description, current_stage, source, run_id,"
                      " status@C) VALUES(?,?,?,?,?,'None',?,?,'READY'@V)",
                      "siiisss", ch->object, n, w->now_ms, w->now_ms, ch->extra, ch->to, run_id);
    return ok && (!w->schema->has_storage_location ||
                  apply_run_one(w, err,
                                "UPDATE model_versions SET storage_location=?"
                                " WHERE name=? AND version=?@W",
                                "ssi", location, ch->object, n));
}

static bool version_create(struct sqlite_writer *w, const struct ncm_change *ch,
                           struct ncm_err *err)
{
    bool found;
    char *text = NULL;
    if (!apply_need_model(w, ch->object, err) ||
        !apply_one(w, err, &found, &text,
                   "SELECT coalesce(max(version),0)+1 FROM model_versions WHERE name=?@W", "s",
                   ch->object)) {
        return false;
    }
    int64_t n = 0;
    ncm_parse_i64(text, &n);
    snprintf(w->receipt->new_version, sizeof w->receipt->new_version, "%lld", (long long)n);
    const char *logged = logged_model_of(w, ch->to);
    char *location = NULL;
    char *run = NULL;
    bool ok = logged == NULL || (apply_one(w, err, &found, &location,
                                           "SELECT artifact_location FROM"
                                           " logged_models WHERE model_id=?",
                                           "s", logged) &&
                                 apply_one(w, err, &found, &run,
                                           "SELECT source_run_id FROM logged_models"
                                           " WHERE model_id=?",
                                           "s", logged));
    ok = ok &&
         insert_version(w, ch, n, ch->key != NULL ? ch->key : run,
                        logged != NULL ? location : ch->to, err) &&
         touch_model(w, ch->object, err) &&
         (logged == NULL || apply_link_logged_model(w, logged, ch->object, n, err)) &&
         apply_transition(w, ch->object, text, NULL, NULL, "None", err);
    ncm_free(location);
    ncm_free(run);
    ncm_free(text);
    return ok;
}

bool apply_version(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    int64_t n = 0;
    if (ch->kind == NCM_CH_VERSION_CREATE) {
        return version_create(w, ch, err);
    }
    if (!apply_need_version(w, ch->object, ch->version, err) || !ncm_parse_i64(ch->version, &n)) {
        return false;
    }
    switch (ch->kind) {
    case NCM_CH_VERSION_STAGE:
        return version_stage(w, ch, n, err);
    case NCM_CH_VERSION_TAG:
        return version_tag(w, ch, n, err);
    case NCM_CH_VERSION_NOTE:
        return apply_run_one(w, err,
                             "UPDATE model_versions SET description=?, last_updated_time=?"
                             " WHERE name=? AND version=?" ALIVE "@W",
                             "sisi", ch->to, w->now_ms, ch->object, n);
    case NCM_CH_VERSION_DELETE:
        return version_delete(w, ch, n, err);
    default:
        ncm_bug("apply_version: change kind %d", (int)ch->kind);
    }
}
