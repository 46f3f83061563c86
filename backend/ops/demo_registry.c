/* The demo's registered models: versions, stages, aliases, logged models, and who moved what when.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ops/demo_parts.h"
#include "provider/mark.h"

#define DAY_MS 86400000.0

static const struct ncm_demo_run *run_of(const struct ncm_demo_run *plan, size_t n,
                                         const struct ncm_demo_model *m, int version)
{
    int number = ncm_demo_version_number(m, version);
    for (size_t i = 0; i < n; i++) {
        if (plan[i].experiment_id == m->experiment + 1 && plan[i].number == number &&
            !plan[i].live) {
            return &plan[i];
        }
    }
    return NULL;
}

static void logged_model(struct ncm_demo *d, const struct ncm_demo_model *m, int version,
                         const struct ncm_demo_run *r, const char *model_id, const char *folder)
{
    int64_t at = r->end_ms - 20000;
    int64_t experiment = r->experiment_id;
    char edge[33];
    ncm_demo_id(ncm_demo_hash(r->id), 11, edge);
    ncm_demo_put(d,
                 "INSERT INTO logged_models(model_id,experiment_id,name,artifact_location,"
                 "creation_timestamp_ms,last_updated_timestamp_ms,status,lifecycle_stage,"
                 "model_type,source_run_id) VALUES(?,?,?,?,?,?,2,'active','',?)",
                 "sissiis", model_id, experiment, m->name, folder, at, at + 4000, r->id);
    ncm_demo_put(d,
                 "INSERT INTO inputs(input_uuid,source_type,source_id,destination_type,"
                 "destination_id,step) VALUES(?,'RUN_OUTPUT',?,'MODEL_OUTPUT',?,0)",
                 "sss", edge, r->id, model_id);
    ncm_demo_put(d,
                 "INSERT INTO logged_model_params(model_id,experiment_id,param_key,param_value) "
                 "SELECT ?,?,key,value FROM params WHERE run_uuid=?",
                 "sis", model_id, experiment, r->id);
    ncm_demo_put(d,
                 "INSERT INTO logged_model_metrics(model_id,metric_name,metric_timestamp_ms,"
                 "metric_step,metric_value,experiment_id,run_id) "
                 "SELECT ?,key,timestamp,step,value,?,run_uuid FROM latest_metrics "
                 "WHERE run_uuid=? AND is_nan=0",
                 "sis", model_id, experiment, r->id);
    char *made = ncm_sprintf("[{\"name\": \"%s\", \"version\": %d}]", m->name, version);
    static const char insert[] =
        "INSERT INTO logged_model_tags(model_id,experiment_id,tag_key,tag_value) VALUES(?,?,?,?)";
    ncm_demo_put(d, insert, "siss", model_id, experiment, "mlflow.user", r->user);
    ncm_demo_put(d, insert, "siss", model_id, experiment, "mlflow.source.name",
                 r->experiment->source);
    ncm_demo_put(d, insert, "siss", model_id, experiment, "mlflow.source.type", "LOCAL");
    ncm_demo_put(d, insert, "siss", model_id, experiment, "mlflow.modelVersions", made);
    ncm_free(made);
}

static void version_tag(struct ncm_demo *d, const struct ncm_demo_model *m, int version,
                        const char *key, const char *value)
{
    ncm_demo_put(d,
                 "INSERT INTO model_version_tags(key,value,name,version,workspace) "
                 "VALUES(?,?,?,?,'default')",
                 "sssi", key, value, m->name, (int64_t)version);
}

static int64_t write_version(struct ncm_demo *d, const struct ncm_demo_model *m, int version,
                             const struct ncm_demo_run *r)
{
    const struct ncm_demo_version *v = &m->versions[version - 1];
    char id[33], model_id[36];
    ncm_demo_id(ncm_demo_hash(r->id), 10, id);
    snprintf(model_id, sizeof model_id, "m-%s", id);
    char *folder =
        ncm_sprintf("%s/mlruns/%d/models/%s/artifacts", d->root, r->experiment_id, model_id);
    char *source = ncm_sprintf("models:/%s", model_id);
    int64_t created = r->end_ms + 240000, updated = created;
    for (int i = 0; i < 16 && m->moves[i].version != 0; i++) {
        int64_t at = d->now_ms - (int64_t)(m->moves[i].days_ago * DAY_MS);
        updated = m->moves[i].version == version && at > updated ? at : updated;
    }
    logged_model(d, m, version, r, model_id, folder);
    ncm_demo_model_files(d, r, model_id, folder, r->end_ms);
    ncm_demo_run_files(d, r);
    ncm_demo_put(
        d,
        "INSERT INTO model_versions(name,version,creation_time,last_updated_time,"
        "description,user_id,current_stage,source,run_id,status,status_message,run_link,"
        "storage_location,workspace) VALUES(?,?,?,?,?,?,?,?,?,'READY',NULL,'',?,'default')",
        "siiissssss", m->name, (int64_t)version, created, updated, v->note, r->user, v->stage,
        source, r->id, folder);
    version_tag(d, m, version, "validation",
                v->quality > 0.55 || strcmp(v->stage, "None") != 0 ? "passed" : "failed");
    ncm_free(source);
    ncm_free(folder);
    return updated;
}

/* One transition tag, as ncmlops itself leaves it; alias NULL for stages. */
static void transition(struct ncm_demo *d, const struct ncm_demo_model *m, int version,
                       const struct ncm_demo_move *move, const char *alias, const char *from,
                       const char *to)
{
    struct ncm_buf text;
    const struct ncm_mark mark = {.actor = move->actor, .reason = move->reason};
    int64_t at = d->now_ms - (int64_t)(move->days_ago * DAY_MS);
    ncm_buf_init(&text, 4096);
    ncm_mark_text(&mark, at, alias, from, to, &text);
    char id[33];
    uint64_t when = (uint64_t)(move->days_ago * 100);
    ncm_demo_id(ncm_demo_mix(ncm_demo_hash(m->name), when, alias != NULL), 1, id);
    char *key = ncm_sprintf(NCM_MARK_PREFIX "%.16s", id);
    version_tag(d, m, version, key, text.p);
    ncm_free(key);
    ncm_buf_release(&text);
}

/* The version that made room for this move; 0 where there was none. */
static int replaced_by(const struct ncm_demo_model *m, const struct ncm_demo_move *move)
{
    for (const struct ncm_demo_move *o = m->moves; o < m->moves + 16 && o->version != 0; o++) {
        if (o->days_ago == move->days_ago && o->version != move->version &&
            strcmp(o->from, "Production") == 0) {
            return o->version;
        }
    }
    return 0;
}

/* The stage; and the champion alias, which this team moves along with Production. */
static void write_move(struct ncm_demo *d, const struct ncm_demo_model *m,
                       const struct ncm_demo_move *move)
{
    if (m->stages) {
        transition(d, m, move->version, move, NULL, move->from, move->to);
    }
    if (m->champion == NULL || strcmp(move->to, "Production") != 0) {
        return;
    }
    char now[16], before[16];
    int old = replaced_by(m, move);
    snprintf(now, sizeof now, "%d", move->version);
    snprintf(before, sizeof before, "%d", old);
    transition(d, m, move->version, move, m->champion, old != 0 ? before : NULL, now);
    if (old != 0) {
        transition(d, m, old, move, m->champion, before, now);
    }
}

static void alias(struct ncm_demo *d, const struct ncm_demo_model *m, const char *name, int version)
{
    if (name != NULL) {
        ncm_demo_put(d,
                     "INSERT INTO registered_model_aliases(alias,version,name,workspace) "
                     "VALUES(?,?,?,'default')",
                     "sis", name, (int64_t)version, m->name);
    }
}

static void model_tag(struct ncm_demo *d, const struct ncm_demo_model *m, const char *key,
                      const char *value)
{
    ncm_demo_put(d,
                 "INSERT INTO registered_model_tags(key,value,name,workspace) "
                 "VALUES(?,?,?,'default')",
                 "sss", key, value, m->name);
}

void ncm_demo_write_registry(struct ncm_demo *d, const struct ncm_demo_run *plan, size_t n)
{
    for (size_t i = 0; i < ncm_demo_n_models && d->ok; i++) {
        const struct ncm_demo_model *m = &ncm_demo_models[i];
        const struct ncm_demo_run *first = run_of(plan, n, m, 1);
        int64_t created = first != NULL ? first->end_ms + 239000 : d->now_ms, updated = created;
        ncm_demo_put(d,
                     "INSERT INTO registered_models(name,creation_time,last_updated_time,"
                     "description,workspace) VALUES(?,?,?,?,'default')",
                     "siis", m->name, created, created, m->note);
        for (int v = 1; v <= m->n_versions; v++) {
            const struct ncm_demo_run *r = run_of(plan, n, m, v);
            int64_t at = r != NULL ? write_version(d, m, v, r) : 0;
            updated = at > updated ? at : updated;
        }
        ncm_demo_put(d, "UPDATE registered_models SET last_updated_time=? WHERE name=?", "is",
                     updated, m->name);
        model_tag(d, m, "owner", m->owner);
        model_tag(d, m, "tier", m->tier);
        alias(d, m, m->champion, m->champion_of);
        alias(d, m, m->challenger, m->challenger_of);
        for (int k = 0; k < 16 && m->moves[k].version != 0; k++) {
            write_move(d, m, &m->moves[k]);
        }
    }
}
