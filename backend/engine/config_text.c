/* The configuration as text: names near a wrong one, `config show`. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/address.h"
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

void ncm_config_quote(struct ncm_buf *out, const char *s)
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
        ncm_config_quote(out, value);
        ncm_buf_putc(out, '\n');
    }
}

static const char *yes_no(bool yes)
{
    return yes ? "yes" : "no";
}

/* What is in force of a tracking part, one call a setting that has a value. */
struct told {
    void (*text)(void *to, const char *key, const char *value);
    void (*number)(void *to, const char *key, int64_t value);
    void (*flag)(void *to, const char *key);
    void *to;
};

/* Names of variables and files are told; of a command its first word, of a secret nothing. */
static void tell_secret(const struct told *t, const char *name, const struct ncm_secret *s)
{
    static const char *const kinds[] = {"", "-env", "-file", "-command", ""};
    if (s->kind == NCM_SECRET_NONE) {
        return;
    }
    char *key = ncm_sprintf("%s%s", name, kinds[s->kind]);
    size_t word = strcspn(s->from, " \t");
    char *value = s->kind == NCM_SECRET_TEXT ? ncm_strdup("***")
                  : s->kind == NCM_SECRET_COMMAND && s->from[word] != '\0'
                      ? ncm_sprintf("%.*s ***", (int)word, s->from)
                      : ncm_strdup(s->from);
    t->text(t->to, key, value);
    ncm_free(value);
    ncm_free(key);
}

static void tell_uri(const struct told *t, const char *key, const char *uri)
{
    char *shown = uri != NULL ? ncm_uri_shown(uri) : NULL;
    if (shown != NULL) {
        t->text(t->to, key, shown);
    }
    ncm_free(shown);
}

/* One from an address may be of any bytes. */
static void tell_user(const struct told *t, const char *user)
{
    struct ncm_buf text;
    if (user == NULL) {
        return;
    }
    ncm_buf_init(&text, 3 * strlen(user) + 1);
    ncm_text_utf8_repair(&text, user, strlen(user));
    char *shown = ncm_buf_take(&text);
    t->text(t->to, "user", shown);
    ncm_free(shown);
    ncm_buf_release(&text);
}

static void tell_tracking(const struct told *t, const struct ncm_config_context *x)
{
    const struct ncm_access *a = &x->access;
    const struct {
        const char *key, *value;
    } texts[] = {{"ca", a->ca},
                 {"client-cert", a->cert},
                 {"client-key", a->key},
                 {"workspace", a->workspace}};
    tell_uri(t, "uri", x->tracking_uri);
    tell_uri(t, "registry-uri", x->registry_uri);
    tell_user(t, a->user);
    tell_secret(t, "password", &a->password);
    tell_secret(t, "token", &a->token);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i].value != NULL) {
            t->text(t->to, texts[i].key, texts[i].value);
        }
    }
    tell_uri(t, "proxy", a->proxy);
    if (a->netrc) {
        t->flag(t->to, "netrc");
    }
    if (a->insecure) {
        t->flag(t->to, "insecure-tls");
    }
    if (a->timeout_ms > 0) {
        t->number(t->to, "timeout", a->timeout_ms / 1000);
    }
}

/* Whether anything is said of it. */
static bool has_tracking(const struct ncm_config_context *x)
{
    const struct ncm_access *a = &x->access;
    return x->tracking_uri != NULL || x->registry_uri != NULL || a->user != NULL ||
           a->password.kind != NCM_SECRET_NONE || a->token.kind != NCM_SECRET_NONE ||
           a->ca != NULL || a->cert != NULL || a->proxy != NULL || a->workspace != NULL ||
           a->netrc || a->insecure || a->timeout_ms > 0;
}

static void yaml_text(void *to, const char *key, const char *value)
{
    struct ncm_buf *b = to;
    ncm_buf_printf(b, "      %s", key);
    text_line(b, ": ", value);
}

static void yaml_number(void *to, const char *key, int64_t value)
{
    ncm_buf_printf(to, "      %s: %lld\n", key, (long long)value);
}

static void yaml_flag(void *to, const char *key)
{
    ncm_buf_printf(to, "      %s: yes\n", key);
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
        ncm_config_quote(&b, c->keys[i].action);
        text_line(&b, ": ", c->keys[i].keys);
    }
    ncm_buf_puts(&b, c->n_contexts > 0 ? "contexts:\n" : "");
    for (size_t i = 0; i < c->n_contexts; i++) {
        const struct ncm_config_context *x = &c->contexts[i];
        ncm_buf_puts(&b, "  ");
        ncm_config_quote(&b, x->name);
        ncm_buf_printf(&b, ":\n    protect: %s\n    read-only: %s\n", yes_no(x->protect),
                       yes_no(x->read_only));
        if (has_tracking(x)) {
            const struct told t = {yaml_text, yaml_number, yaml_flag, &b};
            ncm_buf_puts(&b, "    tracking:\n");
            tell_tracking(&t, x);
        }
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

static void json_told(void *to, const char *key, const char *value)
{
    json_text(to, key, value);
}

static void json_number(void *to, const char *key, int64_t value)
{
    ncm_json_key(to, key);
    ncm_json_i64(to, value);
}

static void json_yes(void *to, const char *key)
{
    json_flag(to, key, true);
}

static void json_context(struct ncm_json *j, const struct ncm_config_context *x)
{
    const struct told t = {json_told, json_number, json_yes, j};
    ncm_json_key(j, x->name);
    ncm_json_obj(j);
    json_flag(j, "protect", x->protect);
    json_flag(j, "read-only", x->read_only);
    ncm_json_key(j, "tracking");
    ncm_json_obj(j);
    if (x->tracking_uri == NULL) {
        json_text(j, "uri", NULL);
    }
    tell_tracking(&t, x);
    ncm_json_end_obj(j);
    ncm_json_end_obj(j);
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
