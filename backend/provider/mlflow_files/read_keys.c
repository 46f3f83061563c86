/* Topic RUN_KEYS: the names of all metric, param and tag files, kept with the times of their
 * folders. Most runs of a project have the same keys: each set of them is kept once. */
#include <stdlib.h>
#include <string.h>

#include "provider/mlflow_files/internal.h"

/* Most keys of one kind over all runs. */
#define MOST_KEYS 100000

/* A folder within a folder of keys ("val" of "val/f1"). */
struct keys_folder {
    char *path;
    struct ncm_file_stamp stamp;
};
struct files_keys {
    struct ncm_file_stamp roots[FILES_KINDS];
    struct keys_folder *folders;
    size_t n_folders;
    struct files_key_set fresh[FILES_KINDS]; /* read just now, not among the sets yet */
    uint32_t set[FILES_KINDS];               /* number in ncm_conn.key_sets, from 1 */
};

void files_keys_free(struct files_keys *k)
{
    if (k == NULL)
        return;
    for (size_t i = 0; i < k->n_folders; i++)
        ncm_free(k->folders[i].path);
    for (int kind = 0; kind < FILES_KINDS; kind++)
        ncm_free(k->fresh[kind].text);
    ncm_free(k->folders);
    ncm_free(k);
}

void files_key_sets_free(struct ncm_conn *c)
{
    for (size_t i = 0; i < c->n_key_sets; i++)
        ncm_free(c->key_sets[i].text);
    ncm_free(c->key_sets);
    ncm_map_free(c->key_set_of);
    c->key_sets = NULL;
    c->key_set_of = NULL;
    c->n_key_sets = c->cap_key_sets = 0;
}

static bool is_same(const char *path, struct ncm_file_stamp *stamp)
{
    struct ncm_err ignored;
    bool was = stamp->known;
    enum ncm_look look = ncm_file_look(path, stamp, &ignored);
    return look == NCM_LOOK_SAME || (look == NCM_LOOK_GONE && !was);
}

/* Whether no folder that was read has changed. */
static bool is_fresh(struct files_keys *k, char *const roots[FILES_KINDS])
{
    bool fresh = k != NULL;
    for (int kind = 0; fresh && kind < FILES_KINDS; kind++)
        fresh = is_same(roots[kind], &k->roots[kind]);
    for (size_t i = 0; fresh && i < k->n_folders; i++)
        fresh = is_same(k->folders[i].path, &k->folders[i].stamp);
    return fresh;
}

struct gather {
    struct ncm_list keys;     /* char * */
    struct ncm_list *folders; /* struct keys_folder */
    const char *root;
};

/* The folder of a key with a slash is one that was entered; it is noted once. */
static void take_key(void *to, const char *key)
{
    struct gather *g = to;
    const char *slash = strrchr(key, '/');
    *(char **)ncm_list_add(&g->keys) = ncm_strdup(key);
    if (slash == NULL)
        return;
    char *path = ncm_sprintf("%s/%.*s", g->root, (int)(slash - key), key);
    const struct keys_folder *last =
        g->folders->n > 0 ? (struct keys_folder *)g->folders->items + g->folders->n - 1 : NULL;
    if (last == NULL || strcmp(last->path, path) != 0) {
        struct ncm_err ignored;
        struct keys_folder *folder = ncm_list_add(g->folders);
        folder->path = path;
        ncm_file_look(path, &folder->stamp, &ignored);
    } else {
        ncm_free(path);
    }
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(char *const *)x, *(char *const *)y);
}

/* The keys of one folder in order, each with its NUL. */
static struct files_key_set read_set(const char *root, struct ncm_list *folders,
                                     struct ncm_buf *scratch)
{
    struct gather g = {.keys = {.size = sizeof(char *)}, .folders = folders, .root = root};
    ncm_buf_clear(scratch);
    files_walk(root, take_key, &g);
    if (g.keys.n > 1)
        qsort(g.keys.items, g.keys.n, sizeof(char *), by_text);
    for (size_t i = 0; i < g.keys.n; i++) {
        char *key = ((char **)g.keys.items)[i];
        ncm_buf_add(scratch, key, strlen(key) + 1);
        ncm_free(key);
    }
    ncm_free(g.keys.items);
    return (struct files_key_set){ncm_strndup(scratch->p, scratch->len), scratch->len};
}

static void load(void *to, size_t i, struct ncm_buf *scratch)
{
    struct ncm_conn *c = to;
    struct files_run *r = c->runs[i];
    const struct files_experiment *e = c->experiments[r->experiment];
    char *roots[FILES_KINDS];
    if (!r->there || !e->wanted)
        return;
    for (int kind = 0; kind < FILES_KINDS; kind++)
        roots[kind] =
            ncm_sprintf("%s/%s/%s", e->dir, r->id, files_folder_name((enum files_kind)kind));
    if (!is_fresh(r->keys, roots)) {
        struct ncm_list folders = {.size = sizeof(struct keys_folder)};
        files_keys_free(r->keys);
        r->keys = ncm_alloc(1, sizeof(*r->keys));
        for (int kind = 0; kind < FILES_KINDS; kind++) {
            (void)is_same(roots[kind], &r->keys->roots[kind]); /* before what it tells of is read */
            r->keys->fresh[kind] = read_set(roots[kind], &folders, scratch);
        }
        r->keys->folders = folders.items;
        r->keys->n_folders = folders.n;
        atomic_fetch_add(&c->held, sizeof(*r->keys) + folders.n * 160);
    }
    for (int kind = 0; kind < FILES_KINDS; kind++)
        ncm_free(roots[kind]);
}

/* The number of a set that is kept once; takes its text over. */
static uint32_t keep_set(struct ncm_conn *c, struct files_key_set *s)
{
    size_t number;
    if (c->key_set_of == NULL)
        c->key_set_of = ncm_map_new();
    if (ncm_map_get(c->key_set_of, s->text, s->len, &number)) {
        ncm_free(s->text);
    } else {
        c->key_sets = ncm_grow(c->key_sets, c->n_key_sets, &c->cap_key_sets, sizeof(*s));
        c->key_sets[c->n_key_sets++] = *s;
        number = c->n_key_sets;
        ncm_map_set(c->key_set_of, s->text, s->len, number);
        atomic_fetch_add(&c->held, 2 * s->len);
    }
    s->text = NULL;
    return (uint32_t)number;
}

static void keep_sets(struct ncm_conn *c)
{
    for (size_t i = 0; i < c->n_runs; i++) {
        struct files_keys *k = c->runs[i]->keys;
        for (int kind = 0; k != NULL && kind < FILES_KINDS; kind++)
            if (k->fresh[kind].text != NULL)
                k->set[kind] = keep_set(c, &k->fresh[kind]);
    }
}

static int by_bytes(const void *x, const void *y)
{
    return ncm_str_compare(*(const struct ncm_str *)x, *(const struct ncm_str *)y);
}

static void add_set(const struct files_key_set *s, struct ncm_map *seen, struct ncm_arena *a,
                    struct ncm_list *list)
{
    for (size_t at = 0; at < s->len && list->n < MOST_KEYS;) {
        const char *key = s->text + at;
        size_t len = strlen(key), any;
        if (!ncm_map_get(seen, key, len, &any)) {
            ncm_map_set(seen, key, len, 1);
            *(struct ncm_str *)ncm_list_add(list) = ncm_arena_str(a, key, len);
        }
        at += len + 1;
    }
}

static void unite(const struct ncm_conn *c, enum files_kind kind, struct ncm_arena *a,
                  struct ncm_str **out, size_t *n)
{
    struct ncm_list list = {.size = sizeof(struct ncm_str)};
    struct ncm_map *seen = ncm_map_new();
    bool *used = ncm_alloc(c->n_key_sets + 1, sizeof(bool));
    for (size_t i = 0; i < c->n_runs; i++) {
        const struct files_run *r = c->runs[i];
        uint32_t set = r->keys != NULL && r->there && c->experiments[r->experiment]->wanted
                           ? r->keys->set[kind]
                           : 0;
        if (set > 0 && !used[set])
            add_set(&c->key_sets[set - 1], seen, a, &list);
        used[set] = true;
    }
    ncm_free(used);
    ncm_map_free(seen);
    if (list.n > 1)
        qsort(list.items, list.n, sizeof(struct ncm_str), by_bytes);
    *n = list.n;
    *out = ncm_list_move(&list, a);
}

bool files_read_keys(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    if (!files_scan_experiments(c, &f->control, err))
        return false;
    for (size_t i = 0; i < c->n_experiments; i++)
        c->experiments[i]->wanted = c->experiments[i]->there && c->experiments[i]->ok;
    bool ok = files_list_runs(c, err) && files_many(c, &f->control, c->n_runs, load, c, err);
    keep_sets(c);
    if (!ok)
        return false;
    struct ncm_run_keys_snapshot *s = ncm_snapshot_new(NCM_T_RUN_KEYS, sizeof(*s));
    unite(c, FILES_METRIC, s->head.arena, &s->metrics, &s->n_metrics);
    unite(c, FILES_PARAM, s->head.arena, &s->params, &s->n_params);
    unite(c, FILES_TAG, s->head.arena, &s->tags, &s->n_tags);
    f->publish(f->to, &s->head);
    return true;
}
