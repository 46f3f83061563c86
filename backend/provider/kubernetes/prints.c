/* 64-bit prints of texts and templates: what is joined by hash instead of by comparing. */
#include <stdlib.h>
#include <string.h>

#include "provider/kubernetes/read.h"

static const uint64_t seed = 0xcbf29ce484222325u, prime = 0x100000001b3u; /* FNV-1a, 64 bits */

uint64_t k8s_mix(uint64_t a, uint64_t b)
{
    /* The finisher of MurmurHash3 (public domain). */
    uint64_t x = a * prime + b;
    x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdu;
    x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53u;
    return x ^ (x >> 33);
}

static uint64_t add(uint64_t h, const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        h = (h ^ (unsigned char)p[i]) * prime;
    }
    return h;
}

static uint64_t end(uint64_t h)
{
    h = k8s_mix(h, 0);
    return h != 0 ? h : 1;
}

uint64_t k8s_print(struct ncm_str s)
{
    return s.len == 0 ? 0 : end(add(seed, s.p, s.len));
}

uint64_t k8s_print_of(const char *const *parts, size_t n)
{
    uint64_t h = seed;
    for (size_t i = 0; i < n; i++) {
        h = add(add(h, i > 0 ? "/" : "", i > 0), parts[i], strlen(parts[i]));
    }
    return end(h);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

uint64_t *k8s_label_prints(struct ncm_arena *a, const struct ncm_kv *kv, size_t n)
{
    if (n == 0) {
        return NULL;
    }
    uint64_t *prints = ncm_arena_alloc(a, n, sizeof *prints);
    for (size_t i = 0; i < n; i++) {
        uint64_t h = add(add(seed, kv[i].key.p, kv[i].key.len), "=", 1);
        prints[i] = end(add(h, ncm_cstr(kv[i].value), kv[i].value.len));
    }
    qsort(prints, n, sizeof *prints, by_number);
    return prints;
}

bool k8s_prints_within(const uint64_t *a, size_t n, const uint64_t *b, size_t m)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        while (k < m && b[k] < a[i]) {
            k++;
        }
        if (k == m || b[k] != a[i]) {
            return false;
        }
    }
    return true;
}

/* Members count in any order, items in theirs. Depth is bounded by the parser. */
uint64_t k8s_print_node(const struct ncm_node *n)
{
    uint64_t h = k8s_mix(seed, (uint64_t)n->kind);
    switch (n->kind) {
    case NCM_NODE_NULL:
        return h;
    case NCM_NODE_BOOL:
        return k8s_mix(h, n->boolean);
    case NCM_NODE_INT:
        return k8s_mix(h, (uint64_t)n->i);
    case NCM_NODE_NUM: {
        uint64_t bits;
        memcpy(&bits, &n->num, sizeof bits);
        return k8s_mix(h, bits);
    }
    case NCM_NODE_STR:
        return k8s_mix(h, add(seed, n->str, n->len));
    case NCM_NODE_LIST:
        for (size_t i = 0; i < n->n; i++) {
            h = k8s_mix(h, k8s_print_node(&n->items[i]));
        }
        return h;
    case NCM_NODE_MAP:
        break;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < n->n; i++) {
        const struct ncm_node *v = &n->items[i];
        if (v->kind != NCM_NODE_NULL && strcmp(v->key, "pod-template-hash") != 0) {
            sum += k8s_mix(add(seed, v->key, strlen(v->key)), k8s_print_node(v));
        }
    }
    return k8s_mix(h, sum);
}
