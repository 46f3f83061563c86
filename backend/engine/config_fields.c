/* The configuration file: where each value goes, and what a value may be. */
#include <stddef.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "base/mem.h"
#include "engine/config_file.h"
#include "io/file.h"

enum { ESCDELAY_MAX = 10000, TIMEOUT_MAX = 3600, VARIABLE_MAX = 200, TEXT_MAX = 64 * 1024 };

static char **text_field(struct ncm_config *c, const char *path)
{
    const struct {
        const char *path;
        char **text;
    } fields[] = {
        {"current-context", &c->current_context},
        {"theme", &c->theme},
        {"language", &c->language},
        {"plot", &c->plot},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(fields[i].path, path) == 0) {
            return fields[i].text;
        }
    }
    return NULL;
}

static bool *flag_field(struct ncm_config_reader *r, const char *path, const char *key)
{
    struct ncm_config *c = r->config;
    const struct {
        const char *path;
        bool *flag;
    } fields[] = {
        {"ascii", &c->ascii}, {"mouse", &c->mouse}, {"clock", &c->clock}, {"bell", &c->bell}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(fields[i].path, path) == 0) {
            return fields[i].flag;
        }
    }
    struct ncm_config_context *x = ncm_config_last(r);
    return strcmp(key, "protect") == 0     ? &x->protect
           : strcmp(key, "read-only") == 0 ? &x->read_only
           : strcmp(key, "netrc") == 0     ? &r->access->netrc
                                           : &r->access->insecure;
}

struct ncm_config_context *ncm_config_last(const struct ncm_config_reader *r)
{
    return &r->config->contexts[r->config->n_contexts - 1];
}

const char *ncm_config_leaf(const struct ncm_setting *row)
{
    const char *dot = strrchr(row->path, '.');
    return dot != NULL ? dot + 1 : row->path;
}

/* A name that a shell could set. Whoever writes the secret itself there is told without it. */
static bool is_variable(const char *s)
{
    size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    return len > 0 && len < VARIABLE_MAX && s[len] == '\0' && (s[0] < '0' || s[0] > '9');
}

/* A template of its own file is read with the configuration. */
static bool put_template(struct ncm_config_reader *r, const struct ncm_node *n)
{
    struct ncm_buf text;
    struct ncm_err why;
    bool truncated = false;
    char *file = ncm_path_expand(n->str, r->dir);
    ncm_buf_init(&text, TEXT_MAX + 1);
    bool ok = ncm_file_read(file, 0, TEXT_MAX, &text, &truncated, &why);
    ncm_free(file);
    if (!ok) {
        ncm_buf_release(&text);
        return ncm_config_wrong_as(r, n, &why);
    }
    if (truncated || text.len == 0 || memchr(text.p, '\0', text.len) != NULL) {
        ncm_buf_release(&text);
        return ncm_config_wrong_at(
            r, n, ncm_sprintf(_("'%s' is no template of 1 to %d bytes"), n->str, (int)TEXT_MAX));
    }
    ncm_free(r->webhook->template);
    r->webhook->template = ncm_buf_take(&text);
    ncm_buf_release(&text);
    return true;
}

bool ncm_config_word(struct ncm_config_reader *r, const char *path, const struct ncm_setting *row,
                     const struct ncm_node *n)
{
    bool below = strchr(row->path, '.') != NULL;
    if (n->str == NULL || n->kind == NCM_NODE_LIST || n->kind == NCM_NODE_MAP ||
        n->kind == NCM_NODE_NULL) {
        return ncm_config_wrong_at(r, n, ncm_sprintf(_("'%s' wants a text"), path));
    }
    if (row->values != NULL && !ncm_config_one_of(row->values, n->str)) {
        return ncm_config_wrong_at(r, n, ncm_sprintf(_("'%s' is none of %s"), n->str, row->values));
    }
    if (strcmp(row->type, "variable") == 0 && !is_variable(n->str)) {
        return ncm_config_wrong_at(
            r, n,
            ncm_sprintf(_("'%s' wants the name of a variable, such as MLFLOW_TRACKING_TOKEN"),
                        path));
    }
    if (n->str[0] == '\0' && below) {
        return ncm_config_wrong_at(r, n, ncm_sprintf(_("'%s' is empty"), path));
    }
    if (below && strlen(n->str) > TEXT_MAX) {
        return ncm_config_wrong_at(
            r, n, ncm_sprintf(_("'%s' is longer than %d bytes"), path, (int)TEXT_MAX));
    }
    return true;
}

/* Where a text goes; NULL where it only has to be right. */
static char **field_of(struct ncm_config_reader *r, const char *path, const char *key)
{
    struct ncm_webhook *w = r->webhook;
    bool address = strcmp(key, "uri") == 0 || strcmp(key, "url") == 0;
    char **field = text_field(r->config, path);
    if (field == NULL && r->access != NULL) {
        field = address ? r->address : ncm_config_login_text(r->access, key);
    }
    if (field == NULL && w != NULL) {
        field = strcmp(key, "name") == 0           ? &w->name
                : strcmp(key, "template") == 0     ? &w->template
                : strcmp(key, "content-type") == 0 ? &w->content_type
                                                   : NULL;
    }
    if (field == NULL && strcmp(key, "registry-uri") == 0) {
        field = &ncm_config_last(r)->registry_uri;
    }
    if (field == NULL && strcmp(key, "textfile") == 0) {
        field = &ncm_config_last(r)->watch.textfile;
    }
    return field;
}

static bool put_text(struct ncm_config_reader *r, const char *path, const struct ncm_setting *row,
                     const struct ncm_node *n)
{
    enum ncm_secret_kind kind = NCM_SECRET_NONE;
    const char *key = ncm_config_leaf(row);
    if (!ncm_config_word(r, path, row, n)) {
        return false;
    }
    if (r->webhook != NULL && strcmp(key, "template-file") == 0) {
        return put_template(r, n);
    }
    if (r->webhook != NULL && strcmp(key, "least") == 0) {
        r->webhook->least = ncm_severity_of(n->str, strlen(n->str));
        return true;
    }
    char *text =
        strcmp(row->type, "path") == 0 ? ncm_path_expand(n->str, r->dir) : ncm_strdup(n->str);
    struct ncm_secret *secret = r->access != NULL ? ncm_config_secret(r->access, key, &kind) : NULL;
    if (secret != NULL) {
        return ncm_config_put_secret(r, secret, kind, n, text);
    }
    char **field = field_of(r, path, key);
    if (field == NULL) {
        ncm_free(text);
        return true;
    }
    ncm_free(*field);
    *field = text;
    return true;
}

bool ncm_config_truth(const struct ncm_node *n, bool *out)
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

static bool put_flag(struct ncm_config_reader *r, const char *path, const struct ncm_setting *row,
                     const struct ncm_node *n)
{
    if (!ncm_config_truth(n, flag_field(r, path, ncm_config_leaf(row)))) {
        return ncm_config_wrong_at(r, n, ncm_sprintf(_("'%s' wants yes or no"), path));
    }
    return true;
}

static bool put_number(struct ncm_config_reader *r, const char *path, const struct ncm_node *n)
{
    bool delay = strcmp(path, "escdelay") == 0;
    int least = delay ? 0 : 1, most = delay ? ESCDELAY_MAX : TIMEOUT_MAX;
    if (n->kind != NCM_NODE_INT || n->i < least || n->i > most) {
        return ncm_config_wrong_at(
            r, n, ncm_sprintf(_("'%s' wants a number from %d to %d"), path, least, most));
    }
    if (delay) {
        r->config->escdelay_ms = (int)n->i;
    } else {
        r->access->timeout_ms = n->i * 1000;
    }
    return true;
}

/* Of the wall: the one length of time at the top. */
static bool put_cycle(struct ncm_config_reader *r, const char *path, const struct ncm_node *n)
{
    enum { LEAST_MS = 3000, MOST_MS = 3600000 };
    int64_t ms = 0;
    if (n->str == NULL || !ncm_parse_duration(n->str, &ms) || ms < LEAST_MS || ms > MOST_MS) {
        return ncm_config_wrong_at(
            r, n, ncm_sprintf(_("'%s' wants a length of time from 3s to 1h, such as 15s"), path));
    }
    r->config->wall_cycle_ms = ms;
    return true;
}

static bool put_keys(struct ncm_config_reader *r, const char *path, const struct ncm_node *n)
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
        return ncm_config_wrong_at(r, n,
                                   ncm_sprintf(_("'%s' wants a key or a list of keys"), path));
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

bool ncm_config_put(struct ncm_config_reader *r, const char *path, const struct ncm_setting *row,
                    const struct ncm_node *n)
{
    if (r->monitor != NULL) {
        return ncm_config_put_monitor(r, path, row, n);
    }
    bool taken = false;
    if (r->deploy != NULL) {
        bool ok = ncm_config_put_deploy(r, path, row, n, &taken);
        if (taken || !ok) {
            return ok;
        }
    }
    if (strcmp(path, "wall.cycle") == 0) {
        return put_cycle(r, path, n);
    }
    if (strcmp(row->type, "yes/no") == 0) {
        return put_flag(r, path, row, n);
    }
    if (strcmp(row->type, "number") == 0) {
        return put_number(r, path, n);
    }
    return strcmp(row->type, "keys") == 0 ? put_keys(r, path, n) : put_text(r, path, row, n);
}
