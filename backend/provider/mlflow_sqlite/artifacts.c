/* Topics ARTIFACTS and ARTIFACT, and where an artifact URI lies on this machine. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "io/file.h"
#include "provider/artifact_dir.h"
#include "provider/mlflow_sqlite/mlflow_sqlite.h"
#include "provider/mlflow_sqlite/read.h"

static char *store_folder(const struct ncm_conn *c)
{
    const char *slash = strrchr(c->path, '/');
    return slash == NULL ? ncm_strdup(".") : ncm_strndup(c->path, (size_t)(slash - c->path) + 1);
}

static bool is_folder(const char *path)
{
    struct ncm_file_info info;
    struct ncm_err err;
    return ncm_file_stat(path, &info, &err) && info.kind == NCM_FILE_DIR;
}

/* `inner` below the store's own folder, where that is a folder; else NULL. */
static char *beside_store(const struct ncm_conn *c, const char *inner)
{
    while (*inner == '/')
        inner++;
    if (*inner == '\0' || !ncm_path_inside(inner))
        return NULL;
    char *folder = store_folder(c);
    char *path = ncm_path_join(folder, inner);
    ncm_free(folder);
    if (is_folder(path))
        return path;
    ncm_free(path);
    return NULL;
}

/* The store may have been moved with its artifacts: from the last part called mlruns or
 * mlartifacts on, the path is looked for beside the store. */
static char *moved_with_store(const struct ncm_conn *c, const char *path)
{
    static const char *const names[] = {"/mlruns/", "/mlartifacts/"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *tail = NULL;
        for (const char *p = path; (p = strstr(p, names[i])) != NULL; p++)
            tail = p;
        char *found = tail != NULL ? beside_store(c, tail) : NULL;
        if (found != NULL)
            return found;
    }
    return NULL;
}

static struct ncm_str reason(struct ncm_arena *a, const char *format, const char *uri)
{
    char *text = ncm_sprintf("%s %s", format, uri);
    struct ncm_str out = ncm_arena_cstr(a, text);
    ncm_free(text);
    return out;
}

static char *behind_server(const struct ncm_conn *c, const char *uri, struct ncm_arena *a,
                           struct ncm_str *why)
{
    const char *inner = strchr(uri, ':') + 1;
    if (strncmp(inner, "//", 2) == 0) /* a host: its path follows */
        inner = strchr(inner + 2, '/');
    if (inner != NULL) {
        char *path = ncm_path_join("mlartifacts", inner + strspn(inner, "/"));
        char *found = beside_store(c, path);
        ncm_free(path);
        if (found != NULL)
            return found;
    }
    *why = reason(a, _("Only the tracking server can reach these artifacts:"), uri);
    return NULL;
}

char *sqlite_artifact_folder(struct ncm_conn *c, const char *uri, struct ncm_arena *a,
                             struct ncm_str *why)
{
    if (uri[0] == '\0') {
        *why = ncm_arena_cstr(a, _("The store names no place for these artifacts."));
        return NULL;
    }
    if (strncmp(uri, "mlflow-artifacts:", 17) == 0)
        return behind_server(c, uri, a, why);
    char *path = ncm_path_from_uri(uri);
    if (path == NULL) {
        *why = reason(a, _("These artifacts are not on this machine:"), uri);
        return NULL;
    }
    char *found = path[0] == '/' && is_folder(path) ? ncm_strdup(path) : NULL;
    if (found == NULL && path[0] != '/')
        found = beside_store(c, path[0] == '.' && path[1] == '/' ? path + 2 : path);
    if (found == NULL)
        found = moved_with_store(c, path);
    if (found == NULL)
        *why = reason(a, _("There is no such folder on this machine:"), path);
    ncm_free(path);
    return found;
}

/* The run's artifact URI; NCM_NOT_FOUND where there is no run. */
static bool artifact_root(struct ncm_conn *c, const char *run, struct ncm_arena *a,
                          struct ncm_str *out, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row = false;
    if (!ncm_db_prepare(c->db, "SELECT artifact_uri FROM runs WHERE run_uuid=?1", &st, err))
        return false;
    ncm_bind_cstr(st, 1, run);
    bool ok = ncm_stmt_step(st, &row, err);
    if (ok && row)
        *out = ncm_col_dup(st, 0, a);
    ncm_stmt_end(st);
    if (ok && !row)
        return ncm_fail(err, NCM_NOT_FOUND, _("There is no run %s in this store."), run);
    return ok;
}

/* MLflow makes a run's folder with its first file. Where its experiment's folder is here and its
 * own is not, there are none. */
static bool never_got_any(const struct ncm_conn *c, const char *uri)
{
    static const char end[] = "/artifacts";
    char *path = ncm_path_from_uri(uri);
    size_t len = path != NULL ? strlen(path) : 0;
    bool none = false;
    if (len > sizeof end && path[0] == '/' && strcmp(path + len - (sizeof end - 1), end) == 0) {
        path[len - (sizeof end - 1)] = '\0';
        char *run = strrchr(path, '/');
        *run = '\0';
        char *moved = is_folder(path) ? NULL : moved_with_store(c, path);
        none = moved != NULL || is_folder(path);
        ncm_free(moved);
    }
    ncm_free(path);
    return none;
}

bool read_artifacts(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_artifacts_snapshot *s = ncm_snapshot_new(NCM_T_ARTIFACTS, sizeof(*s));
    const char *inner = f->query->key == NULL ? "" : f->query->key;
    bool ok = artifact_root(c, f->query->id, s->head.arena, &s->root, err);
    if (ok) {
        char *root = sqlite_artifact_folder(c, ncm_cstr(s->root), s->head.arena, &s->why);
        ok = root == NULL || ncm_artifact_list(root, inner, s, err);
        s->none = root == NULL && never_got_any(c, ncm_cstr(s->root));
        ncm_free(root);
    }
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}

static bool same_file(const struct ncm_file_info *a, const char *path)
{
    struct ncm_file_info b;
    struct ncm_err ignored;
    return path != NULL && ncm_file_stat(path, &b, &ignored) && b.kind == NCM_FILE_REGULAR &&
           a->device == b.device && a->inode == b.inode;
}

/* A run may name the store's own folder as its place. Closing a descriptor of a database that is
 * open here would drop the locks that other lanes hold on it. */
static bool is_database(const struct ncm_conn *c, const struct ncm_file_info *info)
{
    char *shared = ncm_sprintf("%s-shm", c->path);
    char *state = ncm_mlflow_sqlite.state_path(c->path);
    bool is = same_file(info, c->path) || same_file(info, shared) || same_file(info, state);
    ncm_free(shared);
    ncm_free(state);
    return is;
}

static bool read_content(const struct ncm_conn *c, const char *root, struct ncm_fetch *f,
                         struct ncm_artifact_snapshot *s, struct ncm_err *err)
{
    struct ncm_file_info info;
    char *path = ncm_artifact_inside(root, ncm_cstr(s->path), err);
    if (path == NULL)
        return false;
    bool ok = ncm_file_stat(path, &info, err) &&
              (!is_database(c, &info) ||
               ncm_fail(err, NCM_REFUSED, _("This is the store itself, not an artifact: %s"),
                        ncm_cstr(s->path))) &&
              ncm_artifact_read(path, f, s, err);
    ncm_free(path);
    return ok;
}

bool read_artifact(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_artifact_snapshot *s = ncm_snapshot_new(NCM_T_ARTIFACT, sizeof(*s));
    struct ncm_str uri, why = {0};
    s->path = ncm_arena_cstr(s->head.arena, f->query->key == NULL ? "" : f->query->key);
    bool ok = artifact_root(c, f->query->id, s->head.arena, &uri, err);
    if (ok) {
        char *root = sqlite_artifact_folder(c, ncm_cstr(uri), s->head.arena, &why);
        ok = root != NULL ? read_content(c, root, f, s, err)
                          : ncm_fail(err, NCM_NOT_FOUND, "%s", ncm_cstr(why));
        ncm_free(root);
    }
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}
