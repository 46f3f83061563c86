/* Changes of registered models and their aliases, statement by statement as MLflow makes them. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mlflow_sqlite/apply.h"

static bool model_create(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    return apply_run_one(w, err,
                         "INSERT INTO registered_models(name, creation_time, last_updated_time,"
                         " description@C) VALUES(?,?,?,?@V)",
                         "siis", ch->object, w->now_ms, w->now_ms, ch->to);
}

static bool model_rename(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    /* Versions, tags and aliases follow by ON UPDATE CASCADE (foreign_keys is on). */
    return apply_run_one(w, err,
                         "UPDATE registered_models SET name=?, last_updated_time=? WHERE name=?@W",
                         "sis", ch->to, w->now_ms, ch->object) &&
           apply_run(w, err, "UPDATE model_versions SET last_updated_time=? WHERE name=?@W", "is",
                     w->now_ms, ch->to);
}

static bool model_tag(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    if (ch->to == NULL) {
        return apply_run(w, err, "DELETE FROM registered_model_tags WHERE name=? AND key=?@W", "ss",
                         ch->object, ch->key);
    }
    return apply_run_one(w, err,
                         "INSERT INTO registered_model_tags(name, key, value@C) VALUES(?,?,?@V)"
                         " ON CONFLICT(name, key@C) DO UPDATE SET value=excluded.value",
                         "sss", ch->object, ch->key, ch->to);
}

static bool model_delete(struct sqlite_writer *w, const char *name, struct ncm_err *err)
{
    return apply_run(w, err, "DELETE FROM model_version_tags WHERE name=?@W", "s", name) &&
           apply_run(w, err, "DELETE FROM model_versions WHERE name=?@W", "s", name) &&
           apply_run(w, err, "DELETE FROM registered_model_tags WHERE name=?@W", "s", name) &&
           (!w->schema->has_aliases ||
            apply_run(w, err, "DELETE FROM registered_model_aliases WHERE name=?@W", "s", name)) &&
           apply_run_one(w, err, "DELETE FROM registered_models WHERE name=?@W", "s", name);
}

/* Both the version that gets the alias and the one that loses it carry the transition. */
static bool alias_marks(struct sqlite_writer *w, const struct ncm_change *ch, const char *from,
                        struct ncm_err *err)
{
    if (from != NULL && ch->to != NULL && strcmp(from, ch->to) == 0) {
        return true;
    }
    return (from == NULL || apply_transition(w, ch->object, from, ch->key, from, ch->to, err)) &&
           (ch->to == NULL || apply_transition(w, ch->object, ch->to, ch->key, from, ch->to, err));
}

static bool alias_write(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    int64_t version = 0;
    if (ch->to == NULL) {
        return apply_run(w, err, "DELETE FROM registered_model_aliases WHERE name=? AND alias=?@W",
                         "ss", ch->object, ch->key);
    }
    return ncm_parse_i64(ch->to, &version) &&
           apply_run_one(w, err,
                         "INSERT INTO registered_model_aliases(name, alias, version@C)"
                         " VALUES(?,?,?@V)"
                         " ON CONFLICT(name, alias@C) DO UPDATE SET version=excluded.version",
                         "ssi", ch->object, ch->key, version);
}

static bool alias(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    char *from;
    if (!apply_present(w, ch, &from, err)) {
        return false;
    }
    bool ok = alias_write(w, ch, err) && alias_marks(w, ch, from, err);
    ncm_free(from);
    return ok;
}

bool apply_model(struct sqlite_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    switch (ch->kind) {
    case NCM_CH_ALIAS:
        return alias(w, ch, err);
    case NCM_CH_MODEL_CREATE:
        return model_create(w, ch, err);
    case NCM_CH_MODEL_RENAME:
        return model_rename(w, ch, err);
    case NCM_CH_MODEL_TAG:
        return model_tag(w, ch, err);
    case NCM_CH_MODEL_NOTE:
        return apply_run_one(w, err,
                             "UPDATE registered_models SET description=?, last_updated_time=?"
                             " WHERE name=?@W",
                             "sis", ch->to, w->now_ms, ch->object);
    case NCM_CH_MODEL_DELETE:
        return model_delete(w, ch->object, err);
    default:
        ncm_bug("apply_model: change kind %d", (int)ch->kind);
    }
}
