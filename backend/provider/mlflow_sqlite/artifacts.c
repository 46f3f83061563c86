/* Topics ARTIFACTS and ARTIFACT, and where an artifact URI lies on this machine. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "io/file.h"
#include "provider/artifact_dir.h"
#include "provider/artifact_place.h"
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

/* The store may have been moved with its artifacts: from the last part called mlruns or
 * mlartifacts on, the path is looked for beside the store. */
static char *moved_with_store(const void *conn, const char *path)
{
    static const char *const names[] = {"/mlruns/", "/mlartifacts/"};
    char *folder = store_folder(conn), *found = NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *tail = NULL;
        for (const char *p = path; (p = strstr(p, names[i])) != NULL; p++)
            tail = p;
        if (found == NULL && tail != NULL)
            found = ncm_artifact_beside(folder, tail);
    }
    ncm_free(folder);
    return found;
}

char *sqlite_artifact_folder(struct ncm_conn *c, const char *uri, struct ncm_arena *a,
                             struct ncm_str *why)
{
    char *folder = store_folder(c);
    char *found = ncm_artifact_place(folder, uri, moved_with_store, c, a, why);
    ncm_free(folder);
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
