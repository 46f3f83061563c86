/* Topic MODELS: the whole registry but prompts. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "provider/mlflow_sqlite/read.h"

struct load {
    struct ncm_conn *c;
    struct ncm_arena *arena;
    struct ncm_map *models;   /* name → index in models */
    struct ncm_map *versions; /* name NUL version → index in all */
    struct ncm_list list;     /* struct ncm_model, by name */
    struct ncm_list all;      /* struct ncm_model_version, by model, highest first */
};

static bool each(struct load *l, const char *sql, void (*row)(struct load *l, struct ncm_stmt *st),
                 struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_prepare(l->c->db, sql, &st, err))
        return false;
    bool more = false, ok;
    while ((ok = ncm_stmt_step(st, &more, err)) && more)
        row(l, st);
    ncm_stmt_end(st);
    return ok;
}

static struct ncm_model *model_at(struct load *l, size_t i)
{
    return (struct ncm_model *)l->list.items + i;
}

static struct ncm_model *find_model(struct load *l, struct ncm_str name)
{
    size_t i;
    return name.p != NULL && ncm_map_get(l->models, name.p, name.len, &i) ? model_at(l, i) : NULL;
}

/* name NUL version: names hold no NUL. */
static void version_key(struct ncm_buf *key, struct ncm_str name, struct ncm_str version)
{
    ncm_buf_clear(key);
    ncm_buf_add(key, name.p, name.len);
    ncm_buf_putc(key, '\0');
    ncm_buf_add(key, version.p, version.len);
}

static struct ncm_model_version *find_version(struct load *l, struct ncm_str name,
                                              struct ncm_str version)
{
    struct ncm_buf key;
    size_t i;
    if (name.p == NULL || version.p == NULL)
        return NULL;
    ncm_buf_init(&key, 1 << 20);
    version_key(&key, name, version);
    bool found = ncm_map_get(l->versions, key.p, key.len, &i);
    ncm_buf_release(&key);
    return found ? (struct ncm_model_version *)l->all.items + i : NULL;
}

static void add_model(struct load *l, struct ncm_stmt *st)
{
    struct ncm_model *m = ncm_list_add(&l->list);
    m->name = ncm_col_dup(st, 0, l->arena);
    m->description = ncm_col_dup(st, 1, l->arena);
    m->creation_ms = sqlite_time(st, 2);
    m->last_updated_ms = sqlite_time(st, 3);
    ncm_map_set(l->models, m->name.p, m->name.len, l->list.n - 1);
}

static void add_version(struct load *l, struct ncm_stmt *st)
{
    struct ncm_arena *a = l->arena;
    struct ncm_buf key;
    struct ncm_model *m = find_model(l, ncm_col_text(st, 0));
    if (m == NULL)
        return;
    struct ncm_model_version *v = ncm_list_add(&l->all);
    v->model = m->name;
    v->version = ncm_col_dup(st, 1, a);
    v->number = ncm_col_i64(st, 1);
    v->stage_text = ncm_col_dup(st, 2, a);
    if (!ncm_stage_of(ncm_cstr(v->stage_text), &v->stage))
        v->stage = NCM_STAGE_NONE;
    v->creation_ms = sqlite_time(st, 3);
    v->last_updated_ms = sqlite_time(st, 4);
    v->user = ncm_col_dup(st, 5, a);
    v->description = ncm_col_dup(st, 6, a);
    v->source = ncm_col_dup(st, 7, a);
    v->run_id = ncm_col_dup(st, 8, a);
    v->status = ncm_col_dup(st, 9, a);
    v->status_message = ncm_col_dup(st, 10, a);
    v->run_link = ncm_col_dup(st, 11, a);
    m->n_versions++;
    ncm_buf_init(&key, 1 << 20);
    version_key(&key, v->model, v->version);
    ncm_map_set(l->versions, key.p, key.len, l->all.n - 1);
    ncm_buf_release(&key);
}

/* Arrays that grow within the arena, one record at a time: doubled at powers of two. */
static void *one_more(struct ncm_arena *a, void *items, size_t n, size_t size)
{
    if (n > 0 && (n & (n - 1)) != 0)
        return items;
    void *to = ncm_arena_alloc(a, n == 0 ? 1 : n * 2, size);
    if (n > 0)
        memcpy(to, items, n * size);
    return to;
}

static void add_model_tag(struct load *l, struct ncm_stmt *st)
{
    struct ncm_model *m = find_model(l, ncm_col_text(st, 0));
    if (m == NULL)
        return;
    m->tags = one_more(l->arena, m->tags, m->n_tags, sizeof(*m->tags));
    m->tags[m->n_tags++] =
        (struct ncm_kv){ncm_col_dup(st, 1, l->arena), ncm_col_dup(st, 2, l->arena)};
}

static void add_version_tag(struct load *l, struct ncm_stmt *st)
{
    struct ncm_model_version *v = find_version(l, ncm_col_text(st, 0), ncm_col_text(st, 3));
    if (v == NULL)
        return;
    v->tags = one_more(l->arena, v->tags, v->n_tags, sizeof(*v->tags));
    v->tags[v->n_tags++] =
        (struct ncm_kv){ncm_col_dup(st, 1, l->arena), ncm_col_dup(st, 2, l->arena)};
}

static void add_alias(struct load *l, struct ncm_stmt *st)
{
    struct ncm_model *m = find_model(l, ncm_col_text(st, 0));
    if (m == NULL)
        return;
    m->aliases = one_more(l->arena, m->aliases, m->n_aliases, sizeof(*m->aliases));
    struct ncm_alias *alias = &m->aliases[m->n_aliases++];
    alias->name = ncm_col_dup(st, 1, l->arena);
    alias->version = ncm_col_dup(st, 2, l->arena);
    struct ncm_model_version *v = find_version(l, m->name, alias->version);
    alias->dangling = v == NULL;
    if (v == NULL)
        return;
    v->aliases = one_more(l->arena, v->aliases, v->n_aliases, sizeof(*v->aliases));
    v->aliases[v->n_aliases++] = alias->name;
}

/* A statement with the workspace condition in place of %s. */
static bool each_in(struct load *l, const char *before, const char *after,
                    void (*row)(struct load *l, struct ncm_stmt *st), struct ncm_err *err)
{
    char *sql = ncm_sprintf("%s%s%s", before, sqlite_workspace(l->c), after);
    bool ok = each(l, sql, row, err);
    ncm_free(sql);
    return ok;
}

static bool load_all(struct load *l, struct ncm_err *err)
{
    const struct sqlite_schema *s = &l->c->schema;
    bool ok =
        each_in(l,
                s->has_registry_tags ? "SELECT name, description, creation_time, last_updated_time"
                                       " FROM registered_models m WHERE NOT EXISTS (SELECT 1 FROM"
                                       " registered_model_tags t WHERE t.name=m.name AND"
                                       " t.key='mlflow.prompt.is_prompt' AND t.value='true')"
                                     : "SELECT name, description, creation_time, last_updated_time"
                                       " FROM registered_models m WHERE 1",
                " ORDER BY name", add_model, err);
    ok = ok && each_in(l,
                       s->has_run_link
                           ? "SELECT name, version, current_stage, creation_time,"
                             " last_updated_time, user_id, description, source, run_id, status,"
                             " status_message, run_link FROM model_versions"
                             " WHERE current_stage IS NOT 'Deleted_Internal'"
                           : "SELECT name, version, current_stage, creation_time,"
                             " last_updated_time, user_id, description, source, run_id, status,"
                             " status_message, NULL FROM model_versions"
                             " WHERE current_stage IS NOT 'Deleted_Internal'",
                       " ORDER BY name, version DESC", add_version, err);
    if (ok && s->has_registry_tags)
        ok = each_in(l, "SELECT name, key, value FROM registered_model_tags WHERE 1",
                     " ORDER BY name, key", add_model_tag, err) &&
             each_in(l, "SELECT name, key, value, version FROM model_version_tags WHERE 1",
                     " ORDER BY name, version, key", add_version_tag, err);
    if (ok && s->has_aliases)
        ok = each_in(l, "SELECT name, alias, version FROM registered_model_aliases WHERE 1",
                     " ORDER BY name, alias", add_alias, err);
    return ok;
}

/* Versions come grouped by name in the models' own order, so each model takes a slice. */
static void share_out(struct load *l, struct ncm_models_snapshot *s)
{
    size_t at = 0;
    s->n = l->list.n;
    s->items = ncm_list_move(&l->list, l->arena);
    struct ncm_model_version *versions = ncm_list_move(&l->all, l->arena);
    for (size_t i = 0; i < s->n; i++) {
        s->items[i].versions = s->items[i].n_versions > 0 ? versions + at : NULL;
        at += s->items[i].n_versions;
    }
}

bool read_models(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_models_snapshot *s = ncm_snapshot_new(NCM_T_MODELS, sizeof(*s));
    struct load l = {.c = c,
                     .arena = s->head.arena,
                     .models = ncm_map_new(),
                     .versions = ncm_map_new(),
                     .list = {.size = sizeof(struct ncm_model)},
                     .all = {.size = sizeof(struct ncm_model_version)}};
    bool ok = !c->schema.has_registry || load_all(&l, err);
    share_out(&l, s);
    ncm_map_free(l.models);
    ncm_map_free(l.versions);
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}
