/* Looking through a store where the kernel does not tell what changed: another machine's writes, or
 * more runs than can be watched. */
#include <stdlib.h>
#include <string.h>

#include "provider/mlflow_files/watch.h"

/* So many runs, those that changed last, are looked at file by file. */
#define DEEP_RUNS 200

struct printing {
    struct ncm_conn *c;
    struct printed {
        size_t run;
        int64_t newest_ns;
    } * runs;
    atomic_ullong sum;
};

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdULL;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53ULL;
    return x ^ x >> 33;
}

/* Adds one file; what is not there counts too. Returns when it changed. */
static int64_t add(struct printing *p, const char *path)
{
    struct ncm_file_stamp s = {0};
    struct ncm_err ignored;
    ncm_file_look(path, &s, &ignored);
    uint64_t h = mix(s.inode + mix((uint64_t)s.mtime_ns + mix((uint64_t)s.size + s.known)));
    atomic_fetch_add(&p->sum, h);
    return s.mtime_ns;
}

static int64_t add_in(struct printing *p, const char *dir, const char *name)
{
    char *path = files_path(dir, name);
    int64_t t = add(p, path);
    ncm_free(path);
    return t;
}

static void print_run(void *to, size_t i, struct ncm_buf *scratch)
{
    static const char *const names[] = {"meta.yaml", "metrics", "params", "tags"};
    struct printing *p = to;
    char *dir = files_run_dir(p->c, p->c->runs[p->runs[i].run]);
    (void)scratch;
    for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
        int64_t t = add_in(p, dir, names[k]);
        if (t > p->runs[i].newest_ns)
            p->runs[i].newest_ns = t;
    }
    ncm_free(dir);
}

struct tree {
    struct printing *print;
    const char *dir;
};

static void print_file(void *to, const char *key)
{
    struct tree *t = to;
    add_in(t->print, t->dir, key);
}

static void print_tree(struct printing *p, const char *dir)
{
    struct tree t = {p, dir};
    files_walk(dir, print_file, &t);
}

static void print_deep(void *to, size_t i, struct ncm_buf *scratch)
{
    struct printing *p = to;
    const struct files_run *r = p->c->runs[p->runs[i].run];
    char *dir = files_run_dir(p->c, r);
    (void)scratch;
    for (int k = 0; k < FILES_KINDS; k++) {
        char *folder = files_path(dir, files_folder_name((enum files_kind)k));
        print_tree(p, folder);
        ncm_free(folder);
    }
    ncm_free(dir);
}

static int newest_first(const void *x, const void *y)
{
    const struct printed *a = x, *b = y;
    return (a->newest_ns < b->newest_ns) - (a->newest_ns > b->newest_ns);
}

bool files_watch_print(struct ncm_conn *c, const struct ncm_control *control, bool deep,
                       uint64_t *out, size_t *n_runs, struct ncm_err *err)
{
    struct printing p = {.c = c};
    size_t n = 0;
    if (!files_scan_experiments(c, control, err))
        return false;
    for (size_t i = 0; i < c->n_experiments; i++) {
        struct files_experiment *e = c->experiments[i];
        e->wanted = e->there && e->ok;
        if (e->wanted)
            add_in(&p, e->dir, "meta.yaml");
    }
    if (!files_list_runs(c, err))
        return false;
    p.runs = ncm_alloc(c->n_runs + 1, sizeof(*p.runs));
    for (size_t i = 0; i < c->n_runs; i++)
        if (c->runs[i]->there && c->experiments[c->runs[i]->experiment]->wanted)
            p.runs[n++].run = i;
    bool ok = files_many(c, control, n, print_run, &p, err);
    if (ok && deep) {
        char *models = files_path(c->root, "models");
        qsort(p.runs, n, sizeof(*p.runs), newest_first);
        ok = files_many(c, control, n < DEEP_RUNS ? n : DEEP_RUNS, print_deep, &p, err);
        print_tree(&p, models);
        ncm_free(models);
    }
    ncm_free(p.runs);
    *n_runs = n;
    *out = mix(atomic_load(&p.sum) + n) | 1;
    return ok;
}
