#include "base/list.h"

#include <string.h>

void *ncm_list_add(struct ncm_list *l)
{
    l->items = ncm_grow(l->items, l->n, &l->cap, l->size);
    void *item = (char *)l->items + l->n++ * l->size;
    memset(item, 0, l->size);
    return item;
}

void *ncm_list_move(struct ncm_list *l, struct ncm_arena *a)
{
    void *to = NULL;
    if (l->n > 0) {
        to = ncm_arena_alloc(a, l->n, l->size);
        memcpy(to, l->items, l->n * l->size);
    }
    ncm_free(l->items);
    l->items = NULL;
    return to;
}
