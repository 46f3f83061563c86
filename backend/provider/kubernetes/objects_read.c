#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/ask.h"
#include "provider/kubernetes/read.h"

static struct k8s_at absent(const char *path)
{
    return (struct k8s_at){NULL, path};
}

static void odd(struct k8s_read *r, struct k8s_at at, const char *key, const char *expected)
{
    if (r->failed) {
        return;
    }
    r->failed = true;
    /* TR: kind, namespace, name, field: "Deployment ml/churn: spec.replicas: expected a number" */
    ncm_fail(r->err, NCM_INVALID_DATA, _("%s %s/%s: %s%s%s: expected %s"), r->of->kind,
             ncm_cstr(r->ns), ncm_cstr(r->name), at.path, at.path[0] != '\0' ? "." : "", key,
             expected);
}

/* The member, NULL where it is absent, null, or an error was found before. */
static const struct ncm_node *member(const struct k8s_read *r, struct k8s_at at, const char *key)
{
    if (r->failed || at.node == NULL) {
        return NULL;
    }
    const struct ncm_node *n = ncm_node_get(at.node, key);
    return n == NULL || n->kind == NCM_NODE_NULL ? NULL : n;
}

static const char *path_of(struct k8s_read *r, struct k8s_at at, const char *key)
{
    if (at.path[0] == '\0') {
        return key;
    }
    char *joined = ncm_sprintf("%s.%s", at.path, key);
    const char *kept = ncm_arena_cstr(r->arena, joined).p;
    ncm_free(joined);
    return kept;
}

struct k8s_at k8s_map(struct k8s_read *r, struct k8s_at at, const char *key)
{
    const struct ncm_node *n = member(r, at, key);
    if (n == NULL) {
        return absent(key);
    }
    if (n->kind != NCM_NODE_MAP) {
        odd(r, at, key, _("an object"));
        return absent(key);
    }
    return (struct k8s_at){n, path_of(r, at, key)};
}

struct k8s_at k8s_list(struct k8s_read *r, struct k8s_at at, const char *key)
{
    const struct ncm_node *n = member(r, at, key);
    if (n == NULL) {
        return absent(key);
    }
    if (n->kind != NCM_NODE_LIST) {
        odd(r, at, key, _("a list"));
        return absent(key);
    }
    return (struct k8s_at){n, path_of(r, at, key)};
}

size_t k8s_count(struct k8s_at list)
{
    return list.node != NULL ? list.node->n : 0;
}

struct k8s_at k8s_item(struct k8s_read *r, struct k8s_at list, size_t i)
{
    const struct ncm_node *n = &list.node->items[i];
    if (n->kind != NCM_NODE_MAP) {
        odd(r, list, "[]", _("an object"));
        return absent(list.path);
    }
    return (struct k8s_at){n, list.path};
}

struct ncm_str k8s_text(struct k8s_read *r, struct k8s_at at, const char *key)
{
    const struct ncm_node *n = member(r, at, key);
    if (n == NULL) {
        return (struct ncm_str){0};
    }
    if (n->kind != NCM_NODE_STR) {
        odd(r, at, key, _("a text"));
        return (struct ncm_str){0};
    }
    return ncm_arena_str(r->arena, n->str, n->len);
}

int64_t k8s_long(struct k8s_read *r, struct k8s_at at, const char *key, int64_t fallback)
{
    const struct ncm_node *n = member(r, at, key);
    if (n == NULL) {
        return fallback;
    }
    if (n->kind != NCM_NODE_INT) {
        odd(r, at, key, _("a whole number"));
        return fallback;
    }
    return n->i;
}

int k8s_int(struct k8s_read *r, struct k8s_at at, const char *key, int fallback)
{
    int64_t v = k8s_long(r, at, key, fallback);
    if (v != fallback && (v < 0 || v > INT_MAX)) {
        odd(r, at, key, _("a number from 0 to 2147483647"));
        return fallback;
    }
    return (int)v;
}

bool k8s_flag(struct k8s_read *r, struct k8s_at at, const char *key, bool fallback)
{
    const struct ncm_node *n = member(r, at, key);
    if (n == NULL) {
        return fallback;
    }
    if (n->kind != NCM_NODE_BOOL) {
        odd(r, at, key, _("true or false"));
        return fallback;
    }
    return n->boolean;
}

int64_t k8s_time(struct k8s_read *r, struct k8s_at at, const char *key)
{
    const struct ncm_node *n = member(r, at, key);
    if (n == NULL) {
        return NCM_NO_TIME;
    }
    if (n->kind != NCM_NODE_STR) {
        odd(r, at, key, _("a time"));
        return NCM_NO_TIME;
    }
    return ncm_ask_time(n->str);
}

struct ncm_str k8s_int_or_text(struct k8s_read *r, struct k8s_at at, const char *key)
{
    const struct ncm_node *n = member(r, at, key);
    if (n != NULL && n->kind == NCM_NODE_INT) {
        char digits[32];
        return ncm_arena_cstr(r->arena, ncm_fmt_exact(digits, sizeof digits, (double)n->i));
    }
    return k8s_text(r, at, key);
}

double k8s_amount(struct k8s_read *r, struct k8s_at at, const char *key)
{
    const struct ncm_node *n = member(r, at, key);
    if (n == NULL) {
        return (double)NAN;
    }
    if (n->kind == NCM_NODE_INT || n->kind == NCM_NODE_NUM) {
        return n->num;
    }
    if (n->kind != NCM_NODE_STR) {
        odd(r, at, key, _("a quantity"));
        return (double)NAN;
    }
    return k8s_quantity(n->str);
}

static int by_key(const void *a, const void *b)
{
    return ncm_str_compare(((const struct ncm_kv *)a)->key, ((const struct ncm_kv *)b)->key);
}

struct ncm_kv *k8s_texts(struct k8s_read *r, struct k8s_at at, const char *key, size_t *n)
{
    struct k8s_at map = k8s_map(r, at, key);
    *n = 0;
    if (map.node == NULL || map.node->n == 0) {
        return NULL;
    }
    struct ncm_kv *kv = ncm_arena_alloc(r->arena, map.node->n, sizeof *kv);
    for (size_t i = 0; i < map.node->n; i++) {
        const struct ncm_node *v = &map.node->items[i];
        if (strcmp(v->key, "kubectl.kubernetes.io/last-applied-configuration") == 0) {
            continue;
        }
        if (v->kind != NCM_NODE_STR && v->kind != NCM_NODE_NULL) {
            odd(r, map, v->key, _("a text"));
            return NULL;
        }
        kv[*n].key = ncm_arena_cstr(r->arena, v->key);
        kv[(*n)++].value = v->kind == NCM_NODE_STR ? ncm_arena_str(r->arena, v->str, v->len)
                                                   : ncm_arena_cstr(r->arena, "");
    }
    if (*n > 1) {
        qsort(kv, *n, sizeof *kv, by_key);
    }
    return kv;
}

struct ncm_str *k8s_text_list(struct k8s_read *r, struct k8s_at at, const char *key, size_t *n)
{
    struct k8s_at list = k8s_list(r, at, key);
    *n = 0;
    if (k8s_count(list) == 0) {
        return NULL;
    }
    struct ncm_str *texts = ncm_arena_alloc(r->arena, list.node->n, sizeof *texts);
    for (size_t i = 0; i < list.node->n; i++) {
        const struct ncm_node *v = &list.node->items[i];
        if (v->kind != NCM_NODE_STR) {
            odd(r, list, "[]", _("a text"));
            return NULL;
        }
        texts[(*n)++] = ncm_arena_str(r->arena, v->str, v->len);
    }
    return texts;
}

struct k8s_conditions k8s_read_conditions(struct k8s_read *r, struct k8s_at status)
{
    struct k8s_at list = k8s_list(r, status, "conditions");
    struct k8s_conditions c = {NULL, 0};
    if (k8s_count(list) == 0) {
        return c;
    }
    c.items = ncm_arena_alloc(r->arena, list.node->n, sizeof *c.items);
    for (size_t i = 0; i < list.node->n && !r->failed; i++) {
        struct k8s_at one = k8s_item(r, list, i);
        struct k8s_condition *to = &c.items[c.n++];
        to->it.type = k8s_text(r, one, "type");
        to->it.status = k8s_text(r, one, "status");
        to->it.reason = k8s_text(r, one, "reason");
        to->it.message = k8s_text(r, one, "message");
        to->it.since_ms = k8s_time(r, one, "lastTransitionTime");
        to->updated_ms = k8s_time(r, one, "lastUpdateTime");
        to->updated_ms = to->updated_ms != NCM_NO_TIME ? to->updated_ms : to->it.since_ms;
        to->info = ncm_str_is(k8s_text(r, one, "severity"), "Info") != 0;
    }
    return c;
}

const struct k8s_condition *k8s_condition_find(const struct k8s_conditions *c, const char *type)
{
    for (size_t i = 0; i < c->n; i++) {
        if (ncm_str_is(c->items[i].it.type, type)) {
            return &c->items[i];
        }
    }
    return NULL;
}
