/* Shared by watch*.c only. */
#ifndef NCM_MLFLOW_FILES_WATCH_H
#define NCM_MLFLOW_FILES_WATCH_H

#include <sys/types.h>

#include "provider/mlflow_files/internal.h"

/* What a watched folder is: it says which topics an entry of it concerns, and what its folders
 * are. */
enum watch_role {
    WATCH_ROOT,
    WATCH_TRASH,
    WATCH_EXPERIMENT,
    WATCH_RUN,
    WATCH_METRICS,
    WATCH_VALUES, /* params, tags, inputs, outputs */
    WATCH_ARTIFACTS,
    WATCH_MODELS,
    WATCH_MODEL,
    WATCH_VERSION,
    WATCH_MODEL_FILES,
    WATCH_NONE,
};

struct watch_slot {
    int wd; /* -1: free */
    enum watch_role role;
    char *path;
};

struct files_watch {
    int fd; /* inotify, or -1: everything is looked through now and then */
    struct watch_slot *slots;
    size_t n_slots, cap_slots, n_used;
    struct ncm_map *by_wd;
    bool partial; /* not every run is watched: the others are looked through */
    dev_t device;
    ino_t inode;
    bool gone;
    int64_t begun_ms, reported_ms;
    size_t n_runs;   /* as they were last counted */
    uint64_t print;  /* of what was looked through last; 0: nothing yet */
    int64_t look_ms; /* when to look through next; 0: when it is known how long it takes */
    unsigned topics; /* noticed and not reported yet */
};

/* watch.c: whether other machines may write to this folder: that raises no notices here. */
bool files_is_remote(const char *folder);

/* watch_folders.c: watches a folder and those in it, as far as the number allowed goes. */
void files_watch_add(struct ncm_conn *c, struct files_watch *w, const char *path,
                     enum watch_role role);
enum watch_role files_watch_role_in(enum watch_role parent, const char *name);
unsigned files_watch_topics(enum watch_role role);
void files_watch_forget(struct files_watch *w, int wd);
void files_watch_clear(struct files_watch *w);

/* files_watch_print.c: a number that differs when something in the store does. deep: also the files
 * of the runs that changed last, and the registry. *n_runs: folders seen. */
bool files_watch_print(struct ncm_conn *c, const struct ncm_control *control, bool deep,
                       uint64_t *out, size_t *n_runs, struct ncm_err *err);

#endif
