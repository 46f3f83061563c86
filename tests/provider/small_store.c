#include "provider/small_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/db.h"
#include "unit/scratch.h"

static const char common[] =
    "CREATE TABLE alembic_version(version_num VARCHAR(32) NOT NULL PRIMARY KEY);"
    "CREATE TABLE experiment_tags(key VARCHAR(250) NOT NULL, value VARCHAR(5000),"
    " experiment_id INTEGER NOT NULL, PRIMARY KEY(key, experiment_id));"
    "CREATE TABLE runs(run_uuid VARCHAR(32) NOT NULL PRIMARY KEY, name VARCHAR(250),"
    " source_type VARCHAR(20), source_name VARCHAR(500), entry_point_name VARCHAR(50),"
    " user_id VARCHAR(256), status VARCHAR(9), start_time BIGINT, end_time BIGINT,"
    " source_version VARCHAR(50), lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200),"
    " experiment_id INTEGER, deleted_time BIGINT);"
    "CREATE TABLE params(key VARCHAR(250) NOT NULL, value VARCHAR(8000) NOT NULL,"
    " run_uuid VARCHAR(32) NOT NULL, PRIMARY KEY(key, run_uuid));"
    "CREATE TABLE tags(key VARCHAR(250) NOT NULL, value VARCHAR(5000),"
    " run_uuid VARCHAR(32) NOT NULL, PRIMARY KEY(key, run_uuid));"
    "CREATE TABLE metrics(key VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT"
    " NOT NULL, run_uuid VARCHAR(32) NOT NULL, step BIGINT NOT NULL DEFAULT 0,"
    " is_nan BOOLEAN NOT NULL DEFAULT 0,"
    " PRIMARY KEY(key, timestamp, step, run_uuid, value, is_nan));"
    "CREATE TABLE latest_metrics(key VARCHAR(250) NOT NULL, value FLOAT NOT NULL,"
    " timestamp BIGINT, step BIGINT NOT NULL, is_nan BOOLEAN NOT NULL,"
    " run_uuid VARCHAR(32) NOT NULL, PRIMARY KEY(key, run_uuid));";

static const char datasets[] =
    "CREATE TABLE datasets(dataset_uuid VARCHAR(36) NOT NULL, experiment_id INTEGER NOT NULL,"
    " name VARCHAR(500) NOT NULL, digest VARCHAR(36) NOT NULL, dataset_source_type VARCHAR(36)"
    " NOT NULL, dataset_source TEXT NOT NULL, dataset_schema TEXT, dataset_profile TEXT,"
    " PRIMARY KEY(experiment_id, name, digest));"
    "CREATE TABLE inputs(input_uuid VARCHAR(36) NOT NULL, source_type VARCHAR(36) NOT NULL,"
    " source_id VARCHAR(36) NOT NULL, destination_type VARCHAR(36) NOT NULL,"
    " destination_id VARCHAR(36) NOT NULL, PRIMARY KEY(source_type, source_id,"
    " destination_type, destination_id));"
    "CREATE TABLE input_tags(input_uuid VARCHAR(36) NOT NULL, name VARCHAR(255) NOT NULL,"
    " value VARCHAR(500) NOT NULL, PRIMARY KEY(input_uuid, name));";

/* @C: the workspace column, @K: it in a key, @T: type of a tag value. */
static const char shaped[] =
    "CREATE TABLE experiments(experiment_id INTEGER NOT NULL PRIMARY KEY,"
    " name VARCHAR(256) NOT NULL, artifact_location VARCHAR(256), lifecycle_stage VARCHAR(32),"
    " creation_time BIGINT, last_update_time BIGINT@C, UNIQUE(@K name));"
    "CREATE TABLE registered_models(name VARCHAR(256) NOT NULL, creation_time BIGINT,"
    " last_updated_time BIGINT, description VARCHAR(5000)@C, PRIMARY KEY(@K name));"
    "CREATE TABLE model_versions(name VARCHAR(256) NOT NULL, version INTEGER NOT NULL,"
    " creation_time BIGINT, last_updated_time BIGINT, description VARCHAR(5000),"
    " user_id VARCHAR(256), current_stage VARCHAR(20), source VARCHAR(500), run_id VARCHAR(32),"
    " status VARCHAR(20), status_message VARCHAR(500), run_link VARCHAR(500),"
    " storage_location VARCHAR(500)@C, PRIMARY KEY(@K name, version),"
    " FOREIGN KEY(@K name) REFERENCES registered_models(@K name) ON UPDATE CASCADE);"
    "CREATE TABLE registered_model_tags(key VARCHAR(250) NOT NULL, value VARCHAR(5000),"
    " name VARCHAR(256) NOT NULL@C, PRIMARY KEY(@K key, name),"
    " FOREIGN KEY(@K name) REFERENCES registered_models(@K name) ON UPDATE CASCADE);"
    "CREATE TABLE model_version_tags(key VARCHAR(250) NOT NULL, value @T,"
    " name VARCHAR(256) NOT NULL, version INTEGER NOT NULL@C,"
    " PRIMARY KEY(@K key, name, version), FOREIGN KEY(@K name, version)"
    " REFERENCES model_versions(@K name, version) ON UPDATE CASCADE);"
    "CREATE TABLE registered_model_aliases(alias VARCHAR(256) NOT NULL, version INTEGER NOT NULL,"
    " name VARCHAR(256) NOT NULL@C, PRIMARY KEY(@K name, alias), FOREIGN KEY(@K name)"
    " REFERENCES registered_models(@K name) ON DELETE CASCADE ON UPDATE CASCADE);";

static const char logged[] =
    "CREATE TABLE logged_models(model_id VARCHAR(36) NOT NULL PRIMARY KEY, experiment_id INTEGER"
    " NOT NULL, name VARCHAR(500) NOT NULL, artifact_location VARCHAR(1000) NOT NULL,"
    " creation_timestamp_ms BIGINT NOT NULL, last_updated_timestamp_ms BIGINT NOT NULL,"
    " status INTEGER NOT NULL, lifecycle_stage VARCHAR(32), model_type VARCHAR(500),"
    " source_run_id VARCHAR(32), status_message VARCHAR(1000));"
    "CREATE TABLE logged_model_tags(model_id VARCHAR(36) NOT NULL, experiment_id INTEGER"
    " NOT NULL, tag_key VARCHAR(255) NOT NULL, tag_value TEXT NOT NULL,"
    " PRIMARY KEY(model_id, tag_key));"
    "CREATE TABLE logged_model_params(model_id VARCHAR(36) NOT NULL, experiment_id INTEGER"
    " NOT NULL, param_key VARCHAR(255) NOT NULL, param_value TEXT NOT NULL,"
    " PRIMARY KEY(model_id, param_key));"
    "INSERT INTO logged_models VALUES('m-1', 1, 'net', '/a/1/models/m-1/artifacts', 1, 1, 2,"
    " 'active', '', '" RUN3 "', NULL);";

static const char rows[] =
    "INSERT INTO experiments(experiment_id, name, artifact_location, lifecycle_stage,"
    " creation_time, last_update_time) VALUES(0,'Default','/a/0','active',1,1),"
    "(1,'exp','/a/1','active',1,1),(2,'gone','/a/2','deleted',1,1);"
    "INSERT INTO runs(run_uuid, name, user_id, status, start_time, end_time, lifecycle_stage,"
    " artifact_uri, experiment_id) VALUES"
    "('" RUN1 "','one','u','FINISHED',10,20,'active','/a/1/" RUN1 "/artifacts',1),"
    "('" RUN2 "','two','u','FINISHED',11,20,'active','/a/1/" RUN2 "/artifacts',1),"
    "('" RUN3 "','three','u','FINISHED',12,20,'active','/a/1/" RUN3 "/artifacts',1),"
    "('" RUN4 "','four','u','FAILED',13,20,'deleted','/a/1/" RUN4 "/artifacts',1);"
    "INSERT INTO tags VALUES('mlflow.runName','one','" RUN1 "'),('color','red','" RUN1 "'),"
    "('mlflow.log-model.history','[{\"artifact_path\": \"model\"}]','" RUN1 "');"
    "INSERT INTO latest_metrics VALUES('auc',0.80,20,1,0,'" RUN1 "'),('loss',0.5,20,1,0,'" RUN1
    "'),('auc',0.85,20,1,0,'" RUN2 "'),('loss',0.4,20,1,0,'" RUN2 "'),"
    "('auc',0.90,20,1,0,'" RUN3 "'),('loss',0.6,20,1,0,'" RUN3 "');"
    "INSERT INTO registered_models(name, creation_time, last_updated_time, description)"
    " VALUES('m',1,1,NULL),('empty',1,1,'nothing yet');"
    "INSERT INTO model_versions(name, version, creation_time, last_updated_time, current_stage,"
    " source, run_id, status) VALUES"
    "('m',1,1,1,'Archived','/s/1','" RUN1 "','READY'),"
    "('m',2,1,1,'Production','/s/2','" RUN2 "','READY'),"
    "('m',3,1,1,'Staging','/s/3','" RUN3 "','READY'),"
    "('m',4,1,1,'None','/s/4','" RUN1 "','READY'),"
    "('m',5,1,1,'Deleted_Internal','REDACTED-SOURCE-PATH','REDACTED-RUN-ID','READY');"
    "INSERT INTO registered_model_aliases(name, alias, version) VALUES('m','champion',2);";

static void must(bool ok, const struct ncm_err *err)
{
    if (!ok) {
        fprintf(stderr, "%s %s\n", err->what, err->detail);
        abort();
    }
}

static char *shape(bool modern)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 1 << 16);
    for (const char *p = shaped; *p != '\0'; p++) {
        if (*p != '@') {
            ncm_buf_putc(&b, *p);
            continue;
        }
        p++;
        ncm_buf_puts(&b, *p == 'T'   ? (modern ? "TEXT" : "VARCHAR(5000)")
                         : !modern   ? ""
                         : *p == 'K' ? "workspace,"
                                     : ", workspace VARCHAR(63) NOT NULL DEFAULT 'default'");
    }
    char *out = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return out;
}

static void make(const char *path, bool modern)
{
    struct ncm_db *db;
    struct ncm_err err;
    must(ncm_db_open(path, NCM_DB_CREATE, 1000, NULL, &db, &err), &err);
    must(ncm_db_exec(db, common, &err), &err);
    must(ncm_db_exec(db, datasets, &err), &err);
    char *sql = shape(modern);
    must(ncm_db_exec(db, sql, &err), &err);
    ncm_free(sql);
    must(!modern || ncm_db_exec(db, logged, &err), &err);
    must(ncm_db_exec(db, rows, &err), &err);
    sql = ncm_sprintf("INSERT INTO alembic_version VALUES('%s')",
                      modern ? "dc11669786a5" : "acf3f17fdcc7");
    must(ncm_db_exec(db, sql, &err), &err);
    ncm_free(sql);
    ncm_db_close(db);
}

void small_open(struct small *s, const char *name, bool modern)
{
    struct ncm_err err;
    struct ncm_control control = {0};
    memset(s, 0, sizeof *s);
    snprintf(s->path, sizeof s->path, "%s", scratch(name));
    unlink(s->path);
    make(s->path, modern);
    const struct ncm_provider *provider = ncm_provider_for(s->path);
    s->place = (struct ncm_place){.location = s->path};
    must(provider->open(&s->place, &s->conn, &control, &err), &err);
    char *state = provider->state_path(s->path);
    snprintf(s->state_path, sizeof s->state_path, "%s", state);
    ncm_free(state);
    unlink(s->state_path);
    s->ctx = (struct ncm_job_context){
        .provider = provider,
        .conn = s->conn,
        .place = &s->place,
        .store_label = s->path,
        .state_path = s->state_path,
    };
}

void small_close(struct small *s)
{
    s->ctx.provider->close(s->conn);
    unlink(s->state_path);
    unlink(s->path);
}

void small_exec(struct small *s, const char *sql)
{
    struct ncm_db *db;
    struct ncm_err err;
    must(ncm_db_open(s->path, NCM_DB_WRITE, 1000, NULL, &db, &err), &err);
    must(ncm_db_exec(db, sql, &err), &err);
    ncm_db_close(db);
}

const char *small_ask(struct small *s, const char *sql)
{
    static char answers[8][512];
    static size_t at;
    struct ncm_db *db;
    struct ncm_stmt *st;
    struct ncm_err err;
    bool row;
    char *out = answers[at++ % 8];
    must(ncm_db_open(s->path, NCM_DB_READ, 1000, NULL, &db, &err), &err);
    must(ncm_db_prepare(db, sql, &st, &err), &err);
    must(ncm_stmt_step(st, &row, &err), &err);
    snprintf(out, sizeof answers[0], "%s",
             !row                  ? "-"
             : ncm_col_null(st, 0) ? "NULL"
                                   : ncm_cstr(ncm_col_text(st, 0)));
    ncm_stmt_end(st);
    ncm_db_close(db);
    return out;
}

bool small_apply(struct small *s, const char *mark, struct ncm_err *err, enum ncm_change_kind kind,
                 const char *object, const char *version, const char *key, const char *from,
                 const char *to)
{
    struct ncm_changes c;
    struct ncm_receipt receipt;
    struct ncm_control control = {0};
    struct ncm_mark m = {.audit_id = mark, .actor = "ann", .reason = "because"};
    ncm_changes_init(&c);
    ncm_changes_add(&c, kind, object, version, key, from, to);
    bool ok =
        s->ctx.provider->apply(s->conn, &c, mark != NULL ? &m : NULL, &control, &receipt, err);
    ncm_changes_release(&c);
    return ok;
}

struct ncm_plan *small_plan(struct small *s, struct ncm_intent *i, struct ncm_err *err)
{
    struct ncm_plan *p = ncm_alloc(1, sizeof *p);
    p->intent = i;
    ncm_changes_init(&p->changes);
    if (!ncm_plan_make(&s->ctx, p, err)) {
        ncm_plan_free(p);
        return NULL;
    }
    return p;
}

struct ncm_plan *small_do(struct small *s, struct ncm_intent *i, struct ncm_err *err)
{
    struct ncm_plan *p = small_plan(s, i, err);
    if (p != NULL && !ncm_plan_execute(&s->ctx, p, err)) {
        ncm_plan_free(p);
        return NULL;
    }
    return p;
}

struct ncm_intent *small_intent(enum ncm_intent_kind kind, const char *model, const char *version,
                                const char *key, const char *to)
{
    struct ncm_intent *i = ncm_intent_new(kind);
    ncm_intent_set(&i->model, model);
    ncm_intent_set(&i->version, version);
    ncm_intent_set(&i->key, key);
    ncm_intent_set(&i->to, to);
    return i;
}
