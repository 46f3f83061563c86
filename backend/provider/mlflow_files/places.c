#include "provider/mlflow_files/places.h"

#include <string.h>

#include "base/i18n.h"
#include "io/file.h"

/* `inner` below the folder that the store lies in, where that is a folder; else NULL. */
static char *beside_store(const struct ncm_conn *c, const char *inner)
{
    const char *slash = strrchr(c->root, '/');
    while (*inner == '/')
        inner++;
    if (*inner == '\0' || !ncm_path_inside(inner))
        return NULL;
    char *path = ncm_sprintf("%.*s/%s", (int)(slash - c->root), c->root, inner);
    if (files_is_folder(path))
        return path;
    ncm_free(path);
    return NULL;
}

/* The part of an absolute path that begins with one of our experiments, where that is a folder
 * here. */
static char *in_store(const struct ncm_conn *c, const char *path)
{
    for (const char *p = path; (p = strchr(p, '/')) != NULL;) {
        size_t n = strcspn(++p, "/");
        for (size_t i = 0; i < c->n_experiments; i++) {
            const struct files_experiment *e = c->experiments[i];
            if (!e->there || !e->ok || strlen(e->id) != n || strncmp(e->id, p, n) != 0 ||
                (p[n] == '/' && !ncm_path_inside(p + n + 1)))
                continue;
            char *here = ncm_sprintf("%s%s", e->dir, p + n);
            if (files_is_folder(here))
                return here;
            ncm_free(here);
        }
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

char *files_artifact_folder(struct ncm_conn *c, const char *uri, struct ncm_arena *a,
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
    char *found = path[0] == '/' && files_is_folder(path) ? ncm_strdup(path) : NULL;
    if (found == NULL && path[0] != '/')
        found = beside_store(c, path[0] == '.' && path[1] == '/' ? path + 2 : path);
    if (found == NULL)
        found = in_store(c, path);
    if (found == NULL)
        *why = reason(a, _("There is no such folder on this machine:"), path);
    ncm_free(path);
    return found;
}

char *files_run_artifacts(struct ncm_conn *c, const struct files_run *r, struct ncm_arena *a,
                          struct ncm_str *why, bool *none)
{
    const char *uri = ncm_cstr(r->meta.artifact_uri);
    char *found = files_artifact_folder(c, uri, a, why);
    char *path = found == NULL ? ncm_path_from_uri(uri) : NULL;
    *none = false;
    if (path != NULL) { /* a place in the file system: the run's own folder stands in for it */
        char *dir = files_run_dir(c, r), *own = files_path(dir, "artifacts");
        if (files_is_folder(own))
            found = ncm_strdup(own);
        size_t n = strlen(path), m = strlen(r->id);
        *none = found == NULL && n > m + 11 && strcmp(path + n - 10, "/artifacts") == 0 &&
                strncmp(path + n - 10 - m, r->id, m) == 0;
        ncm_free(own);
        ncm_free(dir);
        ncm_free(path);
    }
    if (found != NULL)
        *why = (struct ncm_str){0};
    return found;
}
