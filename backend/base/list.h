/* A growing list of any records, to be moved into an arena when it is complete. */
#ifndef NCM_BASE_LIST_H
#define NCM_BASE_LIST_H

#include "base/mem.h"

struct ncm_list {
    void *items;
    size_t n, cap, size; /* size: bytes of one record; set before the first is added */
};
/* A zeroed new record, valid until the next is added. */
void *ncm_list_add(struct ncm_list *l);
/* Moves the records into the arena (NULL where there are none) and frees the list. */
void *ncm_list_move(struct ncm_list *l, struct ncm_arena *a);

#endif
