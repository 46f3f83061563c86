/* The provider's table: opening, closing and which function reads what. */
#include "provider/mlflow_files/mlflow_files.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/file.h"
#include "provider/mlflow_files/internal.h"

/* A call that an interrupt meant for an earlier one hit is begun again, at most so often. */
#define MAX_RETRIES 4
/* Above so many bytes the values are read anew when they are wanted. */
#define MOST_HELD ((size_t)256 << 20)
/* Entries looked at to tell what a folder is. */
#define PROBE_ENTRIES 5000

char *files_path(const char *dir, const char *name)
{
    return ncm_sprintf("%s/%s", dir, name);
}

bool files_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* "mlruns" or "file:///…/mlruns" → absolute path without a slash at the end; NULL for another
 * scheme. The caller frees. */
static char *path_of(const char *location)
{
    char *path = ncm_path_from_uri(location);
    char *full = path != NULL ? ncm_path_expand(path, NULL) : NULL;
    ncm_free(path);
    return full;
}

struct probing {
    const char *dir;
    bool found, maybe;
};

/* An experiment has a meta.yaml; where only artifacts are kept there is none. */
static void probe_entry(void *to, const char *name, enum ncm_file_kind kind, bool link)
{
    struct probing *p = to;
    (void)link;
    if (kind != NCM_FILE_DIR || p->found)
        return;
    if (!files_is_id(name, 64)) {
        p->maybe = p->maybe || strcmp(name, ".trash") == 0;
        return;
    }
    char *path = ncm_sprintf("%s/%s/meta.yaml", p->dir, name);
    struct stat st;
    p->found = stat(path, &st) == 0 && S_ISREG(st.st_mode);
    ncm_free(path);
}

static int probe(const char *location)
{
    struct probing p = {0};
    struct ncm_err ignored;
    bool more;
    char *dir = path_of(location);
    if (dir == NULL)
        return 0;
    p.dir = dir;
    ncm_dir_each(dir, PROBE_ENTRIES, probe_entry, &p, &more, &ignored);
    ncm_free(dir);
    return p.found ? 100 : p.maybe ? 40 : 0;
}

static void close_conn(struct ncm_conn *c)
{
    if (c == NULL)
        return;
    files_watch_free(c->watch);
    files_forget(c);
    ncm_map_free(c->by_dir);
    ncm_map_free(c->by_handle);
    if (c->wake >= 0)
        close(c->wake);
    ncm_free(c->root);
    ncm_free(c);
}

static bool open_conn(const struct ncm_place *place, struct ncm_conn **out,
                      struct ncm_control *control, struct ncm_err *err)
{
    char *root = path_of(place->location);
    if (root == NULL)
        return ncm_fail(err, NCM_UNSUPPORTED, _("%s is not a folder on this machine."),
                        place->location);
    struct ncm_conn *c = ncm_alloc(1, sizeof(*c));
    c->root = root;
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    c->fetch = 1;
    c->by_dir = ncm_map_new();
    c->by_handle = ncm_map_new();
    atomic_init(&c->stop, false);
    atomic_init(&c->held, 0);
    const struct ncm_control none = {0};
    bool ok = files_scan_experiments(c, control != NULL ? control : &none, err);
    if (ok && probe(place->location) == 0) {
        ncm_fail(err, NCM_INVALID_DATA,
                 _("%s is not a file store of MLflow: no folder in it has a"
                   " meta.yaml."),
                 place->location);
        ok = ncm_hint(err, _("A store in a database keeps only artifacts in such a folder."));
    }
    if (!ok) {
        close_conn(c);
        return false;
    }
    *out = c;
    return true;
}

static void interrupt_conn(struct ncm_conn *c)
{
    uint64_t one = 1;
    atomic_store(&c->stop, true);
    if (c->wake >= 0 && write(c->wake, &one, sizeof(one)) < 0)
        return; /* full: it is signalled already */
}

bool files_go_on(struct ncm_conn *c, const struct ncm_control *control, struct ncm_err *err)
{
    if (atomic_load(&c->stop) || (control->cancel != NULL && atomic_load(control->cancel)))
        return ncm_fail(err, NCM_CANCELLED, _("Cancelled."));
    if (control->deadline_mono_ms != 0 && ncm_mono_ms() > control->deadline_mono_ms)
        return ncm_fail(err, NCM_TIMEOUT, _("Reading the store took too long."));
    return true;
}

bool files_many(struct ncm_conn *c, const struct ncm_control *control, size_t n,
                void (*work)(void *to, size_t i, struct ncm_buf *scratch), void *to,
                struct ncm_err *err)
{
    struct ncm_many m = {.n = n,
                         .work = work,
                         .to = to,
                         .cancel = control->cancel,
                         .stop = &c->stop,
                         .deadline_mono_ms = control->deadline_mono_ms};
    return ncm_many_do(&m, err);
}

static bool fetch_topic(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    switch (f->query->topic) {
    case NCM_T_STORE:
        return files_read_store(c, f, err);
    case NCM_T_EXPERIMENTS:
        return files_read_experiments(c, f, err);
    case NCM_T_RUN_KEYS:
        return files_read_keys(c, f, err);
    case NCM_T_RUNS:
        return files_read_runs(c, f, err);
    case NCM_T_RUN:
        return files_read_one(c, f, err);
    case NCM_T_SERIES:
        return files_read_series(c, f, err);
    case NCM_T_ARTIFACTS:
        return files_read_artifacts(c, f, err);
    case NCM_T_ARTIFACT:
        return files_read_artifact(c, f, err);
    case NCM_T_MODELS:
        return files_read_models(c, f, err);
    case NCM_T_FACTS:
        return files_read_facts(c, f, err);
    default:
        return ncm_fail(err, NCM_UNSUPPORTED, _("An MLflow store does not hold this."));
    }
}

/* What is known is not relied on: every file is read again. */
static void distrust(struct ncm_conn *c)
{
    for (size_t i = 0; i < c->n_experiments; i++)
        c->experiments[i]->meta_stamp.known = c->experiments[i]->dir_stamp.known = false;
    for (size_t i = 0; i < c->n_runs; i++) {
        c->runs[i]->stamp.known = false;
        files_run_forget(c->runs[i]);
    }
    atomic_store(&c->held, 0);
}

static void keep_small(struct ncm_conn *c)
{
    if (atomic_load(&c->held) < MOST_HELD)
        return;
    for (size_t i = 0; i < c->n_runs; i++)
        files_run_forget(c->runs[i]);
    files_key_sets_free(c);
    atomic_store(&c->held, 0);
}

static bool fetch(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    if (f->cached)
        return ncm_fail(err, NCM_NOT_FOUND, _("Nothing is kept of this store: it lies here."));
    if (f->full)
        distrust(c);
    for (int i = 0;; i++) {
        atomic_store(&c->stop, false);
        c->fetch++;
        keep_small(c);
        bool ok = files_go_on(c, &f->control, err) && fetch_topic(c, f, err);
        bool meant = f->control.cancel != NULL && atomic_load(f->control.cancel);
        if (ok || err->code != NCM_CANCELLED || meant || i >= MAX_RETRIES || f->sink != NULL)
            return ok;
    }
}

static char *state_path(const char *location)
{
    char *path = path_of(location);
    if (path == NULL)
        return NULL;
    char *out = ncm_sprintf("%s.ncmlops.db", path);
    char *slash = strrchr(path, '/');
    slash[slash == path] = '\0';
    if (access(out, R_OK) != 0 && access(path, W_OK) != 0) {
        ncm_free(out);
        out = NULL;
    }
    ncm_free(path);
    return out;
}

const struct ncm_provider ncm_mlflow_files = {
    .name = "mlflow-files",
    .summary = N_("MLflow's file store (a folder mlruns/), opened in place"),
    .capabilities = NCM_CAP_STAGES | NCM_CAP_ALIASES | NCM_CAP_WRITE | NCM_CAP_WATCH | NCM_CAP_UNDO,
    .probe = probe,
    .open = open_conn,
    .close = close_conn,
    .interrupt = interrupt_conn,
    .fetch = fetch,
    .watch = files_watch,
    .apply = files_apply,
    .check = files_check,
    .present = files_present,
    .state_path = state_path,
    .examine = files_examine,
};
