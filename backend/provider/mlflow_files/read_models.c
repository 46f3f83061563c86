/* Topic MODELS: the registry in models/, one unit of work a model. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/num.h"
#include "provider/mlflow_files/registry.h"

#define MOST_MODELS   1000000
#define MOST_VERSIONS 1000000
#define PROMPT_TAG    "mlflow.prompt.is_prompt"

int64_t files_version_number(const char *folder)
{
    int64_t n = 0;
    return strncmp(folder, "version-", 8) == 0 && ncm_parse_i64(folder + 8, &n) && n > 0 ? n : 0;
}

/* One model on its way: read by a worker into an arena of its own. */
struct loading {
    char *name;
    struct ncm_arena *arena;
    struct ncm_model model;
    bool ok;
};

struct registry {
    char *dir;
    struct ncm_list models; /* struct loading */
};

static void found_model(void *to, const char *name, enum ncm_file_kind kind, bool link)
{
    struct registry *r = to;
    (void)link;
    if (kind == NCM_FILE_DIR)
        ((struct loading *)ncm_list_add(&r->models))->name = ncm_strdup(name);
}

static bool list_models(struct ncm_conn *c, struct registry *r, struct ncm_err *err)
{
    bool more;
    *r = (struct registry){.dir = files_path(c->root, "models"),
                           .models = {.size = sizeof(struct loading)}};
    return ncm_dir_each(r->dir, MOST_MODELS, found_model, r, &more, err) ||
           err->code == NCM_NOT_FOUND;
}

static void registry_free(struct registry *r)
{
    for (size_t i = 0; i < r->models.n; i++) {
        struct loading *l = (struct loading *)r->models.items + i;
        ncm_arena_free(l->arena);
        ncm_free(l->name);
    }
    ncm_free(r->models.items);
    ncm_free(r->dir);
}

/* ---- one model ---- */

struct version_list {
    const char *dir;
    struct loading *model;
    struct ncm_list list; /* struct ncm_model_version */
    struct ncm_buf *scratch;
};

static void left_out(const struct ncm_err *err)
{
    ncm_log("mlflow-files: left out: %s", err->what);
}

static void found_version(void *to, const char *name, enum ncm_file_kind kind, bool link)
{
    struct version_list *l = to;
    struct ncm_arena *a = l->model->arena;
    struct ncm_model_version v = {.number = files_version_number(name)};
    struct ncm_file_stamp any = {0};
    struct ncm_err err;
    (void)link;
    if (kind != NCM_FILE_DIR || v.number == 0)
        return;
    char *dir = files_path(l->dir, name), *path = files_path(dir, "meta.yaml");
    enum ncm_look look = ncm_file_read_new(path, &any, FILES_META_MOST, l->scratch, &err);
    bool ok = look == NCM_LOOK_NEW &&
              files_meta_version(path, l->scratch->p, l->scratch->len, a, &v, NULL, &err);
    if (!ok && look != NCM_LOOK_GONE)
        left_out(&err);
    if (ok && !ncm_str_is(v.stage_text, "Deleted_Internal")) {
        v.model = l->model->model.name;
        v.version = ncm_arena_cstr(a, name + 8);
        files_load_tags(dir, a, &v.tags, &v.n_tags);
        *(struct ncm_model_version *)ncm_list_add(&l->list) = v;
    }
    ncm_free(path);
    ncm_free(dir);
}

static int highest_first(const void *x, const void *y)
{
    const struct ncm_model_version *a = x, *b = y;
    return (a->number < b->number) - (a->number > b->number);
}

static int by_alias(const void *x, const void *y)
{
    return ncm_str_compare(((const struct ncm_alias *)x)->name,
                           ((const struct ncm_alias *)y)->name);
}

/* The files are the truth; the map in the model's meta.yaml only repeats them. */
static void load_aliases(struct ncm_arena *a, const char *dir, struct ncm_model *m)
{
    struct ncm_kv *kv;
    size_t n;
    char *owner = files_path(dir, "aliases");
    files_load_values(owner, a, &kv, &n);
    ncm_free(owner);
    m->aliases = ncm_arena_alloc(a, n + 1, sizeof(*m->aliases));
    for (size_t i = 0; i < n; i++)
        m->aliases[m->n_aliases++] =
            (struct ncm_alias){.name = kv[i].key, .version = kv[i].value, .dangling = true};
    if (n > 1)
        qsort(m->aliases, n, sizeof(*m->aliases), by_alias);
    for (size_t i = 0; i < m->n_versions; i++) {
        struct ncm_model_version *v = &m->versions[i];
        v->aliases = ncm_arena_alloc(a, n + 1, sizeof(*v->aliases));
        for (size_t k = 0; k < n; k++)
            if (ncm_str_eq(m->aliases[k].version, v->version)) {
                m->aliases[k].dangling = false;
                v->aliases[v->n_aliases++] = m->aliases[k].name;
            }
    }
}

static void load_model(void *to, size_t i, struct ncm_buf *scratch)
{
    struct registry *r = to;
    struct loading *l = (struct loading *)r->models.items + i;
    struct ncm_file_stamp any = {0};
    struct ncm_err err;
    bool more;
    l->arena = ncm_arena_new();
    char *dir = files_path(r->dir, l->name), *path = files_path(dir, "meta.yaml");
    enum ncm_look look = ncm_file_read_new(path, &any, FILES_META_MOST, scratch, &err);
    l->ok = look == NCM_LOOK_NEW &&
            files_meta_model(path, scratch->p, scratch->len, l->arena, &l->model, &err);
    if (!l->ok && look != NCM_LOOK_GONE)
        left_out(&err);
    if (l->ok) {
        struct version_list versions = {
            dir, l, {.size = sizeof(struct ncm_model_version)}, scratch};
        l->model.name = ncm_arena_cstr(l->arena, l->name);
        files_load_tags(dir, l->arena, &l->model.tags, &l->model.n_tags);
        ncm_dir_each(dir, MOST_VERSIONS, found_version, &versions, &more, &err);
        if (versions.list.n > 1)
            qsort(versions.list.items, versions.list.n, versions.list.size, highest_first);
        l->model.n_versions = versions.list.n;
        l->model.versions = ncm_list_move(&versions.list, l->arena);
        load_aliases(l->arena, dir, &l->model);
    }
    ncm_free(path);
    ncm_free(dir);
}

/* ---- into one arena ---- */

static struct ncm_kv *copy_kv(struct ncm_arena *a, const struct ncm_kv *kv, size_t n)
{
    struct ncm_kv *out = ncm_arena_alloc(a, n + 1, sizeof(*out));
    for (size_t i = 0; i < n; i++)
        out[i] = (struct ncm_kv){ncm_arena_copy(a, kv[i].key), ncm_arena_copy(a, kv[i].value)};
    return out;
}

static struct ncm_model_version copy_version(struct ncm_arena *a, struct ncm_str model,
                                             const struct ncm_model_version *from)
{
    struct ncm_model_version v = *from;
    v.model = model;
    v.version = ncm_arena_copy(a, v.version);
    v.stage_text = ncm_arena_copy(a, v.stage_text);
    v.user = ncm_arena_copy(a, v.user);
    v.description = ncm_arena_copy(a, v.description);
    v.source = ncm_arena_copy(a, v.source);
    v.run_id = ncm_arena_copy(a, v.run_id);
    v.status = ncm_arena_copy(a, v.status);
    v.status_message = ncm_arena_copy(a, v.status_message);
    v.run_link = ncm_arena_copy(a, v.run_link);
    v.tags = copy_kv(a, v.tags, v.n_tags);
    v.aliases = ncm_arena_alloc(a, v.n_aliases + 1, sizeof(*v.aliases));
    for (size_t i = 0; i < v.n_aliases; i++)
        v.aliases[i] = ncm_arena_copy(a, from->aliases[i]);
    return v;
}

static struct ncm_model copy_model(struct ncm_arena *a, const struct ncm_model *from)
{
    struct ncm_model m = *from;
    m.name = ncm_arena_copy(a, m.name);
    m.description = ncm_arena_copy(a, m.description);
    m.tags = copy_kv(a, m.tags, m.n_tags);
    m.aliases = ncm_arena_alloc(a, m.n_aliases + 1, sizeof(*m.aliases));
    for (size_t i = 0; i < m.n_aliases; i++) {
        m.aliases[i] = from->aliases[i];
        m.aliases[i].name = ncm_arena_copy(a, m.aliases[i].name);
        m.aliases[i].version = ncm_arena_copy(a, m.aliases[i].version);
    }
    m.versions = ncm_arena_alloc(a, m.n_versions + 1, sizeof(*m.versions));
    for (size_t i = 0; i < m.n_versions; i++)
        m.versions[i] = copy_version(a, m.name, &from->versions[i]);
    return m;
}

static bool is_prompt(const struct ncm_model *m)
{
    const struct ncm_kv *tag = ncm_kv_find(m->tags, m->n_tags, PROMPT_TAG);
    return tag != NULL && ncm_str_is(tag->value, "true");
}

static int by_name(const void *x, const void *y)
{
    return ncm_str_compare(((const struct ncm_model *)x)->name,
                           ((const struct ncm_model *)y)->name);
}

bool files_load_models(struct ncm_conn *c, const struct ncm_control *control, struct ncm_arena *a,
                       struct ncm_model **models, size_t *n, struct ncm_err *err)
{
    struct registry r;
    *models = NULL;
    *n = 0;
    bool ok = list_models(c, &r, err) && files_many(c, control, r.models.n, load_model, &r, err);
    if (ok) {
        *models = ncm_arena_alloc(a, r.models.n + 1, sizeof(**models));
        for (size_t i = 0; i < r.models.n; i++) {
            const struct loading *l = (const struct loading *)r.models.items + i;
            if (l->ok && !is_prompt(&l->model))
                (*models)[(*n)++] = copy_model(a, &l->model);
        }
        if (*n > 1)
            qsort(*models, *n, sizeof(**models), by_name);
    }
    registry_free(&r);
    return ok;
}

bool files_count_models(struct ncm_conn *c, int64_t *out, struct ncm_err *err)
{
    struct registry r;
    bool ok = list_models(c, &r, err);
    *out = 0;
    for (size_t i = 0; ok && i < r.models.n; i++) {
        struct ncm_file_stamp any = {0};
        struct ncm_buf text;
        struct ncm_err ignored;
        const char *name = ((const struct loading *)r.models.items + i)->name;
        char *path = ncm_sprintf("%s/%s/tags/" PROMPT_TAG, r.dir, name);
        ncm_buf_init(&text, 4096);
        bool prompt = ncm_file_read_new(path, &any, 64, &text, &ignored) == NCM_LOOK_NEW &&
                      strcmp(text.p, "true") == 0;
        *out += !prompt;
        ncm_buf_release(&text);
        ncm_free(path);
    }
    registry_free(&r);
    return ok;
}

bool files_read_models(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_models_snapshot *s = ncm_snapshot_new(NCM_T_MODELS, sizeof(*s));
    if (!files_load_models(c, &f->control, s->head.arena, &s->items, &s->n, err)) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}
