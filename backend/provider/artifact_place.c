#include "provider/artifact_place.h"

#include <string.h>

#include "base/i18n.h"
#include "io/file.h"

static bool is_folder(const char *path)
{
    struct ncm_file_info info;
    struct ncm_err err;
    return ncm_file_stat(path, &info, &err) && info.kind == NCM_FILE_DIR;
}

char *ncm_artifact_beside(const char *folder, const char *inner)
{
    inner += strspn(inner, "/");
    if (*inner == '\0' || !ncm_path_inside(inner))
        return NULL;
    char *path = ncm_path_join(folder, inner);
    if (is_folder(path))
        return path;
    ncm_free(path);
    return NULL;
}

static struct ncm_str reason(struct ncm_arena *a, const char *format, const char *uri)
{
    char *text = ncm_sprintf("%s %s", format, uri);
    struct ncm_str out = ncm_arena_cstr(a, text);
    ncm_free(text);
    return out;
}

/* "mlflow-artifacts:/…": the server's own folder may lie beside the store. */
static char *behind_server(const char *folder, const char *uri, struct ncm_arena *a,
                           struct ncm_str *why)
{
    const char *inner = strchr(uri, ':') + 1;
    if (strncmp(inner, "//", 2) == 0) /* a host: its path follows */
        inner = strchr(inner + 2, '/');
    if (inner != NULL) {
        char *path = ncm_path_join("mlartifacts", inner + strspn(inner, "/"));
        char *found = ncm_artifact_beside(folder, path);
        ncm_free(path);
        if (found != NULL)
            return found;
    }
    *why = reason(a, _("Only the tracking server can reach these artifacts:"), uri);
    return NULL;
}

char *ncm_artifact_place(const char *folder, const char *uri,
                         char *(*moved)(const void *to, const char *path), const void *to,
                         struct ncm_arena *a, struct ncm_str *why)
{
    if (uri[0] == '\0') {
        *why = ncm_arena_cstr(a, _("The store names no place for these artifacts."));
        return NULL;
    }
    if (strncmp(uri, "mlflow-artifacts:", 17) == 0)
        return behind_server(folder, uri, a, why);
    char *path = ncm_path_from_uri(uri);
    if (path == NULL) {
        *why = reason(a, _("These artifacts are not on this machine:"), uri);
        return NULL;
    }
    char *found = path[0] == '/' && is_folder(path) ? ncm_strdup(path) : NULL;
    if (found == NULL && path[0] != '/')
        found = ncm_artifact_beside(folder, path[0] == '.' && path[1] == '/' ? path + 2 : path);
    if (found == NULL)
        found = moved(to, path);
    if (found == NULL)
        *why = reason(a, _("There is no such folder on this machine:"), path);
    ncm_free(path);
    return found;
}

char *ncm_artifact_uri_of_run(const char *location, const char *run_id)
{
    size_t path = strstr(location, "://") != NULL ? strcspn(location, "?#") : strlen(location);
    const char *rest = location + path;
    while (path > 0 && location[path - 1] == '/') {
        path--;
    }
    return ncm_sprintf("%.*s/%s/artifacts%s", (int)path, location, run_id, rest);
}
