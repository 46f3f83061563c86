#include "provider/mlflow_files/places.h"

#include <string.h>

#include "io/file.h"
#include "provider/artifact_place.h"

/* The part of an absolute path that begins with one of our experiments, where that is a folder
 * here. */
static char *in_store(const void *conn, const char *path)
{
    const struct ncm_conn *c = conn;
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

char *files_artifact_folder(struct ncm_conn *c, const char *uri, struct ncm_arena *a,
                            struct ncm_str *why)
{
    const char *slash = strrchr(c->root, '/');
    char *folder = ncm_strndup(c->root, slash == c->root ? 1 : (size_t)(slash - c->root));
    char *found = ncm_artifact_place(folder, uri, in_store, c, a, why);
    ncm_free(folder);
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
