#include "base/map.h"

#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

/* Open addressing with linear probing, at most 3/4 full; deletion moves the followers back, so
 * there are no tombstones and a map that lives for months does not rot. */
struct slot {
    char *key; /* NULL: free */
    size_t len;
    size_t value;
    uint64_t hash;
};

struct ncm_map {
    struct slot *slots;
    size_t n, cap; /* cap is 0 or a power of two */
    uint64_t seed; /* names come from outside: nobody shall be able to choose collisions */
};

struct ncm_map *ncm_map_new(void)
{
    struct ncm_map *m = ncm_alloc(1, sizeof *m);
    if (getrandom(&m->seed, sizeof m->seed, GRND_NONBLOCK) != (ssize_t)sizeof m->seed)
        m->seed = (uint64_t)(uintptr_t)m;
    return m;
}

void ncm_map_free(struct ncm_map *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->cap; i++)
        ncm_free(m->slots[i].key);
    ncm_free(m->slots);
    ncm_free(m);
}

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9E3779B97F4A7C15u;
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    return h ^ (h >> 29);
}

static uint64_t hash_of(const struct ncm_map *m, const char *key, size_t len)
{
    uint64_t h = m->seed ^ (uint64_t)len;
    while (len >= 8) {
        uint64_t word;
        memcpy(&word, key, 8);
        h = mix(h, word);
        key += 8;
        len -= 8;
    }
    uint64_t tail = 0;
    if (len > 0)
        memcpy(&tail, key, len);
    return mix(mix(h, tail), m->seed);
}

/* The slot that holds key, or the free one where it belongs. cap > 0. */
static size_t find(const struct ncm_map *m, const char *key, size_t len, uint64_t hash)
{
    size_t mask = m->cap - 1;
    size_t i = (size_t)hash & mask;
    for (; m->slots[i].key; i = (i + 1) & mask) {
        const struct slot *s = &m->slots[i];
        if (s->hash == hash && s->len == len && (len == 0 || memcmp(s->key, key, len) == 0))
            break;
    }
    return i;
}

static void enlarge(struct ncm_map *m)
{
    struct slot *old = m->slots;
    size_t old_cap = m->cap;
    m->cap = old_cap ? old_cap * 2 : 16;
    m->slots = ncm_alloc(m->cap, sizeof *m->slots);
    for (size_t i = 0; i < old_cap; i++)
        if (old[i].key)
            m->slots[find(m, old[i].key, old[i].len, old[i].hash)] = old[i];
    ncm_free(old);
}

void ncm_map_set(struct ncm_map *m, const char *key, size_t len, size_t value)
{
    if (m->n >= m->cap - m->cap / 4)
        enlarge(m);
    uint64_t hash = hash_of(m, key, len);
    struct slot *s = &m->slots[find(m, key, len, hash)];
    if (!s->key) {
        *s = (struct slot){.key = ncm_strndup(len ? key : "", len), .len = len, .hash = hash};
        m->n++;
    }
    s->value = value;
}

bool ncm_map_get(const struct ncm_map *m, const char *key, size_t len, size_t *value)
{
    if (m->n == 0)
        return false;
    const struct slot *s = &m->slots[find(m, key, len, hash_of(m, key, len))];
    if (!s->key)
        return false;
    *value = s->value;
    return true;
}

bool ncm_map_del(struct ncm_map *m, const char *key, size_t len)
{
    if (m->n == 0)
        return false;
    size_t mask = m->cap - 1;
    size_t hole = find(m, key, len, hash_of(m, key, len));
    if (!m->slots[hole].key)
        return false;
    ncm_free(m->slots[hole].key);
    m->n--;
    for (size_t i = (hole + 1) & mask; m->slots[i].key; i = (i + 1) & mask) {
        size_t home = (size_t)m->slots[i].hash & mask;
        /* It may move back only where its home is not between the hole and itself. */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole] = (struct slot){0};
    return true;
}

size_t ncm_map_count(const struct ncm_map *m)
{
    return m->n;
}

bool ncm_map_next(const struct ncm_map *m, size_t *it, const char **key, size_t *len, size_t *value)
{
    while (*it < m->cap) {
        const struct slot *s = &m->slots[(*it)++];
        if (!s->key)
            continue;
        *key = s->key;
        *len = s->len;
        *value = s->value;
        return true;
    }
    return false;
}
