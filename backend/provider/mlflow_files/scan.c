/* Which experiments and runs there are, and what their meta.yaml files say: read by several
 * threads, and read again only where a folder or a file moved. */
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "base/i18n.h"
#include "base/log.h"
#include "provider/mlflow_files/internal.h"

/* Most folders taken from one folder. */
#define MOST_ENTRIES 4000000
/* MLflow writes a meta.yaml in place: a moment later it is whole. */
#define TORN_TRIES 3
#define TORN_MS    20

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || (unsigned char)c >= 0x80;
}

bool files_is_id(const char *name, size_t most)
{
    size_t n = 0;
    if (name[0] == '_' || name[0] == '-' || (unsigned char)name[0] >= 0x80)
        return false;
    while (is_word(name[n]))
        n++;
    return n > 0 && n <= most && name[n] == '\0';
}

char *files_run_dir(const struct ncm_conn *c, const struct files_run *r)
{
    return files_path(c->experiments[r->experiment]->dir, r->id);
}

/* ---- experiments ---- */

struct listing {
    struct ncm_conn *c;
    const char *dir;
    bool trash;
};

static void found_experiment(void *to, const char *name, enum ncm_file_kind kind, bool link)
{
    struct listing *l = to;
    struct ncm_conn *c = l->c;
    size_t i;
    (void)link;
    if (kind != NCM_FILE_DIR || !files_is_id(name, 64) ||
        (!l->trash && strcmp(name, "models") == 0))
        return;
    char *dir = files_path(l->dir, name);
    if (!ncm_map_get(c->by_dir, dir, strlen(dir), &i)) {
        c->experiments = ncm_grow(c->experiments, c->n_experiments, &c->cap_experiments,
                                  sizeof(*c->experiments));
        i = c->n_experiments++;
        c->experiments[i] = ncm_alloc(1, sizeof(**c->experiments));
        *c->experiments[i] = (struct files_experiment){.id = ncm_strdup(name),
                                                       .dir = ncm_strdup(dir),
                                                       .trashed = l->trash,
                                                       .runs = ncm_map_new()};
        ncm_map_set(c->by_dir, dir, strlen(dir), i);
    }
    c->experiments[i]->there = true;
    ncm_free(dir);
}

/* What cannot be used is said once, not at every look. */
static void skip(char **fault, const struct ncm_err *err)
{
    if (*fault != NULL)
        return;
    ncm_log("mlflow-files: left out: %s", err->what);
    *fault = ncm_strdup(err->what);
}

static void is_right(char **fault)
{
    ncm_free(*fault);
    *fault = NULL;
}

static bool is_torn(const struct ncm_file_stamp *stamp, const struct ncm_buf *text)
{
    return !stamp->settled && (text->len == 0 || text->p[text->len - 1] != '\n');
}

/* meta.yaml of a folder where it changed; one that is just being written is waited for. */
static enum ncm_look read_meta(const char *path, struct ncm_file_stamp *stamp, struct ncm_buf *text,
                               struct ncm_err *err)
{
    enum ncm_look look = ncm_file_read_new(path, stamp, FILES_META_MOST, text, err);
    for (int i = 0; i < TORN_TRIES && look == NCM_LOOK_NEW && is_torn(stamp, text); i++) {
        poll(NULL, 0, TORN_MS);
        look = ncm_file_read_new(path, stamp, FILES_META_MOST, text, err);
    }
    return look;
}

static void read_experiment(void *to, size_t i, struct ncm_buf *scratch)
{
    struct files_experiment *e = ((struct ncm_conn *)to)->experiments[i];
    struct files_experiment_meta meta;
    struct ncm_err err = {0};
    if (!e->there)
        return;
    char *path = files_path(e->dir, "meta.yaml");
    enum ncm_look look = read_meta(path, &e->meta_stamp, scratch, &err);
    bool ok =
        look == NCM_LOOK_NEW && files_meta_experiment(path, scratch->p, scratch->len, &meta, &err);
    if (ok && !ncm_str_is(meta.id, e->id)) {
        ok = ncm_fail(&err, NCM_INVALID_DATA, _("%s names another experiment: %s"), path,
                      ncm_cstr(meta.id));
        ncm_free(meta.text);
    }
    if (ok) {
        ncm_free(e->meta.text);
        e->meta = meta;
        if (e->trashed) /* MLflow 1 left the word as it was */
            e->meta.lifecycle = NCM_DELETED;
        e->ok = true;
        is_right(&e->fault);
    } else if (look == NCM_LOOK_GONE) {
        e->ok = false; /* a folder that only holds artifacts */
    } else if (look != NCM_LOOK_SAME) {
        e->ok = e->ok && is_torn(&e->meta_stamp, scratch);
        skip(&e->fault, &err);
    }
    ncm_free(path);
}

bool files_scan_experiments(struct ncm_conn *c, const struct ncm_control *control,
                            struct ncm_err *err)
{
    struct listing l = {.c = c, .dir = c->root};
    struct ncm_err ignored;
    bool more;
    for (size_t i = 0; i < c->n_experiments; i++)
        c->experiments[i]->there = c->experiments[i]->wanted = false;
    if (!ncm_dir_each(c->root, MOST_ENTRIES, found_experiment, &l, &more, err))
        return false;
    char *trash = files_path(c->root, ".trash");
    l.dir = trash;
    l.trash = true;
    ncm_dir_each(trash, MOST_ENTRIES, found_experiment, &l, &more, &ignored);
    ncm_free(trash);
    return files_many(c, control, c->n_experiments, read_experiment, c, err);
}

/* ---- runs ---- */

static bool is_reserved(const char *name)
{
    static const char *const names[] = {"tags", "datasets", "traces", "models"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* FNV-1a over "EXPERIMENT/RUN". */
static int64_t fingerprint(const char *experiment, const char *id)
{
    uint64_t h = 0xcbf29ce484222325ULL;
    for (const char *p = experiment; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3ULL;
    h = (h ^ '/') * 0x100000001b3ULL;
    for (const char *p = id; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3ULL;
    return (int64_t)(h >> 1);
}

/* The same run may have lain in .trash before: its handle means the one that is there. */
static void is_there(struct ncm_conn *c, struct files_run *r)
{
    if (!r->there)
        ncm_map_set(c->by_handle, (const char *)&r->handle, sizeof(r->handle), r->number);
    r->there = true;
}

static struct files_run *add_run(struct ncm_conn *c, size_t experiment, const char *id)
{
    struct files_experiment *e = c->experiments[experiment];
    size_t i;
    if (ncm_map_get(e->runs, id, strlen(id), &i))
        return c->runs[i];
    struct files_run *r = ncm_alloc(1, sizeof(*r));
    *r = (struct files_run){.number = c->n_runs,
                            .handle = fingerprint(e->id, id),
                            .experiment = experiment,
                            .id = ncm_strdup(id)};
    c->runs = ncm_grow(c->runs, c->n_runs, &c->cap_runs, sizeof(struct files_run *));
    c->runs[c->n_runs++] = r;
    e->list = ncm_grow(e->list, e->n, &e->cap, sizeof(*e->list));
    e->list[e->n++] = r->number;
    ncm_map_set(e->runs, id, strlen(id), r->number);
    return r;
}

struct run_listing {
    struct ncm_conn *c;
    size_t experiment;
};

static void found_run(void *to, const char *name, enum ncm_file_kind kind, bool link)
{
    struct run_listing *l = to;
    (void)link;
    if (kind == NCM_FILE_DIR && files_is_id(name, 256) && !is_reserved(name))
        is_there(l->c, add_run(l->c, l->experiment, name));
}

bool files_list_runs(struct ncm_conn *c, struct ncm_err *err)
{
    for (size_t i = 0; i < c->n_experiments; i++) {
        struct files_experiment *e = c->experiments[i];
        struct run_listing l = {c, i};
        bool more;
        if (!e->wanted)
            continue;
        enum ncm_look look = ncm_file_look(e->dir, &e->dir_stamp, err);
        if (look == NCM_LOOK_SAME)
            continue;
        for (size_t k = 0; k < e->n; k++)
            c->runs[e->list[k]]->there = false;
        if (look == NCM_LOOK_GONE)
            continue;
        if (look == NCM_LOOK_FAULT ||
            !ncm_dir_each(e->dir, MOST_ENTRIES, found_run, &l, &more, err)) {
            e->dir_stamp.known = false;
            if (err->code != NCM_NOT_FOUND && err->code != NCM_FORBIDDEN)
                return false;
            skip(&e->fault, err); /* one folder that may not be read hides only itself */
        }
    }
    return true;
}

/* Whether the record is the folder's: what was copied by hand into another place is not. */
static bool is_in_place(const struct files_experiment *e, const struct files_run *r,
                        const struct files_run_meta *meta, const char *path, struct ncm_err *err)
{
    if (!ncm_str_is(meta->id, r->id))
        return ncm_fail(err, NCM_INVALID_DATA, _("%s names another run: %s"), path,
                        ncm_cstr(meta->id));
    return ncm_str_is(meta->experiment_id, e->id) ||
           ncm_fail(err, NCM_INVALID_DATA, _("%s names another experiment: %s"), path,
                    ncm_cstr(meta->experiment_id));
}

void files_read_run(struct ncm_conn *c, struct files_run *r, struct ncm_buf *scratch)
{
    const struct files_experiment *e = c->experiments[r->experiment];
    struct files_run_meta meta;
    struct ncm_err err = {0};
    char *path = ncm_sprintf("%s/%s/meta.yaml", e->dir, r->id);
    enum ncm_look look = read_meta(path, &r->stamp, scratch, &err);
    bool ok = look == NCM_LOOK_NEW && files_meta_run(path, scratch->p, scratch->len, &meta, &err);
    if (ok && !is_in_place(e, r, &meta, path, &err)) {
        ncm_free(meta.text);
        ok = false;
    }
    if (ok) {
        ncm_free(r->meta.text);
        r->meta = meta;
        r->ok = true;
        is_right(&r->fault);
    } else if (look == NCM_LOOK_GONE) {
        is_right(&r->fault);
        r->ok = false; /* not a run, or one just being made */
    } else if (look != NCM_LOOK_SAME) {
        r->ok = r->ok && is_torn(&r->stamp, scratch);
        skip(&r->fault, &err);
    }
    ncm_free(path);
}

struct scan {
    struct ncm_conn *c;
    struct files_run **runs;
};

static void read_one(void *to, size_t i, struct ncm_buf *scratch)
{
    struct scan *s = to;
    files_read_run(s->c, s->runs[i], scratch);
}

struct telling {
    struct ncm_fetch *f;
};

static void tell(void *to, size_t done, size_t n)
{
    struct ncm_fetch *f = ((struct telling *)to)->f;
    if (f->progress != NULL)
        f->progress(f->to, (int64_t)done, (int64_t)n);
}

bool files_scan_runs(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct scan s = {.c = c};
    struct telling t = {f};
    size_t n = 0;
    s.runs = ncm_alloc(c->n_runs + 1, sizeof(struct files_run *));
    for (size_t i = 0; i < c->n_experiments; i++)
        for (size_t k = 0; c->experiments[i]->wanted && k < c->experiments[i]->n; k++)
            if (c->runs[c->experiments[i]->list[k]]->there)
                s.runs[n++] = c->runs[c->experiments[i]->list[k]];
    struct ncm_many m = {.n = n,
                         .work = read_one,
                         .to = &s,
                         .cancel = f->control.cancel,
                         .stop = &c->stop,
                         .deadline_mono_ms = f->control.deadline_mono_ms,
                         .progress = tell,
                         .progress_to = &t};
    bool ok = ncm_many_do(&m, err);
    for (size_t i = 0; ok && i < c->n_experiments; i++)
        c->experiments[i]->scanned = c->experiments[i]->scanned || c->experiments[i]->wanted;
    ncm_free(s.runs);
    return ok;
}

bool files_find_run(struct ncm_conn *c, const char *id, struct files_run **out, struct ncm_err *err)
{
    struct ncm_buf scratch;
    *out = NULL;
    if (!files_is_id(id, 256))
        return ncm_fail(err, NCM_NOT_FOUND, _("There is no run %s in this store."), id);
    ncm_buf_init(&scratch, FILES_META_MOST + 1);
    for (size_t i = 0; i < c->n_experiments && *out == NULL; i++) {
        const struct files_experiment *e = c->experiments[i];
        if (!e->there || !e->ok || is_reserved(id))
            continue;
        char *dir = files_path(e->dir, id);
        if (files_is_folder(dir)) {
            struct files_run *r = add_run(c, i, id);
            files_read_run(c, r, &scratch);
            is_there(c, r);
            *out = r->ok ? r : NULL;
        }
        ncm_free(dir);
    }
    ncm_buf_release(&scratch);
    return *out != NULL || ncm_fail(err, NCM_NOT_FOUND, _("There is no run %s in this store."), id);
}

static void count_fault(const char *fault, size_t *n, char **why)
{
    if (fault == NULL)
        return;
    if ((*n)++ == 0)
        *why = ncm_strdup(fault);
}

size_t files_left_out(const struct ncm_conn *c, char **why)
{
    size_t n = 0;
    *why = NULL;
    for (size_t i = 0; i < c->n_experiments; i++)
        if (c->experiments[i]->there)
            count_fault(c->experiments[i]->fault, &n, why);
    for (size_t i = 0; i < c->n_runs; i++)
        if (c->runs[i]->there)
            count_fault(c->runs[i]->fault, &n, why);
    return n;
}

static void free_run(struct files_run *r)
{
    files_run_forget(r);
    ncm_free(r->meta.text);
    ncm_free(r->fault);
    ncm_free(r->id);
    ncm_free(r);
}

void files_forget(struct ncm_conn *c)
{
    for (size_t i = 0; i < c->n_runs; i++)
        free_run(c->runs[i]);
    for (size_t i = 0; i < c->n_experiments; i++) {
        struct files_experiment *e = c->experiments[i];
        files_logged_free(e);
        ncm_map_free(e->runs);
        ncm_free(e->list);
        ncm_free(e->meta.text);
        ncm_free(e->fault);
        ncm_free(e->id);
        ncm_free(e->dir);
        ncm_free(e);
    }
    ncm_free(c->runs);
    ncm_free(c->experiments);
    files_key_sets_free(c);
    ncm_map_free(c->by_dir);
    ncm_map_free(c->by_handle);
    c->runs = NULL;
    c->experiments = NULL;
    c->by_dir = ncm_map_new();
    c->by_handle = ncm_map_new();
    c->n_runs = c->cap_runs = c->n_experiments = c->cap_experiments = 0;
    atomic_store(&c->held, 0);
}
