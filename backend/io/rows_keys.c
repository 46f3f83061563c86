#include "io/rows_json.h"

enum {
    MOST_KEYS = 16384,
    LONGEST_KEY = 256,
};

struct rows_keys *ncm_rows_keys_new(void)
{
    struct rows_keys *k = ncm_alloc(1, sizeof *k);
    k->by_name = ncm_map_new();
    k->all = ncm_grow(NULL, 0, &k->cap, sizeof *k->all);
    k->all[k->n++] = (struct rows_key){.column = -1};
    return k;
}

void ncm_rows_keys_free(struct rows_keys *k)
{
    if (!k)
        return;
    for (size_t i = 0; i < k->n; i++)
        ncm_free(k->all[i].name);
    ncm_free(k->all);
    ncm_map_free(k->by_name);
    ncm_free(k);
}

uint32_t ncm_rows_keys_child(struct rows_keys *k, uint32_t parent, const char *name, size_t len,
                             bool element)
{
    char id[LONGEST_KEY + 8];
    size_t found, id_len = sizeof parent + 1 + len;
    if (len > LONGEST_KEY)
        return 0;
    memcpy(id, &parent, sizeof parent);
    id[sizeof parent] = element;
    memcpy(id + sizeof parent + 1, name, len);
    if (ncm_map_get(k->by_name, id, id_len, &found))
        return (uint32_t)found;
    if (k->n == MOST_KEYS)
        return 0;
    uint32_t new = (uint32_t)k->n;
    k->all = ncm_grow(k->all, k->n, &k->cap, sizeof *k->all);
    k->all[k->n++] = (struct rows_key){
        .name = ncm_strndup(name, len),
        .len = (uint32_t)len,
        .element = element,
        .parent = parent,
        .column = -1,
    };
    struct rows_key *p = &k->all[parent];
    if (p->last)
        k->all[p->last].next = new;
    else
        p->first = new;
    p->last = new;
    ncm_map_set(k->by_name, id, id_len, new);
    return new;
}

char *ncm_rows_keys_path(const struct rows_keys *k, uint32_t key)
{
    uint32_t way[ROWS_MAX_DEPTH + 2] = {0};
    size_t n = 0;
    struct ncm_buf b;
    for (uint32_t i = key; i != 0 && n < sizeof way / sizeof way[0]; i = k->all[i].parent)
        way[n++] = i;
    ncm_buf_init(&b, (LONGEST_KEY + 2) * sizeof way / sizeof way[0]);
    while (n-- > 0) {
        const struct rows_key *e = &k->all[way[n]];
        if (b.len > 0 && !e->element)
            ncm_buf_putc(&b, '.');
        ncm_buf_add(&b, e->name, e->len);
    }
    char *path = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return path;
}
