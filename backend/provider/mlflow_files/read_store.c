/* Topics STORE and EXPERIMENTS. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/file.h"
#include "provider/mlflow_files/internal.h"
#include "provider/mlflow_files/registry.h"

/* Above so many runs the experiments are shown before their runs are counted. */
#define LARGE 2000
/* Ids of this many digits are made since MLflow 2; before, they were counted from 0. */
#define LONG_ID 15

int files_release(struct ncm_conn *c)
{
    char *registry = files_path(c->root, "models");
    bool two = files_is_folder(registry);
    ncm_free(registry);
    for (size_t i = 0; i < c->n_experiments; i++) {
        const struct files_experiment *e = c->experiments[i];
        if (!e->there || !e->ok)
            continue;
        char *models = files_path(e->dir, "models");
        bool three = e->meta.three || files_is_folder(models);
        ncm_free(models);
        if (three)
            return 3;
        two = two || strlen(e->id) >= LONG_ID;
    }
    return two ? 2 : 1;
}

static const char *unwritable(const char *root)
{
    if (access(root, W_OK | X_OK) == 0)
        return NULL;
    return errno == EROFS ? _("it lies on a read-only file system")
                          : _("this user may not write to the folder");
}

static size_t count_folders(const struct ncm_conn *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_experiments; i++)
        for (size_t k = 0; c->experiments[i]->wanted && k < c->experiments[i]->n; k++)
            n += c->runs[c->experiments[i]->list[k]]->there;
    return n;
}

/* Runs of all experiments: -1 where they have not been read and are many. */
static bool count_runs(struct ncm_conn *c, struct ncm_fetch *f, int64_t *out, struct ncm_err *err)
{
    bool known = true;
    for (size_t i = 0; i < c->n_experiments; i++) {
        struct files_experiment *e = c->experiments[i];
        e->wanted = e->there && e->ok;
        known = known && (!e->wanted || e->scanned);
    }
    *out = -1;
    if (!files_list_runs(c, err))
        return false;
    if (!known && count_folders(c) > LARGE)
        return true;
    if (!files_scan_runs(c, f, err))
        return false;
    *out = 0;
    for (size_t i = 0; i < c->n_experiments; i++)
        for (size_t k = 0; c->experiments[i]->wanted && k < c->experiments[i]->n; k++) {
            const struct files_run *r = c->runs[c->experiments[i]->list[k]];
            *out += r->there && r->ok;
        }
    return true;
}

bool files_read_store(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_store_snapshot *s = ncm_snapshot_new(NCM_T_STORE, sizeof(*s));
    struct ncm_arena *a = s->head.arena;
    const char *why = unwritable(c->root);
    s->n_models = 0;
    bool ok = files_scan_experiments(c, &f->control, err) && count_runs(c, f, &s->n_runs, err) &&
              files_count_models(c, &s->n_models, err);
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    int release = files_release(c);
    s->kind = ncm_arena_cstr(a, "MLflow files");
    s->location = ncm_arena_cstr(a, c->root);
    s->schema = ncm_arena_cstr(a, "file store");
    s->release = ncm_arena_cstr(a, release == 3   ? "MLflow 3"
                                   : release == 2 ? "MLflow 2"
                                                  : "MLflow 1");
    s->writable = why == NULL;
    if (why != NULL)
        s->why_read_only = ncm_arena_cstr(a, why);
    s->has_registry = s->has_stages = s->has_aliases = s->has_inputs = release >= 2;
    s->has_logged_models = release >= 3;
    for (size_t i = 0; i < c->n_experiments; i++)
        s->n_experiments +=
            c->experiments[i]->there && c->experiments[i]->ok && !c->experiments[i]->trashed;
    f->publish(f->to, &s->head);
    return true;
}

struct tag_load {
    struct ncm_arena *arena;
    struct ncm_list *tags;
    const char *dir;
};

static void load_tag(void *to, const char *key)
{
    struct tag_load *l = to;
    struct ncm_buf text;
    struct ncm_err ignored;
    bool more;
    char *path = files_path(l->dir, key);
    ncm_buf_init(&text, FILES_VALUE_MOST);
    if (ncm_file_read(path, 0, FILES_VALUE_MOST - 1, &text, &more, &ignored)) {
        struct ncm_kv *kv = ncm_list_add(l->tags);
        kv->key = ncm_arena_cstr(l->arena, key);
        kv->value = ncm_arena_str(l->arena, text.p, text.len);
    }
    ncm_buf_release(&text);
    ncm_free(path);
}

void files_load_values(const char *dir, struct ncm_arena *a, struct ncm_kv **out, size_t *n)
{
    struct ncm_list list = {.size = sizeof(struct ncm_kv)};
    struct tag_load l = {a, &list, dir};
    files_walk(dir, load_tag, &l);
    struct ncm_run sorted = {.tags = list.items, .n_tags = list.n};
    ncm_run_sort(&sorted);
    *n = list.n;
    *out = ncm_list_move(&list, a);
}

void files_load_tags(const char *owner, struct ncm_arena *a, struct ncm_kv **tags, size_t *n)
{
    char *dir = files_path(owner, "tags");
    files_load_values(dir, a, tags, n);
    ncm_free(dir);
}

static bool in_view(const struct files_experiment *e, enum ncm_view view)
{
    return e->there && e->ok && (view == NCM_VIEW_ALL || e->trashed == (view == NCM_VIEW_DELETED));
}

static void count_into(const struct ncm_conn *c, const struct files_experiment *e,
                       struct ncm_experiment *out)
{
    out->run_count = out->running_count = 0;
    for (size_t k = 0; k < e->n; k++) {
        const struct files_run *r = c->runs[e->list[k]];
        if (!r->there || !r->ok || r->meta.lifecycle != NCM_ACTIVE)
            continue;
        out->run_count++;
        out->running_count += r->meta.status == NCM_RUN_RUNNING;
        if (r->meta.start_ms > out->newest_start_ms)
            out->newest_start_ms = r->meta.start_ms;
    }
}

/* Newest update first, those without one last; then as numbers. */
static int by_update(const void *x, const void *y)
{
    const struct ncm_experiment *a = x, *b = y;
    if (a->last_update_ms != b->last_update_ms)
        return a->last_update_ms > b->last_update_ms ? -1 : 1;
    if (a->id.len != b->id.len)
        return a->id.len < b->id.len ? -1 : 1;
    return ncm_str_compare(a->id, b->id);
}

static void publish(struct ncm_conn *c, struct ncm_fetch *f, bool counted)
{
    struct ncm_experiments_snapshot *s = ncm_snapshot_new(NCM_T_EXPERIMENTS, sizeof(*s));
    struct ncm_arena *a = s->head.arena;
    struct ncm_list list = {.size = sizeof(struct ncm_experiment)};
    for (size_t i = 0; i < c->n_experiments; i++) {
        const struct files_experiment *e = c->experiments[i];
        if (!in_view(e, f->query->view))
            continue;
        struct ncm_experiment *out = ncm_list_add(&list);
        out->id = ncm_arena_cstr(a, e->id);
        out->name = ncm_arena_str(a, e->meta.name.p, e->meta.name.len);
        if (e->meta.artifact_location.p != NULL)
            out->artifact_location =
                ncm_arena_str(a, e->meta.artifact_location.p, e->meta.artifact_location.len);
        out->lifecycle = e->meta.lifecycle;
        out->creation_ms = e->meta.creation_ms;
        out->last_update_ms = e->meta.last_update_ms;
        out->run_count = out->running_count = -1;
        out->newest_start_ms = NCM_NO_TIME;
        if (counted)
            count_into(c, e, out);
        files_load_tags(e->dir, a, &out->tags, &out->n_tags);
    }
    if (list.n > 1)
        qsort(list.items, list.n, list.size, by_update);
    s->n = list.n;
    s->items = ncm_list_move(&list, a);
    s->head.provisional = !counted;
    f->publish(f->to, &s->head);
}

bool files_read_experiments(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    bool known = true;
    if (!files_scan_experiments(c, &f->control, err))
        return false;
    for (size_t i = 0; i < c->n_experiments; i++) {
        struct files_experiment *e = c->experiments[i];
        e->wanted = in_view(e, f->query->view);
        known = known && (!e->wanted || e->scanned);
    }
    if (!files_list_runs(c, err))
        return false;
    if (!known && f->previous == NULL && count_folders(c) > LARGE)
        publish(c, f, false);
    if (!files_scan_runs(c, f, err))
        return false;
    publish(c, f, true);
    return true;
}
