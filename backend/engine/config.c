/* Reading the configuration file: one walk over its tree beside the table of settings. */
#include "engine/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "engine/config_file.h"
#include "io/file.h"
#include "io/node.h"

enum {
    FILE_MAX = 1024 * 1024,
    PATH_MAX_LEN = 512,
    OTHERS_MAY_READ = 044,
    ESCDELAY_MAX = 10000,
};

struct reader {
    struct ncm_config *config;
    const char *file;
    struct ncm_err *err;
    bool secret; /* something in it should not be read by others */
};

/* NCM_USAGE at a place in the file. */
static bool wrong(struct reader *r, int line, int column, const char *what)
{
    return ncm_fail(r->err, NCM_USAGE, "%s:%d:%d: %s", r->file, line, column, what);
}

static bool wrong_at(struct reader *r, const struct ncm_node *n, char *what)
{
    wrong(r, n->line, n->column, what);
    ncm_free(what);
    return false;
}

static char **text_field(struct ncm_config *c, const char *path)
{
    if (strcmp(path, "current-context") == 0) {
        return &c->current_context;
    }
    if (strcmp(path, "theme") == 0) {
        return &c->theme;
    }
    if (strcmp(path, "language") == 0) {
        return &c->language;
    }
    return strcmp(path, "plot") == 0 ? &c->plot : NULL;
}

static bool *flag_field(struct ncm_config *c, const char *path)
{
    if (strcmp(path, "ascii") == 0) {
        return &c->ascii;
    }
    if (strcmp(path, "mouse") == 0) {
        return &c->mouse;
    }
    if (strcmp(path, "clock") == 0) {
        return &c->clock;
    }
    return strcmp(path, "bell") == 0 ? &c->bell : NULL;
}

static struct ncm_config_context *last_context(struct ncm_config *c)
{
    return c->n_contexts > 0 ? &c->contexts[c->n_contexts - 1] : NULL;
}

static bool put_text(struct reader *r, const char *path, const struct ncm_setting *row,
                     const struct ncm_node *n)
{
    if (n->str == NULL || n->kind == NCM_NODE_LIST || n->kind == NCM_NODE_MAP ||
        n->kind == NCM_NODE_NULL) {
        return wrong_at(r, n, ncm_sprintf(_("'%s' wants a text"), path));
    }
    if (row->values != NULL && !ncm_config_one_of(row->values, n->str)) {
        return wrong_at(r, n, ncm_sprintf(_("'%s' is none of %s"), n->str, row->values));
    }
    char **field = text_field(r->config, path);
    if (field == NULL) { /* contexts.*.tracking.uri */
        field = &last_context(r->config)->tracking_uri;
        r->secret = r->secret || ncm_config_uri_secret(n->str);
    }
    ncm_free(*field);
    *field = ncm_strdup(n->str);
    return true;
}

static bool truth(const struct ncm_node *n, bool *out)
{
    if (n->kind == NCM_NODE_BOOL) {
        *out = n->boolean;
        return true;
    }
    if (n->kind != NCM_NODE_STR) {
        return false;
    }
    bool yes = ncm_config_one_of("yes|Yes|on|On|true", n->str);
    *out = yes;
    return yes || ncm_config_one_of("no|No|off|Off|false", n->str);
}

static bool put_flag(struct reader *r, const char *path, const struct ncm_setting *row,
                     const struct ncm_node *n)
{
    bool *field = flag_field(r->config, path);
    if (field == NULL) {
        struct ncm_config_context *c = last_context(r->config);
        field = strstr(row->path, ".protect") != NULL ? &c->protect : &c->read_only;
    }
    if (!truth(n, field)) {
        return wrong_at(r, n, ncm_sprintf(_("'%s' wants yes or no"), path));
    }
    return true;
}

static bool put_number(struct reader *r, const char *path, const struct ncm_node *n)
{
    if (n->kind != NCM_NODE_INT || n->i < 0 || n->i > ESCDELAY_MAX) {
        return wrong_at(r, n,
                        ncm_sprintf(_("'%s' wants a number from 0 to %d"), path, ESCDELAY_MAX));
    }
    r->config->escdelay_ms = (int)n->i;
    return true;
}

static bool put_keys(struct reader *r, const char *path, const struct ncm_node *n)
{
    struct ncm_buf text;
    ncm_buf_init(&text, 256);
    bool ok = true;
    if (n->kind == NCM_NODE_LIST) {
        for (size_t i = 0; i < n->n; i++) {
            ok = ok && n->items[i].str != NULL && ncm_buf_puts(&text, i > 0 ? ", " : "") &&
                 ncm_buf_puts(&text, n->items[i].str);
        }
    } else {
        ok = n->str != NULL && n->kind != NCM_NODE_MAP && n->kind != NCM_NODE_NULL &&
             ncm_buf_puts(&text, n->str);
    }
    if (!ok) {
        ncm_buf_release(&text);
        return wrong_at(r, n, ncm_sprintf(_("'%s' wants a key or a list of keys"), path));
    }
    struct ncm_config *c = r->config;
    c->keys = ncm_resize(c->keys, c->n_keys + 1, sizeof *c->keys);
    c->keys[c->n_keys++] = (struct ncm_config_key){
        .action = ncm_strdup(n->key),
        .keys = ncm_buf_take(&text),
        .line = n->key_line,
        .column = n->key_column,
    };
    ncm_buf_release(&text);
    return true;
}

static void add_context(struct ncm_config *c, const struct ncm_node *n)
{
    c->contexts = ncm_resize(c->contexts, c->n_contexts + 1, sizeof *c->contexts);
    c->contexts[c->n_contexts++] =
        (struct ncm_config_context){.name = ncm_strdup(n->key), .line = n->key_line};
}

static bool read_map(struct reader *r, const char *path, const char *pattern,
                     const struct ncm_node *n);

static bool read_node(struct reader *r, const char *path, const struct ncm_setting *row,
                      const struct ncm_node *n)
{
    if (row->later) {
        return true;
    }
    if (strcmp(row->path, "contexts.*") == 0) {
        if (ncm_config_find(r->config, n->key) != NULL) {
            char *what = ncm_sprintf(_("the context '%s' is there twice"), n->key);
            wrong(r, n->key_line, n->key_column, what);
            ncm_free(what);
            return false;
        }
        add_context(r->config, n);
    }
    if (strcmp(row->type, "map") == 0) {
        return read_map(r, path, row->path, n);
    }
    if (strcmp(row->type, "yes/no") == 0) {
        return put_flag(r, path, row, n);
    }
    if (strcmp(row->type, "number") == 0) {
        return put_number(r, path, n);
    }
    return strcmp(row->type, "keys") == 0 ? put_keys(r, path, n) : put_text(r, path, row, n);
}

static bool unknown_key(struct reader *r, const struct ncm_node *n, const char *pattern)
{
    const char *near = ncm_config_nearest(pattern, n->key);
    char *what = near != NULL ? ncm_sprintf(_("unknown key '%s', did you mean '%s'?"), n->key, near)
                              : ncm_sprintf(_("unknown key '%s'"), n->key);
    wrong(r, n->key_line, n->key_column, what);
    ncm_free(what);
    return false;
}

/* A password in plain text belongs into a variable; it is taken note of, not used. */
static bool is_secret_key(const char *key)
{
    return ncm_config_one_of("token|password|secret", key);
}

static bool read_map(struct reader *r, const char *path, const char *pattern,
                     const struct ncm_node *n)
{
    if (n->kind == NCM_NODE_NULL) {
        return true;
    }
    if (n->kind != NCM_NODE_MAP) {
        return wrong_at(r, n,
                        path[0] == '\0' ? ncm_strdup(_("the file holds no settings"))
                                        : ncm_sprintf(_("'%s' wants settings below it"), path));
    }
    for (size_t i = 0; i < n->n; i++) {
        const struct ncm_node *child = &n->items[i];
        if (is_secret_key(child->key) && strcmp(pattern, "contexts.*.tracking") == 0) {
            r->secret = true;
            continue;
        }
        const struct ncm_setting *row = ncm_config_row(pattern, child->key);
        if (row == NULL) {
            return unknown_key(r, child, pattern);
        }
        char *below = ncm_sprintf("%s%s%s", path, path[0] != '\0' ? "." : "", child->key);
        bool ok = strlen(below) < PATH_MAX_LEN && read_node(r, below, row, child);
        ncm_free(below);
        if (!ok) {
            return false;
        }
    }
    return true;
}

static void warn_secret(struct reader *r)
{
    struct ncm_file_info info = {0};
    struct ncm_err err;
    if (!r->secret || !ncm_file_stat(r->file, &info, &err) || (info.mode & OTHERS_MAY_READ) == 0) {
        return;
    }
    struct ncm_config *c = r->config;
    c->warnings = ncm_resize(c->warnings, c->n_warnings + 1, sizeof *c->warnings);
    c->warnings[c->n_warnings++] = ncm_sprintf(
        _("%s:1:1: a password stands in this file and others may read it: chmod 600"), r->file);
}

/* The current context must be one of them. */
static bool check_current(struct reader *r, const struct ncm_node *root)
{
    const char *name = r->config->current_context;
    if (name == NULL || ncm_config_find(r->config, name) != NULL) {
        return true;
    }
    return wrong_at(r, ncm_node_get(root, "current-context"),
                    ncm_sprintf(_("there is no context '%s'"), name));
}

static bool read_file(struct reader *r)
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
        struct reader r = {.config = c, .file = file, .err = err};
        c->path = ncm_strdup(file);
        ok = read_file(&r);
        if (ok) {
            warn_secret(&r);
        }
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
    }
    for (size_t i = 0; i < c->n_keys; i++) {
        ncm_free(c->keys[i].action);
        ncm_free(c->keys[i].keys);
    }
    for (size_t i = 0; i < c->n_warnings; i++) {
        ncm_free(c->warnings[i]);
    }
    ncm_free(c->contexts);
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
