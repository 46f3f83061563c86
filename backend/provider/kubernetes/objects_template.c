/* Pod templates: labels, and what the containers say about themselves. */
#include <string.h>

#include "provider/kubernetes/read.h"

enum { VALUE_MOST = 4096 }; /* bytes of a variable's value that can name a model */

/* What may hold a secret is not kept: neither by its name nor as user:password@ in a URI. */
static bool may_keep(struct ncm_str key, struct ncm_str value)
{
    static const char *const words[] = {"PASSW",      "TOKEN",  "SECRET",
                                        "CREDENTIAL", "APIKEY", "API_KEY"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasestr(ncm_cstr(key), words[i]) != NULL) {
            return false;
        }
    }
    const char *scheme = strstr(ncm_cstr(value), "://");
    if (scheme != NULL) {
        size_t host = strcspn(scheme + 3, "/");
        return memchr(scheme + 3, '@', host) == NULL;
    }
    return value.len <= VALUE_MOST;
}

static void read_env(struct k8s_read *r, struct k8s_at container, struct k8s_container *c)
{
    struct k8s_at list = k8s_list(r, container, "env");
    if (k8s_count(list) == 0) {
        return;
    }
    c->env = ncm_arena_alloc(r->arena, list.node->n, sizeof *c->env);
    for (size_t i = 0; i < list.node->n && !r->failed; i++) {
        struct k8s_at one = k8s_item(r, list, i);
        struct ncm_kv kv = {k8s_text(r, one, "name"), k8s_text(r, one, "value")};
        if (kv.key.len > 0 && kv.value.len > 0 && may_keep(kv.key, kv.value)) {
            c->env[c->n_env++] = kv;
        }
    }
}

/* Words that may hold a secret stay as empty ones: the others keep their numbers. */
static struct ncm_str *read_words(struct k8s_read *r, struct k8s_at at, const char *key, size_t *n)
{
    struct ncm_str *words = k8s_text_list(r, at, key, n);
    for (size_t i = 0; i < *n; i++) {
        if (!may_keep(words[i], words[i])) {
            words[i] = ncm_arena_cstr(r->arena, "");
        }
    }
    return words;
}

static void read_container(struct k8s_read *r, struct k8s_at at, bool serving,
                           struct k8s_container *c)
{
    struct k8s_at limits = k8s_map(r, k8s_map(r, at, "resources"), "limits");
    c->name = k8s_text(r, at, "name");
    c->image = k8s_text(r, at, "image");
    c->cpu_limit = k8s_amount(r, limits, "cpu");
    c->memory_limit = k8s_amount(r, limits, "memory");
    if (serving) {
        read_env(r, at, c);
        c->args = read_words(r, at, "args", &c->n_args);
        c->command = read_words(r, at, "command", &c->n_command);
    }
}

struct k8s_container *k8s_read_containers(struct k8s_read *r, struct k8s_at pod, bool serving,
                                          size_t *n, size_t *n_init)
{
    struct k8s_at lists[] = {k8s_list(r, pod, "containers"), k8s_list(r, pod, "initContainers")};
    size_t total = k8s_count(lists[0]) + k8s_count(lists[1]);
    *n = *n_init = 0;
    struct k8s_container *c = total > 0 ? ncm_arena_alloc(r->arena, total, sizeof *c) : NULL;
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < k8s_count(lists[k]) && !r->failed; i++) {
            c[*n].init = k == 1;
            read_container(r, k8s_item(r, lists[k], i), serving, &c[(*n)++]);
            *n_init += k;
        }
    }
    return c;
}

struct k8s_template k8s_read_template(struct k8s_read *r, struct k8s_at at, const char *key)
{
    struct k8s_at t = k8s_map(r, at, key), meta = k8s_map(r, t, "metadata");
    struct k8s_template out = {0};
    size_t n_init;
    if (t.node == NULL) {
        return out;
    }
    out.there = true;
    out.labels = k8s_texts(r, meta, "labels", &out.n_labels);
    out.annotations = k8s_texts(r, meta, "annotations", &out.n_annotations);
    out.label_prints = k8s_label_prints(r->arena, out.labels, out.n_labels);
    out.containers =
        k8s_read_containers(r, k8s_map(r, t, "spec"), true, &out.n_containers, &n_init);
    out.print = k8s_print_node(t.node);
    return out;
}
