/* Which folders are watched: all of a small store; of a large one the newest runs and those that
 * run. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#include "provider/mlflow_files/watch.h"

enum {
    MOST_WATCHES = 16000, /* about 2,500 runs with 6 folders each */
    ALL_RUNS = 2000,      /* so many are watched all */
    NEWEST_RUNS = 1000,   /* of more, so many */
    MOST_DEPTH = 8,
};

unsigned files_watch_topics(enum watch_role role)
{
    const unsigned runs = 1u << NCM_T_RUNS | 1u << NCM_T_RUN;
    switch (role) {
    case WATCH_EXPERIMENT:
    case WATCH_RUN:
        return runs | 1u << NCM_T_EXPERIMENTS | 1u << NCM_T_STORE | 1u << NCM_T_RUN_KEYS;
    case WATCH_METRICS:
        return runs | 1u << NCM_T_SERIES | 1u << NCM_T_RUN_KEYS;
    case WATCH_VALUES:
        return runs | 1u << NCM_T_RUN_KEYS;
    case WATCH_ARTIFACTS:
        return 1u << NCM_T_ARTIFACTS | 1u << NCM_T_ARTIFACT;
    case WATCH_MODELS:
    case WATCH_MODEL:
    case WATCH_VERSION:
    case WATCH_MODEL_FILES:
        return 1u << NCM_T_MODELS | 1u << NCM_T_FACTS | 1u << NCM_T_RUN | 1u << NCM_T_STORE |
               1u << NCM_T_HOLDERS;
    default:
        return ~0u;
    }
}

enum watch_role files_watch_role_in(enum watch_role parent, const char *name)
{
    switch (parent) {
    case WATCH_ROOT:
        if (strcmp(name, ".trash") == 0)
            return WATCH_TRASH;
        if (strcmp(name, "models") == 0)
            return WATCH_MODELS;
        return files_is_id(name, 64) ? WATCH_EXPERIMENT : WATCH_NONE;
    case WATCH_TRASH:
        return files_is_id(name, 64) ? WATCH_EXPERIMENT : WATCH_NONE;
    case WATCH_EXPERIMENT:
        if (strcmp(name, "tags") == 0)
            return WATCH_VALUES;
        return strcmp(name, "models") != 0 && strcmp(name, "traces") != 0 &&
                       strcmp(name, "datasets") != 0 && files_is_id(name, 256)
                   ? WATCH_RUN
                   : WATCH_NONE;
    case WATCH_RUN:
        if (strcmp(name, "metrics") == 0)
            return WATCH_METRICS;
        return strcmp(name, "artifacts") == 0 ? WATCH_ARTIFACTS : WATCH_VALUES;
    case WATCH_METRICS:
        return WATCH_METRICS;
    case WATCH_MODELS:
        return WATCH_MODEL;
    case WATCH_MODEL:
        return strncmp(name, "version-", 8) == 0 ? WATCH_VERSION : WATCH_MODEL_FILES;
    case WATCH_VERSION:
    case WATCH_MODEL_FILES:
        return WATCH_MODEL_FILES;
    default:
        return parent == WATCH_VALUES ? WATCH_VALUES : WATCH_NONE;
    }
}

static struct watch_slot *free_slot(struct files_watch *w)
{
    for (size_t i = w->n_used; i < w->n_slots; i++)
        if (w->slots[i].wd < 0)
            return &w->slots[i];
    w->slots = ncm_grow(w->slots, w->n_slots, &w->cap_slots, sizeof(*w->slots));
    return &w->slots[w->n_slots++];
}

/* False where no more can be had. */
static bool watch_one(struct files_watch *w, const char *path, enum watch_role role)
{
    size_t at;
    if (w->n_used >= MOST_WATCHES)
        return false;
    int wd = inotify_add_watch(w->fd, path,
                               IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                   IN_DELETE_SELF | IN_ONLYDIR);
    if (wd < 0)
        return errno != ENOSPC;
    if (ncm_map_get(w->by_wd, (const char *)&wd, sizeof(wd), &at)) {
        /* It is watched already; a folder that was moved keeps its watch. */
        char *now = ncm_strdup(path);
        ncm_free(w->slots[at].path);
        w->slots[at].path = now;
        w->slots[at].role = role;
        return true;
    }
    struct watch_slot *slot = free_slot(w);
    *slot = (struct watch_slot){.wd = wd, .role = role, .path = ncm_strdup(path)};
    ncm_map_set(w->by_wd, (const char *)&wd, sizeof(wd), (size_t)(slot - w->slots));
    w->n_used++;
    return true;
}

void files_watch_forget(struct files_watch *w, int wd)
{
    size_t at;
    if (!ncm_map_get(w->by_wd, (const char *)&wd, sizeof(wd), &at))
        return;
    ncm_map_del(w->by_wd, (const char *)&wd, sizeof(wd));
    ncm_free(w->slots[at].path);
    /* The last one moves here, so that free slots stay at the end. */
    w->slots[at] = w->slots[--w->n_used];
    w->slots[w->n_used] = (struct watch_slot){.wd = -1};
    if (at < w->n_used)
        ncm_map_set(w->by_wd, (const char *)&w->slots[at].wd, sizeof(int), at);
}

void files_watch_clear(struct files_watch *w)
{
    for (size_t i = 0; i < w->n_used; i++)
        ncm_free(w->slots[i].path);
    ncm_free(w->slots);
    ncm_map_free(w->by_wd);
    w->slots = NULL;
    w->n_slots = w->cap_slots = w->n_used = 0;
    w->by_wd = ncm_map_new();
}

struct dated {
    char *name;
    int64_t mtime_ns;
};

struct entering {
    struct ncm_list names; /* struct dated */
    enum watch_role role;
};

static void keep_entry(void *to, const char *name, enum ncm_file_kind kind, bool link)
{
    struct entering *e = to;
    (void)link;
    if (kind == NCM_FILE_DIR && files_watch_role_in(e->role, name) != WATCH_NONE)
        ((struct dated *)ncm_list_add(&e->names))->name = ncm_strdup(name);
}

static int newest_first(const void *x, const void *y)
{
    const struct dated *a = x, *b = y;
    return (a->mtime_ns < b->mtime_ns) - (a->mtime_ns > b->mtime_ns);
}

/* Of an experiment's many runs the newest. */
static size_t pick_newest(const char *path, struct entering *e, size_t most)
{
    struct dated *items = e->names.items;
    if (e->names.n <= most)
        return e->names.n;
    for (size_t i = 0; i < e->names.n; i++) {
        struct ncm_file_stamp stamp = {0};
        struct ncm_err ignored;
        char *run = files_path(path, items[i].name);
        ncm_file_look(run, &stamp, &ignored);
        items[i].mtime_ns = stamp.mtime_ns;
        ncm_free(run);
    }
    qsort(items, e->names.n, sizeof(*items), newest_first);
    return most;
}

static void enter(struct files_watch *w, const char *path, enum watch_role role, int depth)
{
    struct entering e = {.names = {.size = sizeof(struct dated)}, .role = role};
    struct ncm_err ignored;
    bool more;
    if (!watch_one(w, path, role)) {
        w->partial = true;
        return;
    }
    if (depth >= MOST_DEPTH || role == WATCH_ARTIFACTS)
        return;
    ncm_dir_each(path, 4000000, keep_entry, &e, &more, &ignored);
    size_t n = e.names.n;
    if (role == WATCH_EXPERIMENT && w->n_runs > ALL_RUNS) {
        n = pick_newest(path, &e, NEWEST_RUNS);
        w->partial = true;
    }
    for (size_t i = 0; i < e.names.n; i++) {
        struct dated *d = (struct dated *)e.names.items + i;
        char *inner = files_path(path, d->name);
        if (i < n)
            enter(w, inner, files_watch_role_in(role, d->name), depth + 1);
        ncm_free(inner);
        ncm_free(d->name);
    }
    ncm_free(e.names.items);
}

void files_watch_add(struct ncm_conn *c, struct files_watch *w, const char *path,
                     enum watch_role role)
{
    (void)c;
    enter(w, path, role, 0);
}
