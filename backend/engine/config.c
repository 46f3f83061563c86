/* Reading the configuration file: one walk over its tree beside the table of settings. */
#include "engine/config.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "engine/config_file.h"
#include "io/file.h"
#include "io/node.h"

enum {
    FILE_MAX = 1024 * 1024,
    PATH_MAX_LEN = 512,
    ITEMS_MAX = 1000,
    OTHERS_MAY_READ = 044,
};

bool ncm_config_wrong(struct ncm_config_reader *r, int line, int column, char *what)
{
    ncm_fail(r->err, NCM_USAGE, "%s:%d:%d: %s", r->file, line, column, what);
    ncm_free(what);
    return false;
}

bool ncm_config_wrong_at(struct ncm_config_reader *r, const struct ncm_node *n, char *what)
{
    return ncm_config_wrong(r, n->line, n->column, what);
}

bool ncm_config_wrong_as(struct ncm_config_reader *r, const struct ncm_node *n,
                         const struct ncm_err *why)
{
    ncm_config_wrong_at(r, n, ncm_strdup(why->what));
    return why->hint[0] == '\0' ? false : ncm_hint(r->err, "%s", why->hint);
}

static bool read_map(struct ncm_config_reader *r, const char *path, const char *pattern,
                     const struct ncm_node *n);

/* A list of maps: each is read as what lies below the list's own row. */
static bool read_list(struct ncm_config_reader *r, const char *path, const struct ncm_setting *row,
                      const struct ncm_node *n)
{
    if (n->kind == NCM_NODE_NULL) {
        return true;
    }
    if (n->kind != NCM_NODE_LIST || n->n > ITEMS_MAX) {
        return ncm_config_wrong_at(
            r, n,
            n->kind != NCM_NODE_LIST
                ? ncm_sprintf(_("'%s' wants a list"), path)
                : ncm_sprintf(_("'%s' holds more than %d"), path, (int)ITEMS_MAX));
    }
    for (size_t i = 0; i < n->n; i++) {
        char *below = ncm_sprintf("%s[%zu]", path, i);
        bool ok = ncm_config_begin(r, row, &n->items[i]) &&
                  read_map(r, below, row->path, &n->items[i]) &&
                  ncm_config_end(r, row, &n->items[i]);
        ncm_free(below);
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool read_node(struct ncm_config_reader *r, const char *path, const struct ncm_setting *row,
                      const struct ncm_node *n)
{
    if (row->later) {
        return true;
    }
    if (strcmp(row->type, "list") == 0) {
        return read_list(r, path, row, n);
    }
    if (strcmp(row->type, "map") != 0) {
        return ncm_config_put(r, path, row, n);
    }
    return ncm_config_begin(r, row, n) && read_map(r, path, row->path, n) &&
           ncm_config_end(r, row, n);
}

static bool unknown_key(struct ncm_config_reader *r, const struct ncm_node *n, const char *pattern)
{
    const char *near = ncm_config_nearest(pattern, n->key);
    char *what = near != NULL ? ncm_sprintf(_("unknown key '%s', did you mean '%s'?"), n->key, near)
                              : ncm_sprintf(_("unknown key '%s'"), n->key);
    return ncm_config_wrong(r, n->key_line, n->key_column, what);
}

static bool read_map(struct ncm_config_reader *r, const char *path, const char *pattern,
                     const struct ncm_node *n)
{
    if (n->kind == NCM_NODE_NULL) {
        return true;
    }
    if (n->kind != NCM_NODE_MAP) {
        return ncm_config_wrong_at(r, n,
                                   path[0] == '\0'
                                       ? ncm_strdup(_("the file holds no settings"))
                                       : ncm_sprintf(_("'%s' wants settings below it"), path));
    }
    for (size_t i = 0; i < n->n; i++) {
        const struct ncm_node *child = &n->items[i];
        const struct ncm_setting *row = ncm_config_row(pattern, child->key);
        if (row == NULL) {
            return unknown_key(r, child, pattern);
        }
        char *below = ncm_sprintf("%s%s%s", path, path[0] != '\0' ? "." : "", child->key);
        bool ok = strlen(below) < PATH_MAX_LEN
                      ? read_node(r, below, row, child)
                      : ncm_config_wrong(r, child->key_line, child->key_column,
                                         ncm_strdup(_("that name is too long")));
        ncm_free(below);
        if (!ok) {
            return false;
        }
    }
    return true;
}

static void warn_secret(struct ncm_config_reader *r)
{
    struct ncm_file_info info = {0};
    struct ncm_err err;
    if (r->secret_line == 0 || !ncm_file_stat(r->file, &info, &err) ||
        (info.mode & OTHERS_MAY_READ) == 0) {
        return;
    }
    struct ncm_config *c = r->config;
    c->warnings = ncm_resize(c->warnings, c->n_warnings + 1, sizeof *c->warnings);
    c->warnings[c->n_warnings++] = ncm_sprintf(
        _("%s:%d:%d: a secret stands here and others may read it: chmod 600 closes the file"),
        r->file, r->secret_line, r->secret_column);
}

/* The current context must be one of them. */
static bool check_current(struct ncm_config_reader *r, const struct ncm_node *root)
{
    const char *name = r->config->current_context;
    if (name == NULL || ncm_config_find(r->config, name) != NULL) {
        return true;
    }
    return ncm_config_wrong_at(r, ncm_node_get(root, "current-context"),
                               ncm_sprintf(_("there is no context '%s'"), name));
}

static bool read_file(struct ncm_config_reader *r)
{
    struct ncm_buf text;
    bool truncated = false;
    ncm_buf_init(&text, FILE_MAX + 1);
    if (!ncm_file_read(r->file, 0, FILE_MAX, &text, &truncated, r->err)) {
        ncm_buf_release(&text);
        return false;
    }
    if (truncated) {
        ncm_buf_release(&text);
        return ncm_fail(r->err, NCM_TOO_LARGE, _("%s is too large for a configuration file"),
                        r->file);
    }
    struct ncm_doc *doc = NULL;
    bool ok = ncm_yaml_parse(r->file, text.p, text.len, &doc, r->err);
    if (ok) {
        const struct ncm_node *root = ncm_doc_root(doc);
        ok = read_map(r, "", "", root) && check_current(r, root);
        ncm_doc_free(doc);
    }
    ncm_buf_release(&text);
    return ok;
}

static char *folder_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash == NULL || slash == file ? ncm_strdup("/")
                                          : ncm_strndup(file, (size_t)(slash - file));
}

bool ncm_config_load(const char *path, struct ncm_config **out, struct ncm_err *err)
{
    struct ncm_config *c = ncm_alloc(1, sizeof *c);
    c->clock = true;
    c->escdelay_ms = 25;
    char *file = path != NULL ? ncm_path_expand(path, NULL) : ncm_config_default_path();
    struct ncm_file_info info = {0};
    bool ok = ncm_file_stat(file, &info, err);
    if (ok && info.kind == NCM_FILE_NONE && path != NULL) {
        ok = ncm_fail(err, NCM_NOT_FOUND, _("There is no configuration file %s"), path);
    } else if (ok && info.kind != NCM_FILE_NONE) {
        struct ncm_config_reader r = {
            .config = c, .file = file, .dir = folder_of(file), .err = err};
        c->path = ncm_strdup(file);
        ok = read_file(&r);
        if (ok) {
            ncm_config_share_webhooks(c);
            warn_secret(&r);
        }
        ncm_free(r.dir);
    }
    ncm_free(file);
    if (!ok) {
        ncm_config_free(c);
        return false;
    }
    *out = c;
    return true;
}

void ncm_config_free(struct ncm_config *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < c->n_contexts; i++) {
        ncm_free(c->contexts[i].name);
        ncm_free(c->contexts[i].tracking_uri);
        ncm_free(c->contexts[i].registry_uri);
        ncm_access_release(&c->contexts[i].access);
        ncm_watch_plan_release(&c->contexts[i].watch);
        ncm_deploy_plan_release(&c->contexts[i].deploy);
    }
    for (size_t i = 0; i < c->n_keys; i++) {
        ncm_free(c->keys[i].action);
        ncm_free(c->keys[i].keys);
    }
    for (size_t i = 0; i < c->n_webhooks; i++) {
        ncm_webhook_release(&c->webhooks[i]);
    }
    for (size_t i = 0; i < c->n_warnings; i++) {
        ncm_free(c->warnings[i]);
    }
    ncm_free(c->contexts);
    ncm_free(c->webhooks);
    ncm_free(c->keys);
    ncm_free(c->warnings);
    ncm_free(c->path);
    ncm_free(c->current_context);
    ncm_free(c->theme);
    ncm_free(c->language);
    ncm_free(c->plot);
    ncm_free(c);
}

const struct ncm_config_context *ncm_config_find(const struct ncm_config *c, const char *name)
{
    for (size_t i = 0; i < c->n_contexts; i++) {
        if (strcmp(c->contexts[i].name, name) == 0) {
            return &c->contexts[i];
        }
    }
    return NULL;
}

char *ncm_config_default_path(void)
{
    char *dir = ncm_dir_config();
    char *path = ncm_path_join(dir, "config.yaml");
    ncm_free(dir);
    return path;
}
