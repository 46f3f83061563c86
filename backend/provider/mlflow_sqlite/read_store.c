/* Topics STORE, EXPERIMENTS and RUN_KEYS. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/map.h"
#include "base/num.h"
#include "provider/mlflow_sqlite/read.h"

/* Above so many runs the experiments are shown before their runs are counted. */
#define LARGE 20000
/* Most keys of one kind. */
#define MOST_KEYS 100000

/* Why this user cannot write the file (its journal needs the folder too); NULL where it can. */
static const char *unwritable(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash == NULL ? ncm_strdup(".")
                              : ncm_strndup(path, slash == path ? 1 : (size_t)(slash - path));
    const char *why = NULL;
    if (access(path, W_OK) != 0)
        why = errno == EROFS ? _("it lies on a read-only file system")
                             : _("this user may not write to the file");
    else if (access(dir, W_OK | X_OK) != 0)
        why = _("this user may not write to its folder, where a change needs its journal");
    ncm_free(dir);
    return why;
}

bool read_store(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_store_snapshot *s = ncm_snapshot_new(NCM_T_STORE, sizeof(*s));
    struct ncm_arena *a = s->head.arena;
    const struct sqlite_schema *schema = &c->schema;
    s->kind = ncm_arena_cstr(a, "MLflow SQLite");
    s->location = ncm_arena_cstr(a, c->path);
    s->schema = ncm_arena_cstr(a, schema->revision);
    s->release = ncm_arena_cstr(a, schema->release);
    s->writable = schema->writable;
    if (!s->writable)
        s->why_read_only = ncm_arena_cstr(a, schema->why_not);
    const char *why = s->writable ? unwritable(c->path) : NULL;
    if (why != NULL) {
        s->writable = false;
        s->why_read_only = ncm_arena_cstr(a, why);
    }
    s->has_registry = schema->has_registry;
    s->has_stages = schema->has_registry;
    s->has_aliases = schema->has_aliases;
    s->has_inputs = schema->has_inputs;
    s->has_logged_models = schema->has_logged_models;
    s->server = sqlite_find_server(c->path, a);
    s->n_models = 0;
    bool ok = ncm_db_i64(c->db, "SELECT count(*) FROM experiments WHERE lifecycle_stage='active'",
                         0, &s->n_experiments, err) &&
              ncm_db_i64(c->db, "SELECT count(*) FROM runs", 0, &s->n_runs, err) &&
              (!schema->has_registry_tags ||
               ncm_db_i64(c->db,
                          "SELECT count(*) FROM registered_models m WHERE NOT EXISTS"
                          " (SELECT 1 FROM registered_model_tags t WHERE t.name=m.name AND"
                          " t.key='mlflow.prompt.is_prompt' AND t.value='true')",
                          0, &s->n_models, err));
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}

/* What the runs of one experiment add up to, found by its id. */
struct counts {
    struct ncm_map *index;
    struct tally {
        int64_t active, running, newest;
    } * items;
    size_t n, cap;
};

/* Columns: experiment, lifecycle, running, count, newest start. */
static bool count_row(void *to, struct ncm_stmt *st, struct ncm_err *err)
{
    struct counts *k = to;
    struct ncm_str id = ncm_col_text(st, 0);
    size_t i;
    (void)err;
    if (id.p == NULL)
        return true;
    if (!ncm_map_get(k->index, id.p, id.len, &i)) {
        k->items = ncm_grow(k->items, k->n, &k->cap, sizeof(*k->items));
        i = k->n++;
        k->items[i] = (struct tally){0, 0, NCM_NO_TIME};
        ncm_map_set(k->index, id.p, id.len, i);
    }
    struct tally *t = &k->items[i];
    if (!ncm_str_is(ncm_col_text(st, 1), "active"))
        return true;
    t->active += ncm_col_i64(st, 3);
    if (ncm_col_i64(st, 2) != 0)
        t->running += ncm_col_i64(st, 3);
    int64_t newest = sqlite_time(st, 4);
    if (newest > t->newest)
        t->newest = newest;
    return true;
}

static bool load_tags(struct ncm_conn *c, struct ncm_arena *a, struct ncm_experiment *e,
                      struct ncm_err *err)
{
    struct ncm_list tags = {.size = sizeof(struct ncm_kv)};
    struct ncm_stmt *st;
    if (!ncm_db_prepare(c->db,
                        "SELECT key, value FROM experiment_tags WHERE experiment_id=?1"
                        " ORDER BY key",
                        &st, err))
        return false;
    ncm_bind_cstr(st, 1, ncm_cstr(e->id)); /* the column's affinity makes it a number */
    bool row = false, ok;
    while ((ok = ncm_stmt_step(st, &row, err)) && row) {
        struct ncm_kv *kv = ncm_list_add(&tags);
        kv->key = ncm_col_dup(st, 0, a);
        kv->value = ncm_col_dup(st, 1, a);
    }
    ncm_stmt_end(st);
    e->n_tags = tags.n;
    e->tags = ncm_list_move(&tags, a);
    return ok;
}

static bool load_experiments(struct ncm_conn *c, const struct ncm_query *q, struct ncm_arena *a,
                             struct ncm_list *out, struct ncm_err *err)
{
    struct ncm_stmt *st;
    const char *times = c->schema.has_experiment_times ? "creation_time, last_update_time"
                                                       : "NULL AS c, NULL AS last_update_time";
    const char *which = q->view == NCM_VIEW_ACTIVE    ? "lifecycle_stage='active'"
                        : q->view == NCM_VIEW_DELETED ? "lifecycle_stage='deleted'"
                                                      : "1";
    char *sql = ncm_sprintf("SELECT experiment_id, name, artifact_location, lifecycle_stage, %s"
                            " FROM experiments WHERE %s%s"
                            " ORDER BY last_update_time IS NULL, last_update_time DESC,"
                            " experiment_id",
                            times, which, sqlite_workspace(c));
    bool ok = ncm_db_prepare(c->db, sql, &st, err);
    ncm_free(sql);
    if (!ok)
        return false;
    bool row = false;
    while ((ok = ncm_stmt_step(st, &row, err)) && row) {
        struct ncm_experiment *e = ncm_list_add(out);
        e->id = ncm_col_dup(st, 0, a);
        e->name = ncm_col_dup(st, 1, a);
        e->artifact_location = ncm_col_dup(st, 2, a);
        e->lifecycle = ncm_str_is(ncm_col_text(st, 3), "deleted") ? NCM_DELETED : NCM_ACTIVE;
        e->creation_ms = sqlite_time(st, 4);
        e->last_update_ms = sqlite_time(st, 5);
        e->run_count = e->running_count = -1;
        e->newest_start_ms = NCM_NO_TIME;
    }
    ncm_stmt_end(st);
    for (size_t i = 0; ok && i < out->n; i++)
        ok = load_tags(c, a, (struct ncm_experiment *)out->items + i, err);
    return ok;
}

static bool publish_experiments(struct ncm_conn *c, struct ncm_fetch *f, const struct counts *k,
                                struct ncm_err *err)
{
    struct ncm_experiments_snapshot *s = ncm_snapshot_new(NCM_T_EXPERIMENTS, sizeof(*s));
    struct ncm_list list = {.size = sizeof(struct ncm_experiment)};
    bool ok = load_experiments(c, f->query, s->head.arena, &list, err);
    s->n = list.n;
    s->items = ncm_list_move(&list, s->head.arena);
    s->head.provisional = k == NULL;
    for (size_t i = 0; k != NULL && i < s->n; i++) {
        struct ncm_experiment *e = &s->items[i];
        size_t at;
        e->run_count = e->running_count = 0;
        if (!ncm_map_get(k->index, e->id.p, e->id.len, &at))
            continue;
        e->run_count = k->items[at].active;
        e->running_count = k->items[at].running;
        e->newest_start_ms = k->items[at].newest;
    }
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}

bool read_experiments(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct counts k = {0};
    struct sqlite_scan scan = {
        .table = "runs",
        .sql = "SELECT experiment_id, lifecycle_stage, status='RUNNING', count(*), max(start_time)"
               " FROM runs WHERE rowid>?1 AND rowid<=?2 GROUP BY 1, 2, 3",
        .row = count_row,
        .to = &k,
        .tell = true,
    };
    int64_t last;
    if (!sqlite_last_rowid(c, "runs", &last, err))
        return false;
    if (last > LARGE && f->previous == NULL && !publish_experiments(c, f, NULL, err))
        return false;
    k.index = ncm_map_new();
    bool ok = sqlite_scan(c, f, &scan, err) && publish_experiments(c, f, &k, err);
    ncm_map_free(k.index);
    ncm_free(k.items);
    return ok;
}

/* One seek a key through the index on (key, run). */
static bool load_keys(struct ncm_conn *c, const char *table, struct ncm_arena *a,
                      struct ncm_str **out, size_t *n, struct ncm_err *err)
{
    struct ncm_list list = {.size = sizeof(struct ncm_str)};
    char *sql = ncm_sprintf("SELECT min(key) FROM %s WHERE key > ?1", table);
    struct ncm_str last = {"", 0};
    bool ok = true, more = true;
    while (ok && more && list.n < MOST_KEYS) {
        struct ncm_stmt *st;
        bool row = false;
        if (!(ok = ncm_db_prepare(c->db, sql, &st, err)))
            break;
        ncm_bind_text(st, 1, last.p, last.len);
        ok = ncm_stmt_step(st, &row, err);
        more = ok && row && !ncm_col_null(st, 0);
        if (more) {
            struct ncm_str *key = ncm_list_add(&list);
            *key = last = ncm_col_dup(st, 0, a);
        }
        ncm_stmt_end(st);
    }
    ncm_free(sql);
    *n = list.n;
    *out = ncm_list_move(&list, a);
    return ok;
}

bool read_run_keys(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_run_keys_snapshot *s = ncm_snapshot_new(NCM_T_RUN_KEYS, sizeof(*s));
    struct ncm_arena *a = s->head.arena;
    if (!load_keys(c, "latest_metrics", a, &s->metrics, &s->n_metrics, err) ||
        !load_keys(c, "params", a, &s->params, &s->n_params, err) ||
        !load_keys(c, "tags", a, &s->tags, &s->n_tags, err)) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}
