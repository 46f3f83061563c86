/* `config show`: what is in force, without secrets. */
#include "engine/config_show.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "engine/address.h"
#include "engine/config_file.h"
#include "io/node.h"

enum { TEXT_MAX = 64 * 1024 * 1024, NUMBER = 40 };

/* ---- both forms ----------------------------------------------------------------------------- */

/* "    - key: " or "      key: ". */
static void yaml_key(struct ncm_told *t, const char *key, bool quoted)
{
    ncm_buf_printf(t->yaml, "%*s%s", 2 * t->level - (t->dash ? 2 : 0), "", t->dash ? "- " : "");
    t->dash = false;
    if (quoted) {
        ncm_config_quote(t->yaml, key);
    } else {
        ncm_buf_puts(t->yaml, key);
    }
    ncm_buf_putc(t->yaml, ':');
}

static void put_key(struct ncm_told *t, const char *key, bool quoted)
{
    if (t->yaml != NULL) {
        yaml_key(t, key, quoted);
    } else {
        ncm_json_key(t->json, key);
    }
}

void ncm_told_own_text(struct ncm_told *t, const char *key, const char *value)
{
    if (t->yaml == NULL) {
        ncm_json_key(t->json, key);
        ncm_json_str(t->json, value);
    } else if (value != NULL) {
        yaml_key(t, key, true);
        ncm_buf_putc(t->yaml, ' ');
        ncm_config_quote(t->yaml, value);
        ncm_buf_putc(t->yaml, '\n');
    }
}

void ncm_told_text(struct ncm_told *t, const char *key, const char *value)
{
    if (t->yaml == NULL || value == NULL) {
        ncm_told_own_text(t, key, value);
        return;
    }
    yaml_key(t, key, false);
    ncm_buf_putc(t->yaml, ' ');
    ncm_config_quote(t->yaml, value);
    ncm_buf_putc(t->yaml, '\n');
}

void ncm_told_number(struct ncm_told *t, const char *key, int64_t value)
{
    put_key(t, key, false);
    if (t->yaml != NULL) {
        ncm_buf_printf(t->yaml, " %lld\n", (long long)value);
    } else {
        ncm_json_i64(t->json, value);
    }
}

void ncm_told_real(struct ncm_told *t, const char *key, double value)
{
    char number[NUMBER];
    if (isnan(value)) {
        return;
    }
    put_key(t, key, false);
    if (t->yaml != NULL) {
        ncm_buf_printf(t->yaml, " %s\n", ncm_fmt_exact(number, sizeof number, value));
    } else {
        ncm_json_num(t->json, value);
    }
}

void ncm_told_flag(struct ncm_told *t, const char *key, bool value)
{
    put_key(t, key, false);
    if (t->yaml != NULL) {
        ncm_buf_puts(t->yaml, value ? " yes\n" : " no\n");
    } else {
        ncm_json_bool(t->json, value);
    }
}

void ncm_told_texts(struct ncm_told *t, const char *key, char *const *texts, size_t n)
{
    if (n == 0) {
        return;
    }
    put_key(t, key, false);
    if (t->yaml == NULL) {
        ncm_json_arr(t->json);
        for (size_t i = 0; i < n; i++) {
            ncm_json_str(t->json, texts[i]);
        }
        ncm_json_end_arr(t->json);
        return;
    }
    ncm_buf_puts(t->yaml, " [");
    for (size_t i = 0; i < n; i++) {
        ncm_buf_puts(t->yaml, i > 0 ? ", " : "");
        ncm_config_quote(t->yaml, texts[i]);
    }
    ncm_buf_puts(t->yaml, "]\n");
}

void ncm_told_map(struct ncm_told *t, const char *key, bool quoted)
{
    put_key(t, key, quoted);
    if (t->yaml != NULL) {
        ncm_buf_putc(t->yaml, '\n');
    } else {
        ncm_json_obj(t->json);
    }
    t->level++;
}

void ncm_told_end_map(struct ncm_told *t)
{
    t->level--;
    if (t->yaml == NULL) {
        ncm_json_end_obj(t->json);
    }
}

void ncm_told_list(struct ncm_told *t, const char *key)
{
    put_key(t, key, false);
    if (t->yaml != NULL) {
        ncm_buf_putc(t->yaml, '\n');
    } else {
        ncm_json_arr(t->json);
    }
    t->level++;
}

void ncm_told_end_list(struct ncm_told *t)
{
    t->level--;
    if (t->yaml == NULL) {
        ncm_json_end_arr(t->json);
    }
}

void ncm_told_item(struct ncm_told *t)
{
    t->level++;
    t->dash = true;
    if (t->yaml == NULL) {
        ncm_json_obj(t->json);
    }
}

void ncm_told_end_item(struct ncm_told *t)
{
    t->level--;
    if (t->yaml == NULL) {
        ncm_json_end_obj(t->json);
    }
}

/* ---- how an address is entered -------------------------------------------------------------- */

static void tell_secret(struct ncm_told *t, const char *name, const struct ncm_secret *s)
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
    ncm_told_text(t, key, value);
    ncm_free(value);
    ncm_free(key);
}

void ncm_told_uri(struct ncm_told *t, const char *key, const char *uri)
{
    char *shown = uri != NULL ? ncm_uri_shown(uri) : NULL;
    if (shown != NULL) {
        ncm_told_text(t, key, shown);
    }
    ncm_free(shown);
}

/* One from an address may be of any bytes. */
static void tell_user(struct ncm_told *t, const char *user)
{
    struct ncm_buf text;
    if (user == NULL) {
        return;
    }
    ncm_buf_init(&text, 3 * strlen(user) + 1);
    ncm_text_utf8_repair(&text, user, strlen(user));
    char *shown = ncm_buf_take(&text);
    ncm_told_text(t, "user", shown);
    ncm_free(shown);
    ncm_buf_release(&text);
}

void ncm_told_login(struct ncm_told *t, const struct ncm_access *a)
{
    const struct {
        const char *key, *value;
    } texts[] = {{"ca", a->ca},
                 {"client-cert", a->cert},
                 {"client-key", a->key},
                 {"workspace", a->workspace}};
    tell_user(t, a->user);
    tell_secret(t, "password", &a->password);
    tell_secret(t, "token", &a->token);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i].value != NULL) {
            ncm_told_text(t, texts[i].key, texts[i].value);
        }
    }
    ncm_told_uri(t, "proxy", a->proxy);
    if (a->netrc) {
        ncm_told_flag(t, "netrc", true);
    }
    if (a->insecure) {
        ncm_told_flag(t, "insecure-tls", true);
    }
    if (a->timeout_ms > 0) {
        ncm_told_number(t, "timeout", a->timeout_ms / 1000);
    }
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Whether anything is said of it. */
static bool has_tracking(const struct ncm_config_context *x)
{
    const struct ncm_access *a = &x->access;
    return x->tracking_uri != NULL || x->registry_uri != NULL || a->user != NULL ||
           a->password.kind != NCM_SECRET_NONE || a->token.kind != NCM_SECRET_NONE ||
           a->ca != NULL || a->cert != NULL || a->proxy != NULL || a->workspace != NULL ||
           a->netrc || a->insecure || a->timeout_ms > 0;
}

static void tell_context(struct ncm_told *t, const struct ncm_config_context *x)
{
    ncm_told_map(t, x->name, true);
    ncm_told_flag(t, "protect", x->protect);
    ncm_told_flag(t, "read-only", x->read_only);
    if (has_tracking(x) || t->json != NULL) {
        ncm_told_map(t, "tracking", false);
        if (x->tracking_uri == NULL) {
            ncm_told_text(t, "uri", NULL);
        }
        ncm_told_uri(t, "uri", x->tracking_uri);
        ncm_told_uri(t, "registry-uri", x->registry_uri);
        ncm_told_login(t, &x->access);
        ncm_told_end_map(t);
    }
    ncm_told_deployments(t, &x->deploy);
    ncm_told_watch(t, x);
    ncm_told_end_map(t);
}

static void tell_config(struct ncm_told *t, const struct ncm_config *c)
{
    ncm_told_text(t, "current-context", c->current_context);
    ncm_told_text(t, "theme", c->theme != NULL ? c->theme : "dark");
    ncm_told_text(t, "language", c->language);
    ncm_told_text(t, "plot", c->plot);
    ncm_told_flag(t, "ascii", c->ascii);
    ncm_told_flag(t, "mouse", c->mouse);
    ncm_told_flag(t, "clock", c->clock);
    ncm_told_flag(t, "bell", c->bell);
    if (c->wall_cycle_ms > 0) {
        char span[32];
        ncm_told_map(t, "wall", false);
        ncm_told_text(t, "cycle", ncm_fmt_span(span, sizeof span, c->wall_cycle_ms));
        ncm_told_end_map(t);
    }
    ncm_told_number(t, "escdelay", c->escdelay_ms);
    if (c->n_keys > 0 || t->json != NULL) {
        ncm_told_map(t, "keys", false);
        for (size_t i = 0; i < c->n_keys; i++) {
            ncm_told_own_text(t, c->keys[i].action, c->keys[i].keys);
        }
        ncm_told_end_map(t);
    }
    ncm_told_webhooks(t, c->webhooks, c->n_webhooks);
    if (c->n_contexts > 0 || t->json != NULL) {
        ncm_told_map(t, "contexts", false);
        for (size_t i = 0; i < c->n_contexts; i++) {
            tell_context(t, &c->contexts[i]);
        }
        ncm_told_end_map(t);
    }
}

char *ncm_config_show(const struct ncm_config *c)
{
    struct ncm_buf b;
    ncm_buf_init(&b, TEXT_MAX);
    tell_config(&(struct ncm_told){.yaml = &b}, c);
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

void ncm_config_json(const struct ncm_config *c, struct ncm_json *j)
{
    ncm_json_obj(j);
    tell_config(&(struct ncm_told){.json = j}, c);
    ncm_json_end_obj(j);
}
