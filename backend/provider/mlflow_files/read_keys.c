/* Topic RUN_KEYS: the names of all metric, param and tag files, kept with the times of their
 * folders. */
#include <stdlib.h>
#include <string.h>

#include "provider/mlflow_files/internal.h"

/* Most keys of one kind over all runs. */
#define MOST_KEYS 100000

/* A folder that was read, and the keys found in all of a run's, one after another. */
struct keys_folder {
    char *path;
    struct ncm_file_stamp stamp;
};
struct files_keys {
    struct keys_folder *folders; /* of all three kinds */
    size_t n_folders;
    char *text[FILES_KINDS]; /* keys, each with its NUL */
    size_t len[FILES_KINDS];
};

void files_keys_free(struct files_keys *k)
{
    if (k == NULL)
        return;
    for (size_t i = 0; i < k->n_folders; i++)
        ncm_free(k->folders[i].path);
    for (int kind = 0; kind < FILES_KINDS; kind++)
        ncm_free(k->text[kind]);
    ncm_free(k->folders);
    ncm_free(k);
}

/* Whether no folder that was read has changed. */
static bool is_fresh(struct files_keys *k)
{
    struct ncm_err ignored;
    bool fresh = k != NULL;
    for (size_t i = 0; fresh && i < k->n_folders; i++) {
        struct ncm_file_stamp was = k->folders[i].stamp;
        enum ncm_look look = ncm_file_look(k->folders[i].path, &k->folders[i].stamp, &ignored);
        fresh = look == NCM_LOOK_SAME || (look == NCM_LOOK_GONE && !was.known);
    }
    return fresh;
}

struct gather {
    struct ncm_buf *out;
    struct ncm_list *folders; /* struct keys_folder */
    const char *root;
};

static void add_folder(struct gather *g, const char *path)
{
    struct ncm_err ignored;
    struct keys_folder *folder = ncm_list_add(g->folders);
    folder->path = ncm_strdup(path);
    ncm_file_look(path, &folder->stamp, &ignored);
}

/* The folder of a key with a slash is one that was entered; it is noted once. */
static void take_key(void *to, const char *key)
{
    struct gather *g = to;
    const char *slash = strrchr(key, '/');
    ncm_buf_add(g->out, key, strlen(key) + 1);
    if (slash == NULL)
        return;
    char *path = ncm_sprintf("%s/%.*s", g->root, (int)(slash - key), key);
    const struct keys_folder *last = (struct keys_folder *)g->folders->items + g->folders->n - 1;
    if (strcmp(last->path, path) != 0)
        add_folder(g, path);
    ncm_free(path);
}

static void load(void *to, size_t i, struct ncm_buf *scratch)
{
    struct ncm_conn *c = to;
    struct files_run *r = c->runs[i];
    const struct files_experiment *e = c->experiments[r->experiment];
    if (!r->there || !e->wanted || is_fresh(r->keys))
        return;
    files_keys_free(r->keys);
    struct files_keys *k = ncm_alloc(1, sizeof(*k));
    struct ncm_list folders = {.size = sizeof(struct keys_folder)};
    for (int kind = 0; kind < FILES_KINDS; kind++) {
        char *root =
            ncm_sprintf("%s/%s/%s", e->dir, r->id, files_folder_name((enum files_kind)kind));
        struct gather g = {scratch, &folders, root};
        ncm_buf_clear(scratch);
        add_folder(&g, root);
        files_walk(root, take_key, &g);
        k->len[kind] = scratch->len;
        k->text[kind] = scratch->len > 0 ? ncm_strndup(scratch->p, scratch->len) : NULL;
        atomic_fetch_add(&c->held, scratch->len + sizeof(struct keys_folder));
        ncm_free(root);
    }
    k->folders = folders.items;
    k->n_folders = folders.n;
    r->keys = k;
}

static int by_bytes(const void *x, const void *y)
{
    return ncm_str_compare(*(const struct ncm_str *)x, *(const struct ncm_str *)y);
}

static void unite(const struct ncm_conn *c, enum files_kind kind, struct ncm_arena *a,
                  struct ncm_str **out, size_t *n)
{
    struct ncm_list list = {.size = sizeof(struct ncm_str)};
    struct ncm_map *seen = ncm_map_new();
    for (size_t i = 0; i < c->n_runs; i++) {
        const struct files_run *r = c->runs[i];
        if (!r->there || !c->experiments[r->experiment]->wanted || r->keys == NULL)
            continue;
        for (size_t at = 0; at < r->keys->len[kind] && list.n < MOST_KEYS;) {
            const char *key = r->keys->text[kind] + at;
            size_t len = strlen(key), any;
            if (!ncm_map_get(seen, key, len, &any)) {
                ncm_map_set(seen, key, len, 1);
                *(struct ncm_str *)ncm_list_add(&list) = ncm_arena_str(a, key, len);
            }
            at += len + 1;
        }
    }
    ncm_map_free(seen);
    if (list.n > 1)
        qsort(list.items, list.n, list.size, by_bytes);
    *n = list.n;
    *out = ncm_list_move(&list, a);
}

bool files_read_keys(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    if (!files_scan_experiments(c, &f->control, err))
        return false;
    for (size_t i = 0; i < c->n_experiments; i++)
        c->experiments[i]->wanted = c->experiments[i]->there && c->experiments[i]->ok;
    if (!files_list_runs(c, err) || !files_many(c, &f->control, c->n_runs, load, c, err))
        return false;
    struct ncm_run_keys_snapshot *s = ncm_snapshot_new(NCM_T_RUN_KEYS, sizeof(*s));
    unite(c, FILES_METRIC, s->head.arena, &s->metrics, &s->n_metrics);
    unite(c, FILES_PARAM, s->head.arena, &s->params, &s->n_params);
    unite(c, FILES_TAG, s->head.arena, &s->tags, &s->n_tags);
    f->publish(f->to, &s->head);
    return true;
}
