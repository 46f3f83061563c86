/* Where themes are found. */
#include <stdio.h>
#include <string.h>

#include "api/output.h"
#include "api/text.h"
#include "ui/theme.h"

#define MAX_BYTES 65536

/* Folders that may hold NAME.theme; the caller frees. NULL at the end. */
static char *theme_dir(int i)
{
    if (i == 0) {
        char *config = ncm_dir_config();
        char *dir = config != NULL ? ncm_path_join(config, "themes") : ncm_strdup("themes");
        ncm_free(config);
        return dir;
    }
    return i == 1 ? ncm_strdup(NCM_PREFIX "/share/ncmlops/themes") : NULL;
}

static bool load_file(const char *path, struct theme *out, struct ncm_err *err)
{
    struct ncm_buf text;
    bool truncated = false;

    ncm_buf_init(&text, MAX_BYTES);
    bool ok = ncm_file_read(path, 0, MAX_BYTES, &text, &truncated, err);
    if (ok && truncated) {
        ok = ncm_fail(err, NCM_TOO_LARGE, _("%s is too large for a theme"), path);
    }
    ok = ok && theme_parse(path, text.p, text.len, out, err);
    ncm_buf_release(&text);
    return ok;
}

static bool exists(const char *path)
{
    struct ncm_file_info info;
    struct ncm_err err;

    return ncm_file_stat(path, &info, &err) && info.kind == NCM_FILE_REGULAR;
}

bool theme_load(const char *name, struct theme *out, struct ncm_err *err)
{
    if (name == NULL || *name == '\0') {
        name = "dark";
    }
    for (const struct theme_text *t = theme_builtin; t->name != NULL; t++) {
        if (strcmp(t->name, name) == 0) {
            return theme_parse(name, t->text, strlen(t->text), out, err);
        }
    }
    if (strchr(name, '/') != NULL || strstr(name, ".theme") != NULL) {
        char *path = ncm_path_expand(name, NULL);
        bool ok = load_file(path != NULL ? path : name, out, err);
        ncm_free(path);
        return ok;
    }
    char *dir;
    for (int i = 0; (dir = theme_dir(i)) != NULL; i++) {
        char *file = ncm_sprintf("%s/%s.theme", dir, name);
        bool there = exists(file);
        bool ok = there && load_file(file, out, err);
        ncm_free(file);
        ncm_free(dir);
        if (there) {
            return ok;
        }
    }
    ncm_fail(err, NCM_NOT_FOUND, _("There is no theme '%s'"), name);
    return ncm_hint(err, _("dark, light, mono, or the path of a theme file"));
}

void theme_list(void (*add)(void *to, const char *name), void *to)
{
    char *dir;

    for (const struct theme_text *t = theme_builtin; t->name != NULL; t++) {
        add(to, t->name);
    }
    for (int i = 0; (dir = theme_dir(i)) != NULL; i++) {
        struct ncm_dir_entry *entries = NULL;
        struct ncm_err err;
        size_t n = 0;
        bool truncated;
        if (ncm_dir_list(dir, 200, &entries, &n, &truncated, &err)) {
            for (size_t k = 0; k < n; k++) {
                char *dot = strstr(entries[k].name, ".theme");
                if (dot != NULL && dot[6] == '\0' && dot > entries[k].name) {
                    *dot = '\0';
                    bool builtin = strcmp(entries[k].name, "dark") == 0 ||
                                   strcmp(entries[k].name, "light") == 0 ||
                                   strcmp(entries[k].name, "mono") == 0;
                    if (!builtin) {
                        add(to, entries[k].name);
                    }
                }
            }
            ncm_dir_free(entries, n);
        }
        ncm_free(dir);
    }
}
