/* The configuration as text: names near a wrong one, `config init`, `config show`. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "engine/config_file.h"
#include "io/node.h"

enum { TEXT_MAX = 1024 * 1024, WORD_MAX = 64 };

/* The part of a row's path below parent where it is exactly one part; else NULL. */
static const char *below(const struct ncm_setting *row, const char *parent)
{
    size_t len = strlen(parent);
    const char *rest = row->path;
    if (len > 0) {
        if (strncmp(rest, parent, len) != 0 || rest[len] != '.') {
            return NULL;
        }
        rest += len + 1;
    }
    return strchr(rest, '.') == NULL ? rest : NULL;
}

const struct ncm_setting *ncm_config_row(const char *parent, const char *key)
{
    const struct ncm_setting *any = NULL;
    for (const struct ncm_setting *row = ncm_settings; row->path != NULL; row++) {
        const char *name = below(row, parent);
        if (name != NULL && strcmp(name, key) == 0) {
            return row;
        }
        if (name != NULL && strcmp(name, "*") == 0) {
            any = row;
        }
    }
    return any;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* How many letters must be typed, removed or changed to make one of the other. */
static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1];
    size_t la = strlen(a), lb = strlen(b);
    if (la > WORD_MAX || lb > WORD_MAX) {
        return WORD_MAX;
    }
    for (size_t j = 0; j <= lb; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= la; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[lb];
}

const char *ncm_config_nearest(const char *parent, const char *key)
{
    const char *best = NULL;
    size_t best_distance = strlen(key) / 3 + 2;
    for (const struct ncm_setting *row = ncm_settings; row->path != NULL; row++) {
        const char *name = below(row, parent);
        if (name == NULL || strcmp(name, "*") == 0) {
            continue;
        }
        size_t d = distance(key, name);
        if (d < best_distance) {
            best = name;
            best_distance = d;
        }
    }
    return best;
}

bool ncm_config_one_of(const char *list, const char *word)
{
    size_t len = strlen(word);
    while (*list != '\0') {
        size_t part = strcspn(list, "|");
        if (part == len && strncmp(list, word, len) == 0) {
            return true;
        }
        list += part + (list[part] == '|');
    }
    return false;
}

/* Whether "name:5000" or "name": no user and password that were cut off before their '@'. */
static bool is_host(const char *s, size_t len)
{
    const char *colon = s[0] == '[' ? NULL : memchr(s, ':', len);
    size_t port = colon != NULL ? (size_t)(colon - s) + 1 : len;
    return strspn(s + port, "0123456789") >= len - port;
}

bool ncm_uri_user(const char *uri, size_t *from, size_t *to)
{
    const char *host = strstr(uri, "://");
    if (host == NULL) {
        return false;
    }
    host += 3;
    size_t len = strcspn(host, "/?#");
    /* A password may hold what ends a host when it was not encoded as it ought to be. */
    if (memchr(host, '@', len) == NULL && !is_host(host, len)) {
        len = strlen(host);
    }
    for (size_t i = len; i > 0; i--) {
        if (host[i - 1] == '@') {
            *from = (size_t)(host - uri);
            *to = *from + i - 1;
            return true;
        }
    }
    return false;
}

bool ncm_config_uri_secret(const char *uri)
{
    size_t from, to;
    return ncm_uri_user(uri, &from, &to) && memchr(uri + from, ':', to - from) != NULL;
}

/* A YAML scalar in double quotes. */
static void quoted(struct ncm_buf *out, const char *s)
{
    ncm_buf_putc(out, '"');
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < 0x20 || c == 0x7f) {
            ncm_buf_printf(out, "\\x%02x", c);
        } else {
            if (c == '"' || c == '\\') {
                ncm_buf_putc(out, '\\');
            }
            ncm_buf_putc(out, (char)c);
        }
    }
    ncm_buf_putc(out, '"');
}

static void text_line(struct ncm_buf *out, const char *key, const char *value)
{
    if (value != NULL) {
        ncm_buf_puts(out, key);
        quoted(out, value);
        ncm_buf_putc(out, '\n');
    }
}

/* An address without its secrets; the caller frees. */
static char *shown_uri(const char *uri)
{
    size_t from, to;
    bool user = ncm_uri_user(uri, &from, &to);
    const char *rest = user ? uri + to : uri;
    /* Parameters of an address may be secrets too; those of an SQLite file are none. */
    bool address = strstr(uri, "://") != NULL && strncmp(uri, "sqlite", 6) != 0;
    size_t len = address ? strcspn(rest, "?#") : strlen(rest);
    return ncm_sprintf("%.*s%s%.*s%s", user ? (int)from : 0, uri, user ? "***" : "", (int)len, rest,
                       rest[len] != '\0' ? "?***" : "");
}

static void uri_line(struct ncm_buf *out, const char *uri)
{
    if (uri == NULL) {
        return;
    }
    char *shown = shown_uri(uri);
    ncm_buf_puts(out, "    tracking:\n");
    text_line(out, "      uri: ", shown);
    ncm_free(shown);
}

static const char *yes_no(bool yes)
{
    return yes ? "yes" : "no";
}

char *ncm_config_show(const struct ncm_config *c)
{
    struct ncm_buf b;
    ncm_buf_init(&b, TEXT_MAX);
    text_line(&b, "current-context: ", c->current_context);
    text_line(&b, "theme: ", c->theme != NULL ? c->theme : "dark");
    text_line(&b, "language: ", c->language);
    text_line(&b, "plot: ", c->plot);
    ncm_buf_printf(&b, "ascii: %s\nmouse: %s\nclock: %s\nbell: %s\nescdelay: %d\n",
                   yes_no(c->ascii), yes_no(c->mouse), yes_no(c->clock), yes_no(c->bell),
                   c->escdelay_ms);
    ncm_buf_puts(&b, c->n_keys > 0 ? "keys:\n" : "");
    for (size_t i = 0; i < c->n_keys; i++) {
        ncm_buf_puts(&b, "  ");
        quoted(&b, c->keys[i].action);
        text_line(&b, ": ", c->keys[i].keys);
    }
    ncm_buf_puts(&b, c->n_contexts > 0 ? "contexts:\n" : "");
    for (size_t i = 0; i < c->n_contexts; i++) {
        const struct ncm_config_context *x = &c->contexts[i];
        ncm_buf_puts(&b, "  ");
        quoted(&b, x->name);
        ncm_buf_printf(&b, ":\n    protect: %s\n    read-only: %s\n", yes_no(x->protect),
                       yes_no(x->read_only));
        uri_line(&b, x->tracking_uri);
    }
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

static void json_text(struct ncm_json *j, const char *key, const char *value)
{
    ncm_json_key(j, key);
    ncm_json_str(j, value);
}

static void json_flag(struct ncm_json *j, const char *key, bool value)
{
    ncm_json_key(j, key);
    ncm_json_bool(j, value);
}

static void json_context(struct ncm_json *j, const struct ncm_config_context *x)
{
    char *uri = x->tracking_uri != NULL ? shown_uri(x->tracking_uri) : NULL;
    ncm_json_key(j, x->name);
    ncm_json_obj(j);
    json_flag(j, "protect", x->protect);
    json_flag(j, "read-only", x->read_only);
    ncm_json_key(j, "tracking");
    ncm_json_obj(j);
    json_text(j, "uri", uri);
    ncm_json_end_obj(j);
    ncm_json_end_obj(j);
    ncm_free(uri);
}

void ncm_config_json(const struct ncm_config *c, struct ncm_json *j)
{
    ncm_json_obj(j);
    json_text(j, "current-context", c->current_context);
    json_text(j, "theme", c->theme != NULL ? c->theme : "dark");
    json_text(j, "language", c->language);
    json_text(j, "plot", c->plot);
    json_flag(j, "ascii", c->ascii);
    json_flag(j, "mouse", c->mouse);
    json_flag(j, "clock", c->clock);
    json_flag(j, "bell", c->bell);
    ncm_json_key(j, "escdelay");
    ncm_json_i64(j, c->escdelay_ms);
    ncm_json_key(j, "keys");
    ncm_json_obj(j);
    for (size_t i = 0; i < c->n_keys; i++) {
        json_text(j, c->keys[i].action, c->keys[i].keys);
    }
    ncm_json_end_obj(j);
    ncm_json_key(j, "contexts");
    ncm_json_obj(j);
    for (size_t i = 0; i < c->n_contexts; i++) {
        json_context(j, &c->contexts[i]);
    }
    ncm_json_end_obj(j);
    ncm_json_end_obj(j);
}

/* One commented row, "# theme: dark    # dark, light or mono …". */
static void comment_row(struct ncm_buf *b, const struct ncm_setting *row)
{
    const char *sample = row->initial != NULL ? row->initial : "";
    if (row->initial == NULL && row->values != NULL) {
        sample = row->values;
    }
    size_t used = (size_t)snprintf(NULL, 0, "#%s: %s", row->path, sample);
    ncm_buf_printf(b, "#%s: %s%*s # %s\n", row->path, sample, used < 34 ? (int)(34 - used) : 0, "",
                   _(row->help));
}

char *ncm_config_template(const char *context, const char *tracking_uri, bool protect)
{
    struct ncm_buf b;
    ncm_buf_init(&b, TEXT_MAX);
    const char *name = context != NULL ? context : "local";
    ncm_buf_printf(&b, "# %s\n\n", _("Settings of ncmlops. 'ncmlops config check' checks them."));
    text_line(&b, tracking_uri != NULL ? "current-context: " : "#current-context: ", name);
    ncm_buf_puts(&b, "contexts:\n  ");
    quoted(&b, name);
    ncm_buf_printf(&b, ":\n    protect: %-14s # %s\n", yes_no(protect),
                   _("actions ask for the name of what they change"));
    ncm_buf_printf(&b, "    #read-only: no           # %s\n", _("refuse every action"));
    if (tracking_uri != NULL) {
        ncm_buf_puts(&b, "    tracking:\n");
        text_line(&b, "      uri: ", tracking_uri);
    } else {
        ncm_buf_puts(&b, "    #tracking:\n    #  uri: sqlite:////srv/mlflow/mlflow.db\n");
    }
    ncm_buf_puts(&b, "\n");
    for (const struct ncm_setting *row = ncm_settings; row->path != NULL; row++) {
        if (!row->later && strchr(row->path, '.') == NULL && strcmp(row->type, "map") != 0 &&
            strcmp(row->path, "current-context") != 0) {
            comment_row(&b, row);
        }
    }
    ncm_buf_printf(&b, "#keys:%30s# %s\n#  promote: [P, F4]\n", "",
                   _("keys of actions; '?' in the program names them"));
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}
