#include "ops/demo.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/file.h"
#include "ops/demo_parts.h"
#include "ops/demo_predict.h"

#define DAY_MS INT64_C(86400000)
/* Far ahead of what MLflow stores show; only for the order of the list. */
#define FIRST_DAY 96

static void create_tables(struct ncm_demo *d)
{
    const char *const *const parts[] = {ncm_demo_schema_a, ncm_demo_schema_b};
    for (size_t p = 0; p < 2; p++) {
        for (size_t i = 0; parts[p][i] != NULL && d->ok; i++) {
            d->ok = ncm_db_exec(d->db, parts[p][i], d->err);
        }
    }
    ncm_demo_put(d, "INSERT INTO alembic_version(version_num) VALUES('dc11669786a5')", "");
    ncm_demo_put(d,
                 "INSERT INTO workspaces(name,description) "
                 "VALUES('default','Default workspace for legacy resources')",
                 "");
}

static void experiment_row(struct ncm_demo *d, int64_t id, const char *name, int64_t created,
                           int64_t updated)
{
    char *location = ncm_sprintf("%s/mlruns/%lld", d->root, (long long)id);
    ncm_demo_put(d,
                 "INSERT INTO experiments(experiment_id,name,artifact_location,lifecycle_stage,"
                 "creation_time,last_update_time,workspace) VALUES(?,?,?,?,?,?,'default')",
                 "isssii", id, name, location, "active", created, updated);
    ncm_free(location);
}

static void experiment_tag(struct ncm_demo *d, int64_t id, const char *key, const char *value)
{
    ncm_demo_put(d, "INSERT INTO experiment_tags(key,value,experiment_id) VALUES(?,?,?)", "ssi",
                 key, value, id);
}

static void write_dataset(struct ncm_demo *d, int64_t experiment,
                          const struct ncm_demo_experiment *e)
{
    char id[33], digest[9];
    ncm_demo_id(ncm_demo_hash(e->dataset), 1, id);
    snprintf(digest, sizeof digest, "%.8s", id);
    char *source = ncm_sprintf("{\"uri\": \"%s\"}", e->dataset_uri);
    char *profile =
        ncm_sprintf("{\"num_rows\": %d}", (int)(100000 + ncm_demo_hash(e->dataset) % 4000000));
    ncm_demo_put(d,
                 "INSERT INTO datasets(dataset_uuid,experiment_id,name,digest,dataset_source_type,"
                 "dataset_source,dataset_schema,dataset_profile) VALUES(?,?,?,?,?,?,NULL,?)",
                 "sisssss", id, experiment, e->dataset, digest,
                 e->dataset_uri[0] == 'g' ? "gs" : "s3", source, profile);
    ncm_free(profile);
    ncm_free(source);
}

static void write_experiments(struct ncm_demo *d)
{
    int64_t first = d->now_ms - FIRST_DAY * DAY_MS;
    experiment_row(d, 0, "Default", first, first);
    for (size_t i = 0; i < ncm_demo_n_experiments; i++) {
        const struct ncm_demo_experiment *e = &ncm_demo_experiments[i];
        int64_t id = (int64_t)i + 1;
        /* The list shows the newest update first: keep the order of the table. */
        int64_t made = first + (int64_t)(ncm_demo_n_experiments - i) * (DAY_MS / 2);
        experiment_row(d, id, e->name, made, made);
        experiment_tag(d, id, "mlflow.note.content", e->note);
        experiment_tag(d, id, "team", e->team);
        write_dataset(d, id, e);
    }
}

/* All rows in one transaction: a demo that was interrupted leaves nothing half made. */
static bool fill(struct ncm_demo *d)
{
    size_t n;
    struct ncm_demo_run *plan = ncm_demo_plan(d->now_ms, &n);
    d->ok = ncm_db_begin(d->db, d->err);
    create_tables(d);
    write_experiments(d);
    for (size_t i = 0; i < n && d->ok; i++) {
        ncm_demo_write_run(d, plan, &plan[i]);
    }
    ncm_demo_write_sweeps(d, plan, n);
    ncm_demo_write_registry(d, plan, n);
    ncm_free(plan);
    if (!d->ok) {
        ncm_db_rollback(d->db);
        return false;
    }
    return ncm_db_commit(d->db, d->err);
}

/* Makes it under a name of its own and moves it into place whole. */
static bool make_store(const char *root, const char *path, struct ncm_err *err)
{
    char tail[17];
    ncm_random_hex(tail, 8);
    char *fresh = ncm_sprintf("%s/.mlflow.db.%s", root, tail);
    struct ncm_demo d = {.root = ncm_strdup(root), .now_ms = ncm_now_ms(), .err = err, .ok = true};
    bool ok = ncm_db_open(fresh, NCM_DB_CREATE, 5000, NULL, &d.db, err);
    if (ok) {
        ok = fill(&d);
        ncm_db_close(d.db);
        if (ok && link(fresh, path) != 0 && access(path, F_OK) != 0) {
            ok = ncm_fail(err, NCM_IO, _("Cannot put the demo store at %s."), path);
        }
        unlink(fresh);
    }
    ncm_free(fresh);
    ncm_free(d.root);
    return ok;
}

static char *demo_folder(const char *dir)
{
    char *state = dir == NULL ? ncm_dir_state() : NULL;
    char *folder = dir == NULL ? ncm_path_join(state, "ncmlops-demo") : ncm_path_expand(dir, NULL);
    ncm_free(state);
    return folder;
}

char *ncm_demo_path(const char *dir)
{
    char *folder = demo_folder(dir);
    char *path = ncm_path_join(folder, "mlflow.db");
    ncm_free(folder);
    return path;
}

char *ncm_demo_config(const char *path)
{
    const char *slash = strrchr(path, '/');
    return ncm_sprintf("%.*s/config.yaml", slash != NULL ? (int)(slash - path) : 1,
                       slash != NULL ? path : ".");
}

bool ncm_demo_make(const char *dir, char **path, struct ncm_err *err)
{
    char *folder = demo_folder(dir);
    char absolute[PATH_MAX];
    bool ok = ncm_dir_make(folder, 0755, err);
    if (ok && realpath(folder, absolute) == NULL) {
        ok = ncm_fail(err, NCM_IO, _("Cannot use the folder %s."), folder);
    }
    if (ok) {
        struct ncm_file_info info;
        char *store = ncm_path_join(absolute, "mlflow.db");
        ok = ncm_file_stat(store, &info, err);
        if (ok && info.kind == NCM_FILE_NONE) {
            ok = make_store(absolute, store, err);
        }
        ok = ok && ncm_demo_predictions_make(absolute, ncm_now_ms(), err);
        if (ok) {
            *path = ncm_strdup(store);
        }
        ncm_free(store);
    }
    ncm_free(folder);
    return ok;
}
