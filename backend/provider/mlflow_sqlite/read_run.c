/* One run with everything that the store knows of it. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "provider/mlflow_sqlite/read.h"

/* One statement over ?1 = id, a callback a row. */
static bool each(struct ncm_conn *c, const char *sql, const char *id,
                 void (*row)(void *to, struct ncm_stmt *st, struct ncm_arena *a), void *to,
                 struct ncm_arena *a, struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_prepare(c->db, sql, &st, err))
        return false;
    ncm_bind_cstr(st, 1, id);
    bool more = false, ok;
    while ((ok = ncm_stmt_step(st, &more, err)) && more)
        row(to, st, a);
    ncm_stmt_end(st);
    return ok;
}

void sqlite_fill_run(struct ncm_stmt *st, int first, struct ncm_arena *a, struct ncm_run *r)
{
    r->id = ncm_col_dup(st, first, a);
    r->name = ncm_col_dup(st, first + 1, a);
    r->experiment_id = ncm_col_dup(st, first + 2, a);
    r->user = ncm_col_dup(st, first + 3, a);
    r->status_text = ncm_col_dup(st, first + 4, a);
    r->status = ncm_run_status_of(ncm_cstr(r->status_text));
    r->start_ms = sqlite_time(st, first + 5);
    r->end_ms = sqlite_time(st, first + 6);
    r->lifecycle = ncm_str_is(ncm_col_text(st, first + 7), "deleted") ? NCM_DELETED : NCM_ACTIVE;
    r->artifact_uri = ncm_col_dup(st, first + 8, a);
}

static void add_metric(void *to, struct ncm_stmt *st, struct ncm_arena *a)
{
    struct ncm_metric *m = ncm_list_add(to);
    m->key = ncm_col_dup(st, 0, a);
    m->value = sqlite_metric_value(st, 1, 2);
    m->timestamp_ms = sqlite_time(st, 3);
    m->step = ncm_col_i64(st, 4);
}

static void add_kv(void *to, struct ncm_stmt *st, struct ncm_arena *a)
{
    struct ncm_kv *kv = ncm_list_add(to);
    kv->key = ncm_col_dup(st, 0, a);
    kv->value = ncm_col_dup(st, 1, a);
}

static void add_input(void *to, struct ncm_stmt *st, struct ncm_arena *a)
{
    struct ncm_dataset_input *in = ncm_list_add(to);
    in->name = ncm_col_dup(st, 0, a);
    in->digest = ncm_col_dup(st, 1, a);
    in->source_type = ncm_col_dup(st, 2, a);
    in->source = ncm_col_dup(st, 3, a);
    in->context = ncm_col_dup(st, 4, a);
}

static void add_logged_model(void *to, struct ncm_stmt *st, struct ncm_arena *a)
{
    static const char *const words[] = {"UNSPECIFIED", "PENDING", "READY", "FAILED"};
    struct ncm_logged_model *m = ncm_list_add(to);
    m->id = ncm_col_dup(st, 0, a);
    m->name = ncm_col_dup(st, 1, a);
    int64_t status = ncm_col_i64(st, 2);
    bool known = status >= 0 && status < 4;
    m->status = known ? ncm_arena_cstr(a, words[status]) : ncm_col_dup(st, 2, a);
    m->artifact_location = ncm_col_dup(st, 3, a);
    m->model_type = ncm_col_dup(st, 4, a);
}

static void add_version(void *to, struct ncm_stmt *st, struct ncm_arena *a)
{
    struct ncm_version_ref *v = ncm_list_add(to);
    v->model = ncm_col_dup(st, 0, a);
    v->version = ncm_col_dup(st, 1, a);
    v->stage = ncm_col_dup(st, 2, a);
}

static bool load_values(struct ncm_conn *c, const char *id, struct ncm_arena *a, struct ncm_run *r,
                        struct ncm_err *err)
{
    struct ncm_list metrics = {.size = sizeof(struct ncm_metric)};
    struct ncm_list params = {.size = sizeof(struct ncm_kv)};
    struct ncm_list tags = {.size = sizeof(struct ncm_kv)};
    bool ok =
        each(c,
             "SELECT key, value, is_nan, timestamp, step FROM latest_metrics"
             " WHERE run_uuid=?1",
             id, add_metric, &metrics, a, err) &&
        each(c, "SELECT key, value FROM params WHERE run_uuid=?1", id, add_kv, &params, a, err) &&
        each(c, "SELECT key, value FROM tags WHERE run_uuid=?1", id, add_kv, &tags, a, err);
    r->n_metrics = metrics.n;
    r->metrics = ncm_list_move(&metrics, a);
    r->n_params = params.n;
    r->params = ncm_list_move(&params, a);
    r->n_tags = tags.n;
    r->tags = ncm_list_move(&tags, a);
    ncm_run_sort(r);
    return ok;
}

static bool load_relations(struct ncm_conn *c, const char *id, struct ncm_arena *a,
                           struct ncm_run *r, struct ncm_err *err)
{
    struct ncm_list inputs = {.size = sizeof(struct ncm_dataset_input)};
    struct ncm_list models = {.size = sizeof(struct ncm_logged_model)};
    struct ncm_list versions = {.size = sizeof(struct ncm_version_ref)};
    bool ok = true;
    if (c->schema.has_inputs)
        ok = each(c,
                  "SELECT d.name, d.digest, d.dataset_source_type, d.dataset_source,"
                  " (SELECT t.value FROM input_tags t WHERE t.input_uuid=i.input_uuid"
                  " AND t.name='mlflow.data.context')"
                  " FROM inputs i JOIN datasets d ON d.dataset_uuid=i.source_id"
                  " WHERE i.destination_type='RUN' AND i.destination_id=?1"
                  " AND i.source_type='DATASET' ORDER BY i.rowid",
                  id, add_input, &inputs, a, err);
    if (ok && c->schema.has_logged_models)
        ok = each(c,
                  "SELECT m.model_id, m.name, m.status, m.artifact_location, m.model_type"
                  " FROM logged_models m WHERE (m.source_run_id=?1 OR m.model_id IN"
                  " (SELECT i.destination_id FROM inputs i WHERE i.source_type='RUN_OUTPUT'"
                  " AND i.source_id=?1 AND i.destination_type='MODEL_OUTPUT'))"
                  " AND m.lifecycle_stage IS NOT 'deleted' ORDER BY m.rowid",
                  id, add_logged_model, &models, a, err);
    if (ok && c->schema.has_registry) {
        char *sql = ncm_sprintf("SELECT name, version, current_stage FROM model_versions"
                                " WHERE run_id=?1 AND current_stage<>'Deleted_Internal'%s"
                                " ORDER BY name, version DESC",
                                sqlite_workspace(c));
        ok = each(c, sql, id, add_version, &versions, a, err);
        ncm_free(sql);
    }
    r->n_inputs = inputs.n;
    r->inputs = ncm_list_move(&inputs, a);
    r->n_logged_models = models.n;
    r->logged_models = ncm_list_move(&models, a);
    r->n_versions = versions.n;
    r->versions = ncm_list_move(&versions, a);
    return ok;
}

static void take_run(void *to, struct ncm_stmt *st, struct ncm_arena *a)
{
    sqlite_fill_run(st, 0, a, to);
}

bool sqlite_load_run(struct ncm_conn *c, const char *id, struct ncm_arena *a, struct ncm_run *out,
                     struct ncm_err *err)
{
    *out = (struct ncm_run){0};
    if (!each(c, "SELECT " SQLITE_RUN_COLUMNS " FROM runs WHERE run_uuid=?1", id, take_run, out, a,
              err))
        return false;
    if (out->id.p == NULL)
        return ncm_fail(err, NCM_NOT_FOUND, _("There is no run %s in this store."), id);
    if (!load_values(c, id, a, out, err) || !load_relations(c, id, a, out, err))
        return false;
    ncm_run_defaults(out);
    return true;
}

enum { PREFIX_LEAST = 4 };

/* Whether a text can be the beginning of an id: letters and digits, and not a whole one. */
static bool is_prefix(const char *s)
{
    size_t n = strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return n >= PREFIX_LEAST && n < 32 && s[n] == '\0';
}

/* The one run whose id begins so; several are NCM_USAGE, none leaves *id as it is. */
static bool by_prefix(struct ncm_conn *c, const char **id, struct ncm_arena *a, struct ncm_err *err)
{
    struct ncm_str found[2] = {{0}};
    struct ncm_stmt *st;
    size_t n = 0;
    if (!ncm_db_prepare(c->db,
                        "SELECT run_uuid FROM runs WHERE run_uuid>=?1 AND run_uuid<?2"
                        " ORDER BY run_uuid LIMIT 2",
                        &st, err))
        return false;
    char *end = ncm_strdup(*id);
    end[strlen(end) - 1]++; /* the first text that no longer begins so */
    ncm_bind_cstr(st, 1, *id);
    ncm_bind_cstr(st, 2, end);
    bool more = false, ok;
    while ((ok = ncm_stmt_step(st, &more, err)) && more && n < 2)
        found[n++] = ncm_col_dup(st, 0, a);
    ncm_stmt_end(st);
    ncm_free(end);
    if (ok && n == 2 && !ncm_str_is(found[0], *id)) {
        ncm_fail(err, NCM_USAGE, _("The ids of several runs begin with '%s'"), *id);
        return ncm_hint(err, _("two of them are %s and %s"), ncm_cstr(found[0]),
                        ncm_cstr(found[1]));
    }
    if (ok && n > 0)
        *id = ncm_cstr(found[0]);
    return ok;
}

bool read_run(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_run_snapshot *s = ncm_snapshot_new(NCM_T_RUN, sizeof(*s));
    const char *id = f->query->id != NULL ? f->query->id : "";
    if ((is_prefix(id) && !by_prefix(c, &id, s->head.arena, err)) ||
        !sqlite_load_run(c, id, s->head.arena, &s->run, err)) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}
