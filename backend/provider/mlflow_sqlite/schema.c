/* Which schema a store has: features by table and column; the revision only names the release. */
#include "provider/mlflow_sqlite/internal.h"

#include <string.h>

#include "base/i18n.h"

/* The line of revisions with the release that left each (or its next head) in a store. */
static const struct {
    const char *revision, *release;
} line[] = {
    {"451aebb31d03", "1.0"},       {"90e64c465722", "1.0"},       {"181f10493468", "1.0"},
    {"df50e92ffc5e", "1.0"},       {"7ac759974ad8", "1.1"},       {"89d4b8295536", "1.2"},
    {"2b4d017a5e9b", "1.4"},       {"cfd24bdc0731", "1.6"},       {"0a8213491aaa", "1.8"},
    {"728d730b5ebd", "1.10"},      {"27a6a02d2cf1", "1.12"},      {"84291f40a231", "1.14"},
    {"a8c4a736bde6", "1.15"},      {"39d1c3be5f05", "1.18"},      {"c48cb773bb87", "1.20–1.24"},
    {"bd07f7e963c5", "1.28"},      {"0c779009ac13", "1.28"},      {"cc1f77228345", "1.28"},
    {"97727af70f4d", "1.29–2.2"},  {"3500859a5d39", "2.3"},       {"7f2a7d5fae7d", "2.4–2.7"},
    {"2d6e25af4d3e", "2.8–2.12"},  {"acf3f17fdcc7", "2.8–2.12"},  {"867495a8f9d4", "2.13–2.14"},
    {"5b0e9adcef9c", "2.13–2.14"}, {"4465047574b1", "2.15–2.16"}, {"f5a4f2784254", "2.17–2.18"},
    {"0584bdc529eb", "2.19–2.22"}, {"400f98739977", "3.0–3.1"},   {"6953534de441", "3.0–3.1"},
    {"bda7b8c39065", "3.0–3.1"},   {"cbc13b556ace", "3.2"},       {"770bee3ae1dd", "3.2"},
    {"a1b2c3d4e5f6", "3.3"},       {"de4033877273", "3.3"},       {"1a0cddfcaa16", "3.3"},
    {"534353b11cbc", "3.4"},       {"71994744cf8e", "3.4"},       {"3da73c924c2f", "3.5–3.7"},
    {"bf29a5ff90ea", "3.5–3.7"},   {"1bd49d398cd23", "3.8"},      {"b7c8d9e0f1a2", "3.9"},
    {"5d2d30f0abce", "3.9"},       {"c9d4e5f6a7b8", "3.9"},       {"2c33131f4dae", "3.9"},
    {"d3e4f5a6b7c8", "3.9"},       {"d0e1f2a3b4c5", "3.10"},      {"c8d9e0f1a2b3", "3.10"},
    {"1b5f0d9ad7c1", "3.10"},      {"e1f2a3b4c5d6", "3.11"},      {"76601a5f987d", "3.11"},
    {"c3d6457b6d8a", "3.11"},      {"a5b4c3d2e1f0", "3.12"},      {"ae8bbe7743c9", "3.12"},
    {"7d34483879f0", "3.12"},      {"da6fb0208061", "3.13"},      {"89d3d66ed43f", "3.14"},
    {"b7e4c1a90f23", "3.14"},      {"a8b9c0d1e2f3", "3.15"},      {"c1d2e3f4a5b6", "3.15"},
    {"c3d9e7f1a2b4", "3.15"},      {"6f8d9c3b2a1e", "3.15"},      {"1971f2d9a75b", "3.16"},
    {"17e22815139b", "3.16"},      {"b7e2c1a4d9f3", "3.16"},      {"75868b020152", "3.17"},
    {"dc11669786a5", "3.17"},
};
#define N_LINE (int)(sizeof(line) / sizeof(line[0]))
/* The head of 1.30: the oldest schema whose writes are checked against its own client. */
#define OLDEST_WRITTEN 19

/* The tables that we write, with every column that some known release gave them. */
static const struct {
    const char *table, *columns;
} written[] = {
    {"experiments", " experiment_id name artifact_location lifecycle_stage creation_time"
                    " last_update_time workspace "},
    {"experiment_tags", " key value experiment_id "},
    {"runs", " run_uuid name source_type source_name entry_point_name user_id status start_time"
             " end_time deleted_time source_version lifecycle_stage artifact_uri experiment_id "},
    {"tags", " key value run_uuid "},
    {"metrics", " key value timestamp run_uuid step is_nan "},
    {"latest_metrics", " key value timestamp step is_nan run_uuid "},
    {"registered_models", " name creation_time last_updated_time description workspace "},
    {"registered_model_tags", " key value name workspace "},
    {"registered_model_aliases", " alias version name workspace "},
    {"model_versions", " name version creation_time last_updated_time description user_id"
                       " current_stage source run_id status status_message run_link"
                       " storage_location workspace "},
    {"model_version_tags", " key value name version workspace "},
};

static bool in_words(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = words; (p = strstr(p, word)) != NULL; p += len)
        if (p[-1] == ' ' && p[len] == ' ')
            return true;
    return false;
}

static void copy_text(char *out, size_t size, const char *text)
{
    size_t n = strlen(text);
    if (n >= size)
        n = size - 1;
    memcpy(out, text, n);
    out[n] = '\0';
}

/* A column that we do not know and that must be given in an INSERT: its writes would be wrong. */
static bool check_table(struct ncm_db *db, size_t i, struct sqlite_schema *s, struct ncm_err *err)
{
    struct ncm_stmt *st;
    char *sql = ncm_sprintf("PRAGMA table_info(%s)", written[i].table);
    bool ok = ncm_db_prepare(db, sql, &st, err);
    bool row = false;
    ncm_free(sql);
    if (!ok)
        return false;
    while ((ok = ncm_stmt_step(st, &row, err)) && row) {
        const char *name = ncm_cstr(ncm_col_text(st, 1));
        if (ncm_col_i64(st, 3) == 0 || !ncm_col_null(st, 4) || in_words(written[i].columns, name))
            continue;
        char *why = ncm_sprintf(_("its table %s has a column that this program does not know: %s"),
                                written[i].table, name);
        s->writable = false;
        copy_text(s->why_not, sizeof(s->why_not), why);
        ncm_free(why);
    }
    ncm_stmt_end(st);
    return ok;
}

static bool read_revision(struct ncm_db *db, struct sqlite_schema *s, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row, more = false;
    if (!ncm_db_prepare(db, "SELECT version_num FROM alembic_version LIMIT 2", &st, err))
        return false;
    bool ok = ncm_stmt_step(st, &row, err);
    if (ok && row) {
        copy_text(s->revision, sizeof(s->revision), ncm_cstr(ncm_col_text(st, 0)));
        ok = ncm_stmt_step(st, &more, err);
    }
    ncm_stmt_end(st);
    if (!ok)
        return false;
    if (more) {
        ncm_fail(err, NCM_INVALID_DATA,
                 _("The store names more than one schema revision in alembic_version."));
        return ncm_hint(err, _("A migration was cut short; restore the copy made before it."));
    }
    if (s->revision[0] == '\0') {
        ncm_fail(err, NCM_INVALID_DATA, _("The store names no schema revision."));
        return ncm_hint(err, _("Its creation was cut short; let MLflow open it once."));
    }
    return true;
}

static void name_release(struct sqlite_schema *s)
{
    for (int i = 0; i < N_LINE; i++)
        if (strcmp(line[i].revision, s->revision) == 0)
            s->position = i + 1;
    if (s->position > 0) {
        char *name = ncm_sprintf("MLflow %s", line[s->position - 1].release);
        copy_text(s->release, sizeof(s->release), name);
        ncm_free(name);
    } else {
        copy_text(s->release, sizeof(s->release), _("newer than MLflow 3.17, or unknown"));
    }
    s->writable = s->position >= OLDEST_WRITTEN;
    if (s->position == 0)
        copy_text(s->why_not, sizeof(s->why_not),
                  _("its schema is newer than MLflow 3.17 or unknown, so it is only read"));
    else if (!s->writable)
        copy_text(s->why_not, sizeof(s->why_not),
                  _("its schema is older than MLflow 1.30, so it is only read"));
}

static bool not_mlflow(struct ncm_db *db, struct ncm_err *err)
{
    int64_t tables = 0;
    if (!ncm_db_i64(db, "SELECT count(*) FROM sqlite_master WHERE type='table'", 0, &tables, err))
        return false;
    if (tables == 0) {
        ncm_fail(err, NCM_INVALID_DATA,
                 _("The file is an empty database: no MLflow wrote to it yet."));
        return ncm_hint(err, _("Log a run to it with MLflow, or name another file."));
    }
    ncm_fail(err, NCM_INVALID_DATA, _("The file is a database, but not an MLflow store."));
    return ncm_hint(err, _("MLflow's file is usually called mlflow.db."));
}

bool schema_detect(struct ncm_db *db, struct sqlite_schema *out, struct ncm_err *err)
{
    struct sqlite_schema s = {0};
    static const char *const needed[] = {"experiments", "runs", "params", "tags", "metrics"};
    if (!ncm_db_has_table(db, "alembic_version") || !ncm_db_has_table(db, "runs") ||
        !ncm_db_has_column(db, "runs", "run_uuid"))
        return not_mlflow(db, err);
    if (!read_revision(db, &s, err))
        return false;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!ncm_db_has_table(db, needed[i])) {
            ncm_fail(err, NCM_INVALID_DATA, _("The store lacks MLflow's table %s."), needed[i]);
            return ncm_hint(err, _("Restore it from a copy, or let MLflow repair it."));
        }
    name_release(&s);
    s.has_workspace = ncm_db_has_column(db, "registered_models", "workspace");
    s.has_registry =
        ncm_db_has_table(db, "registered_models") && ncm_db_has_table(db, "model_versions");
    s.has_registry_tags =
        ncm_db_has_table(db, "registered_model_tags") && ncm_db_has_table(db, "model_version_tags");
    s.has_run_link = ncm_db_has_column(db, "model_versions", "run_link");
    s.has_storage_location = ncm_db_has_column(db, "model_versions", "storage_location");
    s.has_aliases = ncm_db_has_table(db, "registered_model_aliases");
    s.has_inputs = ncm_db_has_table(db, "inputs") && ncm_db_has_table(db, "datasets") &&
                   ncm_db_has_table(db, "input_tags");
    s.has_inputs_step = ncm_db_has_column(db, "inputs", "step");
    s.has_logged_models = ncm_db_has_table(db, "logged_models");
    s.has_deleted_time = ncm_db_has_column(db, "runs", "deleted_time");
    s.has_run_name = ncm_db_has_column(db, "runs", "name");
    s.has_experiment_times = ncm_db_has_column(db, "experiments", "last_update_time");
    s.has_assessments = ncm_db_has_table(db, "assessments");
    s.has_is_nan = ncm_db_has_column(db, "metrics", "is_nan");
    s.has_latest_metrics = ncm_db_has_table(db, "latest_metrics");
    if (!s.has_latest_metrics || !s.has_is_nan || !s.has_run_name)
        return ncm_fail(err, NCM_UNSUPPORTED, _("The store was made by an MLflow before 1.4 (%s)."),
                        s.revision);
    for (size_t i = 0; s.writable && i < sizeof(written) / sizeof(written[0]); i++)
        if (!check_table(db, i, &s, err))
            return false;
    *out = s;
    return true;
}

bool schema_refresh(struct ncm_conn *c, bool *changed, struct ncm_err *err)
{
    int64_t version;
    if (changed != NULL)
        *changed = false;
    if (!ncm_db_i64(c->db, "PRAGMA schema_version", 0, &version, err))
        return false;
    if (version == c->schema_version)
        return true;
    if (!schema_detect(c->db, &c->schema, err))
        return false;
    c->schema_version = version;
    if (changed != NULL)
        *changed = true;
    return true;
}
